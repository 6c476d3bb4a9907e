"""Reads of the spine: the one gate to a case, its facts, its protocol."""

import datetime as dt

from django.http import Http404

import protocols
from cases.models import Case
from core.actor import Actor
from core.references import normalise
from partnerships.selectors import area_of


def get_case_or_404(actor: Actor, reference: str) -> Case:
    """The one gate to a case in a URL. A stranger gets 404."""
    case = (
        Case.objects.visible_to(actor)
        .select_related("partnership", "protocol_version", "agency")
        .filter(reference=normalise(reference) or reference)
        .first()
    )
    if case is None:
        raise Http404("No such case.")
    return case


def area_of_case(case: Case) -> protocols.AreaProtocol:
    """The protocol that the case is judged by for life."""
    return area_of(case.protocol_version, case.partnership.slug)


def facts_of(case: Case) -> dict[str, dt.datetime]:
    """When each named fact happened: the latest row of a name that no later row corrects."""
    rows = list(case.events.all())
    corrected = {row.corrects_id for row in rows}
    rows.sort(key=lambda row: (row.recorded_at, row.pk))
    return {row.name: row.happened_at for row in rows if row.pk not in corrected}
