"""Two who write at once: the second sees both texts side by side, and nothing that either typed is lost."""

from typing import Any

import pytest

from records.models import LetterText
from tests.builders import World
from tests.integration.papers.conftest import answered, plans

pytestmark = pytest.mark.django_db


def test_two_people_who_begin_a_letter_at_once_do_not_overwrite_each_other(open_as: Any) -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    slug = plans(world, dissent)["agencies_letter"].slug
    world.fill(
        "reviewer", "deputy", deputy_for=world.people["reviewer"].slot_holdings.get(slot__key="reviewer")
    )
    holder, deputy = open_as(world, "reviewer"), open_as(world, "deputy")
    for writer in (holder, deputy):
        assert writer.get("letter", dissent.case.reference, slug).status_code == 200
    assert holder.send(reasons="What the holder wrote.").status_code == 302
    conflict = deputy.send(reasons="What the deputy wrote.")
    assert conflict.status_code == 409
    assert "Rhea Reviewer saved this letter at" in deputy.text
    assert "What the holder wrote." in deputy.text and "What the deputy wrote." in deputy.text
    assert [text.number for text in LetterText.objects.all()] == [1]
    assert deputy.send().status_code == 302  # theirs was looked at, and the own words are saved all the same
    last = LetterText.objects.order_by("-number").first()
    assert last and "What the deputy wrote." in str(last.sections)
    assert LetterText.objects.filter(number=1).exists()
