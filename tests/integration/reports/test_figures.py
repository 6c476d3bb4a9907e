"""Figures: counted from the cases, published once, hidden where small, and taken away as files."""

import csv
import datetime as dt
import io
import zipfile

import pytest

from audit.models import AuditEvent
from core.actor import clock_actor
from core.refusals import Denied
from reports import actions
from reports.models import Book, Publication, Tally
from reports.selectors import Counting, coarse, median_of, months_between, periods, span_words
from reports.states import Span
from tests.builders import LATER, World, at
from tests.integration.worklists.conftest import open_as
from tests.ladders import Ladder
from tests.pdfs import text_of

__all__ = ["open_as"]
pytestmark = pytest.mark.django_db

QUARTER = Span("2026-01", "2026-03")
AFTER = at("2026-04-02", "10:00")


def days_later(number: int) -> dt.datetime:
    return at("2026-03-03") + dt.timedelta(days=number)


@pytest.fixture
def world() -> World:
    return World("camden")


def counts(world: World, counted: str, measure: str, *, whole: bool = False) -> dict[str, int]:
    rows = Tally.objects.filter(partnership=world.partnership, counted=counted, measure=measure)
    found: dict[str, int] = {}
    for row in rows:
        # What is counted by agency or by the protocol's label is added up to the kind and the meaning.
        category = row.category if whole else coarse(row.category)
        found[category] = found.get(category, 0) + row.count
    return found


# --- counting ---------------------------------------------------------------------------------------------------


def test_what_happened_is_counted_in_its_month_and_never_by_person(world: World) -> None:
    dissent = world.dissent_at("closed")
    world.ended(starts_at=at("2026-02-10"))
    actions.count_anew(partnership_id=world.partnership.pk, now=AFTER)
    assert counts(world, "conferences", "dissent") == {"True": 1, "False": 1}
    assert counts(world, "dissents", "agency") == {"police": 1}
    assert counts(world, "directions", "direction") == {"more_protection": 1}
    assert counts(world, "endings", "label") == {"stands": 1}
    assert counts(world, "places", "agency") == {"police": 2, "health": 2, "education": 2}
    assert counts(world, "clock:CAM-11", "time") == {"in_time": 1}
    months = set(Tally.objects.values_list("counted", "month"))
    assert ("conferences", "2026-02") in months
    assert ("conferences", "2026-03") in months
    everything = " ".join(map(str, Tally.objects.values_list("category", "kind", "version")))
    for person in world.people.values():
        assert person.user.name not in everything
    assert dissent.case.reference not in everything


def test_nothing_is_counted_again_before_something_has_happened(world: World) -> None:
    world.dissent_at("closed")
    first = actions.count_anew(partnership_id=world.partnership.pk, now=AFTER)
    Tally.objects.all().delete()
    again = actions.count_anew(partnership_id=world.partnership.pk, now=AFTER + dt.timedelta(minutes=10))
    assert again.as_at == first.as_at
    assert not Tally.objects.exists()
    world.ended(starts_at=at("2026-03-10"))
    actions.count_anew(partnership_id=world.partnership.pk, now=AFTER + dt.timedelta(minutes=20))
    assert counts(world, "conferences", "dissent") == {"True": 1, "False": 1}


def test_a_clock_that_has_passed_is_late_and_with_a_reason_once_that_is_given(world: World) -> None:
    dissent = world.dissent_at("under_review")
    actions.count_anew(partnership_id=world.partnership.pk, now=AFTER)
    assert counts(world, "clock:CAM-11", "time", whole=True) == {"late|open": 1}
    world.answer(dissent, "not_upheld", now=AFTER, late_reason="The report came late.")
    actions.count_anew(partnership_id=world.partnership.pk, now=AFTER)
    assert counts(world, "clock:CAM-11", "time", whole=True) == {"late|late_reason": 1}
    assert counts(world, "took:CAM-11", "working_days") == {"22": 1}


def test_differences_are_counted_when_raised_and_when_they_end(world: World) -> None:
    ladder = Ladder(World("brighton-hove"))
    escalation = ladder.raised()
    partnership = ladder.world.partnership.pk
    actions.count_anew(partnership_id=partnership, now=AFTER)
    assert counts(ladder.world, "differences", "agency") == {"police": 1}
    assert counts(ladder.world, "differences", "challenged") == {"social_care": 1}
    assert counts(ladder.world, "differences", "difference") == {"plan_implementation": 1}
    assert counts(ladder.world, "settled", "ended") == {}
    ladder.settled(escalation)
    actions.count_anew(partnership_id=partnership, now=AFTER)
    assert counts(ladder.world, "settled", "ended") == {"resolved": 1}
    assert sum(counts(ladder.world, "took:settled", "calendar_days").values()) == 1
    assert counts(world, "differences", "agency") == {}


