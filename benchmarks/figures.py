"""P7 to P12: pages and reports on the data of a nation, beside a view that does nothing, a tenth of it, and DuckDB."""

# ruff: noqa: S603, S608 (what is run and asked stands in this module)

import datetime as dt
import io
import logging
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from unittest import mock

import duckdb
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

import protocols
from audit.actions import write
from benchmarks import page, scale
from benchmarks.database import Bench
from benchmarks.paired import Result, seconds
from cases.models import Participant
from core.actor import clock_actor
from core.clock import edge_now
from partnerships.models import Partnership
from partnerships.selectors import calendar_for
from reports import actions
from reports.management.past import Past, invent, invented_partnership
from reports.models import Publication
from reports.selectors import national_report, published, report_of
from reports.states import CLOCK, TOOK, Span
from tests.builders import LATER, World

FIRST, LAST = dt.date(2018, 1, 1), dt.date(2027, 12, 31)
NOW = dt.datetime(2028, 1, 5, 9, tzinfo=dt.UTC)
YEAR = Span("2026-04", "2027-03")
BEFORE = [
    Span("2018-01", "2025-12")
]  # not counted for the nation: what a report of the year does not ask for
TENTH = 10


@dataclass
class Nation:
    """Invented partnerships, so many of which have their past already."""

    conferences: int
    partnerships: list[Partnership]
    filled: int = 0

    def fill(self, upto: int) -> float:
        """Invent the past of the partnerships up to that one; how long it took, in seconds."""
        begun = time.perf_counter()
        each = self.conferences // len(self.partnerships)
        with transaction.atomic():
            chosen = self.partnerships[self.filled : upto]
            invent([Past(one, each, FIRST, LAST) for one in chosen], alone=True)
        self.filled = upto
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        return time.perf_counter() - begun


def nation(conferences: int, partnerships: int) -> Nation:
    known = protocols.library().slugs()
    found = [invented_partnership(n + 1, known[n % len(known)], NOW) for n in range(partnerships)]
    return Nation(conferences, found)


# --- pages ------------------------------------------------------------------------------------------------------------


@dataclass
class Reader:
    """Somebody signed in, at an invented moment, whose pages are timed."""

    client: Client

    def get(self, url: str) -> None:
        response = self.client.get(url)
        assert response.status_code == 200, f"{url}: {response.status_code}"

    def cases(self, url: str) -> int:
        """How many cases a page leads to."""
        return len(set(re.findall(rb'href="/cases/(PD-[^/"]+)/', self.client.get(url).content)))

    def queries(self, url: str) -> int:
        self.get(url)
        with CaptureQueriesContext(connection) as asked:
            self.get(url)
        return len(asked)

    def sql_seconds(self, url: str, times: int) -> float:
        """How long the database took for a page, the least of several: what else the machine does only adds."""
        found = []
        for _ in range(times):
            with CaptureQueriesContext(connection) as asked:
                self.get(url)
            found.append(sum(float(one["time"]) for one in asked.captured_queries))
        return min(found)


def reader(world: World, who: str) -> Reader:
    client = Client(HTTP_HOST="localhost")
    client.force_login(world.people[who].user)
    client.post("/session/")
    return Reader(client)


