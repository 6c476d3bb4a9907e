"""What is typed in a conference. Forms only read; what is allowed is said by the policies, with its rule."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django import forms

from accounts.edge import OnceForm
from cases.models import Child
from conferences.actions import LONG, VERY_LONG
from conferences.models import Attendance, PrivateView, View
from conferences.selectors import shown
from conferences.states import ConferenceKind, Presence, ViewChoice
from core.clock import LONDON, london
from core.sheets import Column
from core.templatetags.pd import initials_age, short_date
from core.widgets import DateField3, LocalDateTimeField, Words, read_time
from partnerships.forms import FileForm
from partnerships.models import Agency, Membership
from protocols.model import ConferenceRules, RecordField

Choices = Sequence[tuple[str, str]]
INLINE = {"class": "govuk-radios--inline"}
SMALL = {"class": "govuk-radios--inline govuk-radios--small"}
LIKE = "Like 27 3 2026 at 2:05pm"
# How each presence is asked for in the room.
PRESENCES: Choices = [
    (Presence.ATTENDED.value, "Here"),
    (Presence.REMOTE.value, "Here remotely"),
    (Presence.LEFT_EARLY.value, "Left early"),
    (Presence.REPORT_ONLY.value, "Report only"),
    (Presence.ABSENT.value, "Did not attend"),
    (Presence.INVITED.value, "Not known yet"),
]


class PostedChoice(forms.ChoiceField):
    """A choice whose refusal is the policy's: what the protocol has not is refused there, with its rule."""

    def valid_value(self, value: Any) -> bool:
        return True


class AskedChoice(PostedChoice):
    """A choice that is asked for and may still be left for later: it is not called optional."""

    def validate(self, value: Any) -> None:
        """What is missing here is said by the form or the policy, where it is missing."""


def with_fields(base: type[OnceForm], fields: dict[str, forms.Field]) -> type[OnceForm]:
    """A form with a field for each row of something."""
    return type(base.__name__, (base,), fields)


