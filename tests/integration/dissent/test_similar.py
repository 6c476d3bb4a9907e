"""Past decisions like this one: counts of the own partnership, and never so small that somebody is recognised."""

import datetime as dt
import re
from typing import Any

import pytest

from cases.models import Case
from cases.states import Stage
from dissent.models import Answer, Dissent, DissentChild
from dissent.selectors.similar import past_answers, quarter_of, similar_to
from partnerships.selectors import calendar_for
from tests.builders import STANDS, World, at

pytestmark = pytest.mark.django_db
THEN = at("2026-08-12", "10:00")  # in the quarter after the one in which those before were decided
TEXT = "kingston-richmond"


def alike(answer: Answer, number: int, *, outcome: str = "", **changes: Any) -> None:
    """Closed cases like one that was decided, so many."""
    base = answer.dissent

    def values(row: Any, *apart: str) -> dict[str, Any]:
        left = {"id", "uuid", *apart}
        return {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.name not in left}

    conference = base.conference
    for n in range(number):
        row = type(conference).objects.create(
            **values(conference, "reference"), reference=f"CF-{Case.objects.count():04}-{n % 100:02}"
        )
        reference = f"PD-{Case.objects.count():04}-{n % 100:02}"
        closed = {"reference": reference, "closed_at": answer.decided_at, "stage": Stage.CLOSED}
        case = Case.objects.create(**values(base.case) | closed)
        kept = values(base, *changes) | {"case_id": case.pk, "conference_id": row.pk}
        dissent = Dissent.objects.create(**kept, **changes)
        for child in base.dissent_children.all():
            DissentChild.objects.create(**values(child) | {"dissent_id": dissent.pk})
        said = {"outcome": outcome, "means": "reconvened"} if outcome else {}
        Answer.objects.create(**values(answer) | {"dissent_id": dissent.pk, **said})


def shown(world: World, dissent: Dissent, now: dt.datetime = THEN) -> Any:
    tier = world.area.review.tiers[0]
    found = Dissent.objects.select_related("case", "conference").get(pk=dissent.pk)
    answers = list(past_answers(found, tier.id, now))
    return similar_to(answers, found, tier, world.area, calendar_for(found.partnership_id, world.area.nation))


@pytest.fixture
def world() -> World:
    return World(TEXT)


def decided(world: World) -> Answer:
    dissent = world.answer(world.dissent_at("under_review"), STANDS[world.text])
    return Answer.objects.get(dissent=dissent)


def test_few_past_decisions_are_not_shown_at_all(world: World) -> None:
    answer = decided(world)
    fresh = world.dissent_at("under_review")
    alike(answer, 5)
    past = shown(world, fresh)
    assert past.total is None and past.rows == () and past.days == ""


def test_outcomes_are_counted_by_label_and_meaning_and_small_ones_are_hidden_with_another(
    world: World,
) -> None:
    answer = decided(world)
    fresh = world.dissent_at("under_review")
    alike(answer, 9)
    alike(answer, 2, outcome="reconvened")
    alike(answer, 7, outcome="early_review")
    past = shown(world, fresh)
    assert past.total == 18 and past.days
    numbers = {row["label"]: row["number"] for row in past.rows}
    labels = {o.id: o.label for o in world.area.review.tiers[0].outcomes}
    assert numbers[labels["reconvened"]] is None
    assert list(numbers.values()).count(None) == 2  # the other, so that the first cannot be worked out
    assert {row["means"] for row in past.rows} >= {"the decision stands"}


def test_another_subject_an_open_case_another_partnership_and_this_quarter_are_left_out(world: World) -> None:
    answer = decided(world)
    fresh = world.dissent_at("under_review")
    alike(answer, 6)
    assert shown(world, fresh).total == 6
    assert shown(world, fresh, at("2026-03-30", "10:00")).total is None  # all of them are of this quarter
    assert shown(world, fresh, at("2029-08-12", "10:00")).total is None  # older than three years
    alike(answer, 6, subject="something_else")
    assert shown(world, fresh).total == 6
    Case.objects.filter(stage=Stage.CLOSED).update(closed_at=None, stage=Stage.DECIDED)
    assert shown(world, fresh).total is None
    other = World("camden")
    assert shown(other, other.dissent_at("under_review")).total is None


def test_the_page_names_no_case_no_agency_and_no_person_of_the_past(world: World, open_as: Any) -> None:
    answer = decided(world)
    fresh = world.dissent_at("under_review")
    alike(answer, 8)
    page = open_as(world, "reviewer", THEN)
    page.get("review", fresh.case.reference)
    part = re.search(r"How dissents like this one.*?</details>", page.page.content.decode(), re.S)
    assert part and "8 dissents" in part[0]
    for word in (
        answer.dissent.case.reference,
        answer.dissent.agency.name,
        answer.dissent.attendance.name,
        "2026",
    ):
        assert word not in part[0]


def test_a_quarter_begins_at_midnight_in_london() -> None:
    assert quarter_of(at("2026-08-12", "10:00")).isoformat() == "2026-07-01T00:00:00+01:00"
    assert quarter_of(at("2026-01-01", "00:00")).isoformat() == "2026-01-01T00:00:00+00:00"
