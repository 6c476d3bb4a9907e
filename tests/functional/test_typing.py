"""What is typed in the room is safe: drafts, a lost connection, a session that ends, a hidden screen, two at once."""

import datetime as dt
import re
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from accounts.middleware import IDLE
from accounts.models import Draft
from conferences.models import View
from dissent.models import Dissent
from tests.builders import SPOKEN
from tests.functional.people import Person

REASONS = "The risk at home was not heard."
STORED = "async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length]"


def recording(house: Any) -> tuple[Any, Person]:
    """The chair at the form, while Pia Police speaks."""
    world = house.world
    conference = world.decided()
    house.at(SPOKEN)
    seat = world.seat(conference, "police")
    chair = house.quick("chair").open(f"/conferences/{conference.reference}/dissent/?person={seat.uuid}")
    return conference, chair


def says(chair: Person) -> None:
    """With the button: four fields and four clicks."""
    chair.count()
    chair.choose(re.compile("^More protection"), of="direction_0")
    chair.choose("The decision itself") if chair.page.locator("[name=ground]").count() else None
    chair.type(re.compile("reasons, in their words"), REASONS)


def status(page: Page) -> Any:
    return page.locator("form [data-save-status]")


def leaves_the_box(chair: Person) -> None:
    """Go to the next field, and wait until the server has the draft of what stands in this one."""

    def with_the_words(answer: Any) -> bool:
        return "/draft/" in answer.url and "not+heard" in (answer.request.post_data or "")

    with chair.page.expect_response(with_the_words) as answer:
        chair.page.locator("[name=direction_0]").first.focus()
    assert answer.value.status == 204
    expect(status(chair.page)).to_have_text(re.compile(r"^Saved \d\d:\d\d:\d\d$"))


def test_a_draft_is_saved_while_typing_says_when_and_is_back_after_the_page_was_left(house: Any) -> None:
    _, chair = recording(house("camden"))
    says(chair)
    leaves_the_box(chair)
    assert Draft.objects.get().typed["reasons"] == [REASONS]
    assert chair.page.evaluate(STORED) == [0, 0, 0]
    chair.page.reload()
    chair.sees("is back in its place")
    assert chair.page.locator("[name=reasons]").input_value() == REASONS
    assert chair.page.locator("[name=direction_0]:checked").count() == 1
    chair.page.get_by_role("button", name="Throw it away").click()
    chair.page.wait_for_load_state()
    assert chair.page.locator("[name=reasons]").input_value() == ""


def test_the_network_is_cut_while_recording_nothing_typed_is_lost_and_one_record_comes_of_it(
    house: Any, watch: Any
) -> None:
    _, chair = recording(house("camden"))
    says(chair)
    watch.cut = True
    chair.page.context.set_offline(True)
    chair.page.locator("main").get_by_role("button", name="Record formal dissent").click()
    expect(status(chair.page)).to_have_attribute("data-state", "offline")
    expect(status(chair.page)).to_contain_text("Kept on this screen")
    assert chair.page.locator("[name=reasons]").input_value() == REASONS
    chair.page.locator("[name=reasons]").press_sequentially(" Added later.")
    chair.page.context.set_offline(False)
    expect(chair.page.locator("main")).to_contain_text("formal dissent was recorded", timeout=15_000)
    watch.cut = False
    dissent = Dissent.objects.get()
    assert dissent.reasons == f"{REASONS} Added later."
    assert not Draft.objects.exclude(typed={}).exists()


def test_the_answer_is_lost_on_the_way_and_the_same_dissent_is_not_recorded_twice(
    house: Any, watch: Any
) -> None:
    _, chair = recording(house("camden"))
    says(chair)
    watch.cut = True
    lost: list[str] = []

    def lose(route: Any) -> None:
        if route.request.method == "POST" and not lost:
            route.fetch(max_redirects=0)  # it arrives and is recorded; its answer does not come back
            lost.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    chair.page.route("**/dissent/**", lose)
    chair.page.locator("main").get_by_role("button", name="Record formal dissent").click()
    expect(chair.page.locator("main")).to_contain_text("formal dissent was recorded", timeout=15_000)
    assert lost and Dissent.objects.count() == 1


def test_control_and_enter_records_with_the_keyboard_alone(house: Any) -> None:
    _, chair = recording(house("camden"))
    page = chair.page
    page.locator("[name=direction_0]").first.focus()
    page.keyboard.press("Space")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "reasons":
            break
    page.keyboard.type(REASONS)
    page.locator("[name=ground]").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    expect(page.locator("main")).to_contain_text("formal dissent was recorded")
    assert Dissent.objects.get().reasons == REASONS


