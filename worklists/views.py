"""Pages that join the rooms: what is mine to do, one case, finding, and the pages that say why there is none."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.edge import ActingRequest, signed_in
from notifications.selectors import undelivered
from partnerships.selectors import area_in_force
from partnerships.states import RECORDERS, Role
from worklists import selectors
from worklists.context import home_label


@signed_in
def home(request: ActingRequest) -> HttpResponse:
    """What is mine to do, what waits for others, what is late, and what was closed lately."""
    actor, now = request.actor, request.now
    closed = request.GET.get("closed") == "all"
    found = selectors.work_list(actor, now, number=request.GET.get("page", "1"), all_closed=closed)
    area = area_in_force(request.membership)
    context: dict[str, Any] = {
        "page_title": home_label(actor.role),
        "sections": [s for s in found.sections if s.rows or (s.part.empty and found.page.number == 1)],
        "page": found.page,
        "query": "closed=all&" if closed else "",
        "all_closed": closed,
        "area": area,
        "has_rows": found.page.paginator.count > 0,
    }
    if actor.role in RECORDERS:
        context["conferences"] = selectors.conferences_ahead(actor, now)
    if actor.role == Role.PARTNERSHIP_ADMIN:
        context["undelivered"] = list(undelivered(request.membership.partnership_id)[: selectors.PAGE])
        context["unfilled"] = found.posts.unfilled(area) if area else []
        context["banner"] = selectors.review_banner(area, now)
    if actor.role == Role.PRACTITIONER:
        context["empty_words"] = selectors.practitioner_empty(area)
    return render(request, "worklists/home.html", context)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form whose security token is missing or old."""
    return render(request, "errors/csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return render(request, "500.html", status=500)
