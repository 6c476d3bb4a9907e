"""Sets up a partnership on a server: its posts, still empty, and its first admin, who gets a link to set a password."""

import argparse
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

import protocols
from core.actor import operator_actor
from core.clock import edge_now, london_date
from core.refusals import Denied
from partnerships.actions import load_bank_holidays, set_up_with_admin
from partnerships.models import HolidayList


class Command(BaseCommand):
    help = (
        "Set up a partnership whose protocol this service holds (see: protocol list), and its first admin. The admin gets "
        "a link to set a password, adds people, fills the posts and publishes the protocol."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("slug", help="the area's name in the protocols, for example camden")
        parser.add_argument("--admin-email", required=True)
        parser.add_argument("--admin-name", required=True)
        parser.add_argument("--admin-job-title", default="Partnership manager")
        parser.add_argument(
            "--agency", default="Children's social care", help="the agency that the admin works for"
        )
        parser.add_argument("--name", default="", help="the partnership's name, if it is not the protocol's")
        parser.add_argument("--urgent-contact", default="", help="whom to call at once for a child")

    def handle(self, *args: Any, **options: Any) -> None:
        now = edge_now()
        library = protocols.library()
        if options["slug"] not in library.slugs():
            raise CommandError(
                f"No protocol is held for {options['slug']!r}. Known: {', '.join(sorted(library.slugs()))}"
            )
        area = library.on(options["slug"], london_date(now))
        check_address(options["admin_email"])
        if not HolidayList.objects.exists():
            load_bank_holidays()
        try:
            admin = set_up_with_admin(
                slug=area.slug, name=options["name"] or area.partnership_name, area=area, agency_name=options["agency"],
                admin_email=options["admin_email"], admin_name=options["admin_name"],
                job_title=options["admin_job_title"], urgent_contact=options["urgent_contact"], by=operator_actor(), now=now,
            )  # fmt: skip
        except Denied as denied:
            raise CommandError(denied.sentence) from None
        self.stdout.write(
            f"{admin.partnership.name} is set up. {admin.user.email} gets a link to set a password, as soon as the worker "
            "or the sweeper runs. What comes next for the admin: agencies, people, posts, then publish the protocol."
        )


def check_address(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise CommandError(f"{email!r} is no email address.") from None
