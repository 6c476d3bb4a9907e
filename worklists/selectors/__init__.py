"""The work lists: one query for the cases, one for the posts, one for the calendar, whatever their number."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.paginator import Page, Paginator
from django.db.models import Case as When_
from django.db.models import (
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, Concat, JSONObject, NullIf
from django.http import Http404
from django.urls import reverse

import protocols
from audit.models import AuditEvent
from audit.selectors import template_of
from cases.models import Case, CaseChild, CaseEvent, Participant
from cases.selectors import area_of_case, get_case_or_404
from cases.states import OPEN, Kind, Stage
from conferences.models import Conference, ConferenceChild, MissingEntryRequest
from conferences.states import ConferenceState, Phase, Presence, ViewChoice
from core.actor import Actor
from core.clock import london, london_date
from core.refusals import Denied
from core.templatetags.pd import children_words, day_date, day_time, plural, short_date, working_days_left
from dissent.models import Ask, Dissent, PractitionerTask
from dissent.permissions import is_dissenter
from dissent.selectors import child_view as child_of
from dissent.selectors import decision_words, get_dissent_or_404, looking
from dissent.states import DissentState
from escalation.models import Escalation, EscalationTier, TierPerson
from escalation.states import CLIMBING, Entered
from notifications.models import Outbox
from notifications.selectors import by_words
from notifications.states import UNREACHED
from partnerships.models import Membership, SlotHolder
from partnerships.selectors import calendar_for, on_day
from partnerships.states import RECORDERS, REVIEWERS, Role
from protocols.calendar import Calendar, CalendarHorizon, is_late
from protocols.describe import seat_words as seat_in_words
from protocols.durations import in_words
from records.models import AgreedAction, Discussion, OwnRecord
from records.policies import duty_of
from records.states import DocumentKind, LetterKind

PAGE = 25
RECENTLY = dt.timedelta(days=28)
SOON = 3  # working days


@dataclass(frozen=True, slots=True)
class Part:
    """One table of the list: what it is called, which rows it takes, and what stands there when it has none."""

    key: int
    caption: str
    empty: str = ""
    held: bool = True


@dataclass(slots=True)
class Section:
    part: Part
    rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class WorkList:
    sections: list[Section]
    page: Page
    posts: "Posts"


MINE, TO_FINISH, WAITING, LATE, CLOSED = 1, 2, 3, 4, 9


# --- who is in a seat -------------------------------------------------------------------------------------------


class Posts:
    """The posts of a partnership with who fills each today: holder first, then deputies. One query."""

    def __init__(self, partnership_id: int, today: dt.date) -> None:
        rows = (
            SlotHolder.objects.filter(
                on_day(today),
                on_day(today, "membership__starts_on", "membership__ends_on"),
                partnership_id=partnership_id,
                membership__user__is_active=True,
            )
            .select_related("slot", "membership__user")
            .order_by(F("deputy_for_id").asc(nulls_first=True), "pk")
        )
        self.holders: dict[str, list[SlotHolder]] = {}
        for row in rows:
            self.holders.setdefault(row.slot.key, []).append(row)

    def person(self, key: str) -> str:
        """Who fills the post; a deputy when nobody else does; empty when nobody."""
        found = self.holders.get(key)
        return found[0].membership.user.name if found else ""

    def unfilled(self, area: protocols.AreaProtocol) -> list[str]:
        """Titles of the posts that the protocol requires and nobody fills."""
        filled = {key for key, rows in self.holders.items() if any(row.deputy_for_id is None for row in rows)}
        return [s.title for s in area.slots if s.required and s.per == "partnership" and s.key not in filled]


def seat_name(
    seat: str, area: protocols.AreaProtocol, posts: Posts, people: Iterable[Mapping[str, Any]]
) -> tuple[str, str]:
    """A seat as (title of the post or capacity, name of the person); either may be empty."""
    kind, _, key = seat.partition(":")
    if kind == "slot":
        slot = area.slot(key)
        return (slot.title if slot else key, posts.person(key))
    if kind == "participant":
        return next(((p["title"] or "", p["name"]) for p in people if str(p["id"]) == key), ("", ""))
    if kind == "capacity":
        names = [p["name"] for p in people if p["capacity"] == key and p["name"]]
        titles = {
            "dissenter": "the dissenting professional",
            "chair": f"the {area.word('chair')}",
            "minute_taker": "the minute taker",
            "agencies": "the agencies concerned",
            "requester": "the professional who raised it",
        }
        return (titles.get(key, key.replace("_", " ")), names[0] if names else "")
    return ("", "")


def seat_words(title: str, name: str) -> str:
    """Helen Marsh, Head of Safeguarding and Review. A part in a case ("the professional who raised it") is no post."""
    if name and title:
        return f"{name}, {title}"
    empty = ": nobody fills this post" if title and not title.startswith("the ") else ""
    return name or f"{title[:1].upper()}{title[1:]}{empty}"


# --- cases ------------------------------------------------------------------------------------------------------


def with_people(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Cases with their children, participants and tasks done, and the conference they come from: no query per row."""
    children = (
        CaseChild.objects.filter(case_id=OuterRef("pk"))
        .order_by("pk")
        .values(row=JSONObject(initials="child__initials", born_on="child__born_on"))
    )
    people = (
        Participant.objects.filter(case_id=OuterRef("pk"))
        .order_by("pk")
        .values(
            row=JSONObject(
                id="pk",
                capacity="capacity",
                name=Coalesce(NullIf("name", Value("")), "membership__user__name", Value("")),
                title="membership__job_title",
                membership="membership_id",
            )
        )
    )
    tasks = PractitionerTask.objects.filter(dissent__case_id=OuterRef("pk")).values("task")
    return (
        cases.select_related(
            "partnership", "protocol_version", "agency", "dissent__conference", "dissent__attendance"
        )
        .defer("protocol_version__source_text")
        .annotate(
            about=ArraySubquery(children),
            people=ArraySubquery(people),
            tasks_done=ArraySubquery(tasks),
            facts=ArraySubquery(CaseEvent.objects.filter(case_id=OuterRef("pk")).values("name")),
        )
    )


