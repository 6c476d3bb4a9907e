"""Asking that a conference be held: made and answered in writing, refused with reasons, and decided at last by one post."""

import datetime as dt

import pytest

from cases.models import CaseEvent
from conferences.selectors import children_of
from convening import actions as convenings
from convening.actions import Asked
from convening.models import ConveneRequest
from convening.selectors import get_convening_or_404, page_of, refusal_letter
from convening.states import ConveneState
from core.refusals import Kind
from escalation.actions import Step
from escalation.models import Escalation
from notifications.actions import send_due
from notifications.models import Message
from partnerships.models import SlotHolder
from tests.builders import LATER, World
from tests.rules.expect import mailed, not_theirs, refused

pytestmark = pytest.mark.django_db
SOON = LATER + dt.timedelta(days=10)


@pytest.fixture
def sussex() -> World:
    return World("east-sussex")


@pytest.fixture
def hampshire() -> World:
    return World("hampshire")


def answer(w: World, row: ConveneRequest, outcome: str, *, by: str = "manager", **kw: str) -> ConveneRequest:
    return w.convening_answered(row, outcome, by=by, **kw)


def at_last_resort(w: World) -> ConveneRequest:
    row = w.convening_answered()
    convenings.ask_last_resort(convening_id=row.pk, by=w.actor("police"), now=LATER)
    return ConveneRequest.objects.get(pk=row.pk)


def consult(w: World, row: ConveneRequest, by: str = "second") -> None:
    convenings.consult(
        convening_id=row.pk, by=w.actor(by), who="Sara School, head teacher", agency_id=w.agencies["education"].pk,
        consulted_at=LATER, note="She would hold one.", now=LATER,
    )  # fmt: skip


def test_SUS_13_a_request_is_made_in_writing_and_goes_to_the_post_that_answers(sussex: World) -> None:
    w = sussex
    row = w.convening()
    assert (row.state, row.case.kind, row.case.held_by) == (
        ConveneState.REQUESTED, "need_for_conference", "slot:convening_manager",
    )  # fmt: skip
    assert mailed("convene_requested", now=LATER) == {"manager"}
    with refused("SUS-13", says="Write the request down. One made by telephone is typed up here"):
        w.convening(text=" ")


def test_SUS_13_a_spoken_request_is_typed_up_with_when_it_was_made_and_is_not_lost(sussex: World) -> None:
    made = LATER - dt.timedelta(days=1)
    row = sussex.convening(made_how="phone", made_at=made)
    assert (row.made_how, row.made_at, row.recorded_at) == ("phone", made, LATER)
    with refused("", says="must be in the past"):
        sussex.convening(made_at=LATER + dt.timedelta(hours=1))


def test_SUS_13_one_not_marked_as_senior_names_a_supporter_or_goes_on_with_a_mark(sussex: World) -> None:
    assert sussex.convening(senior=False).marks == []
    bare = sussex.convening(senior=False, supporter="", supporter_is="")
    assert (bare.state, bare.marks) == (ConveneState.REQUESTED, ["SUS-13"])


@pytest.mark.parametrize("outcome", ["convene", "not_convene"])
def test_SUS_13_the_answer_is_in_writing_too_yes_or_no(sussex: World, outcome: str) -> None:
    row = sussex.convening()
    with refused("SUS-13", says="Write the reply down, yes or no"):
        answer(sussex, row, outcome, reply=" ")
    answered = answer(sussex, row, outcome)
    assert answered.answers.get().reply == "We thought about it."
    assert mailed("convene_answered", now=LATER) == {"police"}
    with refused("", says="It is answered once", kind=Kind.CHANGED):
        answer(sussex, row, outcome)


def test_SUS_14_not_to_convene_needs_its_reasons_and_goes_out_to_the_agency_that_asked(sussex: World) -> None:
    row = sussex.convening()
    with refused("SUS-14", says="Give the reasons for not holding a conference") as caught:
        answer(sussex, row, "not_convene", reasons=" ")
    assert caught.value.field == "reasons"
    answered = answer(sussex, row, "not_convene")
    letter = refusal_letter(answered.answers.get())
    assert (letter["to_agency"], letter["to_person"], letter["to_address"]) == (
        "Police", "Pia Police", "police@east-sussex.example.org",
    )  # fmt: skip
    assert (letter["reasons"], letter["rule"], letter["outcome"]) == (
        "Support is in place.", "SUS-14", "No conference is held",
    )  # fmt: skip
    assert answered.answers.get().exception is False, "this text does not say that a supported one is granted"


