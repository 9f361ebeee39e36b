"""Stands in for Resend, as strict as its documentation is: https://resend.com/docs/api-reference."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from notifications.mail.resend import ResendTransport

SECRET: Final = "re_a_secret_that_nobody_may_see"
LOST: Final = 0
"""Instead of a status: the work is done, and the connection ends before the answer."""
MISSING: Final = -1
"""Likewise, but the connection ends before any work."""

Answer = tuple[int, Mapping[str, str], bytes]


@dataclass
class Resend:
    """What it has sent, each under its key once."""

    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """Every key that came, in the order in which they came."""
    troubles: list[Answer | int] = field(default_factory=list)
    """What the first requests get instead of a sensible answer."""
    next_trouble: Callable[[], Answer | int | None] = lambda: None
    may_answer: threading.Event = field(default_factory=threading.Event)
    """Not set: it takes what it is asked, and says nothing."""

    def __post_init__(self) -> None:
        self.may_answer.set()

    def answer(self, headers: Message, body: bytes) -> Answer | None:
        """None: the connection ends."""
        key = headers.get("Idempotency-Key", "")
        self.asked.append(key)
        trouble = self.troubles.pop(0) if self.troubles else self.next_trouble()
        if isinstance(trouble, tuple):
            return trouble
        if trouble == MISSING:
            return None
        answer = self._sensible(headers, key, body)
        return None if trouble == LOST else answer

    def _sensible(self, headers: Message, key: str, body: bytes) -> Answer:
        if headers.get("Authorization") != f"Bearer {SECRET}":
            return refusal(401, "validation_error")
        if headers.get("Content-Type") != "application/json":
            return refusal(415, "unsupported_media_type")
        if not 1 <= len(key) <= 256:
            return refusal(400, "invalid_idempotency_key")
        mail = json.loads(body)
        if defect := _defect_of(mail):
            return refusal(422, defect)
        if self.sent.setdefault(key, mail) != mail:
            return refusal(409, "invalid_idempotent_request")
        return 200, {}, json.dumps({"id": f"mail-{list(self.sent).index(key)}"}).encode()


def refusal(status: int, name: str, **headers: str) -> Answer:
    """With words that nobody may repeat."""
    said = {"statusCode": status, "name": name, "message": "alice@mail.example is not welcome"}
    return status, headers, json.dumps(said).encode()


def _defect_of(mail: Mapping[str, Any]) -> str | None:
    texts = ("from", "subject", "text", "html")
    if not all(mail.get(name) for name in (*texts, "to")):
        return "missing_required_field"
    known = {*texts, "to", "reply_to", "headers"}
    is_sound = isinstance(mail.get("reply_to", ""), str) and mail.keys() <= known
    is_sound = is_sound and all(isinstance(mail[name], str) for name in texts)
    return None if is_sound and isinstance(mail["to"], list) and len(mail["to"]) <= 50 else "validation_error"


@contextmanager
def listening(resend: Resend) -> Iterator[ResendTransport]:
    """What a shop sends by, to the one that stands in."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = resend.answer(self.headers, body) if self.path == "/emails" else refusal(404, "not_found")
            resend.may_answer.wait()
            self.close_connection = True
            if answer is None:
                return
            status, headers, said = answer
            self.send_response(status)
            for name, value in {"Content-Length": str(len(said)), "Connection": "close", **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield ResendTransport(SECRET, f"http://127.0.0.1:{server.server_port}")
        finally:
            resend.may_answer.set()
            server.shutdown()
            thread.join()
