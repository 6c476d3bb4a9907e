"""Facts happen, clocks start and stop, people are told: all looked up by the fact's name in the protocol."""

import datetime as dt
import secrets
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Max, Min, Q

import protocols
from audit.actions import Event, write, write_all
from cases.actions import leave_fact
from cases.models import Case, CaseEvent
from cases.selectors import area_of_case, facts_in
from core.actor import Actor, clock_actor
from core.clock import database_now, london_date
from core.gather import gather
from core.moments import check_happened, check_words
from core.refusals import Denied
from deadlines.models import CalendarFeed, ClockHold, Deadline, DeadlineEffect, SweepRun
from deadlines.selectors import LATE, Move, digest_of, moves
from deadlines.states import CANCELLING, LADDER_ANCHORS, DeadlineState, Doubt, EffectKind, Release
from notifications.actions import (
    enqueue,
    enqueue_all,
    office_time,
    supersede,
    unsent_effects,
)
from notifications.models import Outbox
from notifications.tasks import send_messages
from partnerships.actions import load_bank_holidays
from partnerships.models import BankHoliday, Membership, Partnership
from partnerships.selectors import (
    calendar_for,
    calendar_from,
    calendar_reads,
    holders_of,
    holiday_changes,
)
from partnerships.states import Nation
from protocols.calendar import Calendar, CalendarHorizon, Due
from protocols.clocktime import LONDON
from protocols.holidays import BankHoliday as Listed

BATCH = 1000
MOVE_BATCH = 500
REASON = 500  # characters
log = structlog.get_logger(__name__)
RUN_SECONDS = 60.0  # half of the time that a task is given
RETRY_PARKED = dt.timedelta(hours=1)
SWEEP_RUNS_KEPT = dt.timedelta(days=30)
HEARTBEAT = dt.timedelta(seconds=20)  # an idle sweep so soon after another is not worth a row
CLOCK_AHEAD, CLOCK_BEHIND = dt.timedelta(hours=6), dt.timedelta(seconds=60)
CLOCKS_AGREE, CLOCKS_LOOK_AGAIN = dt.timedelta(seconds=30), dt.timedelta(minutes=5)
REMINDER_AT = dt.time(9, 0)


@dataclass(frozen=True, slots=True)
class Happening:
    """What one fact needs to run its clocks: read once, used for each of them."""

    case: Case
    area: protocols.AreaProtocol
    by: Actor
    now: dt.datetime
    calendar: Calendar
    facts: dict[str, dt.datetime]  # with the one that happens
    running: list[Deadline]  # locked, as they were before it


def happened(
    case: Case,
    event: str,
    *,
    at: dt.datetime,
    by: Actor,
    now: dt.datetime,
    outcome: str = "",
    agreed_date: dt.date | None = None,
    protect_by_date: dt.date | None = None,
    clocks: Collection[str] | None = None,
) -> CaseEvent:
    """A named fact happened on a case: leave it there, stop and start its clocks, tell whom the protocol names.

    `at` is when it happened, `now` when it is recorded. With an `outcome`, clocks and tellings of other outcomes are
    left out; with `clocks`, of those that it starts only these do (a step of a ladder has its own, where several wait for
    `tier_opened`). Raises Denied for a name the protocol does not know, and when a date lies past the known bank holidays.
    On a closed case the fact is left and no more: nothing starts and nobody is told.
    Called inside the transaction of an action.
    """
    area = area_of_case(case)
    if event not in area.events:
        raise Denied(f"“{event}” is not a fact that this protocol knows.")
    fact = leave_fact(case, event, at=at, by=by, now=now)
    if case.closed_at is not None:
        return fact
    it = _happening(case, area, by, now)
    _stop_clocks(it, event, at)
    starting = [clock for clock in area.clocks_after(event, outcome) if clocks is None or clock.id in clocks]
    _start_clocks(it, starting, fact, agreed_date, protect_by_date)
    _tell(it, event, fact, outcome)
    recount(case)
    wake_sender_on_commit()
    return fact


def wake_sender_on_commit() -> None:
    """Wake the sender when the transaction is through, once however many facts it leaves."""
    if not any(registered[1] is _wake_sender for registered in connection.run_on_commit):
        transaction.on_commit(_wake_sender, robust=True)


def _wake_sender() -> None:
    send_messages.delay()


def _happening(case: Case, area: protocols.AreaProtocol, by: Actor, now: dt.datetime) -> Happening:
    """Read all that a fact needs, in one query. The caller has locked the case, so that nothing of it changes."""
    lists, days, events, running = gather(
        *calendar_reads(case.partnership_id, area.nation),
        CaseEvent.objects.filter(case=case),
        Deadline.objects.filter(case=case, state=DeadlineState.OPEN).select_for_update(),
    )
    return Happening(case, area, by, now, calendar_from(area.nation, lists, days), facts_in(events), running)


def _stop_clocks(it: Happening, event: str, at: dt.datetime) -> None:
    ending = []
    for deadline in it.running:
        clock = it.area.clock(deadline.clock_id)
        if clock is not None and (event in clock.stops or _cancels(event, clock)):
            _end(deadline, event, at, it.now)
            ending.append(deadline)
    _save_ended(ending, it.now)


