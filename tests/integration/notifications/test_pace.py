"""When an email goes: at once, in office hours, with the daily one, or with all that has piled up; and late ones say so."""

import datetime as dt
import re
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage

from audit.models import AuditEvent
from deadlines.actions import sweep
from deadlines.models import Deadline
from notifications import actions
from notifications.actions import choose_pace, enqueue, send_due, supersede
from notifications.models import Message, Outbox
from notifications.selectors import next_morning, office_time
from notifications.states import Channel, MessageState, OutboxState, Pace
from partnerships.models import ClosureDay, SlotHolder
from partnerships.selectors import calendar_for
from tests.builders import LATER, World, at

pytestmark = pytest.mark.django_db

THURSDAY = at("2026-03-05", "10:00")
FRIDAY_NIGHT = at("2026-03-06", "22:00")
SATURDAY = at("2026-03-07", "12:00")
MONDAY_8, MONDAY_9 = at("2026-03-09", "08:00"), at("2026-03-09", "09:00")


@pytest.fixture
def world() -> World:
    world = World("camden")
    world.dissent_at("under_review")
    Outbox.objects.all().delete()
    return world


def put(world: World, count: int = 1, *, now: dt.datetime = THURSDAY, **changes: Any) -> list[Outbox]:
    """So many messages to the reviewer about the case."""
    case = Deadline.objects.filter(case__partnership=world.partnership).first()
    assert case
    first = Outbox.objects.count()
    for number in range(first, first + count):
        given = {
            "seat": "slot:reviewer", "kind": "information_added", "dedupe_key": f"{world.slug} {number}",
            "case": case.case, **changes,
        }  # fmt: skip
        enqueue(partnership_id=world.partnership.pk, now=now, **given)
    return list(Outbox.objects.filter(partnership=world.partnership).order_by("pk"))


def reminder(world: World, count: int = 1, *, due: str = "2026-03-17", **changes: Any) -> list[Outbox]:
    due_at = at(due, "23:59").isoformat()
    params = {"rule": "CAM-11", "label": "Decision", "due": due_at, "strength": "seek", "days": -1}
    return put(world, count, kind="clock_remind", params=params, about="deadline:1", **changes)


def daily(world: World, who: str = "reviewer") -> None:
    choose_pace(pace=Pace.DAILY, by=world.actor(who), now=LATER)


def subjects() -> list[str]:
    return [email.subject for email in mail.outbox]


def emails(**which: Any) -> list[Message]:
    return list(Message.objects.filter(channel=Channel.EMAIL, **which).order_by("pk"))


# --- office hours -----------------------------------------------------------------------------------------------------


def test_a_reminder_waits_for_the_next_working_day_and_what_a_person_did_goes_at_once(world: World) -> None:
    reminder(world, now=FRIDAY_NIGHT)
    put(world, now=FRIDAY_NIGHT)
    assert send_due(now=FRIDAY_NIGHT) == 1
    assert subjects() == [s for s in subjects() if "information was added" in s]
    assert send_due(now=SATURDAY) == 0
    assert send_due(now=MONDAY_9 - dt.timedelta(seconds=1)) == 0
    assert send_due(now=MONDAY_9) == 1
    assert "due by Tuesday 17 March 2026" in subjects()[1]
    # The notice in the application is there from the first.
    assert (
        Message.objects.filter(
            channel=Channel.NOTICE, created_at__lte=FRIDAY_NIGHT + dt.timedelta(minutes=1)
        ).count()
        == 2
    )


def test_office_hours_know_the_closure_days_of_the_partnership(world: World) -> None:
    ClosureDay.objects.create(partnership=world.partnership, date=dt.date(2026, 3, 9), reason="Stocktaking")
    reminder(world, now=FRIDAY_NIGHT)
    assert send_due(now=FRIDAY_NIGHT) == send_due(now=MONDAY_9) == 0
    assert send_due(now=at("2026-03-10", "09:00")) == 1


def test_a_reminder_that_would_come_after_its_date_goes_at_once(world: World) -> None:
    """72 hours after a conference on a Thursday end on a Sunday."""
    reminder(world, now=FRIDAY_NIGHT, due="2026-03-08")
    assert send_due(now=FRIDAY_NIGHT) == 1


