"""A partnership's own setting: posts, deputies, closure days, publishing. For its admin alone."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from cases.models import Case
from dissent.states import DissentState
from notifications.models import Outbox
from partnerships.models import ClosureDay, ProtocolVersion, SlotHolder
from partnerships.selectors import holders_of
from tests.builders import LATER, World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerships.middleware.edge_now", lambda: LATER)


def as_(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.people[who].user)
    return client


def day(name: str, value: dt.date) -> dict[str, str]:
    return {f"{name}_day": str(value.day), f"{name}_month": str(value.month), f"{name}_year": str(value.year)}


def filling(world: World, who: str, deputy: str = "holder", **more: Any) -> dict[str, Any]:
    start = LATER.date()
    return {
        "token": str(uuid.uuid4()), "membership": str(world.people[who].uuid), "deputy": deputy, **day("starts_on", start),
        **more,
    }  # fmt: skip


PAGES = ("/partnership/", "/partnership/posts/reviewer/", "/partnership/closure-days/")


@pytest.mark.parametrize("who", ["chair", "minutes", "reviewer", "second", "police"])
def test_only_the_admin_opens_the_setting(who: str) -> None:
    world = World("camden")
    client = as_(world, who)
    for url in PAGES:
        assert client.get(url).status_code == 403
    assert client.post("/partnership/publish/").status_code == 403
    assert client.post(PAGES[1], filling(world, "second")).status_code == 403
    assert client.post(PAGES[2], {**day("date", LATER.date()), "reason": "x"}).status_code == 403
    assert not ClosureDay.objects.exists()


def test_the_page_names_each_post_with_its_holder_and_says_which_nobody_fills() -> None:
    world = World("camden")
    SlotHolder.objects.filter(slot__key="second_tier").delete()
    page = as_(world, "admin").get("/partnership/").content.decode()
    assert "Rhea Reviewer" in page and "Service Manager for Child Protection" in page
    assert "Nobody fills this post. Messages to it wait." in page
    assert "12 with an account today" in page


def test_a_new_holder_takes_over_from_the_one_before() -> None:
    world = World("camden")
    response = as_(world, "admin").post("/partnership/posts/reviewer/", filling(world, "deputy"))
    assert response.headers["Location"] == "/partnership/"
    names = [h.membership.user.name for h in holders_of(world.partnership.pk, "reviewer", LATER.date())]
    assert names == ["Dora Deputy"]
    before = LATER.date() - dt.timedelta(days=1)
    assert [h.membership.user.name for h in holders_of(world.partnership.pk, "reviewer", before)] == [
        "Rhea Reviewer"
    ]


def test_a_deputy_stands_in_beside_the_holder_until_a_day() -> None:
    world = World("camden")
    until = LATER.date() + dt.timedelta(days=7)
    as_(world, "admin").post(
        "/partnership/posts/reviewer/", filling(world, "deputy", "deputy", **day("ends_on", until))
    )
    names = [h.membership.user.name for h in holders_of(world.partnership.pk, "reviewer", until)]
    assert names == ["Rhea Reviewer", "Dora Deputy"]
    assert len(holders_of(world.partnership.pk, "reviewer", until + dt.timedelta(days=1))) == 1


def test_a_wrong_day_and_a_person_from_elsewhere_are_refused_in_a_sentence() -> None:
    world, elsewhere = World("camden"), World("hampshire")
    client = as_(world, "admin")
    early = LATER.date() - dt.timedelta(days=9)
    page = client.post("/partnership/posts/reviewer/", filling(world, "deputy", **day("ends_on", early)))
    assert (
        page.status_code == 422 and "The last day must be on or after the first day" in page.content.decode()
    )
    foreign = filling(world, "deputy") | {"membership": str(elsewhere.people["deputy"].uuid)}
    assert client.post("/partnership/posts/reviewer/", foreign).status_code == 422
    assert client.get("/partnership/posts/nothing/").status_code == 404


def test_a_closure_day_moves_the_open_dates_and_says_how_many() -> None:
    world = World("camden")
    dissent = world.dissent_at(DissentState.UNDER_REVIEW)
    before = Case.objects.get(pk=dissent.case_id).next_due_at
    client = as_(world, "admin")
    fields = {
        "token": str(uuid.uuid4()),
        "reason": "Invented training day",
        "step": "send",
        **day("date", dt.date(2026, 3, 6)),
    }
    page = client.post("/partnership/closure-days/", fields, follow=True).content.decode()
    assert (
        "Friday 6 March 2026 is now a closure day. 1 open date moved; the people who hold them are told."
        in page
    )
    after = Case.objects.get(pk=dissent.case_id).next_due_at
    assert before and after and after > before
    assert AuditEvent.objects.filter(type="clock.moved", case_id=dissent.case_id).count() == 1
    again = fields | {"token": str(uuid.uuid4())}
    refused = client.post("/partnership/closure-days/", again)
    assert refused.status_code == 422 and "This day is already on the list" in refused.content.decode()
    assert client.post("/partnership/closure-days/", fields).status_code == 302  # the same sending once more
    assert ClosureDay.objects.count() == 1


def test_before_a_closure_day_is_saved_a_page_says_which_dates_move() -> None:
    world = World("camden")
    dissent = world.dissent_at(DissentState.UNDER_REVIEW)
    client = as_(world, "admin")
    fields = {"token": str(uuid.uuid4()), "reason": "Training <day>", **day("date", dt.date(2026, 3, 6))}
    page = client.post("/partnership/closure-days/", fields).content.decode()
    assert "One open date moves" in page and dissent.case.reference in page
    assert "Now: Tuesday 17 March 2026" in page and "Then: Wednesday 18 March 2026" in page
    assert "Training &lt;day&gt;" in page and "Nothing is saved yet" in page
    assert not ClosureDay.objects.exists()
    changed = client.post("/partnership/closure-days/", fields | {"step": "edit"})
    assert changed.status_code == 200 and "Training &lt;day&gt;" in changed.content.decode()
    elsewhere = fields | day("date", dt.date(2026, 5, 5))
    assert "No open date moves." in client.post("/partnership/closure-days/", elsewhere).content.decode()
    beyond = fields | day("date", dt.date(2026, 3, 6)) | {"reason": ""}
    assert client.post("/partnership/closure-days/", beyond).status_code == 422


def test_a_closure_day_is_taken_back_and_the_dates_are_as_they_were() -> None:
    world = World("camden")
    dissent = world.dissent_at(DissentState.UNDER_REVIEW)
    before = Case.objects.get(pk=dissent.case_id).next_due_at
    client = as_(world, "admin")
    fields = {"reason": "Training day", "step": "send", **day("date", dt.date(2026, 3, 6))}
    client.post("/partnership/closure-days/", fields | {"token": str(uuid.uuid4())})
    row = ClosureDay.objects.get()
    url = f"/partnership/closure-days/{row.uuid}/"
    assert "Then: Tuesday 17 March 2026" in client.get(url).content.decode()
    token = {"token": str(uuid.uuid4())}
    page = client.post(url, token, follow=True).content.decode()
    assert "Friday 6 March 2026 is no closure day any longer. 1 open date moved" in page
    assert (
        client.post(url, token).headers["Location"] == "/partnership/closure-days/"
    )  # the same sending once more
    assert client.post(url, {"token": str(uuid.uuid4())}).status_code == 409
    assert client.get(url).headers["Location"] == "/partnership/closure-days/"
    assert Case.objects.get(pk=dissent.case_id).next_due_at == before
    row.refresh_from_db()
    assert (row.removed_at is not None, row.removed_by) == (True, world.people["admin"])
    moved = AuditEvent.objects.filter(type="clock.moved", case_id=dissent.case_id).order_by("seq")
    assert [event.detail["due"][:10] for event in moved] == ["2026-03-18", "2026-03-17"]
    client.post("/partnership/closure-days/", fields | {"token": str(uuid.uuid4())})  # and entered again
    assert ClosureDay.objects.count() == 2
    assert (
        Outbox.objects.filter(kind="clock_moved", superseded_at__isnull=True).count() == 1
    )  # told once, the last
    other = as_(World("hampshire"), "admin")
    assert other.get(f"/partnership/closure-days/{ClosureDay.objects.latest('pk').uuid}/").status_code == 404


def test_publishing_is_refused_by_the_name_of_the_post_that_nobody_fills() -> None:
    world = World("camden")
    ProtocolVersion.objects.filter(partnership=world.partnership).delete()
    SlotHolder.objects.filter(slot__key="second_tier").delete()
    client = as_(world, "admin")
    assert "Publish it" in client.get("/partnership/").content.decode()
    refused = client.post("/partnership/publish/", {"token": str(uuid.uuid4())})
    assert refused.status_code == 422
    assert "nobody fills Head of Service" in refused.content.decode()
    world.fill("second_tier", "second")
    done = client.post("/partnership/publish/", {"token": str(uuid.uuid4())})
    assert done.headers["Location"] == "/partnership/"
    version = ProtocolVersion.objects.get(partnership=world.partnership)
    assert version.published_by == world.people["admin"].user
    assert "is published" in client.get("/partnership/").content.decode()


def test_the_admin_enters_who_fills_a_post_for_each_agency_and_the_page_shows_it() -> None:
    world = World("camden")
    client = as_(world, "admin")
    assert client.get("/partnership/").content.decode().count("Not entered yet") >= len(world.agencies)
    agency = world.agencies["police"]
    url = f"/partnership/agencies/{agency.uuid}/posts/partnership_representative/"
    page = client.get(url).content.decode()
    assert "Nobody is entered yet" in page and "CAM-17" in page and "Nobody any longer" not in page
    sent = {"token": str(uuid.uuid4()), **day("starts_on", LATER.date())}
    empty = client.post(url, {**sent, "who": "else", "name": "", "email": ""})
    assert empty.status_code == 422 and "Enter the name" in empty.content.decode()
    assert (
        client.post(
            url, {**sent, "who": str(world.people["police"].uuid), "name": "", "email": ""}
        ).status_code
        == 302
    )
    shown = client.get("/partnership/").content.decode()
    assert "Pia Police" in shown and "since Wednesday 4 March 2026" in shown
    event = AuditEvent.objects.get(type="partnership.agency_post_filled")
    assert event.detail["agency"] == agency.pk and event.detail["slot"] == "partnership_representative"
    again = {
        **day("starts_on", LATER.date() + dt.timedelta(days=1)),
        "token": str(uuid.uuid4()),
        "who": "nobody",
    }
    assert client.post(url, {**again, "name": "", "email": ""}).status_code == 302
    assert AuditEvent.objects.filter(type="partnership.agency_post_emptied").exists()
    log = client.get("/partnership/history/").content.decode()
    assert "Filled a post for Police: The agency" in log
    assert client.get(url.replace("partnership_representative", "reviewer")).status_code == 404
