"""States of a family's complaint, and who complains."""

from django.db import models

from cases.states import Stage


class ComplaintState(models.TextChoices):
    RECORDED = "recorded", "Recorded"  # written down; the family has not been answered yet
    ACKNOWLEDGED = (
        "acknowledged",
        "Acknowledged",
    )  # the family knows that the decision stands meanwhile (CAM-19)
    DECIDED = "decided", "Decided"  # it has its outcome; people are being told
    CLOSED = "closed", "Closed"  # everyone concerned was told
    WITHDRAWN = "withdrawn", "Withdrawn"  # by whoever complained; kept on record


OPEN = (ComplaintState.RECORDED, ComplaintState.ACKNOWLEDGED, ComplaintState.DECIDED)
FINAL = (ComplaintState.CLOSED, ComplaintState.WITHDRAWN)

# What each means to whoever looks at it; words in braces are the protocol's own.
MEANS = {
    ComplaintState.RECORDED: "The family’s complaint is written down, and nobody has answered them yet. The decision of the {conference_short} stands.",
    ComplaintState.ACKNOWLEDGED: "The family knows that it arrived, and that the decision of the {conference_short} stands meanwhile.",
    ComplaintState.DECIDED: "The complaint has its outcome. The family and everyone concerned are being told.",
    ComplaintState.CLOSED: "Everyone concerned was told. Nothing is left to do here.",
    ComplaintState.WITHDRAWN: "Whoever complained took it back. It stays on record.",
}

STAGE = {
    ComplaintState.RECORDED: Stage.RECORDED,
    ComplaintState.ACKNOWLEDGED: Stage.UNDER_REVIEW,
    ComplaintState.DECIDED: Stage.DECIDED,
    ComplaintState.CLOSED: Stage.CLOSED,
    ComplaintState.WITHDRAWN: Stage.WITHDRAWN,
}


class MadeBy(models.TextChoices):
    PARENT = "parent", "A parent"
    CARER = "carer", "A carer"
    CHILD = "child", "A child"  # a word is missing in the text; this is how it is read (CAM-18)


class About(models.TextChoices):
    CONFERENCE = "conference", "A conference and what it decided"
    AGENCY = "agency", "One agency, or how it works"  # goes to that agency (CAM-21)
