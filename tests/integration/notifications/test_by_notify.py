"""GOV.UK Notify: its real client against its API on this machine, answers that are lost, and its delivery receipts."""

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from notifications import channels
from notifications.actions import enqueue, send_due, supersede
from notifications.models import DeliveryAttempt, Message, Outbox
from notifications.selectors import undelivered, unreached
from notifications.states import Channel, MessageState, OutboxState
from tests.builders import LATER, World, at
from tests.notify_stub import KEY, TEMPLATE, Notify, notify_running

pytestmark = pytest.mark.django_db

NOW = at("2026-03-05", "10:00")
TOKEN = "an-agreed-token-that-only-notify-knows"


def after(**delta: int) -> dt.datetime:
    return NOW + dt.timedelta(**delta)


@pytest.fixture(autouse=True)
def _at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerships.middleware.edge_now", lambda: after(seconds=30))


@pytest.fixture
def notify(settings: Any) -> Iterator[Notify]:
    with notify_running() as notify:
        settings.NOTIFY_API_KEY = KEY
        settings.NOTIFY_BASE_URL = notify.url
        settings.NOTIFY_TEMPLATE_ID = TEMPLATE
        settings.NOTIFY_CALLBACK_TOKEN = TOKEN
        yield notify


@pytest.fixture
def world() -> World:
    return World("camden")


@pytest.fixture
def row(world: World) -> Outbox:
    Outbox.objects.all().delete()
    enqueue(
        partnership_id=world.partnership.pk, seat=f"member:{world.people['chair'].pk}", kind="conference_booked",
        params={"due": LATER.isoformat(), "what": "CF-2345-67"}, dedupe_key="one", about="deadline:1", now=NOW,
    )  # fmt: skip
    return Outbox.objects.get()


def the_email() -> Message:
    return Message.objects.get(channel=Channel.EMAIL)


def outcomes() -> list[tuple[str, str]]:
    return list(DeliveryAttempt.objects.order_by("number").values_list("outcome", "code"))


