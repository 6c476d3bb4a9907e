"""The verbs of the log of complaints. None of them touches a decision, a plan or a dissent (CAM-19).

A complaint leaves no facts on its case: the clocks and notices of differences hang on their names, and it is none.
"""

import datetime as dt
from dataclasses import dataclass, replace

from django.db import transaction

import protocols
from audit.actions import write
from cases.actions import open_case, stand
from cases.models import Case
from cases.selectors import area_of_case
from cases.states import Kind
from complaints import permissions, policies
from complaints.models import Complaint
from complaints.states import STAGE, About, ComplaintState, MadeBy
from conferences.actions import LONG, add_child, book
from conferences.models import Conference
from conferences.selectors import area_of_conference, children_of
from conferences.states import ConferenceKind
from core.actor import Actor
from core.clock import london_date
from core.moments import check_day_happened, check_words
from core.refusals import Denied
from deadlines.actions import wake_sender_on_commit
from notifications.actions import enqueue
from partnerships.models import Membership
from partnerships.selectors import area_of, version_on
from partnerships.states import Role
from records.actions import record_telling
from records.models import Telling

KEEPER = f"role:{Role.PARTNERSHIP_ADMIN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A complaint, as typed."""

    about: str
    made_by: str
    summary: str
    received_on: dt.date
    aspects: tuple[str, ...] = ()
    outside_list: bool = False
    name: str = ""


def _lock(complaint_id: int) -> Complaint:
    """Lock the case, then the complaint: always in this order."""
    case_id = Complaint.objects.values_list("case_id", flat=True).get(pk=complaint_id)
    Case.objects.select_for_update(of=("self",)).get(pk=case_id)
    complaint: Complaint = (
        Complaint.objects.select_for_update(of=("self",))
        .select_related(
            "case__protocol_version", "case__partnership", "conference__chair", "follow_up"
        )
        .get(pk=complaint_id)
    )  # fmt: skip
    return complaint


def _audit(
    type_: str, complaint: Complaint, by: Actor, now: dt.datetime, *, rule: str = "", **detail: object
) -> None:
    write(
        type_, by=by, now=now, object_type="complaint", object_id=complaint.pk, object_ref=complaint.case.reference,
        case_id=complaint.case_id, rule=rule, detail=dict(detail), partnership_id=complaint.partnership_id,
    )  # fmt: skip


def _stand(complaint: Complaint, now: dt.datetime, *, outcome_label: str | None = None) -> None:
    state = ComplaintState(complaint.state)
    stand(
        complaint.case,
        stage=STAGE[state],
        held_by="" if complaint.closed_at else KEEPER,
        now=now,
        outcome_label=outcome_label,
    )


@transaction.atomic
def record(*, conference_reference: str, by: Actor, received: Received, now: dt.datetime) -> Complaint:
    """Log a family's complaint about a conference, and let the chair know that the decision stands (CAM-18, CAM-19).

    It is judged by the text that the conference was held under. Raises Denied, with the signpost, where the text has no
    rules for complaints, and for a complaint about one agency (CAM-21): nothing is recorded then.
    """
    permissions.check_admin(by)
    today = version_on(by.partnership_id or 0, london_date(now))
    permissions.check_record(by, area_of(today, today.partnership))
    if received.about == About.AGENCY:
        raise policies.about_agency(area_of(today, today.partnership))
    if received.about != About.CONFERENCE:
        raise Denied("Select what the complaint is about", field="about")
    conference = policies.check_conference(
        Conference.objects.select_related("partnership", "protocol_version", "chair__agency")
        .filter(partnership_id=by.partnership_id or 0, reference=conference_reference)
        .first()
    )
    area = area_of_conference(conference)
    permissions.check_record(by, area)
    rules = policies.rules_of(area)
    if received.made_by not in MadeBy.values:
        raise Denied("Select who complains", rule=rules.rule, field="made_by")
    policies.check_aspects(received.aspects, received.outside_list, rules)
    check_day_happened(received.received_on, london_date(now), "The date it came", "received_on")
    if not received.summary.strip():
        raise Denied("Enter what the complaint says", field="summary")
    check_words(received.summary, LONG, "What it says", "summary")
    check_words(received.name, 150, "The name", "name")
    case = open_case(
        partnership_id=conference.partnership_id,
        kind=Kind.COMPLAINT,
        protocol_version=conference.protocol_version,
        agency=conference.chair.agency,
        children=[child.child for child in children_of(conference)],
        stage=STAGE[ComplaintState.RECORDED],
        held_by=KEEPER,
        now=now,
    )
    complaint: Complaint = Complaint.objects.create(
        partnership_id=conference.partnership_id,
        case=case,
        conference=conference,
        made_by=received.made_by,
        name=received.name.strip(),
        aspects=list(received.aspects),
        outside_list=received.outside_list,
        summary=received.summary.strip(),
        received_on=received.received_on,
        recorded_at=now,
        recorded_by_id=by.member,
    )
    _let_the_chair_know(complaint, area, by, now)
    _audit("complaint.recorded", complaint, by, now, rule=rules.rule)
    return complaint


