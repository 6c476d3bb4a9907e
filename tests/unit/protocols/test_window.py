"""Who may still dissent, and when: each text's own window, to the second."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from protocols import library
from protocols.holidays import calendar_for
from protocols.window import closing, consider, may_raise

ENDED = datetime(2026, 3, 27, 15, 42, tzinfo=ZoneInfo("Europe/London"))
SECOND = timedelta(seconds=1)


def ask(slug, after=timedelta(), ended=ENDED, **more):
    area = library().latest(slug)
    return consider(
        area,
        expressed_at=ENDED.astimezone(UTC) + after,
        events={"conference_ended": ended} if ended else {},
        calendar=calendar_for(area.nation),
        **more,
    )


def test_AFC_14_only_within_the_conference():
    assert ask("kingston-richmond").refusal is None
    assert ask("kingston-richmond", ended=None).refusal is None
    refusal = ask("windsor-maidenhead", SECOND).refusal
    assert refusal.rule == "AFC-14" and refusal.route == "escalation"
    assert refusal.reason.startswith("The conference ended at Friday 27 March 2026 at 15:42.")


@pytest.mark.parametrize("presence", ["attended", "remote", "left_early"])
def test_AFC_14_whoever_took_part_may(presence):
    assert ask("kingston-richmond", presence=presence).refusal is None


@pytest.mark.parametrize("presence", ["absent", "invited", "report_only", "not_listed"])
def test_AFC_14_whoever_did_not_take_part_may_not(presence):
    refusal = ask("kingston-richmond", presence=presence, name="Tess Obvious").refusal
    assert (refusal.rule, refusal.route) == ("AFC-14", "escalation")
    assert "{" not in refusal.reason


def test_AFC_14_nobody_for_an_absent_colleague():
    assert ask("kingston-richmond", on_behalf=True).refusal.id == "on_behalf"
    assert ask("camden", on_behalf=True).refusal is None


def test_AFC_14_typed_up_later_is_taken_and_marked():
    ruling = ask("kingston-richmond", -timedelta(minutes=5), recorded_at=ENDED + timedelta(hours=2))
    assert ruling.refusal is None
    assert [mark.id for mark in ruling.marks] == ["late_entry"]
    assert ask("kingston-richmond", recorded_at=ENDED).marks == ()


def test_SUS_20_exactly_72_hours_is_in_and_a_second_more_is_out():
    assert ask("east-sussex", timedelta(hours=72)).refusal is None
    refusal = ask("east-sussex", timedelta(hours=72) + SECOND).refusal
    assert (refusal.rule, refusal.route) == ("SUS-20", "escalation")
    assert "until Monday 30 March 2026 at 16:42, 72 hours later" in refusal.reason, "the clocks went forward"


def test_SUS_20_on_the_list_is_enough_and_not_attending_is_marked():
    for presence in ("invited", "absent", "report_only"):
        ruling = ask("west-sussex", presence=presence, name="Tess Obvious")
        assert ruling.refusal is None
        assert ruling.marks[0].text.startswith("Tess Obvious is not recorded as having attended.")
    refusal = ask("west-sussex", presence="not_listed", name="Tess Obvious").refusal
    assert refusal.id == "not_listed" and refusal.reason.startswith("Tess Obvious is not on the list")


def test_CAM_6_later_entry_by_the_chair_alone_marked_outside_the_text():
    assert ask("camden").refusal is None
    refusal = ask("camden", SECOND).refusal
    assert (refusal.rule, refusal.basis) == ("CAM-6", "reading")
    assert ask("camden", SECOND, recorded_by="capacity:dissenter").refusal is not None
    ruling = ask("camden", timedelta(days=2), recorded_by="capacity:chair")
    assert ruling.refusal is None
    assert [mark.id for mark in ruling.marks] == ["outside_the_text"]
    assert ask("camden", presence="not_listed").marks[0].id == "not_attended"


@pytest.mark.parametrize(("slug", "rule"), [("west-dunbartonshire", "WDC-11"), ("southampton", "HIPS-9")])
def test_WDC_11_and_HIPS_9_have_no_limit(slug, rule):
    assert ask(slug, timedelta(days=400), presence="not_listed").refusal is None
    window = library().latest(slug).dissent.window
    assert window.rule == rule and window.closes is None
    assert closing(window, {"conference_ended": ENDED}, calendar_for("scotland")) is None


def test_AFC_14_counts_elapsed_time_in_the_hour_that_happens_twice():
    london = ZoneInfo("Europe/London")
    ended = datetime(2026, 10, 25, 1, 30, tzinfo=london)  # the first half past one
    area = library().latest("kingston-richmond")
    again = datetime(
        2026, 10, 25, 1, 15, fold=1, tzinfo=london
    )  # 45 minutes later, though the clock shows less
    facts = {"events": {"conference_ended": ended}, "calendar": calendar_for(area.nation)}
    assert may_raise(area, expressed_at=again, **facts).rule == "AFC-14"
    assert may_raise(area, expressed_at=again.replace(fold=0), **facts) is None


def test_may_raise_is_the_refusal_alone():
    area = library().latest("brighton-hove")
    facts = {"events": {"conference_ended": ENDED}, "calendar": calendar_for(area.nation)}
    assert may_raise(area, expressed_at=ENDED, **facts) is None
    assert may_raise(area, expressed_at=ENDED.astimezone(UTC) + timedelta(hours=73), **facts).rule == "SUS-20"
    assert str(area.dissent.window.closes) == "72 hours"
    assert library().latest("camden").dissent.window.closes == "conference_ended"
