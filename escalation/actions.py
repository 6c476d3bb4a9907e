"""The verbs of an escalation. Each is one transaction: lock, check, transition, save, facts, where it stands, audit."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.db import transaction

import protocols
from audit.actions import write
from cases.actions import add_participant, open_case, stand
from cases.models import Case, Child, Participant
from cases.selectors import area_of_case, facts_of
from cases.states import Capacity, Stage
from conferences.actions import LONG, VERY_LONG, NewChild
from conferences.models import Attendance, Conference
from core.actor import Actor
from core.clock import london_date
from core.moments import check_day_happened, check_happened, check_words
from core.refusals import Denied, changed
from deadlines.actions import change_limits, happened, no_longer_needed
from deadlines.models import Deadline
from deadlines.states import DeadlineState
from escalation import permissions, policies
from escalation.models import (
    DatesChanged,
    Escalation,
    EscalationTier,
    ForumSummary,
    MeetingPerson,
    StepAction,
    TierMeeting,
    TierPerson,
    UrgentAction,
)
from escalation.states import AT, JUMPS, KINDS, STAGE, Ended, Entered, EscalationState, How, Side
from notifications.actions import enqueue
from partnerships.models import Agency, Membership
from partnerships.selectors import area_of, calendar_for, slot_of, version_on
from partnerships.states import Role
from protocols.model import LadderTier, Requirement
from records.actions import Agreed, note_agreed
from records.models import AgreedAction


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Somebody named at a step: by a membership, or by name and e-mail address."""

    side: str
    name: str = ""
    email: str = ""
    membership_id: int | None = None
    agency_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A professional difference as it is raised."""

    kind: str  # of the protocol
    concern: str
    outcome_sought: str = ""
    topics: tuple[str, ...] = ()
    children: tuple[uuid.UUID, ...] = ()
    new_child: NewChild | None = None
    conference_id: int | None = None
    other_agency_id: int | None = None
    counterpart: Named | None = None
    raised_at: dt.datetime | None = None  # with the other side; empty: now
    agreed_date: dt.date | None = None
    agreed_reason: str = ""
    protect_by_date: dt.date | None = None
    needs: "Step | None" = None  # what the first step of the ladder requires (SUS-37)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is said when a step is opened."""

    way: str  # policies.Way.key
    people: tuple[Named, ...] = ()
    unresolved: str = ""
    exception: str = ""  # why it goes past what the protocol asks for first
    entry_point: str = ""
    routed: str = ""
    posts: tuple[str, ...] = ()  # posts of the protocol that take part (SUS-34)
    same_person_note: str = ""
    answers: dict[str, str] = field(default_factory=dict)  # what the step requires in words
    authority_responsible: str = ""
    authority_of_place: str = ""
    late_reason: str = ""  # why the step before took longer than its date


# --- what every verb does ---------------------------------------------------------------------------------------


def _lock(escalation_id: int) -> Escalation:
    """Lock the case, then the escalation: always in this order."""
    case_id = Escalation.objects.values_list("case_id", flat=True).get(pk=escalation_id)
    Case.objects.select_for_update(of=("self",)).get(pk=case_id)
    escalation: Escalation = (
        Escalation.objects.select_for_update(of=("self",))
        .select_related(
            "case__protocol_version", "case__partnership", "case__agency", "agency", "other_agency",
            "requester__membership__user", "requester__membership__line_manager", "conference__chair",
        )
        .get(pk=escalation_id)
    )  # fmt: skip
    return escalation


def _audit(
    type_: str, escalation: Escalation, by: Actor, now: dt.datetime, *, rule: str = "", **detail: object
) -> None:
    ladder = policies.ladder_of(escalation, area_of_case(escalation.case))
    seats = tuple(seat for tier in (ladder.tiers if ladder else ()) for seat in tier.decided_by)
    write(
        type_, by=by, now=now, object_type="escalation", object_id=escalation.pk,
        object_ref=escalation.case.reference, case_id=escalation.case_id, rule=rule, detail=dict(detail),
        partnership_id=escalation.partnership_id, acting_for=by.acting_for(*seats),
    )  # fmt: skip


def _save(escalation: Escalation, *fields: str) -> None:
    escalation.version += 1
    escalation.save(update_fields=["state", "held_by", "version", *fields])


def stands_with_dissent(case: Case) -> bool:
    """Whether the dissent of a case still says where the case stands: until it has closed, or was handed to the ladder."""
    facts = set(facts_of(case))
    over = {"dissent_closed", "dissent_withdrawn", "dissent_not_pursued", "handed_to_ladder"}
    return "dissent_recorded" in facts and not facts & over


def _stand(escalation: Escalation, now: dt.datetime, *, outcome_label: str | None = None) -> None:
    """Where the case stands is the ladder's to say once no dissent is open beside it."""
    if stands_with_dissent(escalation.case):
        return
    stage = STAGE[EscalationState(escalation.state)]
    if stage == Stage.WITHDRAWN and "dissent_recorded" in facts_of(escalation.case):
        stage = Stage.CLOSED
    if stage in (Stage.CLOSED, Stage.WITHDRAWN):
        for clock_id in list(
            Deadline.objects.filter(case=escalation.case, state=DeadlineState.OPEN).values_list(
                "clock_id", flat=True
            )
        ):
            no_longer_needed(escalation.case, clock_id, now=now)
    stand(escalation.case, stage=stage, held_by=escalation.held_by, now=now, outcome_label=outcome_label)


def stand_again(case: Case, *, now: dt.datetime) -> bool:
    """The dissent of a case is over: the case stands where its ladder stands. False when no ladder is open."""
    escalation = Escalation.objects.filter(case=case).open().select_related("case").first()
    if escalation is None:
        return False
    escalation.case = case
    _stand(escalation, now)
    return True


def _tell_all(escalation: Escalation, kind: str, by: Actor, now: dt.datetime, *, rule: str = "") -> None:
    """Tell everyone who takes part, once each, but not whoever did it."""
    told: set[str] = set()
    rows = (
        Participant.objects.filter(case=escalation.case)
        .select_related("slot", "membership__user")
        .order_by("pk")
    )
    for row in rows:
        address = (
            row.membership.user.email if row.membership else row.email or f"slot:{row.slot_id}"
        ).lower()
        if row.membership_id == by.membership_id or address in told:
            continue
        told.add(address)
        _tell(escalation, f"participant:{row.pk}", kind, now, rule=rule)


