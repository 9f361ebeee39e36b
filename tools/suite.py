"""One start of the emulators on given ports: their folder, their settings, and the wait until they answer."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools import logs, reaper, toolchain
from tools.addresses import webhook_at
from tools.ports import HOST, VARIABLES, Ports
from tools.posting import NotAnswered, post
from tools.progress import Progress
from tools.stripe_stand_in import process as stand_in
from tools.toolchain import BUILD, FIREBASE, ROOT, VENV

_READY_SECONDS_MAX = 60
_POLL_SECONDS = 0.05
_LOST_FIRESTORE = "Firestore Emulator has exited"


class EmulatorsError(Exception):
    """The emulators cannot be used. The message says why, and what to do."""


class StartFailed(EmulatorsError):
    """The emulators did not start. A port may have been taken meanwhile: other ports may help."""

    def __init__(self, problem: str, folder: Path) -> None:
        super().__init__(f"{problem}\n{logs.reason(folder)}")
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Suite:
    """One start of the emulators: the folder of their logs, and the root of their processes."""

    folder: Path
    process: subprocess.Popen[bytes]
    ports: Ports

    def is_up(self) -> bool:
        # The Firebase tools keep running if Firestore exits once all is ready.
        return self.process.poll() is None and _LOST_FIRESTORE not in logs.said(self.folder / logs.LOG)


@contextlib.contextmanager
def started(project: str, ports: Ports, data: Path | None = None) -> Iterator[Suite]:
    """Inside the block, all emulators answer and every function is loaded; afterwards, none of their processes lives.

    They start with what `keep` has saved in the folder `data`, if there is any.

    Raises EmulatorsError; StartFailed if another start may succeed.
    """
    progress = Progress(sys.stderr)
    progress.waiting("Emulators")
    with logs.folder_of_a_run(BUILD) as (folder, log):
        (folder / "firebase.json").write_text(json.dumps(_configuration(ports, folder), indent=2))
        webhook = f"--webhook={webhook_at(f'{HOST}:{ports.functions}')}"
        with (
            (folder / logs.STRIPE_LOG).open("wb") as stripe_log,
            stand_in.started(ports.stripe, webhook, log=stripe_log.fileno()) as stripe,
            _start(project, ports, folder, log, data) as process,
        ):
            suite = Suite(folder, process, ports)
            _wait_until_ready(ports, suite, stripe, progress)
            # Leaving closes the reaper's standard input; it then ends the suite, and waits for that.
            yield suite


def _configuration(ports: Ports, folder: Path) -> dict[str, Any]:
    config = _firebase_config()
    config["functions"]["source"] = os.path.relpath(ROOT, folder)
    # Watch no files: a function reloaded during a test would fail it.
    config["functions"]["ignore"] = ["**"]
    for key in ("rules", "indexes"):
        config["firestore"][key] = str(ROOT / config["firestore"][key])
    config["emulators"] |= {
        "hub": {"host": HOST, "port": ports.hub},
        "logging": {"host": HOST, "port": ports.logging},
        "eventarc": {"host": HOST, "port": ports.eventarc},
        "tasks": {"host": HOST, "port": ports.tasks},
        "auth": {"host": HOST, "port": ports.auth},
        "firestore": {"host": HOST, "port": ports.firestore, "websocketPort": ports.websocket},
        "functions": {"host": HOST, "port": ports.functions},
    }
    return config


def keep(hub_port: int, data: Path) -> None:
    """Save all data of Firestore and Auth in this folder, replacing what was saved before.

    Raises EmulatorsError.
    """
    # The request of `firebase emulators:export`. The tools' own `--export-on-exit` needs a graceful exit, which nothing
    # here waits for.
    data.parent.mkdir(parents=True, exist_ok=True)
    request = json.dumps({"path": str(data), "initiatedBy": "exit"})
    try:
        answer = post(f"http://{HOST}:{hub_port}/_admin/export", request.encode())
    except NotAnswered as problem:
        raise EmulatorsError(f"The data was not kept. {problem}") from None
    if not answer.is_done:
        raise EmulatorsError(f"The data was not kept: {answer}.")


def usual_ports() -> dict[str, int]:
    """The ports in firebase.json, by emulator."""
    emulators = _firebase_config()["emulators"]
    return {name: emulators[name]["port"] for name in VARIABLES}


def _firebase_config() -> dict[str, Any]:
    config: dict[str, Any] = json.loads((ROOT / "firebase.json").read_text())
    return config


def _start(project: str, ports: Ports, folder: Path, log: int, data: Path | None) -> subprocess.Popen[bytes]:
    node, java = toolchain.find_node(), toolchain.find_java()
    if not (node and java and FIREBASE.exists()):
        raise EmulatorsError("Node, Java or the Firebase tools are missing: run `make clean` and try again.")
    return subprocess.Popen(
        [
            *(sys.executable, reaper.__file__),
            *(str(node), "--require", str(ROOT / "tools" / "emulators.cjs"), str(FIREBASE)),
            *("emulators:start", "--only", "auth,firestore,functions", "--project", project),
            *("--config", "firebase.json"),
            *(("--import", str(data)) if data and data.is_dir() else ()),
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
        # Java finds no file whose name the locale cannot encode.
        **({} if str(ROOT).isascii() else {"LC_ALL": "C.UTF-8"}),
        # The functions' stand-in for Stripe.
        "STRIPE_API_URL": f"http://{HOST}:{ports.stripe}",
        # For emulators.cjs.
        "FIRST_WORKER_PORT": str(ports.first_worker),
        # No news, no update check, no question.
        "CI": "true",
        # No login, and no search for one: the emulators must not reach a real project.
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


def _wait_until_ready(ports: Ports, suite: Suite, stripe: "subprocess.Popen[bytes]", progress: Progress) -> None:
    try:
        while not (_says_ready(suite.folder) and _declared_functions() <= _loaded_functions(ports)):
            progress.waiting("Emulators")
            _refuse_to_wait_in_vain(suite, progress)
            time.sleep(_POLL_SECONDS)
        _refuse_to_go_without(stripe, suite.folder)
    except EmulatorsError:
        progress.failed("Emulators")
        raise
    progress.done("Emulators")


def _refuse_to_go_without(stripe: "subprocess.Popen[bytes]", folder: Path) -> None:
    try:
        stand_in.origin_of(stripe)
    except stand_in.DidNotStart as problem:
        raise StartFailed(str(problem), folder) from None


def _refuse_to_wait_in_vain(suite: Suite, progress: Progress) -> None:
    if "Failed to load function definition" in logs.said(suite.folder / logs.LOG):
        raise EmulatorsError(f"The Functions emulator cannot read functions.yaml.\n{logs.reason(suite.folder)}")
    if not suite.is_up():
        raise StartFailed("The emulators ended while starting.", suite.folder)
    if progress.seconds > _READY_SECONDS_MAX:
        raise StartFailed(f"The emulators were not ready after {_READY_SECONDS_MAX} s.", suite.folder)


def _says_ready(folder: Path) -> bool:
    """Our own processes listen. An answer on our ports would not prove that, since another process may answer."""
    is_ready = "All emulators ready!" in logs.said(folder / logs.LOG)
    return is_ready and "is now running" in logs.said(folder / logs.FIRESTORE_LOG)


def _declared_functions() -> set[str]:
    return set(yaml.safe_load((ROOT / "functions.yaml").read_text())["endpoints"])


def _loaded_functions(ports: Ports) -> set[str]:
    """Functions that requests and documents reach: a Firestore trigger is listed once Firestore has accepted it."""
    connection = http.client.HTTPConnection(HOST, ports.functions, timeout=5)
    try:
        connection.request("GET", "/backends")
        listed = json.load(connection.getresponse())
    except (OSError, http.client.HTTPException, ValueError):
        return set()
    finally:
        connection.close()
    return {trigger["name"] for backend in listed["backends"] for trigger in backend["functionTriggers"]}
