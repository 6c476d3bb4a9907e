"""May it be done to this dissent now? No person is asked about here, and nothing is written."""

import datetime as dt

import protocols
from cases.selectors import area_of_case, facts_of
from conferences.models import Attendance, Conference, ConferenceChild
from conferences.policies import refusal
from conferences.states import ConferenceState, Side
from core.moments import in_words
from core.refusals import Denied, changed
from deadlines.models import Deadline
from deadlines.states import DeadlineState
from dissent.models import Answer, Ask, Dissent
from dissent.states import FINAL, Direction, DissentState
from partnerships.selectors import calendar_for
from protocols.calendar import Calendar, is_late
from protocols.window import Ruling, closing, consider


def titles(seats: tuple[str, ...], area: protocols.AreaProtocol) -> str:
    """Seats in words: the titles of their posts."""
    names = []
    for seat in seats:
        slot = area.slot(seat.removeprefix("slot:"))
        names.append(slot.title if slot else seat.rpartition(":")[2].replace("_", " "))
    return " or ".join(names)


# --- recording --------------------------------------------------------------------------------------------------


def check_conference_held(conference: Conference) -> None:
    if conference.state == ConferenceState.CANCELLED:
        raise Denied("This conference was cancelled, so there is no decision to dissent from.")
    if conference.state == ConferenceState.BOOKED:
        raise Denied("This conference has not started, so there is no decision to dissent from yet.")


def rule_on_window(
    conference: Conference,
    attendance: Attendance,
    area: protocols.AreaProtocol,
    calendar: Calendar,
    *,
    expressed_at: dt.datetime,
    now: dt.datetime,
    recorded_by: str,
) -> Ruling:
    """What the protocol says of this person at this moment: a refusal, or the marks the entry carries."""
    events = {"conference_ended": conference.ended_at} if conference.ended_at else {}
    return consider(
        area,
        expressed_at=expressed_at,
        events=events,
        calendar=calendar,
        presence=attendance.presence,
        recorded_by=recorded_by,
        recorded_at=now,
        name=attendance.name,
    )


def check_still_in_time(dissent: Dissent, conference: Conference) -> None:
    """With another end of the conference: that a dissent which was taken is still one that was made in time."""
    area = area_of_case(dissent.case)
    window = area.dissent.window
    if window.later_entry is not None or conference.ended_at is None:
        return
    calendar = calendar_for(dissent.partnership_id, area.nation)
    closes_at = closing(window, {"conference_ended": conference.ended_at}, calendar)
    if closes_at is not None and is_late(closes_at, dissent.expressed_at):
        raise Denied(
            f"A dissent was made on {in_words(dissent.expressed_at)}. It would come too late if the conference ended then. "
            "Check both times.",
            rule=window.rule,
            field="ended_at",
        )


def check_view_received(dissent: Dissent) -> None:
    check_open(dissent)
    if not hasattr(dissent, "written_view"):
        raise Denied("No written view has been received yet.")


def check_may_dissent(
    conference: Conference, attendance: Attendance, area: protocols.AreaProtocol, ruling: Ruling
) -> None:
    """Who may dissent and until when: family never, others by attendance and window (AFC-4, 14; SUS-18, 20; CAM-1)."""
    check_conference_held(conference)
    if attendance.side == Side.FAMILY:
        family = next((r for r in area.dissent.refused_people if r.id == "family"), None)
        if family is not None:
            raise refusal(family, area, name=attendance.name)
        raise Denied(
            "A dissent is made by a professional. Families have the partnership's complaints procedure."
        )
    if ruling.refusal is not None:
        refused = ruling.refusal
        raise Denied(refused.reason, rule=refused.rule, route=route_words(refused.route, area))


def route_words(route_id: str, area: protocols.AreaProtocol) -> str:
    """Where to go instead, in words: the label of the route and what it is."""
    route = area.route(route_id) if route_id else None
    return f"{route.label}: {route.text}" if route and route.text else (route.label if route else "")


def check_ground(ground: str, area: protocols.AreaProtocol) -> None:
    """Refuse what is not a dissent here and name its route (CAM-3 process, SUS-33 implementation)."""
    refused = next((r for r in area.dissent.ground_refusals if r.id == ground), None)
    if refused is not None:
        raise refusal(refused, area, field="ground")
    if ground and ground not in {g.id for g in area.dissent.grounds}:
        raise Denied("Select what the dissent is about", field="ground")


