"""What a newer text says that an older one does not: in the sentences of `describe`, and value by value.

Sentences are compared section by section. One that both texts have is no difference. Of the others, those that cite
the same rules belong together, the most alike first; then the most alike of what is left. What has no counterpart was
added or removed. Since no sentence shows every value (a reminder, who a notice copies), the values are compared too.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from protocols.checks import file_key, item_name
from protocols.describe import Line, sections
from protocols.model import AreaProtocol, Body, ProtocolHead

ALIKE = 0.6  # sentences that cite different rules are the same one changed only when they share this much
MATCHED = (
    20_000  # pairs of sentences in one section; where there are more, they are shown as added and removed
)

Words = tuple[tuple[str, bool], ...]  # pieces of a sentence; True for what the other sentence does not have


@dataclass(frozen=True, slots=True)
class Change:
    """One sentence that was added, removed or changed; `old` or `new` is missing where there was none."""

    kind: Literal["added", "removed", "changed"]
    old: Line | None
    new: Line | None

    @property
    def old_words(self) -> Words:
        return _marked(self.old.text, self.new.text if self.new else "") if self.old else ()

    @property
    def new_words(self) -> Words:
        return _marked(self.new.text, self.old.text if self.old else "") if self.new else ()

    @property
    def citation(self) -> str:
        cited = [line.citation for line in (self.old, self.new) if line is not None]
        return cited[0] if len(set(cited)) == 1 else " → ".join(each or "no rule" for each in cited)


@dataclass(frozen=True, slots=True)
class SectionChanges:
    id: str
    title: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value of the file by its table and key; None where a text has no such value."""

    place: str
    old: str | None
    new: str | None


def differences(old: AreaProtocol, new: AreaProtocol) -> tuple[SectionChanges, ...]:
    """The sentences that differ, in the order in which the newer text is read; sections that only the older has last."""
    before = {section.id: section for section in sections(old)}
    after = {section.id: section for section in sections(new)}
    found = []
    for name in (*after, *(name for name in before if name not in after)):
        was = before[name].lines if name in before else ()
        now = after[name].lines if name in after else ()
        changes = tuple(_changes(was, now))
        if changes:
            title = (after.get(name) or before[name]).title
            found.append(SectionChanges(name, title, changes))
    return tuple(found)


def value_changes(old: AreaProtocol, new: AreaProtocol) -> tuple[ValueChange, ...]:
    """Every value that differs, also those that no sentence shows."""
    before, after = dict(_values(old)), dict(_values(new))
    places = [*before, *(place for place in after if place not in before)]
    return tuple(
        ValueChange(place, before.get(place), after.get(place))
        for place in places
        if before.get(place) != after.get(place)
    )


# --- sentences ----------------------------------------------------------------------------------------------------


def _changes(was: tuple[Line, ...], now: tuple[Line, ...]) -> Iterator[Change]:
    gone, come = _without(was, now), _without(now, was)
    pairs = dict(_pairs(gone, come, same_rules=True))
    left = [line for line in gone if id(line) not in {id(old) for old in pairs.values()}]
    unpaired = [line for line in come if id(line) not in pairs]
    pairs |= dict(_pairs(left, unpaired, same_rules=False))
    taken = {id(old) for old in pairs.values()}
    for line in come:
        old = pairs.get(id(line))
        yield Change("changed", old, line) if old else Change("added", None, line)
    for line in gone:
        if id(line) not in taken:
            yield Change("removed", line, None)


def _without(lines: Iterable[Line], others: Iterable[Line]) -> list[Line]:
    """The lines that the others do not have; one that stands twice here and once there is left once."""
    there = list(others)
    left = []
    for line in lines:
        if line in there:
            there.remove(line)
        else:
            left.append(line)
    return left


def _pairs(gone: list[Line], come: list[Line], *, same_rules: bool) -> Iterator[tuple[int, Line]]:
    """Which new line stands for which old one, the most alike first. Two texts without likeness are not matched."""
    if len(gone) * len(come) > MATCHED:
        return
    scored = sorted(
        (-_likeness(old.text, new.text), n, m)
        for n, new in enumerate(come)
        for m, old in enumerate(gone)
        if not same_rules or (old.rules and old.rules == new.rules)
    )
    new_taken: set[int] = set()
    old_taken: set[int] = set()
    for score, n, m in scored:
        if n in new_taken or m in old_taken or (not same_rules and -score < ALIKE) or score > -0.3:
            continue
        new_taken.add(n)
        old_taken.add(m)
        yield id(come[n]), gone[m]


def _likeness(old: str, new: str) -> float:
    return SequenceMatcher(None, old.split(), new.split(), autojunk=False).ratio()


def _marked(text: str, other: str) -> Words:
    """A sentence in pieces, by whether the other one has them."""
    words = text.split()
    if not other:
        return ((text, False),)
    pieces: list[tuple[str, bool]] = []
    for tag, start, end, _, _ in SequenceMatcher(None, words, other.split(), autojunk=False).get_opcodes():
        if start < end:
            pieces.append((" ".join(words[start:end]), tag != "equal"))
    return tuple(pieces)


# --- values -------------------------------------------------------------------------------------------------------


def _values(area: AreaProtocol) -> Iterator[tuple[str, str]]:
    for each in fields(ProtocolHead):
        yield from _leaves(getattr(area.head, each.name), f"protocol.{file_key(each)}")
    for each in fields(Body):
        yield from _leaves(getattr(area, each.name), file_key(each))


def _leaves(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if value is None or value == () or value == "":
        return
    if is_dataclass(value):
        for each in fields(value):
            yield from _leaves(getattr(value, each.name), f"{place}.{file_key(each)}")
    elif isinstance(value, tuple) and is_dataclass(value[0]):
        for number, item in enumerate(value, start=1):
            yield from _leaves(item, f"{place}[{item_name(item) or number}]")
    elif isinstance(value, tuple):
        yield place, ", ".join(str(item) for item in value)
    elif hasattr(value, "items"):
        for key, item in value.items():
            yield f"{place}.{key}", str(item)
    else:
        yield place, str(value)
