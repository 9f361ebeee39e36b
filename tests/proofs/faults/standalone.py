"""A Firestore emulator of our own, which can be killed, and restarted from what it has exported."""

import contextlib
import json
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tools import toolchain

_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
# It lives for seconds: a quick start matters more than speed.
_QUICK_TO_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
_HOST = "127.0.0.1"
_START_SECONDS_MAX = 30.0
_EXPORT_SECONDS_MAX = 30.0


class StandaloneEmulator:
    """It listens on the same port however often it is started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._exports = 0
        self._process: subprocess.Popen[bytes] | None = None
        java, jar = toolchain.find_java(), toolchain.find_firestore_emulator()
        if not (java and jar):
            raise RuntimeError("Java or the Firestore emulator is missing")
        self._command = (str(java), *_QUICK_TO_START, "-cp", str(jar), _CLASS)
        with socket.socket() as free:
            free.bind((_HOST, 0))
            self._port = free.getsockname()[1]

    @property
    def host(self) -> str:
        return f"{_HOST}:{self._port}"

    def start(self, export: Path | None = None) -> None:
        """Start it, empty or from an export; afterwards it listens."""
        options = ["--host", _HOST, "--port", str(self._port)]
        if export:
            options += ["--seed_from_export", str(export)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, *options],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is meant for us, and we end it.
                start_new_session=True,
            )
        self._wait_until_listening(self._process)

    def export(self, project: str) -> Path:
        """Everything in the project's database at this moment, in a file from which an emulator can be started."""
        self._exports += 1
        return exported_from(self.host, project, self._folder / f"export-{self._exports}")

    def kill(self) -> None:
        """SIGKILL: whatever it was doing, and everything it had in memory, is gone."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _wait_until_listening(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + _START_SECONDS_MAX
        while process.poll() is None and time.monotonic() < end:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex((_HOST, self._port)) == 0:
                    return
            time.sleep(0.02)
        said = (self._folder / "log").read_text(errors="replace")[-2_000:]
        raise RuntimeError(f"the emulator does not listen; its exit code: {process.returncode}\n{said}")


def exported_from(host: str, project: str, folder: Path) -> Path:
    """The same from any emulator, into a folder that does not exist yet."""
    folder.mkdir()
    wanted = {"database": f"projects/{project}/databases/(default)", "export_directory": str(folder)}
    url = f"http://{host}/emulator/v1/projects/{project}:export"
    request = urllib.request.Request(url, json.dumps(wanted).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=_EXPORT_SECONDS_MAX) as answer:
        answer.read()
    (exported,) = folder.glob("*/*.overall_export_metadata")
    return exported


@contextlib.contextmanager
def standalone_emulator(export: Path | None = None) -> Iterator[StandaloneEmulator]:
    """An empty one, or one from an export. However the block ends, neither its process nor any file of it is left."""
    with tempfile.TemporaryDirectory(prefix="firestore-") as folder:
        emulator = StandaloneEmulator(Path(folder))
        try:
            emulator.start(export)
            yield emulator
        finally:
            emulator.kill()
