"""The reviewer's page: the evidence, the clock, the checks of the protocol, and the decision."""

import pytest

from dissent.models import Answer, Ask, Conversation, MaterialSeen
from dissent.states import DissentState as S
from tests.builders import RECONVENES, REVIEWED, STANDS, World, at
from tests.integration.dissent.conftest import NEXT_DAY

pytestmark = pytest.mark.django_db

REASONS = "Every report was looked at again."


def ref(dissent):
    return dissent.case.reference


def ready(slug, **kw):
    """A dissent under review with everything done that the protocol wants first."""
    world = World(slug)
    dissent = world.dissent_at(S.UNDER_REVIEW, **kw)
    world.talk(dissent)
    world.read_all(dissent)
    return world, dissent


def decision(world, **changes):
    parts = {
        f"part_{part.id}": "Looked at in full." for tier in world.area.review.tiers for part in tier.parts
    }
    return {"outcome": STANDS[world.text], "reasons": REASONS, "step": "check", **parts, **changes}


@pytest.mark.parametrize("slug", REVIEWED)
def test_a_dissent_is_decided_with_a_look_at_who_is_told_first(slug, open_as):
    world, dissent = ready(slug)
    reviewer = open_as(world, "reviewer")
    assert reviewer.get("review", ref(dissent)).status_code == 200
    assert "checked" not in reviewer.page.content.decode().split('id="decision"')[1]
    assert reviewer.send(**decision(world)).status_code == 200
    assert "Check your decision" in reviewer.text
    assert "told by this service at once" in reviewer.text or "you tell them" in reviewer.text
    assert not Answer.objects.exists()
    assert reviewer.send(step="send").status_code == 302
    assert Answer.objects.get().reasons == REASONS
    reviewer.follow()
    assert "Your decision was recorded" in reviewer.text


def test_the_evidence_of_every_agency_stands_side_by_side(open_as):
    world = World("kingston-richmond")
    dissent = world.dissent_at(S.UNDER_REVIEW, children=2)
    reviewer = open_as(world, "reviewer")
    reviewer.get("review", ref(dissent))
    for words in (
        "The risk at home was not heard.", "My view and the reasons for it.", "Outcome sought:", "Hugo Health",
        "Not met", "What was heard does not reach the threshold.", "The chair decided", "Q.X. (6)", "working days left",
        "AFC-18", "(report only)", world.area.meanwhile.text,
    ):  # fmt: skip
        assert words in reviewer.text, words


def test_what_was_typed_is_there_again_when_it_is_changed_before_sending(open_as):
    world, dissent = ready("kingston-richmond")
    reviewer = open_as(world, "reviewer")
    reviewer.get("review", ref(dissent))
    reviewer.send(**decision(world))
    assert reviewer.send(step="edit").status_code == 200
    assert REASONS in reviewer.text
    assert "There is a problem" not in reviewer.text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"outcome": None}, "Select whether the dissent is upheld"),
        ({"reasons": ""}, "Enter reasons for your decision"),
        ({"reasons": "x" * 5001}, "Reasons must be 5,000 characters or less"),
        ({"outcome": "upheld"}, "(AFC-19)"),
        ({"outcome": "anything"}, "(AFC-19)"),
    ],
)
def test_an_incomplete_decision_is_shown_again(changes, sentence, open_as):
    world, dissent = ready("kingston-richmond")
    reviewer = open_as(world, "reviewer")
    reviewer.get("review", ref(dissent))
    assert reviewer.send(**decision(world, **changes)).status_code == 422
    assert sentence in reviewer.text
    assert not Answer.objects.exists()


@pytest.mark.parametrize(
    ("slug", "outcome", "rule"),
    [
        ("brighton-hove", "upheld", "SUS-28"),
        ("west-dunbartonshire", "disagree_without_reconvene", "WDC-15b"),
        ("camden", "reconvene", "CAM-11"),
    ],
)
def test_an_outcome_that_the_protocol_has_not_is_refused_by_its_rule(slug, outcome, rule, open_as):
    world, dissent = ready(slug)
    reviewer = open_as(world, "reviewer")
    reviewer.get("review", ref(dissent))
    assert reviewer.send(**decision(world, outcome=outcome)).status_code == 422
    assert f"({rule})" in reviewer.text
    assert REASONS in reviewer.text


