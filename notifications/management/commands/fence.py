"""After a restore: shows what waits behind the fence, and lifts it when an operator has looked."""

import argparse
import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.actor import operator_actor
from core.clock import LONDON, edge_now, london
from core.refusals import Denied
from notifications.actions import lift_fence
from notifications.selectors import behind_the_fence, fence


def local_moment(text: str) -> dt.datetime:
    """2026-03-20T15:30, as a clock in London shows it, unless it names its own offset."""
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=LONDON)


class Command(BaseCommand):
    help = (
        "Show whether a restore keeps all messages here, and what waits; --lift lets them go. Decide about those that "
        "were probably sent before the loss: without more they are sent again, with --leave-out-before they are not."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--lift", action="store_true", help="messages go out again")
        parser.add_argument(
            "--leave-out-before",
            type=local_moment,
            metavar="2026-03-20T15:30",
            help="the moment of the loss: what was to go out before it counts as sent",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        raised = fence()
        if raised is None:
            if options["lift"]:
                raise CommandError("There is no fence: messages go out.")
            self.stdout.write("No fence: messages go out.")
            return
        waits = behind_the_fence(raised)
        self.stdout.write(
            f"Fence since {london(raised.raised_at):%Y-%m-%d %H:%M}, of a backup taken {london(raised.dump_at):%Y-%m-%d %H:%M}.\n"
            f"{waits['before']:>6}  laid out before the backup: may have been sent after it\n"
            f"{waits['between']:>6}  were to go out between backup and restore: probably sent once already\n"
            f"{waits['since']:>6}  came up since the restore: not sent yet"
        )
        if not options["lift"]:
            self.stdout.write(
                "Nothing is sent until you type: fence --lift (all of it goes out, some for the second time), or "
                "fence --lift --leave-out-before WHEN (what was to go out before the loss is left out)."
            )
            return
        try:
            left_out = lift_fence(
                by=operator_actor(), now=edge_now(), leave_out_before=options["leave_out_before"]
            )
        except Denied as denied:
            raise CommandError(denied.reason) from None
        self.stdout.write(f"Lifted. {left_out} are left out; the others go out with the next tick.")
