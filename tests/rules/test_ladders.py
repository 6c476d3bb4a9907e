"""The ladders of the five texts, rule by rule, through the real actions: who stands where, in what time, and what next."""

import datetime as dt

import pytest

from cases.models import CaseEvent
from cases.selectors import facts_of
from cases.states import Kind, Stage
from core.clock import london
from core.refusals import Denied
from deadlines.models import Deadline
from deadlines.states import DeadlineState
from dissent import actions as dissents
from dissent.states import DissentState
from escalation import actions, policies
from escalation.models import Escalation, EscalationTier, ForumSummary, UrgentAction
from escalation.selectors import ladder_view
from escalation.states import Entered, EscalationState, Side
from tests.builders import LATER, SPOKEN, World
from tests.ladders import NEXT, Ladder
from tests.rules.expect import mailed, refused

pytestmark = pytest.mark.django_db


def ladder(slug: str) -> Ladder:
    return Ladder(World(slug))


def open_clock(escalation: Escalation) -> Deadline | None:
    rows = Deadline.objects.filter(case=escalation.case, state=DeadlineState.OPEN).exclude(
        clock_id="escalate"
    )
    return rows.order_by("-pk").first()


def due(escalation: Escalation) -> str:
    running = open_clock(escalation)
    return f"{london(running.due_at):%a %d %b %H:%M}" if running and running.due_at else "no date"


def titles(up: Ladder, escalation: Escalation) -> dict[str, str]:
    row = policies.open_tier(up.fresh(escalation))
    return {person.side: person.title for person in row.people.all()} if row else {}


def ways(up: Ladder, escalation: Escalation) -> list[tuple[str, str]]:
    return [(way.tier.id, way.entered.value) for way in up.ways(escalation)]


def missing(up: Ladder, escalation: Escalation) -> list[str]:
    return [m.rule for m in up.ways(escalation)[0].missing]


# --- Pan Sussex ---------------------------------------------------------------------------------------------------


def test_SUS_3_and_4_agencies_work_together_and_back_whoever_escalates() -> None:
    area = World("east-sussex").area
    assert {g.rule for g in area.guidance} >= {"SUS-3", "SUS-4"}


def test_SUS_5_a_difference_about_a_referral_is_about_what_was_decided_done_or_not_done() -> None:
    up = ladder("brighton-hove")
    kind = up.area.escalation.kind("referral_enquiry")
    assert kind is not None and kind.rule == "SUS-5"
    assert [topic.id for topic in kind.topics] == ["decision", "action", "inaction"]
    escalation = up.raised("referral_enquiry", topics=("inaction",))
    assert (escalation.case.kind, escalation.topics) == (Kind.REFERRAL_ENQUIRY, ["inaction"])
    with refused("SUS-5", says="what it is about"):
        up.raised("referral_enquiry", topics=("core_group",))


@pytest.mark.parametrize(
    ("dates", "when"),
    [
        ({}, "Wed 11 Mar 23:59"),  # a working week from Wednesday 4 March
        ({"agreed_date": dt.date(2026, 3, 6)}, "Fri 06 Mar 23:59"),
        ({"protect_by_date": dt.date(2026, 3, 5)}, "Thu 05 Mar 23:59"),
        ({"agreed_date": dt.date(2026, 3, 9), "protect_by_date": dt.date(2026, 3, 6)}, "Fri 06 Mar 23:59"),
        ({"agreed_date": dt.date(2026, 3, 20), "agreed_reason": "Leave."}, "Wed 11 Mar 23:59"),
    ],
)
def test_SUS_6_the_two_professionals_have_the_least_of_the_agreed_date_five_working_days_and_the_childs(
    dates: dict[str, object], when: str
) -> None:
    up = ladder("brighton-hove")
    escalation = up.raised(**dates)
    assert due(escalation) == when
    running = open_clock(escalation)
    assert running is not None and (running.rule, running.strength) == ("SUS-6", "usual")


def test_SUS_6_a_later_agreed_date_needs_its_reason_and_does_not_move_the_limit() -> None:
    up = ladder("brighton-hove")
    with refused("SUS-6", says="after Wednesday 11 March 2026"):
        up.raised(agreed_date=dt.date(2026, 3, 20))
    assert up.raised(agreed_date=dt.date(2026, 3, 20), agreed_reason="Leave.").agreed_reason == "Leave."


