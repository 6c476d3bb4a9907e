"""The verbs of a dissent and its review. Each is one transaction: lock, check, transition, save, facts, audit."""

import datetime as dt
import uuid
from dataclasses import dataclass, field

from django.db import transaction

import protocols
from audit.actions import write
from cases.actions import add_participant, open_case, stand
from cases.models import Case
from cases.selectors import area_of_case, facts_of
from cases.states import Capacity, Kind
from conferences.actions import LONG, VERY_LONG, NewChild, book, correct_end, hang_case
from conferences.actions import add_child as add_child_to_conference
from conferences.actions import end as end_conference_record
from conferences.models import Attendance, Conference
from conferences.permissions import is_recorder
from conferences.selectors import area_of_conference, children_of
from conferences.states import ConferenceKind, ConferenceState, Why
from core.actor import Actor
from core.clock import london_date
from core.gather import gather
from core.moments import check_day_happened, check_happened, check_not_before, check_words, in_words
from core.refusals import Denied, changed
from deadlines.actions import correct_fact, happened, no_longer_needed
from deadlines.models import Deadline
from deadlines.states import LADDER_ANCHORS, DeadlineState
from dissent import permissions, policies
from dissent.models import (
    Addition,
    Answer,
    AnswerChild,
    Ask,
    Conversation,
    Dissent,
    DissentChild,
    FollowUp,
    MaterialSeen,
    PractitionerTask,
    Review,
    ReviewItem,
    WrittenView,
)
from dissent.states import STAGE, AskKind, ContactHow, DissentState, HowReceived
from escalation import actions as escalations
from escalation.actions import Step
from escalation.models import Escalation
from escalation.policies import last_tier
from notifications.actions import enqueue
from partnerships.models import Slot
from partnerships.selectors import calendar_for, holders_of, slot_of
from records.actions import record_filing, record_telling
from records.models import Filing, Telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was said when a dissent was expressed: what the chair types, or, where allowed, the dissenter."""

    directions: dict[int, str]  # per child of the conference
    expressed_at: dt.datetime
    name_attribution: bool = False
    discussed_with_chair: bool = False
    discussed_at: dt.datetime | None = None
    discussed_note: str = ""
    reasons: str = ""
    outcome_sought: str = ""
    parents_understanding: str = ""
    challenge_choice: str = ""
    ground: str = ""
    subject: str = ""  # a recommendation or another outcome; empty: the decision itself, read from it
    late_entry_reason: str = ""
    for_agency: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """The conference that an answer asks for."""

    starts_at: dt.datetime
    chair_id: int
    late_reason: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A reviewer's decision on one dissent, as typed."""

    outcome: str
    reasons: str
    late_reason: str = ""
    unread_reason: str = ""
    no_contact_reason: str = ""
    different_chair: bool | None = None
    different_chair_reason: str = ""
    new_information: str = ""
    parts: dict[str, str] = field(default_factory=dict)
    per_child: dict[int, str] = field(default_factory=dict)  # text per child of the dissent
    booking: Booking | None = None


def _lock(dissent_id: int) -> Dissent:
    """Lock the case, then the dissent: always in this order, and all else is read after both."""
    Case.objects.select_for_update(of=("self",)).only("pk").get(dissent=dissent_id)
    # Several small reads in one: PostgreSQL plans them faster than one of nine tables.
    (dissent,), (conference,), (attendance,) = gather(
        Dissent.objects.filter(pk=dissent_id)
        .select_related("case__protocol_version", "case__partnership", "case__agency", "written_view")
        .defer("case__protocol_version__source_text")
        .select_for_update(of=("self",)),
        Conference.objects.filter(dissents=dissent_id).select_related("chair", "minute_taker"),
        Attendance.objects.filter(dissents=dissent_id).select_related("membership", "agency"),
    )
    dissent.conference, dissent.attendance = conference, attendance
    return dissent  # type: ignore[no-any-return]  # what `gather` returns is of the queryset's model


def _audit(
    type_: str, dissent: Dissent, by: Actor, now: dt.datetime, *, rule: str = "", **detail: object
) -> None:
    area = area_of_case(dissent.case)
    seats = tuple(s for t in (area.review.tiers if area.review else ()) for s in t.by)
    write(
        type_, by=by, now=now, object_type="dissent", object_id=dissent.pk, object_ref=dissent.case.reference,
        case_id=dissent.case_id, rule=rule, detail=dict(detail), partnership_id=dissent.partnership_id,
        acting_for=by.acting_for(*seats),
    )  # fmt: skip


def _stand(dissent: Dissent, now: dt.datetime, *, held_by: str, outcome_label: str | None = None) -> None:
    stand(
        dissent.case,
        stage=STAGE[DissentState(dissent.state)],
        held_by=held_by,
        now=now,
        outcome_label=outcome_label,
    )


# --- recording --------------------------------------------------------------------------------------------------


