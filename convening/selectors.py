"""Reads of requests to hold a conference: the gate, and what the page of one shows."""

import datetime as dt
from typing import Any

from django.http import Http404
from django.urls import reverse

import protocols
from cases.models import Case
from cases.selectors import area_of_case
from cases.states import Capacity
from convening import permissions, policies
from convening.models import Consultation, ConveneAnswer, ConveneRequest
from convening.states import AnswerStep, Basis, ConveneState, SupporterIs
from core.actor import Actor
from core.clock import london_date
from core.gather import attach, gather
from core.references import normalise
from core.refusals import allowed
from core.templatetags.pd import children_words, day_time
from escalation.permissions import people_of
from escalation.selectors import ladder_view, person_name
from partnerships.selectors import all_holders, in_post
from protocols.describe import seat_words
from protocols.model import ConveneRules

Shown = dict[str, Any]
KIND = "need_for_conference"

WITH = ("case__protocol_version", "case__partnership", "case__agency", "agency", "requester__membership__user", "conference")  # fmt: skip


def get_convening_or_404(actor: Actor, reference: str) -> ConveneRequest:
    """The one gate to a request in a URL. A stranger gets 404."""
    found: ConveneRequest | None = (
        ConveneRequest.objects.visible_to(actor)
        .select_related(*WITH)
        .filter(case__reference=normalise(reference) or reference)
        .first()
    )
    if found is None:
        raise Http404("No such request.")
    return found


def convening_of(case: Case) -> ConveneRequest | None:
    """The request that a case began with, if it did, with its answers and who was consulted: one query."""
    found, answers, consulted = gather(
        ConveneRequest.objects.select_related("agency", "requester__membership__user", "conference").filter(
            case=case
        ),
        ConveneAnswer.objects.filter(convening__case=case)
        .select_related("decided_by__user", "acting_for__user", "addressee")
        .order_by("pk"),
        Consultation.objects.filter(convening__case=case).select_related("agency").order_by("consulted_at"),
    )
    if not found:
        return None
    row: ConveneRequest = found[0]
    row.case = case
    attach(row, "answers", answers)
    attach(row, "consultations", consulted)
    return row


def refusal_letter(answer: ConveneAnswer) -> Shown:
    """What the letter of a refusal says and to whom it goes, for the template of a letter (SUS-14, HIPS-3)."""
    convening = answer.convening
    area = area_of_case(convening.case)
    rules = policies.rules_of(area)
    outcome = next((each for each in rules.outcomes if each.id == answer.outcome), None)
    return {
        "reference": convening.case.reference,
        "to_agency": answer.addressee.name,
        "to_address": answer.addressee.email,
        "to_person": person_name(convening.requester),
        "outcome": outcome.label if outcome else answer.outcome,
        "rule": outcome.rule if outcome else "",
        "reply": answer.reply,
        "reasons": answer.reasons,
        "made_at": convening.made_at,
        "decided_at": answer.decided_at,
        "signed": answer.decided_by.user.name,
        "for_holder": answer.acting_for.user.name if answer.acting_for else "",
    }


def request_shown(convening: ConveneRequest, area: protocols.AreaProtocol) -> Shown:
    """The request and its answers, for its own page and beside the ladder that it was taken to."""
    rules = policies.rules_of(area)
    people = people_of(convening.case)
    answers = convening.answers.all()
    facts = [
        {"label": "Asked for by", "value": f"{person_name(convening.requester)}, {convening.agency.name}"},
        {"label": "Made", "value": f"{day_time(convening.made_at)}. {convening.get_made_how_display()}"},
    ]
    recorder = next((p for p in people if p.capacity == Capacity.RECORDER), None)
    if recorder is not None:
        facts.append({"label": "Written down by", "value": person_name(recorder)})
    if convening.basis:
        facts.append({"label": "Knows the child", "value": Basis(convening.basis).label})
    if convening.supporter:
        facts.append(
            {
                "label": "Supported by",
                "value": f"{convening.supporter}. {SupporterIs(convening.supporter_is).label}",
            }
        )
    return {
        "row": convening,
        "facts": facts,
        "marks": [each for each in rules.requires if each.rule in convening.marks and each.strength == "should"],
        "answers": [_answer(row, rules) for row in answers],
        "consulted": list(convening.consultations.all()),
        "last_rule": rules.last_resort.rule if rules.last_resort else "",
    }  # fmt: skip


def _answer(row: ConveneAnswer, rules: ConveneRules) -> Shown:
    outcome = next((each for each in rules.outcomes if each.id == row.outcome), None)
    by = row.decided_by.user.name
    return {
        "title": AnswerStep(row.step).label,
        "outcome": outcome.label if outcome else row.outcome,
        "rule": outcome.rule if outcome else "",
        "reply": row.reply,
        "reasons": row.reasons,
        "exception": row.exception,
        "involved": row.involved_reason,
        "by": f"{by}, for {row.acting_for.user.name}" if row.acting_for else by,
        "at": row.decided_at,
        "to": row.addressee.name,
        "letter": reverse("convene-letter", args=[row.convening.case.reference, row.step])
        if row.means != policies.HELD
        else "",
    }


