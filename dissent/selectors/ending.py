"""The end of a conference with dissents in it: what follows, who is told, and by when."""

import datetime as dt
from collections.abc import Iterable

from django.urls import reverse

import protocols
from conferences.models import Conference
from conferences.selectors import Live, extras_of, missing_from_record
from core.clock import london_date
from core.gather import gather
from core.templatetags.pd import day_date
from dissent.models import Dissent
from dissent.selectors.words import Shown, seat_title, subject_words
from dissent.states import DissentState
from partnerships.models import SlotHolder
from partnerships.selectors import all_holders, calendar_for, in_post
from protocols.calendar import Calendar, CalendarHorizon
from protocols.durations import in_words
from protocols.timeline import Given, clocks_for

S = DissentState


def on_ending(
    conference: Conference,
    area: protocols.AreaProtocol,
    calendar: Calendar,
    names: list[str],
    posts: Iterable[SlotHolder],
    now: dt.datetime,
) -> list[Shown]:
    """What follows when the conference ends with dissents in it: who is told, and by when; each with its rule.

    Dates are counted from now, as if it ended now, or from when it ended. `posts`: rows of `all_holders`.
    """
    today = london_date(now)
    who = _named(names) if names else "Whoever dissents"
    ended_at = conference.ended_at or now
    lines: list[Shown] = []
    for tell in area.tells:
        if tell.how != "notice" or tell.when not in STARTING:
            continue
        when = "straight away" if tell.when == "conference_ended" else "as soon as a dissent is recorded"
        name = _seat_name(tell.who, conference, posts, today)
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


def _seat_name(seat: str, conference: Conference, posts: Iterable[SlotHolder], today: dt.date) -> str:
    if seat == "capacity:chair":
        return f"{conference.chair.user.name}, the chair,"
    if seat == "line_manager:capacity:chair":
        manager = conference.chair.line_manager
        return f"{manager.user.name}, the chair’s line manager," if manager else ""
    held = in_post(posts, seat.removeprefix("slot:"), today) if seat.startswith("slot:") else []
    return f"{held[0].membership.user.name}, {held[0].slot.title}," if held else ""


def _named(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def ending(live: Live, now: dt.datetime) -> Shown:
    """What is missing when a conference ends, who dissented, and what follows. `live` was read with its views."""
    extras = extras_of(live.conference)
    missing = missing_from_record(
        live.conference, live.area, live.people, live.children, extras.ticks, extras.fields
    )
    return {
        "missing": [{"text": text, "rule": rule} for text, rule in missing],
        "undecided": [child.child.initials for child in live.undecided],
        **ended(live, now),
    }


def ended(live: Live, now: dt.datetime) -> Shown:
    """After the end: who was told, and what is due when."""
    conference, area = live.conference, live.area
    rows, posts = gather(
        Dissent.objects.filter(conference=conference)
        .exclude(state=S.WITHDRAWN)
        .select_related("case", "attendance", "agency")
        .order_by("expressed_at"),
        all_holders(conference.partnership_id),
    )
    names = [row.attendance.name for row in rows]
    calendar = calendar_for(conference.partnership_id, area.nation)
    return {
        "dissents": [_dissent_line(row, area) for row in rows],
        "ending": on_ending(conference, area, calendar, names, posts, now) if rows else [],
        "stands": area.meanwhile.text,
        "short": area.word("conference_short"),
    }


def _dissent_line(row: Dissent, area: protocols.AreaProtocol) -> Shown:
    return {
        "name": row.attendance.name,
        "who": f"{row.attendance.name}, {row.agency.name}",
        "about": subject_words(row, area),
        "reference": row.case.reference,
        "href": reverse("case", args=[row.case.reference]),
        "status": row.case.get_stage_display(),
        "at": row.expressed_at,
        "has_account": row.attendance.membership_id is not None,
    }
