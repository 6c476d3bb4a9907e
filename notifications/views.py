"""A person's notices and how they want to be told; for the admin what did not arrive; Notify's delivery receipts; and,
in a demonstration, every e-mail as it was sent."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.edge import ActingRequest, form_status, say_done, signed_in, submit
from core.refusals import Denied
from core.templatetags.pd import plural
from notifications import actions
from notifications.actions import mark_all_read, mark_read
from notifications.forms import OtherwiseForm, PaceForm, SendAgainForm
from notifications.selectors import (
    emails_kept,
    immediate_tells,
    keys_kept,
    notices_of,
    pace_of,
    unaddressed,
    unaddressed_row,
    unreached,
    unreached_person,
)
from partnerships.actions import check_admin
from partnerships.selectors import area_in_force
from protocols.describe import seat_words

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
def how_we_tell_you(request: ActingRequest) -> HttpResponse:
    """At once or once a day; and what the protocol makes immediate, whatever is chosen."""
    own = request.membership
    chosen = pace_of(own.partnership_id, own.user_id)
    form = PaceForm(request.POST if request.method == "POST" else None, initial={"pace": chosen})
    if request.method == "POST" and form.is_valid():
        response = submit(
            request,
            form,
            lambda: actions.choose_pace(pace=form.cleaned_data["pace"], by=request.actor, now=request.now),
            lambda _: say_done(request, "Saved: how we tell you.", reverse("how-we-tell-you")),
        )
        if response:
            return response
    context = {"form": form, "email": own.user.email, "immediate": immediate_tells(area_in_force(own))}
    return render(request, "notifications/how.html", context, status=form_status(form))


# --- what did not arrive: tasks of the partnership admin --------------------------------------------------------------


@signed_in
def not_delivered(request: ActingRequest) -> HttpResponse:
    """Whom no email reached and why, posts that nobody is in, and what to do about each."""
    own = request.membership.partnership
    check_admin(request.actor, own.pk)
    area = area_in_force(request.membership)
    page = Paginator(unreached(own.pk), PAGE).get_page(request.GET.get("page"))
    context = {
        "people": page.object_list,
        "page": page,
        "rows": [
            {"row": row, "for_words": seat_words(area, row.seat) if area and ":" in row.seat else row.seat}
            for row in unaddressed(own.pk)[:PAGE]
        ],
        "by_notify": bool(settings.NOTIFY_API_KEY),
    }
    return render(request, "notifications/not_delivered.html", context)


@signed_in
def send_again(request: ActingRequest, message: uuid.UUID) -> HttpResponse:
    """Correct a person's address and send them again what did not arrive."""
    person = unreached_person(message, request.membership.partnership_id)
    if person is None:
        raise Http404("Nothing of this kind is waiting.")
    check_admin(request.actor, request.membership.partnership_id)
    form = SendAgainForm(request.POST if request.method == "POST" else None, initial={"email": person.email})

    def send() -> int:
        return actions.send_again(
            message_uuid=message, email=form.cleaned_data["email"], by=request.actor, now=request.now
        )

    def said(count: int) -> str:
        return f"{plural(count, 'email')} will be sent to {person.name} again."

    return _seen_to(request, form, send, said, "notifications/send_again.html", {"person": person})


@signed_in
def told_otherwise(request: ActingRequest, message: uuid.UUID) -> HttpResponse:
    """A person whom no email reached was told in another way."""
    person = unreached_person(message, request.membership.partnership_id)
    if person is None:
        raise Http404("Nothing of this kind is waiting.")
    check_admin(request.actor, request.membership.partnership_id)
    form = OtherwiseForm(request.POST if request.method == "POST" else None)

    def tell() -> int:
        return actions.tell_otherwise(
            message_uuid=message, how=form.cleaned_data["how"], by=request.actor, now=request.now
        )

    def said(count: int) -> str:
        return f"Recorded that {person.name} was told."

    return _seen_to(request, form, tell, said, "notifications/told.html", {"person": person})


@signed_in
def told_post_otherwise(request: ActingRequest, row: uuid.UUID) -> HttpResponse:
    """Whoever a message was for that found nobody was told in another way."""
    found = unaddressed_row(row, request.membership.partnership_id)
    if found is None:
        raise Http404("Nothing of this kind is waiting.")
    check_admin(request.actor, request.membership.partnership_id)
    form = OtherwiseForm(request.POST if request.method == "POST" else None)

    def tell() -> Any:
        return actions.see_to_unaddressed(
            outbox_uuid=row, how=form.cleaned_data["how"], by=request.actor, now=request.now
        )

    def said(_: Any) -> str:
        return "Recorded that whoever it was for was told."

    return _seen_to(request, form, tell, said, "notifications/told.html", {"row": found})


def _seen_to(
    request: ActingRequest,
    form: Any,
    act: Callable[[], Any],
    said: Callable[[Any], str],
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        response = submit(
            request, form, act, lambda done: say_done(request, said(done), reverse("not-delivered"))
        )
        if response:
            return response
    return render(request, template, {"form": form, **context}, status=form_status(form))


@csrf_exempt
@require_POST
def receipt(request: HttpRequest) -> HttpResponse:
    """A delivery receipt of GOV.UK Notify, which bears the token that was agreed with it. Twice is as good as once."""
    if not settings.NOTIFY_CALLBACK_TOKEN:
        raise Http404("No receipts are expected here.")
    bearer = request.headers.get("Authorization", "")
    if not constant_time_compare(bearer, f"Bearer {settings.NOTIFY_CALLBACK_TOKEN}"):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    try:
        given = json.loads(request.body)
        key, ref, status = uuid.UUID(str(given["reference"])), str(given["id"])[:60], str(given["status"])
    except (ValueError, KeyError, TypeError):
        return HttpResponse(status=400)
    now = request.now  # type: ignore[attr-defined]
    known = actions.take_receipt(key=key, ref=ref, status=status, now=now)
    return HttpResponse(status=204 if known else 404)


@signed_in
def mail(request: ActingRequest) -> HttpResponse:
    """Every e-mail of the partnership as it was worded. Only in a demonstration and in practice, where no real person
    gets any."""
    if not settings.DEMONSTRATION and not request.actor.practice:
        raise Http404("There is no such page.")
    page = Paginator(emails_kept(request.actor.partnership_id), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "notifications/mail.html",
        {"page": page, "straight": keys_kept(request.membership.partnership_id)[:PAGE]},
    )
