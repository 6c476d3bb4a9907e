"""A mail server on loopback that writes down what it was handed, and fails in every way that it is told to."""

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

REFERENCE = re.compile(r"\bPD-[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{2}\b")


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail as it was handed over: each time it was, once more."""

    message_id: str
    to: str
    subject: str
    text: str
    references: frozenset[str]


class Sink:
    """`mood` says how it behaves: `takes`, or one of the ways of failing."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.mood = "takes"
        self.wrong: set[str] = set()  # addresses that it does not know, in the mood `unknown`
        self.letters: list[Letter] = []
        self.greeted = 0
        self.reached = threading.Event()
        self._let_go: asyncio.Event | None = None
        self._server: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._server = Controller(self, hostname="127.0.0.1", port=self.port)
        self._server.start()

    def stop(self) -> None:
        if self._server is not None:
            self.release()
            self._server.stop()
            self._server = None

    @contextmanager
    def held(self, mood: str) -> Iterator[None]:
        """In a mood in which it stops at a moment and waits, until this is over."""
        self.reached.clear()
        self.mood = mood
        try:
            yield
        finally:
            self.mood = "takes"
            self.release()

    def release(self) -> None:
        if self._server is not None and self._let_go is not None:
            self._server.loop.call_soon_threadsafe(self._let_go.set)
            self._let_go = None

    async def _wait(self) -> None:
        self._let_go = asyncio.Event()
        self.reached.set()
        await asyncio.wait_for(self._let_go.wait(), 60)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.greeted += 1
        if self.mood == "waits before":
            await self._wait()
        if self.mood == "busy":
            return "451 Try again later"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.mood == "unknown" and address in self.wrong:
            return "550 No such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.mood == "full":
            return "552 The mailbox is full"
        if self.mood == "silent":
            await self._wait()
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        text = str(message.get_content())
        for address in envelope.rcpt_tos:
            self.letters.append(
                Letter(
                    str(message["Message-ID"]),
                    str(address),
                    str(message["Subject"]),
                    text,
                    frozenset(REFERENCE.findall(f"{message['Subject']}\n{text}")),
                )
            )
        if self.mood == "waits after":
            await self._wait()
        if self.mood == "hangs up" and server.transport is not None:
            server.transport.abort()
        return "250 Taken"

    def told(self) -> dict[tuple[str, str], set[str]]:
        """For each person and case that they were told of, the Message-IDs of the letters that said it."""
        found: dict[tuple[str, str], set[str]] = {}
        for letter in list(self.letters):
            for reference in letter.references:
                found.setdefault((letter.to, reference), set()).add(letter.message_id)
        return found

    def repeats(self) -> int:
        """How many letters were handed over again, known by their Message-ID as the same."""
        times = Counter(letter.message_id for letter in list(self.letters))
        return sum(times.values()) - len(times)
