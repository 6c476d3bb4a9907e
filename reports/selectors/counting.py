"""Counting: every figure of a partnership from its cases, per month, in a fixed number of queries."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Concat, TruncMonth

from conferences.models import Attendance, Conference, Decision
from conferences.states import PRESENT, Side
from core.clock import LONDON, london, london_date
from deadlines.models import Deadline
from deadlines.states import DeadlineState
from dissent.models import Answer, Conversation, Dissent, DissentChild, Review
from dissent.states import DissentState
from escalation.models import Escalation, EscalationTier
from partnerships.selectors import calendar_for
from protocols.calendar import Calendar, CalendarHorizon
from reports.models import Publication, Tally
from reports.states import CLOCK, NOBODY_NAMED, TOOK, Counted, Exceptional, InTime, Measure, Span

# Where a conference, from which everything else hangs, keeps what a count is grouped by.
KIND, VERSION = "kind", "protocol_version"
CASE = "case"  # in place of a conference: a difference hangs on none, and has no kind of conference


@dataclass(frozen=True, slots=True)
class Grain:
    """What one count is grouped by: the block that a publication can select."""

    month: str
    kind: str
    version: str


Key = tuple[str, Grain, str, str]  # what is counted, its block, the measure, the category


def _month(field: str) -> TruncMonth:
    return TruncMonth(field, tzinfo=LONDON)


def _version(path: str) -> Concat:
    return Concat(f"{path}__text_id", Value(" "), f"{path}__version")


class Counting:
    """One count of a partnership's cases: `rows()` says how many of what fell where."""

    def __init__(self, partnership_id: int) -> None:
        self.partnership_id = partnership_id
        self.found: Counter[Key] = Counter()

    def rows(self) -> Counter[Key]:
        self._conferences()
        self._dissents()
        self._endings()
        self._exceptions()
        self._differences()
        return self.found

    def _take(
        self, counted: str, measure: str, rows: QuerySet[Any], at: str, conference: str, category: Any
    ) -> None:
        """Group rows by the month of `at`, the conference's kind and version, and a category."""
        path = f"{conference}__" if conference else ""
        kind_of = Value("") if conference == CASE else F(f"{path}{KIND}")
        grouped = (
            rows.order_by()
            .annotate(
                in_month=_month(at),
                of_kind=kind_of,
                by_version=_version(f"{path}{VERSION}"),
                named=category,
            )
            .values_list("in_month", "of_kind", "by_version", "named")
            .annotate(number=Count("pk"))
        )
        for month, kind, version, name, number in grouped:
            self.found[(counted, Grain(f"{month:%Y-%m}", kind, version), measure, str(name))] += number

    def _conferences(self) -> None:
        held = Conference.objects.filter(partnership_id=self.partnership_id, ended_at__isnull=False)
        of_it = Dissent.objects.filter(conference_id=OuterRef("pk"))
        self._take(Counted.CONFERENCES, Measure.DISSENT, held, "ended_at", "", Exists(of_it))
        decided = Decision.objects.filter(
            partnership_id=self.partnership_id, conference_child__conference__ended_at__isnull=False
        )
        place = "conference_child__conference"
        self._take(Counted.DECISIONS, Measure.BASIS, decided, f"{place}__ended_at", place, F("basis"))
        self._take(
            Counted.DECISIONS, Measure.PLAN, decided, f"{place}__ended_at", place,
            Cast("on_plan", TextField()),
        )  # fmt: skip
        there = Attendance.objects.filter(
            partnership_id=self.partnership_id, side=Side.PROFESSIONAL, presence__in=list(PRESENT),
            conference__ended_at__isnull=False,
        )  # fmt: skip
        for measure, field in ((Measure.AGENCY_KIND, "agency__kind"), (Measure.AGENCY, "agency__uuid")):
            self._take(
                Counted.PLACES, measure, there, "conference__ended_at", "conference",
                Cast(F(field), TextField()),
            )  # fmt: skip

    def _dissents(self) -> None:
        recorded = Dissent.objects.filter(
            partnership_id=self.partnership_id, conference__ended_at__isnull=False
        )
        at, place = "conference__ended_at", "conference"
        for measure, category in (
            (Measure.AGENCY_KIND, F("agency__kind")),
            (Measure.AGENCY, Cast(F("agency__uuid"), TextField())),
        ):
            self._take(Counted.DISSENTS, measure, recorded, at, place, category)
        late = Case(When(late_entry_reason="", then=Value("at_once")), default=Value("later"))
        self._take(Counted.DISSENTS, Measure.TYPED, recorded, at, place, late)
        directions = DissentChild.objects.filter(
            partnership_id=self.partnership_id, dissent__conference__ended_at__isnull=False
        )
        self._take(
            Counted.DIRECTIONS, Measure.DIRECTION, directions, f"dissent__{at}", "dissent__conference",
            F("direction"),
        )  # fmt: skip

    def _endings(self) -> None:
        """Dissents by the month in which they were answered, withdrawn or closed as not pursued."""
        last = Answer.objects.filter(dissent_id=OuterRef("pk")).order_by("-decided_at", "-pk")
        talks = (
            Conversation.objects.filter(dissent_id=OuterRef("pk"), reached=True)
            .values("dissent_id")
            .annotate(number=Count("pk"))
            .values("number")
        )
        own = Dissent.objects.filter(partnership_id=self.partnership_id)
        answered = own.filter(decided_at__isnull=False)
        given_up = own.filter(state__in=[DissentState.WITHDRAWN, DissentState.NOT_PURSUED])
        place = "conference"
        spoken = Coalesce(Subquery(talks), 0)
        for measure, category in (
            (Measure.MEANING, Subquery(last.values("means")[:1])),
            (Measure.LABEL, F("case__outcome_label")),
            (Measure.AGENCY_KIND, F("agency__kind")),
            (Measure.TALKED, Cast(spoken, TextField())),
        ):
            self._take(Counted.ENDINGS, measure, answered, "decided_at", place, category)
        for measure, category in (
            (Measure.MEANING, F("state")),
            (Measure.LABEL, F("state")),
            (Measure.AGENCY_KIND, F("agency__kind")),
            (Measure.TALKED, Cast(spoken, TextField())),
        ):
            self._take(Counted.ENDINGS, measure, given_up, "closed_at", place, category)

    def _exceptions(self) -> None:
        own = {"partnership_id": self.partnership_id}
        dissents = Dissent.objects.filter(conference__ended_at__isnull=False, **own)
        answers = Answer.objects.filter(**own)
        for what, rows, at, place in (
            (Exceptional.TYPED_LATE, dissents.exclude(late_entry_reason=""), "recorded_at", "conference"),
            (Exceptional.OUTSIDE, dissents.filter(outside_text=True), "recorded_at", "conference"),
            (Exceptional.NO_CONTACT, answers.exclude(no_contact_reason=""), "decided_at", "dissent__conference"),
            (Exceptional.UNREAD, answers.exclude(unread_reason=""), "decided_at", "dissent__conference"),
            (
                Exceptional.CONFLICT, Review.objects.filter(conflict_override_at__isnull=False, **own),
                "conflict_override_at", "conference",
            ),
        ):  # fmt: skip
            self._take(
                Counted.EXCEPTIONS, Measure.WHAT, rows, at, place, Value(what, output_field=TextField())
            )

    def _differences(self) -> None:
        """Differences that climb a ladder: when raised, and when they came to an end."""
        own = Escalation.objects.filter(partnership_id=self.partnership_id)
        for measure, category in (
            (Measure.DIFFERENCE, F("kind")),
            (Measure.AGENCY_KIND, F("agency__kind")),
            (Measure.AGENCY, Cast(F("agency__uuid"), TextField())),
            (Measure.CHALLENGED, Coalesce(F("other_agency__kind"), Value(NOBODY_NAMED))),
        ):
            self._take(Counted.DIFFERENCES, measure, own, "raised_at", CASE, category)
        steps = (
            EscalationTier.objects.filter(escalation_id=OuterRef("pk"))
            .order_by()
            .values("escalation_id")
            .annotate(number=Count("pk"))
            .values("number")
        )
        ended = own.annotate(
            ended=Coalesce("resolved_at", "decided_at", "withdrawn_at", "closed_at"),
            how=Case(
                When(resolved_at__isnull=False, then=Value("resolved")),
                When(decided_at__isnull=False, then=Value("decided")),
                When(withdrawn_at__isnull=False, then=Value("withdrawn")),
                default=Value("closed"),
            ),
            steps=Cast(Coalesce(Subquery(steps), 0), TextField()),
        ).filter(ended__isnull=False)
        for measure, category in ((Measure.ENDED, F("how")), (Measure.STEPS, F("steps"))):
            self._take(Counted.SETTLED, measure, ended, "ended", CASE, category)
        times = ended.annotate(by_version=_version("case__protocol_version"))
        for raised, at, version in times.values_list("raised_at", "ended", "by_version"):
            days = max(0, (london_date(at) - london_date(raised)).days)
            grain = Grain(f"{london(at):%Y-%m}", "", version)
            self.found[(f"{TOOK}{Counted.SETTLED}", grain, Measure.TIME, str(days))] += 1