def _tell(
    escalation: Escalation,
    seat: str,
    kind: str,
    now: dt.datetime,
    *,
    rule: str = "",
    what: str = "",
    immediate: bool = False,
) -> None:
    enqueue(
        partnership_id=escalation.partnership_id, case=escalation.case, seat=seat, kind=kind,
        params={"rule": rule, "what": what},
        dedupe_key=f"{kind}:{escalation.pk}:{escalation.version}:{seat}", now=now, immediate=immediate,
    )  # fmt: skip


# --- raising ----------------------------------------------------------------------------------------------------


@transaction.atomic
def raise_difference(*, by: Actor, said: Difference, now: dt.datetime) -> Escalation:
    """Raise a professional difference: a case of its own, at the first step of the ladder that the protocol has for
    this agency. Without a ladder it is kept all the same, and says where to go.

    Raises Denied for a kind that the protocol does not know, and for what is missing.
    """
    permissions.check_raise(by)
    membership = Membership.objects.select_related("agency", "partnership", "user", "line_manager").get(
        pk=by.member
    )
    conference = _conference_of(by, said)
    day = conference.starts_at if conference is not None else said.raised_at or now
    version = (
        conference.protocol_version
        if conference is not None
        else version_on(membership.partnership_id, london_date(day))
    )
    area = area_of(version, membership.partnership)
    kind = area.escalation.kind(said.kind)
    if kind is None or said.kind not in KINDS:
        raise Denied("Select what you disagree about", field="kind")
    _check_said(said, kind, now)
    raised_at = said.raised_at or now
    other = _agency(membership.partnership_id, said.other_agency_id)
    ladder = area.ladder_for(membership.agency.kind, said.kind)
    first = ladder.tiers[0] if ladder else None
    step = _first_of(said)
    policies.check_agreed_date(
        said.agreed_date,
        said.agreed_reason,
        raised_at,
        area,
        first,
        calendar_for(membership.partnership_id, area.nation),
    )
    case = open_case(
        partnership_id=membership.partnership_id, kind=KINDS[said.kind], protocol_version=version, agency=membership.agency,
        children=choose_children(by, said.children, said.new_child, needed=kind.child_required, now=now), stage=Stage.ESCALATED, held_by="capacity:requester", now=now,
    )  # fmt: skip
    case.partnership = membership.partnership
    requester = add_participant(case, Capacity.REQUESTER, membership=membership)
    if conference is not None:
        add_participant(case, Capacity.CHAIR, membership=conference.chair)
    escalation: Escalation = Escalation.objects.create(
        partnership_id=case.partnership_id, case=case, kind=said.kind, topics=list(said.topics),
        ladder=ladder.id if ladder else "", conference=conference, requester=requester, agency=membership.agency,
        other_agency=other, held_by="capacity:requester", concern=said.concern.strip(),
        outcome_sought=said.outcome_sought.strip(), raised_at=raised_at, recorded_at=now, recorded_by_id=by.member,
        agreed_date=said.agreed_date, agreed_reason=said.agreed_reason.strip(), protect_by_date=said.protect_by_date,
    )  # fmt: skip
    happened(
        case, "difference_raised", at=raised_at, by=by, now=now, clocks=_clocks_of(first),
        agreed_date=said.agreed_date, protect_by_date=said.protect_by_date,
    )  # fmt: skip
    if first is not None:
        _check_needs(escalation, first, step, now)
        way = policies.Way(first, Entered.RAISED, first.label, first.rule)
        _enter(escalation, area, way, step, by, now)
    else:
        _stand(escalation, now)
    _audit(
        "escalation.raised", escalation, by, now, rule=ladder.rule if ladder else kind.rule, kind=said.kind,
        at=raised_at.isoformat(),
    )  # fmt: skip
    return escalation


def _first_of(said: Difference) -> Step:
    """What is given for the first step when a difference is raised: what it requires, and the other professional."""
    given = said.needs or Step(way="")
    return replace(given, people=(*given.people, said.counterpart)) if said.counterpart else given


def raise_for(
    attendance: Attendance, *, kind: str, concern: str, children: list[Child], by: Actor, now: dt.datetime
) -> Escalation:
    """Raise a difference for somebody who was at a conference, with what was typed when their dissent was refused as no
    dissent (CAM-3, SUS-33). Whoever keeps the record of the conference enters it; it is the professional's own.

    Called inside the transaction of an action that has checked who may.
    """
    conference = attendance.conference
    area = area_of(conference.protocol_version, conference.partnership)
    if attendance.agency is None or area.escalation.kind(kind) is None or kind not in KINDS:
        raise Denied("This protocol has no such kind of difference.")
    if not concern.strip():
        raise Denied("Enter what they disagree with, and why", field="reasons")
    case = open_case(
        partnership_id=conference.partnership_id, kind=KINDS[kind], protocol_version=conference.protocol_version,
        agency=attendance.agency, children=children, stage=Stage.ESCALATED, held_by="capacity:requester", now=now,
    )  # fmt: skip
    case.partnership = conference.partnership
    requester = add_participant(
        case, Capacity.REQUESTER, membership=attendance.membership, agency=attendance.agency, name=attendance.name,
        email=attendance.email,
    )  # fmt: skip
    add_participant(case, Capacity.CHAIR, membership=conference.chair)
    ladder = area.ladder_for(attendance.agency.kind, kind)
    other = conference.chair.agency
    escalation: Escalation = Escalation.objects.create(
        partnership_id=case.partnership_id, case=case, kind=kind, ladder=ladder.id if ladder else "", conference=conference,
        requester=requester, agency=attendance.agency, other_agency=other if other != attendance.agency else None,
        held_by="capacity:requester", concern=concern.strip(), raised_at=now, recorded_at=now, recorded_by_id=by.member,
    )  # fmt: skip
    first = ladder.tiers[0] if ladder else None
    happened(case, "difference_raised", at=now, by=by, now=now, clocks=_clocks_of(first))
    if first is not None:
        way = policies.Way(first, Entered.RAISED, first.label, first.rule)
        _enter(escalation, area, way, Step(way=""), by, now)
    else:
        _stand(escalation, now)
    _audit(
        "escalation.raised", escalation, by, now, rule=ladder.rule if ladder else "", kind=kind, at=now.isoformat()
    )  # fmt: skip
    return escalation


def _conference_of(by: Actor, said: Difference) -> Conference | None:
    if said.conference_id is None:
        return None
    found = (
        Conference.objects.visible_to(by)
        .select_related("protocol_version", "chair__user", "partnership")
        .filter(pk=said.conference_id)
        .first()
    )
    if found is None:
        raise Denied("Select one of your conferences", field="conference")
    return found  # type: ignore[no-any-return]


