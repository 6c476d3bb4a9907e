"""./dev bench: prints each measurement beside its goal; exit code 1 if one is missed."""

import sys

from benchmarks import working_days


def main() -> int:
    missed = 0
    print("Adding working days (medians of 150 pairs by turns, the worse of two runs)")
    for one in working_days.results():
        missed += not one.good
        print(
            f"  {one.what:<52} {one.measured:>10.2f}   goal ≥ {one.goal:g}   {'ok' if one.good else 'MISSED'}"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
