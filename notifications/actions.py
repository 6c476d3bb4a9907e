"""Putting messages in the outbox, sending them to whoever holds the seat then, and seeing to those that did not arrive.

A row of the outbox goes to a seat. When its time comes the sender looks who is in the seat and makes a message for each
person and channel; a message is what is leased, sent and tried again, so that one dead address neither repeats a
message to the others in the seat nor hides it from them.
"""

import datetime as dt
import time
import uuid
import zlib
from collections.abc import Callable, Sequence
from typing import Any, Literal

import structlog
from django.db import OperationalError, transaction
from django.db.models import Q, QuerySet

from accounts.actions import send_keys
from audit.actions import Event, write, write_all
from cases.actions import correct_participant_address
from cases.models import Case
from core.actor import Actor, clock_actor
from core.refusals import Denied
from notifications.channels import Letter, Refused, Taken, Way, way_out
from notifications.models import DeliveryAttempt, Fence, Message, Outbox, Preference
from notifications.selectors import (
    Addressee,
    Paces,
    addressees,
    fence,
    gathered,
    not_delivered_to,
    office_time,
    said_late,
    worded,
)
from notifications.states import (
    REACHED,
    TO_SEND,
    UNREACHED,
    Channel,
    MessageState,
    Otherwise,
    OutboxState,
    Pace,
)
from partnerships.actions import check_admin, correct_address

log = structlog.get_logger(__name__)
LEASE = dt.timedelta(seconds=90)
GIVE_UP_AFTER = dt.timedelta(hours=72)
RUN = dt.timedelta(seconds=60)  # half of the time that a task is given
FIRST_WAIT = 30  # seconds after the first failure, doubled after each further one
LONGEST_WAIT = 3600
RETRY_NOBODY = dt.timedelta(minutes=10)
# A look at GOV.UK Notify straight after a lost answer can be before it has saved what it was sent.
BELIEVE_NOT_FOUND_AFTER = dt.timedelta(minutes=5)
BATCH = 25  # so few that nobody who meets or moves a clock waits for them
MANY = 5  # so many emails for one person at once become one that lists them
GIVE_UP_THE_RUN_AFTER = 3  # connections in a row that failed: the rest waits for the next run
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
    immediate: bool = False,
) -> None:
    """Write a message to a seat, in the transaction that causes it. The same `dedupe_key` is the same message.

    `immediate`: the protocol makes it so, or somebody may be in danger: it keeps to no office hours, and it goes by
    itself to those who chose one email a day.
    """
    row = Outbox(
        partnership_id=partnership_id,
        case=case,
        seat=seat,
        kind=kind,
        params=params or {},
        about=about,
        dedupe_key=dedupe_key,
        not_before=not_before or now,
        immediate=immediate,
        created_at=now,
    )
    enqueue_all([row])


def enqueue_all(rows: Sequence[Outbox]) -> None:
    """Write several messages at once, as `enqueue` does one."""
    for row in rows:
        if unknown := set(row.params) - PARAM_KEYS:
            raise ValueError(f"a message may not carry {sorted(unknown)}")
    if rows:
        Outbox.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic(savepoint=False)  # the caller's own transaction: no part of it is undone alone