def page_of(convening: ConveneRequest, actor: Actor, now: dt.datetime) -> Shown:
    """The page of a request: who has it, since when, what it says, and what can happen next."""
    case, area = convening.case, area_of_case(convening.case)
    rules = policies.rules_of(area)
    own = permissions.speaks_for_requester(actor, convening)
    day = london_date(now)
    children = children_words(
        [{"initials": c.initials, "age": c.age_on(day), "unborn": c.unborn} for c in case.children.all()]
    )
    facts = [{"label": "About", "value": children}]
    if not own:
        facts.append(
            {"label": "Asked for by", "value": f"{person_name(convening.requester)}, {convening.agency.name}"}
        )
    return {
        "heading": "Your request for a conference" if permissions.is_requester(actor, convening) else "Request for a conference",
        "bar": facts,
        "request_shown": request_shown(convening, area),
        "next": _next(convening, actor, area, now, own),
        "actions": _actions(convening, actor, area),
        "ladder": ladder_view(area, convening.agency.kind, KIND),
        "refused": convening.state == ConveneState.REFUSED,
        "own": own,
        "rules": rules,
        "days": (day - london_date(convening.made_at)).days,
    }  # fmt: skip


def _holder(seat: str, convening: ConveneRequest, area: protocols.AreaProtocol, now: dt.datetime) -> str:
    """Helen Marsh, the Service manager; the post alone when nobody fills it."""
    words, key = seat_words(area, seat), seat.removeprefix("slot:")
    read = getattr(convening.case, "posts", None)  # read along by the page of the case
    posts = all_holders(convening.partnership_id) if read is None else read
    people = in_post(posts, key, london_date(now))
    if not people:
        return f"Nobody fills the post: {words}"
    return f"{people[0].membership.user.name}, {words},"


def _next(
    convening: ConveneRequest, actor: Actor, area: protocols.AreaProtocol, now: dt.datetime, own: bool
) -> Shown:
    """What happens next, for components/next_panel.html."""
    ref, rules = convening.case.reference, policies.rules_of(area)
    day = f"Day {(london_date(now) - london_date(convening.made_at)).days} since it was made. The text sets no date."
    if convening.state in (ConveneState.REQUESTED, ConveneState.LAST_RESORT):
        seat = permissions.holder_seat(convening, rules)
        if allowed(permissions.check_answer, actor, convening, area):
            if convening.state == ConveneState.LAST_RESORT and not convening.consultations.all():
                link = {"href": reverse("convene-consult", args=[ref]), "label": "Record a consultation"}
                return {
                    "holder": "You",
                    "does": "decide, after talking to members of the partnership",
                    "yours": day,
                    "action": link,
                }
            link = {"href": reverse("convene-answer", args=[ref]), "label": "Answer the request"}
            return {
                "holder": "You",
                "does": "answer in writing whether a conference is held",
                "yours": day,
                "action": link,
            }
        yours = f"{day} You do not need to do anything now." if own else day
        return {
            "holder": _holder(seat, convening, area, now),
            "does": "decides whether a conference is held",
            "yours": yours,
        }
    if convening.state == ConveneState.REFUSED:
        on = {"href": reverse("convene-ladder", args=[ref]), "label": "Take it to the ladder"}
        return {
            "holder": "You" if own else "Whoever asked",
            "does": "can accept the answer or take it further",
            "yours": "",
            "action": on if own else None,
        }
    if convening.state == ConveneState.AGREED:
        if allowed(permissions.check_book, actor, convening, area):
            link = {"href": reverse("convene-book", args=[ref]), "label": "Book the conference"}
            return {"holder": "You", "does": "book the conference", "yours": "", "action": link}
        return {
            "holder": _holder(rules.decided_by, convening, area, now),
            "does": "has the conference booked",
            "yours": "",
        }
    if convening.conference is not None:
        return {
            "holder": "",
            "does": f"The conference is booked for {day_time(convening.conference.starts_at)}",
            "yours": "",
        }
    return {
        "holder": "",
        "does": "Nothing more. The request is over",
        "yours": "What was recorded stays on record.",
    }


def _actions(convening: ConveneRequest, actor: Actor, area: protocols.AreaProtocol) -> list[Shown]:
    """What this person may do, for the list of actions."""
    ref = convening.case.reference
    last = (
        seat_words(area, policies.rules_of(area).last_resort_by)
        if policies.rules_of(area).last_resort_by
        else ""
    )
    ways = (
        ("convene-ladder", "Take it to the ladder", lambda: permissions.check_escalate(actor, convening)),
        (
            "convene-last-resort",
            f"Take it to {last}",
            lambda: permissions.check_last_resort(actor, convening, area),
        ),
        ("convene-accept", "Accept that none is held", lambda: permissions.check_accept(actor, convening)),
        (
            "convene-consult",
            "Record a consultation",
            lambda: permissions.check_consult(actor, convening, area),
        ),
        ("convene-answer", "Answer the request", lambda: permissions.check_answer(actor, convening, area)),
        ("convene-book", "Book the conference", lambda: permissions.check_book(actor, convening, area)),
        ("convene-withdraw", "Withdraw the request", lambda: permissions.check_withdraw(actor, convening)),
    )
    return [
        {"href": reverse(name, args=[ref]), "label": label} for name, label, check in ways if allowed(check)
    ]