@pytest.mark.parametrize(
    ("moment", "office", "morning"),
    [
        (at("2026-03-05", "07:59"), at("2026-03-05", "09:00"), at("2026-03-05", "08:00")),
        (at("2026-03-05", "08:00"), at("2026-03-05", "09:00"), at("2026-03-05", "08:00")),
        (at("2026-03-05", "08:01"), at("2026-03-05", "09:00"), at("2026-03-06", "08:00")),
        (at("2026-03-05", "16:59"), at("2026-03-05", "16:59"), at("2026-03-06", "08:00")),
        (at("2026-03-05", "17:00"), at("2026-03-06", "09:00"), at("2026-03-06", "08:00")),
        (SATURDAY, MONDAY_9, MONDAY_8),
        # Good Friday and Easter Monday; the clocks went forward on 29 March.
        (at("2026-04-02", "18:00"), at("2026-04-07", "09:00"), at("2026-04-07", "08:00")),
        (at("2026-03-28", "12:00"), at("2026-03-30", "09:00"), at("2026-03-30", "08:00")),
    ],
)
def test_office_hours_and_mornings_are_those_of_london_on_working_days(
    world: World, moment: dt.datetime, office: dt.datetime, morning: dt.datetime
) -> None:
    calendar = calendar_for(world.partnership.pk, world.area.nation)
    assert office_time(calendar, moment) == office
    assert next_morning(calendar, moment) == morning


def test_without_known_bank_holidays_nothing_waits(world: World) -> None:
    late = dt.datetime(2199, 1, 5, 22, 0, tzinfo=dt.UTC)
    reminder(world, now=late, due="2199-02-01")
    assert send_due(now=late) == 1


# --- what the protocol makes immediate --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slug", "rule", "who"),
    [("kingston-richmond", "AFC-15", "reviewer"), ("brighton-hove", "SUS-25", "manager")],
)
def test_AFC_15_and_SUS_25_go_at_any_hour_and_by_themselves_whatever_was_chosen(
    slug: str, rule: str, who: str
) -> None:
    world = World(slug)
    daily(world, who)
    saturday = at("2026-03-07", "10:00")
    conference = world.decided(starts_at=saturday)
    world.recorded(conference)
    world.end(conference)
    mail.outbox.clear()
    send_due(now=saturday + dt.timedelta(hours=2))
    told = emails(outbox__params__rule=rule)
    assert told and all(m.outbox and m.outbox.immediate for m in told)
    assert {m.state for m in told} == {MessageState.SENT}
    assert all(m.digest is None for m in told)
    assert [e for e in mail.outbox if e.to == [f"{who}@{slug}.example.org"]]


@pytest.mark.parametrize("slug", ["camden", "west-dunbartonshire", "hampshire"])
def test_where_the_text_makes_nothing_immediate_nothing_is(slug: str) -> None:
    assert not [tell for tell in World(slug).area.tells if tell.immediate]


# --- one a day --------------------------------------------------------------------------------------------------------


def test_who_wants_one_email_a_day_gets_it_at_8am_on_working_days_with_all_that_has_come(
    world: World,
) -> None:
    daily(world)
    put(world, 2, now=FRIDAY_NIGHT)
    reminder(world, now=SATURDAY)
    assert (
        send_due(now=FRIDAY_NIGHT)
        == send_due(now=SATURDAY)
        == send_due(now=MONDAY_8 - dt.timedelta(seconds=1))
        == 0
    )
    assert send_due(now=MONDAY_8) == 1
    (email,) = mail.outbox
    reference = Message.objects.filter(case__isnull=False).first()
    assert reference and reference.case
    assert email.subject == "Professional Dissent: 3 messages for you"
    assert email.to == ["reviewer@camden.example.org"]
    text = str(email.body)
    assert text.startswith("Dear Rhea Reviewer,")
    assert text.count(f"{reference.case.reference}: ") == 3
    assert text.count(f"/cases/{reference.case.reference}/") == 3
    assert text.count("take it into account") == 2 and "due by Tuesday 17 March 2026" in text
    assert text.count("call 999") == 1 and "This was due" not in text
    assert {m.state for m in emails()} == {MessageState.SENT}
    assert set(Outbox.objects.values_list("state", flat=True)) == {OutboxState.SENT}
    assert send_due(now=MONDAY_9) == 0


