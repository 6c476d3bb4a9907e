"""The protocol read aloud and drawn."""

import pytest

from protocols import EVENTS, library
from protocols.describe import EVENT_WORDS, as_text, clock_sentence, event_words, seat_words, sections
from protocols.diagram import mermaid
from protocols.durations import Duration

SLUGS = library().slugs()


@pytest.mark.parametrize("slug", SLUGS)
def test_every_sentence_is_cited_or_labelled_and_ends(slug):
    for section in sections(library().latest(slug)):
        assert section.title and section.lines
        for line in section.lines:
            assert line.citation or line.basis == "rule"
            assert "{" not in line.text or section.id not in ("refusals", "about")
            assert "  " not in line.text and line.text == line.text.strip()


@pytest.mark.parametrize("slug", SLUGS)
def test_every_rule_of_a_text_can_be_read_in_its_pages(slug):
    area = library().latest(slug)
    prefix = next(iter(area.clocks)).rule.split("-")[0]
    shown = {rule for section in sections(area) for line in section.lines for rule in line.rules}
    regional = {"AFC-8", "AFC-9", "AFC-11", "SUS-31"}  # one of these stands in each area, not all in both
    assert {number for number in area.register if number.startswith(f"{prefix}-")} - shown <= regional


def test_every_event_has_its_words():
    assert set(EVENT_WORDS) == set(EVENTS)


def test_sections_come_in_reading_order():
    names = [section.id for section in sections(library().latest("camden"))]
    assert names == [
        "about", "who", "conference", "dissent", "told", "review", "clocks", "duties", "meanwhile",
        "escalation", "complaints", "refusals", "safeguards", "guidance", "links",
    ]  # fmt: skip
    assert "complaints" not in [section.id for section in sections(library().latest("hampshire"))]


def test_a_reading_and_a_safeguard_say_so():
    text = as_text(library().latest("camden"))
    assert "[CAM-14, our reading]" in text
    assert "[not in the protocol: a safeguard of this service]" in text
    assert text.startswith("Camden Safeguarding Children Partnership: ")


def test_hips_reads_without_a_review_and_without_a_date():
    text = as_text(library().latest("southampton"))
    assert "No time limit here has a number, so nothing is ever overdue." in text
    assert "Nobody reviews a dissent here" in text


def test_seats_events_and_clocks_in_words():
    sussex, wdc, hips = (
        library().latest(slug) for slug in ("east-sussex", "west-dunbartonshire", "hampshire")
    )
    assert seat_words(sussex, "line_manager:capacity:chair") == (
        "the line manager of the child protection reviewing officer"
    )
    assert seat_words(sussex, "slot:professional_lead") == "the agency's Professional lead for safeguarding"
    assert seat_words(wdc, "capacity:reviewer") == "the Head of Service"
    assert seat_words(hips, "capacity:dissenter") == "the dissenter"
    assert seat_words(wdc, "slot:unknown") == "the unknown"
    assert event_words(wdc, "reviewer_notified") == "the reviewer is told"
    assert clock_sentence(wdc, wdc.clock("review")).startswith(
        "Full review completed: the Head of Service (Children's Services, Care and Criminal Justice), within "
        "14 calendar days after the reviewer is told. Strength: must."
    )
    assert "or by an earlier date that is set" in clock_sentence(sussex, sussex.clock("discussion"))
    assert "(“immediately”); no fixed limit" in clock_sentence(sussex, sussex.clock("tell_line_manager"))
    assert (
        str(Duration(1, "working_days")) == "1 working day"
        and str(Duration(None, "none")) == "no fixed limit"
    )


@pytest.mark.parametrize("slug", SLUGS)
def test_a_diagram_names_each_node_that_it_joins(slug):
    text = mermaid(library().latest(slug))
    assert text.startswith("flowchart TD\n") and text.count('"') % 2 == 0
    for outcome in (o for tier in getattr(library().latest(slug).review, "tiers", ()) for o in tier.outcomes):
        assert outcome.label in text


def test_the_diagrams_show_what_is_special():
    assert "SUS-27" in mermaid(library().latest("east-sussex"))
    assert "Early review conference" in mermaid(library().latest("kingston-richmond"))
    assert "Acknowledged and passed on<br>1 working day<br>WDC-12" in mermaid(
        library().latest("west-dunbartonshire")
    )
    hips = mermaid(library().latest("portsmouth"))
    assert "Appeal through the partnership" in hips and "ecides" not in hips and "pheld" not in hips
    assert "outcome_upheld --> tier_head_of_service" in mermaid(library().latest("camden"))
