"""What the runbook tells an operator to type can be typed: each command is there and takes the words that follow it."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

ROOT = Path(__file__).resolve().parents[3]
TYPED = re.compile(r"manage\.py ((?:[a-z_]+)(?: [^`\n]+)?)")


def typed() -> list[str]:
    text = (ROOT / "docs" / "runbook.md").read_text() + (ROOT / "docker-compose.yml").read_text()
    found = [words.strip().rstrip(".,;)") for words in TYPED.findall(text)]
    return sorted(
        {words.replace("[FILE]", "FILE").partition(";")[0] for words in found if not words.startswith("…")}
    )


@pytest.mark.parametrize("words", typed())
def test_a_command_of_the_runbook_exists_and_takes_its_words(words: str) -> None:
    name, *rest = words.split()
    command = load_command_class(get_commands()[name], name)
    command.create_parser("manage.py", name).parse_args(rest)


def test_the_runbook_names_the_commands_of_an_operator() -> None:
    named = {words.split()[0] for words in typed()}
    assert named >= {
        "status", "sweep", "clock_guard", "fence", "invariants", "verify_audit", "backup", "restore", "restore_drill",
        "load_bank_holidays", "migrate",
    }  # fmt: skip
