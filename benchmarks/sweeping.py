"""P2 to P4: the sweep, beside one bare SQL statement that does the same, and beside other ways of doing it."""

import datetime as dt
import multiprocessing
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier

from django.db import connection, transaction

from benchmarks import scale
from benchmarks.database import Bench
from benchmarks.paired import Result, seconds, times_as_long
from core.clock import edge_now
from deadlines.actions import sweep
from deadlines.models import DeadlineEffect
from notifications.models import Outbox

FAR = dt.datetime(2031, 1, 1, tzinfo=dt.UTC)  # when the clocks that only stand about are due
STEP = dt.timedelta(
    milliseconds=1
)  # between one clock and the next, so that a slice of time is a slice of rows

# One statement for all that is due at once: what the sweep must do at the least.
BARE = """
WITH due AS (
    SELECT e.id, e.kind, e.occurrence, e.seat, e.fire_at, e.deadline_id, e.partnership_id, e.case_id, d.due_at,
           d.rule, d.label, d.strength
      FROM deadlines_deadlineeffect e JOIN deadlines_deadline d ON d.id = e.deadline_id
     WHERE e.fire_at <= %(now)s AND e.fired_at IS NULL AND e.voided_at IS NULL
       FOR NO KEY UPDATE OF e SKIP LOCKED
), claimed AS (
    UPDATE deadlines_deadlineeffect e SET fired_at = %(now)s FROM due WHERE e.id = due.id
), passed AS (
    UPDATE deadlines_deadline d SET breached_at = d.due_at, breach_detected_at = %(now)s FROM due
     WHERE d.id = due.deadline_id AND due.kind = 'breach'
    RETURNING d.id, d.partnership_id, d.case_id, d.rule, d.due_at
), late AS (
    UPDATE cases_case c SET overdue = true FROM passed WHERE c.id = passed.case_id
), written AS (
    INSERT INTO audit_auditevent
        (partnership_id, seq, at, actor_kind, role, type, object_type, object_id, object_ref, case_id, outcome, rule,
         request_id, detail, prev_hash, hash)
    SELECT p.partnership_id, h.seq + row_number() OVER (), %(now)s, 'clock', '', 'clock.passed', 'deadline', p.id, '',
           p.case_id, 'ok', p.rule, '', jsonb_build_object('due', p.due_at), h.hash,
           encode(sha256(p.id::text::bytea), 'hex')
      FROM passed p JOIN audit_audithead h USING (partnership_id)
    RETURNING seq
), head AS (
    UPDATE audit_audithead SET seq = (SELECT max(seq) FROM written)
     WHERE partnership_id = %(partnership)s AND EXISTS (SELECT 1 FROM written)
)
INSERT INTO notifications_outbox
    (uuid, partnership_id, case_id, seat, kind, params, about, dedupe_key, not_before, state, attempts,
     last_error_code, created_at)
SELECT gen_random_uuid(), due.partnership_id, due.case_id, due.seat, 'clock_' || due.kind,
       jsonb_build_object('rule', due.rule, 'label', due.label, 'strength', due.strength, 'due', due.due_at,
                          'days', due.occurrence),
       'deadline:' || due.deadline_id, 'effect:' || due.id, due.fire_at, 'pending', 0, '', %(now)s
  FROM due WHERE due.kind <> 'breach'
"""


@dataclass
class Slices:
    """Clocks that fall due one slice after the other: whoever works next has rows of its own."""

    bench: Bench
    kind: str
    size: int
    begins: dt.datetime
    used: int = 0

    def lay(self, count: int) -> None:
        scale.clocks(
            self.bench.bare, self.bench.pattern, count * self.size, due_at=self.begins, every=STEP,
            effects=[scale.Effect(self.kind)],
        )  # fmt: skip
        self.bench.tidy()

    def next(self) -> dt.datetime:
        """The moment at which exactly one more slice is due."""
        self.used += 1
        return self.begins + dt.timedelta(seconds=1) + STEP * (self.size * self.used) - STEP / 2


def _slices(bench: Bench, kind: str, size: int, count: int) -> Slices:
    """Later than all that have been used up."""
    latest = bench.bare.execute(
        b"SELECT max(fire_at) FROM deadlines_deadlineeffect WHERE fire_at < %s", [FAR]
    ).fetchone()
    assert latest is not None
    slices = Slices(bench, kind, size, latest[0] + dt.timedelta(seconds=5))
    slices.lay(count)
    return slices


