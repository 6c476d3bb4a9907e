"""Who may see and publish figures: the partnership admin, of their own partnership."""

from core.actor import Actor
from core.refusals import not_yours
from partnerships.states import Role


def check_figures(actor: Actor) -> None:
    """Figures are the partnership admin's: others get them as published."""
    if actor.kind != "person" or actor.role != Role.PARTNERSHIP_ADMIN:
        raise not_yours("The partnership admin looks after the figures, and publishes them.")
    if actor.practice:
        raise not_yours("Practice is not counted: there are no figures of it.")
