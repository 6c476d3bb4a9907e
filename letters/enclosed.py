"""What a document that was handed in says and looks like, page by page, read in a process of its own (`draw.py`)."""

import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from letters.model import Page

DRAW = Path(__file__).resolve().parent / "draw.py"
READABLE = ("application/pdf", "image/jpeg", "image/png")
SECONDS = 30  # in all; the process has 20 of its own


class Unreadable(Exception):
    """A file that cannot be shown page by page: not of these kinds, too long, broken, or harmful to its reader."""


def words_of(data: bytes, media_type: str) -> str:
    """The words of a document. Raises Unreadable. A picture has none."""
    return "\n".join(page.words for page in _read("words", data, media_type)).strip()


def pages_of(data: bytes, media_type: str) -> tuple[Page, ...]:
    """The pages of a document as pictures, with the words of each. Raises Unreadable."""
    return tuple(_read("pages", data, media_type))


def _read(what: str, data: bytes, media_type: str) -> list[Page]:
    if media_type not in READABLE:
        raise Unreadable("not a PDF, JPG or PNG")
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-I", str(DRAW), what, media_type],
            input=data, capture_output=True, timeout=SECONDS, check=True, env={}, cwd="/",
        )  # fmt: skip
        return list(_pages(done.stdout))
    except (subprocess.SubprocessError, struct.error, UnicodeDecodeError) as error:
        raise Unreadable(type(error).__name__) from None


def _pages(out: bytes) -> Iterator[Page]:
    chunks, at = [], 0
    while at < len(out):
        (size,) = struct.unpack_from(">I", out, at)
        chunks.append(out[at + 4 : at + 4 + size])
        at += 4 + size
    if not chunks or at != len(out) or len(chunks) % 2:
        raise struct.error("cut off")
    for words, picture in zip(chunks[::2], chunks[1::2], strict=True):
        yield Page(words=words.decode(), picture=picture)
