"""Events in, clocks out: every clock that some events start in one area, with its date and how it was counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from protocols.calendar import Calendar, Due
from protocols.clocktime import BadTime, parse_day, parse_local
from protocols.durations import Unit
from protocols.model import AreaProtocol, Clock, Origin, Strength

DATES = ("agreed_date", "protect_by_date")


class BadEvent(ValueError):
    """An event that cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a timeline starts from: the moments of events, and the two dates that people agree on."""

    events: Mapping[str, datetime]
    agreed_date: date | None = None
    protect_by_date: date | None = None


@dataclass(frozen=True, slots=True)
class ClockResult:
    """One clock, started."""

    clock: Clock
    anchored_at: datetime
    due: Due
    cautious: Due | None = None

    @property
    def id(self) -> str:
        return self.clock.id

    @property
    def rule(self) -> str:
        return self.clock.rule

    @property
    def basis(self) -> Origin:
        return self.clock.basis

    @property
    def label(self) -> str:
        return self.clock.label

    @property
    def anchor(self) -> str:
        return self.clock.after

    @property
    def amount(self) -> int | None:
        return self.clock.amount

    @property
    def unit(self) -> Unit:
        return self.clock.unit

    @property
    def strength(self) -> Strength:
        return self.clock.strength

    @property
    def due_at(self) -> datetime | None:
        """The due instant in Europe/London, or None for a clock without a number."""
        return self.due.local

    @property
    def due_iso(self) -> str | None:
        return self.due.local.isoformat() if self.due.local else None

    def as_json(self) -> dict[str, object]:
        return {
            "rule": self.rule,
            "basis": self.basis,
            "id": self.id,
            "label": self.label,
            "anchor": self.anchor,
            "anchored_at": self.anchored_at.isoformat(),
            "amount": self.amount,
            "unit": self.unit,
            "strength": self.strength,
            "due_at": self.due_iso,
            "bound": self.due.bound or None,
            "cautious_due_at": self.cautious.local.isoformat()
            if self.cautious and self.cautious.local
            else None,
            "counted": [day.isoformat() for day in self.due.counted],
            "skipped": [{"date": day.isoformat(), "why": why} for day, why in self.due.skipped],
            "explanation": list(self.due.explanation()),
        }


def read_given(area: AreaProtocol, raw: Mapping[str, object]) -> Given:
    """Typed events and dates, checked: each name must be known here and each moment must be real."""
    moments: dict[str, datetime] = {}
    days: dict[str, date] = {}
    for name, written in raw.items():
        if name not in area.events and name not in DATES:
            known = ", ".join((*area.events, *DATES))
            raise BadEvent(f"There is no event “{name}”. The events are: {known}.")
        if not isinstance(written, str):
            raise BadEvent(f"{name}: this has to be a date and time in text, such as “2026-04-02T15:00”.")
        try:
            if name in DATES:
                days[name] = parse_day(written)
            else:
                moments[name] = parse_local(written)
        except BadTime as error:
            raise BadEvent(f"{name}: {error}") from None
    return Given(moments, **days)


def clocks_for(area: AreaProtocol, given: Given, calendar: Calendar) -> tuple[ClockResult, ...]:
    """Every clock that these events start, in the order of the protocol.

    Clocks that run only on some outcomes are shown whenever their event is given. A chained clock begins where the
    clock before it ends.
    """
    results: dict[str, ClockResult] = {}
    waiting = [clock for clock in area.clocks if clock.after in given.events]
    while waiting:
        ready = [clock for clock in waiting if not clock.chained_to or clock.chained_to in results]
        if not ready:  # chained to a clock that these events do not start
            break
        for clock in ready:
            results[clock.id] = _start(clock, _anchor(clock, given, results), given, calendar)
        waiting = [clock for clock in waiting if clock.id not in results]
    return tuple(results[clock.id] for clock in area.clocks if clock.id in results)


def _anchor(clock: Clock, given: Given, results: Mapping[str, ClockResult]) -> datetime:
    before = results.get(clock.chained_to)
    if before is not None and before.due.local is not None:
        return before.due.local
    return given.events[clock.after]


def _start(clock: Clock, anchor: datetime, given: Given, calendar: Calendar) -> ClockResult:
    due = calendar.due(clock, anchor, agreed_date=given.agreed_date, protect_by_date=given.protect_by_date)
    earlier = given.events.get(clock.cautious_after)
    cautious = calendar.due(clock, earlier) if earlier is not None else None
    return ClockResult(clock, anchor, due, cautious)
