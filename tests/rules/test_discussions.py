"""The record of each discussion: written at the time, approved and dated, filed, and kept by each side for itself."""

import datetime as dt

import pytest
from django.db import ProgrammingError, transaction
from django.http import Http404

from cases.models import Case
from core.refusals import Kind
from dissent.states import DissentState
from records import actions as records
from records import policies
from records.models import AgreedAction, Discussion, DiscussionFiling, DiscussionPerson
from records.selectors import get_agreed_or_404, list_page
from tests.builders import ENDS, LATER, World
from tests.rules.expect import not_theirs, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def sussex() -> World:
    return World("brighton-hove")


@pytest.fixture
def hampshire() -> World:
    return World("hampshire")


def case_of(w: World) -> Case:
    return w.case(w.dissent_at(DissentState.UNDER_REVIEW if w.area.review else DissentState.ON_LADDER))


def refused_by_the_database(change: object) -> None:
    with pytest.raises(ProgrammingError), transaction.atomic():
        change()  # type: ignore[operator]


def test_SUS_12_a_discussion_is_written_down_approved_and_dated_by_its_writer(sussex: World) -> None:
    case = case_of(sussex)
    draft = sussex.discussion(case, approved=False)
    assert (draft.agency, draft.happened_at, draft.written_at) == (sussex.agencies["police"], ENDS, LATER)
    assert [(p.name, p.agency_name) for p in draft.people.order_by("pk")] == [
        ("Pia Police", "Police"),
        ("Cora Chair", "Children's social care"),
    ]
    assert draft.approved_at is None
    with not_theirs("SUS-12", says="Only its writer"):
        records.approve(discussion_id=draft.pk, by=sussex.actor("chair"), now=LATER)
    approved = records.approve(discussion_id=draft.pk, by=sussex.actor("police"), now=LATER)
    assert (approved.approved_at, approved.approved_by) == (LATER, sussex.people["police"])


def test_SUS_12_an_approved_record_is_never_edited_not_even_in_the_database(sussex: World) -> None:
    record = sussex.discussion(case_of(sussex))
    says = "An approved record is not changed. Add a new entry that corrects it."
    by = sussex.actor("police")
    with refused("SUS-12", says=says, route="Write a correction instead"):
        records.rewrite(discussion_id=record.pk, by=by, written=sussex.written(notes="Softer."), now=LATER)
    with refused("SUS-12", says=says):
        records.approve(discussion_id=record.pk, by=by, now=LATER)
    rows = Discussion.objects.filter(pk=record.pk)
    person, action = record.people.first(), record.agreed_actions.get()
    assert person is not None
    refused_by_the_database(lambda: rows.update(notes="Softer."))
    refused_by_the_database(lambda: rows.update(approved_at=None, approved_by=None))
    refused_by_the_database(lambda: rows._raw_delete("default"))
    for part in (person, action):
        table = type(part)._default_manager.filter(pk=part.pk)
        refused_by_the_database(lambda table=table: table.update(uuid="00000000-0000-4000-8000-000000000000"))
        refused_by_the_database(lambda table=table: table._raw_delete("default"))
    mine = {"partnership": sussex.partnership, "discussion": record}
    said = {"case": record.case, "recorded_at": LATER, "recorded_by": record.written_by}
    refused_by_the_database(lambda: AgreedAction.objects.create(what="More", owner="Me", **said, **mine))
    refused_by_the_database(lambda: DiscussionPerson.objects.create(name="Me", **mine))
    record.refresh_from_db()
    assert record.notes == "We went through what each of us saw."


def test_SUS_12_a_part_is_not_moved_into_or_out_of_an_approved_record(sussex: World) -> None:
    case = case_of(sussex)
    approved, draft = sussex.discussion(case), sussex.discussion(case, approved=False)
    there, here = approved.agreed_actions.get(), draft.agreed_actions.get()
    refused_by_the_database(lambda: AgreedAction.objects.filter(pk=there.pk).update(discussion=draft))
    refused_by_the_database(lambda: AgreedAction.objects.filter(pk=here.pk).update(discussion=approved))


