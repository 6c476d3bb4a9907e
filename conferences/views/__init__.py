"""The conference room: booking, the live record in its stages, and the same conference as others may see it."""

from conferences.views.attendance import (
    conference_attendance,
    conference_child_add,
    conference_family_new,
    conference_people_add,
    conference_person_new,
)
from conferences.views.booking import conference_new, conferences
from conferences.views.listed import conference_list_import, conference_list_template
from conferences.views.live import decisions_shown, live_context, name_of
from conferences.views.missing import conference_missing_entry, conference_note_view, missing_entry_answer
from conferences.views.one import conference
from conferences.views.practice import (
    practice,
    practice_enter,
    practice_leave,
    practice_open,
    practice_start,
)
from conferences.views.record import (
    conference_decision,
    conference_quorum,
    conference_record,
    conference_revisit,
    conference_script,
)
from conferences.views.round import conference_open_round, conference_private_view, conference_views
from conferences.views.sessions import (
    conference_adjourn,
    conference_cancel,
    conference_resume,
    conference_start,
)

__all__ = [
    "conference",
    "conference_adjourn",
    "conference_attendance",
    "conference_cancel",
    "conference_child_add",
    "conference_decision",
    "conference_family_new",
    "conference_list_import",
    "conference_list_template",
    "conference_missing_entry",
    "conference_new",
    "conference_note_view",
    "conference_open_round",
    "conference_people_add",
    "conference_person_new",
    "conference_private_view",
    "conference_quorum",
    "conference_record",
    "conference_resume",
    "conference_revisit",
    "conference_script",
    "conference_start",
    "conference_views",
    "conferences",
    "decisions_shown",
    "live_context",
    "missing_entry_answer",
    "name_of",
    "practice",
    "practice_enter",
    "practice_leave",
    "practice_open",
    "practice_start",
]
