"""The sweep: each effect once, in its time or however late, and nothing but messages and marks comes of it."""

import datetime as dt
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from audit.actions import Event, write_all
from audit.models import AuditEvent
from cases.models import Case
from core.clock import LONDON
from deadlines.actions import Batch, effects_of, sweep, trim_sweep_runs
from deadlines.models import Deadline, DeadlineEffect, SweepRun
from deadlines.states import DeadlineState, EffectKind
from dissent import actions as dissents
from dissent.models import Dissent
from notifications.models import Outbox
from notifications.tasks import send_messages
from partnerships.selectors import calendar_for
from protocols.calendar import end_of_day
from tests.builders import ENDS, LATER, REVIEWED, World, at

pytestmark = pytest.mark.django_db

# Per text: the clock with a date that runs in a review, and the day and time it is due.
DECIDE = {
    "kingston-richmond": ("answer", at("2026-03-18", "23:59")),
    "camden": ("decision", at("2026-03-17", "23:59")),
    "brighton-hove": ("decision", at("2026-03-17", "23:59")),
    "west-dunbartonshire": ("review", at("2026-03-17", "23:59")),
}


def the_clock(dissent: Dissent, slug: str) -> Deadline:
    return Deadline.objects.get(case=dissent.case, clock_id=DECIDE[slug][0])


def told_by(deadline: Deadline) -> list[tuple[str, int, str]]:
    rows = Outbox.objects.filter(about=f"deadline:{deadline.pk}").order_by("pk")
    return sorted((row.kind.removeprefix("clock_"), row.params["days"], row.seat) for row in rows)


def day_by_day(first: dt.datetime, days: int) -> None:
    for day in range(days):
        sweep(now=first + dt.timedelta(days=day, hours=0))


@pytest.mark.parametrize("slug", REVIEWED)
def test_the_clock_of_the_decision_is_due_when_the_text_says(slug: str) -> None:
    dissent = World(slug).dissent_at("under_review")
    deadline = the_clock(dissent, slug)
    assert deadline.due_at is not None
    assert deadline.due_at.replace(second=0) == DECIDE[slug][1]


@pytest.mark.parametrize("slug", REVIEWED)
def test_reminders_go_by_the_table_of_the_text_each_once(slug: str) -> None:
    world = World(slug)
    deadline = the_clock(world.dissent_at("under_review"), slug)
    clock = world.area.clock(deadline.clock_id)
    assert clock is not None
    day_by_day(at("2026-03-04", "09:30"), 25)
    day_by_day(at("2026-03-04", "09:30"), 25)  # again: nothing more
    reminders = [("remind" if days else "due", -days, clock.holder) for days in clock.remind_before]
    overdue = [("overdue", 0, seat) for seat in dict.fromkeys((clock.holder, *clock.tell_on_breach))]
    # The alert goes out on the morning of the next working day; a reminder for that morning would be the same again.
    overdue += [("overdue", days, clock.holder) for days in clock.remind_after if days > 1]
    assert told_by(deadline) == sorted(reminders + overdue)
    assert len(told_by(deadline)) > 4


@pytest.mark.parametrize("slug", REVIEWED)
def test_a_reminder_is_never_before_nine_in_the_morning_of_its_working_day(slug: str) -> None:
    world = World(slug)
    deadline = the_clock(world.dissent_at("under_review"), slug)
    calendar = calendar_for(world.partnership.pk, world.area.nation)
    for effect in DeadlineEffect.objects.filter(deadline=deadline).exclude(kind=EffectKind.BREACH):
        local = effect.fire_at.astimezone(LONDON)
        assert calendar.is_working_day(local.date())
        assert local.hour >= 9


def test_sweeping_again_does_nothing() -> None:
    World("camden").dissent_at("under_review")
    moment = at("2026-03-20", "12:00")
    assert sweep(now=moment).found > 0
    events, rows = AuditEvent.objects.count(), Outbox.objects.count()
    run = sweep(now=moment)
    assert (run.found, run.done, run.failed) == (0, 0, 0)
    assert (AuditEvent.objects.count(), Outbox.objects.count()) == (events, rows)
    assert SweepRun.objects.count() == 1  # idle, and a moment after another: not worth a row


def test_nothing_is_done_before_its_time() -> None:
    dissent = World("camden").dissent_at("under_review")
    effect = (
        DeadlineEffect.objects.filter(case=dissent.case, fired_at__isnull=True).order_by("fire_at").first()
    )
    assert effect is not None
    assert sweep(now=effect.fire_at - dt.timedelta(microseconds=1)).found == 0
    assert sweep(now=effect.fire_at).found == 1


