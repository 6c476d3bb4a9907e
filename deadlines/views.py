"""The calculator, open to everybody, and a partnership's closure days."""

import datetime as dt
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

import protocols
from accounts.edge import ActingRequest, OnceForm, form_status, say, say_done, signed_in, submit
from core.clock import london_date
from core.refusals import Denied, Kind
from core.templatetags.pd import day_date, plural
from deadlines.actions import recount_clocks
from deadlines.forms import ChooseAreaForm, ClosureDayForm, EventsForm
from deadlines.selectors import moves, moving_cases, public_calendar, worked_out
from partnerships.actions import add_closure_day, check_admin, remove_closure_day
from partnerships.models import ClosureDay, Partnership
from partnerships.selectors import area_in_force, areas_on, calendar_for
from partnerships.states import Nation
from protocols.calendar import CalendarHorizon


def calculator(request: HttpRequest) -> HttpResponse:
    """Choose a partnership, enter when things happened, and see every date. Nothing is kept; the address holds it all."""
    today = london_date(request.now)  # type: ignore[attr-defined]
    areas = areas_on(today)
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
            context["results"] = worked_out(area, form.given(), calendar)
        except CalendarHorizon:
            form.add_error(
                None,
                f"The bank holidays of {context['nation']} are known from {day_date(calendar.first)} to "
                f"{day_date(calendar.last)}. A date that leaves those years is not guessed",
            )
    return render(request, "deadlines/calculator_area.html", context, status=form_status(form))


SHOWN = 25  # of the dates that would move


@signed_in
def closure_days(request: ActingRequest) -> HttpResponse:
    """The days on which the offices are closed. Before one is added, a page says which open dates it moves."""
    partnership: Partnership = request.membership.partnership
    check_admin(request.actor, partnership.pk)
    area = area_in_force(request.membership)
    form = ClosureDayForm(request.POST if request.method == "POST" else None)
    step = request.POST.get("step", "")
    if step == "edit":
        form.keep()
    elif form.is_bound and form.is_valid():
        date = form.cleaned_data["date"]
        add = partial(
            add_closure_day,
            partnership_id=partnership.pk,
            date=date,
            reason=form.cleaned_data["reason"],
            by=request.actor,
            now=request.now,
        )
        if step == "send":
            act = lambda: (add(), _recount(request, area, date))[1]  # noqa: E731 - one record, then what follows
            response = submit(request, form, act, partial(_moved, request, date, "is now a closure day"))
        else:
            response = _check_page(request, form, area, date, add)
        if response:
            return response
    days = ClosureDay.objects.filter(partnership=partnership, removed_at__isnull=True).order_by("-date")
    context = {"form": form, "days": days, "nation": Nation(area.nation).label if area else ""}
    return render(request, "deadlines/closure_days.html", context, status=form_status(form))


def _recount(request: ActingRequest, area: protocols.AreaProtocol | None, date: dt.date) -> int:
    if area is None:
        return 0
    return recount_clocks(
        partnership_id=request.membership.partnership_id,
        nation=area.nation,
        now=request.now,
        by=request.actor,
        days=[date],
    )


def _moved(request: ActingRequest, date: dt.date, became: str, moved: int) -> str:
    told = "; the people who hold them are told" if moved else ""
    words = f"{day_date(date)} {became}. {plural(moved, 'open date')} moved{told}."
    return say_done(request, words, reverse("closure-days"))


def _check_page(
    request: ActingRequest,
    form: ClosureDayForm,
    area: protocols.AreaProtocol | None,
    date: dt.date,
    add: Callable[[], object],
) -> HttpResponse | None:
    """Which dates would move, before anything is saved. None when the day would be refused: that is then on the form."""
    try:
        with transaction.atomic():
            add()
            transaction.set_rollback(True)
        shown = _preview(request.membership.partnership_id, area, date, closed=date)
    except Denied as denied:
        if denied.kind is Kind.NOT_YOURS:
            raise
        say(form, denied)
        return None
    typed = [
        (name, value) for name, value in request.POST.items() if name not in ("csrfmiddlewaretoken", "step")
    ]
    context = {"date": date, "reason": form.cleaned_data["reason"], "typed": typed, **shown}
    return render(request, "deadlines/closure_day_check.html", context)


def _preview(
    partnership_id: int, area: protocols.AreaProtocol | None, date: dt.date, **change: dt.date
) -> dict[str, Any]:
    found = []
    if area is not None:
        found = moves(
            partnership_id, area.nation, calendar_for(partnership_id, area.nation, **change), [date]
        )
    count = sum(move.count for move in found)
    return {"count": count, "rows": moving_cases(found, SHOWN), "more": max(0, count - SHOWN)}


@signed_in
def closure_day_remove(request: ActingRequest, day: uuid.UUID) -> HttpResponse:
    """Take a closure day back, after a look at the open dates that this moves."""
    partnership: Partnership = request.membership.partnership
    row = get_object_or_404(ClosureDay, partnership=partnership, uuid=day)
    check_admin(request.actor, partnership.pk)
    if request.method != "POST" and row.removed_at is not None:
        return redirect("closure-days")
    area = area_in_force(request.membership)
    form = OnceForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():

        def act() -> int:
            remove_closure_day(partnership_id=partnership.pk, day=day, by=request.actor, now=request.now)
            return _recount(request, area, row.date)

        response = submit(
            request, form, act, partial(_moved, request, row.date, "is no closure day any longer")
        )
        if response:
            return response
    shown = _preview(partnership.pk, area, row.date, opened=row.date)
    context = {"form": form, "day": row, **shown}
    return render(request, "deadlines/closure_day_remove.html", context, status=form_status(form))
