"""Who is at a conference, and whom it is about."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.edge import ActingRequest, form_status, submit
from conferences import actions, permissions
from conferences.forms import (
    FamilyForm,
    KnownChildForm,
    MembersForm,
    NewChildForm,
    PersonForm,
    PresenceForm,
    presence_form,
)
from conferences.models import ConferenceChild
from conferences.selectors import Live, agencies_of, extras_of, known_children, members_to_invite, shown
from conferences.states import LIVE, Presence, Side
from conferences.views.live import (
    at_field,
    data_of,
    done,
    form_page,
    live_context,
    stage,
    stage_page,
    to_attendance,
)
from core.clock import london_date
from core.refusals import changed


@stage(extras=True, check=permissions.check_open_preparation)
def conference_attendance(request: ActingRequest, live: Live) -> HttpResponse:
    """Who is here: one line for everyone, saved together."""
    sittings = extras_of(live.conference).sessions
    day = london_date(sittings[-1]["started_at"]) if sittings else live.day
    form = presence_form(live.people, day, data_of(request))
    if form.is_valid():
        url = reverse("conference-attendance", args=[live.conference.reference])
        response = submit(request, form, lambda: _save_presence(request, form), lambda _: url)
        if response:
            return done(request, response, "The attendance is saved.")
    return stage_page(
        request, live, "attendance", form=form, children=[shown(c.child, live.day) for c in live.children]
    )


def _save_presence(request: ActingRequest, form: PresenceForm) -> None:
    for person, now in form.changed():
        if form.stale(person):
            raise changed(
                f"How {person.name} took part was changed by someone else. Check it, then save yours."
            )
        key = person.uuid.hex[:12]
        with at_field({"presence": f"presence_{key}", "left_at": f"left_{key}"}):
            actions.record_presence(
                attendance_id=person.pk,
                by=request.actor,
                presence=now["presence"],
                left_at=now["left"] or None,
                report_submitted=bool(now["report"]),
                report_shared=bool(now["shared"]),
                now=request.now,
            )


def _presence(live: Live, given: dict[str, Any]) -> str:
    return Presence.ATTENDED if given.get("here") and live.conference.state in LIVE else Presence.INVITED


@stage(check=permissions.check_open_preparation)
def conference_people_add(request: ActingRequest, live: Live) -> HttpResponse:
    """Put people of the partnership on the list, several at once."""
    members = members_to_invite(live.conference, london_date(request.now))
    form = MembersForm(data_of(request), members=members, live=live.conference.state in LIVE)
    if form.is_valid():
        response = submit(
            request, form, lambda: _add_members(request, live, form, members), to_attendance(live)
        )
        if response:
            return done(request, response, "They are on the list.")
    return form_page(
        request,
        live,
        form,
        page_title="Add people of the partnership",
        submit_label="Add to the list",
        also_url=reverse("conference-person-new", args=[live.conference.reference]),
    )


def _add_members(request: ActingRequest, live: Live, form: MembersForm, members: list[Any]) -> None:
    ids = {str(m.uuid): m.pk for m in members}
    for wanted in form.cleaned_data["people"]:
        with at_field({"person": "people"}):
            actions.add_person(
                conference_id=live.conference.pk,
                by=request.actor,
                membership_id=ids[wanted],
                presence=_presence(live, form.cleaned_data),
                now=request.now,
            )


@stage(check=permissions.check_open_preparation)
def conference_person_new(request: ActingRequest, live: Live) -> HttpResponse:
    """Put somebody on the list who has no account here."""
    agencies = agencies_of(live.conference.partnership_id)
    form = PersonForm(data_of(request), agencies=agencies, live=live.conference.state in LIVE)
    if form.is_valid():
        given = form.cleaned_data
        ids = {str(a.uuid): a.pk for a in agencies}
        response = submit(
            request,
            form,
            lambda: actions.add_person(
                conference_id=live.conference.pk,
                by=request.actor,
                name=given["name"],
                job_title=given["job_title"],
                email=given["email"],
                agency_id=ids[given["agency"]],
                presence=_presence(live, given),
                now=request.now,
            ),
            to_attendance(live),
        )
        if response:
            return done(request, response, "The person is on the list.")
    return form_page(
        request, live, form, page_title="Add a person without an account", submit_label="Add to the list"
    )


@stage(check=permissions.check_open_preparation)
def conference_family_new(request: ActingRequest, live: Live) -> HttpResponse:
    """Put a member of the family, or someone who supports them, on the list."""
    form = FamilyForm(data_of(request), live=live.conference.state in LIVE)
    if form.is_valid():
        given = form.cleaned_data
        response = submit(
            request,
            form,
            lambda: actions.add_person(
                conference_id=live.conference.pk,
                by=request.actor,
                name=given["name"],
                job_title=given["job_title"],
                side=Side.FAMILY,
                presence=_presence(live, given),
                now=request.now,
            ),
            to_attendance(live),
        )
        if response:
            return done(request, response, "The person is on the list.")
    return form_page(
        request, live, form, page_title="Add family or a supporter", submit_label="Add to the list"
    )


@stage(check=permissions.check_open_preparation)
def conference_child_add(request: ActingRequest, live: Live) -> HttpResponse:
    """Add a child: new, or one whom the partnership knows already."""
    plan, known = live.area.word("register_or_plan"), known_children(live.conference)
    which, data = request.POST.get("which", ""), data_of(request)
    new = NewChildForm(data if which != "known" else None, prefix="new", plan=plan)
    old = KnownChildForm(
        data if which == "known" else None, prefix="known", children=known, day=live.day, plan=plan
    )
    form: NewChildForm | KnownChildForm = old if which == "known" else new
    if form.is_valid():
        response = submit(request, form, lambda: _add_child(request, live, form), to_attendance(live))
        if response:
            return done(request, response, "The child is on the list.")
    context = live_context(request, live, "attendance") | {
        "forms": [new, old],
        "new": new,
        "old": old if known else None,
    }
    return render(request, "conferences/child.html", context, status=form_status(form))


def _add_child(request: ActingRequest, live: Live, form: NewChildForm | KnownChildForm) -> ConferenceChild:
    given = form.cleaned_data
    child: actions.NewChild | uuid.UUID
    if isinstance(form, KnownChildForm):
        child = uuid.UUID(given["child"])
    else:
        child = actions.NewChild(
            initials=given["initials"],
            name=given["name"],
            born_on=given["born_on"],
            due_on=given["due_on"],
            on_plan_before=given["on_plan"],
        )
    return actions.add_child(
        conference_id=live.conference.pk,
        by=request.actor,
        child=child,
        on_plan_before=given["on_plan"],
        now=request.now,
    )
