"""Typed texts on a page as they stand in a letter."""

from typing import Any

from django import template

from letters.render import paragraphs

register = template.Library()


@register.filter
def typed(text: str) -> list[dict[str, Any]]:
    """The paragraphs and lists of a typed text."""
    return [
        {"kind": block["kind"], "lines": block.get("lines", []), "entries": block.get("items", [])}
        for block in paragraphs(text)
    ]
