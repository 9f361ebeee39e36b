"""Runs in the mutated copy: tries every mutant with the tests that get to what it changes, in a process of its own.

The tests are collected once, and run once without a mutant, which shows where they get. A mutant is then a fork in
which one name means another function. The first test that fails kills it, and is the first to be run on the next.
"""

import gc
import json
import os
import signal
import sys
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from coverage import Coverage
from hypothesis import Phase, settings

from tests.proofs.mutation import trampoline

CPU_SECONDS_MAX = 3
"""A mutant may loop: its process ends when a test uses this CPU time, or ten times its usual time."""
SECONDS_MAX = 120
"""A mutant may also wait for ever: pytest-timeout ends it after this time, since a busy machine slows every test."""

_TESTS = (
    *("tests/unit", "tests/contract", "notifications"),
    *("--ignore=tests/unit/tools", "--ignore=tests/unit/examples", "--ignore=tests/unit/test_documentation.py"),
    *("--ignore=tests/unit/ops/test_documented_output.py", "--ignore=tests/unit/ops/test_script.py"),
    *("--ignore=tests/unit/test_indexes.py", "--ignore=tests/unit/test_errors.py"),
    *("--ignore=tests/unit/test_sizes.py", "--ignore=tests/unit/notifications/test_channels.py"),
    "--ignore=notifications/mail/tests/test_thousand_notices.py",
    *("-k", "not [firestore and not test_connection"),
)
"""All that need no emulator and no gRPC server, whose threads a fork leaves behind.

Left out are the tests of tools, examples and the script `shop`, which need what make has installed; those of the
documentation, of indexes, of errors, of sizes and of a removed channel, which read the code that is mutated; and the
simulation and the thousand notices, which find too slowly here what they find by chance.
"""

# Neither a failure's reason nor its smallest example is needed, and finding them takes longer than failing.
settings.register_profile(
    "mutation", max_examples=25, derandomize=True, deadline=None, phases=[Phase.explicit, Phase.generate]
)
_BRIEFLY = ("-qq", "--tb=native", "--assert=plain", "--hypothesis-profile=mutation", "-p", "no:cacheprovider")
_TIME_LIMIT = (f"--timeout={SECONDS_MAX}", "--timeout-method=thread", "-o", "timeout_func_only=true")


@dataclass(frozen=True, slots=True)
class Suspect:
    """A mutant, as its trial needs it."""

    module: str
    name: str
    changes: str
    file: str
    first_line: int
    """Of the statement that it changes, unchanged, in the mutated file."""
    last_line: int

    @property
    def function(self) -> tuple[str, str]:
        return self.module, self.name.rpartition("_")[0]

    @property
    def places(self) -> Iterator[tuple[str, int]]:
        return ((self.file, line) for line in range(self.first_line, self.last_line + 1))


class Verdict(StrEnum):
    KILLED = "killed by tests"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"


class Trial:
    """A pytest plugin that replaces the loop over the tests."""

    def __init__(self, suspects: Sequence[Suspect], processes: int) -> None:
        self.verdicts: list[tuple[Suspect, Verdict]] = []
        self._suspects = suspects
        self._processes = processes
        self._running: dict[int, tuple[Suspect, int]] = {}
        """By process: a mutant, and the pipe that says which test killed it."""
        self._tests: Sequence[tuple[pytest.Item, float]] = ()
        """Each with the CPU seconds that it usually takes, the quickest first."""
        self._reaching: Mapping[tuple[str, int], frozenset[int]] = {}
        """By file and line: the numbers of the tests that get there."""
        self._killers: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        """By function: the tests that killed its mutants, the latest last."""

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._learn_which_tests_get_where(session.items)
        gc.collect()
        gc.freeze()
        untried = deque(self._suspects)
        while untried or self._running:
            while untried and len(self._running) < self._processes:
                self._begin(untried.popleft())
            self._end()
            if len(self.verdicts) % 200 == 0 or not (untried or self._running):
                _say(f"{len(self.verdicts):,} of {len(self._suspects):,}")
        return True

    def _learn_which_tests_get_where(self, items: Sequence[pytest.Item]) -> None:
        files = [str(Path(file).resolve()) for file in {suspect.file for suspect in self._suspects}]
        recorded = Coverage(data_file=None, config_file=False, include=files)
        cpu_seconds: dict[pytest.Item, float] = {}
        recorded.start()
        for item in items:
            recorded.switch_context(item.nodeid)
            began = time.process_time()
            if _fails(item):
                pytest.exit(f"{item.nodeid} fails without any mutant", returncode=1)
            cpu_seconds[item] = time.process_time() - began
        recorded.stop()
        self._tests = sorted(cpu_seconds.items(), key=lambda test: test[1])
        numbers = {item.nodeid: number for number, (item, _) in enumerate(self._tests)}
        self._reaching = {
            (os.path.relpath(file), line): frozenset(numbers[test] for test in tests if test)
            for file in recorded.get_data().measured_files()
            for line, tests in recorded.get_data().contexts_by_lineno(file).items()
        }

    def _begin(self, suspect: Suspect) -> None:
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
            trampoline.put_on_trial(suspect.module, suspect.name)
            killer = next((test for test in self._tests_for(suspect) if self._fails_in_time(test)), "")
            os.write(writer, str(killer).encode())
            os._exit(0)
        os.close(writer)
        self._running[pid] = suspect, reader

    def _tests_for(self, suspect: Suspect) -> Iterable[int]:
        """Those that reach its change: first those that killed others of its function, then the quickest."""
        reaching = frozenset[int]().union(*(self._reaching.get(place, ()) for place in suspect.places))
        killers = [test for test in reversed(self._killers[suspect.function]) if test in reaching]
        return dict.fromkeys([*killers, *sorted(reaching)])

    def _fails_in_time(self, test: int) -> bool:
        """The time-out's signal ends this process."""
        item, cpu_seconds = self._tests[test]
        signal.setitimer(signal.ITIMER_PROF, max(CPU_SECONDS_MAX, 10 * cpu_seconds))
        return _fails(item)

    def _end(self) -> None:
        pid, status = os.wait()
        suspect, reader = self._running.pop(pid)
        with os.fdopen(reader) as answer:
            killer = answer.read()
        if killer:
            self._killers[suspect.function].append(int(killer))
        verdict = Verdict.TIMED_OUT if status else Verdict.KILLED if killer else Verdict.SURVIVED
        self.verdicts.append((suspect, verdict))
        if verdict is Verdict.SURVIVED:
            _say(f"survived: {suspect.changes}")


def _say(words: str) -> None:
    print(f"  {words}", file=sys.__stdout__, flush=True)


def _fails(item: pytest.Item) -> bool:
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def main() -> int:
    """Read the mutants from standard input, and write the verdicts to the file named by the first argument."""
    answer, processes = Path(sys.argv[1]), int(sys.argv[2])
    trial = Trial([Suspect(*each) for each in json.load(sys.stdin)], processes)
    ended = pytest.main([*_TESTS, *_BRIEFLY, *_TIME_LIMIT, "--capture=sys"], plugins=[trial])
    answer.write_text(json.dumps([(each.module, each.name, verdict) for each, verdict in trial.verdicts]))
    return int(ended)


if __name__ == "__main__":
    sys.exit(main())
