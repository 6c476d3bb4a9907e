"""The virus scanner: clamd, spoken to over a socket. Without an address there is none, and that is said."""

import io
from typing import Literal

from clamav_client.clamd import ClamdError, ClamdNetworkSocket
from django.conf import settings

TIMEOUT = 20.0  # seconds

Verdict = Literal["none", "clean", "infected", "waiting"]


def scan(data: bytes) -> Verdict:
    """What the scanner says of a file: none (no scanner is set up), clean, infected, or waiting (it did not answer)."""
    if not settings.CLAMD_ADDRESS:
        return "none"
    host, _, port = settings.CLAMD_ADDRESS.rpartition(":")
    try:
        answer = ClamdNetworkSocket(host, int(port), TIMEOUT).instream(io.BytesIO(data))
    except (ClamdError, OSError, ValueError):
        return "waiting"
    status = answer.get("stream", ("ERROR", None))[0]
    return {"OK": "clean", "FOUND": "infected"}.get(status, "waiting")  # type: ignore[return-value]
