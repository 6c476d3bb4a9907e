"""May this person write, check, issue or read this paper? Each check ends with the policy."""

import protocols
from cases.selectors import is_in
from cases.states import Capacity
from complaints.models import Complaint
from conferences.models import Conference
from conferences.permissions import is_recorder
from conferences.selectors import reads_whole_record
from convening.models import ConveneRequest
from convening.permissions import is_requester
from convening.policies import rules_of
from core.actor import Actor
from core.refusals import not_yours
from dissent.models import Dissent
from dissent.permissions import is_dissenter, is_reviewer
from escalation.models import Escalation
from escalation.permissions import at_step, decides_here, is_party, is_person
from escalation.policies import last_tier
from escalation.states import Side
from papers import policies
from papers.policies import Matter, Plan
from partnerships.models import Membership
from partnerships.states import Role
from records.models import Document, FilePack, HeldText, Letter


def is_admin(actor: Actor, partnership_id: int) -> bool:
    return actor.role == Role.PARTNERSHIP_ADMIN and actor.partnership_id == partnership_id


def works_on(actor: Actor, matter: Matter, area: protocols.AreaProtocol) -> bool:
    """Those whose work it is: who reviews a dissent and keeps its conference's record, who answers a request, who
    takes part in the open step of a ladder, who keeps the log of complaints."""
    if actor.partnership_id != matter.partnership_id:
        return False
    match matter:
        case Dissent():
            return is_reviewer(actor, matter, area) or is_recorder(actor, matter.conference)
        case ConveneRequest():
            rules = rules_of(area)
            return answered(actor, matter) or actor.holds(
                *filter(None, (rules.decided_by, rules.last_resort_by))
            )
        case Escalation():
            return actor.kind == "person" and is_party(actor, matter, area)
        case _:
            return is_admin(actor, matter.partnership_id)


def answered(actor: Actor, convening: ConveneRequest, step: str = "") -> bool:
    """Whether the actor answered a request, or somebody did for them."""
    rows = [row for row in convening.answers.all() if not step or row.step == step]
    known = {pk for row in rows for pk in (row.decided_by_id, row.acting_for_id)} - {None}
    return actor.membership_id in known


def _writes(actor: Actor, matter: Matter, area: protocols.AreaProtocol, plan: Plan) -> bool:
    match matter:
        case Dissent():
            if plan.kind == "invitation" and (
                works_on(actor, matter, area) or is_admin(actor, matter.partnership_id)
            ):
                return True
            return actor.partnership_id == matter.partnership_id and actor.holds(plan.by)
        case ConveneRequest():
            return answered(actor, matter, plan.tier)
        case _:
            return isinstance(matter, Complaint) and is_admin(actor, matter.partnership_id)


def check_write(actor: Actor, matter: Matter, area: protocols.AreaProtocol, plan: Plan) -> None:
    """Write a letter: the post whose letter it is, or who answered; an invitation also those who keep the record, and
    the admin; the answer to a complaint the keeper of the log."""
    if not _writes(actor, matter, area, plan):
        raise not_yours("This letter is written by the post that decided.", plan.rule)


def check_edit(
    actor: Actor, matter: Matter, area: protocols.AreaProtocol, plan: Plan, letter: Letter
) -> None:
    check_write(actor, matter, area, plan)
    policies.check_editable(letter)


def check_issue(
    actor: Actor, matter: Matter, area: protocols.AreaProtocol, plan: Plan, letter: Letter
) -> None:
    check_write(actor, matter, area, plan)
    policies.check_issuable(letter)


def _same_person(actor: Actor, memberships: set[int | None]) -> bool:
    known = [pk for pk in memberships if pk]
    if actor.user_id is None:
        return False
    return Membership.objects.filter(pk__in=known, user_id=actor.user_id).exists()