def _cancels(event: str, clock: protocols.Clock) -> bool:
    """Whether a clock is not needed any longer: withdrawing a dissent leaves the ladder beside it, and the other way."""
    of_the_ladder = clock.after in LADDER_ANCHORS
    return event in CANCELLING and of_the_ladder == (event == "escalation_withdrawn")


def _end(
    deadline: Deadline, event: str, at: dt.datetime, now: dt.datetime, *, cancelled: bool = False
) -> None:
    """Met or cancelled, in memory."""
    cancelled = cancelled or event in CANCELLING
    deadline.state = DeadlineState.CANCELLED if cancelled else DeadlineState.MET
    deadline.ended_at = at
    if deadline.state == DeadlineState.MET and deadline.due_at is not None and at > deadline.due_at:
        deadline.breached_at = deadline.breached_at or deadline.due_at
        deadline.breach_detected_at = deadline.breach_detected_at or now


ENDED = """
WITH ended AS (
    UPDATE deadlines_deadline d
       SET state = e.state, ended_at = e.ended, breached_at = e.breached, breach_detected_at = e.detected
      FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(ended)s::timestamptz[], %(breached)s::timestamptz[],
                  %(detected)s::timestamptz[]) AS e(id, state, ended, breached, detected)
     WHERE d.id = e.id
    RETURNING d.id
)
UPDATE deadlines_deadlineeffect f SET voided_at = %(now)s
  FROM ended WHERE f.deadline_id = ended.id AND f.fired_at IS NULL AND f.voided_at IS NULL
"""


def _save_ended(rows: Sequence[Deadline], now: dt.datetime) -> None:
    """Write clocks that have ended, void what they still planned, and take back what waits to be sent about them."""
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            ENDED,
            {
                "now": now,
                "ids": [row.pk for row in rows],
                "states": [row.state for row in rows],
                "ended": [row.ended_at for row in rows],
                "breached": [row.breached_at for row in rows],
                "detected": [row.breach_detected_at for row in rows],
            },
        )
    supersede(*(f"deadline:{row.pk}" for row in rows), now=now)


def no_longer_needed(case: Case, clock_id: str, *, now: dt.datetime) -> None:
    """What a clock waited for is not waited for any longer, and no fact says so: it is cancelled, not met."""
    rows = list(
        Deadline.objects.filter(case=case, clock_id=clock_id, state=DeadlineState.OPEN).select_for_update()
    )
    for row in rows:
        _end(row, "", now, now, cancelled=True)
    _save_ended(rows, now)
    recount(case)


def _start_clocks(
    it: Happening,
    clocks: Sequence[protocols.Clock],
    fact: CaseEvent,
    agreed_date: dt.date | None,
    protect_by_date: dt.date | None,
) -> None:
    """Start clocks. Where what stops one has happened already, it is met from the start."""
    if not clocks:
        return
    rows = []
    for clock in clocks:
        row = _started(it, clock, fact, agreed_date, protect_by_date)
        stopped = sorted(
            (it.facts[name], name)
            for name in clock.stops
            if name in it.facts and _counts_for(clock, name, it.facts, fact)
        )
        if stopped:
            _end(row, stopped[0][1], max(stopped[0][0], fact.happened_at), it.now)
        rows.append(row)
    Deadline.objects.bulk_create(rows)
    effects: list[DeadlineEffect] = []
    for clock, row in zip(clocks, rows, strict=True):
        if row.state == DeadlineState.OPEN:
            effects += effects_of(row, clock, it.calendar, it.now)
    if effects:
        DeadlineEffect.objects.bulk_create(effects)


def _started(
    it: Happening,
    clock: protocols.Clock,
    fact: CaseEvent,
    agreed_date: dt.date | None,
    protect_by_date: dt.date | None,
) -> Deadline:
    """A clock that starts with a fact, in memory."""
    due = due_of(it.calendar, clock, fact.happened_at, agreed_date, protect_by_date)
    return Deadline(
        partnership_id=it.case.partnership_id,
        case=it.case,
        clock_id=clock.id,
        rule=clock.rule,
        label=clock.label,
        purpose=clock.purpose,
        strength=clock.strength,
        holder=clock.holder,
        anchor=fact,
        anchored_at=fact.happened_at,
        due_at=due.due_at,
        agreed_date=agreed_date,
        protect_by_date=protect_by_date,
        calendar_version=it.calendar.version,
    )


def _counts_for(clock: protocols.Clock, stop: str, known: dict[str, dt.datetime], fact: CaseEvent) -> bool:
    """Whether a stop that has happened already ends a clock that starts now: any raise-by window; otherwise a stop
    that came after the anchor. For the clock of a step of a ladder the same moment is not after: it began with the end
    of the step before."""
    if clock.purpose == "raise":
        return True
    if stop == "tier_ended":
        return known[stop] > fact.happened_at
    return known[stop] >= fact.happened_at


def due_of(
    calendar: Calendar,
    clock: protocols.Clock,
    anchor: dt.datetime,
    agreed_date: dt.date | None = None,
    protect_by_date: dt.date | None = None,
) -> Due:
    """When a clock is due. Raises Denied past the last known bank holiday."""
    try:
        return calendar.due(clock, anchor, agreed_date=agreed_date, protect_by_date=protect_by_date)
    except CalendarHorizon as error:
        raise Denied(str(error), rule=clock.rule) from error


