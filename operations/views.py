"""Whether this process lives, whether people can be served, and whether the work is done: yes or no, and no more."""

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.clock import database_now
from operations import selectors


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
