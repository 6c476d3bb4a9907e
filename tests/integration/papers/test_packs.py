"""Packs for a child's file: everything about that child, nothing about another, and a second person where in doubt."""

import hashlib
import io
from dataclasses import replace
from typing import Any

import pytest
from django.db import ProgrammingError, transaction
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from cases.models import Child
from conferences import actions as conferences
from conferences.models import Conference
from conferences.selectors import children_of
from core.refusals import Denied, Kind
from dissent import actions as dissents
from dissent.models import Dissent
from letters import Block, Pack, Part, pack_pdf
from papers import actions
from papers.policies import found_children, found_names
from papers.selectors.calendars import calendar_of, entries_for
from papers.selectors.documents import Place, file_name
from papers.selectors.packs import documents_about, pack_of
from records.models import Document, FilePack, HeldText
from tests.builders import FIVE, LATER, World
from tests.integration.papers.conftest import answered, docx, issued, picture, plain_pdf, plans, read
from tests.pdfs import fonts_of, pages_of, text_of

pytestmark = pytest.mark.django_db
OWN, SIBLING = "Q.X.", "K.N."
# A word of its own for every field in which something about the sibling stands.
CANARIES = {
    "first name": "Zanzibella", "second name": "Quorvath", "reasons": "canaryreasons", "view": "canaryview",
    "changed": "canarychanged", "answer": "canaryanswer", "noted": "canarynoted", "document": "canarydocument",
}  # fmt: skip


def pack_for(world: World, dissent: Dissent, initials: str = OWN, who: str = "reviewer") -> FilePack:
    child = dissent.case.children.get(initials=initials)
    return actions.ask_pack(case_id=dissent.case_id, by=world.actor(who), child=child.uuid, now=LATER)


def decide(world: World, dissent: Dissent, pack: FilePack, *, release: bool, who: str = "chair") -> None:
    for held in pack.held.filter(decided_at__isnull=True):
        actions.decide_held(
            case_id=dissent.case_id,
            by=world.actor(who),
            held=held.uuid,
            release=release,
            reason="Read it.",
            now=LATER,
        )


def make(world: World, dissent: Dissent, pack: FilePack) -> bytes:
    made = actions.make_pack(case_id=dissent.case_id, by=world.actor("reviewer"), pack=pack.uuid, now=LATER)
    return bytes(made.content.pdf)


def pdf_of(pack: FilePack) -> bytes:
    pack.refresh_from_db()
    return bytes(pack.content.pdf)


# --- what is in it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", FIVE)
def test_a_pack_holds_the_dissent_the_decision_the_dates_and_the_protocol(slug: str) -> None:
    world = World(slug)
    dissent = world.dissent_at("on_ladder" if world.area.review is None else "decided")
    pdf = pdf_of(pack_for(world, dissent, who="chair"))
    text = text_of(pdf)
    for words in (
        "Pack for the child’s file", "Contents", OWN, dissent.case.reference, dissent.conference.reference,
        "The risk at home was not heard.", "Pia Police, Police", "Cora Chair", "What was heard does not reach",
        "Said in the round.", world.area.head.document, world.area.meanwhile.text,
    ):  # fmt: skip
        assert words in text, words
    assert world.area.sha256 in text.replace(" ", "")
    if world.area.review is not None:
        assert "All of it was weighed again." in text
        assert "How it was counted" in text
    for clock in dissent.case.deadlines.all():
        assert clock.label in text and clock.rule in text
    assert fonts_of(pdf) == {"NotoSans-Regular", "NotoSans-Bold"}
    assert pages_of(pdf) > 3


def test_AFC_21_the_written_view_and_what_was_added_are_in_the_pack() -> None:
    world = World("kingston-richmond")
    dissent = world.dissent_at("under_review")
    dissents.add_information(
        dissent_id=dissent.pk, by=world.actor("police"), text="A further visit was made.", now=LATER
    )
    world.talk(dissent)
    world.answer(dissent, "not_upheld")
    text = text_of(pdf_of(pack_for(world, dissent)))
    for words in (
        "My view and the reasons for it.", "That the conference meets again.", "A further visit was made.",
        "Went through the reasons.",
    ):  # fmt: skip
        assert words in text, words


