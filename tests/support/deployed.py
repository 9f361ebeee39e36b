"""Which of the repository's packages are deployed."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.toolchain import ROOT

PACKAGES: Final[tuple[str, ...]] = tuple(
    tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
)
"""Those whose imports are checked, which are all that run."""


def deployed_modules() -> Iterator[Path]:
    """Every module of theirs, but for the tests that some of them have beside them."""
    for package in PACKAGES:
        yield from (file for file in (ROOT / package).rglob("*.py") if "tests" not in file.parts)
