"""The letter of a decision that is still being written: the real one, marked, and nothing is saved by looking at it."""

from typing import Any

import pytest

from audit.models import AuditEvent
from dissent.models import Answer
from records.models import Letter
from tests.builders import STANDS, World
from tests.integration.papers.conftest import plans
from tests.pdfs import text_of

pytestmark = pytest.mark.django_db
REASONS = "The weight charts came after the conference. They are weighed here for the first time."
REVIEWED = ("kingston-richmond", "camden", "brighton-hove", "west-dunbartonshire")


def typed(world: World, **more: str) -> dict[str, str]:
    tier = world.area.review.tiers[0]
    parts = {f"part_{part.id}": f"About {part.id}." for part in tier.parts}
    return {"outcome": STANDS[world.text], "reasons": REASONS, **parts, **more}


def preview(browser: Any, reference: str, **words: str) -> Any:
    """Press the button beside the decision, which sends the form to another address."""
    browser.get("review", reference)
    browser.address = f"/cases/{reference}/review/letter/"
    return browser.send(step="letter", **words)


@pytest.mark.parametrize("slug", REVIEWED)
def test_the_preview_is_the_letter_that_is_drafted_once_the_decision_is_made(slug: str, open_as: Any) -> None:
    world = World(slug)
    dissent = world.dissent_at("under_review")
    browser = open_as(world, "reviewer")
    before = AuditEvent.objects.count()
    answer = preview(browser, dissent.case.reference, **typed(world))
    assert answer.status_code == 200 and answer["Content-Type"] == "application/pdf"
    assert "no-store" in answer["Cache-Control"]
    text = " ".join(text_of(answer.content).split())
    assert REASONS in text and "not issued" in text.lower()
    assert (
        AuditEvent.objects.count() == before and not Answer.objects.exists() and not Letter.objects.exists()
    )
    world.read_all(dissent)
    world.talk(dissent)
    decided = world.answer(dissent, STANDS[world.text])
    plan = next(p for p in plans(world, decided).values() if p.kind != "parents")
    assert dissent.case.reference in text
    for each in plan.to:
        assert each != "capacity:dissenter" or dissent.attendance.name in text


def test_what_is_missing_is_said_on_the_review_with_everything_that_was_typed(open_as: Any) -> None:
    world = World("camden")
    reference = world.dissent_at("under_review").case.reference
    browser = open_as(world, "reviewer")
    again = preview(browser, reference, reasons=REASONS)
    assert again.status_code == 307 and again.url == f"/cases/{reference}/review/"
    browser.address = again.url
    page = browser.client.post(again.url, {"step": "letter", "reasons": REASONS})
    assert page.status_code == 422
    assert (
        "Select whether the dissent is upheld" in page.content.decode() and REASONS in page.content.decode()
    )


def test_the_preview_is_for_whoever_reviews_it(open_as: Any) -> None:
    world = World("camden")
    reference = world.dissent_at("under_review").case.reference
    for who, status in (("chair", 403), ("police", 403), ("second", 404), ("health", 404)):
        browser = open_as(world, who)
        answer = browser.client.post(f"/cases/{reference}/review/letter/", typed(world))
        assert answer.status_code == status, who
    back = open_as(world, "reviewer").client.get(f"/cases/{reference}/review/letter/")
    assert back.status_code == 302
