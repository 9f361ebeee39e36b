"""The stand-in on a port of this machine."""

import time
from collections.abc import Callable
from typing import TextIO

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from stripe_api.keys import EMULATORS_KEY
from tools.emulators import WEBHOOK_SECRET
from tools.ports import HOST
from tools.stripe_stand_in.account import Account
from tools.stripe_stand_in.app import StandIn
from tools.stripe_stand_in.endpoint import Api
from tools.stripe_stand_in.webhooks import Webhooks


def listening(
    port: int = 0, *, webhook: str | None = None, clock: Callable[[], float] = time.time, log: TextIO | None = None
) -> tuple[BaseWSGIServer, Webhooks]:
    """A server that listens, and answers once `serve_forever` is called; webhooks are sent until stopped.

    Args:
        port: 0 for any free one.
        webhook: the URL that events are posted to; None sends none.
        clock: the time, in seconds.
        log: gets one line for each request; None for none.

    Raises:
        SystemExit: the port is in use.
    """
    webhooks, account = Webhooks(webhook, WEBHOOK_SECRET), Account(origin="", clock=clock)
    api = Api(account, EMULATORS_KEY, webhooks)
    server = make_server(HOST, port, StandIn(api), threaded=True, request_handler=_handler(log))
    account.origin = f"http://{HOST}:{server.port}"
    webhooks.start()
    return server, webhooks


def _handler(log: TextIO | None) -> type[WSGIRequestHandler]:
    class Handler(WSGIRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002 - as werkzeug calls it
            """Plain lines, without werkzeug's terminal colours."""
            if log:
                print(f"{self.command} {self.path} {code}", file=log, flush=True)

    return Handler
