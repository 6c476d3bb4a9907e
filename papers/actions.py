"""The verbs of papers: letters written, checked and issued; packs made; a partnership's own wording."""

import datetime as dt
import hashlib
import io
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from pypdf import PdfReader

import letters
import protocols
from audit.actions import write
from audit.models import AuditEvent
from cases.models import Case
from cases.selectors import area_of_case
from conferences.models import Conference, ConferenceDocument
from conferences.selectors import children_of
from convening.models import ConveneRequest
from convening.policies import rules_of
from convening.states import AnswerStep
from core.actor import Actor
from core.clock import london_date
from core.moments import check_words
from core.refusals import Denied, allowed, changed
from core.templatetags.pd import clock_time
from dissent import actions as dissents
from dissent import policies as dissent_policies
from dissent.models import Dissent
from dissent.permissions import check_review
from dissent.selectors import seat_title
from letters.drafting import unknown_fields
from letters.model import FIELDS_OF_WORDING
from notifications.actions import enqueue
from papers import permissions, policies
from papers.policies import Matter, Plan
from papers.selectors.documents import Place, agencies_at, children_at, people_to_show
from papers.selectors.letters import (
    first_draft,
    printed,
    recipients_by_rule,
    recipients_of,
    text_of,
    third_parties,
)
from papers.selectors.matters import conference_of, locked
from papers.selectors.packs import pack_of
from partnerships.actions import check_admin
from partnerships.models import Membership
from records.actions import store_document
from records.models import (
    CaseDocument,
    Document,
    DocumentContent,
    DocumentShare,
    FilePack,
    HeldText,
    IssuedLetter,
    Letter,
    LetterHead,
    LetterRecipient,
    LetterText,
    LetterWording,
    PackContent,
)
from records.states import DocumentKind, LetterKind

SECTION = 20_000  # characters of one part of a letter
SHORT = 150


@dataclass(frozen=True, slots=True)
class Desk:
    """One matter, locked, with its protocol and the letter's plan."""

    matter: Matter
    area: protocols.AreaProtocol
    plan: Plan


def _locked(case_id: int) -> Dissent:
    matter = locked(case_id)
    if not isinstance(matter, Dissent):
        raise Denied("A pack for a child’s file is made of a dissent.")
    dissent: Dissent = matter
    return dissent


def _desk(case_id: int, slug: str) -> Desk:
    matter = locked(case_id)
    area = area_of_case(matter.case)
    plan = policies.plan_of(matter, area, slug)
    if plan is None:
        raise Denied("This protocol asks for no such letter now.")
    return Desk(matter, area, plan)


def _open_letter(desk: Desk) -> Letter | None:
    return (
        Letter.objects.select_for_update()
        .filter(case=desk.matter.case, key=desk.plan.key, child=desk.plan.child, dropped_at__isnull=True)
        .first()
    )


def _existing(desk: Desk) -> Letter:
    letter = _open_letter(desk)
    if letter is None:
        raise Denied("This letter has not been drafted yet. Open it and save it first.")
    return letter


def _audit(
    type_: str, paper: Letter | FilePack, by: Actor, now: dt.datetime, *, rule: str = "", **detail: object
) -> None:
    write(
        type_, by=by, now=now, object_type="letter" if isinstance(paper, Letter) else "file_pack", object_id=paper.pk,
        object_ref=paper.case.reference, case_id=paper.case_id, rule=rule or getattr(paper, "rule", ""),
        detail=dict(detail), partnership_id=paper.partnership_id,
    )  # fmt: skip


# --- letters ------------------------------------------------------------------------------------------------------


