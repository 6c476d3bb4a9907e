"""Forms of this room. What each asks follows the protocol; the actions check it again."""

from typing import Any, ClassVar

from django import forms

from accounts.edge import OnceForm
from complaints.actions import Received
from complaints.states import About, MadeBy
from conferences.actions import LONG
from core.references import normalise
from core.widgets import DateField3, LocalDateTimeField, Words
from partnerships.models import Membership
from protocols.model import ComplaintRules

OUTSIDE = "outside_list"
SMALL = {"class": "govuk-radios--small"}


class RecordForm(OnceForm):
    """A family's complaint as it came."""

    error_names: ClassVar = {"summary": "What it says", "name": "The name"}
    required_messages: ClassVar = {"summary": "Enter what the complaint says"}
    resend = True

    about = forms.ChoiceField(
        widget=forms.RadioSelect, choices=About.choices, label="What is the complaint about?",
        error_messages={"required": "Select what the complaint is about"},
    )  # fmt: skip
    conference = forms.CharField(max_length=40, required=False, label="Reference of the conference")
    made_by = forms.ChoiceField(
        widget=forms.RadioSelect(attrs=SMALL), choices=MadeBy.choices, label="Who complains?",
        error_messages={"required": "Select who complains"},
    )  # fmt: skip
    name = forms.CharField(max_length=150, required=False, label="Their name")
    aspects = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, required=False, label="Which part of it?"
    )
    summary = Words(rows=6, max_length=LONG, label="What does it say?")
    received_on = DateField3(label="When did it come?", error_name="The date it came")

    def __init__(self, *args: Any, rules: ComplaintRules, agency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = [(aspect.id, aspect.label) for aspect in rules.aspects]
        self.fields["aspects"].choices = [*listed, (OUTSIDE, "Something else, for example that a plan ended")]  # type: ignore[attr-defined]
        self.describe(
            "about", option_hints={About.AGENCY: agency, About.CONFERENCE: f"Logged here ({rules.rule})."}
        )
        self.describe("conference", hint="Like CF-7F3K-92. It stands at the head of the conference’s page.")
        self.describe("name", hint="It stays in this log. It is in no message and on no list.")
        self.describe(
            "aspects",
            hint="Tick one or more.",
            option_hints={
                OUTSIDE: "Not on the protocol’s list. It is logged all the same: say so when you answer."
            },
        )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if cleaned.get("about") == About.CONFERENCE:
            if not cleaned.get("conference") and not self.has_error("conference"):
                self.add_error("conference", "Enter the reference of the conference")
            if not cleaned.get("aspects") and not self.has_error("aspects"):
                self.add_error("aspects", "Select which part of it the complaint is about")
        return cleaned

    def reference(self) -> str:
        typed = str(self.cleaned_data["conference"])
        return normalise(typed) or typed

    def received(self) -> Received:
        data = self.cleaned_data
        return Received(
            about=data["about"],
            made_by=data["made_by"],
            name=data["name"],
            aspects=tuple(each for each in data["aspects"] if each != OUTSIDE),
            outside_list=OUTSIDE in data["aspects"],
            summary=data["summary"],
            received_on=data["received_on"],
        )


class ToldForm(OnceForm):
    error_names: ClassVar = {"how": "How they were told"}

    told_at = LocalDateTimeField(label="When were they told?", error_name="The time they were told")
    how = forms.CharField(
        max_length=200, label="How?", help_text="For example: letter, telephone, in person."
    )


class DecideForm(OnceForm):
    error_names: ClassVar = {"reasons": "The reasons", "decider": "Who decided it"}
    required_messages: ClassVar = {
        "reasons": "Enter the reasons for the outcome",
        "decider": "Enter who decided it",
    }
    resend = True

    outcome = forms.ChoiceField(
        widget=forms.RadioSelect, label="What is the outcome?",
        error_messages={"required": "Select the outcome of the complaint"},
    )  # fmt: skip
    reasons = Words(rows=6, max_length=LONG, label="Reasons")
    decider = forms.CharField(
        max_length=150, label="Who decided it?", help_text="Name and post. The text names nobody."
    )

    def __init__(self, *args: Any, rules: ComplaintRules, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["outcome"].choices = [(each.id, each.label) for each in rules.outcomes]  # type: ignore[attr-defined]
        hints = {
            each.id: f"{each.text} ({each.rule})".strip() if each.rule else each.text
            for each in rules.outcomes
        }
        self.describe("outcome", option_hints=hints)


class BookForm(OnceForm):
    error_names: ClassVar = {"place": "Place"}

    starts_at = LocalDateTimeField(label="Date and time", error_name="Date of the conference")
    chair = forms.ChoiceField(label="Chair", error_messages={"required": "Select a chair"})
    place = forms.CharField(max_length=200, required=False, label="Place")

    def __init__(
        self, *args: Any, chairs: list[Membership], first: Membership, hint: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.chairs = {str(m.uuid): m.pk for m in chairs}
        self.fields["chair"].choices = [  # type: ignore[attr-defined]
            ("", "Select a chair"),
            *((str(m.uuid), f"{m.user.name}{' (chaired the first conference)' if m.user_id == first.user_id else ''}") for m in chairs),
        ]  # fmt: skip
        self.describe("chair", hint=hint)


class WithdrawForm(OnceForm):
    error_names: ClassVar = {"reason": "The reason"}

    reason = Words(rows=4, max_length=LONG, required=False, label="Why?")
