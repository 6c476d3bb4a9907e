"""Reading a typed moment. A naive date and time is Europe/London; one with an offset is respected."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


class BadTime(ValueError):
    """Not a moment that can be used; the message says why."""


class NonexistentTime(BadTime):
    """A local time that the clocks skipped when they went forward."""


def parse_local(text: str) -> datetime:
    """ISO date and time to an aware datetime in Europe/London; a repeated local time is the earlier of the two."""
    if not isinstance(text, str):
        raise BadTime(f"A moment is written as text, such as “2026-04-02T15:00”; this is {text!r}.")
    if len(text) > 64:
        raise BadTime("A moment is written as, for example, 2026-04-02T15:00. This is too long to be one.")
    written = text.strip()
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise BadTime(f"“{written}” is not a real date and time. Write it as 2026-04-02T15:00.") from None
    if _is_date_only(written):
        raise BadTime(f"“{written}” has no time of day. Write both, as 2026-04-02T15:00.")
    return in_london(moment, written)


def in_london(moment: datetime, written: str = "") -> datetime:
    """A moment in Europe/London. A naive one must exist there; if it happens twice it is the earlier."""
    shown = written or moment.isoformat()
    try:
        if moment.tzinfo is not None:
            return moment.astimezone(LONDON)
        local = moment.replace(tzinfo=LONDON, fold=0)
        back = local.astimezone(UTC).astimezone(LONDON)
    except OverflowError:
        raise BadTime(f"“{shown}” is too far away to reckon with.") from None
    if back.replace(tzinfo=None) != moment.replace(fold=0):
        raise NonexistentTime(
            f"“{shown}” does not exist: the clocks went forward that night. Give a time before or after the gap."
        )
    return local


def parse_day(text: str) -> date:
    """An ISO date."""
    if not isinstance(text, str):
        raise BadTime(f"A date is written as text, such as “2026-04-02”; this is {text!r}.")
    written = text.strip()
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise BadTime(f"“{written[:64]}” is not a real date. Write it as 2026-04-02.") from None


def _is_date_only(written: str) -> bool:
    try:
        date.fromisoformat(written)
    except ValueError:
        return False
    return True