def _ratio(ours: Callable[[], object], other: Callable[[], object], pairs: int) -> float:
    """How many times as long ours takes: the median over the pairs, whose order alternates, and of two runs the worse."""
    ours(), other()
    worse = 0.0
    for _ in range(2):
        ratios = []
        for number in range(pairs):
            if number % 2:
                mine, theirs = seconds(ours), seconds(other)
            else:
                theirs, mine = seconds(other), seconds(ours)
            ratios.append(mine / theirs)
        worse = max(worse, sorted(ratios)[len(ratios) // 2])
    return worse


def _events(world: World, case_id: int, number: int) -> None:
    for _ in range(number):
        write(
            "dissent.reminded", by=world.actor("reviewer"), now=LATER, object_type="case", object_id=case_id, case_id=case_id
        )  # fmt: skip


def _seen_by_the_same(bench: Bench) -> None:
    """Whoever takes part in the copied case takes part in each copy, so that a list shows them all."""
    names = ", ".join(
        f'"{one.column}"'
        for one in Participant._meta.local_concrete_fields
        if one.name not in ("id", "uuid", "case")
    )
    bench.bare.execute(
        f"INSERT INTO cases_participant (uuid, case_id, {names}) SELECT gen_random_uuid(), c.id, {names} FROM "
        f"(SELECT {names} FROM cases_participant WHERE case_id = %s) p, (SELECT id FROM cases_case c WHERE id <> %s AND "
        "EXISTS (SELECT 1 FROM deadlines_deadline d WHERE d.case_id = c.id AND d.state = 'open' AND d.partnership_id = %s) AND "
        "NOT EXISTS (SELECT 1 FROM cases_participant q WHERE q.case_id = c.id)) c".encode(),
        [bench.pattern.case, bench.pattern.case, bench.pattern.partnership],
    )


def pages(bench: Bench, whole: Nation, pairs: int) -> Iterator[Result]:
    """P7 to P10. The lists of one partnership hold 25 and then 100 open cases, in the midst of the nation's."""
    settings.ROOT_URLCONF = "benchmarks.urls"
    logging.disable(logging.WARNING)  # the same for both, and not what is measured
    with mock.patch("partnerships.middleware.edge_now", lambda: LATER):
        person = reader(bench.camden, "reviewer")
        own = bench.pattern.case
        scale.clocks(bench.bare, bench.pattern, 24, due_at=LATER + dt.timedelta(days=3))
        _seen_by_the_same(bench)
        reference = bench.bare.execute("SELECT reference FROM cases_case WHERE id = %s", [own]).fetchone()
        assert reference is not None
        case = f"/cases/{reference[0]}/"
        assert person.cases("/") >= 25
        few, shown = person.queries("/"), person.queries(case)
        tenth = {url: person.sql_seconds(url, 7) for url in ("/", case)}
        print(f"    filled up in {whole.fill(len(whole.partnerships)):.0f} s", flush=True)
        with transaction.atomic():
            _events(bench.camden, own, 50)
        empty = partial(person.get, "/empty/")
        yield Result(
            "P7",
            "list of 25 cases: time, compared with an empty view",
            _ratio(partial(person.get, "/"), empty, pairs),
            16,
        )
        yield Result("P7", "list of 25 cases: queries", few, 8)
        yield Result(
            "P8",
            "case with 50 events: time, compared with an empty view",
            _ratio(partial(person.get, case), empty, pairs),
            25,
        )
        yield Result("P8", "case with 50 events: queries", person.queries(case), 10)
        for url, what in (("/", "list of 25 cases"), (case, "case")):
            yield Result(
                "P10", f"{what}: its SQL, compared with a tenth of the data", person.sql_seconds(url, 7) / (tenth[url] or 0.001), 1.3
            )  # fmt: skip
        with transaction.atomic():
            _events(bench.camden, own, 450)
        scale.clocks(bench.bare, bench.pattern, 75, due_at=LATER + dt.timedelta(days=3))
        _seen_by_the_same(bench)
        yield Result("P9", "list of 100 cases: queries more than for 25", person.queries("/") - few, 0)
        yield Result("P9", "case with 500 events: queries more than for 5", person.queries(case) - shown, 0)


# --- reports ------------------------------------------------------------------------------------------------------------


def _copied(query: str, name: str, duck: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Rows of PostgreSQL as a table in DuckDB's memory."""
    path = folder / f"{name}.csv"
    with connection.cursor() as cursor, path.open("wb") as file:
        with cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER)") as rows:
            for chunk in rows:
                file.write(chunk)
    duck.read_csv(str(path), header=True).create(name)
    path.unlink()


# All counts and medians of a report, from the roll-up's rows.
COUNTS = """
    SELECT counted, measure, category, sum(count) FROM tally
     WHERE month BETWEEN ? AND ? AND (? = 0 OR partnership_id = ?) GROUP BY ALL"""
MEDIANS = """
    WITH times AS (SELECT counted, measure, category::int AS took, sum(count) AS n FROM tally
                    WHERE starts_with(counted, 'took:') AND month BETWEEN ? AND ? AND (? = 0 OR partnership_id = ?) GROUP BY ALL),
         upto AS (SELECT *, sum(n) OVER (PARTITION BY counted, measure ORDER BY took) AS seen,
                         sum(n) OVER (PARTITION BY counted, measure) AS total FROM times)
    SELECT counted, measure, (min(took) FILTER (seen * 2 >= total) + min(took) FILTER (seen * 2 > total)) / 2, min(took), max(took)
      FROM upto GROUP BY counted, measure"""


def reports(whole: Nation, pairs: int) -> Iterator[Result]:
    """P9 and P11: one partnership's report and the nation's, as they are made for their pages."""
    begun = time.perf_counter()
    with mock.patch.object(actions, "settled_spans", lambda partnership_id: BEFORE):
        for one in whole.partnerships:
            actions.count_anew(partnership_id=one.pk, now=NOW)
            actions.publish(partnership_id=one.pk, span=YEAR, by=clock_actor(one.pk), now=NOW)
    each = (time.perf_counter() - begun) / len(whole.partnerships)
    print(f"    counted and published: {each:.2f} s for a partnership", flush=True)
    one = next(row for row in whole.partnerships if row.slug == "invented-003")
    area = protocols.library().latest("camden")
    duck = duckdb.connect(config={"threads": 2})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _copied(
            "SELECT partnership_id, month, counted, measure, category, count FROM reports_tally",
            "tally",
            duck,
            folder,
        )

        def report() -> None:
            known = published(one.pk)
            report_of(known[-1], area, known[:-1])

        def beside(partnership: int) -> None:
            given = [YEAR.first, YEAR.last, partnership, partnership]
            duck.execute(COUNTS, given).fetchall()
            duck.execute(MEDIANS, given).fetchall()

        yield Result(
            "P11",
            "report of a partnership: time, compared with DuckDB on the same rows",
            _ratio(report, partial(beside, one.pk), pairs),
            1,
        )
        yield Result(
            "P11",
            "report of the nation: time, compared with DuckDB on the same rows",
            _ratio(partial(national_report, YEAR), partial(beside, 0), pairs),
            6,
        )
        yield Result(
            "P11",
            "medians that DuckDB finds too, from the cases themselves, in %",
            100 * _medians_equal(whole, duck, folder),
            100,
            at_most=False,
        )
    with CaptureQueriesContext(connection) as asked:
        report()
    yield Result("P9", "report: queries", len(asked), 12)


def _medians_equal(whole: Nation, duck: duckdb.DuckDBPyConnection, folder: Path) -> float:
    """The share of the published medians and ranges of dated clocks that DuckDB finds too, from the clocks' own rows."""
    first, last = (f"'{YEAR.first}-01'", f"'{YEAR.last}-31'")
    _copied(
        f"""SELECT partnership_id, rule, (anchored_at AT TIME ZONE 'Europe/London')::date AS first,
                   (ended_at AT TIME ZONE 'Europe/London')::date AS last
              FROM deadlines_deadline
             WHERE state = 'met' AND (due_at AT TIME ZONE 'Europe/London')::date BETWEEN {first} AND {last}""",
        "clock", duck, folder,
    )  # fmt: skip
    same = asked = 0
    for one in whole.partnerships:
        area = protocols.library().latest(_like(whole, one))
        calendar = calendar_for(one.pk, area.nation)
        days = [(FIRST + dt.timedelta(days=n)) for n in range((LAST - FIRST).days + 100)]
        days = [day for day in days if calendar.covers(day)]
        upto, rows = 0, []
        for day in days:
            upto += calendar.is_working_day(day)
            rows.append((day, upto))
        table = io.StringIO()
        table.writelines(f"{day},{number}\n" for day, number in rows)
        (folder / "day.csv").write_text("day,upto\n" + table.getvalue())
        duck.execute("DROP TABLE IF EXISTS day")
        duck.read_csv(str(folder / "day.csv"), header=True).create("day")
        found = duck.execute(
            """SELECT rule, count(*), median(b.upto - a.upto), min(b.upto - a.upto), max(b.upto - a.upto),
                      median(last - first), min(last - first), max(last - first)
                 FROM clock JOIN day a ON a.day = first JOIN day b ON b.day = last WHERE partnership_id = ? GROUP BY rule""",
            [one.pk],
        ).fetchall()
        figures = Publication.objects.get(partnership=one, first_month=YEAR.first).figures
        for rule, number, *times in found:
            spread = figures.get(f"{TOOK}{rule}", {}).get("spread", {})
            for unit, wanted in (("working_days", times[:3]), ("calendar_days", times[3:])):
                if unit in spread and f"{CLOCK}{rule}" in figures and number > 5:
                    asked += 1
                    same += [spread[unit][key] for key in ("median", "least", "most")] == wanted
    print(f"    {asked} medians compared", flush=True)
    return same / asked if asked else 0.0


def _like(whole: Nation, one: Partnership) -> str:
    known = protocols.library().slugs()
    return known[whole.partnerships.index(one) % len(known)]


# --- a fresh process ----------------------------------------------------------------------------------------------------

BARE = "import django; django.setup()"
PAGE = (
    "from config.wsgi import application; from django.test import Client; "
    "assert Client(HTTP_HOST='localhost').get('/', follow=True).status_code == 200; import sys; "
    "print(sum(name in sys.modules for name in ('numpy', 'pandas', 'duckdb', 'scipy')))"
)


def fresh(pairs: int) -> Iterator[Result]:
    """P12: a process from its start to its first page."""

    def run(words: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", words], check=True, capture_output=True, text=True
        ).stdout

    yield Result(
        "P12", "ready and first page: time, compared with Django’s own start", _ratio(partial(run, PAGE), partial(run, BARE), pairs), 2.5
    )  # fmt: skip
    yield Result(
        "P12", "ready and first page: libraries for counting that are loaded", float(run(PAGE).split()[-1]), 0
    )


# --- the page of it -------------------------------------------------------------------------------------------------------

WORDS = """\
# How fast pages and reports are on the data of a nation

Written by `./dev bench figures --write`. The data are invented by `./dev manage invented_history`: two million conferences
of ten years in 150 partnerships, with about 250 thousand dissents, nine million places at conferences and three hundred
thousand clocks. Each figure is a ratio of two things done by turns in one run: the median over the pairs, and of two runs the
worse.
"""
NOTES = """\
## What is compared with what

- P7, P8: a page as it is asked for by somebody signed in, beside a view that does nothing behind the same middleware.
- P10: what the database takes for a page, the least of seven, with all of the data and with a tenth of it.
- P11: a report is what was published, read and made into its page’s tables and sentences. DuckDB counts the same tables and
  medians from the same rows of the roll-up, in memory. The medians and ranges are compared with those that DuckDB finds from
  the clocks themselves, over working days counted one by one.
- P12: a process from its start to its first page, beside `django.setup()` alone.

Not measured: ten million events of history, a million open clocks beside this data, and the count of what is overdue by
itself (it is part of the list of P7).
"""


def write_page(found: Sequence[Result]) -> None:
    """docs/benchmarks-figures.md: each figure beside its goal, and the misses as such."""
    missed = [
        f"- {one.part}, {one.what}: {one.measured:,.2f}, goal {one.goal_in_words}."
        for one in found
        if not one.good
    ]
    lines = [
        WORDS, f"Measured on {edge_now():%d %B %Y}. {page.machine()}", "",
        "| | what | measured | goal | |", "|---|---|---:|---:|---|",
        *(
            f"| {one.part} | {one.what} | {one.measured:,.2f} | {one.goal_in_words} | {'**missed**' if not one.good else one.verdict} |"
            for one in found
        ),
        "", "## Missed", "", *(missed or ["Nothing."]), "", NOTES.rstrip(), "",
    ]  # fmt: skip
    (page.DOCS / "benchmarks-figures.md").write_text("\n".join(lines))


def results(bench: Bench, parts: set[str], *, quick: bool) -> Iterator[Result]:
    """What of P7 to P12 is asked for."""
    if "P12" in parts:
        yield from fresh(2 if quick else 8)
    if parts & {"P7", "P8", "P9", "P10", "P11"}:
        whole = nation(4_000, 12) if quick else nation(2_000_000, 150)
        begun = whole.fill(max(1, len(whole.partnerships) // TENTH))
        print(f"    a tenth of {whole.conferences:,} conferences, in {begun:.0f} s", flush=True)
        yield from pages(bench, whole, 10 if quick else 75)
        if parts & {"P9", "P11"}:
            yield from reports(whole, 10 if quick else 75)
