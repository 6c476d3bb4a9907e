"""Bank holidays by nation: the list stored in the package govuk-bank-holidays, and our own dated supplement.

Nothing is fetched: both are files. Local closure days are handed in by the caller.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from types import MappingProxyType
from typing import Any, get_args

from protocols.calendar import Calendar
from protocols.model import Nation

PACKAGE = "govuk-bank-holidays"
NATIONS: tuple[Nation, ...] = get_args(Nation)


@dataclass(frozen=True, slots=True)
class BankHoliday:
    nation: Nation
    day: date
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class HolidayList:
    """Every bank holiday known, the first and last day for which the list is complete, and what it was read from."""

    rows: tuple[BankHoliday, ...]
    first: date
    last: date
    version: str

    def of(self, nation: Nation) -> Mapping[date, str]:
        return MappingProxyType({row.day: row.title for row in self.rows if row.nation == nation})


@cache
def holiday_list() -> HolidayList:
    stored = files("govuk_bank_holidays").joinpath("bank-holidays.json").read_bytes()
    added = files("protocols").joinpath("data", "holidays.toml").read_bytes()
    return read(stored, added, source=f"{PACKAGE} {version(PACKAGE)}")


def read(stored: bytes, added: bytes, *, source: str) -> HolidayList:
    """The stored list and the supplement as one list; a day that is in both is kept once, as stored."""
    supplement: dict[str, Any] = tomllib.loads(added.decode())
    first: date = supplement["first"]
    last: date = supplement["last"]
    rows: dict[tuple[Nation, date], BankHoliday] = {}
    for nation in NATIONS:
        for event in json.loads(stored)[nation]["events"]:
            day = date.fromisoformat(event["date"])
            title = event["title"].replace("’", "'")
            if event["notes"]:
                title = f"{title}, {event['notes'].lower()}"
            rows[nation, day] = BankHoliday(nation, day, title, source)
    for row in supplement["holiday"]:
        for nation in row["nations"]:
            holiday = BankHoliday(nation, row["date"], row["title"], row["source"])
            rows.setdefault((nation, holiday.day), holiday)
    kept = sorted(
        (row for row in rows.values() if first <= row.day <= last), key=lambda row: (row.nation, row.day)
    )
    digest = hashlib.sha256(stored + b"\0" + added).hexdigest()[:12]
    return HolidayList(tuple(kept), first, last, f"{source}+{digest}")


@cache
def calendar_for(nation: Nation) -> Calendar:
    """The calendar of a nation without local closure days."""
    return with_closures(nation, {})


def with_closures(nation: Nation, closures: Mapping[date, str]) -> Calendar:
    """The calendar of a nation with an area's own closure days on top."""
    known = holiday_list()
    return Calendar(nation, known.of(nation), dict(closures), known.first, known.last, known.version)
