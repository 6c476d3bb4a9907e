"""Documents of a conference or a case: added, opened, withdrawn."""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render

from accounts.edge import ActingRequest, OnceForm, acting, form_status, signed_in, submit
from conferences.selectors import area_of_conference, get_conference_or_404
from core.refusals import Denied, Kind
from dissent.forms import ReasonForm
from papers import actions, forms, permissions
from papers.selectors import documents as found
from papers.selectors.documents import Place
from papers.selectors.matters import conference_of
from papers.views.pages import done, form_page, open_matter, posted


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
    """The documents of a case: a dissent, a request, a ladder or a complaint."""
    matter, area = open_matter(request, reference)
    permissions.check_upload_to_case(request.actor, matter, area)
    place = Place(conference_of(matter), matter.case)
    return _documents(
        request, place, True,
        lambda given: actions.add_to_case(case_id=matter.case_id, by=request.actor, now=request.now, **given),
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
        agencies=found.agencies_at(place),
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
        conference: Any = place.conference
        permissions.check_read_documents(request.actor, conference)
        return document, place, found.may_upload(request.actor, place, None, None)
    matter, area = open_matter(request, place.case.reference)
    may = found.may_upload(request.actor, place, matter, area)
    if not may and not permissions.may_open_shared(request.actor, document):
        permissions.check_upload_to_case(request.actor, matter, area)
    return document, place, may


@acting
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


@signed_in
def document_share(request: ActingRequest, document_uuid: uuid.UUID) -> HttpResponse:
    """Show a document of a case to somebody who takes part in it."""
    row, place, may = _gate(request, document_uuid)
    permissions.check_share(request.actor, row, may)
    if place.case is None:
        raise Http404("A document of a conference is not shown to others.")
    people = found.people_to_show(place.case)
    form = forms.ShareForm(posted(request), people=[(str(p.uuid), found.person_words(p)) for p in people])
    return form_page(
        request, form,
        lambda: actions.share_document(
            row, by=request.actor, place=place, may_upload=may, participant=form.chosen(), now=request.now
        ),
        "They can open it now, and were told.", place.url, page_title="Show a document to somebody",
        submit_label="Show it to them", reference=place.reference,
        lead=f"{found.label_of(row)}. Whoever you choose can open it while the case is open, also without an account.",
        back_label="Back to the documents",
    )  # fmt: skip


@signed_in
def document_share_end(request: ActingRequest, document_uuid: uuid.UUID, share: uuid.UUID) -> HttpResponse:
    row, place, may = _gate(request, document_uuid)
    permissions.check_share(request.actor, row, may)
    shown = (
        row.shares.filter(uuid=share)
        .select_related("participant__membership__user", "participant__slot")
        .first()
    )
    if shown is None:
        raise Http404("It was not shown to them.")
    return form_page(
        request, OnceForm(posted(request)),
        lambda: actions.end_share(
            row, by=request.actor, place=place, may_upload=may, share=share, now=request.now
        ),
        "It is no longer shown to them.", place.url, page_title="No longer show a document",
        submit_label="No longer show it", reference=place.reference,
        lead=f"{found.label_of(row)}, shown to {found.person_words(shown.participant)}. That it was shown stays on record.",
        back_label="Back to the documents",
    )  # fmt: skip