@transaction.atomic
def save_letter(
    *,
    case_id: int,
    slug: str,
    by: Actor,
    texts: Mapping[str, str],
    now: dt.datetime,
    salutation: str = "",
    version: int | None = None,
) -> Letter:
    """Save what the writer made of a letter, as a further version. The first time the draft and its recipients are laid out.

    `texts` by the id of the section. A change takes back a check: the second person looks at what is issued.
    """
    desk = _desk(case_id, slug)
    permissions.check_write(by, desk.matter, desk.area, desk.plan)
    draft = first_draft(desk.plan, desk.matter, desk.area, now)
    letter = _open_letter(desk)
    if letter is None:
        letter = _begin(desk, by, now)
        before: Any = draft
    else:
        policies.check_editable(letter)
        if version is not None and letter.version != version:
            last_text = text_of(letter)
            who = "You" if last_text.saved_by_id == by.member else last_text.saved_by.user.name
            raise changed(f"{who} saved this letter at {clock_time(last_text.saved_at)}.")
        before = text_of(letter)
    sections = _sections(before, draft, texts, desk, letter)
    check_words(salutation, SHORT, "The greeting", "salutation")
    last = letter.texts.order_by("-number").first()
    LetterText.objects.create(
        partnership_id=letter.partnership_id,
        letter=letter,
        number=last.number + 1 if last else 1,
        title=before.title,
        salutation=salutation.strip() or before.salutation,
        about=[list(row) for row in before.about],
        sections=sections,
        saved_at=now,
        saved_by_id=by.member,
    )
    letter.sent_for_check_at = letter.sent_for_check_by = letter.checked_at = letter.checked_by = None
    letter.version += 1
    letter.save(
        update_fields=["sent_for_check_at", "sent_for_check_by", "checked_at", "checked_by", "version"]
    )
    _audit("letter.saved", letter, by, now, kind=letter.kind, count=last.number + 1 if last else 1)
    return letter


def _begin(desk: Desk, by: Actor, now: dt.datetime) -> Letter:
    plan, matter = desk.plan, desk.matter
    letter = Letter.objects.create(
        partnership_id=matter.partnership_id,
        case=matter.case,
        kind=plan.kind,
        key=plan.key,
        child=plan.child,
        tells=list(plan.tells),
        rule=plan.rule,
        needs_check=plan.needs_check,
        drafted_at=now,
        drafted_by_id=by.member,
    )
    LetterRecipient.objects.bulk_create(
        LetterRecipient(
            partnership_id=matter.partnership_id,
            letter=letter,
            seat=person.seat,
            name=person.name,
            role=person.role,
            agency=person.agency,
            is_copy=person.copy,
            added_at=now,
            added_by_id=by.member,
        )
        for person in recipients_by_rule(plan, matter, desk.area, london_date(now))
    )
    return letter


def _sections(
    before: Any, draft: letters.Draft, texts: Mapping[str, str], desk: Desk, letter: Letter
) -> list[dict[str, str]]:
    """The sections with what was typed; the required ones filled, and the parents' letter about nobody else."""
    rows = [
        row if isinstance(row, dict) else {"id": row.id, "heading": row.heading, "text": row.text}
        for row in before.sections
    ]
    required = {section.id for section in draft.sections if section.required}
    others = third_parties(desk.matter, desk.plan)
    for row in rows:
        name = row["id"]
        text = texts.get(name, row["text"]).strip()
        what = row["heading"] or "This part"
        check_words(text, SECTION, what, name)
        if name in required and not text:
            raise Denied(f"Enter the part “{what}”", rule=letter.rule, field=name)
        policies.check_no_third_party(text, others, letter.rule, name)
        row["text"] = text
    return rows


@transaction.atomic
def add_recipient(
    *, case_id: int, slug: str, by: Actor, name: str, role: str, agency: str, copy: bool, reason: str,
    now: dt.datetime,
) -> LetterRecipient:  # fmt: skip
    """Add somebody whom the rule does not name, with the reason."""
    _, letter = _for_recipients(case_id, slug, by)
    for words, what, field in (
        (name, "The name", "name"),
        (role, "The role", "role"),
        (agency, "The agency", "agency"),
    ):
        check_words(words, SHORT, what, field)
    if not name.strip():
        raise Denied("Enter the name of the recipient", field="name")
    if not reason.strip():
        raise Denied("Enter why they get this letter", rule=letter.rule, field="reason")
    check_words(reason, 1500, "The reason", "reason")
    row = LetterRecipient.objects.create(
        partnership_id=letter.partnership_id,
        letter=letter,
        name=name.strip(),
        role=role.strip(),
        agency=agency.strip(),
        is_copy=copy,
        by_rule=False,
        reason=reason.strip(),
        added_at=now,
        added_by_id=by.member,
    )
    _recheck(letter)
    _audit("letter.recipient_added", letter, by, now, kind=letter.kind)
    return row


