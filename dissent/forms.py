"""Forms of this room. What each asks follows the protocol; the actions check it again."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.forms.utils import ErrorDict

import protocols
from accounts.edge import OnceForm
from conferences.actions import LONG, VERY_LONG
from conferences.forms import AskedChoice, PostedChoice
from conferences.models import Attendance, Conference, ConferenceChild
from conferences.states import ConferenceState
from core.formbase import lower_first
from core.refusals import allowed
from core.templatetags.pd import day_date, day_time
from core.widgets import DateField3, LocalDateTimeField, Words
from dissent import policies
from dissent.actions import Booking, Decided, Said
from dissent.models import Dissent
from dissent.selectors import Desk, Stage, decision_words
from dissent.states import ContactHow, HowReceived
from partnerships.models import Membership
from protocols.model import Gate, Requirement

INLINE: dict[str, str] = {"class": "govuk-radios--inline"}
SMALL: dict[str, str] = {"class": "govuk-radios--small"}

WORDS = {
    "for_agency": (("agency", "For the agency"), ("self", "For themselves only")),
    "yes_no": (("yes", "Yes"), ("no", "No")),
}


class CheckedForm(OnceForm):
    """A form whose answers are looked at once more before they are sent."""

    def keep(self) -> None:
        """Show what was typed without judging it yet: to change it, or after a tick beside it."""
        self._errors = ErrorDict()


class WhenTicked(forms.ChoiceField):
    """Needed when its child is ticked, which the form looks at."""

    def validate(self, value: Any) -> None:
        if value:
            super().validate(value)


class AskedWords(Words):
    """A text that some choices need: it is not called optional, and what is missing is said by the policy."""

    def validate(self, value: Any) -> None:
        """Left to the policy, which knows the choice."""


class RecordForm(OnceForm):
    """What someone says when they dissent, typed while they say it."""

    ctrl_enter = True
    resend = True
    error_names: ClassVar = {
        "reasons": "Reasons", "parents_understanding": "This answer", "outcome_sought": "The outcome sought",
        "discussed_note": "The note", "late_entry_reason": "The reason", "expressed_at": "The time it was said",
        "discussed_at": "The time you talked it through",
    }  # fmt: skip

    children = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    ground = forms.ChoiceField(widget=forms.RadioSelect, label="What is it about?")
    reasons = Words(rows=4, max_length=LONG, required=False)
    discussed_with_chair = forms.BooleanField(required=False)
    name_attribution = forms.BooleanField(required=False)
    challenge_choice = forms.ChoiceField(widget=forms.RadioSelect)
    parents_understanding = Words(rows=2, max_length=LONG, required=False)
    late_entry_reason = Words(rows=2, max_length=LONG, required=False)
    expressed_at = LocalDateTimeField(label="When was it said?")
    discussed_at = LocalDateTimeField(required=False, label="When did you talk it through?")
    discussed_note = Words(rows=2, max_length=LONG, required=False, label="Note of the talk")
    outcome_sought = Words(rows=2, max_length=LONG, required=False, label="Outcome they seek")
    for_agency = forms.ChoiceField(
        widget=forms.RadioSelect(attrs=SMALL), choices=WORDS["for_agency"], label="For whom do they dissent?"
    )

    def __init__(
        self,
        *args: Any,
        conference: Conference,
        attendance: Attendance,
        children: list[ConferenceChild],
        area: protocols.AreaProtocol,
        now: dt.datetime,
        you: bool = False,
        noting: bool = False,
        hint: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.area, self.you, self.attendance = area, you, attendance
        self.by_uuid = {str(child.uuid): child for child in children if getattr(child, "decision", None)}
        self.directions = {key: f"direction_{number}" for number, key in enumerate(self.by_uuid)}
        self._children(noting)
        self._optional(noting)
        self._words(hint, noting)
        if conference.state != ConferenceState.ENDED or not area.dissent.window.after:
            del self.fields["late_entry_reason"]
        ended = conference.state == ConferenceState.ENDED
        self.initial.setdefault("for_agency", "agency")
        self.initial.setdefault("expressed_at", None if ended and not you else now)
        if len(self.by_uuid) == 1:
            self.initial.setdefault("children", list(self.by_uuid))

    def _children(self, noting: bool) -> None:
        name = self.attendance.name
        self.fields["children"].choices = [  # type: ignore[attr-defined]
            (key, f"{child.child.initials}: {decision_words(child, self.area)}")
            for key, child in self.by_uuid.items()
        ]
        self.describe(
            "children",
            label="Which decision do you disagree with?" if self.you else "Which decision do they disagree with?",
            required_message="Select which decision you disagree with" if self.you else f"Select which decision {name} disagrees with",
            option_says={key: self._from(child) for key, child in self.by_uuid.items()},
        )  # fmt: skip
        need = self.area.dissent.requirement("child_and_direction")
        for key, field in self.directions.items():
            child = self.by_uuid[key]
            options = [
                (d.id, d.label)
                for d in self.area.dissent.directions
                if allowed(policies.check_direction_matches, child, d.id)
            ]
            one = len(self.by_uuid) == 1
            asked = (
                "What do you say it should have been?"
                if self.you
                else "What do they say it should have been?"
            )
            asking = WhenTicked(
                widget=forms.RadioSelect(attrs=INLINE if len(options) < 4 else SMALL),
                choices=options,
                label=asked if one else f"{child.child.initials}: {asked[0].lower()}{asked[1:]}",
            )
            self.add_field(field, asking)
            self.describe(field, option_says={d: lower_first(label) for d, label in options})
            if len(options) == 1:
                self.initial.setdefault(field, options[0][0])
        if need and need.hint and not noting:
            self.describe("children", hint=need.hint if len(self.by_uuid) > 1 else "")

    def _from(self, child: ConferenceChild) -> str:
        """A decision as it is read back: "no plan was made for T.M"."""
        word = self.area.word(policies.subject_of(child, ""))
        return f"{word} for {child.child.initials.rstrip('.')}"

    def readback(self) -> dict[str, Any]:
        """The sentence that is read back: as the server knows it, and as the page keeps it true."""
        start = f"{self.attendance.name}, {self.attendance.agency}, you formally dissent from this decision: "
        if len(self.directions) == 1:
            says = "You say: {direction_0}."
        else:
            parts = [
                f"for {self.by_uuid[key].child.initials.rstrip('.')}, {{{name}}}"
                for key, name in self.directions.items()
            ]
            says = f"You say: {'; '.join(parts)}."
        template = f"{start}{{children}}. {says}"
        gap = "(select what it should have been)" if len(self.directions) == 1 else "(nothing)"
        known = {
            "children": self._picked("children"),
            **{n: self._picked(n) for n in self.directions.values()},
        }
        gaps = {"children": "(select a decision)", **dict.fromkeys(self.directions.values(), gap)}
        return {
            "sentence": template.format(**{name: words or gaps[name] for name, words in known.items()}),
            "template": template,
            "gaps": [{"field": name.replace("_", "-"), "words": words} for name, words in gaps.items()],
        }

    def _picked(self, name: str) -> str:
        value = self[name].value() or []
        says = self.option_says.get(name, {})
        words = [says.get(str(v), "") for v in (value if isinstance(value, list) else [value])]
        return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))

    def _optional(self, noting: bool) -> None:
        rules = self.area.dissent
        grounds = [(g.id, g.label) for g in rules.grounds]
        if grounds:
            self.fields["ground"].choices = grounds  # type: ignore[attr-defined]
            self.describe(
                "ground",
                required=not noting,
                required_message="Select what the dissent is about",
                option_hints={g.id: g.hint for g in rules.grounds if g.hint},
            )
        else:
            del self.fields["ground"]
        for name in ("name_attribution", "discussed_with_chair", "parents_understanding", "challenge_choice"):
            need = rules.requirement(name)
            if need is None:
                del self.fields[name]
                continue
            must = need.strength == "must" and not noting
            self.describe(
                name, label=need.label, hint=need.hint, required=must, required_message=self._missing(need)
            )
        if "challenge_choice" in self.fields:
            self.fields["challenge_choice"].choices = [(m.id, m.label) for m in rules.modes]  # type: ignore[attr-defined]
            self.describe(
                "challenge_choice", required=False, option_hints={m.id: m.text for m in rules.modes if m.text}
            )
        if "discussed_with_chair" not in self.fields:
            del self.fields["discussed_at"], self.fields["discussed_note"]

    def _missing(self, need: Requirement) -> str:
        """The protocol's sentence for what is not given, with its rule and where to go instead."""
        route = policies.route_words(need.route, self.area)
        said = f"{need.reason} ({need.rule})" if need.rule else need.reason
        return f"{said} {route}".strip()

    def _words(self, hint: str, noting: bool) -> None:
        rules, name = self.area.dissent, self.attendance.name
        need = rules.requirement("reasons")
        self.describe(
            "reasons",
            label="Your reasons" if self.you else "Their reasons, in their words",
            hint=hint or (need.hint if need else ""),
            required=noting or bool(need and need.strength == "must"),
            required_message="Enter your reasons" if self.you else f"Enter the reasons {name} gave",
        )
        if self.you:
            self.describe(
                "expressed_at",
                label="When did you say it?",
                hint="What counts is when you said it or sent it.",
            )
            self.describe("outcome_sought", label="Outcome you seek")
            self.fields["for_agency"].label = "For whom do you dissent?"
            self.fields["for_agency"].choices = (("agency", "For my agency"), ("self", "For myself only"))  # type: ignore[attr-defined]
        if "late_entry_reason" in self.fields:
            self.describe(
                "late_entry_reason", label="Why it is typed up only now", hint=rules.window.late_typing_mark
            )
        if "discussed_with_chair" in self.fields and not self.you:
            self.describe("discussed_with_chair", label=f"The disagreement was talked through with {name}")
        if "name_attribution" in self.fields and not self.you:
            label = self.fields["name_attribution"].label
            self.describe(
                "name_attribution",
                hint=f"In {name}’s own words: “{label}”",
                label="Confirmed by the professional",
            )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        name = "you say" if self.you else f"{self.attendance.name} says"
        for key in cleaned.get("children", []):
            field = self.directions[key]
            if not cleaned.get(field) and not self.has_error(field) and self.data.get("action") != "note":
                initials = f" about {self.by_uuid[key].child.initials}" if len(self.by_uuid) > 1 else ""
                self.add_error(field, f"Select what {name} the decision{initials} should have been")
        return cleaned

    @property
    def direction_fields(self) -> list[Any]:
        return [self[name] for name in self.directions.values()]

    @property
    def main_fields(self) -> list[Any]:
        """What is asked of everyone, after the decision and the direction."""
        names = ["ground", "reasons", "discussed_with_chair", "name_attribution", "challenge_choice"]
        names += ["parents_understanding", "late_entry_reason"]
        if "late_entry_reason" in self.fields:
            names.append("expressed_at")
        return [self[name] for name in names if name in self.fields]

    @property
    def more_fields(self) -> list[Any]:
        """What is right as it is for most: the time, for whom, what they seek."""
        names = ["expressed_at", "discussed_at", "discussed_note", "outcome_sought", "for_agency"]
        if "late_entry_reason" in self.fields:
            names.remove("expressed_at")
        return [self[name] for name in names if name in self.fields]

    @property
    def more_open(self) -> bool:
        return any(field.errors for field in self.more_fields) if self.is_bound else False

    def child_ids(self) -> list[int]:
        return [self.by_uuid[key].pk for key in self.cleaned_data["children"]]

    def said(self) -> Said:
        data = self.cleaned_data
        return Said(
            directions={self.by_uuid[key].pk: data[self.directions[key]] for key in data["children"]},
            expressed_at=data["expressed_at"],
            name_attribution=bool(data.get("name_attribution")),
            discussed_with_chair=bool(data.get("discussed_with_chair")),
            discussed_at=data.get("discussed_at"),
            discussed_note=data.get("discussed_note", ""),
            reasons=data["reasons"],
            outcome_sought=data["outcome_sought"],
            parents_understanding=data.get("parents_understanding", ""),
            challenge_choice=data.get("challenge_choice", ""),
            ground=data.get("ground", ""),
            late_entry_reason=data.get("late_entry_reason", ""),
            for_agency=data["for_agency"] == "agency",
        )


