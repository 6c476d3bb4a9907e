"""The round of views, one person after another."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

import protocols
from accounts.edge import ActingRequest, signed_in, submit
from conferences import actions, permissions
from conferences.forms import PressForm, PrivateViewForm, ViewsForm, views_form
from conferences.models import Attendance, ConferenceChild, PrivateView, View
from conferences.selectors import (
    Live,
    area_of_conference,
    children_of,
    get_conference_or_404,
    live_of,
    own_private_views,
    own_seat,
    private_views_of,
    shown,
    view_of,
    without_view,
)
from conferences.states import Phase, Side
from conferences.views.live import at_field, data_of, done, form_page, press, stage, stage_page
from core.clock import london_date
from core.refusals import allowed
from core.templatetags.pd import initials_age


def _phase(live: Live, wanted: str) -> str:
    """The phase asked for, or the first that is not complete."""
    phases = live.area.conference.view_phases
    if wanted in phases:
        return wanted
    return next((p for p in phases if without_view(live, p)), phases[-1])


def _views_url(live: Live, person: Attendance | None, phase: str) -> str:
    query = {"person": str(person.uuid)} if person else {}
    if len(live.area.conference.view_phases) > 1:
        query["phase"] = phase
    address = reverse("conference-views", args=[live.conference.reference])
    return f"{address}?{urlencode(query)}" if query else address


@stage(views=True)
def conference_views(request: ActingRequest, live: Live) -> HttpResponse:
    """The round: everyone's view about each child, one person at a time, and all of them in one table."""
    phase = _phase(live, request.POST.get("phase", "") or request.GET.get("phase", ""))
    person = live.person(request.GET["person"]) if request.GET.get("person") else None
    if person is not None and person.side == Side.FAMILY:
        raise Http404("The round is of professionals.")
    private = private_views_of(live)
    form = None
    if person is not None:
        form = _views_form(live, person, phase, data_of(request))
        if form.is_valid():
            response = _save_views(request, live, form, person, phase)
            if response:
                return response
    return stage_page(
        request,
        live,
        "views",
        form=form,
        person=person,
        phase=phase,
        phase_label=Phase(phase).label,
        phases=_phases(live, person, phase),
        round=round_of(live, person, phase, private),
        private_in=len({row.attendance_id for row in private}),
        may_open_round=allowed(permissions.check_open_round, request.actor, live.conference, live.area),
        press=PressForm(),
        own_words=_own_words(private, person) if _shows(live) else [],
        table=views_table(live, (phase,)),
        next=next(iter(without_view(live, phase)), None),
        next_url=_views_url(live, next(iter(without_view(live, phase)), None), phase),
        later=_later_phase(live, phase),
    )


def _later_phase(live: Live, phase: str) -> dict[str, str] | None:
    """The phase that follows and is not complete: the round goes on with it before the decision."""
    phases = live.area.conference.view_phases
    later = next((p for p in phases[phases.index(phase) + 1 :] if without_view(live, p)), None)
    if later is None:
        return None
    return {"label": Phase(later).label.lower(), "href": _views_url(live, None, later)}


def _views_form(live: Live, person: Attendance, phase: str, data: Any) -> ViewsForm:
    phases = live.area.conference.view_phases
    earlier = phase == Phase.DECISION and Phase.DISCUSSION in phases
    shows = _shows(live) and phase == phases[0]
    private = (
        {row.conference_child_id: row for row in private_views_of(live) if row.attendance_id == person.pk}
        if shows
        else {}
    )
    return views_form(
        person,
        [initials_age(shown(c.child, live.day)) for c in live.children],
        phase=phase,
        now=[view_of(person, c, phase) for c in live.children],
        earlier=[_earlier(person, c, private) if earlier or private else None for c in live.children],
        data=data,
    )


def _shows(live: Live) -> bool:
    """Whether what was given before the round may be seen: from when it is opened."""
    return live.conference.round_opened_at is not None


def _earlier(
    person: Attendance, child: ConferenceChild, private: dict[int, PrivateView]
) -> tuple[str, View | PrivateView] | None:
    """What this person said before this phase: in the discussion, or on their own before the round."""
    if private:
        own = private.get(child.pk)
        return ("Before the round", own) if own else None
    said = view_of(person, child, Phase.DISCUSSION)
    return ("In the discussion", said) if said else None


def _save_views(
    request: ActingRequest, live: Live, form: ViewsForm, person: Attendance, phase: str
) -> HttpResponse | None:
    """Save the views of one person about all children, and go on to the next who was not asked yet."""

    def act() -> None:
        for number, given in form.given():
            if _same(view_of(person, live.children[number], phase), given):
                continue
            fields = {"choice": f"choice_{number}", "reasons": f"reasons_{number}"}
            with at_field(fields | {"change_reason": f"change_{number}"}):
                actions.record_view(
                    attendance_id=person.pk,
                    conference_child_id=live.children[number].pk,
                    by=request.actor,
                    phase=phase,
                    choice=given["choice"],
                    reasons=given["reasons"] or "",
                    change_reason=given["change"] or "",
                    version=given["version"],
                    now=request.now,
                )

    open_still = [p for p in without_view(live, phase) if p.pk != person.pk]
    after = [p for p in open_still if live.people.index(p) > live.people.index(person)]
    following = next(iter([*after, *open_still]), None)
    response = submit(
        request,
        form,
        act,
        lambda _: _views_url(live, following, phase),
        theirs=lambda: _theirs(live, person, phase),
        renew=lambda: _renewed(live, person, phase),
    )
    return done(request, response, f"{person.name}’s view is saved.") if response else None


