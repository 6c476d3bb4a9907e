"""Reads of clocks: how far one has run, in words, and how its date was counted."""

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate

import protocols
from cases.models import Case, CaseEvent
from cases.selectors import area_of_case, facts_of
from core.actor import Actor
from core.refusals import Denied
from core.templatetags.pd import day_date, day_time
from deadlines.models import CalendarFeed, ClockHold, Deadline
from deadlines.states import DeadlineState
from partnerships.models import Membership, Partnership, ProtocolVersion
from partnerships.selectors import area_of, calendar_for, memberships_of, real_partnership
from protocols.calendar import Calendar, CalendarHorizon, Due, Progress
from protocols.clocktime import LONDON
from protocols.describe import STRENGTH_WORDS, event_words, seat_words
from protocols.durations import in_words
from protocols.holidays import calendar_for as packaged_calendar
from protocols.timeline import ClockResult, Given, clocks_for

LATE = dt.timedelta(hours=1)  # from then on it is said that a passed date was processed late


@dataclass(frozen=True, slots=True)
class RunningClock:
    """A clock as a page shows it: its words, its days, and how it was worked out."""

    deadline: Deadline
    clock: protocols.Clock
    due: Due
    progress: Progress
    cautious: Due | None = None  # counted from the earlier of two readings' anchors (CAM-14)

    @property
    def is_open(self) -> bool:
        return self.deadline.state == DeadlineState.OPEN

    @property
    def noted_late(self) -> dt.datetime | None:
        """When it was noted that the date had passed, where that was long after it: the service was down."""
        passed, noted = self.deadline.breached_at, self.deadline.breach_detected_at
        return noted if passed and noted and noted - passed > LATE else None


def running(
    deadline: Deadline,
    area: protocols.AreaProtocol,
    calendar: Calendar,
    now: dt.datetime,
    facts: Mapping[str, dt.datetime] | None = None,
) -> RunningClock:
    """The clock of a deadline with its progress at a moment; counted as the stored date was.

    With the case's facts a clock of two readings has its cautious date beside it.
    """
    clock = area.clock(deadline.clock_id)
    if clock is None:
        raise LookupError(f"the protocol has no clock {deadline.clock_id!r}")
    due = calendar.due(
        clock,
        deadline.anchored_at,
        agreed_date=deadline.agreed_date,
        protect_by_date=deadline.protect_by_date,
    )
    earlier = (facts or {}).get(clock.cautious_after)
    cautious = calendar.due(clock, earlier) if earlier is not None else None
    return RunningClock(deadline, clock, due, calendar.progress(due, now), cautious)


def clocks_of(case: Case, now: dt.datetime, calendar: Calendar | None = None) -> list[RunningClock]:
    """Every clock of a case, running first, then by date."""
    area = area_of_case(case)
    calendar = calendar or calendar_for(case.partnership_id, area.nation)
    rows = list(case.deadlines.all())
    rows.sort(key=lambda d: (d.state != DeadlineState.OPEN, d.due_at is None, d.due_at or d.anchored_at))
    wanted = {clock.id for clock in area.clocks if clock.cautious_after}
    facts = facts_of(case) if any(row.clock_id in wanted for row in rows) else {}
    return [running(row, area, calendar, now, facts) for row in rows]


@dataclass(frozen=True, slots=True)
class Correction:
    """A time that was recorded wrongly: the fact as it stands, and what was recorded before it."""

    fact: CaseEvent
    was: dt.datetime


def corrections_of(case: Case) -> list[Correction]:
    """The corrected times that stand in a case. No query where the page has read its events along."""
    rows = {row.pk: row for row in case.events.all()}
    replaced = {row.corrects_id for row in rows.values()}
    return [
        Correction(row, rows[row.corrects_id].happened_at)
        for row in rows.values()
        if row.corrects_id in rows and row.pk not in replaced
    ]


