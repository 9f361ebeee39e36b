"""The whole table of faults, then kills of the emulator: part of `make torture`. Ends with 1 if anything is wrong."""

import argparse
import secrets
import signal
import sys
from collections import Counter

from tests.proofs.faults.faulty_transport import Fault
from tests.proofs.faults.restart import THREADS, restarted_while_delivering
from tests.proofs.faults.scenarios import SCENARIOS
from tests.proofs.faults.trial import Cell, cells, wrong_in

_MARKS = {
    Fault.NOT_SENT: "n",
    Fault.ANSWER_LOST: "a",
    Fault.ANSWERS_LOST: "A",
    Fault.OUTAGE: "o",
    Fault.DEATH_BEFORE: "b",
    Fault.DEATH_AFTER: "d",
}


def main() -> int:
    wanted = _wanted()
    # However this ends, the emulators that it started end with it.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    is_wrong = [part(wanted) for name, part in _PARTS.items() if wanted.only in (name, None)]
    return 1 if any(is_wrong) else 0


def _wanted() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.faults", description=__doc__)
    parser.add_argument("--only", choices=_PARTS, help="only the table, or only the kills of the emulator")
    parser.add_argument("--restarts", type=int, default=3, help="how often the emulator is killed (3)")
    parser.add_argument("--seed", type=int, help="draws the orders and their events")
    return parser.parse_args()


def _table(wanted: argparse.Namespace) -> bool:
    """Prints it. Returns whether anything is wrong."""
    del wanted
    print(
        "\nEvery RPC of every scenario fails; then the event is delivered again. Each letter is a cell that ended well:"
    )
    print(", ".join(f"{mark} {fault}" for fault, mark in _MARKS.items()), "\n", flush=True)
    tried: Counter[Fault] = Counter()
    wrong: dict[Cell, list[str]] = {}
    table: dict[str, dict[str, str]] = {name: {} for name in SCENARIOS}
    for cell in cells(list(Fault)):
        complaints = wrong_in(cell)
        tried[cell.fault] += 1
        row = table[cell.scenario]
        rpc = f"{cell.rpc} {cell.name}"
        row[rpc] = row.get(rpc, "") + ("!" if complaints else _MARKS[cell.fault])
        if complaints:
            wrong[cell] = complaints
    for scenario, row in table.items():
        print(f"  {scenario:36}", "  ".join(f"{rpc} {marks}" for rpc, marks in row.items()))
    print(f"\n{tried.total()} cells, {len(wrong)} wrong:", ", ".join(f"{n} {fault}" for fault, n in tried.items()))
    for cell, complaints in wrong.items():
        print(f"  {cell}:", *complaints, sep="\n    ")
    return bool(wrong)


def _restarts(wanted: argparse.Namespace) -> bool:
    """Prints what became of the kills. Returns whether anything is wrong."""
    seed = secrets.randbelow(1_000_000_000) if wanted.seed is None else wanted.seed
    print(
        f"\nThe emulator is killed and restarted from its export, while {THREADS} threads deliver; seed {seed}\n",
        flush=True,
    )
    report = restarted_while_delivering(seed, restarts=wanted.restarts)
    print(*(f"  {line}" for line in report.lines()), sep="\n")
    return bool(report.complaints)


_PARTS = {"table": _table, "restarts": _restarts}


if __name__ == "__main__":
    sys.exit(main())
