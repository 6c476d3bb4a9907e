"""A case as data: everything recorded about it, or, for whoever may not read what people wrote, without the texts."""

import datetime as dt
from typing import Any

import protocols
from audit.models import AuditEvent
from audit.selectors import SENTENCES
from conferences.models import View
from conferences.selectors import children_of
from core.clock import london_date
from core.templatetags.pd import day_date, day_time
from deadlines.selectors import clocks_of
from dissent.models import Conversation, Dissent
from dissent.selectors import decision_words
from dissent.selectors.words import direction_words, signed_by, subject_words

SCHEMA = "professional-dissent/case/1"
LEFT_OUT = "left out: not for this role"
Data = dict[str, Any]


class Writer:
    """Texts that people typed, or the remark that they are left out."""

    def __init__(self, whole: bool) -> None:
        self.whole = whole

    def text(self, typed: str) -> str:
        return typed if self.whole or not typed else LEFT_OUT

    def name(self, name: str) -> str:
        return name if self.whole or not name else LEFT_OUT


def _at(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.UTC).isoformat() if moment else None


def case_as_data(dissent: Dissent, area: protocols.AreaProtocol, now: dt.datetime, *, whole: bool) -> Data:
    """The case as plain values that JSON can hold; times in UTC. Children by initials, never by name."""
    out = Writer(whole)
    case, conference = dissent.case, dissent.conference
    view = getattr(dissent, "written_view", None)
    about = {row.conference_child_id: row for row in dissent.dissent_children.all()}
    return {
        "schema": SCHEMA,
        "made_at": _at(now),
        "texts": "whole" if whole else LEFT_OUT,
        "case": {
            "reference": case.reference,
            "kind": case.kind,
            "stage": case.stage,
            "outcome": case.outcome_label,
            "partnership": case.partnership.name,
            "agency": case.agency.name,
            "opened_at": _at(case.opened_at),
            "closed_at": _at(case.closed_at),
        },
        "protocol": {
            "text": area.head.document,
            "version": area.version,
            "effective_from": area.effective_from.isoformat(),
            "sha256": area.sha256,
        },
        "conference": {
            "reference": conference.reference,
            "kind": conference.kind,
            "chair": conference.chair.user.name,
            "starts_at": _at(conference.starts_at),
            "ended_at": _at(conference.ended_at),
        },
        "children": [
            {
                "initials": row.child.initials,
                "age": row.child.age_on(london_date(conference.starts_at)),
                "decision": decision_words(row, area),
                "dissent_says": direction_words(about[row.pk].direction, area),
                "views": _views(row, out),
            }
            for row in children_of(conference)
            if row.pk in about
        ],
        "dissent": {
            "state": dissent.state,
            "by": out.name(dissent.attendance.name),
            "agency": dissent.agency.name,
            "for_agency": dissent.for_agency,
            "about": subject_words(dissent, area),
            "expressed_at": _at(dissent.expressed_at),
            "recorded_at": _at(dissent.recorded_at),
            "recorded_by": out.name(dissent.recorded_by.user.name),
            "reasons": out.text(dissent.reasons),
            "outcome_sought": out.text(dissent.outcome_sought),
            "parents_understanding": out.text(dissent.parents_understanding),
            "withdrawn_at": _at(dissent.withdrawn_at),
            "withdrawn_reason": out.text(dissent.withdrawn_reason),
        },
        "written_view": {
            "received_at": _at(view.received_at),
            "late": view.late,
            "text": out.text(view.text),
            "outcome_sought": out.text(view.outcome_sought),
        }
        if view
        else None,
        "additions": [{"at": _at(row.added_at), "text": out.text(row.text)} for row in dissent.additions.all()],
        "conversations": _conversations(dissent, out),
        "questions": [
            {
                "asked_at": _at(row.asked_at), "question": out.text(row.question), "replied_at": _at(row.replied_at),
                "reply": out.text(row.reply),
            }
            for row in dissent.asks.all()
        ],
        "answers": [_answer(row, area, out) for row in dissent.answers.all()],
        "clocks": [
            {
                "rule": c.deadline.rule, "label": c.deadline.label, "purpose": c.deadline.purpose,
                "strength": c.deadline.strength, "anchored_at": _at(c.deadline.anchored_at),
                "due_at": _at(c.deadline.due_at), "state": c.deadline.state, "ended_at": _at(c.deadline.ended_at),
                "breached_at": _at(c.deadline.breached_at), "counted": list(c.due.explanation()),
            }
            for c in clocks_of(case, now)
        ],
        "told": [
            {
                "who": row.tell_id, "told_at": _at(row.told_at), "how": row.how,
                "withheld": out.text(row.withheld_reason),
            }
            for row in case.tellings.all()
        ],
        "letters": [
            {
                "kind": row.kind, "rule": row.rule, "issued_at": _at(row.issued_at), "how": row.how_sent,
                "sha256": row.issued.sha256, "recipients": row.issued.recipients if whole else len(row.issued.recipients),
            }
            for row in case.letters.filter(issued_at__isnull=False).select_related("issued").defer("issued__pdf")
        ],
        "filings": [
            {"child": row.child.initials, "filed_on": row.filed_on.isoformat(), "recorded_at": _at(row.recorded_at)}
            for row in case.filings.select_related("child")
        ],
        "history": [
            {"at": _at(event.at), "event": event.type, "rule": event.rule, "outcome": event.outcome}
            for event in AuditEvent.objects.filter(case_id=case.pk).order_by("seq")
        ],
    }  # fmt: skip


