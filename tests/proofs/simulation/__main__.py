"""Simulated histories, as many as there is time for, on all cores: part of `make torture`. Ends with 1 if one fails."""

import argparse
import itertools
import multiprocessing
import os
import secrets
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, dataclass, field, fields, is_dataclass

from tests.proofs.simulation.drawing import crowd_from, history_from
from tests.proofs.simulation.history import History
from tests.proofs.simulation.rpcs import OUTSIDE
from tests.proofs.simulation.shrinking import shrunk
from tests.proofs.simulation.simulation import complaints_about
from tests.proofs.simulation.tally import Tally


def main() -> int:
    wanted = _wanted()
    if wanted.seed is not None:
        return _replayed(wanted.seed)
    first, cores = secrets.randbelow(1_000_000_000), os.cpu_count() or 1
    began = time.monotonic()
    with multiprocessing.Pool(cores) as pool:
        end = None if wanted.histories is None else first + wanted.histories
        played = pool.map(_played, [_Share(first + core, end, cores, wanted.seconds) for core in range(cores)])
    tally = Tally()
    for one in played:
        tally.add(one.tally)
    print("\n".join(_report(tally, first, cores, time.monotonic() - began)), flush=True)
    failed = [seed for one in played for seed in one.failed]
    if failed:
        return _replayed(failed[0])
    print("\nEvery promise was kept in all of them.")
    return 0


def _wanted() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.simulation", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long to play (60)")
    parser.add_argument("--histories", type=int, help="how many to play at most")
    parser.add_argument("--seed", type=int, help="play only this one, and show it step by step")
    return parser.parse_args()


# --- Playing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Share:
    """What one core plays: every n-th seed, until time is out."""

    first: int
    end: int | None
    cores: int
    seconds: float

    def seeds(self) -> Iterable[int]:
        if self.end is None:
            return itertools.count(self.first, self.cores)
        return range(self.first, self.end, self.cores)


@dataclass(frozen=True, slots=True)
class _Played:
    tally: Tally = field(default_factory=Tally)
    failed: list[int] = field(default_factory=list)


def _played(share: _Share) -> _Played:
    played, end = _Played(), time.monotonic() + share.seconds
    for seed in share.seeds():
        if complaints_about(_drawn(seed), played.tally):
            played.failed.append(seed)
        if played.failed or time.monotonic() >= end:
            break
    return played


def _drawn(seed: int) -> History:
    """One of four is a crowd."""
    return history_from(seed) if seed % 4 else crowd_from(seed)


# --- Reporting -------------------------------------------------------------------------------------------------------


def _report(tally: Tally, first: int, cores: int, seconds: float) -> Iterator[str]:
    a_minute = round(tally.histories / seconds * 60)
    yield f"\nSimulated shops, from seed {first}: after every RPC anybody may go on, and any RPC may go wrong\n"
    yield f"  histories       {tally.histories:,} in {seconds:.0f} s on {cores} cores: {a_minute:,} a minute"
    yield f"  events settled  {tally.results.total():,}"
    yield f"  RPCs            {tally.rpcs.total():,}: {_counted(tally.rpcs)}"
    yield f"  went wrong      {tally.faults.total():,}: {_counted(tally.faults)}"
    yield f"  races lost      {tally.races_lost:,}"
    yield f"  sweeps settled  {tally.swept.total():,}: {_counted(tally.swept)}"
    yield f"  folded          {_counted(tally.folded)}"
    yield f"  side by side    {tally.side_by_side:,} RPCs while another thread of the same sweep waited"
    yield f"  held together   {tally.grouped:,} commits for several orders at once"
    yield f"  asked again     {tally.not_settled.total():,}: {_counted(tally.not_settled)}"
    yield f"  orders ended    {tally.statuses.total():,}: {_counted(tally.statuses)}"
    yield f"  done outside    {tally.effects.total():,}, asked {tally.rpcs[OUTSIDE]:,} times: {_counted(tally.effects)}"
    yield f"  wanted to pay   {tally.calls.total():,}: {_counted(tally.calls)}"
    yield f"  sessions opened {tally.sessions.total():,}: {_counted(tally.sessions)}"
    yield f"  parked for ever {tally.parked.total():,}, and rightly: {_counted(tally.parked)}"
    yield f"  rules looked at {tally.compared.total():,}, and found nothing: {_counted(tally.compared)}"
    yield "\nHow events ended\n"
    ended: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (event, result), times in tally.results.items():
        ended[event][result] += times
    yield from (f"  {event:17} {_counted(results)}" for event, results in sorted(ended.items()))


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {times:,}" for name, times in counter.most_common())


def _replayed(seed: int) -> int:
    """Show one history step by step; of one that fails, the least that still does. 1 if it fails."""
    history = _drawn(seed)
    complaints = complaints_about(history)
    if complaints:
        print(f"\nSeed {seed} breaks a promise:", *complaints, sep="\n  ")
        history = shrunk(history, lambda simpler: bool(complaints_about(simpler)))
        print("\nThe least of it that still does:")
    else:
        print(f"\nSeed {seed}:")
    trace: list[str] = []
    left = complaints_about(history, trace=trace)
    print("", *_described(history), "", *trace, "", *(left or ["Every promise was kept."]), sep="\n  ")
    return 1 if complaints else 0


def _described(history: History) -> Iterator[str]:
    yield f"stock: {dict(history.stock)}, backorders: {dict(history.backorders)}, hot: {', '.join(history.hot)}"
    yield from (f"scenario: {_unusual(scenario)}" for scenario in history.scenarios)
    yield f"arrivals: {', '.join(map(str, history.arrivals))}"
    turns = (f"{turn.who} ({turn.fault})" if turn.fault else str(turn.who) for turn in history.turns)
    yield f"turns: {' '.join(turns)}"
    yield f"workers: {history.workers}, an RPC takes {history.rpc_seconds} s"
    yield f"holds are grouped: {history.is_grouped}"
    yield f"opens late: {history.opens_late}, restocks: {history.restocks}"
    yield f"outside: {_unusual(history.outside) or 'nothing'}"


def _unusual(value: object) -> str:
    """Its fields, without those that are as by default."""
    if isinstance(value, tuple):
        return f"({', '.join(map(_unusual, value))})"
    if not is_dataclass(value):
        return str(value)
    known = ((one, getattr(value, one.name)) for one in fields(value))
    return ", ".join(
        f"{one.name} {_unusual(each)}" for one, each in known if one.default is MISSING or each != one.default
    )


if __name__ == "__main__":
    sys.exit(main())
