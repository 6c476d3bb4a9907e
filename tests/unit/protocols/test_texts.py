"""What each text says, rule by rule: the values that the rest of the application acts on."""

import pytest

from protocols import library
from protocols.clocktime import parse_local
from protocols.holidays import calendar_for

A = library().latest
AFC, AFC_W = A("kingston-richmond"), A("windsor-maidenhead")
CAM = A("camden")
SUS = [A(slug) for slug in ("brighton-hove", "east-sussex", "west-sussex")]
EAST = SUS[1]
WDC = A("west-dunbartonshire")
HIPS = [A(slug) for slug in ("hampshire", "portsmouth", "isle-of-wight", "southampton")]
HANTS = HIPS[0]


def limit(area, name):
    clock = area.clock(name)
    return (clock.rule, clock.after, clock.amount, clock.unit, clock.strength)


def outcomes(tier):
    return {outcome.id: outcome.means for outcome in tier.outcomes}


# --- Achieving for Children ---------------------------------------------------------------------------------------


def test_AFC_1_a_view_of_every_professional_warns_and_does_not_block():
    assert (AFC.conference.views_complete.rule, AFC.conference.views_complete.strength) == ("AFC-1", "should")


def test_AFC_2_the_chair_decides_and_a_majority_does_not():
    assert [basis.id for basis in AFC.conference.bases] == ["consensus", "chair"]
    assert AFC.conference.basis("majority") is None
    assert AFC.conference.basis_refusal("majority").rule == "AFC-2"
    assert AFC.refusal("decided_by_other").rule == "AFC-2"


def test_AFC_4_families_have_the_complaints_guidance():
    refusal = AFC.dissent.refused_people[0]
    assert (refusal.id, refusal.rule, refusal.route) == ("family", "AFC-4", "complaints")
    assert AFC.link("complaints").label != AFC_W.link("complaints").label


def test_AFC_5_the_name_is_withheld_from_the_decision():
    needed = AFC.dissent.requirement("name_attribution")
    assert (needed.rule, needed.strength, needed.route) == ("AFC-5", "must", "view_only")


def test_AFC_6_the_parents_understanding_warns():
    needed = AFC.dissent.requirement("parents_understanding")
    assert (needed.rule, needed.strength) == ("AFC-6", "should") and needed.reason


def test_AFC_7_an_escalation_opens_with_the_dissent_and_the_top_is_open_with_a_reason():
    assert (AFC.dissent.parallel.rule, AFC.dissent.parallel.early_tier) == ("AFC-7", "warn")
    assert [tier.id for tier in AFC.ladder_for("health", "conference_outcome").tiers] == [
        "own_level",
        "partnership",
    ]


def test_AFC_8_and_AFC_11_each_partnership_has_its_regional_procedures():
    assert (AFC.link("regional_procedures").rule, AFC_W.link("regional_procedures").rule) == (
        "AFC-8",
        "AFC-11",
    )
    assert {"recommendation", "plan_made"} <= {subject.id for subject in AFC.dissent.subjects}


def test_AFC_9_escalation_has_no_number():
    assert limit(AFC, "escalate") == ("AFC-9", "conference_ended", None, "none", "should")


def test_AFC_12_talked_through_with_the_chair_first():
    needed = AFC.dissent.requirement("discussed_with_chair")
    assert (needed.rule, needed.strength) == ("AFC-12", "must")


def test_AFC_13_entered_by_the_chair_or_for_the_chair():
    assert AFC.dissent.recorded_by.by == ("capacity:chair", "capacity:minute_taker")
    assert (AFC.dissent.recorded_by.rule, AFC.dissent.recorded_by.basis) == ("AFC-13", "reading")
    assert AFC.safeguard("missing_entry_request").basis == "system_safeguard"


def test_AFC_14_the_window_is_the_conference():
    assert (AFC.dissent.window.rule, AFC.dissent.window.closes) == ("AFC-14", "conference_ended")
    assert AFC.dissent.attendance.mode == "required" and AFC.dissent.begins == "conference_ended"


