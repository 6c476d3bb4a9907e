"""An old backup is restored: what it does not know of was sent already, and nothing goes out until a person has looked."""

import datetime as dt
import subprocess
import sys
import time

from benchmarks import scale
from tests.faults import oracle
from tests.faults.rig import BEGINS, ROOT, Rig
from tests.faults.test_clocks import HELD, LOOK_AGAIN
from tests.faults.test_storms import told_all


def manage(rig: Rig, *words: str) -> str:
    """A management command, with the clocks of the rig."""
    act = [sys.executable, "-m", "tests.faults.child", str(rig.clock), "manage", *words]
    done = subprocess.run(act, cwd=ROOT, env=rig.env, timeout=120, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_an_old_backup_is_restored(rig: Rig) -> None:
    told = scale.people(rig.db, rig.pattern, 40)
    holders = [pk for pk, _ in told]
    scale.clocks(rig.db, rig.pattern, 20, due_at=BEGINS + dt.timedelta(hours=1), holders=holders[:20])
    scale.clocks(rig.db, rig.pattern, 20, due_at=BEGINS + dt.timedelta(hours=4), holders=holders[20:])
    backup = str(rig.folder / "backup")
    manage(rig, "sweep")
    manage(rig, "backup", backup)
    rig.worker()
    rig.beat()
    rig.advance(dt.timedelta(hours=2))
    rig.until(lambda: told_all(rig) and len(rig.sink.letters) >= 20, "the letters after the backup")
    before = len(rig.sink.letters)
    loss = rig.now
    # The disk is gone, and with it what was written since the backup.
    for name in list(rig.children):
        rig.kill(name)
    rig.db.execute(b"DROP SCHEMA harness CASCADE")  # the harness is in the backup as well
    manage(rig, "restore", backup, "--replace")
    rig.travel(loss)
    rig.worker()
    rig.beat()
    rig.until(lambda: rig.one("SELECT count(*) FROM harness.fired") >= 40, "the effects that fire again")
    time.sleep(2)
    assert len(rig.sink.letters) == before  # behind the fence nothing is sent
    manage(rig, "fence", "--lift", "--leave-out-before", loss.isoformat())
    rig.advance(dt.timedelta(hours=3))
    rig.until(
        lambda: rig.one(HELD) == 0 and oracle.letters_due(rig) <= set(rig.sink.told()), "the other letters"
    )
    rig.advance(LOOK_AGAIN)
    rig.until(lambda: oracle.at_rest(rig), "that all is done")
    letters = {pair: len(ids) for pair, ids in rig.sink.told().items() if pair in oracle.letters_due(rig)}
    assert len(letters) == 40
    assert set(letters.values()) == {1}
    assert len(rig.sink.letters) >= before + 20