def test_one_message_alone_comes_as_it_is(world: World) -> None:
    daily(world)
    put(world, now=FRIDAY_NIGHT)
    send_due(now=FRIDAY_NIGHT)
    assert send_due(now=MONDAY_8) == 1
    assert "information was added" in subjects()[0]


def test_a_reminder_that_cannot_wait_for_the_next_morning_comes_on_the_day(world: World) -> None:
    daily(world)
    reminder(world, now=THURSDAY, due="2026-03-05")
    put(world, now=THURSDAY)
    assert send_due(now=THURSDAY) == 1
    assert "due by Thursday 5 March 2026" in subjects()[0]


def test_the_choice_of_one_person_is_not_that_of_the_others_in_the_post(world: World) -> None:
    holder = SlotHolder.objects.get(slot__partnership=world.partnership, slot__key="reviewer")
    world.fill("reviewer", "deputy", deputy_for=holder)
    daily(world)
    row = put(world, 2)[0]
    assert send_due(now=THURSDAY) == 2
    assert {email.to[0] for email in mail.outbox} == {"deputy@camden.example.org"}
    row.refresh_from_db()
    assert row.state == OutboxState.SENDING
    assert send_due(now=at("2026-03-06", "08:00")) == 1
    row.refresh_from_db()
    assert row.state == OutboxState.SENT


def test_a_choice_holds_in_its_own_partnership_only(world: World) -> None:
    elsewhere = World("hampshire")
    daily(elsewhere)
    put(world)
    assert send_due(now=THURSDAY) == 1


def test_who_wants_everything_at_once_again_gets_what_was_waiting(world: World) -> None:
    daily(world)
    put(world)
    assert send_due(now=THURSDAY) == 0
    choose_pace(pace=Pace.AT_ONCE, by=world.actor("reviewer"), now=THURSDAY + dt.timedelta(hours=1))
    assert send_due(now=THURSDAY + dt.timedelta(hours=1)) == 1
    assert AuditEvent.objects.filter(type="account.pace_chosen").count() == 2


def test_what_is_over_by_the_morning_is_not_listed(world: World) -> None:
    daily(world)
    put(world, 2, now=FRIDAY_NIGHT)
    reminder(world, now=FRIDAY_NIGHT)
    send_due(now=FRIDAY_NIGHT)
    supersede("deadline:1", now=SATURDAY)
    send_due(now=MONDAY_8)
    (email,) = mail.outbox
    assert email.subject == "Professional Dissent: 2 messages for you"
    assert "due by" not in str(email.body)


# --- what has piled up ------------------------------------------------------------------------------------------------


def test_after_an_outage_forty_messages_for_one_person_are_one_email(world: World) -> None:
    put(world, 40)
    put(world, 2, seat="slot:second_tier")
    back = THURSDAY + dt.timedelta(days=4, hours=3)
    assert send_due(now=back) == 3
    to_reviewer = [e for e in mail.outbox if e.to == ["reviewer@camden.example.org"]]
    assert [e.subject for e in to_reviewer] == ["Professional Dissent: 40 messages for you"]
    text = str(to_reviewer[0].body)
    assert text.count("This was due to be sent on Thursday 5 March 2026 at 10am.") == 40
    assert set(Outbox.objects.values_list("state", flat=True)) == {OutboxState.SENT}
    assert send_due(now=back) == 0


def test_fewer_than_five_come_one_by_one(world: World) -> None:
    put(world, actions.MANY - 1)
    assert send_due(now=THURSDAY) == actions.MANY - 1


def down(monkeypatch: pytest.MonkeyPatch) -> None:
    def send(self: EmailMessage, fail_silently: bool = False) -> int:
        raise ConnectionRefusedError

    monkeypatch.setattr(EmailMessage, "send", send)


