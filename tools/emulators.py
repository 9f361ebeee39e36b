"""Runs the real Firestore, Functions and Auth emulators for as long as one command takes.

    python -m tools.emulators [command ...]

Without a command, they are a shop that stays open until Ctrl-C. The command finds them through FIRESTORE_EMULATOR_HOST,
FUNCTIONS_EMULATOR_HOST, FIREBASE_AUTH_EMULATOR_HOST and GCLOUD_PROJECT, and the stand-in for Stripe through
STRIPE_STAND_IN_HOST; its exit code is ours. They use the ports named by FIRESTORE_PORT, FUNCTIONS_PORT and AUTH_PORT,
or else the usual ones, or else free ones. With KEEP=name they start with the data in build/kept/name, and save theirs
there. EMULATORS_LOGS names the folder of their logs in build/emulators. However this ends, none of their processes
stays behind.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools import logs, reaper, suite
from tools.addresses import PROJECT, Addresses
from tools.local_settings import provide_secrets
from tools.ports import BLOCKS, Ports, PortsError, named_ports, reserved
from tools.suite import EmulatorsError, StartFailed, Suite
from tools.toolchain import BUILD, ROOT, VENV, search_path

_FAREWELL_SECONDS_MAX = 10
_OPEN_SHOP: Final = (sys.executable, "-m", "tools.open_shop")


@dataclass(frozen=True, slots=True)
class Emulators:
    """The emulators' addresses and logs."""

    suite: Suite

    @property
    def addresses(self) -> Addresses:
        return Addresses.at(self.suite.ports)

    @property
    def log(self) -> Path:
        return self.suite.folder / logs.LOG

    def environment(self) -> dict[str, str]:
        """Our environment, changed so that programs use only these emulators."""
        return {
            **os.environ,
            **self.addresses.variables(),
            logs.FOLDER_VARIABLE: str(self.suite.folder),
            "PATH": search_path(VENV / "bin"),
        }


@contextlib.contextmanager
def running(environment: Mapping[str, str]) -> Iterator[Emulators]:
    """Inside the block, all emulators answer and every function is loaded; afterwards, none of their processes lives.

    If they fail to start, they are started once more, with new ports unless the environment names them; the block runs
    once. Raises EmulatorsError or PortsError.
    """
    named, usual, blocks = named_ports(environment), suite.usual_ports(), iter(BLOCKS)
    data = data_to_keep(environment)
    provide_secrets(ROOT)
    with contextlib.ExitStack() as held:
        try:
            emulators = held.enter_context(_started(reserved(named, usual, blocks), data))
        except StartFailed as failed:
            print(f"{failed.problem} Starting them once more, with new ports.", file=sys.stderr)
            emulators = held.enter_context(_started(reserved(named, {}, blocks), data))
        _report_moves(usual | named, emulators.suite.ports)
        try:
            yield emulators
        finally:
            if data:
                suite.keep(emulators.suite.ports.hub, data)
                print(f"All data is kept in {os.path.relpath(data, ROOT)}.", file=sys.stderr)


@contextlib.contextmanager
def _started(choice: AbstractContextManager[Ports], data: Path | None) -> Iterator[Emulators]:
    with choice as ports, suite.started(PROJECT, ports, data) as up:
        yield Emulators(up)


def data_to_keep(environment: Mapping[str, str]) -> Path | None:
    """The folder with the data to start with and to save to, or None. Raises EmulatorsError."""
    name = environment.get("KEEP")
    if name and not re.fullmatch(r"[\w-]+", name):
        raise EmulatorsError(f"KEEP must be a name of letters, digits, hyphens and underscores, not {name!r}.")
    return BUILD / "kept" / name if name else None


def _report_moves(expected: Mapping[str, int], ports: Ports) -> None:
    for name, port in expected.items():
        if (moved_to := getattr(ports, name)) != port:
            print(f"The {name.capitalize()} emulator is on port {moved_to} instead of {port}.", file=sys.stderr)


def main(command: Sequence[str]) -> int:
    """Run the command inside the emulators, or keep a shop open there. Returns the exit code."""
    try:
        with running(os.environ) as emulators:
            code = run_inside(command or _OPEN_SHOP, emulators.environment())
            if code:
                report_failure(emulators)
            return code
    except (EmulatorsError, PortsError) as problem:
        print(problem, file=sys.stderr)
        return 1


def report_failure(emulators: Emulators) -> None:
    """Print why the emulators failed, or where their logs are, if it was the command that failed."""
    if not emulators.suite.is_up():
        print(f"The emulators ended before the command did.\n{logs.reason(emulators.suite.folder)}", file=sys.stderr)
    else:
        print(f"What the emulators said is in {os.path.relpath(emulators.suite.folder, ROOT)}.", file=sys.stderr)


def run_inside(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """The command's exit code, as in a shell. When we are told to end, the command gets time to finish."""
    process = subprocess.Popen(command, env=environment)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        # The terminal has interrupted the command, too.
        code = _wait_for_farewell(process)
    except SystemExit:
        process.terminate()
        _wait_for_farewell(process)
        raise
    return code if code >= 0 else 128 - code


def _wait_for_farewell(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(_FAREWELL_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


if __name__ == "__main__":
    reaper.exit_at_signals()
    # A person ends them with Ctrl-C, but shells start background jobs with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    reaper.adopt_orphans()
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    finally:
        # Processes that the command left behind.
        reaper.end_descendants()
