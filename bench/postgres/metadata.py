"""A stand-in for a Google machine's metadata server: it issues access tokens that last an hour.

The service finds it by GCE_METADATA_HOST, so each call checks its token's age as in production:
https://cloud.google.com/compute/docs/metadata/overview.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from bench.postgres.tls_in_front import TOKEN

_HOST: Final = "127.0.0.1"
_LIFETIME_SECONDS: Final = 3_599


class _Metadata(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        token = {"access_token": TOKEN, "expires_in": _LIFETIME_SECONDS, "token_type": "Bearer"}
        content = json.dumps(token).encode()
        self.send_response(200)
        for name, value in {
            "Metadata-Flavor": "Google",
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
        """Logs nothing."""


@contextmanager
def metadata_server() -> Iterator[str]:
    """Its address, for GCE_METADATA_HOST, until the block ends."""
    with ThreadingHTTPServer((_HOST, 0), _Metadata) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"{_HOST}:{server.server_address[1]}"
        finally:
            server.shutdown()
