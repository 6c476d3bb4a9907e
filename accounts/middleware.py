"""How long a session lasts: thirty minutes without use, and never longer than twelve hours."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib.auth import logout
from django.http import HttpResponse

IDLE = dt.timedelta(minutes=30)
WHOLE = dt.timedelta(hours=12)
BEGAN, USED = "began", "used"  # in the session, as seconds
NOTED_EVERY = 60  # seconds: that a session is used is written down once a minute


def seconds_left(session: Any, now: dt.datetime, *, used: bool = False) -> dict[str, int]:
    """Seconds until a session ends: `left`, and `whole`, which no use of it lengthens. `used`: counted from now."""
    at = int(now.timestamp())
    whole = session.get(BEGAN, at) + int(WHOLE.total_seconds()) - at
    idle = (at if used else session.get(USED, at)) + int(IDLE.total_seconds()) - at
    return {"left": max(0, min(whole, idle)), "whole": max(0, whole)}


class SessionEnds:
    """Signs a person out when the session is over, and notes its use. Stands behind the middleware that reads
    `request.now` and builds the actor.

    `request.was_user_id` says whose session just ended, so that what they sent can be kept for them.
    """

    def __init__(self, get_response: Callable[[Any], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        if request.user.is_authenticated and not seconds_left(request.session, request.now)["left"]:
            was = request.user.pk
            logout(request)
            request.was_user_id, request.actor, request.membership = was, None, None
        response = self.get_response(request)
        if request.user.is_authenticated and not getattr(request, "only_asking", False):
            self._note(request)
        return response

    @staticmethod
    def _note(request: Any) -> None:
        at = int(request.now.timestamp())
        request.session.setdefault(BEGAN, at)
        if at - request.session.get(USED, 0) >= NOTED_EVERY:
            request.session[USED] = at
