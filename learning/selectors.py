"""Reads: the list of themes, what a case teaches, the learning points of a period, and summaries."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from cases.models import Case, Participant
from conferences.models import Attendance
from disclosure import Population, Published, Table
from learning.models import Lesson, Summary, Theme
from learning.states import DEFAULT_THEMES, month_of, months_of, period_words

YES, NO = "with", "without"
TOTAL = "total"


def themes_of(partnership_id: int, *, retired: bool = False) -> dict[str, str]:
    """The themes to choose from, by key; with `retired` also those that were taken out, for what was noted before."""
    rows = list(Theme.objects.filter(partnership_id=partnership_id).order_by("pk"))
    out = {row.key for row in rows if row.retired_at is not None}
    every = DEFAULT_THEMES | {row.key: row.label for row in rows}
    return {key: label for key, label in every.items() if retired or key not in out}


def lesson_of(case: Case) -> Lesson | None:
    return Lesson.objects.filter(case=case, replaced_at__isnull=True).select_related("noted_by__user").first()


def lessons_in(partnership_id: int) -> QuerySet[Lesson]:
    """What the cases of a partnership teach, as it stands now."""
    return Lesson.objects.filter(partnership_id=partnership_id, replaced_at__isnull=True)


def names_around(case: Case) -> dict[str, list[str]]:
    """Everybody who must not be named: the children with their initials, who takes part in the case, and who was on
    the list of its conference. Three queries."""
    children = list(case.children.all())
    people = Participant.objects.filter(case=case).select_related("membership__user")
    names = [row.membership.user.name if row.membership else row.name for row in people]
    listed = Attendance.objects.filter(conference__conference_cases__case=case)
    names += list(listed.values_list("name", flat=True))
    return {
        "children": [child.name for child in children],
        "initials": [child.initials for child in children],
        "people": names,
    }


@dataclass(frozen=True, slots=True)
class Point:
    """A learning point to choose for a summary."""

    key: str
    text: str
    month: str


def points_in(partnership_id: int, months: Iterable[str]) -> list[Point]:
    """The learning points that were noted in these months, in the order of the alphabet: none is next to its case."""
    wanted = set(months)
    found = [
        Point(str(lesson.uuid), lesson.point, month_of(lesson.noted_at))
        for lesson in lessons_in(partnership_id).exclude(point="")
        if month_of(lesson.noted_at) in wanted
    ]
    return sorted(found, key=lambda point: point.text.casefold())


# --- counts -------------------------------------------------------------------------------------------------------


def tallied(partnership_id: int) -> dict[str, dict[str, Counter[str]]]:
    """For each theme and month: how many cases have it and how many do not. A case may have several themes."""
    lessons = [(month_of(lesson.noted_at), set(lesson.themes)) for lesson in lessons_in(partnership_id)]
    themes = themes_of(partnership_id, retired=True)
    return {
        theme: {
            month: Counter(YES if theme in chosen else NO for noted, chosen in lessons if noted == month)
            for month in sorted({noted for noted, _ in lessons})
        }
        for theme in themes
    }


def counted(partnership_id: int, period: str, earlier: Iterable[Summary], small: int) -> dict[str, Any]:
    """The counts of a period as they may be shown beside all that the forum was told before."""
    measures: Mapping[str, Any] = tallied(partnership_id)
    before = [_published(one, measures) for one in earlier]
    shown = Population(measures, before, small=small).publish(_blocks(period, measures))
    return {
        "total": shown.total,
        "shown": shown.total_shown,
        "themes": {
            theme: {
                "counts": dict(table.counts),
                "hidden": sorted(table.hidden),
                "withheld": table.withheld,
            }
            for theme, table in shown.tables.items()
        },
    }


def _blocks(period: str, measures: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    known = {month for counts in measures.values() for month in counts}
    return frozenset(month for month in months_of(period) if month in known)


def _published(one: Summary, measures: Mapping[str, Mapping[str, Any]]) -> Published:
    figures = one.figures
    tables = {
        theme: Table(table["counts"], frozenset(table["hidden"]), table["withheld"])
        for theme, table in figures["themes"].items()
    }
    return Published(_blocks(one.period, measures), figures["total"], figures["shown"], tables)


# --- summaries ----------------------------------------------------------------------------------------------------


def summaries_of(partnership_id: int) -> list[Summary]:
    """In the order in which they were made."""
    rows = Summary.objects.filter(partnership_id=partnership_id).select_related("made_by__user")
    return list(rows.order_by("number"))


def published_months(summaries: Iterable[Summary]) -> set[str]:
    return {month for one in summaries for month in months_of(one.period)}


def summary_view(one: Summary, labels: Mapping[str, str]) -> dict[str, Any]:
    """A summary as its page shows it: themes by how often, hidden counts as [c], themes that nobody noted left out."""
    rows = []
    for theme, stored in one.figures["themes"].items():
        table = Table(stored["counts"], frozenset(stored["hidden"]), stored["withheld"])
        count = table.shown(YES)
        if count != 0:
            rows.append(
                {
                    "label": labels.get(theme, theme),
                    "count": count,
                    "words": "[c]" if count is None else str(count),
                }
            )
    rows.sort(key=lambda row: (row["count"] is None, -(row["count"] or 0), row["label"]))
    return {
        "period": period_words(one.period),
        "total": one.figures["total"] if one.figures["shown"] else None,
        "none": one.figures["shown"] and one.figures["total"] == 0,
        "rows": rows,
        "points": one.points,
        "hidden": any(row["count"] is None for row in rows),
    }
