"""The table of worked dates, run through real conferences and their clocks, and through the timeline beside them.

Each row: when the conference ends, and on a clock in London when each of its dates is over. The first three clocks of a
row count in England and Wales, the last two in Scotland.
"""

import datetime as dt
from dataclasses import dataclass

import pytest

from audit.models import AuditEvent
from core.clock import LONDON, london
from deadlines.actions import recount_clocks
from dissent import actions as dissents
from dissent.models import Dissent
from partnerships.actions import load_bank_holidays
from partnerships.models import BankHoliday, HolidayList, SlotHolder
from partnerships.selectors import calendar_for
from protocols import timeline
from tests.builders import World, at
from tests.rules.expect import clock, mailed, record, refused

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    ends: str
    written_view: str  # AFC, 5 working days
    decision: str  # CAM and SUS, 10 working days
    latest_answer: str  # AFC, 5 and then 10 working days
    hours_72: str  # SUS
    latest_reconvene: str  # SUS, and CAM where the head of service decides on the last day
    to_head_of_service: str  # WDC, 1 Scottish working day
    review: str  # WDC, 14 days


TABLE = (
    Row("2026-04-02", "2026-04-13", "2026-04-20", "2026-04-27", "2026-04-05 15:00", "2026-05-12", "2026-04-06", "2026-04-20"),
    Row("2026-03-27", "2026-04-07", "2026-04-14", "2026-04-21", "2026-03-30 16:00", "2026-05-06", "2026-03-30", "2026-04-13"),
    Row("2026-10-23", "2026-10-30", "2026-11-06", "2026-11-13", "2026-10-26 14:00", "2026-11-27", "2026-10-26", "2026-11-09"),
    Row("2026-12-23", "2027-01-04", "2027-01-11", "2027-01-18", "2026-12-26 15:00", "2027-02-01", "2026-12-24", "2027-01-07"),
    Row("2026-06-12", "2026-06-19", "2026-06-26", "2026-07-03", "2026-06-15 15:00", "2026-07-17", "2026-06-16", "2026-06-30"),
)  # fmt: skip
each_row = pytest.mark.parametrize("row", TABLE, ids=[row.ends for row in TABLE])


def end_of(day: str) -> dt.datetime:
    """The last second of a day in London."""
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(23, 59, 59), tzinfo=LONDON)


def shown(dissent: Dissent, clock_id: str) -> dt.datetime:
    due_at = clock(dissent, clock_id).due_at
    assert due_at is not None
    return london(due_at)


def held(w: World, row: Row) -> Dissent:
    """A dissent from a conference that ended at three in the afternoon."""
    conference = w.decided(starts_at=at(row.ends, "13:00"))
    dissent = w.recorded(conference)
    w.end(conference, at(row.ends, "15:00"))
    return w.fresh(dissent)


def nobody_reviews(w: World) -> None:
    """The post of the head of service is empty, so that a dissent stays with the chair to be passed on."""
    SlotHolder.objects.filter(slot__partnership=w.partnership, slot__key="reviewer").delete()


def in_timeline(w: World, rule: str, **events: dt.datetime) -> dt.datetime | None:
    """What the timeline says of the same clock, from the events alone."""
    given = timeline.read_given(w.area, {name: when.isoformat() for name, when in events.items()})
    calendar = calendar_for(w.partnership.pk, w.area.nation)
    return next(c.due_at for c in timeline.clocks_for(w.area, given, calendar) if c.rule == rule)


@each_row
@pytest.mark.parametrize("slug", ["kingston-richmond", "windsor-maidenhead"])
def test_achieving_for_children(slug: str, row: Row) -> None:
    w = World(slug)
    dissent = held(w, row)
    assert shown(dissent, "written_view") == end_of(row.written_view)
    w.send_view(dissent, now=end_of(row.written_view))
    assert shown(dissent, "answer") == end_of(row.latest_answer)
    assert in_timeline(w, "AFC-16", conference_ended=at(row.ends, "15:00")) == end_of(row.written_view)
    assert in_timeline(w, "AFC-18", rationale_received=end_of(row.written_view)) == end_of(row.latest_answer)


@each_row
def test_camden(row: Row) -> None:
    w = World("camden")
    dissent = held(w, row)
    assert shown(dissent, "decision") == end_of(row.decision)
    last = end_of(row.decision)
    w.answer(dissent, "upheld", now=last)
    w.answer(dissent, "reconvene", by="second", now=last)
    assert shown(dissent, "reconvened") == end_of(row.latest_reconvene)
    assert in_timeline(w, "CAM-11", conference_ended=at(row.ends, "15:00")) == end_of(row.decision)
    assert in_timeline(w, "CAM-14", reconvene_decided=last) == end_of(row.latest_reconvene)


