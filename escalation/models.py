"""An escalation, the steps of its ladder, who is at each, their meetings and what they agreed."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from cases.models import Case, Participant
from conferences.models import Conference
from escalation.states import CLIMBING, FINAL, Ended, Entered, EscalationState, How, Side
from escalation.visibility import EscalationQuerySet
from partnerships.models import Agency, Membership, TenantRow
from records.models import AgreedAction

S = EscalationState


class Escalation(ConcurrentTransitionMixin, TenantRow):
    """One difference on its way up a ladder: in a case of its own, or in the case of the dissent that it goes with."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="escalations")
    kind = models.CharField(max_length=40)  # of the protocol
    topics = models.JSONField(default=list, blank=True)  # ids of the protocol's topics
    ladder = models.CharField(
        max_length=60, blank=True
    )  # of the protocol; empty: it has none for this agency
    conference = models.ForeignKey(
        Conference, on_delete=models.PROTECT, null=True, blank=True, related_name="escalations"
    )
    requester = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    other_agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    state = FSMField(max_length=20, choices=S.choices, default=S.RAISED, protected=True)
    held_by = models.CharField(max_length=60)  # a seat
    concern = models.TextField()
    outcome_sought = models.TextField(blank=True)
    raised_at = models.DateTimeField()  # with the other side, which is what a clock looks at
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    agreed_date = models.DateField(null=True, blank=True)
    agreed_reason = models.TextField(blank=True)  # why it is later than the protocol's own limit (SUS-6)
    protect_by_date = models.DateField(null=True, blank=True)
    beside_dissent = models.BooleanField(
        default=False
    )  # opened together with it (AFC-7), or instead of a review
    policy_issue = models.BooleanField(default=False)
    authority_responsible = models.CharField(max_length=200, blank=True)  # SUS-37
    authority_of_place = models.CharField(max_length=200, blank=True)  # where the facility is
    case_facts = models.JSONField(
        default=dict, blank=True
    )  # ids of the protocol's case facts and options (HIPS-18)
    resolved_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    ending = models.TextField(
        blank=True
    )  # in words: how it was settled, why it was withdrawn, why no further step
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar = EscalationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case"], condition=~Q(state__in=list(FINAL)), name="escalation_one_open_per_case"
            ),
            models.CheckConstraint(
                condition=Q(state__in=list(FINAL), closed_at__isnull=False)
                | (~Q(state__in=list(FINAL)) & Q(closed_at__isnull=True)),
                name="escalation_closed_at_when_final",
            ),
            models.CheckConstraint(
                condition=~Q(state="resolved") | Q(resolved_at__isnull=False),
                name="escalation_resolved_at_when_resolved",
            ),
            models.CheckConstraint(
                condition=~Q(state="decided") | Q(decided_at__isnull=False),
                name="escalation_decided_at_when_decided",
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | Q(withdrawn_at__isnull=False),
                name="escalation_withdrawn_at_when_withdrawn",
            ),
        ]

    def __str__(self) -> str:
        return self.case.reference

    @transition(field=state, source=[*CLIMBING], target=S.AT_TIER)
    def go_between(self) -> None:
        pass

    @transition(field=state, source=[*CLIMBING], target=S.WITH_CHAIR)
    def go_to_chair(self) -> None:
        pass

    @transition(field=state, source=[*CLIMBING], target=S.AT_PARTNERSHIP)
    def go_to_partnership(self) -> None:
        pass

    @transition(field=state, source=[*CLIMBING], target=S.RESOLVED)
    def resolve(self, at: dt.datetime, words: str) -> None:
        self.resolved_at = at
        self.ending = words

    @transition(field=state, source=[S.AT_TIER, S.WITH_CHAIR, S.AT_PARTNERSHIP], target=S.DECIDED)
    def decide(self, at: dt.datetime, words: str) -> None:
        self.decided_at = at
        self.ending = words

    @transition(field=state, source=[S.RESOLVED, S.DECIDED], target=S.CLOSED)
    def close(self, at: dt.datetime) -> None:
        self.closed_at = at

    @transition(field=state, source=[S.RAISED, S.AT_TIER], target=S.CLOSED)
    def close_unsettled(self, at: dt.datetime, words: str) -> None:
        self.closed_at = at
        self.ending = words

    @transition(field=state, source=[*CLIMBING], target=S.WITHDRAWN)
    def withdraw(self, at: dt.datetime, words: str) -> None:
        self.withdrawn_at = at
        self.closed_at = at
        self.ending = words


