"""What ./dev says: one line for each step, with how long it took."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Stop(Exception):
    """Nothing more can be done; the sentence says why and, where there is one, the way out."""


def say(text: str = "") -> None:
    try:
        print(text, flush=True)
    except OSError:
        # The terminal has gone. Stopping cleanly matters more than saying so; the rest goes nowhere.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, RUF100


def seconds(since: float) -> str:
    return f"{time.monotonic() - since:.1f} s"


@contextmanager
def step(what: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    say(f"  {what:<52} {seconds(started):>8}")


def tail(log: Path, lines: int = 25) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
