"""The conference: who was there, what each thought about each child, and what was decided on what basis."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from cases.models import Case, Child
from conferences.states import ConferenceKind, ConferenceState, Phase, Presence, Side, ViewChoice, Why
from conferences.visibility import ConferenceQuerySet
from partnerships.models import Agency, Membership, ProtocolVersion, TenantRow
from records.models import Document

S = ConferenceState


class Conference(ConcurrentTransitionMixin, TenantRow):
    """A child protection conference, also a reconvened one. It may sit in several sessions."""

    reference = models.CharField(max_length=12, unique=True)
    kind = models.CharField(max_length=20, choices=ConferenceKind.choices)
    protocol_version = models.ForeignKey(ProtocolVersion, on_delete=models.PROTECT, related_name="+")
    state = FSMField(max_length=20, choices=S.choices, default=S.BOOKED, protected=True)
    starts_at = models.DateTimeField()  # booked for
    place = models.CharField(max_length=200, blank=True)
    chair = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="chaired")
    minute_taker = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="minuted"
    )
    follows = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="followed_by"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_reason = models.CharField(max_length=500, blank=True)
    quorum_reason = models.TextField(blank=True)  # why it went on below its quorum
    undecided_reason = models.TextField(blank=True)  # why it ended without a decision for each child
    consensus_note = models.TextField(blank=True)
    round_opened_at = models.DateTimeField(null=True, blank=True)  # from then on private views are shown
    round_opened_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    revisits = models.PositiveIntegerField(default=0)  # WDC-10: how often discussion was revisited
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar = ConferenceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="ended", ended_at__isnull=False)
                | (~Q(state="ended") & Q(ended_at__isnull=True)),
                name="conference_ended_at_when_ended",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="conference_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["booked", "cancelled"]) | Q(started_at__isnull=False),
                name="conference_started_when_live",
            ),
            models.CheckConstraint(
                condition=Q(round_opened_at__isnull=True, round_opened_by__isnull=True)
                | Q(round_opened_at__isnull=False, round_opened_by__isnull=False),
                name="conference_round_opened_by_someone",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["chair", "-starts_at"], name="conference_by_chair")]

    def __str__(self) -> str:
        return self.reference

    @transition(field=state, source=S.BOOKED, target=S.IN_SESSION)
    def start(self, at: dt.datetime) -> None:
        self.started_at = at

    @transition(field=state, source=S.IN_SESSION, target=S.ADJOURNED)
    def adjourn(self) -> None:
        pass

    @transition(field=state, source=S.ADJOURNED, target=S.IN_SESSION)
    def resume(self) -> None:
        pass

    @transition(field=state, source=[S.IN_SESSION, S.ADJOURNED], target=S.ENDED)
    def end(self, at: dt.datetime) -> None:
        self.ended_at = at

    @transition(field=state, source=S.BOOKED, target=S.CANCELLED)
    def cancel(self, at: dt.datetime, reason: str) -> None:
        self.cancelled_at = at
        self.cancelled_reason = reason


class Session(TenantRow):
    """One sitting of a conference. An adjourned conference has several; it ends when the last one does."""

    conference = models.ForeignKey(Conference, on_delete=models.PROTECT, related_name="sessions")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    adjourned_reason = models.CharField(max_length=500, blank=True)
    resumes_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="session_ends_after_it_starts",
            ),
            models.UniqueConstraint(
                fields=["conference"], condition=Q(ended_at__isnull=True), name="session_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conference} {self.started_at:%H:%M}"


class ConferenceCase(TenantRow):
    """That a case hangs on a conference, and why."""

    conference = models.ForeignKey(Conference, on_delete=models.PROTECT, related_name="conference_cases")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="conference_cases")
    why = models.CharField(max_length=20, choices=Why.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conference", "case", "why"], name="case_on_conference_once")
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.why} {self.conference}"


class ConferenceChild(TenantRow):
    """A child whom a conference is about, with the decision about that child alone."""

    conference = models.ForeignKey(Conference, on_delete=models.PROTECT, related_name="conference_children")
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="conference_children")
    on_plan_before = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conference", "child"], name="child_once_per_conference")
        ]

    def __str__(self) -> str:
        return f"{self.conference} {self.child}"


class ConferenceDocument(TenantRow):
    """A report to a conference, its summary, or another document of it."""

    conference = models.ForeignKey(Conference, on_delete=models.PROTECT, related_name="conference_documents")
    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="conference_document")

    def __str__(self) -> str:
        return f"{self.conference} {self.document}"


class Attendance(TenantRow):
    """Someone invited to a conference: with an account, or known by name only."""

    conference = models.ForeignKey(Conference, on_delete=models.PROTECT, related_name="attendances")
    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="attendances"
    )
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, null=True, blank=True, related_name="attendances"
    )
    name = models.CharField(max_length=150)
    job_title = models.CharField(max_length=150, blank=True)
    email = models.EmailField(blank=True)
    side = models.CharField(max_length=20, choices=Side.choices, default=Side.PROFESSIONAL)
    presence = models.CharField(max_length=20, choices=Presence.choices, default=Presence.INVITED)
    left_at = models.DateTimeField(null=True, blank=True)
    report_submitted = models.BooleanField(default=False)
    report_shared = models.BooleanField(default=False)  # WDC-4: of those who did not come

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(side="family", agency__isnull=True)
                | Q(side="professional", agency__isnull=False),
                name="attendance_professional_has_agency",
            ),
            models.UniqueConstraint(
                fields=["conference", "membership"],
                condition=Q(membership__isnull=False),
                name="attendance_once_per_member",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ScriptTick(TenantRow):
    """A step of the protocol's script for the chair, done at a time."""

    conference = models.ForeignKey(Conference, on_delete=models.PROTECT, related_name="script_ticks")
    step = models.CharField(max_length=60)
    done_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conference", "step"], name="script_step_once")
        ]

    def __str__(self) -> str:
        return self.step


