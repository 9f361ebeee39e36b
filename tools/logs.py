"""What the emulators say: a folder for each run, the latest of which are kept, and what may say why a run failed."""

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
"""Names, to what runs inside the emulators, the folder of their logs."""
RUNS_KEPT: Final = 10

_LINES_SHOWN: Final = 25
# What Firestore says of every connection explains nothing, and hides what does.
_NOISE: Final = ("HttpVersionRoutingHandler channelRead", "INFO: Detected ")
_UNEXPECTED: Final = "\n[error] \n[error] Error: An unexpected error has occurred."


@contextlib.contextmanager
def folder_of_a_run(build: Path) -> Iterator[tuple[Path, int]]:
    """A new folder for what a run says and litters, and the open file of its log; the oldest runs' folders go.

    No folder of a run that is still up goes, and build/emulators.log is a link to the log of the latest.
    """
    runs = build / "emulators"
    runs.mkdir(parents=True, exist_ok=True)
    # By name they are in the order of their starts, those of one second too.
    start = time.time_ns()
    name = f"{time.strftime('%Y-%m-%d_%H-%M-%S', time.localtime(start // 10**9))}_{start % 10**9:09}_"
    folder = Path(tempfile.mkdtemp(prefix=name, dir=runs))
    with (folder / LOG).open("xb") as log:
        # Held for as long as we, or the emulators that write to it, live.
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
    """The folders of the runs that are up, the latest first."""
    return [run for run in sorted((build / "emulators").glob("*"), reverse=True) if _is_in_use(run)]


def _is_in_use(folder: Path) -> bool:
    with contextlib.suppress(FileNotFoundError), (folder / LOG).open("rb") as log:
        try:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def reason(folder: Path) -> str:
    """Why a run failed, as far as its logs show it, and where all of them are."""
    return f"{ends(folder)}All they said is in {os.path.relpath(folder, ROOT)}."


def ends(folder: Path) -> str:
    """The ends of those logs that may say why something failed, as whole lines."""
    logs = [(name, said(folder / name)) for name in (STRIPE_LOG, FIRESTORE_LOG, LOG)]
    before, unexpected, _ = said(folder / DEBUG_LOG).partition(_UNEXPECTED)
    if unexpected:
        # Where such an error came from is written here in one piece, and nowhere else.
        logs.append((DEBUG_LOG, before.rpartition("[debug] ")[2]))
    return "".join(f"{name} ends with:\n{_end(text)}" for name, text in logs if text.strip())


def ends_for_the_command(environment: Mapping[str, str]) -> str:
    """The same for what runs inside the emulators; nothing, if somebody else has started them."""
    folder = environment.get(FOLDER_VARIABLE)
    return ends(Path(folder)) if folder else ""


def _end(text: str) -> str:
    lines = [line for line in text.rstrip().splitlines() if not any(noise in line for noise in _NOISE)]
    return "".join(f"  {line}\n" for line in lines[-_LINES_SHOWN:])


def said(log: Path) -> str:
    # It may not have been written yet; and the Firebase tools remove theirs as they exit.
    with contextlib.suppress(FileNotFoundError):
        return log.read_text(errors="replace")
    return ""
