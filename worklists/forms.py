"""Forms of the pages that join the rooms."""

from typing import Any, ClassVar

from django import forms

import protocols
from accounts.edge import OnceForm
from core.formbase import GovForm
from core.widgets import LocalDateTimeField
from deadlines.forms import EventsForm
from partnerships.states import AgencyKind
from protocols.compare import Matter
from protocols.loader import MAX_TEXT

FILE = "the file"


class ProtocolFileForm(OnceForm):
    """A text of the partnership's protocol as a file. It is read here; what is wrong with it is in `mistakes`."""

    file = forms.FileField(
        label="The file",
        help_text=f"A TOML file of up to {MAX_TEXT // 1024} KB. Start from the file of the version in force.",
        widget=forms.FileInput(attrs={"accept": ".toml,text/plain"}),
    )
    required_messages: ClassVar = {"file": "Choose the file"}
    error_names: ClassVar = {"file": "The file"}

    def __init__(self, *args: Any, too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mistakes: tuple[protocols.ProtocolError, ...] = ()
        if too_large:
            self.describe("file", required_message=self._too_large())

    def _too_large(self) -> str:
        return f"The file must be smaller than {MAX_TEXT // 1024} KB"

    def clean_file(self) -> protocols.Protocol:
        given = self.cleaned_data["file"]
        if given.size > MAX_TEXT:
            raise forms.ValidationError(self._too_large())
        try:
            text = given.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise forms.ValidationError(
                "The file is no UTF-8 text. Save it from your editor with the encoding UTF-8, then choose it again"
            ) from None
        try:
            return protocols.load_text(text, FILE)
        except protocols.ProtocolErrors as found:
            self.mistakes = found.errors
            raise forms.ValidationError(_how_many(len(found.errors))) from None


def _how_many(count: int) -> str:
    if count == 1:
        return "The file has a mistake, which is listed below. Correct it and choose the file again"
    return f"The file has {count} mistakes, which are listed below. Correct them and choose the file again"


# --- compare protocols ------------------------------------------------------------------------------------------------

INVENTED = "invented"
PRESENCE = (
    ("attended", "They attended"),
    ("remote", "They attended remotely"),
    ("left_early", "They attended, and left early"),
    ("report_only", "They sent a report only"),
    ("absent", "They did not attend"),
    ("not_listed", "They were not invited"),
)


class CompareForm(GovForm):
    """Which case, and under whose protocol."""

    partnership = forms.ChoiceField(label="Under whose protocol?", widget=forms.Select)
    case = forms.ChoiceField(
        label="Which case?",
        help_text="A closed case of your partnership, or an invented one. Only its events and kinds are used: no child and no person.",
        widget=forms.Select,
    )
    required_messages: ClassVar = {"partnership": "Select a partnership", "case": "Select a case"}

    def __init__(
        self, *args: Any, areas: list[protocols.AreaProtocol], cases: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        listed: Any = self.fields
        listed["partnership"].choices = [
            ("", "Select a partnership"),
            *((area.slug, area.partnership_name) for area in areas),
        ]
        listed["case"].choices = [(INVENTED, "An invented case"), *cases]


class InventedForm(EventsForm):
    """An invented matter: who differed, how they took part, and when things happened."""

    agency_kind = forms.ChoiceField(label="Which kind of agency differs?", choices=AgencyKind.choices)
    presence = forms.ChoiceField(label="How did they take part in the conference?", choices=PRESENCE)
    expressed_at = LocalDateTimeField(
        label="When they say that they dissent", required=False, error_name="When they say it"
    )
    required_messages: ClassVar = {
        "agency_kind": "Select the kind of agency",
        "presence": "Select how they took part",
    }

    def matter(self) -> Matter:
        values = self.cleaned_data
        return Matter(
            agency_kind=values["agency_kind"],
            events=self.given().events,
            presence=values["presence"],
            expressed_at=values["expressed_at"],
        )


# --- the list of cases ---------------------------------------------------------------------------------------------------


class FilterForm(GovForm):
    """What the list shows. Everything in it stands in the address of the page, and nothing about a child does."""

    stage = forms.ChoiceField(label="Status", required=False)
    kind = forms.ChoiceField(label="About", required=False)
    due = forms.ChoiceField(label="Time left", required=False)
    held = forms.ChoiceField(label="Held by", required=False)
    agency = forms.ChoiceField(label="Agency", required=False)
    opened = forms.ChoiceField(label="Recorded", required=False)

    def __init__(self, *args: Any, choices: dict[str, list[tuple[str, str]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, listed in choices.items():
            field: Any = self.fields[name]
            field.choices = listed
            field.needed = True  # never marked as optional: every one of them is


class SaveFilterForm(OnceForm):
    """A view of the list, kept by a name."""

    name = forms.CharField(
        max_length=40, label="Name of this view", help_text="Never the name of a child. Only you see it."
    )
    default = forms.BooleanField(required=False, label="Open the list with it")
    required_messages: ClassVar = {"name": "Enter a name for this view"}
