"""Signing in and out."""

from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.views import LoginView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.actions import note_sign_in
from accounts.edge import GUEST_KEY, form_status
from accounts.forms import SignInForm


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
