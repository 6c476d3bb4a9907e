"""Documents: what is kept and what is refused, how it is handed over, who opened it, and the virus scanner."""

import io
import socketserver
import struct
import threading
import uuid
import warnings
import zipfile
import zlib
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import ProgrammingError, transaction
from django.urls import reverse
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from audit.models import AuditEvent
from conferences.models import Conference
from conferences.selectors import children_of
from core.filetypes import DOCX, ENDINGS, JPG, PDF, PNG, media_type_of
from core.refusals import Denied
from dissent.models import MaterialSeen
from papers import actions
from papers.selectors.documents import Place, file_name
from records.actions import scan_waiting
from records.models import Document, DocumentContent
from records.tasks import scan_documents
from tests.builders import LATER, World
from tests.integration.papers.conftest import docx, picture, plain_pdf

pytestmark = pytest.mark.django_db


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (2, 2), "white").save(out, "JPEG")
    return out.getvalue()


# --- what a file is, by its content -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "media_type"), [(plain_pdf(), PDF), (docx(), DOCX), (photo(), JPG), (picture(), PNG)], ids=["pdf", "docx", "jpg", "png"]
)  # fmt: skip
def test_the_four_kinds_are_taken_by_their_content(data: bytes, media_type: str) -> None:
    assert media_type_of(data) == media_type
    assert media_type in ENDINGS


def pdf_with(**catalog: object) -> bytes:
    """A PDF with something in its catalogue."""
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    for key, value in catalog.items():
        writer.root_object[NameObject(f"/{key}")] = writer._add_object(value)  # type: ignore[arg-type]
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def action(kind: str, **more: str) -> DictionaryObject:
    inside = {NameObject("/S"): NameObject(f"/{kind}")}
    inside |= {NameObject(f"/{key}"): TextStringObject(text) for key, text in more.items()}
    return DictionaryObject(inside)


def pdf_script() -> bytes:
    """A script by name, run when the file is opened."""
    names = DictionaryObject({NameObject("/JavaScript"): action("JavaScript", JS="app.alert(1)")})
    return pdf_with(Names=names)


def pdf_attachment() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_attachment("x.exe", b"MZ")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def pdf_locked() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def pdf_without_pages() -> bytes:
    out = io.BytesIO()
    PdfWriter().write(out)
    return out.getvalue()


def archive(*entries: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one of them holds the same name twice
        for name, data in entries:
            made.writestr(name, data)
    return out.getvalue()


def relation(kind: str, mode: str = "External", target: str = "https://example.org/x") -> str:
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        f'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}" TargetMode="{mode}"/></Relationships>'
    )


