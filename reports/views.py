"""Pages of the figures: what was published, a period's report, its files, and how figures are shown."""

import csv
import io
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

import protocols
from accounts.edge import ActingRequest, form_status, say_done, signed_in, submit
from core.clock import london_date
from partnerships.selectors import area_in_force
from reports import actions
from reports.forms import BookForm, ExtractForm, PublishForm
from reports.models import Book, Publication
from reports.permissions import check_figures
from reports.selectors import (
    extract_rows,
    national_report,
    national_spans,
    periods_listed,
    published,
    report_of,
    span_words,
    versions_counted,
)
from reports.sheets import KINDS
from reports.states import Span


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


@signed_in
def figures(request: ActingRequest) -> HttpResponse:
    """What was published, newest first, and a form for another period."""
    check_figures(request.actor)
    own = request.membership.partnership
    form = PublishForm(_posted(request), today=london_date(request.now), versions=versions_counted(own.pk))
    if form.is_bound and form.is_valid():
        response = submit(
            request,
            form,
            lambda: actions.publish(
                partnership_id=own.pk,
                span=form.span,
                kind=form.cleaned_data["kind"],
                version=form.cleaned_data.get("version", ""),
                by=request.actor,
                now=request.now,
            ),
            lambda publication: reverse("report", args=[publication.uuid]),
        )
        if response:
            return response
    book = Book.objects.filter(partnership=own).first()
    context = {"form": form, "listed": periods_listed(own.pk), "book": book}
    return render(request, "reports/figures.html", context, status=form_status(form))


def _publication(request: ActingRequest, publication: Any) -> Publication:
    check_figures(request.actor)
    found: Publication = get_object_or_404(
        Publication, uuid=publication, partnership_id=request.membership.partnership_id
    )
    return found


def _area(request: ActingRequest) -> protocols.AreaProtocol | None:
    return area_in_force(request.membership)


@signed_in
def report(request: ActingRequest, publication: Any) -> HttpResponse:
    """The figures of one publication, as charts and tables."""
    found = _publication(request, publication)
    before = [one for one in published(found.partnership_id) if one.number < found.number]
    form = PublishForm(
        today=london_date(request.now),
        versions=versions_counted(found.partnership_id),
        initial={
            "period": f"{found.first_month}:{found.last_month}",
            "kind": found.kind,
            "version": found.version,
        },
    )
    context = {"report": report_of(found, _area(request), before), "publication": found, "form": form}
    return render(request, "reports/report.html", context)


@signed_in
def annual(request: ActingRequest, publication: Any) -> HttpResponse:
    """Sentences for the partnership's yearly report, to copy or to print."""
    found = _publication(request, publication)
    context = {"report": report_of(found, _area(request), []), "publication": found}
    return render(request, "reports/annual.html", context)


@signed_in
def report_file(request: ActingRequest, publication: Any, kind: str) -> HttpResponse:
    """The tables as a file. Who took them is in the history."""
    if kind not in KINDS:
        raise Http404("No such kind of file.")
    found = _publication(request, publication)
    content_type, write = KINDS[kind]
    before = [one for one in published(found.partnership_id) if one.number < found.number]
    content = write(report_of(found, _area(request), before), request.membership.partnership.name)
    actions.note_taken(publication=found, how=kind, by=request.actor, now=request.now)
    response = HttpResponse(content, content_type=content_type)
    name = f"dissent-figures-{found.first_month}-to-{found.last_month}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@signed_in
def national(request: ActingRequest) -> HttpResponse:
    """The figures of all partnerships of one period, for whoever looks after those of one."""
    check_figures(request.actor)
    spans = national_spans()
    chosen = spans[0] if spans else None
    if wanted := request.GET.get("period", ""):
        first, _, last = wanted.partition(":")
        chosen = Span(first, last)
        if chosen not in spans:
            raise Http404("Nobody has published this period.")
    listed = [(span, span_words(span)) for span in spans if span != chosen]
    context = {"report": national_report(chosen) if chosen else None, "listed": listed}
    return render(request, "reports/national.html", context)


@signed_in
def extract(request: ActingRequest) -> HttpResponse:
    """The counts with nothing hidden, for those who look after the figures: on purpose, with a reason, and noted."""
    check_figures(request.actor)
    own = request.membership.partnership
    form = ExtractForm(_posted(request), today=london_date(request.now))
    if form.is_bound and form.is_valid():
        actions.note_extract(
            partnership_id=own.pk,
            span=form.span,
            reason=form.cleaned_data["reason"],
            by=request.actor,
            now=request.now,
        )
        out = io.StringIO()
        csv.writer(out).writerows(extract_rows(own.pk, form.span))
        response = HttpResponse(
            b"\xef\xbb\xbf" + out.getvalue().encode(), content_type="text/csv; charset=utf-8"
        )
        name = f"full-figures-not-for-publication-{form.span.first}-to-{form.span.last}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    return render(request, "reports/extract.html", {"form": form}, status=form_status(form))


@signed_in
def set_up(request: ActingRequest) -> HttpResponse:
    """How small a count is hidden, and whether the others are rounded."""
    check_figures(request.actor)
    own = request.membership.partnership
    book = Book.objects.filter(partnership=own).first()
    initial = {"small": book.small if book else 5, "round_to": str(book.round_to) if book else "1"}
    form = BookForm(_posted(request), initial=initial)
    if form.is_bound and form.is_valid():
        response = submit(
            request,
            form,
            lambda: actions.set_up_book(
                partnership_id=own.pk,
                small=form.cleaned_data["small"],
                round_to=int(form.cleaned_data["round_to"]),
                by=request.actor,
                now=request.now,
            ),
            lambda _: say_done(
                request, "Figures that you publish from now on are shown so.", reverse("figures")
            ),
        )
        if response:
            return response
    return render(request, "reports/set_up.html", {"form": form}, status=form_status(form))
