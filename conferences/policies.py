"""May it be done to this conference now? No person is asked about here, and nothing is written."""

import protocols
from conferences.models import Attendance, Conference, ConferenceChild
from conferences.states import EDITABLE, LIVE, PRESENT, ConferenceState, Side
from core.moments import in_words
from core.refusals import Denied, Route, changed
from partnerships.models import Membership


def refusal(
    found: protocols.Refusal, area: protocols.AreaProtocol, *, field: str = "", **values: object
) -> Denied:
    """A refusal of the protocol as an exception: its sentence, rule and route."""
    route = area.route(found.route) if found.route else None
    return Denied(
        found.reason.format_map({key: str(value) for key, value in values.items()}),
        rule=found.rule,
        route=Route(f"{route.label}: {route.text}" if route.text else route.label) if route else Route(""),
        field=field,
    )


def check_set_up(chair: Membership, area: protocols.AreaProtocol) -> None:
    """What the protocol wants in place before a conference is set up (SUS-25: the chair has a line manager)."""
    for need in area.conference.setup:
        if need.field == "chair_line_manager" and need.strength == "must" and chair.line_manager_id is None:
            raise Denied(need.reason, rule=need.rule, field="chair")


def check_editable(conference: Conference) -> None:
    if conference.state == ConferenceState.ENDED and conference.ended_at:
        raise Denied(
            f"This conference ended on {in_words(conference.ended_at)}; its record is closed.",
            route="A dissent that was said in time can still be entered, with a reason, from the dissent page.",
        )
    if conference.state not in EDITABLE:
        raise Denied("This conference was cancelled; nothing can be recorded on it.")


def check_live(conference: Conference) -> None:
    check_editable(conference)
    if conference.state not in LIVE:
        raise Denied("Start the conference first: this can only be recorded once it has started.")


def check_ended(conference: Conference) -> None:
    if conference.state != ConferenceState.ENDED:
        raise Denied("This conference has not ended yet. The time is entered when it ends.")


def check_in_session(conference: Conference) -> None:
    check_live(conference)
    if conference.state != ConferenceState.IN_SESSION:
        raise Denied("This conference is adjourned. Resume it first.")


def check_private_view(conference: Conference, area: protocols.AreaProtocol) -> None:
    """A view of one's own before the round: where the safeguard is on, and until the round is opened."""
    safeguard = area.safeguard("private_view")
    if safeguard is None or not safeguard.on:
        raise Denied("This partnership does not ask for a view before the round.")
    if conference.round_opened_at is not None:
        raise Denied(
            f"The round was opened on {in_words(conference.round_opened_at)}. Say your view in the {area.word('conference_short')}."
        )
    if conference.state not in LIVE and conference.state != ConferenceState.BOOKED:
        check_editable(conference)


def check_open_round(conference: Conference, area: protocols.AreaProtocol) -> None:
    check_live(conference)
    check_private_view(conference, area)


def check_adjourned(conference: Conference) -> None:
    if conference.state != ConferenceState.ADJOURNED:
        raise Denied("Only an adjourned conference can be resumed.")


def check_start(conference: Conference) -> None:
    if conference.state in LIVE and conference.started_at:
        raise changed(f"This conference was already started, on {in_words(conference.started_at)}.")
    check_editable(conference)


def check_decide(conference: Conference, child: ConferenceChild, area: protocols.AreaProtocol) -> None:
    """One decision for each child of this conference, in session, with its quorum or a reason."""
    check_live(conference)
    if child.conference_id != conference.pk:
        raise Denied("That child is not one of this conference's children. Choose a child from its list.")
    decision = getattr(child, "decision", None)
    if decision is not None:
        raise changed(
            f"The decision about {child.child.initials} was already recorded, on {in_words(decision.recorded_at)}. "
            "A decision is recorded once; a later conference can change it."
        )
    quorum = area.conference.quorum
    if quorum and agencies_present(conference) < quorum.minimum and not conference.quorum_reason:
        raise Denied(
            f"Fewer than {quorum.minimum} agencies are here. Say on the record page why the conference goes on.",
            rule=quorum.rule,
            field="quorum_reason",
        )


def check_basis(basis: str, area: protocols.AreaProtocol) -> None:
    """A decision may be reached only in a way that the protocol has (AFC-2, CAM-5, HIPS-8 refuse a majority)."""
    if area.conference.basis(basis) is not None:
        return
    refused = area.conference.basis_refusal(basis)
    if refused is not None:
        raise refusal(refused, area, field="basis")
    raise Denied("Select how the decision was reached", field="basis")


def check_decision_values(option: str, category: str, area: protocols.AreaProtocol) -> None:
    chosen = next((d for d in area.conference.decisions if d.id == option), None)
    if chosen is None:
        raise Denied("Select what was decided", field="option")
    known = {c.id for c in area.conference.categories}
    if chosen.on_plan and known and category not in known:
        raise Denied("Select the category", field="category")


def check_option_with_quorum(option: str, conference: Conference, area: protocols.AreaProtocol) -> None:
    """Some decisions are not for a conference below its quorum, whatever the reason it went on for."""
    quorum = area.conference.quorum
    if quorum and option in quorum.not_when_inquorate and agencies_present(conference) < quorum.minimum:
        raise Denied(
            f"This cannot be decided with fewer than {quorum.minimum} agencies here.",
            rule=quorum.rule,
            field="option",
        )


def agencies_present(conference: Conference) -> int:
    """How many agencies have someone here, in the room or remotely."""
    return (
        Attendance.objects.filter(conference=conference, side=Side.PROFESSIONAL, presence__in=PRESENT)
        .values("agency_id")
        .distinct()
        .count()
    )


def check_missing_entry(attendance: Attendance) -> None:
    if attendance.presence not in PRESENT:
        raise Denied(
            "You are not recorded as present, so the record can hold no dissent of yours. Ask the chair to correct "
            "the attendance first."
        )
    if attendance.missing_entries.filter(answered_at__isnull=True).exists():
        raise Denied("You have already sent this to the chair. You will be told when the chair has answered.")
