"""Reads: who is in a seat at this moment, how a message is worded, what notices a person has."""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse

import protocols
from accounts.models import KeptMail
from accounts.selectors import mail_kept
from cases.models import Case, Participant
from cases.selectors import area_of_case
from cases.states import Capacity, Kind
from core.clock import LONDON, london, london_date
from core.references import CONFERENCE
from core.refusals import Denied
from core.templatetags.pd import day_date, day_time
from notifications.models import Fence, Message, Outbox, Preference
from notifications.states import UNREACHED, Channel, MessageState, OutboxState, Pace
from partnerships.models import Membership
from partnerships.selectors import area_of, calendar_for, holders_of, on_day, version_on
from partnerships.states import Role
from protocols.calendar import Calendar, CalendarHorizon

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
    """A person who signs in; a guest is written to like anybody without an account."""
    account = None if membership.role == Role.GUEST else membership.user_id
    return Addressee(membership.user.name, membership.user.email, account)


def worded(row: Outbox, *, brief: bool = False, guest: bool = False) -> Worded:
    """The message in words, from the template that its kind names. `brief`: what happened and what to do, as a part of
    an email that lists several. `guest`: for somebody without an account, who comes in by a link that they ask for."""
    conference = str(row.params.get("what", ""))
    if guest:
        link = reverse("guest-new-link")
    elif row.case:
        link = reverse("case", args=[row.case.reference])
    elif conference.startswith(f"{CONFERENCE}-"):
        link = reverse("conference", args=[conference])
    else:
        link = reverse("home")
    due_at = row.case.next_due_at if row.case else None
    context = {
        "brief": brief,
        "guest": guest,
        "practice": row.partnership.is_practice,
        "reference": row.case.reference if row.case else "",
        "address": f"{settings.SITE_ADDRESS.rstrip('/')}{link}",
        "stands": area_of_case(row.case).meanwhile.text
        if row.case and row.case.closed_at is None and row.case.kind == Kind.CONFERENCE_DECISION
        else "",
        "next_due": by_words(due_at) if due_at else "",
        "next_due_for": row.case.next_due_for if row.case else "",
        **{
            key: by_words(dt.datetime.fromisoformat(value)) if key in DATES and value else value
            for key, value in row.params.items()
        },
    }
    subject = render_to_string(f"notifications/{row.kind}.subject.txt", context).strip()
    text = render_to_string(f"notifications/{row.kind}.txt", context).strip()
    if row.partnership.is_practice:
        subject = f"Practice: {subject}"
    return Worded(" ".join(subject.split()), text + "\n", link)


DATES = frozenset({"due", "was_due", "ends"})


def by_words(moment: dt.datetime) -> str:
    """A date as a message says it: the day, or the day and the time when it ends within it."""
    ends_with_the_day = london(moment).time().replace(microsecond=0) == dt.time(23, 59, 59)
    return day_date(moment) if ends_with_the_day else day_time(moment)


@dataclass(frozen=True, slots=True)
class Listed:
    """One message as an email lists it that gathers several."""

    subject: str
    text: str
    address: str
    due_to_go: str  # when it should have been sent, if it goes late


def gathered(name: str, items: list[Message], now: dt.datetime) -> Worded:
    """One email in words that lists several: of each its reference, what happened, what to do, and the link."""
    listed = []
    for item in items:
        if item.outbox is None:
            continue
        text = worded(item.outbox, brief=True, guest=item.user_id is None)
        late = day_time(item.meant_for) if is_late(item.meant_for, now) else ""
        address = f"{settings.SITE_ADDRESS.rstrip('/')}{text.link}"
        listed.append(Listed(text.subject, text.text.strip(), address, late))
    context = {"items": listed, "count": len(listed), "name": name}
    subject = render_to_string("notifications/digest.subject.txt", context).strip()
    body = render_to_string("notifications/digest.txt", context).strip()
    guest = any(item.user_id is None for item in items)
    return Worded(" ".join(subject.split()), body + "\n", reverse("guest-new-link" if guest else "home"))


LATE_AFTER = dt.timedelta(hours=1)
LATE = "This was due to be sent on"


