"""One conference as whoever looks may see it: the stage that fits, the whole record, or one's own part."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.edge import ActingRequest, signed_in
from conferences import permissions
from conferences.models import Attendance, Conference
from conferences.selectors import (
    Live,
    area_of_conference,
    children_of,
    extras_of,
    get_conference_or_404,
    live_of,
    own_seat,
    reads_whole_record,
    shown,
    without_view,
)
from conferences.states import EDITABLE, MEANS, PRESENT, ConferenceState
from conferences.views.live import address_of, decisions_shown, facts_of, live_context, name_of
from conferences.views.record import steps_of
from conferences.views.round import views_table
from core.refusals import allowed
from core.templatetags.pd import initials_age


@signed_in
def conference(request: ActingRequest, reference: str) -> HttpResponse:
    """Who keeps the record lands on the stage that fits; others see the record, or their own part of it."""
    found = get_conference_or_404(request.actor, reference, extras=True)
    if permissions.is_recorder(request.actor, found) and found.state in EDITABLE:
        return redirect(_stage_that_fits(live_of(found, views=True)), found.reference)
    if reads_whole_record(request.actor, found):
        return _whole_record(request, live_of(found, views=True))
    return _own_part(request, found)


def _stage_that_fits(live: Live) -> str:
    """Where the meeting is: the list until it is known who is here, then the round, then the decision."""
    if live.conference.state == ConferenceState.BOOKED or not live.present:
        return "conference-attendance"
    if not live.undecided:
        return "conference-dissent" if address_of("conference-dissent", "CF") else "conference-record"
    if any(without_view(live, phase) for phase in live.area.conference.view_phases):
        return "conference-views"
    return "conference-decision"


def _whole_record(request: ActingRequest, live: Live) -> HttpResponse:
    extras = extras_of(live.conference)
    context = live_context(request, live, "") | {
        "stages": [],
        "status_word": live.conference.get_state_display(),
        "status_means": MEANS[ConferenceState(live.conference.state)].format_map(live.area.words),
        "decisions": decisions_shown(live),
        "views": views_table(live, live.area.conference.view_phases),
        "extras": extras,
        "parts": [
            {"label": f.label, "value": extras.fields[f.id][0], "typed": True}
            for f in live.area.conference.fields
            if f.id in extras.fields
        ],
        "steps": steps_of(live, extras),
        "may_cancel": allowed(permissions.check_cancel, request.actor, live.conference, live.area),
        "dissent_url": address_of("conference-dissent", live.conference.reference)
        if permissions.is_recorder(request.actor, live.conference)
        else "",
    }
    return render(request, "conferences/closed.html", context)


def _own_part(request: ActingRequest, found: Conference) -> HttpResponse:
    """For someone on the list: the decision, their own views and dissents, and no other agency's."""
    area, seat = area_of_conference(found), own_seat(request.actor, found)
    if seat is not None:
        seat.conference = found  # read already
    live = Live(found, area, children_of(found), [])
    may_give_view = seat is not None and allowed(permissions.check_private_view, request.actor, seat, area)
    asked = list(seat.missing_entries.order_by("-sent_at")) if seat else []
    context = {
        "live": live,
        "conference": found,
        "heading": name_of(found, area),
        "status_means": MEANS[ConferenceState(found.state)].format_map(area.words),
        "facts": facts_of(live),
        "decisions": decisions_shown(live)
        if found.state not in (ConferenceState.BOOKED, ConferenceState.CANCELLED)
        else [],
        "seat": seat,
        "may_give_view": may_give_view,
        "views": _own_views(live, seat),
        "dissents": list(seat.dissents.select_related("case")) if seat else [],
        "asked": asked,
        "may_ask": seat is not None
        and found.state not in (ConferenceState.BOOKED, ConferenceState.CANCELLED)
        and seat.presence in PRESENT
        and all(a.answered_at for a in asked),
        "guidance": [g for g in area.guidance if g.audience == "practitioner"],
        "chair_word": area.word("chair"),
    }
    return render(request, "conferences/own.html", context)


def _own_views(live: Live, seat: Attendance | None) -> list[dict[str, Any]]:
    if seat is None:
        return []
    given = {c.pk: initials_age(shown(c.child, live.day)) for c in live.children}
    several = len(live.area.conference.view_phases) > 1
    return [
        {
            "label": f"{given[v.conference_child_id]}{', ' + v.get_phase_display().lower() if several else ''}",
            "value": f"{v.get_choice_display()}. {v.reasons}" if v.reasons else v.get_choice_display(),
            "typed": True,
        }
        for v in seat.views.all()
        if v.conference_child_id in given
    ]