class CorrectEndForm(OnceForm):
    """When the conference really ended, and why another time was recorded."""

    ended_at = LocalDateTimeField(label="When did it end?", error_name="The time it ended")
    reason = Words(rows=3, max_length=500, label="Why the time is corrected")
    required_messages: ClassVar = {"reason": "Enter why the time is corrected"}

    def __init__(self, *args: Any, short: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.describe("ended_at", label=f"When did the {short} end?")


class CorrectReceiptForm(OnceForm):
    """When the written view really arrived, and why another time was recorded."""

    received_at = LocalDateTimeField(label="When was it received?", error_name="The time it was received")
    reason = Words(rows=3, max_length=500, label="Why the time is corrected")
    required_messages: ClassVar = {"reason": "Enter why the time is corrected"}


class EndForm(OnceForm):
    """When the conference ended."""

    ended_at = LocalDateTimeField(label="When did it end?", error_name="The time it ended")
    undecided_reason = Words(rows=3, max_length=LONG, label="Why it ends without a decision for each child")

    def __init__(self, *args: Any, undecided: list[str], short: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.describe("ended_at", label=f"When did the {short} end?")
        if undecided:
            self.describe(
                "undecided_reason",
                hint=f"No decision is recorded for {' and '.join(undecided)}.",
                required_message="A child has no decision yet. Record it, or say why the conference ends without one",
            )
        else:
            del self.fields["undecided_reason"]


class WrittenViewForm(CheckedForm):
    """The dissenter's own written view, or, for one without an account, its entry by the reviewing manager."""

    ctrl_enter = False
    resend = True
    error_names: ClassVar = {"view": "Your view and reasons", "outcome_sought": "The outcome sought"}

    view = Words(rows=10, max_length=VERY_LONG, label="Your view and reasons")
    outcome_sought = Words(rows=3, max_length=LONG, label="What outcome would resolve this?")
    discussed_with_lead_on = DateField3(required=False, error_name="The date you talked it over")
    received_at = LocalDateTimeField(label="When was it received?", error_name="The time it was received")
    how = forms.ChoiceField(
        widget=forms.RadioSelect(attrs=SMALL),
        choices=[c for c in HowReceived.choices if c[0] != HowReceived.FORM],
        label="How was it received?",
    )

    def __init__(self, *args: Any, area: protocols.AreaProtocol, own: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rules = area.dissent.written_view
        needs = {need.field: need for need in (rules.required if rules else ())}
        lead = next(
            (a for a in (rules.optional if rules else ()) if a.field == "discussed_with_lead_on"), None
        )
        for name in ("view", "outcome_sought"):
            need = needs.get(name)
            message = f"{need.reason.rstrip('.')} ({need.rule})" if need else ""
            self.describe(name, required=need is not None, required_message=message)
        if lead is None:
            del self.fields["discussed_with_lead_on"]
        else:
            self.describe(
                "discussed_with_lead_on",
                label=lead.label if own else "Talked over with their safeguarding lead on",
            )
        if own:
            del self.fields["received_at"], self.fields["how"]
        else:
            self.describe("view", label="Their view and reasons, as received")
            self.describe("outcome_sought", label="The outcome they seek")


class ReasonForm(OnceForm):
    """One text: why."""

    error_names: ClassVar = {"reason": "The reason"}

    reason = Words(rows=4, max_length=LONG)

    def __init__(
        self, *args: Any, label: str, message: str = "", hint: str = "", required: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.describe("reason", label=label, hint=hint, required=required, required_message=message)


class InformationForm(OnceForm):
    error_names: ClassVar = {"text": "The information"}
    resend = True

    text = Words(rows=6, max_length=LONG, label="What do you want to add?")


class TaskForm(OnceForm):
    error_names: ClassVar = {"note": "The note"}

    done_on = DateField3(label="When did you do it?", error_name="The date")
    note = Words(rows=3, max_length=LONG, required=False, label="Note")


class ChallengeForm(OnceForm):
    challenge_choice = forms.ChoiceField(
        widget=forms.RadioSelect, label="Do you wish to challenge the decision?"
    )

    def __init__(self, *args: Any, area: protocols.AreaProtocol, own: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        modes = area.dissent.modes
        self.fields["challenge_choice"].choices = [(m.id, m.label) for m in modes]  # type: ignore[attr-defined]
        need = area.dissent.requirement("challenge_choice")
        self.describe(
            "challenge_choice",
            label=(need.label if need and own else "Do they wish to challenge the decision?"),
            hint=need.hint if need else "",
            required_message="Select whether you wish to challenge further",
            option_hints={m.id: m.text for m in modes if m.text},
        )


class ConversationForm(OnceForm):
    """Who, when, how, and what was said; or a dated attempt."""

    error_names: ClassVar = {"note": "The note", "with_whom": "Name"}

    who = forms.ChoiceField(
        widget=forms.RadioSelect(attrs=SMALL),
        choices=(("dissenter", ""), ("other", "Someone else")),
        label="Who was it with?",
    )
    with_whom = forms.CharField(max_length=150, required=False, label="Name, if it was someone else")
    reached = forms.ChoiceField(
        widget=forms.RadioSelect(attrs=SMALL),
        choices=(("yes", "Spoke with them"), ("no", "Tried, and did not reach them")),
        label="Did you reach them?",
        error_messages={"required": "Select whether you reached them"},
    )
    happened_at = LocalDateTimeField(label="When?", error_name="Date of conversation")
    how = forms.ChoiceField(
        widget=forms.RadioSelect(attrs=SMALL), choices=ContactHow.choices, label="How?",
        error_messages={"required": "Select how you spoke"},
    )  # fmt: skip
    note = Words(rows=4, max_length=LONG, label="Note")

    def __init__(self, *args: Any, dissent: Dissent, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = dissent.attendance.name
        self.fields["who"].choices = (("dissenter", f"{name}, who dissents"), ("other", "Someone else"))  # type: ignore[attr-defined]
        self.initial.setdefault("who", "dissenter")
        self.describe(
            "note", hint="What was said, or how you tried to reach them.", required_message="Enter what was said, or how you tried to reach them",
        )  # fmt: skip

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if cleaned.get("who") == "other" and not cleaned.get("with_whom") and not self.has_error("with_whom"):
            self.add_error("with_whom", "Enter who it was with")
        return cleaned

    def given(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "happened_at": data["happened_at"],
            "how": data["how"],
            "reached": data["reached"] == "yes",
            "note": data["note"],
            "with_whom": data["with_whom"] if data["who"] == "other" else "",
        }


class AskForm(OnceForm):
    error_names: ClassVar = {"question": "The question"}

    ask_id = forms.ChoiceField(widget=forms.RadioSelect, label="What do you want to ask for?")
    question = Words(rows=5, max_length=LONG, label="Your question")

    def __init__(self, *args: Any, tier: protocols.Tier, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ask_id"].choices = [(a.id, a.label) for a in tier.may_ask]  # type: ignore[attr-defined]
        self.describe(
            "ask_id",
            required_message="Select whom you want to ask",
            option_hints={a.id: f"{a.text} ({a.rule})" if a.rule else a.text for a in tier.may_ask},
        )
        self.describe("question", required_message="Enter your question")


class ReplyForm(OnceForm):
    error_names: ClassVar = {"text": "The reply"}
    resend = True

    text = Words(rows=6, max_length=LONG, label="Your reply")


class BookingFields(CheckedForm):
    """The conference that an answer asks for."""

    error_names: ClassVar = {"place": "Place", "late_reason_booking": "The reason"}

    starts_at = LocalDateTimeField(label="Date and time", error_name="Date of the conference")
    chair = forms.ChoiceField(label="Chair", error_messages={"required": "Select a chair"})
    place = forms.CharField(max_length=200, required=False, label="Place")
    late_reason_booking = Words(
        rows=2, max_length=LONG, required=False, label="Why it is later than the protocol’s date"
    )

    def set_chairs(self, chairs: Iterable[Membership], first: int) -> None:
        """The chairs of the partnership, the first conference's among them."""
        self.fields["chair"].choices = [  # type: ignore[attr-defined]
            ("", "Select a chair"),
            *(
                (str(m.uuid), f"{m.user.name}{' (chaired the first conference)' if m.pk == first else ''}")
                for m in chairs
            ),
        ]
        self.chairs = {str(m.uuid): m.pk for m in chairs}

    def booking(self) -> Booking:
        data = self.cleaned_data
        return Booking(
            starts_at=data["starts_at"],
            chair_id=self.chairs[data["chair"]],
            late_reason=data["late_reason_booking"],
            place=data["place"],
        )


class FollowUpForm(BookingFields):
    """The same, on a page of its own."""

    def __init__(self, *args: Any, chairs: list[Membership], first: int, hint: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_chairs(chairs, first)
        self.describe("starts_at", hint=hint)


class DecisionForm(BookingFields):
    """The reviewer's decision on one dissent: what the tier allows and asks for, and no outcome chosen beforehand."""

    resend = False
    error_names: ClassVar = {
        **BookingFields.error_names, "reasons": "Reasons", "no_contact_reason": "This answer",
        "unread_reason": "This answer", "late_reason": "This answer", "new_information": "This answer",
        "different_chair_reason": "This answer",
    }  # fmt: skip

    outcome = PostedChoice(widget=forms.RadioSelect(attrs=SMALL))
    reasons = Words(rows=7, max_length=VERY_LONG, label="Reasons for your decision")
    new_information = Words(
        rows=3, max_length=LONG, required=False, label="New information that you considered"
    )
    different_chair = AskedChoice(
        widget=forms.RadioSelect(attrs=INLINE), choices=WORDS["yes_no"],
        label="Will a different chair chair it?", help_text="Only where the conference meets again.",
    )  # fmt: skip
    different_chair_reason = AskedWords(rows=2, max_length=LONG, label="Why, or why not")
    no_contact_reason = Words(
        rows=3, max_length=LONG, required=False, label="Why you could not speak with them"
    )
    unread_reason = Words(
        rows=2, max_length=LONG, required=False, label="Why you decide without all of the materials"
    )
    late_reason = Words(rows=2, max_length=LONG, required=False, label="Why the decision is late")
    version = forms.CharField(widget=forms.HiddenInput, required=False)
    tier = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        dissent: Dissent,
        tier: protocols.Tier,
        first: bool,
        hints: dict[str, str],
        chairs: list[Membership],
        unseen: list[str],
        gate: Gate | None,
        late: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.outcomes, self.parts = tier, [f"part_{part.id}" for part in tier.parts]
        self.initial.setdefault("version", str(dissent.version))
        self.initial.setdefault("tier", tier.id)
        self.fields["outcome"].choices = [(o.id, o.label) for o in tier.outcomes]  # type: ignore[attr-defined]
        question = "Is the dissent upheld?" if first else "What follows?"
        self.describe(
            "outcome",
            label=question,
            option_hints=hints,
            required_message="Select whether the dissent is upheld" if first else "Select what follows",
        )
        self.describe(
            "reasons",
            hint="These go to the dissenter. Say what you considered and why.",
            required_message="Enter reasons for your decision",
        )
        self._parts(tier)
        self._per_child(dissent)
        self._conditions(tier, unseen, gate, late, dissent)
        self._booking(tier, chairs, dissent)

    def _parts(self, tier: protocols.Tier) -> None:
        for part in tier.parts:
            must = part.strength == "must"
            text = Words(rows=4, max_length=VERY_LONG, required=must, label=part.label, help_text=part.hint)
            self.add_field(f"part_{part.id}", text)
            self.describe(f"part_{part.id}", required_message=f"Enter: {part.label} ({part.rule})")

    def _per_child(self, dissent: Dissent) -> None:
        rows = list(dissent.dissent_children.all())
        self.per_child: dict[str, int] = {}
        if len(rows) < 2:
            return
        for number, row in enumerate(rows):
            name = f"child_{number}"
            label = f"About {row.conference_child.child.initials} in particular"
            self.add_field(name, Words(rows=2, max_length=LONG, required=False, label=label))
            self.describe(name, error_name="This answer")
            self.per_child[name] = row.pk

    def _conditions(
        self,
        tier: protocols.Tier,
        unseen: list[str],
        gate: Gate | None,
        late: str,
        dissent: Dissent,
    ) -> None:
        if not tier.new_information:
            del self.fields["new_information"]
        if not any(o.different_chair for o in tier.outcomes):
            del self.fields["different_chair"], self.fields["different_chair_reason"]
        if gate is None:
            del self.fields["no_contact_reason"]
        else:
            self.describe(
                "no_contact_reason",
                label=f"Why you could not speak with {dissent.attendance.name}",
                hint=f"Only after {gate.attempts} dated attempts, recorded above ({gate.rule})."
                if gate.attempts
                else gate.reason,
            )
        if not unseen:
            del self.fields["unread_reason"]
        else:
            self.describe("unread_reason", hint=f"Not ticked as read: {', '.join(unseen)}.")
        if not late:
            del self.fields["late_reason"]
        else:
            self.describe("late_reason", hint=late)
            self.fields["late_reason"].needed = True  # type: ignore[attr-defined]  # the action asks for it, with its rule

    def _booking(self, tier: protocols.Tier, chairs: list[Membership], dissent: Dissent) -> None:
        self.books = any(o.book for o in tier.outcomes)
        if not self.books:
            for name in BOOKING:
                del self.fields[name]
            return
        self.set_chairs(chairs, dissent.conference.chair_id)
        for name in ("starts_at", "chair"):
            self.fields[name].required = False

    @property
    def part_fields(self) -> list[Any]:
        return [self[name] for name in self.parts]

    @property
    def child_fields(self) -> list[Any]:
        return [self[name] for name in self.per_child]

    @property
    def booking_fields(self) -> list[Any]:
        return [self[name] for name in BOOKING] if self.books else []

    @property
    def booking_open(self) -> bool:
        typed = self.is_bound and any(self[name].value() for name in ("chair", "place") if self.books)
        return bool(typed) or any(field.errors for field in self.booking_fields)

    @property
    def reason_fields(self) -> list[Any]:
        """Reasons that are asked for only because something is missing or late."""
        return [self[n] for n in ("no_contact_reason", "unread_reason", "late_reason") if n in self.fields]

    @property
    def chair_fields(self) -> list[Any]:
        return [self[n] for n in ("different_chair", "different_chair_reason") if n in self.fields]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if (
            self.books
            and cleaned.get("starts_at")
            and not cleaned.get("chair")
            and not self.has_error("chair")
        ):
            self.add_error("chair", "Select a chair")
        return cleaned

    def decided(self) -> Decided:
        data = self.cleaned_data
        different = data.get("different_chair", "")
        outcome = self.outcomes.outcome(data["outcome"])
        booked = bool(outcome and outcome.book and data.get("starts_at"))
        return Decided(
            outcome=data["outcome"],
            reasons=data["reasons"],
            late_reason=data.get("late_reason", ""),
            unread_reason=data.get("unread_reason", ""),
            no_contact_reason=data.get("no_contact_reason", ""),
            different_chair=different == "yes" if different else None,
            different_chair_reason=data.get("different_chair_reason", ""),
            new_information=data.get("new_information", ""),
            parts={name.removeprefix("part_"): data[name] for name in self.parts},
            per_child={pk: data[name] for name, pk in self.per_child.items()},
            booking=self.booking() if booked else None,
        )

    def expected_version(self) -> int | None:
        typed = str(self.cleaned_data.get("version", ""))
        return int(typed) if typed.isdecimal() else None


BOOKING = ("starts_at", "chair", "place", "late_reason_booking")


class ToldForm(OnceForm):
    error_names: ClassVar = {"withheld_reason": "The reason"}

    told_at = LocalDateTimeField(
        required=False, label="When were they told?", error_name="The time they were told"
    )
    how = forms.CharField(
        max_length=200, required=False, label="How?", help_text="For example: letter, telephone, in person."
    )
    withheld_reason = Words(rows=3, max_length=LONG, required=False, label="Or: withheld, because")

    def __init__(self, *args: Any, tell: protocols.Tell, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.describe("how", error_name="How they were told")
        if not tell.withhold_with_reason:
            del self.fields["withheld_reason"]
            self.describe(
                "told_at", required=True, required_message=f"Enter when they were told ({tell.rule})"
            )
            self.describe("how", required=True, required_message=f"Enter how they were told ({tell.rule})")


class FiledForm(OnceForm):
    filed_on = DateField3(label="When was it filed?", error_name="The date of filing")


class CloseForm(OnceForm):
    confirmed = forms.BooleanField(required=False, label="Close it now, and do what is missing later")

    def __init__(self, *args: Any, warn: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if warn:
            self.describe("confirmed", hint=warn)
        else:
            del self.fields["confirmed"]


# --- made for a page ----------------------------------------------------------------------------------------------


def refile_label(form: RecordForm | None) -> str:
    """What the button says that files a refused dissent as the difference that it is; empty where there is none."""
    ground = (
        str(form["ground"].value() or "")
        if form is not None and form.is_bound and "ground" in form.fields
        else ""
    )
    refused = (
        next((r for r in form.area.dissent.ground_refusals if r.id == ground and r.refile), None)
        if form
        else None
    )
    kind = form.area.escalation.kind(refused.refile) if form and refused else None
    return f"File it under: {kind.label}" if kind else ""


def record_form(stage: Stage, data: Any, noting: bool) -> RecordForm:
    """The form of the dissent stage for the person chosen."""
    return RecordForm(
        data,
        conference=stage.live.conference,
        attendance=stage.seat,
        children=stage.live.children,
        area=stage.live.area,
        now=stage.now,
        you=stage.you,
        noting=noting,
        hint=stage.hint,
    )


def decision_form(desk: Desk, data: Any) -> DecisionForm:
    """The form of the reviewer's page, with the dates of each outcome counted from today."""
    checks = desk.checks
    return DecisionForm(
        data,
        dissent=desk.dissent,
        tier=desk.tier,
        first=desk.first,
        hints=desk.hints(),
        chairs=desk.chairs(),
        unseen=checks["unseen"],
        gate=checks["gate"],
        late=desk.late,
    )


def typed_facts(form: forms.Form) -> list[dict[str, Any]]:
    """What a valid form says, as rows to be looked at before it is sent."""
    rows = []
    for name, field in form.fields.items():
        value = form.cleaned_data.get(name)
        if field.widget.is_hidden or value in (None, "", [], False):
            continue
        if isinstance(value, dt.datetime):
            words = day_time(value)
        elif isinstance(value, dt.date):
            words = day_date(value)
        elif isinstance(field, forms.ChoiceField):
            words = str(dict(field.choices).get(value, value))  # type: ignore[arg-type]
        else:
            words = str(value)
        rows.append({"label": field.label, "value": words, "typed": True})
    return rows
