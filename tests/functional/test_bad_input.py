"""What people do that no form expects: twice, at once, too much, in other scripts, too late, and after signing out."""

import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page

from conferences.models import Conference, ScriptTick
from conferences.states import ConferenceState
from core.clock import edge_now
from dissent.models import Addition, Answer, Conversation, Dissent, WrittenView
from dissent.states import DissentState as S
from partnerships.models import SlotHolder
from tests.builders import SPOKEN
from tests.functional.people import AFTER, NEXT_DAY, House, Person

LONG = "Each of us said what we saw. "
TWENTY_THOUSAND = (LONG * 700)[:20_000]
STRANGE = "<script>window.hacked = 1</script> \u202eback to front\u202c 🙂 ﷽ ' OR 1=1 -- {{ 7*7 }} ‘quotes’"


def dissenting(house: House) -> Person:
    """The chair, with the dissent of the police typed in, before the button is pressed."""
    world = house.world
    conference = world.decided()
    house.at(SPOKEN)
    seat = world.seat(conference, "police")
    chair = house.quick("chair").open(f"/conferences/{conference.reference}/dissent/?person={seat.uuid}")
    return says(chair, "The risk at home was not heard.")


def says(chair: Person, reasons: str) -> Person:
    chair.choose(re.compile("^More protection")).fill("reasons", reasons)
    for box in chair.page.locator("main [name=discussed_with_chair], main [name=name_attribution]").all():
        box.check()
    return chair


def under_review(house: House, who: str = "reviewer") -> Person:
    """The reviewer at their desk, with the decision typed in."""
    dissent = Dissent.objects.first() or house.world.dissent_at(S.UNDER_REVIEW)
    house.at(NEXT_DAY)
    person = house.quick(who).open(f"/cases/{dissent.case.reference}/review/")
    person.choose("Not upheld").fill("reasons", f"{who} weighed all of it.").fill(
        "unread_reason", "Known well."
    )
    return person


def form_of(page: Page, button: str) -> dict[str, Any]:
    """Where the form of a button goes, and what it sends."""
    found: dict[str, Any] = (
        page.locator("main")
        .get_by_role("button", name=button, exact=True)
        .first.evaluate(
            """button => {
            const data = new FormData(button.form);
            if (button.name) data.append(button.name, button.value);
            return {to: button.form.getAttribute("action") || location.href, body: new URLSearchParams(data).toString()};
        }"""
        )
    )
    return found


def sent_at_once(page: Page, form: dict[str, Any], times: int = 2) -> list[Any]:
    """The same post several times at the same moment: the addresses and statuses they led to."""
    answers: list[Any] = page.evaluate(
        """([form, times]) => Promise.all(Array.from({length: times}, async () => {
            const headers = {"Content-Type": "application/x-www-form-urlencoded"};
            const answer = await fetch(form.to, {method: "POST", body: form.body, headers});
            return [answer.status, answer.url];
        }))""",
        [form, times],
    )
    return answers


# --- twice --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scripts", [True, False], ids=["with_scripts", "without_scripts"])
def test_a_double_click_makes_one_record_of_everything(house, scripts):
    opened = house("kingston-richmond", java_script_enabled=scripts)
    chair = dissenting(opened)
    twice(chair, "Record formal dissent", "formal dissent was recorded")
    dissent = Dissent.objects.get()
    opened.world.end(Conference.objects.get())
    opened.at(NEXT_DAY)
    police = opened.quick("police").open(f"/cases/{dissent.case.reference}/written-view/")
    police.fill("view", "My view.").fill("outcome_sought", "Meet again.").press("Check and send")
    twice(police, "Send", "Your written view was sent")
    assert WrittenView.objects.count() == 1
    police.open(f"/cases/{dissent.case.reference}/information/").fill("text", "One more thing.")
    twice(police, "Add it", "The information was added")
    assert Addition.objects.count() == 1
    reviewer = opened.quick("reviewer").open(f"/cases/{dissent.case.reference}/review/conversation/")
    reviewer.choose("Spoke with them").choose("Telephone call").fill("note", "Went through it.")
    twice(reviewer, "Record it", "The conversation was recorded")
    assert Conversation.objects.count() == 1
    reviewer = under_review(opened).press("Check and send", exact=True)
    twice(reviewer, "Send the decision", "Not upheld")
    assert Answer.objects.count() == 1


def twice(person: Person, button: str, seen: str) -> None:
    """A real double click; what follows is the page of the one record."""
    person.page.locator("body").evaluate("body => body.setAttribute('data-left', '')")
    person.page.locator("main").get_by_role("button", name=button, exact=True).first.dblclick(
        no_wait_after=True
    )
    person.page.locator("body:not([data-left])").wait_for(state="attached")
    person.page.wait_for_load_state()
    person.sees(seen)