def test_SUS_15_a_refusal_can_be_talked_through_on_record_and_taken_to_the_ladder(sussex: World) -> None:
    w = sussex
    row = w.convening_answered()
    record = w.discussion(row.case, other="manager", between="agencies")
    assert record.case == row.case
    assert not CaseEvent.objects.filter(case=row.case).exists(), "to ask is no difference yet"
    with not_theirs("", says="Whoever asked takes it to the ladder"):
        convenings.take_to_ladder(convening_id=row.pk, by=w.actor("manager"), unresolved="No.", now=LATER)
    with refused("", says="Enter what is still open"):
        convenings.take_to_ladder(convening_id=row.pk, by=w.actor("police"), unresolved=" ", now=LATER)
    escalation = convenings.take_to_ladder(
        convening_id=row.pk, by=w.actor("police"), unresolved="He is not safe.", now=LATER
    )
    assert (escalation.case, escalation.kind, escalation.concern) == (
        row.case, "need_for_conference", "He is not safe.",
    )  # fmt: skip
    assert Escalation.objects.get().ladder
    row.refresh_from_db()
    row.case.refresh_from_db()
    assert (row.state, row.case.stage) == (ConveneState.CLOSED, "escalated")
    assert CaseEvent.objects.filter(case=row.case, name="difference_raised").exists()


def test_SUS_16_the_last_resort_decides_only_with_its_consultation_on_record(sussex: World) -> None:
    w = sussex
    row = at_last_resort(w)
    assert row.case.held_by == "slot:senior_cp_manager"
    assert mailed("convene_last_resort", now=LATER) == {"second"}
    with refused("SUS-16", says="which partnership members were consulted", route="act now"):
        answer(w, row, "convene", by="second")
    with not_theirs("SUS-16", says="records who was consulted"):
        consult(w, row, by="manager")
    consult(w, row)
    with not_theirs("SUS-13", says="answers this request"):
        answer(w, row, "convene", by="manager")
    decided = answer(w, row, "convene", by="second")
    assert decided.state == ConveneState.AGREED
    assert [a.step for a in decided.answers.order_by("pk")] == ["first", "last_resort"]
    assert decided.consultations.get().agency == w.agencies["education"]


def test_SUS_16_it_follows_a_refusal_once_and_its_no_leaves_the_ladder_open(sussex: World) -> None:
    w = sussex
    row = w.convening()
    ask = {"convening_id": row.pk, "by": w.actor("police"), "now": LATER}
    with refused("SUS-16", says="follows a refusal"):
        convenings.ask_last_resort(**ask)
    row = answer(w, row, "not_convene")
    convenings.ask_last_resort(**ask)
    consult(w, row)
    with refused("SUS-14", says="Give the reasons"):
        answer(w, row, "not_convene", by="second", reasons="")
    answer(w, row, "not_convene", by="second")
    with refused("SUS-16", says="has answered already"):
        convenings.ask_last_resort(**ask)
    assert convenings.take_to_ladder(
        convening_id=row.pk, by=w.actor("police"), unresolved="Still.", now=LATER
    )


def test_SUS_16_and_36_acting_for_a_child_never_waits_for_it(sussex: World) -> None:
    row = at_last_resort(sussex)
    safeguard = sussex.area.safeguard("urgent_override")
    assert safeguard is not None
    assert (safeguard.rule, safeguard.switchable) == ("SUS-36", False)
    with pytest.raises(Exception, match="If a child needs safeguarding now, act now"):
        answer(sussex, row, "convene", by="second")


@pytest.mark.parametrize("who", ["chair", "police", "health", "second", "admin", "reviewer"])
def test_HIPS_1_childrens_social_care_decides_and_nobody_else(hampshire: World, who: str) -> None:
    row = hampshire.convening()
    assert row.case.held_by == "slot:csc_senior_manager"
    with not_theirs("HIPS-1", says="for children's social care to decide"):
        answer(hampshire, row, "convene", by=who)


