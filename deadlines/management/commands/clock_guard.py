"""Says whether the clock is in doubt, and, when an operator has looked at it, releases what waits."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.actor import operator_actor
from core.clock import database_now, edge_now, london
from core.refusals import Denied
from deadlines.actions import release_clock
from deadlines.selectors import clock_hold


class Command(BaseCommand):
    help = "Show the clocks and whether anything is held because of them; --release lets it go."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--release", action="store_true", help="the clocks are right: let go what waits")

    def handle(self, *args: Any, **options: Any) -> None:
        now, host = database_now(), edge_now()
        self.stdout.write(
            f"PostgreSQL {london(now):%Y-%m-%d %H:%M:%S}, this machine {london(host):%Y-%m-%d %H:%M:%S} (London)."
        )
        hold = clock_hold()
        if hold is not None:
            self.stdout.write(
                f"Held since {london(hold.since):%Y-%m-%d %H:%M:%S}: {hold.get_why_display()}, "
                f"which was at {london(hold.last_seen):%Y-%m-%d %H:%M:%S}."
            )
        elif not options["release"]:
            self.stdout.write("Nothing is held.")
        if options["release"]:
            try:
                release_clock(by=operator_actor(), now=now)
            except Denied as denied:
                raise CommandError(denied.reason) from None
            self.stdout.write("Released. What waited goes out with the next sweep.")
