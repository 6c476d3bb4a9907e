"""Which counts may be shown, so that nobody is found out by a small number. Plain Python, no Django."""

from disclosure.population import SMALL, Population, Published, Table, rounded

__all__ = ["SMALL", "Population", "Published", "Table", "rounded"]
