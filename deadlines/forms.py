"""Forms of the calculator and of closure days."""

from typing import Any, ClassVar

from django import forms
from django.forms.utils import ErrorDict

import protocols
from accounts.edge import OnceForm
from core.formbase import GovForm
from core.widgets import DateField3, LocalDateTimeField
from protocols.describe import event_words
from protocols.timeline import DATES, Given


class ClosureDayForm(OnceForm):
    """A day on which the offices of a partnership are closed, beside the bank holidays."""

    date = DateField3(label="Day")
    reason = forms.CharField(
        label="Why the offices are closed",
        max_length=150,
        help_text="Everyone sees it where a date is worked out.",
    )
    required_messages: ClassVar = {
        "date": "Enter the day on which the offices are closed",
        "reason": "Enter why the offices are closed",
    }

    def keep(self) -> None:
        """Show what was typed without judging it yet: to change it."""
        self._errors = ErrorDict()


class ChooseAreaForm(GovForm):
    """By whose protocol dates are worked out."""

    partnership = forms.ChoiceField(label="Partnership", widget=forms.Select)
    required_messages: ClassVar = {"partnership": "Select a partnership"}

    def __init__(self, *args: Any, areas: list[protocols.AreaProtocol], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = sorted((area.partnership_name, area.slug) for area in areas)
        chosen: Any = self.fields["partnership"]
        chosen.choices = [("", "Select a partnership"), *((s, name) for name, s in rows)]


def starting_events(area: protocols.AreaProtocol) -> tuple[str, ...]:
    """The events that start a clock here, in the order in which they happen."""
    starting = {clock.after for clock in area.clocks}
    return tuple(event for event in area.events if event in starting)


class EventsForm(GovForm):
    """When each event was that starts a clock in one area; and the dates that people may have agreed on.

    `beside`: another text whose clocks are worked out from the same events.
    """

    error_names: ClassVar = {"agreed_date": "Date agreed", "protect_by_date": "Date to protect by"}

    def __init__(
        self,
        *args: Any,
        area: protocols.AreaProtocol,
        beside: protocols.AreaProtocol | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        own = starting_events(area)
        also = tuple(name for name in starting_events(beside) if name not in own) if beside else ()
        self.events = own + also
        for name in self.events:
            words = event_words(area if name in own or beside is None else beside, name)
            self.fields[name] = LocalDateTimeField(
                label=f"When {words}", required=False, error_name=f"The time when {words}"
            )
        clocks = (*area.clocks, *(beside.clocks if beside else ()))
        least = {name for clock in clocks for name in clock.least_of}
        if "agreed_date" in least:
            self.fields["agreed_date"] = DateField3(
                label="A date that both sides agreed on", required=False, error_name="Date agreed"
            )
        if "protect_by_date" in least:
            self.fields["protect_by_date"] = DateField3(
                label="A date by which the child must be protected",
                required=False,
                error_name="Date to protect by",
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not any(cleaned.get(name) for name in self.events):
            self.add_error(None, "Enter when at least one of these happened")
        return cleaned

    def given(self) -> Given:
        """What was entered, as the timeline takes it."""
        values = self.cleaned_data
        return Given(
            {name: values[name] for name in self.events if values.get(name)},
            **{name: values[name] for name in DATES if values.get(name)},
        )
