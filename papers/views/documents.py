"""Documents of a conference or a case: added, opened, withdrawn."""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from accounts.edge import ActingRequest, form_status, signed_in, submit
from cases.selectors import area_of_case
from conferences.selectors import area_of_conference, get_conference_or_404
from core.refusals import Denied, Kind
from dissent.forms import ReasonForm
from dissent.selectors import dissent_of
from papers import actions, forms, permissions
from papers.selectors import documents as found
from papers.selectors.documents import Place
from papers.views.pages import done, form_page, open_, posted


@signed_in
def conference_documents(request: ActingRequest, reference: str) -> HttpResponse:
    """The documents of a conference; those who keep its record add to them."""
    conference = get_conference_or_404(request.actor, reference)
    permissions.check_read_documents(request.actor, conference)
    place = Place(conference)
    area = area_of_conference(conference)
    if request.method == "POST":
        permissions.check_upload(request.actor, conference)
    return _documents(
        request, place, found.may_upload(request.actor, place, None, area),
        lambda given: actions.add_to_conference(
            conference_id=conference.pk, by=request.actor, now=request.now, **given
        ),
        back={"back_to": "conference"},
    )  # fmt: skip


@signed_in
def case_documents(request: ActingRequest, reference: str) -> HttpResponse:
    """The documents of a case."""
    dissent, area = open_(request, reference)
    permissions.check_upload_to_case(request.actor, dissent, area)
    place = Place(dissent.conference, dissent.case)
    return _documents(
        request, place, True,
        lambda given: actions.add_to_case(case_id=dissent.case_id, by=request.actor, now=request.now, **given),
        back={"back_to": "papers"},
    )  # fmt: skip


def _documents(
    request: ActingRequest,
    place: Place,
    may: bool,
    add: Callable[[dict[str, Any]], Any],
    back: dict[str, str],
) -> HttpResponse:
    form = forms.UploadForm(
        posted(request),
        request.FILES if request.method == "POST" else None,
        children=found.children_at(place),
        agencies=found.agencies_at(place.conference),
        too_large=getattr(request, "too_large", False),
    )
    if form.is_bound and form.is_valid():
        response = submit(
            request,
            form,
            lambda: add(form.given()),
            lambda _: done(request, "The document was added.", place.url),
        )
        if response:
            return response
    context = {
        "form": form, "place": place, "reference": place.reference, "rows": found.listed(place, may), "may": may, **back,
    }  # fmt: skip
    return render(request, "papers/documents.html", context, status=form_status(form))


def _gate(request: ActingRequest, document_uuid: uuid.UUID) -> tuple[Any, Place, bool]:
    """A document, where it belongs, and whether this person may add and withdraw there."""
    document, place = found.document_or_404(request.actor, document_uuid)
    if place.case is None:
        permissions.check_read_documents(request.actor, place.conference)
        return document, place, found.may_upload(request.actor, place, None, None)
    dissent = dissent_of(place.case)
    if dissent is None:
        raise Denied("This document belongs to no dissent.")
    area = area_of_case(place.case)
    permissions.check_upload_to_case(request.actor, dissent, area)
    return document, place, found.may_upload(request.actor, place, dissent, area)


@signed_in
def document(request: ActingRequest, document_uuid: uuid.UUID) -> HttpResponse:
    """The bytes of a document, to be saved, never shown inside a page of this service."""
    row, place, _ = _gate(request, document_uuid)
    data = actions.open_document(row, by=request.actor, place=place, now=request.now)
    response = HttpResponse(data, content_type=row.media_type)
    response["Content-Disposition"] = f'attachment; filename="{found.file_name(row, place)}"'
    response["Cache-Control"] = "no-store, private"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@signed_in
def document_withdraw(request: ActingRequest, document_uuid: uuid.UUID) -> HttpResponse:
    row, place, may = _gate(request, document_uuid)
    try:
        permissions.check_withdraw(request.actor, row, may)
    except Denied as denied:
        if request.method != "POST" or denied.kind is Kind.NOT_YOURS:
            raise
    form = ReasonForm(posted(request), label="Why is it withdrawn?", message="Enter why it is withdrawn")
    return form_page(
        request, form,
        lambda: actions.withdraw_document(
            row, by=request.actor, place=place, may_upload=may, reason=form.cleaned_data["reason"], now=request.now
        ),
        "The document was withdrawn. It stays on record and nobody can open it.", place.url,
        page_title="Withdraw a document", submit_label="Withdraw it", reference=place.reference,
        lead=row.get_kind_display(), back_label="Back to the documents",
    )  # fmt: skip