def png_of(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\x00" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


GOOD = docx()
MIMETYPE = b"mimetypeapplication/epub+zip"
HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "one byte": b"\x00",
    "text": b"Hello",
    "html": b"<!doctype html><script>alert(1)</script>",
    "html behind a space": b" <html>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "xml": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "php": b"<?php system($_GET['x']); ?>",
    "shell": b"#!/bin/sh\nrm -rf /",
    "windows program": b"MZ" + b"\x00" * 200,
    "linux program": b"\x7fELF" + b"\x00" * 200,
    "java class": b"\xca\xfe\xba\xbe" + b"\x00" * 100,
    "gif": b"GIF89a" + b"\x00" * 40,
    "bmp": b"BM" + b"\x00" * 60,
    "webp": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    "tiff": b"II*\x00" + b"\x00" * 40,
    "old word": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
    "rich text": b"{\\rtf1\\ansi hello}",
    "postscript": b"%!PS-Adobe-3.0\n",
    "gzip": b"\x1f\x8b\x08\x00" + b"\x00" * 30,
    "rar": b"Rar!\x1a\x07\x00" + b"\x00" * 30,
    "seven zip": b"7z\xbc\xaf'\x1c" + b"\x00" * 30,
    "tar": b"file.txt" + b"\x00" * 249 + b"ustar" + b"\x00" * 250,
    "sqlite": b"SQLite format 3\x00" + b"\x00" * 100,
    "shortcut": b"L\x00\x00\x00\x01\x14\x02\x00" + b"\x00" * 60,
    "comma separated": b"=cmd|' /C calc'!A0,1\n",
    "eicar": rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*",
    "pdf head alone": b"%PDF-1.7\n",
    "pdf head and end": b"%PDF-1.7\n%%EOF",
    "pdf behind rubbish": b"xx" + plain_pdf(),
    "pdf cut off": plain_pdf()[:-60],
    "pdf with rubbish behind": plain_pdf() + b"\x00" * 5000,
    "pdf with a script": pdf_script(),
    "pdf with an attachment": pdf_attachment(),
    "pdf that opens with a script": pdf_with(OpenAction=action("JavaScript", JS="app.alert(1)")),
    "pdf that starts a program": pdf_with(OpenAction=action("Launch", F="calc.exe")),
    "pdf that sends a form": pdf_with(OpenAction=action("SubmitForm", F="https://example.org")),
    "pdf that opens another": pdf_with(OpenAction=action("GoToR", F="x.pdf")),
    "pdf with further actions": pdf_with(AA=DictionaryObject({NameObject("/WC"): action("Named")})),
    "pdf with an xml form": pdf_with(AcroForm=DictionaryObject({NameObject("/XFA"): TextStringObject("x")})),
    "pdf with a password": pdf_locked(),
    "pdf without pages": pdf_without_pages(),
    "zip": archive(("a.txt", b"hello")),
    "zip without entries": archive(),
    "zip cut off": GOOD[:-30],
    "zip head alone": b"PK\x03\x04" + b"\x00" * 30,
    "epub": archive(("mimetype", MIMETYPE)),
    "spreadsheet": archive(("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<w/>")),
    "docx without types": archive(("word/document.xml", b"<w/>")),
    "docx of another kind": docx("application/xml"),
    "docx with macros by type": docx("application/vnd.ms-word.document.macroEnabled.main+xml"),
    "docx with macros": docx(**{"word__vbaProject.bin": b"\x00"}),
    "docx with an object": docx(**{"word__embeddings__oleObject1.bin": b"\x00"}),
    "docx with another file": docx(**{"word__embeddings__x.xlsx": b"PK"}),
    "docx with a control": docx(**{"word__activeX__activeX1.xml": "<x/>"}),
    "docx with a program": docx(**{"word__x.exe": b"MZ"}),
    "docx with a template elsewhere": docx(
        **{"word___rels__settings.xml.rels": relation("attachedTemplate")}
    ),
    "docx with a picture elsewhere": docx(**{"word___rels__document.xml.rels": relation("image")}),
    "docx with an object elsewhere": docx(**{"word___rels__document.xml.rels": relation("oleObject")}),
    "docx with a doctype": docx(**{"word__x.xml": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}),
    "docx that climbs": docx(**{"..__..__x.xml": "<x/>"}),
    "docx from the root": docx(**{"__etc__x.xml": "<x/>"}),
    "docx with a backslash": docx(**{"word\\x.xml": "<x/>"}),
    "docx with a name twice": archive(
        ("[Content_Types].xml", b"x"), ("word/document.xml", b"x"), ("word/document.xml", b"y")
    ),
    "docx that unpacks too far": docx(**{"word__big.xml": b"\x00" * 60_000_000}),
    "docx of too many parts": docx(**{f"word__p{n}.xml": "<x/>" for n in range(2100)}),
    "jpg head alone": b"\xff\xd8\xff\xe0" + b"\x00" * 20,
    "jpg with a page behind": photo() + b"<script>alert(1)</script>",
    "jpg with an archive behind": photo() + archive(("a", b"b")),
    "png head alone": b"\x89PNG\r\n\x1a\n",
    "png cut off": picture()[:-12],
    "png with an archive behind": picture() + archive(("a", b"b")),
    "png as large as a house": png_of(200_000, 200_000),
    "png with a wrong checksum": picture().replace(b"IDAT", b"IDAX", 1),
}


