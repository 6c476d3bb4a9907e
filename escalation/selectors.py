"""The ladder of an agency, as pages show it beside a case."""

from typing import Any

import protocols
from protocols.durations import in_words

OUTCOME_KIND = "conference_outcome"


def ladder_view(area: protocols.AreaProtocol, agency_kind: str, kind: str = OUTCOME_KIND) -> dict[str, Any]:
    """The steps open to an agency for one kind of difference: for components/ladder.html, with the words around it.

    {tiers: [{label, between, time, now, rule}], text, rule, jumps: [{text, rule}]}; no tiers where the text has none.
    """
    ladder = area.ladder_for(agency_kind, kind)
    jumps = [{"text": jump.label, "rule": jump.rule} for jump in area.escalation.jumps]
    if ladder is None:
        none = area.escalation.no_ladder
        words = none.reason or none.label if none else "The protocol has no ladder for this agency."
        return {"tiers": [], "text": words, "rule": none.rule if none else "", "jumps": jumps}
    return {
        "tiers": [_tier(area, tier, agency_kind) for tier in ladder.tiers],
        "text": ladder.warning,
        "rule": ladder.rule,
        "jumps": jumps,
    }


def _tier(area: protocols.AreaProtocol, tier: Any, agency_kind: str) -> dict[str, Any]:
    """One step: between whom, in the titles of this agency, and in what time."""
    between = ""
    if tier.between is not None:
        ours = tier.titles.get(agency_kind, tier.between.ours)
        between = f"{ours[:1].upper()}{ours[1:]} and {tier.between.theirs}"
    elif agency_kind in tier.titles:
        title = tier.titles[agency_kind]
        between = f"{title[:1].upper()}{title[1:]}"
    return {
        "label": tier.label,
        "between": between,
        "time": _time(area, tier.clock),
        "now": False,
        "rule": tier.rule,
        "text": tier.text,
    }


def _time(area: protocols.AreaProtocol, clock_id: str) -> str:
    clock = area.clock(clock_id) if clock_id else None
    if clock is None or clock.unit == "none":
        return (clock.words if clock and clock.words else "no fixed time").capitalize()
    return f"Within {in_words(clock.amount, clock.unit)}"


def urgent_view(area: protocols.AreaProtocol, contact: str) -> dict[str, str]:
    """What to do at once for a child: on every case, whatever its state. The rule where the text has one."""
    safeguard = area.safeguard("urgent_override")
    return {
        "contact": contact,
        "text": safeguard.text if safeguard else "",
        "rule": safeguard.rule if safeguard else "",
        "basis": safeguard.basis if safeguard else "",
    }
