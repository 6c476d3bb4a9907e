"""May this complaint be logged, decided, followed up or closed now? What the protocol does not say is not invented."""

import protocols
from complaints.models import Complaint
from complaints.states import ComplaintState
from conferences.models import Conference
from conferences.states import ConferenceState
from core.moments import in_words
from core.refusals import Denied, changed
from partnerships.models import Membership
from protocols.model import ComplaintRules
from records.models import Telling

WHO_COMPLAINED = "capacity:parents"  # the seat of the family in the texts


def rules_of(area: protocols.AreaProtocol) -> ComplaintRules:
    """What the text says of complaints. Raises Denied with its signpost where it only says where they go (AFC-4, SUS-18)."""
    if area.complaints is None:
        route = area.route("complaints")
        family = next((refusal for refusal in area.dissent.refused_people if refusal.id == "family"), None)
        raise Denied(
            f"{family.reason if family else 'Complaints by families go their own way.'} They are not kept here.",
            rule=family.rule if family else "",
            route=route.text if route else "",
        )
    return area.complaints


def refusal(rules: ComplaintRules, name: str) -> Denied:
    """The protocol's own sentence of this name. A text without one is refused all the same."""
    found = next((each for each in rules.refusals if each.id == name), None)
    return Denied(found.reason, rule=found.rule) if found else Denied("This protocol does not allow it.")


def about_agency(area: protocols.AreaProtocol) -> Denied:
    """A complaint about one agency or its practice is not logged here: it goes to that agency (CAM-21)."""
    rules = rules_of(area)
    signpost = next((each for each in rules.signposts if each.id == "agency"), None)
    route = area.route("agency_complaint")
    return Denied(
        signpost.label if signpost else "A complaint about one agency goes to that agency",
        rule=signpost.rule if signpost else "",
        route=f"{route.text} Nothing was recorded here." if route else "Nothing was recorded here.",
        field="about",
    )


def check_conference(conference: Conference | None) -> Conference:
    if conference is None:
        raise Denied(
            "Enter the reference of a conference of this partnership, like CF-7F3K-92", field="conference"
        )
    if conference.state in (ConferenceState.BOOKED, ConferenceState.CANCELLED):
        raise Denied(
            "This conference has not been held. A complaint is about one that was.", field="conference"
        )
    return conference


def check_aspects(aspects: tuple[str, ...], outside_list: bool, rules: ComplaintRules) -> None:
    """One or more aspects of the protocol's list; what stands outside it is logged all the same, and said so (CAM-18)."""
    known = {aspect.id for aspect in rules.aspects}
    if set(aspects) - known:
        raise Denied("Select what it is about from the list", rule=rules.rule, field="aspects")
    if not aspects and not outside_list:
        raise Denied("Select what the complaint is about", rule=rules.rule, field="aspects")


def outside_words(complaint: Complaint, area: protocols.AreaProtocol) -> str:
    """What the reader of a complaint outside the list is told (CAM-18); empty for one within it."""
    if not complaint.outside_list:
        return ""
    rules = rules_of(area)
    return f"A part of it is not on the protocol’s list. Say so when you answer, and answer it all the same. ({rules.rule})"


def check_open(complaint: Complaint) -> None:
    if complaint.closed_at is not None:
        raise changed(f"This complaint ended on {in_words(complaint.closed_at)}.")


def check_acknowledge(complaint: Complaint) -> None:
    check_open(complaint)
    if complaint.acknowledged_at is not None:
        raise changed(f"It was acknowledged on {in_words(complaint.acknowledged_at)}.")


def check_decide(complaint: Complaint) -> None:
    check_open(complaint)
    if complaint.decided_at is not None:
        raise changed(f"The outcome was recorded on {in_words(complaint.decided_at)}. It is recorded once.")
    if complaint.state != ComplaintState.ACKNOWLEDGED:
        raise Denied("Acknowledge the complaint first, and say that the decision stands meanwhile.")


