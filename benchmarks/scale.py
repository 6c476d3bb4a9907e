"""As many running clocks as wanted, copied by SQL from one that the real actions made.

Each copy is a case of its own with one clock and the effects asked for; all other columns are as the action wrote them,
so that a column that is added later needs nothing here.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from core.references import ALPHABET

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Pattern:
    """What is copied: a case under review with a running clock, and a member who can be told."""

    partnership: int
    case: int
    deadline: int
    membership: int


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect of each copied clock; with `seat` empty it goes to the clock's holder."""

    kind: str
    occurrence: int = 0
    before: dt.timedelta = dt.timedelta()  # how long before the due instant it fires; negative: after
    seat: str = ""


PASSED = (Effect("breach"), Effect("overdue"))


def _copy(
    connection: Connection, table: str, pattern: int, rows: str, changes: dict[str, str], **given: object
) -> int:
    """Copy one row many times, with a uuid of its own each. `rows` yields what `changes` names, column by column; both
    are SQL of this module. All other columns are as they are in the pattern."""
    names = [
        row[0]
        for row in connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
            " ORDER BY attnum",
            [table],
        )
    ]
    fresh = {"uuid": "gen_random_uuid()"} | changes
    values = ", ".join(fresh.get(name, f'p."{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    statement = (
        f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} p, {rows} WHERE p.id = %(pattern)s"  # noqa: S608
    )
    with connection.transaction():
        # What is copied points at rows that are there: to look each up again would take most of the time.
        connection.execute(b"SET LOCAL session_replication_role = replica")
        return connection.execute(statement.encode(), {"pattern": pattern, **given}).rowcount


def _next(connection: Connection, table: str) -> int:
    found = connection.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}".encode()).fetchone()  # noqa: S608
    return int(found[0]) if found else 1


def _renumber(connection: Connection, *tables: str) -> None:
    for table in tables:
        connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))".encode()  # noqa: S608
        )


def _reference(number: str) -> str:
    """SQL for the reference that belongs to a number: like a real one, and the same each time."""
    letters = [
        f"substr('{ALPHABET}', (({number} / {len(ALPHABET) ** power}) %% {len(ALPHABET)})::int + 1, 1)"
        for power in range(6)
    ]
    return f"'PD-' || {' || '.join(letters[:4])} || '-' || {' || '.join(letters[4:])}"


def people(connection: Connection, pattern: Pattern, count: int) -> list[tuple[int, str]]:
    """So many more members of the partnership, each a person of their own: membership and e-mail address."""
    user = connection.execute(
        "SELECT user_id FROM partnerships_membership WHERE id = %s", [pattern.membership]
    ).fetchone()
    assert user is not None
    first_user, first = _next(connection, "accounts_user"), _next(connection, "partnerships_membership")
    rows = "generate_series(0, %(count)s - 1) n"
    _copy(
        connection, "accounts_user", user[0], rows,
        {"id": "%(first)s + n", "name": "'Person ' || n", "email": "'person' || (%(first)s + n) || '@example.org'"},
        first=first_user, count=count,
    )  # fmt: skip
    _copy(
        connection, "partnerships_membership", pattern.membership, rows,
        {"id": "%(first)s + n", "user_id": "%(user)s + n"},
        first=first, user=first_user, count=count,
    )  # fmt: skip
    _renumber(connection, "accounts_user", "partnerships_membership")
    return [(first + n, f"person{first_user + n}@example.org") for n in range(count)]


def clocks(
    connection: Connection,
    pattern: Pattern,
    count: int,
    *,
    due_at: dt.datetime,
    every: dt.timedelta = dt.timedelta(),
    effects: Sequence[Effect] = PASSED,
    holders: Sequence[int] = (),
    anchored_at: dt.datetime | None = None,
    partnership: int | None = None,
) -> list[int]:
    """So many running clocks, the first due at an instant and each next one `every` later, held in turn by the
    memberships in `holders` (else by the seat of the pattern), started when the pattern was and in its partnership
    unless said. The ids of the first and of the last."""
    case, deadline = _next(connection, "cases_case"), _next(connection, "deadlines_deadline")
    effect = connection.execute(
        "SELECT id FROM deadlines_deadlineeffect WHERE deadline_id = %s LIMIT 1", [pattern.deadline]
    ).fetchone()
    assert effect is not None
    seat = (
        "'member:' || (%(holders)s::bigint[])[n %% cardinality(%(holders)s::bigint[]) + 1]"
        if holders
        else "p.holder"
    )
    given = {
        "count": count, "case": case, "deadline": deadline, "due_at": due_at, "every": every, "holders": list(holders),
        "anchored_at": anchored_at, "partnership": partnership or pattern.partnership,
    }  # fmt: skip
    rows = "generate_series(0, %(count)s - 1) n"
    _copy(
        connection, "cases_case", pattern.case, rows,
        {
            "id": "%(case)s + n", "reference": _reference("(%(case)s + n)"),
            "next_due_at": "%(due_at)s + n * %(every)s", "overdue": "false", "partnership_id": "%(partnership)s::bigint",
        },
        **given,
    )  # fmt: skip
    _copy(
        connection, "deadlines_deadline", pattern.deadline, rows,
        {
            "id": "%(deadline)s + n", "case_id": "%(case)s + n", "due_at": "%(due_at)s + n * %(every)s", "holder": seat,
            "state": "'open'", "ended_at": "NULL", "breached_at": "NULL", "breach_detected_at": "NULL",
            "anchored_at": "coalesce(%(anchored_at)s::timestamptz, p.anchored_at)",
            "partnership_id": "%(partnership)s::bigint",
        },
        **given,
    )  # fmt: skip
    for one in effects:
        holder = (
            "%(seat)s::text"
            if one.seat
            else "(SELECT holder FROM deadlines_deadline WHERE id = %(deadline)s + n)"
        )
        _copy(
            connection, "deadlines_deadlineeffect", effect[0], rows,
            {
                "id": "%(effect)s + n", "deadline_id": "%(deadline)s + n", "case_id": "%(case)s + n",
                "kind": "%(kind)s::text", "occurrence": "%(occurrence)s::int", "seat": holder,
                "fire_at": "%(due_at)s + n * %(every)s - %(before)s + interval '1 second'", "fired_at": "NULL",
                "voided_at": "NULL", "attempts": "0", "partnership_id": "%(partnership)s::bigint",
            },
            **given, kind=one.kind, occurrence=one.occurrence, before=one.before, seat=one.seat,
            effect=_next(connection, "deadlines_deadlineeffect"),
        )  # fmt: skip
    _renumber(connection, "cases_case", "deadlines_deadline", "deadlines_deadlineeffect")
    return [deadline, deadline + count - 1]