def _check_said(said: Difference, kind: protocols.model.Kind, now: dt.datetime) -> None:
    if not said.concern.strip():
        raise Denied("Enter what you disagree with, and why", field="concern")
    check_words(said.concern, VERY_LONG, "What you disagree with", "concern")
    check_words(said.outcome_sought, LONG, "What would settle it", "outcome_sought")
    check_words(said.agreed_reason, LONG, "The reason", "agreed_reason")
    if set(said.topics) - {topic.id for topic in kind.topics}:
        raise Denied("Select what it is about", field="topics", rule=kind.rule)
    if said.raised_at is not None:
        check_happened(said.raised_at, now, "When you raised it", "raised_at")
    _check_dates(said.agreed_date, said.protect_by_date, said.raised_at or now, now)


def _check_dates(
    agreed: dt.date | None, protect_by: dt.date | None, raised_at: dt.datetime, now: dt.datetime
) -> None:
    for name, words, day in (
        ("agreed_date", "The agreed date", agreed),
        ("protect_by_date", "The date for the child's safety", protect_by),
    ):
        if day is not None and day < london_date(raised_at):
            raise Denied(f"{words} must be on or after the day it was raised", field=name)
        if day is not None and day > london_date(now) + dt.timedelta(days=366):
            raise Denied(f"{words} must be within a year", field=name)


def choose_children(
    by: Actor, children: Sequence[uuid.UUID], new: NewChild | None, *, needed: bool, now: dt.datetime
) -> list[Child]:
    """The children it is about: known from the actor's own cases and conferences, or new."""
    tenant = by.partnership_id or 0
    known = list(
        Child.objects.filter(uuid__in=children, partnership_id=tenant)
        .filter(pk__in=_children_seen(by))
        .order_by("pk")
    )
    if len(known) != len(set(children)):
        raise Denied("Select a child of one of your cases or conferences", field="children")
    if new is not None:
        if not new.initials.strip():
            raise Denied("Enter the child's initials", field="initials")
        if new.born_on is None and new.due_on is None:
            raise Denied("Enter a date of birth, or the expected date for an unborn child", field="born_on")
        if new.born_on is not None:
            check_day_happened(new.born_on, london_date(now), "Date of birth", "born_on")
        known.append(
            Child.objects.create(
                partnership_id=tenant,
                initials=new.initials.strip(),
                name=new.name.strip(),
                born_on=new.born_on,
                due_on=new.due_on,
            )
        )
    if needed and not known:
        raise Denied("Select the child it is about, or enter a new one", field="children")
    return known


def _children_seen(by: Actor) -> list[int]:
    cases = Child.objects.filter(case_children__case__in=Case.objects.visible_to(by)).values_list(
        "pk", flat=True
    )
    seated = Child.objects.filter(conference_children__conference__in=Conference.objects.visible_to(by))
    return [*cases, *seated.values_list("pk", flat=True)]


def _agency(partnership_id: int, agency_id: int | None) -> Agency | None:
    if agency_id is None:
        return None
    found = Agency.objects.filter(pk=agency_id, partnership_id=partnership_id).first()
    if found is None:
        raise Denied("Select the other agency", field="other_agency")
    return found


def open_beside(
    case: Case,
    *,
    requester: Participant,
    agency: Agency,
    conference: Conference | None,
    concern: str,
    by: Actor,
    now: dt.datetime,
    tier: str = "",
    parallel: bool = False,
    outcome_sought: str = "",
    kind: str = "conference_outcome",
    step: Step | None = None,
) -> Escalation:
    """Open the ladder in the case of a dissent: together with it, instead of a review, or after its answer; or in the case
    of a request for a conference that was refused. It starts at the step named, or the first; with a `step`, with the
    people and what else the step needs. Called inside the transaction of the action that holds the case.

    Raises Denied where a ladder is open on this case already.
    """
    if Escalation.objects.filter(case=case).open().exists():
        raise Denied("An escalation is open on this case already. Go on with that one.")
    area = area_of_case(case)
    ladder = area.ladder_for(agency.kind, kind)
    other = conference.chair.agency if conference is not None else None
    own = add_participant(
        case,
        Capacity.REQUESTER,
        membership=requester.membership,
        agency=agency,
        name=requester.name,
        email=requester.email,
    )
    escalation: Escalation = Escalation.objects.create(
        partnership_id=case.partnership_id, case=case, kind=kind, ladder=ladder.id if ladder else "",
        conference=conference, requester=own, agency=agency,
        other_agency=other if other != agency else None, held_by="capacity:requester", concern=concern.strip(),
        outcome_sought=outcome_sought.strip(), raised_at=now, recorded_at=now, recorded_by_id=by.member, beside_dissent=parallel,
    )  # fmt: skip
    first = (ladder.tier(tier) if tier else None) or ladder.tiers[0] if ladder else None
    happened(case, "difference_raised", at=now, by=by, now=now, clocks=_clocks_of(first))
    if first is not None:
        way = policies.Way(first, Entered.RAISED, first.label, first.rule)
        if step is not None:
            _check_step(escalation, way, step, now)
        _enter(escalation, area, way, step or _first_step(own, first, parallel), by, now)
    else:
        _stand(escalation, now)
    _audit(
        "escalation.raised",
        escalation,
        by,
        now,
        rule=ladder.rule if ladder else "",
        kind=kind,
        at=now.isoformat(),
    )
    return escalation


def _first_step(requester: Participant, first: LadderTier, parallel: bool) -> Step:
    """A ladder that opens by itself begins with the requester's own line manager, where that is the step (AFC-7)."""
    manager = requester.membership.line_manager if requester.membership else None
    own_level = first.between is None and first.place == "between" and not first.decided_by
    if not parallel or manager is None or not own_level:
        return Step(way="")
    return Step(way="", people=(Named(side=Side.OURS, membership_id=manager.pk),))


def _clocks_of(step: LadderTier | None) -> tuple[str, ...]:
    return (step.clock,) if step is not None and step.clock else ()


# --- steps ------------------------------------------------------------------------------------------------------