@transaction.atomic
def remove_recipient(
    *, case_id: int, slug: str, by: Actor, recipient: uuid.UUID, reason: str, now: dt.datetime
) -> LetterRecipient:
    """Take a recipient off, with the reason. The row stays."""
    _, letter = _for_recipients(case_id, slug, by)
    row = letter.recipients.filter(uuid=recipient, removed_at__isnull=True).first()
    if row is None:
        raise changed("This recipient was taken off already.")
    if not reason.strip():
        raise Denied("Enter why they do not get this letter", rule=letter.rule, field="reason")
    check_words(reason, 1500, "The reason", "reason")
    row.removed_at, row.removed_by_id, row.removed_reason = now, by.member, reason.strip()
    row.save(update_fields=["removed_at", "removed_by", "removed_reason"])
    _recheck(letter)
    _audit("letter.recipient_removed", letter, by, now, kind=letter.kind)
    return row


def _for_recipients(case_id: int, slug: str, by: Actor) -> tuple[Desk, Letter]:
    desk = _desk(case_id, slug)
    letter = _existing(desk)
    permissions.check_edit(by, desk.matter, desk.area, desk.plan, letter)
    return desk, letter


def _recheck(letter: Letter) -> None:
    """What the second person looked at has changed."""
    letter.sent_for_check_at = letter.sent_for_check_by = letter.checked_at = letter.checked_by = None
    letter.version += 1
    letter.save(
        update_fields=["sent_for_check_at", "sent_for_check_by", "checked_at", "checked_by", "version"]
    )


@transaction.atomic
def send_for_check(*, case_id: int, slug: str, by: Actor, now: dt.datetime) -> Letter:
    """Ask a second person to look at a letter before it is issued (CAM-15)."""
    desk, letter = _for_recipients(case_id, slug, by)
    if not letter.needs_check:
        raise Denied("This letter needs no check by a second person.")
    letter.sent_for_check_at, letter.sent_for_check_by_id = now, by.member
    letter.check_note = ""
    letter.version += 1
    letter.save(update_fields=["sent_for_check_at", "sent_for_check_by", "check_note", "version"])
    for seat in _colleagues(desk, by):
        enqueue(
            partnership_id=letter.partnership_id, case=desk.matter.case, seat=seat, kind="letter_to_check",
            params={"rule": letter.rule}, dedupe_key=f"letter-check:{letter.pk}:{letter.version}:{seat}", now=now,
        )  # fmt: skip
    _audit("letter.sent_for_check", letter, by, now, kind=letter.kind)
    return letter


def _colleagues(desk: Desk, by: Actor) -> list[str]:
    """Who else works on this case: the reviewing posts that the writer does not fill, and the chair."""
    seats = [seat for tier in (desk.area.review.tiers if desk.area.review else ()) for seat in tier.by]
    if isinstance(desk.matter, Dissent) and desk.matter.conference.chair_id != by.membership_id:
        seats.append("capacity:chair")
    return [seat for seat in dict.fromkeys(seats) if not by.holds(seat)]


@transaction.atomic
def check_letter(*, case_id: int, slug: str, by: Actor, passed: bool, note: str, now: dt.datetime) -> Letter:
    """The second person passes a letter, or sends it back saying what to change."""
    desk = _desk(case_id, slug)
    letter = _existing(desk)
    permissions.check_second_person(by, desk.matter, desk.area, letter)
    check_words(note, 1500, "The note", "note")
    if passed:
        letter.checked_at, letter.checked_by_id = now, by.member
    else:
        if not note.strip():
            raise Denied("Enter what has to be changed", rule=letter.rule, field="note")
        letter.sent_for_check_at = letter.sent_for_check_by = None
    letter.check_note = note.strip()
    letter.version += 1
    letter.save(
        update_fields=[
            "checked_at", "checked_by", "sent_for_check_at", "sent_for_check_by", "check_note", "version",
        ]
    )  # fmt: skip
    _audit("letter.checked" if passed else "letter.sent_back", letter, by, now, kind=letter.kind)
    return letter