def check_undecided(complaint: Complaint) -> None:
    """It can be withdrawn until it has its outcome: after that everyone is told, and it is closed."""
    check_open(complaint)
    if complaint.decided_at is not None:
        raise changed(f"The outcome was recorded on {in_words(complaint.decided_at)}.")


def check_outcome(outcome: str, area: protocols.AreaProtocol) -> protocols.Outcome:
    """One of the protocol's outcomes (CAM-20); none of them is a decision about a child (CAM-19)."""
    rules = rules_of(area)
    found = next((each for each in rules.outcomes if each.id == outcome), None)
    if found is not None:
        return found
    if outcome in {decision.id for decision in area.conference.decisions}:
        raise refusal(rules, "changes_decision")
    denied = refusal(rules, "other_outcome")
    raise Denied(denied.reason, rule=denied.rule, field="outcome")


def outcome_of(complaint: Complaint, area: protocols.AreaProtocol) -> protocols.Outcome | None:
    rules = area.complaints
    return next((each for each in rules.outcomes if each.id == complaint.outcome), None) if rules else None


def check_follow_up(complaint: Complaint, area: protocols.AreaProtocol) -> protocols.Outcome:
    outcome = outcome_of(complaint, area)
    if complaint.state != ComplaintState.DECIDED or outcome is None:
        raise Denied("This complaint has no outcome yet, or is over.")
    if not outcome.book:
        raise Denied("This outcome asks for no conference.", rule=outcome.rule)
    if complaint.follow_up is not None and complaint.follow_up.state != ConferenceState.CANCELLED:
        raise changed(
            f"{complaint.follow_up.reference} is already booked for {in_words(complaint.follow_up.starts_at)}."
        )
    return outcome


def check_chair(
    complaint: Complaint, outcome: protocols.Outcome, chair: Membership, area: protocols.AreaProtocol
) -> None:
    """After a complaint the conference meets under a different chair: another person, not another role (CAM-20)."""
    if outcome.different_chair == "must" and chair.user_id == complaint.conference.chair.user_id:
        denied = refusal(rules_of(area), "same_chair")
        raise Denied(denied.reason, rule=denied.rule, field="chair")


def seats_of(tell: protocols.Tell, area: protocols.AreaProtocol) -> tuple[str, ...]:
    """The seats that a telling is made of: those of its group, each by itself."""
    kind, _, name = tell.who.partition(":")
    group = next((each for each in area.groups if each.id == name), None) if kind == "group" else None
    return group.members if group else (tell.who,)


def telling_id(tell: protocols.Tell, seat: str) -> str:
    return f"{tell.id}:{seat}"


def tellings_due(
    complaint: Complaint, area: protocols.AreaProtocol
) -> list[tuple[protocols.Tell, str, Telling | None]]:
    """Who is to be told what by now, each with the record of having told them."""
    rules = area.complaints
    done = {row.tell_id: row for row in complaint.case.tellings.all()}
    due = [
        tell
        for tell in (rules.tells if rules else ())
        if tell.when != "decision_made" or complaint.decided_at is not None
    ]
    return [(tell, seat, done.get(telling_id(tell, seat))) for tell in due for seat in seats_of(tell, area)]


def check_close(complaint: Complaint, area: protocols.AreaProtocol) -> None:
    """Everyone concerned was told that the decision stands, and of the outcome; what it asks for is booked (CAM-19, CAM-20)."""
    check_open(complaint)
    if complaint.state != ComplaintState.DECIDED:
        raise Denied("The complaint has no outcome yet.")
    outcome = outcome_of(complaint, area)
    booked = complaint.follow_up is not None and complaint.follow_up.state != ConferenceState.CANCELLED
    if outcome is not None and outcome.book and not booked:
        raise Denied(f"{outcome.label}: book it first.", rule=outcome.rule)
    for tell, _, row in tellings_due(complaint, area):
        if tell.before_close and row is None:
            raise Denied(tell.reason or f"Not yet recorded: {tell.what}", rule=tell.rule)
