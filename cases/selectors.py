"""Reads of the spine: the one gate to a case, its facts, its protocol."""

import datetime as dt

from django.db.models import Q
from django.http import Http404

import protocols
from cases.models import Case, Participant
from cases.states import Capacity
from core.actor import Actor
from core.references import normalise
from partnerships.models import Membership
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


def is_in(actor: Actor, case: Case, *capacities: Capacity) -> bool:
    """Whether the actor is in one of these capacities in a case: by their membership, by a post that they fill or
    deputise for, or as a guest under the address that they were invited by."""
    if actor.partnership_id != case.partnership_id or actor.membership_id is None:
        return False
    if actor.kind == "guest" and case.closed_at is not None:
        return False
    rows = Participant.objects.filter(case=case, capacity__in=capacities)
    if actor.kind == "guest":
        own = Participant.objects.filter(pk=actor.participant_id or 0, case=case).first()
        return own is not None and rows.filter(address_of(own)).exists()
    return rows.filter(Q(membership_id=actor.membership_id) | Q(slot__key__in=list(actor.slots))).exists()


def address_of(participant: Participant) -> Q:
    """The rows of the same person without an account: their address, however it is spelt."""
    same = Q(membership__isnull=True, slot__isnull=True, email__iexact=participant.email)
    return same if participant.email else Q(pk=participant.pk)


def guest_actor(participant: Participant, membership: Membership, request_id: str = "") -> Actor:
    """The actor of a guest: the person of a participant row, in the membership that `cases.actions.admit` gave them."""
    return Actor(
        kind="guest",
        partnership_id=participant.partnership_id,
        user_id=membership.user_id,
        membership_id=membership.pk,
        agency_id=membership.agency_id,
        role=membership.role,
        name=membership.user.name,
        request_id=request_id,
        participant_id=participant.pk,
    )


def area_of_case(case: Case) -> protocols.AreaProtocol:
    """The protocol that the case is judged by for life."""
    return area_of(case.protocol_version, case.partnership.slug)


def facts_of(case: Case) -> dict[str, dt.datetime]:
    """When each named fact happened: the latest row of a name that no later row corrects."""
    rows = list(case.events.all())
    corrected = {row.corrects_id for row in rows}
    rows.sort(key=lambda row: (row.recorded_at, row.pk))
    return {row.name: row.happened_at for row in rows if row.pk not in corrected}