@transaction.atomic
def issue(*, case_id: int, slug: str, by: Actor, how: str, now: dt.datetime) -> IssuedLetter:
    """Issue a letter: its bytes are made once and kept, and the duties to tell that it belongs to are ended.

    `how`: how it leaves ("secure e-mail"). Raises Denied without a recipient, or before the second person's check.
    """
    desk = _desk(case_id, slug)
    letter = _existing(desk)
    permissions.check_issue(by, desk.matter, desk.area, desk.plan, letter)
    check_words(how, SHORT, "How it is sent", "how")
    if not how.strip():
        raise Denied("Enter how it is sent, for example by secure e-mail", field="how")
    people = recipients_of(letter)
    if not any(not person.copy for person in people):
        raise Denied("This letter goes to nobody. Add a recipient first.", rule=letter.rule)
    pdf = letters.letter_pdf(printed_of(desk, letter, by, now))
    issued = IssuedLetter.objects.create(
        partnership_id=letter.partnership_id,
        letter=letter,
        pdf=pdf,
        sha256=hashlib.sha256(pdf).hexdigest(),
        pages=pages_of(pdf),
        text_number=text_of(letter).number,
        recipients=[{"name": p.name, "role": p.role, "agency": p.agency, "copy": p.copy} for p in people],
    )
    letter.issued_at, letter.issued_by_id, letter.how_sent = now, by.member, how.strip()
    letter.version += 1
    letter.save(update_fields=["issued_at", "issued_by", "how_sent", "version"])
    for tell in _ends_now(desk, letter):
        dissents.told(
            dissent_id=desk.matter.pk, by=by, tell_id=tell.id, told_at=now, how=f"Letter, {how.strip()}"[:200], now=now,
        )  # fmt: skip
    for seat in dict.fromkeys(
        letter.recipients.filter(removed_at__isnull=True).values_list("seat", flat=True)
    ):
        if seat and seat not in policies.WITHOUT_ACCOUNT:
            enqueue(
                partnership_id=letter.partnership_id, case=desk.matter.case, seat=seat, kind="letter_issued",
                params={"rule": letter.rule}, dedupe_key=f"letter:{letter.pk}:{seat}", now=now,
            )  # fmt: skip
    _audit("letter.issued", letter, by, now, kind=letter.kind, count=len(people))
    return issued


def _ends_now(desk: Desk, letter: Letter) -> list[protocols.Tell]:
    """The tellings that this letter ends: for letters about one child each, only the last of them does."""
    if desk.plan.child is not None:
        siblings = [p for p in policies.plans_of(desk.matter, desk.area) if p.key == desk.plan.key]
        done = Letter.objects.filter(
            case=desk.matter.case, key=desk.plan.key, issued_at__isnull=False
        ).count()
        if done < len(siblings):
            return []
    return policies.ended_by(letter.tells, desk.matter, desk.area)


def printed_of(
    desk: Desk, letter: Letter, by: Actor, now: dt.datetime, *, specimen: bool = False
) -> letters.Letter:
    """The letter as it will be printed, signed by whoever issues it; the second person sees the writer's name."""
    name, post = _signature(desk, letter, by)
    return printed(
        kind=desk.plan.kind,
        partnership=desk.matter.case.partnership,
        area=desk.area,
        reference=desk.matter.case.reference,
        text=text_of(letter),
        recipients=recipients_of(letter),
        signed_by=name,
        signed_post=post,
        rule=letter.rule,
        basis=desk.plan.basis,
        now=now,
        specimen=specimen,
    )


def _signature(desk: Desk, letter: Letter, by: Actor) -> tuple[str, str]:
    """Who signs, by name and post: who answered a request, else whoever writes it."""
    matter, plan = desk.matter, desk.plan
    if isinstance(matter, ConveneRequest):
        answer = policies.answer_of(matter, plan)
        rules = rules_of(desk.area)
        seat = rules.last_resort_by if answer.step == AnswerStep.LAST_RESORT else rules.decided_by
        title = seat_title(seat, desk.area)
        return answer.decided_by.user.name, f"For the {title}" if answer.acting_for_id else title
    mine = not plan.by or by.holds(plan.by) or plan.kind == "invitation"
    signer = by.member if mine else (letter.sent_for_check_by_id or letter.drafted_by_id)
    member = Membership.objects.select_related("user").get(pk=signer)
    if not plan.by or (plan.kind == "invitation" and not by.holds(plan.by)):
        return member.user.name, member.job_title
    title = seat_title(plan.by, desk.area)
    return member.user.name, f"For the {title}" if by.acting_for(plan.by) else title


