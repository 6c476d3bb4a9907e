"""The live record in its stages, as the chair and the minute taker keep it, with scripts off."""

import dataclasses

import pytest

from conferences.models import Conference, ConferenceChild, Decision, NotedView, ScriptTick, View
from conferences.selectors import area_of_conference, children_of
from conferences.states import ConferenceState, Presence, Side
from partnerships.selectors import area_of
from protocols.model import Quorum
from tests.builders import FIVE, World, at

pytestmark = pytest.mark.django_db


def stage(conference, name=""):
    return f"/conferences/{conference.reference}/{name and name + '/'}"


def only_child(conference):
    return ConferenceChild.objects.filter(conference=conference).order_by("pk").first()


def decide(browser, conference, **changes):
    """Fill in the decision about the first child as it stands on the page, and send it."""
    browser.get(stage(conference, "decision"))
    address, fields = browser.form(having="child")
    given = {"option": "not_on_plan", "basis": "chair", "reasons": "Weighed in full.", **changes}
    prefix = "child-1-"
    return browser.send(address, fields | {prefix + key: value for key, value in given.items()})


def test_the_chair_lands_on_the_list_then_on_the_round_then_on_the_decision(world, open_as):
    conference = world.booked()
    chair = open_as(world, "chair")
    assert chair.get(stage(conference)).headers["Location"] == stage(conference, "attendance")
    started = world.started()
    assert chair.get(stage(started)).headers["Location"] == stage(started, "views")
    decided = world.decided()
    landing = chair.get(stage(decided)).headers["Location"]
    assert landing in (stage(decided, "dissent"), stage(decided, "record"))


def test_one_press_starts_the_conference_and_a_second_press_of_the_same_button_changes_nothing(
    world, open_as
):
    conference = world.booked()
    chair = open_as(world, "chair")
    chair.get(stage(conference, "attendance"))
    address, fields = chair.form(having="/start/")
    first, second = chair.send(address, fields), chair.send(address, fields)
    assert first.status_code == second.status_code == 302
    assert first.headers["Location"] == second.headers["Location"]
    conference.refresh_from_db()
    assert conference.state == ConferenceState.IN_SESSION
    assert conference.sessions.count() == 1


def test_a_start_in_the_future_is_refused_at_its_field(world, open_as, when):
    conference = world.booked()
    chair = open_as(world, "chair")
    chair.get(stage(conference, "start"))
    address, fields = chair.form(having="at_day")
    page = chair.send(address, fields | when("at", "2026-03-03", "4pm"))
    assert page.status_code == 422
    assert "The time it started must be in the past" in chair.text()
    assert 'id="id_at_error"' in chair.text()
    assert "<title>Error: " in chair.text()


def test_a_conference_is_adjourned_with_a_reason_and_goes_on(world, open_as, when):
    conference = world.started()
    chair = open_as(world, "chair")
    chair.get(stage(conference, "adjourn"))
    address, fields = chair.form(having="reason")
    assert chair.send(address, fields).status_code == 422
    assert "Enter why the conference is adjourned" in chair.text()
    chair.send(address, fields | {"reason": "A report is missing."} | when("resumes_at", "2026-03-05", "2pm"))
    conference.refresh_from_db()
    assert conference.state == ConferenceState.ADJOURNED
    chair.get(stage(conference, "views"))
    assert "A report is missing." in chair.text()
    assert "Thursday 5 March 2026 at 2pm" in chair.text()
    address, fields = chair.form(having="/resume/")
    chair.send(address, fields)
    conference.refresh_from_db()
    assert conference.state == ConferenceState.IN_SESSION


def test_a_booked_conference_is_cancelled_with_a_reason_and_a_started_one_is_not(world, open_as):
    conference, started = world.booked(), world.started()
    chair = open_as(world, "chair")
    for row, state in ((conference, ConferenceState.CANCELLED), (started, ConferenceState.IN_SESSION)):
        chair.get(stage(row, "cancel"))
        address, fields = chair.form(having="reason")
        answer = chair.send(address, fields | {"reason": "The family moved away."})
        assert answer.status_code in (302, 409)
        row.refresh_from_db()
        assert row.state == state