@transaction.atomic
def record(*, attendance_id: int, by: Actor, said: Said, now: dt.datetime) -> Dissent:
    """Record one professional's formal dissent, open its case, start its clocks and tell whom the protocol names.

    What counts for the window is when it was expressed, not when it is typed. Raises Denied with rule and route for
    everything the protocol refuses.
    """
    attendance = Attendance.objects.select_related("membership__line_manager", "agency").get(pk=attendance_id)
    conference = (
        Conference.objects.select_for_update(of=("self",))
        .select_related("protocol_version", "partnership", "chair", "minute_taker")
        .get(pk=attendance.conference_id)
    )
    area = area_of_conference(conference)
    permissions.check_record(by, conference, attendance, area)
    check_happened(said.expressed_at, now, "The time it was said", "expressed_at")
    if conference.started_at:
        check_not_before(
            said.expressed_at, conference.started_at, "The time it was said", "the start", "expressed_at"
        )
    recorded_by = "capacity:chair" if is_recorder(by, conference) else "capacity:dissenter"
    calendar = calendar_for(conference.partnership_id, area.nation)
    ruling = policies.rule_on_window(
        conference,
        attendance,
        area,
        calendar,
        expressed_at=said.expressed_at,
        now=now,
        recorded_by=recorded_by,
    )
    policies.check_may_dissent(conference, attendance, area, ruling)
    policies.check_ground(said.ground, area)
    children = children_of(conference)
    subject = policies.check_children(conference, children, said.directions, area, said.subject)
    about = [child for child in children if child.pk in said.directions]
    if not said.subject:
        for child in about:
            policies.check_direction_matches(child, said.directions[child.pk])
    policies.check_required(
        {
            "name_attribution": said.name_attribution,
            "discussed_with_chair": said.discussed_with_chair,
            "reasons": said.reasons.strip(),
            "outcome_sought": said.outcome_sought.strip(),
            "parents_understanding": said.parents_understanding.strip(),
            "challenge_choice": said.challenge_choice,
        },
        area,
    )
    _check_said(said, now, conference, area)
    marks = {mark.id for mark in ruling.marks}
    late_typing = "late_entry" in marks
    if late_typing and not said.late_entry_reason.strip():
        raise Denied(
            "The conference has ended. Enter why this dissent is typed up only now",
            rule=area.dissent.window.rule,
            field="late_entry_reason",
        )
    policies.check_not_twice(attendance, said.directions)
    if attendance.agency is None:
        raise Denied("Only a professional with an agency can dissent.")
    case = open_case(
        partnership_id=conference.partnership_id,
        kind=Kind.CONFERENCE_DECISION,
        protocol_version=conference.protocol_version,
        agency=attendance.agency,
        children=[child.child for child in about],
        stage=STAGE[DissentState.RECORDED],
        held_by="capacity:chair",
        now=now,
    )
    case.partnership = conference.partnership
    hang_case(conference, case, Why.DECIDED_THERE)
    dissent: Dissent = Dissent.objects.create(
        partnership_id=conference.partnership_id,
        case=case,
        conference=conference,
        attendance=attendance,
        agency=attendance.agency,
        for_agency=said.for_agency,
        expressed_at=said.expressed_at,
        recorded_at=now,
        recorded_by_id=by.member,
        late_entry_reason=said.late_entry_reason.strip() if late_typing else "",
        outside_text="outside_the_text" in marks,
        did_not_attend="not_attended" in marks,
        name_attribution=said.name_attribution,
        discussed_with_chair_at=(said.discussed_at or said.expressed_at)
        if said.discussed_with_chair
        else None,
        discussed_note=said.discussed_note.strip(),
        subject=subject,
        ground=said.ground,
        reasons=said.reasons.strip(),
        outcome_sought=said.outcome_sought.strip(),
        parents_understanding=said.parents_understanding.strip(),
        challenge_choice=said.challenge_choice,
        challenge_chosen_at=now if said.challenge_choice else None,
    )
    DissentChild.objects.bulk_create(
        DissentChild(
            partnership_id=conference.partnership_id,
            dissent=dissent,
            conference_child=child,
            direction=said.directions[child.pk],
        )
        for child in about
    )
    _name_participants(dissent, area)
    facts = [("dissent_expressed", said.expressed_at), ("dissent_recorded", now)]
    if area.dissent.acknowledged:
        facts.append(("dissent_acknowledged", said.expressed_at))
    if said.challenge_choice:
        facts.append(("challenge_chosen", now))
    if conference.ended_at is not None:
        facts.insert(0, ("conference_ended", conference.ended_at))
    for name, at in sorted(facts, key=lambda fact: (fact[1], ORDER.index(fact[0]))):
        happened(case, name, at=at, by=by, now=now)
    if conference.state == ConferenceState.ENDED or area.dissent.begins == "recorded":
        _begin(dissent, area, by, now)
    else:
        _stand(dissent, now, held_by="capacity:chair")
    if area.dissent.parallel is not None:
        _open_ladder(dissent, by, now, parallel=True)
    _audit(
        "dissent.recorded", dissent, by, now, rule=area.dissent.rule, at=said.expressed_at.isoformat(),
        late=bool(dissent.late_entry_reason), to=dissent.state,
    )  # fmt: skip
    return dissent


@transaction.atomic
def refile(
    *, attendance_id: int, by: Actor, ground: str, concern: str, child_ids: list[int], now: dt.datetime
) -> Escalation:
    """File what was refused as a dissent as the difference that it is, with what was typed (CAM-3, SUS-33)."""
    attendance = Attendance.objects.select_related("membership", "agency").get(pk=attendance_id)
    conference = (
        Conference.objects.select_for_update(of=("self",))
        .select_related("protocol_version", "partnership", "chair__agency", "minute_taker")
        .get(pk=attendance.conference_id)
    )
    attendance.conference = conference
    area = area_of_conference(conference)
    permissions.check_record(by, conference, attendance, area)
    refused = next((r for r in area.dissent.ground_refusals if r.id == ground and r.refile), None)
    if refused is None:
        raise Denied("This is filed as a dissent.", field="ground")
    check_words(concern, LONG, "Reasons", "reasons")
    about = [child.child for child in children_of(conference) if child.pk in child_ids]
    return escalations.raise_for(
        attendance, kind=refused.refile, concern=concern, children=about, by=by, now=now
    )


ORDER = (
    "dissent_expressed",
    "dissent_recorded",
    "dissent_acknowledged",
    "challenge_chosen",
    "conference_ended",
)


def _check_said(said: Said, now: dt.datetime, conference: Conference, area: protocols.AreaProtocol) -> None:
    check_words(said.reasons, LONG, "Reasons", "reasons")
    check_words(said.outcome_sought, LONG, "The outcome sought", "outcome_sought")
    check_words(said.parents_understanding, LONG, "This answer", "parents_understanding")
    check_words(said.discussed_note, LONG, "The note", "discussed_note")
    check_words(said.late_entry_reason, LONG, "The reason", "late_entry_reason")
    if said.challenge_choice and said.challenge_choice not in {mode.id for mode in area.dissent.modes}:
        raise Denied("Select whether they wish to challenge further", field="challenge_choice")
    if said.discussed_at is not None:
        check_happened(said.discussed_at, now, "The time you talked it through", "discussed_at")
        if conference.started_at:
            check_not_before(
                said.discussed_at,
                conference.started_at,
                "The time you talked it through",
                "the start",
                "discussed_at",
            )
        need = area.dissent.requirement("discussed_with_chair")
        if need is not None and conference.ended_at is not None and said.discussed_at > conference.ended_at:
            raise Denied(
                f"The chair talks it through during the conference, which ended on {in_words(conference.ended_at)}. "
                "Enter when you talked it through, or open an escalation instead",
                rule=need.rule,
                route=policies.route_words(area.dissent.window.route, area),
                field="discussed_at",
            )


def _name_participants(dissent: Dissent, area: protocols.AreaProtocol) -> None:
    """Who is what in the case: the dissenter, the chair's side, and the posts that the protocol gives it to."""
    case, conference, attendance = dissent.case, dissent.conference, dissent.attendance
    add_participant(
        case, Capacity.DISSENTER, membership=attendance.membership, agency=attendance.agency,
        name=attendance.name, email=attendance.email,
    )  # fmt: skip
    add_participant(case, Capacity.CHAIR, membership=conference.chair)
    if conference.minute_taker is not None:
        add_participant(case, Capacity.MINUTE_TAKER, membership=conference.minute_taker)
    manager = conference.chair.line_manager
    if manager is not None and any("line_manager:capacity:chair" in (t.who, *t.copy_to) for t in area.tells):
        add_participant(case, Capacity.CHAIR_LINE_MANAGER, membership=manager)
    if area.review is not None:
        for seat in area.review.tiers[0].by:
            slot = slot_of(case.partnership_id, seat.removeprefix("slot:"))
            add_participant(case, Capacity.REVIEWER, slot=slot)


