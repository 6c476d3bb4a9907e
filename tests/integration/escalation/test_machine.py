"""Any sequence of verbs keeps an escalation on a path that its protocol has.

The model is a few lines written apart from the code: a list of steps, where one stands, and what is over.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.refusals import Denied
from deadlines.models import Deadline
from deadlines.states import LADDER_ANCHORS, DeadlineState
from escalation import actions
from escalation.models import Escalation, EscalationTier
from tests.builders import World
from tests.ladders import NEXT, Ladder

pytestmark = pytest.mark.django_db

VERBS = ("up", "skip", "policy", "meet", "resolve", "decide", "withdraw", "close", "unsettled")
STEPS = {
    "brighton-hove": [
        "discussion",
        "first_line_managers",
        "senior_managers",
        "professional_leads",
        "partnership",
    ],
    "hampshire": ["plan_first_line", "plan_up_the_line", "plan_back_to_chair"],
    "kingston-richmond": ["own_level", "partnership"],
}
TOP = {"partnership": "at_partnership", "plan_back_to_chair": "with_chair"}
DECIDER = {"partnership": "admin", "plan_back_to_chair": "chair"}
CLOCKS = {
    "discussion": "discussion",
    "first_line_managers": "first_line_managers",
    "plan_first_line": "plan_up_the_line",
}


@dataclass
class Model:
    """Where it should stand: `at` an index into the steps, or over."""

    slug: str
    at: int = 0
    over: str = ""

    @property
    def steps(self) -> list[str]:
        return STEPS[self.slug]

    @property
    def here(self) -> str:
        return self.steps[self.at]

    def state(self) -> str:
        return self.over or TOP.get(self.here, "at_tier")

    def does(self, verb: str) -> bool:
        """Whether the verb is possible; and the step that it makes."""
        last = len(self.steps) - 1
        climbing = not self.over
        match verb:
            case "meet":
                return climbing
            case "up" if climbing and self.at < last:
                self.at += 1
            case "skip" if climbing and self.at < last - 1:
                self.at += 2
            case "policy" if climbing and self.slug == "brighton-hove" and self.at < last:
                self.at = last
            case "resolve" if climbing:
                self.over = "resolved"
            case "decide" if climbing and self.here in TOP:
                self.over = "decided"
            case "withdraw" if climbing:
                self.over = "withdrawn"
            case "close" if self.over in ("resolved", "decided"):
                self.over = "closed"
            case _:
                return False
        return True


def act(up: Ladder, escalation: Escalation, model: Model, verb: str) -> Any:
    key, now = escalation.pk, NEXT
    ours = up.actor("police")
    match verb:
        case "up" | "skip" | "policy":
            up.ready(escalation)
            wanted = {"up": ("up",), "skip": ("skipped",), "policy": ("policy_issue",)}[verb]
            way = next((w for w in up.ways(escalation) if w.entered in wanted), None)
            if way is None:
                raise Denied("There is no such way.")
            return up.moved(escalation, way.key)
        case "meet":
            return up.met(escalation)
        case "resolve":
            return up.settled(escalation)
        case "decide":
            outcome = "convene_review" if model.here == "plan_back_to_chair" else ""
            return up.answered(escalation, outcome, who=DECIDER.get(model.here, "admin"))
        case "withdraw":
            return actions.withdraw(escalation_id=key, by=ours, reason="", now=now)
        case "close":
            return actions.close(escalation_id=key, by=ours, now=now)
        case _:
            return actions.close_unsettled(escalation_id=key, by=ours, reason="Elsewhere.", now=now)


def holds(up: Ladder, escalation: Escalation, model: Model) -> None:
    """What must be true after every verb."""
    row = up.fresh(escalation)
    assert row.state == model.state()
    open_tiers = [tier.tier for tier in EscalationTier.objects.filter(escalation=row, closed_at__isnull=True)]
    assert open_tiers == ([] if model.over else [model.here])
    taken = [tier.tier for tier in EscalationTier.objects.filter(escalation=row).order_by("pk")]
    places = [model.steps.index(name) for name in taken]
    assert places == sorted(set(places)), "never down, never twice, and only steps of this ladder"
    running = {
        deadline.clock_id
        for deadline in Deadline.objects.filter(case=row.case, state=DeadlineState.OPEN)
        if up.area.clock(deadline.clock_id).after in LADDER_ANCHORS
    }
    assert running == ({CLOCKS[model.here]} if not model.over and model.here in CLOCKS else set())
    assert (row.case.closed_at is not None) == (model.over in ("closed", "withdrawn"))


class Undo(Exception):
    """Takes back one example."""


@pytest.fixture(scope="module")
def worlds(django_db_setup: None, django_db_blocker: Any) -> Any:
    with django_db_blocker.unblock():
        try:
            with transaction.atomic():
                yield {slug: Ladder(World(slug)) for slug in STEPS}
                raise Undo
        except Undo:
            pass


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(slug=st.sampled_from(sorted(STEPS)), verbs=st.lists(st.sampled_from(VERBS), min_size=3, max_size=9))
def test_no_sequence_of_verbs_leaves_the_ladder(
    worlds: dict[str, Ladder], slug: str, verbs: list[str]
) -> None:
    up = worlds[slug]
    try:
        with transaction.atomic():
            escalation, model = up.raised(), Model(slug)
            holds(up, escalation, model)
            for verb in verbs:
                before = Model(slug, model.at, model.over)
                possible = model.does(verb)
                try:
                    with transaction.atomic():
                        act(up, escalation, before, verb)
                    done = True
                except Denied:
                    done = False
                assert done == possible, f"{verb} at {before.here}, {before.state()}"
                holds(up, escalation, model)
            raise Undo
    except Undo:
        pass
