"""Which verb is whose in which state: a table, written beside the code and not from it."""

from collections.abc import Callable
from typing import Any

import pytest

from core.refusals import Denied, Kind, allowed
from escalation import actions, permissions
from escalation.models import Escalation
from escalation.states import EscalationState, Side
from records import actions as records
from tests.builders import World
from tests.ladders import NEXT, Ladder

pytestmark = pytest.mark.django_db
S = EscalationState

PEOPLE = {
    "requester": "police",
    "ours": "sergeant",
    "theirs": "team_manager",
    "chair": "chair",
    "admin": "admin",
    "stranger": "charity",
}
# Per verb and state: who may. Everybody else, and every other state, is refused.
OURS = {"requester", "ours"}
MAY: dict[str, dict[str, set[str]]] = {
    "open_tier": {S.RAISED: {"requester"}, S.AT_TIER: {*OURS, "theirs"}, S.WITH_CHAIR: {"requester", "chair"}, S.AT_PARTNERSHIP: {"requester", "admin"}},
    "name_person": {S.AT_TIER: {*OURS, "theirs", "admin"}, S.WITH_CHAIR: {"requester", "chair", "admin"}, S.AT_PARTNERSHIP: {"requester", "admin"}},
    "record": {S.AT_TIER: {*OURS, "theirs"}, S.WITH_CHAIR: {"requester", "chair"}, S.AT_PARTNERSHIP: {"requester", "admin"}},
    "resolve": {S.RAISED: {"requester"}, S.AT_TIER: OURS, S.WITH_CHAIR: {"requester"}, S.AT_PARTNERSHIP: {"requester"}},
    "decide": {S.WITH_CHAIR: {"chair"}, S.AT_PARTNERSHIP: {"admin"}},
    "withdraw": {S.RAISED: {"requester"}, S.AT_TIER: {"requester"}, S.WITH_CHAIR: {"requester"}, S.AT_PARTNERSHIP: {"requester"}},
    "close": {S.RESOLVED: {*OURS, "admin"}, S.DECIDED: {"requester", "admin"}},
}  # fmt: skip


def check(verb: str) -> Callable[..., None]:
    return {
        "open_tier": permissions.check_open_tier,
        "name_person": permissions.check_name_person,
        "record": permissions.check_record,
        "resolve": lambda actor, row, area: permissions.check_resolve(actor, row),
        "decide": permissions.check_decide,
        "withdraw": lambda actor, row, area: permissions.check_withdraw(actor, row),
        "close": permissions.check_close,
    }[verb]


def in_state(up: Ladder, state: str) -> Escalation:
    if state == S.RAISED:
        return up.raised("process")  # this text has no ladder for it
    if state == S.AT_PARTNERSHIP:
        return up.at("need_appeal", "need_for_conference")
    if state == S.WITH_CHAIR:
        return up.at("plan_back_to_chair")
    if state == S.DECIDED:
        return up.answered(up.at("need_appeal", "need_for_conference"), "need_appeal_answer")
    escalation = up.raised()
    up.moved(escalation)
    if state == S.RESOLVED:
        return up.settled(escalation)
    if state == S.CLOSED:
        up.settled(escalation)
        actions.close(escalation_id=escalation.pk, by=up.actor("police"), now=NEXT)
    if state == S.WITHDRAWN:
        actions.withdraw(escalation_id=escalation.pk, by=up.actor("police"), reason="", now=NEXT)
    return up.fresh(escalation)


def test_every_verb_is_for_whom_the_table_says_in_every_state() -> None:
    up = Ladder(World("hampshire"))
    wrong = []
    for state in S.values:
        escalation = in_state(up, state)
        assert escalation.state == state
        for verb, may in MAY.items():
            for part, who in PEOPLE.items():
                want = part in may.get(state, set())
                try:
                    check(verb)(up.actor(who), escalation, up.area)
                    found = True
                except Denied as denied:
                    found = False
                    assert denied.reason.endswith(".") or denied.field, denied.reason
                if found != want:
                    wrong.append(f"{verb} in {state} by {part}: {'allowed' if found else 'refused'}")
    assert not wrong, "\n".join(wrong)


# What the step of a text asks for, and not each step: dates that people agree on, the authorities of a facility.
AT_SOME_STEPS = {
    "change_dates": permissions.check_change_dates,
    "name_authorities": permissions.check_name_authorities,
}


