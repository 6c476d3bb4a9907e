"""May this person do it to this dissent? Conflict of interest lives here. Each check ends with the policy."""

import protocols
from cases.selectors import is_in
from cases.states import Capacity
from conferences.models import Attendance, Conference
from conferences.permissions import is_recorder
from conferences.states import PRESENT
from core.actor import Actor
from core.refusals import Denied, not_yours
from dissent import policies
from dissent.models import Ask, Dissent, Review
from partnerships.models import Membership
from partnerships.states import Role


def is_dissenter(actor: Actor, dissent: Dissent) -> bool:
    """Whose dissent it is: by their account, or as a guest under the address they are named with."""
    if actor.kind == "guest":
        return is_in(actor, dissent.case, Capacity.DISSENTER)
    return actor.membership_id is not None and dissent.attendance.membership_id == actor.membership_id


def has_account(dissent: Dissent) -> bool:
    return dissent.attendance.membership_id is not None


def _same_partnership(actor: Actor, dissent: Dissent) -> bool:
    return actor.partnership_id == dissent.partnership_id


def is_reviewer(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol, tier: str = "") -> bool:
    """Whether the actor fills or deputises for a post that reviews here (at one tier, or at any)."""
    if area.review is None or not _same_partnership(actor, dissent):
        return False
    return any(actor.holds(*t.by) for t in area.review.tiers if not tier or t.id == tier)


def check_record(
    actor: Actor, conference: Conference, attendance: Attendance, area: protocols.AreaProtocol
) -> None:
    """Who enters a dissent: the chair and the chair's delegate; the dissenter too where the protocol has it (AFC-13)."""
    keeper = area.dissent.recorded_by
    seats = keeper.by if keeper else ("capacity:chair", "capacity:minute_taker", "capacity:dissenter")
    may = is_recorder(actor, conference)
    if "capacity:dissenter" in seats and actor.membership_id is not None:
        may = may or attendance.membership_id == actor.membership_id
    if actor.partnership_id != conference.partnership_id or not may:
        raise not_yours(
            (keeper.reason if keeper else "")
            or "Only the chair, or the minute taker for the chair, enters a dissent.",
            keeper.rule if keeper else "",
        )
    policies.check_conference_held(conference)


def check_enter(actor: Actor, conference: Conference, area: protocols.AreaProtocol) -> None:
    """Open the page on which dissents are entered for those who speak them: who keeps the record (AFC-13)."""
    if not is_recorder(actor, conference):
        keeper = area.dissent.recorded_by
        raise not_yours(
            "Only the chair, or the minute taker for the chair, enters the dissents of others.",
            keeper.rule if keeper else "",
        )
    policies.check_conference_held(conference)