def unfired(bench: Bench, moment: dt.datetime) -> int:
    found = bench.bare.execute(
        b"SELECT count(*) FROM deadlines_deadlineeffect WHERE fire_at <= %s AND fired_at IS NULL AND voided_at IS NULL",
        [moment],
    ).fetchone()
    assert found is not None
    return int(found[0])


# --- ways of doing it -------------------------------------------------------------------------------------------------


def ours(moment: dt.datetime) -> None:
    sweep(now=moment, wake=False)


def bare(bench: Bench, moment: dt.datetime) -> None:
    bench.bare.execute(BARE.encode(), {"now": moment, "partnership": bench.pattern.partnership})


def _row(effect: DeadlineEffect, moment: dt.datetime) -> Outbox:
    deadline = effect.deadline
    assert deadline.due_at is not None
    params = {"rule": deadline.rule, "label": deadline.label, "due": deadline.due_at.isoformat()}
    return Outbox(
        partnership_id=effect.partnership_id, case_id=effect.case_id, seat=effect.seat, kind=f"clock_{effect.kind}",
        params=params, about=f"deadline:{deadline.pk}", dedupe_key=f"effect:{effect.pk}", not_before=effect.fire_at,
        created_at=moment,
    )  # fmt: skip


def by_sets(moment: dt.datetime) -> None:
    """Django's ORM, a thousand rows at a time."""
    while True:
        with transaction.atomic():
            effects = list(
                DeadlineEffect.objects.select_for_update(of=("self",), skip_locked=True)
                .select_related("deadline")
                .filter(fire_at__lte=moment, fired_at__isnull=True, voided_at__isnull=True)[:1000]
            )
            for effect in effects:
                effect.fired_at = moment
            DeadlineEffect.objects.bulk_update(effects, ["fired_at"])
            Outbox.objects.bulk_create([_row(effect, moment) for effect in effects])
        if len(effects) < 1000:
            return


def by_rows(moment: dt.datetime) -> None:
    """Django's ORM, one row after the other, each in its own transaction."""
    due = DeadlineEffect.objects.select_related("deadline").filter(
        fire_at__lte=moment, fired_at__isnull=True, voided_at__isnull=True
    )
    for effect in due.order_by("fire_at"):
        with transaction.atomic():
            effect.fired_at = moment
            effect.save(update_fields=["fired_at"])
            _row(effect, moment).save()


def by_asking_for_the_next(moment: dt.datetime) -> None:
    """As the sendalerts loop of Healthchecks does: look for one, take it by an update that must find it unchanged."""
    while True:
        effect = (
            DeadlineEffect.objects.select_related("deadline")
            .filter(fire_at__lte=moment, fired_at__isnull=True, voided_at__isnull=True)
            .order_by("fire_at")
            .first()
        )
        if effect is None:
            return
        with transaction.atomic():
            taken = DeadlineEffect.objects.filter(pk=effect.pk, fired_at__isnull=True).update(fired_at=moment)
            if taken == 1:
                _row(effect, moment).save()


# --- what is measured -------------------------------------------------------------------------------------------------


def _against(bench: Bench, kind: str, other: Callable[[dt.datetime], object], size: int, pairs: int) -> float:
    """How many times as long our sweep takes; the worse of two runs."""
    found = []
    for _ in range(2):
        slices = _slices(bench, kind, size, 2 * pairs)

        def one(do: Callable[[dt.datetime], object], slices: Slices = slices) -> None:
            do(slices.next())

        found.append(times_as_long(lambda row: one(ours), lambda row: one(other), pairs=pairs))
        if left := unfired(bench, slices.begins + STEP * size * 2 * pairs + dt.timedelta(seconds=2)):
            raise AssertionError(f"{left} effects are left over")
    return max(found)


