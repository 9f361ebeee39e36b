"""The real Firestore and Functions emulators, up for as long as one command takes, or until Ctrl-C.

    python -m tools.emulators [command ...]

The command finds them through FIRESTORE_EMULATOR_HOST, FUNCTIONS_EMULATOR_HOST and GCLOUD_PROJECT; its exit code is
ours. What the emulators say goes to build/emulators.log. However this ends, no process of theirs stays behind.
"""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Never

import yaml

from tools import reaper, toolchain
from tools.toolchain import BUILD, FIREBASE, ROOT, VENV

PROJECT: Final = "demo-shop"
WEBHOOK_SECRET: Final = "whsec_test_secret"

_HOST = "127.0.0.1"
_LOG = BUILD / "emulators.log"
_LOG_LINES_SHOWN = 40
_READY_SECONDS_MAX = 60
_POLL_SECONDS = 0.05
_FAREWELL_SECONDS_MAX = 10


class EmulatorsError(Exception):
    """The emulators cannot be used. The message says why, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Emulators:
    """Where the emulators listen."""

    firestore_port: int
    functions_port: int

    @property
    def firestore_host(self) -> str:
        return f"{_HOST}:{self.firestore_port}"

    @property
    def functions_host(self) -> str:
        return f"{_HOST}:{self.functions_port}"

    def environment(self) -> dict[str, str]:
        """Our own environment, changed so that a program in it uses these emulators and nothing else."""
        return {
            **os.environ,
            "FIRESTORE_EMULATOR_HOST": self.firestore_host,
            "FUNCTIONS_EMULATOR_HOST": self.functions_host,
            "GCLOUD_PROJECT": PROJECT,
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "PATH": _search_path(VENV / "bin"),
        }


def emulators_from(environment: Mapping[str, str]) -> Emulators:
    """The emulators on firebase.json's ports, or on those that FIRESTORE_PORT and FUNCTIONS_PORT name.

    Raises EmulatorsError.
    """
    usual = _firebase_config()["emulators"]
    return Emulators(
        firestore_port=_port(environment, "FIRESTORE_PORT", usual["firestore"]["port"]),
        functions_port=_port(environment, "FUNCTIONS_PORT", usual["functions"]["port"]),
    )


def _port(environment: Mapping[str, str], variable: str, usual: int) -> int:
    named = environment.get(variable) or str(usual)
    if not (named.isdecimal() and 0 < int(named) < 2**16):
        raise EmulatorsError(f"{variable} must be a port number, not {named!r}")
    return int(named)


@contextlib.contextmanager
def running(emulators: Emulators) -> Iterator[None]:
    """Within, both emulators answer and every function is loaded; after, none of their processes lives.

    Raises EmulatorsError.
    """
    _require_free(emulators.firestore_port, "FIRESTORE_PORT")
    _require_free(emulators.functions_port, "FUNCTIONS_PORT")
    _provide_secret()
    BUILD.mkdir(exist_ok=True)
    # A suite on other ports may be writing to the old file, and goes on doing so.
    _LOG.unlink(missing_ok=True)
    with _LOG.open("xb") as log, _start(emulators, log.fileno()) as suite:
        _wait_until_ready(emulators, suite)
        # Leaving closes the standard input of the reaper, which then ends the suite, and waits for that.
        yield


def _require_free(port: int, variable: str) -> None:
    with socket.socket() as probe:
        # As the emulators do: connections of an earlier suite may still be closing.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as taken:
            raise EmulatorsError(
                f"Port {port} cannot be used ({taken.strerror}): free it, or choose another with {variable}=..."
            ) from None


def _provide_secret() -> None:
    secrets = ROOT / ".secret.local"
    if not secrets.exists():
        secrets.write_text(f"STRIPE_WEBHOOK_SECRET={WEBHOOK_SECRET}\n")


def _start(emulators: Emulators, log: int) -> subprocess.Popen[bytes]:
    node, java = toolchain.find_node(), toolchain.find_java()
    if not (node and java and FIREBASE.exists()):
        raise EmulatorsError("Node, Java or the Firebase tools are missing: run `make clean` and try again.")
    folder = _fresh_folder(emulators)
    return subprocess.Popen(
        [
            *(sys.executable, reaper.__file__),
            *(str(node), "--require", str(ROOT / "tools" / "emulators.cjs"), str(FIREBASE)),
            *("emulators:start", "--only", "firestore,functions", "--project", PROJECT, "--config", "firebase.json"),
        ],
        cwd=folder,
        env=_suite_environment(folder, node, java),
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        # Ctrl-C in a terminal is for us and the command, not for the emulators.
        start_new_session=True,
    )


def _fresh_folder(emulators: Emulators) -> Path:
    """A folder of the suite's own for the files it litters, with a firebase.json that holds its ports."""
    folder = BUILD / "emulators" / str(emulators.firestore_port)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = _firebase_config()
    config["functions"]["source"] = os.path.relpath(ROOT, folder)
    # A function reloaded in the middle of a test would fail it: watch no file.
    config["functions"]["ignore"] = ["**"]
    for key in ("rules", "indexes"):
        config["firestore"][key] = str(ROOT / config["firestore"][key])
    config["emulators"]["firestore"]["port"] = emulators.firestore_port
    config["emulators"]["functions"]["port"] = emulators.functions_port
    (folder / "firebase.json").write_text(json.dumps(config, indent=2))
    return folder


