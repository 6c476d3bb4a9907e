"""A password by a link: for a new account and for a forgotten one. Nobody finds out who has an account."""

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from accounts.states import PER_HOUR
from audit.models import AuditEvent
from cases.actions import add_participant, admit
from cases.states import Capacity
from core.clock import edge_now
from notifications.actions import send_keys_due
from partnerships.models import HolidayList, Membership, Partnership, Slot
from partnerships.states import AgencyKind, Role
from tests.builders import PASSWORD, World

pytestmark = pytest.mark.django_db
NEW = "three words apart"


@dataclass
class Post:
    now: dt.datetime = field(default_factory=edge_now)

    def collect(self) -> list[Any]:
        before = len(mail.outbox)
        send_keys_due(now=max(self.now, edge_now()))
        return mail.outbox[before:]

    def link(self) -> str:
        found = re.search(r"http://[^/]+(/set-password/\S+/\S+/)", self.collect()[-1].body)
        assert found
        return found[1]


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    post = Post()
    monkeypatch.setattr("partnerships.middleware.edge_now", lambda: post.now)
    return post


@pytest.fixture
def world() -> World:
    return World("camden")


def ask(email: str) -> str:
    response = Client().post("/forgotten-password/", {"email": email})
    assert response.status_code == 200
    return re.sub(r'nonce="\S+"', "", response.content.decode())


def test_a_forgotten_password_is_chosen_anew_by_a_link(world: World, post: Post) -> None:
    user = world.people["chair"].user
    ask("CHAIR@camden.example.org")
    link = post.link()
    client = Client()
    shown = client.get(link)
    assert shown.status_code == 200 and user.email in shown.content.decode()
    response = client.post(link, {"password": NEW})
    assert response.headers["Location"] == "/sign-in/"
    signed = Client().post("/sign-in/", {"username": user.email, "password": NEW})
    assert signed.headers["Location"] == "/"
    types = list(
        AuditEvent.objects.filter(type__startswith="account.").order_by("pk").values_list("type", flat=True)
    )
    assert types == ["account.password_link_asked", "account.password_set", "account.signed_in"]


def test_the_answer_is_the_same_for_every_address(world: World, post: Post) -> None:
    gone = world.people["police"].user
    gone.is_active = False
    gone.save(update_fields=["is_active"])
    answers = {ask(a) for a in ("chair@camden.example.org", "nobody@camden.example.org", gone.email)}
    assert len(answers) == 1
    assert [letter.to for letter in post.collect()] == [["chair@camden.example.org"]]


def test_a_guest_gets_no_password(world: World, post: Post) -> None:
    case = world.dissent_at("recorded").case
    row = add_participant(
        case, Capacity.ADVISER, agency=world.agencies[AgencyKind.HEALTH], name="Gita Guest", email="gita@x.example.org"
    )  # fmt: skip
    admit(row, now=post.now)
    ask("gita@x.example.org")
    assert post.collect() == []


def test_the_link_works_once_and_looking_uses_nothing_up(world: World, post: Post) -> None:
    ask("chair@camden.example.org")
    link = post.link()
    for _ in range(2):
        assert Client().get(link).status_code == 200
    assert Client().post(link, {"password": NEW}).status_code == 302
    assert Client().get(link).status_code == 410
    assert Client().post(link, {"password": "another password"}).status_code == 410
    assert (
        world.people["chair"].user.__class__.objects.get(email="chair@camden.example.org").check_password(NEW)
    )


def test_the_link_expires(world: World, post: Post) -> None:
    ask("chair@camden.example.org")
    link = post.link()
    post.now += dt.timedelta(hours=24, minutes=5)
    assert Client().get(link).status_code == 410
    assert Client().post(link, {"password": NEW}).status_code == 410


@pytest.mark.parametrize(
    ("password", "says"),
    [("short", "at least 12"), ("password1234", "too common"), ("", "Enter the password")],
)
def test_a_password_that_is_easy_to_guess_is_refused_and_the_link_stays(
    world: World, post: Post, password: str, says: str
) -> None:
    ask("chair@camden.example.org")
    link = post.link()
    response = Client().post(link, {"password": password})
    assert response.status_code == 422 and says in response.content.decode()
    assert Client().post(link, {"password": NEW}).status_code == 302


def test_whoever_is_signed_in_elsewhere_no_longer_is(world: World, post: Post) -> None:
    user = world.people["chair"].user
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    elsewhere = Client()
    elsewhere.post("/sign-in/", {"username": user.email, "password": PASSWORD})
    assert elsewhere.get("/").status_code == 200
    ask(user.email)
    Client().post(post.link(), {"password": NEW})
    assert elsewhere.get("/").headers["Location"].startswith("/sign-in/")


def test_only_a_few_links_are_sent_within_an_hour(world: World, post: Post) -> None:
    for _ in range(PER_HOUR + 2):
        ask("chair@camden.example.org")
    assert len(post.collect()) == PER_HOUR


# --- a server's first partnership ---------------------------------------------------------------------------------------


def set_up(slug: str = "camden", **more: str) -> None:
    given = {"admin_email": "Ada@council.example.org", "admin_name": "Ada Admin", **more}
    call_command("set_up_partnership", slug, **given)


def test_a_server_gets_its_first_partnership_and_admin_by_command(post: Post) -> None:
    set_up(urgent_contact="Duty team, 00000 000000")
    partnership = Partnership.objects.get()
    assert partnership.urgent_contact == "Duty team, 00000 000000"
    assert Slot.objects.filter(partnership=partnership).exists()
    assert HolidayList.objects.exists()
    admin = Membership.objects.get()
    assert (admin.role, admin.user.email, admin.agency.name) == (
        Role.PARTNERSHIP_ADMIN, "ada@council.example.org", "Children's social care",
    )  # fmt: skip
    assert "An account of Professional Dissent was made for you" in post.collect()[-1].body
    kinds = (
        AuditEvent.objects.filter(partnership_id=partnership.pk)
        .order_by("seq")
        .values_list("type", "actor_kind")
    )
    assert list(kinds) == [("partnership.set_up", "operator"), ("person.added", "operator")]


def test_the_first_admin_sets_a_password_signs_in_and_sees_what_is_missing(post: Post) -> None:
    set_up()
    Client().post(post.link(), {"password": NEW})
    client = Client()
    client.post("/sign-in/", {"username": "ada@council.example.org", "password": NEW})
    page = client.get("/partnership/").content.decode()
    assert "Nobody fills this post" in page and "No protocol is published" in page


def test_setting_up_twice_is_refused_and_another_admin_is_added(post: Post) -> None:
    set_up()
    with pytest.raises(CommandError, match="set up already"):
        set_up()
    call_command("add_admin", "camden", "ben@council.example.org", "Ben Admin")
    assert Membership.objects.filter(role=Role.PARTNERSHIP_ADMIN).count() == 2
    with pytest.raises(CommandError, match="already used by Ben Admin"):
        call_command("add_admin", "camden", "BEN@council.example.org", "Ben Admin")


@pytest.mark.parametrize(
    ("slug", "more", "says"),
    [("nowhere", {}, "No protocol is held"), ("camden", {"admin_email": "ada"}, "no email address")],
)
def test_what_cannot_be_set_up_is_said(slug: str, more: dict[str, str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        set_up(slug, **more)
    assert not Partnership.objects.exists() and not User.objects.exists()


def test_an_admin_of_no_partnership_is_refused() -> None:
    with pytest.raises(CommandError, match="No partnership"):
        call_command("add_admin", "camden", "ben@council.example.org", "Ben Admin")