def correction_of(running: RunningClock, corrections: Sequence[Correction]) -> Correction | None:
    """The corrected time that a clock is counted from, or ended at."""
    for one in corrections:
        if one.fact.pk == running.deadline.anchor_id:
            return one
    for one in corrections:
        if one.fact.name in running.clock.stops and one.fact.happened_at == running.deadline.ended_at:
            return one
    return None


def clock_hold() -> ClockHold | None:
    """What makes messages that a date has passed wait: PostgreSQL's clock is in doubt. None when it is believed."""
    return ClockHold.objects.filter(released_at__isnull=True).first()


# --- dates that a changed calendar moves ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Move:
    """One kind of open clock whose date a calendar changes: all that started on one day, by one text, with one date."""

    partnership_id: int
    version_id: int
    clock: protocols.Clock
    started_on: dt.date
    agreed_date: dt.date | None
    protect_by_date: dt.date | None
    was: dt.datetime
    due: dt.datetime
    count: int

    def clocks(self) -> QuerySet[Deadline]:
        """The clocks themselves, as long as they have not moved."""
        return Deadline.objects.filter(
            partnership_id=self.partnership_id,
            state=DeadlineState.OPEN,
            due_at=self.was,
            clock_id=self.clock.id,
            case__protocol_version_id=self.version_id,
            anchored_at__gte=_midnight(self.started_on),
            anchored_at__lt=_midnight(self.started_on + dt.timedelta(days=1)),
            **_same("agreed_date", self.agreed_date),
            **_same("protect_by_date", self.protect_by_date),
        )


def _same(name: str, value: dt.date | None) -> dict[str, Any]:
    return {f"{name}__isnull": True} if value is None else {name: value}


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=LONDON).astimezone(dt.UTC)


def moves(
    partnership_id: int, nation: str, calendar: Calendar, days: Collection[dt.date] | None = None
) -> list[Move]:
    """Which open clocks of a partnership have another date by this calendar. One query, whatever their number.

    A clock in working days is due at the end of a day, whatever the hour it started at; others do not count over
    holidays, and do not move. With `days`, only clocks that run over one of them are looked at.
    """
    rows = Deadline.objects.filter(
        partnership_id=partnership_id, state=DeadlineState.OPEN, due_at__isnull=False
    )
    if days is not None:
        if not days:
            return []
        rows = rows.filter(
            due_at__gte=_midnight(min(days)), anchored_at__lt=_midnight(max(days) + dt.timedelta(days=1))
        )
    groups = (
        rows.annotate(started_on=TruncDate("anchored_at", tzinfo=LONDON))
        .order_by()
        .values(
            "case__protocol_version_id", "clock_id", "started_on", "agreed_date", "protect_by_date", "due_at"
        )
        .annotate(count=Count("pk"))
    )
    partnership = Partnership.objects.get(pk=partnership_id)
    versions = {
        version.pk: area_of(version, partnership)
        for version in ProtocolVersion.objects.filter(partnership=partnership).defer("source_text")
    }
    found = []
    for row in groups:
        area = versions[row["case__protocol_version_id"]]
        clock = area.clock(row["clock_id"])
        if area.nation != nation or clock is None or clock.unit != "working_days":
            continue
        was = row["due_at"]
        noon = dt.datetime.combine(row["started_on"], dt.time(12), tzinfo=LONDON)
        due = counted(calendar, clock, noon, row["agreed_date"], row["protect_by_date"])
        if was is not None and due is not None and due != was:
            found.append(
                Move(
                    partnership_id, row["case__protocol_version_id"], clock, row["started_on"], row["agreed_date"],
                    row["protect_by_date"], was, due, row["count"],
                )
            )  # fmt: skip
    return sorted(found, key=lambda move: (move.was, move.clock.id))


def counted(
    calendar: Calendar,
    clock: protocols.Clock,
    anchor: dt.datetime,
    agreed_date: dt.date | None,
    protect_by_date: dt.date | None,
) -> dt.datetime | None:
    """The due instant of a clock. Raises Denied past the last known bank holiday."""
    try:
        return calendar.due(clock, anchor, agreed_date=agreed_date, protect_by_date=protect_by_date).due_at
    except CalendarHorizon as error:
        raise Denied(str(error), rule=clock.rule) from error


