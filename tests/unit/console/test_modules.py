"""The console's pure modules, which Node's own test runner tries: what is not right is in its output."""

import subprocess
from pathlib import Path

from tools.toolchain import find_node


def test_they_do_as_their_tests_say() -> None:
    node = find_node()
    assert node, "the emulators' Node is gone"
    ran = subprocess.run([node, "--test", Path(__file__).with_name("modules.mjs")], capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout.decode()
