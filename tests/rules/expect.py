"""What the tests of the rules ask again and again: who was told, when a clock is due, what a refusal says."""

import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from conferences import actions as conferences
from conferences.models import Conference, ConferenceChild
from conferences.selectors import area_of_conference, children_of, missing_from_record, people_of, ticks_of
from conferences.states import Phase, ViewChoice
from core.clock import london
from core.refusals import Denied, Kind
from deadlines.models import Deadline
from dissent import actions as dissents
from dissent.models import Dissent
from notifications.actions import send_due
from notifications.models import Message
from notifications.states import Channel
from tests.builders import World

AN_HOUR = dt.timedelta(hours=1)
A_SECOND = dt.timedelta(seconds=1)


@contextmanager
def refused(
    rule: str, *, says: str = "", route: str = "", kind: Kind = Kind.NOT_NOW
) -> Iterator[pytest.ExceptionInfo[Denied]]:
    """What is tried inside is refused by this rule. Give what the refusal says to do instead, or where it points."""
    assert says or route, "Say what this refusal offers: a refusal without a way on is not finished."
    with pytest.raises(Denied) as caught:
        yield caught
    denied = caught.value
    assert denied.rule == rule, f"refused by {denied.rule or 'no rule'}: {denied.reason}"
    assert denied.kind is kind
    assert says in denied.reason, denied.reason
    assert route in denied.route.text, denied.route.text or "the refusal has no route"


def not_theirs(rule: str, says: str) -> AbstractContextManager[pytest.ExceptionInfo[Denied]]:
    """Refused because of who asks."""
    return refused(rule, says=says, kind=Kind.NOT_YOURS)


def record(
    w: World,
    conference: Conference,
    who: str = "police",
    *,
    by: str = "chair",
    now: dt.datetime | None = None,
    **said: object,
) -> Dissent:
    """Record a dissent, entered by anyone at any time: what the action says to it is what is tested."""
    what = w.said(conference, **said)
    now = now or max(what.expressed_at, conference.ended_at or what.expressed_at)
    return dissents.record(attendance_id=w.seat(conference, who).pk, by=w.actor(by, now), said=what, now=now)


def view(
    w: World,
    conference: Conference,
    who: str,
    choice: str = ViewChoice.MET,
    *,
    phase: str = Phase.DECISION,
    **kw: str,
) -> None:
    for child in children_of(conference):
        conferences.record_view(
            attendance_id=w.seat(conference, who).pk, conference_child_id=child.pk, by=w.recorder(conference),
            phase=phase, choice=choice, now=conference.starts_at + AN_HOUR, **kw,
        )  # fmt: skip


def decide(
    w: World, child: ConferenceChild, conference: Conference, *, basis: str = "chair", by: str = "chair"
) -> None:
    """The decision against a plan, on a basis, entered by somebody."""
    now = conference.starts_at + AN_HOUR
    option = next(d.id for d in w.area.conference.decisions if not d.on_plan)
    conferences.record_decision(
        conference_child_id=child.pk,
        by=w.actor(by, now),
        option=option,
        basis=basis,
        reasons="Weighed.",
        now=now,
    )


def missing(conference: Conference) -> list[tuple[str, str]]:
    """What the record lacks, each with its rule."""
    return missing_from_record(
        conference, area_of_conference(conference), people_of(conference), children_of(conference),
        ticks_of(conference), set(conference.record_fields.values_list("field", flat=True)),
    )  # fmt: skip


def clock(dissent: Dissent, clock_id: str) -> Deadline:
    return Deadline.objects.get(case=dissent.case_id, clock_id=clock_id)


def has_clock(dissent: Dissent, clock_id: str) -> bool:
    return Deadline.objects.filter(case=dissent.case_id, clock_id=clock_id).exists()


def due(dissent: Dissent, clock_id: str) -> str:
    """When a clock is due, on a clock in London; "no date" where the protocol has no number."""
    due_at = clock(dissent, clock_id).due_at
    return f"{london(due_at):%a %d %b %Y %H:%M:%S}" if due_at else "no date"


def told(rule: str, *, now: dt.datetime) -> dict[str, str]:
    """Send what is due, and say who has been told by a rule: the person's name in the builders, and the text."""
    send_due(now=now)
    rows = Message.objects.filter(channel=Channel.EMAIL, outbox__kind="told", outbox__params__rule=rule)
    return {row.to_email.partition("@")[0]: f"{row.subject}\n{row.body}" for row in rows}


def mailed(kind: str, *, now: dt.datetime) -> set[str]:
    """Send what is due, and say who has had a message of a kind."""
    send_due(now=now)
    rows = Message.objects.filter(channel=Channel.EMAIL, outbox__kind=kind)
    return {row.to_email.partition("@")[0] for row in rows}