class EscalationTier(TenantRow):
    """A step of the ladder that was opened, and how it ended."""

    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="tiers")
    tier = models.CharField(max_length=60)  # of the protocol
    entered = models.CharField(max_length=20, choices=Entered.choices)
    alternative = models.CharField(max_length=150, blank=True)  # a title of the protocol (SUS-11, HIPS-18)
    entry_point = models.CharField(max_length=150, blank=True)  # WDC-20
    routed = models.CharField(max_length=60, blank=True)  # an option of the protocol (WDC-21)
    unresolved = models.TextField(blank=True)  # what is still open, in words
    exception = models.TextField(
        blank=True
    )  # why the step was opened past something that the protocol asks for first
    marks = models.JSONField(default=list, blank=True)  # rule numbers of what it was opened past
    answers = models.JSONField(
        default=dict, blank=True
    )  # what the step requires in words, by the protocol's field
    same_person_note = models.TextField(blank=True)  # WDC-19
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended = models.CharField(max_length=20, choices=Ended.choices, blank=True)
    outcome = models.CharField(max_length=60, blank=True)  # of the protocol
    answer = models.TextField(blank=True)  # the reasons of whoever decided here
    not_heard_reason = models.TextField(blank=True)  # why it was decided without hearing anybody
    acting_for = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["escalation"], condition=Q(closed_at__isnull=True), name="escalation_one_open_tier"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True, ended="")
                | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(ended="")),
                name="tier_ended_when_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.escalation} {self.tier}"


class TierPerson(TenantRow):
    """Somebody named at a step, for one side: by name and address, with or without an account, or by a post."""

    tier = models.ForeignKey(EscalationTier, on_delete=models.PROTECT, related_name="people")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=10, choices=Side.choices)
    title = models.CharField(max_length=200)  # as the protocol calls whoever stands here
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)  # somebody else stands here now

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tier", "participant", "side"],
                condition=Q(removed_at__isnull=True),
                name="tier_person_once",
            )
        ]

    def __str__(self) -> str:
        return self.title


class TierMeeting(TenantRow):
    """A meeting, or a talk, at a step: when, how, what came of it."""

    tier = models.ForeignKey(EscalationTier, on_delete=models.PROTECT, related_name="meetings")
    met_at = models.DateTimeField()
    how = models.CharField(max_length=20, choices=How.choices)
    all_parties = models.BooleanField()  # HIPS-4, HIPS-12, WDC-19
    note = models.TextField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.uuid)


class MeetingPerson(TenantRow):
    """Who was invited to a meeting, and whether they were there: a participant, or somebody by name only."""

    meeting = models.ForeignKey(TierMeeting, on_delete=models.PROTECT, related_name="people")
    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    name = models.CharField(max_length=150)
    there = models.BooleanField()

    def __str__(self) -> str:
        return self.name


class StepAction(TenantRow):
    """That something was agreed at a step; what, who and by when are `records.AgreedAction` (HIPS-5, HIPS-13)."""

    tier = models.ForeignKey(EscalationTier, on_delete=models.PROTECT, related_name="step_actions")
    action = models.OneToOneField(AgreedAction, on_delete=models.PROTECT, related_name="at_step")

    def __str__(self) -> str:
        return str(self.action)


class DatesChanged(TenantRow):
    """That people agreed on other dates: what they were, what they are, and why. Rows are only added (SUS-6)."""

    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="dates_changed")
    agreed_was = models.DateField(null=True, blank=True)
    agreed_is = models.DateField(null=True, blank=True)
    protect_by_was = models.DateField(null=True, blank=True)
    protect_by_is = models.DateField(null=True, blank=True)
    reason = models.TextField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.uuid)


class UrgentAction(TenantRow):
    """What somebody did at once for a child, written down after it was done (SUS-36)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="urgent_actions")
    what = models.TextField()
    taken_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.uuid)


class ForumSummary(TenantRow):
    """An early concern shared with the forum on joint working, with nobody named (SUS-7)."""

    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="forum_summaries")
    text = models.TextField()
    shared_at = models.DateTimeField()
    shared_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.uuid)
