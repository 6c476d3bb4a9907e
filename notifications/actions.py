"""Putting messages in the outbox, sending them to whoever holds the seat then, and marking what is no longer needed."""

import datetime as dt
import smtplib
import time
import uuid
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Min, Q

from audit.actions import write
from cases.models import Case
from core.actor import Actor
from core.refusals import Denied
from notifications.models import DeliveryAttempt, Fence, Message, Outbox
from notifications.selectors import Addressee, addressees, fence, office_time, worded
from notifications.states import Channel, OutboxState

log = structlog.get_logger(__name__)
LEASE = dt.timedelta(seconds=90)
GIVE_UP_AFTER = dt.timedelta(hours=72)
RUN = dt.timedelta(seconds=60)  # half of the time that a task is given
RETRY_NOBODY = dt.timedelta(minutes=10)
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


def unsent_effects(about: str) -> list[int]:
    """Which effects of a clock still wait in the outbox, not sent."""
    keys = Outbox.objects.filter(
        about=about, superseded_at__isnull=True, sent_at__isnull=True, dedupe_key__startswith="effect:"
    ).values_list("dedupe_key", flat=True)
    return [int(key.removeprefix("effect:")) for key in keys]


def send_due(*, now: dt.datetime, limit: int = 500) -> int:
    """Send what is due. Safe for any number of senders: each row is leased before anything leaves. Returns how many.

    `now` is when it begins; a slow mail server makes it late, so leases are counted from the time that has passed.
    Behind the fence of a restore nothing is sent.
    """
    if fence() is not None:
        return 0
    run = _Run(now)
    handled = 0
    while handled < limit and not run.is_over:
        leased = _lease(run.now)
        if not leased:
            break
        for row in leased:
            if not run.is_over:  # the rest is taken up again when its lease has run out
                _send_one(row, run)
                handled += 1
    return handled


class _Run:
    """One run of the sender: its own time, and when it has worked long enough."""

    def __init__(self, now: dt.datetime) -> None:
        self._started = now
        self._begun = time.monotonic()

    @property
    def elapsed(self) -> dt.timedelta:
        return dt.timedelta(seconds=time.monotonic() - self._begun)

    @property
    def now(self) -> dt.datetime:
        return self._started + self.elapsed

    @property
    def is_over(self) -> bool:
        return self.elapsed > RUN


def _send_one(row: Outbox, run: _Run) -> None:
    """Send one row. A row that cannot be worded or addressed waits and is reported; the others go on."""
    try:
        _send(row, run)
    except Exception as error:
        log.exception("message_failed", outbox=row.pk, kind=row.kind)
        _put_off(row, type(error).__name__, run.now)


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


def _renew(row: Outbox, now: dt.datetime) -> bool:
    """Hold the lease for the next e-mail. No: another sender has the row, or it is no longer needed."""
    return bool(
        Outbox.objects.filter(
            pk=row.pk, lease_token=row.lease_token, state=OutboxState.SENDING, superseded_at__isnull=True
        ).update(lease_until=now + LEASE)
    )


def _send(row: Outbox, run: _Run) -> None:
    people = addressees(row, run.now)
    if not people:
        _finish(row, OutboxState.NOBODY, run.now, retry=RETRY_NOBODY, code="nobody")
        return
    failures: list[_Failure] = []
    for message in _worded(row, people, run.now):
        if message.channel != Channel.EMAIL or message.sent_at is not None:
            continue
        if not _renew(row, run.now):
            return
        failure = _deliver(message, run)
        if failure is not None:
            failures.append(failure)
    if not failures:
        _finish(row, OutboxState.SENT, run.now)
    elif all(failure.for_good for failure in failures):
        _finish(row, OutboxState.DEAD, run.now, code=failures[-1].code)
    else:
        _put_off(row, failures[-1].code, run.now)


