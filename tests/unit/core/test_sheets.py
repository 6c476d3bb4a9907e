"""Tables that people fill in with a spreadsheet."""

import datetime as dt

import pytest

from core import sheets
from core.sheets import Column, Unreadable, day, decoded, read, template

COLUMNS = (
    Column("name", "Name", example="Pat"),
    Column("email", "Email address"),
    Column("note", "Note", required=False, limit=5),
)


@pytest.mark.parametrize("comma", [",", ";", "\t"])
def test_columns_are_found_by_their_words_in_any_order(comma: str) -> None:
    (row,) = read(f"EMAIL ADDRESS{comma} name \n pat@x.example{comma}Pat  Example\n", COLUMNS)
    assert row.values == {"name": "Pat Example", "email": "pat@x.example", "note": ""}
    assert (row.number, row.errors) == (2, [])


def test_rows_keep_the_number_that_the_spreadsheet_shows() -> None:
    rows = read("Name,Email address\n\nPat,p@x.example\n,\n,q@x.example\n", COLUMNS)
    assert [(row.number, row.errors) for row in rows] == [(3, []), (5, ["name is missing"])]


@pytest.mark.parametrize("cell", ["=1+1", "+44", "-2", "@cmd", '"=HYPERLINK(""x"")"'])
def test_a_cell_that_a_spreadsheet_would_run_is_refused(cell: str) -> None:
    (row,) = read(f"Name,Email address\n{cell},p@x.example\n", COLUMNS)
    assert len(row.errors) == 1 and "takes for a formula" in row.errors[0]


def test_too_long_a_cell_is_named() -> None:
    (row,) = read("Name,Email address,Note\nPat,p@x.example,123456\n", COLUMNS)
    assert row.errors == ["note must be 5 characters or less"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "The file is empty"),
        ("\n , \n", "The file is empty"),
        ("Name,Note\nPat,x\n", "Missing: Email address"),
        ("Name,Email address\n", "There is no row below the headings"),
        ("Name,Email address\n" + "P,p@x.example\n" * (sheets.ROWS + 1), "Split it"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(text: str, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        read(text, COLUMNS)


def test_files_of_older_windows_programs_are_read_too() -> None:
    assert decoded("Zoë".encode("cp1252")) == "Zoë"
    assert decoded(b"\xef\xbb\xbfZo\xc3\xab") == "Zoë"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1/9/2026", dt.date(2026, 9, 1)), ("2026-09-01", dt.date(2026, 9, 1)), ("01.09.2026", dt.date(2026, 9, 1)),
        ("31/2/2026", None), ("tomorrow", None), ("", None),
    ],
)  # fmt: skip
def test_days_as_people_write_them(typed: str, meant: dt.date | None) -> None:
    assert day(typed) == meant


def test_the_template_reads_back_and_holds_no_formula() -> None:
    (row,) = read(
        decoded(template((COLUMNS[0], Column("email", "Email address", example="=x"))).encode()), COLUMNS
    )
    assert row.values["email"] == "'=x"


def test_what_spreadsheets_put_before_or_between_the_rows_is_no_row() -> None:
    (row,) = read("\ufeffsep=;\r\nName;Email address\r\nPat;p@x.example\r\n", COLUMNS)
    assert (row.number, row.values["email"]) == (3, "p@x.example")
    (row,) = read("Name,Email address\rPat,p@x.example\r", COLUMNS)
    assert row.values["name"] == "Pat"


def test_unicode_text_of_a_spreadsheet_is_read() -> None:
    data = "Name\tEmail address\nZoë\tz@x.example\n".encode("utf-16")
    (row,) = read(decoded(data), COLUMNS)
    assert row.values["name"] == "Zoë"


def test_a_mark_that_parts_lines_for_python_alone_parts_no_row() -> None:
    (row,) = read("Name,Email address\nPat\u2028Example,p@x.example\n", COLUMNS)
    assert row.values["name"] == "Pat Example"