def effects_of(
    deadline: Deadline, clock: protocols.Clock, calendar: Calendar, now: dt.datetime
) -> list[DeadlineEffect]:
    """Everything a clock will do, laid out when it starts: plan and ledger in one. None without a due instant."""
    if deadline.due_at is None:
        return []
    due_day = deadline.due_at.astimezone(LONDON).date()

    def effect(kind: EffectKind, occurrence: int, seat: str, fire_at: dt.datetime) -> DeadlineEffect:
        return DeadlineEffect(
            partnership_id=deadline.partnership_id,
            deadline=deadline,
            case_id=deadline.case_id,
            kind=kind,
            occurrence=occurrence,
            seat=seat,
            fire_at=fire_at,
        )

    def morning(days: int) -> dt.datetime | None:
        try:
            day = calendar.add_working_days(due_day, days)
        except CalendarHorizon:
            return None  # a reminder past the known calendar is not laid out; the due instant itself is
        return dt.datetime.combine(day, REMINDER_AT, tzinfo=LONDON).astimezone(dt.UTC)

    laid = [effect(EffectKind.BREACH, 0, clock.holder, deadline.due_at + dt.timedelta(seconds=1))]
    for days in clock.remind_before:
        fire_at = morning(-days)
        if fire_at is not None and fire_at > now:
            laid.append(effect(EffectKind.REMIND if days else EffectKind.DUE, -days, clock.holder, fire_at))
    try:
        alert_at = office_time(calendar, deadline.due_at + dt.timedelta(seconds=1))
    except CalendarHorizon:
        alert_at = deadline.due_at + dt.timedelta(seconds=1)
    told = dict.fromkeys((clock.holder, *clock.tell_on_breach))
    laid.extend(effect(EffectKind.OVERDUE, 0, seat, alert_at) for seat in told)
    for days in clock.remind_after:
        fire_at = morning(days)
        if fire_at is not None and fire_at > alert_at:
            laid.append(effect(EffectKind.OVERDUE, days, clock.holder, fire_at))
    return laid


def _tell(it: Happening, event: str, fact: CaseEvent, outcome: str) -> None:
    """Put the notices that the protocol ties to this fact in the outbox; a notice that reaches the reviewer's own
    post is itself a fact (`reviewer_notified`)."""
    reviewer = it.area.review.tiers[0].by if it.area.review else ()
    notified, rows = False, []
    for tell in it.area.tells_at(event, outcome):
        if tell.how != "notice":
            continue
        for seat in (tell.who, *tell.copy_to):
            rows.append(
                Outbox(
                    partnership_id=it.case.partnership_id,
                    case=it.case,
                    seat=seat,
                    kind="told",
                    params={"rule": tell.rule, "what": tell.what, "event": event},
                    dedupe_key=f"tell:{it.case.pk}:{tell.id}:{fact.pk}:{seat}",
                    not_before=it.now,
                    immediate=tell.immediate,
                    created_at=it.now,
                )
            )
            notified = notified or seat in reviewer
    enqueue_all(rows)
    if notified and "reviewer_notified" not in it.facts:
        key = reviewer[0].removeprefix("slot:")
        if holders_of(it.case.partnership_id, key, london_date(it.now)):
            happened(it.case, "reviewer_notified", at=it.now, by=it.by, now=it.now)


def recount(case: Case) -> None:
    """Write the case's next date and whether one has passed, from its running clocks."""
    ((_, case.next_due_at, case.next_due_for, case.overdue),) = recount_cases([case.pk])


RECOUNT = """
UPDATE cases_case c
   SET next_due_at = n.due_at, next_due_for = coalesce(n.label, ''), overdue = coalesce(n.overdue, false)
  FROM unnest(%(ids)s::bigint[]) AS wanted(id)
  LEFT JOIN LATERAL (
       SELECT (array_agg(d.due_at ORDER BY d.due_at, d.id))[1] AS due_at,
              (array_agg(d.label ORDER BY d.due_at, d.id))[1] AS label,
              bool_or(d.breached_at IS NOT NULL) AS overdue
         FROM deadlines_deadline d
        WHERE d.case_id = wanted.id AND d.state = 'open' AND d.due_at IS NOT NULL) n ON true
 WHERE c.id = wanted.id
RETURNING c.id, c.next_due_at, c.next_due_for, c.overdue
"""


def recount_cases(ids: Sequence[int]) -> list[tuple[int, dt.datetime | None, str, bool]]:
    """As `recount`, of several cases in one statement. Returns each case with what was written."""
    with connection.cursor() as cursor:
        cursor.execute(RECOUNT, {"ids": list(ids)})
        return [(pk, due_at, label, overdue) for pk, due_at, label, overdue in cursor.fetchall()]


