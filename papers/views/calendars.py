"""Dates for a person's own calendar: one at a time, and a private address that follows them all."""

import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.edge import ActingRequest, OnceForm, form_status, signed_in
from cases.selectors import get_case_or_404
from conferences.selectors import get_conference_or_404
from core.clock import london_date
from deadlines.actions import reset_feed
from deadlines.selectors import feed_owner, open_feed
from papers.selectors import calendars as made
from papers.views.pages import posted
from partnerships.selectors import actor_for


def _ics(data: bytes, name: str) -> HttpResponse:
    response = HttpResponse(data, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.ics"'
    response["Cache-Control"] = "no-store, private"
    return response


@signed_in
def date(request: ActingRequest, reference: str, deadline_uuid: uuid.UUID) -> HttpResponse:
    """One date of a case."""
    case = get_case_or_404(request.actor, reference)
    deadline = case.deadlines.filter(uuid=deadline_uuid, due_at__isnull=False).first()
    if deadline is None:
        raise Http404("No such date.")
    return _ics(
        made.calendar_of([made.entry_of_deadline(deadline)], request.now, practice=request.actor.practice),
        case.reference,
    )


@signed_in
def conference(request: ActingRequest, reference: str) -> HttpResponse:
    """When a conference is held."""
    found = get_conference_or_404(request.actor, reference)
    return _ics(
        made.calendar_of([made.entry_of_conference(found)], request.now, practice=request.actor.practice),
        found.reference,
    )


@signed_in
def calendar(request: ActingRequest) -> HttpResponse:
    """A private address for one's own calendar: made, and made anew. It is shown once, when it is made."""
    form = OnceForm(posted(request))
    context: dict[str, Any] = {"form": form, "feed": open_feed(request.actor)}
    if form.is_bound and form.is_valid():
        token = reset_feed(by=request.actor, now=request.now)
        context["address"] = request.build_absolute_uri(reverse("calendar-feed", args=[token]))
        context["feed"] = open_feed(request.actor)
        context["form"] = OnceForm()
    return render(request, "papers/calendar.html", context, status=form_status(form))


@require_safe
def feed(request: Any, token: str) -> HttpResponse:
    """The calendar behind a private address. Nobody signs in here: the address is the key, and holds references only."""
    membership = feed_owner(token, london_date(request.now))
    if membership is None:
        raise Http404("No such calendar.")
    actor = actor_for(membership, london_date(request.now))
    entries = made.entries_for(actor, request.now)
    return _ics(made.calendar_of(entries, request.now, practice=actor.practice), "professional-dissent")
