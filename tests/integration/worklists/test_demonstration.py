"""The demonstration has a case at every step of every ladder, of each kind of difference, and ended in every way."""

import pytest

from deadlines.models import Deadline
from escalation.models import Escalation, EscalationTier, UrgentAction
from escalation.states import EscalationState, Side
from partnerships.actions import load_bank_holidays
from partnerships.models import AgencyPost
from partnerships.selectors import per_agency, unfilled_slots
from tests.builders import FIVE, LATER
from worklists.management.commands.demonstration import Stage
from worklists.management.ladders import AGENCY, Climb

pytestmark = pytest.mark.django_db
S = EscalationState


@pytest.mark.parametrize("slug", FIVE)
def test_every_step_of_every_ladder_has_its_people_and_a_case_of_each_kind_and_every_end_is_shown(
    slug: str,
) -> None:
    load_bank_holidays()
    stage = Stage(slug, 0, LATER)
    stage.set_up()
    Climb(stage).play()
    here = Escalation.objects.filter(partnership=stage.partnership)
    rules = stage.area.escalation
    kinds = {agency.kind for agency in stage.agencies.values()}
    wanted = {
        (kind.id, ladder.id, tier.id)
        for kind in rules.kinds
        for ladder in {
            each.id: each for each in (stage.area.ladder_for(k, kind.id) for k in kinds) if each
        }.values()
        for tier in ladder.tiers
    }
    assert {ladder for _, ladder, _ in wanted} == {ladder.id for ladder in rules.ladders}
    climbing = here.filter(
        state__in=(S.AT_TIER, S.WITH_CHAIR, S.AT_PARTNERSHIP), tiers__closed_at__isnull=True
    )
    assert wanted <= set(climbing.values_list("kind", "ladder", "tiers__tier"))
    assert {kind.id for kind in rules.kinds} == set(here.values_list("kind", flat=True))

    assert unfilled_slots(stage.partnership.pk, stage.area, LATER.date()) == []
    posts = AgencyPost.objects.filter(partnership=stage.partnership)
    assert posts.count() == len(per_agency(stage.area)) * len(stage.agencies)
    for row in EscalationTier.objects.filter(
        escalation__in=climbing, closed_at__isnull=True, escalation__tiers__isnull=False
    ).distinct():
        tier = rules.ladder(row.escalation.ladder).tier(row.tier)
        sides = set(row.people.values_list("side", flat=True))
        if tier.between is not None and not row.entered == "raised":
            assert sides >= {Side.OURS, Side.THEIRS}, (slug, row.escalation.ladder, row.tier)
        elif tier.decided_by and tier.decided_by[0].startswith("slot:"):
            assert Side.DECIDES in sides

    states = set(here.values_list("state", flat=True))
    top = next(
        stage.area.ladder_for(AGENCY["health"], k.id)
        for k in stage.area.escalation.kinds
        if stage.area.ladder_for(AGENCY["health"], k.id)
    ).tiers[-1]
    assert states >= {S.AT_TIER, S.RESOLVED, S.WITHDRAWN}
    assert (S.DECIDED in states and S.CLOSED in states) or top.place == "between"
    assert (S.AT_PARTNERSHIP in states) == any(
        t.place == "partnership" for ladder in stage.area.escalation.ladders for t in ladder.tiers
    )
    assert (S.WITH_CHAIR in states) == any(
        t.place == "chair" for ladder in stage.area.escalation.ladders for t in ladder.tiers
    )
    assert UrgentAction.objects.filter(partnership=stage.partnership).exists()
    assert not Deadline.objects.filter(
        partnership=stage.partnership, case__closed_at__isnull=False, state="open"
    )
