"""Serves a folder of static files on this machine until Ctrl-C."""

import contextlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from tools import addresses
from tools.addresses import PROJECT, Addresses, NoEmulators
from tools.ports import HOST
from tools.toolchain import BUILD

_LOOKS_EVERY_SECONDS: Final = 0.01
"""How often it checks whether to end."""


@dataclass(frozen=True, slots=True)
class Site:
    folder: Path
    headers: Mapping[str, str]
    """Sent with every answer."""
    answers: Mapping[str, Any] = field(default_factory=dict)
    """Generated JSON answers, by path."""


def configuration(shop: Addresses, project: str = PROJECT) -> dict[str, Any]:
    """How a page connects to Firebase. The emulators accept any key, and have a database for every project."""
    return {
        "firebase": {"projectId": project, "apiKey": "any"},
        "emulators": {"firestore": shop.firestore, "auth": shop.auth, "functions": shop.functions},
    }


class _Files(SimpleHTTPRequestHandler):
    """Answers one request for a file of the site."""

    def __init__(self, site: Site, *request: object) -> None:
        self._site = site
        super().__init__(*request, directory=str(site.folder))  # type: ignore[arg-type] # what http.server passes on

    def do_GET(self) -> None:
        if self.path not in self._site.answers:
            super().do_GET()
            return
        body = json.dumps(self._site.answers[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        for name, value in self._site.headers.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Logs nothing: only the address matters on this terminal."""


@dataclass(frozen=True, slots=True)
class Port:
    variable: str
    """The environment variable that names another port."""
    usual: int


def server(site: Site, port: int | None, usual: int) -> ThreadingHTTPServer:
    """Listens on this port, or else on the usual one or a free one. Raises OSError if the given port is taken."""
    handler = partial(_Files, site)
    if port is not None:
        return ThreadingHTTPServer((HOST, port), handler)
    try:
        return ThreadingHTTPServer((HOST, usual), handler)
    except OSError:
        return ThreadingHTTPServer((HOST, 0), handler)


@contextmanager
def served(site: Site, port: int = 0) -> Iterator[str]:
    """The address of the site, served by a thread; on a free port, unless one is given."""
    with server(site, port, port) as listening:
        threading.Thread(target=listening.serve_forever, args=[_LOOKS_EVERY_SECONDS], daemon=True).start()
        yield f"http://{HOST}:{listening.server_port}"
        listening.shutdown()


def serve(site_of: Callable[[Addresses], Site], port: Port, prepare: Callable[[Addresses], str] | None = None) -> int:
    """Serve the site for the open shop, until Ctrl-C. Returns the exit code.

    Args:
        prepare: does what else the site needs, and returns what its user has to know.
    """
    named = os.environ.get(port.variable)
    try:
        shop = addresses.found(os.environ, BUILD)
        listening = server(site_of(shop), int(named) if named else None, port.usual)
    except NoEmulators as problem:
        print(problem, file=sys.stderr)
        return 1
    except (OSError, ValueError, OverflowError) as problem:
        print(f"{port.variable}={named} cannot be used: {problem}.", file=sys.stderr)
        return 1
    with listening, contextlib.suppress(KeyboardInterrupt):
        more = [prepare(shop)] if prepare else []
        print(f"Open http://{HOST}:{listening.server_port} in a browser.", *more, "Ctrl-C ends it.", flush=True)
        listening.serve_forever()
    return 0
