"""The verbs: note what a case teaches, look after the themes, make the summary for the forum."""

import datetime as dt
import uuid
from collections.abc import Collection

from django.db import transaction
from django.utils.text import slugify

from audit.actions import write
from cases.models import Case
from core.actor import Actor
from core.refusals import Denied
from disclosure import SMALL
from learning import permissions, policies
from learning.models import Lesson, Summary, Theme
from learning.selectors import (
    counted,
    lesson_of,
    names_around,
    points_in,
    published_months,
    summaries_of,
    themes_of,
)
from learning.states import MANY, month_of, months_of, periods_before
from partnerships.models import Partnership

LONGEST = 1_000  # characters of a learning point


@transaction.atomic
def note_lesson(*, case_id: int, themes: Collection[str], point: str, by: Actor, now: dt.datetime) -> Lesson:
    """Say what a case teaches: themes of the partnership's list, and a learning point that names nobody.

    Said again, it replaces what was said before. Raises Denied for a point that names a child or somebody of the case
    (SUS-7: the forum learns without names), and once the forum has been told of the month.
    """
    case = Case.objects.select_for_update(of=("self",)).select_related("partnership").get(pk=case_id)
    permissions.check_note(by, case)
    known = themes_of(case.partnership_id)
    chosen = [key for key in known if key in themes]
    if not chosen:
        raise Denied("Select at least one theme", field="themes")
    if len(chosen) > MANY:
        raise Denied(f"Select at most {MANY} themes: the ones that mattered most", field="themes")
    if len(point) > LONGEST:
        raise Denied(f"The learning point must be {LONGEST} characters or fewer", field="point")
    named = policies.named_in(point, **names_around(case))
    if named:
        raise Denied(
            f"The learning point names somebody: {named}. Say it without", rule="SUS-7", field="point"
        )
    before = lesson_of(case)
    if before is not None:
        published = published_months(summaries_of(case.partnership_id))
        policies.check_unpublished(month_of(before.noted_at), published)
        before.replaced_at = now
        before.save(update_fields=["replaced_at"])
    lesson = Lesson.objects.create(
        partnership_id=case.partnership_id,
        case=case,
        themes=chosen,
        point=point.strip(),
        noted_at=now,
        noted_by_id=by.member,
    )
    write(
        "learning.noted", by=by, now=now, object_type="lesson", object_id=lesson.pk, case_id=case.pk,
        partnership_id=case.partnership_id, detail={"count": len(chosen)},
    )  # fmt: skip
    return lesson


@transaction.atomic
def add_theme(*, partnership_id: int, label: str, by: Actor, now: dt.datetime) -> Theme:
    """Add a theme to the partnership's list, or take one back into it."""
    permissions.check_keeper(by, partnership_id)
    words = " ".join(label.split())
    key = slugify(words)[:60]
    if not key:
        raise Denied("Enter the theme in a few words", field="label")
    if len(words) > 100:
        raise Denied("The theme must be 100 characters or fewer", field="label")
    if words.casefold() in (each.casefold() for each in themes_of(partnership_id).values()):
        raise Denied("This theme is on the list already", field="label")
    every = themes_of(partnership_id, retired=True)
    same = next((known for known, each in every.items() if each.casefold() == words.casefold()), key)
    theme, _ = Theme.objects.update_or_create(
        partnership_id=partnership_id,
        key=same,
        defaults={"label": words, "retired_at": None, "retired_by": None},
    )
    write(
        "learning.theme_added", by=by, now=now, object_type="theme", object_id=theme.pk, partnership_id=partnership_id
    )  # fmt: skip
    return theme


@transaction.atomic
def retire_theme(*, partnership_id: int, key: str, by: Actor, now: dt.datetime) -> Theme:
    """Take a theme out of the list. What was noted with it before keeps it."""
    permissions.check_keeper(by, partnership_id)
    known = themes_of(partnership_id)
    if key not in known:
        raise Denied("This theme is not on the list any longer")
    if len(known) == 1:
        raise Denied("One theme stays: without any, nothing can be noted")
    theme, _ = Theme.objects.update_or_create(
        partnership_id=partnership_id,
        key=key,
        defaults={"label": known[key], "retired_at": now, "retired_by_id": by.member},
    )
    write(
        "learning.theme_retired", by=by, now=now, object_type="theme", object_id=theme.pk, partnership_id=partnership_id
    )  # fmt: skip
    return theme


@transaction.atomic
def make_summary(
    *, partnership_id: int, period: str, points: Collection[uuid.UUID], by: Actor, now: dt.datetime
) -> Summary:
    """Make the summary of a period for the forum (SUS-7): counts by theme with the small ones hidden, and the chosen
    learning points. It is never changed; the same period again is the same summary.

    Raises Denied for a period that is not over. Where so few cases were learnt from that their number is hidden, no
    point stands in it either: points can be counted.
    """
    permissions.check_keeper(by, partnership_id)
    Partnership.objects.select_for_update().get(
        pk=partnership_id
    )  # one after the other: each looks at those before
    if period not in periods_before(now):
        raise Denied("This period is not over yet. Choose one that is", field="period")
    earlier = summaries_of(partnership_id)
    for known in earlier:
        if known.period == period:
            return known
    figures = counted(partnership_id, period, earlier, SMALL)
    wanted = {str(each) for each in points}
    texts = [p.text for p in points_in(partnership_id, months_of(period)) if p.key in wanted]
    summary = Summary.objects.create(
        partnership_id=partnership_id,
        period=period,
        number=len(earlier) + 1,
        small=SMALL,
        figures=figures,
        points=texts if figures["shown"] else [],
        made_at=now,
        made_by_id=by.member,
    )
    write(
        "learning.summary_made", by=by, now=now, object_type="learning_summary", object_id=summary.pk,
        partnership_id=partnership_id, detail={"kind": period},
    )  # fmt: skip
    return summary
