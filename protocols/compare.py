"""One matter under a protocol: may it be raised, who decides, what may come out, what is refused, and what follows.

Values in, sentences out, each with its rule. Two protocols side by side are two calls with the same matter.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from protocols.calendar import Calendar
from protocols.describe import Line, clock_sentence, seat_words
from protocols.durations import in_words
from protocols.model import AreaProtocol, Cited, Ladder, Refusal
from protocols.window import consider


@dataclass(frozen=True, slots=True)
class Matter:
    """What is known of a difference, with nobody in it.

    `presence` is how whoever differs took part in the conference (one of PRESENCES), empty where there was none;
    `expressed_at` when a dissent was said; `events` the moments of named events; `kind` the kind of difference.
    """

    agency_kind: str
    events: Mapping[str, datetime]
    kind: str = "conference_outcome"
    presence: str = ""
    subject: str = ""
    expressed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One question that every protocol answers, and the answers of one."""

    id: str
    title: str
    lines: tuple[Line, ...]


def answers(area: AreaProtocol, matter: Matter, calendar: Calendar) -> tuple[Question, ...]:
    """What this protocol says of a matter, always the same questions in the same order.

    Raises CalendarHorizon when the time for raising it ends outside the known bank holidays.
    """
    about_conference = matter.kind == "conference_outcome"
    ladder = area.ladder_for(matter.agency_kind, matter.kind)
    parts: list[tuple[str, str, Iterable[Line]]] = []
    if about_conference:
        parts.append(("raise", "May it be raised as a formal dissent?", _may_raise(area, matter, calendar)))
        parts.append(("decide", "Who decides", _deciders(area)))
        parts.append(("outcomes", "What may come out", _outcomes(area)))
        parts.append(("told", "Who is told", _told(area)))
        parts.append(("meanwhile", "Meanwhile", [_line(area.meanwhile, area.meanwhile.text)]))
    parts.append(("ladder", "Who stands on its ladder", _ladder(area, ladder)))
    parts.append(
        ("refused", "What would be refused", _refused(area, matter.subject if about_conference else ""))
    )
    return tuple(Question(name, title, tuple(lines)) for name, title, lines in parts)


def _line(cited: Cited, text: str) -> Line:
    return Line(text, cited.rules, cited.basis)


def _may_raise(area: AreaProtocol, matter: Matter, calendar: Calendar) -> Iterator[Line]:
    refused = next(
        (r for r in area.dissent.subject_refusals if matter.subject and r.id == matter.subject), None
    )
    if refused is not None:
        yield from _no(area, refused)
        return
    if matter.expressed_at is None:
        yield Line("It was not said when a dissent was expressed, so this is not judged.")
        return
    ruling = consider(
        area,
        expressed_at=matter.expressed_at,
        events=matter.events,
        calendar=calendar,
        presence=matter.presence or "attended",
        name="Whoever differs",
    )
    if ruling.refusal is not None:
        yield from _no(area, ruling.refusal)
        return
    yield Line("Yes.", area.dissent.window.rules, area.dissent.window.basis)
    for mark in ruling.marks:
        yield Line(f"It would be marked: {mark.text}", (mark.rule,) if mark.rule else ())


def _no(area: AreaProtocol, refusal: Refusal) -> Iterator[Line]:
    yield _line(refusal, f"No. {_filled(area, refusal.reason)}")
    route = area.route(refusal.route) if refusal.route else None
    if route is not None:
        yield _line(route, f"Instead: {route.label}.")


def _deciders(area: AreaProtocol) -> Iterator[Line]:
    if area.review is None:
        none = area.refusal("no_review")
        yield _line(none, _filled(area, none.reason)) if none else Line("Nobody: it goes to the ladder.")
        return
    for tier in area.review.tiers:
        by = (" together with " if tier.jointly else " or ").join(seat_words(area, seat) for seat in tier.by)
        yield _line(tier, f"{tier.label}: {by}.")
        for gate in tier.gates:
            yield _line(gate, _filled(area, gate.reason))


def _outcomes(area: AreaProtocol) -> Iterator[Line]:
    for tier in area.review.tiers if area.review else ():
        for outcome in tier.outcomes:
            after = area.tier(outcome.next_tier) if outcome.next_tier else None
            then = f" It then goes to: {after.label}." if after else ""
            yield _line(outcome, f"{outcome.label}.{then}")
    if area.review is None:
        yield Line("There is no decision on the dissent itself.")


def _told(area: AreaProtocol) -> Iterator[Line]:
    decided = {"decision_made", "second_tier_decided", "reconvene_decided"}
    found = [tell for tell in area.tells if tell.when in decided]
    for tell in found:
        who = seat_words(area, tell.who)
        yield _line(tell, f"{who[:1].upper()}{who[1:]}: {tell.what}")
    if not found:
        yield Line("The protocol names nobody who is told the outcome.")


def _ladder(area: AreaProtocol, ladder: Ladder | None) -> Iterator[Line]:
    if ladder is None:
        missing = area.escalation.no_ladder
        yield (
            _line(missing, missing.reason or missing.label) if missing else Line("It has no ladder for this.")
        )
        return
    for number, tier in enumerate(ladder.tiers, start=1):
        clock = area.clock(tier.clock) if tier.clock else None
        limit = f" Within {in_words(clock.amount, clock.unit)}." if clock and clock.unit != "none" else ""
        yield _line(tier, f"{number}. {tier.label}.{limit}")


def _refused(area: AreaProtocol, subject: str) -> Iterator[Line]:
    tiers = area.review.tiers if area.review else ()
    refusals = (
        *area.dissent.refused_people,
        *area.dissent.subject_refusals,
        *area.dissent.ground_refusals,
        *(refusal for tier in tiers for refusal in tier.outcome_refusals),
    )
    for refusal in refusals:
        if refusal.id != subject:
            yield _line(refusal, _filled(area, refusal.reason))
    if not refusals:
        yield Line("It states no refusal of its own.")


def clocks_ahead(area: AreaProtocol, events: Mapping[str, datetime]) -> tuple[Line, ...]:
    """The clocks of a protocol whose event is not among those that are known: what would start them, and how long."""
    return tuple(
        Line(clock_sentence(area, clock), clock.rules, clock.basis)
        for clock in area.clocks
        if clock.after not in events
    )


def _filled(area: AreaProtocol, text: str) -> str:
    """A refusal in general: its placeholders in words, since there is nobody and no hour to name."""
    values = {
        "name": "Whoever differs",
        "chair": area.words["chair"],
        "conference": area.words["conference"],
        "reviewer": area.words["reviewer"],
        "partnership": area.partnership_name,
        "ended_at": "its end",
        "closes_at": "its time",
        "expressed_at": "later",
        "outcome": "this outcome",
        "minimum": "enough",
        "present": "fewer",
    }
    for name, words in values.items():
        text = text.replace(f"{{{name}}}", words)
    return text