def supersede(*abouts: str, now: dt.datetime) -> int:
    """What these messages were about was met or has moved: they are not sent. Returns how many.

    The rows are locked by a statement of their own: a sender that is just finding the people of a row has it locked,
    and the messages that it makes are only seen by a statement that begins after that.
    """
    rows = list(
        Outbox.objects.select_for_update()
        .filter(about__in=abouts, superseded_at__isnull=True, sent_at__isnull=True)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if not rows:
        return 0
    Message.objects.filter(outbox__in=rows, state=MessageState.WAITING).update(state=MessageState.SUPERSEDED)
    return Outbox.objects.filter(pk__in=rows).update(superseded_at=now, state=OutboxState.SUPERSEDED)


def unsent_effects(*abouts: str) -> list[int]:
    """Which effects of these clocks still wait in the outbox, not sent."""
    keys = Outbox.objects.filter(
        about__in=abouts, superseded_at__isnull=True, sent_at__isnull=True, dedupe_key__startswith="effect:"
    ).values_list("dedupe_key", flat=True)
    return [int(key.removeprefix("effect:")) for key in keys]


# --- the sender -------------------------------------------------------------------------------------------------------


class _Run:
    """One run of the sender: its own time, its way out, and when it has worked long enough."""

    def __init__(self, now: dt.datetime) -> None:
        self._started = now
        self._begun = time.monotonic()
        self.way: Way = way_out()
        self.paces = Paces()
        self.unreachable = 0  # connections in a row that failed
        self.taken = 0
        self.has_changed = False  # a row is to be addressed anew

    @property
    def elapsed(self) -> dt.timedelta:
        return dt.timedelta(seconds=time.monotonic() - self._begun)

    @property
    def now(self) -> dt.datetime:
        return self._started + self.elapsed

    @property
    def is_over(self) -> bool:
        return self.elapsed > RUN or self.unreachable >= GIVE_UP_THE_RUN_AFTER

    @property
    def is_half_over(self) -> bool:
        return self.elapsed > RUN / 2


def send_due(*, now: dt.datetime, limit: int = 500, stop: Callable[[], bool] = lambda: False) -> int:
    """Send what is due. Safe for any number of senders: each email is leased before it leaves. Returns how many were
    taken.

    `now` is when it begins; a slow mail server makes it late, so leases are counted from the time that has passed.
    Everybody is found first, so that what has piled up for one person is seen together. With `stop()` no further email
    begins. Behind the fence of a restore nothing is sent.
    """
    if fence() is not None:
        return 0
    run = _Run(now)
    _address_all(run)
    for _ in range(limit):
        if stop():
            break
        leased = None if run.is_over else _lease_next(run)
        if leased is None and run.has_changed:  # somebody left a seat: who is in it now?
            run.has_changed = False
            _address_all(run)
        elif leased is None:
            break
        elif leased:
            _send(leased, run)
    return run.taken


# --- who is in the seat -----------------------------------------------------------------------------------------------


def send_keys_due(*, now: dt.datetime) -> int:
    """Send the links and codes that people wait for, straight to them, by the same way out as messages. None leaves
    while the fence is up. Returns how many were taken."""
    return 0 if fence() else send_keys(now=now, hand_over=_hand_over)


def _hand_over(key: str, to: str, subject: str, body: str) -> bool:
    return isinstance(way_out().send(Letter(key=key, to=to, subject=subject, body=body)), Taken)


def _address_all(run: _Run) -> None:
    while not run.is_half_over and (_address_some(run) or _others_address(run)):
        pass


def _to_address(now: dt.datetime) -> QuerySet[Outbox]:
    return Outbox.objects.filter(
        Q(retry_at__isnull=True) | Q(retry_at__lte=now),
        state__in=[OutboxState.PENDING, OutboxState.NOBODY],
        superseded_at__isnull=True,
        not_before__lte=now,
    ).order_by("not_before", "pk")


@transaction.atomic
def _address_some(run: _Run) -> int:
    """Find the people for the next rows that are due. Nothing leaves here, so a row is only locked, never leased."""
    now = run.now
    rows = list(
        _to_address(now)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("case__protocol_version", "case__partnership", "partnership")[:BATCH]
    )
    for row in rows:
        try:
            with transaction.atomic():
                _address(row, run, now)
        except Exception as error:
            log.exception("message_failed", outbox=row.pk, kind=row.kind)
            _put_off_row(row, type(error).__name__, now)
    return len(rows)


def _others_address(run: _Run) -> bool:
    """Wait for another sender that has the rest of the rows: what it finds for a person is to be seen together with what
    we found. False when nothing is left, or it takes too long."""
    try:
        with transaction.atomic():
            return (
                _to_address(run.now).select_for_update().first() is not None or _to_address(run.now).exists()
            )
    except OperationalError:
        return False


def _address(row: Outbox, run: _Run, now: dt.datetime) -> None:
    """One message per person and channel, worded once and kept as it was worded. Who left the seat gets none."""
    if row.partnership.closed_at is not None:  # practice that was emptied: its clocks tell nobody
        row.state, row.superseded_at = OutboxState.SUPERSEDED, now
        row.save(update_fields=["state", "superseded_at"])
        return
    people = addressees(row, now)
    if people:
        words = {guest: worded(row, guest=guest) for guest in {person.user_id is None for person in people}}
        wanted = [
            _message(row, person, channel, words[person.user_id is None], run, now)
            for person in people
            for channel in ((Channel.NOTICE, Channel.EMAIL) if person.user_id else (Channel.EMAIL,))
        ]
        Message.objects.bulk_create(wanted, ignore_conflicts=True)
    row.attempts += 1
    row.first_tried_at = row.first_tried_at or now
    row.retry_at, row.last_error_code = None, ""
    present = [person.email for person in people]
    emails = row.messages.filter(channel=Channel.EMAIL)
    emails.filter(state=MessageState.WAITING).exclude(to_email__in=present).update(
        state=MessageState.SUPERSEDED
    )
    emails.filter(state=MessageState.SUPERSEDED, to_email__in=present).update(
        state=MessageState.WAITING, digest=None
    )
    _settle(row, now)
    if not people and row.state == OutboxState.PENDING:
        row.state, row.retry_at, row.last_error_code = OutboxState.NOBODY, now + RETRY_NOBODY, "nobody"
    _save(row)


def _message(
    row: Outbox, person: Addressee, channel: Channel, text: Any, run: _Run, now: dt.datetime
) -> Message:
    notice = channel == Channel.NOTICE
    meant_for = row.not_before if notice else run.paces.time_for(row, person.user_id, row.not_before)
    not_before = (
        now if notice else max(run.paces.time_for(row, person.user_id, max(row.not_before, now)), meant_for)
    )
    body = text.body(person.name)
    return Message(
        partnership_id=row.partnership_id,
        outbox=row,
        case_id=row.case_id,
        user_id=person.user_id,
        name=person.name,
        to_email=person.email,
        channel=channel,
        subject=text.subject,
        body=said_late(body, meant_for, now) if notice else body,
        link=text.link if person.user_id else "",
        created_at=now,
        meant_for=meant_for,
        not_before=not_before,
        state=MessageState.SENT if notice else _on_its_way(row),
        sent_at=now if notice else None,
    )


def _on_its_way(row: Outbox) -> MessageState:
    """No email of practice leaves: it is kept, to be read by those who practise."""
    return MessageState.KEPT if row.partnership.is_practice else MessageState.WAITING


def _put_off_row(row: Outbox, code: str, now: dt.datetime) -> None:
    """A row that cannot be worded or addressed waits and is reported; the others go on."""
    row.attempts += 1
    row.first_tried_at = row.first_tried_at or now
    row.last_error_code = code
    if now - row.first_tried_at > GIVE_UP_AFTER:
        row.state = OutboxState.DEAD
    else:
        row.retry_at = now + wait_after(row.uuid, row.attempts)
    _save(row)


def _save(row: Outbox) -> None:
    row.save(update_fields=["state", "attempts", "retry_at", "first_tried_at", "last_error_code", "sent_at"])


def _settle(row: Outbox, now: dt.datetime) -> None:
    """How a row of the outbox stands, from the emails that were made of it. In memory."""
    states = set(row.messages.filter(channel=Channel.EMAIL).values_list("state", flat=True))
    row.sent_at = None if states & set(TO_SEND) else row.sent_at
    if states & set(TO_SEND):
        row.state = OutboxState.SENDING
    elif states & set(REACHED):
        row.state, row.sent_at = OutboxState.SENT, row.sent_at or now
    elif MessageState.FAILED in states:
        row.state = OutboxState.DEAD
    else:
        row.state = OutboxState.PENDING  # nobody was in the seat, or all have left it: it is addressed anew


def wait_after(key: uuid.UUID, attempts: int) -> dt.timedelta:
    """How long to wait after so many failures: 30 seconds, doubled each time up to an hour, 10 % more or less.

    The same for the same row and attempt: many rows spread out, and a test can say what comes.
    """
    seconds = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(max(attempts, 1) - 1, 10))
    spread = zlib.crc32(f"{key}:{attempts}".encode()) / 2**32  # from 0 to 1
    return dt.timedelta(seconds=seconds * (0.9 + 0.2 * spread))


