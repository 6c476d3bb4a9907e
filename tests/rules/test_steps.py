"""What a step of a ladder needs, who stands there by a post of each agency, and the dates that people agree on."""

import datetime as dt
from typing import Any

import pytest

from audit.models import AuditEvent
from cases.models import Participant
from cases.states import Capacity
from core.clock import london
from core.refusals import Kind
from deadlines.actions import sweep
from deadlines.models import Deadline
from dissent import actions as dissents
from dissent.states import DissentState
from escalation import actions, policies
from escalation.actions import Step
from escalation.models import DatesChanged, Escalation
from escalation.selectors import Page
from escalation.states import Entered, EscalationState, Side
from partnerships import actions as partnerships
from partnerships.models import AgencyPost
from partnerships.states import AgencyKind
from records import actions as records
from tests.builders import LATER, START, World, at
from tests.ladders import NEXT, RAISED, Ladder
from tests.rules.expect import mailed, not_theirs, refused

pytestmark = pytest.mark.django_db
PASSED = at("2026-03-16", "10:00")  # after every first clock of the ladders raised on 4 March


def ladder(slug: str) -> Ladder:
    return Ladder(World(slug))


def fill(up: Ladder, key: str, kind: AgencyKind, *, who: str = "", **typed: Any) -> AgencyPost | None:
    given = {"membership_id": up.world.people[who].pk} if who else typed
    return partnerships.fill_agency_post(
        partnership_id=up.world.partnership.pk, key=key, agency_id=up.world.agencies[kind].pk,
        by=up.actor("admin"), now=LATER, **{"starts_on": START, **given},
    )  # fmt: skip


def at_step(up: Ladder, escalation: Escalation) -> dict[str, str]:
    row = policies.open_tier(up.fresh(escalation))
    assert row is not None
    return {p.side: actions.name_of(p.participant) for p in row.people.all() if p.removed_at is None}


def to_representative(up: Ladder, **step: Any) -> Escalation:
    dissent = up.world.dissent_at(DissentState.UNDER_REVIEW)
    up.world.answer(dissent, "not_upheld")
    return dissents.take_further(
        dissent_id=dissent.pk, by=up.actor("police"), route="partnership_representative", unresolved="The risk.",
        step=Step(way="", unresolved="The risk.", **step), now=NEXT,
    )  # fmt: skip


# --- who stands there by a post of each agency -----------------------------------------------------------------------


def test_CAM_17_the_agencys_nominated_representative_is_named_and_told_and_brings_it_to_the_partnership() -> (
    None
):
    up = ladder("camden")
    fill(up, "partnership_representative", AgencyKind.POLICE, who="inspector")
    fill(up, "partnership_representative", AgencyKind.HEALTH, who="nurse")
    escalation = to_representative(up)
    assert at_step(up, escalation) == {Side.OURS: "Ines Inspector"}
    assert mailed("escalation_named", now=NEXT) == {"inspector"}
    up.moved(escalation, who="inspector")
    assert at_step(up, escalation)[Side.OURS] == "Ines Inspector", "whoever supports it comes along"
    assert Participant.objects.get(case=escalation.case, capacity=Capacity.REPRESENTATIVE).membership_id == (
        up.world.people["inspector"].pk
    )


def test_CAM_17_a_representative_without_an_account_is_named_by_address() -> None:
    up = ladder("camden")
    fill(up, "partnership_representative", AgencyKind.POLICE, name="Rae Rep", email="rae@police.example.org")
    escalation = to_representative(up)
    assert at_step(up, escalation) == {Side.OURS: "Rae Rep"}
    assert mailed("escalation_named", now=NEXT) == {"rae"}


def test_CAM_17_somebody_else_can_be_named_and_who_has_left_the_post_is_not() -> None:
    up = ladder("camden")
    fill(up, "partnership_representative", AgencyKind.POLICE, who="inspector")
    other = actions.Named(side=Side.OURS, membership_id=up.world.people["sergeant"].pk)
    assert at_step(up, to_representative(up, people=(other,))) == {Side.OURS: "Silas Sergeant"}

    up = ladder("west-dunbartonshire")
    fill(up, "team_leader", AgencyKind.SOCIAL_CARE, who="team_manager")
    partnerships.end_person(
        membership_id=up.world.people["team_manager"].pk, ends_on=LATER.date(), by=up.actor("admin"), now=LATER
    )  # fmt: skip
    assert AgencyPost.objects.get(partnership=up.world.partnership).ends_on == LATER.date()
    escalation = up.raised(who="worker")
    up.moved(escalation, who="worker", ours="")
    assert Side.OURS not in at_step(up, escalation)


