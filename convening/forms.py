"""Forms of this room. What each asks follows the protocol; the actions check it again."""

import datetime as dt
import uuid
from typing import Any, ClassVar

from django import forms

import protocols
from accounts.edge import OnceForm
from cases.models import Child
from conferences.actions import LONG, VERY_LONG, NewChild
from convening import policies
from convening.actions import Asked
from convening.models import ConveneRequest
from convening.states import Basis, MadeHow, SupporterIs
from core.widgets import DateField3, LocalDateTimeField, Words
from escalation.forms import NeedsForm
from escalation.selectors import child_words
from partnerships.models import Agency
from protocols.model import ConveneRules, LadderTier

SMALL: dict[str, str] = {"class": "govuk-radios--small"}


class AskForm(OnceForm):
    """A request for a conference. What the text should have and has not is said once, and never blocks."""

    error_names: ClassVar = {
        "text": "The request", "serious_concern": "What you are worried about", "supporter": "Who supports it",
        "born_on": "Date of birth", "due_on": "Expected date",
    }  # fmt: skip
    resend = True

    children = forms.MultipleChoiceField(
        label="Which child?", widget=forms.CheckboxSelectMultiple, required=False
    )
    initials = forms.CharField(
        label="Initials of another child", max_length=6, required=False,
        help_text="Screens show these and the age, never the name.",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-5", "autocomplete": "off"}),
    )  # fmt: skip
    born_on = DateField3(label="Date of birth of that child", required=False, help_text="Like 27 3 2019")
    due_on = DateField3(label="Or the expected date, for an unborn child", required=False)
    text = Words(rows=7, max_length=VERY_LONG, label="Your request", required=False)
    serious_concern = Words(
        rows=5, max_length=VERY_LONG, label="What you are seriously worried about", required=False
    )
    basis = forms.ChoiceField(
        label="How do you know the child?",
        widget=forms.RadioSelect(attrs=SMALL),
        choices=Basis.choices,
        required=False,
    )
    senior = forms.ChoiceField(
        label="Are you a senior member of staff?", widget=forms.RadioSelect(attrs=SMALL),
        choices=(("yes", "Yes"), ("no", "No")), required=False,
    )  # fmt: skip
    supporter = forms.CharField(max_length=150, required=False, label="Who supports it?")
    supporter_is = forms.ChoiceField(
        label="Who is that?",
        widget=forms.RadioSelect(attrs=SMALL),
        choices=SupporterIs.choices,
        required=False,
    )
    made_how = forms.ChoiceField(
        label="How was the request made?", widget=forms.RadioSelect(attrs=SMALL), choices=MadeHow.choices,
        error_messages={"required": "Select how the request was made"},
    )  # fmt: skip
    made_at = LocalDateTimeField(
        label="When was it made?", required=False, help_text="Only if it was made earlier. Empty: now.", error_name="The time it was made"
    )  # fmt: skip

    for_name = forms.CharField(
        label="If you write it down for somebody without an account here: their name", max_length=150, required=False,
        help_text="A family doctor, say. The request is theirs then, and the answer goes to them.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    for_email = forms.EmailField(
        label="Their work email address", required=False,
        help_text="They get the answer there, and can be invited to the case as a guest.",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    for_agency = forms.ChoiceField(label="Their agency", required=False)

    def __init__(
        self,
        *args: Any,
        rules: ConveneRules,
        children: list[Child],
        day: dt.date,
        agencies: list[Agency],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rules, self.warned = rules, False
        self._agencies = {str(a.uuid): a.pk for a in agencies}
        self.fields["for_agency"].choices = [("", "Choose"), *((str(a.uuid), a.name) for a in agencies)]  # type: ignore[attr-defined]
        if children:
            self.fields["children"].needed = True  # type: ignore[attr-defined]  # of this list, or another one below
            self.fields["children"].choices = [(str(c.uuid), child_words(c, day)) for c in children]  # type: ignore[attr-defined]
        else:
            del self.fields["children"]
            self.describe("initials", label="Initials of the child")
            self.describe("born_on", label="Date of birth")
        needs = {each.field: each for each in rules.requires}
        if "written_request" in needs:
            del self.fields["serious_concern"]
            self._words("text", needs["written_request"])
        else:
            del self.fields["text"]
            if "serious_concern" in needs:
                self._words("serious_concern", needs["serious_concern"])
        if "requester_basis" in needs:
            self.describe("basis", hint=f"{needs['requester_basis'].label} ({needs['requester_basis'].rule})")
        else:
            del self.fields["basis"]
        if "senior_requester" in needs:
            self.fields["supporter_is"].choices = [(SupporterIs.SENIOR.value, SupporterIs.SENIOR.label)]  # type: ignore[attr-defined]
            del self.fields["supporter_is"]
            self.describe("supporter", label="If not: which senior colleague supports it?", hint=f"Name and post ({needs['senior_requester'].rule})")  # fmt: skip
        else:
            del self.fields["senior"]
        if "supporter" in needs:
            support = needs["supporter"]
            self.describe(
                "supporter", label="Who supports it?", hint=f"Name and post. {support.hint} ({support.rule})"
            )
            self.fields["supporter_is"].choices = [  # type: ignore[attr-defined]
                (each.value, each.label) for each in (SupporterIs.SENIOR_MANAGER, SupporterIs.PROFESSIONAL)
            ]

    def _words(self, name: str, requirement: Any) -> None:
        self.fields[name].needed = True  # type: ignore[attr-defined]  # the action asks for it, with its rule
        self.describe(name, label=requirement.label, hint=f"{requirement.hint} ({requirement.rule})".strip())

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        theirs = ("for_name", "for_email", "for_agency")
        if any(cleaned.get(name) for name in theirs):
            for name, message in (
                ("for_name", "Enter the name of whoever asks"),
                ("for_email", "Enter their email address, so that they get the answer"),
                ("for_agency", "Select their agency"),
            ):
                if not cleaned.get(name) and not self.has_error(name):
                    self.add_error(name, message)
        if (
            "serious_concern" in self.fields
            and not cleaned.get("serious_concern")
            and not self.has_error("serious_concern")
        ):
            needed = policies.need(self.rules, "serious_concern")
            self.add_error(
                "serious_concern",
                f"{needed.reason} ({needed.rule})" if needed else "Write what you are worried about",
            )
        if cleaned.get("supporter") and "supporter_is" in self.fields and not cleaned.get("supporter_is"):
            self.add_error("supporter_is", "Select who the supporter is")
        if self.errors:
            return cleaned
        missing = [each for each in policies.lacking(self.rules, self.given()) if each.strength == "should"]
        if missing and not self.data.get("go_on"):
            self.warned = True
            for each in missing:
                field = {"requester_basis": "basis", "senior_requester": "supporter"}.get(
                    each.field, each.field
                )
                self.add_error(field if field in self.fields else None, f"{each.reason} ({each.rule})")
        return cleaned

    def given(self) -> dict[str, object]:
        """By the protocol's names of what it requires."""
        data = self.cleaned_data
        return {
            "requester_basis": data.get("basis") not in (None, "", Basis.NEITHER),
            "senior_requester": data.get("senior") == "yes" or bool(data.get("supporter")),
            "supporter": bool(data.get("supporter")),
        }

    def asked(self) -> Asked:
        data = self.cleaned_data
        initials = data.get("initials", "")
        new = NewChild(initials=initials, born_on=data.get("born_on"), due_on=data.get("due_on"))
        senior = data.get("senior")
        return Asked(
            text=data.get("text", ""),
            serious_concern=data.get("serious_concern", ""),
            basis=data.get("basis", ""),
            senior=None if not senior else senior == "yes",
            supporter=data["supporter"],
            supporter_is=data.get("supporter_is") or (SupporterIs.SENIOR.value if data["supporter"] else ""),
            made_how=data["made_how"],
            made_at=data["made_at"],
            children=tuple(uuid.UUID(value) for value in data.get("children", ())),
            new_child=new if initials or data.get("born_on") or data.get("due_on") else None,
            for_name=data.get("for_name", ""),
            for_email=data.get("for_email", ""),
            for_agency_id=self._agencies.get(data.get("for_agency", "")),
        )


class AnswerForm(OnceForm):
    error_names: ClassVar = {"reply": "The reply", "reasons": "The reasons", "involved_reason": "The reason"}
    required_messages: ClassVar = {"reply": "Write the reply down, yes or no"}
    resend = True

    outcome = forms.ChoiceField(
        widget=forms.RadioSelect, label="Is a conference held?",
        error_messages={"required": "Select whether a conference is held"},
    )  # fmt: skip
    reply = Words(rows=6, max_length=VERY_LONG, label="Your reply, in writing")
    reasons = Words(rows=6, max_length=VERY_LONG, required=False, label="Reasons, if none is held")

    def __init__(
        self, *args: Any, rules: ConveneRules, convening: ConveneRequest, area: protocols.AreaProtocol, involved: str = "", **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        if involved and area.safeguard("request_answered_by_another"):
            note = Words(
                rows=2, max_length=LONG, required=False, label="Why can nobody else answer?",
                help_text=f"{involved}. This is a safeguard of this service, not a rule of the protocol.",
            )  # fmt: skip
            self.add_field("involved_reason", note)
            self.fields["involved_reason"].needed = True  # type: ignore[attr-defined]
        self.fields["outcome"].choices = [(each.id, each.label) for each in rules.outcomes]  # type: ignore[attr-defined]
        self.describe(
            "outcome", option_hints={each.id: f"({each.rule})" for each in rules.outcomes if each.rule}
        )
        self.describe("reply", hint=f"It goes to {convening.agency.name}, which asked.")
        denied = policies.refusal(rules, "not_convene_without_reasons")
        if denied is None and policies.is_supported(convening):
            denied = policies.refusal(rules, "supported_request_without_reasons")
        self.describe("reasons", hint=denied.sentence if denied else "They go out with the reply.")


class ConsultForm(OnceForm):
    error_names: ClassVar = {"who": "Who was consulted", "note": "The note"}
    required_messages: ClassVar = {"who": "Enter who was consulted"}

    who = forms.CharField(max_length=150, label="Who was consulted?", help_text="Name and post.")
    agency = forms.ChoiceField(
        label="Their agency",
        widget=forms.RadioSelect(attrs=SMALL),
        error_messages={"required": "Select their agency"},
    )
    consulted_at = LocalDateTimeField(label="When?", error_name="The time of the consultation")
    note = Words(rows=4, max_length=LONG, required=False, label="What they said")

    def __init__(self, *args: Any, agencies: list[Agency], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.agencies = {str(a.uuid): a.pk for a in agencies}
        self.fields["agency"].choices = [(str(a.uuid), a.name) for a in agencies]  # type: ignore[attr-defined]


class LadderForm(NeedsForm):
    """Taking a refusal to the ladder: what is still open, and what its first step requires."""

    error_names: ClassVar = {"unresolved": "What is still open"}
    required_messages: ClassVar = {"unresolved": "Enter what is still open"}

    unresolved = Words(rows=5, max_length=VERY_LONG, label="What do you still disagree with, and why?")

    def __init__(
        self, *args: Any, first: LadderTier | None, area: protocols.AreaProtocol, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if first is not None and first.requires:
            self.ask_needs(first, area, same_post=False)
        self.asks = first is not None and bool(first.requires)


class WithdrawForm(OnceForm):
    error_names: ClassVar = {"reason": "The reason"}

    reason = Words(rows=4, max_length=LONG, required=False, label="Why?", help_text="You need not say.")
