"""What the loader refuses: every error at once, with file, table and key."""

import re
from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path

import pytest

from protocols import Library, ProtocolErrors, UnknownPartnership, library, load_file, load_text
from protocols.loader import register

SHAPES = (Path(__file__).parent / "shapes.toml").read_text()


def errors(text: str) -> dict[tuple[str, str], str]:
    with pytest.raises(ProtocolErrors) as caught:
        load_text(text, "try.toml")
    assert all(error.file == "try.toml" for error in caught.value.errors)
    return {(error.table, error.key): error.message for error in caught.value.errors}


def changed(*swaps: tuple[str, str]) -> str:
    text = SHAPES
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def test_ten_errors_in_one_file_are_all_reported():
    found = errors(
        changed(
            ("effective_from = 2026-01-01", 'effective_from = "soon"'),
            ('nation = "northern-ireland"', 'nation = "narnia"'),
            ('safeguarding_partnership = "Shapeland Safeguarding Board"', "colour = 3"),
            ('key = "proxy_officer"', 'key = "proxy_officer"\ncolour = "red"'),
            ("minimum = 3", "minimum = true"),
            ('after = "minutes_received"\namount = 5', "amount = 5"),
            ('stops = ["contact_made"]', 'stops = ["pigs_flew"]'),
            ('by = ["slot:scrutineer"]', 'by = ["slot:nobody"]'),
            (
                'label = "It stands"\nmeans = "stands"\nrule = "SHAPE-1"',
                'label = "It stands"\nmeans = "stands"',
            ),
            ('id = "category"\nlabel = "The category"', 'id = "category"\nlabel = "It"\nrule = "SHAPE-99"'),
        )
    )
    assert found[("protocol", "effective_from")] == "“soon” is not a date, such as 2022-07-01."
    assert found[("protocol", "nation")].startswith(
        "“narnia” is not known here. It is one of: england-and-wales"
    )
    assert found[("words", "colour")] == "3 is not text."
    assert found[("slot[proxy_officer]", "colour")] == "There is no such key here."
    assert found[("conference.quorum", "minimum")] == "True is not a whole number."
    assert found[("clock[from_minutes]", "after")].startswith("A clock needs an anchor")
    assert found[("clock[meeting_held]", "stops")] == "There is no event “pigs_flew” here."
    assert found[("review.tier[scrutiny]", "by")].startswith("No role is named for “slot:nobody”")
    assert found[("review.tier[scrutiny].outcome[stands]", "rule")].startswith("The citation is missing")
    assert found[("dissent.ground[category]", "rule")] == "There is no rule SHAPE-99 in the register."
    assert len(found) == 10


def test_what_the_types_cannot_say_is_reported_together_with_what_they_can():
    found = errors(
        changed(
            ('key = "proxy_officer"', 'key = "proxy_officer"\ncolour = "red"'),
            ("minimum = 3", 'minimum = "three"'),
            ('title = "Reviewer"', ""),
            ('next_tier = "scrutiny"', 'next_tier = "joint"'),
            ('unit = "clock_hours"', 'unit = "none"'),
            ('chained_to = "acknowledge"', 'chained_to = "further"'),
            ('name = "minutes_received"', 'name = "resolved"'),
            ("switchable = false", ""),
            ('who = "slot:board"', 'who = "slot:nobody"'),
            ('amount = 28\nunit = "calendar_days"\nstrength', 'amount = 28\nunit = "moons"\nstrength'),
            ('chair = "chair"', 'chair = ""'),
        )
    )
    assert set(found) == {
        ("slot[proxy_officer]", "colour"),
        ("conference.quorum", "minimum"),
        ("slot[reviewer]", "title"),
        ("review.tier[scrutiny].outcome[stands]", "id"),
        ("clock[safety]", "amount"),
        ("clock[further]", "chained_to"),
        ("fact[resolved]", "name"),
        ("review.tier[joint].gate[1]", "needs"),
        ("clock[from_minutes]", "after"),
        ("clock[minutes_sent]", "stops"),
        ("area[far-shapeland] with its overrides: dissent.window", "after"),
        ("safeguard[urgent_override]", "on"),
        ("tell[board_early]", "who"),
        ("clock[branch]", "unit"),
        ("words", "chair"),
    }


def test_a_part_that_is_missing_or_of_the_wrong_kind_is_said_once():
    assert set(errors(changed(("[conference.views_complete]", "[conference.views_completed]")))) == {
        ("conference", "views_complete"),
        ("conference", "views_completed"),
    }
    without = re.sub(r"\[\[?conference(?:.+\n)+", "", SHAPES)
    assert set(errors(without)) == {("", "conference")}
    assert (
        errors(changed(("[dissent.attendance]", "[dissent.attendances]")))[("dissent", "attendance")]
        == "This is missing."
    )
    assert set(errors(changed(("[[safeguard]]", "[safeguard]")))) == {("", "safeguard")}


