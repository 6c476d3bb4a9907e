"""Reading the chain, proving that it is whole, and the sentence of each type of event."""

import datetime as dt
import hashlib
import json

from audit.models import AuditEvent, AuditHead

# `{due}` and the like are filled from the event's detail; who and when stand beside the sentence.
SENTENCES: dict[str, str] = {
    "account.signed_in": "Signed in.",
    "account.address_corrected": "Corrected an email address.",
    "account.pace_chosen": "Chose how to be told by email.",
    "account.password_link_asked": "Asked for a link to set a password.",
    "account.password_set": "Set a password.",
    "account.role_chosen": "Chose the role to act in.",
    "calendar.reset": "Made a new private calendar address; the one before no longer works.",
    "case.exported": "Took the case out of the service: {kind}.",
    "clock.agreed": "Those concerned agreed on another date, so a date moved from {was_due} to {due}.",
    "clock.corrected": "A time was corrected, so a date moved from {was_due} to {due}.",
    "clock.moved": "The calendar changed, so a date moved from {was_due} to {due}.",
    "clock.passed": "A date passed: {due}. Nothing is decided by that; the people who hold it were told.",
    "complaint.acknowledged": "Acknowledged the complaint: the decision stands meanwhile.",
    "complaint.closed": "Closed the complaint.",
    "complaint.decided": "Recorded the outcome of the complaint: {outcome}.",
    "complaint.follow_up_booked": "Booked the conference that the outcome asks for, on {date}.",
    "complaint.recorded": "Logged a complaint about a conference. It is no dissent and changes no decision.",
    "complaint.told": "Recorded that someone was told: {seat}.",
    "complaint.withdrawn": "Recorded that the complaint was withdrawn.",
    "conference.adjourned": "Adjourned the conference.",
    "conference.booked": "Booked the conference for {date}.",
    "conference.cancelled": "Cancelled the conference.",
    "conference.child_added": "Added a child to the conference.",
    "conference.decided": "Recorded a decision: {decision}, reached by {basis}.",
    "conference.discussion_revisited": "Went back to the discussion, as there was no consensus.",
    "conference.end_corrected": "Corrected when the conference ended: on {at}, not on {was}.",
    "conference.ended": "Ended the conference on {at}.",
    "conference.field_recorded": "Recorded a part of the record: {kind}.",
    "conference.extract_read": "Took the dissents out for the summary.",
    "conference.list_imported": "Filled the list of the conference from a file: {count}.",
    "conference.missing_entry_answered": "Answered a request about a dissent missing from the record.",
    "conference.missing_entry_asked": "Asked for a spoken dissent to be added to the record.",
    "conference.person_added": "Put a person on the list.",
    "conference.presence_recorded": "Recorded how a person took part: {kind}.",
    "conference.private_view_sent": "Gave a view before the round.",
    "conference.quorum_explained": "Said why the conference goes on with {count} agencies.",
    "conference.resumed": "Resumed the conference.",
    "conference.round_opened": "Opened the round of views.",
    "conference.script_step_done": "Ticked a step of the script: {step}.",
    "conference.started": "Started the conference on {at}.",
    "conference.version_followed": "The conference follows the protocol version in force from {date}.",
    "conference.view_noted": "Noted a differing view. It is not a formal dissent.",
    "conference.view_recorded": "Recorded a view: {view} ({phase}).",
    "convening.accepted": "Accepted that no conference is held.",
    "convening.answered": "Answered the request for a conference: {outcome}.",
    "convening.booked": "Booked the conference that was asked for, on {date}.",
    "convening.consulted": "Recorded that a member of the partnership was consulted on {at}.",
    "convening.last_resort_asked": "Took the refusal to the last resort.",
    "convening.requested": "Asked for a conference to be held. The request was made on {at}.",
    "convening.taken_to_ladder": "Took the refusal to the ladder.",
    "convening.withdrawn": "Withdrew the request for a conference.",
    "dissent.answered": "Decided the dissent: {outcome}.",
    "dissent.begun": "The conference ended, and the dissent moved on: {to}.",
    "dissent.challenge_chosen": "Chose: {kind}.",
    "dissent.closed": "Closed the dissent.",
    "dissent.filed": "Recorded that the decision was filed on a child's record on {date}.",
    "dissent.follow_up_booked": "Booked the conference that follows for {date}.",
    "dissent.information_added": "Added information.",
    "dissent.not_pursued": "Closed the dissent as not pursued. This is no decision on it.",
    "dissent.passed_on": "Passed the dissent on to the reviewing manager.",
    "dissent.recorded": "Recorded the formal dissent, expressed on {at}.",
    "dissent.reminded": "Reminded the dissenting professional of the written view.",
    "dissent.reviewed_without_view": "Began the review on the chair's record, without a written view.",
    "dissent.task_done": "Recorded a task as done on {date}: {step}.",
    "dissent.told": "Recorded that someone was told: {tell}.",
    "dissent.withdrawn": "Withdrew the dissent. What was recorded stays on record.",
    "dissent.receipt_corrected": "Corrected when the written view was received: on {at}, not on {was}.",
    "dissent.written_view_received": "The written view was received on {at}.",
    "agency.added": "Added an agency: {agency}.",
    "agency.changed": "Changed the entry of an agency: {agency}.",
    "guest.came_in": "Came in as a guest.",
    "guest.code_refused": "A wrong code was typed five times. A new link is needed.",
    "guest.invitation_withdrawn": "Took back the invitation of a guest.",
    "guest.invited": "Invited a person without an account to act in this case, and sent a link.",
    "guest.left": "Left.",
    "guest.link_asked": "A new link to this case was asked for and sent to the guest’s own address.",
    "guest.link_opened": "Opened the link from the email. A code was sent.",
    "escalation.action_agreed": "Noted something that was agreed.",
    "escalation.closed": "Closed the escalation.",
    "escalation.closed_unsettled": "Closed the escalation as not settled: the protocol has no further step.",
    "escalation.authorities_named": "Entered which authorities are responsible.",
    "escalation.dates_changed": "Changed the dates agreed for a step, {tier}, with the reason.",
    "escalation.decided": "Answered at a step of the ladder, {tier}: {outcome}.",
    "escalation.meeting_recorded": "Recorded a meeting or a talk on {at}: {how}.",
    "escalation.person_named": "Said who stands at a step of the ladder: {tier}.",
    "escalation.raised": "Raised a professional difference: {kind}.",
    "escalation.resolved": "Recorded that it is settled.",
    "escalation.shared": "Shared a summary without names with the forum.",
    "escalation.tier_opened": "Took it to a step of the ladder: {tier}. {how}.",
    "escalation.urgent_action": "Recorded that somebody acted at once for a child on {at}.",
    "escalation.withdrawn": "Withdrew the escalation. What was recorded stays on record.",
    "learning.noted": "Noted what can be learnt: themes, {count}.",
    "learning.summary_made": "Made the summary for the forum: {kind}.",
    "learning.theme_added": "Added a theme to the list.",
    "learning.theme_retired": "Took a theme out of the list.",
    "message.not_delivered": "An email about this did not arrive.",
    "message.sent_again": "Sent an email again that had not arrived.",
    "message.told_otherwise": "Told the person {how}, because an email had not arrived.",
    "document.added": "Added a document: {kind}.",
    "document.opened": "Opened a document: {kind}.",
    "document.share_ended": "No longer shows a document to somebody who takes part: {kind}.",
    "document.shared": "Showed a document to somebody who takes part: {kind}.",
    "document.withdrawn": "Withdrew a document: {kind}.",
    "letter.checked": "Checked a letter as the second person: {kind}.",
    "letter.dropped": "Dropped the draft of a letter: {kind}.",
    "letter.issued": "Issued a letter: {kind}, to {count}.",
    "letter.opened": "Opened an issued letter.",
    "letter.recipient_added": "Added a recipient of a letter by hand: {kind}.",
    "letter.recipient_removed": "Took a recipient off a letter: {kind}.",
    "letter.saved": "Saved version {count} of a letter: {kind}.",
    "letter.sent_back": "Sent a letter back to be changed: {kind}.",
    "letter.sent_for_check": "Sent a letter for a second person's check: {kind}.",
    "pack.asked": "Asked for the pack for a child's file.",
    "pack.made": "Made the pack for a child's file.",
    "pack.opened": "Opened the pack for a child's file.",
    "pack.text_released": "Released a text for the pack of a child, as the second person.",
    "pack.text_withheld": "Withheld a text from the pack of a child, as the second person.",
    "figures.extracted": "Took out the figures from {from} to {to} with nothing hidden.",
    "figures.published": "Published the figures from {from} to {to}: {kind}.",
    "figures.set_up": "Set how figures are shown: counts up to {count} are hidden.",
    "figures.taken": "Took the published figures from {from} to {to} away as a file: {how}.",
    "partnership.agency_post_emptied": "Entered that nobody fills a post for {agency}: {slot}, from {date}.",
    "partnership.agency_post_filled": "Filled a post for {agency}: {slot}, from {date}.",
    "partnership.closure_day_added": "Added a closure day: {date}.",
    "partnership.closure_day_removed": "Took back a closure day: {date}.",
    "partnership.letter_head_saved": "Changed what stands on every letter.",
    "partnership.letter_wording_saved": "Changed the wording of a letter: {kind}.",
    "partnership.contacts_changed": "Changed the name of the partnership or its duty contacts.",
    "partnership.people_imported": "Added people from a file: {count}.",
    "partnership.practice_emptied": "Emptied practice and started it again.",
    "partnership.practice_joined": "Came into practice.",
    "partnership.practice_opened": "Opened practice, with invented people.",
    "partnership.protocol_published": "Published the protocol, version {version}, in force from {date}.",
    "partnership.protocol_uploaded": "Brought a new text of the protocol: version {version}, to hold from {date}.",
    "partnership.protocol_withdrawn": "Withdrew a text before it was published: version {version}.",
    "partnership.set_up": "Set up the partnership.",
    "partnership.signpost_changed": "Changed where people are sent: {kind}.",
    "partnership.slot_ended": "Entered the last day of {membership} in a post: {slot}, {date}.",
    "partnership.slot_filled": "Filled a post: {slot}, from {date}.",
    "partnership.words_changed": "Changed the words that are said here for what the protocol names.",
    "person.added": "Added {membership}: {kind}, from {date}.",
    "person.changed": "Changed the job title or line manager of {membership}.",
    "person.left": "Entered the last day of {membership}: {date}.",
    "person.moved": "Moved {membership} to another role or agency: {kind}, from {date}.",
    "person.password_link_sent": "Sent {membership} a link to set a password.",
    "record.action_done": "Recorded something agreed as done on {date}.",
    "record.action_not_done": "Recorded that something agreed will not be done.",
    "record.approved": "Approved the record of the discussion of {at}.",
    "record.correction_drafted": "Began a correction of an approved record.",
    "record.drafted": "Wrote down a discussion of {at}.",
    "record.filed": "Recorded that a copy of a record was filed on a child's file on {date}.",
    "record.made_elsewhere": "Ticked that the agency made its own record on {date}.",
    "record.rewritten": "Changed the draft of a record.",
    "review.asked": "Asked for advice or information.",
    "review.attempt_logged": "Logged an attempt to reach someone on {at}.",
    "review.conflict_overridden": "Gave the reason for reviewing although involved in the conference.",
    "review.conversation_logged": "Logged a conversation on {at}.",
    "review.material_seen": "Ticked a piece of the material as read: {material}.",
    "review.replied": "Replied to a question of the reviewing manager.",
    "review.taken_apart": "Took the dissent out of the shared review, to be reviewed by itself.",
    "service.clock_held": "The clock went from {from} to {to}. What says that a date has passed waits.",
    "service.clock_released": "The clock is believed again: {how}.",
    "service.fence_lifted": "Messages go out again; {count} are left out.",
    "service.fence_raised": "A backup of {at} was restored; nothing is sent until an operator has looked.",
}

