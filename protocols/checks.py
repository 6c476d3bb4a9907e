"""What the types of a protocol cannot say: the faults of a text whose tables have all been read."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from typing import Any

from protocols.model import (
    EVENTS,
    PRESENCES,
    Attendance,
    Body,
    Clock,
    Condition,
    Gate,
    Link,
    Outcome,
    OuterLimit,
    Requirement,
    Tell,
    Window,
)

ID_KEYS = ("id", "key", "name", "step", "number", "slug", "field")
WORDS = (
    "chair",
    "conference",
    "conference_short",
    "plan",
    "register_or_plan",
    "on_plan",
    "not_on_plan",
    "plan_made",
    "plan_not_made",
    "plan_ended",
    "plan_continued",
    "chairs_summary",
    "reviewer",
    "safeguarding_partnership",
)

# Limits that no procedure has.
MOST: dict[str, float] = {
    "clock_hours": 10_000, "working_days": 400, "calendar_days": 600, "none": math.inf,
}  # fmt: skip

Problem = tuple[str, str, str]


def problems(body: Body) -> Iterator[Problem]:
    yield from _word_problems(body)
    yield from _fact_problems(body)
    yield from _clock_problems(body)
    yield from _review_problems(body)
    yield from _safeguard_problems(body)
    yield from _conference_problems(body)
    conditions = {fact.id: {option.id for option in fact.options} for fact in body.case_facts}
    for table, value in _walk(body, ""):
        match value:
            case Requirement(strength="must", reason=""):
                yield table, "reason", "What must be given needs the sentence shown when it is missing."
            case Tell(before_close=True, reason=""):
                yield table, "reason", "What holds up closing needs the sentence shown when it is missing."
            case Condition() if strange := set(value.any_of) - conditions.get(value.fact, set(value.any_of)):
                yield table, "any_of", f"No such value of {value.fact}: {', '.join(sorted(strange))}."
            case Gate() if value.needs not in _gate_needs(body):
                yield table, "needs", f"“{value.needs}” is nothing a gate can wait for."
            case Attendance() if odd := set(value.accepts) - set(PRESENCES):
                yield table, "accepts", f"No such presence: {', '.join(sorted(odd))}."
            case Attendance(mode="required", reason=""):
                yield table, "reason", "A refusal needs its sentence."
            case Window() if value.after and not value.reason:
                yield table, "reason", "A refusal needs its sentence."
            case Window() if bool(value.amount) != (value.unit != "none") or value.amount < 0:
                yield table, "amount", "A window has an amount with a unit, or neither."
            case Window() | Clock() | OuterLimit() if (value.amount or 0) > (most := MOST[value.unit]):
                yield table, "amount", f"{value.amount} is more than this unit allows: {most}."
            case Link() if value.url and not value.url.startswith(("https://", "http://")):
                yield table, "url", "An address begins with https:// or http://."
            case _:
                pass


def _gate_needs(body: Body) -> set[str]:
    return {"contact_with_dissenter", "approval", *EVENTS, *(fact.name for fact in body.facts)}


def _word_problems(body: Body) -> Iterator[Problem]:
    for key in WORDS:
        if not body.words.get(key):
            yield "words", key, "This word is missing."


def _fact_problems(body: Body) -> Iterator[Problem]:
    for fact in body.facts:
        if fact.name in EVENTS:
            yield f"fact[{fact.name}]", "name", "This is a common event already; it is not declared again."


def _clock_problems(body: Body) -> Iterator[Problem]:
    aliases = {alias.words: alias for alias in body.unit_aliases}
    chained = {clock.id: clock.chained_to for clock in body.clocks}
    for clock in body.clocks:
        table = f"clock[{clock.id}]"
        alias = aliases.get(clock.alias)
        if clock.alias and alias is None:
            yield table, "alias", f"There is no unit alias “{clock.alias}”."
        elif alias and (alias.amount, alias.unit) != (clock.amount, clock.unit):
            yield (
                table,
                "alias",
                f"“{alias.words}” is {alias.amount} {alias.unit} in this text; the clock says otherwise.",
            )
        if not clock.after:
            yield table, "after", missing(Clock, "after")
        if clock.unit == "none" and clock.amount is not None:
            yield table, "amount", "A clock without a unit has no amount."
        if clock.unit != "none" and (clock.amount is None or clock.amount < 1):
            yield table, "amount", "A clock with a unit has an amount of at least 1."
        if clock.least_of and "amount" not in clock.least_of:
            yield table, "least_of", "The least of several limits names the amount among them."
        if clock.outer and clock.unit == "none":
            yield table, "outer", "An outer limit stands behind a target with a number."
        reminders = (*clock.remind_before, *clock.remind_after)
        if any(not 0 <= number <= MOST["calendar_days"] for number in reminders) or len(reminders) > 20:
            yield table, "remind_before", "Reminders are at most 20, in whole days, 0 or more."
        if _runs_in_a_circle(clock.id, chained):
            yield table, "chained_to", "These clocks are chained in a circle."


def _runs_in_a_circle(start: str, chained: Mapping[str, str]) -> bool:
    seen = {start}
    here = chained.get(start, "")
    while here:
        if here in seen:
            return True
        seen.add(here)
        here = chained.get(here, "")
    return False


def _review_problems(body: Body) -> Iterator[Problem]:
    if body.review is None:
        if not body.dissent.holder_without_review:
            yield "dissent", "holder_without_review", "Without a review, somebody has to hold the dissent."
        return
    tiers = body.review.tiers
    if not tiers:
        yield "review", "tier", "A review has at least one tier."
        return
    known = {tier.id: tier for tier in tiers}
    reached = {tiers[0].id}
    todo = [tiers[0]]
    while todo:
        for outcome in todo.pop().outcomes:
            if outcome.next_tier in known and outcome.next_tier not in reached:
                reached.add(outcome.next_tier)
                todo.append(known[outcome.next_tier])
    decided: dict[str, str] = {}
    for tier in tiers:
        table = f"review.tier[{tier.id}]"
        if not tier.by:
            yield table, "by", "Nobody is named to decide."
        if not tier.outcomes:
            yield table, "outcome", "A tier decides something: its outcomes are missing."
        if tier.id not in reached:
            for outcome in tier.outcomes:
                place = f"{table}.outcome[{outcome.id}]"
                yield place, "id", "This outcome cannot be reached: no outcome leads to its tier."
        for outcome in tier.outcomes:
            if outcome.id in decided:
                yield (
                    f"{table}.outcome[{outcome.id}]",
                    "id",
                    f"Tier {decided[outcome.id]} has this outcome id too.",
                )
            decided[outcome.id] = tier.id
            yield from _outcome_problems(outcome, f"{table}.outcome[{outcome.id}]")


def _outcome_problems(outcome: Outcome, table: str) -> Iterator[Problem]:
    booking = {"reconvened": "reconvened_conference", "early_review": "early_review"}.get(outcome.means)
    if booking and outcome.book != booking:
        yield table, "book", f'An outcome that means {outcome.means} books one: book = "{booking}".'
    if outcome.means == "second_tier" and not outcome.next_tier:
        yield table, "next_tier", "An outcome that goes to a second tier names it."


def _safeguard_problems(body: Body) -> Iterator[Problem]:
    urgent = next((safeguard for safeguard in body.safeguards if safeguard.id == "urgent_override"), None)
    if urgent is None:
        yield "safeguard", "urgent_override", "Every protocol keeps the way open to act for a child at once."
    elif not urgent.on or urgent.switchable:
        yield "safeguard[urgent_override]", "on", "Acting for a child at once can never be switched off."
    for safeguard in body.safeguards:
        if safeguard.mode == "block" and not safeguard.refusal:
            yield f"safeguard[{safeguard.id}]", "refusal", "A refusal needs its sentence."


def _conference_problems(body: Body) -> Iterator[Problem]:
    if not body.conference.decisions:
        yield "conference", "decision", "A conference decides something: its decisions are missing."
    if not body.conference.bases:
        yield "conference", "basis", "How a decision may be reached is missing."


def _walk(value: Any, table: str) -> Iterator[tuple[str, Any]]:
    """Every dataclass inside a value, with its table."""
    for each in fields(value):
        inside = getattr(value, each.name)
        here = f"{table}.{file_key(each)}" if table else file_key(each)
        items = inside if isinstance(inside, tuple) else (inside,)
        for n, item in enumerate(items, start=1):
            if is_dataclass(item):
                place = f"{here}[{item_name(item) or n}]" if isinstance(inside, tuple) else here
                yield place, item
                yield from _walk(item, place)


def file_key(each: "Field[Any]") -> str:
    """What a file calls a field."""
    return str(each.metadata.get("key", each.name))


def missing(cls: type[Any], key: str) -> str:
    """The sentence for a key that is not there."""
    if cls is Clock and key == "after":
        return "A clock needs an anchor: name the event after which it runs."
    return "This is missing."


def item_name(item: Any) -> str:
    return next((str(getattr(item, key)) for key in ID_KEYS if hasattr(item, key)), "")
