"""Faults: what is killed, cut off, filled with nonsense or left alone for a fortnight, and what is then counted.

`./dev test` runs a small size, on its own after all other tests; `./dev bench faults` the full one. Both print a table.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devtools.places import is_root
from devtools.processes import Processes
from tests.faults import oracle
from tests.faults.oracle import Count
from tests.faults.rig import Rig, Servers

TABLE: list[tuple[str, Count, float]] = []


@pytest.fixture(scope="session")
def full_size() -> bool:
    return os.environ.get("PD_FAULTS") == "full"


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    folder = Path(tempfile.mkdtemp(prefix="pd-faults-"))
    if is_root():
        folder.chmod(0o711)  # passable for PostgreSQL's account
    try:
        with Processes(signals=False) as processes:
            started = Servers(processes, folder)
            started.start()
            yield started
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _rig(servers: Servers, name: str, folder: Path) -> Iterator[Rig]:
    made = Rig(servers, name, folder)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def rig(servers: Servers, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Rig]:
    yield from _rig(servers, f"run_{abs(hash(request.node.nodeid))}", tmp_path)


@pytest.fixture(scope="module")
def lasting_rig(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One for all tests of a module, where each would otherwise wait for a worker of its own."""
    yield from _rig(servers, "run_lasting", tmp_path_factory.mktemp("lasting"))


Reckon = Callable[..., Count]


@pytest.fixture
def reckon(request: pytest.FixtureRequest) -> Reckon:
    """Count, write it into the table, and demand that nothing was lost and nothing done twice."""

    def reckoned(rig: Rig, *, what: str = "") -> Count:
        counted = oracle.count(rig)
        name = what or request.node.name.removeprefix("test_").replace("_", " ")
        TABLE.append((name, counted, time.monotonic() - rig.begun))
        assert counted.nothing_lost_or_doubled, f"{counted}\n{rig.said()}"
        return counted

    return reckoned


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not TABLE:
        return
    terminalreporter.section("faults: what was due and what came of it")
    heads = ("due", "effects", "letters", "missing", "doubled", "repeats", "seconds")
    width = max(len(name) for name, _, _ in TABLE)
    terminalreporter.line(f"{'':<{width}}" + "".join(f"{head:>9}" for head in heads))
    for name, one, seconds in TABLE:
        figures = (one.due, one.effects, one.letters, one.missing, one.doubled, one.repeats)
        terminalreporter.line(
            f"{name:<{width}}" + "".join(f"{figure:>9}" for figure in figures) + f"{seconds:>9.1f}"
        )
    terminalreporter.line("repeats: the same letter handed over again, with the same Message-ID")
