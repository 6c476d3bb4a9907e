"""Loads the packaged bank holidays and moves the open clocks whose date a newly known day changes."""

from typing import Any

from django.core.management.base import BaseCommand

from core.actor import clock_actor
from core.clock import edge_now
from deadlines.actions import recount_clocks
from partnerships.actions import load_bank_holidays
from partnerships.states import Nation


class Command(BaseCommand):
    help = "Load the bank holidays of all nations; say how many open clocks moved by it."

    def handle(self, *args: Any, **options: Any) -> None:
        now = edge_now()
        added = load_bank_holidays()
        moved = sum(
            recount_clocks(partnership_id=None, nation=nation, now=now, by=clock_actor(None))
            for nation in Nation.values
        )
        self.stdout.write(f"Bank holidays added: {added}. Open dates moved: {moved}.")
