"""Reads of conferences: the one gate, the record, what is missing from it."""

import datetime as dt
import uuid
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case as If
from django.db.models import Count, Exists, F, IntegerField, Max, OuterRef, Prefetch, Q, QuerySet, Value, When
from django.db.models.functions import JSONObject
from django.http import Http404

import protocols
from cases.models import Case, Child
from conferences.models import (
    Attendance,
    Conference,
    ConferenceCase,
    ConferenceChild,
    MissingEntryRequest,
    NotedView,
    PrivateView,
    RecordField,
    ScriptTick,
    Session,
    View,
)
from conferences.permissions import is_recorder
from conferences.states import LIVE, PRESENT, Phase, Presence, Side, ViewChoice
from core import sheets
from core.actor import Actor
from core.clock import LONDON, london_date
from core.references import normalise
from core.widgets import read_time
from partnerships.models import Agency, Membership
from partnerships.selectors import area_of, is_address, on_day
from partnerships.states import REVIEWERS, Role

KNOWN_CHILDREN = 300  # the longest list of children that is offered, the newest first


def get_conference_or_404(actor: Actor, reference: str, *, extras: bool = False) -> Conference:
    """The one gate to a conference in a URL. A stranger gets 404. `extras`: read with it what `extras_of` gives."""
    conference = (
        Conference.objects.visible_to(actor)
        .annotate(**_parts() if extras else {})
        .select_related(
            "partnership",
            "protocol_version",
            "chair__user",
            "chair__line_manager__user",
            "minute_taker__user",
            "follows",
        )
        .filter(reference=normalise(reference) or reference)
        .first()
    )
    if conference is None:
        raise Http404("No such conference.")
    return conference


def area_of_conference(conference: Conference) -> protocols.AreaProtocol:
    """The protocol in force on the conference's date."""
    return area_of(conference.protocol_version, conference.partnership)


def conference_children(conference: Conference) -> QuerySet[ConferenceChild]:
    """The children of a conference, each with its decision."""
    return (
        ConferenceChild.objects.filter(conference=conference)
        .select_related("child", "decision__recorded_by__user")
        .order_by("pk")
    )


def children_of(conference: Conference) -> list[ConferenceChild]:
    return list(conference_children(conference))


def people_of(conference: Conference) -> list[Attendance]:
    """Everyone on the list with their views: professionals by agency first, then family."""
    people = list(
        Attendance.objects.filter(conference=conference)
        .select_related("agency", "membership")
        .prefetch_related(
            Prefetch("views", queryset=View.objects.order_by("phase")), "dissents__case", "noted_views"
        )
    )
    people.sort(key=lambda a: (a.side == Side.FAMILY, a.agency.name if a.agency else "", a.name))
    return people


def ticks_of(conference: Conference) -> dict[str, ScriptTick]:
    return {tick.step: tick for tick in ScriptTick.objects.filter(conference=conference)}


def missing_from_record(
    conference: Conference,
    area: protocols.AreaProtocol,
    people: list[Attendance],
    children: list[ConferenceChild],
    ticks: Container[str],
    recorded_fields: Container[str],
) -> list[tuple[str, str]]:
    """What the record still lacks, each with its rule: shown before a decision and on ending, never a block."""
    lacking: list[tuple[str, str]] = []
    phases = area.conference.view_phases
    present = [p for p in people if p.side == Side.PROFESSIONAL and p.presence in PRESENT]
    for person in present:
        for phase in phases:
            seen = {v.conference_child_id for v in person.views.all() if v.phase == phase}
            if any(child.pk not in seen for child in children):
                when = f" ({Phase(phase).label.lower()})" if len(phases) > 1 else ""
                lacking.append(
                    (f"No view of {person.name}, {person.agency}{when}", area.conference.views_complete.rule)
                )
    for step in area.conference.script:
        if step.step not in ticks:
            lacking.append((f"Not ticked: {step.label}", step.rule))
    on_plan = [c.decision.on_plan for c in children if getattr(c, "decision", None)]
    for field in area.conference.fields:
        wanted = (
            field.when == "always"
            or (field.when == "on_plan" and any(on_plan))
            or (field.when == "not_on_plan" and on_plan and not all(on_plan))
        )
        if wanted and field.strength != "may" and field.id not in recorded_fields:
            lacking.append((f"Not recorded: {field.label}", field.rule))
    return lacking


