"""The list of cases: its filters stand in its address, its views are kept by name, and it costs the same at any length."""

import datetime as dt
import re
from typing import Any

import pytest

from accounts.edge import OnceForm
from cases.actions import default_filter, remove_filter, save_filter
from cases.models import Case, SavedFilter
from cases.policies import FILTERS
from cases.states import Kind, Stage
from core.actor import clock_actor
from core.refusals import Denied
from dissent.states import DissentState as S
from tests.builders import BEGINS, FIVE, LATER, World
from tests.integration.worklists.conftest import Open
from tests.integration.worklists.test_home import copies

pytestmark = pytest.mark.django_db
ROLES = ("chair", "minutes", "reviewer", "second", "police", "admin")


def seen(page: Any) -> set[str]:
    return set(re.findall(r'app-worklist__ref" href="/cases/([\w-]+)/"', page.text_))


@pytest.mark.parametrize("slug", FIVE)
def test_every_role_has_the_list_within_eight_queries(slug: str, open_as: Open) -> None:
    world = World(slug)
    conference = world.decided()
    reference = world.recorded(conference).case.reference
    open_as(world, "admin", "/cases/")
    for who in ROLES:
        page = open_as(world, who, "/cases/?stage=open")
        assert page.status_code == 200 and page.queries <= 8, (who, page.queries)
        reviews = who == "reviewer" and world.area.review is not None
        assert (reference in seen(page)) is (who in ("chair", "minutes", "police", "admin") or reviews), who


def test_the_list_asks_the_same_for_25_cases_and_for_100_and_its_pages_keep_the_filter(open_as: Open) -> None:
    world = World("camden")
    dissent = world.dissent_at(S.UNDER_REVIEW)
    copies(world, dissent, range(24))
    address = "/cases/?stage=under_review&held=me"
    open_as(world, "reviewer", address)
    few = open_as(world, "reviewer", address)
    assert len(seen(few)) == 25 and "25 cases: under review, held by you" in few.text_
    copies(world, dissent, range(24, 99))
    many = open_as(world, "reviewer", address)
    assert len(seen(many)) == 25 and many.queries == few.queries <= 8
    assert "100 cases" in many.text_ and "page 1 of 4" in many.text_
    assert 'href="?stage=under_review&amp;held=me&amp;page=2"' in many.text_
    last = open_as(world, "reviewer", f"{address}&page=4")
    assert len(seen(last)) == 25 and not seen(last) & seen(many)
    due = list(Case.objects.visible_to(world.actor("reviewer")).order_by("next_due_at")[:25])
    assert seen(many) == {case.reference for case in due}  # by time left
    for number in ("0", "9", "-1", "x", "99999999"):
        assert open_as(world, "reviewer", f"{address}&page={number}").status_code == 200


def test_each_filter_shows_what_it_says_and_no_more(open_as: Open) -> None:
    world = World("camden")
    dissent = world.dissent_at(S.UNDER_REVIEW)
    mine = dissent.case.reference
    copies(world, dissent, range(5))
    late, soon, dateless, closed, other = Case.objects.exclude(pk=dissent.case_id).order_by("reference")
    now = LATER
    Case.objects.filter(pk=late.pk).update(next_due_at=now - dt.timedelta(days=2), overdue=True)
    Case.objects.filter(pk=soon.pk).update(next_due_at=now + dt.timedelta(days=1))
    Case.objects.filter(pk=dateless.pk).update(next_due_at=None)
    Case.objects.filter(pk=closed.pk).update(stage=Stage.CLOSED, closed_at=now)
    Case.objects.filter(pk=other.pk).update(
        kind=Kind.PLAN_IMPLEMENTATION, held_by="capacity:dissenter", agency=world.agencies["health"],
        opened_at=now - dt.timedelta(days=60),
    )  # fmt: skip
    shows = {
        "due=late": {late}, "due=soon": {soon}, "due=none": {dateless}, "stage=closed": {closed},
        "kind=plan_implementation": {other}, "held=others": {other}, "held=others&due=late": set(),
        f"agency={world.agencies['health'].uuid}": {other}, "stage=open&agency=nobody&due=late": {late},
    }  # fmt: skip
    for query, cases in shows.items():
        page = open_as(world, "reviewer", f"/cases/?{query}")
        assert seen(page) == {case.reference for case in cases}, query
        assert cases or ("No case" in page.text_ and "show everything" in page.text_)
    assert other.reference not in seen(open_as(world, "reviewer", "/cases/?opened=28"))
    assert mine in seen(open_as(world, "reviewer", "/cases/?stage=nonsense&due=never&page=2"))
    sent = open_as(
        world, "reviewer", "/cases/?stage=&kind=&due=late&held=&agency=&opened="
    )  # as the form sends it
    assert sent.headers["Location"] == "/cases/?due=late"
    everything = open_as(world, "reviewer", "/cases/")
    assert len(seen(everything)) == 6 and "6 cases" in everything.text_


