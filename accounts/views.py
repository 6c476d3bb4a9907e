"""Signing in and out, how long a session lasts, and what is typed and not sent yet."""

import uuid
from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.views import LoginView
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_POST

from accounts.actions import keep_draft, note_sign_in, throw_draft_away
from accounts.edge import ANY_FORM, GUEST_KEY, PAGE_LENGTH, ActingRequest, acting, form_status, typed_in
from accounts.forms import SignInForm
from accounts.middleware import seconds_left


class SignIn(LoginView):
    """Email address and password. `next` is followed only within this service."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        self.request.session.pop(GUEST_KEY, None)  # a guest's visit is never taken into an account
        with transaction.atomic():
            response = super().form_valid(form)
            note_sign_in(user_id=user.pk, name=user.name, now=self.request.now)  # type: ignore[attr-defined]
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=form_status(form))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign-in")


def session(request: Any) -> HttpResponse:
    """How many seconds are left of this session; asking is no use of it. Sent, it goes on from now."""
    request.only_asking = request.method != "POST"
    if not request.user.is_authenticated:
        return JsonResponse({"left": 0})
    return JsonResponse(seconds_left(request.session, request.now, used=request.method == "POST"))


def _of_ours(request: HttpRequest) -> tuple[str, str] | None:
    """The page and the form that a draft is of; None for what is no page of this service."""
    page, form = request.GET.get("page", ""), request.GET.get("form", "")
    try:
        resolve(page.partition("?")[0])
    except Resolver404:
        return None
    fits = len(page) <= PAGE_LENGTH and 0 < len(form) <= 80 and "\x00" not in page + form
    return (page, form) if fits else None


@require_POST
@acting
def draft(request: ActingRequest) -> HttpResponse:
    """Keep what is typed, for its author alone. Whether it may be sent is asked when it is sent."""
    place = _of_ours(request)
    if place is None:
        return HttpResponse(status=400)
    keep_draft(
        user_id=request.membership.user_id,
        page=place[0],
        form=place[1],
        typed=typed_in(request.POST),
        token=_token(request.POST.get("token", "")),
        now=request.now,
    )
    return HttpResponse(status=204)


def _token(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


@require_POST
@acting
def draft_drop(request: ActingRequest) -> HttpResponse:
    """Throw a draft away, and show the page as it stands."""
    place = _of_ours(request)
    if place is None:
        return HttpResponse(status=400)
    throw_draft_away(
        user_id=request.membership.user_id,
        page=place[0],
        forms=(place[1], ANY_FORM),
        token=_token(request.POST.get("token", "")),
        now=request.now,
    )
    return redirect(place[0])
