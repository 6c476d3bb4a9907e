"""What is counted, and by what: closed lists. Never by person."""

from dataclasses import dataclass

from django.db import models


class Counted(models.TextChoices):
    """What one count is a number of. Clocks have one each, by their rule: `clock:CAM-11`."""

    CONFERENCES = "conferences", "Conferences held"
    DECISIONS = "decisions", "Decisions about a child"
    PLACES = "places", "Conferences attended"  # by each agency, so that one conference counts for several
    DISSENTS = "dissents", "Formal dissents"
    DIRECTIONS = "directions", "Directions of dissent"  # per child
    ENDINGS = "endings", "Dissents that came to an end"
    EXCEPTIONS = "exceptions", "Exceptions"
    DIFFERENCES = "differences", "Professional differences raised"
    SETTLED = "settled", "Professional differences that came to an end"


CLOCK = "clock:"  # in time or late; by the month in which it was due
TOOK = "took:"  # how long, in the clock's own unit; never shown as a table, only as median and range


class Measure(models.TextChoices):
    """By what a count is broken down."""

    DISSENT = "dissent", "With and without a dissent"
    BASIS = "basis", "How the decision was reached"
    PLAN = "plan", "What was decided"
    AGENCY = "agency", "By agency"
    AGENCY_KIND = "agency_kind", "By kind of agency"
    DIRECTION = "direction", "What the dissent asks for"
    MEANING = "meaning", "How it ended"
    LABEL = "label", "In the protocol’s own words"
    TALKED = "talked", "Conversations before the decision"
    WHAT = "what", "What was done differently"
    TIME = "time", "In time or late, and how"
    LATE = "late", "In time or late"
    DIFFERENCE = "difference", "What the difference is about"
    CHALLENGED = "challenged", "By the kind of agency challenged"
    ENDED = "ended", "How the difference ended"
    STEPS = "steps", "How many steps of the ladder it took"


NOBODY_NAMED = "nobody"  # no other agency is named


class InTime(models.TextChoices):
    """How a dated clock of the protocol ended."""

    IN_TIME = "in_time", "In time"
    LATE_REASON = "late_reason", "Late, with a reason"
    LATE = "late", "Late, without a reason"
    OPEN = "open", "Late, and still open"


class Exceptional(models.TextChoices):
    """What a protocol or this service allows only with a reason."""

    CONFLICT = "conflict", "The reviewer had been involved; allowed with a reason"
    TYPED_LATE = "typed_late", "Said in time, typed up later"
    OUTSIDE = "outside", "Entered where the protocol is silent"
    NO_CONTACT = "no_contact", "Decided after attempts to talk, without a conversation"
    UNREAD = "unread", "Decided with material unread"
    REFUSED = "refused", "A supported request for a conference, refused with reasons"  # HIPS-3


@dataclass(frozen=True, slots=True)
class Span:
    """Whole months, from the first to the last."""

    first: str  # "2026-04"
    last: str

    def __contains__(self, month: str) -> bool:
        return self.first <= month <= self.last
