"""Runs in the mutated copy: tries every mutant with the tests that call its function, each in a process of its own.

The tests are collected once, and run once without a mutant, which shows whom they call. A mutant is then a fork, where
one name means another function. It is killed by the first test that fails, and that one is asked first about the next.
"""

import gc
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings

from tests.proofs.mutation import trampoline

TEST_SECONDS_MAX = 10
"""A mutant may loop for ever: after so long, pytest-timeout ends its process."""

_TESTS = (
    *("tests/unit", "tests/contract", "--ignore=tests/unit/tools"),
    *("-k", "not [firestore and not test_connection"),
)
"""All that need no emulator, and no server of gRPC's, whose threads a fork leaves behind; none of the tools' own, which
need what make has installed.

Of the simulation none: what only its chances find is found too slowly here.
"""

# Nobody reads why a test has failed, nor wants the least example of it, and to find that out takes longer than to fail.
settings.register_profile(
    "mutation", max_examples=25, derandomize=True, deadline=None, phases=[Phase.explicit, Phase.generate]
)
_BRIEFLY = ("-qq", "--tb=native", "--assert=plain", "--hypothesis-profile=mutation", "-p", "no:cacheprovider")
_NEVER_FOR_EVER = (f"--timeout={TEST_SECONDS_MAX}", "--timeout-method=thread", "-o", "timeout_func_only=true")

Name = tuple[str, str]
"""A mutant's module, and its name there."""


class Verdict(StrEnum):
    KILLED = "killed by tests"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"


class Trial:
    """A plugin for pytest that takes the place of its loop over the tests."""

    def __init__(self, mutants: Iterable[Name], processes: int) -> None:
        self.verdicts: list[tuple[Name, Verdict]] = []
        self._untried = list(mutants)
        self._processes = processes
        self._running: dict[int, tuple[Name, int]] = {}
        """By process: a mutant, and where to read what kills it."""
        self._items: Sequence[pytest.Item] = ()
        self._tests: defaultdict[Name, list[pytest.Item]] = defaultdict(list)
        """By the function that they call; first those that call little else."""

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._items = session.items
        self._learn_who_calls_whom()
        gc.freeze()
        total = len(self._untried)
        while self._untried or self._running:
            while self._untried and len(self._running) < self._processes:
                self._begin(self._untried.pop(0))
            self._end()
            if len(self.verdicts) % 200 == 0 or len(self.verdicts) == total:
                print(f"  {len(self.verdicts):,} of {total:,}", file=sys.__stdout__, flush=True)
        return True

    def _learn_who_calls_whom(self) -> None:
        breadth: dict[pytest.Item, tuple[int, float]] = {}
        for item in self._items:
            trampoline.called.clear()
            began = time.monotonic()
            if _fails(item):
                pytest.exit(f"{item.nodeid} fails without any mutant", returncode=1)
            breadth[item] = len(trampoline.called), time.monotonic() - began
            for function in trampoline.called:
                self._tests[function].append(item)
        for tests in self._tests.values():
            tests.sort(key=breadth.__getitem__)

    def _tests_of(self, mutant: Name) -> list[pytest.Item]:
        module, name = mutant
        return self._tests[module, name.rpartition("_")[0]]

    def _begin(self, mutant: Name) -> None:
        heard, told = os.pipe()
        pid = os.fork()
        if pid == 0:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
            trampoline.put_on_trial(*mutant)
            killer = next((test for test in self._tests_of(mutant) if _fails(test)), None)
            if killer:
                os.write(told, str(self._items.index(killer)).encode())
            os._exit(0)
        os.close(told)
        self._running[pid] = mutant, heard

    def _end(self) -> None:
        pid, status = os.wait()
        mutant, heard = self._running.pop(pid)
        with os.fdopen(heard) as answer:
            killer = answer.read()
        if killer:
            tests, test = self._tests_of(mutant), self._items[int(killer)]
            tests.remove(test)
            tests.insert(0, test)
        self.verdicts.append((mutant, Verdict.TIMED_OUT if status else Verdict.KILLED if killer else Verdict.SURVIVED))


def _fails(item: pytest.Item) -> bool:
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def main() -> int:
    """Take the mutants' names from the input; write the verdicts into the file that is named first."""
    answer, processes = Path(sys.argv[1]), int(sys.argv[2])
    trial = Trial(((module, name) for module, name in json.load(sys.stdin)), processes)
    ended = pytest.main([*_TESTS, *_BRIEFLY, *_NEVER_FOR_EVER, "--capture=sys"], plugins=[trial])
    answer.write_text(json.dumps(trial.verdicts))
    return int(ended)


if __name__ == "__main__":
    sys.exit(main())
