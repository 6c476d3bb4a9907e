"""Writing an audit event: always the last write of an action, because it locks the partnership's chain."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from audit.models import AuditEvent, AuditHead
from audit.selectors import SENTENCES, link_hash
from core.actor import Actor

# What a detail may hold: states, dates, ids, rule and outcome codes. Never names, never free text.
DETAIL_KEYS = frozenset(
    {
        "from", "to", "was", "outcome", "means", "tier", "due", "was_due", "at", "event", "clock", "rule", "late",
        "attendance", "conference_child", "decision", "basis", "phase", "view", "step", "material", "count",
        "seat", "slot", "membership", "kind", "how", "safeguard", "different_chair", "conference", "child",
        "attempt", "withheld", "version", "agency", "deadline", "skipped", "date", "missing", "quorate", "tell",
    }
)  # fmt: skip


# The links and the head that they lead to, in one statement: a chain is never seen with one and without the other.
APPEND = """
WITH written AS (
    INSERT INTO audit_auditevent
        (partnership_id, seq, at, actor_kind, user_id, membership_id, acting_for_id, role, agency_id, type, object_type,
         object_id, object_ref, case_id, outcome, rule, request_id, detail, prev_hash, hash)
    SELECT partnership_id, seq, at, actor_kind, user_id, membership_id, acting_for_id, role, agency_id, type, object_type,
           object_id, object_ref, case_id, outcome, rule, request_id, detail, prev_hash, hash
      FROM jsonb_populate_recordset(NULL::audit_auditevent, %(rows)s::jsonb)
     ORDER BY seq
    RETURNING id, seq
), head AS (
    UPDATE audit_audithead SET seq = %(seq)s, hash = %(hash)s WHERE partnership_id = %(tenant)s
)
SELECT id FROM written ORDER BY seq
"""
COLUMNS = tuple(field.attname for field in AuditEvent._meta.concrete_fields if not field.primary_key)


@dataclass(frozen=True, slots=True)
class Event:
    """What is written of one thing that happened; who, when and in which chain are said once for several."""

    type: str
    object_type: str
    object_id: int
    object_ref: str = ""
    case_id: int | None = None
    rule: str = ""
    outcome: str = "ok"
    acting_for: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def write(
    type_: str,
    *,
    by: Actor,
    now: dt.datetime,
    object_type: str,
    object_id: int,
    object_ref: str = "",
    case_id: int | None = None,
    rule: str = "",
    outcome: str = "ok",
    acting_for: int | None = None,
    partnership_id: int | None = None,
    detail: dict[str, Any] | None = None,
) -> AuditEvent:
    """Add one event to the partnership's chain.

    Raises ValueError for a type without a sentence or a detail key that is not on the allow-list.
    """
    event = Event(type_, object_type, object_id, object_ref, case_id, rule, outcome, acting_for, detail or {})
    return write_all([event], by=by, now=now, partnership_id=partnership_id)[0]


def write_all(
    events: Sequence[Event], *, by: Actor, now: dt.datetime, partnership_id: int | None = None
) -> list[AuditEvent]:
    """Add several events to one partnership's chain, which is locked once for all of them. Raises as `write` does."""
    for one in events:
        if one.type not in SENTENCES:
            raise ValueError(f"audit event type {one.type!r} has no sentence")
        if unknown := set(one.detail) - DETAIL_KEYS:
            raise ValueError(f"audit detail keys not allowed: {sorted(unknown)}")
    tenant = partnership_id if partnership_id is not None else (by.partnership_id or 0)
    return _append(events, tenant, by, now)


@transaction.atomic(savepoint=False)  # the caller's own transaction: no part of it is undone alone
def _append(events: Sequence[Event], tenant: int, by: Actor, now: dt.datetime) -> list[AuditEvent]:
    heads = AuditHead.objects.select_for_update().filter(partnership_id=tenant)
    head = heads.first()
    if head is None:
        AuditHead.objects.get_or_create(partnership_id=tenant)
        head = heads.get()
    written: list[AuditEvent] = []
    for one in events:
        event = AuditEvent(
            partnership_id=tenant,
            seq=head.seq + 1,
            at=now,
            actor_kind=by.kind,
            user_id=by.user_id,
            membership_id=by.membership_id,
            acting_for_id=one.acting_for,
            role=by.role,
            agency_id=by.agency_id,
            type=one.type,
            object_type=one.object_type,
            object_id=one.object_id,
            object_ref=one.object_ref,
            case_id=one.case_id,
            outcome=one.outcome,
            rule=one.rule,
            request_id=by.request_id,
            detail=one.detail,
            prev_hash=head.hash,
        )
        event.hash = link_hash(event)
        head.seq, head.hash = event.seq, event.hash
        written.append(event)
    rows = [
        {name: getattr(event, name) for name in COLUMNS} | {"at": event.at.isoformat()} for event in written
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            APPEND,
            {
                "rows": json.dumps(rows),
                "tenant": tenant,
                "seq": head.seq,
                "hash": head.hash,
            },
        )
        for event, (pk,) in zip(written, cursor.fetchall(), strict=True):
            event.pk = pk
    return written
