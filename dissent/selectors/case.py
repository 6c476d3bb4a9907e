"""The pages about one dissent: what was said, the answers, the duties after them, and what may be done now."""

import datetime as dt

from django.urls import reverse

import protocols
from cases.selectors import facts_of
from cases.states import OPEN
from conferences.selectors import members_by_role
from conferences.states import ConferenceState
from core.actor import Actor
from core.clock import london_date
from core.refusals import Denied, allowed
from core.templatetags.pd import day_date, day_time
from deadlines.selectors import clocks_of
from dissent import permissions, policies
from dissent.models import Answer, Dissent
from dissent.selectors.clocks import cautious_date, due_words, left_words, open_clock
from dissent.selectors.gate import Looking, looking
from dissent.selectors.words import (
    Shown,
    booked_for,
    child_view,
    decision_words,
    direction_words,
    link_to,
    seat_title,
    signed_by,
    subject_words,
)
from dissent.states import DissentState
from partnerships.selectors import calendar_for
from partnerships.states import Role
from protocols.describe import CAPACITY_WORDS, seat_words
from protocols.model import Requirement

S = DissentState


def answer_view(dissent: Dissent, area: protocols.AreaProtocol, actor: Actor) -> list[Shown]:
    """Each tier's answer. The chair and the admin see what was decided, not the reasons; nobody but the reviewing
    posts sees why it was late, unread or without a conversation."""
    who = looking(actor, dissent, area)
    return [_answer(answer, dissent, area, who) for answer in dissent.answers.all()]


def _answer(answer: Answer, dissent: Dissent, area: protocols.AreaProtocol, who: Looking) -> Shown:
    tier = area.tier(answer.tier)
    outcome = tier.outcome(answer.outcome) if tier else None
    full = who.reviewer or who.dissenter
    initials = {dc.pk: dc.conference_child.child.initials for dc in dissent.dissent_children.all()}
    parts = {p.id: p.label for p in tier.parts} if tier else {}
    different = ""
    if answer.different_chair is not None:
        different = "Yes" if answer.different_chair else "No"
        different += f": {answer.different_chair_reason}" if answer.different_chair_reason and full else ""
    booked = booked_for(answer)
    own = [
        ("Decided without a conversation", answer.no_contact_reason),
        ("Decided with materials not ticked as read", answer.unread_reason),
        ("Why it is late", answer.late_reason),
    ]
    return {
        "title": tier.label if tier else answer.tier,
        "outcome": outcome.label if outcome else answer.outcome,
        "text": outcome.text if outcome else "",
        "rule": outcome.rule if outcome else "",
        "by": signed_by(answer),
        "at": answer.decided_at,
        "reasons": answer.reasons if full else "",
        "per_child": [
            {"child": initials.get(row.dissent_child_id, ""), "text": row.text}
            for row in answer.answer_children.all()
        ]
        if full
        else [],
        "parts": [{"label": label, "text": answer.parts.get(key, "")} for key, label in parts.items()]
        if full
        else [],
        "new_information": answer.new_information if full else "",
        "different_chair": different,
        "own": [{"label": label, "text": text} for label, text in own if text] if who.reviewer else [],
        "follow_up": {
            "reference": booked.conference.reference,
            "at": booked.conference.starts_at,
            "chair": booked.conference.chair.user.name,
            "state": booked.conference.get_state_display(),
        }
        if booked
        else None,
    }


def duties_open(dissent: Dissent, area: protocols.AreaProtocol, actor: Actor) -> list[Shown]:
    """What is to be done after the answer, done or not: {label, by, rule, done, words, blocks, action, paper}.

    `action` only for those who may do it; `blocks`: the dissent cannot be closed before it is done.
    """
    if dissent.state not in (S.SECOND_TIER, S.DECIDED, S.CLOSED):
        return []
    may = allowed(permissions.check_discharge, actor, dissent, area)
    return [
        *_conference_duty(dissent, area, actor),
        *_telling_duties(dissent, area, may),
        *_filing_duties(dissent, area, may),
    ]


