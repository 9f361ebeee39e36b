"""Steps of the install: programs that run once, in parallel if possible, each leaving a stamp.

Uses only the standard library, like all that the install needs.
"""

import contextlib
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.progress import Progress
from tools.toolchain import BUILD, ROOT

_POLL_SECONDS: Final = 0.1
_LOG_LINES_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file that says what a step was done for: with other contents, it has to be done again."""

    file: Path
    contents: str

    def is_there(self) -> bool:
        return self.file.is_file() and self.file.read_text() == self.contents

    def leave(self) -> None:
        self.file.write_text(self.contents)


def fingerprint(*files: Path) -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    otherwise: str
    """What the step needs, as a sentence for the person who sees it fail."""
    stamp: Stamp | None = None

    @property
    def log(self) -> Path:
        return BUILD / "install" / f"{self.name.lower().replace(' ', '-')}.log"

    def start(self) -> subprocess.Popen[bytes]:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            return subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )


def run_together(*steps: Step) -> None:
    """Run these steps in parallel, and leave the stamp of each that succeeds.

    If one fails, end the others at once, and exit with the end of its output and its `otherwise`.
    """
    progress = Progress(sys.stdout)
    running: dict[Step, subprocess.Popen[bytes]] = {}
    with contextlib.ExitStack() as ended:
        for step in steps:
            running[step] = ended.enter_context(step.start())
            # Exits run in reverse: each is told to end, then waited for.
            ended.callback(running[step].terminate)
        while running:
            progress.waiting(", ".join(step.name for step in running), _last_line(next(iter(running))))
            time.sleep(_POLL_SECONDS)
            for step in [step for step, process in running.items() if process.poll() is not None]:
                _close(step, running.pop(step).returncode, progress)


def _close(step: Step, exit_code: int, progress: Progress) -> None:
    if exit_code:
        progress.failed(step.name)
        print(*_lines(step)[-_LOG_LINES_SHOWN:], sep="\n", file=sys.stderr)
        sys.exit(f"\n{step.otherwise} Everything it said is in {os.path.relpath(step.log, ROOT)}.")
    if step.stamp:
        step.stamp.leave()
    progress.done(step.name)


def _last_line(step: Step) -> str:
    return next(iter(_lines(step)[-1:]), "")


def _lines(step: Step) -> list[str]:
    return step.log.read_text(errors="replace").splitlines()
