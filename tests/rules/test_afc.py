"""Achieving for Children, rule by rule, through the real actions."""

import datetime as dt

import pytest

from cases.models import Case
from cases.selectors import area_of_case
from conferences import actions as conferences
from conferences.models import Conference, MissingEntryRequest
from conferences.selectors import children_of
from conferences.states import Presence, ViewChoice
from core.clock import london
from core.refusals import Denied, Kind
from deadlines.actions import sweep
from deadlines.models import DeadlineEffect
from deadlines.selectors import clocks_of
from deadlines.states import DeadlineState
from dissent import actions as dissents
from dissent.models import Dissent, PractitionerTask
from dissent.states import DissentState, HowReceived
from notifications.models import Outbox
from partnerships.models import SlotHolder
from tests.builders import BEGINS, BOOKED, ENDS, LATER, SPOKEN, World, at
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
    return World("kingston-richmond")


def test_AFC_1_everyone_who_attended_has_a_view_on_the_record_and_a_missing_one_warns_and_never_blocks(
    w: World,
) -> None:
    conference = w.started()
    view(w, conference, "police", reasons="Said in the round.")
    lacking = " ".join(words for words, rule in missing(conference) if rule == "AFC-1")
    assert "Sara School" in lacking
    assert "Hugo Health" in lacking
    assert "Pia Police" not in lacking
    assert "Cleo Charity" not in lacking, "who sent a report only was not there to be asked"

    (child,) = children_of(conference)
    decide(w, child, conference)
    assert w.end(conference).ended_at == ENDS


def test_AFC_1_no_view_given_is_a_view_when_it_says_why(w: World) -> None:
    conference = w.started()
    with refused("AFC-1", says="Enter why Hugo Health gave no view"):
        view(w, conference, "health", ViewChoice.NONE)
    view(w, conference, "health", ViewChoice.NONE, reasons="New to the family.")
    assert not any("Hugo Health" in words for words, _ in missing(conference))


def test_AFC_2_a_majority_decides_nothing_and_the_chair_decides_against_it(w: World) -> None:
    conference = w.started()
    for who in ("police", "health", "school"):
        view(w, conference, who, ViewChoice.MET)
    (child,) = children_of(conference)
    with refused("AFC-2", says="the chair decides"):
        decide(w, child, conference, basis="majority")
    assert getattr(children_of(conference)[0], "decision", None) is None
    decide(w, child, conference)
    assert children_of(conference)[0].decision.on_plan is False


@pytest.mark.parametrize("who", ["minutes", "reviewer", "police", "admin", "other_chair"])
def test_AFC_2_nobody_but_the_chair_enters_the_decision(w: World, who: str) -> None:
    conference = w.started()
    (child,) = children_of(conference)
    with not_theirs("AFC-2", says="entered by the chair"):
        decide(w, child, conference, by=who)


@pytest.mark.parametrize("slug", ["kingston-richmond", "windsor-maidenhead"])
def test_AFC_4_a_family_member_is_shown_the_complaints_guidance(slug: str) -> None:
    w = World(slug)
    conference = w.decided()
    gran = conference.attendances.get(side="family")
    with refused("AFC-4", says="complaints guidance", route="complaints guidance"):
        dissents.record(attendance_id=gran.pk, by=w.recorder(conference), said=w.said(conference), now=SPOKEN)
    assert not Dissent.objects.exists()


def test_AFC_5_without_the_name_being_withheld_it_is_a_different_view_and_no_dissent(w: World) -> None:
    conference = w.decided()
    with refused("AFC-5", says="cannot have their professional name", route="different view"):
        record(w, conference, name_attribution=False)
    assert not Case.objects.exists()

    (child,) = children_of(conference)
    conferences.note_view(
        attendance_id=w.seat(conference, "police").pk, by=w.recorder(conference),
        text="I see it differently and stand by it.", child_ids=[child.pk], now=SPOKEN,
    )  # fmt: skip
    assert not Case.objects.exists(), "a view that differs starts nothing"
    assert record(w, conference).name_attribution is True