# --- the lease --------------------------------------------------------------------------------------------------------


def _to_send(now: dt.datetime) -> QuerySet[Message]:
    """The emails that are due, and those whose sender has not been heard of since its lease ran out."""
    return Message.objects.filter(
        Q(state=MessageState.WAITING) & (Q(retry_at__isnull=True) | Q(retry_at__lte=now))
        | Q(state=MessageState.SENDING, lease_until__lt=now),
        channel=Channel.EMAIL,
        digest__isnull=True,
        not_before__lte=now,
    )


@transaction.atomic
def _lease_next(run: _Run) -> Message | Literal[False] | None:
    """Lease the next email that is due, or the one that gathers all that waits for its person. None: nothing is due;
    False: another sender was first.

    What waits for one person is locked together, in one order, so that two senders never split it.
    """
    now = run.now
    head = _to_send(now).order_by("not_before", "pk").first()
    if head is None:
        return None
    mine = list(
        Message.objects.select_for_update(of=("self",))
        .filter(
            partnership_id=head.partnership_id,
            to_email=head.to_email,
            channel=Channel.EMAIL,
            digest__isnull=True,
            state__in=TO_SEND,
            not_before__lte=now,
        )
        .select_related("outbox")
        .order_by("not_before", "pk")
    )
    due = [message for message in mine if _is_due(message, now)]
    if not due:
        return False
    lost = next((message for message in due if message.state == MessageState.SENDING), None)
    if lost is not None:
        _note_lost(lost, now)
        return _leased(lost, now)
    loose = [m for m in mine if m.state == MessageState.WAITING and m.handed_at is None]
    if together := _gathers(loose, run):
        return _leased(_gather(together, now), now)
    return _leased(due[0], now)