def children_in_words(case: Any, today: dt.date) -> str:
    """T.M. (4) and K.M. (unborn)."""
    return children_words([child_view(row, today) for row in case.about])


def child_view(row: Mapping[str, Any], today: dt.date) -> dict[str, Any]:
    """A child as a screen shows it: initials and age."""
    born = row["born_on"]
    if isinstance(born, str):
        born = dt.date.fromisoformat(born)
    if born is None or born > today:
        return {"initials": row["initials"], "age": None, "unborn": True}
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return {"initials": row["initials"], "age": age, "unborn": False}


def work_list(actor: Actor, now: dt.datetime, *, number: str = "1", all_closed: bool = False) -> WorkList:
    """The cases that a person sees, in parts, each by time left, a page at a time. Three queries."""
    visible = Case.objects.visible_to(actor).exclude(kind=Kind.COMPLAINT)
    shown = Q(closed_at__isnull=True)
    shown |= Q(closed_at__isnull=False) if all_closed else Q(closed_at__gte=now - RECENTLY)
    cases = (
        with_people(visible.filter(shown))
        .annotate(mine=is_mine(actor), late=late_now(now), total=Window(Count("*")), **owed_by(actor))
        .annotate(part=_part(actor))
        .order_by("part", F("next_due_at").asc(nulls_last=True), "-closed_at", "opened_at", "pk")
    )
    page_number = int(number) if number.isdecimal() and 0 < int(number) < 10_000 else 1
    rows: list[Any] = list(cases[(page_number - 1) * PAGE : page_number * PAGE])
    if not rows and page_number > 1:
        page_number, rows = 1, list(cases[:PAGE])
    total = rows[0].total if rows else 0
    posts = Posts(actor.partnership_id or 0, london_date(now))
    calendar = calendar_of(rows, actor)
    sections = [Section(part) for part in parts_of(actor)]
    for case in rows:
        for section in sections:
            if section.part.key == case.part:
                section.rows.append(row_of(case, actor, posts, calendar, now))
    return WorkList(sections, Paginator(range(total), PAGE).page(page_number), posts)


def is_mine(actor: Actor) -> Exists | Q:
    """Held by a post of theirs, by what they are in the case, or by them in person at a step of a ladder."""
    held = Exists(
        Participant.objects.annotate(
            seat=Concat(Value("capacity:"), "capacity", output_field=CharField())
        ).filter(case_id=OuterRef("pk"), membership_id=actor.membership_id or 0, seat=OuterRef("held_by"))
    )
    climbing = Escalation.objects.filter(case_id=OuterRef("pk"), state__in=list(CLIMBING))
    at_step = TierPerson.objects.annotate(
        seat=Concat(Value("participant:"), "participant_id", output_field=CharField())
    ).filter(
        tier__escalation__case_id=OuterRef("pk"),
        tier__closed_at__isnull=True,
        removed_at__isnull=True,
        participant__membership_id=actor.membership_id or 0,
        seat=F("tier__escalation__held_by"),
    )
    posts = [f"slot:{key}" for key in actor.slots]
    return (
        Q(held_by__in=posts)
        | Q(held)
        | Q(Exists(at_step))
        | Q(Exists(climbing.filter(held_by__in=posts or [""])))
    )


