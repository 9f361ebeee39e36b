"""The stand-in for Stripe's API in this process, for a test that needs its own."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tools.stripe_stand_in.control import StandIn
from tools.stripe_stand_in.server import listening


@contextmanager
def a_stand_in(*, webhook: str | None = None, clock: Callable[[], float] = time.time) -> Iterator[StandIn]:
    server, webhooks = listening(webhook=webhook, clock=clock)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield StandIn(f"http://127.0.0.1:{server.port}")
    finally:
        server.shutdown()
        server.server_close()
        webhooks.stop()
