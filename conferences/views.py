"""The conference room: booking, the live record in its stages, and the same conference as others may see it."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_POST

import protocols
from accounts.edge import ActingRequest, form_status, signed_in, submit
from conferences import actions, permissions
from conferences.forms import (
    AdjournForm,
    AnswerForm,
    BookForm,
    CancelForm,
    DecisionForm,
    FamilyForm,
    KnownChildForm,
    MembersForm,
    MissingEntryForm,
    NewChildForm,
    NoteViewForm,
    PersonForm,
    PresenceForm,
    PressForm,
    QuorumForm,
    RecordForm,
    StartForm,
    TickForm,
    ViewsForm,
    presence_form,
    record_form,
    views_form,
)
from conferences.models import Attendance, Conference, ConferenceChild, Decision, MissingEntryRequest, View
from conferences.selectors import (
    Extras,
    Live,
    agencies_of,
    area_of_conference,
    children_of,
    conferences_listed,
    extras_of,
    get_conference_or_404,
    get_missing_entry_or_404,
    known_children,
    live_of,
    members_by_role,
    members_to_invite,
    missing_from_record,
    open_missing_entries,
    own_seat,
    reads_whole_record,
    shown,
    tally,
    view_of,
    without_view,
)
from conferences.states import EDITABLE, FINAL, LIVE, PRESENT, ConferenceState, Phase, Presence, Side
from core.clock import london_date
from core.refusals import Denied, allowed, changed
from core.templatetags.pd import children_words, clock_time, day_time, initials_age
from partnerships.states import Role

PAGE = 25
# The stages in the order of a meeting; any may be opened at any time.
STAGES = (
    ("script", "Script", "conference-script"),
    ("attendance", "Attendance", "conference-attendance"),
    ("views", "Views", "conference-views"),
    ("decision", "Decision", "conference-decision"),
    ("dissent", "Dissent", "conference-dissent"),
    ("record", "Record", "conference-record"),
    ("end", "End", "conference-end"),
)
COUNTED = "revisits"  # a part of the record that is counted by a button, not written


# --- what the pages share ---------------------------------------------------------------------------------------


def _data(request: ActingRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _address(name: str, *args: Any) -> str:
    """The address of a page; empty while no room has it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def _done(request: ActingRequest, response: HttpResponse, words: str) -> HttpResponse:
    """Say what was saved, on the page that follows."""
    if response.status_code == 302:
        messages.success(request, words)
    return response


@contextmanager
def _at(fields: dict[str, str]) -> Iterator[None]:
    """Where one form holds the same question about several people or children: which of its fields is meant."""
    try:
        yield
    except Denied as denied:
        denied.field = fields.get(denied.field, denied.field)
        raise


def name_of(conference: Conference, area: protocols.AreaProtocol) -> str:
    return f"{conference.get_kind_display()} {area.word('conference')}"


def decision_lines(decision: Decision, area: protocols.AreaProtocol) -> list[str]:
    """A decision in the protocol's words."""
    rules = area.conference
    option = next((d.label for d in rules.decisions if d.id == decision.option), decision.option)
    category = next((c.label for c in rules.categories if c.id == decision.category), "")
    basis = rules.basis(decision.basis)
    lines = [f"{option} ({category.lower()})" if category else option]
    return [*lines, f"{basis.label}, {clock_time(decision.decided_at)}"] if basis else lines


def decisions_shown(live: Live) -> list[dict[str, Any]]:
    return [
        {
            "child": initials_age(shown(c.child, live.day)),
            "lines": decision_lines(c.decision, live.area)
            if c not in live.undecided
            else ["No decision yet"],
        }
        for c in live.children
    ]


def _quorum_tag(live: Live) -> tuple[str, str]:
    count = f"{live.agencies} {'agency' if live.agencies == 1 else 'agencies'}"
    if live.quorate is None:
        return count, "grey"
    if live.quorate:
        return f"Quorate: {count}", "green"
    minimum = live.area.conference.quorum.minimum if live.area.conference.quorum else 0
    return f"Not quorate: {live.agencies} of {minimum} agencies", "yellow"


