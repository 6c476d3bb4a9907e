"""Safeguards of this service that hold under every protocol: not in the texts, and never said to be."""

import datetime as dt

import pytest

import protocols
from audit.models import AuditEvent
from cases.models import Case, CaseEvent
from cases.selectors import area_of_case
from conferences.models import Conference
from conferences.selectors import children_of
from core.refusals import Denied, Kind
from deadlines.actions import sweep
from deadlines.models import Deadline
from dissent import actions as dissents
from dissent.models import Answer, Dissent
from dissent.states import DissentState
from notifications.actions import send_due
from notifications.models import Message
from partnerships.actions import publish_protocol
from partnerships.models import Membership, SlotHolder
from tests.builders import FIVE, LATER, RECONVENES, REVIEWED, STANDS, World, at
from tests.rules.expect import due, record, refused

pytestmark = pytest.mark.django_db
YEARS = dt.timedelta(days=3650)
BARE = {
    "reasons": "Weighed.",
    "unread_reason": "Not sent.",
    "no_contact_reason": "",
    "different_chair": False,
}


def as_reviewer(w: World, who: str) -> None:
    """Put somebody into the reviewing post in place of its holder."""
    SlotHolder.objects.filter(slot__partnership=w.partnership, slot__key="reviewer").delete()
    w.fill("reviewer", who)


# --- nothing is decided because a date has passed -------------------------------------------------------------------


@pytest.mark.parametrize("slug", FIVE)
@pytest.mark.parametrize(
    "state",
    [DissentState.RECORDED, DissentState.AWAITING_VIEW, DissentState.UNDER_REVIEW, DissentState.DECIDED],
)
def test_ten_years_past_every_date_nothing_has_moved_by_itself(slug: str, state: str) -> None:
    w = World(slug)
    if w.area.review is None and state in (DissentState.UNDER_REVIEW, DissentState.DECIDED):
        state = DissentState.ON_LADDER
    if w.area.dissent.written_view is None and state == DissentState.AWAITING_VIEW:
        state = DissentState.WITHDRAWN
    dissent = w.dissent_at(state)
    before = (
        dissent.state,
        dissent.version,
        dissent.case.stage,
        dissent.case.held_by,
        dissent.case.outcome_label,
    )
    facts = CaseEvent.objects.count()
    answers = Answer.objects.count()
    for years in range(1, 11):
        sweep(now=LATER + YEARS / 10 * years)
    after = w.fresh(dissent)
    assert (
        after.state,
        after.version,
        after.case.stage,
        after.case.held_by,
        after.case.outcome_label,
    ) == before
    assert (CaseEvent.objects.count(), Answer.objects.count()) == (facts, answers)
    by_the_clock = set(AuditEvent.objects.filter(actor_kind="clock").values_list("type", flat=True))
    assert by_the_clock <= {"clock.passed"}


@pytest.mark.parametrize("slug", REVIEWED)
def test_a_clock_that_has_passed_is_marked_and_asks_for_a_reason_and_leaves_every_answer_open(
    slug: str,
) -> None:
    w = World(slug)
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    late = LATER + dt.timedelta(days=200)
    sweep(now=late)
    assert w.case(dissent).overdue is True
    answered = w.answer(dissent, RECONVENES[w.text], now=late, late_reason="Overlooked.")
    assert answered.answers.get().late_reason == "Overlooked."


# --- the reviewer was not involved ----------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", REVIEWED)
def test_a_reviewer_who_chaired_is_blocked_and_goes_on_with_a_reason_on_record(slug: str) -> None:
    w = World(slug)
    as_reviewer(w, "chair")
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    with refused("", says="not a rule of the protocol", route="give the reason on the review page") as denied:
        w.answer(dissent, STANDS[w.text], by="chair")
    assert "Cora Chair chaired this conference" in denied.value.reason
    assert not dissent.answers.exists()

    given = {"dissent_id": dissent.pk, "by": w.actor("chair"), "now": LATER}
    with pytest.raises(Denied, match="Enter why nobody else"):
        dissents.override_conflict(reason="  ", **given)
    review = dissents.override_conflict(reason="The post has no deputy.", **given)
    assert (review.conflict_override_reason, review.conflict_override_at) == (
        "The post has no deputy.",
        LATER,
    )
    answered = w.answer(dissent, STANDS[w.text], by="chair")
    assert answered.answers.get().decided_by == w.people["chair"]
    assert AuditEvent.objects.filter(type="review.conflict_overridden", case_id=dissent.case_id).exists()


def test_a_reason_of_one_holder_does_not_let_another_involved_holder_go_on() -> None:
    w = World("camden")
    as_reviewer(w, "chair")
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    dissents.override_conflict(dissent_id=dissent.pk, by=w.actor("chair"), reason="Nobody else.", now=LATER)
    Membership.objects.filter(pk=w.people["police"].pk).update(line_manager=w.people["deputy"])
    as_reviewer(w, "deputy")
    with refused("", says="line manager", route="give the reason"):
        w.answer(dissent, "not_upheld", by="deputy")