@pytest.mark.parametrize(
    ("basis", "marks"), [("most_involved", []), ("enquiry", []), ("neither", ["HIPS-2"])]
)
def test_HIPS_2_the_most_involved_and_those_of_the_enquiry_ask_and_others_are_marked_and_not_stopped(
    hampshire: World, basis: str, marks: list[str]
) -> None:
    row = hampshire.convening(basis=basis, text="")
    assert (row.basis, row.marks, row.state) == (basis, marks, ConveneState.REQUESTED)
    assert row.text == "He is left alone at night."
    with refused("", says="Write what you are worried about"):
        hampshire.convening(text="", serious_concern=" ")


def test_HIPS_3_a_supported_request_is_refused_only_with_reasons_and_is_marked_as_an_exception(
    hampshire: World,
) -> None:
    row = hampshire.convening()
    with refused("HIPS-3", says="should normally be granted"):
        answer(hampshire, row, "not_convene", reasons="")
    refused_row = answer(hampshire, row, "not_convene")
    assert refused_row.answers.get().exception is True
    granted = answer(hampshire, hampshire.convening(), "convene", reasons="")
    assert granted.answers.get().exception is False


def test_HIPS_3_one_without_support_is_no_exception_but_its_refusal_has_reasons_all_the_same(
    hampshire: World,
) -> None:
    row = hampshire.convening(supporter="", supporter_is="")
    with refused("", says="Enter the reasons for not holding a conference"):
        answer(hampshire, row, "not_convene", reasons="")
    assert answer(hampshire, row, "not_convene").answers.get().exception is False
    with refused("", says="Select who the supporter is"):
        hampshire.convening(supporter="Somebody", supporter_is="")


def test_HIPS_4_what_stays_open_goes_through_line_management_and_there_is_no_last_resort(
    hampshire: World,
) -> None:
    row = hampshire.convening_answered()
    with refused("", says="no last resort"):
        convenings.ask_last_resort(convening_id=row.pk, by=hampshire.actor("police"), now=LATER)
    escalation = convenings.take_to_ladder(
        convening_id=row.pk, by=hampshire.actor("police"), unresolved="Still.", now=LATER
    )
    ladder = hampshire.area.ladder_for("police", "need_for_conference")
    assert ladder is not None
    assert (escalation.ladder, ladder.tiers[0].rule) == (ladder.id, "HIPS-4")


@pytest.mark.parametrize("slug", ["camden", "kingston-richmond", "west-dunbartonshire"])
def test_where_a_text_says_nothing_of_requests_the_way_is_named(slug: str) -> None:
    with refused("", says="no rules for requests", route="raise it as a disagreement"):
        World(slug).convening()


def test_a_yes_leads_to_a_booked_conference_about_the_same_child(sussex: World) -> None:
    w = sussex
    row = answer(w, w.convening(), "convene")
    given = {
        "convening_id": row.pk, "kind": "initial", "starts_at": SOON, "chair_id": w.people["chair"].pk, "now": LATER,
    }  # fmt: skip
    with not_theirs("SUS-13", says="books the conference"):
        convenings.book_conference(by=w.actor("police"), **given)
    with refused("", says="must be in the future"):
        convenings.book_conference(by=w.actor("manager"), **{**given, "starts_at": LATER})
    with refused("", says="Select the kind"):
        convenings.book_conference(by=w.actor("manager"), **{**given, "kind": "party"})
    with refused("", says="A conference is to be held"):
        convenings.withdraw(convening_id=row.pk, by=w.actor("police"), reason="", now=LATER)
    conference = convenings.book_conference(by=w.actor("manager"), **given)
    assert [c.child for c in children_of(conference)] == list(row.case.children.all())
    row.refresh_from_db()
    row.case.refresh_from_db()
    assert (row.state, row.conference, row.case.stage) == (ConveneState.CLOSED, conference, "closed")
    assert mailed("convene_booked", now=LATER) == {"police"}
    with refused("", says="This request ended", kind=Kind.CHANGED):
        convenings.book_conference(by=w.actor("manager"), **given)