# --- clocks -----------------------------------------------------------------------------------------------------


def clock_rows(partnership_id: int, nation: str, now: dt.datetime) -> Counter[Key]:
    """How the dated clocks of dissents ended, by the month in which they were due, and how long each took."""
    calendar = calendar_for(partnership_id, nation)
    passed = (
        Deadline.objects.filter(partnership_id=partnership_id, due_at__isnull=False, due_at__lt=now)
        .exclude(state=DeadlineState.CANCELLED)
        .annotate(
            of_kind=F("case__dissent__conference__kind"),
            by_version=_version("case__protocol_version"),
            because=Coalesce(
                Subquery(
                    Answer.objects.filter(dissent__case_id=OuterRef("case_id"))
                    .exclude(late_reason="")
                    .values("late_reason")[:1]
                ),
                Value(""),
                output_field=TextField(),
            ),
        )
        .values_list(
            "rule", "clock_id", "due_at", "state", "anchored_at", "ended_at", "breached_at", "late_reason",
            "because", "purpose", "of_kind", "by_version",
        )
    )  # fmt: skip
    found: Counter[Key] = Counter()
    for row in passed.iterator(chunk_size=5000):
        due_at: Any
        rule, clock, due_at, state, anchored, ended, breached, reason, because, purpose, kind, version = row
        grain = Grain(f"{london(due_at):%Y-%m}", kind or "", version)
        explained = bool(reason or (because if purpose == "decide" else ""))
        how = _how_it_ended(state, breached, explained)
        name = rule or clock
        found[(f"{CLOCK}{name}", grain, Measure.TIME, how)] += 1
        if ended is not None:
            days = _days(calendar, anchored, ended)
            found[(f"{TOOK}{name}", grain, Measure.TIME, str(days))] += 1
    return found


