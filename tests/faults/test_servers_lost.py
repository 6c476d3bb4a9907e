"""Redis loses everything or is away; PostgreSQL is restarted, by turns as after a power cut and in good order."""

import signal
import subprocess
import sys
import time

from benchmarks import scale
from tests.faults.conftest import Reckon
from tests.faults.rig import LEASE, ROOT, Rig
from tests.faults.test_storms import told_all


def some_clocks(rig: Rig, count: int) -> None:
    told = scale.people(rig.db, rig.pattern, count)
    scale.clocks(rig.db, rig.pattern, count, due_at=rig.just_now, holders=[pk for pk, _ in told])


def test_redis_loses_everything_again_and_again(rig: Rig, reckon: Reckon, full_size: bool) -> None:
    rig.worker(concurrency=2)
    rig.beat()
    for _ in range(60 if full_size else 6):
        some_clocks(rig, 20)
        time.sleep(0.5)
        rig.redis.flushall()
    rig.until(lambda: told_all(rig), "all letters", patience=120)
    assert reckon(rig).repeats == 0


def test_redis_is_away_and_comes_back(rig: Rig, reckon: Reckon, full_size: bool) -> None:
    """Meanwhile a person's work is taken as ever; afterwards the same worker and beat go on, without anybody."""
    rig.worker()
    rig.beat()
    some_clocks(rig, 20)
    rig.until(lambda: told_all(rig), "the letters before")
    rig.servers.stop_redis()
    try:
        some_clocks(rig, 20)
        act = [sys.executable, "-m", "tests.faults.scene", "view", str(rig.servers.dissent)]
        begun = time.monotonic()
        done = subprocess.run(act, cwd=ROOT, env=rig.env, timeout=60, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        time.sleep(max(0.0, (120 if full_size else 5) - (time.monotonic() - begun)))
    finally:
        rig.servers.start_redis()
    rig.until(lambda: told_all(rig), "the letters after", patience=120)
    assert reckon(rig).repeats == 0


def test_without_redis_the_loop_alone_suffices(rig: Rig, reckon: Reckon) -> None:
    rig.servers.stop_redis()
    try:
        rig.loop()
        some_clocks(rig, 20)
        rig.until(lambda: told_all(rig), "all letters")
        some_clocks(rig, 20)
        rig.until(lambda: told_all(rig), "the letters of the next tick")
        assert rig.finish("loop") == 0
    finally:
        rig.servers.start_redis()
    assert reckon(rig).repeats == 0


def test_postgresql_is_restarted(rig: Rig, reckon: Reckon, full_size: bool) -> None:
    rig.worker(concurrency=2)
    rig.beat()
    rig.until(lambda: rig.one("SELECT count(*) FROM deadlines_sweeprun"), "the first sweep")
    for number in range(10 if full_size else 2):
        some_clocks(rig, 80)
        letters = len(rig.sink.letters)
        rig.until(lambda letters=letters: len(rig.sink.letters) > letters, "the first letter")  # type: ignore[misc]
        rig.servers.stop_postgres(signal.SIGINT if number % 2 else signal.SIGQUIT)
        time.sleep(3 if full_size else 1)
        # While nothing can begin: a sender that began before would give leases that are over by the new time.
        rig.shift_processes(LEASE)
        rig.servers.start_postgres()
        rig.shift_database(LEASE)
        rig.until(lambda: told_all(rig), "all letters", patience=120)
    # At most the letter that each process was handing over came twice.
    assert reckon(rig).repeats <= (20 if full_size else 4)
