"""The one place where the time is read. Everything below the edge is handed `now`."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

LONDON = ZoneInfo("Europe/London")


def edge_now() -> dt.datetime:
    """The present instant in UTC, by this machine's clock. Called by views, tasks and commands only, once each."""
    return dt.datetime.now(dt.UTC) + settings.CLOCK_OFFSET


def database_now() -> dt.datetime:
    """The present instant in UTC, by PostgreSQL's clock: one for all machines. Called by the sweep only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: dt.datetime = cursor.fetchone()[0]
    return moment + settings.DATABASE_CLOCK_OFFSET


def london(moment: dt.datetime) -> dt.datetime:
    """The same instant on a clock in London."""
    return moment.astimezone(LONDON)


def london_date(moment: dt.datetime) -> dt.date:
    """The calendar day in London on which the instant falls."""
    return moment.astimezone(LONDON).date()
