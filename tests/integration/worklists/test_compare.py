"""One case under two protocols."""

import re
from typing import Any

import pytest

from cases.models import Child
from tests.builders import FIVE, World, at
from tests.integration.worklists.conftest import Open

pytestmark = pytest.mark.django_db

EVENTS = {
    "conference_ended_day": "3", "conference_ended_month": "3", "conference_ended_year": "2026",
    "conference_ended_time": "12pm", "expressed_at_day": "4", "expressed_at_month": "3", "expressed_at_year": "2026",
    "expressed_at_time": "9am", "agency_kind": "police", "presence": "attended",
}  # fmt: skip


def plain(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.text_).split())


def invented(other: str, **more: str) -> str:
    fields = {"partnership": other, "case": "invented", **EVENTS, **more}
    return "/compare/?" + "&".join(f"{key}={value}" for key, value in fields.items())


def test_what_sussex_would_have_done_with_a_dissent_of_the_next_morning(open_as: Open) -> None:
    page = plain(open_as(World("kingston-richmond"), "chair", invented("brighton-hove")))
    assert "nobody can dissent once it is over" in page and "AFC-14" in page
    assert "Yes. [SUS-20]" in page
    assert "The Head of Safeguarding and Review decides" in page
    assert "Upheld, and the conference is reconvened" in page
    assert "Friday 6 March 2026 at midday" in page  # 72 hours
    assert "Tuesday 17 March 2026" in page  # ten working days


def test_after_72_hours_sussex_refuses_too(open_as: Open) -> None:
    late = invented("brighton-hove", expressed_at_day="6", expressed_at_time="12:01pm")
    page = plain(open_as(World("kingston-richmond"), "chair", late))
    assert "Yes. [SUS-20]" not in page and "72 hours later" in page


@pytest.mark.parametrize("slug", FIVE)
def test_a_past_case_is_compared_by_its_events_with_nobody_in_it(slug: str, open_as: Open) -> None:
    world = World(slug)
    # Where a ladder opens with the dissent or in its place, the case is over once both are.
    dissent = world.dissent_at("withdrawn" if slug in ("kingston-richmond", "hampshire") else "closed")
    Child.objects.update(name="Quillon Invented")
    other = "camden" if slug != "camden" else "hampshire"
    url = f"/compare/?partnership={other}&case={dissent.case.reference}"
    response = open_as(world, "admin", url, now=at("2026-04-01"))
    page = plain(response)
    assert response.status_code == 200
    assert "The conference ends: Tuesday 3 March 2026" in page and "Raised by: police" in page
    assert "Its dates" in page and "What may come out" in page
    main = page.partition("The same case, under two protocols")[2].partition(
        "Another case, or another protocol"
    )[0]
    for private in ("Pia", "Q.X.", "Quillon", "Rhea", "weighed again", dissent.reasons[:12]):
        assert not private or private not in main, private


def test_only_closed_cases_that_one_may_see_can_be_chosen(open_as: Open) -> None:
    world, elsewhere = World("camden"), World("brighton-hove")
    running, closed = world.dissent_at("under_review"), world.dissent_at("closed")
    foreign = elsewhere.dissent_at("closed")
    page = open_as(world, "admin", "/compare/").text_
    assert closed.case.reference in page
    assert running.case.reference not in page and foreign.case.reference not in page
    assert closed.case.reference not in open_as(world, "other_chair", "/compare/").text_
    for case in (running.case, foreign.case):
        answer = open_as(world, "admin", f"/compare/?partnership=hampshire&case={case.reference}")
        assert answer.status_code == 422


def test_a_chair_and_a_manager_may_learn_from_it_and_a_practitioner_is_refused(open_as: Open) -> None:
    world = World("camden")
    for who, status in (
        ("chair", 200),
        ("reviewer", 200),
        ("second", 200),
        ("police", 403),
        ("minutes", 403),
    ):
        assert open_as(world, who, "/compare/").status_code == status, who


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"conference_ended_month": "14"}, "must be a real date"),
        ({"conference_ended_year": "2150"}, "is not guessed"),
        ({"presence": "hovering"}, "must be one of those on the list"),
        ({"partnership": "nowhere"}, "Select a partnership"),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_sentence(
    more: dict[str, str], words: str, open_as: Open
) -> None:
    response = open_as(World("camden"), "admin", invented("hampshire", **more))
    assert response.status_code == 422 and words in plain(response)


def test_the_number_of_queries_does_not_grow_with_the_cases(open_as: Open) -> None:
    world = World("camden")
    reference = world.dissent_at("closed").case.reference
    url = f"/compare/?partnership=hampshire&case={reference}"
    few = open_as(world, "admin", url).queries
    world.dissent_at("closed")
    assert open_as(world, "admin", url).queries == few <= 16
