"""The figures of all partnerships together: added up from what each has published, and from nothing else.

Whoever knows what every partnership published could work out all of this page by themselves, so nothing that a
partnership hides can be solved from it. What a partnership hides is missing here too, and the page says of how many
partnerships each number is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.db.models import QuerySet

import protocols
from partnerships.models import Partnership, ProtocolVersion
from partnerships.states import AgencyKind
from reports.models import Publication
from reports.selectors.page import (
    DIRECTIONS,
    MEANINGS,
    Chart,
    Figures,
    Row,
    TableView,
    bars_of,
    foremost,
    heard_of,
    largest_first,
    rate_words,
    shown,
    span_words,
)
from reports.states import Counted, Measure, Span


@dataclass(frozen=True, slots=True)
class National:
    """The page of one period."""

    span: Span
    period: str
    partnerships: int  # that published it
    headline: tuple[dict[str, str], ...]
    charts: tuple[Chart, ...]
    tables: tuple[TableView, ...]


@dataclass(frozen=True, slots=True)
class _One:
    """What one partnership published of the period, and the protocol it goes by."""

    figures: Figures
    family: str


@dataclass(frozen=True, slots=True)
class _Sum:
    """Of the partnerships that show a number: what they add up to, how many they are, and how many there are."""

    number: int
    of: int
    all: int

    @property
    def count(self) -> int | None:
        """The number. None, for hidden, where it is a sum of nothing but zeros and somebody hides theirs."""
        return self.number if self.number or self.of == self.all else None


def all_partnerships() -> QuerySet[Partnership]:
    """Those of which figures are counted and shown. Here, and nowhere else, one is left out."""
    return Partnership.objects.filter(practice_of__isnull=True).order_by("pk")


def national_spans() -> list[Span]:
    """The periods that anybody published whole, the latest first."""
    rows = _whole().order_by("-last_month", "-first_month").values_list("first_month", "last_month")
    return [Span(first, last) for first, last in dict.fromkeys(rows)]


def _whole() -> QuerySet[Publication]:
    return Publication.objects.filter(kind="", version="", partnership__in=all_partnerships())


def national_report(span: Span) -> National:
    """The page of a period, in three queries."""
    families = dict(
        ProtocolVersion.objects.order_by("effective_from").values_list("partnership_id", "text_id")
    )
    known = [
        _One(Figures(row), families.get(row.partnership_id, ""))
        for row in _whole().filter(first_month=span.first, last_month=span.last).order_by("partnership_id")
    ]
    charts = (
        _agencies(known),
        _by_category(known, "How dissents ended", Counted.ENDINGS, Measure.MEANING, MEANINGS),
        _by_category(known, "What dissents asked for", Counted.DIRECTIONS, Measure.DIRECTION, DIRECTIONS),
    )
    return National(
        span, span_words(span), len(known), _headline(known), tuple(chart for chart in charts if chart is not None),
        (_families(known),),
    )  # fmt: skip


def _add(known: list[_One], number: Callable[[Figures], int | None]) -> _Sum:
    found = [count for one in known if (count := number(one.figures)) is not None]
    return _Sum(sum(found), len(found), len(known))


def _of(known: list[_One], counted: str) -> _Sum:
    return _add(known, lambda figures: figures.total(counted))


def _cell(figures: Figures, counted: str, measure: str, category: str) -> int | None:
    """One count; 0 where nothing of it was counted, None where it or its table is hidden."""
    if figures.has(counted, measure):
        return figures.cells(counted, measure).get(category, 0)
    return 0 if figures.total(counted) == 0 else None


def _both(known: list[_One], number: str, of: str) -> list[_One]:
    """Those that show both of two totals."""
    return [one for one in known if None not in (one.figures.total(number), one.figures.total(of))]


def _dissents_per_100(known: list[_One]) -> tuple[str, int]:
    both = _both(known, Counted.DISSENTS, Counted.CONFERENCES)
    held = _of(both, Counted.CONFERENCES).number
    return rate_words(_of(both, Counted.DISSENTS).number, held), len(both)


def _decided(known: list[_One]) -> tuple[int, int, int]:
    """Decisions in time, decisions due, and of how many partnerships."""
    found = [
        decided for one in known for rule in _decide_rules(one.family)
        if (decided := one.figures.in_time(rule)) is not None
    ]  # fmt: skip
    return sum(one for one, _ in found), sum(of for _, of in found), len(found)


def _decide_rules(family: str) -> list[str]:
    """The rules of a protocol's clocks for the first decision."""
    areas = [area for text in protocols.library().protocols if text.id == family for area in text.areas]
    return list(
        dict.fromkeys(c.rule for area in areas for c in area.clocks if c.purpose == "decide" and c.amount)
    )


