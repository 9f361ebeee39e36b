"""What the service adds to the imports it cannot do without: whole fresh processes, in turns, the best of each."""

import subprocess
import sys
import time
from typing import Final

from tools.toolchain import ROOT

ROUNDS: Final = 15

IMPORTS: Final = "import functions_framework, google.cloud.firestore, stripe"
APP: Final = "from functions_framework import create_app; create_app('stripe_webhook', 'main.py')"


def fresh_process_seconds() -> tuple[float, float]:
    """A process that imports the three dependencies, and one that creates the app that serves main.py."""
    rounds = [(_seconds_of(IMPORTS), _seconds_of(APP)) for _ in range(ROUNDS)]
    return min(imports for imports, _ in rounds), min(app for _, app in rounds)


def _seconds_of(statement: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], cwd=ROOT, check=True)
    return time.perf_counter() - started