def test_what_a_mail_server_that_is_down_left_piled_up_is_one_email_as_well(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = THURSDAY
    with monkeypatch.context() as outage:
        down(outage)
        for _ in range(10):
            put(world, 2, now=now)
            send_due(now=now)
            now += dt.timedelta(minutes=30)
    assert send_due(now=now + dt.timedelta(hours=1)) == 1
    (email,) = mail.outbox
    assert email.subject == "Professional Dissent: 20 messages for you"
    assert {m.state for m in emails(outbox__isnull=False)} == {MessageState.SENT}
    assert {m.state for m in emails(outbox__isnull=True)} == {MessageState.SENT, MessageState.SUPERSEDED}


def test_72_hours_count_on_for_what_was_gathered_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    down(monkeypatch)
    put(world, 3)
    send_due(now=THURSDAY)
    put(world, 3, now=THURSDAY + dt.timedelta(hours=71))
    send_due(now=THURSDAY + dt.timedelta(hours=71))
    (gathered,) = emails(outbox__isnull=True)
    assert gathered.first_tried_at and gathered.first_tried_at - THURSDAY < dt.timedelta(minutes=2)
    send_due(now=THURSDAY + dt.timedelta(hours=73, minutes=5))
    assert {m.state for m in emails()} == {MessageState.FAILED}
    assert set(Outbox.objects.values_list("state", flat=True)) == {OutboxState.DEAD}


def test_an_email_whose_fate_is_not_known_is_never_gathered_into_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(self: EmailMessage, fail_silently: bool = False) -> int:
        raise TimeoutError

    put(world)
    with monkeypatch.context() as slow:
        slow.setattr(EmailMessage, "send", lost)
        send_due(now=THURSDAY)
    put(world, 6)
    assert send_due(now=THURSDAY + dt.timedelta(minutes=5)) == 2
    assert sorted(s.partition(": ")[2] for s in subjects()) == ["6 messages for you", "information was added"]


# --- late -------------------------------------------------------------------------------------------------------------


def test_what_goes_late_says_when_it_was_due_by_email_and_in_the_application(world: World) -> None:
    put(world)
    send_due(now=THURSDAY + dt.timedelta(days=1))
    said = (
        "Dear Rhea Reviewer,\n\nThis was due to be sent on Thursday 5 March 2026 at 10am.\n\nThe dissenting"
    )
    assert str(mail.outbox[0].body).startswith(said)
    assert [m.body.startswith(said) for m in Message.objects.all()] == [True, True]


def test_what_only_a_slow_mail_server_made_late_says_so_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(world)
    with monkeypatch.context() as outage:
        down(outage)
        send_due(now=THURSDAY)
    send_due(now=THURSDAY + dt.timedelta(hours=2))
    assert str(mail.outbox[0].body).count("This was due to be sent on") == 1
    notice = Message.objects.get(channel=Channel.NOTICE)
    assert "This was due" not in notice.body  # it stood there in time


def test_what_goes_in_time_does_not_say_so(world: World) -> None:
    put(world)
    reminder(world, now=FRIDAY_NIGHT)
    for moment in (THURSDAY + dt.timedelta(minutes=59), FRIDAY_NIGHT, MONDAY_9 + dt.timedelta(minutes=30)):
        send_due(now=moment)
    assert len(mail.outbox) == 2
    assert not [e for e in mail.outbox if "This was due" in str(e.body)]


def test_a_clock_that_was_processed_late_says_when_its_message_was_due() -> None:
    world = World("camden")
    world.dissent_at("under_review")
    Outbox.objects.all().delete()
    clock = Deadline.objects.get(purpose="decide", state="open")
    assert clock.due_at
    monday_after = at("2026-03-23", "11:00")
    sweep(now=monday_after)
    send_due(now=monday_after)
    (email,) = [
        e for e in mail.outbox if e.to == ["reviewer@camden.example.org"] and "has passed" in e.subject
    ]
    assert re.search(r"This was due to be sent on Wednesday 18 March 2026 at 9am\.", str(email.body))