@dataclass(frozen=True, slots=True)
class Live:
    """What every page of a live conference shows: its children with their decisions, and who is on its list."""

    conference: Conference
    area: protocols.AreaProtocol
    children: list[ConferenceChild]
    people: list[Attendance]

    @property
    def day(self) -> dt.date:
        return london_date(self.conference.starts_at)

    @property
    def present(self) -> list[Attendance]:
        """Professionals who took part: those of whom a view is asked."""
        return [p for p in self.people if p.side == Side.PROFESSIONAL and p.presence in PRESENT]

    @property
    def agencies(self) -> int:
        return len({p.agency_id for p in self.present})

    @property
    def quorate(self) -> bool | None:
        """None where the protocol has no quorum."""
        quorum = self.area.conference.quorum
        return None if quorum is None else self.agencies >= quorum.minimum

    @property
    def undecided(self) -> list[ConferenceChild]:
        return [c for c in self.children if getattr(c, "decision", None) is None]

    @property
    def dissents(self) -> int:
        return sum(p.dissent_count for p in self.people)  # type: ignore[attr-defined]

    @property
    def asking(self) -> bool:
        """Whether someone waits for an answer about a missing entry."""
        return any(p.asking for p in self.people)  # type: ignore[attr-defined]

    def person(self, wanted: str) -> Attendance:
        """Somebody on this list by uuid; anything else is no page."""
        found = next((p for p in self.people if str(p.uuid) == wanted), None)
        if found is None:
            raise Http404("Nobody on this list.")
        return found


def live_of(conference: Conference, *, views: bool = False) -> Live:
    """A conference with its children and people, and their views where the page shows them."""
    people: QuerySet[Attendance] = (
        Attendance.objects.filter(conference=conference)
        .select_related("agency")
        .annotate(
            dissent_count=Count("dissents", distinct=True),
            asking=Exists(
                MissingEntryRequest.objects.filter(attendance=OuterRef("pk"), answered_at__isnull=True)
            ),
        )
    )
    if views:
        people = people.prefetch_related(Prefetch("views", queryset=View.objects.order_by("phase"))).annotate(
            private=ArraySubquery(
                PrivateView.objects.filter(attendance=OuterRef("pk")).values(
                    json=JSONObject(child="conference_child_id", choice="choice", reasons="reasons")
                )
            )
        )
    rows = sorted(people, key=lambda a: (a.side == Side.FAMILY, a.agency.name if a.agency else "", a.name))
    return Live(conference, area_of_conference(conference), children_of(conference), rows)


@dataclass(frozen=True, slots=True)
class Extras:
    """The smaller parts of the record, read at once."""

    ticks: dict[str, dt.datetime]
    fields: dict[str, tuple[str, int]]  # text and version
    noted: list[dict[str, Any]]
    sessions: list[dict[str, Any]]


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def _parts() -> dict[str, ArraySubquery]:
    """The smaller parts of the record as columns of the conference."""
    here = OuterRef("pk")
    return {
        "ticked": ArraySubquery(
            ScriptTick.objects.filter(conference=here).values(json=JSONObject(step="step", done_at="done_at"))
        ),
        "further": ArraySubquery(
            RecordField.objects.filter(conference=here).values(
                json=JSONObject(field="field", text="text", version="version")
            )
        ),
        "noted": ArraySubquery(
            NotedView.objects.filter(attendance__conference=here)
            .order_by("said_at")
            .values(
                json=JSONObject(
                    name="attendance__name",
                    agency="attendance__agency__name",
                    text="text",
                    said_at="said_at",
                )
            )
        ),
        "sittings": ArraySubquery(
            Session.objects.filter(conference=here)
            .order_by("started_at")
            .values(
                json=JSONObject(
                    started_at="started_at",
                    ended_at="ended_at",
                    reason="adjourned_reason",
                    resumes_at="resumes_at",
                )
            )
        ),
    }


