"""The pages of the log: what the admin types, and what families are told of where to complain."""

from typing import Any

import pytest
from django.test import Client

from complaints import actions as complaints
from complaints.models import Complaint
from tests.builders import LATER, World
from tests.integration.dissent.conftest import Open, open_as, when  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World("camden")


def test_from_the_log_to_its_end_by_the_pages(world: World, open_as: Open, when: Any) -> None:  # noqa: F811
    conference = world.ended()
    page = open_as(world, "admin", LATER)
    page.get("home")
    assert "Complaints by families" in page.text
    page.get("complaints")
    assert "No complaint is logged" in page.text and "it changes no decision" in page.text
    page.get("complaint-new")
    assert "A complaint cannot change what the conference decided" in page.text
    typed = {
        "about": "conference",
        "made_by": "parent",
        "aspects": ["process"],
        "summary": "We were not heard.",
    }
    assert page.send(**typed, conference=conference.reference.lower().replace("-", " ")).status_code == 302
    page.follow()
    complaint = Complaint.objects.get()
    ref = complaint.case.reference
    assert f"Complaint {ref}" in page.text and "You answer the family" in page.text
    assert "By this service" in page.text
    page.get("case", ref)
    assert page.page.status_code == 302 and page.page.url == f"/complaints/{ref}/"
    page.get("case-history", ref)
    assert "It is no dissent and changes no decision" in page.text
    page.get("complaint-acknowledge", ref)
    assert "goes on standing while the complaint is looked at. (CAM-19)" in page.text
    assert page.send(how="Letter", **when("told_at", "2026-03-04", "09:00")).status_code == 302
    page.get("complaint-decide", ref)
    answer = page.send(
        outcome="reconvened_other_chair", reasons="It was looked at again.", decider="Head of service"
    )
    assert answer.status_code == 302, page.text
    page.follow()
    assert "book the conference that the outcome asks for" in page.text
    page.get("complaint-book", ref)
    assert "under a different chair" in page.text and "(chaired the first conference)" in page.text
    chairs = {who: str(world.people[who].uuid) for who in ("chair", "other_chair")}
    typed = when("starts_at", "2026-03-25", "10:00")
    assert page.send(chair=chairs["chair"], **typed).status_code == 422
    assert "Choose another one. (CAM-20)" in page.text
    assert page.send(chair=chairs["other_chair"], **typed).status_code == 302
    page.follow()
    assert "chaired by Otto Chair" in page.text and "tell everyone concerned of the outcome" in page.text
    page.get("complaint-close", ref)
    assert page.page.status_code == 422 and "Everyone concerned must know" in page.text
    complaint.refresh_from_db()
    for tell, seat, row in complaints.policies.tellings_due(complaint, world.area):
        if row is None:
            page.get("complaint-told", ref, tell.id, seat.partition(":")[2])
            assert page.send(how="Letter", **when("told_at", "2026-03-04", "10:00")).status_code == 302, (
                page.text
            )
    page.get("complaint-close", ref)
    assert page.send().status_code == 302
    page.follow()
    assert "The complaint is over" in page.text
    page.get("complaints")
    assert ref in page.text and "A new conference under a different chair" in page.text


def test_a_form_left_empty_says_what_to_do_and_keeps_what_was_typed(world: World, open_as: Open) -> None:  # noqa: F811
    page = open_as(world, "admin", LATER)
    page.get("complaint-new")
    assert page.send(about="conference", name="Kept Name", received_on_day="").status_code == 422
    for words in (
        "Enter the reference of the conference", "Select which part of it", "Select who complains",
        "Enter what the complaint says", "The date it came must include a day",
    ):  # fmt: skip
        assert words in page.text
    assert 'value="Kept Name"' in page.page.content.decode()


def test_a_complaint_about_an_agency_is_shown_the_way_there(world: World, open_as: Open) -> None:  # noqa: F811
    page = open_as(world, "admin", LATER)
    page.get("complaint-new")
    assert page.send(about="agency", made_by="parent", summary="The nurse was late.").status_code == 422
    assert "goes to that agency (CAM-21)" in page.text and "Nothing was recorded here" in page.text
    assert not Complaint.objects.exists()


def test_one_can_be_withdrawn_with_or_without_a_reason(world: World, open_as: Open) -> None:  # noqa: F811
    complaint = world.complaint()
    page = open_as(world, "admin", LATER)
    page.get("complaint", complaint.case.reference)
    assert "The complaint is withdrawn" in page.text
    page.get("complaint-withdraw", complaint.case.reference)
    assert page.send(reason="They spoke with the chair.").status_code == 302
    page.follow()
    assert "They spoke with the chair." in page.text and "Record it" not in page.text


def test_where_the_text_only_signposts_there_is_no_log(open_as: Open) -> None:  # noqa: F811
    world = World("kingston-richmond")
    page = open_as(world, "admin", LATER)
    page.get("complaints")
    assert "only says where complaints go" in page.text and "AFC-4" in page.text
    assert "Log a complaint" not in page.text
    page.get("complaint-new")
    assert page.page.status_code == 422 and "They are not kept here" in page.text


@pytest.mark.parametrize(
    ("slug", "says"),
    [
        ("camden", "A review conference is brought forward"),
        ("camden", "goes to that agency"),
        ("kingston-richmond", "Kingston and Richmond: complaints"),
        ("windsor-maidenhead", "Windsor and Maidenhead: complaints"),
        ("east-sussex", "to the local authority, or to the agency concerned"),
        ("west-dunbartonshire", "speak to the chairperson"),
        ("portsmouth", "speak to the chair"),
    ],
)
def test_everyone_can_read_where_a_family_complains(slug: str, says: str) -> None:
    page = Client().get(f"/complaints/about/{slug}/")
    assert page.status_code == 200
    assert says in page.content.decode().replace("&#x27;", "'")
    assert "it is never made into a dissent" in page.content.decode()


def test_there_is_no_such_page_for_a_partnership_that_is_none() -> None:
    assert Client().get("/complaints/about/atlantis/").status_code == 404
