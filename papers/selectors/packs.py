"""The pack for one child's own file: everything recorded about this dissent and this child, nothing about another."""

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

import protocols
from cases.models import Child
from conferences.models import ConferenceChild, NotedView, RecordField, View
from conferences.selectors import children_of
from conferences.states import Side
from core.clock import london_date
from core.filetypes import ENDINGS
from core.refusals import allowed
from core.templatetags.pd import day_date, day_time, initials_age
from deadlines.selectors import clocks_of
from dissent.models import Answer, Conversation, Dissent, DissentChild, MaterialSeen
from dissent.selectors import child_view, decision_words
from dissent.selectors.words import CHOICES, direction_words, signed_by, subject_words
from dissent.states import ContactHow
from letters import Block, Enclosure, Pack, Part, Unreadable, pages_of, words_of
from papers.policies import check_openable, found_children
from papers.selectors.documents import label_of
from papers.selectors.letters import head_of, marking_of
from protocols.describe import event_words, seat_words, sections
from records.models import Discussion, Document, FilePack, HeldText
from records.states import Between

Rows = list[tuple[str, ...]]
PAGES = 150  # of documents in one pack; what is over goes beside it


@dataclass(frozen=True, slots=True)
class Held:
    """A text that may name another child, and the words of it that do."""

    key: str
    label: str
    text: str
    found: tuple[str, ...]

    @property
    def digest(self) -> str:
        return digest_of(self.text)


@dataclass(frozen=True, slots=True)
class Built:
    pack: Pack
    held: tuple[Held, ...]


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Texts:
    """Every text that somebody typed passes here: as it is, or held when it may name another child."""

    own: Child
    others: list[Child]
    decided: dict[str, HeldText]
    held: list[Held] = field(default_factory=list)

    def kept_out(self, key: str, label: str, text: str) -> str:
        """Why a text is not in the pack, in words; empty when it is."""
        text = text.strip()
        found = tuple(found_children(text, self.others, self.own)) if text else ()
        if not found:
            return ""
        self.held.append(Held(key, label, text, found))
        row = self.decided.get(key)
        if row is None or row.digest != digest_of(text) or row.decided_at is None:
            return "Waits for a second person, since it may name another child."
        return (
            "" if row.released else f"Withheld on {day_date(row.decided_at)}, since it names another child."
        )

    def shown(self, key: str, label: str, text: str) -> str:
        why = self.kept_out(key, label, text)
        return f"[{why}]" if why else text.strip()

    def block(self, key: str, label: str, text: str, caption: str = "") -> list[Block]:
        shown = self.shown(key, label, text)
        return [Block(kind="text", caption=caption or label, text=shown)] if shown else []


def other_children(dissent: Dissent, own: Child) -> list[Child]:
    """Every other child of the case or of its conference."""
    rows = [child.child for child in children_of(dissent.conference)]
    rows += list(dissent.case.children.all())
    return list({child.pk: child for child in rows if child.pk != own.pk}.values())