def is_late(meant_for: dt.datetime, now: dt.datetime) -> bool:
    return now - meant_for > LATE_AFTER


def said_late(body: str, meant_for: dt.datetime, now: dt.datetime) -> str:
    """The text of a message; one that goes late says when it was due, below the greeting."""
    if not is_late(meant_for, now) or LATE in body:
        return body
    greeting, gap, rest = body.partition("\n\n") if body.startswith("Dear ") else ("", "", body)
    return f"{greeting}{gap}{LATE} {day_time(meant_for)}.\n\n{rest}"


# What can wait for office hours: nobody has just done something, a date comes near or has passed.
CAN_WAIT = frozenset({"clock_remind", "clock_due", "clock_overdue"})
DAILY_AT = dt.time(8, 0)


class Paces:
    """When to write to whom: the calendars and what people have chosen, each read once in a run of the sender."""

    def __init__(self) -> None:
        self._calendars: dict[int, Calendar | None] = {}
        self._chosen: dict[tuple[int, int], Pace] = {}

    def pace_of(self, partnership_id: int, user_id: int | None) -> Pace:
        """What a person has chosen in a partnership. Who has no account, and who has not chosen, is told at once."""
        if user_id is None:
            return Pace.AT_ONCE
        key = (partnership_id, user_id)
        if key not in self._chosen:
            self._chosen[key] = pace_of(partnership_id, user_id)
        return self._chosen[key]

    def time_for(self, row: Outbox, user_id: int | None, moment: dt.datetime) -> dt.datetime:
        """When an email that is due at a moment may go to this person: at once, in office hours, or with the daily one.
        Never later than the date it is about, if that is still to come."""
        calendar = None if row.immediate else self._calendar_of(row)
        if calendar is None:
            return moment
        try:
            later = office_time(calendar, moment) if row.kind in CAN_WAIT else moment
            if self.pace_of(row.partnership_id, user_id) == Pace.DAILY:
                daily = next_morning(calendar, moment)
                later = later if _misses(row, moment, daily) else daily
        except CalendarHorizon:
            return moment
        return moment if _misses(row, moment, later) else later

    def _calendar_of(self, row: Outbox) -> Calendar | None:
        if row.partnership_id not in self._calendars:
            self._calendars[row.partnership_id] = _calendar_of(row)
        return self._calendars[row.partnership_id]


def _calendar_of(row: Outbox) -> Calendar | None:
    """The calendar of a partnership; none where it has no protocol or no bank holidays, and so no office hours."""
    try:
        version = version_on(row.partnership_id, london_date(row.not_before))
        nation = area_of(version, row.partnership).nation
        return calendar_for(row.partnership_id, nation)
    except Denied:
        return None


def _misses(row: Outbox, moment: dt.datetime, later: dt.datetime) -> bool:
    """Whether what an email is about would be over by the later time."""
    due = row.params.get("due")
    return bool(due) and moment <= dt.datetime.fromisoformat(due) < later


def pace_of(partnership_id: int, user_id: int) -> Pace:
    """What a person has chosen in a partnership; at once without a choice."""
    chosen = Preference.objects.filter(partnership_id=partnership_id, user_id=user_id).first()
    return Pace(chosen.pace) if chosen else Pace.AT_ONCE


def next_morning(calendar: Calendar, moment: dt.datetime) -> dt.datetime:
    """The next time at or after a moment at which the daily email goes: 8am of a working day."""
    day = london(moment).date()
    if not calendar.is_working_day(day) or london(moment).time() > DAILY_AT:
        day = calendar.add_working_days(day, 1)
    return dt.datetime.combine(day, DAILY_AT, tzinfo=LONDON).astimezone(dt.UTC)


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
    """Messages that found nobody, could not be made, or did not reach everyone: tasks of the partnership admin."""
    failed = Message.objects.filter(outbox=OuterRef("pk"), state=MessageState.FAILED)
    return (
        Outbox.objects.filter(
            Q(state__in=UNREACHED) | Exists(failed),
            partnership_id=partnership_id,
            superseded_at__isnull=True,
        )
        .select_related("case")
        .order_by("created_at")
    )


