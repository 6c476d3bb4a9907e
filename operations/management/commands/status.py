"""What a person at a terminal wants to know first: does it run, is the work done, does anything wait for me."""

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand

from core.clock import database_now, edge_now, london
from operations.selectors import Work, migrations_missing, work

WORDS = {
    "sweep": "swept in the last 5 minutes",
    "outbox": "nothing has waited to be sent for 10 minutes",
    "dead_letters": "no message was given up",
    "parked": "nothing failed by itself",
    "clock": "the clock is believed",
    "fence": "no restore keeps messages here",
    "invariants": "last night nothing impossible was found",
}
# What to do about what is not as it should be; more in docs/runbook.md.
TODO = {
    "sweep": "start beat and worker, or: manage.py sweep --loop",
    "outbox": "look at the mail server; the sender goes on by itself",
    "dead_letters": "the partnership's office decides: page “Not delivered”",
    "parked": "look for effect_parked in the log",
    "clock": "manage.py clock_guard",
    "fence": "manage.py fence",
    "invariants": "manage.py invariants",
}


class Command(BaseCommand):
    help = "Show what runs, what was done last and what waits. Exit code 1 when something needs a person."

    def handle(self, *args: Any, **options: Any) -> None:
        now = database_now()
        found, missing = work(now), migrations_missing()
        self._figures(found, edge_now())
        wrong = [name for name, good in found.checks.items() if not good]
        for name, good in found.checks.items():
            words = f"ok    {WORDS[name]}" if good else f"WRONG not so: {WORDS[name]}. {TODO[name]}"
            self.stdout.write(words)
        if missing:
            self.stdout.write(f"WRONG {missing} migrations are missing: manage.py migrate")
        if wrong or missing:
            raise SystemExit(1)

    def _figures(self, found: Work, host: dt.datetime) -> None:
        rows = [
            ("time, PostgreSQL", f"{london(found.now):%Y-%m-%d %H:%M:%S} London"),
            ("time, this machine", f"{london(host):%Y-%m-%d %H:%M:%S} London"),
            ("last sweep", _ago(found.swept_at, found.now)),
            ("clocks running", f"{found.open_clocks}, of which passed {found.overdue_clocks}"),
            ("effects due now", f"{found.due}{_oldest(found.oldest_due, found.now)}"),
            ("effects put off", str(found.parked)),
            ("messages waiting", f"{found.waiting}{_oldest(found.oldest_waiting, found.now)}"),
            ("nobody in the post", str(found.nobody)),
            ("given up", str(found.dead)),
            ("clock held since", _at(found.hold)),
            ("fence since", _at(found.fence.raised_at if found.fence else None)),
            ("last nightly look", _look(found)),
        ]
        for label, words in rows:
            self.stdout.write(f"{label:<20} {words}")
        self.stdout.write("")


def _at(moment: dt.datetime | None) -> str:
    return f"{london(moment):%Y-%m-%d %H:%M:%S}" if moment else "-"


def _ago(moment: dt.datetime | None, now: dt.datetime) -> str:
    return f"{_at(moment)}, {int((now - moment).total_seconds())} s ago" if moment else "never"


def _oldest(moment: dt.datetime | None, now: dt.datetime) -> str:
    return f", the oldest since {_ago(moment, now)}" if moment else ""


def _look(found: Work) -> str:
    return f"{_at(found.look.looked_at)}, found {found.look.found}" if found.look else "never"
