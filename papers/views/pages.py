"""What the pages of this room share."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

import protocols
from accounts.edge import ActingRequest, form_status, submit, with_draft
from cases.selectors import area_of_case
from dissent.models import Dissent
from papers.policies import Matter
from papers.selectors import hub


def posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def pdf_response(data: bytes, name: str) -> HttpResponse:
    """A PDF to keep: as an attachment with a name that says nothing about a child, and kept by no cache."""
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    response["Cache-Control"] = "no-store, private"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def open_(request: ActingRequest, reference: str) -> tuple[Dissent, protocols.AreaProtocol]:
    dissent = hub.dissent_gate(request.actor, reference)
    return dissent, area_of_case(dissent.case)


def open_matter(request: ActingRequest, reference: str) -> tuple[Matter, protocols.AreaProtocol]:
    matter = hub.gate(request.actor, reference)
    return matter, area_of_case(matter.case)


def done(request: HttpRequest, words: str, url: str) -> str:
    messages.success(request, words)
    return url


def form_page(
    request: ActingRequest,
    form: Any,
    act: Callable[[], Any],
    words: str,
    url: str,
    *,
    template: str = "papers/form.html",
    theirs: Callable[[], list[dict[str, Any]]] | None = None,
    renew: Callable[[], Any] | None = None,
    **context: Any,
) -> HttpResponse:
    """One form: shown, sent, shown again with what was typed, or gone on from.

    `theirs` and `renew`, for a form with a version: what another saved meanwhile, and the form as it would open now.
    """
    if form.is_bound and form.is_valid():
        response = submit(request, form, act, lambda _: done(request, words, url), theirs=theirs, renew=renew)
        if response:
            return response
    shown = {"form": form, "back_url": url, "cancel_url": url, "back_label": "Back to the papers", **context}
    with_draft(request, form)
    return render(request, template, shown, status=form_status(form))


def given(form: Any) -> dict[str, Any]:
    return {name: value for name, value in form.cleaned_data.items() if name != "token"}
