"""What is taken out: the case as data and on paper, and the dissents for the summary."""

import json

import pytest

from audit.models import AuditEvent
from conferences.selectors import children_of
from dissent import actions as dissents
from papers.selectors.export import LEFT_OUT, SCHEMA
from tests.builders import LATER, World, at
from tests.integration.papers.conftest import answered, issued, plans

pytestmark = pytest.mark.django_db


def exported(open_as, world, dissent, who: str) -> dict:
    response = open_as(world, who).get("case-export", dissent.case.reference)
    assert response.status_code == 200
    return json.loads(response.content)


def test_the_reviewing_manager_takes_the_case_whole(open_as) -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    issued(world, dissent, plans(world, dissent)["agencies_letter"])
    data = exported(open_as, world, dissent, "reviewer")
    assert data["schema"] == SCHEMA
    assert data["case"]["reference"] == dissent.case.reference
    assert data["dissent"]["reasons"] == "The risk at home was not heard."
    assert data["dissent"]["by"] == "Pia Police"
    assert data["answers"][0]["outcome"] == "not_upheld"
    assert data["answers"][0]["reasons"] == "All of it was weighed again."
    assert data["children"][0]["initials"] == "Q.X."
    assert {clock["rule"] for clock in data["clocks"]} == set(
        dissent.case.deadlines.values_list("rule", flat=True)
    )
    assert data["letters"][0]["kind"] == "decision"
    assert data["told"] and data["history"]
    assert data["protocol"]["sha256"] == world.area.sha256


def test_the_admin_takes_it_without_what_people_wrote_and_without_their_names(open_as) -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    text = json.dumps(exported(open_as, world, dissent, "admin"))
    for words in (
        "The risk at home",
        "All of it was weighed",
        "Said in the round",
        "Pia Police",
        "Hugo Health",
    ):
        assert words not in text
    assert LEFT_OUT in text
    assert "not_upheld" in text


@pytest.mark.parametrize("who", ["chair", "police", "minutes"])
def test_others_take_nothing_out(open_as, who: str) -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    browser = open_as(world, who)
    assert browser.get("case-export", dissent.case.reference).status_code == 403
    assert browser.get("case-print", dissent.case.reference).status_code == 403


def test_every_taking_out_is_on_record(open_as) -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    exported(open_as, world, dissent, "reviewer")
    exported(open_as, world, dissent, "admin")
    rows = AuditEvent.objects.filter(type="case.exported").order_by("seq")
    assert [row.detail["kind"] for row in rows] == ["whole", "without_texts"]


def test_no_name_of_a_child_is_in_an_export(open_as) -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    dissent.case.children.update(name="Zanzibella Quorvath")
    response = open_as(world, "reviewer").get("case-export", dissent.case.reference)
    assert b"Zanzibella" not in response.content
    assert response["Content-Disposition"] == f'attachment; filename="{dissent.case.reference}.json"'


def test_the_case_on_paper_says_the_same(open_as) -> None:
    world = World("kingston-richmond")
    dissent = answered(world, "not_upheld")
    browser = open_as(world, "reviewer")
    browser.get("case-print", dissent.case.reference)
    for words in (
        "The risk at home was not heard.",
        "Pia Police",
        "My view and the reasons for it.",
        "Dates",
        "History",
    ):
        assert words in browser.text, words
    admin = open_as(world, "admin")
    admin.get("case-print", dissent.case.reference)
    assert "The risk at home" not in admin.text


# --- the extract for the summary ----------------------------------------------------------------------------------


def test_SUS_24_the_extract_has_every_dissent_and_late_ones_as_a_dated_addendum(open_as) -> None:
    world = World("brighton-hove")
    conference = world.decided()
    spoken = world.recorded(conference)
    world.end(conference)
    conference.refresh_from_db()
    late = world.recorded(
        conference, who="health", expressed_at=at("2026-03-04", "09:00"), reasons="I thought it over."
    )
    browser = open_as(world, "chair")
    browser.get("conference-extract", conference.reference)
    text = browser.text
    assert "SUS-24" in text
    assert f"Dissent by Pia Police, Police ({spoken.case.reference})" in text
    assert (
        "Addendum. Dissent raised after the conference, Wednesday 4 March 2026 at 9am, by Hugo Health" in text
    )
    assert late.case.reference in text and "I thought it over." in text
    assert world.area.meanwhile.text in text
    assert AuditEvent.objects.filter(type="conference.extract_read").exists()


def test_the_extract_for_one_child_leaves_out_what_names_another(open_as) -> None:
    world = World("brighton-hove")
    conference = world.decided(children=2)
    world.recorded(conference, reasons="Q.Y. is at risk too.")
    world.end(conference)
    own = children_of(conference)[0].child
    browser = open_as(world, "chair")
    browser.get("conference-extract", conference.reference, query=f"?child={own.uuid}")
    copied = browser.page.content.decode().partition("<textarea")[2].partition("</textarea>")[0]
    assert "Q.X." in copied and "Q.Y." not in copied
    assert "Word them for this child alone" in copied


def test_a_withdrawn_dissent_is_not_in_the_extract_and_none_is_said(open_as) -> None:
    world = World("brighton-hove")
    dissent = world.dissent_at("under_review")
    dissents.withdraw(dissent_id=dissent.pk, by=world.actor("police"), reason="Settled.", now=LATER)
    browser = open_as(world, "chair")
    browser.get("conference-extract", dissent.conference.reference)
    assert "No dissent was recorded." in browser.text


@pytest.mark.parametrize("who", ["police", "admin", "reviewer"])
def test_the_extract_is_for_those_who_keep_the_record(open_as, who: str) -> None:
    world = World("brighton-hove")
    dissent = world.dissent_at("under_review")
    assert open_as(world, who).get("conference-extract", dissent.conference.reference).status_code == 403
