"""Opening a case, naming its participants, leaving facts on it, and writing where it stands."""

import datetime as dt

from django.db import IntegrityError, transaction

from cases.models import Case, CaseChild, CaseEvent, Child, Participant
from cases.states import FINAL, Capacity, Stage
from core.actor import Actor
from core.clock import london_date
from core.references import CASE, new_reference
from core.refusals import Denied
from partnerships.actions import add_guest
from partnerships.models import Agency, Membership, ProtocolVersion, Slot


@transaction.atomic
def open_case(
    *,
    partnership_id: int,
    kind: str,
    protocol_version: ProtocolVersion,
    agency: Agency,
    children: list[Child],
    stage: str,
    held_by: str,
    now: dt.datetime,
) -> Case:
    """Open a case with a fresh reference and the children it is about."""
    for _ in range(8):
        try:
            with transaction.atomic():
                case = Case.objects.create(
                    partnership_id=partnership_id,
                    reference=new_reference(CASE),
                    kind=kind,
                    protocol_version=protocol_version,
                    agency=agency,
                    stage=stage,
                    held_by=held_by,
                    opened_at=now,
                )
            break
        except IntegrityError:
            continue
    else:
        raise RuntimeError("no free reference was found in eight tries")
    CaseChild.objects.bulk_create(
        CaseChild(partnership_id=partnership_id, case=case, child=child) for child in children
    )
    return case


def add_participant(
    case: Case,
    capacity: Capacity,
    *,
    membership: Membership | None = None,
    slot: Slot | None = None,
    agency: Agency | None = None,
    name: str = "",
    email: str = "",
) -> Participant:
    """Say what someone is in a case; saying it twice changes nothing."""
    if membership is None and slot is None:
        return Participant.objects.create(
            partnership_id=case.partnership_id,
            case=case,
            capacity=capacity,
            agency=agency,
            name=name,
            email=email,
        )
    participant, _ = Participant.objects.get_or_create(
        case=case,
        capacity=capacity,
        membership=membership,
        slot=slot,
        defaults={
            "partnership_id": case.partnership_id,
            "agency": agency or (membership.agency if membership else None),
        },
    )
    return participant


def correct_participant_address(*, partnership_id: int, was: str, email: str) -> int:
    """Correct the address of somebody without an account wherever they take part. Returns how many rows.

    Called inside the transaction of an action.
    """
    return Participant.objects.filter(
        partnership_id=partnership_id, membership__isnull=True, slot__isnull=True, email__iexact=was
    ).update(email=email)


def admit(participant: Participant, *, now: dt.datetime) -> Membership:
    """The membership in which a participant without an account acts as a guest; made the first time.

    Raises Denied for a participant who has an account, or who was named without an address or an agency.
    """
    if participant.membership_id is not None or participant.slot_id is not None:
        raise Denied("This person signs in with their own account.")
    if not participant.email or participant.agency is None:
        raise Denied("A guest needs an email address and an agency. Enter both first", field="email")
    return add_guest(
        agency=participant.agency, email=participant.email, name=participant.name, starts_on=london_date(now)
    )


def leave_fact(case: Case, name: str, *, at: dt.datetime, by: Actor, now: dt.datetime) -> CaseEvent:
    """Leave a named fact on a case. Callers use `deadlines.actions.happened`, which also runs the clocks."""
    return CaseEvent.objects.create(
        partnership_id=case.partnership_id,
        case=case,
        name=name,
        happened_at=at,
        recorded_at=now,
        recorded_by_id=by.membership_id,
    )


def stand(
    case: Case, *, stage: Stage, held_by: str, now: dt.datetime, outcome_label: str | None = None
) -> None:
    """Write where the case stands: its status word, who holds it, and, when it is over, since when."""
    case.stage = stage
    case.held_by = held_by
    case.version += 1
    if outcome_label is not None:
        case.outcome_label = outcome_label
    if stage in FINAL:
        case.closed_at = case.closed_at or now
    case.save(update_fields=["stage", "held_by", "version", "outcome_label", "closed_at"])
