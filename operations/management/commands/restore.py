"""Brings database and stored files back from a backup, and raises the fence."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from core.actor import operator_actor
from core.clock import edge_now, london
from core.refusals import Denied
from operations.actions import restore
from operations.selectors import known_migrations


class Command(BaseCommand):
    help = (
        "Restore a backup into an empty database. Stop web, worker, beat and sweepers first. Afterwards nothing is sent "
        "until an operator has looked: fence."
    )
    # Not looked at before: the database may be empty.
    requires_migrations_checks = False

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--replace", action="store_true", help="replace everything that is there; files are moved aside"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = restore(
                options["file"].absolute(), now=edge_now(), by=operator_actor(), replace=options["replace"],
                known_migrations=known_migrations(),
            )  # fmt: skip
        except Denied as denied:
            raise CommandError(denied.reason) from None
        self.stdout.write(
            f"Restored as of {london(manifest.taken_at):%Y-%m-%d %H:%M} London: {manifest.rows} rows, "
            f"{len(manifest.sha256) - 1} stored files. Everybody has to sign in again."
        )
        self.stdout.write("If this release is newer than the backup: manage.py migrate. Then:\n")
        call_command("fence", stdout=self.stdout)
