"""Letters, from the first draft to the issued one."""

import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

import letters as typeset
import protocols
from accounts.edge import ActingRequest, OnceForm, acting, signed_in
from cases.selectors import area_of_case
from core.clock import london_date
from core.refusals import allowed
from dissent.forms import ReasonForm, decision_form
from dissent.permissions import check_reads_review, check_review
from dissent.selectors import Desk, get_dissent_or_404, tier_at_work
from papers import actions, forms, permissions, policies
from papers.policies import Matter, Plan
from papers.selectors import hub
from papers.selectors.letters import (
    WITHOUT_MEANWHILE,
    first_draft,
    letter_typed,
    recipients_by_rule,
    recipients_of,
    text_of,
)
from papers.views.pages import form_page, given, open_matter, pdf_response, posted
from records.models import Letter
from records.states import LetterKind


@acting
def papers(request: ActingRequest, reference: str) -> HttpResponse:
    """Letters, packs and what can be taken out, for one case."""
    matter, area = open_matter(request, reference)
    return render(request, "papers/papers.html", hub.hub(matter, area, request.actor))


def _writing(
    request: ActingRequest, reference: str, slug: str
) -> tuple[Matter, protocols.AreaProtocol, Plan, Letter | None]:
    matter, area = open_matter(request, reference)
    plan = hub.plan_or_404(matter, area, slug)
    permissions.check_write(request.actor, matter, area, plan)
    return matter, area, plan, hub.letter_of(matter, plan)


def _begun(
    request: ActingRequest, reference: str, slug: str
) -> tuple[Matter, protocols.AreaProtocol, Plan, Letter]:
    """A letter that was saved once; one that was not is no page yet."""
    matter, area, plan, found = _writing(request, reference, slug)
    if found is None:
        raise Http404("This letter was not begun.")
    return matter, area, plan, found


@signed_in
def letter(request: ActingRequest, reference: str, slug: str) -> HttpResponse:
    """Write a letter: drafted from what is recorded, or as it was saved last."""
    matter, area, plan, found = _writing(request, reference, slug)
    if found is not None and request.method != "POST":
        policies.check_editable(found)
    draft = first_draft(plan, matter, area, request.now)
    text: Any = text_of(found) if found else draft
    form = forms.LetterForm(
        posted(request), sections=_rows(text, draft), salutation=text.salutation, letter=found
    )

    def now_saved() -> Letter:
        saved = hub.letter_of(matter, plan)
        if saved is None:
            raise Http404("This letter was not begun.")
        return saved

    def renewed() -> forms.LetterForm:
        saved = now_saved()
        newest: Any = text_of(saved)
        return forms.LetterForm(
            None, sections=_rows(newest, draft), salutation=newest.salutation, letter=saved
        )

    to = reverse("letter-issue", args=[reference, slug])
    return form_page(
        request, form,
        lambda: actions.save_letter(
            case_id=matter.case_id, slug=slug, by=request.actor, texts=form.texts(),
            salutation=form.cleaned_data["salutation"], version=form.expected_version(), now=request.now,
        ),
        "The letter was saved. Nothing has been sent.", to,
        theirs=lambda: _saved_now(now_saved()), renew=renewed,
        template="papers/letter.html", page_title=hub.letter_title(plan, area), reference=reference, plan=plan,
        submit_label="Save and preview", found=found, about=text.about, at_end="" if plan.kind in WITHOUT_MEANWHILE else area.meanwhile.text, tab=LetterKind(plan.kind).label,
        back_url=reverse("papers", args=[reference]), cancel_url=reverse("papers", args=[reference]),
        recipients=recipients_of(found) if found else recipients_by_rule(plan, matter, area, london_date(request.now)),
    )  # fmt: skip


