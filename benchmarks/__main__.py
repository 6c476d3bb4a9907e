"""./dev bench: prints each measurement beside its goal; exit code 1 if one is missed.

./dev bench              P1 to P6 at 10 thousand, 100 thousand and 1 million open clocks
./dev bench --quick      that all of it runs: small, and no figure to rely on
./dev bench P2 P3        some of it
./dev bench figures      P7 to P12, on a database of their own with two million invented conferences
./dev bench --write      and write docs/benchmarks.md
"""

import sys
import time
from collections.abc import Callable

import django

django.setup()

from benchmarks import figures, moving, page, sweeping, transition, working_days  # noqa: E402
from benchmarks.database import Bench, prepare  # noqa: E402
from benchmarks.paired import Result  # noqa: E402

SIZES = (10_000, 100_000, 1_000_000)
QUICK = (1_000, 3_000)
FIGURES = {"P7", "P8", "P9", "P10", "P11", "P12"}


def measure(parts: set[str], *, quick: bool, write: bool) -> list[Result]:
    results: list[Result] = []

    def say(*found: Result) -> None:
        for one in found:
            results.append(one)
            clocks = f"{one.clocks:>9,}" if one.clocks else " " * 9
            print(
                f"{one.part}  {clocks}  {one.what:<92} {one.measured:>10.2f}  {one.goal_in_words:>7} {one.verdict}",
                flush=True,
            )
        if write:  # as far as it has come
            (figures.write_page if parts <= FIGURES else page.write)(results)

    if "P1" in parts:
        say(*working_days.results())
    if parts & {"P2", "P3", "P4", "P5", "P6"}:
        measure_on_the_database(parts, prepare(), say, quick=quick)
    if parts & FIGURES:
        for one in figures.results(prepare(), parts, quick=quick):
            say(one)
    return results


def measure_on_the_database(parts: set[str], bench: Bench, say: Callable[..., None], *, quick: bool) -> None:
    if "P5" in parts:
        say(*transition.results(bench, pairs=20 if quick else 160))
    idle: list[Result] = []
    standing = 0
    sizes = QUICK if quick else SIZES
    for clocks in sizes:
        if parts & {"P2", "P3", "P4"}:
            begun = time.perf_counter()
            sweeping.stand_about(bench, clocks - standing)
            standing = clocks
            print(f"    {clocks:>9,}  clocks stand about, in {time.perf_counter() - begun:.0f} s", flush=True)
        if "P3" in parts:
            idle.append(sweeping.idle(bench, clocks, pairs=30 if quick else 300))
            say(idle[-1])
        if "P2" in parts:
            due = 200 if quick else 10_000
            say(
                *sweeping.sweeping(bench, clocks, due=due, pairs=3 if quick else 5, peers=clocks == sizes[-1])
            )
        if "P4" in parts and clocks == sizes[-1]:
            say(*sweeping.two_sweepers(bench, clocks, due=400 if quick else 10_000, pairs=3))
        if "P6" in parts and clocks == sizes[0]:
            say(*moving.results(bench, clocks, pairs=2 if quick else 3))
    if len(idle) > 1:
        flat = idle[-1].measured / idle[0].measured
        say(Result("P3", f"the same, compared with {sizes[0]:,} open clocks", flat, 1.3, clocks=sizes[-1]))


def main(words: list[str]) -> int:
    quick = "--quick" in words
    parts = {word for word in words if not word.startswith("--")} or {"P1", "P2", "P3", "P4", "P5", "P6"}
    if "figures" in parts:
        parts = parts - {"figures"} | FIGURES
    results = measure(parts, quick=quick, write="--write" in words)
    missed = [one for one in results if not one.good]
    print(f"{len(results)} figures, {len(missed)} goals missed.")
    return 0 if quick or not missed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
