"""The verbs of a request to hold a conference. Each is one transaction: lock, check, transition, save, stand, audit.

A request is no difference yet, so it leaves no fact of one: the first is `difference_raised`, when a refusal is taken to
the ladder. Nothing here holds up acting for a child.
"""

import datetime as dt
import uuid
from dataclasses import dataclass, replace

from django.db import transaction

from audit.actions import write
from cases.actions import add_participant, open_case, stand
from cases.models import Case
from cases.selectors import area_of_case
from cases.states import Capacity, Kind
from conferences.actions import LONG, VERY_LONG, NewChild, book
from conferences.actions import add_child as add_child_to_conference
from conferences.models import Conference
from conferences.states import ConferenceKind
from convening import permissions, policies
from convening.models import Consultation, ConveneAnswer, ConveneRequest
from convening.states import STAGE, AnswerStep, Basis, ConveneState, MadeHow, SupporterIs
from core.actor import Actor
from core.clock import london_date
from core.moments import check_happened, check_words
from core.refusals import Denied
from deadlines.actions import wake_sender_on_commit
from escalation.actions import Step, choose_children, open_beside
from escalation.models import Escalation
from notifications.actions import enqueue
from partnerships.models import Agency, Membership
from partnerships.selectors import area_of, slot_of, version_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, as typed."""

    text: str = ""
    serious_concern: str = ""
    basis: str = ""
    senior: bool | None = None
    supporter_is: str = ""
    supporter: str = ""
    made_how: str = MadeHow.FORM
    made_at: dt.datetime | None = None  # empty: now
    children: tuple[uuid.UUID, ...] = ()
    new_child: NewChild | None = None
    for_name: str = ""  # somebody without an account, for whom it is written down (SUS-13)
    for_email: str = ""
    for_agency_id: int | None = None


def _lock(convening_id: int) -> ConveneRequest:
    """Lock the case, then the request: always in this order."""
    case_id = ConveneRequest.objects.values_list("case_id", flat=True).get(pk=convening_id)
    Case.objects.select_for_update(of=("self",)).get(pk=case_id)
    convening: ConveneRequest = (
        ConveneRequest.objects.select_for_update(of=("self",))
        .select_related(
            "case__protocol_version", "case__partnership", "case__agency", "agency", "requester__membership__user"
        )
        .get(pk=convening_id)
    )  # fmt: skip
    return convening


def _audit(
    type_: str, convening: ConveneRequest, by: Actor, now: dt.datetime, *, rule: str = "", seat: str = "", **detail: object
) -> None:  # fmt: skip
    write(
        type_, by=by, now=now, object_type="convene_request", object_id=convening.pk,
        object_ref=convening.case.reference, case_id=convening.case_id, rule=rule, detail=dict(detail),
        partnership_id=convening.partnership_id, acting_for=by.acting_for(seat) if seat else None,
    )  # fmt: skip


def _stand(
    convening: ConveneRequest, now: dt.datetime, *, held_by: str, outcome_label: str | None = None
) -> None:
    stand(
        convening.case,
        stage=STAGE[ConveneState(convening.state)],
        held_by=held_by,
        now=now,
        outcome_label=outcome_label,
    )


def _tell(convening: ConveneRequest, seat: str, kind: str, now: dt.datetime, rule: str = "") -> None:
    enqueue(
        partnership_id=convening.partnership_id, case=convening.case, seat=seat, kind=kind, params={"rule": rule},
        dedupe_key=f"{kind}:{convening.pk}:{convening.version}:{seat}", now=now,
    )  # fmt: skip
    wake_sender_on_commit()


REQUESTER = "capacity:requester"


# --- asking -----------------------------------------------------------------------------------------------------


@transaction.atomic
def ask(*, by: Actor, asked: Asked, now: dt.datetime) -> ConveneRequest:
    """Ask that a conference be held: a case of its own, with whoever the text lets decide (SUS-13, HIPS-1, HIPS-2).

    What the text must have is refused without; what it should have is marked. Raises Denied where it has no such rules.
    """
    version = version_on(by.partnership_id or 0, london_date(asked.made_at or now))
    membership = Membership.objects.select_related("agency", "partnership", "user").get(pk=by.member)
    area = area_of(version, membership.partnership)
    permissions.check_ask(by, area)
    rules = policies.rules_of(area)
    _check_asked(asked, now)
    agency = _agency_of(asked, membership)
    given = {
        "written_request": asked.text.strip(),
        "serious_concern": asked.serious_concern.strip(),
        "requester_basis": asked.basis not in ("", Basis.NEITHER),
        "senior_requester": asked.senior or asked.supporter.strip(),
        "supporter": asked.supporter.strip(),
    }
    marks = policies.check_given(rules, given)
    words = asked.text.strip() or asked.serious_concern.strip()
    if not words:
        raise Denied(
            "Write what you are worried about, and why a conference is needed", field="serious_concern"
        )
    case = open_case(
        partnership_id=membership.partnership_id,
        kind=Kind.NEED_FOR_CONFERENCE,
        protocol_version=version,
        agency=agency,
        children=choose_children(by, asked.children, asked.new_child, needed=True, now=now),
        stage=STAGE[ConveneState.REQUESTED],
        held_by=rules.decided_by,
        now=now,
    )
    case.partnership = membership.partnership
    if asked.for_name.strip():
        requester = add_participant(
            case,
            Capacity.REQUESTER,
            agency=agency,
            name=asked.for_name.strip(),
            email=asked.for_email.strip(),
        )
        add_participant(case, Capacity.RECORDER, membership=membership)
    else:
        requester = add_participant(case, Capacity.REQUESTER, membership=membership)
    slot = slot_of(case.partnership_id, rules.decided_by.removeprefix("slot:"))
    add_participant(case, Capacity.CONVENER, slot=slot)
    convening: ConveneRequest = ConveneRequest.objects.create(
        partnership_id=case.partnership_id,
        case=case,
        requester=requester,
        agency=agency,
        made_how=asked.made_how,
        made_at=asked.made_at or now,
        recorded_at=now,
        recorded_by_id=by.member,
        text=words,
        serious_concern=asked.serious_concern.strip() if asked.text.strip() else "",
        basis=asked.basis,
        senior=asked.senior,
        supporter_is=asked.supporter_is if asked.supporter.strip() else "",
        supporter=asked.supporter.strip(),
        marks=list(dict.fromkeys(each.rule for each in marks if each.rule)),
    )
    _tell(convening, rules.decided_by, "convene_requested", now, rules.rule)
    if asked.for_name.strip():
        _tell(convening, REQUESTER, "convene_written_down", now, rules.rule)
    _audit("convening.requested", convening, by, now, rule=rules.rule, at=convening.made_at.isoformat())
    return convening


def _agency_of(asked: Asked, membership: Membership) -> Agency:
    """The agency that asks: one's own, or that of whoever it is written down for."""
    if not asked.for_name.strip():
        return membership.agency
    found = Agency.objects.filter(
        pk=asked.for_agency_id or 0, partnership_id=membership.partnership_id
    ).first()
    if found is None:
        raise Denied("Select their agency", field="for_agency")
    if not asked.for_email.strip():
        raise Denied("Enter their email address, so that they get the answer", field="for_email")
    check_words(asked.for_name, 150, "Their name", "for_name")
    return found


