"""The tables of a report as files: CSV, XLSX and ODS. A cell is never taken for a formula."""

import csv
import io
from collections.abc import Sequence

import xlsxwriter
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from reports.selectors import Report, TableView, harmless, tables_of


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def _about(report: Report) -> list[str]:
    return [
        f"Figures of {report.period}. {report.selection}.",
        f"[c]: a number from 1 to {report.publication.small}, or one that would give such a number away. 0 is a true zero.",
    ]


def as_csv(report: Report) -> bytes:
    """All tables below each other, with an empty line between; UTF-8 with a mark, as spreadsheets expect it."""
    out = io.StringIO()
    writer = csv.writer(out)
    for line in _about(report):
        writer.writerow([line])
    for table in tables_of(report):
        writer.writerow([])
        writer.writerow([harmless(table.caption)])
        writer.writerow([harmless(name) for name in table.head])
        for row in table.rows:
            writer.writerow([harmless(cell) for cell in (row.label, *row.cells)])
        if table.note:
            writer.writerow([harmless(table.note)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_xlsx(report: Report) -> bytes:
    """One sheet per table; numbers are numbers, everything else is text."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        bold = book.add_format({"bold": True})
        about = book.add_worksheet("About")
        for number, words in enumerate(_about(report)):
            about.write_string(number, 0, words)
        for name, table in _named(tables_of(report)):
            sheet = book.add_worksheet(name)
            sheet.write_string(0, 0, table.caption, bold)
            for column, name_ in enumerate(table.head):
                sheet.write_string(2, column, name_, bold)
            for line, row in enumerate(table.rows, start=3):
                for column, cell in enumerate((row.label, *row.cells)):
                    value = _number(cell) if column else None
                    if value is None:
                        sheet.write_string(line, column, harmless(cell))
                    else:
                        sheet.write_number(line, column, value)
            sheet.set_column(0, 0, 45)
    return out.getvalue()


def as_ods(report: Report) -> bytes:
    """One sheet per table, as open documents have them."""
    document = OpenDocumentSpreadsheet()

    def line(sheet: Table, cells: Sequence[str], *, plain: bool = False) -> None:
        row = TableRow()
        for column, cell in enumerate(cells):
            value = None if plain or not column else _number(cell)
            kept = (
                TableCell(valuetype="string")
                if value is None
                else TableCell(valuetype="float", value=str(value))
            )
            kept.addElement(P(text=harmless(cell) if value is None else cell))
            row.addElement(kept)
        sheet.addElement(row)

    about = Table(name="About")
    for words in _about(report):
        line(about, [words], plain=True)
    document.spreadsheet.addElement(about)
    for name, table in _named(tables_of(report)):
        sheet = Table(name=name)
        line(sheet, [table.caption], plain=True)
        line(sheet, [])
        line(sheet, table.head, plain=True)
        for row in table.rows:
            line(sheet, (row.label, *row.cells))
        document.spreadsheet.addElement(sheet)
    out = io.BytesIO()
    document.write(out)
    return out.getvalue()


def _named(tables: Sequence[TableView]) -> list[tuple[str, TableView]]:
    """Names of sheets: at most 31 characters, each once."""
    return [(table.ident.replace("_", " ").capitalize()[:31], table) for table in tables]


KINDS = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", as_ods),
}
