"""Install, once, what make needs: Python packages, Node, Java, the Firebase tools and the Firestore emulator.

Runs with the system's Python, before anything is installed, so it uses the standard library only. What the machine has
is used; what it lacks comes as a pinned package into the environment. A step that is done is skipped, so an interrupted
install goes on where it stopped.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools import toolchain
from tools.toolchain import BUILD, NODE_MODULES, ROOT, VENV

_PYTHON = VENV / "bin" / "python"
_LOG = BUILD / "install.log"
# Without a terminal a long step still shows, in a log that people watch, that it is alive.
_SIGN_OF_LIFE_SECONDS = 15


def main() -> None:
    """Leave a complete toolchain behind, or exit with a sentence saying what is missing and how to get it."""
    BUILD.mkdir(exist_ok=True)
    _LOG.write_bytes(b"")
    _install_environment()
    _install_packages()
    node = _install_node()
    _install_java()
    _install_firebase_tools(node)
    _install_firestore_emulator(node)


def _install_environment() -> None:
    # A moved checkout or another Python makes the environment useless, although it is there.
    fingerprint = f"{sys.version} {VENV}"
    marker = VENV / ".python"
    if _is_done(marker, fingerprint):
        return
    _run(
        "Python environment",
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        otherwise="Python's venv module is needed (on Debian and Ubuntu: the package python3-venv).",
    )
    marker.write_text(fingerprint)


def _install_packages() -> None:
    marker = VENV / ".packages"
    fingerprint = _fingerprint(ROOT / "requirements.txt", ROOT / "requirements-dev.txt")
    if _is_done(marker, fingerprint):
        return
    _pip_install("Python packages", "requirements-dev.txt", otherwise="A package index that pip can reach is needed.")
    marker.write_text(fingerprint)


def _install_node() -> Path:
    needed = f"Node {toolchain.NODE_MAJOR_MIN} or newer with npm is needed on PATH; this machine has none"
    if not toolchain.find_node():
        _pip_install("Node", "tools/requirements-node.txt", otherwise=f"{needed}, and no package of it fits.")
    return toolchain.find_node() or sys.exit(f"{needed}, and the package of it does not run here.")


def _install_java() -> None:
    needed = f"Java {toolchain.JAVA_MAJOR_MIN} or newer is needed on PATH or in JAVA_HOME; this machine has none"
    if not toolchain.find_java():
        _pip_install("Java", "tools/requirements-java.txt", otherwise=f"{needed}, and no package of it fits.")
    if not toolchain.find_java():
        sys.exit(f"{needed}, and the package of it does not run here.")


def _install_firebase_tools(node: Path) -> None:
    # npm empties the folder first, so an interrupted install leaves no marker.
    marker = NODE_MODULES / ".installed"
    fingerprint = _fingerprint(ROOT / "tools" / "package-lock.json")
    if _is_done(marker, fingerprint):
        return
    _run(
        "Firebase tools",
        ["npm", "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--prefix", "tools"],
        otherwise="An npm registry that npm can reach is needed.",
        environment=_with_node(node),
    )
    marker.write_text(fingerprint)


def _install_firestore_emulator(node: Path) -> None:
    if toolchain.find_firestore_emulator():
        return
    _run(
        "Firestore emulator",
        [str(node), str(toolchain.FIREBASE), "setup:emulators:firestore"],
        otherwise=(
            "The Firestore emulator could not be downloaded. Install the Google Cloud CLI's component "
            "cloud-firestore-emulator, or point FIRESTORE_EMULATOR_BINARY_PATH at its jar."
        ),
        environment=_with_node(node),
    )


def _pip_install(step: str, requirements: str, *, otherwise: str) -> None:
    pip = [str(_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--requirement", requirements]
    _run(step, pip, otherwise=otherwise)


def _run(step: str, command: Sequence[str], *, otherwise: str, environment: Mapping[str, str] = os.environ) -> None:
    """Run one step, one line of progress; on failure, show the end of its output and what is needed `otherwise`."""
    start = time.monotonic()
    with (
        _LOG.open("ab") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        ) as process,
    ):
        while (code := _wait_a_moment(process)) is None:
            _show(f"{step}: {time.monotonic() - start:.0f} s ...", passing=True)
    if code:
        _show(f"{step}: failed")
        print(*_last_lines(_LOG), sep="\n", file=sys.stderr)
        sys.exit(f"\n{otherwise} Everything it said is in {_LOG.relative_to(ROOT)}.")
    _show(f"{step}: {time.monotonic() - start:.0f} s")


def _wait_a_moment(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(timeout=1 if sys.stdout.isatty() else _SIGN_OF_LIFE_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def _show(line: str, *, passing: bool = False) -> None:
    """Print a line; on a terminal the next one takes a `passing` line's place."""
    if sys.stdout.isatty():
        said = next(iter(_last_lines(_LOG)[-1:]), "") if passing else ""
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\033[K{line} {said}"[: width + len("\r\033[K")], end="" if passing else "\n", flush=True)
    else:
        print(line, flush=True)


def _last_lines(file: Path) -> list[str]:
    return file.read_text(errors="replace").splitlines()[-20:]


def _is_done(marker: Path, fingerprint: str) -> bool:
    return marker.is_file() and marker.read_text() == fingerprint


def _fingerprint(*files: Path) -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _with_node(node: Path) -> Mapping[str, str]:
    return {**os.environ, "PATH": os.pathsep.join((str(node.parent), os.environ["PATH"]))}


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted; the next make goes on from here.")
