"""The list of conferences, and booking one."""

import datetime as dt

import pytest

from conferences import actions
from conferences.models import Conference
from tests.builders import World, at

pytestmark = pytest.mark.django_db


def booking(browser, when, **changes):
    browser.get("/conferences/new/")
    address, fields = browser.form(having="place")
    given = {"kind": "initial", "place": "Room 2", **when("starts_at", "2026-03-20", "10am"), **changes}
    return address, fields | given


def test_todays_conferences_come_first_then_those_to_come_then_the_past(world, open_as):
    past = world.ended(starts_at=at("2026-02-02"))
    later = world.booked(starts_at=at("2026-04-01"))
    soon = world.booked(starts_at=at("2026-03-04"))
    today = world.booked(starts_at=at("2026-03-03", "16:00"))
    chair = open_as(world, "chair")
    chair.get("/conferences/")
    order = [chair.text().index(row.reference) for row in (today, soon, later, past)]
    assert order == sorted(order)


def test_the_list_has_pages_of_25_and_takes_eight_queries_however_long_it_is(world, open_as):
    chair_id = world.people["chair"].pk
    for number in range(27):
        actions.book(
            by=world.actor("chair"), kind="review", chair_id=chair_id, now=at("2026-03-01"),
            starts_at=at("2026-03-10") + dt.timedelta(days=number),
        )  # fmt: skip
    chair = open_as(world, "chair")
    assert chair.queries("/conferences/") <= 8
    assert chair.text().count("app-worklist__ref") == 25
    chair.get("/conferences/?page=2")
    assert chair.text().count("app-worklist__ref") == 2
    assert chair.get("/conferences/?page=none").status_code == 200


def test_everyone_sees_the_conferences_that_concern_them(world, open_as):
    conference = world.booked()
    for who, sees in {
        "chair": 1,
        "minutes": 1,
        "police": 1,
        "admin": 1,
        "other_chair": 0,
        "reviewer": 0,
    }.items():
        browser = open_as(world, who)
        browser.get("/conferences/")
        assert (conference.reference in browser.text()) is bool(sees), who
        assert ("Book a conference" in browser.text()) is (
            who in ("chair", "minutes", "admin", "other_chair")
        )


def test_a_chair_books_for_themselves_with_four_answers(world, open_as, when):
    chair = open_as(world, "chair")
    address, fields = booking(chair, when)
    sent = chair.send(address, fields)
    conference = Conference.objects.get()
    assert sent.headers["Location"] == f"/conferences/{conference.reference}/"
    assert conference.chair == world.people["chair"]
    assert conference.starts_at == at("2026-03-20", "10:00")
    assert chair.send(address, fields).headers["Location"] == sent.headers["Location"]
    assert Conference.objects.count() == 1


def test_a_booking_without_its_answers_says_what_to_enter(world, open_as):
    chair = open_as(world, "admin")
    chair.get("/conferences/new/")
    page = chair.send("/conferences/new/", {})
    assert page.status_code == 422
    for words in (
        "Select the kind of conference",
        "Enter the date and time of the conference",
        "Select a chair of this partnership",
    ):
        assert words in chair.text()


def test_SUS_25_a_chair_without_a_line_manager_is_refused_at_the_field(open_as, when):
    world = World("brighton-hove")
    alone = world.people["other_chair"]
    alone.line_manager = None
    alone.save(update_fields=["line_manager"])
    admin = open_as(world, "admin")
    address, fields = booking(admin, when, chair=str(alone.uuid))
    page = admin.send(address, fields)
    assert page.status_code == 422
    assert "This chair has no line manager entered" in admin.text()
    assert "(SUS-25)" in admin.text()
    assert 'id="id_chair_error"' in admin.text()
    assert 'value="Room 2"' in admin.text()
    assert not Conference.objects.exists()


def test_a_practitioner_does_not_book(world, open_as):
    police = open_as(world, "police")
    assert police.get("/conferences/new/").status_code == 403
    assert police.send("/conferences/new/", {}).status_code == 403