def unaddressed(partnership_id: int) -> QuerySet[Outbox]:
    """Of these, those that were made for nobody: the post is empty, or the message could not be made."""
    made = Message.objects.filter(outbox=OuterRef("pk"), channel=Channel.EMAIL, state=MessageState.FAILED)
    return undelivered(partnership_id).exclude(Exists(made))


def unaddressed_row(row_uuid: uuid.UUID, partnership_id: int) -> Outbox | None:
    return unaddressed(partnership_id).filter(uuid=row_uuid).first()


def immediate_tells(area: protocols.AreaProtocol | None) -> list[protocols.Tell]:
    """What the protocol makes immediate: sent at any hour, and by itself to those who chose one email a day."""
    return [tell for tell in area.tells if tell.immediate and tell.how == "notice"] if area else []


def undelivered_in(case: Case) -> QuerySet[Outbox]:
    """Messages about a case that did not reach everybody whom they were for."""
    return undelivered(case.partnership_id).select_related(None).filter(case=case)


def is_undelivered_in(case: Case) -> bool:
    """Whether a message about a case did not reach everybody whom it was for; read along with a dissent's case."""
    read: list[Outbox] | None = getattr(case, "undelivered", None)
    return bool(read) if read is not None else undelivered_in(case).exists()


@dataclass(frozen=True, slots=True)
class Unreached:
    """A person whom emails did not reach: who, at which address, why, and what they were about."""

    key: uuid.UUID  # of one of the messages
    name: str
    email: str
    why: str
    messages: list[Message]


def unreached(partnership_id: int) -> list[Unreached]:
    """Everybody whom emails did not reach, longest waiting first."""
    by_address: dict[str, list[Message]] = {}
    for message in _not_delivered(partnership_id):
        by_address.setdefault(message.to_email.lower(), []).append(message)
    return [_unreached(messages) for messages in by_address.values()]


def unreached_person(message_uuid: uuid.UUID, partnership_id: int) -> Unreached | None:
    """The person whom this message and perhaps more did not reach."""
    messages = not_delivered_to(message_uuid, partnership_id)
    return _unreached(messages) if messages else None


def not_delivered_to(message_uuid: uuid.UUID, partnership_id: int) -> list[Message]:
    """All emails that did not reach the person of one of them."""
    found = _not_delivered(partnership_id)
    one = next((message for message in found if message.uuid == message_uuid), None)
    return [m for m in found if one and m.to_email.lower() == one.to_email.lower()]


def _not_delivered(partnership_id: int) -> list[Message]:
    rows = (
        Message.objects.filter(
            partnership_id=partnership_id,
            channel=Channel.EMAIL,
            state=MessageState.FAILED,
            digest__isnull=True,
            outbox__superseded_at__isnull=True,
        )
        .select_related("case", "user", "outbox")
        .prefetch_related("items")
        .order_by("meant_for", "pk")
    )
    return list(rows)


def _unreached(messages: list[Message]) -> Unreached:
    last = messages[-1]
    email = last.user.email if last.user else last.to_email
    return Unreached(messages[0].uuid, last.name or last.to_email, email, why(last.last_error_code), messages)


def why(code: str) -> str:
    """Why an email did not arrive, from the code of the last try, in words that help to put it right."""
    if code in ("Notify 400", "Notify permanent-failure") or code.startswith("SMTP 5"):
        return "The mail server does not know this address."
    if code.startswith("SMTP 4") or code == "Notify temporary-failure":
        return "The mailbox did not take it for three days. It may be full, or its server may be down."
    return "Our own mail service could not send it for three days."


def keys_kept(partnership_id: int) -> QuerySet[KeptMail]:
    """The links and codes of people of a partnership, newest first: what the demonstration shows beside the messages."""
    people = Membership.objects.filter(partnership_id=partnership_id).values("user__email")
    return mail_kept().filter(to_email__in=people)


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
    "gathered",
    "is_undelivered_in",
    "notices_of",
    "office_time",
    "people_in",
    "unaddressed",
    "undelivered",
    "undelivered_in",
    "unreached",
    "worded",
]