def owed_by(actor: Actor) -> dict[str, Any]:
    """What a person still owes in each case: their own agreed actions, replies to a reviewer, and, where a ladder has
    been climbed, the record of their own side. The
    partnership admin keeps the partnership's own record by hearing and deciding."""
    me = actor.membership_id or 0
    agreed = AgreedAction.objects.filter(
        Q(discussion__isnull=True) | Q(discussion__approved_at__isnull=False),
        case_id=OuterRef("pk"), owned_by_id=me, settled__isnull=True,
    )  # fmt: skip
    asked = Ask.objects.filter(
        Q(seat__in=[f"slot:{key}" for key in actor.slots])
        | Q(seat="capacity:dissenter", dissent__attendance__membership_id=me)
        | Q(seat="capacity:chair", dissent__conference__chair_id=me)
        | Q(seat="capacity:minute_taker", dissent__conference__minute_taker_id=me),
        dissent__case_id=OuterRef("pk"), replied_at__isnull=True,
    )  # fmt: skip
    here = {"case_id": OuterRef("pk"), "agency_id": actor.agency_id or 0}
    climbed = EscalationTier.objects.filter(escalation__case_id=OuterRef("pk"))
    part = Participant.objects.filter(
        Q(membership_id=me) | Q(slot__key__in=list(actor.slots)), case_id=OuterRef("pk")
    )
    recorded = Q(Exists(Discussion.objects.filter(**here, approved_at__isnull=False)))
    recorded |= Q(Exists(OwnRecord.objects.filter(**here)))
    return {
        "agreed": ArraySubquery(
            agreed.order_by("due_on", "pk").values(row=JSONObject(what="what", due_on="due_on"))
        ),
        "asked": ArraySubquery(asked.values("pk")),
        "owes_record": Value(False)
        if actor.role == Role.PARTNERSHIP_ADMIN
        else Q(Exists(climbed)) & Q(Exists(part)) & ~recorded,
    }


def duties_of(case: Any, area: protocols.AreaProtocol, today: dt.date) -> list[str]:
    """What somebody still owes in a case that is not over, in words with the rule behind it."""
    if case.closed_at is not None:
        return []
    found = ["Reply to the question of the reviewing manager" for _ in case.asked]
    for row in case.agreed:
        day = dt.date.fromisoformat(row["due_on"]) if row["due_on"] else None
        what = row["what"] if len(row["what"]) <= 80 else f"{row['what'][:77]}…"
        by = f", by {day_date(day)}{': the date has passed' if day < today else ''}" if day else ""
        found.append(f"You agreed to do this{by}: {what}")
    duty = duty_of(area)
    if case.owes_record and duty is not None:
        found.append(f"Your agency’s own record of the discussions is not made yet ({duty.rule})")
    return found


def late_now(now: dt.datetime) -> Q:
    return Q(overdue=True) | Q(next_due_at__lt=now - dt.timedelta(seconds=1))


def _part(actor: Actor) -> When_:
    closed = When(closed_at__isnull=False, then=Value(CLOSED))
    if actor.role == Role.PARTNERSHIP_ADMIN:
        rules = [When(late=True, then=Value(LATE))]
    else:
        rules = [
            When(mine=True, stage=Stage.DECIDED, then=Value(TO_FINISH)),
            When(mine=True, then=Value(MINE)),
            When(late=True, then=Value(LATE)),
        ]
    return When_(closed, *rules, default=Value(WAITING), output_field=IntegerField())


def parts_of(actor: Actor) -> list[Part]:
    """The parts of a role's list, in the order in which they stand."""
    closed = Part(CLOSED, "Recently closed", held=False)
    if actor.role == Role.PARTNERSHIP_ADMIN:
        return [
            Part(LATE, "Overdue"),
            Part(WAITING, "Open", "No dissent is open in this partnership."),
            closed,
        ]
    if actor.role in REVIEWERS:
        return [
            Part(
                MINE, "For you to decide",
                "You have no reviews. We will email you as soon as a dissent is recorded.", held=False,
            ),
            Part(TO_FINISH, "Decided: tell, file and close", held=False),
            Part(WAITING, "Waiting for others"),
            Part(LATE, "Late, with others"),
            closed,
        ]  # fmt: skip
    if actor.role in RECORDERS:
        return [
            Part(MINE, "For you to do", held=False),
            Part(TO_FINISH, "Decided: tell and file", held=False),
            Part(
                WAITING, "Dissents from your conferences",
                "No dissent is open. If someone disagrees with a decision, select Dissent next to their name.",
            ),
            Part(LATE, "Late, with others"),
            closed,
        ]  # fmt: skip
    return [
        Part(MINE, "For you to do", held=False),
        Part(TO_FINISH, "Answered", held=False),
        Part(WAITING, "With others"),
        Part(LATE, "Late, with others"),
        closed,
    ]


