"""The formal dissent, its written view, its review and its answer."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from cases.models import Case
from conferences.models import Attendance, Conference, ConferenceChild
from dissent.states import FINAL, WAITING, AskKind, ContactHow, Direction, DissentState, HowReceived
from dissent.visibility import DissentQuerySet
from partnerships.models import Agency, Membership, Slot, TenantRow

S = DissentState


class Dissent(ConcurrentTransitionMixin, TenantRow):
    """One professional's formal dissent, for themselves and their agency. It has its own case."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="dissent")
    conference = models.ForeignKey(Conference, on_delete=models.PROTECT, related_name="dissents")
    attendance = models.ForeignKey(Attendance, on_delete=models.PROTECT, related_name="dissents")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    for_agency = models.BooleanField(default=True)  # on behalf of the agency, and not only for the person
    state = FSMField(max_length=20, choices=S.choices, default=S.RECORDED, protected=True)
    expressed_at = models.DateTimeField()  # said, which is what a window looks at
    recorded_at = models.DateTimeField()  # typed
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    late_entry_reason = models.TextField(blank=True)  # said in time, typed after the conference
    outside_text = models.BooleanField(default=False)  # entered where the text is silent (CAM-6)
    did_not_attend = models.BooleanField(default=False)  # allowed and flagged (SUS-20)
    name_attribution = models.BooleanField(default=False)  # cannot put their name to the decision
    discussed_with_chair_at = models.DateTimeField(null=True, blank=True)
    discussed_note = models.TextField(blank=True)
    subject = models.CharField(max_length=40)
    reasons = models.TextField(blank=True)
    outcome_sought = models.TextField(blank=True)
    parents_understanding = models.TextField(blank=True)  # AFC-6
    challenge_choice = models.CharField(max_length=20, blank=True)  # HIPS-9
    challenge_chosen_at = models.DateTimeField(null=True, blank=True)
    ground = models.CharField(max_length=60, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)  # of the written view, by the reviewer (AFC-16)
    without_view_reason = models.TextField(blank=True)  # reviewed on the chair's record, after reminding
    decided_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_reason = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    children = models.ManyToManyField(ConferenceChild, through="DissentChild", related_name="dissents")

    objects: ClassVar = DissentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | Q(withdrawn_at__isnull=False),
                name="dissent_withdrawn_at_when_withdrawn",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["decided", "closed"]) | Q(decided_at__isnull=False),
                name="dissent_decided_at_when_decided",
            ),
            models.CheckConstraint(
                condition=Q(state__in=list(FINAL), closed_at__isnull=False)
                | (~Q(state__in=list(FINAL)) & Q(closed_at__isnull=True)),
                name="dissent_closed_at_when_final",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["conference", "state"], name="dissent_of_conference")]

    def __str__(self) -> str:
        return self.case.reference

    @transition(field=state, source=S.RECORDED, target=S.AWAITING_VIEW)
    def await_written_view(self) -> None:
        pass

    @transition(field=state, source=[*WAITING], target=S.UNDER_REVIEW)
    def begin_review(self) -> None:
        pass

    @transition(field=state, source=S.RECORDED, target=S.ON_LADDER)
    def hand_to_ladder(self) -> None:
        pass

    @transition(field=state, source=S.UNDER_REVIEW, target=S.SECOND_TIER)
    def pass_to_second_tier(self) -> None:
        pass

    @transition(field=state, source=[S.UNDER_REVIEW, S.SECOND_TIER], target=S.DECIDED)
    def decide(self, at: dt.datetime) -> None:
        self.decided_at = at

    @transition(field=state, source=S.DECIDED, target=S.CLOSED)
    def close(self, at: dt.datetime) -> None:
        self.closed_at = at

    @transition(field=state, source=S.AWAITING_VIEW, target=S.NOT_PURSUED)
    def close_as_not_pursued(self, at: dt.datetime, reason: str) -> None:
        self.closed_at = at
        self.closed_reason = reason

    @transition(
        field=state,
        source=[S.RECORDED, S.AWAITING_VIEW, S.UNDER_REVIEW, S.SECOND_TIER, S.ON_LADDER],
        target=S.WITHDRAWN,
    )
    def withdraw(self, at: dt.datetime, reason: str) -> None:
        self.withdrawn_at = at
        self.withdrawn_reason = reason
        self.closed_at = at


class DissentChild(TenantRow):
    """What the dissent says about one child: the direction, per child (SUS-19)."""

    dissent = models.ForeignKey(Dissent, on_delete=models.PROTECT, related_name="dissent_children")
    conference_child = models.ForeignKey(
        ConferenceChild, on_delete=models.PROTECT, related_name="dissent_children"
    )
    direction = models.CharField(max_length=30, choices=Direction.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dissent", "conference_child"], name="dissent_child_once")
        ]

    def __str__(self) -> str:
        return self.direction


class WrittenView(TenantRow):
    """The dissenter's own written view with the outcome they seek. Its receipt starts the review (AFC-16..18)."""

    dissent = models.OneToOneField(Dissent, on_delete=models.PROTECT, related_name="written_view")
    text = models.TextField()
    outcome_sought = models.TextField()
    discussed_with_lead_on = models.DateField(null=True, blank=True)
    received_at = models.DateTimeField()
    how = models.CharField(max_length=20, choices=HowReceived.choices)
    late = models.BooleanField(default=False)  # accepted all the same
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.uuid)


