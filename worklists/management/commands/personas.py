"""Lists everybody who can sign in to the demonstration."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from partnerships.selectors import DEMONSTRATION_PASSWORD, sign_in_offers


class Command(BaseCommand):
    help = "List the people of the demonstration: how each signs in, their role, agency and partnership."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="as a JSON list, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        offers = sign_in_offers()
        if not offers:
            raise CommandError(
                "There are no demonstration people here. `manage.py demonstration` makes them."
            )
        if options["json"]:
            rows = [
                {
                    "username": offer.email,
                    "password": DEMONSTRATION_PASSWORD,
                    "name": offer.name,
                    "role": offer.role,
                    "agency": offer.agency,
                    "partnership": offer.slug,
                }
                for offer in offers
            ]
            self.stdout.write(json.dumps(rows, indent=2, ensure_ascii=False))
            return
        self.stdout.write(f"The password of everybody: {DEMONSTRATION_PASSWORD}")
        wide = max(len(offer.email) for offer in offers)
        last = ""
        for offer in offers:
            if offer.partnership != last:
                last = offer.partnership
                self.stdout.write(f"\n{last}")
            self.stdout.write(f"  {offer.email:{wide}}  {offer.role_label:20}  {offer.name}, {offer.agency}")
