"""Lists what should be impossible. Exit code 1 when something of it is there."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.clock import database_now
from operations.actions import look


class Command(BaseCommand):
    help = "Look for what should be impossible: clocks, messages and histories that contradict each other."

    def handle(self, *args: Any, **options: Any) -> None:
        found = look(now=database_now())
        for one in found:
            self.stdout.write(f"{one.name}: {one.count}. {one.words}")
            if one.references:
                self.stdout.write(f"    {', '.join(one.references)}")
            self.stdout.write(f"    partnerships: {', '.join(map(str, one.partnerships))}")
        if found:
            raise CommandError(
                f"{sum(one.count for one in found)} things are there that should be impossible."
            )
        self.stdout.write("Nothing that should be impossible was found.")
