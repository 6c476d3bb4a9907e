"""Adds a partnership admin: when the only one has left, nobody else can let people in."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.actor import operator_actor
from core.clock import edge_now
from core.refusals import Denied
from partnerships.actions import add_admin
from partnerships.management.commands.set_up_partnership import check_address
from partnerships.selectors import real_partnership


class Command(BaseCommand):
    help = "Add a partnership admin to a partnership that is set up. They get a link to set a password."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("slug", help="the partnership, for example camden")
        parser.add_argument("email")
        parser.add_argument("name")
        parser.add_argument("--job-title", default="Partnership manager")
        parser.add_argument(
            "--agency", default="Children's social care", help="the agency that the admin works for"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        partnership = real_partnership(options["slug"])
        if partnership is None:
            raise CommandError(f"No partnership {options['slug']!r} is set up. See: set_up_partnership")
        check_address(options["email"])
        try:
            admin = add_admin(
                partnership=partnership, agency_name=options["agency"], email=options["email"], name=options["name"],
                job_title=options["job_title"], by=operator_actor(), now=edge_now(),
            )  # fmt: skip
        except Denied as denied:
            raise CommandError(denied.sentence) from None
        self.stdout.write(f"{admin.user.name} is an admin of {partnership.name} and gets a link by email.")