class PressForm(OnceForm):
    """A button: nothing but its one-time token. Several stand on one page, so its field has no id."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", False)
        super().__init__(*args, **kwargs)


class TickForm(PressForm):
    step = forms.CharField(widget=forms.HiddenInput, max_length=60)


class BookForm(OnceForm):
    required_messages: ClassVar = {
        "kind": "Select the kind of conference",
        "starts_at": "Enter the date and time of the conference",
        "chair": "Select a chair of this partnership",
    }

    kind = forms.ChoiceField(
        label="Kind of conference", choices=ConferenceKind.choices, widget=forms.RadioSelect(attrs=INLINE)
    )
    starts_at = LocalDateTimeField(
        label="Date and time", help_text=LIKE, error_name="Date and time of the conference"
    )
    place = forms.CharField(
        label="Place",
        required=False,
        max_length=200,
        help_text="A room, or “online”. No address of the family.",
    )
    chair = forms.ChoiceField(label="Chair")
    minute_taker = forms.ChoiceField(label="Minute taker", required=False)

    def __init__(
        self, *args: Any, chairs: list[Membership], minute_takers: list[Membership], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chair"].choices = [("", "Choose"), *_people(chairs)]  # type: ignore[attr-defined]
        self.fields["minute_taker"].choices = [("", "Nobody yet"), *_people(minute_takers)]  # type: ignore[attr-defined]


def _people(rows: Iterable[Membership]) -> list[tuple[str, str]]:
    return [(str(row.uuid), f"{row.user.name}, {row.job_title}") for row in rows]


class NewChildForm(OnceForm):
    required_messages: ClassVar = {"initials": "Enter the child’s initials"}

    initials = forms.CharField(
        label="Initials",
        max_length=6,
        help_text="Screens show these and the age, never the name.",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-5", "autocomplete": "off"}),
    )
    name = forms.CharField(
        label="Name, for the record",
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    born_on = DateField3(label="Date of birth", required=False, help_text="Like 27 3 2019")
    due_on = DateField3(
        label="Expected date, for an unborn child", required=False, error_name="Expected date"
    )
    on_plan = forms.BooleanField(required=False)

    def __init__(self, *args: Any, plan: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.describe("on_plan", label=f"Before this conference, already on the {plan}")


class KnownChildForm(OnceForm):
    required_messages: ClassVar = {"child": "Select a child of this partnership"}

    child = forms.ChoiceField(label="Child", help_text="Those of the latest conferences come first.")
    on_plan = forms.BooleanField(required=False)

    def __init__(self, *args: Any, children: list[Child], day: dt.date, plan: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["child"].choices = [("", "Choose"), *((str(c.uuid), _known(c, day)) for c in children)]  # type: ignore[attr-defined]
        self.describe("on_plan", label=f"Before this conference, already on the {plan}")


def _known(child: Child, day: dt.date) -> str:
    last = getattr(child, "last_on", None)
    words = initials_age(shown(child, day))
    return f"{words}, conference of {short_date(last)}" if last else words


class MembersForm(OnceForm):
    """Several people of the partnership at once, listed by agency."""

    required_messages: ClassVar = {"people": "Select who to put on the list"}

    people = forms.MultipleChoiceField(label="People", widget=forms.CheckboxSelectMultiple)
    here = forms.BooleanField(label="They are here now", required=False)

    def __init__(self, *args: Any, members: list[Membership], live: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups: dict[str, list[tuple[str, str]]] = {}
        for member in members:
            words = f"{member.user.name}, {member.job_title}"
            groups.setdefault(member.agency.name, []).append((str(member.uuid), words))
        self.fields["people"].choices = list(groups.items())  # type: ignore[attr-defined]
        if not live:
            del self.fields["here"]


class PersonForm(OnceForm):
    """Somebody who works for an agency but has no account here."""

    required_messages: ClassVar = {
        "name": "Enter the person’s name",
        "agency": "Select the person’s agency",
    }

    name = forms.CharField(
        label="Name", max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    job_title = forms.CharField(label="Job title", max_length=150, required=False)
    agency = forms.ChoiceField(label="Agency")
    email = forms.EmailField(
        label="Work email address",
        required=False,
        help_text="Used only to tell them about a dissent of theirs.",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    here = forms.BooleanField(label="They are here now", required=False)

    def __init__(self, *args: Any, agencies: list[Agency], live: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agency"].choices = [("", "Choose"), *((str(a.uuid), a.name) for a in agencies)]  # type: ignore[attr-defined]
        if not live:
            del self.fields["here"]


class FamilyForm(OnceForm):
    """A parent, another relative, or someone who supports them."""

    required_messages: ClassVar = {"name": "Enter the person’s name"}

    name = forms.CharField(
        label="Name", max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    job_title = forms.CharField(
        label="Who they are",
        max_length=150,
        required=False,
        help_text="Like mother, grandparent, advocate of the father.",
    )
    here = forms.BooleanField(label="They are here now", required=False)

    def __init__(self, *args: Any, live: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not live:
            del self.fields["here"]


class SheetForm(FileForm):
    """The list of a conference, chosen as a file or pasted."""


# What a spreadsheet may call each way of taking part, beside our own words for it.
PRESENCE_WORDS: dict[str, str] = {
    **{label.lower(): value for value, label in PRESENCES},
    **{label.lower(): value for value, label in Presence.choices},
    "yes": Presence.ATTENDED, "present": Presence.ATTENDED, "attended": Presence.ATTENDED, "online": Presence.REMOTE,
    "remote": Presence.REMOTE, "by phone": Presence.REMOTE, "no": Presence.ABSENT, "absent": Presence.ABSENT,
    "apologies": Presence.ABSENT, "report": Presence.REPORT_ONLY, "": Presence.INVITED,
}  # fmt: skip
LIST_COLUMNS = (
    Column("name", "Name", example="Pat Example"),
    Column("agency", "Agency", required=False, example="Health visiting", limit=200),
    Column("job_title", "Job title", required=False, example="Health visitor"),
    Column("email", "Email address", required=False, example="pat.example@health.example.org", limit=254),
    Column("presence", "How they took part", required=False, example="Here"),
    Column("left", "Time they left", required=False),
    Column("report", "Sent in a report", required=False, example="Yes"),
)


def key_of(person: Attendance) -> str:
    return person.uuid.hex[:12]


class PresenceForm(OnceForm):
    """How everyone on the list took part, saved with one button; only what was changed here is recorded."""

    people: ClassVar[list[Attendance]] = []
    day: ClassVar[dt.date]

    def rows(self) -> list[dict[str, Any]]:
        """Each person with the fields about them."""
        return [
            {
                "person": person,
                "key": key_of(person),
                "presence": self[f"presence_{key_of(person)}"],
                "more": [self[f"{name}_{key_of(person)}"] for name in ("left", "report", "shared")],
                "open": bool(
                    person.left_at or person.report_submitted or self.has_error(f"left_{key_of(person)}")
                ),
            }
            for person in self.people
        ]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        for person in self.people:
            name = f"left_{key_of(person)}"
            typed = self.cleaned_data.get(name, "")
            time = read_time(typed) if typed else None
            if typed and time is None:
                self.add_error(name, f"The time {person.name} left must be like 2:05pm or 14:05")
            elif time is not None:
                self.cleaned_data[name] = dt.datetime.combine(self.day, time, tzinfo=LONDON)
        return cleaned

    def changed(self) -> list[tuple[Attendance, dict[str, Any]]]:
        """Those about whom something else was entered than the page showed."""
        found = []
        everyone = "everyone" in self.data  # the second button
        for person in self.people:
            key = key_of(person)
            now = {
                name: self.cleaned_data.get(f"{name}_{key}")
                for name in ("presence", "left", "report", "shared")
            }
            if everyone and now["presence"] == Presence.INVITED:
                now["presence"] = Presence.ATTENDED.value
            if _state(now["presence"], self.data.get(f"left_{key}", ""), now["report"], now["shared"]) != (
                self.cleaned_data.get(f"was_{key}")
            ):
                found.append((person, now))
        return found

    def stale(self, person: Attendance) -> bool:
        """Whether the record of this person is no longer as the page showed it."""
        return self.cleaned_data.get(f"was_{key_of(person)}") != stored(person)


def _state(presence: Any, left: str, report: Any, shared: Any) -> str:
    return f"{presence}|{left.strip()}|{int(bool(report))}|{int(bool(shared))}"


def _left(person: Attendance) -> str:
    return f"{london(person.left_at):%H:%M}" if person.left_at else ""


def stored(person: Attendance) -> str:
    """What is recorded about someone's part, as one text to compare."""
    return _state(person.presence, _left(person), person.report_submitted, person.report_shared)