def test_the_same_post_several_times_at_the_same_moment_is_one_record_and_one_address(house):
    opened = house("camden")
    chair = dissenting(opened) if not opened.world.area.dissent.grounds else None
    chair = chair or with_ground(opened)
    answers = sent_at_once(chair.page, form_of(chair.page, "Record formal dissent"), 3)
    assert {status for status, _ in answers} == {200}
    assert len({url for _, url in answers}) == 1
    assert Dissent.objects.count() == 1
    script = chair.open(f"/conferences/{Conference.objects.get().reference}/script/")
    assert script.page.get_by_role("button", name=re.compile("^Done now")).count() == 0
    opened.world.end(Conference.objects.get())
    reviewer = under_review(opened).press("Check and send", exact=True)
    answers = sent_at_once(reviewer.page, form_of(reviewer.page, "Send the decision"), 3)
    assert {status for status, _ in answers} == {200}
    assert Answer.objects.count() == 1


def with_ground(house: House) -> Person:
    chair = dissenting(house)
    return chair.choose(house.world.area.dissent.grounds[0].label)


def test_starting_and_ticking_twice_at_once_starts_and_ticks_once(house):
    opened = house("kingston-richmond")
    conference = opened.world.booked()
    opened.at(conference.starts_at)
    chair = opened.quick("chair").open(f"/conferences/{conference.reference}/attendance/")
    sent_at_once(chair.page, form_of(chair.page, "Start the conference now"), 3)
    conference.refresh_from_db()
    assert conference.state == ConferenceState.IN_SESSION
    assert conference.sessions.count() == 1
    chair.open(f"/conferences/{conference.reference}/script/")
    form = chair.page.locator("main form").first.evaluate(
        "form => ({to: form.action, body: new URLSearchParams(new FormData(form)).toString()})"
    )
    sent_at_once(chair.page, form, 3)
    assert ScriptTick.objects.count() == 1


@pytest.mark.parametrize("scripts", [True, False], ids=["with_scripts", "without_scripts"])
def test_going_back_and_sending_again_adds_nothing_and_says_so(house, watch, scripts):
    watch.expect(422, 409)
    opened = house("kingston-richmond", java_script_enabled=scripts)
    chair = dissenting(opened)
    address = chair.address
    chair.press("Record formal dissent").sees("formal dissent was recorded")
    with chair.page.expect_event("load"):
        chair.page.go_back()
    assert chair.address == address
    says(chair, "Said in other words.").press("Record formal dissent")
    chair.sees("There is a problem")
    assert "Pia Police" in chair.page.locator(".govuk-error-summary").inner_text()
    assert chair.open(address).sees("Already recorded", Dissent.objects.get().case.reference)
    assert Dissent.objects.get().reasons == "The risk at home was not heard."


# --- two at once --------------------------------------------------------------------------------------------------


def test_of_two_who_decide_at_once_one_wins_and_the_other_keeps_their_text(house, watch):
    watch.expect(409)
    opened = house("kingston-richmond")
    holder = SlotHolder.objects.get(membership=opened.world.people["reviewer"], slot__key="reviewer")
    opened.world.fill("reviewer", "deputy", deputy_for=holder)
    one, other = under_review(opened), under_review(opened, "deputy")
    one.press("Check and send", exact=True)
    other.press("Check and send", exact=True)
    one.press("Send the decision").sees("Not upheld")
    other.press("Send the decision")
    other.sees("Changed by someone else", "Rhea Reviewer", "4 March 2026", "Not upheld")
    other.sees("reviewer weighed all of it.", "deputy weighed all of it.")
    assert Answer.objects.get().reasons == "reviewer weighed all of it."


def test_of_two_who_change_the_attendance_at_once_the_later_is_told(house, watch):
    watch.expect(409)
    opened = house("camden")
    conference = opened.world.started()
    opened.at(SPOKEN)
    chair = opened.quick("chair").open(f"/conferences/{conference.reference}/attendance/")
    minutes = opened.quick("minutes").open(f"/conferences/{conference.reference}/attendance/")
    for person, words in ((chair, "Here remotely"), (minutes, "Did not attend")):
        person.page.get_by_role("group", name="Sara School").get_by_label(words).check()
    chair.press("Save attendance").sees("The attendance is saved")
    minutes.press("Save attendance").sees("Changed by someone else", "Sara School")
    assert opened.world.seat(conference, "school").get_presence_display() != "Did not attend"


# --- too much -----------------------------------------------------------------------------------------------------