def test_SUS_7_a_concern_is_shared_with_the_forum_only_without_a_name() -> None:
    up = ladder("brighton-hove")
    escalation = up.raised()
    for text in ("R.S. was not seen.", "Pia told nobody."):
        with refused("SUS-7", says="names somebody"):
            actions.share_with_forum(escalation_id=escalation.pk, by=up.actor("police"), text=text, now=NEXT)
    actions.share_with_forum(
        escalation_id=escalation.pk, by=up.actor("police"), text="Visits were missed for a month.", now=NEXT
    )
    assert ForumSummary.objects.get().text == "Visits were missed for a month."


@pytest.mark.parametrize(
    ("who", "ours"),
    [
        ("police", "Detective sergeant"),
        ("health", "Designated safeguarding health professional"),
        ("school", "Designated safeguarding teacher"),
    ],
)
def test_SUS_8_first_line_managers_meet_by_the_titles_of_their_own_agency(who: str, ours: str) -> None:
    up = ladder("brighton-hove")
    escalation = up.raised(who=who)
    up.moved(escalation, who=who)
    assert titles(up, escalation) == {Side.OURS: ours, Side.THEIRS: "Children's social care manager"}


def test_SUS_9_first_line_managers_are_reminded_to_ask_their_designated_professional() -> None:
    up = ladder("brighton-hove")
    tier = up.area.escalation.ladder("tiers").tier("first_line_managers")
    assert [ask.rule for ask in tier.asks] == ["SUS-9"]


def test_SUS_10_a_further_working_week_runs_from_the_opening_of_the_managers_step_and_then_nothing_does() -> (
    None
):
    up = ladder("brighton-hove")
    escalation = up.raised()
    up.moved(escalation)  # on Thursday 5 March
    running = open_clock(escalation)
    assert running is not None and (running.rule, due(escalation)) == ("SUS-10", "Thu 12 Mar 23:59")
    assert Deadline.objects.get(case=escalation.case, clock_id="discussion").state == DeadlineState.MET
    up.moved(escalation)
    assert open_clock(escalation) is None, "going to the senior managers has no number of days"
    assert (
        Deadline.objects.get(case=escalation.case, clock_id="first_line_managers").state == DeadlineState.MET
    )


def test_SUS_10_going_past_a_step_needs_a_reason_and_is_marked() -> None:
    up = ladder("brighton-hove")
    escalation = up.raised()
    key = next(way.key for way in up.ways(escalation) if way.tier.id == "senior_managers")
    with refused("SUS-8", says="goes past a step"):
        up.moved(escalation, key, exception="")
    row = up.moved(escalation, key, exception="The sergeant is away.")
    assert (row.entered, row.exception, row.marks) == (Entered.SKIPPED, "The sergeant is away.", ["SUS-8"])


def test_SUS_11_health_may_go_to_its_designated_doctor_or_nurse_in_place_of_line_management() -> None:
    up = ladder("brighton-hove")
    offered = [way for way in up.ways(up.raised(who="health")) if way.entered == Entered.ALTERNATIVE]
    assert {(way.alternative, way.rule) for way in offered} == {
        ("designated doctor", "SUS-11"),
        ("designated nurse", "SUS-11"),
    }
    assert not [way for way in up.ways(up.raised(who="police")) if way.entered == Entered.ALTERNATIVE]
    escalation = up.raised(who="health")
    nurse = next(way.key for way in up.ways(escalation) if way.alternative == "designated nurse")
    row = up.moved(escalation, nurse, who="health", ours="nurse")
    assert (row.tier, row.alternative) == ("first_line_managers", "designated nurse")
    assert titles(up, escalation)[Side.OURS] == "Designated nurse"


