"""The sender: to whoever is in the seat then, once, however often it crashes, and never a word about a child."""

import datetime as dt
import re
import smtplib
import time
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection

from cases.models import Child
from conferences.selectors import children_of
from deadlines.actions import sweep
from dissent import actions as dissents
from dissent.models import Dissent
from notifications import actions, channels
from notifications.actions import enqueue, send_due, supersede, wait_after
from notifications.models import DeliveryAttempt, Message, Outbox
from notifications.selectors import people_in, undelivered, unreached
from notifications.states import Channel, MessageState, OutboxState
from notifications.tasks import send_messages
from partnerships.models import Slot, SlotHolder
from tests.builders import FIVE, LATER, RECONVENES, World, at

pytestmark = pytest.mark.django_db

NOW = at("2026-03-05", "09:00")
SOON = NOW + dt.timedelta(minutes=2)


class Killed(BaseException):
    """The process is gone at this point."""


def a_message(world: World, seat: str = "slot:reviewer", **changes: Any) -> Outbox:
    """One message in an outbox that holds nothing else."""
    Outbox.objects.all().delete()
    given = {
        "kind": "conference_booked",
        "params": {"due": LATER.isoformat(), "what": "CF-2345-67"},
        "dedupe_key": "one",
        **changes,
    }
    enqueue(partnership_id=world.partnership.pk, seat=seat, now=NOW, **given)
    return Outbox.objects.get()


def sent_to() -> list[str]:
    return [message.to[0].partition("@")[0] for message in mail.outbox]


@pytest.fixture
def world() -> World:
    return World("camden")


# --- to whom ----------------------------------------------------------------------------------------------------------


def test_a_message_goes_to_the_holder_of_the_post_and_the_deputy(world: World) -> None:
    holder = SlotHolder.objects.get(slot__partnership=world.partnership, slot__key="reviewer")
    world.fill("reviewer", "deputy", deputy_for=holder)
    row = a_message(world)
    assert send_due(now=SOON) == 2
    assert sent_to() == ["reviewer", "deputy"]
    row.refresh_from_db()
    assert row.state == OutboxState.SENT
    notices = Message.objects.filter(channel=Channel.NOTICE)
    assert {notice.user_id for notice in notices} == {
        world.people[who].user_id for who in ("reviewer", "deputy")
    }


def test_a_sender_that_is_told_to_stop_begins_no_other_email_and_the_next_goes_on(world: World) -> None:
    holder = SlotHolder.objects.get(slot__partnership=world.partnership, slot__key="reviewer")
    world.fill("reviewer", "deputy", deputy_for=holder)
    a_message(world)
    assert send_due(now=SOON, stop=lambda: bool(mail.outbox)) == 1
    assert sent_to() == ["reviewer"]
    assert not Message.objects.filter(state=MessageState.SENDING).exists()
    assert send_due(now=SOON) == 1
    assert sent_to() == ["reviewer", "deputy"]


def test_whoever_holds_the_post_when_it_is_sent_gets_it_and_not_who_held_it_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = a_message(world)
    with monkeypatch.context() as down:
        down.setattr(EmailMessage, "send", failing(smtplib.SMTPServerDisconnected("gone")))
        send_due(now=SOON)
    SlotHolder.objects.filter(slot__key="reviewer").update(ends_on=NOW.date())
    world.fill("reviewer", "deputy", starts_on=dt.date(2026, 3, 6))
    send_due(now=at("2026-03-06", "09:00"))
    assert sent_to() == ["deputy"]
    row.refresh_from_db()
    assert row.state == OutboxState.SENT


def test_nobody_in_the_post_is_a_task_of_the_admin_and_it_is_sent_once_the_post_is_filled(
    world: World,
) -> None:
    SlotHolder.objects.filter(slot__key="reviewer").update(ends_on=dt.date(2026, 3, 1))
    row = a_message(world)
    send_due(now=SOON)
    row.refresh_from_db()
    assert row.state == OutboxState.NOBODY
    assert list(undelivered(world.partnership.pk)) == [row]
    for days in range(1, 8):
        send_due(now=SOON + dt.timedelta(days=days))
    row.refresh_from_db()
    assert row.state == OutboxState.NOBODY  # it is never given up
    world.fill("reviewer", "deputy", starts_on=dt.date(2026, 3, 10))
    send_due(now=at("2026-03-15"))
    row.refresh_from_db()
    assert row.state == OutboxState.SENT
    assert sent_to() == ["deputy"]
    assert not undelivered(world.partnership.pk).exists()