def check_send_written_view(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    """The dissenter writes it; for a dissenter without an account, or one who e-mailed, the reviewer enters it."""
    if not is_dissenter(actor, dissent) and not is_reviewer(actor, dissent, area):
        raise not_yours("The written view is the dissenting professional’s own.", _view_rule(area))
    policies.check_awaits_view(dissent, area)


def check_correct_receipt(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    """Correct when the written view was received: the reviewing manager, to whom it came."""
    if not is_reviewer(actor, dissent, area):
        raise not_yours(
            "The reviewing manager corrects when the written view was received.", _view_rule(area)
        )
    policies.check_view_received(dissent)


def check_remind(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    if not is_reviewer(actor, dissent, area):
        raise not_yours("Only the reviewing manager reminds the dissenting professional.", _view_rule(area))
    policies.check_awaits_view(dissent, area)


def check_proceed_without_view(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    check_remind(actor, dissent, area)
    policies.check_reminded(dissent, area, "may_proceed_without")


def check_close_as_not_pursued(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    check_remind(actor, dissent, area)
    policies.check_reminded(dissent, area, "not_pursued")


def _view_rule(area: protocols.AreaProtocol) -> str:
    return area.dissent.written_view.rule if area.dissent.written_view else ""


def check_withdraw(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    """The dissenter withdraws; for one without an account, the chair or the reviewer enters it."""
    for_them = not has_account(dissent) and (
        is_recorder(actor, dissent.conference) or is_reviewer(actor, dissent, area)
    )
    if not is_dissenter(actor, dissent) and not for_them:
        raise not_yours("Only the dissenting professional can withdraw the dissent.")
    policies.check_withdraw(dissent)


def check_add_information(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    for_them = not has_account(dissent) and is_reviewer(actor, dissent, area)
    if not is_dissenter(actor, dissent) and not for_them:
        raise not_yours("Only the dissenting professional adds to the dissent.")
    policies.check_open(dissent)


def check_do_task(actor: Actor, dissent: Dissent) -> None:
    if not is_dissenter(actor, dissent):
        raise not_yours("This task is the dissenting professional’s own.")


def check_choose_challenge(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    """Whether to challenge further is the dissenter's own choice; without an account, the chair enters it (HIPS-9)."""
    for_them = not has_account(dissent) and is_recorder(actor, dissent.conference)
    if not is_dissenter(actor, dissent) and not for_them:
        need = area.dissent.requirement("challenge_choice")
        raise not_yours(
            "Whether to challenge further is the dissenting professional’s choice.", need.rule if need else ""
        )
    policies.check_choose_challenge(dissent, area)


def check_reads_review(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    """The evidence and the work of a review are for the reviewing posts alone."""
    if area.review is None:
        raise policies.no_reviewer(area)
    if not is_reviewer(actor, dissent, area):
        tier = policies.current_tier(dissent, area) or area.review.tiers[0]
        raise not_yours(f"This is for {policies.titles(tier.by, area)} to do.", tier.rule)


def _tier_not_reached(
    actor: Actor, dissent: Dissent, area: protocols.AreaProtocol, tier: protocols.Tier | None
) -> protocols.Tier | None:
    """A later tier of the actor's own that this dissent has not come to, where they have no part in the present one."""
    if area.review is None or not _same_partnership(actor, dissent) or (tier and actor.holds(*tier.by)):
        return None
    reached = {tier.id} if tier else {answer.tier for answer in dissent.answers.all()}
    later = next((t for t in area.review.tiers[1:] if actor.holds(*t.by) and t.id not in reached), None)
    below_too = any(actor.holds(*t.by) for t in area.review.tiers if t.id in reached)
    return None if below_too else later


def check_review(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    """Work on a review: its post alone, or the post's deputy."""
    tier = policies.current_tier(dissent, area)
    above = _tier_not_reached(actor, dissent, area, tier)
    if above is not None:
        raise policies.not_passed_up(dissent, above, area)
    if tier is None:
        policies.check_under_review(dissent, area)
        raise not_yours("Nobody reviews this dissent now.")
    if not actor.holds(*tier.by) or not _same_partnership(actor, dissent):
        if is_reviewer(actor, dissent, area):  # of the tier below, which has answered and passed it up
            raise policies.answered(dissent)
        raise not_yours(f"This is for {policies.titles(tier.by, area)} to do.", tier.rule)
    policies.check_under_review(dissent, area)


def conflict_of(actor: Actor, dissent: Dissent, tier_id: str) -> str:
    """Why this person should not review this dissent; empty when nothing stands against it (system safeguard)."""
    if actor.membership_id is None or actor.user_id is None:
        return ""
    mine = set(Membership.objects.filter(user_id=actor.user_id).values_list("pk", flat=True))
    there = set(
        Attendance.objects.filter(
            conference_id=dissent.conference_id, membership_id__in=mine, presence__in=PRESENT
        ).values_list("membership_id", flat=True)
    )
    return conflict_with(actor, dissent, tier_id, mine=mine, there=there)


def conflict_with(actor: Actor, dissent: Dissent, tier_id: str, *, mine: set[int], there: set[int]) -> str:
    """The same, with the memberships of this person and of those who attended read already."""
    if dissent.conference.chair_id in mine:
        return f"{actor.name} chaired this conference"
    if mine & there:
        return f"{actor.name} attended this conference"
    dissenter = dissent.attendance.membership
    if dissenter is not None and dissenter.line_manager_id in mine:
        return f"{actor.name} is the dissenting professional’s line manager"
    if any(a.decided_by_id in mine for a in dissent.answers.all() if a.tier != tier_id):
        return f"{actor.name} decided this dissent at the tier below"
    return ""


def check_not_involved(actor: Actor, dissent: Dissent, review: Review, area: protocols.AreaProtocol) -> None:
    """Refuse a reviewer who was involved, unless the reason for going on is on record."""
    safeguard = area.safeguard("reviewer_not_involved")
    if safeguard is None or not safeguard.on or safeguard.mode != "block":
        return
    conflict = conflict_of(actor, dissent, review.tier)
    if conflict and not (
        review.conflict_override_reason and review.conflict_override_by_id == actor.membership_id
    ):
        raise Denied(
            f"{conflict}, so somebody else should review it. This is a safeguard of this service, not a rule of the "
            "protocol.",
            route="If there is nobody else, give the reason on the review page and go on.",
            field="conflict",
        )


def check_answer(actor: Actor, dissent: Dissent, review: Review, area: protocols.AreaProtocol) -> None:
    """Answer a dissent: the post that the protocol names, not involved in the conference."""
    check_review(actor, dissent, area)
    policies.check_answerable(dissent, area)
    check_not_involved(actor, dissent, review, area)


def check_reply(actor: Actor, ask: Ask, seats_held: bool) -> None:
    if not seats_held:
        raise not_yours("This question was put to someone else.")
    policies.check_unreplied(ask)


def check_follow_up(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    """Book what an answer asks for: the reviewing posts, the chair and minute taker, the partnership admin."""
    may = (
        is_reviewer(actor, dissent, area)
        or is_recorder(actor, dissent.conference)
        or (actor.role == Role.PARTNERSHIP_ADMIN and _same_partnership(actor, dissent))
    )
    if not may:
        raise not_yours(
            "The conference is booked by the reviewing manager, the chair or the partnership admin."
        )
    policies.check_follow_up(dissent, area)


def check_discharge(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    """Record that people were told and that it was filed, and close: the reviewing posts, and the chair for theirs."""
    policies.check_has_review(area)
    if not (is_reviewer(actor, dissent, area) or is_recorder(actor, dissent.conference)):
        raise not_yours("The reviewing manager or the chair records this.")
    policies.check_answered(dissent)


def check_close(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    policies.check_has_review(area)
    if not is_reviewer(actor, dissent, area):
        raise not_yours("The reviewing manager closes a dissent.")
    policies.check_decided(dissent)


def check_pass_on(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    """Pass a dissent on by hand where the post was empty when it was recorded (WDC-12): the chair's side."""
    if not is_recorder(actor, dissent.conference):
        raise not_yours("The chair passes it on.")
    policies.check_pass_on(dissent, area)


def check_take_further(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol, route: str) -> None:
    """Whoever dissented takes it further; for one without an account, the chair's side or the reviewer."""
    for_them = not has_account(dissent) and (
        is_recorder(actor, dissent.conference) or is_reviewer(actor, dissent, area)
    )
    if not is_dissenter(actor, dissent) and not for_them:
        raise not_yours("Only the dissenting professional takes it further.")
    policies.check_take_further(dissent, area, route)
