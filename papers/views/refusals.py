"""From a page of a request or a complaint to its letter: its bytes once it was issued, until then where it is written."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from accounts.edge import ActingRequest, acting, signed_in
from cases.selectors import area_of_case
from complaints.selectors import get_complaint_or_404
from convening.selectors import get_convening_or_404
from core.refusals import Denied, allowed
from papers import actions, permissions, policies
from papers.policies import Matter
from papers.selectors import hub
from papers.views.pages import pdf_response


@acting
def convene_letter(request: ActingRequest, reference: str, step: str) -> HttpResponse:
    """The letter of a decision not to hold a conference (SUS-14, HIPS-3)."""
    convening = get_convening_or_404(request.actor, reference)
    if not convening.answers.filter(step=step).exists():
        raise Http404("The request has no such answer.")
    return _letter(request, convening, f"not_convene.{step}", "not-convene")


@signed_in
def complaint_letter(request: ActingRequest, reference: str) -> HttpResponse:
    """The letter that acknowledges a complaint (CAM-19)."""
    complaint = get_complaint_or_404(request.actor, reference)
    return _letter(request, complaint, policies.COMPLAINT_KEY, "acknowledgement")


def _letter(request: ActingRequest, matter: Matter, slug: str, name: str) -> HttpResponse:
    area = area_of_case(matter.case)
    plan = hub.plan_or_404(matter, area, slug)
    found = hub.letter_of(matter, plan)
    if found is None or found.issued_at is None:
        if not allowed(permissions.check_write, request.actor, matter, area, plan):
            raise Denied(
                "The letter is not issued yet. What was answered stands on the page that led you here.",
                rule=plan.rule,
            )
        return redirect("letter-issue" if found else "letter", matter.case.reference, slug)
    permissions.check_read_letter(request.actor, matter, area, found)
    data = actions.open_letter(found, by=request.actor, now=request.now)
    return pdf_response(data, f"{matter.case.reference}-{name}")