CASES = [
    # what changes, the table and key that are named, and the sentence
    ("schema = 1", "schema = 2", "", "schema", "schema = 1"),
    ('number = "SHAPE-2"', 'number = "AFC-1"', "rule[2]", "number", "in the register already"),
    ('number = "SHAPE-2"', 'number = "SHAPE-2"\nodd = 1', "rule[2]", "odd", "no such key"),
    ('slug = "far-shapeland"', 'slug = "shapeland"', "area[shapeland]", "slug", "used twice"),
    ('partnership = "Shapeland Safeguarding Board"', "", "area[shapeland]", "partnership", "missing"),
    ('slug = "shapeland"', 'slug = "shapeland"\nodd = 1', "area[shapeland]", "odd", "no such key"),
    ('slug = "shapeland"', 'slug = "shapeland"\noverride = 1', "area[shapeland]", "override", "as a table"),
    ('chair = "convenor"', 'cheer = "convenor"', "area[far-shapeland].override.words", "cheer", "names nothing"),
    (
        'replaced, the others stay\nid = "acknowledge"',
        'replaced\nid = "nothing"',
        "area[far-shapeland].override.clock",
        "nothing",
        "no item of the list has this id",
    ),
    (
        'amount = 3\nunit = "calendar_days"',
        'amount = "3"\nunit = "calendar_days"',
        "area[far-shapeland] with its overrides: dissent.window",
        "amount",
        "not a whole number",
    ),
    ('register_or_plan = "register"', "", "words", "register_or_plan", "This word is missing"),
    ('name = "minutes_received"', 'name = "resolved"', "fact[resolved]", "name", "a common event already"),
    ('alias = "48 hours"', 'alias = "49 hours"', "clock[acknowledge]", "alias", "no unit alias"),
    ("amount = 2\nunit = \"working_days\"\nrule", "amount = 3\nunit = \"working_days\"\nrule", "clock[acknowledge]",
     "alias", "is 3 working_days in this text"),
    ("amount = 48\n", "", "clock[safety]", "amount", "at least 1"),
    ('unit = "clock_hours"', 'unit = "none"', "clock[safety]", "amount", "has no amount"),
    ('unit = "clock_hours"', 'unit = "fortnights"', "clock[safety]", "unit", "“fortnights” is not known"),
    ('unit = "clock_hours"', 'unit = "clock_hours"\nleast_of = ["agreed_date"]', "clock[safety]", "least_of", "amount"),
    ('unit = "clock_hours"', 'unit = "clock_hours"\nremind_before = [-1]', "clock[safety]", "remind_before", "0 or more"),
    ('amount = 5\nunit = "working_days"\nstrength = "should"\nholder = "slot:reviewer"',
     'unit = "none"\nstrength = "should"\nholder = "slot:reviewer"', "clock[resolve]", "outer", "a target with a number"),
    ('chained_to = "acknowledge"', 'chained_to = "further"', "clock[further]", "chained_to", "in a circle"),
    ('chained_to = "acknowledge"', 'chained_to = "nothing"', "clock[further]", "chained_to", "no clock “nothing”"),
    ('after = "dissent_recorded"\namount = 48', 'after = ""\namount = 48', "clock[safety]", "after", "anchor"),
    ('on_outcomes = ["to_scrutineer"]', 'on_outcomes = ["gold"]', "clock[branch]", "on_outcomes", "no outcome “gold”"),
    ('next_tier = "scrutiny"', 'next_tier = "joint"', "review.tier[scrutiny].outcome[stands]", "id",
     "cannot be reached"),
    ('next_tier = "scrutiny"', "", "review.tier[joint].outcome[to_scrutineer]", "next_tier", "names it"),
    ('means = "other"', 'means = "reconvened"', "review.tier[joint].outcome[course_of_action]", "book",
     'book = "reconvened_conference"'),
    ('id = "to_scrutineer"\nlabel', 'id = "stands"\nlabel', "review.tier[scrutiny].outcome[stands]", "id",
     "Tier joint has this outcome id too"),
    ('by = ["slot:scrutineer"]', "by = []", "review.tier[scrutiny]", "by", "Nobody is named"),
    ('who = "slot:board"', 'who = "the board"', "tell[board_early]", "who", "is no seat"),
    ('who = "slot:board"', 'who = "group:nobody"', "tell[board_early]", "who", "no group “nobody”"),
    ('who = "slot:board"', 'who = "line_manager:capacity:cat"', "tell[board_early]", "who", "is no seat"),
    ('who = "slot:board"', "who = 7", "tell[board_early]", "who", "7 is not text"),
    ('reason = "Tell everyone first."', "", "tell[all]", "reason", "holds up closing"),
    ('any_of = ["high"]', 'any_of = ["low"]', "clock[resolve_high].when", "any_of", "No such value of priority: low"),
    ('fact = "priority", any_of = ["high"]', 'fact = "mood", any_of = ["high"]', "clock[resolve_high].when", "fact",
     "no fact of the case “mood”"),
    ('needs = "approval"', 'needs = "luck"', "dissent.gate[1]", "needs", "nothing a gate can wait for"),
    ('mode = "open"\nrule', 'mode = "open"\naccepts = ["asleep"]\nrule', "dissent.attendance", "accepts", "asleep"),
    ('mode = "open"\nrule', 'mode = "required"\nrule', "dissent.attendance", "reason", "needs its sentence"),
    ('reason = "Closed at {closes_at}, after {days} days."', "", "dissent.window", "reason", "needs its sentence"),
    ("amount = 2\nunit = \"working_days\"\nreason", "amount = 2\nreason", "dissent.window", "amount", "or neither"),
    ("after {days} days", "after {eons} days", "dissent.window", "reason", "no placeholder {eons}"),
    ("after {days} days", "after {days days", "dissent.window", "reason", "not closed"),
    ("switchable = false", "", "safeguard[urgent_override]", "on", "can never be switched off"),
    ('id = "urgent_override"', 'id = "calm"', "safeguard", "urgent_override", "keeps the way open"),
    ("switchable = false", 'switchable = false\nmode = "block"', "safeguard[urgent_override]", "refusal", "its sentence"),
    ('text = "Always open."', 'text = "Always open."\nrule = "SHAPE-1"', "safeguard[urgent_override]", "rule",
     "cites no rule"),
    ('strength = "should"\nrule = "SHAPE-1"', 'rule = "SHAPE-1"', "conference.views_complete", "reason", "must be given"),
    ('opens_when_passed = "acknowledge"', 'opens_when_passed = ["x"]', "escalation.ladder[main].tier[managers]",
     "opens_when_passed", "is not text"),
    ('id = "talk"\n', 'id = "managers"\n', "escalation.ladder[main].tier", "managers", "stands twice"),
    ('route = "early_help"', 'route = "late_help"', "scope.exclusion[closed_case]", "route", "no route “late_help”"),
    ('not_when_inquorate = ["registered"]', 'not_when_inquorate = "registered"', "conference.quorum",
     "not_when_inquorate", "has to be a list"),
    ('[words]', '[[words]]', "", "words", "has to be a table"),
    ('by = ["capacity:minute_taker"]\nnever', 'also = ["SHAPE-9"]\nby = ["capacity:minute_taker"]\nnever',
     "conference.recorder", "also", "no rule SHAPE-9"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "table", "key", "words"), CASES)
