"""Who may see a complaint of a family: the admin of the partnership, who keeps the log. Nobody else."""

from typing import Any

from django.db import models

from core.actor import Actor
from partnerships.states import Role


class ComplaintQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> "ComplaintQuerySet":
        if actor.kind != "person" or actor.role != Role.PARTNERSHIP_ADMIN:
            return self.none()
        return self.filter(partnership_id=actor.partnership_id)
