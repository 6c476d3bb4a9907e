"""Clocks that are wrong, the four nights on which British clocks are moved, and a fortnight without anything running."""

import datetime as dt
import time
from collections import Counter

import pytest

from benchmarks import scale
from tests.builders import at
from tests.faults import oracle
from tests.faults.conftest import Reckon
from tests.faults.rig import BEGINS, Rig
from tests.faults.test_storms import told_all

HELD = "SELECT count(*) FROM deadlines_clockhold WHERE released_at IS NULL"
# What says that a date has passed; a reminder may come too early when a clock is wrong.
TOLD_LATE = (
    "SELECT count(*) FROM harness.fired f JOIN deadlines_deadlineeffect e ON e.id = f.effect"
    " WHERE e.kind IN ('breach', 'overdue')"
)
DAY = dt.timedelta(days=1)
TUESDAY = at("2026-03-10", "10:30")
LOOK_AGAIN = dt.timedelta(minutes=5, seconds=10)
TICKS = 2.0  # seconds in which the sweep looks several times


def leap(rig: Rig, moment: dt.datetime) -> None:
    """Go on at a later moment, as after a long outage: held, until both clocks have agreed twice."""
    rig.travel(moment)
    rig.until(lambda: rig.one(HELD) == 1, "that it is held")
    agree_twice(rig)


def agree_twice(rig: Rig) -> None:
    """Both clocks are right again: the second look that finds them so must be five minutes after the first."""
    rig.until(lambda: rig.one(f"{HELD} AND agreed_at IS NOT NULL") == 1, "that both clocks agree")
    rig.advance(LOOK_AGAIN)
    rig.until(lambda: rig.one(HELD) == 0, "that it is released")


@pytest.fixture
def running(rig: Rig) -> Rig:
    """With a worker and beat that have looked at the clocks once."""
    rig.worker()
    rig.beat()
    rig.until(lambda: rig.one("SELECT count(*) FROM deadlines_sweeprun"), "the first sweep")
    return rig


def fall_due(rig: Rig, count: int, due_at: dt.datetime, every: dt.timedelta = dt.timedelta()) -> None:
    told = scale.people(rig.db, rig.pattern, count)
    scale.clocks(rig.db, rig.pattern, count, due_at=due_at, every=every, holders=[pk for pk, _ in told])


def test_each_night_on_which_the_clocks_are_moved(running: Rig, reckon: Reckon, full_size: bool) -> None:
    """Through the hour that is left out and the hour that comes twice: nothing early, nothing left over, nothing twice."""
    rig = running
    step = dt.timedelta(minutes=10 if full_size else 60)
    for night in ("2026-03-29", "2026-10-25", "2027-03-28", "2027-10-31"):
        midnight = dt.datetime.fromisoformat(f"{night}T00:00:00+00:00")
        leap(rig, midnight - dt.timedelta(minutes=10))
        fall_due(rig, 24, midnight, every=dt.timedelta(minutes=5))
        moment = midnight
        while moment <= midnight + dt.timedelta(hours=2):
            moment += step
            rig.travel(moment + dt.timedelta(seconds=30))
            rig.until(lambda: oracle.at_rest(rig), f"the effects due until {moment}")
            assert oracle.early(rig) == 0
            counted = oracle.count(rig)
            assert counted.effects == counted.due
        leap(
            rig, midnight + 2 * DAY + dt.timedelta(hours=11)
        )  # past a bank holiday that follows one of the nights
        rig.until(lambda: told_all(rig), "all letters of the night")
    reckon(rig, what="four nights on which clocks are moved")


def test_postgresql_is_ten_days_ahead(running: Rig, reckon: Reckon) -> None:
    """Nothing is told to be late that is not: it is held, and goes on when the clock is right again."""
    rig = running
    fall_due(rig, 20, TUESDAY)
    rig.shift_database(10 * DAY)
    rig.until(lambda: rig.one(HELD) == 1, "that it is held")
    time.sleep(TICKS)
    assert rig.one(TOLD_LATE) == 0
    assert rig.one("SELECT count(*) FROM deadlines_deadline WHERE breached_at IS NOT NULL") == 0
    rig.shift_database(-10 * DAY)
    agree_twice(rig)
    assert rig.one(TOLD_LATE) == 0
    leap(rig, TUESDAY + dt.timedelta(hours=1))
    rig.until(lambda: told_all(rig), "all letters")
    assert oracle.early(rig) == 0
    assert reckon(rig).letters == 20


def test_postgresql_is_an_hour_behind(running: Rig, reckon: Reckon) -> None:
    rig = running
    fall_due(rig, 20, rig.now - dt.timedelta(minutes=1))
    rig.until(lambda: told_all(rig), "the letters before")
    rig.shift_database(-dt.timedelta(hours=1))
    rig.until(lambda: rig.one(HELD) == 1, "that it is held")
    rig.shift_database(dt.timedelta(hours=1))
    fall_due(rig, 20, rig.now - dt.timedelta(minutes=1))
    agree_twice(rig)
    rig.until(lambda: told_all(rig), "the letters after")
    assert reckon(rig).letters == 40


def test_the_workers_are_ten_days_ahead(running: Rig, reckon: Reckon) -> None:
    """Their clock decides no date: what is due is what PostgreSQL says is due."""
    rig = running
    fall_due(rig, 20, TUESDAY)
    rig.shift_processes(10 * DAY)
    time.sleep(TICKS)
    assert rig.one(TOLD_LATE) == 0
    rig.shift_processes(-10 * DAY)
    leap(rig, TUESDAY + dt.timedelta(hours=1))
    rig.until(lambda: told_all(rig), "all letters")
    assert reckon(rig).letters == 20


def test_a_fortnight_without_anything_running(running: Rig, reckon: Reckon, full_size: bool) -> None:
    """All of it is done, however late, each thing once; a reminder of a date that is over is not sent; and nobody gets
    a heap of letters."""
    rig = running
    people, each = (100, 40) if full_size else (5, 40)
    for name in list(rig.children):
        rig.kill(name)
    told = scale.people(rig.db, rig.pattern, people)
    effects = (*scale.PASSED, scale.Effect("remind", -1, before=DAY))
    scale.clocks(
        rig.db, rig.pattern, people * each, due_at=BEGINS + DAY, every=13 * DAY / (people * each), effects=effects,
        holders=[pk for pk, _ in told],
    )  # fmt: skip
    rig.travel(at("2026-03-19", "10:30"))
    begun = time.monotonic()
    rig.worker(concurrency=2)
    rig.beat()
    rig.until(lambda: rig.one(HELD) == 1, "that it is held")
    agree_twice(rig)
    rig.until(lambda: told_all(rig), "all letters", patience=600)
    assert time.monotonic() - begun < 600
    assert rig.one("SELECT count(*) FROM notifications_outbox WHERE kind = 'clock_remind'") == 0
    assert reckon(rig).letters == people * each
    heap = Counter(letter.to for letter in rig.sink.letters)
    assert max(heap[email] for _, email in told) <= 2
