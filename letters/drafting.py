"""What each kind of letter says at first: drafted from what is recorded, in the protocol's own words.

The writer edits it. Nothing here decides: who gets a letter and by which rule is the protocol's.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from letters.model import FIELDS_OF_WORDING, Child, Dated, Kind, Section

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A partnership's own opening and closing of one kind of letter. Empty: the words that come with it."""

    opening: str = ""
    closing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is recorded, as far as a letter may say it."""

    reference: str
    partnership: str
    conference: str  # the local word
    held_on: dt.date | None = None
    chair: str = "chair"  # the local word
    chair_name: str = ""
    children: tuple[Child, ...] = ()
    dissenter: str = ""
    agency: str = ""
    outcome: str = ""
    outcome_text: str = ""
    means: str = ""
    reasons: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    new_information: str = ""
    decided_on: dt.date | None = None
    dates: tuple[Dated, ...] = ()
    booked: str = ""  # when and where the conference that follows is held
    booked_with: str = ""  # who chairs it
    if_unresolved: str = ""
    if_unresolved_rule: str = ""
    rule: str = ""
    document: str = ""
    stands: str = ""
    about: str = ""  # a complaint, or a request, in the words of its list
    reply: str = ""  # the answer to a request, in the words in which it was given


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A letter as first drafted."""

    title: str
    salutation: str
    sections: tuple[Section, ...]
    about: tuple[tuple[str, str], ...] = field(default=())


def day_words(day: dt.date | None) -> str:
    """Tuesday 3 March 2026."""
    return f"{day:%A} {day.day} {day:%B %Y}" if day else ""


def listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def unknown_fields(text: str) -> list[str]:
    """Names in braces that a wording cannot hold."""
    return sorted({name for name in PLACEHOLDER.findall(text) if name not in FIELDS_OF_WORDING})


def _filled(text: str, facts: Facts) -> str:
    known = {
        "reference": facts.reference,
        "conference": facts.conference,
        "date": day_words(facts.held_on),
        "chair": facts.chair,
        "partnership": facts.partnership,
    }
    return PLACEHOLDER.sub(lambda found: known.get(found[1], found[0]), text)


TITLES: dict[Kind, str] = {
    "decision": "Decision on a professional dissent",
    "notice": "Formal notice of the outcome of a review",
    "response": "Answer to your professional dissent",
    "second_tier": "Decision on whether the conference meets again",
    "parents": "What we decided about the conference",
    "not_convene": "Decision not to hold a conference",
    "complaint": "We have received your complaint",
    "invitation": "Invitation to a conference",
}
OPENINGS: dict[Kind, str] = {
    "decision": "A formal dissent was made from the decision of the {conference} on {date}. I have looked at it. "
    "This letter tells you what I decided, and why.",
    "notice": "A dissent was made from the decision of the {conference} on {date}. I have completed the review. "
    "This is the formal notice of its outcome.",
    "response": "You dissented from the decision of the {conference} on {date}. Thank you for saying so: it is an "
    "important check. I have looked at the decision again, and this is my answer.",
    "second_tier": "The dissent from the decision of the {conference} on {date} was upheld and passed to me. I have "
    "looked at the case. This letter tells you what I decided, and why.",
    "parents": "On {date} there was a {conference} about your child. Not everybody who works with your family agreed "
    "with what was decided. That is why it was looked at again. This letter tells you what we decided.",
    "not_convene": "You asked for a {conference}. I have looked at your request. I have decided not to call one. "
    "This letter gives my reasons.",
    "complaint": "Thank you for telling us about your complaint. This letter says what happens now.",
    "invitation": "A {conference} meets again after the decision of {date} was looked at. You are invited.",
}
CLOSINGS: dict[Kind, str] = {
    "decision": "Please place this letter on your own agency’s record of the child.",
    "notice": "Please keep this notice with your own record.",
    "response": "If you want to talk this through, please get in touch with me.",
    "second_tier": "Please place this letter on your own agency’s record of the child.",
    "parents": "Your social worker brings you this letter and can explain it. You can ask them anything about it.",
    "not_convene": "If a child is at risk now, do not wait for an answer: call the duty team, or 999 in an emergency.",
    "complaint": "We will write to you again when we have looked at it.",
    "invitation": "Please tell us if you cannot come, and who comes for you.",
}
PLAIN_MEANS = {
    "stands": "The decision of the conference stays as it is.",
    "reconvened": "The conference will meet again and decide anew.",
    "early_review": "The next conference will be held earlier than planned.",
}