def test_each_step_of_the_script_is_ticked_once_with_its_time(world, open_as):
    conference = world.started()
    chair = open_as(world, "chair")
    chair.get(stage(conference, "script"))
    address, fields = chair.form(having="step")
    chair.send(address, fields)
    chair.send(address, fields)
    tick = ScriptTick.objects.get(conference=conference)
    assert tick.done_at == at("2026-03-03", "11:40")
    chair.get(stage(conference, "script"))
    assert "11:40am" in chair.text()


@pytest.mark.parametrize("slug", FIVE)
def test_the_script_is_the_protocols_own_words_with_their_rules(slug, open_as):
    world = World(slug)
    conference = world.started()
    chair = open_as(world, "chair")
    chair.get(stage(conference, "script"))
    for step in world.area.conference.script:
        assert step.rule in chair.text()


def test_before_it_has_started_nothing_of_the_meeting_can_be_recorded(world, open_as):
    conference = world.booked()
    chair = open_as(world, "chair")
    for name in ("script", "views", "decision", "record"):
        chair.get(stage(conference, name))
        assert "Start the conference now" in chair.text()
        assert not [f for to, f in chair.forms() if {"step", "child", "phase"} & set(f)]
    posted = chair.send(stage(conference, "script"), {"step": world.area.conference.script[0].step})
    assert posted.status_code == 422
    assert "Start the conference first" in chair.text()


# --- attendance -------------------------------------------------------------------------------------------------


def test_attendance_of_everyone_is_saved_with_one_button(world, open_as):
    conference = world.booked()
    chair = open_as(world, "chair")
    chair.get(stage(conference, "attendance"))
    chair.send(*chair.form(having="/start/"))
    chair.get(stage(conference, "attendance"))
    police, school = world.seat(conference, "police"), world.seat(conference, "school")
    key = police.uuid.hex[:12]
    address, fields = chair.form(having=f"presence_{key}")
    fields |= {
        f"presence_{key}": Presence.LEFT_EARLY.value,
        f"left_{key}": "11:40",
        f"report_{key}": "on",
        "everyone": "yes",
    }
    chair.send(address, fields)
    police.refresh_from_db()
    school.refresh_from_db()
    assert (police.presence, police.report_submitted) == (Presence.LEFT_EARLY, True)
    assert police.left_at == at("2026-03-03", "11:40")
    assert school.presence == Presence.ATTENDED


@pytest.mark.parametrize(
    ("typed", "words"),
    [("5pm", "The time they left must be in the past"), ("soon", "must be like 2:05pm or 14:05")],
)
def test_a_time_of_leaving_that_cannot_be_is_refused_at_its_person(world, open_as, typed, words):
    conference = world.started()
    chair = open_as(world, "chair")
    chair.get(stage(conference, "attendance"))
    key = world.seat(conference, "police").uuid.hex[:12]
    address, fields = chair.form(having=f"presence_{key}")
    page = chair.send(address, fields | {f"presence_{key}": "left_early", f"left_{key}": typed})
    assert page.status_code == 422
    assert words in chair.text()
    assert f'id="id_left_{key}_error"' in chair.text()
    assert f'value="{typed}"' in chair.text()


def test_attendance_that_the_minute_taker_changed_meanwhile_is_not_overwritten(world, open_as):
    conference = world.started()
    chair, minutes = open_as(world, "chair"), open_as(world, "minutes")
    seat = world.seat(conference, "police")
    name = f"presence_{seat.uuid.hex[:12]}"
    chair.get(stage(conference, "attendance"))
    minutes.get(stage(conference, "attendance"))
    address, fields = chair.form(having=name)
    minutes.send(address, minutes.form(having=name)[1] | {name: Presence.REMOTE.value})
    assert chair.send(address, fields | {name: Presence.ABSENT.value}).status_code == 409
    seat.refresh_from_db()
    assert seat.presence == Presence.REMOTE
    # What only the other person touched is left alone.
    other = f"presence_{world.seat(conference, 'school').uuid.hex[:12]}"
    fields |= {other: Presence.REMOTE.value, "token": ""}
    assert chair.send(address, fields).status_code == 302
    seat.refresh_from_db()
    assert seat.presence == Presence.REMOTE


