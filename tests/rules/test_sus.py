"""Pan Sussex 7.2, rule by rule, through the real actions: the formal dissent from a conference decision."""

import datetime as dt

import pytest

from cases.models import Case
from cases.selectors import area_of_case
from conferences import actions as conferences
from conferences.models import Conference, NotedView
from conferences.selectors import children_of
from conferences.states import Presence
from core.refusals import Denied, Kind
from deadlines.actions import sweep
from deadlines.states import DeadlineState
from dissent import actions as dissents
from dissent.models import Conversation, Dissent, PractitionerTask
from dissent.states import DissentState
from partnerships.models import Membership
from tests.builders import BEGINS, ENDS, LATER, SPOKEN, World, at
from tests.rules.expect import (
    A_SECOND,
    AN_HOUR,
    clock,
    due,
    has_clock,
    mailed,
    missing,
    record,
    refused,
    told,
)

pytestmark = pytest.mark.django_db
HOURS_72 = dt.timedelta(hours=72)


@pytest.fixture
def w() -> World:
    return World("brighton-hove")


def decide(w: World, dissent: Dissent, now: dt.datetime = LATER, **changes: str) -> None:
    """Answer with everything but the conversation, which each test has or has not."""
    w.read_all(dissent, now=now)
    given = {"outcome": "not_upheld", "reasons": "All of it was weighed.", **changes}
    dissents.answer(
        dissent_id=dissent.pk, by=w.actor("reviewer", now), decided=dissents.Decided(**given), now=now
    )


def test_SUS_17_without_the_name_being_withheld_it_is_no_formal_dissent(w: World) -> None:
    conference = w.decided()
    with refused("SUS-17", says="cannot have their professional name", route="Record a different view"):
        record(w, conference, name_attribution=False)
    assert not Case.objects.exists()
    assert record(w, conference).name_attribution is True


def test_SUS_18_a_family_member_has_the_right_to_complain_and_no_dissent(w: World) -> None:
    conference = w.decided()
    gran = conference.attendances.get(side="family")
    with refused("SUS-18", says="have the right to complain", route="omplain"):
        dissents.record(attendance_id=gran.pk, by=w.recorder(conference), said=w.said(conference), now=SPOKEN)
    assert not Dissent.objects.exists()


def test_SUS_19_a_dissent_names_at_least_one_child_and_a_direction_for_each(w: World) -> None:
    conference = w.decided(children=3)
    first, second, _ = children_of(conference)
    with refused("SUS-19", says="Select which decision"):
        record(w, conference, directions={})
    with refused("SUS-19", says="should have been"):
        record(w, conference, directions={first.pk: ""})
    with refused("SUS-19", says="should have been"):
        record(w, conference, directions={first.pk: "different_category"})
    dissent = record(w, conference, directions={first.pk: "more_protection", second.pk: "more_protection"})
    assert set(dissent.dissent_children.values_list("conference_child_id", "direction")) == {
        (first.pk, "more_protection"),
        (second.pk, "more_protection"),
    }
    assert dissent.case.children.count() == 2, "one dissent may be about two children of three"


def test_SUS_19_siblings_may_go_in_different_directions(w: World) -> None:
    conference = w.started(children=2)
    first, second = children_of(conference)
    by = w.recorder(conference)
    w.decide(first, on_plan=True, by=by, now=SPOKEN)
    w.decide(second, on_plan=False, by=by, now=SPOKEN)
    both = {first.pk: "less_protection", second.pk: "more_protection"}
    dissent = record(w, conference, directions=both)
    assert dict(dissent.dissent_children.values_list("conference_child_id", "direction")) == both


def test_SUS_20_exactly_72_hours_after_the_end_is_in_time_and_a_second_later_is_not(w: World) -> None:
    conference = w.ended()
    last = ENDS + HOURS_72
    with refused("SUS-20", says="72 hours later", route="Open an escalation") as denied:
        record(w, conference, expressed_at=last + A_SECOND)
    assert "Friday 6 March 2026 at 12" in denied.value.reason
    assert "safeguarding leads" in denied.value.reason
    assert not Dissent.objects.exists()
    assert record(w, conference, expressed_at=last, by="police").state == DissentState.UNDER_REVIEW


