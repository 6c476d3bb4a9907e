"""The pages below a case: written view, reminders, withdrawal, information, tasks, telling, filing, closing."""

import pytest

from conferences.models import Conference
from dissent.models import Addition, PractitionerTask, WrittenView
from dissent.states import DissentState as S
from records.models import Filing, Telling
from tests.builders import REVIEWED, World, at
from tests.integration.dissent.conftest import NEXT_DAY

pytestmark = pytest.mark.django_db

VIEW = {"view": "The home is not safe.", "outcome_sought": "That the conference meets again."}


@pytest.fixture
def world():
    return World("kingston-richmond")


def ref(dissent):
    return dissent.case.reference


# --- the written view -------------------------------------------------------------------------------------------


def test_a_written_view_is_written_checked_and_sent(world, open_as):
    dissent = world.dissent_at(S.AWAITING_VIEW)
    person = open_as(world, "police")
    person.get("written-view", ref(dissent))
    assert "Tuesday 10 March 2026" in person.text
    assert "(AFC-16)" in person.text
    assert person.send(**VIEW, step="check").status_code == 200
    assert "Check before sending" in person.text
    assert not WrittenView.objects.exists()
    assert person.send(step="send").status_code == 302
    assert WrittenView.objects.get().text == VIEW["view"]
    person.follow()
    assert "Your written view was sent" in person.text


def test_a_written_view_can_be_changed_before_it_is_sent(world, open_as):
    dissent = world.dissent_at(S.AWAITING_VIEW)
    person = open_as(world, "police")
    person.get("written-view", ref(dissent))
    person.send(**VIEW, step="check")
    assert person.send(step="edit").status_code == 200
    assert VIEW["view"] in person.text
    assert "There is a problem" not in person.text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"view": ""}, "(AFC-16)"),
        ({"outcome_sought": ""}, "(AFC-17)"),
        ({"view": "x" * 5001}, "5,000 characters or less"),
    ],
)
def test_a_written_view_needs_what_the_protocol_says(world, changes, sentence, open_as):
    dissent = world.dissent_at(S.AWAITING_VIEW)
    person = open_as(world, "police")
    person.get("written-view", ref(dissent))
    assert person.send(**{**VIEW, **changes}).status_code == 422
    assert sentence in person.text


def test_the_reviewer_enters_a_view_that_came_by_letter(world, open_as, when):
    dissent = world.dissent_at(S.AWAITING_VIEW)
    reviewer = open_as(world, "reviewer")
    reviewer.get("written-view", ref(dissent))
    typed = VIEW | when("received_at", "2026-03-04", "09:00") | {"how": "letter"}
    reviewer.send(**typed)
    assert "Letter" in reviewer.text
    assert reviewer.send(step="send").status_code == 302
    view = WrittenView.objects.get()
    assert (view.how, view.received_at) == ("letter", at("2026-03-04", "09:00"))


def test_a_second_written_view_is_refused_and_its_text_is_kept(world, open_as):
    dissent = world.dissent_at(S.AWAITING_VIEW)
    person = open_as(world, "police")
    person.get("written-view", ref(dissent))
    world.send_view(dissent, now=NEXT_DAY)
    assert person.send(**VIEW, step="send").status_code == 409
    assert VIEW["view"] in person.text
    assert "already received" in person.text


@pytest.mark.parametrize("who", ["chair", "admin", "minutes"])
def test_nobody_else_writes_it(world, who, open_as):
    dissent = world.dissent_at(S.AWAITING_VIEW)
    assert open_as(world, who).get("written-view", ref(dissent)).status_code == 403


def test_a_stranger_finds_nothing(world, open_as):
    dissent = world.dissent_at(S.AWAITING_VIEW)
    for name in ("written-view", "review", "withdraw", "close"):
        assert open_as(world, "health").get(name, ref(dissent)).status_code == 404


# --- without it -------------------------------------------------------------------------------------------------


def test_going_on_without_the_view_waits_for_a_reminder(world, open_as):
    dissent = world.dissent_at(S.AWAITING_VIEW)
    reviewer = open_as(world, "reviewer")
    reviewer.get("review-without-view", ref(dissent))
    assert "Remind the dissenter first" in reviewer.text
    assert reviewer.send(reason="No answer.").status_code == 422
    assert "(AFC-16)" in reviewer.text
    reviewer.get("remind", ref(dissent))
    assert reviewer.send().status_code == 302
    reviewer.get("review-without-view", ref(dissent))
    assert reviewer.send(reason="No answer.").status_code == 302
    assert reviewer.follow().status_code == 200
    assert "The days for the answer have not begun" in reviewer.text


