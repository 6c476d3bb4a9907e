"""The admin's overview: what is open, by stage and holder; what is late, or soon; what waits. Each number has its list.

Only cases that the admin may see are counted, complaints never, and no practice: that is another partnership.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import BooleanField, Count, Exists, F, OuterRef, Q, QuerySet, Value, Window
from django.http import Http404
from django.urls import reverse

import protocols
from cases.models import Case, CaseEvent
from cases.states import OPEN, Kind, Stage
from convening.models import ConveneRequest
from convening.states import ConveneState
from core.actor import Actor
from core.clock import london_date
from core.refusals import Denied
from core.templatetags.pd import day_date
from dissent.models import Ask
from dissent.states import REVIEWING
from dissent.states import WAITING as NOT_BEGUN
from notifications.selectors import undelivered
from partnerships.models import ProtocolVersion
from partnerships.selectors import calendar_for, waiting_upload
from protocols.calendar import CalendarHorizon
from worklists import selectors as lists

SOON = lists.SOON  # working days
NOT_DECIDED = [*NOT_BEGUN, *REVIEWING]  # states of a dissent that a reviewing manager should know of


@dataclass(frozen=True, slots=True)
class Heap:
    """One number of the overview and what it counts."""

    key: str
    label: str
    query: Q
    note: str = ""


def heaps(now: dt.datetime, soon: dt.datetime | None) -> dict[str, Heap]:
    """What is counted beside stages and holders. `soon`: until when a date is soon; None where no calendar is loaded."""
    late = lists.late_now(now)
    view = Q(stage=Stage.WRITTEN_VIEW_NEEDED)
    asked = Ask.objects.filter(dissent__case_id=OuterRef("pk"), replied_at__isnull=True)
    told = CaseEvent.objects.filter(case_id=OuterRef("pk"), name="reviewer_notified")
    requested = ConveneRequest.objects.filter(
        case_id=OuterRef("pk"), state__in=[ConveneState.REQUESTED, ConveneState.LAST_RESORT]
    )
    found = (
        Heap("open", "Open cases", Q()),
        Heap("late", "Late now", late, "A date of the protocol has passed"),
        Heap(
            "soon",
            "Late soon",
            ~late & Q(next_due_at__lte=soon) if soon else Q(pk__in=[]),
            f"Due within {SOON} working days",
        ),
        Heap("view", "A written view is awaited", view & ~late),
        Heap("view-late", "A written view never came: its date has passed", view & late),
        Heap(
            "pass-on",
            "The conference has ended, and the dissent is not passed on yet",
            Q(dissent__state__in=NOT_DECIDED, dissent__conference__ended_at__isnull=False) & Q(~Exists(told)),
        ),
        Heap("question", "A question of the reviewer has no reply", Exists(asked) & Q()),
        Heap("request", "A request for a conference has no answer", Exists(requested) & Q()),
        Heap("finish", "Decided: telling, filing or closing is left", Q(stage=Stage.DECIDED)),
    )
    return {heap.key: heap for heap in found}


HEADLINE = ("open", "late", "soon")
WAITING = ("view", "view-late", "pass-on", "question", "request", "finish")


def open_cases(actor: Actor) -> QuerySet[Case]:
    """The open differences that the admin sees."""
    return Case.objects.visible_to(actor).filter(closed_at__isnull=True).exclude(kind=Kind.COMPLAINT)


def soon_until(actor: Actor, area: protocols.AreaProtocol | None, now: dt.datetime) -> dt.datetime | None:
    """The end of the third working day from now; None where no protocol or calendar is there to count by."""
    if area is None:
        return None
    try:
        return calendar_for(actor.partnership_id or 0, area.nation).add(SOON, "working_days", now).due_at
    except (Denied, CalendarHorizon):
        return None


def overview_of(actor: Actor, area: protocols.AreaProtocol | None, now: dt.datetime) -> dict[str, Any]:
    """The numbers of the overview, each with the address of its list. The same queries, whatever their size."""
    posts = lists.Posts(actor.partnership_id or 0, london_date(now))
    known = heaps(now, soon_until(actor, area, now))
    names = {key: key.replace("-", "_") for key in known}
    counted = open_cases(actor).aggregate(
        **{
            names[key]: Count("pk", filter=heap.query) if heap.query else Count("pk")
            for key, heap in known.items()
        }
    )
    by_place: list[Any] = list(
        open_cases(actor)
        .annotate(is_late=lists.late_now(now))
        .values("stage", "held_by")
        .annotate(count=Count("pk"), late=Count("pk", filter=Q(is_late=True)))
        .order_by()
    )
    empty = posts.unfilled(area) if area else []
    return {
        "headline": [_number(known[key], counted[names[key]]) for key in HEADLINE],
        "waiting": [_number(known[key], counted[names[key]]) for key in WAITING if counted[names[key]]],
        "stages": _rows(
            by_place, "stage", [(stage.value, stage.label) for stage in OPEN], lambda stage: {"stage": stage}
        ),
        "holders": _holders(by_place, area, posts),
        "unfilled": empty,
        "dead": undelivered(actor.partnership_id or 0).count(),
        "protocol": _protocol(actor, area, now),
    }


def _address(**chosen: str) -> str:
    return f"{reverse('overview-cases')}?{urlencode(chosen)}"


def _number(heap: Heap, count: int) -> dict[str, Any]:
    return {
        "label": heap.label,
        "count": count,
        "note": heap.note,
        "href": _address(of=heap.key),
        "key": heap.key,
    }


def _rows(
    places: list[dict[str, Any]], by: str, names: list[tuple[str, str]], chosen: Any
) -> list[dict[str, Any]]:
    found = []
    for value, label in names:
        mine = [row for row in places if row[by] == value]
        if mine:
            found.append(
                {
                    "label": label,
                    "count": sum(row["count"] for row in mine),
                    "late": sum(row["late"] for row in mine),
                    "href": _address(**chosen(value)),
                }
            )
    return found


IN_PERSON = "participant"  # held by somebody who was named at a step, not by a post


def _holder(seat: str) -> str:
    """Those who were named in one case stand together: a post is what many cases share."""
    return IN_PERSON if seat.startswith(f"{IN_PERSON}:") else seat


def _holders(
    places: list[dict[str, Any]], area: protocols.AreaProtocol | None, posts: lists.Posts
) -> list[dict[str, Any]]:
    """Who holds the open cases, those with most first."""
    places = [row | {"held_by": _holder(row["held_by"])} for row in places]
    seats = dict.fromkeys(row["held_by"] for row in places)
    rows = _rows(
        places, "held_by", [(seat, holder_words(seat, area, posts)) for seat in seats], lambda seat: {"held": seat or "-"}
    )  # fmt: skip
    return sorted(rows, key=lambda row: (-row["count"], row["label"]))


def holder_words(seat: str, area: protocols.AreaProtocol | None, posts: lists.Posts) -> str:
    if not seat:
        return "Nobody"
    if seat == IN_PERSON:
        return "Somebody named at a step of the ladder"
    if area is None:
        return seat
    return lists.seat_words(*lists.seat_name(seat, area, posts, ()))


def _protocol(actor: Actor, area: protocols.AreaProtocol | None, now: dt.datetime) -> dict[str, Any]:
    """The protocol's own dates, a text that waits, and a version that holds from a later day."""
    today = london_date(now)
    waiting = waiting_upload(actor.partnership_id or 0)
    ahead = ProtocolVersion.objects.filter(
        partnership_id=actor.partnership_id or 0, effective_from__gt=today
    ).defer("source_text")  # fmt: skip
    lines = [lists.review_banner(area, now)]
    if waiting is not None:
        lines.append(
            f"Version {waiting.version}, to hold from {day_date(waiting.effective_from)}, waits for a second person."
        )
    lines += [
        f"Version {row.version} is published and holds from {day_date(row.effective_from)}." for row in ahead
    ]
    return {"lines": [line for line in lines if line], "href": reverse("protocol-versions")}