def test_whoever_asked_may_accept_or_withdraw_and_nobody_else(sussex: World) -> None:
    w = sussex
    row = w.convening_answered()
    given = {"convening_id": row.pk, "now": LATER}
    with not_theirs("", says="accepts the answer"):
        convenings.accept(by=w.actor("manager"), **given)
    convenings.accept(by=w.actor("police"), **given)
    with refused("", says="This request ended", kind=Kind.CHANGED):
        convenings.accept(by=w.actor("police"), **given)
    other = w.convening()
    with refused("", says="This follows an answer"):
        convenings.accept(convening_id=other.pk, by=w.actor("police"), now=LATER)
    with not_theirs("", says="Only whoever asked"):
        convenings.withdraw(convening_id=other.pk, by=w.actor("admin"), reason="", now=LATER)
    withdrawn = convenings.withdraw(
        convening_id=other.pk, by=w.actor("police"), reason="He is safe now.", now=LATER
    )
    assert (withdrawn.state, withdrawn.case.stage) == (ConveneState.WITHDRAWN, "withdrawn")
    assert mailed("convene_withdrawn", now=LATER) == {"manager"}
    for late in (
        lambda: convenings.withdraw(convening_id=other.pk, by=w.actor("police"), reason="", now=LATER),
        lambda: consult(w, other),
        lambda: answer(w, other, "convene"),
    ):
        with refused("", says="This request ended", kind=Kind.CHANGED):
            late()


def test_no_message_of_a_request_holds_anything_about_a_child(hampshire: World) -> None:
    row = hampshire.convening_answered()
    convenings.withdraw(convening_id=row.pk, by=hampshire.actor("police"), reason="Zzyzx", now=LATER)
    send_due(now=LATER)
    messages = list(Message.objects.filter(case=row.case))
    assert len({m.outbox.kind for m in messages}) == 3
    for message in messages:
        for word in ("C.R.", "Zzyzx", "alone at night", "Support is in place", "Nora"):
            assert word not in message.subject + message.body


@pytest.mark.parametrize(
    ("changes", "says", "field"),
    [
        ({"text": "x" * 5001}, "5,000 characters", "text"),
        ({"made_how": "pigeon"}, "Select how the request was made", "made_how"),
        ({"basis": "friend"}, "Select how you know the child", "basis"),
        ({"new_child": None}, "Select the child it is about", "children"),
    ],
)
def test_what_is_typed_wrong_is_said_at_its_field(
    sussex: World, changes: dict[str, object], says: str, field: str
) -> None:
    with refused("", says=says) as caught:
        sussex.convening(**changes)
    assert caught.value.field == field


def test_a_consultation_names_who_when_and_their_agency(sussex: World) -> None:
    w, row = sussex, at_last_resort(sussex)
    given = {
        "convening_id": row.pk,
        "by": w.actor("second"),
        "who": "Sara",
        "consulted_at": LATER,
        "now": LATER,
    }
    agency = w.agencies["education"].pk
    with refused("", says="Enter who was consulted"):
        convenings.consult(**{**given, "who": " "}, agency_id=agency)
    with refused("", says="Select the agency"):
        convenings.consult(**given, agency_id=None)
    with refused("", says="must be in the past"):
        convenings.consult(**{**given, "consulted_at": SOON}, agency_id=agency)
    with refused("SUS-13", says="Select whether a conference is held"):
        consult(w, row)
        answer(w, row, "perhaps", by="second")


# --- two people, and people without an account -------------------------------------------------------------------------


@pytest.mark.parametrize("slug", ["brighton-hove", "hampshire"])
def test_whoever_asks_does_not_answer_unless_the_reason_is_on_record(slug: str) -> None:
    w = World(slug)
    row = w.convening(who="manager")  # who also fills the post that answers
    with refused("", says="Maud Manager asked for this conference", route="A deputy of the post answers"):
        w.convening_answered(row)
    w.convening_answered(row, involved_reason="The only service manager this week.")
    answer = row.answers.get()
    assert answer.involved_reason == "The only service manager this week."
    other = w.convening()
    w.convening_answered(other, involved_reason="Typed for nothing.")
    assert other.answers.get().involved_reason == "", "nobody who is not involved is marked so"