def test_SUS_12_a_correction_is_a_new_record_that_names_the_one_it_corrects_and_both_stay(
    sussex: World,
) -> None:
    first = sussex.discussion(case_of(sussex))
    by, written = sussex.actor("police"), sussex.written(notes="It was Tuesday, and she was there too.")
    with refused("", says="Enter what was wrong"):
        records.correct(discussion_id=first.pk, by=by, written=written, reason=" ", now=LATER)
    with not_theirs("SUS-12", says="Each agency corrects its own records"):
        records.correct(
            discussion_id=first.pk, by=sussex.actor("chair"), written=written, reason="No.", now=LATER
        )
    second = records.correct(
        discussion_id=first.pk, by=by, written=written, reason="The day was wrong.", now=LATER
    )
    assert (second.corrects, second.correction_reason) == (first, "The day was wrong.")
    rival = records.correct(discussion_id=first.pk, by=by, written=written, reason="Again.", now=LATER)
    records.approve(discussion_id=second.pk, by=by, now=LATER)
    for again in (
        lambda: records.correct(discussion_id=first.pk, by=by, written=written, reason="More.", now=LATER),
        lambda: records.approve(discussion_id=rival.pk, by=by, now=LATER),
    ):
        with refused("", says="was corrected already", route="the newest record"):
            again()
    first.refresh_from_db()
    assert first.notes == "We went through what each of us saw."


def test_SUS_12_a_draft_is_corrected_by_changing_it(sussex: World) -> None:
    draft = sussex.discussion(case_of(sussex), approved=False)
    with refused("", says="still a draft"):
        records.correct(
            discussion_id=draft.pk, by=sussex.actor("police"), written=sussex.written(), reason="No.", now=LATER
        )  # fmt: skip
    later = LATER + dt.timedelta(hours=1)
    changed = records.rewrite(
        discussion_id=draft.pk, by=sussex.actor("police"), now=later,
        written=sussex.written(notes="Longer.", agreed=(), members=(), others=(
            records.Other("Gil GP", "Invented practice"), records.Other("Pia Police"),
        )),
    )  # fmt: skip
    assert (changed.notes, changed.begun_at, changed.written_at) == ("Longer.", LATER, later)
    assert [p.name for p in changed.people.order_by("pk")] == ["Gil GP", "Pia Police"]
    assert not changed.agreed_actions.exists()


@pytest.mark.parametrize(
    ("after", "late"), [(dt.timedelta(hours=24), False), (dt.timedelta(hours=24, seconds=1), True)]
)
def test_SUS_12_what_is_written_more_than_24_hours_later_is_marked(
    sussex: World, after: dt.timedelta, late: bool
) -> None:
    record = sussex.discussion(case_of(sussex), now=ENDS + after)
    assert policies.written_late(record, sussex.area) is late


def test_SUS_12_the_mark_looks_at_the_words_as_they_stand_and_not_at_when_they_were_begun(
    sussex: World,
) -> None:
    draft = sussex.discussion(case_of(sussex), approved=False, now=ENDS)
    assert not policies.written_late(draft, sussex.area)
    changed = records.rewrite(
        discussion_id=draft.pk, by=sussex.actor("police"), written=sussex.written(), now=ENDS + dt.timedelta(days=3)
    )  # fmt: skip
    assert policies.written_late(changed, sussex.area)


def test_SUS_12_a_copy_is_filed_for_each_child_with_the_day_and_the_person(sussex: World) -> None:
    w = sussex
    case = w.case(w.dissent_at(DissentState.UNDER_REVIEW, children=2))
    one, two = case.children.order_by("pk")
    draft = w.discussion(case, approved=False)
    by = w.actor("police")
    given = {"filed_on": LATER.date(), "now": LATER}
    with refused("SUS-12", says="Approve the record first"):
        records.file_copy(discussion_id=draft.pk, by=by, child_uuid=one.uuid, **given)
    records.approve(discussion_id=draft.pk, by=by, now=LATER)
    with not_theirs("SUS-12", says="Each agency files the copies of its own records"):
        records.file_copy(discussion_id=draft.pk, by=w.actor("chair"), child_uuid=one.uuid, **given)
    with refused("", says="must be today or in the past"):
        records.file_copy(
            discussion_id=draft.pk, by=by, child_uuid=one.uuid, filed_on=LATER.date() + dt.timedelta(days=1), now=LATER
        )  # fmt: skip
    filing = records.file_copy(discussion_id=draft.pk, by=by, child_uuid=one.uuid, **given)
    assert (filing.child, filing.filed_on, filing.recorded_by) == (one, LATER.date(), w.people["police"])
    with refused("", says="recorded as filed already", kind=Kind.CHANGED):
        records.file_copy(discussion_id=draft.pk, by=by, child_uuid=one.uuid, **given)
    records.file_copy(discussion_id=draft.pk, by=by, child_uuid=two.uuid, **given)
    assert draft.filings.count() == 2
    refused_by_the_database(lambda: DiscussionFiling.objects.filter(pk=filing.pk).update(filed_on=ENDS))