def test_the_screen_is_hidden_by_one_key_and_comes_back_only_by_its_button(house: Any) -> None:
    conference, chair = recording(house("camden"))
    says(chair)
    page = chair.page
    page.keyboard.press("F9")
    cover = page.get_by_role("dialog")
    expect(cover).to_contain_text("The screen is hidden")
    box = cover.bounding_box()
    size = page.viewport_size
    assert box and size and box["x"] <= 0 and box["y"] <= 0
    assert box["width"] >= size["width"] and box["height"] >= size["height"]
    assert conference.reference not in page.title()
    for key in ("Escape", "F9", "a"):
        page.keyboard.press(key)
    expect(cover).to_be_visible()
    page.get_by_role("button", name="Show screen").click()
    expect(cover).to_be_hidden()
    assert page.locator("[name=reasons]").input_value() == REASONS


# --- the end of a session ---------------------------------------------------------------------------------------------


def nearly_over(house: Any) -> tuple[Any, Person]:
    """Twenty-six minutes after the form was opened, in a browser that knows the time as well."""
    world = house.world
    conference = world.decided()
    house.at(SPOKEN)
    seat = world.seat(conference, "police")
    chair = house.quick("chair")
    chair.page.clock.install(time=SPOKEN)
    chair.open(f"/conferences/{conference.reference}/dissent/?person={seat.uuid}")
    house.at(SPOKEN + dt.timedelta(minutes=26))
    return conference, chair


@pytest.mark.parametrize("how", ["button", "escape"])
def test_five_minutes_before_the_end_one_is_asked_and_goes_on(house: Any, how: str) -> None:
    _, chair = nearly_over(house("camden"))
    chair.page.clock.fast_forward(int(dt.timedelta(minutes=26).total_seconds()) * 1000)
    warning = chair.page.get_by_role("dialog")
    expect(warning).to_contain_text("You will be signed out at")
    expect(warning).to_contain_text("What you typed is kept")
    with chair.page.expect_response("**/session/") as answer:
        if how == "button":
            chair.page.get_by_role("button", name="Stay signed in").click()
        else:
            chair.page.keyboard.press("Escape")
    assert answer.value.request.method == "POST" and answer.value.json()["left"] == IDLE.total_seconds()
    expect(warning).to_be_hidden()


def test_when_it_has_ended_the_text_is_back_in_its_field_after_signing_in(house: Any) -> None:
    open_house = house("camden")
    conference, chair = nearly_over(open_house)
    chair.type(re.compile("reasons, in their words"), REASONS)
    leaves_the_box(chair)
    open_house.at(SPOKEN + dt.timedelta(minutes=60))
    chair.page.clock.fast_forward(int(dt.timedelta(minutes=60).total_seconds()) * 1000)
    chair.page.wait_for_url("**/sign-in/**")
    chair.sees("You were signed out", "What you typed was kept").signs_in(open_house.email("chair"))
    chair.page.wait_for_url(f"**/conferences/{conference.reference}/dissent/**")
    assert chair.page.locator("[name=reasons]").input_value() == REASONS


def test_without_scripts_a_form_sent_after_the_end_is_filled_again_after_signing_in(house: Any) -> None:
    open_house = house("camden", java_script_enabled=False)
    conference, chair = recording(open_house)
    says(chair)
    open_house.at(SPOKEN + dt.timedelta(minutes=31))
    chair.press("Record formal dissent").sees("You were signed out")
    assert not Dissent.objects.exists()
    chair.signs_in(open_house.email("chair"))
    assert conference.reference in chair.address
    assert chair.page.locator("[name=reasons]").input_value() == REASONS
    chair.press("Record formal dissent").sees("formal dissent was recorded")
    assert Dissent.objects.get().reasons == REASONS


# --- two at once ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scripts", [True, False], ids=["with_scripts", "without_scripts"])
def test_the_chair_and_the_minute_taker_at_the_same_view_do_not_write_over_each_other(
    house: Any, axe_violations: Any, scripts: bool
) -> None:
    open_house = house("camden", java_script_enabled=scripts)
    open_house.expect(409)
    world = open_house.world
    conference = world.started()
    open_house.at(SPOKEN)
    address = f"/conferences/{conference.reference}/views/?person={world.seat(conference, 'police').uuid}"
    chair, minutes = open_house.quick("chair").open(address), open_house.quick("minutes").open(address)
    for person, choice, words in (
        (chair, "Threshold met", "As the chair heard it."),
        (minutes, "Threshold not met", "As I heard it."),
    ):
        person.choose(choice, of="choice_0").fill("reasons_0", words)
    chair.press("Save and go on").sees("view is saved")
    minutes.press("Save and go on").sees("Changed by someone else", "As the chair heard it.")
    assert minutes.page.locator("[name=reasons_0]").input_value() == "As I heard it."
    if scripts:
        assert axe_violations(minutes.page) == []
    minutes.press("Save mine").sees("view is saved")
    assert View.objects.get().reasons == "As I heard it."


def test_the_session_cookie_outlives_the_session_so_that_it_is_known_whose_it_was() -> None:
    assert settings.SESSION_COOKIE_AGE > 12 * 3600