def test_AFC_6_what_it_means_for_the_parents_is_asked_and_a_blank_answer_does_not_block(w: World) -> None:
    conference = w.decided()
    blank = record(w, conference, parents_understanding="")
    assert blank.state == DissentState.RECORDED
    answered = record(w, conference, "health", parents_understanding="It will help them see the risk.")
    assert answered.parents_understanding == "It will help them see the risk."
    need = w.area.dissent.requirement("parents_understanding")
    assert need is not None
    assert (need.rule, need.strength) == ("AFC-6", "should")


def test_AFC_7_the_escalation_at_the_dissenters_own_level_runs_from_the_dissent_on(w: World) -> None:
    dissent = w.dissent_at(DissentState.AWAITING_VIEW)
    area = area_of_case(w.case(dissent))
    parallel = area.dissent.parallel
    assert parallel is not None
    assert (parallel.rule, parallel.early_tier) == ("AFC-7", "warn"), (
        "an early step up warns and is never locked"
    )
    for kind in ("police", "health", "education", "voluntary", "social_care"):
        ladder = area.ladder_for(kind, "conference_outcome")
        assert ladder is not None
        assert [tier.id for tier in ladder.tiers] == ["own_level", "partnership"]
        assert ladder.tiers[0].rule == "AFC-7"
    escalate = clock(dissent, "escalate")
    assert (escalate.state, escalate.holder) == (DeadlineState.OPEN, "capacity:dissenter")


def test_AFC_8_a_dissent_holds_the_person_the_agency_and_whether_it_is_from_a_decision_or_a_recommendation(
    w: World,
) -> None:
    conference = w.decided()
    from_decision = record(w, conference)
    assert from_decision.attendance.name == "Pia Police"
    assert from_decision.agency == w.agencies["police"]
    assert from_decision.case.agency == w.agencies["police"]
    assert from_decision.subject == "plan_not_made"
    (child,) = children_of(conference)
    from_recommendation = record(
        w, conference, "health", directions={child.pk: "other"}, subject="recommendation"
    )
    assert from_recommendation.subject == "recommendation"
    assert {d.pk for d in Dissent.objects.filter(conference=conference)} == {
        from_decision.pk,
        from_recommendation.pk,
    }, "both stand on the record of the conference"


def test_AFC_9_escalating_has_no_date_and_shows_the_time_that_has_passed(w: World) -> None:
    dissent = w.dissent_at(DissentState.AWAITING_VIEW)
    escalate = clock(dissent, "escalate")
    assert (escalate.rule, escalate.due_at, escalate.anchored_at) == ("AFC-9", None, ENDS)
    assert not DeadlineEffect.objects.filter(deadline=escalate).exists()
    sweep(now=ENDS + dt.timedelta(days=400))
    escalate.refresh_from_db()
    assert escalate.breached_at is None
    running = next(c for c in clocks_of(w.case(dissent), LATER) if c.clock.id == "escalate")
    assert running.is_open
    assert running.due.due_at is None
    assert running.clock.words == "as soon as practicable"


def test_AFC_11_windsor_and_maidenhead_follow_pan_berkshire_with_their_own_names() -> None:
    links = {}
    for slug in ("kingston-richmond", "windsor-maidenhead"):
        w = World(slug)
        area = area_of_case(w.case(w.recorded()))
        links[slug] = {link.id: (link.label, link.rule) for link in area.links}
    assert links["windsor-maidenhead"]["regional_procedures"][1] == "AFC-11"
    assert "Pan Berkshire" in links["windsor-maidenhead"]["regional_procedures"][0]
    assert "Pan Berkshire" in links["windsor-maidenhead"]["escalation"][0]
    assert "Pan London" in links["kingston-richmond"]["regional_procedures"][0]


def test_AFC_12_the_chair_talks_it_through_within_the_conference_before_a_dissent_is_recorded(
    w: World,
) -> None:
    conference = w.decided()
    with refused("AFC-12", says="Do that, tick it, then record the dissent"):
        record(w, conference, discussed_with_chair=False)
    dissent = record(w, conference, discussed_at=SPOKEN, discussed_note="We went through the strengths.")
    assert dissent.discussed_with_chair_at == SPOKEN
    assert dissent.discussed_note == "We went through the strengths."


