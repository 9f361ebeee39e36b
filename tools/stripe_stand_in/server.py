"""The stand-in on a port of this machine: Stripe's API, the payment page and the controls."""

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Final, TextIO

from werkzeug import Request, Response
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from stripe_api.keys import EMULATORS_KEY
from tools.ports import HOST
from tools.stripe_stand_in import controls, page
from tools.stripe_stand_in.account import Account
from tools.stripe_stand_in.endpoint import Api
from tools.stripe_stand_in.refusals import Refused
from tools.stripe_stand_in.webhooks import Webhooks
from webhooks.signing_secrets import EMULATORS_SECRET

PAGES: Final = "/pay/"


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
    webhooks, account = Webhooks(webhook, EMULATORS_SECRET), Account(origin="", clock=clock)
    api = Api(account, EMULATORS_KEY, webhooks)
    server = make_server(
        HOST, port, Request.application(partial(_respond, api)), threaded=True, request_handler=_handler(log)
    )
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


def _respond(api: Api, request: Request) -> Response:
    if request.path.startswith(controls.PREFIX):
        return _controlled(api, request)
    if not request.path.startswith(PAGES):
        return api.respond(request)
    session_id = request.path.removeprefix(PAGES)
    try:
        return controls.changed(api, lambda: page.respond(request, api.account, session_id))
    except Refused as refused:
        return page.refused(refused)


def _controlled(api: Api, request: Request) -> Response:
    try:
        answer, status = controls.respond(api, request.path, json.loads(request.get_data() or b"{}")), 200
    except Refused as refused:
        answer, status = refused.body, refused.status
    except (KeyError, TypeError, ValueError) as misused:
        answer, status = {"error": {"message": f"{type(misused).__name__}: {misused}"}}, 400
    return Response(json.dumps(answer), status, mimetype="application/json")
