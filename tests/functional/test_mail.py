"""From a verb to an e-mail: a real mail server, a real Celery worker and beat, the real Redis and PostgreSQL."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import connection

from core.clock import edge_now
from deadlines.models import Deadline
from devtools.redis_server import free_port
from notifications.actions import enqueue
from notifications.models import Message, Outbox
from tests.builders import LATER, World
from tests.clock import office_hours

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.redis]

PATIENCE = 45
# The real beat with its real table, only more often than once a minute.
BEAT = (
    "import sys; from config.celery import app; "
    "[entry.update(schedule=1.0) for entry in app.conf.beat_schedule.values()]; app.start(sys.argv[1:])"
)


class Mailbox:
    """A mail server that takes everything, as slowly as it is told."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.received: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.received.append(message_from_bytes(envelope.original_content or b"", policy=policy.default))
        await asyncio.sleep(self.seconds)
        return "250 Taken"

    def to(self, name: str) -> list[EmailMessage]:
        return [message for message in self.received if message["To"].startswith(f"{name}@")]


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    """The mail server, and its address as EMAIL_URL says it."""
    box = Mailbox()
    port = free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield box, f"smtp://127.0.0.1:{port}"
    server.stop()


class Celery:
    """Worker and beat as children, each killed with all that it has started."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self.env, self.folder = env, folder
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                [sys.executable, *words], env=self.env, stdout=log, stderr=log, start_new_session=True
            )

    def worker(self) -> None:
        options = "--concurrency 1 --without-gossip --without-mingle --without-heartbeat --loglevel INFO"
        self.start("worker", "-m", "celery", "-A", "config", "worker", *options.split())

    def beat(self) -> None:
        options = ["--pidfile=", "--max-interval", "1", "--schedule", str(self.folder / "schedule")]
        self.start("beat", "-c", BEAT, "beat", *options)

    def kill(self, name: str) -> None:
        child = self.children.pop(name)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait(10)

    def words(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in self.folder.glob("*.log"))


@pytest.fixture
def celery(
    transactional_db: None, redis_client: Any, redis_url: str, mailbox: tuple[Mailbox, str], tmp_path: Path
) -> Iterator[Celery]:
    address = urlsplit(os.environ["DATABASE_URL"])
    database = urlunsplit(address._replace(path=f"/{connection.settings_dict['NAME']}"))
    urls = {"DATABASE_URL": database, "REDIS_URL": redis_url, "EMAIL_URL": mailbox[1]}
    env = {**os.environ, **urls, **office_hours()}
    started = Celery(env, tmp_path)
    yield started
    for name in list(started.children):
        started.kill(name)


def until(true: Callable[[], object], celery: Celery) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, celery.words()
        time.sleep(0.1)


def test_recording_a_dissent_leads_to_an_email_arriving(celery: Celery, mailbox: tuple[Mailbox, str]) -> None:
    """The worker alone, without beat: the verb itself wakes it."""
    box, _ = mailbox
    celery.worker()
    world = World("camden")
    dissent = world.recorded(world.decided())
    until(lambda: box.to("reviewer") and box.to("chair"), celery)
    message = box.to("reviewer")[0]
    assert dissent.case.reference in message["Subject"]
    assert re.fullmatch(r"<[0-9a-f-]{36}@dissent\.example\.org>", message["Message-ID"])
    text = message.get_content()
    assert f"/cases/{dissent.case.reference}/" in text
    assert not re.search(r"Q\.X\.|risk at home|Invented Primary", text)
    until(lambda: not Outbox.objects.exclude(state="sent").exists(), celery)


def test_beat_sweeps_the_clocks_and_what_nobody_was_woken_for_goes_out(
    celery: Celery, mailbox: tuple[Mailbox, str]
) -> None:
    box, _ = mailbox
    world = World("camden")
    dissent = world.dissent_at("under_review")  # its date is long past
    celery.worker()
    celery.beat()
    until(lambda: Outbox.objects.filter(kind="clock_overdue", state="sent").count() == 2, celery)
    clock = Deadline.objects.get(case=dissent.case, clock_id="decision")
    assert clock.breached_at == clock.due_at
    assert clock.state == "open"
    assert [m for m in box.to("second") if dissent.case.reference in m["Subject"]]
    sent = Counter(message["Message-ID"] for message in box.received)
    time.sleep(3)  # more ticks
    assert Counter(message["Message-ID"] for message in box.received) == sent
    assert set(sent.values()) == {1}


def test_a_worker_killed_in_the_middle_loses_nothing(celery: Celery, mailbox: tuple[Mailbox, str]) -> None:
    box, _ = mailbox
    box.seconds = 0.3
    for world in (World("camden"), World("hampshire")):
        for who, person in world.people.items():
            enqueue(
                partnership_id=world.partnership.pk, seat=f"member:{person.pk}", kind="conference_booked",
                dedupe_key=f"{world.slug} {who}", params={"due": "2026-03-03T10:00:00+00:00", "what": "CF-2345-67"},
                now=edge_now(),
            )  # fmt: skip
    total = Outbox.objects.count()
    assert total >= 20
    celery.worker()
    celery.beat()
    until(lambda: len(box.received) >= 5, celery)
    celery.kill("worker")
    before = len(box.received)
    assert before < total
    celery.worker()
    # Their lease would run out by itself; nobody waits ninety seconds here.
    assert Message.objects.filter(state="sending").update(lease_until=LATER) > 0
    box.seconds = 0.0
    until(lambda: not Outbox.objects.exclude(state="sent").exists(), celery)
    received = Counter(message["Message-ID"] for message in box.received)
    assert len(received) == total
    # At most the one that it was handing over came twice, known as the same by its Message-ID.
    assert sum(received.values()) <= total + 1


def test_redis_losing_everything_loses_no_message(
    celery: Celery, mailbox: tuple[Mailbox, str], redis_client: Any
) -> None:
    box, _ = mailbox
    world = World("camden")
    world.recorded(world.decided())
    redis_client.flushdb()
    celery.worker()
    celery.beat()
    until(lambda: box.to("reviewer"), celery)
    until(lambda: not Outbox.objects.exclude(state="sent").exists(), celery)
