"""The role a person acts in, the protocols, and a partnership's own setting."""

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

import protocols
from accounts.actions import note_role_chosen
from accounts.edge import ActingRequest, form_status, signed_in, submit
from core.clock import london_date
from core.refusals import Denied
from partnerships.actions import check_admin, fill_slot, publish_protocol
from partnerships.forms import ChooseRoleForm, FillSlotForm, PublishForm
from partnerships.middleware import SESSION_KEY
from partnerships.models import Slot
from partnerships.selectors import (
    actor_for,
    holders_of,
    members_of,
    memberships_of,
    path_of,
    posts_of,
    review_state,
    rules_of,
    versions_of,
)
from protocols.describe import sections
from protocols.diagram import mermaid


@login_required
def choose_role(request: Any) -> HttpResponse:
    """For people with several roles. Someone without any is told so, and whom to ask."""
    memberships = list(memberships_of(request.user.pk, london_date(request.now)))
    if not memberships:
        return render(request, "accounts/no_role.html", status=403)
    form = ChooseRoleForm(request.POST if request.method == "POST" else None, memberships=memberships)
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


def protocol_list(request: Any) -> HttpResponse:
    """The protocols of all partnerships, open to everybody."""
    today = london_date(request.now)
    library = protocols.library()
    rows = [_listed(library.on(slug, today), today) for slug in library.slugs()]
    rows.sort(key=lambda row: row["area"].partnership_name)
    return render(request, "partnerships/protocols.html", {"rows": rows})


def _listed(area: protocols.AreaProtocol, today: dt.date) -> dict[str, Any]:
    return {"area": area, "review": review_state(area, today)}


def protocol(request: Any, slug: str = "") -> HttpResponse:
    """One protocol in plain English, each sentence with its rule. Without a name: that of one's own partnership."""
    if not slug:
        return (
            redirect("protocol", request.membership.partnership.slug)
            if request.membership
            else redirect("protocols")
        )
    try:
        area = protocols.library().on(slug, london_date(request.now))
    except protocols.UnknownPartnership:
        raise Http404("No such partnership.") from None
    context = {
        "area": area,
        "sections": sections(area),
        "steps": path_of(area),
        "mermaid": mermaid(area),
        "review": review_state(area, london_date(request.now)),
        "rules": rules_of(area),
    }
    return render(request, "partnerships/protocol.html", context)


# --- the partnership's own setting ------------------------------------------------------------------------------


@signed_in
def partnership(request: ActingRequest) -> HttpResponse:
    """Posts and who fills them, the protocol, and the people: for the partnership admin."""
    own = request.membership.partnership
    check_admin(request.actor, own.pk)
    today = london_date(request.now)
    area = protocols.library().on(own.slug, today)
    context = {
        "partnership": own,
        "posts": posts_of(own.pk, area, today),
        "versions": versions_of(own.pk, area),
        "area": area,
        "review": review_state(area, today),
        "people": members_of(own.pk, today),
        "form": PublishForm(),
    }
    return render(request, "partnerships/partnership.html", context)


@signed_in
def fill_post(request: ActingRequest, key: str) -> HttpResponse:
    """Put somebody into a post, or let somebody stand in for its holder."""
    own = request.membership.partnership
    check_admin(request.actor, own.pk)
    slot = get_object_or_404(Slot, partnership=own, key=key)
    members = list(members_of(own.pk, london_date(request.now)))
    form = FillSlotForm(request.POST if request.method == "POST" else None, members=members, slot=slot)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        response = submit(
            request,
            form,
            lambda: fill_slot(
                partnership_id=own.pk,
                key=key,
                membership_id=next(m.pk for m in members if str(m.uuid) == given["membership"]),
                starts_on=given["starts_on"],
                ends_on=given["ends_on"],
                deputy=given["deputy"] == "deputy",
                by=request.actor,
                now=request.now,
            ),
            lambda _: reverse("partnership"),
        )
        if response:
            return response
    holders = holders_of(own.pk, key, london_date(request.now))
    context = {"form": form, "slot": slot, "holders": holders}
    return render(request, "partnerships/fill_post.html", context, status=form_status(form))


@require_POST
@signed_in
def publish(request: ActingRequest) -> HttpResponse:
    """Publish the packaged text for the partnership. A post that nobody fills stops it, by name."""
    own = request.membership.partnership
    check_admin(request.actor, own.pk)
    area = protocols.library().on(own.slug, london_date(request.now))
    form = PublishForm(request.POST)
    if form.is_valid():
        response = submit(
            request,
            form,
            lambda: publish_protocol(partnership=own, area=area, by=request.actor, now=request.now),
            lambda _: reverse("partnership"),
        )
        if response:
            return response
    denied = getattr(form, "denied", None) or Denied("Nothing was published. Try again from the page.")
    return render(
        request, "errors/422.html", {"denied": denied, "back_url": reverse("partnership")}, status=422
    )
