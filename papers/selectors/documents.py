"""Documents of a conference or a case: where one belongs, who may read it, and who opened it when."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404
from django.urls import reverse

from audit.models import AuditEvent
from cases.models import Case, Child
from conferences.models import Attendance, Conference
from conferences.selectors import children_of
from conferences.states import Side
from core.actor import Actor
from core.filetypes import ENDINGS
from core.refusals import allowed
from core.templatetags.pd import day_time
from dissent.models import Dissent
from papers import permissions, policies
from partnerships.models import Agency, Membership
from records.models import Document

Shown = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document belongs: a conference, or a case of it."""

    conference: Conference
    case: Case | None = None

    @property
    def reference(self) -> str:
        return self.case.reference if self.case else self.conference.reference

    @property
    def url(self) -> str:
        name = "case-documents" if self.case else "conference-documents"
        return reverse(name, args=[self.reference])


def children_at(place: Place) -> list[Child]:
    if place.case is not None:
        return list(place.case.children.order_by("pk"))
    return [row.child for row in children_of(place.conference)]


def agencies_at(conference: Conference) -> list[Agency]:
    rows = Attendance.objects.filter(conference=conference, side=Side.PROFESSIONAL).select_related("agency")
    found = {row.agency.pk: row.agency for row in rows if row.agency is not None}
    return sorted(found.values(), key=lambda agency: agency.name)


def document_or_404(actor: Actor, wanted: uuid.UUID) -> tuple[Document, Place]:
    """The one gate to a document: by the conference or the case that it belongs to. A stranger gets 404."""
    document = (
        Document.objects.select_related(
            "conference_document__conference", "case_document__case__dissent__conference", "agency"
        )
        .filter(uuid=wanted, partnership_id=actor.partnership_id or 0)
        .first()
    )
    place = _place(document) if document else None
    if document is None or place is None:
        raise Http404("No such document.")
    seen = (
        Case.objects.visible_to(actor).filter(pk=place.case.pk)
        if place.case is not None
        else Conference.objects.visible_to(actor).filter(pk=place.conference.pk)
    )
    if not seen.exists():
        raise Http404("No such document.")
    return document, place


def _place(document: Document) -> Place | None:
    link = getattr(document, "conference_document", None)
    if link is not None:
        return Place(link.conference)
    hung = getattr(document, "case_document", None)
    dissent: Dissent | None = getattr(hung.case, "dissent", None) if hung else None
    return Place(dissent.conference, hung.case) if hung and dissent else None


def documents_at(place: Place) -> list[Document]:
    rows = (
        Document.objects.filter(case_document__case=place.case)
        if place.case is not None
        else Document.objects.filter(conference_document__conference=place.conference)
    )
    return list(
        rows.select_related("agency", "uploaded_by__user", "withdrawn_by__user")
        .prefetch_related("children")
        .order_by("-uploaded_at")
    )


def file_name(document: Document, place: Place) -> str:
    """The name it is saved under: a reference and what it is, never a person."""
    kind = {"report": "report", "summary": "summary"}.get(document.kind, "document")
    return f"{place.reference}-{kind}-{str(document.uuid)[:8]}.{ENDINGS[document.media_type]}"


def listed(place: Place, may_upload: bool) -> list[Shown]:
    """The documents of a place, with who opened each."""
    documents = documents_at(place)
    opened = _opened(documents)
    scanner = bool(settings.CLAMD_ADDRESS)
    return [
        {
            "uuid": row.uuid,
            "label": f"{row.get_kind_display()}{f', {row.agency}' if row.agency else ''}",
            "about": ", ".join(child.initials for child in row.children.all()),
            "added": f"{day_time(row.uploaded_at)}, {row.uploaded_by.user.name}",
            "what": f"{ENDINGS[row.media_type].upper()}, {max(1, row.size // 1024):,} KB",
            "scan": "" if row.scan == "clean" else row.get_scan_display(),
            "may_open": allowed(policies.check_openable, row, scanner),
            "withdrawn": f"Withdrawn {day_time(row.withdrawn_at)}: {row.withdrawn_reason}" if row.withdrawn_at else "",
            "may_withdraw": may_upload and row.withdrawn_at is None,
            "opened": opened.get(row.pk, []),
        }
        for row in documents
    ]  # fmt: skip


def _opened(documents: Iterable[Document]) -> dict[int, list[str]]:
    """Who opened each document, first and last, by the audit."""
    keys = [row.pk for row in documents]
    events = list(
        AuditEvent.objects.filter(
            type="document.opened", object_type="document", object_id__in=keys
        ).order_by("seq")
    )
    ids = {event.membership_id for event in events if event.membership_id}
    names = {m.pk: m.user.name for m in Membership.objects.filter(pk__in=ids).select_related("user")}
    found: dict[int, dict[int, Any]] = {}
    for event in events:
        found.setdefault(event.object_id, {})[event.membership_id or 0] = event.at
    return {
        key: [f"{names.get(member, 'somebody')}, {day_time(at)}" for member, at in people.items()]
        for key, people in found.items()
    }


def may_upload(actor: Actor, place: Place, dissent: Dissent | None, area: Any) -> bool:
    if place.case is not None and dissent is not None:
        return allowed(permissions.check_upload_to_case, actor, dissent, area)
    return allowed(permissions.check_upload, actor, place.conference)
