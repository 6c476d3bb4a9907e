"""Documents that were handed in, read page by page in a process of their own: whatever one does, it does there."""

import datetime as dt
import io
import subprocess
import sys

import pytest
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject

import letters
from letters import Unreadable, pages_of, words_of
from letters.enclosed import DRAW
from tests.integration.papers.test_documents import HOSTILE

PDF, JPG, PNG = "application/pdf", "image/jpeg", "image/png"


def pdf(width: float = 200, height: float = 300, pages: int = 1, content: bytes = b"") -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        page = writer.add_blank_page(width, height)
        if content:
            stream = DecodedStreamObject()
            stream.set_data(content)
            page[NameObject("/Contents")] = writer._add_object(stream)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def image(kind: str, size: tuple[int, int] = (30, 20), mode: str = "RGB", **more: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind, **more)
    return out.getvalue()


def size_of(picture: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(picture)) as found:
        return found.size


def test_every_page_of_a_pdf_is_a_picture_and_the_same_one_each_time() -> None:
    data = pdf(pages=3)
    pages = pages_of(data, PDF)
    assert len(pages) == 3 and pages == pages_of(data, PDF)
    assert size_of(pages[0].picture) == (600, 900)
    assert words_of(data, PDF) == ""


@pytest.mark.parametrize(("width", "height"), [(14_000, 14_000), (14_000, 1), (1, 14_000), (1, 1)])
def test_a_page_of_any_size_makes_a_picture_of_few_pixels(width: float, height: float) -> None:
    assert max(size_of(pages_of(pdf(width, height), PDF)[0].picture)) <= 1600


@pytest.mark.parametrize(("kind", "media_type"), [("JPEG", JPG), ("PNG", PNG)])
def test_a_picture_is_made_anew_without_what_cameras_write_beside_it(kind: str, media_type: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Taken at 9 Invented Row"
    data = image(kind, (3000, 1000), exif=exif)
    assert b"Invented Row" in data
    (page,) = pages_of(data, media_type)
    assert b"Invented Row" not in page.picture and page.words == ""
    assert size_of(page.picture) == (1600, 533)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1", "I;16"])
def test_a_png_of_every_kind_can_be_shown(mode: str) -> None:
    assert pages_of(image("PNG", mode=mode), PNG)[0].picture.startswith(b"\xff\xd8")


def test_a_file_of_more_than_sixty_pages_is_not_shown() -> None:
    assert len(pages_of(pdf(10, 10, 60), PDF)) == 60
    with pytest.raises(Unreadable):
        pages_of(pdf(10, 10, 61), PDF)


def test_every_hostile_file_is_shown_harmlessly_or_not_at_all() -> None:
    """Every file that an upload refuses, handed to the reader all the same."""
    shown = 0
    for name, data in list(HOSTILE.items()):
        media_type = PDF if name.startswith("pdf") else JPG if name.startswith("jpg") else PNG
        if not name.startswith(("pdf", "jpg", "png")):
            continue
        try:
            pages = pages_of(data, media_type)
        except Unreadable:
            continue
        shown += 1
        for page in pages:
            assert page.picture.startswith(b"\xff\xd8")
            assert b"alert" not in page.picture and b"<script" not in page.picture
    assert shown


def test_other_kinds_of_files_are_not_handed_to_the_reader() -> None:
    with pytest.raises(Unreadable):
        words_of(b"PK", "application/zip")


def test_a_reader_that_takes_too_long_or_dies_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*args: object, **kwargs: object) -> None:
        raise subprocess.TimeoutExpired("draw", 30)

    with monkeypatch.context() as patch, pytest.raises(Unreadable, match="TimeoutExpired"):
        patch.setattr(subprocess, "run", late)
        words_of(pdf(), PDF)
    monkeypatch.setattr("letters.enclosed.DRAW", DRAW.with_name("nothing.py"))
    with pytest.raises(Unreadable, match="CalledProcessError"):
        words_of(pdf(), PDF)


def test_the_reader_can_write_no_file(tmp_path) -> None:
    tried = (
        "import runpy, sys, os; sys.argv = ['draw.py', 'words', 'application/pdf']; "
        f"module = runpy.run_path({str(DRAW)!r}); module['limit'](); "
        f"handle = open({str(tmp_path / 'x')!r}, 'w'); handle.write('x' * 100); handle.flush()"
    )
    done = subprocess.run([sys.executable, "-I", "-c", tried], capture_output=True, env={}, check=False)
    assert done.returncode != 0
    assert (tmp_path / "x").read_text() == ""


def test_a_text_on_a_page_is_read() -> None:
    data = letters.pack_pdf(
        letters.Pack(
            title="Report",
            marking="m",
            sender="s",
            reference="r",
            child="c",
            facts=(),
            parts=(),
            made_at=dt.datetime(2026, 3, 4, tzinfo=dt.UTC),
        )
    )
    assert "Report" in words_of(data, PDF)
