"""May this person say what a case teaches, or look after themes and summaries?"""

from cases.models import Case
from core.actor import Actor
from core.refusals import not_yours
from escalation.permissions import in_capacity
from learning import policies
from learning.states import DECIDERS
from partnerships.states import Role


def check_note(actor: Actor, case: Case) -> None:
    """Somebody with an account who decides the case, or stands at a step of its ladder, once it is decided."""
    if actor.kind != "person" or not in_capacity(actor, case, *DECIDERS):
        raise not_yours("Those who decide the case say what can be learnt from it.")
    policies.check_decided(case)


def check_keeper(actor: Actor, partnership_id: int) -> None:
    """The partnership admin looks after the list of themes and makes the summaries."""
    if (
        actor.kind != "person"
        or actor.role != Role.PARTNERSHIP_ADMIN
        or actor.partnership_id != partnership_id
    ):
        raise not_yours("The partnership admin looks after themes and summaries.")
