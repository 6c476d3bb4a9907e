"""Who reads which record, what the pages say, and what happens to what was typed."""

import datetime as dt

import pytest

from audit.models import AuditEvent
from cases.actions import add_participant, admit
from cases.models import Case
from cases.selectors import guest_actor
from cases.states import Capacity
from core.refusals import Denied, Kind
from dissent.states import DissentState
from notifications.actions import send_due
from notifications.models import Message
from records import actions as records
from records.models import Discussion
from records.selectors import beside_case, get_discussion_or_404
from tests.builders import ENDS, LATER, World
from tests.integration.dissent.conftest import Open, open_as, when  # noqa: F401
from worklists.selectors import history_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World("brighton-hove")


@pytest.fixture
def case(world: World) -> Case:
    return world.case(world.dissent_at(DissentState.UNDER_REVIEW))


def readers(world: World, case: Case) -> set[str]:
    return {
        who for who in world.people if Discussion.objects.visible_to(world.actor(who)).filter(case=case).exists()
    }  # fmt: skip


def test_a_draft_is_read_by_its_own_side_of_the_case_only(world: World, case: Case) -> None:
    world.discussion(case, approved=False)
    assert readers(world, case) == {"police"}
    with pytest.raises(Denied):
        records.write_down(case_id=case.pk, by=world.actor("health"), written=world.written(), now=LATER)


def test_an_approved_record_between_agencies_is_read_by_everyone_in_the_case_and_not_by_its_admin(
    world: World, case: Case
) -> None:
    world.discussion(case)
    assert readers(world, case) == {"police", "chair", "minutes", "manager", "reviewer"}
    assert beside_case(case, world.actor("admin"), world.area) is None


def test_what_was_said_within_one_agency_stays_with_it(world: World, case: Case) -> None:
    world.discussion(
        case, between="own", members=(world.people["police"].pk,), others=(records.Other("Una Manager", "Police"),)
    )  # fmt: skip
    assert readers(world, case) == {"police"}
    here = AuditEvent.objects.filter(case_id=case.pk, type="record.approved").get()
    assert here.detail["kind"] == "own"
    titles = {
        who: [e["title"] for e in history_of(case, world.area, world.actor(who))]
        for who in ("police", "chair")
    }
    assert any("Approved the record" in title for title in titles["police"])
    assert not any("record" in title.lower() and "discussion" in title for title in titles["chair"])


def test_the_other_side_does_not_read_in_the_history_that_a_draft_was_begun(world: World, case: Case) -> None:
    draft = world.discussion(case, approved=False)

    def lines(who: str) -> list[str]:
        return [
            e["title"] for e in history_of(case, world.area, world.actor(who)) if "discussion" in e["title"]
        ]

    assert len(lines("police")) == 1
    assert lines("chair") == []
    records.approve(discussion_id=draft.pk, by=world.actor("police"), now=LATER)
    assert len(lines("chair")) == 1


def test_a_guest_writes_and_reads_in_their_own_case(world: World, case: Case) -> None:
    participant = add_participant(
        case,
        Capacity.ADVISER,
        agency=world.agencies["health"],
        name="Gil GP",
        email="gil@practice.example.org",
    )
    guest = guest_actor(participant, admit(participant, now=LATER))
    record = records.write_down(
        case_id=case.pk, by=guest, now=LATER,
        written=world.written(members=(world.people["chair"].pk,), others=(records.Other("Gil GP"),)),
    )  # fmt: skip
    assert record.agency == world.agencies["health"]
    assert get_discussion_or_404(guest, case.reference, record.uuid) == record
    records.approve(discussion_id=record.pk, by=guest, now=LATER)
    assert "police" in readers(world, case)


def test_those_who_were_there_are_told_once_and_read_nothing_about_a_child(world: World, case: Case) -> None:
    world.discussion(case, members=tuple(world.people[who].pk for who in ("police", "chair", "reviewer")))
    send_due(now=LATER)
    sent = Message.objects.filter(channel="email", outbox__kind="record_approved")
    assert {m.to_email.partition("@")[0] for m in sent} == {"chair", "reviewer"}
    for message in sent:
        assert "Q.X." not in message.subject + message.body
        assert "what each of us saw" not in message.body


@pytest.mark.parametrize(
    ("changes", "says", "field"),
    [
        ({"notes": "  "}, "Enter what was said", "notes"),
        ({"notes": "x" * 5001}, "What was said must be 5,000 characters or less", "notes"),
        ({"happened_at": LATER + dt.timedelta(hours=1)}, "must be in the past", "happened_at"),
        ({"members": ()}, "at least two people", "members"),
        ({"members": (0,)}, "from the list", "members"),
        ({"between": "both"}, "within your agency or between agencies", "between"),
        ({"how": "pigeon"}, "Select how you spoke", "how"),
    ],
)
def test_what_is_typed_wrong_is_said_at_its_field(
    world: World, case: Case, changes: dict[str, object], says: str, field: str
) -> None:
    with pytest.raises(Denied, match=says) as denied:
        world.discussion(case, **changes)
    assert (denied.value.field, denied.value.kind) == (field, Kind.NOT_NOW)
    assert not Discussion.objects.exists()