def test_CAM_16_letters_that_were_issued_and_who_was_told_are_in_the_pack() -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    issued(world, dissent, plans(world, dissent)["agencies_letter"])
    text = text_of(pdf_of(pack_for(world, world.fresh(dissent))))
    assert "Decision letter" in text and "Letter, secure e-mail" in text and "CAM-12" in text


def test_a_pack_is_its_stored_bytes_and_is_the_same_when_it_is_set_again() -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    pack = pack_for(world, dissent)
    pdf = pdf_of(pack)
    assert hashlib.sha256(pdf).hexdigest() == pack.content.sha256
    before = pack_of(read(world, dissent), world.area, pack, LATER).pack
    assert pack_pdf(before) == pack_pdf(before)
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        type(pack.content).objects.filter(pack=pack).update(pdf=b"")


# --- nothing about another child ----------------------------------------------------------------------------------


def siblings(world: World, *, both: bool = True, outcome: str = "not_upheld") -> tuple[Conference, Dissent]:
    """Two children of one conference, one dissent about both or about the first, and a word of its own in every field
    about the second."""
    conference = world.booked(children=1)
    by = world.recorder(conference)
    now = conference.starts_at
    conferences.add_child(
        conference_id=conference.pk, by=by, now=now,
        child=conferences.NewChild(
            name=f"{CANARIES['first name']} {CANARIES['second name']}", initials=SIBLING, born_on=LATER.date().replace(year=2021)
        ),
    )  # fmt: skip
    conferences.start(conference_id=conference.pk, by=by, now=now)
    for row in conference.attendances.filter(side="professional"):
        conferences.record_presence(attendance_id=row.pk, by=by, presence="attended", now=now)
    own, sibling = children_of(conference)
    seat = world.seat(conference, "police")
    for phase in ("discussion", "decision") if len(world.area.conference.view_phases) > 1 else ("decision",):
        for child, words in ((own, "An own view."), (sibling, CANARIES["view"])):
            conferences.record_view(
                attendance_id=seat.pk, conference_child_id=child.pk, by=by, phase=phase, choice="met", reasons=words, now=now,
            )  # fmt: skip
    conferences.note_view(
        attendance_id=world.seat(conference, "health").pk, by=by, text=CANARIES["noted"], said_at=now, now=now,
        child_ids=[sibling.pk],
    )  # fmt: skip
    for child, words in ((own, "Own reasons."), (sibling, CANARIES["reasons"])):
        option = next(d for d in world.area.conference.decisions if not d.on_plan)
        conferences.record_decision(
            conference_child_id=child.pk,
            by=by,
            option=option.id,
            basis="chair",
            category="",
            reasons=words,
            now=now,
        )
    said = {} if both else {"directions": {own.pk: "more_protection"}, "reasons": "An own reason."}
    dissent = world.recorded(
        Conference.objects.get(pk=conference.pk),
        **{
            "reasons": f"The older child and {CANARIES['first name']} are both at risk, and {SIBLING} most.",
            **said,
        },
    )
    world.end(conference)
    about = {row.conference_child_id: row.pk for row in dissent.dissent_children.all()}
    answers = {about[own.pk]: "An own answer."} | ({about[sibling.pk]: CANARIES["answer"]} if both else {})
    world.answer(dissent, outcome, reasons="Weighed again for each.", per_child=answers)
    return conference, world.fresh(dissent)


