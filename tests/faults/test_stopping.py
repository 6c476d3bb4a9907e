"""SIGTERM in the middle of work: what is under way ends, the rest is handed back, the process ends in good order."""

import json
import threading
import urllib.request

import pytest

from benchmarks import scale
from tests.faults.conftest import Reckon
from tests.faults.rig import Rig
from tests.faults.test_storms import told_all

TOKEN = "the-token-that-was-agreed"
CLOCKS = 12


def fall_due(rig: Rig) -> None:
    told = scale.people(rig.db, rig.pattern, CLOCKS)
    scale.clocks(rig.db, rig.pattern, CLOCKS, due_at=rig.just_now, holders=[pk for pk, _ in told])


@pytest.mark.parametrize("name", ["loop", "worker"])
def test_stopped_while_a_letter_is_being_handed_over(name: str, rig: Rig, reckon: Reckon) -> None:
    """The letter that the mail server has in its hands is finished and written down; the loop begins no other, and the
    worker ends its task."""
    rig.beat()
    with rig.sink.held("waits after"):
        fall_due(rig)
        if name == "loop":
            rig.loop()
        else:
            rig.worker()
        assert rig.sink.reached.wait(60), rig.said()
        rig.children[name].process.terminate()
    assert rig.finish(name) == 0
    done = len(rig.sink.letters)
    assert done == 1 if name == "loop" else done >= 1
    assert rig.one("SELECT count(*) FROM notifications_message WHERE state = 'sending'") == 0
    rig.loop("next")
    rig.until(lambda: told_all(rig), "all letters")
    assert reckon(rig, what=f"{name} stopped while it hands over a letter").repeats == 0


def test_the_web_server_finishes_the_request_that_it_has_begun(rig: Rig) -> None:
    """A receipt of Notify's waits for a row that another has locked; meanwhile the server is told to stop."""
    rig.also = {"NOTIFY_CALLBACK_TOKEN": TOKEN}
    port = rig.web()
    key = str(
        rig.one("SELECT uuid FROM notifications_message WHERE channel = 'email' AND state = 'sent' LIMIT 1")
    )
    body = json.dumps({"id": "1", "reference": key, "status": "delivered"}).encode()
    heads = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
    answers: list[int] = []

    def receipt() -> None:
        request = urllib.request.Request(f"http://127.0.0.1:{port}/notify/receipts/", body, heads)
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            answers.append(answer.status)

    def listens() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=10) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    rig.until(listens, "the web server")
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with rig.servers.connect(rig.name) as other, other.transaction():
        other.execute(b"SELECT 1 FROM notifications_message WHERE uuid = %s FOR UPDATE", [key])
        asking = threading.Thread(target=receipt)
        asking.start()
        rig.until(lambda: rig.one(waits), "the request in the middle of its work")
        rig.children["web"].process.terminate()
    asking.join(30)
    assert answers == [204]
    assert rig.finish("web") == 0
    assert rig.one("SELECT state FROM notifications_message WHERE uuid = %s", key) == "delivered"
    assert not listens()
