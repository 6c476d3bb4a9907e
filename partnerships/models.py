"""Partnerships and who works in them: agencies, memberships, posts and their holders, calendars, protocols."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from partnerships.states import AgencyKind, Nation, Role


class Partnership(models.Model):
    """One safeguarding partnership: the tenant. `slug` is the area's name in the protocol texts.

    A practice twin is a partnership too, of the same area: what happens in it is a tenant's own, so that no figure,
    list or export of the real one needs to leave it out. It is emptied by closing it and opening another.
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField()
    name = models.CharField(max_length=200)
    urgent_contact = models.CharField(max_length=1000, blank=True)  # the duty contacts in words, one a line
    words = models.JSONField(
        default=dict, blank=True
    )  # the protocol's own words, as they are said here instead
    practice_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="practices"
    )
    closed_at = models.DateTimeField(null=True, blank=True)  # of a twin: nobody acts in it any more

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["slug"], condition=Q(practice_of__isnull=True), name="partnership_slug_once"
            ),
            models.UniqueConstraint(
                fields=["practice_of"],
                condition=Q(closed_at__isnull=True),
                name="partnership_one_open_practice",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(practice_of__isnull=False),
                name="partnership_closed_only_in_practice",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_practice(self) -> bool:
        return self.practice_of_id is not None


class TenantRow(models.Model):
    """A row that belongs to one partnership. Every table below inherits it, children of rows too."""

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    partnership = models.ForeignKey(Partnership, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class Agency(TenantRow):
    """An organisation that sends people to conferences."""

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=30, choices=AgencyKind.choices)
    statutory = models.BooleanField(default=True)  # non-statutory voices count equally (CAM-1)
    email = models.EmailField(blank=True)  # where letters to the agency go

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["partnership", "name"], name="agency_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class Membership(TenantRow):
    """What one person may do in one partnership, for one agency, between two dates."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=30, choices=Role.choices)
    job_title = models.CharField(max_length=150)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    line_manager = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="line_manages"
    )  # SUS-25: the chair's own line manager

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="membership_ends_after_it_starts",
            ),
            models.UniqueConstraint(
                fields=["user", "partnership", "role"],
                condition=Q(ends_on__isnull=True) & ~Q(role=Role.GUEST),
                name="membership_one_open_per_role",
            ),
            models.UniqueConstraint(
                fields=["user", "agency"],
                condition=Q(role=Role.GUEST),
                name="membership_one_guest_per_agency",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user.name}, {self.job_title}"


class Slot(TenantRow):
    """A post that the protocol names ("Head of Safeguarding and Review"), to be filled by people."""

    key = models.SlugField(max_length=60)
    title = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["partnership", "key"], name="slot_key_once")]

    def __str__(self) -> str:
        return self.title


class SlotHolder(TenantRow):
    """Who fills a post between two dates; a deputy fills it for the holder, and history shows both."""

    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="holders")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="slot_holdings")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    deputy_for = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="deputies"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="slot_holder_ends_after_start",
            ),
            models.UniqueConstraint(
                fields=["slot"],
                condition=Q(ends_on__isnull=True, deputy_for__isnull=True),
                name="slot_one_open_holder",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slot}: {self.membership}"


class AgencyPost(TenantRow):
    """Who fills, for one agency and between two dates, a post that the protocol has once per agency (CAM-17, SUS-34):
    somebody with an account, or known by name and address only."""

    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="agency_posts")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="posts")
    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="agency_posts"
    )
    name = models.CharField(max_length=150, blank=True)
    email = models.EmailField(blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="agency_post_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(membership__isnull=False, name="", email="")
                | (Q(membership__isnull=True) & ~Q(name="") & ~Q(email="")),
                name="agency_post_of_somebody",
            ),
            models.UniqueConstraint(
                fields=["slot", "agency"],
                condition=Q(ends_on__isnull=True),
                name="agency_post_one_open_holder",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slot}, {self.agency}"

    @property
    def who(self) -> str:
        return self.membership.user.name if self.membership else self.name


class BankHoliday(models.Model):
    """A bank holiday of a nation, with the source it was taken from. No tenant: it is the nation's."""

    id = models.BigAutoField(primary_key=True)
    nation = models.CharField(max_length=30, choices=Nation.choices)
    date = models.DateField()
    title = models.CharField(max_length=150)
    source = models.CharField(max_length=100)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["nation", "date"], name="bank_holiday_once_per_nation")
        ]

    def __str__(self) -> str:
        return f"{self.date}: {self.title}"


class HolidayList(models.Model):
    """For which years a nation's bank holidays are known. A date outside is refused, never guessed."""

    id = models.BigAutoField(primary_key=True)
    nation = models.CharField(max_length=30, choices=Nation.choices, unique=True)
    first = models.DateField()
    last = models.DateField()
    version = models.CharField(max_length=80)

    def __str__(self) -> str:
        return f"{self.nation} {self.first:%Y} to {self.last:%Y}"


class ClosureDay(TenantRow):
    """A day on which one partnership's offices are closed, beside the bank holidays. One taken back stays, marked."""

    date = models.DateField()
    reason = models.CharField(max_length=150)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["partnership", "date"], condition=Q(removed_at__isnull=True), name="closure_day_once"
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removed_by__isnull=True)
                | Q(removed_at__isnull=False, removed_by__isnull=False),
                name="closure_day_removed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date}: {self.reason}"


class Signpost(TenantRow):
    """Where to go for something that the protocol names without an address: a page, a number, an office."""

    key = models.SlugField(max_length=60)  # of the protocol's route
    text = models.CharField(max_length=300, blank=True)
    url = models.URLField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["partnership", "key"], name="signpost_once")]

    def __str__(self) -> str:
        return self.key


class DutyContact(TenantRow):
    """A team to call at once for a child, with its hours, in the order in which they are tried. A changed one stays."""

    place = models.PositiveSmallIntegerField()
    team = models.CharField(max_length=100)
    hours = models.CharField(max_length=80, blank=True)
    telephone = models.CharField(max_length=40)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["partnership", "place"],
                condition=Q(removed_at__isnull=True),
                name="duty_contact_place_once",
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removed_by__isnull=True)
                | Q(removed_at__isnull=False, removed_by__isnull=False),
                name="duty_contact_removed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return (
            f"{self.team}, {self.hours}: {self.telephone}" if self.hours else f"{self.team}: {self.telephone}"
        )


class ProtocolVersion(TenantRow):
    """One published text of a partnership's protocol: immutable, and pinned for life by the cases judged by it."""

    text_id = models.CharField(max_length=60)
    version = models.CharField(max_length=60)
    effective_from = models.DateField()
    source_text = models.TextField()
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["partnership", "effective_from"], name="protocol_one_version_per_effective_date"
            )
        ]

    def __str__(self) -> str:
        return f"{self.text_id} {self.version}"


class ProtocolUpload(TenantRow):
    """A text that one admin has brought, until another publishes it or it is withdrawn. Never edited: a better text is
    another upload."""

    text_id = models.CharField(max_length=60)
    version = models.CharField(max_length=60)
    effective_from = models.DateField()
    source_text = models.TextField()
    sha256 = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    published_as = models.OneToOneField(
        ProtocolVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="upload"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["partnership"],
                condition=Q(withdrawn_at__isnull=True, published_as__isnull=True),
                name="protocol_upload_one_waits",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False, published_as__isnull=True),
                name="protocol_upload_withdrawn_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.text_id} {self.version}, waiting"