# A person's action locks its case first, so the sweep takes the case too, and leaves for the next tick what a person
# works on: neither ever waits for the other. After an outage a seat hears of a clock once, by its latest message.
# While the clock is in doubt, only reminders of dates that are still to come: the rest cannot be taken back.
CLAIM = """
WITH due AS (
    SELECT e.id, e.kind, e.occurrence, e.seat, e.fire_at, coalesce(e.parked_from, e.fire_at) AS planned_at,
           e.deadline_id, e.partnership_id, e.case_id, d.due_at, d.rule, d.label, d.strength, d.state
      FROM deadlines_deadlineeffect e JOIN deadlines_deadline d ON d.id = e.deadline_id
      JOIN cases_case c ON c.id = e.case_id
     WHERE e.fire_at <= %(now)s AND e.fired_at IS NULL AND e.voided_at IS NULL
       AND (NOT %(held)s OR (e.kind IN ('remind', 'due') AND d.due_at >= %(now)s))
       AND (%(only)s::bigint IS NULL OR e.id = %(only)s)
     ORDER BY e.fire_at, e.id
     LIMIT %(limit)s
       FOR NO KEY UPDATE OF e, c SKIP LOCKED
), claimed AS (
    UPDATE deadlines_deadlineeffect e SET fired_at = %(now)s FROM due WHERE e.id = due.id RETURNING e.id
), passed AS (
    UPDATE deadlines_deadline d SET breached_at = d.due_at, breach_detected_at = %(now)s
      FROM due
     WHERE d.id = due.deadline_id AND due.kind = 'breach' AND d.state = 'open' AND d.breached_at IS NULL
    RETURNING d.id, d.partnership_id, d.case_id, d.rule, d.due_at
), late AS (
    UPDATE cases_case c SET overdue = true FROM passed WHERE c.id = passed.case_id RETURNING c.id
), told AS (
    INSERT INTO notifications_outbox
        (uuid, partnership_id, case_id, seat, kind, params, about, dedupe_key, not_before, state, attempts,
         last_error_code, created_at)
    SELECT gen_random_uuid(), due.partnership_id, due.case_id, due.seat, 'clock_' || due.kind,
           jsonb_build_object('rule', due.rule, 'label', due.label, 'strength', due.strength,
                              'due', to_char(due.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'),
                              'days', due.occurrence),
           'deadline:' || due.deadline_id,
           'effect:' || due.id,
           due.planned_at, 'pending', 0, '', %(now)s
      FROM due
     WHERE due.state = 'open' AND (due.kind = 'overdue' OR (due.kind IN ('remind', 'due') AND due.due_at >= %(now)s))
       AND NOT EXISTS (
           SELECT 1 FROM deadlines_deadlineeffect later
            WHERE later.deadline_id = due.deadline_id AND later.seat = due.seat AND later.kind <> 'breach'
              AND later.fire_at > due.fire_at AND later.fire_at <= %(now)s AND later.voided_at IS NULL)
    ON CONFLICT (dedupe_key) DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM claimed), (SELECT count(*) FROM told), (SELECT count(*) FROM late),
       (SELECT count(*) FROM due WHERE planned_at < %(late)s),
       (SELECT coalesce(json_agg(json_build_array(p.partnership_id, p.case_id, p.id, p.rule,
        to_char(p.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'))
        ORDER BY p.partnership_id, p.id), '[]'::json) FROM passed p)
"""


