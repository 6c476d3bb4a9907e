"""The book of a partnership's figures: counts per month, and what was published of them."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from partnerships.models import Membership, TenantRow


class Book(TenantRow):
    """How a partnership's figures are shown, and up to which event of its history they are counted."""

    as_at = models.DateTimeField(null=True, blank=True)  # when they were last counted
    upto = models.BigIntegerField(
        default=-1
    )  # of the audit chain: nothing is counted anew before another comes
    small = models.PositiveSmallIntegerField(default=5)  # counts from 1 to this are hidden
    round_to = models.PositiveSmallIntegerField(default=1)  # 1: not rounded; 5: to the nearest five

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["partnership"], name="book_one_per_partnership"),
            models.CheckConstraint(condition=Q(small__gte=1, small__lte=20), name="book_small_is_a_limit"),
            models.CheckConstraint(condition=Q(round_to__in=[1, 5]), name="book_rounds_to_five_or_not"),
        ]

    def __str__(self) -> str:
        return f"figures of {self.partnership_id}"


class Tally(TenantRow):
    """How many of something fell into one month, one kind and one protocol version, in one category of a measure.

    Counted anew from the cases whenever something has happened, until its month is published: from then it stands.
    """

    month = models.CharField(max_length=7)  # "2026-04", in Europe/London
    counted = models.CharField(max_length=40)
    kind = models.CharField(max_length=30, blank=True)  # of conference, or of difference
    version = models.CharField(max_length=130, blank=True)  # of the protocol
    measure = models.CharField(max_length=20)
    category = models.CharField(max_length=200)
    count = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["partnership", "month", "counted", "kind", "version", "measure", "category"],
                name="tally_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.counted} {self.measure} {self.category}: {self.count}"


class Publication(TenantRow):
    """The figures of one period as they may be shown beside all that were published before. Never changed."""

    number = models.PositiveIntegerField()  # in the order of publication, per partnership
    first_month = models.CharField(max_length=7)
    last_month = models.CharField(max_length=7)
    kind = models.CharField(max_length=30, blank=True)  # empty: all
    version = models.CharField(max_length=130, blank=True)  # empty: all
    small = models.PositiveSmallIntegerField()
    round_to = models.PositiveSmallIntegerField()
    figures = models.JSONField()  # per population: total, whether it is shown, and its tables
    as_at = models.DateTimeField()
    published_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # nobody: by the clock, when the quarter was over

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["partnership", "first_month", "last_month", "kind", "version"],
                name="publication_once",
            ),
            models.UniqueConstraint(fields=["partnership", "number"], name="publication_numbered_once"),
            models.CheckConstraint(
                condition=Q(last_month__gte=F("first_month")), name="publication_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_month} to {self.last_month}"