def test_AFC_12_a_talk_after_the_conference_is_no_talk_within_it(w: World) -> None:
    conference = w.ended()
    late = {"late_entry_reason": "The room was needed.", "now": LATER}
    with refused("AFC-12", says="during the conference"):
        record(w, conference, discussed_at=ENDS + AN_HOUR, **late)
    assert record(w, conference, discussed_at=ENDS, **late).discussed_with_chair_at == ENDS


@pytest.mark.parametrize("who", ["police", "reviewer", "admin", "other_chair"])
def test_AFC_13_nobody_but_the_chair_or_the_chairs_delegate_enters_a_dissent(w: World, who: str) -> None:
    conference = w.decided()
    with not_theirs("AFC-13", says="send the chair a request to add it"):
        record(w, conference, by=who)


def test_AFC_13_the_minute_taker_enters_it_for_the_chair_on_the_record_of_the_conference(w: World) -> None:
    conference = w.decided()
    dissent = record(w, conference, by="minutes")
    assert dissent.recorded_by == w.people["minutes"]
    assert list(conference.dissents.all()) == [dissent]


def test_AFC_13_a_spoken_dissent_that_was_not_entered_is_asked_for_with_a_copy_to_the_manager(
    w: World,
) -> None:
    conference = w.ended()
    conferences.ask_missing_entry(
        attendance_id=w.seat(conference, "police").pk, by=w.actor("police"), text="I said that I dissent.",
        said_at=SPOKEN, now=LATER,
    )  # fmt: skip
    assert mailed("missing_entry", now=LATER) == {"chair", "reviewer"}
    asked = MissingEntryRequest.objects.get()
    entered = record(w, conference, late_entry_reason="Missed while typing.", now=LATER)
    conferences.answer_missing_entry(
        request_id=asked.pk, by=w.actor("chair"), answer="Entered now.", now=LATER
    )
    assert entered.state == DissentState.AWAITING_VIEW
    assert mailed("missing_entry_answered", now=LATER) == {"police"}


def test_AFC_14_a_person_who_did_not_attend_cannot_dissent_and_nobody_can_for_them(w: World) -> None:
    conference = w.started()
    seat = w.seat(conference, "health")
    conferences.record_presence(
        attendance_id=seat.pk, by=w.recorder(conference), presence=Presence.ABSENT, now=BEGINS
    )
    decide(w, children_of(conference)[0], conference)
    with refused("AFC-14", says="nobody can do it for them", route="Open an escalation"):
        record(w, conference, "health")


def test_AFC_14_a_report_without_attending_is_not_enough(w: World) -> None:
    conference = w.decided()
    with refused("AFC-14", says="Sending a report is not attending", route="Open an escalation"):
        record(w, conference, "charity")


def test_AFC_14_a_dissent_can_be_expressed_until_the_conference_ends_and_not_a_second_later(w: World) -> None:
    conference = w.ended()
    late = {"late_entry_reason": "The family was in the room.", "now": LATER, "discussed_at": SPOKEN}
    with refused("AFC-14", says="The conference ended at Tuesday 3 March 2026", route="Open an escalation"):
        record(w, conference, expressed_at=ENDS + A_SECOND, **late)
    assert record(w, conference, expressed_at=ENDS, **late).expressed_at == ENDS


def test_AFC_14_typed_up_later_it_needs_a_reason_and_carries_the_mark(w: World) -> None:
    conference = w.ended()
    with refused("AFC-14", says="Enter why this dissent is typed up only now"):
        record(w, conference, now=LATER)
    dissent = record(w, conference, late_entry_reason="The family was in the room.", now=LATER)
    assert (dissent.expressed_at, dissent.recorded_at) == (SPOKEN, LATER)
    assert dissent.late_entry_reason == "The family was in the room."