def test_AFC_15_the_manager_is_told_when_the_conference_ends():
    tell = AFC.tells_at("conference_ended")[0]
    assert (tell.rule, tell.who, tell.how) == ("AFC-15", "slot:reviewer", "notice")
    assert limit(AFC, "tell_reviewer") == ("AFC-15", "conference_ended", None, "none", "must")


def test_AFC_16_five_working_days_for_the_written_view_and_then_it_waits():
    assert limit(AFC, "written_view") == ("AFC-16", "conference_ended", 5, "working_days", "must")
    assert AFC.clock("written_view").remind_before == (2, 0), "at day 3 and on day 5"
    view = AFC.dissent.written_view
    assert (
        view.clock == "written_view" and view.may_proceed_without.basis == view.not_pursued.basis == "reading"
    )
    assert "dissent_not_pursued" in AFC.clock("answer").stops


def test_AFC_17_the_outcome_sought_is_required_in_the_written_view():
    needed = AFC.dissent.written_view.required_outcome_sought
    assert (needed.rule, needed.strength) == ("AFC-17", "must") and needed.reason


def test_AFC_18_ten_working_days_from_receipt():
    assert limit(AFC, "answer") == ("AFC-18", "rationale_received", 10, "working_days", "must")
    assert AFC.tells_at("decision_made")[0].rule == "AFC-18"


def test_AFC_19_three_answers_and_no_bare_upheld():
    tier = AFC.tier("review")
    assert outcomes(tier) == {
        "not_upheld": "stands",
        "reconvened": "reconvened",
        "early_review": "early_review",
    }
    assert {refusal.id: refusal.rule for refusal in tier.outcome_refusals} == {
        "upheld": "AFC-19",
        "other": "AFC-19",
    }
    assert AFC.outcome("early_review").book_date_required
    assert not any(clock.after == "reconvene_decided" for clock in AFC.clocks), "no date for it is invented"


def test_AFC_20_line_manager_and_then_the_partnership_of_the_area():
    task = AFC.dissent.tasks[1]
    assert (task.rule, task.strength, task.after) == ("AFC-20", "must", "decision_made")
    assert "Kingston" in AFC.route("partnership").label and "Windsor" in AFC_W.route("partnership").label


def test_AFC_21_filing_warns_before_closing():
    duty = AFC.duties[0]
    assert (duty.rule, duty.done, duty.before_close) == ("AFC-21", "filed_on_record", "warn")


# --- Camden -------------------------------------------------------------------------------------------------------


def test_CAM_1_every_organisation_may_dissent_and_families_may_not():
    assert CAM.dissent.attendance.mode == "flag"
    refusal = CAM.dissent.refused_people[0]
    assert set(refusal.rules) == {"CAM-1", "CAM-18"}


def test_CAM_2_only_the_decision_about_a_plan():
    subjects = {subject.id: subject.basis for subject in CAM.dissent.subjects}
    assert set(subjects) == {"plan_made", "plan_not_made", "plan_ended", "plan_continued"}
    assert subjects["plan_continued"] == "reading"
    refused = {refusal.id: (refusal.rule, refusal.route) for refusal in CAM.dissent.subject_refusals}
    assert refused["category"] == refused["recommendation"] == ("CAM-2", "escalation")


def test_CAM_3_process_alone_goes_elsewhere():
    refusal = CAM.dissent.ground_refusals[0]
    assert (refusal.id, refusal.rule, refusal.route) == ("process_only", "CAM-3", "process_escalation")
    assert CAM.ladder_for("police", "process").rule == "CAM-3"


def test_CAM_4_consensus_is_tried_by_the_threshold():
    steps = {step.step: (step.rule, step.strength) for step in CAM.conference.script}
    assert steps["consensus_tried"] == steps["threshold_referred_to"] == ("CAM-4", "must")


def test_CAM_5_then_the_chair_decides():
    assert {basis.id: basis.rule for basis in CAM.conference.bases} == {
        "consensus": "CAM-4",
        "chair": "CAM-5",
    }
    assert CAM.conference.basis_refusal("majority").rule == "CAM-5"


