"""No hidden count can be solved: publications of invented counts, attacked together by linear programming."""

import math
from collections.abc import Hashable
from typing import Any

import numpy
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import lil_matrix

from disclosure import SMALL, Population, Published, rounded

MONTHS = ("2026-04", "2026-05", "2026-06", "2026-07")
KINDS = ("initial", "review")
AGENCIES = ("health", "police", "education", "social_care", "voluntary")
OUTCOMES = ("stands", "reconvened", "open")
BLOCKS = tuple((month, kind) for month in MONTHS for kind in KINDS)
Thing = tuple[int, int, int]  # numbers of its block, agency and outcome
# A coarser measure: of what kind each agency is.
KIND_OF = {"health": "council", "police": "police", "education": "council", "social_care": "council", "voluntary": "others"}  # fmt: skip
AGENCY_KINDS = ("council", "police", "others")


def population(things: list[Thing], small: int = SMALL, *, by_kind: bool = False) -> Population:
    measures: dict[str, dict[Hashable, dict[str, int]]] = {"agency": {}, "outcome": {}}
    for block, agency, outcome in things:
        for measure, category in (("agency", AGENCIES[agency]), ("outcome", OUTCOMES[outcome])):
            counts = measures[measure].setdefault(BLOCKS[block], {})
            counts[category] = counts.get(category, 0) + 1
    if by_kind:
        return Population(
            measures, small=small, coarser={"agency": "agency_kind"}, coarse=KIND_OF.__getitem__
        )
    return Population(measures, small=small)


# --- the attacker -------------------------------------------------------------------------------------------------