def _begin(dissent: Dissent, area: protocols.AreaProtocol, by: Actor, now: dt.datetime) -> None:
    """The dissent leaves the conference: to the dissenter for the written view, to the reviewer, or to the ladder."""
    if area.review is None:
        dissent.hand_to_ladder()
        mode = next((m for m in area.dissent.modes if m.id == dissent.challenge_choice), None)
        held_by = (mode.held_by if mode else "") or area.dissent.holder_without_review or "capacity:dissenter"
    elif area.dissent.written_view is not None:
        dissent.await_written_view()
        held_by = "capacity:dissenter"
    else:
        dissent.begin_review()
        held_by = area.review.tiers[0].by[0]
        _open_review(dissent, area.review.tiers[0], now)
    dissent.version += 1
    dissent.save(update_fields=["state", "version"])
    _stand(dissent, now, held_by=held_by)
    if area.review is None:
        _climb(dissent, area, by, now)


def open_ladder_of(dissent: Dissent) -> Escalation | None:
    """The ladder that is open beside a dissent."""
    found: Escalation | None = Escalation.objects.filter(case_id=dissent.case_id).open().first()
    return found


def _climb(dissent: Dissent, area: protocols.AreaProtocol, by: Actor, now: dt.datetime) -> None:
    """A challenge under a protocol without a reviewer: the dissent is handed to the ladder, which is its answer, and the
    chair hears it first (HIPS-10)."""
    mode = next((m for m in area.dissent.modes if m.id == dissent.challenge_choice), None)
    if mode is None or mode.held_by in ("", "capacity:dissenter") or open_ladder_of(dissent) is not None:
        return
    if "handed_to_ladder" not in facts_of(dissent.case):
        happened(dissent.case, "handed_to_ladder", at=now, by=by, now=now)
    _open_ladder(dissent, by, now, parallel=True)


def _open_ladder(
    dissent: Dissent,
    by: Actor,
    now: dt.datetime,
    *,
    parallel: bool = False,
    tier: str = "",
    step: Step | None = None,
    concern: str = "",
) -> Escalation:
    requester = dissent.case.participants.filter(capacity=Capacity.DISSENTER).order_by("pk").first()
    if requester is None:
        raise LookupError(f"the case of dissent {dissent.pk} has no dissenter")
    words = concern or dissent.reasons or "A formal dissent from what the conference decided."
    return escalations.open_beside(
        dissent.case, requester=requester, agency=dissent.agency, conference=dissent.conference, concern=words,
        outcome_sought=dissent.outcome_sought, by=by, now=now, parallel=parallel, tier=tier, step=step,
    )  # fmt: skip


def _open_review(dissent: Dissent, tier: protocols.Tier, now: dt.datetime) -> Review:
    """Put the dissent into the post's open review of this conference, or into a new one."""
    key = tier.by[0].removeprefix("slot:")
    slots, reviews = gather(
        Slot.objects.filter(partnership_id=dissent.partnership_id, key=key),
        Review.objects.filter(
            conference_id=dissent.conference_id, tier=tier.id, slot__key=key, closed_at__isnull=True
        )
        .order_by("pk")
        .select_for_update(of=("self",)),
    )
    review: Review | None = reviews[0] if reviews else None
    if review is None:
        review = Review.objects.create(
            partnership_id=dissent.partnership_id,
            conference_id=dissent.conference_id,
            tier=tier.id,
            slot=slots[0],
            opened_at=now,
        )
    ReviewItem.objects.create(
        partnership_id=dissent.partnership_id, review=review, dissent=dissent, tier=tier.id
    )
    return review


@transaction.atomic
def end_conference(
    *,
    conference_id: int,
    by: Actor,
    now: dt.datetime,
    ended_at: dt.datetime | None = None,
    undecided_reason: str = "",
) -> Conference:
    """End a conference, and send each dissent recorded in it on its way. The one verb behind the chair's button."""
    conference = end_conference_record(
        conference_id=conference_id, by=by, now=now, ended_at=ended_at, undecided_reason=undecided_reason
    )
    waiting = Dissent.objects.filter(conference=conference, state=DissentState.RECORDED).order_by("case_id")
    for dissent_id in list(waiting.values_list("pk", flat=True)):
        dissent = _lock(dissent_id)
        area = area_of_case(dissent.case)
        _begin(dissent, area, by, now)
        _audit("dissent.begun", dissent, by, now, to=dissent.state)
    return conference


@transaction.atomic
def correct_conference_end(
    *, conference_id: int, by: Actor, ended_at: dt.datetime, reason: str, now: dt.datetime
) -> Conference:
    """The end of a conference was recorded wrongly. Refused where a dissent that was taken would come too late by it."""
    conference = correct_end(conference_id=conference_id, by=by, ended_at=ended_at, reason=reason, now=now)
    for dissent in Dissent.objects.filter(conference=conference).select_related("attendance"):
        policies.check_still_in_time(dissent, conference)
    return conference


# --- the dissenter ----------------------------------------------------------------------------------------------


@transaction.atomic
def send_written_view(
    *,
    dissent_id: int,
    by: Actor,
    text: str,
    outcome_sought: str,
    now: dt.datetime,
    received_at: dt.datetime | None = None,
    how: str = HowReceived.FORM,
    discussed_with_lead_on: dt.date | None = None,
) -> WrittenView:
    """The written view arrives; its receipt starts the reviewer's clock (AFC-16 to AFC-18). A late one is accepted.

    The reviewer enters it for a dissenter without an account, with how and when it was received.
    """
    dissent = _lock(dissent_id)
    area = area_of_case(dissent.case)
    rules = area.dissent.written_view
    permissions.check_send_written_view(by, dissent, area)
    if rules is None or area.review is None:
        raise Denied("This protocol asks for no written view.")
    given = {"view": text.strip(), "outcome_sought": outcome_sought.strip()}
    for need in rules.required:
        if need.field in given and not given[need.field]:
            raise Denied(need.reason, rule=need.rule, field=need.field)
    check_words(text, VERY_LONG, "Your view and reasons", "view")
    check_words(outcome_sought, LONG, "The outcome sought", "outcome_sought")
    if permissions.is_dissenter(by, dissent) or received_at is None:
        received_at, how = now, (how if not permissions.is_dissenter(by, dissent) else HowReceived.FORM)
    check_happened(received_at, now, "The time it was received", "received_at")
    if dissent.conference.ended_at:
        check_not_before(
            received_at, dissent.expressed_at, "The time it was received", "the dissent", "received_at"
        )
    if how not in HowReceived.values:
        raise Denied("Select how it was received", field="how")
    if discussed_with_lead_on is not None:
        check_day_happened(
            discussed_with_lead_on, london_date(now), "The date you talked it over", "discussed_with_lead_on"
        )
    running = Deadline.objects.filter(case=dissent.case, clock_id=rules.clock, state=DeadlineState.OPEN)
    due_at = running.values_list("due_at", flat=True).first()
    late = due_at is not None and received_at > due_at
    view = WrittenView.objects.create(
        partnership_id=dissent.partnership_id,
        dissent=dissent,
        text=text.strip(),
        outcome_sought=outcome_sought.strip(),
        discussed_with_lead_on=discussed_with_lead_on,
        received_at=received_at,
        how=how,
        late=late,
        recorded_at=now,
        recorded_by_id=by.member,
    )
    dissent.begin_review()
    dissent.version += 1
    dissent.save(update_fields=["state", "version"])
    tier = area.review.tiers[0]
    _open_review(dissent, tier, now)
    happened(dissent.case, "rationale_received", at=received_at, by=by, now=now)
    enqueue(
        partnership_id=dissent.partnership_id, case=dissent.case, seat=tier.by[0], kind="written_view_received",
        params={"rule": rules.rule}, dedupe_key=f"view:{view.pk}", now=now,
    )  # fmt: skip
    _stand(dissent, now, held_by=tier.by[0])
    _audit(
        "dissent.written_view_received",
        dissent,
        by,
        now,
        rule=rules.rule,
        late=late,
        how=how,
        at=received_at.isoformat(),
    )
    return view


