"""Proves that a backup can be restored, without touching what is there."""

import argparse
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.clock import edge_now
from core.refusals import Denied
from operations.actions import drill


class Command(BaseCommand):
    help = (
        "Back up (or take FILE), restore into a database beside ours, compare every table and partnership, prove the "
        "history, see that nothing is sent, and remove it again. Exit code 1 when anything is wrong."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="a backup; without it a fresh one is made")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path | None = options["file"].absolute() if options["file"] else None
        try:
            done = drill(path, now=edge_now(), clock=time.monotonic)
        except Denied as denied:
            raise CommandError(denied.reason) from None
        for step, seconds in done.seconds.items():
            self.stdout.write(f"{step:<12} {seconds:8.1f} s")
        self.stdout.write(f"{done.rows} rows of {done.tables} tables compared.")
        for words in done.wrong:
            self.stdout.write(f"WRONG {words}")
        if done.wrong:
            raise CommandError(f"The backup is not good: {len(done.wrong)} findings.")
        self.stdout.write("The backup is good.")
