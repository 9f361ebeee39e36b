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
    """It listens, and answers once it is let to serve; its webhooks are sent until they are stopped.

    Args:
        port: 0 for any that is free.
        webhook: where events are posted to; None for nowhere.
        clock: what time it is, in seconds.
        log: where every request is noted; None for nowhere.

    Raises:
        SystemExit: somebody else listens there.
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
            """One plain line each: colours are for a terminal."""
            if log:
                print(f"{self.command} {self.path} {code}", file=log, flush=True)

    return Handler
