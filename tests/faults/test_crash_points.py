"""A process is killed at each moment at which the work is half done; what then goes on must finish it, once.

The moment is a trigger of the harness's database, or the mail server: the process comes there, waits, and is killed
with kill -9. See docs/adr on why the product has no crash points of its own.
"""

import subprocess
import sys
from contextlib import AbstractContextManager

import pytest

from benchmarks import scale
from tests.faults import oracle
from tests.faults.conftest import Reckon
from tests.faults.rig import BEGINS, LEASE, ROOT, Rig

# Each comes up once in a run of the sweep and the sender. A trigger's words, or the mail server's mood.
MOMENTS = {
    "before the claim": "BEFORE UPDATE ON deadlines_deadlineeffect FOR EACH STATEMENT",
    "after the claim, before the clock is marked": "BEFORE UPDATE ON deadlines_deadline FOR EACH ROW",
    "while the outbox rows are written": "BEFORE INSERT ON notifications_outbox FOR EACH ROW",
    "after the outbox rows, before the history": "BEFORE INSERT ON audit_auditevent FOR EACH ROW",
    "after the history, before the commit":
        "AFTER INSERT ON audit_auditevent DEFERRABLE INITIALLY DEFERRED FOR EACH ROW",
    "after the sweep's commit, before it notes its run": "BEFORE INSERT ON deadlines_sweeprun FOR EACH ROW",
    "while people are found for a message": "BEFORE INSERT ON notifications_message FOR EACH ROW",
    "before the lease":
        "BEFORE UPDATE ON notifications_message FOR EACH ROW WHEN (NEW.state = 'sending' AND OLD.state = 'waiting')",
    "after the lease, before the hand-over is noted":
        "BEFORE UPDATE ON notifications_message FOR EACH ROW WHEN (OLD.handed_at IS NULL AND NEW.handed_at IS NOT NULL)",
    "before the hand-over": "waits before",
    "after the hand-over, before the mail server says so": "waits after",
    "after the hand-over, before the result is saved":
        "BEFORE INSERT ON notifications_deliveryattempt FOR EACH ROW",
    "after the result, before the commit":
        "AFTER INSERT ON notifications_deliveryattempt DEFERRABLE INITIALLY DEFERRED FOR EACH ROW",
    "after the result, before the message is done with":
        "BEFORE UPDATE ON notifications_outbox FOR EACH ROW WHEN (NEW.state = 'sent')",
}  # fmt: skip
# The letter had reached the mail server, which nobody lived to write down: it goes out again, as the same.
REPEATED = {
    "after the hand-over, before the mail server says so",
    "after the hand-over, before the result is saved",
    "after the result, before the message is done with",
    "after the result, before the commit",
}
CLOCKS = 5


@pytest.fixture(scope="module")
def rig(lasting_rig: Rig) -> Rig:
    """With a worker and beat that live through all of it."""
    lasting_rig.worker()
    lasting_rig.beat()
    return lasting_rig


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed(moment: str, rig: Rig, reckon: Reckon, full_size: bool) -> None:
    where = MOMENTS[moment]
    for _ in range(12 if full_size else 1):
        held: AbstractContextManager[None] = (
            rig.stopped_at(where) if " ON " in where else rig.sink.held(where)
        )
        before = rig.sink.repeats()
        with held:
            told = scale.people(rig.db, rig.pattern, CLOCKS)
            scale.clocks(rig.db, rig.pattern, CLOCKS, due_at=rig.just_now, holders=[pk for pk, _ in told])
            rig.until(
                rig.someone_is_held if " ON " in where else rig.sink.reached.is_set, f"the moment {moment}"
            )
            assert rig.kill_pool() > 0
        rig.advance(LEASE)
        rig.until(lambda: oracle.at_rest(rig) and oracle.letters_due(rig) <= set(rig.sink.told()), moment)
        assert rig.sink.repeats() - before == (moment in REPEATED)
    reckon(rig, what=f"killed {moment}")


@pytest.mark.parametrize(
    "moment",
    {
        "after the facts, before the history": "BEFORE INSERT ON audit_auditevent FOR EACH ROW",
        "after the history, before the commit":
            "AFTER INSERT ON audit_auditevent DEFERRABLE INITIALLY DEFERRED FOR EACH ROW",
    }.items(),
    ids=lambda moment: moment[0],
)  # fmt: skip
def test_a_person_acts_and_the_process_is_killed(moment: tuple[str, str], servers, tmp_path) -> None:
    """All of it or nothing: the view, the state, the clocks, the messages and the history."""
    rig = Rig(servers, "run_person", tmp_path)
    rig.start()
    look = (
        "SELECT concat_ws(' ', (SELECT state FROM dissent_dissent WHERE id = %s),"
        " (SELECT count(*) FROM dissent_writtenview), (SELECT count(*) FROM cases_caseevent),"
        " (SELECT count(*) FROM deadlines_deadline), (SELECT count(*) FROM notifications_outbox),"
        " (SELECT count(*) FROM audit_auditevent), (SELECT sum(seq) FROM audit_audithead))"
    )
    act = [sys.executable, "-m", "tests.faults.scene", "view", str(servers.dissent)]
    try:
        before = rig.one(look, servers.dissent)
        with rig.stopped_at(moment[1]):
            person = subprocess.Popen(act, cwd=ROOT, env=rig.env)
            rig.until(rig.someone_is_held, "the moment")
            person.kill()
            person.wait(10)
        assert rig.one(look, servers.dissent) == before
        assert subprocess.run(act, cwd=ROOT, env=rig.env, timeout=60, capture_output=True).returncode == 0
        after = rig.one(look, servers.dissent)
        assert after.startswith("under_review 1 ")
        assert after != before
    finally:
        rig.stop()


def test_all_clocks_were_moved_by_the_harness(rig: Rig) -> None:
    """The worker's own clock and PostgreSQL's agree, months before the machine's."""
    assert rig.now - BEGINS < LEASE * 100
    far = rig.one(
        "SELECT count(*) FROM notifications_message WHERE created_at > harness.clock_timestamp() + interval '5 seconds'"
    )
    assert far == 0
