"""Proves that the record of who did what is whole."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.selectors import chains, verify


class Command(BaseCommand):
    help = (
        "Check each partnership's chain of events; fail and name the first bad event where one was changed."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "partnership_id", nargs="*", type=int, help="only these; 0 is the installation's own"
        )

    def handle(self, **options: Any) -> None:
        asked = options["partnership_id"] or chains()
        bad = [(partnership, seq) for partnership in asked if (seq := verify(partnership)) is not None]
        if bad:
            raise CommandError(
                "\n".join(
                    f"Partnership {partnership}: event {seq} was changed or is missing."
                    for partnership, seq in bad
                )
            )
        self.stdout.write(f"{len(asked)} chains of events are whole.")