def test_a_canary_in_every_field_of_a_sibling_and_none_in_the_others_pack() -> None:
    world = World("camden")
    conference, dissent = siblings(world)
    own, sibling = (row.child for row in children_of(conference))
    for about in ([sibling.uuid], [own.uuid, sibling.uuid]):
        actions.add_to_conference(
            conference_id=conference.pk,
            by=world.actor("chair"),
            kind="report",
            data=plain_pdf(),
            children=about,
            now=LATER,
        )
    alone = actions.add_to_conference(
        conference_id=conference.pk,
        by=world.actor("chair"),
        kind="report",
        data=picture(),
        children=[own.uuid],
        now=LATER,
    )
    pack = pack_for(world, dissent)
    assert pack.made_at is None
    assert {row.key for row in pack.held.all()} == {"dissent.reasons"}
    decide(world, dissent, pack, release=False)
    text = text_of(make(world, dissent, pack))
    for field, word in CANARIES.items():
        assert word.lower() not in text.lower(), field
    assert SIBLING not in text and "K N" not in text
    for words in ("An own view.", "Own reasons.", "An own answer.", "Weighed again for each.", "Withheld on"):
        assert words in text, words
    assert [row.pk for row in documents_about(read(world, dissent), own)] == [alone.pk]
    assert alone.sha256 in text.replace(" ", "")
    assert SIBLING not in file_name(alone, Place(conference))


def test_a_canary_in_every_field_of_a_sibling_and_none_in_any_paper_of_the_other(open_as) -> None:
    """Of a matter about one child of two: pack, letters, calendars, exports, the file names of them all."""
    world = World("camden")
    conference, dissent = siblings(world, both=False, outcome="upheld")
    own, sibling = (row.child for row in children_of(conference))
    dissent = world.answer(dissent, "reconvene", by="second")
    for data, about in ((report(CANARIES["document"]), sibling), (picture(), own)):
        actions.add_to_conference(
            conference_id=conference.pk, by=world.actor("chair"), kind="report", data=data, children=[about.uuid], now=LATER
        )  # fmt: skip
    found: dict[str, str] = {}
    for plan in plans(world, dissent).values():
        pdf = bytes(issued(world, dissent, plan).issued.pdf)
        found[f"letter {plan.slug}"] = text_of(pdf) + alternatives(pdf)
    pdf = pdf_of(pack_for(world, world.fresh(dissent)))
    found["pack"] = text_of(pdf) + alternatives(pdf)
    for who in ("reviewer", "chair", "police"):
        found[f"calendar of {who}"] = calendar_of(entries_for(world.actor(who), LATER), LATER).decode()
    names = [("case-export", ()), ("case-print", ())]
    names += [("letter-issued", (row.uuid,)) for row in dissent.case.letters.all()]
    names += [("pack-file", (row.uuid,)) for row in dissent.case.packs.all()]
    browser = open_as(world, "reviewer", LATER)
    for name, more in names:
        response = browser.get(name, dissent.case.reference, *more)
        assert response.status_code == 200, name
        found[f"file name of {name} {more}"] = response.headers.get("Content-Disposition", "")
        if response["Content-Type"].startswith(("application/json", "text/")):
            found[name] = response.content.decode()
    assert len(found) >= 14
    for where, text in found.items():
        for word in (*CANARIES.values(), SIBLING):
            assert word.lower() not in text.lower(), (word, where)
    assert "An own view." in found["pack"] and "An own view." in found["case-export"]


def test_the_siblings_own_pack_holds_what_is_the_siblings() -> None:
    world = World("camden")
    _, dissent = siblings(world)
    pack = pack_for(world, dissent, SIBLING)
    text = text_of(pdf_of(pack))
    assert CANARIES["answer"] in text and CANARIES["reasons"] in text and CANARIES["noted"] in text
    assert "An own answer." not in text and "Own reasons." not in text
    assert CANARIES["first name"] in text  # in the reasons of the dissent, which name nobody else


def test_a_canary_of_a_sibling_is_in_no_parents_letter_about_the_other() -> None:
    world = World("camden")
    conference = world.decided(children=2)
    child = children_of(conference)[1].child
    Child.objects.filter(pk=child.pk).update(name="Zanzibella Quorvath", initials=SIBLING)
    dissent = world.recorded(conference, reasons="Zanzibella is at risk.")
    world.end(conference)
    dissent = world.answer(world.answer(dissent, "upheld"), "reconvene", by="second")
    plan = next(p for p in plans(world, dissent).values() if p.kind == "parents" and p.child.initials == OWN)
    text = text_of(bytes(issued(world, dissent, plan).issued.pdf))
    assert "Zanzibella" not in text and "Quorvath" not in text and SIBLING not in text