class Attacker:
    """Has every publication, knows that a hidden count is no zero and which are small, and solves for the rest."""

    def __init__(self, published: list[Published], small: int = SMALL) -> None:
        self.published, self.small = published, small
        categories = {"agency": AGENCIES, "outcome": OUTCOMES, "agency_kind": AGENCY_KINDS}
        alike = {frozenset(n for n, one in enumerate(published) if block in one.blocks) for block in BLOCKS}
        self.parts = sorted(alike, key=sorted)
        self.columns: dict[tuple[Any, ...], int] = {}
        for part in self.parts:
            self._column("total", part)
            for measure, names in categories.items():
                for name in names:
                    self._column(measure, part, name)
        self.equal: list[tuple[dict[int, float], float]] = []
        self.least: list[tuple[dict[int, float], float]] = []
        for part in self.parts:
            for measure, names in categories.items():
                row = {self._column(measure, part, name): 1.0 for name in names}
                self.equal.append((row | {self._column("total", part): -1.0}, 0.0))
            for kind in AGENCY_KINDS:
                row = {self._column("agency", part, name): 1.0 for name in AGENCIES if KIND_OF[name] == kind}
                self.equal.append((row | {self._column("agency_kind", part, kind): -1.0}, 0.0))
        for n, one in enumerate(published):
            self._reads(n, one, categories)
        self._solve_with = self._matrices()

    def _column(self, *key: Any) -> int:
        return self.columns.setdefault(key, len(self.columns))

    def cell(self, n: int, measure: str, *name: str) -> dict[int, float]:
        return {self._column(measure, part, *name): 1.0 for part in self.parts if n in part}

    def _reads(self, n: int, one: Published, categories: dict[str, tuple[str, ...]]) -> None:
        if not one.total_shown:
            # A small total and one that is hidden for its sake look the same: 5 + 5 as 4 + 6.
            self.least.append((dict.fromkeys(self.cell(n, "total"), -1.0), -1.0))
            return
        self.equal.append((self.cell(n, "total"), float(one.total)))
        for measure, table in one.tables.items():
            for name in () if table.withheld else categories[measure]:
                shown = table.shown(name)
                if shown is None:
                    self._knows_a_hidden_one(self.cell(n, measure, name), table.counts[name])
                else:
                    self.equal.append((self.cell(n, measure, name), float(shown)))

    def _knows_a_hidden_one(self, row: dict[int, float], truth: int) -> None:
        self.least.append((dict.fromkeys(row, -1.0), -1.0))
        if truth <= self.small:
            self.least.append((row, float(self.small)))

    def _matrices(self) -> dict[str, Any]:
        def matrix(rows: list[tuple[dict[int, float], float]]) -> tuple[Any, Any]:
            made = lil_matrix((len(rows), len(self.columns)))
            for number, (row, _) in enumerate(rows):
                for column, value in row.items():
                    made[number, column] = value
            return made.tocsr(), numpy.array([value for _, value in rows])

        given_: dict[str, Any] = {}
        given_["A_eq"], given_["b_eq"] = matrix(self.equal)
        if self.least:
            given_["A_ub"], given_["b_ub"] = matrix(self.least)
        return given_

    def bounds(self, row: dict[int, float]) -> tuple[float, float]:
        """The least and the most that a cell can be."""
        aim = numpy.zeros(len(self.columns))
        for column, value in row.items():
            aim[column] = value
        low = linprog(aim, method="highs", **self._solve_with)
        high = linprog(-aim, method="highs", **self._solve_with)
        assert low.status == 0, low.message
        return low.fun, (-high.fun if high.status == 0 else math.inf)  # 3: without a bound

    def solved(self) -> list[str]:
        """Every hidden count that can only be one number."""
        found = []
        for n, one in enumerate(self.published):
            if not one.total_shown:
                found += self._narrow(f"total of {n}", self.cell(n, "total"))
            for measure, table in one.tables.items():
                for name in () if table.withheld else sorted(table.hidden):
                    found += self._narrow(f"{measure} {name} of {n}", self.cell(n, measure, name))
        return found

    def together(self) -> list[frozenset[Hashable]]:
        """The blocks of each part."""
        return [
            frozenset(
                block for block in BLOCKS
                if frozenset(n for n, one in enumerate(self.published) if block in one.blocks) == part
            )
            for part in self.parts
        ]  # fmt: skip

    def cells_of(
        self, chosen: frozenset[Hashable], truth: Population
    ) -> list[tuple[str, int, dict[int, float]]]:
        """The total and every count of a selection: what it is, the truth, and its place in the equations."""
        parts = [
            part
            for part, blocks in zip(self.parts, self.together(), strict=True)
            if blocks and blocks <= chosen
        ]
        rows = []
        for measure, names in (("agency", AGENCIES), ("outcome", OUTCOMES)):
            for name in names:
                count = sum(truth.measures[measure].get(block, {}).get(name, 0) for block in chosen)
                rows.append(
                    (f"{measure} {name}", count, {self._column(measure, part, name): 1.0 for part in parts})
                )
        total = sum(count for what, count, _ in rows if what.startswith("agency"))
        return [*rows, ("total", total, {self._column("total", part): 1.0 for part in parts})]

    def _narrow(self, what: str, row: dict[int, float]) -> list[str]:
        low, high = self.bounds(row)
        return [f"{what} is {low:g}"] if one_number(low, high) else []


def one_number(low: float, high: float) -> bool:
    """Whether only one whole number lies between two bounds."""
    return not math.isinf(high) and math.floor(high + 1e-6) - math.ceil(low - 1e-6) < 1


thing = st.tuples(st.integers(0, len(BLOCKS) - 1), st.integers(0, 4), st.integers(0, 2))
selections = st.tuples(
    st.sampled_from([(a, b) for a in range(len(MONTHS)) for b in range(a, len(MONTHS))]),
    st.sampled_from([KINDS, ("initial",), ("review",)]),
)


def blocks_of(selection: tuple[tuple[int, int], tuple[str, ...]]) -> frozenset[Hashable]:
    (first, last), kinds = selection
    return frozenset((month, kind) for month in MONTHS[first : last + 1] for kind in kinds)