def test_at_least_sixty_hostile_files_are_tried() -> None:
    assert len(HOSTILE) >= 60


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(Denied) as denied:
        media_type_of(data)
    assert denied.value.field == "file"
    assert denied.value.reason.startswith("The file ")


def test_a_link_in_a_document_is_no_danger() -> None:
    assert media_type_of(docx(**{"word___rels__document.xml.rels": relation("hyperlink")})) == DOCX


def test_a_file_of_more_than_ten_megabytes_is_refused() -> None:
    with pytest.raises(Denied, match="smaller than 10MB"):
        media_type_of(b"%PDF-" + b"\x00" * (10 * 1024 * 1024))


# --- added, opened, withdrawn -------------------------------------------------------------------------------------


def add(
    world: World, conference: Conference, *, kind: str = "report", data: bytes = b"", children: int = 1
) -> Document:
    about = [row.child.uuid for row in children_of(conference)[:children]]
    return actions.add_to_conference(
        conference_id=conference.pk, by=world.actor("chair"), kind=kind, data=data or plain_pdf(), children=about, now=LATER
    )  # fmt: skip


def test_a_document_names_its_children_and_has_no_name_of_its_own() -> None:
    world = World("brighton-hove")
    conference = world.ended(children=2)
    document = add(world, conference)
    assert [child.initials for child in document.children.all()] == ["Q.X."]
    name = file_name(document, Place(conference))
    assert name == f"{conference.reference}-report-{str(document.uuid)[:8]}.pdf"
    with pytest.raises(Denied, match="Select the children"):
        add(world, conference, children=0)


def test_a_child_of_another_conference_is_not_named() -> None:
    world = World("brighton-hove")
    conference, other = world.ended(), world.ended()
    with pytest.raises(Denied, match="Select the children"):
        actions.add_to_conference(
            conference_id=conference.pk, by=world.actor("chair"), kind="report", data=plain_pdf(),
            children=[children_of(other)[0].child.uuid], now=LATER,
        )  # fmt: skip


def test_the_bytes_of_a_document_never_change() -> None:
    world = World("brighton-hove")
    document = add(world, world.ended())
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        DocumentContent.objects.filter(document=document).update(data=b"other")


@pytest.mark.parametrize("who", ["police", "health", "other_chair", "reviewer"])
def test_others_do_not_add_documents_to_a_conference(who: str) -> None:
    world = World("brighton-hove")
    conference = world.ended()
    with pytest.raises(Denied):
        actions.add_to_conference(
            conference_id=conference.pk, by=world.actor(who), kind="report", data=plain_pdf(),
            children=[children_of(conference)[0].child.uuid], now=LATER,
        )  # fmt: skip


def test_it_is_handed_over_to_be_saved_and_never_shown_inside_a_page(open_as) -> None:
    world = World("brighton-hove")
    conference = world.ended()
    document = add(world, conference, data=picture())
    browser = open_as(world, "chair")
    response = browser.get("document", document.uuid)
    assert response.status_code == 200
    assert response.content == picture()
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"].startswith("attachment; filename=")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "no-store, private"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Q.X" not in response["Content-Disposition"]


def test_who_opened_it_and_when_is_on_record_and_on_the_page(open_as) -> None:
    world = World("brighton-hove")
    conference = world.ended()
    document = add(world, conference)
    browser = open_as(world, "chair")
    browser.get("document", document.uuid)
    event = AuditEvent.objects.get(type="document.opened")
    assert event.object_id == document.pk and event.membership_id == world.people["chair"].pk
    browser.get("conference-documents", conference.reference)
    assert "Cora Chair, Wednesday 4 March 2026 at 10:30am" in browser.text


def test_a_practitioner_reads_no_report_of_another_agency(open_as) -> None:
    world = World("brighton-hove")
    conference = world.ended()
    document = add(world, conference)
    assert open_as(world, "police").get("document", document.uuid).status_code == 403
    assert open_as(world, "police").get("conference-documents", conference.reference).status_code == 403
    assert open_as(world, "other_chair").get("document", document.uuid).status_code == 404
    assert open_as(World("hampshire"), "admin").get("document", document.uuid).status_code == 404
    assert not AuditEvent.objects.filter(type="document.opened").exists()