def _facts(live: Live) -> list[dict[str, str]]:
    conference = live.conference
    said = (
        clock_time if conference.state in LIVE and live.people else day_time
    )  # in the room the day is known
    began = (
        ("Started", said(conference.started_at))
        if conference.started_at
        else ("Booked for", day_time(conference.starts_at))
    )
    return [
        {
            "label": "Child" if len(live.children) == 1 else "Children",
            "value": children_words([shown(c.child, live.day) for c in live.children]) or "none yet",
        },
        {"label": began[0], "value": began[1]},
        {"label": live.area.word("chair").capitalize(), "value": conference.chair.user.name},
    ]


def _stages(live: Live, current: str) -> list[dict[str, Any]]:
    counts = {"attendance": len(live.people), "dissent": live.dissents}
    items = []
    for key, label, name in STAGES:
        href = _address(name, live.conference.reference)
        if href and not (key == "script" and not live.area.conference.script):
            items.append(
                {"label": label, "href": href, "current": key == current, "count": counts.get(key, "")}
            )
    return items


def live_context(request: ActingRequest, live: Live, stage: str) -> dict[str, Any]:
    """What `conferences/live.html` needs: the bar, the stages, where it stands, and who waits for an answer."""
    conference = live.conference
    word, colour = _quorum_tag(live)
    adjourned = conference.state == ConferenceState.ADJOURNED
    return {
        "live": live,
        "conference": conference,
        "area": live.area,
        "heading": name_of(conference, live.area),
        "ref": conference.reference,
        "facts": _facts(live),
        "quorum_word": word,
        "quorum_colour": colour,
        "state_word": conference.get_state_display(),
        "stages": _stages(live, stage),
        "may_record": allowed(permissions.check_record, request.actor, conference, live.area),
        "may_prepare": allowed(permissions.check_prepare, request.actor, conference, live.area),
        "may_record_live": allowed(permissions.check_record_live, request.actor, conference, live.area),
        "press": PressForm(),
        "last_session": conference.sessions.order_by("-started_at").first() if adjourned else None,
        "requests": open_missing_entries(conference) if live.asking else [],
    }


def _page(
    request: ActingRequest, live: Live, stage: str, *, form: Any = None, forms: Any = (), **more: Any
) -> HttpResponse:
    """A stage of the live page; 422 when a form on it was refused."""
    context = live_context(request, live, stage) | {"form": form, "forms": forms} | more
    bad = any(form_status(f) == 422 for f in [*forms, *([form] if form is not None else [])])
    return render(request, f"conferences/{stage}.html", context, status=422 if bad else 200)


def _form_page(request: ActingRequest, live: Live, form: Any, **words: Any) -> HttpResponse:
    """A page that is one form, with the way back to the conference."""
    back = words.pop("back", "conference-attendance")
    context = {
        "form": form,
        "ref": live.conference.reference,
        "back_url": reverse(back, args=[live.conference.reference]),
        "back_label": f"Back to {live.conference.reference}",
        "cancel_url": reverse(back, args=[live.conference.reference]),
    }
    return render(request, "conferences/form.html", context | words, status=form_status(form))


Page = Callable[..., HttpResponse]


def _stage(
    *,
    views: bool = False,
    extras: bool = False,
    check: Callable[..., None] = permissions.check_open_stage,
) -> Callable[[Page], Page]:
    """A page of the live conference: through the gate, for those who keep its record, and never after it is closed."""

    def wrap(view: Page) -> Page:
        @signed_in
        @wraps(view)
        def inner(request: ActingRequest, reference: str) -> HttpResponse:
            conference = get_conference_or_404(request.actor, reference, extras=extras)
            check(request.actor, conference, area_of_conference(conference))
            if request.method != "POST" and conference.state in FINAL:
                return redirect("conference", conference.reference)
            return view(request, live_of(conference, views=views))

        return inner

    return wrap


# --- list and booking -------------------------------------------------------------------------------------------


