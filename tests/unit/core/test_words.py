"""Words for dates, numbers and people."""

import datetime as dt
from types import SimpleNamespace

import pytest

from core.templatetags import pd

SUMMER = dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC)  # half past eleven in London
WINTER = dt.datetime(2025, 12, 5, 14, 5, tzinfo=dt.UTC)


def test_day_date_is_the_day_in_london():
    assert pd.day_date(WINTER) == "Friday 5 December 2025"
    assert pd.day_date(dt.datetime(2026, 7, 1, 23, 30, tzinfo=dt.UTC)) == "Thursday 2 July 2026"
    assert pd.day_date(dt.date(2026, 2, 28)) == "Saturday 28 February 2026"
    assert pd.day_date(None) == ""
    assert pd.short_date(WINTER) == "Fri 5 Dec 2025"
    assert pd.short_date(None) == ""


def test_day_time_is_read_from_a_clock_in_london():
    assert pd.day_time(WINTER) == "Friday 5 December 2025 at 2:05pm"
    assert pd.day_time(SUMMER) == "Wednesday 1 July 2026 at 11:30pm"
    assert pd.day_time(None) == ""


@pytest.mark.parametrize(
    ("hour", "minute", "words"),
    [
        (0, 0, "midnight"),
        (0, 5, "12:05am"),
        (9, 0, "9am"),
        (12, 0, "midday"),
        (12, 30, "12:30pm"),
        (23, 59, "11:59pm"),
    ],
)
def test_clock_time(hour, minute, words):
    assert pd.clock_time(dt.time(hour, minute)) == words


def test_clock_time_of_nothing():
    assert pd.clock_time(None) == ""


def test_iso_keeps_the_offset():
    assert pd.iso(SUMMER) == "2026-07-01T23:30:00+01:00"
    assert pd.iso(dt.date(2026, 7, 1)) == "2026-07-01"
    assert pd.iso(None) == ""


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (3, "3 working days left"),
        (1, "1 working day left"),
        (0, "Due today"),
        (-1, "1 working day overdue"),
        (-12, "12 working days overdue"),
        (None, ""),
    ],
)
def test_working_days_left(days, words):
    assert pd.working_days_left(days) == words


def test_plural():
    assert pd.plural(1, "dissent") == "1 dissent"
    assert pd.plural(0, "dissent") == "0 dissents"
    assert pd.plural(1200, "child,children") == "1,200 children"


@pytest.mark.parametrize(
    ("child", "words"),
    [
        ({"initials": "T.M.", "age": 4}, "T.M. (4)"),
        ({"initials": "T.M.", "age": 0}, "T.M. (under 1)"),
        ({"initials": "B.M.", "age": None, "unborn": True}, "B.M. (unborn)"),
        (SimpleNamespace(initials="T.M.", age=None), "T.M."),
        (SimpleNamespace(initials=lambda: "T.M.", age=lambda: 7), "T.M. (7)"),
        (None, ""),
    ],
)
def test_a_child_is_initials_and_age(child, words):
    assert pd.initials_age(child) == words


def test_children_in_one_phrase():
    one, two, three = ({"initials": name, "age": 2} for name in ("A.B.", "C.D.", "E.F."))
    assert pd.children_words([one, two, three]) == "A.B. (2), C.D. (2) and E.F. (2)"
    assert pd.children_words([one]) == "A.B. (2)"
    assert pd.children_words([]) == ""


def test_each_status_has_its_colour():
    assert pd.status_colour("Overdue") == "red"
    assert pd.status_colour("Withdrawn") == "grey"
    assert pd.status_colour("Quorate: 5 agencies", "green") == "green"
    assert pd.status_colour("Overdue", "no colour of ours") == "red"
    assert pd.status_colour("Something else") == "blue"
    assert set(pd.STATUS_COLOURS.values()) <= pd.COLOURS


def test_length_of_a_bar():
    assert pd.percentage(8, 12) == "66.7%"
    assert pd.percentage(0, 0) == "0%"


def test_the_address_of_a_file_changes_with_its_content():
    address = pd.asset("images/mark.svg")
    assert address.split("?")[0].endswith("static/images/mark.svg")
    assert len(address.split("?v=")[1]) == 10
    assert pd.asset("images/no-such-file.svg").endswith("static/images/no-such-file.svg")
