"""May this person write, check, issue or read this paper? Each check ends with the policy."""

import protocols
from complaints.models import Complaint
from conferences.models import Conference
from conferences.permissions import is_recorder
from conferences.selectors import reads_whole_record
from convening.models import ConveneAnswer
from convening.policies import HELD
from core.actor import Actor
from core.refusals import Denied, not_yours
from dissent.models import Dissent
from dissent.permissions import is_dissenter, is_reviewer
from papers import policies
from papers.policies import Plan
from partnerships.models import Membership
from partnerships.states import Role
from records.models import Document, FilePack, HeldText, Letter


def is_admin(actor: Actor, partnership_id: int) -> bool:
    return actor.role == Role.PARTNERSHIP_ADMIN and actor.partnership_id == partnership_id


def works_on(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> bool:
    """The reviewing posts, and those who keep the record of the conference."""
    return is_reviewer(actor, dissent, area) or is_recorder(actor, dissent.conference)


def check_write(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol, plan: Plan) -> None:
    """Write a letter: the post whose letter it is; an invitation also those who keep the record, and the admin."""
    same = actor.partnership_id == dissent.partnership_id
    may = same and actor.holds(plan.by)
    if plan.kind == "invitation":
        may = may or works_on(actor, dissent, area) or is_admin(actor, dissent.partnership_id)
    if not may:
        raise not_yours("This letter is written by the post that decided.", plan.rule)


def check_edit(
    actor: Actor, dissent: Dissent, area: protocols.AreaProtocol, plan: Plan, letter: Letter
) -> None:
    check_write(actor, dissent, area, plan)
    policies.check_editable(letter)


def check_issue(
    actor: Actor, dissent: Dissent, area: protocols.AreaProtocol, plan: Plan, letter: Letter
) -> None:
    check_write(actor, dissent, area, plan)
    policies.check_issuable(letter)


def _same_person(actor: Actor, memberships: set[int | None]) -> bool:
    known = [pk for pk in memberships if pk]
    if actor.user_id is None:
        return False
    return Membership.objects.filter(pk__in=known, user_id=actor.user_id).exists()


def check_second_person(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol, letter: Letter) -> None:
    """Check a letter before it is issued: somebody who works on the case, or the admin, and who did not write it."""
    if not (works_on(actor, dissent, area) or is_admin(actor, dissent.partnership_id)):
        raise not_yours("A letter is checked by a person who works on this case.", letter.rule)
    writers = {
        letter.drafted_by_id,
        letter.sent_for_check_by_id,
        *letter.texts.values_list("saved_by", flat=True),
    }
    if _same_person(actor, writers):
        raise not_yours("Whoever wrote a letter does not check it. Ask a colleague.", letter.rule)
    policies.check_waits_for_check(letter)


def addressed_to(actor: Actor, dissent: Dissent, letter: Letter) -> bool:
    """Whether one of the seats to which it goes is this person's."""
    seats = {row.seat for row in letter.recipients.all() if row.removed_at is None}
    return (
        (policies.DISSENTER in seats and is_dissenter(actor, dissent))
        or (policies.CHAIR in seats and dissent.conference.chair_id == actor.membership_id)
        or actor.holds(*seats)
    )


def check_read_letter(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol, letter: Letter) -> None:
    """Read an issued letter: the reviewing posts, and those to whom it went."""
    invitation = letter.kind == "invitation" and works_on(actor, dissent, area)
    if not (is_reviewer(actor, dissent, area) or invitation or addressed_to(actor, dissent, letter)):
        raise not_yours("This letter went to others.", letter.rule)


def check_pack(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    """Make the pack for a child's file: the reviewing posts, and those who keep the record of the conference."""
    if not works_on(actor, dissent, area):
        duty = next((d for d in area.duties if d.done == "filed_on_record"), None)
        raise not_yours("The pack is made by the reviewing manager or the chair.", duty.rule if duty else "")


def check_release(
    actor: Actor, dissent: Dissent, area: protocols.AreaProtocol, pack: FilePack, held: HeldText
) -> None:
    """Release or withhold a text that may name another child: somebody other than who asked for the pack."""
    check_pack(actor, dissent, area)
    if _same_person(actor, {pack.asked_by_id}):
        raise not_yours("You asked for this pack, so somebody else looks at this text. Ask a colleague.")
    policies.check_pack_waits(pack)


def check_export(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    """Take a case out of the service: the reviewing posts whole, the admin without what people wrote."""
    if not (is_reviewer(actor, dissent, area) or is_admin(actor, dissent.partnership_id)):
        raise not_yours("A case is exported by the reviewing manager or the partnership admin.")


def check_issue_refusal(actor: Actor, answer: ConveneAnswer) -> None:
    """Send the letter of a decision not to hold a conference: whoever answered, or for whom they did."""
    if actor.membership_id is None or actor.membership_id not in (answer.decided_by_id, answer.acting_for_id):
        raise not_yours("Whoever answered the request sends its letter.")
    if answer.means == HELD:
        raise Denied("The request was agreed: there is no letter of a refusal.")


def check_issue_acknowledgement(actor: Actor, complaint: Complaint) -> None:
    """Send the letter that acknowledges a complaint: the keeper of the log."""
    if not is_admin(actor, complaint.partnership_id):
        raise not_yours("The partnership admin answers a complaint.")


def check_upload(actor: Actor, conference: Conference) -> None:
    """Put a document to a conference: those who keep its record, and the admin."""
    if not (is_recorder(actor, conference) or is_admin(actor, conference.partnership_id)):
        raise not_yours("Documents are added by the chair, the minute taker or the partnership admin.")


def check_upload_to_case(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    """Put a document to a case: the reviewing posts, and those who keep the record of its conference."""
    if not works_on(actor, dissent, area):
        raise not_yours("Documents are added by those who work on this case.")


def check_read_documents(actor: Actor, conference: Conference) -> None:
    """The documents of a conference hold every agency's report: for those who read its whole record."""
    if not reads_whole_record(actor, conference):
        raise not_yours("The documents of a conference are for those who keep or review its record.")


def check_withdraw(actor: Actor, document: Document, may_upload: bool) -> None:
    """Withdraw a document that was added by mistake. It stays on record and cannot be opened any more."""
    if not may_upload:
        raise not_yours("A document is withdrawn by those who may add one.")
    policies.check_not_withdrawn(document)


def check_extract(actor: Actor, conference: Conference, area: protocols.AreaProtocol) -> None:
    """The dissents for the summary: those who keep the record (SUS-24)."""
    if not is_recorder(actor, conference):
        duty = next((d for d in area.duties if d.id == "chairs_summary"), None)
        raise not_yours("The extract is for the chair and the minute taker.", duty.rule if duty else "")