def _is_due(message: Message, now: dt.datetime) -> bool:
    """`_to_send`, of a row that is locked."""
    if message.state == MessageState.SENDING:
        return message.lease_until is not None and message.lease_until < now
    return message.retry_at is None or message.retry_at <= now


def _leased(message: Message, now: dt.datetime) -> Message:
    message.state, message.lease_until, message.lease_token = MessageState.SENDING, now + LEASE, uuid.uuid4()
    message.attempts += 1
    message.first_tried_at = message.first_tried_at or now
    message.save(update_fields=["state", "lease_until", "lease_token", "attempts", "first_tried_at"])
    return message


def _note_lost(message: Message, now: dt.datetime) -> None:
    """The evidence of a try whose sender did not live to write down what came of it."""
    if message.handed_at is not None:
        _attempt(message, message.handed_at, max(now, message.handed_at), "unknown", "lease ran out")


def _gathers(loose: list[Message], run: _Run) -> list[Message]:
    """Which of a person's waiting emails go as one: all when many have piled up, else those of a daily email."""
    single = [m for m in loose if m.outbox is not None]
    size = len(single) + sum(m.items.count() for m in loose if m.outbox is None)
    if size >= MANY and len(loose) > 1:
        return loose
    moved = [m for m in single if m.outbox and m.outbox.kind == "clock_moved"]
    if len(moved) > 1:  # one change of the calendar, one email
        return moved
    daily = [m for m in single if m.outbox and not m.outbox.immediate]
    if len(daily) > 1 and run.paces.pace_of(daily[0].partnership_id, daily[0].user_id) == Pace.DAILY:
        return daily
    return []


def _gather(together: list[Message], now: dt.datetime) -> Message:
    """One email in the place of several; of one that gathered before and never left, what it lists is taken over."""
    first = together[0]
    digest = Message.objects.create(
        partnership_id=first.partnership_id,
        user_id=first.user_id,
        name=first.name,
        to_email=first.to_email,
        channel=Channel.EMAIL,
        created_at=now,
        meant_for=min(m.meant_for for m in together),
        not_before=min(m.not_before for m in together),
        first_tried_at=min((m.first_tried_at for m in together if m.first_tried_at), default=None),
        attempts=max(m.attempts for m in together),
    )
    keys = [m.pk for m in together]
    Message.objects.filter(digest__in=keys).update(digest=digest)
    Message.objects.filter(pk__in=keys, outbox__isnull=False).update(digest=digest, retry_at=None)
    Message.objects.filter(pk__in=keys, outbox__isnull=True).update(state=MessageState.SUPERSEDED)
    return digest


def _renew(message: Message, now: dt.datetime) -> bool:
    """Hold the lease for what follows, and note that the email may leave from here on. No: another sender has it, or it
    is no longer needed."""
    return bool(
        Message.objects.filter(
            Q(outbox__isnull=True) | Q(outbox__superseded_at__isnull=True),
            pk=message.pk,
            lease_token=message.lease_token,
            state=MessageState.SENDING,
        ).update(lease_until=now + LEASE, handed_at=now)
    )


