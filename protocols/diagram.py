"""The path that a dissent takes under one protocol, as a Mermaid flowchart."""

from collections.abc import Iterator

from protocols.describe import event_words, seat_words
from protocols.durations import in_words
from protocols.model import AreaProtocol, Clock, Outcome, Tier


def mermaid(area: AreaProtocol) -> str:
    """Mermaid text: from the conference to the last step that the protocol names."""
    lines = ["flowchart TD", *_opening(area)]
    lines += _reviewed(area) if area.review else _challenged(area)
    return "\n".join(lines) + "\n"


def _opening(area: AreaProtocol) -> Iterator[str]:
    yield f'    conference["{_label(area.words["conference"].capitalize())}"] --> differs{{"Somebody disagrees"}}'
    yield '    differs -->|"stands by the decision"| view["View noted on the record"]'
    window = area.dissent.window
    limit = "no time limit"
    if window.after:
        limit = f"within {in_words(window.amount, window.unit)} after" if window.amount else "before"
        limit = f"{limit} {event_words(area, window.after)}"
    yield f'    differs -->|"{_label(limit)}"| dissent["Dissent recorded{_rules(area.dissent.window.rule)}"]'
    for refusal in area.dissent.ground_refusals:
        route = area.route(refusal.route)
        if route:
            ground = _label(_ground(area, refusal.id))
            elsewhere = f"{_label(route.label)}{_rules(refusal.rule)}"
            yield f'    differs -->|"{ground}"| route_{refusal.id}["{elsewhere}"]'
    if area.dissent.parallel:
        yield f'    dissent -.-> parallel["Escalation opened beside it{_rules(area.dissent.parallel.rule)}"]'


def _ground(area: AreaProtocol, name: str) -> str:
    return next(
        (ground.label for ground in area.dissent.grounds if ground.id == name), name.replace("_", " ")
    )


def _reviewed(area: AreaProtocol) -> Iterator[str]:
    tiers = area.review.tiers if area.review else ()
    before = "dissent"
    view = area.dissent.written_view
    if area.dissent.acknowledged:
        clock = next((c for c in area.clocks if c.after == "dissent_acknowledged"), None)
        yield f'    {before} --> acknowledged["Acknowledged and passed on{_limit(clock)}"]'
        before = "acknowledged"
    if view:
        yield f'    {before} --> written_view["{_label(view.label)}{_limit(area.clock(view.clock))}"]'
        before = "written_view"
    for tier in tiers[:1]:
        yield f"    {before} --> {_node(tier)}"
    for tier in tiers:
        yield from _tier(area, tier)
    for step in area.dissent.if_unresolved:
        labels = " or ".join(route.label for name in step.routes if (route := area.route(name)))
        yield f'    next_{step.id}["{_label(labels)}{_rules(step.rule)}"]'
        for tier in tiers:
            for outcome in tier.outcomes:
                if not outcome.next_tier and outcome.id in (step.after_outcomes or (outcome.id,)):
                    yield f'    outcome_{outcome.id} -.->|"if not settled"| next_{step.id}'


def _tier(area: AreaProtocol, tier: Tier) -> Iterator[str]:
    clock = next((c for c in area.clocks if c.tier == tier.id and c.purpose == "decide"), None)
    who = " and ".join(seat_words(area, seat) for seat in tier.by).removeprefix("the ")
    gate = "".join(
        f"<br>first: speak with the dissenter{_rules(g.rule)}" for g in tier.gates if g.before == "decision"
    )
    yield f'    {_node(tier)}{{"{_label(who)} decides{gate}{_limit(clock)}"}}'
    for outcome in tier.outcomes:
        yield from _outcome(area, tier, outcome)


def _outcome(area: AreaProtocol, tier: Tier, outcome: Outcome) -> Iterator[str]:
    node = f"outcome_{outcome.id}"
    yield f'    {_node(tier)} --> {node}["{_label(outcome.label)}{_rules(outcome.rule)}"]'
    if outcome.next_tier:
        yield f"    {node} --> tier_{outcome.next_tier}"
    if outcome.book == "early_review":
        yield f'    {node} --> early_{outcome.id}(["Early review conference"])'
    elif outcome.book:
        clock = next(
            (
                c
                for c in area.clocks
                if c.purpose == "hold" and (not c.on_outcomes or outcome.id in c.on_outcomes)
            ),
            None,
        )
        yield f'    {node} --> again_{outcome.id}(["Conference meets again{_limit(clock)}"])'
    elif outcome.means == "stands":
        yield f'    {node} --> stands(["The decision stands"])'


def _challenged(area: AreaProtocol) -> Iterator[str]:
    """A ladder and nothing else: no reviewer, no outcome of a review."""
    before = "dissent"
    for mode in area.dissent.modes:
        yield f'    dissent --> mode_{mode.id}["{_label(mode.label)}{_rules(mode.rule)}"]'
        if mode.id == "challenge":
            before = f"mode_{mode.id}"
    ladder = next((each for each in area.escalation.ladders if "conference_outcome" in each.kinds), None)
    for tier in ladder.tiers if ladder else ():
        arrow = "-->" if before.startswith("mode_") else '-->|"not settled"|'
        yield f'    {before} {arrow} step_{tier.id}["{_label(tier.label)}{_rules(tier.rule)}"]'
        before = f"step_{tier.id}"


def _node(tier: Tier) -> str:
    return f"tier_{tier.id}"


def _limit(clock: Clock | None) -> str:
    if clock is None:
        return ""
    return f"<br>{in_words(clock.amount, clock.unit)}{_rules(clock.rule)}"


def _rules(rule: str) -> str:
    return f"<br>{rule}" if rule else ""


def _label(text: str) -> str:
    return text.replace('"', "'")
