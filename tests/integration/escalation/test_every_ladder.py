"""A difference from its raising to its end, on every ladder there is, with its page as each person sees it."""

import pytest
from django.urls import reverse

import protocols
from cases.states import Stage
from escalation import actions
from escalation.states import FINAL, EscalationState
from tests.builders import FIVE, World
from tests.integration.worklists.conftest import Open
from tests.integration.worklists.conftest import open_as as open_as
from tests.ladders import NEXT, Ladder

pytestmark = pytest.mark.django_db

KINDS = ("referral_enquiry", "need_for_conference", "conference_outcome", "plan_implementation", "process")


def ladders_of(area: protocols.AreaProtocol) -> list[tuple[str, str]]:
    """One kind and one person for each ladder of a text, and for an agency that has none."""
    agencies = {"police": "police", "health": "health", "education": "school", "social_care": "worker"}
    found: dict[str, tuple[str, str]] = {}
    for kind in KINDS:
        for agency, who in agencies.items():
            ladder = area.ladder_for(agency, kind)
            found.setdefault(ladder.id if ladder else "", (kind, who))
    return list(found.values())


@pytest.mark.parametrize("slug", FIVE)
def test_every_ladder_is_climbed_to_its_end_and_each_page_opens(slug: str, open_as: Open) -> None:
    w = World(slug)
    up = Ladder(w)
    for kind, who in ladders_of(w.area):
        escalation = up.raised(kind, who=who)
        page = reverse("case", args=[escalation.case.reference])
        for _ in range(9):
            assert open_as(w, who, page, now=NEXT).status_code == 200
            assert open_as(w, "admin", page, now=NEXT).status_code == 200
            if not up.ways(escalation):
                break
            up.ready(escalation)
            up.moved(escalation, who=who)
            escalation = up.fresh(escalation)
        escalation = up.fresh(escalation)
        if escalation.state == EscalationState.AT_PARTNERSHIP:
            step = up.area.escalation.ladder(escalation.ladder).tiers[-1]
            up.answered(escalation, step.outcomes[0].id if step.outcomes else "")
        elif escalation.state == EscalationState.WITH_CHAIR:
            up.answered(escalation, "convene_review", who="chair")
        elif escalation.state == EscalationState.RAISED:
            actions.close_unsettled(
                escalation_id=escalation.pk, by=up.actor(who), reason="To our own agency.", now=NEXT
            )
        else:
            up.settled(escalation, who=who)
        escalation = up.fresh(escalation)
        assert open_as(w, who, page, now=NEXT).status_code == 200
        if escalation.state not in FINAL:
            actions.close(escalation_id=escalation.pk, by=up.actor(who), now=NEXT)
        escalation = up.fresh(escalation)
        assert escalation.state == EscalationState.CLOSED
        assert escalation.case.stage == Stage.CLOSED
        assert open_as(w, who, page, now=NEXT).status_code == 200
