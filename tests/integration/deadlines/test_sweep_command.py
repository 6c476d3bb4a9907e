"""`manage.py sweep` as an operator types it, and its loop as a process: without Redis, through a restart, until told."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.management import call_command
from django.db import connection

from audit.models import AuditEvent
from core.actor import operator_actor
from core.clock import edge_now
from deadlines.models import SweepRun
from notifications.actions import raise_fence
from notifications.models import Outbox
from tests.builders import World
from tests.clock import office_hours

PATIENCE = 45


@pytest.mark.django_db
def test_once_it_sweeps_and_sends_and_says_what_it_did() -> None:
    World("camden").dissent_at("under_review")  # its date is long past
    said = StringIO()
    call_command("sweep", stdout=said)
    assert "Effects fired: " in said.getvalue()
    assert "Late: " in said.getvalue()
    assert not Outbox.objects.filter(state="pending", not_before__lte=edge_now()).exists()
    again = StringIO()
    call_command("sweep", stdout=again)
    assert again.getvalue() == (
        "Effects fired: 0. Messages laid out: 0. Put off after a failure: 0. Late: 0. Messages handled: 0.\n"
    )


@pytest.mark.django_db
def test_without_sending_it_only_sweeps() -> None:
    World("camden").dissent_at("under_review")
    call_command("sweep", "--no-send", stdout=StringIO())
    assert Outbox.objects.filter(kind="clock_overdue", state="pending").count() == 2


@pytest.mark.django_db
def test_behind_the_fence_it_sweeps_and_sends_nothing() -> None:
    World("camden").dissent_at("under_review")
    raise_fence(dump_at=edge_now(), by=operator_actor(), now=edge_now())
    call_command("sweep", stdout=StringIO())
    assert Outbox.objects.filter(kind="clock_overdue", state="pending").count() == 2
    assert not Outbox.objects.filter(state="sent").exists()


class Loop:
    """The loop as a process of its own, with nothing at the address of Redis."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "loop.log"
        address = urlsplit(os.environ["DATABASE_URL"])
        database = urlunsplit(address._replace(path=f"/{connection.settings_dict['NAME']}"))
        env = {**os.environ, "DATABASE_URL": database, "REDIS_URL": "redis://127.0.0.1:9", **office_hours()}
        env.pop("EMAIL_URL", None)
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "sweep", "--loop", "--every", "0.3"],
                env=env,
                stdout=out,
                stderr=out,
            )

    def until(self, true: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not true():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.1)


@pytest.fixture
def loop(transactional_db: None, tmp_path: Path) -> Iterator[Loop]:
    started = Loop(tmp_path)
    yield started
    if started.process.poll() is None:
        started.process.kill()
        started.process.wait(10)


def test_the_loop_does_the_work_without_redis_survives_a_lost_database_and_stops_when_told(
    loop: Loop,
) -> None:
    World("camden").dissent_at("under_review")
    loop.until(lambda: Outbox.objects.filter(kind="clock_overdue", state="sent").count() == 2)
    with connection.cursor() as cursor:  # what a restarted PostgreSQL does to it
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] >= 1
    second = World("brighton-hove")
    second.dissent_at("under_review")
    of_second = Outbox.objects.filter(partnership=second.partnership, kind="clock_overdue", state="sent")
    loop.until(of_second.exists)
    begun = time.monotonic()
    loop.process.send_signal(signal.SIGTERM)
    assert loop.process.wait(PATIENCE) == 0
    assert time.monotonic() - begun < 10
    assert "Stopped." in loop.log.read_text()
    assert AuditEvent.objects.filter(type="clock.passed").count() >= 2
    assert SweepRun.objects.exists()
