"""Setting a letter or a pack: PDF/UA-1, tagged, with the one bundled font and a fixed time."""

import datetime as dt
import json
import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typst
from fontTools.ttLib import TTFont

from letters.model import Block, Enclosure, Letter, Pack, Section

HERE = Path(__file__).resolve().parent
FONTS = HERE / "fonts"
TEMPLATES = HERE / "templates"
LONG_WORD = 60  # characters without a space that still fit on a line
SPOKEN = 3000  # characters of a page that a screen reader is given
BULLET = re.compile(r"^\s*[-•*]\s+")


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """Only the bundled font: a letter looks the same on every machine, and nothing is replaced without a word."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    """Every character that both weights of the font can print."""
    weights = []
    for path in sorted(FONTS.glob("*.ttf")):
        with TTFont(path, lazy=True) as font:
            weights.append(font.getBestCmap())
    return frozenset(set.intersection(*(set(cmap) for cmap in weights)))


def _character(char: str) -> str:
    """A character that can be printed: itself, or its name in brackets; control characters go."""
    category = unicodedata.category(char)
    if category[0] == "C" and char not in "\n\u200b":
        return ""
    if ord(char) in _glyphs() or char in "\n\u200b":
        return char
    if category == "Mn":
        return ""
    if category in ("Zs", "Zl", "Zp"):
        return " "
    return f"[{unicodedata.name(char, 'a character').lower()}]"


def printable(text: str) -> str:
    """A text as it will be printed: composed, without control characters, what the font lacks by its name.

    A word longer than a line gets places to break at, so that nothing runs off the paper.
    """
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    shown = "".join(_character(char) for char in composed)
    return re.sub(
        rf"\S{{{LONG_WORD},}}",
        lambda word: "\u200b".join(re.findall(rf".{{1,{LONG_WORD // 2}}}", word[0])),
        shown,
    )


def paragraphs(text: str) -> list[dict[str, Any]]:
    """Paragraphs and lists of a typed text: a blank line ends one, a line that starts with "-" is an item."""
    found: list[dict[str, Any]] = []
    for chunk in re.split(r"\n\s*\n", printable(text).strip()):
        lines = [line.strip() for line in chunk.split("\n") if line.strip()]
        while lines:
            if BULLET.match(lines[0]):
                items = []
                while lines and BULLET.match(lines[0]):
                    items.append(BULLET.sub("", lines.pop(0)))
                found.append({"kind": "list", "items": items})
            else:
                plain = []
                while lines and not BULLET.match(lines[0]):
                    plain.append(lines.pop(0))
                found.append({"kind": "par", "lines": plain})
    return found


def _set(template: str, data: dict[str, Any], made_at: dt.datetime, *, pictures: Path | None = None) -> bytes:
    """The PDF of a template. Raises typst.TypstError when the template is wrong, never for what people typed.

    `pictures`: the folder in which a template finds those that it names.
    """
    source: Any = str(TEMPLATES / template)
    if pictures is not None:
        source = {"main": (TEMPLATES / template).read_bytes()}
        source |= {path.name: path.read_bytes() for path in TEMPLATES.glob("*.typ")}
    return typst.compile(
        source,
        root=str(pictures or TEMPLATES),
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False, sort_keys=True)},
        pdf_standards="ua-1",
        timestamp=made_at.astimezone(dt.UTC).replace(microsecond=0),
    )


def _plain(value: Any) -> Any:
    """Every text in a nest of values, made printable."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _section(section: Section) -> dict[str, Any]:
    return {"heading": printable(section.heading).strip(), "blocks": paragraphs(section.text)}


def letter_pdf(letter: Letter) -> bytes:
    """The letter as tagged PDF bytes; the same letter gives the same bytes."""
    to = [r.words for r in letter.recipients if not r.copy]
    copies = [r.words for r in letter.recipients if r.copy]
    day = letter.dated
    data = _plain(
        {
            "title": printable(letter.title).strip() or "Letter",
            "marking": letter.marking,
            "sender": letter.sender,
            "address": letter.address,
            "contact": letter.contact,
            "date": f"{day.day} {day:%B %Y}",
            "reference": letter.reference,
            "about": letter.about,
            "to": to,
            "copies": copies,
            "salutation": letter.salutation,
            "signed_by": letter.signed_by,
            "signed_post": letter.signed_post,
            "basis": letter.basis,
            "stands": letter.stands,
            "specimen": letter.specimen,
        }
    )
    data["sections"] = [_section(section) for section in letter.sections if section.text.strip()]
    return _set("letter.typ", data, letter.made_at)


def _block(block: Block) -> dict[str, Any]:
    width = max((len(row) for row in (*block.rows, block.head)), default=0)
    rows = [[paragraphs(cell) for cell in (*row, *[""] * (width - len(row)))] for row in block.rows]
    return {
        "kind": block.kind,
        "caption": printable(block.caption).strip(),
        "blocks": paragraphs(block.text),
        "rows": rows,
        "labels": [printable(row[0]) if row else "" for row in block.rows],
        "head": [printable(cell) for cell in (*block.head, *[""] * (width - len(block.head)))]
        if block.head
        else [],
        "width": width,
        "items": [printable(item) for item in block.items],
    }


def pack_pdf(pack: Pack) -> bytes:
    """The pack as tagged PDF bytes with contents and page numbers; the same pack gives the same bytes."""
    data = _plain(
        {
            "title": printable(pack.title).strip() or "Pack",
            "marking": pack.marking,
            "sender": pack.sender,
            "reference": pack.reference,
            "child": pack.child,
            "facts": pack.facts,
            "note": pack.note,
        }
    )
    data["parts"] = [
        {"title": printable(part.title).strip() or "Part", "blocks": [_block(block) for block in part.blocks]}
        for part in pack.parts
    ]
    if not pack.enclosures:
        return _set("pack.typ", data, pack.made_at)
    with TemporaryDirectory(prefix="pack-") as folder:
        data["enclosures"] = [
            _enclosure(enclosure, number, Path(folder)) for number, enclosure in enumerate(pack.enclosures, 1)
        ]
        return _set("pack.typ", data, pack.made_at, pictures=Path(folder))


def _enclosure(enclosure: Enclosure, number: int, folder: Path) -> dict[str, Any]:
    """A document in full; its pictures are put where the template finds them, and are gone once it is set."""
    pages = []
    for count, page in enumerate(enclosure.pages, 1):
        name = f"{number}-{count}.jpg"
        (folder / name).write_bytes(page.picture)
        words = printable(page.words).replace("\n", " ").strip()
        said = f"It says: {words[:SPOKEN]}" if words else "No words could be read on it."
        pages.append(
            {"picture": name, "alt": f"Page {count} of {len(enclosure.pages)} of this document. {said}"}
        )
    return {
        "title": printable(enclosure.title),
        "facts": [[printable(cell) for cell in row] for row in enclosure.facts],
        "pages": pages,
    }