# --- one email --------------------------------------------------------------------------------------------------------


def _send(message: Message, run: _Run) -> None:
    """Send one email. Whatever goes wrong is its own: it waits and is reported, the others go on."""
    try:
        _deliver(message, run)
    except Exception as error:
        log.exception("message_failed", message=message.pk)
        now = run.now
        _finish(message, Refused(type(error).__name__, unknown=True), now, now)


def _deliver(message: Message, run: _Run) -> None:
    if not _still_wanted(message, run):
        return
    began = run.now
    lost_at = message.handed_at
    if lost_at is not None and run.way.looks_up:
        found = run.way.look_up(str(message.uuid), known=message.provider_ref)
        if found is not None:
            _finish(message, found, began, run.now)
            return
        if run.now < lost_at + BELIEVE_NOT_FOUND_AFTER:
            _wait_for_it(message, lost_at + BELIEVE_NOT_FOUND_AFTER)
            return
    if not _renew(message, run.now):
        _withdraw(message, run)
        return
    letter = Letter(str(message.uuid), message.to_email, message.subject, message.body)
    result = run.way.send(letter)
    run.unreachable = run.unreachable + 1 if isinstance(result, Refused) and result.unreachable else 0
    run.taken += isinstance(result, Taken)
    _finish(message, result, began, run.now)


def _still_wanted(message: Message, run: _Run) -> bool:
    """Read again, just before it leaves, what may have changed: whether it is needed, and who is in the seat. Says in it
    when it goes late."""
    now = run.now
    if message.outbox is None:
        items = _wanted_items(message, run)
        if not items:
            _withdraw(message, run)
            return False
        text = gathered(message.name, items, now)
        message.subject, message.body, message.link = text.subject, text.text, text.link
    else:
        row = Outbox.objects.select_related("case__protocol_version", "case__partnership", "partnership").get(
            pk=message.outbox_id or 0
        )
        if row.partnership.is_practice:
            _keep(message, now)
            return False
        if row.superseded_at is not None or not _in_the_seat(message, row, now):
            _withdraw(message, run)
            return False
        message.body = said_late(message.body, message.meant_for, now)
    Message.objects.filter(pk=message.pk, lease_token=message.lease_token).update(
        subject=message.subject, body=message.body, link=message.link
    )
    return True


def _in_the_seat(message: Message, row: Outbox, now: dt.datetime) -> bool:
    return message.to_email in [person.email for person in addressees(row, now)]


def _wanted_items(digest: Message, run: _Run) -> list[Message]:
    """What an email still lists. What is no longer needed, or no longer this person's, is taken off."""
    items = list(
        digest.items.filter(state=MessageState.WAITING)
        .select_related("outbox__case__protocol_version", "outbox__case__partnership", "outbox__partnership")
        .order_by("meant_for", "pk")
    )
    wanted = []
    for item in items:
        if item.outbox and item.outbox.superseded_at is None and _in_the_seat(item, item.outbox, run.now):
            wanted.append(item)
        else:
            _withdraw(item, run)
    return wanted


@transaction.atomic
def _withdraw(message: Message, run: _Run) -> None:
    """An email that is no longer needed, or not by this person. Whoever has come into the seat is found then."""
    row = _lock_rows(message).get(message.outbox_id or 0)
    changed = (
        Message.objects.filter(pk=message.pk, state__in=TO_SEND)
        .filter(Q(lease_token=message.lease_token) if message.lease_token else Q(lease_token__isnull=True))
        .update(state=MessageState.SUPERSEDED, lease_until=None, lease_token=None)
    )
    if changed and row is not None and row.superseded_at is None:
        row.state = OutboxState.PENDING
        _save(row)
        run.has_changed = True


@transaction.atomic
def _keep(message: Message, now: dt.datetime) -> None:
    """An email of practice that got as far as this: it stays here."""
    rows = _lock_rows(message)
    fresh = Message.objects.select_for_update().get(pk=message.pk)
    if fresh.lease_token == message.lease_token:
        _to(fresh, MessageState.KEPT, now, rows)


def _wait_for_it(message: Message, until: dt.datetime) -> None:
    Message.objects.filter(pk=message.pk, lease_token=message.lease_token).update(
        state=MessageState.WAITING, lease_until=None, lease_token=None, retry_at=until
    )


