"""Clocks as a page shows them: words first, the strip of days second."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from django.urls import reverse

import protocols
from conferences.models import Conference
from core.clock import LONDON
from core.templatetags.pd import day_date, day_time, plural, working_days_left
from deadlines.selectors import Correction, RunningClock, correction_of
from dissent.selectors.words import Shown
from protocols.calendar import Calendar, CalendarHorizon


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


def _notes(running: RunningClock, corrections: Sequence[Correction]) -> list[str]:
    """What has to stand beside a date: that it was noted late, and that it is counted from a corrected time, and why."""
    notes = []
    if running.noted_late:
        notes.append(
            f"Processed late: this service noted on {day_time(running.noted_late)} that it had passed."
        )
    if found := correction_of(running, corrections):
        begins = found.fact.pk == running.deadline.anchor_id
        notes.append(
            f"{'Counted from' if begins else 'Ended at'} a corrected time: {day_time(found.fact.happened_at)}. "
            f"Recorded before as {day_time(found.was)}. Why it was corrected: {found.fact.reason}"
        )
    return notes


def clock_view(
    running: RunningClock, now: dt.datetime, ident: str = "", corrections: Sequence[Correction] = ()
) -> Shown:
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
        "notes": _notes(running, corrections),
        "days": _strip(running, now.astimezone(LONDON).date()) if running.is_open else [],
        "rule": deadline.rule,
        "text": running.clock.text,
        "basis": running.clock.basis,
        "explain": running.due.explanation(),
        "open": running.is_open,
        "calendar": reverse("calendar-date", args=[deadline.case.reference, deadline.uuid])
        if running.is_open and deadline.due_at
        else "",
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


def clock_from(
    name: str, conference: Conference, area: protocols.AreaProtocol, calendar: Calendar, now: dt.datetime
) -> dt.date | None:
    """The date of one clock as if the conference ended now, or from when it ended."""
    clock = area.clock(name)
    try:
        return calendar.due(clock, conference.ended_at or now).day if clock else None
    except CalendarHorizon:
        return None
