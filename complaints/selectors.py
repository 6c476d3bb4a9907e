"""Reads of the log of complaints: the list, one complaint, and what families are told of where to complain."""

import datetime as dt
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import Http404
from django.urls import reverse

import protocols
from cases.selectors import area_of_case
from complaints import permissions, policies
from complaints.models import Complaint
from complaints.states import MEANS, ComplaintState, MadeBy
from conferences.selectors import children_of, shown
from core.actor import Actor
from core.clock import london_date
from core.references import normalise
from core.refusals import allowed
from core.templatetags.pd import children_words, short_date
from protocols.describe import seat_words

Shown = dict[str, Any]
PAGE = 25


def get_complaint_or_404(actor: Actor, reference: str) -> Complaint:
    """The one gate to a complaint in a URL. Whoever does not keep the log gets 404."""
    complaint: Complaint | None = (
        Complaint.objects.visible_to(actor)
        .select_related(
            "case__protocol_version", "case__partnership", "conference__chair__user", "recorded_by__user",
            "decided_by__user", "follow_up__chair__user",
        )
        .prefetch_related("case__tellings")
        .filter(case__reference=normalise(reference) or reference)
        .first()
    )  # fmt: skip
    if complaint is None:
        raise Http404("No such complaint.")
    return complaint


def complaints_listed(actor: Actor, number: str) -> Page:
    """The log, open ones first, then the newest."""
    rows = Complaint.objects.visible_to(actor).select_related("case", "conference")
    page: Any = Paginator(rows.order_by("closed_at", "-recorded_at", "-pk"), PAGE).get_page(number)
    page.object_list = [
        {
            "href": reverse("complaint", args=[row.case.reference]),
            "ref": row.case.reference,
            "conference": row.conference.reference,
            "made_by": MadeBy(row.made_by).label,
            "status": row.case.get_stage_display(),
            "outcome": row.case.outcome_label,
            "received_on": row.received_on,
        }
        for row in page.object_list
    ]
    return page


def aspects_in_words(complaint: Complaint, area: protocols.AreaProtocol) -> list[str]:
    rules = area.complaints
    labels = {aspect.id: aspect.label for aspect in rules.aspects} if rules else {}
    words = [labels.get(aspect, aspect) for aspect in complaint.aspects]
    return [*words, "Something that is not on the protocol’s list"] if complaint.outside_list else words


def page_of(complaint: Complaint, actor: Actor, now: dt.datetime) -> Shown:
    """One complaint: what it says, who was told, its outcome, and what is to be done next."""
    area = area_of_case(complaint.case)
    rules = policies.rules_of(area)
    ref, today = complaint.case.reference, london_date(now)
    outcome = policies.outcome_of(complaint, area)
    children = [shown(child.child, today) for child in children_of(complaint.conference)]
    return {
        "complaint": complaint,
        "status_means": MEANS[ComplaintState(complaint.state)].format_map(area.words),
        "case": complaint.case,
        "area": area,
        "facts": [
            {"label": "Who complains", "value": ", ".join(filter(None, [MadeBy(complaint.made_by).label, complaint.name]))},
            {"label": "About", "value": "; ".join(aspects_in_words(complaint, area))},
            {"label": "What it says", "value": complaint.summary, "typed": True},
            {"label": "Came on", "value": short_date(complaint.received_on)},
        ],
        "bar": [
            {"label": "Children" if len(children) > 1 else "Child", "value": children_words(children)},
            {"label": "Conference", "value": complaint.conference.reference},
        ],
        "rules": rules,
        "outside": policies.outside_words(complaint, area),
        "days": (today - complaint.received_on).days,
        "stands": _stands(rules),
        "tellings": _tellings(complaint, area),
        "outcome": outcome,
        "next": _next(complaint, outcome, actor, area),
        "withdraw_url": reverse("complaint-withdraw", args=[ref])
        if allowed(permissions.check_withdraw, actor, complaint)
        else "",
    }  # fmt: skip


def _stands(rules: Any) -> Shown:
    """The words of the acknowledgement: what is said to everyone at once."""
    tell = next((tell for tell in rules.tells if tell.when != "decision_made"), None)
    return {"text": tell.what if tell else "", "rule": tell.rule if tell else ""}


def _tellings(complaint: Complaint, area: protocols.AreaProtocol) -> list[Shown]:
    """Who is to be told, done or not: {who, what, rule, row, href}."""
    ref = complaint.case.reference
    open_ = complaint.state not in (ComplaintState.CLOSED, ComplaintState.WITHDRAWN)
    return [
        {
            "who": who(seat, area),
            "what": tell.what,
            "rule": tell.rule,
            "row": row,
            "href": reverse("complaint-told", args=[ref, tell.id, seat.partition(":")[2]])
            if row is None and open_ and not _is_the_answer(complaint, seat)
            else "",
        }
        for tell, seat, row in policies.tellings_due(complaint, area)
    ]


def _is_the_answer(complaint: Complaint, seat: str) -> bool:
    """The family hears first by the acknowledgement, which has its own page."""
    return seat == policies.WHO_COMPLAINED and complaint.state == ComplaintState.RECORDED


def who(seat: str, area: protocols.AreaProtocol) -> str:
    """One of those concerned, where a line begins with them."""
    words = (
        "whoever complained, and the parents" if seat == policies.WHO_COMPLAINED else seat_words(area, seat)
    )
    return words[:1].upper() + words[1:]


def _next(
    complaint: Complaint, outcome: protocols.Outcome | None, actor: Actor, area: protocols.AreaProtocol
) -> Shown:
    """What happens next, for components/next_panel.html."""
    ref = complaint.case.reference

    def step(does: str, name: str, label: str, yours: str = "") -> Shown:
        return {
            "holder": "You",
            "does": does,
            "yours": yours,
            "action": {"href": reverse(name, args=[ref]), "label": label},
        }

    if complaint.state == ComplaintState.RECORDED:
        return step(
            "answer the family, and say that the decision stands meanwhile",
            "complaint-acknowledge",
            "Record the acknowledgement",
        )
    if complaint.state == ComplaintState.ACKNOWLEDGED:
        return step(
            "record the outcome, once it is decided",
            "complaint-decide",
            "Record the outcome",
            "The text sets no date.",
        )
    if allowed(permissions.check_follow_up, actor, complaint, area):
        return step(
            "book the conference that the outcome asks for",
            "complaint-book",
            "Book the conference",
            outcome.label if outcome else "",
        )
    if allowed(permissions.check_close, actor, complaint, area):
        return step(
            "close the complaint: everyone concerned was told", "complaint-close", "Close the complaint"
        )
    if complaint.state == ComplaintState.DECIDED:
        return {
            "holder": "You",
            "does": "tell everyone concerned of the outcome",
            "yours": "Record each of them below.",
        }
    return {
        "holder": "",
        "does": "Nothing more. The complaint is over",
        "yours": "What was recorded stays on record.",
    }


def signpost_of(area: protocols.AreaProtocol) -> Shown:
    """For families: where a complaint about a conference goes here, what can come of it, and what it does not change."""
    route, link = area.route("complaints"), area.link("complaints")
    rules = area.complaints
    agency = area.route("agency_complaint")
    return {
        "area": area,
        "route": route,
        "link": link,
        "rules": rules,
        "stands": _stands(rules) if rules else None,
        "agency": agency,
        "family": next((r for r in area.dissent.refused_people if r.id == "family"), None),
    }
