"""Fills in years of invented conferences and dissents: of partnerships that there are, or of a nation of invented ones."""

from argparse import ArgumentParser
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

import protocols
from core.actor import clock_actor
from core.clock import edge_now, london_date
from partnerships.actions import load_bank_holidays
from partnerships.models import HolidayList, Partnership
from reports.actions import publish
from reports.management.past import Past, invent, invented_partnership
from reports.selectors import last_quarters, last_years


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
            "--publish", action="store_true", help="and publish the years and quarters that are over"
        )
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
        if options["publish"]:
            for one in found:
                self._publish(one, options["years"], now)
        self.stdout.write(
            f"{len(found)} partnerships, {each:,} conferences each, {first:%B %Y} to {last:%B %Y}."
        )

    @staticmethod
    def _publish(partnership: Partnership, years: int, now: datetime) -> None:
        """Years first, so that quarters hide what can be subtracted from them; two years of quarters."""
        today, by = london_date(now), clock_actor(partnership.pk)
        for spans in (last_years(today, years - 1), last_quarters(today, 8)):
            for span in reversed(spans):
                publish(partnership_id=partnership.pk, span=span, by=by, now=now)