# Types that are written no longer. Events that have them stay in the chain, and keep their words.
OF_BEFORE: dict[str, str] = {
    "escalation.action_settled": "Recorded whether something agreed was done: {outcome}.",
}


def template_of(type_: str) -> str:
    """The sentence of a type of event, with its gaps."""
    return SENTENCES.get(type_) or OF_BEFORE[type_]


def canonical(event: AuditEvent) -> str:
    """The text that the chain's hash covers: every column but the hash itself, in one fixed form."""
    return json.dumps(
        [
            event.prev_hash, event.partnership_id, event.seq, event.at.astimezone(dt.UTC).isoformat(),
            event.actor_kind, event.user_id, event.membership_id, event.acting_for_id, event.role,
            event.agency_id, event.type, event.object_type, event.object_id, event.object_ref, event.case_id,
            event.outcome, event.rule, event.request_id, event.detail,
        ],
        sort_keys=True, separators=(",", ":"), ensure_ascii=True,
    )  # fmt: skip


def link_hash(event: AuditEvent) -> str:
    return hashlib.sha256(canonical(event).encode()).hexdigest()


def verify(partnership_id: int) -> int | None:
    """The number of the first event of a chain that is missing, changed or out of place; None when it is whole.

    A chain cut short at its end is told by its head, which names the last number and hash.
    """
    seq, prev_hash = 0, ""
    for event in AuditEvent.objects.filter(partnership_id=partnership_id).order_by("seq").iterator(1000):
        seq += 1
        if event.seq != seq or event.prev_hash != prev_hash or event.hash != link_hash(event):
            return seq
        prev_hash = event.hash
    head = AuditHead.objects.filter(partnership_id=partnership_id).first()
    stands_at = (head.seq, head.hash) if head else (0, "")
    return None if stands_at == (seq, prev_hash) else min(seq, stands_at[0]) + 1


def chains() -> list[int]:
    """Every partnership with a chain, or with events of one."""
    heads = set(AuditHead.objects.values_list("partnership_id", flat=True))
    return sorted(heads | set(AuditEvent.objects.values_list("partnership_id", flat=True).distinct()))
