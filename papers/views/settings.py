"""A partnership's own address, marking and wording of letters."""

from django.http import Http404, HttpResponse
from django.urls import reverse

import letters as typeset
from accounts.edge import ActingRequest, signed_in
from papers import actions, forms
from papers.selectors import specimen
from papers.selectors.letters import (
    head_of,
    wording_for,
)
from papers.views.pages import form_page, given, pdf_response, posted
from partnerships.actions import check_admin
from records.states import LetterKind


@signed_in
def letter_settings(request: ActingRequest) -> HttpResponse:
    """What stands on every letter, and the list of the letters whose wording can be changed."""
    own = request.membership.partnership
    check_admin(request.actor, own.pk)
    head = head_of(own.pk)
    initial = {
        "address": head.address if head else "", "contact": head.contact if head else "",
        "marking": head.marking if head else specimen.MARKING,
    }  # fmt: skip
    form = forms.LetterHeadForm(posted(request), initial=initial)
    url = reverse("letter-settings")
    return form_page(
        request, form,
        lambda: actions.save_head(partnership_id=own.pk, by=request.actor, now=request.now, **given(form)),
        "Saved. Letters from now on carry it; issued ones stay as they are.", url,
        template="papers/settings.html", page_title="Letters", submit_label="Save", rows=specimen.kinds(own.pk),
        back_url=reverse("partnership"), back_label="Back to the partnership", cancel_url="", head=head,
    )  # fmt: skip


def _kind(kind: str) -> LetterKind:
    try:
        return LetterKind(kind)
    except ValueError:
        raise Http404("There is no such letter.") from None


@signed_in
def letter_wording(request: ActingRequest, kind: str) -> HttpResponse:
    """The partnership's own opening and closing of a kind of letter, with a preview of what was saved last."""
    own = request.membership.partnership
    check_admin(request.actor, own.pk)
    which = _kind(kind)
    saved, packaged = wording_for(own.pk, kind), typeset.wording_of(which.value)  # type: ignore[arg-type]
    form = forms.WordingForm(posted(request), initial={"opening": saved.opening, "closing": saved.closing})
    return form_page(
        request, form,
        lambda: actions.save_wording(
            partnership_id=own.pk, by=request.actor, kind=kind, opening=form.cleaned_data["opening"],
            closing=form.cleaned_data["closing"], now=request.now,
        ),
        "Saved. Drafts begun from now on use it.", reverse("letter-wording", args=[kind]),
        template="papers/wording.html", page_title=f"Wording: {which.label}", submit_label="Save",
        back_url=reverse("letter-settings"), back_label="Back to letters", cancel_url=reverse("letter-settings"),
        kind=kind, packaged=packaged, letter=specimen.letter_of(own, which.value, request.now),
    )  # fmt: skip


@signed_in
def letter_wording_preview(request: ActingRequest, kind: str) -> HttpResponse:
    """A specimen of a letter with invented people, as a PDF."""
    own = request.membership.partnership
    check_admin(request.actor, own.pk)
    which = _kind(kind)
    return pdf_response(
        typeset.letter_pdf(specimen.letter_of(own, which.value, request.now)), f"specimen-{which.value}"
    )
