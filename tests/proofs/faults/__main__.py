"""The whole table of faults: part of `make torture`. Ends with 1 if anything is wrong."""

import sys
from collections import Counter

from tests.proofs.faults import folding, performing
from tests.proofs.faults.faulty_transport import Fault
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
    print(
        "\nEvery RPC of every scenario fails; then the event is delivered again. Each letter is a cell that ended well:"
    )
    print(", ".join(f"{mark} {fault}" for fault, mark in _MARKS.items()), "\n", flush=True)
    tried: Counter[Fault] = Counter()
    wrong: dict[Cell, list[str]] = {}
    others = {performing.NAME: performing.wrong_in, folding.NAME: folding.wrong_in}
    table: dict[str, dict[str, str]] = {name: {} for name in (*SCENARIOS, *others)}
    for cell in (*cells(list(Fault)), *performing.cells(list(Fault)), *folding.cells(list(Fault))):
        complaints = others.get(cell.scenario, wrong_in)(cell)
        tried[cell.fault] += 1
        row = table[cell.scenario]
        rpc = f"{cell.rpc} {cell.name}"
        row[rpc] = row.get(rpc, "") + ("!" if complaints else _MARKS[cell.fault])
        if complaints:
            wrong[cell] = complaints
    for scenario, row in table.items():
        print(f"  {scenario:44}", "  ".join(f"{rpc} {marks}" for rpc, marks in row.items()))
    print(f"\n{tried.total()} cells, {len(wrong)} wrong:", ", ".join(f"{n} {fault}" for fault, n in tried.items()))
    for cell, complaints in wrong.items():
        print(f"  {cell}:", *complaints, sep="\n    ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
