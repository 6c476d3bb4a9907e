"""The pages of a request: what is asked of whom, what a refusal leads to, and who is let in."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from convening import actions as convenings
from convening.models import ConveneRequest
from tests.builders import LATER, World
from tests.integration.dissent.conftest import Open, open_as, when  # noqa: F401

pytestmark = pytest.mark.django_db

OF_A_REQUEST = {
    "convene-answer": {"manager"}, "convene-consult": {"second"}, "convene-last-resort": {"police"},
    "convene-ladder": {"police"}, "convene-accept": {"police"}, "convene-withdraw": {"police"},
    "convene-book": {"manager", "second", "admin"},
}  # fmt: skip


@pytest.fixture
def world() -> World:
    return World("east-sussex")


CHILD = {"initials": "C.R.", "born_on_day": "1", "born_on_month": "5", "born_on_year": "2021"}


def test_from_the_request_to_the_ladder_by_the_pages(world: World, open_as: Open) -> None:  # noqa: F811
    world.convening(who="health")  # fills the posts
    page = open_as(world, "police", LATER)
    page.get("raise")
    assert "Ask for a child protection conference first" in page.text
    page.get("convene-new")
    assert "It goes to the Service manager or child protection adviser" in page.text
    assert "If a child is at risk now" in page.text
    assert page.send(text="Please hold one.", senior="no", **CHILD).status_code == 422
    assert "Which senior colleague supports it? You can go on without. (SUS-13)" in page.text
    assert "Go on without" in page.text and "Please hold one." in page.text
    assert page.send(go_on="1").status_code == 302
    page.follow()
    row = ConveneRequest.objects.order_by("-pk")[0]
    ref = row.case.reference
    assert f"Your request for a conference {ref}" in page.text
    assert "Maud Manager, the Service manager" in page.text and "Made without" in page.text
    manager = open_as(world, "manager", LATER)
    manager.get("home")
    assert "For you to decide" in manager.text and ref in manager.text
    manager.get("case", ref)
    assert "You answer in writing whether a conference is held" in manager.text
    manager.get("convene-answer", ref)
    assert "Please hold one." in manager.text
    assert manager.send(outcome="not_convene", reply="No.").status_code == 422
    assert "Give the reasons for not holding a conference" in manager.text and "(SUS-14)" in manager.text
    assert manager.send(outcome="not_convene", reply="No.", reasons="Support is in place.").status_code == 302
    page = open_as(world, "police", LATER)
    page.get("case", ref)
    assert (
        "Support is in place." in page.text and "Take it to the Senior child protection manager" in page.text
    )
    page.get("convene-ladder", ref)
    assert "These are the steps for your agency" in page.text
    assert page.send(unresolved="He is not safe.").status_code == 302
    page.follow()
    assert "He is not safe." in page.text and "Please hold one." in page.text, (
        "the ladder's page shows the request"
    )


def test_the_last_resort_consults_and_decides_by_the_pages(world: World, open_as: Open, when: Any) -> None:  # noqa: F811
    row = world.convening_answered()
    ref = row.case.reference
    page = open_as(world, "police", LATER)
    page.get("convene-last-resort", ref)
    assert "nothing waits for this" in page.text and "(SUS-16)" in page.text
    assert page.send().status_code == 302
    second = open_as(world, "second", LATER)
    second.get("case", ref)
    assert "Record a consultation" in second.text
    second.get("convene-answer", ref)
    assert second.send(outcome="convene", reply="Yes.").status_code == 422
    assert "act now" in second.text
    second.get("convene-consult", ref)
    agency = str(world.agencies["education"].uuid)
    typed = {
        "who": "Sara School, head",
        "agency": agency,
        "note": "Hold it.",
        **when("consulted_at", "2026-03-04", "09:00"),
    }
    assert second.send(**typed).status_code == 302, second.text
    second.get("convene-answer", ref)
    assert second.send(outcome="convene", reply="Yes.").status_code == 302
    second.get("convene-book", ref)
    chair = str(world.people["chair"].uuid)
    booked = second.send(kind="initial", chair=chair, **when("starts_at", "2026-03-25", "10:00"))
    assert booked.status_code == 302, second.text
    second.follow()
    assert (
        "The conference is booked for Wednesday 25 March 2026" in second.text
        and "Sara School, head" in second.text
    )


def test_a_request_in_hampshire_asks_for_the_basis_and_the_supporter(open_as: Open) -> None:  # noqa: F811
    world = World("hampshire")
    world.convening(who="health")
    page = open_as(world, "police", LATER)
    page.get("convene-new")
    assert "How do you know the child?" in page.text and "senior member of staff" not in page.text
    assert page.send(serious_concern="", **CHILD).status_code == 422
    assert "Write what you are seriously worried about for the child. (HIPS-2)" in page.text
    page.send(
        serious_concern="He is alone.",
        basis="neither",
        supporter="Nora Nurse",
        supporter_is="professional",
        **CHILD,
    )
    assert "You can ask all the same. (HIPS-2)" in page.text
    assert page.send(go_on="1").status_code == 302
    row = ConveneRequest.objects.order_by("-pk")[0]
    convenings.answer(
        convening_id=row.pk,
        by=world.actor("manager"),
        outcome="not_convene",
        reply="No.",
        reasons="R.",
        now=LATER,
    )
    page = open_as(world, "police", LATER)
    page.get("case", row.case.reference)
    assert "A supported request, which is normally granted" in page.text
    page.get("convene-accept", row.case.reference)
    assert page.send().status_code == 302


def test_where_the_text_has_no_requests_the_page_says_the_way(open_as: Open) -> None:  # noqa: F811
    page = open_as(World("camden"), "police", LATER)
    page.get("convene-new")
    assert page.page.status_code == 422 and "no rules for requests" in page.text
    page.get("raise")
    assert "first" not in page.text or "Ask for a" not in page.text


def test_who_is_let_in(world: World) -> None:
    row = world.convening()
    strange = World("hampshire")
    for name, may in OF_A_REQUEST.items():
        url = reverse(name, args=[row.case.reference])
        for who in ("manager", "second", "police", "admin", "chair", "health"):
            client = Client()
            client.force_login(world.people[who].user)
            status = client.get(url).status_code
            in_case = who in ("manager", "police", "admin")  # the last resort is named once it is asked
            want = {404} if not in_case else {200, 409, 422} if who in may else {403}
            assert status in want, (name, who, status)
        client = Client()
        client.force_login(strange.people["admin"].user)
        assert client.get(url).status_code == 404
        assert Client().get(url).url.startswith("/sign-in/")
