"""The log of families' complaints beside dissent: it answers them, it signposts, and it changes nothing that was decided."""

import ast
import dataclasses
import datetime as dt
from pathlib import Path

import pytest
from django.conf import settings

from cases.models import Case, CaseEvent
from cases.states import Kind as CaseKind
from complaints import actions as complaints
from complaints.models import Complaint
from complaints.selectors import signpost_of
from complaints.states import ComplaintState
from conferences import actions as conferences
from conferences.models import Conference, Decision
from conferences.selectors import children_of
from core.refusals import Kind
from deadlines.models import Deadline
from dissent import actions as dissents
from dissent.models import Dissent
from notifications.actions import send_due
from notifications.models import Message
from records.models import Telling
from tests.builders import LATER, World
from tests.rules.expect import not_theirs, refused
from worklists.selectors import work_list

pytestmark = pytest.mark.django_db
SOON = LATER + dt.timedelta(days=10)


@pytest.fixture
def w() -> World:
    return World("camden")


def book(w: World, complaint: Complaint, chair: str, **kw: object) -> Conference:
    return complaints.book_follow_up(
        complaint_id=complaint.pk, by=w.actor("admin"), starts_at=SOON, chair_id=w.people[chair].pk, now=LATER, **kw
    )  # fmt: skip


def tell_all(w: World, complaint: Complaint) -> None:
    complaint = Complaint.objects.get(pk=complaint.pk)
    for tell, seat, row in complaints.policies.tellings_due(complaint, w.area):
        if row is None:
            complaints.told(
                complaint_id=complaint.pk, by=w.actor("admin"), tell_id=tell.id, seat=seat, told_at=LATER,
                how="Letter", now=LATER,
            )  # fmt: skip


@pytest.mark.parametrize("made_by", ["parent", "carer", "child"])
def test_CAM_18_a_parent_a_carer_or_a_child_complains_about_one_or_more_of_the_listed_aspects(
    w: World, made_by: str
) -> None:
    complaint = w.complaint(made_by=made_by, aspects=("process", "outcome_or_category", "plan_decision"))
    assert (complaint.made_by, complaint.case.kind) == (made_by, CaseKind.COMPLAINT)
    assert complaint.aspects == ["process", "outcome_or_category", "plan_decision"]
    assert complaint.case.children.count() == 1
    with refused("CAM-18", says="Select what the complaint is about"):
        w.complaint(aspects=())
    with refused("CAM-18", says="from the list"):
        w.complaint(aspects=("weather",))
    with refused("CAM-18", says="Select who complains"):
        w.complaint(made_by="neighbour")


def test_CAM_18_that_a_plan_ended_is_not_on_the_list_and_is_logged_all_the_same_and_said(w: World) -> None:
    complaint = w.complaint(aspects=(), outside_list=True)
    words = complaints.policies.outside_words(complaint, w.area)
    assert "not on the protocol’s list" in words and "CAM-18" in words
    assert complaints.policies.outside_words(w.complaint(), w.area) == ""


def test_CAM_18_a_complaint_is_never_a_dissent_and_stands_on_no_list_of_differences(w: World) -> None:
    before = Dissent.objects.count()
    complaint = w.complaint()
    assert Dissent.objects.count() == before
    for who in w.people:
        rows = [row["ref"] for s in work_list(w.actor(who), LATER).sections for row in s.rows]
        assert complaint.case.reference not in rows, who
    assert not CaseEvent.objects.filter(case=complaint.case).exists()
    assert not Deadline.objects.filter(case=complaint.case).exists()
    assert not hasattr(complaint.case, "dissent")
    family = complaint.conference.attendances.get(side="family")
    with refused("CAM-18", says="Parents, carers and children do not dissent"):
        dissents.record(
            attendance_id=family.pk, by=w.recorder(complaint.conference), now=LATER,
            said=w.said(complaint.conference, late_entry_reason="Typed later."),
        )  # fmt: skip


