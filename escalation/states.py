"""States of an escalation, and how a step of its ladder ends."""

from django.db import models

from cases.states import Kind, Stage


class EscalationState(models.TextChoices):
    RAISED = "raised", "Raised"  # no step is open yet, or the protocol has no ladder for this agency (WDC-22)
    AT_TIER = (
        "at_tier",
        "At a step of the ladder",
    )  # between the people on both sides; or answered, to be taken on
    WITH_CHAIR = "with_chair", "Back with the chair"  # down again, to consider a review conference (HIPS-19)
    AT_PARTNERSHIP = "at_partnership", "With the partnership"  # the last step of most ladders
    RESOLVED = "resolved", "Settled"  # between those who differed; agreed actions may still be to do
    DECIDED = "decided", "Decided"  # by the partnership, the chair or the last post of the ladder
    CLOSED = "closed", "Closed"
    WITHDRAWN = "withdrawn", "Withdrawn"  # by whoever raised it; kept on record


CLIMBING = (
    EscalationState.RAISED,
    EscalationState.AT_TIER,
    EscalationState.WITH_CHAIR,
    EscalationState.AT_PARTNERSHIP,
)
ENDED = (
    EscalationState.RESOLVED,
    EscalationState.DECIDED,
)  # what is left is to do what was agreed, and to close
FINAL = (EscalationState.CLOSED, EscalationState.WITHDRAWN)

# What each means to whoever looks at it; words in braces are the protocol's own.
MEANS = {
    EscalationState.RAISED: "The disagreement is written down. No step is open yet: the page says who is to speak to whom first.",
    EscalationState.AT_TIER: "It is between the people who are named at this step, on both sides. If they do not settle it, it goes to the next step.",
    EscalationState.WITH_CHAIR: "It went back to the {chair}, who considers whether the {conference_short} should meet again earlier.",
    EscalationState.AT_PARTNERSHIP: "It has reached the safeguarding partnership, which is the last step of most ladders.",
    EscalationState.RESOLVED: "Those who disagreed have settled it. What they agreed to do may still have to be done.",
    EscalationState.DECIDED: "Somebody at the top of the ladder has decided it. What follows from that may still have to be done.",
    EscalationState.CLOSED: "It is over, and nothing is left to do. If the child is still at risk, act on that now.",
    EscalationState.WITHDRAWN: "Whoever raised it took it back. It stays on record.",
}

STAGE = {
    EscalationState.RAISED: Stage.ESCALATED,
    EscalationState.AT_TIER: Stage.ESCALATED,
    EscalationState.WITH_CHAIR: Stage.ESCALATED,
    EscalationState.AT_PARTNERSHIP: Stage.ESCALATED,
    EscalationState.RESOLVED: Stage.SETTLED,
    EscalationState.DECIDED: Stage.DECIDED,
    EscalationState.CLOSED: Stage.CLOSED,
    EscalationState.WITHDRAWN: Stage.WITHDRAWN,
}

# Which state a step of the ladder is, by its place in the protocol.
AT = {
    "between": EscalationState.AT_TIER,
    "chair": EscalationState.WITH_CHAIR,
    "partnership": EscalationState.AT_PARTNERSHIP,
}

# The protocol's kinds of difference and the kinds of case.
KINDS = {
    "referral_enquiry": Kind.REFERRAL_ENQUIRY,
    "need_for_conference": Kind.NEED_FOR_CONFERENCE,
    "conference_outcome": Kind.CONFERENCE_DECISION,
    "plan_implementation": Kind.PLAN_IMPLEMENTATION,
    "process": Kind.CONFERENCE_PROCESS,
}


class Entered(models.TextChoices):
    """How a step came to be opened."""

    RAISED = "raised", "Where it was raised"
    UP = "up", "From the step before"
    SKIPPED = "skipped", "Past a step, with a reason"
    ALTERNATIVE = "alternative", "By the other way that the protocol has"
    POLICY = "policy_issue", "Because it raises a question of policy"
    URGENT = "urgent", "Because a child is at risk"


JUMPS = (Entered.SKIPPED, Entered.POLICY, Entered.URGENT)


class Ended(models.TextChoices):
    """How a step ended."""

    RESOLVED = "resolved", "Settled"
    MOVED_ON = "moved_on", "Not settled here"
    JUMPED = "jumped", "Left for a step further up"
    DECIDED = "decided", "Decided"
    UNSETTLED = "unsettled", "Not settled, and no further step"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Side(models.TextChoices):
    """For whom somebody takes part in a step."""

    OURS = "ours", "For the agency that raised it"
    THEIRS = "theirs", "For the other agency"
    DECIDES = "decides", "Decides or convenes"
    BESIDE = "beside", "Takes part"


class How(models.TextChoices):
    IN_PERSON = "in_person", "Face to face"
    VIDEO = "video", "Video call"
    PHONE = "phone", "Telephone call"
    LETTERS = "letters", "In writing"
