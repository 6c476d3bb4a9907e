"""GOV.UK Notify on this machine: the two calls that the product makes, as its documentation gives them.

The token of every call is checked with the code of Notify's own client: signed with the key, by the right service, not
older than half a minute, by this machine's clock or, where `shift` says so, by one that is as many seconds from it.
`took` is told of every email that is taken. `fails` says what happens to the next emails: a status to answer with, "lost" (taken, but the
answer never comes) or "slow" (no answer in time).
"""

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from notifications_python_client.authentication import decode_jwt_token, epoch_seconds, get_token_issuer
from notifications_python_client.errors import TokenError, TokenExpiredError

SERVICE = "11111111-2222-3333-4444-555555555555"
SECRET = "66666666-7777-8888-9999-000000000000"
KEY = f"invented-key-{SERVICE}-{SECRET}"
TEMPLATE = "99999999-0000-1111-2222-333333333333"

ERRORS = {
    400: ("ValidationError", "email_address Not a valid email address"),
    403: ("AuthError", "Invalid token: signature"),
    429: ("RateLimitError", "Exceeded rate limit for key type LIVE of 3000 requests per 60 seconds"),
    500: ("Exception", "Internal server error"),
}


class Notify:
    """What has arrived, and what is to go wrong."""

    def __init__(self) -> None:
        self.emails: list[dict[str, Any]] = []
        self.fails: list[Any] = []
        self.refused_addresses: set[str] = set()
        self.looked_up = 0
        self.forgetful = 0  # so many look-ups find nothing yet
        self.released = threading.Event()
        self.url = ""
        self.shift: Callable[[], float] = lambda: 0.0
        self.took: Callable[[dict[str, Any]], object] = lambda email: None

    def take(self, given: dict[str, Any]) -> dict[str, Any]:
        email = {
            "id": str(uuid.uuid4()), "reference": given["reference"], "email_address": given["email_address"],
            "type": "email", "status": "created", "subject": given["personalisation"]["subject"],
            "body": given["personalisation"]["body"],
        }  # fmt: skip
        self.emails.append(email)
        self.took(email)
        return email


class Handler(BaseHTTPRequestHandler):
    notify: Notify

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._allowed() or urlsplit(self.path).path != "/v2/notifications/email":
            return
        if set(given) != {"email_address", "template_id", "personalisation", "reference"}:
            self._error(400, "BadRequestError", "Missing personalisation")
            return
        fault = self.notify.fails.pop(0) if self.notify.fails else None
        if given["email_address"] in self.notify.refused_addresses:
            fault = 400
        if given["template_id"] != TEMPLATE:
            self._error(400, "BadRequestError", "Template not found")
        elif isinstance(fault, int):
            self._error(fault, *ERRORS[fault])
        elif fault == "lost":
            self.notify.take(given)
            self.close_connection = True
            self.connection.close()
        elif fault == "slow":
            self.notify.released.wait(30)
            self.close_connection = True
        else:
            email = self.notify.take(given)
            self._answer(201, {"id": email["id"], "reference": email["reference"], "uri": self.notify.url})

    def do_GET(self) -> None:
        if not self._allowed():
            return
        self.notify.looked_up += 1
        reference = parse_qs(urlsplit(self.path).query)["reference"][0]
        found = [email for email in self.notify.emails if email["reference"] == reference]
        if self.notify.forgetful:
            self.notify.forgetful -= 1
            found = []
        self._answer(200, {"notifications": found[::-1], "links": {"current": self.path}})

    def _allowed(self) -> bool:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            try:
                decode_jwt_token(token, SECRET)
            except TokenExpiredError as error:  # its signature was good
                shift = self.notify.shift()
                if not shift or abs(error.token["iat"] - epoch_seconds() - shift) > 30:
                    raise
            if get_token_issuer(token) != SERVICE:
                raise TokenError("Another service")
        except TokenError as error:
            self._error(403, "AuthError", str(error.message))
            return False
        return True

    def _error(self, status: int, kind: str, message: str) -> None:
        self._answer(status, {"status_code": status, "errors": [{"error": kind, "message": message}]})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing to standard error."""


@contextmanager
def notify_running() -> Iterator[Notify]:
    notify = Notify()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OwnHandler", (Handler,), {"notify": notify}))
    notify.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield notify
    finally:
        notify.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
