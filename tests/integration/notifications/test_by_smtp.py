"""The sender and a real mail server that fails in every way that one can."""

import datetime as dt
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from notifications import channels
from notifications.actions import enqueue, send_due
from notifications.channels import BySmtp, Letter, Refused
from notifications.models import DeliveryAttempt, Message, Outbox
from notifications.states import Channel, MessageState, OutboxState
from tests.builders import LATER, World, at
from tests.mail_server import Dripping, Mailbox, mail_server_running

pytestmark = pytest.mark.django_db

NOW = at("2026-03-05", "10:00")
AGAIN = NOW + dt.timedelta(minutes=2)


@pytest.fixture
def box(settings: Any) -> Iterator[Mailbox]:
    settings.EMAIL_BACKEND = "notifications.channels.MailServer"
    settings.EMAIL_HOST = "127.0.0.1"
    with mail_server_running() as box:
        settings.EMAIL_PORT = box.port
        yield box


@pytest.fixture
def world() -> World:
    return World("camden")


def write_to(world: World, *people: str) -> None:
    Outbox.objects.all().delete()
    for who in people:
        enqueue(
            partnership_id=world.partnership.pk, seat=f"member:{world.people[who].pk}", kind="conference_booked",
            params={"due": LATER.isoformat(), "what": "CF-2345-67"}, dedupe_key=f"to {who}", now=NOW,
        )  # fmt: skip


def emails() -> dict[str, Message]:
    return {m.to_email.partition("@")[0]: m for m in Message.objects.filter(channel=Channel.EMAIL)}


def codes() -> list[tuple[str, str]]:
    return list(DeliveryAttempt.objects.order_by("pk").values_list("outcome", "code"))


def test_an_email_arrives_as_it_was_worded_to_one_person_and_says_that_a_machine_sent_it(
    world: World, box: Mailbox
) -> None:
    write_to(world, "chair")
    assert send_due(now=NOW) == 1
    (email,) = box.received
    assert email["To"] == "chair@camden.example.org"
    assert email["Message-ID"] == f"<{emails()['chair'].uuid}@dissent.example.org>"
    assert email["Auto-Submitted"] == "auto-generated"
    assert email["Cc"] is email["Bcc"] is None
    assert email.get_content().split() == emails()["chair"].body.split()


def test_a_refused_connection_is_tried_again(world: World, box: Mailbox, settings: Any) -> None:
    write_to(world, "chair")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        real, settings.EMAIL_PORT = settings.EMAIL_PORT, taken.getsockname()[1]
        assert send_due(now=NOW) == 0
    assert codes() == [("failed", "ConnectionRefusedError")]
    settings.EMAIL_PORT = real
    assert send_due(now=AGAIN) == 1
    assert box.names() == ["chair"]


def test_a_server_that_never_greets_counts_as_not_reached(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "CONNECT", 0.2)
    settings.EMAIL_BACKEND = "notifications.channels.MailServer"
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        result = BySmtp().send(Letter("key", "chair@camden.example.org", "Subject", "Body"))
    assert result == Refused("Unreachable", unreachable=True)


def test_a_server_that_takes_too_long_is_left_and_its_answer_is_not_known(
    world: World, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It took the email in and never said so: the copy that follows has the same Message-ID."""
    monkeypatch.setattr(channels, "WHOLE", 0.5)
    write_to(world, "chair")
    box.hangs = True
    assert send_due(now=NOW) == 0
    assert codes() == [("unknown", "TimeoutError")]
    assert emails()["chair"].handed_at is not None
    box.hangs = False
    monkeypatch.setattr(channels, "WHOLE", 15.0)
    assert send_due(now=AGAIN) == 1


def test_a_server_that_drips_its_answer_is_left_all_the_same(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its bytes comes within the time for one answer; the whole does not."""
    monkeypatch.setattr(channels, "WHOLE", 1.0)
    settings.EMAIL_BACKEND = "notifications.channels.MailServer"
    with socket.socket() as dripping:
        dripping.bind(("127.0.0.1", 0))
        dripping.listen()
        settings.EMAIL_HOST, settings.EMAIL_PORT = dripping.getsockname()
        with Dripping(dripping):
            result = BySmtp().send(Letter("key", "chair@camden.example.org", "Subject", "Body"))
    assert result == Refused("TimeoutError", unknown=True)


def test_an_answer_in_the_400s_is_tried_again_and_one_in_the_500s_about_the_person_is_for_good(
    world: World, box: Mailbox
) -> None:
    write_to(world, "chair", "police", "health")
    box.to = {"chair": "451 Try later", "police": "550 No such user"}
    assert send_due(now=NOW) == 1
    assert {who: m.state for who, m in emails().items()} == {
        "chair": MessageState.WAITING, "police": MessageState.FAILED, "health": MessageState.SENT,
    }  # fmt: skip
    assert sorted(codes()) == [("failed", "SMTP 451"), ("failed", "SMTP 550"), ("taken", "")]
    box.to = {}
    assert send_due(now=AGAIN) == 1
    assert sorted(box.names()) == ["chair", "health"]


def test_an_answer_in_the_500s_about_something_else_is_ours_to_mend_and_tried_again(
    world: World, box: Mailbox
) -> None:
    write_to(world, "chair")
    box.data = "554 This server takes nothing today"
    send_due(now=NOW)
    assert codes() == [("failed", "SMTP 554")]
    assert emails()["chair"].state == MessageState.WAITING


def test_a_server_that_is_gone_after_it_took_the_email_gets_the_same_one_again(
    world: World, box: Mailbox
) -> None:
    write_to(world, "chair")
    box.disconnects = True
    assert send_due(now=NOW) == 0
    assert [outcome for outcome, _ in codes()] == ["unknown"]
    box.disconnects = False
    assert send_due(now=AGAIN) == 1
    assert box.names() == ["chair", "chair"]
    assert len({email["Message-ID"] for email in box.received}) == 1
    assert Outbox.objects.get().state == OutboxState.SENT


def test_half_of_the_people_refused_leaves_the_others_with_one_email_each(world: World, box: Mailbox) -> None:
    people = ("chair", "other_chair", "minutes", "manager", "reviewer", "second", "police", "health")
    write_to(world, *people)
    box.to = dict.fromkeys(people[::2], "550 No such user")
    for minutes in (0, 2, 10, 100):
        send_due(now=NOW + dt.timedelta(minutes=minutes))
    assert sorted(box.names()) == sorted(people[1::2])
    assert {who for who, m in emails().items() if m.state == MessageState.FAILED} == set(people[::2])
    assert all(m.attempts == 1 for m in emails().values())
