"""Letters in the words of a record that never changes: a refusal to hold a conference, a complaint acknowledged."""

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse

from accounts.edge import ActingRequest, signed_in
from complaints.selectors import get_complaint_or_404
from convening.selectors import get_convening_or_404
from papers import actions, forms, permissions
from papers.selectors.complaints import complaint_letter_of, complaint_printed
from papers.selectors.refusals import refusal_letter_of, refusal_printed
from papers.views.pages import form_page, pdf_response, posted


@signed_in
def convene_letter(request: ActingRequest, reference: str, step: str) -> HttpResponse:
    """The issued letter as its bytes; before that, the page on which it is issued."""
    convening = get_convening_or_404(request.actor, reference)
    answer = (
        convening.answers.select_related("convening__case__partnership", "addressee")
        .filter(step=step)
        .first()
    )
    if answer is None:
        raise Http404("The request has no such answer.")
    letter = refusal_letter_of(answer)
    if letter is not None and request.method != "POST":
        data = actions.open_letter(letter, by=request.actor, now=request.now)
        return pdf_response(data, f"{convening.case.reference}-not-convene")
    permissions.check_issue_refusal(request.actor, answer)
    form: Any = forms.IssueForm(posted(request))
    url = reverse("case", args=[convening.case.reference])
    return form_page(
        request, form,
        lambda: actions.issue_refusal(answer_id=answer.pk, by=request.actor, how=form.cleaned_data["how"], now=request.now),
        "The letter was issued. Open it below and send it.", url,
        template="papers/refusal.html", page_title="Letter: no conference", submit_label="Issue the letter",
        reference=convening.case.reference, back_label="Back to the request", letter=refusal_printed(answer, request.now),
    )  # fmt: skip


@signed_in
def complaint_letter(request: ActingRequest, reference: str) -> HttpResponse:
    """The letter that acknowledges a complaint: issued once, then its bytes."""
    complaint = get_complaint_or_404(request.actor, reference)
    letter = complaint_letter_of(complaint)
    if letter is not None and request.method != "POST":
        data = actions.open_letter(letter, by=request.actor, now=request.now)
        return pdf_response(data, f"{complaint.case.reference}-acknowledgement")
    permissions.check_issue_acknowledgement(request.actor, complaint)
    form: Any = forms.IssueForm(posted(request))
    url = reverse("complaint", args=[complaint.case.reference])
    return form_page(
        request, form,
        lambda: actions.issue_acknowledgement(
            complaint_id=complaint.pk, by=request.actor, how=form.cleaned_data["how"], now=request.now
        ),
        "The letter was issued. Open it below and send it.", url,
        template="papers/refusal.html", page_title="Letter: we have received your complaint",
        submit_label="Issue the letter", reference=complaint.case.reference, back_label="Back to the complaint",
        letter=complaint_printed(complaint, request.membership, request.now),
    )  # fmt: skip
