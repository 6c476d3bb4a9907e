"""Reads: who is in a seat at this moment, how a message is worded, what notices a person has."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse

from cases.models import Participant
from cases.selectors import area_of_case
from cases.states import Capacity
from core.clock import LONDON, london, london_date
from core.references import CONFERENCE
from core.templatetags.pd import day_date, day_time
from notifications.models import Fence, Message, Outbox
from notifications.states import Channel, OutboxState
from partnerships.models import Membership
from partnerships.selectors import holders_of, on_day
from partnerships.states import Role
from protocols.calendar import Calendar

OFFICE_OPENS = dt.time(9, 0)
OFFICE_CLOSES = dt.time(17, 0)


@dataclass(frozen=True, slots=True)
class Addressee:
    """One person to whom a message goes: with an account, or by an address only."""

    name: str
    email: str
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Worded:
    """A message in words: a reference and a link, and nothing about a child."""

    subject: str
    text: str
    link: str

    def body(self, name: str) -> str:
        return f"Dear {name},\n\n{self.text}" if name else self.text


def addressees(row: Outbox, now: dt.datetime) -> list[Addressee]:
    """Who is in the seat now. Nobody is an answer: then it becomes a task of the partnership admin."""
    found = people_in(row.seat, row.partnership_id, row.case_id, london_date(now))
    unique: dict[str, Addressee] = {}
    for person in found:
        unique.setdefault(person.email.lower(), person)
    return list(unique.values())


def people_in(seat: str, partnership_id: int, case_id: int | None, today: dt.date) -> list[Addressee]:
    """The people in a seat: a slot's holder and deputies, a capacity in the case, one participant of it (who is named at
    a step of a ladder), or the line manager of one."""
    kind, _, rest = seat.partition(":")
    if kind == "slot":
        return [_member(h.membership) for h in holders_of(partnership_id, rest, today)]
    if kind == "member":
        return [_member(m) for m in _in_force(today).filter(pk=rest)]
    if kind == "role":
        return [_member(m) for m in _in_force(today).filter(partnership_id=partnership_id, role=rest)]
    if kind == "line_manager":
        managed = [m.line_manager_id for m in members_in(rest, partnership_id, case_id, today)]
        return [_member(m) for m in _in_force(today).filter(pk__in=[pk for pk in managed if pk])]
    if kind == "capacity" and case_id is not None:
        return _taking_part(partnership_id, case_id, today, capacity=rest)
    if kind == "participant" and case_id is not None:
        return _taking_part(partnership_id, case_id, today, pk=rest)
    return []


def _in_force(today: dt.date) -> QuerySet[Membership]:
    """The memberships of people who work here today: nothing is sent to those who have left."""
    return (
        Membership.objects.filter(on_day(today), user__is_active=True).select_related("user").order_by("pk")
    )


def members_in(seat: str, partnership_id: int, case_id: int | None, today: dt.date) -> list[Membership]:
    """The memberships in a post, or in a capacity of a case, themselves or through a post; also of those who have
    left, whose line managers are still theirs."""
    kind, _, rest = seat.partition(":")
    if kind == "slot":
        return [holder.membership for holder in holders_of(partnership_id, rest, today)]
    if kind != "capacity" or case_id is None:
        return []
    found: list[Membership] = []
    rows = Participant.objects.filter(case_id=case_id, capacity=rest).select_related("membership", "slot")
    for participant in rows.order_by("pk"):
        if participant.membership is not None:
            found.append(participant.membership)
        elif participant.slot is not None:
            found += [h.membership for h in holders_of(partnership_id, participant.slot.key, today)]
    return found


def _taking_part(partnership_id: int, case_id: int, today: dt.date, **which: str) -> list[Addressee]:
    found: list[Addressee] = []
    rows = Participant.objects.filter(case_id=case_id, **which).select_related("slot")
    for participant in rows.order_by("pk"):
        if participant.membership_id is not None:
            found += [_member(m) for m in _in_force(today).filter(pk=participant.membership_id)]
        elif participant.slot is not None:
            found += [_member(h.membership) for h in holders_of(partnership_id, participant.slot.key, today)]
        elif participant.email:
            found.append(Addressee(participant.name, participant.email))
    return found


def _member(membership: Membership) -> Addressee:
    return Addressee(membership.user.name, membership.user.email, membership.user_id)


def worded(row: Outbox) -> Worded:
    """The message in words, from the template that its kind names."""
    conference = str(row.params.get("what", ""))
    if row.case:
        link = reverse("case", args=[row.case.reference])
    elif conference.startswith(f"{CONFERENCE}-"):
        link = reverse("conference", args=[conference])
    else:
        link = reverse("home")
    due_at = row.case.next_due_at if row.case else None
    context = {
        "reference": row.case.reference if row.case else "",
        "address": f"{settings.SITE_ADDRESS.rstrip('/')}{link}",
        "stands": area_of_case(row.case).meanwhile.text if row.case and row.case.closed_at is None else "",
        "next_due": by_words(due_at) if due_at else "",
        "next_due_for": row.case.next_due_for if row.case else "",
        **{
            key: by_words(dt.datetime.fromisoformat(value)) if key in DATES and value else value
            for key, value in row.params.items()
        },
    }
    subject = render_to_string(f"notifications/{row.kind}.subject.txt", context).strip()
    text = render_to_string(f"notifications/{row.kind}.txt", context).strip()
    return Worded(" ".join(subject.split()), text + "\n", link)


DATES = frozenset({"due", "was_due", "ends"})


def by_words(moment: dt.datetime) -> str:
    """A date as a message says it: the day, or the day and the time when it ends within it."""
    ends_with_the_day = london(moment).time().replace(microsecond=0) == dt.time(23, 59, 59)
    return day_date(moment) if ends_with_the_day else day_time(moment)


def office_time(calendar: Calendar, moment: dt.datetime) -> dt.datetime:
    """The moment itself in office hours of a working day; else the next opening at 9am. For what can wait."""
    local = london(moment)
    day = local.date()
    if calendar.is_working_day(day) and OFFICE_OPENS <= local.time() < OFFICE_CLOSES:
        return moment
    if not calendar.is_working_day(day) or local.time() >= OFFICE_CLOSES:
        day = calendar.add_working_days(day, 1)
    return dt.datetime.combine(day, OFFICE_OPENS, tzinfo=LONDON).astimezone(dt.UTC)


def fence() -> Fence | None:
    """What keeps every message here after a restore; None where messages go out."""
    return Fence.objects.filter(lifted_at__isnull=True).first()


def behind_the_fence(raised: Fence) -> dict[str, int]:
    """What waits, by what may have become of it after the backup was taken: {before, between, since}.

    `before`: laid out before the backup; may have been sent after it. `between`: was to go out between the backup and
    the restore; probably sent once already. `since`: came up after the restore; cannot have been sent.
    """
    waiting = Outbox.objects.filter(
        state__in=[OutboxState.PENDING, OutboxState.SENDING, OutboxState.NOBODY], superseded_at__isnull=True
    )
    return waiting.aggregate(
        before=Count("pk", filter=Q(created_at__lte=raised.dump_at)),
        between=Count("pk", filter=Q(created_at__gt=raised.dump_at, not_before__lt=raised.raised_at)),
        since=Count("pk", filter=Q(created_at__gt=raised.dump_at, not_before__gte=raised.raised_at)),
    )


def notices_of(user_id: int, partnership_id: int) -> QuerySet[Message]:
    """A person's notices in one partnership, newest first."""
    return (
        Message.objects.filter(user_id=user_id, partnership_id=partnership_id, channel=Channel.NOTICE)
        .select_related("case")
        .order_by("-created_at", "-pk")
    )


def unread_count(user_id: int, partnership_id: int) -> int:
    return notices_of(user_id, partnership_id).filter(read_at__isnull=True).count()


def undelivered(partnership_id: int) -> QuerySet[Outbox]:
    """Messages that found nobody or could not be sent: tasks of the partnership admin."""
    return (
        Outbox.objects.filter(
            partnership_id=partnership_id,
            state__in=[OutboxState.NOBODY, OutboxState.DEAD],
            superseded_at__isnull=True,
        )
        .select_related("case")
        .order_by("created_at")
    )


def emails_kept(partnership_id: int | None) -> QuerySet[Message]:
    """Every e-mail as it was worded, newest first: what the demonstration shows."""
    rows = Message.objects.filter(channel=Channel.EMAIL).select_related("case", "user", "outbox")
    if partnership_id is not None:
        rows = rows.filter(partnership_id=partnership_id)
    return rows.order_by("-created_at", "-pk")


__all__ = [
    "Capacity",
    "Role",
    "addressees",
    "emails_kept",
    "notices_of",
    "office_time",
    "people_in",
    "worded",
]