def test_people_are_added_from_the_partnership_by_name_and_from_the_family(world, open_as):
    conference = world.started()
    chair = open_as(world, "chair")
    chair.get(stage(conference, "attendance/people"))
    assert "Children&#x27;s social care" in chair.text()
    address, fields = next((to, f) for to, f in chair.forms() if "token" in f)
    chair.send(address, fields | {"people": [str(world.people["deputy"].uuid)], "here": "on"})
    assert world.seat(conference, "deputy").presence == Presence.ATTENDED

    chair.get(stage(conference, "attendance/person"))
    address, fields = chair.form(having="job_title")
    assert chair.send(address, fields).status_code == 422
    assert "Enter the person’s name" in chair.text()
    assert "Select the person’s agency" in chair.text()
    agency = str(world.agencies["health"].uuid)
    chair.send(address, fields | {"name": "Nora Named", "agency": agency})
    chair.send(address, fields | {"name": "Nora Named", "agency": agency})
    assert conference.attendances.filter(name="Nora Named", agency__kind="health").count() == 1

    chair.get(stage(conference, "attendance/family"))
    address, fields = chair.form(having="job_title")
    chair.send(address, fields | {"name": "Uncle Invented", "job_title": "Uncle"})
    assert conference.attendances.get(name="Uncle Invented").side == Side.FAMILY


def test_a_child_is_added_new_unborn_or_known_and_never_twice(world, open_as, when):
    first, conference = world.booked(), world.booked()
    chair = open_as(world, "chair")
    address = stage(conference, "children/add")
    chair.get(address)
    _, fields = chair.form(having="new-initials")
    assert chair.send(address, fields | {"new-initials": "U.N."}).status_code == 422
    assert "Enter a date of birth, or the expected date" in chair.text()
    future = fields | {"new-initials": "F.F."} | when("new-born_on", "2026-03-04")
    assert chair.send(address, future).status_code == 422
    assert "Date of birth must be today or in the past" in chair.text()
    unborn = fields | {"new-initials": "U.N.", "new-on_plan": "on"} | when("new-due_on", "2026-05-01")
    chair.send(address, unborn)
    chair.send(address, unborn)
    added = conference.conference_children.get(child__initials="U.N.")
    assert added.on_plan_before
    assert added.child.unborn

    known = only_child(first).child
    chair.get(address)
    _, fields = chair.form(having="known-child")
    chair.send(address, fields | {"known-child": str(known.uuid)})
    assert conference.conference_children.filter(child=known).count() == 1
    again = chair.send(address, fields | {"known-child": str(known.uuid), "known-token": ""})
    assert again.status_code == 422


# --- views ------------------------------------------------------------------------------------------------------


def test_the_round_goes_from_person_to_person(world, open_as):
    conference = world.started(children=2)
    chair = open_as(world, "chair")
    asked = []
    address = stage(conference, "views")
    chair.get(address)
    assert "Ask Hugo Health" in chair.text()
    address = f"{address}?person={world.seat(conference, 'health').uuid}"
    while "person=" in address:
        chair.get(address)
        _, fields = chair.form(having="phase")
        asked.append(address)
        sent = chair.send(
            address, fields | {"choice_0": "met", "choice_1": "not_met", "reasons_1": "Seen weekly."}
        )
        assert sent.status_code == 302
        address = sent.headers["Location"]
    assert len(asked) == 3
    assert View.objects.filter(attendance__conference=conference).count() == 6
    chair.get(address)
    assert "Everyone present has been asked" in chair.text()


def test_a_round_without_a_view_names_the_person_and_keeps_the_text(world, open_as):
    conference = world.started()
    chair = open_as(world, "chair")
    address = f"{stage(conference, 'views')}?person={world.seat(conference, 'police').uuid}"
    chair.get(address)
    _, fields = chair.form(having="phase")
    page = chair.send(address, fields | {"reasons_0": "Kept words."})
    assert page.status_code == 422
    assert "Select Pia Police’s view" in chair.text()
    assert "Kept words." in chair.text()
    assert chair.send(address, fields | {"choice_0": "none"}).status_code == 422
    assert "Enter why Pia Police gave no view" in chair.text()
    assert world.area.conference.views_complete.rule in chair.text()


