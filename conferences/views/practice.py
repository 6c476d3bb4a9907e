"""Practice: a twin of the partnership in which nothing is real, gone to and left on purpose."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.actions import note_role_chosen
from accounts.edge import ActingRequest, OnceForm, form_status, say, say_done, signed_in, submit
from conferences import actions
from conferences.models import Conference
from conferences.selectors import conferences_listed
from conferences.views.booking import here
from core.clock import london_date
from core.refusals import Denied
from partnerships import actions as partnerships
from partnerships.middleware import SESSION_KEY
from partnerships.models import Membership
from partnerships.selectors import actor_for, practice_twin, way_back
from partnerships.states import RECORDERS, Role

SHOWN = 10


@signed_in
def practice(request: ActingRequest) -> HttpResponse:
    """What practice is, and the way in; once there, the conferences that were practised, and the way out."""
    return _page(request, OnceForm())


def _page(request: ActingRequest, form: OnceForm) -> HttpResponse:
    actor = request.actor
    twin = None if actor.practice else practice_twin(actor.partnership_id or 0)
    context = {
        "form": form,
        "again": OnceForm(auto_id=False),
        "is_open": actor.practice or twin is not None,
        "records": actor.role in RECORDERS,
        "is_admin": actor.role == Role.PARTNERSHIP_ADMIN and not actor.practice,
        "conferences": conferences_listed(actor, request.now)[:SHOWN] if actor.practice else [],
    }
    return render(request, "conferences/practice.html", context, status=form_status(form))


def _go(request: ActingRequest, membership: Membership) -> None:
    """From here on the session acts in this membership."""
    request.session[SESSION_KEY] = membership.pk
    note_role_chosen(by=actor_for(membership, london_date(request.now)), now=request.now)


@require_POST
@signed_in
def practice_start(request: ActingRequest) -> HttpResponse:
    """Begin a practice conference; whoever is not in practice yet goes there."""
    form = OnceForm(request.POST)
    if form.is_valid():
        response = submit(request, form, lambda: _begin(request), here)
        if response:
            return response
    return _page(request, form)


def _begin(request: ActingRequest) -> Conference:
    joined = partnerships.join_practice(by=request.actor, now=request.now)
    by = actor_for(joined, london_date(request.now))
    conference = actions.start_practice(by=by, now=request.now)
    if not request.actor.practice:
        _go(request, joined)
    return conference


@require_POST
@signed_in
def practice_enter(request: ActingRequest) -> HttpResponse:
    """Go to practice, in the role that one has."""
    form = OnceForm(request.POST)
    try:
        joined = partnerships.join_practice(by=request.actor, now=request.now)
    except Denied as denied:
        form.full_clean()
        say(form, denied)
        return _page(request, form)
    _go(request, joined)
    return redirect("home")


@require_POST
@signed_in
def practice_leave(request: ActingRequest) -> HttpResponse:
    """Back to the real partnership."""
    if request.actor.practice:
        membership = way_back(request.actor, london_date(request.now))
        if membership is None:
            request.session.pop(SESSION_KEY, None)
        else:
            _go(request, membership)
    return redirect("home")


@require_POST
@signed_in
def practice_open(request: ActingRequest) -> HttpResponse:
    """The admin opens practice, or empties it and starts it again."""
    form = OnceForm(request.POST)
    again = "again" in request.POST
    act = partnerships.restart_practice if again else partnerships.open_practice
    said = "Practice was emptied and is open again." if again else "Practice is open."
    if form.is_valid():
        response = submit(
            request, form, lambda: _open(request, act), lambda _: say_done(request, said, reverse("practice"))
        )
        if response:
            return response
    return _page(request, form)


def _open(request: ActingRequest, act: Any) -> Any:
    return act(partnership_id=request.actor.partnership_id or 0, by=request.actor, now=request.now)