@transaction.atomic
def open_tier(
    *, escalation_id: int, by: Actor, step: Step, now: dt.datetime, version: int | None = None
) -> EscalationTier:
    """Take it to a step: the next, another way into it, one further up, or the partnership at once. The step before ends.

    What the protocol asks for first and is not there needs a reason, and is marked; what it cannot do without is
    refused with its rule (SUS-34). An urgent step asks for nothing.
    """
    escalation = _lock(escalation_id)
    area = area_of_case(escalation.case)
    permissions.check_open_tier(by, escalation, area)
    way = policies.check_way(escalation, area, step.way)
    if version is not None and escalation.version != version:
        raise changed("Someone else changed this while you were writing. Look at where it stands now.")
    urgent = way.entered == Entered.URGENT
    at = policies.open_tier(escalation)
    if not urgent:
        _check_step(escalation, way, step, now)
    late = _late(escalation, area, step.late_reason, now, ask=not urgent)
    if at is not None:
        ended = Ended.JUMPED if way.entered in JUMPS else Ended.MOVED_ON
        _end_tier(escalation, at, ended, by, now)
    _keep_reason(late, step.late_reason)
    if way.entered == Entered.POLICY:
        escalation.policy_issue = True
        happened(escalation.case, "policy_issue_raised", at=now, by=by, now=now)
    row = _enter(escalation, area, way, step, by, now)
    _audit(
        "escalation.tier_opened", escalation, by, now, rule=way.rule, tier=way.tier.id, how=way.entered,
        missing=" ".join(m.rule for m in way.missing) if not urgent else "",
    )  # fmt: skip
    return row


def _check_step(escalation: Escalation, way: policies.Way, step: Step, now: dt.datetime) -> None:
    check_words(step.unresolved, VERY_LONG, "What is still open", "unresolved")
    check_words(step.exception, LONG, "The reason", "exception")
    check_words(step.same_person_note, LONG, "The note", "same_person_note")
    if not step.unresolved.strip():
        raise Denied("Enter what is still open", field="unresolved")
    if way.missing and not step.exception.strip():
        first = way.missing[0]
        raise Denied(
            f"{first.text} Do it first, or say why it goes on without", rule=first.rule, field="exception"
        )
    tier = way.tier
    if tier.entry_points and step.entry_point not in tier.entry_points:
        raise Denied("Select how it is brought there", rule=tier.rule, field="entry_point")
    if tier.routed_by and step.routed not in {option.id for option in tier.routed_by}:
        raise Denied("Select where it goes", rule=tier.rule, field="routed")
    _check_needs(escalation, tier, step, now)
    _check_same_person(tier, step)


def _check_needs(escalation: Escalation, tier: LadderTier, step: Step, now: dt.datetime) -> None:
    """Raises Denied without what the step must have (SUS-34)."""
    for need in _missing_needs(escalation, tier, step, now):
        if need.strength == "must":
            raise Denied(need.reason, rule=need.rule, field=_field_of(need.field))


def _missing_needs(
    escalation: Escalation, tier: LadderTier, step: Step, now: dt.datetime
) -> list[Requirement]:
    """What the step asks for and was not given: refused without, or marked where it only should be there."""
    sides: set[str] = {person.side for person in step.people}
    sides |= {
        side
        for side in (Side.OURS, Side.THEIRS)
        if policies.in_post(escalation, tier, side, london_date(now))
    }
    return [need for need in tier.requires if not _given(need.field, escalation, tier, step, sides)]


def _given(field_: str, escalation: Escalation, tier: LadderTier, step: Step, sides: set[str]) -> bool:
    """Whether a step has what it requires: a post that takes part, a lead of each agency, a note, an answer in words."""
    match field_:
        case "lead_of_each_agency":
            return {Side.OURS, Side.THEIRS} <= sides
        case "same_person_note":
            return not policies.same_post_decided(escalation, tier) or bool(step.same_person_note.strip())
        case "authorities":
            known = escalation.authority_responsible and escalation.authority_of_place
            return bool(known or (step.authority_responsible.strip() and step.authority_of_place.strip()))
        case _ if area_of_case(escalation.case).slot(field_):
            return field_ in step.posts
        case _:
            return bool(step.answers.get(field_, "").strip())


def _field_of(need: str) -> str:
    return {"lead_of_each_agency": "theirs_name", "authorities": "authority_responsible"}.get(need, need)


def _check_same_person(tier: LadderTier, step: Step) -> None:
    """One person at both ends is possible, and is written down (WDC-19; elsewhere a safeguard)."""
    who: dict[str, set[str]] = {}
    for person in step.people:
        key = f"m{person.membership_id}" if person.membership_id else person.email.strip().lower()
        if key:
            who.setdefault(key, set()).add(person.side)
    if any(len(sides) > 1 for sides in who.values()) and not step.same_person_note.strip():
        raise Denied(
            "The same person stands on both sides. Name somebody else, or write down how it is looked at afresh",
            rule=next((need.rule for need in tier.requires if need.field == "same_person_note"), ""),
            field="same_person_note",
        )


def _late(
    escalation: Escalation, area: protocols.AreaProtocol, reason: str, now: dt.datetime, *, ask: bool = True
) -> Deadline | None:
    """The clock of the open step, where it has passed. Raises Denied without a reason, unless a child is at risk."""
    step = policies.step_of(policies.open_tier(escalation), policies.ladder_of(escalation, area))
    late = policies.late_at(escalation, step, now)
    check_words(reason, LONG, "The reason", "late_reason")
    if ask:
        policies.check_late(late, reason)
    return late


def _keep_reason(late: Deadline | None, reason: str) -> None:
    """Keep why a step took longer with the clock that it ended."""
    if late is not None and reason.strip():
        Deadline.objects.filter(pk=late.pk).update(late_reason=reason.strip())


def _end_tier(escalation: Escalation, row: EscalationTier, ended: Ended, by: Actor, now: dt.datetime) -> None:
    """End the step that is open, and with it its clock."""
    row.closed_at = now
    row.closed_by_id = by.member
    row.ended = ended
    row.save(update_fields=["closed_at", "closed_by", "ended"])
    happened(escalation.case, "tier_ended", at=now, by=by, now=now)