def _let_the_chair_know(
    complaint: Complaint, area: protocols.AreaProtocol, by: Actor, now: dt.datetime
) -> None:
    """The chair is a party and has an account: told by this service at once, of the conference and nothing else."""
    for tell, seat, done in policies.tellings_due(complaint, area):
        if seat != "capacity:chair" or done is not None or tell.when == "decision_made":
            continue
        enqueue(
            partnership_id=complaint.partnership_id,
            seat=f"member:{complaint.conference.chair_id}",
            kind="complaint_recorded",
            params={"what": complaint.conference.reference, "rule": tell.rule},
            dedupe_key=f"complaint:{complaint.pk}",
            now=now,
        )
        _record_told(complaint, tell, seat, by, now, told_at=now, how="By this service")
    wake_sender_on_commit()


def _record_told(
    complaint: Complaint,
    tell: protocols.Tell,
    seat: str,
    by: Actor,
    now: dt.datetime,
    *,
    told_at: dt.datetime | None,
    how: str,
) -> Telling:
    each = replace(tell, id=policies.telling_id(tell, seat))
    return record_telling(complaint.case, each, by=by, now=now, told_at=told_at, how=how)


@transaction.atomic
def acknowledge(
    *, complaint_id: int, by: Actor, told_at: dt.datetime | None, how: str, now: dt.datetime
) -> Complaint:
    """Record that the family was answered: the complaint is looked at, and the decision stands meanwhile (CAM-19)."""
    complaint = _lock(complaint_id)
    area = area_of_case(complaint.case)
    permissions.check_acknowledge(by, complaint)
    for tell, seat, done in policies.tellings_due(complaint, area):
        if seat == policies.WHO_COMPLAINED and done is None:
            _record_told(complaint, tell, seat, by, now, told_at=told_at, how=how)
    complaint.acknowledge(now, by.member)
    complaint.version += 1
    complaint.save(update_fields=["state", "acknowledged_at", "acknowledged_by", "version"])
    _stand(complaint, now)
    _audit("complaint.acknowledged", complaint, by, now, rule=policies.rules_of(area).rule)
    return complaint


@transaction.atomic
def told(
    *, complaint_id: int, by: Actor, tell_id: str, seat: str, told_at: dt.datetime | None, how: str, now: dt.datetime
) -> Telling:  # fmt: skip
    """Record that one of those concerned was told: that the decision stands, or the outcome."""
    complaint = _lock(complaint_id)
    permissions.check_tell(by, complaint)
    due = policies.tellings_due(complaint, area_of_case(complaint.case))
    tell = next((t for t, s, _ in due if t.id == tell_id and s == seat), None)
    if tell is None:
        raise Denied("Nobody is to be told that by now.")
    row = _record_told(complaint, tell, seat, by, now, told_at=told_at, how=how)
    _audit("complaint.told", complaint, by, now, rule=tell.rule, seat=seat)
    return row


