"""The clocks of processes that a test starts: reminders keep to office hours, and tests run at any hour."""

import datetime as dt

from core.clock import LONDON, edge_now, london
from protocols.holidays import holiday_list


def office_hours() -> dict[str, str]:
    """Settings by which both clocks, this machine's and PostgreSQL's, show 10am of a working day that is to come."""
    now = edge_now()
    free = {row.day for row in holiday_list().rows}
    day = london(now).date() + dt.timedelta(days=1)
    while day.weekday() > 4 or day in free:
        day += dt.timedelta(days=1)
    there = dt.datetime.combine(day, dt.time(10, 0), tzinfo=LONDON)
    seconds = str((there - now).total_seconds())
    return {"PD_CLOCK_OFFSET": seconds, "PD_DATABASE_CLOCK_OFFSET": seconds}