def test_a_reviewer_who_was_not_there_needs_no_reason_and_is_offered_none() -> None:
    w = World("camden")
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    with pytest.raises(Denied, match="You were not involved"):
        dissents.override_conflict(
            dissent_id=dissent.pk, by=w.actor("reviewer"), reason="To be safe.", now=LATER
        )


def test_who_decided_below_does_not_decide_above() -> None:
    w = World("camden")
    dissent = w.dissent_at(DissentState.SECOND_TIER)
    SlotHolder.objects.filter(slot__partnership=w.partnership, slot__key="second_tier").delete()
    w.fill("second_tier", "reviewer")
    with refused("", says="decided this dissent at the tier below", route="give the reason"):
        w.answer(dissent, "no_reconvene", by="reviewer")


@pytest.mark.parametrize("who", ["police", "health", "other_chair", "admin", "minutes"])
def test_nobody_outside_the_post_answers(who: str) -> None:
    w = World("camden")
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    decided = dissents.Decided(outcome="upheld", reasons="I think so.")
    with refused("CAM-11", says="Service Manager", kind=Kind.NOT_YOURS):
        dissents.answer(dissent_id=dissent.pk, by=w.actor(who), decided=decided, now=LATER)


def test_a_deputy_answers_for_the_holder_and_both_are_named() -> None:
    w = World("camden")
    holder = SlotHolder.objects.get(slot__partnership=w.partnership, slot__key="reviewer")
    w.fill("reviewer", "deputy", deputy_for=holder)
    dissent = w.answer(w.dissent_at(DissentState.UNDER_REVIEW), "not_upheld", by="deputy")
    answer = dissent.answers.get()
    assert (answer.decided_by, answer.acting_for) == (w.people["deputy"], w.people["reviewer"])


@pytest.mark.parametrize("slug", REVIEWED)
def test_a_dissent_is_answered_once(slug: str) -> None:
    w = World(slug)
    dissent = w.answer(w.dissent_at(DissentState.UNDER_REVIEW), STANDS[w.text])
    decided = dissents.Decided(outcome=STANDS[w.text], **BARE)
    with refused("", says="A dissent is decided once", kind=Kind.CHANGED) as denied:
        dissents.answer(dissent_id=dissent.pk, by=w.actor("reviewer"), decided=decided, now=LATER)
    assert "Rhea Reviewer" in denied.value.reason
    assert dissent.answers.count() == 1


# --- a case is judged by its own text -------------------------------------------------------------------------------


def newer(w: World, *changes: tuple[str, str], day: str = "2026-03-05") -> protocols.AreaProtocol:
    """The partnership's text with changes, in force from a later day."""
    text = w.area.source_text
    for old, new in (
        (f"effective_from = {w.area.effective_from.isoformat()}", f"effective_from = {day}"),
        *changes,
    ):
        assert text.count(old) == 1, f"{text.count(old)} times: {old}"
        text = text.replace(old, new)
    return protocols.load_text(text, "a newer text").area(w.slug)


def test_a_case_keeps_the_text_of_its_conference_after_a_newer_one_is_published() -> None:
    w = World("camden")
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    before = due(dissent, "decision")
    area = newer(
        w,
        ('after = "conference_ended"\namount = 10', 'after = "conference_ended"\namount = 3'),
        ('id = "not_upheld"\nlabel = "Not upheld"', 'id = "dismissed"\nlabel = "Dismissed"'),
        ('after_outcomes = ["not_upheld"]', 'after_outcomes = ["dismissed"]'),
    )
    publish_protocol(partnership=w.partnership, area=area, by=None, now=LATER)
    sweep(now=at("2026-03-10"))
    assert due(dissent, "decision") == before
    assert w.case(dissent).overdue is False
    with refused("CAM-11", says="upheld, or not upheld"):
        w.answer(dissent, "dismissed", now=at("2026-03-10"))
    answered = w.answer(dissent, "not_upheld", now=at("2026-03-10"))
    assert answered.case.protocol_version.effective_from == w.area.effective_from


def test_a_conference_from_the_day_on_is_judged_by_the_newer_text() -> None:
    w = World("camden")
    area = newer(w, ('after = "conference_ended"\namount = 10', 'after = "conference_ended"\namount = 3'))
    publish_protocol(partnership=w.partnership, area=area, by=None, now=LATER)
    old, new = w.recorded(w.decided()), w.recorded(w.decided(starts_at=at("2026-03-05", "10:00")))
    for dissent in (old, new):
        w.end(dissent.conference)
    assert due(old, "decision") == "Tue 17 Mar 2026 23:59:59"
    assert due(new, "decision") == "Tue 10 Mar 2026 23:59:59"


def test_a_dissent_entered_late_is_judged_by_the_text_of_its_conference() -> None:
    w = World("kingston-richmond")
    conference = w.ended()
    area = newer(w, ('after = "conference_ended"\nreason', 'after = ""\nreason'))
    publish_protocol(partnership=w.partnership, area=area, by=None, now=LATER)
    with refused("AFC-14", says="Open an escalation instead", route="Open an escalation"):
        record(
            w, conference, expressed_at=at("2026-03-06"), now=at("2026-03-06"), late_entry_reason="Now.",
            discussed_at=conference.started_at,
        )  # fmt: skip