def test_CAM_6_reasons_are_required_and_later_entry_is_the_chairs():
    needed = CAM.dissent.requirement("reasons")
    assert (needed.rule, needed.strength) == ("CAM-6", "must")
    assert "capacity:chair" in CAM.dissent.window.later_entry.by


def test_CAM_7_the_service_manager_is_told_with_the_record():
    tell = CAM.tells_at("dissent_recorded")[0]
    assert (tell.rule, tell.who) == ("CAM-7", "slot:reviewer") and CAM.dissent.begins == "recorded"
    assert limit(CAM, "refer") == ("CAM-7", "dissent_recorded", None, "none", "must")


def test_CAM_8_notes_and_reasons_are_read():
    assert [material.id for material in CAM.tier("service_manager").materials] == [
        "conference_notes",
        "reasons",
    ]
    assert CAM.tier("service_manager").materials_rule == "CAM-8"


def test_CAM_9_the_decision_stands_by_the_text_itself():
    assert (CAM.meanwhile.decision_stands, CAM.meanwhile.rule, CAM.meanwhile.basis) == (True, "CAM-9", "rule")
    assert CAM.refusal("plan_suspended").rule == "CAM-9"
    assert CAM.safeguard("decision_stands").rule == "CAM-9"


def test_CAM_10_advice_may_be_asked_for_and_stops_nothing():
    asks = {ask.id: (ask.who, ask.rule) for ask in CAM.tier("service_manager").may_ask}
    assert asks["advice"] == ("slot:second_tier", "CAM-10") and len(asks) == 3
    assert CAM.clock("decision").stops == ("decision_made", "dissent_withdrawn")


def test_CAM_11_the_service_manager_seeks_to_decide_in_ten_working_days():
    assert limit(CAM, "decision") == ("CAM-11", "conference_ended", 10, "working_days", "seek")
    assert outcomes(CAM.tier("service_manager")) == {"upheld": "second_tier", "not_upheld": "stands"}


def test_CAM_12_a_letter_to_the_agencies_and_a_copy_hold_up_closing():
    letters = [tell for tell in CAM.tells if tell.rule == "CAM-12"]
    assert {tell.who for tell in letters} == {"capacity:agencies", "slot:partnership_office"}
    assert all(tell.before_close and tell.letter and not tell.withhold_with_reason for tell in letters)


def test_CAM_13_the_second_tier_only_when_upheld_and_without_a_clock():
    assert CAM.outcome("upheld").next_tier == "head_of_service" and CAM.outcome("not_upheld").next_tier == ""
    tier = CAM.tier("head_of_service")
    assert outcomes(tier) == {"reconvene": "reconvened", "no_reconvene": "stands"} and tier.new_information
    assert limit(CAM, "second_tier") == ("CAM-13", "decision_made", None, "none", "none")
    assert CAM.refusal("second_tier_not_upheld").rule == "CAM-13"
    assert [tell.id for tell in CAM.tells_at("decision_made", "not_upheld") if tell.rule == "CAM-13"] == []


def test_CAM_14_fifteen_working_days_from_the_second_decision():
    assert limit(CAM, "reconvened") == ("CAM-14", "reconvene_decided", 15, "working_days", "should")
    assert (CAM.clock("reconvened").basis, CAM.clock("reconvened").cautious_after) == (
        "reading",
        "decision_made",
    )
    assert CAM.outcome("reconvene").happens == ("reconvene_decided",)


def test_CAM_15_agency_chair_and_parents_are_told_or_it_is_said_why_not():
    told = [tell for tell in CAM.tells_at("second_tier_decided") if tell.rule == "CAM-15"]
    assert {tell.who for tell in told} == {"capacity:dissenter", "capacity:chair", "capacity:parents"}
    assert all(tell.before_close and tell.withhold_with_reason for tell in told)


def test_CAM_16_the_reasons_are_filed():
    assert (CAM.duties[0].rule, CAM.duties[0].done) == ("CAM-16", "filed_on_record")


