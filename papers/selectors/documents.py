"""Documents of a conference or a case: where one belongs, who may read it, and who opened it when."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404
from django.urls import reverse

from audit.models import AuditEvent
from cases.models import Case, Child, Participant
from conferences.models import Attendance, Conference
from conferences.selectors import children_of
from conferences.states import Side
from core.actor import Actor
from core.filetypes import ENDINGS
from core.refusals import allowed
from core.templatetags.pd import day_time
from escalation.permissions import is_person
from escalation.selectors import person_name
from papers import permissions, policies
from papers.policies import Matter
from papers.selectors.matters import conference_of, matter_or_404
from partnerships.models import Agency, Membership
from records.models import Document, DocumentShare

Shown = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document belongs: a conference, or a case, which may be about one."""

    conference: Conference | None
    case: Case | None = None

    @property
    def reference(self) -> str:
        if self.case is not None:
            return self.case.reference
        return self.conference.reference if self.conference else ""

    @property
    def url(self) -> str:
        name = "case-documents" if self.case else "conference-documents"
        return reverse(name, args=[self.reference])


def children_at(place: Place) -> list[Child]:
    """Those whom a document can be about. A complaint is about a conference, and so about its children."""
    if place.case is not None and (own := list(place.case.children.order_by("pk"))):
        return own
    return [row.child for row in children_of(place.conference)] if place.conference else []


def agencies_at(place: Place) -> list[Agency]:
    """Whose a document can be: the agencies on the list of the conference, or of those who take part in the case."""
    found: dict[int, Agency] = {}
    if place.conference is not None:
        rows = Attendance.objects.filter(conference=place.conference, side=Side.PROFESSIONAL)
        found |= {row.agency.pk: row.agency for row in rows.select_related("agency") if row.agency}
    elif place.case is not None:
        people = place.case.participants.select_related("agency", "membership__agency")
        for row in people:
            agency = row.agency or (row.membership.agency if row.membership else None)
            if agency is not None:
                found[agency.pk] = agency
    return sorted(found.values(), key=lambda agency: agency.name)


def document_or_404(actor: Actor, wanted: uuid.UUID) -> tuple[Document, Place]:
    """The one gate to a document: by the conference or the case that it belongs to. A stranger gets 404."""
    document = (
        Document.objects.select_related("conference_document__conference", "case_document__case", "agency")
        .filter(uuid=wanted, partnership_id=actor.partnership_id or 0)
        .first()
    )
    link: Any = getattr(document, "conference_document", None)
    hung: Any = getattr(document, "case_document", None)
    if document is None or (link is None and hung is None):
        raise Http404("No such document.")
    if link is None:
        matter = matter_or_404(actor, hung.case.reference)
        return document, Place(conference_of(matter), matter.case)
    if not Conference.objects.visible_to(actor).filter(pk=link.conference_id).exists():
        raise Http404("No such document.")
    return document, Place(link.conference)


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


def label_of(document: Document) -> str:
    """Report to the conference, Police."""
    return f"{document.get_kind_display()}{f', {document.agency}' if document.agency else ''}"


def what_of(document: Document) -> str:
    """PDF, 120 KB."""
    return f"{ENDINGS[document.media_type].upper()}, {max(1, document.size // 1024):,} KB"


def listed(place: Place, may_upload: bool) -> list[Shown]:
    """The documents of a place, with who opened each, and to whom it was shown."""
    documents = documents_at(place)
    opened = _opened(documents)
    shares = _shares(documents) if place.case else {}
    scanner = bool(settings.CLAMD_ADDRESS)
    return [
        {
            "uuid": row.uuid,
            "label": label_of(row),
            "about": ", ".join(child.initials for child in row.children.all()),
            "added": f"{day_time(row.uploaded_at)}, {row.uploaded_by.user.name}",
            "what": what_of(row),
            "scan": "" if row.scan == "clean" else row.get_scan_display(),
            "may_open": allowed(policies.check_openable, row, scanner),
            "withdrawn": f"Withdrawn {day_time(row.withdrawn_at)}: {row.withdrawn_reason}" if row.withdrawn_at else "",
            "may_withdraw": may_upload and row.withdrawn_at is None,
            "may_share": may_upload and row.withdrawn_at is None and place.case is not None,
            "opened": opened.get(row.pk, []),
            "shares": shares.get(row.pk, []),
        }
        for row in documents
    ]  # fmt: skip


def _shares(documents: Iterable[Document]) -> dict[int, list[Shown]]:
    """To whom each document is shown now."""
    rows = (
        DocumentShare.objects.filter(document__in=[row.pk for row in documents], ended_at__isnull=True)
        .select_related("participant__membership__user", "participant__slot")
        .order_by("shared_at")
    )
    found: dict[int, list[Shown]] = {}
    for row in rows:
        found.setdefault(row.document_id, []).append({"uuid": row.uuid, "who": person_words(row.participant)})
    return found


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


def may_upload(actor: Actor, place: Place, matter: Matter | None, area: Any) -> bool:
    if matter is not None:
        return allowed(permissions.check_upload_to_case, actor, matter, area)
    return allowed(permissions.check_upload, actor, place.conference)


# --- shown to those who take part ---------------------------------------------------------------------------------


def person_words(participant: Participant) -> str:
    """Pia Police, dissenting professional."""
    return f"{person_name(participant)}, {participant.get_capacity_display()}"


def people_to_show(case: Case) -> list[Participant]:
    """Those who take part in a case, by name."""
    rows = case.participants.select_related("membership__user", "slot", "agency").order_by("pk")
    return [row for row in rows if person_name(row)]


def shared_with(actor: Actor, case: Case) -> list[Shown]:
    """The documents of a case that were shown to this person, for their page of papers."""
    rows = (
        DocumentShare.objects.filter(
            document__case_document__case=case, ended_at__isnull=True, document__withdrawn_at__isnull=True
        )
        .select_related("document__agency", "participant__slot")
        .order_by("shared_at")
    )
    scanner = bool(settings.CLAMD_ADDRESS)
    found = {row.document.pk: row for row in rows if is_person(actor, row.participant)}
    return [
        {
            "uuid": row.document.uuid,
            "label": label_of(row.document),
            "what": what_of(row.document),
            "shared": day_time(row.shared_at),
            "may_open": allowed(policies.check_openable, row.document, scanner),
        }
        for row in found.values()
    ]