@pytest.mark.parametrize("verb", sorted(AT_SOME_STEPS))
def test_what_a_step_asks_for_is_given_by_both_sides_while_it_is_open_and_by_nobody_else(verb: str) -> None:
    up = Ladder(World("brighton-hove"))
    if verb == "name_authorities":
        agency = up.world.people["police"].agency
        agency.kind = "specialist_facility"
        agency.save(update_fields=["kind"])
    escalation = up.raised()
    for side, who in ((Side.OURS, "sergeant"), (Side.THEIRS, "team_manager")):
        person = actions.Named(side=side, membership_id=up.world.people[who].pk)
        actions.name_person(escalation_id=escalation.pk, by=up.actor("police"), person=person, now=NEXT)

    def may() -> set[str]:
        row = up.fresh(escalation)
        return {
            part for part, who in PEOPLE.items() if allowed(AT_SOME_STEPS[verb], up.actor(who), row, up.area)
        }

    assert may() == {*OURS, "theirs"}
    up.settled(escalation)
    assert may() == set()


def test_another_partnership_is_refused_every_verb() -> None:
    up, elsewhere = Ladder(World("hampshire")), World("portsmouth")
    escalation = up.raised()
    for verb in (*map(check, MAY), *AT_SOME_STEPS.values()):
        for who in ("police", "admin", "chair"):
            with pytest.raises(Denied):
                verb(elsewhere.actor(who), escalation, up.area)


def test_their_side_alone_never_says_that_it_is_settled() -> None:
    up = Ladder(World("brighton-hove"))
    escalation = up.raised()
    up.moved(escalation)
    with pytest.raises(Denied) as caught:
        actions.resolve(escalation_id=escalation.pk, by=up.actor("team_manager"), words="Done.", now=NEXT)
    assert caught.value.kind is Kind.NOT_YOURS


def test_what_was_settled_meanwhile_is_said_to_whoever_moves_it_on() -> None:
    up = Ladder(World("brighton-hove"))
    escalation = up.raised()
    step = up.step(escalation)
    up.settled(escalation)
    with pytest.raises(Denied, match="was settled on") as caught:
        actions.open_tier(escalation_id=escalation.pk, by=up.actor("police"), step=step, now=NEXT)
    assert caught.value.kind is Kind.CHANGED


def test_a_person_without_an_account_stands_at_a_step_and_is_told() -> None:
    up = Ladder(World("brighton-hove"))
    escalation = up.raised()
    gp = actions.Named(side=Side.OURS, name="Dr Moss Placeholder", email="moss@practice.example.org")
    up.moved(escalation, people=(gp,))
    row: Any = up.fresh(escalation).tiers.all()[1]
    (person,) = row.people.all()
    assert (person.participant.name, person.participant.membership) == ("Dr Moss Placeholder", None)
    guest = up.world.guest(person.participant, NEXT)
    assert permissions.at_step(guest, row, Side.OURS)
    actions.agree(
        escalation_id=escalation.pk, by=guest, what="A call.", owner="Dr Placeholder", due_on=None, now=NEXT
    )


def test_one_person_at_both_ends_is_refused_without_a_note() -> None:
    up = Ladder(World("brighton-hove"))
    escalation = up.raised()
    with pytest.raises(Denied, match="stands on both sides"):
        up.moved(escalation, ours="team_manager", theirs="team_manager")
    row = up.moved(
        escalation, ours="team_manager", theirs="team_manager", same_person_note="With the head of service."
    )
    assert row.same_person_note


def test_closing_with_something_agreed_still_to_do_warns_first() -> None:
    up = Ladder(World("brighton-hove"))
    escalation = up.raised()
    action = actions.agree(
        escalation_id=escalation.pk,
        by=up.actor("police"),
        what="A visit.",
        owner="Wanda Worker",
        due_on=None,
        now=NEXT,
    )
    up.settled(escalation)
    with pytest.raises(Denied, match="not done yet"):
        actions.close(escalation_id=escalation.pk, by=up.actor("police"), now=NEXT)
    records.settle_action(action_id=action.pk, by=up.actor("police"), done_on=NEXT.date(), now=NEXT)
    assert actions.close(escalation_id=escalation.pk, by=up.actor("police"), now=NEXT).state == S.CLOSED
