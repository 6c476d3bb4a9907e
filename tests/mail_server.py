"""Mail servers on this machine: one that takes every email or fails in the way that it is told, one that never ends."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from devtools.redis_server import free_port


class Mailbox:
    """What has arrived, and what goes wrong: `to` by address, `data` for every email, `hangs` until released."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.to: dict[str, str] = {}  # the answer to RCPT, by the name before the @
        self.data = "250 Taken"  # the answer to DATA
        self.disconnects = False  # after it has taken the email, before it says so
        self.hangs = False
        self.port = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.to.get(address.partition("@")[0], "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.hangs:
            await asyncio.sleep(60)
        if self.data.startswith("250"):
            self.received.append(message_from_bytes(envelope.original_content or b"", policy=policy.default))
        if self.disconnects:
            transport: Any = server.transport
            transport.abort()
        return self.data

    def names(self) -> list[str]:
        return [message["To"].partition("@")[0] for message in self.received]


@contextmanager
def mail_server_running() -> Iterator[Mailbox]:
    box = Mailbox()
    box.port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


class Dripping:
    """Answers one connection with a greeting that never ends, a byte at a time."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._drip)

    def _drip(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            connection.sendall(b"220 here\r\n")
            connection.recv(1024)
            while not self._over.wait(0.05):
                try:
                    connection.sendall(b"2")
                except OSError:
                    return

    def __enter__(self) -> "Dripping":
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._over.set()
        self._thread.join(10)
