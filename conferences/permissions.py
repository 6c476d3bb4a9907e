"""May this person do it to this conference? Each check ends by asking the policy about the conference itself."""

import protocols
from conferences import policies
from conferences.models import Attendance, Conference, ConferenceChild
from core.actor import Actor
from core.refusals import Denied, not_yours
from partnerships.states import RECORDERS, Role


def check_book(actor: Actor) -> None:
    """Chairs, minute takers and the partnership admin set up conferences."""
    if actor.role not in (*RECORDERS, Role.PARTNERSHIP_ADMIN):
        raise not_yours("Conferences are set up by chairs, minute takers and the partnership admin.")


def is_recorder(actor: Actor, conference: Conference) -> bool:
    """Whether this person keeps the record: the chair of this conference, or the chair's delegate."""
    if actor.membership_id is None or actor.partnership_id != conference.partnership_id:
        return False
    return (actor.role == Role.CHAIR and conference.chair_id == actor.membership_id) or (
        actor.role == Role.MINUTE_TAKER and conference.minute_taker_id == actor.membership_id
    )


def _check_recorder(actor: Actor, conference: Conference, area: protocols.AreaProtocol) -> None:
    if not is_recorder(actor, conference):
        keeper = area.dissent.recorded_by
        rule = keeper.rule if keeper else ""
        raise not_yours(
            f"Only the chair of this {area.word('conference')} or its minute taker keeps its record.", rule
        )


def is_chair(actor: Actor, conference: Conference) -> bool:
    """Whether this person chairs this conference; the decision is theirs alone to enter."""
    return (
        actor.membership_id is not None
        and actor.role == Role.CHAIR
        and conference.chair_id == actor.membership_id
    )


def _check_chair(actor: Actor, conference: Conference, area: protocols.AreaProtocol) -> None:
    if not is_chair(actor, conference):
        basis = area.conference.basis("chair")
        raise not_yours(
            f"The decision is entered by the chair of this {area.word('conference')}.",
            basis.rule if basis else "",
        )


def check_open_stage(actor: Actor, conference: Conference, area: protocols.AreaProtocol) -> None:
    """Open a page of the live conference: those who keep its record, whatever its state."""
    _check_recorder(actor, conference, area)


def check_open_preparation(actor: Actor, conference: Conference, area: protocols.AreaProtocol) -> None:
    """Open the list of those invited: those who keep the record, and the admin."""
    if not (actor.role == Role.PARTNERSHIP_ADMIN and actor.partnership_id == conference.partnership_id):
        _check_recorder(actor, conference, area)


def check_prepare(actor: Actor, conference: Conference, area: protocols.AreaProtocol) -> None:
    """Add children and people: by those who keep the record, or the admin before it starts."""
    check_open_preparation(actor, conference, area)
    policies.check_editable(conference)


def check_record(actor: Actor, conference: Conference, area: protocols.AreaProtocol) -> None:
    """Keep the live record: attendance, script, views, further fields."""
    _check_recorder(actor, conference, area)
    policies.check_editable(conference)


def check_record_live(actor: Actor, conference: Conference, area: protocols.AreaProtocol) -> None:
    """Keep what can only be recorded once the conference has started."""
    _check_recorder(actor, conference, area)
    policies.check_live(conference)


def check_decide(
    actor: Actor, conference: Conference, child: ConferenceChild, area: protocols.AreaProtocol
) -> None:
    """Enter the decision about a child: the chair alone (AFC-2, CAM-5, HIPS-7)."""
    _check_chair(actor, conference, area)
    policies.check_decide(conference, child, area)


def check_start(actor: Actor, conference: Conference, area: protocols.AreaProtocol) -> None:
    _check_recorder(actor, conference, area)
    policies.check_start(conference)


def check_adjourn(actor: Actor, conference: Conference, area: protocols.AreaProtocol) -> None:
    _check_recorder(actor, conference, area)
    policies.check_in_session(conference)


def check_resume(actor: Actor, conference: Conference, area: protocols.AreaProtocol) -> None:
    _check_recorder(actor, conference, area)
    policies.check_adjourned(conference)


def check_end(actor: Actor, conference: Conference, area: protocols.AreaProtocol) -> None:
    _check_recorder(actor, conference, area)
    policies.check_live(conference)


def check_correct_end(actor: Actor, conference: Conference, area: protocols.AreaProtocol) -> None:
    """Correct when a conference ended: those who keep its record, the chair and the minute taker."""
    _check_recorder(actor, conference, area)
    policies.check_ended(conference)


def check_cancel(actor: Actor, conference: Conference, area: protocols.AreaProtocol) -> None:
    if not (actor.role == Role.PARTNERSHIP_ADMIN and actor.partnership_id == conference.partnership_id):
        _check_recorder(actor, conference, area)
    policies.check_start(conference)


def check_ask_missing_entry(actor: Actor, attendance: Attendance) -> None:
    """An attendee may say that a dissent they spoke is missing from the record (system safeguard)."""
    if actor.membership_id is None or attendance.membership_id != actor.membership_id:
        raise not_yours("Only the person themselves can say that their dissent is missing from the record.")
    policies.check_missing_entry(attendance)


def check_answer_missing_entry(actor: Actor, conference: Conference) -> None:
    if not is_recorder(actor, conference):
        raise Denied(
            "The chair of this conference or its minute taker answers this.", kind=not_yours("").kind
        )


def check_private_view(actor: Actor, attendance: Attendance, area: protocols.AreaProtocol) -> None:
    """Each professional on the list gives their own, and nobody else's."""
    if attendance.membership_id is None or attendance.membership_id != actor.membership_id:
        raise not_yours("A view before the round is given by the person whose view it is.")
    policies.check_private_view(attendance.conference, area)


def check_open_round(actor: Actor, conference: Conference, area: protocols.AreaProtocol) -> None:
    _check_recorder(actor, conference, area)
    policies.check_open_round(conference, area)