def _put_off(row: Outbox, code: str, now: dt.datetime) -> None:
    """Try again later, each time after a longer wait; give up 72 hours after the first try."""
    first_try = DeliveryAttempt.objects.filter(message__outbox=row).aggregate(at=Min("started_at"))["at"]
    if now - (first_try or row.created_at) > GIVE_UP_AFTER:
        _finish(row, OutboxState.DEAD, now, code=code)
        return
    wait = dt.timedelta(seconds=min(3600, 30 * 2 ** min(row.attempts, 7)))
    _finish(row, OutboxState.PENDING, now, retry=wait, code=code)


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
    present = [person.email for person in people]  # not who has left the seat since the last try
    return list(Message.objects.filter(outbox=row, to_email__in=present).order_by("pk"))


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why an e-mail was not taken, and whether trying again can help."""

    code: str
    for_good: bool


def _deliver(message: Message, run: _Run) -> _Failure | None:
    """Hand one e-mail to the mail server. None when it was taken."""
    failure = None
    started_at = run.now
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
        failure = _Failure(type(error).__name__, _refused_for_good(error))
    with transaction.atomic():
        DeliveryAttempt.objects.create(
            partnership_id=message.partnership_id,
            message=message,
            number=message.delivery_attempts.count() + 1,
            started_at=started_at,
            ended_at=run.now,
            outcome="failed" if failure else "taken",
            code=failure.code if failure else "",
        )
        if failure is None:
            message.sent_at = run.now
            message.save(update_fields=["sent_at"])
    return failure


def _refused_for_good(error: OSError) -> bool:
    """The mail server knows the address not to be one: its answer is a 5xx about each recipient."""
    return isinstance(error, smtplib.SMTPRecipientsRefused) and all(
        code >= 500 for code, _ in error.recipients.values()
    )


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


# --- the fence of a restore ---------------------------------------------------------------------------------------


@transaction.atomic
def raise_fence(*, dump_at: dt.datetime, by: Actor, now: dt.datetime) -> Fence:
    """A backup of `dump_at` was restored: from now nothing is sent until `lift_fence`."""
    raised = Fence.objects.create(raised_at=now, dump_at=dump_at)
    write(
        "service.fence_raised", by=by, now=now, object_type="fence", object_id=raised.pk,
        detail={"at": dump_at.isoformat()},
    )  # fmt: skip
    return raised


@transaction.atomic
def lift_fence(*, by: Actor, now: dt.datetime, leave_out_before: dt.datetime | None = None) -> int:
    """An operator has looked: messages go out again. Raises Denied where no fence stands.

    With `leave_out_before`, what was to go out before that moment is not sent, since it was sent before the loss.
    Returns how many are left out.
    """
    raised = Fence.objects.select_for_update().filter(lifted_at__isnull=True)
    if not raised:
        raise Denied("There is no fence: messages go out.")
    left_out = 0
    if leave_out_before is not None:
        left_out = Outbox.objects.filter(
            state__in=[OutboxState.PENDING, OutboxState.SENDING, OutboxState.NOBODY],
            superseded_at__isnull=True,
            not_before__lt=leave_out_before,
        ).update(superseded_at=now, state=OutboxState.SUPERSEDED, last_error_code="before_restore")
    for one in raised:
        one.lifted_at = now
        one.save(update_fields=["lifted_at"])
        write(
            "service.fence_lifted", by=by, now=now, object_type="fence", object_id=one.pk,
            detail={"count": left_out},
        )  # fmt: skip
    return left_out


@transaction.atomic
def mark_read(*, message_uuid: uuid.UUID, by: Actor, now: dt.datetime) -> Message:
    """A person has seen a notice of theirs."""
    message = Message.objects.filter(
        uuid=message_uuid, user_id=by.user_id or 0, channel=Channel.NOTICE
    ).first()
    if message is None:
        raise Denied("This notice is not yours.")
    if message.read_at is None:
        message.read_at = now
        message.save(update_fields=["read_at"])
    return message


@transaction.atomic
def mark_all_read(*, by: Actor, now: dt.datetime) -> int:
    """A person has seen all notices of theirs in this partnership. Returns how many were new."""
    return Message.objects.filter(
        user_id=by.user_id or 0,
        partnership_id=by.partnership_id or 0,
        channel=Channel.NOTICE,
        read_at__isnull=True,
    ).update(read_at=now)


__all__ = ["enqueue", "mark_all_read", "mark_read", "office_time", "send_due", "supersede", "unsent_effects"]