def pack_of(
    dissent: Dissent,
    area: protocols.AreaProtocol,
    row: FilePack,
    now: dt.datetime,
    *,
    in_full: bool = False,
) -> Built:
    """The pack of one child as it would be made now, and the texts of it that wait for a second person.

    `in_full`: with the pages of its documents, which takes seconds.
    """
    own = row.child
    decided = {held.key: held for held in row.held.all()}
    texts = Texts(own, other_children(dissent, own), decided)
    about = next((d for d in dissent.dissent_children.all() if d.conference_child.child_id == own.pk), None)
    there = next((c for c in children_of(dissent.conference) if c.child_id == own.pk), None)
    documents = enclosed(dissent, own, texts, in_full=in_full)
    parts = [
        _dissent(dissent, area, texts, about),
        _conference(dissent, area, texts, there),
        _review(dissent, area, texts),
        _decision(dissent, area, texts, about),
        _told(dissent, area, texts, own),
        _discussions(dissent, texts),
        _dates(dissent, area, now),
        _documents(documents),
        _protocol(area),
    ]
    day = london_date(dissent.conference.starts_at)
    head = head_of(dissent.partnership_id)
    child = initials_age(child_view(own, day))
    pack = Pack(
        title="Pack for the child’s file",
        marking=marking_of(dissent.case.partnership, head),
        sender=dissent.case.partnership.name,
        reference=dissent.case.reference,
        child=child,
        facts=(
            ("Child", child),
            ("Case", dissent.case.reference),
            (
                "Conference",
                f"{dissent.conference.get_kind_display()}, {day_date(dissent.conference.starts_at)}",
            ),
            ("Where it stands", _stage(dissent)),
            ("Made on", day_time(now)),
        ),
        note="About this child alone. Texts that name another child were looked at by a second person, who released "
        "or withheld them."
        if texts.held
        else "About this child alone.",
        parts=tuple(part for part in parts if part is not None and part.blocks),
        made_at=now,
        enclosures=tuple(row.enclosure for row in documents if row.enclosure is not None),
    )
    return Built(pack, tuple(texts.held))


def _stage(dissent: Dissent) -> str:
    words = str(dissent.case.get_stage_display())
    return f"{words}: {dissent.case.outcome_label}" if dissent.case.outcome_label else words


def _dissent(
    dissent: Dissent, area: protocols.AreaProtocol, texts: Texts, about: DissentChild | None
) -> Part:
    mode = next((m.label for m in area.dissent.modes if m.id == dissent.challenge_choice), "")
    rows: Rows = [
        ("Made by", f"{dissent.attendance.name}, {dissent.agency.name}"),
        ("For", dissent.agency.name if dissent.for_agency else "Themselves only"),
        ("Said", day_time(dissent.expressed_at)),
        ("Recorded", f"{day_time(dissent.recorded_at)} by {dissent.recorded_by.user.name}"),
        ("About", subject_words(dissent, area)),
        ("The conference decided", decision_words(about.conference_child, area) if about else ""),
        ("The dissent says", direction_words(about.direction, area) if about else ""),
        ("Professional name", "Cannot be put to this decision" if dissent.name_attribution else ""),
        ("Talked through with the chair", day_time(dissent.discussed_with_chair_at)),
        ("Challenge", mode),
        ("Outside the text", "Raised after the conference" if dissent.outside_text else ""),
        ("Did not attend", "Was not at the conference" if dissent.did_not_attend else ""),
    ]
    blocks = [Block(kind="facts", rows=tuple(row for row in rows if row[1]))]
    blocks += texts.block("dissent.reasons", "Reasons, as recorded", dissent.reasons)
    blocks += texts.block("dissent.outcome_sought", "Outcome sought", dissent.outcome_sought)
    blocks += texts.block("dissent.parents", "The parents’ understanding", dissent.parents_understanding)
    blocks += texts.block(
        "dissent.discussed", "What was talked through with the chair", dissent.discussed_note
    )
    blocks += texts.block("dissent.late", "Why it was typed up later", dissent.late_entry_reason)
    blocks += texts.block("dissent.withdrawn", "Why it was withdrawn", dissent.withdrawn_reason)
    blocks += texts.block("dissent.closed", "Why it was not pursued", dissent.closed_reason)
    view = getattr(dissent, "written_view", None)
    if view is not None:
        when = f"Written view, received {day_time(view.received_at)}{', late' if view.late else ''}"
        blocks += texts.block("view.text", "Written view", view.text, when)
        blocks += texts.block("view.outcome", "Outcome sought in the written view", view.outcome_sought)
    for number, row in enumerate(dissent.additions.all(), 1):
        when = f"Information added {day_time(row.added_at)}"
        blocks += texts.block(f"addition.{row.uuid}", f"Information added ({number})", row.text, when)
    return Part(title="The dissent", blocks=tuple(blocks))


