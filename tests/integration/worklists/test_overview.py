"""The admin's overview: its numbers are those of the lists behind them."""

import re
from typing import Any

import pytest

from cases.models import Case
from dissent import actions as dissents
from notifications.models import Outbox
from partnerships.models import ProtocolVersion, SlotHolder
from tests.builders import LATER, World, at
from tests.integration.worklists.conftest import Open
from worklists.selectors import seat_words

pytestmark = pytest.mark.django_db


def plain(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.text_).split())


def numbers(response: Any) -> dict[str, tuple[int, str]]:
    """Every number of the overview that has a list: its words, the number and the address."""
    found = {}
    for href, number, words in re.findall(
        r'href="(/overview/cases/[^"]*)">(\d+)<span class="govuk-visually-hidden"> ([^<]*)<', response.text_
    ):
        found[words] = (int(number), href.replace("&amp;", "&"))
    for href, words, number in re.findall(
        r'href="(/overview/cases/[^"]*)">([^<]*)</a>(?::|</th><td[^>]*>)\s*(?:<b>)?(\d+)', response.text_
    ):
        found[words.replace("&#x27;", "'")] = (int(number), href.replace("&amp;", "&"))
    return found


def listed(response: Any) -> set[str]:
    return set(re.findall(r'app-worklist__ref" href="/cases/(PD-[^/]+)/"', response.text_))


@pytest.mark.parametrize("slug", ["camden", "kingston-richmond", "west-dunbartonshire", "hampshire"])
def test_every_number_is_the_length_of_the_list_that_it_leads_to(slug: str, open_as: Open) -> None:
    world = World(slug)
    states = ["on_ladder"] if world.area.review is None else ["under_review", "decided", "closed"]
    for state in states:
        world.dissent_at(state)
    if slug == "kingston-richmond":
        world.dissent_at("awaiting_view")
    now = at("2026-03-09")
    page = open_as(world, "admin", "/overview/", now=now)
    found = numbers(page)
    assert len(found) >= 3, found
    for words, (count, href) in found.items():
        seen = listed(open_as(world, "admin", href, now=now))
        assert len(seen) == count, f"{words}: {count}, but {seen}"
    opened = set(Case.objects.filter(closed_at__isnull=True).values_list("reference", flat=True))
    assert listed(open_as(world, "admin", found["open cases"][1], now=now)) == opened


def test_late_soon_and_late_now_are_told_apart_to_the_working_day(open_as: Open) -> None:
    world = World("camden")
    world.dissent_at("under_review")  # due by the end of Tuesday 17 March
    for day, words in (
        ("2026-03-11", set()),
        ("2026-03-12", {"late soon"}),
        ("2026-03-17", {"late soon"}),
        ("2026-03-18", {"late now"}),
    ):
        found = numbers(open_as(world, "admin", "/overview/", now=at(day)))
        assert set(found) & {"late soon", "late now"} == words, day


def test_a_written_view_that_never_came_is_told_apart_from_one_that_is_awaited(open_as: Open) -> None:
    world = World("kingston-richmond")
    world.dissent_at("awaiting_view")
    before = numbers(open_as(world, "admin", "/overview/", now=at("2026-03-05")))
    assert before["A written view is awaited"][0] == 1
    after = numbers(open_as(world, "admin", "/overview/", now=at("2026-03-20")))
    assert "A written view is awaited" not in after
    assert after["A written view never came: its date has passed"][0] == 1


def test_a_dissent_that_is_not_passed_on_and_a_question_without_a_reply_are_seen(open_as: Open) -> None:
    world = World("west-dunbartonshire")
    told = world.dissent_at("under_review")
    SlotHolder.objects.filter(slot__key="reviewer").delete()
    world.end(world.recorded().conference)
    found = numbers(open_as(world, "admin", "/overview/"))
    count, href = found["The conference has ended, and the dissent is not passed on yet"]
    assert count == 1 and told.case.reference not in listed(open_as(world, "admin", href))
    camden = World("camden")
    dissent = camden.dissent_at("under_review")
    assert "A question of the reviewer has no reply" not in numbers(open_as(camden, "admin", "/overview/"))
    dissents.ask(
        dissent_id=dissent.pk, by=camden.actor("reviewer"), ask_id="information_dissenter", question="Why?", now=LATER
    )  # fmt: skip
    assert numbers(open_as(camden, "admin", "/overview/"))["A question of the reviewer has no reply"][0] == 1


def test_empty_posts_dead_messages_and_the_dates_of_the_protocol_are_said(open_as: Open) -> None:
    world = World("brighton-hove")
    SlotHolder.objects.filter(slot__key="reviewer").delete()
    Outbox.objects.create(
        partnership=world.partnership, seat="slot:reviewer", kind="told", params={}, dedupe_key="dead", state="dead",
        not_before=LATER, created_at=LATER,
    )  # fmt: skip
    page = plain(open_as(world, "admin", "/overview/"))
    assert "Posts that nobody fills 1 posts that nobody fills" in page
    assert "Messages that reached nobody 1 messages that reached nobody" in page
    assert "due for review by Thursday 31 July 2025" in page
    world.uploaded()
    assert "to hold from Thursday 5 March 2026, waits for a second person" in plain(
        open_as(world, "admin", "/overview/")
    )
    ProtocolVersion.objects.filter(partnership=world.partnership).delete()
    assert "has not published its protocol yet" in plain(open_as(world, "admin", "/overview/"))


def test_complaints_and_other_partnerships_are_not_counted(open_as: Open) -> None:
    world, elsewhere = World("camden"), World("hampshire")
    dissent = world.dissent_at("under_review")
    world.complaint(conference=dissent.conference)
    elsewhere.dissent_at("on_ladder")
    assert numbers(open_as(world, "admin", "/overview/"))["open cases"][0] == 1


@pytest.mark.parametrize(
    "query",
    ["of=everything", "stage=nonsense", "held=nonsense", "stage=recorded%00", "held=%27--", "held=slot:%00"],
)
def test_a_list_that_there_is_not_is_not_found(query: str, open_as: Open) -> None:
    assert open_as(World("camden"), "admin", f"/overview/cases/?{query}").status_code == 404


def test_the_overview_asks_no_more_of_the_database_when_there_are_more_cases(open_as: Open) -> None:
    world = World("camden")
    world.dissent_at("under_review")
    few = open_as(world, "admin", "/overview/").queries
    some = open_as(world, "admin", "/overview/cases/?of=open").queries
    for _ in range(3):
        world.dissent_at("under_review")
    assert 'href="/overview/"' in open_as(world, "admin", "/").text_, "one click from the admin's first page"
    assert open_as(world, "admin", "/overview/").queries == few <= 14
    assert open_as(world, "admin", "/overview/cases/?of=open").queries == some <= 12


def test_only_a_post_can_be_one_that_nobody_fills() -> None:
    assert seat_words("Head of Service", "") == "Head of Service: nobody fills this post"
    assert seat_words("the professional who raised it", "") == "The professional who raised it"
    assert seat_words("Head of Service", "Sven Second") == "Sven Second, Head of Service"
