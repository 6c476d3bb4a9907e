"""Any sequence of verbs keeps a family's complaint on its path, and none of them touches what was decided.

The model is a few lines written apart from the code: answered, its outcome, who was told, what is booked.
"""

import datetime as dt
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints import actions as complaints
from complaints.models import Complaint
from conferences.models import Decision
from dissent.models import Dissent
from escalation.models import Escalation
from tests.builders import LATER, World
from tests.machines import done, quiet, undone

pytestmark = pytest.mark.django_db

OUTCOMES = {
    "stands": "decision_stands",
    "other_chair": "reconvened_other_chair",
    "forward": "review_brought_forward",
}
PARTIES = ("capacity:parents", "capacity:chair", "capacity:agencies")
VERBS = ("acknowledge", *OUTCOMES, "uphold", "tell", "book", "book_same_chair", "withdraw", "close")


@dataclass
class Model:
    """Where it should stand. The chair has heard of it by the service itself, the family by its answer."""

    state: str = "recorded"
    outcome: str = ""
    stands: set[str] = field(
        default_factory=lambda: {"capacity:chair"}
    )  # who was told that the decision stands
    heard: set[str] = field(default_factory=set)  # who was told of the outcome
    booked: bool = False

    def next_to_tell(self) -> tuple[str, str] | None:
        left = [("decision_stands", seat) for seat in PARTIES if seat not in self.stands]
        left += [("outcome", seat) for seat in PARTIES if self.outcome and seat not in self.heard]
        return left[0] if left else None

    def does(self, verb: str) -> bool:
        over = self.state in ("closed", "withdrawn")
        wants_conference = self.outcome in ("other_chair", "forward")
        match verb:
            case "acknowledge" if self.state == "recorded":
                self.state = "acknowledged"
                self.stands.add("capacity:parents")
            case "stands" | "other_chair" | "forward" if self.state == "acknowledged":
                self.state, self.outcome = "decided", verb
            case "tell" if not over and (found := self.next_to_tell()):
                (self.stands if found[0] == "decision_stands" else self.heard).add(found[1])
            case "book" if self.state == "decided" and wants_conference and not self.booked:
                self.booked = True
            case "book_same_chair" if (
                self.state == "decided" and self.outcome == "forward" and not self.booked
            ):
                self.booked = True
            case "withdraw" if self.state in ("recorded", "acknowledged"):
                self.state = "withdrawn"
            case "close" if (
                self.state == "decided" and self.next_to_tell() is None and self.booked is wants_conference
            ):
                self.state = "closed"
            case _:
                return False  # “upheld” is no outcome in any state (CAM-20)
        return True


def act(w: World, pk: int, model: Model, verb: str) -> Any:
    key: dict[str, Any] = {"complaint_id": pk, "by": w.actor("admin"), "now": LATER}
    match verb:
        case "acknowledge":
            return complaints.acknowledge(told_at=LATER, how="Letter", **key)
        case "stands" | "other_chair" | "forward" | "uphold":
            outcome = OUTCOMES.get(verb, "upheld")
            return complaints.decide(
                outcome=outcome, reasons="Looked at again.", decider="Sven Second", **key
            )
        case "tell":
            tell_id, seat = model.next_to_tell() or ("decision_stands", "capacity:chair")
            return complaints.told(tell_id=tell_id, seat=seat, told_at=LATER, how="Letter", **key)
        case "book" | "book_same_chair":
            chair = w.people["chair" if verb == "book_same_chair" else "other_chair"].pk
            return complaints.book_follow_up(starts_at=LATER + dt.timedelta(days=10), chair_id=chair, **key)
        case "withdraw":
            return complaints.withdraw(reason="", **key)
        case _:
            return complaints.close(**key)


def holds(pk: int, model: Model, decided: list[Any]) -> None:
    """What must be true after every verb."""
    row = Complaint.objects.select_related("case", "conference__chair", "follow_up__chair").get(pk=pk)
    assert row.state == model.state
    assert row.outcome == OUTCOMES.get(model.outcome, "")
    told = set(row.case.tellings.values_list("tell_id", flat=True))
    assert told == {f"decision_stands:{s}" for s in model.stands} | {f"outcome:{s}" for s in model.heard}
    assert (row.follow_up is not None) is model.booked
    if model.outcome == "other_chair" and row.follow_up is not None:
        assert row.follow_up.chair.user_id != row.conference.chair.user_id
    assert (
        (row.closed_at is not None)
        is (model.state in ("closed", "withdrawn"))
        is (row.case.closed_at is not None)
    )
    children = Decision.objects.filter(conference_child__conference=row.conference).order_by("pk")
    assert list(children.values_list("option", "reasons")) == decided, (
        "no complaint changes a decision (CAM-19)"
    )
    assert not Dissent.objects.filter(case=row.case).exists(), "and none becomes a dissent (CAM-18)"
    assert not Escalation.objects.filter(case=row.case).exists()


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Any:
    with django_db_blocker.unblock(), undone():
        w = World("camden")
        yield w, w.ended()


@quiet
@given(verbs=st.lists(st.sampled_from(VERBS), min_size=2, max_size=12))
def test_no_sequence_of_verbs_leaves_the_path_of_a_complaint(world: Any, verbs: list[str]) -> None:
    w, conference = world
    model = Model()
    with undone():
        pk = w.complaint(conference=conference).pk
        children = Decision.objects.filter(conference_child__conference=conference).order_by("pk")
        decided = list(children.values_list("option", "reasons"))
        holds(pk, model, decided)
        for verb in verbs:
            before = deepcopy(model)
            possible = model.does(verb)
            assert done(lambda v=verb, b=before: act(w, pk, b, v)) == possible, f"{verb} when {before.state}"
            holds(pk, model, decided)
