"""Hampshire, Isle of Wight, Portsmouth and Southampton: a ladder without a reviewer, an answer or a date."""

import datetime as dt

import pytest

from cases.selectors import area_of_case, facts_of
from conferences import actions as conferences
from conferences.models import Decision
from conferences.selectors import children_of
from conferences.states import ViewChoice
from core.refusals import Denied, Kind
from deadlines.actions import sweep
from deadlines.models import Deadline, DeadlineEffect
from deadlines.selectors import clocks_of
from deadlines.states import DeadlineState
from dissent import actions as dissents
from dissent.models import Answer, Review
from dissent.states import DissentState
from notifications.actions import send_due
from notifications.models import Message, Outbox
from tests.builders import ENDS, LATER, SPOKEN, World
from tests.rules.expect import clock, decide, mailed, missing, not_theirs, record, refused, told, view

pytestmark = pytest.mark.django_db


@pytest.fixture
def w() -> World:
    return World("hampshire")


def test_HIPS_7_without_consensus_the_chair_decides_and_notes_the_views_that_differ(w: World) -> None:
    conference = w.started()
    view(w, conference, "police", ViewChoice.MET)
    view(w, conference, "health", ViewChoice.NOT_MET)  # no majority among three with one silent
    lacking = " / ".join(words for words, rule in missing(conference) if rule == "HIPS-7")
    assert "Views that differ from the decision" in lacking
    assert "Sara School" in lacking
    (child,) = children_of(conference)
    with not_theirs("HIPS-7", says="entered by the chair"):
        decide(w, child, conference, by="minutes")
    decide(w, child, conference, basis="chair")
    conferences.record_field(
        conference_id=conference.pk, by=w.recorder(conference), field="differing_views",
        text="The police saw the threshold met.", now=SPOKEN,
    )  # fmt: skip
    noted = conferences.note_view(
        attendance_id=w.seat(conference, "police").pk, by=w.recorder(conference), text="Met, in my view.",
        child_ids=[child.pk], now=SPOKEN,
    )  # fmt: skip
    assert noted.said_at == SPOKEN
    assert "Views that differ" not in " / ".join(words for words, _ in missing(conference))


def test_HIPS_8_the_chair_may_overrule_the_majority_and_a_majority_by_itself_decides_nothing(
    w: World,
) -> None:
    conference = w.started()
    for who in ("police", "health", "school"):
        view(w, conference, who, ViewChoice.MET)
    (child,) = children_of(conference)
    with refused("HIPS-8", says="with the majority or against it; choose which"):
        decide(w, child, conference, basis="majority")
    decide(w, child, conference, basis="chair_overruled")
    decision = children_of(conference)[0].decision
    assert (decision.basis, decision.on_plan) == ("chair_overruled", False)
    basis = w.area.conference.basis("chair_overruled")
    assert basis is not None
    assert basis.rule == "HIPS-8"


def test_HIPS_8_the_decision_is_final_until_a_later_conference_and_a_challenge_suspends_nothing(
    w: World,
) -> None:
    dissent = w.recorded(challenge_choice="challenge", ground="risk_of_harm")
    (child,) = children_of(dissent.conference)
    with refused("", says="a later conference can change it", kind=Kind.CHANGED):
        w.decide(child, on_plan=True, by=w.recorder(dissent.conference), now=SPOKEN)
    area = area_of_case(w.case(dissent))
    assert area.meanwhile.rule == "HIPS-8"
    send_due(now=LATER)
    letters = Message.objects.filter(case=dissent.case)
    assert letters.exists()
    assert all(area.meanwhile.text in letter.body for letter in letters)
    assert Decision.objects.get(conference_child=child).on_plan is False


def test_HIPS_9_whether_to_challenge_stays_an_open_task_of_the_dissenter_until_it_is_chosen(w: World) -> None:
    dissent = w.dissent_at(DissentState.ON_LADDER)
    assert dissent.challenge_choice == ""
    assert dissent.case.held_by == "capacity:dissenter"
    open_task = clock(dissent, "challenge_choice")
    assert (open_task.rule, open_task.holder) == ("HIPS-9", "capacity:dissenter")
    assert (open_task.state, open_task.due_at) == (DeadlineState.OPEN, None)
    sweep(now=LATER + dt.timedelta(days=400))
    assert clock(dissent, "challenge_choice").state == DeadlineState.OPEN

    given = {"dissent_id": dissent.pk, "now": LATER}
    with refused("HIPS-9", says="Select whether you wish to challenge further"):
        dissents.choose_challenge(by=w.actor("police"), choice="perhaps", **given)
    with not_theirs("HIPS-9", says="the dissenting professional’s choice"):
        dissents.choose_challenge(by=w.actor("chair"), choice="challenge", **given)
    noted = dissents.choose_challenge(by=w.actor("police"), choice="note_only", **given)
    assert (noted.challenge_choice, noted.challenge_chosen_at) == ("note_only", LATER)
    assert clock(dissent, "challenge_choice").state == DeadlineState.MET
    assert facts_of(dissent.case)["challenge_chosen"] == LATER


def test_HIPS_9_a_view_only_noted_may_become_a_challenge_later(w: World) -> None:
    dissent = w.recorded(challenge_choice="note_only")
    assert dissent.case.held_by == "capacity:dissenter"
    w.end(dissent.conference)
    assert clock(dissent, "challenge_choice").state == DeadlineState.MET, "it was chosen when it was said"
    dissent = dissents.choose_challenge(
        dissent_id=dissent.pk, by=w.actor("police"), choice="challenge", now=LATER
    )
    assert (dissent.challenge_choice, dissent.case.held_by) == ("challenge", "capacity:chair")


