"""Starts the stand-in as a process that ends with its parent. Standard library only, as the emulators need."""

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
    """Its port may be in use. The message is what the process printed."""


@contextlib.contextmanager
def running(*arguments: str, port: int = 0) -> Iterator[str]:
    """In this block the stand-in answers at the yielded origin. Raises DidNotStart.

    Its later output goes to our standard error.
    """
    with started(port, *arguments) as process:
        yield origin_of(process)


@contextlib.contextmanager
def started(port: int, *arguments: str, log: int | None = None) -> Iterator["subprocess.Popen[bytes]"]:
    """In this block the process runs, though it may not answer yet; its errors go to `log`."""
    with subprocess.Popen(
        [sys.executable, reaper.__file__, sys.executable, *PROGRAM, f"--port={port}", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        start_new_session=True,
    ) as process:
        # Leaving closes the reaper's standard input; the reaper then ends the stand-in, and we wait for that.
        yield process


def origin_of(process: "subprocess.Popen[bytes]") -> str:
    """The stand-in's origin, once it answers. Raises DidNotStart."""
    said = process.stdout.readline().decode() if process.stdout else ""
    if not said.startswith(READY):
        raise DidNotStart(f"What stands in for Stripe's API did not start{f': {said}' if said else '.'}")
    return said.removeprefix(READY).strip()