def _conference(
    dissent: Dissent, area: protocols.AreaProtocol, texts: Texts, there: ConferenceChild | None
) -> Part:
    conference = dissent.conference
    decision = getattr(there, "decision", None) if there else None
    basis = area.conference.basis(decision.basis) if decision else None
    rows: Rows = [
        ("Reference", conference.reference),
        (
            "Held",
            f"{day_time(conference.started_at)} to {day_time(conference.ended_at)}"
            if conference.ended_at
            else day_time(conference.starts_at),
        ),
        (area.word("chair").capitalize(), conference.chair.user.name),
        ("Decided for this child", decision_words(there, area) if there else ""),
        (
            "How it was decided",
            f"{basis.label if basis else decision.basis}, {day_time(decision.decided_at)}"
            if decision
            else "",
        ),
    ]
    blocks = [Block(kind="facts", rows=tuple(row for row in rows if row[1]))]
    if decision:
        blocks += texts.block("decision.reasons", "The chair’s reasons for this child", decision.reasons)
    blocks += texts.block("conference.consensus", "How consensus was tried", conference.consensus_note)
    labels = {item.id: item.label for item in area.conference.fields}
    for row in RecordField.objects.filter(conference=conference).order_by("pk"):
        label = labels.get(row.field, row.field.replace("_", " ").capitalize())
        blocks += texts.block(f"record.{row.field}", label, row.text)
    if there is not None:
        blocks += _views(there, area, texts)
        blocks += _noted(there, texts)
    return Part(title="The conference", blocks=tuple(blocks))


def _views(there: ConferenceChild, area: protocols.AreaProtocol, texts: Texts) -> list[Block]:
    seen = (
        View.objects.filter(conference_child=there, attendance__side=Side.PROFESSIONAL)
        .select_related("attendance__agency")
        .order_by("attendance__agency__name", "attendance__name", "phase")
    )
    several = len(area.conference.view_phases) > 1
    rows: Rows = []
    for view in seen:
        who = f"{view.attendance.name}, {view.attendance.agency}"
        said = texts.shown(f"view.{view.uuid}", f"What {who} said", view.reasons)
        changed = texts.shown(
            f"view.{view.uuid}.changed", f"Why the view of {who} changed", view.change_reason
        )
        words = f"{said}\n\nChanged since the discussion: {changed}" if changed else said
        phase = f" ({view.get_phase_display().lower()})" if several else ""
        rows.append(
            (str(view.attendance.agency), view.attendance.name, f"{CHOICES[view.choice]}{phase}", words)
        )
    if not rows:
        return []
    head = ("Agency", "Practitioner", "Threshold of significant harm", "In their words")
    return [Block(kind="table", caption="Views about this child", head=head, rows=tuple(rows))]


def _noted(there: ConferenceChild, texts: Texts) -> list[Block]:
    blocks: list[Block] = []
    rows = NotedView.objects.filter(children=there).select_related("attendance__agency").order_by("said_at")
    for row in rows:
        who = f"{row.attendance.name}, {row.attendance.agency}"
        blocks += texts.block(f"noted.{row.uuid}", f"Differing view noted: {who}", row.text)
    return blocks


