"""Two ways of doing the same work, by turns, compared pair by pair: what else the machine does falls on both."""

import statistics
import time
from collections.abc import Callable

Work = Callable[[], object]


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
