"""A clock that may be wrong sends nothing that cannot be taken back, and loses nothing while it is looked at."""

import datetime as dt
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from audit.models import AuditEvent
from audit.selectors import verify
from core.clock import edge_now
from deadlines import actions
from deadlines.actions import sweep
from deadlines.models import ClockHold, Deadline, DeadlineEffect, SweepRun
from notifications.models import Outbox
from tests.builders import World, at

pytestmark = pytest.mark.django_db

BEFORE = at("2026-03-09", "10:00")
PASSED = at("2026-03-18", "12:00")  # the decision was due on the 17th
MINUTE = dt.timedelta(minutes=1)


class Clock:
    """PostgreSQL's clock as the test sets it; this machine's is right unless it says otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shows = BEFORE
        monkeypatch.setattr(actions, "database_now", lambda: self.shows)

    def sweep(self, shows: dt.datetime, host: dt.datetime | None = None) -> SweepRun:
        self.shows = shows
        return sweep(host_now=host or shows)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def overdue() -> list[str]:
    return sorted(Outbox.objects.filter(kind="clock_overdue").values_list("seat", flat=True))


def the_clock() -> Deadline:
    return Deadline.objects.get(clock_id="decision")


def test_after_a_jump_ahead_nothing_says_that_a_date_has_passed_until_both_clocks_agreed_twice(
    clock: Clock,
) -> None:
    world = World("camden")
    world.dissent_at("under_review")
    assert not clock.sweep(BEFORE).held
    first = clock.sweep(PASSED)
    assert (first.held, overdue(), the_clock().breached_at) == (True, [], None)
    assert clock.sweep(PASSED + 4 * MINUTE).held
    assert overdue() == []
    released = clock.sweep(PASSED + 5 * MINUTE)
    assert not released.held
    assert overdue() == ["slot:reviewer", "slot:second_tier"]
    assert the_clock().breached_at == the_clock().due_at
    hold = ClockHold.objects.get()
    assert (hold.why, hold.release, hold.last_seen) == ("ahead", "agreement", BEFORE)
    types = AuditEvent.objects.filter(partnership_id=0, type__startswith="service.").order_by("seq")
    assert [event.type for event in types] == ["service.clock_held", "service.clock_released"]
    assert verify(0) is None


def test_a_clock_that_this_machines_does_not_agree_with_stays_in_doubt(clock: Clock) -> None:
    World("camden").dissent_at("under_review")
    clock.sweep(BEFORE)
    for minutes in range(0, 60, 5):
        assert clock.sweep(PASSED + minutes * MINUTE, host=BEFORE + minutes * MINUTE).held
    assert overdue() == []


def test_the_two_looks_must_follow_each_other(clock: Clock) -> None:
    World("camden").dissent_at("under_review")
    clock.sweep(BEFORE)
    assert clock.sweep(PASSED).held
    assert clock.sweep(PASSED + 3 * MINUTE, host=BEFORE).held
    assert clock.sweep(PASSED + 6 * MINUTE).held  # the first look again
    assert clock.sweep(PASSED + 10 * MINUTE).held
    assert not clock.sweep(PASSED + 11 * MINUTE).held


@pytest.mark.parametrize(
    ("step", "held"),
    [
        (dt.timedelta(hours=6), False),
        (dt.timedelta(hours=6, seconds=1), True),
        (dt.timedelta(seconds=-60), False),
        (dt.timedelta(seconds=-61), True),
        (dt.timedelta(hours=1), False),  # the clocks go forward in the zone, not in UTC; an hour is no matter
    ],
)
def test_how_far_a_clock_may_go_between_two_sweeps(clock: Clock, step: dt.timedelta, held: bool) -> None:
    clock.sweep(BEFORE)
    assert clock.sweep(BEFORE + step).held is held


def test_reminders_of_dates_to_come_go_on_and_those_that_a_wrong_clock_passes_over_are_not_lost(
    clock: Clock,
) -> None:
    World("camden").dissent_at("under_review")
    clock.sweep(BEFORE)
    wrong = at("2027-03-10", "10:00")
    assert clock.sweep(wrong).found == 0
    assert not DeadlineEffect.objects.filter(fired_at=wrong).exists()
    right = at("2026-03-13", "10:00")
    assert clock.sweep(right).held  # still in doubt; what the right clock says is due goes out
    assert list(Outbox.objects.filter(kind="clock_remind").values_list("params__days", flat=True)) == [-2]


def test_after_an_outage_of_two_weeks_everything_is_done_once_within_ten_minutes_and_says_that_it_was_late(
    clock: Clock,
) -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    clock.sweep(BEFORE)
    back = BEFORE + dt.timedelta(days=14)
    late = 0
    for minute in range(11):
        late += clock.sweep(back + minute * MINUTE).late
    assert late > 0
    assert overdue() == ["slot:reviewer", "slot:second_tier"]
    assert not Outbox.objects.filter(kind__in=["clock_remind", "clock_due"]).exists()
    assert not DeadlineEffect.objects.filter(
        fire_at__lte=back, fired_at__isnull=True, voided_at__isnull=True
    ).exists()
    event = AuditEvent.objects.get(case_id=dissent.case_id, type="clock.passed")
    assert event.detail["due"][:10] == "2026-03-17"
    assert event.detail["late"][:10] == "2026-03-23"
    message = Outbox.objects.filter(kind="clock_overdue").first()
    assert message is not None
    assert message.not_before < message.created_at - dt.timedelta(
        days=5
    )  # its own time, and when it was laid out


def test_what_is_done_in_its_time_does_not_say_that_it_was_late() -> None:
    World("camden").dissent_at("under_review")
    due = the_clock().due_at
    assert due is not None
    sweep(now=at("2026-03-17", "10:00"))
    assert sweep(now=due + dt.timedelta(seconds=2)).late == 0
    assert "late" not in AuditEvent.objects.get(type="clock.passed").detail


def test_two_sweepers_that_find_it_at_once_make_one_hold(clock: Clock) -> None:
    clock.sweep(BEFORE)
    last = SweepRun.objects.latest("pk").db_now
    for _ in range(2):
        assert actions._held(None, last, PASSED, PASSED)
    assert ClockHold.objects.count() == 1
    assert AuditEvent.objects.filter(type="service.clock_held").count() == 1


def test_an_operator_looks_and_releases_it(clock: Clock) -> None:
    World("camden").dissent_at("under_review")
    clock.sweep(BEFORE)
    clock.sweep(PASSED)
    said = StringIO()
    call_command("clock_guard", stdout=said)
    assert "Held since 2026-03-18 12:00:00" in said.getvalue()
    assert ClockHold.objects.filter(released_at__isnull=True).exists()
    call_command("clock_guard", release=True, stdout=said)
    assert "Released." in said.getvalue()
    event = AuditEvent.objects.get(type="service.clock_released")
    assert (event.actor_kind, event.detail) == ("operator", {"how": "operator"})
    assert not clock.sweep(PASSED + MINUTE).held
    assert overdue() == ["slot:reviewer", "slot:second_tier"]


def test_there_is_nothing_to_release_when_nothing_is_held() -> None:
    said: Any = StringIO()
    call_command("clock_guard", stdout=said)
    assert "Nothing is held." in said.getvalue()
    with pytest.raises(CommandError, match="not in doubt"):
        call_command("clock_guard", release=True, stdout=said)


def test_the_real_clocks_of_this_machine_are_believed() -> None:
    assert not sweep(host_now=edge_now()).held
    assert not sweep(host_now=edge_now()).held
    assert SweepRun.objects.count() == 1  # the second, so soon after, was idle
