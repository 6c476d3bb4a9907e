"""Who may see a request to hold a conference: whoever sees its case."""

from typing import Any

from django.db import models

from cases.models import Case
from core.actor import Actor


class ConveneQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> "ConveneQuerySet":
        return self.filter(case__in=Case.objects.visible_to(actor))