def _enter(
    escalation: Escalation,
    area: protocols.AreaProtocol,
    way: policies.Way,
    step: Step,
    by: Actor,
    now: dt.datetime,
) -> EscalationTier:
    """Open a step: its row, its people, its clock, who holds it, and who is told."""
    tier = way.tier
    marks = [m.rule or m.text for m in way.missing] if step.exception else []
    if way.entered != Entered.URGENT:
        marks += [
            need.rule for need in _missing_needs(escalation, tier, step, now) if need.strength == "should"
        ]
    row = EscalationTier.objects.create(
        partnership_id=escalation.partnership_id, escalation=escalation, tier=tier.id, entered=way.entered,
        alternative=way.alternative, entry_point=step.entry_point, routed=step.routed, unresolved=step.unresolved.strip(),
        exception=step.exception.strip() if way.missing else "", marks=list(dict.fromkeys(marks)),
        answers={key: text.strip() for key, text in step.answers.items()}, same_person_note=step.same_person_note.strip(),
        opened_at=now, opened_by_id=by.member,
    )  # fmt: skip
    if way.fact[0]:
        escalation.case_facts = {**escalation.case_facts, way.fact[0]: way.fact[1]}
    if step.authority_responsible or step.authority_of_place:
        escalation.authority_responsible = step.authority_responsible.strip()[:200]
        escalation.authority_of_place = step.authority_of_place.strip()[:200]
    escalation._prefetched_objects_cache = {}  # type: ignore[attr-defined]  # the steps are read anew
    for person in (*step.people, *_in_posts(escalation, tier, step, now)):
        _name(escalation, area, row, tier, person, by, now)
    for key in step.posts:
        slot = slot_of(escalation.partnership_id, key)
        participant = add_participant(escalation.case, Capacity.CONSULTED, slot=slot)
        _add_person(row, participant, Side.BESIDE, slot.title, by, now)
    _seat_deciders(escalation, tier, row, by, now)
    if tier.formality == "informal":
        _add_person(row, escalation.requester, Side.OURS, _title(tier, Side.OURS, escalation), by, now)
    match AT[tier.place]:
        case EscalationState.WITH_CHAIR:
            escalation.go_to_chair()
        case EscalationState.AT_PARTNERSHIP:
            escalation.go_to_partnership()
        case _:
            escalation.go_between()
    escalation.held_by = _holder(escalation, tier, row)
    _save(escalation, "case_facts", "authority_responsible", "authority_of_place", "policy_issue")
    happened(
        escalation.case, "tier_opened", at=now, by=by, now=now, clocks=_clocks_of(tier),
        protect_by_date=escalation.protect_by_date,
    )  # fmt: skip
    urgent = way.entered == Entered.URGENT  # at any hour, and by itself
    for seat in tier.tells:
        _tell(escalation, seat, "escalation_moved", now, rule=tier.rule, what=tier.label, immediate=urgent)
    told_already = way.entered == Entered.RAISED and escalation.beside_dissent  # of the dissent itself
    for seat in () if told_already else tier.decided_by:
        _tell(escalation, seat, "escalation_yours", now, rule=tier.rule, what=tier.label, immediate=urgent)
    if by.membership_id != escalation.requester.membership_id and way.entered != Entered.RAISED:
        _tell(escalation, "capacity:requester", "escalation_moved", now, rule=tier.rule, what=tier.label)
    _stand(escalation, now)
    return row


def _in_posts(escalation: Escalation, tier: LadderTier, step: Step, now: dt.datetime) -> list[Named]:
    """Who stands at a step by the post that each agency has, where nobody else was named for that side (CAM-17)."""
    named = {person.side for person in step.people}
    found = []
    for side in (Side.OURS, Side.THEIRS):
        row = None if side in named else policies.in_post(escalation, tier, side, london_date(now))
        if row is not None:
            found.append(
                Named(
                    side=side, name=row.name, email=row.email, membership_id=row.membership_id,
                    agency_id=row.agency_id,
                )
            )  # fmt: skip
    return found


def _seat_deciders(
    escalation: Escalation, tier: LadderTier, row: EscalationTier, by: Actor, now: dt.datetime
) -> None:
    """The posts that decide at a step become part of the case; a capacity is there already, or is named."""
    for seat in tier.decided_by:
        kind, _, name = seat.partition(":")
        if kind == "slot":
            slot = slot_of(escalation.partnership_id, name)
            capacity = Capacity.PARTNERSHIP if tier.place == "partnership" else Capacity.OUR_SIDE
            participant = add_participant(escalation.case, capacity, slot=slot)
            _add_person(row, participant, Side.DECIDES, slot.title, by, now)


def _holder(escalation: Escalation, tier: LadderTier, row: EscalationTier) -> str:
    """Who has it now: who decides here, else whoever is named for the side that raised it, else whoever raised it."""
    if tier.decided_by:
        return tier.decided_by[0]
    mine = (
        TierPerson.objects.filter(tier=row, side=Side.OURS, removed_at__isnull=True).order_by("-pk").first()
    )
    if mine is None or mine.participant_id == escalation.requester_id:
        return "capacity:requester"
    return f"participant:{mine.participant_id}"


def _title(tier: LadderTier, side: str, escalation: Escalation) -> str:
    """What the protocol calls whoever stands at a step for one side, in the words of that agency."""
    between = tier.between
    if side == Side.THEIRS:
        kind = escalation.other_agency.kind if escalation.other_agency else ""
        return tier.titles.get(kind, between.theirs if between else tier.label)
    return tier.titles.get(escalation.agency.kind, between.ours if between else tier.label)


def _name(
    escalation: Escalation, area: protocols.AreaProtocol, row: EscalationTier, tier: LadderTier, person: Named, by: Actor, now: dt.datetime
) -> TierPerson:  # fmt: skip
    """Name somebody at a step. A person of the partnership is known by the address; anybody else needs one to be told."""
    membership = _member(escalation.partnership_id, person)
    side = Side(person.side)
    informal = tier.formality == "informal"
    capacity = {
        Side.OURS: Capacity.REPRESENTATIVE if tier.place == "partnership" else Capacity.OUR_SIDE,
        Side.THEIRS: Capacity.COUNTERPART if informal else Capacity.THEIR_SIDE,
        Side.DECIDES: Capacity.CHAIR
        if tier.place == "chair" or "capacity:chair" in tier.decided_by
        else Capacity.PARTNERSHIP,
        Side.BESIDE: Capacity.CONSULTED,
    }[side]
    if membership is None and not person.name.strip():
        raise Denied("Enter a name", field=f"{side}_name")
    if membership is None and not person.email.strip():
        raise Denied("Enter an email address, so that they can be told", field=f"{side}_email")
    agency = membership.agency if membership else _agency_of(escalation, side, person)
    participant = add_participant(
        escalation.case, capacity, membership=membership, agency=agency,
        name="" if membership else person.name.strip()[:150], email="" if membership else person.email.strip(),
    )  # fmt: skip
    if side == Side.THEIRS and escalation.other_agency is None and agency is not None:
        escalation.other_agency = agency
        escalation.save(update_fields=["state", "other_agency"])
    title = row.alternative if side == Side.OURS and row.alternative else _title(tier, side, escalation)
    found = _add_person(row, participant, side, title, by, now)
    if participant.membership_id != by.membership_id:
        _tell(
            escalation,
            f"participant:{participant.pk}",
            "escalation_named",
            now,
            rule=tier.rule,
            what=tier.label,
        )
    return found