YEAR = ((0, 3), KINDS)
EVERY_SELECTION = [
    ((a, b), kinds) for a in range(4) for b in range(a, 4) for kinds in (KINDS, ("initial",), ("review",))
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    things=st.lists(thing, max_size=90),
    asked=st.lists(selections, min_size=1, max_size=6),
)
@example(
    things=[(b, b % 5, b % 3) for b in range(8)] * 9,
    asked=[YEAR, ((0, 3), ("initial",)), ((0, 3), ("review",))],
)
@example(
    things=[(0, 0, 0)] * 5 + [(1, 0, 0)] * 5,
    asked=[((0, 0), KINDS), ((0, 0), ("initial",)), ((0, 0), ("review",))],
)
@example(
    things=[(0, 0, 0)] * 12 + [(2, 0, 1)] * 3 + [(4, 1, 0)] * 11 + [(6, 2, 2)] * 9,
    asked=[YEAR, ((0, 0), KINDS), ((2, 2), KINDS), ((3, 3), KINDS), ((1, 1), KINDS)],
)
def test_no_hidden_count_can_be_solved_from_everything_that_was_published(
    things: list[Thing], asked: list[Any]
) -> None:
    counted = population(things)
    for selection in asked:
        counted.publish(blocks_of(selection))
    assert Attacker(counted.published).solved() == []


def test_the_attacker_adds_agencies_up_to_their_kind() -> None:
    """Two tables, each safe by itself, give away a third number together; the population hides one more for it."""
    things = [(0, 0, 0)] * 8 + [(0, 2, 0)] * 2 + [(0, 1, 0)] * 3 + [(0, 4, 0)] * 4 + [(0, 3, 0)] * 20
    shown = population(things, by_kind=True).publish({BLOCKS[0]})
    agency = shown.tables["agency"]
    careless = Published(
        shown.blocks,
        shown.total,
        True,
        {
            "agency": type(agency)(agency.counts, frozenset({"education", "police", "voluntary"})),
            "agency_kind": type(agency)(
                {"council": 30, "police": 3, "others": 4}, frozenset({"police", "others"})
            ),
        },
    )
    assert "agency education of 0 is 2" in Attacker([careless]).solved()
    assert Attacker([shown]).solved() == []


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(things=st.lists(thing, min_size=30, max_size=90), asked=st.lists(selections, min_size=1, max_size=4))
@example(
    things=[(0, 0, 0)] * 8 + [(0, 2, 0)] * 2 + [(0, 1, 0)] * 3 + [(0, 4, 0)] * 4 + [(0, 3, 0)] * 20,
    asked=[((0, 0), ("initial",)), YEAR],
)
def test_nor_by_adding_agencies_up_to_their_kind(things: list[Thing], asked: list[Any]) -> None:
    counted = population(things, by_kind=True)
    for selection in asked:
        counted.publish(blocks_of(selection))
    assert Attacker(counted.published).solved() == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    things=st.lists(thing, min_size=30, max_size=90),
    asked=st.lists(selections, min_size=2, max_size=5),
    by_kind=st.booleans(),
)
def test_nor_can_a_small_count_that_nobody_asked_for(
    things: list[Thing], asked: list[Any], by_kind: bool
) -> None:
    """Every period and kind that could be asked for, each count and total, solved from what was published."""
    counted = population(things, by_kind=by_kind)
    for selection in asked:
        counted.publish(blocks_of(selection))
    attacker = Attacker(counted.published)
    for selection in EVERY_SELECTION:
        chosen = blocks_of(selection)
        if any(part & chosen and part - chosen for part in attacker.together()):
            continue  # parts of it were never published apart
        for what, truth, row in attacker.cells_of(chosen, counted):
            if 1 <= truth <= SMALL:
                assert not one_number(*attacker.bounds(row)), f"{what} of {selection} is {truth}"


def test_the_attacker_finds_what_a_careless_publication_gives_away() -> None:
    counted = population([(0, 0, 0)] * 9 + [(0, 1, 0)] * 3 + [(0, 2, 1)] * 8)
    shown = counted.publish({BLOCKS[0]})
    table = shown.tables["agency"]
    careless = Published(
        shown.blocks, shown.total, True, {"agency": type(table)(table.counts, frozenset({"police"}))}
    )
    assert Attacker([careless]).solved() == ["agency police of 0 is 3"]


