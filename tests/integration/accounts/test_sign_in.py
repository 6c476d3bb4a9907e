"""Coming in: signing in, out, and choosing a role."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from audit.models import AuditEvent
from partnerships.actions import add_member
from partnerships.states import Role
from tests.builders import PASSWORD, START, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return User.objects.create_user(email="ada@example.org", name="Ada Example", password=PASSWORD)


def test_the_email_address_in_any_case_and_the_password_sign_a_person_in(
    client: Client, person: User
) -> None:
    response = client.post("/sign-in/", {"username": "ADA@Example.org", "password": PASSWORD})
    assert response.headers["Location"] == "/"
    assert client.session["_auth_user_id"] == str(person.pk)
    event = AuditEvent.objects.get(type="account.signed_in")
    assert (event.partnership_id, event.user_id) == (0, person.pk)


def test_the_page_does_not_tell_who_has_an_account(client: Client, person: User) -> None:
    User.objects.create_user(email="gone@example.org", name="Gus Gone", password=PASSWORD, is_active=False)
    pages = []
    for username in ("ada@example.org", "unknown@example.org", "gone@example.org"):
        password = "wrong-password" if username.startswith("ada") else PASSWORD
        response = client.post("/sign-in/", {"username": username, "password": password})
        assert response.status_code == 422
        pages.append([str(error) for error in response.context["form"].non_field_errors()])
    assert pages[0] == pages[1] == pages[2]
    assert pages[0] == ["The email address or the password is not right. Check both and try again."]
    assert not AuditEvent.objects.exists()


def test_empty_boxes_are_asked_for_by_name_and_the_title_says_error(client: Client) -> None:
    page = client.post("/sign-in/", {}).content.decode()
    assert "Enter your email address" in page and "Enter your password" in page
    assert "<title>Error: Sign in" in page


@pytest.mark.parametrize(
    ("to", "lands"),
    [("/help/", "/help/"), ("https://evil.example/", "/"), ("//evil.example/", "/"), ("", "/")],
)
def test_one_comes_back_to_where_one_was_going_and_nowhere_else(
    client: Client, person: User, to: str, lands: str
) -> None:
    response = client.post("/sign-in/", {"username": person.email, "password": PASSWORD, "next": to})
    assert response.headers["Location"] == lands


def test_signing_out_takes_a_button_and_ends_the_session(client: Client, person: User) -> None:
    client.force_login(person)
    assert client.get("/sign-out/").status_code == 405
    assert "_auth_user_id" in client.session
    assert client.post("/sign-out/").headers["Location"] == "/sign-in/"
    assert "_auth_user_id" not in client.session


def test_the_sign_ins_of_a_demonstration_are_offered_only_there(client: Client, settings: Any) -> None:
    World("camden")
    settings.DEMONSTRATION = False
    page = client.get("/sign-in/").content.decode()
    assert "camden.example.org" not in page and "demonstration-only" not in page
    settings.DEMONSTRATION = True
    page = client.get("/sign-in/").content.decode()
    assert "chair@camden.example.org" in page and "demonstration-only-2026" in page
    assert "<summary" in page and "Camden Safeguarding Children Partnership" in page


def test_a_person_with_two_roles_chooses_one_and_it_is_written_down(client: Client) -> None:
    world = World("camden")
    user = world.people["police"].user
    second = add_member(
        agency=world.agencies["police"], email=user.email, name=user.name, role=Role.MINUTE_TAKER,
        job_title="Minute taker", starts_on=START,
    )  # fmt: skip
    client.force_login(user)
    response = client.get("/help/?x=1")
    assert response.status_code == 200  # what is open to everybody needs no role
    assert client.get("/").headers["Location"] == "/choose-role/?next=/"
    page = client.get("/choose-role/?next=/notices/").content.decode()
    assert "Practitioner" in page and "Minute taker" in page
    assert client.post("/choose-role/", {}).status_code == 422
    response = client.post("/choose-role/", {"membership": str(second.uuid), "next": "/notices/"})
    assert response.headers["Location"] == "/notices/"
    assert "My work" in client.get("/").content.decode()
    event = AuditEvent.objects.get(type="account.role_chosen")
    assert event.membership_id == second.pk and event.partnership_id == world.partnership.pk


def test_nobody_chooses_the_role_of_another(client: Client) -> None:
    world = World("camden")
    client.force_login(world.people["police"].user)
    response = client.post("/choose-role/", {"membership": str(world.people["admin"].uuid)})
    assert response.status_code == 422
    assert "membership" not in client.session


def test_a_role_that_was_chosen_once_does_not_outlive_its_membership(client: Client) -> None:
    world = World("camden")
    client.force_login(world.people["police"].user)
    session = client.session
    session["membership"] = world.people["admin"].pk
    session.save()
    assert "My dissents" in client.get("/").content.decode()