def moving_cases(found: Sequence[Move], limit: int) -> list[dict[str, Any]]:
    """The first of the cases whose dates would move: {reference, label, rule, was, due}, by date."""
    shown: list[dict[str, Any]] = []
    for move in found:
        references = move.clocks().order_by("case__reference").values_list("case__reference", flat=True)
        for reference in references[: limit - len(shown)]:
            shown.append(
                {
                    "reference": reference, "label": move.clock.label, "rule": move.clock.rule,
                    "was": move.was, "due": move.due,
                }
            )  # fmt: skip
        if len(shown) >= limit:
            break
    return shown


# --- the calculator -----------------------------------------------------------------------------------------------


WEEKEND = "weekend"


def public_calendar(area: protocols.AreaProtocol) -> Calendar:
    """The calendar to work out dates by without a case: with the partnership's closure days where it works here."""
    partnership = real_partnership(area.slug)
    if partnership is None:
        return packaged_calendar(area.nation)
    try:
        return calendar_for(partnership.pk, area.nation)
    except Denied:
        return packaged_calendar(area.nation)


def worked_out(area: protocols.AreaProtocol, given: Given, calendar: Calendar) -> list[dict[str, Any]]:
    """Every clock that the given events start, in words, with its days and how they were counted.

    Raises CalendarHorizon for a date outside the known bank holidays.
    """
    return [_result(area, found) for found in clocks_for(area, given, calendar)]


def _result(area: protocols.AreaProtocol, found: ClockResult) -> dict[str, Any]:
    due, clock = found.due, found.clock
    if due.local is None or due.day is None:
        words = f"No fixed limit{f': “{clock.words}”' if clock.words else ''}"
    elif due.unit == "clock_hours" and due.bound == "amount":
        words = day_time(due.local)
    else:
        words = day_date(due.day)
    days = due.counted if 1 < len(due.counted) <= 31 else ()
    return {
        "id": found.id,
        "label": found.label,
        "rule": found.rule,
        "basis": found.basis,
        "anchor": event_words(area, clock.after),
        "anchored": day_time(found.anchored_at),
        "amount": in_words(clock.amount, clock.unit) if clock.unit != "none" else "",
        "strength": STRENGTH_WORDS[found.strength],
        "holder": seat_words(area, clock.holder),
        "words": words,
        "has_date": due.day is not None,
        "days": [
            {"letter": f"{day:%a}"[0], "number": day.day, "state": "due" if day == days[-1] else ""}
            for day in days
        ],
        "skipped": [{"day": day_date(day), "why": why} for day, why in due.skipped if why != WEEKEND],
        "weekends": sum(why == WEEKEND for _, why in due.skipped),
        "explain": due.explanation(),
        "cautious": day_date(found.cautious.day) if found.cautious and found.cautious.day != due.day else "",
        "outcomes": [o.label for name in clock.on_outcomes if (o := area.outcome(name))],
        "text": clock.text,
    }


# --- private calendars --------------------------------------------------------------------------------------------


def digest_of(token: str) -> str:
    """What is kept of the token of a calendar address."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_feed(actor: Actor) -> CalendarFeed | None:
    return CalendarFeed.objects.filter(membership_id=actor.membership_id or 0, ended_at__isnull=True).first()


def feed_owner(token: str, today: dt.date) -> Membership | None:
    """Whose calendar an address is; None for one that was reset, and for somebody who has left."""
    feed = (
        CalendarFeed.objects.filter(digest=digest_of(token), ended_at__isnull=True)
        .select_related("membership__user", "membership__partnership")
        .first()
    )
    if feed is None or not feed.membership.user.is_active:
        return None
    return memberships_of(feed.membership.user_id, today).filter(pk=feed.membership_id).first()