def _saved_now(found: Letter) -> list[dict[str, Any]]:
    """A letter as it was saved last, beside what another writer typed."""
    text = text_of(found)
    rows = [{"label": "Greeting", "value": text.salutation, "typed": True}]
    for part in text.sections:
        label = part["heading"] or forms.UNHEADED.get(part["id"], "Text")
        rows.append({"label": label, "value": part["text"], "typed": True})
    return rows


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
    matter, area, plan, found = _readable(request, reference, slug)
    desk = actions.Desk(matter, area, plan)
    shown = actions.printed_of(desk, found, request.actor, request.now, specimen=True)
    return pdf_response(typeset.letter_pdf(shown), f"{reference}-not-issued")


@signed_in
def letter_before(request: ActingRequest, reference: str) -> HttpResponse:
    """The letter of a decision that is still being written, with the words typed so far. Nothing is saved by it."""
    dissent = get_dissent_or_404(request.actor, reference)
    area = area_of_case(dissent.case)
    check_reads_review(request.actor, dissent, area)
    if request.method != "POST":
        return redirect("review", reference)
    check_review(request.actor, dissent, area)
    tier = tier_at_work(dissent, area, request.POST.get("tier", ""))
    if tier is None:
        raise Http404("Nobody reviews this dissent now.")
    desk = Desk(request.actor, dissent, area, tier, request.now)
    form = decision_form(desk, request.POST)
    if not form.is_valid():  # the review says what is missing, with everything that was typed
        return redirect("review", reference, preserve_request=True)
    shown = letter_typed(desk, form.decided(), request.now)
    return pdf_response(typeset.letter_pdf(shown), f"{reference}-preview")


def _readable(
    request: ActingRequest, reference: str, slug: str
) -> tuple[Matter, protocols.AreaProtocol, Plan, Letter]:
    """A letter on its way, for its writers and for the second person who is asked to look at it."""
    matter, area = open_matter(request, reference)
    plan = hub.plan_or_404(matter, area, slug)
    found = hub.letter_of(matter, plan)
    if found is None:
        permissions.check_write(request.actor, matter, area, plan)
        raise Http404("This letter was not begun.")
    if not allowed(permissions.check_second_person, request.actor, matter, area, found):
        permissions.check_write(request.actor, matter, area, plan)
    return matter, area, plan, found


@signed_in
def letter_recipients(request: ActingRequest, reference: str, slug: str) -> HttpResponse:
    """Who gets it, by name, role and agency: those the rule names, and others with the reason."""
    matter, _, plan, found = _begun(request, reference, slug)
    form = forms.RecipientForm(posted(request))
    url = reverse("letter-recipients", args=[reference, slug])
    return form_page(
        request, form,
        lambda: actions.add_recipient(
            case_id=matter.case_id, slug=slug, by=request.actor, now=request.now, **given(form)
        ),
        "The recipient was added.", url,
        template="papers/recipients.html", page_title="Who gets this letter", submit_label="Add this recipient",
        reference=reference, slug=slug, plan=plan, rows=found.recipients.order_by("is_copy", "pk"),
        back_url=reverse("letter-issue", args=[reference, slug]), back_label="Back to the letter",
        cancel_url=reverse("letter-issue", args=[reference, slug]),
    )  # fmt: skip