def subject_of(child: ConferenceChild, direction: str) -> str:
    """What the dissent is about, from the decision on that child and the direction."""
    if direction == Direction.CATEGORY:
        return "category"
    before, after = child.on_plan_before, child.decision.on_plan
    if before:
        return "plan_continued" if after else "plan_ended"
    return "plan_made" if after else "plan_not_made"


def check_children(
    conference: Conference,
    children: list[ConferenceChild],
    directions: dict[int, str],
    area: protocols.AreaProtocol,
    subject: str = "",
) -> str:
    """At least one child of this conference with its decision, and a direction for each (SUS-19). Returns the subject."""
    need = area.dissent.requirement("child_and_direction")
    rule = need.rule if need else ""
    if not directions:
        raise Denied("Select which decision they disagree with", rule=rule, field="children")
    known = {child.pk: child for child in children}
    allowed = {option.id for option in area.dissent.directions}
    subjects: list[str] = []
    for child_id, direction in directions.items():
        child = known.get(child_id)
        if child is None:
            raise Denied("That child is not one of this conference's children.", rule=rule, field="children")
        if getattr(child, "decision", None) is None:
            raise Denied(
                f"Record the decision about {child.child.initials} first: a dissent is from a decision.",
                field="children",
            )
        if direction not in allowed:
            raise Denied(
                f"Select what they say the decision about {child.child.initials} should have been",
                rule=rule,
                field="children",
            )
        subjects.append(subject or subject_of(child, direction))
    for found in subjects:
        refused = next((r for r in area.dissent.subject_refusals if r.id == found), None)
        if refused is not None and all(s == found for s in subjects):
            raise refusal(refused, area, field="subject" if subject else "children")
    if subject and subject not in {option.id for option in area.dissent.subjects}:
        raise Denied("Select what they disagree with", rule=rule, field="subject")
    return subjects[0]


def check_direction_matches(child: ConferenceChild, direction: str) -> None:
    """A dissent says something else than what was decided."""
    if direction == Direction.MORE and child.decision.on_plan:
        raise Denied(
            f"{child.child.initials}: the conference decided for a plan, so a dissent cannot ask for the same.",
            field="children",
        )
    if direction == Direction.LESS and not child.decision.on_plan:
        raise Denied(
            f"{child.child.initials}: the conference decided against a plan, so a dissent cannot ask for the same.",
            field="children",
        )
    if direction == Direction.CATEGORY and not child.decision.on_plan:
        raise Denied(f"{child.child.initials}: there is no plan, so there is no category.", field="children")


def check_required(given: dict[str, object], area: protocols.AreaProtocol) -> None:
    """Everything the protocol says must be given at the time, and not more."""
    for need in area.dissent.requires:
        if need.strength == "must" and need.field in given and not given[need.field]:
            raise Denied(
                need.reason or f"Enter: {need.label}",
                rule=need.rule,
                route=route_words(need.route, area),
                field=need.field,
            )


def check_not_twice(attendance: Attendance, directions: dict[int, str]) -> None:
    """One person dissents once from the same decision."""
    twice = (
        Dissent.objects.filter(attendance=attendance, children__in=list(directions))
        .exclude(state=DissentState.WITHDRAWN)
        .select_related("case")
        .prefetch_related("children__child")
        .first()
    )
    if twice is not None:
        about = ", ".join(c.child.initials for c in twice.children.all())
        raise Denied(
            f"{attendance.name}’s dissent on {about} was recorded on {in_words(twice.recorded_at)}. "
            f"Open {twice.case.reference} to add to it",
            field="children",
        )


# --- afterwards -------------------------------------------------------------------------------------------------


def ways_further(dissent: Dissent, area: protocols.AreaProtocol) -> tuple[protocols.model.IfUnresolved, ...]:
    """What the protocol has for a dissenter whom the last answer does not settle; nothing before an answer."""
    last = last_answer(dissent)
    if last is None:
        return ()
    return tuple(
        after
        for after in area.dissent.if_unresolved
        if not after.after_outcomes or last.outcome in after.after_outcomes
    )