def _member(partnership_id: int, person: Named) -> Membership | None:
    rows = (
        Membership.objects.select_related("agency", "user")
        .filter(partnership_id=partnership_id)
        .exclude(role=Role.GUEST)
    )
    if person.membership_id is not None:
        found = rows.filter(pk=person.membership_id).first()
        if found is None:
            raise Denied("Select a person of this partnership", field=f"{person.side}_person")
        return found
    return (
        rows.filter(user__email__iexact=person.email.strip(), ends_on__isnull=True).order_by("pk").first()
        if person.email.strip()
        else None
    )


def _agency_of(escalation: Escalation, side: Side, person: Named) -> Agency | None:
    if person.agency_id is not None:
        return _agency(escalation.partnership_id, person.agency_id)
    return escalation.agency if side == Side.OURS else escalation.other_agency


def _add_person(
    row: EscalationTier, participant: Participant, side: str, title: str, by: Actor, now: dt.datetime
) -> TierPerson:
    person, _ = TierPerson.objects.get_or_create(
        tier=row, participant=participant, side=side, removed_at=None,
        defaults={
            "partnership_id": row.partnership_id, "title": title[:1].upper() + title[1:], "added_at": now, "added_by_id": by.member,
        },
    )  # fmt: skip
    return person


@transaction.atomic
def name_person(
    *, escalation_id: int, by: Actor, person: Named, now: dt.datetime, instead: bool = False
) -> TierPerson:
    """Say who stands at the open step for one side; `instead`: in place of whoever was named there."""
    escalation = _lock(escalation_id)
    area = area_of_case(escalation.case)
    permissions.check_name_person(by, escalation, area)
    row = policies.check_at_step(escalation)
    tier = policies.step_of(row, policies.ladder_of(escalation, area))
    if tier is None:
        raise Denied("No step of the ladder is open now.")
    named = _name(escalation, area, row, tier, person, by, now)
    if instead:
        TierPerson.objects.filter(tier=row, side=named.side, removed_at__isnull=True).exclude(
            pk=named.pk
        ).update(removed_at=now)
    escalation.held_by = _holder(escalation, tier, row)
    _save(escalation)
    _stand(escalation, now)
    _audit("escalation.person_named", escalation, by, now, rule=tier.rule, tier=tier.id, kind=named.side)
    return named


# --- at a step --------------------------------------------------------------------------------------------------


@transaction.atomic
def record_meeting(
    *, escalation_id: int, by: Actor, met_at: dt.datetime, how: str, note: str, there: tuple[int, ...], invited: tuple[int, ...] = (),
    others: tuple[str, ...] = (), all_parties: bool, now: dt.datetime,
) -> TierMeeting:  # fmt: skip
    """Record a meeting or a talk at the open step: ids of participants who were there, or invited and not there; others
    by name. `all_parties`: everyone concerned was called to it (HIPS-4, HIPS-12)."""
    escalation = _lock(escalation_id)
    area = area_of_case(escalation.case)
    permissions.check_record(by, escalation, area)
    row = policies.check_at_step(escalation)
    check_happened(met_at, now, "The time of the meeting", "met_at")
    check_words(note, VERY_LONG, "The note", "note")
    if how not in How.values:
        raise Denied("Select how you met", field="how")
    if not note.strip():
        raise Denied("Enter what came of it", field="note")
    names = [name.strip()[:150] for name in others if name.strip()]
    if not there and not names:
        raise Denied("Select who was there", field="there")
    meeting = TierMeeting.objects.create(
        partnership_id=escalation.partnership_id, tier=row, met_at=met_at, how=how, all_parties=all_parties, note=note.strip(),
        recorded_at=now, recorded_by_id=by.member,
    )  # fmt: skip
    known = {
        p.pk: p
        for p in Participant.objects.filter(case=escalation.case).select_related("membership__user", "slot")
    }
    if set(there) - set(known) or set(invited) - set(known):
        raise Denied("Select people of this case", field="there")
    MeetingPerson.objects.bulk_create(
        [
            *(
                MeetingPerson(
                    partnership_id=row.partnership_id,
                    meeting=meeting,
                    participant=known[pk],
                    name=name_of(known[pk]),
                    there=pk in there,
                )
                for pk in dict.fromkeys((*there, *invited))
            ),
            *(
                MeetingPerson(partnership_id=row.partnership_id, meeting=meeting, name=name, there=True)
                for name in names
            ),
        ]
    )
    tier = policies.step_of(row, policies.ladder_of(escalation, area))
    rule = (tier.meeting_rule or tier.rule) if tier else ""
    _audit(
        "escalation.meeting_recorded",
        escalation,
        by,
        now,
        rule=rule,
        at=met_at.isoformat(),
        how=how,
        tier=row.tier,
    )
    return meeting


def name_of(participant: Participant) -> str:
    if participant.membership is not None:
        return participant.membership.user.name
    return participant.name or (participant.slot.title if participant.slot else "")


@transaction.atomic
def agree(
    *, escalation_id: int, by: Actor, what: str, owner: str, due_on: dt.date | None, now: dt.datetime
) -> AgreedAction:
    """Note something that was agreed at the open step: what, who does it, by when. What became of it is said by
    `records.actions.settle_action`."""
    escalation = _lock(escalation_id)
    area = area_of_case(escalation.case)
    permissions.check_record(by, escalation, area)
    row = policies.check_at_step(escalation)
    if due_on is not None and due_on < london_date(row.opened_at):
        raise Denied("The date must be on or after the day this step was opened", field="due_on")
    action = note_agreed(escalation.case, Agreed(what, owner, due_on), by=by, now=now)
    StepAction.objects.create(partnership_id=escalation.partnership_id, tier=row, action=action)
    _audit("escalation.action_agreed", escalation, by, now, tier=row.tier)
    return action


