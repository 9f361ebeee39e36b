"""The real Firestore and Functions emulators, up for as long as one command takes, or until Ctrl-C.

    python -m tools.emulators [command ...]

The command finds them through FIRESTORE_EMULATOR_HOST, FUNCTIONS_EMULATOR_HOST and GCLOUD_PROJECT; its exit code is
ours. They are on the ports that FIRESTORE_PORT and FUNCTIONS_PORT name, else on the usual ones, else on free ones.
EMULATORS_LOGS names the folder in build/emulators to which goes what they say. However this ends, no process of theirs
stays behind.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools import logs, reaper, suite
from tools.ports import BLOCKS, HOST, Ports, PortsError, named_ports, reserved
from tools.suite import EmulatorsError, StartFailed, Suite
from tools.toolchain import ROOT, VENV, search_path

PROJECT: Final = "demo-shop"
WEBHOOK_SECRET: Final = "whsec_test_secret"

_FAREWELL_SECONDS_MAX = 10


@dataclass(frozen=True, slots=True)
class Emulators:
    """Where the emulators listen, and what they say."""

    firestore_port: int
    functions_port: int
    suite: Suite

    @property
    def firestore_host(self) -> str:
        return f"{HOST}:{self.firestore_port}"

    @property
    def functions_host(self) -> str:
        return f"{HOST}:{self.functions_port}"

    @property
    def log(self) -> Path:
        return self.suite.folder / logs.LOG

    def environment(self) -> dict[str, str]:
        """Our own environment, changed so that a program in it uses these emulators and nothing else."""
        return {
            **os.environ,
            "FIRESTORE_EMULATOR_HOST": self.firestore_host,
            "FUNCTIONS_EMULATOR_HOST": self.functions_host,
            logs.FOLDER_VARIABLE: str(self.suite.folder),
            "GCLOUD_PROJECT": PROJECT,
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "PATH": search_path(VENV / "bin"),
        }


@contextlib.contextmanager
def running(environment: Mapping[str, str]) -> Iterator[Emulators]:
    """Within, both emulators answer and every function is loaded; after, none of their processes lives.

    If they do not come up, they are started once more, with new ports where the environment names none; what runs
    within runs once. Raises EmulatorsError or PortsError.
    """
    named, usual, blocks = named_ports(environment), suite.usual_ports(), iter(BLOCKS)
    _provide_secret()
    with contextlib.ExitStack() as held:
        try:
            emulators = held.enter_context(_started(reserved(named, usual, blocks)))
        except StartFailed as failed:
            print(f"{failed.problem} Starting them once more, with new ports.", file=sys.stderr)
            emulators = held.enter_context(_started(reserved(named, {}, blocks)))
        _report_moves(usual | named, emulators)
        yield emulators


@contextlib.contextmanager
def _started(choice: AbstractContextManager[Ports]) -> Iterator[Emulators]:
    with choice as ports, suite.started(PROJECT, ports) as up:
        yield Emulators(ports.firestore, ports.functions, up)


def _report_moves(expected: Mapping[str, int], emulators: Emulators) -> None:
    for name, port in (("firestore", emulators.firestore_port), ("functions", emulators.functions_port)):
        if port != expected[name]:
            print(f"The {name.capitalize()} emulator is on port {port} instead of {expected[name]}.", file=sys.stderr)


def _provide_secret() -> None:
    secrets = ROOT / ".secret.local"
    if not secrets.exists():
        secrets.write_text(f"STRIPE_WEBHOOK_SECRET={WEBHOOK_SECRET}\n")


def main(command: Sequence[str]) -> int:
    """Run the command inside the emulators, or wait for Ctrl-C; the exit code."""
    try:
        with running(os.environ) as emulators:
            if not command:
                return _stay_up(emulators)
            code = run_inside(command, emulators.environment())
            if code:
                report_failure(emulators)
            return code
    except (EmulatorsError, PortsError) as problem:
        print(problem, file=sys.stderr)
        return 1


def report_failure(emulators: Emulators) -> None:
    """Why, if it was the emulators' fault; else only where to look: a command that fails has said why itself."""
    if not emulators.suite.is_up():
        print(f"The emulators ended before the command did.\n{logs.reason(emulators.suite.folder)}", file=sys.stderr)
    else:
        print(f"What the emulators said is in {os.path.relpath(emulators.suite.folder, ROOT)}.", file=sys.stderr)


def run_inside(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """The command's exit code, as a shell counts it; when we are told to end, it is given time to say farewell."""
    process = subprocess.Popen(command, env=environment)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        # The terminal has told the command too.
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


def _stay_up(emulators: Emulators) -> int:
    print(f"Firestore  http://{emulators.firestore_host}")
    print(f"Functions  http://{emulators.functions_host}/{PROJECT}/us-central1/stripeWebhook")
    print(f"Log        {os.path.relpath(emulators.log, ROOT)}")
    print("Ctrl-C ends them.", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()
    return 0


if __name__ == "__main__":
    reaper.exit_at_signals()
    # Ctrl-C is how a person ends them; and a shell starts what runs in its background deaf to it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    reaper.adopt_orphans()
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    finally:
        # What the command left behind.
        reaper.end_descendants()
