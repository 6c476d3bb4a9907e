"""The desk of a reviewer: evidence, checklist, and the outcomes with their dates."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse

import protocols
from cases.selectors import facts_of
from conferences.models import Attendance, ConferenceChild, NotedView, RecordField
from conferences.states import PRESENT
from core.actor import Actor
from core.clock import london_date
from core.gather import gather
from core.templatetags.pd import children_words, day_date, day_time, short_date
from deadlines.selectors import RunningClock, clocks_of, corrections_of
from dissent import permissions, policies
from dissent.models import Answer, Dissent, ReviewItem
from dissent.selectors.case import answer_view, own_view
from dissent.selectors.clocks import cautious_date, clock_view, due_words, open_clock
from dissent.selectors.evidence import chairs_reasons, reports_of, views_table
from dissent.selectors.similar import past_answers, similar_to
from dissent.selectors.stage import people_in_room
from dissent.selectors.words import Shown, child_view, link_to, seat_people, seat_title, signed_by
from dissent.selectors.work import checklist, other_dissents, work_from, work_of, work_rows
from dissent.states import ContactHow
from partnerships.models import Membership
from partnerships.selectors import calendar_for, on_day
from partnerships.states import Role
from protocols.calendar import Calendar, CalendarHorizon
from protocols.durations import in_words


@dataclass(frozen=True, slots=True)
class OutcomeDate:
    """A date that an outcome brings, counted from now."""

    label: str
    due: dt.date
    amount: str
    rule: str
    purpose: str
    cautious: dt.date | None = None


def dates_of(
    outcome: protocols.Outcome,
    tier: protocols.Tier,
    area: protocols.AreaProtocol,
    calendar: Calendar,
    facts: Mapping[str, dt.datetime],
    now: dt.datetime,
) -> list[OutcomeDate]:
    """The dates that would start running if this outcome were recorded now."""
    events = {tier.decided, *outcome.happens}
    found = []
    for clock in area.clocks:
        if clock.after not in events or (clock.on_outcomes and outcome.id not in clock.on_outcomes):
            continue
        try:
            due = calendar.due(clock, now)
        except CalendarHorizon:
            continue
        if due.day is None:
            continue
        cautious = cautious_date(clock, facts, calendar)
        found.append(
            OutcomeDate(
                clock.label,
                due.day,
                in_words(clock.amount, clock.unit),
                clock.rule,
                clock.purpose,
                cautious if cautious != due.day else None,
            )
        )
    return found


def outcome_hint(outcome: protocols.Outcome, dates: Iterable[OutcomeDate]) -> str:
    """What choosing an outcome means, with its dates counted from today."""
    words = [outcome.text] if outcome.text else []
    for found in dates:
        verb = "Hold it by" if found.purpose == "hold" else f"{found.label}: by"
        words.append(f"{verb} {day_date(found.due)}, {found.amount} from today ({found.rule}).")
        if found.cautious:
            words.append(
                f"Read cautiously: by {day_date(found.cautious)}, counted from the decision before this one."
            )
    return " ".join(words)


def told_of(
    outcome: protocols.Outcome,
    tier: protocols.Tier,
    area: protocols.AreaProtocol,
    dissent: Dissent,
    today: dt.date,
) -> list[Shown]:
    """Who hears of an outcome: at once by the service, or by a person who then records it."""
    rows, named = [], set()
    for event in dict.fromkeys((tier.decided, *outcome.happens)):
        for tell in area.tells_at(event, outcome.id):
            named.add(tell.who)
            name = seat_people(tell.who, dissent, today)
            who = f"{seat_title(tell.who, area)}{f', {name}' if name else ''}"
            how = (
                "told by this service at once"
                if tell.how == "notice"
                else "you tell them, and record it here"
            )
            rows.append({"label": who, "value": f"{how} ({tell.rule})" if tell.rule else how})
    for safeguard_id, seat in (
        ("told_outcome", "capacity:dissenter"),
        ("second_notice_to_chair", "capacity:chair"),
    ):
        safeguard = area.safeguard(safeguard_id)
        if safeguard is not None and safeguard.on and seat not in named:
            rows.append(
                {
                    "label": f"{seat_title(seat, area)}, {seat_people(seat, dissent, today)}",
                    "value": "told by this service at once",
                }
            )
    return rows


def gate_words(dissent: Dissent, area: protocols.AreaProtocol) -> str:
    tier = policies.current_tier(dissent, area)
    gate = next((g for g in (tier.gates if tier else ()) if g.needs == "contact_with_dissenter"), None)
    return f"{gate.reason} ({gate.rule})" if gate else ""


def tier_at_work(dissent: Dissent, area: protocols.AreaProtocol, posted: str) -> protocols.Tier | None:
    """The tier that a decision was written for; it may have been decided by somebody else meanwhile."""
    return (area.tier(posted) if posted else None) or policies.current_tier(dissent, area)


class Desk:
    """All that a reviewer has before them for one dissent at one tier."""

    def __init__(
        self,
        actor: Actor,
        dissent: Dissent,
        area: protocols.AreaProtocol,
        tier: protocols.Tier,
        now: dt.datetime,
    ) -> None:
        self.actor, self.dissent, self.area, self.tier, self.now = actor, dissent, area, tier, now
        self.today = london_date(now)
        self.conference = dissent.conference
        self.calendar = calendar_for(dissent.partnership_id, area.nation)
        self.clocks = clocks_of(dissent.case, now, self.calendar)
        self._read()
        self.answered: Answer | None = next((a for a in dissent.answers.all() if a.tier == tier.id), None)
        self.facts = facts_of(dissent.case) if any(c.cautious_after for c in area.clocks) else {}

    def _read(self) -> None:
        """What lies around the dissent, by one query."""
        here = self.conference.pk
        (
            self.children, self.record, self.noted, self.others, self.items, self.mine, self._chairs,
            self.past, *work,
        ) = gather(
            ConferenceChild.objects.filter(conference=here)
            .select_related("child", "decision__recorded_by__user")
            .order_by("pk"),
            RecordField.objects.filter(conference=here).order_by("pk"),
            NotedView.objects.filter(attendance__conference=here)
            .select_related("attendance__agency")
            .order_by("said_at"),
            Dissent.objects.filter(conference=here)
            .exclude(pk=self.dissent.pk)
            .select_related("case", "attendance", "agency")
            .order_by("expressed_at"),
            ReviewItem.objects.filter(dissent__conference=here, removed_at__isnull=True).order_by("pk"),
            Membership.objects.filter(user=self.actor.user_id).order_by("pk"),
            Membership.objects.filter(
                on_day(self.today),
                partnership=self.dissent.partnership_id,
                role=Role.CHAIR,
                user__is_active=True,
            )
            .select_related("user")
            .order_by("user__name"),
            past_answers(self.dissent, self.tier.id, self.now),
            *work_rows(self.dissent, self.tier.id),
        )  # fmt: skip
        self.work = work_from(self.dissent, *work)

    def read_again(self) -> None:
        """What was ticked just now is part of the page."""
        self.work = work_of(self.dissent, self.tier.id)

    @property
    def first(self) -> bool:
        return self.area.review is not None and self.tier.id == self.area.review.tiers[0].id

    @property
    def checks(self) -> Shown:
        return checklist(self.dissent, self.tier, self.work)

    @property
    def deciding(self) -> RunningClock | None:
        return open_clock(self.clocks, "decide")

    @property
    def late(self) -> str:
        """When the decision was due, where that has passed."""
        running = self.deciding
        if running is None or not running.progress.late:
            return ""
        return f"It was due by {due_words(running)} ({running.deadline.rule})."

    def hints(self) -> dict[str, str]:
        return {o.id: outcome_hint(o, self.dates(o)) for o in self.tier.outcomes}

    def dates(self, outcome: protocols.Outcome) -> list[OutcomeDate]:
        return dates_of(outcome, self.tier, self.area, self.calendar, self.facts, self.now)

    def chairs(self) -> list[Membership]:
        return self._chairs if any(o.book for o in self.tier.outcomes) else []

    def conflict(self, people: Iterable[Attendance]) -> Shown | None:
        """Why this person should not be the one, and what they may do about it."""
        safeguard = self.area.safeguard("reviewer_not_involved")
        if safeguard is None or not safeguard.on:
            return None
        there = {p.membership_id for p in people if p.presence in PRESENT and p.membership_id}
        words = permissions.conflict_with(
            self.actor, self.dissent, self.tier.id, mine={m.pk for m in self.mine}, there=there
        )
        if not words:
            return None
        review = self.work.review if self.work else None
        reason = review.conflict_override_reason if review else ""
        mine = review is not None and review.conflict_override_by_id == self.actor.membership_id
        return {
            "words": words,
            "reason": reason if mine else "",
            "blocks": safeguard.mode == "block" and not (reason and mine),
            "may_go_on": safeguard.override_with_reason,
        }

    def theirs(self) -> list[Shown]:
        """What someone else decided first."""
        rows: list[Shown] = []
        for answer in Answer.objects.filter(dissent=self.dissent, tier=self.tier.id).select_related(
            "decided_by__user"
        ):
            outcome = self.tier.outcome(answer.outcome)
            rows.append({"label": "Decided", "value": f"{signed_by(answer)}, {day_time(answer.decided_at)}"})
            rows.append({"label": "Outcome", "value": outcome.label if outcome else answer.outcome})
            rows.append({"label": "Reasons", "value": answer.reasons, "typed": True})
        return rows

    def shown(self) -> Shown:
        """The evidence in reading order, and what stands beside the form."""
        children, people = self.children, people_in_room(self.conference)
        running = self.deciding
        day = london_date(self.conference.starts_at)
        return {
            "reference": self.dissent.case.reference,
            "dissent": self.dissent,
            "links": [
                link_to("case", self.dissent, "Case page"),
                {
                    "href": reverse("conference-documents", args=[self.conference.reference]),
                    "label": "Documents",
                },
            ],
            "jump": {"href": "#decision", "label": "Go to your decision"},
            "facts": [
                {
                    "label": "Child" if len(self.dissent.dissent_children.all()) == 1 else "Children",
                    "value": children_words(
                        [
                            child_view(row.conference_child.child, day)
                            for row in self.dissent.dissent_children.all()
                        ]
                    ),
                },
                {
                    "label": f"{self.conference.get_kind_display()} {self.area.word('conference_short')}",
                    "value": short_date(self.conference.starts_at),
                },
                {
                    "label": "Raised by",
                    "value": f"{self.dissent.attendance.name}, {self.dissent.agency.name}",
                },
                {"label": self.area.word("chair").capitalize(), "value": self.conference.chair.user.name},
            ],
            "due": f"Due {short_date(running.deadline.due_at)[:-5]}"
            if running and running.deadline.due_at
            else "",
            "due_soon": bool(running and running.deadline.due_at and (running.progress.left or 0) <= 3),
            "late": bool(self.late),
            "stands": self.area.meanwhile.text,
            "own": own_view(self.dissent, self.area),
            "additions": list(self.dissent.additions.all()),
            "views": views_table(people, children, self.area),
            "chair": chairs_reasons(self.conference, children, self.record, self.area),
            "reports": reports_of(people),
            "noted": [
                {"name": v.attendance.name, "agency": str(v.attendance.agency), "text": v.text}
                for v in self.noted
            ],
            "others": other_dissents(self.others, self.items, self.work),
            "talks": self._talks(),
            "asks": self._asks(),
            "may_ask": bool(self.tier.may_ask),
            "answers": answer_view(self.dissent, self.area, self.actor),
            "clocks": [
                clock_view(c, self.now, corrections=corrections_of(self.dissent.case))
                for c in self.clocks
                if c.is_open and c.deadline.purpose == "decide"
            ],
            "tier": self.tier,
            "checks": self.checks,
            "conflict": self.conflict(people),
            "similar": similar_to(self.past, self.dissent, self.tier, self.area, self.calendar),
            "early_means": self.area.clock(running.deadline.clock_id) if running else None,
        }

    def _talks(self) -> list[Shown]:
        how = dict(ContactHow.choices)
        return [
            {
                "text": f"{row['who']}, {day_time(row['at'])}, {how[row['how']].lower()}",
                "done": row["reached"],
                "small": row["note"],
                "done_words": "spoke",
                "open_words": "an attempt",
                "by": row["by"],
            }
            for row in (self.work.talks if self.work else [])
            if row["dissent"] in (None, self.dissent.pk)
        ]

    def _asks(self) -> list[Shown]:
        labels = {a.id: a.label for a in self.tier.may_ask}
        return [
            {**row, "label": labels.get(row["ask"], row["ask"].replace("_", " "))}
            for row in (self.work.asks if self.work else [])
        ]

    def told(self, outcome: protocols.Outcome) -> list[Shown]:
        return told_of(outcome, self.tier, self.area, self.dissent, self.today)

    def sent_words(self, row: Answer) -> str:
        """What is said on the case page after the decision."""
        outcome = self.tier.outcome(row.outcome)
        if outcome is None:
            return "The decision was recorded."
        names = [told["label"] for told in self.told(outcome) if "by this service" in told["value"]]
        told = f" Told: {'; '.join(names)}." if names else ""
        dates = [f"{d.label} by {day_date(d.due)} ({d.rule})" for d in self.dates(outcome)]
        return f"Your decision was recorded: {outcome.label}.{told}" + (
            f" Next: {'; '.join(dates)}." if dates else ""
        )