# --- documents in full ---------------------------------------------------------------------------------------------


def report(*lines: str) -> bytes:
    """A PDF of one page for each line, with a text that can be read."""
    pack = Pack(
        title="Report", marking="", sender="", reference="", child="", facts=(), made_at=LATER,
        parts=tuple(Part(title=line, blocks=(Block(kind="note", text=line),)) for line in lines),
    )  # fmt: skip
    return pack_pdf(pack)


def pages(count: int) -> bytes:
    """A PDF of so many empty pages."""
    writer = PdfWriter()
    for _ in range(count):
        writer.add_blank_page(100, 100)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def alternatives(pdf: bytes) -> str:
    """What a screen reader says of the pictures of a PDF."""
    found: list[str] = []

    def walk(node: Any) -> None:
        node = node.get_object()
        if isinstance(node, list):
            for each in node:
                walk(each)
        elif isinstance(node, dict):
            if node.get("/S") == "/Figure":
                found.append(str(node.get("/Alt", "")))
            if "/K" in node:
                walk(node["/K"])

    walk(PdfReader(io.BytesIO(pdf)).trailer["/Root"]["/StructTreeRoot"])
    return "\n".join(found)


def with_document(world: World, data: bytes) -> tuple[Dissent, Document]:
    dissent = answered(world, "not_upheld", children=2)
    own = dissent.case.children.get(initials=OWN)
    document = actions.add_to_case(
        case_id=dissent.case_id, by=world.actor("reviewer"), kind="report", data=data, children=[own.uuid], now=LATER
    )  # fmt: skip
    return dissent, document


def test_AFC_21_the_pages_of_a_document_stand_in_the_pack_tagged_and_listed_in_its_contents() -> None:
    world = World("kingston-richmond")
    dissent, document = with_document(world, report("The health visitor weighed the child."))
    before = pack_for(world, dissent)
    pdf = pdf_of(before)
    text = text_of(pdf)
    assert "Document 1: Report to the conference" in text and "In full at the end of this pack." in text
    assert document.sha256 in text.replace(" ", "")
    assert "The health visitor weighed the child." in alternatives(pdf)
    assert PdfReader(io.BytesIO(pdf)).trailer["/Root"]["/MarkInfo"]["/Marked"]
    built = pack_of(read(world, dissent), world.area, before, LATER, in_full=True).pack
    assert pack_pdf(built) == pack_pdf(built)
    assert pages_of(pdf) > pages_of(pack_pdf(replace(built, enclosures=())))


def test_a_picture_is_in_full_too_and_the_pack_says_that_it_has_no_words() -> None:
    world = World("camden")
    dissent, _ = with_document(world, picture())
    pdf = pdf_of(pack_for(world, dissent))
    assert "no words that could be searched for other children" in text_of(pdf)
    assert "No words could be read on it." in alternatives(pdf)


def test_a_document_whose_words_name_another_child_waits_whatever_it_was_said_to_be_about() -> None:
    world = World("camden")
    dissent, document = with_document(world, report("Q.Y. is no safer than before, canarydocument."))
    pack = pack_for(world, dissent)
    assert pack.made_at is None
    assert pack.held.get().key == f"document.{document.uuid}"
    decide(world, dissent, pack, release=False)
    pdf = make(world, dissent, pack)
    assert "Withheld on" in text_of(pdf)
    assert "canarydocument" not in text_of(pdf) + alternatives(pdf)


def test_a_document_that_was_released_is_in_full() -> None:
    world = World("camden")
    dissent, _ = with_document(world, report("Q.Y. is the name of a street, canarydocument."))
    pack = pack_for(world, dissent)
    decide(world, dissent, pack, release=True)
    assert "canarydocument" in alternatives(make(world, dissent, pack))


@pytest.mark.parametrize("data", [docx(), pages(61)], ids=["docx", "too long"])
def test_what_cannot_be_shown_page_by_page_goes_beside_the_pack(data: bytes) -> None:
    world = World("camden")
    dissent, document = with_document(world, data)
    text = text_of(pdf_of(pack_for(world, dissent)))
    assert "It goes beside this pack" in text and document.sha256 in text.replace(" ", "")