def test_SUS_12_both_sides_may_write_down_the_same_discussion_each_for_itself(sussex: World) -> None:
    case = case_of(sussex)
    ours = sussex.discussion(case, who="police")
    theirs = sussex.discussion(case, who="chair", notes="I heard it differently.", members=(
        sussex.people["chair"].pk, sussex.people["police"].pk,
    ))  # fmt: skip
    assert ours.agency != theirs.agency
    for who in ("police", "chair", "reviewer"):
        seen = Discussion.objects.visible_to(sussex.actor(who)).filter(case=case)
        assert set(seen) == {ours, theirs}, who


def test_HIPS_5_each_agency_keeps_its_own_record_and_ticks_that_it_is_made(hampshire: World) -> None:
    w, case = hampshire, case_of(hampshire)
    shown = list_page(case, w.actor("police"), w.area)
    assert shown["duty"]["rule"] == "HIPS-5"
    assert {side["agency"]: side["done"] for side in shown["sides"]} == {
        "Police": False,
        "Children's social care": False,
    }
    w.discussion(case, who="police")
    own = records.made_own_record(
        case_id=case.pk, by=w.actor("chair"), made_on=ENDS.date(), kept_in="Case notes", now=LATER
    )
    assert (own.agency, own.made_on) == (w.agencies["social_care"], ENDS.date())
    shown = list_page(case, w.actor("police"), w.area)
    police, care = shown["sides"]
    assert (police["here"], police["elsewhere"], police["done"]) == (1, [], True)
    assert (care["here"], care["elsewhere"], care["done"]) == (
        0,
        [{"made_on": ENDS.date(), "kept_in": "Case notes"}],
        True,
    )
    with refused("", says="ticked already", kind=Kind.CHANGED):
        records.made_own_record(case_id=case.pk, by=w.actor("minutes"), made_on=ENDS.date(), now=LATER)
    with not_theirs("HIPS-5", says="Those who take part in the case"):
        records.made_own_record(case_id=case.pk, by=w.actor("health"), made_on=ENDS.date(), now=LATER)


def test_HIPS_13_what_came_of_it_and_what_was_agreed_are_recorded_with_who_and_by_when(
    hampshire: World,
) -> None:
    w = hampshire
    record = w.discussion(case_of(w))
    (action,) = record.agreed_actions.all()
    assert (record.outcome, action.what, action.owner, action.due_on) == (
        "Still open.", "Send the chronology", "Pia Police", LATER.date(),
    )  # fmt: skip
    with refused("", says="Enter what was agreed and who does it"):
        w.discussion(record.case, agreed=(records.Agreed("Visit", " "),))
    done = records.settle_action(action_id=action.pk, by=w.actor("chair"), done_on=LATER.date(), now=LATER)
    assert (done.action, done.recorded_by) == (action, w.people["chair"])
    with refused("", says="answered already", kind=Kind.CHANGED):
        records.settle_action(action_id=action.pk, by=w.actor("police"), done_on=LATER.date(), now=LATER)
    draft = w.discussion(record.case, approved=False)
    with refused("", says="Approve the record first"):
        records.settle_action(
            action_id=draft.agreed_actions.get().pk, by=w.actor("police"), done_on=LATER.date(), now=LATER
        )


def test_WDC_19_a_face_to_face_discussion_of_all_parties_has_its_record_without_a_rule_about_it() -> None:
    w = World("west-dunbartonshire")
    record = w.discussion(case_of(w), how="in_person")
    with refused("", says="This is a safeguard of this service", route="a new record that corrects it"):
        records.rewrite(discussion_id=record.pk, by=w.actor("police"), written=w.written(), now=LATER)
    assert policies.duty_of(w.area) is None
    assert policies.written_late(record, w.area) is False


def test_what_was_agreed_within_one_agency_is_answered_and_found_by_that_agency_alone(sussex: World) -> None:
    own = sussex.discussion(
        case_of(sussex), between="own", members=(sussex.people["police"].pk,), others=(records.Other("Una Manager", "Police"),)
    )  # fmt: skip
    action = own.agreed_actions.get()
    with not_theirs("", says="take part in the case"):
        records.settle_action(action_id=action.pk, by=sussex.actor("chair"), done_on=LATER.date(), now=LATER)
    with pytest.raises(Http404):
        get_agreed_or_404(sussex.actor("chair"), own.case, action.uuid)
    assert get_agreed_or_404(sussex.actor("police"), own.case, action.uuid) == action
    records.settle_action(action_id=action.pk, by=sussex.actor("police"), done_on=LATER.date(), now=LATER)