def _how_it_ended(state: str, breached: dt.datetime | None, explained: bool) -> InTime:
    if state == DeadlineState.OPEN:
        return InTime.OPEN
    if breached is None:
        return InTime.IN_TIME
    return InTime.LATE_REASON if explained else InTime.LATE


def _days(calendar: Calendar, start: dt.datetime, end: dt.datetime) -> int:
    """Working days from the day it started; calendar days where the calendar does not reach."""
    first, last = london_date(start), london_date(end)
    try:
        return max(0, calendar.working_days_between(first, last))
    except CalendarHorizon:
        return max(0, (last - first).days)


# --- reading the book --------------------------------------------------------------------------------------------


def tallies(partnership_id: int) -> dict[str, dict[str, dict[Grain, dict[str, int]]]]:
    """Everything counted: per population and measure the counts of each block."""
    found: dict[str, dict[str, dict[Grain, dict[str, int]]]] = {}
    rows = Tally.objects.filter(partnership_id=partnership_id).values_list(
        "counted", "measure", "month", "kind", "version", "category", "count"
    )
    for counted, measure, month, kind, version, category, count in rows:
        block = found.setdefault(counted, {}).setdefault(measure, {})
        block.setdefault(Grain(month, kind, version), {})[category] = count
    return found


def published(partnership_id: int) -> list[Publication]:
    return list(Publication.objects.filter(partnership_id=partnership_id).order_by("number"))


def median_of(counts: dict[int, int]) -> float:
    """The middle of so many values, each with how often it came; between two middle ones, half way."""
    total = sum(counts.values())
    wanted = ((total - 1) // 2, total // 2)
    found: list[int] = []
    seen = 0
    for value in sorted(counts):
        seen += counts[value]
        while len(found) < 2 and wanted[len(found)] < seen:
            found.append(value)
    return (found[0] + found[1]) / 2


def versions_counted(partnership_id: int) -> list[str]:
    """The protocol versions of which anything was counted."""
    rows = Tally.objects.filter(partnership_id=partnership_id).order_by("version")
    return [name for name in rows.values_list("version", flat=True).distinct() if name]


def extract_rows(partnership_id: int, span: Span) -> list[list[str]]:
    """The counts of a period at the finest grain, with nothing hidden. Never a person."""
    rows = Tally.objects.filter(
        partnership_id=partnership_id, month__gte=span.first, month__lte=span.last
    ).order_by("month", "counted", "measure", "kind", "version", "category")
    head = ["month", "counted", "broken down by", "kind", "protocol version", "category", "count"]
    return [
        head,
        *(
            [
                row.month,
                row.counted,
                row.measure,
                row.kind,
                row.version,
                harmless(row.category),
                str(row.count),
            ]
            for row in rows
        ),
    ]


def harmless(text: str) -> str:
    """A text that a spreadsheet would take for a formula, with an apostrophe before it."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\x00")) else text
