"""Messages: addressed to a seat, sent to whoever holds it then. Never anything about a child."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from cases.models import Case
from notifications.states import TO_SEND, Channel, MessageState, OutboxState, Pace
from partnerships.models import TenantRow


class Outbox(TenantRow):
    """A message to be sent, written in the transaction that caused it."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, blank=True, related_name="outbox")
    seat = models.CharField(max_length=80)
    kind = models.CharField(max_length=60)  # names the template
    params = models.JSONField(default=dict)  # allow-listed: dates, rule numbers, labels of the protocol
    about = models.CharField(max_length=60, blank=True)  # what may supersede it: "deadline:12"
    dedupe_key = models.CharField(max_length=200, unique=True)
    not_before = models.DateTimeField()  # when it is due to be sent; retries do not move it
    # The protocol makes it immediate: no office hours and no daily email for it.
    immediate = models.BooleanField(default=False, db_default=False)
    state = models.CharField(max_length=20, choices=OutboxState.choices, default=OutboxState.PENDING)
    attempts = models.PositiveIntegerField(default=0)  # to find who is in the seat
    retry_at = models.DateTimeField(null=True, blank=True)
    first_tried_at = models.DateTimeField(null=True, blank=True)
    last_error_code = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["not_before"],
                condition=Q(state__in=["pending", "nobody"]),
                name="outbox_to_address",
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
    """One message to one person by one channel, as it was worded. The unit that is leased, sent and tried again.

    A daily email, or the one that gathers what has piled up, is a message without an outbox row; what it lists are
    its items, which go and fail with it.
    """

    outbox = models.ForeignKey(
        Outbox, on_delete=models.PROTECT, null=True, blank=True, related_name="messages"
    )
    digest = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="items")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, blank=True, related_name="messages")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="messages")
    name = models.CharField(max_length=150, blank=True)  # whom it greets
    to_email = models.EmailField(blank=True)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    link = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    meant_for = models.DateTimeField()  # when it should have gone: one that goes later says so
    not_before = models.DateTimeField()  # from when it may go
    state = models.CharField(max_length=20, choices=MessageState.choices, default=MessageState.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    first_tried_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    handed_at = models.DateTimeField(null=True, blank=True)  # it may have left then: the result is not known
    last_error_code = models.CharField(max_length=60, blank=True)
    provider_ref = models.CharField(max_length=60, blank=True)  # GOV.UK Notify's id of it
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["outbox", "to_email", "channel"], name="message_one_per_person"),
            models.CheckConstraint(
                condition=Q(outbox__isnull=False) | Q(channel=Channel.EMAIL, digest__isnull=True),
                name="message_of_an_outbox_row_or_a_digest",
            ),
            models.CheckConstraint(
                condition=Q(state=MessageState.SENDING, lease_until__isnull=False, lease_token__isnull=False)
                | ~Q(state=MessageState.SENDING) & Q(lease_until__isnull=True, lease_token__isnull=True),
                name="message_leased_while_sending",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[MessageState.SENT, MessageState.DELIVERED])
                | Q(sent_at__isnull=False),
                name="message_sent_has_its_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "channel", "-created_at"], name="message_notices_of_person"),
            models.Index(
                fields=["not_before", "id"],
                condition=Q(channel=Channel.EMAIL, digest__isnull=True, state__in=[s.value for s in TO_SEND]),
                name="message_to_send",
            ),
            models.Index(
                fields=["partnership", "to_email"],
                condition=Q(channel=Channel.EMAIL, digest__isnull=True, state__in=[s.value for s in TO_SEND]),
                name="message_to_send_to_person",
            ),
            models.Index(
                fields=["partnership", "case"],
                condition=Q(state=MessageState.FAILED),
                name="message_not_delivered",
            ),
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
            models.UniqueConstraint(fields=["message", "number"], name="attempt_numbered_once"),
            models.CheckConstraint(
                condition=Q(ended_at__gte=F("started_at")), name="attempt_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} {self.number} {self.outcome}"


class Preference(TenantRow):
    """How one person wants to be told, in one partnership. Without a row: at once."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    pace = models.CharField(max_length=10, choices=Pace.choices)
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["partnership", "user"], name="preference_once_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.pace}"


class Fence(models.Model):
    """After a backup was restored nothing is sent until an operator has looked. Of the installation."""

    id = models.BigAutoField(primary_key=True)
    raised_at = models.DateTimeField()
    dump_at = models.DateTimeField()  # when the backup was taken: what came after is not known here
    lifted_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"fence of {self.raised_at}"