def _check_asked(asked: Asked, now: dt.datetime) -> None:
    check_words(asked.text, VERY_LONG, "The request", "text")
    check_words(asked.serious_concern, VERY_LONG, "What you are worried about", "serious_concern")
    check_words(asked.supporter, 150, "Who supports it", "supporter")
    if asked.made_how not in MadeHow.values:
        raise Denied("Select how the request was made", field="made_how")
    if asked.made_at is not None:
        check_happened(asked.made_at, now, "The time it was made", "made_at")
    if asked.basis and asked.basis not in Basis.values:
        raise Denied("Select how you know the child", field="basis")
    if asked.supporter.strip() and asked.supporter_is not in SupporterIs.values:
        raise Denied("Select who the supporter is", field="supporter_is")


# --- answering --------------------------------------------------------------------------------------------------


@transaction.atomic
def answer(
    *,
    convening_id: int,
    by: Actor,
    outcome: str,
    reply: str,
    now: dt.datetime,
    reasons: str = "",
    involved_reason: str = "",
) -> ConveneAnswer:
    """Answer in writing, yes or no, as the post that the text names, or as the last resort.

    A refusal needs its reasons and goes to the requesting agency as a letter (SUS-14, HIPS-3); a supported request that
    is refused is marked as an exception; the last resort decides only with its consultation on record (SUS-16).
    Whoever asked, or refused first, answers only with the reason on record (system safeguard).
    """
    convening = _lock(convening_id)
    area = area_of_case(convening.case)
    rules = policies.rules_of(area)
    permissions.check_answer(by, convening, area)
    seat = permissions.holder_seat(convening, rules)
    last = convening.state == ConveneState.LAST_RESORT
    if last:
        policies.check_consulted(convening, rules, area)
    found = policies.check_outcome(outcome, rules)
    check_words(reply, VERY_LONG, "The reply", "reply")
    check_words(reasons, VERY_LONG, "The reasons", "reasons")
    policies.check_reasons(convening, found, reasons, rules)
    policies.check_given(rules, {"written_reply": reply.strip()})
    if not reply.strip():
        raise Denied("Write the reply down, yes or no", field="reply")
    check_words(involved_reason, LONG, "The reason", "involved_reason")
    permissions.check_two_people(by, convening, area, involved_reason)
    involved = permissions.involvement(by, convening)
    row = ConveneAnswer.objects.create(
        partnership_id=convening.partnership_id,
        convening=convening,
        step=AnswerStep.LAST_RESORT if last else AnswerStep.FIRST,
        outcome=found.id,
        means=found.means,
        reply=reply.strip(),
        reasons=reasons.strip(),
        exception=policies.is_exception(convening, found, rules),
        involved_reason=involved_reason.strip() if involved else "",
        addressee=convening.agency,
        decided_at=now,
        decided_by_id=by.member,
        acting_for_id=by.acting_for(seat),
    )
    if found.means == policies.HELD:
        convening.agree()
    else:
        convening.refuse()
    convening.version += 1
    convening.save(update_fields=["state", "version"])
    held_by = seat if convening.state == ConveneState.AGREED else REQUESTER
    _stand(convening, now, held_by=held_by, outcome_label=found.label)
    _tell(convening, REQUESTER, "convene_answered", now, found.rule)
    _audit(
        "convening.answered", convening, by, now, rule=found.rule, seat=seat, outcome=found.id, missing=int(row.exception)
    )  # fmt: skip
    return row