def test_SUS_33_a_difference_about_the_plan_climbs_the_same_steps_with_core_groups_among_its_topics() -> None:
    up = ladder("west-sussex")
    kind = up.area.escalation.kind("plan_implementation")
    assert kind is not None and kind.rule == "SUS-33"
    assert {"core_group_timing", "core_group_quoracy", "core_group_decisions", "inaction"} <= {
        t.id for t in kind.topics
    }
    escalation = up.raised(topics=("core_group_quoracy",))
    assert (escalation.ladder, escalation.case.kind) == ("tiers", Kind.PLAN_IMPLEMENTATION)


def test_SUS_34_the_leads_step_is_refused_without_the_senior_manager_and_a_lead_of_each_agency() -> None:
    up = ladder("brighton-hove")
    escalation = up.at("senior_managers")
    with refused("SUS-34", says="senior child protection manager"):
        up.moved(escalation, posts=())
    with refused("SUS-34", says="lead for each agency"):
        up.moved(escalation, theirs="")
    row = up.moved(escalation)
    assert row.tier == "professional_leads"
    people = {
        (p.side, p.participant.slot.key if p.participant.slot else "")
        for p in row.people.select_related("participant__slot")
    }
    assert (Side.BESIDE, "senior_cp_manager") in people


def test_SUS_34_a_dissent_that_is_not_settled_goes_to_the_leads_and_never_without_the_senior_manager() -> (
    None
):
    up = ladder("east-sussex")
    dissent = up.world.dissent_at(DissentState.DECIDED)
    way = {
        "dissent_id": dissent.pk,
        "by": up.actor("police"),
        "route": "professional_leads",
        "unresolved": "The risk.",
        "now": NEXT,
    }
    tier = up.area.escalation.ladder("tiers").tier("professional_leads")
    people = up.people_for(tier, "sergeant", "team_manager")
    with refused("SUS-34", says="senior child protection manager"):
        dissents.take_further(step=actions.Step(way="", unresolved="The risk.", people=people), **way)
    whole = actions.Step(way="", unresolved="The risk.", people=people, posts=("senior_cp_manager",))
    escalation = dissents.take_further(step=whole, **way)
    assert policies.open_tier(up.fresh(escalation)).tier == "professional_leads"


def test_SUS_35_a_question_of_policy_goes_from_any_step_to_the_partnership_at_once() -> None:
    up = ladder("brighton-hove")
    for step in ("discussion", "first_line_managers", "professional_leads"):
        escalation = up.at(step)
        key = next(way.key for way in up.ways(escalation) if way.entered == Entered.POLICY)
        row = up.moved(escalation, key)
        escalation = up.fresh(escalation)
        assert (row.tier, escalation.state, escalation.policy_issue) == (
            "partnership",
            EscalationState.AT_PARTNERSHIP,
            True,
        )
        assert "policy_issue_raised" in facts_of(escalation.case)


def test_SUS_36_acting_for_a_child_is_open_from_every_step_asks_for_nothing_and_skips_all() -> None:
    up = ladder("brighton-hove")
    for step in ("discussion", "senior_managers", "partnership"):
        escalation = up.at(step)
        actions.act_urgently(
            case_id=escalation.case_id,
            by=up.actor("police"),
            what="Called the duty team.",
            taken_at=NEXT,
            now=NEXT,
        )
    assert UrgentAction.objects.count() == 3
    escalation = up.raised()
    key = next(
        w.key
        for w in policies.urgent_ways(up.fresh(escalation), up.area)
        if w.tier.id == "professional_leads"
    )
    row = up.moved(escalation, key, people=(), posts=(), unresolved="", exception="")
    assert (row.tier, row.entered) == ("professional_leads", Entered.URGENT)


def test_SUS_37_a_specialist_facility_has_its_own_ladder_with_both_authorities() -> None:
    up = ladder("brighton-hove")
    agency = up.world.people["health"].agency
    agency.kind = "specialist_facility"
    agency.save(update_fields=["kind"])
    escalation = up.raised(who="health")
    assert escalation.ladder == "specialist_facility"
    assert "own protocol" in ladder_view(up.area, "specialist_facility")["text"]
    assert ways(up, escalation) == [("facility_partnership", "up"), ("facility_partnership", "policy_issue")]
    tier = up.area.escalation.ladder("specialist_facility").tier("facility_management")
    assert [need.rule for need in tier.requires] == ["SUS-37"]


