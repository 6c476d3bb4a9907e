"""What happened, in an append-only chain per partnership. Plain ids, no foreign keys, no names, no free text."""

from typing import ClassVar

import pgtrigger
from django.db import models


class AuditHead(models.Model):
    """The last link of one partnership's chain: locked while an event is added. 0 is the installation's own."""

    partnership_id = models.BigIntegerField(primary_key=True)
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.partnership_id}: {self.seq}"


class AuditEvent(models.Model):
    """One thing that a person or the clock did, written in the transaction that did it."""

    id = models.BigAutoField(primary_key=True)
    partnership_id = models.BigIntegerField()
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10)
    user_id = models.BigIntegerField(null=True)
    membership_id = models.BigIntegerField(null=True)
    acting_for_id = models.BigIntegerField(null=True)
    role = models.CharField(max_length=30, blank=True)
    agency_id = models.BigIntegerField(null=True)
    type = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    object_ref = models.CharField(max_length=40, blank=True)
    case_id = models.BigIntegerField(null=True)
    outcome = models.CharField(max_length=10, default="ok")
    rule = models.CharField(max_length=10, blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    detail = models.JSONField(default=dict)
    prev_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["partnership_id", "seq"], name="audit_one_link_per_seq")
        ]
        indexes: ClassVar = [
            models.Index(fields=["case_id", "seq"], name="audit_history_of_case"),
            models.Index(fields=["object_type", "object_id", "seq"], name="audit_history_of_object"),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.partnership_id}/{self.seq} {self.type}"
