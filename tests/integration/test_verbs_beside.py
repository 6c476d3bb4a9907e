"""Every verb of a request for a conference and of a complaint, in every state, by every person: listed, or refused.

As in test_verbs.py: each try in a savepoint that is rolled back; whoever is not named with a verb must be refused.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django_fsm import TransitionNotAllowed

from complaints import actions as complaints
from complaints.states import ComplaintState
from convening import actions as convenings
from convening.models import ConveneRequest
from convening.states import ConveneState
from core.actor import Actor, clock_actor
from core.refusals import Denied
from tests.builders import LATER, World
from tests.integration.test_verbs import public_verbs

pytestmark = pytest.mark.django_db
SOON = LATER + dt.timedelta(days=10)
PEOPLE = ("police", "health", "manager", "second", "admin", "chair", "reviewer")
STRANGERS = ("police", "manager", "second", "admin")

Verb = Callable[[World, int, Actor], object]

REQUEST: dict[str, Verb] = {
    "answer": lambda w, pk, by: convenings.answer(
        convening_id=pk, by=by, outcome="not_convene", reply="No.", reasons="R.", now=LATER
    ),
    "ask_last_resort": lambda w, pk, by: convenings.ask_last_resort(convening_id=pk, by=by, now=LATER),
    "consult": lambda w, pk, by: convenings.consult(
        convening_id=pk, by=by, who="Sara", agency_id=w.agencies["education"].pk, consulted_at=LATER, now=LATER
    ),
    "take_to_ladder": lambda w, pk, by: convenings.take_to_ladder(
        convening_id=pk, by=by, unresolved="Still.", now=LATER
    ),
    "accept": lambda w, pk, by: convenings.accept(convening_id=pk, by=by, now=LATER),
    "withdraw": lambda w, pk, by: convenings.withdraw(convening_id=pk, by=by, reason="", now=LATER),
    "book_conference": lambda w, pk, by: convenings.book_conference(
        convening_id=pk, by=by, kind="initial", starts_at=SOON, chair_id=w.people["chair"].pk, now=LATER
    ),
}  # fmt: skip
OWN, POST, LAST = frozenset({"police"}), frozenset({"manager"}), frozenset({"second"})
ALLOWED: dict[str, dict[str, frozenset[str]]] = {
    ConveneState.REQUESTED: {"answer": POST, "withdraw": OWN},
    ConveneState.REFUSED: {"ask_last_resort": OWN, "take_to_ladder": OWN, "accept": OWN, "withdraw": OWN},
    ConveneState.LAST_RESORT: {"answer": LAST, "consult": LAST, "withdraw": OWN},
    ConveneState.AGREED: {"book_conference": POST | LAST | {"admin"}},
    ConveneState.CLOSED: {},
    ConveneState.WITHDRAWN: {},
}

COMPLAINT: dict[str, Verb] = {
    "acknowledge": lambda w, pk, by: complaints.acknowledge(
        complaint_id=pk, by=by, told_at=LATER, how="Letter", now=LATER
    ),
    "told": lambda w, pk, by: complaints.told(
        complaint_id=pk, by=by, tell_id="decision_stands", seat="capacity:agencies", told_at=LATER, how="L.", now=LATER
    ),
    "decide": lambda w, pk, by: complaints.decide(
        complaint_id=pk, by=by, outcome="decision_stands", reasons="R.", decider="D.", now=LATER
    ),
    "book_follow_up": lambda w, pk, by: complaints.book_follow_up(
        complaint_id=pk, by=by, starts_at=SOON, chair_id=w.people["other_chair"].pk, now=LATER
    ),
    "withdraw": lambda w, pk, by: complaints.withdraw(complaint_id=pk, by=by, reason="", now=LATER),
    "close": lambda w, pk, by: complaints.close(complaint_id=pk, by=by, now=LATER),
}  # fmt: skip
KEEPER = frozenset({"admin"})
KEPT: dict[str, frozenset[str]] = {
    ComplaintState.RECORDED: frozenset({"acknowledge", "told", "withdraw"}),
    ComplaintState.ACKNOWLEDGED: frozenset({"told", "decide", "withdraw"}),
    ComplaintState.DECIDED: frozenset({"told", "book_follow_up"}),  # not closed before everyone is told
    ComplaintState.CLOSED: frozenset(),
    ComplaintState.WITHDRAWN: frozenset(),
}


def request_at(w: World, state: str) -> ConveneRequest:
    row = w.convening()
    own = {"convening_id": row.pk, "by": w.actor("police"), "now": LATER}
    if state == ConveneState.WITHDRAWN:
        convenings.withdraw(reason="", **own)
    elif state == ConveneState.AGREED:
        w.convening_answered(row, "convene")
    elif state != ConveneState.REQUESTED:
        w.convening_answered(row, "not_convene")
        if state == ConveneState.CLOSED:
            convenings.accept(**own)
        if state == ConveneState.LAST_RESORT:
            convenings.ask_last_resort(**own)
            REQUEST["consult"](w, row.pk, w.actor("second"))
    return ConveneRequest.objects.get(pk=row.pk)


def complaint_at(w: World, state: str) -> Any:
    row = w.complaint()
    if state == ComplaintState.RECORDED:
        return row
    if state == ComplaintState.WITHDRAWN:
        return complaints.withdraw(complaint_id=row.pk, by=w.actor("admin"), reason="", now=LATER)
    row = w.complaint_acknowledged(row)
    if state == ComplaintState.ACKNOWLEDGED:
        return row
    if state == ComplaintState.DECIDED:
        return w.complaint_decided(row, "reconvened_other_chair")
    row = w.complaint_decided(row, "decision_stands")
    for tell, seat, done in complaints.policies.tellings_due(row, w.area):
        if done is None:
            complaints.told(
                complaint_id=row.pk, by=w.actor("admin"), tell_id=tell.id, seat=seat, told_at=LATER, how="L.", now=LATER
            )  # fmt: skip
    return complaints.close(complaint_id=row.pk, by=w.actor("admin"), now=LATER)


def passes(do: Verb, w: World, pk: int, by: Actor) -> bool:
    point = transaction.savepoint()
    try:
        do(w, pk, by)
    except (Denied, TransitionNotAllowed):
        return False
    finally:
        transaction.savepoint_rollback(point)
    return True


def wrong(w: World, pk: int, verbs: dict[str, Verb], allowed: dict[str, frozenset[str]]) -> list[str]:
    strangers = World("portsmouth")
    actors = [(who, w.actor(who)) for who in PEOPLE]
    actors += [(f"strange {who}", strangers.actor(who)) for who in STRANGERS]
    actors.append(("the clock", clock_actor(w.partnership.pk)))
    return [
        f"{who} {'may not' if who in allowed.get(verb, frozenset()) else 'may'} {verb}"
        for verb, do in verbs.items()
        for who, actor in actors
        if passes(do, w, pk, actor) is not (who in allowed.get(verb, frozenset()))
    ]


@pytest.mark.parametrize("state", list(ConveneState))
def test_a_request_does_for_people_what_is_listed_and_refuses_the_rest(state: str) -> None:
    world = World("brighton-hove")
    row = request_at(world, state)
    assert row.state == state
    assert wrong(world, row.pk, REQUEST, ALLOWED[state]) == []


@pytest.mark.parametrize("state", list(ComplaintState))
def test_a_complaint_does_for_its_keeper_what_is_listed_and_refuses_the_rest(state: str) -> None:
    world = World("camden")
    row = complaint_at(world, state)
    assert row.state == state
    assert wrong(world, row.pk, COMPLAINT, dict.fromkeys(KEPT[state], KEEPER)) == []


def test_every_verb_of_the_two_rooms_is_tried_here() -> None:
    assert public_verbs(convenings) - {"ask"} == set(REQUEST)
    assert public_verbs(complaints) - {"record"} == set(COMPLAINT)
