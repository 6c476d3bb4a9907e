"""The list of all cases that a person may see: filtered by what stands in its address, by time left, a page at a time."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Q, QuerySet, Window

import protocols
from cases.models import Case, SavedFilter
from cases.states import Kind, Stage
from core.actor import Actor
from core.clock import london_date
from core.gather import gather
from core.refusals import Denied
from core.templatetags.pd import plural
from partnerships.models import Agency
from partnerships.selectors import calendar_for
from protocols.calendar import Calendar, CalendarHorizon, end_of_day
from worklists.selectors import PAGE, SOON, Posts, is_mine, late_now, owed_by, row_of, with_people

Choices = dict[str, list[tuple[str, str]]]

DUE = (("late", "Overdue"), ("soon", "Due in 3 working days"), ("none", "No date set"))
HELD = (("me", "You"), ("others", "Others"))
OPENED = (("28", "In the last 4 weeks"), ("91", "In the last 3 months"), ("365", "In the last year"))


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list shows; empty is everything."""

    stage: str = ""
    kind: str = ""
    due: str = ""
    held: str = ""
    agency: str = ""
    opened: str = ""

    @property
    def query(self) -> str:
        """As it stands in the address: in one order, so that a view that is kept is found again."""
        return urlencode({f.name: value for f in fields(self) if (value := getattr(self, f.name))})

    @property
    def given(self) -> dict[str, str]:
        return {f.name: getattr(self, f.name) for f in fields(self)}


@dataclass(frozen=True, slots=True)
class Listed:
    page: Page
    rows: list[dict[str, Any]]
    words: str


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the list: the agencies to choose from, and the views that the person keeps."""

    agencies: list[Agency]
    saved: list[SavedFilter]

    @property
    def default(self) -> str:
        return next((row.query for row in self.saved if row.is_default), "")


def around(actor: Actor) -> Around:
    """One query."""
    agencies, saved = gather(
        Agency.objects.filter(partnership=actor.partnership_id).order_by("name", "pk"),
        SavedFilter.objects.filter(membership=actor.membership_id, removed_at__isnull=True).order_by(
            "name", "pk"
        ),
    )
    return Around(agencies, saved)


def choices_of(agencies: list[Agency]) -> Choices:
    kinds = [(value, label) for value, label in Kind.choices if value != Kind.COMPLAINT]
    return {
        "stage": [("", "Every status"), ("open", "All that is open"), *Stage.choices],
        "kind": [("", "Everything"), *kinds],
        "due": [("", "Any time"), *DUE],
        "held": [("", "Anyone"), *HELD],
        "agency": [("", "Every agency"), *((str(row.uuid), row.name) for row in agencies)],
        "opened": [("", "At any time"), *OPENED],
    }


def filters_in(given: Mapping[str, str], choices: Choices) -> Filters:
    """What an address asks for. What it does not know is left out: an old link still opens."""
    known = {name: {value for value, _ in listed} for name, listed in choices.items()}
    return Filters(**{name: given.get(name, "") for name in known if given.get(name, "") in known[name]})


def listed(
    actor: Actor,
    filters: Filters,
    choices: Choices,
    area: protocols.AreaProtocol | None,
    number: str,
    now: dt.datetime,
) -> Listed:
    """A page of the list. Three queries: the cases, the posts, the calendar."""
    calendar = _calendar(actor, area)
    cases = (
        with_people(_filtered(actor, filters, calendar, now))
        .annotate(mine=is_mine(actor), late=late_now(now), total=Window(Count("*")), **owed_by(actor))
        .order_by(
            F("closed_at").desc(nulls_first=True), F("next_due_at").asc(nulls_last=True), "opened_at", "pk"
        )
    )
    at = int(number) if number.isdecimal() and 0 < int(number) < 10_000 else 1
    rows: list[Any] = list(cases[(at - 1) * PAGE : at * PAGE])
    if not rows and at > 1:
        at, rows = 1, list(cases[:PAGE])
    total = rows[0].total if rows else 0
    posts = Posts(actor.partnership_id or 0, london_date(now))
    page = Paginator(range(total), PAGE).page(at)
    return Listed(
        page, [row_of(case, actor, posts, calendar, now) for case in rows], _words(total, filters, choices)
    )


def _filtered(actor: Actor, filters: Filters, calendar: Calendar | None, now: dt.datetime) -> QuerySet[Case]:
    found: Any = Case.objects.visible_to(actor).exclude(kind=Kind.COMPLAINT)
    if filters.stage == "open":
        found = found.filter(closed_at__isnull=True)
    elif filters.stage:
        found = found.filter(stage=filters.stage)
    if filters.kind:
        found = found.filter(kind=filters.kind)
    if filters.agency:
        found = found.filter(agency__uuid=filters.agency)
    if filters.opened:
        found = found.filter(opened_at__gte=now - dt.timedelta(days=int(filters.opened)))
    if filters.due:
        found = found.filter(_due(filters.due, calendar, now), closed_at__isnull=True)
    if filters.held:
        found = found.annotate(is_mine=is_mine(actor)).filter(
            is_mine=filters.held == "me", closed_at__isnull=True
        )
    return found


def _due(due: str, calendar: Calendar | None, now: dt.datetime) -> Q:
    match due:
        case "late":
            return late_now(now)
        case "soon":
            return Q(next_due_at__gte=now, next_due_at__lte=_soon(calendar, now)) & ~Q(overdue=True)
        case _:
            return Q(next_due_at__isnull=True)


def _soon(calendar: Calendar | None, now: dt.datetime) -> dt.datetime:
    """The end of the third working day from now; of the fifth day where none can be counted."""
    today = london_date(now)
    try:
        return end_of_day(
            calendar.add_working_days(today, SOON) if calendar else today + dt.timedelta(days=5)
        )
    except CalendarHorizon:
        return end_of_day(today + dt.timedelta(days=5))


def _calendar(actor: Actor, area: protocols.AreaProtocol | None) -> Calendar | None:
    try:
        return calendar_for(actor.partnership_id or 0, area.nation) if area else None
    except Denied:
        return None


def _words(total: int, filters: Filters, choices: Choices) -> str:
    """12 cases: under review, overdue, held by you."""
    named = {name: dict(listed_) for name, listed_ in choices.items()}
    chosen = [
        f"{before}{label if name == 'agency' else label.lower()}"
        for name, before in (
            ("stage", ""), ("kind", "about: "), ("due", ""), ("held", "held by "), ("agency", "from "), ("opened", "recorded "),
        )
        if (value := getattr(filters, name)) and (label := named[name][value])
    ]  # fmt: skip
    what = plural(total, "case") if total else "No case"
    return f"{what}{': ' if chosen else ''}{', '.join(chosen)}"
