"""Reads: one escalation with all that its page shows, the ladder of an agency, and who could stand at a step."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse

import protocols
from cases.models import Case, CaseEvent, Child, Participant
from cases.selectors import GUEST_READS, get_case_or_404, guest_reads
from cases.states import Capacity
from conferences.models import Conference
from core.actor import Actor
from core.clock import london_date
from core.gather import attach, gather
from core.refusals import allowed
from core.templatetags.pd import children_words, day_date, day_time, plural, short_date
from deadlines.models import Deadline
from deadlines.selectors import RunningClock
from escalation import permissions, policies
from escalation.models import (
    DatesChanged,
    Escalation,
    EscalationTier,
    ForumSummary,
    MeetingPerson,
    StepAction,
    TierMeeting,
    TierPerson,
    UrgentAction,
)
from escalation.states import CLIMBING, ENDED, FINAL, Ended, Entered, EscalationState, Side
from notifications.selectors import undelivered_in
from partnerships.models import Agency, Membership, SlotHolder
from partnerships.selectors import all_agency_posts, all_holders, in_agency_post, in_post, on_day
from partnerships.states import Role
from protocols.durations import in_words
from protocols.model import LadderTier
from records.models import Discussion, OwnRecord
from records.policies import duty_of
from records.selectors import beside_reads

Shown = dict[str, Any]
OUTCOME_KIND = "conference_outcome"
NOTHING = "You do not need to do anything now."


# --- the gate ---------------------------------------------------------------------------------------------------


LADDER_READS = 13


def ladder_reads(case_id: int) -> list[QuerySet[Any]]:
    """Everything about the ladders of a case, and everyone in it, for `core.gather`: then `put_together`."""
    here = {"tier__escalation__case": case_id}
    tenant = Case.objects.filter(pk=case_id).values("partnership_id")[:1]
    return [
        Escalation.objects.filter(case=case_id)
        .select_related("agency", "other_agency", "requester__membership__user", "requester__slot", "requester__agency", "conference__chair__user")
        .order_by("pk"),
        EscalationTier.objects.filter(escalation__case=case_id).order_by("opened_at", "pk"),
        TierPerson.objects.filter(**here)
        .select_related("participant__membership__user", "participant__slot", "participant__agency")
        .order_by("pk"),
        TierMeeting.objects.filter(**here).order_by("met_at", "pk"),
        MeetingPerson.objects.filter(meeting__tier__escalation__case=case_id).order_by("pk"),
        StepAction.objects.filter(**here).select_related("action__settled").order_by("action__recorded_at", "pk"),
        DatesChanged.objects.filter(escalation__case=case_id).select_related("recorded_by__user").order_by("recorded_at", "pk"),
        ForumSummary.objects.filter(escalation__case=case_id).order_by("pk"),
        UrgentAction.objects.filter(case=case_id).order_by("taken_at", "pk"),
        Participant.objects.filter(case=case_id).select_related("membership__user", "membership__line_manager", "slot", "agency").order_by("pk"),
        all_agency_posts(tenant),
        Discussion.objects.filter(case=case_id, approved_at__isnull=False).defer("notes", "outcome", "correction_reason").order_by("pk"),
        OwnRecord.objects.filter(case=case_id).order_by("pk"),
    ]  # fmt: skip


def put_together(case: Case, rows: list[list[Any]]) -> None:
    """The rows of `ladder_reads` on their case: checks and pages then ask the database no more."""
    (
        escalations,
        tiers,
        people,
        meetings,
        there,
        agreed,
        dates,
        summaries,
        urgent,
        participants,
        posts,
        approved,
        own,
    ) = rows
    attach(case, "escalations", escalations)
    attach(case, "urgent_actions", urgent)
    attach(case, "participants", participants)
    # Which agencies have a record of their own (SUS-12, HIPS-5).
    case.recorded_by = {row.agency_id for row in (*approved, *own)}  # type: ignore[attr-defined]
    case.agency_posts = posts  # type: ignore[attr-defined]  # read along, for who stands at a step by a post
    for meeting in meetings:
        attach(meeting, "people", [row for row in there if row.meeting_id == meeting.pk])
    for tier in tiers:
        attach(tier, "people", [row for row in people if row.tier_id == tier.pk])
        attach(tier, "meetings", [row for row in meetings if row.tier_id == tier.pk])
        attach(tier, "step_actions", [row for row in agreed if row.tier_id == tier.pk])
    for escalation in escalations:
        attach(escalation, "tiers", [row for row in tiers if row.escalation_id == escalation.pk])
        attach(escalation, "dates_changed", [row for row in dates if row.escalation_id == escalation.pk])
        attach(
            escalation, "forum_summaries", [row for row in summaries if row.escalation_id == escalation.pk]
        )


def read_ladders(case: Case, actor: Actor | None = None) -> Case:
    """The case with its ladders, its clocks and facts, who fills which post, and who has no account: one query. For an
    actor with the records of discussions that they may read, too."""
    undelivered, *found = gather(
        undelivered_in(case),
        Deadline.objects.filter(case=case).order_by("pk"),
        CaseEvent.objects.filter(case=case).order_by("recorded_at", "pk"),
        Child.objects.filter(case_children__case=case).order_by("pk"),
        all_holders(case.partnership_id),
        *guest_reads(case.pk),
        *ladder_reads(case.pk),
        *(beside_reads(case.pk, actor) if actor is not None else ()),
    )
    deadlines, events, children, posts, *rest = found
    for name, rows in (("deadlines", deadlines), ("events", events), ("children", children)):
        attach(case, name, rows)
    case.posts = posts  # type: ignore[attr-defined]  # read along, for the names of who holds what
    case.undelivered = undelivered  # type: ignore[attr-defined]
    case.guest_rows, rest = rest[:GUEST_READS], rest[GUEST_READS:]  # type: ignore[attr-defined]
    put_together(case, rest[:LADDER_READS])
    if actor is not None:
        case.records_read = rest[LADDER_READS:]  # type: ignore[attr-defined]
    return case


def get_escalation_or_404(actor: Actor, reference: str) -> Escalation:
    """The escalation of a case in a URL: the open one, else the last. A stranger gets 404."""
    found = escalation_of(read_ladders(get_case_or_404(actor, reference)))
    if found is None:
        raise Http404("No escalation.")
    return found


def escalation_of(case: Case) -> Escalation | None:
    """The open escalation of a case that was read with its ladders, else the last that there was."""
    rows: list[Escalation] = list(case.escalations.all())
    return next((row for row in rows if row.state not in FINAL), rows[-1] if rows else None)


# --- the ladder of an agency ------------------------------------------------------------------------------------


def ladder_view(area: protocols.AreaProtocol, agency_kind: str, kind: str = OUTCOME_KIND) -> Shown:
    """The steps open to an agency for one kind of difference: for components/ladder.html, with the words around it.

    {tiers: [{label, between, time, now, rule}], text, rule, jumps: [{text, rule}]}; no tiers where the text has none.
    """
    ladder = area.ladder_for(agency_kind, kind)
    jumps = [{"text": jump.label, "rule": jump.rule} for jump in area.escalation.jumps]
    if ladder is None:
        words, rule = policies.no_ladder(area)
        return {"tiers": [], "text": words, "rule": rule, "jumps": jumps}
    return {
        "tiers": [_tier(area, tier, agency_kind, "") for tier in ladder.tiers],
        "text": ladder.warning,
        "rule": ladder.rule,
        "jumps": jumps,
    }


def _tier(area: protocols.AreaProtocol, tier: LadderTier, agency_kind: str, other_kind: str) -> Shown:
    """One step: between whom, in the titles of these agencies, and in what time."""
    between = ""
    if tier.between is not None:
        ours = tier.titles.get(agency_kind, tier.between.ours)
        between = f"{_upper(ours)} and {tier.titles.get(other_kind, tier.between.theirs)}"
    elif agency_kind in tier.titles:
        between = _upper(tier.titles[agency_kind])
    return {
        "label": tier.label,
        "between": between,
        "time": _time(area, tier.clock),
        "now": False,
        "rule": tier.rule,
        "text": tier.text,
    }


def _upper(words: str) -> str:
    return words[:1].upper() + words[1:]


def _time(area: protocols.AreaProtocol, clock_id: str) -> str:
    clock = area.clock(clock_id) if clock_id else None
    if clock is None or clock.unit == "none":
        return (clock.words if clock and clock.words else "no fixed time").capitalize()
    return f"Within {in_words(clock.amount, clock.unit)}"


def urgent_view(area: protocols.AreaProtocol, contact: str) -> dict[str, Any]:
    """What to do at once for a child: on every case, whatever its state. The rule where the text has one. `contacts`:
    the teams to call, in their order."""
    safeguard = area.safeguard("urgent_override")
    return {
        "contact": contact,
        "contacts": contact.splitlines(),
        "text": safeguard.text if safeguard else "",
        "rule": safeguard.rule if safeguard else "",
        "basis": safeguard.basis if safeguard else "",
    }


# --- one escalation ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """Everything about one escalation for whoever looks at it."""

    escalation: Escalation
    area: protocols.AreaProtocol
    actor: Actor
    now: dt.datetime
    clocks: list[RunningClock]

    @property
    def reference(self) -> str:
        return self.escalation.case.reference

    @property
    def ladder(self) -> Any:
        return policies.ladder_of(self.escalation, self.area)

    @property
    def row(self) -> EscalationTier | None:
        return policies.open_tier(self.escalation)

    @property
    def step(self) -> LadderTier | None:
        return policies.step_of(self.row, self.ladder)

    @property
    def own(self) -> bool:
        return permissions.is_requester(self.actor, self.escalation)

    def shown(self) -> Shown:
        """For templates/escalation/_whole.html."""
        escalation = self.escalation
        kind = self.area.escalation.kind(escalation.kind)
        topics = {topic.id: topic.label for topic in kind.topics} if kind else {}
        return {
            "row": escalation,
            "reference": self.reference,
            "own": self.own,
            "kind": kind.label if kind else escalation.case.get_kind_display(),
            "kind_rule": kind.rule if kind else "",
            "topics": [topics.get(t, t) for t in escalation.topics],
            "raised_by": person_name(escalation.requester),
            "facts": self.facts(),
            "state": escalation.get_state_display(),
            "open": escalation.state not in FINAL,
            "climbing": escalation.state in CLIMBING,
            "next": (next_ := self.next_panel()),
            "here": self.here(),
            "ladder": self.ahead(),
            "no_ladder": self.no_ladder(),
            # What the panel above has as its button is not said twice.
            "todo": [item for item in self.todo() if item["href"] != (next_["action"] or {}).get("href")],
            "ways": (ways := self.ways()),
            "past_ways": any(way["past"] for way in ways),
            "actions": self.actions(),
            "meetings": self.meetings(),
            "agreed": self.agreed(),
            "dates_changed": list(escalation.dates_changed.all()),
            "past": self.past(),
            "urgent_actions": list(escalation.case.urgent_actions.all()),
            "summaries": list(escalation.forum_summaries.all()),
            "urgent_href": reverse("urgent", args=[self.reference]),
            "ending": self.ending(),
        }

    def facts(self) -> list[Shown]:
        escalation = self.escalation
        rows = [
            ("Raised", day_time(escalation.raised_at)),
            ("Agency that raised it", escalation.agency.name),
            ("The other agency", escalation.other_agency.name if escalation.other_agency else ""),
            ("Date that both accept", day_date(escalation.agreed_date) if escalation.agreed_date else ""),
            ("Why later than usual", escalation.agreed_reason),
            (
                "The child has to be safe by",
                day_date(escalation.protect_by_date) if escalation.protect_by_date else "",
            ),
            ("Authority responsible for the child", escalation.authority_responsible),
            ("Authority where the facility is", escalation.authority_of_place),
            *self._case_facts(),
        ]
        return [{"label": label, "value": value} for label, value in rows if value]

    def _case_facts(self) -> list[tuple[str, str]]:
        found = []
        for fact in self.area.case_facts:
            chosen = self.escalation.case_facts.get(fact.id)
            option = next((o for o in fact.options if o.id == chosen), None)
            if option:
                found.append((fact.label, option.label))
        return found

    # what happens next

    def next_panel(self) -> Shown:
        """For components/next_panel.html: who has it, what they do, by when, and what this person must still do."""
        escalation, step = self.escalation, self.step
        shown: Shown = {"holder": "", "does": "", "by": "", "left": "", "yours": "", "action": None}
        state = EscalationState(escalation.state)
        if state in FINAL:
            word = "was withdrawn" if state == EscalationState.WITHDRAWN else "was closed"
            return shown | {
                "does": f"This escalation {word} on {day_date(escalation.closed_at)}",
                "yours": "What was recorded stays on record.",
            }
        if state in ENDED:
            left = policies.actions_open(escalation)
            ended_at = escalation.decided_at or escalation.resolved_at
            words = "Decided" if state == EscalationState.DECIDED else "Settled"
            does = f"{words} on {day_date(ended_at)}"
            if left:
                does += f". {plural(len(left), 'agreed action is,agreed actions are')} still to do"
            shown["does"] = does
            if allowed(permissions.check_close, self.actor, escalation, self.area):
                shown["action"] = {"href": self.url("escalation-close"), "label": "Close it"}
            else:
                shown["yours"] = NOTHING
            return shown
        if step is None:
            reason, rule = policies.no_ladder(self.area)
            waiting = (
                "decide whether to take it further"
                if self.ladder
                else "take it to your own agency's procedure"
            )
            shown["holder"] = "You" if self.own else person_name(escalation.requester)
            shown["does"] = (
                waiting
                if self.own
                else waiting.replace("decide", "decides").replace("take it to your", "takes it to their")
            )
            shown["yours"] = "" if self.ladder else f"{reason} ({rule})" if rule else reason
            return shown
        holder, you = self.holder_words()
        shown["holder"] = "You" if you else holder
        verb = self._does(step, you)
        shown["does"] = verb
        clock = self._clock()
        if clock is not None and clock.deadline.due_at is not None:
            shown["by"] = day_date(clock.deadline.due_at)
        elif self.row is not None:
            days = (london_date(self.now) - london_date(self.row.opened_at)).days
            shown["left"] = f"day {days} at this step"
        mine = self.todo()
        if mine:
            shown["action"] = {"href": mine[0]["href"], "label": mine[0]["text"]} if mine[0]["href"] else None
        if not shown["action"]:
            stands = self.area.meanwhile.text if escalation.kind == OUTCOME_KIND else ""
            shown["yours"] = f"{'' if you else NOTHING} {stands}".strip()
        return shown

    def _does(self, step: LadderTier, you: bool) -> str:
        s = "" if you else "s"
        if step.place == "partnership":
            return f"hear{s} those concerned and decide{s}"
        if step.place == "chair":
            return f"consider{s} whether to call a review conference"
        if step.decided_by:
            return f"{'have' if you else 'has'} it, and answer{s}"
        if step.formality == "informal":
            return (
                "talk it over with the other professional"
                if you
                else "talks it over with the other professional"
            )
        if not self._named(Side.OURS):
            return "say who takes it up" if you else "says who takes it up"
        return f"take{s} it up with the other side" if step.between else f"take{s} it up"

    def holder_words(self) -> tuple[str, bool]:
        """Who has it now, by name and title; and whether that is whoever looks."""
        escalation, row = self.escalation, self.row
        seat = escalation.held_by
        people = [p for p in (row.people.all() if row else ()) if p.removed_at is None]
        if seat.startswith("participant:"):
            person = next((p for p in people if f"participant:{p.participant_id}" == seat), None)
            if person is not None:
                return (
                    f"{person_name(person.participant)}, {person.title[:1].lower() + person.title[1:]},",
                    permissions.is_person(self.actor, person.participant),
                )
        if seat.startswith("slot:"):
            slot = self.area.slot(seat.removeprefix("slot:"))
            posts = getattr(escalation.case, "posts", ())
            held = in_post(posts, seat.removeprefix("slot:"), london_date(self.now))
            names = [h.membership.user.name for h in held]
            title = slot.title if slot else ""
            return (
                f"{names[0]}, {title}," if names else f"{title}, a post that nobody fills,"
            ), self.actor.holds(seat)
        if seat == "capacity:chair":
            rows = Participant.objects.filter(case=escalation.case, capacity=Capacity.CHAIR).select_related(
                "membership__user", "slot"
            )
            names = [person_name(p) for p in rows]
            title = self.area.word("chair")
            you = permissions.decides_here(self.actor, escalation, self.area)
            return (f"{names[0]}, {title}," if names else f"The {title}"), you
        return person_name(escalation.requester), self.own

    def _clock(self) -> RunningClock | None:
        wanted = self.step.clock if self.step else ""
        return next((c for c in self.clocks if c.is_open and c.deadline.clock_id == wanted), None)

    def _named(self, *sides: Side) -> list[TierPerson]:
        return [
            p for p in (self.row.people.all() if self.row else ()) if p.removed_at is None and p.side in sides
        ]

    def url(self, name: str, *args: Any, **query: str) -> str:
        address = reverse(name, args=[self.reference, *args])
        return f"{address}?{urlencode(query)}" if query else address

    # the step that is open

    def here(self) -> Shown | None:
        row, step = self.row, self.step
        if row is None or step is None:
            return None
        option = next((o.label for o in step.routed_by if o.id == row.routed), "")
        clock = self._clock()
        days = (london_date(self.now) - london_date(row.opened_at)).days
        return {
            "label": step.label,
            "text": step.text,
            "rule": step.rule,
            "basis": step.basis,
            "since": row.opened_at,
            "days": days,
            "day_words": "today" if days == 0 else plural(days, "day"),
            "timed": clock is not None and clock.deadline.due_at is not None,
            "how": row.alternative and _upper(row.alternative),
            "entry_point": row.entry_point,
            "routed": option,
            "people": self._people(row),
            "unresolved": row.unresolved,
            "exception": row.exception,
            "marks": row.marks,
            "note": row.same_person_note,
            "asks": [
                {"label": ask.label, "rule": ask.rule, "text": ask.text, "who": self._in_post(ask.who)}
                for ask in step.asks
            ],
            "lacks": [need.label for need in step.requires if need.rule in row.marks and not row.exception],
            "same_post": policies.same_post_decided(self.escalation, step),
            "meeting": step.meeting and not any(m.all_parties for m in row.meetings.all()),
            "meeting_rule": step.meeting_rule or step.rule,
        }

    def _in_post(self, seat: str) -> str:
        """Who fills, for the agency that raised it, a post that each agency has; empty when nobody is entered."""
        rows = getattr(self.escalation.case, "agency_posts", ())
        key, today = seat.removeprefix("slot:"), london_date(self.now)
        found = in_agency_post(rows, key, self.escalation.agency_id, today)
        return found.who if found else ""

    def _people(self, row: EscalationTier) -> list[Shown]:
        return [
            {
                "name": self._fills(p.participant) or person_name(p.participant),
                "title": p.title,
                "side": p.get_side_display(),
                "agency": p.participant.agency.name if p.participant.agency else "",
                "gone": p.removed_at is not None,
                "account": p.participant.membership_id is not None or p.participant.slot_id is not None,
            }
            for p in row.people.all()
        ]

    def _fills(self, participant: Participant) -> str:
        """Who fills the post of a participant today; empty for people, and for a post that nobody fills."""
        if participant.slot is None:
            return ""
        posts = getattr(self.escalation.case, "posts", ())
        held = in_post(posts, participant.slot.key, london_date(self.now))
        return held[0].membership.user.name if held else ""

    # the whole ladder

    def ahead(self) -> Shown:
        """Every step for this agency: which were taken, where it is, what is ahead; with the rule behind each."""
        ladder = self.ladder
        if ladder is None:
            return {"tiers": [], "text": "", "rule": ""}
        escalation = self.escalation
        opened: dict[str, EscalationTier] = {row.tier: row for row in escalation.tiers.all()}
        kind, other = escalation.agency.kind, escalation.other_agency.kind if escalation.other_agency else ""
        tiers = []
        for tier in ladder.tiers:
            shown = _tier(self.area, tier, kind, other)
            row = opened.get(tier.id)
            shown["now"] = row is not None and row.closed_at is None
            shown["done"] = row is not None and row.closed_at is not None
            if row is not None and row.closed_at is not None:
                shown["time"] = f"{Ended(row.ended).label}, {short_date(row.closed_at)}"
            elif row is not None:
                shown["time"] = f"Since {short_date(row.opened_at)}. {shown['time']}"
            tiers.append(shown)
        return {"tiers": tiers, "text": ladder.warning, "rule": ladder.rule}

    def no_ladder(self) -> Shown | None:
        if self.ladder is not None:
            return None
        reason, rule = policies.no_ladder(self.area)
        return {"text": reason, "rule": rule}

    def past(self) -> list[Shown]:
        """The steps that ended, newest first."""
        ladder = self.ladder
        found = []
        for row in reversed([row for row in self.escalation.tiers.all() if row.closed_at is not None]):
            step = ladder.tier(row.tier) if ladder else None
            outcome = next((o for o in step.outcomes if o.id == row.outcome), None) if step else None
            found.append(
                {
                    "label": step.label if step else row.tier,
                    "opened": row.opened_at,
                    "closed": row.closed_at,
                    "ended": outcome.label if outcome else row.get_ended_display(),
                    "rule": (outcome.rule if outcome else "") or (step.rule if step else ""),
                    "answer": row.answer,
                    "not_heard": row.not_heard_reason,
                    "people": self._people(row),
                    "unresolved": row.unresolved,
                    "exception": row.exception,
                    "marks": row.marks,
                    "note": row.same_person_note,
                    "entered": row.get_entered_display(),
                    "late_reason": self._late_reason(row, step),
                }
            )
        return found

    def _late_reason(self, row: EscalationTier, step: LadderTier | None) -> str:
        """Why a step took longer than its date, kept with its clock."""
        if step is None or not step.clock:
            return ""
        return next(
            (
                clock.late_reason
                for clock in self.escalation.case.deadlines.all()
                if clock.clock_id == step.clock and clock.ended_at == row.closed_at
            ),
            "",
        )

    # what one can do

    def todo(self) -> list[Shown]:
        """What this person must still do: at this step, then what they owe beside it; each with the rule behind it."""
        return [*self._at_step(), *self._owed()]

    def _owed(self) -> list[Shown]:
        """Agreed actions of their own, and the record of their own side, while the case is open."""
        actor, escalation = self.actor, self.escalation
        if escalation.state in FINAL or not in_case(actor, escalation.case):
            return []
        found: list[Shown] = [
            {
                "text": f"You agreed to do this{f', by {day_date(action.due_on)}' if action.due_on else ''}: {action.what}",
                "rule": "",
                "href": self.url("agreed-action-done", action.uuid),
            }
            for row in escalation.tiers.all()
            for action in (each.action for each in row.step_actions.all())
            if action.is_open and action.owned_by_id is not None and action.owned_by_id == actor.membership_id
        ]
        duty = duty_of(self.area)
        recorded: set[int] = getattr(escalation.case, "recorded_by", set())
        side = actor.role != Role.PARTNERSHIP_ADMIN and actor.agency_id not in recorded
        if duty is not None and escalation.tiers.all() and side:
            text = "Write down your agency’s own record of the discussion, or tick that it is made"
            found.append({"text": text, "rule": duty.rule, "href": self.url("discussions")})
        return found

    def _at_step(self) -> list[Shown]:
        row, step, actor, escalation = self.row, self.step, self.actor, self.escalation
        found: list[Shown] = []
        if row is None or step is None:
            return found
        if permissions.decides_here(actor, escalation, self.area):
            words = "Answer it" if step.place != "partnership" else "Hear those concerned, and decide"
            found.append({"text": words, "rule": step.rule, "href": self.url("escalation-decide")})
            return found
        party = permissions.is_party(actor, escalation, self.area)
        if not party:
            return found
        if not step.decided_by:
            for side in (Side.OURS, Side.THEIRS):
                if (side == Side.OURS or step.between) and not self._named(side):
                    who = title_at(escalation, step, side)
                    text = f"Say who stands here: {who[:1].lower() + who[1:]}"
                    found.append(
                        {"text": text, "rule": step.rule, "href": self.url("escalation-person", side.value)}
                    )
        if step.place == "chair" and not has_chair(escalation):
            text = f"Say who the {self.area.word('chair')} is"
            found.append(
                {"text": text, "rule": step.rule, "href": self.url("escalation-person", Side.DECIDES.value)}
            )
        if step.meeting and not any(m.all_parties for m in row.meetings.all()):
            text = "Call everyone to a meeting, and write down what came of it"
            found.append(
                {"text": text, "rule": step.meeting_rule or step.rule, "href": self.url("escalation-meeting")}
            )
        if policies.lacks_authorities(escalation, step):
            need = next(need for need in step.requires if need.field == "authorities")
            found.append(
                {
                    "text": "Enter the authority responsible for the child, and the one where the facility is",
                    "rule": need.rule,
                    "href": self.url("escalation-authorities"),
                }
            )
        return found

    def ways(self) -> list[Shown]:
        """What can happen next: the steps that this person can open, the first one first."""
        if not allowed(permissions.check_open_tier, self.actor, self.escalation, self.area):
            return []
        kind = self.escalation.agency.kind
        other = self.escalation.other_agency.kind if self.escalation.other_agency else ""
        found = []
        for way in policies.ways_on(self.escalation, self.area):
            tier = _tier(self.area, way.tier, kind, other)
            found.append(
                {
                    "label": way.label,
                    "between": (way.alternative and f"In place of line management, at: {way.tier.label}")
                    or tier["between"],
                    "time": tier["time"],
                    "rule": way.rule,
                    "href": self.url("escalation-step", to=way.key),
                    "missing": way.missing,
                    "first": way.entered in (Entered.UP, Entered.RAISED),
                    "past": way.entered == Entered.SKIPPED,
                }
            )
        return found

    def actions(self) -> list[Shown]:
        """What else this person can do now: links, in the order in which they are needed."""
        actor, escalation, area = self.actor, self.escalation, self.area
        found: list[tuple[str, tuple[str, ...], str]] = []
        if self.row is not None and allowed(permissions.check_record, actor, escalation, area):
            found.append(("escalation-meeting", (), "Record a meeting or a talk"))
            found.append(("escalation-agree", (), "Note something that was agreed"))
        if (
            self.row is not None
            and allowed(permissions.check_name_person, actor, escalation, area)
            and self.step
            and not self.step.decided_by
        ):
            found.append(
                (
                    "escalation-person",
                    (Side.OURS.value,),
                    "Change who stands here for the agency that raised it",
                )
            )
            if self.step.between:
                found.append(
                    ("escalation-person", (Side.THEIRS.value,), "Change who stands here for the other agency")
                )
        if self.row is not None and allowed(permissions.check_change_dates, actor, escalation, area):
            found.append(("escalation-dates", (), "Agree on other dates"))
        if self.row is not None and allowed(permissions.check_name_authorities, actor, escalation, area):
            found.append(("escalation-authorities", (), "Enter the authorities responsible"))
        if allowed(permissions.check_resolve, actor, escalation):
            found.append(("escalation-resolve", (), "It is settled"))
        if allowed(permissions.check_close_unsettled, actor, escalation, area):
            found.append(("escalation-unsettled", (), "It is not settled, and there is no further step"))
        if (
            area.route("forum")
            and escalation.state not in FINAL
            and allowed(permissions.check_share, actor, escalation)
        ):
            found.append(("escalation-forum", (), "Share it with the forum, with nobody named"))
        if allowed(permissions.check_withdraw, actor, escalation):
            found.append(("escalation-withdraw", (), "Withdraw the escalation"))
        if escalation.state in ENDED and allowed(permissions.check_close, actor, escalation, area):
            found.append(("escalation-close", (), "Close it"))
        return [{"href": self.url(name, *args), "label": label} for name, args, label in found]

    def meetings(self) -> list[Shown]:
        return [
            {
                "at": meeting.met_at,
                "how": meeting.get_how_display(),
                "all": meeting.all_parties,
                "note": meeting.note,
                "there": [p.name for p in meeting.people.all() if p.there],
                "away": [p.name for p in meeting.people.all() if not p.there],
                "at_step": self._label(row),
            }
            for row in self.escalation.tiers.all()
            for meeting in row.meetings.all()
        ]

    def _label(self, row: EscalationTier) -> str:
        step = self.ladder.tier(row.tier) if self.ladder else None
        return step.label if step else row.tier

    def agreed(self) -> list[Shown]:
        """What was agreed at the steps, and what became of it."""
        part = bool(in_case(self.actor, self.escalation.case))
        today = london_date(self.now)
        return [
            {
                "what": action.what,
                "owner": action.owner,
                "due": day_date(action.due_on) if action.due_on else "",
                "settled": getattr(action, "settled", None),
                "passed": action.is_open and action.due_on is not None and action.due_on < today,
                "href": self.url("agreed-action-done", action.uuid) if part and action.is_open else "",
            }
            for row in self.escalation.tiers.all()
            for action in (each.action for each in row.step_actions.all())
        ]

    def ending(self) -> Shown | None:
        escalation = self.escalation
        if not escalation.ending:
            return None
        heading = {
            EscalationState.RESOLVED: "How it was settled",
            EscalationState.DECIDED: "What was decided",
            EscalationState.WITHDRAWN: "Why it was withdrawn",
        }.get(EscalationState(escalation.state), "How it ended")
        return {"heading": heading, "text": escalation.ending, "label": escalation.case.outcome_label}


def person_name(participant: Participant) -> str:
    """The name of whoever takes part; for a post, its title."""
    if participant.membership is not None:
        return participant.membership.user.name
    return participant.name or (participant.slot.title if participant.slot else "")


# --- who could stand at a step ----------------------------------------------------------------------------------

SUGGESTED = 8


def people_for(
    escalation: Escalation, side: str, today: dt.date, step: LadderTier | None
) -> list[Membership]:
    """Who could stand at a step for one side: their line manager and posts first, then colleagues; at most eight, since
    nobody reads a list of forty. Others are named by their address."""
    if side == Side.DECIDES:
        return [escalation.conference.chair] if escalation.conference else []
    agency = escalation.agency if side == Side.OURS else escalation.other_agency
    if agency is None:
        return []
    own = escalation.requester.membership
    manager = own.line_manager_id if own and side == Side.OURS else None
    post = policies.in_post(escalation, step, side, today) if step else None
    standing = post.membership_id if post else None
    rows = list(
        Membership.objects.filter(on_day(today), agency=agency, user__is_active=True)
        .exclude(role__in=[Role.GUEST, Role.PARTNERSHIP_ADMIN])
        .exclude(pk=own.pk if own else 0)
        .select_related("user", "agency")
        .order_by("user__name", "pk")
    )
    posted = set(
        SlotHolder.objects.filter(on_day(today), membership__agency=agency).values_list(
            "membership_id", flat=True
        )
    )
    rows.sort(key=lambda m: (m.pk != standing, m.pk != manager, m.pk not in posted, m.user.name))
    return rows[:SUGGESTED]


def title_at(escalation: Escalation, tier: LadderTier, side: str) -> str:
    """What the protocol calls whoever stands at a step for one side, in the words of that agency."""
    if side == Side.THEIRS:
        kind = escalation.other_agency.kind if escalation.other_agency else ""
        return tier.titles.get(kind, tier.between.theirs if tier.between else tier.label)
    return tier.titles.get(escalation.agency.kind, tier.between.ours if tier.between else tier.label)


def dissenter_of(case: Case) -> Participant:
    return (
        Participant.objects.filter(case=case, capacity=Capacity.DISSENTER)
        .select_related("membership__line_manager", "membership__user")
        .order_by("pk")[0]
    )


def names_in(escalation: Escalation) -> list[str]:
    """Names of those in the case with an account: what is agreed by them stands in their own list."""
    people = permissions.people_of(escalation.case)
    return sorted({row.membership.user.name for row in people if row.membership is not None})


def late_words(escalation: Escalation, area: protocols.AreaProtocol, now: dt.datetime) -> str:
    """What a form says where the date of the open step has passed; empty where it has not."""
    step = policies.step_of(policies.open_tier(escalation), policies.ladder_of(escalation, area))
    late = policies.late_at(escalation, step, now)
    if late is None or late.due_at is None:
        return ""
    rule = f" ({late.rule})" if late.rule else ""
    return f"The date of this step was {day_date(late.due_at)}{rule}. Nothing was decided by that."


def in_case(actor: Actor, case: Case) -> bool:
    """Whether somebody takes part in a case that was read with its participants."""
    return permissions.in_capacity(actor, case, *Capacity)


def has_chair(escalation: Escalation) -> bool:
    return any(p.capacity == Capacity.CHAIR for p in permissions.people_of(escalation.case))


def other_agencies(actor: Actor) -> list[Agency]:
    return list(
        Agency.objects.filter(partnership_id=actor.partnership_id or 0)
        .exclude(pk=actor.agency_id or 0)
        .order_by("name")
    )


def children_of_actor(actor: Actor) -> list[Child]:
    """The children of one's own cases and conferences: whom a new difference can be about without typing."""
    cases = Child.objects.filter(case_children__case__in=Case.objects.visible_to(actor))
    seated = Child.objects.filter(conference_children__conference__in=Conference.objects.visible_to(actor))
    pks = set(cases.values_list("pk", flat=True)) | set(seated.values_list("pk", flat=True))
    return list(Child.objects.filter(pk__in=pks).order_by("-pk")[:12])


