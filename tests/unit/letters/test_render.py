"""PDFs as they come out: the same bytes, one font, tagged, nothing cut, and whatever people type."""

import datetime as dt
import io
import re
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from letters import Block, Letter, Pack, Part, Recipient, Section, letter_pdf, pack_pdf, printable
from letters.drafting import CLOSINGS, OPENINGS, TITLES, unknown_fields
from letters.render import FONTS, paragraphs
from tests.pdfs import fonts_of, text_of

MADE = dt.datetime(2026, 3, 4, 10, 0, 1, 250_000, tzinfo=dt.UTC)
LETTER = Letter(
    kind="decision",
    title="Decision on a professional dissent",
    marking="Official-Sensitive",
    sender="Invented Safeguarding Partnership",
    address=("1 Invented Square", "Invented"),
    contact="office@example.org",
    dated=dt.date(2026, 3, 4),
    reference="PD-2345-67",
    about=(("Child", "Q.X."),),
    recipients=(Recipient(name="Pia Police", role="Detective constable", agency="Police"),),
    salutation="Dear colleagues",
    sections=(
        Section(id="opening", heading="", text="It was looked at."),
        Section(id="reasons", heading="Reasons", text="- one\n- two\n\nAnd so on."),
    ),
    stands="The decision stands.",
    signed_by="Rhea Reviewer",
    signed_post="Head of review",
    basis="Rule CAM-12 of an invented text.",
    made_at=MADE,
)
PACK = Pack(
    title="Pack for the child’s file",
    marking="Official-Sensitive",
    sender="Invented Safeguarding Partnership",
    reference="PD-2345-67",
    child="Q.X., 6",
    facts=(("Child", "Q.X., 6"),),
    parts=(
        Part(
            title="The dissent",
            blocks=(
                Block(kind="text", caption="Reasons", text="The risk was not heard."),
                Block(kind="facts", rows=(("Made by", "Pia Police"), ("How", "- by\n- hand"))),
                Block(kind="table", caption="Views", head=("Agency", "View"), rows=(("Police", "Met"),)),
                Block(kind="list", items=("a rule", "another")),
            ),
        ),
        Part(title="The decision", blocks=(Block(kind="note", text="Not upheld."),)),
    ),
    made_at=MADE,
)


@pytest.mark.parametrize("make", [lambda: letter_pdf(LETTER), lambda: pack_pdf(PACK)], ids=["letter", "pack"])
def test_the_same_values_give_the_same_bytes(make) -> None:
    assert make() == make()