def test_SUS_20_what_counts_is_when_it_was_raised_and_not_when_it_was_typed(w: World) -> None:
    conference = w.ended()
    typed = ENDS + HOURS_72 + AN_HOUR
    with refused("SUS-20", says="Enter why"):
        record(w, conference, expressed_at=LATER, now=typed)
    dissent = record(w, conference, expressed_at=LATER, now=typed, late_entry_reason="Told by telephone.")
    assert (dissent.expressed_at, dissent.recorded_at) == (LATER, typed)


def test_SUS_20_the_hours_run_through_a_weekend_and_a_bank_holiday(w: World) -> None:
    conference = w.ended(starts_at=at("2026-04-02", "13:00"), ended_at=at("2026-04-02", "15:00"))
    with refused("SUS-20", says="72 hours later", route="Open an escalation"):
        record(w, conference, expressed_at=at("2026-04-05", "15:00:01"))
    assert record(w, conference, expressed_at=at("2026-04-05", "15:00:00"))


def test_SUS_20_who_was_invited_and_did_not_come_may_dissent_and_it_is_marked(w: World) -> None:
    conference = w.decided()
    conferences.record_presence(
        attendance_id=w.seat(conference, "health").pk, by=w.recorder(conference), presence=Presence.ABSENT,
        now=SPOKEN,
    )  # fmt: skip
    w.end(conference)
    assert record(w, conference, "health").did_not_attend is True
    assert record(w, conference, "charity").did_not_attend is True, "a report only"
    assert record(w, conference, "police").did_not_attend is False


def test_SUS_20_the_window_is_a_clock_that_the_dissent_has_met(w: World) -> None:
    conference = w.ended()
    dissent = record(w, conference, expressed_at=LATER)
    window = clock(dissent, "raise")
    assert (window.rule, window.due_at, window.state) == ("SUS-20", ENDS + HOURS_72, DeadlineState.MET)
    assert window.breached_at is None


def test_SUS_21_to_note_a_view_and_stand_by_the_decision_is_another_thing_than_to_dissent(w: World) -> None:
    conference = w.decided()
    (child,) = children_of(conference)
    conferences.note_view(
        attendance_id=w.seat(conference, "police").pk, by=w.recorder(conference), text="I would have said yes.",
        child_ids=[child.pk], now=SPOKEN,
    )  # fmt: skip
    assert (NotedView.objects.count(), Dissent.objects.count(), Case.objects.count()) == (1, 0, 0)


def test_SUS_22_a_formal_dissent_is_on_the_record_of_the_conference_and_taken_further_at_once(
    w: World,
) -> None:
    conference = w.decided()
    dissent = record(w, conference)
    assert list(conference.dissents.all()) == [dissent]
    assert (dissent.state, dissent.case.held_by) == (DissentState.UNDER_REVIEW, "slot:reviewer")
    assert dissent.review_items.count() == 1


def test_SUS_1_the_statement_is_read_out_and_ticked_and_where_it_was_not_the_record_says_so_and_goes_on(
    w: World,
) -> None:
    conference = w.started()
    assert "SUS-1" in {rule for _, rule in missing(conference)}
    tick = conferences.tick_script(
        conference_id=conference.pk, by=w.recorder(conference), step="statement_read", now=BEGINS
    )
    assert tick.done_at == BEGINS
    assert "SUS-1" not in {rule for _, rule in missing(conference)}
    unread = w.ended(starts_at=BEGINS + dt.timedelta(days=1))
    assert unread.ended_at is not None, "a recommendation blocks nothing"


def test_SUS_2_whatever_their_seniority_everyone_is_told_to_say_what_does_not_keep_a_child_safe() -> None:
    found = {each.rule: each for each in World("west-sussex").area.guidance}
    assert found["SUS-2"].audience == "everyone" and "whatever your job" in found["SUS-2"].text