@pytest.mark.parametrize("presence", [Presence.LEFT_EARLY, Presence.REMOTE])
def test_AFC_14_who_left_early_or_was_there_remotely_has_attended(w: World, presence: str) -> None:
    conference = w.decided()
    conferences.record_presence(
        attendance_id=w.seat(conference, "police").pk, by=w.recorder(conference), presence=presence,
        now=SPOKEN, left_at=SPOKEN if presence == Presence.LEFT_EARLY else None,
    )  # fmt: skip
    assert record(w, conference).state == DissentState.RECORDED


def test_AFC_14_an_adjourned_conference_ends_with_its_last_session(w: World) -> None:
    conference = w.decided()
    by = w.recorder(conference)
    conferences.adjourn(conference_id=conference.pk, by=by, reason="The interpreter left.", now=ENDS)
    next_day = ENDS + dt.timedelta(days=1)
    conferences.resume(conference_id=conference.pk, by=by, now=next_day)
    dissent = record(w, conference, expressed_at=next_day + AN_HOUR, now=next_day + AN_HOUR)
    w.end(conference, next_day + 2 * AN_HOUR)
    assert clock(dissent, "written_view").anchored_at == next_day + 2 * AN_HOUR
    with refused("AFC-14", says="Open an escalation instead", route="Open an escalation"):
        record(w, conference, "health", expressed_at=next_day + 3 * AN_HOUR, discussed_at=next_day)


def test_AFC_15_the_manager_is_told_when_the_conference_ends_and_not_while_it_is_in_session(w: World) -> None:
    conference = w.decided()
    dissent = w.recorded(conference)
    assert told("AFC-15", now=SPOKEN) == {}
    w.end(conference)
    letters = told("AFC-15", now=ENDS)
    assert set(letters) == {"reviewer"}
    for private in ("Q.X.", "Pia", "Invented", "not heard"):
        assert private not in letters["reviewer"], "the message is anonymous"
    assert dissent.case.reference in letters["reviewer"]
    tell = clock(dissent, "tell_reviewer")
    assert (tell.rule, tell.due_at, tell.state, tell.ended_at) == ("AFC-15", None, DeadlineState.MET, ENDS)


def test_AFC_15_a_late_entry_is_told_on_saving(w: World) -> None:
    conference = w.ended()
    dissent = record(w, conference, late_entry_reason="The family was in the room.", now=LATER)
    assert set(told("AFC-15", now=LATER)) == {"reviewer"}
    tell = clock(dissent, "tell_reviewer")
    assert (tell.anchored_at, tell.ended_at) == (ENDS, LATER), "the minutes that passed are kept"


def test_AFC_15_with_nobody_in_the_post_the_clock_runs_and_the_message_waits_for_its_holder(w: World) -> None:
    SlotHolder.objects.filter(slot__key="reviewer").update(ends_on=BOOKED.date())
    dissent = w.dissent_at(DissentState.AWAITING_VIEW)
    assert told("AFC-15", now=ENDS) == {}
    assert Outbox.objects.get(kind="told", params__rule="AFC-15").state == "nobody"
    assert clock(dissent, "tell_reviewer").state == DeadlineState.OPEN
    w.fill("reviewer", "deputy", starts_on=LATER.date())
    assert set(told("AFC-15", now=LATER)) == {"deputy"}


def test_AFC_16_the_written_view_is_due_five_working_days_after_the_conference(w: World) -> None:
    dissent = w.dissent_at(DissentState.AWAITING_VIEW)
    assert clock(dissent, "written_view").anchored_at == ENDS
    assert due(dissent, "written_view") == "Tue 10 Mar 2026 23:59:59"
    assert dissent.case.held_by == "capacity:dissenter"