def test_without_a_conversation_nothing_is_decided(open_as):
    world = World("brighton-hove")
    dissent = world.dissent_at(S.UNDER_REVIEW)
    world.read_all(dissent)
    reviewer = open_as(world, "reviewer")
    reviewer.get("review", ref(dissent))
    assert reviewer.send(**decision(world)).status_code == 422
    assert "Record a conversation with Pia Police" in reviewer.text
    assert "(SUS-27)" in reviewer.text
    for _ in range(2):
        world.talk(dissent, reached=False)
    reviewer.get("review", ref(dissent))
    assert "2 attempts recorded" in reviewer.text
    assert reviewer.send(**decision(world, no_contact_reason="On leave all month.")).status_code == 200


def test_a_conversation_is_recorded_from_its_own_page(open_as, when):
    world = World("brighton-hove")
    dissent = world.dissent_at(S.UNDER_REVIEW)
    reviewer = open_as(world, "reviewer")
    reviewer.get("log-conversation", ref(dissent))
    typed = {"reached": "yes", "how": "phone", "note": "Went through it."}
    assert reviewer.send(**typed, **when("happened_at", "2026-03-09", "10:00")).status_code == 422
    assert (
        reviewer.send(**typed, who="other", **when("happened_at", "2026-03-04", "10:00")).status_code == 422
    )
    assert "Enter who it was with" in reviewer.text
    assert (
        reviewer.send(**typed, who="dissenter", **when("happened_at", "2026-03-04", "10:00")).status_code
        == 302
    )
    assert Conversation.objects.get().dissent == dissent
    reviewer.follow()
    assert "Went through it." in reviewer.text


def test_a_tick_beside_the_decision_keeps_what_was_typed(open_as):
    world = World("brighton-hove")
    dissent = world.dissent_at(S.UNDER_REVIEW)
    reviewer = open_as(world, "reviewer")
    reviewer.get("review", ref(dissent))
    assert reviewer.send(reasons=REASONS, tick="reports").status_code == 200
    assert MaterialSeen.objects.get().material == "reports"
    assert REASONS in reviewer.text
    assert "There is a problem" not in reviewer.text


def test_materials_that_were_not_read_ask_for_a_reason(open_as):
    world = World("camden")
    dissent = world.dissent_at(S.UNDER_REVIEW)
    reviewer = open_as(world, "reviewer")
    reviewer.get("review", ref(dissent))
    assert reviewer.send(**decision(world)).status_code == 422
    assert "(CAM-8)" in reviewer.text
    assert reviewer.send(**decision(world, unread_reason="The notes are not typed yet.")).status_code == 200


def test_a_late_decision_says_why(open_as):
    world, dissent = ready("brighton-hove")
    reviewer = open_as(world, "reviewer", at("2026-03-18", "09:00"))
    reviewer.get("review", ref(dissent))
    assert "1 working day overdue" in reviewer.text
    assert reviewer.send(**decision(world)).status_code == 422
    assert "(SUS-29)" in reviewer.text
    assert reviewer.send(**decision(world, late_reason="Waited for the growth chart.")).status_code == 200
    assert reviewer.send(step="send").status_code == 302
    assert Answer.objects.get().late_reason == "Waited for the growth chart."


def test_dates_of_each_outcome_are_counted_from_today(open_as):
    world, dissent = ready("brighton-hove")
    reviewer = open_as(world, "reviewer")
    reviewer.get("review", ref(dissent))
    assert "Hold it by Wednesday 25 March 2026, 15 working days from today (SUS-30)" in reviewer.text


def test_a_different_chair_is_asked_for_where_the_protocol_asks(open_as):
    world, dissent = ready("west-dunbartonshire")
    reviewer = open_as(world, "reviewer")
    reviewer.get("review", ref(dissent))
    again = decision(world, outcome=RECONVENES[world.text])
    assert reviewer.send(**again).status_code == 422
    assert "Select whether a different chair will chair it" in reviewer.text
    assert (
        reviewer.send(**again, different_chair="yes", different_chair_reason="A fresh look.").status_code
        == 200
    )
    assert reviewer.send(step="send").status_code == 302
    assert Answer.objects.get().different_chair is True


