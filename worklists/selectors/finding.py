"""What is meant by a reference that somebody typed, pasted or half remembers."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from cases.models import Case
from conferences.models import Conference
from core.actor import Actor
from core.references import CONFERENCE, alike, normalise
from worklists.selectors import work_list

TYPED = 200  # characters that are looked at: a subject line, or the address of a page
NEAR = 5


@dataclass(frozen=True, slots=True)
class Found:
    """Where to go, or what can be said instead: the reference as it was understood, and visible ones that look alike."""

    href: str = ""
    known: str = ""
    shaped: bool = False
    guesses: list[dict[str, str]] = field(default_factory=list)


def find(actor: Actor, typed: str) -> Found:
    """The page of a reference, however it was typed; only of what this person can see. At most two queries.

    A character that no reference holds (O, 0, 1, I, L, U) is read as what it looks like, where that fits one alone.
    """
    known = normalise(typed)
    if known and _rows(actor, known).filter(reference=known).exists():
        return Found(href=_page(known))
    pattern = alike(typed)
    if not pattern:
        return Found()
    near = list(
        _rows(actor, pattern[1:])
        .filter(reference__regex=pattern)
        .order_by("reference")
        .values_list("reference", flat=True)[:NEAR]
    )
    if len(near) == 1 and not known:
        return Found(href=_page(near[0]))
    return Found(known=known, shaped=True, guesses=[{"label": ref, "href": _page(ref)} for ref in near])


def _rows(actor: Actor, reference: str) -> QuerySet[Any]:
    model: Any = Conference if reference.startswith(CONFERENCE) else Case
    return model.objects.visible_to(actor)


def _page(reference: str) -> str:
    return reverse("conference" if reference.startswith(CONFERENCE) else "case", args=[reference])


def open_for(actor: Actor, now: dt.datetime) -> list[dict[str, Any]]:
    """The first open cases of their own list, for whoever found nothing: theirs first, by time left."""
    rows = [row for section in work_list(actor, now).sections for row in section.rows]
    return [row for row in rows if not row["closed"]][:NEAR]
