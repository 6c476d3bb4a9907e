"""Reads of conferences: the one gate, the record, what is missing from it."""

from django.db.models import Prefetch
from django.http import Http404

import protocols
from conferences.models import Attendance, Conference, ConferenceChild, ScriptTick, View
from conferences.states import PRESENT, Side
from core.actor import Actor
from core.references import normalise
from partnerships.selectors import area_of


def get_conference_or_404(actor: Actor, reference: str) -> Conference:
    """The one gate to a conference in a URL. A stranger gets 404."""
    conference = (
        Conference.objects.visible_to(actor)
        .select_related("partnership", "protocol_version", "chair__user", "minute_taker__user", "follows")
        .filter(reference=normalise(reference) or reference)
        .first()
    )
    if conference is None:
        raise Http404("No such conference.")
    return conference


def area_of_conference(conference: Conference) -> protocols.AreaProtocol:
    """The protocol in force on the conference's date."""
    return area_of(conference.protocol_version, conference.partnership.slug)


def children_of(conference: Conference) -> list[ConferenceChild]:
    return list(
        ConferenceChild.objects.filter(conference=conference)
        .select_related("child", "decision__recorded_by__user")
        .order_by("pk")
    )


def people_of(conference: Conference) -> list[Attendance]:
    """Everyone on the list with their views: professionals by agency first, then family."""
    people = list(
        Attendance.objects.filter(conference=conference)
        .select_related("agency", "membership")
        .prefetch_related(
            Prefetch("views", queryset=View.objects.order_by("phase")), "dissents__case", "noted_views"
        )
    )
    people.sort(key=lambda a: (a.side == Side.FAMILY, a.agency.name if a.agency else "", a.name))
    return people


def ticks_of(conference: Conference) -> dict[str, ScriptTick]:
    return {tick.step: tick for tick in ScriptTick.objects.filter(conference=conference)}


def missing_from_record(
    conference: Conference,
    area: protocols.AreaProtocol,
    people: list[Attendance],
    children: list[ConferenceChild],
    ticks: dict[str, ScriptTick],
    recorded_fields: set[str],
) -> list[tuple[str, str]]:
    """What the record still lacks, each with its rule: shown before a decision and on ending, never a block."""
    lacking: list[tuple[str, str]] = []
    phase = area.conference.view_phases[-1]
    present = [p for p in people if p.side == Side.PROFESSIONAL and p.presence in PRESENT]
    for person in present:
        seen = {v.conference_child_id for v in person.views.all() if v.phase == phase}
        if any(child.pk not in seen for child in children):
            lacking.append(
                (f"No view of {person.name}, {person.agency}", area.conference.views_complete.rule)
            )
    for step in area.conference.script:
        if step.step not in ticks:
            lacking.append((f"Not ticked: {step.label}", step.rule))
    on_plan = [c.decision.on_plan for c in children if getattr(c, "decision", None)]
    for field in area.conference.fields:
        wanted = (
            field.when == "always"
            or (field.when == "on_plan" and any(on_plan))
            or (field.when == "not_on_plan" and on_plan and not all(on_plan))
        )
        if wanted and field.strength != "may" and field.id not in recorded_fields:
            lacking.append((f"Not recorded: {field.label}", field.rule))
    return lacking
