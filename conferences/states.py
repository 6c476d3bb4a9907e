"""States of a conference, and the closed lists of its record."""

from django.db import models


class ConferenceState(models.TextChoices):
    BOOKED = "booked", "Booked"  # it has a date, a chair and its children
    IN_SESSION = "in_session", "In session"  # the chair has started it and records live
    ADJOURNED = "adjourned", "Adjourned"  # a session has ended, the conference has not
    ENDED = "ended", "Ended"  # its last session is over: the anchor of clocks
    CANCELLED = "cancelled", "Cancelled"  # it was never held


LIVE = (ConferenceState.IN_SESSION, ConferenceState.ADJOURNED)
EDITABLE = (ConferenceState.BOOKED, *LIVE)
FINAL = (ConferenceState.ENDED, ConferenceState.CANCELLED)

# What each means to whoever looks at it; words in braces are the protocol's own.
MEANS = {
    ConferenceState.BOOKED: "The {conference_short} has a date, a {chair} and its children. Nothing has been decided yet.",
    ConferenceState.IN_SESSION: "The {conference_short} is being held. What is recorded now is recorded while people are in the room.",
    ConferenceState.ADJOURNED: "This session is over, and the {conference_short} goes on another day. No time limit has begun.",
    ConferenceState.ENDED: "The last session is over. What was decided stands, and the time limits of the protocol count from its end.",
    ConferenceState.CANCELLED: "The {conference_short} was never held. Nothing was decided, and nobody can dissent from it.",
}


class ConferenceKind(models.TextChoices):
    INITIAL = "initial", "Initial"
    REVIEW = "review", "Review"
    PRE_BIRTH = "pre_birth", "Pre-birth"
    TRANSFER_IN = "transfer_in", "Transfer-in"


class Why(models.TextChoices):
    """Why a case hangs on a conference."""

    DECIDED_THERE = "decided_there", "Decided there"
    RECONVENED = "reconvened", "Reconvened for it"
    EARLY_REVIEW = "early_review", "Early review"
    REVIEW = "review", "Review"


class Presence(models.TextChoices):
    """How someone took part."""

    INVITED = "invited", "Invited"
    ATTENDED = "attended", "Attended"
    REMOTE = "remote", "Attended remotely"  # counts as attended
    LEFT_EARLY = "left_early", "Left early"  # was present for a part
    REPORT_ONLY = "report_only", "Report only"
    ABSENT = "absent", "Did not attend"


PRESENT = (Presence.ATTENDED, Presence.REMOTE, Presence.LEFT_EARLY)


class Side(models.TextChoices):
    """Whether someone is there for an agency or for the family."""

    PROFESSIONAL = "professional", "Professional"
    FAMILY = "family", "Family or supporter"


class ViewChoice(models.TextChoices):
    MET = "met", "Threshold met"
    NOT_MET = "not_met", "Threshold not met"
    NONE = "none", "No view given"


class Phase(models.TextChoices):
    DISCUSSION = "discussion", "In discussion"
    DECISION = "decision", "At the decision"
