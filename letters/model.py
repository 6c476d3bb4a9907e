"""What a letter and a pack are made of: frozen values, as plain as they are printed."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "decision", "notice", "response", "second_tier", "parents", "not_convene", "complaint", "invitation"
]

# Fields that a partnership's own wording may hold, written {reference}.
FIELDS_OF_WORDING: dict[str, str] = {
    "reference": "the reference of the case",
    "conference": "the local word for the conference",
    "date": "the date of the conference",
    "chair": "the local word for the chair",
    "partnership": "the name of the partnership",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody to whom a letter goes, or who gets a copy of it."""

    name: str
    role: str = ""
    agency: str = ""
    copy: bool = False

    @property
    def words(self) -> str:
        return ", ".join(part for part in (self.name, self.role, self.agency) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A child as a letter names one: initials, and what was decided and answered about this child alone."""

    initials: str
    decision: str = ""
    direction: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A date that follows, with its rule: "Hold the reconvened conference by Friday 5 December 2025 (SUS-30)"."""

    label: str
    date: str
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a letter that its writer edits. An empty heading: plain paragraphs."""

    id: str
    heading: str
    text: str
    hint: str = ""  # for the writer; never printed
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter, complete. Printed as it stands: nothing is looked up while it is set."""

    kind: Kind
    title: str
    marking: str
    sender: str
    address: tuple[str, ...]
    contact: str
    dated: dt.date
    reference: str
    about: tuple[tuple[str, str], ...]
    recipients: tuple[Recipient, ...]
    salutation: str
    sections: tuple[Section, ...]
    stands: str
    signed_by: str
    signed_post: str
    basis: str  # "Under CAM-12 of …"
    made_at: dt.datetime
    specimen: bool = False  # a preview: says so on every page


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of a pack: a text with its caption, rows of label and value, a table, or a list."""

    kind: Literal["text", "facts", "table", "list", "note"]
    caption: str = ""
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    head: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A chapter of a pack, listed in its contents."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a document that was handed in: a picture of it (JPEG), and the words that could be read on it."""

    words: str
    picture: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A document that stands in a pack in full, under a title of its own in the contents."""

    title: str
    facts: tuple[tuple[str, str], ...]
    pages: tuple[Page, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """What goes on one child's own file, in order, with contents and page numbers."""

    title: str
    marking: str
    sender: str
    reference: str
    child: str
    facts: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    made_at: dt.datetime
    note: str = ""
    enclosures: tuple[Enclosure, ...] = ()
