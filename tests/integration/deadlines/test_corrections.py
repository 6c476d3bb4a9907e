"""A time that was recorded wrongly is corrected by whom it belongs to, with a reason; the history keeps both times."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from audit.selectors import verify
from cases.models import CaseEvent
from cases.selectors import facts_of
from core.refusals import Denied, Kind
from core.templatetags.pd import day_time
from deadlines.actions import sweep
from deadlines.models import Deadline, DeadlineEffect
from dissent import actions as dissents
from dissent.models import Dissent
from notifications.models import Outbox
from operations.selectors import impossible
from tests.builders import BEGINS, ENDS, LATER, SPOKEN, World, at

pytestmark = pytest.mark.django_db

REASON = "The clock in the room was wrong."
NEXT_DAY = at("2026-03-04", "12:30")  # the conference went on the next morning
NOW = at("2026-03-05", "10:00")


def correct(world: World, dissent: Dissent, ended_at: dt.datetime, who: str = "chair", **kw: Any) -> None:
    dissents.correct_conference_end(
        conference_id=dissent.conference_id, by=world.actor(who), ended_at=ended_at,
        **{"reason": REASON, "now": NOW, **kw},
    )  # fmt: skip


def decision(dissent: Dissent) -> Deadline:
    return Deadline.objects.get(case=dissent.case, clock_id="decision")


def day_of(deadline: Deadline) -> dt.date:
    assert deadline.due_at is not None
    return deadline.due_at.date()


@pytest.mark.parametrize("who", ["chair", "minutes"])
def test_the_end_of_a_conference_is_corrected_and_what_counts_from_it_is_counted_anew(who: str) -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    before = decision(dissent)
    assert day_of(before) == dt.date(2026, 3, 17)
    correct(world, dissent, NEXT_DAY, who)
    after = decision(dissent)
    assert (day_of(after), after.anchored_at) == (dt.date(2026, 3, 18), NEXT_DAY)
    old, new = CaseEvent.objects.filter(case=dissent.case, name="conference_ended").order_by("pk")
    assert (new.corrects, new.reason, new.recorded_by) == (old, REASON, world.people[who])
    assert (old.happened_at, new.happened_at) == (ENDS, NEXT_DAY)
    assert facts_of(dissent.case)["conference_ended"] == NEXT_DAY
    dissent.case.refresh_from_db()
    assert dissent.case.next_due_at == after.due_at
    event = AuditEvent.objects.get(type="clock.corrected", case_id=dissent.case_id)
    assert (event.detail["was_due"][:10], event.detail["due"][:10]) == ("2026-03-17", "2026-03-18")
    ended = AuditEvent.objects.get(type="conference.end_corrected")
    assert (ended.detail["was"], ended.detail["at"]) == (ENDS.isoformat(), NEXT_DAY.isoformat())
    assert set(Outbox.objects.filter(kind="clock_corrected").values_list("seat", flat=True)) == {
        "slot:reviewer"
    }
    assert Outbox.objects.get(kind="time_corrected").seat == "slot:reviewer"
    plan = DeadlineEffect.objects.filter(deadline=after, fired_at__isnull=True, voided_at__isnull=True)
    assert plan.get(kind="breach").fire_at == after.due_at + dt.timedelta(seconds=1)  # type: ignore[operator]
    assert verify(world.partnership.pk) is None
    assert [one.name for one in impossible(NOW) if one.name != "message_stuck"] == []


def test_a_date_that_had_passed_by_the_wrong_time_only_is_not_late_any_longer() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    late = at("2026-03-18", "10:00")
    sweep(now=late, wake=False)
    assert decision(dissent).breached_at is not None
    correct(world, dissent, NEXT_DAY, now=late)
    assert decision(dissent).breached_at is None
    dissent.case.refresh_from_db()
    assert not dissent.case.overdue


def test_a_clock_that_was_met_late_by_the_wrong_time_only_was_met_in_time() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    answered = at("2026-03-18", "09:00")
    world.answer(dissent, "not_upheld", now=answered, late_reason="Snow.")
    assert decision(dissent).breached_at is not None
    correct(world, dissent, NEXT_DAY, now=answered)
    row = decision(dissent)
    assert (row.state, row.breached_at, row.ended_at) == ("met", None, answered)


@pytest.mark.parametrize("who", ["reviewer", "police", "admin", "other_chair"])
def test_nobody_else_corrects_when_it_ended(who: str) -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    with pytest.raises(Denied) as refused:
        correct(world, dissent, NEXT_DAY, who)
    assert refused.value.kind is Kind.NOT_YOURS


@pytest.mark.parametrize(
    ("ended_at", "changes", "words"),
    [
        (NOW + dt.timedelta(hours=1), {}, "must be in the past"),
        (BEGINS - dt.timedelta(hours=1), {}, "must be after the start"),
        (ENDS, {}, "recorded already"),
        (NEXT_DAY, {"reason": "  "}, "Enter why the time is corrected"),
    ],
)
def test_a_time_to_come_one_before_the_start_and_one_without_a_reason_are_refused(
    ended_at: dt.datetime, changes: dict[str, str], words: str
) -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    with pytest.raises(Denied, match=words):
        correct(world, dissent, ended_at, **changes)
    assert CaseEvent.objects.filter(case=dissent.case, name="conference_ended").count() == 1


def test_AFC_14_an_end_before_a_dissent_that_was_taken_is_refused() -> None:
    world = World("kingston-richmond")
    dissent = world.dissent_at("awaiting_view")
    with pytest.raises(Denied, match="would come too late") as refused:
        correct(world, dissent, SPOKEN - dt.timedelta(minutes=5))
    assert refused.value.rule == "AFC-14"


def test_AFC_18_the_receipt_of_the_written_view_is_corrected_by_the_reviewing_manager() -> None:
    world = World("kingston-richmond")
    dissent = world.dissent_at("awaiting_view")
    world.send_view(dissent, now=at("2026-03-11", "10:00"))  # a day late: it was due on the 10th
    dissent = world.fresh(dissent)
    assert dissent.written_view.late
    came = at("2026-03-10", "16:00")
    given = {
        "dissent_id": dissent.pk,
        "received_at": came,
        "reason": "It lay in the post room.",
        "now": at("2026-03-12"),
    }
    for who in ("chair", "police", "admin"):
        with pytest.raises(Denied) as refused:
            dissents.correct_receipt(by=world.actor(who), **given)
        assert refused.value.kind is Kind.NOT_YOURS
    dissents.correct_receipt(by=world.actor("reviewer"), **given)
    view = world.fresh(dissent).written_view
    assert (view.received_at, view.late) == (came, False)
    clock = Deadline.objects.get(case=dissent.case, clock_id="written_view")
    assert (clock.ended_at, clock.breached_at) == (came, None)
    review = Deadline.objects.get(case=dissent.case, purpose="decide", state="open")
    assert (review.anchored_at, day_of(review)) == (came, dt.date(2026, 3, 24))
    assert AuditEvent.objects.get(type="dissent.receipt_corrected").detail["late"] is False
    with pytest.raises(Denied, match="must be after the dissent"):
        dissents.correct_receipt(by=world.actor("reviewer"), **given | {"received_at": BEGINS})


def test_both_pages_show_what_stands_say_what_is_wrong_and_lead_back() -> None:
    world = World("kingston-richmond")
    dissent = world.dissent_at("under_review")
    chair, reviewer = Client(), Client()
    chair.force_login(world.people["chair"].user)
    reviewer.force_login(world.people["reviewer"].user)
    url = f"/conferences/{dissent.conference.reference}/ended/correct/"
    assert 'value="12:00"' in chair.get(url).content.decode()
    assert url in chair.get(f"/conferences/{dissent.conference.reference}/ended/").content.decode()
    fields = {
        "token": str(uuid.uuid4()), "ended_at_day": "3", "ended_at_month": "3", "ended_at_year": "2026",
        "ended_at_time": "12:20",
    }  # fmt: skip
    refused = chair.post(url, fields)
    assert refused.status_code == 422
    assert "Enter why the time is corrected" in refused.content.decode()
    assert 'value="12:20"' in refused.content.decode()
    done = chair.post(url, fields | {"reason": REASON}, follow=True)
    assert "The time is corrected." in done.content.decode()
    case = f"/cases/{dissent.case.reference}/"
    receipt = f"{case}written-view/received/"
    assert receipt in reviewer.get(case).content.decode()
    fields = {
        "token": str(uuid.uuid4()), "received_at_day": "3", "received_at_month": "3", "received_at_year": "2026",
        "received_at_time": "17:00", "reason": "It came by post.",
    }  # fmt: skip
    assert "The time is corrected." in reviewer.post(receipt, fields, follow=True).content.decode()
    history = reviewer.get(f"{case}history/").content.decode()
    assert "Corrected when the written view was received: on" in history
    assert LATER.date() != ENDS.date()


def page_of(world: World, dissent: Dissent, who: str) -> str:
    client = Client()
    client.force_login(world.people[who].user)
    return client.get(f"/cases/{dissent.case.reference}/").content.decode()


def test_the_case_says_beside_the_date_that_its_time_was_corrected_and_why() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    assert "corrected time" not in page_of(world, dissent, "reviewer")
    correct(world, dissent, NEXT_DAY)
    for who in ("chair", "reviewer", "police"):
        page = page_of(world, dissent, who)
        assert f"Counted from a corrected time: {day_time(NEXT_DAY)}." in page
        assert f"Recorded before as {day_time(ENDS)}." in page
        assert f"Why it was corrected: {REASON}" in page


def test_the_case_says_beside_a_date_that_it_was_processed_late() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    due = decision(dissent).due_at
    assert due is not None
    sweep(now=due + dt.timedelta(minutes=50), wake=False)
    assert "Processed late" not in page_of(world, dissent, "chair")
    Deadline.objects.filter(pk=decision(dissent).pk).update(breach_detected_at=due + dt.timedelta(hours=30))
    assert "Processed late: this service noted on" in page_of(world, dissent, "chair")
