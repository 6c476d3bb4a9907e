"""Counting the book anew, publishing a period, and noting who took figures away."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max, Min

from audit.actions import write
from audit.models import AuditHead
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
    Counting,
    Grain,
    Key,
    clock_rows,
    last_quarters,
    median_of,
    months_between,
    published,
    tallies,
)
from reports.states import TOOK, Measure, Span

# Tables of which nothing is shown: they only serve medians.
Figures = dict[str, dict[str, Any]]


@transaction.atomic
def count_anew(*, partnership_id: int, now: dt.datetime) -> Book:
    """Count every month that is not published yet, if anything has happened since the last count.

    Only a person's or the clock's deeds change a figure, and each ends with an event in the partnership's history: the
    last one's number says whether there is anything to count.
    """
    book, _ = Book.objects.get_or_create(partnership_id=partnership_id)
    book = Book.objects.select_for_update().get(pk=book.pk)
    head = AuditHead.objects.filter(partnership_id=partnership_id).first()
    upto = head.seq if head else 0
    if book.upto == upto and book.as_at is not None and london_date(book.as_at) == london_date(now):
        return book  # a new day may make a running clock late without an event of its own
    fixed = settled_months(partnership_id)
    Tally.objects.filter(partnership_id=partnership_id).exclude(month__in=fixed).delete()
    found = Counting(partnership_id).rows()
    found.update(_clocks(partnership_id, now))
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


def _clocks(partnership_id: int, now: dt.datetime) -> Counter[Key]:
    """None where no protocol is published, since then there are no clocks either."""
    partnership = Partnership.objects.get(pk=partnership_id)
    try:
        nation = area_of(version_on(partnership_id, london_date(now)), partnership.slug).nation
    except Denied:
        return Counter()
    return clock_rows(partnership_id, nation, now)


def settled_months(partnership_id: int) -> set[str]:
    """Months of which figures were published: their counts stand, so that a correction is no difference of one."""
    months: set[str] = set()
    spans = Publication.objects.filter(partnership_id=partnership_id).values_list("first_month", "last_month")
    for first, last in spans.distinct():
        months.update(months_between(first, last))
    return months


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
    book = count_anew(partnership_id=partnership_id, now=now)
    chosen = {"first_month": span.first, "last_month": span.last, "kind": kind, "version": version}
    earlier = published(partnership_id)
    for known in earlier:
        if all(getattr(known, name) == value for name, value in chosen.items()):
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
    partnership_id: int, earlier: list[Publication], span: Span, kind: str, version: str, small: int
) -> Figures:
    figures: Figures = {}
    for counted, measures in tallies(partnership_id).items():
        blocks = {grain for counts in measures.values() for grain in counts}
        if counted.startswith(TOOK):
            figures[counted] = _spread(measures[Measure.TIME], _selected(blocks, span, kind, version), small)
            continue
        before = [
            _as_published(
                one, counted, _selected(blocks, Span(one.first_month, one.last_month), one.kind, one.version)
            )
            for one in earlier
            if counted in one.figures
        ]
        population = Population(measures, before, small=small)
        figures[counted] = _stored(population.publish(_selected(blocks, span, kind, version)))
    return figures


def _spread(
    counts: Mapping[Grain, Mapping[str, int]], blocks: frozenset[Grain], small: int
) -> dict[str, Any]:
    """Median and range of how long a clock took; of a small number of them nothing is shown."""
    days: Counter[int] = Counter()
    for grain in blocks:
        for value, number in counts[grain].items():
            days[int(value)] += number
    if sum(days.values()) <= small:
        return {"shown": False}
    return {"shown": True, "median": median_of(days), "least": min(days), "most": max(days)}


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


def _stored(one: Published) -> dict[str, Any]:
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
        },
    }


@transaction.atomic
def publish_what_is_over(*, partnership_id: int, now: dt.datetime) -> Publication | None:
    """By the clock: the last whole quarter, all kinds together, once it is over. None where there is nothing in it."""
    count_anew(partnership_id=partnership_id, now=now)
    known = Tally.objects.filter(partnership_id=partnership_id).aggregate(
        first=Min("month"), last=Max("month")
    )
    span = last_quarters(london_date(now), 1)[0]
    if not known["first"] or known["first"] > span.last:
        return None
    return publish(partnership_id=partnership_id, span=span, by=clock_actor(partnership_id), now=now)


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
    return list(Partnership.objects.order_by("pk").values_list("pk", flat=True))


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