def test_not_pursued_is_no_decision(world, open_as):
    dissent = world.dissent_at(S.AWAITING_VIEW)
    reviewer = open_as(world, "reviewer")
    reviewer.get("remind", ref(dissent))
    reviewer.send()
    reviewer.get("not-pursued", ref(dissent))
    assert reviewer.send(reason="").status_code == 422
    assert reviewer.send(reason="They moved on.").status_code == 302
    reviewer.follow()
    assert "no decision on it" in reviewer.text


# --- the dissenter ----------------------------------------------------------------------------------------------


def test_the_dissenter_withdraws_with_or_without_a_reason(world, open_as):
    dissent = world.dissent_at(S.UNDER_REVIEW)
    person = open_as(world, "police")
    assert person.get("withdraw", ref(dissent)).status_code == 200
    assert person.send(reason="").status_code == 302
    dissent.refresh_from_db()
    assert dissent.state == S.WITHDRAWN
    assert person.get("withdraw", ref(dissent)).status_code == 422


def test_an_answered_dissent_cannot_be_withdrawn(world, open_as):
    dissent = world.dissent_at(S.DECIDED)
    person = open_as(world, "police")
    assert person.get("withdraw", ref(dissent)).status_code == 422
    assert "no longer be withdrawn" in person.text


def test_information_can_be_added_while_it_is_open(world, open_as):
    dissent = world.dissent_at(S.UNDER_REVIEW)
    person = open_as(world, "police")
    person.get("add-information", ref(dissent))
    assert person.send(text="x" * 1501).status_code == 422
    assert person.send(text="A new report came.").status_code == 302
    assert Addition.objects.get().text == "A new report came."
    assert open_as(world, "chair").get("add-information", ref(dissent)).status_code == 403


def test_a_task_of_the_protocol_is_done_on_a_day(open_as, when):
    world = World("brighton-hove")
    dissent = world.dissent_at(S.UNDER_REVIEW)
    person = open_as(world, "police")
    assert person.get("task-done", ref(dissent), "line_manager").status_code == 200
    assert "(SUS-32)" in person.text
    assert person.send(**when("done_on", "2026-03-06")).status_code == 422
    assert person.send(**when("done_on", "2026-03-03")).status_code == 302
    assert PractitionerTask.objects.get().task == "line_manager"
    assert person.get("task-done", ref(dissent), "no-such-task").status_code == 404
    assert open_as(world, "reviewer").get("task-done", ref(dissent), "line_manager").status_code == 403


def test_the_choice_to_challenge_is_the_dissenters(open_as):
    world = World("hampshire")
    dissent = world.dissent_at(S.ON_LADDER)
    person = open_as(world, "police")
    person.get("challenge-choice", ref(dissent))
    assert person.send(challenge_choice=None).status_code == 422
    assert person.send(challenge_choice="challenge").status_code == 302
    dissent.refresh_from_db()
    assert dissent.challenge_choice == "challenge"
    refused = open_as(world, "chair").get("challenge-choice", ref(dissent))
    assert refused.status_code == 403
    assert "HIPS-9" in refused.content.decode()


# --- after the answer -------------------------------------------------------------------------------------------


def test_telling_is_recorded_and_withholding_only_where_it_is_allowed(open_as, when):
    world = World("west-dunbartonshire")
    dissent = world.dissent_at(S.DECIDED)
    reviewer = open_as(world, "reviewer")
    reviewer.get("told", ref(dissent), "chair_notice")
    assert "(WDC-14)" in reviewer.text
    assert "withheld" not in reviewer.text
    assert reviewer.send().status_code == 422
    assert reviewer.send(**when("told_at", "2026-03-04", "10:15"), how="Letter").status_code == 302
    assert Telling.objects.get().how == "Letter"
    assert reviewer.get("told", ref(dissent), "no-such-telling").status_code == 404


def test_the_second_tier_may_withhold_with_a_reason(open_as):
    world = World("camden")
    dissent = world.answer(world.dissent_at(S.SECOND_TIER), "no_reconvene", by="second")
    second = open_as(world, "second")
    second.get("told", ref(dissent), "parents_told")
    assert second.send(withheld_reason="For the safety of somebody at home.").status_code == 302
    assert Telling.objects.get().told_at is None


def test_filing_is_recorded_for_each_child(world, open_as, when):
    dissent = world.dissent_at(S.DECIDED)
    reviewer = open_as(world, "reviewer")
    child = dissent.case.children.get()
    reviewer.get("filed", ref(dissent), child.uuid)
    assert reviewer.send(**when("filed_on", "2026-03-05")).status_code == 422
    assert reviewer.send(**when("filed_on", "2026-03-04")).status_code == 302
    assert Filing.objects.get().child == child


