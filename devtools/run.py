"""./dev run: the whole application on this machine, and everything stopped again at the end."""

import fcntl
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from devtools.bootstrap import prepare
from devtools.console import Stop, say, seconds, step, tail
from devtools.places import DATA, LOGS, PYTHON, ROOT, environment, fingerprint
from devtools.postgres import NAME, Postgres, data_folder
from devtools.processes import Child, Interrupted, Processes, command_of, stop_leftover

PIDS = DATA / "run"
MARK = "demonstration-loaded"
# Three partnerships of different protocols get years of invented conferences, so that there are figures to look at.
PAST = "camden brighton-hove kingston-richmond --conferences 4500 --years 3 --publish".split()


def run(*, port: int, fresh: bool) -> int:
    started = time.monotonic()
    own_database = "DATABASE_URL" not in os.environ
    if fresh and not own_database:
        raise Stop("--fresh only starts over the project's own database; DATABASE_URL names another.")
    _data_folders()
    with _only_one():
        stop_leftovers()
        _check_port(port)
        prepare(dev=False, assets=True)
        processes = Processes(PIDS)
        try:
            with processes:
                _serve(processes, port=port, fresh=fresh, own_database=own_database, started=started)
        except Interrupted:
            say("\nStopped.")
    return 0


def _data_folders() -> None:
    for folder in (LOGS, PIDS, DATA / "celery" / "queue", DATA / "celery" / "control"):
        folder.mkdir(parents=True, exist_ok=True)
    DATA.chmod(DATA.stat().st_mode | 0o011)  # passable, for PostgreSQL's account; what is inside stays closed


@contextmanager
def _only_one() -> Iterator[None]:
    with (PIDS / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Stop(f"It already runs from this folder (process {lock.read().strip()}).") from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def stop_leftovers() -> None:
    """Of an earlier start that was killed together with its guard."""
    for file in PIDS.glob("*.pid"):
        with suppress(OSError, ValueError):
            pid = int(file.read_text())
            if str(PYTHON.parent) in command_of(pid):
                stop_leftover(pid, signal.SIGTERM)
        file.unlink(missing_ok=True)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_host(), port))
        except OverflowError:
            raise Stop(f"There is no port {port}: they go from 1 to 65535.") from None
        except PermissionError:
            raise Stop(
                f"Port {port} needs more rights than you have. Choose another: PORT=8000 ./dev run"
            ) from None
        except OSError:
            raise Stop(
                f"Port {port} is in use by another program. Choose another: ./dev run --port {port + 1}"
            ) from None


def _host() -> str:
    return os.environ.get("BIND", "127.0.0.1")


def settings_for(database_url: str, port: int) -> dict[str, str]:
    """What the application reads from the environment; whatever is already set there wins."""
    key_file = DATA / "secret-key"
    if not key_file.exists():
        key_file.touch(mode=0o600)
        key_file.write_text(secrets.token_urlsafe(64))
    address = f"http://localhost:{port}"
    chosen = {
        "DATABASE_URL": database_url,
        "DEMONSTRATION": "1",
        "SECRET_KEY": key_file.read_text(),
        "SITE_ADDRESS": address,
        "STATICFILES_STORAGE": "whitenoise.storage.CompressedManifestStaticFilesStorage",
    }
    return environment({name: os.environ.get(name, value) for name, value in chosen.items()})


def _serve(processes: Processes, *, port: int, fresh: bool, own_database: bool, started: float) -> None:
    say("Starting")
    database = Postgres(data_folder())
    if fresh:
        database.stop_leftover()
        database.remove()
        for folder in (DATA / "celery").glob("*"):
            shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
        (DATA / MARK).unlink(missing_ok=True)
        _data_folders()
    if own_database:
        with step("PostgreSQL"):
            database.start(processes, LOGS / "postgres.log")
            _own_database(database)
    env = settings_for(os.environ.get("DATABASE_URL") or database.url(), port)
    load = _wants_demonstration(env, own_database)

    def manage(what: str, *words: str) -> None:
        log = LOGS / "setup.log"
        with step(what):
            processes.run(what.lower(), [PYTHON, "manage.py", *words], log=log, env=env)

    manage("Database tables", "migrate", "--no-input", "-v", "0")
    if load:
        manage("Demonstration data", "demonstration")
        manage("Figures of past years", "invented_history", *PAST)
        if own_database:
            (DATA / MARK).touch()
    static = fingerprint([ROOT / "static", ROOT / "requirements.txt"])
    stamp = DATA / "static.sha256"
    if not stamp.exists() or stamp.read_text() != static or not (DATA / "static").exists():
        manage("Static files", "collectstatic", "--no-input", "--clear", "-v", "0")
        stamp.write_text(static)

    with step("Web, worker and clock"):
        web = _start_application(processes, env, port)
        _wait_for(web, port)
    say(f"  ready after {seconds(started)}\n")
    say(f"Professional Dissent is at  http://{'localhost' if _host() == '127.0.0.1' else _host()}:{port}\n")
    _show_personas(env)
    say(f"Data: {database.folder if own_database else 'DATABASE_URL'}   Logs: {LOGS}")
    say("Ctrl-C stops everything; ./dev run --fresh starts over.")
    processes.watch()


