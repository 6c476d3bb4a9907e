"""A past case as a matter with nobody in it, and what two protocols say of it, side by side."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import Http404

import protocols
from cases.models import Case
from cases.selectors import facts_of
from cases.states import Kind
from core.actor import Actor
from core.templatetags.pd import day_time, short_date
from deadlines.selectors import public_calendar
from partnerships.states import AgencyKind
from protocols.compare import Matter, answers, clocks_ahead
from protocols.describe import Line, event_words
from protocols.timeline import Given
from worklists.selectors.texts import Pair, side_by_side

LISTED = 50
KINDS = {  # the kinds of difference that protocols know, by what a case is about
    Kind.CONFERENCE_DECISION: "conference_outcome",
    Kind.NEED_FOR_CONFERENCE: "need_for_conference",
    Kind.REFERRAL_ENQUIRY: "referral_enquiry",
    Kind.PLAN_IMPLEMENTATION: "plan_implementation",
    Kind.CONFERENCE_PROCESS: "process",
}


def past_cases(actor: Actor) -> QuerySet[Case]:
    """The closed differences that somebody may see, the last closed first."""
    return (
        Case.objects.visible_to(actor)
        .filter(closed_at__isnull=False)
        .exclude(kind=Kind.COMPLAINT)
        .order_by("-closed_at", "-pk")
    )


def past_listed(actor: Actor) -> list[tuple[str, str]]:
    """Past cases to choose one from."""
    return [
        (
            case.reference,
            f"{case.reference}: {case.get_kind_display().lower()}, closed {short_date(case.closed_at)}",
        )
        for case in past_cases(actor)[:LISTED]
    ]


def get_past_or_404(actor: Actor, reference: str) -> Case:
    found = (
        past_cases(actor)
        .filter(reference=reference)
        .select_related("protocol_version", "partnership", "agency", "dissent__attendance")
        .prefetch_related("events")
        .first()
    )
    if found is None:
        raise Http404("There is no such closed case.")
    return found


def matter_of(case: Case) -> Matter:
    """The events of a case and what kind of matter it was. No child, no name, no word that anybody wrote."""
    dissent = getattr(case, "dissent", None)
    return Matter(
        agency_kind=case.agency.kind,
        events=facts_of(case),
        kind=KINDS[Kind(case.kind)],
        presence=dissent.attendance.presence if dissent else "",
        subject=dissent.subject if dissent else "",
        expressed_at=dissent.expressed_at if dissent else None,
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One question with the answers of both protocols."""

    id: str
    title: str
    own: tuple[Line, ...]
    other: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    happened: list[str]
    rows: list[Row]
    pairs: list[Pair]
    own_ahead: tuple[Line, ...]
    other_ahead: tuple[Line, ...]


def compared(own: protocols.AreaProtocol, other: protocols.AreaProtocol, matter: Matter) -> Comparison:
    """What both protocols say of a matter.

    Raises CalendarHorizon for a date outside the known bank holidays.
    """
    calendars = (public_calendar(own), public_calendar(other))
    mine, theirs = answers(own, matter, calendars[0]), answers(other, matter, calendars[1])
    return Comparison(
        happened_words(own, other, matter),
        [Row(a.id, a.title, a.lines, b.lines) for a, b in zip(mine, theirs, strict=True)],
        side_by_side(own, other, Given(matter.events), calendars),
        clocks_ahead(own, matter.events),
        clocks_ahead(other, matter.events),
    )


def happened_words(own: protocols.AreaProtocol, other: protocols.AreaProtocol, matter: Matter) -> list[str]:
    """What happened, in order, as a list of sentences without anybody."""
    told: list[tuple[dt.datetime, str]] = []
    for name, moment in matter.events.items():
        area = next((each for each in (own, other) if name in each.events), None)
        if area is not None:
            told.append((moment, event_words(area, name)))
    lines = [f"{words[:1].upper()}{words[1:]}: {day_time(moment)}" for moment, words in sorted(told)]
    return [f"Raised by: {AgencyKind(matter.agency_kind).label.lower()}", *lines]


def others(areas: list[protocols.AreaProtocol], slug: str) -> list[Any]:
    return [area for area in areas if area.slug != slug]
