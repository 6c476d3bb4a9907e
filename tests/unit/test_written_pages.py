"""The pages that the program writes about itself are as it would write them now."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import models

from complaints.models import Complaint
from conferences.models import Conference
from convening.models import ConveneRequest
from dissent.models import Dissent
from escalation.models import Escalation
from protocols.loader import register

PAGES = {
    "state_diagrams": (
        "docs/reference/states/conference.md",
        "docs/reference/states/complaint.md",
        "docs/reference/states/convening.md",
        "docs/reference/states/dissent.md",
        "docs/reference/states/escalation.md",
    ),
    "rule_register": ("docs/rules.md",),
}


@pytest.mark.parametrize("command", PAGES)
def test_the_pages_are_up_to_date(command: str) -> None:
    call_command(command, "--check")


@pytest.mark.parametrize("command", PAGES)
def test_a_page_that_is_out_of_date_is_named_and_written_anew(
    command: str, settings: Any, tmp_path: Path
) -> None:
    settings.BASE_DIR = tmp_path
    first, out = PAGES[command][0], StringIO()
    with pytest.raises(CommandError, match=rf"Out of date: {first}.*\./dev manage {command}"):
        call_command(command, "--check")
    assert not (tmp_path / first).exists()
    call_command(command, stdout=out)
    assert out.getvalue().splitlines() == [f"Written: {name}" for name in PAGES[command]]
    call_command(command, "--check")
    (tmp_path / first).write_text("old")
    with pytest.raises(CommandError, match="Out of date"):
        call_command(command, "--check")


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (Conference, "conference"),
        (Complaint, "complaint"),
        (ConveneRequest, "convening"),
        (Dissent, "dissent"),
        (Escalation, "escalation"),
    ],
)
def test_every_state_edge_and_verb_is_on_its_page(
    model: type[models.Model], name: str, settings: Any
) -> None:
    text = (Path(settings.BASE_DIR) / f"docs/reference/states/{name}.md").read_text()
    field = model._meta.get_field("state")
    for value, label in field.flatchoices:
        assert f"| `{value}` | {label} |" in text
    for edge in field.get_all_transitions(model):
        assert f"{edge.source} --> {edge.target}: {edge.name.replace('_', ' ')}" in text
    verbs = [line for line in text.splitlines() if line.startswith("|") and line.count("|") == 5]
    assert all("`" in line for line in verbs[2:]), "a transition that no action makes"


def test_every_rule_is_in_the_register_with_its_words(settings: Any) -> None:
    text = (Path(settings.BASE_DIR) / "docs/rules.md").read_text()
    for number, rule in register().items():
        assert f"| {number} | " in text
        assert rule.words in text
