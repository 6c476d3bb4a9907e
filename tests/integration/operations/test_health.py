"""The health pages look at the work done, say yes or no, and tell a stranger nothing else."""

import datetime as dt
import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client

from core.actor import operator_actor
from core.clock import database_now
from deadlines.models import ClockHold, DeadlineEffect, SweepRun
from notifications.actions import lift_fence, raise_fence
from notifications.models import Outbox
from operations.actions import look
from operations.models import Look
from operations.selectors import work
from tests.builders import World

pytestmark = pytest.mark.django_db

HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)


def asked(path: str) -> tuple[int, dict[str, Any]]:
    response = Client().get(f"/health/{path}")
    assert response["Content-Type"] == "application/json"
    assert "no-store" in response["Cache-Control"]
    return response.status_code, json.loads(response.content)


def swept(ago: dt.timedelta = MINUTE) -> dt.datetime:
    """A sweep so long ago; the present by PostgreSQL's clock."""
    now = database_now()
    SweepRun.objects.create(started_at=now - ago, finished_at=now - ago, db_now=now - ago)
    return now


def wrong() -> set[str]:
    status, said = asked("work")
    found = {name for name, good in said.items() if not good}
    assert (status == 503) == bool(found)
    return found - {"ok"}


def test_a_living_process_says_so_without_asking_the_database(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert asked("live") == (200, {"ok": True})


def test_it_is_ready_with_its_tables_and_without_a_fence() -> None:
    assert asked("ready") == (200, {"ok": True, "database": True, "migrations": True, "fence": True})


def test_it_is_not_ready_behind_a_fence_until_an_operator_has_lifted_it() -> None:
    raise_fence(dump_at=database_now(), by=operator_actor(), now=database_now())
    assert asked("ready") == (503, {"ok": False, "database": True, "migrations": True, "fence": False})
    assert "fence" in wrong()
    lift_fence(by=operator_actor(), now=database_now())
    assert asked("ready")[0] == 200


def test_it_is_not_ready_with_a_migration_missing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'cases'")
    status, said = asked("ready")
    assert (status, said["migrations"], said["database"]) == (503, False, True)


def test_it_is_not_ready_without_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> int:
        raise OperationalError("the password of the database is on the line")

    monkeypatch.setattr("operations.selectors.migrations_missing", gone)
    monkeypatch.setattr("operations.views.database_now", gone)
    assert asked("ready") == (503, {"ok": False, "database": False, "migrations": False, "fence": False})
    assert asked("work") == (503, {"ok": False, "database": False})


def test_the_work_is_done_when_it_was_swept_lately_and_nothing_waits() -> None:
    swept()
    assert wrong() == set()


def test_it_is_the_sweep_that_counts_and_not_the_process() -> None:
    assert wrong() == {"sweep"}
    swept(6 * MINUTE)
    assert wrong() == {"sweep"}
    swept(4 * MINUTE)
    assert wrong() == set()


def laid(world: World, *, due: dt.datetime, created: dt.datetime, state: str = "pending") -> Outbox:
    return Outbox.objects.create(
        partnership=world.partnership, seat="slot:reviewer", kind="told", state=state, dedupe_key=f"{due}{state}",
        not_before=due, created_at=created,
    )  # fmt: skip


def test_a_message_that_waits_for_ten_minutes_is_noticed() -> None:
    world, now = World("camden"), swept()
    laid(world, due=now + HOUR, created=now - HOUR)  # its time has not come
    laid(world, due=now - 9 * MINUTE, created=now - HOUR)
    laid(world, due=now - 24 * HOUR, created=now - MINUTE)  # after an outage: laid out a minute ago
    assert wrong() == set()
    laid(world, due=now - 11 * MINUTE, created=now - HOUR)
    assert wrong() == {"outbox"}


def test_what_was_given_up_put_off_or_held_is_noticed() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    now = swept()
    Outbox.objects.update(state="sent")
    laid(world, due=now, created=now, state="dead")
    assert wrong() == {"dead_letters"}
    Outbox.objects.filter(state="dead").update(superseded_at=now)
    effect = DeadlineEffect.objects.filter(case=dissent.case, fired_at__isnull=True).first()
    assert effect is not None
    DeadlineEffect.objects.filter(pk=effect.pk).update(attempts=1, fire_at=now + HOUR)
    assert wrong() == {"parked"}
    DeadlineEffect.objects.filter(pk=effect.pk).update(attempts=0)
    ClockHold.objects.create(since=now, last_seen=now - 24 * HOUR, why="ahead")
    assert wrong() == {"clock"}


def test_what_last_night_found_is_noticed_and_so_is_a_night_without_a_look() -> None:
    now = swept()
    look(now=now - 27 * HOUR)
    assert wrong() == {"invariants"}
    look(now=now)
    assert wrong() == set()


def test_a_stranger_learns_no_version_no_name_and_no_number() -> None:
    World("camden").dissent_at("under_review")
    for path in ("live", "ready", "work"):
        _, said = asked(path)
        assert all(isinstance(value, bool) for value in said.values())
    assert Client().post("/health/live").status_code == 405


def test_the_status_for_a_person_says_what_runs_what_waits_and_what_to_do() -> None:
    world, now = World("camden"), swept()
    world.dissent_at("under_review")
    laid(world, due=now, created=now, state="dead")
    said = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("status", stdout=said)
    text = said.getvalue()
    assert ended.value.code == 1
    assert "given up             1\n" in text
    assert "WRONG not so: no message was given up. the partnership's office decides" in text
    assert "ok    swept in the last 5 minutes" in text
    assert "Q.X." not in text


def test_the_status_is_quiet_when_all_is_well() -> None:
    swept()
    said = StringIO()
    call_command("status", stdout=said)
    assert "WRONG" not in said.getvalue()


def test_the_figures_count_what_is_there() -> None:
    World("camden").dissent_at("under_review")
    now = swept()
    found = work(now)
    assert found.open_clocks >= 1
    assert found.overdue_clocks == 0
    assert found.due > 0  # the builders' spring is long past, and no sweep has fired
    assert found.oldest_due is not None


def test_the_partnerships_office_is_told_in_plain_words_and_nobody_else() -> None:
    world, now = World("camden"), swept()

    def client_of(who: str) -> Client:
        client = Client()
        client.force_login(world.people[who].user)
        return client

    def seen(who: str = "admin") -> str:
        return client_of(who).get("/partnership/service/").content.decode()

    words = ("restored from a backup", "clock of this service is being checked", "contradict each other")
    assert "Dates are looked after and messages go out." in seen()
    raise_fence(dump_at=now, by=operator_actor(), now=now)
    ClockHold.objects.create(since=now, last_seen=now - 24 * HOUR, why="ahead")
    Look.objects.create(
        looked_at=now, found=1, kinds=[{"name": "x", "count": 1, "partnerships": [world.partnership.pk]}]
    )
    assert all(each in seen() for each in words)
    assert not any(each in seen("chair") for each in words)
    home = client_of("admin").get("/").content.decode()
    assert all(each in home for each in words)
    assert 'href="/partnership/service/"' in home
    assert not any(each in client_of("chair").get("/").content.decode() for each in words)
    SweepRun.objects.all().delete()
    assert "Dates have not been looked after." in seen()
    swept(3 * HOUR)
    assert "Dates have not been looked after since" in seen()


def test_the_figures_for_graphs_are_for_who_has_the_token(settings: Any) -> None:
    World("camden").dissent_at("under_review")
    swept()
    assert Client().get("/metrics").status_code == 404  # no token is set: there is no such page
    settings.METRICS_TOKEN = "a-long-invented-token"
    for wrong_one in ("", "Bearer ", "Bearer another", "a-long-invented-token"):
        assert Client(headers={"authorization": wrong_one}).get("/metrics").status_code == 404
    answer = Client(headers={"authorization": "Bearer a-long-invented-token"}).get("/metrics")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "dissent_clocks_open 1.0" in text
    assert "dissent_clock_held 0.0" in text
    assert "camden" not in text.lower()
