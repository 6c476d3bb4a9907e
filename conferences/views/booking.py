"""The list of conferences, and booking one."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.edge import ActingRequest, form_status, signed_in, submit
from conferences import actions, permissions
from conferences.forms import BookForm
from conferences.models import Conference
from conferences.selectors import conferences_listed, members_by_role, shown
from conferences.views.live import data_of, done
from core.clock import london_date
from core.refusals import allowed
from partnerships.states import Role

PAGE = 25


@signed_in
def conferences(request: ActingRequest) -> HttpResponse:
    """Today's conferences first, then those to come, then the past; everyone sees theirs."""
    page = Paginator(conferences_listed(request.actor, request.now), PAGE).get_page(request.GET.get("page"))
    groups: dict[int, list[dict[str, Any]]] = {}
    found: list[Any] = list(page.object_list)
    for row in found:
        day = london_date(row.starts_at)
        children = [shown(c.child, day) for c in row.conference_children.all()]
        groups.setdefault(row.when, []).append({"conference": row, "children": children})
    titles = ("Today and open", "To come", "Past")
    context = {
        "page": page,
        "groups": [(titles[number], rows) for number, rows in groups.items()],
        "may_book": allowed(permissions.check_book, request.actor),
        "heading": "Conferences" if request.actor.role == Role.PARTNERSHIP_ADMIN else "My conferences",
    }
    return render(request, "conferences/list.html", context)


@signed_in
def conference_new(request: ActingRequest) -> HttpResponse:
    permissions.check_book(request.actor)
    today, partnership_id = london_date(request.now), request.membership.partnership_id
    chairs = members_by_role(partnership_id, Role.CHAIR, today)
    takers = members_by_role(partnership_id, Role.MINUTE_TAKER, today)
    own = {
        Role.CHAIR.value: {"chair": str(request.membership.uuid)},
        Role.MINUTE_TAKER.value: {"minute_taker": str(request.membership.uuid)},
    }
    initial = own.get(request.actor.role, {})
    form = BookForm(data_of(request), initial=initial, chairs=chairs, minute_takers=takers)
    if form.is_valid():
        ids = {str(m.uuid): m.pk for m in (*chairs, *takers)}
        response = submit(request, form, lambda: _book(request, form, ids), here)
        if response:
            return done(request, response, "The conference is booked. Now add the children and the people.")
    context = {
        "form": form,
        "page_title": "Book a conference",
        "submit_label": "Book conference",
        "back_url": reverse("conferences"),
        "back_label": "Back to conferences",
        "cancel_url": reverse("conferences"),
    }
    return render(request, "conferences/form.html", context, status=form_status(form))


def _book(request: ActingRequest, form: BookForm, ids: dict[str, int]) -> Conference:
    given = form.cleaned_data
    return actions.book(
        by=request.actor,
        kind=given["kind"],
        starts_at=given["starts_at"],
        place=given["place"].strip(),
        chair_id=ids[given["chair"]],
        minute_taker_id=ids.get(given["minute_taker"]),
        now=request.now,
    )


def here(conference: Conference) -> str:
    return reverse("conference", args=[conference.reference])