# --- what is shown --------------------------------------------------------------------------------------------------


def test_a_small_count_is_hidden_and_with_it_the_next_smallest() -> None:
    things = [(0, 0, 0)] * 12 + [(0, 1, 0)] * 8 + [(0, 2, 0)] * 6 + [(0, 3, 0)] * 3
    table = population(things).publish({BLOCKS[0]}).tables["agency"]
    assert table.hidden == {"social_care", "education"}
    assert (table.shown("health"), table.shown("social_care")) == (12, None)


def test_two_small_counts_hide_each_other_and_nothing_more() -> None:
    things = [(0, 0, 0)] * 12 + [(0, 1, 0)] * 8 + [(0, 2, 0)] * 2 + [(0, 3, 0)] * 3
    assert population(things).publish({BLOCKS[0]}).tables["agency"].hidden == {"social_care", "education"}


def test_two_ones_that_add_up_to_two_need_a_third() -> None:
    things = [(0, 0, 0)] * 12 + [(0, 1, 0)] * 8 + [(0, 2, 0)] + [(0, 3, 0)]
    assert population(things).publish({BLOCKS[0]}).tables["agency"].hidden == {
        "social_care", "education", "police",
    }  # fmt: skip


def test_a_true_zero_is_shown_as_zero() -> None:
    shown = population([(0, 0, 0)] * 12).publish({BLOCKS[0]})
    assert shown.tables["agency"].shown("police") == 0
    nothing = population([]).publish({BLOCKS[0]})
    assert (nothing.total_shown, nothing.total) == (True, 0)


def test_a_small_total_hides_everything_under_it() -> None:
    shown = population([(0, 0, 0)] * 4).publish({BLOCKS[0]})
    assert (shown.total_shown, shown.tables) == (False, {})


def test_the_last_quarter_is_withheld_when_the_year_would_give_away_a_small_one() -> None:
    things = [(0, 0, 0)] * 20 + [(2, 0, 0)] * 3 + [(4, 0, 0)] * 20 + [(6, 0, 0)] * 20
    counted = population(things)
    year = counted.publish(BLOCKS)
    months = [counted.publish({(month, kind) for kind in KINDS}) for month in MONTHS]
    assert year.total_shown
    assert [one.total_shown for one in months] == [True, False, True, False]
    assert Attacker(counted.published).solved() == []


def test_the_same_selection_again_is_the_same_publication() -> None:
    counted = population([(0, 0, 0)] * 12)
    assert counted.publish({BLOCKS[0]}) is counted.publish({BLOCKS[0]})
    assert len(counted.published) == 1


def test_the_limit_is_a_setting() -> None:
    things = [(0, 0, 0)] * 12 + [(0, 1, 0)] * 8 + [(0, 2, 0)] * 6
    assert population(things, small=9).publish({BLOCKS[0]}).tables["agency"].hidden == {"police", "education"}
    assert not population(things).publish({BLOCKS[0]}).tables["agency"].hidden


def test_a_higher_limit_later_does_not_withhold_what_has_nothing_to_do_with_what_was_shown() -> None:
    things = [(block, agency, 0) for block in (0, 2) for agency in (0, 1, 2) for _ in range(20)] + [
        (0, 3, 0)
    ] * 7
    first = population(things)
    first.publish({BLOCKS[0]})
    later = Population(first.measures, first.published, small=9)
    shown = later.publish({BLOCKS[2]})
    assert shown.total_shown
    assert not shown.tables["agency"].hidden
    assert not shown.tables["agency"].withheld


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (2, 0), (3, 5), (7, 5), (8, 10), (12, 10), (13, 15)])
def test_rounding_is_to_the_nearest_five(count: int, shown: int) -> None:
    assert rounded(count) == shown
