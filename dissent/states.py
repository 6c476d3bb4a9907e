"""States of a dissent and of its review."""

from django.db import models

from cases.states import Stage


class DissentState(models.TextChoices):
    RECORDED = "recorded", "Recorded"  # taken down; the conference has not ended yet
    AWAITING_VIEW = "awaiting_view", "Written view needed"  # the protocol waits for the written view (AFC-16)
    UNDER_REVIEW = "under_review", "Under review"  # a reviewing manager has it
    SECOND_TIER = "second_tier", "With the second tier"  # upheld; another decides what follows (CAM-13)
    DECIDED = "decided", "Decided"  # answered; people are being told, it is being filed
    ON_LADDER = "on_ladder", "On the ladder"  # the protocol has no reviewer (HIPS-15)
    CLOSED = "closed", "Closed"  # answered, told and filed
    NOT_PURSUED = "not_pursued", "Not pursued"  # the written view never came; closed with a reason
    WITHDRAWN = "withdrawn", "Withdrawn"  # by the dissenter; kept on record


WAITING = (DissentState.RECORDED, DissentState.AWAITING_VIEW)
REVIEWING = (DissentState.UNDER_REVIEW, DissentState.SECOND_TIER)
ANSWERED = (DissentState.DECIDED,)
LADDER = (DissentState.ON_LADDER,)
FINAL = (DissentState.CLOSED, DissentState.NOT_PURSUED, DissentState.WITHDRAWN)

# What each means to whoever looks at it; words in braces are the protocol's own.
MEANS = {
    DissentState.RECORDED: "The dissent is written down, and the {conference_short} has not ended. It is passed on when it does.",
    DissentState.AWAITING_VIEW: "The protocol waits for the written view of whoever dissents. The days for the answer begin when it arrives. The decision of the {conference_short} stands.",
    DissentState.UNDER_REVIEW: "A manager who was not part of the decision reads everything, speaks to people and answers. The decision of the {conference_short} stands meanwhile.",
    DissentState.SECOND_TIER: "It was upheld. A second manager now decides what follows from that. The decision of the {conference_short} stands meanwhile.",
    DissentState.DECIDED: "The dissent has its answer. People are being told, and the answer goes on each child’s record.",
    DissentState.ON_LADDER: "This protocol has no review of a dissent. It is settled step by step between managers, and each step shows who has it.",
    DissentState.CLOSED: "It was answered, people were told, and it was filed. Nothing is left to do. If the child is still at risk, act on that now.",
    DissentState.NOT_PURSUED: "The written view never came, so it was closed with a reason. What was said stays on record.",
    DissentState.WITHDRAWN: "Whoever dissented took it back. It stays on record, and nobody reviews it.",
}

STAGE = {
    DissentState.RECORDED: Stage.RECORDED,
    DissentState.AWAITING_VIEW: Stage.WRITTEN_VIEW_NEEDED,
    DissentState.UNDER_REVIEW: Stage.UNDER_REVIEW,
    DissentState.SECOND_TIER: Stage.UNDER_REVIEW,
    DissentState.DECIDED: Stage.DECIDED,
    DissentState.ON_LADDER: Stage.ESCALATED,
    DissentState.CLOSED: Stage.CLOSED,
    DissentState.NOT_PURSUED: Stage.CLOSED,
    DissentState.WITHDRAWN: Stage.WITHDRAWN,
}


class Direction(models.TextChoices):
    """What the dissenter says about one child."""

    MORE = "more_protection", "Threshold met, plan needed"
    LESS = "less_protection", "Threshold not met, no plan needed"
    CATEGORY = "different_category", "Different category"
    OTHER = "other", "Another decision"


class HowReceived(models.TextChoices):
    FORM = "form", "Form in this service"
    EMAIL = "email", "E-mail"
    LETTER = "letter", "Letter"
    PHONE = "phone", "Telephone"
    IN_PERSON = "in_person", "In person"


class ContactHow(models.TextChoices):
    MEETING = "meeting", "Meeting"
    PHONE = "phone", "Telephone call"
    VIDEO = "video", "Video call"
    EMAIL = "email", "E-mail"


class AskKind(models.TextChoices):
    ADVICE = "advice", "Advice"
    INFORMATION = "information", "More information"
