"""The command that lists who can sign in to the demonstration."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from partnerships.states import Role
from tests.builders import World

pytestmark = pytest.mark.django_db


def test_everybody_is_listed_with_how_they_sign_in_their_role_agency_and_partnership() -> None:
    World("camden")
    out = StringIO()
    call_command("personas", "--json", stdout=out)
    rows = json.loads(out.getvalue())
    assert {row["role"] for row in rows} == set(Role.values) - {Role.GUEST}
    chair = next(row for row in rows if row["username"] == "chair@camden.example.org")
    assert chair == {
        "username": "chair@camden.example.org", "password": "demonstration-only-2026", "name": "Cora Chair",
        "role": "chair", "agency": "Children's social care", "partnership": "camden",
    }  # fmt: skip


def test_for_people_it_is_a_plain_table() -> None:
    World("camden")
    out = StringIO()
    call_command("personas", stdout=out)
    assert "Camden Safeguarding Children Partnership" in out.getvalue()
    assert "police@camden.example.org" in out.getvalue()


def test_without_a_demonstration_it_says_so_and_fails() -> None:
    with pytest.raises(CommandError, match="There are no demonstration people here"):
        call_command("personas")