@transaction.atomic
def correct_receipt(
    *, dissent_id: int, by: Actor, received_at: dt.datetime, reason: str, now: dt.datetime
) -> WrittenView:
    """The written view was received at another time than was recorded. Its clocks are counted anew and their holders
    told; the first time stays in the history (AFC-16, AFC-18)."""
    dissent = _lock(dissent_id)
    area = area_of_case(dissent.case)
    permissions.check_correct_receipt(by, dissent, area)
    view = WrittenView.objects.select_for_update().get(dissent=dissent)
    check_happened(received_at, now, "The time it was received", "received_at")
    check_not_before(
        received_at, dissent.expressed_at, "The time it was received", "the dissent", "received_at"
    )
    was, rules = view.received_at, area.dissent.written_view
    if was == received_at:
        raise Denied("This is the time that is recorded already.", field="received_at")
    correct_fact(dissent.case, "rationale_received", at=received_at, reason=reason, by=by, now=now)
    clock = Deadline.objects.filter(case=dissent.case, clock_id=rules.clock if rules else "").first()
    view.received_at = received_at
    view.late = bool(clock and clock.due_at and received_at > clock.due_at)
    view.save(update_fields=["received_at", "late"])
    _audit(
        "dissent.receipt_corrected", dissent, by, now, rule=rules.rule if rules else "", late=view.late,
        at=received_at.isoformat(), was=was.isoformat(),
    )  # fmt: skip
    return view


@transaction.atomic
def remind_of_written_view(*, dissent_id: int, by: Actor, now: dt.datetime) -> Dissent:
    """The reviewer reminds the dissenter of the written view. It is what going on without it waits for (AFC-16)."""
    dissent = _lock(dissent_id)
    area = area_of_case(dissent.case)
    permissions.check_remind(by, dissent, area)
    dissent.reminded_at = now
    dissent.version += 1
    dissent.save(update_fields=["state", "reminded_at", "version"])
    rule = area.dissent.written_view.rule if area.dissent.written_view else ""
    enqueue(
        partnership_id=dissent.partnership_id, case=dissent.case, seat="capacity:dissenter",
        kind="written_view_reminder", params={"rule": rule}, dedupe_key=f"remind:{dissent.pk}:{dissent.version}", now=now,
    )  # fmt: skip
    _audit("dissent.reminded", dissent, by, now, rule=rule)
    return dissent


@transaction.atomic
def review_without_view(*, dissent_id: int, by: Actor, reason: str, now: dt.datetime) -> Dissent:
    """Review on the chair's record, after reminding. The clock of AFC-18 has not started: only elapsed time is shown."""
    dissent = _lock(dissent_id)
    area = area_of_case(dissent.case)
    permissions.check_proceed_without_view(by, dissent, area)
    if not reason.strip():
        raise Denied("Enter why you review without the written view", field="reason")
    check_words(reason, LONG, "The reason", "reason")
    dissent.without_view_reason = reason.strip()
    dissent.begin_review()
    dissent.version += 1
    dissent.save(update_fields=["state", "without_view_reason", "version"])
    if area.dissent.written_view is not None:
        no_longer_needed(dissent.case, area.dissent.written_view.clock, now=now)
    tier = area.review.tiers[0]  # type: ignore[union-attr]  # the check refuses a protocol without a review
    _open_review(dissent, tier, now)
    _stand(dissent, now, held_by=tier.by[0])
    _audit("dissent.reviewed_without_view", dissent, by, now)
    return dissent


@transaction.atomic
def close_as_not_pursued(*, dissent_id: int, by: Actor, reason: str, now: dt.datetime) -> Dissent:
    """Close a dissent whose written view never came: a closing status with a reason, no answer, never by itself."""
    dissent = _lock(dissent_id)
    area = area_of_case(dissent.case)
    permissions.check_close_as_not_pursued(by, dissent, area)
    if not reason.strip():
        raise Denied("Enter why the dissent is not pursued", field="reason")
    check_words(reason, LONG, "The reason", "reason")
    dissent.close_as_not_pursued(now, reason.strip())
    dissent.version += 1
    dissent.save(update_fields=["state", "closed_at", "closed_reason", "version"])
    happened(dissent.case, "dissent_not_pursued", at=now, by=by, now=now)
    if not escalations.stand_again(dissent.case, now=now):
        _stand(dissent, now, held_by="", outcome_label="Not pursued")
    _tell_involved(dissent, "not_pursued", now)
    _audit("dissent.not_pursued", dissent, by, now)
    return dissent


def _tell_involved(dissent: Dissent, kind: str, now: dt.datetime) -> None:
    """The dissenter and the chair hear what became of it."""
    for seat in ("capacity:dissenter", "capacity:chair"):
        enqueue(
            partnership_id=dissent.partnership_id, case=dissent.case, seat=seat, kind=kind,
            dedupe_key=f"{kind}:{dissent.pk}:{seat}", now=now,
        )  # fmt: skip


@transaction.atomic
def withdraw(*, dissent_id: int, by: Actor, reason: str, now: dt.datetime) -> Dissent:
    """The dissenter withdraws. What was recorded stays on record; the clocks are cancelled, not met."""
    dissent = _lock(dissent_id)
    area = area_of_case(dissent.case)
    permissions.check_withdraw(by, dissent, area)
    check_words(reason, LONG, "The reason", "reason")
    was = dissent.state
    _withdraw_ladder(dissent, by, reason, now)
    dissent.withdraw(now, reason.strip())
    dissent.version += 1
    dissent.save(update_fields=["state", "withdrawn_at", "withdrawn_reason", "closed_at", "version"])
    happened(dissent.case, "dissent_withdrawn", at=now, by=by, now=now)
    _close_reviews(dissent, now)
    if not escalations.stand_again(dissent.case, now=now):
        _stand(dissent, now, held_by="")
    for seat in ("capacity:chair", *(area.review.tiers[0].by if area.review else ())):
        enqueue(
            partnership_id=dissent.partnership_id, case=dissent.case, seat=seat, kind="withdrawn",
            dedupe_key=f"withdrawn:{dissent.pk}:{seat}", now=now,
        )  # fmt: skip
    _audit("dissent.withdrawn", dissent, by, now, **{"from": was})
    return dissent


