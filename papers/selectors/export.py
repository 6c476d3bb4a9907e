"""A case as data: everything recorded about it, or, for whoever may not read what people wrote, without the texts."""

import datetime as dt
import re
from typing import Any

import protocols
from audit.models import AuditEvent
from audit.selectors import SENTENCES
from cases.models import Case
from complaints.models import Complaint
from complaints.selectors import aspects_in_words
from conferences.models import Conference, View
from conferences.selectors import children_of
from convening.models import ConveneRequest
from convening.policies import rules_of
from core.clock import london_date
from core.templatetags.pd import day_date, day_time
from deadlines.selectors import clocks_of
from dissent.models import Conversation, Dissent
from dissent.selectors import decision_words
from dissent.selectors.words import direction_words, signed_by, subject_words
from escalation.models import Escalation, EscalationTier, UrgentAction
from escalation.selectors import person_name, read_ladders
from papers.policies import Matter
from records.models import AgreedAction, Document

SCHEMA = "professional-dissent/case/1"
DETAIL = re.compile(r"( on| to| from)?\s*\{[^}]*\}")  # of a sentence, where only its event is known
TELL = re.compile(r"(:?capacity:|:?slot:|_)")  # of the name of a telling, between its words
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


def case_as_data(matter: Matter, area: protocols.AreaProtocol, now: dt.datetime, *, whole: bool) -> Data:
    """A case of any kind as plain values that JSON can hold; times in UTC. Children by initials, never by name.

    What each value is stands in docs/reference/case-export.md.
    """
    out = Writer(whole)
    case = matter.case
    own: Data = {}
    match matter:
        case Dissent():
            own = _dissent(matter, area, out)
        case ConveneRequest():
            own = _request(matter, area, out)
        case Complaint():
            own = _complaint(matter, area, out)
        case Escalation():
            own = _difference(matter)
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
            "agency": case.agency.name if case.agency else "",
            "opened_at": _at(case.opened_at),
            "closed_at": _at(case.closed_at),
        },
        "protocol": {
            "text": area.head.document,
            "version": area.version,
            "effective_from": area.effective_from.isoformat(),
            "sha256": area.sha256,
        },
        **own,
        "ladders": _ladders(case, area, out),
        "urgent_actions": [
            {"taken_at": _at(row.taken_at), "recorded_at": _at(row.recorded_at), "what": out.text(row.what)}
            for row in UrgentAction.objects.filter(case=case).order_by("taken_at", "pk")
        ],
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
        "documents": [
            {
                "kind": row.kind, "agency": row.agency.name if row.agency else "", "added_at": _at(row.uploaded_at),
                "about": [child.initials for child in row.children.order_by("pk")], "size": row.size,
                "sha256": row.sha256, "withdrawn_at": _at(row.withdrawn_at),
            }
            for row in Document.objects.filter(case_document__case=case).select_related("agency").order_by("uploaded_at")
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


def _children(case: Case, now: dt.datetime) -> list[Data]:
    day = london_date(now)
    return [{"initials": row.initials, "age": row.age_on(day)} for row in case.children.order_by("pk")]


def _conference(conference: Conference) -> Data:
    return {
        "reference": conference.reference,
        "kind": conference.kind,
        "chair": conference.chair.user.name,
        "starts_at": _at(conference.starts_at),
        "ended_at": _at(conference.ended_at),
    }


def _dissent(dissent: Dissent, area: protocols.AreaProtocol, out: Writer) -> Data:
    conference = dissent.conference
    view = getattr(dissent, "written_view", None)
    about = {row.conference_child_id: row for row in dissent.dissent_children.all()}
    return {
        "conference": _conference(conference),
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
        "additions": [
            {"at": _at(row.added_at), "text": out.text(row.text)} for row in dissent.additions.all()
        ],
        "conversations": _conversations(dissent, out),
        "questions": [
            {
                "asked_at": _at(row.asked_at), "question": out.text(row.question), "replied_at": _at(row.replied_at),
                "reply": out.text(row.reply),
            }
            for row in dissent.asks.all()
        ],
        "answers": [_answer(row, area, out) for row in dissent.answers.all()],
    }  # fmt: skip


def _request(convening: ConveneRequest, area: protocols.AreaProtocol, out: Writer) -> Data:
    """A request to hold a conference, its answers, and who was consulted (SUS-13, SUS-16, HIPS-2)."""
    labels = {outcome.id: outcome.label for outcome in rules_of(area).outcomes}
    return {
        "children": _children(convening.case, convening.made_at),
        "request": {
            "state": convening.state,
            "by": out.name(person_name(convening.requester)),
            "agency": convening.agency.name,
            "made_at": _at(convening.made_at),
            "how": convening.made_how,
            "recorded_at": _at(convening.recorded_at),
            "basis": convening.basis,
            "supporter": out.name(convening.supporter),
            "text": out.text(convening.text),
            "serious_concern": out.text(convening.serious_concern),
            "marks": list(convening.marks),
            "conference": convening.conference.reference if convening.conference else "",
            "withdrawn_at": _at(convening.withdrawn_at),
            "withdrawn_reason": out.text(convening.withdrawn_reason),
        },
        "consultations": [
            {
                "at": _at(row.consulted_at), "with": out.name(row.who), "agency": row.agency.name,
                "note": out.text(row.note),
            }
            for row in convening.consultations.select_related("agency").order_by("consulted_at", "pk")
        ],
        "answers": [
            {
                "tier": row.step, "outcome": row.outcome, "label": labels.get(row.outcome, row.outcome),
                "means": row.means, "decided_at": _at(row.decided_at), "decided_by": row.decided_by.user.name,
                "reply": out.text(row.reply), "reasons": out.text(row.reasons), "exception": row.exception,
            }
            for row in convening.answers.select_related("decided_by__user").order_by("pk")
        ],
    }  # fmt: skip


def _complaint(complaint: Complaint, area: protocols.AreaProtocol, out: Writer) -> Data:
    """A family's complaint: what it is about and what came of it. It changes nothing that was decided (CAM-19)."""
    return {
        "conference": _conference(complaint.conference),
        "children": [],
        "complaint": {
            "state": complaint.state,
            "made_by": complaint.made_by,
            "name": out.name(complaint.name),
            "about": aspects_in_words(complaint, area),
            "summary": out.text(complaint.summary),
            "received_on": complaint.received_on.isoformat(),
            "recorded_at": _at(complaint.recorded_at),
            "acknowledged_at": _at(complaint.acknowledged_at),
            "outcome": complaint.outcome,
            "means": complaint.means,
            "reasons": out.text(complaint.reasons),
            "decider": out.name(complaint.decider),
            "decided_at": _at(complaint.decided_at),
            "withdrawn_at": _at(complaint.withdrawn_at),
            "withdrawn_reason": out.text(complaint.withdrawn_reason),
        },
    }


def _difference(escalation: Escalation) -> Data:
    """A difference that is no dissent: its ladder says the rest."""
    found = {"children": _children(escalation.case, escalation.raised_at)}
    return {"conference": _conference(escalation.conference), **found} if escalation.conference else found


def _ladders(case: Case, area: protocols.AreaProtocol, out: Writer) -> list[Data]:
    return [
        {
            "kind": row.kind, "state": row.state, "raised_at": _at(row.raised_at), "recorded_at": _at(row.recorded_at),
            "by": out.name(person_name(row.requester)), "agency": row.agency.name,
            "other_agency": row.other_agency.name if row.other_agency else "", "topics": list(row.topics),
            "concern": out.text(row.concern), "outcome_sought": out.text(row.outcome_sought),
            "agreed_date": row.agreed_date.isoformat() if row.agreed_date else None,
            "protect_by_date": row.protect_by_date.isoformat() if row.protect_by_date else None,
            "policy_issue": row.policy_issue, "steps": [_step(step, out) for step in row.tiers.all()],
            "ending": out.text(row.ending), "closed_at": _at(row.closed_at),
        }
        for row in read_ladders(case).escalations.all()
    ]  # fmt: skip


def _step(step: EscalationTier, out: Writer) -> Data:
    return {
        "tier": step.tier, "opened_at": _at(step.opened_at), "entered": step.entered, "marks": list(step.marks),
        "unresolved": out.text(step.unresolved), "exception": out.text(step.exception),
        "people": [
            {"side": row.side, "title": row.title, "name": out.name(person_name(row.participant))}
            for row in step.people.all()
            if row.removed_at is None
        ],
        "meetings": [
            {
                "at": _at(row.met_at), "how": row.how, "all_parties": row.all_parties, "note": out.text(row.note),
                "there": [out.name(person.name) for person in row.people.all() if person.there],
            }
            for row in step.meetings.all()
        ],
        "agreed": [_agreed(row.action, out) for row in step.step_actions.all()],
        "closed_at": _at(step.closed_at), "ended": step.ended, "outcome": step.outcome, "answer": out.text(step.answer),
    }  # fmt: skip


def _agreed(action: AgreedAction, out: Writer) -> Data:
    settled = getattr(action, "settled", None)
    return {
        "what": out.text(action.what), "owner": out.name(action.owner),
        "due_on": action.due_on.isoformat() if action.due_on else None,
        "done_on": settled.done_on.isoformat() if settled and settled.done_on else None,
        "not_done_reason": out.text(settled.not_done_reason) if settled else "",
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
    "case": "Case", "protocol": "Protocol", "conference": "Conference", "children": "Children", "dissent": "Dissent", "request": "Request", "complaint": "Complaint",
    "written_view": "Written view", "additions": "Information added", "conversations": "Conversations",
    "questions": "Questions and replies", "consultations": "Who was consulted", "answers": "Decision", "ladders": "Ladder", "urgent_actions": "Done at once for a child", "clocks": "Dates", "told": "Who was told",
    "letters": "Letters", "documents": "Documents", "filings": "Filed", "history": "History",
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
            return DETAIL.sub("", SENTENCES.get(value, value).partition(":")[0]).rstrip(".")
        case "ok" if key == "outcome":
            return ""  # of an event: that it was done
        case str() if key == "who":
            return TELL.sub(" ", value).strip().capitalize()
        case str() if key == "at" or key.endswith("_at"):
            return day_time(dt.datetime.fromisoformat(value))
        case str() if key.endswith(("_on", "_date")) or key == "effective_from":
            return day_date(dt.date.fromisoformat(value))
        case str() if key in (
            "stage",
            "state",
            "kind",
            "purpose",
            "strength",
            "tier",
            "phase",
            "view",
            "how",
            "made_by",
            "entered",
            "ended",
            "side",
        ):
            return value.replace("_", " ").capitalize()
        case _:
            return str(value)
