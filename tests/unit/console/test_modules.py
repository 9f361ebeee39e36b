"""The console's pure modules, tested by Node's own test runner: its output has the failures."""

import subprocess
from pathlib import Path

from tools.toolchain import find_node


def test_they_do_as_their_tests_say() -> None:
    node = find_node()
    assert node, "the emulators' Node is gone"
    ran = subprocess.run([node, "--test", Path(__file__).with_name("modules.mjs")], capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout.decode()
