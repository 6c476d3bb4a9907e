"""What is to be seen without scrolling and done in few clicks: the review, the list, the find box, the view before the round."""

from typing import Any

import pytest
from playwright.sync_api import Page

from dissent.states import DissentState as S
from tests.builders import SPOKEN
from tests.functional.people import NEXT_DAY, House, Person
from tests.pdfs import text_of

LAPTOP = {"width": 1366, "height": 768}


def top_of(page: Page, selector: str) -> float:
    found = page.locator(selector).first.bounding_box()
    assert found is not None, selector
    return float(found["y"])


def sideways(page: Page) -> list[int]:
    """The widths at which a page is wider than its window."""
    wide = []
    for width in (1366, 375, 320):
        page.set_viewport_size({"width": width, "height": 768})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wide.append(width)
    return wide


def desk_of(house: House) -> Person:
    reference = house.world.dissent_at(S.UNDER_REVIEW, children=2).case.reference
    house.at(NEXT_DAY)
    return house.quick("reviewer", viewport=LAPTOP).open(f"/cases/{reference}/review/")


@pytest.mark.parametrize("slug", ["kingston-richmond", "brighton-hove", "west-dunbartonshire"])
def test_the_time_left_and_the_first_outcome_are_seen_without_scrolling_and_the_time_stays(slug, house):
    reviewer = desk_of(house(slug))
    page = reviewer.page
    first = page.locator("main [name=outcome] + label").first.bounding_box()
    clock = page.locator("main .app-clock").first.bounding_box()
    assert first and first["y"] + first["height"] <= LAPTOP["height"], first
    assert clock and clock["y"] + clock["height"] <= LAPTOP["height"], clock
    page.locator("#talks").scroll_into_view_if_needed()
    page.mouse.wheel(0, 400)
    page.wait_for_function("window.scrollY > 200")
    stays = page.locator("main .app-clock__big").first.bounding_box()
    assert stays and 0 <= stays["y"] < LAPTOP["height"], stays
    assert sideways(page) == []


def test_the_letter_is_looked_at_before_it_is_sent_and_nothing_that_was_typed_is_lost(house):
    reviewer = desk_of(house("kingston-richmond"))
    page = reviewer.page
    reviewer.choose("Not upheld").type("Reasons for your decision", "All of it was weighed again.")
    with page.expect_download() as loading:
        page.get_by_role("button", name="Preview letter").click()
    letter = " ".join(text_of(loading.value.path().read_bytes()).split())
    assert "All of it was weighed again." in letter and "not issued" in letter.lower()
    assert page.get_by_label("Reasons for your decision").input_value() == "All of it was weighed again."
    assert page.get_by_label("Not upheld").is_checked()
    reviewer.unfold("How it was counted").sees("AFC-18")
    reviewer.unfold("How dissents like this one were decided here").sees(
        "Small numbers would point at people"
    )
    reviewer.follow("AFC-18", exact=True).sees("Rule AFC-18", "What this service does by it")


def test_a_case_is_found_by_what_is_pasted_and_a_view_of_the_list_is_kept(house):
    opened: Any = house("camden")
    reference = opened.world.dissent_at(S.UNDER_REVIEW).case.reference
    opened.expect(404)
    opened.at(NEXT_DAY)
    person = opened.quick("reviewer", viewport={"width": 375, "height": 768}).open("/").count()
    page = person.page
    page.get_by_label("Find by reference").fill(f"Re: {reference.lower()} decision due")
    page.get_by_role("button", name="Find").click()
    page.wait_for_url(f"**/cases/{reference}/")  # one field, one click
    page.get_by_label("Find by reference").fill("Tilly")
    page.get_by_role("button", name="Find").click()
    person.sees("Nothing found", "Your open cases", reference)
    assert sideways(page) == []
    person.open("/cases/").count()
    page.get_by_label("Status").select_option(label="Under review")
    page.get_by_label("Held by").select_option(label="You")
    person.press("Show").sees("1 case: under review, held by you", reference)
    assert person.clicks == 1 and person.address == "/cases/?stage=under_review&held=me"
    person.unfold("Keep what is shown now").fill("name", "Mine").press("Keep this view").sees("is kept")
    assert person.clicks == 3
    assert sideways(page) == []
    person.open("/cases/?all=1").follow("Mine", exact=True).sees("1 case: under review, held by you")


def test_wdc_9_a_view_given_before_the_round_is_seen_by_nobody_until_it_is_opened(house):
    opened = house("west-dunbartonshire")
    conference = opened.world.started()
    opened.at(SPOKEN)
    police = opened.quick("police", viewport={"width": 375, "height": 768})
    police.open(f"/conferences/{conference.reference}/").count()
    police.follow("Give my view").choose("Threshold met").fill("reasons_0", "Seen at home visits.")
    assert sideways(police.page) == []
    police.press("Send my view").sees("Your view is in")
    assert police.clicks == 3
    chair = opened.quick("chair").open(f"/conferences/{conference.reference}/views/")
    chair.sees("1 person gave a view before the round", "View in").sees_no("Seen at home visits.")
    chair.press("Open the round")
    seat = opened.world.seat(conference, "police")
    chair.open(f"/conferences/{conference.reference}/views/?person={seat.uuid}").sees(
        "Before the round: threshold met."
    )
    assert "Seen at home visits." in chair.page.content()