def check_take_further(dissent: Dissent, area: protocols.AreaProtocol, route: str) -> None:
    """After the answer, by a route that the protocol has after this one, while no ladder is open."""
    known = area.dissent.if_unresolved[0] if area.dissent.if_unresolved else None
    rule = known.rule if known else ""
    if dissent.case.closed_at is not None:
        raise Denied(
            "This case is closed. You can raise the difference anew, by the steps for your agency.", rule=rule
        )
    if area.review is None or last_answer(dissent) is None:
        raise Denied("The dissent has not been answered yet.", rule=rule)
    found = next((after for after in ways_further(dissent, area) if route in after.routes), None)
    if found is None:
        raise Denied("The protocol has no such way on after this answer.", rule=rule)


def check_open(dissent: Dissent) -> None:
    if dissent.state == DissentState.ON_LADDER and dissent.case.closed_at is not None:
        raise Denied(f"This ended on the ladder, on {in_words(dissent.case.closed_at)}.")
    if dissent.state in FINAL:
        raise Denied(
            f"This dissent is closed ({dissent.get_state_display().lower()}); nothing can be added to it."
        )


def check_withdraw(dissent: Dissent) -> None:
    check_open(dissent)
    if dissent.state == DissentState.DECIDED and dissent.decided_at:
        raise Denied(
            f"This dissent was answered on {in_words(dissent.decided_at)}, so it can no longer be withdrawn. "
            "It stays on record with its answer."
        )


def check_awaits_view(dissent: Dissent, area: protocols.AreaProtocol) -> None:
    rules = area.dissent.written_view
    if rules is None:
        raise Denied("This protocol asks for no written view: the reasons were taken at the time.")
    view = getattr(dissent, "written_view", None)
    if view is not None:
        raise changed(f"The written view was already received, on {in_words(view.received_at)}.")
    if dissent.state == DissentState.RECORDED:
        raise Denied(
            "The conference has not ended yet. The written view is asked for once it has.", rule=rules.rule
        )
    if dissent.state != DissentState.AWAITING_VIEW:
        raise Denied("This dissent no longer waits for a written view.", rule=rules.rule)


def check_reminded(dissent: Dissent, area: protocols.AreaProtocol, which: str) -> None:
    rules = area.dissent.written_view
    need = getattr(rules, which) if rules else None
    if need is None:
        raise Denied("This protocol does not allow that.", rule=rules.rule if rules else "")
    if dissent.reminded_at is None:
        raise Denied(need.reason, rule=need.rule, route="Use “Remind the dissenter” first.", field="reason")


def check_choose_challenge(dissent: Dissent, area: protocols.AreaProtocol) -> None:
    check_open(dissent)
    if area.dissent.requirement("challenge_choice") is None:
        raise Denied("This protocol does not ask whether to challenge further.")


def current_tier(dissent: Dissent, area: protocols.AreaProtocol) -> protocols.Tier | None:
    """The tier that has the dissent now."""
    if area.review is None:
        return None
    if dissent.state == DissentState.UNDER_REVIEW:
        return area.review.tiers[0]
    return area.review.tiers[1] if dissent.state == DissentState.SECOND_TIER else None


def check_under_review(dissent: Dissent, area: protocols.AreaProtocol) -> None:
    """A review is open. Without a reviewer in the protocol there is nothing to decide (HIPS-15)."""
    if area.review is None:
        raise no_reviewer(area)
    match dissent.state:
        case DissentState.UNDER_REVIEW | DissentState.SECOND_TIER:
            return
        case DissentState.RECORDED:
            raise Denied("The conference has not ended yet; the review begins once it has.")
        case DissentState.AWAITING_VIEW:
            rules = area.dissent.written_view
            raise Denied(
                "The written view has not been received yet, and the review begins with it.",
                rule=rules.rule if rules else "",
                route="You can remind the dissenter, review on the chair's record, or close it as not pursued.",
            )
        case DissentState.DECIDED | DissentState.CLOSED:
            raise answered(dissent)
        case _:
            check_open(dissent)


