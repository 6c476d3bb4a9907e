"""Backup, restore and the drill: PostgreSQL's own programs, a second database, and files that somebody has damaged."""

import datetime as dt
import fcntl
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection

from audit.models import AuditEvent
from audit.selectors import verify
from cases.models import Case
from core.actor import operator_actor
from core.clock import edge_now
from core.refusals import Denied
from deadlines.actions import sweep
from notifications.actions import raise_fence, send_due
from notifications.models import Fence, Outbox
from notifications.selectors import behind_the_fence, fence
from operations import actions
from operations.actions import (
    Database,
    Manifest,
    backup,
    count_rows,
    differences,
    drill,
    restore,
    scratch_database,
)
from operations.selectors import known_migrations
from tests.builders import World, at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """The drill's database stands beside those of the tests: who counts such databases must be alone with them."""
    with (Path(os.environ["PD_DATA_DIR"]) / "drill.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


MOMENT = at("2026-03-20", "10:00")


@pytest.fixture
def world() -> World:
    world = World("camden")
    world.dissent_at("under_review")
    sweep(now=MOMENT, wake=False)
    Session.objects.create(session_key="k" * 32, session_data="", expire_date=at("2027-01-01"))
    return world


def manage(database: Database, files: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "DATABASE_URL": database.url, "FILES_ROOT": str(files)}
    env.pop("EMAIL_URL", None)
    return subprocess.run([sys.executable, "manage.py", *words], env=env, capture_output=True, text=True)


def rewritten(source: Path, target: Path, change: Any) -> Path:
    """The backup with its members changed by `change(members)`."""
    with tarfile.open(source) as tar:
        members = {m.name: (tar.extractfile(m) or io.BytesIO()).read() for m in tar.getmembers()}
    change(members)
    with tarfile.open(target, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return target


def test_a_backup_restored_elsewhere_has_every_row_and_file_and_sends_nothing(
    world: World, files: Path, tmp_path: Path
) -> None:
    path = tmp_path / "night.backup"
    manifest = backup(path, now=MOMENT)
    assert path.stat().st_mode & 0o777 == 0o600
    assert manifest.counts["cases_case"] == {str(world.partnership.pk): 1}
    assert set(manifest.sha256) == {"database.dump", "files/ab/one"}
    elsewhere = tmp_path / "elsewhere"
    with scratch_database() as scratch:
        done = manage(scratch, elsewhere, "restore", str(path))
        assert done.returncode == 0, done.stderr
        assert "Restored as of 2026-03-20 10:00 London" in done.stdout
        assert "Nothing is sent until you type" in done.stdout
        with scratch.connect() as copy:
            counts = count_rows(copy)
            assert copy.execute("SELECT dump_at, lifted_at FROM notifications_fence").fetchall() == [
                (MOMENT, None)
            ]
            assert copy.execute("SELECT count(*) FROM django_session").fetchone() == (0,)
            with pytest.raises(psycopg.Error, match="append_only"):
                copy.execute("DELETE FROM audit_auditevent")
        written = counts["audit_auditevent"].pop("0"), counts["audit_audithead"].pop("0")
        assert written == (1, 1)  # that the fence was raised
        assert differences(manifest.counts, counts) == []
        assert manage(scratch, elsewhere, "verify_audit").returncode == 0
        swept = manage(scratch, elsewhere, "sweep")
        assert "Messages handled: 0." in swept.stdout
        refused = manage(scratch, elsewhere, "restore", str(path))
        assert refused.returncode == 1
        assert "This database is not empty." in refused.stderr
    assert (elsewhere / "ab" / "one").read_bytes() == b"a stored file"


def test_restoring_in_place_takes_back_what_came_later_and_moves_its_files_aside(
    world: World, files: Path, tmp_path: Path
) -> None:
    path = tmp_path / "night.backup"
    backup(path, now=MOMENT)
    world.dissent_at("under_review", who="health")
    (files / "ab" / "later").write_bytes(b"later")
    assert Case.objects.count() == 2
    restore(path, now=edge_now(), by=operator_actor(), replace=True, known_migrations=known_migrations())
    assert Case.objects.count() == 1
    assert sorted(f.name for f in files.rglob("*") if f.is_file()) == ["one"]
    aside = [folder for folder in tmp_path.iterdir() if folder.name.startswith("files.before-")]
    assert [(folder / "ab" / "later").read_bytes() for folder in aside] == [b"later"]
    assert fence() is not None
    assert send_due(now=edge_now()) == 0
    assert AuditEvent.objects.get(type="service.fence_raised").actor_kind == "operator"
    assert verify(world.partnership.pk) is None
    world.dissent_at("under_review", who="health")  # and work goes on: keys do not clash
    assert Case.objects.count() == 2


def test_the_operator_sees_what_may_have_been_sent_and_decides(world: World) -> None:
    """Backed up on the 20th at 10:00, lost at 16:00, restored at 18:00."""
    Outbox.objects.all().delete()
    dump, lost, restored = MOMENT, MOMENT + dt.timedelta(hours=6), MOMENT + dt.timedelta(hours=8)
    case = Case.objects.get()

    def laid(key: str, created: dt.datetime, due: dt.datetime) -> Outbox:
        return Outbox.objects.create(
            partnership=world.partnership, case=case, seat="slot:reviewer", kind="clock_overdue", dedupe_key=key,
            not_before=due, created_at=created,
        )  # fmt: skip

    before = laid("before", dump - dt.timedelta(hours=1), dump - dt.timedelta(hours=1))
    between = laid("between", restored + dt.timedelta(minutes=1), dump + dt.timedelta(hours=2))
    since = laid("since", restored + dt.timedelta(minutes=1), restored + dt.timedelta(minutes=1))
    raised = raise_fence(dump_at=dump, by=operator_actor(), now=restored)
    assert behind_the_fence(raised) == {"before": 1, "between": 1, "since": 1}
    said = StringIO()
    call_command("fence", stdout=said)
    assert "     1  were to go out between backup and restore: probably sent once already" in said.getvalue()
    assert fence() is not None
    when = lost.astimezone(dt.UTC).isoformat()
    call_command("fence", "--lift", "--leave-out-before", when, stdout=said)
    assert "Lifted. 2 are left out" in said.getvalue()
    states = {row.pk: row.state for row in Outbox.objects.all()}
    assert (states[before.pk], states[between.pk], states[since.pk]) == (
        "superseded",
        "superseded",
        "pending",
    )
    assert fence() is None
    assert AuditEvent.objects.get(type="service.fence_lifted").detail == {"count": 2}


def test_lifting_without_more_lets_everything_go_out(world: World) -> None:
    waiting = Outbox.objects.filter(state="pending").count()
    assert waiting
    raise_fence(dump_at=MOMENT, by=operator_actor(), now=edge_now())
    said = StringIO()
    call_command("fence", "--lift", stdout=said)
    assert "Lifted. 0 are left out" in said.getvalue()
    assert Outbox.objects.filter(state="pending").count() == waiting
    with pytest.raises(CommandError, match="There is no fence"):
        call_command("fence", "--lift", stdout=said)
    call_command("fence", stdout=said)
    assert "No fence: messages go out." in said.getvalue()
    assert not Fence.objects.filter(lifted_at__isnull=True).exists()


def _flip(members: dict[str, bytes]) -> None:
    dump = bytearray(members["database.dump"])
    dump[len(dump) // 2] ^= 1
    members["database.dump"] = bytes(dump)


def _later_release(members: dict[str, bytes]) -> None:
    given = json.loads(members["manifest.json"])
    given["migrations"].append("cases.9999_of_tomorrow")
    members["manifest.json"] = json.dumps(given).encode()


DAMAGE: tuple[tuple[Any, str], ...] = (
    (_flip, "is damaged: database.dump is not what was backed up"),
    (lambda m: m.update({"files/ab/one": b"another"}), "is damaged: files/ab/one is not what was backed up"),
    (lambda m: m.pop("files/ab/one"), "is not whole: files/ab/one is missing"),
    (lambda m: m.update({"files/more": b"x"}), "holds files/more, which its list does not name"),
    (lambda m: m.update({"../outside": b"x"}), "is no backup of this service, or it is damaged"),
    (lambda m: m.pop("manifest.json"), "is no backup of this service, or it is damaged"),
    (lambda m: m.update({"manifest.json": b"{}"}), "its list of contents cannot be read"),
    (lambda m: m.update({"manifest.json": b'{"format": 2}'}), "made by another release"),
    (_later_release, "of a later release than this one: it had the migration cases.9999_of_tomorrow"),
)


def test_a_damaged_changed_shortened_or_later_backup_is_refused_before_anything_is_touched(
    world: World, files: Path, tmp_path: Path
) -> None:
    good = tmp_path / "good.backup"
    backup(good, now=MOMENT)
    for change, words in DAMAGE:
        bad = rewritten(good, tmp_path / "bad.backup", change)
        with pytest.raises(Denied, match=words):
            restore(
                bad, now=edge_now(), by=operator_actor(), replace=True, known_migrations=known_migrations()
            )
    whole = good.read_bytes()
    for kept in (0, 10, len(whole) // 2, len(whole) - 12_000):
        good.write_bytes(whole[:kept])
        with pytest.raises(CommandError, match="is "):
            call_command("restore", good, "--replace", stdout=StringIO())
    assert Case.objects.count() == 1
    assert fence() is None
    assert (files / "ab" / "one").exists()
    assert not (tmp_path / "outside").exists()


def test_what_fails_half_way_changes_nothing(world: World, files: Path, tmp_path: Path) -> None:
    """The dump can be read, and a statement in it fails: database and files are as they were."""
    path = tmp_path / "good.backup"
    backup(path, now=MOMENT)
    real = actions.AFTER
    actions.AFTER = "SELECT 1/0; " + real
    try:
        with pytest.raises(Denied, match="psql failed"):
            restore(
                path, now=edge_now(), by=operator_actor(), replace=True, known_migrations=known_migrations()
            )
    finally:
        actions.AFTER = real
    assert Case.objects.count() == 1
    assert fence() is None
    assert (files / "ab" / "one").exists()


def test_a_backup_never_overwrites_and_leaves_nothing_half_made(
    world: World, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "good.backup"
    call_command("backup", path, stdout=StringIO())
    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", path, stdout=StringIO())
    monkeypatch.setattr(actions, "programs", lambda server: Path("/nowhere"))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OSError, match="nowhere"):
        backup(tmp_path / "other.backup", now=MOMENT)
    assert sorted(tmp_path.iterdir()) == before


def test_a_role_that_may_not_read_everything_cannot_make_a_backup(
    world: World, files: Path, tmp_path: Path
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS pd_restricted")
        cursor.execute("CREATE ROLE pd_restricted LOGIN")
        cursor.execute("GRANT SELECT ON django_migrations TO pd_restricted")
    ours = Database.ours()
    restricted = Database(ours.name, ours.host, ours.port, "pd_restricted")
    try:
        with pytest.raises((Denied, psycopg.Error), match="permission denied"):
            backup(tmp_path / "part.backup", now=MOMENT, database=restricted)
        assert not (tmp_path / "part.backup").exists()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP OWNED BY pd_restricted")
            cursor.execute("DROP ROLE pd_restricted")


def test_programs_older_than_the_server_are_not_taken() -> None:
    with pytest.raises(Denied, match="No pg_dump of PostgreSQL 99 or newer"):
        actions.programs(99)
    assert (actions.programs(18) / "pg_dump").exists()


def test_the_drill_proves_a_backup_and_leaves_nothing_behind(
    world: World, files: Path, tmp_path: Path
) -> None:
    said = StringIO()
    call_command("restore_drill", stdout=said)
    assert said.getvalue().endswith("The backup is good.\n")
    assert fence() is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'drill%'")
        assert cursor.fetchone() == (0,)


def test_the_drill_notices_a_row_that_did_not_come_back(
    world: World, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        actions, "_command", lambda database, *words: []
    )  # what else it looks at is not in question

    def one_more(members: dict[str, bytes]) -> None:
        given = json.loads(members["manifest.json"])
        given["counts"]["cases_case"] = {str(world.partnership.pk): 2}
        members["manifest.json"] = json.dumps(given).encode()

    backup(tmp_path / "good.backup", now=MOMENT)
    bad = rewritten(tmp_path / "good.backup", tmp_path / "bad.backup", one_more)
    found = drill(bad, now=edge_now(), clock=lambda: 0.0)
    assert found.wrong == [
        f"cases_case, partnership {world.partnership.pk}: 2 rows were backed up, 1 restored"
    ]


def test_the_drill_notices_a_history_that_was_changed(world: World, files: Path, tmp_path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE audit_auditevent SET rule = 'X' WHERE seq = 1")
        cursor.execute("SET session_replication_role = default")
    with pytest.raises(CommandError, match="The backup is not good"):
        call_command("restore_drill", stdout=StringIO())


def test_a_manifest_says_again_what_it_was_given() -> None:
    one = Manifest(MOMENT, 18, ["a.0001"], {"t": {"1": 2, "": 3}}, {"database.dump": "00"})
    assert Manifest.read(one.text().encode()) == one
    assert one.rows == 5
