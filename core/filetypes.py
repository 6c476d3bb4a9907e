"""What a file is, by its content alone: a PDF, a DOCX, a JPG or a PNG, without anything that runs."""

import io
import re
import warnings
import zipfile
from typing import Any

from PIL import Image, UnidentifiedImageError
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject

from core.refusals import Denied
from core.uploads import MAX_FILE

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
JPG = "image/jpeg"
PNG = "image/png"
ENDINGS = {PDF: "pdf", DOCX: "docx", JPG: "jpg", PNG: "png"}
WRONG_KIND = "The file must be a PDF, DOCX, JPG or PNG"
BROKEN = "The file cannot be read. Save it again in its own program, and choose it once more"
RUNS = "The file holds something that runs by itself, such as a macro or a script. Save it without, or as a plain PDF"
LOCKED = "The file is locked with a password. Save it without one"

MAX_OBJECTS = 100_000
MAX_PARTS = 2_000
MAX_UNPACKED = 100 * 1024 * 1024  # bytes
MAX_RATIO = 200  # unpacked to packed
MAX_PIXELS = 100_000_000
ACTIONS = {
    "/JavaScript",
    "/Launch",
    "/ImportData",
    "/SubmitForm",
    "/GoToE",
    "/GoToR",
    "/Rendition",
    "/RichMedia",
}
CARRIERS = {"/JS", "/JavaScript", "/EmbeddedFiles", "/EmbeddedFile", "/XFA", "/RichMediaContent", "/AA"}
MAIN_PART = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
OUTSIDE = re.compile(rb"<Relationship\b[^>]*TargetMode\s*=\s*[\"']External[\"'][^>]*>", re.IGNORECASE)
LINK = re.compile(rb"Type\s*=\s*[\"'][^\"']*/hyperlink[\"']", re.IGNORECASE)


def media_type_of(data: bytes, field: str = "file") -> str:
    """The media type of a file that may be kept. Raises Denied with what to do about any other."""
    if not data:
        raise Denied("The file must not be empty", field=field)
    if len(data) > MAX_FILE:
        raise Denied("The file must be smaller than 10MB", field=field)
    for starts, look, media_type in (
        (b"%PDF-", _pdf, PDF), (b"PK\x03\x04", _docx, DOCX), (b"\xff\xd8\xff", _jpg, JPG), (b"\x89PNG\r\n\x1a\n", _png, PNG),
    ):  # fmt: skip
        if data.startswith(starts):
            reason = look(data)
            if reason:
                raise Denied(reason, field=field)
            return media_type
    raise Denied(WRONG_KIND, field=field)


def _pdf(data: bytes) -> str:
    """Why a PDF is refused; empty when it is not. Every object is looked at, wherever it hides."""
    if b"%%EOF" not in data[-2048:]:
        return BROKEN
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted:
            return LOCKED
        if not len(reader.pages):
            return BROKEN
        numbers = {number for table in reader.xref.values() for number in table} | set(reader.xref_objStm)
        if len(numbers) > MAX_OBJECTS:
            return BROKEN
        if _runs(reader.trailer) or any(
            _runs(reader.get_object(IndirectObject(n, 0, reader))) for n in numbers
        ):
            return RUNS
    except (RecursionError, MemoryError):
        return BROKEN
    except Exception:  # a reader of hostile files raises whatever it meets
        return BROKEN
    return ""


def _runs(thing: Any, depth: int = 0) -> bool:
    """Whether a PDF object, or one directly inside it, acts by itself or carries a file."""
    if depth > 30:
        return True
    if isinstance(thing, DictionaryObject):
        if CARRIERS & set(thing):
            return True
        if str(thing.get("/S", "")) in ACTIONS or str(thing.get("/Type", "")) in (
            "/EmbeddedFile",
            "/Filespec",
        ):
            return True
        inner = [value for value in thing.values() if not isinstance(value, IndirectObject)]
    elif isinstance(thing, list):
        inner = [value for value in thing if not isinstance(value, IndirectObject)]
    else:
        return False
    return any(_runs(value, depth + 1) for value in inner if isinstance(value, dict | list))


def _docx(data: bytes) -> str:
    """Why a DOCX is refused; empty when it is not. Nothing is unpacked before its size was looked at."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            names = [part.filename for part in parts]
            if len(parts) > MAX_PARTS or len(set(names)) != len(names):
                return BROKEN
            if any(part.flag_bits & 0x1 for part in parts):
                return LOCKED
            if any(".." in name.split("/") or name.startswith(("/", "\\")) or "\\" in name for name in names):
                return BROKEN
            if sum(part.file_size for part in parts) > MAX_UNPACKED:
                return BROKEN
            if any(
                part.file_size > 1_000_000 and part.file_size > MAX_RATIO * max(1, part.compress_size)
                for part in parts
            ):
                return BROKEN
            if "[Content_Types].xml" not in names or "word/document.xml" not in names:
                return WRONG_KIND
            return _parts(archive, names)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, KeyError):
        return BROKEN
    except Exception:  # whatever a broken archive raises
        return BROKEN


def _parts(archive: zipfile.ZipFile, names: list[str]) -> str:
    kinds = archive.read("[Content_Types].xml")
    if b"macroEnabled" in kinds or MAIN_PART not in kinds:
        return RUNS if b"macroEnabled" in kinds else WRONG_KIND
    for name in names:
        low = name.lower()
        if (
            low.endswith((".bin", ".exe", ".dll", ".js", ".vbs"))
            or "/embeddings/" in low
            or "/activex/" in low
        ):
            return RUNS
        if low.endswith((".xml", ".rels")):
            part = archive.read(name)
            if b"<!DOCTYPE" in part or b"<!ENTITY" in part:
                return RUNS
            if low.endswith(".rels") and any(not LINK.search(found) for found in OUTSIDE.findall(part)):
                return RUNS
        else:
            archive.read(name)  # its checksum
    return ""


def _image(data: bytes, kind: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=[kind]) as image:
                if image.width * image.height > MAX_PIXELS:
                    return BROKEN
                image.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Warning, Image.DecompressionBombError):
        return BROKEN
    except Exception:  # a decoder of hostile files raises whatever it meets
        return BROKEN
    return ""


def _jpg(data: bytes) -> str:
    if not data.rstrip(b"\x00\r\n ").endswith(b"\xff\xd9"):
        return BROKEN  # cut off, or with something behind the picture
    return _image(data, "JPEG")


def _png(data: bytes) -> str:
    if data[-12:-4] != b"\x00\x00\x00\x00IEND":
        return BROKEN
    return _image(data, "PNG")
