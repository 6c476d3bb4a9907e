"""A day that is added to the calendar moves the open clocks that count over it, says so, and touches nothing else."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from audit.selectors import verify
from core.actor import clock_actor
from deadlines.actions import recount_clocks, sweep
from deadlines.models import Deadline, DeadlineEffect
from deadlines.states import DeadlineState, EffectKind
from dissent import actions as dissents
from notifications.actions import send_due
from notifications.models import Message, Outbox
from partnerships.actions import add_closure_day
from partnerships.models import BankHoliday, HolidayList
from tests.builders import World, at

pytestmark = pytest.mark.django_db

CLOSED = dt.date(2026, 3, 16)
ADDED = at("2026-03-10", "11:00")


def close_offices(world: World, day: dt.date = CLOSED, now: dt.datetime = ADDED) -> int:
    by = world.actor("admin", now)
    add_closure_day(partnership_id=world.partnership.pk, date=day, reason="Move of offices", by=by, now=now)
    return recount_clocks(partnership_id=world.partnership.pk, nation=world.area.nation, now=now, by=by)


def decision(dissent: object) -> Deadline:
    return Deadline.objects.get(case=dissent.case, clock_id="decision")  # type: ignore[attr-defined]


def day_of(deadline: Deadline) -> dt.date:
    assert deadline.due_at is not None
    return deadline.due_at.date()


def unfired(deadline: Deadline) -> dict[tuple[str, int, str], dt.datetime]:
    rows = DeadlineEffect.objects.filter(deadline=deadline, fired_at__isnull=True, voided_at__isnull=True)
    return {(row.kind, row.occurrence, row.seat): row.fire_at for row in rows}


def test_a_closure_day_moves_the_date_and_what_is_still_to_come_with_its_history_and_a_message() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    before = decision(dissent)
    sweep(now=ADDED)
    assert day_of(before) == dt.date(2026, 3, 17)
    assert close_offices(world) == 1
    moved = decision(dissent)
    assert day_of(moved) == dt.date(2026, 3, 18)
    assert moved.calendar_version != before.calendar_version
    event = AuditEvent.objects.get(type="clock.moved")
    assert (event.case_id, event.rule) == (dissent.case_id, moved.rule)
    assert event.detail["was_due"][:10] == "2026-03-17"
    assert event.detail["due"][:10] == "2026-03-18"
    message = Outbox.objects.get(kind="clock_moved")
    assert (message.seat, message.params["due"][:10]) == ("slot:reviewer", "2026-03-18")
    plan = unfired(moved)
    assert plan["due", 0, "slot:reviewer"] == at("2026-03-18", "09:00")
    assert plan["remind", -2, "slot:reviewer"] == at("2026-03-13", "09:00")
    assert moved.due_at is not None
    assert plan["breach", 0, "slot:reviewer"] == moved.due_at + dt.timedelta(seconds=1)
    dissent.case.refresh_from_db()
    assert dissent.case.next_due_at == moved.due_at
    assert verify(world.partnership.pk) is None


def test_what_was_planned_for_the_old_date_does_not_happen() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    sweep(now=ADDED)
    close_offices(world)
    about = f"deadline:{decision(dissent).pk}"
    told = Outbox.objects.filter(about=about).count()
    sweep(now=at("2026-03-18", "00:30"))  # past the old date, before the morning of the new one
    assert decision(dissent).breached_at is None
    assert not DeadlineEffect.objects.filter(voided_at__isnull=False, fired_at__gt=ADDED).exists()
    assert Outbox.objects.filter(about=about).count() - told == 1  # the reminder of Monday, for the new date
    sweep(now=at("2026-03-19", "10:00"))
    assert AuditEvent.objects.filter(type="clock.passed").count() == 1


def test_adding_it_up_again_moves_nothing() -> None:
    world = World("camden")
    world.dissent_at("under_review")
    close_offices(world)
    rows = Outbox.objects.count()
    by = clock_actor(world.partnership.pk)
    assert (
        recount_clocks(partnership_id=world.partnership.pk, nation=world.area.nation, now=ADDED, by=by) == 0
    )
    assert Outbox.objects.count() == rows


def test_a_day_outside_the_count_moves_nothing() -> None:
    world = World("camden")
    world.dissent_at("under_review")
    assert close_offices(world, dt.date(2026, 4, 20)) == 0
    assert close_offices(world, dt.date(2026, 3, 15)) == 0  # a Sunday


def test_a_clock_that_has_ended_is_left_as_it_was() -> None:
    world = World("camden")
    dissent = world.dissent_at("decided")
    assert close_offices(world) == 0
    assert day_of(decision(dissent)) == dt.date(2026, 3, 17)


def test_another_partnership_keeps_its_dates() -> None:
    world, other = World("camden"), World("brighton-hove")
    dissent = other.dissent_at("under_review")
    close_offices(world)
    assert day_of(decision(dissent)) == dt.date(2026, 3, 17)


def test_a_clock_moved_back_to_the_future_passes_again_and_is_told_again() -> None:
    """Entered on the day after: nobody was late, until they are."""
    world = World("camden")
    dissent = world.dissent_at("under_review")
    late = at("2026-03-18", "10:00")
    sweep(now=late)
    assert decision(dissent).breached_at is not None
    assert close_offices(world, now=late) == 1
    moved = decision(dissent)
    assert moved.breached_at is None
    dissent.case.refresh_from_db()
    assert not dissent.case.overdue
    sweep(now=at("2026-03-19", "10:00"))
    moved.refresh_from_db()
    assert moved.breached_at == moved.due_at
    assert AuditEvent.objects.filter(type="clock.passed").count() == 2
    told = Outbox.objects.filter(kind="clock_overdue", superseded_at__isnull=True)
    assert sorted(told.values_list("seat", flat=True)) == ["slot:reviewer", "slot:second_tier"]


def test_a_clock_still_late_after_the_move_keeps_what_was_sent_and_sends_the_rest_with_the_new_date() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    send_due(now=ADDED)
    late = at("2026-03-20", "10:00")
    sweep(now=late)
    sent = Outbox.objects.get(kind="clock_overdue", seat="slot:second_tier")
    sent.sent_at, sent.state = late, "sent"
    sent.save()
    close_offices(world, now=late)
    sweep(now=late)
    moved = decision(dissent)
    assert moved.breached_at == moved.due_at
    waiting = Outbox.objects.filter(kind="clock_overdue", state="pending")
    assert [(row.seat, row.params["due"][:10]) for row in waiting] == [("slot:reviewer", "2026-03-18")]


def test_a_clock_met_meanwhile_is_not_moved() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    world.answer(dissent, "not_upheld")
    deadline = decision(dissent)
    was = deadline.due_at
    close_offices(world)
    deadline.refresh_from_db()
    assert (deadline.state, deadline.due_at) == (DeadlineState.MET, was)


def without_the_15th_of_june() -> None:
    BankHoliday.objects.filter(nation="scotland", date=dt.date(2026, 6, 15)).delete()
    HolidayList.objects.filter(nation="scotland").update(version="before the 15th of June was known")


def test_the_15th_of_june_2026_moves_scottish_clocks_and_no_english_ones() -> None:
    """Proclaimed after the list was made: one working day from Friday the 12th is then Tuesday the 16th."""
    scottish, english = World("west-dunbartonshire"), World("camden")
    without_the_15th_of_june()
    friday = at("2026-06-12", "10:00")
    post = scottish.people["reviewer"]
    post.slot_holdings.update(starts_on=dt.date(2026, 7, 1))  # empty, so that passing it on is still to do
    dissent = scottish.recorded(scottish.decided(starts_at=friday))
    conference = english.decided(starts_at=friday)
    english_dissent = english.recorded(conference)
    english.end(conference)
    clock = Deadline.objects.get(case=dissent.case, clock_id="pass_on")
    assert (clock.state, day_of(clock)) == (DeadlineState.OPEN, dt.date(2026, 6, 15))
    english_day = day_of(decision(english_dissent))
    BankHoliday.objects.create(
        nation="scotland", date=dt.date(2026, 6, 15), title="World Cup", source="proclamation"
    )
    HolidayList.objects.filter(nation="scotland").update(version="with the 15th of June")
    by = clock_actor(None)
    assert recount_clocks(partnership_id=None, nation="scotland", now=at("2026-06-13"), by=by) == 1
    clock.refresh_from_db()
    assert day_of(clock) == dt.date(2026, 6, 16)
    assert day_of(decision(english_dissent)) == english_day
    message = Outbox.objects.get(kind="clock_moved")
    assert (message.partnership_id, message.seat) == (scottish.partnership.pk, "capacity:chair")
    event = AuditEvent.objects.get(type="clock.moved")
    assert (event.partnership_id, event.actor_kind) == (scottish.partnership.pk, "clock")


def test_calendar_days_and_hours_do_not_move() -> None:
    world = World("west-dunbartonshire")
    dissent = world.dissent_at("under_review")
    review = Deadline.objects.get(case=dissent.case, clock_id="review")
    was = review.due_at
    close_offices(world)
    review.refresh_from_db()
    assert review.due_at == was


def test_a_reminder_that_was_sent_is_not_sent_again_for_the_new_date() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    now = at("2026-03-13", "10:00")
    sweep(now=now)
    send_due(now=now)
    close_offices(world, now=now)
    kept = DeadlineEffect.objects.filter(
        deadline=decision(dissent), kind=EffectKind.REMIND, occurrence=-2, voided_at__isnull=True
    )
    assert [effect.fired_at for effect in kept] == [now]


def test_a_decision_made_in_time_for_the_moved_date_is_not_late() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    close_offices(world)
    world.answer(dissent, "not_upheld", now=at("2026-03-18", "23:00"))
    assert decision(dissent).breached_at is None
    assert dissents.policies.late_clock(dissent, at("2026-03-19")) is None  # type: ignore[attr-defined]


def test_only_the_clocks_that_run_over_the_day_are_looked_at_and_only_those_that_move_are_written() -> None:
    world = World("camden")
    for who in ("police", "health", "school"):
        world.dissent_at("under_review", who=who)
    by = world.actor("admin", ADDED)
    add_closure_day(partnership_id=world.partnership.pk, date=CLOSED, reason="Move", by=by, now=ADDED)
    given = {"partnership_id": world.partnership.pk, "nation": world.area.nation, "now": ADDED, "by": by}
    assert recount_clocks(**given, days=[dt.date(2026, 4, 20)]) == 0  # no clock runs over that one
    with CaptureQueriesContext(connection) as first:
        assert recount_clocks(**given, days=[CLOSED]) == 3
    assert len(first) < 40  # for all three together, not for each
    with CaptureQueriesContext(connection) as again:
        assert recount_clocks(**given, days=[CLOSED]) == 0
    assert not [query for query in again if not query["sql"].startswith("SELECT")]


def test_many_clocks_move_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deadlines.actions.MOVE_BATCH", 2)
    world = World("camden")
    for who in ("police", "health", "school"):
        world.dissent_at("under_review", who=who)
    assert close_offices(world) == 3
    assert {day_of(row) for row in Deadline.objects.filter(clock_id="decision")} == {dt.date(2026, 3, 18)}
    assert AuditEvent.objects.filter(type="clock.moved").count() == 3
    assert verify(world.partnership.pk) is None


def test_a_holder_of_many_moved_dates_gets_one_email() -> None:
    world = World("camden")
    for who in ("police", "health", "school"):
        world.dissent_at("under_review", who=who)
    send_due(now=ADDED)
    before = Message.objects.filter(channel="email", state="sent").count()
    close_offices(world)
    send_due(now=ADDED)
    sent = Message.objects.filter(channel="email", state="sent", digest__isnull=True).order_by("-pk")
    assert sent.count() + Message.objects.filter(digest__isnull=False).count() > before
    last = sent[0]
    assert last.items.count() == 3
    assert last.to_email == "reviewer@camden.example.org"