def _who(person: Attendance) -> str:
    words = [person.job_title, person.agency.name if person.agency else "family or supporter"]
    return ", ".join(filter(None, words))


def presence_form(people: list[Attendance], day: dt.date, data: Any = None) -> PresenceForm:
    fields: dict[str, forms.Field] = {}
    initial: dict[str, Any] = {}
    for person in people:
        key = key_of(person)
        fields[f"presence_{key}"] = forms.ChoiceField(
            label=person.name,
            help_text=_who(person),
            choices=PRESENCES,
            widget=forms.RadioSelect(attrs=SMALL),
            error_messages={"required": f"Select how {person.name} took part"},
        )
        fields[f"left_{key}"] = forms.CharField(
            label="Time they left",
            required=False,
            max_length=12,
            widget=forms.TextInput(attrs={"class": "govuk-input--width-5", "autocomplete": "off"}),
        )
        fields[f"report_{key}"] = forms.BooleanField(label="Sent in a report", required=False)
        fields[f"shared_{key}"] = forms.BooleanField(label="The report was shared", required=False)
        fields[f"was_{key}"] = forms.CharField(widget=forms.HiddenInput, required=False)
        initial |= {
            f"presence_{key}": person.presence,
            f"left_{key}": _left(person),
            f"report_{key}": person.report_submitted,
            f"shared_{key}": person.report_shared,
            f"was_{key}": stored(person),
        }
    made = with_fields(PresenceForm, fields)
    made.people, made.day = people, day  # type: ignore[attr-defined]
    return made(data, initial=initial)  # type: ignore[return-value]


class ViewsForm(OnceForm):
    """One person's view about each child, at one phase."""

    person: ClassVar[Attendance]
    numbers: ClassVar[range]
    phase = forms.CharField(widget=forms.HiddenInput, max_length=12)

    def rows(self) -> list[list[Any]]:
        """The fields about each child, in the order they are asked."""
        names = ("choice", "change", "reasons")
        return [[self[f"{n}_{i}"] for n in names if f"{n}_{i}" in self.fields] for i in self.numbers]

    def given(self) -> list[tuple[int, dict[str, Any]]]:
        """What was entered, by the number of the child; a child without a view is left out."""
        found = []
        for number in self.numbers:
            values = {
                n: self.cleaned_data.get(f"{n}_{number}") for n in ("choice", "reasons", "change", "version")
            }
            if values["choice"]:
                found.append((number, values))
        return found

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        ask = f"Select {self.person.name}’s view"
        for number in self.numbers:
            words = self.cleaned_data.get(f"reasons_{number}") or self.cleaned_data.get(f"change_{number}")
            if words and not self.cleaned_data.get(f"choice_{number}"):
                self.add_error(f"choice_{number}", ask)
        if not self.errors and not self.given():
            self.add_error("choice_0", ask)
        return cleaned


