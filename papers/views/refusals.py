"""The letter of a decision not to hold a conference: sent once by whoever answered, read by those of the request."""

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse

from accounts.edge import ActingRequest, signed_in
from convening.selectors import get_convening_or_404
from papers import actions, forms, permissions
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