def check_has_review(area: protocols.AreaProtocol) -> None:
    """The protocol has a reviewer, so that there can be an answer and what follows it (HIPS-15)."""
    if area.review is None:
        raise no_reviewer(area)


def no_reviewer(area: protocols.AreaProtocol) -> Denied:
    """The protocol has no reviewer: its own refusal, with its rule (HIPS-15)."""
    missing = area.refusal("no_review")
    if missing is not None:
        return refusal(missing, area)
    return Denied("This procedure has no reviewing manager, so nobody upholds a dissent here.")


def not_passed_up(dissent: Dissent, above: protocols.Tier, area: protocols.AreaProtocol) -> Denied:
    """The dissent has not come to this tier: it is decided below first, or was answered there (CAM-13)."""
    answer = last_answer(dissent)
    outcome = area.outcome(answer.outcome) if answer else None
    if outcome is None:
        return Denied(
            f"This dissent has not come to {titles(above.by, area)}. {above.text}",
            rule=above.rule,
            route="You will be told when it is passed to you.",
        )
    routes = [
        route_words(route, area)
        for then in area.dissent.if_unresolved
        if not then.after_outcomes or outcome.id in then.after_outcomes
        for route in then.routes
    ]
    return Denied(
        f"This dissent was answered: {outcome.label.lower()}. It does not come to {titles(above.by, area)}. {above.text}",
        rule=above.rule,
        route=" ".join(routes),
    )


def answered(dissent: Dissent) -> Denied:
    """Someone decided first: who, and when."""
    answer = last_answer(dissent)
    if answer is None:
        return changed("This dissent was decided meanwhile.")
    return changed(
        f"{answer.decided_by.user.name} recorded the decision on this dissent on {in_words(answer.decided_at)}. "
        "A dissent is decided once."
    )


def check_answerable(dissent: Dissent, area: protocols.AreaProtocol) -> None:
    tier = current_tier(dissent, area)
    if tier is None or dissent.answers.filter(tier=tier.id).exists():
        raise answered(dissent)
    if dissent.conference.ended_at is None:
        raise Denied("The conference has not ended yet; its decision can be reviewed once it has.")


def check_outcome(outcome: str, tier: protocols.Tier, area: protocols.AreaProtocol) -> protocols.Outcome:
    """Only an outcome that the protocol has at this tier; any other is refused by its rule (AFC-19, SUS-28, WDC-15b)."""
    found = tier.outcome(outcome)
    if found is not None:
        return found
    named = next((r for r in tier.outcome_refusals if r.id == outcome), None)
    named = named or next((r for r in tier.outcome_refusals if r.id == "other"), None)
    if outcome and named is not None:
        raise refusal(named, area, field="outcome")
    if outcome:
        raise Denied(
            f"“{outcome[:40]}” is not an outcome of this protocol. Select one of its own.",
            rule=tier.rule,
            field="outcome",
        )
    first = area.review is not None and tier.id == area.review.tiers[0].id
    raise Denied("Select whether the dissent is upheld" if first else "Select what follows", field="outcome")


def check_gates(
    dissent: Dissent, tier: protocols.Tier, area: protocols.AreaProtocol, no_contact_reason: str
) -> None:
    """What must have happened before a decision: contact with the dissenter, or dated attempts with a reason (SUS-27)."""
    for gate in tier.gates:
        if gate.before != "decision":
            continue
        if gate.needs == "contact_with_dissenter":
            talks = [c for c in dissent.conversations.all() if c.happened_at > dissent.expressed_at]
            if any(c.reached for c in talks):
                continue
            attempts = [c for c in talks if not c.reached]
            if gate.attempts and len(attempts) >= gate.attempts and no_contact_reason.strip():
                continue
            raise Denied(
                f"Record a conversation with {dissent.attendance.name}, or say why you could not speak. {gate.reason}",
                rule=gate.rule,
                field="no_contact_reason",
            )
        if gate.needs in area.events and gate.needs not in facts_of(dissent.case):
            raise Denied(gate.reason, rule=gate.rule)


def late_clock(dissent: Dissent, now: dt.datetime) -> Deadline | None:
    """The running clock of the decision that has passed, if any: it asks for a reason and decides nothing."""
    return (
        Deadline.objects.filter(
            case_id=dissent.case_id, state=DeadlineState.OPEN, purpose="decide", due_at__lt=now
        )
        .order_by("due_at")
        .first()
    )


