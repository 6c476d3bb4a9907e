"""The calendar against an independent slow count, day by day, over 2018 to 2028 and all three nations."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import holidays as published
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import Calendar, CalendarHorizon, library
from protocols.calendar import end_of_day, is_late, long_moment
from protocols.holidays import NATIONS, calendar_for, holiday_list, with_closures

LONDON = ZoneInfo("Europe/London")
FIRST, LAST = date(2018, 1, 1), date(2028, 12, 31)
SUBDIVISIONS = {"england-and-wales": "ENG", "scotland": "SCT", "northern-ireland": "NIR"}
PROCLAIMED = date(2026, 6, 15)
YEARS = range(2018, 2029)
OFF = {
    nation: {*published.country_holidays("GB", subdiv=code, years=YEARS)}
    | ({PROCLAIMED} if nation == "scotland" else set())
    for nation, code in SUBDIVISIONS.items()
}

nations = st.sampled_from(NATIONS)
days = st.dates(date(2018, 1, 10), date(2028, 10, 31))
moments = st.datetimes(datetime(2018, 1, 10), datetime(2028, 10, 31), timezones=st.just(UTC))  # noqa: DTZ001


def slow_add(nation: str, start: date, amount: int) -> date:
    """The oracle: walk one day at a time. It shares nothing with the calendar but the question."""
    day, left = start, amount
    step = timedelta(days=1 if amount > 0 else -1)
    while left:
        day += step
        if day.isoweekday() <= 5 and day not in OFF[nation]:
            left -= 1 if amount > 0 else -1
    return day


@given(nations, days, st.integers(-8, 40))
@settings(max_examples=600, deadline=None)
def test_adding_agrees_with_walking_day_by_day(nation, day, amount):
    assert calendar_for(nation).add_working_days(day, amount) == slow_add(nation, day, amount)


@pytest.mark.parametrize("nation", NATIONS)
def test_every_day_of_every_year_agrees_with_walking(nation):
    calendar = calendar_for(nation)
    day = FIRST
    while day < date(2028, 11, 30):
        assert calendar.add_working_days(day, 10) == slow_add(nation, day, 10)
        day += timedelta(days=1)


@given(nations, days, st.integers(1, 40))
@settings(deadline=None)
def test_a_limit_in_working_days_ends_on_a_working_day(nation, day, amount):
    calendar = calendar_for(nation)
    assert calendar.is_working_day(calendar.add_working_days(day, amount))


@given(nations, days, days, st.integers(1, 30))
@settings(deadline=None)
def test_a_later_start_never_ends_earlier(nation, one, other, amount):
    calendar = calendar_for(nation)
    early, late = sorted((one, other))
    assert calendar.add_working_days(early, amount) <= calendar.add_working_days(late, amount)


@given(nations, days, st.integers(0, 40))
@settings(deadline=None)
def test_counting_undoes_adding(nation, day, amount):
    calendar = calendar_for(nation)
    assert calendar.working_days_between(day, calendar.add_working_days(day, amount)) == amount


@given(nations, days, st.integers(1, 20), st.integers(1, 20))
@settings(deadline=None)
def test_adding_twice_is_adding_the_sum(nation, day, one, other):
    calendar = calendar_for(nation)
    twice = calendar.add_working_days(calendar.add_working_days(day, one), other)
    assert twice == calendar.add_working_days(day, one + other)


@given(nations, days, st.integers(1, 40))
@settings(deadline=None)
def test_going_back_from_a_working_day_undoes_going_on(nation, day, amount):
    calendar = calendar_for(nation)
    start = calendar.add_working_days(day, 1)
    assert calendar.add_working_days(calendar.add_working_days(start, amount), -amount) == start


@given(nations, moments, st.integers(1, 40))
@settings(deadline=None)
def test_the_explanation_accounts_for_every_day(nation, moment, amount):
    due = calendar_for(nation).add(amount, "working_days", moment)
    passed = {due.anchor_day + timedelta(days=n) for n in range(1, (due.day - due.anchor_day).days + 1)}
    assert len(due.counted) == amount
    assert passed == {*due.counted, *(day for day, _ in due.skipped)}
    assert due.counted[-1] == due.day
    for day, why in due.skipped:
        assert (why == "weekend") == (day.isoweekday() > 5)


@given(moments, st.integers(1, 200))
@settings(deadline=None)
def test_clock_hours_are_elapsed_time_through_both_clock_changes(moment, hours):
    due = calendar_for("scotland").add(hours, "clock_hours", moment)
    assert due.due_at - moment == timedelta(hours=hours)
    assert due.local == due.due_at and due.local.tzinfo == LONDON


@given(moments, st.integers(1, 60))
@settings(deadline=None)
def test_calendar_days_count_every_day_and_do_not_roll(moment, amount):
    due = calendar_for("england-and-wales").add(amount, "calendar_days", moment)
    assert due.day == moment.astimezone(LONDON).date() + timedelta(days=amount)
    assert (due.local.hour, due.local.minute, due.local.second) == (23, 59, 59)
    assert due.skipped == ()


@given(
    nations, moments, st.sampled_from(["clock_hours", "working_days", "calendar_days"]), st.integers(1, 30)
)
@settings(deadline=None)
def test_progress_agrees_with_the_date_it_explains(nation, moment, unit, amount):
    calendar = calendar_for(nation)
    due = calendar.add(amount, unit, moment)
    at_start, at_end = calendar.progress(due, moment), calendar.progress(due, due.due_at)
    assert (at_start.day, at_start.of, at_start.left) == (0, amount, amount)
    assert (at_end.day, at_end.left, at_end.late) == (amount, 0, False)
    after = calendar.progress(due, due.due_at + timedelta(seconds=1))
    assert after.late and after.left == 0


@pytest.mark.parametrize("nation", NATIONS)
def test_the_stored_list_is_the_published_one_and_one_day_by_proclamation(nation):
    ours = {day for day in holiday_list().of(nation) if day.weekday() < 5}
    theirs = {day for day in OFF[nation] if day.weekday() < 5}
    assert ours - {PROCLAIMED} == theirs - {PROCLAIMED}
    assert (PROCLAIMED in ours) == (nation == "scotland")


def test_each_row_says_where_it_is_from_and_the_list_says_which_years_it_covers():
    known = holiday_list()
    assert (known.first, known.last) == (FIRST, LAST)
    assert all(row.source and row.title for row in known.rows)
    proclaimed = next(row for row in known.rows if row.day == PROCLAIMED)
    assert "proclamation" in proclaimed.source
    assert known.version.startswith("govuk-bank-holidays ")


def test_a_closure_day_is_not_counted_and_says_why():
    closed = with_closures("scotland", {date(2026, 4, 6): "Council closed on Easter Monday"})
    anchor = datetime(2026, 4, 2, 15, tzinfo=LONDON)
    assert calendar_for("scotland").add(1, "working_days", anchor).day == date(2026, 4, 6)
    due = closed.add(1, "working_days", anchor)
    assert due.day == date(2026, 4, 7)
    assert due.skipped[-1] == (date(2026, 4, 6), "Council closed on Easter Monday (local closure)")


def test_outside_the_known_years_it_refuses_with_a_sentence():
    calendar = calendar_for("england-and-wales")
    for day, amount in (
        (date(2028, 12, 28), 5),
        (date(2029, 1, 2), 1),
        (date(2017, 12, 29), 1),
        (FIRST, -1),
        (date(2030, 1, 1), 0),
    ):
        with pytest.raises(
            CalendarHorizon, match="Bank holidays for England and Wales are known from 2018-01-01"
        ):
            calendar.add_working_days(day, amount)
    with pytest.raises(CalendarHorizon):
        calendar.working_days_between(date(2028, 1, 1), date(2029, 1, 1))
    with pytest.raises(CalendarHorizon):
        calendar.is_working_day(date(2029, 1, 1))
    far = datetime(9999, 12, 31, 12, tzinfo=UTC)
    for unit in ("clock_hours", "calendar_days"):
        with pytest.raises(CalendarHorizon, match="ends outside the years"):
            calendar.add(72, unit, far)
    assert calendar.covers(LAST) and not calendar.covers(date(2029, 1, 1))


def test_hours_and_calendar_days_need_no_holidays_beyond_the_known_years():
    calendar = calendar_for("england-and-wales")
    anchor = datetime(2031, 5, 1, 12, tzinfo=LONDON)
    assert calendar.add(72, "clock_hours", anchor).local == datetime(2031, 5, 4, 12, tzinfo=LONDON)
    assert calendar.add(14, "calendar_days", anchor).day == date(2031, 5, 15)


def test_an_anchor_is_taken_as_its_london_day():
    calendar = calendar_for("england-and-wales")
    late_utc = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)  # half past midnight on 2 July in London
    assert calendar.add(1, "calendar_days", late_utc).day == date(2026, 7, 3)
    elsewhere = datetime(2026, 7, 2, 9, tzinfo=timezone(timedelta(hours=10)))  # midnight in London
    assert calendar.add(1, "working_days", elsewhere).anchor_day == date(2026, 7, 2)
    with pytest.raises(ValueError, match="time zone"):
        calendar.add(1, "working_days", datetime(2026, 7, 2, 9))  # noqa: DTZ001


def test_a_unit_without_an_amount_is_a_fault():
    with pytest.raises(ValueError, match="has an amount"):
        calendar_for("scotland").add(None, "working_days", datetime(2026, 7, 2, 9, tzinfo=UTC))
    with pytest.raises(ValueError, match="ends on or after"):
        Calendar("scotland", {}, {}, LAST, FIRST)


def test_a_clock_without_a_number_shows_the_days_that_have_passed():
    calendar = calendar_for("england-and-wales")
    anchor = datetime(2026, 4, 2, 15, tzinfo=LONDON)
    due = calendar.add(None, "none", anchor)
    assert due.due_at is due.day is None
    progress = calendar.progress(due, datetime(2026, 4, 8, 9, tzinfo=LONDON))
    assert (progress.day, progress.of, progress.left, progress.late) == (6, None, None, False)
    assert progress.sentence == "Day 6. The protocol sets no fixed limit."
    assert "no due date" in due.explanation()[1]


def test_progress_says_day_7_of_10_and_how_many_are_left():
    calendar = calendar_for("england-and-wales")
    due = calendar.add(10, "working_days", datetime(2026, 4, 2, 15, tzinfo=LONDON))
    at = datetime(2026, 4, 15, 9, tzinfo=LONDON)
    assert calendar.progress(due, at).sentence == "Day 7 of 10: 3 working days left."
    on_the_day = datetime(2026, 4, 20, 23, 59, 59, 999999, tzinfo=LONDON)
    assert calendar.progress(due, on_the_day).sentence == "Day 10 of 10: it ends today."
    assert (
        calendar.progress(due, datetime(2026, 4, 21, tzinfo=LONDON)).sentence
        == "Day 11: the limit was day 10."
    )
    beyond = calendar.progress(due, datetime(2029, 4, 21, tzinfo=LONDON))
    assert beyond.late and beyond.sentence == "The limit was the end of Monday 20 April 2026."


def test_progress_of_hours():
    calendar = calendar_for("england-and-wales")
    anchor = datetime(2026, 4, 2, 15, tzinfo=LONDON)
    due = calendar.add(72, "clock_hours", anchor)
    assert calendar.progress(due, anchor + timedelta(hours=70)).sentence == "Hour 70 of 72. 2 hours left."
    assert (
        calendar.progress(due, anchor + timedelta(hours=73)).sentence
        == "Hour 73 of 72. The limit has passed."
    )


def test_progress_of_hours_is_elapsed_time_when_the_clocks_change():
    calendar = calendar_for("england-and-wales")
    due = calendar.add(72, "clock_hours", datetime(2026, 3, 27, 15, tzinfo=LONDON))
    assert (
        calendar.progress(due, datetime(2026, 3, 30, 15, tzinfo=LONDON)).sentence
        == "Hour 71 of 72. 1 hour left."
    )
    assert not calendar.progress(due, datetime(2026, 3, 30, 16, tzinfo=LONDON)).late


def test_the_last_second_is_in_time_and_the_next_one_late():
    due = end_of_day(date(2026, 4, 20))
    assert not is_late(due, due + timedelta(microseconds=999999))
    assert is_late(due, due + timedelta(seconds=1))


def test_the_least_of_several_dates_holds_and_each_is_kept():
    clock = library().latest("east-sussex").clock("discussion")
    calendar = calendar_for("england-and-wales")
    anchor = datetime(2026, 4, 2, 15, tzinfo=LONDON)
    plain = calendar.due(clock, anchor)
    assert (plain.day, plain.bound) == (date(2026, 4, 13), "amount")
    later = calendar.due(clock, anchor, agreed_date=date(2026, 4, 30))
    assert (later.day, later.bound) == (date(2026, 4, 13), "amount")
    assert ("agreed_date", date(2026, 4, 30)) in later.limits
    least = calendar.due(clock, anchor, agreed_date=date(2026, 4, 9), protect_by_date=date(2026, 4, 8))
    assert (least.day, least.bound) == (date(2026, 4, 8), "protect_by_date")
    assert least.counted == (date(2026, 4, 7), date(2026, 4, 8))
    assert least.sentence == (
        "By the end of Wednesday 8 April 2026: the date by which the child must be protected comes first."
    )
    told = least.explanation()
    assert "The date agreed is Thursday 9 April 2026." in told
    assert "The earliest of these dates is the limit." in told


def test_the_explanation_of_days_and_of_hours():
    camden, sussex = library().latest("camden"), library().latest("west-sussex")
    calendar = calendar_for("england-and-wales")
    anchor = datetime(2026, 4, 2, 15, tzinfo=LONDON)
    due = calendar.due(camden.clock("decision"), anchor)
    assert due.sentence == "By the end of Monday 20 April 2026: 10 working days after Thursday 2 April 2026."
    told = due.explanation()
    assert told[0] == "Day 0 is Thursday 2 April 2026, the day it started."
    assert told[2] == "Friday 3 April 2026 is not counted: Good Friday (bank holiday)."
    assert told[6] == "Tuesday 7 April 2026 is day 1 of 10."
    assert told[-1] == "It ends at 23:59:59 on Monday 20 April 2026."
    hours = calendar.due(sussex.clock("raise"), anchor)
    assert hours.sentence == ("72 hours from Thursday 2 April 2026 at 15:00: Sunday 5 April 2026 at 15:00.")
    assert len(hours.explanation()) == 3
    spring = calendar.due(sussex.clock("raise"), datetime(2026, 3, 27, 15, tzinfo=LONDON)).explanation()
    autumn = calendar.due(sussex.clock("raise"), datetime(2026, 10, 23, 15, tzinfo=LONDON)).explanation()
    assert "forward" in spring[2] and "back" in autumn[2]
    none = calendar.due(sussex.clock("tell_line_manager"), anchor)
    assert none.sentence == "No fixed limit in the protocol: elapsed time only."
    fortnight = calendar_for("scotland").add(14, "calendar_days", anchor).explanation()
    assert "every day counts" in fortnight[1]
    assert long_moment(datetime(2026, 4, 2, 15, 0, 7, tzinfo=LONDON)) == "Thursday 2 April 2026 at 15:00:07"