def test_a_deputy_of_the_post_answers_in_place_of_whoever_asked() -> None:
    w = World("brighton-hove")
    row = w.convening(who="manager")
    holder = SlotHolder.objects.get(slot__key="convening_manager", slot__partnership=w.partnership)
    w.fill("convening_manager", "deputy", deputy_for=holder)
    w.convening_answered(row, by="deputy")
    assert row.answers.get().acting_for == w.people["manager"]


def test_SUS_16_the_last_resort_is_another_than_whoever_refused_first() -> None:
    w = World("brighton-hove")
    row = w.convening_answered(w.convening())
    convenings.ask_last_resort(convening_id=row.pk, by=w.actor("police"), now=LATER)
    SlotHolder.objects.filter(slot__key="senior_cp_manager", slot__partnership=w.partnership).update(
        membership=w.people["manager"]
    )
    convenings.consult(
        convening_id=row.pk, by=w.actor("manager"), who="Sara", agency_id=w.agencies["education"].pk, consulted_at=LATER,
        now=LATER,
    )  # fmt: skip
    with refused("", says="answered this request before", route="give the reason and go on"):
        w.convening_answered(row, "convene", by="manager")


def by_telephone(w: World) -> ConveneRequest:
    """A family doctor without an account asked by telephone, and a social worker wrote it down (SUS-13)."""
    return w.convening(
        who="health", made_how="phone", for_name="Dr Gwen Practice", for_email="gwen@practice.example.org",
        for_agency_id=w.agencies["health"].pk,
    )  # fmt: skip


@pytest.mark.parametrize("slug", ["brighton-hove", "hampshire"])
def test_SUS_13_and_HIPS_2_a_request_of_somebody_without_an_account_is_written_down_and_stays_theirs(
    slug: str,
) -> None:
    w = World(slug)
    row = by_telephone(w)
    assert (row.requester.name, row.requester.membership, row.recorded_by) == (
        "Dr Gwen Practice",
        None,
        w.people["health"],
    )
    assert "gwen" in mailed("convene_written_down", now=LATER)
    guest = w.guest(row.requester)
    w.convening_answered(row)
    assert "gwen" in mailed("convene_answered", now=LATER)
    page = page_of(get_convening_or_404(guest, row.case.reference), guest, LATER)
    assert {"Take it to the ladder", "Accept that none is held"} <= {a["label"] for a in page["actions"]}
    with not_theirs("", says="with an account"):
        convenings.ask(by=guest, asked=Asked(text="Another.", serious_concern="X."), now=LATER)
    with not_theirs("", says="Whoever asked"):
        convenings.accept(convening_id=row.pk, by=w.actor("school"), now=LATER)
    escalation = convenings.take_to_ladder(
        convening_id=row.pk, by=guest, unresolved="He is still alone.", now=LATER
    )
    assert escalation.requester.email == "gwen@practice.example.org"


def test_SUS_13_whoever_wrote_it_down_and_the_admin_speak_for_somebody_without_an_account() -> None:
    w = World("brighton-hove")
    for who in ("health", "admin"):
        row = w.convening_answered(by_telephone(w))
        convenings.accept(convening_id=row.pk, by=w.actor(who), now=LATER)
    with refused("", says="so that they get the answer"):
        w.convening(for_name="Dr Gwen Practice", for_agency_id=w.agencies["health"].pk)
    with refused("", says="Select their agency"):
        w.convening(for_name="Dr Gwen Practice", for_email="gwen@practice.example.org")


def test_SUS_37_a_refusal_to_a_specialist_facility_goes_to_the_ladder_with_both_authorities() -> None:
    w = World("brighton-hove")
    w.agencies["health"].kind = "specialist_facility"
    w.agencies["health"].save(update_fields=["kind"])
    row = w.convening_answered(w.convening(who="health"))
    escalation = convenings.take_to_ladder(
        convening_id=row.pk, by=w.actor("health"), unresolved="He is still alone.", now=LATER,
        needs=Step(way="", authority_responsible="Invented Council", authority_of_place="Other Council"),
    )  # fmt: skip
    assert (escalation.ladder, escalation.authority_responsible) == (
        "specialist_facility",
        "Invented Council",
    )