def test_a_median_is_exact() -> None:
    assert median_of({3: 1, 5: 1}) == 4
    assert median_of({1: 2, 2: 1, 9: 2}) == 2
    assert median_of({7: 1}) == 7
    assert median_of({1: 3, 2: 3}) == 1.5


# --- publishing -------------------------------------------------------------------------------------------------


def test_a_period_is_published_once_and_its_months_stand(world: World) -> None:
    world.dissent_at("closed")
    by = world.actor("admin", AFTER)
    first = actions.publish(partnership_id=world.partnership.pk, span=QUARTER, by=by, now=AFTER)
    assert first.figures["conferences"] == {"total": 1, "shown": False, "tables": {}}
    world.ended(starts_at=at("2026-03-24"))
    again = actions.publish(partnership_id=world.partnership.pk, span=QUARTER, by=by, now=AFTER)
    assert again == first
    assert counts(world, "conferences", "dissent") == {"True": 1}
    assert AuditEvent.objects.filter(type="figures.published").count() == 1


def test_a_small_number_is_hidden_and_the_total_of_many_is_shown(world: World) -> None:
    for day in range(1, 8):
        world.ended(starts_at=at(f"2026-03-{day + 1:02d}"))
    world.dissent_at("closed", starts_at=at("2026-03-12"))
    publication = actions.publish(
        partnership_id=world.partnership.pk, span=QUARTER, by=clock_actor(world.partnership.pk), now=AFTER
    )
    held = publication.figures["conferences"]
    assert (held["total"], held["shown"]) == (8, True)
    assert held["tables"]["dissent"]["hidden"] == ["False", "True"]
    assert publication.figures["dissents"]["shown"] is False


@pytest.mark.parametrize("last", ["2026-04", "2026-12"])
def test_a_period_that_is_not_over_is_refused(world: World, last: str) -> None:
    with pytest.raises(Denied, match="not over yet"):
        actions.publish(
            partnership_id=world.partnership.pk,
            span=Span("2026-01", last),
            by=world.actor("admin"),
            now=AFTER,
        )


def test_only_the_admin_publishes(world: World) -> None:
    for who in ("chair", "reviewer", "police", "second"):
        with pytest.raises(Denied, match="The partnership admin"):
            actions.publish(partnership_id=world.partnership.pk, span=QUARTER, by=world.actor(who), now=AFTER)


def test_the_clock_publishes_a_quarter_when_it_is_over_and_only_once(world: World) -> None:
    assert actions.publish_what_is_over(partnership_id=world.partnership.pk, now=AFTER) is None
    world.dissent_at("closed")
    assert actions.publish_what_is_over(partnership_id=world.partnership.pk, now=LATER) is None
    first = actions.publish_what_is_over(partnership_id=world.partnership.pk, now=AFTER)
    assert first is not None
    assert (first.first_month, first.last_month, first.asked_by) == ("2026-01", "2026-03", None)
    assert actions.publish_what_is_over(partnership_id=world.partnership.pk, now=AFTER) == first


def test_the_limit_is_not_lowered_under_what_was_published(world: World) -> None:
    by = world.actor("admin", AFTER)
    actions.set_up_book(partnership_id=world.partnership.pk, small=9, round_to=1, by=by, now=AFTER)
    world.ended()
    actions.publish(partnership_id=world.partnership.pk, span=QUARTER, by=by, now=AFTER)
    with pytest.raises(Denied, match="A lower one would show"):
        actions.set_up_book(partnership_id=world.partnership.pk, small=5, round_to=1, by=by, now=AFTER)


def test_periods_are_whole_quarters_half_years_and_years_that_are_over() -> None:
    listed = dict(periods(dt.date(2026, 4, 2)))
    assert listed["Quarters"][0] == ("2026-01:2026-03", "January to March 2026")
    assert listed["Half-years"][0] == ("2025-10:2026-03", "October 2025 to March 2026")
    assert listed["Years"][0] == ("2025-04:2026-03", "April 2025 to March 2026")
    assert months_between("2025-11", "2026-02") == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert span_words(Span("2026-03", "2026-03")) == "March 2026"