def test_WDC_19_the_team_leader_of_the_agency_is_named_at_their_step() -> None:
    up = ladder("west-dunbartonshire")
    fill(up, "team_leader", AgencyKind.SOCIAL_CARE, who="team_manager")
    escalation = up.raised(who="worker")
    up.moved(escalation, who="worker", ours="")
    assert at_step(up, escalation) == {Side.OURS: "Tariq Team"}


def test_SUS_34_the_leads_whom_the_agencies_have_entered_are_there_without_being_typed() -> None:
    up = ladder("brighton-hove")
    escalation = up.at("senior_managers")
    with refused("SUS-34", says="a safeguarding lead for each agency"):
        up.moved(escalation, ours="", theirs="")
    fill(up, "professional_lead", AgencyKind.POLICE, who="inspector")
    with refused("SUS-34", says="a safeguarding lead for each agency"):
        up.moved(escalation, ours="", theirs="")
    fill(up, "professional_lead", AgencyKind.SOCIAL_CARE, who="team_manager")
    up.moved(escalation, ours="", theirs="")
    there = at_step(up, escalation)
    assert (there[Side.OURS], there[Side.THEIRS]) == ("Ines Inspector", "Tariq Team")


def test_a_post_of_an_agency_is_filled_by_its_own_people_and_one_after_the_other() -> None:
    up = ladder("camden")
    key = "partnership_representative"
    first = fill(up, key, AgencyKind.POLICE, who="inspector")
    assert first is not None
    with refused("", says="Select somebody of this agency"):
        fill(up, key, AgencyKind.HEALTH, who="inspector")
    with refused("", says="must be after"):
        fill(up, key, AgencyKind.POLICE, who="sergeant")
    with refused("", says="so that they can be told"):
        fill(up, key, AgencyKind.HEALTH, name="Rae Rep")
    second = fill(
        up, key, AgencyKind.POLICE, email="SERGEANT@camden.example.org", name="S", starts_on=NEXT.date()
    )
    first.refresh_from_db()
    assert first.ends_on == LATER.date() and second is not None
    assert second.membership == up.world.people["sergeant"], "known by the address, however it is spelt"
    assert fill(up, key, AgencyKind.POLICE, starts_on=NEXT.date() + dt.timedelta(days=2)) is None
    assert not AgencyPost.objects.filter(ends_on__isnull=True).exists()
    with not_theirs("", says="partnership admin"):
        partnerships.fill_agency_post(
            partnership_id=up.world.partnership.pk, key=key, agency_id=up.world.agencies["police"].pk,
            by=up.actor("police"), starts_on=NEXT.date(), now=NEXT, membership_id=up.world.people["sergeant"].pk,
        )  # fmt: skip


# --- what the first step wants --------------------------------------------------------------------------------------


def facility(up: Ladder) -> None:
    agency = up.world.people["health"].agency
    agency.kind = AgencyKind.SPECIALIST_FACILITY
    agency.save(update_fields=["kind"])


def test_SUS_37_both_authorities_are_entered_as_the_difference_is_raised() -> None:
    up = ladder("brighton-hove")
    facility(up)
    needs = Step(way="", authority_responsible="Invented Council", authority_of_place="Other Council")
    escalation = up.raised(who="health", needs=needs)
    assert (escalation.authority_responsible, escalation.authority_of_place) == (
        "Invented Council",
        "Other Council",
    )
    row = policies.open_tier(escalation)
    assert row is not None and row.marks == []


def test_SUS_37_raised_without_them_it_is_marked_and_they_can_be_entered_at_the_step() -> None:
    up = ladder("brighton-hove")
    facility(up)
    escalation = up.raised(who="health")
    row = policies.open_tier(escalation)
    assert row is not None and row.marks == ["SUS-37"], "it should be there, and never blocks"
    page = Page(escalation, up.area, up.actor("health"), NEXT, [])
    asked = "Enter the authority responsible"
    assert [item["rule"] for item in page.todo() if item["text"].startswith(asked)] == ["SUS-37"]
    given: dict[str, Any] = {"escalation_id": escalation.pk, "responsible": "Invented Council", "now": NEXT}
    with refused("", says="Enter both authorities"):
        actions.name_authorities(by=up.actor("health"), of_place=" ", **given)
    with not_theirs("", says="take part in this step"):
        actions.name_authorities(by=up.actor("school"), of_place="Other Council", **given)
    actions.name_authorities(by=up.actor("health"), of_place="Other Council", **given)
    page = Page(up.fresh(escalation), up.area, up.actor("health"), NEXT, [])
    assert not any(item["text"].startswith(asked) for item in page.todo())
    other = up.raised()
    with refused("SUS-6", says="asks for no authorities"):
        actions.name_authorities(
            escalation_id=other.pk, by=up.actor("police"), responsible="A", of_place="B", now=NEXT
        )