def test_CAM_17_the_representative_also_when_not_upheld_by_our_reading():
    steps = {step.after_outcomes: step.basis for step in CAM.dissent.if_unresolved}
    assert steps == {("reconvene", "no_reconvene"): "rule", ("not_upheld",): "reading"}


def test_CAM_18_to_21_complaints_are_kept_apart():
    rules = CAM.complaints
    assert [outcome.means for outcome in rules.outcomes] == ["reconvened", "early_review", "stands"]
    assert rules.outcomes[0].different_chair == "must"
    assert all(outcome.cannot_change_decision for outcome in rules.outcomes)
    assert {refusal.rule for refusal in rules.refusals} == {"CAM-18", "CAM-19", "CAM-20"}
    assert rules.signposts[0].rule == "CAM-21"


# --- Pan Sussex ---------------------------------------------------------------------------------------------------


def test_SUS_6_the_least_of_three_dates_usually():
    assert limit(EAST, "discussion") == ("SUS-6", "difference_raised", 5, "working_days", "usual")
    assert set(EAST.clock("discussion").least_of) == {"agreed_date", "amount", "protect_by_date"}


def test_SUS_10_a_further_working_week_belongs_to_the_first_line_managers():
    assert limit(EAST, "first_line_managers") == ("SUS-10", "tier_opened", 5, "working_days", "usual")
    ladder = EAST.ladder_for("police", "referral_enquiry")
    assert {tier.id: tier.clock for tier in ladder.tiers if tier.clock} == {
        "discussion": "discussion",
        "first_line_managers": "first_line_managers",
    }
    assert ladder.tiers[1].titles["police"] == "detective sergeant"


@pytest.mark.parametrize("area", SUS, ids=lambda area: area.slug)
def test_SUS_11_34_35_37_the_ladder_and_the_facilities_that_have_their_own(area):
    ladder = area.ladder_for("health", "plan_implementation")
    assert ladder.tiers[1].alternatives[0].rule == "SUS-11"
    assert [need.rule for need in ladder.tiers[3].requires] == ["SUS-34", "SUS-34"]
    assert (area.escalation.jumps[0].rule, area.escalation.jumps[0].to) == ("SUS-35", "partnership")
    assert area.ladder_for("specialist_facility", "conference_outcome").rule == "SUS-37"


def test_SUS_12_an_approved_record_is_not_changed():
    assert EAST.refusal("edit_approved_record").rule == "SUS-12"


def test_SUS_13_14_16_asking_for_a_conference():
    convening = EAST.escalation.convening
    assert {need.field: need.strength for need in convening.requires} == {
        "written_request": "must",
        "written_reply": "must",
        "senior_requester": "should",
    }
    assert {refusal.rule for refusal in convening.refusals} == {"SUS-14", "SUS-16"}
    assert (convening.last_resort_by, convening.last_resort.rule) == ("slot:senior_cp_manager", "SUS-16")


def test_SUS_17_18_19_who_dissents_and_about_what():
    assert EAST.dissent.requirement("name_attribution").rule == "SUS-17"
    assert EAST.dissent.refused_people[0].rule == "SUS-18"
    needed = EAST.dissent.requirement("child_and_direction")
    assert (needed.rule, needed.strength) == ("SUS-19", "must")
    assert [direction.id for direction in EAST.dissent.directions] == ["more_protection", "less_protection"]


def test_SUS_20_seventy_two_hours_on_the_clock():
    assert limit(EAST, "raise") == ("SUS-20", "conference_ended", 72, "clock_hours", "must")
    window = EAST.dissent.window
    assert (window.rule, window.after, window.amount, window.unit) == (
        "SUS-20",
        "conference_ended",
        72,
        "clock_hours",
    )


def test_SUS_21_22_23_24_view_or_dissent_the_process_explained_and_the_summary():
    assert EAST.dissent.rules == ("SUS-17", "SUS-22")
    steps = {step.step: step for step in EAST.conference.script}
    assert (steps["process_explained"].rule, steps["process_explained"].strength) == ("SUS-23", "must")
    assert (steps["statement_read"].rule, steps["statement_read"].strength) == ("SUS-1", "should")
    assert EAST.duties[0].rule == "SUS-24"
    assert next(guide for guide in EAST.guidance if guide.id == "view_or_dissent").rule == "SUS-21"