# --- after a refusal --------------------------------------------------------------------------------------------


@transaction.atomic
def ask_last_resort(*, convening_id: int, by: Actor, now: dt.datetime) -> ConveneRequest:
    """Take a refusal to the last resort: the senior child protection manager (SUS-16)."""
    convening = _lock(convening_id)
    area = area_of_case(convening.case)
    permissions.check_last_resort(by, convening, area)
    rules = policies.rules_of(area)
    slot = slot_of(convening.partnership_id, rules.last_resort_by.removeprefix("slot:"))
    add_participant(convening.case, Capacity.CONVENER, slot=slot)
    convening.go_to_last_resort()
    convening.version += 1
    convening.save(update_fields=["state", "version"])
    _stand(convening, now, held_by=rules.last_resort_by)
    rule = rules.last_resort.rule if rules.last_resort else ""
    _tell(convening, rules.last_resort_by, "convene_last_resort", now, rule)
    _audit("convening.last_resort_asked", convening, by, now, rule=rule)
    return convening


@transaction.atomic
def consult(
    *,
    convening_id: int,
    by: Actor,
    who: str,
    agency_id: int | None,
    consulted_at: dt.datetime,
    now: dt.datetime,
    note: str = "",
) -> Consultation:
    """Record that a member of the partnership was consulted before the last resort decides (SUS-16)."""
    convening = _lock(convening_id)
    area = area_of_case(convening.case)
    permissions.check_consult(by, convening, area)
    if not who.strip():
        raise Denied("Enter who was consulted", field="who")
    check_words(who, 150, "Who was consulted", "who")
    check_words(note, LONG, "The note", "note")
    check_happened(consulted_at, now, "The time of the consultation", "consulted_at")
    agency = Agency.objects.filter(pk=agency_id or 0, partnership_id=convening.partnership_id).first()
    if agency is None:
        raise Denied("Select the agency of whoever was consulted", field="agency")
    rules = policies.rules_of(area)
    row = Consultation.objects.create(
        partnership_id=convening.partnership_id,
        convening=convening,
        who=who.strip(),
        agency=agency,
        consulted_at=consulted_at,
        note=note.strip(),
        recorded_at=now,
        recorded_by_id=by.member,
    )
    rule = rules.last_resort.rule if rules.last_resort else ""
    _audit("convening.consulted", convening, by, now, rule=rule, seat=rules.last_resort_by, at=consulted_at.isoformat())  # fmt: skip
    return row