def test_AFC_16_the_last_second_of_the_fifth_day_is_in_time_and_the_next_is_taken_and_marked_late(
    w: World,
) -> None:
    conference = w.decided()
    in_time, late = w.recorded(conference), w.recorded(conference, who="health")
    w.end(conference)
    last = at("2026-03-10", "23:59:59")
    w.send_view(in_time, now=last)
    sweep(now=last + A_SECOND)
    w.send_view(late, who="health", now=last + A_SECOND)
    in_time, late = w.fresh(in_time), w.fresh(late)
    assert (in_time.written_view.late, in_time.state) == (False, DissentState.UNDER_REVIEW)
    assert (late.written_view.late, late.state) == (True, DissentState.UNDER_REVIEW)
    assert clock(in_time, "written_view").breached_at is None
    assert clock(late, "written_view").breached_at == last


def test_AFC_16_the_dissenter_is_reminded_on_day_three_and_day_five_and_the_manager_hears_when_it_passed(
    w: World,
) -> None:
    w.dissent_at(DissentState.AWAITING_VIEW)
    sweep(now=at("2026-03-06", "08:59"))
    assert mailed("clock_remind", now=at("2026-03-06", "08:59")) == set()
    sweep(now=at("2026-03-06", "09:00"))
    assert mailed("clock_remind", now=at("2026-03-06", "09:00")) == {"police"}
    sweep(now=at("2026-03-10", "09:00"))
    assert mailed("clock_due", now=at("2026-03-10", "09:00")) == {"police"}
    assert mailed("clock_overdue", now=at("2026-03-10", "23:59:59")) == set()
    sweep(now=at("2026-03-11", "09:00"))
    assert mailed("clock_overdue", now=at("2026-03-11", "09:00")) == {"police", "reviewer"}


def test_AFC_16_the_manager_goes_on_without_it_only_after_reminding_the_dissenter_and_with_a_reason(
    w: World,
) -> None:
    dissent = w.dissent_at(DissentState.AWAITING_VIEW)
    by = w.actor("reviewer")
    given = {"dissent_id": dissent.pk, "by": by, "now": LATER}
    with refused("AFC-16", says="Remind the dissenter first", route="Remind the dissenter"):
        dissents.review_without_view(reason="No answer.", **given)
    with refused("AFC-16", says="Remind the dissenter first", route="Remind the dissenter"):
        dissents.close_as_not_pursued(reason="No answer.", **given)
    dissents.remind_of_written_view(**given)
    assert mailed("written_view_reminder", now=LATER) == {"police"}
    with pytest.raises(Denied, match="Enter why"):
        dissents.review_without_view(reason=" ", **given)
    dissents.review_without_view(reason="Nothing came after the reminder.", **given)
    dissent = w.fresh(dissent)
    assert (dissent.state, dissent.without_view_reason) == (
        DissentState.UNDER_REVIEW,
        "Nothing came after the reminder.",
    )
    assert clock(dissent, "written_view").state == DeadlineState.CANCELLED, "it is not waited for any longer"


def test_AFC_16_not_pursued_is_a_closing_with_a_reason_and_no_answer_and_never_happens_by_itself(
    w: World,
) -> None:
    dissent = w.dissent_at(DissentState.AWAITING_VIEW)
    sweep(now=LATER + dt.timedelta(days=700))
    assert w.fresh(dissent).state == DissentState.AWAITING_VIEW

    closed = w.dissent_at(DissentState.NOT_PURSUED)
    assert (closed.closed_reason, closed.decided_at) == ("No answer came.", None)
    assert not closed.answers.exists()
    assert clock(closed, "written_view").state == DeadlineState.CANCELLED
    assert mailed("not_pursued", now=LATER) == {"police", "chair"}


def test_AFC_16_the_view_is_the_dissenters_own_and_the_manager_enters_one_that_came_by_mail(w: World) -> None:
    dissent = w.dissent_at(DissentState.AWAITING_VIEW)
    words = {"text": "My view.", "outcome_sought": "Meet again.", "now": LATER}
    with not_theirs("AFC-16", says="the dissenting professional’s own"):
        dissents.send_written_view(dissent_id=dissent.pk, by=w.actor("health"), **words)
    dissents.send_written_view(
        dissent_id=dissent.pk,
        by=w.actor("reviewer"),
        received_at=ENDS + AN_HOUR,
        how=HowReceived.EMAIL,
        **words,
    )
    received = w.fresh(dissent).written_view
    assert (received.received_at, received.how) == (ENDS + AN_HOUR, HowReceived.EMAIL)