@pytest.mark.parametrize("left", ["membership", "account"])
def test_who_has_left_gets_nothing(world: World, left: str) -> None:
    dissent = world.dissent_at("under_review")
    person = world.people["police"]
    if left == "membership":
        person.ends_on = dt.date(2026, 3, 4)
        person.save()
    else:
        person.user.is_active = False
        person.user.save()
    for seat in ("capacity:dissenter", f"member:{person.pk}"):
        assert people_in(seat, world.partnership.pk, dissent.case_id, NOW.date()) == []


def test_the_line_manager_of_whoever_holds_a_post_is_found(world: World) -> None:
    reviewer = world.people["reviewer"]
    reviewer.line_manager = world.people["second"]
    reviewer.save()
    dissent = world.dissent_at("under_review")
    for seat, manager in (
        ("line_manager:slot:reviewer", "Sven Second"),
        ("line_manager:capacity:reviewer", "Sven Second"),
        ("line_manager:capacity:chair", "Maud Manager"),
    ):
        found = people_in(seat, world.partnership.pk, dissent.case_id, NOW.date())
        assert [person.name for person in found] == [manager]


def test_the_overdue_alert_reaches_the_line_manager_of_the_post_where_the_text_says_so() -> None:
    world = World("brighton-hove")
    reviewer = world.people["reviewer"]
    reviewer.line_manager = world.people["second"]
    reviewer.save()
    world.dissent_at("under_review")
    moment = at("2026-03-18", "12:00")
    sweep(now=moment)
    Outbox.objects.exclude(kind="clock_overdue").delete()
    send_due(now=moment)
    assert sorted(sent_to()) == ["reviewer", "second"]


def test_a_dissenter_without_an_account_is_written_to(world: World) -> None:
    conference = world.decided()
    seat = world.seat(conference, "police")
    seat.membership, seat.email, seat.name = None, "guest@camden.example.org", "Gus Guest"
    seat.save()
    dissent = dissents.record(
        attendance_id=seat.pk, by=world.recorder(conference), said=world.said(conference), now=LATER
    )
    found = people_in("capacity:dissenter", world.partnership.pk, dissent.case_id, NOW.date())
    assert [(person.name, person.email, person.user_id) for person in found] == [
        ("Gus Guest", "guest@camden.example.org", None)
    ]


@pytest.mark.parametrize(
    "seat", ["capacity:dissenter", "line_manager:capacity:chair", "group:all_parties", "nobody"]
)
def test_a_seat_without_a_case_is_empty(world: World, seat: str) -> None:
    assert people_in(seat, world.partnership.pk, None, NOW.date()) == []


# --- once -------------------------------------------------------------------------------------------------------------


def test_the_same_message_is_put_in_once(world: World) -> None:
    row = a_message(world)
    enqueue(
        partnership_id=world.partnership.pk,
        seat="slot:reviewer",
        kind="told",
        dedupe_key=row.dedupe_key,
        now=NOW,
    )
    assert Outbox.objects.count() == 1


