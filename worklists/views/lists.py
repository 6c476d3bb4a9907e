"""The list of cases with its filters, and the views of it that a person keeps."""

import uuid

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.edge import ActingRequest, form_status, say_done, signed_in, submit
from cases.actions import default_filter, remove_filter, save_filter
from cases.models import SavedFilter
from partnerships.selectors import area_in_force
from worklists.forms import FilterForm, SaveFilterForm
from worklists.selectors import lists as selectors


@signed_in
def case_list(request: ActingRequest) -> HttpResponse:
    """All cases that the person may see, by time left. The filters stand in the address, so that it can be kept or sent."""
    around = selectors.around(request.actor)
    if request.method != "POST" and not request.GET and around.default:
        return redirect(f"{reverse('cases')}?{around.default}")
    choices = selectors.choices_of(around.agencies)
    filters = selectors.filters_in(request.GET, choices)
    if (
        request.method != "POST" and "" in request.GET.values()
    ):  # as the form sends it: the address without the rest
        return redirect(f"{reverse('cases')}?{filters.query or 'all=1'}")
    save = SaveFilterForm(request.POST if request.method == "POST" else None)
    if save.is_bound and save.is_valid():
        response = submit(
            request, save, lambda: _save(request, save, filters), lambda row: _saved(request, row)
        )
        if response:
            return response
    found = selectors.listed(
        request.actor, filters, choices, area_in_force(request.membership), request.GET.get("page", "1"), request.now
    )  # fmt: skip
    context = {
        "listed": found,
        "page": found.page,
        "filters": filters,
        "filtered": bool(filters.query),
        "query": f"{filters.query}&" if filters.query else "all=1&",
        "choose": FilterForm(initial=filters.given, choices=choices, auto_id="filter_%s"),
        "form": save,
        "saved": around.saved,
        "open_save": save.is_bound,
    }
    return render(request, "worklists/cases.html", context, status=form_status(save))


def _save(request: ActingRequest, form: SaveFilterForm, filters: selectors.Filters) -> object:
    return save_filter(
        by=request.actor,
        name=form.cleaned_data["name"],
        query=filters.query,
        default=form.cleaned_data["default"],
        now=request.now,
    )


def _saved(request: ActingRequest, row: object) -> str:
    return say_done(request, f"The view “{row}” is kept.", request.get_full_path())


@require_POST
@signed_in
def saved_filter(request: ActingRequest, saved: uuid.UUID) -> HttpResponse:
    """Let the list open with a view, or with everything again; or remove the view. Nobody else has it."""
    row = get_object_or_404(SavedFilter, membership=request.membership, uuid=saved, removed_at__isnull=True)
    if request.POST.get("do") == "remove":
        remove_filter(filter_uuid=row.uuid, by=request.actor, now=request.now)
    else:
        default_filter(filter_uuid=row.uuid, by=request.actor, default=request.POST.get("do") == "default")
    return redirect(f"{reverse('cases')}?all=1")