def views_form(
    person: Attendance,
    children: list[str],
    *,
    phase: str,
    now: list[View | None],
    earlier: list[tuple[str, View | PrivateView] | None],
    data: Any = None,
) -> ViewsForm:
    """`children`: initials and age of each; `now`: what is recorded at this phase; `earlier`: what they said
    before, and when ("In the discussion")."""
    fields: dict[str, forms.Field] = {}
    initial: dict[str, Any] = {"phase": phase}
    for i, (child, view, before) in enumerate(zip(children, now, earlier, strict=True)):
        fields[f"choice_{i}"] = AskedChoice(
            label=child, choices=ViewChoice.choices, widget=forms.RadioSelect(attrs=INLINE)
        )
        if before is not None:
            when, said = before
            fields[f"change_{i}"] = forms.CharField(
                label=f"{child}: what changed their view",
                required=False,
                max_length=LONG,
                widget=forms.Textarea(attrs={"rows": 2, "cols": False}),
                help_text=f"{when}: {said.get_choice_display().lower()}. Only if it is different now.",
            )
        fields[f"reasons_{i}"] = Words(
            label=f"{child}: their reasons", rows=2, max_length=LONG, required=False
        )
        fields[f"version_{i}"] = forms.IntegerField(widget=forms.HiddenInput, required=False)
        initial |= {
            f"choice_{i}": view.choice if view else None,
            f"reasons_{i}": view.reasons if view else "",
            f"change_{i}": view.change_reason if view else "",
            f"version_{i}": view.version if view else 0,
        }
    made = with_fields(ViewsForm, fields)
    made.person, made.numbers = person, range(len(children))  # type: ignore[attr-defined]
    form = made(data, initial=initial)
    for i, child in enumerate(children):  # a choice is asked for, though the round may go on without it
        form.describe(f"reasons_{i}", error_name=f"Reasons about {child}")
    return form  # type: ignore[return-value]