# --- pages and files --------------------------------------------------------------------------------------------


def busy(world: World) -> Publication:
    """A quarter with numbers that can be shown, and some that cannot."""
    for day in range(2, 10):
        world.ended(starts_at=at(f"2026-03-{day:02d}"))
    for day, who in ((16, "police"), (18, "health")):
        world.dissent_at("closed", starts_at=at(f"2026-03-{day}"), who=who)
    return actions.publish(
        partnership_id=world.partnership.pk, span=QUARTER, by=world.actor("admin", AFTER), now=AFTER
    )


def test_the_report_shows_what_may_be_shown_within_twelve_queries(world: World, open_as) -> None:
    publication = busy(world)
    page = open_as(world, "admin", f"/figures/{publication.uuid}/", now=AFTER)
    assert page.status_code == 200
    assert page.queries <= 12
    assert "January to March 2026" in page.text_
    assert "<dd>10</dd>" in page.text_
    assert "[c]" in page.text_
    for person in world.people.values():
        if person.user.name != "Adam Admin":
            assert person.user.name not in page.text_


def test_a_period_is_chosen_on_the_page_and_the_same_again_leads_to_the_same(world: World, open_as) -> None:
    world.dissent_at("closed")
    sent = {"period": "2026-01:2026-03", "kind": ""}
    first = open_as(world, "admin", "/figures/", now=AFTER, post=sent)
    second = open_as(world, "admin", "/figures/", now=AFTER, post=sent)
    assert (first.status_code, first.url) == (302, second.url)
    refused = open_as(world, "admin", "/figures/", now=AFTER, post={"period": "2026-04:2026-06", "kind": ""})
    assert refused.status_code == 422
    assert "Select a period" in refused.text_ or "one of those on the list" in refused.text_


def test_the_tables_are_taken_away_as_files_without_formulas_and_the_history_says_by_whom(
    world: World, open_as
) -> None:
    agency = world.agencies["police"]
    agency.name = '=HYPERLINK("http://evil.example";"x")'
    agency.save(update_fields=["name"])
    publication = busy(world)
    taken = {}
    for kind in ("csv", "xlsx", "ods"):
        page = open_as(world, "admin", f"/figures/{publication.uuid}/{kind}/", now=AFTER)
        assert page["Content-Disposition"].endswith(f'dissent-figures-2026-01-to-2026-03.{kind}"')
        taken[kind] = page.content
    assert open_as(world, "admin", f"/figures/{publication.uuid}/exe/", now=AFTER).status_code == 404
    events = AuditEvent.objects.filter(type="figures.taken").order_by("seq")
    assert [event.detail["how"] for event in events] == ["csv", "xlsx", "ods"]
    assert {event.membership_id for event in events} == {world.people["admin"].pk}
    rows = list(csv.reader(io.StringIO(taken["csv"].decode("utf-8-sig"))))
    assert ["conferences held", "10"] in rows
    assert ["'" + agency.name] in [row[:1] for row in rows]
    assert not [cell for row in rows for cell in row if cell.startswith("=")]
    archive = zipfile.ZipFile(io.BytesIO(taken["xlsx"]))
    sheets = [archive.read(name).decode() for name in archive.namelist() if "worksheets/sheet" in name]
    assert sheets
    assert not [sheet for sheet in sheets if "<f>" in sheet]
    content = zipfile.ZipFile(io.BytesIO(taken["ods"])).read("content.xml").decode()
    assert "conferences held" in content
    assert "table:formula" not in content


def test_the_report_to_print_is_a_tagged_pdf_with_every_table(world: World, open_as) -> None:
    publication = busy(world)
    page = open_as(world, "admin", f"/figures/{publication.uuid}/pdf/", now=AFTER)
    assert page["Content-Type"] == "application/pdf"
    assert b"/StructTreeRoot" in page.content
    words = text_of(page.content)
    assert "Dissent and escalation, January to March 2026" in words
    assert "Agencies: how often each took part, and challenged" in words
    assert "10 child protection conferences were held" in words
    assert AuditEvent.objects.get(type="figures.taken").detail["how"] == "pdf"


def test_what_is_done_with_figures_changes_none_of_them(world: World, open_as) -> None:
    publication = busy(world)
    before = Book.objects.get(partnership=world.partnership)
    open_as(world, "admin", f"/figures/{publication.uuid}/csv/", now=AFTER)
    later = AFTER + dt.timedelta(hours=1)
    assert actions.count_anew(partnership_id=world.partnership.pk, now=later).as_at == before.as_at
    world.ended(starts_at=at("2026-04-01"))
    assert actions.count_anew(partnership_id=world.partnership.pk, now=later).as_at == later


