"""Forms of this room. What each asks follows the protocol; the actions check it again."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms

import protocols
from accounts.edge import OnceForm
from cases.models import Child, Participant
from conferences.actions import LONG, VERY_LONG, NewChild
from conferences.models import Conference
from core.clock import london_date
from core.templatetags.pd import short_date
from core.widgets import DateField3, LocalDateTimeField, Words
from escalation import policies
from escalation.actions import Difference, Named, Step
from escalation.models import Escalation
from escalation.selectors import child_words, person_name
from escalation.states import How, Side
from partnerships.models import Agency, AgencyPost, Membership
from protocols.model import Kind, LadderTier

SMALL: dict[str, str] = {"class": "govuk-radios--small"}
SMALL_BOXES: dict[str, str] = {"class": "govuk-checkboxes--small"}
ELSE = "else"
TOPICS_HINT = "Select all that apply."


def _line(label: str, *, hint: str = "", required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=150,
        required=required,
        help_text=hint,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def _address(label: str, *, hint: str = "") -> forms.EmailField:
    return forms.EmailField(
        label=label,
        required=False,
        help_text=hint,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class AskedMany(forms.MultipleChoiceField):
    """Several of a list, asked for where another answer will do as well: it is not called optional."""

    def validate(self, value: Any) -> None:
        """What is missing is said by the action; what is not on the list is refused here."""
        if any(not self.valid_value(one) for one in value):
            raise forms.ValidationError(self.error_messages["invalid_choice"], params={"value": ""})


def _ask_late(form: OnceForm, late: str) -> None:
    """Why a step took longer than its date. The action asks for it, with its rule."""
    form.add_field(
        "late_reason",
        Words(rows=2, max_length=LONG, required=False, label="Why it took longer", help_text=late),
    )
    form.fields["late_reason"].needed = True  # type: ignore[attr-defined]


class NeedsForm(OnceForm):
    """What a step of the protocol requires beside people: a post that takes part, the authorities, a note, words."""

    _posts: tuple[str, ...] = ()
    _words: tuple[str, ...] = ()

    def ask_needs(self, tier: LadderTier, area: protocols.AreaProtocol, *, same_post: bool) -> None:
        posts, words = [], []
        for need in tier.requires:
            if need.field == "authorities":
                self.add_field(
                    "authority_responsible", _line("Authority responsible for the child", hint=need.hint)
                )
                self.add_field("authority_of_place", _line("Authority where the facility is"))
            elif area.slot(need.field):
                posts.append(need.field)
                self.add_field(
                    need.field, forms.BooleanField(label=need.label, required=False, help_text=need.hint)
                )
            elif need.field == "same_person_note":
                if same_post:
                    note = Words(
                        rows=3, max_length=LONG, required=False, label=need.label, help_text=need.reason
                    )
                    self.add_field(need.field, note)
            elif need.field != "lead_of_each_agency":
                words.append(need.field)
                self.add_field(
                    need.field,
                    Words(rows=3, max_length=LONG, required=False, label=need.label, help_text=need.hint),
                )
        self._posts, self._words = tuple(posts), tuple(words)

    def _drop_authorities(self) -> None:
        for name in ("authority_responsible", "authority_of_place"):
            self.fields.pop(name, None)

    def needs(self) -> Step:
        """What was given of it, for the first step of a ladder."""
        data = self.cleaned_data
        return Step(
            way="",
            posts=tuple(name for name in self._posts if data.get(name)),
            answers={name: data.get(name, "") for name in self._words},
            authority_responsible=data.get("authority_responsible", ""),
            authority_of_place=data.get("authority_of_place", ""),
        )


class RaiseForm(NeedsForm):
    """A professional difference, on one page."""

    field_order = [  # noqa: RUF012 - Django’s own shape
        "token", "concern", "outcome_sought", "topics", "children", "initials", "born_on", "due_on", "other_agency",
        "theirs_name", "theirs_email", "conference", "raised_at", "agreed_date", "agreed_reason", "protect_by_date",
    ]  # fmt: skip

    error_names: ClassVar = {
        "concern": "What you disagree with", "outcome_sought": "What would settle it", "agreed_reason": "The reason",
        "born_on": "Date of birth", "due_on": "Expected date", "protect_by_date": "The date for the child's safety",
        "agreed_date": "The agreed date", "raised_at": "When you raised it",
    }  # fmt: skip
    required_messages: ClassVar = {
        "concern": "Enter what you disagree with, and why",
        "other_agency": "Select the other agency",
    }

    conference = forms.ChoiceField(label="Is it about one of these conferences?", required=False)
    topics = forms.MultipleChoiceField(
        label="What is it about?",
        widget=forms.CheckboxSelectMultiple(attrs=SMALL_BOXES),
        required=False,
        help_text=TOPICS_HINT,
    )
    children = AskedMany(
        label="Which child?",
        widget=forms.CheckboxSelectMultiple(attrs=SMALL_BOXES),
        help_text="Select all it is about, or enter another child below.",
    )
    initials = forms.CharField(
        label="Initials of another child", max_length=6, required=False, help_text="Screens show these and the age, never the name.",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-5", "autocomplete": "off"}),
    )  # fmt: skip
    born_on = DateField3(label="Date of birth of that child", required=False, help_text="Like 27 3 2019")
    due_on = DateField3(label="Or the expected date, for an unborn child", required=False)
    concern = Words(
        rows=5, max_length=VERY_LONG, label="What do you disagree with, and why?",
        help_text="What was decided, done or not done, and what it means for the child. Those who take part in the steps read this.",
    )  # fmt: skip
    outcome_sought = Words(rows=2, max_length=LONG, required=False, label="What would settle it?")
    other_agency = forms.ChoiceField(
        label="Which agency do you differ with?", widget=forms.RadioSelect(attrs=SMALL)
    )
    theirs_name = _line("Name of the other professional")
    theirs_email = _address(
        "Their work email address",
        hint="They get a message with the reference and a link, and nothing about a child.",
    )
    raised_at = LocalDateTimeField(
        label="When did you raise it with them?", required=False, help_text="Empty: now."
    )
    agreed_date = DateField3(label="A date to settle it by that you both accept", required=False)
    agreed_reason = Words(
        rows=2, max_length=LONG, required=False, label="Why that date, if it is later than usual"
    )
    protect_by_date = DateField3(label="A date by which the child has to be safe", required=False)

    def __init__(
        self, *args: Any, area: protocols.AreaProtocol, kind: Kind, children: list[Child], conferences: list[Conference],
        agencies: list[Agency], first: LadderTier | None, now: dt.datetime, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.kind = kind
        self._conferences = {str(c.uuid): c.pk for c in conferences}
        self._agencies = {str(a.uuid): a.pk for a in agencies}
        day = london_date(now)
        self._choose("topics", [(t.id, t.label) for t in kind.topics])
        self._choose("children", [(str(c.uuid), child_words(c, day)) for c in children])
        held = kind.id in ("conference_outcome", "process", "plan_implementation")
        self._choose(
            "conference",
            [
                ("", "No, or not one of these"),
                *(
                    (str(c.uuid), f"{c.get_kind_display()} conference, {short_date(c.starts_at)}")
                    for c in conferences
                ),
            ]
            if held and conferences
            else [],
        )
        self._choose("other_agency", [(str(a.uuid), a.name) for a in agencies])
        if not children:
            self.describe(
                "initials",
                label="Initials of the child",
                required=kind.child_required,
                required_message="Enter the child’s initials",
            )
            self.describe("born_on", label="Date of birth")
        if not kind.child_required:
            self.describe("initials", required=False)
        if first is None or first.formality != "informal" or first.between is None:
            del self.fields["theirs_name"], self.fields["theirs_email"]
        agreed, protect = policies.asks_for_dates(area, first)
        if not agreed:
            del self.fields["agreed_date"], self.fields["agreed_reason"]
        elif first is not None:
            clock = area.clock(first.clock)
            self.describe("agreed_date", hint=clock.text if clock else "")
        if not protect:
            del self.fields["protect_by_date"]
        if first is not None:
            self.ask_needs(first, area, same_post=False)

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        if choices:
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields[name]

    def said(self) -> Difference:
        data = self.cleaned_data
        initials = data.get("initials", "")
        new = NewChild(initials=initials, born_on=data.get("born_on"), due_on=data.get("due_on"))
        counterpart = None
        if data.get("theirs_name") or data.get("theirs_email"):
            agency = self._agencies.get(data.get("other_agency", ""))
            counterpart = Named(
                side=Side.THEIRS, name=data["theirs_name"], email=data["theirs_email"], agency_id=agency
            )
        return Difference(
            kind=self.kind.id,
            concern=data["concern"],
            outcome_sought=data["outcome_sought"],
            topics=tuple(data.get("topics", ())),
            children=tuple(uuid.UUID(value) for value in data.get("children", ())),
            new_child=new if initials or data.get("born_on") or data.get("due_on") else None,
            conference_id=self._conferences.get(data.get("conference", "")),
            other_agency_id=self._agencies.get(data.get("other_agency", "")),
            counterpart=counterpart,
            raised_at=data.get("raised_at"),
            agreed_date=data.get("agreed_date"),
            agreed_reason=data.get("agreed_reason", ""),
            protect_by_date=data.get("protect_by_date"),
            needs=self.needs(),
        )


class PeopleForm(NeedsForm):
    """Somebody for one side or both: from a short list, or by name and address."""

    def _side(
        self,
        side: str,
        title: str,
        people: list[Membership],
        *,
        agencies: Sequence[Agency] = (),
        needed: bool = False,
        post: AgencyPost | None = None,
    ) -> None:
        """`post`: who fills the post that stands there for this agency, and is named when nobody else is."""
        called = title[:1].upper() + title[1:]
        known = f"{post.who} is entered for this, and is named unless you say otherwise." if post else ""
        if people:
            choices = [(str(m.uuid), f"{m.user.name}, {m.job_title}") for m in people]
            choices.append((ELSE, "Somebody else"))
            choice = forms.ChoiceField(
                label=called, choices=choices, required=False, widget=forms.RadioSelect(attrs=SMALL)
            )
            if known or not needed:
                choice.help_text = known or "Leave it empty if you do not know yet. You can add it later."
            self.add_field(f"{side}_person", choice)
            self._known = {**getattr(self, "_known", {}), **{str(m.uuid): m.pk for m in people}}
        who = "Name of somebody else" if people else f"{called}: name"
        self.add_field(
            f"{side}_name",
            _line(
                who,
                hint="" if people else known or ("" if needed else "Leave it empty if you do not know yet."),
            ),
        )
        self.add_field(
            f"{side}_email",
            _address("Their work email address", hint="Somebody with an account here is known by it."),
        )
        if agencies:
            field = forms.ChoiceField(
                label="Their agency",
                required=False,
                choices=[("", "Choose"), *((str(a.uuid), a.name) for a in agencies)],
            )
            self.add_field(f"{side}_agency", field)
            self._agencies = {str(a.uuid): a.pk for a in agencies}

    def named(self, side: str) -> Named | None:
        """Who was chosen or typed for a side; None when nobody was."""
        data = self.cleaned_data
        chosen = data.get(f"{side}_person", "")
        known = getattr(self, "_known", {}).get(chosen)
        if known is not None:
            return Named(side=side, membership_id=known)
        if data.get(f"{side}_name") or data.get(f"{side}_email"):
            agency = getattr(self, "_agencies", {}).get(data.get(f"{side}_agency", ""))
            return Named(side=side, name=data[f"{side}_name"], email=data[f"{side}_email"], agency_id=agency)
        return None

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        for name, value in list(cleaned.items()):
            side = name.removesuffix("_person")
            if name.endswith("_person") and value == ELSE and not cleaned.get(f"{side}_name"):
                self.add_error(
                    f"{side}_name", "Enter the name of the other person, or choose one of the list"
                )
        return cleaned


class OpenForm(PeopleForm):
    """What is still open: the first thing that whoever takes it up reads."""

    error_names: ClassVar = {
        "unresolved": "What is still open",
        "exception": "The reason",
        "same_person_note": "The note",
    }
    required_messages: ClassVar = {"unresolved": "Enter what is still open"}

    unresolved = Words(
        rows=4, max_length=VERY_LONG, label="What was tried, and what is still open?",
        help_text="Whoever takes it up reads this first.",
    )  # fmt: skip

    def step(self) -> Step:
        return Step(way="", unresolved=self.cleaned_data["unresolved"])


class StepForm(OpenForm):
    """Taking it to a step: what is still open, who stands there, and what the step needs."""

    def __init__(
        self, *args: Any, escalation: Escalation, way: policies.Way, area: protocols.AreaProtocol, people: dict[str, list[Membership]],
        agencies: list[Agency], posts: dict[str, AgencyPost | None] | None = None, late: str = "", **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.way = way
        tier = way.tier
        if late:
            _ask_late(self, late)
        if way.missing:
            words = " ".join(m.text for m in way.missing)
            self.add_field(
                "exception",
                Words(
                    rows=3,
                    max_length=LONG,
                    required=False,
                    label="Why do you go on all the same?",
                    help_text=words,
                ),
            )
            self.describe("exception", required=True, required_message="Enter why you go on all the same")
        if tier.entry_points:
            self.add_field(
                "entry_point",
                forms.ChoiceField(
                    label="How is it brought there?",
                    choices=[(e, e) for e in tier.entry_points],
                    widget=forms.RadioSelect,
                ),
            )
            self.describe("entry_point", required_message="Select how it is brought there")
        if tier.routed_by:
            self.add_field(
                "routed",
                forms.ChoiceField(
                    label="Where does it go?",
                    choices=[(o.id, o.label) for o in tier.routed_by],
                    widget=forms.RadioSelect,
                ),
            )
            self.describe("routed", required_message="Select where it goes")
        fields = {need.field for need in tier.requires}
        needed = "lead_of_each_agency" in fields
        post = posts or {}
        if not tier.decided_by:
            title = way.alternative or tier.titles.get(
                escalation.agency.kind, tier.between.ours if tier.between else tier.label
            )
            self._side(Side.OURS, title, people.get(Side.OURS, []), needed=needed, post=post.get(Side.OURS))
            if tier.between is not None:
                other = escalation.other_agency.kind if escalation.other_agency else ""
                theirs = tier.titles.get(other, tier.between.theirs)
                self._side(
                    Side.THEIRS,
                    theirs,
                    people.get(Side.THEIRS, []),
                    agencies=[] if escalation.other_agency else agencies,
                    needed=needed,
                    post=post.get(Side.THEIRS),
                )
        if tier.place == "chair" and Side.DECIDES in people:
            self._side(Side.DECIDES, area.word("chair"), people[Side.DECIDES])
        self.ask_needs(tier, area, same_post=policies.same_post_decided(escalation, tier))
        if policies.has_authorities(escalation):
            self._drop_authorities()
        if "same_person_note" not in self.fields and tier.between is not None:
            self.add_field(
                "same_person_note",
                Words(
                    rows=2,
                    max_length=LONG,
                    required=False,
                    label="If one person stands on both sides: how it is looked at afresh",
                ),
            )

    def step(self) -> Step:
        data = self.cleaned_data
        sides = (Side.OURS, Side.THEIRS, Side.DECIDES)
        people = [self.named(side) for side in sides if f"{side}_name" in self.fields]
        return Step(
            way=self.way.key,
            people=tuple(person for person in people if person),
            unresolved=data["unresolved"],
            exception=data.get("exception", ""),
            entry_point=data.get("entry_point", ""),
            routed=data.get("routed", ""),
            posts=tuple(name for name in self._posts if data.get(name)),
            same_person_note=data.get("same_person_note", ""),
            answers={name: data.get(name, "") for name in self._words},
            authority_responsible=data.get("authority_responsible", ""),
            authority_of_place=data.get("authority_of_place", ""),
            late_reason=data.get("late_reason", ""),
        )


class PersonForm(PeopleForm):
    """Who stands at the open step for one side."""

    def __init__(
        self,
        *args: Any,
        side: str,
        title: str,
        people: list[Membership],
        agencies: list[Agency],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.side = side
        self._side(side, title, people, agencies=agencies, needed=True)

    def person(self) -> Named:
        return self.named(self.side) or Named(side=self.side)


class MeetingForm(OnceForm):
    """A meeting, or a talk: when, how, who was there, and what came of it."""

    error_names: ClassVar = {"met_at": "The time of the meeting", "note": "The note"}
    required_messages: ClassVar = {
        "how": "Select how you met",
        "note": "Enter what came of it",
        "met_at": "Enter when you met",
    }

    met_at = LocalDateTimeField(label="When was it?")
    how = forms.ChoiceField(label="How?", choices=How.choices, widget=forms.RadioSelect(attrs=SMALL))
    there = forms.MultipleChoiceField(
        label="Who was there?", widget=forms.CheckboxSelectMultiple, required=False
    )
    invited = forms.MultipleChoiceField(
        label="Who was invited and not there?", widget=forms.CheckboxSelectMultiple, required=False
    )
    others = Words(
        rows=2,
        max_length=LONG,
        required=False,
        label="Others who were there",
        help_text="One name on each line.",
    )
    all_parties = forms.BooleanField(label="Everyone concerned was called to it", required=False)
    note = Words(rows=5, max_length=VERY_LONG, label="What was said, and what came of it?")

    def __init__(self, *args: Any, people: list[Participant], heard: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._people = {str(p.uuid): p.pk for p in people}
        choices = [(str(p.uuid), person_name(p) + (f", {p.agency.name}" if p.agency else "")) for p in people]
        for name in ("there", "invited"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        if heard:
            self.describe("there", label="Whom did you hear?")
            self.describe("others", label="Others whom you heard")

    def given(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "met_at": data["met_at"],
            "how": data["how"],
            "there": tuple(self._people[value] for value in data["there"]),
            "invited": tuple(self._people[value] for value in data["invited"] if value not in data["there"]),
            "others": tuple(data["others"].splitlines()),
            "all_parties": data["all_parties"],
            "note": data["note"],
        }


class AgreeForm(OnceForm):
    error_names: ClassVar = {"what": "What was agreed", "due_on": "The date"}
    required_messages: ClassVar = {"what": "Enter what was agreed", "owner": "Enter who does it"}

    what = Words(rows=3, max_length=LONG, label="What was agreed?")
    owner = forms.CharField(
        label="Who does it?",
        max_length=150,
        help_text="The name of one person, if you can. Somebody of this case with an account sees it in their own list.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "names"}),
    )
    due_on = DateField3(label="By when?", required=False)


class DatesForm(OnceForm):
    """Other dates for a step, and why."""

    error_names: ClassVar = {
        "agreed_date": "The agreed date", "protect_by_date": "The date for the child's safety", "reason": "The reason",
    }  # fmt: skip
    required_messages: ClassVar = {"reason": "Enter why the date changes"}

    agreed_date = DateField3(label="A date to settle it by that you both accept", required=False)
    protect_by_date = DateField3(label="A date by which the child has to be safe", required=False)
    reason = Words(rows=3, max_length=LONG, label="Why does it change?")

    def __init__(self, *args: Any, asks: tuple[bool, bool], hint: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agreed, protect = asks
        if not agreed:
            del self.fields["agreed_date"]
        else:
            self.describe("agreed_date", hint=hint)
        if not protect:
            del self.fields["protect_by_date"]


class AuthoritiesForm(OnceForm):
    """The authority responsible for the child, and the one where the facility is (SUS-37)."""

    required_messages: ClassVar = {
        "authority_responsible": "Enter the authority responsible for the child",
        "authority_of_place": "Enter the authority where the facility is",
    }

    authority_responsible = _line("Authority responsible for the child", required=True)
    authority_of_place = _line("Authority where the facility is", required=True)


class WordsForm(OnceForm):
    """One text: how it was settled, why it is withdrawn, where it went, a summary for the forum."""

    text = Words(rows=4, max_length=LONG)

    def __init__(
        self, *args: Any, label: str, hint: str = "", message: str = "", required: bool = True, late: str = "", **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.describe("text", label=label, hint=hint, required=required, required_message=message)
        if late:
            _ask_late(self, late)


class DecideForm(OnceForm):
    """An answer: what the protocol has for the step, with reasons."""

    error_names: ClassVar = {"reasons": "Reasons", "not_heard_reason": "The reason"}
    required_messages: ClassVar = {
        "outcome": "Select what you decide",
        "reasons": "Enter reasons for your decision",
    }

    outcome = forms.ChoiceField(label="What do you decide?", widget=forms.RadioSelect)
    reasons = Words(
        rows=6,
        max_length=VERY_LONG,
        label="Reasons for your decision",
        help_text="Everyone who takes part reads this.",
    )
    not_heard_reason = Words(
        rows=2, max_length=LONG, required=False, label="Why you decide without hearing anybody"
    )

    def __init__(self, *args: Any, tier: LadderTier, heard: bool, late: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if late:
            _ask_late(self, late)
        choices = [(o.id, o.label) for o in tier.outcomes]
        if len(choices) > 1:
            self.fields["outcome"].choices = choices  # type: ignore[attr-defined]
            self.describe("outcome", option_hints={o.id: o.text for o in tier.outcomes if o.text})
        else:
            del self.fields["outcome"]
            self.describe(
                "reasons",
                label="Your answer, with the reasons",
                required_message="Enter your answer, with the reasons",
            )
        self._only = choices[0][0] if len(choices) == 1 else ""
        if tier.place != "partnership" or heard:
            del self.fields["not_heard_reason"]

    def given(self) -> dict[str, str]:
        data = self.cleaned_data
        return {
            "outcome": data.get("outcome", self._only),
            "reasons": data["reasons"],
            "not_heard_reason": data.get("not_heard_reason", ""),
            "late_reason": data.get("late_reason", ""),
        }


class CloseForm(OnceForm):
    confirmed = forms.BooleanField(label="Close it all the same", required=False)

    def __init__(self, *args: Any, left: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not left:
            del self.fields["confirmed"]


class UrgentForm(OnceForm):
    """What was done at once, written down afterwards."""

    error_names: ClassVar = {"what": "What you did", "taken_at": "The time you acted"}
    required_messages: ClassVar = {
        "what": "Enter what you did, and whom you told",
        "taken_at": "Enter when you acted",
    }

    what = Words(rows=4, max_length=LONG, label="What did you do, and whom did you tell?")
    taken_at = LocalDateTimeField(label="When was it?")