def test_each_fault_is_named_by_table_and_key(old, new, table, key, words):
    found = errors(changed((old, new)))
    assert words in found[(table, key)]


@pytest.mark.parametrize(
    ("pattern", "table", "key"),
    [
        (r"\[\[conference.decision\]\]\n(?:.+\n)+", "conference", "decision"),
        (r"\[\[conference.basis\]\].*\n(?:.+\n)+", "conference", "basis"),
        (r"\[\[review.tier.outcome\]\]\nid = \"stands\"\n(?:.+\n)+", "review.tier[scrutiny]", "outcome"),
        (r"\[\[area\]\]\n(?:.+\n)+|\[.*area.override.*\n(?:.+\n)+", "area", ""),
        (r"\[words\]\n(?:.+\n)+", "words", ""),
    ],
)
def test_missing_parts_are_named(pattern, table, key):
    assert (table, key) in errors(re.sub(pattern, "", SHAPES))


def test_a_review_without_tiers_and_a_dissent_that_nobody_holds():
    without = re.sub(r"\[\[review\.(?:.+\n)+", "", SHAPES).replace('on_outcomes = ["to_scrutineer"]', "")
    assert "somebody has to hold" in errors(without)[("dissent", "holder_without_review")]
    assert (
        "at least one tier"
        in errors(without.replace("[meanwhile]", "[review]\n\n[meanwhile]"))[("review", "tier")]
    )
    held = without.replace(
        'begins = "recorded"', 'begins = "recorded"\nholder_without_review = "capacity:chair"'
    )
    assert load_text(held, "held").area("shapeland").review is None


