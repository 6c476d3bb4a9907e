"""Pages of papers: letters from the first draft to the issued one, packs for a child's file, a partnership's wording."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

import letters as typeset
import protocols
from accounts.edge import ActingRequest, OnceForm, form_status, signed_in, submit
from cases.selectors import area_of_case
from core.clock import london_date
from core.refusals import allowed
from dissent.forms import ReasonForm
from dissent.models import Dissent
from papers import actions, forms, permissions, policies
from papers.policies import Plan
from papers.selectors import hub, specimen
from papers.selectors.letters import (
    first_draft,
    head_of,
    recipients_by_rule,
    recipients_of,
    text_of,
    wording_for,
)
from papers.selectors.packs import held_view, pack_of
from partnerships.actions import check_admin
from records.models import Letter
from records.states import LetterKind


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def pdf_response(data: bytes, name: str) -> HttpResponse:
    """A PDF to keep: as an attachment with a name that says nothing about a child, and kept by no cache."""
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    response["Cache-Control"] = "no-store, private"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _open(request: ActingRequest, reference: str) -> tuple[Dissent, protocols.AreaProtocol]:
    dissent = hub.gate(request.actor, reference)
    return dissent, area_of_case(dissent.case)


def _done(request: HttpRequest, words: str, url: str) -> str:
    messages.success(request, words)
    return url


def _form_page(
    request: ActingRequest,
    form: Any,
    act: Callable[[], Any],
    words: str,
    url: str,
    *,
    template: str = "papers/form.html",
    **context: Any,
) -> HttpResponse:
    """One form: shown, sent, shown again with what was typed, or gone on from."""
    if form.is_bound and form.is_valid():
        response = submit(request, form, act, lambda _: _done(request, words, url))
        if response:
            return response
    shown = {"form": form, "back_url": url, "cancel_url": url, "back_label": "Back to the papers", **context}
    return render(request, template, shown, status=form_status(form))


@signed_in
def papers(request: ActingRequest, reference: str) -> HttpResponse:
    """Letters, packs and what can be taken out, for one case."""
    dissent, area = _open(request, reference)
    return render(request, "papers/papers.html", hub.hub(dissent, area, request.actor))


# --- letters ------------------------------------------------------------------------------------------------------


def _writing(
    request: ActingRequest, reference: str, slug: str
) -> tuple[Dissent, protocols.AreaProtocol, Plan, Letter | None]:
    dissent, area = _open(request, reference)
    plan = hub.plan_or_404(dissent, area, slug)
    permissions.check_write(request.actor, dissent, area, plan)
    return dissent, area, plan, hub.letter_of(dissent, plan)


def _begun(
    request: ActingRequest, reference: str, slug: str
) -> tuple[Dissent, protocols.AreaProtocol, Plan, Letter]:
    """A letter that was saved once; one that was not is no page yet."""
    dissent, area, plan, found = _writing(request, reference, slug)
    if found is None:
        raise Http404("This letter was not begun.")
    return dissent, area, plan, found


@signed_in
def letter(request: ActingRequest, reference: str, slug: str) -> HttpResponse:
    """Write a letter: drafted from what is recorded, or as it was saved last."""
    dissent, area, plan, found = _writing(request, reference, slug)
    if found is not None and request.method != "POST":
        policies.check_editable(found)
    draft = first_draft(plan, dissent, area, request.now)
    text: Any = text_of(found) if found else draft
    form = forms.LetterForm(
        _posted(request), sections=_rows(text, draft), salutation=text.salutation, letter=found
    )
    to = reverse("letter-issue", args=[reference, slug])
    return _form_page(
        request, form,
        lambda: actions.save_letter(
            case_id=dissent.case_id, slug=slug, by=request.actor, texts=form.texts(),
            salutation=form.cleaned_data["salutation"], version=form.expected_version(), now=request.now,
        ),
        "The letter was saved. Nothing has been sent.", to,
        template="papers/letter.html", page_title=hub.letter_title(plan, area), reference=reference, plan=plan,
        submit_label="Save and preview", found=found, about=text.about, stands=area.meanwhile.text,
        back_url=reverse("papers", args=[reference]), cancel_url=reverse("papers", args=[reference]),
        recipients=recipients_of(found) if found else recipients_by_rule(plan, dissent, area, london_date(request.now)),
    )  # fmt: skip


def _rows(text: Any, draft: typeset.Draft) -> list[dict[str, Any]]:
    """The parts of a letter with what the draft says about each: its hint, and whether it may be empty."""
    known = {section.id: section for section in draft.sections}
    rows = []
    for part in text.sections:
        row = (
            dict(part)
            if isinstance(part, dict)
            else {"id": part.id, "heading": part.heading, "text": part.text}
        )
        section = known.get(row["id"])
        rows.append(
            row
            | {"hint": section.hint if section else "", "required": section.required if section else False}
        )
    return rows


@signed_in
def letter_preview(request: ActingRequest, reference: str, slug: str) -> HttpResponse:
    """The PDF as it would be issued, marked on every page as not issued."""
    dissent, area, plan, found = _readable(request, reference, slug)
    desk = actions.Desk(dissent, area, plan)
    shown = actions.printed_of(desk, found, request.actor, request.now, specimen=True)
    return pdf_response(typeset.letter_pdf(shown), f"{reference}-not-issued")


def _readable(
    request: ActingRequest, reference: str, slug: str
) -> tuple[Dissent, protocols.AreaProtocol, Plan, Letter]:
    """A letter on its way, for its writers and for the second person who is asked to look at it."""
    dissent, area = _open(request, reference)
    plan = hub.plan_or_404(dissent, area, slug)
    found = hub.letter_of(dissent, plan)
    if found is None:
        permissions.check_write(request.actor, dissent, area, plan)
        raise Http404("This letter was not begun.")
    if not allowed(permissions.check_second_person, request.actor, dissent, area, found):
        permissions.check_write(request.actor, dissent, area, plan)
    return dissent, area, plan, found


@signed_in
def letter_recipients(request: ActingRequest, reference: str, slug: str) -> HttpResponse:
    """Who gets it, by name, role and agency: those the rule names, and others with the reason."""
    dissent, _, plan, found = _begun(request, reference, slug)
    form = forms.RecipientForm(_posted(request))
    url = reverse("letter-recipients", args=[reference, slug])
    return _form_page(
        request, form,
        lambda: actions.add_recipient(
            case_id=dissent.case_id, slug=slug, by=request.actor, now=request.now, **_given(form)
        ),
        "The recipient was added.", url,
        template="papers/recipients.html", page_title="Who gets this letter", submit_label="Add this recipient",
        reference=reference, slug=slug, plan=plan, rows=found.recipients.order_by("is_copy", "pk"),
        back_url=reverse("letter-issue", args=[reference, slug]), back_label="Back to the letter",
        cancel_url=reverse("letter-issue", args=[reference, slug]),
    )  # fmt: skip


def _given(form: Any) -> dict[str, Any]:
    return {name: value for name, value in form.cleaned_data.items() if name != "token"}


@signed_in
def letter_recipient_remove(
    request: ActingRequest, reference: str, slug: str, recipient: uuid.UUID
) -> HttpResponse:
    dissent, _, plan, found = _begun(request, reference, slug)
    row = found.recipients.filter(uuid=recipient).first()
    if row is None:
        raise Http404("No such recipient.")
    form = ReasonForm(
        _posted(request),
        label="Why do they not get this letter?",
        message="Enter why they do not get this letter",
    )
    url = reverse("letter-recipients", args=[reference, slug])
    return _form_page(
        request, form,
        lambda: actions.remove_recipient(
            case_id=dissent.case_id, slug=slug, by=request.actor, recipient=recipient,
            reason=form.cleaned_data["reason"], now=request.now,
        ),
        "The recipient was taken off.", url, page_title="Take a recipient off", submit_label="Take off",
        lead=f"{', '.join(filter(None, (row.name, row.role, row.agency)))}. The rule names them: {plan.rule}."
        if row.by_rule and plan.rule
        else ", ".join(filter(None, (row.name, row.role, row.agency))),
        reference=reference, back_label="Back to the recipients",
    )  # fmt: skip


@signed_in
def letter_issue(request: ActingRequest, reference: str, slug: str) -> HttpResponse:
    """The letter as it will look, with its recipients; then issued, or sent to a second person first."""
    dissent, area, plan, found = _begun(request, reference, slug)
    if request.method != "POST":
        policies.check_editable(found)
    desk = actions.Desk(dissent, area, plan)
    to_check = found.needs_check and found.checked_at is None
    form: Any = OnceForm(_posted(request)) if to_check else forms.IssueForm(_posted(request))
    context = {
        "reference": reference, "slug": slug, "plan": plan, "found": found, "to_check": to_check,
        "letter": actions.printed_of(desk, found, request.actor, request.now),
        "page_title": hub.letter_title(plan, area), "versions": found.texts.count(),
        "ends": [tell.what for tell in policies.ended_by(found.tells, dissent, area)],
    }  # fmt: skip
    if to_check:
        return _form_page(
            request, form,
            lambda: actions.send_for_check(case_id=dissent.case_id, slug=slug, by=request.actor, now=request.now),
            "The letter waits for a second person. They were told.", reverse("papers", args=[reference]),
            template="papers/issue.html", submit_label="Send it to a second person", **context,
        )  # fmt: skip
    return _form_page(
        request, form,
        lambda: actions.issue(
            case_id=dissent.case_id, slug=slug, by=request.actor, how=form.cleaned_data["how"], now=request.now
        ),
        "The letter was issued. Open it below and send it.", reverse("papers", args=[reference]),
        template="papers/issue.html", submit_label="Issue the letter", **context,
    )  # fmt: skip


@signed_in
def letter_check(request: ActingRequest, reference: str, slug: str) -> HttpResponse:
    """The second person looks at a letter before it is issued (CAM-15)."""
    dissent, area = _open(request, reference)
    plan = hub.plan_or_404(dissent, area, slug)
    found = hub.letter_of(dissent, plan)
    if found is None:
        if not permissions.works_on(request.actor, dissent, area):
            permissions.check_write(request.actor, dissent, area, plan)
        raise Http404("This letter was not begun.")
    permissions.check_second_person(request.actor, dissent, area, found)
    form = forms.CheckLetterForm(_posted(request))
    desk = actions.Desk(dissent, area, plan)
    return _form_page(
        request, form,
        lambda: actions.check_letter(
            case_id=dissent.case_id, slug=slug, by=request.actor, passed=form.cleaned_data["passed"] == "yes",
            note=form.cleaned_data["note"], now=request.now,
        ),
        "Your check was recorded.", reverse("papers", args=[reference]),
        template="papers/check.html", page_title=f"Check: {hub.letter_title(plan, area)}", submit_label="Save your check",
        reference=reference, slug=slug, plan=plan, found=found,
        letter=actions.printed_of(desk, found, request.actor, request.now),
    )  # fmt: skip


@signed_in
def letter_drop(request: ActingRequest, reference: str, slug: str) -> HttpResponse:
    dissent, area, plan, _ = _begun(request, reference, slug)
    form = ReasonForm(_posted(request), label="Why?", required=False)
    return _form_page(
        request, form,
        lambda: actions.drop(
            case_id=dissent.case_id, slug=slug, by=request.actor, reason=form.cleaned_data["reason"], now=request.now
        ),
        "The draft was dropped.", reverse("papers", args=[reference]), page_title="Drop this draft",
        submit_label="Drop it", reference=reference,
        lead=f"{hub.letter_title(plan, area)}. What you wrote stays on record. A new draft begins from what is recorded.",
    )  # fmt: skip


@signed_in
def letter_issued(request: ActingRequest, reference: str, letter_uuid: uuid.UUID) -> HttpResponse:
    """An issued letter: its stored bytes."""
    dissent, area = _open(request, reference)
    found = (
        Letter.objects.select_related("issued", "case")
        .filter(case=dissent.case, uuid=letter_uuid, issued_at__isnull=False)
        .first()
    )
    if found is None:
        raise Http404("No such letter.")
    permissions.check_read_letter(request.actor, dissent, area, found)
    data = actions.open_letter(found, by=request.actor, now=request.now)
    return pdf_response(data, f"{reference}-{found.kind.replace('_', '-')}")


# --- packs --------------------------------------------------------------------------------------------------------


@signed_in
def pack_ask(request: ActingRequest, reference: str, child: uuid.UUID) -> HttpResponse:
    """Ask for the pack of one child."""
    dissent, area = _open(request, reference)
    permissions.check_pack(request.actor, dissent, area)
    own = dissent.case.children.filter(uuid=child).first()
    if own is None:
        raise Http404("Not a child of this dissent.")
    form = OnceForm(_posted(request))
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
        "page_title": f"Pack for the file of {own.initials}", "submit_label": "Make the pack",
        "lead": "Everything recorded about this dissent and this child, as one PDF, with the dates and the protocol "
        f"it was judged by{f' ({rule})' if rule else ''}. Nothing about another child goes in. "
        "A text that may name one waits for a second person.",
    }  # fmt: skip
    return render(request, "papers/form.html", context, status=form_status(form))


def _asked(request: HttpRequest, reference: str, row: Any) -> str:
    if row.made_at:
        return _done(request, "The pack was made. Open it below.", reverse("papers", args=[reference]))
    words = "Some texts may name another child. A colleague looks at them first."
    return _done(request, words, reverse("pack", args=[reference, row.uuid]))


@signed_in
def pack(request: ActingRequest, reference: str, pack_uuid: uuid.UUID) -> HttpResponse:
    """A pack on its way: the texts that wait for a second person, and then the pack itself."""
    dissent, area = _open(request, reference)
    permissions.check_pack(request.actor, dissent, area)
    row = hub.pack_or_404(dissent.case, pack_uuid)
    form = OnceForm(_posted(request))
    built = pack_of(dissent, area, row, request.now)
    return _form_page(
        request, form,
        lambda: actions.make_pack(case_id=dissent.case_id, by=request.actor, pack=pack_uuid, now=request.now),
        "The pack was made. Open it below.", reverse("papers", args=[reference]),
        template="papers/pack.html", page_title=f"Pack for the file of {row.child.initials}", reference=reference,
        pack=row, texts=held_view(row, built), mine=row.asked_by_id == request.actor.membership_id,
        submit_label="Make the pack",
    )  # fmt: skip


@signed_in
def pack_text(
    request: ActingRequest, reference: str, pack_uuid: uuid.UUID, held_uuid: uuid.UUID
) -> HttpResponse:
    """Release or withhold one text of a pack, as the second person."""
    dissent, area = _open(request, reference)
    permissions.check_pack(request.actor, dissent, area)
    row = hub.pack_or_404(dissent.case, pack_uuid)
    held = row.held.filter(uuid=held_uuid).first()
    if held is None:
        raise Http404("No such text.")
    permissions.check_release(request.actor, dissent, area, row, held)
    form = forms.HeldForm(_posted(request))
    shown = next(
        (t for t in held_view(row, pack_of(dissent, area, row, request.now)) if t["row"].pk == held.pk), None
    )
    return _form_page(
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
    dissent, area = _open(request, reference)
    permissions.check_pack(request.actor, dissent, area)
    row = hub.pack_or_404(dissent.case, pack_uuid)
    if row.made_at is None:
        raise Http404("This pack was not made yet.")
    data = actions.open_pack(row, by=request.actor, area=area, now=request.now)
    return pdf_response(data, f"{reference}-pack-{row.made_at:%Y-%m-%d}")


# --- the partnership's own setting --------------------------------------------------------------------------------


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
    form = forms.LetterHeadForm(_posted(request), initial=initial)
    url = reverse("letter-settings")
    return _form_page(
        request, form,
        lambda: actions.save_head(partnership_id=own.pk, by=request.actor, now=request.now, **_given(form)),
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
    form = forms.WordingForm(_posted(request), initial={"opening": saved.opening, "closing": saved.closing})
    return _form_page(
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
