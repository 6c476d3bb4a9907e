"""Reads of dissents: the one gate, and what each page shows of one, for whoever looks."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef
from django.db.models.functions import JSONObject
from django.http import Http404
from django.urls import reverse

import protocols
from cases.models import Case, CaseEvent, Child
from cases.selectors import facts_of
from cases.states import OPEN
from conferences.models import (
    Attendance,
    Conference,
    ConferenceChild,
    MissingEntryRequest,
    NotedView,
    RecordField,
    View,
)
from conferences.permissions import is_recorder
from conferences.selectors import (
    Extras,
    Live,
    children_of,
    extras_of,
    members_by_role,
    missing_from_record,
)
from conferences.states import PRESENT, ConferenceState, Side, ViewChoice
from core.actor import Actor
from core.clock import LONDON, london_date
from core.gather import attach, gather
from core.references import normalise
from core.refusals import Denied, allowed
from core.templatetags.pd import (
    children_words,
    clock_time,
    day_date,
    day_time,
    plural,
    short_date,
    working_days_left,
)
from deadlines.models import Deadline
from deadlines.selectors import RunningClock, clocks_of
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
)
from dissent.states import FINAL, ContactHow, DissentState
from partnerships.models import Membership, SlotHolder
from partnerships.selectors import calendar_for, holders_of, in_post, on_day
from partnerships.states import Role
from protocols.calendar import Calendar, CalendarHorizon
from protocols.describe import CAPACITY_WORDS, seat_words
from protocols.durations import in_words
from protocols.model import Requirement
from protocols.timeline import Given, clocks_for
from protocols.window import closing
from records.models import Filing, Telling

S = DissentState
Shown = dict[str, Any]  # what a template prints

WITH_EVERYTHING = (
    "case__partnership", "case__protocol_version", "case__agency", "conference__chair__user",
    "conference__minute_taker", "conference__protocol_version", "conference__partnership",
    "attendance__membership__user", "attendance__agency", "agency", "written_view__recorded_by__user",
    "recorded_by__user",
)  # fmt: skip
# The texts of protocols are parsed once per process, not read with every case.
WITHOUT_TEXTS = ("case__protocol_version__source_text", "conference__protocol_version__source_text")


def get_dissent_or_404(actor: Actor, reference: str) -> Dissent:
    """The one gate to a dissent in a URL: by the reference of its case. A stranger gets 404. Two queries in all."""
    found: Dissent | None = (
        Dissent.objects.visible_to(actor)
        .select_related(*WITH_EVERYTHING)
        .defer(*WITHOUT_TEXTS)
        .filter(case__reference=normalise(reference) or reference)
        .first()
    )
    if found is None:
        raise Http404("No such dissent.")
    return _with_the_rest(found)


def dissent_of(case: Case) -> Dissent | None:
    """The dissent that a case is about, with all that a page shows of it; None for other kinds of case."""
    found: Dissent | None = (
        Dissent.objects.select_related(*WITH_EVERYTHING).defer(*WITHOUT_TEXTS).filter(case=case).first()
    )
    return _with_the_rest(found) if found else None


def _with_the_rest(dissent: Dissent) -> Dissent:
    """Everything that hangs on a dissent and its case, by one query; checks and pages then ask the database no more."""
    key, case_id = dissent.pk, dissent.case_id
    (
        children, answers, per_child, follow_ups, tasks, additions, asks, talks, items,
        deadlines, events, tellings, filings, of_case, posts,
    ) = gather(
        DissentChild.objects.filter(dissent=key)
        .select_related("conference_child__child", "conference_child__decision")
        .order_by("conference_child_id"),
        Answer.objects.filter(dissent=key).select_related("decided_by__user", "acting_for__user").order_by("decided_at"),
        AnswerChild.objects.filter(answer__dissent=key).order_by("pk"),
        FollowUp.objects.filter(answer__dissent=key).select_related("conference__chair__user").order_by("pk"),
        PractitionerTask.objects.filter(dissent=key).order_by("pk"),
        Addition.objects.filter(dissent=key).select_related("added_by__user").order_by("added_at"),
        Ask.objects.filter(dissent=key).order_by("asked_at"),
        Conversation.objects.filter(dissent=key).order_by("happened_at"),
        ReviewItem.objects.filter(dissent=key).order_by("pk"),
        Deadline.objects.filter(case=case_id).order_by("pk"),
        CaseEvent.objects.filter(case=case_id).order_by("recorded_at", "pk"),
        Telling.objects.filter(case=case_id).select_related("recorded_by__user").order_by("pk"),
        Filing.objects.filter(case=case_id).order_by("pk"),
        Child.objects.filter(case_children__case=case_id).order_by("pk"),
        SlotHolder.objects.filter(partnership=dissent.partnership_id, membership__user__is_active=True)
        .select_related("slot", "membership__user")
        .order_by("pk"),
    )  # fmt: skip
    dissent.posts = posts  # type: ignore[attr-defined]  # read along, for the names of who holds what
    by_key = {row.pk: row for row in children}
    for row in per_child:
        row.dissent_child = by_key[row.dissent_child_id]
    for answer in answers:
        attach(answer, "answer_children", [row for row in per_child if row.answer_id == answer.pk])
        attach(answer, "follow_ups", [row for row in follow_ups if row.answer_id == answer.pk])
    for name, rows in (
        ("dissent_children", children), ("answers", answers), ("practitioner_tasks", tasks), ("additions", additions),
        ("asks", asks), ("conversations", talks), ("review_items", items),
    ):  # fmt: skip
        attach(dissent, name, rows)
    for name, rows in (
        ("deadlines", deadlines), ("events", events), ("tellings", tellings), ("filings", filings), ("children", of_case),
    ):  # fmt: skip
        attach(dissent.case, name, rows)
    return dissent


# --- words --------------------------------------------------------------------------------------------------------


def child_view(child: Any, day: dt.date) -> Shown:
    """A child as a page shows it: initials and age, never the name."""
    return {"initials": child.initials, "age": child.age_on(day), "unborn": child.unborn}


def decision_words(child: ConferenceChild, area: protocols.AreaProtocol) -> str:
    """What was decided about one child, in the protocol's words."""
    decision = getattr(child, "decision", None)
    if decision is None:
        return "No decision recorded"
    option = next((d for d in area.conference.decisions if d.id == decision.option), None)
    label = option.label if option else area.word("on_plan" if decision.on_plan else "not_on_plan")
    category = next((c for c in area.conference.categories if c.id == decision.category), None)
    return f"{label} ({category.label.lower()})" if category else label


def direction_words(direction: str, area: protocols.AreaProtocol) -> str:
    found = next((d for d in area.dissent.directions if d.id == direction), None)
    return found.label if found else direction.replace("_", " ")


def subject_words(dissent: Dissent, area: protocols.AreaProtocol) -> str:
    """What the dissent is about, in the protocol's words: "No plan was made"."""
    found = next((s for s in area.dissent.subjects if s.id == dissent.subject), None)
    return found.label if found else dissent.subject.replace("_", " ").capitalize()


def seat_people(seat: str, dissent: Dissent, today: dt.date) -> str:
    """Names of those in a seat, for showing; empty when nobody is."""
    match seat:
        case "capacity:dissenter":
            return dissent.attendance.name
        case "capacity:chair":
            return dissent.conference.chair.user.name
        case _ if seat.startswith("slot:"):
            key = seat.removeprefix("slot:")
            read = getattr(dissent, "posts", None)
            held = (
                holders_of(dissent.partnership_id, key, today) if read is None else in_post(read, key, today)
            )
            return held[0].membership.user.name if held else ""
        case _:
            return ""


def seat_title(seat: str, area: protocols.AreaProtocol) -> str:
    """A seat in words, beginning with a capital: "Head of Safeguarding and Review", "The dissenter"."""
    words = seat_words(area, seat)
    words = words.removeprefix("the ") if seat.startswith("slot:") else words
    return words[:1].upper() + words[1:]


def holder_words(seat: str, dissent: Dissent, area: protocols.AreaProtocol, today: dt.date) -> str:
    """Who holds it: name and post. An empty post is said, not hidden."""
    name = seat_people(seat, dissent, today)
    if seat == "capacity:dissenter":
        return f"{name}, {dissent.agency.name},"
    if seat == "capacity:chair":
        return f"{name}, {area.word('chair')},"
    title = seat_title(seat, area)
    return f"{name}, {title}," if name else f"{title} (nobody fills this post now)"


# --- clocks -------------------------------------------------------------------------------------------------------


def left_words(running: RunningClock) -> str:
    """3 working days left, 5 days left, 12 hours left, 2 working days overdue; nothing without a number."""
    progress = running.progress
    if progress.of is None or running.due.due_at is None:
        return ""
    over = max(1, progress.day - progress.of) if progress.late else 0
    left = -over if progress.late else (progress.left or 0)
    match progress.unit:
        case "working_days":
            return working_days_left(left)
        case "clock_hours":
            return "The time is over" if progress.late else f"{plural(left, 'hour')} left"
        case _ if left == 0:
            return "Due today"
        case _:
            return f"{plural(abs(left), 'day')} {'overdue' if left < 0 else 'left'}"