def test_SUS_25_the_chairs_own_line_manager_at_once_and_set_up_before():
    tell = EAST.tells_at("dissent_recorded")[0]
    assert (tell.rule, tell.who) == ("SUS-25", "line_manager:capacity:chair")
    assert limit(EAST, "tell_line_manager") == ("SUS-25", "dissent_recorded", None, "none", "must")
    assert EAST.conference.setup[0].field == "chair_line_manager"


def test_SUS_26_reports_summary_and_plan():
    assert [material.id for material in EAST.tier("review").materials] == [
        "reports",
        "chairs_summary",
        "plan",
    ]


def test_SUS_27_speak_with_the_dissenter_first_or_try_twice():
    gate = EAST.tier("review").gates[0]
    assert (gate.rule, gate.before, gate.needs, gate.attempts) == (
        "SUS-27",
        "decision",
        "contact_with_dissenter",
        2,
    )
    assert "Outside the text" in gate.attempts_mark


def test_SUS_28_upheld_and_reconvened_are_one():
    tier = EAST.tier("review")
    assert outcomes(tier) == {"upheld_and_reconvened": "reconvened", "not_upheld": "stands"}
    assert {refusal.id for refusal in tier.outcome_refusals} == {"upheld", "other"}


def test_SUS_29_ten_working_days_from_the_conference():
    assert limit(EAST, "decision") == ("SUS-29", "conference_ended", 10, "working_days", "must")


def test_SUS_30_fifteen_working_days_from_the_decision_if_reconvened():
    assert limit(EAST, "reconvened") == ("SUS-30", "decision_made", 15, "working_days", "must")
    assert EAST.clock("reconvened").on_outcomes == ("upheld_and_reconvened",)
    assert EAST.clocks_after("decision_made", "not_upheld") == ()
    assert [clock.rule for clock in EAST.clocks_after("decision_made", "upheld_and_reconvened")] == ["SUS-30"]


def test_SUS_31_the_briefing_is_brighton_and_hove_alone():
    steps = {area.slug: area.dissent.if_unresolved[0] for area in SUS}
    assert steps["brighton-hove"].rule == "SUS-31"
    assert steps["brighton-hove"].routes == ("briefing", "professional_leads")
    for slug in ("east-sussex", "west-sussex"):
        assert (steps[slug].rule, steps[slug].basis) == ("SUS-34", "reading")


def test_SUS_32_every_dissenter_has_a_task():
    assert (EAST.dissent.tasks[0].rule, EAST.dissent.tasks[0].strength) == ("SUS-32", "must")


def test_SUS_33_the_plan_is_no_formal_dissent():
    refusal = EAST.dissent.ground_refusals[0]
    assert (refusal.id, refusal.rule, refusal.route) == ("plan_implementation", "SUS-33", "escalation")


def test_sussex_names_nobody_to_be_told_so_the_safeguard_does():
    told = {tell.who: tell.basis for tell in EAST.tells_at("decision_made")}
    assert told == {"capacity:dissenter": "system_safeguard", "capacity:chair": "system_safeguard"}
    assert EAST.review_due.isoformat() == "2025-07-31"
    assert EAST.is_review_overdue(parse_local("2025-08-01T09:00").date())
    assert not AFC.is_review_overdue(parse_local("2035-08-01T09:00").date())


# --- West Dunbartonshire ------------------------------------------------------------------------------------------


def test_WDC_1_any_outcome_by_a_person_for_an_agency():
    assert "other_outcome" in {subject.id for subject in WDC.dissent.subjects}
    assert WDC.dissent.rule == "WDC-1" and WDC.dissent.attendance.mode == "open"


