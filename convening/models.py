"""Requests to hold a conference, their answers, and who was consulted before the last one."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from cases.models import Case, Participant
from conferences.models import Conference
from convening.states import FINAL, AnswerStep, Basis, ConveneState, MadeHow, SupporterIs
from convening.visibility import ConveneQuerySet
from partnerships.models import Agency, Membership, TenantRow

S = ConveneState


class ConveneRequest(ConcurrentTransitionMixin, TenantRow):
    """A request of an agency that a conference be held, made and answered in writing (SUS-13, HIPS-2)."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="convene_request")
    requester = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    state = FSMField(max_length=20, choices=S.choices, default=S.REQUESTED, protected=True)
    made_how = models.CharField(max_length=10, choices=MadeHow.choices)
    made_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()  # the request itself
    serious_concern = models.TextField(blank=True)
    basis = models.CharField(max_length=20, choices=Basis.choices, blank=True)
    senior = models.BooleanField(null=True)  # asked by a senior member of staff; not asked of everybody
    supporter_is = models.CharField(max_length=20, choices=SupporterIs.choices, blank=True)
    supporter = models.CharField(max_length=150, blank=True)  # name and post
    marks = models.JSONField(default=list, blank=True)  # rule numbers of what it was made without
    conference = models.ForeignKey(
        Conference, on_delete=models.PROTECT, null=True, blank=True, related_name="convene_requests"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar = ConveneQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=list(FINAL), closed_at__isnull=False)
                | (~Q(state__in=list(FINAL)) & Q(closed_at__isnull=True)),
                name="convene_closed_at_when_final",
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | Q(withdrawn_at__isnull=False),
                name="convene_withdrawn_at_when_so",
            ),
            models.CheckConstraint(
                condition=Q(supporter="", supporter_is="") | (~Q(supporter="") & ~Q(supporter_is="")),
                name="convene_supporter_complete",
            ),
        ]

    def __str__(self) -> str:
        return self.case.reference

    @transition(field=state, source=[S.REQUESTED, S.LAST_RESORT], target=S.REFUSED)
    def refuse(self) -> None:
        pass

    @transition(field=state, source=[S.REQUESTED, S.LAST_RESORT], target=S.AGREED)
    def agree(self) -> None:
        pass

    @transition(field=state, source=S.REFUSED, target=S.LAST_RESORT)
    def go_to_last_resort(self) -> None:
        pass

    @transition(field=state, source=[S.REFUSED, S.AGREED], target=S.CLOSED)
    def close(self, at: dt.datetime) -> None:
        self.closed_at = at

    @transition(field=state, source=[S.REQUESTED, S.REFUSED, S.LAST_RESORT], target=S.WITHDRAWN)
    def withdraw(self, at: dt.datetime, reason: str) -> None:
        self.withdrawn_at = at
        self.withdrawn_reason = reason
        self.closed_at = at


class ConveneAnswer(TenantRow):
    """The answer in writing, with its reasons, and to whom its letter goes. It is never changed (SUS-13, SUS-14, HIPS-3)."""

    convening = models.ForeignKey(ConveneRequest, on_delete=models.PROTECT, related_name="answers")
    step = models.CharField(max_length=20, choices=AnswerStep.choices)
    outcome = models.CharField(max_length=60)  # of the protocol
    means = models.CharField(max_length=20)  # a common meaning, for reports only
    reply = models.TextField()  # the words of the letter
    reasons = models.TextField(blank=True)
    exception = models.BooleanField(default=False)  # a supported request that was refused (HIPS-3)
    involved_reason = models.TextField(
        blank=True
    )  # why whoever asked, or refused first, answered all the same
    addressee = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")  # of the letter
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    acting_for = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["convening", "step"], name="convene_answered_once")
        ]

    def __str__(self) -> str:
        return self.outcome


class Consultation(TenantRow):
    """That a member of the partnership was consulted before the last resort decides (SUS-16)."""

    convening = models.ForeignKey(ConveneRequest, on_delete=models.PROTECT, related_name="consultations")
    who = models.CharField(max_length=150)  # name and post
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    consulted_at = models.DateTimeField()
    note = models.TextField(blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.who
