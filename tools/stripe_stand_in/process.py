"""Starts the stand-in as a process that ends with whoever started it. Standard library only: the emulators start so."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

from tools import reaper
from tools.toolchain import ROOT

READY: Final = "The stand-in for Stripe's API answers on "
PROGRAM: Final = ("-m", "tools.stripe_stand_in")


class DidNotStart(Exception):
    """Somebody may have taken its port. The message says what it said."""


@contextlib.contextmanager
def running(*arguments: str, port: int = 0) -> Iterator[str]:
    """Within, it answers; its origin. What it says after that goes to our standard error. Raises DidNotStart."""
    with started(port, *arguments) as process:
        yield origin_of(process)


@contextlib.contextmanager
def started(port: int, *arguments: str, log: int | None = None) -> Iterator["subprocess.Popen[bytes]"]:
    """Within, it is on its way to answer; after, its process is gone. It says the rest to `log`."""
    with subprocess.Popen(
        [sys.executable, reaper.__file__, sys.executable, *PROGRAM, f"--port={port}", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        start_new_session=True,
    ) as process:
        # Leaving closes the standard input of the reaper, which then ends it, and waits for that.
        yield process


def origin_of(process: "subprocess.Popen[bytes]") -> str:
    """Where it answers, once it does. Raises DidNotStart."""
    said = process.stdout.readline().decode() if process.stdout else ""
    if not said.startswith(READY):
        raise DidNotStart(f"What stands in for Stripe's API did not start{f': {said}' if said else '.'}")
    return said.removeprefix(READY).strip()
