"""The role a person acts in."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.actions import note_role_chosen
from accounts.edge import form_status
from core.clock import london_date
from partnerships.forms import ChooseRoleForm
from partnerships.middleware import SESSION_KEY
from partnerships.selectors import actor_for, memberships_of


@login_required
def choose_role(request: Any) -> HttpResponse:
    """For people with several roles. Someone without any is told so, and whom to ask."""
    memberships = list(memberships_of(request.user.pk, london_date(request.now)))
    if not memberships:
        return render(request, "accounts/no_role.html", status=403)
    form = ChooseRoleForm(request.POST or None, memberships=memberships)
    if request.method == "POST" and form.is_valid():
        chosen = next(m for m in memberships if str(m.uuid) == form.cleaned_data["membership"])
        request.session[SESSION_KEY] = chosen.pk
        note_role_chosen(by=actor_for(chosen, london_date(request.now)), now=request.now)
        return redirect(_next(request))
    context = {"form": form, "next": request.GET.get("next", "")}
    return render(request, "accounts/choose_role.html", context, status=form_status(form))


def _next(request: Any) -> str:
    """Where the person was going, when that is within this service."""
    to = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(to, {request.get_host()}, require_https=request.is_secure())
    return to if safe else "home"