# --- Hampshire, Isle of Wight, Portsmouth and Southampton -----------------------------------------------------------


def test_HIPS_4_going_on_from_the_managers_without_a_meeting_of_everyone_is_marked() -> None:
    up = ladder("portsmouth")
    escalation = up.raised("need_for_conference")
    assert missing(up, escalation) == ["HIPS-4"]
    with refused("HIPS-4", says="No meeting of everyone"):
        up.moved(escalation, exception="")
    up.met(escalation)
    assert missing(up, escalation) == []


def test_HIPS_6_whether_to_hold_a_conference_ends_with_an_appeal_through_the_partnership() -> None:
    up = ladder("southampton")
    escalation = up.at("need_appeal", "need_for_conference")
    assert escalation.state == EscalationState.AT_PARTNERSHIP
    assert up.answered(escalation, "need_appeal_answer").state == EscalationState.DECIDED


def test_HIPS_10_a_challenge_is_with_the_chair_first_and_going_to_a_manager_before_is_marked() -> None:
    up = ladder("hampshire")
    dissent = up.world.dissent_at(DissentState.ON_LADDER)
    dissents.choose_challenge(dissent_id=dissent.pk, by=up.actor("police"), choice="challenge", now=LATER)
    escalation = up.fresh(Escalation.objects.get(case=dissent.case))
    assert (policies.open_tier(escalation).tier, escalation.held_by) == ("chair", "capacity:chair")
    assert "handed_to_ladder" in facts_of(escalation.case)
    with refused("HIPS-10", says="with the chair first"):
        up.moved(escalation, exception="")
    up.answered(escalation, "chair_not_resolved", who="chair")
    assert missing(up, escalation) == [], "once the chair has answered, the way to the managers is open"


def test_HIPS_10_what_is_settled_with_the_chair_ends_there_and_the_dissent_with_it() -> None:
    up = ladder("hampshire")
    dissent = up.world.dissent_at(DissentState.ON_LADDER)
    dissents.choose_challenge(dissent_id=dissent.pk, by=up.actor("police"), choice="challenge", now=LATER)
    escalation = up.answered(Escalation.objects.get(case=dissent.case), "chair_resolved", who="chair")
    assert escalation.state == EscalationState.RESOLVED
    actions.close(escalation_id=escalation.pk, by=up.actor("police"), now=NEXT)
    dissent = up.world.fresh(dissent)
    assert (dissent.state, dissent.case.stage) == (DissentState.ON_LADDER, Stage.CLOSED)
    with pytest.raises(Denied, match="ended on the ladder"):
        dissents.withdraw(dissent_id=dissent.pk, by=up.actor("police"), reason="", now=NEXT)


def test_HIPS_11_both_senior_managers_are_named_at_the_managers_step() -> None:
    up = ladder("isle-of-wight")
    escalation = up.at("managers", "conference_outcome")
    assert titles(up, escalation) == {
        Side.OURS: "Senior manager, or designated or named professional",
        Side.THEIRS: "Children's social care senior manager",
    }


def test_HIPS_12_up_the_line_has_no_date_and_asks_for_a_meeting_of_everyone_before_the_appeal() -> None:
    up = ladder("hampshire")
    escalation = up.at("managers", "conference_outcome")
    running = open_clock(escalation)
    assert running is not None and (running.rule, running.due_at) == ("HIPS-12", None)
    up.moved(escalation)
    assert missing(up, escalation) == ["HIPS-12"]
    up.met(escalation, all_parties=False)
    assert missing(up, escalation) == ["HIPS-12"]
    up.met(escalation)
    assert missing(up, escalation) == []


def test_HIPS_14_the_appeal_goes_to_the_partnership_and_is_answered_in_words() -> None:
    up = ladder("hampshire")
    escalation = up.at("appeal", "conference_outcome")
    assert escalation.held_by == "slot:partnership_office"
    ended = up.answered(escalation, "appeal_answer", reasons="We ask the conference to meet again.")
    assert (ended.state, ended.ending) == (EscalationState.DECIDED, "We ask the conference to meet again.")