def _review(dissent: Dissent, area: protocols.AreaProtocol, texts: Texts) -> Part | None:
    if area.review is None:
        return None
    reviews = [
        item.review for item in dissent.review_items.select_related("review__slot") if item.removed_at is None
    ]
    blocks: list[Block] = []
    for review in reviews:
        tier = area.tier(review.tier)
        materials = {m.id: m.label for m in tier.materials} if tier else {}
        seen = MaterialSeen.objects.filter(review=review).select_related("seen_by__user").order_by("seen_at")
        rows: Rows = [
            ("Post", review.slot.title),
            ("Opened", day_time(review.opened_at)),
            ("Closed", day_time(review.closed_at)),
        ]
        rows += [
            (
                f"Read: {materials.get(m.material, m.material)}",
                f"{day_time(m.seen_at)}, {m.seen_by.user.name}",
            )
            for m in seen
        ]
        title = tier.label if tier else review.tier
        blocks.append(Block(kind="facts", caption=title, rows=tuple(row for row in rows if row[1])))
        blocks += texts.block(
            f"review.{review.tier}.override", "Why the reviewer went on although involved", review.conflict_override_reason
        )  # fmt: skip
    blocks += texts.block(
        "dissent.without_view", "Why it was reviewed without the written view", dissent.without_view_reason
    )
    how = dict(ContactHow.choices)
    talks = Conversation.objects.filter(dissent=dissent) | Conversation.objects.filter(
        dissent__isnull=True, review__in=reviews
    )
    for talk in talks.select_related("recorded_by__user").order_by("happened_at", "pk"):
        kind = "Conversation" if talk.reached else "Attempt to reach"
        caption = f"{kind}: {talk.with_whom}, {day_time(talk.happened_at)}, {how[talk.how].lower()}"
        blocks += texts.block(f"talk.{talk.uuid}", caption[:180], talk.note, caption)
    for ask in dissent.asks.order_by("asked_at"):
        blocks += texts.block(f"ask.{ask.uuid}", "Question", ask.question, f"Asked {day_time(ask.asked_at)}")
        blocks += texts.block(
            f"ask.{ask.uuid}.reply", "Reply", ask.reply, f"Reply, {day_time(ask.replied_at)}"
        )
    return Part(title="The review", blocks=tuple(blocks))


def _decision(
    dissent: Dissent, area: protocols.AreaProtocol, texts: Texts, about: DissentChild | None
) -> Part:
    blocks: list[Block] = []
    for answer in dissent.answers.all():
        blocks += _answer(answer, area, texts, about)
    if not blocks:
        blocks = [Block(kind="note", text="The dissent has not been answered yet.")]
    blocks.append(Block(kind="note", text=area.meanwhile.text))
    return Part(title="The decision", blocks=tuple(blocks))


def _answer(
    answer: Answer, area: protocols.AreaProtocol, texts: Texts, about: DissentChild | None
) -> list[Block]:
    tier = area.tier(answer.tier)
    outcome = tier.outcome(answer.outcome) if tier else None
    title = tier.label if tier else answer.tier
    different = "" if answer.different_chair is None else "Yes" if answer.different_chair else "No"
    rows: Rows = [
        ("Outcome", outcome.label if outcome else answer.outcome),
        ("Rule", outcome.rule if outcome else ""),
        ("Decided", f"{day_time(answer.decided_at)} by {signed_by(answer)}"),
        ("A different chair", different),
    ]
    key = f"answer.{answer.tier}"
    blocks = [Block(kind="facts", caption=title, rows=tuple(row for row in rows if row[1]))]
    blocks += texts.block(f"{key}.reasons", f"{title}: reasons", answer.reasons, "Reasons")
    for row in answer.answer_children.all():
        if about is not None and row.dissent_child_id == about.pk:
            blocks += texts.block(f"{key}.child", f"{title}: about this child", row.text, "About this child")
    labels = {part.id: part.label for part in tier.parts} if tier else {}
    for name, text in answer.parts.items():
        blocks += texts.block(f"{key}.{name}", labels.get(name, name), text)
    for name, label in (
        ("new_information", "New information"),
        ("different_chair_reason", "Why a different chair"),
        ("late_reason", "Why it was late"),
        ("unread_reason", "Decided with materials not ticked as read"),
        ("no_contact_reason", "Decided without a conversation"),
    ):
        blocks += texts.block(f"{key}.{name}", label, getattr(answer, name))
    return blocks


