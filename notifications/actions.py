"""Putting messages in the outbox, sending them to whoever holds the seat then, and marking what is no longer needed."""

import datetime as dt
import uuid
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q

from cases.models import Case
from core.actor import Actor
from core.refusals import Denied
from notifications.models import DeliveryAttempt, Message, Outbox
from notifications.selectors import Addressee, addressees, office_time, worded
from notifications.states import Channel, OutboxState

LEASE = dt.timedelta(seconds=90)
GIVE_UP_AFTER = dt.timedelta(hours=72)
BATCH = 50
# What a message may carry: dates, rule numbers and the protocol's own labels. Nothing that a person typed.
PARAM_KEYS = frozenset(
    {"rule", "label", "due", "was_due", "days", "what", "outcome", "event", "ends", "strength"}
)


def enqueue(
    *,
    partnership_id: int,
    seat: str,
    kind: str,
    dedupe_key: str,
    now: dt.datetime,
    case: Case | None = None,
    not_before: dt.datetime | None = None,
    about: str = "",
    params: dict[str, Any] | None = None,
) -> None:
    """Write a message to a seat, in the transaction that causes it. The same `dedupe_key` is the same message."""
    params = params or {}
    if unknown := set(params) - PARAM_KEYS:
        raise ValueError(f"a message may not carry {sorted(unknown)}")
    Outbox.objects.bulk_create(
        [
            Outbox(
                partnership_id=partnership_id,
                case=case,
                seat=seat,
                kind=kind,
                params=params,
                about=about,
                dedupe_key=dedupe_key,
                not_before=not_before or now,
                created_at=now,
            )
        ],
        ignore_conflicts=True,
    )


def supersede(about: str, *, now: dt.datetime) -> int:
    """What these messages were about was met or has moved: they are not sent. Returns how many."""
    return Outbox.objects.filter(about=about, superseded_at__isnull=True, sent_at__isnull=True).update(
        superseded_at=now, state=OutboxState.SUPERSEDED
    )


def send_due(*, now: dt.datetime, limit: int = 500) -> int:
    """Send what is due. Safe for any number of senders: each row is leased before anything leaves. Returns how many."""
    sent = 0
    while sent < limit:
        leased = _lease(now)
        if not leased:
            break
        for row in leased:
            _send(row, now)
            sent += 1
    return sent


@transaction.atomic
def _lease(now: dt.datetime) -> list[Outbox]:
    token = uuid.uuid4()
    rows = list(
        Outbox.objects.select_for_update(skip_locked=True)
        .filter(
            Q(state=OutboxState.PENDING, not_before__lte=now)
            | Q(state=OutboxState.NOBODY, not_before__lte=now)
            | Q(state=OutboxState.SENDING, lease_until__lt=now),
            superseded_at__isnull=True,
        )
        .order_by("not_before", "pk")[:BATCH]
    )
    for row in rows:
        row.state, row.lease_until, row.lease_token = OutboxState.SENDING, now + LEASE, token
        row.attempts += 1
    Outbox.objects.bulk_update(rows, ["state", "lease_until", "lease_token", "attempts"])
    return rows


def _send(row: Outbox, now: dt.datetime) -> None:
    people = addressees(row, now)
    if not people:
        _finish(row, OutboxState.NOBODY, now, retry=dt.timedelta(minutes=10), code="nobody")
        return
    messages = _worded(row, people, now)
    failed = ""
    for message in messages:
        if message.channel == Channel.EMAIL and message.sent_at is None:
            failed = _deliver(message, now) or failed
    if not failed:
        _finish(row, OutboxState.SENT, now)
    elif now - row.created_at > GIVE_UP_AFTER:
        _finish(row, OutboxState.DEAD, now, code=failed)
    else:
        wait = dt.timedelta(seconds=min(3600, 30 * 2 ** min(row.attempts, 7)))
        _finish(row, OutboxState.PENDING, now, retry=wait, code=failed)


@transaction.atomic
def _worded(row: Outbox, people: list[Addressee], now: dt.datetime) -> list[Message]:
    """One message per person and channel, worded once and kept as it was worded."""
    text = worded(row)
    wanted = [
        Message(
            partnership_id=row.partnership_id,
            outbox=row,
            case_id=row.case_id,
            user_id=person.user_id,
            to_email=person.email,
            channel=channel,
            subject=text.subject,
            body=text.body(person.name),
            link=text.link if person.user_id else "",
            created_at=now,
            sent_at=now if channel == Channel.NOTICE else None,
        )
        for person in people
        for channel in ((Channel.NOTICE, Channel.EMAIL) if person.user_id else (Channel.EMAIL,))
    ]
    Message.objects.bulk_create(wanted, ignore_conflicts=True)
    return list(Message.objects.filter(outbox=row).order_by("pk"))


def _deliver(message: Message, now: dt.datetime) -> str:
    """Hand one e-mail to the mail server. Returns an error code, or nothing when it was taken."""
    code = ""
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    email = EmailMessage(
        subject=message.subject,
        body=message.body,
        to=[message.to_email],
        headers={"Message-ID": f"<{message.uuid}@{host}>"},
    )
    try:
        email.send()
    except OSError as error:  # every failure of smtplib and of the network is one
        code = type(error).__name__
    with transaction.atomic():
        DeliveryAttempt.objects.create(
            partnership_id=message.partnership_id,
            message=message,
            number=message.delivery_attempts.count() + 1,
            started_at=now,
            ended_at=now,
            outcome="failed" if code else "taken",
            code=code,
        )
        if not code:
            message.sent_at = now
            message.save(update_fields=["sent_at"])
    return code


def _finish(
    row: Outbox, state: OutboxState, now: dt.datetime, *, retry: dt.timedelta | None = None, code: str = ""
) -> None:
    """Save the result, only if the lease is still ours."""
    Outbox.objects.filter(pk=row.pk, lease_token=row.lease_token).exclude(
        state=OutboxState.SUPERSEDED
    ).update(
        state=state,
        lease_until=None,
        lease_token=None,
        last_error_code=code,
        not_before=now + retry if retry else row.not_before,
        sent_at=now if state == OutboxState.SENT else None,
    )


@transaction.atomic
def mark_read(*, message_uuid: uuid.UUID, by: Actor, now: dt.datetime) -> Message:
    """A person has seen a notice of theirs."""
    message = Message.objects.filter(uuid=message_uuid, user_id=by.user_id or 0, channel=Channel.NOTICE).first()
    if message is None:
        raise Denied("This notice is not yours.")
    if message.read_at is None:
        message.read_at = now
        message.save(update_fields=["read_at"])
    return message


__all__ = ["enqueue", "mark_read", "office_time", "send_due", "supersede"]