def due_words(running: RunningClock) -> str:
    """The day, or, for a limit in hours, the moment."""
    at = running.deadline.due_at
    if at is None:
        return ""
    return day_time(at) if running.due.unit == "clock_hours" else day_date(at)


def _strip(running: RunningClock, today: dt.date) -> list[Shown]:
    days = running.due.counted
    if not 1 < len(days) <= 15:
        return []
    strip = []
    for day in days:
        state = "past" if day < today else "today" if day == today else ""
        if day == days[-1]:
            state = f"{state} {'over' if running.progress.late else 'due'}".strip()
            state = state.replace("past ", "")
        strip.append({"letter": f"{day:%a}"[0], "number": day.day, "state": state})
    return strip


STATE_LABELS = {
    "decide": "Decision due by", "hold": "Hold it by", "send": "Send it by", "tell": "Tell by", "raise": "Raise by",
    "resolve": "Settle by", "acknowledge": "Acknowledge by", "record": "Record by",
}  # fmt: skip


def clock_view(running: RunningClock, now: dt.datetime, ident: str = "") -> Shown:
    """A clock for components/clock.html, with the sentences of how it was worked out in `explain`."""
    deadline, progress = running.deadline, running.progress
    due = due_words(running)
    state = ""
    if not running.is_open:
        late = deadline.breached_at is not None
        state = "met"
        words = (
            "No longer needed" if deadline.state == "cancelled" else "Done late" if late else "Done in time"
        )
        if deadline.due_at is None and deadline.state == "met":
            words = "Done"
    elif deadline.due_at is None:
        words = "As soon as possible"
    else:
        words = left_words(running)
        state = "late" if progress.late else "soon" if (progress.left or 0) <= 2 else ""
    return {
        "title": deadline.label,
        "ident": ident or f"clock-{deadline.clock_id.replace('_', '-')}",
        "words": words,
        "label": STATE_LABELS.get(deadline.purpose, "Due by"),
        "due": due,
        "state": state,
        "detail": progress.sentence
        if running.is_open
        else (f"{deadline.label}: {day_time(deadline.ended_at)}."),
        "days": _strip(running, now.astimezone(LONDON).date()) if running.is_open else [],
        "rule": deadline.rule,
        "text": running.clock.text,
        "basis": running.clock.basis,
        "explain": running.due.explanation(),
        "open": running.is_open,
        "strength": deadline.strength,
    }


def open_clock(clocks: Iterable[RunningClock], *purposes: str, holder: str = "") -> RunningClock | None:
    """The running clock that matters first: dated before undated, earliest first."""
    for running in clocks:
        fits = running.deadline.purpose in purposes and (not holder or running.deadline.holder == holder)
        if running.is_open and fits:
            return running
    return None


def cautious_date(
    clock: protocols.Clock, facts: Mapping[str, dt.datetime], calendar: Calendar
) -> dt.date | None:
    """The earlier date that a second reading of the rule gives (CAM-14): shown as the cautious one."""
    anchor = facts.get(clock.cautious_after) if clock.cautious_after else None
    try:
        return calendar.due(clock, anchor).day if anchor else None
    except CalendarHorizon:
        return None


# --- where it stands ----------------------------------------------------------------------------------------------


def _day(moment: dt.datetime | None) -> str:
    return short_date(moment)[4:] if moment else ""


def _now_words(running: RunningClock | None) -> str:
    if running is None or running.deadline.due_at is None:
        return "Now"
    return f"Now, due {_day(running.deadline.due_at)}"


def tracker_steps(
    dissent: Dissent, area: protocols.AreaProtocol, clocks: Iterable[RunningClock]
) -> list[Shown]:
    """The fixed steps of this protocol, at most five: {label, words, state} for components/tracker.html."""
    clocks = list(clocks)
    state = S(dissent.state)
    ended = {
        S.WITHDRAWN: ("Withdrawn", dissent.withdrawn_at),
        S.NOT_PURSUED: ("Closed as not pursued", dissent.closed_at),
    }.get(state)
    steps: list[tuple[str, dt.datetime | None, bool, str]] = [
        ("Recorded", dissent.recorded_at, state == S.RECORDED, "Now: the conference goes on")
    ]
    if area.review is None:
        steps.append(
            (
                "Your choice" if area.dissent.modes else "Raised",
                dissent.challenge_chosen_at,
                not dissent.challenge_choice,
                "Now, no fixed limit",
            )
        )
        steps.append(
            ("With the chair and the managers", None, dissent.challenge_choice == "challenge", "Now")
        )
    else:
        view = getattr(dissent, "written_view", None)
        if area.dissent.written_view is not None:
            waiting = state == S.AWAITING_VIEW
            words = _now_words(open_clock(clocks, "send"))
            skipped = dissent.without_view_reason and view is None
            steps.append(
                (
                    "Not sent" if skipped else "Written view",
                    view.received_at if view else None,
                    waiting,
                    words,
                )
            )
        deciding = open_clock(clocks, "decide")
        answers = {a.tier: a for a in dissent.answers.all()}
        for number, tier in enumerate(area.review.tiers):
            answer = answers.get(tier.id)
            here = state == (S.UNDER_REVIEW if number == 0 else S.SECOND_TIER)
            if number and state in (S.DECIDED, S.CLOSED) and answer is None:
                continue
            label = "Review" if len(area.review.tiers) == 1 else _short(tier, area)
            steps.append((label, answer.decided_at if answer else None, here, _now_words(deciding)))
        steps.append(
            ("Told and filed", dissent.closed_at if state == S.CLOSED else None, state == S.DECIDED, "Now")
        )
    if ended:
        kept = [_step(label, at, False, "") for label, at, _, _ in steps if at is not None]
        return [*kept[:4], {"label": ended[0], "words": _day(ended[1]), "state": "now"}]
    return [_step(*step) for step in steps][:5]


def _short(tier: protocols.Tier, area: protocols.AreaProtocol) -> str:
    return area.word("second_tier" if "slot:second_tier" in tier.by else "reviewer")


def _step(label: str, at: dt.datetime | None, now: bool, words: str) -> Shown:
    if at is not None and not now:
        return {"label": label, "words": _day(at), "state": "done"}
    if now:
        return {"label": label, "words": words, "state": "now"}
    done = label == "Not sent"
    return {
        "label": label,
        "words": "Reviewed on the record" if done else "Not yet",
        "state": "done" if done else "",
    }


def _link(name: str, dissent: Dissent, label: str, *args: object) -> Shown:
    return {"href": reverse(name, args=[dissent.case.reference, *args]), "label": label}


@dataclass(frozen=True, slots=True)
class Looking:
    """Who looks at a dissent: what they are in it."""

    dissenter: bool
    reviewer: bool  # fills a post that reviews here, at any tier
    chair: bool  # or the minute taker, for the chair
    admin: bool

    @property
    def evidence(self) -> bool:
        """Whether the work of the review is for these eyes."""
        return self.reviewer