def _suite_environment(folder: Path, node: Path, java: Path) -> dict[str, str]:
    environment = {
        **os.environ,
        "PATH": _search_path(java.parent, node.parent, VENV / "bin"),
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        # No news, no update check, no question.
        "CI": "true",
        # Nobody's login, and no search for one: the emulators must not reach a real project.
        "XDG_CONFIG_HOME": str(folder),
        "CLOUDSDK_CONFIG": str(folder),
        "METADATA_SERVER_DETECTION": "none",
        "TMPDIR": str(folder),
    }
    environment.pop("GOOGLE_APPLICATION_CREDENTIALS", None)
    if jar := toolchain.find_firestore_emulator():
        if not jar.is_file():
            raise EmulatorsError(f"FIRESTORE_EMULATOR_BINARY_PATH names {jar}, which is not there.")
        environment["FIRESTORE_EMULATOR_BINARY_PATH"] = str(toolchain.runnable(jar))
    return environment


def _search_path(*first: Path) -> str:
    return os.pathsep.join([*map(str, first), os.environ["PATH"]])


def _wait_until_ready(emulators: Emulators, suite: subprocess.Popen[bytes]) -> None:
    # A Firestore trigger is listed after the Firestore emulator has taken it, so both are ready once all are listed.
    declared = set(yaml.safe_load((ROOT / "functions.yaml").read_text())["endpoints"])
    deadline = time.monotonic() + _READY_SECONDS_MAX
    while not declared <= _loaded_functions(emulators):
        if suite.poll() is not None:
            _fail("The emulators ended while starting.")
        if b"Failed to load function definition" in _LOG.read_bytes():
            _fail("The Functions emulator cannot read functions.yaml.")
        if time.monotonic() > deadline:
            _fail(f"The emulators were not ready after {_READY_SECONDS_MAX} s.")
        time.sleep(_POLL_SECONDS)


def _fail(problem: str) -> Never:
    said = _LOG.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:]
    raise EmulatorsError("\n".join([problem, *said, f"All they said is in {_LOG.relative_to(ROOT)}."]))


def _loaded_functions(emulators: Emulators) -> set[str]:
    connection = http.client.HTTPConnection(_HOST, emulators.functions_port, timeout=5)
    try:
        connection.request("GET", "/backends")
        listed = json.load(connection.getresponse())
    except (OSError, http.client.HTTPException, ValueError):
        return set()
    finally:
        connection.close()
    return {trigger["name"] for backend in listed["backends"] for trigger in backend["functionTriggers"]}


def _firebase_config() -> dict[str, Any]:
    config: dict[str, Any] = json.loads((ROOT / "firebase.json").read_text())
    return config


def main(command: Sequence[str]) -> int:
    """Run the command inside the emulators, or wait for Ctrl-C; the exit code."""
    try:
        emulators = emulators_from(os.environ)
        with running(emulators):
            return run_inside(command, emulators.environment()) if command else _stay_up(emulators)
    except EmulatorsError as problem:
        print(problem, file=sys.stderr)
        return 1


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
    print(f"Log        {_LOG.relative_to(ROOT)}")
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
