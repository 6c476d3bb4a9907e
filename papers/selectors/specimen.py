"""Specimens: each kind of letter with invented people, in a partnership's own words, for its admin to look at."""

import datetime as dt
from typing import Any

from django.urls import reverse

import letters
import protocols
from core.clock import london_date
from letters import Child, Dated, Facts, Recipient
from letters.drafting import day_words
from papers.selectors.letters import DEFAULT_MARKING, printed, wording_for
from partnerships.models import Partnership
from partnerships.selectors import area_on
from records.models import LetterWording
from records.states import LetterKind

MARKING = DEFAULT_MARKING
REFERENCE = "PD-2345-67"
EVERY_COLLEAGUE = (
    Recipient(name="Alex Invented", role="Designated teacher", agency="Invented Primary School"),
    Recipient(name="Sam Invented", role="Health visitor", agency="Invented Community Health"),
)


def kinds(partnership_id: int) -> list[dict[str, Any]]:
    """Every kind of letter, and since when it has the partnership's own words."""
    saved: dict[str, LetterWording] = {}
    for row in LetterWording.objects.filter(partnership_id=partnership_id).order_by("saved_at", "pk"):
        saved[row.kind] = row
    return [
        {
            "label": kind.label,
            "href": reverse("letter-wording", args=[kind.value]),
            "own": saved[kind.value].saved_at
            if kind.value in saved and (saved[kind.value].opening or saved[kind.value].closing)
            else None,
        }
        for kind in LetterKind
    ]


def facts_of(area: protocols.AreaProtocol, today: dt.date) -> Facts:
    """An invented matter, said in the words of this protocol."""
    tier = area.review.tiers[-1] if area.review else None
    convening = area.escalation.convening
    outcomes = tier.outcomes if tier else convening.outcomes if convening else ()
    outcome = outcomes[0] if outcomes else None
    complaint = area.complaints.aspects[0].label if area.complaints else "How the conference was run"
    after = area.dissent.if_unresolved[0] if area.dissent.if_unresolved else None
    return Facts(
        reference=REFERENCE,
        partnership=area.partnership_name,
        conference=area.word("conference"),
        held_on=today - dt.timedelta(days=10),
        chair=area.word("chair"),
        chair_name="Robin Invented",
        children=(
            Child(
                initials="Z.Z.",
                decision=area.conference.decisions[-1].label,
                direction=area.dissent.directions[0].label if area.dissent.directions else "",
            ),
        ),
        agency="Invented Community Health",
        outcome=outcome.label if outcome else "No conference will be called for now",
        outcome_text=outcome.text if outcome else "",
        means=outcome.means if outcome else "stands",
        reasons="These are invented reasons. They show how a text of some length stands in the letter, with its "
        "paragraphs and its lists.\n\n- a first point\n- a second point",
        decided_on=today,
        dates=(Dated(label="The conference meets again", date=day_words(today + dt.timedelta(days=21))),),
        booked=f"{day_words(today + dt.timedelta(days=14))} at 10am, Room 1",
        booked_with="Jo Invented",
        if_unresolved=after.text if after else "",
        if_unresolved_rule=after.rule if after else "",
        stands=area.meanwhile.text,
        about=complaint,
    )


def letter_of(partnership: Partnership, kind: Any, now: dt.datetime) -> letters.Letter:
    """A specimen of one kind of letter."""
    today = london_date(now)
    area = area_on(partnership.slug, today)
    facts = facts_of(area, today)
    draft = letters.draft(kind, facts, wording_for(partnership.pk, kind))
    if kind == "parents":
        sections = tuple(
            letters.Section(
                id=s.id, heading=s.heading, text=s.text or "Here the writer says why, in plain words."
            )
            for s in draft.sections
        )
        draft = letters.Draft(
            title=draft.title, salutation=draft.salutation, sections=sections, about=draft.about
        )
    people = (
        (Recipient(name="The parents", role="brought by the social worker"),)
        if kind == "parents"
        else EVERY_COLLEAGUE
    )
    return printed(
        kind=kind, partnership=partnership, area=area, reference=REFERENCE, text=draft, recipients=people,
        signed_by="Chris Invented", signed_post=area.word("reviewer") if area.review else "", rule="", basis="rule",
        now=now, specimen=True,
    )  # fmt: skip
