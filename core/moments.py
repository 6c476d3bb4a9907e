"""Checks on typed times: what has happened is not in the future, and an end is not before its start."""

import datetime as dt

from core.clock import london
from core.refusals import Denied

TYPING_SLACK = dt.timedelta(minutes=1)  # a time is typed in whole minutes


def in_words(moment: dt.datetime) -> str:
    """Friday 5 December 2025 at 2:05pm, on a clock in London."""
    local = london(moment)
    hour = local.hour % 12 or 12
    return f"{local:%A} {local.day} {local:%B %Y} at {hour}:{local:%M}{'am' if local.hour < 12 else 'pm'}"


def check_happened(moment: dt.datetime, now: dt.datetime, what: str, field: str = "") -> None:
    """Refuse a future time for something that has happened. `what` starts the sentence: "The time it ended"."""
    if moment > now + TYPING_SLACK:
        raise Denied(f"{what} must be in the past. You entered {in_words(moment)}.", field=field)


def check_day_happened(day: dt.date, today: dt.date, what: str, field: str = "") -> None:
    """Refuse a future day for something that has happened."""
    if day > today:
        raise Denied(f"{what} must be today or in the past", field=field)


def check_not_before(
    moment: dt.datetime, start: dt.datetime, what: str, start_words: str, field: str = ""
) -> None:
    """Refuse a time before what it follows. Compared in whole minutes, as people type them."""
    if moment < start.replace(second=0, microsecond=0):
        raise Denied(f"{what} must be after {start_words}, {in_words(start)}.", field=field)


def check_words(text: str, limit: int, what: str, field: str = "") -> None:
    """Refuse a text longer than its limit, in characters."""
    if len(text) > limit:
        raise Denied(f"{what} must be {limit:,} characters or less", field=field)
