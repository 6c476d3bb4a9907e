"""Entries of a calendar: a reference and what kind of date it is, and nothing more. They follow the clock.

An entry keeps its UID for life; SEQUENCE rises with each move, and one that is over is cancelled, so that a calendar
which knew it takes it out.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from icalendar import Calendar, Event, vDuration

from audit.models import AuditEvent
from cases.models import Case, Participant
from conferences.models import Conference
from conferences.states import ConferenceState
from core.actor import Actor
from core.clock import london
from deadlines.models import Deadline
from deadlines.states import DeadlineState
from escalation.models import TierPerson

KEPT = dt.timedelta(days=60)  # so long a date that is over is still cancelled in calendars that knew it
LENGTH = dt.timedelta(hours=2)
OFTEN = dt.timedelta(hours=1)  # how often a calendar is asked to look again
KINDS = {
    "decide": "decision due", "hold": "conference to be held by", "send": "written view due", "tell": "people to be told by",
    "raise": "time to raise ends", "resolve": "to be settled by", "acknowledge": "to be passed on by", "record": "to be recorded by",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, as plain as it is written."""

    uid: str
    title: str
    url: str
    starts: dt.date | dt.datetime
    ends: dt.date | dt.datetime
    sequence: int
    cancelled: bool


def _host() -> str:
    return urlsplit(settings.SITE_ADDRESS).hostname or "localhost"


def _moves(deadlines: Iterable[Deadline]) -> dict[int, int]:
    """How often each date was moved, by the audit."""
    keys = [row.pk for row in deadlines]
    found: dict[int, int] = {}
    events = AuditEvent.objects.filter(
        type__in=("clock.moved", "clock.corrected", "clock.agreed"),
        object_type="deadline",
        object_id__in=keys,
    )
    for key in events.values_list("object_id", flat=True):
        found[key] = found.get(key, 0) + 1
    return found


def entry_of_deadline(deadline: Deadline, moves: int | None = None) -> Entry:
    """The date of a clock: a whole day, or, where it runs in hours, its last moment."""
    if moves is None:
        moves = _moves([deadline]).get(deadline.pk, 0)
    over = deadline.state != DeadlineState.OPEN
    case = deadline.case
    due = london(deadline.due_at) if deadline.due_at else london(deadline.anchored_at)
    whole_day = due.time().replace(microsecond=0) == dt.time(23, 59, 59)
    starts: dt.date | dt.datetime = due.date() if whole_day else due
    ends: dt.date | dt.datetime = (
        due.date() + dt.timedelta(days=1) if whole_day else due + dt.timedelta(minutes=15)
    )
    return Entry(
        uid=f"date-{deadline.uuid}@{_host()}",
        title=f"{case.reference} {KINDS.get(deadline.purpose, 'date')}",
        url=f"{settings.SITE_ADDRESS.rstrip('/')}{reverse('case', args=[case.reference])}",
        starts=starts,
        ends=ends,
        sequence=moves + (1 if over else 0),
        cancelled=over,
    )


def entry_of_conference(conference: Conference) -> Entry:
    """When a conference is held. Its place may say too much: it stands on its page only."""
    starts = london(conference.starts_at)
    return Entry(
        uid=f"conference-{conference.uuid}@{_host()}",
        title=f"{conference.reference} conference",
        url=f"{settings.SITE_ADDRESS.rstrip('/')}{reverse('conference', args=[conference.reference])}",
        starts=starts,
        ends=starts + LENGTH,
        sequence=conference.version,
        cancelled=conference.state == ConferenceState.CANCELLED,
    )


def entries_for(actor: Actor, now: dt.datetime) -> list[Entry]:
    """What a person holds: the dates that are theirs by name or by post, and the conferences they are part of."""
    visible = Case.objects.visible_to(actor)
    seats = [f"slot:{key}" for key in actor.slots]
    own = Participant.objects.filter(membership_id=actor.membership_id or 0, case__in=visible).values_list(
        "case_id", "capacity"
    )
    mine = Q(holder__in=seats)
    for case_id, capacity in own:
        mine |= Q(case_id=case_id, holder=f"capacity:{capacity}")
    # The managers named at a step settle by its date, whoever the protocol says holds it.
    at_step = TierPerson.objects.filter(
        participant__membership_id=actor.membership_id or 0,
        removed_at__isnull=True,
        tier__escalation__case__in=visible,
    )
    mine |= Q(case__in=at_step.values("tier__escalation__case"), purpose="resolve")
    lately = Q(state=DeadlineState.OPEN) | Q(ended_at__gte=now - KEPT)
    deadlines = list(
        Deadline.objects.filter(mine, lately, due_at__isnull=False, case__in=visible)
        .select_related("case")
        .order_by("due_at", "pk")
    )
    moves = _moves(deadlines)
    entries = [entry_of_deadline(row, moves.get(row.pk, 0)) for row in deadlines]
    held = Q(chair_id=actor.membership_id) | Q(minute_taker_id=actor.membership_id)
    held |= Q(attendances__membership_id=actor.membership_id)
    conferences = (
        Conference.objects.visible_to(actor)
        .filter(held, starts_at__gte=now - KEPT)
        .distinct()
        .order_by("starts_at", "pk")
    )
    return entries + [entry_of_conference(row) for row in conferences]


def calendar_of(entries: Iterable[Entry], now: dt.datetime, *, practice: bool = False) -> bytes:
    """The entries as an iCalendar file. Those of practice say so."""
    calendar = Calendar()
    calendar.add("prodid", "-//Professional Dissent//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "Professional Dissent")
    calendar.add("refresh-interval", vDuration(OFTEN), parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", vDuration(OFTEN))
    for entry in entries:
        event = Event()
        event.add("uid", entry.uid)
        event.add("summary", f"Practice: {entry.title}" if practice else entry.title)
        event.add("url", entry.url)
        event.add("dtstamp", now.astimezone(dt.UTC))
        event.add("dtstart", _moment(entry.starts))
        event.add("dtend", _moment(entry.ends))
        event.add("sequence", entry.sequence)
        event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
        event.add("transp", "TRANSPARENT")
        event.add("class", "PRIVATE")
        calendar.add_component(event)
    return calendar.to_ical()


def _moment(value: dt.date | dt.datetime) -> dt.date | dt.datetime:
    """A day as it is; a moment in UTC, which needs no table of summer times."""
    return value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value
