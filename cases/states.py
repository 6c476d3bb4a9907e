"""Words for where a case stands; the same word in tags, lists, filters, e-mails and reports."""

import datetime as dt

from django.db import models


class Kind(models.TextChoices):
    """What the matter is about."""

    CONFERENCE_DECISION = "conference_decision", "Decision of a conference"
    NEED_FOR_CONFERENCE = "need_for_conference", "Need for a conference"
    REFERRAL_ENQUIRY = "referral_enquiry", "Referral or enquiry"
    PLAN_IMPLEMENTATION = "plan_implementation", "Implementation of the plan"
    CONFERENCE_PROCESS = "conference_process", "Process of a conference"
    COMPLAINT = "complaint", "Complaint"  # no difference: never in their lists, figures or verbs


class Stage(models.TextChoices):
    """At most eight status words. "Overdue" stands beside one of them, never in its place."""

    RECORDED = "recorded", "Recorded"
    WRITTEN_VIEW_NEEDED = "written_view_needed", "Written view needed"
    UNDER_REVIEW = "under_review", "Under review"
    DECIDED = "decided", "Decided"
    ESCALATED = "escalated", "Escalated"
    SETTLED = "settled", "Settled"  # between those who differed; what they agreed may still be to do
    CLOSED = "closed", "Closed"
    WITHDRAWN = "withdrawn", "Withdrawn"


OPEN = (
    Stage.RECORDED,
    Stage.WRITTEN_VIEW_NEEDED,
    Stage.UNDER_REVIEW,
    Stage.DECIDED,
    Stage.ESCALATED,
    Stage.SETTLED,
)
FINAL = (Stage.CLOSED, Stage.WITHDRAWN)

# What the status word says in a list, where cases of every kind stand under each other; words in braces are the
# protocol's own.
MEANS = {
    Stage.RECORDED: "It is written down. Nobody has looked at it yet.",
    Stage.WRITTEN_VIEW_NEEDED: "Whoever dissents is to send their view in writing. The days for the answer begin when it arrives.",
    Stage.UNDER_REVIEW: "Somebody is to answer it, and has not done so yet.",
    Stage.DECIDED: "It has an answer. People are being told, and it is being filed.",
    Stage.ESCALATED: "It is on its way up the ladder, between managers of the agencies concerned.",
    Stage.SETTLED: "Those who disagreed have settled it. What they agreed may still have to be done.",
    Stage.CLOSED: "Nothing is left to do.",
    Stage.WITHDRAWN: "Whoever raised it took it back. It stays on record.",
}


class Capacity(models.TextChoices):
    """What a person is in one case."""

    DISSENTER = "dissenter", "Dissenting professional"
    CHAIR = "chair", "Chair"
    MINUTE_TAKER = "minute_taker", "Minute taker"
    REVIEWER = "reviewer", "Reviewing manager"
    SECOND_TIER = "second_tier", "Second-tier decider"
    ADVISER = "adviser", "Adviser"
    CHAIR_LINE_MANAGER = "chair_line_manager", "Chair's line manager"
    REQUESTER = "requester", "Professional who raised it"
    COUNTERPART = "counterpart", "The other professional"
    OUR_SIDE = "our_side", "Manager or lead, for the agency that raised it"
    THEIR_SIDE = "their_side", "Manager or lead, for the other agency"
    REPRESENTATIVE = "representative", "The agency's representative on the partnership"
    PARTNERSHIP = "partnership", "Safeguarding partnership"
    SUPPORTER = "supporter", "Supporter of a request"
    CONVENER = "convener", "Whoever answers a request for a conference"
    CONSULTED = "consulted", "Asked before the decision"
    RECORDER = "recorder", "Whoever wrote down a request for somebody without an account"


# Who of the partnership may invite a participant without an account: those who hold the case, or open a step of it.
INVITERS = (
    Capacity.CHAIR, Capacity.MINUTE_TAKER, Capacity.REVIEWER, Capacity.SECOND_TIER, Capacity.REQUESTER,
    Capacity.OUR_SIDE, Capacity.THEIR_SIDE, Capacity.REPRESENTATIVE, Capacity.PARTNERSHIP, Capacity.CONVENER,
    Capacity.RECORDER,
)  # fmt: skip
VISIT = dt.timedelta(hours=4)  # the longest that a guest stays
IDLE = dt.timedelta(hours=1)  # without opening or sending a page
