"""Reads of the spine: the one gate to a case, its facts, its protocol."""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404

import protocols
from cases.models import Case, CaseEvent, GuestVisit, Invitation, Participant
from cases.states import IDLE, Capacity
from core.actor import Actor
from core.gather import gather
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
    if actor.kind == "guest":
        own = actor.case_id == case.pk and case.closed_at is None
        return own and not actor.capacities.isdisjoint(capacities)
    mine = Q(membership_id=actor.membership_id) | Q(slot__key__in=list(actor.slots))
    return Participant.objects.filter(mine, case=case, capacity__in=capacities).exists()


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
        case_id=participant.case_id,
        capacities=frozenset(
            Participant.objects.filter(address_of(participant), case_id=participant.case_id).values_list(
                "capacity", flat=True
            )
        ),
    )


def _in_force() -> QuerySet[Invitation]:
    return Invitation.objects.filter(withdrawn_at__isnull=True, case__closed_at__isnull=True).select_related(
        "case", "participant", "membership__user"
    )


def invitation_in_force(invitation_uuid: uuid.UUID | None) -> Invitation | None:
    """An invitation that was not taken back, to a case that is open."""
    return _in_force().filter(uuid=invitation_uuid).first() if invitation_uuid else None


def invitations_to(email: str) -> list[Invitation]:
    """The open cases to which an address is invited, each once."""
    rows = _in_force().filter(membership__user__email__iexact=email).order_by("case_id", "-invited_at")
    return list({row.case_id: row for row in rows}.values())


def visit_of(visit_uuid: str, now: dt.datetime) -> GuestVisit | None:
    """A visit that still goes on: not left, not over, not idle for too long, of an invitation in force."""
    return (
        GuestVisit.objects.select_related("invitation__case", "invitation__participant")
        .filter(
            uuid=visit_uuid,
            ended_at__isnull=True,
            ends_at__gt=now,
            seen_at__gt=now - IDLE,
            invitation__withdrawn_at__isnull=True,
            invitation__case__closed_at__isnull=True,
        )
        .first()
    )


GUEST_READS = 3


def guest_reads(case_id: int) -> tuple[QuerySet[Any], ...]:
    """What `guests_of` reads: who takes part by name and address, their invitations, and their visits."""
    return (
        Participant.objects.filter(
            case=case_id, membership__isnull=True, slot__isnull=True, agency__isnull=False
        )
        .select_related("agency")
        .order_by("pk"),
        Invitation.objects.filter(case=case_id).order_by("invited_at", "pk"),
        GuestVisit.objects.filter(invitation__case=case_id).order_by("started_at"),
    )


def guests_of(case: Case) -> list[dict[str, Any]]:
    """The professionals of a case without an account, with what became of their invitation. One query, or none when the
    page has read them along (`case.guest_rows`)."""
    people, invitations, visits = getattr(case, "guest_rows", None) or gather(*guest_reads(case.pk))
    latest = {row.participant_id: row for row in invitations}
    last_visit = {row.invitation_id: row.started_at for row in visits}
    return [
        {
            "participant": row,
            "name": row.name,
            "meta": f"{row.agency.name}, {row.get_capacity_display()}",
            "invitation": (found := latest.get(row.pk)),
            "invited": found is not None and found.withdrawn_at is None,
            "last_visit": last_visit.get(found.pk) if found else None,
        }
        for row in people
    ]


def area_of_case(case: Case) -> protocols.AreaProtocol:
    """The protocol that the case is judged by for life."""
    return area_of(case.protocol_version, case.partnership)


def facts_of(case: Case) -> dict[str, dt.datetime]:
    """When each named fact happened: the latest row of a name that no later row corrects."""
    return facts_in(case.events.all())


def facts_in(rows: Iterable[CaseEvent]) -> dict[str, dt.datetime]:
    """As `facts_of`, of the events of a case that were read already."""
    rows = sorted(rows, key=lambda row: (row.recorded_at, row.pk))
    corrected = {row.corrects_id for row in rows}
    return {row.name: row.happened_at for row in rows if row.pk not in corrected}
