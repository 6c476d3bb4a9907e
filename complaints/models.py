"""The side-log of families' complaints about conferences. A complaint is no difference between professionals."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from cases.models import Case
from complaints.states import FINAL, ComplaintState, MadeBy
from complaints.visibility import ComplaintQuerySet
from conferences.models import Conference
from partnerships.models import Membership, TenantRow

S = ComplaintState


class Complaint(ConcurrentTransitionMixin, TenantRow):
    """A complaint of a parent, a carer or a child about a conference (CAM-18). It changes nothing that was decided."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="complaint")
    conference = models.ForeignKey(Conference, on_delete=models.PROTECT, related_name="complaints")
    state = FSMField(max_length=20, choices=S.choices, default=S.RECORDED, protected=True)
    made_by = models.CharField(max_length=10, choices=MadeBy.choices)
    name = models.CharField(max_length=150, blank=True)  # on no list and in no message
    aspects = models.JSONField(default=list)  # of the protocol's list
    outside_list = models.BooleanField(default=False)  # logged all the same, and said so
    summary = models.TextField()
    received_on = models.DateField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    outcome = models.CharField(max_length=60, blank=True)  # of the protocol's list
    means = models.CharField(max_length=20, blank=True)  # a common meaning, for reports only
    reasons = models.TextField(blank=True)
    decider = models.CharField(max_length=150, blank=True)  # who decided, as typed: the text names no post
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    follow_up = models.ForeignKey(
        Conference, on_delete=models.PROTECT, null=True, blank=True, related_name="asked_for_by_complaints"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar = ComplaintQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(aspects=[]) | Q(outside_list=True), name="complaint_is_about_something"
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="complaint_acknowledged_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decided_by__isnull=True, outcome="")
                | (Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(outcome="")),
                name="complaint_outcome_complete",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["decided", "closed"]) | Q(decided_at__isnull=False),
                name="complaint_decided_at_when_decided",
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | Q(withdrawn_at__isnull=False),
                name="complaint_withdrawn_at_when_so",
            ),
            models.CheckConstraint(
                condition=Q(state__in=list(FINAL), closed_at__isnull=False)
                | (~Q(state__in=list(FINAL)) & Q(closed_at__isnull=True)),
                name="complaint_closed_at_when_final",
            ),
        ]

    def __str__(self) -> str:
        return self.case.reference

    @transition(field=state, source=S.RECORDED, target=S.ACKNOWLEDGED)
    def acknowledge(self, at: dt.datetime, by_id: int) -> None:
        self.acknowledged_at = at
        self.acknowledged_by_id = by_id

    @transition(field=state, source=S.ACKNOWLEDGED, target=S.DECIDED)
    def decide(self, at: dt.datetime, by_id: int) -> None:
        self.decided_at = at
        self.decided_by_id = by_id

    @transition(field=state, source=S.DECIDED, target=S.CLOSED)
    def close(self, at: dt.datetime) -> None:
        self.closed_at = at

    @transition(field=state, source=[S.RECORDED, S.ACKNOWLEDGED], target=S.WITHDRAWN)
    def withdraw(self, at: dt.datetime, reason: str) -> None:
        self.withdrawn_at = at
        self.withdrawn_reason = reason
        self.closed_at = at
