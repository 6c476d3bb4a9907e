"""Recording that someone was told, and that a decision was filed on a child's record."""

import datetime as dt
import uuid

import protocols
from cases.models import Case, Child
from core.actor import Actor
from core.clock import london_date
from core.moments import check_day_happened, check_happened, check_words
from core.refusals import Denied, changed
from records.models import Filing, Telling


def record_telling(
    case: Case,
    tell: protocols.Tell,
    *,
    by: Actor,
    now: dt.datetime,
    told_at: dt.datetime | None = None,
    how: str = "",
    withheld_reason: str = "",
) -> Telling:
    """Record that someone whom the protocol names was told, or withheld with a reason where it allows that (CAM-15).

    Called inside the transaction of an action that has checked the person.
    """
    if Telling.objects.filter(case=case, tell_id=tell.id).exists():
        raise changed("This was already recorded.")
    if withheld_reason.strip():
        if not tell.withhold_with_reason:
            raise Denied(
                "This protocol does not let this be withheld. Record when they were told.", rule=tell.rule
            )
        check_words(withheld_reason, 1500, "The reason", "withheld_reason")
        told_at, how = None, ""
    else:
        if told_at is None:
            raise Denied("Enter when they were told", rule=tell.rule, field="told_at")
        check_happened(told_at, now, "The time they were told", "told_at")
        if not how.strip():
            raise Denied("Enter how they were told", rule=tell.rule, field="how")
        check_words(how, 200, "How they were told", "how")
    return Telling.objects.create(
        partnership_id=case.partnership_id,
        case=case,
        tell_id=tell.id,
        told_at=told_at,
        how=how.strip(),
        withheld_reason=withheld_reason.strip(),
        recorded_at=now,
        recorded_by_id=by.member,
    )


def record_filing(
    case: Case, child_uuid: uuid.UUID, *, by: Actor, filed_on: dt.date, now: dt.datetime
) -> tuple[Filing, bool]:
    """Record that the decision was placed on one child's own record. Returns the filing and whether all are filed."""
    child = Child.objects.filter(case_children__case=case, uuid=child_uuid).first()
    if child is None:
        raise Denied("Select a child of this dissent", field="child")
    check_day_happened(filed_on, london_date(now), "The date of filing", "filed_on")
    if Filing.objects.filter(case=case, child=child).exists():
        raise changed(f"The filing for {child.initials} was already recorded.")
    filing = Filing.objects.create(
        partnership_id=case.partnership_id,
        case=case,
        child=child,
        filed_on=filed_on,
        recorded_at=now,
        recorded_by_id=by.member,
    )
    return filing, Filing.objects.filter(case=case).count() == case.children.count()
