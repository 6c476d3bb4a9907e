"""Builds the actor of each request, once: one person in the one membership that is active in the session."""

from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

from core.clock import edge_now, london_date
from partnerships.models import Membership
from partnerships.selectors import actor_for, memberships_of

SESSION_KEY = "membership"


class ActorMiddleware:
    """Sets `request.now`, `request.membership` and `request.actor` (None without an active membership)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.now = edge_now()
        request.membership = None
        request.actor = None
        request.membership_choices = 0
        if request.user.is_authenticated:
            today = london_date(request.now)
            choices = list(memberships_of(request.user.pk, today))
            real = [m for m in choices if not m.partnership.is_practice]
            request.membership_choices = len(real)
            chosen = request.session.get(SESSION_KEY)
            membership = next((m for m in choices if m.pk == chosen), None)
            if membership is None and len(real) == 1:  # practice is gone to on purpose, never by signing in
                membership = real[0]
            if membership is not None:
                self._activate(request, membership)
        return self.get_response(request)

    @staticmethod
    def _activate(request: Any, membership: Membership) -> None:
        request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))[:40]
        request.membership = membership
        request.actor = actor_for(membership, london_date(request.now), request_id)
