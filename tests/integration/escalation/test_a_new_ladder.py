"""The ladder that docs/a-new-ladder.md shows is climbed as it stands there: a new shape, and no code."""

import re
from pathlib import Path

import pytest
from django.conf import settings

import protocols
from core.clock import london
from core.refusals import Denied
from deadlines.models import Deadline
from deadlines.states import DeadlineState
from escalation import policies
from escalation.states import EscalationState
from partnerships.actions import publish_protocol
from tests.builders import BOOKED, World
from tests.ladders import Ladder

pytestmark = pytest.mark.django_db
PAGE = Path(settings.BASE_DIR) / "docs" / "a-new-ladder.md"


def text_with_the_example(source: str) -> str:
    """The text of another protocol with the page's example behind it, in force from the new year on."""
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    later = source.replace("effective_from = 2000-01-01", "effective_from = 2026-01-01")
    assert later != source
    return f"{later}\n{example}"


def test_the_example_of_the_page_is_climbed_to_its_end_without_any_code() -> None:
    world = World("hampshire")
    text = text_with_the_example(world.area.source_text)
    world.area = protocols.load_text(text, "the example").area("hampshire")
    publish_protocol(partnership=world.partnership, area=world.area, by=None, now=BOOKED)
    up = Ladder(world)
    escalation = up.raised("referral_enquiry")
    assert (escalation.ladder, escalation.case.protocol_version.effective_from.year) == ("scrutiny", 2026)
    talk = Deadline.objects.get(case=escalation.case)
    assert talk.due_at is not None and f"{london(talk.due_at):%a %d %b}" == "Fri 06 Mar"
    with pytest.raises(Denied, match="Write what you propose"):
        up.moved(escalation, answers={})
    row = up.moved(escalation, answers={"proposal": "A joint visit."})
    assert (row.tier, row.answers) == ("scrutiny_proposal", {"proposal": "A joint visit."})
    talk.refresh_from_db()
    assert talk.state == DeadlineState.MET
    with pytest.raises(Denied, match="No meeting of everyone"):
        up.moved(escalation, exception="")
    up.met(escalation)
    up.moved(escalation)
    escalation = up.fresh(escalation)
    assert escalation.held_by == "slot:csc_senior_manager"
    assert [d.clock_id for d in Deadline.objects.filter(case=escalation.case, state=DeadlineState.OPEN)] == [
        "scrutiny_answer"
    ]
    assert not policies.ways_on(escalation, world.area)
    with pytest.raises(Denied, match="Select what was decided"):
        up.answered(escalation, "upheld")
    ended = up.answered(escalation, "scrutiny_recommended")
    assert (ended.state, ended.case.outcome_label) == (
        EscalationState.DECIDED,
        "The scrutineer recommends a change",
    )