def test_WDC_2_to_7_the_chairpersons_part():
    assert WDC.conference.setup[0].rule == "WDC-2"
    fields = {field.id: (field.rule, field.when) for field in WDC.conference.fields}
    assert fields["strengths"] == fields["risks"] == ("WDC-3", "always")
    assert fields["reports_submitted"][0] == "WDC-4"
    assert fields["core_group"] == fields["initial_plan"] == ("WDC-6", "on_plan")
    assert fields["key_professionals"] == fields["focus_of_work"] == ("WDC-7", "not_on_plan")


def test_WDC_5_and_WDC_9_everyones_view_twice_warns():
    assert WDC.conference.views_complete.rules == ("WDC-5", "WDC-9")
    assert WDC.conference.views_complete.strength == "should"
    assert WDC.conference.view_phases == ("discussion", "decision")
    assert [a.slug for a in (AFC, CAM, EAST, WDC, HANTS) if len(a.conference.view_phases) == 2] == [WDC.slug]


def test_WDC_10_here_alone_the_text_lets_a_majority_decide():
    assert [basis.id for basis in WDC.conference.bases] == ["consensus", "majority", "chair"]
    assert WDC.conference.basis("majority").rule == "WDC-10"
    for area in (AFC, CAM, HANTS):
        assert area.conference.basis("majority") is None
        assert area.conference.basis_refusal("majority").rule in ("AFC-2", "CAM-5", "HIPS-8")
    assert EAST.conference.basis("majority").basis == "system_safeguard"


def test_WDC_11_reasons_and_no_limit():
    needed = WDC.dissent.requirement("reasons")
    assert (needed.rule, needed.strength) == ("WDC-11", "must")
    assert WDC.dissent.window.closes is None and WDC.dissent.acknowledged


def test_WDC_12_one_working_day_from_the_acknowledgement():
    assert limit(WDC, "pass_on") == ("WDC-12", "dissent_acknowledged", 1, "working_days", "must")
    assert WDC.nation == "scotland" == calendar_for(WDC.nation).nation
    tell = WDC.tells_at("dissent_acknowledged")[0]
    assert (tell.rule, tell.who) == ("WDC-12", "slot:reviewer")


def test_WDC_13_fourteen_days_of_any_kind_and_three_parts():
    assert limit(WDC, "review") == ("WDC-13", "reviewer_notified", 14, "calendar_days", "must")
    assert [part.id for part in WDC.tier("review").parts] == ["information_shared", "discussion", "decision"]


def test_WDC_14_two_formal_notices_hold_up_closing():
    notices = [tell for tell in WDC.tells if tell.rule == "WDC-14"]
    assert {tell.who for tell in notices} == {"capacity:chair", "capacity:dissenter"}
    assert all(tell.before_close and tell.reason for tell in notices)


def test_WDC_15a_and_WDC_15b_it_stands_or_meets_again():
    tier = WDC.tier("review")
    assert outcomes(tier) == {"agree_stands": "stands", "disagree_reconvene": "reconvened"}
    assert WDC.outcome("agree_stands").rule == "WDC-15a"
    again = WDC.outcome("disagree_reconvene")
    assert (again.rule, again.different_chair) == ("WDC-15b", "may")
    assert tier.outcome_refusals[0].id == "disagree_without_reconvene"


def test_WDC_16_and_WDC_17_support_and_a_fresh_look():
    assert {guide.rule for guide in WDC.guidance} == {"WDC-8", "WDC-9", "WDC-16", "WDC-17"}


def test_WDC_19_to_22_ladders_by_agency_and_none_for_the_others():
    top = WDC.ladder_for("social_care", "conference_outcome").tiers[-1]
    assert top.same_post_as == "slot:reviewer" and top.requires[0].field == "same_person_note"
    assert len(WDC.ladder_for("health", "process").tiers[1].entry_points) == 2
    assert len(WDC.ladder_for("education", "process").tiers[-1].routed_by) == 5
    assert WDC.ladder_for("police", "process") is None
    assert WDC.escalation.no_ladder.rule == "WDC-22"


# --- Hampshire, Isle of Wight, Portsmouth, Southampton ------------------------------------------------------------