def test_the_three_parts_of_a_full_review_are_asked_for(open_as):
    world, dissent = ready("west-dunbartonshire")
    reviewer = open_as(world, "reviewer")
    reviewer.get("review", ref(dissent))
    assert reviewer.send(**decision(world, part_discussion="")).status_code == 422
    assert "(WDC-13)" in reviewer.text


def test_an_early_review_needs_its_date(open_as, when):
    world, dissent = ready("kingston-richmond")
    reviewer = open_as(world, "reviewer")
    reviewer.get("review", ref(dissent))
    early = decision(world, outcome="early_review")
    assert reviewer.send(**early).status_code == 422
    assert "(AFC-19)" in reviewer.text
    booking = when("starts_at", "2026-04-08", "10:00")
    assert reviewer.send(**early, **booking).status_code == 422
    assert "Select a chair" in reviewer.text
    assert reviewer.send(**early, **booking, chair=str(world.people["chair"].uuid)).status_code == 200
    assert "Wednesday 8 April 2026" in reviewer.text
    assert reviewer.send(step="send").status_code == 302
    assert Answer.objects.get().follow_ups.count() == 1


def test_what_is_said_about_one_child_is_kept_apart(open_as):
    world, dissent = ready("kingston-richmond", children=2)
    reviewer = open_as(world, "reviewer")
    reviewer.get("review", ref(dissent))
    reviewer.send(**decision(world, child_1="The younger one needs more."))
    reviewer.send(step="send")
    assert [row.text for row in Answer.objects.get().answer_children.all()] == ["The younger one needs more."]


def test_the_same_decision_sent_twice_is_one_answer(open_as):
    world, dissent = ready("kingston-richmond")
    reviewer = open_as(world, "reviewer")
    reviewer.get("review", ref(dissent))
    reviewer.send(**decision(world))
    body = {**reviewer.fields, "step": "send"}
    statuses = [reviewer.client.post(reviewer.address, body).status_code for _ in range(2)]
    assert statuses == [302, 302]
    assert Answer.objects.count() == 1


@pytest.mark.parametrize("step", ["check", "send"])
def test_a_decision_that_came_second_keeps_its_text_and_says_who_was_first(step, open_as):
    world, dissent = ready("kingston-richmond")
    reviewer = open_as(world, "reviewer")
    reviewer.get("review", ref(dissent))
    world.answer(dissent, "not_upheld", now=NEXT_DAY)
    assert reviewer.send(**decision(world, step=step, outcome="reconvened")).status_code == 409
    assert "Rhea Reviewer recorded the decision on this dissent on Wednesday 4 March 2026" in reviewer.text
    assert REASONS in reviewer.text


def test_a_first_tier_decision_that_came_second_is_kept_although_the_second_tier_has_it(open_as):
    world, dissent = ready("camden")
    reviewer = open_as(world, "reviewer")
    reviewer.get("review", ref(dissent))
    world.answer(dissent, "upheld", now=NEXT_DAY)
    assert reviewer.send(**decision(world)).status_code == 409
    assert REASONS in reviewer.text
    assert reviewer.get("review", ref(dissent)).status_code == 302


@pytest.mark.parametrize("who", ["chair", "minutes", "police", "admin"])
def test_the_review_is_for_its_post_alone(who, open_as):
    world, dissent = ready("kingston-richmond")
    person = open_as(world, who)
    for name in ("review", "log-conversation", "ask", "conflict-reason", "review-apart"):
        assert person.get(name, ref(dissent)).status_code == 403
    assert person.client.post(person.address, {}).status_code == 403
    assert person.get("review", ref(dissent)).status_code == 403
    assert person.client.post(person.address, {"tier": "review", "step": "check"}).status_code == 403


def test_before_the_written_view_the_review_says_what_it_waits_for(open_as):
    world = World("kingston-richmond")
    dissent = world.dissent_at(S.AWAITING_VIEW)
    reviewer = open_as(world, "reviewer")
    assert reviewer.get("review", ref(dissent)).status_code == 422
    assert "(AFC-16)" in reviewer.text


