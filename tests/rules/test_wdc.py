"""West Dunbartonshire, rule by rule, through the real actions: Scottish days, a full review, two formal notices."""

import datetime as dt

import pytest

from cases.selectors import facts_of
from conferences import actions as conferences
from conferences.models import Attendance
from conferences.selectors import children_of
from conferences.states import Phase, ViewChoice
from core.refusals import Denied, Kind
from deadlines.actions import recount_clocks, sweep
from deadlines.states import DeadlineState
from dissent import actions as dissents
from dissent.models import Dissent
from dissent.states import DissentState
from partnerships.actions import add_closure_day
from partnerships.models import SlotHolder
from tests.builders import BEGINS, BOOKED, ENDS, LATER, SPOKEN, World, at
from tests.rules.expect import A_SECOND, clock, decide, due, has_clock, missing, record, refused, told, view

pytestmark = pytest.mark.django_db
PARTS = {"information_shared": "Read again.", "discussion": "Heard again.", "decision": "Weighed again."}


@pytest.fixture
def w() -> World:
    return World("west-dunbartonshire")


def lacking(conference: object, rule: str) -> str:
    return " / ".join(words for words, number in missing(conference) if number == rule)  # type: ignore[arg-type]


def tell(w: World, dissent: Dissent, tell_id: str, **how: str) -> None:
    given = how or {"how": "Letter", "told_at": LATER}
    dissents.told(dissent_id=dissent.pk, by=w.actor("reviewer"), tell_id=tell_id, now=LATER, **given)


def test_WDC_1_an_agency_or_its_representative_dissents_from_any_outcome(w: World) -> None:
    conference = w.decided()
    (child,) = children_of(conference)
    for_agency = record(w, conference)
    assert (for_agency.subject, for_agency.for_agency, for_agency.agency) == (
        "plan_not_made",
        True,
        w.agencies["police"],
    )
    other = record(
        w, conference, "health", directions={child.pk: "other"}, subject="other_outcome", for_agency=False
    )
    assert (other.subject, other.for_agency) == ("other_outcome", False)


def test_WDC_1_a_family_member_is_shown_how_to_complain(w: World) -> None:
    conference = w.decided()
    gran = conference.attendances.get(side="family")
    with refused("WDC-1", says="agencies and the professionals who represent them", route="How to complain"):
        dissents.record(attendance_id=gran.pk, by=w.recorder(conference), said=w.said(conference), now=SPOKEN)


def test_WDC_2_the_list_of_those_invited_is_kept_and_missing_people_block_nothing(w: World) -> None:
    conference = w.booked()
    assert {a.name for a in Attendance.objects.filter(conference=conference)} == {
        "Pia Police", "Hugo Health", "Sara School", "Cleo Charity", "Gran Invented",
    }  # fmt: skip
    need = next(n for n in w.area.conference.setup if n.rule == "WDC-2")
    assert need.strength == "should"
    conferences.start(conference_id=conference.pk, by=w.recorder(conference), now=BEGINS)


def test_WDC_3_strengths_and_risks_are_both_recorded_and_what_is_missing_is_said(w: World) -> None:
    conference = w.started()
    before = lacking(conference, "WDC-3")
    assert "Strengths" in before
    assert "Not recorded: Risks" in before
    given = {"conference_id": conference.pk, "by": w.recorder(conference), "now": SPOKEN}
    conferences.record_field(field="strengths", text="A grandmother nearby.", **given)
    conferences.record_field(field="risks", text="Alcohol.", **given)
    conferences.tick_script(step="strengths_and_risks", **given)
    assert lacking(conference, "WDC-3") == ""


def test_WDC_4_that_reports_of_the_absent_were_sent_and_shared_is_kept(w: World) -> None:
    conference = w.started()
    seat = w.seat(conference, "charity")
    assert (seat.report_submitted, seat.report_shared) == (True, False)
    assert "Reports" in lacking(conference, "WDC-4")
    given = {"by": w.recorder(conference), "now": SPOKEN}
    conferences.record_presence(attendance_id=seat.pk, presence="report_only", report_shared=True, **given)
    conferences.tick_script(conference_id=conference.pk, step="reports_shared", **given)
    conferences.record_field(
        conference_id=conference.pk, field="reports_submitted", text="The charity's; read out.", **given
    )
    assert w.seat(conference, "charity").report_shared is True
    assert lacking(conference, "WDC-4") == ""


