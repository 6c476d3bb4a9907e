"""One matter under one protocol after the other."""

import datetime as dt
from dataclasses import replace

import pytest

from protocols import AreaProtocol, library
from protocols.compare import Matter, answers, clocks_ahead
from protocols.holidays import calendar_for

ENDED = dt.datetime(2026, 3, 3, 12, tzinfo=dt.UTC)
NEXT_MORNING = dt.datetime(2026, 3, 4, 9, tzinfo=dt.UTC)
MATTER = Matter("police", {"conference_ended": ENDED}, presence="attended", expressed_at=NEXT_MORNING)


def said(slug: str, matter: Matter = MATTER) -> dict[str, list[str]]:
    area = library().latest(slug)
    return {
        question.id: [f"{line.text} [{line.citation}]" for line in question.lines]
        for question in answers(area, matter, calendar_for(area.nation))
    }


@pytest.mark.parametrize("slug", library().slugs())
@pytest.mark.parametrize("kind", ["conference_outcome", "plan_implementation", "referral_enquiry", "process"])
def test_every_protocol_answers_the_same_questions_without_a_placeholder(slug: str, kind: str) -> None:
    found = said(slug, replace(MATTER, kind=kind))
    expected = {"ladder", "refused"}
    if kind == "conference_outcome":
        expected |= {"raise", "decide", "outcomes", "told", "meanwhile"}
    assert set(found) == expected
    assert all(lines for lines in found.values())
    assert not any("{" in line for lines in found.values() for line in lines)


@pytest.mark.parametrize(
    ("slug", "answer"),
    [
        ("kingston-richmond", "No. The conference ended at Tuesday 3 March 2026 at 12:00."),
        ("camden", "No. The conference ended"),
        ("brighton-hove", "Yes. [SUS-20]"),
        ("west-dunbartonshire", "Yes. [WDC-11, our reading]"),
        ("hampshire", "Yes. [HIPS-9, our reading]"),
    ],
)
def test_a_dissent_of_the_next_morning_is_answered_differently(slug: str, answer: str) -> None:
    assert said(slug)["raise"][0].startswith(answer)


def test_a_refusal_names_the_way_instead() -> None:
    assert any(line.startswith("Instead: ") for line in said("kingston-richmond")["raise"])


def test_who_sent_a_report_only_is_refused_in_one_text_and_marked_in_another() -> None:
    report = replace(MATTER, presence="report_only", expressed_at=ENDED)
    assert "Sending a report is not attending" in said("kingston-richmond", report)["raise"][0]
    assert any(line.startswith("It would be marked: ") for line in said("camden", report)["raise"])


def test_a_subject_that_a_text_refuses_is_no_dissent_there_and_is_not_listed_twice() -> None:
    area = library().latest("camden")
    refused = area.dissent.subject_refusals[0]
    found = said("camden", replace(MATTER, subject=refused.id))
    assert found["raise"][0].startswith(f"No. {refused.reason}")
    assert not any(line.startswith(refused.reason) for line in found["refused"])


def test_without_a_moment_it_is_not_judged() -> None:
    assert "this is not judged" in said("brighton-hove", replace(MATTER, expressed_at=None))["raise"][0]


def test_where_nobody_reviews_nobody_decides_and_the_ladder_says_who_comes() -> None:
    found = said("hampshire")
    assert "Nobody reviews a dissent here" in found["decide"][0] and "HIPS-15" in found["decide"][0]
    assert found["outcomes"] == ["There is no decision on the dissent itself. []"]
    assert found["ladder"][0].startswith("1. ")


@pytest.mark.parametrize("slug", library().slugs())
def test_every_clock_is_either_started_or_ahead(slug: str) -> None:
    area: AreaProtocol = library().latest(slug)
    ahead = clocks_ahead(area, MATTER.events)
    assert len(ahead) == sum(clock.after != "conference_ended" for clock in area.clocks)
    assert len(clocks_ahead(area, {})) == len(area.clocks)
