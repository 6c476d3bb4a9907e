"""The two ways out: a mail server by SMTP, or GOV.UK Notify by its client. Each says what became of one email.

Taken: the other side has it. Refused: it says why, whether trying again can help (`for_good`), whether the email may
have left all the same (`unknown`: the answer was lost), and whether the other side could be reached at all.
"""

import smtplib
import socket
import threading
from dataclasses import dataclass
from typing import Any, Protocol

import requests
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from notifications_python_client.errors import APIError, InvalidResponse
from notifications_python_client.notifications import NotificationsAPIClient

CONNECT = 5.0  # seconds for a connection
WHOLE = 15.0  # seconds for all of it, however slowly the other side answers


@dataclass(frozen=True, slots=True)
class Letter:
    """One email as it leaves: to one person."""

    key: str  # the same on every repeat: in the Message-ID, and Notify's reference
    to: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Taken:
    """The other side has it; `ref` is its own name for it."""

    ref: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """It was not taken, as far as we know."""

    code: str
    for_good: bool = False
    unknown: bool = False
    unreachable: bool = False


class Way(Protocol):
    """How an email leaves."""

    looks_up: bool  # whether it can be asked about an email whose fate is not known

    def send(self, letter: Letter) -> Taken | Refused: ...

    def look_up(self, key: str, *, known: str) -> Taken | Refused | None:
        """What became of an email sent before, other than the one known as `known`. None: it never arrived there."""


def way_out() -> Way:
    """GOV.UK Notify when its key is set, else the mail server."""
    return ByNotify() if settings.NOTIFY_API_KEY else BySmtp()


class Unreachable(ConnectionError):
    """No connection to the mail server: nothing can have left."""


class MailServer(EmailBackend):
    """Django's SMTP connection with a limit for connecting, and one for all that follows that no slow answer stretches."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.timeout = CONNECT
        self._cut_off = False

    def open(self) -> bool | None:
        try:
            opened = super().open()
        except (TimeoutError, smtplib.SMTPServerDisconnected) as error:
            raise Unreachable(str(error)) from error
        if opened and self.connection is not None and self.connection.sock is not None:
            self.connection.sock.settimeout(WHOLE)
        return opened

    def send_messages(self, email_messages: Any) -> int:
        limit = threading.Timer(WHOLE, self._cut)
        limit.daemon = True
        limit.start()
        try:
            return super().send_messages(email_messages)
        except OSError as error:
            if self._cut_off:
                raise TimeoutError(f"the mail server took longer than {WHOLE:.0f} seconds") from error
            raise
        finally:
            limit.cancel()

    def _cut(self) -> None:
        self._cut_off = True
        connection = self.connection
        if connection is not None and connection.sock is not None:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has just ended by itself

    def close(self) -> None:
        """Taking leave is a courtesy: whatever comes of it, the email was taken or refused before."""
        try:
            super().close()
        except OSError:
            self.connection = None


class BySmtp:
    """Through the mail server that EMAIL_URL names."""

    looks_up = False

    def send(self, letter: Letter) -> Taken | Refused:
        host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
        email = EmailMessage(
            subject=letter.subject,
            body=letter.body,
            to=[letter.to],
            headers={"Message-ID": f"<{letter.key}@{host}>", "Auto-Submitted": "auto-generated"},
        )
        try:
            email.send()
        except OSError as error:  # every failure of smtplib and of the network is one
            return refused_by_smtp(error)
        return Taken()

    def look_up(self, key: str, *, known: str) -> None:
        """A mail server cannot be asked."""


def refused_by_smtp(error: OSError) -> Refused:
    """Only an answer about the recipient is for good. A connection lost on the way leaves it open whether it was taken."""
    code = type(error).__name__
    match error:
        case smtplib.SMTPRecipientsRefused():
            replies = [reply for reply, _ in error.recipients.values()]
            return Refused(f"SMTP {replies[0]}" if replies else code, for_good=min(replies, default=0) >= 500)
        case smtplib.SMTPConnectError():
            return Refused(f"SMTP {error.smtp_code}", unreachable=True)
        case smtplib.SMTPResponseException():
            return Refused(f"SMTP {error.smtp_code}")
        case smtplib.SMTPServerDisconnected() | TimeoutError() | ConnectionResetError() | BrokenPipeError():
            return Refused(code, unknown=True)
        case smtplib.SMTPException():
            return Refused(code)
        case _:
            return Refused(code, unreachable=True)


class ByNotify:
    """Through GOV.UK Notify: a template with the two fields ((subject)) and ((body)), our key as the reference."""

    looks_up = True

    def __init__(self) -> None:
        self._client: Any = NotificationsAPIClient(  # type: ignore[no-untyped-call]
            settings.NOTIFY_API_KEY, base_url=settings.NOTIFY_BASE_URL, timeout=(CONNECT, WHOLE - CONNECT)
        )

    def send(self, letter: Letter) -> Taken | Refused:
        try:
            answer = self._client.send_email_notification(
                email_address=letter.to,
                template_id=settings.NOTIFY_TEMPLATE_ID,
                personalisation={"subject": letter.subject, "body": letter.body},
                reference=letter.key,
            )
        except APIError as error:
            return refused_by_notify(error)
        return Taken(str(answer["id"]))

    def look_up(self, key: str, *, known: str) -> Taken | Refused | None:
        try:
            found = self._client.get_all_notifications(reference=key)["notifications"]
        except APIError as error:
            refused = refused_by_notify(error)
            return Refused(refused.code, unknown=True, unreachable=refused.unreachable)
        fresh = [row for row in found if str(row["id"]) != known]
        return Taken(str(fresh[0]["id"])) if fresh else None


def refused_by_notify(error: APIError) -> Refused:
    """A 400 about the address is for good. No answer, a broken one or a 5xx leaves it open whether it was taken."""
    if isinstance(error, InvalidResponse):
        return Refused("Notify InvalidResponse", unknown=True)
    if error.response is None:
        cause = error.__cause__
        if isinstance(cause, requests.exceptions.ConnectTimeout) or _never_connected(cause):
            return Refused(type(cause).__name__, unreachable=True)
        return Refused(type(cause).__name__, unknown=True)
    status = error.status_code
    about_the_address = status == 400 and "email_address" in str(error.message)
    return Refused(f"Notify {status}", for_good=about_the_address, unknown=status >= 500)


def _never_connected(cause: BaseException | None) -> bool:
    """The request cannot have left: there was no connection to send it by."""
    if not isinstance(cause, requests.exceptions.ConnectionError) or not cause.args:
        return False
    reason = getattr(cause.args[0], "reason", None)
    return type(reason).__name__ in ("NewConnectionError", "ConnectTimeoutError", "NameResolutionError")
