"""GOV.UK Notify fails in six ways, and its receipts come late, twice, about another copy or from somebody else: each email
is taken once, or somebody is told. The client is Notify's own, and so is the way of its calls; the other end is a stub.
"""

import datetime as dt
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests import notify_stub
from tests.faults import oracle
from tests.faults.conftest import Reckon
from tests.faults.rig import ROOT, Rig
from tests.faults.sink import REFERENCE, Letter
from tests.faults.test_mail_fails import CLOCKS, FAILED, fall_due, on_it_goes
from tests.notify_stub import Notify, notify_running

TOKEN = "the-token-that-was-agreed"
LATER = dt.timedelta(minutes=10)  # by then Notify is believed that it does not have an email


@dataclass(frozen=True, slots=True)
class Post:
    """Notify and the web server that its receipts come to."""

    notify: Notify
    port: int

    def report(self, status: str, email: dict[str, Any], *, token: str = TOKEN) -> int:
        """Send a receipt as Notify does. Returns the status of the answer."""
        body = {
            "id": email["id"],
            "reference": email["reference"],
            "to": email["email_address"],
            "status": status,
        }
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/notify/receipts/",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except urllib.error.URLError:
            return 0  # not there yet


@pytest.fixture(scope="module")
def post(lasting_rig: Rig) -> Iterator[Post]:
    def took(email: dict[str, Any]) -> None:
        """Into the mailbox of the harness: the reference is what the Message-ID is by SMTP."""
        text = f"{email['subject']}\n{email['body']}"
        lasting_rig.sink.letters.append(
            Letter(
                email["reference"],
                email["email_address"],
                email["subject"],
                text,
                frozenset(REFERENCE.findall(text)),
            )
        )

    with notify_running() as notify:
        notify.took = took
        notify.shift = lambda: float(lasting_rig.clock.read_text())
        lasting_rig.also = {
            "NOTIFY_API_KEY": notify_stub.KEY, "NOTIFY_BASE_URL": notify.url, "NOTIFY_TEMPLATE_ID": notify_stub.TEMPLATE,
            "NOTIFY_CALLBACK_TOKEN": TOKEN,
        }  # fmt: skip
        lasting_rig.loop()
        yield Post(notify, lasting_rig.web())


@pytest.fixture
def rig(lasting_rig: Rig, post: Post) -> Rig:
    return lasting_rig


def failed(rig: Rig, count: int) -> Callable[[], bool]:
    before = rig.one(FAILED)
    return lambda: rig.one(FAILED) >= before + count


@pytest.mark.parametrize("status", [403, 429, 500])
def test_notify_answers_with_an_error(status: int, rig: Rig, post: Post, reckon: Reckon) -> None:
    """Too many requests, a fault of Notify's own, and one of ours: each email is tried again, and taken once."""
    before, wanted = rig.sink.repeats(), failed(rig, CLOCKS)
    post.notify.fails = [status] * CLOCKS
    fall_due(rig)
    rig.until(wanted, "the failed tries")
    on_it_goes(rig, after=LATER)
    assert reckon(rig, what=f"Notify answers {status}").repeats == before


def test_notify_takes_an_email_and_its_answer_is_lost(rig: Rig, post: Post, reckon: Reckon) -> None:
    """It is asked for by its reference, found, and not sent again."""
    before, wanted = rig.sink.repeats(), failed(rig, CLOCKS)
    looked_up = post.notify.looked_up
    post.notify.fails = ["lost"] * CLOCKS
    fall_due(rig)
    rig.until(wanted, "the lost answers")
    on_it_goes(rig, after=LATER)
    assert reckon(rig, what="Notify’s answer is lost").repeats == before
    assert post.notify.looked_up >= looked_up + CLOCKS


def test_notify_does_not_answer_in_time(rig: Rig, post: Post, reckon: Reckon) -> None:
    before, wanted = rig.sink.repeats(), failed(rig, 1)
    post.notify.fails = ["slow"]
    fall_due(rig, 1)
    rig.until(wanted, "the time-out")
    post.notify.released.set()
    on_it_goes(rig, after=LATER)
    assert reckon(rig, what="Notify does not answer").repeats == before


def test_notify_refuses_one_address_for_good(rig: Rig, post: Post, reckon: Reckon) -> None:
    """The others get theirs at once; the office has it under Not delivered, puts it right, and it goes."""
    told = fall_due(rig)
    post.notify.refused_addresses = {told[0][1]}
    rig.until(
        lambda: rig.one("SELECT count(*) FROM notifications_message WHERE state = 'failed'") == 1,
        "a dead letter",
    )
    others = {pair for pair in oracle.letters_due(rig) if pair[0] != told[0][1]}
    rig.until(lambda: others <= set(rig.sink.told()), "the other letters")
    assert not [letter for letter in rig.sink.letters if letter.to == told[0][1]]
    post.notify.refused_addresses = set()
    dead = str(rig.one("SELECT uuid FROM notifications_message WHERE state = 'failed'"))
    act = [sys.executable, "-m", "tests.faults.scene", "again", dead, rig.now.isoformat()]
    assert subprocess.run(act, cwd=ROOT, env=rig.env, timeout=60).returncode == 0
    on_it_goes(rig)
    reckon(rig, what="Notify refuses an address")


def state_of(rig: Rig, email: dict[str, Any]) -> str:
    return str(rig.one("SELECT state FROM notifications_message WHERE uuid = %s", email["reference"]))


def test_receipts_late_twice_forged_and_about_another_copy(rig: Rig, post: Post, reckon: Reckon) -> None:
    begins = len(post.notify.emails)
    fall_due(rig)
    on_it_goes(rig)
    first, second, third, fourth = post.notify.emails[begins : begins + 4]
    rig.until(lambda: post.report("delivered", first, token="") == 401, "the web server")
    assert post.report("permanent-failure", first, token="forged") == 401
    assert state_of(rig, first) == "sent"
    assert [post.report("delivered", first) for _ in range(3)] == [204, 204, 204]
    assert state_of(rig, first) == "delivered"
    # That it did not arrive, said after it did, and of a copy that Notify never had.
    assert post.report("permanent-failure", first) == 204
    assert post.report("permanent-failure", {**second, "id": "00000000-0000-0000-0000-000000000000"}) == 204
    assert (state_of(rig, first), state_of(rig, second)) == ("delivered", "sent")
    # Notify has given up for now: the same email goes once more, under the same reference.
    before = rig.sink.repeats()
    assert [post.report("temporary-failure", third) for _ in range(2)] == [204, 204]
    assert state_of(rig, third) == "waiting"
    on_it_goes(rig)
    again = post.notify.emails[-1]
    assert (again["reference"], rig.sink.repeats()) == (third["reference"], before + 1)
    assert post.report("temporary-failure", third) == 204  # late, and about the first copy
    assert post.report("delivered", again) == 204
    assert state_of(rig, third) == "delivered"
    # It does not arrive at all: the office has it, until the receipt that it did after all.
    assert post.report("permanent-failure", fourth) == 204
    assert state_of(rig, fourth) == "failed"
    assert rig.one("SELECT count(*) FROM notifications_outbox WHERE state = 'dead'") == 1
    assert post.report("delivered", fourth) == 204
    assert state_of(rig, fourth) == "delivered"
    reckon(rig, what="Notify’s receipts, late, twice, forged")
