"""Refusals: every one says why in a sentence, names its rule and offers the right route."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Kind(Enum):
    """Which page a refusal becomes."""

    NOT_YOURS = 403  # another person's task
    NOT_NOW = 422  # the form again, with what was typed
    CHANGED = 409  # someone else was there first


@dataclass(frozen=True, slots=True)
class Route:
    """Where to go instead: a sentence, and a link when there is a page for it."""

    text: str
    url: str = ""


class Denied(Exception):
    """An action was refused.

    `rule` is the number of the rule in the protocol, or empty for a system safeguard (which `reason` then says).
    `field` names the form field that the sentence belongs to, when there is one.
    """

    def __init__(
        self,
        reason: str,
        *,
        rule: str = "",
        route: str | Route = "",
        kind: Kind = Kind.NOT_NOW,
        field: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.rule = rule
        self.route = Route(route) if isinstance(route, str) else route
        self.kind = kind
        self.field = field

    @property
    def sentence(self) -> str:
        """Reason and rule in one sentence, as shown on a form."""
        return f"{self.reason} ({self.rule})" if self.rule else self.reason


def not_yours(reason: str, rule: str = "", route: str | Route = "") -> Denied:
    """A refusal because of who asks: the page is 403."""
    return Denied(reason, rule=rule, route=route, kind=Kind.NOT_YOURS)


def changed(reason: str) -> Denied:
    """A refusal because someone changed it meanwhile: the page is 409 and keeps the text."""
    return Denied(reason, kind=Kind.CHANGED)


def allowed(check: Callable[..., None], *args: Any) -> bool:
    """Whether a check passes: for templates and lists, in place of twin functions."""
    try:
        check(*args)
    except Denied:
        return False
    return True