# --- the list behind a number ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    title: str
    note: str
    rows: list[dict[str, Any]]
    page: Page
    query: str


def cases_listed(
    actor: Actor, area: protocols.AreaProtocol | None, chosen: Mapping[str, str], now: dt.datetime
) -> Listed:
    """The cases that a number of the overview counts, a page at a time. Raises Http404 for a number there is not."""
    posts = lists.Posts(actor.partnership_id or 0, london_date(now))
    title, note, query, kept = _chosen(actor, area, posts, chosen, now)
    cases = (
        lists.with_people(open_cases(actor).filter(query))
        .annotate(
            mine=Value(False, output_field=BooleanField()),
            late=lists.late_now(now),
            total=Window(Count("*")),
            **lists.owed_by(actor),
        )
        .order_by(F("next_due_at").asc(nulls_last=True), "opened_at", "pk")
    )
    typed = chosen.get("page", "1")
    number = int(typed) if typed.isdecimal() and 0 < int(typed) < 10_000 else 1
    rows: list[Any] = list(cases[(number - 1) * lists.PAGE : number * lists.PAGE])
    if not rows and number > 1:
        number, rows = 1, list(cases[: lists.PAGE])
    calendar = lists.calendar_of(rows, actor)
    page = Paginator(range(rows[0].total if rows else 0), lists.PAGE).page(number)
    return Listed(
        title,
        note,
        [lists.row_of(case, actor, posts, calendar, now) for case in rows],
        page,
        f"{urlencode(kept)}&",
    )


def _chosen(
    actor: Actor,
    area: protocols.AreaProtocol | None,
    posts: lists.Posts,
    chosen: Mapping[str, str],
    now: dt.datetime,
) -> tuple[str, str, Q, dict[str, str]]:
    """Title, note, filter and parameters of the list that was asked for."""
    stage, held, heap = chosen.get("stage", ""), chosen.get("held", ""), chosen.get("of", "open")
    if stage in Stage.values:
        return f"Open cases: {Stage(stage).label.lower()}", "", Q(stage=stage), {"stage": stage}
    if held:
        seat = "" if held == "-" else held
        query = Q(held_by__startswith=f"{IN_PERSON}:") if seat == IN_PERSON else Q(held_by=seat)
        if seat != IN_PERSON and not _is_seat(seat):
            raise Http404("There is no such holder.")
        return f"Held by: {holder_words(seat, area, posts)}", "", query, {"held": held}
    known = heaps(now, soon_until(actor, area, now))
    if heap not in known or stage:
        raise Http404("There is no such list.")
    return known[heap].label, known[heap].note, known[heap].query, {"of": heap}


def _is_seat(seat: str) -> bool:
    return "\x00" not in seat and (
        not seat or seat.partition(":")[0] in ("slot", "capacity", "group", "line_manager")
    )
