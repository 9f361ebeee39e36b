"""python -m tools.stripe_stand_in --port=... [--webhook=...]: serve until interrupted."""

import argparse
import sys
from collections.abc import Sequence

from tools.ports import HOST
from tools.stripe_stand_in.process import READY
from tools.stripe_stand_in.server import listening


def main(words: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.stripe_stand_in")
    parser.add_argument("--port", type=int, required=True, help="0 for any that is free")
    parser.add_argument("--webhook", default=None, help="where events are posted to; nowhere unless it is named")
    said = parser.parse_args(words)
    server, _ = listening(said.port, webhook=said.webhook, log=sys.stderr)
    print(f"{READY}http://{HOST}:{server.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