def _renewed(live: Live, person: Attendance, phase: str) -> ViewsForm:
    again = live_of(live.conference, views=True)
    return _views_form(again, again.person(str(person.uuid)), phase, None)


def _same(view: View | None, given: dict[str, Any]) -> bool:
    said = (given["choice"], (given["reasons"] or "").strip(), (given["change"] or "").strip())
    return view is not None and (view.choice, view.reasons, view.change_reason) == said


def _theirs(live: Live, person: Attendance, phase: str) -> list[dict[str, Any]]:
    rows = []
    for child in live.children:
        view = person.views.filter(conference_child=child, phase=phase).first()
        if view is not None:
            words = f"{view.get_choice_display()}. {view.reasons}"
            rows.append({"label": initials_age(shown(child.child, live.day)), "value": words, "typed": True})
    return rows


def _phases(live: Live, person: Attendance | None, phase: str) -> list[dict[str, Any]]:
    phases = live.area.conference.view_phases
    if len(phases) == 1:
        return []
    return [
        {
            "label": Phase(p).label,
            "href": _views_url(live, person, p),
            "current": p == phase,
            "count": f"{len(live.present) - len(without_view(live, p))} of {len(live.present)}",
        }
        for p in phases
    ]


def _said(live: Live, person: Attendance, phase: str) -> str:
    words = []
    for child in live.children:
        view = view_of(person, child, phase)
        words.append(
            f"{child.child.initials}: {view.get_choice_display().lower() if view else 'not asked yet'}"
        )
    return ", ".join(words)


def _own_words(private: list[PrivateView], person: Attendance | None) -> list[dict[str, Any]]:
    """What the person asked gave before the round, for who keeps the record: said beside their form."""
    if person is None:
        return []
    return [
        {"label": row.get_choice_display(), "value": row.reasons or "No reasons given.", "typed": True}
        for row in private
        if row.attendance_id == person.pk
    ]


@require_POST
@stage()
def conference_open_round(request: ActingRequest, live: Live) -> HttpResponse:
    """Views are spoken from here on; those given before are shown."""
    return press(
        request, live, actions.open_round, "The round is open.",
        lambda _: reverse("conference-views", args=[live.conference.reference]),
    )  # fmt: skip


@signed_in
def conference_private_view(request: ActingRequest, reference: str) -> HttpResponse:
    """One's own view before views are spoken, from one's own device."""
    conference = get_conference_or_404(request.actor, reference)
    area, seat = area_of_conference(conference), own_seat(request.actor, conference)
    if seat is None or seat.side == Side.FAMILY:
        raise Http404("Not on the list.")
    seat.conference = conference
    if request.method != "POST":
        permissions.check_private_view(request.actor, seat, area)
    children, mine = children_of(conference), own_private_views(seat)
    day = london_date(conference.starts_at)
    form = PrivateViewForm(
        data_of(request),
        children=[initials_age(shown(c.child, day)) for c in children],
        initial={
            f"{name}_{i}": getattr(mine[c.pk], name)
            for i, c in enumerate(children)
            if c.pk in mine
            for name in ("choice", "reasons")
        },
    )
    if form.is_valid():
        response = submit(
            request,
            form,
            lambda: actions.send_private_view(
                attendance_id=seat.pk,
                by=request.actor,
                views=dict(zip([c.pk for c in children], form.given(), strict=True)),
                now=request.now,
            ),
            lambda _: reverse("conference", args=[conference.reference]),
        )
        if response:
            return done(request, response, "Your view is in. Nobody else sees it until the round is opened.")
    return form_page(
        request,
        Live(conference, area, children, []),
        form,
        back="conference",
        page_title="Your view before the round",
        lead=f"Nobody else sees it until the {area.word('chair')} opens the round. You say it again there; if it has changed by then, you say why. ({_own_rule(area)})",
        submit_label="Send my view",
    )


def _own_rule(area: protocols.AreaProtocol) -> str:
    return next((g.rule for g in area.guidance if g.id == "own_view"), "a safeguard of this service")


def round_of(
    live: Live, person: Attendance | None, phase: str, private: Iterable[PrivateView] = ()
) -> list[dict[str, Any]]:
    waiting, sent = without_view(live, phase), {row.attendance_id for row in private}
    return [
        {
            "name": p.name,
            "meta": ", ".join(filter(None, [p.job_title, p.agency.name if p.agency else ""])),
            "view": _said(live, p, phase),
            "current": person is not None and p.pk == person.pk,
            "tag": {"word": "View in", "colour": "teal"} if p.pk in sent else None,
            "action": None
            if person is not None and p.pk == person.pk
            else {
                "href": _views_url(live, p, phase),
                "label": "Ask" if p in waiting else "Change",
                "about": p.name,
            },
        }
        for p in live.present
    ]


def views_table(live: Live, phases: tuple[str, ...]) -> dict[str, Any]:
    """One row for each person, the same for every agency; a column for each child and phase."""
    columns = [(child, phase) for child in live.children for phase in phases]
    rows: list[dict[str, Any]] = [
        {"person": p, "cells": [view_of(p, child, phase) for child, phase in columns]}
        for p in live.people
        if p.side == Side.PROFESSIONAL and (p in live.present or p.views.all())
    ]
    heads = [
        initials_age(shown(child.child, live.day))
        + (f", {Phase(phase).label.lower()}" if len(phases) > 1 else "")
        for child, phase in columns
    ]
    for row in rows:
        row["cells"] = list(zip(heads, row["cells"], strict=True))
    return {"heads": heads, "rows": rows}
