"""What can be taken out of the service: a case as data or on paper, and the dissents for a summary."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render

from accounts.edge import ActingRequest, signed_in
from conferences.selectors import area_of_conference, get_conference_or_404
from papers import actions, permissions
from papers.selectors.export import case_as_data, case_as_page
from papers.selectors.extract import extract_of
from papers.views.pages import open_matter


@signed_in
def case_export(request: ActingRequest, reference: str) -> HttpResponse:
    """A case as JSON: whole for the reviewing manager, without what people wrote for the admin."""
    matter, area = open_matter(request, reference)
    permissions.check_export(request.actor, matter, area)
    whole = permissions.exports_whole(request.actor, matter, area)
    actions.note_export(case=matter.case, by=request.actor, whole=whole, now=request.now)
    data = case_as_data(matter, area, request.now, whole=whole)
    response = JsonResponse(data, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="{matter.case.reference}.json"'
    response["Cache-Control"] = "no-store, private"
    return response


@signed_in
def case_print(request: ActingRequest, reference: str) -> HttpResponse:
    """The same on a page to be printed."""
    matter, area = open_matter(request, reference)
    permissions.check_export(request.actor, matter, area)
    whole = permissions.exports_whole(request.actor, matter, area)
    actions.note_export(case=matter.case, by=request.actor, whole=whole, now=request.now)
    parts = case_as_page(case_as_data(matter, area, request.now, whole=whole))
    context = {"reference": matter.case.reference, "parts": parts, "whole": whole}
    return render(request, "papers/print.html", context)


@signed_in
def conference_extract(request: ActingRequest, reference: str) -> HttpResponse:
    """The dissents of a conference for its summary, to copy or to print (SUS-24)."""
    conference = get_conference_or_404(request.actor, reference)
    area = area_of_conference(conference)
    permissions.check_extract(request.actor, conference, area)
    actions.note_extract(conference=conference, by=request.actor, now=request.now)
    shown = extract_of(conference, area, request.GET.get("child", ""))
    return render(
        request, "papers/extract.html", {"conference": conference, "reference": conference.reference, **shown}
    )