def check_follow_up(dissent: Dissent, area: protocols.AreaProtocol) -> None:
    check_has_review(area)
    answer = last_answer(dissent)
    outcome = area.outcome(answer.outcome) if answer else None
    if outcome is None or not outcome.book:
        raise Denied("The answer to this dissent asks for no conference.")


def check_unbooked(dissent: Dissent) -> None:
    """One follow-up conference at a time for an answer."""
    row = last_answer(dissent)
    booked = row.follow_ups.all() if row else ()
    live = next((f for f in booked if f.conference.state != ConferenceState.CANCELLED), None)
    if live is not None:
        raise changed(
            f"{live.conference.reference} is already booked for {in_words(live.conference.starts_at)}. "
            "Cancel it before you book another."
        )


def check_pass_on(dissent: Dissent, area: protocols.AreaProtocol) -> None:
    """The reviewing manager should have been told by now, and was not: nobody filled the post."""
    if area.review is None:
        raise no_reviewer(area)
    check_open(dissent)
    facts = facts_of(dissent.case)
    if "reviewer_notified" in facts:
        raise changed("It was already passed on.")
    seats = area.review.tiers[0].by
    if not any(tell.who in seats and tell.when in facts for tell in area.tells):
        raise Denied("It is passed on when the conference ends.")


def last_answer(dissent: Dissent) -> Answer | None:
    return max(dissent.answers.all(), key=lambda answer: (answer.decided_at, answer.pk), default=None)


def check_unreplied(ask: Ask) -> None:
    if ask.replied_at is not None:
        raise changed(f"This question was answered on {in_words(ask.replied_at)}.")


def check_decided(dissent: Dissent) -> None:
    if dissent.state == DissentState.CLOSED and dissent.closed_at:
        raise changed(f"This dissent was closed on {in_words(dissent.closed_at)}.")
    if dissent.state != DissentState.DECIDED:
        raise Denied("This dissent has not been answered yet.")


def check_answered(dissent: Dissent) -> None:
    """Answered at one tier at least, and not closed: people are told of it, and it is filed (CAM-12, CAM-16)."""
    if dissent.state != DissentState.SECOND_TIER:
        check_decided(dissent)


def tellings_due(dissent: Dissent, area: protocols.AreaProtocol) -> list[protocols.Tell]:
    """Whom someone must tell, by the protocol, after what has happened and with the outcomes there were."""
    facts = facts_of(dissent.case)
    outcomes = {answer.outcome for answer in dissent.answers.all()}
    return [
        tell
        for tell in area.tells
        if tell.how == "duty"
        and tell.when in facts
        and (not tell.on_outcomes or outcomes & set(tell.on_outcomes))
    ]


def check_close(dissent: Dissent, area: protocols.AreaProtocol, confirmed: bool) -> None:
    """Nothing that the protocol wants before closing is missing (CAM-12, CAM-15, WDC-14); AFC-21 only warns."""
    done = {telling.tell_id for telling in dissent.case.tellings.all()}
    for tell in tellings_due(dissent, area):
        if tell.before_close and tell.id not in done:
            raise Denied(tell.reason or f"Not yet recorded: {tell.what}", rule=tell.rule)
    clocks = dissent.case.deadlines.all()
    held = next((c for c in clocks if c.state == DeadlineState.OPEN and c.purpose == "hold"), None)
    answer = last_answer(dissent)
    outcome = area.outcome(answer.outcome) if answer else None
    facts = facts_of(dissent.case)
    if outcome and outcome.book and not {"conference_reconvened", "early_review_held"} & set(facts):
        raise Denied(
            "The conference that the answer asks for has not been held yet. Close the dissent once it has.",
            rule=held.rule if held else outcome.rule,
        )
    children = len(dissent.case.children.all())
    filed = len(dissent.case.filings.all())
    for duty in area.duties:
        if duty.done != "filed_on_record" or not duty.before_close or filed >= children:
            continue
        if duty.before_close == "block" or not confirmed:
            raise Denied(duty.reason or f"Not yet done: {duty.label}", rule=duty.rule, field="confirmed")
