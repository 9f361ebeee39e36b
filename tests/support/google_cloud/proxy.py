"""A proxy that answers for every https server itself, with its own certificates, and connects to none.

So programs call Google as they always do; they are only given this proxy and its certificate authority.
"""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import trustme

from tests.support.google_cloud.project import GoogleProject

_HOST: Final = "127.0.0.1"
_SECONDS_MAX: Final = 20


class _Authority:
    """Issues a certificate for any requested host."""

    def __init__(self, file: Path) -> None:
        self._authority = trustme.CA()
        self._authority.cert_pem.write_to_path(str(file))
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._one_at_a_time = threading.Lock()

    def context_for(self, host: str) -> ssl.SSLContext:
        with self._one_at_a_time:
            if host not in self._contexts:
                self._contexts[host] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._authority.issue_cert(host).configure_cert(self._contexts[host])
            return self._contexts[host]


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _SECONDS_MAX
    # Otherwise the end of each answer waits 40 ms for an acknowledgement.
    disable_nagle_algorithm = True

    def __init__(self, google: GoogleProject, authority: _Authority, *request: Any) -> None:
        self._google, self._authority, self._host = google, authority, ""
        super().__init__(*request)

    def do_CONNECT(self) -> None:
        self._host = self.path.partition(":")[0]
        self.send_response(200)
        self.end_headers()
        super().finish()
        self.connection = self._authority.context_for(self._host).wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.close_connection = False

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def _answer(self) -> None:
        address = urlsplit(self.path)
        status, answered = self._google.answer(
            self.command, self._host + unquote(address.path), dict(parse_qsl(address.query)), self._body()
        )
        content = json.dumps(answered).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = _answer  # noqa: N815 - the library's own names

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's own name
        """Logs nothing: the project records the requests."""


@contextmanager
def proxy_to(google: GoogleProject, authority_file: Path) -> Iterator[str]:
    """The proxy's address until the block ends; the file then holds the certificate to trust."""
    server = ThreadingHTTPServer((_HOST, 0), partial(_Connection, google, _Authority(authority_file)))
    server.daemon_threads = True
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    try:
        yield f"http://{_HOST}:{server.server_port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