def _conference_duty(dissent: Dissent, area: protocols.AreaProtocol, actor: Actor) -> list[Shown]:
    last = list(dissent.answers.all())[-1]
    outcome = area.outcome(last.outcome)
    if outcome is None or not outcome.book:
        return []
    booked = booked_for(last)
    kind = "Early review conference" if outcome.book == "early_review" else "Reconvened conference"
    may = (
        dissent.state == S.DECIDED
        and booked is None
        and allowed(permissions.check_follow_up, actor, dissent, area)
    )
    words = "not booked yet"
    if booked:
        held = booked.conference.state == ConferenceState.ENDED
        words = f"{booked.conference.reference}, {'held' if held else 'booked for'} {day_time(booked.conference.starts_at)}"
    return [
        {
            "label": f"{kind} {'booked' if booked else 'to be booked'}",
            "by": "the reviewing manager or the chair",
            "rule": outcome.rule,
            "done": booked is not None,
            "words": words,
            "blocks": True,
            "action": link_to("follow-up", dissent, "Book the conference") if may else None,
        }
    ]


def _telling_duties(dissent: Dissent, area: protocols.AreaProtocol, may: bool) -> list[Shown]:
    done = {t.tell_id: t for t in dissent.case.tellings.all()}
    rows = []
    for tell in policies.tellings_due(dissent, area):
        row = done.get(tell.id)
        who = seat_words(area, tell.who)
        words = "not recorded yet"
        if row:
            words = f"told {day_time(row.told_at)}, {row.how}" if row.told_at else "withheld, with the reason"
        rows.append(
            {
                "label": f"Tell {who}: {tell.what[:1].lower()}{tell.what[1:].rstrip('.')}",
                "by": seat_words(area, tell.by) if tell.by else "",
                "rule": tell.rule,
                "done": row is not None,
                "words": words,
                "blocks": tell.before_close,
                "action": link_to("told", dissent, f"Record that {who} {_was(who)} told", tell.id)
                if may and row is None
                else None,
                "paper": link_to("papers", dissent, "Write the letter") if may and row is None else None,
            }
        )
    return rows


def _was(who: str) -> str:
    return "were" if who in (CAPACITY_WORDS["parents"], CAPACITY_WORDS["agencies"]) else "was"


def _filing_duties(dissent: Dissent, area: protocols.AreaProtocol, may: bool) -> list[Shown]:
    duties = [d for d in area.duties if d.done == "filed_on_record"]
    if not duties:
        return []
    filed = {f.child_id: f for f in dissent.case.filings.all()}
    rows = []
    for duty in duties:
        for row in dissent.dissent_children.all():
            child = row.conference_child.child
            filing = filed.get(child.pk)
            rows.append(
                {
                    "label": f"{duty.label}: {child.initials}",
                    "by": seat_words(area, duty.holder),
                    "rule": duty.rule,
                    "done": filing is not None,
                    "words": f"filed {day_date(filing.filed_on)}" if filing else "not recorded yet",
                    "blocks": duty.before_close == "block",
                    "action": link_to("filed", dissent, f"Record the filing for {child.initials}", child.uuid)
                    if may and filing is None
                    else None,
                    "paper": link_to("papers", dissent, "Make the pack for the file")
                    if may and filing is None
                    else None,
                }
            )
    return rows


def tasks_open(dissent: Dissent, area: protocols.AreaProtocol, actor: Actor) -> list[Shown]:
    """What the protocol asks of the dissenter, done or not: {label, text, rule, done, words, action}."""
    done = {t.task: t for t in dissent.practitioner_tasks.all()}
    facts = facts_of(dissent.case) if area.dissent.tasks else {}
    may = permissions.is_dissenter(actor, dissent) and dissent.case.stage in OPEN
    rows = []
    for task in area.dissent.tasks:
        if task.after not in facts:
            continue
        row = done.get(task.id)
        chosen = task.id == "challenge_choice"  # has a page of its own
        finished = bool(dissent.challenge_choice) if chosen else row is not None
        words = "not done yet"
        if row:
            words = f"done on {day_date(row.done_on)}"
        elif chosen and dissent.challenge_chosen_at:
            words = f"chosen on {day_date(dissent.challenge_chosen_at)}"
        href = reverse(
            "challenge-choice" if chosen else "task-done",
            args=[dissent.case.reference] if chosen else [dissent.case.reference, task.id],
        )
        rows.append(
            {
                "label": task.label,
                "text": task.text,
                "rule": task.rule,
                "done": finished,
                "words": words,
                "action": {"href": href, "label": "Make the choice" if chosen else "Record it as done"}
                if may and not finished
                else None,
            }
        )
    return rows


