"""What a partnership learns from its cases: themes, lessons, and summaries for the forum on joint working (SUS-7)."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from cases.models import Case
from partnerships.models import Membership, TenantRow


class Theme(TenantRow):
    """A theme of a partnership's own list. One of the list that comes with this service has a row once it is taken out."""

    key = models.SlugField(max_length=60)
    label = models.CharField(max_length=100)
    retired_at = models.DateTimeField(null=True, blank=True)
    retired_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["partnership", "key"], name="theme_key_once"),
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True, retired_by__isnull=True)
                | Q(retired_at__isnull=False, retired_by__isnull=False),
                name="theme_retired_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Lesson(TenantRow):
    """What a case teaches, said by somebody who decided it, with nobody named. A later one replaces it; both stay."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="lessons")
    themes = ArrayField(models.SlugField(max_length=60))
    point = models.TextField(blank=True)
    noted_at = models.DateTimeField()
    noted_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(replaced_at__isnull=True), name="lesson_one_per_case"
            )
        ]

    def __str__(self) -> str:
        return str(self.uuid)


class Summary(TenantRow):
    """What the forum is told of a period: counts as they may be shown, and learning points. Never changed."""

    period = models.CharField(max_length=7)  # "2026-Q1" or "2026"
    number = models.PositiveIntegerField()  # in the order in which they were made
    small = models.PositiveSmallIntegerField()  # counts from 1 to this are hidden
    figures = models.JSONField()  # total, whether it is shown, and per theme: count and whether it is hidden
    points = models.JSONField()  # texts, in the order of the alphabet
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["partnership", "period"], name="learning_summary_once"),
            models.UniqueConstraint(fields=["partnership", "number"], name="learning_summary_numbered"),
        ]

    def __str__(self) -> str:
        return f"learning {self.period}"