def test_WDC_5_everyone_gives_a_view_with_reasons_and_an_open_round_warns_before_the_decision(
    w: World,
) -> None:
    conference = w.started()
    for phase in (Phase.DISCUSSION, Phase.DECISION):
        view(w, conference, "police", phase=phase, reasons="The bruises.")
    before = lacking(conference, "WDC-5")
    assert "Hugo Health" in before
    assert "Sara School" in before
    assert "Pia Police" not in before
    decide(w, children_of(conference)[0], conference)
    assert children_of(conference)[0].decision.basis == "chair"


def test_WDC_6_the_first_core_group_and_plan_are_asked_for_when_the_name_goes_on_the_register(
    w: World,
) -> None:
    registered = w.decided(on_plan=True)
    assert "First core group" in lacking(registered, "WDC-6")
    assert "First child protection plan" in lacking(registered, "WDC-6")
    given = {"conference_id": registered.pk, "by": w.recorder(registered), "now": SPOKEN}
    conferences.record_field(field="core_group", text="School and health.", **given)
    conferences.record_field(field="initial_plan", text="Weekly visits.", **given)
    assert lacking(registered, "WDC-6") == ""
    not_registered = w.decided(starts_at=at("2026-03-10"))
    assert lacking(not_registered, "WDC-6") == ""


def test_WDC_7_when_the_name_is_not_registered_who_supports_and_on_what_is_asked_for(w: World) -> None:
    not_registered = w.decided()
    before = lacking(not_registered, "WDC-7")
    assert "Main professionals" in before
    assert "What their work is to be about" in before
    given = {"conference_id": not_registered.pk, "by": w.recorder(not_registered), "now": SPOKEN}
    conferences.record_field(field="key_professionals", text="The health visitor.", **given)
    conferences.record_field(field="focus_of_work", text="Feeding.", **given)
    assert lacking(not_registered, "WDC-7") == ""
    assert lacking(w.decided(on_plan=True, starts_at=at("2026-03-10")), "WDC-7") == ""


def test_WDC_8_the_report_of_a_participant_is_kept_as_sent_in(w: World) -> None:
    conference = w.started()
    conferences.record_presence(
        attendance_id=w.seat(conference, "health").pk, by=w.recorder(conference), presence="attended",
        report_submitted=True, now=BEGINS,
    )  # fmt: skip
    assert w.seat(conference, "health").report_submitted is True


def test_WDC_9_a_view_is_taken_in_the_discussion_and_at_the_decision_with_the_reason_for_a_change(
    w: World,
) -> None:
    conference = w.started()
    view(w, conference, "police", ViewChoice.MET, phase=Phase.DISCUSSION, reasons="The bruises.")
    assert "Pia Police" in lacking(conference, "WDC-5"), "the second of the two views is asked for too"
    with refused("WDC-9", says="Enter what changed their view"):
        view(w, conference, "police", ViewChoice.NOT_MET, phase=Phase.DECISION)
    view(w, conference, "police", ViewChoice.NOT_MET, phase=Phase.DECISION, change_reason="The doctor spoke.")
    views = w.seat(conference, "police").views
    assert views.get(phase=Phase.DISCUSSION).choice == ViewChoice.MET
    assert views.get(phase=Phase.DECISION).change_reason == "The doctor spoke."
    view(w, conference, "health", ViewChoice.MET, phase=Phase.DECISION)
    assert "Hugo Health" in lacking(conference, "WDC-5"), "a view at the decision alone is half of it"


