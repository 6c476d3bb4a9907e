"""Typed moments: naive is Europe/London, an offset is respected, the gap is refused, the repeat is the earlier."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import BadTime, NonexistentTime, parse_local
from protocols.clocktime import in_london, parse_day


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-04-02T15:00", "2026-04-02T15:00:00+01:00"),
        (" 2026-01-02 15:00:30 ", "2026-01-02T15:00:30+00:00"),
        ("2026-04-02T15:00+00:00", "2026-04-02T16:00:00+01:00"),
        ("2026-04-02T15:00Z", "2026-04-02T16:00:00+01:00"),
        ("2026-10-25T01:30", "2026-10-25T01:30:00+01:00"),
        ("2026-10-25T01:30+00:00", "2026-10-25T01:30:00+00:00"),
        ("2026-03-29T02:00", "2026-03-29T02:00:00+01:00"),
        ("2026-03-29T00:59:59", "2026-03-29T00:59:59+00:00"),
    ],
)
def test_a_moment_is_read_as_london_time(text, iso):
    assert parse_local(text).isoformat() == iso


@pytest.mark.parametrize("text", ["2026-03-29T01:00", "2026-03-29T01:59:59.999", "2018-03-25T01:30"])
def test_a_time_that_the_clocks_skipped_is_refused(text):
    with pytest.raises(NonexistentTime, match="does not exist"):
        parse_local(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "2026-02-30T10:00",
        "2026-04-02",
        "20260402",
        "2026-04-02T25:00",
        "99999-04-02T10:00",
        "0000-01-01T00:00",
        "0001-01-01T00:00+14:00",
        "9999-12-31T23:59-14:00",
        "9" * 100,
        None,
        5,
        [],
    ],
)
def test_what_is_no_moment_is_refused_with_a_sentence(text):
    with pytest.raises(BadTime, match=r"\.$"):
        parse_local(text)


@given(st.datetimes(datetime(2018, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_what_is_written_out_is_read_back(moment):
    assert parse_local(moment.isoformat()) == moment


@given(st.datetimes(datetime(2018, 1, 1), datetime(2028, 12, 31)))  # noqa: DTZ001
def test_a_local_time_is_kept_or_refused_never_moved(naive):
    try:
        local = in_london(naive)
    except NonexistentTime:
        assert naive.month in (3, 4) and naive.hour == 1
    else:
        assert local.replace(tzinfo=None) == naive
        assert local.utcoffset() in (timedelta(), timedelta(hours=1))


def test_days():
    assert parse_day(" 2026-04-02 ") == date(2026, 4, 2)
    for bad in ("2026-02-30", "soon", None, 7):
        with pytest.raises(BadTime):
            parse_day(bad)