def test_HIPS_7_and_HIPS_8_the_chair_decides_with_the_majority_or_against_it():
    assert [basis.id for basis in HANTS.conference.bases] == ["consensus", "chair", "chair_overruled"]
    assert HANTS.conference.basis("chair_overruled").rule == "HIPS-8"
    assert next(field for field in HANTS.conference.fields if field.id == "differing_views").rule == "HIPS-7"
    assert (HANTS.meanwhile.rule, HANTS.meanwhile.basis) == ("HIPS-8", "reading")


def test_HIPS_9_note_or_challenge_and_from_one_to_the_other():
    assert HANTS.dissent.requirement("challenge_choice").rule == "HIPS-9"
    modes = {mode.id: (mode.held_by, mode.may_become) for mode in HANTS.dissent.modes}
    assert modes == {
        "note_only": ("capacity:dissenter", ("challenge",)),
        "challenge": ("capacity:chair", ("note_only",)),
    }


def test_HIPS_10_the_chair_first():
    assert HANTS.ladder_for("health", "conference_outcome").tiers[0].decided_by == ("capacity:chair",)
    assert HANTS.refusal("manager_before_chair").rule == "HIPS-10"
    assert [ground.id for ground in HANTS.dissent.grounds] == ["risk_of_harm", "no_added_risk"]


@pytest.mark.parametrize("area", HIPS, ids=lambda area: area.slug)
def test_HIPS_15_no_review_no_outcome_no_date(area):
    assert area.review is None
    assert {clock.unit for clock in area.clocks} == {"none"}
    assert area.refusal("no_review").rule == area.refusal("overdue").rule == "HIPS-15"
    assert area.dissent.holder_without_review == "capacity:dissenter"
    means = {
        outcome.means for ladder in area.escalation.ladders for t in ladder.tiers for outcome in t.outcomes
    }
    assert means <= {"resolved", "moved_on", "other"}
    assert area.safeguard("reviewer_not_involved") is None
    assert area.tier("review") is None and area.outcome("upheld") is None


def test_HIPS_3_and_HIPS_19_supported_requests_and_back_to_the_chair():
    refused = {refusal.id: refusal.rule for refusal in HANTS.escalation.convening.refusals}
    assert refused["supported_request_without_reasons"] == "HIPS-3"
    assert HANTS.refusal("implementation_to_partnership").route == "back_to_chair"
    last = HANTS.ladder_for("police", "plan_implementation").tiers[-1]
    assert (last.rule, last.decided_by) == ("HIPS-19", ("capacity:chair",))


# --- all ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", library().slugs())
def test_what_no_source_states_is_a_switchable_safeguard(slug):
    area = A(slug)
    for name in ("withdrawal", "missing_entry_request", "second_notice_to_chair", "told_outcome", "deputies"):
        safeguard = area.safeguard(name)
        assert safeguard.on and safeguard.switchable and safeguard.basis == "system_safeguard"
    assert area.refusal("automatic_decision").basis == "system_safeguard"
    assert area.escalation.route_labels["escalation"] == area.route("escalation").label
    assert area.slot("nobody") is None and area.clock("nothing") is None and area.link("nothing") is None


@pytest.mark.parametrize("area", [AFC, CAM, EAST, WDC], ids=lambda area: area.slug)
def test_the_reviewer_was_not_involved_or_a_reason_is_given(area):
    safeguard = area.safeguard("reviewer_not_involved")
    assert (safeguard.mode, safeguard.override_with_reason, safeguard.basis) == (
        "block",
        True,
        "system_safeguard",
    )
    assert "{name}" in safeguard.refusal


def test_dates_of_the_texts():
    dated = {area.protocol_id: (area.dated, area.version) for area in (AFC, CAM, EAST, WDC, HANTS)}
    assert dated == {
        "afc": ("January 2020", "2020-01"),
        "camden": ("undated", "undated"),
        "pan-sussex-7.2": ("July 2022", "2022-07"),
        "west-dunbartonshire": ("August 2019", "2019-08"),
        "hips": ("undated", "undated"),
    }
    assert (
        WDC.review_due.isoformat() == "2021-08-31" and CAM.title == "Dissenting to a case conference decision"
    )