def test_WDC_10_a_majority_may_decide_here_and_revisits_are_counted(w: World) -> None:
    conference = w.started()
    given = {"conference_id": conference.pk, "by": w.recorder(conference), "now": SPOKEN}
    conferences.revisit_discussion(**given)
    assert conferences.revisit_discussion(**given).revisits == 2
    (child,) = children_of(conference)
    with refused("WDC-10", says="Choose majority, or say that there was none"):
        decide(w, child, conference, basis="chair_overruled")
    decide(w, child, conference, basis="majority")
    assert children_of(conference)[0].decision.basis == "majority"


@pytest.mark.parametrize(
    ("slug", "rule"), [("windsor-maidenhead", "AFC-2"), ("camden", "CAM-5"), ("portsmouth", "HIPS-8")]
)
def test_WDC_10_the_same_majority_is_refused_elsewhere_by_their_own_rule(slug: str, rule: str) -> None:
    w = World(slug)
    conference = w.started()
    with refused(rule, says="a majority does not decide"):
        decide(w, children_of(conference)[0], conference, basis="majority")


@pytest.mark.parametrize("basis", ["consensus", "chair"])
def test_WDC_10_consensus_and_the_chair_decide_too(w: World, basis: str) -> None:
    conference = w.started()
    decide(w, children_of(conference)[0], conference, basis=basis)
    assert children_of(conference)[0].decision.basis == basis


def test_WDC_11_a_dissent_without_reasons_is_refused_and_with_them_it_is_acknowledged(w: World) -> None:
    conference = w.decided()
    with refused("WDC-11", says="Write down the reasons"):
        record(w, conference, reasons="")
    dissent = record(w, conference, reasons="The risk was not heard.")
    assert facts_of(dissent.case)["dissent_acknowledged"] == SPOKEN


def test_WDC_11_there_is_no_last_moment_and_nobody_has_to_have_attended(w: World) -> None:
    conference = w.ended()
    weeks_after = ENDS + dt.timedelta(days=60)
    dissent = record(w, conference, "charity", expressed_at=weeks_after, by="charity", now=weeks_after)
    assert (dissent.outside_text, dissent.did_not_attend, dissent.late_entry_reason) == (False, False, "")
    assert dissent.state == DissentState.UNDER_REVIEW


def test_WDC_12_it_is_passed_to_the_head_of_service_at_once_and_is_due_one_scottish_working_day_on(
    w: World,
) -> None:
    conference = w.decided(
        starts_at=at("2026-04-02", "13:00")
    )  # Good Friday follows; Easter Monday is a working day
    dissent = w.recorded(conference)
    assert set(told("WDC-12", now=dissent.recorded_at)) == {"reviewer"}
    passed = clock(dissent, "pass_on")
    assert (passed.rule, passed.state, passed.ended_at) == ("WDC-12", DeadlineState.MET, dissent.recorded_at)
    assert due(dissent, "pass_on") == "Mon 06 Apr 2026 23:59:59"


def test_WDC_12_it_runs_from_the_acknowledgement_and_not_from_the_conference(w: World) -> None:
    conference = w.ended()
    dissent = record(w, conference, expressed_at=at("2026-06-12", "15:00"))
    assert due(dissent, "pass_on") == "Tue 16 Jun 2026 23:59:59", (
        "15 June 2026 is a holiday in Scotland alone"
    )


def test_WDC_12_a_local_closure_day_entered_later_moves_the_open_clock(w: World) -> None:
    SlotHolder.objects.filter(slot__key="reviewer").update(ends_on=BOOKED.date())
    dissent = w.recorded(w.decided(starts_at=at("2026-04-02", "13:00")))
    assert due(dissent, "pass_on") == "Mon 06 Apr 2026 23:59:59"
    admin, now = w.actor("admin"), at("2026-04-02", "16:00")
    given = {"partnership_id": w.partnership.pk, "by": admin, "now": now}
    add_closure_day(date=dt.date(2026, 4, 6), reason="The council closes.", **given)
    assert recount_clocks(nation="scotland", **given) == 1
    assert due(dissent, "pass_on") == "Tue 07 Apr 2026 23:59:59"