# --- the dates that people agree on ----------------------------------------------------------------------------------


def due(escalation: Escalation) -> str:
    row = Deadline.objects.get(case=escalation.case, state="open")
    assert row.due_at is not None
    return f"{london(row.due_at):%a %d %b}"


def changed(
    up: Ladder, escalation: Escalation, *, who: str = "police", now: dt.datetime = NEXT, **dates: Any
) -> DatesChanged:
    given = {"agreed_date": None, "protect_by_date": None, "reason": "We meet earlier.", **dates}
    return actions.change_dates(escalation_id=escalation.pk, by=up.actor(who, now), now=now, **given)


def test_SUS_6_those_who_take_part_agree_on_another_date_and_the_earliest_still_holds() -> None:
    up = ladder("brighton-hove")
    escalation = up.raised()
    assert due(escalation) == "Wed 11 Mar"
    changed(up, escalation, agreed_date=dt.date(2026, 3, 9))
    assert due(escalation) == "Mon 09 Mar"
    assert mailed("clock_agreed", now=NEXT) == {"police"}
    changed(up, escalation, agreed_date=dt.date(2026, 3, 20), reason="The other is ill.")
    assert due(escalation) == "Wed 11 Mar", "an agreed date never lengthens the limit"
    changed(up, escalation, agreed_date=dt.date(2026, 3, 20), protect_by_date=dt.date(2026, 3, 6))
    assert due(escalation) == "Fri 06 Mar"
    rows = list(DatesChanged.objects.order_by("pk"))
    assert [(r.agreed_was, r.agreed_is) for r in rows][:2] == [
        (None, dt.date(2026, 3, 9)), (dt.date(2026, 3, 9), dt.date(2026, 3, 20)),
    ]  # fmt: skip
    assert rows[1].reason == "The other is ill." and rows[2].protect_by_is == dt.date(2026, 3, 6)
    assert AuditEvent.objects.filter(type="escalation.dates_changed", rule="SUS-6").count() == 3
    assert AuditEvent.objects.filter(type="clock.agreed").count() == 3


def test_SUS_10_the_second_clock_looks_at_the_childs_safety_and_at_no_agreed_date() -> None:
    up = ladder("brighton-hove")
    escalation = up.at("first_line_managers")
    assert due(escalation) == "Thu 12 Mar"
    changed(
        up,
        escalation,
        who="team_manager",
        agreed_date=dt.date(2026, 3, 6),
        protect_by_date=dt.date(2026, 3, 10),
    )
    assert due(escalation) == "Tue 10 Mar"
    assert up.fresh(escalation).agreed_date is None


def test_SUS_6_a_date_is_not_changed_without_a_reason_by_strangers_into_nothing_or_where_there_is_none() -> (
    None
):
    up = ladder("brighton-hove")
    escalation = up.raised()
    day = dt.date(2026, 3, 9)
    with refused("", says="Enter why the date changes"):
        changed(up, escalation, agreed_date=day, reason=" ")
    with refused("", says="recorded already"):
        changed(up, escalation)
    with refused("", says="on or after the day it was raised"):
        changed(up, escalation, agreed_date=dt.date(2026, 3, 3))
    with not_theirs("", says="take part in this step"):
        changed(up, escalation, who="school", agreed_date=day)
    up.moved(escalation)
    up.moved(escalation, theirs="team_manager")
    with refused("SUS-10", says="No date is agreed at this step"):
        changed(up, escalation, protect_by_date=day)


# --- a date that has passed ------------------------------------------------------------------------------------------


