"""./dev bench: speed beside floors and peers on a PostgreSQL of its own.

`./dev bench faults` and `./dev bench hostile`: the faults and the hostile input at full size.
"""

import os
import shutil
import tempfile
from pathlib import Path

from devtools import testing
from devtools.bootstrap import prepare
from devtools.console import step
from devtools.places import PYTHON, environment, is_root
from devtools.postgres import Postgres
from devtools.processes import Processes, foreground


def bench(arguments: list[str]) -> int:
    if arguments[:1] == ["faults"]:
        os.environ["PD_FAULTS"] = "full"
        chosen = arguments[1:]
        named = any(
            word.startswith(testing.FAULTS) for word in chosen
        )  # some of them: as many at a time as fit
        return testing.test(chosen if named else [testing.FAULTS, *chosen])
    if arguments[:1] == ["hostile"]:
        os.environ.setdefault("PD_HOSTILE", "20000")
        return testing.test(["tests/hostile", "-rP", "--show-capture=stdout", *arguments[1:]])
    prepare(dev=True, assets=False)
    folder = Path(tempfile.mkdtemp(prefix="pd-bench-"))
    if is_root():
        folder.chmod(0o711)  # passable for PostgreSQL's account
    try:
        with Processes() as processes:
            with step("PostgreSQL"):
                # Not thrown away as in the tests: it waits for its disk, as on a server.
                database = Postgres(folder / "postgres")
                database.start(processes, folder / "postgres.log")
            database.psql("CREATE DATABASE bench")
            env = {"DATABASE_URL": database.url("bench"), "PD_DATA_DIR": str(folder / "data")}
            return foreground([PYTHON, "-m", "benchmarks", *arguments], environment(env))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