def pages_of(pdf: bytes) -> int:
    return len(PdfReader(io.BytesIO(pdf)).pages)


@transaction.atomic
def drop(*, case_id: int, slug: str, by: Actor, reason: str, now: dt.datetime) -> Letter:
    """Drop a draft; what was written stays on record. Another draft begins anew from what is recorded."""
    _, letter = _for_recipients(case_id, slug, by)
    check_words(reason, 1500, "The reason", "reason")
    letter.dropped_at, letter.dropped_by_id, letter.dropped_reason = now, by.member, reason.strip()
    letter.version += 1
    letter.save(update_fields=["dropped_at", "dropped_by", "dropped_reason", "version"])
    _audit("letter.dropped", letter, by, now, kind=letter.kind)
    return letter


# --- the partnership's own setting --------------------------------------------------------------------------------


@transaction.atomic
def save_head(
    *, partnership_id: int, by: Actor, address: str, contact: str, marking: str, now: dt.datetime
) -> LetterHead:
    """What stands on every letter of the partnership from now on; issued letters stay as they are."""
    check_admin(by, partnership_id)
    check_words(address, 400, "The address", "address")
    if address.count("\n") > 5:
        raise Denied("The address must be 6 lines or less", field="address")
    check_words(contact, 200, "The contact", "contact")
    if not marking.strip():
        raise Denied("Enter the protective marking", field="marking")
    check_words(marking, 60, "The marking", "marking")
    row = LetterHead.objects.create(
        partnership_id=partnership_id,
        address=address.strip(),
        contact=contact.strip(),
        marking=marking.strip(),
        saved_at=now,
        saved_by_id=by.member,
    )
    write(
        "partnership.letter_head_saved", by=by, now=now, object_type="letter_head", object_id=row.pk,
        partnership_id=partnership_id,
    )  # fmt: skip
    return row


@transaction.atomic
def save_wording(
    *, partnership_id: int, by: Actor, kind: str, opening: str, closing: str, now: dt.datetime
) -> LetterWording:
    """The partnership's own opening and closing of a kind of letter, for drafts begun from now on."""
    check_admin(by, partnership_id)
    if kind not in LetterKind.values:
        raise Denied("There is no such letter.")
    for text, what, field in ((opening, "The opening", "opening"), (closing, "The closing", "closing")):
        check_words(text, 4000, what, field)
        if unknown := unknown_fields(text):
            known = ", ".join(f"{{{name}}}" for name in FIELDS_OF_WORDING)
            raise Denied(f"{what} holds {{{unknown[0]}}}, which is not known. Known are {known}", field=field)
    row = LetterWording.objects.create(
        partnership_id=partnership_id,
        kind=kind,
        opening=opening.strip(),
        closing=closing.strip(),
        saved_at=now,
        saved_by_id=by.member,
    )
    write(
        "partnership.letter_wording_saved", by=by, now=now, object_type="letter_wording", object_id=row.pk,
        partnership_id=partnership_id, detail={"kind": kind},
    )  # fmt: skip
    return row


# --- packs for a child's file -------------------------------------------------------------------------------------


def pack_rule(area: protocols.AreaProtocol) -> str:
    """The rule that has papers placed on the child's file (AFC-21, CAM-16, SUS-12, HIPS-13)."""
    filed = next((duty for duty in area.duties if duty.done == "filed_on_record"), None)
    kept = next((duty for duty in area.duties if duty.id in ("local_record", "own_records")), None)
    duty = filed or kept
    return duty.rule if duty else ""


@transaction.atomic
def ask_pack(*, case_id: int, by: Actor, child: uuid.UUID, now: dt.datetime) -> FilePack:
    """Ask for the pack of one child. Without a text that may name another child it is made at once."""
    dissent = _locked(case_id)
    area = area_of_case(dissent.case)
    permissions.check_pack(by, dissent, area)
    own = dissent.case.children.filter(uuid=child).first()
    if own is None:
        raise Denied("Select a child of this dissent", field="child")
    pack = FilePack.objects.filter(case=dissent.case, child=own, made_at__isnull=True).first()
    if pack is None:
        pack = FilePack.objects.create(
            partnership_id=dissent.partnership_id,
            case=dissent.case,
            child=own,
            asked_at=now,
            asked_by_id=by.member,
        )
        _audit("pack.asked", pack, by, now, rule=pack_rule(area), child=pack.child_id)
    held = _hold(pack, dissent, area, now)
    return pack if held else _make(pack, dissent, area, by, now)


