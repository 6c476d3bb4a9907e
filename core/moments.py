"""Checks on typed times: what has happened is not in the future, and an end is not before its start."""

import datetime as dt

from core.clock import london
from core.refusals import Denied

TYPING_SLACK = dt.timedelta(minutes=1)  # a time is typed in whole minutes


def in_words(moment: dt.datetime) -> str:
    """Friday 5 December 2025 at 2:05pm, on a clock in London."""
    local = london(moment)
    return f"{local:%A} {local.day} {local:%B %Y} at {time_in_words(local)}"


def time_in_words(time: dt.datetime | dt.time) -> str:
    """2:05pm, 2pm; midday and midnight by their names."""
    if time.minute == 0 and time.hour in (0, 12):
        return "midday" if time.hour else "midnight"
    minutes = f":{time.minute:02}" if time.minute else ""
    return f"{time.hour % 12 or 12}{minutes}{'am' if time.hour < 12 else 'pm'}"


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