@pytest.mark.parametrize(("pdf"), [letter_pdf(LETTER), pack_pdf(PACK)], ids=["letter", "pack"])
def test_a_pdf_is_tagged_titled_in_english_and_set_in_the_bundled_font_alone(pdf: bytes) -> None:
    reader = PdfReader(io.BytesIO(pdf))
    root = reader.trailer["/Root"].get_object()
    assert root["/MarkInfo"].get_object()["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert "/StructTreeRoot" in root
    assert reader.metadata is not None and reader.metadata.title
    assert fonts_of(pdf) == {"NotoSans-Regular", "NotoSans-Bold"}
    assert b"pdfuaid" in (reader.xmp_metadata.stream.get_data() if reader.xmp_metadata else b"")


def test_the_bundled_font_comes_with_its_licence() -> None:
    assert {path.name for path in FONTS.iterdir()} == {"NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "OFL.txt"}
    assert "SIL Open Font License" in (FONTS / "OFL.txt").read_text()


def test_a_letter_says_everything_that_was_put_into_it() -> None:
    text = text_of(letter_pdf(LETTER))
    for words in (
        "OFFICIAL-SENSITIVE", "Invented Safeguarding Partnership", "1 Invented Square", "office@example.org",
        "4 March 2026", "PD-2345-67", "Q.X.", "Pia Police, Detective constable, Police", "Dear colleagues",
        "Reasons", "The decision stands.", "Rhea Reviewer", "Head of review", "Rule CAM-12", "Page 1 of 1",
    ):  # fmt: skip
        assert words in text, words


def test_many_recipients_stand_at_the_end_and_a_copy_is_called_one() -> None:
    people = tuple(Recipient(name=f"Person {n}", agency=f"Agency {n}") for n in range(6))
    text = text_of(letter_pdf(replace(LETTER, recipients=(*people, Recipient(name="Adam Admin", copy=True)))))
    assert "To the 6 recipients listed at the end" in text
    assert text.index("Rhea Reviewer") < text.index("Person 0")
    assert "Copy to" in text and "Adam Admin" in text


def test_long_reasons_flow_on_and_nothing_is_cut() -> None:
    words = " ".join(f"word{n}" for n in range(6000))
    pdf = letter_pdf(replace(LETTER, sections=(Section(id="r", heading="Reasons", text=words),)))
    text = text_of(pdf)
    assert len(PdfReader(io.BytesIO(pdf)).pages) > 5
    assert all(f"word{n}" in text for n in (0, 999, 3000, 5999))


def test_a_letter_of_usual_length_has_one_or_two_pages() -> None:
    usual = "It was weighed again, with what the agencies said in the conference and after it. " * 25
    pdf = letter_pdf(replace(LETTER, sections=(Section(id="r", heading="Reasons", text=usual),)))
    assert len(PdfReader(io.BytesIO(pdf)).pages) in (1, 2)


def test_a_specimen_says_on_every_page_that_it_was_not_issued() -> None:
    long = "A sentence of some length. " * 400
    pdf = letter_pdf(replace(LETTER, specimen=True, sections=(Section(id="r", heading="", text=long),)))
    pages = PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) > 1
    assert all("Not issued" in page.extract_text() for page in pages)
    assert "Not issued" not in text_of(letter_pdf(LETTER))


def test_a_pack_has_contents_with_page_numbers() -> None:
    reader = PdfReader(io.BytesIO(pack_pdf(PACK)))
    first = reader.pages[0].extract_text()
    assert "Contents" in first
    assert re.search(r"The dissent[ .]*2", first)
    assert re.search(r"The decision[ .]*2", first)
    text = text_of(pack_pdf(PACK))
    for words in (
        "The risk was not heard.",
        "Made by",
        "Pia Police",
        "Agency",
        "Met",
        "another",
        "Not upheld.",
    ):
        assert words in text


def test_typed_text_is_never_markup() -> None:
    typed = '#import "x" $x^2$ *bold* _it_ @ref <label> = Heading `raw` \\ ~ -- [a](b) //c /*d*/'
    text = text_of(letter_pdf(replace(LETTER, sections=(Section(id="r", heading="= #x", text=typed),))))
    assert "#import" in text and "$x^2$" in text and "*bold*" in text and "/*d*/" in text


def test_what_the_font_lacks_is_named_and_control_characters_go() -> None:
    assert printable("a😀b") == "a[grinning face]b"
    assert printable("a\x00\x07\u202eb\ufeff") == "ab"
    assert printable("e\u0301") == "é"
    assert printable("Ŵ ł ğ Ж ω – “x” …") == "Ŵ ł ğ Ж ω – “x” …"


def test_a_word_longer_than_a_line_can_be_broken() -> None:
    broken = printable("x" * 300)
    assert max(len(piece) for piece in broken.split("\u200b")) <= 60
    assert broken.replace("\u200b", "") == "x" * 300


def test_paragraphs_and_lists_are_read_as_people_type_them() -> None:
    assert paragraphs("One\ntwo\n\n- a\n• b\nthree") == [
        {"kind": "par", "lines": ["One", "two"]},
        {"kind": "list", "items": ["a", "b"]},
        {"kind": "par", "lines": ["three"]},
    ]
    assert paragraphs(" \n\n ") == [{"kind": "par", "lines": []}] or paragraphs(" \n\n ") == []


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(codec=None), max_size=300))
def test_any_text_can_be_printed(typed: str) -> None:
    letter = replace(
        LETTER,
        title=typed[:40] or "x",
        salutation=typed[:60],
        about=((typed[:20], typed[:40]),),
        sections=(Section(id="r", heading=typed[:30], text=typed),),
    )
    assert letter_pdf(letter).startswith(b"%PDF-1.7")


def test_every_kind_of_letter_has_a_title_and_words_of_its_own() -> None:
    assert set(TITLES) == set(OPENINGS) == set(CLOSINGS)
    assert len(set(TITLES.values())) == len(TITLES)
    for text in (*OPENINGS.values(), *CLOSINGS.values()):
        assert unknown_fields(text) == []
        for sentence in re.split(r"(?<=[.?!:])\s", text):
            assert len(sentence.split()) <= 25, sentence


def test_nothing_of_django_is_needed_to_set_a_letter() -> None:
    modules = {name for name in sys.modules if name == "letters" or name.startswith("letters.")}
    assert modules
    for name in modules:
        assert not any(
            getattr(value, "__module__", "").startswith("django")
            for value in vars(sys.modules[name]).values()
        )
