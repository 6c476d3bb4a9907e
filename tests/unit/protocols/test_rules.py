"""Every rule of the register stands in the data, and the data cites only rules of the register."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from protocols import library
from protocols.loader import register
from protocols.model import Cited

COUNTS = {"AFC": 22, "CAM": 22, "SUS": 38, "WDC": 23, "HIPS": 20}
PREFIX = {
    "afc": "AFC",
    "camden": "CAM",
    "pan-sussex-7.2": "SUS",
    "west-dunbartonshire": "WDC",
    "hips": "HIPS",
}


def cited(value: Any) -> Iterator[Cited]:
    if isinstance(value, Cited):
        yield value
    if is_dataclass(value):
        for each in fields(value):
            yield from cited(getattr(value, each.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from cited(item)


def rules_of(text: Any) -> set[str]:
    return {rule for area in text.areas for value in cited(area) for rule in value.rules}


def test_the_register_has_125_rules_in_five_texts():
    numbers = register()
    assert len(numbers) == 125
    assert {prefix: sum(n.startswith(f"{prefix}-") for n in numbers) for prefix in COUNTS} == COUNTS
    assert all(rule.words.endswith(".") and rule.document and rule.paragraph for rule in numbers.values())


@pytest.mark.parametrize("text", library().texts(), ids=lambda text: text.id)
def test_every_rule_of_a_text_stands_in_its_data_and_no_other(text):
    own = {number for number in register() if number.startswith(f"{PREFIX[text.id]}-")}
    assert rules_of(text) == own


def test_eleven_partnerships_of_five_texts():
    assert set(library().slugs()) == {
        "kingston-richmond",
        "windsor-maidenhead",
        "camden",
        "brighton-hove",
        "east-sussex",
        "west-sussex",
        "west-dunbartonshire",
        "hampshire",
        "portsmouth",
        "isle-of-wight",
        "southampton",
    }


@pytest.mark.parametrize("slug", library().slugs())
def test_readings_and_safeguards_are_labelled(slug):
    for value in cited(library().latest(slug)):
        assert (value.basis == "system_safeguard") == (value.rule == ""), value


@pytest.mark.parametrize("slug", library().slugs())
def test_a_refusal_says_what_to_do_and_reads_as_a_sentence(slug):
    area = library().latest(slug)
    reasons = [
        *(refusal.reason for refusal in area.refusals),
        *(refusal.reason for refusal in area.dissent.refused_people),
        *(refusal.reason for refusal in area.dissent.ground_refusals),
        *(refusal.reason for refusal in area.dissent.subject_refusals),
        *(item.reason for item in area.dissent.requires if item.strength == "must"),
        *(tell.reason for tell in area.tells if tell.before_close),
        *(
            refusal.reason
            for tier in (area.review.tiers if area.review else ())
            for refusal in tier.outcome_refusals
        ),
    ]
    assert reasons
    for reason in reasons:
        assert re.fullmatch(r"[A-Z“{].*[.)]", reason), reason


@pytest.mark.parametrize("slug", library().slugs())
def test_urgent_action_is_open_everywhere_and_cannot_be_switched_off(slug):
    urgent = library().latest(slug).safeguard("urgent_override")
    assert urgent.on and not urgent.switchable
    assert urgent.rule == ("SUS-36" if slug.endswith("sussex") or slug == "brighton-hove" else "")


def test_the_package_stands_without_django():
    code = (
        "import sys, protocols, protocols.describe, protocols.diagram, protocols.timeline, protocols.window, "
        "protocols.holidays; protocols.library(); protocols.holidays.holiday_list(); "
        "sys.exit('django' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
