"""What the pages of a live conference share: the gate, the frame around each stage, and where a form goes back to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse

import protocols
from accounts.edge import ActingRequest, form_status, signed_in, submit, with_draft
from conferences import permissions
from conferences.forms import PressForm
from conferences.models import Conference, Decision
from conferences.selectors import (
    Live,
    area_of_conference,
    get_conference_or_404,
    live_of,
    open_missing_entries,
    shown,
)
from conferences.states import FINAL, LIVE, ConferenceState
from core.refusals import Denied, allowed
from core.templatetags.pd import children_words, clock_time, day_time, initials_age

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


def data_of(request: ActingRequest) -> Any:
    return request.POST if request.method == "POST" else None


def address_of(name: str, *args: Any) -> str:
    """The address of a page; empty while no room has it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def done(request: ActingRequest, response: HttpResponse, words: str) -> HttpResponse:
    """Say what was saved, on the page that follows."""
    if response.status_code == 302:
        messages.success(request, words)
    return response


@contextmanager
def at_field(fields: dict[str, str]) -> Iterator[None]:
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


def facts_of(live: Live) -> list[dict[str, str]]:
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
        href = address_of(name, live.conference.reference)
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
        "facts": facts_of(live),
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


def stage_page(
    request: ActingRequest, live: Live, stage: str, *, form: Any = None, forms: Any = (), **more: Any
) -> HttpResponse:
    """A stage of the live page; 422 when a form on it was refused."""
    with_draft(request, *forms, form)
    context = live_context(request, live, stage) | {"form": form, "forms": forms} | more
    bad = any(form_status(f) == 422 for f in [*forms, *([form] if form is not None else [])])
    return render(request, f"conferences/{stage}.html", context, status=422 if bad else 200)


def form_page(request: ActingRequest, live: Live, form: Any, **words: Any) -> HttpResponse:
    """A page that is one form, with the way back to the conference."""
    back = words.pop("back", "conference-attendance")
    with_draft(request, form)
    context = {
        "form": form,
        "ref": live.conference.reference,
        "back_url": reverse(back, args=[live.conference.reference]),
        "back_label": f"Back to {live.conference.reference}",
        "cancel_url": reverse(back, args=[live.conference.reference]),
    }
    return render(request, "conferences/form.html", context | words, status=form_status(form))


Page = Callable[..., HttpResponse]


def stage(
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


def to_attendance(live: Live) -> Callable[[Any], str]:
    return lambda _: reverse("conference-attendance", args=[live.conference.reference])


def to_record(live: Live) -> Callable[[Any], str]:
    return lambda _: reverse("conference-record", args=[live.conference.reference])


def press(
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
    return done(request, response, words)
