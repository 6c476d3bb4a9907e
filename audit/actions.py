"""Writing an audit event: always the last write of an action, because it locks the partnership's chain."""

import datetime as dt
from typing import Any

from django.db import transaction

from audit.models import AuditEvent, AuditHead
from audit.selectors import SENTENCES, link_hash
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
