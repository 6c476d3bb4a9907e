"""Forms of papers: they parse, the actions decide."""

import uuid
from typing import Any, ClassVar

from django import forms

from accounts.edge import OnceForm
from cases.models import Child
from core.widgets import Words
from letters.model import FIELDS_OF_WORDING
from partnerships.models import Agency
from records.models import Letter
from records.states import DocumentKind

UNHEADED = {"opening": "How it begins", "closing": "How it ends"}
PART = 20_000  # characters of one part of a letter


class LetterForm(OnceForm):
    """The parts of a letter, each in a box of its own, as drafted or as saved last."""

    version = forms.CharField(widget=forms.HiddenInput, required=False)
    salutation = forms.CharField(max_length=150, label="Greeting")

    def __init__(
        self,
        *args: Any,
        sections: list[dict[str, Any]],
        salutation: str,
        letter: Letter | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("version", str(letter.version) if letter else "0")
        self.initial.setdefault("salutation", salutation)
        self.parts = [row["id"] for row in sections]
        for row in sections:
            label = row["heading"] or UNHEADED.get(row["id"], "Text")
            rows = 12 if row["id"] == "reasons" else 4
            # Whether a part may be empty is the action's to say: with the rule, and nothing typed is lost.
            field = Words(
                rows=rows, max_length=PART, label=label, required=False, help_text=row.get("hint", "")
            )
            field.needed = row.get("required", True)  # type: ignore[attr-defined]
            self.add_field(row["id"], field)
            self.initial.setdefault(row["id"], row["text"])

    def texts(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self.parts}

    def expected_version(self) -> int | None:
        typed = str(self.cleaned_data.get("version", ""))
        return int(typed) if typed.isdecimal() else None


class RecipientForm(OnceForm):
    """Somebody whom the rule does not name."""

    required_messages: ClassVar = {
        "name": "Enter the name of the recipient",
        "reason": "Enter why they get this letter",
    }
    error_names: ClassVar = {
        "name": "The name",
        "role": "The role",
        "agency": "The agency",
        "reason": "The reason",
    }

    name = forms.CharField(max_length=150, label="Name")
    role = forms.CharField(max_length=150, required=False, label="Role")
    agency = forms.CharField(max_length=150, required=False, label="Agency")
    copy = forms.BooleanField(required=False, label="A copy only")
    reason = Words(rows=2, max_length=1500, label="Why do they get this letter?")


class IssueForm(OnceForm):
    how = forms.CharField(
        max_length=150,
        label="How is it sent?",
        help_text="For example: secure e-mail, post, by hand through the social worker. This service makes the letter; you send it.",
    )
    required_messages: ClassVar = {"how": "Enter how it is sent, for example by secure e-mail"}
    error_names: ClassVar = {"how": "How it is sent"}


class CheckLetterForm(OnceForm):
    """The second person's answer."""

    passed = forms.ChoiceField(
        widget=forms.RadioSelect,
        label="Can it go out as it is?",
        choices=[
            ("yes", "Yes: it says nothing about anybody else"),
            ("no", "No: it has to be changed first"),
        ],
    )
    note = Words(rows=3, max_length=1500, required=False, label="What has to be changed?")
    required_messages: ClassVar = {"passed": "Select whether it can go out as it is"}


class HeldForm(OnceForm):
    """Whether a text goes into the pack of a child, although it may name another."""

    release = forms.ChoiceField(
        widget=forms.RadioSelect,
        label="Does this text go into the pack?",
        choices=[
            ("yes", "Release it: it says nothing about another child"),
            ("no", "Withhold it: it is about another child too"),
        ],
    )
    reason = Words(rows=3, max_length=1500, label="Why?")
    required_messages: ClassVar = {
        "release": "Select whether this text goes into the pack",
        "reason": "Enter why",
    }


class LetterHeadForm(OnceForm):
    address = Words(
        rows=4,
        max_length=400,
        required=False,
        label="Address",
        help_text="One line for each line of the address.",
    )
    contact = forms.CharField(
        max_length=200, required=False, label="Contact", help_text="A telephone number or an e-mail address."
    )
    marking = forms.CharField(
        max_length=60, label="Protective marking", help_text="It stands at the top of every page."
    )
    required_messages: ClassVar = {"marking": "Enter the protective marking"}


class WordingForm(OnceForm):
    """The partnership's own words around what a letter says."""

    opening = Words(rows=5, max_length=4000, required=False, label="How it begins")
    closing = Words(rows=4, max_length=4000, required=False, label="How it ends")
    error_names: ClassVar = {"opening": "The opening", "closing": "The closing"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = ", ".join(f"{{{name}}} for {words}" for name, words in FIELDS_OF_WORDING.items())
        self.describe("opening", hint=f"Empty: the words that come with this service. You can write {known}.")
        self.describe("closing", hint="Empty: the words that come with this service.")


class ShareForm(OnceForm):
    """To whom a document of a case is shown."""

    participant = forms.ChoiceField(widget=forms.RadioSelect, label="Who may open it?")
    required_messages: ClassVar = {"participant": "Select who may open it"}

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed: Any = self.fields
        listed["participant"].choices = people

    def chosen(self) -> uuid.UUID:
        return uuid.UUID(self.cleaned_data["participant"])


class UploadForm(OnceForm):
    """A document: what it is, whose, about which children, and the file."""

    kind = forms.ChoiceField(widget=forms.RadioSelect, label="What is it?", choices=DocumentKind.choices)
    agency = forms.ChoiceField(required=False, label="Whose is it?", widget=forms.Select)
    children = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, label="Which children is it about?"
    )
    file = forms.FileField(
        label="The file",
        help_text="A PDF, DOCX, JPG or PNG of up to 10MB. It is kept under a number, not under its own name.",
    )
    required_messages: ClassVar = {
        "kind": "Select what kind of document it is",
        "children": "Select the children whom the document is about",
        "file": "Choose the file",
    }
    error_names: ClassVar = {"file": "The file"}

    def __init__(
        self,
        *args: Any,
        children: list[Child],
        agencies: list[Agency],
        too_large: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        listed: Any = self.fields
        listed["children"].choices = [(str(child.uuid), child.initials) for child in children]
        listed["agency"].choices = [
            ("", "Nobody’s own"),
            *((str(agency.uuid), agency.name) for agency in agencies),
        ]
        if len(children) == 1:
            self.initial.setdefault("children", [str(children[0].uuid)])
        if too_large:
            self.describe("file", required_message="The file must be smaller than 10MB")

    def given(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "kind": data["kind"],
            "agency": uuid.UUID(data["agency"]) if data["agency"] else None,
            "children": [uuid.UUID(child) for child in data["children"]],
            "data": data["file"].read(),
        }
