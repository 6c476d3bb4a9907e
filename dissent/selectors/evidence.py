"""What a reviewer reads: views on the threshold, the chair's reasons and the reports."""

from collections.abc import Iterable
from typing import Any

import protocols
from conferences.models import Attendance, Conference, ConferenceChild, RecordField
from conferences.states import PRESENT, Side
from core.templatetags.pd import day_time
from dissent.selectors.words import CHOICES, Shown, decision_words


def views_table(
    people: Iterable[Any], children: list[ConferenceChild], area: protocols.AreaProtocol
) -> Shown:
    """Views on the threshold: one row for each professional, one column for each child and phase, all the same size."""
    phases = area.conference.view_phases
    columns = [
        {"child": child.child.initials, "phase": phase if len(phases) > 1 else ""}
        for child in children
        for phase in phases
    ]
    rows, reasons = [], []
    for person in people:
        if person.side == Side.FAMILY:
            continue
        seen = {(view["child"], view["phase"]): view for view in person.seen}
        given = [(child, seen.get((child.pk, phase))) for child in children for phase in phases]
        rows.append(
            {
                "agency": str(person.agency),
                "name": person.name,
                "title": person.job_title,
                "absent": "" if person.presence in PRESENT else person.get_presence_display(),
                "cells": [
                    {
                        "text": CHOICES[view["choice"] if view else ""],
                        "strong": view is not None and view["choice"] == "met",
                    }
                    for _, view in given
                ],
            }
        )
        for child, view in given:
            said = view["reasons"] if view else ""
            if view and view["changed"]:
                said = f"{said} Changed since the discussion: {view['changed']}".strip()
            if said:
                reasons.append(
                    {"label": f"{person.name}, {child.child.initials}", "value": said, "typed": True}
                )
    return {"columns": columns, "rows": rows, "reasons": reasons}


def chairs_reasons(
    conference: Conference,
    children: list[ConferenceChild],
    fields: Iterable[RecordField],
    area: protocols.AreaProtocol,
) -> list[Shown]:
    """How each decision was reached, with the chair's reasons and the further parts of the record."""
    facts: list[Shown] = []
    for child in children:
        decision = getattr(child, "decision", None)
        facts.append({"label": f"{child.child.initials}: decision", "value": decision_words(child, area)})
        if decision is None:
            continue
        basis = area.conference.basis(decision.basis)
        how = basis.label if basis else decision.basis
        facts.append(
            {
                "label": f"{child.child.initials}: how it was decided",
                "value": f"{how}, {day_time(decision.decided_at)}, entered by {decision.recorded_by.user.name}",
            }
        )
        if decision.reasons:
            facts.append(
                {"label": f"{child.child.initials}: reasons", "value": decision.reasons, "typed": True}
            )
    labels = {field.id: field.label for field in area.conference.fields}
    facts += [
        {
            "label": labels.get(row.field, row.field.replace("_", " ").capitalize()),
            "value": row.text,
            "typed": True,
        }
        for row in fields
    ]
    if conference.consensus_note:
        facts.append({"label": "How consensus was tried", "value": conference.consensus_note, "typed": True})
    if conference.undecided_reason:
        facts.append(
            {"label": "Ended without every decision", "value": conference.undecided_reason, "typed": True}
        )
    return facts


def reports_of(people: Iterable[Attendance]) -> list[Shown]:
    """Who sent a report to the conference. The reports themselves are kept elsewhere."""
    return [
        {
            "text": f"{person.agency}, {person.name}",
            "done": person.report_submitted,
            "small": f"{'Report sent' if person.report_submitted else 'No report'}. {person.get_presence_display()}",
            "done_words": "report sent",
            "open_words": "no report",
        }
        for person in people
        if person.side != Side.FAMILY
    ]
