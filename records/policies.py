"""May this record of a discussion be changed, approved, corrected or filed now?"""

import datetime as dt

import protocols
from core.refusals import Denied, changed
from protocols.model import Duty
from records.models import AgreedAction, Discussion

# Where a text sets no hours, a record written a day later is marked all the same: a safeguard of this service.
MARKED_AFTER = dt.timedelta(hours=24)


def duty_of(area: protocols.AreaProtocol) -> Duty | None:
    """What the text says of keeping records of discussions: a duty of the agencies from the first step of a ladder."""
    duties = (*area.escalation.duties, *area.duties)
    return next(
        (d for d in duties if d.holder == "capacity:agencies" and d.after in ("tier_opened", "difference_raised")), None
    )  # fmt: skip


def rule_of(area: protocols.AreaProtocol) -> str:
    duty = duty_of(area)
    return duty.rule if duty else ""


def written_late(discussion: Discussion, area: protocols.AreaProtocol) -> bool:
    """Whether its words, as they stand, were written later than at the time."""
    duty = duty_of(area)
    hours = dt.timedelta(hours=duty.marked_after_hours) if duty and duty.marked_after_hours else MARKED_AFTER
    return discussion.written_at - discussion.happened_at > hours


def approved_is_fixed(area: protocols.AreaProtocol) -> Denied:
    """The refusal to change an approved record: by its rule, or as a safeguard of this service."""
    refusal = area.refusal("edit_approved_record")
    if refusal is not None:
        return Denied(refusal.reason, rule=refusal.rule, route="Write a correction instead.")
    return Denied(
        "An approved record is not changed. This is a safeguard of this service.",
        route="Write a new record that corrects it.",
    )


def check_draft(discussion: Discussion, area: protocols.AreaProtocol) -> None:
    if discussion.approved_at is not None:
        raise approved_is_fixed(area)


def check_correctable(discussion: Discussion) -> None:
    if discussion.approved_at is None:
        raise Denied("This record is still a draft: its writer can change it.")
    if discussion.corrections.filter(approved_at__isnull=False).exists():
        raise Denied(
            "This record was corrected already.", route="Correct the newest record in its place."
        )  # fmt: skip


def check_fileable(discussion: Discussion, area: protocols.AreaProtocol) -> None:
    if discussion.approved_at is None:
        raise Denied("Approve the record first. Its copy is what is filed.", rule=rule_of(area))


def check_unsettled(action: AgreedAction) -> None:
    if action.discussion is not None and action.discussion.approved_at is None:
        raise Denied("Approve the record first: then what was agreed can be recorded as done.")
    if not action.is_open:
        raise changed("This was answered already. Look at what it says now.")
