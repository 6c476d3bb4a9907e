"""Rule numbers as links to their plain words: `{{ line.rule|cited }}`. A builtin of every template, like the rules."""

import re
from functools import cache

from django import template
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from protocols.loader import register as rules

register = template.Library()


@register.filter
def cited(words: object) -> SafeString:
    """Text with every rule number in it (SUS-27) turned into a link to that rule's page; everything else escaped.

    Not for what stands in a link, a button, a label or an attribute already.
    """
    if not words:
        return SafeString("")
    return mark_safe(_numbers().sub(lambda found: _link(found[0]), _escaped(words)))  # noqa: S308 - escaped


def _escaped(words: object) -> str:
    return str(conditional_escape(words if isinstance(words, SafeString) else str(words)))


@cache
def _numbers() -> re.Pattern[str]:
    """A number of the register, and nothing that only looks like one."""
    numbers = "|".join(map(re.escape, sorted(rules(), key=len, reverse=True)))
    return re.compile(rf"(?<![\w-])(?:{numbers})(?![\w-])")


@cache
def _link(number: str) -> str:
    return format_html(
        '<a class="govuk-link app-rule" href="{}">{}</a>', reverse("rule", args=[number]), number
    )
