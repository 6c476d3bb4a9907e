"""Working days, calendar days and clock hours, and how each date was counted.

A calendar is an index made once: for every day from first to last, how many working days there are up to it. Adding
days is then two look-ups, and the explanation of a date is a slice of the same index.

The day of the anchor is day 0; day 1 is the next (working) day; a limit in days ends at 23:59:59 Europe/London of its
last day. Clock hours are elapsed time and end at the exact instant. Calendar days count every day and do not roll.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import assert_never

from protocols.clocktime import LONDON
from protocols.durations import Unit, in_words
from protocols.model import Clock

SATURDAY = 5
END_OF_DAY = time(23, 59, 59)
HOUR = timedelta(hours=1)


class CalendarHorizon(LookupError):
    """A date outside the years for which bank holidays are known. It is refused, never guessed."""


@dataclass(frozen=True, slots=True)
class Due:
    """When a clock runs out, and how that was counted."""

    anchor: datetime
    amount: int | None
    unit: Unit
    due_at: datetime | None  # UTC
    local: datetime | None  # Europe/London
    counted: tuple[date, ...] = ()  # day 1, day 2, ... of a limit in days
    skipped: tuple[tuple[date, str], ...] = ()  # days passed over, with why
    bound: str = ""  # which of several limits was the least: amount, agreed_date, protect_by_date
    limits: tuple[tuple[str, date], ...] = ()  # every limit that was compared
    outer_at: datetime | None = None  # the outer limit behind a target, UTC
    sentence: str = ""

    @property
    def anchor_day(self) -> date:
        return self.anchor.astimezone(LONDON).date()

    @property
    def day(self) -> date | None:
        return self.local.date() if self.local else None

    def explanation(self) -> tuple[str, ...]:
        """How this date was worked out, in sentences."""
        return tuple(_explain(self))


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a moment stands within a clock: day 7 of 10, three left."""

    day: int
    of: int | None
    left: int | None
    unit: Unit
    late: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Calendar:
    nation: str
    holidays: Mapping[date, str]
    closures: Mapping[date, str]
    first: date
    last: date
    version: str = ""
    _base: int = field(init=False, repr=False, compare=False)
    _upto: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _days: tuple[date, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("A calendar ends on or after its first day.")
        base = self.first.toordinal()
        days: list[date] = []
        upto: list[int] = []
        for ordinal in range(base, self.last.toordinal() + 1):
            day = date.fromordinal(ordinal)
            if day.weekday() < SATURDAY and day not in self.holidays and day not in self.closures:
                days.append(day)
            upto.append(len(days) - 1)
        object.__setattr__(self, "_base", base)
        object.__setattr__(self, "_upto", tuple(upto))
        object.__setattr__(self, "_days", tuple(days))

    # --- days -----------------------------------------------------------------------------------------------------

    def add_working_days(self, day: date, amount: int) -> date:
        """The amount-th working day after a day; before it, when the amount is negative; the day itself for 0."""
        index = day.toordinal() - self._base
        if amount > 0 <= index:
            try:
                return self._days[self._upto[index] + amount]
            except IndexError:
                raise self._beyond(day) from None
        return self._subtract(day, -amount)

    def working_days_between(self, start: date, end: date) -> int:
        """How many working days come after start, up to and with end. Negative when end is before start."""
        return self._upto[self._index(end)] - self._upto[self._index(start)]

    def is_working_day(self, day: date) -> bool:
        self._index(day)
        return self.reason_closed(day) == ""

    def reason_closed(self, day: date) -> str:
        """Why a day is not a working day, or nothing if it is one."""
        if day.weekday() >= SATURDAY:
            return "weekend"
        if day in self.holidays:
            title = self.holidays[day]
            return title if "bank holiday" in title.lower() else f"{title} (bank holiday)"
        if day in self.closures:
            return f"{self.closures[day]} (local closure)"
        return ""

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last

    # --- clocks ---------------------------------------------------------------------------------------------------

    def due(
        self,
        clock: Clock,
        anchor: datetime,
        *,
        agreed_date: date | None = None,
        protect_by_date: date | None = None,
    ) -> Due:
        """When a clock that starts at an anchor runs out; with a `least_of`, the earliest of the limits given."""
        due = self.add(clock.amount, clock.unit, anchor)
        if clock.least_of:
            named = {"agreed_date": agreed_date, "protect_by_date": protect_by_date}
            due = self._least(due, [(name, named[name]) for name in clock.least_of if name != "amount"])
        if clock.outer:
            outer = self.add(clock.outer.amount, clock.outer.unit, anchor)
            due = _replace(due, outer_at=outer.due_at)
        return _replace(due, sentence=_sentence(due))

    def add(self, amount: int | None, unit: Unit, anchor: datetime) -> Due:
        """An anchor plus an amount of a unit, with the days that were counted and those that were skipped."""
        if anchor.tzinfo is None:
            raise ValueError("The anchor of a clock has a time zone.")
        try:
            local = anchor.astimezone(LONDON)
            match unit:
                case "none":
                    return Due(anchor, None, unit, None, None)
                case "clock_hours":
                    due_at = anchor.astimezone(UTC) + timedelta(hours=_needed(amount))
                    return Due(anchor, amount, unit, due_at, due_at.astimezone(LONDON), bound="amount")
                case "calendar_days":
                    start = local.date()
                    counted = tuple(start + timedelta(days=n) for n in range(1, _needed(amount) + 1))
                    return self._whole_days(anchor, amount, unit, counted, ())
                case "working_days":
                    return self._working(anchor, local.date(), _needed(amount))
                case _:
                    assert_never(unit)
        except OverflowError:
            raise CalendarHorizon(
                f"A limit counted from {anchor.date().isoformat()} ends outside the years that can be reckoned with."
            ) from None

    def progress(self, due: Due, now: datetime) -> Progress:
        """Day n of m at a moment, and how many are left. Counted as the date itself was."""
        today = now.astimezone(LONDON).date()
        late = due.due_at is not None and is_late(due.due_at, now)
        match due.unit:
            case "none":
                day = max(0, (today - due.anchor_day).days)
                return Progress(
                    day, None, None, due.unit, False, f"Day {day}. The protocol sets no fixed limit."
                )
            case "clock_hours":
                return _hours_progress(due, now, late)
            case "calendar_days" | "working_days":
                of = len(due.counted)
                if due.unit == "working_days" and not self.covers(today):
                    passed = f"The limit was the end of {long_date(due.day)}." if due.day else ""
                    return Progress(of, of, 0, due.unit, late, passed)
                if due.unit == "working_days":
                    day = max(0, self.working_days_between(due.anchor_day, today))
                    last = self.working_days_between(today, due.day) if due.day else 0
                else:
                    day = max(0, (today - due.anchor_day).days)
                    last = (due.day - today).days if due.day else 0
                return Progress(
                    day, of, max(0, last), due.unit, late, _days_sentence(due, day, of, last, late)
                )
            case _:
                assert_never(due.unit)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _subtract(self, day: date, amount: int) -> date:
        index = self._index(day)
        if amount == 0:
            return day
        earlier = (self._upto[index - 1] if index else -1) + 1 - amount
        if amount < 0 or earlier < 0:
            raise self._beyond(day)
        return self._days[earlier]

    def _index(self, day: date) -> int:
        index = day.toordinal() - self._base
        if not 0 <= index < len(self._upto):
            raise self._beyond(day)
        return index

    def _beyond(self, day: date) -> CalendarHorizon:
        return CalendarHorizon(
            f"Bank holidays for {nation_words(self.nation)} are known from {self.first.isoformat()} to {self.last.isoformat()}. "
            f"A count of working days from {day.isoformat()} leaves those years, so no date is given."
        )

    def _working(self, anchor: datetime, start: date, amount: int) -> Due:
        last = self.add_working_days(start, amount)
        begin = self._upto[self._index(start)] + 1
        counted = self._days[begin : begin + amount]
        span = range(start.toordinal() + 1, last.toordinal())
        closed = ((day, self.reason_closed(day)) for day in map(date.fromordinal, span))
        skipped = tuple((day, why) for day, why in closed if why)
        return self._whole_days(anchor, amount, "working_days", counted, skipped)

    def _whole_days(
        self,
        anchor: datetime,
        amount: int | None,
        unit: Unit,
        counted: tuple[date, ...],
        skipped: tuple[tuple[date, str], ...],
    ) -> Due:
        last = counted[-1] if counted else anchor.astimezone(LONDON).date()
        local = end_of_day(last)
        return Due(anchor, amount, unit, local.astimezone(UTC), local, counted, skipped, "amount")

    def _least(self, due: Due, others: list[tuple[str, date | None]]) -> Due:
        """Of the counted limit and the dates given, the earliest; the days counted then end there too."""
        limits = [("amount", due.day)] if due.day else []
        limits += [(name, day) for name, day in others if day is not None]
        known = tuple((name, day) for name, day in limits if day is not None)
        bound, day = min(known, key=lambda limit: limit[1])
        if bound == "amount":
            return _replace(due, limits=known)
        local = end_of_day(day)
        return _replace(
            due,
            due_at=local.astimezone(UTC),
            local=local,
            counted=tuple(each for each in due.counted if each <= day),
            skipped=tuple((each, why) for each, why in due.skipped if each <= day),
            bound=bound,
            limits=known,
        )


def end_of_day(day: date) -> datetime:
    """The last second of a day in Europe/London."""
    return datetime.combine(day, END_OF_DAY, tzinfo=LONDON)


def nation_words(nation: str) -> str:
    """England and Wales."""
    return nation.replace("-", " ").title().replace(" And ", " and ")


def is_late(due_at: datetime, now: datetime) -> bool:
    """The last second is still in time; late is a whole second after the due instant."""
    return now.astimezone(UTC) >= due_at.astimezone(UTC) + timedelta(seconds=1)


def long_date(day: date) -> str:
    """Thursday 2 April 2026."""
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def long_moment(moment: datetime) -> str:
    """Thursday 2 April 2026 at 15:00."""
    local = moment.astimezone(LONDON)
    return f"{long_date(local.date())} at {local:%H:%M:%S}".removesuffix(":00")


def _needed(amount: int | None) -> int:
    if amount is None:
        raise ValueError("A limit with a unit has an amount.")
    return amount


def _replace(due: Due, **changes: object) -> Due:
    values = {name: getattr(due, name) for name in Due.__slots__}
    return Due(**(values | changes))


LIMIT_NAMES = {
    "agreed_date": "the date agreed",
    "protect_by_date": "the date by which the child must be protected",
}


def _sentence(due: Due) -> str:
    if due.local is None or due.day is None:
        return "No fixed limit in the protocol: elapsed time only."
    if due.unit == "clock_hours" and due.bound == "amount":
        return f"{in_words(due.amount, due.unit)} from {long_moment(due.anchor)}: {long_moment(due.local)}."
    if due.bound != "amount":
        return f"By the end of {long_date(due.day)}: {LIMIT_NAMES[due.bound]} comes first."
    return f"By the end of {long_date(due.day)}: {in_words(due.amount, due.unit)} after {long_date(due.anchor_day)}."


def _explain(due: Due) -> list[str]:
    if due.local is None or due.day is None:
        return [
            f"The count starts on {long_moment(due.anchor)}.",
            "The protocol gives no number here, so there is no due date. The time that has passed is shown.",
        ]
    if due.unit == "clock_hours":
        return _explain_hours(due, due.local)
    lines = [f"Day 0 is {long_date(due.anchor_day)}, the day it started."]
    if due.unit == "working_days":
        lines.append(f"The limit is {in_words(due.amount, due.unit)}: weekends and days off are not counted.")
    else:
        lines.append(
            f"The limit is {in_words(due.amount, due.unit)}: every day counts, weekends and holidays too."
        )
    total = due.amount or 0
    days = [(day, f"{long_date(day)} is day {n} of {total}.") for n, day in enumerate(due.counted, start=1)]
    days += [(day, f"{long_date(day)} is not counted: {why}.") for day, why in due.skipped]
    lines += [line for _, line in sorted(days)]
    for name, day in due.limits:
        if name != "amount":
            lines.append(f"{LIMIT_NAMES[name].capitalize()} is {long_date(day)}.")
    if due.limits:
        lines.append("The earliest of these dates is the limit.")
    lines.append(f"It ends at 23:59:59 on {long_date(due.day)}.")
    if due.outer_at:
        lines.append(f"The outer limit behind this target is {long_moment(due.outer_at)}.")
    return lines


def _explain_hours(due: Due, local: datetime) -> list[str]:
    lines = [
        f"The count starts on {long_moment(due.anchor)}.",
        f"{in_words(due.amount, due.unit)} are counted on the clock, through nights, weekends and bank holidays.",
    ]
    start = due.anchor.astimezone(LONDON)
    change = (local.utcoffset() or timedelta()) - (start.utcoffset() or timedelta())
    if change > timedelta():
        lines.append(
            "The clocks go forward in between, so the time shown is an hour later than it would have been."
        )
    elif change < timedelta():
        lines.append(
            "The clocks go back in between, so the time shown is an hour earlier than it would have been."
        )
    lines.append(f"It ends on {long_moment(local)}. That second is still in time.")
    return lines


def _hours_progress(due: Due, now: datetime, late: bool) -> Progress:
    of = _needed(due.amount)
    passed = now.astimezone(UTC) - due.anchor.astimezone(UTC)
    hour = max(0, passed // HOUR)
    left = max(0, (of * HOUR - passed) // HOUR)
    state = "The limit has passed." if late else f"{in_words(left, due.unit)} left."
    return Progress(hour, of, left, due.unit, late, f"Hour {hour} of {of}. {state}")


def _days_sentence(due: Due, day: int, of: int, last: int, late: bool) -> str:
    if late:
        return f"Day {day}: the limit was day {of}."
    if last == 0:
        return f"Day {day} of {of}: it ends today."
    return f"Day {day} of {of}: {in_words(last, due.unit)} left."