def test_HIPS_16_a_difference_about_the_plan_begins_with_the_line_managers() -> None:
    up = ladder("hampshire")
    escalation = up.raised()
    assert policies.open_tier(escalation).tier == "plan_first_line"
    assert {t.id for t in up.area.escalation.kind("plan_implementation").topics} >= {
        "decision",
        "action",
        "inaction",
        "core_group",
    }


def test_HIPS_17_then_it_must_go_up_the_line_of_each_agency_without_delay_and_without_a_date() -> None:
    up = ladder("hampshire")
    escalation = up.raised()
    running = open_clock(escalation)
    assert running is not None and (running.rule, running.due_at, running.strength) == (
        "HIPS-17",
        None,
        "must",
    )
    row = up.moved(escalation)
    assert row.tier == "plan_up_the_line"
    assert set(titles(up, escalation)) == {Side.OURS, Side.THEIRS}


def test_HIPS_18_health_chooses_its_care_board_and_so_whose_designated_professional() -> None:
    up = ladder("hampshire")
    escalation = up.raised(who="health")
    offered = {way.alternative: way.fact for way in up.ways(escalation) if way.entered == Entered.ALTERNATIVE}
    frimley = "designated professional of NHS Frimley"
    assert offered[frimley] == ("care_board", "frimley")
    key = next(way.key for way in up.ways(escalation) if way.alternative == frimley)
    up.moved(escalation, key, who="health", ours="nurse")
    assert up.fresh(escalation).case_facts == {"care_board": "frimley"}
    assert not [way for way in up.ways(up.raised(who="police")) if way.entered == Entered.ALTERNATIVE]


def test_HIPS_19_a_difference_about_the_plan_goes_down_to_the_chair_and_never_to_the_partnership() -> None:
    up = ladder("hampshire")
    escalation = up.at("plan_up_the_line")
    with refused("HIPS-19", says="does not go to the partnership", route="review conference"):
        policies.check_way(escalation, up.area, "partnership~up")
    up.ready(escalation)
    up.moved(escalation)
    escalation = up.fresh(escalation)
    assert (escalation.state, escalation.held_by) == (EscalationState.WITH_CHAIR, "capacity:chair")
    ended = up.answered(escalation, "convene_review", who="chair")
    assert (ended.state, ended.case.outcome_label) == (
        EscalationState.DECIDED,
        "A review conference is called",
    )


# --- West Dunbartonshire --------------------------------------------------------------------------------------------


def test_WDC_19_social_work_climbs_to_the_head_of_service_who_writes_a_note_where_they_decided_the_dissent() -> (
    None
):
    up = ladder("west-dunbartonshire")
    tiers = [tier.id for tier in up.area.ladder_for("social_care", "conference_outcome").tiers]
    assert tiers == ["sw_at_once", "sw_team_leader", "sw_field_work_manager", "sw_head_of_service"]
    conference = up.world.decided()
    up.world.invite(conference, "worker", now=conference.starts_at)
    seat = up.world.seat(conference, "worker")
    seat.presence = "attended"
    seat.save(update_fields=["presence"])
    dissent = up.world.recorded(conference, who="worker")
    up.world.end(conference)
    up.world.answer(dissent, "agree_stands")
    escalation = dissents.take_further(
        dissent_id=dissent.pk, by=up.actor("worker"), route="escalation", unresolved="The risk.", now=NEXT,
        step=actions.Step(way="", unresolved="The risk."),
    )  # fmt: skip
    for _ in range(2):
        up.moved(escalation, who="worker", ours="team_manager")
    with refused("WDC-19", says="also decided the dissent"):
        up.moved(escalation, who="worker", same_person_note="")
    row = up.moved(escalation, who="worker", same_person_note="Looked at afresh, with the team leader.")
    assert row.same_person_note == "Looked at afresh, with the team leader."
    assert not up.ways(escalation), "no step is invented above the head of service"


def test_WDC_19_without_a_dissent_the_head_of_service_needs_no_such_note() -> None:
    up = ladder("west-dunbartonshire")
    escalation = up.at("sw_head_of_service", who="worker")
    assert policies.open_tier(escalation).same_person_note == ""


