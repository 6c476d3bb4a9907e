"""How dissents like this one were decided before, in the same partnership: counts only, so that nobody is found out.

No case is shown, and no agency, person, child or date. Small counts are hidden as in published figures, and so is what
they could be worked out from.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from statistics import median

from django.db.models import Exists, OuterRef, QuerySet

import protocols
from core.clock import LONDON, london_date
from core.templatetags.pd import plural
from disclosure import SMALL, Population
from dissent.models import Answer, Dissent, DissentChild
from dissent.selectors.words import Shown, subject_words
from protocols.calendar import Calendar, CalendarHorizon

YEARS = 3
HERE = "here"
COMMON = {
    "stands": "the decision stands",
    "reconvened": "the {conference_short} meets again",
    "early_review": "the review is brought forward",
    "second_tier": "passed to a second decision",
    "resolved": "settled",
    "moved_on": "taken further",
}


@dataclass(frozen=True, slots=True)
class Past:
    """What a page says of past decisions: nothing at all below the limit."""

    about: str
    years: int
    total: int | None  # None: too few to be given
    rows: tuple[Shown, ...] = ()
    days: str = ""


def past_answers(dissent: Dissent, tier_id: str, now: dt.datetime) -> QuerySet[Answer]:
    """Answers at this step to dissents about the same thing and in the same direction, under any version of the text.

    Of three years, and only of quarters that are over: what was decided since the last look cannot be told by
    subtracting. Cases that are still open are left out, and so is everything from the conference of this dissent.
    """
    directions = sorted({row.direction for row in dissent.dissent_children.all()})
    until = quarter_of(now)
    alike = DissentChild.objects.filter(dissent=OuterRef("dissent"), direction__in=directions)
    return (
        Answer.objects.filter(
            Exists(alike),
            partnership=dissent.partnership_id,
            tier=tier_id,
            dissent__subject=dissent.subject,
            dissent__case__closed_at__isnull=False,
            decided_at__gte=until.replace(year=until.year - YEARS),
            decided_at__lt=until,
        )
        .exclude(dissent__conference=dissent.conference_id)
        .select_related("review")
        .order_by("pk")
    )


def similar_to(
    answers: list[Answer],
    dissent: Dissent,
    tier: protocols.Tier,
    area: protocols.AreaProtocol,
    calendar: Calendar,
) -> Past:
    """What may be said of them."""
    about = subject_words(dissent, area)
    if len(answers) <= SMALL:
        return Past(about, YEARS, None)
    counts = Counter((answer.means, answer.outcome) for answer in answers)
    took = [_days(calendar, answer.review.opened_at, answer.decided_at) for answer in answers]
    return Past(about, YEARS, len(answers), _rows(counts, tier, area), _took(took))


def quarter_of(now: dt.datetime) -> dt.datetime:
    """The midnight in London with which the quarter of a moment began."""
    day = london_date(now)
    return dt.datetime(day.year, day.month - (day.month - 1) % 3, 1, tzinfo=LONDON)


def _rows(
    counts: Counter[tuple[str, str]], tier: protocols.Tier, area: protocols.AreaProtocol
) -> tuple[Shown, ...]:
    """How it was decided: by common meaning and in the protocol's own words, the small counts hidden."""
    named = {"|".join(key): number for key, number in counts.items()}
    table = Population({"outcome": {HERE: named}}).publish([HERE]).tables["outcome"]
    rows = []
    for key in named:
        means, _, outcome = key.partition("|")
        found = tier.outcome(outcome)
        label = found.label if found else outcome.replace("_", " ").capitalize()
        rows.append(
            {
                "label": label,
                "means": COMMON.get(means, "").format_map(area.words),
                "number": table.shown(key),
            }
        )
    # Hidden counts stand in the order of their labels, so that their place does not tell which is larger.
    return tuple(sorted(rows, key=lambda row: (row["number"] is None, -(row["number"] or 0), row["label"])))


def _days(calendar: Calendar, opened: dt.datetime, decided: dt.datetime) -> int | None:
    try:
        return calendar.working_days_between(london_date(opened), london_date(decided))
    except CalendarHorizon:
        return None


def _took(days: list[int | None]) -> str:
    """How long a review took at the median, in working days; empty where that cannot be counted."""
    known = [each for each in days if each is not None]
    return plural(round(median(known)), "working day") if len(known) > SMALL else ""
