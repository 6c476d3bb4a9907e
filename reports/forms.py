"""Forms of the figures: which period, why an extract, and how small a count is hidden."""

import datetime as dt
from typing import Any, ClassVar

from django import forms

from accounts.edge import OnceForm
from conferences.states import ConferenceKind
from core.widgets import Words
from reports.selectors import periods
from reports.states import Span


class PublishForm(OnceForm):
    """The figures of a period that is over."""

    period = forms.ChoiceField(label="Period")
    kind = forms.ChoiceField(label="Conferences", required=False)
    version = forms.ChoiceField(label="Protocol version", required=False)
    required_messages: ClassVar = {"period": "Select a period"}

    def __init__(self, *args: Any, today: dt.date, versions: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: dict[str, Any] = self.fields
        chosen["period"].choices = periods(today)
        chosen["kind"].choices = [("", "All kinds"), *ConferenceKind.choices]
        chosen["version"].choices = [("", "All versions"), *((name, name) for name in versions)]
        if len(versions) < 2:
            del self.fields["version"]

    @property
    def span(self) -> Span:
        first, _, last = self.cleaned_data["period"].partition(":")
        return Span(first, last)


class ExtractForm(OnceForm):
    """Why somebody needs the figures with nothing hidden."""

    period = forms.ChoiceField(label="Period")
    reason = Words(
        label="What do you need them for?", max_length=500, rows=3,
        help_text="It is kept in the history. Do not pass the file on: people can be found out by a small number.",
    )  # fmt: skip
    required_messages: ClassVar = {
        "period": "Select a period",
        "reason": "Enter what you need the full figures for",
    }
    error_names: ClassVar = {"reason": "The reason"}

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["period"]
        chosen.choices = periods(today)

    @property
    def span(self) -> Span:
        first, _, last = self.cleaned_data["period"].partition(":")
        return Span(first, last)


class BookForm(OnceForm):
    """How figures are shown from now on."""

    small = forms.IntegerField(
        label="Hide counts from 1 to", min_value=1, max_value=20,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-2", "inputmode": "numeric"}),
        help_text="5 is usual. Figures that are published already stay as they are.",
    )  # fmt: skip
    round_to = forms.ChoiceField(
        label="Round the others", choices=[("1", "Not rounded"), ("5", "To the nearest five")], widget=forms.RadioSelect
    )  # fmt: skip
    required_messages: ClassVar = {
        "small": "Enter the largest count that is hidden",
        "round_to": "Select whether the others are rounded",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["small"].error_messages |= {
            "min_value": "Enter a number from 1 to 20",
            "max_value": "Enter a number from 1 to 20",
            "invalid": "Enter a number from 1 to 20",
        }