def test_AFC_17_a_written_view_without_the_outcome_sought_is_refused(w: World) -> None:
    dissent = w.dissent_at(DissentState.AWAITING_VIEW)
    given = {"dissent_id": dissent.pk, "by": w.actor("police"), "text": "My view.", "now": LATER}
    with refused("AFC-17", says="Say which outcome you seek"):
        dissents.send_written_view(outcome_sought="  ", **given)
    with refused("AFC-16", says="Write your view"):
        dissents.send_written_view(**{**given, "text": ""}, outcome_sought="Meet again.")
    kept = dissents.send_written_view(
        outcome_sought="Meet again.", discussed_with_lead_on=LATER.date(), **given
    )
    assert (kept.outcome_sought, kept.discussed_with_lead_on) == ("Meet again.", LATER.date())


def test_AFC_18_without_a_written_view_the_clock_of_the_answer_never_starts(w: World) -> None:
    dissent = w.dissent_at(DissentState.AWAITING_VIEW)
    assert not has_clock(dissent, "answer")
    by = w.actor("reviewer")
    dissents.remind_of_written_view(dissent_id=dissent.pk, by=by, now=LATER)
    dissents.review_without_view(dissent_id=dissent.pk, by=by, reason="Nothing came.", now=LATER)
    assert not has_clock(dissent, "answer")
    w.answer(dissent, "not_upheld", unread_reason="There is none.", now=LATER + dt.timedelta(days=90))
    assert w.fresh(dissent).state == DissentState.DECIDED


def test_AFC_18_the_answer_is_due_ten_working_days_after_the_view_was_received_and_not_after_the_conference(
    w: World,
) -> None:
    dissent = w.dissent_at(DissentState.AWAITING_VIEW)
    w.send_view(dissent, now=at("2026-03-09", "16:00"))
    assert due(dissent, "answer") == "Mon 23 Mar 2026 23:59:59"
    assert set(told("AFC-18", now=LATER)) == set()
    w.answer(w.fresh(dissent), "not_upheld", now=at("2026-03-23", "23:59:59"))
    assert set(told("AFC-18", now=at("2026-03-23", "23:59:59"))) == {"police"}
    assert clock(dissent, "answer").breached_at is None


def test_AFC_18_a_view_received_on_a_saturday_counts_from_the_monday(w: World) -> None:
    dissent = w.dissent_at(DissentState.AWAITING_VIEW)
    w.send_view(dissent, now=at("2026-03-07", "22:00"))
    assert due(dissent, "answer") == "Fri 20 Mar 2026 23:59:59"


def test_AFC_18_a_late_answer_asks_for_a_reason_and_nothing_else(w: World) -> None:
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    late = at("2026-03-19", "00:00")
    assert due(dissent, "answer") == "Wed 18 Mar 2026 23:59:59"
    sweep(now=late)
    with refused("AFC-18", says="Enter why it is late"):
        w.answer(dissent, "not_upheld", now=late)
    answered = w.answer(dissent, "not_upheld", now=late, late_reason="Leave over half term.")
    assert answered.answers.get().late_reason == "Leave over half term."
    assert clock(dissent, "answer").late_reason == "Leave over half term."


def test_AFC_19_upheld_by_itself_is_refused(w: World) -> None:
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    with refused("AFC-19", says="Choose whether the conference is reconvened"):
        w.answer(dissent, "upheld")
    with refused("AFC-19", says="There are three answers here"):
        w.answer(dissent, "decision_replaced")
    assert w.fresh(dissent).state == DissentState.UNDER_REVIEW


def test_AFC_19_not_upheld_leaves_the_decision(w: World) -> None:
    dissent = w.answer(w.dissent_at(DissentState.UNDER_REVIEW), "not_upheld")
    assert (dissent.answers.get().means, dissent.case.outcome_label) == ("stands", "Not upheld")
    with pytest.raises(Denied, match="asks for no conference"):
        dissents.book_follow_up(
            dissent_id=dissent.pk, by=w.actor("reviewer"), now=LATER,
            booking=dissents.Booking(starts_at=at("2026-03-20"), chair_id=w.people["chair"].pk),
        )  # fmt: skip


