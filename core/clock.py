"""The one place where the time is read. Everything below the edge is handed `now`."""

import datetime as dt
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def edge_now() -> dt.datetime:
    """The present instant in UTC. Called by views, tasks and commands only, once each."""
    return dt.datetime.now(dt.UTC)


def london(moment: dt.datetime) -> dt.datetime:
    """The same instant on a clock in London."""
    return moment.astimezone(LONDON)


def london_date(moment: dt.datetime) -> dt.date:
    """The calendar day in London on which the instant falls."""
    return moment.astimezone(LONDON).date()