def _withdraw_ladder(dissent: Dissent, by: Actor, reason: str, now: dt.datetime) -> None:
    """The ladder that opened with the dissent ends with it, as long as it stands where it opened. One that has gone on
    goes on: it is the dissenter's to withdraw by itself."""
    ladder = open_ladder_of(dissent)
    if ladder is None:
        return
    handed = "handed_to_ladder" in facts_of(dissent.case)
    at = last_tier(ladder)
    if handed or (ladder.beside_dissent and (at is None or ladder.tiers.count() == 1)):
        escalations.withdraw_beside(ladder, by=by, reason=reason, now=now, final=False)


@transaction.atomic
def take_further(
    *, dissent_id: int, by: Actor, route: str, step: Step, unresolved: str, now: dt.datetime
) -> Escalation:
    """The answer did not settle it: open the ladder beside the dissent, at the step that the protocol's route names, or
    at its first (AFC-20, CAM-17, SUS-31, SUS-34, WDC-19).

    Raises Denied before the answer, for a route that the protocol does not have after this one, and where a ladder is
    open already.
    """
    dissent = _lock(dissent_id)
    area = area_of_case(dissent.case)
    permissions.check_take_further(by, dissent, area, route)
    if not unresolved.strip():
        raise Denied("Enter what is still open", field="unresolved")
    check_words(unresolved, VERY_LONG, "What is still open", "unresolved")
    return _open_ladder(dissent, by, now, tier=route, step=step, concern=unresolved)


@transaction.atomic
def add_information(*, dissent_id: int, by: Actor, text: str, now: dt.datetime) -> Addition:
    """The dissenter adds information; whoever holds the case is told."""
    dissent = _lock(dissent_id)
    area = area_of_case(dissent.case)
    permissions.check_add_information(by, dissent, area)
    if not text.strip():
        raise Denied("Enter the information you want to add", field="text")
    check_words(text, LONG, "The information", "text")
    addition = Addition.objects.create(
        partnership_id=dissent.partnership_id,
        dissent=dissent,
        text=text.strip(),
        added_at=now,
        added_by_id=by.member,
    )
    tier = policies.current_tier(dissent, area)
    for seat in tier.by if tier else ("capacity:chair",):
        enqueue(
            partnership_id=dissent.partnership_id, case=dissent.case, seat=seat, kind="information_added",
            dedupe_key=f"added:{addition.pk}:{seat}", now=now,
        )  # fmt: skip
    _audit("dissent.information_added", dissent, by, now)
    return addition


@transaction.atomic
def do_task(
    *, dissent_id: int, by: Actor, task: str, done_on: dt.date, now: dt.datetime, note: str = ""
) -> PractitionerTask:
    """The dissenter did what the protocol asks of them (SUS-32, AFC-20). The task stays open until then."""
    dissent = _lock(dissent_id)
    area = area_of_case(dissent.case)
    permissions.check_do_task(by, dissent)
    found = next((t for t in area.dissent.tasks if t.id == task), None)
    if found is None:
        raise Denied("This protocol has no such task.")
    check_day_happened(done_on, london_date(now), "The date", "done_on")
    check_words(note, LONG, "The note", "note")
    row, _ = PractitionerTask.objects.get_or_create(
        dissent=dissent,
        task=task,
        defaults={
            "partnership_id": dissent.partnership_id,
            "done_on": done_on,
            "note": note.strip(),
            "recorded_at": now,
            "recorded_by_id": by.member,
        },
    )
    _audit("dissent.task_done", dissent, by, now, rule=found.rule, step=task, date=done_on.isoformat())
    return row


@transaction.atomic
def choose_challenge(*, dissent_id: int, by: Actor, choice: str, now: dt.datetime) -> Dissent:
    """The dissenter decides whether to challenge further or to leave it at the record (HIPS-9)."""
    dissent = _lock(dissent_id)
    area = area_of_case(dissent.case)
    permissions.check_choose_challenge(by, dissent, area)
    mode = next((m for m in area.dissent.modes if m.id == choice), None)
    if mode is None:
        need = area.dissent.requirement("challenge_choice")
        raise Denied(
            "Select whether you wish to challenge further",
            rule=need.rule if need else "",
            field="challenge_choice",
        )
    if open_ladder_of(dissent) is not None:
        raise Denied(
            "The challenge is on the ladder already. To end it, withdraw the escalation.",
            field="challenge_choice",
        )
    dissent.challenge_choice, dissent.challenge_chosen_at = choice, now
    dissent.version += 1
    dissent.save(update_fields=["state", "challenge_choice", "challenge_chosen_at", "version"])
    happened(dissent.case, "challenge_chosen", at=now, by=by, now=now)
    held_by = mode.held_by or area.dissent.holder_without_review or "capacity:dissenter"
    _stand(dissent, now, held_by=held_by)
    _climb(dissent, area, by, now)
    if held_by != "capacity:dissenter":
        enqueue(
            partnership_id=dissent.partnership_id, case=dissent.case, seat=held_by, kind="challenged",
            dedupe_key=f"challenged:{dissent.pk}:{dissent.version}", now=now,
        )  # fmt: skip
    _audit("dissent.challenge_chosen", dissent, by, now, kind=choice)
    return dissent


# --- the review -------------------------------------------------------------------------------------------------


def _reviewing(dissent_id: int, by: Actor) -> tuple[Dissent, protocols.AreaProtocol, protocols.Tier, Review]:
    """The dissent locked, its tier and its review, for a person who works on it."""
    dissent = _lock(dissent_id)
    area = area_of_case(dissent.case)
    permissions.check_review(by, dissent, area)
    tier = policies.current_tier(dissent, area)
    if tier is None:
        raise policies.answered(dissent)
    item = ReviewItem.objects.select_related("review").get(
        dissent=dissent, tier=tier.id, removed_at__isnull=True
    )
    return dissent, area, tier, item.review


@transaction.atomic
def see_material(*, dissent_id: int, by: Actor, material: str, now: dt.datetime) -> MaterialSeen:
    """The reviewer has read a piece of the protocol's list (SUS-26, CAM-8, WDC-13)."""
    dissent, _, tier, review = _reviewing(dissent_id, by)
    if material not in {m.id for m in tier.materials}:
        raise Denied("This protocol's list of materials has no such piece.", rule=tier.materials_rule)
    seen, created = MaterialSeen.objects.get_or_create(
        review=review,
        material=material,
        defaults={"partnership_id": dissent.partnership_id, "seen_at": now, "seen_by_id": by.member},
    )
    if created:
        _audit("review.material_seen", dissent, by, now, rule=tier.materials_rule, material=material)
    return seen


