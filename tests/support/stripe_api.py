"""Stands in for Stripe's API, where a shop's backend asks for Checkout sessions."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qsl

Form = Mapping[str, str]
SESSIONS = "/v1/checkout/sessions"
_POLL_SECONDS: Final = 0.01


@dataclass(frozen=True, slots=True)
class StripeApi:
    """What it was asked, by idempotency key: a key that is used again gets the same session, and nothing is made."""

    port: int
    sessions: dict[str, Form] = field(default_factory=dict)

    def answer(self, path: str, key: str, asked: Form) -> tuple[int, Mapping[str, object]]:
        if path != SESSIONS or not key or self.sessions.setdefault(key, asked) != asked:
            # https://docs.stripe.com/api/idempotent_requests: of other parameters under the same key, too.
            return 400, {"error": {"type": "idempotency_error", "message": f"{path} with the key {key!r}"}}
        return 200, {"id": "cs_1", "object": "checkout.session", "url": f"https://checkout.stripe.example/{key}"}


@contextmanager
def a_stripe_api() -> Iterator[StripeApi]:
    class Requests(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, fields = api.answer(self.path, self.headers.get("Idempotency-Key", ""), dict(parse_qsl(form)))
            body = json.dumps(fields).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Requests) as server:
        api = StripeApi(server.server_port)
        threading.Thread(target=server.serve_forever, args=[_POLL_SECONDS], daemon=True).start()
        yield api
        server.shutdown()
