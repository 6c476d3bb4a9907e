"""./dev test: every test, on a real PostgreSQL, a real Redis and a real Chromium."""

import os
import shutil
import tempfile
from pathlib import Path

from devtools.bootstrap import prepare
from devtools.chromium import find
from devtools.console import say, step
from devtools.places import PYTHON, environment, is_root
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
            env = servers(processes, folder)
            return foreground([PYTHON, "-m", "pytest", *_defaults(arguments), *arguments], env)
    except Interrupted:
        say("\nStopped.")
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def servers(processes: Processes, folder: Path) -> dict[str, str]:
    """The environment of the tests, with what they need running."""
    say("Starting what the tests need")
    if "TEST_DATABASE_URL" in os.environ:
        database_url = os.environ["TEST_DATABASE_URL"]
    else:
        with step("PostgreSQL"):
            database = Postgres(folder / "postgres", throw_away=True)
            database.start(processes, folder / "postgres.log")
            database_url = database.url("postgres")
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
            "REDIS_URL": redis_url,
            "CHROMIUM": browser,
            "PD_DATA_DIR": str(data),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
    )


def _defaults(arguments: list[str]) -> list[str]:
    """Two at a time for a whole run; nothing in the way of whoever names single tests or a debugger."""
    chosen = ["--durations=20", "--durations-min=1.0"]
    single = any("::" in word for word in arguments)
    own = any(word.startswith("-n") or word in ("--pdb", "--trace", "-s") for word in arguments)
    if not single and not own:
        chosen += ["-n", "2", "--dist", "loadgroup"]
    return chosen
