"""The demonstration's part about learning: themes and points of decided dissents, and a new text that waits."""

import datetime as dt
from typing import Any

import protocols
from core.clock import london_date
from dissent.models import Dissent
from learning import actions as learning
from learning.states import DECIDED
from partnerships.actions import upload_protocol

LESSONS = (
    (
        ("threshold", "childs_voice"),
        "Say in the conference what the child asked for, in the child’s own words.",
    ),
    (("information", "neglect"), "Send the chronology before the reports are read out, not after."),
    (
        ("disguised_compliance",),
        "Four weeks of better attendance are no lasting change. Ask what would show one.",
    ),
    (("attendance", "plan"), ""),
)


def play(stage: Any) -> None:
    """What can be learnt from every dissent that was decided and, for half of the partnerships, a newer text."""
    decided = Dissent.objects.filter(
        partnership=stage.partnership, decided_at__isnull=False, case__stage__in=DECIDED
    ).order_by("pk")
    for number, dissent in enumerate(decided):
        themes, point = LESSONS[number % len(LESSONS)]
        learning.note_lesson(
            case_id=dissent.case_id, themes=themes, point=point, by=stage.actor("reviewer"), now=stage.ago(0, 9)
        )  # fmt: skip
    if stage.number % 2 == 0:
        bring(stage)


def bring(stage: Any) -> None:
    """A text in which one limit is shorter, to hold from the first day of the month after next."""
    today = london_date(stage.now)
    month = today.year * 12 + today.month + 1
    begins = dt.date(month // 12, month % 12 + 1, 1)
    area = stage.area
    text = area.source_text.replace(
        f"effective_from = {area.effective_from}", f"effective_from = {begins}", 1
    )
    text = text.replace("amount = 10\n", "amount = 8\n", 1).replace(
        f'version = "{area.version}"', f'version = "{begins:%Y-%m}"', 1
    )
    upload_protocol(
        partnership_id=stage.partnership.pk,
        text=protocols.load_text(text, "the newer text"),
        by=stage.actor("admin2"),
        now=stage.ago(1, 15),
    )
