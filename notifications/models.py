"""Messages: addressed to a seat, sent to whoever holds it then. Never anything about a child."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import User
from cases.models import Case
from notifications.states import Channel, OutboxState
from partnerships.models import TenantRow


class Outbox(TenantRow):
    """A message to be sent, written in the transaction that caused it."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, blank=True, related_name="outbox")
    seat = models.CharField(max_length=80)
    kind = models.CharField(max_length=60)  # names the template
    params = models.JSONField(default=dict)  # allow-listed: dates, rule numbers, labels of the protocol
    about = models.CharField(max_length=60, blank=True)  # what may supersede it: "deadline:12"
    dedupe_key = models.CharField(max_length=200, unique=True)
    not_before = models.DateTimeField()
    state = models.CharField(max_length=20, choices=OutboxState.choices, default=OutboxState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    last_error_code = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["not_before"],
                condition=Q(state__in=["pending", "sending", "nobody"]),
                name="outbox_to_send",
            ),
            models.Index(
                fields=["about"],
                condition=Q(superseded_at__isnull=True, sent_at__isnull=True),
                name="outbox_to_supersede",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.seat}"


class Message(TenantRow):
    """One message to one person by one channel, as it was worded."""

    outbox = models.ForeignKey(Outbox, on_delete=models.PROTECT, related_name="messages")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, blank=True, related_name="messages")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="messages")
    to_email = models.EmailField(blank=True)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    link = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["outbox", "to_email", "channel"], name="message_one_per_person")
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "channel", "-created_at"], name="message_notices_of_person")
        ]

    def __str__(self) -> str:
        return self.subject


class DeliveryAttempt(TenantRow):
    """The evidence of one try to deliver a message. Only ever added."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="delivery_attempts")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    outcome = models.CharField(max_length=20)
    code = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "number"], name="attempt_numbered_once")
        ]

    def __str__(self) -> str:
        return f"{self.message_id} {self.number} {self.outcome}"


class Fence(models.Model):
    """After a backup was restored nothing is sent until an operator has looked. Of the installation."""

    id = models.BigAutoField(primary_key=True)
    raised_at = models.DateTimeField()
    dump_at = models.DateTimeField()  # when the backup was taken: what came after is not known here
    lifted_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"fence of {self.raised_at}"
