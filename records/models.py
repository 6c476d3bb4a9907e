"""What was told to whom, what was filed where, and what was said: the records that duties end with."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from cases.models import Case, Child
from partnerships.models import Agency, Membership, TenantRow
from records.states import Between, HowHeld
from records.visibility import DiscussionQuerySet


class Telling(TenantRow):
    """That someone whom the protocol names was told, or that telling was withheld, with the reason."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tellings")
    tell_id = models.CharField(max_length=60)  # in the case's protocol version
    told_at = models.DateTimeField(null=True, blank=True)
    how = models.CharField(max_length=200, blank=True)
    withheld_reason = models.TextField(blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "tell_id"], name="telling_once"),
            models.CheckConstraint(
                condition=Q(told_at__isnull=False, withheld_reason="")
                | (Q(told_at__isnull=True) & ~Q(withheld_reason="")),
                name="telling_told_or_withheld",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.tell_id}"


class Filing(TenantRow):
    """That the decision was placed on one child's own record (AFC-21, CAM-16)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="filings")
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="filings")
    filed_on = models.DateField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "child"], name="filing_once_per_child")
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.child}"


# --- discussions --------------------------------------------------------------------------------------------------


def _fixed_once_approved() -> pgtrigger.Trigger:
    """The parts of a record change while it is a draft. With its approval they are fixed, like the record itself."""
    return pgtrigger.Trigger(
        name="fixed_once_approved",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func="""
            IF EXISTS (
                SELECT 1 FROM records_discussion
                 WHERE id IN (NEW.discussion_id, OLD.discussion_id) AND approved_at IS NOT NULL
            ) THEN
                RAISE EXCEPTION 'An approved record of a discussion is not changed: % on %', TG_OP, TG_TABLE_NAME;
            END IF;
            IF TG_OP = 'DELETE' THEN
                RETURN OLD;
            END IF;
            RETURN NEW;
        """,
    )


def _only_added() -> pgtrigger.Trigger:
    return pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


class Discussion(TenantRow):
    """One side's record of a discussion about a case: drafted, then approved and dated by its writer (SUS-12, HIPS-5).

    Once approved it is never changed. A correction is a new record that names the one it corrects.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="discussions")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")  # whose record it is
    between = models.CharField(max_length=20, choices=Between.choices)
    how = models.CharField(max_length=20, choices=HowHeld.choices)
    happened_at = models.DateTimeField()
    begun_at = models.DateTimeField()  # first written down
    written_at = models.DateTimeField()  # as it reads now
    written_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    notes = models.TextField()
    outcome = models.TextField(blank=True)
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrections"
    )
    correction_reason = models.TextField(blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar = DiscussionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True, approved_by__isnull=True)
                | Q(approved_at__isnull=False, approved_by=F("written_by")),
                name="discussion_approved_by_writer",
            ),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True, correction_reason="")
                | (Q(corrects__isnull=False) & ~Q(correction_reason="")),
                name="discussion_correction_has_reason",
            ),
            models.UniqueConstraint(
                fields=["corrects"],
                condition=Q(approved_at__isnull=False, corrects__isnull=False),
                name="discussion_corrected_once",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["case", "happened_at"], name="discussion_of_case")]
        triggers: ClassVar = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="approved_is_fixed",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__approved_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.uuid)


class DiscussionPerson(TenantRow):
    """Someone who took part in a discussion: with an account, or by name and agency."""

    discussion = models.ForeignKey(Discussion, on_delete=models.PROTECT, related_name="people")
    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    name = models.CharField(max_length=150)
    agency_name = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["discussion", "membership"],
                condition=Q(membership__isnull=False),
                name="discussion_person_once",
            )
        ]
        triggers: ClassVar = [_fixed_once_approved()]

    def __str__(self) -> str:
        return self.name


class AgreedAction(TenantRow):
    """What was agreed in a discussion: what, who does it, and by when."""

    discussion = models.ForeignKey(Discussion, on_delete=models.PROTECT, related_name="agreed_actions")
    what = models.CharField(max_length=500)
    owner = models.CharField(max_length=150)
    due_on = models.DateField(null=True, blank=True)

    class Meta:
        triggers: ClassVar = [_fixed_once_approved()]

    def __str__(self) -> str:
        return str(self.uuid)


class ActionDone(TenantRow):
    """That an agreed action was done, on a day."""

    action = models.OneToOneField(AgreedAction, on_delete=models.PROTECT, related_name="done")
    done_on = models.DateField()
    note = models.TextField(blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    class Meta:
        triggers: ClassVar = [_only_added()]

    def __str__(self) -> str:
        return str(self.uuid)


class DiscussionFiling(TenantRow):
    """That a copy of an approved record was placed on one child's file (SUS-12)."""

    discussion = models.ForeignKey(Discussion, on_delete=models.PROTECT, related_name="filings")
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="+")
    filed_on = models.DateField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["discussion", "child"], name="discussion_filed_once_per_child")
        ]
        triggers: ClassVar = [_only_added()]

    def __str__(self) -> str:
        return f"{self.discussion} {self.child}"


class OwnRecord(TenantRow):
    """That an agency has made a record of its own elsewhere, in its own system (HIPS-5, HIPS-13)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="own_records")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    made_on = models.DateField()
    kept_in = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "agency", "made_on"], name="own_record_once_a_day")
        ]
        triggers: ClassVar = [_only_added()]

    def __str__(self) -> str:
        return f"{self.case} {self.agency}"
