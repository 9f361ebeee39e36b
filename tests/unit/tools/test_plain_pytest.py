"""`pytest` alone runs what needs no emulators, and says what the rest needs."""

import os
import re
import subprocess
import sys

from tools.toolchain import ROOT


def test_what_needs_the_emulators_is_left_out_and_counted_where_there_are_none() -> None:
    command = [sys.executable, "-m", "pytest", "-k", "increase", "tests/contract/test_store.py"]
    without = {name: value for name, value in os.environ.items() if not name.endswith("_EMULATOR_HOST")}
    ran = subprocess.run(command, cwd=ROOT, env=without, stdout=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    # Each of these tests runs twice: on the store in memory, and on the emulator.
    assert re.search(
        r"^(\d+) tests need the emulators: `make test` starts them, and runs these too\.\n.* \1 passed, \1 skipped",
        ran.stdout,
        re.MULTILINE,
    )