def check_second_person(actor: Actor, matter: Matter, area: protocols.AreaProtocol, letter: Letter) -> None:
    """Check a letter before it is issued: somebody who works on the case, or the admin, and who did not write it."""
    if not (works_on(actor, matter, area) or is_admin(actor, matter.partnership_id)):
        raise not_yours("A letter is checked by a person who works on this case.", letter.rule)
    writers = {
        letter.drafted_by_id,
        letter.sent_for_check_by_id,
        *letter.texts.values_list("saved_by", flat=True),
    }
    if _same_person(actor, writers):
        raise not_yours("Whoever wrote a letter does not check it. Ask a colleague.", letter.rule)
    policies.check_waits_for_check(letter)


def addressed_to(actor: Actor, matter: Matter, letter: Letter) -> bool:
    """Whether one of the seats to which it goes is this person's, also as a guest."""
    seats = {row.seat for row in letter.recipients.all() if row.removed_at is None}
    match matter:
        case Dissent():
            return (
                (policies.DISSENTER in seats and is_dissenter(actor, matter))
                or (policies.CHAIR in seats and matter.conference.chair_id == actor.membership_id)
                or actor.holds(*seats)
            )
        case ConveneRequest():
            return policies.REQUESTER in seats and is_requester(actor, matter)
        case _:
            return False


def check_read_letter(actor: Actor, matter: Matter, area: protocols.AreaProtocol, letter: Letter) -> None:
    """Read an issued letter: the reviewing posts, those who work on any other matter, and those to whom it went."""
    works = works_on(actor, matter, area)
    if isinstance(matter, Dissent) and letter.kind != "invitation":
        works = is_reviewer(actor, matter, area)
    if not (works or addressed_to(actor, matter, letter)):
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


def exports_whole(actor: Actor, matter: Matter, area: protocols.AreaProtocol) -> bool:
    """Whether an export holds what people wrote: for the posts that decide here. The admin takes it without; a
    complaint is theirs."""
    match matter:
        case Dissent():
            return is_reviewer(actor, matter, area)
        case Escalation():
            return _decides(actor, matter, area)
        case _:
            return works_on(actor, matter, area)


def _decides(actor: Actor, escalation: Escalation, area: protocols.AreaProtocol) -> bool:
    """Who decides at the open step or decided at the last one, and the posts that review here."""
    seats = [seat for tier in (area.review.tiers if area.review else ()) for seat in tier.by]
    own = actor.partnership_id == escalation.partnership_id and actor.kind == "person"
    return own and (
        actor.holds(*seats)
        or decides_here(actor, escalation, area)
        or at_step(actor, last_tier(escalation), Side.DECIDES)
    )


def check_export(actor: Actor, matter: Matter, area: protocols.AreaProtocol) -> None:
    """Take a case out of the service: those who decide it whole, the admin without what people wrote."""
    if not (exports_whole(actor, matter, area) or is_admin(actor, matter.partnership_id)):
        raise not_yours("A case is exported by those who decide it, or by the partnership admin.")


def check_upload(actor: Actor, conference: Conference) -> None:
    """Put a document to a conference: those who keep its record, and the admin."""
    if not (is_recorder(actor, conference) or is_admin(actor, conference.partnership_id)):
        raise not_yours("Documents are added by the chair, the minute taker or the partnership admin.")


def check_upload_to_case(actor: Actor, matter: Matter, area: protocols.AreaProtocol) -> None:
    """Put a document to a case: those who work on it, and whoever raised a difference or asked for a conference."""
    raised = isinstance(matter, ConveneRequest | Escalation) and is_in(actor, matter.case, Capacity.REQUESTER)
    if not (works_on(actor, matter, area) or (raised and actor.kind == "person")):
        raise not_yours("Documents are added by those who work on this case.")


def may_open_shared(actor: Actor, document: Document) -> bool:
    """Whether it was shown to this person, with or without an account, and still is."""
    rows = document.shares.filter(ended_at__isnull=True).select_related("participant__slot")
    return any(is_person(actor, row.participant) for row in rows)


def check_share(actor: Actor, document: Document, may_upload: bool) -> None:
    """Show a document of a case to somebody who takes part in it: those who may add one."""
    if not may_upload or actor.kind != "person":
        raise not_yours("A document is shown to others by those who may add one.")
    policies.check_not_withdrawn(document)


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
