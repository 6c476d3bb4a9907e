"""The page of a publication: headline figures, charts with a finding as their title, and the tables under them."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import protocols
from conferences.states import ConferenceKind
from core.templatetags.pd import MONTHS, plural
from disclosure import rounded
from partnerships.models import Agency
from partnerships.states import AgencyKind
from reports.models import Publication
from reports.selectors.counting import SEP
from reports.states import CLOCK, NOBODY_NAMED, TOOK, Counted, Exceptional, InTime, Measure, Span

HIDDEN = "[c]"
MOST_BARS = 4

MEANINGS = {
    "stands": "The decision stands",
    "reconvened": "The conference is reconvened",
    "early_review": "An early review is held",
    "resolved": "Resolved",
    "moved_on": "Moved on to the next step",
    "other": "Another outcome",
    "withdrawn": "Withdrawn",
    "not_pursued": "Not pursued: no written view came",
}
BASES = {
    "consensus": "By consensus",
    "majority": "By majority",
    "chair": "By the chair, without consensus",
    "chair_overruled": "By the chair, against the majority",
}
DIRECTIONS = {
    "more_protection": "More protection: should be on a plan",
    "less_protection": "Less protection: no plan needed",
    "different_category": "Another category",
    "other": "Another decision",
}
ASKED = {
    "more_protection": "more protection", "less_protection": "less protection",
    "different_category": "another category", "other": "another decision",
}  # fmt: skip
TALKED = {"0": "None", "1": "One", "2": "Two", "3": "Three"}
DIFFERENCES = {
    "referral_enquiry": "A referral, assessment or enquiry",
    "need_for_conference": "Whether to hold a conference",
    "conference_outcome": "What a conference decided",
    "plan_implementation": "How the plan is carried out",
    "process": "How a conference was run",
}
ENDED = {
    "resolved": "Settled between those who differed",
    "decided": "Decided at the end of the ladder",
    "withdrawn": "Withdrawn",
    "closed": "Closed unsettled",
}
LATE_WORDS = ("With a reason", "Without a reason", "Still open")
UNITS = {"working_days": "working day", "calendar_days": "day", "clock_hours": "hour"}
YES_NO = {"true": "Yes", "false": "No", "True": "Yes", "False": "No"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: its words and its cells as they are shown."""

    label: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableView:
    """One table as the page and every file show it."""

    ident: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""

    @property
    def too_small(self) -> bool:
        """Whether it holds no number that is shown, other than zeros."""
        numbers = [cell for row in self.rows for cell in row.cells if cell and cell[0] in "[0123456789"]
        return all(cell in (HIDDEN, "0", "0.0") for cell in numbers)

    @property
    def wide(self) -> bool:
        return len(self.head) > 3

    @property
    def lines(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Each row's words, and its cells with what stands above them."""
        return [(row.label, list(zip(self.head[1:], row.cells, strict=True))) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars under a sentence that says what they show, and their table."""

    title: str
    sub: str
    bars: tuple[dict[str, Any], ...]
    label: str
    table: TableView


@dataclass(frozen=True, slots=True)
class Report:
    """Everything on the page of a publication."""

    publication: Publication
    period: str
    selection: str
    headline: tuple[dict[str, str], ...]
    charts: tuple[Chart, ...]
    tables: tuple[TableView, ...]
    too_small: tuple[str, ...]  # what tables would be about, had they a number that can be shown
    silent: tuple[str, ...]
    wording: tuple[str, ...] = field(default=())


class Figures:
    """The stored figures of a publication, as they may be shown."""

    def __init__(self, publication: Publication) -> None:
        self.publication = publication
        self.stored: dict[str, Any] = publication.figures

    def total(self, counted: str) -> int | None:
        """How many in all; 0 where there was nothing to count, None where it is hidden."""
        stored = self.stored.get(counted)
        if stored is None:
            return 0
        return self._round(stored["total"]) if stored["shown"] else None

    def has(self, counted: str, measure: str) -> bool:
        """Whether there is a table to show."""
        stored = self.stored.get(counted)
        if stored is None or not stored["shown"] or measure not in stored["tables"]:
            return False
        return not stored["tables"][measure]["withheld"]

    def cells(self, counted: str, measure: str) -> dict[str, int | None]:
        """Each category with its count, None where it is hidden."""
        if not self.has(counted, measure):
            return {}
        table = self.stored[counted]["tables"][measure]
        return {
            name: None if name in table["hidden"] else self._round(count)
            for name, count in table["counts"].items()
        }

    def times(self, rule: str) -> dict[str, int | None]:
        """How the clocks of a rule ended, with and without a reason for being late."""
        return {name.partition(SEP)[2]: n for name, n in self.cells(f"{CLOCK}{rule}", Measure.TIME).items()}

    def in_time(self, rule: str) -> tuple[int, int] | None:
        """How many were in time, of how many. None where that is hidden."""
        cells, total = self.cells(f"{CLOCK}{rule}", Measure.LATE), self.total(f"{CLOCK}{rule}")
        in_time = cells.get(InTime.IN_TIME, 0)
        return (in_time, total) if cells and total and in_time is not None else None

    def clocks(self) -> list[str]:
        """The rules of the dated clocks that were due."""
        return sorted(name.removeprefix(CLOCK) for name in self.stored if name.startswith(CLOCK))

    def took(self, rule: str) -> dict[str, dict[str, Any]]:
        """Median and range per unit; empty where nothing is shown."""
        found: dict[str, dict[str, Any]] = self.stored.get(f"{TOOK}{rule}", {}).get("spread", {})
        return found

    def elapsed(self) -> list[str]:
        """The rules of clocks without a date of which a time is shown."""
        names = (name.removeprefix(TOOK) for name in self.stored if name.startswith(TOOK))
        dated = {*self.clocks(), Counted.ENDINGS, Counted.SETTLED}
        return sorted(name for name in names if name not in dated and self.took(name))

    def _round(self, count: int) -> int:
        return rounded(count) if self.publication.round_to == 5 else count


def shown(count: int | None) -> str:
    return HIDDEN if count is None else f"{count:,}"


# --- periods ------------------------------------------------------------------------------------------------------


def span_words(span: Span) -> str:
    """April to June 2026; October 2025 to March 2026; March 2026."""
    (y1, m1), (y2, m2) = ((int(part) for part in name.split("-")) for name in (span.first, span.last))
    first, last = MONTHS[m1 - 1], MONTHS[m2 - 1]
    if (y1, m1) == (y2, m2):
        return f"{first} {y1}"
    return f"{first} to {last} {y1}" if y1 == y2 else f"{first} {y1} to {last} {y2}"


def months_between(first: str, last: str) -> list[str]:
    """Every month from the first to the last: "2026-04", "2026-05", …"""
    year, month = map(int, first.split("-"))
    found = []
    while (name := f"{year:04d}-{month:02d}") <= last:
        found.append(name)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return found


def last_quarters(today: dt.date, number: int) -> list[Span]:
    """The last whole quarters that are over, newest first."""
    year, quarter = today.year, (today.month - 1) // 3
    found = []
    for _ in range(number):
        year, quarter = (year, quarter - 1) if quarter else (year - 1, 3)
        found.append(Span(f"{year}-{quarter * 3 + 1:02d}", f"{year}-{quarter * 3 + 3:02d}"))
    return found


def last_years(today: dt.date, number: int) -> list[Span]:
    """The last years from April to March that are over, newest first."""
    last = today.year - (today.month < 4)
    return [Span(f"{year - 1}-04", f"{year}-03") for year in range(last, last - number, -1)]


def periods(today: dt.date) -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be chosen: whole quarters, half-years and years from April to March that are over."""
    quarters = last_quarters(today, 12)
    halves = [
        Span(earlier.first, later.last)
        for later, earlier in pairwise(quarters)
        if later.first.endswith(("-01", "-07"))
    ]
    return [
        (name, [(f"{span.first}:{span.last}", span_words(span)) for span in spans])
        for name, spans in (("Quarters", quarters), ("Half-years", halves), ("Years", last_years(today, 4)))
        if spans
    ]


def periods_listed(partnership_id: int) -> list[dict[str, Any]]:
    """What was published, the latest period first."""
    rows = Publication.objects.filter(partnership_id=partnership_id).order_by(
        "-last_month", "first_month", "number"
    )
    return [
        {
            "publication": row,
            "period": span_words(Span(row.first_month, row.last_month)),
            "selection": _selection_words(row),
        }
        for row in rows
    ]


# --- the page -----------------------------------------------------------------------------------------------------


def report_of(
    publication: Publication, area: protocols.AreaProtocol | None, before: Sequence[Publication]
) -> Report:
    """The page of a publication. One query, for the names of the agencies."""
    figures = Figures(publication)
    names = {
        str(row.uuid): row.name
        for row in Agency.objects.filter(partnership_id=publication.partnership_id).order_by("name")
    }
    span = Span(publication.first_month, publication.last_month)
    charts = (
        _agency_chart(figures),
        _meaning_chart(figures),
        _direction_chart(figures),
        _time_chart(figures, area),
        _trend_chart(publication, before),
    )
    tables = (
        *_clock_tables(figures, area),
        _elapsed_table(figures, area),
        _plain(figures, "basis", Counted.DECISIONS, Measure.BASIS, "How decisions about children were reached", BASES),
        _plain(figures, "plan", Counted.DECISIONS, Measure.PLAN, "Decisions about children: on a plan?", YES_NO),
        _label_table(figures),
        _plain(figures, "talked", Counted.ENDINGS, Measure.TALKED, "Conversations held before the decision", TALKED),
        _plain(figures, "exceptions", Counted.EXCEPTIONS, Measure.WHAT, "What was done differently, with a reason", dict(Exceptional.choices)),
        *_difference_tables(figures),
        _agency_table(figures, names),
    )  # fmt: skip
    wide = [table for table in tables if table is not None]
    drawn = [chart for chart in charts if chart is not None]
    empty = [one for one in (*(chart.table for chart in drawn), *wide) if one.too_small]
    return Report(
        publication,
        span_words(span),
        _selection_words(publication),
        _headline(figures, area),
        tuple(chart for chart in drawn if not chart.table.too_small),
        tuple(table for table in wide if not table.too_small),
        tuple(table.caption for table in empty),
        _silent(figures, names),
        _wording(figures, span, area),
    )


def tables_of(report: Report) -> list[TableView]:
    """Every table of a report, in the order of the page: what the files hold."""
    headline = TableView(
        "summary", "Summary", ("Figure", "Value"),
        tuple(Row(f["label"], (f"{f['value']} {f['small']}".strip(),)) for f in report.headline),
    )  # fmt: skip
    silent = TableView(
        "silent", "Agencies that took part in conferences and did not dissent", ("Agency",),
        tuple(Row(name, ()) for name in report.silent),
    )  # fmt: skip
    return [
        headline,
        *(chart.table for chart in report.charts),
        *report.tables,
        *([silent] if report.silent else []),
    ]


def _selection_words(publication: Publication) -> str:
    kind = ConferenceKind(publication.kind).label if publication.kind else ""
    words = [f"{kind} conferences only" if kind else "All conferences"]
    if publication.version:
        words.append(f"protocol version {publication.version}")
    return ", ".join(words)


def _headline(figures: Figures, area: protocols.AreaProtocol | None) -> tuple[dict[str, str], ...]:
    held, dissents = figures.total(Counted.CONFERENCES), figures.total(Counted.DISSENTS)
    found = [
        {"label": "conferences held", "value": shown(held), "small": ""},
        {"label": "formal dissents", "value": shown(dissents), "small": ""},
    ]
    found.append(
        {
            "label": "professional differences raised",
            "value": shown(figures.total(Counted.DIFFERENCES)),
            "small": "",
        }
    )
    with_one = figures.cells(Counted.CONFERENCES, Measure.DISSENT).get("True", 0 if held == 0 else None)
    if held and with_one is not None:
        found.append(
            {"label": "of conferences had a dissent", "value": f"{100 * with_one / held:.0f}%", "small": f"{with_one} of {held}"}
        )  # fmt: skip
    rule = _decide_rule(figures, area)
    if rule is not None:
        if (decided := figures.in_time(rule)) is not None:
            in_time, total = decided
            found.append(
                {"label": f"decided in time ({rule})", "value": f"{100 * in_time / total:.0f}%", "small": f"{in_time} of {total}"}
            )  # fmt: skip
        for unit, took in figures.took(rule).items():
            found.append(
                {
                    "label": f"{UNITS[unit]}s to a decision, median",
                    "value": _number(took["median"]),
                    "small": "",
                }
            )
    return tuple(found)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _spread_words(took: dict[str, dict[str, Any]]) -> str:
    """8 working days (2 to 31)."""
    return "; ".join(
        f"{_number(one['median'])} {UNITS[unit]}{'' if one['median'] == 1 else 's'} ({one['least']} to {one['most']})"
        for unit, one in took.items()
    )


def _decide_rule(figures: Figures, area: protocols.AreaProtocol | None) -> str | None:
    """The rule of the clock for the decision, where the protocol has one and it was due."""
    if area is None:
        return None
    due = figures.clocks()
    return next((c.rule for c in area.clocks if c.purpose == "decide" and c.rule in due), None)


def bars_of(
    cells: Iterable[tuple[str, int | None]], late: Callable[[str], bool] = lambda _: False
) -> tuple[dict[str, Any], ...]:
    rows = list(cells)
    most = max((count for _, count in rows if count is not None), default=0)
    return tuple(
        {
            "label": label,
            "number": shown(count),
            "percent": f"{100 * (count or 0) / most:.1f}%" if most else "0%",
            "hidden": count is None,
            "late": late(label),
        }
        for label, count in rows
    )


def foremost(rows: list[tuple[str, int | None]]) -> list[tuple[str, int | None]]:
    """At most four: the largest three and all others together, hidden where one of them is."""
    if len(rows) <= MOST_BARS:
        return rows
    rest = [count for _, count in rows[MOST_BARS - 1 :]]
    together = None if None in rest else sum(count or 0 for count in rest)
    return [*rows[: MOST_BARS - 1], (f"{len(rest)} others", together)]


def heard_of(rows: Iterable[tuple[str, int | None]]) -> str:
    """What a screen reader hears in place of bars."""
    return ", ".join(f"{label}: {'hidden' if count is None else count}" for label, count in rows)


def largest_first(cells: dict[str, int | None], labels: dict[str, str]) -> list[tuple[str, int | None]]:
    rows = [(labels.get(name, name), count) for name, count in cells.items()]
    return sorted(rows, key=lambda row: (-(row[1] or 0), row[1] is None, row[0]))


def _agency_chart(figures: Figures) -> Chart | None:
    labels = {str(k): str(v) for k, v in AgencyKind.choices}
    places = figures.cells(Counted.PLACES, Measure.AGENCY_KIND)
    cells = figures.cells(Counted.DISSENTS, Measure.AGENCY_KIND)
    if not cells:
        return None
    rows = largest_first(cells, labels)
    title = "Dissents by kind of agency"
    if rows[0][1] and (len(rows) == 1 or (rows[1][1] or 0) < rows[0][1]):
        title = f"{rows[0][0]} raised most dissents"
    table = TableView(
        "agency_kind", "Dissents by kind of agency, and how often it took part",
        ("Kind of agency", "Dissents", "Conferences attended", "Dissents per 100 attended"),
        tuple(
            Row(label, (shown(cells.get(key, 0)), shown(places.get(key, 0)), rate_words(cells.get(key, 0), places.get(key, 0))))
            for key, label in labels.items()
            if cells.get(key, 0) != 0 or places.get(key, 0) != 0
        ),
        "Attended: each conference counts once for each agency that was there. More dissent can mean that practitioners feel able to challenge.",
    )  # fmt: skip
    rows = foremost(rows)
    return Chart(title, "By the agency of the practitioner", bars_of(rows), heard_of(rows), table)


def rate_words(number: int | None, of: int | None) -> str:
    return "" if number is None or not of else f"{100 * number / of:.1f}"


def _meaning_chart(figures: Figures) -> Chart | None:
    cells = figures.cells(Counted.ENDINGS, Measure.MEANING)
    total = figures.total(Counted.ENDINGS)
    if not cells or not total:
        return None
    rows = largest_first(cells, MEANINGS)
    title = "How dissents ended"
    if rows[0][1]:
        label = rows[0][0]
        title = f"{rows[0][1]} of {total} ended so: {label[:1].lower()}{label[1:]}"
    table = TableView(
        "meaning", "How dissents ended", ("Outcome", "Dissents"), tuple(Row(label, (shown(n),)) for label, n in rows)
    )  # fmt: skip
    rows = foremost(rows)
    return Chart(
        title, "Dissents answered, withdrawn or closed in this period", bars_of(rows), heard_of(rows), table
    )


def _direction_chart(figures: Figures) -> Chart | None:
    cells = figures.cells(Counted.DIRECTIONS, Measure.DIRECTION)
    total = figures.total(Counted.DIRECTIONS)
    if not cells or not total:
        return None
    rows = largest_first(cells, DIRECTIONS)
    title = "What dissents asked for"
    if rows[0][1]:
        most = next(name for name, count in cells.items() if count == rows[0][1])
        title = f"{rows[0][1]} of {total} asked for {ASKED[most]}"
    table = TableView(
        "direction", "What dissents asked for, per child", ("Direction", "Children"),
        tuple(Row(label, (shown(n),)) for label, n in rows),
    )  # fmt: skip
    return Chart(
        title, "Per child. More and less protection are kept apart", bars_of(rows), heard_of(rows), table
    )


def _time_chart(figures: Figures, area: protocols.AreaProtocol | None) -> Chart | None:
    """Whether decisions were made in the time that the protocol sets."""
    rule = _decide_rule(figures, area)
    total = figures.total(f"{CLOCK}{rule}")
    if rule is None or not total or not figures.has(f"{CLOCK}{rule}", Measure.LATE):
        return None
    cells, decided = figures.times(rule), figures.in_time(rule)
    rows = [(str(how.label), cells.get(how, 0)) for how in InTime if cells.get(how, 0) != 0]
    if any(count is None for _, count in rows) or not cells:
        wide = figures.cells(f"{CLOCK}{rule}", Measure.LATE)
        rows = [
            (InTime.IN_TIME.label, wide.get(InTime.IN_TIME, 0)),
            ("Late", wide.get(Measure.LATE, 0)),
        ]
    title = (
        f"{decided[0]} of {decided[1]} decisions were made in time"
        if decided
        else "Decisions in time and late"
    )
    clock = next(c for c in area.clocks if c.rule == rule) if area else None
    sub = (
        f"{clock.label}: {plural(clock.amount, UNITS.get(clock.unit, 'day'))} ({rule})"
        if clock and clock.amount
        else ""
    )
    table = TableView(
        "in_time", "Decisions in time and late", ("", "Decisions"), tuple(Row(label, (shown(n),)) for label, n in rows),
        _took_note("To a decision", figures.took(rule or "")),
    )  # fmt: skip
    return Chart(
        title, sub, bars_of(rows, lambda label: label != InTime.IN_TIME.label), heard_of(rows), table
    )


def _took_note(what: str, took: dict[str, dict[str, Any]]) -> str:
    return f"{what}: {_spread_words(took)}, median and range." if took else ""


def _trend_chart(publication: Publication, before: Sequence[Publication]) -> Chart | None:
    """Dissents per 100 conferences in periods of the same length that were published."""
    length = _months(publication)
    alike = [
        one
        for one in (*before, publication)
        if _months(one) == length and (one.kind, one.version) == (publication.kind, publication.version)
        and one.last_month <= publication.last_month
    ]  # fmt: skip
    points = []
    for one in sorted(alike, key=lambda row: row.first_month)[-MOST_BARS:]:
        figures = Figures(one)
        held, dissents = figures.total(Counted.CONFERENCES), figures.total(Counted.DISSENTS)
        rate = 100 * dissents / held if held and dissents is not None else None
        points.append((span_words(Span(one.first_month, one.last_month)), held, dissents, rate))
    rates = [rate for *_, rate in points if rate is not None]
    if len(rates) < 2:
        return None
    change = "rose" if rates[-1] > rates[-2] else "fell" if rates[-1] < rates[-2] else "did not change"
    most = max(rates) or 1
    bars = tuple(
        {
            "label": name, "number": "" if rate is None else f"{rate:.1f}",
            "percent": f"{100 * (rate or 0) / most:.1f}%", "hidden": rate is None, "late": False,
        }
        for name, _, _, rate in points
    )  # fmt: skip
    table = TableView(
        "trend", "Dissents per 100 conferences", ("Period", "Conferences", "Dissents", "Per 100 conferences"),
        tuple(
            Row(name, (shown(held), shown(dissents), HIDDEN if rate is None else f"{rate:.1f}"))
            for name, held, dissents, rate in points
        ),
    )  # fmt: skip
    heard = ", ".join(f"{name}: {'hidden' if rate is None else f'{rate:.1f}'}" for name, *_, rate in points)
    return Chart(
        f"Dissents per 100 conferences {change}",
        "More dissent can mean that practitioners feel able to challenge",
        bars,
        heard,
        table,
    )


def _months(one: Publication) -> int:
    (y1, m1), (y2, m2) = ((int(p) for p in name.split("-")) for name in (one.first_month, one.last_month))
    return (y2 - y1) * 12 + m2 - m1 + 1


def _clock_tables(figures: Figures, area: protocols.AreaProtocol | None) -> list[TableView | None]:
    rules = [rule for rule in figures.clocks() if figures.total(f"{CLOCK}{rule}") != 0]
    if not rules:
        return []
    labels = _clock_labels(area)
    rows = []
    for rule in rules:
        cells, wide = figures.times(rule), figures.cells(f"{CLOCK}{rule}", Measure.LATE)
        known = figures.has(f"{CLOCK}{rule}", Measure.TIME)
        counts = [shown(cells.get(how, 0)) if known else HIDDEN for how in InTime.values]
        # In time is one count in both tables; late is told as a sum where its parts are hidden.
        counts[0] = shown(wide.get(InTime.IN_TIME, 0)) if wide else counts[0]
        counts.insert(1, shown(wide.get(Measure.LATE, 0)) if wide else HIDDEN)
        total = shown(figures.total(f"{CLOCK}{rule}"))
        rows.append(Row(labels.get(rule, rule), (total, *counts, _spread_words(figures.took(rule)))))
    return [
        TableView(
            "clocks", "The protocol’s clocks: in time or late",
            ("Clock", "Due", "In time", "Late", *(f"Of these: {word[0].lower()}{word[1:]}" for word in LATE_WORDS), "Took: median (range)"),
            tuple(rows),
            "Counted in the month in which each was due. Passing a date decides nothing.",
        )
    ]  # fmt: skip


def _clock_labels(area: protocols.AreaProtocol | None) -> dict[str, str]:
    return {
        clock.rule or clock.id: f"{clock.label} ({clock.rule})" if clock.rule else clock.label
        for clock in (area.clocks if area else ())
    }


def _elapsed_table(figures: Figures, area: protocols.AreaProtocol | None) -> TableView | None:
    """What the protocol wants soon but sets no date for: the time that it took."""
    labels = _clock_labels(area)
    rows = tuple(
        Row(labels.get(rule, rule), (_spread_words(figures.took(rule)),)) for rule in figures.elapsed()
    )
    if not rows:
        return None
    return TableView(
        "elapsed", "Where the protocol sets no date: the time that it took", ("Step", "Took: median (range)"), rows
    )  # fmt: skip


def _label_table(figures: Figures) -> TableView | None:
    cells = figures.cells(Counted.ENDINGS, Measure.LABEL)
    if not cells:
        return None
    rows = tuple(
        Row(label or MEANINGS.get(means, means), (MEANINGS.get(means, means), shown(count)))
        for (means, _, label), count in sorted(
            ((name.partition(SEP), count) for name, count in cells.items()), key=lambda row: (-(row[1] or 0), row[0])
        )
    )  # fmt: skip
    return TableView(
        "label", "How dissents ended, in the protocol’s own words", ("Outcome", "Which means", "Dissents"), rows,
        _took_note("From first voiced to the end", figures.took(Counted.ENDINGS)),
    )  # fmt: skip


def _plain(
    figures: Figures, ident: str, counted: str, measure: str, caption: str, labels: dict[str, str]
) -> TableView | None:
    cells = figures.cells(counted, measure)
    if not cells:
        return None
    rows = tuple(Row(label, (shown(n),)) for label, n in largest_first(cells, labels))
    return TableView(ident, caption, ("", "Number"), rows)


def _difference_tables(figures: Figures) -> list[TableView | None]:
    """Differences on a ladder: what about, between whom, and how they ended."""
    kinds = {str(k): str(v) for k, v in AgencyKind.choices}
    raised = figures.cells(Counted.DIFFERENCES, Measure.AGENCY_KIND)
    challenged = figures.cells(Counted.DIFFERENCES, Measure.CHALLENGED)
    by_kind = None
    if raised and challenged:
        rows = tuple(
            Row(label, (shown(raised.get(key, 0)), shown(challenged.get(key, 0))))
            for key, label in [*kinds.items(), (NOBODY_NAMED, "No other agency named")]
            if raised.get(key, 0) != 0 or challenged.get(key, 0) != 0
        )
        head = ("Kind of agency", "Raised by it", "Raised with it")
        by_kind = TableView("between", "Professional differences: who raised them, and with whom", head, rows)
    ended = _plain(
        figures, "ended", Counted.SETTLED, Measure.ENDED, "How professional differences ended", ENDED
    )
    if ended is not None:
        note = _took_note("From first raised to the end", figures.took(Counted.SETTLED))
        ended = replace(ended, note=note)
    steps = {str(n): plural(n, "step") for n in range(12)}
    return [
        _plain(figures, "difference", Counted.DIFFERENCES, Measure.DIFFERENCE, "Professional differences: what about", DIFFERENCES),
        by_kind,
        ended,
        _plain(figures, "steps", Counted.SETTLED, Measure.STEPS, "How far up the ladder differences went", steps),
    ]  # fmt: skip


def _by_agency(cells: dict[str, int | None]) -> dict[str, int | None]:
    """Counts by an agency's number, whatever kind it is of."""
    return {name.partition(SEP)[2]: count for name, count in cells.items()}


def _agency_table(figures: Figures, names: dict[str, str]) -> TableView | None:
    """What each agency did. A count of an agency that is on none of the other tables is a true zero or hidden."""
    places = _by_agency(figures.cells(Counted.PLACES, Measure.AGENCY))
    if not places:
        return None

    def count(counted: str, key: str) -> int | None:
        whole = figures.has(counted, Measure.AGENCY) or figures.total(counted) == 0
        return _by_agency(figures.cells(counted, Measure.AGENCY)).get(key, 0) if whole else None

    rows = tuple(
        Row(
            names[key],
            (
                shown(places[key]), shown(count(Counted.DISSENTS, key)), rate_words(count(Counted.DISSENTS, key), places[key]),
                shown(count(Counted.ENDINGS, key)), shown(count(Counted.DIFFERENCES, key)),
            ),
        )
        for key in sorted(places, key=lambda key: names.get(key, ""))
        if key in names
    )  # fmt: skip
    head = (
        "Agency", "Conferences attended", "Dissents", "Dissents per 100 attended", "Dissents that ended",
        "Differences raised",
    )  # fmt: skip
    return TableView("agency", "Agencies: how often each took part, and challenged", head, rows)


def _silent(figures: Figures, names: dict[str, str]) -> tuple[str, ...]:
    """Agencies that took part and of whom neither a dissent nor a difference is counted: true zeros, which may be shown."""
    places = _by_agency(figures.cells(Counted.PLACES, Measure.AGENCY))
    voices = (Counted.DISSENTS, Counted.DIFFERENCES)
    if any(figures.total(voice) != 0 and not figures.has(voice, Measure.AGENCY) for voice in voices):
        return ()
    heard = [_by_agency(figures.cells(voice, Measure.AGENCY)) for voice in voices]
    return tuple(
        sorted(
            names[key] for key in places if key in names and all(cells.get(key, 0) == 0 for cells in heard)
        )
    )


def _wording(figures: Figures, span: Span, area: protocols.AreaProtocol | None) -> tuple[str, ...]:
    """Sentences for the yearly report, with only what is shown."""
    held, dissents = figures.total(Counted.CONFERENCES), figures.total(Counted.DISSENTS)
    period = span_words(span)
    said = []
    if held is not None:
        said.append(
            f"In {period}, {plural(held, 'child protection conference')} {'was' if held == 1 else 'were'} held."
        )
    if dissents is not None:
        said.append(f"Professionals formally dissented {plural(dissents, 'time')}.")
    else:
        said.append("The number of formal dissents is too small to be given.")
    meanings = figures.cells(Counted.ENDINGS, Measure.MEANING)
    given = [f"{MEANINGS.get(name, name).lower()}: {n}" for name, n in meanings.items() if n]
    if given:
        said.append(f"Of the dissents that ended in this period: {'; '.join(given)}.")
    rule = _decide_rule(figures, area)
    if rule:
        if (decided := figures.in_time(rule)) is not None:
            in_time, total = decided
            said.append(
                f"{in_time} of {total} decisions were made in the time that the protocol sets ({rule})."
            )
    said.append(
        "More dissent can mean that practitioners feel able to challenge; a low number is not a good sign by itself."
    )
    return tuple(said)
