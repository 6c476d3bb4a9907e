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


def normalise(typed: str) -> str:
    """The reference meant by what was typed (`pd7f3k 92` is PD-7F3K-92); empty when it cannot be one."""
    letters = re.sub(r"[^0-9A-Za-z]", "", typed).upper()
    if len(letters) == 8 and letters[:2] in (CASE, CONFERENCE) and all(c in ALPHABET for c in letters[2:]):
        return f"{letters[:2]}-{letters[2:6]}-{letters[6:]}"
    if len(letters) == 6 and all(c in ALPHABET for c in letters):
        return f"{CASE}-{letters[:4]}-{letters[4:]}"
    return ""


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