def child_words(child: Child, day: dt.date) -> str:
    return children_words([{"initials": child.initials, "age": child.age_on(day), "unborn": child.unborn}])


def conferences_of_actor(actor: Actor) -> list[Conference]:
    """The conferences that one took part in, newest first: a difference can be about one of them."""
    return list(
        Conference.objects.visible_to(actor).filter(started_at__isnull=False).order_by("-starts_at")[:10]
    )


def participants_of(escalation: Escalation) -> list[Participant]:
    """Everyone in the case who can be at a meeting, each once."""
    rows = permissions.people_of(escalation.case)
    unique: dict[str, Participant] = {}
    for row in rows:
        unique.setdefault(
            f"m{row.membership_id}" if row.membership_id else row.email.lower() or f"s{row.slot_id}", row
        )
    return list(unique.values())


def heading_of(escalation: Escalation, area: protocols.AreaProtocol, own: bool) -> str:
    return "Your escalation" if own else "Escalation"


def identity_view(page: Page) -> Shown:
    """The bar of the page of an escalation with a case of its own."""
    escalation, case = page.escalation, page.escalation.case
    day = london_date(page.now)
    children = children_words(
        [{"initials": c.initials, "age": c.age_on(day), "unborn": c.unborn} for c in case.children.all()]
    )
    kind = page.area.escalation.kind(escalation.kind)
    facts = [{"label": "About", "value": kind.label if kind else case.get_kind_display()}]
    if children:
        facts.insert(0, {"label": "Children" if len(case.children.all()) > 1 else "Child", "value": children})
    if not page.own:
        facts.append(
            {"label": "Raised by", "value": f"{person_name(escalation.requester)}, {escalation.agency.name}"}
        )
    due = (
        f"Due {short_date(case.next_due_at)}"
        if case.next_due_at and case.closed_at is None and not case.overdue
        else ""
    )
    return {
        "heading": heading_of(escalation, page.area, page.own),
        "facts": facts,
        "status": case.get_stage_display(),
        "outcome": case.outcome_label,
        "late": case.overdue and case.closed_at is None,
        "due": due,
    }


def may_start_ladder(case: Case, escalations: Iterable[Escalation]) -> bool:
    """Whether a case has no ladder open."""
    return case.closed_at is None and not any(row.state not in FINAL for row in escalations)
