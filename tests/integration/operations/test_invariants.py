"""Each thing that should be impossible is made by force, and found; what is as it should be is not."""

import datetime as dt
import uuid
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F

from cases.models import Case
from core.actor import operator_actor
from deadlines.actions import sweep
from deadlines.models import Deadline, DeadlineEffect
from dissent.models import Dissent
from notifications.actions import raise_fence, send_due
from notifications.models import Message, Outbox
from operations.actions import look
from operations.models import Look
from operations.selectors import INVARIANTS, impossible
from tests.builders import FIVE, World, at

pytestmark = pytest.mark.django_db

NOW = at("2026-03-10", "12:00")


def one_case() -> Dissent:
    """Under review, swept and sent until now."""
    dissent = World("camden").dissent_at("under_review")
    sweep(now=NOW, wake=False)
    send_due(now=NOW)
    return dissent


def names(now: dt.datetime = NOW) -> list[str]:
    return [one.name for one in impossible(now)]


@pytest.mark.parametrize("slug", FIVE)
@pytest.mark.parametrize("state", ["recorded", "under_review", "closed", "withdrawn"])
def test_what_people_and_the_clock_do_is_possible(slug: str, state: str) -> None:
    world = World(slug)
    if state in ("under_review", "closed") and world.area.review is None:
        state = "on_ladder"
    world.dissent_at(state)
    for moment in (NOW, at("2026-03-18", "12:00"), at("2026-06-01", "12:00")):
        sweep(now=moment, wake=False)
        send_due(now=moment)
        assert impossible(moment) == []


def clocks(dissent: Dissent) -> "Callable[..., int]":
    return Deadline.objects.filter(case=dissent.case, state="open").update


def _no_clock(d: Dissent) -> None:
    DeadlineEffect.objects.filter(case=d.case, fired_at__isnull=True).update(voided_at=NOW)
    Case.objects.update(next_due_at=None)
    clocks(d)(state="cancelled", ended_at=NOW)


def _closed(d: Dissent) -> None:
    Case.objects.filter(pk=d.case_id).update(stage="closed", closed_at=NOW)


def _message(d: Dissent, **fields: Any) -> None:
    given: dict[str, Any] = {
        "partnership_id": d.partnership_id, "case_id": d.case_id, "seat": "slot:reviewer", "kind": "told",
        "dedupe_key": "forced", "not_before": NOW, "created_at": NOW, **fields,
    }  # fmt: skip
    Outbox.objects.create(**given)


def _email(d: Dissent, **fields: Any) -> None:
    _message(d, state="sending")
    long_ago = NOW - TWO_HOURS
    Message.objects.create(
        partnership_id=d.partnership_id, case_id=d.case_id, outbox=Outbox.objects.get(dedupe_key="forced"),
        to_email="somebody@camden.example.org", channel="email", created_at=long_ago, meant_for=long_ago,
        not_before=long_ago, **fields,
    )  # fmt: skip


def _message_of_closed(d: Dissent) -> None:
    _no_clock(d)
    _closed(d)
    _message(d, about="deadline:1")


TWO_HOURS = dt.timedelta(hours=2)
FORCED: dict[str, Callable[[Dissent], object]] = {
    "review_without_clock": _no_clock,
    "clock_of_closed_case": _closed,
    "effect_not_fired": lambda d: DeadlineEffect.objects.filter(case=d.case, kind="due").update(
        fire_at=NOW - TWO_HOURS
    ),
    "effect_parked_again": lambda d: DeadlineEffect.objects.filter(case=d.case, kind="due").update(
        attempts=3
    ),
    "effect_of_ended_clock": lambda d: (
        Case.objects.update(stage="decided", next_due_at=None),
        clocks(d)(state="met", ended_at=NOW),
    ),
    "passed_not_marked": lambda d: (
        clocks(d)(due_at=NOW - TWO_HOURS),
        Case.objects.update(next_due_at=NOW - TWO_HOURS),
    ),
    "clock_without_mark": lambda d: DeadlineEffect.objects.filter(case=d.case, kind="breach").update(
        voided_at=NOW
    ),
    "case_shows_other_date": lambda d: Case.objects.update(next_due_at=F("next_due_at") + TWO_HOURS),
    "clock_message_of_closed_case": _message_of_closed,
    "message_stuck": lambda d: _message(d, not_before=NOW - TWO_HOURS, created_at=NOW - TWO_HOURS),
    "email_stuck": lambda d: _email(d, state="waiting"),
    "lease_left": lambda d: _email(
        d, state="sending", lease_until=NOW - TWO_HOURS, lease_token=uuid.uuid4(), attempts=1
    ),
}


def test_every_invariant_is_forced_once() -> None:
    assert set(FORCED) == {one.name for one in INVARIANTS}


@pytest.mark.parametrize("name", list(FORCED))
def test_what_should_be_impossible_is_found_and_nothing_else(name: str) -> None:
    dissent = one_case()
    assert names() == []
    FORCED[name](dissent)
    found = impossible(NOW)
    assert [one.name for one in found] == [name]
    assert found[0].references == [dissent.case.reference]
    assert found[0].partnerships == [dissent.partnership_id]


def test_a_changed_history_is_found() -> None:
    dissent = one_case()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE audit_auditevent SET rule = 'X' WHERE seq = 2")
        cursor.execute("SET session_replication_role = default")
    assert [(one.name, one.partnerships) for one in impossible(NOW)] == [
        ("history_changed", [dissent.partnership_id])
    ]


def test_behind_a_fence_it_is_no_finding_that_messages_wait() -> None:
    dissent = one_case()
    FORCED["message_stuck"](dissent)
    raise_fence(dump_at=NOW, by=operator_actor(), now=NOW)
    assert names() == []


def test_the_look_is_kept_and_said_aloud(caplog: pytest.LogCaptureFixture) -> None:
    dissent = one_case()
    FORCED["clock_without_mark"](dissent)
    look(now=NOW)
    kept = Look.objects.get()
    assert kept.kinds == [
        {"name": "clock_without_mark", "count": 1, "partnerships": [dissent.partnership_id]}
    ]
    assert "clock_without_mark" in caplog.text


def test_the_command_names_the_cases_and_fails() -> None:
    said = StringIO()
    call_command("invariants", stdout=said)
    assert said.getvalue() == "Nothing that should be impossible was found.\n"
    dissent = World("camden").dissent_at("under_review")  # and no sweep has fired what is long past
    with pytest.raises(CommandError, match="should be impossible"):
        call_command("invariants", stdout=said)
    assert dissent.case.reference in said.getvalue()
    assert "Q.X." not in said.getvalue()
