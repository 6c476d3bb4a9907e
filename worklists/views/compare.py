"""What another partnership's protocol would have made of a case: for learning."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

import protocols
from accounts.edge import ActingRequest, form_status, signed_in
from cases.selectors import area_of_case
from core.clock import london_date
from core.refusals import Denied, not_yours
from core.templatetags.pd import day_date
from deadlines.selectors import public_calendar
from partnerships.selectors import area_in_force, areas_on
from partnerships.states import REVIEWERS, Role
from protocols.calendar import CalendarHorizon
from worklists.forms import INVENTED, CompareForm, InventedForm
from worklists.selectors import compare as selectors

READERS = (Role.CHAIR, *REVIEWERS, Role.PARTNERSHIP_ADMIN)


@signed_in
def compare(request: ActingRequest) -> HttpResponse:
    """Choose a case and a protocol, and see the case under both. The address holds what was chosen; nothing is kept."""
    if request.actor.role not in READERS:
        raise not_yours("This page is for chairs, reviewing managers and partnership admins.")
    own = area_in_force(request.membership)
    if own is None:
        raise Denied("Your partnership has not published its protocol yet, so there is nothing to compare.")
    areas = selectors.others(areas_on(london_date(request.now)), own.slug)
    asked = "partnership" in request.GET
    choose = CompareForm(
        request.GET if asked else None, areas=areas, cases=selectors.past_listed(request.actor)
    )
    context: dict[str, Any] = {"choose": choose, "form": choose}
    if not choose.is_bound or not choose.is_valid():
        return render(request, "worklists/compare.html", context, status=form_status(choose))
    other = next(area for area in areas if area.slug == choose.cleaned_data["partnership"])
    context |= {"own": own, "other": other, "chosen": choose.cleaned_data}
    if choose.cleaned_data["case"] == INVENTED:
        return _invented(request, own, other, context)
    case = selectors.get_past_or_404(request.actor, choose.cleaned_data["case"])
    context["own"] = area_of_case(case)
    try:
        context["found"] = selectors.compared(context["own"], other, selectors.matter_of(case))
    except CalendarHorizon as outside:
        choose.add_error("case", f"This case cannot be compared: {outside}")
    return render(request, "worklists/compare.html", context, status=form_status(choose))


def _invented(
    request: ActingRequest,
    own: protocols.AreaProtocol,
    other: protocols.AreaProtocol,
    context: dict[str, Any],
) -> HttpResponse:
    typed = any(value for name, value in request.GET.items() if name not in ("partnership", "case"))
    form = InventedForm(request.GET if typed else None, area=own, beside=other)
    context |= {"form": form, "invented": form}
    if form.is_bound and form.is_valid():
        try:
            context["found"] = selectors.compared(own, other, form.matter())
        except CalendarHorizon:
            last = day_date(public_calendar(own).last)
            form.add_error(None, f"Bank holidays are known until {last}. A later date is not guessed")
    return render(request, "worklists/compare.html", context, status=form_status(form))
