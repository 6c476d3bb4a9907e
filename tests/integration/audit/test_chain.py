"""The record of who did what: whole, and every way of changing it found."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from audit.actions import write
from audit.models import AuditEvent, AuditHead
from audit.selectors import chains, verify
from core.actor import Actor
from tests.builders import LATER

pytestmark = pytest.mark.django_db

SOMEBODY = Actor(kind="person", partnership_id=7, user_id=1, membership_id=2, agency_id=3, role="chair")


@pytest.fixture
def chain() -> int:
    for number in range(5):
        write(
            "conference.started", by=SOMEBODY, now=LATER, object_type="conference", object_id=number,
            detail={"at": LATER.isoformat(), "count": number},
        )  # fmt: skip
    return 7


def tamper(sql: str, *values: Any) -> None:
    """As an operator could who turns the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(sql, values)
        assert cursor.rowcount == 1
        cursor.execute("set session_replication_role = default")


def test_a_chain_that_nobody_touched_is_whole(chain: int) -> None:
    assert verify(chain) is None
    assert verify(12345) is None
    assert chain in chains()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "2026-01-01T00:00:00+00:00"), ("actor_kind", "clock"), ("user_id", 9), ("membership_id", None),
        ("acting_for_id", 4), ("role", "admin"), ("agency_id", 9), ("type", "conference.ended"), ("object_type", "case"),
        ("object_id", 99), ("object_ref", "CF-2345-67"), ("case_id", 5), ("outcome", "refused"), ("rule", "SUS-27"),
        ("request_id", "abc"), ("detail", '{"count": 4}'), ("prev_hash", "0" * 64), ("hash", "0" * 64),
    ],
)  # fmt: skip
def test_a_changed_column_is_found_at_its_event(chain: int, column: str, value: object) -> None:
    tamper(f"update audit_auditevent set {column} = %s where partnership_id = 7 and seq = 3", value)  # noqa: S608
    assert verify(chain) == 3


@pytest.mark.parametrize("seq", range(1, 6))
def test_an_event_that_was_taken_out_is_found(chain: int, seq: int) -> None:
    tamper("delete from audit_auditevent where partnership_id = 7 and seq = %s", seq)
    assert verify(chain) == seq


def test_an_event_moved_to_another_partnership_is_missed_here_and_found_there(chain: int) -> None:
    tamper("update audit_auditevent set partnership_id = 8 where partnership_id = 7 and seq = 5")
    assert (verify(chain), verify(8)) == (5, 1)
    assert 8 in chains()


def test_a_head_that_was_set_back_is_found(chain: int) -> None:
    AuditHead.objects.filter(pk=7).update(seq=4)
    assert verify(chain) == 5


def test_an_event_added_beside_the_head_is_found(chain: int) -> None:
    last = AuditEvent.objects.get(partnership_id=7, seq=5)
    last.pk, last.seq = None, 6
    last.save(force_insert=True)
    assert verify(chain) == 6


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_the_database_itself_refuses_to_change_an_event(chain: int, verb: str) -> None:
    rows = AuditEvent.objects.filter(partnership_id=7)
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        if verb == "update":
            rows.update(role="admin")
        else:
            rows.delete()


def test_the_command_says_that_all_is_whole_or_which_event_is_not(chain: int) -> None:
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert "whole" in out.getvalue()
    tamper("update audit_auditevent set rule = 'CAM-2' where partnership_id = 7 and seq = 2")
    with pytest.raises(CommandError, match="Partnership 7: event 2 was changed or is missing"):
        call_command("verify_audit")
    call_command("verify_audit", "8", stdout=out)


@pytest.mark.parametrize(
    ("type_", "detail", "why"),
    [("conference.dreamt", {}, "no sentence"), ("conference.ended", {"name": "Q."}, "not allowed")],
)
def test_only_known_events_with_known_details_are_written(
    type_: str, detail: dict[str, str], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        write(type_, by=SOMEBODY, now=LATER, object_type="conference", object_id=1, detail=detail)
    assert not AuditEvent.objects.exists()