def _views(row: Any, out: Writer) -> list[Data]:
    views = View.objects.filter(conference_child=row).select_related("attendance__agency").order_by("pk")
    return [
        {
            "agency": str(view.attendance.agency), "by": out.name(view.attendance.name), "phase": view.phase,
            "view": view.choice, "reasons": out.text(view.reasons),
        }
        for view in views
    ]  # fmt: skip


def _conversations(dissent: Dissent, out: Writer) -> list[Data]:
    reviews = [item.review_id for item in dissent.review_items.all()]
    rows = Conversation.objects.filter(dissent=dissent) | Conversation.objects.filter(
        dissent__isnull=True, review__in=reviews
    )
    return [
        {
            "at": _at(row.happened_at), "with": out.name(row.with_whom), "how": row.how, "reached": row.reached,
            "note": out.text(row.note),
        }
        for row in rows.order_by("happened_at", "pk")
    ]  # fmt: skip


def _answer(row: Any, area: protocols.AreaProtocol, out: Writer) -> Data:
    outcome = area.outcome(row.outcome)
    initials = {dc.pk: dc.conference_child.child.initials for dc in row.dissent.dissent_children.all()}
    return {
        "tier": row.tier, "outcome": row.outcome, "label": outcome.label if outcome else row.outcome,
        "means": row.means, "decided_at": _at(row.decided_at), "decided_by": signed_by(row),
        "reasons": out.text(row.reasons), "parts": {key: out.text(text) for key, text in row.parts.items()},
        "new_information": out.text(row.new_information), "late_reason": out.text(row.late_reason),
        "per_child": {initials.get(c.dissent_child_id, ""): out.text(c.text) for c in row.answer_children.all()},
    }  # fmt: skip


# --- on a page ----------------------------------------------------------------------------------------------------

TITLES = {
    "case": "Case", "protocol": "Protocol", "conference": "Conference", "children": "Children", "dissent": "Dissent",
    "written_view": "Written view", "additions": "Information added", "conversations": "Conversations",
    "questions": "Questions and replies", "answers": "Decision", "clocks": "Dates", "told": "Who was told",
    "letters": "Letters", "filings": "Filed", "history": "History",
}  # fmt: skip


def case_as_page(data: Data) -> list[Data]:
    """The same values as chapters of label and value, in the same order, for a printed page."""
    return [
        {
            "title": title,
            "groups": _groups(data[key]) if key != "history" else [],
            "events": [[words for _, words in group] for group in _groups(data[key])]
            if key == "history"
            else [],
        }
        for key, title in TITLES.items()
        if data.get(key)
    ]


def _groups(value: Any) -> list[list[tuple[str, str]]]:
    rows = value if isinstance(value, list) else [value]
    return [
        [(_label(key), words) for key, item in row.items() if (words := _words(key, item))] for row in rows
    ]


def _label(key: str) -> str:
    return (
        key.removesuffix("_at").removesuffix("_on").replace("_", " ").capitalize() if key != "at" else "When"
    )


def _words(key: str, value: Any) -> str:
    """A value as people read it."""
    match value:
        case None | "" | [] | {}:
            return ""
        case bool():
            return "Yes" if value else "No"
        case list():
            return "\n".join(filter(None, (_words(key, item) for item in value)))
        case dict():
            return ", ".join(
                f"{_label(k).lower()}: {words}" for k, v in value.items() if (words := _words(k, v))
            )
        case str() if key == "event":
            return SENTENCES.get(value, value).partition(":")[0].rstrip(".")
        case str() if key == "at" or key.endswith("_at"):
            return day_time(dt.datetime.fromisoformat(value))
        case str() if key.endswith("_on"):
            return day_date(dt.date.fromisoformat(value))
        case str() if key in (
            "stage",
            "state",
            "kind",
            "purpose",
            "strength",
            "tier",
            "who",
            "phase",
            "view",
            "how",
        ):
            return value.replace("_", " ").capitalize()
        case _:
            return str(value)
