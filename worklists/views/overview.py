"""The admin's overview at a glance, and the list behind each of its numbers."""

from django.http import HttpResponse
from django.shortcuts import render

from accounts.edge import ActingRequest, signed_in
from partnerships.actions import check_admin
from partnerships.selectors import area_in_force
from worklists.selectors.overview import cases_listed, overview_of


@signed_in
def overview(request: ActingRequest) -> HttpResponse:
    """What is open, by stage and holder; what is late, or soon; what waits; and what is wrong with posts and messages."""
    check_admin(request.actor, request.membership.partnership_id)
    found = overview_of(request.actor, area_in_force(request.membership), request.now)
    return render(request, "worklists/overview.html", {"overview": found})


@signed_in
def cases(request: ActingRequest) -> HttpResponse:
    """Open cases by one of the overview's numbers: late, waiting, at a stage, with a holder."""
    check_admin(request.actor, request.membership.partnership_id)
    found = cases_listed(request.actor, area_in_force(request.membership), request.GET.dict(), request.now)
    return render(
        request, "worklists/overview_cases.html", {"found": found, "page": found.page, "query": found.query}
    )