def test_a_withdrawn_document_stays_on_record_and_nobody_opens_it() -> None:
    world = World("brighton-hove")
    conference = world.ended()
    document = add(world, conference)
    here = {"by": world.actor("chair"), "place": Place(conference), "now": LATER}
    with pytest.raises(Denied, match="why it is withdrawn"):
        actions.withdraw_document(document, may_upload=True, reason=" ", **here)
    document = actions.withdraw_document(document, may_upload=True, reason="Wrong child.", **here)
    with pytest.raises(Denied, match="withdrawn"):
        actions.open_document(document, **here)
    assert DocumentContent.objects.filter(document=document).exists()


def test_SUS_26_the_list_of_materials_ticks_itself_when_the_last_report_was_opened() -> None:
    world = World("brighton-hove")
    dissent = world.dissent_at("under_review")
    first = add(world, dissent.conference)
    second = add(world, dissent.conference, data=picture())
    here = {"by": world.actor("reviewer"), "place": Place(dissent.conference), "now": LATER}
    actions.open_document(first, **here)
    assert not MaterialSeen.objects.exists()
    actions.open_document(second, **here)
    assert [seen.material for seen in MaterialSeen.objects.all()] == ["reports"]
    actions.open_document(add(world, dissent.conference, kind="summary"), **here)
    assert {seen.material for seen in MaterialSeen.objects.all()} == {"reports", "chairs_summary"}


def test_nobody_elses_opening_ticks_the_reviewers_list() -> None:
    world = World("brighton-hove")
    dissent = world.dissent_at("under_review")
    document = add(world, dissent.conference)
    actions.open_document(document, by=world.actor("chair"), place=Place(dissent.conference), now=LATER)
    assert not MaterialSeen.objects.exists()


# --- the page -----------------------------------------------------------------------------------------------------


def sent(browser, data: bytes, *, name: str = "Q.X. report.pdf", **typed: object):
    body = {**browser.fields, "kind": "report", **typed}
    body["file"] = SimpleUploadedFile(name, data, "text/html")
    return browser.client.post(browser.address, body)


def test_a_document_is_added_on_the_page(open_as) -> None:
    world = World("brighton-hove")
    conference = world.ended()
    browser = open_as(world, "chair")
    browser.get("conference-documents", conference.reference)
    assert sent(browser, plain_pdf()).status_code == 302
    document = Document.objects.get()
    assert document.media_type == PDF
    browser.get("conference-documents", conference.reference)
    assert "Report to the conference" in browser.text and "report.pdf" not in browser.text


def test_what_was_typed_stays_when_a_file_is_refused(open_as) -> None:
    world = World("brighton-hove")
    conference = world.ended(children=2)
    browser = open_as(world, "chair")
    browser.get("conference-documents", conference.reference)
    child = str(children_of(conference)[1].child.uuid)
    browser.page = sent(browser, b"MZ", kind="summary", children=[child])
    assert browser.page.status_code == 422
    assert "The file must be a PDF, DOCX, JPG or PNG" in browser.text
    assert browser.fields["kind"] == ["summary"] and browser.fields["children"] == [child]
    assert not Document.objects.exists()


def test_a_file_that_is_too_large_is_dropped_while_it_comes_and_the_form_says_so(open_as) -> None:
    world = World("brighton-hove")
    conference = world.ended()
    browser = open_as(world, "chair")
    browser.get("conference-documents", conference.reference)
    browser.page = sent(browser, b"%PDF-" + b"\x00" * (11 * 1024 * 1024))
    assert browser.page.status_code == 422
    assert "The file must be smaller than 10MB" in browser.text
    assert browser.fields["kind"] == ["report"]


