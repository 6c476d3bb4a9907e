"""An invented protocol that uses all 37 shapes: the schema holds each, with no code for any one partnership."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from protocols import AreaProtocol, Protocol, describe, diagram, load_file, load_text
from protocols.holidays import calendar_for
from protocols.model import Condition
from protocols.timeline import clocks_for, read_given
from protocols.window import consider

SHAPES = Path(__file__).parent / "shapes.toml"


@pytest.fixture(scope="module")
def text() -> Protocol:
    return load_file(SHAPES)


@pytest.fixture(scope="module")
def shapes(text: Protocol) -> AreaProtocol:
    return text.area("shapeland")


def test_shapes_1_to_4_grounds_approval_record_only_and_the_chair_as_dissenter(shapes):
    dissent = shapes.dissent
    assert [ground.id for ground in dissent.grounds] == ["threshold", "category"]
    assert (dissent.gates[0].before, dissent.gates[0].needs) == ("submission", "approval")
    assert dissent.gates[0].held_by == ("line_manager:capacity:dissenter", "slot:reviewer")
    assert [(mode.id, mode.reviewed) for mode in dissent.modes] == [
        ("record_only", False),
        ("challenge", True),
    ]
    assert shapes.conference.basis("majority").when == Condition(fact="chair_dissents", any_of=("yes",))


def test_shapes_5_to_8_acknowledgement_alias_priority_and_several_clocks_in_a_stage(shapes):
    assert shapes.clock("acknowledge").purpose == "acknowledge"
    assert shapes.unit_aliases[0].words == shapes.clock("acknowledge").alias == "48 hours"
    assert shapes.clock("resolve_high").when == Condition(fact="priority", any_of=("high",))
    in_stage = [clock.id for clock in shapes.clocks if clock.tier == "joint"]
    assert in_stage == ["acknowledge", "resolve_high", "resolve", "further"]


def test_shapes_9_to_12_silence_meeting_formality_and_independence(shapes):
    talk, managers, board = shapes.escalation.ladders[0].tiers
    assert managers.opens_when_passed == "acknowledge"
    assert (shapes.meetings[0].clock, shapes.meetings[0].minutes_clock) == ("meeting_held", "minutes_sent")
    assert (talk.formality, managers.formality) == ("informal", "formal")
    assert shapes.tier("scrutiny").independence == "independent_scrutineer"
    assert board.independence == "independent_chair"


def test_shapes_13_to_16_forms_early_notice_proxy_and_all_attendees(shapes):
    _, managers, board = shapes.escalation.ladders[0].tiers
    assert (shapes.forms[0].after, shapes.forms[0].by) == ("dissent_recorded", "capacity:dissenter")
    assert (managers.tells, board.decided_by) == (("slot:board",), ("slot:board",))
    assert managers.proxies[0].for_agencies == ("general_practice", "voluntary")
    assert shapes.tells[0].who == "group:all_attendees"


def test_shapes_17_to_20_calendar_days_joint_review_themes_and_exclusions(shapes):
    clock = shapes.clock("from_meeting")
    assert (clock.amount, clock.unit, clock.after) == (28, "calendar_days", "conference_ended")
    assert shapes.tier("joint").jointly and shapes.tier("joint").by == ("slot:reviewer", "capacity:chair")
    assert [kind.child_required for kind in shapes.escalation.kinds] == [True, False]
    assert shapes.scope.exclusions[0].id == "looked_after"


def test_shapes_21_to_24_quorum_recorder_unborn_and_a_declared_fact(shapes):
    conference = shapes.conference
    assert conference.quorum.minimum == 3
    assert conference.recorder.never == ("capacity:chair",)
    assert conference.unborn.allowed
    assert "minutes_received" in shapes.events
    assert shapes.facts[0].recorded_by == ("capacity:dissenter",)
    assert shapes.clock("from_minutes").after == "minutes_received"
    assert shapes.tier("joint").gates[0].needs == "minutes_received"


def test_shapes_25_to_28_chains_words_outer_limits_and_changing_mode(shapes):
    assert shapes.clock("further").chained_to == "acknowledge"
    assert shapes.clock("further").holder != shapes.clock("acknowledge").holder
    assert shapes.clock("branch").on_outcomes == ("to_scrutineer",)
    assert shapes.clock("safety").words == shapes.clock("acknowledge").words
    assert shapes.clock("safety").unit != shapes.clock("acknowledge").unit
    assert shapes.clock("resolve").outer.amount == 10
    assert [mode.may_become for mode in shapes.dissent.modes] == [("challenge",), ("record_only",)]


def test_shapes_29_to_32_seats_by_fact_other_effects_and_a_quorum_that_remembers(shapes):
    joint = shapes.tier("joint")
    assert (joint.answered_by, joint.closed_by) == (("slot:reviewer",), ("slot:board",))
    assert joint.by_when[0].when.fact == "open_to_social_worker"
    assert shapes.ladder_for("police", "conference_outcome").when.any_of == ("no",)
    assert shapes.meanwhile.effect == "on_register_until_decided"
    assert not shapes.meanwhile.decision_stands
    assert shapes.conference.quorum.after_inquorate == 2
    assert shapes.conference.quorum.not_when_inquorate == ("registered",)


def test_shapes_33_to_37_groups_free_outcomes_meetings_families_and_redirects(shapes):
    assert shapes.tells[0].each_addressee
    outcome = shapes.outcome("course_of_action")
    assert (outcome.means, outcome.free_words, outcome.cannot_change_decision) == ("other", True, True)
    assert (shapes.meetings[0].chaired_by, shapes.meetings[0].questions[0].id) == ("slot:scrutineer", "safe")
    assert [raiser.by for raiser in shapes.dissent.raisers] == [
        ("capacity:parents",),
        ("line_manager:capacity:chair",),
    ]
    assert shapes.scope.exclusions[1].route == "early_help"


def test_an_area_replaces_a_value_a_table_and_one_item_of_a_list(text):
    base, far = text.area("shapeland"), text.area("far-shapeland")
    assert (base.word("chair"), far.word("chair")) == ("chair", "convenor")
    assert far.word("plan") == base.word("plan")
    assert (base.clock("acknowledge").amount, far.clock("acknowledge").amount) == (2, 3)
    assert [clock.id for clock in far.clocks] == [clock.id for clock in base.clocks]
    assert (far.dissent.window.after, far.dissent.window.unit) == ("minutes_received", "calendar_days")
    assert base.dissent.window.after == "conference_ended"


def test_a_chained_clock_begins_where_the_other_ends_and_a_target_has_its_outer_limit(shapes):
    given = read_given(shapes, {"dissent_recorded": "2026-02-02T10:00"})
    due = {result.id: result for result in clocks_for(shapes, given, calendar_for("northern-ireland"))}
    assert due["acknowledge"].due.day == date(2026, 2, 4)
    assert due["further"].due.day == date(2026, 2, 6)
    assert due["resolve"].due.day == date(2026, 2, 9)
    assert due["resolve"].due.outer_at == datetime(2026, 2, 16, 23, 59, 59, tzinfo=UTC)
    assert "The outer limit behind this target is Monday 16 February 2026" in "\n".join(
        due["resolve"].due.explanation()
    )
    assert due["safety"].due_iso == "2026-02-04T10:00:00+00:00"


def test_a_window_in_working_days_ends_with_the_day_and_takes_no_late_typing(shapes):
    ended = datetime(2026, 2, 2, 10, tzinfo=UTC)
    last = datetime(2026, 2, 4, 23, 59, 59, 500000, tzinfo=UTC)
    facts = {"events": {"conference_ended": ended}, "calendar": calendar_for("northern-ireland")}
    assert consider(shapes, expressed_at=last, **facts).refusal is None
    refusal = consider(shapes, expressed_at=last + timedelta(seconds=1), **facts).refusal
    assert refusal.reason == "Closed at Wednesday 4 February 2026 at 23:59:59, after 2 days."
    typed_late = consider(shapes, expressed_at=ended, recorded_at=last + timedelta(days=1), **facts)
    assert typed_late.refusal is not None


def test_everything_can_be_read_aloud_and_drawn(text):
    for area in text.areas:
        words = describe.as_text(area)
        for expected in (
            "Three agencies at least",
            "Where open_to_social_worker is no: decided by",
            "Resolution meeting, chaired by the Independent scrutineer",
            "Is the child safe tonight?",
            "fills in: Form 1",
            "May also be raised by: Parents. By their own form.",
            "Outer limit: 10 working days",
            "Only if: To the scrutineer",
            "Dated fact: Minutes were received, recorded by the dissenter.",
            "all who attended is told by a person",
            "The chair does not take the minutes.",
            "A child not yet born can be registered.",
            "after the end of “acknowledged”",
            "Told: the Safeguarding board.",
        ):
            assert expected in words
        assert diagram.mermaid(area).startswith("flowchart TD\n")


def test_a_chained_clock_waits_for_the_clock_before_it(text):
    moved = SHAPES.read_text().replace(
        'after = "dissent_recorded"\nchained_to', 'after = "conference_ended"\nchained_to'
    )
    area = load_text(moved, "moved").area("shapeland")
    given = read_given(area, {"conference_ended": "2026-02-02T10:00"})
    assert [result.id for result in clocks_for(area, given, calendar_for(area.nation))] == ["from_meeting"]


def test_a_smaller_text_is_read_aloud_and_drawn_too():
    """No scope, no reviewer and no sentence about it, a written view with no other way, a refusal without a route."""
    small = SHAPES.read_text()
    for pattern in (r"\[\[?scope(?:.+\n)+", r"\[\[?review\.(?:.+\n)+", r'on_outcomes = \["to_scrutineer"\]'):
        small = re.sub(pattern, "", small)
    small = small.replace(
        'begins = "recorded"', 'begins = "recorded"\nholder_without_review = "capacity:chair"'
    )
    small += """
[[dissent.ground_refusal]]
id = "category"
reason = "Not the category."
rule = "SHAPE-1"

[dissent.written_view]
label = "View"
text = "Write it."
clock = "from_meeting"
to = "slot:reviewer"
rule = "SHAPE-1"
"""
    area = load_text(small, "small").area("shapeland")
    assert area.scope is None and area.review is None
    assert area.dissent.written_view.required_outcome_sought is None
    assert "View, to the Reviewer. Write it." in describe.as_text(area)
    assert "review" not in [section.id for section in describe.sections(area)]
    assert "route_category" not in diagram.mermaid(area)
    assert "mode_challenge -->" in diagram.mermaid(area)
