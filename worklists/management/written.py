"""Pages of the documentation that are written by the program: `--check` says whether they are up to date."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class WritesPages(BaseCommand):
    """A command that writes pages. A subclass says which, with their text."""

    name = ""
    requires_system_checks = ()

    def pages(self) -> Mapping[str, str]:
        """The text of each page by its path in the project."""
        raise NotImplementedError

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail when a page is out of date"
        )

    def handle(self, **options: Any) -> None:
        out_of_date = []
        for name, text in self.pages().items():
            path = Path(settings.BASE_DIR) / name
            if path.exists() and path.read_text(encoding="utf-8") == text:
                continue
            out_of_date.append(name)
            if not options["check"]:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
                self.stdout.write(f"Written: {name}")
        if options["check"] and out_of_date:
            raise CommandError(
                f"Out of date: {', '.join(out_of_date)}. Type ./dev manage {self.name} and commit what it writes."
            )