@transaction.atomic
def log_conversation(
    *,
    dissent_id: int,
    by: Actor,
    happened_at: dt.datetime,
    how: str,
    reached: bool,
    note: str,
    now: dt.datetime,
    with_whom: str = "",
) -> Conversation:
    """Log a conversation, or a dated attempt at one. Without `with_whom` it is with the dissenter (SUS-27)."""
    dissent, _, tier, review = _reviewing(dissent_id, by)
    check_happened(happened_at, now, "The date of the conversation", "happened_at")
    if how not in ContactHow.values:
        raise Denied("Select how you spoke", field="how")
    if not note.strip():
        raise Denied("Enter what was said" if reached else "Enter how you tried to reach them", field="note")
    check_words(note, LONG, "The note", "note")
    with_dissenter = not with_whom.strip()
    talk = Conversation.objects.create(
        partnership_id=dissent.partnership_id,
        review=review,
        dissent=dissent if with_dissenter else None,
        with_whom=with_whom.strip() or dissent.attendance.name,
        happened_at=happened_at,
        how=how,
        reached=reached,
        note=note.strip(),
        recorded_at=now,
        recorded_by_id=by.member,
    )
    if with_dissenter and reached and happened_at > dissent.expressed_at:
        happened(dissent.case, "contact_made", at=happened_at, by=by, now=now)
    gate = next((g for g in tier.gates if g.needs == "contact_with_dissenter"), None)
    _audit(
        "review.conversation_logged" if reached else "review.attempt_logged", dissent, by, now,
        rule=gate.rule if gate and with_dissenter else "", at=happened_at.isoformat(), how=how,
    )  # fmt: skip
    return talk


@transaction.atomic
def ask(*, dissent_id: int, by: Actor, ask_id: str, question: str, now: dt.datetime) -> Ask:
    """Ask for advice or for more information where the protocol lets the reviewer (CAM-10). No clock stops."""
    dissent, _, tier, review = _reviewing(dissent_id, by)
    found = next((a for a in tier.may_ask if a.id == ask_id), None)
    if found is None:
        raise Denied("Select whom you want to ask", field="ask_id")
    if not question.strip():
        raise Denied("Enter your question", field="question")
    check_words(question, LONG, "The question", "question")
    kind = AskKind.ADVICE if found.who.startswith("slot:") else AskKind.INFORMATION
    row = Ask.objects.create(
        partnership_id=dissent.partnership_id,
        review=review,
        dissent=dissent,
        ask_id=ask_id,
        kind=kind,
        seat=found.who,
        question=question.strip(),
        asked_at=now,
        asked_by_id=by.member,
    )
    if found.who.startswith("slot:"):
        key = found.who.removeprefix("slot:")
        add_participant(dissent.case, Capacity.ADVISER, slot=slot_of(dissent.partnership_id, key))
    enqueue(
        partnership_id=dissent.partnership_id, case=dissent.case, seat=found.who, kind="asked",
        params={"rule": found.rule}, dedupe_key=f"ask:{row.pk}", now=now,
    )  # fmt: skip
    _audit("review.asked", dissent, by, now, rule=found.rule, seat=found.who)
    return row


def holds_seat(actor: Actor, seat: str, dissent: Dissent) -> bool:
    """Whether the actor is in a seat of this dissent: a post they fill, or what they are in the case."""
    if actor.partnership_id != dissent.partnership_id:
        return False
    match seat:
        case "capacity:dissenter":
            return permissions.is_dissenter(actor, dissent)
        case "capacity:chair":
            return dissent.conference.chair_id == actor.membership_id
        case "capacity:minute_taker":
            return dissent.conference.minute_taker_id == actor.membership_id
        case _:
            return actor.holds(seat)


@transaction.atomic
def reply(*, ask_uuid: uuid.UUID, by: Actor, text: str, now: dt.datetime) -> Ask:
    """Whoever was asked replies; the reviewer is told. The asker may enter a reply that came another way."""
    row = Ask.objects.select_related("dissent").get(uuid=ask_uuid)
    if row.dissent is None:
        raise Denied("This question belongs to no dissent.")
    dissent = _lock(row.dissent_id)  # type: ignore[arg-type]
    row = Ask.objects.select_for_update().get(pk=row.pk)
    permissions.check_reply(by, row, holds_seat(by, row.seat, dissent) or row.asked_by_id == by.membership_id)
    if not text.strip():
        raise Denied("Enter your reply", field="text")
    check_words(text, LONG, "The reply", "text")
    row.reply, row.replied_at, row.replied_by_id = text.strip(), now, by.member
    row.save(update_fields=["reply", "replied_at", "replied_by"])
    enqueue(
        partnership_id=dissent.partnership_id, case=dissent.case, seat=f"member:{row.asked_by_id}", kind="replied",
        dedupe_key=f"reply:{row.pk}", now=now,
    )  # fmt: skip
    _audit("review.replied", dissent, by, now)
    return row


@transaction.atomic
def override_conflict(*, dissent_id: int, by: Actor, reason: str, now: dt.datetime) -> Review:
    """Go on as reviewer although involved in the conference, with the reason on record (system safeguard)."""
    dissent, area, tier, review = _reviewing(dissent_id, by)
    safeguard = area.safeguard("reviewer_not_involved")
    if safeguard is None or not safeguard.override_with_reason:
        raise Denied("This partnership does not let an involved reviewer go on.")
    if not permissions.conflict_of(by, dissent, tier.id):
        raise Denied("You were not involved in this conference, so no reason is needed.")
    if not reason.strip():
        raise Denied("Enter why nobody else can review this dissent", field="reason")
    check_words(reason, LONG, "The reason", "reason")
    review.conflict_override_reason = reason.strip()
    review.conflict_override_by_id, review.conflict_override_at = by.membership_id, now
    review.version += 1
    review.save(
        update_fields=["conflict_override_reason", "conflict_override_by", "conflict_override_at", "version"]
    )
    _audit("review.conflict_overridden", dissent, by, now, safeguard="reviewer_not_involved")
    return review


@transaction.atomic
def review_apart(*, dissent_id: int, by: Actor, now: dt.datetime) -> Review:
    """Take one of several dissents of a conference out of the shared review, to be reviewed apart."""
    dissent, _, tier, review = _reviewing(dissent_id, by)
    if review.items.filter(removed_at__isnull=True).count() < 2:
        raise Denied("This dissent is already reviewed by itself.")
    ReviewItem.objects.filter(review=review, dissent=dissent, removed_at__isnull=True).update(removed_at=now)
    apart = Review.objects.create(
        partnership_id=dissent.partnership_id,
        conference_id=dissent.conference_id,
        tier=tier.id,
        slot=review.slot,
        opened_at=now,
    )
    ReviewItem.objects.create(
        partnership_id=dissent.partnership_id, review=apart, dissent=dissent, tier=tier.id
    )
    Conversation.objects.filter(review=review, dissent=dissent).update(review=apart)
    _audit("review.taken_apart", dissent, by, now, tier=tier.id)
    return apart


