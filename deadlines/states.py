"""States of a clock, and what its effects are."""

from django.db import models


class DeadlineState(models.TextChoices):
    OPEN = "open", "Running"
    MET = "met", "Met"  # also when late: that it was breached stands beside it
    CANCELLED = "cancelled", "No longer needed"


# Events after which what a clock was for is no longer needed: it is cancelled, not met.
CANCELLING = frozenset({"dissent_withdrawn", "dissent_not_pursued", "escalation_withdrawn"})
LADDER_ANCHORS = frozenset({"difference_raised", "tier_opened"})  # of the clocks that belong to a ladder


class Purpose(models.TextChoices):
    DECIDE = "decide", "Decide"
    HOLD = "hold", "Hold"
    SEND = "send", "Send"
    TELL = "tell", "Tell"
    RAISE = "raise", "Raise"
    RESOLVE = "resolve", "Resolve"
    ACKNOWLEDGE = "acknowledge", "Acknowledge"
    RECORD = "record", "Record"


class EffectKind(models.TextChoices):
    REMIND = "remind", "Reminder"
    DUE = "due", "Due today"
    BREACH = "breach", "Passed"  # no message: marks the clock as passed at the instant
    OVERDUE = "overdue", "Overdue"


class Doubt(models.TextChoices):
    """Why a clock is not believed at once."""

    AHEAD = (
        "ahead",
        "It went on by more than six hours since the sweep before",
    )  # or nothing swept for so long
    BEHIND = "behind", "It went back by more than a minute"


class Release(models.TextChoices):
    OPERATOR = "operator", "By an operator"
    AGREEMENT = "agreement", "By itself: this machine's clock agreed twice"
