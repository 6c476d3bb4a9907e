"""All reads of this room: counting the cases, and the page of what was published."""

from reports.selectors.counting import (
    Counting,
    Grain,
    Key,
    clock_rows,
    extract_rows,
    harmless,
    median_of,
    published,
    tallies,
    versions_counted,
)
from reports.selectors.page import (
    Report,
    TableView,
    last_quarters,
    months_between,
    periods,
    periods_listed,
    report_of,
    span_words,
    tables_of,
)

__all__ = [
    "Counting",
    "Grain",
    "Key",
    "Report",
    "TableView",
    "clock_rows",
    "extract_rows",
    "harmless",
    "last_quarters",
    "median_of",
    "months_between",
    "periods",
    "periods_listed",
    "published",
    "report_of",
    "span_words",
    "tables_of",
    "tallies",
    "versions_counted",
]
