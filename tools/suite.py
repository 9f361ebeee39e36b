"""One start of the emulators on given ports: their folder, their settings, and the wait until they answer."""

import contextlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tools import reaper, toolchain
from tools.ports import HOST, VARIABLES, Ports
from tools.toolchain import BUILD, FIREBASE, ROOT, VENV

_LOG = "emulators.log"
_LOG_LINES_SHOWN = 40
_READY_SECONDS_MAX = 60
_POLL_SECONDS = 0.05
# The logs of the Firebase tools and of the Firestore emulator.
_DEBUG_LOG = "firebase-debug.log"
_FIRESTORE_LOG = "firestore-debug.log"
_UNEXPECTED = "\n[error] \n[error] Error: An unexpected error has occurred."


class EmulatorsError(Exception):
    """The emulators cannot be used. The message says why, and what to do about it."""


class StartFailed(EmulatorsError):
    """The emulators did not come up. Somebody may have taken a port of theirs: other ports may help."""

    def __init__(self, problem: str, folder: Path) -> None:
        super().__init__(_explained(problem, folder))
        self.problem = problem


@contextlib.contextmanager
def started(project: str, ports: Ports) -> Iterator[Path]:
    """Within, both emulators answer and every function is loaded; after, none of their processes lives.

    Gives the log of what they say. Raises EmulatorsError; StartFailed if another start may fare better.
    """
    folder = _fresh_folder(ports)
    with (folder / _LOG).open("xb") as log, _start(project, ports, folder, log.fileno()) as suite:
        _wait_until_ready(ports, folder, suite)
        # Leaving closes the standard input of the reaper, which then ends the suite, and waits for that.
        yield folder / _LOG


def _fresh_folder(ports: Ports) -> Path:
    """A folder for the files that the suite litters, with its firebase.json; no other suite's hub has the same port."""
    folder = BUILD / "emulators" / str(ports.hub)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "firebase.json").write_text(json.dumps(_configuration(ports, folder), indent=2))
    # The latest suite's log is where one looks first. Another one may be starting: replace the link in one step.
    latest = folder / "latest"
    latest.symlink_to(os.path.relpath(folder / _LOG, BUILD))
    latest.replace(BUILD / _LOG)
    return folder


def _configuration(ports: Ports, folder: Path) -> dict[str, Any]:
    config = _firebase_config()
    config["functions"]["source"] = os.path.relpath(ROOT, folder)
    # A function reloaded in the middle of a test would fail it: watch no file.
    config["functions"]["ignore"] = ["**"]
    for key in ("rules", "indexes"):
        config["firestore"][key] = str(ROOT / config["firestore"][key])
    config["emulators"] |= {
        "hub": {"host": HOST, "port": ports.hub},
        "logging": {"host": HOST, "port": ports.logging},
        "eventarc": {"host": HOST, "port": ports.eventarc},
        "tasks": {"host": HOST, "port": ports.tasks},
        "firestore": {"host": HOST, "port": ports.firestore, "websocketPort": ports.websocket},
        "functions": {"host": HOST, "port": ports.functions},
    }
    return config


def usual_ports() -> dict[str, int]:
    """The ports that firebase.json names, by emulator."""
    emulators = _firebase_config()["emulators"]
    return {name: emulators[name]["port"] for name in VARIABLES}


def _firebase_config() -> dict[str, Any]:
    config: dict[str, Any] = json.loads((ROOT / "firebase.json").read_text())
    return config


def _start(project: str, ports: Ports, folder: Path, log: int) -> subprocess.Popen[bytes]:
    node, java = toolchain.find_node(), toolchain.find_java()
    if not (node and java and FIREBASE.exists()):
        raise EmulatorsError("Node, Java or the Firebase tools are missing: run `make clean` and try again.")
    return subprocess.Popen(
        [
            *(sys.executable, reaper.__file__),
            *(str(node), "--require", str(ROOT / "tools" / "emulators.cjs"), str(FIREBASE)),
            *("emulators:start", "--only", "firestore,functions", "--project", project, "--config", "firebase.json"),
        ],
        cwd=folder,
        env=_environment(project, ports, folder, node, java),
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        # Ctrl-C in a terminal is for us and the command, not for the emulators.
        start_new_session=True,
    )


def _environment(project: str, ports: Ports, folder: Path, node: Path, java: Path) -> dict[str, str]:
    environment = {
        **toolchain.environment_of_tools(java.parent, node.parent, VENV / "bin"),
        "GOOGLE_CLOUD_PROJECT": project,
        # Java finds no file whose name the locale cannot spell.
        **({} if str(ROOT).isascii() else {"LC_ALL": "C.UTF-8"}),
        # For emulators.cjs.
        "FIRST_WORKER_PORT": str(ports.first_worker),
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


def _wait_until_ready(ports: Ports, folder: Path, suite: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_SECONDS_MAX
    while not (_says_ready(folder) and _declared_functions() <= _loaded_functions(ports)):
        if "Failed to load function definition" in _said(folder / _LOG):
            raise EmulatorsError(_explained("The Functions emulator cannot read functions.yaml.", folder))
        if suite.poll() is not None:
            raise StartFailed("The emulators ended while starting.", folder)
        if time.monotonic() > deadline:
            raise StartFailed(f"The emulators were not ready after {_READY_SECONDS_MAX} s.", folder)
        time.sleep(_POLL_SECONDS)


def _says_ready(folder: Path) -> bool:
    """Our own processes listen. An answer on one of our ports does not show that: somebody else may answer there."""
    return "All emulators ready!" in _said(folder / _LOG) and "is now running" in _said(folder / _FIRESTORE_LOG)


def _declared_functions() -> set[str]:
    return set(yaml.safe_load((ROOT / "functions.yaml").read_text())["endpoints"])


def _loaded_functions(ports: Ports) -> set[str]:
    """The functions that requests and documents reach: a Firestore trigger is listed once Firestore has taken it."""
    connection = http.client.HTTPConnection(HOST, ports.functions, timeout=5)
    try:
        connection.request("GET", "/backends")
        listed = json.load(connection.getresponse())
    except (OSError, http.client.HTTPException, ValueError):
        return set()
    finally:
        connection.close()
    return {trigger["name"] for backend in listed["backends"] for trigger in backend["functionTriggers"]}


def _explained(problem: str, folder: Path) -> str:
    return f"{problem}\n{_reason(folder)}\nAll they said is in {os.path.relpath(folder, ROOT)}."


def _reason(folder: Path) -> str:
    """Why the suite does not start: the end of that log which says so."""
    before, unexpected, _ = _said(folder / _DEBUG_LOG).partition(_UNEXPECTED)
    if unexpected:
        # Where the error came from is written in one piece, and nowhere else.
        return before.rpartition("[debug] ")[2]
    has_lost_firestore = "Firestore Emulator has exited" in _said(folder / _LOG)
    said = _said(folder / (_FIRESTORE_LOG if has_lost_firestore else _LOG))
    return "\n".join(said.splitlines()[-_LOG_LINES_SHOWN:])


def _said(log: Path) -> str:
    # It may not have been written yet; and the Firebase tools remove theirs as they exit.
    with contextlib.suppress(FileNotFoundError):
        return log.read_text(errors="replace")
    return ""
