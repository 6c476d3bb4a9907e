"""The tables of a report as files: CSV, XLSX and ODS. A cell is never taken for a formula."""

import csv
import io
from collections.abc import Sequence

import xlsxwriter
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from letters import Block, Pack, Part, pack_pdf
from reports.selectors import Report, TableView, harmless, tables_of


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def _about(report: Report, sender: str) -> list[str]:
    return [
        f"{sender}. Figures of {report.period}. {report.selection}.",
        f"[c]: a number from 1 to {report.publication.small}, or one that would give such a number away. 0 is a true zero.",
    ]


def as_csv(report: Report, sender: str) -> bytes:
    """All tables below each other, with an empty line between; UTF-8 with a mark, as spreadsheets expect it."""
    out = io.StringIO()
    writer = csv.writer(out)
    for line in _about(report, sender):
        writer.writerow([harmless(line)])
    for table in tables_of(report):
        writer.writerow([])
        writer.writerow([harmless(table.caption)])
        writer.writerow([harmless(name) for name in table.head])
        for row in table.rows:
            writer.writerow([harmless(cell) for cell in (row.label, *row.cells)])
        if table.note:
            writer.writerow([harmless(table.note)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_xlsx(report: Report, sender: str) -> bytes:
    """One sheet per table; numbers are numbers, everything else is text."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        bold = book.add_format({"bold": True})
        about = book.add_worksheet("About")
        for number, words in enumerate(_about(report, sender)):
            about.write_string(number, 0, harmless(words))
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


def as_ods(report: Report, sender: str) -> bytes:
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
    for words in _about(report, sender):
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


def as_pdf(report: Report, sender: str) -> bytes:
    """The report to print: tagged, in words first, then every table."""
    charts = tuple(chart.table for chart in report.charts)
    parts = [
        Part(title="In words", blocks=(Block(kind="note", text="\n\n".join(report.wording)),)),
        Part(title="Dissents", blocks=tuple(_block(table) for table in charts)),
        Part(title="Tables", blocks=tuple(_block(table) for table in report.tables)),
    ]
    if report.too_small:
        parts.append(Part(title="Too small to show", blocks=(Block(kind="list", items=report.too_small),)))
    if report.silent:
        parts.append(
            Part(title="Took part, and raised nothing", blocks=(Block(kind="list", items=report.silent),))
        )
    return pack_pdf(
        Pack(
            title=f"Dissent and escalation, {report.period}",
            marking="Official-sensitive",
            sender=sender,
            reference="Figures",
            child="",
            facts=tuple((figure["label"].capitalize(), f"{figure['value']} {figure['small']}".strip()) for figure in report.headline),
            parts=tuple(part for part in parts if part.blocks),
            made_at=report.publication.as_at,
            note=_about(report, sender)[1],
        )
    )  # fmt: skip


def _block(table: TableView) -> Block:
    return Block(
        kind="table", caption=table.caption, head=table.head, rows=tuple((row.label, *row.cells) for row in table.rows)
    )  # fmt: skip


KINDS = {
    "pdf": ("application/pdf", as_pdf),
    "csv": ("text/csv; charset=utf-8", as_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", as_ods),
}
