"""Who may see a case at all. A stranger gets 404, as if it did not exist."""

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from core.actor import Actor
from partnerships.states import Role


class CaseQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> "CaseQuerySet":
        """The cases of the actor's own partnership in which they are a participant, by name or by a post they fill.

        A partnership admin sees that every case of the partnership exists and where it stands. A guest sees the one
        case they are invited to, while it is open.
        """
        if actor.kind == "guest":
            return self._of_guest(actor)
        if actor.kind != "person" or actor.membership_id is None:
            return self.none()
        own = self.filter(partnership_id=actor.partnership_id)
        if actor.role == Role.PARTNERSHIP_ADMIN:
            return own
        participant = self.model._meta.get_field("participants").related_model
        mine = Q(membership_id=actor.membership_id)
        if actor.slots:
            mine |= Q(slot__key__in=list(actor.slots))
        return own.filter(Exists(participant._default_manager.filter(mine, case_id=OuterRef("pk"))))

    def _of_guest(self, actor: Actor) -> "CaseQuerySet":
        return self.open().filter(pk=actor.case_id or 0, partnership_id=actor.partnership_id)

    def open(self) -> "CaseQuerySet":
        return self.filter(closed_at__isnull=True)