@transaction.atomic
def take_to_ladder(
    *, convening_id: int, by: Actor, unresolved: str, now: dt.datetime, needs: Step | None = None
) -> Escalation:
    """Take a refusal to the ladder of the difference, in the same case: from then on the ladder holds it (SUS-15, HIPS-4).

    `needs`: what the first step of that ladder requires (SUS-37)."""
    convening = _lock(convening_id)
    permissions.check_escalate(by, convening)
    if not unresolved.strip():
        raise Denied("Enter what is still open", field="unresolved")
    check_words(unresolved, VERY_LONG, "What is still open", "unresolved")
    _close(convening, now)
    escalation = open_beside(
        convening.case,
        requester=convening.requester,
        agency=convening.agency,
        conference=None,
        concern=unresolved,
        by=by,
        now=now,
        kind="need_for_conference",
        step=replace(needs, unresolved=unresolved) if needs else None,
    )
    _audit("convening.taken_to_ladder", convening, by, now)
    return escalation


@transaction.atomic
def accept(*, convening_id: int, by: Actor, now: dt.datetime) -> ConveneRequest:
    """Whoever asked accepts the answer that none is held: the case is over."""
    convening = _lock(convening_id)
    permissions.check_accept(by, convening)
    _close(convening, now)
    _stand(convening, now, held_by="")
    _audit("convening.accepted", convening, by, now)
    return convening


@transaction.atomic
def withdraw(*, convening_id: int, by: Actor, reason: str, now: dt.datetime) -> ConveneRequest:
    """Whoever asked no longer does. What was recorded stays."""
    convening = _lock(convening_id)
    permissions.check_withdraw(by, convening)
    check_words(reason, LONG, "The reason", "reason")
    convening.withdraw(now, reason.strip())
    convening.version += 1
    convening.save(update_fields=["state", "withdrawn_at", "withdrawn_reason", "closed_at", "version"])
    _stand(convening, now, held_by="")
    area = area_of_case(convening.case)
    _tell(convening, policies.rules_of(area).decided_by, "convene_withdrawn", now)
    _audit("convening.withdrawn", convening, by, now)
    return convening


def _close(convening: ConveneRequest, now: dt.datetime, *fields: str) -> None:
    convening.close(now)
    convening.version += 1
    convening.save(update_fields=["state", "closed_at", "version", *fields])


# --- after a yes ------------------------------------------------------------------------------------------------


@transaction.atomic
def book_conference(
    *,
    convening_id: int,
    by: Actor,
    kind: str,
    starts_at: dt.datetime,
    chair_id: int,
    now: dt.datetime,
    place: str = "",
    minute_taker_id: int | None = None,
) -> Conference:
    """Book the conference that was asked for, with its children. The request is over then."""
    convening = _lock(convening_id)
    area = area_of_case(convening.case)
    permissions.check_book(by, convening, area)
    if starts_at <= now:
        raise Denied("The conference must be in the future", field="starts_at")
    if kind not in ConferenceKind.values:
        raise Denied("Select the kind of conference", field="kind")
    conference = book(
        by=by, kind=kind, starts_at=starts_at, chair_id=chair_id, now=now, place=place,
        minute_taker_id=minute_taker_id, for_partnership=convening.partnership_id,
    )  # fmt: skip
    for child in convening.case.children.order_by("pk"):
        add_child_to_conference(conference_id=conference.pk, by=by, child=child.uuid, now=now, trusted=True)
    convening.conference = conference
    _close(convening, now, "conference")
    _stand(convening, now, held_by="")
    _tell(convening, REQUESTER, "convene_booked", now)
    _audit("convening.booked", convening, by, now, date=starts_at.isoformat())
    return conference
