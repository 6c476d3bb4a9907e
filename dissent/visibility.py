"""Who may see a dissent: whoever may see its case, with one exception for the second tier."""

from typing import Any

from django.db import models

from cases.models import Case
from core.actor import Actor


class DissentQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> "DissentQuerySet":
        return self.filter(case__in=Case.objects.visible_to(actor))