@transaction.atomic
def change_dates(
    *,
    escalation_id: int,
    by: Actor,
    agreed_date: dt.date | None,
    protect_by_date: dt.date | None,
    reason: str,
    now: dt.datetime,
) -> DatesChanged:
    """Those who take part in a step agree on other dates, and say why: its clock is counted anew; both stay on record.

    The earliest limit holds still: an agreed date never lengthens it (SUS-6). Raises Denied for a step whose clock
    looks at no such date, without a reason, and where nothing changes.
    """
    escalation = _lock(escalation_id)
    area = area_of_case(escalation.case)
    permissions.check_change_dates(by, escalation, area)
    step = policies.check_changes_dates(escalation, area)
    agreed, protect = policies.asks_for_dates(area, step)
    agreed_date = agreed_date if agreed else escalation.agreed_date
    protect_by_date = protect_by_date if protect else escalation.protect_by_date
    if (agreed_date, protect_by_date) == (escalation.agreed_date, escalation.protect_by_date):
        raise Denied(
            "These are the dates that are recorded already",
            field="agreed_date" if agreed else "protect_by_date",
        )
    _check_dates(agreed_date, protect_by_date, escalation.raised_at, now)
    check_words(reason, LONG, "The reason", "reason")
    if not reason.strip():
        raise Denied("Enter why the date changes", field="reason")
    row = DatesChanged.objects.create(
        partnership_id=escalation.partnership_id, escalation=escalation, agreed_was=escalation.agreed_date,
        agreed_is=agreed_date, protect_by_was=escalation.protect_by_date, protect_by_is=protect_by_date,
        reason=reason.strip(), recorded_at=now, recorded_by_id=by.member,
    )  # fmt: skip
    escalation.agreed_date, escalation.protect_by_date = agreed_date, protect_by_date
    _save(escalation, "agreed_date", "protect_by_date")
    change_limits(escalation.case, agreed_date=agreed_date, protect_by_date=protect_by_date, by=by, now=now)
    _audit("escalation.dates_changed", escalation, by, now, rule=step.rule, tier=step.id)
    return row


@transaction.atomic
def name_authorities(
    *, escalation_id: int, by: Actor, responsible: str, of_place: str, now: dt.datetime
) -> Escalation:
    """Enter the authority responsible for the child and the one where the facility is, at a step that wants them (SUS-37)."""
    escalation = _lock(escalation_id)
    area = area_of_case(escalation.case)
    permissions.check_name_authorities(by, escalation, area)
    for words, name in ((responsible, "authority_responsible"), (of_place, "authority_of_place")):
        if not words.strip():
            raise Denied("Enter both authorities", field=name)
        check_words(words, 200, "The name of the authority", name)
    escalation.authority_responsible, escalation.authority_of_place = responsible.strip(), of_place.strip()
    _save(escalation, "authority_responsible", "authority_of_place")
    step = policies.step_of(policies.open_tier(escalation), policies.ladder_of(escalation, area))
    _audit("escalation.authorities_named", escalation, by, now, rule=step.rule if step else "")
    return escalation


@transaction.atomic
def resolve(
    *, escalation_id: int, by: Actor, words: str, now: dt.datetime, late_reason: str = ""
) -> Escalation:
    """It is settled between those who differed: the side that raised it says so, and how."""
    escalation = _lock(escalation_id)
    area = area_of_case(escalation.case)
    permissions.check_resolve(by, escalation)
    check_words(words, VERY_LONG, "How it was settled", "words")
    if not words.strip():
        raise Denied("Enter how it was settled", field="words")
    late = _late(escalation, area, late_reason, now)
    row = policies.open_tier(escalation)
    tier = policies.step_of(row, policies.ladder_of(escalation, area))
    if row is not None:
        _end_tier(escalation, row, Ended.RESOLVED, by, now)
    _keep_reason(late, late_reason)
    escalation.resolve(now, words.strip())
    escalation.held_by = "capacity:requester"
    _save(escalation, "resolved_at", "ending")
    happened(escalation.case, "resolved", at=now, by=by, now=now)
    _stand(escalation, now, outcome_label=f"At the step: {tier.label}"[:200] if tier else "")
    _tell_all(escalation, "escalation_settled", by, now, rule=tier.rule if tier else "")
    _audit(
        "escalation.resolved",
        escalation,
        by,
        now,
        rule=tier.rule if tier else "",
        tier=row.tier if row else "",
    )
    return escalation


@transaction.atomic
def decide(
    *,
    escalation_id: int,
    by: Actor,
    outcome: str,
    reasons: str,
    not_heard_reason: str = "",
    late_reason: str = "",
    now: dt.datetime,
) -> Escalation:
    """The chair, the partnership or the top of a ladder answers: only what the protocol has for the step, or, where it
    has no list, in words. An answer that is not the last word leaves the ladder to go on."""
    escalation = _lock(escalation_id)
    area = area_of_case(escalation.case)
    permissions.check_decide(by, escalation, area)
    row = policies.check_at_step(escalation)
    ladder = policies.ladder_of(escalation, area)
    tier = policies.step_of(row, ladder)
    if tier is None:
        raise Denied("No step of the ladder is open now.")
    found = policies.check_outcome(tier, outcome)
    check_words(reasons, VERY_LONG, "Reasons", "reasons")
    check_words(not_heard_reason, LONG, "The reason", "not_heard_reason")
    if not reasons.strip():
        raise Denied("Enter reasons for your decision", rule=tier.rule, field="reasons")
    heard = row.meetings.exists()
    if tier.place == "partnership" and not heard and not not_heard_reason.strip():
        raise Denied(
            f"Nobody is recorded as heard yet. Record whom you heard, or say why you decide without. {policies.SAFEGUARD}",
            field="not_heard_reason",
        )
    late = _late(escalation, area, late_reason, now)
    row.outcome = found.id if found else ""
    row.answer = reasons.strip()
    row.not_heard_reason = "" if heard else not_heard_reason.strip()
    row.acting_for_id = by.acting_for(*tier.decided_by)
    row.save(update_fields=["outcome", "answer", "not_heard_reason", "acting_for"])
    last_word = policies.ends_ladder(tier, found, ladder)
    settled = found is not None and found.means == "resolved" and not last_word
    ended = Ended.DECIDED if last_word else Ended.RESOLVED if settled else Ended.MOVED_ON
    _end_tier(escalation, row, ended, by, now)
    _keep_reason(late, late_reason)
    label = found.label if found else "Decided"
    escalation.held_by = "capacity:requester"
    if last_word:
        escalation.decide(now, reasons.strip())
        if tier.place == "partnership":
            escalation.held_by = tier.decided_by[0] if tier.decided_by else "capacity:requester"
        _save(escalation, "decided_at", "ending")
        happened(
            escalation.case,
            "partnership_decided" if tier.place == "partnership" else "resolved",
            at=now,
            by=by,
            now=now,
        )
    elif settled:
        escalation.resolve(now, reasons.strip())
        _save(escalation, "resolved_at", "ending")
        happened(escalation.case, "resolved", at=now, by=by, now=now)
    else:
        _save(escalation)
    _stand(escalation, now, outcome_label=label if last_word or settled else None)
    _tell_all(
        escalation,
        "escalation_decided" if last_word or settled else "escalation_answered",
        by,
        now,
        rule=tier.rule,
    )
    _audit(
        "escalation.decided", escalation, by, now, rule=found.rule if found else tier.rule,
        tier=tier.id, outcome=found.id if found else "in_words",
    )  # fmt: skip
    return escalation


# --- endings ----------------------------------------------------------------------------------------------------


