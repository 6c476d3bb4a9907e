"""./dev test: every test, on a real PostgreSQL, a real Redis and a real Chromium.

The tests in tests/faults kill processes and restart servers, their own: they run after all others and by themselves.
"""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from devtools.bootstrap import prepare
from devtools.chromium import find
from devtools.console import say, step
from devtools.places import BUILD, PYTHON, ROOT, environment, fingerprint, is_root
from devtools.postgres import Postgres
from devtools.processes import Interrupted, Processes, foreground
from devtools.redis_server import start as start_redis


def test(arguments: list[str]) -> int:
    prepare(dev=True, assets=True)
    folder = Path(tempfile.mkdtemp(prefix="pd-test-"))
    if is_root():
        folder.chmod(0o711)  # passable for PostgreSQL's account
    try:
        with Processes() as processes:
            return _run(_calls(arguments), servers(processes, folder), folder)
    except Interrupted:
        say("\nStopped.")
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def servers(processes: Processes, folder: Path) -> dict[str, str]:
    """The environment of the tests, with what they need running."""
    say("Starting what the tests need")
    tables = ""
    if "TEST_DATABASE_URL" in os.environ:
        database_url = os.environ["TEST_DATABASE_URL"]
    else:
        database_url, tables = _database(processes, folder)
    if "TEST_REDIS_URL" in os.environ:
        redis_url = os.environ["TEST_REDIS_URL"]
    else:
        with step("Redis"):
            redis_url = start_redis(processes, folder, folder / "redis.log")
    browser = find(processes)
    data = folder / "data"
    for name in ("celery/queue", "celery/control", "static"):
        (data / name).mkdir(parents=True)
    return environment(
        {
            "DATABASE_URL": database_url,
            "TEST_TABLES": tables,
            "REDIS_URL": redis_url,
            "CHROMIUM": browser,
            "PD_DATA_DIR": str(data),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
    )


TABLES = "tables"  # the database that each runner's own is copied from
KEPT = BUILD / "test-cluster"


def _database(processes: Processes, folder: Path) -> tuple[str, str]:
    """A PostgreSQL with a database that has every table. Kept as files until a migration, a model or PostgreSQL changes."""
    database = Postgres(folder / "postgres", throw_away=True)
    made_of = [ROOT / "requirements.txt", ROOT / "devtools/postgres.py"]
    for pattern in ("*/migrations/*.py", "*/models.py", "*/models/*.py"):
        made_of += ROOT.glob(pattern)
    wanted, mark = fingerprint(made_of), KEPT / "made-of"
    if mark.exists() and mark.read_text() == wanted:
        with step("PostgreSQL"):
            _copy(KEPT / "data", database.folder, database.account)
            database.start(processes, folder / "postgres.log")
        return database.url("postgres"), TABLES
    with step("PostgreSQL"):
        database.start(processes, folder / "postgres.log")
    with step("Database tables, kept for the next time"):
        database.psql(f"CREATE DATABASE {TABLES}")
        env = environment({"DATABASE_URL": database.url(TABLES)})
        log = folder / "migrate.log"
        processes.run("migrate", [PYTHON, "manage.py", "migrate", "--verbosity", "0"], log=log, env=env)
        if database.child is not None:
            processes.stop(database.child)
        new = KEPT.with_name(f"{KEPT.name}.{os.getpid()}")
        _copy(database.folder, new / "data", None)
        (new / "made-of").write_text(wanted)
        shutil.rmtree(KEPT, ignore_errors=True)
        try:
            new.rename(KEPT)
        except OSError:  # another ./dev test was quicker
            shutil.rmtree(new, ignore_errors=True)
        database.start(processes, folder / "postgres.log")
    return database.url("postgres"), TABLES


def _copy(source: Path, target: Path, account: tuple[int, int] | None) -> None:
    """A cluster that nobody runs, with everything in it given to the account that will."""
    shutil.copytree(source, target, symlinks=True)
    target.chmod(0o700)
    if account:
        for path in (target, *target.rglob("*")):
            os.chown(path, *account)


FAULTS = "tests/faults"
FIRST_OF_ALL = ("--durations=20", "--durations-min=1.0")


def _calls(arguments: Sequence[str]) -> list[list[str]]:
    """What pytest is called with: twice for a whole run, once for whoever names tests."""
    paths = [word for word in arguments if not word.startswith("-") and Path(word.split("::")[0]).exists()]
    chosen = [*FIRST_OF_ALL, *arguments]
    if paths and all(path.startswith(FAULTS) for path in paths):
        return [chosen]
    single = any("::" in word for word in arguments)
    own = any(word.startswith("-n") or word in ("--pdb", "--trace", "-s") for word in arguments)
    # Two at a time for a whole run; nothing in the way of whoever names single tests or a debugger.
    spread = [] if single or own else ["-n", "2"]
    if paths:
        return [[*spread, *chosen]]
    return [[*spread, *chosen, f"--ignore={FAULTS}"], [*chosen, FAULTS]]


def _run(calls: Sequence[Sequence[str]], env: dict[str, str], folder: Path) -> int:
    """Call pytest, once or twice; the first exit code that is not 0. After two calls their sum is said as pytest says it."""
    begun, codes, results = time.monotonic(), [], []
    for number, words in enumerate(calls):
        result = folder / f"result-{number}.xml"
        codes.append(foreground([PYTHON, "-m", "pytest", *words, f"--junitxml={result}"], env))
        results.append(result)
        if codes[-1] in (2, 130):  # interrupted
            break
    if len(codes) > 1:
        say(_sum(results, time.monotonic() - begun))
    return next((code for code in codes if code not in (0, NO_TESTS)), min(codes))


NO_TESTS = 5  # pytest's exit code when what was asked for, by -k for example, is in the other call


def _sum(results: Sequence[Path], seconds: float) -> str:
    counted = dict.fromkeys(("failures", "errors", "tests", "skipped"), 0)
    for result in results:
        head = result.read_text().partition("<testcase")[0] if result.exists() else ""
        for name in counted:
            counted[name] += sum(map(int, re.findall(rf' {name}="(\d+)"', head)))
    passed = counted["tests"] - counted["failures"] - counted["errors"] - counted["skipped"]
    words = [f"{counted['failures']} failed"] if counted["failures"] else []
    words.append(f"{passed} passed")
    words += [f"{counted['skipped']} skipped"] if counted["skipped"] else []
    words += [f"{counted['errors']} errors"] if counted["errors"] else []
    return f"\nBoth together: {', '.join(words)} in {seconds:.2f}s"