class Addition(TenantRow):
    """Information that the dissenter added after the dissent was recorded."""

    dissent = models.ForeignKey(Dissent, on_delete=models.PROTECT, related_name="additions")
    text = models.TextField()
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.uuid)


class PractitionerTask(TenantRow):
    """Something the protocol asks of the dissenter, done on a day (SUS-32: discuss with manager and leads)."""

    dissent = models.ForeignKey(Dissent, on_delete=models.PROTECT, related_name="practitioner_tasks")
    task = models.CharField(max_length=60)
    done_on = models.DateField()
    note = models.TextField(blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dissent", "task"], name="practitioner_task_once")
        ]

    def __str__(self) -> str:
        return self.task


class Review(TenantRow):
    """The review of one or more dissents of one conference by one post at one tier, with shared evidence."""

    conference = models.ForeignKey(Conference, on_delete=models.PROTECT, related_name="reviews")
    tier = models.CharField(max_length=60)  # of the protocol
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    conflict_override_reason = models.TextField(blank=True)
    conflict_override_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    conflict_override_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    conflict_override_by__isnull=True,
                    conflict_override_at__isnull=True,
                    conflict_override_reason="",
                )
                | (
                    Q(conflict_override_by__isnull=False, conflict_override_at__isnull=False)
                    & ~Q(conflict_override_reason="")
                ),
                name="review_override_complete",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["slot", "conference"], condition=Q(closed_at__isnull=True), name="review_open_of_slot"
            )
        ]

    def __str__(self) -> str:
        return f"{self.conference} {self.tier}"


class ReviewItem(TenantRow):
    """One dissent in one review."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="items")
    dissent = models.ForeignKey(Dissent, on_delete=models.PROTECT, related_name="review_items")
    tier = models.CharField(max_length=60)
    removed_at = models.DateTimeField(null=True, blank=True)  # reviewed apart from then on

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["dissent", "tier"],
                condition=Q(removed_at__isnull=True),
                name="dissent_in_one_live_review_per_tier",
            )
        ]

    def __str__(self) -> str:
        return f"{self.dissent} {self.tier}"


class MaterialSeen(TenantRow):
    """A piece of the protocol's list of materials, read by the reviewer."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="materials_seen")
    material = models.CharField(max_length=60)
    seen_at = models.DateTimeField()
    seen_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["review", "material"], name="material_seen_once")
        ]

    def __str__(self) -> str:
        return self.material


class Conversation(TenantRow):
    """A conversation of the reviewer with the dissenter or another, or a dated attempt at one (SUS-27)."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="conversations")
    dissent = models.ForeignKey(
        Dissent, on_delete=models.PROTECT, null=True, blank=True, related_name="conversations"
    )  # with its dissenter; otherwise `with_whom` says
    with_whom = models.CharField(max_length=150)
    happened_at = models.DateTimeField()
    how = models.CharField(max_length=20, choices=ContactHow.choices)
    reached = models.BooleanField()  # False: an attempt
    note = models.TextField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.uuid)


class Ask(TenantRow):
    """A request of the reviewer for advice or information, with its reply (CAM-10). It stops no clock."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="asks")
    dissent = models.ForeignKey(Dissent, on_delete=models.PROTECT, null=True, blank=True, related_name="asks")
    ask_id = models.CharField(max_length=60)  # of the protocol's list
    kind = models.CharField(max_length=20, choices=AskKind.choices)
    seat = models.CharField(max_length=80)
    question = models.TextField()
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    reply = models.TextField(blank=True)
    replied_at = models.DateTimeField(null=True, blank=True)
    replied_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(replied_at__isnull=True, reply="") | (Q(replied_at__isnull=False) & ~Q(reply="")),
                name="ask_reply_complete",
            )
        ]

    def __str__(self) -> str:
        return str(self.uuid)


class Answer(TenantRow):
    """The outcome of one dissent at one tier, with its reasons. There is one, and it is never changed."""

    dissent = models.ForeignKey(Dissent, on_delete=models.PROTECT, related_name="answers")
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="answers")
    tier = models.CharField(max_length=60)
    outcome = models.CharField(max_length=60)  # of the protocol's list
    means = models.CharField(max_length=20)  # a common meaning, for reports only
    reasons = models.TextField()
    parts = models.JSONField(default=dict)  # WDC-13: the three parts of a full review
    new_information = models.TextField(blank=True)  # CAM-13
    unread_reason = models.TextField(blank=True)
    no_contact_reason = models.TextField(blank=True)  # attempts in place of a conversation (SUS-27)
    late_reason = models.TextField(blank=True)
    different_chair = models.BooleanField(null=True)  # WDC-15b
    different_chair_reason = models.TextField(blank=True)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    acting_for = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dissent", "tier"], name="answer_one_per_dissent_and_tier")
        ]

    def __str__(self) -> str:
        return self.outcome


class AnswerChild(TenantRow):
    """What an answer says about one child of a sibling group."""

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="answer_children")
    dissent_child = models.ForeignKey(DissentChild, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["answer", "dissent_child"], name="answer_child_once")
        ]

    def __str__(self) -> str:
        return str(self.uuid)


class FollowUp(TenantRow):
    """The conference that an answer asks for: booked against its clock, and linked to the first."""

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="follow_ups")
    conference = models.ForeignKey(Conference, on_delete=models.PROTECT, related_name="follow_ups")
    late_reason = models.TextField(blank=True)  # booked after the date that the protocol gives

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["answer", "conference"], name="follow_up_once")
        ]

    def __str__(self) -> str:
        return str(self.uuid)
