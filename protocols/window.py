"""May this person dissent now? If not: the sentence, its rule, and where to go instead."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from protocols.calendar import Calendar, is_late, long_moment
from protocols.model import AreaProtocol, Refusal, Window


@dataclass(frozen=True, slots=True)
class Mark:
    """Something to be said beside a dissent that is taken: late entry, outside the text, did not attend."""

    id: str
    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class Ruling:
    refusal: Refusal | None
    marks: tuple[Mark, ...] = ()


def may_raise(
    area: AreaProtocol,
    *,
    expressed_at: datetime,
    events: Mapping[str, datetime],
    calendar: Calendar,
    presence: str = "attended",
    recorded_by: str = "",
    on_behalf: bool = False,
    name: str = "This person",
) -> Refusal | None:
    """None if a dissent expressed then, by somebody with this presence, is taken here."""
    return consider(
        area,
        expressed_at=expressed_at,
        events=events,
        calendar=calendar,
        presence=presence,
        recorded_by=recorded_by,
        on_behalf=on_behalf,
        name=name,
    ).refusal


def consider(
    area: AreaProtocol,
    *,
    expressed_at: datetime,
    events: Mapping[str, datetime],
    calendar: Calendar,
    presence: str = "attended",
    recorded_by: str = "",
    recorded_at: datetime | None = None,
    on_behalf: bool = False,
    name: str = "This person",
) -> Ruling:
    """The answer with its marks. `recorded_by` is the seat of whoever enters it; `recorded_at` when that happens."""
    refusal = _person_refused(area, presence, on_behalf, name)
    if refusal is not None:
        return Ruling(refusal)
    marks = _presence_marks(area, presence, name)
    window = area.dissent.window
    closes_at = closing(window, events, calendar)
    if closes_at is None:
        return Ruling(None, marks)
    if is_late(closes_at, expressed_at):
        later = window.later_entry
        if later is not None and recorded_by in later.by:
            return Ruling(None, (*marks, Mark("outside_the_text", later.mark, later.rule)))
        return Ruling(_window_refusal(area, window, events, closes_at, expressed_at, name))
    if recorded_at is not None and is_late(closes_at, recorded_at):
        if not window.late_typing:
            return Ruling(_window_refusal(area, window, events, closes_at, recorded_at, name))
        marks = (*marks, Mark("late_entry", window.late_typing_mark, window.rule))
    return Ruling(None, marks)


def closing(window: Window, events: Mapping[str, datetime], calendar: Calendar) -> datetime | None:
    """The last instant of a window, or None while nothing closes it."""
    anchor = events.get(window.after)
    if anchor is None:
        return None
    if not window.amount:
        return anchor
    return calendar.add(window.amount, window.unit, anchor).due_at


def _person_refused(area: AreaProtocol, presence: str, on_behalf: bool, name: str) -> Refusal | None:
    attendance = area.dissent.attendance
    people = {refusal.id: refusal for refusal in area.dissent.refused_people}
    if on_behalf and "on_behalf" in people:
        return people["on_behalf"]
    unlisted = attendance.on_list and presence == "not_listed"
    if not unlisted and (attendance.mode != "required" or presence in attendance.accepts):
        return None
    if presence in people:
        return people[presence]
    return Refusal(
        id="not_listed" if unlisted else "not_attended",
        reason=((unlisted and attendance.unlisted_reason) or attendance.reason).format(name=name),
        route=attendance.route,
        rule=attendance.rule,
        basis=attendance.basis,
    )


def _presence_marks(area: AreaProtocol, presence: str, name: str) -> tuple[Mark, ...]:
    attendance = area.dissent.attendance
    if attendance.mode != "flag" or presence in ("attended", "remote", "left_early"):
        return ()
    return (Mark("not_attended", attendance.reason.format(name=name), attendance.rule),)


def _window_refusal(
    area: AreaProtocol,
    window: Window,
    events: Mapping[str, datetime],
    closes_at: datetime,
    expressed_at: datetime,
    name: str,
) -> Refusal:
    reason = window.reason.format(
        ended_at=long_moment(events[window.after]),
        closes_at=long_moment(closes_at),
        expressed_at=long_moment(expressed_at),
        hours=window.amount,
        days=window.amount,
        chair=area.words["chair"],
        conference=area.words["conference"],
        reviewer=area.words["reviewer"],
        partnership=area.partnership_name,
        name=name,
    )
    return Refusal(
        id="window_closed", reason=reason, route=window.route, rule=window.rule, basis=window.basis
    )
