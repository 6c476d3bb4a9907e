"""A person's notices, and the mail of a demonstration."""

from typing import Any

import pytest
from django.test import Client

from dissent.states import DissentState
from notifications.actions import send_due
from notifications.models import Message
from tests.builders import LATER, World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerships.middleware.edge_now", lambda: LATER)


@pytest.fixture
def world() -> World:
    world = World("camden")
    world.dissent_at(DissentState.UNDER_REVIEW)
    send_due(now=LATER)
    return world


def as_(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.people[who].user)
    return client


def test_a_notice_is_new_until_it_is_opened_and_the_menu_counts_the_new_ones(world: World) -> None:
    client = as_(world, "reviewer")
    notice = Message.objects.filter(user=world.people["reviewer"].user, channel="notice").latest("created_at")
    new = Message.objects.filter(user=world.people["reviewer"].user, channel="notice").count()
    page = client.get("/notices/").content.decode()
    assert f"Notices ({new})" in page and notice.subject in page
    opened = client.post(f"/notices/{notice.uuid}/read/", {"open": "1"})
    assert opened.headers["Location"] == notice.link
    notice.refresh_from_db()
    assert notice.read_at == LATER
    client.post("/notices/read/")
    assert ">Notices<" in client.get("/").content.decode()


def test_the_notice_of_another_is_not_found(world: World) -> None:
    notice = Message.objects.filter(user=world.people["reviewer"].user, channel="notice").first()
    assert notice
    assert as_(world, "health").post(f"/notices/{notice.uuid}/read/").status_code == 404
    notice.refresh_from_db()
    assert notice.read_at is None
    assert notice.subject not in as_(world, "health").get("/notices/").content.decode()


def test_someone_without_notices_reads_what_will_come_here(world: World) -> None:
    assert "You have no notices." in as_(world, "health").get("/notices/").content.decode()


def test_the_mail_of_ones_own_partnership_is_shown_in_a_demonstration_and_nowhere_else(
    world: World, settings: Any
) -> None:
    elsewhere = World("hampshire")
    settings.DEMONSTRATION = False
    assert as_(world, "admin").get("/sent-mail/").status_code == 404
    settings.DEMONSTRATION = True
    page = as_(world, "admin").get("/sent-mail/").content.decode()
    assert "reviewer@camden.example.org" in page and "a formal dissent is recorded" in page
    assert "camden.example.org" not in as_(elsewhere, "admin").get("/sent-mail/").content.decode()
