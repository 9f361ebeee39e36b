"""python -m tools.stripe_stand_in --port=... [--webhook=...] [--secret=...] [--key=...]: until it is ended."""

import argparse
import sys
import time
from collections.abc import Sequence

from werkzeug.serving import WSGIRequestHandler, make_server

from stripe_api.keys import EMULATORS_KEY
from tools.emulators import WEBHOOK_SECRET
from tools.ports import HOST
from tools.stripe_stand_in.account import Account
from tools.stripe_stand_in.app import StandIn
from tools.stripe_stand_in.endpoint import Api
from tools.stripe_stand_in.process import READY
from tools.stripe_stand_in.webhooks import Webhooks


class Handler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002 - as werkzeug calls it
        """One plain line each: colours are for a terminal."""
        print(f"{self.command} {self.path} {code}", file=sys.stderr, flush=True)


def main(words: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.stripe_stand_in")
    parser.add_argument("--port", type=int, required=True, help="0 for any that is free")
    parser.add_argument("--webhook", default=None, help="where events are posted to; nowhere unless it is named")
    parser.add_argument("--secret", default=WEBHOOK_SECRET, help="with which they are signed")
    parser.add_argument("--key", default=EMULATORS_KEY, help="the one API key that is good")
    said = parser.parse_args(words)
    webhooks = Webhooks(said.webhook, said.secret)
    account = Account(origin="", clock=time.time)
    server = make_server(
        HOST, said.port, StandIn(Api(account, said.key, webhooks)), threaded=True, request_handler=Handler
    )
    account.origin = f"http://{HOST}:{server.port}"
    webhooks.start()
    print(f"{READY}{account.origin}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