def _lock_rows(message: Message) -> dict[int, Outbox]:
    """The outbox rows of a message or of all that a digest lists, locked before any message: the order that all keep."""
    which = Q(pk=message.outbox_id or 0) if message.outbox_id else Q(messages__digest=message.pk)
    keys = Outbox.objects.filter(which).values("pk")
    return {row.pk: row for row in Outbox.objects.select_for_update().filter(pk__in=keys).order_by("pk")}


def _attempt(message: Message, began: dt.datetime, ended: dt.datetime, outcome: str, code: str = "") -> None:
    """The evidence, whoever holds the lease by now. The message is locked."""
    DeliveryAttempt.objects.create(
        partnership_id=message.partnership_id,
        message=message,
        number=message.delivery_attempts.count() + 1,
        started_at=began,
        ended_at=ended,
        outcome=outcome,
        code=code,
    )


@transaction.atomic
def _finish(message: Message, result: Taken | Refused, began: dt.datetime, now: dt.datetime) -> None:
    """Write down what came of a try; the state only if the lease is still ours."""
    rows = _lock_rows(message)
    fresh = Message.objects.select_for_update().get(pk=message.pk)
    taken = isinstance(result, Taken)
    outcome = "taken" if isinstance(result, Taken) else "unknown" if result.unknown else "failed"
    _attempt(fresh, began, now, outcome, "" if isinstance(result, Taken) else result.code)
    if fresh.lease_token != message.lease_token:
        return
    if isinstance(result, Taken):
        fresh.provider_ref = result.ref
    else:
        fresh.last_error_code = result.code
    if taken:
        _to(fresh, MessageState.SENT, now, rows)
    elif not isinstance(result, Taken) and (result.for_good or _too_long(fresh, now)):
        _to(fresh, MessageState.FAILED, now, rows)
    else:
        lost = isinstance(result, Refused) and result.unknown
        fresh.retry_at = now + wait_after(fresh.uuid, fresh.attempts)
        fresh.handed_at = fresh.handed_at if lost else None
        _to(fresh, MessageState.WAITING, now, rows)


def _too_long(message: Message, now: dt.datetime) -> bool:
    return now - (message.first_tried_at or now) > GIVE_UP_AFTER


def _to(message: Message, state: MessageState, now: dt.datetime, rows: dict[int, Outbox]) -> None:
    """Bring a locked message, what it lists, and their rows of the outbox into a state; a failure is told to the case."""
    message.state, message.lease_until, message.lease_token = state, None, None
    if state in (MessageState.SENT, MessageState.DELIVERED):
        message.sent_at = message.sent_at or now
        message.delivered_at = now if state == MessageState.DELIVERED else message.delivered_at
    if state != MessageState.WAITING:
        message.retry_at = message.handed_at = None
    message.save(
        update_fields=[
            "state", "lease_until", "lease_token", "sent_at", "delivered_at", "retry_at", "handed_at",
            "last_error_code", "provider_ref",
        ]
    )  # fmt: skip
    # What a digest lists waits with it.
    listed = Message.objects.filter(digest=message).exclude(state=MessageState.SUPERSEDED)
    listed.update(
        state=state, sent_at=message.sent_at, delivered_at=message.delivered_at,
        last_error_code=message.last_error_code, handed_at=None,
    )  # fmt: skip
    for row in rows.values():
        if row.superseded_at is None:
            _settle(row, now)
            _save(row)
    if state == MessageState.FAILED:
        _tell_the_histories(rows, now)


def _tell_the_histories(rows: dict[int, Outbox], now: dt.datetime) -> None:
    """That somebody was not reached stands in the history of each case."""
    for row in rows.values():
        write(
            "message.not_delivered", by=clock_actor(row.partnership_id), now=now, object_type="outbox",
            object_id=row.pk, case_id=row.case_id, detail={"seat": row.seat},
        )  # fmt: skip


# --- what GOV.UK Notify reports ---------------------------------------------------------------------------------------

DELIVERED = "delivered"
NOT_DELIVERED = "permanent-failure"
GAVE_UP = frozenset({"temporary-failure", "technical-failure"})  # theirs: we have 72 hours, they about four


