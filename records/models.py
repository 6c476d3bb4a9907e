"""What was told to whom, what was filed where, and what was said: the records that duties end with."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from cases.models import Case, Child, Participant
from partnerships.models import Agency, Membership, TenantRow
from records.states import Between, DocumentKind, HowHeld, LetterKind, LetterStanding, Scan
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
    """Something that was agreed about a case: what, who does it, and by when. In a discussion, as a part of its record
    (SUS-12), or at a step of a ladder, which then points here (HIPS-5, HIPS-13)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="agreed_actions")
    discussion = models.ForeignKey(
        Discussion, on_delete=models.PROTECT, null=True, blank=True, related_name="agreed_actions"
    )
    what = models.TextField()
    owner = models.CharField(max_length=150)  # as they are called
    owned_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # whoever of the case is called so, for their own list
    due_on = models.DateField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    class Meta:
        triggers: ClassVar = [
            _fixed_once_approved(),
            pgtrigger.Protect(
                name="agreed_at_a_step_is_fixed",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__discussion_id__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return str(self.uuid)

    @property
    def is_open(self) -> bool:
        """Neither done, nor said not to be."""
        return not hasattr(self, "settled")


class ActionSettled(TenantRow):
    """What became of something agreed: that it was done, on a day, or that it will not be, and why."""

    action = models.OneToOneField(AgreedAction, on_delete=models.PROTECT, related_name="settled")
    done_on = models.DateField(null=True, blank=True)
    not_done_reason = models.TextField(blank=True)
    note = models.TextField(blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(done_on__isnull=False, not_done_reason="")
                | (Q(done_on__isnull=True) & ~Q(not_done_reason="")),
                name="action_done_or_not",
            )
        ]
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


# --- letters ------------------------------------------------------------------------------------------------------


def _fixed_once_issued(
    operation: Any = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
) -> pgtrigger.Trigger:
    """What a letter says and to whom it goes change while it is on its way. Issued, they are fixed like its bytes."""
    return pgtrigger.Trigger(
        name="fixed_once_issued",
        when=pgtrigger.Before,
        operation=operation,
        func="""
            IF EXISTS (
                SELECT 1 FROM records_letter
                 WHERE id IN (NEW.letter_id, OLD.letter_id) AND issued_at IS NOT NULL
            ) THEN
                RAISE EXCEPTION 'An issued letter is not changed: % on %', TG_OP, TG_TABLE_NAME;
            END IF;
            IF TG_OP = 'DELETE' THEN
                RETURN OLD;
            END IF;
            RETURN NEW;
        """,
    )


def _together(*names: str) -> Q:
    """All of these fields are set, or none is."""
    return Q(**{f"{name}__isnull": True for name in names}) | Q(
        **{f"{name}__isnull": False for name in names}
    )


class Letter(TenantRow):
    """A letter about a case on its way: drafted, perhaps checked by a second person, issued or dropped."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="letters")
    kind = models.CharField(max_length=20, choices=LetterKind.choices)
    key = models.CharField(max_length=60)  # which letter of this case: the telling it ends, or "invitation"
    child = models.ForeignKey(Child, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    tells = models.JSONField(default=list)  # ids of the tellings that it ends when it is issued
    rule = models.CharField(max_length=10, blank=True)
    needs_check = models.BooleanField(default=False)
    drafted_at = models.DateTimeField()
    drafted_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    sent_for_check_at = models.DateTimeField(null=True, blank=True)
    sent_for_check_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    checked_at = models.DateTimeField(null=True, blank=True)
    checked_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    check_note = models.TextField(blank=True)  # what the second person wants changed
    issued_at = models.DateTimeField(null=True, blank=True)
    issued_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    how_sent = models.CharField(max_length=200, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    dropped_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    dropped_reason = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "key", "child"],
                condition=Q(dropped_at__isnull=True),
                nulls_distinct=False,
                name="letter_one_of_a_key",
            ),
            models.CheckConstraint(
                condition=_together("sent_for_check_at", "sent_for_check_by"),
                name="letter_sent_for_check_pair",
            ),
            models.CheckConstraint(
                condition=_together("checked_at", "checked_by"), name="letter_checked_pair"
            ),
            models.CheckConstraint(condition=_together("issued_at", "issued_by"), name="letter_issued_pair"),
            models.CheckConstraint(
                condition=_together("dropped_at", "dropped_by"), name="letter_dropped_pair"
            ),
            models.CheckConstraint(
                condition=Q(needs_check=False) | Q(issued_at__isnull=True) | Q(checked_at__isnull=False),
                name="letter_checked_before_issue",
            ),
            models.CheckConstraint(
                condition=Q(checked_by__isnull=True)
                | ~(Q(checked_by=F("drafted_by")) | Q(checked_by=F("sent_for_check_by"))),
                name="letter_checked_by_another",
            ),
            models.CheckConstraint(
                condition=Q(issued_at__isnull=True) | Q(dropped_at__isnull=True),
                name="letter_issued_is_not_dropped",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="letter_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="issued_is_fixed",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__issued_at__isnull=False)
                | pgtrigger.Q(old__dropped_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.key}"

    @property
    def standing(self) -> LetterStanding:
        if self.dropped_at is not None:
            return LetterStanding.DROPPED
        if self.issued_at is not None:
            return LetterStanding.ISSUED
        if self.checked_at is not None:
            return LetterStanding.CHECKED
        return LetterStanding.TO_CHECK if self.sent_for_check_at is not None else LetterStanding.DRAFT


class LetterText(TenantRow):
    """One saved version of what a letter says. A change is a further one."""

    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="texts")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=150)
    salutation = models.CharField(max_length=150)
    about = models.JSONField(default=list)  # pairs of label and words, as drafted
    sections = models.JSONField()  # [{id, heading, text}]
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["letter", "number"], name="letter_text_number_once")
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="letter_text_stays", operation=pgtrigger.Update | pgtrigger.Delete),
            _fixed_once_issued(pgtrigger.Insert),
        ]

    def __str__(self) -> str:
        return f"{self.letter} {self.number}"


class LetterRecipient(TenantRow):
    """Somebody to whom a letter goes: by the protocol's rule, or by hand with the reason."""

    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="recipients")
    seat = models.CharField(max_length=60, blank=True)  # of the case, where it is one
    name = models.CharField(max_length=150)
    role = models.CharField(max_length=200, blank=True)
    agency = models.CharField(max_length=200, blank=True)
    is_copy = models.BooleanField(default=False)
    by_rule = models.BooleanField(default=True)
    reason = models.TextField(blank=True)  # why they were added by hand
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    removed_reason = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removed_by__isnull=True, removed_reason="")
                | (Q(removed_at__isnull=False, removed_by__isnull=False) & ~Q(removed_reason="")),
                name="recipient_removed_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(by_rule=True) | ~Q(reason=""), name="recipient_by_hand_has_a_reason"
            ),
        ]
        triggers: ClassVar = [_fixed_once_issued()]

    def __str__(self) -> str:
        return self.name


