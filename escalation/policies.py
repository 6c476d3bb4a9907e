"""May this escalation do it now? What the ladder of the protocol has, what a step needs, and what a clock says."""

import datetime as dt
from dataclasses import dataclass

import protocols
from cases.selectors import facts_of
from core.moments import in_words
from core.refusals import Denied, changed
from deadlines.models import Deadline
from deadlines.states import DeadlineState
from escalation.models import Escalation, EscalationTier
from escalation.states import CLIMBING, ENDED, FINAL, Entered, EscalationState, Side
from partnerships.models import AgencyPost
from partnerships.selectors import all_agency_posts, in_agency_post
from protocols.calendar import Calendar
from protocols.model import Alternative, Ladder, LadderTier
from records.models import AgreedAction

SAFEGUARD = "This is a safeguard of this service, not a rule of the protocol."


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that the protocol asks for before a step is opened: gone past with a reason, and marked."""

    text: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """A step that can be opened next, and how."""

    tier: LadderTier
    entered: Entered
    label: str
    rule: str
    alternative: str = ""  # a title of the protocol
    fact: tuple[str, str] = ("", "")  # the fact of the case that the alternative settles
    missing: tuple[Missing, ...] = ()

    @property
    def key(self) -> str:
        """What a page's address calls it."""
        return f"{self.tier.id}~{self.entered.value}" + (f"~{self.alternative}" if self.alternative else "")


# --- the ladder -------------------------------------------------------------------------------------------------


def ladder_of(escalation: Escalation, area: protocols.AreaProtocol) -> Ladder | None:
    return area.escalation.ladder(escalation.ladder) if escalation.ladder else None


def no_ladder(area: protocols.AreaProtocol) -> tuple[str, str]:
    """What is said where the protocol has no ladder: the sentence and its rule."""
    none = area.escalation.no_ladder
    if none is None:
        return (
            "This protocol has no steps for this. Use your own agency's procedure; what you write here is kept.",
            "",
        )
    return none.reason or none.label, none.rule


def open_tier(escalation: Escalation) -> EscalationTier | None:
    return next((row for row in escalation.tiers.all() if row.closed_at is None), None)


def last_tier(escalation: Escalation) -> EscalationTier | None:
    return max(escalation.tiers.all(), key=lambda row: (row.opened_at, row.pk), default=None)


def step_of(row: EscalationTier | None, ladder: Ladder | None) -> LadderTier | None:
    return ladder.tier(row.tier) if row is not None and ladder is not None else None


def ways_on(escalation: Escalation, area: protocols.AreaProtocol) -> list[Way]:
    """The steps that can be opened next: the one that follows, its alternatives for this agency, those further up with
    a reason, and where a question of policy goes. Not the urgent ones: those are in `urgent_ways`."""
    ladder = ladder_of(escalation, area)
    if ladder is None or escalation.state not in CLIMBING:
        return []
    at = last_tier(escalation)
    ahead = ladder.after(at.tier if at else "")
    ways: list[Way] = []
    for number, tier in enumerate(ahead):
        entered = Entered.SKIPPED if number else (Entered.UP if at else Entered.RAISED)
        missing = missing_before(escalation, area, tier, ahead[:number])
        ways.append(Way(tier, entered, tier.label, tier.rule, missing=missing))
        if number == 0:
            ways += _alternatives(escalation, tier, missing)
    ways += _policy_ways(escalation, area, ladder, ahead)
    return ways


def _alternatives(escalation: Escalation, tier: LadderTier, missing: tuple[Missing, ...]) -> list[Way]:
    """The other ways into a step (SUS-11, HIPS-18): those for this agency, and, where a fact of the case decides which,
    those of that fact or, before it is known, all."""
    found = []
    for alternative in tier.alternatives:
        if alternative.for_agencies and escalation.agency.kind not in alternative.for_agencies:
            continue
        fact, value = _fact_of(alternative)
        known = escalation.case_facts.get(fact, "") if fact else ""
        if known and alternative.when and known not in alternative.when.any_of:
            continue
        found += [
            Way(
                tier,
                Entered.ALTERNATIVE,
                title[:1].upper() + title[1:],
                alternative.rule,
                title,
                (fact, value),
                missing,
            )
            for title in alternative.go_to
        ]
    return list({way.key: way for way in found}.values())