# What a tick needs to know, in one statement whose cost does not grow with the number of clocks.
LOOK = """
SELECT (SELECT db_now FROM deadlines_sweeprun ORDER BY id DESC LIMIT 1),
       (SELECT id FROM deadlines_clockhold WHERE released_at IS NULL),
       (SELECT min(fire_at) FROM deadlines_deadlineeffect WHERE fired_at IS NULL AND voided_at IS NULL)
"""
# Not the row's own fault: locks that others hold, a deadlock, a statement that took too long.
BUSY = frozenset({"55P03", "40P01", "40001", "57014"})


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch of a sweep did: effects fired, messages laid out, and how many of the effects were late."""

    fired: int = 0
    told: int = 0
    late: int = 0


def sweep(
    *,
    now: dt.datetime | None = None,
    host_now: dt.datetime | None = None,
    wake: bool = True,
    stop: Callable[[], bool] = lambda: False,
) -> SweepRun:
    """Fire every effect whose time has come, any lateness, each once. Safe for any number of runners.

    `now` is PostgreSQL's own clock unless given; `host_now` is this machine's, which may release a hold. Marks clocks
    as passed and puts messages in the outbox; no case moves and nothing is decided. Works for a minute, or until
    `stop()`; what is left then, the next sweep takes, and `finished_at` stays empty. `wake` wakes the sender.
    """
    db_now = database_now()
    moment: dt.datetime = now or db_now
    with connection.cursor() as cursor:
        cursor.execute(LOOK)
        last, hold_id, next_at = cursor.fetchone()
    run = SweepRun(started_at=moment, db_now=db_now)
    run.held = _held(hold_id, last, db_now, host_now)
    begun, limit = time.monotonic(), BATCH
    over = next_at is None or next_at > moment
    while not over and not stop() and time.monotonic() - begun < RUN_SECONDS:
        try:
            batch = _sweep_batch(moment, limit, held=run.held)
            over = batch.fired < limit
        except Exception as error:
            if isinstance(error, OperationalError) and not connection.is_usable():
                raise
            if limit > 1:
                limit //= 2
                continue
            batch, parked = _sweep_first(moment, held=run.held)
            run.failed += parked
            over = not batch.fired and not parked
        run.found += batch.fired
        run.done += batch.told
        run.late += batch.late
        limit = min(BATCH, limit * 2)
    run.finished_at = moment if over else None
    if run.found or run.failed or last is None or abs(db_now - last) >= HEARTBEAT:
        run.save()
    if run.done and wake:
        wake_sender_on_commit()
    return run


def trim_sweep_runs(*, now: dt.datetime) -> int:
    """Take out the rows of sweeps that are older than a month, but for the first and the last there are. They are a
    heartbeat, not a record: what a sweep did stands in the effects and the history. Returns how many."""
    ends = SweepRun.objects.aggregate(first=Min("pk"), last=Max("pk"))
    old = SweepRun.objects.filter(db_now__lt=now - SWEEP_RUNS_KEPT)
    return old.exclude(pk__in=[pk for pk in ends.values() if pk]).delete()[0]


def _sweep_first(now: dt.datetime, *, held: bool) -> tuple[Batch, int]:
    """Fire the first effect that is due by itself. Where it fails by its own fault it is pushed on by an hour, so
    that it does not stand in the others' way. Returns what was done, and whether it was pushed on (0 or 1)."""
    with transaction.atomic():
        effect = (
            DeadlineEffect.objects.select_for_update(skip_locked=True, of=("self", "case"), no_key=True)
            .select_related("case")
            .filter(fire_at__lte=now, fired_at__isnull=True, voided_at__isnull=True)
        )
        if held:
            effect = effect.filter(kind__in=[EffectKind.REMIND, EffectKind.DUE], deadline__due_at__gte=now)
        first = effect.order_by("fire_at", "pk").first()
        if first is None:
            return Batch(), 0
        try:
            with transaction.atomic():
                return _sweep_batch(now, 1, held=held, only=first.pk), 0
        except Exception as error:
            if isinstance(error, OperationalError) and (
                not connection.is_usable() or getattr(error.__cause__, "sqlstate", "") in BUSY
            ):
                raise
            first.parked_from = first.parked_from or first.fire_at
            first.fire_at = now + RETRY_PARKED
            first.attempts += 1
            first.save(update_fields=["fire_at", "attempts", "parked_from"])
            log.error("effect_parked", effect=first.pk, error=type(error).__name__)
            return Batch(), 1


@transaction.atomic
def _sweep_batch(now: dt.datetime, limit: int, *, held: bool = False, only: int | None = None) -> Batch:
    given: dict[str, Any] = {"now": now, "limit": limit, "held": held, "only": only, "late": now - LATE}
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, given)
        fired, told, _, late, passed = cursor.fetchone()
    events: dict[int, list[Event]] = {}
    for partnership_id, case_id, deadline_id, rule, due_at in passed:
        detail = {"due": due_at}
        if dt.datetime.fromisoformat(due_at) < now - LATE:
            detail["late"] = now.isoformat()
        events.setdefault(partnership_id, []).append(
            Event("clock.passed", "deadline", deadline_id, case_id=case_id, rule=rule, detail=detail)
        )
    for partnership_id in sorted(events):
        write_all(events[partnership_id], by=clock_actor(partnership_id), now=now)
    return Batch(fired, told, late)


# --- whether the clock is believed --------------------------------------------------------------------------------


def _held(
    hold_id: int | None, last: dt.datetime | None, db_now: dt.datetime, host_now: dt.datetime | None
) -> bool:
    """Whether what cannot be taken back waits in this sweep, because PostgreSQL's clock is in doubt.

    A clock that is more than six hours past the last sweep, or more than a minute behind it, may be wrong, or nothing
    ran for so long. It is believed again when this machine's clock agrees with it twice, five minutes apart, or when
    an operator says so.
    """
    if hold_id is not None:
        return not _agreed(hold_id, db_now, host_now)
    if last is None or -CLOCK_BEHIND <= db_now - last <= CLOCK_AHEAD:
        return False
    why = Doubt.AHEAD if db_now > last else Doubt.BEHIND
    try:
        _hold(last, db_now, why, _agree(db_now, host_now))
    except IntegrityError:
        pass  # another sweeper found it at the same moment
    log.error("clock_held", why=why, last_seen=last.isoformat(), clock=db_now.isoformat())
    return True


@transaction.atomic
def _hold(last: dt.datetime, db_now: dt.datetime, why: Doubt, agreed: bool) -> None:
    hold = ClockHold.objects.create(
        since=db_now, last_seen=last, why=why, agreed_at=db_now if agreed else None
    )
    write(
        "service.clock_held", by=clock_actor(None), now=db_now, object_type="clock_hold", object_id=hold.pk,
        detail={"from": last.isoformat(), "to": db_now.isoformat(), "kind": why},
    )  # fmt: skip


def _agree(db_now: dt.datetime, host_now: dt.datetime | None) -> bool:
    return host_now is not None and abs(db_now - host_now) <= CLOCKS_AGREE