@transaction.atomic
def decide(
    *, complaint_id: int, by: Actor, outcome: str, reasons: str, decider: str, now: dt.datetime
) -> Complaint:
    """Record the outcome: one of the protocol's, and none that changes what was decided (CAM-19, CAM-20)."""
    complaint = _lock(complaint_id)
    area = area_of_case(complaint.case)
    permissions.check_decide(by, complaint)
    found = policies.check_outcome(outcome, area)
    if not reasons.strip():
        raise Denied("Enter the reasons for the outcome", field="reasons")
    check_words(reasons, LONG, "The reasons", "reasons")
    if not decider.strip():
        raise Denied("Enter who decided it", field="decider")
    check_words(decider, 150, "Who decided it", "decider")
    complaint.decide(now, by.member)
    complaint.outcome, complaint.means = found.id, found.means
    complaint.reasons, complaint.decider = reasons.strip(), decider.strip()
    complaint.version += 1
    complaint.save(
        update_fields=[
            "state",
            "decided_at",
            "decided_by",
            "outcome",
            "means",
            "reasons",
            "decider",
            "version",
        ]
    )
    _stand(complaint, now, outcome_label=found.label)
    _audit("complaint.decided", complaint, by, now, rule=found.rule, outcome=found.id)
    return complaint


@transaction.atomic
def book_follow_up(
    *, complaint_id: int, by: Actor, starts_at: dt.datetime, chair_id: int, now: dt.datetime, place: str = ""
) -> Conference:  # fmt: skip
    """Book the conference that the outcome asks for. It decides anew by its own rules; the first decision stands till then.

    It does not hang on the complaint's case, whose clocks are none of a conference's. Raises Denied for the same chair
    where the text wants another (CAM-20).
    """
    complaint = _lock(complaint_id)
    area = area_of_case(complaint.case)
    permissions.check_follow_up(by, complaint, area)
    outcome = policies.check_follow_up(complaint, area)
    if starts_at <= now:
        raise Denied("The conference must be in the future", field="starts_at")
    chair = Membership.objects.filter(pk=chair_id, partnership_id=complaint.partnership_id).first()
    if chair is None:
        raise Denied("Select a chair of this partnership", field="chair")
    policies.check_chair(complaint, outcome, chair, area)
    first = complaint.conference
    conference = book(
        by=by,
        kind=ConferenceKind.REVIEW if outcome.book == "early_review" else first.kind,
        starts_at=starts_at,
        chair_id=chair.pk,
        now=now,
        place=place,
        follows=first,
        for_partnership=complaint.partnership_id,
    )
    for child in children_of(first):
        decision = getattr(child, "decision", None)
        add_child(
            conference_id=conference.pk, by=by, child=child.child.uuid, now=now,
            on_plan_before=bool(decision and decision.on_plan), trusted=True,
        )  # fmt: skip
    complaint.follow_up = conference
    complaint.version += 1
    complaint.save(update_fields=["state", "follow_up", "version"])
    _audit("complaint.follow_up_booked", complaint, by, now, rule=outcome.rule, date=starts_at.isoformat())
    return conference


@transaction.atomic
def withdraw(*, complaint_id: int, by: Actor, reason: str, now: dt.datetime) -> Complaint:
    """Whoever complained does not go on with it. What was recorded stays."""
    complaint = _lock(complaint_id)
    permissions.check_withdraw(by, complaint)
    check_words(reason, LONG, "The reason", "reason")
    complaint.withdraw(now, reason.strip())
    complaint.version += 1
    complaint.save(update_fields=["state", "withdrawn_at", "withdrawn_reason", "closed_at", "version"])
    _stand(complaint, now)
    _audit("complaint.withdrawn", complaint, by, now)
    return complaint


@transaction.atomic
def close(*, complaint_id: int, by: Actor, now: dt.datetime) -> Complaint:
    """Close a complaint once everyone concerned was told and what its outcome asks for is booked."""
    complaint = _lock(complaint_id)
    permissions.check_close(by, complaint, area_of_case(complaint.case))
    complaint.close(now)
    complaint.version += 1
    complaint.save(update_fields=["state", "closed_at", "version"])
    _stand(complaint, now)
    _audit("complaint.closed", complaint, by, now)
    return complaint