def _fact_of(alternative: Alternative) -> tuple[str, str]:
    return (alternative.when.fact, alternative.when.any_of[0]) if alternative.when else ("", "")


def _policy_ways(
    escalation: Escalation, area: protocols.AreaProtocol, ladder: Ladder, ahead: tuple[LadderTier, ...]
) -> list[Way]:
    """Where a serious question of policy goes (SUS-35): the named step, or the partnership's own on this ladder."""
    jump = next((jump for jump in area.escalation.jumps if jump.when == "policy_issue"), None)
    if jump is None:
        return []
    to = next((t for t in ahead if t.id == jump.to), None)
    to = to or next((t for t in ahead if t.place == "partnership"), None)
    return [Way(to, Entered.POLICY, jump.label, jump.rule)] if to else []


def urgent_ways(escalation: Escalation, area: protocols.AreaProtocol) -> list[Way]:
    """Every step further up: a child at risk waits for nothing (SUS-36; elsewhere a safeguard)."""
    ladder = ladder_of(escalation, area)
    if ladder is None or escalation.state not in CLIMBING:
        return []
    at = last_tier(escalation)
    safeguard = area.safeguard("urgent_override")
    rule = safeguard.rule if safeguard else ""
    return [Way(tier, Entered.URGENT, tier.label, rule) for tier in ladder.after(at.tier if at else "")]


def missing_before(
    escalation: Escalation, area: protocols.AreaProtocol, to: LadderTier, skipped: tuple[LadderTier, ...] = ()
) -> tuple[Missing, ...]:
    """What the protocol asks for before this step and is not there. None of it blocks; each needs a reason."""
    found: list[Missing] = []
    ladder, row = ladder_of(escalation, area), open_tier(escalation)
    here = step_of(row, ladder)
    facts = facts_of(escalation.case)
    if skipped:
        names = ", ".join(tier.label.lower() for tier in skipped)
        found.append(Missing(f"This goes past a step: {names}.", skipped[0].rule))
    if row is not None and here is not None:
        if here.meeting and not any(meeting.all_parties for meeting in row.meetings.all()):
            found.append(
                Missing("No meeting of everyone is recorded at this step.", here.meeting_rule or here.rule)
            )
        if here.decided_by and here.place == "between":
            first = area.refusal("manager_before_chair") if "capacity:chair" in here.decided_by else None
            words = first.reason if first else f"{here.label} has not answered yet."
            found.append(Missing(words, first.rule if first else here.rule))
    parallel = area.dissent.parallel
    if to.place == "partnership" and parallel and escalation.beside_dissent and "decision_made" not in facts:
        found.append(Missing("The dissent has not been answered yet.", to.rule))
    if to.opens_when_passed and not _passed(escalation, to.opens_when_passed):
        clock = area.clock(to.opens_when_passed)
        found.append(Missing(f"The time has not passed yet: {clock.label if clock else ''}.", to.rule))
    return tuple(found)


def _passed(escalation: Escalation, clock_id: str) -> bool:
    return any(d.clock_id == clock_id and d.breached_at is not None for d in escalation.case.deadlines.all())


def check_way(escalation: Escalation, area: protocols.AreaProtocol, key: str) -> Way:
    """The way of an address, or a form. Raises Denied for what this ladder does not have, with its rule and route."""
    check_climbing(escalation)
    for way in (*ways_on(escalation, area), *urgent_ways(escalation, area)):
        if way.key == key:
            return way
    ladder = ladder_of(escalation, area)
    wanted = key.partition("~")[0]
    if ladder is None:
        reason, rule = no_ladder(area)
        raise Denied(reason, rule=rule)
    if wanted == "partnership" and not any(tier.place == "partnership" for tier in ladder.tiers):
        refusal = area.refusal("implementation_to_partnership")
        if refusal is not None:
            raise Denied(refusal.reason, rule=refusal.rule, route=route_words(refusal.route, area))
    row = last_tier(escalation)
    if (
        row is not None
        and ladder.tier(wanted) is not None
        and wanted not in [t.id for t in ladder.after(row.tier)]
    ):
        raise changed("This step was opened already. Look at where it stands now.")
    raise Denied("The protocol has no such step from here.", rule=ladder.rule)


