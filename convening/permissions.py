"""May this person ask, answer, consult, take it on, or book?"""

import protocols
from cases.states import Capacity
from convening import policies
from convening.models import ConveneRequest
from convening.states import ConveneState
from core.actor import Actor
from core.refusals import Denied, not_yours
from escalation.permissions import in_capacity
from partnerships.models import Membership
from partnerships.states import Role
from protocols.describe import seat_words
from protocols.model import ConveneRules


def check_ask(actor: Actor, area: protocols.AreaProtocol) -> None:
    """Anyone who works in the partnership can ask (SUS-13, HIPS-2): what speaks for it is asked, and never blocks. A
    guest is let in to one case: their request is written down for them by somebody with an account."""
    if actor.kind != "person" or actor.membership_id is None:
        raise not_yours("A conference is asked for by somebody with an account of this service.")
    policies.rules_of(area)


def is_requester(actor: Actor, convening: ConveneRequest) -> bool:
    return in_capacity(actor, convening.case, Capacity.REQUESTER)


def speaks_for_requester(actor: Actor, convening: ConveneRequest) -> bool:
    """Whoever asked; for somebody without an account, also whoever wrote it down for them, and the partnership admin."""
    if is_requester(actor, convening):
        return True
    if convening.requester.membership_id is not None or not _own(actor, convening):
        return False
    return actor.role == Role.PARTNERSHIP_ADMIN or in_capacity(actor, convening.case, Capacity.RECORDER)


def involvement(actor: Actor, convening: ConveneRequest) -> str:
    """Why this person should not answer this request; empty when nothing stands against it (system safeguard)."""
    mine = Membership.objects.filter(user_id=actor.user_id or 0).values_list("pk", flat=True)
    if convening.requester.membership_id in set(mine):
        return f"{actor.name} asked for this conference"
    if any(row.decided_by_id in set(mine) for row in convening.answers.all()):
        return f"{actor.name} answered this request before"
    return ""


def check_two_people(
    actor: Actor, convening: ConveneRequest, area: protocols.AreaProtocol, reason: str
) -> None:
    """Whoever asked, or refused first, does not answer, unless the reason goes on record (system safeguard)."""
    safeguard = area.safeguard("request_answered_by_another")
    if safeguard is None or not safeguard.on or safeguard.mode != "block":
        return
    words = involvement(actor, convening)
    if words and not (safeguard.override_with_reason and reason.strip()):
        raise Denied(
            f"{words}, so somebody else should answer it. This is a safeguard of this service, not a rule of the protocol",
            route="A deputy of the post answers. If there is nobody else, give the reason and go on.",
            field="involved_reason",
        )


def _own(actor: Actor, convening: ConveneRequest) -> bool:
    return actor.partnership_id == convening.partnership_id


def holder_seat(convening: ConveneRequest, rules: ConveneRules) -> str:
    """The post that answers now."""
    return rules.last_resort_by if convening.state == ConveneState.LAST_RESORT else rules.decided_by


def check_answer(actor: Actor, convening: ConveneRequest, area: protocols.AreaProtocol) -> None:
    """The post that the text names answers, and nobody else (HIPS-1)."""
    rules = policies.rules_of(area)
    seat = holder_seat(convening, rules)
    if not _own(actor, convening) or not actor.holds(seat):
        refused = policies.refusal(rules, "decided_by_other")
        words = seat_words(area, seat)
        raise not_yours(
            refused.reason if refused else f"{words[:1].upper()}{words[1:]} answers this request.",
            (refused.rule if refused else "") or rules.rule,
        )
    policies.check_waiting(convening)


def check_consult(actor: Actor, convening: ConveneRequest, area: protocols.AreaProtocol) -> None:
    """Whoever decides as the last resort records who was consulted."""
    rules = policies.rules_of(area)
    if not _own(actor, convening) or not rules.last_resort_by or not actor.holds(rules.last_resort_by):
        raise not_yours(
            "Whoever decides as the last resort records who was consulted.",
            rules.last_resort.rule if rules.last_resort else "",
        )
    policies.check_with_last_resort(convening)


def check_last_resort(actor: Actor, convening: ConveneRequest, area: protocols.AreaProtocol) -> None:
    _check_requester(actor, convening, "Whoever asked takes it to the last resort.")
    policies.check_last_resort(convening, policies.rules_of(area))


def check_escalate(actor: Actor, convening: ConveneRequest) -> None:
    _check_requester(actor, convening, "Whoever asked takes it to the ladder.")
    policies.check_refused(convening)


def check_accept(actor: Actor, convening: ConveneRequest) -> None:
    _check_requester(actor, convening, "Whoever asked accepts the answer.")
    policies.check_refused(convening)


def check_withdraw(actor: Actor, convening: ConveneRequest) -> None:
    _check_requester(actor, convening, "Only whoever asked can withdraw the request.")
    policies.check_withdraw(convening)


def check_book(actor: Actor, convening: ConveneRequest, area: protocols.AreaProtocol) -> None:
    """The posts that answer, and the partnership admin."""
    rules = policies.rules_of(area)
    seats = tuple(filter(None, (rules.decided_by, rules.last_resort_by)))
    if not _own(actor, convening) or not (actor.holds(*seats) or actor.role == Role.PARTNERSHIP_ADMIN):
        raise not_yours("Whoever answered, or the partnership admin, books the conference.", rules.rule)
    policies.check_agreed(convening)


def _check_requester(actor: Actor, convening: ConveneRequest, reason: str) -> None:
    if not speaks_for_requester(actor, convening):
        raise not_yours(reason)
