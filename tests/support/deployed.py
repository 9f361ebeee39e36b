"""Which of the repository's packages are deployed."""

import tomllib
from typing import Final

from tools.toolchain import ROOT

PACKAGES: Final[tuple[str, ...]] = tuple(
    tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
)
"""Those whose imports are checked, which are all that run."""