def test_family_has_no_place_in_the_round(world, open_as):
    conference = world.started()
    gran = conference.attendances.get(side=Side.FAMILY)
    chair = open_as(world, "chair")
    assert chair.get(f"{stage(conference, 'views')}?person={gran.uuid}").status_code == 404


def test_a_view_that_someone_else_changed_is_shown_beside_ones_own(world, open_as):
    conference = world.started()
    chair, minutes = open_as(world, "chair"), open_as(world, "minutes")
    address = f"{stage(conference, 'views')}?person={world.seat(conference, 'police').uuid}"
    chair.get(address)
    minutes.get(address)
    minutes.send(address, minutes.form(having="phase")[1] | {"choice_0": "met", "reasons_0": "As noted."})
    mine = chair.send(
        address, chair.form(having="phase")[1] | {"choice_0": "not_met", "reasons_0": "As heard."}
    )
    assert mine.status_code == 409
    assert "As noted." in chair.text()
    assert "As heard." in chair.text()


def test_WDC_9_a_view_that_changed_since_the_discussion_needs_its_reason(open_as):
    world = World("west-dunbartonshire")
    conference = world.started()
    chair = open_as(world, "chair")
    person = world.seat(conference, "police").uuid
    for phase, choice in (("discussion", "met"), ("decision", "not_met")):
        address = f"{stage(conference, 'views')}?person={person}&phase={phase}"
        chair.get(address)
        sent = chair.send(address, chair.form(having="phase")[1] | {"choice_0": choice})
    assert sent.status_code == 422
    assert "saw this differently in the discussion" in chair.text()
    assert "WDC-9" in chair.text()
    assert 'id="id_change_0_error"' in chair.text()
    fields = chair.form(having="phase")[1]
    sent = chair.send(address, fields | {"change_0": "The report of the school."})
    assert sent.status_code == 302
    assert View.objects.get(phase="decision").change_reason == "The report of the school."


# --- decision ---------------------------------------------------------------------------------------------------


def test_a_decision_is_recorded_once_however_often_it_is_sent(world, open_as):
    conference = world.started()
    chair = open_as(world, "chair")
    chair.get(stage(conference, "decision"))
    address, fields = chair.form(having="child")
    fields |= {"child-1-option": "on_plan", "child-1-category": "neglect", "child-1-basis": "chair"}
    assert [chair.send(address, fields).status_code for _ in range(2)] == [302, 302]
    decision = Decision.objects.get()
    assert (decision.option, decision.category, decision.basis) == ("on_plan", "neglect", "chair")
    chair.get(stage(conference, "decision"))
    assert "Threshold met: child protection plan (neglect)" in chair.text()


def test_a_second_decision_is_409_and_what_was_typed_is_still_there(world, open_as):
    conference = world.started()
    chair = open_as(world, "chair")
    chair.get(stage(conference, "decision"))
    address, fields = chair.form(having="child")
    decide(chair, conference)
    late = fields | {
        "child-1-option": "on_plan",
        "child-1-category": "neglect",
        "child-1-basis": "chair",
        "child-1-reasons": "Typed on the second screen.",
    }
    assert chair.send(address, late).status_code == 409
    assert "was already recorded, on Tuesday 3 March 2026" in chair.text()
    assert "Typed on the second screen." in chair.text()
    assert "Threshold met: child protection plan" in chair.text()
    assert Decision.objects.get().option == "not_on_plan"


@pytest.mark.parametrize(
    ("slug", "rule"), [("kingston-richmond", "AFC-2"), ("camden", "CAM-5"), ("hampshire", "HIPS-8")]
)
def test_a_majority_posted_by_hand_is_refused_with_its_rule(slug, rule, open_as):
    world = World(slug)
    conference = world.started()
    chair = open_as(world, "chair")
    chair.get(stage(conference, "decision"))
    assert 'value="majority"' not in chair.text()
    page = decide(chair, conference, basis="majority")
    assert page.status_code == 422
    assert f"({rule})" in chair.text()
    assert 'id="id_child-1-basis_error"' in chair.text()
    assert "Weighed in full." in chair.text()
    assert not Decision.objects.exists()


