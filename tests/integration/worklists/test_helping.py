"""Help at the point of need: every rule number leads to its words, every status word has its meaning."""

import re
from typing import Any

import pytest

from cases import states as cases
from complaints import states as complaints
from conferences import states as conferences
from convening import states as convening
from dissent import states as dissents
from dissent.states import DissentState
from escalation import states as escalations
from partnerships.states import Role
from partnerships.templatetags.rules import cited
from protocols.loader import register
from tests.builders import FIVE, World
from tests.integration.worklists.conftest import Open
from worklists.selectors.helping import help_of, role_helps

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("table", "states"),
    [
        (cases.MEANS, cases.Stage),
        (dissents.MEANS, dissents.DissentState),
        (escalations.MEANS, escalations.EscalationState),
        (convening.MEANS, convening.ConveneState),
        (conferences.MEANS, conferences.ConferenceState),
        (complaints.MEANS, complaints.ComplaintState),
    ],
)
def test_every_state_says_what_it_means_in_sentences_of_at_most_25_words(table: Any, states: Any) -> None:
    assert set(table) == set(states)
    for words in table.values():
        for sentence in re.split(r"(?<=[.?])\s", words):
            assert sentence.endswith(".") and len(sentence.split()) <= 25, sentence


def test_every_role_has_its_help_and_no_role_has_two(client: Any, open_as: Open) -> None:
    assert sorted(role for row in role_helps() for role in row.roles) == sorted(Role)
    world = World("west-dunbartonshire")
    for row in role_helps():
        page = client.get(f"/help/{row.key}/").content.decode()
        assert row.title in page
        own = open_as(world, "chair", f"/help/{row.key}/").text_
        assert row.key not in ("chair", "practitioner") or world.area.word("conference_short") in own
    assert client.get("/help/king/").status_code == 404
    assert help_of(Role.SECOND_TIER) is not None


def test_every_rule_has_a_page_with_its_words_its_paragraph_and_what_the_service_does(client: Any) -> None:
    for rule in register().values():
        answer = client.get(f"/rules/{rule.number}/")
        assert answer.status_code == 200, rule.number
    page = client.get("/rules/sus-27/").content.decode()
    assert register()["SUS-27"].paragraph in page
    assert "Brighton" in page and "How a dissent is decided" in page
    assert client.get("/rules/SUS-999/").status_code == 404


@pytest.mark.parametrize("slug", FIVE)
def test_the_numbers_on_a_case_page_lead_to_their_rules(slug: str, open_as: Open) -> None:
    world = World(slug)
    state = DissentState.UNDER_REVIEW if world.area.review else DissentState.ON_LADDER
    reference = world.dissent_at(state).case.reference
    page = open_as(world, "police", f"/cases/{reference}/").text_
    linked = set(re.findall(r'href="/rules/([A-Z]+-\d+)/"', page))
    assert linked and linked <= set(register())


def test_only_whole_numbers_of_the_register_become_links_and_what_was_typed_stays_words() -> None:
    assert cited("") == cited(None) == ""
    assert cited("by SUS-27.") == 'by <a class="govuk-link app-rule" href="/rules/SUS-27/">SUS-27</a>.'
    for words in ("SUS-999", "ASUS-27", "SUS-277", "PD-SUS-27"):
        assert cited(words) == words
    assert cited("<b>SUS-1</b>").startswith("&lt;b&gt;<a ")


def test_a_status_says_what_it_means_beside_its_tag_and_no_other_tag_does(open_as: Open) -> None:
    world = World("brighton-hove")
    conference = world.decided()
    dissent = world.recorded(conference)
    live = open_as(world, "chair", f"/conferences/{conference.reference}/dissent/").text_
    assert "All status words" not in live  # its tag says how many agencies are there
    world.end(conference)
    page = open_as(world, "police", f"/cases/{dissent.case.reference}/").text_
    words = dissents.MEANS[DissentState.UNDER_REVIEW].format_map(world.area.words)
    assert "What “Under review” means" in page and words in page
    own = open_as(world, "police", f"/conferences/{conference.reference}/").text_
    assert "What “Ended” means" in own
