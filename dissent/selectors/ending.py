"""The end of a conference with dissents in it: what follows, who is told, and by when."""

import datetime as dt

from django.urls import reverse

import protocols
from conferences.models import Attendance, Conference
from conferences.selectors import Live, extras_of, missing_from_record
from core.clock import london_date
from core.templatetags.pd import day_date
from dissent.models import Dissent
from dissent.selectors.words import Shown, seat_title, subject_words
from dissent.states import DissentState
from partnerships.selectors import calendar_for, holders_of
from protocols.calendar import Calendar, CalendarHorizon
from protocols.durations import in_words
from protocols.timeline import Given, clocks_for

S = DissentState


def on_ending(
    conference: Conference,
    area: protocols.AreaProtocol,
    calendar: Calendar,
    names: list[str],
    now: dt.datetime,
) -> list[Shown]:
    """What follows when the conference ends with dissents in it: who is told, and by when; each with its rule.

    Dates are counted from now, as if it ended now, or from when it ended.
    """
    today = london_date(now)
    who = _named(names) if names else "Whoever dissents"
    ended_at = conference.ended_at or now
    lines: list[Shown] = []
    for tell in area.tells:
        if tell.how != "notice" or tell.when not in STARTING:
            continue
        when = "straight away" if tell.when == "conference_ended" else "as soon as a dissent is recorded"
        name = _seat_name(tell.who, conference, today)
        lines.append({"text": f"{name or seat_title(tell.who, area)} is told {when}", "rule": tell.rule})
    events = dict.fromkeys(STARTING, ended_at)
    try:
        results = clocks_for(area, Given(events), calendar)
    except CalendarHorizon:
        results = ()
    for found in results:
        if found.clock.purpose not in ("send", "decide") or found.due_at is None:
            continue
        text = (
            f"{found.clock.label}: {who}, by"
            if found.clock.holder == "capacity:dissenter"
            else f"{found.label}: by"
        )
        lines.append({"text": text, "date": day_date(found.due_at), "rule": found.rule})
    for clock in area.clocks:
        if clock.after == "rationale_received" and clock.purpose == "decide":
            amount = in_words(clock.amount, clock.unit)
            lines.append(
                {
                    "text": f"{clock.label}: {amount} from when the written view is received",
                    "rule": clock.rule,
                }
            )
    if area.review is None:
        lines.append(
            {
                "text": f"{who}: choose whether to challenge; there is no fixed limit",
                "rule": area.dissent.rule,
            }
        )
    return lines


STARTING = (
    "conference_ended",
    "dissent_expressed",
    "dissent_recorded",
    "dissent_acknowledged",
    "reviewer_notified",
)


def _seat_name(seat: str, conference: Conference, today: dt.date) -> str:
    if seat == "capacity:chair":
        return f"{conference.chair.user.name}, the chair,"
    if seat == "line_manager:capacity:chair":
        manager = conference.chair.line_manager
        return f"{manager.user.name}, the chair’s line manager," if manager else ""
    held = (
        holders_of(conference.partnership_id, seat.removeprefix("slot:"), today)
        if seat.startswith("slot:")
        else []
    )
    return f"{held[0].membership.user.name}, {held[0].slot.title}," if held else ""


def _named(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def ending(live: Live, now: dt.datetime) -> Shown:
    """What is missing when a conference ends, who dissented, and what follows."""
    conference, area = live.conference, live.area
    extras = extras_of(conference)
    people = list(
        Attendance.objects.filter(conference=conference).select_related("agency").prefetch_related("views")
    )
    missing = missing_from_record(conference, area, people, live.children, extras.ticks, extras.fields)
    dissents = _dissents_from(conference, area)
    names = [row["name"] for row in dissents]
    calendar = calendar_for(conference.partnership_id, area.nation)
    return {
        "missing": [{"text": text, "rule": rule} for text, rule in missing],
        "undecided": [child.child.initials for child in live.undecided],
        "dissents": dissents,
        "ending": on_ending(conference, area, calendar, names, now) if dissents else [],
        "stands": area.meanwhile.text,
        "short": area.word("conference_short"),
    }


def _dissents_from(conference: Conference, area: protocols.AreaProtocol) -> list[Shown]:
    rows = (
        Dissent.objects.filter(conference=conference)
        .exclude(state=S.WITHDRAWN)
        .select_related("case", "attendance", "agency")
        .order_by("expressed_at")
    )
    return [
        {
            "name": row.attendance.name,
            "who": f"{row.attendance.name}, {row.agency.name}",
            "about": subject_words(row, area),
            "reference": row.case.reference,
            "href": reverse("case", args=[row.case.reference]),
            "status": row.case.get_stage_display(),
            "at": row.expressed_at,
        }
        for row in rows
    ]


def ended(live: Live, now: dt.datetime) -> Shown:
    """After the end: who was told, and what is due when."""
    conference, area = live.conference, live.area
    dissents = _dissents_from(conference, area)
    calendar = calendar_for(conference.partnership_id, area.nation)
    names = [row["name"] for row in dissents]
    return {
        "dissents": dissents,
        "ending": on_ending(conference, area, calendar, names, now) if dissents else [],
        "stands": area.meanwhile.text,
        "short": area.word("conference_short"),
    }
