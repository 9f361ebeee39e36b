"""Which of the repository's packages are deployed."""

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tools.toolchain import ROOT

_CHECKED: Final[Sequence[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "root_packages"
]
PACKAGES: Final = tuple(package for package in _CHECKED if package != "ops")
"""Those whose imports are checked, but for the operators' command line, which runs where they are."""


def deployed_modules() -> Iterator[Path]:
    """Every module of theirs, but for the tests that some of them have beside them."""
    for package in PACKAGES:
        yield from (file for file in (ROOT / package).rglob("*.py") if "tests" not in file.relative_to(ROOT).parts)
