"""Packs for a child's file, and the texts in them that wait for a second person."""

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.edge import ActingRequest, OnceForm, form_status, signed_in, submit
from papers import actions, forms, permissions
from papers.selectors import hub
from papers.selectors.packs import held_view, pack_of
from papers.views.pages import done, form_page, open_, pdf_response, posted

TAB = "Pack for the child’s file"  # what a tab and a history say: no child


@signed_in
def pack_ask(request: ActingRequest, reference: str, child: uuid.UUID) -> HttpResponse:
    """Ask for the pack of one child."""
    dissent, area = open_(request, reference)
    permissions.check_pack(request.actor, dissent, area)
    own = dissent.case.children.filter(uuid=child).first()
    if own is None:
        raise Http404("Not a child of this dissent.")
    form = OnceForm(posted(request))
    rule = actions.pack_rule(area)
    if form.is_bound and form.is_valid():
        response = submit(
            request, form,
            lambda: actions.ask_pack(case_id=dissent.case_id, by=request.actor, child=child, now=request.now),
            lambda row: _asked(request, reference, row),
        )  # fmt: skip
        if response:
            return response
    url = reverse("papers", args=[reference])
    context = {
        "form": form, "reference": reference, "back_url": url, "cancel_url": url, "back_label": "Back to the papers",
        "page_title": f"Pack for the file of {own.initials}", "tab": TAB, "submit_label": "Make the pack",
        "lead": "Everything recorded about this dissent and this child, as one PDF, with the dates and the protocol "
        f"it was judged by{f' ({rule})' if rule else ''}. Nothing about another child goes in. "
        "A text that may name one waits for a second person.",
    }  # fmt: skip
    return render(request, "papers/form.html", context, status=form_status(form))


def _asked(request: HttpRequest, reference: str, row: Any) -> str:
    if row.made_at:
        return done(request, "The pack was made. Open it below.", reverse("papers", args=[reference]))
    words = "Some texts may name another child. A colleague looks at them first."
    return done(request, words, reverse("pack", args=[reference, row.uuid]))


@signed_in
def pack(request: ActingRequest, reference: str, pack_uuid: uuid.UUID) -> HttpResponse:
    """A pack on its way: the texts that wait for a second person, and then the pack itself."""
    dissent, area = open_(request, reference)
    permissions.check_pack(request.actor, dissent, area)
    row = hub.pack_or_404(dissent.case, pack_uuid)
    form = OnceForm(posted(request))
    built = pack_of(dissent, area, row, request.now)
    return form_page(
        request, form,
        lambda: actions.make_pack(case_id=dissent.case_id, by=request.actor, pack=pack_uuid, now=request.now),
        "The pack was made. Open it below.", reverse("papers", args=[reference]),
        template="papers/pack.html", page_title=f"Pack for the file of {row.child.initials}", tab=TAB, reference=reference,
        pack=row, texts=held_view(row, built), mine=row.asked_by_id == request.actor.membership_id,
        submit_label="Make the pack",
    )  # fmt: skip


@signed_in
def pack_text(
    request: ActingRequest, reference: str, pack_uuid: uuid.UUID, held_uuid: uuid.UUID
) -> HttpResponse:
    """Release or withhold one text of a pack, as the second person."""
    dissent, area = open_(request, reference)
    permissions.check_pack(request.actor, dissent, area)
    row = hub.pack_or_404(dissent.case, pack_uuid)
    held = row.held.filter(uuid=held_uuid).first()
    if held is None:
        raise Http404("No such text.")
    permissions.check_release(request.actor, dissent, area, row, held)
    form = forms.HeldForm(posted(request))
    shown = next(
        (t for t in held_view(row, pack_of(dissent, area, row, request.now)) if t["row"].pk == held.pk), None
    )
    return form_page(
        request, form,
        lambda: actions.decide_held(
            case_id=dissent.case_id, by=request.actor, held=held_uuid, release=form.cleaned_data["release"] == "yes",
            reason=form.cleaned_data["reason"], now=request.now,
        ),
        "Recorded.", reverse("pack", args=[reference, pack_uuid]), template="papers/held.html",
        page_title="A text that may name another child", submit_label="Save", reference=reference, shown=shown,
        pack=row, back_label="Back to the pack",
    )  # fmt: skip


@signed_in
def pack_file(request: ActingRequest, reference: str, pack_uuid: uuid.UUID) -> HttpResponse:
    """A pack as it was made: its stored bytes."""
    dissent, area = open_(request, reference)
    permissions.check_pack(request.actor, dissent, area)
    row = hub.pack_or_404(dissent.case, pack_uuid)
    if row.made_at is None:
        raise Http404("This pack was not made yet.")
    data = actions.open_pack(row, by=request.actor, area=area, now=request.now)
    return pdf_response(data, f"{reference}-pack-{row.made_at:%Y-%m-%d}")