class PrivateViewForm(OnceForm):
    """One's own view about each child, before views are spoken."""

    def __init__(self, *args: Any, children: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.numbers = range(len(children))
        for i, child in enumerate(children):
            choice = AskedChoice(
                label=f"Your view about {child}",
                choices=ViewChoice.choices,
                widget=forms.RadioSelect(attrs=INLINE),
            )
            self.add_field(f"choice_{i}", choice)
            self.describe(f"choice_{i}", required=True, required_message=f"Select your view about {child}")
            self.add_field(
                f"reasons_{i}", Words(label=f"{child}: your reasons", rows=3, max_length=LONG, required=False)
            )
            self.describe(f"reasons_{i}", error_name=f"Reasons about {child}")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        for i in self.numbers:
            if not cleaned.get(f"choice_{i}") and not self.has_error(f"choice_{i}"):
                self.add_error(f"choice_{i}", self.fields[f"choice_{i}"].error_messages["required"])
        return cleaned

    def given(self) -> list[tuple[str, str]]:
        return [(self.cleaned_data[f"choice_{i}"], self.cleaned_data[f"reasons_{i}"]) for i in self.numbers]


class DecisionForm(OnceForm):
    """The decision about one child. Only the ways that the protocol has are offered."""

    option = PostedChoice(label="What was decided?", widget=forms.RadioSelect)
    category = AskedChoice(label="Category", widget=forms.RadioSelect(attrs=INLINE))
    basis = PostedChoice(label="How was it decided?", widget=forms.RadioSelect)
    reasons = Words(label="Reasons", rows=3, max_length=LONG, required=False)

    required_messages: ClassVar = {
        "option": "Select what was decided",
        "basis": "Select how the decision was reached",
    }

    def __init__(self, *args: Any, rules: ConferenceRules, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["option"].choices = [(d.id, d.label) for d in rules.decisions]  # type: ignore[attr-defined]
        self.fields["basis"].choices = [(b.id, b.label) for b in rules.bases]  # type: ignore[attr-defined]
        self.describe("basis", option_hints={b.id: b.rule for b in rules.bases if b.rule})
        if rules.categories:
            self.fields["category"].choices = [(c.id, c.label) for c in rules.categories]  # type: ignore[attr-defined]
            wanted = " or ".join(f"“{d.label}”" for d in rules.decisions if d.on_plan)
            self.describe("category", hint=f"With {wanted}.")
        else:
            del self.fields["category"]


class RecordForm(OnceForm):
    """The further parts that the protocol asks for."""

    parts: ClassVar[tuple[RecordField, ...]] = ()

    def changed(self) -> list[tuple[str, str, int]]:
        """Parts whose text is not what the page showed, each with the version that it showed."""
        found = []
        for part in self.parts:
            text = (self.cleaned_data.get(part.id) or "").strip()
            version, _, mark = (self.cleaned_data.get(f"was_{part.id}") or "0-").partition("-")
            if _mark(text) != mark:
                found.append((part.id, text, int(version) if version.isdecimal() else 0))
        return found

    def untouched(self) -> list[str]:
        """Parts whose text was left as the page showed it."""
        changed = {part for part, _, _ in self.changed()}
        return [part.id for part in self.parts if part.id not in changed]


def _mark(text: str) -> str:
    """Says of a long text whether it is the same, without carrying it twice."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def record_form(
    parts: tuple[RecordField, ...], recorded: dict[str, tuple[str, int]], data: Any = None
) -> RecordForm:
    fields: dict[str, forms.Field] = {}
    initial: dict[str, Any] = {}
    for part in parts:
        text, version = recorded.get(part.id, ("", 0))
        fields[part.id] = Words(
            label=part.label,
            rows=4,
            max_length=VERY_LONG,
            required=False,
            help_text=" ".join(filter(None, [part.hint, f"({part.rule})" if part.rule else ""])),
        )
        fields[f"was_{part.id}"] = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
        initial |= {part.id: text, f"was_{part.id}": f"{version}-{_mark(text)}"}
    made = with_fields(RecordForm, fields)
    made.parts = parts  # type: ignore[attr-defined]
    return made(data, initial=initial)  # type: ignore[return-value]


class QuorumForm(OnceForm):
    required_messages: ClassVar = {"quorum_reason": "Enter why the conference goes on without its quorum"}
    error_names: ClassVar = {"quorum_reason": "The reason"}

    quorum_reason = Words(label="Why does the conference go on?", rows=3, max_length=LONG)


class StartForm(OnceForm):
    at = LocalDateTimeField(
        label="When did it start?", help_text=LIKE, required=False, error_name="The time it started"
    )


class AdjournForm(OnceForm):
    required_messages: ClassVar = {"reason": "Enter why the conference is adjourned"}

    reason = Words(label="Why is it adjourned?", rows=3, max_length=500)
    at = LocalDateTimeField(
        label="When was it adjourned?",
        help_text="Leave this empty for now.",
        required=False,
        error_name="The time it was adjourned",
    )
    resumes_at = LocalDateTimeField(
        label="When will it go on?", help_text=LIKE, required=False, error_name="The time it goes on"
    )


class CancelForm(OnceForm):
    required_messages: ClassVar = {"reason": "Enter why the conference is cancelled"}

    reason = Words(label="Why is it cancelled?", rows=3, max_length=500)


class NoteViewForm(OnceForm):
    """A differing view for the record, and no more."""

    required_messages: ClassVar = {"children": "Select which child the view is about"}
    error_names: ClassVar = {"reasons": "The view", "expressed_at": "The time it was said"}

    children = forms.MultipleChoiceField(
        label="Which child is it about?", widget=forms.CheckboxSelectMultiple
    )
    reasons = Words(label="Their view, in their words", rows=4, max_length=LONG)
    expressed_at = LocalDateTimeField(
        label="When was it said?", help_text="Leave this empty for now.", required=False
    )

    def __init__(self, *args: Any, name: str, children: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["children"].choices = children  # type: ignore[attr-defined]
        self.describe("reasons", required_message=f"Enter {name}’s view")


class MissingEntryForm(OnceForm):
    required_messages: ClassVar = {
        "text": "Enter what you said",
        "said_at": "Enter when you said it",
    }
    error_names: ClassVar = {"text": "What you said"}

    text = Words(
        label="What did you say?", rows=5, max_length=LONG, help_text="As you said it, with your reasons."
    )
    said_at = LocalDateTimeField(
        label="When did you say it?", help_text=LIKE, error_name="The time you said it"
    )


class AnswerForm(OnceForm):
    required_messages: ClassVar = {"answer": "Enter your answer"}

    answer = Words(
        label="Your answer",
        rows=4,
        max_length=LONG,
        help_text="Say that it is entered now, or why it is not.",
    )
