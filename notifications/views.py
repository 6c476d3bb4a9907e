"""A person's notices, and, in a demonstration, every e-mail as it was sent."""

import uuid

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.edge import ActingRequest, signed_in
from core.refusals import Denied
from notifications.actions import mark_all_read, mark_read
from notifications.selectors import emails_kept, keys_kept, notices_of

PAGE = 25


@signed_in
def notices(request: ActingRequest) -> HttpResponse:
    """What this service has told the person, newest first."""
    rows = notices_of(request.membership.user_id, request.membership.partnership_id)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(request, "notifications/notices.html", {"page": page})


@require_POST
@signed_in
def read_notice(request: ActingRequest, notice: uuid.UUID) -> HttpResponse:
    """Mark a notice as read and go to what it is about."""
    try:
        message = mark_read(message_uuid=notice, by=request.actor, now=request.now)
    except Denied:
        raise Http404("No such notice.") from None
    if request.POST.get("open") and message.link:
        return redirect(message.link)
    return redirect("notices")


@require_POST
@signed_in
def read_all_notices(request: ActingRequest) -> HttpResponse:
    mark_all_read(by=request.actor, now=request.now)
    return redirect("notices")


@signed_in
def mail(request: ActingRequest) -> HttpResponse:
    """Every e-mail of the partnership as it was worded. Only in a demonstration, where no real person gets any."""
    if not settings.DEMONSTRATION:
        raise Http404("There is no such page.")
    page = Paginator(emails_kept(request.actor.partnership_id), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "notifications/mail.html",
        {"page": page, "straight": keys_kept(request.membership.partnership_id)[:PAGE]},
    )