def _own_database(database: Postgres) -> None:
    exists = database.psql(f"select 1 from pg_database where datname = '{NAME}'")  # noqa: S608
    if exists and not (DATA / MARK).exists():
        # The first start did not get to its end: half a demonstration is worse than a new one.
        database.psql(f"drop database {NAME} with (force)")
        exists = ""
    if not exists:
        (DATA / MARK).unlink(missing_ok=True)
        database.psql(f"create database {NAME}")


def _wants_demonstration(env: dict[str, str], own_database: bool) -> bool:
    if own_database:
        return not (DATA / MARK).exists()
    probe = (
        "import os, psycopg; "
        "found = psycopg.connect(os.environ['DATABASE_URL']).execute"
        "(\"select to_regclass('django_migrations')\").fetchone(); print(found[0] or '')"
    )
    answer = subprocess.run([PYTHON, "-c", probe], capture_output=True, text=True, env=env)
    if answer.returncode != 0:
        reason = answer.stderr.strip().splitlines()[-1:] or ["no answer"]
        raise Stop(f"The database that DATABASE_URL names cannot be reached: {reason[0]}")
    return not answer.stdout.strip()


def _start_application(processes: Processes, env: dict[str, str], port: int) -> Child:
    # One thread for each of two processes; gthread, as it does not let a browser's idle connection hold a process.
    options = (
        f"--bind {_host()}:{port} --workers 2 --worker-class gthread --threads 1 --access-logfile - "
        "--graceful-timeout 5 --no-control-socket"
    )
    web = processes.start(
        "web",
        [PYTHON, PYTHON.parent / "gunicorn", "config.wsgi:application", *options.split()],
        log=LOGS / "web.log",
        env=env,
    )
    celery: list[str | Path] = [PYTHON, "-m", "celery", "-A", "config"]
    options = "--concurrency 1 --without-gossip --without-mingle --without-heartbeat --loglevel INFO"
    processes.start(
        "worker",
        [*celery, "worker", *options.split()],
        log=LOGS / "worker.log",
        env=env,
    )
    processes.start(
        "beat",
        [
            *celery,
            "beat",
            "--schedule",
            DATA / "celery" / "beat-schedule",
            "--pidfile=",
            "--loglevel",
            "INFO",
        ],
        log=LOGS / "beat.log",
        env=env,
    )
    return web


def _wait_for(web: Child, port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and web.process.poll() is None:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/")
            status = connection.getresponse().status
            connection.close()
            if status < 500:
                return
            raise Stop(
                f"{tail(web.log)}\n\nThe first page answers with an error ({status}). Its log: {web.log}"
            )
        time.sleep(0.1)
    raise Stop(f"{tail(web.log)}\n\nThe web server did not start. Its log: {web.log}")


def _show_personas(env: dict[str, str]) -> None:
    answer = subprocess.run(
        [PYTHON, "manage.py", "personas", "--json"], cwd=ROOT, env=env, capture_output=True, text=True
    )
    try:
        people = json.loads(answer.stdout)
    except ValueError:
        (LOGS / "setup.log").open("a").write(answer.stderr)
        say(f"(No demonstration sign-ins; see {LOGS / 'setup.log'})")
        return
    if not people:
        return
    first = people[0]["partnership"]
    shown = [one for one in people if one["partnership"] == first]
    say(f"Sign in as (invented people, partnership {first}):")
    widths = [max(len(str(one[key])) for one in shown) for key in ("username", "password", "role")]
    for one in shown:
        columns = [
            str(one[key]).ljust(width)
            for key, width in zip(("username", "password", "role"), widths, strict=True)
        ]
        say("  " + "  ".join(columns) + f"  {one['name']}")
    if len(people) > len(shown):
        say(f"  … and {len(people) - len(shown)} more in the other partnerships: ./dev manage personas")
    say()


@contextmanager
def database_for_command(processes: Processes) -> Iterator[str]:
    """The address of the project's database: the one that runs, or one started just for this command."""
    if "DATABASE_URL" in os.environ:
        yield os.environ["DATABASE_URL"]
        return
    database = Postgres(data_folder())
    if not database.running():
        if not database.exists():
            raise Stop("There is no database yet. Type: ./dev run")
        database.start(processes, LOGS / "postgres.log")
    yield database.url()