def route_words(name: str, area: protocols.AreaProtocol) -> str:
    route = area.route(name) if name else None
    return f"{route.label}: {route.text}" if route and route.text else (route.label if route else "")


# --- may it be done now -----------------------------------------------------------------------------------------


def check_climbing(escalation: Escalation) -> None:
    """Still on its way: neither settled nor decided nor over."""
    if escalation.state in FINAL and escalation.closed_at:
        raise changed(f"This escalation ended on {in_words(escalation.closed_at)}.")
    if escalation.state == EscalationState.RESOLVED and escalation.resolved_at:
        raise changed(f"This was settled on {in_words(escalation.resolved_at)}.")
    if escalation.state == EscalationState.DECIDED and escalation.decided_at:
        raise changed(f"This was decided on {in_words(escalation.decided_at)}.")


def check_open(escalation: Escalation) -> None:
    if escalation.state in FINAL and escalation.closed_at:
        raise changed(f"This escalation ended on {in_words(escalation.closed_at)}.")


def check_at_step(escalation: Escalation) -> EscalationTier:
    """The step that is open now. Raises Denied where none is."""
    check_climbing(escalation)
    row = open_tier(escalation)
    if row is None:
        raise Denied("No step of the ladder is open now. Open the next one first.")
    return row


def in_post(escalation: Escalation, tier: LadderTier, side: str, today: dt.date) -> AgencyPost | None:
    """Who fills, for the agency of one side, the post that stands at a step once per agency (CAM-17, SUS-34)."""
    agency = escalation.agency if side == Side.OURS else escalation.other_agency
    if not tier.post or agency is None or (side == Side.THEIRS and tier.between is None):
        return None
    known = getattr(escalation.case, "agency_posts", None)  # read along by pages
    rows = all_agency_posts(escalation.partnership_id) if known is None else known
    return in_agency_post(rows, tier.post.removeprefix("slot:"), agency.pk, today)


def decided_by(step: LadderTier | None) -> tuple[str, ...]:
    """The seats that decide at a step, or to which it goes."""
    return step.decided_by if step else ()


def outcomes_of(step: LadderTier) -> tuple[protocols.Outcome, ...]:
    return step.outcomes


def check_outcome(step: LadderTier, outcome_id: str) -> protocols.Outcome | None:
    """An answer that the protocol has for this step; None where it has no list and the answer is in words."""
    if not step.outcomes:
        return None
    outcome = next((o for o in step.outcomes if o.id == outcome_id), None)
    if outcome is None:
        raise Denied("Select what was decided", rule=step.rule, field="outcome")
    return outcome


def ends_ladder(step: LadderTier, outcome: protocols.Outcome | None, ladder: Ladder | None) -> bool:
    """Whether an answer at this step is the last word here: at the partnership, back with the chair, or at the top."""
    if step.place != "between":
        return True
    top = ladder is None or not ladder.after(step.id)
    return top if outcome is None else outcome.means not in ("resolved", "moved_on") or top


def check_unsettled(escalation: Escalation, area: protocols.AreaProtocol) -> None:
    """May it be closed without being settled? Only where the protocol has no further step."""
    check_climbing(escalation)
    ladder, row = ladder_of(escalation, area), last_tier(escalation)
    ahead = ladder.after(row.tier if row else "") if ladder else ()
    if ahead:
        raise Denied(
            f"There is a further step: {ahead[0].label}. Take it there, or withdraw.", rule=ahead[0].rule
        )
    here = step_of(open_tier(escalation), ladder)
    if here is not None and here.place != "between":
        raise Denied("This waits for an answer. It ends with that, or when it is withdrawn.", rule=here.rule)


