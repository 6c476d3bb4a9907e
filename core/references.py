"""References that people read out: PD-7F3K-92 for a case, CF-… for a conference.

Six random characters without 0 O 1 I L U; no count is in them; found however they are typed. And the addresses that no
log may hold in full, because whoever reads them could use them.
"""

import re
import secrets
from collections.abc import MutableMapping
from typing import Any

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CASE = "PD"
CONFERENCE = "CF"
PATTERN = rf"[{ALPHABET}]{{4}}-[{ALPHABET}]{{2}}"


def new_reference(prefix: str) -> str:
    """A fresh random reference. Uniqueness is the database's: the caller retries on a clash."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(6))
    return f"{prefix}-{code[:4]}-{code[4:]}"


# In the middle of other words: a subject line, an address, a sentence.
_WITHIN = re.compile(
    r"(?<![0-9A-Z])(PD|CF)[^0-9A-Z]{0,3}([0-9A-Z]{4})[^0-9A-Z]{0,3}([0-9A-Z]{2})(?![0-9A-Z])"
)
# What is read or heard for another; those that no reference holds stand for what they look like.
_ALIKE = ("0OQD", "1ILJT7", "UVY", "5S", "2Z", "8B", "6G", "MN", "VWY")


def normalise(typed: str) -> str:
    """The reference meant by what was typed (`pd7f3k 92` is PD-7F3K-92); empty when it cannot be one.

    It may stand among other words: a subject line ("Re: PD-7F3K-92 decision due") or the address of a page.
    """
    prefix, code = _parts(typed)
    return f"{prefix}-{code[:4]}-{code[4:]}" if code and all(c in ALPHABET for c in code) else ""


def alike(typed: str) -> str:
    """References that look like what was typed, as a regular expression: O for Q, 5 for S. Empty for other words.

    The letters of the expression come from this module alone, so that it is safe in a query.
    """
    prefix, code = _parts(typed)
    if not code:
        return ""
    classes = ["".join(dict.fromkeys(d for group in _ALIKE if c in group for d in group)) or c for c in code]
    found = "".join(f"[{letters}]" for letters in classes[:4]) + "-" + "".join(f"[{c}]" for c in classes[4:])
    return f"^{prefix}-{found}$"


def _parts(typed: str) -> tuple[str, str]:
    """Prefix and six characters of what was typed; both empty when it is not shaped like a reference."""
    words = typed.upper()
    for prefix, four, two in _WITHIN.findall(words):
        return prefix, four + two
    letters = re.sub(r"[^0-9A-Z]", "", words)
    if len(letters) == 8 and letters[:2] in (CASE, CONFERENCE):
        return letters[:2], letters[2:]
    return (CASE, letters) if len(letters) == 6 else ("", "")


_SECRET_PATH = re.compile(r"(/(?:guest|set-password)/[0-9a-f-]{36}/)[^/\s\"?]+")


def without_secrets(text: str) -> str:
    """A line of a log with the secret of a one-time link taken out."""
    return _SECRET_PATH.sub(r"\1…", text)


def hide_secrets(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A step of the logs (structlog): no value holds a one-time link that somebody could use."""
    return {key: without_secrets(value) if isinstance(value, str) else value for key, value in event.items()}


def without_details(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A step of writing a log: what tells more of a person than their number stays out, their browser and address."""
    for key in ("user_agent", "ip"):
        event.pop(key, None)
    return event
