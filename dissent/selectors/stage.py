"""The dissent stage of a live conference: the form, and who is in the room beside it."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef
from django.db.models.functions import JSONObject
from django.urls import reverse

import protocols
from conferences.models import Attendance, Conference, ConferenceChild, MissingEntryRequest, View
from conferences.selectors import Extras, Live, conference_children, extras_of
from conferences.states import PRESENT, ConferenceState, Side
from core.gather import gather
from core.templatetags.pd import clock_time, day_date, day_time
from dissent.models import DissentChild
from dissent.selectors.clocks import clock_from
from dissent.selectors.ending import on_ending
from dissent.selectors.words import CHOICES, Shown
from dissent.states import DissentState
from partnerships.models import SlotHolder
from partnerships.selectors import all_holders, calendar_for
from protocols.calendar import Calendar
from protocols.durations import in_words
from protocols.window import closing

S = DissentState


def people_in_room(conference: Conference) -> list[Attendance]:
    """Everyone on the list, with their views and what they have dissented from, in one query: professionals first."""
    rows = (
        Attendance.objects.filter(conference=conference)
        .select_related("agency")
        .annotate(
            dissent_count=Count("dissents", distinct=True),
            asking=Exists(
                MissingEntryRequest.objects.filter(attendance=OuterRef("pk"), answered_at__isnull=True)
            ),
            seen=ArraySubquery(
                View.objects.filter(attendance=OuterRef("pk")).values(
                    json=JSONObject(
                        child="conference_child_id",
                        phase="phase",
                        choice="choice",
                        reasons="reasons",
                        changed="change_reason",
                    )
                )
            ),
            dissented=ArraySubquery(
                DissentChild.objects.filter(dissent__attendance=OuterRef("pk"))
                .exclude(dissent__state=S.WITHDRAWN)
                .order_by("dissent__expressed_at")
                .values(
                    json=JSONObject(
                        child="conference_child_id",
                        at="dissent__expressed_at",
                        reference="dissent__case__reference",
                    )
                )
            ),
        )
    )
    return sorted(rows, key=lambda a: (a.side == Side.FAMILY, str(a.agency or ""), a.name))


def room(
    people: Iterable[Attendance],
    conference: Conference,
    children: list[ConferenceChild],
    area: protocols.AreaProtocol,
    chosen: Attendance | None,
) -> Shown:
    """The people of a conference beside the dissent form: those who can dissent here, and those who cannot, and why."""
    listed, cannot, family = [], [], []
    for person in people:
        if person.side == Side.FAMILY:
            family.append(person.name)
        elif _refused(person, area) and not person.dissented:  # type: ignore[attr-defined]
            cannot.append(f"{person.name}, {person.agency} ({person.get_presence_display().lower()})")
        else:
            listed.append(_person(person, conference, children, area, chosen))
    relatives = next((r for r in area.dissent.refused_people if r.id == "family"), None)
    route = area.route(relatives.route) if relatives and relatives.route else None
    return {
        "people": listed,
        "cannot": cannot,
        "cannot_rule": area.dissent.attendance.rule,
        "family": family,
        "family_words": relatives.reason if relatives else "",
        "family_rule": relatives.rule if relatives else "",
        "family_route": route.label if route else "",
    }


def _refused(person: Attendance, area: protocols.AreaProtocol) -> bool:
    rules = area.dissent.attendance
    return rules.mode == "required" and person.presence not in rules.accepts


def _person(
    person: Any,
    conference: Conference,
    children: list[ConferenceChild],
    area: protocols.AreaProtocol,
    chosen: Attendance | None,
) -> Shown:
    phase = area.conference.view_phases[-1]
    seen = {view["child"]: view["choice"] for view in person.seen if view["phase"] == phase}
    views = [f"{child.child.initials} {CHOICES[seen.get(child.pk, '')].lower()}" for child in children]
    covered = {row["child"] for row in person.dissented}
    absent = "" if person.presence in PRESENT else f" ({person.get_presence_display().lower()})"
    current = chosen is not None and chosen.pk == person.pk
    tag = None
    if current:
        tag = {"word": "Recording", "colour": "blue"}
    elif person.dissented:
        at = dt.datetime.fromisoformat(person.dissented[-1]["at"])
        tag = {"word": f"Recorded {clock_time(at)}", "colour": "teal"}
    more = not covered.issuperset({child.pk for child in children})
    base = reverse("conference-dissent", args=[conference.reference])
    return {
        "name": person.name,
        "meta": f"{person.job_title + ', ' if person.job_title else ''}{person.agency}{absent}",
        "view": ", ".join(views),
        "current": current,
        "tag": tag,
        "action": {"href": f"{base}?person={person.uuid}", "label": "Dissent"}
        if more and not current
        else None,
    }


def window_words(
    conference: Conference, area: protocols.AreaProtocol, calendar: Calendar, you: bool
) -> Shown:
    """Until when a dissent can be made here, in words, with its rule."""
    window = area.dissent.window
    who = "You" if you else "They"
    short = area.word("conference_short")
    if not window.after:
        text = f"No limit is stated here: a dissent can be made in the {short} and after it."
    elif not window.amount:
        text = f"{who} can dissent until the {short} ends."
        if conference.ended_at:
            text = (
                f"The {short} ended on {day_time(conference.ended_at)}. Only what was said before then counts: "
                "enter when it was said, and why it is typed up now."
            )
    elif conference.ended_at:
        closes = closing(window, {window.after: conference.ended_at}, calendar)
        text = f"{who} can dissent until {day_time(closes)} ({in_words(window.amount, window.unit)}, weekends count)."
    else:
        text = f"{who} can dissent until {in_words(window.amount, window.unit)} after the {short} ends."
    later = window.later_entry
    return {
        "text": text,
        "rule": window.rule,
        "basis": window.basis,
        "later": later.mark if later and not you else "",
    }


@dataclass(frozen=True, slots=True)
class Stage:
    """The dissent stage of a conference: what the form and its rail are made of."""

    live: Live
    calendar: Calendar
    extras: Extras | None
    person: Attendance | None
    you: bool
    posts: list[SlotHolder]
    now: dt.datetime

    @property
    def seat(self) -> Attendance:
        if self.person is None:
            raise LookupError("nobody is chosen")
        return self.person

    @property
    def hint(self) -> str:
        """What is said above the reasons: when the written view is due."""
        rules = self.live.area.dissent.written_view
        if rules is None:
            return ""
        due = clock_from(rules.clock, self.live.conference, self.live.area, self.calendar, self.now)
        who = "You send your" if self.you else "They send their"
        return f"A few sentences. {who} full written view by {day_date(due)} ({rules.rule})." if due else ""

    @property
    def already(self) -> list[Shown]:
        """What the person chosen has dissented from: said above the form, before it is filled in a second time."""
        initials = {child.pk: child.child.initials for child in self.live.children}
        rows: list[Shown] = getattr(self.person, "dissented", [])
        return [
            {
                "href": reverse("case", args=[row["reference"]]),
                "reference": row["reference"],
                "words": f"{initials[row['child']]}, said at {clock_time(dt.datetime.fromisoformat(row['at']))}",
            }
            for row in rows
        ]

    def shown(self) -> Shown:
        conference, area = self.live.conference, self.live.area
        names = [p.name for p in self.live.people if p.dissent_count or p == self.person]  # type: ignore[attr-defined]
        ticks = self.extras.ticks if self.extras else {}
        ended = conference.state == ConferenceState.ENDED
        return {
            "person": self.person,
            "already": self.already,
            "you": self.you,
            "room": room(self.live.people, conference, self.live.children, area, self.person),
            "window": window_words(conference, area, self.calendar, self.you),
            "statement": [
                {
                    "label": step.label,
                    "wording": step.wording,
                    "rule": step.rule,
                    "said": f"Read out at {clock_time(ticks[step.step])}"
                    if step.step in ticks
                    else "Not read out yet",
                }
                for step in area.conference.script
            ],
            "ending": on_ending(conference, area, self.calendar, names, self.posts, self.now),
            "ended": ended,
            "means": area.dissent.means,
            "stands": area.meanwhile.text,
            "undecided": [child.child.initials for child in self.live.undecided],
            "can_note": not ended and not self.you,
            "short": area.word("conference_short"),
        }


def stage_of(
    conference: Conference, area: protocols.AreaProtocol, person: str, now: dt.datetime, *, you: bool = False
) -> Stage:
    """The dissent stage; `person` is the uuid of somebody on the list, or empty while nobody is chosen."""
    children, posts = gather(conference_children(conference), all_holders(conference.partnership_id))
    live = Live(conference, area, children, people_in_room(conference))
    calendar = calendar_for(conference.partnership_id, area.nation)
    chosen = live.person(person) if person else None
    return Stage(live, calendar, None if you else extras_of(conference), chosen, you, posts, now)
