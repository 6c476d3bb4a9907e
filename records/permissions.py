"""May this person write, read or file the records of this case?"""

import protocols
from cases.models import Case
from cases.selectors import is_in
from cases.states import Capacity, Kind
from core.actor import Actor
from core.refusals import Denied, not_yours
from records import policies
from records.models import AgreedAction, Discussion
from records.states import Between


def takes_part(actor: Actor, case: Case) -> bool:
    """By name, by a post, or as a guest. That an admin sees that the case exists is no part in it."""
    return is_in(actor, case, *Capacity)


def check_write(actor: Actor, case: Case, area: protocols.AreaProtocol) -> None:
    """Everyone who takes part in a case writes down its discussions, for their own agency (SUS-12, HIPS-5)."""
    if case.kind == Kind.COMPLAINT:
        raise Denied(
            "A complaint has its own log. Records of discussions belong to a difference between agencies."
        )
    if not takes_part(actor, case):
        raise not_yours("Those who take part in the case write down its discussions.", policies.rule_of(area))


def check_change(actor: Actor, discussion: Discussion, area: protocols.AreaProtocol) -> None:
    """A draft is its writer's own."""
    if not takes_part(actor, discussion.case) or discussion.written_by_id != actor.membership_id:
        raise not_yours("Only its writer changes and approves a record.", policies.rule_of(area))
    policies.check_draft(discussion, area)


def check_correct(actor: Actor, discussion: Discussion, area: protocols.AreaProtocol) -> None:
    """Each side corrects its own record."""
    _check_own_side(actor, discussion, area, "Each agency corrects its own records.")
    policies.check_correctable(discussion)


def check_file(actor: Actor, discussion: Discussion, area: protocols.AreaProtocol) -> None:
    """Each side files the copy of its own record."""
    _check_own_side(actor, discussion, area, "Each agency files the copies of its own records.")
    policies.check_fileable(discussion, area)


def check_settle(actor: Actor, action: AgreedAction, case: Case) -> None:
    """Whoever takes part in the case, and reads what was agreed, says what became of it."""
    if not takes_part(actor, case) or not _reads(actor, action):
        raise not_yours("Those who take part in the case say what was done.")
    policies.check_unsettled(action)


def _reads(actor: Actor, action: AgreedAction) -> bool:
    """What was agreed within one agency is that agency's own."""
    discussion = action.discussion
    if discussion is None or discussion.agency_id == actor.agency_id:
        return True
    return discussion.between == Between.AGENCIES


def _check_own_side(actor: Actor, discussion: Discussion, area: protocols.AreaProtocol, reason: str) -> None:
    if not takes_part(actor, discussion.case) or discussion.agency_id != actor.agency_id:
        raise not_yours(reason, policies.rule_of(area))
