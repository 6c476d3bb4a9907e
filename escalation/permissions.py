"""May this person do it to this escalation? By what they are in its case, and at the step that is open."""

import protocols
from cases.models import Case, Participant
from cases.states import Capacity
from core.actor import Actor
from core.refusals import Denied, not_yours
from escalation import policies
from escalation.models import Escalation, EscalationTier
from escalation.states import Side
from partnerships.states import Role


def people_of(case: Case) -> list[Participant]:
    """Everyone in a case; read with it already, or by one query."""
    read = getattr(case, "_prefetched_objects_cache", {})
    if "participants" in read:
        return list(case.participants.all())
    rows = Participant.objects.filter(case=case).select_related("membership__user", "slot", "agency")
    return list(rows.order_by("pk"))


def in_capacity(actor: Actor, case: Case, *capacities: Capacity) -> bool:
    """What `cases.selectors.is_in` asks, of a case whose participants were read: no query for each check of a page."""
    if actor.partnership_id != case.partnership_id or actor.membership_id is None:
        return False
    people = people_of(case)
    rows = [person for person in people if person.capacity in capacities]
    if actor.kind == "guest":
        own = next((person for person in people if person.pk == actor.participant_id), None)
        return own is not None and case.closed_at is None and any(same_person(own, row) for row in rows)
    return any(_fills(actor, row) for row in rows)


def same_person(own: Participant, other: Participant) -> bool:
    """Whether two rows are the same person without an account: by their address, however it is spelt."""
    if other.membership_id is not None or other.slot_id is not None:
        return False
    return own.pk == other.pk or (bool(own.email) and own.email.lower() == other.email.lower())


def _fills(actor: Actor, participant: Participant) -> bool:
    if participant.membership_id is not None:
        return participant.membership_id == actor.membership_id
    return participant.slot is not None and participant.slot.key in actor.slots


def is_requester(actor: Actor, escalation: Escalation) -> bool:
    """Whoever raised it, also under the address that a guest was invited by."""
    return in_capacity(actor, escalation.case, Capacity.REQUESTER)


def speaks_for_requester(actor: Actor, escalation: Escalation) -> bool:
    """Whoever raised it; for somebody without an account, also the partnership admin or the chair who recorded it."""
    if is_requester(actor, escalation):
        return True
    if escalation.requester.membership_id is not None or actor.partnership_id != escalation.partnership_id:
        return False
    return actor.role == Role.PARTNERSHIP_ADMIN or in_capacity(
        actor, escalation.case, Capacity.CHAIR, Capacity.MINUTE_TAKER
    )


def is_person(actor: Actor, participant: Participant) -> bool:
    """Whether a participant is the actor: by membership, by a post that they fill, or as a guest by their address."""
    if actor.membership_id is None or actor.partnership_id != participant.partnership_id:
        return False
    if actor.kind == "guest":
        own = Participant.objects.filter(pk=actor.participant_id or 0).first()
        return own is not None and same_person(own, participant)
    return _fills(actor, participant)


def at_step(actor: Actor, row: EscalationTier | None, *sides: Side) -> bool:
    """Whether the actor is named at a step, for one of these sides or for any."""
    if row is None:
        return False
    return any(
        is_person(actor, person.participant)
        for person in row.people.all()
        if person.removed_at is None and (not sides or person.side in sides)
    )


def decides_here(actor: Actor, escalation: Escalation, area: protocols.AreaProtocol) -> bool:
    """Whether the step that is open is the actor's to decide: their post, or their part in the case."""
    row = policies.open_tier(escalation)
    step = policies.step_of(row, policies.ladder_of(escalation, area))
    if step is None or actor.partnership_id != escalation.partnership_id:
        return False
    if at_step(actor, row, Side.DECIDES) or actor.holds(*step.decided_by):
        return True
    capacities = [s.removeprefix("capacity:") for s in step.decided_by if s.startswith("capacity:")]
    named = [Capacity(name) for name in capacities if name in Capacity.values]
    return bool(named) and in_capacity(actor, escalation.case, *named)


def is_party(actor: Actor, escalation: Escalation, area: protocols.AreaProtocol) -> bool:
    """Whoever raised it, everyone at the open step, and who decides there."""
    return (
        speaks_for_requester(actor, escalation)
        or at_step(actor, policies.open_tier(escalation))
        or decides_here(actor, escalation, area)
    )


def check_raise(actor: Actor) -> None:
    """Anyone who works in the partnership can raise a difference; parents and carers go elsewhere (AFC-4, SUS-18)."""
    if actor.kind != "person" or actor.membership_id is None:
        raise not_yours("A professional difference is raised by somebody with an account of this service.")


def _for_our_side(actor: Actor, escalation: Escalation) -> bool:
    return speaks_for_requester(actor, escalation) or at_step(
        actor, policies.open_tier(escalation) or policies.last_tier(escalation), Side.OURS
    )


