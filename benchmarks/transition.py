"""P5: one transition, whole: a written view arrives. Its check, lock, state, clocks, messages and history, in one commit.

Beside it the same rows, written by psycopg with everything known beforehand: what the database itself takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from benchmarks.database import Bench
from benchmarks.paired import Result, times_as_long
from benchmarks.scale import Connection
from core.actor import Actor
from dissent import actions as dissents
from dissent.models import Dissent
from partnerships.selectors import actor_for
from tests.builders import LATER

# A dissent that waits for its written view, as tables and what in them belongs to it.
OF_ONE = {
    "cases_case": "id = %(case)s",
    "cases_casechild": "case_id = %(case)s",
    "cases_participant": "case_id = %(case)s",
    "cases_caseevent": "case_id = %(case)s",
    "deadlines_deadline": "case_id = %(case)s",
    "deadlines_deadlineeffect": "case_id = %(case)s",
    "dissent_dissent": "case_id = %(case)s",
    "dissent_dissentchild": "dissent_id = %(dissent)s",
}
# What the arrival writes anew.
WRITTEN = (
    "dissent_writtenview", "dissent_review", "dissent_reviewitem", "cases_caseevent", "deadlines_deadline",
    "deadlines_deadlineeffect", "notifications_outbox", "audit_auditevent",
)  # fmt: skip
Row = dict[str, Any]
Prepared = list[tuple[str, list[Row]]]


def _rows(connection: Connection, table: str, where: str, **given: object) -> list[Row]:
    query = sql.SQL("SELECT * FROM {} WHERE " + where + " ORDER BY id").format(sql.Identifier(table))  # noqa: S608
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, given).fetchall()


def _fit(value: object) -> object:
    return Jsonb(value) if isinstance(value, dict | list) else value


def _insert(connection: Connection, table: str, rows: Sequence[Row]) -> None:
    """All rows in one statement, each with a uuid of its own where the table has one."""
    names = [name for name in rows[0] if name != "uuid"]
    fresh = "uuid" in rows[0]
    one = sql.SQL("(gen_random_uuid(), {})" if fresh else "({})").format(
        sql.SQL(", ").join(sql.Placeholder() * len(names))
    )
    query = sql.SQL("INSERT INTO {} ({}) VALUES {}").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, ["uuid", *names] if fresh else names)),
        sql.SQL(", ").join([one] * len(rows)),
    )
    connection.execute(query, [_fit(row[name]) for row in rows for name in names])


def copies(bench: Bench, count: int) -> list[int]:
    """So many more dissents like the one that waits: each key that points at a copied row moved by as much."""
    given = {"case": bench.awaiting.case_id, "dissent": bench.awaiting.pk}
    found = {table: _rows(bench.bare, table, where, **given) for table, where in OF_ONE.items()}
    known = {table: {row["id"] for row in rows} for table, rows in found.items()}
    points = {
        "case_id": "cases_case", "anchor_id": "cases_caseevent", "deadline_id": "deadlines_deadline",
        "dissent_id": "dissent_dissent",
    }  # fmt: skip
    stride = 1_000_000
    made = []
    for number in range(1, count + 1):
        by = number * stride
        for table, rows in found.items():
            moved = []
            for row in rows:
                new = {**row, "id": row["id"] + by}
                for name, target in points.items():
                    if name in new and new[name] in known[target]:
                        new[name] += by
                if "reference" in new:
                    new["reference"] = f"PD-{number:06d}"
                moved.append(new)
            if moved:
                _insert(bench.bare, table, moved)
        made.append(bench.awaiting.pk + by)
    return made


@dataclass
class Sample:
    """What one arrival wrote, to be written again for other dissents with other keys."""

    created: dict[str, list[Row]]
    case: Row
    dissent: Row
    statements: int


def arrive(dissent_id: int, by: Actor) -> None:
    dissents.send_written_view(
        dissent_id=dissent_id, by=by, text="My view and the reasons for it.",
        outcome_sought="That the conference meets again.", now=LATER,
    )  # fmt: skip


def dissenter(bench: Bench) -> Actor:
    """Who sends them all. A request knows who it is from before an action begins."""
    member = bench.awaiting.attendance.membership
    assert member is not None
    return actor_for(member, LATER.date())


def sample(bench: Bench, dissent_id: int, by: Actor) -> Sample:
    seen = {table: {row["id"] for row in _rows(bench.bare, table, "true")} for table in WRITTEN}
    with CaptureQueriesContext(connection) as queries:
        arrive(dissent_id, by)
    created = {
        table: [row for row in _rows(bench.bare, table, "true") if row["id"] not in seen[table]]
        for table in WRITTEN
    }
    dissent = _rows(bench.bare, "dissent_dissent", "id = %(id)s", id=dissent_id)[0]
    case = _rows(bench.bare, "cases_case", "id = %(id)s", id=dissent["case_id"])[0]
    return Sample(created, case, dissent, len(queries))


class Bare:
    """The same rows by psycopg: two locks, the inserts, four updates, the chain's head, one commit."""

    def __init__(self, bench: Bench, made: Sample) -> None:
        self.bench, self.made = bench, made

    def prepare(self, dissent_id: int, number: int) -> Prepared:
        """Everything is known before the clock runs."""
        by = 500_000_000_000 + number * 1_000_000
        case = _rows(self.bench.bare, "dissent_dissent", "id = %(id)s", id=dissent_id)[0]["case_id"]
        old = {table: {row["id"] for row in rows} for table, rows in self.made.created.items()}
        points = {
            "review_id": "dissent_review", "anchor_id": "cases_caseevent", "deadline_id": "deadlines_deadline",
        }  # fmt: skip
        prepared: Prepared = []
        for table, rows in self.made.created.items():
            new_rows = []
            for row in rows:
                new = {**row, "id": row["id"] + by}
                for name, target in points.items():
                    if name in new and new[name] in old[target]:
                        new[name] += by
                if "case_id" in new and new["case_id"] == self.made.case["id"]:
                    new["case_id"] = case
                if "dissent_id" in new:
                    new["dissent_id"] = dissent_id
                if "dedupe_key" in new:
                    new["dedupe_key"] = f"{new['dedupe_key']}:{number}"
                if "seq" in new:
                    new["seq"] = by + new["seq"]
                new_rows.append(new)
            if new_rows:
                prepared.append((table, new_rows))
        return prepared

    def arrive(self, dissent_id: int, prepared: Prepared) -> None:
        case, dissent = self.made.case, self.made.dissent
        bare = self.bench.bare
        with bare.transaction():
            found = bare.execute(
                b"SELECT c.id FROM cases_case c JOIN dissent_dissent d ON d.case_id = c.id WHERE d.id = %s"
                b" FOR UPDATE OF c", [dissent_id],
            ).fetchone()  # fmt: skip
            assert found is not None
            bare.execute(b"SELECT * FROM dissent_dissent WHERE id = %s FOR UPDATE", [dissent_id])
            bare.execute(
                b"UPDATE dissent_dissent SET state = %s, version = %s WHERE id = %s",
                [dissent["state"], dissent["version"], dissent_id],
            )
            bare.execute(
                b"UPDATE deadlines_deadline SET state = 'met', ended_at = %s WHERE case_id = %s AND state = 'open'",
                [LATER, found[0]],
            )
            bare.execute(
                b"UPDATE deadlines_deadlineeffect SET voided_at = %s WHERE case_id = %s AND fired_at IS NULL"
                b" AND voided_at IS NULL", [LATER, found[0]],
            )  # fmt: skip
            for table, rows in prepared:
                if table != "audit_auditevent":
                    _insert(bare, table, rows)
            bare.execute(
                b"UPDATE cases_case SET stage = %s, held_by = %s, next_due_at = %s, next_due_for = %s, overdue = %s,"
                b" version = %s WHERE id = %s",
                [
                    case[name]
                    for name in ("stage", "held_by", "next_due_at", "next_due_for", "overdue", "version")
                ]
                + [found[0]],
            )
            partnership = case["partnership_id"]
            bare.execute(
                b"SELECT seq, hash FROM audit_audithead WHERE partnership_id = %s FOR UPDATE", [partnership]
            )
            for table, rows in prepared:
                if table == "audit_auditevent":
                    _insert(bare, table, rows)
            # The chain that the other side goes on with is left as it is: the same write, nothing changed by it.
            bare.execute(b"UPDATE audit_audithead SET hash = hash WHERE partnership_id = %s", [partnership])