@pytest.mark.parametrize("slug", FIVE)
def test_only_the_ways_to_decide_that_the_protocol_has_are_offered(slug, open_as):
    world = World(slug)
    conference = world.started()
    chair = open_as(world, "chair")
    chair.get(stage(conference, "decision"))
    offered = {b.id for b in world.area.conference.bases}
    for basis in ("consensus", "majority", "chair", "chair_overruled"):
        assert (f'name="child-1-basis" type="radio" value="{basis}"' in chair.text()) is (basis in offered)


def test_a_plan_needs_its_category_and_a_decision_its_answers(world, open_as):
    conference = world.started()
    chair = open_as(world, "chair")
    assert decide(chair, conference, option="on_plan").status_code == 422
    assert "Select the category" in chair.text()
    assert decide(chair, conference, option="", basis="").status_code == 422
    assert "Select what was decided" in chair.text()
    assert "Select how the decision was reached" in chair.text()


def test_a_child_of_another_conference_is_refused(world, open_as):
    conference, other = world.started(), world.started()
    chair = open_as(world, "chair")
    chair.get(stage(conference, "decision"))
    address, fields = chair.form(having="child")
    page = chair.send(address, fields | {"child": str(only_child(other).uuid)})
    assert page.status_code == 422
    assert "That child is not one of this conference" in chair.text()
    assert not Decision.objects.exists()


def test_what_the_record_lacks_is_warned_with_its_rule_and_stops_nothing(world, open_as):
    conference = world.started()
    chair = open_as(world, "chair")
    chair.get(stage(conference, "decision"))
    assert "No view of Pia Police, Police" in chair.text()
    assert "(AFC-1)" in chair.text()
    assert decide(chair, conference).status_code == 302


def test_the_minute_taker_sees_the_decision_and_cannot_enter_it(world, open_as):
    conference = world.started()
    minutes = open_as(world, "minutes")
    minutes.get(stage(conference, "decision"))
    assert not [f for _, f in minutes.forms() if "child" in f]
    posted = minutes.send(
        stage(conference, "decision"),
        {"child": str(only_child(conference).uuid), "child-1-option": "on_plan", "child-1-category": "neglect",
         "child-1-basis": "chair"},
    )  # fmt: skip
    assert posted.status_code == 403
    assert "AFC-2" in minutes.text()
    assert not Decision.objects.exists()


@pytest.fixture
def quorum(monkeypatch):
    """The same protocol with a quorum of four agencies; one decision is never for fewer."""

    def with_quorum(version, slug):
        area = area_of(version, version.partnership)
        rules = dataclasses.replace(
            area.conference,
            quorum=Quorum(minimum=4, text="Four agencies.", rule="AFC-1", not_when_inquorate=("on_plan",)),
        )
        return dataclasses.replace(area, conference=rules)

    monkeypatch.setattr("conferences.selectors.area_of", with_quorum)


def test_below_the_quorum_a_decision_waits_for_the_reason(world, open_as, quorum):
    conference = world.started()
    chair = open_as(world, "chair")
    assert decide(chair, conference).status_code == 422
    assert "Not quorate: 3 of 4 agencies" in chair.text()
    assert "Fewer than 4 agencies are here" in chair.text()
    assert "(AFC-1)" in chair.text()
    chair.get(stage(conference, "record"))
    assert "Say why it goes on" in chair.text()
    chair.get(stage(conference, "record/quorum"))
    address, fields = chair.form(having="quorum_reason")
    assert chair.send(address, fields).status_code == 422
    chair.send(address, fields | {"quorum_reason": "The risk cannot wait."})
    assert Conference.objects.get(pk=conference.pk).quorum_reason == "The risk cannot wait."
    assert decide(chair, conference, option="on_plan", category="neglect").status_code == 422
    assert "This cannot be decided with fewer than 4 agencies here" in chair.text()
    assert decide(chair, conference).status_code == 302


def test_with_its_quorum_the_bar_says_so(world, open_as, quorum):
    conference = world.started()
    charity = world.seat(conference, "charity")
    charity.presence = Presence.ATTENDED
    charity.save(update_fields=["presence"])
    chair = open_as(world, "chair")
    chair.get(stage(conference, "views"))
    assert "Quorate: 4 agencies" in chair.text()


# --- record and differing views ---------------------------------------------------------------------------------