@signed_in
def conferences(request: ActingRequest) -> HttpResponse:
    """Today's conferences first, then those to come, then the past; everyone sees theirs."""
    page = Paginator(conferences_listed(request.actor, request.now), PAGE).get_page(request.GET.get("page"))
    groups: dict[int, list[dict[str, Any]]] = {}
    found: list[Any] = list(page.object_list)
    for row in found:
        day = london_date(row.starts_at)
        children = [shown(c.child, day) for c in row.conference_children.all()]
        groups.setdefault(row.when, []).append({"conference": row, "children": children})
    titles = ("Today and open", "To come", "Past")
    context = {
        "page": page,
        "groups": [(titles[number], rows) for number, rows in groups.items()],
        "may_book": allowed(permissions.check_book, request.actor),
        "heading": "Conferences" if request.actor.role == Role.PARTNERSHIP_ADMIN else "My conferences",
    }
    return render(request, "conferences/list.html", context)


@signed_in
def conference_new(request: ActingRequest) -> HttpResponse:
    permissions.check_book(request.actor)
    today, partnership_id = london_date(request.now), request.membership.partnership_id
    chairs = members_by_role(partnership_id, Role.CHAIR, today)
    takers = members_by_role(partnership_id, Role.MINUTE_TAKER, today)
    own = {
        Role.CHAIR.value: {"chair": str(request.membership.uuid)},
        Role.MINUTE_TAKER.value: {"minute_taker": str(request.membership.uuid)},
    }
    initial = own.get(request.actor.role, {})
    form = BookForm(_data(request), initial=initial, chairs=chairs, minute_takers=takers)
    if form.is_valid():
        ids = {str(m.uuid): m.pk for m in (*chairs, *takers)}
        response = submit(request, form, lambda: _book(request, form, ids), _here)
        if response:
            return _done(request, response, "The conference is booked. Now add the children and the people.")
    context = {
        "form": form,
        "page_title": "Book a conference",
        "submit_label": "Book conference",
        "back_url": reverse("conferences"),
        "back_label": "Back to conferences",
        "cancel_url": reverse("conferences"),
    }
    return render(request, "conferences/form.html", context, status=form_status(form))


def _book(request: ActingRequest, form: BookForm, ids: dict[str, int]) -> Conference:
    given = form.cleaned_data
    return actions.book(
        by=request.actor,
        kind=given["kind"],
        starts_at=given["starts_at"],
        place=given["place"].strip(),
        chair_id=ids[given["chair"]],
        minute_taker_id=ids.get(given["minute_taker"]),
        now=request.now,
    )


def _here(conference: Conference) -> str:
    return reverse("conference", args=[conference.reference])


# --- one conference ---------------------------------------------------------------------------------------------


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
        return "conference-dissent" if _address("conference-dissent", "CF") else "conference-record"
    if any(without_view(live, phase) for phase in live.area.conference.view_phases):
        return "conference-views"
    return "conference-decision"


def _whole_record(request: ActingRequest, live: Live) -> HttpResponse:
    extras = extras_of(live.conference)
    context = live_context(request, live, "") | {
        "stages": [],
        "decisions": decisions_shown(live),
        "views": _views_table(live, live.area.conference.view_phases),
        "extras": extras,
        "parts": [
            {"label": f.label, "value": extras.fields[f.id][0], "typed": True}
            for f in live.area.conference.fields
            if f.id in extras.fields
        ],
        "steps": _steps(live, extras),
        "may_cancel": allowed(permissions.check_cancel, request.actor, live.conference, live.area),
        "dissent_url": _address("conference-dissent", live.conference.reference)
        if permissions.is_recorder(request.actor, live.conference)
        else "",
    }
    return render(request, "conferences/closed.html", context)