def test_what_the_scanner_has_not_found_clean_is_in_no_pack(settings) -> None:
    world = World("camden")
    dissent, _ = with_document(world, report("Not scanned, canarydocument."))
    settings.CLAMD_ADDRESS = "127.0.0.1:1"
    pdf = pdf_of(pack_for(world, dissent))
    assert "has not found it clean" in text_of(pdf) and "canarydocument" not in alternatives(pdf)


# --- the second person --------------------------------------------------------------------------------------------


def test_whoever_asked_for_the_pack_does_not_release_its_texts() -> None:
    world = World("camden")
    _, dissent = siblings(world)
    pack = pack_for(world, dissent)
    with pytest.raises(Denied) as denied:
        decide(world, dissent, pack, release=True, who="reviewer")
    assert denied.value.kind is Kind.NOT_YOURS
    with pytest.raises(Denied, match="second person"):
        make(world, dissent, pack)


def test_a_text_that_was_released_stands_in_the_pack() -> None:
    world = World("camden")
    _, dissent = siblings(world)
    pack = pack_for(world, dissent)
    decide(world, dissent, pack, release=True)
    assert "are both at risk" in text_of(make(world, dissent, pack))
    held = HeldText.objects.get()
    assert held.released and held.decided_by == world.people["chair"] and held.reason == "Read it."


def test_a_decision_needs_a_reason_and_is_made_once() -> None:
    world = World("camden")
    _, dissent = siblings(world)
    held = pack_for(world, dissent).held.get()
    here = {
        "case_id": dissent.case_id,
        "by": world.actor("chair"),
        "held": held.uuid,
        "release": True,
        "now": LATER,
    }
    with pytest.raises(Denied, match="why"):
        actions.decide_held(reason=" ", **here)
    actions.decide_held(reason="About this child.", **here)
    with pytest.raises(Denied) as denied:
        actions.decide_held(reason="Again.", **here)
    assert denied.value.kind is Kind.CHANGED


def test_a_pack_that_was_made_never_changes_and_a_newer_one_is_made_beside_it() -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    first = pack_for(world, dissent)
    with pytest.raises(Denied, match="never changes"):
        make(world, dissent, first)
    assert pack_for(world, dissent).pk != first.pk
    assert FilePack.objects.count() == 2


@pytest.mark.parametrize("who", ["police", "health", "admin", "other_chair"])
def test_nobody_but_those_who_work_on_the_case_makes_a_pack(who: str) -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    with pytest.raises(Denied) as denied:
        pack_for(world, dissent, who=who)
    assert denied.value.kind is Kind.NOT_YOURS


# --- names in a text ----------------------------------------------------------------------------------------------


def child(name: str, initials: str) -> Child:
    return Child(name=name, initials=initials)


@pytest.mark.parametrize(
    "text", ["K.N. is safe", "KN is safe", "K.N was there", "k n o w and K N", "zanzibella said", "Ask Zanzibella’s teacher"]
)  # fmt: skip
def test_a_text_that_names_another_child_is_found(text: str) -> None:
    assert found_children(text, [child("Zanzibella Quorvath", "K.N.")], child("Otto Quorvath", "O.Q."))


@pytest.mark.parametrize(
    "text", ["The Quorvath family", "O.Q. is safe", "known to all", "kn is no name", "AKN 4", "", "the sister"]
)  # fmt: skip
def test_a_shared_surname_and_ordinary_words_are_no_other_child(text: str) -> None:
    assert not found_children(text, [child("Zanzibella Quorvath", "K.N.")], child("Otto Quorvath", "O.Q."))


@given(st.text(max_size=80), st.text(max_size=80))
def test_initials_are_found_wherever_they_stand(before: str, after: str) -> None:
    text = f"{before} K.N. {after}"
    assert "K.N" in "".join(found_children(text, [child("", "K.N.")], child("", "O.Q.")))


def test_whole_names_are_found_whatever_their_case() -> None:
    assert found_names("It was pia police who said so", ["Pia Police", "", "A."]) == ["Pia Police"]
    assert found_names("The police came", ["Pia Police"]) == []
