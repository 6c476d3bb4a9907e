"""The dissents of a conference as they go into the Chair's Summary, late ones as a dated addendum (SUS-24)."""

from typing import Any

import protocols
from conferences.models import Conference
from conferences.selectors import children_of
from core.templatetags.pd import day_date, day_time
from dissent.models import Dissent
from dissent.selectors import decision_words
from dissent.selectors.words import direction_words
from dissent.states import DissentState
from papers.policies import found_children

Shown = dict[str, Any]


def extract_of(conference: Conference, area: protocols.AreaProtocol, wanted: str) -> Shown:
    """The extract as plain text, for all children or for one; and each of its parts as a page shows it.

    For one child, reasons that name another are left out, with a remark: the chair words them for that child.
    """
    children = children_of(conference)
    chosen = next((row for row in children if str(row.child.uuid) == wanted), None)
    others = [row.child for row in children if chosen and row.pk != chosen.pk]
    rows = (
        Dissent.objects.filter(conference=conference)
        .exclude(state=DissentState.WITHDRAWN)
        .select_related("case", "attendance", "agency")
        .prefetch_related(
            "dissent_children__conference_child__child", "dissent_children__conference_child__decision"
        )
        .order_by("expressed_at", "pk")
    )
    spoken: list[Shown] = []
    late: list[Shown] = []
    for dissent in rows:
        about = [
            row
            for row in dissent.dissent_children.all()
            if chosen is None or row.conference_child_id == chosen.pk
        ]
        if not about:
            continue
        reasons = dissent.reasons or "No reasons were recorded at the time."
        if chosen is not None and found_children(reasons, others, chosen.child):
            reasons = "[The reasons name another child. Word them for this child alone.]"
        after = conference.ended_at is not None and dissent.expressed_at > conference.ended_at
        (late if after else spoken).append(
            {
                "who": f"{dissent.attendance.name}, {dissent.agency.name}",
                "reference": dissent.case.reference,
                "at": day_time(dissent.expressed_at),
                "about": [
                    f"{row.conference_child.child.initials}: {direction_words(row.direction, area)}. "
                    f"The conference decided: {decision_words(row.conference_child, area)}."
                    for row in about
                ],
                "reasons": reasons,
            }
        )
    duty = next((d for d in area.duties if d.id == "chairs_summary"), None)
    return {
        "text": _text(conference, area, spoken, late),
        "spoken": spoken,
        "late": late,
        "children": [{"uuid": row.child.uuid, "initials": row.child.initials} for row in children],
        "chosen": chosen.child.initials if chosen else "",
        "rule": duty.rule if duty else "",
        "called": area.word("chairs_summary"),
    }


def _text(
    conference: Conference, area: protocols.AreaProtocol, spoken: list[Shown], late: list[Shown]
) -> str:
    """What is copied: dissents at the conference, then the addendum with its dates, then what holds meanwhile."""
    lines = [
        f"Professional dissent. {area.word('conference').capitalize()} of {day_date(conference.starts_at)}, {conference.reference}."
    ]
    if not spoken and not late:
        lines.append("No dissent was recorded.")
    for row in spoken:
        lines += [
            "",
            f"Dissent by {row['who']} ({row['reference']}), {row['at']}.",
            *row["about"],
            f"Reasons: {row['reasons']}",
        ]
    for row in late:
        lines += [
            "", f"Addendum. Dissent raised after the {area.word('conference_short')}, {row['at']}, by {row['who']} ({row['reference']}).",
            *row["about"], f"Reasons: {row['reasons']}",
        ]  # fmt: skip
    if spoken or late:
        lines += ["", area.meanwhile.text]
    return "\n".join(lines)
