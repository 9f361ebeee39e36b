"""A channel is a folder and a line: without both, the shop goes on without it."""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from effects.effect import EffectKind
from notifications.channels import CHANNELS
from tests.support.deployed import PACKAGES, deployed_modules
from tools.toolchain import ROOT

IMPORT_ALL = """
import importlib, sys
from service.performers import sending_messages
from service.settings import settings_from
for name in sys.argv[1:]:
    importlib.import_module(name)
environment = {"CUSTOMER_CHANNELS": "mail,push,sms", "OPERATOR_CHANNELS": "mail,chat", "FUNCTIONS_EMULATOR": "true"}
print(*sorted(sending_messages(environment, settings_from(environment), None, None, None)))
"""


def modules(folder: Path) -> Sequence[str]:
    files = [file.relative_to(ROOT) for file in deployed_modules()]
    there = [file.with_suffix("") for file in files if (folder / file).exists() and file.name != "__init__.py"]
    return [".".join(file.parts) for file in there]


@pytest.mark.parametrize("removed", CHANNELS)
def test_a_channel_that_is_removed_with_its_line_is_missed_by_nobody(removed: EffectKind, tmp_path: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "tests"))
    shutil.rmtree(tmp_path / "notifications" / removed)
    registry = tmp_path / "notifications" / "channels.py"
    line = re.compile(rf"^ +EffectKind\.{removed.name}: .*\n", re.MULTILINE)
    text, lines = line.subn("", registry.read_text())
    registry.write_text(text)
    assert lines == 1
    ran = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *modules(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stderr, ran.returncode) == ("", 0)
    assert ran.stdout.split() == sorted(CHANNELS.keys() - {removed})