@pytest.mark.parametrize("for_agency", [True, False])
def test_HIPS_9_an_agency_or_an_individual_may_disagree_and_two_of_one_agency_may_differ(
    w: World, for_agency: bool
) -> None:
    conference = w.ended()
    dissent = record(
        w,
        conference,
        "charity",
        for_agency=for_agency,
        by="charity",
        expressed_at=LATER,
        now=LATER,
        reasons="",
    )
    assert (dissent.for_agency, dissent.agency) == (for_agency, w.agencies["voluntary"])
    assert dissent.state == DissentState.ON_LADDER


def test_HIPS_10_a_challenge_goes_first_to_the_chair(w: World) -> None:
    dissent = w.recorded(challenge_choice="challenge", ground="risk_of_harm", reasons="He is not safe there.")
    assert set(told("HIPS-10", now=SPOKEN)) == {"chair"}
    assert (dissent.case.held_by, dissent.ground) == ("capacity:chair", "risk_of_harm")


def test_HIPS_10_a_challenge_chosen_later_is_told_to_the_chair_too(w: World) -> None:
    dissent = w.dissent_at(DissentState.ON_LADDER)
    assert mailed("challenged", now=LATER) == set()
    dissents.choose_challenge(dissent_id=dissent.pk, by=w.actor("police"), choice="challenge", now=LATER)
    assert mailed("challenged", now=LATER) == {"chair"}


def test_HIPS_10_a_dissent_on_another_ground_may_be_challenged_and_nobody_requires_it(w: World) -> None:
    dissent = w.recorded(challenge_choice="challenge", ground="no_added_risk")
    ground = next(g for g in area_of_case(w.case(dissent)).dissent.grounds if g.id == dissent.ground)
    assert (ground.rule, ground.basis) == ("HIPS-10", "reading")
    assert "nobody requires it" in ground.hint
    need = w.area.dissent.requirement("challenge_choice")
    assert need is not None
    assert need.strength == "should"


@pytest.mark.parametrize("who", ["chair", "admin", "manager", "reviewer", "second"])
def test_HIPS_15_nobody_upholds_reviews_or_answers_a_dissent_here(w: World, who: str) -> None:
    dissent = w.dissent_at(DissentState.ON_LADDER)
    by = w.actor(who)
    decided = dissents.Decided(outcome="upheld", reasons="I agree.")
    with pytest.raises(Denied) as denied:
        dissents.answer(dissent_id=dissent.pk, by=by, decided=decided, now=LATER)
    assert denied.value.rule == "HIPS-15"
    assert denied.value.route.text, "it says where to go instead"
    with pytest.raises(Denied) as denied:
        dissents.see_material(dissent_id=dissent.pk, by=by, material="record", now=LATER)
    assert denied.value.rule == "HIPS-15"
    assert not Answer.objects.exists()
    assert not Review.objects.exists()


@pytest.mark.parametrize("slug", ["hampshire", "isle-of-wight", "portsmouth", "southampton"])
def test_HIPS_15_no_clock_has_a_date_and_nothing_is_ever_overdue(slug: str) -> None:
    w = World(slug)
    dissent = w.recorded(challenge_choice="challenge", ground="risk_of_harm")
    w.end(dissent.conference)
    assert Deadline.objects.filter(case=dissent.case).exists()
    assert not Deadline.objects.filter(case=dissent.case, due_at__isnull=False).exists()
    assert not DeadlineEffect.objects.exists()
    sweep(now=ENDS + dt.timedelta(days=3650))
    case = w.case(dissent)
    assert (case.overdue, case.next_due_at, case.stage) == (False, None, "escalated")
    assert not Outbox.objects.filter(kind__startswith="clock_").exists()
    for running in clocks_of(case, ENDS + dt.timedelta(days=3650)):
        assert running.due.due_at is None
        assert running.deadline.breached_at is None


def test_HIPS_15_the_protocol_has_no_reviewer_no_outcome_and_no_post_for_one(w: World) -> None:
    dissent = w.dissent_at(DissentState.ON_LADDER)
    area = area_of_case(w.case(dissent))
    assert area.review is None
    assert area.slot("reviewer") is None
    assert not any(clock.amount for clock in area.clocks)
    assert not dissent.case.participants.filter(capacity__in=["reviewer", "second_tier"]).exists()
    with pytest.raises(Denied) as denied:
        dissents.pass_to_reviewer(dissent_id=dissent.pk, by=w.actor("chair"), now=LATER)
    assert denied.value.rule == "HIPS-15"
    given = {"dissent_id": dissent.pk, "by": w.actor("chair"), "now": LATER}
    booking = dissents.Booking(starts_at=LATER + dt.timedelta(days=7), chair_id=w.people["chair"].pk)
    child = dissent.case.children.get()
    for action in (
        lambda: dissents.book_follow_up(booking=booking, **given),
        lambda: dissents.told(tell_id="chair_told", told_at=LATER, how="Letter", **given),
        lambda: dissents.file_on_record(child_uuid=child.uuid, filed_on=LATER.date(), **given),
        lambda: dissents.close(**given),
    ):
        with pytest.raises(Denied) as denied:
            action()
        assert denied.value.rule == "HIPS-15"
        assert denied.value.route.text