@transaction.atomic
def withdraw(*, escalation_id: int, by: Actor, reason: str, now: dt.datetime) -> Escalation:
    """Whoever raised it withdraws it, with or without a reason. What was recorded stays."""
    escalation = _lock(escalation_id)
    permissions.check_withdraw(by, escalation)
    check_words(reason, LONG, "The reason", "reason")
    return withdraw_beside(escalation, by=by, reason=reason, now=now)


def withdraw_beside(
    escalation: Escalation, *, by: Actor, reason: str, now: dt.datetime, final: bool = True
) -> Escalation:
    """The same, where the caller holds the case; not `final`: the dissent that it goes with says where the case stands."""
    row = policies.open_tier(escalation)
    if row is not None:
        _end_tier(escalation, row, Ended.WITHDRAWN, by, now)
    escalation.withdraw(now, reason.strip())
    escalation.held_by = ""
    _save(escalation, "withdrawn_at", "closed_at", "ending")
    happened(escalation.case, "escalation_withdrawn", at=now, by=by, now=now)
    if final:
        _stand(escalation, now)
    _tell_all(escalation, "escalation_withdrawn", by, now)
    _audit("escalation.withdrawn", escalation, by, now)
    return escalation


@transaction.atomic
def close(*, escalation_id: int, by: Actor, now: dt.datetime, confirmed: bool = False) -> Escalation:
    """Close what was settled or decided. `confirmed`: although something agreed is not done yet."""
    escalation = _lock(escalation_id)
    area = area_of_case(escalation.case)
    permissions.check_close(by, escalation, area)
    policies.check_close(escalation, confirmed)
    escalation.close(now)
    escalation.held_by = ""
    _save(escalation, "closed_at")
    happened(escalation.case, "escalation_closed", at=now, by=by, now=now)
    _stand(escalation, now)
    _audit("escalation.closed", escalation, by, now)
    return escalation


@transaction.atomic
def close_unsettled(
    *, escalation_id: int, by: Actor, reason: str, now: dt.datetime, late_reason: str = ""
) -> Escalation:
    """It is not settled, and the protocol has no further step: say where it went, and close it."""
    escalation = _lock(escalation_id)
    area = area_of_case(escalation.case)
    permissions.check_close_unsettled(by, escalation, area)
    check_words(reason, LONG, "Where it went", "reason")
    if not reason.strip():
        raise Denied("Enter what you did about it, or where it goes now", field="reason")
    late = _late(escalation, area, late_reason, now)
    row = policies.open_tier(escalation)
    if row is not None:
        _end_tier(escalation, row, Ended.UNSETTLED, by, now)
    _keep_reason(late, late_reason)
    escalation.close_unsettled(now, reason.strip())
    escalation.held_by = ""
    _save(escalation, "closed_at", "ending")
    happened(escalation.case, "escalation_closed", at=now, by=by, now=now)
    _stand(escalation, now, outcome_label="Not settled; no further step here")
    _audit("escalation.closed_unsettled", escalation, by, now)
    return escalation


# --- the child first --------------------------------------------------------------------------------------------


@transaction.atomic
def act_urgently(
    *, case_id: int, by: Actor, what: str, taken_at: dt.datetime, now: dt.datetime
) -> UrgentAction:
    """Write down what was done at once for a child, after it was done. It holds nothing up and moves nothing (SUS-36)."""
    case: Case = (
        Case.objects.select_for_update(of=("self",))
        .select_related("partnership", "protocol_version")
        .get(pk=case_id)
    )
    permissions.check_urgent(by, case)
    check_happened(taken_at, now, "The time you acted", "taken_at")
    check_words(what, LONG, "What you did", "what")
    if not what.strip():
        raise Denied("Enter what you did, and whom you told", field="what")
    row = UrgentAction.objects.create(
        partnership_id=case.partnership_id,
        case=case,
        what=what.strip(),
        taken_at=taken_at,
        recorded_at=now,
        recorded_by_id=by.member,
    )
    happened(case, "urgent_action_taken", at=taken_at, by=by, now=now)
    safeguard = area_of_case(case).safeguard("urgent_override")
    write(
        "escalation.urgent_action", by=by, now=now, object_type="case", object_id=case.pk, object_ref=case.reference,
        case_id=case.pk, rule=safeguard.rule if safeguard else "", detail={"at": taken_at.isoformat()}, partnership_id=case.partnership_id,
    )  # fmt: skip
    return row


@transaction.atomic
def share_with_forum(*, escalation_id: int, by: Actor, text: str, now: dt.datetime) -> ForumSummary:
    """Share an early concern with the forum on joint working, with nobody named (SUS-7).

    Raises Denied where the protocol has no forum, and for a summary that names a child or somebody of the case.
    """
    escalation = _lock(escalation_id)
    area = area_of_case(escalation.case)
    permissions.check_share(by, escalation)
    route = area.route("forum")
    if route is None:
        raise Denied("This protocol has no forum on joint working.")
    check_words(text, LONG, "The summary", "text")
    if not text.strip():
        raise Denied("Enter a summary without names", field="text")
    named = _named_in(text, escalation)
    if named:
        raise Denied(f"The summary names somebody: {named}. Say it without", rule=route.rule, field="text")
    row = ForumSummary.objects.create(
        partnership_id=escalation.partnership_id,
        escalation=escalation,
        text=text.strip(),
        shared_at=now,
        shared_by_id=by.member,
    )
    for key in ("joint_forum", "partnership_office"):
        if area.slot(key) is not None:
            _tell(escalation, f"slot:{key}", "escalation_shared", now, rule=route.rule)
            add_participant(
                escalation.case, Capacity.PARTNERSHIP, slot=slot_of(escalation.partnership_id, key)
            )
            break
    _audit("escalation.shared", escalation, by, now, rule=route.rule)
    return row


def _named_in(text: str, escalation: Escalation) -> str:
    """The first name or initials of the case that a text holds: a child's, or a participant's."""
    words = text.casefold()
    for child in escalation.case.children.all():
        for name in (child.initials, child.initials.replace(".", ""), *child.name.split()):
            if len(name) > 1 and _stands_in(name, text if name.isupper() else words):
                return name
    for participant in Participant.objects.filter(case=escalation.case).select_related("membership__user"):
        for name in name_of(participant).split():
            if participant.slot_id is None and len(name) > 2 and _stands_in(name, words):
                return name
    return ""


def _stands_in(name: str, text: str) -> bool:
    wanted = name if name.isupper() else name.casefold()
    return any(word.strip(".,;:()'’\"") in (wanted, wanted.rstrip(".")) for word in text.split())
