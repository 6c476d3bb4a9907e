"""Counting the book anew, publishing a period, and noting who took figures away."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Min

from audit.actions import write
from audit.models import AuditEvent, AuditHead
from core.actor import Actor, clock_actor
from core.clock import LONDON, london_date
from core.moments import check_words
from core.refusals import Denied
from disclosure import Population, Published, Table
from partnerships.models import Partnership
from partnerships.selectors import area_of, version_on
from reports.models import Book, Publication, Tally
from reports.permissions import check_figures
from reports.selectors import (
    COARSER,
    Counting,
    Grain,
    Key,
    all_partnerships,
    clock_rows,
    coarse,
    last_quarters,
    last_years,
    median_of,
    months_between,
    published,
    tallies,
)
from reports.states import TOOK, Span

Figures = dict[str, dict[str, Any]]


@transaction.atomic
def count_anew(*, partnership_id: int, now: dt.datetime) -> Book:
    """Count every month that is not published yet, if anything has happened since the last count.

    Only a person's or the clock's deeds change a figure, and each ends with an event in the partnership's history: the
    last one's number says whether there is anything to count. What is done with figures changes none of them.
    """
    book, _ = Book.objects.get_or_create(partnership_id=partnership_id)
    book = Book.objects.select_for_update().get(pk=book.pk)
    head = AuditHead.objects.filter(partnership_id=partnership_id).first()
    upto = head.seq if head else 0
    if book.as_at is not None and london_date(book.as_at) == london_date(now):
        # A new day may make a running clock late without an event of its own.
        since = AuditEvent.objects.filter(partnership_id=partnership_id, seq__gt=book.upto)
        if not since.exclude(type__startswith="figures.").exists():
            return book
    settled = settled_spans(partnership_id)
    fixed = {month for span in settled for month in months_between(span.first, span.last)}
    Tally.objects.filter(partnership_id=partnership_id).exclude(month__in=fixed).delete()
    found = Counting(partnership_id, settled).rows()
    found.update(_clocks(partnership_id, now, settled))
    Tally.objects.bulk_create(
        (
            Tally(
                partnership_id=partnership_id, counted=counted, month=grain.month, kind=grain.kind,
                version=grain.version, measure=measure, category=category, count=number,
            )
            for (counted, grain, measure, category), number in found.items()
            if grain.month not in fixed
        ),
        batch_size=5000,
    )  # fmt: skip
    book.upto, book.as_at = upto, now
    book.save(update_fields=["upto", "as_at"])
    return book


def _clocks(partnership_id: int, now: dt.datetime, settled: Sequence[Span]) -> Counter[Key]:
    """None where no protocol is published, since then there are no clocks either."""
    partnership = Partnership.objects.get(pk=partnership_id)
    try:
        nation = area_of(version_on(partnership_id, london_date(now)), partnership).nation
    except Denied:
        return Counter()
    return clock_rows(partnership_id, nation, now, settled)


def settled_spans(partnership_id: int) -> list[Span]:
    """Periods of which figures were published: their counts stand, so that a correction is no difference of one."""
    rows = Publication.objects.filter(partnership_id=partnership_id).order_by("first_month", "-last_month")
    spans: list[Span] = []
    for first, last in rows.values_list("first_month", "last_month").distinct():
        if not spans or last > spans[-1].last:  # not within the one before
            spans.append(Span(first, last))
    return spans


def check_over(last_month: str, now: dt.datetime) -> None:
    """Only months that are over are published: an unfinished one would be published anew each day."""
    if f"{now.astimezone(LONDON):%Y-%m}" <= last_month:
        raise Denied("This period is not over yet. Choose one that is", field="period")


@transaction.atomic
def publish(
    *, partnership_id: int, span: Span, kind: str = "", version: str = "", by: Actor, now: dt.datetime
) -> Publication:
    """The figures of a period, with what must be hidden beside everything that was published before.

    The same period and selection again is the same publication. Raises Denied for a period that is not over.
    """
    if by.kind != "clock":
        check_figures(by)
    check_over(span.last, now)
    chosen = {"first_month": span.first, "last_month": span.last, "kind": kind, "version": version}
    known = Publication.objects.filter(partnership_id=partnership_id, **chosen).first()
    if known is not None:
        return known
    book = count_anew(partnership_id=partnership_id, now=now)
    earlier = published(partnership_id)  # behind the lock of the book
    known = next((one for one in earlier if all(getattr(one, n) == v for n, v in chosen.items())), None)
    if known is not None:
        return known
    publication = Publication.objects.create(
        partnership_id=partnership_id,
        number=len(earlier) + 1,
        **chosen,
        small=book.small,
        round_to=book.round_to,
        figures=_figures(partnership_id, earlier, span, kind, version, book.small),
        as_at=book.as_at or now,
        published_at=now,
        asked_by_id=by.membership_id,
    )
    write(
        "figures.published", by=by, now=now, object_type="publication", object_id=publication.pk,
        partnership_id=partnership_id,
        detail={"from": span.first, "to": span.last, "kind": kind or "all"},
    )  # fmt: skip
    return publication


def _figures(
    partnership_id: int, earlier: list[Publication], span: Span, kind: str, version: str, book_small: int
) -> Figures:
    figures: Figures = {}
    for counted, measures in tallies(partnership_id).items():
        blocks = {grain for counts in measures.values() for grain in counts}
        chosen = _selected(blocks, span, kind, version)
        took = counted.startswith(TOOK)
        before = [
            _as_published(
                one, counted, _selected(blocks, Span(one.first_month, one.last_month), one.kind, one.version)
            )
            for one in earlier
            if counted in one.figures
        ]
        population = Population(
            {"time": _numbers(measures)} if took else measures,
            before,
            small=book_small,
            coarser={fine: wider for fine, wider in COARSER.items() if fine in measures},
            coarse=coarse,
        )
        figures[counted] = _stored(population.publish(chosen), tables=not took)
        if took and figures[counted]["shown"]:
            figures[counted]["spread"] = _spreads(measures, chosen, book_small)
    return figures


def _numbers(measures: Mapping[str, Mapping[Grain, Mapping[str, int]]]) -> dict[Grain, dict[str, int]]:
    """How many there are in each block, however long each took."""
    numbers: dict[Grain, dict[str, int]] = {}
    for counts in measures.values():
        for grain, times in counts.items():
            numbers[grain] = {"all": numbers.get(grain, {}).get("all", 0) + sum(times.values())}
    return numbers


def _spreads(
    measures: Mapping[str, Mapping[Grain, Mapping[str, int]]], blocks: frozenset[Grain], small: int
) -> dict[str, dict[str, float]]:
    """Median and range of how long it took, per unit; of a small number of them nothing is shown."""
    found = {}
    for unit, counts in measures.items():
        times: Counter[int] = Counter()
        for grain in blocks:
            for value, number in counts.get(grain, {}).items():
                times[int(value)] += number
        if times.total() > small:
            found[unit] = {"median": median_of(times), "least": min(times), "most": max(times)}
    return found


def _selected(blocks: set[Grain], span: Span, kind: str, version: str) -> frozenset[Grain]:
    return frozenset(
        grain
        for grain in blocks
        if grain.month in span and kind in ("", grain.kind) and version in ("", grain.version)
    )


def _as_published(one: Publication, counted: str, blocks: frozenset[Grain]) -> Published:
    stored = one.figures[counted]
    tables = {
        measure: Table(table["counts"], frozenset(table["hidden"]), table["withheld"])
        for measure, table in stored["tables"].items()
    }
    return Published(blocks, stored["total"], stored["shown"], tables)


def _stored(one: Published, *, tables: bool) -> dict[str, Any]:
    return {
        "total": one.total,
        "shown": one.total_shown,
        "tables": {
            measure: {
                "counts": dict(table.counts),
                "hidden": sorted(table.hidden),
                "withheld": table.withheld,
            }
            for measure, table in one.tables.items()
            if tables
        },
    }


@transaction.atomic
def publish_what_is_over(*, partnership_id: int, now: dt.datetime) -> Publication | None:
    """By the clock: the last whole quarter and the last year from April, all kinds together, once each is over. None
    where there is nothing in it."""
    count_anew(partnership_id=partnership_id, now=now)
    first = Tally.objects.filter(partnership_id=partnership_id).aggregate(first=Min("month"))["first"]
    today, found = london_date(now), None
    for span in (last_years(today, 1)[0], last_quarters(today, 1)[0]):
        if first and first <= span.last:
            found = publish(partnership_id=partnership_id, span=span, by=clock_actor(partnership_id), now=now)
    return found


@transaction.atomic
def note_taken(*, publication: Publication, how: str, by: Actor, now: dt.datetime) -> None:
    """Who took published figures away, and in which form."""
    check_figures(by)
    write(
        "figures.taken", by=by, now=now, object_type="publication", object_id=publication.pk,
        partnership_id=publication.partnership_id,
        detail={"how": how, "from": publication.first_month, "to": publication.last_month},
    )  # fmt: skip


@transaction.atomic
def note_extract(*, partnership_id: int, span: Span, reason: str, by: Actor, now: dt.datetime) -> None:
    """Before an extract with nothing hidden is handed out: on purpose, with a reason, and in the history."""
    check_figures(by)
    if not reason.strip():
        raise Denied("Enter what you need the full figures for", field="reason")
    check_words(reason, 500, "The reason", "reason")
    write(
        "figures.extracted", by=by, now=now, object_type="book", object_id=partnership_id,
        partnership_id=partnership_id, detail={"from": span.first, "to": span.last},
    )  # fmt: skip


def partnerships_to_count() -> list[int]:
    return list(all_partnerships().values_list("pk", flat=True))


@transaction.atomic
def set_up_book(*, partnership_id: int, small: int, round_to: int, by: Actor, now: dt.datetime) -> Book:
    """How small a count is hidden, and whether the others are rounded. What is published stays as it is."""
    check_figures(by)
    book, _ = Book.objects.select_for_update().get_or_create(partnership_id=partnership_id)
    if published(partnership_id) and small < book.small:
        raise Denied(
            "Figures were published with a higher limit. A lower one would show what they hide", field="small"
        )
    book.small, book.round_to = small, round_to
    book.save(update_fields=["small", "round_to"])
    write(
        "figures.set_up", by=by, now=now, object_type="book", object_id=book.pk, partnership_id=partnership_id,
        detail={"count": small, "step": str(round_to)},
    )  # fmt: skip
    return book
