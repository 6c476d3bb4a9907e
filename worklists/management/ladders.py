"""The escalations of the demonstration: at every step of every ladder, of each kind, and ended in every way."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from cases.models import Participant
from cases.selectors import get_case_or_404
from cases.states import Capacity
from conferences.actions import NewChild
from conferences.models import Conference
from conferences.states import ConferenceState
from core.actor import Actor
from core.clock import london_date
from escalation import actions, policies
from escalation.actions import Difference, Named, Step
from escalation.models import Escalation
from escalation.selectors import read_ladders
from escalation.states import CLIMBING, EscalationState, Side
from partnerships.models import Membership
from protocols.model import Kind, Ladder, LadderTier
from records import actions as records

# Who manages whom on the side that raises it; on the other side it is a manager of social care, or of the police.
MANAGER = {
    "police": "inspector",
    "health": "nurse",
    "school": "headteacher",
    "worker": "team",
    "charity": "",
    "ward": "matron",
}
AGENCY = {
    "police": "police",
    "health": "health",
    "school": "education",
    "worker": "social_care",
    "charity": "voluntary",
    "ward": "specialist_facility",
}
CONCERNS = (
    "The visits that were agreed have not been made for three weeks, and nobody says who will make them.",
    "The referral was closed after one call. The injuries that we described were not looked into.",
    "The core group has met once in ten weeks, and twice without anybody from health.",
    "We asked for a conference after the second incident. The answer speaks only of the first.",
    "Our report was not read out, and the questions that it raised were not put.",
)
SOUGHT = (
    "That it is looked at again with everybody who knows the child, and that somebody is named for each step."
)
OPEN_STILL = "We talked twice. We agree on what happened, and not on what it means for the child."


@dataclass
class Climb:
    """The escalations of one partnership. `stage`: its Stage of the demonstration."""

    stage: Any
    made: int = 0

    def play(self) -> None:
        stage = self.stage
        for who, manager in MANAGER.items():
            if manager and who in stage.people:
                row = Membership.objects.get(pk=stage.people[who].pk)
                row.line_manager = stage.people[manager]
                row.save(update_fields=["line_manager"])
                stage.people[who] = row
        for number, kind in enumerate(stage.area.escalation.kinds):
            ladders = self._ladders(kind)
            for ladder, people in ladders:
                for place, tier in enumerate(ladder.tiers):
                    who = people[(self.made + place) % len(people)]
                    self._at(who, kind, ladder, tier, whole=number == 0)
            without = [who for who in AGENCY if who in stage.people and self._ladder(who, kind) is None]
            if without and (not ladders or number == 0):
                self.raised(without[0], kind)
        self._ends()

    def _ladder(self, who: str, kind: Kind) -> Ladder | None:
        found: Ladder | None = self.stage.area.ladder_for(AGENCY[who], kind.id)
        return found

    def _ladders(self, kind: Kind) -> list[tuple[Ladder, list[str]]]:
        """The ladders of a kind of difference, each with the people whose agency has it."""
        found: dict[str, tuple[Ladder, list[str]]] = {}
        for who in AGENCY:
            ladder = self._ladder(who, kind) if who in self.stage.people else None
            if ladder is not None:
                found.setdefault(ladder.id, (ladder, []))[1].append(who)
        return list(found.values())

    def _at(self, who: str, kind: Kind, ladder: Ladder, tier: LadderTier, *, whole: bool) -> None:
        """One case that stands at a step: by every step before it, or, where `whole` is not asked, past them."""
        escalation = self.raised(who, kind)
        if self.made % 3:
            self._recorded(escalation, who)
        if tier == ladder.tiers[0]:
            return
        if whole or tier == ladder.tiers[1]:
            self.climb(escalation, who, tier.id)
        else:
            self.go(self.fresh(escalation), who, tier.id, self.stage.ago(2, 11))

    def _recorded(self, escalation: Escalation, who: str) -> None:
        """Their own side has its record, in its own system."""
        records.made_own_record(
            case_id=escalation.case_id, by=self.actor(who), made_on=london_date(escalation.raised_at),
            kept_in="Our own case notes", now=self.stage.ago(2, 10),
        )  # fmt: skip

    def go(self, escalation: Escalation, who: str, to: str, now: dt.datetime) -> None:
        """Past the steps before, with the reason."""
        ways = policies.ways_on(escalation, self.stage.area)
        way = next(way for way in ways if way.tier.id == to)
        if way.tier.place == "chair":
            self._chair(escalation)
        actions.open_tier(escalation_id=escalation.pk, by=self.actor(who), step=self.step(way, who), now=now)

    def _ends(self) -> None:
        """One settled with something agreed, one withdrawn, one that could not wait, one decided, and one closed; and
        one closed as not settled, where the protocol has no step for somebody."""
        kinds = self.stage.area.escalation.kinds
        kind = next(k for k in kinds if self.stage.area.ladder_for("health", k.id))
        settled = self.raised("health", kind, days=9)
        self.meet(settled, "health", 8)
        self.agree(settled, "health", 8)
        actions.resolve(
            escalation_id=settled.pk, by=self.actor("health"), now=self.stage.ago(7, 12),
            words="A visit each week, made by the two of us in turn. We look at it again in a month.",
        )  # fmt: skip
        withdrawn = self.raised("health", kind, days=12)
        actions.withdraw(
            escalation_id=withdrawn.pk,
            by=self.actor("health"),
            reason="The visits began again.",
            now=self.stage.ago(10, 12),
        )
        self._urgent(kind)
        self._decided(kind)
        for each in kinds:
            who = next(
                (who for who in AGENCY if who in self.stage.people and self._ladder(who, each) is None), ""
            )
            if who:
                left = self.raised(who, each, days=8)
                actions.close_unsettled(
                    escalation_id=left.pk, by=self.actor(who), now=self.stage.ago(6, 15),
                    reason="Taken up by our own safeguarding lead with theirs, and written to both heads of service.",
                )  # fmt: skip
                break

    def _urgent(self, kind: Kind) -> None:
        """A child at risk waits for no step: straight to the last one, and what was done at once is written down."""
        row = self.raised("school", kind) if self._ladder("school", kind) else self.raised("health", kind)
        who = "school" if row.agency_id == self.stage.agencies["school"].pk else "health"
        ways = policies.urgent_ways(self.fresh(row), self.stage.area)
        if ways:
            if ways[-1].tier.place == "chair":
                self._chair(row)
            step = Step(way=ways[-1].key, unresolved="The child was found alone again last night.")
            actions.open_tier(escalation_id=row.pk, by=self.actor(who), step=step, now=self.stage.ago(1, 9))
        actions.act_urgently(
            case_id=row.case_id, by=self.actor(who), taken_at=self.stage.ago(1, 9), now=self.stage.ago(1, 10),
            what="Called the duty team and the police. The child stays with a relative tonight.",
        )  # fmt: skip

    def _decided(self, kind: Kind) -> None:
        """Two that went to the last step of their ladder and were answered; the second is closed as well."""
        for days, closed in ((25, True), (14, False)):
            top = self.fresh(self.climb(self.raised("health", kind, days=days), "health", "", days=days - 1))
            step = policies.step_of(policies.open_tier(top), policies.ladder_of(top, self.stage.area))
            if step is None or top.state not in (EscalationState.AT_PARTNERSHIP, EscalationState.WITH_CHAIR):
                continue
            by = "admin" if top.state == EscalationState.AT_PARTNERSHIP else "chair"
            self.meet(top, by, 6)
            actions.decide(
                escalation_id=top.pk, by=self.actor(by), now=self.stage.ago(5, 15),
                outcome=step.outcomes[0].id if step.outcomes else "",
                reasons="Both agencies were heard. The plan is to be carried out as written, and looked at in four weeks.",
            )  # fmt: skip
            if closed:
                actions.close(escalation_id=top.pk, by=self.actor("health"), now=self.stage.ago(4, 15))

    # --- the verbs --------------------------------------------------------------------------------------------------

    def raised(self, who: str, kind: Kind, *, days: int = 0) -> Escalation:
        self.made += 1
        stage = self.stage
        when = stage.ago(days or 3 + self.made % 5, 9)
        other = "police" if who == "worker" else "care"
        conference = Conference.objects.filter(
            partnership=stage.partnership,
            state=ConferenceState.ENDED,
            attendances__membership=stage.people[who],
        ).first()
        about = conference if kind.id in ("conference_outcome", "process", "plan_implementation") else None
        said = Difference(
            kind=kind.id,
            concern=CONCERNS[self.made % len(CONCERNS)],
            outcome_sought=SOUGHT,
            topics=tuple(topic.id for topic in kind.topics[:1]),
            new_child=NewChild(
                initials=f"{'LMNPRSTVW'[self.made % 9]}.X.",
                born_on=london_date(when) - dt.timedelta(days=300 + self.made * 211 % 5600),
            ),
            conference_id=about.pk if about else None,
            needs=Step(
                way="",
                authority_responsible="Demonstration Council",
                authority_of_place="Neighbouring Demonstration Council",
            )
            if who == "ward"
            else None,
            other_agency_id=stage.agencies[other].pk,
        )
        return actions.raise_difference(by=self.actor(who), said=said, now=when)

    def climb(self, escalation: Escalation, who: str, to: str, *, days: int = 3) -> Escalation:
        """Up, step by step, to the one named, or to the last; a few hours or days apart."""
        for number in range(9):
            moment = self.stage.ago(max(days - number, 1), 11)
            escalation = self.fresh(escalation)
            row = policies.open_tier(escalation)
            ways = policies.ways_on(escalation, self.stage.area)
            if not ways or (row is not None and row.tier == to) or escalation.state not in CLIMBING:
                break
            if ways[0].tier.place == "chair":
                self._chair(escalation)
            actions.open_tier(
                escalation_id=escalation.pk, by=self.actor(who), step=self.step(ways[0], who), now=moment
            )
        return escalation

    def step(self, way: policies.Way, who: str) -> Step:
        tier, area = way.tier, self.stage.area
        return Step(
            way=way.key,
            people=self.people(tier, who),
            unresolved=OPEN_STILL,
            exception="The week was too short for everybody to meet; it could not wait."
            if way.missing
            else "",
            entry_point=tier.entry_points[0] if tier.entry_points else "",
            routed=tier.routed_by[0].id if tier.routed_by else "",
            posts=tuple(need.field for need in tier.requires if area.slot(need.field)),
            answers={need.field: "As asked." for need in tier.requires if not area.slot(need.field)},
            authority_responsible="Demonstration Council" if who == "ward" else "",
            authority_of_place="Neighbouring Demonstration Council" if who == "ward" else "",
            late_reason="One of us was on leave, and nobody stood in.",
        )

    def people(self, tier: LadderTier, who: str) -> tuple[Named, ...]:
        if tier.decided_by:
            return ()
        stage, manager = self.stage, MANAGER[who]
        ours = (
            Named(side=Side.OURS, membership_id=stage.people[manager].pk)
            if manager
            else Named(side=Side.OURS, name="Fern Standby", email=f"standby@{stage.slug}.example.org")
        )
        other = "team" if who != "worker" else "inspector"
        theirs = (Named(side=Side.THEIRS, membership_id=stage.people[other].pk),) if tier.between else ()
        return (ours, *theirs)

    def meet(self, escalation: Escalation, who: str, days: int) -> None:
        actions.record_meeting(
            escalation_id=escalation.pk, by=self.actor(who), met_at=self.stage.ago(days, 14), how="video", all_parties=True,
            note="Everybody said how they see it. The dates were put side by side.", others=("A colleague who took notes",),
            there=(escalation.requester_id,), now=self.stage.ago(days, 15),
        )  # fmt: skip

    def agree(self, escalation: Escalation, who: str, days: int) -> None:
        actions.agree(
            escalation_id=escalation.pk, by=self.actor(who), what="A visit each week, in turn.",
            owner=self.stage.people[who].user.name,
            due_on=london_date(self.stage.ago(-10)), now=self.stage.ago(days, 16),
        )  # fmt: skip

    def _chair(self, escalation: Escalation) -> None:
        if not Participant.objects.filter(case=escalation.case, capacity=Capacity.CHAIR).exists():
            Participant.objects.create(
                partnership=self.stage.partnership, case=escalation.case, capacity=Capacity.CHAIR,
                membership=self.stage.people["chair"], agency=self.stage.people["chair"].agency,
            )  # fmt: skip

    def actor(self, who: str) -> Actor:
        found: Actor = self.stage.actor(who)
        return found

    def fresh(self, escalation: Escalation) -> Escalation:
        case = read_ladders(get_case_or_404(self.actor("admin"), escalation.case.reference))
        return next(row for row in case.escalations.all() if row.pk == escalation.pk)
