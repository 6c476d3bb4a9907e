"""May this person keep the log of complaints? The partnership's admin; the texts name nobody."""

import protocols
from complaints import policies
from complaints.models import Complaint
from core.actor import Actor
from core.refusals import not_yours
from partnerships.states import Role


def check_admin(actor: Actor) -> None:
    if actor.kind != "person" or actor.role != Role.PARTNERSHIP_ADMIN:
        raise not_yours("The partnership admin keeps the log of complaints.")


def check_record(actor: Actor, area: protocols.AreaProtocol) -> None:
    """Log a complaint, where the text has rules for it; elsewhere its signpost is the answer (AFC-4, SUS-18)."""
    check_admin(actor)
    policies.rules_of(area)


def _check_own(actor: Actor, complaint: Complaint) -> None:
    check_admin(actor)
    if actor.partnership_id != complaint.partnership_id:
        raise not_yours("This complaint is another partnership’s.")


def check_acknowledge(actor: Actor, complaint: Complaint) -> None:
    _check_own(actor, complaint)
    policies.check_acknowledge(complaint)


def check_tell(actor: Actor, complaint: Complaint) -> None:
    _check_own(actor, complaint)
    policies.check_open(complaint)


def check_decide(actor: Actor, complaint: Complaint) -> None:
    _check_own(actor, complaint)
    policies.check_decide(complaint)


def check_follow_up(actor: Actor, complaint: Complaint, area: protocols.AreaProtocol) -> None:
    _check_own(actor, complaint)
    policies.check_follow_up(complaint, area)


def check_withdraw(actor: Actor, complaint: Complaint) -> None:
    _check_own(actor, complaint)
    policies.check_undecided(complaint)


def check_close(actor: Actor, complaint: Complaint, area: protocols.AreaProtocol) -> None:
    _check_own(actor, complaint)
    policies.check_close(complaint, area)