def _own_part(request: ActingRequest, found: Conference) -> HttpResponse:
    """For someone on the list: the decision, their own views and dissents, and no other agency's."""
    area, seat = area_of_conference(found), own_seat(request.actor, found)
    live = Live(found, area, children_of(found), [])
    asked = list(seat.missing_entries.order_by("-sent_at")) if seat else []
    context = {
        "live": live,
        "conference": found,
        "heading": name_of(found, area),
        "facts": _facts(live),
        "decisions": decisions_shown(live)
        if found.state not in (ConferenceState.BOOKED, ConferenceState.CANCELLED)
        else [],
        "seat": seat,
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


# --- script -----------------------------------------------------------------------------------------------------


@_stage(extras=True)
def conference_script(request: ActingRequest, live: Live) -> HttpResponse:
    """The protocol's lines for the chair, each with one button that notes the time."""
    form = TickForm(_data(request))
    if form.is_valid():
        step = form.cleaned_data["step"]
        response = submit(
            request,
            form,
            lambda: actions.tick_script(
                conference_id=live.conference.pk, by=request.actor, step=step, now=request.now
            ),
            lambda tick: f"{reverse('conference-script', args=[live.conference.reference])}#step-{tick.step}",
        )
        if response:
            return response
    return _page(request, live, "script", form=form, steps=_steps(live, extras_of(live.conference)))


def _steps(live: Live, extras: Extras) -> list[dict[str, Any]]:
    return [
        {
            "step": s,
            "done_at": extras.ticks.get(s.step),
            "form": None if s.step in extras.ticks else TickForm(initial={"step": s.step}),
        }
        for s in live.area.conference.script
    ]


# --- attendance -------------------------------------------------------------------------------------------------


@_stage(extras=True, check=permissions.check_open_preparation)
def conference_attendance(request: ActingRequest, live: Live) -> HttpResponse:
    """Who is here: one line for everyone, saved together."""
    sittings = extras_of(live.conference).sessions
    day = london_date(sittings[-1]["started_at"]) if sittings else live.day
    form = presence_form(live.people, day, _data(request))
    if form.is_valid():
        url = reverse("conference-attendance", args=[live.conference.reference])
        response = submit(request, form, lambda: _save_presence(request, form), lambda _: url)
        if response:
            return _done(request, response, "The attendance is saved.")
    return _page(
        request, live, "attendance", form=form, children=[shown(c.child, live.day) for c in live.children]
    )


def _save_presence(request: ActingRequest, form: PresenceForm) -> None:
    for person, now in form.changed():
        if form.stale(person):
            raise changed(
                f"How {person.name} took part was changed by someone else. Check it, then save yours."
            )
        key = person.uuid.hex[:12]
        with _at({"presence": f"presence_{key}", "left_at": f"left_{key}"}):
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


def _to_attendance(live: Live) -> Callable[[Any], str]:
    return lambda _: reverse("conference-attendance", args=[live.conference.reference])


@_stage(check=permissions.check_open_preparation)
def conference_people_add(request: ActingRequest, live: Live) -> HttpResponse:
    """Put people of the partnership on the list, several at once."""
    members = members_to_invite(live.conference, london_date(request.now))
    form = MembersForm(_data(request), members=members, live=live.conference.state in LIVE)
    if form.is_valid():
        response = submit(
            request, form, lambda: _add_members(request, live, form, members), _to_attendance(live)
        )
        if response:
            return _done(request, response, "They are on the list.")
    return _form_page(
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
        with _at({"person": "people"}):
            actions.add_person(
                conference_id=live.conference.pk,
                by=request.actor,
                membership_id=ids[wanted],
                presence=_presence(live, form.cleaned_data),
                now=request.now,
            )


@_stage(check=permissions.check_open_preparation)
def conference_person_new(request: ActingRequest, live: Live) -> HttpResponse:
    """Put somebody on the list who has no account here."""
    agencies = agencies_of(live.conference.partnership_id)
    form = PersonForm(_data(request), agencies=agencies, live=live.conference.state in LIVE)
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
            _to_attendance(live),
        )
        if response:
            return _done(request, response, "The person is on the list.")
    return _form_page(
        request, live, form, page_title="Add a person without an account", submit_label="Add to the list"
    )


@_stage(check=permissions.check_open_preparation)
def conference_family_new(request: ActingRequest, live: Live) -> HttpResponse:
    """Put a member of the family, or someone who supports them, on the list."""
    form = FamilyForm(_data(request), live=live.conference.state in LIVE)
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
            _to_attendance(live),
        )
        if response:
            return _done(request, response, "The person is on the list.")
    return _form_page(
        request, live, form, page_title="Add family or a supporter", submit_label="Add to the list"
    )