class IssuedLetter(TenantRow):
    """A letter as it went out: its bytes, never made again and never changed."""

    letter = models.OneToOneField(Letter, on_delete=models.PROTECT, related_name="issued")
    pdf = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    pages = models.PositiveIntegerField()
    text_number = models.PositiveIntegerField()  # the version of its text
    recipients = models.JSONField()  # [{name, role, agency, copy}] as printed

    class Meta:
        triggers: ClassVar = [
            pgtrigger.Protect(name="issued_letter_stays", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return str(self.letter)


class LetterHead(TenantRow):
    """What stands on every letter of a partnership. The newest row holds; the others are its history."""

    address = models.TextField(blank=True)
    contact = models.CharField(max_length=200, blank=True)
    marking = models.CharField(max_length=60)
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    class Meta:
        triggers: ClassVar = [
            pgtrigger.Protect(name="letter_head_stays", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.partnership} {self.saved_at:%Y-%m-%d}"


class LetterWording(TenantRow):
    """A partnership's own opening and closing of one kind of letter. The newest row of a kind holds."""

    kind = models.CharField(max_length=20, choices=LetterKind.choices)
    opening = models.TextField(blank=True)
    closing = models.TextField(blank=True)
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    class Meta:
        triggers: ClassVar = [
            pgtrigger.Protect(name="letter_wording_stays", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.partnership} {self.kind}"


# --- documents ----------------------------------------------------------------------------------------------------


class Document(TenantRow):
    """A file about one or more children. It has no name of its own: what people call files names children."""

    kind = models.CharField(max_length=20, choices=DocumentKind.choices)
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # whose report it is
    media_type = models.CharField(max_length=100)  # by its content
    size = models.PositiveIntegerField()  # in bytes
    sha256 = models.CharField(max_length=64)
    scan = models.CharField(max_length=10, choices=Scan.choices)
    scanned_at = models.DateTimeField(null=True, blank=True)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    withdrawn_reason = models.TextField(blank=True)
    children = models.ManyToManyField(Child, through="DocumentChild", related_name="documents")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=_together("withdrawn_at", "withdrawn_by"), name="document_withdrawn_pair"
            ),
            models.CheckConstraint(
                condition=Q(scan__in=["none", "waiting"], scanned_at__isnull=True)
                | Q(scan__in=["clean", "infected"], scanned_at__isnull=False),
                name="document_scanned_at_when_scanned",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["uploaded_at"], condition=Q(scanned_at__isnull=True), name="document_to_scan"
            )
        ]

    def __str__(self) -> str:
        return str(self.uuid)


class DocumentChild(TenantRow):
    """A child whom a document is about: a pack takes only what is about its own child alone."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="document_children")
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["document", "child"], name="document_child_once")
        ]

    def __str__(self) -> str:
        return f"{self.document} {self.child}"


class DocumentContent(TenantRow):
    """The bytes of a document, apart from its row so that a list never reads them. They never change."""

    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="content")
    data = models.BinaryField()

    class Meta:
        triggers: ClassVar = [
            pgtrigger.Protect(name="document_content_stays", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return str(self.document)


class CaseDocument(TenantRow):
    """A document that belongs to a case. Those of a conference hang on it (`conferences.ConferenceDocument`)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="case_documents")
    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="case_document")

    def __str__(self) -> str:
        return f"{self.case} {self.document}"