def _hold(pack: FilePack, dissent: Dissent, area: protocols.AreaProtocol, now: dt.datetime) -> int:
    """Lay out the texts that wait for a second person. Returns how many do; a text that changed is asked about anew."""
    built = pack_of(dissent, area, pack, now)
    known = {row.key: row for row in pack.held.all()}
    for text in built.held:
        row = known.get(text.key)
        if row is None:
            HeldText.objects.create(
                partnership_id=pack.partnership_id,
                pack=pack,
                key=text.key,
                label=text.label[:200],
                digest=text.digest,
                found=", ".join(text.found)[:200],
            )
        elif row.digest != text.digest:
            row.digest, row.found = text.digest, ", ".join(text.found)[:200]
            row.released = row.decided_at = row.decided_by = None
            row.save(update_fields=["digest", "found", "released", "decided_at", "decided_by"])
    return pack.held.filter(decided_at__isnull=True).count()


@transaction.atomic
def decide_held(
    *, case_id: int, by: Actor, held: uuid.UUID, release: bool, reason: str, now: dt.datetime
) -> HeldText:
    """Release a text for the pack, or withhold it: a person who did not ask for the pack."""
    dissent = _locked(case_id)
    area = area_of_case(dissent.case)
    row = HeldText.objects.select_related("pack__case").filter(uuid=held, pack__case=dissent.case).first()
    if row is None:
        raise Denied("There is no such text in a pack of this case.")
    permissions.check_release(by, dissent, area, row.pack, row)
    if row.decided_at is not None:
        raise changed("A colleague decided about this text already.")
    check_words(reason, 1500, "The reason", "reason")
    if not reason.strip():
        raise Denied("Enter why", field="reason")
    row.released, row.decided_at, row.decided_by_id, row.reason = release, now, by.member, reason.strip()
    row.save(update_fields=["released", "decided_at", "decided_by", "reason"])
    _audit(
        "pack.text_released" if release else "pack.text_withheld", row.pack, by, now,
        rule=pack_rule(area), child=row.pack.child_id,
    )  # fmt: skip
    return row


@transaction.atomic
def make_pack(*, case_id: int, by: Actor, pack: uuid.UUID, now: dt.datetime) -> FilePack:
    """Make a pack whose texts have all been looked at. Its bytes are kept and never change."""
    dissent = _locked(case_id)
    area = area_of_case(dissent.case)
    permissions.check_pack(by, dissent, area)
    row = FilePack.objects.select_for_update(of=("self",)).filter(uuid=pack, case=dissent.case).first()
    if row is None:
        raise Denied("There is no such pack of this case.")
    policies.check_pack_waits(row)
    _hold(row, dissent, area, now)
    policies.check_nothing_held(row)
    return _make(row, dissent, area, by, now)


def _make(
    pack: FilePack, dissent: Dissent, area: protocols.AreaProtocol, by: Actor, now: dt.datetime
) -> FilePack:
    built = pack_of(dissent, area, pack, now, in_full=True)
    pdf = letters.pack_pdf(built.pack)
    PackContent.objects.create(
        partnership_id=pack.partnership_id,
        pack=pack,
        pdf=pdf,
        sha256=hashlib.sha256(pdf).hexdigest(),
        pages=pages_of(pdf),
    )
    pack.made_at, pack.made_by_id = now, by.member
    pack.save(update_fields=["made_at", "made_by"])
    _audit("pack.made", pack, by, now, rule=pack_rule(area), child=pack.child_id)
    return pack


# --- who took what ------------------------------------------------------------------------------------------------


@transaction.atomic
def open_letter(letter: Letter, *, by: Actor, now: dt.datetime) -> bytes:
    """The bytes of an issued letter, and that somebody took them: written before they are handed over."""
    _audit("letter.opened", letter, by, now)
    return bytes(letter.issued.pdf)


@transaction.atomic
def open_pack(pack: FilePack, *, by: Actor, area: protocols.AreaProtocol, now: dt.datetime) -> bytes:
    """The bytes of a pack, and that somebody took them."""
    _audit("pack.opened", pack, by, now, rule=pack_rule(area), child=pack.child_id)
    return bytes(pack.content.pdf)


