"""Forms of this room: a discussion as it is written down, and the ticks that follow."""

import datetime as dt
import re
from typing import Any, ClassVar

from django import forms
from django.forms.utils import ErrorDict

from accounts.edge import OnceForm
from core.widgets import DateField3, LocalDateTimeField, Words
from records.actions import NOTES, SHORT, Agreed, Other, Written
from records.models import Discussion
from records.states import Between, HowHeld

ROWS = 1  # of what was agreed, before more are asked for
MOST = 20
SMALL = {"class": "govuk-radios--small"}


class DiscussionForm(OnceForm):
    """A discussion: when, how, who, what was said, and what was agreed. Rows of agreed actions are added as needed."""

    error_names: ClassVar = {"notes": "What was said", "outcome": "The outcome", "reason": "What was wrong"}
    resend = True

    rows = forms.IntegerField(widget=forms.HiddenInput, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    reason = Words(rows=3, max_length=SHORT, label="What was wrong in the record you correct?")
    happened_at = LocalDateTimeField(label="When was it?", error_name="The time of the discussion")
    how = forms.ChoiceField(
        widget=forms.RadioSelect(attrs=SMALL), choices=HowHeld.choices, label="How did you speak?",
        error_messages={"required": "Select how you spoke"},
    )  # fmt: skip
    between = forms.ChoiceField(
        widget=forms.RadioSelect(attrs=SMALL), choices=Between.choices, label="Whose discussion was it?",
        error_messages={"required": "Select whether it was within your agency or between agencies"},
    )  # fmt: skip
    members = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, required=False, label="Who took part?"
    )
    others = Words(rows=3, max_length=2000, required=False, label="Others who took part")
    notes = Words(rows=8, max_length=NOTES, label="What was said?")
    outcome = Words(rows=3, max_length=SHORT, required=False, label="What came of it?")

    def __init__(
        self, *args: Any, people: list[tuple[str, str]], known: dict[str, int], correcting: bool = False, **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.known = known
        self.fields["members"].choices = people  # type: ignore[attr-defined]
        if not correcting:
            del self.fields["reason"]
        self.fields["members"].needed = True  # type: ignore[attr-defined]  # two people, of this list or the next field
        self.describe("members", hint="Tick everyone who was there, yourself too.")
        self.describe("others", hint="One person per line: name, then a comma, then their agency.")
        self.describe("notes", hint="In plain words: facts, what each side thinks, and why.")
        self.describe("outcome", hint="For example: agreed, or what is still open.")
        self.describe(
            "between",
            option_hints={
                Between.AGENCIES: "Once you approve it, everyone in this case can read it.",
                Between.OWN: "Only people of your agency in this case can read it.",
            },
        )
        self.count = 0
        self.retyped()

    def retyped(self) -> None:
        begun, self.count = self.count, self._rows_asked()
        for number in range(begun + 1, self.count + 1):
            self.add_field(
                f"agreed_{number}_what",
                forms.CharField(max_length=500, required=False, label=f"Action {number}: what was agreed?"),
            )
            self.add_field(
                f"agreed_{number}_owner",
                forms.CharField(max_length=150, required=False, label=f"Action {number}: who does it?"),
            )
            self.add_field(
                f"agreed_{number}_due",
                DateField3(required=False, label=f"Action {number}: by when?", error_name=f"The date of action {number}"),
            )  # fmt: skip

    def _rows_asked(self) -> int:
        asked = str(self.data.get("rows", "")) if self.is_bound else str(self.initial.get("rows", ""))
        count = min(MOST, int(asked)) if asked.isdecimal() else ROWS
        return max(count, ROWS)

    def one_more(self) -> None:
        """Show the form as it was typed, with a further row; nothing is judged yet."""
        self._errors = ErrorDict()

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if self.has_error("members") or self.has_error("others"):
            return cleaned
        if len(cleaned.get("members", [])) + len(self._others(cleaned.get("others", ""))) < 2:
            self.add_error("members", "Select or enter everyone who took part: at least two people")
        for number in range(1, self.count + 1):
            what, owner = (str(cleaned.get(f"agreed_{number}_{part}") or "") for part in ("what", "owner"))
            due = cleaned.get(f"agreed_{number}_due")
            if (owner or due) and not what and not self.has_error(f"agreed_{number}_what"):
                self.add_error(f"agreed_{number}_what", f"Enter what was agreed in action {number}")
            if what and not owner and not self.has_error(f"agreed_{number}_owner"):
                self.add_error(f"agreed_{number}_owner", f"Enter who does action {number}")
        return cleaned

    @staticmethod
    def _others(text: str) -> tuple[Other, ...]:
        found = []
        for line in text.splitlines():
            name, _, agency = line.strip().partition(",")
            if name.strip():
                found.append(Other(re.sub(r"\s+", " ", name.strip()), re.sub(r"\s+", " ", agency.strip())))
        return tuple(found)

    def written(self) -> Written:
        data = self.cleaned_data
        agreed = []
        for number in range(1, self.count + 1):
            what = data.get(f"agreed_{number}_what", "")
            if what:
                due: dt.date | None = data.get(f"agreed_{number}_due")
                agreed.append(Agreed(what, data[f"agreed_{number}_owner"], due))
        return Written(
            between=data["between"],
            how=data["how"],
            happened_at=data["happened_at"],
            notes=data["notes"],
            outcome=data["outcome"],
            members=tuple(self.known[key] for key in data["members"]),
            others=self._others(data["others"]),
            agreed=tuple(agreed),
        )


def initial_of(discussion: Discussion) -> dict[str, Any]:
    """The fields of the form, as a record reads now."""
    people = list(discussion.people.all())
    actions = list(discussion.agreed_actions.all())
    initial: dict[str, Any] = {
        "rows": max(ROWS, len(actions)),
        "version": discussion.version,
        "happened_at": discussion.happened_at,
        "how": discussion.how,
        "between": discussion.between,
        "members": [str(p.membership.uuid) for p in people if p.membership],
        "others": "\n".join(
            f"{p.name}, {p.agency_name}" if p.agency_name else p.name for p in people if p.membership is None
        ),
        "notes": discussion.notes,
        "outcome": discussion.outcome,
    }
    for number, action in enumerate(actions, 1):
        initial |= {
            f"agreed_{number}_what": action.what,
            f"agreed_{number}_owner": action.owner,
            f"agreed_{number}_due": action.due_on,
        }
    return initial


class FiledForm(OnceForm):
    filed_on = DateField3(label="When was the copy filed?", error_name="The date of filing")


class SettleForm(OnceForm):
    """Whether something agreed was done."""

    error_names: ClassVar = {
        "done_on": "The day it was done",
        "not_done_reason": "The reason",
        "note": "The note",
    }
    required_messages: ClassVar = {"done": "Select whether it was done"}

    done = forms.ChoiceField(
        label="Was it done?",
        choices=[("yes", "Yes"), ("no", "No, and it will not be")],
        widget=forms.RadioSelect,
    )
    done_on = DateField3(label="When was it done?", required=False)
    not_done_reason = Words(rows=2, max_length=SHORT, required=False, label="If not: why?")
    note = Words(rows=2, max_length=SHORT, required=False, label="Note")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if cleaned.get("done") == "yes" and not cleaned.get("done_on") and not self.has_error("done_on"):
            self.add_error("done_on", "Enter the day it was done")
        if cleaned.get("done") == "no" and not cleaned.get("not_done_reason"):
            self.add_error("not_done_reason", "Enter why it was not done")
        return cleaned

    def given(self) -> dict[str, Any]:
        data = self.cleaned_data
        done = data["done"] == "yes"
        return {
            "done_on": data["done_on"] if done else None,
            "not_done_reason": "" if done else data["not_done_reason"],
            "note": data["note"],
        }


class OwnRecordForm(OnceForm):
    error_names: ClassVar = {"kept_in": "Where it is kept"}

    made_on = DateField3(label="When was it made?", error_name="The date of the record")
    kept_in = forms.CharField(
        max_length=200, required=False, label="Where is it kept?",
        help_text="For example the name of your record system. No name of a child.",
    )  # fmt: skip
