"""May this request be made, answered, taken to the last resort or closed now? What it needs is the protocol's to say."""

from collections.abc import Mapping

import protocols
from convening.models import ConveneAnswer, ConveneRequest
from convening.states import AnswerStep, ConveneState
from core.moments import in_words
from core.refusals import Denied, Route, changed
from protocols.model import ConveneRules, Requirement

HELD = "moved_on"  # what it means when a conference is held


def rules_of(area: protocols.AreaProtocol) -> ConveneRules:
    """What the text says of requests. Raises Denied where it says nothing: then the ladder of the difference is the way."""
    if area.escalation.convening is None:
        raise Denied(
            "This protocol has no rules for requests to hold a conference.",
            route="Ask children’s social care in your own way. If you differ about the answer, raise it as a disagreement.",
        )
    return area.escalation.convening


def need(rules: ConveneRules, field: str) -> Requirement | None:
    return next((each for each in rules.requires if each.field == field), None)


def refusal(rules: ConveneRules, name: str, field: str = "") -> Denied | None:
    found = next((each for each in rules.refusals if each.id == name), None)
    return Denied(found.reason, rule=found.rule, field=field) if found else None


def lacking(rules: ConveneRules, given: Mapping[str, object]) -> list[Requirement]:
    """What the text asks for and was not given, musts first. `given`: by the protocol's names of what it requires."""
    missing = [each for each in rules.requires if each.field in given and not given[each.field]]
    return sorted(missing, key=lambda each: each.strength != "must")


def check_given(rules: ConveneRules, given: Mapping[str, object]) -> list[Requirement]:
    """Refuse without what the text requires; return what it only asks for and did not get: a mark, never a block."""
    missing = lacking(rules, given)
    for each in missing:
        if each.strength == "must":
            raise Denied(each.reason or each.label, rule=each.rule, field=each.field)
    return [each for each in missing if each.strength != "may"]


def check_waiting(convening: ConveneRequest) -> None:
    if convening.state not in (ConveneState.REQUESTED, ConveneState.LAST_RESORT):
        raise _answered(convening)


def _answered(convening: ConveneRequest) -> Denied:
    if convening.closed_at is not None:
        return changed(f"This request ended on {in_words(convening.closed_at)}.")
    row = last_answer(convening)
    when = f" on {in_words(row.decided_at)}" if row else ""
    return changed(f"This request was answered{when}. It is answered once.")


def last_answer(convening: ConveneRequest) -> ConveneAnswer | None:
    return max(convening.answers.all(), key=lambda row: (row.decided_at, row.pk), default=None)


def check_outcome(outcome: str, rules: ConveneRules) -> protocols.Outcome:
    found = next((each for each in rules.outcomes if each.id == outcome), None)
    if found is None:
        raise Denied("Select whether a conference is held", rule=rules.rule, field="outcome")
    return found


def is_supported(convening: ConveneRequest) -> bool:
    return bool(convening.supporter)


def check_reasons(
    convening: ConveneRequest, outcome: protocols.Outcome, reasons: str, rules: ConveneRules
) -> None:
    """A refusal needs its reasons: always where the text says so (SUS-14), else of a supported request (HIPS-3)."""
    if outcome.means == HELD or reasons.strip():
        return
    denied = refusal(rules, "not_convene_without_reasons", "reasons")
    if denied is None and is_supported(convening):
        denied = refusal(rules, "supported_request_without_reasons", "reasons")
    raise denied or Denied("Enter the reasons for not holding a conference", field="reasons")


def is_exception(convening: ConveneRequest, outcome: protocols.Outcome, rules: ConveneRules) -> bool:
    """A supported request that is refused, where the text says that it should normally be granted (HIPS-3)."""
    normally = refusal(rules, "supported_request_without_reasons") is not None
    return normally and is_supported(convening) and outcome.means != HELD


def check_last_resort(convening: ConveneRequest, rules: ConveneRules) -> None:
    """Only after a refusal, once, and where the text has one (SUS-16)."""
    if not rules.last_resort_by:
        raise Denied("This protocol has no last resort for a request. Take it to the ladder instead.")
    if any(row.step == AnswerStep.LAST_RESORT for row in convening.answers.all()):
        raise Denied("The last resort has answered already.", rule=_last_rule(rules))
    if convening.state != ConveneState.REFUSED:
        raise Denied("The last resort follows a refusal.", rule=_last_rule(rules))


def _last_rule(rules: ConveneRules) -> str:
    return rules.last_resort.rule if rules.last_resort else ""


def check_consulted(convening: ConveneRequest, rules: ConveneRules, area: protocols.AreaProtocol) -> None:
    """Nothing is decided here without the consultation on record (SUS-16); acting for a child never waits for it."""
    if convening.consultations.exists():
        return
    denied = refusal(rules, "last_resort_without_consultation")
    urgent = area.route("urgent")
    route = Route(urgent.text) if urgent else Route("")
    if denied is not None:
        raise Denied(denied.reason, rule=denied.rule, route=route)
    if rules.last_resort is not None:
        raise Denied(rules.last_resort.reason, rule=rules.last_resort.rule, route=route)


def check_with_last_resort(convening: ConveneRequest) -> None:
    if convening.state != ConveneState.LAST_RESORT:
        raise _answered(convening) if convening.closed_at else Denied("It is not with the last resort.")


def check_refused(convening: ConveneRequest) -> None:
    if convening.closed_at is not None:
        raise _answered(convening)
    if convening.state != ConveneState.REFUSED:
        raise Denied("This follows an answer that no conference is held.")


def check_agreed(convening: ConveneRequest) -> None:
    if convening.closed_at is not None:
        raise _answered(convening)
    if convening.state != ConveneState.AGREED:
        raise Denied("A conference is booked once the answer is that one is held.")


def check_withdraw(convening: ConveneRequest) -> None:
    if convening.closed_at is not None:
        raise _answered(convening)
    if convening.state == ConveneState.AGREED:
        raise Denied("A conference is to be held. Tell whoever books it if it is no longer needed.")
