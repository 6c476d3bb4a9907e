"""Camden, rule by rule, through the real actions: the service manager decides, then perhaps the head of service."""

import datetime as dt

import pytest

from cases.models import Case
from cases.selectors import area_of_case, facts_of
from conferences import actions as conferences
from conferences.models import ConferenceChild
from conferences.selectors import children_of
from conferences.states import Presence, ViewChoice
from core.clock import london
from core.refusals import Denied, Kind
from deadlines.actions import sweep
from deadlines.selectors import clocks_of
from deadlines.states import DeadlineState
from dissent import actions as dissents
from dissent.models import Ask, Dissent
from dissent.states import DissentState
from notifications.actions import send_due
from notifications.models import Message
from records.models import Telling
from tests.builders import BEGINS, ENDS, LATER, SPOKEN, World, at
from tests.rules.expect import (
    A_SECOND,
    AN_HOUR,
    clock,
    decide,
    due,
    has_clock,
    mailed,
    missing,
    not_theirs,
    record,
    refused,
    told,
    view,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def w() -> World:
    return World("camden")


def tell(w: World, dissent: Dissent, *tells: str, by: str = "reviewer", **how: str) -> None:
    for tell_id in tells:
        given = {"how": "Letter", "told_at": LATER, **how} if "withheld_reason" not in how else how
        dissents.told(dissent_id=dissent.pk, by=w.actor(by), tell_id=tell_id, now=LATER, **given)


def file_all(w: World, dissent: Dissent) -> None:
    for child in dissent.case.children.all():
        dissents.file_on_record(
            dissent_id=dissent.pk,
            by=w.actor("reviewer"),
            child_uuid=child.uuid,
            filed_on=LATER.date(),
            now=LATER,
        )


def close(w: World, dissent: Dissent) -> Dissent:
    return dissents.close(dissent_id=dissent.pk, by=w.actor("reviewer"), now=LATER, confirmed=True)


def answered_twice(w: World, outcome: str, **changes: object) -> Dissent:
    """Upheld, and then answered by the head of service."""
    return w.answer(w.dissent_at(DissentState.SECOND_TIER), outcome, by="second", **changes)


@pytest.mark.parametrize(("who", "statutory"), [("police", True), ("charity", False)])
def test_CAM_1_statutory_and_voluntary_organisations_dissent_alike(
    w: World, who: str, statutory: bool
) -> None:
    conference = w.started()
    conferences.record_presence(
        attendance_id=w.seat(conference, "charity").pk, by=w.recorder(conference), presence=Presence.ATTENDED,
        now=BEGINS,
    )  # fmt: skip
    decide(w, children_of(conference)[0], conference)
    dissent = record(w, conference, who)
    assert dissent.agency.statutory is statutory
    assert dissent.state == DissentState.UNDER_REVIEW


def test_CAM_1_a_family_member_is_shown_the_complaint_by_the_rule_that_gives_it(w: World) -> None:
    conference = w.decided()
    gran = conference.attendances.get(side="family")
    with refused("CAM-18", says="Record it as a complaint", route="can complain about a conference"):
        dissents.record(attendance_id=gran.pk, by=w.recorder(conference), said=w.said(conference), now=SPOKEN)
    assert not Dissent.objects.exists()


@pytest.mark.parametrize(
    ("before", "on_plan", "subject"),
    [
        (False, True, "plan_made"),
        (False, False, "plan_not_made"),
        (True, False, "plan_ended"),
        (True, True, "plan_continued"),
    ],
)
def test_CAM_2_a_dissent_is_from_making_not_making_ending_or_by_our_reading_continuing_a_plan(
    w: World, before: bool, on_plan: bool, subject: str
) -> None:
    conference = w.started()
    ConferenceChild.objects.filter(conference=conference).update(on_plan_before=before)
    w.decide(children_of(conference)[0], on_plan=on_plan, by=w.recorder(conference), now=SPOKEN)
    assert record(w, conference).subject == subject
    found = next(s for s in w.area.dissent.subjects if s.id == subject)
    assert (found.rule, found.basis) == ("CAM-2", "reading" if subject == "plan_continued" else "rule")


def test_CAM_2_the_category_alone_is_refused_and_beside_the_decision_on_a_sibling_it_is_taken(
    w: World,
) -> None:
    conference = w.decided(on_plan=True, children=2)
    first, second = children_of(conference)
    with refused("CAM-2", says="the category alone is not enough", route="Open an escalation"):
        record(w, conference, directions={first.pk: "different_category"})
    both = record(w, conference, directions={first.pk: "less_protection", second.pk: "different_category"})
    assert both.subject == "plan_made"


@pytest.mark.parametrize(
    ("subject", "words"), [("recommendation", "a recommendation alone"), ("other_outcome", "anything else")]
)
def test_CAM_2_a_recommendation_or_another_outcome_alone_is_refused(
    w: World, subject: str, words: str
) -> None:
    conference = w.decided()
    (child,) = children_of(conference)
    with refused("CAM-2", says=words, route="Open an escalation"):
        record(w, conference, directions={child.pk: "other"}, subject=subject)
    assert not Case.objects.exists()


def test_CAM_3_a_concern_only_about_how_it_was_run_is_filed_as_a_process_concern(w: World) -> None:
    conference = w.decided()
    with refused("CAM-3", says="File it as a process concern", route="process concern"):
        record(w, conference, ground="process_only")
    assert record(w, conference, ground="decision").ground == "decision"


def test_CAM_4_consensus_is_tried_with_the_threshold_in_hand_and_what_came_of_it_is_noted(w: World) -> None:
    conference = w.started()
    assert {words for words, rule in missing(conference) if rule == "CAM-4"} == {
        "Not ticked: Consensus tried",
        "Not ticked: Threshold for significant harm referred to",
        "Not recorded: How consensus was tried, and what came of it",
    }
    given = {"conference_id": conference.pk, "by": w.recorder(conference), "now": SPOKEN}
    for step in ("consensus_tried", "threshold_referred_to"):
        tick = conferences.tick_script(step=step, **given)
        assert tick.done_at == SPOKEN
    conferences.record_field(field="consensus_note", text="Two agreed, one did not.", **given)
    assert not [words for words, rule in missing(conference) if rule == "CAM-4"]
    child = children_of(conference)[0]
    decide(w, child, conference, basis="consensus")
    assert children_of(conference)[0].decision.basis == "consensus"


def test_CAM_5_without_consensus_the_chair_decides_and_no_majority_does(w: World) -> None:
    conference = w.started()
    for who in ("police", "health", "school"):
        view(w, conference, who, ViewChoice.MET)
    (child,) = children_of(conference)
    for basis in ("majority", "chair_overruled"):
        with refused("CAM-5", says="the chair decides; choose that"):
            decide(w, child, conference, basis=basis)
    with not_theirs("CAM-5", says="entered by the chair"):
        decide(w, child, conference, by="minutes")
    decide(w, child, conference, basis="chair")
    assert children_of(conference)[0].decision.on_plan is False


def test_CAM_6_a_dissent_without_reasons_is_refused_and_with_them_they_are_noted(w: World) -> None:
    conference = w.decided()
    with refused("CAM-6", says="Write down the reasons"):
        record(w, conference, reasons="   ")
    dissent = record(w, conference, reasons="The injuries were not explained.")
    assert dissent.reasons == "The injuries were not explained."


def test_CAM_6_nobody_but_the_chair_or_the_note_taker_enters_it(w: World) -> None:
    conference = w.decided()
    with not_theirs("CAM-6", says="ask the chair to add it"):
        record(w, conference, by="police")
    assert record(w, conference, by="minutes").state == DissentState.UNDER_REVIEW


def test_CAM_6_after_the_conference_only_the_chair_enters_one_and_it_is_marked_outside_the_text(
    w: World,
) -> None:
    conference = w.ended()
    in_time = record(w, conference, "health", now=LATER, late_entry_reason="The room was needed.")
    assert (in_time.outside_text, in_time.late_entry_reason) == (False, "The room was needed.")
    later = record(w, conference, expressed_at=ENDS + A_SECOND, now=LATER)
    assert later.outside_text is True
    assert later.late_entry_reason == ""


def test_CAM_7_the_dissent_is_referred_with_the_record_and_the_time_it_took_is_shown(w: World) -> None:
    dissent = w.recorded()
    assert set(told("CAM-7", now=SPOKEN)) == {"reviewer"}
    refer = clock(dissent, "refer")
    assert (refer.rule, refer.due_at, refer.state) == ("CAM-7", None, DeadlineState.MET)
    assert (refer.anchored_at, refer.ended_at) == (dissent.recorded_at, dissent.recorded_at)


def test_CAM_8_the_notes_and_the_reasons_are_read_before_the_answer_or_it_is_said_why_not(w: World) -> None:
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    by = w.actor("reviewer")
    dissents.see_material(dissent_id=dissent.pk, by=by, material="conference_notes", now=LATER)
    decided = {"outcome": "not_upheld", "reasons": "Weighed."}
    with refused("CAM-8", says="Tick them, or say why"):
        dissents.answer(dissent_id=dissent.pk, by=by, decided=dissents.Decided(**decided), now=LATER)
    dissents.see_material(dissent_id=dissent.pk, by=by, material="reasons", now=LATER)
    answer = dissents.answer(dissent_id=dissent.pk, by=by, decided=dissents.Decided(**decided), now=LATER)
    assert answer.review.materials_seen.count() == 2


def test_CAM_9_the_decision_stands_in_every_state_and_every_message_says_so(w: World) -> None:
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    (child,) = children_of(dissent.conference)
    before = (child.decision.option, child.decision.on_plan, child.decision.decided_at)
    w.answer(dissent, "upheld")
    dissent = w.answer(dissent, "reconvene", by="second")
    (child,) = children_of(dissent.conference)
    assert (child.decision.option, child.decision.on_plan, child.decision.decided_at) == before
    send_due(now=LATER)
    area = area_of_case(w.case(dissent))
    assert area.meanwhile.rule == "CAM-9"
    letters = list(Message.objects.filter(case=dissent.case))
    assert letters
    for letter in letters:
        assert area.meanwhile.text in letter.body, letter.subject


def test_CAM_9_nothing_records_a_second_decision_while_the_dissent_is_open(w: World) -> None:
    dissent = w.recorded()
    (child,) = children_of(dissent.conference)
    with refused("", says="a later conference can change it", kind=Kind.CHANGED):
        w.decide(child, on_plan=True, by=w.recorder(dissent.conference), now=SPOKEN)
    refusal = w.area.refusal("plan_suspended")
    assert refusal is not None
    assert refusal.rule == "CAM-9"


def test_CAM_10_the_manager_may_ask_the_head_of_service_the_dissenter_and_the_chair_and_no_clock_stops(
    w: World,
) -> None:
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    by = w.actor("reviewer")
    before = due(dissent, "decision")
    asked = {
        ask_id: dissents.ask(
            dissent_id=dissent.pk, by=by, ask_id=ask_id, question="What of the report?", now=LATER
        )
        for ask_id in ("advice", "information_dissenter", "information_chair")
    }
    assert mailed("asked", now=LATER) == {"second", "police", "chair"}
    with pytest.raises(Denied) as denied:
        dissents.reply(ask_uuid=asked["advice"].uuid, by=w.actor("health"), text="I think so.", now=LATER)
    assert denied.value.kind is Kind.NOT_YOURS
    dissents.reply(ask_uuid=asked["advice"].uuid, by=w.actor("second"), text="Look at page 2.", now=LATER)
    assert Ask.objects.get(ask_id="advice").reply == "Look at page 2."
    assert mailed("replied", now=LATER) == {"reviewer"}
    assert (due(dissent, "decision"), clock(dissent, "decision").state) == (before, DeadlineState.OPEN)
    advice = next(a for a in w.area.review.tiers[0].may_ask if a.id == "advice")  # type: ignore[union-attr]
    assert "decides the next step if you uphold" in advice.text, "that the adviser decides next is shown"


def test_CAM_10_asking_is_a_permission_and_no_step(w: World) -> None:
    assert w.dissent_at(DissentState.DECIDED).answers.get().outcome == "not_upheld"
    assert not Ask.objects.exists()


def test_CAM_11_the_decision_is_sought_within_ten_working_days_of_the_conference(w: World) -> None:
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    decision = clock(dissent, "decision")
    assert (decision.rule, decision.strength, decision.anchored_at) == ("CAM-11", "seek", ENDS)
    assert due(dissent, "decision") == "Tue 17 Mar 2026 23:59:59"
    last = at("2026-03-17", "23:59:59")
    assert w.answer(dissent, "not_upheld", now=last).answers.get().late_reason == ""


def test_CAM_11_a_second_later_a_reason_is_asked_for_and_nothing_has_happened_by_itself(w: World) -> None:
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    late = at("2026-03-18", "09:00")
    sweep(now=late)
    assert w.fresh(dissent).state == DissentState.UNDER_REVIEW
    assert mailed("clock_overdue", now=late) == {"reviewer", "second"}
    with refused("CAM-11", says="Enter why it is late"):
        w.answer(dissent, "not_upheld", now=late)
    assert w.answer(dissent, "not_upheld", now=late, late_reason="Ill.").state == DissentState.DECIDED


def test_CAM_11_there_are_two_answers_and_reconvening_is_not_one_of_them(w: World) -> None:
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    for outcome in ("reconvene", "partly_upheld"):
        with refused("CAM-11", says="upheld, or not upheld"):
            w.answer(dissent, outcome)
    with refused("CAM-11", says="Enter reasons"):
        w.answer(dissent, "not_upheld", reasons=" ")


def test_CAM_12_the_letter_to_the_agencies_and_the_copy_to_the_partnership_come_before_closing(
    w: World,
) -> None:
    dissent = w.dissent_at(DissentState.DECIDED)
    file_all(w, dissent)
    with refused("CAM-12", says="Send the decision letter to the agencies first"):
        close(w, dissent)
    tell(w, dissent, "agencies_letter")
    with refused("CAM-12", says="Send the partnership its copy"):
        close(w, dissent)
    assert clock(dissent, "decision_letter").state == DeadlineState.OPEN
    assert clock(dissent, "decision_letter").due_at is None
    tell(w, dissent, "partnership_copy")
    assert clock(dissent, "decision_letter").state == DeadlineState.MET
    assert close(w, dissent).state == DissentState.CLOSED


def test_CAM_12_the_letter_cannot_be_withheld_and_says_when_and_how_it_went(w: World) -> None:
    dissent = w.dissent_at(DissentState.DECIDED)
    with refused("CAM-12", says="Record when they were told"):
        tell(w, dissent, "agencies_letter", withheld_reason="Not needed.")
    given = {"dissent_id": dissent.pk, "by": w.actor("reviewer"), "tell_id": "agencies_letter", "now": LATER}
    with refused("CAM-12", says="Enter when"):
        dissents.told(how="Letter", **given)
    with refused("CAM-12", says="Enter how"):
        dissents.told(told_at=LATER, **given)


def test_CAM_12_the_letter_goes_out_while_the_head_of_service_still_decides(w: World) -> None:
    dissent = w.dissent_at(DissentState.SECOND_TIER)
    tell(w, dissent, "agencies_letter", "partnership_copy")
    assert Telling.objects.filter(case=dissent.case).count() == 2
    with pytest.raises(Denied, match="has not been answered yet"):
        close(w, dissent)


def test_CAM_13_upheld_is_not_reconvened_it_goes_to_the_head_of_service(w: World) -> None:
    dissent = w.dissent_at(DissentState.SECOND_TIER)
    assert dissent.answers.get().means == "second_tier"
    assert "reconvene_decided" not in facts_of(dissent.case)
    assert not has_clock(dissent, "reconvened")
    assert dissent.case.held_by == "slot:second_tier"
    assert set(told("CAM-13", now=LATER)) == {"second"}
    second = clock(dissent, "second_tier")
    assert (second.rule, second.due_at, second.strength) == ("CAM-13", None, "none"), "no clock for this step"
    with pytest.raises(Denied, match="asks for no conference"):
        dissents.book_follow_up(
            dissent_id=dissent.pk, by=w.actor("reviewer"), now=LATER,
            booking=dissents.Booking(starts_at=at("2026-03-20"), chair_id=w.people["chair"].pk),
        )  # fmt: skip


def test_CAM_13_the_head_of_service_decides_with_new_information_whether_it_meets_again(w: World) -> None:
    dissent = answered_twice(w, "no_reconvene", new_information="A report that came after.")
    second = dissent.answers.get(tier="head_of_service")
    assert (second.means, second.new_information) == ("stands", "A report that came after.")
    assert dissent.state == DissentState.DECIDED
    with refused("CAM-13", says="one of two things"):
        w.answer(w.dissent_at(DissentState.SECOND_TIER), "upheld", by="second")


def test_CAM_13_there_is_no_second_tier_when_the_dissent_was_not_upheld_or_not_yet_decided(w: World) -> None:
    waiting = w.dissent_at(DissentState.UNDER_REVIEW)
    decided = dissents.Decided(outcome="reconvene", reasons="I think so.")
    with refused("CAM-13", says="Only after the dissent was upheld", route="when it is passed to you"):
        dissents.answer(dissent_id=waiting.pk, by=w.actor("second"), decided=decided, now=LATER)
    not_upheld = w.answer(waiting, "not_upheld")
    assert not_upheld.case.held_by != "slot:second_tier"
    assert not has_clock(not_upheld, "second_tier")
    assert set(told("CAM-13", now=LATER)) == set()
    with refused("CAM-13", says="not upheld", route="partnership representative"):
        dissents.answer(dissent_id=waiting.pk, by=w.actor("second"), decided=decided, now=LATER)
    assert waiting.answers.count() == 1


def test_CAM_13_the_service_manager_does_not_decide_the_second_step(w: World) -> None:
    dissent = w.dissent_at(DissentState.SECOND_TIER)
    decided = dissents.Decided(outcome="reconvene", reasons="I think so.")
    with refused("", says="A dissent is decided once", kind=Kind.CHANGED):
        dissents.answer(dissent_id=dissent.pk, by=w.actor("reviewer"), decided=decided, now=LATER)
    with not_theirs("CAM-13", says="Head of Service"):
        dissents.answer(dissent_id=dissent.pk, by=w.actor("chair"), decided=decided, now=LATER)


def test_CAM_14_the_reconvened_conference_is_held_fifteen_working_days_after_the_head_of_service_decided(
    w: World,
) -> None:
    upheld = w.dissent_at(DissentState.SECOND_TIER)  # on Wednesday 4 March
    head = at("2026-03-11", "10:00")
    dissent = w.answer(upheld, "reconvene", by="second", now=head)
    held = clock(dissent, "reconvened")
    assert (held.rule, held.strength, held.anchored_at) == ("CAM-14", "should", head)
    assert due(dissent, "reconvened") == "Wed 01 Apr 2026 23:59:59"
    running = next(c for c in clocks_of(w.case(dissent), head) if c.clock.id == "reconvened")
    assert running.cautious is not None
    assert running.cautious.due_at is not None
    assert london(running.cautious.due_at).date() == dt.date(2026, 3, 25), (
        "from the service manager's decision"
    )


def test_CAM_14_a_later_date_is_booked_only_with_a_reason_and_holding_it_stops_the_clock(w: World) -> None:
    dissent = answered_twice(w, "reconvene")
    assert due(dissent, "reconvened") == "Wed 25 Mar 2026 23:59:59"

    def book(when: dt.datetime, reason: str = "") -> dissents.FollowUp:
        return dissents.book_follow_up(
            dissent_id=dissent.pk, by=w.actor("reviewer"), now=LATER,
            booking=dissents.Booking(
                starts_at=when, chair_id=w.people["chair"].pk, late_reason=reason
            ),
        )  # fmt: skip

    with refused("CAM-14", says="or give a reason for a later date"):
        book(at("2026-03-26"))
    follow_up = book(at("2026-03-26"), "No interpreter before.")
    again = follow_up.conference
    assert (follow_up.late_reason, again.follows) == ("No interpreter before.", dissent.conference)
    tell(w, dissent, "agencies_letter", "partnership_copy", "agency_told", "chair_told", "parents_told")
    with refused("CAM-14", says="Close the dissent once it has"):
        close(w, dissent)
    now = again.starts_at + AN_HOUR
    by = w.actor("chair", now)
    conferences.start(conference_id=again.pk, by=by, now=again.starts_at)
    w.decide(children_of(again)[0], on_plan=True, by=by, now=now)
    dissents.end_conference(conference_id=again.pk, by=by, now=now)
    held = clock(dissent, "reconvened")
    assert (held.state, held.ended_at) == (DeadlineState.MET, now)
    assert held.breached_at == at("2026-03-25", "23:59:59")
    assert children_of(dissent.conference)[0].decision.on_plan is False, (
        "the first decision stays on the record"
    )


@pytest.mark.parametrize("left_out", ["agency_told", "chair_told", "parents_told"])
def test_CAM_15_an_upheld_dissent_is_not_closed_before_agency_chair_and_parents_are_told(
    w: World, left_out: str
) -> None:
    dissent = answered_twice(w, "no_reconvene")
    tell(w, dissent, "agencies_letter", "partnership_copy")
    tell(w, dissent, *({"agency_told", "chair_told", "parents_told"} - {left_out}), by="second")
    file_all(w, dissent)
    with refused("CAM-15", says="Record first that"):
        close(w, dissent)
    tell(w, dissent, left_out, by="second")
    assert close(w, dissent).state == DissentState.CLOSED


def test_CAM_15_telling_the_parents_is_withheld_with_a_reason(w: World) -> None:
    dissent = answered_twice(w, "no_reconvene")
    tell(w, dissent, "agencies_letter", "partnership_copy", "agency_told", "chair_told")
    with refused("CAM-15", says="Enter when they were told"):
        tell(w, dissent, "parents_told", withheld_reason="   ")
    tell(w, dissent, "parents_told", withheld_reason="The mother would be at risk.")
    row = Telling.objects.get(case=dissent.case, tell_id="parents_told")
    assert (row.told_at, row.withheld_reason) == (None, "The mother would be at risk.")
    file_all(w, dissent)
    assert close(w, dissent).state == DissentState.CLOSED


def test_CAM_15_not_upheld_names_neither_chair_nor_parents(w: World) -> None:
    dissent = w.dissent_at(DissentState.DECIDED)
    due_now = {t.id for t in dissents.policies.tellings_due(dissent, area_of_case(w.case(dissent)))}
    assert due_now == {"agencies_letter", "partnership_copy"}
    with pytest.raises(Denied, match="does not ask for that"):
        tell(w, dissent, "parents_told")
    assert mailed("told", now=LATER) >= {"police", "chair"}, "by safeguard, and not by the text"


def test_CAM_16_the_reasons_go_on_the_file_of_each_child_and_closing_without_warns(w: World) -> None:
    dissent = w.dissent_at(DissentState.DECIDED, children=2)
    tell(w, dissent, "agencies_letter", "partnership_copy")
    with refused("CAM-16", says="You can close the dissent and file them later"):
        dissents.close(dissent_id=dissent.pk, by=w.actor("reviewer"), now=LATER)
    file_all(w, dissent)
    assert "filed_on_record" in facts_of(dissent.case)
    assert close(w, dissent).state == DissentState.CLOSED


def test_CAM_16_the_reasons_can_be_filed_while_the_head_of_service_decides(w: World) -> None:
    dissent = w.dissent_at(DissentState.SECOND_TIER)
    file_all(w, dissent)
    assert "filed_on_record" in facts_of(dissent.case)


@pytest.mark.parametrize(("outcome", "basis"), [("no_reconvene", "rule"), ("not_upheld", "reading")])
def test_CAM_17_the_agencys_representative_is_open_after_either_answer(
    w: World, outcome: str, basis: str
) -> None:
    dissent = w.dissent_at(DissentState.DECIDED) if outcome == "not_upheld" else answered_twice(w, outcome)
    area = area_of_case(w.case(dissent))
    last = dissent.answers.order_by("-decided_at", "-pk").first()
    assert last is not None
    (then,) = [t for t in area.dissent.if_unresolved if last.outcome in t.after_outcomes]
    assert (then.rule, then.basis, then.routes) == ("CAM-17", basis, ("partnership_representative",))
