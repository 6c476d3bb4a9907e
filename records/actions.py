"""Recording that someone was told, what was filed on a child's record, and what was said in a discussion."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

import protocols
from audit.actions import write
from cases.models import Case, Child, Participant
from cases.selectors import area_of_case
from core.actor import Actor
from core.clock import london_date
from core.filetypes import media_type_of
from core.moments import check_day_happened, check_happened, check_words
from core.refusals import Denied, changed, not_yours
from core.scanner import scan
from deadlines.actions import wake_sender_on_commit
from notifications.actions import enqueue
from partnerships.models import Membership
from records import permissions, policies
from records.models import (
    ActionSettled,
    AgreedAction,
    Discussion,
    DiscussionFiling,
    DiscussionPerson,
    Document,
    DocumentChild,
    DocumentContent,
    Filing,
    OwnRecord,
    Telling,
)
from records.states import Between, DocumentKind, HowHeld, Scan


def record_telling(
    case: Case,
    tell: protocols.Tell,
    *,
    by: Actor,
    now: dt.datetime,
    told_at: dt.datetime | None = None,
    how: str = "",
    withheld_reason: str = "",
) -> Telling:
    """Record that someone whom the protocol names was told, or withheld with a reason where it allows that (CAM-15).

    Called inside the transaction of an action that has checked the person.
    """
    if Telling.objects.filter(case=case, tell_id=tell.id).exists():
        raise changed("This was already recorded.")
    if withheld_reason.strip():
        if not tell.withhold_with_reason:
            raise Denied(
                "This protocol does not let this be withheld. Record when they were told.", rule=tell.rule
            )
        check_words(withheld_reason, 1500, "The reason", "withheld_reason")
        told_at, how = None, ""
    else:
        if told_at is None:
            raise Denied("Enter when they were told", rule=tell.rule, field="told_at")
        check_happened(told_at, now, "The time they were told", "told_at")
        if not how.strip():
            raise Denied("Enter how they were told", rule=tell.rule, field="how")
        check_words(how, 200, "How they were told", "how")
    return Telling.objects.create(
        partnership_id=case.partnership_id,
        case=case,
        tell_id=tell.id,
        told_at=told_at,
        how=how.strip(),
        withheld_reason=withheld_reason.strip(),
        recorded_at=now,
        recorded_by_id=by.member,
    )


def record_filing(
    case: Case, child_uuid: uuid.UUID, *, by: Actor, filed_on: dt.date, now: dt.datetime
) -> tuple[Filing, bool]:
    """Record that the decision was placed on one child's own record. Returns the filing and whether all are filed."""
    child = Child.objects.filter(case_children__case=case, uuid=child_uuid).first()
    if child is None:
        raise Denied("Select a child of this dissent", field="child")
    check_day_happened(filed_on, london_date(now), "The date of filing", "filed_on")
    if Filing.objects.filter(case=case, child=child).exists():
        raise changed(f"The filing for {child.initials} was already recorded.")
    filing = Filing.objects.create(
        partnership_id=case.partnership_id,
        case=case,
        child=child,
        filed_on=filed_on,
        recorded_at=now,
        recorded_by_id=by.member,
    )
    return filing, Filing.objects.filter(case=case).count() == case.children.count()


# --- discussions --------------------------------------------------------------------------------------------------

NOTES = 5000
SHORT = 1500


@dataclass(frozen=True, slots=True)
class Other:
    """Someone without an account who took part."""

    name: str
    agency_name: str = ""