@each_row
@pytest.mark.parametrize("slug", ["brighton-hove", "east-sussex", "west-sussex"])
def test_pan_sussex(slug: str, row: Row) -> None:
    w = World(slug)
    dissent = held(w, row)
    hours_72 = at(*row.hours_72.split())
    assert shown(dissent, "raise") == hours_72
    assert shown(dissent, "decision") == end_of(row.decision)
    assert in_timeline(w, "SUS-20", conference_ended=at(row.ends, "15:00")) == hours_72
    assert in_timeline(w, "SUS-29", conference_ended=at(row.ends, "15:00")) == end_of(row.decision)

    with refused("SUS-20", says="72 hours later", route="Open an escalation"):
        record(w, dissent.conference, "health", expressed_at=hours_72 + dt.timedelta(seconds=1))
    last_moment = record(w, dissent.conference, "health", expressed_at=hours_72)
    assert shown(last_moment, "decision") == end_of(row.decision), "it does not move"

    last = end_of(row.decision)
    w.answer(dissent, "upheld_and_reconvened", now=last)
    assert shown(dissent, "reconvened") == end_of(row.latest_reconvene)
    assert in_timeline(w, "SUS-30", decision_made=last) == end_of(row.latest_reconvene)


@each_row
def test_west_dunbartonshire(row: Row) -> None:
    w = World("west-dunbartonshire")
    dissent = held(w, row)
    assert shown(dissent, "pass_on") == end_of(row.to_head_of_service)
    assert in_timeline(w, "WDC-12", dissent_acknowledged=at(row.ends, "15:00")) == end_of(
        row.to_head_of_service
    )

    # The table takes it as passed on by hand, on the last permitted day.
    nobody_reviews(w)
    conference = w.decided(starts_at=at(row.ends, "09:00"))
    by_hand = w.recorded(conference)
    w.end(conference)
    last = end_of(row.to_head_of_service)
    w.fill("reviewer", "reviewer", starts_on=last.date())
    dissents.pass_to_reviewer(dissent_id=by_hand.pk, by=w.actor("chair", last), now=last)
    assert shown(by_hand, "review") == end_of(row.review)
    assert in_timeline(w, "WDC-13", reviewer_notified=last) == end_of(row.review)


@each_row
def test_hampshire_and_its_neighbours_have_no_date(row: Row) -> None:
    w = World("southampton")
    dissent = held(w, row)
    assert not dissent.case.deadlines.filter(due_at__isnull=False).exists()
    assert in_timeline(w, "HIPS-9", conference_ended=at(row.ends, "15:00")) is None


@each_row
def test_england_counts_its_own_holidays(row: Row) -> None:
    """In two rows England's next working day is not Scotland's: Easter Monday, and 15 June 2026."""
    w = World("camden")
    calendar = calendar_for(w.partnership.pk, "england-and-wales")
    following = calendar.add_working_days(dt.date.fromisoformat(row.ends), 1)
    here = {"2026-04-02": "2026-04-07", "2026-06-12": "2026-06-15"}.get(row.ends, row.to_head_of_service)
    assert following == dt.date.fromisoformat(here)


def test_a_holiday_proclaimed_late_moves_the_open_clock_logs_it_and_tells_its_holder() -> None:
    """Without 15 June 2026 the last row reads Monday. It is loaded with the list, as every holiday is."""
    w = World("west-dunbartonshire")
    BankHoliday.objects.get(nation="scotland", date=dt.date(2026, 6, 15)).delete()
    HolidayList.objects.filter(nation="scotland").update(version="before the proclamation")
    nobody_reviews(w)
    dissent = held(w, TABLE[-1])
    assert shown(dissent, "pass_on") == end_of("2026-06-15")

    assert load_bank_holidays() == 1
    now = at("2026-06-12", "16:00")
    moved = {"partnership_id": None, "nation": "scotland", "now": now, "by": w.actor("admin", now)}
    assert recount_clocks(**moved) == 1
    assert shown(dissent, "pass_on") == end_of("2026-06-16")
    assert recount_clocks(**moved) == 0, "once"
    logged = AuditEvent.objects.get(type="clock.moved", case_id=dissent.case_id)
    assert (logged.rule, logged.detail["was_due"][:10], logged.detail["due"][:10]) == (
        "WDC-12",
        "2026-06-15",
        "2026-06-16",
    )
    assert mailed("clock_moved", now=now) == {"chair"}