def check_open_tier(actor: Actor, escalation: Escalation, area: protocols.AreaProtocol) -> None:
    """Take it to a step: whoever raised it, and the managers of both sides at the step that is open."""
    if not may_open(actor, escalation, area):
        raise not_yours("Whoever raised it, or a manager at this step, takes it further.")
    policies.check_climbing(escalation)


def may_open(actor: Actor, escalation: Escalation, area: protocols.AreaProtocol) -> bool:
    return (
        _for_our_side(actor, escalation)
        or at_step(actor, policies.open_tier(escalation), Side.OURS, Side.THEIRS)
        or decides_here(actor, escalation, area)
    )


def check_name_person(actor: Actor, escalation: Escalation, area: protocols.AreaProtocol) -> None:
    own_admin = actor.role == Role.PARTNERSHIP_ADMIN and actor.partnership_id == escalation.partnership_id
    if not is_party(actor, escalation, area) and not own_admin:
        raise not_yours("Those who take part in this step say who else does.")
    policies.check_at_step(escalation)


def check_record(actor: Actor, escalation: Escalation, area: protocols.AreaProtocol) -> None:
    """Write down a meeting, or what was agreed: anyone who takes part in the step."""
    if not is_party(actor, escalation, area):
        raise not_yours("Those who take part in this step write it down.")
    policies.check_at_step(escalation)


def check_change_dates(actor: Actor, escalation: Escalation, area: protocols.AreaProtocol) -> None:
    """Agree on another date: anyone who takes part in the step, for both sides (SUS-6)."""
    if not is_party(actor, escalation, area):
        raise not_yours("Those who take part in this step agree on its dates.")
    policies.check_changes_dates(escalation, area)


def check_name_authorities(actor: Actor, escalation: Escalation, area: protocols.AreaProtocol) -> None:
    """Enter which authorities are responsible (SUS-37): anyone who takes part in the step."""
    if not is_party(actor, escalation, area):
        raise not_yours("Those who take part in this step enter the authorities.")
    row = policies.check_at_step(escalation)
    step = policies.step_of(row, policies.ladder_of(escalation, area))
    if not policies.wanted(step, "authorities"):
        raise Denied("This step asks for no authorities.", rule=step.rule if step else "")


def check_resolve(actor: Actor, escalation: Escalation) -> None:
    """Say that it is settled: the side that raised it, never the other side alone."""
    if not _for_our_side(actor, escalation):
        raise not_yours("Whoever raised it, or their own manager, says that it is settled.")
    policies.check_climbing(escalation)


def check_decide(actor: Actor, escalation: Escalation, area: protocols.AreaProtocol) -> None:
    policies.check_at_step(escalation)
    if not decides_here(actor, escalation, area):
        step = policies.step_of(policies.open_tier(escalation), policies.ladder_of(escalation, area))
        raise not_yours(
            "This is not yours to decide." if step and step.decided_by else "Nobody decides at this step: it is settled "
            "between the two sides, or goes on.",
            step.rule if step else "",
        )  # fmt: skip


def check_withdraw(actor: Actor, escalation: Escalation) -> None:
    if not speaks_for_requester(actor, escalation):
        raise not_yours("Only whoever raised it can withdraw it.")
    policies.check_climbing(escalation)


def check_close(actor: Actor, escalation: Escalation, area: protocols.AreaProtocol) -> None:
    """Close what was settled or decided: the side that raised it, who decided, and the partnership admin."""
    if not may_close(actor, escalation, area):
        raise not_yours("Whoever raised it, or who decided it, closes it.")
    policies.check_ended(escalation)


def may_close(actor: Actor, escalation: Escalation, area: protocols.AreaProtocol) -> bool:
    row = policies.last_tier(escalation)
    step = policies.step_of(row, policies.ladder_of(escalation, area))
    return (
        _for_our_side(actor, escalation)
        or at_step(actor, row, Side.DECIDES)
        or (step is not None and actor.holds(*step.decided_by))
        or (actor.role == Role.PARTNERSHIP_ADMIN and actor.partnership_id == escalation.partnership_id)
    )


def check_close_unsettled(actor: Actor, escalation: Escalation, area: protocols.AreaProtocol) -> None:
    if not speaks_for_requester(actor, escalation):
        raise not_yours("Only whoever raised it says that it stays unsettled.")
    policies.check_unsettled(escalation, area)


def check_share(actor: Actor, escalation: Escalation) -> None:
    """Share an early concern with the forum (SUS-7): the side that raised it, and the partnership admin."""
    if not _for_our_side(actor, escalation) and not (
        actor.role == Role.PARTNERSHIP_ADMIN and actor.partnership_id == escalation.partnership_id
    ):
        raise not_yours("Whoever raised it, or the partnership admin, shares it with the forum.")


def check_urgent(actor: Actor, case: Case) -> None:
    """Whoever sees a case may say what they did at once for the child. It is never refused."""
    if actor.membership_id is None or actor.partnership_id != case.partnership_id:
        raise not_yours("This case belongs to another partnership.")