@_stage(check=permissions.check_open_preparation)
def conference_child_add(request: ActingRequest, live: Live) -> HttpResponse:
    """Add a child: new, or one whom the partnership knows already."""
    plan, known = live.area.word("register_or_plan"), known_children(live.conference)
    which, data = request.POST.get("which", ""), _data(request)
    new = NewChildForm(data if which != "known" else None, prefix="new", plan=plan)
    old = KnownChildForm(
        data if which == "known" else None, prefix="known", children=known, day=live.day, plan=plan
    )
    form: NewChildForm | KnownChildForm = old if which == "known" else new
    if form.is_valid():
        response = submit(request, form, lambda: _add_child(request, live, form), _to_attendance(live))
        if response:
            return _done(request, response, "The child is on the list.")
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


# --- the round of views -----------------------------------------------------------------------------------------


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


@_stage(views=True)
def conference_views(request: ActingRequest, live: Live) -> HttpResponse:
    """The round: everyone's view about each child, one person at a time, and all of them in one table."""
    phase = _phase(live, request.POST.get("phase", "") or request.GET.get("phase", ""))
    person = live.person(request.GET["person"]) if request.GET.get("person") else None
    if person is not None and person.side == Side.FAMILY:
        raise Http404("The round is of professionals.")
    form = None
    if person is not None:
        form = _views_form(live, person, phase, _data(request))
        if form.is_valid():
            response = _save_views(request, live, form, person, phase)
            if response:
                return response
    return _page(
        request,
        live,
        "views",
        form=form,
        person=person,
        phase=phase,
        phase_label=Phase(phase).label,
        phases=_phases(live, person, phase),
        round=_round(live, person, phase),
        table=_views_table(live, (phase,)),
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
    earlier = phase == Phase.DECISION and Phase.DISCUSSION in live.area.conference.view_phases
    return views_form(
        person,
        [initials_age(shown(c.child, live.day)) for c in live.children],
        phase=phase,
        now=[view_of(person, c, phase) for c in live.children],
        earlier=[view_of(person, c, Phase.DISCUSSION) if earlier else None for c in live.children],
        data=data,
    )


def _save_views(
    request: ActingRequest, live: Live, form: ViewsForm, person: Attendance, phase: str
) -> HttpResponse | None:
    """Save the views of one person about all children, and go on to the next who was not asked yet."""

    def act() -> None:
        for number, given in form.given():
            if _same(view_of(person, live.children[number], phase), given):
                continue
            fields = {"choice": f"choice_{number}", "reasons": f"reasons_{number}"}
            with _at(fields | {"change_reason": f"change_{number}"}):
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
    )
    return _done(request, response, f"{person.name}’s view is saved.") if response else None


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