def test_the_protocols_further_parts_are_kept_and_a_stale_screen_does_not_overwrite_them(open_as):
    world = World("west-dunbartonshire")
    conference = world.decided()
    chair, minutes = open_as(world, "chair"), open_as(world, "minutes")
    for browser in (chair, minutes):
        browser.get(stage(conference, "record"))
    assert "What their work is to be about" in chair.text()
    assert "First core group" not in chair.text()
    address, fields = chair.form(having="strengths")
    minutes.send(address, minutes.form(having="strengths")[1] | {"strengths": "Grandparents near."})
    assert chair.send(address, fields | {"risks": "Missed visits."}).status_code == 302
    assert {f.field: f.text for f in conference.record_fields.all()} == {
        "strengths": "Grandparents near.",
        "risks": "Missed visits.",
    }
    stale = chair.send(address, fields | {"strengths": "Mine.", "token": ""})
    assert stale.status_code == 409
    assert "Mine." in chair.text()


def test_WDC_10_each_reopening_of_the_discussion_is_counted_by_one_press(open_as):
    world = World("west-dunbartonshire")
    conference = world.started()
    chair = open_as(world, "chair")
    chair.get(stage(conference, "record"))
    address, fields = chair.form(having="/revisit/")
    chair.send(address, fields)
    chair.send(address, fields)
    assert Conference.objects.get(pk=conference.pk).revisits == 1
    assert chair.get(address).status_code == 405


def test_AFC_5_a_differing_view_is_noted_and_starts_nothing(world, open_as, when):
    conference = world.decided(children=2)
    chair = open_as(world, "chair")
    chair.get(stage(conference, "note-view"))
    assert "Pia Police" in chair.text()
    address = f"{stage(conference, 'note-view')}?person={world.seat(conference, 'police').uuid}"
    chair.get(address)
    _, fields = chair.form(having="reasons")
    assert chair.send(address, fields).status_code == 422
    assert "Select which child the view is about" in chair.text()
    assert "Enter Pia Police’s view" in chair.text()
    child = str(children_of(conference)[1].uuid)
    said = fields | {"children": [child], "reasons": "I would have said yes."}
    assert chair.send(address, said | when("expressed_at", "2026-03-03", "3pm")).status_code == 422
    assert "The time it was said must be in the past" in chair.text()
    chair.send(address, said)
    chair.send(address, said)
    assert NotedView.objects.get().children.get() == children_of(conference)[1]
    chair.get(stage(conference, "record"))
    assert "I would have said yes." in chair.text()
    assert not conference.conference_cases.exists()


@pytest.mark.parametrize("name", ["script", "attendance", "views", "decision", "record", "note-view"])
def test_once_it_has_ended_a_stage_leads_to_the_closed_record(world, open_as, name):
    conference = world.ended()
    chair = open_as(world, "chair")
    assert chair.get(stage(conference, name)).headers["Location"] == stage(conference)
    chair.get(stage(conference))
    assert "The record is closed" in chair.text()


def test_a_form_that_was_open_when_it_ended_says_so_and_keeps_its_text(world, open_as):
    conference = world.decided()
    chair = open_as(world, "chair")
    address = f"{stage(conference, 'note-view')}?person={world.seat(conference, 'police').uuid}"
    chair.get(address)
    _, fields = chair.form(having="reasons")
    world.end(conference, at("2026-03-03", "11:39"))
    page = chair.send(
        address, fields | {"children": [str(only_child(conference).uuid)], "reasons": "Kept words."}
    )
    assert page.status_code == 422
    assert "its record is closed" in chair.text()
    assert "Kept words." in chair.text()


@pytest.mark.parametrize("slug", FIVE)
def test_no_stage_takes_more_than_ten_queries(slug, open_as):
    world = World(slug)
    conference = world.decided(children=3)
    chair = open_as(world, "chair")
    person = world.seat(conference, "police").uuid
    for name in ("script", "attendance", "views", "decision", "record", "note-view"):
        assert chair.queries(stage(conference, name)) <= 10, name
    assert chair.queries(f"{stage(conference, 'views')}?person={person}") <= 10


def test_the_protocol_is_the_one_in_force_on_the_day(world):
    conference = world.booked()
    assert area_of_conference(conference).protocol_id == world.text