def test_SUS_23_that_the_process_was_explained_is_ticked_with_its_time_and_missing_is_said(w: World) -> None:
    conference = w.started()
    lacking = [words for words, rule in missing(conference) if rule == "SUS-23"]
    assert "Not ticked: Dissent explained, and everyone encouraged" in lacking
    tick = conferences.tick_script(
        conference_id=conference.pk, by=w.recorder(conference), step="process_explained", now=BEGINS
    )
    assert tick.done_at == BEGINS
    assert "Not ticked: Dissent explained, and everyone encouraged" not in {m for m, _ in missing(conference)}


def test_SUS_24_every_dissent_goes_into_the_chairs_summary_and_one_raised_afterwards_is_dated(
    w: World,
) -> None:
    conference = w.decided()
    there = record(w, conference)
    w.end(conference)
    after = record(w, conference, "health", expressed_at=LATER, by="health")
    duties = {d.rule: d for d in area_of_case(w.case(after)).duties}
    assert (duties["SUS-24"].holder, duties["SUS-24"].after) == ("capacity:chair", "dissent_recorded")
    on_record = Conference.objects.get(pk=conference.pk).dissents.order_by("expressed_at")
    assert [(d.pk, d.expressed_at > ENDS) for d in on_record] == [(there.pk, False), (after.pk, True)]


def test_SUS_25_the_chairs_own_line_manager_is_told_at_once(w: World) -> None:
    dissent = w.recorded()
    letters = told("SUS-25", now=SPOKEN)
    assert set(letters) == {"manager"}
    for private in ("Q.X.", "Pia", "not heard"):
        assert private not in letters["manager"]
    tell = clock(dissent, "tell_line_manager")
    assert (tell.rule, tell.due_at) == ("SUS-25", None)
    assert (tell.state, tell.anchored_at, tell.ended_at) == (DeadlineState.MET, SPOKEN, SPOKEN)


def test_SUS_25_for_a_dissent_after_the_meeting_it_is_when_it_is_recorded(w: World) -> None:
    conference = w.ended()
    assert told("SUS-25", now=ENDS) == {}
    record(w, conference, expressed_at=LATER, by="police")
    assert set(told("SUS-25", now=LATER)) == {"manager"}


def test_SUS_25_a_chair_without_a_line_manager_is_refused_at_set_up_and_never_at_the_moment_of_dissent(
    w: World,
) -> None:
    conference = w.decided()
    Membership.objects.filter(pk=w.people["chair"].pk).update(line_manager=None)
    assert record(w, conference).state == DissentState.UNDER_REVIEW
    with refused("SUS-25", says="Enter the line manager, or choose another chair"):
        w.booked(starts_at=at("2026-03-10"))
    assert w.booked(starts_at=at("2026-03-10"), chair="other_chair").chair == w.people["other_chair"]


def test_SUS_26_reports_summary_and_plan_are_read_or_it_is_said_why_not(w: World) -> None:
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    w.talk(dissent)
    by = w.actor("reviewer")
    for material in ("reports", "chairs_summary"):
        dissents.see_material(dissent_id=dissent.pk, by=by, material=material, now=LATER)
    given = {"outcome": "not_upheld", "reasons": "Weighed."}
    with refused("SUS-26", says="Tick them, or say why"):
        dissents.answer(dissent_id=dissent.pk, by=by, decided=dissents.Decided(**given), now=LATER)
    with refused("SUS-26", says="list of materials"):
        dissents.see_material(dissent_id=dissent.pk, by=by, material="diary", now=LATER)
    answer = dissents.answer(
        dissent_id=dissent.pk,
        by=by,
        decided=dissents.Decided(**given, unread_reason="There is no plan."),
        now=LATER,
    )
    assert answer.unread_reason == "There is no plan."
    assert set(told("SUS-26", now=LATER)) == {"reviewer"}


