"""Builders of escalations: they walk the real actions up a ladder, as people would. Every name is invented."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import protocols
from cases.models import Case, Participant
from cases.selectors import area_of_case
from cases.states import Capacity
from conferences.actions import NewChild
from core.actor import Actor
from escalation import actions, policies
from escalation.actions import Difference, Named, Step
from escalation.models import Escalation, EscalationTier
from escalation.selectors import read_ladders
from escalation.states import Side
from partnerships.states import AgencyKind, Role
from tests.builders import START, World, add_member, at

# The addresses of an escalation: who may open each is in tests/integration/escalation/test_who_may.py.
OF_AN_ESCALATION = frozenset(
    {
        "escalation-step", "escalation-person", "escalation-meeting", "escalation-agree", "escalation-dates", "escalation-authorities",
        "escalation-resolve", "escalation-decide", "escalation-withdraw", "escalation-unsettled", "escalation-close",
        "escalation-forum",
    }
)  # fmt: skip
RAISED = at("2026-03-04", "09:00")
NEXT = at("2026-03-05", "09:00")
CHILD = NewChild(initials="R.S.", born_on=dt.date(2020, 6, 1))


@dataclass
class Ladder:
    """A partnership with managers on both sides, and escalations in it."""

    world: World

    def __post_init__(self) -> None:
        w = self.world
        for key, name, kind, title in (
            ("sergeant", "Silas Sergeant", AgencyKind.POLICE, "Detective sergeant"),
            ("inspector", "Ines Inspector", AgencyKind.POLICE, "Detective inspector"),
            ("nurse", "Nora Nurse", AgencyKind.HEALTH, "Designated nurse"),
            ("worker", "Wanda Worker", AgencyKind.SOCIAL_CARE, "Social worker"),
            ("team_manager", "Tariq Team", AgencyKind.SOCIAL_CARE, "Team manager"),
        ):
            w.people[key] = add_member(
                agency=w.agencies[kind],
                email=f"{key}@{w.slug}.example.org",
                name=name,
                role=Role.PRACTITIONER,
                job_title=title,
                starts_on=START,
            )
        police = w.people["police"]
        police.line_manager = w.people["sergeant"]
        police.save(update_fields=["line_manager"])

    @property
    def area(self) -> protocols.AreaProtocol:
        return self.world.area

    def actor(self, who: str, now: dt.datetime = NEXT) -> Actor:
        return self.world.actor(who, now)

    def raised(
        self,
        kind: str = "plan_implementation",
        *,
        who: str = "police",
        now: dt.datetime = RAISED,
        **changes: Any,
    ) -> Escalation:
        """A difference raised by a police officer with children's social care."""
        given: dict[str, Any] = {
            "kind": kind,
            "concern": "The visits that the plan asks for are not made.",
            "outcome_sought": "A visit each week.",
            "new_child": CHILD,
            "other_agency_id": self.world.agencies[AgencyKind.SOCIAL_CARE].pk,
            **changes,
        }
        return self.fresh(
            actions.raise_difference(by=self.actor(who, now), said=Difference(**given), now=now)
        )

    def ways(self, escalation: Escalation) -> list[policies.Way]:
        escalation = self.fresh(escalation)
        return policies.ways_on(escalation, self.area_of(escalation))

    def area_of(self, escalation: Escalation) -> protocols.AreaProtocol:
        return area_of_case(escalation.case)

    def step(self, escalation: Escalation, key: str = "", **changes: Any) -> Step:
        """Everything that the step asks for: two managers, the posts, the notes."""
        escalation = self.fresh(escalation)
        area = self.area_of(escalation)
        way = policies.check_way(escalation, area, key or self.ways(escalation)[0].key)
        tier = way.tier
        given: dict[str, Any] = {
            "way": way.key,
            "people": self.people_for(
                tier, changes.pop("ours", "sergeant"), changes.pop("theirs", "team_manager")
            ),
            "unresolved": "Still no visits.",
            "exception": "The others cannot meet this week." if way.missing else "",
            "entry_point": tier.entry_points[0] if tier.entry_points else "",
            "routed": tier.routed_by[0].id if tier.routed_by else "",
            "posts": tuple(n.field for n in tier.requires if area.slot(n.field)),
            "same_person_note": "Looked at afresh." if policies.same_post_decided(escalation, tier) else "",
            "answers": {n.field: "As asked." for n in tier.requires if not area.slot(n.field)},
            "authority_responsible": "Invented Council",
            "authority_of_place": "Another Invented Council",
            **changes,
        }
        return Step(**given)

    def people_for(self, tier: Any, ours: str, theirs: str) -> tuple[Named, ...]:
        if tier.decided_by:
            return ()
        found = [Named(side=Side.OURS, membership_id=self.world.people[ours].pk)] if ours else []
        if tier.between is not None and theirs:
            found.append(Named(side=Side.THEIRS, membership_id=self.world.people[theirs].pk))
        return tuple(found)

    def moved(
        self,
        escalation: Escalation,
        key: str = "",
        *,
        who: str = "police",
        now: dt.datetime = NEXT,
        **changes: Any,
    ) -> EscalationTier:
        step = self.step(escalation, key, **changes)
        return actions.open_tier(escalation_id=escalation.pk, by=self.actor(who, now), step=step, now=now)

    def at(
        self, tier: str, kind: str = "plan_implementation", *, who: str = "police", **changes: Any
    ) -> Escalation:
        """An escalation walked up to a step, one after the other."""
        escalation = self.raised(kind, who=who, **changes)
        now = NEXT
        for _ in range(9):
            row = policies.open_tier(self.fresh(escalation))
            if row is not None and row.tier == tier:
                break
            self.ready(escalation, now)
            self.moved(escalation, who=who, now=now)
            now += dt.timedelta(days=1)
        return self.fresh(escalation)

    def ready(self, escalation: Escalation, now: dt.datetime = NEXT) -> None:
        """The chair of the case, where the next step goes to one: a participant, as a conference would give."""
        if any(way.tier.place == "chair" for way in self.ways(escalation)):
            Participant.objects.get_or_create(
                partnership_id=escalation.partnership_id,
                case=escalation.case,
                capacity=Capacity.CHAIR,
                membership=self.world.people["chair"],
                defaults={"agency": self.world.people["chair"].agency},
            )

    def met(
        self,
        escalation: Escalation,
        *,
        who: str = "police",
        now: dt.datetime = NEXT,
        all_parties: bool = True,
    ) -> Any:
        return actions.record_meeting(
            escalation_id=escalation.pk, by=self.actor(who, now), met_at=now, how="in_person", note="Talked through.",
            there=(self.fresh(escalation).requester_id,), all_parties=all_parties, now=now,
        )  # fmt: skip

    def settled(self, escalation: Escalation, *, who: str = "police", now: dt.datetime = NEXT) -> Escalation:
        return self.fresh(
            actions.resolve(
                escalation_id=escalation.pk, by=self.actor(who, now), words="A visit each week.", now=now
            )
        )

    def answered(
        self,
        escalation: Escalation,
        outcome: str = "",
        *,
        who: str = "admin",
        now: dt.datetime = NEXT,
        **changes: Any,
    ) -> Escalation:
        given = {"reasons": "Everyone was heard.", "not_heard_reason": "Read on the papers.", **changes}
        return self.fresh(
            actions.decide(
                escalation_id=escalation.pk, by=self.actor(who, now), outcome=outcome, now=now, **given
            )
        )

    def fresh(self, escalation: Escalation) -> Escalation:
        case = Case.objects.select_related("partnership", "protocol_version", "agency").get(
            pk=escalation.case_id
        )
        return next(row for row in read_ladders(case).escalations.all() if row.pk == escalation.pk)  # type: ignore[attr-defined,no-any-return]
