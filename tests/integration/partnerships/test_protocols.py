"""The protocols in plain English, and the calculator: open to everybody."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import protocols
from partnerships.models import ClosureDay
from partnerships.selectors import path_of
from tests.builders import BEGINS, FIVE, World

pytestmark = pytest.mark.django_db
SLUGS = protocols.library().slugs()


def text(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined]


def test_all_eleven_protocols_are_listed_with_their_dates(client: Client) -> None:
    page = text(client.get("/protocols/"))
    assert len(SLUGS) == 11
    for slug in SLUGS:
        assert f'href="/protocols/{slug}/"' in page
    assert "Review overdue" in page and "Undated" in page


@pytest.mark.parametrize("slug", SLUGS)
def test_each_protocol_is_read_in_sentences_with_their_rules_without_signing_in(
    slug: str, client: Client
) -> None:
    with CaptureQueriesContext(connection) as asked:
        response = client.get(f"/protocols/{slug}/")
    page = text(response)
    assert response.status_code == 200 and len(asked) == 2  # its versions, and the addresses that it adds
    area = protocols.library().on(slug, BEGINS.date())
    assert area.partnership_name.replace("&", "&amp;") in page
    assert area.head.rule in page
    assert "not in the protocol: a safeguard of this service" in page
    assert "flowchart TD" in page
    assert "{" not in re.sub(r"<pre>.*?</pre>", "", page.partition("<main")[2], flags=re.S)


@pytest.mark.parametrize("slug", FIVE)
def test_the_path_is_a_list_that_says_what_the_drawing_shows(slug: str) -> None:
    area = protocols.library().on(slug, BEGINS.date())
    steps = path_of(area)
    outcomes = {way["label"] for step in steps for way in step["ways"]}
    assert outcomes == {o.label for tier in (area.review.tiers if area.review else ()) for o in tier.outcomes}
    assert steps[0]["rule"] == area.dissent.window.rule


def test_an_unknown_protocol_is_not_found(client: Client) -> None:
    assert client.get("/protocols/nowhere/").status_code == 404


def test_ones_own_protocol_is_one_link_away(client: Client) -> None:
    assert client.get("/protocol/").headers["Location"] == "/protocols/"
    client.force_login(World("camden").people["police"].user)
    assert client.get("/protocol/").headers["Location"] == "/protocols/camden/"


def moment(name: str, day: int, month: int, time: str, year: int = 2026) -> dict[str, str]:
    return {
        f"{name}_day": str(day),
        f"{name}_month": str(month),
        f"{name}_year": str(year),
        f"{name}_time": time,
    }


def ask(client: Client, slug: str, **fields: str) -> object:
    return client.get("/calculator/", {"partnership": slug, **fields})


def test_the_calculator_starts_with_the_partnership_and_asks_for_what_starts_clocks_there(
    client: Client,
) -> None:
    assert "Pan Sussex" not in text(client.get("/calculator/"))
    assert client.get("/calculator/?partnership=nowhere").status_code == 422
    sussex, hampshire = text(ask(client, "brighton-hove")), text(ask(client, "hampshire"))
    assert 'name="agreed_date_day"' in sussex and 'name="protect_by_date_day"' in sussex
    assert 'name="agreed_date_day"' not in hampshire and 'name="decision_made_day"' not in hampshire


def test_every_date_is_shown_with_rule_amount_days_skipped_and_how_it_was_counted(client: Client) -> None:
    page = text(ask(client, "brighton-hove", **moment("conference_ended", 2, 4, "3pm")))
    assert "Sunday 5 April 2026 at 3pm" in page and "SUS-20" in page and "72 hours" in page
    assert "Monday 20 April 2026" in page and "SUS-29" in page and "10 working days" in page
    assert "Friday 3 April 2026, Good Friday (bank holiday)" in page
    assert "Tuesday 7 April 2026 is day 1 of 10." in page


def test_a_clock_without_a_number_is_said_in_words(client: Client) -> None:
    page = text(ask(client, "hampshire", **moment("conference_ended", 2, 4, "3pm")))
    assert "No fixed limit" in page and "nothing is ever late" in page and "HIPS-9" in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (moment("conference_ended", 31, 2, "3pm"), "must be a real date"),
        (moment("conference_ended", 29, 3, "1:30am"), "the clocks go forward from 1am to 2am"),
        (
            moment("conference_ended", 20, 12, "3pm", year=2100),
            "A date that leaves those years is not guessed",
        ),
        ({"conference_ended_day": "2"}, "must include"),
    ],
)
def test_what_cannot_be_worked_out_is_refused_in_a_sentence(
    fields: dict[str, str], words: str, client: Client
) -> None:
    response = ask(client, "brighton-hove", **fields)
    assert response.status_code == 422  # type: ignore[attr-defined]
    page = text(response)
    assert "<title>Error:" in page
    assert words in page


def test_the_calculator_knows_the_closure_days_of_a_partnership_that_works_here(client: Client) -> None:
    world = World("brighton-hove")
    ClosureDay.objects.create(partnership=world.partnership, date="2026-04-07", reason="Invented closure")
    page = text(ask(client, "brighton-hove", **moment("conference_ended", 2, 4, "3pm")))
    assert "Tuesday 7 April 2026, Invented closure (local closure)" in page
    assert "Tuesday 21 April 2026" in page
