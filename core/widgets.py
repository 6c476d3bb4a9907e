"""Form fields that Django does not have: a date in three boxes, and a local time beside it.

What was typed stays in the boxes when it is refused, and the sentence says which box to look at.
"""

import datetime as dt
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from core.clock import LONDON, london

MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
TIME = re.compile(
    r"^(?P<hour>\d{1,2})(?:[:.]?(?P<minute>\d{2}))?\s*(?P<half>am|pm|a\.m\.|p\.m\.)?$", re.IGNORECASE
)

# Nothing that is written here happened, or will, outside these years.
FIRST_YEAR, LAST_YEAR = 1900, 2199

DATE_PARTS = ("day", "month", "year")


def local_to_aware(naive: dt.datetime) -> dt.datetime | None:
    """A time as read on a clock in London; the earlier of two, None where the clock skipped it."""
    moment = naive.replace(tzinfo=LONDON, fold=0)
    exists = moment.astimezone(dt.UTC).astimezone(LONDON).replace(tzinfo=None) == naive
    return moment if exists else None


def read_time(text: str) -> dt.time | None:
    """14:05, 2:05pm, 2.05 pm, 2pm, midday, midnight; None when it is no time."""
    words = text.strip().lower()
    if words in ("midday", "noon"):
        return dt.time(12)
    if words == "midnight":
        return dt.time(0)
    found = TIME.match(words)
    if found is None:
        return None
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"][0] == "p" else 0)
    elif found["minute"] is None:
        return None  # "2" alone: morning or afternoon?
    return dt.time(hour, minute) if hour < 24 and minute < 60 else None


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _box(width: int, **attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"class": f"govuk-input--width-{width}", "autocomplete": "off", **attrs})


class DateInput3(forms.MultiWidget):
    """Day, month and year, each in a box of its own."""

    labels: tuple[str, ...] = ("Day", "Month", "Year")

    def __init__(
        self,
        attrs: dict[str, Any] | None = None,
        extra: dict[str, forms.Widget | type[forms.Widget]] | None = None,
    ) -> None:
        parts: dict[str, forms.Widget | type[forms.Widget]] = {
            "day": _box(2, inputmode="numeric"),
            "month": _box(2, inputmode="numeric"),
            "year": _box(4, inputmode="numeric"),
        }
        super().__init__(parts | (extra or {}), attrs)

    def decompress(self, value: Any) -> list[Any]:
        """The boxes of a stored date."""
        if isinstance(value, dt.date):
            return [value.day, value.month, value.year]
        return ["", "", ""]


class DateTimeInput4(DateInput3):
    """Day, month and year, and the time as text."""

    labels = ("Day", "Month", "Year", "Time, like 2:05pm")

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, {"time": _box(5)})

    def decompress(self, value: Any) -> list[Any]:
        """The boxes of a stored instant, as a clock in London shows it."""
        if isinstance(value, dt.datetime):
            local = london(value) if value.tzinfo else value
            return [*super().decompress(local), f"{local:%H:%M}"]
        return [*super().decompress(value), ""]


class _Parts(forms.Field):
    """A field whose widget returns a list of what was typed."""

    default_error_messages = {  # noqa: RUF012 - Django's own shape
        "required": "Enter a date",
        "missing": "{name} must include {parts}",
        "invalid": "{name} must be a real date",
        "year": "Year must include 4 numbers",
    }
    parts: tuple[str, ...] = DATE_PARTS

    def __init__(self, *, error_name: str = "", **kwargs: Any) -> None:
        self.error_name = error_name
        super().__init__(**kwargs)

    def _say(self, key: str, *numbers: int, **words: str) -> ValidationError:
        name = self.error_name or str(self.label or "Date")
        code = "part:" + ",".join(map(str, numbers)) if numbers else key
        return ValidationError(str(self.error_messages[key]).format(name=name, **words), code=code)

    def _missing(self, typed: list[str]) -> ValidationError | None:
        numbers = [number for number, text in enumerate(typed) if not text]
        if not numbers:
            return None
        names = [f"a {self.parts[number]}" for number in numbers]
        return self._say("missing", *numbers, parts=_listed(names))

    def _typed(self, value: Any) -> list[str]:
        boxes = [str(text).strip() if text is not None else "" for text in value or []]
        return boxes + [""] * (len(self.parts) - len(boxes))

    def _date(self, day: str, month: str, year: str) -> dt.date:
        number = MONTH_NAMES.index(month[:3].lower()) + 1 if month[:3].lower() in MONTH_NAMES else None
        if not day.isdecimal() or not (number or month.isdecimal()) or not year.isdecimal():
            raise self._say("invalid")
        if len(year) != 4:
            raise self._say("year", 2)
        try:
            date = dt.date(int(year), number or int(month), int(day))
        except (ValueError, OverflowError):
            raise self._say("invalid") from None
        if not FIRST_YEAR <= date.year <= LAST_YEAR:
            raise self._say("invalid")
        return date

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether what was typed differs from what the boxes first held."""
        boxes = self.widget.decompress(initial) if isinstance(self.widget, forms.MultiWidget) else []
        return self._typed(boxes) != self._typed(data)


class DateField3(_Parts):
    """A date from three boxes; the month may be a number or a name."""

    widget = DateInput3

    def to_python(self, value: Any) -> dt.date | None:
        """The date, or a sentence about the box that is wrong."""
        if isinstance(value, dt.date):
            return value
        typed = self._typed(value)
        if not any(typed):
            return None
        if missing := self._missing(typed):
            raise missing
        return self._date(typed[0], typed[1], typed[2])


class LocalDateTimeField(_Parts):
    """A date from three boxes and a time, as read on a clock in London; gives an aware instant."""

    widget = DateTimeInput4
    parts = (*DATE_PARTS, "time")
    default_error_messages = {  # noqa: RUF012 - Django's own shape
        "required": "Enter a date and time",
        "time": "Time must be like 2:05pm or 14:05",
        "nonexistent": "{time} on that day does not exist: the clocks go forward from 1am to 2am",
    }

    def to_python(self, value: Any) -> dt.datetime | None:
        """The instant, or a sentence about the box that is wrong."""
        if isinstance(value, dt.datetime):
            return value
        typed = self._typed(value)
        if not any(typed):
            return None
        if missing := self._missing(typed):
            raise missing
        day = self._date(typed[0], typed[1], typed[2])
        time = read_time(typed[3])
        if time is None:
            raise self._say("time", 3)
        moment = local_to_aware(dt.datetime.combine(day, time))
        if moment is None:
            raise self._say("nonexistent", 3, time=typed[3])
        return moment


class Words(forms.CharField):
    """A text of several lines with a limit that is counted on the screen."""

    def __init__(self, *, rows: int = 5, max_length: int = 4000, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": rows, "cols": False}))
        super().__init__(max_length=max_length, **kwargs)
