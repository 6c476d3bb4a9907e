"""Reads of dissents: the one gate, and what each page shows of one, for whoever looks."""

from dissent.selectors.case import (
    answer_view,
    case_actions,
    closing_page,
    duties_open,
    follow_up_page,
    if_unresolved,
    not_reminded,
    own_view,
    tasks_open,
    view_page,
    what_practitioner_sees,
)
from dissent.selectors.clocks import clock_view, left_words
from dissent.selectors.ending import ended, ending, on_ending
from dissent.selectors.gate import dissent_of, get_dissent_or_404, looking
from dissent.selectors.review import Desk, OutcomeDate, dates_of, gate_words, tier_at_work, told_of
from dissent.selectors.stage import Stage, room, stage_of
from dissent.selectors.standing import next_step, tracker_steps
from dissent.selectors.words import child_view, decision_words, seat_title
from dissent.selectors.work import checklist

__all__ = [
    "Desk", "OutcomeDate", "Stage", "answer_view", "case_actions", "checklist", "child_view", "clock_view", "closing_page", "dates_of",
    "decision_words", "dissent_of", "duties_open", "ended", "ending", "follow_up_page", "gate_words",
    "get_dissent_or_404", "if_unresolved", "left_words", "looking", "next_step", "not_reminded", "on_ending", "own_view",
    "room", "seat_title", "stage_of", "tasks_open", "tier_at_work", "told_of", "tracker_steps", "view_page",
    "what_practitioner_sees",
]  # fmt: skip
