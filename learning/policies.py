"""May it be said of this case now, and may these words be kept? Nothing about who asks."""

import re
from collections.abc import Iterable

from cases.models import Case
from core.refusals import Denied
from learning.states import DECIDED


def check_decided(case: Case) -> None:
    """Something is learnt once it is decided or closed; a withdrawn matter was not decided."""
    if case.stage not in DECIDED:
        raise Denied("Themes and learning points are noted once the case is decided.")


def check_unpublished(month: str, published: Iterable[str]) -> None:
    """What was counted in a summary stays as it was counted, so that nothing is found out by comparing two."""
    if month in published:
        raise Denied(
            "The forum has been told of the month in which this was noted, so it stays as it is.",
            route="Say anything new to the partnership admin.",
        )


def named_in(text: str, *, children: Iterable[str], initials: Iterable[str], people: Iterable[str]) -> str:
    """The first name or initials of these that a text holds; empty when there are none.

    Names are compared word by word: children's in any case, other people's as they are written, so that "you may" is
    no Ms May. Initials are compared in capitals, as people type them: Q.Y., QY, Q Y. Short words of a name ("de") are
    left out.
    """
    for name in _parts(children):
        if re.search(_whole(name), text, re.IGNORECASE):
            return name
    for each in dict.fromkeys(initials):
        letters = re.findall(r"\w", each)
        if len(letters) > 1 and re.search(_whole(*letters), text):
            return each
    return next((name for name in _parts(people) if re.search(_whole(name), text)), "")


def _parts(names: Iterable[str]) -> dict[str, None]:
    return dict.fromkeys(part for name in names for part in re.split(r"[\s-]+", name) if len(part) > 2)


def _whole(*pieces: str) -> str:
    return r"(?<!\w)" + r"[.\s]{0,2}".join(re.escape(piece) for piece in pieces) + r"(?!\w)"