def extras_of(conference: Conference) -> Extras:
    """Script, further fields, noted views and sessions: from the gate's own query where it asked, else one more."""
    found: Any = conference
    if not hasattr(found, "ticked"):
        found = Conference.objects.annotate(**_parts()).get(pk=conference.pk)
    return Extras(
        ticks={row["step"]: dt.datetime.fromisoformat(row["done_at"]) for row in found.ticked},
        fields={row["field"]: (row["text"], row["version"]) for row in found.further},
        noted=[row | {"said_at": _moment(row["said_at"])} for row in found.noted],
        sessions=[
            row | {key: _moment(row[key]) for key in ("started_at", "ended_at", "resumes_at")}
            for row in found.sittings
        ],
    )


def fields_now(conference: Conference) -> dict[str, tuple[str, int]]:
    """The further parts of the record as they stand at this moment, text and version: someone else was first."""
    rows = RecordField.objects.filter(conference=conference).values_list("field", "text", "version")
    return {field: (text, version) for field, text, version in rows}


def shown(child: Child, day: dt.date) -> dict[str, Any]:
    """A child as screens show it: initials and age, or unborn; never the name."""
    unborn = child.born_on is None or day < child.born_on
    return {"initials": child.initials, "age": child.age_on(day), "unborn": unborn}


def tally(live: Live, child: ConferenceChild) -> list[tuple[str, int]]:
    """How many of those present see it how, at the last phase of the protocol. It decides nothing."""
    phase = live.area.conference.view_phases[-1]
    given = [
        view.choice
        for person in live.present
        for view in person.views.all()
        if view.conference_child_id == child.pk and view.phase == phase
    ]
    counts = [(str(choice.label), given.count(choice)) for choice in ViewChoice]
    return [*counts, ("Not asked yet", len(live.present) - len(given))]


def view_of(person: Attendance, child: ConferenceChild, phase: str) -> View | None:
    return next(
        (v for v in person.views.all() if v.conference_child_id == child.pk and v.phase == phase), None
    )


def private_views_of(live: Live) -> list[PrivateView]:
    """Views given before the round, of a conference read with its views. Until the round is opened they say only whose
    they are: no choice and no reasons."""
    safeguard = live.area.safeguard("private_view")
    if safeguard is None or not safeguard.on:
        return []
    opened = live.conference.round_opened_at is not None
    return [
        PrivateView(
            attendance_id=person.pk,
            **(
                {"conference_child_id": row["child"], "choice": row["choice"], "reasons": row["reasons"]}
                if opened
                else {}
            ),
        )
        for person in live.people
        for row in person.private  # type: ignore[attr-defined]
    ]


def own_private_views(seat: Attendance) -> dict[int, PrivateView]:
    """What somebody gave before the round, for themselves: by child."""
    return {row.conference_child_id: row for row in PrivateView.objects.filter(attendance=seat)}


def without_view(live: Live, phase: str = Phase.DECISION) -> list[Attendance]:
    """Those present who have not been asked about every child yet."""
    return [p for p in live.present if any(view_of(p, c, phase) is None for c in live.children)]


def reads_whole_record(actor: Actor, conference: Conference) -> bool:
    """Whether someone reads the record of every agency: who keeps it, the admin, and reviewers of a case of it.

    Others on the list see the decision, and of views only their own.
    """
    if is_recorder(actor, conference) or actor.role == Role.PARTNERSHIP_ADMIN:
        return True
    if actor.role not in REVIEWERS:
        return False
    return ConferenceCase.objects.filter(
        conference=conference, case__in=Case.objects.visible_to(actor)
    ).exists()