def test_WDC_12_with_nobody_in_the_post_it_stays_with_the_chair_who_passes_it_on_by_hand(w: World) -> None:
    SlotHolder.objects.filter(slot__key="reviewer").update(ends_on=BOOKED.date())
    dissent = w.recorded()
    w.end(w.fresh(dissent).conference)
    assert "reviewer_notified" not in facts_of(dissent.case)
    assert not has_clock(dissent, "review"), "the fourteen days wait for the head of service to know"
    passed = clock(dissent, "pass_on")
    assert (passed.state, passed.holder) == (DeadlineState.OPEN, "capacity:chair")
    given = {"dissent_id": dissent.pk, "now": LATER}
    with pytest.raises(Denied, match="Nobody fills this post"):
        dissents.pass_to_reviewer(by=w.actor("chair"), **given)
    w.fill("reviewer", "deputy", starts_on=LATER.date())
    with pytest.raises(Denied):
        dissents.pass_to_reviewer(by=w.actor("police"), **given)
    dissents.pass_to_reviewer(by=w.actor("chair"), **given)
    assert clock(dissent, "pass_on").state == DeadlineState.MET
    assert clock(dissent, "review").anchored_at == LATER


def test_WDC_13_the_review_is_due_fourteen_calendar_days_after_the_head_of_service_was_told(w: World) -> None:
    dissent = w.recorded(w.decided(starts_at=at("2026-12-11", "10:00")))
    review = clock(dissent, "review")
    assert (review.rule, review.anchored_at) == ("WDC-13", dissent.recorded_at)
    assert due(dissent, "review") == "Fri 25 Dec 2026 23:59:59", "an end on a holiday does not roll"


def test_WDC_13_the_three_parts_of_the_full_review_are_all_written(w: World) -> None:
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    for part in PARTS:
        with refused("WDC-13", says="Enter: "):
            w.answer(dissent, "agree_stands", parts={**PARTS, part: " "})
    answered = w.answer(dissent, "agree_stands", parts=PARTS)
    assert answered.answers.get().parts == PARTS


def test_WDC_13_the_last_second_is_in_time_and_the_next_asks_why_and_decides_nothing(w: World) -> None:
    conference = w.decided()
    first, second = record(w, conference), record(w, conference, "health")
    w.end(conference)
    last = at("2026-03-17", "23:59:59")
    assert due(first, "review") == "Tue 17 Mar 2026 23:59:59"
    w.answer(first, "agree_stands", now=last)
    sweep(now=last + A_SECOND)
    assert w.fresh(second).state == DissentState.UNDER_REVIEW
    with refused("WDC-13", says="Enter why it is late"):
        w.answer(second, "agree_stands", now=last + A_SECOND)
    w.answer(second, "agree_stands", now=last + A_SECOND, late_reason="Snow.")


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("chair_notice", "dissenter_notice", "Give the dissenter formal notice"),
        ("dissenter_notice", "chair_notice", "Give the chairperson formal notice"),
    ],
)
def test_WDC_14_closing_with_either_notice_missing_is_refused(
    w: World, first: str, second: str, words: str
) -> None:
    dissent = w.dissent_at(DissentState.DECIDED)
    close = {"dissent_id": dissent.pk, "by": w.actor("reviewer"), "now": LATER, "confirmed": True}
    with refused("WDC-14", says="formal notice of the outcome first"):
        dissents.close(**close)
    tell(w, dissent, first)
    with refused("WDC-14", says=words):
        dissents.close(**close)
    with refused("WDC-14", says="Record when they were told"):
        tell(w, dissent, second, withheld_reason="They know.")
    assert clock(dissent, "notices").state == DeadlineState.OPEN
    tell(w, dissent, second)
    assert (clock(dissent, "notices").state, clock(dissent, "notices").due_at) == (DeadlineState.MET, None)
    assert dissents.close(**close).state == DissentState.CLOSED