def test_where_nobody_reviews_there_is_no_form_but_the_rule_and_the_ladder(open_as):
    world = World("hampshire")
    dissent = world.dissent_at(S.ON_LADDER)
    for who in ("police", "chair"):
        page = open_as(world, who)
        assert page.get("review", ref(dissent)).status_code == 422
        assert "(HIPS-15)" in page.text
        assert "Is the dissent upheld" not in page.text


def test_an_involved_reviewer_gives_a_reason_first(open_as):
    world = World("kingston-richmond")
    conference = world.decided()
    world.invite(conference, "reviewer", now=at("2026-03-03", "11:20"))
    seat = world.seat(conference, "reviewer")
    seat.presence = "attended"
    seat.save(update_fields=["presence"])
    dissent = world.recorded(conference)
    world.end(conference)
    world.send_view(dissent)
    world.read_all(dissent)
    reviewer = open_as(world, "reviewer")
    reviewer.get("review", ref(dissent))
    assert "Rhea Reviewer attended this conference" in reviewer.text
    assert reviewer.send(**decision(world)).status_code == 422
    reviewer.get("conflict-reason", ref(dissent))
    assert reviewer.send(reason="Nobody else is in post.").status_code == 302
    reviewer.follow()
    assert "Nobody else is in post." in reviewer.text
    assert reviewer.send(**decision(world)).status_code == 200


def test_a_question_is_asked_and_answered_and_stops_no_clock(open_as):
    world, dissent = ready("camden")
    reviewer = open_as(world, "reviewer")
    reviewer.get("ask", ref(dissent))
    assert "does not stop the clock" in reviewer.text
    assert reviewer.send(ask_id="information_chair", question="What was said of the home?").status_code == 302
    row = Ask.objects.get()
    chair = open_as(world, "chair")
    assert chair.get("reply", ref(dissent), row.uuid).status_code == 200
    assert "What was said of the home?" in chair.text
    assert chair.send(text="That it was cold.").status_code == 302
    assert chair.get("reply", ref(dissent), row.uuid).status_code == 409
    assert open_as(world, "police").get("reply", ref(dissent), row.uuid).status_code == 403
    reviewer = open_as(world, "reviewer")
    reviewer.get("review", ref(dissent))
    assert "That it was cold." in reviewer.text


def test_dissents_of_one_conference_are_reviewed_together_or_apart(open_as):
    world = World("brighton-hove")
    conference = world.decided()
    one, two = world.recorded(conference), world.recorded(conference, who="health")
    world.end(conference)
    reviewer = open_as(world, "reviewer")
    reviewer.get("review", ref(one))
    assert ref(two) in reviewer.text
    assert "reviewed together with this one" in reviewer.text
    reviewer.get("review-apart", ref(one))
    assert reviewer.send().status_code == 302
    reviewer.follow()
    assert "reviewed together with this one" not in reviewer.text


def test_the_second_tier_sees_the_first_answer_and_the_cautious_date(open_as):
    world = World("camden")
    dissent = world.dissent_at(S.SECOND_TIER)
    second = open_as(world, "second", at("2026-03-06", "10:00"))
    assert second.get("review", ref(dissent)).status_code == 200
    assert "All of it was weighed again." in second.text
    assert "Hold it by Friday 27 March 2026" in second.text
    assert "by Wednesday 25 March 2026" in second.text
    typed = {
        "outcome": "reconvene",
        "reasons": REASONS,
        "new_information": "A second report.",
        "step": "check",
    }
    assert second.send(**typed).status_code == 200
    assert second.send(step="send").status_code == 302
    assert Answer.objects.get(tier="head_of_service").new_information == "A second report."


def test_a_deputy_decides_for_the_holder(open_as):
    world, dissent = ready("kingston-richmond")
    holder = world.partnership and world.people["reviewer"].slot_holdings.get(slot__key="reviewer")
    world.fill("reviewer", "deputy", deputy_for=holder)
    deputy = open_as(world, "deputy")
    deputy.get("review", ref(dissent))
    deputy.send(**decision(world))
    deputy.send(step="send")
    deputy.follow()
    assert "Dora Deputy, for Rhea Reviewer" in deputy.text


def test_the_review_page_takes_few_queries(open_as):
    world, dissent = ready("brighton-hove", children=2)
    assert open_as(world, "reviewer").queries("review", ref(dissent)) <= 10