def test_WDC_20_health_brings_it_to_caseload_management_or_straight_to_the_team_leader() -> None:
    up = ladder("west-dunbartonshire")
    escalation = up.raised(who="health")
    with refused("WDC-20", says="how it is brought there"):
        up.moved(escalation, who="health", entry_point="")
    row = up.moved(
        escalation, who="health", entry_point="Straight to the team leader or deputy", ours="nurse"
    )
    assert row.entry_point == "Straight to the team leader or deputy"
    row = up.moved(escalation, who="health", routed="specialist_childrens", ours="nurse")
    assert (row.tier, row.routed) == ("health_service_manager", "specialist_childrens")


def test_WDC_21_education_goes_to_the_officer_of_its_own_learning_community() -> None:
    up = ladder("west-dunbartonshire")
    escalation = up.raised(who="school")
    up.moved(escalation, who="school", ours="")
    assert policies.open_tier(up.fresh(escalation)).tier == "education_head"
    with refused("WDC-21", says="where it goes"):
        up.moved(escalation, who="school", routed="", ours="")
    row = up.moved(escalation, who="school", routed="vale_of_leven", ours="")
    assert (row.tier, row.routed) == ("education_officer", "vale_of_leven")
    tier = up.area.escalation.ladder("education").tier("education_officer")
    assert len(tier.routed_by) == 5


def test_WDC_22_an_agency_without_a_ladder_is_told_so_and_what_it_writes_is_kept() -> None:
    up = ladder("west-dunbartonshire")
    escalation = up.raised(who="police")
    assert (escalation.ladder, escalation.state) == ("", EscalationState.RAISED)
    with refused("WDC-22", says="no ladder for your agency"):
        policies.check_way(escalation, up.area, "sw_team_leader~up")
    ended = actions.close_unsettled(
        escalation_id=escalation.pk, by=up.actor("police"), reason="To our own procedure.", now=NEXT
    )
    assert (ended.state, ended.case.stage) == (EscalationState.CLOSED, Stage.CLOSED)


# --- Achieving for Children ------------------------------------------------------------------------------------------


def test_AFC_4_what_parents_are_unhappy_with_is_not_for_this_service() -> None:
    up = ladder("windsor-maidenhead")
    assert up.area.route("complaints").rule == "AFC-4"


def test_AFC_7_the_escalation_opens_with_the_dissent_at_the_line_managers_and_ends_with_it() -> None:
    up = ladder("kingston-richmond")
    dissent = up.world.recorded()
    escalation = up.fresh(Escalation.objects.get(case=dissent.case))
    row = policies.open_tier(escalation)
    assert (row.tier, escalation.beside_dissent, escalation.requester.membership) == (
        "own_level",
        True,
        up.world.people["police"],
    )
    assert [p.participant.membership for p in row.people.all()] == [up.world.people["sergeant"]]
    assert up.world.fresh(dissent).case.stage == Stage.RECORDED, (
        "the dissent still says where the case stands"
    )
    dissents.withdraw(dissent_id=dissent.pk, by=up.actor("police"), reason="", now=LATER)
    escalation = up.fresh(escalation)
    assert (escalation.state, escalation.case.stage) == (EscalationState.WITHDRAWN, Stage.WITHDRAWN)


def test_AFC_10_and_11_core_groups_are_an_escalation_and_never_a_dissent() -> None:
    up = ladder("kingston-richmond")
    kind = up.area.escalation.kind("plan_implementation")
    assert kind.rule == "AFC-10" and "core_group" in {t.id for t in kind.topics}
    assert up.raised(topics=("core_group",)).case.kind == Kind.PLAN_IMPLEMENTATION
    assert World("windsor-maidenhead").area.link("escalation").rule == "AFC-11"


