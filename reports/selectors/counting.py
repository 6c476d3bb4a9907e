"""Counting: every figure of a partnership from its cases, per month, in a fixed number of queries."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Concat, TruncMonth

from conferences.models import Attendance, Conference, Decision
from conferences.states import PRESENT, Side
from convening.models import ConveneAnswer
from core.clock import LONDON, london, london_date
from deadlines.models import Deadline
from deadlines.states import DeadlineState
from dissent.models import Answer, Conversation, Dissent, DissentChild, Review
from dissent.states import DissentState
from escalation.models import Escalation, EscalationTier
from partnerships.models import Partnership, ProtocolVersion
from partnerships.selectors import area_of, calendar_for
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
SEP = "|"  # between a category and the coarser one before it
COARSER = {
    Measure.AGENCY: Measure.AGENCY_KIND, Measure.LABEL: Measure.MEANING, Measure.TIME: Measure.LATE,
}  # fmt: skip


def coarse(category: str) -> str:
    """The coarser category that one belongs to: the kind of an agency, the common meaning of an outcome."""
    return category.partition(SEP)[0]


def _month(field: str) -> TruncMonth:
    return TruncMonth(field, tzinfo=LONDON)


def _version(path: str) -> Concat:
    return Concat(f"{path}__text_id", Value(" "), f"{path}__version")


def _agency(path: str) -> Concat:
    """An agency by its kind and its number."""
    return Concat(f"{path}__kind", Value(SEP), Cast(f"{path}__uuid", TextField()), output_field=TextField())


class Counting:
    """One count of a partnership's cases: `rows()` says how many of what fell where.

    What lies within `settled` periods is left out: their counts stand.
    """

    def __init__(self, partnership_id: int, settled: Sequence[Span] = ()) -> None:
        self.partnership_id = partnership_id
        self.settled = settled
        self.found: Counter[Key] = Counter()

    def rows(self) -> Counter[Key]:
        self._conferences()
        self._dissents()
        self._endings()
        self._exceptions()
        self._differences()
        return self.found

    def _open(self, rows: QuerySet[Any], at: str) -> QuerySet[Any]:
        """Without what fell into a settled period."""
        for span in self.settled:
            first, after = bounds(span)
            rows = rows.exclude(**{f"{at}__gte": first, f"{at}__lt": after})
        return rows

    def _take(
        self,
        counted: str,
        measure: str,
        rows: QuerySet[Any],
        at: str,
        conference: str,
        category: Any,
        number: Any = None,
    ) -> None:
        """Group rows by the month of `at`, the conference's kind and version, and a category."""
        of_case, _, case = conference.partition(":")
        path = f"{case or conference}__" if conference else ""
        kind_of = Value("") if of_case == CASE else F(f"{path}{KIND}")
        grouped = (
            self._open(rows, at)
            .order_by()
            .annotate(
                in_month=_month(at),
                of_kind=kind_of,
                by_version=_version(f"{path}{VERSION}"),
                named=category,
            )
            .values_list("in_month", "of_kind", "by_version", "named")
            .annotate(number=number or Count("pk"))
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
        self._take(
            Counted.PLACES, Measure.AGENCY, there, "conference__ended_at", "conference", _agency("agency"),
            Count("conference_id", distinct=True),
        )  # fmt: skip

    def _dissents(self) -> None:
        recorded = Dissent.objects.filter(
            partnership_id=self.partnership_id, conference__ended_at__isnull=False
        )
        at, place = "conference__ended_at", "conference"
        self._take(Counted.DISSENTS, Measure.AGENCY, recorded, at, place, _agency("agency"))
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
        means = Coalesce(Subquery(last.values("means")[:1]), Value(""))
        for rows, at, label in (
            (
                answered,
                "decided_at",
                Concat(means, Value(SEP), "case__outcome_label", output_field=TextField()),
            ),
            (given_up, "closed_at", Concat("state", Value(SEP), output_field=TextField())),
        ):
            self._take(Counted.ENDINGS, Measure.LABEL, rows, at, place, label)
            self._take(Counted.ENDINGS, Measure.AGENCY, rows, at, place, _agency("agency"))
            self._take(Counted.ENDINGS, Measure.TALKED, rows, at, place, Cast(spoken, TextField()))
            self._spread(Counted.ENDINGS, rows, "expressed_at", at, "conference__kind")

    def _spread(self, counted: str, rows: QuerySet[Any], start: str, end: str, kind: str) -> None:
        """How many calendar days it took, from the day on which it was first voiced."""
        path = "case__protocol_version"
        times = self._open(rows, end).annotate(by_version=_version(path))
        for first, last, of_kind, version in times.values_list(
            start, end, kind or Value(""), "by_version"
        ).iterator(chunk_size=5000):
            days = max(0, (london_date(last) - london_date(first)).days)
            grain = Grain(f"{london(last):%Y-%m}", of_kind, version)
            self.found[(f"{TOOK}{counted}", grain, "calendar_days", str(days))] += 1

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
            (
                Exceptional.REFUSED, ConveneAnswer.objects.filter(exception=True, **own), "decided_at",
                f"{CASE}:convening__case",
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
            (Measure.AGENCY, _agency("agency")),
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
        self._spread(Counted.SETTLED, ended, "raised_at", "ended", "")


def bounds(span: Span) -> tuple[dt.datetime, dt.datetime]:
    """The instants at which a span of months begins and is over, in London."""
    year, month = map(int, span.first.split("-"))
    after, next_month = map(int, span.last.split("-"))
    after, next_month = (after, next_month + 1) if next_month < 12 else (after + 1, 1)
    return dt.datetime(year, month, 1, tzinfo=LONDON), dt.datetime(after, next_month, 1, tzinfo=LONDON)


# --- clocks -----------------------------------------------------------------------------------------------------


def clock_rows(
    partnership_id: int, nation: str, now: dt.datetime, settled: Sequence[Span] = ()
) -> Counter[Key]:
    """How the clocks of dissents ended, and how long each took, in its own unit.

    A dated one counts in the month in which it was due, in time or late; one without a date in that in which it was met,
    with the time that elapsed and nothing else.
    """
    calendar = calendar_for(partnership_id, nation)
    passed = (
        Deadline.objects.filter(partnership_id=partnership_id)
        .filter(Q(due_at__lt=now) | Q(due_at__isnull=True, state=DeadlineState.MET))
        .exclude(state=DeadlineState.CANCELLED)
        .annotate(
            of_kind=F("case__dissent__conference__kind"),
            falls_at=Coalesce("due_at", "ended_at"),
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
    )
    for span in settled:
        first, after = bounds(span)
        passed = passed.exclude(falls_at__gte=first, falls_at__lt=after)
    partnership = Partnership.objects.get(pk=partnership_id)
    versions = {
        version.pk: (
            f"{version.text_id} {version.version}",
            {clock.id: clock.unit for clock in area_of(version, partnership).clocks},
        )
        for version in ProtocolVersion.objects.filter(partnership_id=partnership_id)
    }
    found: Counter[Key] = Counter()
    for row in passed.values_list(
        "rule", "clock_id", "falls_at", "due_at", "state", "anchored_at", "ended_at", "breached_at", "late_reason",
        "because", "purpose", "of_kind", "case__protocol_version_id",
    ).iterator(chunk_size=5000):  # fmt: skip
        at: Any
        rule, clock, at, due, state, anchored, ended, breached, reason, because, purpose, kind, version = row
        version_words, units = versions[version]
        grain = Grain(f"{london(at):%Y-%m}", kind or "", version_words)
        explained = bool(reason or (because if purpose == "decide" else ""))
        name = rule or clock
        if due is not None:
            how = _how_it_ended(state, breached, explained)
            late = InTime.IN_TIME if how == InTime.IN_TIME else Measure.LATE
            found[(f"{CLOCK}{name}", grain, Measure.TIME, f"{late}{SEP}{how}")] += 1
        if ended is not None:
            unit = _unit(units.get(clock, "none"))
            found[(f"{TOOK}{name}", grain, unit, str(_took(calendar, unit, anchored, ended)))] += 1
    return found


def _unit(unit: str) -> str:
    """The unit in which a clock's time is told; for one without a number, hours."""
    return unit if unit in ("working_days", "calendar_days") else "clock_hours"


def _how_it_ended(state: str, breached: dt.datetime | None, explained: bool) -> InTime:
    if state == DeadlineState.OPEN:
        return InTime.OPEN
    if breached is None:
        return InTime.IN_TIME
    return InTime.LATE_REASON if explained else InTime.LATE


def _took(calendar: Calendar, unit: str, start: dt.datetime, end: dt.datetime) -> int:
    """From the day on which it started, or in whole hours; weekdays where the calendar does not reach."""
    first, last = london_date(start), london_date(end)
    if unit == "clock_hours":
        return max(0, int((end - start).total_seconds() // 3600))
    if unit == "calendar_days":
        return max(0, (last - first).days)
    try:
        return max(0, calendar.working_days_between(first, last))
    except CalendarHorizon:
        days = (first + dt.timedelta(days=n) for n in range(1, (last - first).days + 1))
        return sum(day.weekday() < 5 for day in days)


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
