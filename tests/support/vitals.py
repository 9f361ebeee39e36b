"""What a process uses: memory, descriptors and threads."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Vitals:
    resident_bytes: int
    descriptors: int | None
    """None if the system does not report them, which only Linux does."""
    threads: int | None
    """Likewise."""


def vitals_of(pid: int) -> Vitals:
    """Raises OSError or CalledProcessError if there is no such process."""
    if sys.platform != "linux":
        command = ["ps", "-o", "rss=", "-p", str(pid)]
        kibibytes = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return Vitals(int(kibibytes) * 1024, None, None)
    folder = Path("/proc", str(pid))
    status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
    return Vitals(
        resident_bytes=int(status["VmRSS"].split()[0]) * 1024,
        descriptors=len(list((folder / "fd").iterdir())),
        threads=int(status["Threads"]),
    )