# --- documents ----------------------------------------------------------------------------------------------------

# Which pieces of a protocol's list of materials a kind of document is: opened, they are read.
MATERIALS: Mapping[str, tuple[str, ...]] = {
    DocumentKind.REPORT: ("reports",),
    DocumentKind.SUMMARY: ("chairs_summary", "conference_record", "conference_notes", "record"),
}


@transaction.atomic
def add_to_conference(
    *, conference_id: int, by: Actor, kind: str, data: bytes, children: Sequence[uuid.UUID], now: dt.datetime,
    agency: uuid.UUID | None = None,
) -> Document:  # fmt: skip
    """Keep a document of a conference, naming the children it is about."""
    conference = Conference.objects.select_for_update(of=("self",)).get(pk=conference_id)
    permissions.check_upload(by, conference)
    about = [row.child for row in children_of(conference) if row.child.uuid in set(children)]
    document = store_document(
        partnership_id=conference.partnership_id, kind=kind, data=data, children=about, by=by, now=now,
        agency_id=_agency(Place(conference), agency),
    )  # fmt: skip
    ConferenceDocument.objects.create(
        partnership_id=conference.partnership_id, conference=conference, document=document
    )
    write(
        "document.added", by=by, now=now, object_type="document", object_id=document.pk,
        object_ref=conference.reference, detail={"kind": kind, "count": len(about)},
        partnership_id=conference.partnership_id,
    )  # fmt: skip
    return document


def _agency(place: Place, wanted: uuid.UUID | None) -> int | None:
    """An agency of this conference or case; None when it is nobody's own."""
    if wanted is None:
        return None
    found = next((agency for agency in agencies_at(place) if agency.uuid == wanted), None)
    if found is None:
        raise Denied("Select an agency on the list", field="agency")
    return found.pk


@transaction.atomic
def add_to_case(
    *, case_id: int, by: Actor, kind: str, data: bytes, children: Sequence[uuid.UUID], now: dt.datetime,
    agency: uuid.UUID | None = None,
) -> Document:  # fmt: skip
    """Keep a document of a case of any kind, naming the children it is about."""
    matter = locked(case_id)
    place = Place(conference_of(matter), matter.case)
    permissions.check_upload_to_case(by, matter, area_of_case(matter.case))
    about = [child for child in children_at(place) if child.uuid in set(children)]
    document = store_document(
        partnership_id=matter.partnership_id, kind=kind, data=data, children=about, by=by, now=now,
        agency_id=_agency(place, agency),
    )  # fmt: skip
    CaseDocument.objects.create(partnership_id=matter.partnership_id, case=matter.case, document=document)
    write(
        "document.added", by=by, now=now, object_type="document", object_id=document.pk,
        object_ref=matter.case.reference, case_id=case_id, detail={"kind": kind, "count": len(about)},
        partnership_id=matter.partnership_id,
    )  # fmt: skip
    return document


@transaction.atomic
def share_document(
    document: Document, *, by: Actor, place: Place, may_upload: bool, participant: uuid.UUID, now: dt.datetime
) -> DocumentShare:
    """Show a document of a case to somebody who takes part in it, also without an account. They are told."""
    permissions.check_share(by, document, may_upload)
    if place.case is None:
        raise Denied("A document of a conference is for those who keep or review its record.")
    person = next((row for row in people_to_show(place.case) if row.uuid == participant), None)
    if person is None:
        raise Denied("Select somebody who takes part in this case", field="participant")
    if document.shares.filter(participant=person, ended_at__isnull=True).exists():
        raise changed("It is shown to them already.")
    share = DocumentShare.objects.create(
        partnership_id=document.partnership_id,
        document=document,
        participant=person,
        shared_at=now,
        shared_by_id=by.member,
    )
    enqueue(
        partnership_id=document.partnership_id, case=place.case, seat=f"capacity:{person.capacity}",
        kind="document_shared", params={}, dedupe_key=f"document-share:{share.pk}", now=now,
    )  # fmt: skip
    _audit_document("document.shared", document, place, by, now, kind=document.kind)
    return share


