"""Who may open and send what of an escalation: every address of it, by everyone of the partnership and a stranger.

A police officer raised it; a colleague of the charity stands at the step for one side, a manager for the other.
"""

import uuid
from collections.abc import Mapping

import pytest
from django.urls import reverse

from escalation import actions
from tests.builders import World
from tests.integration.test_access import PEOPLE, addresses, asked, seen, signed_in
from tests.ladders import NEXT, OF_AN_ESCALATION, Ladder

pytestmark = pytest.mark.django_db

OF_THE_CASE = frozenset({"police", "charity", "manager", "admin"})
OUR_SIDE = frozenset({"police", "charity"})
AT_THE_STEP = frozenset({"police", "charity", "manager"})
OPEN: Mapping[str, frozenset[str]] = {
    "case": OF_THE_CASE, "case-history": OF_THE_CASE, "urgent": OF_THE_CASE,
    "escalation-step": AT_THE_STEP, "escalation-person": OF_THE_CASE, "escalation-meeting": AT_THE_STEP,
    "escalation-agree": AT_THE_STEP, "escalation-dates": AT_THE_STEP, "agreed-action-done": AT_THE_STEP,
    "escalation-authorities": AT_THE_STEP, "escalation-resolve": OUR_SIDE,
    "escalation-decide": frozenset(), "escalation-withdraw": frozenset({"police"}),
    "escalation-unsettled": frozenset({"police"}), "escalation-close": OUR_SIDE | {"admin"},
    "escalation-forum": OUR_SIDE | {"admin"},
}  # fmt: skip


def test_every_address_of_an_escalation_is_looked_at_here() -> None:
    assert OF_AN_ESCALATION == {name for name in addresses() if name.startswith("escalation-")}
    assert OF_AN_ESCALATION < set(OPEN)


def test_everyone_is_let_in_or_refused_as_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerships.middleware.edge_now", lambda: NEXT)
    world, elsewhere = World("brighton-hove"), World("hampshire")
    up = Ladder(world)
    escalation = up.raised()
    up.moved(escalation, ours="charity", theirs="manager")
    action = actions.agree(
        escalation_id=escalation.pk,
        by=up.actor("police"),
        what="A visit.",
        owner="Tariq Team",
        due_on=None,
        now=NEXT,
    )
    known = {"reference": escalation.case.reference, "side": "ours", "action": action.uuid}
    clients = {who: signed_in(world, who) for who in (*PEOPLE, "anonymous")}
    stranger = signed_in(elsewhere, "admin")
    wrong: list[str] = []
    for name, allowed in OPEN.items():
        pattern = addresses()[name]
        url = reverse(name, kwargs={key: known[key] for key in pattern.pattern.converters})
        if name == "escalation-step":
            url += f"?to={up.ways(escalation)[0].key}"
        for who, client in [*clients.items(), ("stranger", stranger)]:
            for method in ("GET", "POST"):
                response = asked(client, method, url)
                if response.status_code == 405:
                    continue
                want = "in" if who in allowed else "403" if who in OF_THE_CASE else "404"
                want = "sign in" if who == "anonymous" else want
                if response.status_code >= 500 or seen(response) != want:
                    wrong.append(f"{name} {method} by {who}: {response.status_code}, should be {want}")
    assert not wrong, "\n".join(wrong)


def test_an_action_that_is_not_of_this_escalation_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerships.middleware.edge_now", lambda: NEXT)
    world = World("brighton-hove")
    escalation = Ladder(world).raised()
    url = reverse("agreed-action-done", args=[escalation.case.reference, uuid.uuid4()])
    assert signed_in(world, "police").get(url).status_code == 404
