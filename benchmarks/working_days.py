"""Adding working days: our calendar, a bare look-up in a table (the floor), and the `holidays` package (a peer)."""

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import islice

import holidays

from benchmarks.paired import Result, worse_of_two
from protocols.calendar import Calendar
from protocols.holidays import calendar_for

Question = tuple[date, int]
YEARS = range(2019, 2026)
MILLION = 1_000_000
BATCH = 2_000
PEER_BATCH = 20


def questions() -> Iterator[Question]:
    """Other days each time, always the same in each run."""
    chosen = random.Random(1989)
    first = date(YEARS[0], 1, 1).toordinal()
    last = date(YEARS[-1], 6, 30).toordinal()
    while True:
        yield date.fromordinal(chosen.randint(first, last)), chosen.randint(1, 60)


def day_by_day(calendar: Calendar) -> dict[date, list[date]]:
    """For each day the next 60 working days, found by walking: an answer that owes nothing to an index."""
    closed = set(calendar.holidays) | set(calendar.closures)
    found: dict[date, list[date]] = {}
    day = date(YEARS[0], 1, 1)
    while day <= date(YEARS[-1], 6, 30):
        answers: list[date] = []
        walked = day
        while len(answers) < 60:
            walked += timedelta(days=1)
            if walked.weekday() < 5 and walked not in closed:
                answers.append(walked)
        found[day] = answers
        day += timedelta(days=1)
    return found


def wrong_answers(calendar: Calendar) -> int:
    truth = day_by_day(calendar)
    asked = islice(questions(), MILLION)
    return sum(calendar.add_working_days(day, amount) != truth[day][amount - 1] for day, amount in asked)


def against_the_floor(calendar: Calendar, asked: Sequence[Question]) -> float:
    days = calendar._days
    upto = calendar._upto
    base = calendar.first.toordinal()

    def ours() -> None:
        for day, amount in asked:
            calendar.add_working_days(day, amount)

    def floor() -> None:
        for day, amount in asked:
            days[upto[day.toordinal() - base] + amount]

    return worse_of_two(ours, floor)


def against_a_peer(calendar: Calendar, asked: Sequence[Question]) -> float:
    peer = holidays.country_holidays("GB", subdiv="ENG", years=YEARS)

    # The same questions for both; ours asks them often enough for the clock to see it, and that is divided out.
    often = 200

    def ours() -> None:
        for _ in range(often):
            for day, amount in asked:
                calendar.add_working_days(day, amount)

    def theirs() -> None:
        for day, amount in asked:
            peer.get_nth_working_day(day, amount)

    return worse_of_two(ours, theirs) * often


def results() -> list[Result]:
    calendar = calendar_for("england-and-wales")
    asked = list(islice(questions(), BATCH))
    right = 100 * (MILLION - wrong_answers(calendar)) / MILLION
    floor, peer = against_the_floor(calendar, asked), against_a_peer(calendar, asked[:PEER_BATCH])
    return [
        Result(
            "P1",
            "working days added as by counting day by day, of a million, in %",
            right,
            100,
            at_most=False,
        ),
        Result(
            "P1",
            "adding working days: speed, compared with a bare look-up in a table",
            floor,
            0.5,
            at_most=False,
        ),
        Result(
            "P1", "adding working days: speed, compared with the holidays package", peer, 80, at_most=False
        ),
    ]