@pytest.mark.parametrize("late", [dt.timedelta(seconds=1), dt.timedelta(hours=5), dt.timedelta(days=400)])
def test_a_clock_that_has_passed_is_marked_with_its_own_instant_however_late(late: dt.timedelta) -> None:
    dissent = World("camden").dissent_at("under_review")
    deadline = the_clock(dissent, "camden")
    assert deadline.due_at is not None
    moment = deadline.due_at + late + dt.timedelta(seconds=1)
    sweep(now=moment)
    deadline.refresh_from_db()
    assert deadline.state == DeadlineState.OPEN
    assert deadline.breached_at == deadline.due_at
    assert deadline.breach_detected_at == moment
    assert Case.objects.get(pk=dissent.case_id).overdue
    assert AuditEvent.objects.filter(type="clock.passed", case_id=dissent.case_id).count() == 1
    dissent = Dissent.objects.get(pk=dissent.pk)
    assert dissent.state == "under_review"


def test_after_a_long_outage_nobody_gets_stale_reminders_and_each_seat_hears_once_that_it_is_overdue() -> (
    None
):
    world = World("camden")
    deadline = the_clock(world.dissent_at("under_review"), "camden")
    sweep(now=at("2026-06-01"))
    assert [(kind, seat) for kind, _, seat in told_by(deadline)] == [
        ("overdue", "slot:reviewer"), ("overdue", "slot:second_tier"),
    ]  # fmt: skip


def test_after_an_outage_before_the_date_only_the_latest_reminder_goes_out() -> None:
    world = World("camden")
    deadline = the_clock(world.dissent_at("under_review"), "camden")
    sweep(now=at("2026-03-16", "12:00"))  # the day before: those of five and two days before have passed
    assert told_by(deadline) == [("remind", -2, "slot:reviewer")]
    assert not DeadlineEffect.objects.filter(deadline=deadline, kind="remind", fired_at__isnull=True).exists()


@pytest.mark.parametrize("slug", REVIEWED)
def test_a_clock_that_is_met_rests_and_what_it_had_in_the_outbox_is_not_sent(slug: str) -> None:
    world = World(slug)
    dissent = world.dissent_at("under_review")
    deadline = the_clock(dissent, slug)
    sweep(now=at("2026-03-16", "12:00"))
    waiting = Outbox.objects.filter(about=f"deadline:{deadline.pk}", state="pending")
    assert waiting.count() == 1
    first = next(o.id for t in (world.area.review.tiers if world.area.review else ()) for o in t.outcomes)
    world.answer(dissent, first if world.text != "afc" else "not_upheld", now=at("2026-03-16", "13:00"))
    deadline.refresh_from_db()
    assert (deadline.state, deadline.breached_at) == (DeadlineState.MET, None)
    assert not DeadlineEffect.objects.filter(
        deadline=deadline, fired_at__isnull=True, voided_at__isnull=True
    ).exists()
    assert set(Outbox.objects.filter(about=f"deadline:{deadline.pk}").values_list("state", flat=True)) == {
        "superseded"
    }
    before = Outbox.objects.filter(about=f"deadline:{deadline.pk}").count()
    sweep(now=at("2026-06-01"))
    assert Outbox.objects.filter(about=f"deadline:{deadline.pk}").count() == before


def test_a_clock_met_late_was_passed_and_met() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    world.answer(dissent, "not_upheld", now=at("2026-03-20"), late_reason="Snow.")
    deadline = the_clock(dissent, "camden")
    assert deadline.state == DeadlineState.MET
    assert deadline.breached_at == deadline.due_at
    assert not Case.objects.get(pk=dissent.case_id).overdue


def test_withdrawing_cancels_and_is_not_late() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    dissents.withdraw(
        dissent_id=dissent.pk, by=world.actor("police"), reason="Settled.", now=at("2026-03-20")
    )
    deadline = the_clock(dissent, "camden")
    assert (deadline.state, deadline.breached_at) == (DeadlineState.CANCELLED, None)
    sweep(now=at("2026-06-01"))
    assert not Outbox.objects.filter(kind="clock_overdue").exists()


def test_a_conference_that_ends_after_its_dissent_was_withdrawn_starts_nothing() -> None:
    world = World("kingston-richmond")
    dissent = world.dissent_at("recorded")
    dissents.withdraw(dissent_id=dissent.pk, by=world.actor("police"), reason="Settled.", now=ENDS)
    before = Outbox.objects.filter(case=dissent.case).count()
    world.end(dissent.conference)
    assert dissent.case.events.filter(name="conference_ended").exists()
    assert not Deadline.objects.filter(case=dissent.case).exists()
    assert Outbox.objects.filter(case=dissent.case).count() == before