def _told(dissent: Dissent, area: protocols.AreaProtocol, texts: Texts, own: Child) -> Part:
    rows: Rows = []
    names = {tell.id: tell for tell in area.tells}
    blocks: list[Block] = []
    for row in dissent.case.tellings.all():
        tell = names.get(row.tell_id)
        who = seat_words(area, tell.who) if tell else row.tell_id
        when = day_time(row.told_at) if row.told_at else "Withheld, with the reason"
        rows.append((who[:1].upper() + who[1:], when, row.how, tell.rule if tell else ""))
        blocks += texts.block(f"telling.{row.tell_id}", f"Why {who} were not told", row.withheld_reason)
    for letter in (
        dissent.case.letters.filter(issued_at__isnull=False).select_related("issued").order_by("issued_at")
    ):
        if letter.child_id not in (None, own.pk):
            continue
        people = "; ".join(
            ", ".join(filter(None, (p["name"], p["role"], p["agency"]))) for p in letter.issued.recipients
        )
        rows.append((letter.get_kind_display(), day_time(letter.issued_at), people, letter.rule))
    filing = next((f for f in dissent.case.filings.all() if f.child_id == own.pk), None)
    if filing is not None:
        by = filing.recorded_by.user.name
        rows.append(("Placed on this child’s file", day_date(filing.filed_on), f"recorded by {by}", ""))
    if rows:
        blocks.insert(
            0, Block(kind="table", head=("Who or what", "When", "How, or to whom", "Rule"), rows=tuple(rows))
        )
    return Part(title="Who was told, and what was filed", blocks=tuple(blocks))


def _discussions(dissent: Dissent, texts: Texts) -> Part:
    """Approved records of discussions between the agencies (SUS-12, HIPS-5); drafts and each agency's own stay there."""
    rows = (
        Discussion.objects.filter(case=dissent.case, between=Between.AGENCIES, approved_at__isnull=False)
        .select_related("agency", "approved_by__user")
        .prefetch_related("people", "agreed_actions__settled")
        .order_by("happened_at", "pk")
    )
    blocks: list[Block] = []
    for row in rows:
        people = "; ".join(
            filter(None, (", ".join(filter(None, (p.name, p.agency_name))) for p in row.people.all()))
        )
        by = row.approved_by.user.name if row.approved_by else ""
        facts: Rows = [
            ("Record of", str(row.agency)),
            ("Held", f"{day_time(row.happened_at)}, {row.get_how_display().lower()}"),
            ("Who took part", people),
            ("Approved", f"{day_time(row.approved_at)} by {by}"),
        ]
        blocks.append(
            Block(
                kind="facts",
                caption=f"Discussion on {day_date(row.happened_at)}",
                rows=tuple(f for f in facts if f[1]),
            )
        )
        blocks += texts.block(f"discussion.{row.uuid}.notes", "What was said", row.notes)
        blocks += texts.block(f"discussion.{row.uuid}.outcome", "Outcome", row.outcome)
        blocks += texts.block(
            f"discussion.{row.uuid}.correction", "Why it corrects another", row.correction_reason
        )
        for action in row.agreed_actions.all():
            blocks += texts.block(f"discussion.{row.uuid}.{action.pk}", "Agreed", _agreed(action))
    return Part(title="Records of discussions", blocks=tuple(blocks))


def _agreed(action: Any) -> str:
    due = f", by {day_date(action.due_on)}" if action.due_on else ""
    settled = getattr(action, "settled", None)
    done = f". Done on {day_date(settled.done_on)}" if settled is not None and settled.done_on else ""
    return f"{action.what} ({action.owner}{due}){done}"


def _dates(dissent: Dissent, area: protocols.AreaProtocol, now: dt.datetime) -> Part:
    blocks: list[Block] = []
    for clock in clocks_of(dissent.case, now):
        row = clock.deadline
        ended = {"met": "Met", "cancelled": "No longer needed"}.get(row.state, "Running")
        rows: Rows = [
            ("Rule", row.rule),
            ("Began with", f"{event_words(area, clock.clock.after)}: {day_time(row.anchored_at)}"),
            ("Due", day_time(row.due_at) if row.due_at else "No fixed limit"),
            ("How it ended", f"{ended} {day_time(row.ended_at)}".strip()),
            ("Passed", day_time(row.breached_at)),
            ("How it was counted", "\n".join(f"- {line}" for line in clock.due.explanation())),
        ]
        blocks.append(Block(kind="facts", caption=row.label, rows=tuple(r for r in rows if r[1])))
    return Part(title="Dates, and how they were counted", blocks=tuple(blocks))


