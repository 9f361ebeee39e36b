"""What the service adds to the imports it cannot do without: whole fresh processes, in turns, the best of each."""

import subprocess
import sys
import time
from typing import Final

from tools.toolchain import ROOT

ROUNDS: Final = 15

IMPORTS: Final = "import functions_framework, google.cloud.firestore, stripe"
APP: Final = "from functions_framework import create_app; create_app('stripe_webhook', 'main.py')"
# The door is imported on the first request, and stripe with it: all that the webhook's first answer needs.
READY: Final = f"{APP}; import webhooks.endpoint"


def fresh_process_seconds() -> tuple[float, float, float]:
    """Processes that import the three dependencies; that create the app of main.py; that also import the webhook."""
    rounds = [[_seconds_of(statement) for statement in (IMPORTS, APP, READY)] for _ in range(ROUNDS)]
    imports, app, ready = (min(column) for column in zip(*rounds, strict=True))
    return imports, app, ready


def _seconds_of(statement: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], cwd=ROOT, check=True)
    return time.perf_counter() - started