def test_a_person_of_another_partnership_takes_no_part_in_a_discussion(world: World, case: Case) -> None:
    stranger = World("camden").people["police"]
    with pytest.raises(Denied, match="from the list"):
        world.discussion(case, members=(world.people["police"].pk, stranger.pk))


def test_the_page_writes_a_draft_that_is_looked_at_and_then_approved(
    world: World, case: Case, open_as: Open, when: object  # noqa: F811
) -> None:  # fmt: skip
    page = open_as(world, "police", LATER)
    assert page.get("discussions", case.reference).status_code == 200
    assert "No discussion is written down yet" in page.text
    assert "Written more than a day later is marked" in page.text
    page.get("discussion-new", case.reference)
    answer = page.send(
        how="phone", between="agencies", notes="We spoke.", others="Una Manager, Police",
        agreed_1_what="Send the chronology", agreed_1_owner="Una", **when("happened_at", "2026-03-04", "09:00"),  # type: ignore[operator]
    )  # fmt: skip
    assert answer.status_code == 302, page.text
    page.follow()
    assert "this is a draft" in page.text and "Una Manager, Police" in page.text
    record = Discussion.objects.get()
    page.get("discussion-approve", case.reference, record.uuid)
    assert "cannot be changed afterwards" in page.text and "(SUS-12)" in page.text
    assert page.send().status_code == 302
    page.follow()
    assert "Correct this record" in page.text and "Approve and date it" not in page.text


def test_a_further_action_keeps_what_was_typed_and_saves_nothing(
    world: World, case: Case, open_as: Open  # noqa: F811
) -> None:  # fmt: skip
    page = open_as(world, "police", LATER)
    page.get("discussion-new", case.reference)
    assert "Action 2" not in page.text
    assert page.send(more="1", notes="Half a sen").status_code == 200
    assert "Action 2: what was agreed?" in page.text and "Half a sen" in page.text
    assert "There is a problem" not in page.text
    assert not Discussion.objects.exists()
    assert page.send(notes="Half a sentence").status_code == 422
    assert "Select how you spoke" in page.text and "Action 2" in page.text and "Half a sentence" in page.text


def test_an_action_without_its_owner_is_asked_for_it(
    world: World, case: Case, open_as: Open, when: object  # noqa: F811
) -> None:  # fmt: skip
    page = open_as(world, "police", LATER)
    page.get("discussion-new", case.reference)
    typed = {"how": "phone", "between": "agencies", "notes": "We spoke.", "others": "Una, Police"}
    page.send(
        **typed,
        rows="2",
        agreed_1_what="Send it",
        agreed_2_owner="Una",
        **when("happened_at", "2026-03-04", "09:00"),
    )  # type: ignore[operator]
    assert page.page.status_code == 422
    assert "Enter who does action 1" in page.text and "Enter what was agreed in action 2" in page.text


def test_a_draft_changed_in_two_windows_keeps_both_texts(world: World, case: Case, open_as: Open) -> None:  # noqa: F811
    draft = world.discussion(case, approved=False)
    page = open_as(world, "police", LATER)
    page.get("discussion-change", case.reference, draft.uuid)
    assert "what each of us saw" in page.text
    records.rewrite(
        discussion_id=draft.pk, by=world.actor("police"), written=world.written(notes="First."), now=LATER
    )
    assert page.send(notes="Second.").status_code == 409
    assert "Second." in page.text
    draft.refresh_from_db()
    assert draft.notes == "First."


def test_pages_of_filing_doing_and_ticking(world: World, case: Case, open_as: Open) -> None:  # noqa: F811
    record = world.discussion(case)
    page = open_as(world, "police", LATER)
    page.get("discussion", case.reference, record.uuid)
    assert "Not recorded as filed yet" in page.text and "Record whether it was done" in page.text
    page.get("discussion-filed", case.reference, record.uuid, case.children.get().uuid)
    assert page.send().status_code == 302
    page.get("agreed-action-done", case.reference, record.agreed_actions.get().uuid)
    assert page.send(done="yes", note="Sent by post.").status_code == 302
    page.follow()
    assert "Filed on Wednesday 4 March 2026" in page.text and "Done on Wednesday 4 March 2026" in page.text
    page.get("own-record", case.reference)
    assert page.send(kept_in="Crime records").status_code == 302
    page.follow()
    assert "own record made on Wednesday 4 March 2026 (Crime records)" in page.text


def test_a_correction_and_what_it_corrects_lead_to_each_other(
    world: World, case: Case, open_as: Open  # noqa: F811
) -> None:  # fmt: skip
    first = world.discussion(case)
    page = open_as(world, "police", LATER)
    page.get("discussion-correct", case.reference, first.uuid)
    assert "An approved record is not changed" in page.text
    assert page.send(reason="The day was wrong.", notes="It was Monday.").status_code == 302
    second = Discussion.objects.exclude(pk=first.pk).get()
    assert second.happened_at == ENDS
    records.approve(discussion_id=second.pk, by=world.actor("police"), now=LATER)
    page.get("discussion", case.reference, first.uuid)
    assert "was corrected by a later one" in page.text
    page.get("discussion", case.reference, second.uuid)
    assert "The day was wrong." in page.text and "the record as it was" in page.text
    page.get("case", case.reference)
    assert "Corrected" in page.text and "Correction" in page.text
