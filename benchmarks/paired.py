"""Two ways of doing the same work, by turns, compared pair by pair: what else the machine does falls on both."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Result:
    """One figure beside its goal. `clocks`: how many were open; 0 where that makes no difference."""

    part: str
    what: str
    measured: float
    goal: float | None = None  # none: a peer, for comparison only
    at_most: bool = True
    clocks: int = 0

    @property
    def good(self) -> bool:
        if self.goal is None:
            return True
        return self.measured <= self.goal if self.at_most else self.measured >= self.goal

    @property
    def goal_in_words(self) -> str:
        return "" if self.goal is None else f"{'≤' if self.at_most else '≥'} {self.goal:g}"

    @property
    def verdict(self) -> str:
        return "" if self.goal is None else "ok" if self.good else "MISSED"


def seconds(work: Work) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def speed_ratio(ours: Work, other: Work, *, pairs: int = 150) -> float:
    """How many times as fast ours is: the median over the pairs, whose order alternates."""
    ours()
    other()
    ratios = []
    for number in range(pairs):
        if number % 2:
            mine, theirs = seconds(ours), seconds(other)
        else:
            theirs, mine = seconds(other), seconds(ours)
        ratios.append(theirs / mine)
    return statistics.median(ratios)


def worse_of_two(ours: Work, other: Work) -> float:
    return min(speed_ratio(ours, other), speed_ratio(ours, other))


def times_as_long(ours: Callable[[int], object], other: Callable[[int], object], *, pairs: int) -> float:
    """How many times as long ours takes, where each run works on rows of its own, which are counted from 0: the median
    over the pairs, whose order alternates."""
    ratios = []
    for number in range(pairs):
        first, second = 2 * number, 2 * number + 1
        if number % 2:
            mine = seconds(partial(ours, first))
            theirs = seconds(partial(other, second))
        else:
            theirs = seconds(partial(other, first))
            mine = seconds(partial(ours, second))
        ratios.append(mine / theirs)
    return statistics.median(ratios)