def documents_about(dissent: Dissent, own: Child) -> list[Document]:
    """Documents of the case or its conference that are about this child and no other."""
    rows = Document.objects.filter(case_document__case=dissent.case) | Document.objects.filter(
        conference_document__conference=dissent.conference
    )
    found = rows.filter(withdrawn_at__isnull=True).select_related("agency").order_by("uploaded_at", "pk")
    return [row for row in found if {c.child_id for c in row.document_children.all()} == {own.pk}]


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A document about this child alone, and how it is in the pack: in full, or why not."""

    document: Document
    how: str
    enclosure: Enclosure | None = None


def enclosed(dissent: Dissent, own: Child, texts: Texts, *, in_full: bool) -> list[Enclosed]:
    """The documents of a pack. One whose words name another child is held like any other text."""
    found: list[Enclosed] = []
    pages = 0
    for document in documents_about(dissent, own):
        title = f"Document {len(found) + 1}: {label_of(document)}"
        beside = f"It goes beside this pack, as {ENDINGS[document.media_type].upper()}."
        if not allowed(check_openable, document, bool(settings.CLAMD_ADDRESS)):
            found.append(Enclosed(document, "Not in this pack: the virus scanner has not found it clean."))
            continue
        try:
            data = bytes(document.content.data)
            words = words_of(data, document.media_type)
            if why := texts.kept_out(f"document.{document.uuid}", title, words):
                found.append(Enclosed(document, why))
                continue
            enclosure = _in_full(title, document, data) if in_full else None
        except Unreadable:
            found.append(Enclosed(document, beside))
            continue
        pages += len(enclosure.pages) if enclosure else 0
        if pages > PAGES:
            found.append(Enclosed(document, beside))
            continue
        searched = "" if words else " It has no words that could be searched for other children."
        found.append(Enclosed(document, f"In full at the end of this pack.{searched}", enclosure))
    return found


def grouped(digest: str) -> str:
    """A checksum in groups of sixteen, which fit in a column."""
    return " ".join(digest[at : at + 16] for at in range(0, len(digest), 16))


def _in_full(title: str, document: Document, data: bytes) -> Enclosure:
    return Enclosure(
        title=title,
        facts=(
            ("Added", day_date(document.uploaded_at)),
            ("Checksum", f"SHA-256 {grouped(document.sha256)}"),
        ),
        pages=pages_of(data, document.media_type),
    )


def _documents(documents: list[Enclosed]) -> Part:
    rows = tuple(
        (
            f"{number}. {label_of(row.document)}",
            day_date(row.document.uploaded_at),
            row.how,
            f"SHA-256 {grouped(row.document.sha256)}",
        )
        for number, row in enumerate(documents, 1)
    )
    head = ("Document", "Added", "Where it is", "Its content, as a checksum")
    blocks = (Block(kind="table", head=head, rows=rows),) if rows else ()
    return Part(title="Documents about this child alone", blocks=blocks)


def _protocol(area: protocols.AreaProtocol) -> Part:
    rows: Rows = [
        ("Text", area.head.document),
        ("Dated", area.dated),
        ("Version", area.version),
        ("In force from", day_date(area.effective_from)),
        ("Checksum", area.sha256),
    ]
    blocks = [Block(kind="facts", rows=tuple(rows))]
    for section in sections(area):
        items = tuple(
            f"{line.text}{f' ({line.citation})' if line.citation else ''}" for line in section.lines
        )
        blocks.append(Block(kind="list", caption=section.title, items=items))
    return Part(title="The protocol it was judged by", blocks=tuple(blocks))


def held_view(pack: FilePack, built: Built) -> list[dict[str, Any]]:
    """The texts of a pack that were held, as a page shows them to a second person."""
    by_key = {held.key: held for held in built.held}
    rows = []
    for row in pack.held.select_related("decided_by__user").order_by("pk"):
        text = by_key.get(row.key)
        rows.append({"row": row, "label": row.label, "found": row.found, "text": text.text if text else ""})
    return rows
