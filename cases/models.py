"""The spine: one case per matter, its children, its participants, and the dated facts that clocks start from."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q

from cases.states import FINAL, Capacity, Kind, Stage
from cases.visibility import CaseQuerySet
from partnerships.models import Agency, Membership, ProtocolVersion, Slot, TenantRow


class Child(TenantRow):
    """A child, once per partnership, also unborn. Screens show initials and age; the name stays in the record."""

    name = models.CharField(max_length=150, blank=True)
    initials = models.CharField(max_length=6)
    born_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(born_on__isnull=False) | Q(due_on__isnull=False), name="child_born_or_due"
            )
        ]

    def __str__(self) -> str:
        return self.initials

    @property
    def unborn(self) -> bool:
        return self.born_on is None

    def age_on(self, day: dt.date) -> int | None:
        """Completed years on a day; None before birth."""
        if self.born_on is None or day < self.born_on:
            return None
        return day.year - self.born_on.year - ((day.month, day.day) < (self.born_on.month, self.born_on.day))


class Case(TenantRow):
    """One matter from first voiced to closed, with one reference for life."""

    reference = models.CharField(max_length=12, unique=True)
    kind = models.CharField(max_length=30, choices=Kind.choices)
    protocol_version = models.ForeignKey(ProtocolVersion, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")  # the agency that differs
    stage = models.CharField(max_length=30, choices=Stage.choices)
    outcome_label = models.CharField(max_length=200, blank=True)  # in the protocol's own words
    held_by = models.CharField(max_length=60, blank=True)  # a seat
    next_due_at = models.DateTimeField(null=True, blank=True)
    next_due_for = models.CharField(max_length=200, blank=True)
    overdue = models.BooleanField(default=False)  # a dated clock of the protocol has passed and is still open
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    children = models.ManyToManyField(Child, through="CaseChild", related_name="cases")

    objects: ClassVar = CaseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, stage__in=[s for s in Stage.values if s not in FINAL])
                | Q(closed_at__isnull=False, stage__in=list(FINAL)),
                name="case_closed_when_final",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["partnership", "next_due_at"],
                condition=Q(closed_at__isnull=True),
                name="case_open_by_due",
            )
        ]

    def __str__(self) -> str:
        return self.reference


class CaseChild(TenantRow):
    """A child whom a case is about."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="case_children")
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="case_children")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "child"], name="child_once_per_case")
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.child}"


class Participant(TenantRow):
    """What someone is in a case: a person with an account, a post, or a person known by name and address only."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="participants")
    capacity = models.CharField(max_length=30, choices=Capacity.choices)
    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=150, blank=True)
    email = models.EmailField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "capacity", "membership"],
                condition=Q(membership__isnull=False),
                name="participant_once_per_capacity",
            ),
            models.UniqueConstraint(
                fields=["case", "capacity", "slot"],
                condition=Q(slot__isnull=False),
                name="participant_slot_once",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["membership", "case"], name="participant_by_membership")]

    def __str__(self) -> str:
        return f"{self.case} {self.capacity}"


class CaseEvent(TenantRow):
    """A named fact with its own time. Clocks start and stop on it. A correction is a new row."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="events")
    name = models.CharField(max_length=60)
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    corrects = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrected_by"
    )
    reason = models.CharField(max_length=500, blank=True)  # why it was corrected

    class Meta:
        indexes: ClassVar = [models.Index(fields=["case", "name"], name="case_event_by_name")]

    def __str__(self) -> str:
        return f"{self.case} {self.name}"


class Invitation(TenantRow):
    """A participant without an account, invited to act in their one case. It ends with the case, or is taken back."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="invitations")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="invitations")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")  # what they act in
    invited_at = models.DateTimeField()
    invited_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["participant"], condition=Q(withdrawn_at__isnull=True), name="invitation_one_open"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="invitation_withdrawn_at_and_by",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.participant_id}"


class GuestVisit(TenantRow):
    """One visit of a guest, from the code they typed to when they left or their time was over."""

    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, related_name="visits")
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ends_at = models.DateTimeField()  # at the latest
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["invitation"], condition=Q(ended_at__isnull=True), name="guest_visit_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.invitation} {self.started_at:%Y-%m-%d}"


class SavedFilter(TenantRow):
    """A view of the list of cases that a person keeps by a name: only what stands in the address, nothing of a case."""

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="saved_filters")
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=300)  # as it stands in the address of the list
    is_default = models.BooleanField(default=False)  # what the list opens with
    saved_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["membership", "name"],
                condition=Q(removed_at__isnull=True),
                name="saved_filter_one_per_name",
            ),
            models.UniqueConstraint(
                fields=["membership"],
                condition=Q(removed_at__isnull=True, is_default=True),
                name="saved_filter_one_default",
            ),
        ]

    def __str__(self) -> str:
        return self.name