def test_CAM_18_the_room_of_complaints_knows_nothing_of_dissents(w: World) -> None:
    for path in (Path(settings.BASE_DIR) / "complaints").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").partition(".")[0] not in ("dissent", "escalation"), path


def test_CAM_19_no_step_of_a_complaint_changes_a_decision_and_the_chair_knows_at_once_that_it_stands(
    w: World,
) -> None:
    conference = w.ended()
    before = list(Decision.objects.order_by("pk").values())
    complaint = w.complaint(conference=conference)
    send_due(now=LATER)
    (message,) = Message.objects.filter(outbox__kind="complaint_recorded", channel="email")
    assert message.to_email == f"chair@{w.slug}.example.org"
    assert "changes nothing that the conference decided" in message.body and "CAM-19" in message.body
    assert complaint.case.reference not in message.body, "the log is not the chair's to open"
    told = Telling.objects.get(case=complaint.case)
    assert (told.tell_id, told.told_at) == ("decision_stands:capacity:chair", LATER)
    w.complaint_decided(complaint, "reconvened_other_chair")
    book(w, complaint, "other_chair")
    tell_all(w, complaint)
    complaints.close(complaint_id=complaint.pk, by=w.actor("admin"), now=LATER)
    assert list(Decision.objects.order_by("pk").values()) == before
    (child,) = children_of(conference)
    with refused("", says="its record is closed"):
        w.decide(child, on_plan=True, by=w.recorder(conference), now=LATER)


def test_CAM_19_an_outcome_that_would_be_a_decision_about_a_child_is_refused(w: World) -> None:
    complaint = w.complaint_acknowledged()
    for decision in w.area.conference.decisions:
        with refused("CAM-19", says="A complaint cannot change what the conference decided"):
            w.complaint_decided(complaint, decision.id)


def test_CAM_19_everyone_concerned_is_told_before_it_is_closed(w: World) -> None:
    complaint = w.complaint_decided(w.complaint_acknowledged(), "decision_stands")
    due = complaints.policies.tellings_due(complaint, w.area)
    stands = {seat: row is not None for tell, seat, row in due if tell.id == "decision_stands"}
    assert stands == {"capacity:parents": True, "capacity:chair": True, "capacity:agencies": False}
    with refused("CAM-19", says="Everyone concerned must know that the decision goes on standing"):
        complaints.close(complaint_id=complaint.pk, by=w.actor("admin"), now=LATER)
    tell_all(w, complaint)
    closed = complaints.close(complaint_id=complaint.pk, by=w.actor("admin"), now=LATER)
    assert (closed.state, closed.case.stage) == (ComplaintState.CLOSED, "closed")


def test_CAM_19_the_family_is_answered_first_in_the_words_that_the_decision_stands(w: World) -> None:
    complaint = w.complaint()
    with refused("", says="Acknowledge the complaint first"):
        complaints.decide(
            complaint_id=complaint.pk, by=w.actor("admin"), outcome="decision_stands", reasons="R.", decider="D.", now=LATER
        )  # fmt: skip
    with refused("CAM-19", says="Enter when they were told"):
        complaints.acknowledge(
            complaint_id=complaint.pk, by=w.actor("admin"), told_at=None, how="Letter", now=LATER
        )
    acknowledged = w.complaint_acknowledged(complaint)
    assert acknowledged.acknowledged_at == LATER
    assert Telling.objects.filter(case=complaint.case, tell_id="decision_stands:capacity:parents").exists()


@pytest.mark.parametrize("outcome", ["upheld", "", "plan_suspended", "a_new_plan"])
def test_CAM_20_a_complaint_ends_in_one_of_three_ways_and_no_other(w: World, outcome: str) -> None:
    rules = w.area.complaints
    assert rules is not None
    assert [o.id for o in rules.outcomes] == [
        "reconvened_other_chair",
        "review_brought_forward",
        "decision_stands",
    ]
    with refused("CAM-20", says="A complaint ends in one of three ways"):
        w.complaint_decided(w.complaint_acknowledged(), outcome)


