"""Clocks that have started, and everything each will do, laid out when it starts."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from cases.models import Case, CaseEvent
from deadlines.states import DeadlineState, Doubt, EffectKind, Purpose, Release
from partnerships.models import Membership, TenantRow


class Deadline(TenantRow):
    """A started clock of the protocol: due at an instant, or elapsed only. Passing it never decides anything."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="deadlines")
    clock_id = models.CharField(max_length=60)  # in the case's protocol version
    rule = models.CharField(max_length=10)
    label = models.CharField(max_length=200)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    strength = models.CharField(max_length=10)
    holder = models.CharField(max_length=80)  # a seat
    anchor = models.ForeignKey(CaseEvent, on_delete=models.PROTECT, related_name="deadlines")
    anchored_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=DeadlineState.choices, default=DeadlineState.OPEN)
    ended_at = models.DateTimeField(null=True, blank=True)  # met or cancelled at
    breached_at = models.DateTimeField(null=True, blank=True)  # the due instant, once passed
    breach_detected_at = models.DateTimeField(null=True, blank=True)
    late_reason = models.TextField(blank=True)
    agreed_date = models.DateField(null=True, blank=True)
    protect_by_date = models.DateField(null=True, blank=True)
    calendar_version = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="open", ended_at__isnull=True)
                | (~Q(state="open") & Q(ended_at__isnull=False)),
                name="deadline_ended_when_not_open",
            ),
            models.CheckConstraint(
                condition=Q(breached_at__isnull=True) | Q(due_at__isnull=False),
                name="deadline_breach_needs_a_due_instant",
            ),
            models.UniqueConstraint(
                fields=["case", "clock_id"], condition=Q(state="open"), name="deadline_one_open_per_clock"
            ),
        ]
        indexes: ClassVar = [
            # For the calendar: which clocks of a partnership run over a day.
            models.Index(
                fields=["partnership", "due_at"], condition=Q(state="open"), name="deadline_open_by_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.rule}"


class DeadlineEffect(TenantRow):
    """One reminder, due or overdue message of a clock, to one seat: the plan and the ledger in one."""

    deadline = models.ForeignKey(Deadline, on_delete=models.PROTECT, related_name="effects")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=EffectKind.choices)
    occurrence = models.IntegerField()  # working days before (negative) or after the due day
    seat = models.CharField(max_length=80)
    fire_at = models.DateTimeField()
    fired_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    parked_from = models.DateTimeField(null=True, blank=True)  # its own time, once a failure has pushed it on

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["deadline", "kind", "occurrence", "seat"],
                condition=Q(voided_at__isnull=True),
                name="effect_once",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["fire_at"],
                condition=Q(fired_at__isnull=True, voided_at__isnull=True),
                name="effect_not_fired",
            )
        ]

    def __str__(self) -> str:
        return f"{self.deadline} {self.kind} {self.occurrence}"


class SweepRun(models.Model):
    """One run of the sweep: the heartbeat. Of the installation, not of a partnership."""

    id = models.BigAutoField(primary_key=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    db_now = models.DateTimeField()
    found = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    late = models.PositiveIntegerField(default=0)  # of those found: an hour or more after their time
    held = models.BooleanField(default=False)  # what cannot be taken back waited, as the clock was in doubt

    def __str__(self) -> str:
        return f"sweep at {self.db_now}"


class ClockHold(models.Model):
    """PostgreSQL's clock was in doubt: what says that a date has passed waits until it is released."""

    id = models.BigAutoField(primary_key=True)
    since = models.DateTimeField()  # by that clock
    last_seen = models.DateTimeField()  # what it showed at the sweep before
    why = models.CharField(max_length=10, choices=Doubt.choices)
    agreed_at = models.DateTimeField(
        null=True, blank=True
    )  # first of two looks at which this machine's agreed
    released_at = models.DateTimeField(null=True, blank=True)
    release = models.CharField(max_length=10, choices=Release.choices, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, release="")
                | (Q(released_at__isnull=False) & ~Q(release="")),
                name="clock_hold_released_by_something",
            ),
            models.UniqueConstraint(
                fields=["release"], condition=Q(released_at__isnull=True), name="clock_hold_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"held since {self.since}"


class CalendarFeed(TenantRow):
    """A private calendar address of one membership. Only a digest of its token is kept; a reset makes a new one."""

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="calendar_feeds")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["membership"], condition=Q(ended_at__isnull=True), name="calendar_feed_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"calendar of {self.membership}"