def forms_with_text(house: House) -> list[tuple[str, str, str]]:
    """Who, where, and the button: the main forms in which somebody writes."""
    world = house.world
    open_one, decided = world.started(), world.decided()
    dissent = world.recorded(world.decided())
    world.end(dissent.conference)
    review = world.dissent_at(S.UNDER_REVIEW)
    house.at(NEXT_DAY)
    cf, dc, pd, rv = open_one.reference, decided.reference, dissent.case.reference, review.case.reference
    seat, other = world.seat(open_one, "police").uuid, world.seat(decided, "health").uuid
    return [
        ("chair", f"/conferences/{cf}/views/?person={seat}", "Save and go on"),
        ("chair", f"/conferences/{cf}/decision/", "^Record decision"),
        ("chair", f"/conferences/{dc}/record/", "Save record"),
        ("chair", f"/conferences/{cf}/note-view/?person={seat}", "Note as a differing view only"),
        ("chair", f"/conferences/{cf}/adjourn/", "^Adjourn$"),
        ("chair", f"/conferences/{dc}/dissent/?person={other}", "Record formal dissent"),
        ("health", f"/conferences/{dissent.conference.reference}/missing-entry/", "Send to the chair"),
        ("police", f"/cases/{pd}/written-view/", "Check and send"),
        ("police", f"/cases/{pd}/information/", "Add it"),
        ("police", f"/cases/{pd}/withdraw/", "Withdraw the dissent"),
        ("reviewer", f"/cases/{pd}/not-pursued/", "Close as not pursued"),
        ("reviewer", f"/cases/{rv}/review/", "^Check and send$"),
        ("reviewer", f"/cases/{rv}/review/conversation/", "Record it"),
    ]


def test_a_text_that_is_too_long_is_refused_with_a_sentence_and_kept_whole(house, watch):
    watch.expect(422)
    opened = house("kingston-richmond")
    people: dict[str, Person] = {}
    wrong = []
    for who, address, button in forms_with_text(opened):
        if who not in people:
            people[who] = opened.quick(who)
        person = people[who]
        person.open(address)
        names = [str(box.get_attribute("name")) for box in person.page.locator("main textarea").all()]
        assert names, address
        person.page.locator("main textarea").evaluate_all(
            "(all, text) => all.forEach(box => { box.value = text })", TWENTY_THOUSAND
        )
        person.press(re.compile(button))
        for name in names:
            box = person.page.locator(f"main textarea[name='{name}']")
            said = person.page.locator(f"#{box.get_attribute('id')}_error")
            if box.input_value() != TWENTY_THOUSAND:
                wrong.append(f"{address}: {name} holds {len(box.input_value())} characters")
            if not said.count() or "characters or less" not in said.inner_text():
                wrong.append(f"{address}: {name} says nothing of its length")
    assert wrong == []


# --- strange ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scripts", [True, False], ids=["with_scripts", "without_scripts"])
def test_signs_of_every_kind_are_kept_and_shown_as_text(house, watch, scripts):
    opened = house("kingston-richmond", java_script_enabled=scripts)
    dissent = opened.world.dissent_at(S.AWAITING_VIEW)
    opened.at(NEXT_DAY)
    case = f"/cases/{dissent.case.reference}/"
    police = opened.quick("police").open(f"{case}written-view/")
    police.fill("view", STRANGE).fill("outcome_sought", STRANGE).press("Check and send")
    assert police.page.locator("main").inner_text().count("<script>window.hacked = 1</script>") == 2
    police.press("Send", exact=True).sees("Your written view was sent")
    view = WrittenView.objects.get()
    assert (view.text, view.outcome_sought) == (STRANGE, STRANGE)
    for who in ("police", "reviewer"):
        shown = opened.quick(who).open(case)
        shown.sees("<script>window.hacked = 1</script>", "🙂", "{{ 7*7 }}", "OR 1=1 --").sees_no(
            "49 ‘quotes’"
        )
        assert shown.page.evaluate("() => window.hacked") is None
    opened.quick("reviewer").open(f"{case}review/").sees("<script>window.hacked = 1</script>")


def test_the_sign_that_no_database_holds_is_taken_out_and_told(house, watch):
    watch.expect(422)
    opened = house("kingston-richmond")
    dissent = opened.world.dissent_at(S.AWAITING_VIEW)
    opened.at(NEXT_DAY)
    police = opened.quick("police").open(f"/cases/{dissent.case.reference}/information/")
    police.page.locator("main textarea").evaluate("box => { box.value = 'before\\u0000after' }")
    form = form_of(police.page, "Add it")
    assert "%00" in form["body"]
    police.press("Add it").sees("held a character that cannot be stored")
    assert police.page.locator("main textarea").input_value() == "beforeafter"
    police.press("Add it").sees("The information was added")
    assert Addition.objects.get().text == "beforeafter"


