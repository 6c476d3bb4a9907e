"""What a test reads of a PDF: its words, its fonts, how many pages."""

import io
import re

from pypdf import PdfReader


def text_of(pdf: bytes) -> str:
    """All words in order, with single spaces."""
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    return re.sub(r"\s+", " ", " ".join(pages).replace("\u200b", ""))


def pages_of(pdf: bytes) -> int:
    return len(PdfReader(io.BytesIO(pdf)).pages)


def fonts_of(pdf: bytes) -> set[str]:
    """The names of all fonts, whole or in part."""
    found = set()
    for page in PdfReader(io.BytesIO(pdf)).pages:
        for font in page["/Resources"].get_object().get("/Font", {}).values():
            found.add(str(font.get_object()["/BaseFont"]).partition("+")[2])
    return found


def last_page_of(pdf: bytes) -> str:
    """The words of the last page, with single spaces."""
    return re.sub(r"\s+", " ", PdfReader(io.BytesIO(pdf)).pages[-1].extract_text().replace("\u200b", ""))


def tagged(pdf: bytes) -> bool:
    """Whether it says that it is PDF/UA, in which language it is, that its title is to be shown, and has a tree
    of tags."""
    root = PdfReader(io.BytesIO(pdf)).trailer["/Root"]
    tree = str(root["/StructTreeRoot"].get_object()["/ParentTree"]) if "/StructTreeRoot" in root else ""
    metadata = root["/Metadata"].get_object().get_data().decode()
    return (
        bool(tree)
        and bool(root["/MarkInfo"]["/Marked"])
        and str(root["/Lang"]).startswith("en")
        and bool(root["/ViewerPreferences"]["/DisplayDocTitle"])
        and "pdfuaid:part>1" in metadata.replace(" ", "")
    )
