"""P6: a day on which an office is closed, added when many clocks run over it: those move, and nothing else is written."""

import datetime as dt
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from benchmarks import scale
from benchmarks.database import Bench
from benchmarks.paired import Result, seconds
from core.clock import edge_now
from deadlines.actions import due_of, recount_clocks
from deadlines.models import Deadline, DeadlineEffect
from partnerships.models import ClosureDay
from partnerships.selectors import actor_for, calendar_for
from tests.builders import START, World, at

# Tuesdays of an autumn without bank holidays; a clock of ten working days runs to the Tuesday after next.
FIRST = at("2027-09-07", "12:00")
WEEK = dt.timedelta(days=7)
WEEKS = 12
APART = 3  # weeks between two closed Wednesdays; over each run the clocks of two weeks

ALL_ROWS = """
WITH moved AS (
    UPDATE deadlines_deadline SET due_at = due_at + interval '1 day', calendar_version = 'bare'
     WHERE id BETWEEN %(first)s AND %(last)s RETURNING id, case_id, partnership_id, due_at, rule, label, holder
), voided AS (
    UPDATE deadlines_deadlineeffect e SET voided_at = %(now)s FROM moved WHERE e.deadline_id = moved.id
), cases AS (
    UPDATE cases_case c SET next_due_at = moved.due_at FROM moved WHERE c.id = moved.case_id
), told AS (
    INSERT INTO notifications_outbox
        (uuid, partnership_id, case_id, seat, kind, params, about, dedupe_key, not_before, state, attempts,
         last_error_code, created_at)
    SELECT gen_random_uuid(), partnership_id, case_id, holder, 'clock_moved',
           jsonb_build_object('rule', rule, 'label', label, 'due', due_at), '', 'bare:' || id, %(now)s, 'pending', 0, '',
           %(now)s FROM moved
), written AS (
    INSERT INTO audit_auditevent
        (partnership_id, seq, at, actor_kind, role, type, object_type, object_id, object_ref, case_id, outcome, rule,
         request_id, detail, prev_hash, hash)
    SELECT partnership_id, 1000000000 + id, %(now)s, 'clock', '', 'clock.moved', 'deadline', id, '', case_id, 'ok', rule,
           '', jsonb_build_object('due', due_at), '', encode(sha256(id::text::bytea), 'hex') FROM moved
)
INSERT INTO deadlines_deadlineeffect
    (uuid, partnership_id, deadline_id, case_id, kind, occurrence, seat, fire_at, attempts)
SELECT gen_random_uuid(), m.partnership_id, m.id, m.case_id, e.kind, e.occurrence + 1000, e.seat, m.due_at, 0
  FROM moved m, unnest(%(kinds)s::text[], %(occurrences)s::int[], %(seats)s::text[]) AS e(kind, occurrence, seat)
"""


@dataclass(frozen=True, slots=True)
class Group:
    """The clocks of one week: those of the partnership that is measured, and as many beside them for the floors."""

    ours: tuple[int, int]
    bare: tuple[int, int]


def lay(bench: Bench, camden: World, clocks: int) -> list[Group]:
    """So many clocks over twelve weeks, each due when the calendar says."""
    deadline = Deadline.objects.get(pk=bench.pattern.deadline)
    clock = camden.area.clock(deadline.clock_id)
    assert clock is not None
    calendar = calendar_for(camden.partnership.pk, camden.area.nation)
    groups = []
    for week in range(WEEKS):
        anchor = FIRST + week * WEEK
        due = due_of(calendar, clock, anchor).due_at
        assert due is not None
        both = [
            scale.clocks(
                bench.bare,
                bench.pattern,
                clocks // WEEKS,
                due_at=due,
                anchored_at=anchor,
                partnership=partnership,
            )
            for partnership in (camden.partnership.pk, bench.world.partnership.pk)
        ]
        groups.append(Group((both[0][0], both[0][1]), (both[1][0], both[1][1])))
    bench.tidy()
    return groups


def written(bench: Bench) -> int:
    """Rows written in this database so far, as PostgreSQL counts them."""
    with connection.cursor() as cursor:  # each connection hands in what it has counted
        cursor.execute("SELECT pg_stat_force_next_flush()")
    bench.bare.execute(b"SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()")
    found = bench.bare.execute(
        b"SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint FROM pg_stat_user_tables"
    ).fetchone()
    assert found is not None
    return int(found[0])


def results(bench: Bench, clocks: int, *, pairs: int) -> list[Result]:
    camden = bench.camden
    groups = lay(bench, camden, clocks)
    by, now = actor_for(camden.people["admin"], START), edge_now()
    only, all_rows, again = [], [], 0
    plan = DeadlineEffect.objects.filter(deadline=bench.pattern.deadline, voided_at__isnull=True)
    kinds = {
        "kinds": [effect.kind for effect in plan],
        "occurrences": [effect.occurrence for effect in plan],
        "seats": [effect.seat for effect in plan],
    }
    for pair in range(min(pairs, WEEKS // APART)):
        over_it = groups[APART * pair : APART * pair + 2]
        day = (FIRST + (APART * pair + 1) * WEEK + dt.timedelta(days=1)).date()
        ClosureDay.objects.create(partnership=camden.partnership, date=day, reason="Invented")

        def recount(day: dt.date = day) -> int:
            return recount_clocks(
                partnership_id=camden.partnership.pk, nation=camden.area.nation, now=now, by=by, days=[day]
            )

        moved: list[int] = []

        def first_time(moved: list[int] = moved, again: Callable[[], int] = recount) -> None:
            moved.append(again())

        mine = seconds(first_time)
        expected = sum(one.ours[1] - one.ours[0] + 1 for one in over_it)
        assert moved == [expected], f"{moved} moved of {expected}"

        def rows_only(over_it: list[Group] = over_it) -> None:
            for one in over_it:
                bench.bare.execute(
                    b"UPDATE deadlines_deadline SET due_at = due_at + interval '1 day', calendar_version = 'bare'"
                    b" WHERE id BETWEEN %s AND %s", one.bare,
                )  # fmt: skip

        def everything(over_it: list[Group] = over_it) -> None:
            for one in over_it:
                bench.bare.execute(
                    ALL_ROWS.encode(), {"first": one.bare[0], "last": one.bare[1], "now": now, **kinds}
                )

        only.append(mine / seconds(rows_only))
        all_rows.append(mine / seconds(everything))
        before = written(bench)
        assert recount() == 0
        again += written(bench) - before
    what = f"a closure day that moves {expected:,} clocks"
    return [
        Result("P6", f"{what}: time, compared with an update of their dates alone", statistics.median(only), 1.3, clocks=clocks),
        Result("P6", f"{what}: time, compared with bare SQL for all the same rows", statistics.median(all_rows), clocks=clocks),
        Result("P6", "the same a second time: rows written", again, 0, clocks=clocks),
    ]  # fmt: skip