class View(TenantRow):
    """What one person thought about one child: at the discussion, or at the decision."""

    attendance = models.ForeignKey(Attendance, on_delete=models.PROTECT, related_name="views")
    conference_child = models.ForeignKey(ConferenceChild, on_delete=models.PROTECT, related_name="views")
    phase = models.CharField(max_length=12, choices=Phase.choices)
    choice = models.CharField(max_length=10, choices=ViewChoice.choices)
    reasons = models.TextField(blank=True)
    change_reason = models.TextField(blank=True)  # WDC-9: why it differs from the discussion
    recorded_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["attendance", "conference_child", "phase"], name="view_once_per_child_and_phase"
            )
        ]

    def __str__(self) -> str:
        return self.choice


class PrivateView(TenantRow):
    """What someone thinks about one child before views are spoken, sent from their own device (beside WDC-9, WDC-16).

    Theirs alone until the round is opened; kept as it was sent.
    """

    attendance = models.ForeignKey(Attendance, on_delete=models.PROTECT, related_name="private_views")
    conference_child = models.ForeignKey(
        ConferenceChild, on_delete=models.PROTECT, related_name="private_views"
    )
    choice = models.CharField(max_length=10, choices=ViewChoice.choices)
    reasons = models.TextField(blank=True)
    sent_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["attendance", "conference_child"], name="private_view_once_per_child"
            )
        ]

    def __str__(self) -> str:
        return str(self.uuid)


class Decision(TenantRow):
    """What the conference decided about one child, and how it came to it. The chair's, entered once."""

    conference_child = models.OneToOneField(
        ConferenceChild, on_delete=models.PROTECT, related_name="decision"
    )
    option = models.CharField(max_length=60)  # of the protocol's list
    on_plan = models.BooleanField()
    category = models.CharField(max_length=60, blank=True)
    basis = models.CharField(max_length=30)
    reasons = models.TextField(blank=True)
    decided_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.option


class RecordField(TenantRow):
    """One further part of the record that the protocol asks for (strengths, risks, core group, plan …)."""

    conference = models.ForeignKey(Conference, on_delete=models.PROTECT, related_name="record_fields")
    field = models.CharField(max_length=60)
    text = models.TextField()
    recorded_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conference", "field"], name="record_field_once")
        ]

    def __str__(self) -> str:
        return self.field


class NotedView(TenantRow):
    """A differing view that its owner wants on record, and no more: not a formal dissent (AFC-5, SUS-21)."""

    attendance = models.ForeignKey(Attendance, on_delete=models.PROTECT, related_name="noted_views")
    text = models.TextField()
    said_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    children = models.ManyToManyField(ConferenceChild, through="NotedViewChild", related_name="noted_views")

    def __str__(self) -> str:
        return str(self.uuid)


class NotedViewChild(TenantRow):
    noted_view = models.ForeignKey(NotedView, on_delete=models.PROTECT, related_name="+")
    conference_child = models.ForeignKey(ConferenceChild, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["noted_view", "conference_child"], name="noted_view_child_once")
        ]

    def __str__(self) -> str:
        return str(self.uuid)


class MissingEntryRequest(TenantRow):
    """An attendee says that a dissent they spoke is not in the record (system safeguard beside AFC-13)."""

    attendance = models.ForeignKey(Attendance, on_delete=models.PROTECT, related_name="missing_entries")
    text = models.TextField()
    said_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True)

    def __str__(self) -> str:
        return str(self.uuid)
