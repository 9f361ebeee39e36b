"""Runs one command, and ends everything it started once it ends, or once our standard input is closed.

The Functions emulator's workers outlive it, and the Firestore emulator leaves its process group, so a signal to one
process or group misses some. So they are found as our descendants. The system closes standard input however the process
at its other end dies, so not even a killed parent leaves processes behind.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_POLL_SECONDS = 0.1
_KILL_SECONDS_MAX = 10
_LOOKS_IN_VAIN = 3


def run_until_let_go(command: Sequence[str]) -> int:
    """The command's exit code, once none of its descendants lives; 0 if our standard input was closed."""
    adopt_orphans()
    try:
        # A signal may end us before we know that the command runs.
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        while process.poll() is None:
            if select.select([sys.stdin], [], [], _POLL_SECONDS)[0]:
                return 0
        return process.returncode
    finally:
        end_descendants()


def adopt_orphans() -> None:
    """Become the parent of orphaned descendants, where the system allows it (Linux); elsewhere they cannot be found."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_descendants() -> None:
    """Kill every process below this one, without grace: the emulators' data is only in memory.

    From here on, signals are ignored: this process is about to end by itself.
    """
    for number in _ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    deadline = time.monotonic() + _KILL_SECONDS_MAX
    looks_in_vain = 0
    # Processes are listed one by one: one whose parent dies meanwhile is missed, and found next time.
    while looks_in_vain < _LOOKS_IN_VAIN and time.monotonic() < deadline:
        found = list(descendants(os.getpid()))
        looks_in_vain = 0 if found else looks_in_vain + 1
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # Reap them, too: the system may have nobody else to do it.
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.01)


def descendants(ancestor: int) -> Iterator[int]:
    """Every process that `ancestor` started, directly or not."""
    children: dict[int, list[int]] = {}
    for pid, parent in living_processes().items():
        children.setdefault(parent, []).append(pid)
    found = [ancestor]
    while found:
        below = children.get(found.pop(), [])
        yield from below
        found += below


def living_processes() -> Mapping[int, int]:
    """Every process of this machine, with its parent."""
    if sys.platform != "linux":
        listed = subprocess.run(["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True)  # noqa: S607
        return {int(pid): int(parent) for pid, parent in map(str.split, listed.stdout.splitlines())}
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        # It may end meanwhile.
        with contextlib.suppress(OSError):
            # pid (name, which may hold anything) state parent ...
            parents[int(stat.parent.name)] = int(stat.read_text(errors="replace").rpartition(")")[2].split()[1])
    return parents


def exit_at_signals() -> None:
    """Exit at the first signal, and ignore further ones while we end what we started."""
    is_exiting = False

    def exit_once(number: int, _: object) -> None:
        nonlocal is_exiting
        if not is_exiting:
            is_exiting = True
            sys.exit(128 + number)

    for number in _ENDING_SIGNALS:
        signal.signal(number, exit_once)


if __name__ == "__main__":
    exit_at_signals()
    sys.exit(run_until_let_go(sys.argv[1:]))
