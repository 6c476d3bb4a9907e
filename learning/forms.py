"""Forms of this room."""

import uuid
from typing import Any, ClassVar

from django import forms

from accounts.edge import OnceForm
from core.formbase import GovForm
from learning.selectors import Point
from learning.states import period_words


class LessonForm(OnceForm):
    """Themes of a case, and a learning point."""

    themes = forms.MultipleChoiceField(
        label="Which themes does it teach us about?",
        widget=forms.CheckboxSelectMultiple,
        help_text="Select those that mattered most.",
    )
    point = forms.CharField(
        label="What can others learn from it?",
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Optional. A few sentences without names, initials or schools. The partnership admin reads it, and may show it to the forum.",
    )
    required_messages: ClassVar = {"themes": "Select at least one theme"}

    def __init__(self, *args: Any, themes: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed: Any = self.fields
        listed["themes"].choices = list(themes.items())


class ThemeForm(OnceForm):
    label = forms.CharField(
        label="Another theme", max_length=100, help_text="What it was about, never who was right."
    )
    required_messages: ClassVar = {"label": "Enter the theme in a few words"}


class PeriodForm(GovForm):
    """Of which quarter or year the forum is to be told."""

    period = forms.ChoiceField(label="Period", widget=forms.Select)
    required_messages: ClassVar = {"period": "Select a period"}

    def __init__(self, *args: Any, periods: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed: Any = self.fields
        listed["period"].choices = [("", "Select a period"), *((p, period_words(p)) for p in periods)]


class SummaryForm(OnceForm):
    """Which learning points stand in the summary."""

    points = forms.MultipleChoiceField(
        label="Which learning points does the forum read?",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Leave out what somebody could recognise a family or a colleague by.",
    )

    def __init__(self, *args: Any, points: list[Point], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed: Any = self.fields
        listed["points"].choices = [(point.key, point.text) for point in points]

    def chosen(self) -> list[uuid.UUID]:
        return [uuid.UUID(key) for key in self.cleaned_data["points"]]