def test_CAM_20_the_new_conference_meets_under_a_different_chair(w: World) -> None:
    complaint = w.complaint_decided(w.complaint_acknowledged(), "reconvened_other_chair")
    with refused("CAM-20", says="meets under a different chair"):
        book(w, complaint, "chair")
    conference = book(w, complaint, "other_chair")
    assert (conference.chair, conference.follows) == (w.people["other_chair"], complaint.conference)
    assert conference.kind == complaint.conference.kind
    assert {c.child for c in children_of(conference)} == {c.child for c in children_of(complaint.conference)}
    with refused("", says="is already booked", kind=Kind.CHANGED):
        book(w, complaint, "other_chair")


def test_CAM_20_the_same_person_in_another_role_is_the_same_chair(w: World) -> None:
    complaint = w.complaint_decided(w.complaint_acknowledged(), "reconvened_other_chair")
    again = w.people["chair"]
    other = w.people["other_chair"]
    type(other).objects.filter(pk=other.pk).update(user=again.user, ends_on=SOON.date())
    with refused("CAM-20", says="meets under a different chair"):
        book(w, complaint, "other_chair")


def test_CAM_20_a_review_brought_forward_may_keep_its_chair(w: World) -> None:
    complaint = w.complaint_decided(w.complaint_acknowledged(), "review_brought_forward")
    conference = book(w, complaint, "chair", place="Room 2")
    assert (conference.kind, conference.chair) == ("review", w.people["chair"])


def test_CAM_20_what_the_outcome_asks_for_is_booked_before_it_is_closed_and_nothing_more(w: World) -> None:
    complaint = w.complaint_decided(w.complaint_acknowledged(), "review_brought_forward")
    tell_all(w, complaint)
    with refused("CAM-20", says="book it first"):
        complaints.close(complaint_id=complaint.pk, by=w.actor("admin"), now=LATER)
    stands = w.complaint_decided(w.complaint_acknowledged(w.complaint()), "decision_stands")
    with refused("CAM-20", says="asks for no conference"):
        book(w, stands, "other_chair")
    conference = book(w, complaint, "other_chair")
    conferences.cancel(conference_id=conference.pk, by=w.actor("admin"), reason="Ill.", now=LATER)
    with refused("CAM-20", says="book it first"):
        complaints.close(complaint_id=complaint.pk, by=w.actor("admin"), now=LATER)
    book(w, complaint, "other_chair")


def test_CAM_20_the_conference_that_follows_starts_no_clock_of_a_dissent(w: World) -> None:
    complaint = w.complaint_decided(w.complaint_acknowledged(), "reconvened_other_chair")
    conference = book(w, complaint, "other_chair")
    by = w.actor("other_chair", SOON)
    conferences.start(conference_id=conference.pk, by=by, now=SOON)
    conferences.end(
        conference_id=conference.pk, by=by, now=SOON, undecided_reason="A report was missing.", ended_at=SOON
    )
    assert not Deadline.objects.filter(case=complaint.case).exists()


def test_CAM_21_a_complaint_about_one_agency_goes_to_that_agency_and_is_not_logged_here(w: World) -> None:
    with refused("CAM-21", says="goes to that agency", route="Nothing was recorded here"):
        w.complaint(about="agency")
    assert not Case.objects.filter(kind=CaseKind.COMPLAINT).exists()
    shown = signpost_of(w.area)
    assert shown["agency"].rule == "CAM-21"


@pytest.mark.parametrize(
    ("slug", "rule", "where"),
    [
        ("kingston-richmond", "AFC-4", "the partnership's complaints guidance"),
        ("windsor-maidenhead", "AFC-4", "the partnership's complaints guidance"),
    ],
)
def test_AFC_4_families_have_the_guidance_of_their_own_partnership_and_nothing_is_logged(
    slug: str, rule: str, where: str
) -> None:
    w = World(slug)
    with refused(rule, says="They are not kept here", route=where):
        w.complaint()
    assert not Case.objects.filter(kind=CaseKind.COMPLAINT).exists()
    link = signpost_of(w.area)["link"]
    assert link.label.startswith(w.area.partnership_name.split(" Safeguarding")[0].split()[0])