@transaction.atomic
def answer(
    *, dissent_id: int, by: Actor, decided: Decided, now: dt.datetime, version: int | None = None
) -> Answer:
    """The reviewer decides one dissent: only what the protocol allows, with reasons, once.

    Being late asks for a reason and changes nothing else. Raises Denied: 403 for another person's review, 409 with who
    and when if someone decided first, else the form again.
    """
    dissent, area, tier, review = _reviewing(dissent_id, by)
    permissions.check_answer(by, dissent, review, area)
    if version is not None and dissent.version != version:
        raise changed(
            "This dissent was changed by someone else while you were writing. Check it, then send yours."
        )
    outcome = policies.check_outcome(decided.outcome, tier, area)
    if outcome.reasons_required and not decided.reasons.strip():
        raise Denied("Enter reasons for your decision", rule=outcome.rule, field="reasons")
    check_words(decided.reasons, VERY_LONG, "Reasons", "reasons")
    for part in tier.parts:
        text = decided.parts.get(part.id, "")
        check_words(text, VERY_LONG, part.label, f"part_{part.id}")
        if part.strength == "must" and not text.strip():
            raise Denied(f"Enter: {part.label}", rule=part.rule, field=f"part_{part.id}")
    policies.check_gates(dissent, tier, area, decided.no_contact_reason)
    unseen = {m.id for m in tier.materials} - set(review.materials_seen.values_list("material", flat=True))
    if unseen and not decided.unread_reason.strip():
        raise Denied(
            "Some of the materials are not ticked as read. Tick them, or say why you decide without them",
            rule=tier.materials_rule,
            field="unread_reason",
        )
    late = policies.late_clock(dissent, now)
    if late is not None and late.due_at and not decided.late_reason.strip():
        raise Denied(
            f"The decision was due by {in_words(late.due_at)}. Enter why it is late",
            rule=late.rule,
            field="late_reason",
        )
    for name in (
        "late_reason",
        "unread_reason",
        "no_contact_reason",
        "different_chair_reason",
        "new_information",
    ):
        check_words(getattr(decided, name), LONG, "This answer", name)
    if outcome.different_chair and decided.different_chair is None:
        raise Denied(
            "Select whether a different chair will chair it", rule=outcome.rule, field="different_chair"
        )
    if outcome.different_chair and decided.different_chair and not decided.different_chair_reason.strip():
        raise Denied(
            "Enter why a different chair will chair it", rule=outcome.rule, field="different_chair_reason"
        )
    if outcome.different_chair == "must" and decided.different_chair is False:
        raise Denied("A different chair must chair it.", rule=outcome.rule, field="different_chair")
    if outcome.book and outcome.book_date_required and decided.booking is None:
        raise Denied("Enter the date of the early review", rule=outcome.rule, field="starts_at")
    if late is not None:
        late.late_reason = decided.late_reason.strip()
        late.save(update_fields=["late_reason"])
    row = Answer.objects.create(
        partnership_id=dissent.partnership_id,
        dissent=dissent,
        review=review,
        tier=tier.id,
        outcome=outcome.id,
        means=outcome.means,
        reasons=decided.reasons.strip(),
        parts={p.id: decided.parts.get(p.id, "").strip() for p in tier.parts},
        new_information=decided.new_information.strip(),
        unread_reason=decided.unread_reason.strip() if unseen else "",
        no_contact_reason=decided.no_contact_reason.strip(),
        late_reason=decided.late_reason.strip() if late else "",
        different_chair=decided.different_chair if outcome.different_chair else None,
        different_chair_reason=decided.different_chair_reason.strip(),
        decided_at=now,
        decided_by_id=by.member,
        acting_for_id=by.acting_for(*tier.by),
    )
    about = {dc.pk: dc for dc in dissent.dissent_children.all()}
    AnswerChild.objects.bulk_create(
        AnswerChild(
            partnership_id=dissent.partnership_id, answer=row, dissent_child=about[key], text=text.strip()
        )
        for key, text in decided.per_child.items()
        if key in about and text.strip()
    )
    if outcome.next_tier:
        _pass_up(dissent, area, outcome, now)
    else:
        dissent.decide(now)
        held_by = tier.by[0]
        dissent.version += 1
        dissent.save(update_fields=["state", "decided_at", "version"])
        _stand(dissent, now, held_by=held_by, outcome_label=outcome.label)
    for name in dict.fromkeys((tier.decided, *outcome.happens)):
        happened(dissent.case, name, at=now, by=by, now=now, outcome=outcome.id)
    _tell_outcome(dissent, area, tier, outcome, now)
    _close_reviews(dissent, now, review)
    if decided.booking is not None and outcome.book:
        _book(dissent, area, row, outcome, decided.booking, by, now)
    _audit(
        "dissent.answered", dissent, by, now, rule=outcome.rule,
        outcome=outcome.id, means=outcome.means, tier=tier.id, late=late is not None,
    )  # fmt: skip
    return row


def _pass_up(
    dissent: Dissent, area: protocols.AreaProtocol, outcome: protocols.Outcome, now: dt.datetime
) -> None:
    """Upheld: the second tier decides what follows (CAM-13)."""
    above = area.tier(outcome.next_tier)
    if above is None:
        raise LookupError(f"the protocol has no tier {outcome.next_tier!r}")
    dissent.pass_to_second_tier()
    dissent.version += 1
    dissent.save(update_fields=["state", "version"])
    for seat in above.by:
        slot = slot_of(dissent.partnership_id, seat.removeprefix("slot:"))
        add_participant(dissent.case, Capacity.SECOND_TIER, slot=slot)
    _open_review(dissent, above, now)
    _stand(dissent, now, held_by=above.by[0], outcome_label=outcome.label)
    enqueue(
        partnership_id=dissent.partnership_id, case=dissent.case, seat=above.by[0], kind="passed_up",
        params={"rule": above.rule}, dedupe_key=f"passed:{dissent.pk}:{above.id}", now=now,
    )  # fmt: skip


def _tell_outcome(
    dissent: Dissent,
    area: protocols.AreaProtocol,
    tier: protocols.Tier,
    outcome: protocols.Outcome,
    now: dt.datetime,
) -> None:
    """Where the text names nobody, the dissenter and the chair are told all the same (system safeguards)."""
    named = {
        tell.who
        for event in (tier.decided, *outcome.happens)
        for tell in area.tells_at(event, outcome.id)
        if tell.how == "notice"
    }
    for safeguard_id, seat in (
        ("told_outcome", "capacity:dissenter"),
        ("second_notice_to_chair", "capacity:chair"),
    ):
        safeguard = area.safeguard(safeguard_id)
        if safeguard is not None and safeguard.on and seat not in named:
            enqueue(
                partnership_id=dissent.partnership_id, case=dissent.case, seat=seat, kind="decided",
                dedupe_key=f"decided:{dissent.pk}:{tier.id}:{seat}", now=now,
            )  # fmt: skip


def _close_reviews(dissent: Dissent, now: dt.datetime, review: Review | None = None) -> None:
    """Close a review when none of its dissents waits in it any more."""
    reviews = [review] if review else [i.review for i in dissent.review_items.select_related("review")]
    for row in reviews:
        open_items = row.items.filter(removed_at__isnull=True).exclude(dissent=dissent)
        waiting = [
            item
            for item in open_items.select_related("dissent")
            if item.dissent.state in (DissentState.UNDER_REVIEW, DissentState.SECOND_TIER)
            and not item.dissent.answers.filter(tier=row.tier).exists()
        ]
        if not waiting and row.closed_at is None:
            row.closed_at = now
            row.save(update_fields=["closed_at"])


# --- after the answer -------------------------------------------------------------------------------------------