def calendar_of(rows: list[Case], actor: Actor) -> Calendar | None:
    """The partnership's calendar: none is needed without a case, or where none is loaded."""
    if not rows:
        return None
    try:
        return calendar_for(actor.partnership_id or 0, area_of_case(rows[0]).nation)
    except Denied:
        return None


def row_of(
    case: Any, actor: Actor, posts: Posts, calendar: Calendar | None, now: dt.datetime
) -> dict[str, Any]:
    area = area_of_case(case)
    dissent = getattr(case, "dissent", None)
    open_ = case.stage in OPEN
    late = bool(open_ and case.late)
    due = due_words(case, area, calendar, now) if open_ else {"due": "", "left": "", "soon": False}
    if not open_ and case.closed_at:
        due["due"] = f"Closed {short_date(case.closed_at)}"
    mine = case.mine and actor.role != Role.PARTNERSHIP_ADMIN
    return {
        "href": reverse("case", args=[case.reference]),
        "ref": case.reference,
        "child": children_in_words(case, london_date(now)),
        "what": what_words(case, dissent, actor),
        "status": case.get_stage_display(),
        "outcome": case.outcome_label,
        "late": late,
        "closed": not open_,
        "held_by": "You" if mine else seat_words(*seat_name(case.held_by, area, posts, case.people)),
        "tasks": [
            *(open_tasks(area, case) if dissent and _dissents(case, actor) else []),
            *duties_of(case, area, london_date(now)),
        ],
        **due,
    }


def _dissents(case: Case, actor: Actor) -> bool:
    return case.dissent.attendance.membership_id == actor.membership_id