def results(bench: Bench, *, pairs: int) -> list[Result]:
    made = copies(bench, 4 * pairs + 3)
    bench.tidy()
    by = dissenter(bench)
    arrive(made.pop(), by)
    taken = sample(bench, made.pop(), by)
    floor = Bare(bench, taken)
    found = []
    for run in range(2):
        rows = made[run * 2 * pairs : (run + 1) * 2 * pairs]
        ready = {row: floor.prepare(row, run * 2 * pairs + number) for number, row in enumerate(rows)}

        def ours(row: int, rows: list[int] = rows) -> None:
            arrive(rows[row], by)

        def bare(row: int, rows: list[int] = rows, ready: dict[int, Prepared] = ready) -> None:
            floor.arrive(rows[row], ready[rows[row]])

        found.append(times_as_long(ours, bare, pairs=pairs))
    written = sum(len(rows) for rows in taken.created.values())
    assert Dissent.objects.filter(pk__in=made, state="awaiting_view").count() == len(made) - 4 * pairs
    return [
        Result(
            "P5", f"a written view arrives ({written} rows): time, compared with psycopg", max(found), 3.5
        ),
        Result("P5", "a written view arrives: statements", taken.statements, 9),
        Result("P5", "the same rows by psycopg: statements", 10 + sum(map(bool, taken.created.values()))),
    ]
