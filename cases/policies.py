"""May it be done to this invitation now? Nothing about who asks."""

from cases.models import Case, Invitation, Participant
from cases.states import Kind
from core.refusals import Denied


def check_case_open(case: Case) -> None:
    if case.closed_at is not None:
        raise Denied("This case is closed. Nobody can be invited to it any more.")


def check_may_be_guest(case: Case, participant: Participant) -> None:
    """A professional without an account, in a difference that is open. Never a parent: a complaint has no guests."""
    if participant.membership_id is not None or participant.slot_id is not None:
        raise Denied("This person signs in with their own account.")
    if case.kind == Kind.COMPLAINT:
        raise Denied("Guests are professionals who take part in a difference. A complaint has none.")
    if participant.agency_id is None:
        raise Denied("A guest works for an agency. Nobody is invited without one.")
    check_case_open(case)


def check_in_force(invitation: Invitation) -> None:
    if invitation.withdrawn_at is not None:
        raise Denied("This invitation was taken back already.")
    check_case_open(invitation.case)


FILTERS = 12  # views of the list that one person keeps


def check_filter(name: str, query: str, *, kept: int) -> None:
    if not name:
        raise Denied("Enter a name for this view", field="name")
    if not query:
        raise Denied("Choose what the list is to show before you save it as a view")
    if kept >= FILTERS:
        raise Denied(f"You keep {FILTERS} views, which is as many as fit. Remove one first")
