"""Processes that are killed without end, that are too many, that are replaced one after another; and very much at once."""

import datetime as dt
import random
import time

from benchmarks import scale
from tests.faults import oracle
from tests.faults.conftest import Reckon
from tests.faults.rig import LEASE, Rig


def told_all(rig: Rig) -> bool:
    return oracle.at_rest(rig) and oracle.letters_due(rig) <= set(rig.sink.told())


def test_workers_killed_again_and_again(rig: Rig, reckon: Reckon, full_size: bool) -> None:
    """What runs tasks is killed about once a second, and now and then the whole worker with it."""
    clocks, kills = (10_000, 100) if full_size else (400, 12)
    told = scale.people(rig.db, rig.pattern, clocks)
    scale.clocks(rig.db, rig.pattern, clocks, due_at=rig.just_now, holders=[pk for pk, _ in told])
    rig.worker(concurrency=2)
    rig.beat()
    rig.until(lambda: rig.sink.letters, "the first letter")
    chosen, killed = random.Random(62), 0
    while killed < kills:
        time.sleep(chosen.uniform(0.4, 1.4))
        if chosen.random() < 0.2:
            rig.kill("worker")
            rig.worker(concurrency=2)
            killed += 1
        elif rig.ended("worker"):  # Celery gives up when what it starts is killed before it has begun
            rig.worker(concurrency=2)
        killed += rig.kill_pool()
    if rig.ended("worker"):
        rig.worker(concurrency=2)
    rig.advance(LEASE)
    rig.until(lambda: told_all(rig), "all letters", patience=900 if full_size else 120)
    counted = reckon(rig)
    assert counted.letters == clocks
    assert counted.repeats <= killed * 2


def test_three_beats_three_workers_and_two_loops(rig: Rig, reckon: Reckon, full_size: bool) -> None:
    clocks = 3_000 if full_size else 200
    told = scale.people(rig.db, rig.pattern, clocks)
    scale.clocks(
        rig.db, rig.pattern, clocks, due_at=rig.just_now, every=dt.timedelta(milliseconds=50),
        holders=[pk for pk, _ in told],
    )  # fmt: skip
    for number in range(3):
        rig.beat(f"beat{number}")
        rig.worker(f"worker{number}")
    rig.loop("loop0")
    rig.loop("loop1")
    rig.until(lambda: told_all(rig) and len(oracle.letters_due(rig)) == clocks, "all letters", patience=600)
    assert reckon(rig).repeats == 0
    assert oracle.early(rig) == 0


def test_everything_due_in_one_second(rig: Rig, reckon: Reckon, full_size: bool) -> None:
    """The sweep alone: that it takes all of it, in how long, and leaves nothing for a second look."""
    clocks = 25_000 if full_size else 2_000  # two effects each
    told = scale.people(rig.db, rig.pattern, 200)
    scale.clocks(rig.db, rig.pattern, clocks, due_at=rig.just_now, holders=[pk for pk, _ in told])
    rig.sink.stop()  # the sweep is what is looked at: the letters wait
    rig.worker(concurrency=2)
    rig.beat()
    fired = "SELECT count(*) FROM harness.fired"
    rig.until(lambda: rig.one(fired) >= clocks * 2, "all effects", patience=600)
    assert rig.one(fired) == clocks * 2
    rig.sink.start()


def test_workers_replaced_one_after_another(rig: Rig, reckon: Reckon, full_size: bool) -> None:
    """A new version is rolled out while clocks keep falling due: each worker ends in good order, nothing is repeated."""
    rounds = 6 if full_size else 2
    clocks = 100 * rounds
    told = scale.people(rig.db, rig.pattern, clocks)
    scale.clocks(
        rig.db, rig.pattern, clocks, due_at=rig.just_now, every=dt.timedelta(milliseconds=40),
        holders=[pk for pk, _ in told],
    )  # fmt: skip
    rig.worker("worker0")
    rig.worker("worker1")
    rig.beat("beat0")
    rig.until(lambda: len(rig.sink.letters) > 20, "the first letters")
    for number in range(rounds):
        rig.worker(f"worker{number + 2}")
        assert rig.finish(f"worker{number}") == 0
        rig.beat(f"beat{number + 1}")
        assert rig.finish(f"beat{number}") == 0
    rig.until(lambda: told_all(rig) and len(oracle.letters_due(rig)) == clocks, "all letters", patience=240)
    assert reckon(rig).repeats == 0
