"""Who may read the record of a discussion."""

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from cases.models import Case, Participant
from cases.selectors import address_of
from core.actor import Actor
from records.states import Between


class DiscussionQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> "DiscussionQuerySet":
        """Approved records between agencies: for everyone who takes part in the case. Drafts, and what was said within
        one agency: for those of that agency who take part. An admin who only sees that the case exists reads none."""
        mine = Q(approved_at__isnull=False, between=Between.AGENCIES) | Q(agency_id=actor.agency_id)
        seats = seats_of(actor).filter(case_id=OuterRef("case_id"))
        return self.filter(mine, Exists(seats), case__in=Case.objects.visible_to(actor))


def seats_of(actor: Actor) -> models.QuerySet[Participant]:
    """The rows by which somebody takes part in cases: by name, by a post, or as a guest."""
    rows = Participant.objects.filter(partnership_id=actor.partnership_id or 0)
    if actor.kind == "guest":
        own = Participant.objects.filter(pk=actor.participant_id or 0).first()
        return rows.filter(address_of(own)) if own else rows.none()
    return rows.filter(Q(membership_id=actor.membership_id or 0) | Q(slot__key__in=list(actor.slots)))
