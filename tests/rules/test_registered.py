"""Every rule of the register has its test by number, and every number that the project speaks of is in the register."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.loader import register

# The holidays, which every test of a rule begins with, need the tests' own database, also when this file runs alone.
pytestmark = pytest.mark.django_db

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
NUMBER = re.compile(r"\b(AFC|CAM|SUS|WDC|HIPS)-(\d+[ab]?)\b")
TEST = re.compile(r"test_(AFC|CAM|SUS|WDC|HIPS)_(\d+[ab]?)(?:_and_(\d+[ab]?))?_\w+")
TO_TEST = {"GATE", "CLOCK", "DECIDE", "NOTIFY", "REC", "ROUTE"}  # GUIDE and META are shown, and bind nobody


def numbers_borne() -> Iterator[tuple[str, str]]:
    """Each number with the test that bears it."""
    for path in sorted(HERE.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and (found := TEST.fullmatch(node.name)):
                source, *numbers = found.groups()
                for number in filter(None, numbers):
                    yield f"{source}-{number}", node.name


def test_every_rule_that_binds_somebody_has_a_test_with_its_number() -> None:
    named = {number for number, _ in numbers_borne()}
    wanted = {n for n, rule in register().items() if TO_TEST & set(rule.kind)}
    assert len(wanted) >= 100
    assert wanted - named == set()


def test_every_tested_number_is_a_rule() -> None:
    assert {number for number, _ in numbers_borne()} - set(register()) == set()


def test_the_name_of_a_test_is_a_sentence() -> None:
    for number, name in numbers_borne():
        words = name.removeprefix("test_").split("_")
        assert len(words) >= 6, f"{number}: {name}"
        assert name == name.strip("_"), name


def spoken_of() -> Iterator[tuple[Path, str]]:
    """Every number in code, data, templates and documents."""
    for pattern in (
        "*/**/*.py",
        "protocols/data/*/*.toml",
        "templates/**/*",
        "docs/**/*.md",
        "assets/js/*",
        "*.md",
    ):
        for path in ROOT.glob(pattern):
            parts = path.relative_to(ROOT).parts
            if not path.is_file() or parts[0].startswith(".") or parts[0] in ("node_modules", "static"):
                continue
            for source, digits in NUMBER.findall(path.read_text(encoding="utf-8")):
                yield path, f"{source}-{digits}"


def test_every_number_that_the_project_speaks_of_is_in_the_register() -> None:
    known = set(register())
    unknown = {f"{path.relative_to(ROOT)}: {number}" for path, number in spoken_of() if number not in known}
    # Tests of what an unknown rule does.
    tests = ("tests/unit/", "tests/integration/worklists/test_helping.py")
    allowed = {entry for entry in unknown if entry.startswith(tests)}
    assert unknown - allowed == set()


@pytest.mark.parametrize(
    ("source", "count"), [("AFC", 22), ("CAM", 22), ("SUS", 38), ("WDC", 23), ("HIPS", 20)]
)
def test_the_register_holds_all_rules_of_each_source(source: str, count: int) -> None:
    numbers = [n for n in register() if n.startswith(f"{source}-")]
    assert len(numbers) == count
    if source != "WDC":  # whose rule 15 has two halves
        assert sorted(int(n.partition("-")[2]) for n in numbers) == list(range(1, count + 1))
