"""The repository's packages that are deployed."""

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tools.toolchain import ROOT

_CHECKED: Final[Sequence[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "root_packages"
]
PACKAGES: Final = tuple(package for package in _CHECKED if package != "ops")
"""Those whose imports are checked, except `ops`, which runs on operators' machines."""


def deployed_modules() -> Iterator[Path]:
    """Their modules, without the tests beside them."""
    for package in PACKAGES:
        yield from (file for file in (ROOT / package).rglob("*.py") if "tests" not in file.relative_to(ROOT).parts)