@transaction.atomic
def take_receipt(*, key: uuid.UUID, ref: str, status: str, now: dt.datetime) -> bool:
    """A delivery receipt. The same one twice changes nothing more. No: it is about no email of ours."""
    known = Message.objects.filter(uuid=key, channel=Channel.EMAIL, digest__isnull=True).first()
    if known is None:
        return False
    rows = _lock_rows(known)
    message = Message.objects.select_for_update().get(pk=known.pk)
    if not _receipt_counts(message, ref, status):
        return True
    message.provider_ref = ref
    _attempt(message, now, now, "receipt", status)
    if status == DELIVERED:
        _to(message, MessageState.DELIVERED, now, rows)
        return True
    message.last_error_code = f"Notify {status}"
    if status == NOT_DELIVERED or _too_long(message, now):
        _to(message, MessageState.FAILED, now, rows)
    else:
        message.retry_at, message.handed_at = now + wait_after(message.uuid, message.attempts), None
        message.sent_at = None
        _to(message, MessageState.WAITING, now, rows)
    return True


def _receipt_counts(message: Message, ref: str, status: str) -> bool:
    """That it arrived counts whenever it is said. That it did not counts once, for the copy that was sent last."""
    if status == DELIVERED:
        return message.state in (*TO_SEND, MessageState.SENT, MessageState.FAILED)
    if status not in (NOT_DELIVERED, *GAVE_UP):
        return False  # created, sending: nothing is known yet
    last = message.provider_ref in ("", ref)
    return last and message.state in (MessageState.SENT, MessageState.SENDING)


# --- what did not arrive ----------------------------------------------------------------------------------------------


def _failed(message_uuid: uuid.UUID, by: Actor) -> list[Message]:
    """All that did not reach the same person, locked, with the rows first. Raises Denied where another was faster."""
    check_admin(by, by.partnership_id or 0)
    found = not_delivered_to(message_uuid, by.partnership_id or 0)
    rows = Outbox.objects.filter(Q(messages__in=found) | Q(messages__digest__in=found)).values("pk")
    list(Outbox.objects.select_for_update().filter(pk__in=rows).order_by("pk"))
    messages = list(
        Message.objects.select_for_update()
        .filter(pk__in=[m.pk for m in found], state=MessageState.FAILED)
        .order_by("pk")
    )
    if not messages:
        raise Denied("Somebody has seen to this already. Nothing is left to do.")
    return messages


@transaction.atomic
def send_again(*, message_uuid: uuid.UUID, email: str, by: Actor, now: dt.datetime) -> int:
    """Send everything that did not reach a person once more, to the address given; a changed one is corrected where it
    is kept. Returns how many emails. Raises Denied for who is not the partnership admin, and for an address of another."""
    messages = _failed(message_uuid, by)
    email = email.strip().lower()
    if email == messages[0].to_email.lower():
        email = messages[0].to_email
    else:
        _correct(messages[0], email, by, now)
    events: list[Event] = []
    for message in messages:
        rows = _lock_rows(message)
        message.to_email, message.attempts, message.first_tried_at = email, 0, None
        message.save(update_fields=["to_email", "attempts", "first_tried_at"])
        message.items.update(to_email=email)
        message.retry_at = message.handed_at = None
        _to(message, MessageState.WAITING, now, rows)
        events += [
            Event("message.sent_again", "outbox", row.pk, case_id=row.case_id, detail={"seat": row.seat})
            for row in rows.values()
        ]
    write_all(events, by=by, now=now)
    return len(messages)


def _correct(message: Message, email: str, by: Actor, now: dt.datetime) -> None:
    """Correct the address where it is kept, and on all that still waits for this person here."""
    if (
        Message.objects.filter(outbox=message.outbox_id, to_email__iexact=email, channel=Channel.EMAIL)
        .exclude(outbox__isnull=True)
        .exists()
    ):
        raise Denied(
            "This message went to that address already, to somebody else. Enter the person's own address",
            field="email",
        )
    was = message.to_email
    if message.user_id is not None:
        correct_address(user_id=message.user_id, email=email, by=by, now=now)
    else:
        correct_participant_address(
            partnership_id=message.partnership_id, was=was, email=email, by=by, now=now
        )
    Message.objects.filter(
        partnership_id=message.partnership_id, to_email=was, state=MessageState.WAITING
    ).update(to_email=email)


