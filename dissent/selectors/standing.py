"""Where a dissent stands, for whoever looks: its steps, and who does what next."""

import datetime as dt
from collections.abc import Iterable

from django.urls import reverse

import protocols
from conferences.states import ConferenceState
from core.actor import Actor
from core.clock import london_date
from core.refusals import allowed
from core.templatetags.pd import day_date, day_time, short_date
from deadlines.selectors import RunningClock
from dissent import permissions, policies
from dissent.models import Answer, Dissent
from dissent.selectors.case import duties_open
from dissent.selectors.clocks import due_words, left_words, open_clock
from dissent.selectors.gate import Looking, looking
from dissent.selectors.words import Shown, booked_for, holder_words, link_to, seat_people, seat_title
from dissent.states import FINAL, DissentState

S = DissentState


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
            "action": link_to("written-view", dissent, "Write your view"),
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
            step["action"] = link_to("remind", dissent, "Remind the dissenter")
        else:
            step["action"] = link_to("written-view", dissent, "Enter the written view")
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
            "action": link_to("review", dissent, "Open the review"),
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
    booked = booked_for(last)
    seat = holding.deadline.holder if holding else dissent.case.held_by
    step: Shown = {"holder": holder_words(seat or "slot:reviewer", dissent, area, today)}
    if holding or (outcome and outcome.book and booked is None):
        step["does"] = "sees that the conference is held" if booked else "books the conference"
        step |= _timed(holding)
    else:
        step["does"] = "records who was told and where it was filed, and closes the dissent"
    step["yours"] = f"Decided on {day_date(last.decided_at)}: {label}."
    left = [duty for duty in duties_open(dissent, area, actor) if not duty["done"] and duty["action"]]
    if left:
        step["action"] = left[0]["action"]
        if step["holder"] != "You":
            step["yours"] += (
                f" Still with you: {_things(len(left))} to record, listed under “After the decision”."
            )
    elif allowed(permissions.check_close, actor, dissent, area):
        step["action"] = link_to("close", dissent, "Close the dissent")
    if who.dissenter:
        routes = _unresolved(dissent, area, last)
        step["yours"] += f" {routes}" if routes else ""
    return step


def _things(number: int) -> str:
    return "one thing" if number == 1 else f"{number} things"


def _unresolved(dissent: Dissent, area: protocols.AreaProtocol, last: Answer) -> str:
    for after in area.dissent.if_unresolved:
        if not after.after_outcomes or last.outcome in after.after_outcomes:
            return f"If this does not settle it: {after.text}"
    return ""


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
            "action": link_to("challenge-choice", dissent, "Make the choice") if mine else None,
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
        "action": link_to("challenge-choice", dissent, "Change the choice")
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