def _of_words(number: int, known: list[_One]) -> str:
    return f"of {number} of {len(known)} partnerships" if number != len(known) else ""


def _headline(known: list[_One]) -> tuple[dict[str, str], ...]:
    found = [
        {"label": label, "value": shown(total.count), "small": _of_words(total.of, known)}
        for label, counted in (
            ("conferences held", Counted.CONFERENCES),
            ("formal dissents", Counted.DISSENTS),
            ("professional differences raised", Counted.DIFFERENCES),
        )
        for total in (_of(known, counted),)
    ]
    rate, of = _dissents_per_100(known)
    if rate:
        found.append({"label": "dissents per 100 conferences", "value": rate, "small": _of_words(of, known)})
    in_time, due, of = _decided(known)
    if due:
        found.append(
            {"label": "decided in the time that the protocol sets", "value": f"{100 * in_time / due:.0f}%", "small": f"{in_time:,} of {due:,}"}
        )  # fmt: skip
    return tuple(found)


def _agencies(known: list[_One]) -> Chart | None:
    """Dissents per conference attended, by kind of agency: a rate, since raw counts follow who attends most."""
    rows, bars = [], []
    for kind, label in AgencyKind.choices:
        both = [
            one for one in known
            if None not in (
                _cell(one.figures, Counted.DISSENTS, Measure.AGENCY_KIND, kind),
                _cell(one.figures, Counted.PLACES, Measure.AGENCY_KIND, kind),
            )
        ]  # fmt: skip

        def total(counted: str, kind: str = kind, both: list[_One] = both) -> int:
            return _add(
                both, partial(_cell, counted=counted, measure=Measure.AGENCY_KIND, category=kind)
            ).number

        dissents, attended = total(Counted.DISSENTS), total(Counted.PLACES)
        if attended and (dissents or len(both) == len(known)):  # no nought where somebody hides theirs
            rows.append(
                Row(str(label), (f"{dissents:,}", f"{attended:,}", rate_words(dissents, attended), str(len(both))))
            )  # fmt: skip
            bars.append((str(label), 100 * dissents / attended))
    if not rows:
        return None
    bars.sort(key=lambda row: -row[1])
    most = bars[0][1] or 1
    drawn = tuple(
        {"label": label, "number": f"{rate:.1f}", "percent": f"{100 * rate / most:.1f}%", "hidden": False, "late": False}
        for label, rate in bars[:4]
    )  # fmt: skip
    table = TableView(
        "agency_kind", "Dissents by kind of agency",
        ("Kind of agency", "Dissents", "Conferences attended", "Dissents per 100 attended", "Partnerships that show both"),
        tuple(rows),
    )  # fmt: skip
    return Chart(
        f"{bars[0][0]} dissented most often for each conference attended",
        "Dissents per 100 conferences attended; the four highest",
        drawn,
        ", ".join(f"{label}: {rate:.1f}" for label, rate in bars[:4]),
        table,
    )


def _by_category(
    known: list[_One], caption: str, counted: str, measure: str, labels: dict[str, str]
) -> Chart | None:
    names = {name for one in known for name in one.figures.cells(counted, measure)}
    sums = {
        name: _add(known, partial(_cell, counted=counted, measure=measure, category=name)) for name in names
    }
    rows = largest_first({name: found.count for name, found in sums.items()}, labels)
    if not rows or not rows[0][1]:
        return None
    of = {labels.get(name, name): found.of for name, found in sums.items()}
    table = TableView(
        measure, caption, ("", "Number", "Partnerships that show it"),
        tuple(Row(label, (shown(count), str(of[label]))) for label, count in rows),
    )  # fmt: skip
    drawn = foremost(rows)
    return Chart(
        f"{caption}: most often, {rows[0][0][:1].lower()}{rows[0][0][1:]}",
        "Of the partnerships that show it", bars_of(drawn), heard_of(drawn), table,
    )  # fmt: skip


def _families(known: list[_One]) -> TableView:
    titles = {text.id: text.head.document for text in protocols.library().protocols}
    rows = []
    for family in sorted({one.family for one in known}, key=lambda name: titles.get(name, name)):
        own = [one for one in known if one.family == family]
        in_time, due, _ = _decided(own)
        rows.append(
            Row(
                titles.get(family, family),
                (
                    str(len(own)), shown(_of(own, Counted.CONFERENCES).count), shown(_of(own, Counted.DISSENTS).count),
                    _dissents_per_100(own)[0], f"{in_time:,} of {due:,}" if due else "",
                    shown(_of(own, Counted.DIFFERENCES).count),
                ),
            )
        )  # fmt: skip
    head = (
        "Protocol", "Partnerships", "Conferences", "Dissents", "Per 100 conferences", "Decided in time", "Differences",
    )  # fmt: skip
    return TableView("families", "By protocol", head, tuple(rows))