def test_AFC_19_the_reconvened_conference_has_no_date_of_its_own(w: World) -> None:
    dissent = w.answer(w.dissent_at(DissentState.UNDER_REVIEW), "reconvened")
    assert not dissent.case.deadlines.filter(purpose="hold").exists(), "none is invented"
    follow_up = dissents.book_follow_up(
        dissent_id=dissent.pk, by=w.actor("reviewer"), now=LATER,
        booking=dissents.Booking(starts_at=at("2026-09-01"), chair_id=w.people["chair"].pk),
    )  # fmt: skip
    assert follow_up.conference.follows == dissent.conference
    assert [c.child for c in children_of(follow_up.conference)] == [
        c.child for c in children_of(dissent.conference)
    ]


def test_AFC_19_an_early_review_needs_its_date(w: World) -> None:
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    with refused("AFC-19", says="Enter the date of the early review"):
        w.answer(dissent, "early_review", booking=None)
    w.answer(dissent, "early_review")
    early = Conference.objects.get(follows=dissent.conference)
    assert early.kind == "review"
    assert early.starts_at == LATER + dt.timedelta(days=14)


@pytest.mark.parametrize(
    ("slug", "name"), [("kingston-richmond", "Kingston"), ("windsor-maidenhead", "Windsor")]
)
def test_AFC_20_unresolved_it_goes_to_the_line_manager_and_if_they_choose_to_their_own_partnership(
    slug: str, name: str
) -> None:
    w = World(slug)
    dissent = w.dissent_at(DissentState.DECIDED)
    area = area_of_case(w.case(dissent))
    (then,) = area.dissent.if_unresolved
    assert (then.rule, then.routes) == ("AFC-20", ("line_manager", "partnership"))
    partnership = area.route("partnership")
    assert partnership is not None
    assert name in partnership.label
    task = next(t for t in area.dissent.tasks if t.rule == "AFC-20")
    assert (task.strength, task.after) == ("must", "decision_made")
    given = {"dissent_id": dissent.pk, "task": task.id, "done_on": LATER.date(), "now": LATER}
    with pytest.raises(Denied) as denied:
        dissents.do_task(by=w.actor("reviewer"), **given)
    assert denied.value.kind is Kind.NOT_YOURS
    dissents.do_task(by=w.actor("police"), note="We talked.", **given)
    assert PractitionerTask.objects.get(dissent=dissent).note == "We talked."


def test_AFC_21_closing_before_the_answer_is_filed_for_each_child_warns_and_goes_on_when_confirmed(
    w: World,
) -> None:
    dissent = w.dissent_at(DissentState.DECIDED, children=2)
    by = w.actor("reviewer")
    close = {"dissent_id": dissent.pk, "by": by, "now": LATER}
    first, second = dissent.case.children.order_by("pk")
    with refused("AFC-21", says="You can close the dissent and file it later"):
        dissents.close(**close)
    file = {"dissent_id": dissent.pk, "by": by, "filed_on": london(LATER).date(), "now": LATER}
    dissents.file_on_record(child_uuid=first.uuid, **file)
    with refused("AFC-21", says="not yet filed"):
        dissents.close(**close)
    filed = dissents.file_on_record(child_uuid=second.uuid, **file)
    assert (filed.filed_on, filed.recorded_by) == (LATER.date(), w.people["reviewer"])
    dissents.close(**close)
    assert w.fresh(dissent).state == DissentState.CLOSED


def test_AFC_21_the_warning_can_be_passed(w: World) -> None:
    dissent = w.dissent_at(DissentState.DECIDED)
    dissents.close(dissent_id=dissent.pk, by=w.actor("reviewer"), now=LATER, confirmed=True)
    assert w.fresh(dissent).state == DissentState.CLOSED
