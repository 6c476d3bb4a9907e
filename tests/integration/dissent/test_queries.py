"""Every page of this room stays within ten queries, whoever opens it and however much hangs on the dissent."""

import pytest
from django.urls import reverse

from dissent.models import Dissent
from dissent.states import DissentState
from tests.builders import FIVE, LATER, World
from tests.integration.dissent.conftest import DURING, NEXT_DAY

pytestmark = pytest.mark.django_db

# state, who, address, and the texts that have such a page
PAGES = [
    ("AWAITING_VIEW", "police", "written-view", ("kingston-richmond",)),
    ("AWAITING_VIEW", "reviewer", "written-view", ("kingston-richmond",)),
    ("AWAITING_VIEW", "reviewer", "remind", ("kingston-richmond",)),
    ("AWAITING_VIEW", "reviewer", "review-without-view", ("kingston-richmond",)),
    ("AWAITING_VIEW", "reviewer", "not-pursued", ("kingston-richmond",)),
    ("AWAITING_VIEW", "police", "withdraw", ("kingston-richmond",)),
    ("UNDER_REVIEW", "police", "withdraw", FIVE[1:4]),
    ("UNDER_REVIEW", "police", "add-information", FIVE[:4]),
    ("UNDER_REVIEW", "reviewer", "review", FIVE[:4]),
    ("UNDER_REVIEW", "reviewer", "log-conversation", FIVE[:4]),
    ("UNDER_REVIEW", "reviewer", "ask", ("camden",)),
    ("SECOND_TIER", "second", "review", ("camden",)),
    ("ON_LADDER", "police", "challenge-choice", ("hampshire",)),
    ("DECIDED", "reviewer", "close", FIVE[:4]),
]
CASES = [(slug, *page[:3]) for page in PAGES for slug in page[3]]


@pytest.mark.parametrize(("slug", "state", "who", "name"), CASES)
def test_a_page_about_one_dissent_takes_ten_queries_at_most(slug, state, who, name, open_as):
    world = World(slug)
    dissent = world.dissent_at(DissentState[state], children=2)
    browser = open_as(world, who)
    browser.get(name, dissent.case.reference)
    assert browser.page.status_code == 200, browser.text[:400]
    assert browser.queries(name, dissent.case.reference) <= 10


@pytest.mark.parametrize("slug", ["camden", "brighton-hove", "west-dunbartonshire"])
def test_the_booking_of_what_follows_takes_ten_queries_at_most(slug, open_as):
    world = World(slug)
    dissent = world.dissent_at(DissentState.UNDER_REVIEW)
    outcome = {"camden": "upheld", "brighton-hove": "upheld_and_reconvened"}.get(slug, "disagree_reconvene")
    world.answer(dissent, outcome)
    if slug == "camden":
        world.answer(dissent, "reconvene", by="second")
    browser = open_as(world, "reviewer", LATER)
    assert browser.queries("follow-up", dissent.case.reference) <= 10


@pytest.mark.parametrize("slug", FIVE)
def test_recording_and_ending_take_ten_queries_at_most(slug, open_as):
    world = World(slug)
    conference = world.decided(children=2)
    world.recorded(conference)
    world.recorded(conference, who="health")
    chair = open_as(world, "chair", DURING)
    seat = world.seat(conference, "school")
    assert chair.queries("conference-dissent", conference.reference, query=f"?person={seat.uuid}") <= 10
    assert chair.queries("conference-end", conference.reference) <= 10
    world.end(conference)
    assert open_as(world, "chair", NEXT_DAY).queries("conference-ended", conference.reference) <= 10


@pytest.mark.parametrize("slug", FIVE[1:4])
def test_the_duties_after_an_answer_take_ten_queries_at_most(slug, open_as):
    world = World(slug)
    dissent = world.dissent_at(DissentState.DECIDED, children=2)
    reviewer = open_as(world, "reviewer", NEXT_DAY)
    reviewer.get("case", dissent.case.reference)
    assert reviewer.page.status_code == 200
    case = Dissent.objects.get(pk=dissent.pk).case
    children = list(case.children.all())
    address = reverse("filed", args=[case.reference, children[0].uuid])
    if address in reviewer.page.content.decode():
        assert reviewer.queries("filed", case.reference, children[0].uuid) <= 10