def test_who_has_no_case_reads_what_will_stand_there(open_as: Open) -> None:
    world = World("camden")
    page = open_as(world, "health", "/cases/")
    assert "Cases that you take part in will stand here" in page.text_ and "No case" in page.text_


def test_a_view_is_kept_by_name_opens_the_list_and_is_removed(open_as: Open) -> None:
    world = World("camden")
    world.dissent_at(S.UNDER_REVIEW)
    address = "/cases/?stage=open&due=late"
    token = str(OnceForm().initial["token"])
    typed = {"name": "  Late   ones ", "default": "on", "token": token}
    kept = open_as(world, "reviewer", address, post=typed)
    assert kept.status_code == 302
    row = SavedFilter.objects.get()
    assert (row.name, row.query, row.is_default) == ("Late ones", "stage=open&due=late", True)
    opened = open_as(world, "reviewer", "/cases/")
    assert opened.status_code == 302 and opened.headers["Location"] == "/cases/?stage=open&due=late"
    assert "Late ones" in open_as(world, "reviewer", "/cases/?all=1").text_
    assert "Late ones" not in open_as(world, "second", "/cases/").text_  # nobody else has it
    assert open_as(world, "second", f"/cases/views/{row.uuid}/", post={"do": "remove"}).status_code == 404
    open_as(world, "reviewer", f"/cases/views/{row.uuid}/", post={"do": "no_default"})
    assert open_as(world, "reviewer", "/cases/").status_code == 200
    open_as(world, "reviewer", f"/cases/views/{row.uuid}/", post={"do": "default"})
    assert open_as(world, "reviewer", "/cases/").status_code == 302
    open_as(world, "reviewer", f"/cases/views/{row.uuid}/", post={"do": "remove"})
    row.refresh_from_db()
    assert row.removed_at and not row.is_default
    assert "Late ones" not in open_as(world, "reviewer", "/cases/").text_


def test_a_view_without_a_name_or_a_filter_says_what_to_do(open_as: Open) -> None:
    world = World("camden")
    page = open_as(world, "reviewer", "/cases/?due=late", post={"name": "", "token": ""})
    assert page.status_code == 422 and "Enter a name for this view" in page.text_
    page = open_as(world, "reviewer", "/cases/?all=1", post={"name": "All", "token": ""})
    assert page.status_code == 422 and "Choose what the list is to show" in page.text_
    assert not SavedFilter.objects.exists()


def test_views_are_few_have_one_default_and_are_for_people_with_a_list() -> None:
    world = World("camden")
    by = world.actor("reviewer")
    kept = [
        save_filter(by=by, name=f"View {n}", query="due=late", default=True, now=LATER)
        for n in range(FILTERS)
    ]
    assert [row.name for row in SavedFilter.objects.filter(is_default=True)] == [kept[-1].name]
    with pytest.raises(Denied, match="as many as fit"):
        save_filter(by=by, name="One more", query="due=late", default=False, now=LATER)
    with pytest.raises(Denied, match="Enter a name"):
        save_filter(by=by, name=" ", query="due=late", default=False, now=LATER)
    again = save_filter(by=by, name="View 0", query="due=soon", default=False, now=LATER)
    assert again.pk == kept[0].pk and again.query == "due=soon"
    remove_filter(filter_uuid=kept[0].uuid, by=by, now=LATER)
    save_filter(by=by, name="View 0", query="due=soon", default=False, now=LATER)  # the name is free again
    with pytest.raises(Denied):
        default_filter(filter_uuid=kept[1].uuid, by=clock_actor(world.partnership.pk), default=True)


def test_the_address_of_the_list_holds_nothing_of_a_child(open_as: Open) -> None:
    world = World("camden")
    world.dissent_at(S.UNDER_REVIEW)
    page = open_as(world, "admin", "/cases/")
    fields = set(re.findall(r'<select[^>]* name="(\w+)"', page.text_))
    assert fields == {"stage", "kind", "due", "held", "agency", "opened"}
    assert BEGINS.date().isoformat() not in page.text_