@signed_in
def letter_recipient_remove(
    request: ActingRequest, reference: str, slug: str, recipient: uuid.UUID
) -> HttpResponse:
    matter, _, plan, found = _begun(request, reference, slug)
    row = found.recipients.filter(uuid=recipient).first()
    if row is None:
        raise Http404("No such recipient.")
    form = ReasonForm(
        posted(request),
        label="Why do they not get this letter?",
        message="Enter why they do not get this letter",
    )
    url = reverse("letter-recipients", args=[reference, slug])
    return form_page(
        request, form,
        lambda: actions.remove_recipient(
            case_id=matter.case_id, slug=slug, by=request.actor, recipient=recipient,
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
    matter, area, plan, found = _begun(request, reference, slug)
    if request.method != "POST":
        policies.check_editable(found)
    desk = actions.Desk(matter, area, plan)
    to_check = found.needs_check and found.checked_at is None
    form: Any = OnceForm(posted(request)) if to_check else forms.IssueForm(posted(request))
    context: dict[str, Any] = {
        "reference": reference, "slug": slug, "plan": plan, "found": found, "to_check": to_check,
        "letter": actions.printed_of(desk, found, request.actor, request.now),
        "page_title": hub.letter_title(plan, area), "tab": LetterKind(plan.kind).label, "versions": found.texts.count(),
        "ends": [tell.what for tell in policies.ended_by(found.tells, matter, area)],
    }  # fmt: skip
    if to_check:
        return form_page(
            request, form,
            lambda: actions.send_for_check(case_id=matter.case_id, slug=slug, by=request.actor, now=request.now),
            "The letter waits for a second person. They were told.", reverse("papers", args=[reference]),
            template="papers/issue.html", submit_label="Send it to a second person", **context,
        )  # fmt: skip
    return form_page(
        request, form,
        lambda: actions.issue(
            case_id=matter.case_id, slug=slug, by=request.actor, how=form.cleaned_data["how"], now=request.now
        ),
        "The letter was issued. Open it below and send it.", reverse("papers", args=[reference]),
        template="papers/issue.html", submit_label="Issue the letter", **context,
    )  # fmt: skip


@signed_in
def letter_check(request: ActingRequest, reference: str, slug: str) -> HttpResponse:
    """The second person looks at a letter before it is issued (CAM-15)."""
    matter, area = open_matter(request, reference)
    plan = hub.plan_or_404(matter, area, slug)
    found = hub.letter_of(matter, plan)
    if found is None:
        if not permissions.works_on(request.actor, matter, area):
            permissions.check_write(request.actor, matter, area, plan)
        raise Http404("This letter was not begun.")
    permissions.check_second_person(request.actor, matter, area, found)
    form = forms.CheckLetterForm(posted(request))
    desk = actions.Desk(matter, area, plan)
    return form_page(
        request, form,
        lambda: actions.check_letter(
            case_id=matter.case_id, slug=slug, by=request.actor, passed=form.cleaned_data["passed"] == "yes",
            note=form.cleaned_data["note"], now=request.now,
        ),
        "Your check was recorded.", reverse("papers", args=[reference]),
        template="papers/check.html", page_title=f"Check: {hub.letter_title(plan, area)}", tab=f"Check: {LetterKind(plan.kind).label}", submit_label="Save your check",
        reference=reference, slug=slug, plan=plan, found=found,
        letter=actions.printed_of(desk, found, request.actor, request.now),
    )  # fmt: skip


@signed_in
def letter_drop(request: ActingRequest, reference: str, slug: str) -> HttpResponse:
    matter, area, plan, _ = _begun(request, reference, slug)
    form = ReasonForm(posted(request), label="Why?", required=False)
    return form_page(
        request, form,
        lambda: actions.drop(
            case_id=matter.case_id, slug=slug, by=request.actor, reason=form.cleaned_data["reason"], now=request.now
        ),
        "The draft was dropped.", reverse("papers", args=[reference]), page_title="Drop this draft",
        submit_label="Drop it", reference=reference,
        lead=f"{hub.letter_title(plan, area)}. What you wrote stays on record. A new draft begins from what is recorded.",
    )  # fmt: skip


@acting
def letter_issued(request: ActingRequest, reference: str, letter_uuid: uuid.UUID) -> HttpResponse:
    """An issued letter: its stored bytes."""
    matter, area = open_matter(request, reference)
    found = (
        Letter.objects.select_related("issued", "case")
        .filter(case=matter.case, uuid=letter_uuid, issued_at__isnull=False)
        .first()
    )
    if found is None:
        raise Http404("No such letter.")
    permissions.check_read_letter(request.actor, matter, area, found)
    data = actions.open_letter(found, by=request.actor, now=request.now)
    return pdf_response(data, f"{reference}-{found.kind.replace('_', '-')}")
