"""Read the protocols from a terminal: which there are, one in plain English, its diagram, and what is wrong with a file."""

import argparse

from django.core.management.base import BaseCommand, CommandError

from protocols import ProtocolError, ProtocolErrors, UnknownPartnership, library, load_file
from protocols.describe import as_text
from protocols.diagram import mermaid


class Command(BaseCommand):
    help = "List the protocols, show one in plain English or as a diagram, or check files."
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="every partnership with its protocol")
        show = verbs.add_parser(
            "show", help="the rules of one partnership in plain English, in reading order"
        )
        show.add_argument("slug")
        diagram = verbs.add_parser("diagram", help="Mermaid text of the path a dissent takes there")
        diagram.add_argument("slug")
        check = verbs.add_parser("check", help="every error in these files; exit 1 if there is one")
        check.add_argument("file", nargs="+")

    def handle(self, *, verb: str, **options: object) -> None:
        match verb:
            case "list":
                self._list()
            case "show":
                self._show(str(options["slug"]), as_diagram=False)
            case "diagram":
                self._show(str(options["slug"]), as_diagram=True)
            case _:
                files = options["file"]
                self._check([str(name) for name in files] if isinstance(files, list) else [])

    def _list(self) -> None:
        for protocol in library().texts():
            for area in protocol.areas:
                self.stdout.write(
                    f"{area.slug:<20} {area.protocol_id:<20} {area.version:<10} "
                    f"dated {area.dated:<13} {area.partnership_name}"
                )

    def _show(self, slug: str, *, as_diagram: bool) -> None:
        try:
            area = library().latest(slug)
        except UnknownPartnership as error:
            raise CommandError(str(error)) from None
        self.stdout.write(mermaid(area) if as_diagram else as_text(area), ending="")

    def _check(self, names: list[str]) -> None:
        errors: list[ProtocolError] = []
        for name in names:
            try:
                protocol = load_file(name)
            except ProtocolErrors as found:
                errors.extend(found.errors)
            else:
                self.stdout.write(f"{name}: no errors. {protocol.head.title}, {', '.join(protocol.slugs())}.")
        for error in errors:
            self.stdout.write(str(error))
        if errors:
            noun = "error" if len(errors) == 1 else "errors"
            raise CommandError(f"{len(errors)} {noun}.")
