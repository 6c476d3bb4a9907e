"""Any sequence of verbs keeps a request for a conference on a path that its protocol has.

The model is a few lines written apart from the code: who has it, how often it was answered, and what is over.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convening import actions as convenings
from convening.models import Consultation, ConveneAnswer, ConveneRequest
from escalation.models import Escalation
from tests.builders import LATER, World
from tests.machines import done, quiet, undone

pytestmark = pytest.mark.django_db

VERBS = ("yes", "no", "no_without_reasons", "last_resort", "consult", "ladder", "accept", "withdraw", "book")
HAS_LAST_RESORT = {"brighton-hove": True, "hampshire": False}


@dataclass
class Model:
    """Where it should stand."""

    slug: str
    state: str = "requested"
    first: str = ""  # answers, once each
    last: str = ""
    consulted: int = 0
    on_ladder: bool = False
    booked: bool = False

    def answers(self, word: str) -> bool:
        if self.state == "requested":
            self.first = word
        elif self.state == "last_resort" and self.consulted:
            self.last = word
        else:
            return False
        self.state = "agreed" if word == "yes" else "refused"
        return True

    def does(self, verb: str) -> bool:
        """Whether a verb is possible; and what it makes."""
        refused = self.state == "refused"
        match verb:
            case "yes" | "no":
                return self.answers(verb)
            case "last_resort" if refused and HAS_LAST_RESORT[self.slug] and not self.last:
                self.state = "last_resort"
            case "consult" if self.state == "last_resort":
                self.consulted += 1
            case "ladder" if refused:
                self.state, self.on_ladder = "closed", True
            case "accept" if refused:
                self.state = "closed"
            case "withdraw" if self.state in ("requested", "refused", "last_resort"):
                self.state = "withdrawn"
            case "book" if self.state == "agreed":
                self.state, self.booked = "closed", True
            case _:
                return False  # a refusal without reasons is possible in no state
        return True


def act(w: World, pk: int, model: Model, verb: str) -> Any:
    own, post = w.actor("police"), w.actor("second" if model.state == "last_resort" else "manager")
    key: dict[str, Any] = {"convening_id": pk, "now": LATER}
    match verb:
        case "yes" | "no" | "no_without_reasons":
            reasons = "Support is in place." if verb == "no" else ""
            outcome = "convene" if verb == "yes" else "not_convene"
            return convenings.answer(by=post, outcome=outcome, reply="We looked.", reasons=reasons, **key)
        case "last_resort":
            return convenings.ask_last_resort(by=own, **key)
        case "consult":
            agency = w.agencies["education"].pk
            return convenings.consult(
                by=w.actor("second"), who="Sara", agency_id=agency, consulted_at=LATER, **key
            )
        case "ladder":
            return convenings.take_to_ladder(by=own, unresolved="Still worried.", **key)
        case "accept":
            return convenings.accept(by=own, **key)
        case "withdraw":
            return convenings.withdraw(by=own, reason="", **key)
        case _:
            soon, chair = LATER + dt.timedelta(days=10), w.people["chair"].pk
            return convenings.book_conference(by=post, kind="initial", starts_at=soon, chair_id=chair, **key)


def holds(pk: int, model: Model) -> None:
    """What must be true after every verb."""
    row = ConveneRequest.objects.select_related("case").get(pk=pk)
    assert row.state == model.state
    answers = {a.step: a for a in ConveneAnswer.objects.filter(convening=row)}
    assert {step: "yes" if a.means == "moved_on" else "no" for step, a in answers.items()} == {
        step: word for step, word in (("first", model.first), ("last_resort", model.last)) if word
    }
    assert all(a.reasons for a in answers.values() if a.means != "moved_on"), "no refusal without its reasons"
    assert Consultation.objects.filter(convening=row).count() == model.consulted
    assert not model.last or model.consulted, "the last resort never decides alone"
    assert Escalation.objects.filter(case=row.case).exists() is model.on_ladder
    assert (row.conference is not None) is model.booked
    over = model.state in ("closed", "withdrawn")
    assert (row.closed_at is not None) is over
    assert (row.case.closed_at is not None) is (over and not model.on_ladder), (
        "the ladder keeps the case open"
    )


@pytest.fixture(scope="module")
def worlds(django_db_setup: None, django_db_blocker: Any) -> Any:
    with django_db_blocker.unblock(), undone():
        yield {slug: World(slug) for slug in HAS_LAST_RESORT}


@quiet
@given(
    slug=st.sampled_from(sorted(HAS_LAST_RESORT)),
    verbs=st.lists(st.sampled_from(VERBS), min_size=2, max_size=8),
)
def test_no_sequence_of_verbs_leaves_the_paths_of_a_request(
    worlds: dict[str, World], slug: str, verbs: list[str]
) -> None:
    w, model = worlds[slug], Model(slug)
    with undone():
        pk = w.convening().pk
        holds(pk, model)
        for verb in verbs:
            before = replace(model)
            possible = model.does(verb)
            assert done(lambda v=verb, b=before: act(w, pk, b, v)) == possible, f"{verb} when {before.state}"
            holds(pk, model)