def test_SUS_18_families_complain_to_the_authority_or_the_agency_and_nothing_is_logged() -> None:
    w = World("west-sussex")
    with refused(
        "SUS-18", says="the right to complain, which is something else", route="to the local authority"
    ):
        w.complaint()
    assert signpost_of(w.area)["route"].rule == "SUS-18"


@pytest.mark.parametrize(("slug", "rule"), [("west-dunbartonshire", "WDC-1"), ("southampton", "")])
def test_elsewhere_a_signpost_that_no_rule_states_is_shown_all_the_same(slug: str, rule: str) -> None:
    w = World(slug)
    with refused(rule, says="They are not kept here", route="complaints procedure of the service concerned"):
        w.complaint()


def test_only_the_admin_of_the_partnership_keeps_the_log(w: World) -> None:
    complaint = w.complaint()
    stranger = World("hampshire")
    for who in (*(p for p in w.people if p != "admin"),):
        with not_theirs("", says="The partnership admin keeps the log"):
            complaints.withdraw(complaint_id=complaint.pk, by=w.actor(who), reason="", now=LATER)
        assert not Complaint.objects.visible_to(w.actor(who)).exists()
    with not_theirs("", says="another partnership"):
        complaints.withdraw(complaint_id=complaint.pk, by=stranger.actor("admin"), reason="", now=LATER)
    assert not Complaint.objects.visible_to(stranger.actor("admin")).exists()


def test_what_is_over_is_over(w: World) -> None:
    complaint = w.complaint()
    withdrawn = complaints.withdraw(
        complaint_id=complaint.pk, by=w.actor("admin"), reason="Settled.", now=LATER
    )
    assert (withdrawn.state, withdrawn.withdrawn_reason, withdrawn.case.stage) == (
        "withdrawn",
        "Settled.",
        "withdrawn",
    )
    with refused("", says="This complaint ended", kind=Kind.CHANGED):
        w.complaint_acknowledged(complaint)
    decided = w.complaint_decided(w.complaint_acknowledged(w.complaint()), "decision_stands")
    with refused("", says="The outcome was recorded", kind=Kind.CHANGED):
        complaints.withdraw(complaint_id=decided.pk, by=w.actor("admin"), reason="", now=LATER)
    with refused("", says="It is recorded once", kind=Kind.CHANGED):
        w.complaint_decided(decided, "decision_stands")
    with refused("", says="It was acknowledged", kind=Kind.CHANGED):
        w.complaint_acknowledged(decided)
    with refused("", says="already recorded", kind=Kind.CHANGED):
        complaints.told(
            complaint_id=decided.pk, by=w.actor("admin"), tell_id="decision_stands", seat="capacity:parents",
            told_at=LATER, how="Letter", now=LATER,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "says", "field"),
    [
        ({"summary": " "}, "Enter what the complaint says", "summary"),
        ({"summary": "x" * 1501}, "1,500 characters", "summary"),
        ({"received_on": dt.date(2026, 3, 5)}, "today or in the past", "received_on"),
        ({"about": "weather"}, "Select what the complaint is about", "about"),
        ({"name": "x" * 151}, "150 characters", "name"),
    ],
)
def test_what_is_typed_wrong_is_said_at_its_field(
    w: World, changes: dict[str, object], says: str, field: str
) -> None:
    with refused("", says=says) as caught:
        w.complaint(**changes)
    assert caught.value.field == field


def test_a_complaint_is_about_a_conference_of_this_partnership_that_was_held(w: World) -> None:
    booked, strange = w.booked(), World("hampshire").ended()
    for conference, says in ((booked, "has not been held"), (strange, "a conference of this partnership")):
        with refused("", says=says):
            w.complaint(conference=conference)


def test_a_text_without_its_own_sentence_refuses_all_the_same(w: World) -> None:
    rules = w.area.complaints
    assert rules is not None
    bare = dataclasses.replace(rules, refusals=())
    assert complaints.policies.refusal(bare, "same_chair").reason == "This protocol does not allow it."