def _book(
    dissent: Dissent,
    area: protocols.AreaProtocol,
    row: Answer,
    outcome: protocols.Outcome,
    booking: Booking,
    by: Actor,
    now: dt.datetime,
) -> FollowUp:
    """Book the conference that an answer asks for, against its clock, linked to the first."""
    if booking.starts_at <= now:
        raise Denied("The conference must be in the future", field="starts_at")
    clock = (
        Deadline.objects.filter(
            case=dissent.case, state=DeadlineState.OPEN, purpose="hold", due_at__isnull=False
        )
        .order_by("due_at")
        .first()
    )
    if clock and clock.due_at and booking.starts_at > clock.due_at and not booking.late_reason.strip():
        raise Denied(
            f"{outcome.label}: hold it on or before {in_words(clock.due_at)}, or give a reason for a later date",
            rule=clock.rule,
            field="late_reason_booking",
        )
    if row.different_chair and booking.chair_id == dissent.conference.chair_id:
        raise Denied("Select a different chair from the first conference's", rule=outcome.rule, field="chair")
    first = dissent.conference
    existing = (
        Conference.objects.filter(
            follows=first,
            state=ConferenceState.BOOKED,
            starts_at=booking.starts_at,
            chair_id=booking.chair_id,
        )
        .order_by("pk")
        .first()
    )
    conference = existing
    if conference is None:
        conference = book(
            by=by, kind=ConferenceKind.REVIEW if outcome.book == "early_review" else first.kind,
            starts_at=booking.starts_at, chair_id=booking.chair_id, now=now, place=booking.place, follows=first,
            for_partnership=dissent.partnership_id,
        )  # fmt: skip
        for child in children_of(first):
            decision = getattr(child, "decision", None)
            add_child_to_conference(
                conference_id=conference.pk, by=by, child=child.child.uuid, now=now,
                on_plan_before=bool(decision and decision.on_plan), trusted=True,
            )  # fmt: skip
    hang_case(
        conference, dissent.case, Why.EARLY_REVIEW if outcome.book == "early_review" else Why.RECONVENED
    )
    follow_up = FollowUp.objects.create(
        partnership_id=dissent.partnership_id,
        answer=row,
        conference=conference,
        late_reason=booking.late_reason.strip(),
    )
    _audit(
        "dissent.follow_up_booked", dissent, by, now, rule=clock.rule if clock else outcome.rule,
        date=booking.starts_at.isoformat(), different_chair=bool(row.different_chair),
    )  # fmt: skip
    return follow_up


@transaction.atomic
def book_follow_up(*, dissent_id: int, by: Actor, booking: Booking, now: dt.datetime) -> FollowUp:
    """Book the reconvened conference or the early review, after the answer."""
    dissent = _lock(dissent_id)
    area = area_of_case(dissent.case)
    permissions.check_follow_up(by, dissent, area)
    row = policies.last_answer(dissent)
    outcome = area.outcome(row.outcome) if row else None
    if row is None or outcome is None:
        raise Denied("This dissent has not been answered yet.")
    policies.check_unbooked(dissent)
    return _book(dissent, area, row, outcome, booking, by, now)


@transaction.atomic
def told(
    *,
    dissent_id: int,
    by: Actor,
    tell_id: str,
    now: dt.datetime,
    told_at: dt.datetime | None = None,
    how: str = "",
    withheld_reason: str = "",
) -> Telling:
    """Record that someone whom the protocol names was told of the outcome (CAM-12, CAM-15, WDC-14)."""
    dissent = _lock(dissent_id)
    area = area_of_case(dissent.case)
    permissions.check_discharge(by, dissent, area)
    tell = next((t for t in policies.tellings_due(dissent, area) if t.id == tell_id), None)
    if tell is None:
        raise Denied("This protocol does not ask for that.")
    row = record_telling(
        dissent.case, tell, by=by, now=now, told_at=told_at, how=how, withheld_reason=withheld_reason
    )
    done = set(Telling.objects.filter(case=dissent.case).values_list("tell_id", flat=True))
    if all(t.id in done for t in policies.tellings_due(dissent, area)) and "outcome_told" not in facts_of(
        dissent.case
    ):
        happened(dissent.case, "outcome_told", at=row.told_at or now, by=by, now=now)
    _audit("dissent.told", dissent, by, now, rule=tell.rule, tell=tell.id, withheld=bool(row.withheld_reason))
    return row


@transaction.atomic
def file_on_record(
    *, dissent_id: int, by: Actor, child_uuid: uuid.UUID, filed_on: dt.date, now: dt.datetime
) -> Filing:
    """Record that the decision was placed on a child's own record (AFC-21, CAM-16)."""
    dissent = _lock(dissent_id)
    area = area_of_case(dissent.case)
    permissions.check_discharge(by, dissent, area)
    filing, complete = record_filing(dissent.case, child_uuid, by=by, filed_on=filed_on, now=now)
    if complete:
        happened(dissent.case, "filed_on_record", at=now, by=by, now=now)
    duty = next((d for d in area.duties if d.done == "filed_on_record"), None)
    _audit(
        "dissent.filed",
        dissent,
        by,
        now,
        rule=duty.rule if duty else "",
        child=filing.child_id,
        date=filed_on.isoformat(),
    )
    return filing


@transaction.atomic
def close(*, dissent_id: int, by: Actor, now: dt.datetime, confirmed: bool = False) -> Dissent:
    """Close an answered dissent once everyone the protocol names was told. `confirmed`: gone on past a warning."""
    dissent = _lock(dissent_id)
    area = area_of_case(dissent.case)
    permissions.check_close(by, dissent, area)
    policies.check_close(dissent, area, confirmed)
    dissent.close(now)
    dissent.version += 1
    dissent.save(update_fields=["state", "closed_at", "version"])
    happened(dissent.case, "dissent_closed", at=now, by=by, now=now)
    running = Deadline.objects.filter(case=dissent.case, state=DeadlineState.OPEN)
    for clock_id in list(running.values_list("clock_id", flat=True)):
        clock = area.clock(clock_id)
        if clock is None or clock.after not in LADDER_ANCHORS:
            no_longer_needed(dissent.case, clock_id, now=now)
    if not escalations.stand_again(dissent.case, now=now):
        _stand(dissent, now, held_by="")
    _audit("dissent.closed", dissent, by, now)
    return dissent


@transaction.atomic
def pass_to_reviewer(*, dissent_id: int, by: Actor, now: dt.datetime) -> Dissent:
    """Pass the acknowledgement on by hand, where the post was empty when the dissent was recorded (WDC-12)."""
    dissent = _lock(dissent_id)
    area = area_of_case(dissent.case)
    permissions.check_pass_on(by, dissent, area)
    key = area.review.tiers[0].by[0].removeprefix("slot:")  # type: ignore[union-attr]  # the check refuses no review
    if not holders_of(dissent.partnership_id, key, london_date(now)):
        raise Denied("Nobody fills this post. Ask the partnership admin to fill it.")
    happened(dissent.case, "reviewer_notified", at=now, by=by, now=now)
    _audit("dissent.passed_on", dissent, by, now)
    return dissent


__all__ = ["Booking", "Decided", "NewChild", "Said", "answer", "end_conference", "record"]