@dataclass(frozen=True, slots=True)
class Agreed:
    """An action that was agreed: what, who does it, and by when, if that was said."""

    what: str
    owner: str
    due_on: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A discussion, as typed."""

    between: str
    how: str
    happened_at: dt.datetime
    notes: str
    outcome: str = ""
    members: tuple[int, ...] = ()
    others: tuple[Other, ...] = ()
    agreed: tuple[Agreed, ...] = ()


def _lock_case(case_id: int) -> Case:
    case: Case = (
        Case.objects.select_for_update(of=("self",))
        .select_related("partnership", "protocol_version")
        .get(pk=case_id)
    )
    return case


def _lock(discussion_id: int) -> Discussion:
    """Lock the case, then the record: always in this order."""
    case = _lock_case(Discussion.objects.values_list("case_id", flat=True).get(pk=discussion_id))
    discussion: Discussion = (
        Discussion.objects.select_for_update(of=("self",))
        .select_related("agency", "written_by__user")
        .get(pk=discussion_id)
    )
    discussion.case = case
    return discussion


def _side(by: Actor) -> int:
    """The agency for which a record is kept."""
    if by.agency_id is None:
        raise not_yours("Only a person of an agency keeps its records.")
    return by.agency_id


def _audit(
    type_: str, row: Discussion | OwnRecord | AgreedAction, by: Actor, now: dt.datetime, **detail: object
) -> None:
    """Whose record it is stands with the actor; whether it was within the agency decides who reads of it."""
    if isinstance(row, Discussion):
        detail["kind"] = row.between
    kinds = {Discussion: "discussion", OwnRecord: "own_record", AgreedAction: "agreed_action"}
    write(
        type_, by=by, now=now, object_type=kinds[type(row)],
        object_id=row.pk, object_ref=row.case.reference, case_id=row.case_id,
        rule=policies.rule_of(area_of_case(row.case)), detail=dict(detail), partnership_id=row.partnership_id,
    )  # fmt: skip


def _check_written(written: Written, case: Case, now: dt.datetime) -> list[DiscussionPerson]:
    """Check what was typed. Returns those who took part, not saved yet."""
    if written.between not in Between.values:
        raise Denied("Select whether it was within your agency or between agencies", field="between")
    if written.how not in HowHeld.values:
        raise Denied("Select how you spoke", field="how")
    check_happened(written.happened_at, now, "The time of the discussion", "happened_at")
    if not written.notes.strip():
        raise Denied("Enter what was said", field="notes")
    check_words(written.notes, NOTES, "What was said", "notes")
    check_words(written.outcome, SHORT, "The outcome", "outcome")
    known = {
        m.pk: m
        for m in Membership.objects.filter(pk__in=written.members, partnership_id=case.partnership_id)
        .select_related("user", "agency")
    }  # fmt: skip
    if set(written.members) - set(known):
        raise Denied("Select who took part from the list", field="members")
    people = [
        DiscussionPerson(membership=m, name=m.user.name, agency_name=m.agency.name)
        for m in (known[pk] for pk in dict.fromkeys(written.members))
    ]
    for other in written.others:
        check_words(other.name, 150, "Each name", "others")
        check_words(other.agency_name, 200, "Each agency", "others")
        people.append(DiscussionPerson(name=other.name.strip(), agency_name=other.agency_name.strip()))
    if len(people) < 2:
        raise Denied("Enter everyone who took part: at least two people", field="members")
    for agreed in written.agreed:
        if not agreed.what.strip() or not agreed.owner.strip():
            raise Denied("Enter what was agreed and who does it", field="agreed")
        check_words(agreed.what, 500, "What was agreed", "agreed")
        check_words(agreed.owner, 150, "The name of who does it", "agreed")
    return people


def _fill(discussion: Discussion, written: Written, people: list[DiscussionPerson]) -> None:
    """The parts of a draft. What an earlier wording of it held goes with that wording."""
    discussion.people.all().delete()
    discussion.agreed_actions.all().delete()
    for person in people:
        person.partnership_id, person.discussion = discussion.partnership_id, discussion
    DiscussionPerson.objects.bulk_create(people)
    AgreedAction.objects.bulk_create(
        AgreedAction(
            partnership_id=discussion.partnership_id,
            case=discussion.case,
            discussion=discussion,
            what=agreed.what.strip(),
            owner=agreed.owner.strip(),
            owned_by_id=owner_of(discussion.case, agreed.owner),
            due_on=agreed.due_on,
            recorded_at=discussion.written_at,
            recorded_by_id=discussion.written_by_id,
        )
        for agreed in written.agreed
    )


def _create(
    case: Case, written: Written, by: Actor, now: dt.datetime, corrects: Discussion | None = None, reason: str = ""
) -> Discussion:  # fmt: skip
    people = _check_written(written, case, now)
    discussion = Discussion.objects.create(
        partnership_id=case.partnership_id,
        case=case,
        agency_id=_side(by),
        between=written.between,
        how=written.how,
        happened_at=written.happened_at,
        begun_at=now,
        written_at=now,
        written_by_id=by.member,
        notes=written.notes.strip(),
        outcome=written.outcome.strip(),
        corrects=corrects,
        correction_reason=reason,
    )
    _fill(discussion, written, people)
    return discussion


@transaction.atomic
def write_down(*, case_id: int, by: Actor, written: Written, now: dt.datetime) -> Discussion:
    """Write down a discussion, for one's own agency, as a draft (SUS-12, HIPS-5).

    Raises Denied for a time to come, without notes, and with fewer than two people.
    """
    case = _lock_case(case_id)
    permissions.check_write(by, case, area_of_case(case))
    discussion = _create(case, written, by, now)
    _audit("record.drafted", discussion, by, now, at=written.happened_at.isoformat())
    return discussion


@transaction.atomic
def rewrite(
    *, discussion_id: int, by: Actor, written: Written, now: dt.datetime, version: int | None = None
) -> Discussion:
    """Change a draft. The time of its words is that of the last change."""
    discussion = _lock(discussion_id)
    permissions.check_change(by, discussion, area_of_case(discussion.case))
    if version is not None and version != discussion.version:
        raise changed(
            "You changed this record in another window. Look at it as it stands now, then save yours."
        )
    people = _check_written(written, discussion.case, now)
    discussion.between, discussion.how = written.between, written.how
    discussion.happened_at, discussion.written_at = written.happened_at, now
    discussion.notes, discussion.outcome = written.notes.strip(), written.outcome.strip()
    discussion.version += 1
    discussion.save(
        update_fields=["between", "how", "happened_at", "written_at", "notes", "outcome", "version"]
    )
    _fill(discussion, written, people)
    _audit("record.rewritten", discussion, by, now)
    return discussion


@transaction.atomic
def approve(*, discussion_id: int, by: Actor, now: dt.datetime) -> Discussion:
    """Approve and date one's own record (SUS-12). From then on nothing of it changes."""
    discussion = _lock(discussion_id)
    area = area_of_case(discussion.case)
    permissions.check_change(by, discussion, area)
    if discussion.corrects is not None:
        policies.check_correctable(discussion.corrects)
    discussion.approved_at, discussion.approved_by_id = now, by.member
    discussion.version += 1
    discussion.save(update_fields=["approved_at", "approved_by", "version"])
    _tell_those_who_were_there(discussion, by, now)
    late = policies.written_late(discussion, area)
    _audit("record.approved", discussion, by, now, at=discussion.happened_at.isoformat(), late=late)
    return discussion


