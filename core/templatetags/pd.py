"""Words for dates, numbers and people, always on a clock in London, and the address of a built file."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static

from core.clock import london
from core.moments import time_in_words

register = template.Library()

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

# One word and one colour per status, the same in tag, list, filter, message and report.
STATUS_COLOURS = {
    "Recorded": "teal",
    "Written view needed": "yellow",
    "Under review": "blue",
    "Overdue": "red",
    "Decided": "green",
    "Escalated": "purple",
    "Settled": "green",
    "Closed": "grey",
    "Withdrawn": "grey",
}
COLOURS = frozenset({"blue", "green", "grey", "magenta", "orange", "purple", "red", "teal", "yellow"})


def _local(value: dt.date | dt.datetime) -> dt.date | dt.datetime:
    return london(value) if isinstance(value, dt.datetime) and value.tzinfo is not None else value


@register.filter
def day_date(value: dt.date | dt.datetime | None) -> str:
    """Friday 5 December 2025."""
    if not value:
        return ""
    day = _local(value)
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


@register.filter
def short_date(value: dt.date | dt.datetime | None) -> str:
    """Fri 5 Dec 2025, for a narrow place beside a full date."""
    if not value:
        return ""
    day = _local(value)
    return f"{WEEKDAYS[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1][:3]} {day.year}"


@register.filter
def clock_time(value: dt.datetime | dt.time | None) -> str:
    """2:05pm; midday and midnight by their names."""
    if value is None or value == "":
        return ""
    return time_in_words(
        london(value) if isinstance(value, dt.datetime) and value.tzinfo is not None else value
    )


@register.filter
def day_time(value: dt.datetime | None) -> str:
    """Friday 5 December 2025 at 2:05pm."""
    return f"{day_date(value)} at {clock_time(value)}" if value else ""


@register.filter
def iso(value: dt.date | dt.datetime | None) -> str:
    """For the datetime attribute of <time>."""
    return _local(value).isoformat() if value else ""


@register.filter
def working_days_left(days: int | None) -> str:
    """3 working days left, Due today, 2 working days overdue."""
    if days is None:
        return ""
    if days == 0:
        return "Due today"
    number = abs(days)
    unit = "working day" if number == 1 else "working days"
    return f"{number} {unit} left" if days > 0 else f"{number} {unit} overdue"


@register.filter
def plural(number: int, words: str) -> str:
    """`{{ n|plural:"dissent" }}` gives "1 dissent" or "3 dissents"; `"child,children"` for an odd plural."""
    one, _, many = words.partition(",")
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _read(thing: Any, name: str) -> Any:
    value = thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)
    return value() if callable(value) else value


@register.filter
def initials_age(child: Any) -> str:
    """T.M. (4), T.M. (under 1), T.M. (unborn). Reads `initials`, `age` in years and `unborn`; an unknown age is left out."""
    if not child:
        return ""
    initials = _read(child, "initials") or ""
    if _read(child, "unborn"):
        return f"{initials} (unborn)"
    age = _read(child, "age")
    if age is None or age == "":
        return str(initials)
    return f"{initials} ({'under 1' if age == 0 else age})"


@register.filter
def children_words(children: Any) -> str:
    """K.M. (7) and T.M. (4)."""
    words = [initials_age(child) for child in children or ()]
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


@register.filter
def status_colour(word: str, colour: str = "") -> str:
    """The colour of a status word; an own `colour` for a tag that is no status; blue for any other."""
    if colour in COLOURS:
        return colour
    return STATUS_COLOURS.get(str(word), "blue")


@register.filter
def percentage(number: float, largest: float) -> str:
    """Length of a bar: its share of the longest, as "66.7%"."""
    return f"{100 * number / largest:.1f}%" if largest else "0%"


@lru_cache(maxsize=64)
def _fingerprint(file: str, _modified: int) -> str:
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:10]


@lru_cache(maxsize=64)
def _source_file(path: str) -> str:
    return finders.find(path) or ""


@register.simple_tag
def asset(path: str) -> str:
    """Address of a static file that changes with its content.

    A storage with a manifest puts the fingerprint into the name; for any other it is added as a query.
    """
    url = static(path)
    if Path(path).name not in url:
        return url
    file = _source_file(path)
    if not file:
        if settings.DEBUG:
            _source_file.cache_clear()
        return url
    try:
        modified = Path(file).stat().st_mtime_ns
    except FileNotFoundError:
        _source_file.cache_clear()
        return url
    return f"{url}?v={_fingerprint(file, modified)}"
