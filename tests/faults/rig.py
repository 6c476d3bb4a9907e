"""The servers and processes that faults are done to, and the moments at which they are done.

Everything is real and the harness's own: PostgreSQL that waits for its disk, Redis, Celery's worker and beat. The
product has no hook for any of it. Its clocks are moved from outside: that of Python by `child`, that of PostgreSQL by
functions that stand before the built-in ones in this database's search path. A process is stopped at a named moment by
a trigger of this database, which sleeps until the harness has seen it and killed the process.
"""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import redis

from benchmarks.scale import Connection, Pattern
from devtools.postgres import Postgres
from devtools.processes import Child, Processes, send
from devtools.redis_server import free_port
from devtools.redis_server import start as start_redis
from tests.builders import at
from tests.faults.sink import Sink

ROOT = Path(__file__).resolve().parent.parent.parent
BEGINS = at("2026-03-05", "10:30")  # a Thursday in office hours, days before any date of the scene
PATIENCE = 60.0
LEASE = dt.timedelta(seconds=100)

# A database whose clock the harness moves. Whoever asks for the time by any other name than the sweep's is refused, so
# that every rule gets the one time that was read at the edge.
CLOCK = """
CREATE SCHEMA harness;
CREATE TABLE harness.clock (shift interval NOT NULL);
INSERT INTO harness.clock VALUES ('0');
CREATE FUNCTION harness.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
    'SELECT pg_catalog.clock_timestamp() + shift FROM harness.clock';
CREATE FUNCTION harness.now() RETURNS timestamptz LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''SQL asked for the time by itself''; END';
CREATE FUNCTION harness.statement_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''SQL asked for the time by itself''; END';
CREATE FUNCTION harness.transaction_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''SQL asked for the time by itself''; END';
"""
# Every firing of an effect, written down beside the ledger: the oracle does not take the ledger's word.
DIARY = """
CREATE TABLE harness.fired (effect bigint NOT NULL, at timestamptz NOT NULL);
CREATE FUNCTION harness.note() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO harness.fired VALUES (NEW.id, NEW.fired_at); RETURN NULL; END';
CREATE TRIGGER harness_note AFTER UPDATE OF fired_at ON deadlines_deadlineeffect
    FOR EACH ROW WHEN (NEW.fired_at IS NOT NULL) EXECUTE FUNCTION harness.note();
CREATE FUNCTION harness.hold() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(14); RETURN NEW; END';
"""


def until(true: Callable[[], object], what: str, said: Callable[[], str], patience: float = PATIENCE) -> None:
    """Wait for something to become true; if it does not, fail and say what the processes said last."""
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, f"In {patience:.0f} s it did not come: {what}\n{said()}"
        time.sleep(0.05)


class Servers:
    """PostgreSQL and Redis for all runs, and one database that each run begins with a copy of."""

    def __init__(self, processes: Processes, folder: Path) -> None:
        self.processes, self.folder = processes, folder
        self.postgres = Postgres(folder / "postgres")
        self.redis_port = free_port()
        self.redis: Child | None = None
        self.pattern: Pattern
        self.dissent = 0

    def start(self) -> None:
        self.start_postgres()
        self.start_redis()
        self.postgres.psql("CREATE DATABASE base")
        self._run("manage.py", "migrate", "--verbosity", "0")
        said = json.loads(self._run("-m", "tests.faults.scene", "world").splitlines()[-1])
        self.dissent = said.pop("dissent")
        self.pattern = Pattern(**said)
        with self.connect("base") as connection:
            connection.execute(CLOCK.encode())
            connection.execute(DIARY.encode())

    def _run(self, *words: str) -> str:
        env = {**os.environ, "DATABASE_URL": self.postgres.url("base")}
        env.pop("EMAIL_URL", None)
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start_postgres(self) -> None:
        self.postgres.start(self.processes, self.folder / "postgres.log")

    def stop_postgres(self, number: signal.Signals) -> None:
        """SIGINT: at once, in good order. SIGQUIT: as after a power cut."""
        child = self.postgres.child
        assert child is not None
        child.process.send_signal(number)
        child.process.wait(30)
        self.processes.forget(child)

    def start_redis(self) -> None:
        start_redis(self.processes, self.folder, self.folder / "redis.log", port=self.redis_port)
        self.redis = self.processes.children[-1]

    def stop_redis(self) -> None:
        assert self.redis is not None
        self.redis.process.kill()
        self.redis.process.wait(10)
        self.processes.forget(self.redis)
        self.redis = None

    def connect(self, database: str) -> Connection:
        return psycopg.connect(self.postgres.url(database), autocommit=True)