def test_a_settled_month_is_not_even_looked_at_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    busy(world)
    looked_past: list[object] = []

    def counting(partnership_id: int, settled: object) -> Counting:
        looked_past.append(settled)
        return Counting(partnership_id, settled)

    monkeypatch.setattr(actions, "Counting", counting)
    world.ended(starts_at=at("2026-03-25"))
    world.ended(starts_at=at("2026-04-01"))
    actions.count_anew(partnership_id=world.partnership.pk, now=AFTER)
    rows = Tally.objects.filter(partnership=world.partnership, counted="conferences")
    assert sum(rows.filter(month="2026-03").values_list("count", flat=True)) == 10
    assert sum(rows.filter(month="2026-04").values_list("count", flat=True)) == 1
    assert looked_past == [[QUARTER]]
    again = Counting(world.partnership.pk, [QUARTER]).rows()
    assert {grain.month for _, grain, _, _ in again} == {"2026-04"}


def test_a_dissent_is_timed_from_first_voiced_to_its_end_and_a_step_without_a_date_in_hours(
    world: World,
) -> None:
    dissent = world.dissent_at("closed")
    actions.count_anew(partnership_id=world.partnership.pk, now=AFTER)
    assert dissent.decided_at is not None
    days = (dissent.decided_at.date() - dissent.expressed_at.date()).days
    assert counts(world, "took:endings", "calendar_days") == {str(days): 1}
    assert sum(counts(world, "took:CAM-7", "clock_hours").values()) == 1
    assert counts(world, "clock:CAM-7", "time") == {}  # it has no date: neither in time nor late


def test_a_supported_request_that_was_refused_is_an_exception(world: World) -> None:
    hampshire = World("hampshire")
    hampshire.convening_answered()
    actions.count_anew(partnership_id=hampshire.partnership.pk, now=AFTER)
    assert counts(hampshire, "exceptions", "what") == {"refused": 1}


def test_the_year_and_the_quarter_are_published_by_the_clock(world: World) -> None:
    world.dissent_at("closed")
    actions.publish_what_is_over(partnership_id=world.partnership.pk, now=AFTER)
    spans = set(Publication.objects.values_list("first_month", "last_month"))
    assert spans == {("2025-04", "2026-03"), ("2026-01", "2026-03")}


def test_the_full_figures_are_taken_with_a_reason_that_is_asked_for(world: World, open_as) -> None:
    world.dissent_at("closed")
    actions.count_anew(partnership_id=world.partnership.pk, now=AFTER)
    sent = {"period": "2026-01:2026-03", "reason": ""}
    assert open_as(world, "admin", "/figures/extract/", now=AFTER, post=sent).status_code == 422
    page = open_as(world, "admin", "/figures/extract/", now=AFTER, post=sent | {"reason": "A check by hand."})
    rows = list(csv.reader(io.StringIO(page.content.decode("utf-8-sig"))))
    assert ["2026-03", "conferences", "dissent", "initial", rows[1][4], "True", "1"] in rows
    assert AuditEvent.objects.filter(type="figures.extracted").count() == 1


def test_rounded_figures_say_so_and_show_multiples_of_five(world: World, open_as) -> None:
    by = world.actor("admin", AFTER)
    actions.set_up_book(partnership_id=world.partnership.pk, small=5, round_to=5, by=by, now=AFTER)
    for day in range(2, 10):
        world.ended(starts_at=at(f"2026-03-{day:02d}"))
    publication = actions.publish(partnership_id=world.partnership.pk, span=QUARTER, by=by, now=AFTER)
    text = open_as(world, "admin", f"/figures/{publication.uuid}/", now=AFTER).text_
    assert "rounded to the nearest five" in text
    assert "<dd>10</dd>" in text
    assert publication.figures["conferences"]["total"] == 8


def test_a_practitioner_has_no_figures(world: World, open_as) -> None:
    publication = busy(world)
    for address in ("", "set-up/", "extract/", f"{publication.uuid}/", f"{publication.uuid}/csv/"):
        assert open_as(world, "police", f"/figures/{address}", now=AFTER).status_code == 403
    elsewhere = World("hampshire")
    assert open_as(elsewhere, "admin", f"/figures/{publication.uuid}/", now=AFTER).status_code == 404