def test_SUS_6_leaving_a_step_after_its_date_asks_for_a_reason_and_nothing_is_decided_by_it() -> None:
    up = ladder("brighton-hove")
    escalation = up.raised()
    sweep(now=PASSED)
    assert up.fresh(escalation).state == EscalationState.AT_TIER, "a date decides nothing"
    with refused("SUS-6", says="Enter why it took longer"):
        up.moved(escalation, now=PASSED)
    with refused("SUS-6", says="Enter why it took longer"):
        up.settled(escalation, now=PASSED)
    row = up.moved(escalation, now=PASSED, late_reason="Nobody could meet.")
    clock = Deadline.objects.get(case=escalation.case, clock_id="discussion")
    assert (clock.late_reason, clock.state, clock.breached_at) == ("Nobody could meet.", "met", clock.due_at)
    assert row.tier == "first_line_managers"
    page = Page(up.fresh(escalation), up.area, up.actor("police"), PASSED, [])
    assert page.past()[0]["late_reason"] == "Nobody could meet."


def test_SUS_36_a_child_at_risk_and_a_withdrawal_need_no_reason_for_a_date_that_passed() -> None:
    up = ladder("brighton-hove")
    escalation, other = up.raised(), up.raised()
    urgent = next(w for w in policies.urgent_ways(escalation, up.area) if w.entered == Entered.URGENT)
    actions.open_tier(
        escalation_id=escalation.pk, by=up.actor("police", PASSED), step=Step(way=urgent.key), now=PASSED
    )
    done = actions.withdraw(escalation_id=other.pk, by=up.actor("police", PASSED), reason="", now=PASSED)
    assert done.state == EscalationState.WITHDRAWN


def test_HIPS_17_without_delay_is_never_late_so_no_reason_is_asked() -> None:
    up = ladder("hampshire")
    escalation = up.raised()
    up.met(escalation, now=PASSED)
    assert up.moved(escalation, now=PASSED).tier == "plan_up_the_line"


# --- what was agreed -------------------------------------------------------------------------------------------------


def test_HIPS_5_what_is_agreed_at_a_step_stands_in_the_list_of_whoever_does_it() -> None:
    up = ladder("hampshire")
    escalation = up.raised()
    up.moved(escalation)
    action = actions.agree(
        escalation_id=escalation.pk, by=up.actor("police"), what="A visit.", owner="tariq team",
        due_on=dt.date(2026, 3, 12), now=NEXT,
    )  # fmt: skip
    assert action.owned_by == up.world.people["team_manager"]
    page = Page(up.fresh(escalation), up.area, up.actor("team_manager"), NEXT, [])
    assert any("You agreed to do this, by Thursday 12 March 2026: A visit." in i["text"] for i in page.todo())
    with refused("", says="on or after the day this step was opened"):
        actions.agree(
            escalation_id=escalation.pk, by=up.actor("police"), what="B.", owner="X", due_on=dt.date(2026, 3, 1), now=NEXT
        )  # fmt: skip
    with not_theirs("", says="take part in the case"):
        records.settle_action(action_id=action.pk, by=up.actor("school"), done_on=NEXT.date(), now=NEXT)
    with refused("", says="Enter why it was not done"):
        records.settle_action(action_id=action.pk, by=up.actor("police"), done_on=None, now=NEXT)
    records.settle_action(
        action_id=action.pk,
        by=up.actor("team_manager"),
        done_on=None,
        not_done_reason="They moved.",
        now=NEXT,
    )
    page = Page(up.fresh(escalation), up.area, up.actor("team_manager"), NEXT, [])
    assert not any("You agreed" in item["text"] for item in page.todo())
    with refused("", says="answered already", kind=Kind.CHANGED):
        records.settle_action(action_id=action.pk, by=up.actor("police"), done_on=NEXT.date(), now=NEXT)


@pytest.mark.parametrize(("slug", "rule"), [("brighton-hove", "SUS-12"), ("hampshire", "HIPS-5")])
def test_SUS_12_and_HIPS_5_each_side_is_asked_for_its_own_record_until_it_has_one(
    slug: str, rule: str
) -> None:
    up = ladder(slug)
    escalation = up.raised()
    if slug == "hampshire":
        up.moved(escalation)

    def asked(who: str) -> bool:
        page = Page(up.fresh(escalation), up.area, up.actor(who), NEXT, [])
        return any("own record" in item["text"] and item["rule"] == rule for item in page.todo())

    assert asked("police") and not asked("admin")
    record = up.world.discussion(escalation.case)
    assert record.approved_at is not None and not asked("police")
    up.moved(escalation, theirs="team_manager")
    assert asked("team_manager"), "the other side has none yet"
    records.made_own_record(
        case_id=escalation.case_id, by=up.actor("team_manager"), made_on=RAISED.date(), now=NEXT
    )
    assert not asked("team_manager")
