"""The list of a conference from a file: chosen, checked row by row, and entered all together or not at all."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.edge import ActingRequest, OnceForm, form_status, say_done, submit
from conferences import actions, permissions
from conferences.forms import LIST_COLUMNS, PRESENCE_WORDS, SheetForm
from conferences.selectors import WHAT_COMES, Live, list_preview
from conferences.views.live import data_of, stage
from core import sheets
from core.clock import london_date
from core.templatetags.pd import plural


@stage(check=permissions.check_open_preparation)
def conference_list_import(request: ActingRequest, live: Live) -> HttpResponse:
    conference = live.conference
    permissions.check_prepare(request.actor, conference, live.area)
    url = reverse("conference-attendance", args=[conference.reference])
    form = SheetForm(data_of(request), request.FILES or None)
    context: dict[str, Any] = {
        "form": form, "page_title": "Fill the list from a file", "submit_label": "Check the file", "back_url": url, "cancel_url": url, "ref": conference.reference,
        "back_label": "Back to the attendance", "template_url": reverse("conference-list-template", args=[conference.reference]),
    }  # fmt: skip
    if form.is_bound and form.is_valid():
        try:
            rows = sheets.read(form.cleaned_data["rows"], LIST_COLUMNS)
        except sheets.Unreadable as reason:
            form.add_error("file", str(reason))
        else:
            preview = list_preview(
                conference,
                rows,
                words=PRESENCE_WORDS,
                day=live.day,
                today=london_date(request.now),
                records=permissions.is_recorder(request.actor, conference),
            )
            once = OnceForm(request.POST if request.POST.get("step") == "import" else None)
            if once.is_bound and once.is_valid() and not preview.wrong:
                response = submit(
                    request, once,
                    lambda: actions.import_list(
                        conference_id=conference.pk, by=request.actor, entries=preview.entries, now=request.now
                    ),
                    lambda count: say_done(request, f"{plural(count, 'row')} of the file entered.", url),
                )  # fmt: skip
                if response:
                    return response
            context |= {
                "preview": preview, "once": once, "rows": form.cleaned_data["rows"], "page_title": "Check the list",
                "headings": [*(column.heading for column in LIST_COLUMNS), WHAT_COMES],
                "ready": f"{plural(len(preview.entries), 'row')} can be entered. Nothing is saved yet.",
                "submit_label": "Enter the list",
            }  # fmt: skip
            bad = bool(preview.wrong or once.errors)
            return render(request, "components/file_check.html", context, status=422 if bad else 200)
    return render(request, "conferences/list_import.html", context, status=form_status(form))


@stage(check=permissions.check_open_preparation)
def conference_list_template(request: ActingRequest, live: Live) -> HttpResponse:
    """The file to fill in."""
    response = HttpResponse(sheets.template(LIST_COLUMNS), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="attendance.csv"'
    return response