@transaction.atomic
def end_share(
    document: Document, *, by: Actor, place: Place, may_upload: bool, share: uuid.UUID, now: dt.datetime
) -> DocumentShare:
    """A document is no longer shown to somebody. That it was stays on record."""
    permissions.check_share(by, document, may_upload)
    row = document.shares.select_for_update().filter(uuid=share).first()
    if row is None:
        raise Denied("It was not shown to them.")
    if row.ended_at is not None:
        raise changed("It is no longer shown to them.")
    row.ended_at, row.ended_by_id = now, by.member
    row.save(update_fields=["ended_at", "ended_by"])
    _audit_document("document.share_ended", document, place, by, now, kind=document.kind)
    return row


def _audit_document(
    type_: str, document: Document, place: Place, by: Actor, now: dt.datetime, **detail: object
) -> None:
    write(
        type_, by=by, now=now, object_type="document", object_id=document.pk, object_ref=place.reference,
        case_id=place.case.pk if place.case else None, detail=dict(detail), partnership_id=document.partnership_id,
    )  # fmt: skip


@transaction.atomic
def open_document(document: Document, *, by: Actor, place: Place, now: dt.datetime) -> bytes:
    """The bytes of a document, and that somebody opened it: written before it is handed over.

    A reviewer who opens what the protocol's list of materials names has read it: the list ticks itself.
    """
    policies.check_openable(document, bool(settings.CLAMD_ADDRESS))
    _audit_document("document.opened", document, place, by, now, kind=document.kind)
    if place.conference is not None:
        for dissent in Dissent.objects.filter(conference=place.conference).select_related("case"):
            _tick(document, dissent, by, now)
    return bytes(DocumentContent.objects.get(document=document).data)


def _tick(document: Document, dissent: Dissent, by: Actor, now: dt.datetime) -> None:
    """Tick what the reviewer has read now: with the last of its documents, where there are several."""
    area = area_of_case(dissent.case)
    tier = dissent_policies.current_tier(dissent, area)
    if tier is None or not by.holds(*tier.by) or not allowed(check_review, by, dissent, area):
        return
    alike = set(
        Document.objects.filter(
            conference_document__conference=dissent.conference_id,
            kind=document.kind,
            withdrawn_at__isnull=True,
        ).values_list("pk", flat=True)
    )
    opened = set(
        AuditEvent.objects.filter(
            type="document.opened",
            object_type="document",
            object_id__in=alike,
            membership_id=by.membership_id,
        ).values_list("object_id", flat=True)
    )
    if alike - opened:
        return
    named = {material.id for material in tier.materials}
    for material in MATERIALS.get(document.kind, ()):
        if material in named:
            dissents.see_material(dissent_id=dissent.pk, by=by, material=material, now=now)


@transaction.atomic
def withdraw_document(
    document: Document, *, by: Actor, place: Place, may_upload: bool, reason: str, now: dt.datetime
) -> Document:
    """Withdraw a document that was added by mistake. Its row and its bytes stay; nobody opens it any more."""
    document = Document.objects.select_for_update().get(pk=document.pk)
    permissions.check_withdraw(by, document, may_upload)
    if not reason.strip():
        raise Denied("Enter why it is withdrawn", field="reason")
    check_words(reason, 1500, "The reason", "reason")
    document.withdrawn_at, document.withdrawn_by_id, document.withdrawn_reason = (
        now,
        by.member,
        reason.strip(),
    )
    document.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    _audit_document("document.withdrawn", document, place, by, now, kind=document.kind)
    return document


# --- taken out ----------------------------------------------------------------------------------------------------


@transaction.atomic
def note_export(*, case: Case, by: Actor, whole: bool, now: dt.datetime) -> None:
    """Somebody takes a case out of the service: written before it is handed over."""
    write(
        "case.exported", by=by, now=now, object_type="case", object_id=case.pk, object_ref=case.reference,
        case_id=case.pk, detail={"kind": "whole" if whole else "without_texts"}, partnership_id=case.partnership_id,
    )  # fmt: skip


@transaction.atomic
def note_extract(*, conference: Conference, by: Actor, now: dt.datetime) -> None:
    """The dissents of a conference were read for the summary."""
    write(
        "conference.extract_read", by=by, now=now, object_type="conference", object_id=conference.pk,
        object_ref=conference.reference, partnership_id=conference.partnership_id,
    )  # fmt: skip
