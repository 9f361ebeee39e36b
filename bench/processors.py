"""The processor time of processes, and the cores they may run on. Linux only."""

import contextlib
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from tools.reaper import descendants

_PROC: Final = Path("/proc")
_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
# Indices into what follows the name in /proc/PID/stat, https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
_USER: Final = 11
_SYSTEM: Final = 12
_LISTENING: Final = "0A"


def cores() -> frozenset[int]:
    """The cores that this process may run on."""
    return frozenset(os.sched_getaffinity(0))


def processor_seconds(pids: Collection[int]) -> float:
    """The processor time of these processes so far, system calls included. An ended process counts as 0."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = _stat_of(pid)
            ticks += int(fields[_USER]) + int(fields[_SYSTEM])
    return ticks / _TICKS_PER_SECOND


def family_of(pid: int) -> frozenset[int]:
    """The process and all its descendants."""
    return frozenset({pid, *descendants(pid)})


def listener_on(port: int) -> int:
    """The process that listens on this port. Raises LookupError if none is visible."""
    sockets = set()
    for table in ("tcp", "tcp6"):
        for line in (_PROC / "net" / table).read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == _LISTENING and int(local.rpartition(":")[2], 16) == port:
                sockets.add(f"socket:[{rest[5]}]")
    for descriptor in _PROC.glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if str(descriptor.readlink()) in sockets:
                return int(descriptor.parts[2])
    raise LookupError(f"nobody is seen to listen on port {port}")


@contextlib.contextmanager
def pinned(pids: Collection[int], to: Collection[int]) -> Iterator[None]:
    """All threads of these processes, and those they start, run only on these cores until the block ends.

    Then they may run on all of ours again.
    """
    everywhere = cores()
    _pin(pids, to)
    try:
        yield
    finally:
        _pin(pids, everywhere)


def _pin(pids: Collection[int], to: Collection[int]) -> None:
    for pid in pids:
        for thread in (_PROC / str(pid) / "task").glob("*"):
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread.name), to)


def _stat_of(pid: int) -> list[str]:
    # The name is in brackets, and may itself contain blanks and brackets.
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
