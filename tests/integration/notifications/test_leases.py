"""Any order of senders that run, die and come back: every message arrives, and a copy is only where nobody could know."""

import datetime as dt
import smtplib
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifications import actions
from notifications.actions import LEASE, enqueue, send_due
from notifications.models import DeliveryAttempt, Message, Outbox
from notifications.states import Channel, MessageState, OutboxState
from tests.builders import LATER, World, at

pytestmark = pytest.mark.django_db

NOW = at("2026-03-05", "10:00")
PEOPLE = ("chair", "minutes", "police", "health")

# What becomes of the next email: taken; taken, but the answer is lost; refused for now; not reached.
FATES = ("taken", "answer lost", "later", "down")
# Where the sender is killed: nowhere, with the lease in its hands, after the email left, before the next is leased.
DEATHS = ("", "_still_wanted", "_finish", "_lease_next")


@dataclass(frozen=True)
class Run:
    """One run of a sender: what becomes of its emails, where it dies and with which of them, and how long until the next."""

    fates: tuple[str, ...]
    death: str
    with_number: int
    seconds: int


runs = st.builds(
    Run,
    st.tuples(*[st.sampled_from(FATES)] * len(PEOPLE)),
    st.sampled_from(DEATHS),
    st.integers(1, 3),
    st.sampled_from((1, 31, 89, 91, 600, 3700)),
)


class Killed(BaseException):
    """The process is gone."""


class Undo(Exception):
    """Takes back what one example did."""


@given(st.lists(runs, max_size=8))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_senders_that_die_anywhere_lose_nothing_and_repeat_only_what_nobody_could_know(
    world: World, plan: list[Run]
) -> None:
    try:
        with transaction.atomic():
            walk(world, plan)
            raise Undo
    except Undo:
        mail.outbox.clear()


@pytest.fixture
def world() -> World:
    return World("camden")


def walk(world: World, plan: list[Run]) -> None:
    for who in PEOPLE:
        enqueue(
            partnership_id=world.partnership.pk, seat=f"member:{world.people[who].pk}", kind="conference_booked",
            params={"due": LATER.isoformat(), "what": "CF-2345-67"}, dedupe_key=f"lease {who}", now=NOW,
        )  # fmt: skip
    now, unknown = NOW, 0
    for run in plan:
        unknown += sends(run, now)
        check()
        now += dt.timedelta(seconds=run.seconds)
    for _ in range(12):  # everything works again
        now += LEASE + dt.timedelta(hours=1)
        send_due(now=now)
    emails = Message.objects.filter(channel=Channel.EMAIL)
    assert {m.state for m in emails} == {MessageState.SENT}
    assert set(Outbox.objects.filter(dedupe_key__startswith="lease").values_list("state", flat=True)) == {
        OutboxState.SENT
    }
    copies = Counter(email.extra_headers["Message-ID"] for email in mail.outbox)
    assert len(copies) == len(PEOPLE)
    assert sum(copies.values()) - len(PEOPLE) <= unknown


def sends(run: Run, now: dt.datetime) -> int:
    """One run. Returns how many emails left without anybody knowing."""
    real_send, unknown, fates = EmailMessage.send, 0, iter(run.fates * 5)

    def send(self: EmailMessage, fail_silently: bool = False) -> int:
        nonlocal unknown
        fate = next(fates)
        if fate == "later":
            raise smtplib.SMTPRecipientsRefused({self.to[0]: (451, b"later")})
        if fate == "down":
            raise ConnectionRefusedError
        real_send(self)
        if fate == "answer lost":
            unknown += 1
            raise smtplib.SMTPServerDisconnected
        return 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EmailMessage, "send", send)
        if run.death:
            left_before = len(mail.outbox)
            patch.setattr(actions, run.death, dying(getattr(actions, run.death), run.with_number))
            try:
                send_due(now=now)
            except Killed:
                # What left last may not have been written down.
                unknown += run.death == "_finish" and len(mail.outbox) > left_before
        else:
            send_due(now=now)
    return unknown


def dying(real: Any, number: int) -> Any:
    calls = 0

    def die(*args: Any, **kw: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number:
            raise Killed
        return real(*args, **kw)

    return die


def check() -> None:
    """What holds after every step."""
    for message in Message.objects.filter(channel=Channel.EMAIL):
        leased = message.state == MessageState.SENDING
        assert leased == (message.lease_token is not None) == (message.lease_until is not None)
        numbers = list(message.delivery_attempts.order_by("number").values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))
        taken = message.delivery_attempts.filter(outcome="taken").count()
        assert taken == (1 if message.state == MessageState.SENT else 0)
    assert DeliveryAttempt.objects.filter(outcome="taken").count() <= len(PEOPLE)
