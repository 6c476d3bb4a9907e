"""What should have happened and what did, counted apart from the product: by plain SQL and from the mailbox."""

from dataclasses import dataclass
from typing import Any

from tests.faults.rig import Rig

DUE = """
SELECT e.id FROM deadlines_deadlineeffect e
 WHERE e.fire_at <= harness.clock_timestamp() AND e.voided_at IS NULL
"""
# Who must have been told of what: each overdue effect of a clock that runs is one letter to the member in its seat.
LETTERS = """
SELECT DISTINCT lower(u.email), c.reference
  FROM deadlines_deadlineeffect e JOIN deadlines_deadline d ON d.id = e.deadline_id
  JOIN cases_case c ON c.id = e.case_id
  JOIN partnerships_membership m ON e.seat = 'member:' || m.id JOIN accounts_user u ON u.id = m.user_id
 WHERE e.kind = 'overdue' AND d.state = 'open' AND e.voided_at IS NULL AND e.fire_at <= harness.clock_timestamp()
"""


@dataclass(frozen=True, slots=True)
class Count:
    """One line of the table. `doubled` counts everything that was done once more than it should have been."""

    due: int
    effects: int
    letters: int
    missing: int
    doubled: int
    repeats: int
    parts: str  # of what is missing and what is doubled, for whoever has to find out why

    @property
    def nothing_lost_or_doubled(self) -> bool:
        return self.missing == 0 and self.doubled == 0 and self.effects == self.due


def _all(rig: Rig, query: str) -> list[Any]:
    return rig.db.execute(query.encode()).fetchall()


def letters_due(rig: Rig) -> set[tuple[str, str]]:
    return {(str(email), str(reference)) for email, reference in _all(rig, LETTERS)}


def count(rig: Rig) -> Count:
    due = {row[0] for row in _all(rig, DUE)}
    fired = {
        row[0]: row[1] for row in _all(rig, "SELECT effect, count(*) FROM harness.fired GROUP BY effect")
    }
    expected, told = letters_due(rig), rig.sink.told()
    unmarked = rig.one(
        "SELECT count(*) FROM deadlines_deadline d JOIN deadlines_deadlineeffect e ON e.deadline_id = d.id"
        " WHERE e.kind = 'breach' AND e.fire_at <= harness.clock_timestamp() AND d.state = 'open'"
        " AND e.voided_at IS NULL AND d.breached_at IS DISTINCT FROM d.due_at"
    )
    unwritten = rig.one(
        "SELECT count(*) FROM deadlines_deadline d WHERE d.breached_at IS NOT NULL AND d.state = 'open' AND NOT EXISTS"
        " (SELECT 1 FROM audit_auditevent a WHERE a.type = 'clock.passed' AND a.object_id = d.id)"
    )
    written_twice = rig.one(
        "SELECT coalesce(sum(n - 1), 0)::int FROM (SELECT count(*) n FROM audit_auditevent"
        " WHERE type = 'clock.passed' GROUP BY object_id) twice"
    )
    told_twice = sum(len(told[pair]) - 1 for pair in expected if pair in told)
    unfired, untold = len(due - set(fired)), len(expected - set(told))
    fired_twice = sum(times - 1 for times in fired.values())
    return Count(
        due=len(due),
        effects=len(due & set(fired)),
        letters=len(expected),
        missing=unfired + untold + unmarked + unwritten,
        doubled=fired_twice + written_twice + told_twice,
        repeats=rig.sink.repeats(),
        parts=f"{unfired=} {untold=} {unmarked=} {unwritten=} {fired_twice=} {written_twice=} {told_twice=}",
    )


def early(rig: Rig) -> int:
    """Effects that fired before their time."""
    return int(
        rig.one(
            "SELECT count(*) FROM harness.fired f JOIN deadlines_deadlineeffect e ON e.id = f.effect WHERE f.at < e.fire_at"
        )
    )


WAITING = """
SELECT (SELECT count(*) FROM deadlines_deadlineeffect
         WHERE fire_at <= harness.clock_timestamp() AND fired_at IS NULL AND voided_at IS NULL)
     + (SELECT count(*) FROM notifications_outbox
         WHERE state IN ('pending', 'nobody') AND superseded_at IS NULL AND not_before <= harness.clock_timestamp()
           AND (retry_at IS NULL OR retry_at <= harness.clock_timestamp()))
     + (SELECT count(*) FROM notifications_message
         WHERE channel = 'email' AND digest_id IS NULL AND not_before <= harness.clock_timestamp()
           AND (state = 'sending' OR state = 'waiting' AND (retry_at IS NULL OR retry_at <= harness.clock_timestamp())))
"""


def at_rest(rig: Rig) -> bool:
    """Nothing is due that has not fired, and no message waits that could be sent now."""
    return not rig.one(WAITING)