def sweeping(bench: Bench, clocks: int, *, due: int, pairs: int, peers: bool) -> list[Result]:
    """P2."""

    def floor(moment: dt.datetime) -> None:
        bare(bench, moment)

    results = [
        Result(
            "P2", f"sweep of {due:,} due, messages: time, compared with one bare SQL statement",
            _against(bench, "overdue", floor, due, pairs), 1.3, clocks=clocks,
        ),
        Result(
            "P2", f"sweep of {due:,} due, marks and history: time, compared with one bare SQL statement",
            _against(bench, "breach", floor, due, pairs), 1.3, clocks=clocks,
        ),
    ]  # fmt: skip
    others = {
        "the ORM by sets": by_sets, "the ORM row by row": by_rows, "Healthchecks’ shape": by_asking_for_the_next,
    }  # fmt: skip
    for name, other in others.items() if peers else ():
        fewer = due if other is by_sets else max(50, due // 20)
        ratio = 1 / _against(bench, "overdue", other, fewer, 3)
        results.append(
            Result("P2", f"{name}, sweep of {fewer:,} due: time, compared with ours", ratio, clocks=clocks)
        )
    return results


def idle(bench: Bench, clocks: int, *, pairs: int) -> Result:
    """P3: a tick that finds nothing due, compared with a transaction that does nothing; as Django sends both."""

    def empty() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    moment = edge_now()
    sweep(now=moment, wake=False)
    found = []
    for _ in range(2):
        found.append(
            times_as_long(lambda row: sweep(now=moment, wake=False), lambda row: empty(), pairs=pairs)
        )
    return Result(
        "P3", "tick with nothing due: time, compared with an empty transaction", max(found), 3, clocks=clocks
    )


def _sweeper(moment: dt.datetime, together: Barrier) -> None:
    """In a process of its own, until nothing is left."""
    connection.close()
    connection.ensure_connection()
    together.wait(60)
    while DeadlineEffect.objects.filter(
        fire_at__lte=moment, fired_at__isnull=True, voided_at__isnull=True
    ).exists():
        sweep(now=moment, wake=False)


def _timed(moment: dt.datetime, sweepers: int, *, kill_one: bool = False) -> float:
    context = multiprocessing.get_context("fork")
    together = context.Barrier(sweepers + 1)
    connection.close()
    children = [context.Process(target=_sweeper, args=(moment, together)) for _ in range(sweepers)]
    for child in children:
        child.start()
    together.wait(60)

    def wait() -> None:
        if kill_one:
            children[0].join(0.15)
            children[0].kill()
        for child in children:
            child.join()

    return seconds(wait)


def two_sweepers(bench: Bench, clocks: int, *, due: int, pairs: int) -> list[Result]:
    """P4."""
    results = []
    for killed, what in ((False, "two sweepers"), (True, "two sweepers, one killed after 0.15 s")):
        found = []
        before = _counted(bench)
        for _ in range(2):
            slices = _slices(bench, "overdue", due, 2 * pairs)
            ratios = []
            for number in range(pairs):
                if number % 2:
                    two = _timed(slices.next(), 2, kill_one=killed)
                    one = _timed(slices.next(), 1)
                else:
                    one = _timed(slices.next(), 1)
                    two = _timed(slices.next(), 2, kill_one=killed)
                ratios.append(two / one)
            found.append(statistics.median(ratios))
        laid = 2 * 2 * pairs * due
        wrong = abs(_counted(bench) - before - laid)
        results.append(
            Result(
                "P4",
                f"{what}, {due:,} due: time, compared with one",
                max(found),
                None if killed else 0.9,
                clocks=clocks,
            )
        )
        results.append(Result("P4", f"{what}: effects lost or doubled, of {laid:,}", wrong, 0, clocks=clocks))
    return results


def _counted(bench: Bench) -> int:
    """Messages laid out and effects fired; half the sum, so that one too many or too few of either shows."""
    found = bench.bare.execute(
        b"SELECT (SELECT count(*) FROM notifications_outbox WHERE kind = 'clock_overdue')"
        b" + (SELECT count(*) FROM deadlines_deadlineeffect WHERE kind = 'overdue' AND fired_at IS NOT NULL)"
    ).fetchone()
    assert found is not None
    return int(found[0]) // 2


def stand_about(bench: Bench, clocks: int) -> None:
    """So many clocks with two effects each that are due years from now."""
    scale.clocks(bench.bare, bench.pattern, clocks, due_at=FAR, every=dt.timedelta(seconds=30))
    bench.tidy()
