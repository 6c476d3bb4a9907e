"""Who may see an escalation: whoever sees its case."""

from typing import Any

from django.db import models

from core.actor import Actor
from escalation.states import FINAL


class EscalationQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> "EscalationQuerySet":
        """The escalations of the cases that the actor sees."""
        cases = self.model._meta.get_field("case").related_model
        return self.filter(case__in=cases._default_manager.visible_to(actor))

    def open(self) -> "EscalationQuerySet":
        return self.exclude(state__in=list(FINAL))
