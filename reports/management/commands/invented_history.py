"""Fills in years of invented conferences and dissents: of partnerships that there are, or of a nation of invented ones."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

import protocols
from core.clock import edge_now, london_date
from partnerships.actions import load_bank_holidays
from partnerships.models import HolidayList, Partnership
from reports.management.past import Past, invent, invented_partnership


class Command(BaseCommand):
    help = (
        "Fill in invented conferences, with a dissent in about every tenth, over the years before this month. Without "
        "slugs: invented partnerships, spread over all protocols that this service holds."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slugs", nargs="*", help="partnerships that there are")
        parser.add_argument("--conferences", type=int, default=2_000_000, help="of all together")
        parser.add_argument(
            "--partnerships", type=int, default=150, help="how many are invented, without slugs"
        )
        parser.add_argument("--years", type=int, default=10)
        parser.add_argument(
            "--until", type=date.fromisoformat, help="the last day; else the end of last month"
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMONSTRATION:
            raise CommandError(
                "Set DEMONSTRATION=1: an invented past is never written into a real installation."
            )
        now = edge_now()
        if not HolidayList.objects.exists():
            load_bank_holidays()
        last = options["until"] or date.fromordinal(london_date(now).replace(day=1).toordinal() - 1)
        first = max(
            date(last.year - options["years"], last.month, 1), *HolidayList.objects.values_list("first", flat=True)
        )  # fmt: skip
        if options["slugs"]:
            found = list(Partnership.objects.filter(slug__in=options["slugs"]))
            if missing := set(options["slugs"]) - {one.slug for one in found}:
                raise CommandError(f"There is no partnership called {', '.join(sorted(missing))}.")
        else:
            known = protocols.library().slugs()
            found = [
                invented_partnership(number + 1, known[number % len(known)], now)
                for number in range(options["partnerships"])
            ]
        each = options["conferences"] // len(found)
        invent([Past(one, each, first, last) for one in found])
        self.stdout.write(
            f"{len(found)} partnerships, {each:,} conferences each, {first:%B %Y} to {last:%B %Y}."
        )