def _tell_those_who_were_there(discussion: Discussion, by: Actor, now: dt.datetime) -> None:
    """The people of a discussion between agencies hear that there is a record, so that they can add their own."""
    if discussion.between != Between.AGENCIES:
        return
    there = discussion.people.filter(membership__isnull=False).exclude(membership_id=by.member)
    for person in there.order_by("pk"):
        enqueue(
            partnership_id=discussion.partnership_id,
            case=discussion.case,
            seat=f"member:{person.membership_id}",
            kind="record_approved",
            dedupe_key=f"record-approved:{discussion.pk}:{person.membership_id}",
            now=now,
        )
    wake_sender_on_commit()


@transaction.atomic
def correct(*, discussion_id: int, by: Actor, written: Written, reason: str, now: dt.datetime) -> Discussion:
    """Correct an approved record of one's own agency by a new one that names it. Both stay."""
    first = _lock(discussion_id)
    permissions.check_correct(by, first, area_of_case(first.case))
    if not reason.strip():
        raise Denied("Enter what was wrong", field="reason")
    check_words(reason, SHORT, "What was wrong", "reason")
    discussion = _create(first.case, written, by, now, corrects=first, reason=reason.strip())
    _audit("record.correction_drafted", discussion, by, now)
    return discussion


@transaction.atomic
def file_copy(
    *, discussion_id: int, by: Actor, child_uuid: uuid.UUID, filed_on: dt.date, now: dt.datetime
) -> DiscussionFiling:
    """Record that a copy of an approved record was placed on one child's file (SUS-12)."""
    discussion = _lock(discussion_id)
    permissions.check_file(by, discussion, area_of_case(discussion.case))
    child = Child.objects.filter(case_children__case=discussion.case, uuid=child_uuid).first()
    if child is None:
        raise Denied("Select a child of this case", field="child")
    check_day_happened(filed_on, london_date(now), "The date of filing", "filed_on")
    if DiscussionFiling.objects.filter(discussion=discussion, child=child).exists():
        raise changed(f"The copy for {child.initials} was recorded as filed already.")
    filing = DiscussionFiling.objects.create(
        partnership_id=discussion.partnership_id,
        discussion=discussion,
        child=child,
        filed_on=filed_on,
        recorded_at=now,
        recorded_by_id=by.member,
    )
    _audit("record.filed", discussion, by, now, child=child.pk, date=filed_on.isoformat())
    return filing


def owner_of(case: Case, called: str) -> int | None:
    """The one person with an account in a case who is called so: an action of theirs stands in their own list."""
    found = set(
        Participant.objects.filter(
            case=case, membership__isnull=False, membership__user__name__iexact=called.strip()
        ).values_list("membership_id", flat=True)
    )
    return found.pop() if len(found) == 1 else None


def note_agreed(case: Case, agreed: Agreed, *, by: Actor, now: dt.datetime) -> AgreedAction:
    """Note something that was agreed outside of a discussion's record. Called inside the transaction of an action that
    has checked who, and points to it."""
    check_words(agreed.what, SHORT, "What was agreed", "what")
    if not agreed.what.strip():
        raise Denied("Enter what was agreed", field="what")
    if not agreed.owner.strip():
        raise Denied("Enter who does it", field="owner")
    check_words(agreed.owner, 150, "The name of who does it", "owner")
    return AgreedAction.objects.create(
        partnership_id=case.partnership_id,
        case=case,
        what=agreed.what.strip(),
        owner=agreed.owner.strip(),
        owned_by_id=owner_of(case, agreed.owner),
        due_on=agreed.due_on,
        recorded_at=now,
        recorded_by_id=by.member,
    )


