"""Plain `pytest` runs what needs no emulators, and says what the rest needs."""

import os

import pytest

from tests.support import emulated_shop  # noqa: F401 - loaded once: what it is built on cannot be loaded twice
from tools.toolchain import ROOT

pytest_plugins = ["pytester"]


def test_what_needs_the_emulators_is_left_out_and_counted_where_there_are_none(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in [name for name in os.environ if name.endswith("_EMULATOR_HOST")]:
        monkeypatch.delenv(variable)
    ran = pytester.runpytest_inprocess(
        *(f"--rootdir={ROOT}", f"--config-file={ROOT / 'pyproject.toml'}", "-p", "no:cacheprovider", "-k", "increase"),
        ROOT / "tests/contract/test_store.py",
    )
    # Each of these tests runs six times: in memory, in a rehearsal, in groups, on the bench's stand-in, on the
    # emulator, and there in groups.
    counted = ran.parseoutcomes()
    assert counted["passed"] == 2 * counted["skipped"] > 0
    said = f"{counted['skipped']} tests need the emulators: `make test` starts them, and runs these too."
    assert said in ran.outlines