def test_closing_shows_what_blocks_it_and_its_rule(open_as):
    world = World("west-dunbartonshire")
    dissent = world.dissent_at(S.DECIDED)
    reviewer = open_as(world, "reviewer")
    reviewer.get("close", ref(dissent))
    assert "It cannot be closed yet" in reviewer.text
    assert "(WDC-14)" in reviewer.text


def test_closing_past_a_warning_is_confirmed(world, open_as):
    dissent = world.dissent_at(S.DECIDED)
    reviewer = open_as(world, "reviewer")
    reviewer.get("close", ref(dissent))
    assert "(AFC-21)" in reviewer.text
    assert reviewer.send().status_code == 422
    assert reviewer.send(confirmed="on").status_code == 302
    dissent.refresh_from_db()
    assert dissent.state == S.CLOSED
    assert open_as(world, "chair").get("close", ref(dissent)).status_code == 403


def test_the_conference_that_follows_is_booked_within_its_date_or_with_a_reason(open_as, when):
    world = World("brighton-hove")
    dissent = world.answer(world.dissent_at(S.UNDER_REVIEW), "upheld_and_reconvened", now=NEXT_DAY)
    reviewer = open_as(world, "reviewer")
    reviewer.get("follow-up", ref(dissent))
    assert "Wednesday 25 March 2026" in reviewer.text
    typed = {"chair": str(world.people["other_chair"].uuid)}
    late = when("starts_at", "2026-03-26", "10:00")
    assert reviewer.send(**typed, **late).status_code == 422
    assert "(SUS-30)" in reviewer.text
    assert reviewer.send(**typed, **late, late_reason_booking="No room before.").status_code == 302
    assert Conference.objects.filter(follows=dissent.conference).count() == 1
    assert reviewer.get("follow-up", ref(dissent)).status_code == 200
    assert reviewer.send(**typed, **when("starts_at", "2026-03-24", "10:00")).status_code == 409


def test_where_the_answer_asks_for_no_conference_none_is_booked(world, open_as):
    dissent = world.dissent_at(S.DECIDED)
    assert open_as(world, "reviewer").get("follow-up", ref(dissent)).status_code == 422


@pytest.mark.parametrize("slug", REVIEWED)
def test_no_page_names_a_child_in_its_title_or_address(slug, open_as):
    world = World(slug)
    dissent = world.dissent_at(S.DECIDED)
    reviewer = open_as(world, "reviewer")
    for name in ("close", "case"):
        html = reviewer.get(name, ref(dissent)).content.decode()
        title = html.split("<title>")[1].split("</title>")[0]
        assert "Q.X" not in title
        assert "Pia" not in title
        assert ref(dissent) in title


def test_a_dissenter_sees_their_own_dissent_and_answer_alone(world, open_as):
    conference = world.decided()
    mine, other = (
        world.recorded(conference, reasons="Mine alone."),
        world.recorded(conference, who="health", reasons="Theirs."),
    )
    world.end(conference)
    world.send_view(mine)
    world.answer(mine, "not_upheld", late_reason="")
    person = open_as(world, "police")
    person.get("case", ref(mine))
    assert "All of it was weighed again." in person.text
    assert "Theirs." not in person.text
    assert "Went through the reasons." not in person.text
    assert person.get("case", ref(other)).status_code == 404


def test_the_chair_sees_the_outcome_and_not_the_reasons(world, open_as):
    dissent = world.dissent_at(S.UNDER_REVIEW)
    world.talk(dissent)
    world.answer(dissent, "not_upheld")
    chair = open_as(world, "chair")
    chair.get("case", ref(dissent))
    assert "Not upheld" in chair.text
    assert "All of it was weighed again." not in chair.text
    assert "Went through the reasons." not in chair.text


def test_when_the_conference_has_ended_a_dissenter_without_an_account_can_be_invited_from_there(
    world, open_as
):
    dissent = world.dissent_of_guest("awaiting_view")
    chair = open_as(world, "chair")
    page = chair.get("conference-ended", dissent.conference.reference).content.decode()
    assert f'href="/cases/{dissent.case.reference}/#guests"' in page
    assert 'id="guests"' in chair.get("case", dissent.case.reference).content.decode()
    with_account = world.dissent_at("awaiting_view")
    page = chair.get("conference-ended", with_account.conference.reference).content.decode()
    assert "#guests" not in page
