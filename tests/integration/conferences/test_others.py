"""The conference as others see it: those on its list, reviewers, the admin; and entries that are missing."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from conferences.models import MissingEntryRequest, View
from conferences.urls import urlpatterns
from conferences.views import name_of
from tests.builders import FIVE, World, at

pytestmark = pytest.mark.django_db

STAGES = ("script", "attendance", "views", "decision", "record", "note-view", "start", "adjourn", "cancel",
          "attendance/people", "attendance/person", "attendance/family", "children/add", "record/quorum")  # fmt: skip
PREPARING = (
    "attendance",
    "attendance/people",
    "attendance/person",
    "attendance/family",
    "children/add",
    "cancel",
)


def stage(conference, name=""):
    return f"/conferences/{conference.reference}/{name and name + '/'}"


def test_an_attendee_sees_the_decision_their_own_dissent_and_their_own_view_only(world, open_as):
    conference = world.decided(children=2)
    View.objects.filter(attendance=world.seat(conference, "health")).update(reasons="What health said.")
    dissent = world.recorded(conference)
    police = open_as(world, "police")
    police.get(stage(conference))
    text = police.text()
    assert "Threshold not met: no plan" in text
    assert f'href="{reverse("case", args=[dissent.case.reference])}"' in text
    assert "Said in the round." in text
    assert "What health said." not in text
    assert "Hugo Health" not in text
    assert "Is this a formal dissent?" in text
    assert "(AFC-5)" in text
    health = open_as(world, "health")
    health.get(stage(conference))
    assert "No dissent of yours is recorded" in health.text()
    assert dissent.case.reference not in health.text()


def test_an_invited_person_sees_when_and_where_a_booked_conference_is(world, open_as):
    conference = world.booked()
    police = open_as(world, "police")
    police.get(stage(conference))
    assert "Tuesday 3 March 2026 at 10am" in police.text()
    assert "Room 1" in police.text()


def test_the_admin_and_a_reviewer_of_a_case_read_the_whole_record(world, open_as):
    dissent = world.dissent_at("under_review", children=2)
    for who in ("admin", "reviewer"):
        browser = open_as(world, who)
        assert browser.queries(stage(dissent.conference)) <= 10
        assert "What each professional said" in browser.text()
        assert "Hugo Health" in browser.text()
        assert not [f for to, f in browser.forms() if "/conferences/" in to]


def test_the_pages_of_the_live_record_are_for_those_who_keep_it(world, open_as):
    conference = world.booked()
    for who in ("police", "admin"):
        browser = open_as(world, who)
        for name in STAGES:
            expected = 200 if who == "admin" and name in PREPARING else 403
            assert browser.get(stage(conference, name)).status_code == expected, (who, name)
    police = open_as(world, "police")
    assert police.send(stage(conference, "start"), {}).status_code == 403


def test_a_stranger_and_another_partnership_find_no_such_conference(world, open_as):
    conference = world.decided()
    other = World("camden")
    for browser in (open_as(world, "other_chair"), open_as(world, "reviewer"), open_as(other, "chair")):
        for name in ("", "views", "decision", "missing-entry"):
            assert browser.get(stage(conference, name)).status_code == 404
    assert Client().get(stage(conference)).headers["Location"].startswith("/sign-in/")


def test_the_admin_prepares_a_conference_and_cannot_say_who_was_there(world, open_as):
    conference = world.booked()
    admin = open_as(world, "admin")
    admin.get(stage(conference, "attendance"))
    assert "Save attendance" not in admin.text()
    assert "Start the conference" not in admin.text()
    key = world.seat(conference, "police").uuid.hex[:12]
    admin.get(stage(conference, "attendance/family"))
    address, fields = admin.form(having="job_title")
    assert admin.send(address, fields | {"name": "Aunt Invented"}).status_code == 302
    chair = open_as(world, "chair")
    chair.get(stage(conference, "attendance"))
    _, fields = chair.form(having=f"presence_{key}")
    posted = admin.send(
        stage(conference, "attendance"), fields | {f"presence_{key}": "attended", "token": ""}
    )
    assert posted.status_code == 403


def test_a_missing_entry_is_asked_for_once_and_answered_by_the_chair(world, open_as, when):
    conference = world.ended(ended_at=at("2026-03-03", "11:30"))
    police = open_as(world, "police")
    police.get(stage(conference))
    assert "Tell the conference chair that it is missing" in police.text()
    police.get(stage(conference, "missing-entry"))
    address, fields = police.form(having="said_at_day")
    assert police.send(address, fields).status_code == 422
    assert "Enter what you said" in police.text()
    future = fields | {"text": "I dissent."} | when("said_at", "2026-03-03", "5pm")
    assert police.send(address, future).status_code == 422
    assert "The time you said it must be in the past" in police.text()
    said = fields | {"text": "I dissent, and said so."} | when("said_at", "2026-03-03", "11:10")
    assert [police.send(address, said).status_code for _ in range(2)] == [302, 302]
    asked = MissingEntryRequest.objects.get()
    assert police.get(stage(conference, "missing-entry")).status_code == 422
    assert "You have already sent this" in police.text()

    answer_at = f"/conferences/missing-entries/{asked.uuid}/"
    assert police.get(answer_at).status_code == 403
    assert open_as(world, "other_chair").get(answer_at).status_code == 404
    chair = open_as(world, "chair")
    chair.get(stage(conference))
    assert answer_at in chair.text()
    chair.get(answer_at)
    assert "I dissent, and said so." in chair.text()
    address, fields = chair.form(having="answer")
    assert chair.send(answer_at, fields).status_code == 422
    assert "Enter your answer" in chair.text()
    chair.send(answer_at, fields | {"answer": "It is entered now."})
    again = chair.send(answer_at, fields | {"answer": "Once more.", "token": ""})
    assert again.status_code == 409
    assert "Once more." in chair.text()
    police.get(stage(conference))
    assert "It is entered now." in police.text()


def test_someone_not_recorded_as_present_has_no_missing_entry(world, open_as):
    conference = world.ended()
    charity = open_as(world, "charity")
    charity.get(stage(conference))
    assert "missing-entry" not in charity.text()
    assert charity.get(stage(conference, "missing-entry")).status_code == 422
    assert "not recorded as present" in charity.text()


def test_no_child_is_named_in_an_address_or_a_title(world, open_as):
    conference = world.decided(children=2)
    chair = open_as(world, "chair")
    names = [c.child.initials for c in conference.conference_children.all()]
    for name in ("", *STAGES):
        address = stage(conference, name)
        chair.get(address)
        title = re.search(r"<title>(.*?)</title>", chair.text(), re.DOTALL)
        links = " ".join(re.findall(r'(?:href|action)="([^"]*)"', chair.text()))
        for initials in names:
            assert not title or initials not in title[1]
            assert initials not in links
    assert not [
        p for p in urlpatterns if "child" in str(p.pattern) and "<" in str(p.pattern).split("child")[1]
    ]


@pytest.mark.parametrize("slug", FIVE)
def test_each_protocols_own_words_name_the_conference(slug, open_as):
    world = World(slug)
    conference = world.decided()
    police = open_as(world, "police")
    assert police.queries(stage(conference)) <= 10
    assert name_of(conference, world.area) in police.text()
    assert world.area.word("conference") in police.text()