@transaction.atomic
def _agreed(hold_id: int, db_now: dt.datetime, host_now: dt.datetime | None) -> bool:
    """Look at both clocks once more; released when they agreed twice, five minutes apart."""
    hold = ClockHold.objects.select_for_update().get(pk=hold_id)
    if hold.released_at is not None:
        return True
    if host_now is None:
        return False
    if not _agree(db_now, host_now):
        hold.agreed_at = None
    elif hold.agreed_at is None or hold.agreed_at > db_now:
        hold.agreed_at = db_now
    elif db_now - hold.agreed_at >= CLOCKS_LOOK_AGAIN:
        _release(hold, Release.AGREEMENT, by=clock_actor(None), now=db_now)
        return True
    hold.save(update_fields=["agreed_at"])
    return False


@transaction.atomic
def release_clock(*, by: Actor, now: dt.datetime) -> ClockHold:
    """An operator has looked at the clocks: what waited goes out with the next sweep. Raises Denied without a hold."""
    hold = ClockHold.objects.select_for_update().filter(released_at__isnull=True).first()
    if hold is None:
        raise Denied("Nothing is held: the clock is not in doubt.")
    _release(hold, Release.OPERATOR, by=by, now=now)
    return hold


def _release(hold: ClockHold, release: Release, *, by: Actor, now: dt.datetime) -> None:
    hold.released_at, hold.release = now, release
    hold.save(update_fields=["released_at", "release", "agreed_at"])
    write(
        "service.clock_released", by=by, now=now, object_type="clock_hold", object_id=hold.pk,
        detail={"how": release},
    )  # fmt: skip
    log.warning("clock_released", how=release)


# --- days that are added to the calendar late ----------------------------------------------------------------------


def recount_clocks(
    *,
    partnership_id: int | None,
    nation: str,
    now: dt.datetime,
    by: Actor,
    days: Collection[dt.date] | None = None,
) -> int:
    """The calendar has changed: move the open clocks whose date it changes, say so in each history, tell the holder.

    With `days`, those that were added or taken out, only the clocks that run over them are looked at. Writes nothing
    but what moves, so a second run writes nothing. Returns how many moved.
    """
    tenants = [partnership_id] if partnership_id else list(Partnership.objects.values_list("pk", flat=True))
    moved = 0
    for tenant in tenants:
        calendar = calendar_for(tenant, nation)
        for move in moves(tenant, nation, calendar, days):
            while batch := _move_batch(move, calendar, now, by):
                moved += batch
    if moved:
        wake_sender_on_commit()
    return moved


def preview_bank_holidays() -> tuple[list[Listed], list[BankHoliday], list[Move]]:
    """What loading this release's bank holidays would do, with nothing saved: days to add, days to take out, and the
    open clocks that would move."""
    with transaction.atomic():
        added, gone = holiday_changes()
        load_bank_holidays()
        tenants = list(Partnership.objects.values_list("pk", flat=True))
        found = [
            move
            for nation in Nation.values
            for tenant in tenants
            for move in moves(tenant, nation, calendar_for(tenant, nation))
        ]
        transaction.set_rollback(True)
    return added, gone, found


@transaction.atomic
def _move_batch(move: Move, calendar: Calendar, now: dt.datetime, by: Actor) -> int:
    """Move some of the clocks of one kind, unless they were met or moved meanwhile. Returns how many; 0 at the end."""
    rows = list(
        move.clocks()
        .select_for_update(of=("self", "case"), no_key=True)
        .select_related("case")
        .order_by("case_id", "pk")[:MOVE_BATCH]
    )
    if not rows:
        return 0
    _shift([Shift(row, move.clock, row.anchor_id, row.anchored_at, move.due) for row in rows], calendar, now)
    by_seat = [
        Outbox(
            partnership_id=row.partnership_id,
            case=row.case,
            seat=row.holder,
            kind="clock_moved",
            params={
                "rule": row.rule,
                "label": row.label,
                "was_due": move.was.isoformat(),
                "due": move.due.isoformat(),
            },
            about=f"moved:{row.pk}",
            dedupe_key=f"moved:{row.pk}:{uuid.uuid4()}",
            not_before=now,
            created_at=now,
        )
        for row in rows
    ]
    supersede(*(message.about for message in by_seat), now=now)  # of an earlier move that was not told yet
    enqueue_all(by_seat)
    told = [
        Event(
            "clock.moved", "deadline", row.pk, row.case.reference, row.case_id, row.rule,
            detail={"clock": row.clock_id, "was_due": move.was.isoformat(), "due": move.due.isoformat()},
        )
        for row in rows
    ]  # fmt: skip
    write_all(told, by=by, now=now, partnership_id=move.partnership_id)
    return len(rows)


@dataclass(frozen=True, slots=True)
class Shift:
    """A clock whose date or anchor changes, and what to."""

    deadline: Deadline
    clock: protocols.Clock
    anchor_id: int
    anchored_at: dt.datetime
    due: dt.datetime


SHIFT = """
UPDATE deadlines_deadline d
   SET due_at = m.due, anchor_id = m.anchor, anchored_at = m.anchored, calendar_version = %(version)s,
       breached_at = CASE WHEN m.due > %(now)s OR d.breached_at IS NULL THEN NULL ELSE m.due END,
       breach_detected_at = CASE WHEN m.due > %(now)s THEN NULL ELSE d.breach_detected_at END
  FROM unnest(%(ids)s::bigint[], %(dues)s::timestamptz[], %(anchors)s::bigint[], %(anchored)s::timestamptz[])
       AS m(id, due, anchor, anchored)
 WHERE d.id = m.id
"""