def looking(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> Looking:
    return Looking(
        dissenter=permissions.is_dissenter(actor, dissent),
        reviewer=permissions.is_reviewer(actor, dissent, area),
        chair=is_recorder(actor, dissent.conference),
        admin=actor.role == Role.PARTNERSHIP_ADMIN and actor.partnership_id == dissent.partnership_id,
    )


NOTHING = "You do not need to do anything now."


def next_step(
    dissent: Dissent,
    area: protocols.AreaProtocol,
    clocks: Iterable[RunningClock],
    actor: Actor,
    now: dt.datetime,
) -> Shown:
    """What happens next, for components/next_panel.html: {holder, does, by, left, yours, action}."""
    clocks, who = list(clocks), looking(actor, dissent, area)
    today = london_date(now)
    match S(dissent.state):
        case S.RECORDED:
            step = _next_recorded(dissent, area, who, today)
        case S.AWAITING_VIEW:
            step = _next_view(dissent, area, who, clocks, today)
        case S.UNDER_REVIEW | S.SECOND_TIER:
            step = _next_review(dissent, area, who, clocks, actor, today)
        case S.DECIDED:
            step = _next_decided(dissent, area, who, clocks, actor, today)
        case S.ON_LADDER:
            step = _next_ladder(dissent, area, who, actor, today)
        case _:
            step = _next_final(dissent)
    if dissent.state not in FINAL and not step.get("action") and not step.get("yours"):
        step["yours"] = f"{NOTHING} {area.meanwhile.text}"
    return {"holder": "", "does": "", "by": "", "left": "", "yours": "", "action": None, **step}


def _timed(running: RunningClock | None) -> Shown:
    if running is None:
        return {}
    if running.deadline.due_at is None:
        return {"left": ""}
    return {"by": due_words(running), "left": left_words(running)}


def _next_recorded(dissent: Dissent, area: protocols.AreaProtocol, who: Looking, today: dt.date) -> Shown:
    then = "the review begins"
    if area.dissent.written_view is not None:
        then = "the written view is asked for"
    elif area.review is None:
        then = "the dissenter chooses whether to challenge"
    step: Shown = {
        "holder": holder_words("capacity:chair", dissent, area, today),
        "does": f"ends the {area.word('conference_short')}; then {then}",
    }
    if who.chair and dissent.conference.state != ConferenceState.ENDED:
        href = reverse("conference-end", args=[dissent.conference.reference])
        step["action"] = {"href": href, "label": f"End the {area.word('conference_short')}"}
    return step


def _next_view(
    dissent: Dissent, area: protocols.AreaProtocol, who: Looking, clocks: list[RunningClock], today: dt.date
) -> Shown:
    rules = area.dissent.written_view
    to = seat_title(rules.to, area) if rules else ""
    name = seat_people(rules.to, dissent, today) if rules else ""
    sent_to = f"{name}, {to}" if name else to
    timed = _timed(open_clock(clocks, "send"))
    if who.dissenter:
        return {
            "holder": "You",
            "does": f"send your written view to {sent_to}",
            **timed,
            "yours": area.meanwhile.text,
            "action": _link("written-view", dissent, "Write your view"),
        }
    step: Shown = {
        "holder": holder_words("capacity:dissenter", dissent, area, today),
        "does": f"sends the written view to {sent_to}",
        **timed,
    }
    if who.reviewer:
        reminded = f" You reminded them on {day_time(dissent.reminded_at)}." if dissent.reminded_at else ""
        step["yours"] = (
            "The time for your decision starts when the written view is received. If it came another way, enter it. "
            f"If it does not come, remind them first.{reminded}"
        )
        if permissions.has_account(dissent):
            step["action"] = _link("remind", dissent, "Remind the dissenter")
        else:
            step["action"] = _link("written-view", dissent, "Enter the written view")
    return step


def _next_review(
    dissent: Dissent,
    area: protocols.AreaProtocol,
    who: Looking,
    clocks: list[RunningClock],
    actor: Actor,
    today: dt.date,
) -> Shown:
    tier = policies.current_tier(dissent, area)
    seat = tier.by[0] if tier else "slot:reviewer"
    timed = _timed(open_clock(clocks, "decide"))
    second = dissent.state == S.SECOND_TIER
    what = "whether the conference meets again" if second else "the dissent"
    if tier and actor.holds(*tier.by):
        return {
            "holder": "You",
            "does": f"decide {what}",
            **timed,
            "yours": area.meanwhile.text,
            "action": _link("review", dissent, "Open the review"),
        }
    does = (
        "has the dissent, which was upheld, and decides what follows"
        if second
        else "has the dissent and decides it"
    )
    return {"holder": holder_words(seat, dissent, area, today), "does": does, **timed}


def _next_decided(
    dissent: Dissent,
    area: protocols.AreaProtocol,
    who: Looking,
    clocks: list[RunningClock],
    actor: Actor,
    today: dt.date,
) -> Shown:
    holding = open_clock(clocks, "hold")
    last = list(dissent.answers.all())[-1]
    outcome = area.outcome(last.outcome)
    label = outcome.label if outcome else last.outcome
    booked = _booked(last)
    seat = holding.deadline.holder if holding else dissent.case.held_by
    step: Shown = {"holder": holder_words(seat or "slot:reviewer", dissent, area, today)}
    if holding or (outcome and outcome.book and booked is None):
        step["does"] = "sees that the conference is held" if booked else "books the conference"
        step |= _timed(holding)
    else:
        step["does"] = "records who was told and where it was filed, and closes the dissent"
    step["yours"] = f"Decided on {day_date(last.decided_at)}: {label}."
    first = next(
        (duty for duty in duties_open(dissent, area, actor) if not duty["done"] and duty["action"]), None
    )
    if first:
        step["action"] = first["action"]
    elif allowed(permissions.check_close, actor, dissent, area):
        step["action"] = _link("close", dissent, "Close the dissent")
    if who.dissenter:
        routes = _unresolved(dissent, area, last)
        step["yours"] += f" {routes}" if routes else ""
    return step


def _unresolved(dissent: Dissent, area: protocols.AreaProtocol, last: Answer) -> str:
    for after in area.dissent.if_unresolved:
        if not after.after_outcomes or last.outcome in after.after_outcomes:
            return f"If this does not settle it: {after.text}"
    return ""


def if_unresolved(dissent: Dissent, area: protocols.AreaProtocol) -> Shown | None:
    """What the dissenter may do next: {text, rule, basis, routes: [{label, text, rule}]}; before an answer, the first."""
    answers = list(dissent.answers.all())
    for after in area.dissent.if_unresolved:
        if not answers or not after.after_outcomes or answers[-1].outcome in after.after_outcomes:
            routes = [route for name in after.routes if (route := area.route(name))]
            return {
                "text": after.text,
                "rule": after.rule,
                "basis": after.basis,
                "routes": [{"label": r.label, "text": r.text, "rule": r.rule} for r in routes],
            }
    return None


def _next_ladder(
    dissent: Dissent, area: protocols.AreaProtocol, who: Looking, actor: Actor, today: dt.date
) -> Shown:
    mode = next((m for m in area.dissent.modes if m.id == dissent.challenge_choice), None)
    if mode is None:
        mine = allowed(permissions.check_choose_challenge, actor, dissent, area)
        return {
            "holder": "You" if who.dissenter else holder_words("capacity:dissenter", dissent, area, today),
            "does": "decide whether to challenge it. There is no fixed limit"
            if who.dissenter
            else "decides whether to challenge it. There is no fixed limit",
            "yours": area.meanwhile.text,
            "action": _link("challenge-choice", dissent, "Make the choice") if mine else None,
        }
    seat = mode.held_by or "capacity:dissenter"
    does = (
        "has heard the challenge and talks it through first"
        if mode.id == "challenge"
        else "has had the view noted"
    )
    you = (who.dissenter and seat == "capacity:dissenter") or (who.chair and seat == "capacity:chair")
    if you:
        does = "talk the challenge through with the dissenter first" if who.chair else "had your view noted"
    return {
        "holder": "You" if you else holder_words(seat, dissent, area, today),
        "does": does,
        "yours": f"{mode.text} {area.meanwhile.text}",
        "action": _link("challenge-choice", dissent, "Change the choice")
        if who.dissenter and mode.may_become
        else None,
    }


def _next_final(dissent: Dissent) -> Shown:
    at = dissent.withdrawn_at or dissent.closed_at
    words = {
        S.CLOSED: "Everyone was told, and the dissent was closed on",
        S.NOT_PURSUED: "The written view did not come, and the dissent was closed on",
        S.WITHDRAWN: "The dissent was withdrawn on",
    }[S(dissent.state)]
    yours = "What was recorded stays on record."
    if dissent.state == S.NOT_PURSUED:
        yours = f"This is no decision on it. {yours}"
    return {"does": f"{words} {day_date(at)}", "yours": yours}


# --- the answer, duties and tasks ---------------------------------------------------------------------------------


def _booked(answer: Answer) -> FollowUp | None:
    return next((f for f in answer.follow_ups.all() if f.conference.state != ConferenceState.CANCELLED), None)


def answer_view(dissent: Dissent, area: protocols.AreaProtocol, actor: Actor) -> list[Shown]:
    """Each tier's answer. The chair and the admin see what was decided, not the reasons; nobody but the reviewing
    posts sees why it was late, unread or without a conversation."""
    who = looking(actor, dissent, area)
    return [_answer(answer, dissent, area, who) for answer in dissent.answers.all()]


def _answer(answer: Answer, dissent: Dissent, area: protocols.AreaProtocol, who: Looking) -> Shown:
    tier = area.tier(answer.tier)
    outcome = tier.outcome(answer.outcome) if tier else None
    full = who.reviewer or who.dissenter
    initials = {dc.pk: dc.conference_child.child.initials for dc in dissent.dissent_children.all()}
    parts = {p.id: p.label for p in tier.parts} if tier else {}
    different = ""
    if answer.different_chair is not None:
        different = "Yes" if answer.different_chair else "No"
        different += f": {answer.different_chair_reason}" if answer.different_chair_reason and full else ""
    booked = _booked(answer)
    own = [
        ("Decided without a conversation", answer.no_contact_reason),
        ("Decided with materials not ticked as read", answer.unread_reason),
        ("Why it is late", answer.late_reason),
    ]
    return {
        "title": tier.label if tier else answer.tier,
        "outcome": outcome.label if outcome else answer.outcome,
        "text": outcome.text if outcome else "",
        "rule": outcome.rule if outcome else "",
        "by": _signed(answer),
        "at": answer.decided_at,
        "reasons": answer.reasons if full else "",
        "per_child": [
            {"child": initials.get(row.dissent_child_id, ""), "text": row.text}
            for row in answer.answer_children.all()
        ]
        if full
        else [],
        "parts": [{"label": label, "text": answer.parts.get(key, "")} for key, label in parts.items()]
        if full
        else [],
        "new_information": answer.new_information if full else "",
        "different_chair": different,
        "own": [{"label": label, "text": text} for label, text in own if text] if who.reviewer else [],
        "follow_up": {
            "reference": booked.conference.reference,
            "at": booked.conference.starts_at,
            "chair": booked.conference.chair.user.name,
            "state": booked.conference.get_state_display(),
        }
        if booked
        else None,
    }


def _signed(answer: Answer) -> str:
    name = answer.decided_by.user.name
    return f"{name}, for {answer.acting_for.user.name}" if answer.acting_for else name


def duties_open(dissent: Dissent, area: protocols.AreaProtocol, actor: Actor) -> list[Shown]:
    """What is to be done after the answer, done or not: {label, by, rule, done, words, blocks, action}.

    `action` only for those who may do it; `blocks`: the dissent cannot be closed before it is done.
    """
    if dissent.state not in (S.SECOND_TIER, S.DECIDED, S.CLOSED):
        return []
    may = allowed(permissions.check_discharge, actor, dissent, area)
    return [
        *_conference_duty(dissent, area, actor),
        *_telling_duties(dissent, area, may),
        *_filing_duties(dissent, area, may),
    ]


def _conference_duty(dissent: Dissent, area: protocols.AreaProtocol, actor: Actor) -> list[Shown]:
    last = list(dissent.answers.all())[-1]
    outcome = area.outcome(last.outcome)
    if outcome is None or not outcome.book:
        return []
    booked = _booked(last)
    kind = "Early review conference" if outcome.book == "early_review" else "Reconvened conference"
    may = (
        dissent.state == S.DECIDED
        and booked is None
        and allowed(permissions.check_follow_up, actor, dissent, area)
    )
    words = "not booked yet"
    if booked:
        held = booked.conference.state == ConferenceState.ENDED
        words = f"{booked.conference.reference}, {'held' if held else 'booked for'} {day_time(booked.conference.starts_at)}"
    return [
        {
            "label": f"{kind} {'booked' if booked else 'to be booked'}",
            "by": "the reviewing manager or the chair",
            "rule": outcome.rule,
            "done": booked is not None,
            "words": words,
            "blocks": True,
            "action": _link("follow-up", dissent, "Book the conference") if may else None,
        }
    ]


def _telling_duties(dissent: Dissent, area: protocols.AreaProtocol, may: bool) -> list[Shown]:
    done = {t.tell_id: t for t in dissent.case.tellings.all()}
    rows = []
    for tell in policies.tellings_due(dissent, area):
        row = done.get(tell.id)
        who = seat_words(area, tell.who)
        words = "not recorded yet"
        if row:
            words = f"told {day_time(row.told_at)}, {row.how}" if row.told_at else "withheld, with the reason"
        rows.append(
            {
                "label": f"Tell {who}: {tell.what[:1].lower()}{tell.what[1:].rstrip('.')}",
                "by": seat_words(area, tell.by) if tell.by else "",
                "rule": tell.rule,
                "done": row is not None,
                "words": words,
                "blocks": tell.before_close,
                "action": _link("told", dissent, f"Record that {who} {_was(who)} told", tell.id)
                if may and row is None
                else None,
            }
        )
    return rows


def _was(who: str) -> str:
    return "were" if who in (CAPACITY_WORDS["parents"], CAPACITY_WORDS["agencies"]) else "was"


def _filing_duties(dissent: Dissent, area: protocols.AreaProtocol, may: bool) -> list[Shown]:
    duties = [d for d in area.duties if d.done == "filed_on_record"]
    if not duties:
        return []
    filed = {f.child_id: f for f in dissent.case.filings.all()}
    rows = []
    for duty in duties:
        for row in dissent.dissent_children.all():
            child = row.conference_child.child
            filing = filed.get(child.pk)
            rows.append(
                {
                    "label": f"{duty.label}: {child.initials}",
                    "by": seat_words(area, duty.holder),
                    "rule": duty.rule,
                    "done": filing is not None,
                    "words": f"filed {day_date(filing.filed_on)}" if filing else "not recorded yet",
                    "blocks": duty.before_close == "block",
                    "action": _link("filed", dissent, f"Record the filing for {child.initials}", child.uuid)
                    if may and filing is None
                    else None,
                }
            )
    return rows


def tasks_open(dissent: Dissent, area: protocols.AreaProtocol, actor: Actor) -> list[Shown]:
    """What the protocol asks of the dissenter, done or not: {label, text, rule, done, words, action}."""
    done = {t.task: t for t in dissent.practitioner_tasks.all()}
    facts = facts_of(dissent.case) if area.dissent.tasks else {}
    may = permissions.is_dissenter(actor, dissent) and dissent.case.stage in OPEN
    rows = []
    for task in area.dissent.tasks:
        if task.after not in facts:
            continue
        row = done.get(task.id)
        chosen = task.id == "challenge_choice"  # has a page of its own
        finished = bool(dissent.challenge_choice) if chosen else row is not None
        words = "not done yet"
        if row:
            words = f"done on {day_date(row.done_on)}"
        elif chosen and dissent.challenge_chosen_at:
            words = f"chosen on {day_date(dissent.challenge_chosen_at)}"
        href = reverse(
            "challenge-choice" if chosen else "task-done",
            args=[dissent.case.reference] if chosen else [dissent.case.reference, task.id],
        )
        rows.append(
            {
                "label": task.label,
                "text": task.text,
                "rule": task.rule,
                "done": finished,
                "words": words,
                "action": {"href": href, "label": "Make the choice" if chosen else "Record it as done"}
                if may and not finished
                else None,
            }
        )
    return rows


def own_view(dissent: Dissent, area: protocols.AreaProtocol) -> Shown:
    """What was recorded, and the written view beside it: for the dissenter, the reviewing posts and the chair."""
    day = london_date(dissent.conference.starts_at)
    view = getattr(dissent, "written_view", None)
    marks = [
        ("Said in time, typed up later", bool(dissent.late_entry_reason), dissent.late_entry_reason),
        ("Outside the text: raised after the conference", dissent.outside_text, ""),
        ("Did not attend the conference", dissent.did_not_attend, ""),
    ]
    ground = next((g.label for g in area.dissent.grounds if g.id == dissent.ground), "")
    mode = next((m.label for m in area.dissent.modes if m.id == dissent.challenge_choice), "")
    facts = [
        ("For", dissent.agency.name if dissent.for_agency else "Themselves only"),
        ("About", ground),
        ("Professional name", "Cannot be put to this decision" if dissent.name_attribution else ""),
        (
            "Talked through with the chair",
            f"{day_time(dissent.discussed_with_chair_at)}. {dissent.discussed_note}".strip(" .")
            if dissent.discussed_with_chair_at
            else "",
        ),
        ("The parents’ understanding", dissent.parents_understanding),
        ("Challenge", mode),
        ("Reviewed without a written view", dissent.without_view_reason),
    ]
    return {
        "name": dissent.attendance.name,
        "agency": dissent.agency.name,
        "subject": subject_words(dissent, area),
        "children": [
            {
                "child": child_view(row.conference_child.child, day),
                "decision": decision_words(row.conference_child, area),
                "says": direction_words(row.direction, area),
            }
            for row in dissent.dissent_children.all()
        ],
        "recorded": {
            "caption": f"Said {day_time(dissent.expressed_at)}, recorded by {dissent.recorded_by.user.name}"
            + (f" {day_time(dissent.recorded_at)}" if dissent.recorded_at != dissent.expressed_at else ""),
            "text": dissent.reasons or "No reasons were written down at the time.",
            "outcome_sought": dissent.outcome_sought,
        },
        "written": {
            "caption": f"Written view, received {day_time(view.received_at)}"
            f"{', late' if view.late else ', in time' if area.dissent.written_view else ''}"
            + (
                ""
                if view.how == "form"
                else f" ({view.get_how_display().lower()}, entered by {view.recorded_by.user.name})"
            ),
            "text": view.text,
            "outcome_sought": view.outcome_sought,
            "lead": view.discussed_with_lead_on,
        }
        if view
        else None,
        "facts": [{"label": label, "value": value, "typed": True} for label, value in facts if value],
        "marks": [{"label": label, "text": text} for label, on, text in marks if on],
        "withdrawn": {"at": dissent.withdrawn_at, "reason": dissent.withdrawn_reason}
        if dissent.withdrawn_at
        else None,
    }


def what_practitioner_sees(dissent: Dissent, area: protocols.AreaProtocol, actor: Actor) -> Shown:
    """All that a dissenter is shown: their own record, view, additions, answers, tasks and way on; no one else's."""
    return {
        "own": own_view(dissent, area),
        "answers": answer_view(dissent, area, actor),
        "additions": list(dissent.additions.all()),
        "asks": [a for a in dissent.asks.all() if a.seat == "capacity:dissenter"],
        "tasks": tasks_open(dissent, area, actor),
        "unresolved": if_unresolved(dissent, area),
        "stands": area.meanwhile.text,
    }


def case_actions(dissent: Dissent, area: protocols.AreaProtocol, actor: Actor) -> list[Shown]:
    """Everything that this person may do to this dissent now, as links."""
    who = looking(actor, dissent, area)
    mine = "your" if who.dissenter else "the"
    possible = [
        ("written-view", f"{'Write' if who.dissenter else 'Enter'} {mine} written view", permissions.check_send_written_view),
        ("remind", "Remind of the written view", permissions.check_remind),
        ("review-without-view", "Review without the written view", permissions.check_proceed_without_view),
        ("not-pursued", "Close as not pursued", permissions.check_close_as_not_pursued),
        ("review", "Open the review", permissions.check_review),
        ("add-information", "Add information", permissions.check_add_information),
        ("challenge-choice", "Choose whether to challenge", permissions.check_choose_challenge),
        ("follow-up", "Book the conference", _check_unbooked),
        ("close", "Close the dissent", permissions.check_close),
        ("withdraw", f"Withdraw {mine} dissent", permissions.check_withdraw),
    ]  # fmt: skip
    actions = [
        _link(name, dissent, label) for name, label, check in possible if allowed(check, actor, dissent, area)
    ]
    if allowed(permissions.check_pass_on, actor, dissent, area):
        actions.append(_link("pass-on", dissent, "Pass it on"))
    return actions


def _check_unbooked(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    permissions.check_follow_up(actor, dissent, area)
    policies.check_unbooked(dissent)


# --- the live conference ------------------------------------------------------------------------------------------


def people_in_room(conference: Conference) -> list[Attendance]:
    """Everyone on the list, with their views and what they have dissented from, in one query: professionals first."""
    rows = (
        Attendance.objects.filter(conference=conference)
        .select_related("agency")
        .annotate(
            dissent_count=Count("dissents", distinct=True),
            asking=Exists(
                MissingEntryRequest.objects.filter(attendance=OuterRef("pk"), answered_at__isnull=True)
            ),
            seen=ArraySubquery(
                View.objects.filter(attendance=OuterRef("pk")).values(
                    json=JSONObject(
                        child="conference_child_id",
                        phase="phase",
                        choice="choice",
                        reasons="reasons",
                        changed="change_reason",
                    )
                )
            ),
            dissented=ArraySubquery(
                DissentChild.objects.filter(dissent__attendance=OuterRef("pk"))
                .exclude(dissent__state=S.WITHDRAWN)
                .order_by("dissent__expressed_at")
                .values(
                    json=JSONObject(
                        child="conference_child_id",
                        at="dissent__expressed_at",
                        reference="dissent__case__reference",
                    )
                )
            ),
        )
    )
    return sorted(rows, key=lambda a: (a.side == Side.FAMILY, str(a.agency or ""), a.name))


def room(
    people: Iterable[Attendance],
    conference: Conference,
    children: list[ConferenceChild],
    area: protocols.AreaProtocol,
    chosen: Attendance | None,
) -> Shown:
    """The people of a conference beside the dissent form: those who can dissent here, and those who cannot, and why."""
    listed, cannot, family = [], [], []
    for person in people:
        if person.side == Side.FAMILY:
            family.append(person.name)
        elif _refused(person, area) and not person.dissented:  # type: ignore[attr-defined]
            cannot.append(f"{person.name}, {person.agency} ({person.get_presence_display().lower()})")
        else:
            listed.append(_person(person, conference, children, area, chosen))
    relatives = next((r for r in area.dissent.refused_people if r.id == "family"), None)
    route = area.route(relatives.route) if relatives and relatives.route else None
    return {
        "people": listed,
        "cannot": cannot,
        "cannot_rule": area.dissent.attendance.rule,
        "family": family,
        "family_words": relatives.reason if relatives else "",
        "family_rule": relatives.rule if relatives else "",
        "family_route": route.label if route else "",
    }


def _refused(person: Attendance, area: protocols.AreaProtocol) -> bool:
    rules = area.dissent.attendance
    return rules.mode == "required" and person.presence not in rules.accepts


def _person(
    person: Any,
    conference: Conference,
    children: list[ConferenceChild],
    area: protocols.AreaProtocol,
    chosen: Attendance | None,
) -> Shown:
    phase = area.conference.view_phases[-1]
    seen = {view["child"]: view["choice"] for view in person.seen if view["phase"] == phase}
    views = [f"{child.child.initials} {CHOICES[seen.get(child.pk, '')].lower()}" for child in children]
    covered = {row["child"] for row in person.dissented}
    absent = "" if person.presence in PRESENT else f" ({person.get_presence_display().lower()})"
    current = chosen is not None and chosen.pk == person.pk
    tag = None
    if current:
        tag = {"word": "Recording", "colour": "blue"}
    elif person.dissented:
        at = dt.datetime.fromisoformat(person.dissented[-1]["at"])
        tag = {"word": f"Recorded {clock_time(at)}", "colour": "teal"}
    more = not covered.issuperset({child.pk for child in children})
    base = reverse("conference-dissent", args=[conference.reference])
    return {
        "name": person.name,
        "meta": f"{person.job_title + ', ' if person.job_title else ''}{person.agency}{absent}",
        "view": ", ".join(views),
        "current": current,
        "tag": tag,
        "action": {"href": f"{base}?person={person.uuid}", "label": "Dissent"}
        if more and not current
        else None,
    }


CHOICES = {
    "": "Not stated",
    ViewChoice.MET: "Met",
    ViewChoice.NOT_MET: "Not met",
    ViewChoice.NONE: "No view given",
}


def window_words(
    conference: Conference, area: protocols.AreaProtocol, calendar: Calendar, you: bool
) -> Shown:
    """Until when a dissent can be made here, in words, with its rule."""
    window = area.dissent.window
    who = "You" if you else "They"
    short = area.word("conference_short")
    if not window.after:
        text = f"No limit is stated here: a dissent can be made in the {short} and after it."
    elif not window.amount:
        text = f"{who} can dissent until the {short} ends."
        if conference.ended_at:
            text = (
                f"The {short} ended on {day_time(conference.ended_at)}. Only what was said before then counts: "
                "enter when it was said, and why it is typed up now."
            )
    elif conference.ended_at:
        closes = closing(window, {window.after: conference.ended_at}, calendar)
        text = f"{who} can dissent until {day_time(closes)} ({in_words(window.amount, window.unit)}, weekends count)."
    else:
        text = f"{who} can dissent until {in_words(window.amount, window.unit)} after the {short} ends."
    later = window.later_entry
    return {
        "text": text,
        "rule": window.rule,
        "basis": window.basis,
        "later": later.mark if later and not you else "",
    }


def on_ending(
    conference: Conference,
    area: protocols.AreaProtocol,
    calendar: Calendar,
    names: list[str],
    now: dt.datetime,
) -> list[Shown]:
    """What follows when the conference ends with dissents in it: who is told, and by when; each with its rule.

    Dates are counted from now, as if it ended now, or from when it ended.
    """
    today = london_date(now)
    who = _named(names) if names else "Whoever dissents"
    ended_at = conference.ended_at or now
    lines: list[Shown] = []
    for tell in area.tells:
        if tell.how != "notice" or tell.when not in STARTING:
            continue
        when = "straight away" if tell.when == "conference_ended" else "as soon as a dissent is recorded"
        name = _seat_name(tell.who, conference, today)
        lines.append({"text": f"{name or seat_title(tell.who, area)} is told {when}", "rule": tell.rule})
    events = dict.fromkeys(STARTING, ended_at)
    try:
        results = clocks_for(area, Given(events), calendar)
    except CalendarHorizon:
        results = ()
    for found in results:
        if found.clock.purpose not in ("send", "decide") or found.due_at is None:
            continue
        text = (
            f"{found.clock.label}: {who}, by"
            if found.clock.holder == "capacity:dissenter"
            else f"{found.label}: by"
        )
        lines.append({"text": text, "date": day_date(found.due_at), "rule": found.rule})
    for clock in area.clocks:
        if clock.after == "rationale_received" and clock.purpose == "decide":
            amount = in_words(clock.amount, clock.unit)
            lines.append(
                {
                    "text": f"{clock.label}: {amount} from when the written view is received",
                    "rule": clock.rule,
                }
            )
    if area.review is None:
        lines.append(
            {
                "text": f"{who}: choose whether to challenge; there is no fixed limit",
                "rule": area.dissent.rule,
            }
        )
    return lines


STARTING = (
    "conference_ended",
    "dissent_expressed",
    "dissent_recorded",
    "dissent_acknowledged",
    "reviewer_notified",
)


def _seat_name(seat: str, conference: Conference, today: dt.date) -> str:
    if seat == "capacity:chair":
        return f"{conference.chair.user.name}, the chair,"
    if seat == "line_manager:capacity:chair":
        manager = conference.chair.line_manager
        return f"{manager.user.name}, the chair’s line manager," if manager else ""
    held = (
        holders_of(conference.partnership_id, seat.removeprefix("slot:"), today)
        if seat.startswith("slot:")
        else []
    )
    return f"{held[0].membership.user.name}, {held[0].slot.title}," if held else ""


def _named(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


# --- the review ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Work:
    """What was seen, said and asked in the review of one dissent."""

    review: Review
    seen: dict[str, Shown]
    talks: list[Shown]
    asks: list[Shown]

    def talks_with(self, dissent: Dissent) -> list[Shown]:
        """Conversations with this dissenter, and attempts, since the dissent was expressed."""
        return [t for t in self.talks if t["dissent"] == dissent.pk and t["at"] > dissent.expressed_at]


def _moments(rows: Iterable[Shown], *names: str) -> list[Shown]:
    return [
        row | {name: dt.datetime.fromisoformat(row[name]) if row[name] else None for name in names}
        for row in rows
    ]


def work_of(dissent: Dissent, tier_id: str) -> Work | None:
    """The review that a dissent is in at a tier, with its work, in one query."""
    here = OuterRef("review_id")
    item: Any = (
        ReviewItem.objects.filter(dissent=dissent, tier=tier_id, removed_at__isnull=True)
        .select_related("review__conflict_override_by__user")
        .annotate(
            seen=ArraySubquery(
                MaterialSeen.objects.filter(review=here).values(
                    json=JSONObject(material="material", at="seen_at", by="seen_by__user__name")
                )
            ),
            talks=ArraySubquery(
                Conversation.objects.filter(review=here)
                .order_by("-happened_at")
                .values(
                    json=JSONObject(
                        dissent="dissent_id", who="with_whom", at="happened_at", how="how", reached="reached",
                        note="note", by="recorded_by__user__name",
                    )
                )
            ),
            asked=ArraySubquery(
                Ask.objects.filter(review=here)
                .order_by("-asked_at")
                .values(
                    json=JSONObject(
                        uuid="uuid", dissent="dissent_id", ask="ask_id", question="question", asked_at="asked_at",
                        reply="reply", replied_at="replied_at", by="replied_by__user__name",
                    )
                )
            ),
        )
        .first()
    )  # fmt: skip
    if item is None:
        return None
    return Work(
        review=item.review,
        seen={row["material"]: row for row in _moments(item.seen, "at")},
        talks=_moments(item.talks, "at"),
        asks=[
            row
            for row in _moments(item.asked, "asked_at", "replied_at")
            if row["dissent"] in (dissent.pk, None)
        ],
    )


def other_dissents(others: Iterable[Dissent], items: Iterable[ReviewItem], work: Work | None) -> list[Shown]:
    """The other dissents of the same conference, for the reviewer: together with this one, or apart."""
    together = {item.dissent_id for item in items if work and item.review_id == work.review.pk}
    return [
        {
            "href": reverse("case", args=[row.case.reference]),
            "reference": row.case.reference,
            "who": f"{row.attendance.name}, {row.agency.name}",
            "status": row.case.get_stage_display(),
            "outcome": row.case.outcome_label,
            "together": row.pk in together,
        }
        for row in others
    ]


def views_table(
    people: Iterable[Any], children: list[ConferenceChild], area: protocols.AreaProtocol
) -> Shown:
    """Views on the threshold: one row for each professional, one column for each child and phase, all the same size."""
    phases = area.conference.view_phases
    columns = [
        {"child": child.child.initials, "phase": phase if len(phases) > 1 else ""}
        for child in children
        for phase in phases
    ]
    rows, reasons = [], []
    for person in people:
        if person.side == Side.FAMILY:
            continue
        seen = {(view["child"], view["phase"]): view for view in person.seen}
        given = [(child, seen.get((child.pk, phase))) for child in children for phase in phases]
        rows.append(
            {
                "agency": str(person.agency),
                "name": person.name,
                "title": person.job_title,
                "absent": "" if person.presence in PRESENT else person.get_presence_display(),
                "cells": [
                    {
                        "text": CHOICES[view["choice"] if view else ""],
                        "strong": view is not None and view["choice"] == "met",
                    }
                    for _, view in given
                ],
            }
        )
        for child, view in given:
            said = view["reasons"] if view else ""
            if view and view["changed"]:
                said = f"{said} Changed since the discussion: {view['changed']}".strip()
            if said:
                reasons.append(
                    {"label": f"{person.name}, {child.child.initials}", "value": said, "typed": True}
                )
    return {"columns": columns, "rows": rows, "reasons": reasons}


def chairs_reasons(
    conference: Conference,
    children: list[ConferenceChild],
    fields: Iterable[RecordField],
    area: protocols.AreaProtocol,
) -> list[Shown]:
    """How each decision was reached, with the chair's reasons and the further parts of the record."""
    facts: list[Shown] = []
    for child in children:
        decision = getattr(child, "decision", None)
        facts.append({"label": f"{child.child.initials}: decision", "value": decision_words(child, area)})
        if decision is None:
            continue
        basis = area.conference.basis(decision.basis)
        how = basis.label if basis else decision.basis
        facts.append(
            {
                "label": f"{child.child.initials}: how it was decided",
                "value": f"{how}, {day_time(decision.decided_at)}, entered by {decision.recorded_by.user.name}",
            }
        )
        if decision.reasons:
            facts.append(
                {"label": f"{child.child.initials}: reasons", "value": decision.reasons, "typed": True}
            )
    labels = {field.id: field.label for field in area.conference.fields}
    facts += [
        {
            "label": labels.get(row.field, row.field.replace("_", " ").capitalize()),
            "value": row.text,
            "typed": True,
        }
        for row in fields
    ]
    if conference.consensus_note:
        facts.append({"label": "How consensus was tried", "value": conference.consensus_note, "typed": True})
    if conference.undecided_reason:
        facts.append(
            {"label": "Ended without every decision", "value": conference.undecided_reason, "typed": True}
        )
    return facts


def reports_of(people: Iterable[Attendance]) -> list[Shown]:
    """Who sent a report to the conference. The reports themselves are kept elsewhere."""
    return [
        {
            "text": f"{person.agency}, {person.name}",
            "done": person.report_submitted,
            "small": person.get_presence_display(),
            "done_words": "report sent",
            "open_words": "no report",
        }
        for person in people
        if person.side != Side.FAMILY
    ]


def checklist(dissent: Dissent, tier: protocols.Tier, work: Work | None) -> Shown:
    """What the protocol wants before the decision: the gate, and each piece of the materials with its tick."""
    talks = work.talks_with(dissent) if work else []
    spoken, attempts = any(t["reached"] for t in talks), sum(not t["reached"] for t in talks)
    gate = next((g for g in tier.gates if g.needs == "contact_with_dissenter"), None)
    small = "" if spoken else "This protocol does not ask for it; worth doing."
    if gate and not spoken:
        small = f"Needed before you decide. {plural(attempts, 'attempt')} recorded."
    rule = f" ({gate.rule})" if gate else ""
    seen = work.seen if work else {}
    materials = [
        {"id": m.id, "label": m.label, "rule": m.rule or tier.materials_rule, "seen": seen.get(m.id)}
        for m in tier.materials
    ]
    return {
        "gates": [{"text": f"Spoken with {dissent.attendance.name}{rule}", "done": spoken, "small": small}],
        "gate": None if spoken else gate,
        "materials": materials,
        "unseen": [str(m["label"]) for m in materials if m["seen"] is None],
    }


@dataclass(frozen=True, slots=True)
class OutcomeDate:
    """A date that an outcome brings, counted from now."""

    label: str
    due: dt.date
    amount: str
    rule: str
    purpose: str
    cautious: dt.date | None = None


def dates_of(
    outcome: protocols.Outcome,
    tier: protocols.Tier,
    area: protocols.AreaProtocol,
    calendar: Calendar,
    facts: Mapping[str, dt.datetime],
    now: dt.datetime,
) -> list[OutcomeDate]:
    """The dates that would start running if this outcome were recorded now."""
    events = {tier.decided, *outcome.happens}
    found = []
    for clock in area.clocks:
        if clock.after not in events or (clock.on_outcomes and outcome.id not in clock.on_outcomes):
            continue
        try:
            due = calendar.due(clock, now)
        except CalendarHorizon:
            continue
        if due.day is None:
            continue
        cautious = cautious_date(clock, facts, calendar)
        found.append(
            OutcomeDate(
                clock.label,
                due.day,
                in_words(clock.amount, clock.unit),
                clock.rule,
                clock.purpose,
                cautious if cautious != due.day else None,
            )
        )
    return found


def outcome_hint(outcome: protocols.Outcome, dates: Iterable[OutcomeDate]) -> str:
    """What choosing an outcome means, with its dates counted from today."""
    words = [outcome.text] if outcome.text else []
    for found in dates:
        verb = "Hold it by" if found.purpose == "hold" else f"{found.label}: by"
        words.append(f"{verb} {day_date(found.due)}, {found.amount} from today ({found.rule}).")
        if found.cautious:
            words.append(
                f"Read cautiously: by {day_date(found.cautious)}, counted from the decision before this one."
            )
    return " ".join(words)


def told_of(
    outcome: protocols.Outcome,
    tier: protocols.Tier,
    area: protocols.AreaProtocol,
    dissent: Dissent,
    today: dt.date,
) -> list[Shown]:
    """Who hears of an outcome: at once by the service, or by a person who then records it."""
    rows, named = [], set()
    for event in dict.fromkeys((tier.decided, *outcome.happens)):
        for tell in area.tells_at(event, outcome.id):
            named.add(tell.who)
            name = seat_people(tell.who, dissent, today)
            who = f"{seat_title(tell.who, area)}{f', {name}' if name else ''}"
            how = (
                "told by this service at once"
                if tell.how == "notice"
                else "you tell them, and record it here"
            )
            rows.append({"label": who, "value": f"{how} ({tell.rule})" if tell.rule else how})
    for safeguard_id, seat in (
        ("told_outcome", "capacity:dissenter"),
        ("second_notice_to_chair", "capacity:chair"),
    ):
        safeguard = area.safeguard(safeguard_id)
        if safeguard is not None and safeguard.on and seat not in named:
            rows.append(
                {
                    "label": f"{seat_title(seat, area)}, {seat_people(seat, dissent, today)}",
                    "value": "told by this service at once",
                }
            )
    return rows


# --- the pages ----------------------------------------------------------------------------------------------------


def clock_from(
    name: str, conference: Conference, area: protocols.AreaProtocol, calendar: Calendar, now: dt.datetime
) -> dt.date | None:
    """The date of one clock as if the conference ended now, or from when it ended."""
    clock = area.clock(name)
    try:
        return calendar.due(clock, conference.ended_at or now).day if clock else None
    except CalendarHorizon:
        return None


@dataclass(frozen=True, slots=True)
class Stage:
    """The dissent stage of a conference: what the form and its rail are made of."""

    live: Live
    calendar: Calendar
    extras: Extras | None
    person: Attendance | None
    you: bool
    now: dt.datetime

    @property
    def seat(self) -> Attendance:
        if self.person is None:
            raise LookupError("nobody is chosen")
        return self.person

    @property
    def hint(self) -> str:
        """What is said above the reasons: when the written view is due."""
        rules = self.live.area.dissent.written_view
        if rules is None:
            return ""
        due = clock_from(rules.clock, self.live.conference, self.live.area, self.calendar, self.now)
        who = "You send your" if self.you else "They send their"
        return f"A few sentences. {who} full written view by {day_date(due)} ({rules.rule})." if due else ""

    @property
    def already(self) -> list[Shown]:
        """What the person chosen has dissented from: said above the form, before it is filled in a second time."""
        initials = {child.pk: child.child.initials for child in self.live.children}
        rows: list[Shown] = getattr(self.person, "dissented", [])
        return [
            {
                "href": reverse("case", args=[row["reference"]]),
                "reference": row["reference"],
                "words": f"{initials[row['child']]}, said at {clock_time(dt.datetime.fromisoformat(row['at']))}",
            }
            for row in rows
        ]

    def shown(self) -> Shown:
        conference, area = self.live.conference, self.live.area
        names = [p.name for p in self.live.people if p.dissent_count or p == self.person]  # type: ignore[attr-defined]
        ticks = self.extras.ticks if self.extras else {}
        ended = conference.state == ConferenceState.ENDED
        return {
            "person": self.person,
            "already": self.already,
            "you": self.you,
            "room": room(self.live.people, conference, self.live.children, area, self.person),
            "window": window_words(conference, area, self.calendar, self.you),
            "statement": [
                {
                    "label": step.label,
                    "wording": step.wording,
                    "rule": step.rule,
                    "said": f"Read out at {clock_time(ticks[step.step])}"
                    if step.step in ticks
                    else "Not read out yet",
                }
                for step in area.conference.script
            ],
            "ending": on_ending(conference, area, self.calendar, names, self.now),
            "ended": ended,
            "means": area.dissent.means,
            "stands": area.meanwhile.text,
            "undecided": [child.child.initials for child in self.live.undecided],
            "can_note": not ended and not self.you,
            "short": area.word("conference_short"),
        }


def stage_of(
    conference: Conference, area: protocols.AreaProtocol, person: str, now: dt.datetime, *, you: bool = False
) -> Stage:
    """The dissent stage; `person` is the uuid of somebody on the list, or empty while nobody is chosen."""
    live = Live(conference, area, children_of(conference), people_in_room(conference))
    calendar = calendar_for(conference.partnership_id, area.nation)
    chosen = live.person(person) if person else None
    return Stage(live, calendar, None if you else extras_of(conference), chosen, you, now)


def ending(live: Live, now: dt.datetime) -> Shown:
    """What is missing when a conference ends, who dissented, and what follows."""
    conference, area = live.conference, live.area
    extras = extras_of(conference)
    people = list(
        Attendance.objects.filter(conference=conference).select_related("agency").prefetch_related("views")
    )
    missing = missing_from_record(conference, area, people, live.children, extras.ticks, extras.fields)
    dissents = _dissents_from(conference, area)
    names = [row["name"] for row in dissents]
    calendar = calendar_for(conference.partnership_id, area.nation)
    return {
        "missing": [{"text": text, "rule": rule} for text, rule in missing],
        "undecided": [child.child.initials for child in live.undecided],
        "dissents": dissents,
        "ending": on_ending(conference, area, calendar, names, now) if dissents else [],
        "stands": area.meanwhile.text,
        "short": area.word("conference_short"),
    }


def _dissents_from(conference: Conference, area: protocols.AreaProtocol) -> list[Shown]:
    rows = (
        Dissent.objects.filter(conference=conference)
        .exclude(state=S.WITHDRAWN)
        .select_related("case", "attendance", "agency")
        .order_by("expressed_at")
    )
    return [
        {
            "name": row.attendance.name,
            "who": f"{row.attendance.name}, {row.agency.name}",
            "about": subject_words(row, area),
            "reference": row.case.reference,
            "href": reverse("case", args=[row.case.reference]),
            "status": row.case.get_stage_display(),
            "at": row.expressed_at,
        }
        for row in rows
    ]


def ended(live: Live, now: dt.datetime) -> Shown:
    """After the end: who was told, and what is due when."""
    conference, area = live.conference, live.area
    dissents = _dissents_from(conference, area)
    calendar = calendar_for(conference.partnership_id, area.nation)
    names = [row["name"] for row in dissents]
    return {
        "dissents": dissents,
        "ending": on_ending(conference, area, calendar, names, now) if dissents else [],
        "stands": area.meanwhile.text,
        "short": area.word("conference_short"),
    }


def view_page(dissent: Dissent, area: protocols.AreaProtocol, own: bool, now: dt.datetime) -> Shown:
    """What stands around the boxes of the written view."""
    rules = area.dissent.written_view
    running = open_clock(clocks_of(dissent.case, now), "send")
    url = reverse("case", args=[dissent.case.reference])
    due = (
        f" It is due by {due_words(running)} ({left_words(running).lower()})."
        if running and due_words(running)
        else ""
    )
    late = " A late one is still accepted." if running and running.progress.late else ""
    return {
        "page_title": "Your written view" if own else f"Written view of {dissent.attendance.name}",
        "lead": f"{rules.text if rules and own else ''}{due}{late} {f'({rules.rule})' if rules else ''}".strip(),
        "reference": dissent.case.reference,
        "back_url": url,
        "back_label": "Back to the case",
        "cancel_url": url,
        "recipient": seat_title(rules.to, area) if rules else "",
        "own": own,
        "submit_label": "Check and send" if own else "Check",
    }


def not_reminded(dissent: Dissent, need: Requirement | None) -> str:
    """What has to come first, when it has not."""
    if need is None or dissent.reminded_at is not None:
        return ""
    return f"{need.reason} ({need.rule})"


def gate_words(dissent: Dissent, area: protocols.AreaProtocol) -> str:
    tier = policies.current_tier(dissent, area)
    gate = next((g for g in (tier.gates if tier else ()) if g.needs == "contact_with_dissenter"), None)
    return f"{gate.reason} ({gate.rule})" if gate else ""


def tier_at_work(dissent: Dissent, area: protocols.AreaProtocol, posted: str) -> protocols.Tier | None:
    """The tier that a decision was written for; it may have been decided by somebody else meanwhile."""
    return (area.tier(posted) if posted else None) or policies.current_tier(dissent, area)


class Desk:
    """All that a reviewer has before them for one dissent at one tier."""

    def __init__(
        self,
        actor: Actor,
        dissent: Dissent,
        area: protocols.AreaProtocol,
        tier: protocols.Tier,
        now: dt.datetime,
    ) -> None:
        self.actor, self.dissent, self.area, self.tier, self.now = actor, dissent, area, tier, now
        self.today = london_date(now)
        self.conference = dissent.conference
        self.calendar = calendar_for(dissent.partnership_id, area.nation)
        self.clocks = clocks_of(dissent.case, now, self.calendar)
        self.work = work_of(dissent, tier.id)
        self._read()
        self.answered: Answer | None = next((a for a in dissent.answers.all() if a.tier == tier.id), None)
        self.facts = facts_of(dissent.case) if any(c.cautious_after for c in area.clocks) else {}

    def _read(self) -> None:
        """What lies around the dissent, by one query."""
        here = self.conference.pk
        self.children, self.record, self.noted, self.others, self.items, self.mine, self._chairs = gather(
            ConferenceChild.objects.filter(conference=here)
            .select_related("child", "decision__recorded_by__user")
            .order_by("pk"),
            RecordField.objects.filter(conference=here).order_by("pk"),
            NotedView.objects.filter(attendance__conference=here)
            .select_related("attendance__agency")
            .order_by("said_at"),
            Dissent.objects.filter(conference=here)
            .exclude(pk=self.dissent.pk)
            .select_related("case", "attendance", "agency")
            .order_by("expressed_at"),
            ReviewItem.objects.filter(dissent__conference=here, removed_at__isnull=True).order_by("pk"),
            Membership.objects.filter(user=self.actor.user_id).order_by("pk"),
            Membership.objects.filter(
                on_day(self.today),
                partnership=self.dissent.partnership_id,
                role=Role.CHAIR,
                user__is_active=True,
            )
            .select_related("user")
            .order_by("user__name"),
        )

    def read_again(self) -> None:
        """What was ticked just now is part of the page."""
        self.work = work_of(self.dissent, self.tier.id)

    @property
    def first(self) -> bool:
        return self.area.review is not None and self.tier.id == self.area.review.tiers[0].id

    @property
    def checks(self) -> Shown:
        return checklist(self.dissent, self.tier, self.work)

    @property
    def deciding(self) -> RunningClock | None:
        return open_clock(self.clocks, "decide")

    @property
    def late(self) -> str:
        """When the decision was due, where that has passed."""
        running = self.deciding
        if running is None or not running.progress.late:
            return ""
        return f"It was due by {due_words(running)} ({running.deadline.rule})."

    def hints(self) -> dict[str, str]:
        return {o.id: outcome_hint(o, self.dates(o)) for o in self.tier.outcomes}

    def dates(self, outcome: protocols.Outcome) -> list[OutcomeDate]:
        return dates_of(outcome, self.tier, self.area, self.calendar, self.facts, self.now)

    def chairs(self) -> list[Membership]:
        return self._chairs if any(o.book for o in self.tier.outcomes) else []

    def conflict(self, people: Iterable[Attendance]) -> Shown | None:
        """Why this person should not be the one, and what they may do about it."""
        safeguard = self.area.safeguard("reviewer_not_involved")
        if safeguard is None or not safeguard.on:
            return None
        there = {p.membership_id for p in people if p.presence in PRESENT and p.membership_id}
        words = permissions.conflict_with(
            self.actor, self.dissent, self.tier.id, mine={m.pk for m in self.mine}, there=there
        )
        if not words:
            return None
        review = self.work.review if self.work else None
        reason = review.conflict_override_reason if review else ""
        mine = review is not None and review.conflict_override_by_id == self.actor.membership_id
        return {
            "words": words,
            "reason": reason if mine else "",
            "blocks": safeguard.mode == "block" and not (reason and mine),
            "may_go_on": safeguard.override_with_reason,
        }

    def theirs(self) -> list[Shown]:
        """What someone else decided first."""
        rows: list[Shown] = []
        for answer in Answer.objects.filter(dissent=self.dissent, tier=self.tier.id).select_related(
            "decided_by__user"
        ):
            outcome = self.tier.outcome(answer.outcome)
            rows.append({"label": "Decided", "value": f"{_signed(answer)}, {day_time(answer.decided_at)}"})
            rows.append({"label": "Outcome", "value": outcome.label if outcome else answer.outcome})
            rows.append({"label": "Reasons", "value": answer.reasons, "typed": True})
        return rows

    def shown(self) -> Shown:
        """The evidence in reading order, and what stands beside the form."""
        children, people = self.children, people_in_room(self.conference)
        running = self.deciding
        day = london_date(self.conference.starts_at)
        return {
            "reference": self.dissent.case.reference,
            "dissent": self.dissent,
            "links": [_link("case", self.dissent, "Case page")],
            "jump": {"href": "#decision", "label": "Go to your decision"},
            "facts": [
                {
                    "label": "Child" if len(self.dissent.dissent_children.all()) == 1 else "Children",
                    "value": children_words(
                        [
                            child_view(row.conference_child.child, day)
                            for row in self.dissent.dissent_children.all()
                        ]
                    ),
                },
                {"label": self.conference.get_kind_display(), "value": short_date(self.conference.starts_at)},
                {
                    "label": "Raised by",
                    "value": f"{self.dissent.attendance.name}, {self.dissent.agency.name}",
                },
                {"label": self.area.word("chair").capitalize(), "value": self.conference.chair.user.name},
            ],
            "due": f"Due {short_date(running.deadline.due_at)[:-5]}"
            if running and running.deadline.due_at
            else "",
            "due_soon": bool(running and running.deadline.due_at and (running.progress.left or 0) <= 3),
            "late": bool(self.late),
            "stands": self.area.meanwhile.text,
            "own": own_view(self.dissent, self.area),
            "additions": list(self.dissent.additions.all()),
            "views": views_table(people, children, self.area),
            "chair": chairs_reasons(self.conference, children, self.record, self.area),
            "reports": reports_of(people),
            "noted": [
                {"name": v.attendance.name, "agency": str(v.attendance.agency), "text": v.text}
                for v in self.noted
            ],
            "others": other_dissents(self.others, self.items, self.work),
            "talks": self._talks(),
            "asks": self._asks(),
            "may_ask": bool(self.tier.may_ask),
            "answers": answer_view(self.dissent, self.area, self.actor),
            "clocks": [
                clock_view(c, self.now) for c in self.clocks if c.is_open and c.deadline.purpose == "decide"
            ],
            "tier": self.tier,
            "checks": self.checks,
            "conflict": self.conflict(people),
            "early_means": self.area.clock(running.deadline.clock_id) if running else None,
        }

    def _talks(self) -> list[Shown]:
        how = dict(ContactHow.choices)
        return [
            {
                "text": f"{row['who']}, {day_time(row['at'])}, {how[row['how']].lower()}",
                "done": row["reached"],
                "small": row["note"],
                "done_words": "spoke",
                "open_words": "an attempt",
                "by": row["by"],
            }
            for row in (self.work.talks if self.work else [])
            if row["dissent"] in (None, self.dissent.pk)
        ]

    def _asks(self) -> list[Shown]:
        labels = {a.id: a.label for a in self.tier.may_ask}
        return [
            {**row, "label": labels.get(row["ask"], row["ask"].replace("_", " "))}
            for row in (self.work.asks if self.work else [])
        ]

    def told(self, outcome: protocols.Outcome) -> list[Shown]:
        return told_of(outcome, self.tier, self.area, self.dissent, self.today)

    def sent_words(self, row: Answer) -> str:
        """What is said on the case page after the decision."""
        outcome = self.tier.outcome(row.outcome)
        if outcome is None:
            return "The decision was recorded."
        names = [told["label"] for told in self.told(outcome) if "by this service" in told["value"]]
        told = f" Told: {'; '.join(names)}." if names else ""
        dates = [f"{d.label} by {day_date(d.due)} ({d.rule})" for d in self.dates(outcome)]
        return f"Your decision was recorded: {outcome.label}.{told}" + (
            f" Next: {'; '.join(dates)}." if dates else ""
        )


def follow_up_page(dissent: Dissent, area: protocols.AreaProtocol, now: dt.datetime) -> Shown:
    """The conference that an answer asks for: what it is, and by when."""
    last = list(dissent.answers.all())[-1]
    outcome = area.outcome(last.outcome)
    running = open_clock(clocks_of(dissent.case, now), "hold")
    hint = ""
    if running is not None and running.deadline.due_at:
        hint = (
            f"On or before {due_words(running)} ({running.deadline.rule}), or give a reason for a later date."
        )
        cautious = cautious_date(
            running.clock, facts_of(dissent.case), calendar_for(dissent.partnership_id, area.nation)
        )
        if cautious and cautious != running.due.day:
            hint += f" Read cautiously: by {day_date(cautious)}."
    elif outcome:
        hint = outcome.text
    early = outcome is not None and outcome.book == "early_review"
    must_differ = last.different_chair
    return {
        "page_title": "Book the early review" if early else "Book the reconvened conference",
        "lead": f"Decided on {day_date(last.decided_at)}: {outcome.label if outcome else last.outcome}."
        + (" A different chair chairs it." if must_differ else ""),
        "chairs": members_by_role(dissent.partnership_id, Role.CHAIR, london_date(now)),
        "hint": hint,
    }


def closing_page(dissent: Dissent, area: protocols.AreaProtocol, actor: Actor) -> Shown:
    """What stands against closing, and what may be done later."""
    warn, blocked = "", None
    try:
        policies.check_close(dissent, area, confirmed=False)
    except Denied as denied:
        if denied.field == "confirmed":
            warn = denied.sentence
        else:
            blocked = denied
    return {"duties": duties_open(dissent, area, actor), "warn": warn, "blocked": blocked}


__all__ = [
    "answer_view", "case_actions", "checklist", "child_view", "clock_view", "dates_of", "duties_open",
    "get_dissent_or_404", "if_unresolved", "left_words", "looking", "next_step", "on_ending", "own_view", "room",
    "tasks_open", "told_of", "tracker_steps", "what_practitioner_sees",
]  # fmt: skip