def test_what_was_sent_is_not_sent_again(world: World) -> None:
    a_message(world)
    assert send_due(now=SOON) == 1
    assert send_due(now=SOON) == 0
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("where", ["_renew", "DeliveryAttempt", "_finish"])
def test_a_sender_that_is_killed_is_taken_over_after_its_lease_with_the_same_message_id(
    world: World, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Killed after the mail server took it and before that was written: a second copy, recognised as the same, and the
    first stands in the evidence as one whose fate is not known."""
    row = a_message(world)

    def killed(*args: object, **kw: object) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        if where == "DeliveryAttempt":
            dying.setattr(DeliveryAttempt.objects, "create", killed)
        else:
            dying.setattr(actions, where, killed)
        with pytest.raises(Killed):
            send_due(now=SOON)
    row.refresh_from_db()
    assert row.state == OutboxState.SENDING
    assert Message.objects.get(outbox=row, channel=Channel.EMAIL).state == MessageState.SENDING
    assert send_due(now=SOON + dt.timedelta(seconds=30)) == 0  # the lease still holds
    assert send_due(now=SOON + dt.timedelta(seconds=100)) == 1
    row.refresh_from_db()
    assert row.state == OutboxState.SENT
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 1
    assert len(mail.outbox) == (1 if where == "_renew" else 2)
    attempts = Message.objects.get(outbox=row, channel=Channel.EMAIL).delivery_attempts.order_by("number")
    assert [a.outcome for a in attempts] == (["taken"] if where == "_renew" else ["unknown", "taken"])


def test_a_sender_whose_lease_was_taken_over_sends_nothing_and_writes_no_result(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = a_message(world)
    real = actions._still_wanted

    def slow(message: Message, *args: Any) -> bool:
        found = real(message, *args)
        Message.objects.filter(pk=message.pk).update(lease_token="12345678-1234-5678-1234-567812345678")
        return found

    monkeypatch.setattr(actions, "_still_wanted", slow)
    assert send_due(now=SOON) == 0
    row.refresh_from_db()
    assert row.state == OutboxState.SENDING
    assert mail.outbox == []


def test_a_sender_that_comes_back_after_its_lease_leaves_its_evidence_and_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hung while the mail server had the email; another sender has sent the copy and written that down."""
    row = a_message(world)
    real = channels.BySmtp.send

    def hung(self: channels.BySmtp, letter: channels.Letter) -> Any:
        with monkeypatch.context() as other:
            other.setattr(channels.BySmtp, "send", real)
            assert send_due(now=SOON + dt.timedelta(seconds=100)) == 1
        return channels.Refused("TimeoutError", unknown=True)

    monkeypatch.setattr(channels.BySmtp, "send", hung)
    send_due(now=SOON)
    message = Message.objects.get(outbox=row, channel=Channel.EMAIL)
    assert (message.state, message.last_error_code) == (MessageState.SENT, "")
    assert sorted(message.delivery_attempts.values_list("outcome", flat=True)) == [
        "taken", "unknown", "unknown",
    ]  # fmt: skip
    row.refresh_from_db()
    assert row.state == OutboxState.SENT


def test_what_is_no_longer_needed_is_not_sent_even_when_it_was_about_to_be(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = a_message(world, about="deadline:1")
    real = actions._still_wanted

    def meanwhile(*args: Any) -> bool:
        found = real(*args)
        supersede("deadline:1", now=SOON)
        return found

    monkeypatch.setattr(actions, "_still_wanted", meanwhile)
    send_due(now=SOON)
    row.refresh_from_db()
    assert (row.state, mail.outbox) == (OutboxState.SUPERSEDED, [])
    assert Message.objects.get(outbox=row, channel=Channel.EMAIL).state == MessageState.SUPERSEDED


def time_passes(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """So many seconds go by each time that the run looks at its clock."""
    passed = iter(range(0, 100_000, seconds))
    monkeypatch.setattr(actions._Run, "elapsed", property(lambda run: dt.timedelta(seconds=next(passed))))


def test_a_lease_is_counted_from_the_time_that_has_really_passed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow mail server makes a run long; a lease that it makes later is as long as any."""
    a_message(world)
    time_passes(monkeypatch, 20)
    leases: list[dt.datetime | None] = []
    real = actions._deliver

    def deliver(message: Message, run: Any) -> Any:
        leases.append(Message.objects.get(pk=message.pk).lease_until)
        return real(message, run)

    monkeypatch.setattr(actions, "_deliver", deliver)
    send_due(now=SOON)
    assert leases
    assert leases[0] is not None
    assert leases[0] > SOON + actions.LEASE + dt.timedelta(seconds=20)


def test_a_run_ends_in_time_and_the_next_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    a_message(world)
    for number in range(3):
        enqueue(
            partnership_id=world.partnership.pk, seat="slot:reviewer", kind="conference_booked", dedupe_key=f"more {number}",
            now=NOW, params={"due": LATER.isoformat(), "what": "CF-2345-67"},
        )  # fmt: skip
    with monkeypatch.context() as slow:
        time_passes(slow, 10)
        assert 0 < send_due(now=SOON) < 4
    send_due(now=SOON + dt.timedelta(minutes=5))
    assert set(Outbox.objects.values_list("state", flat=True)) == {OutboxState.SENT}


# --- failures ---------------------------------------------------------------------------------------------------------


def failing(error: Exception) -> Any:
    def send(self: EmailMessage, fail_silently: bool = False) -> int:
        raise error

    return send


def the_email(row: Outbox) -> Message:
    return Message.objects.get(outbox=row, channel=Channel.EMAIL)


def test_a_mail_server_that_is_down_is_tried_after_longer_waits_for_72_hours(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = a_message(world)
    monkeypatch.setattr(EmailMessage, "send", failing(ConnectionRefusedError("no")))
    now, waits = SOON, []
    while True:
        assert send_due(now=now) == 0
        message = the_email(row)
        if message.state == MessageState.FAILED:
            break
        assert message.state == MessageState.WAITING and message.retry_at
        waits.append((message.retry_at - now).total_seconds())
        before = message.delivery_attempts.count()
        send_due(now=message.retry_at - dt.timedelta(seconds=1))
        assert message.delivery_attempts.count() == before
        now = message.retry_at + dt.timedelta(seconds=1)
    plan = [30, 60, 120, 240, 480, 960, 1920, *[3600] * (len(waits) - 7)]
    for number, (wait, planned) in enumerate(zip(waits, plan, strict=True), start=1):
        assert 0.9 * planned <= wait <= 1.1 * planned + 1
        assert abs(wait - wait_after(message.uuid, number).total_seconds()) < 1
    assert len({round(wait / planned, 3) for wait, planned in zip(waits, plan, strict=True)}) > 10
    assert dt.timedelta(hours=72) < now - SOON < dt.timedelta(hours=74)
    row.refresh_from_db()
    assert (row.state, message.last_error_code) == (OutboxState.DEAD, "ConnectionRefusedError")
    assert message.delivery_attempts.filter(outcome="failed").count() == message.attempts == len(waits) + 1
    assert list(undelivered(world.partnership.pk)) == [row]
    monkeypatch.undo()
    assert send_due(now=now + dt.timedelta(days=1)) == 0


def test_72_hours_count_from_the_first_try_and_not_from_when_it_was_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = a_message(world)
    monkeypatch.setattr(EmailMessage, "send", failing(smtplib.SMTPServerDisconnected("gone")))
    send_due(now=NOW + dt.timedelta(days=9))  # after an outage of our own
    assert the_email(row).state == MessageState.WAITING


def test_an_address_that_the_mail_server_refuses_for_good_is_given_up_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = a_message(world)
    refused = smtplib.SMTPRecipientsRefused({"reviewer@camden.example.org": (550, b"no such user")})
    monkeypatch.setattr(EmailMessage, "send", failing(refused))
    send_due(now=SOON)
    row.refresh_from_db()
    assert row.state == OutboxState.DEAD
    assert (the_email(row).state, the_email(row).last_error_code) == (MessageState.FAILED, "SMTP 550")


def test_an_address_that_is_refused_for_now_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = a_message(world)
    later = smtplib.SMTPRecipientsRefused({"reviewer@camden.example.org": (451, b"try later")})
    with monkeypatch.context() as grey:
        grey.setattr(EmailMessage, "send", failing(later))
        send_due(now=SOON)
    assert the_email(row).state == MessageState.WAITING
    send_due(now=SOON + dt.timedelta(minutes=5))
    row.refresh_from_db()
    assert row.state == OutboxState.SENT


def test_one_dead_address_neither_repeats_the_message_to_the_others_nor_hides_it_from_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = SlotHolder.objects.get(slot__partnership=world.partnership, slot__key="reviewer")
    world.fill("reviewer", "deputy", deputy_for=holder)
    row = a_message(world)
    real = EmailMessage.send

    def send(self: EmailMessage, fail_silently: bool = False) -> int:
        if self.to[0].startswith("reviewer"):
            raise smtplib.SMTPRecipientsRefused({self.to[0]: (550, b"no such user")})
        return real(self)

    monkeypatch.setattr(EmailMessage, "send", send)
    assert send_due(now=SOON) == 1
    assert send_due(now=SOON + dt.timedelta(hours=5)) == 0
    assert sent_to() == ["deputy"]
    row.refresh_from_db()
    assert row.state == OutboxState.SENT  # one of the post was reached
    assert list(undelivered(world.partnership.pk)) == [row]
    assert [person.email for person in unreached(world.partnership.pk)] == ["reviewer@camden.example.org"]


def test_a_mail_server_that_cannot_be_reached_ends_the_run_and_starts_no_72_hours_for_the_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_message(world)
    for who in ("chair", "minutes", "second", "police", "health"):
        enqueue(
            partnership_id=world.partnership.pk, seat=f"member:{world.people[who].pk}", kind="conference_booked",
            dedupe_key=who, params={"due": LATER.isoformat(), "what": "CF-2345-67"}, now=NOW,
        )  # fmt: skip
    with monkeypatch.context() as down:
        down.setattr(EmailMessage, "send", failing(ConnectionRefusedError("no")))
        send_due(now=SOON)
    assert DeliveryAttempt.objects.count() == actions.GIVE_UP_THE_RUN_AFTER
    assert Message.objects.filter(channel=Channel.EMAIL, first_tried_at__isnull=True).count() == 3
    assert send_due(now=SOON + dt.timedelta(minutes=1)) == 6


def test_a_message_that_cannot_be_worded_does_not_stop_the_others(world: World) -> None:
    bad = a_message(world, kind="no_such_message")
    enqueue(
        partnership_id=world.partnership.pk, seat="slot:reviewer", kind="conference_booked", dedupe_key="good", now=NOW,
        params={"due": LATER.isoformat(), "what": "CF-2345-67"},
    )  # fmt: skip
    assert send_due(now=SOON) == 1
    bad.refresh_from_db()
    assert (bad.state, bad.last_error_code) == (OutboxState.PENDING, "TemplateDoesNotExist")
    assert Outbox.objects.get(dedupe_key="good").state == OutboxState.SENT
    send_due(now=SOON + dt.timedelta(hours=80))
    bad.refresh_from_db()
    assert bad.state == OutboxState.DEAD


def test_a_message_may_not_carry_anything_else(world: World) -> None:
    with pytest.raises(ValueError, match="may not carry"):
        a_message(world, params={"child": "Q.X."})


def test_a_dead_broker_gives_no_error_to_a_person_and_costs_no_time(
    world: World, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = actions_app()
    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(app, "_pool", None)
    app.amqp._producer_pool = None
    conference = world.decided()
    connection.run_on_commit = []
    begun = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        dissent = world.recorded(conference)
    app.amqp._producer_pool = None
    assert len(callbacks) == 1
    assert time.monotonic() - begun < 3
    assert Dissent.objects.filter(pk=dissent.pk).exists()
    assert Outbox.objects.filter(case=dissent.case, state=OutboxState.PENDING).exists()


def actions_app() -> Any:
    return send_messages.app


# --- nothing about a child --------------------------------------------------------------------------------------------

CANARIES = re.compile(
    r"Zebedee|Canary|Q\.X\.|Q\.Y\.|Invented Primary|Gran Invented|2019|risk at home|My view and the reasons|That the conference meets|"
    r"All of it was weighed|Went through the reasons|Talked through",
    re.IGNORECASE,
)


@pytest.mark.parametrize("slug", FIVE)
def test_no_message_of_a_whole_case_holds_a_word_about_a_child(slug: str) -> None:
    world = World(slug)
    conference = world.decided(children=2)
    Child.objects.update(name="Zebedee Canary")
    assert {child.child.initials for child in children_of(conference)} == {"Q.X.", "Q.Y."}
    choice = {"challenge_choice": "note_only"} if world.area.dissent.modes else {}
    dissent = world.recorded(conference, who="school", **choice)
    world.end(conference)
    sweep(now=at("2026-03-09", "12:00"))
    if world.area.dissent.written_view is not None:
        dissents.remind_of_written_view(dissent_id=dissent.pk, by=world.actor("reviewer"), now=LATER)
        world.send_view(dissent, who="school", now=at("2026-03-10"))
    dissents.add_information(
        dissent_id=dissent.pk, by=world.actor("school"), text="The risk at home.", now=LATER
    )
    if world.area.review is None:
        dissents.choose_challenge(
            dissent_id=dissent.pk, by=world.actor("school"), choice="challenge", now=LATER
        )
    else:
        if world.area.review.tiers[0].may_ask:
            dissents.ask(
                dissent_id=dissent.pk,
                by=world.actor("reviewer"),
                ask_id="advice",
                question="Is Q.X. safe?",
                now=LATER,
            )
        sweep(now=at("2026-03-27", "12:00"))
        world.answer(
            dissent, RECONVENES[world.text], now=at("2026-03-27", "13:00"), late_reason="Q.X. moved."
        )
    world.dissent_at("withdrawn")
    for moment in (at("2026-03-30"), at("2026-06-01")):
        sweep(now=moment)
        send_due(now=moment)
    assert not Outbox.objects.filter(state__in=[OutboxState.PENDING, OutboxState.DEAD]).exists()
    messages = list(Message.objects.all())
    assert len(messages) > (4 if slug == "hampshire" else 12)
    for message in messages:
        assert not CANARIES.search(f"{message.subject}\n{message.body}\n{message.link}"), message.body
    assert {Message.objects.filter(link__contains="case").exists()} == {True}
    assert Slot.objects.filter(partnership=world.partnership).exists() == bool(world.area.slots)


@pytest.mark.parametrize("slug", FIVE)
def test_every_message_names_a_case_or_a_conference_and_says_what_to_do_in_danger(slug: str) -> None:
    world = World(slug)
    world.dissent_at("on_ladder" if slug == "hampshire" else "under_review")
    send_due(now=at("2026-03-05"))
    messages = Message.objects.filter(channel=Channel.EMAIL)
    assert messages.exists()
    for message in messages:
        assert re.search(r"(PD|CF)-[2-9A-Z]{4}-[2-9A-Z]{2}", message.subject + message.body)
        assert "999" in message.body
        assert message.link in message.body