def _shift(shifts: Sequence[Shift], calendar: Calendar, now: dt.datetime) -> None:
    """Give open clocks, locked with their cases, their new dates. What was sent stays sent; what is still to come, and
    what was in the outbox for the old date, is laid out anew."""
    ids = [one.deadline.pk for one in shifts]
    with connection.cursor() as cursor:
        cursor.execute(
            SHIFT,
            {
                "now": now,
                "version": calendar.version,
                "ids": ids,
                "dues": [one.due for one in shifts],
                "anchors": [one.anchor_id for one in shifts],
                "anchored": [one.anchored_at for one in shifts],
            },
        )
    abouts = [f"deadline:{pk}" for pk in ids]
    unsent = unsent_effects(*abouts)
    supersede(*abouts, now=now)
    effects = DeadlineEffect.objects.filter(deadline__in=ids, voided_at__isnull=True)
    effects.filter(Q(fired_at__isnull=True) | Q(pk__in=unsent)).update(voided_at=now)
    to_come = [one.deadline.pk for one in shifts if one.due > now]
    effects.filter(deadline__in=to_come).exclude(kind=EffectKind.REMIND).update(voided_at=now)
    plans: dict[tuple[protocols.Clock, dt.datetime], list[Deadline]] = {}
    for one in shifts:
        one.deadline.due_at = one.due
        plans.setdefault((one.clock, one.due), []).append(one.deadline)
    for (clock, _), rows in plans.items():
        _lay_out(rows, effects_of(rows[0], clock, calendar, now))
    recount_cases(sorted({one.deadline.case_id for one in shifts}))


LAY_OUT = """
INSERT INTO deadlines_deadlineeffect
    (uuid, partnership_id, deadline_id, case_id, kind, occurrence, seat, fire_at, attempts)
SELECT gen_random_uuid(), d.partnership_id, d.id, d.case_id, e.kind, e.occurrence, e.seat, e.fire_at, 0
  FROM deadlines_deadline d,
       unnest(%(kinds)s::text[], %(occurrences)s::int[], %(seats)s::text[], %(times)s::timestamptz[])
       AS e(kind, occurrence, seat, fire_at)
 WHERE d.id = ANY(%(ids)s)
    ON CONFLICT DO NOTHING
"""


def _lay_out(rows: Sequence[Deadline], plan: Sequence[DeadlineEffect]) -> None:
    """The same effects for clocks of one kind with the same date. What was sent still stands, and is not laid out again."""
    with connection.cursor() as cursor:
        cursor.execute(
            LAY_OUT,
            {
                "ids": [row.pk for row in rows],
                "kinds": [effect.kind for effect in plan],
                "occurrences": [effect.occurrence for effect in plan],
                "seats": [effect.seat for effect in plan],
                "times": [effect.fire_at for effect in plan],
            },
        )


# --- a time that was recorded wrongly -------------------------------------------------------------------------------


def correct_fact(
    case: Case, event: str, *, at: dt.datetime, reason: str, by: Actor, now: dt.datetime
) -> CaseEvent:
    """A fact happened at another time than was recorded: a new row corrects the old one, which stays.

    The clocks that start with it are counted anew, those that it stopped are looked at again, and the holders of the
    open ones are told. On a closed case only the fact is corrected. Raises Denied where there is no such fact, for a
    time that has not come, without a reason, and past the known bank holidays. Called inside the transaction of an
    action that has locked the case and has asked who it is.
    """
    check_happened(at, now, "The right time", "at")
    if not reason.strip():
        raise Denied("Enter why the time is corrected", field="reason")
    check_words(reason, REASON, "The reason", "reason")
    old = _standing(case, event)
    if old.happened_at == at:
        raise Denied("This is the time that is recorded already.", field="at")
    fact = CaseEvent.objects.create(
        partnership_id=case.partnership_id, case=case, name=event, happened_at=at, recorded_at=now,
        recorded_by_id=by.membership_id, corrects=old, reason=reason.strip(),
    )  # fmt: skip
    if case.closed_at is not None:
        return fact
    area = area_of_case(case)
    calendar = calendar_for(case.partnership_id, area.nation)
    rows = list(Deadline.objects.select_for_update(of=("self",)).select_related("case").filter(case=case))
    dates: dict[int, tuple[dt.datetime | None, dt.datetime | None]] = {}
    shifts: list[Shift] = []
    for row in rows:
        clock = area.clock(row.clock_id)
        if clock is None:
            continue
        was, ended, due = row.due_at, row.ended_at, row.due_at
        starts = row.anchor_id == old.pk
        if starts:
            due = due_of(calendar, clock, at, row.agreed_date, row.protect_by_date).due_at
            row.anchor, row.anchored_at = fact, at
        stops = row.state == DeadlineState.MET and event in clock.stops and ended == old.happened_at
        if stops:
            row.ended_at = at
        if starts and due is not None and row.state == DeadlineState.OPEN:
            shifts.append(Shift(row, clock, fact.pk, at, due))
        elif starts or stops:
            _recount_ended(row, due, now)
        if (was, ended) != (due, row.ended_at):
            dates[row.pk] = (was, due)
    if shifts:
        _shift(shifts, calendar, now)
    recount(case)
    told = [
        Event(
            "clock.corrected", "deadline", row.pk, case.reference, case.pk, row.rule,
            detail={"clock": row.clock_id, "was_due": _iso(dates[row.pk][0]), "due": _iso(dates[row.pk][1])},
        )
        for row in rows
        if row.pk in dates
    ]  # fmt: skip
    write_all(told, by=by, now=now, partnership_id=case.partnership_id)
    for one in shifts:
        was_due, due = dates.get(one.deadline.pk, (None, None))
        if was_due is not None and due is not None:
            enqueue(
                partnership_id=case.partnership_id,
                case=case,
                seat=one.deadline.holder,
                kind="clock_corrected",
                params={
                    "rule": one.clock.rule,
                    "label": one.clock.label,
                    "was_due": was_due.isoformat(),
                    "due": due.isoformat(),
                },
                dedupe_key=f"corrected:{one.deadline.pk}:{fact.pk}",
                now=now,
            )
    wake_sender_on_commit()
    return fact


