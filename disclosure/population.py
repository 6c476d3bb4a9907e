"""Small counts are hidden, and with them as many others as it takes that no hidden count can be solved.

A *population* is one kind of thing that is counted (dissents, conferences, clocks that ended). Each thing lies in one
*block*, the grain at which it can be selected (a month, a kind of conference, …), and has one *category* in each
*measure* (agency, outcome, …). A publication selects blocks and shows, for each measure, a count per category and the
total. All publications of a population stand side by side: whoever has one of them has them all, and can subtract.

A hidden count is safe when there is *another world*: other counts, in which it differs, and in which every publication
would look the same. We look for worlds that are one or two things away from the truth: two things of one block swap
their categories, or two pairs in two blocks do so in opposite directions. A world that is found is a proof; where none
is found, one more count is hidden, or a table is withheld. Hidden counts are taken to be known as 1 or more, since a
true zero is shown as 0, and small ones as no more than the limit; of a hidden total, that it is 1 or more, since nothing
tells a small one from one that is hidden for another's sake. Nor may a small count stand as the difference of
shown ones: the quarter nobody asked for, when the year and its three other quarters are out.

A measure may be a coarser one of another (kinds of agency, of agencies): its counts are sums of the finer one's, so both
are looked at as one table with sub-totals.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

SMALL = 5  # counts from 1 to this are hidden

Block = Hashable
Cell = tuple[str, str]  # measure and category
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
    total: int


class Population:
    """The counts of one population, and everything that was published of it so far.

    `coarser` names, for a measure, the one that puts its categories together; `coarse` says into which category of it.
    """

    def __init__(
        self,
        measures: Mapping[str, Counts],
        published: Sequence[Published] = (),
        *,
        small: int = SMALL,
        coarser: Mapping[str, str] | None = None,
        coarse: Callable[[str], str] = lambda category: category,
    ) -> None:
        self.measures = measures
        self._first = next(iter(measures))
        self.published = list(published)
        self.small = small
        self.coarser = coarser or {}
        self.coarse = coarse
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
            tables: dict[str, Table] = {}
            for measure in self.measures:
                tables |= self._tables(measure, new)
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
        totals: dict[frozenset[int], int] = {frozenset(): 0}
        for block in self.blocks.union(*(one.blocks for one in all_of)):
            within = frozenset(n for n, one in enumerate(all_of) if block in one.blocks)
            totals[within] = totals.get(within, 0) + sum(self.measures[self._first].get(block, {}).values())
        return [_Part(within, total) for within, total in totals.items()]

    # --- totals -----------------------------------------------------------------------------------------------------

    def _totals_at_risk(self, all_of: Sequence[Published]) -> int:
        """How many hidden totals can be no other, and how many differences between shown ones are a small count."""
        shown = [one for one in all_of if one.total_shown]
        differences = (part.total for part in self._parts(shown) if part.within)
        open_ = {n for n, one in enumerate(all_of) if not one.total_shown}
        for away, to in permutations(self._parts(all_of), 2):
            changed = away.within ^ to.within
            if away.within and not away.total:
                continue
            steps = ((all_of[n], -1 if n in away.within else 1) for n in changed)
            if all(not one.total_shown and one.total + step >= 1 for one, step in steps):
                open_ -= changed
        return len(open_) + sum(self._is_small(total) for total in differences)

    def _may_be(self, truth: int, other: int) -> bool:
        """Whether a hidden count could be another: 1 or more, and small where the true one is."""
        return other >= 1 and (other <= self.small or not self._is_small(truth))

    # --- tables -----------------------------------------------------------------------------------------------------

    def _tables(self, measure: str, new: Published) -> dict[str, Table]:
        """The table of a measure, and of the coarser one if there is one: the small counts hidden, and the smallest
        others that keep all hidden ones safe. Where that is not enough, the finer table is withheld, then the other."""
        counts = {measure: self._counts(measure, new.blocks)}
        if measure in self.coarser:
            added: dict[str, int] = {}
            for category, count in counts[measure].items():
                added[self.coarse(category)] = added.get(self.coarse(category), 0) + count
            counts[self.coarser[measure]] = added
        tables = {name: Table(found, withheld=True) for name, found in counts.items()}
        # Not zero where earlier publications were made with a lower limit: what they show stays shown.
        before = self._look(measure).solved()
        for leave in range(len(counts)):
            tried = list(counts)[leave:]
            look = self._look(measure, new, tried)
            cells = {(name, category): n for name in tried for category, n in counts[name].items() if n}
            hidden = self._hidden(look, cells, before)
            if hidden is not None:
                for name in tried:
                    own = frozenset(category for table, category in hidden if table == name)
                    tables[name] = Table(counts[name], own)
                break
        return tables

    def _hidden(self, look: "_Look", cells: Mapping[Cell, int], before: int) -> set[Cell] | None:
        """Which cells of a new publication to hide; None where hiding them all is not enough."""
        small = {cell for cell, count in cells.items() if self._is_small(count)}
        hidden = set(small)
        while (unsafe := look.solved(hidden)) > before:
            left = sorted(
                (cell for cell in cells if cell not in hidden), key=lambda cell: (cells[cell], cell)
            )
            if not left:
                return None
            # The smallest whose hiding makes another safe; the smallest of all where none does by itself.
            hidden.add(next((cell for cell in left if look.solved(hidden | {cell}) < unsafe), left[0]))
        for cell in sorted(hidden - small, key=lambda cell: (-cells[cell], cell)):
            if look.solved(hidden - {cell}) <= before:
                hidden.discard(cell)
        return hidden

    def _look(self, measure: str, new: Published | None = None, tables: Sequence[str] = ()) -> "_Look":
        """A look at everything shown of a measure and of the coarser one, beside the tables of a new publication."""
        family = [measure, *([self.coarser[measure]] if measure in self.coarser else [])]
        shown = []
        for one in self.published:
            told = {
                name: one.tables[name]
                for name in family
                if name in one.tables and not one.tables[name].withheld
            }
            if one.total_shown and told:
                shown.append((one.blocks, told))
        if new is not None:
            shown.append((new.blocks, {name: Table({}) for name in tables}))
        return _Look(self, measure, family, shown, new is not None)


class _Look:
    """One look at all shown tables of a measure: what of it could be solved. Publications are bits of a number."""

    def __init__(
        self,
        population: Population,
        measure: str,
        family: Sequence[str],
        shown: Sequence[tuple[frozenset[Block], Mapping[str, Table]]],
        new: bool,
    ) -> None:
        self.population, self.family = population, family
        self.shown = shown
        self.new = len(shown) - 1 if new else None
        parts: dict[int, dict[str, int]] = {}
        for block, counts in population.measures[measure].items():
            within = sum(1 << n for n, (blocks, _) in enumerate(shown) if block in blocks)
            if within:
                part = parts.setdefault(within, {})
                for category, count in counts.items():
                    part[category] = part.get(category, 0) + count
        self.parts = list(parts.items())
        self.names = sorted({name for _, counts in self.parts for name in counts})
        self.keys = {
            name: [(family[0], name), *([(family[1], population.coarse(name))] if len(family) > 1 else [])]
            for name in self.names
        }
        # Per publication and table, which counts there are.
        self.tells = {
            table: sum(1 << n for n, (_, told) in enumerate(shown) if table in told) for table in family
        }
        self.counts: dict[Cell, list[int]] = {}
        for within, counts in self.parts:
            for name, count in counts.items():
                for key in self.keys[name]:
                    row = self.counts.setdefault(key, [0] * len(shown))
                    for n in range(len(shown)):
                        row[n] += count if within >> n & 1 else 0

    def solved(self, hidden: Collection[Cell] = ()) -> int:
        """How many counts could be solved, in this and all earlier publications together: hidden ones without another
        world, and small ones that nobody asked for but that are a difference of two that are shown."""
        self.open: dict[Cell, int] = {}
        self.up: dict[Cell, int] = {}  # where a count may be one more, or nothing is told of it
        self.down: dict[Cell, int] = {}
        for key, counts in self.counts.items():
            table, category = key
            closed = may_rise = may_fall = 0
            for n, (_, told) in enumerate(self.shown):
                if table not in told:
                    continue
                if (key in hidden) if n == self.new else (category in told[table].hidden):
                    closed |= 1 << n
                    may_rise |= self.population._may_be(counts[n], counts[n] + 1) << n
                    may_fall |= self.population._may_be(counts[n], counts[n] - 1) << n
            self.open[key] = closed
            self.up[key] = may_rise | ~self.tells[table]
            self.down[key] = may_fall | ~self.tells[table]
        # Per category: which parts may exchange things with which, and which may change by themselves.
        self.together = {key: list(range(len(self.parts))) for key in self.counts}
        self.free: dict[Cell, set[int]] = {key: set() for key in self.counts}
        self.left = dict(self.open)
        for one, two in permutations(self.names, 2):
            self._exchange(one, two)
        unsolved = sum(bits.bit_count() for bits in self.left.values())
        return unsolved + sum(self._small_differences(key) for key in self.counts)

    def _exchange(self, one: str, two: str) -> None:
        """A thing goes from one category to two: alone, or while one elsewhere goes the other way."""
        lose = [key for key in self.keys[one] if key not in self.keys[two]]
        gain = [key for key in self.keys[two] if key not in self.keys[one]]
        there_fits = here_fits = -1
        for key in lose:
            here_fits &= self.down[key]
            there_fits &= self.up[key]
        for key in gain:
            here_fits &= self.up[key]
            there_fits &= self.down[key]
        givers = [(n, within) for n, (within, counts) in enumerate(self.parts) if counts.get(one)]
        takers = [(n, within) for n, (within, counts) in enumerate(self.parts) if counts.get(two)]
        for here, within in givers:
            if not within & ~here_fits:
                self._found(lose, gain, within)
                for key in (*lose, *gain):
                    self.free[key].add(here)
            for there, elsewhere in takers:
                if there == here or within & ~elsewhere & ~here_fits or elsewhere & ~within & ~there_fits:
                    continue
                self._found(lose, gain, within ^ elsewhere)
                for key in (*lose, *gain):
                    self._join(key, here, there)

    def _found(self, lose: Sequence[Cell], gain: Sequence[Cell], changed: int) -> None:
        for key in (*lose, *gain):
            self.left[key] &= ~changed

    def _join(self, key: Cell, here: int, there: int) -> None:
        group = self.together[key]
        old, new = group[here], group[there]
        if old != new:
            self.together[key] = [new if number == old else number for number in group]

    def _small_differences(self, key: Cell) -> int:
        """Parts that only change among each other, and hold a small count of a category."""
        table, _ = key
        added: dict[int, int] = {}
        for number, (within, counts) in enumerate(self.parts):
            if not within & self.tells[table]:
                continue  # nothing is told of it
            group = self.together[key][number]
            held = sum(count for name, count in counts.items() if key in self.keys[name])
            added[group] = added.get(group, 0) + held
        free = {self.together[key][number] for number in self.free[key]}
        return sum(self.population._is_small(count) for group, count in added.items() if group not in free)


def rounded(count: int, base: int = 5) -> int:
    """A count to the nearest multiple of the base, halves up: for publications that round what they do not hide."""
    return (count + base // 2) // base * base