def by_task(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is still to do, each thing once with the cases that it is asked for in: {text, cases}. Those of one case first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        for task in row["tasks"]:
            found.setdefault(task, []).append(row)
    return [
        {"text": text, "cases": cases} for text, cases in sorted(found.items(), key=lambda item: len(item[1]))
    ]


def what_words(case: Case, dissent: Any, actor: Actor) -> str:
    """Who dissents, from which conference, or who differs about what; without the name on one's own."""
    if dissent is None:
        people = getattr(case, "people", [])
        raised_by = next((p for p in people if p["capacity"] == "requester"), None)
        if raised_by is None or raised_by["membership"] == actor.membership_id:
            return case.get_kind_display()
        return f"{raised_by['name']}, {case.agency.name}. {case.get_kind_display()}"
    conference = (
        f"{dissent.conference.get_kind_display()} conference, {short_date(dissent.conference.starts_at)}"
    )
    if dissent.attendance.membership_id == actor.membership_id:
        return conference
    return f"{dissent.attendance.name}, {case.agency.name}. {conference}"


def open_tasks(area: protocols.AreaProtocol, case: Any) -> list[str]:
    """What the protocol asks of the dissenter and is not recorded as done yet, with its rule."""
    if case.closed_at is not None:
        return []
    choice = getattr(case, "dissent", None)
    done = set(case.tasks_done)
    if choice is not None and choice.challenge_choice:
        done.add("challenge_choice")
    return [
        f"{t.label} ({t.rule})" if t.rule else t.label
        for t in area.dissent.tasks
        if t.after in case.facts and t.id not in done
    ]


# --- dates ------------------------------------------------------------------------------------------------------


def due_words(
    case: Case, area: protocols.AreaProtocol, calendar: Calendar | None, now: dt.datetime
) -> dict[str, Any]:
    """The next date of a case in words: {due, left, soon}. A protocol without numbers gives the days that passed."""
    if case.next_due_at is None:
        if area.review is None or case.stage == Stage.ESCALATED:
            days = (london_date(now) - london_date(case.opened_at)).days
            return {"due": f"Day {days} since it was recorded", "left": "No fixed limit", "soon": False}
        return {"due": "No date set", "left": "", "soon": False}
    clock = next((c for c in area.clocks if c.label == case.next_due_for), None)
    unit = clock.unit if clock else "working_days"
    left, soon = left_words(case.next_due_at, unit, calendar, now)
    words = day_time(case.next_due_at) if unit == "clock_hours" else day_date(case.next_due_at)
    return {"due": words, "left": left, "soon": soon}


def left_words(
    due_at: dt.datetime, unit: str, calendar: Calendar | None, now: dt.datetime
) -> tuple[str, bool]:
    """How much is left, in the unit of the clock, and whether that is soon."""
    if unit == "clock_hours":
        if is_late(due_at, now):
            return "The time has passed", False
        hours = int((due_at - now).total_seconds() // 3600)
        return (f"{plural(hours, 'hour')} left" if hours else "Less than an hour left"), hours <= 24
    today, due_day = london_date(now), london_date(due_at)
    if unit == "calendar_days":
        days = (due_day - today).days
        if days == 0:
            return "Due today", True
        return (
            f"{plural(days, 'day')} left" if days > 0 else f"{plural(-days, 'day')} overdue"
        ), days <= SOON
    if calendar is None:
        return "", False
    try:
        days = calendar.working_days_between(today, due_day)
    except CalendarHorizon:
        return "", False
    if days == 0 and due_day != today:  # the days between are no working days
        return (
            "Due before the next working day" if due_day > today else "Overdue since the last working day"
        ), True
    return working_days_left(days), days <= SOON


# --- conferences of a chair -------------------------------------------------------------------------------------


def conferences_ahead(actor: Actor, now: dt.datetime) -> list[dict[str, Any]]:
    """The recorder's next conferences, those still open, and those with an unanswered request: one query."""
    today = london(now).replace(hour=0, minute=0, second=0, microsecond=0)
    children = (
        ConferenceChild.objects.filter(conference_id=OuterRef("pk"))
        .order_by("pk")
        .values(row=JSONObject(initials="child__initials", born_on="child__born_on"))
    )
    asked = MissingEntryRequest.objects.filter(
        attendance__conference_id=OuterRef("pk"), answered_at__isnull=True
    ).values("attendance__name")
    rows = (
        Conference.objects.recorded_by(actor)
        .annotate(about=ArraySubquery(children), asked=ArraySubquery(asked))
        .filter(
            Q(state=ConferenceState.BOOKED, starts_at__gte=today - dt.timedelta(days=7))
            | Q(state__in=[ConferenceState.IN_SESSION, ConferenceState.ADJOURNED])
            | Q(asked__len__gt=0)
        )
        .order_by("starts_at", "pk")[:10]
    )
    return [
        {
            "href": reverse("conference", args=[row.reference]),
            "ref": row.reference,
            "child": children_words([child_view(child, london_date(now)) for child in row.about]),
            "what": f"{row.get_kind_display()} conference",
            "state": row.get_state_display(),
            "state_colour": {"in_session": "green", "adjourned": "yellow"}.get(row.state, "blue"),
            "when": day_time(row.starts_at),
            "today": london_date(row.starts_at) == london_date(now),
            "asked": row.asked,
        }
        for row in rows
    ]


# --- words of the home page -------------------------------------------------------------------------------------


def review_banner(area: protocols.AreaProtocol | None, now: dt.datetime) -> str:
    """What the admin should know about the protocol's own dates; empty when there is nothing to say."""
    if area is None:
        return (
            "This partnership has not published its protocol yet. No conference can be set up until it has."
        )
    if area.is_review_overdue(london_date(now)) and area.review_due:
        return (
            f"The protocol ({area.dated}) was due for review by {day_date(area.review_due)}. It stays in force here "
            "until a new version is published."
        )
    if area.review_due is None and area.dated == "undated":
        return area.head.banner or "The text of this protocol has no date and no review date."
    return ""


def practitioner_empty(area: protocols.AreaProtocol | None) -> str:
    """What a practitioner without a dissent reads; it follows the window of the protocol in force."""
    if area is None:
        return "You have not recorded a dissent."
    window, conference = area.dissent.window, area.word("conference")
    if not window.after:
        when = f"This protocol sets no time limit: speak to the {area.word('chair')} first."
    elif window.amount:
        when = f"A dissent can be raised in the {conference}, or within {in_words(window.amount, window.unit)} of its end."
    else:
        when = f"A formal dissent can only be made in the {conference}, before it ends."
    return f"You have not recorded a dissent. {when}"


# --- one case ---------------------------------------------------------------------------------------------------


def case_of(actor: Actor, reference: str) -> tuple[Case, Dissent | None]:
    """The case of a reference with its dissent, when it is about one. A stranger gets 404."""
    try:
        dissent = get_dissent_or_404(actor, reference)
    except Http404:
        return get_case_or_404(actor, reference), None
    return dissent.case, dissent


def questions_for(actor: Actor, dissent: Dissent) -> list[dict[str, Any]]:
    """Questions of the reviewer that wait for this person: put to them, or to a post that they fill."""
    who = {
        "capacity:dissenter": actor.membership_id if is_dissenter(actor, dissent) else None,
        "capacity:chair": dissent.conference.chair_id,
        "capacity:minute_taker": dissent.conference.minute_taker_id,
    }
    return [
        {
            "question": ask.question,
            "asked_at": ask.asked_at,
            "reply": ask.reply,
            "replied_at": ask.replied_at,
            "href": "" if ask.replied_at else reverse("reply", args=[dissent.case.reference, ask.uuid]),
        }
        for ask in sorted(dissent.asks.all(), key=lambda a: a.asked_at)
        if actor.holds(ask.seat)
        or (who.get(ask.seat) is not None and who.get(ask.seat) == actor.membership_id)
    ]


def identity_of(
    case: Case, dissent: Dissent, area: protocols.AreaProtocol, actor: Actor, now: dt.datetime
) -> dict[str, Any]:
    """The bar of a case page: which matter this is, and where it stands."""
    who = looking(actor, dissent, area)
    conference = dissent.conference
    day = london_date(now)
    children = [child_of(row.conference_child.child, day) for row in dissent.dissent_children.all()]
    names = children_words(children)
    facts = [
        {"label": "Children" if len(children) > 1 else "Child", "value": names},
        {"label": f"{conference.get_kind_display()} conference", "value": short_date(conference.starts_at)},
    ]
    if who.dissenter:
        facts.append({"label": "You disagreed with", "value": decided_words(dissent, area)})
    else:
        facts.append({"label": "Raised by", "value": f"{dissent.attendance.name}, {dissent.agency.name}"})
    late = case.stage in OPEN and (
        case.overdue or (case.next_due_at is not None and is_late(case.next_due_at, now))
    )
    due = ""
    if case.stage in OPEN and case.next_due_at is not None:
        due = f"Due {short_date(case.next_due_at)}"
    return {
        "heading": "Your dissent" if who.dissenter else "Dissent",
        "facts": facts,
        "status": case.get_stage_display(),
        "outcome": case.outcome_label,
        "late": late,
        "due": "" if late else due,
    }


def decided_words(dissent: Dissent, area: protocols.AreaProtocol) -> str:
    """The decisions that a dissent is about, each once."""
    words = dict.fromkeys(
        decision_words(row.conference_child, area) for row in dissent.dissent_children.all()
    )
    return "; ".join(word[:1].lower() + word[1:] for word in words)


def elapsed(dissent: Dissent, now: dt.datetime) -> dict[str, Any]:
    """Under a protocol without numbers: the days that have passed, as numbers and never as lateness."""
    today = london_date(now)
    return {
        "recorded": (today - london_date(dissent.recorded_at)).days,
        "conference": (today - london_date(dissent.conference.ended_at)).days
        if dissent.conference.ended_at
        else None,
    }


# A draft is read of by its own side only, like everything an agency writes down for itself.
DRAFTS = ("record.drafted", "record.rewritten", "record.correction_drafted")


def _events_for(case: Case, actor: Actor) -> QuerySet[AuditEvent]:
    """A case's events, newest first. The dissenter is not shown the reviewer's own workings, only what comes of them;
    nobody the records that another agency keeps of its own discussions."""
    rows = AuditEvent.objects.filter(case_id=case.pk).order_by("-seq")
    of_another = ~Q(agency_id=actor.agency_id) & Q(type__startswith="record.")
    rows = rows.exclude(of_another & (Q(type__in=DRAFTS) | Q(detail__kind="own")))
    return rows.exclude(type__startswith="review.") if actor.role in (Role.PRACTITIONER, Role.GUEST) else rows


def history_of(
    case: Case, area: protocols.AreaProtocol, actor: Actor, *, limit: int | None = None
) -> list[dict[str, Any]]:
    """What happened to a case, newest first: in sentences, with who did it and by which rule. Two queries."""
    rows = _events_for(case, actor)
    events = list(rows[:limit] if limit else rows)
    return _in_words(events, area, actor)


def _people_of(events: Iterable[AuditEvent]) -> dict[int, str]:
    wanted = {pk for event in events for pk in (event.membership_id, event.acting_for_id) if pk}
    if not wanted:
        return {}
    rows = Membership.objects.filter(pk__in=wanted).select_related("user")
    return {row.pk: f"{row.user.name}, {row.job_title}" for row in rows}


Labels = Mapping[tuple[str, str], str]


def _in_words(events: list[AuditEvent], area: protocols.AreaProtocol, actor: Actor) -> list[dict[str, Any]]:
    people, labels = _people_of(events), labels_of(area)
    return [_event(event, labels, people, actor) for event in events]


def _event(event: AuditEvent, labels: Labels, people: Mapping[int, str], actor: Actor) -> dict[str, Any]:
    by = "this service" if event.actor_kind == "clock" else people.get(event.membership_id or 0, "")
    if event.membership_id is not None and event.membership_id == actor.membership_id:
        by = "you"
    if event.acting_for_id:
        by = f"{by}, for {people.get(event.acting_for_id, 'the holder of the post')}"
    return {
        "title": sentence(event.type, event.detail, labels),
        "by": by,
        "at": event.at,
        "text": _besides(event),
        "rule": event.rule,
    }


def _besides(event: AuditEvent) -> str:
    if event.outcome != "ok":
        return "This was tried and refused."
    if event.type == "clock.passed" and "late" in event.detail:
        return f"Processed late: this service noted it on {by_words(dt.datetime.fromisoformat(event.detail['late']))}."
    return ""


def sentence(type_: str, detail: Mapping[str, Any], labels: Labels) -> str:
    """The sentence of an event, its values in words: dates as read in London, choices by the protocol's labels."""
    words = {key: detail_words(key, value, labels) for key, value in detail.items()}
    try:
        text = template_of(type_).format_map(words)
    except KeyError:  # an older event without this detail
        text = template_of(type_).partition(":")[0] + "."
    return text.rstrip(".")


MOMENTS = ("at", "was", "due", "was_due", "deadline")


def detail_words(key: str, value: Any, labels: Labels) -> str:
    """One value of an event in words. An id that the protocol no longer knows is shown as plain words."""
    text = str(value)
    if key in MOMENTS or (key == "date" and "T" in text):
        return by_words(dt.datetime.fromisoformat(text)) if text else "no date"
    if key == "date":
        return day_date(dt.date.fromisoformat(text)) if text else "no date"
    return labels.get((key, text)) or lower_words(text)


def lower_words(text: str) -> str:
    return text.replace("_", " ").lower()


def labels_of(area: protocols.AreaProtocol) -> Labels:
    """Every choice that an event may hold, by the protocol's own label."""
    found: dict[tuple[str, str], str] = {}
    rules = area.conference
    found |= {("decision", d.id): d.label for d in rules.decisions}
    found |= {("basis", b.id): b.label[:1].lower() + b.label[1:] for b in rules.bases}
    found |= {("step", s.step): s.label for s in rules.script}
    found |= {("step", t.id): t.label for t in area.dissent.tasks}
    found |= {("kind", f.id): f.label for f in rules.fields}
    found |= {("kind", m.id): m.label for m in area.dissent.modes}
    found |= {("tell", t.id): seat_in_words(area, t.who) for t in area.tells}
    found |= {("slot", s.key): s.title for s in area.slots}
    for outcome in area.complaints.outcomes if area.complaints else ():
        found[("outcome", outcome.id)] = outcome.label
    for group in area.groups:
        found |= {("seat", seat): seat_in_words(area, seat) for seat in group.members}
    found |= {("clock", c.id): c.label for c in area.clocks}
    for tier in area.review.tiers if area.review else ():
        found |= {("outcome", o.id): o.label for o in tier.outcomes}
        found |= {("material", m.id): m.label for m in tier.materials}
        found[("tier", tier.id)] = tier.label
    for answer in area.escalation.convening.outcomes if area.escalation.convening else ():
        found[("outcome", answer.id)] = answer.label.lower()
    for ladder in area.escalation.ladders:
        for step in ladder.tiers:
            found[("tier", step.id)] = step.label
            found |= {("outcome", o.id): o.label for o in step.outcomes}
    found |= {("kind", k.id): k.label for k in area.escalation.kinds}
    found |= {("how", e.value): e.label for e in Entered}
    found |= {("to", s.value): s.label.lower() for s in DissentState}
    found |= {("kind", p.value): p.label.lower() for p in Presence if ("kind", p.value) not in found}
    for kinds in (LetterKind, DocumentKind):
        found |= {("kind", k.value): k.label.lower() for k in kinds if ("kind", k.value) not in found}
    found |= {("view", v.value): v.label.lower() for v in ViewChoice}
    found |= {("phase", p.value): p.label.lower() for p in Phase}
    return found


ON_PAGE = 8  # events of the history on the case page
HISTORY = 50


def history_page(case: Case, area: protocols.AreaProtocol, actor: Actor, number: str) -> Page:
    """The history a page at a time, 50 events each."""
    page: Any = Paginator(_events_for(case, actor), HISTORY).get_page(number)
    events = list(page.object_list)
    page.object_list = _in_words(events, area, actor)
    return page


def undelivered_view(row: Outbox, area: protocols.AreaProtocol | None) -> dict[str, Any]:
    """A message that reached nobody: for whom it was, in words."""
    seat = row.seat
    if seat.startswith("member:"):
        words = "a person whose account has ended"
    else:
        words = seat_in_words(area, seat) if area else seat
    return {
        "case": row.case,
        "for_words": words,
        "created_at": row.created_at,
        "why": "Not delivered to everybody" if row.state not in UNREACHED else row.get_state_display(),
    }


# --- raising a difference ---------------------------------------------------------------------------------------


def kinds_of(area: protocols.AreaProtocol | None) -> list[dict[str, Any]]:
    """What one can disagree about, by the partnership's own protocol: {label, text, rule, href}."""
    if area is None:
        return []
    return [
        {
            "label": kind.label,
            "text": kind.text,
            "topics": ", ".join(topic.label[:1].lower() + topic.label[1:] for topic in kind.topics),
            "rule": kind.rule,
            "href": reverse("raise-about-conference")
            if kind.id == "conference_outcome"
            else reverse("raise-kind", args=[kind.id]),
            "first": {"href": reverse("convene-new"), "label": f"Ask for a {area.word('conference')} first"}
            if kind.id == "need_for_conference" and area.escalation.convening
            else None,
        }
        for kind in area.escalation.kinds
    ]


def not_here(area: protocols.AreaProtocol | None) -> list[dict[str, Any]]:
    """What this service is not for, and where it goes, by the protocol."""
    if area is None:
        return []
    family = next((p for p in area.dissent.refused_people if p.id in ("family", "parent", "parents")), None)
    complaints, agency = area.route("complaints"), area.route("agency_complaint")
    link = area.link("complaints")
    return [
        {
            "id": "family",
            "label": "A parent, carer or child is unhappy with a conference",
            "text": family.reason if family else "This service is for professionals.",
            "route": complaints.text if complaints else "",
            "rule": (complaints.rule if complaints else "") or (family.rule if family else ""),
            "link": link,
        },
        {
            "id": "agency",
            "label": "How one agency works, or what it did by itself",
            "text": "A concern about one agency's own practice goes to that agency.",
            "route": agency.text
            if agency
            else "Use that agency's own complaints procedure, or speak to its safeguarding lead.",
            "rule": agency.rule if agency else "",
            "link": None,
        },
    ]


def conferences_to_differ_from(
    actor: Actor, area: protocols.AreaProtocol | None, now: dt.datetime
) -> list[dict[str, Any]]:
    """The conferences that one took part in, each with what is open: a dissent of one's own, a formal dissent while
    there is time, and the ladder otherwise."""
    children = (
        ConferenceChild.objects.filter(conference_id=OuterRef("pk"))
        .order_by("pk")
        .values(row=JSONObject(initials="child__initials", born_on="child__born_on"))
    )
    rows = (
        Conference.objects.visible_to(actor)
        .annotate(about=ArraySubquery(children))
        .filter(started_at__isnull=False)
        .order_by("-starts_at", "-pk")[:10]
    )
    mine = {
        dissent.conference_id: dissent.case.reference
        for dissent in Dissent.objects.filter(
            attendance__membership_id=actor.membership_id or 0
        ).select_related("case")
    }
    found = []
    for row in rows:
        ended = row.ended_at
        window = area.dissent.window if area else None
        open_ = ended is None or window is None or not window.after
        if ended is not None and window is not None and window.after and window.amount:
            open_ = now <= ended + dt.timedelta(hours=window.amount)
        found.append(
            {
                "reference": row.reference,
                "what": f"{row.get_kind_display()} conference, {day_date(row.starts_at)}",
                "child": children_words([child_view(child, london_date(now)) for child in row.about]),
                "href": reverse("conference", args=[row.reference]),
                "open": open_,
                "mine": mine.get(row.pk, ""),
            }
        )
    return found
