"""The letter that acknowledges a family's complaint: what they told us, and that the decision stands (CAM-19)."""

import datetime as dt

import letters
from cases.selectors import area_of_case
from complaints.models import Complaint
from complaints.selectors import aspects_in_words
from letters import Facts, Recipient
from papers.selectors.letters import printed, wording_for
from partnerships.models import Membership
from records.models import Letter

KEY = "complaint_received"


def complaint_letter_of(complaint: Complaint) -> Letter | None:
    return Letter.objects.filter(case=complaint.case_id, key=KEY).select_related("issued", "case").first()


def complaint_rule(complaint: Complaint) -> str:
    """The rule that has everybody told that the decision stands."""
    rules = area_of_case(complaint.case).complaints
    tell = rules.tells[0] if rules and rules.tells else None
    return tell.rule if tell else ""


def recipient_of(complaint: Complaint) -> Recipient:
    return Recipient(name=complaint.name or str(complaint.get_made_by_display()))


def complaint_printed(complaint: Complaint, signed_by: Membership, now: dt.datetime) -> letters.Letter:
    """The letter as it is printed: nothing that anybody else said, and no name but the reader's own."""
    case = complaint.case
    area = area_of_case(case)
    facts = Facts(
        reference=case.reference,
        partnership=case.partnership.name,
        conference=area.word("conference"),
        about="; ".join(aspects_in_words(complaint, area)),
        stands=area.meanwhile.text,
    )
    draft = letters.draft(
        "complaint", facts, wording_for(case.partnership_id, "complaint"), names=complaint.name
    )
    return printed(
        kind="complaint", partnership=case.partnership, area=area, reference=case.reference, text=draft,
        recipients=[recipient_of(complaint)], signed_by=signed_by.user.name, signed_post=signed_by.job_title,
        rule=complaint_rule(complaint), basis="rule", now=now, stands=False,
    )  # fmt: skip