def report(status: str, *, ref: str = "", key: object = None, token: str = TOKEN) -> int:
    """What Notify sends to the address of its callback."""
    message = Message.objects.filter(channel=Channel.EMAIL).first()
    body = {
        "id": ref or (message.provider_ref if message else ""), "reference": str(key or (message and message.uuid)),
        "to": "somebody@example.org", "status": status, "created_at": "2026-03-05T10:00:00.000000Z",
        "completed_at": "2026-03-05T10:00:02.000000Z", "sent_at": "2026-03-05T10:00:01.000000Z",
        "notification_type": "email", "template_id": TEMPLATE, "template_version": 1,
    }  # fmt: skip
    client = Client(enforce_csrf_checks=True)
    answer = client.post(
        "/notify/receipts/", json.dumps(body), content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip
    return answer.status_code


# --- sending ----------------------------------------------------------------------------------------------------------


def test_an_email_goes_through_the_template_with_its_own_key_as_the_reference(
    row: Outbox, notify: Notify
) -> None:
    assert send_due(now=NOW) == 1
    (email,) = notify.emails
    message = the_email()
    assert (email["email_address"], email["reference"]) == ("chair@camden.example.org", str(message.uuid))
    assert (email["subject"], email["body"]) == (message.subject, message.body)
    assert (message.state, message.provider_ref) == (MessageState.SENT, email["id"])


def test_an_address_that_notify_knows_to_be_wrong_is_given_up_at_once(row: Outbox, notify: Notify) -> None:
    notify.fails = [400]
    send_due(now=NOW)
    assert (the_email().state, the_email().last_error_code) == (MessageState.FAILED, "Notify 400")


@pytest.mark.parametrize("status", [403, 429])
def test_what_is_not_about_the_address_is_tried_again(row: Outbox, notify: Notify, status: int) -> None:
    notify.fails = [status]
    send_due(now=NOW)
    assert outcomes() == [("failed", f"Notify {status}")]
    assert send_due(now=after(minutes=1)) == 1
    assert notify.looked_up == 0  # nothing can have left the first time


def test_a_wrong_template_is_ours_to_mend_and_not_the_persons(
    row: Outbox, notify: Notify, settings: Any
) -> None:
    settings.NOTIFY_TEMPLATE_ID = str(uuid.uuid4())
    send_due(now=NOW)
    assert the_email().state == MessageState.WAITING


def test_a_wrong_key_is_refused_by_notify_and_sends_nothing(
    row: Outbox, notify: Notify, settings: Any
) -> None:
    settings.NOTIFY_API_KEY = KEY[:-1] + "1"
    assert send_due(now=NOW) == 0
    assert (notify.emails, outcomes()) == ([], [("failed", "Notify 403")])


def test_a_notify_that_cannot_be_reached_is_tried_again(row: Outbox, notify: Notify, settings: Any) -> None:
    real, settings.NOTIFY_BASE_URL = settings.NOTIFY_BASE_URL, "http://127.0.0.1:9"
    send_due(now=NOW)
    assert outcomes() == [("failed", "ConnectionError")]
    assert the_email().handed_at is None
    settings.NOTIFY_BASE_URL = real
    assert send_due(now=after(minutes=1)) == 1


# --- an answer that was lost ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lost", "slow", 500])
def test_a_lost_answer_is_looked_up_and_what_was_taken_is_not_sent_again(
    row: Outbox, notify: Notify, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "WHOLE", channels.CONNECT + 0.3)
    notify.fails = [fault]
    assert send_due(now=NOW) == 0
    assert outcomes()[0][0] == "unknown"
    taken = len(notify.emails)
    assert taken == (1 if fault == "lost" else 0)
    for minutes in (1, 3, 6, 12):
        send_due(now=after(minutes=minutes))
    assert len(notify.emails) == 1
    assert the_email().state == MessageState.SENT
    assert the_email().provider_ref == notify.emails[0]["id"]


def test_not_found_is_not_believed_for_five_minutes(row: Outbox, notify: Notify) -> None:
    """A look straight after the lost answer can be before Notify has saved what it took."""
    notify.fails = ["lost"]
    notify.forgetful = 1
    send_due(now=NOW)
    send_due(now=after(minutes=1))
    assert notify.looked_up == 1
    assert send_due(now=after(minutes=4)) == 0
    assert notify.looked_up == 1  # waits until five minutes have gone by
    send_due(now=after(minutes=6))
    assert len(notify.emails) == 1
    assert the_email().state == MessageState.SENT


def test_a_sender_that_died_with_the_email_in_its_hands_is_looked_up_by_the_next(
    row: Outbox, notify: Notify, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def dies(*args: object, **kw: object) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(DeliveryAttempt.objects, "create", dies)
        with pytest.raises(Killed):
            send_due(now=NOW)
    assert len(notify.emails) == 1
    send_due(now=after(seconds=100))
    assert (len(notify.emails), notify.looked_up) == (1, 1)
    assert the_email().state == MessageState.SENT
    assert outcomes() == [("unknown", "lease ran out"), ("taken", "")]


def test_a_look_up_that_fails_decides_nothing(row: Outbox, notify: Notify, settings: Any) -> None:
    notify.fails = ["lost"]
    send_due(now=NOW)
    real, settings.NOTIFY_BASE_URL = settings.NOTIFY_BASE_URL, "http://127.0.0.1:9"
    send_due(now=after(minutes=10))
    assert the_email().state == MessageState.WAITING
    settings.NOTIFY_BASE_URL = real
    send_due(now=after(minutes=20))
    assert (len(notify.emails), the_email().state) == (1, MessageState.SENT)


# --- receipts ---------------------------------------------------------------------------------------------------------


def test_a_receipt_marks_an_email_as_delivered_once(row: Outbox, notify: Notify) -> None:
    send_due(now=NOW)
    assert report("delivered") == 204
    assert report("delivered") == 204
    message = the_email()
    assert message.state == MessageState.DELIVERED and message.delivered_at is not None
    assert [outcome for outcome, _ in outcomes()] == ["taken", "receipt"]
    assert report("permanent-failure") == 204  # nothing takes back that it arrived
    assert the_email().state == MessageState.DELIVERED


def test_a_receipt_of_a_failure_is_a_task_of_the_admin_and_stands_in_the_history(
    world: World, notify: Notify
) -> None:
    dissent = world.dissent_at("under_review")
    Outbox.objects.exclude(kind="told", seat="slot:reviewer").delete()
    send_due(now=NOW)
    assert report("permanent-failure") == 204
    assert report("permanent-failure") == 204
    row = Outbox.objects.get()
    assert (row.state, the_email().state) == (OutboxState.DEAD, MessageState.FAILED)
    assert list(undelivered(world.partnership.pk)) == [row]
    assert unreached(world.partnership.pk)[0].why == "The mail server does not know this address."
    assert AuditEvent.objects.filter(type="message.not_delivered", case_id=dissent.case_id).count() == 1


@pytest.mark.parametrize("status", ["temporary-failure", "technical-failure"])
def test_where_notify_gave_up_we_go_on_for_72_hours(row: Outbox, notify: Notify, status: str) -> None:
    send_due(now=NOW)
    first = the_email().provider_ref
    assert report(status) == 204
    assert the_email().state == MessageState.WAITING
    row.refresh_from_db()
    assert (row.state, row.sent_at) == (OutboxState.SENDING, None)
    assert report(status, ref=first) == 204  # once more: nothing changes
    retry_at = the_email().retry_at
    assert retry_at
    assert send_due(now=retry_at) == 1
    assert len(notify.emails) == 2
    assert report(status, ref=first) == 204  # late, and about the first copy
    assert the_email().state == MessageState.SENT
    Message.objects.update(first_tried_at=NOW - dt.timedelta(days=4000))
    assert report(status) == 204
    assert the_email().state == MessageState.FAILED


def test_a_receipt_that_comes_before_we_have_written_down_what_was_sent_counts(
    row: Outbox, notify: Notify, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = channels.ByNotify.send

    def send(self: channels.ByNotify, letter: channels.Letter) -> Any:
        result = real(self, letter)
        assert report("delivered", ref=notify.emails[0]["id"]) == 204
        return result

    monkeypatch.setattr(channels.ByNotify, "send", send)
    send_due(now=NOW)
    assert the_email().state == MessageState.DELIVERED
    row.refresh_from_db()
    assert row.state == OutboxState.SENT


@pytest.mark.parametrize("status", ["created", "sending", "pending", "something new"])
def test_a_receipt_that_says_nothing_yet_changes_nothing(row: Outbox, notify: Notify, status: str) -> None:
    send_due(now=NOW)
    assert report(status) == 204
    assert the_email().state == MessageState.SENT


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "ä"])
def test_a_receipt_without_the_agreed_token_is_refused(row: Outbox, notify: Notify, token: str) -> None:
    send_due(now=NOW)
    assert report("delivered", token=token) == 401
    assert the_email().state == MessageState.SENT


def test_a_receipt_about_no_email_of_ours_is_not_found(row: Outbox, notify: Notify) -> None:
    send_due(now=NOW)
    assert report("delivered", key=uuid.uuid4()) == 404
    notice = Message.objects.get(channel=Channel.NOTICE)
    assert report("permanent-failure", key=notice.uuid) == 404


@pytest.mark.parametrize(
    "body", ["", "[]", "null", "{}", '{"reference": "x", "id": "y", "status": "z"}', "\xff"]
)
def test_a_receipt_that_is_none_is_refused(notify: Notify, body: str) -> None:
    answer = Client().post(
        "/notify/receipts/",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    assert answer.status_code == 400


def test_what_is_over_is_not_sent_again_because_of_a_receipt(row: Outbox, notify: Notify) -> None:
    send_due(now=NOW)
    assert report("temporary-failure") == 204
    assert supersede("deadline:1", now=after(minutes=1)) == 1
    assert send_due(now=after(hours=2)) == 0
    assert len(notify.emails) == 1
    assert the_email().state == MessageState.SUPERSEDED
