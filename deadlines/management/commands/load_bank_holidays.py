"""Shows what this release's list of bank holidays changes, and, when told to, saves it and moves the open clocks."""

import argparse
import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand

from core.actor import clock_actor
from core.clock import edge_now, london
from core.templatetags.pd import day_date, plural
from deadlines.actions import preview_bank_holidays, recount_clocks
from deadlines.selectors import moving_cases
from partnerships.actions import load_bank_holidays
from partnerships.states import Nation

SHOWN = 50


class Command(BaseCommand):
    help = (
        "Compare the bank holidays of this release with those that are loaded, and say which open dates move. "
        "Nothing is saved without --save. Going back to an earlier list is the same operation."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--save", action="store_true", help="save, move the dates and tell their holders")
        parser.add_argument("--show", type=int, default=SHOWN, help="how many of the dates to list")

    def handle(self, *args: Any, **options: Any) -> None:
        now = edge_now()
        added, gone, found = preview_bank_holidays()
        for listed in added:
            self.stdout.write(
                f"new:       {day_date(listed.day)}, {Nation(listed.nation).label}: {listed.title}"
            )
        for row in gone:
            self.stdout.write(f"taken out: {day_date(row.date)}, {Nation(row.nation).label}: {row.title}")
        count = sum(move.count for move in found)
        for one in moving_cases(found, options["show"]):
            self.stdout.write(
                f"{one['reference']}  {one['rule']:<8} {one['label']}: from {_day(one['was'])} to {_day(one['due'])}"
            )
        if count > options["show"]:
            self.stdout.write(f"and {count - options['show']} more.")
        if not options["save"]:
            self.stdout.write(
                f"{plural(len(added) + len(gone), 'day')} would change, {plural(count, 'open date')} would move. "
                "Nothing is saved. Type the same with --save to save it; the holders are then told."
            )
            return
        changed = load_bank_holidays()
        moved = sum(
            recount_clocks(partnership_id=None, nation=nation, now=now, by=clock_actor(None))
            for nation in Nation.values
        )
        self.stdout.write(f"Saved. Days changed: {changed}. Open dates moved: {moved}.")


def _day(moment: dt.datetime) -> str:
    return day_date(london(moment))
