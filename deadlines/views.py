"""The calculator, open to everybody, and a partnership's closure days."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

import protocols
from accounts.edge import ActingRequest, form_status, signed_in, submit
from core.clock import london_date
from core.templatetags.pd import day_date, plural
from deadlines.actions import recount_clocks
from deadlines.forms import ChooseAreaForm, ClosureDayForm, EventsForm
from deadlines.selectors import public_calendar, worked_out
from partnerships.actions import add_closure_day, check_admin
from partnerships.models import ClosureDay, Partnership
from partnerships.selectors import area_in_force
from partnerships.states import Nation
from protocols.calendar import CalendarHorizon
from protocols.timeline import DATES, Given


def calculator(request: HttpRequest) -> HttpResponse:
    """Choose a partnership, enter when things happened, and see every date. Nothing is kept; the address holds it all."""
    today = london_date(request.now)  # type: ignore[attr-defined]
    library = protocols.library()
    areas = [library.on(slug, today) for slug in library.slugs()]
    choose = ChooseAreaForm(request.GET if "partnership" in request.GET else None, areas=areas)
    if not choose.is_bound or not choose.is_valid():
        return render(request, "deadlines/calculator.html", {"form": choose}, status=form_status(choose))
    slug = choose.cleaned_data["partnership"]
    area = next(each for each in areas if each.slug == slug)
    typed = any(value for name, value in request.GET.items() if name != "partnership")
    form = EventsForm(request.GET if typed else None, area=area)
    calendar = public_calendar(area)
    context: dict[str, Any] = {"area": area, "form": form, "calendar": calendar}
    context["nation"] = Nation(area.nation).label
    if form.is_bound and form.is_valid():
        try:
            context["results"] = worked_out(area, _given(form), calendar)
        except CalendarHorizon:
            form.add_error(
                None,
                f"The bank holidays of {context['nation']} are known from {day_date(calendar.first)} to "
                f"{day_date(calendar.last)}. A date that leaves those years is not guessed",
            )
    return render(request, "deadlines/calculator_area.html", context, status=form_status(form))


def _given(form: EventsForm) -> Given:
    values = form.cleaned_data
    return Given(
        {name: values[name] for name in form.events if values.get(name)},
        **{name: values[name] for name in DATES if values.get(name)},
    )


@signed_in
def closure_days(request: ActingRequest) -> HttpResponse:
    """The days on which the offices are closed. A new one moves the open dates that count over it."""
    partnership: Partnership = request.membership.partnership
    check_admin(request.actor, partnership.pk)
    area = area_in_force(request.membership)
    form = ClosureDayForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        moved: list[int] = []

        def add() -> None:
            add_closure_day(
                partnership_id=partnership.pk,
                date=form.cleaned_data["date"],
                reason=form.cleaned_data["reason"],
                by=request.actor,
                now=request.now,
            )
            if area is not None:
                moved.append(
                    recount_clocks(
                        partnership_id=partnership.pk, nation=area.nation, now=request.now, by=request.actor
                    )
                )

        response = submit(request, form, add, lambda _: reverse("closure-days"))
        if response:
            if moved:
                messages.success(
                    request,
                    f"{day_date(form.cleaned_data['date'])} is now a closure day. {plural(moved[0], 'open date')} "
                    f"moved{'; the people who hold them are told' if moved[0] else ''}.",
                )
            return response
    days = ClosureDay.objects.filter(partnership=partnership).order_by("-date")
    context = {"form": form, "days": days, "nation": Nation(area.nation).label if area else ""}
    return render(request, "deadlines/closure_days.html", context, status=form_status(form))