def test_the_same_form_sent_twice_is_one_document(open_as) -> None:
    world = World("brighton-hove")
    conference = world.ended()
    browser = open_as(world, "chair")
    browser.get("conference-documents", conference.reference)
    assert sent(browser, plain_pdf()).status_code == 302
    assert sent(browser, plain_pdf()).status_code == 302
    assert Document.objects.count() == 1


# --- the virus scanner --------------------------------------------------------------------------------------------


class Clamd(socketserver.ThreadingTCPServer):
    """Speaks clamd's protocol over a real socket: INSTREAM in chunks, and its answer."""

    allow_reuse_address = True
    daemon_threads = True
    bad = b"VIRUS"

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        command = self.rfile.readline() if self.rfile.peek(1)[:1] == b"n" else self._zero()
        assert command.strip(b"nz\x00\n") == b"INSTREAM", command
        data = b""
        while size := struct.unpack("!L", self.rfile.read(4))[0]:
            data += self.rfile.read(size)
        self.server.seen.append(data)  # type: ignore[attr-defined]
        answer = b"stream: Invented.Virus FOUND" if Clamd.bad in data else b"stream: OK"
        self.wfile.write(answer + b"\n")

    def _zero(self) -> bytes:
        found = b""
        while not found.endswith(b"\x00"):
            found += self.rfile.read(1)
        return found


@pytest.fixture
def clamd() -> Iterator[Clamd]:
    with Clamd() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_document_is_scanned_as_it_comes(clamd: Clamd, settings) -> None:
    settings.CLAMD_ADDRESS = clamd.address
    world = World("brighton-hove")
    conference = world.ended()
    document = add(world, conference, data=picture())
    assert document.scan == "clean" and document.scanned_at == LATER
    assert clamd.seen == [picture()]
    here = {"by": world.actor("chair"), "place": Place(conference), "now": LATER}
    assert actions.open_document(document, **here) == picture()


def test_what_the_scanner_refuses_is_not_kept(clamd: Clamd, settings) -> None:
    settings.CLAMD_ADDRESS = clamd.address
    world = World("brighton-hove")
    conference = world.ended()
    with pytest.raises(Denied, match="virus scanner refused"):
        add(world, conference, data=infected())
    assert not Document.objects.exists()


def infected() -> bytes:
    """A PDF in whose bytes the stub's virus stands."""
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_metadata({"/Subject": "VIRUS"})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_not_scanned_is_not_opened_and_the_next_tick_scans_it(clamd: Clamd, settings) -> None:
    settings.CLAMD_ADDRESS = "127.0.0.1:1"  # nobody listens there
    world = World("brighton-hove")
    conference = world.ended()
    document = add(world, conference)
    here = {"by": world.actor("chair"), "place": Place(conference), "now": LATER}
    assert document.scan == "waiting"
    with pytest.raises(Denied, match="not been scanned"):
        actions.open_document(document, **here)
    assert scan_waiting(now=LATER) == 0
    settings.CLAMD_ADDRESS = clamd.address
    assert scan_documents() == 1
    document.refresh_from_db()
    assert document.scan == "clean"
    assert actions.open_document(document, **here) == plain_pdf()


def test_documents_from_before_there_was_a_scanner_are_closed_until_they_are_scanned(
    clamd: Clamd, settings
) -> None:
    world = World("brighton-hove")
    conference = world.ended()
    document = add(world, conference, data=infected())
    here = {"by": world.actor("chair"), "place": Place(conference), "now": LATER}
    assert document.scan == "none"
    settings.CLAMD_ADDRESS = clamd.address
    with pytest.raises(Denied, match="not been scanned"):
        actions.open_document(document, **here)
    assert scan_waiting(now=LATER) == 1
    document.refresh_from_db()
    assert document.scan == "infected"
    with pytest.raises(Denied, match="refused this document"):
        actions.open_document(document, **here)


def test_no_page_names_an_unknown_document(open_as) -> None:
    world = World("brighton-hove")
    assert open_as(world, "chair").get("document", uuid.uuid4()).status_code == 404
    assert reverse("document", args=[uuid.uuid4()]).startswith("/documents/")
