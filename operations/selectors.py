"""Reads for whoever runs the service: whether it can serve, whether its work is done, and what should be impossible."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest

from audit.selectors import chains, verify
from cases.models import Case, CaseEvent
from cases.states import Stage
from core.templatetags.pd import day_time
from deadlines.models import ClockHold, Deadline, DeadlineEffect, SweepRun
from deadlines.selectors import clock_hold
from deadlines.states import DeadlineState, EffectKind
from notifications.models import Fence, Message, Outbox
from notifications.selectors import fence
from notifications.states import TO_SEND, Channel, MessageState, OutboxState
from operations.models import Look

SWEPT_WITHIN = dt.timedelta(minutes=5)
SENT_WITHIN = dt.timedelta(minutes=10)
LOOKED_WITHIN = dt.timedelta(hours=26)  # nightly, and an hour of the autumn night counts twice
LATE = dt.timedelta(hours=1)
WAITING = (OutboxState.PENDING, OutboxState.SENDING)


# --- whether it can serve -----------------------------------------------------------------------------------------


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """Every migration of this release."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def migrations_missing() -> int:
    """How many migrations of this release the database has not had. Raises DatabaseError where it does not answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations')")
        if cursor.fetchone()[0] is None:
            return len(known_migrations())
        cursor.execute("SELECT app, name FROM django_migrations")
        applied = set(cursor.fetchall())
    return len(known_migrations() - applied)


def readiness() -> dict[str, bool]:
    """Whether people can be served: {database, migrations, fence}, each true when it is in order."""
    try:
        missing = migrations_missing()
    except DatabaseError:
        return {"database": False, "migrations": False, "fence": False}
    return {"database": True, "migrations": not missing, "fence": missing == 0 and fence() is None}


# --- whether its work is done -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Work:
    """What has been done and what waits: the figures behind the watchdog, the metrics and the status command."""

    now: dt.datetime
    swept_at: dt.datetime | None
    due: int  # effects whose time has come and that no sweep has fired
    oldest_due: dt.datetime | None
    parked: int  # effects that failed by themselves
    waiting: int  # messages that wait to be sent, due or not
    oldest_waiting: dt.datetime | None  # of those that are due
    nobody: int
    dead: int
    open_clocks: int
    overdue_clocks: int
    hold: dt.datetime | None
    fence: Fence | None
    look: Look | None

    @property
    def checks(self) -> dict[str, bool]:
        """Of each thing that must be done, whether it is."""
        return {
            "sweep": self.swept_at is not None and self.now - self.swept_at < SWEPT_WITHIN,
            "outbox": self.oldest_waiting is None or self.now - self.oldest_waiting < SENT_WITHIN,
            "dead_letters": self.dead == 0,
            "parked": self.parked == 0,
            "clock": self.hold is None,
            "fence": self.fence is None,
            "invariants": self.look is None
            or (self.look.found == 0 and self.now - self.look.looked_at < LOOKED_WITHIN),
        }


def work(now: dt.datetime) -> Work:
    """Figures of the whole installation, at `now` (PostgreSQL's)."""
    unfired = DeadlineEffect.objects.filter(fired_at__isnull=True, voided_at__isnull=True)
    due = unfired.filter(fire_at__lte=now)
    to_send = Outbox.objects.filter(state__in=WAITING, superseded_at__isnull=True)
    hold = clock_hold()
    # Practice is nobody's delay.
    open_clocks = Deadline.objects.filter(state=DeadlineState.OPEN, partnership__practice_of__isnull=True)
    return Work(
        now=now,
        swept_at=SweepRun.objects.order_by("-pk").values_list("db_now", flat=True).first(),
        due=due.count(),
        oldest_due=due.aggregate(at=Min("fire_at"))["at"],
        parked=unfired.filter(attempts__gt=0).count(),
        waiting=to_send.count(),
        oldest_waiting=min(
            (
                at
                for at in (_oldest(to_send.filter(state=OutboxState.PENDING), now), _oldest(_emails(), now))
                if at
            ),
            default=None,
        ),
        nobody=_unsent(OutboxState.NOBODY),
        dead=Outbox.objects.filter(_failed(), superseded_at__isnull=True).count(),
        open_clocks=open_clocks.count(),
        overdue_clocks=open_clocks.filter(breached_at__isnull=False).count(),
        hold=hold.since if hold else None,
        fence=fence(),
        look=Look.objects.order_by("-pk").first(),
    )


def _emails() -> QuerySet[Message]:
    """What a sender still has to hand on: emails by themselves, and those that gather others."""
    return Message.objects.filter(channel=Channel.EMAIL, digest__isnull=True, state__in=TO_SEND)


def _oldest(rows: QuerySet[Any], now: dt.datetime) -> dt.datetime | None:
    """Since when the first of the rows that are due could have gone: one laid out or tried after its time, since then."""
    due = rows.filter(Q(retry_at__isnull=True) | Q(retry_at__lte=now), not_before__lte=now)
    found: dt.datetime | None = due.aggregate(at=Min(Greatest("not_before", "created_at", "retry_at")))["at"]
    return found


def _failed() -> Q:
    """A message to a seat that reached nobody in it, or not everybody."""
    failed = Message.objects.filter(outbox=OuterRef("pk"), state=MessageState.FAILED)
    return Q(state=OutboxState.DEAD) | Q(Exists(failed))


def _unsent(state: OutboxState) -> int:
    return Outbox.objects.filter(state=state, superseded_at__isnull=True).count()


def figures(found: Work) -> list[tuple[str, str, float]]:
    """The same figures for a graph: name, what it counts, value. Ages are in seconds; -1 where there is none."""

    def age(moment: dt.datetime | None) -> float:
        return (found.now - moment).total_seconds() if moment else -1.0

    return [
        ("last_sweep_age_seconds", "Since the last sweep of the clocks", age(found.swept_at)),
        ("effects_due", "Reminders and the like whose time has come and that are not fired", found.due),
        ("effects_due_oldest_age_seconds", "Since the first of them", age(found.oldest_due)),
        ("effects_parked", "Reminders and the like that failed by themselves", found.parked),
        ("messages_waiting", "Messages that wait to be sent, due or not", found.waiting),
        (
            "messages_due_oldest_age_seconds",
            "Since the first message that could go",
            age(found.oldest_waiting),
        ),
        ("messages_nobody", "Messages to a post that nobody fills", found.nobody),
        ("messages_dead", "Messages that were given up for somebody", found.dead),
        ("clocks_open", "Clocks that run", found.open_clocks),
        ("clocks_overdue", "Clocks that run and have passed", found.overdue_clocks),
        ("clock_held", "1 while the clock is in doubt", float(found.hold is not None)),
        ("fence_raised", "1 while a restore keeps messages here", float(found.fence is not None)),
        ("impossible_found", "What last night's look found", found.look.found if found.look else -1.0),
    ]


def service_reads() -> tuple[QuerySet[Fence], QuerySet[ClockHold], QuerySet[SweepRun], QuerySet[Look]]:
    """What `office_warnings` is made of, for a page that reads it along with other rows."""
    return (
        Fence.objects.filter(lifted_at__isnull=True)[:1],
        ClockHold.objects.filter(released_at__isnull=True)[:1],
        SweepRun.objects.order_by("-pk")[:1],
        Look.objects.order_by("-pk")[:1],
    )


def office_warnings(now: dt.datetime, partnership_id: int, found: Sequence[list[Any]]) -> list[str]:
    """What a partnership's office has to know of the service itself, in sentences; empty on a usual day. `found`: the
    rows of `service_reads`."""
    fences, holds, runs, looks = found
    swept_at = runs[0].db_now if runs else None
    words = []
    if fences:
        words.append(
            "This service was restored from a backup. What was entered after it may be missing, and no message goes out until "
            "the operator has looked. Tell people of urgent matters yourself."
        )
    if holds:
        words.append(
            f"Since {day_time(holds[0].since)} the clock of this service is being checked. Messages that a date has passed wait "
            "until then. Reminders go on."
        )
    if swept_at is None or now - swept_at > LATE:
        since = f" since {day_time(swept_at)}" if swept_at else ""
        words.append(
            f"Dates have not been looked after{since}. The operator has to start that part of the service. "
            "Nothing is lost: what is late will be done then."
        )
    if looks and any(partnership_id in kind["partnerships"] for kind in looks[0].kinds):
        words.append(
            "Last night this service found records of this partnership that contradict each other. The operator knows which."
        )
    return words


# --- what should be impossible ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Invariant:
    """One thing that should be impossible: what it would mean, and the rows that show it at a moment.

    `rows` gives tenant rows; `named` the path to the reference by which a person finds one.
    """

    name: str
    words: str
    rows: Callable[[dt.datetime], QuerySet]
    named: str = "case__reference"


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of one kind: how often, in which partnerships, and the first references."""

    name: str
    words: str
    count: int
    partnerships: list[int]
    references: list[str]


SHOWN = 20


def _clocks(now: dt.datetime) -> QuerySet[Deadline]:
    return Deadline.objects.filter(state=DeadlineState.OPEN)


def _running() -> Exists:
    return Exists(Deadline.objects.filter(case=OuterRef("pk"), state=DeadlineState.OPEN))


def _began() -> Exists:
    """Until the conference has ended its clocks have not begun."""
    return Exists(CaseEvent.objects.filter(case=OuterRef("pk"), name="conference_ended"))


def _to_come(*kinds: EffectKind) -> Exists:
    rows = DeadlineEffect.objects.filter(
        deadline=OuterRef("pk"), fired_at__isnull=True, voided_at__isnull=True, kind__in=kinds
    )
    return Exists(rows)


def _next_due() -> QuerySet[Any, Any]:
    return (
        Deadline.objects.filter(case=OuterRef("pk"), state=DeadlineState.OPEN, due_at__isnull=False)
        .order_by("due_at")
        .values("due_at")[:1]
    )


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "review_without_clock",
        "A case is under review, its conference has ended, and no clock runs on it.",
        lambda now: Case.objects.filter(
            _began(), closed_at__isnull=True, stage=Stage.UNDER_REVIEW
        ).exclude(_running()),
        "reference",
    ),
    Invariant(
        "clock_of_closed_case",
        "A case is closed and a clock still runs on it.",
        lambda now: _clocks(now).filter(case__closed_at__isnull=False),
    ),
    Invariant(
        "effect_not_fired",
        "A reminder, due or overdue message is an hour past its time and no sweep has fired it.",
        lambda now: DeadlineEffect.objects.filter(
            fire_at__lt=now - LATE, fired_at__isnull=True, voided_at__isnull=True
        ),
    ),
    Invariant(
        "effect_parked_again",
        "A reminder, due or overdue message has failed three times by itself.",
        lambda now: DeadlineEffect.objects.filter(
            attempts__gte=3, fired_at__isnull=True, voided_at__isnull=True
        ),
    ),
    Invariant(
        "effect_of_ended_clock",
        "A clock has ended and something of it is still to come.",
        lambda now: DeadlineEffect.objects.filter(fired_at__isnull=True, voided_at__isnull=True).exclude(
            deadline__state=DeadlineState.OPEN
        ),
    ),
    Invariant(
        "passed_not_marked",
        "A date passed an hour ago and its clock is not marked as passed.",
        lambda now: _clocks(now).filter(due_at__lt=now - LATE, breached_at__isnull=True),
    ),
    Invariant(
        "clock_without_mark",
        "A clock runs towards a date and nothing is laid out that will mark it as passed.",
        lambda now: _clocks(now)
        .filter(due_at__isnull=False, breached_at__isnull=True)
        .exclude(_to_come(EffectKind.BREACH)),
    ),
    Invariant(
        "case_shows_other_date",
        "A case shows another next date than that of its running clocks.",
        lambda now: Case.objects.annotate(first_due=Subquery(_next_due())).exclude(
            Q(next_due_at=F("first_due")) | Q(next_due_at__isnull=True, first_due__isnull=True)
        ),
        "reference",
    ),
    Invariant(
        "clock_message_of_closed_case",
        "A message about a clock waits to be sent and its case is closed.",
        lambda now: Outbox.objects.filter(
            state__in=WAITING, superseded_at__isnull=True, about__startswith="deadline:", case__closed_at__isnull=False
        ),
    ),
    Invariant(
        "message_stuck",
        "A message could have been sent an hour ago and nobody has looked who is in the seat.",
        lambda now: Outbox.objects.filter(
            state=OutboxState.PENDING,
            superseded_at__isnull=True,
            attempts=0,
            not_before__lt=now - LATE,
            created_at__lt=now - LATE,
        ),
    ),
    Invariant(
        "email_stuck",
        "An email could have been sent an hour ago and was not tried.",
        lambda now: _emails().filter(
            state=MessageState.WAITING, attempts=0, retry_at__isnull=True,
            not_before__lt=now - LATE, created_at__lt=now - LATE,
        ),
    ),
    Invariant(
        "lease_left",
        "A sender took up an email an hour ago and nobody took it up again.",
        lambda now: _emails().filter(state=MessageState.SENDING, lease_until__lt=now - LATE),
    ),
)  # fmt: skip


def impossible(now: dt.datetime, invariants: tuple[Invariant, ...] = INVARIANTS) -> list[Found]:
    """What should be impossible and is there, the chains of events included. Empty when all is as it should be.

    Behind the fence of a restore, and while the clock is in doubt, what waits because of it is no finding.
    """
    found = []
    waits = fence() is not None or clock_hold() is not None
    for one in invariants:
        if waits and one.name in (
            "effect_not_fired",
            "passed_not_marked",
            "message_stuck",
            "email_stuck",
            "lease_left",
        ):
            continue
        rows = one.rows(now)
        if count := rows.count():
            tenants = rows.order_by("partnership_id").values_list("partnership_id", flat=True).distinct()
            names = rows.order_by("pk").values_list(one.named, flat=True)[:SHOWN]
            references = [str(name) for name in dict.fromkeys(names) if name]
            found.append(Found(one.name, one.words, count, list(tenants), references))
    broken = [chain for chain in chains() if verify(chain) is not None]
    if broken:
        words = "An event of the history was changed or is missing. `verify_audit` names it."
        found.append(Found("history_changed", words, len(broken), broken, []))
    return found