def _round(live: Live, person: Attendance | None, phase: str) -> list[dict[str, Any]]:
    waiting = without_view(live, phase)
    return [
        {
            "name": p.name,
            "meta": ", ".join(filter(None, [p.job_title, p.agency.name if p.agency else ""])),
            "view": _said(live, p, phase),
            "current": person is not None and p.pk == person.pk,
            "tag": None,
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


def _views_table(live: Live, phases: tuple[str, ...]) -> dict[str, Any]:
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


# --- decision ---------------------------------------------------------------------------------------------------


@_stage(views=True, extras=True)
def conference_decision(request: ActingRequest, live: Live) -> HttpResponse:
    """The decision about each child: the chair's to enter, once; views are shown beside it and never decide."""
    chair, forms = permissions.is_chair(request.actor, live.conference), _decision_forms(request, live)
    if request.method == "POST":
        child = next((c for c in live.children if str(c.uuid) == request.POST.get("child")), None)
        if child is None:
            raise Denied("That child is not one of this conference's children. Choose a child from its list.")
        response = _save_decision(request, live, forms[child.pk], child)
        if response:
            return response
    extras = extras_of(live.conference)
    return _page(
        request,
        live,
        "decision",
        forms=list(forms.values()),
        rows=[
            {
                "child": c,
                "shown": shown(c.child, live.day),
                "lines": [] if c in live.undecided else decision_lines(c.decision, live.area),
                "tally": tally(live, c),
                "form": forms[c.pk]
                if chair and c in live.undecided and live.conference.state in LIVE
                else None,
            }
            for c in live.children
        ],
        lacking=missing_from_record(
            live.conference, live.area, live.people, live.children, extras.ticks, extras.fields
        ),
        majority=live.area.conference.basis_refusal("majority"),
        next_url=_address("conference-dissent", live.conference.reference),
    )


def _decision_forms(request: ActingRequest, live: Live) -> dict[int, DecisionForm]:
    """A form for each child; the one that was sent holds what was typed."""
    posted = request.POST.get("child", "")
    return {
        child.pk: DecisionForm(
            _data(request) if str(child.uuid) == posted else None,
            prefix=f"child-{number}",
            rules=live.area.conference,
        )
        for number, child in enumerate(live.children, start=1)
    }


def _save_decision(
    request: ActingRequest, live: Live, form: DecisionForm, child: ConferenceChild
) -> HttpResponse | None:
    if not form.is_valid():
        return None
    given = form.cleaned_data
    response = submit(
        request,
        form,
        lambda: actions.record_decision(
            conference_child_id=child.pk,
            by=request.actor,
            option=given["option"],
            basis=given["basis"],
            category=given.get("category", ""),
            reasons=given["reasons"],
            now=request.now,
        ),
        lambda _: reverse("conference-decision", args=[live.conference.reference]),
        theirs=lambda: [
            {"label": d["child"], "value": "\n".join(d["lines"]), "typed": True}
            for d in decisions_shown(live_of(live.conference))
        ],
    )
    return _done(request, response, "The decision is recorded.") if response else None


# --- further parts of the record --------------------------------------------------------------------------------


def _parts(live: Live) -> tuple[protocols.model.RecordField, ...]:
    """The parts that the protocol asks for here: some only where a child is, or is not, on the plan."""
    on_plan = [c.decision.on_plan for c in live.children if c not in live.undecided]
    wanted = {"always": True, "on_plan": any(on_plan), "not_on_plan": not all(on_plan)}
    return tuple(f for f in live.area.conference.fields if wanted[f.when] and f.id != COUNTED)


@_stage(extras=True)
def conference_record(request: ActingRequest, live: Live) -> HttpResponse:
    """What else the protocol wants written down, the reason below the quorum, and how often it was reopened."""
    extras = extras_of(live.conference)
    form = record_form(_parts(live), extras.fields, _data(request))
    if form.is_valid():
        url = reverse("conference-record", args=[live.conference.reference])
        response = submit(request, form, lambda: _save_record(request, live, form), lambda _: url)
        if response:
            return _done(request, response, "The record is saved.")
    rules = live.area.conference
    return _page(
        request,
        live,
        "record",
        form=form if form.parts else None,
        extras=extras,
        counts_revisits=any(f.id == COUNTED for f in rules.fields),
        later=bool(live.undecided) and any(f.when != "always" for f in rules.fields),
        decisions=decisions_shown(live),
    )


def _save_record(request: ActingRequest, live: Live, form: RecordForm) -> None:
    for field, text, version in form.changed():
        actions.record_field(
            conference_id=live.conference.pk,
            by=request.actor,
            field=field,
            text=text,
            version=version,
            now=request.now,
        )


def _to_record(live: Live) -> Callable[[Any], str]:
    return lambda _: reverse("conference-record", args=[live.conference.reference])


@_stage()
def conference_quorum(request: ActingRequest, live: Live) -> HttpResponse:
    """Why the conference goes on with fewer agencies than its quorum."""
    form = QuorumForm(_data(request), initial={"quorum_reason": live.conference.quorum_reason})
    if form.is_valid():
        response = submit(
            request,
            form,
            lambda: actions.explain_quorum(
                conference_id=live.conference.pk,
                by=request.actor,
                reason=form.cleaned_data["quorum_reason"],
                now=request.now,
            ),
            _to_record(live),
        )
        if response:
            return _done(request, response, "The reason is saved.")
    quorum = live.area.conference.quorum
    return _form_page(
        request,
        live,
        form,
        back="conference-record",
        page_title="Below the quorum",
        lead=f"{quorum.text} ({quorum.rule})" if quorum and quorum.rule else "",
        submit_label="Save reason",
    )


def _press(
    request: ActingRequest, live: Live, act: Callable[..., Any], words: str, to: Callable[[Any], str]
) -> HttpResponse:
    """A button without a form: done, or why it cannot be, on a page of its own."""
    form = PressForm(request.POST)
    if not form.is_valid():
        raise Denied("This button is no longer known. Open the page again and press it there.")
    response = submit(
        request, form, lambda: act(conference_id=live.conference.pk, by=request.actor, now=request.now), to
    )
    if response is None:
        raise getattr(form, "denied", None) or Denied(" ".join(map(str, form.non_field_errors())))
    return _done(request, response, words)


@require_POST
@_stage()
def conference_revisit(request: ActingRequest, live: Live) -> HttpResponse:
    return _press(
        request, live, actions.revisit_discussion, "Counted: the discussion was reopened.", _to_record(live)
    )


# --- start, adjourn, resume, cancel -----------------------------------------------------------------------------


@_stage()
def conference_start(request: ActingRequest, live: Live) -> HttpResponse:
    """Start now, or at the time it did start."""
    form = StartForm(_data(request), initial={"at": request.now})
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
            _to_attendance(live),
        )
        if response:
            return _done(request, response, "The conference has started.")
    return _form_page(
        request, live, form, back="conference", page_title="Start the conference", submit_label="Start"
    )


@_stage()
def conference_adjourn(request: ActingRequest, live: Live) -> HttpResponse:
    """End this session; the conference goes on another time."""
    form = AdjournForm(_data(request))
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
            return _done(request, response, "The conference is adjourned. It has not ended.")
    return _form_page(
        request,
        live,
        form,
        back="conference",
        page_title="Adjourn the conference",
        lead="This session ends, the conference does not: no time limit starts before its last session is over.",
        submit_label="Adjourn",
    )


@require_POST
@_stage()
def conference_resume(request: ActingRequest, live: Live) -> HttpResponse:
    return _press(request, live, actions.resume, "The conference goes on.", _here)


@_stage(check=permissions.check_open_preparation)
def conference_cancel(request: ActingRequest, live: Live) -> HttpResponse:
    form = CancelForm(_data(request))
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
            return _done(request, response, "The conference is cancelled.")
    return _form_page(
        request,
        live,
        form,
        back="conference",
        page_title="Cancel the conference",
        submit_label="Cancel conference",
        cancel_url="",
    )


# --- differing views, and entries that are missing --------------------------------------------------------------


@_stage(views=True)
def conference_note_view(request: ActingRequest, live: Live) -> HttpResponse:
    """Note as a differing view only: it goes in the record and starts nothing."""
    if not request.GET.get("person"):
        address = reverse("conference-note-view", args=[live.conference.reference])
        people = _round(live, None, live.area.conference.view_phases[-1])
        for row, person in zip(people, live.present, strict=True):
            row["action"] = {"href": f"{address}?person={person.uuid}", "label": "Note", "about": person.name}
        return _page(request, live, "note", people=people)
    person = live.person(request.GET["person"])
    choices = [(str(c.uuid), initials_age(shown(c.child, live.day))) for c in live.children]
    only = {"children": [choices[0][0]]} if len(choices) == 1 else {}
    form = NoteViewForm(_data(request), initial=only, name=person.name, children=choices)
    if form.is_valid():
        response = submit(request, form, lambda: _note(request, live, form, person), _to_record(live))
        if response:
            return _done(request, response, f"{person.name}’s view is noted.")
    return _page(request, live, "note", form=form, person=person)


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
    form = MissingEntryForm(_data(request))
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
            return _done(
                request, response, "Sent to the chair. You will be told when the chair has answered."
            )
    live = Live(found, area_of_conference(found), [], [])
    return _form_page(
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
    form = AnswerForm(_data(request))
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
            return _done(request, response, "Your answer is sent.")
    return _answer_page(request, asked, form)


def _answer_page(request: ActingRequest, asked: MissingEntryRequest, form: AnswerForm) -> HttpResponse:
    found = asked.attendance.conference
    dissent = _address("conference-dissent", found.reference)
    return _form_page(
        request,
        Live(found, area_of_conference(found), [], []),
        form,
        back="conference",
        page_title="A dissent that is not in the record",
        asked=asked,
        enter_url=f"{dissent}?person={asked.attendance.uuid}" if dissent else "",
        submit_label="Send answer",
    )
