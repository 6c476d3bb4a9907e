"""Small counts are hidden, and with them as many others as it takes that no hidden count can be solved.

A *population* is one kind of thing that is counted (dissents, conferences, clocks that ended). Each thing lies in one
*block*, the grain at which it can be selected (a month, a kind of conference, …), and has one *category* in each
*measure* (agency, outcome, …). A publication selects blocks and shows, for each measure, a count per category and the
total. All publications of a population stand side by side: whoever has one of them has them all, and can subtract.

A hidden count is safe when there is *another world*: other counts, in which it differs, and in which every publication
would look the same. We look for worlds that are one or two things away from the truth: two things of one block swap
their categories, or two pairs in two blocks do so in opposite directions. A world that is found is a proof; where none
is found, one more count is hidden, or a table is withheld. Hidden counts are taken to be known as 1 or more, since a
true zero is shown as 0, and small ones as no more than the limit. Nor may a small count stand as the difference of
shown ones: the quarter nobody asked for, when the year and its three other quarters are out.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

SMALL = 5  # counts from 1 to this are hidden

Block = Hashable
Counts = Mapping[Any, Mapping[str, int]]  # per block, since a mapping's keys are of one type only


@dataclass(frozen=True, slots=True)
class Table:
    """The counts of one measure as they may be shown. `withheld`: none of them; the total may stand elsewhere."""

    counts: Mapping[str, int]
    hidden: frozenset[str] = frozenset()
    withheld: bool = False

    def shown(self, category: str) -> int | None:
        """A count, or None where it is hidden."""
        if self.withheld or category in self.hidden:
            return None
        return self.counts.get(category, 0)


@dataclass(frozen=True, slots=True)
class Published:
    """One publication: the blocks it selects, whether their total is shown, and its tables.

    Without a shown total nothing is shown: no table, and no rate.
    """

    blocks: frozenset[Block]
    total: int
    total_shown: bool
    tables: Mapping[str, Table] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Part:
    """Blocks that the same publications select: they cannot be told apart, so they count as one."""

    within: frozenset[int]  # numbers of the publications
    counts: Mapping[str, Mapping[str, int]]  # per measure and category


class Population:
    """The counts of one population, and everything that was published of it so far."""

    def __init__(
        self, measures: Mapping[str, Counts], published: Sequence[Published] = (), *, small: int = SMALL
    ) -> None:
        self.measures = measures
        self._first = next(iter(measures))
        self.published = list(published)
        self.small = small
        self.blocks = frozenset(block for counts in measures.values() for block in counts)

    def publish(self, blocks: Collection[Block]) -> Published:
        """Decide what may be shown of these blocks beside all that was published before; it is remembered.

        The same blocks again are the same publication.
        """
        chosen = frozenset(blocks)
        for known in self.published:
            if known.blocks == chosen:
                return known
        total = sum(self._counts(self._first, chosen).values())
        new = Published(chosen, total, not self._is_small(total))
        if self._totals_at_risk([*self.published, new]) > self._totals_at_risk(self.published):
            new = Published(chosen, total, False)
        if new.total_shown:
            tables = {measure: self._table(measure, new) for measure in self.measures}
            new = Published(chosen, total, True, tables)
        self.published.append(new)
        return new

    # --- the counts -------------------------------------------------------------------------------------------------

    def _is_small(self, count: int) -> bool:
        return 0 < count <= self.small

    def _counts(self, measure: str, blocks: Iterable[Block]) -> dict[str, int]:
        added: dict[str, int] = {}
        for block in blocks:
            for category, count in self.measures[measure].get(block, {}).items():
                added[category] = added.get(category, 0) + count
        return added

    def _parts(self, all_of: Sequence[Published]) -> list[_Part]:
        alike: dict[frozenset[int], list[Block]] = {}
        for block in self.blocks.union(*(one.blocks for one in all_of)):
            within = frozenset(n for n, one in enumerate(all_of) if block in one.blocks)
            alike.setdefault(within, []).append(block)
        alike.setdefault(frozenset(), [])
        return [
            _Part(within, {measure: self._counts(measure, blocks) for measure in self.measures})
            for within, blocks in alike.items()
        ]

    # --- totals -----------------------------------------------------------------------------------------------------

    def _totals_at_risk(self, all_of: Sequence[Published]) -> int:
        """How many hidden totals can be no other, and how many differences between shown ones are a small count."""
        shown = [one for one in all_of if one.total_shown]
        differences = (sum(part.counts[self._first].values()) for part in self._parts(shown) if part.within)
        open_ = {n for n, one in enumerate(all_of) if not one.total_shown}
        for away, to in permutations(self._parts(all_of), 2):
            changed = away.within ^ to.within
            if away.within and not any(away.counts[self._first].values()):
                continue
            steps = ((all_of[n], -1 if n in away.within else 1) for n in changed)
            if all(not one.total_shown and self._may_be(one.total, one.total + step) for one, step in steps):
                open_ -= changed
        return len(open_) + sum(self._is_small(total) for total in differences)

    def _may_be(self, truth: int, other: int) -> bool:
        """Whether a hidden count could be another: 1 or more, and small where the true one is."""
        return other >= 1 and (other <= self.small or not self._is_small(truth))

    # --- tables -----------------------------------------------------------------------------------------------------

    def _table(self, measure: str, new: Published) -> Table:
        """The table of one measure: the small counts hidden, and the smallest others that keep all hidden ones safe."""
        counts = self._counts(measure, new.blocks)
        hidden = {category for category, count in counts.items() if self._is_small(count)}
        small = frozenset(hidden)
        # Not zero where earlier publications were made with a lower limit: what they show stays shown.
        before = self._unsafe(measure)
        while (unsafe := self._unsafe(measure, new, Table(counts, frozenset(hidden)))) > before:
            left = sorted((count, name) for name, count in counts.items() if count and name not in hidden)
            if not left:
                return Table(counts, withheld=True)
            hidden.add(self._best(measure, new, counts, hidden, [name for _, name in left], unsafe))
        for category in sorted(hidden - small, key=lambda name: -counts[name]):
            fewer = frozenset(hidden - {category})
            if self._unsafe(measure, new, Table(counts, fewer)) <= before:
                hidden.discard(category)
        return Table(counts, frozenset(hidden))

    def _best(
        self,
        measure: str,
        new: Published,
        counts: Mapping[str, int],
        hidden: set[str],
        names: Sequence[str],
        unsafe: int,
    ) -> str:
        """The smallest count whose hiding makes another safe; the smallest of all where none does by itself."""
        for name in names:
            if self._unsafe(measure, new, Table(counts, frozenset(hidden | {name}))) < unsafe:
                return name
        return names[0]

    def _unsafe(self, measure: str, new: Published | None = None, table: Table | None = None) -> int:
        """How many counts of a measure, in this and all earlier publications together, could be solved: hidden ones
        without another world, and small ones that nobody asked for but that are a difference of two that are shown."""
        shown = [
            (one.blocks, one.tables[measure])
            for one in self.published
            if one.total_shown and measure in one.tables and not one.tables[measure].withheld
        ]
        if new is not None and table is not None:
            shown.append((new.blocks, table))
        return _Look(self, measure, shown).solved()


class _Look:
    """One look at all shown tables of a measure: what of it could be solved."""

    def __init__(
        self, population: Population, measure: str, shown: Sequence[tuple[frozenset[Block], Table]]
    ) -> None:
        self.population = population
        self.tables = [table for _, table in shown]
        self.parts = [
            (part.within, part.counts[measure])
            for part in population._parts([Published(blocks, 0, True) for blocks, _ in shown])
            if part.within
        ]
        self.names = sorted({name for _, counts in self.parts for name in counts})
        self.open = {(n, name) for n, table in enumerate(self.tables) for name in table.hidden}
        # Per category: which parts may exchange things with which, and which may change by themselves.
        self.together = {name: list(range(len(self.parts))) for name in self.names}
        self.free: dict[str, set[int]] = {name: set() for name in self.names}

    def solved(self) -> int:
        for one, two in permutations(self.names, 2):
            for here, (within, counts) in enumerate(self.parts):
                if counts.get(one, 0) > 0:
                    self._try(one, two, here, within)
        return len(self.open) + sum(self._small_differences(name) for name in self.names)

    def _try(self, one: str, two: str, here: int, within: frozenset[int]) -> None:
        """A thing here goes from one category to two: alone, or while one elsewhere goes the other way."""
        alone = self._changes(one, two, within, frozenset())
        if alone is not None:
            self.open -= alone
            self.free[one].add(here)
            self.free[two].add(here)
        for there, (elsewhere, counts) in enumerate(self.parts):
            if there != here and counts.get(two, 0) > 0:
                changed = self._changes(one, two, within, elsewhere)
                if changed is not None:
                    self.open -= changed
                    self._join(one, here, there)
                    self._join(two, here, there)

    def _changes(
        self, one: str, two: str, here: frozenset[int], there: frozenset[int]
    ) -> set[tuple[int, str]] | None:
        """The hidden counts that would differ. None when something that is shown would, or a bound be passed."""
        changed: set[tuple[int, str]] = set()
        for n in here ^ there:
            table = self.tables[n]
            if one not in table.hidden or two not in table.hidden:
                return None
            step = 1 if n in here else -1
            for name, change in ((one, -step), (two, step)):
                truth = table.counts.get(name, 0)
                if not self.population._may_be(truth, truth + change):
                    return None
                changed.add((n, name))
        return changed

    def _join(self, name: str, here: int, there: int) -> None:
        group = self.together[name]
        old, new = group[here], group[there]
        if old != new:
            self.together[name] = [new if number == old else number for number in group]

    def _small_differences(self, name: str) -> int:
        """Parts that only change among each other, and hold a small count of a category."""
        added: dict[int, int] = {}
        for number, (_, counts) in enumerate(self.parts):
            group = self.together[name][number]
            added[group] = added.get(group, 0) + counts.get(name, 0)
        free = {self.together[name][number] for number in self.free[name]}
        return sum(self.population._is_small(count) for group, count in added.items() if group not in free)


def rounded(count: int, base: int = 5) -> int:
    """A count to the nearest multiple of the base, halves up: for publications that round what they do not hide."""
    return (count + base // 2) // base * base
