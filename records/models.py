"""What was told to whom and what was filed where: the records that duties end with."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from cases.models import Case, Child
from partnerships.models import Membership, TenantRow


class Telling(TenantRow):
    """That someone whom the protocol names was told, or that telling was withheld, with the reason."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tellings")
    tell_id = models.CharField(max_length=60)  # in the case's protocol version
    told_at = models.DateTimeField(null=True, blank=True)
    how = models.CharField(max_length=200, blank=True)
    withheld_reason = models.TextField(blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "tell_id"], name="telling_once"),
            models.CheckConstraint(
                condition=Q(told_at__isnull=False, withheld_reason="")
                | (Q(told_at__isnull=True) & ~Q(withheld_reason="")),
                name="telling_told_or_withheld",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.tell_id}"


class Filing(TenantRow):
    """That the decision was placed on one child's own record (AFC-21, CAM-16)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="filings")
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="filings")
    filed_on = models.DateField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "child"], name="filing_once_per_child")
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.child}"