def wording_of(kind: Kind) -> Wording:
    """The opening and closing that come with a kind of letter."""
    return Wording(opening=OPENINGS[kind], closing=CLOSINGS[kind])


def draft(kind: Kind, facts: Facts, own: Wording | None = None, *, names: str = "") -> Draft:
    """The first draft of a letter. `names`: whom the salutation greets, where it is one person."""
    own = own or Wording()
    opening = _filled(own.opening.strip() or OPENINGS[kind], facts)
    closing = _filled(own.closing.strip() or CLOSINGS[kind], facts)
    middle = _MIDDLE[kind](facts)
    sections = (
        Section(id="opening", heading="", text=opening),
        *middle,
        Section(id="closing", heading="", text=closing, required=False),
    )
    return Draft(
        title=TITLES[kind], salutation=_salutation(kind, names), sections=sections, about=_about(kind, facts)
    )


def _salutation(kind: Kind, names: str) -> str:
    if kind == "parents":
        return f"Dear {names}" if names else "Dear parents"
    return f"Dear {names}" if names else "Dear colleagues"


def _about(kind: Kind, facts: Facts) -> tuple[tuple[str, str], ...]:
    """The lines under the title that say what the letter is about."""
    children = listed([child.initials for child in facts.children])
    rows: list[tuple[str, str]] = []
    if facts.held_on and kind != "not_convene":
        rows.append(("Conference", f"{facts.conference.capitalize()}, {day_words(facts.held_on)}"))
    if children:
        rows.append(("Child" if len(facts.children) == 1 else "Children", children))
    if kind in ("decision", "second_tier"):
        rows.append(("Dissent by", facts.agency))
        rows.append((facts.chair.capitalize(), facts.chair_name))
    if kind in ("not_convene", "complaint") and facts.about:
        rows.append(("About", facts.about))
    return tuple(row for row in rows if row[1])


def _decision_section(facts: Facts, heading: str = "The decision") -> Section:
    lines = [f"{facts.outcome}."]
    if facts.outcome_text:
        lines.append(facts.outcome_text)
    for child in facts.children:
        if child.decision:
            said = f" The dissent said “{child.direction}”." if child.direction else ""
            lines.append(f"{child.initials}: the conference decided “{child.decision}”.{said}")
    return Section(id="decision", heading=heading, text="\n\n".join(lines))


def _reasons_section(facts: Facts) -> Section:
    chunks = [facts.reasons]
    chunks += [f"{child.initials}: {child.answer}" for child in facts.children if child.answer]
    chunks += [f"{label}: {text}" for label, text in facts.parts if text]
    if facts.new_information:
        chunks.append(f"New information that I took into account: {facts.new_information}")
    return Section(id="reasons", heading="Reasons", text="\n\n".join(chunk for chunk in chunks if chunk))


def _next_section(facts: Facts, heading: str = "What happens next") -> tuple[Section, ...]:
    lines = []
    if facts.booked:
        chaired = f", chaired by {facts.booked_with}" if facts.booked_with else ""
        lines.append(f"The conference is booked for {facts.booked}{chaired}.")
    lines += [
        f"- {row.label}: by {row.date}{f' ({row.rule})' if row.rule else ''}"
        for row in facts.dates
        if not facts.booked
    ]
    text = "\n".join(lines)
    return (Section(id="next", heading=heading, text=text, required=False),) if text else ()