def check_ended(escalation: Escalation) -> None:
    check_open(escalation)
    if escalation.state not in ENDED:
        raise Denied("This has not been settled or decided yet.")


def actions_open(escalation: Escalation) -> list[AgreedAction]:
    """What was agreed at its steps and is neither done nor said not to be."""
    return [
        each.action
        for row in escalation.tiers.all()
        for each in row.step_actions.all()
        if each.action.is_open
    ]


def check_close(escalation: Escalation, confirmed: bool) -> None:
    """What was agreed is done, or one closes it all the same."""
    check_ended(escalation)
    left = actions_open(escalation)
    if left and not confirmed:
        raise Denied(
            "Some of what was agreed is not done yet. Tick the box to close it all the same",
            field="confirmed",
        )


# --- the limits that people agree on ----------------------------------------------------------------------------


def asks_for_dates(area: protocols.AreaProtocol, step: LadderTier | None) -> tuple[bool, bool]:
    """Whether the clock of a step looks at a date that both agree, and at one by which the child must be safe."""
    clock = area.clock(step.clock) if step and step.clock else None
    limits = clock.least_of if clock else ()
    return "agreed_date" in limits, "protect_by_date" in limits


def check_agreed_date(
    agreed: dt.date | None,
    reason: str,
    raised_at: dt.datetime,
    area: protocols.AreaProtocol,
    step: LadderTier | None,
    calendar: Calendar,
) -> None:
    """A date later than the protocol's own limit needs its reason, and does not move the limit (SUS-6)."""
    clock = area.clock(step.clock) if step and step.clock else None
    if agreed is None or clock is None or clock.amount is None:
        return
    usual = calendar.due(clock, raised_at)
    if usual.due_at is not None and agreed > usual.due_at.date() and not reason.strip():
        raise Denied(
            f"The agreed date is after {in_words(usual.due_at)}, which is the usual limit. Enter why",
            rule=clock.rule,
            field="agreed_reason",
        )


def check_changes_dates(escalation: Escalation, area: protocols.AreaProtocol) -> LadderTier:
    """The step that is open, where its clock looks at a date that people agree on or protect the child by."""
    row = check_at_step(escalation)
    step = step_of(row, ladder_of(escalation, area))
    if step is None or not any(asks_for_dates(area, step)):
        raise Denied(
            "No date is agreed at this step: the protocol has none here.", rule=step.rule if step else ""
        )
    return step


def late_at(escalation: Escalation, step: LadderTier | None, now: dt.datetime) -> Deadline | None:
    """The clock of the open step, once it has passed: leaving the step then asks for a reason, and decides nothing."""
    if step is None or not step.clock:
        return None
    return next(
        (
            row
            for row in escalation.case.deadlines.all()
            if row.clock_id == step.clock
            and row.state == DeadlineState.OPEN
            and row.due_at is not None
            and row.due_at < now
        ),
        None,
    )


def check_late(late: Deadline | None, reason: str) -> None:
    """Raises Denied without a reason for leaving a step after its date."""
    if late is not None and late.due_at is not None and not reason.strip():
        raise Denied(
            f"The date of this step was {in_words(late.due_at)}. Enter why it took longer",
            rule=late.rule,
            field="late_reason",
        )


def wanted(step: LadderTier | None, *fields: str) -> bool:
    """Whether a step of the protocol requires one of these."""
    return step is not None and any(need.field in fields for need in step.requires)


def has_authorities(escalation: Escalation) -> bool:
    return bool(escalation.authority_responsible and escalation.authority_of_place)


def lacks_authorities(escalation: Escalation, step: LadderTier | None) -> bool:
    """Whether the step wants the two authorities, and they are not entered (SUS-37)."""
    return wanted(step, "authorities") and not has_authorities(escalation)


def same_post_decided(escalation: Escalation, step: LadderTier) -> bool:
    """Whether whoever stands at this step has decided the dissent that this goes with (WDC-19)."""
    return bool(step.same_post_as) and "decision_made" in facts_of(escalation.case)