def own_view(dissent: Dissent, area: protocols.AreaProtocol) -> Shown:
    """What was recorded, and the written view beside it: for the dissenter, the reviewing posts and the chair."""
    day = london_date(dissent.conference.starts_at)
    view = getattr(dissent, "written_view", None)
    marks = [
        ("Said in time, typed up later", bool(dissent.late_entry_reason), dissent.late_entry_reason),
        ("Outside the text: raised after the conference", dissent.outside_text, ""),
        ("Did not attend the conference", dissent.did_not_attend, ""),
    ]
    ground = next((g.label for g in area.dissent.grounds if g.id == dissent.ground), "")
    mode = next((m.label for m in area.dissent.modes if m.id == dissent.challenge_choice), "")
    facts = [
        ("For", dissent.agency.name if dissent.for_agency else "Themselves only"),
        ("About", ground),
        ("Professional name", "Cannot be put to this decision" if dissent.name_attribution else ""),
        (
            "Talked through with the chair",
            f"{day_time(dissent.discussed_with_chair_at)}. {dissent.discussed_note}".strip(" .")
            if dissent.discussed_with_chair_at
            else "",
        ),
        ("The parents’ understanding", dissent.parents_understanding),
        ("Challenge", mode),
        ("Reviewed without a written view", dissent.without_view_reason),
    ]
    return {
        "name": dissent.attendance.name,
        "agency": dissent.agency.name,
        "subject": subject_words(dissent, area),
        "children": [
            {
                "child": child_view(row.conference_child.child, day),
                "decision": decision_words(row.conference_child, area),
                "says": direction_words(row.direction, area),
            }
            for row in dissent.dissent_children.all()
        ],
        "recorded": {
            "caption": f"Said {day_time(dissent.expressed_at)}, recorded by {dissent.recorded_by.user.name}"
            + (f" {day_time(dissent.recorded_at)}" if dissent.recorded_at != dissent.expressed_at else ""),
            "text": dissent.reasons or "No reasons were written down at the time.",
            "outcome_sought": dissent.outcome_sought,
        },
        "written": {
            "caption": f"Written view, received {day_time(view.received_at)}"
            f"{', late' if view.late else ', in time' if area.dissent.written_view else ''}"
            + (
                ""
                if view.how == "form"
                else f" ({view.get_how_display().lower()}, entered by {view.recorded_by.user.name})"
            ),
            "text": view.text,
            "outcome_sought": view.outcome_sought,
            "lead": view.discussed_with_lead_on,
        }
        if view
        else None,
        "facts": [{"label": label, "value": value, "typed": True} for label, value in facts if value],
        "marks": [{"label": label, "text": text} for label, on, text in marks if on],
        "withdrawn": {"at": dissent.withdrawn_at, "reason": dissent.withdrawn_reason}
        if dissent.withdrawn_at
        else None,
    }


def _ways_further(
    dissent: Dissent, area: protocols.AreaProtocol, actor: Actor | None, routes: list[protocols.model.Route]
) -> list[Shown]:
    """The routes that this person can take now, as links: each opens the ladder beside the dissent."""
    if actor is None:
        return []
    return [
        {"label": route.label, "href": reverse("take-further", args=[dissent.case.reference, route.id])}
        for route in routes
        if allowed(permissions.check_take_further, actor, dissent, area, route.id)
    ]


def if_unresolved(dissent: Dissent, area: protocols.AreaProtocol, actor: Actor | None = None) -> Shown | None:
    """What the dissenter may do next: {text, rule, basis, routes: [{label, text, rule}], ways: [{label, href}]}; before
    an answer, the first."""
    answers = list(dissent.answers.all())
    for after in area.dissent.if_unresolved:
        if not answers or not after.after_outcomes or answers[-1].outcome in after.after_outcomes:
            routes = [route for name in after.routes if (route := area.route(name))]
            return {
                "text": after.text,
                "rule": after.rule,
                "basis": after.basis,
                "routes": [{"label": r.label, "text": r.text, "rule": r.rule} for r in routes],
                "ways": _ways_further(dissent, area, actor, routes),
            }
    return None


def what_practitioner_sees(dissent: Dissent, area: protocols.AreaProtocol, actor: Actor) -> Shown:
    """All that a dissenter is shown: their own record, view, additions, answers, tasks and way on; no one else's."""
    return {
        "own": own_view(dissent, area),
        "answers": answer_view(dissent, area, actor),
        "additions": list(dissent.additions.all()),
        "asks": [a for a in dissent.asks.all() if a.seat == "capacity:dissenter"],
        "tasks": tasks_open(dissent, area, actor),
        "unresolved": if_unresolved(dissent, area),
        "stands": area.meanwhile.text,
    }