@transaction.atomic
def tell_otherwise(*, message_uuid: uuid.UUID, how: str, by: Actor, now: dt.datetime) -> int:
    """The partnership admin told a person otherwise what no email brought. Returns how many messages."""
    messages = _failed(message_uuid, by)
    events: list[Event] = []
    for message in messages:
        rows = _lock_rows(message)
        _to(message, MessageState.TOLD, now, rows)
        events += [_told_otherwise(row, how) for row in rows.values()]
    write_all(events, by=by, now=now)
    return len(messages)


def _told_otherwise(row: Outbox, how: str) -> Event:
    detail = {"seat": row.seat, "how": Otherwise(how).label.lower()}
    return Event("message.told_otherwise", "outbox", row.pk, case_id=row.case_id, detail=detail)


@transaction.atomic
def see_to_unaddressed(*, outbox_uuid: uuid.UUID, how: str, by: Actor, now: dt.datetime) -> Outbox:
    """A message that found nobody, or that could not be made: the partnership admin told whoever it was for."""
    check_admin(by, by.partnership_id or 0)
    row = (
        Outbox.objects.select_for_update()
        .filter(
            uuid=outbox_uuid, partnership_id=by.partnership_id or 0, superseded_at__isnull=True,
            state__in=UNREACHED,
        )
        .first()
    )  # fmt: skip
    if row is None:
        raise Denied("Somebody has seen to this already. Nothing is left to do.")
    row.state, row.superseded_at = OutboxState.SUPERSEDED, now
    row.save(update_fields=["state", "superseded_at"])
    write_all([_told_otherwise(row, how)], by=by, now=now)
    return row


# --- the fence of a restore ---------------------------------------------------------------------------------------


@transaction.atomic
def raise_fence(*, dump_at: dt.datetime, by: Actor, now: dt.datetime) -> Fence:
    """A backup of `dump_at` was restored: from now nothing is sent until `lift_fence`."""
    raised, _ = Fence.objects.get_or_create(raised_at=now, dump_at=dump_at)
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
        rows = list(
            Outbox.objects.select_for_update()
            .filter(
                state__in=[OutboxState.PENDING, OutboxState.SENDING, OutboxState.NOBODY],
                superseded_at__isnull=True,
                not_before__lt=leave_out_before,
            )
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        Message.objects.filter(outbox__in=rows, state=MessageState.WAITING).update(
            state=MessageState.SUPERSEDED
        )
        left_out = Outbox.objects.filter(pk__in=rows).update(
            superseded_at=now, state=OutboxState.SUPERSEDED, last_error_code="before_restore"
        )
    for one in raised:
        one.lifted_at = now
        one.save(update_fields=["lifted_at"])
        write(
            "service.fence_lifted", by=by, now=now, object_type="fence", object_id=one.pk,
            detail={"count": left_out},
        )  # fmt: skip
    return left_out


# --- a person's own ---------------------------------------------------------------------------------------------------


@transaction.atomic
def choose_pace(*, pace: str, by: Actor, now: dt.datetime) -> Preference:
    """A person chooses how to be told in this partnership. What waits for the next morning and is wanted at once, goes."""
    if by.user_id is None or by.partnership_id is None:
        raise Denied("Only a person with a role in the partnership can choose this.")
    preference, _ = Preference.objects.update_or_create(
        partnership_id=by.partnership_id,
        user_id=by.user_id,
        defaults={"pace": Pace(pace), "changed_at": now},
    )
    if preference.pace == Pace.AT_ONCE:
        Message.objects.filter(
            partnership_id=by.partnership_id,
            user_id=by.user_id,
            channel=Channel.EMAIL,
            state=MessageState.WAITING,
            attempts=0,
            not_before__gt=now,
        ).update(not_before=now)
    write(
        "account.pace_chosen", by=by, now=now, object_type="user", object_id=by.user_id,
        detail={"kind": preference.pace},
    )  # fmt: skip
    return preference


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


__all__ = [
    "choose_pace",
    "enqueue",
    "enqueue_all",
    "lift_fence",
    "mark_all_read",
    "mark_read",
    "office_time",
    "raise_fence",
    "see_to_unaddressed",
    "send_again",
    "send_due",
    "supersede",
    "take_receipt",
    "tell_otherwise",
    "unsent_effects",
]
