"""Starting, adjourning, resuming and cancelling a conference."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.edge import ActingRequest, submit
from conferences import actions, permissions
from conferences.forms import AdjournForm, CancelForm, StartForm
from conferences.selectors import Live
from conferences.views.booking import here
from conferences.views.live import data_of, done, form_page, press, stage, to_attendance


@stage()
def conference_start(request: ActingRequest, live: Live) -> HttpResponse:
    """Start now, or at the time it did start."""
    form = StartForm(data_of(request), initial={"at": request.now})
    if form.is_valid():
        response = submit(
            request,
            form,
            lambda: actions.start(
                conference_id=live.conference.pk,
                by=request.actor,
                at=form.cleaned_data["at"],
                now=request.now,
            ),
            to_attendance(live),
        )
        if response:
            return done(request, response, "The conference has started.")
    return form_page(
        request, live, form, back="conference", page_title="Start the conference", submit_label="Start"
    )


@stage()
def conference_adjourn(request: ActingRequest, live: Live) -> HttpResponse:
    """End this session; the conference goes on another time."""
    form = AdjournForm(data_of(request))
    if form.is_valid():
        given = form.cleaned_data
        response = submit(
            request,
            form,
            lambda: actions.adjourn(
                conference_id=live.conference.pk,
                by=request.actor,
                reason=given["reason"],
                at=given["at"],
                resumes_at=given["resumes_at"],
                now=request.now,
            ),
            lambda _: reverse("conference", args=[live.conference.reference]),
        )
        if response:
            return done(request, response, "The conference is adjourned. It has not ended.")
    return form_page(
        request,
        live,
        form,
        back="conference",
        page_title="Adjourn the conference",
        lead="This session ends, the conference does not: no time limit starts before its last session is over.",
        submit_label="Adjourn",
    )


@require_POST
@stage()
def conference_resume(request: ActingRequest, live: Live) -> HttpResponse:
    return press(request, live, actions.resume, "The conference goes on.", here)


@stage(check=permissions.check_open_preparation)
def conference_cancel(request: ActingRequest, live: Live) -> HttpResponse:
    form = CancelForm(data_of(request))
    if form.is_valid():
        response = submit(
            request,
            form,
            lambda: actions.cancel(
                conference_id=live.conference.pk,
                by=request.actor,
                reason=form.cleaned_data["reason"],
                now=request.now,
            ),
            lambda _: reverse("conference", args=[live.conference.reference]),
        )
        if response:
            return done(request, response, "The conference is cancelled.")
    return form_page(
        request,
        live,
        form,
        back="conference",
        page_title="Cancel the conference",
        submit_label="Cancel conference",
        cancel_url="",
    )