def test_a_follow_up_conference_keeps_the_case_on_its_own_text() -> None:
    w = World("east-sussex")
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    area = newer(
        w, ('after = "decision_made"\namount = 15', 'after = "decision_made"\namount = 2'), day="2026-03-10"
    )
    publish_protocol(partnership=w.partnership, area=area, by=None, now=LATER)
    dissent = w.answer(dissent, "upheld_and_reconvened", now=at("2026-03-11"))
    assert due(dissent, "reconvened") == "Wed 01 Apr 2026 23:59:59"
    dissents.book_follow_up(
        dissent_id=dissent.pk, by=w.actor("reviewer"), now=at("2026-03-11"),
        booking=dissents.Booking(starts_at=at("2026-03-25"), chair_id=w.people["other_chair"].pk),
    )  # fmt: skip
    again = Conference.objects.get(follows=dissent.conference)
    assert again.protocol_version.effective_from == dt.date(2026, 3, 10), "of its own date"
    assert w.case(dissent).protocol_version.effective_from == w.area.effective_from


# --- messages, and the decision meanwhile ---------------------------------------------------------------------------


@pytest.mark.parametrize("slug", FIVE)
def test_no_message_says_anything_about_a_child_or_names_the_dissenter(slug: str) -> None:
    w = World(slug)
    state = DissentState.CLOSED if w.area.review else DissentState.ON_LADDER
    dissent = w.dissent_at(state)
    send_due(now=LATER)
    sweep(now=LATER + YEARS)
    send_due(now=LATER + YEARS)
    letters = list(Message.objects.all())
    assert letters
    for letter in letters:
        seen = f"{letter.subject}\n{letter.body.partition(chr(10))[2]}\n{letter.link}"
        for private in ("Q.X.", "Pia", "Invented Primary", "not heard", "weighed again"):
            assert private not in seen, f"{private} in {letter.subject}"
    assert any(dissent.case.reference in letter.body for letter in letters)


@pytest.mark.parametrize("slug", FIVE)
def test_under_every_protocol_the_decision_stands_meanwhile_and_the_urgent_way_is_open(slug: str) -> None:
    w = World(slug)
    dissent = w.recorded()
    area = area_of_case(w.case(dissent))
    assert area.meanwhile.decision_stands is True
    assert area.meanwhile.text
    urgent = area.safeguard("urgent_override")
    assert urgent is not None
    assert (urgent.on, urgent.switchable) == (True, False)
    assert area.route("urgent") is not None
    (child,) = children_of(dissent.conference)
    assert child.decision.on_plan is False


# --- withdrawal, two dissents, and what only looks like one -----------------------------------------------------------


@pytest.mark.parametrize("slug", FIVE)
def test_a_withdrawn_dissent_stays_on_record_and_its_clocks_are_no_longer_needed(slug: str) -> None:
    w = World(slug)
    conference = w.decided()
    dissent = w.recorded(conference)
    w.end(conference)
    with pytest.raises(Denied) as denied:
        dissents.withdraw(dissent_id=dissent.pk, by=w.actor("chair"), reason="", now=LATER)
    assert denied.value.kind is Kind.NOT_YOURS
    dissents.withdraw(dissent_id=dissent.pk, by=w.actor("police"), reason="", now=LATER)
    kept = w.fresh(dissent)
    assert (kept.state, kept.reasons) == (DissentState.WITHDRAWN, "The risk at home was not heard.")
    assert not Deadline.objects.filter(case=dissent.case, state="open").exists()
    assert w.case(dissent).overdue is False


@pytest.mark.parametrize("slug", REVIEWED)
def test_two_dissents_of_one_conference_are_looked_at_together_and_answered_each_by_itself(slug: str) -> None:
    w = World(slug)
    conference = w.decided()
    first, second = w.recorded(conference), w.recorded(conference, who="health")
    w.end(conference)
    if w.area.dissent.written_view:
        w.send_view(first)
        w.send_view(second, who="health")
    assert first.review_items.get().review == second.review_items.get().review
    w.answer(first, STANDS[w.text])
    assert w.fresh(second).state == DissentState.UNDER_REVIEW
    assert not second.answers.exists()


@pytest.mark.parametrize("slug", FIVE)
def test_one_person_dissents_once_from_the_same_decision(slug: str) -> None:
    w = World(slug)
    conference = w.decided()
    first = w.recorded(conference)
    with refused("", says=f"Open {first.case.reference} to add to it"):
        w.recorded(conference)


def test_another_partnership_can_do_nothing_to_a_dissent() -> None:
    w, other = World("camden"), World("east-sussex")
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    decided = dissents.Decided(outcome="upheld", reasons="I think so.")
    for who in ("reviewer", "second", "chair", "admin"):
        with pytest.raises(Denied) as denied:
            dissents.answer(dissent_id=dissent.pk, by=other.actor(who), decided=decided, now=LATER)
        assert denied.value.kind is Kind.NOT_YOURS
        assert not Case.objects.visible_to(other.actor(who)).filter(pk=dissent.case_id).exists()
        assert not Dissent.objects.visible_to(other.actor(who)).exists()
