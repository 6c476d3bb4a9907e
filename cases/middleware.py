"""Gives a guest's request its actor, where nobody is signed in: someone signed in is never mixed up with a guest."""

from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.edge import GUEST_KEY
from cases.actions import seen
from cases.selectors import guest_actor, visit_of
from core.clock import london_date
from partnerships.selectors import guest_membership


class GuestMiddleware:
    """Sets `request.membership` and `request.actor` of a guest, and `request.guest_home`, the one page that is theirs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.guest_home = ""
        visit_uuid = request.session.get(GUEST_KEY)
        if visit_uuid and not request.user.is_authenticated:
            self._let_in(request, visit_uuid)
        return self.get_response(request)

    @staticmethod
    def _let_in(request: Any, visit_uuid: str) -> None:
        visit = visit_of(visit_uuid, request.now)
        membership = (
            guest_membership(visit.invitation.membership_id, london_date(request.now)) if visit else None
        )
        if visit is None or membership is None:
            request.guest_ended = True
            return
        seen(visit, now=request.now)
        request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))[:40]
        request.membership = membership
        request.actor = guest_actor(visit.invitation.participant, membership, request_id)
        request.guest_home = reverse("case", args=[visit.invitation.case.reference])
