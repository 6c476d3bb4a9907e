"""What help pages are made of: the register of rules, the tables of states, the roles."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import protocols
from cases import states as cases
from complaints import states as complaints
from conferences import states as conferences
from convening import states as convening
from dissent import states as dissents
from escalation import states as escalations
from partnerships.selectors import area_in_force
from partnerships.states import Role
from protocols.describe import sections
from protocols.loader import register

Shown = dict[str, Any]

# For whoever is not signed in; with a protocol, its own words.
PLAIN_WORDS = {"chair": "chair", "conference_short": "conference", "plan": "child protection plan"}

TABLES: tuple[tuple[str, str, Mapping[Any, str]], ...] = (
    ("list", "In your lists", cases.MEANS),
    ("dissent", "A dissent", dissents.MEANS),
    ("escalation", "A disagreement on the ladder", escalations.MEANS),
    ("request", "A request for a {conference_short}", convening.MEANS),
    ("conference", "A {conference_short}", conferences.MEANS),
    ("complaint", "A complaint by a family", complaints.MEANS),
)


@dataclass(frozen=True, slots=True)
class RoleHelp:
    key: str
    title: str
    roles: tuple[str, ...]


ROLE_HELPS = (
    RoleHelp("practitioner", "If you disagree with a decision", (Role.PRACTITIONER,)),
    RoleHelp("chair", "If you chair", (Role.CHAIR,)),
    RoleHelp("minute-taker", "If you take the minutes", (Role.MINUTE_TAKER,)),
    RoleHelp("reviewing-manager", "If you review dissents", (Role.REVIEWING_MANAGER,)),
    RoleHelp("second-tier", "If you make the second decision", (Role.SECOND_TIER,)),
    RoleHelp("admin", "If you run the partnership’s office", (Role.PARTNERSHIP_ADMIN,)),
    RoleHelp("guest", "If you were invited by a link", (Role.GUEST,)),
)


def role_helps() -> tuple[RoleHelp, ...]:
    return ROLE_HELPS


def help_of(role: str) -> RoleHelp | None:
    """The help of a role, by its page's name or by the role itself."""
    return next((row for row in ROLE_HELPS if role == row.key or role in row.roles), None)


def words_for(membership: Any) -> Mapping[str, str]:
    """The local words of a person's protocol; plain ones for somebody who has none."""
    area = area_in_force(membership) if membership else None
    return area.words if area else PLAIN_WORDS


def means_of(table: Mapping[Any, str], state: str, area: protocols.AreaProtocol | None) -> str:
    """What a state means, in the words of a protocol."""
    return table[state].format_map(area.words if area else PLAIN_WORDS)


def all_means(membership: Any) -> list[Shown]:
    words = words_for(membership)
    return [
        {
            "ident": ident,
            "title": title.format_map(words),
            "rows": [
                {"label": state.label, "means": means.format_map(words)} for state, means in table.items()
            ],
        }
        for ident, title, table in TABLES
    ]


# --- rules ------------------------------------------------------------------------------------------------------

KINDS = {
    "GATE": "who or what may pass",
    "CLOCK": "a time limit",
    "DECIDE": "who decides",
    "ROUTE": "where it goes next",
    "NOTIFY": "who is told",
    "REC": "what is recorded",
    "GUIDE": "guidance",
    "META": "about the text itself",
}


def rule_shown(number: str, day: dt.date, own: str) -> Shown | None:
    """A rule by its number, however it is typed; None where the register has none. `own`: whose lines stand first."""
    found = next((row for row in register().values() if row.number.upper() == number.upper()), None)
    if found is None:
        return None
    library = protocols.library()
    areas = [library.on(slug, day) for slug in library.slugs()]
    letters = found.number.partition("-")[0]
    beside = [rule for rule in register().values() if rule.number.partition("-")[0] == letters]
    at = [rule.number for rule in beside].index(found.number)
    return {
        "rule": found,
        "kinds": [KINDS[kind] for kind in found.kind],
        "does": _does(found.number, sorted(areas, key=lambda area: area.slug != own)),
        "own": own,
        "before": beside[at - 1].number if at else "",
        "after": beside[at + 1].number if at + 1 < len(beside) else "",
    }


def _does(number: str, areas: Iterable[protocols.AreaProtocol]) -> list[Shown]:
    """What the service does by a rule: the lines of the protocols that name it, those that are alike together."""
    found: dict[tuple[tuple[str, str, str], ...], list[protocols.AreaProtocol]] = {}
    for area in areas:
        lines = tuple(
            (section.title, line.text, line.citation)
            for section in sections(area)
            for line in section.lines
            if number in line.rules
        )
        if lines:
            found.setdefault(lines, []).append(area)
    return [
        {
            "partnerships": [{"name": a.partnership_name, "slug": a.slug} for a in group],
            "lines": [{"where": where, "text": text, "cites": cites} for where, text, cites in lines],
        }
        for lines, group in found.items()
    ]