def test_AFC_20_the_partnership_is_open_after_the_answer_and_before_it_with_a_reason() -> None:
    up = ladder("kingston-richmond")
    dissent = up.world.dissent_at(DissentState.UNDER_REVIEW)
    escalation = Escalation.objects.get(case=dissent.case)
    assert missing(up, escalation) == ["AFC-20"]
    with refused("AFC-20", says="not been answered yet"):
        up.moved(escalation, exception="")
    up.world.answer(dissent, "not_upheld")
    assert missing(up, escalation) == []
    up.moved(escalation)
    escalation = up.fresh(escalation)
    assert escalation.state == EscalationState.AT_PARTNERSHIP
    assert escalation.case.stage == Stage.DECIDED, "until the dissent is closed"
    up.world.discharge(dissent)
    dissents.close(dissent_id=dissent.pk, by=up.actor("reviewer"), now=NEXT, confirmed=True)
    escalation = up.fresh(escalation)
    assert (escalation.case.stage, escalation.case.held_by) == (Stage.ESCALATED, "slot:partnership_office")
    up.answered(escalation)
    actions.close(escalation_id=escalation.pk, by=up.actor("admin"), now=NEXT)
    assert up.fresh(escalation).case.stage == Stage.CLOSED


# --- Camden ----------------------------------------------------------------------------------------------------------


def test_CAM_3_how_a_conference_was_run_goes_through_the_escalation_policy() -> None:
    up = ladder("camden")
    escalation = up.raised("process")
    assert (escalation.case.kind, policies.open_tier(escalation).tier) == (
        Kind.CONFERENCE_PROCESS,
        "escalation_policy",
    )


def test_CAM_3_a_dissent_that_is_only_about_the_process_is_filed_again_with_one_press() -> None:
    up = ladder("camden")
    conference = up.world.decided()
    seat, by = up.world.seat(conference, "police"), up.world.recorder(conference)
    with refused("CAM-3", says="goes through the escalation policy"):
        up.world.recorded(conference, ground="process_only")
    (child,) = conference.conference_children.all()
    given = {
        "attendance_id": seat.pk,
        "by": by,
        "concern": "Our report was not read out.",
        "child_ids": [child.pk],
        "now": SPOKEN,
    }
    with pytest.raises(Denied, match="filed as a dissent"):
        dissents.refile(ground="threshold", **given)
    escalation = up.fresh(dissents.refile(ground="process_only", **given))
    assert (escalation.kind, escalation.state) == ("process", EscalationState.AT_PARTNERSHIP)
    assert escalation.requester.membership == up.world.people["police"]
    assert escalation.case.children.get() == child.child


def test_CAM_17_the_agencys_representative_supports_the_way_to_the_partnership() -> None:
    up = ladder("camden")
    dissent = up.world.dissent_at(DissentState.UNDER_REVIEW)
    given = {
        "dissent_id": dissent.pk, "by": up.actor("police"), "route": "partnership_representative", "unresolved": "The risk.",
        "step": actions.Step(way="", unresolved="The risk.", people=(actions.Named(side=Side.OURS, membership_id=up.world.people["inspector"].pk),)),
        "now": NEXT,
    }  # fmt: skip
    with refused("CAM-17", says="not been answered yet"):
        dissents.take_further(**given)
    up.world.answer(dissent, "not_upheld")
    escalation = dissents.take_further(**given)
    assert titles(up, escalation) == {Side.OURS: "Your agency's representative on the partnership"}
    assert "inspector" in mailed("escalation_named", now=NEXT)
    up.moved(escalation, who="inspector")
    assert up.fresh(escalation).state == EscalationState.AT_PARTNERSHIP


def test_CAM_21_one_agencys_own_practice_goes_to_that_agency() -> None:
    assert World("camden").area.route("agency_complaint").rule == "CAM-21"


# --- every text ------------------------------------------------------------------------------------------------------


def test_no_ladder_of_any_text_is_ever_called_late_without_a_number_of_days() -> None:
    up = ladder("hampshire")
    up.at("up_the_line", "conference_outcome")
    assert not Deadline.objects.filter(due_at__isnull=False, clock_id__contains="line").exists()


def test_each_opened_step_is_a_fact_and_starts_its_own_clock_alone() -> None:
    up = ladder("brighton-hove")
    escalation = up.at("professional_leads")
    opened = CaseEvent.objects.filter(case=escalation.case, name="tier_opened").count()
    assert opened == EscalationTier.objects.filter(escalation=escalation).count() == 4
    assert Deadline.objects.filter(case=escalation.case).count() == 2
