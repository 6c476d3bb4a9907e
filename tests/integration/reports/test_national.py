"""All partnerships together: what each published, added up, and nothing that one of them hides."""

import datetime as dt

import pytest

from core.actor import clock_actor
from partnerships.models import Partnership
from reports import actions
from reports.management.past import Past, invent, invented_partnership
from reports.models import Publication, Tally
from reports.selectors import national_report, national_spans
from reports.states import Counted, Measure, Span
from tests.builders import World, at
from tests.integration.worklists.conftest import open_as

__all__ = ["open_as"]
pytestmark = pytest.mark.django_db
NOW = at("2026-06-01")
YEAR = Span("2025-04", "2026-03")


@pytest.fixture
def published() -> list[Partnership]:
    """A large and a small partnership of two protocols, a quiet one of a third, and their year."""
    World("camden")
    found = []
    # By its number each has chances of its own, always the same: the fifth has four dissents in these months.
    for number, like, conferences in ((1, "camden", 900), (2, "brighton-hove", 90), (5, "hampshire", 30)):
        one = invented_partnership(number, like, NOW)
        invent([Past(one, conferences, dt.date(2025, 4, 1), dt.date(2026, 1, 31))])
        actions.publish(partnership_id=one.pk, span=YEAR, by=clock_actor(one.pk), now=NOW)
        found.append(one)
    return found


def stored(one: Partnership) -> Publication:
    return Publication.objects.get(partnership=one)


def test_each_number_adds_up_the_partnerships_that_show_it(published: list[Partnership]) -> None:
    page = national_report(YEAR)
    assert page.partnerships == 3
    assert page.headline[0] == {"label": "conferences held", "value": "1,020", "small": ""}
    showing = [one for one in published if stored(one).figures[Counted.DISSENTS]["shown"]]
    assert 0 < len(showing) < 3, "one of them is to hide its dissents"
    total = sum(stored(one).figures[Counted.DISSENTS]["total"] for one in showing)
    assert page.headline[1]["value"] == f"{total:,}"
    assert page.headline[1]["small"] == f"of {len(showing)} of 3 partnerships"
    rows = {row.label: row.cells for row in page.tables[0].rows}
    assert [cells[1] for cells in rows.values()].count("900") == 1


def test_a_hidden_cell_of_one_partnership_is_in_no_sum(published: list[Partnership]) -> None:
    """Police dissents of the small partnership are hidden: the national number is that of the others."""
    chart = next(chart for chart in national_report(YEAR).charts if chart.table.ident == "agency_kind")
    for row in chart.table.rows:
        kind = next(
            key for one in published for key in stored(one).figures[Counted.PLACES]["tables"][Measure.AGENCY_KIND]["counts"]
            if {"police": "Police", "health": "Health", "education": "Education"}.get(key, "") == row.label
        ) if row.label in ("Police", "Health", "Education") else None  # fmt: skip
        if kind is None:
            continue
        shown = 0
        for one in published:
            figures = stored(one).figures[Counted.DISSENTS]
            table = figures["tables"].get(Measure.AGENCY_KIND)
            if figures["shown"] and table and not table["withheld"] and kind not in table["hidden"]:
                shown += table["counts"].get(kind, 0)
        assert row.cells[0] == f"{shown:,}"


def test_the_page_is_made_of_what_was_published_and_of_nothing_else(published: list[Partnership]) -> None:
    """So whoever has every publication has all of it, and it can give nothing away."""
    before = national_report(YEAR)
    Tally.objects.all().delete()
    for one in Publication.objects.all():
        for figures in one.figures.values():
            if not figures["shown"]:
                figures["total"] = 999_999
            for table in figures["tables"].values():
                for name in table["counts"] if table["withheld"] else table["hidden"]:
                    table["counts"][name] = 999_999
        one.save(update_fields=["figures"])
    assert national_report(YEAR) == before


def test_nothing_but_hidden_numbers_is_shown_as_hidden_and_never_as_nought(
    published: list[Partnership],
) -> None:
    for one in Publication.objects.all():
        for counted in (Counted.DIFFERENCES, Counted.DISSENTS):
            if counted in one.figures:
                one.figures[counted]["shown"] = False
        one.save(update_fields=["figures"])
    page = national_report(YEAR)
    numbers = {entry["label"]: entry["value"] for entry in page.headline}
    assert numbers["professional differences raised"] == "[c]" and numbers["formal dissents"] == "[c]"
    assert {row.cells[-1] for row in page.tables[0].rows} == {"[c]"}
    assert {row.cells[2] for row in page.tables[0].rows} == {"[c]"}
    assert all(chart.table.ident != "agency_kind" for chart in page.charts)


def test_only_whole_periods_are_added_up(published: list[Partnership]) -> None:
    one = published[0]
    actions.publish(
        partnership_id=one.pk,
        span=Span("2025-07", "2025-09"),
        kind="initial",
        by=clock_actor(one.pk),
        now=NOW,
    )
    assert national_spans() == [YEAR]


def test_the_admin_of_any_partnership_sees_it_and_nobody_else(published: list[Partnership], open_as) -> None:
    world = World("kingston-richmond")
    page = open_as(world, "admin", "/figures/all-partnerships/", now=NOW)
    assert page.status_code == 200
    assert page.queries <= 10
    assert "All partnerships, April 2025 to March 2026" in page.text_
    assert "1,020" in page.text_
    assert (
        open_as(world, "admin", "/figures/all-partnerships/?period=2025-04:2026-03", now=NOW).status_code
        == 200
    )
    assert (
        open_as(world, "admin", "/figures/all-partnerships/?period=2024-04:2025-03", now=NOW).status_code
        == 404
    )
    for who in ("chair", "police", "reviewer"):
        assert open_as(world, who, "/figures/all-partnerships/", now=NOW).status_code == 403
