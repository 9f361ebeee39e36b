"""Runs in the mutated copy: tries every mutant with the tests that call its function, each in a process of its own.

The tests are collected once, and run once without a mutant, which shows what they call. A mutant is then a fork in
which one name means another function. The first test that fails kills it, and is the first to be run on the next.
"""

import gc
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings

from tests.proofs.mutation import trampoline

TEST_SECONDS_MAX = 10
"""A mutant may loop for ever: after this time pytest-timeout ends its process, or after ten times the usual time."""
UNMUTATED_SECONDS_MAX = 120
"""The machine may be busy while the tests run without a mutant."""

_TESTS = (
    *("tests/unit", "tests/contract", "notifications"),
    *("--ignore=tests/unit/tools", "--ignore=tests/unit/examples", "--ignore=tests/unit/test_documentation.py"),
    *("--ignore=tests/unit/ops/test_documented_output.py", "--ignore=tests/unit/ops/test_script.py"),
    "--ignore=tests/unit/test_indexes.py",
    "--ignore=tests/unit/notifications/test_channels.py",
    "--ignore=notifications/mail/tests/test_thousand_notices.py",
    *("-k", "not [firestore and not test_connection"),
)
"""All that need no emulator and no gRPC server, whose threads a fork leaves behind.

Left out are the tests of tools, examples and the script `shop`, which need what make has installed; those of the
documentation, of indexes and of a removed channel, which read the code that is mutated; and the simulation and the
thousand notices, which find too slowly here what they find by chance.
"""

# The reason for a failure is not read, nor its smallest example: finding them takes longer than failing.
settings.register_profile(
    "mutation", max_examples=25, derandomize=True, deadline=None, phases=[Phase.explicit, Phase.generate]
)
_BRIEFLY = ("-qq", "--tb=native", "--assert=plain", "--hypothesis-profile=mutation", "-p", "no:cacheprovider")
_TIME_LIMIT = (f"--timeout={UNMUTATED_SECONDS_MAX}", "--timeout-method=thread", "-o", "timeout_func_only=true")

Name = tuple[str, str]
"""A mutant's module, and its name there."""


class Verdict(StrEnum):
    KILLED = "killed by tests"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"


class Trial:
    """A plugin for pytest that takes the place of its loop over the tests."""

    def __init__(self, mutants: Mapping[Name, str], processes: int) -> None:
        """`mutants` says what each of them changes."""
        self.verdicts: list[tuple[Name, Verdict]] = []
        self._changes = mutants
        self._untried = list(mutants)
        self._processes = processes
        self._running: dict[int, tuple[Name, int]] = {}
        """By process: a mutant, and the pipe that says which test killed it."""
        self._items: Sequence[pytest.Item] = ()
        self._tests: defaultdict[Name, list[pytest.Item]] = defaultdict(list)
        """By the function that they call, the ones that call little else first."""

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._items = session.items
        self._learn_which_tests_call_what()
        gc.freeze()
        total = len(self._untried)
        while self._untried or self._running:
            while self._untried and len(self._running) < self._processes:
                self._begin(self._untried.pop(0))
            self._end()
            if len(self.verdicts) % 200 == 0 or len(self.verdicts) == total:
                print(f"  {len(self.verdicts):,} of {total:,}", file=sys.__stdout__, flush=True)
        return True

    def _learn_which_tests_call_what(self) -> None:
        breadth: dict[pytest.Item, tuple[int, float]] = {}
        for item in self._items:
            trampoline.called.clear()
            began = time.monotonic()
            if _fails(item):
                pytest.exit(f"{item.nodeid} fails without any mutant", returncode=1)
            breadth[item] = len(trampoline.called), time.monotonic() - began
            for function in trampoline.called:
                self._tests[function].append(item)
        for item, (_, seconds) in breadth.items():
            item.add_marker(pytest.mark.timeout(max(TEST_SECONDS_MAX, 10 * seconds)), append=False)
        for tests in self._tests.values():
            tests.sort(key=breadth.__getitem__)

    def _tests_of(self, mutant: Name) -> list[pytest.Item]:
        module, name = mutant
        return self._tests[module, name.rpartition("_")[0]]

    def _begin(self, mutant: Name) -> None:
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
            trampoline.put_on_trial(*mutant)
            killer = next((test for test in self._tests_of(mutant) if _fails(test)), None)
            if killer:
                os.write(writer, str(self._items.index(killer)).encode())
            os._exit(0)
        os.close(writer)
        self._running[pid] = mutant, reader

    def _end(self) -> None:
        pid, status = os.wait()
        mutant, reader = self._running.pop(pid)
        with os.fdopen(reader) as answer:
            killer = answer.read()
        if killer:
            tests, test = self._tests_of(mutant), self._items[int(killer)]
            tests.remove(test)
            tests.insert(0, test)
        verdict = Verdict.TIMED_OUT if status else Verdict.KILLED if killer else Verdict.SURVIVED
        self.verdicts.append((mutant, verdict))
        if verdict is Verdict.SURVIVED:
            print(f"  survived: {self._changes[mutant]}", file=sys.__stdout__, flush=True)


def _fails(item: pytest.Item) -> bool:
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def main() -> int:
    """Read the mutants and what they change from the input, and write the verdicts into the first argument's file."""
    answer, processes = Path(sys.argv[1]), int(sys.argv[2])
    trial = Trial({(module, name): changes for module, name, changes in json.load(sys.stdin)}, processes)
    ended = pytest.main([*_TESTS, *_BRIEFLY, *_TIME_LIMIT, "--capture=sys"], plugins=[trial])
    answer.write_text(json.dumps(trial.verdicts))
    return int(ended)


if __name__ == "__main__":
    sys.exit(main())
