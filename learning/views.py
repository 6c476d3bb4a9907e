"""Pages of this room: what a case teaches, themes and points for the admin, and the summary for the forum."""

import uuid
from functools import partial

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.edge import (
    ActingRequest,
    OnceForm,
    form_status,
    refused,
    say_done,
    signed_in,
    submit,
    with_draft,
)
from cases.selectors import get_case_or_404
from learning import actions, permissions, selectors
from learning.forms import LessonForm, PeriodForm, SummaryForm, ThemeForm
from learning.models import Summary
from learning.states import month_of, months_of, period_words, periods_before
from partnerships.models import Partnership


@signed_in
def lesson(request: ActingRequest, reference: str) -> HttpResponse:
    """What can be learnt from a case, by somebody who decided it."""
    case = get_case_or_404(request.actor, reference)
    permissions.check_note(request.actor, case)
    before = selectors.lesson_of(case)
    form = LessonForm(
        request.POST if request.method == "POST" else None,
        themes=selectors.themes_of(case.partnership_id),
        initial={"themes": before.themes, "point": before.point} if before else None,
    )
    back = reverse("case", args=[case.reference])
    if form.is_bound and form.is_valid():
        note = partial(
            actions.note_lesson,
            case_id=case.pk,
            themes=form.cleaned_data["themes"],
            point=form.cleaned_data["point"],
            by=request.actor,
            now=request.now,
        )
        response = submit(request, form, note, lambda _: say_done(request, "Thank you. It is noted.", back))
        if response:
            return response
    with_draft(request, form)
    context = {
        "form": form, "back_url": back, "back_label": "Back to the case", "cancel_url": back, "before": before,
        "page_title": "What can be learnt", "submit_label": "Save",
    }  # fmt: skip
    return render(request, "learning/lesson.html", context, status=form_status(form))


def _own(request: ActingRequest) -> Partnership:
    own: Partnership = request.membership.partnership
    permissions.check_keeper(request.actor, own.pk)
    return own


@signed_in
def learning(request: ActingRequest) -> HttpResponse:
    """For the admin: learning points, summaries that were made, a form for another, and the list of themes."""
    own = _own(request)
    form = ThemeForm(request.POST if request.method == "POST" else None)
    here = reverse("learning")
    if form.is_bound and form.is_valid():
        add = partial(
            actions.add_theme,
            partnership_id=own.pk,
            label=form.cleaned_data["label"],
            by=request.actor,
            now=request.now,
        )
        response = submit(
            request, form, add, lambda _: say_done(request, "The theme was added.", f"{here}#themes")
        )
        if response:
            return response
    periods = periods_before(request.now)
    this_month = month_of(request.now)
    months = {this_month, *(month for period in periods for month in months_of(period))}
    context = {
        "form": form,
        "once": OnceForm(),
        "period_form": PeriodForm(periods=periods),
        "summaries": [
            {"row": row, "words": period_words(row.period)}
            for row in reversed(selectors.summaries_of(own.pk))
        ],
        "points": selectors.points_in(own.pk, months | set(_this_quarter(this_month))),
        "themes": selectors.themes_of(own.pk),
    }
    return render(request, "learning/learning.html", context, status=form_status(form))


def _this_quarter(month: str) -> tuple[str, ...]:
    year, number = month.split("-")
    return months_of(f"{year}-Q{(int(number) + 2) // 3}")


@require_POST
@signed_in
def retire_theme(request: ActingRequest, theme: str) -> HttpResponse:
    own = _own(request)
    form = OnceForm(request.POST)
    if form.is_valid():
        act = partial(
            actions.retire_theme, partnership_id=own.pk, key=theme, by=request.actor, now=request.now
        )
        to = f"{reverse('learning')}#themes"
        response = submit(request, form, act, lambda _: say_done(request, "The theme was taken out.", to))
        if response:
            return response
        denied = getattr(form, "denied", None)
        if denied is not None:
            return refused(request, denied)
    return redirect("learning")


@signed_in
def summary_new(request: ActingRequest) -> HttpResponse:
    """Choose the learning points of a period, and make its summary."""
    own = _own(request)
    period = request.GET.get("period", "")
    if period not in periods_before(request.now):
        choose = PeriodForm(request.GET or None, periods=periods_before(request.now))
        return render(request, "learning/period.html", {"form": choose}, status=form_status(choose))
    points = selectors.points_in(own.pk, months_of(period))
    form = SummaryForm(
        request.POST if request.method == "POST" else None,
        points=points,
        initial={"points": [point.key for point in points]},
    )
    if form.is_bound and form.is_valid():
        make = partial(
            actions.make_summary,
            partnership_id=own.pk,
            period=period,
            points=form.chosen(),
            by=request.actor,
            now=request.now,
        )
        response = submit(request, form, make, lambda row: reverse("learning-summary", args=[row.uuid]))
        if response:
            return response
    context = {
        "form": form, "page_title": f"Summary for the forum: {period_words(period)}", "has_points": bool(points),
        "back_url": reverse("learning"), "back_label": "Learning", "cancel_url": reverse("learning"),
        "submit_label": "Make the summary",
    }  # fmt: skip
    return render(request, "learning/summary_new.html", context, status=form_status(form))


@signed_in
def summary(request: ActingRequest, summary: uuid.UUID) -> HttpResponse:
    """What the forum is told. Everybody who works in the partnership may read it."""
    own = request.membership.partnership
    row = get_object_or_404(Summary.objects.select_related("made_by__user"), partnership=own, uuid=summary)
    labels = selectors.themes_of(own.pk, retired=True)
    context = {"summary": row, "view": selectors.summary_view(row, labels), "partnership": own}
    return render(request, "learning/summary.html", context)


@signed_in
def summaries(request: ActingRequest) -> HttpResponse:
    """The summaries of the partnership, for everybody who works in it."""
    own = request.membership.partnership
    rows = [
        {"row": row, "words": period_words(row.period)} for row in reversed(selectors.summaries_of(own.pk))
    ]
    return render(request, "learning/summaries.html", {"summaries": rows})
