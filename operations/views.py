"""Whether this process lives, whether people can be served, and whether the work is done: yes or no, and no more."""

import secrets

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from accounts.edge import ActingRequest, signed_in
from core.clock import database_now
from core.gather import gather
from operations import selectors
from partnerships.actions import check_admin


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is asked."""
    return _answer({})


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """The database answers, has this release's tables, and no restore waits for an operator."""
    return _answer(selectors.readiness())


@never_cache
@require_safe
def work(request: HttpRequest) -> HttpResponse:
    """What must be done is done: the watchdog looks at the work, not at the processes."""
    try:
        return _answer(selectors.work(database_now()).checks)
    except DatabaseError:
        return _answer({"database": False})


def _answer(checks: dict[str, bool]) -> HttpResponse:
    good = all(checks.values())
    return JsonResponse({"ok": good, **checks}, status=200 if good else 503)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures of the whole installation for Prometheus, to who has the token. Numbers only, of no partnership."""
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    given = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or not secrets.compare_digest(given.encode(), wanted.encode()):
        raise Http404("There is no such page.")
    registry = CollectorRegistry()
    for name, words, value in selectors.figures(selectors.work(database_now())):
        Gauge(f"dissent_{name}", words, registry=registry).set(value)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


@signed_in
def service(request: ActingRequest) -> HttpResponse:
    """For a partnership's office: whether dates are looked after and messages go out, in plain words."""
    tenant = request.membership.partnership_id
    check_admin(request.actor, tenant)
    found = selectors.work(database_now())
    context = {
        "warnings": selectors.office_warnings(found.now, tenant, gather(*selectors.service_reads())),
        "swept_at": found.swept_at,
        "looked_at": found.look.looked_at if found.look else None,
    }
    return render(request, "operations/service.html", context)
