"""The real Firestore, Functions and Auth emulators, up for as long as one command takes.

    python -m tools.emulators [command ...]

Without a command they are a shop that stays open until Ctrl-C. The command finds them through FIRESTORE_EMULATOR_HOST,
FUNCTIONS_EMULATOR_HOST, FIREBASE_AUTH_EMULATOR_HOST and GCLOUD_PROJECT, and what stands in for Stripe's API beside them
through STRIPE_STAND_IN_HOST; its exit code is ours. They are on the ports that FIRESTORE_PORT, FUNCTIONS_PORT and
AUTH_PORT name, else on the usual ones, else on free ones. With KEEP=name they
begin with the data in build/kept/name, and leave theirs there. EMULATORS_LOGS names the folder in build/emulators to
which goes what they say. However this ends, no process of theirs stays behind.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from service.environment import UNSET, SettingsError
from service.secrets import STRIPE_API_KEY, STRIPE_WEBHOOK_SECRET
from service.settings import settings_from
from stripe_api.keys import EMULATORS_KEY
from tools import logs, reaper, suite
from tools.addresses import PROJECT, Addresses
from tools.ports import BLOCKS, Ports, PortsError, named_ports, reserved
from tools.suite import EmulatorsError, StartFailed, Suite
from tools.toolchain import BUILD, ROOT, VENV, search_path

WEBHOOK_SECRET: Final = "whsec_test_secret"

_EMULATED_SECRETS: Final = {STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET, STRIPE_API_KEY: EMULATORS_KEY}
_FAREWELL_SECONDS_MAX = 10
_OPEN_SHOP: Final = (sys.executable, "-m", "tools.open_shop")


@dataclass(frozen=True, slots=True)
class Emulators:
    """Where the emulators listen, and what they say."""

    suite: Suite

    @property
    def addresses(self) -> Addresses:
        return Addresses.at(self.suite.ports)

    @property
    def log(self) -> Path:
        return self.suite.folder / logs.LOG

    def environment(self) -> dict[str, str]:
        """Our own environment, changed so that a program in it uses these emulators and nothing else."""
        return {
            **os.environ,
            **self.addresses.variables(),
            logs.FOLDER_VARIABLE: str(self.suite.folder),
            "PATH": search_path(VENV / "bin"),
        }


@contextlib.contextmanager
def running(environment: Mapping[str, str]) -> Iterator[Emulators]:
    """Within, all emulators answer and every function is loaded; after, none of their processes lives.

    If they do not come up, they are started once more, with new ports where the environment names none; what runs
    within runs once. Raises EmulatorsError or PortsError.
    """
    named, usual, blocks = named_ports(environment), suite.usual_ports(), iter(BLOCKS)
    data = data_to_keep(environment)
    _provide_secrets()
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
    """The folder of the data that the emulators begin with and leave behind; None for none. Raises EmulatorsError."""
    name = environment.get("KEEP")
    if name and not re.fullmatch(r"[\w-]+", name):
        raise EmulatorsError(f"KEEP must be a name of letters, digits, hyphens and underscores, not {name!r}.")
    return BUILD / "kept" / name if name else None


def _report_moves(expected: Mapping[str, int], ports: Ports) -> None:
    for name, port in expected.items():
        if (moved_to := getattr(ports, name)) != port:
            print(f"The {name.capitalize()} emulator is on port {moved_to} instead of {port}.", file=sys.stderr)


def _provide_secrets() -> None:
    file = ROOT / ".secret.local"
    given = file.read_text() if file.exists() else ""
    endpoints = yaml.safe_load((ROOT / "functions.yaml").read_text())["endpoints"].values()
    needed = {secret["key"] for endpoint in endpoints for secret in endpoint.get("secretEnvironmentVariables", ())}
    if added := added_secrets(given, needed):
        file.write_text(given + added)
    refuse_unusable_secret(file.read_text())


def added_secrets(given: str, needed: Collection[str]) -> str:
    """The lines that .secret.local lacks.

    Whatever is not there, the Firebase tools ask Google for, each time that a function of it starts.
    """
    there = {line.partition("=")[0].strip() for line in given.splitlines()}
    lines = [f"{name}={_EMULATED_SECRETS.get(name, UNSET)}\n" for name in sorted(set(needed) - there)]
    return "".join(["\n" * (bool(lines and given) and not given.endswith("\n")), *lines])


def refuse_unusable_secret(secrets: str) -> None:
    """Raise EmulatorsError for secrets, as .secret.local has them, with which no function would start."""
    # As dotenv reads them: the last one of a name counts, and quotes around it do not.
    said = {name: text.strip().strip("\"'") for name, _, text in (line.partition("=") for line in secrets.splitlines())}
    try:
        settings_from({name: said.get(name, "") for name in _EMULATED_SECRETS} | {"FUNCTIONS_EMULATOR": "true"})
    except SettingsError as unusable:
        raise EmulatorsError(f"Correct .secret.local: {unusable}.") from None


def main(command: Sequence[str]) -> int:
    """Run the command inside the emulators, or keep a shop open there; the exit code."""
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
