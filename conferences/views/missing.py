"""Differing views that are only noted, and requests to add what is missing from the record."""

import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse

from accounts.edge import ActingRequest, signed_in, submit
from conferences import actions, permissions
from conferences.forms import AnswerForm, MissingEntryForm, NoteViewForm
from conferences.models import Attendance, MissingEntryRequest
from conferences.selectors import (
    Live,
    area_of_conference,
    get_conference_or_404,
    get_missing_entry_or_404,
    own_seat,
    shown,
)
from conferences.views.live import address_of, data_of, done, form_page, stage, stage_page, to_record
from conferences.views.round import round_of
from core.templatetags.pd import initials_age


@stage(views=True)
def conference_note_view(request: ActingRequest, live: Live) -> HttpResponse:
    """Note as a differing view only: it goes in the record and starts nothing."""
    if not request.GET.get("person"):
        address = reverse("conference-note-view", args=[live.conference.reference])
        people = round_of(live, None, live.area.conference.view_phases[-1])
        for row, person in zip(people, live.present, strict=True):
            row["action"] = {"href": f"{address}?person={person.uuid}", "label": "Note", "about": person.name}
        return stage_page(request, live, "note", people=people)
    person = live.person(request.GET["person"])
    choices = [(str(c.uuid), initials_age(shown(c.child, live.day))) for c in live.children]
    only = {"children": [choices[0][0]]} if len(choices) == 1 else {}
    form = NoteViewForm(data_of(request), initial=only, name=person.name, children=choices)
    if form.is_valid():
        response = submit(request, form, lambda: _note(request, live, form, person), to_record(live))
        if response:
            return done(request, response, f"{person.name}’s view is noted.")
    return stage_page(request, live, "note", form=form, person=person)


def _note(request: ActingRequest, live: Live, form: NoteViewForm, person: Attendance) -> Any:
    ids = {str(c.uuid): c.pk for c in live.children}
    return actions.note_view(
        attendance_id=person.pk,
        by=request.actor,
        text=form.cleaned_data["reasons"],
        child_ids=[ids[chosen] for chosen in form.cleaned_data["children"]],
        said_at=form.cleaned_data["expressed_at"],
        now=request.now,
    )


@signed_in
def conference_missing_entry(request: ActingRequest, reference: str) -> HttpResponse:
    """Tell the chair that a dissent that was spoken is not in the record."""
    found = get_conference_or_404(request.actor, reference)
    seat = own_seat(request.actor, found)
    if seat is None:
        raise Http404("Not on this list.")
    if request.method != "POST":
        permissions.check_ask_missing_entry(request.actor, seat)
    form = MissingEntryForm(data_of(request))
    if form.is_valid():
        given = form.cleaned_data
        response = submit(
            request,
            form,
            lambda: actions.ask_missing_entry(
                attendance_id=seat.pk,
                by=request.actor,
                text=given["text"],
                said_at=given["said_at"],
                now=request.now,
            ),
            lambda _: reverse("conference", args=[found.reference]),
        )
        if response:
            return done(request, response, "Sent to the chair. You will be told when the chair has answered.")
    live = Live(found, area_of_conference(found), [], [])
    return form_page(
        request,
        live,
        form,
        back="conference",
        page_title="My dissent is not in the record",
        lead="This goes to the chair, with a copy to the reviewing manager where there is one.",
        submit_label="Send to the chair",
    )


@signed_in
def missing_entry_answer(request: ActingRequest, request_uuid: uuid.UUID) -> HttpResponse:
    """The chair or the minute taker answers a request about a missing entry."""
    asked = get_missing_entry_or_404(request.actor, request_uuid)
    found = asked.attendance.conference
    permissions.check_answer_missing_entry(request.actor, found)
    form = AnswerForm(data_of(request))
    if form.is_valid():
        response = submit(
            request,
            form,
            lambda: actions.answer_missing_entry(
                request_id=asked.pk, by=request.actor, answer=form.cleaned_data["answer"], now=request.now
            ),
            lambda _: reverse("conference", args=[found.reference]),
        )
        if response:
            return done(request, response, "Your answer is sent.")
    return _answer_page(request, asked, form)


def _answer_page(request: ActingRequest, asked: MissingEntryRequest, form: AnswerForm) -> HttpResponse:
    found = asked.attendance.conference
    dissent = address_of("conference-dissent", found.reference)
    return form_page(
        request,
        Live(found, area_of_conference(found), [], []),
        form,
        back="conference",
        page_title="A dissent that is not in the record",
        asked=asked,
        enter_url=f"{dissent}?person={asked.attendance.uuid}" if dissent else "",
        submit_label="Send answer",
    )
