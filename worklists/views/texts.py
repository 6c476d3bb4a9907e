"""The protocol on screen, for the partnership admin: its versions, a text that waits, and its publication."""

import uuid
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

import protocols
from accounts.edge import ActingRequest, OnceForm, form_status, refused, say_done, signed_in, submit
from core.clock import london_date
from core.templatetags.pd import day_date
from deadlines.forms import EventsForm
from deadlines.selectors import public_calendar
from partnerships import actions
from partnerships.models import Partnership, ProtocolUpload
from partnerships.selectors import text_of_upload, text_on, uploads_of, version_texts
from protocols.calendar import CalendarHorizon
from worklists.forms import ProtocolFileForm
from worklists.selectors import texts as selectors


def _own(request: ActingRequest) -> Partnership:
    own: Partnership = request.membership.partnership
    actions.check_admin(request.actor, own.pk)
    return own


@signed_in
def versions(request: ActingRequest) -> HttpResponse:
    """The versions of the protocol, texts that were brought, and a form to bring a new one."""
    own, today = _own(request), london_date(request.now)
    posted = request.method == "POST"
    form = ProtocolFileForm(
        request.POST if posted else None,
        request.FILES if posted else None,
        too_large=getattr(request, "too_large", False),
    )
    if form.is_bound and form.is_valid():
        bring = partial(
            actions.upload_protocol,
            partnership_id=own.pk,
            text=form.cleaned_data["file"],
            by=request.actor,
            now=request.now,
        )
        response = submit(request, form, bring, lambda row: reverse("protocol-upload", args=[row.uuid]))
        if response:
            return response
    published, uploads = version_texts(own.slug), uploads_of(own.pk)
    context = {
        "form": form,
        "mistakes": form.mistakes[:MISTAKES],
        "more_mistakes": max(0, len(form.mistakes) - MISTAKES),
        "versions": selectors.versions_listed(published, own.slug, today),
        "waiting": next((row for row in uploads if not (row.withdrawn_at or row.published_as_id)), None),
        "past": [row for row in uploads if row.withdrawn_at or row.published_as_id],
        "slug": own.slug,
    }
    return render(request, "worklists/protocol_versions.html", context, status=form_status(form))


MISTAKES = 200  # of a file, shown on its page


@signed_in
def upload(request: ActingRequest, upload: uuid.UUID) -> HttpResponse:
    """One text that was brought: what it changes, whom it does not touch, and dates by it and by the present one."""
    own = _own(request)
    row = selectors.get_upload_or_404(own.pk, upload)
    whole, old = text_of_upload(row), _before(row, own.slug)
    new = whole.area(own.slug)
    form = EventsForm(request.GET or None, area=new, beside=old)
    context: dict[str, Any] = {
        "upload": row,
        "area": new,
        "old": old,
        "standing": selectors.standing_of(row, request.actor),
        "stops": selectors.hindrances(row, new, own, request.now),
        "changes": selectors.changes_of(old, new),
        "untouched": selectors.untouched_by(request.actor, row.effective_from),
        "others": [area for area in whole.areas if area.slug != own.slug],
        "form": form,
        "once": OnceForm(),
    }
    if form.is_bound and form.is_valid():
        calendars = (public_calendar(old), public_calendar(new))
        try:
            context["pairs"] = selectors.side_by_side(old, new, form.given(), calendars)
        except CalendarHorizon:
            form.add_error(
                None,
                f"Bank holidays are known from {day_date(calendars[1].first)} to {day_date(calendars[1].last)}. A date "
                "that leaves those years is not guessed",
            )
    return render(request, "worklists/protocol_upload.html", context, status=form_status(form))


def _before(row: ProtocolUpload, slug: str) -> protocols.AreaProtocol:
    """What holds on the day before a text begins: what it is compared with."""
    others = [version for version in version_texts(slug) if version.pk != row.published_as_id]
    earlier = [version for version in others if version.effective_from < row.effective_from]
    return text_on(slug, row.effective_from, earlier or others)


@require_POST
@signed_in
def publish_upload(request: ActingRequest, upload: uuid.UUID) -> HttpResponse:
    """The second person publishes the text."""
    own = _own(request)
    act = partial(
        actions.publish_upload, partnership_id=own.pk, upload=upload, by=request.actor, now=request.now
    )
    return _done(
        request, own, upload, act, "The text is published. Everybody reads it on the page of the protocol."
    )


@require_POST
@signed_in
def withdraw_upload(request: ActingRequest, upload: uuid.UUID) -> HttpResponse:
    own = _own(request)
    act = partial(
        actions.withdraw_upload, partnership_id=own.pk, upload=upload, by=request.actor, now=request.now
    )
    return _done(request, own, upload, act, "The text was withdrawn. Nothing was published.")


def _done(request: ActingRequest, own: Partnership, upload: uuid.UUID, act: Any, words: str) -> HttpResponse:
    selectors.get_upload_or_404(own.pk, upload)
    form = OnceForm(request.POST)
    if form.is_valid():
        response = submit(
            request, form, act, lambda _: say_done(request, words, reverse("protocol-versions"))
        )
        if response:
            return response
        denied = getattr(form, "denied", None)
        if denied is not None:
            return refused(request, denied)
    return redirect("protocol-upload", upload)