def test_a_written_view_that_is_gone_on_without_is_not_waited_for_any_longer() -> None:
    world = World("kingston-richmond")
    dissent = world.dissent_at("awaiting_view")
    by = world.actor("reviewer")
    moment = at("2026-03-20")
    sweep(now=moment)
    dissents.remind_of_written_view(dissent_id=dissent.pk, by=by, now=moment)
    dissents.review_without_view(dissent_id=dissent.pk, by=by, reason="None came.", now=moment)
    clock = Deadline.objects.get(case=dissent.case, clock_id="written_view")
    assert clock.state == DeadlineState.CANCELLED
    assert not Case.objects.get(pk=dissent.case_id).overdue


def test_a_row_that_fails_by_itself_is_parked_and_stands_in_nobodys_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World("camden")
    first, second = world.dissent_at("under_review"), world.dissent_at("under_review", who="health")
    broken = the_clock(first, "camden")
    real = write_all

    def failing(events: list[Event], **kw: Any) -> object:
        if any(event.object_id == broken.pk for event in events):
            raise ValueError("broken")
        return real(events, **kw)

    monkeypatch.setattr("deadlines.actions.write_all", failing)
    moment = at("2026-03-20", "12:00")
    run = sweep(now=moment)
    assert run.failed == 1
    other = the_clock(second, "camden")
    assert other.breached_at == other.due_at
    broken.refresh_from_db()
    assert broken.breached_at is None
    parked = DeadlineEffect.objects.get(deadline=broken, kind=EffectKind.BREACH)
    assert broken.due_at is not None
    assert parked.parked_from == broken.due_at + dt.timedelta(seconds=1)
    assert (parked.fired_at, parked.attempts, parked.fire_at) == (None, 1, moment + dt.timedelta(hours=1))
    monkeypatch.undo()
    assert sweep(now=moment + dt.timedelta(hours=1)).failed == 0
    broken.refresh_from_db()
    assert broken.breached_at == broken.due_at


def test_a_database_that_is_gone_is_no_bad_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(now: dt.datetime, limit: int, *, held: bool) -> Batch:
        raise OperationalError("gone")

    monkeypatch.setattr("deadlines.actions._sweep_batch", gone)
    monkeypatch.setattr(connection, "is_usable", lambda: False)
    World("camden").dissent_at("under_review")
    with pytest.raises(OperationalError):
        sweep(now=at("2026-06-01"))


def test_the_sender_is_woken_once_for_all_facts_of_a_transaction(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    woken: list[int] = []
    world = World("kingston-richmond")
    conference = world.decided()
    world.recorded(conference)
    world.recorded(conference, who="health")
    monkeypatch.setattr(send_messages, "delay", lambda: woken.append(1))
    connection.run_on_commit = []  # what came before was another transaction's
    with django_capture_on_commit_callbacks(execute=True) as callbacks, transaction.atomic():
        world.end(conference)  # several facts in each of two cases
    assert woken == [1]
    assert len(callbacks) == 1


def test_facts_of_two_transactions_wake_it_twice(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    woken: list[int] = []
    monkeypatch.setattr(send_messages, "delay", lambda: woken.append(1))
    world = World("camden")
    conference = world.decided()
    for who in ("police", "health"):
        connection.run_on_commit = []
        with django_capture_on_commit_callbacks(execute=True):
            world.recorded(conference, who=who)
    assert woken == [1, 1]


def test_effects_past_the_known_calendar_leave_out_the_reminder_and_keep_the_alert() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    deadline = the_clock(dissent, "camden")
    clock = world.area.clock("decision")
    calendar = calendar_for(world.partnership.pk, world.area.nation)
    assert clock is not None
    deadline.due_at = end_of_day(calendar.last).astimezone(dt.UTC)
    kinds = {(effect.kind, effect.occurrence) for effect in effects_of(deadline, clock, calendar, LATER)}
    assert (EffectKind.BREACH, 0) in kinds
    assert (EffectKind.OVERDUE, 0) in kinds
    assert (EffectKind.OVERDUE, 1) not in kinds


def test_the_heartbeat_of_a_month_is_kept_and_the_first_and_last_of_all() -> None:
    SweepRun.objects.all().delete()
    days = [90, 60, 31, 30, 29, 1]
    rows = [
        SweepRun.objects.create(started_at=moment, db_now=moment)
        for moment in (LATER - dt.timedelta(days=day) for day in days)
    ]
    assert trim_sweep_runs(now=LATER) == 2
    assert list(SweepRun.objects.order_by("pk")) == [rows[0], *rows[3:]]
    assert trim_sweep_runs(now=LATER) == 0
    # Nothing has swept for years: that it last did is still known.
    assert trim_sweep_runs(now=LATER + dt.timedelta(days=4000)) == 2
    assert list(SweepRun.objects.order_by("pk")) == [rows[0], rows[-1]]