def change_limits(
    case: Case, *, agreed_date: dt.date | None, protect_by_date: dt.date | None, by: Actor, now: dt.datetime
) -> int:
    """People agree on other dates: the running clocks that look at them are counted anew, and their holders told.

    What a clock looks at is the protocol's: the earliest of its limits still holds. Returns how many dates moved.
    Called inside the transaction of an action that has locked the case and asked who, and why.
    """
    area = area_of_case(case)
    calendar = calendar_for(case.partnership_id, area.nation)
    shifts: list[Shift] = []
    was: dict[int, dt.datetime | None] = {}
    running = Deadline.objects.select_for_update(of=("self",)).select_related("case").filter(case=case)
    for row in running.filter(state=DeadlineState.OPEN).order_by("pk"):
        clock = area.clock(row.clock_id)
        if clock is None or not clock.least_of:
            continue
        row.agreed_date = agreed_date if "agreed_date" in clock.least_of else row.agreed_date
        row.protect_by_date = protect_by_date if "protect_by_date" in clock.least_of else row.protect_by_date
        row.save(update_fields=["agreed_date", "protect_by_date"])
        due = due_of(calendar, clock, row.anchored_at, row.agreed_date, row.protect_by_date).due_at
        if due is not None and due != row.due_at:
            was[row.pk] = row.due_at
            shifts.append(Shift(row, clock, row.anchor_id, row.anchored_at, due))
    if not shifts:
        return 0
    _shift(shifts, calendar, now)
    recount(case)
    told = [
        Event(
            "clock.agreed", "deadline", one.deadline.pk, case.reference, case.pk, one.clock.rule,
            detail={"clock": one.clock.id, "was_due": _iso(was[one.deadline.pk]), "due": _iso(one.due)},
        )
        for one in shifts
    ]  # fmt: skip
    write_all(told, by=by, now=now, partnership_id=case.partnership_id)
    for one in shifts:
        enqueue(
            partnership_id=case.partnership_id, case=case, seat=one.deadline.holder, kind="clock_agreed",
            params={
                "rule": one.clock.rule, "label": one.clock.label, "was_due": _iso(was[one.deadline.pk]),
                "due": one.due.isoformat(),
            },
            dedupe_key=f"agreed:{one.deadline.pk}:{now.isoformat()}", now=now,
        )  # fmt: skip
    wake_sender_on_commit()
    return len(shifts)


def _iso(moment: dt.datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _standing(case: Case, event: str) -> CaseEvent:
    """The row of a fact that no later row corrects."""
    found = (
        CaseEvent.objects.filter(case=case, name=event, corrected_by__isnull=True)
        .order_by("-recorded_at", "-pk")
        .first()
    )
    if found is None:
        raise Denied("This has not been recorded yet, so there is nothing to correct.")
    return found


def _recount_ended(row: Deadline, due: dt.datetime | None, now: dt.datetime) -> None:
    """Of a clock that has ended, or that has no date: when it was due, and so whether it was met in time."""
    row.due_at = due
    if row.state == DeadlineState.MET:
        late = due is not None and row.ended_at is not None and row.ended_at > due
        row.breached_at = due if late else None
        row.breach_detected_at = (row.breach_detected_at or now) if late else None
    elif row.breached_at is not None:
        row.breached_at = due
    row.save(
        update_fields=["anchor", "anchored_at", "due_at", "ended_at", "breached_at", "breach_detected_at"]
    )


@transaction.atomic
def reset_feed(*, by: Actor, now: dt.datetime) -> str:
    """A new private calendar address for the acting person; the one before no longer works. Returns its token.

    The token is not kept: whoever lost the address makes a new one.
    """
    member = Membership.objects.select_for_update().get(pk=by.member)
    CalendarFeed.objects.filter(membership=member, ended_at__isnull=True).update(ended_at=now)
    token = secrets.token_urlsafe(32)
    feed = CalendarFeed.objects.create(
        partnership_id=member.partnership_id, membership=member, digest=digest_of(token), made_at=now
    )
    write(
        "calendar.reset", by=by, now=now, object_type="calendar_feed", object_id=feed.pk,
        partnership_id=member.partnership_id,
    )  # fmt: skip
    return token
