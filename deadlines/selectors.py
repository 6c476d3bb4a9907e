"""Reads of clocks: how far one has run, in words, and how its date was counted."""

import datetime as dt
from dataclasses import dataclass

import protocols
from cases.models import Case
from cases.selectors import area_of_case
from deadlines.models import Deadline
from deadlines.states import DeadlineState
from partnerships.selectors import calendar_for
from protocols.calendar import Calendar, Due, Progress


@dataclass(frozen=True, slots=True)
class RunningClock:
    """A clock as a page shows it: its words, its days, and how it was worked out."""

    deadline: Deadline
    clock: protocols.Clock
    due: Due
    progress: Progress

    @property
    def is_open(self) -> bool:
        return self.deadline.state == DeadlineState.OPEN


def running(
    deadline: Deadline, area: protocols.AreaProtocol, calendar: Calendar, now: dt.datetime
) -> RunningClock:
    """The clock of a deadline with its progress at a moment; counted as the stored date was."""
    clock = area.clock(deadline.clock_id)
    if clock is None:
        raise LookupError(f"the protocol has no clock {deadline.clock_id!r}")
    due = calendar.due(
        clock,
        deadline.anchored_at,
        agreed_date=deadline.agreed_date,
        protect_by_date=deadline.protect_by_date,
    )
    return RunningClock(deadline, clock, due, calendar.progress(due, now))


def clocks_of(case: Case, now: dt.datetime) -> list[RunningClock]:
    """Every clock of a case, running first, then by date."""
    area = area_of_case(case)
    calendar = calendar_for(case.partnership_id, area.nation)
    rows = list(Deadline.objects.filter(case=case).select_related("anchor"))
    rows.sort(key=lambda d: (d.state != DeadlineState.OPEN, d.due_at is None, d.due_at or d.anchored_at))
    return [running(row, area, calendar, now) for row in rows]