def test_WDC_15a_agreement_leaves_the_decision_standing(w: World) -> None:
    dissent = w.answer(w.dissent_at(DissentState.UNDER_REVIEW), "agree_stands")
    assert dissent.answers.get().means == "stands"
    assert "reconvene_decided" not in facts_of(dissent.case)
    with pytest.raises(Denied, match="asks for no conference"):
        dissents.book_follow_up(
            dissent_id=dissent.pk, by=w.actor("reviewer"), now=LATER,
            booking=dissents.Booking(starts_at=at("2026-03-20"), chair_id=w.people["chair"].pk),
        )  # fmt: skip
    with refused("WDC-15a", says="ends in one of two ways"):
        w.answer(w.dissent_at(DissentState.UNDER_REVIEW), "early_review")


def test_WDC_15b_disagreement_without_reconvening_is_refused(w: World) -> None:
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    with refused("WDC-15b", says="has to meet again. Choose that, or agree"):
        w.answer(dissent, "disagree_without_reconvene")
    dissent = w.answer(dissent, "disagree_reconvene")
    assert dissent.answers.get().means == "reconvened"
    assert not dissent.case.deadlines.filter(purpose="hold").exists(), "no date is given for it"
    tell(w, dissent, "chair_notice")
    tell(w, dissent, "dissenter_notice")
    with refused("WDC-15b", says="Close the dissent once it has"):
        dissents.close(dissent_id=dissent.pk, by=w.actor("reviewer"), now=LATER, confirmed=True)


def test_WDC_15b_whether_another_chairperson_takes_it_is_said_and_kept_to(w: World) -> None:
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    with refused("WDC-15b", says="Select whether a different chair"):
        w.answer(dissent, "disagree_reconvene", different_chair=None)
    dissent = w.answer(
        dissent, "disagree_reconvene", different_chair=True, different_chair_reason="A fresh start."
    )
    given = {"dissent_id": dissent.pk, "by": w.actor("reviewer"), "now": LATER}

    def with_chair(who: str) -> dissents.Booking:
        return dissents.Booking(starts_at=at("2026-08-20"), chair_id=w.people[who].pk)

    with refused("WDC-15b", says="Select a different chair"):
        dissents.book_follow_up(booking=with_chair("chair"), **given)
    booked = dissents.book_follow_up(booking=with_chair("other_chair"), **given)
    assert booked.conference.chair == w.people["other_chair"]


def test_WDC_15b_the_same_chairperson_may_take_it_again(w: World) -> None:
    dissent = w.answer(w.dissent_at(DissentState.UNDER_REVIEW), "disagree_reconvene", different_chair=False)
    booked = dissents.book_follow_up(
        dissent_id=dissent.pk, by=w.actor("reviewer"), now=LATER,
        booking=dissents.Booking(starts_at=at("2026-08-20"), chair_id=w.people["chair"].pk),
    )  # fmt: skip
    assert booked.conference.chair == w.people["chair"]


def test_WDC_16_and_17_the_review_is_by_somebody_who_was_not_there(w: World) -> None:
    conference = w.booked()
    w.invite(conference, "reviewer", now=BOOKED)
    conferences.start(conference_id=conference.pk, by=w.recorder(conference), now=BEGINS)
    for row in Attendance.objects.filter(conference=conference, side="professional"):
        conferences.record_presence(
            attendance_id=row.pk, by=w.recorder(conference), presence="attended", now=BEGINS
        )
    decide(w, children_of(conference)[0], conference)
    dissent = record(w, conference)
    w.end(conference)
    with refused("", says="attended this conference", route="give the reason") as denied:
        w.answer(dissent, "agree_stands")
    assert denied.value.kind is Kind.NOT_NOW


def test_WDC_15b_a_different_chair_is_recorded_with_the_reason() -> None:
    world = World("west-dunbartonshire")
    dissent = world.dissent_at("under_review")
    with pytest.raises(Denied) as refused:
        world.answer(dissent, "disagree_reconvene", different_chair=True, different_chair_reason=" ")
    assert (refused.value.rule, refused.value.field) == ("WDC-15b", "different_chair_reason")
    world.answer(dissent, "disagree_reconvene", different_chair=True, different_chair_reason="A fresh start.")
    assert dissent.answers.get().different_chair_reason == "A fresh start."
