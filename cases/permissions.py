"""May this person invite a guest to this case?"""

from cases import policies
from cases.models import Case, Invitation, Participant
from cases.selectors import is_in
from cases.states import INVITERS
from core.actor import Actor
from core.refusals import Denied, not_yours
from partnerships.states import Role


def check_holds(actor: Actor, case: Case) -> None:
    """Those of the partnership who hold the case or a step of it, and the partnership admin."""
    admin = actor.role == Role.PARTNERSHIP_ADMIN and actor.partnership_id == case.partnership_id
    if actor.kind != "person" or not (admin or is_in(actor, case, *INVITERS)):
        raise not_yours(
            "A guest is invited by those who hold the case: its chair’s side, its reviewer, the admin."
        )


def check_invite(actor: Actor, case: Case, participant: Participant) -> None:
    check_holds(actor, case)
    if actor.practice:
        raise Denied("This is practice: nobody outside the service is written to, so nobody is invited.")
    policies.check_may_be_guest(case, participant)


def check_withdraw(actor: Actor, case: Case, invitation: Invitation) -> None:
    check_holds(actor, case)
    policies.check_in_force(invitation)


def check_keeps_filters(actor: Actor) -> None:
    """Views of the list are kept by people with an account; a guest has one case and no list."""
    if actor.kind != "person" or actor.membership_id is None:
        raise not_yours("Lists are for people with an account of this service.")
