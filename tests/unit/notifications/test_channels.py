"""A channel is a folder and a line: if both are removed, the shop works without it."""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from notifications.channels import CHANNELS
from tests.support.deployed import PACKAGES, deployed_modules
from tools.toolchain import ROOT

IMPORT_ALL = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"


def modules(folder: Path) -> Sequence[str]:
    files = [file.relative_to(ROOT) for file in deployed_modules()]
    there = [file.with_suffix("") for file in files if (folder / file).exists() and file.name != "__init__.py"]
    return [".".join(file.parts) for file in there]


def test_channels_that_are_removed_with_their_lines_are_missed_by_nobody(tmp_path: Path) -> None:
    """All channels at once: the import contracts already keep channels from importing each other."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("tests"))
    for channel in CHANNELS:
        shutil.rmtree(tmp_path / "notifications" / channel)
    registry = tmp_path / "notifications" / "channels.py"
    text, lines = re.subn(r"(?m)^ +EffectKind\.\w+: .*\n", "", registry.read_text())
    registry.write_text(text)
    assert lines == len(CHANNELS)
    ran = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *modules(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stderr, ran.returncode) == ("", 0)
