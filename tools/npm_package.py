"""Installs single npm packages without their dependencies.

    python3 -m tools.npm_package stripe

Puts it into the environment. Uses only the standard library, like all that the install needs.
"""

import base64
import contextlib
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools import toolchain
from tools.toolchain import VENV


@dataclass(frozen=True, slots=True)
class Pin:
    version: str
    integrity: str
    """As in a lock file; `npm view NAME@VERSION dist.integrity` prints it."""


FOLDER: Final = VENV / "npm"
PINS: Final[Mapping[str, Pin]] = {
    # Checks the accessibility of the page in examples/shop.
    "axe-core": Pin(
        "4.14.1", "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
    ),
    "firebase": Pin(
        "12.19.0", "sha512-kwXCLcI0ly2lkwygkbuRx6SsX3DSO96355YrWh9SWZ5ncsxK/y5cirn3sY6nZVSiBVE++2nL6Hchzu1EB8uohQ=="
    ),
    # Renders the operators' console.
    "lit-html": Pin(
        "3.3.3", "sha512-el8M6jK2o3RXBnrSHX3ZKrsN8zEV63pSExTO1wYJz7QndGYZ8353e2a5PPX+qHe2aGayfnchQmkAojaWAREOIA=="
    ),
    # Contains the browser, which other packages download from a host of their own.
    "@sparticuz/chromium": Pin(
        "153.0.0", "sha512-jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA=="
    ),
    # Runs the backend in examples/backend.
    "stripe": Pin(
        "23.1.0", "sha512-fVUfMSfTPoukfoV//MUKAx2+YxyKmYaYtnAL9VkfnHfaPNQylFdWZMD+zgUFerI8rjbaiER8Vzj2XEUQ2AhAsQ=="
    ),
}


@contextlib.contextmanager
def unpacked(name: str) -> Iterator[Path]:
    """The unpacked folder of the pinned package; exits with the reason if the registry has another."""
    node = toolchain.find_node() or sys.exit("Node with npm is needed.")
    pin = PINS[name]
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", f"{name}@{pin.version}", "--pack-destination", folder]
        quietly = ["--silent", "--prefer-offline", "--no-update-notifier"]
        environment = toolchain.environment_of_tools(node.parent)
        subprocess.run([*command, *quietly], env=environment, stdin=subprocess.DEVNULL, check=True)
        (archive,) = Path(folder).iterdir()
        if (integrity := integrity_of(archive)) != pin.integrity:
            sys.exit(f"{name}@{pin.version} has the integrity {integrity}, and not {pin.integrity}: do not use it.")
        with tarfile.open(archive) as members:
            members.extractall(folder, filter="data")
        yield Path(folder, "package")


def integrity_of(file: Path) -> str:
    return f"sha512-{base64.b64encode(hashlib.sha512(file.read_bytes()).digest()).decode()}"


def main(name: str) -> None:
    """Put the package into the environment, replacing an earlier one."""
    with unpacked(name) as package:
        shutil.rmtree(FOLDER / name, ignore_errors=True)
        shutil.copytree(package, FOLDER / name)


if __name__ == "__main__":
    main(sys.argv[1])