class DocumentShare(TenantRow):
    """That a document of a case was shown to one who takes part in it, with or without an account, until it ends."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="shares")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="+")
    shared_at = models.DateTimeField()
    shared_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=_together("ended_at", "ended_by"), name="document_share_ended_pair"
            ),
            models.UniqueConstraint(
                fields=["document", "participant"],
                condition=Q(ended_at__isnull=True),
                name="document_shared_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document} {self.participant_id}"


# --- packs for a child's file -------------------------------------------------------------------------------------


class FilePack(TenantRow):
    """A pack for one child's own file: asked for, and made once no text in it waits for a second person."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="packs")
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="packs")
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(null=True, blank=True)
    made_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=_together("made_at", "made_by"), name="pack_made_pair"),
            models.UniqueConstraint(
                fields=["case", "child"], condition=Q(made_at__isnull=True), name="pack_one_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.child}"


class HeldText(TenantRow):
    """A text of a pack that names another child: a second person releases or withholds it."""

    pack = models.ForeignKey(FilePack, on_delete=models.PROTECT, related_name="held")
    key = models.CharField(max_length=120)  # where it stands in the pack
    label = models.CharField(max_length=200)
    digest = models.CharField(
        max_length=64
    )  # of the text that was looked at: another text is another question
    found = models.CharField(max_length=200)  # the words that name another child
    released = models.BooleanField(null=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["pack", "key"], name="held_text_once"),
            models.CheckConstraint(
                condition=_together("released", "decided_at", "decided_by"), name="held_text_decided_whole"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class PackContent(TenantRow):
    """A pack as it was made: its bytes, which never change."""

    pack = models.OneToOneField(FilePack, on_delete=models.PROTECT, related_name="content")
    pdf = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    pages = models.PositiveIntegerField()

    class Meta:
        triggers: ClassVar = [
            pgtrigger.Protect(name="pack_content_stays", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return str(self.pack)