def case_actions(dissent: Dissent, area: protocols.AreaProtocol, actor: Actor) -> list[Shown]:
    """Everything that this person may do to this dissent now, as links."""
    who = looking(actor, dissent, area)
    mine = "your" if who.dissenter else "the"
    possible = [
        ("written-view", f"{'Write' if who.dissenter else 'Enter'} {mine} written view", permissions.check_send_written_view),
        ("remind", "Remind of the written view", permissions.check_remind),
        ("receipt-correct", "Correct when the written view was received", permissions.check_correct_receipt),
        ("review-without-view", "Review without the written view", permissions.check_proceed_without_view),
        ("not-pursued", "Close as not pursued", permissions.check_close_as_not_pursued),
        ("review", "Open the review", permissions.check_review),
        ("add-information", "Add information", permissions.check_add_information),
        ("challenge-choice", "Choose whether to challenge", permissions.check_choose_challenge),
        ("follow-up", "Book the conference", _check_unbooked),
        ("close", "Close the dissent", permissions.check_close),
        ("withdraw", f"Withdraw {mine} dissent", permissions.check_withdraw),
    ]  # fmt: skip
    actions = [
        link_to(name, dissent, label)
        for name, label, check in possible
        if allowed(check, actor, dissent, area)
    ]
    if allowed(permissions.check_pass_on, actor, dissent, area):
        actions.append(link_to("pass-on", dissent, "Pass it on"))
    return actions


def _check_unbooked(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> None:
    permissions.check_follow_up(actor, dissent, area)
    policies.check_unbooked(dissent)


def view_page(dissent: Dissent, area: protocols.AreaProtocol, own: bool, now: dt.datetime) -> Shown:
    """What stands around the boxes of the written view."""
    rules = area.dissent.written_view
    running = open_clock(clocks_of(dissent.case, now), "send")
    url = reverse("case", args=[dissent.case.reference])
    due = (
        f" It is due by {due_words(running)} ({left_words(running).lower()})."
        if running and due_words(running)
        else ""
    )
    late = " A late one is still accepted." if running and running.progress.late else ""
    return {
        "page_title": "Your written view" if own else f"Written view of {dissent.attendance.name}",
        "lead": f"{rules.text if rules and own else ''}{due}{late} {f'({rules.rule})' if rules else ''}".strip(),
        "reference": dissent.case.reference,
        "back_url": url,
        "back_label": "Back to the case",
        "cancel_url": url,
        "recipient": seat_title(rules.to, area) if rules else "",
        "own": own,
        "submit_label": "Check and send" if own else "Check",
    }


def not_reminded(dissent: Dissent, need: Requirement | None) -> str:
    """What has to come first, when it has not."""
    if need is None or dissent.reminded_at is not None:
        return ""
    return f"{need.reason} ({need.rule})"


def follow_up_page(dissent: Dissent, area: protocols.AreaProtocol, now: dt.datetime) -> Shown:
    """The conference that an answer asks for: what it is, and by when."""
    last = list(dissent.answers.all())[-1]
    outcome = area.outcome(last.outcome)
    running = open_clock(clocks_of(dissent.case, now), "hold")
    hint = ""
    if running is not None and running.deadline.due_at:
        hint = (
            f"On or before {due_words(running)} ({running.deadline.rule}), or give a reason for a later date."
        )
        cautious = cautious_date(
            running.clock, facts_of(dissent.case), calendar_for(dissent.partnership_id, area.nation)
        )
        if cautious and cautious != running.due.day:
            hint += f" Read cautiously: by {day_date(cautious)}."
    elif outcome:
        hint = outcome.text
    early = outcome is not None and outcome.book == "early_review"
    must_differ = last.different_chair
    return {
        "page_title": "Book the early review" if early else "Book the reconvened conference",
        "lead": f"Decided on {day_date(last.decided_at)}: {outcome.label if outcome else last.outcome}."
        + (" A different chair chairs it." if must_differ else ""),
        "chairs": members_by_role(dissent.partnership_id, Role.CHAIR, london_date(now)),
        "hint": hint,
    }


def closing_page(dissent: Dissent, area: protocols.AreaProtocol, actor: Actor) -> Shown:
    """What stands against closing, and what may be done later."""
    warn, blocked = "", None
    try:
        policies.check_close(dissent, area, confirmed=False)
    except Denied as denied:
        if denied.field == "confirmed":
            warn = denied.sentence
        else:
            blocked = denied
    return {"duties": duties_open(dissent, area, actor), "warn": warn, "blocked": blocked}