def test_SUS_27_a_decision_without_contact_after_the_dissent_is_refused_and_names_the_rule(w: World) -> None:
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    with refused("SUS-27", says="Record a conversation with Pia Police"):
        decide(w, dissent)
    w.talk(dissent, now=SPOKEN)  # at the very moment of the dissent, and not after it
    with refused("SUS-27", says="or say why you could not speak"):
        decide(w, dissent)
    w.talk(dissent, now=SPOKEN + A_SECOND)
    decide(w, dissent)
    assert w.fresh(dissent).state == DissentState.DECIDED


def test_SUS_27_a_conversation_with_someone_else_is_no_contact_with_the_dissenter(w: World) -> None:
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    dissents.log_conversation(
        dissent_id=dissent.pk, by=w.actor("reviewer"), happened_at=LATER, how="phone", reached=True,
        note="What the chair thinks.", now=LATER, with_whom="Cora Chair",
    )  # fmt: skip
    with refused("SUS-27", says="Record a conversation"):
        decide(w, dissent)


def test_SUS_27_two_dated_attempts_with_a_reason_are_enough_and_one_or_no_reason_is_not(w: World) -> None:
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    w.talk(dissent, reached=False)
    with refused("SUS-27", says="record two attempts"):
        decide(w, dissent, no_contact_reason="On leave.")
    w.talk(dissent, reached=False, now=LATER + AN_HOUR)
    with refused("SUS-27", says="the reason"):
        decide(w, dissent, now=LATER + AN_HOUR)
    decide(w, dissent, now=LATER + AN_HOUR, no_contact_reason="On leave until April.")
    answer = w.fresh(dissent).answers.get()
    assert answer.no_contact_reason == "On leave until April."
    assert Conversation.objects.filter(dissent=dissent, reached=False).count() == 2


def test_SUS_27_contact_about_another_dissent_of_the_same_review_does_not_count(w: World) -> None:
    conference = w.decided()
    first, second = record(w, conference), record(w, conference, "health")
    w.end(conference)
    w.talk(first)
    decide(w, first)
    with refused("SUS-27", says="Record a conversation with Hugo Health"):
        decide(w, second)


def test_SUS_28_upholding_without_reconvening_is_refused(w: World) -> None:
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    w.talk(dissent)
    with refused("SUS-28", says="Choose both together, or not upheld"):
        decide(w, dissent, outcome="upheld")
    with refused("SUS-28", says="upheld and reconvened, or not upheld"):
        decide(w, dissent, outcome="early_review")
    with refused("SUS-28", says="Enter reasons"):
        decide(w, dissent, reasons="")
    decide(w, dissent, outcome="upheld_and_reconvened")
    dissent = w.fresh(dissent)
    assert dissent.answers.get().means == "reconvened"
    with refused("SUS-30", says="Close the dissent once it has"):
        dissents.close(dissent_id=dissent.pk, by=w.actor("reviewer"), now=LATER, confirmed=True)


def test_SUS_29_the_decision_is_due_ten_working_days_after_the_conference_and_the_72_hours_do_not_move_it(
    w: World,
) -> None:
    conference = w.decided()
    there = record(w, conference)
    w.end(conference)
    after = record(w, conference, "health", expressed_at=ENDS + HOURS_72, by="health")
    for dissent in (there, after):
        assert clock(dissent, "decision").rule == "SUS-29"
        assert clock(dissent, "decision").anchored_at == ENDS
        assert due(dissent, "decision") == "Tue 17 Mar 2026 23:59:59"


def test_SUS_29_the_last_second_is_in_time_and_the_next_asks_why(w: World) -> None:
    conference = w.decided()
    first, second = record(w, conference), record(w, conference, "health")
    w.end(conference)
    last = at("2026-03-17", "23:59:59")
    for dissent in (first, second):
        w.talk(dissent, now=last)
    decide(w, first, now=last)
    assert clock(first, "decision").breached_at is None
    sweep(now=last + A_SECOND)
    with refused("SUS-29", says="Enter why it is late"):
        decide(w, second, now=last + A_SECOND)
    decide(w, second, now=last + A_SECOND, late_reason="Half term.")
    assert clock(second, "decision").late_reason == "Half term."
    assert clock(second, "decision").breached_at == last


