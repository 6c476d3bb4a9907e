"""How a dissent, a seat and what was decided are said, in the protocol's words."""

import datetime as dt
from typing import Any

from django.urls import reverse

import protocols
from conferences.models import ConferenceChild
from conferences.states import ConferenceState, ViewChoice
from dissent.models import Answer, Dissent, FollowUp
from partnerships.selectors import holders_of, in_post
from protocols.describe import seat_words

Shown = dict[str, Any]  # what a template prints


def child_view(child: Any, day: dt.date) -> Shown:
    """A child as a page shows it: initials and age, never the name."""
    return {"initials": child.initials, "age": child.age_on(day), "unborn": child.unborn}


def decision_words(child: ConferenceChild, area: protocols.AreaProtocol) -> str:
    """What was decided about one child, in the protocol's words."""
    decision = getattr(child, "decision", None)
    if decision is None:
        return "No decision recorded"
    option = next((d for d in area.conference.decisions if d.id == decision.option), None)
    label = option.label if option else area.word("on_plan" if decision.on_plan else "not_on_plan")
    category = next((c for c in area.conference.categories if c.id == decision.category), None)
    return f"{label} ({category.label.lower()})" if category else label


def direction_words(direction: str, area: protocols.AreaProtocol) -> str:
    found = next((d for d in area.dissent.directions if d.id == direction), None)
    return found.label if found else direction.replace("_", " ")


def subject_words(dissent: Dissent, area: protocols.AreaProtocol) -> str:
    """What the dissent is about, in the protocol's words: "No plan was made"."""
    found = next((s for s in area.dissent.subjects if s.id == dissent.subject), None)
    return found.label if found else dissent.subject.replace("_", " ").capitalize()


def seat_people(seat: str, dissent: Dissent, today: dt.date) -> str:
    """Names of those in a seat, for showing; empty when nobody is."""
    match seat:
        case "capacity:dissenter":
            return dissent.attendance.name
        case "capacity:chair":
            return dissent.conference.chair.user.name
        case _ if seat.startswith("slot:"):
            key = seat.removeprefix("slot:")
            read = getattr(dissent, "posts", None)
            held = (
                holders_of(dissent.partnership_id, key, today) if read is None else in_post(read, key, today)
            )
            return held[0].membership.user.name if held else ""
        case _:
            return ""


def seat_title(seat: str, area: protocols.AreaProtocol) -> str:
    """A seat in words, beginning with a capital: "Head of Safeguarding and Review", "The dissenter"."""
    words = seat_words(area, seat)
    words = words.removeprefix("the ") if seat.startswith("slot:") else words
    return words[:1].upper() + words[1:]


def holder_words(seat: str, dissent: Dissent, area: protocols.AreaProtocol, today: dt.date) -> str:
    """Who holds it: name and post. An empty post is said, not hidden."""
    name = seat_people(seat, dissent, today)
    if seat == "capacity:dissenter":
        return f"{name}, {dissent.agency.name},"
    if seat == "capacity:chair":
        return f"{name}, {area.word('chair')},"
    title = seat_title(seat, area)
    return f"{name}, {title}," if name else f"{title} (nobody fills this post now)"


CHOICES = {
    "": "Not stated",
    ViewChoice.MET: "Met",
    ViewChoice.NOT_MET: "Not met",
    ViewChoice.NONE: "No view given",
}


def link_to(name: str, dissent: Dissent, label: str, *args: object) -> Shown:
    return {"href": reverse(name, args=[dissent.case.reference, *args]), "label": label}


def booked_for(answer: Answer) -> FollowUp | None:
    return next((f for f in answer.follow_ups.all() if f.conference.state != ConferenceState.CANCELLED), None)


def signed_by(answer: Answer) -> str:
    name = answer.decided_by.user.name
    return f"{name}, for {answer.acting_for.user.name}" if answer.acting_for else name
