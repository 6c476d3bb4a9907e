"""The mail server fails in six ways, and rows are bad in two: each letter arrives in the end, or somebody is told."""

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator

import pytest

from benchmarks import scale
from tests.faults import oracle
from tests.faults.conftest import Reckon
from tests.faults.rig import ROOT, Rig
from tests.faults.test_storms import told_all

CLOCKS = 4
FAILED = "SELECT count(*) FROM notifications_deliveryattempt WHERE outcome <> 'taken'"


@pytest.fixture(scope="module")
def rig(lasting_rig: Rig) -> Rig:
    lasting_rig.worker(concurrency=2)
    lasting_rig.beat()
    return lasting_rig


@pytest.fixture(autouse=True)
def _well_again(rig: Rig) -> Iterator[None]:
    yield
    rig.sink.mood = "takes"


def fall_due(rig: Rig, count: int = CLOCKS) -> list[tuple[int, str]]:
    told = scale.people(rig.db, rig.pattern, count)
    scale.clocks(rig.db, rig.pattern, count, due_at=rig.just_now, holders=[pk for pk, _ in told])
    return told


def on_it_goes(rig: Rig, *, after: dt.timedelta = dt.timedelta(minutes=5)) -> None:
    """The mail server is well again, and time passes until what failed is tried once more; still in office hours."""
    rig.sink.mood = "takes"
    rig.advance(after)
    rig.until(lambda: told_all(rig), "all letters", patience=90)


@pytest.mark.parametrize("mood", ["busy", "hangs up"])
def test_failing_for_a_while(mood: str, rig: Rig, reckon: Reckon) -> None:
    """A refusal for now (4xx), and a connection that breaks after the text was handed over: that one comes again."""
    before, repeats = rig.one(FAILED), rig.sink.repeats()
    rig.sink.mood = mood
    fall_due(rig)
    rig.until(lambda: rig.one(FAILED) >= before + CLOCKS, "the failed tries")
    on_it_goes(rig)
    counted = reckon(rig, what=f"mail server {mood}")
    assert (counted.repeats > repeats) == (mood == "hangs up")


def test_no_mail_server_at_all(rig: Rig, reckon: Reckon) -> None:
    before = rig.one(FAILED)
    rig.sink.stop()
    fall_due(rig)
    rig.until(lambda: rig.one(FAILED) >= before + CLOCKS, "the failed tries")
    rig.sink.start()
    on_it_goes(rig)
    reckon(rig, what="no mail server")


def test_a_mail_server_that_says_nothing(rig: Rig, reckon: Reckon) -> None:
    before = rig.one(FAILED)
    with rig.sink.held("silent"):
        fall_due(rig, 1)
        rig.until(lambda: rig.one(FAILED) > before, "the time-out", patience=60)
    on_it_goes(rig)
    reckon(rig, what="mail server silent")


def test_one_address_that_is_none_and_others_that_are(rig: Rig, reckon: Reckon) -> None:
    """A refusal for good is one person's: the others get their letters at once, and the office a task."""
    told = fall_due(rig)
    rig.sink.wrong = {told[0][1]}
    rig.sink.mood = "unknown"
    rig.until(
        lambda: rig.one("SELECT count(*) FROM notifications_outbox WHERE state = 'dead'") == 1,
        "a dead letter",
    )
    rig.until(
        lambda: {pair for pair in oracle.letters_due(rig) if pair[0] != told[0][1]} <= set(rig.sink.told()),
        "the other letters",
    )
    assert not [letter for letter in rig.sink.letters if letter.to == told[0][1]]
    # The office has put it right: that it is sent again is a person's decision.
    rig.sink.mood = "takes"
    failed = str(rig.one("SELECT uuid FROM notifications_message WHERE state = 'failed'"))
    act = [sys.executable, "-m", "tests.faults.scene", "again", failed, rig.now.isoformat()]
    assert subprocess.run(act, cwd=ROOT, env=rig.env, timeout=60).returncode == 0
    on_it_goes(rig)
    reckon(rig, what="mail server knows not the address")


POISON = """
CREATE FUNCTION harness.poison() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''this row cannot be worked with''; END';
CREATE FUNCTION harness.nonsense() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN NEW.kind = ''nonsense''; RETURN NEW; END';
CREATE TRIGGER harness_poison BEFORE UPDATE OF fired_at ON deadlines_deadlineeffect
    FOR EACH ROW WHEN (NEW.seat = '{0}' AND NEW.fired_at IS NOT NULL) EXECUTE FUNCTION harness.poison();
CREATE TRIGGER harness_nonsense BEFORE INSERT ON notifications_outbox
    FOR EACH ROW WHEN (NEW.seat = '{1}') EXECUTE FUNCTION harness.nonsense();
"""
CURE = """
DROP TRIGGER harness_poison ON deadlines_deadlineeffect;
DROP TRIGGER harness_nonsense ON notifications_outbox;
UPDATE notifications_outbox SET kind = 'clock_overdue' WHERE kind = 'nonsense';
"""


def test_rows_that_nobody_can_work_with(rig: Rig, reckon: Reckon, full_size: bool) -> None:
    """An effect that cannot fire and a message that cannot be worded are put aside and tried again later; all others
    go on meanwhile, and the two as soon as they are mended."""
    count = 1_000 if full_size else 60
    told = scale.people(rig.db, rig.pattern, count)
    (bad, nobody_fires), (worse, nobody_words) = told[count // 2], told[count // 3]
    rig.db.execute(POISON.format(f"member:{bad}", f"member:{worse}").encode())
    scale.clocks(rig.db, rig.pattern, count, due_at=rig.just_now, holders=[pk for pk, _ in told])

    def others() -> set[tuple[str, str]]:
        return {pair for pair in oracle.letters_due(rig) if pair[0] not in (nobody_fires, nobody_words)}

    rig.until(lambda: others() <= set(rig.sink.told()), "the letters of all others", patience=120)
    rig.until(
        lambda: (
            rig.one("SELECT count(*) FROM deadlines_deadlineeffect WHERE attempts > 0 AND fired_at IS NULL")
            == 2
        ),
        "the two effects of one clock, put aside",
    )
    assert not [pair for pair in rig.sink.told() if pair[0] in (nobody_fires, nobody_words)]
    rig.db.execute(CURE.encode())
    on_it_goes(rig, after=dt.timedelta(minutes=70))  # put aside for an hour
    reckon(rig, what="rows that cannot be worked with")


def test_seventy_two_hours_without_mail_end_in_a_task(rig: Rig) -> None:
    """The server takes the address and refuses the text, which may be for now: after three days the office is told."""
    dead = "SELECT count(*) FROM notifications_outbox WHERE state = 'dead'"
    known = oracle.letters_due(rig)
    rig.sink.mood = "full"
    told = fall_due(rig, 1)
    begun, before = rig.now, rig.one(dead)
    while rig.one(dead) == before and rig.now < begun + dt.timedelta(hours=90):
        rig.until(lambda: oracle.letters_due(rig) - known and oracle.at_rest(rig), "another try")
        rig.advance(dt.timedelta(hours=3))
    assert rig.one(dead) == before + 1
    assert dt.timedelta(hours=72) <= rig.now - begun <= dt.timedelta(hours=84)
    assert not [letter for letter in rig.sink.letters if letter.to == told[0][1]]
