"""The log tells what happened by references and numbers: nothing that somebody typed, and no name, is in it."""

import logging
import uuid
from typing import Any

import pytest
from django.test import Client

from dissent import actions as dissents
from tests.builders import World

pytestmark = pytest.mark.django_db

CANARY = "Zzyzx"


def test_nothing_that_is_typed_gets_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world = World("camden")
    dissent = world.dissent_at("under_review")
    client = Client(headers={"user-agent": f"{CANARY} browser", "x-forwarded-for": "198.51.100.7"})
    client.force_login(world.people["police"].user)
    case = f"/cases/{dissent.case.reference}/"
    client.get(f"{case}?child={CANARY}")
    client.get("/calculator/", {"partnership": CANARY})
    client.post("/find/", {"reference": CANARY})
    client.post(f"{case}information/", {"text": CANARY, "token": str(uuid.uuid4())})
    client.post(f"{case}withdraw/", {"reason": CANARY})
    client.get(f"{case}history/")
    assert f"POST {case}information/" in caplog.text
    assert "code" in caplog.text
    for word in (CANARY, "198.51.100.7", "Q.X.", "Pia Police", "police@camden", "risk at home"):
        assert word not in caplog.text, word


def test_an_error_is_logged_with_its_place_and_without_what_was_in_the_variables(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")

    def broken(**given: Any) -> None:
        child = CANARY
        raise RuntimeError(f"no such thing ({len(child)})")

    monkeypatch.setattr(dissents, "add_information", broken)
    client = Client(raise_request_exception=False)
    client.force_login(world.people["police"].user)
    answer = client.post(
        f"/cases/{dissent.case.reference}/information/", {"text": CANARY, "token": str(uuid.uuid4())}
    )
    assert answer.status_code == 500
    assert "request_failed" in caplog.text
    assert CANARY not in caplog.text