def test_strange_things_to_find_are_not_found(house, watch):
    watch.expect(404)
    police = house("camden").quick("police").open("/")
    for words in (STRANGE[:40], "PD-7F3K-92", "../../etc/passwd", "%00", "'", "🙂"):
        police.page.get_by_label("Find by reference").fill(words)
        police._go(police.page.get_by_role("button", name="Find")).sees("reference")
    assert police.page.evaluate("() => window.hacked") is None


# --- dates that there are not -------------------------------------------------------------------------------------

UNREAL = (
    ("31", "2", "2026"), ("0", "0", "0"), ("99", "99", "9999"), ("x", "y", "z"), ("1", "", "2026"), ("-1", "3", "2026"),
    ("1", "3", "26000000000000000000"), ("1.5", "3", "2026"), ("29", "2", "2025"),
)  # fmt: skip


def test_dates_that_there_are_not_are_refused_with_a_sentence_and_stay_in_their_boxes(house, watch):
    watch.expect(422)
    opened = house("camden")
    world = opened.world
    dissent = world.dissent_at(S.SECOND_TIER)
    world.answer(dissent, "reconvene", by="second")
    booked = world.booked(starts_at=AFTER.replace(day=20))
    opened.at(AFTER)
    places = (
        ("chair", "/conferences/new/", "starts_at", "10:00", "Book conference"),
        ("chair", f"/conferences/{booked.reference}/children/add/", "new-born_on", "", "Add child"),
        ("reviewer", f"/cases/{dissent.case.reference}/follow-up/", "starts_at", "10:00", "Book it"),
        ("reviewer", f"/cases/{dissent.case.reference}/told/agency_told/", "told_at", "10:00", "Record it"),
        ("admin", "/partnership/closure-days/", "", "", ""),
    )
    people = {who: opened.quick(who) for who in ("chair", "reviewer", "admin")}
    wrong = []
    for who, address, name, time, button in places:
        person = people[who].open(address)
        name = (
            name
            or str(person.page.locator("main input[name$=_day]").first.get_attribute("name"))[: -len("_day")]
        )
        for day, month, year in UNREAL if button == "Add child" else UNREAL[:3]:
            for part, text in (("day", day), ("month", month), ("year", year)):
                person.fill(f"{name}_{part}", text)
            if time:
                person.fill(f"{name}_time", time)
            person.press(button, exact=True) if button else person._go(
                person.page.locator("main form button.govuk-button").last
            )
            typed = person.page.locator(f"main [name='{name}_day']")
            if not person.page.title().startswith("Error: ") or typed.input_value() != day:
                wrong.append(f"{address} took {day}/{month}/{year}")
                person.open(address)
                continue
            error = person.page.locator(f"#id_{name}_error")
            if not error.count():
                wrong.append(f"{address}: nothing about {day}/{month}/{year} at {name}")
    assert wrong == []


# --- after signing out --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scripts", [True, False], ids=["with_scripts", "without_scripts"])
def test_a_session_that_ended_while_a_form_was_open_leads_to_signing_in_and_back(house, watch, scripts):
    opened = house("kingston-richmond", java_script_enabled=scripts)
    chair = dissenting(opened)
    address = chair.address
    Session.objects.all().delete()
    chair.press("Record formal dissent").sees("Sign in")
    assert Dissent.objects.count() == 0
    chair.signs_in(opened.email("chair"))
    assert chair.address == address
    chair.sees("Record formal dissent")
    assert Session.objects.filter(expire_date__gt=edge_now()).exists()


def test_a_button_pressed_after_the_session_ended_leads_back_to_its_page(house):
    """Buttons go to addresses that no browser can open again: after signing in the page with the button stands there."""
    opened = house("kingston-richmond")
    conference = opened.world.started()
    opened.at(SPOKEN)
    record = f"/conferences/{conference.reference}/record/"
    chair = opened.quick("chair").open(record)
    Session.objects.all().delete()
    chair.page.get_by_label("Find by reference").fill(conference.reference)
    chair._go(chair.page.get_by_role("button", name="Find")).sees("Sign in")
    chair.signs_in(opened.email("chair"))
    assert chair.address == record


def test_a_form_from_before_signing_in_again_elsewhere_says_what_to_do(house, watch):
    watch.expect(403)
    opened = house("kingston-richmond")
    chair = dissenting(opened)
    Session.objects.all().delete()
    tab = Person(chair.page.context.new_page(), "chair", lambda *_: None).open("/sign-in/")
    tab.signs_in(opened.email("chair"))
    chair.press("Record formal dissent").sees("Nothing was saved", "Go back, copy what you typed")
    assert Dissent.objects.count() == 0
