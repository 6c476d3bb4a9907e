"""Words for where a case stands; the same word in tags, lists, filters, e-mails and reports."""

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
    CLOSED = "closed", "Closed"
    WITHDRAWN = "withdrawn", "Withdrawn"


OPEN = (Stage.RECORDED, Stage.WRITTEN_VIEW_NEEDED, Stage.UNDER_REVIEW, Stage.DECIDED, Stage.ESCALATED)
FINAL = (Stage.CLOSED, Stage.WITHDRAWN)


class Capacity(models.TextChoices):
    """What a person is in one case."""

    DISSENTER = "dissenter", "Dissenting professional"
    CHAIR = "chair", "Chair"
    MINUTE_TAKER = "minute_taker", "Minute taker"
    REVIEWER = "reviewer", "Reviewing manager"
    SECOND_TIER = "second_tier", "Second-tier decider"
    ADVISER = "adviser", "Adviser"
    CHAIR_LINE_MANAGER = "chair_line_manager", "Chair's line manager"
