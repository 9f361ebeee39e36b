"""The page in examples/shop, for the shop that `make emulators` keeps open: until Ctrl-C.

    make page [PAGE_PORT=...]

Its config.json, which says where Firebase is, is answered from the addresses of that shop.
"""

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from tools import addresses
from tools.addresses import PROJECT, Addresses, NoEmulators
from tools.ports import HOST
from tools.toolchain import BUILD
from tools.web_sdk import PAGE

PORT_VARIABLE: Final = "PAGE_PORT"
PORT: Final = 8000

# No script but the page's own, and no text that becomes markup: what a customer or a product is called stays a text.
_POLICY: Final[Mapping[str, str]] = {
    **dict.fromkeys(("default-src", "base-uri", "form-action", "frame-ancestors", "trusted-types"), "'none'"),
    **dict.fromkeys(("script-src", "style-src", "img-src"), "'self'"),
    "require-trusted-types-for": "'script'",
}


def configuration(shop: Addresses) -> dict[str, Any]:
    """What the page asks for. The emulators take any key."""
    return {
        "firebase": {"projectId": PROJECT, "apiKey": "any"},
        "emulators": {"firestore": shop.firestore, "auth": shop.auth},
    }


class _Page(SimpleHTTPRequestHandler):
    """One file of the page."""

    def __init__(self, shop: Addresses, *request: object) -> None:
        self._shop = shop
        super().__init__(*request, directory=str(PAGE))  # type: ignore[arg-type] # what http.server passes on

    def do_GET(self) -> None:
        if self.path != "/config.json":
            super().do_GET()
            return
        body = json.dumps(configuration(self._shop)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        policy = {**_POLICY, "connect-src": f"'self' http://{self._shop.firestore} http://{self._shop.auth}"}
        self.send_header("Content-Security-Policy", "; ".join(f"{name} {value}" for name, value in policy.items()))
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: a person reads this terminal for the address alone."""


def server(shop: Addresses, port: int | None) -> ThreadingHTTPServer:
    """Listens on this port, else on the usual one, else on a free one. Raises OSError if the named one is taken."""
    handler = partial(_Page, shop)
    if port is not None:
        return ThreadingHTTPServer((HOST, port), handler)
    try:
        return ThreadingHTTPServer((HOST, PORT), handler)
    except OSError:
        return ThreadingHTTPServer((HOST, 0), handler)


def main() -> int:
    """The exit code, once Ctrl-C has ended it."""
    port = os.environ.get(PORT_VARIABLE)
    try:
        listening = server(addresses.found(os.environ, BUILD), int(port) if port else None)
    except NoEmulators as problem:
        print(problem, file=sys.stderr)
        return 1
    except (OSError, ValueError) as problem:
        print(f"{PORT_VARIABLE}={port} cannot be used: {problem}.", file=sys.stderr)
        return 1
    with listening, contextlib.suppress(KeyboardInterrupt):
        print(f"Open http://{HOST}:{listening.server_port} in a browser. Ctrl-C ends it.", flush=True)
        listening.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
