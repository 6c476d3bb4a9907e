"""The difference between two texts, in sentences and in values."""

import pytest

from protocols import library, load_text
from protocols.describe import sections
from protocols.difference import differences, value_changes
from protocols.loader import ProtocolErrors
from protocols.model import AreaProtocol


def changed(slug: str, *changes: tuple[str, str]) -> AreaProtocol:
    text = library().latest(slug).source_text
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return load_text(text, "changed").area(slug)


@pytest.mark.parametrize("slug", library().slugs())
def test_a_text_does_not_differ_from_itself(slug: str) -> None:
    area = library().latest(slug)
    assert differences(area, area) == () and value_changes(area, area) == ()


def test_a_changed_number_is_one_changed_sentence_with_the_number_marked() -> None:
    old = library().latest("camden")
    new = changed(
        "camden", ('after = "conference_ended"\namount = 10', 'after = "conference_ended"\namount = 7')
    )
    (section,) = differences(old, new)
    (change,) = section.changes
    assert (section.id, change.kind, change.citation) == ("clocks", "changed", "CAM-11")
    assert [words for words, marked in change.old_words if marked] == ["10"]
    assert [words for words, marked in change.new_words if marked] == ["7"]


def test_an_added_and_a_removed_rule_are_told_apart_from_a_changed_one() -> None:
    old = library().latest("camden")
    added = '[[guidance]]\nid = "new"\ntitle = "Bring water"\ntext = "It is a long day."\nrule = "CAM-4"\n\n[words]'
    new = changed("camden", ("[words]", added))
    (section,) = differences(old, new)
    assert [(change.kind, change.old) for change in section.changes] == [("added", None)]
    (back,) = differences(new, old)
    assert [(change.kind, change.new) for change in back.changes] == [("removed", None)]


def test_what_no_sentence_shows_is_found_among_the_values() -> None:
    text = library().latest("camden").source_text
    place = text.index("remind_before = [")
    line = text[place : text.index("\n", place)]
    new = load_text(text.replace(line, "remind_before = [9]", 1), "changed").area("camden")
    old = library().latest("camden")
    assert differences(old, new) == ()
    (value,) = value_changes(old, new)
    assert value.place.endswith("remind_before") and value.new == "9"


@pytest.mark.parametrize(("one", "two"), [("camden", "brighton-hove"), ("hampshire", "west-dunbartonshire")])
def test_every_sentence_of_two_different_texts_stands_once_in_their_difference(one: str, two: str) -> None:
    old, new = library().latest(one), library().latest(two)
    found = [change for section in differences(old, new) for change in section.changes]
    kept = {section.id: list(section.lines) for section in sections(new)}
    came = [change.new for change in found if change.new]
    same = sum(len(lines) for lines in kept.values()) - len(came)
    gone = [change.old for change in found if change.old]
    assert sum(len(section.lines) for section in sections(old)) - len(gone) == same


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("[words]", '[[link]]\nid = "bad"\nlabel = "Bad"\nurl = "javascript:alert(1)"\nrule = "CAM-1"\n\n[words]'), "An address begins with"),
        (("remind_before = [", "remind_before = [9999, "), "at most 20, in whole days"),
        (("[words]", '[[guidance]]\nid = "new"\ntitle = "x"\ntext = "{hours:>999999999}"\nrule = "CAM-4"\n\n[words]'), "and nothing else"),
        (("[words]", f'[[guidance]]\nid = "{"n" * 61}"\ntitle = "x"\ntext = "x"\nrule = "CAM-4"\n\n[words]'), "at most 60 are kept"),
    ],
)  # fmt: skip
def test_a_text_that_would_do_harm_is_refused(change: tuple[str, str], words: str) -> None:
    text = library().latest("camden").source_text.replace(change[0], change[1], 1)
    with pytest.raises(ProtocolErrors, match=words):
        load_text(text, "hostile")