def conferences_listed(actor: Actor, now: dt.datetime) -> QuerySet[Conference]:
    """The conferences that someone may see: today's and open ones first, then those to come, then the past."""
    today = dt.datetime.combine(london_date(now), dt.time(), tzinfo=LONDON)
    tomorrow = dt.datetime.combine(london_date(now) + dt.timedelta(days=1), dt.time(), tzinfo=LONDON)
    return (
        Conference.objects.visible_to(actor)
        .select_related("chair__user", "partnership", "protocol_version")
        .prefetch_related(
            Prefetch(
                "conference_children",
                queryset=ConferenceChild.objects.select_related("child").order_by("pk"),
            )
        )
        .annotate(
            when=If(
                When(Q(starts_at__gte=today, starts_at__lt=tomorrow) | Q(state__in=LIVE), then=Value(0)),
                When(starts_at__gte=tomorrow, then=Value(1)),
                default=Value(2),
                output_field=IntegerField(),
            )
        )
        .order_by(
            "when",
            If(When(when__lt=2, then=F("starts_at")), default=None).asc(nulls_last=True),
            "-starts_at",
            "-pk",
        )
    )


def members_by_role(partnership_id: int, role: str, today: dt.date) -> list[Membership]:
    return list(
        Membership.objects.filter(
            on_day(today), partnership_id=partnership_id, role=role, user__is_active=True
        )
        .select_related("user")
        .order_by("user__name")
    )


def members_to_invite(conference: Conference, today: dt.date) -> list[Membership]:
    """People of the partnership, by agency, who could be put on the list and are not on it."""
    taken = [pk for pk in (conference.chair_id, conference.minute_taker_id) if pk]
    return list(
        Membership.objects.filter(
            on_day(today), partnership_id=conference.partnership_id, user__is_active=True
        )
        .exclude(pk__in=taken)
        .exclude(role__in=(Role.PARTNERSHIP_ADMIN, Role.GUEST))
        .exclude(Exists(Attendance.objects.filter(conference=conference, membership=OuterRef("pk"))))
        .select_related("user", "agency")
        .order_by("agency__name", "user__name", "pk")
    )


def agencies_of(partnership_id: int) -> list[Agency]:
    return list(Agency.objects.filter(partnership_id=partnership_id).order_by("name"))


def known_children(conference: Conference) -> list[Child]:
    """Children of the partnership who are not on this conference yet, those of the latest conferences first."""
    return list(
        Child.objects.filter(partnership_id=conference.partnership_id)
        .exclude(Exists(ConferenceChild.objects.filter(conference=conference, child=OuterRef("pk"))))
        .annotate(last_on=Max("conference_children__conference__starts_at"))
        .order_by(F("last_on").desc(nulls_last=True), "-pk")[:KNOWN_CHILDREN]
    )


def open_missing_entries(conference: Conference) -> list[MissingEntryRequest]:
    return list(
        MissingEntryRequest.objects.filter(attendance__conference=conference, answered_at__isnull=True)
        .select_related("attendance__agency")
        .order_by("sent_at")
    )


def get_missing_entry_or_404(actor: Actor, wanted: uuid.UUID) -> MissingEntryRequest:
    """A request about a missing entry, for those who see its conference."""
    asked = (
        MissingEntryRequest.objects.select_related(
            "attendance__agency",
            "attendance__conference__partnership",
            "attendance__conference__protocol_version",
        )
        .filter(uuid=wanted, attendance__conference__in=Conference.objects.visible_to(actor))
        .first()
    )
    if asked is None:
        raise Http404("No such request.")
    return asked


def own_seat(actor: Actor, conference: Conference) -> Attendance | None:
    """The actor's own line on the list, with their own views."""
    if actor.membership_id is None:
        return None
    return (
        Attendance.objects.filter(conference=conference, membership_id=actor.membership_id)
        .select_related("agency")
        .prefetch_related("views")
        .first()
    )


# --- a list from a file -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """What one row of a file comes to: somebody new for the list, or what changes about somebody who is on it."""

    name: str
    presence: str
    attendance_id: int | None = None
    membership_id: int | None = None
    agency_id: int | None = None
    job_title: str = ""
    email: str = ""
    side: str = Side.PROFESSIONAL
    left_at: dt.datetime | None = None
    report: bool | None = None


@dataclass(slots=True)
class ListPreview:
    """A file as it would be entered: each row with its mistakes in words, and what would be done."""

    rows: list[sheets.Row]
    entries: list[Listed]

    @property
    def wrong(self) -> int:
        return sum(bool(row.errors) for row in self.rows)