def test_SUS_30_the_reconvened_conference_is_held_fifteen_working_days_after_the_decision(w: World) -> None:
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    assert not has_clock(dissent, "reconvened")
    dissent = w.answer(dissent, "upheld_and_reconvened")
    assert clock(dissent, "reconvened").rule == "SUS-30"
    assert due(dissent, "reconvened") == "Wed 25 Mar 2026 23:59:59"
    given = {"dissent_id": dissent.pk, "by": w.actor("reviewer"), "now": LATER}
    chair_id = w.people["other_chair"].pk
    with refused("SUS-30", says="hold it on or before Wednesday 25 March 2026"):
        dissents.book_follow_up(
            booking=dissents.Booking(starts_at=at("2026-03-26"), chair_id=chair_id), **given
        )
    dissents.book_follow_up(booking=dissents.Booking(starts_at=at("2026-03-25"), chair_id=chair_id), **given)
    again = Conference.objects.get(follows=dissent.conference)
    now = at("2026-03-25", "12:00")
    by = w.actor("other_chair", now)
    conferences.start(conference_id=again.pk, by=by, now=again.starts_at)
    w.decide(children_of(again)[0], on_plan=True, by=by, now=now)
    dissents.end_conference(conference_id=again.pk, by=by, now=now)
    assert (clock(dissent, "reconvened").state, clock(dissent, "reconvened").breached_at) == (
        DeadlineState.MET,
        None,
    )


def test_SUS_30_no_clock_for_a_reconvened_conference_runs_when_the_dissent_was_not_upheld(w: World) -> None:
    assert not has_clock(w.dissent_at(DissentState.DECIDED), "reconvened")


@pytest.mark.parametrize(
    ("slug", "rule", "routes"),
    [
        ("brighton-hove", "SUS-31", ("briefing", "professional_leads")),
        ("east-sussex", "SUS-34", ("professional_leads",)),
        ("west-sussex", "SUS-34", ("professional_leads",)),
    ],
)
def test_SUS_31_the_briefing_is_brighton_and_hoves_alone(
    slug: str, rule: str, routes: tuple[str, ...]
) -> None:
    w = World(slug)
    area = area_of_case(w.case(w.dissent_at(DissentState.DECIDED)))
    (then,) = area.dissent.if_unresolved
    assert (then.rule, then.routes) == (rule, routes)
    for route in routes:
        assert area.route(route) is not None


def test_SUS_32_every_dissenter_discusses_the_reasons_and_the_task_stays_open_until_then(w: World) -> None:
    dissent = w.dissent_at(DissentState.CLOSED)
    assert not PractitionerTask.objects.exists()
    (task,) = area_of_case(w.case(dissent)).dissent.tasks
    assert (task.rule, task.strength) == ("SUS-32", "must")
    given = {"dissent_id": dissent.pk, "task": task.id, "now": LATER}
    with pytest.raises(Denied) as denied:
        dissents.do_task(by=w.actor("chair"), done_on=LATER.date(), **given)
    assert denied.value.kind is Kind.NOT_YOURS
    with pytest.raises(Denied, match="today or in the past"):
        dissents.do_task(by=w.actor("police"), done_on=at("2026-03-05").date(), **given)
    before = at("2026-03-02").date()  # before the dissent counts as well
    assert dissents.do_task(by=w.actor("police"), done_on=before, **given).done_on == before


def test_SUS_33_carrying_out_the_plan_is_no_formal_dissent(w: World) -> None:
    conference = w.decided()
    with refused("SUS-33", says="Open an escalation about the plan", route="Open an escalation"):
        record(w, conference, ground="plan_implementation")
    assert record(w, conference, ground="threshold").ground == "threshold"


def test_SUS_names_nobody_to_be_told_so_dissenter_and_chair_are_told_by_safeguard(w: World) -> None:
    w.dissent_at(DissentState.DECIDED)
    assert mailed("told", now=LATER) >= {"police", "chair"}