@transaction.atomic
def settle_action(
    *,
    action_id: int,
    by: Actor,
    done_on: dt.date | None,
    now: dt.datetime,
    not_done_reason: str = "",
    note: str = "",
) -> ActionSettled:
    """Say that something agreed was done on a day, or that it will not be, and why."""
    case = _lock_case(AgreedAction.objects.values_list("case_id", flat=True).get(pk=action_id))
    action = AgreedAction.objects.select_related("discussion", "settled").get(pk=action_id)
    permissions.check_settle(by, action, case)
    if done_on is None and not not_done_reason.strip():
        raise Denied("Enter why it was not done", field="not_done_reason")
    if done_on is not None:
        check_day_happened(done_on, london_date(now), "The day it was done", "done_on")
    check_words(not_done_reason, SHORT, "The reason", "not_done_reason")
    check_words(note, SHORT, "The note", "note")
    row = ActionSettled.objects.create(
        partnership_id=case.partnership_id,
        action=action,
        done_on=done_on,
        not_done_reason="" if done_on else not_done_reason.strip(),
        note=note.strip(),
        recorded_at=now,
        recorded_by_id=by.member,
    )
    kind = action.discussion.between if action.discussion else Between.AGENCIES
    if done_on is not None:
        _audit("record.action_done", action, by, now, kind=kind, date=done_on.isoformat())
    else:
        _audit("record.action_not_done", action, by, now, kind=kind)
    return row


@transaction.atomic
def made_own_record(
    *, case_id: int, by: Actor, made_on: dt.date, now: dt.datetime, kept_in: str = ""
) -> OwnRecord:
    """Tick that one's agency has made its own record elsewhere (HIPS-5, HIPS-13)."""
    case = _lock_case(case_id)
    permissions.check_write(by, case, area_of_case(case))
    check_day_happened(made_on, london_date(now), "The date of the record", "made_on")
    check_words(kept_in, 200, "Where it is kept", "kept_in")
    if OwnRecord.objects.filter(case=case, agency_id=_side(by), made_on=made_on).exists():
        raise changed("Your agency’s record of that day was ticked already.")
    row = OwnRecord.objects.create(
        partnership_id=case.partnership_id,
        case=case,
        agency_id=_side(by),
        made_on=made_on,
        kept_in=kept_in.strip(),
        recorded_at=now,
        recorded_by_id=by.member,
    )
    _audit("record.made_elsewhere", row, by, now, date=made_on.isoformat())
    return row


# --- documents ----------------------------------------------------------------------------------------------------


def store_document(
    *,
    partnership_id: int,
    kind: str,
    data: bytes,
    children: Iterable[Child],
    by: Actor,
    now: dt.datetime,
    agency_id: int | None = None,
) -> Document:
    """Keep a file about these children, under no name but its number. Raises Denied for what may not be kept.

    Called inside the transaction of an action that has checked the person and hangs it where it belongs.
    """
    about = list(children)
    if kind not in DocumentKind.values:
        raise Denied("Select what kind of document it is", field="kind")
    if not about:
        raise Denied("Select the children whom the document is about", field="children")
    media_type = media_type_of(data)
    verdict = Scan(scan(data))
    if verdict == Scan.INFECTED:
        raise Denied(
            "The virus scanner refused this file, and it was not kept. Tell your IT security", field="file"
        )
    document = Document.objects.create(
        partnership_id=partnership_id,
        kind=kind,
        agency_id=agency_id,
        media_type=media_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        scan=verdict,
        scanned_at=now if verdict == Scan.CLEAN else None,
        uploaded_at=now,
        uploaded_by_id=by.member,
    )
    DocumentContent.objects.create(partnership_id=partnership_id, document=document, data=data)
    DocumentChild.objects.bulk_create(
        DocumentChild(partnership_id=partnership_id, document=document, child=child) for child in about
    )
    return document


def scan_waiting(*, now: dt.datetime, limit: int = 50) -> int:
    """Scan the documents that wait, and those kept before there was a scanner. Returns how many it answered about."""
    done = 0
    waiting = Document.objects.filter(scan__in=(Scan.WAITING, Scan.NONE)).order_by("uploaded_at", "pk")
    for key in list(waiting.values_list("pk", flat=True)[:limit]):
        verdict = Scan(scan(bytes(DocumentContent.objects.get(document_id=key).data)))
        if verdict in (Scan.WAITING, Scan.NONE):
            break  # it does not answer now; the next tick tries again
        done += Document.objects.filter(pk=key, scanned_at__isnull=True).update(scan=verdict, scanned_at=now)
    return done