def list_preview(
    conference: Conference,
    rows: list[sheets.Row],
    *,
    words: Mapping[str, str],
    day: dt.date,
    today: dt.date,
    records: bool = True,
) -> ListPreview:
    """Compare a file with the list of a conference: {how people call a way of taking part: its value} in `words`.

    Somebody is known by their email address, else by name and agency. Chair and minute taker are not on the list, so a
    row about them changes nothing. `records`: whether whoever enters it keeps the record. Three queries.
    """
    agencies = {a.name.lower(): a for a in agencies_of(conference.partnership_id)}
    members = {m.user.email.lower(): m for m in members_to_invite(conference, today)}
    known = list(
        Attendance.objects.filter(conference=conference).select_related("membership__user", "agency")
    )
    keepers = {m.user.email.lower() for m in (conference.chair, conference.minute_taker) if m is not None}
    by_email = {a.email.lower(): a for a in known if a.email}
    by_name = {(a.name.lower(), a.agency_id): a for a in known}
    live, seen = conference.state in LIVE, dict[object, int]()
    entries: list[Listed] = []
    for row in rows:
        given, email = row.values, row.values["email"].lower()
        if email and not is_address(email):
            row.errors.append("email address must be like name@example.org")
        agency = agencies.get(given["agency"].lower())
        if given["agency"] and agency is None:
            row.errors.append(f"there is no agency “{given['agency']}” in this partnership. Correct its name")
        person, member = by_email.get(email) if email else None, members.get(email)
        person = person or by_name.get((given["name"].lower(), agency.pk if agency else None))
        presence = _presence_of(row, words, live)
        left_at = _left_at(row, presence, conference, day)
        key: object = person.pk if person else email or (given["name"].lower(), agency.pk if agency else None)
        if key in seen:
            row.errors.append(f"the same person as row {seen[key]}")
        seen.setdefault(key, row.number)
        report = _yes_or_no(row)
        if report is not None and not records:
            row.errors.append(
                "that a report was sent in is recorded by the chair or the minute taker. Leave it empty"
            )
        if email in keepers and email:
            row.cells.append((WHAT_COMES, "Nothing: they keep the record"))
            continue
        family = agency is None and member is None
        row.cells.append(
            (WHAT_COMES, "Changed" if person else "Added as family or supporter" if family else "Added")
        )
        if row.errors:
            continue
        entries.append(
            Listed(
                name=given["name"], presence=presence, left_at=left_at, report=report,
                attendance_id=person.pk if person else None,
                membership_id=member.pk if member and not person else None,
                agency_id=agency.pk if agency else None,
                job_title=given["job_title"], email=given["email"],
                side=Side.FAMILY if family else Side.PROFESSIONAL,
            )
        )  # fmt: skip
    return ListPreview(rows, entries)


WHAT_COMES = "What is done"


def _presence_of(row: sheets.Row, words: Mapping[str, str], live: bool) -> str:
    said = row.values["presence"]
    found = words.get(said.lower())
    if found is None:
        row.errors.append(
            f"“{said}” is no way of taking part. Write: here, here remotely, left early, report only, did not attend"
        )
    elif found != Presence.INVITED and not live:
        row.errors.append(
            "how they took part can be entered once the conference has started. Leave it empty until then"
        )
    return found or Presence.INVITED


def _left_at(row: sheets.Row, presence: str, conference: Conference, day: dt.date) -> dt.datetime | None:
    said = row.values["left"]
    time = read_time(said) if said else None
    if said and time is None:
        row.errors.append("the time they left must be like 2:05pm or 14:05")
    elif said and presence != Presence.LEFT_EARLY:
        row.errors.append("a time they left is only for who left early")
    elif not said and presence == Presence.LEFT_EARLY:
        row.errors.append("the time they left is missing")
    if time is None:
        return None
    left = dt.datetime.combine(day, time, tzinfo=LONDON)
    if conference.started_at and left < conference.started_at:
        row.errors.append("the time they left must be after the start")
    return left


def _yes_or_no(row: sheets.Row) -> bool | None:
    said = row.values["report"].lower()
    if said and said not in ("yes", "y", "no", "n", "true", "false"):
        row.errors.append("sent in a report must be yes or no")
    return said in ("yes", "y", "true") if said else None
