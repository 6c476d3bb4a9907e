"""Writing an audit event: always the last write of an action, because it locks the partnership's chain."""

import datetime as dt
import hashlib
import json
from typing import Any

from django.db import transaction

from audit.models import AuditEvent, AuditHead
from audit.selectors import SENTENCES
from core.actor import Actor

# What a detail may hold: states, dates, ids, rule and outcome codes. Never names, never free text.
DETAIL_KEYS = frozenset(
    {
        "from", "to", "outcome", "means", "tier", "due", "was_due", "at", "event", "clock", "rule", "late",
        "attendance", "conference_child", "decision", "basis", "phase", "view", "step", "material", "count",
        "seat", "slot", "membership", "kind", "how", "safeguard", "different_chair", "conference", "child",
        "attempt", "withheld", "version", "agency", "deadline", "skipped", "date", "missing", "quorate", "tell",
    }
)  # fmt: skip


def canonical(event: AuditEvent) -> str:
    """The text that the chain's hash covers: every column but the hash itself, in one fixed form."""
    return json.dumps(
        [
            event.prev_hash, event.partnership_id, event.seq, event.at.astimezone(dt.UTC).isoformat(),
            event.actor_kind, event.user_id, event.membership_id, event.acting_for_id, event.role,
            event.agency_id, event.type, event.object_type, event.object_id, event.object_ref, event.case_id,
            event.outcome, event.rule, event.request_id, event.detail,
        ],
        sort_keys=True, separators=(",", ":"), ensure_ascii=True,
    )  # fmt: skip


def link_hash(event: AuditEvent) -> str:
    return hashlib.sha256(canonical(event).encode()).hexdigest()


@transaction.atomic
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
    if type_ not in SENTENCES:
        raise ValueError(f"audit event type {type_!r} has no sentence")
    detail = detail or {}
    if unknown := set(detail) - DETAIL_KEYS:
        raise ValueError(f"audit detail keys not allowed: {sorted(unknown)}")
    tenant = partnership_id if partnership_id is not None else (by.partnership_id or 0)
    AuditHead.objects.get_or_create(partnership_id=tenant)
    head = AuditHead.objects.select_for_update().get(partnership_id=tenant)
    event = AuditEvent(
        partnership_id=tenant,
        seq=head.seq + 1,
        at=now,
        actor_kind=by.kind,
        user_id=by.user_id,
        membership_id=by.membership_id,
        acting_for_id=acting_for,
        role=by.role,
        agency_id=by.agency_id,
        type=type_,
        object_type=object_type,
        object_id=object_id,
        object_ref=object_ref,
        case_id=case_id,
        outcome=outcome,
        rule=rule,
        request_id=by.request_id,
        detail=detail,
        prev_hash=head.hash,
    )
    event.hash = link_hash(event)
    event.save(force_insert=True)
    head.seq, head.hash = event.seq, event.hash
    head.save(update_fields=["seq", "hash"])
    return event
