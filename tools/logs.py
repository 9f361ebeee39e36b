"""The emulators' logs: one folder per run, of which the latest are kept, and the parts that may explain a failure."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tools.toolchain import ROOT

LOG: Final = "emulators.log"
# The logs of the Firebase tools and of the Firestore emulator.
DEBUG_LOG: Final = "firebase-debug.log"
FIRESTORE_LOG: Final = "firestore-debug.log"
STRIPE_LOG: Final = "stripe.log"
FOLDER_VARIABLE: Final = "EMULATORS_LOGS"
"""Names the folder of the logs to programs inside the emulators."""
RUNS_KEPT: Final = 10

_LINES_SHOWN: Final = 25
# Lines that Firestore logs for every connection explain nothing, and hide what does.
_NOISE: Final = ("HttpVersionRoutingHandler channelRead", "INFO: Detected ")
_UNEXPECTED: Final = "\n[error] \n[error] Error: An unexpected error has occurred."


@contextlib.contextmanager
def folder_of_a_run(build: Path) -> Iterator[tuple[Path, int]]:
    """A new folder for a run's logs and other files, and its open log; the oldest runs' folders are deleted.

    Folders of running emulators are kept, and build/emulators.log links to the latest log.
    """
    runs = build / "emulators"
    runs.mkdir(parents=True, exist_ok=True)
    # Names sort by start, even within a second.
    start = time.time_ns()
    name = f"{time.strftime('%Y-%m-%d_%H-%M-%S', time.localtime(start // 10**9))}_{start % 10**9:09}_"
    folder = Path(tempfile.mkdtemp(prefix=name, dir=runs))
    with (folder / LOG).open("xb") as log:
        # Locked while we, or the emulators that write to it, live.
        fcntl.flock(log, fcntl.LOCK_EX)
        # Another run may be starting: replace the link in one step.
        latest = folder / "latest"
        latest.symlink_to(os.path.relpath(folder / LOG, build))
        latest.replace(build / LOG)
        for old in sorted(runs.iterdir())[:-RUNS_KEPT]:
            if not _is_in_use(old):
                shutil.rmtree(old, ignore_errors=True)
        yield folder, log.fileno()


def runs_that_are_up(build: Path) -> list[Path]:
    """The folders of running emulators, the latest first."""
    return [run for run in sorted((build / "emulators").glob("*"), reverse=True) if _is_in_use(run)]


def _is_in_use(folder: Path) -> bool:
    with contextlib.suppress(FileNotFoundError), (folder / LOG).open("rb") as log:
        try:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def reason(folder: Path) -> str:
    """Why a run failed, as far as its logs show, and where they are."""
    return f"{ends(folder)}All they said is in {os.path.relpath(folder, ROOT)}."


def ends(folder: Path) -> str:
    """The ends of the logs that may explain a failure, in whole lines."""
    logs = [(name, said(folder / name)) for name in (STRIPE_LOG, FIRESTORE_LOG, LOG)]
    before, unexpected, _ = said(folder / DEBUG_LOG).partition(_UNEXPECTED)
    if unexpected:
        # Only this log has such an error's origin in one piece.
        logs.append((DEBUG_LOG, before.rpartition("[debug] ")[2]))
    return "".join(f"{name} ends with:\n{_end(text)}" for name, text in logs if text.strip())


def ends_for_the_command(environment: Mapping[str, str]) -> str:
    """The same for programs inside the emulators; empty if these were started otherwise."""
    folder = environment.get(FOLDER_VARIABLE)
    return ends(Path(folder)) if folder else ""


def _end(text: str) -> str:
    lines = [line for line in text.rstrip().splitlines() if not any(noise in line for noise in _NOISE)]
    return "".join(f"  {line}\n" for line in lines[-_LINES_SHOWN:])


def said(log: Path) -> str:
    # It may not exist yet; and the Firebase tools delete theirs as they exit.
    with contextlib.suppress(FileNotFoundError):
        return log.read_text(errors="replace")
    return ""
