"""Calendars, read back with a calendar library: references only, and they follow the clock."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from conferences import actions as conferences
from core.refusals import Denied
from deadlines.actions import recount_clocks, reset_feed
from deadlines.models import CalendarFeed, Deadline
from deadlines.selectors import feed_owner
from dissent import actions as dissents
from papers.selectors.calendars import calendar_of, entries_for, entry_of_conference, entry_of_deadline
from partnerships.actions import add_closure_day
from tests.builders import LATER, World, at
from tests.ladders import Ladder

pytestmark = pytest.mark.django_db


def events(data: bytes) -> dict[str, object]:
    """The entries of a calendar file by their title, as a calendar reads them."""
    return {str(event["SUMMARY"]): event for event in Calendar.from_ical(data).walk("VEVENT")}


def feed_of(world: World, who: str, now: dt.datetime = LATER) -> dict:
    return events(calendar_of(entries_for(world.actor(who, now), now), now))


def rows_of(world: World, who: str, now: dt.datetime = LATER) -> list:
    """Every entry of a feed, also those of the same title."""
    return Calendar.from_ical(calendar_of(entries_for(world.actor(who, now), now), now)).walk("VEVENT")


def decision_clock(world: World, dissent) -> Deadline:
    return Deadline.objects.get(case=dissent.case, purpose="decide", state="open")


def test_a_date_is_a_whole_day_with_a_reference_and_its_kind_only() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    event = feed_of(world, "reviewer")[f"{dissent.case.reference} decision due"]
    assert event["DTSTART"].dt == dt.date(2026, 3, 17)
    assert event["DTEND"].dt == dt.date(2026, 3, 18)
    assert event["STATUS"] == "CONFIRMED" and event["SEQUENCE"] == 0
    assert event["CLASS"] == "PRIVATE"
    assert "DESCRIPTION" not in event and "LOCATION" not in event and "ATTENDEE" not in event


def test_SUS_20_a_limit_in_hours_is_a_moment_in_utc() -> None:
    world = World("kingston-richmond")
    dissent = world.dissent_at("awaiting_view")
    view = feed_of(world, "police")[f"{dissent.case.reference} written view due"]
    assert view["DTSTART"].dt == dt.date(2026, 3, 10)


def test_each_person_sees_what_they_hold_and_their_conferences() -> None:
    world = World("kingston-richmond")
    dissent = world.dissent_at("awaiting_view")
    reference, conference = dissent.case.reference, dissent.conference.reference
    assert set(feed_of(world, "police")) == {f"{reference} written view due", f"{conference} conference"}
    assert f"{conference} conference" in feed_of(world, "chair")
    assert set(feed_of(world, "health")) == {f"{conference} conference"}
    assert feed_of(world, "other_chair") == {}


def test_no_word_about_a_child_a_person_or_a_place() -> None:
    world = World("camden")
    world.dissent_at("under_review", children=2)
    for who in ("reviewer", "chair", "police"):
        text = calendar_of(entries_for(world.actor(who), LATER), LATER).decode()
        for word in ("Q.X", "Q.Y", "Pia", "Police", "Cora", "Room 1", "risk", "Reviewer", "Camden"):
            assert word not in text, word


def test_a_date_that_moves_keeps_its_uid_and_raises_its_sequence() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    title = f"{dissent.case.reference} decision due"
    before = feed_of(world, "reviewer")[title]
    by = world.actor("admin")
    add_closure_day(
        partnership_id=world.partnership.pk, date=dt.date(2026, 3, 9), reason="Storm", by=by, now=LATER
    )
    recount_clocks(partnership_id=world.partnership.pk, nation=world.area.nation, now=LATER, by=by)
    after = feed_of(world, "reviewer")[title]
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] == before["SEQUENCE"] + 1
    assert after["DTSTART"].dt == before["DTSTART"].dt + dt.timedelta(days=1)


def test_a_date_that_was_met_is_cancelled_in_calendars_that_knew_it() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    clock = decision_clock(world, dissent)
    before = entry_of_deadline(clock)
    world.answer(dissent, "not_upheld")
    clock.refresh_from_db()
    after = entry_of_deadline(clock)
    assert (before.cancelled, after.cancelled) == (False, True)
    assert after.uid == before.uid and after.sequence > before.sequence
    assert feed_of(world, "reviewer")[f"{dissent.case.reference} decision due"]["STATUS"] == "CANCELLED"
    much_later = LATER + dt.timedelta(days=90)
    assert f"{dissent.case.reference} decision due" not in feed_of(world, "reviewer", much_later)


def test_a_withdrawn_dissent_takes_its_dates_out() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    dissents.withdraw(dissent_id=dissent.pk, by=world.actor("police"), reason="Settled.", now=LATER)
    assert all(
        event["STATUS"] == "CANCELLED"
        for title, event in feed_of(world, "reviewer").items()
        if "due" in title
    )


def test_a_conference_that_is_cancelled_is_cancelled_in_the_calendar() -> None:
    world = World("camden")
    conference = world.booked(starts_at=at("2026-03-20", "10:00"))
    before = entry_of_conference(conference)
    conferences.cancel(
        conference_id=conference.pk, by=world.actor("chair"), reason="Nobody can come.", now=LATER
    )
    conference.refresh_from_db()
    after = entry_of_conference(conference)
    assert after.cancelled and after.uid == before.uid and after.sequence > before.sequence


def test_summer_time_is_kept_by_writing_moments_in_utc() -> None:
    world = World("camden")
    conference = world.booked(starts_at=at("2026-07-01", "10:00"))
    event = events(calendar_of([entry_of_conference(conference)], LATER))[
        f"{conference.reference} conference"
    ]
    assert event["DTSTART"].dt == dt.datetime(2026, 7, 1, 9, 0, tzinfo=dt.UTC)


def test_SUS_6_the_date_of_a_ladder_is_in_the_calendars_of_both_who_stand_at_its_step() -> None:
    world = World("east-sussex")
    ladder = Ladder(world)
    escalation = ladder.raised(now=LATER)
    title = f"{escalation.case.reference} to be settled by"
    event = feed_of(world, "police")[title]
    assert event["DTSTART"].dt == dt.date(2026, 3, 11)  # five working days after Wednesday 4 March
    assert title not in feed_of(world, "sergeant")
    ladder.moved(escalation, now=LATER)
    for who in ("police", "sergeant", "team_manager"):
        rows = [e for e in rows_of(world, who) if str(e["SUMMARY"]) == title]
        assert {str(e["STATUS"]) for e in rows} == {"CANCELLED", "CONFIRMED"}, who
        assert {e["SEQUENCE"] for e in rows if e["STATUS"] == "CANCELLED"} == {event["SEQUENCE"] + 1}
    assert title not in feed_of(world, "health")


def test_SUS_6_a_ladder_that_is_settled_takes_its_dates_out_and_a_closure_day_moves_them() -> None:
    world = World("east-sussex")
    ladder = Ladder(world)
    escalation = ladder.raised(now=LATER)
    title = f"{escalation.case.reference} to be settled by"
    before, by = feed_of(world, "police")[title], world.actor("admin")
    add_closure_day(
        partnership_id=world.partnership.pk, date=dt.date(2026, 3, 9), reason="Storm", by=by, now=LATER
    )
    recount_clocks(partnership_id=world.partnership.pk, nation=world.area.nation, now=LATER, by=by)
    moved = feed_of(world, "police")[title]
    assert (moved["UID"], moved["SEQUENCE"]) == (before["UID"], before["SEQUENCE"] + 1)
    assert moved["DTSTART"].dt == dt.date(2026, 3, 12)
    ladder.settled(escalation, now=LATER)
    after = feed_of(world, "police")[title]
    assert after["STATUS"] == "CANCELLED" and after["UID"] == before["UID"]
    assert after["SEQUENCE"] > moved["SEQUENCE"]


def test_a_calendar_is_told_how_often_to_look_again() -> None:
    world = World("camden")
    calendar = Calendar.from_ical(calendar_of(entries_for(world.actor("chair"), LATER), LATER))
    assert calendar["REFRESH-INTERVAL"].dt == dt.timedelta(hours=1)
    assert calendar["METHOD"] == "PUBLISH"


# --- the private address ------------------------------------------------------------------------------------------


def ask(token: str) -> object:
    return Client().get(reverse("calendar-feed", args=[token]))


def test_a_private_address_needs_no_signing_in_and_a_reset_ends_it(open_as) -> None:
    world = World("camden")
    world.dissent_at("under_review")
    open_as(world, "reviewer")  # sets the clock
    first = reset_feed(by=world.actor("reviewer"), now=LATER)
    response = ask(first)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/calendar")
    assert response["Cache-Control"] == "no-store, private"
    assert any("decision due" in title for title in events(response.content))
    second = reset_feed(by=world.actor("reviewer"), now=LATER)
    assert ask(first).status_code == 404
    assert ask(second).status_code == 200
    assert ask("x" * 43).status_code == 404


def test_only_a_digest_of_the_token_is_kept() -> None:
    world = World("camden")
    token = reset_feed(by=world.actor("chair"), now=LATER)
    row = CalendarFeed.objects.get()
    assert len(token) >= 43
    assert token not in str(row.__dict__) and len(row.digest) == 64


def test_the_address_of_somebody_who_has_left_no_longer_works() -> None:
    world = World("camden")
    token = reset_feed(by=world.actor("chair"), now=LATER)
    assert feed_owner(token, LATER.date()) == world.people["chair"]
    world.people["chair"].ends_on = LATER.date()
    world.people["chair"].save(update_fields=["ends_on"])
    assert feed_owner(token, LATER.date() + dt.timedelta(days=1)) is None


def test_the_page_shows_the_address_once(open_as) -> None:
    world = World("camden")
    browser = open_as(world, "chair")
    browser.get("calendar")
    assert "You have no private address yet" in browser.text
    page = browser.send()
    assert page.status_code == 200 and b"/calendar/" in page.content and b".ics" in page.content
    browser.get("calendar")
    assert ".ics" not in browser.text and "not shown again" in browser.text


def test_a_guest_or_the_clock_makes_no_address() -> None:
    world = World("camden")
    actor = world.actor("chair")
    with pytest.raises(Denied):
        reset_feed(by=type(actor)(kind="clock", partnership_id=world.partnership.pk), now=LATER)


def test_one_date_is_taken_from_the_case_page(open_as) -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    browser = open_as(world, "reviewer")
    browser.get("case", dissent.case.reference)
    assert "Put it in my calendar" in browser.text
    response = browser.get("calendar-date", dissent.case.reference, decision_clock(world, dissent).uuid)
    assert response["Content-Disposition"] == f'attachment; filename="{dissent.case.reference}.ics"'
    assert set(events(response.content)) == {f"{dissent.case.reference} decision due"}
