"""Every clock that some events start in one partnership, for a person, as JSON, or for many lines at once."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from protocols import AreaProtocol, CalendarHorizon, UnknownPartnership, library
from protocols.durations import in_words
from protocols.holidays import calendar_for
from protocols.timeline import DATES, BadEvent, ClockResult, clocks_for, read_given

REFUSED = (UnknownPartnership, BadEvent, CalendarHorizon)


class Command(BaseCommand):
    help = "Show every clock that these events start in a partnership, and how each date was counted."
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("slug", nargs="?", help="a partnership, such as camden")
        parser.add_argument(
            "--event",
            action="append",
            default=[],
            metavar="NAME=ISO",
            help="conference_ended=2026-04-02T15:00; also agreed_date and protect_by_date, as dates",
        )
        parser.add_argument("--json", action="store_true", help="the same as JSON")
        parser.add_argument(
            "--batch",
            nargs="?",
            const="-",
            metavar="FILE",
            help="JSON lines in, JSON lines out; from a file or standard input",
        )

    def handle(self, **options: Any) -> None:
        if options["batch"]:
            if options["slug"] or options["event"]:
                raise CommandError("With --batch, partnerships and events come from the lines.")
            self._batch(options["batch"])
            return
        if not options["slug"]:
            raise CommandError("Name a partnership, such as camden, or use --batch.")
        try:
            area = library().latest(options["slug"])
            results = _clocks(area, _pairs(options["event"]))
        except REFUSED as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            body = {"partnership": area.slug, "clocks": [result.as_json() for result in results]}
            self.stdout.write(json.dumps(body, indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(_words(area, results)))

    def _batch(self, source: str) -> None:
        try:
            opened = (
                nullcontext(sys.stdin) if source == "-" else open(source, encoding="utf-8", errors="replace")
            )
        except OSError as error:
            raise CommandError(
                f"{source} cannot be read: {(error.strerror or 'unknown reason').lower()}."
            ) from None
        with opened as lines:
            for line in _lines(lines):
                self.stdout.write(json.dumps(_answer(line), ensure_ascii=True))
                self.stdout.flush()


def _lines(source: TextIO) -> Iterator[str]:
    """Lines as they come; on standard input a byte that is not UTF-8 spoils its own line only."""
    reconfigure = getattr(source, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
    return iter(source)


def _answer(line: str) -> dict[str, object]:
    """One line of a batch answered: its clocks, or the sentence that refuses it."""
    asked: object = None
    try:
        asked = json.loads(line)
    except RecursionError:
        return {"partnership": None, "error": "This line is nested too deeply to be read."}
    except ValueError:
        said = "This line is empty." if not line.strip() else "This line is not JSON."
        return {"partnership": None, "error": said}
    if not isinstance(asked, dict):
        return {"partnership": None, "error": "A line is an object with partnership and events."}
    slug = asked.get("partnership")
    events = asked.get("events")
    if not isinstance(slug, str):
        return {"partnership": slug, "error": "“partnership” is missing, or is not text."}
    try:
        area = library().latest(slug)
        if not isinstance(events, dict):
            raise BadEvent("“events” is missing, or is not an object of names and moments.")
        if unknown := sorted(asked.keys() - {"partnership", "events", *DATES}):
            raise BadEvent(f"There is no such key here: {', '.join(unknown)}.")
        beside = {name: asked[name] for name in DATES if name in asked}
        results = _clocks(area, events | beside)
    except REFUSED as error:
        return {"partnership": slug, "error": str(error)}
    return {
        "partnership": slug,
        "clocks": [{"rule": result.rule, "due_at": result.due_iso} for result in results],
    }


def _clocks(area: AreaProtocol, raw: dict[str, object]) -> tuple[ClockResult, ...]:
    return clocks_for(area, read_given(area, raw), calendar_for(area.nation))


def _pairs(events: list[str]) -> dict[str, object]:
    pairs: dict[str, object] = {}
    for event in events:
        name, sign, moment = event.partition("=")
        if not sign:
            raise BadEvent(
                f"“{event}”: write an event as NAME=ISO, such as conference_ended=2026-04-02T15:00."
            )
        if name in pairs:
            raise BadEvent(f"The event “{name}” is given twice.")
        pairs[name] = moment
    return pairs


def _words(area: AreaProtocol, results: tuple[ClockResult, ...]) -> Iterator[str]:
    yield f"{area.partnership_name}: {area.title} ({area.dated})"
    if not results:
        yield "These events start no clock here."
    for result in results:
        reading = ", our reading" if result.basis == "reading" else ""
        yield ""
        yield f"{result.rule}{reading}  {result.label}"
        yield f"  from       {result.anchor}, {result.anchored_at.isoformat()}"
        yield f"  limit      {in_words(result.amount, result.unit)} (strength: {result.strength})"
        yield f"  due        {result.due_iso or 'no date: the protocol gives no number'}"
        if result.cautious and result.cautious.local:
            yield f"  cautious   {result.cautious.local.isoformat()}, from {result.clock.cautious_after}"
        for day, why in result.due.skipped:
            yield f"  skipped    {day.isoformat()} {why}"
        yield "  How we worked this out:"
        yield from (f"    {line}" for line in result.due.explanation())
