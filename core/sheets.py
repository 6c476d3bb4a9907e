"""Small tables that people fill in with a spreadsheet: read with every mistake by its row, and written without formulas."""

import codecs
import csv
import datetime as dt
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

ROWS = 500  # the most that one file may hold
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for a formula at the start of a cell


@dataclass(frozen=True, slots=True)
class Column:
    """A column by the words in its first row. `required`: a row without it is a mistake."""

    key: str
    heading: str
    required: bool = True
    example: str = ""
    limit: int = 150  # characters


@dataclass(slots=True)
class Row:
    """One filled row, by its number in the file; `errors` are sentences."""

    number: int
    values: dict[str, str]
    errors: list[str] = field(default_factory=list)
    cells: list[tuple[str, str]] = field(default_factory=list)  # heading and value, as a page shows them


class Unreadable(Exception):
    """The file as a whole cannot be read. Its message says what to do."""


def decoded(data: bytes) -> str:
    """The text of a file as spreadsheets save it: UTF-8, with or without its mark, “Unicode text” (UTF-16), or the older
    Windows letters."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read(text: str, columns: Sequence[Column]) -> list[Row]:
    """The filled rows of a table whose first row names its columns, in any order and with any case.

    Commas, semicolons and tabs part cells. Raises Unreadable for a file without the headings, empty, or too long.
    """
    lines = re.split(r"\r\n|\r|\n", text.replace("\x00", "").removeprefix("\ufeff"))
    # Some spreadsheets say in a first line by which character they part the cells. It is counted as a row, and no row.
    said = re.fullmatch(r'"?sep=([,;\t])"?', lines[0].strip()) if lines else None
    if said:
        lines[0] = ""
    first = next((line for line in lines if line.strip()), "")
    delimiter = said[1] if said else max(",;\t", key=first.count)
    try:
        table = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        raise Unreadable(
            "This is no table of text. Save it from your spreadsheet as CSV, then choose it again"
        ) from None
    start = next((number for number, cells in enumerate(table) if any(cell.strip() for cell in cells)), None)
    if start is None:
        raise Unreadable("The file is empty. Fill in the template, then choose it")
    headings = [cell.strip().lower() for cell in table[start]]
    missing = [c.heading for c in columns if c.required and c.heading.lower() not in headings]
    if missing:
        raise Unreadable(
            f"The first row must name the columns. Missing: {', '.join(missing)}. Use the template"
        )
    places = {c.key: headings.index(c.heading.lower()) for c in columns if c.heading.lower() in headings}
    filled = [
        (number, cells)
        for number, cells in enumerate(table[start + 1 :], start + 2)
        if any(cell.strip() for cell in cells)
    ]
    if not filled:
        raise Unreadable("There is no row below the headings. Fill in the template, then choose it")
    if len(filled) > ROWS:
        raise Unreadable(f"The file has {len(filled):,} rows. Split it: up to {ROWS} can be read at once")
    return [_row(number, cells, columns, places) for number, cells in filled]


def _row(number: int, cells: list[str], columns: Sequence[Column], places: dict[str, int]) -> Row:
    values = {
        column.key: (
            " ".join(cells[place].split())
            if (place := places.get(column.key, -1)) in range(len(cells))
            else ""
        )
        for column in columns
    }
    row = Row(number, values, cells=[(column.heading, values[column.key]) for column in columns])
    for column in columns:
        value = values[column.key]
        called = lower(column.heading)
        if column.required and not value:
            row.errors.append(f"{called} is missing")
        elif len(value) > column.limit:
            row.errors.append(f"{called} must be {column.limit} characters or less")
        elif value.startswith(FORMULA):
            row.errors.append(
                f"{called} must not begin with {value[0]}, which a spreadsheet takes for a formula"
            )
    return row


def lower(heading: str) -> str:
    return heading[:1].lower() + heading[1:]


def day(value: str) -> dt.date | None:
    """A day as people and spreadsheets write it: 1/9/2026, 01-09-2026, 1.9.2026 or 2026-09-01. None when it is none."""
    for form in ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y"):
        try:
            return dt.datetime.strptime(value, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def template(columns: Sequence[Column]) -> str:
    """A file to fill in: the headings, and one invented row that shows what is meant."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([safe(column.heading) for column in columns])
    writer.writerow([safe(column.example) for column in columns])
    return "\ufeff" + out.getvalue()


def safe(value: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{value}" if value.startswith(FORMULA) else value
