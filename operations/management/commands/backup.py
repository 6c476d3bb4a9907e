"""Backs up database and stored files together, into one file with checksums."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.clock import edge_now
from core.refusals import Denied
from operations.actions import backup


class Command(BaseCommand):
    help = "Write database and stored files into one new file. It holds everything: keep it encrypted."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a file that does not exist yet")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"].absolute()
        try:
            manifest = backup(path, now=edge_now())
        except Denied as denied:
            raise CommandError(denied.reason) from None
        self.stdout.write(
            f"{path}: {manifest.rows} rows of {len(manifest.counts)} tables, {len(manifest.sha256) - 1} stored files, "
            f"{path.stat().st_size} bytes."
        )