def _unresolved_section(facts: Facts) -> tuple[Section, ...]:
    if not facts.if_unresolved:
        return ()
    rule = f" ({facts.if_unresolved_rule})" if facts.if_unresolved_rule else ""
    return (
        Section(
            id="unresolved",
            heading="If this does not settle it",
            text=f"{facts.if_unresolved}{rule}",
            required=False,
        ),
    )


def _decided(facts: Facts) -> tuple[Section, ...]:
    return (_decision_section(facts), _reasons_section(facts), *_next_section(facts))


def _to_dissenter(facts: Facts) -> tuple[Section, ...]:
    return (*_decided(facts), *_unresolved_section(facts))


def _parents(facts: Facts) -> tuple[Section, ...]:
    """In plain words, about their child alone. The reasons are written for them: those on record may name others."""
    plain = PLAIN_MEANS.get(facts.means, f"{facts.outcome}.")
    lines = [plain]
    for child in facts.children:
        if child.decision:
            lines.append(f"For {child.initials} the conference decided “{child.decision}”.")
    following = []
    if facts.booked:
        following.append(f"It meets on {facts.booked}. You will get an invitation.")
    elif facts.means in ("reconvened", "early_review"):
        following.append("You will get an invitation with the date.")
    if facts.means in ("reconvened", "early_review"):
        following.append("Until then, what the conference decided holds.")
    else:
        following.append("Nothing changes for your family by this letter.")
    return (
        Section(id="decision", heading="What we decided", text="\n\n".join(lines)),
        Section(
            id="reasons",
            heading="Why",
            text="",
            hint="Write this for the parents, in plain words, about their child alone. Leave out what anybody else said, "
            "and who disagreed. The reasons on record are not copied here, since they may name others.",
        ),
        Section(id="next", heading="What happens now", text="\n\n".join(following), required=False),
    )


def _not_convene(facts: Facts) -> tuple[Section, ...]:
    reply = (Section(id="reply", heading="", text=facts.reply, required=False),) if facts.reply else ()
    return (
        *reply,
        Section(
            id="decision",
            heading="The decision",
            text=f"{facts.outcome or 'No conference will be called for now'}.",
        ),
        Section(id="reasons", heading="Reasons", text=facts.reasons),
        *_unresolved_section(facts),
    )


def _complaint(facts: Facts) -> tuple[Section, ...]:
    about = f"You complained about: {_lower(facts.about)}." if facts.about else "You made a complaint."
    return (
        Section(id="decision", heading="What you told us", text=about),
        Section(
            id="next",
            heading="What happens now",
            text="We look at your complaint by our own procedure. A complaint does not change what the conference "
            "decided. Only a conference can decide anew.",
        ),
    )


def _invitation(facts: Facts) -> tuple[Section, ...]:
    chaired = f" It is chaired by {facts.booked_with}." if facts.booked_with else ""
    return (
        Section(
            id="decision",
            heading="When and where",
            text=f"{facts.booked}.{chaired}" if facts.booked else "",
        ),
        Section(
            id="reasons",
            heading="Why it meets",
            text=f"{facts.outcome}. The conference looks again at what was shared, and at what is new.",
        ),
        Section(
            id="next",
            heading="Please bring",
            text="- your view on whether the threshold of significant harm is met, for each child\n"
            "- a short report with what is new since the last conference",
            required=False,
        ),
    )


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:] if words[1:2].islower() else words


_MIDDLE: Mapping[Kind, Callable[[Facts], tuple[Section, ...]]] = {
    "decision": _decided,
    "notice": _to_dissenter,
    "response": _to_dissenter,
    "second_tier": _to_dissenter,
    "parents": _parents,
    "not_convene": _not_convene,
    "complaint": _complaint,
    "invitation": _invitation,
}