class Rig:
    """One run: a database, a mailbox, and the processes of the product between them."""

    def __init__(self, servers: Servers, name: str, folder: Path) -> None:
        self.servers, self.name, self.folder = servers, name, folder
        self.children: dict[str, Child] = {}
        self.sink = Sink(free_port())
        self.clock = folder / "clock"
        self.also: dict[str, str] = {}  # what the environment of the processes has besides
        self._connection: Connection | None = None
        self.begun = time.monotonic()

    # --- database and clock ---------------------------------------------------------------------------------------

    def start(self) -> None:
        # Copied as files: copied by way of the log, its sequences would after a crash give out numbers a second time,
        # since those that the original had fetched ahead are not in the copy's log.
        self.servers.postgres.psql(f"CREATE DATABASE {self.name} TEMPLATE base STRATEGY file_copy")
        self.servers.postgres.psql(
            f"ALTER DATABASE {self.name} SET search_path = public, harness, pg_catalog"
        )
        self.redis.flushall()
        self.sink.start()
        self.travel(BEGINS)

    def stop(self) -> None:
        for name in list(self.children):
            self.kill(name)
        self.sink.stop()
        if self._connection is not None:
            self._connection.close()
        self.servers.postgres.psql(f"DROP DATABASE {self.name} WITH (FORCE)")

    @property
    def db(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = self.servers.connect(self.name)
        return self._connection

    def one(self, query: str, *values: object) -> Any:
        """The one value that a query asks for. A server that has just been restarted is asked again."""
        try:
            found = self.db.execute(query.encode(), values).fetchone()
        except psycopg.OperationalError:
            self.db.close()
            found = self.db.execute(query.encode(), values).fetchone()
        return found[0] if found else None

    @property
    def pattern(self) -> Pattern:
        return self.servers.pattern

    @property
    def redis(self) -> "redis.Redis":
        return redis.Redis(port=self.servers.redis_port)

    @property
    def now(self) -> dt.datetime:
        moment = self.one("SELECT harness.clock_timestamp()")
        assert isinstance(moment, dt.datetime)
        return moment

    @property
    def just_now(self) -> dt.datetime:
        """For clocks whose effects, a second after they are due, are due already: nobody waits for nothing."""
        return self.now - dt.timedelta(seconds=2)

    def travel(self, moment: dt.datetime) -> None:
        """Set every clock there is, PostgreSQL's and those of the processes, to an instant; they go on from there."""
        self._shift(moment - dt.datetime.now(dt.UTC))  # noqa: TID251

    def advance(self, by: dt.timedelta) -> None:
        self._shift(self.one("SELECT shift FROM harness.clock") + by)

    def shift_database(self, by: dt.timedelta) -> None:
        """PostgreSQL's clock alone goes wrong by so much, or right again."""
        self.one("SELECT 1")  # by a connection that a restart of the server has not broken
        self.db.execute(b"UPDATE harness.clock SET shift = shift + %s", [by])

    def shift_processes(self, by: dt.timedelta) -> None:
        """The clocks of worker, beat and the others alone go wrong by so much."""
        self._write_clock(float(self.clock.read_text()) + by.total_seconds())

    def _shift(self, by: dt.timedelta) -> None:
        self.db.execute(b"UPDATE harness.clock SET shift = %s", [by])
        self._write_clock(by.total_seconds())

    def _write_clock(self, seconds: float) -> None:
        new = self.clock.with_suffix(".new")
        new.write_text(str(seconds))
        new.rename(self.clock)

    def loop(self, name: str = "loop") -> None:
        """The sweeper that needs neither Redis nor Celery."""
        self.spawn(name, "manage", "sweep", "--loop", "--every", "0.5")

    def web(self, name: str = "web") -> int:
        """The web server, on a port of its own."""
        port = free_port()
        self.spawn(
            name, "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}", "--workers", "1"
        )
        return port

    # --- processes ------------------------------------------------------------------------------------------------

    @property
    def env(self) -> dict[str, str]:
        data = self.folder / "data"
        (data / "celery").mkdir(parents=True, exist_ok=True)
        return {
            **os.environ,
            "DATABASE_URL": self.servers.postgres.url(self.name),
            "REDIS_URL": f"redis://127.0.0.1:{self.servers.redis_port}/0",
            "EMAIL_URL": self.sink.url,
            "PD_DATA_DIR": str(data),
            "PYTHONUNBUFFERED": "1",
            **self.also,
        }

    def spawn(self, name: str, *words: str) -> None:
        argv = [sys.executable, "-m", "tests.faults.child", str(self.clock), *words]
        self.children[name] = self.servers.processes.start(
            name, argv, log=self.folder / f"{name}.log", env=self.env, stop_signal=signal.SIGKILL
        )

    def worker(self, name: str = "worker", concurrency: int = 1) -> None:
        options = f"--concurrency {concurrency} --without-gossip --without-mingle --without-heartbeat"
        self.spawn(name, "celery", "-A", "config", "worker", "--hostname", f"{name}@rig", *options.split())

    def beat(self, name: str = "beat") -> None:
        schedule = str(self.folder / f"{name}-schedule")
        options = ["--pidfile=", "--max-interval", "1", "--schedule", schedule]
        self.spawn(name, "celery", "-A", "config", "beat", *options)

    def kill(self, name: str) -> None:
        """kill -9, with all that it has started."""
        child = self.children.pop(name)
        send(child.process.pid, signal.SIGKILL)
        child.process.wait(10)
        self.servers.processes.forget(child)

    def ended(self, name: str) -> bool:
        """Whether a process has ended by itself. What then starts it again on a server is whoever supervises it."""
        if self.children[name].process.poll() is None:
            return False
        self.kill(name)
        return True

    def finish(self, name: str, patience: float = 60) -> int:
        """SIGTERM, and wait for it to end in good order. Its exit code."""
        process = self.children[name].process
        process.terminate()
        try:
            return process.wait(patience)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{name} did not end in {patience:.0f} s\n{self.said()}") from None
        finally:
            self.kill(name)

    def pool(self, name: str = "worker") -> list[int]:
        """The processes in which a worker runs its tasks."""
        pid = self.children[name].process.pid
        found = Path(f"/proc/{pid}/task/{pid}/children")
        if found.exists():
            return [int(word) for word in found.read_text().split()]
        listed = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True)
        return [int(word) for word in listed.stdout.split()]

    def kill_pool(self, name: str = "worker") -> int:
        """kill -9 for the processes that run tasks; their parent starts others."""
        killed = 0
        for pid in self.pool(name):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed += 1
        return killed

    def said(self) -> str:
        """What waits in the outbox, and what each process said last."""
        try:
            waits = self.db.execute(
                b"SELECT state, attempts, not_before, retry_at, lease_until, last_error_code FROM notifications_message"
                b" WHERE state IN ('waiting', 'sending', 'failed') LIMIT 20"
            ).fetchall()
        except psycopg.Error as error:
            waits = [(str(error),)]
        return (
            "\n".join(map(str, waits))
            + "\n"
            + "\n".join(
                f"--- {path.name}\n{path.read_text(errors='replace')[-2500:]}"
                for path in sorted(self.folder.glob("*.log"))
            )
        )

    def until(self, true: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
        def true_or_in_vain() -> object:
            ended = [name for name, child in self.children.items() if child.process.poll() is not None]
            assert not ended, f"{ended} ended by themselves, waiting for: {what}\n{self.said()}"
            return true()

        until(true_or_in_vain, what, self.said, patience)

    # --- moments --------------------------------------------------------------------------------------------------

    @contextmanager
    def stopped_at(self, moment: str) -> Iterator[None]:
        """With a trigger at which whoever comes there stays for 14 seconds. `moment` is what stands after the name of
        the trigger: `BEFORE INSERT ON audit_auditevent FOR EACH ROW`."""
        kind = "CONSTRAINT TRIGGER" if "DEFERRED" in moment else "TRIGGER"
        table = moment.split(" ON ")[1].split()[0]
        self.db.execute(f"CREATE {kind} harness_hold {moment} EXECUTE FUNCTION harness.hold()".encode())
        try:
            yield
        finally:
            self.cut_off()
            self.db.execute(f"DROP TRIGGER harness_hold ON {table}".encode())

    def someone_is_held(self) -> bool:
        held = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
        return bool(self.one(held))

    def cut_off(self) -> None:
        """The database notices that those who were held are gone."""
        self.db.execute(
            b"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            b" WHERE datname = current_database() AND wait_event = 'PgSleep'"
        )