def test_odd_tables_are_refused_without_a_traceback():
    found = errors(
        "schema = 1\nprotocol = 3\nwords = {}\nreview = 1\nescalation = 2\nconference = 3\ndissent = 4\narea = 5"
    )
    assert found[("protocol", "")] == "This has to be a table."
    assert found[("area", "")] == "Areas are written as [[area]]."
    assert (
        "holds for at least one area"
        in errors(
            SHAPES.replace("[[area]]", "[[other]]", 0)
            .replace(SHAPES[SHAPES.index("[[area]]") : SHAPES.index("[words]")], "")
            .replace("schema = 1", "schema = 1\narea = []")
        )[("area", "")]
    )
    assert errors("clock = 1")[("", "clock")] == "This has to be a list."
    assert errors("clock = [1]")[("clock[1]", "")] == "This has to be a table."


def test_what_is_no_toml_is_one_error_with_its_line():
    found = errors("schema = 1\nschema = = 2")
    assert "This is not TOML" in found[("", "")] and "line 2" in found[("", "")]
    assert "This is not TOML" in errors("[protocol]\neffective_from = 2026-02-30")[("", "")]


def test_a_file_that_cannot_be_read_is_an_error_line(tmp_path):
    with pytest.raises(ProtocolErrors, match=r"missing.toml: This file cannot be read: no such file"):
        load_file(tmp_path / "missing.toml")
    with pytest.raises(ProtocolErrors, match="cannot be read: is a directory"):
        load_file(tmp_path)
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ProtocolErrors, match="not UTF-8"):
        load_file(tmp_path / "bytes.toml")


def test_an_error_reads_as_one_line():
    with pytest.raises(ProtocolErrors) as caught:
        load_text(changed(("minimum = 3", 'minimum = "three"')), "try.toml")
    assert str(caught.value) == "try.toml: [conference.quorum] minimum: “three” is not a whole number."


def test_a_protocol_is_frozen_and_keeps_its_text_and_hash():
    protocol = load_text(SHAPES, "shapes")
    area = protocol.area("shapeland")
    with pytest.raises(FrozenInstanceError):
        area.slug = "other"
    with pytest.raises(TypeError):
        area.words["chair"] = "other"
    assert area.source_text == SHAPES and len(area.sha256) == 64
    assert protocol.slugs() == ("shapeland", "far-shapeland")
    assert not hasattr(area, "__dict__")
    with pytest.raises(UnknownPartnership, match="no partnership “elsewhere”"):
        protocol.area("elsewhere")


def test_the_version_in_force_is_chosen_by_the_day():
    old = load_text(SHAPES, "old")
    new = load_text(SHAPES.replace("effective_from = 2026-01-01", "effective_from = 2026-07-01"), "new")
    shelf = Library((new, old))
    assert shelf.on("shapeland", date(2026, 6, 30)).effective_from == date(2026, 1, 1)
    assert shelf.on("shapeland", date(2026, 7, 1)).effective_from == date(2026, 7, 1)
    assert shelf.on("shapeland", date(1999, 1, 1)).effective_from == date(2026, 1, 1)
    assert shelf.latest("shapeland").effective_from == date(2026, 7, 1)
    assert shelf.slugs() == ("shapeland", "far-shapeland")
    with pytest.raises(UnknownPartnership):
        shelf.on("elsewhere", date(2026, 7, 1))


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A data folder of our own, with the library and register read afresh."""
    for cached in (library, register):
        cached.cache_clear()
    monkeypatch.setattr("protocols.loader.files", lambda _: tmp_path)
    (tmp_path / "data" / "shapes").mkdir(parents=True)
    (tmp_path / "data" / "rules.toml").write_text("rule = []")
    yield tmp_path / "data"
    for cached in (library, register):
        cached.cache_clear()


def test_the_library_reads_every_file_and_reports_the_errors_of_all(shelf):
    (shelf / "shapes" / "2026-01-01.toml").write_text(SHAPES)
    (shelf / "shapes" / "notes.txt").write_text("not a protocol")
    assert library().slugs() == ("shapeland", "far-shapeland")
    library.cache_clear()
    (shelf / "shapes" / "2026-02-01.toml").write_text(SHAPES)
    (shelf / "shapes" / "2026-03-01.toml").write_text("schema = 3")
    with pytest.raises(ProtocolErrors) as caught:
        library()
    files = {error.file for error in caught.value.errors}
    assert files == {"shapes/2026-02-01.toml", "shapes/2026-03-01.toml"}
    assert "By what it says, this file is shapes/2026-01-01.toml." in str(caught.value)


def test_a_faulty_register_is_refused(shelf):
    (shelf / "rules.toml").write_text('[[rule]]\nnumber = "X-1"\nkind = ["WISH"]\n')
    with pytest.raises(ProtocolErrors, match="WISH"):
        register()
