"""The door under fire, as long as there is time: part of `make torture`. Ends with 1 if it breaks a promise.

Three shares: shapes (Stripe's events, broken in any way), bytes (bodies and headers), and the wire (the real server).
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.proofs.fuzz.deliveries import visit_from
from tests.proofs.fuzz.endpoint import complaints_about
from tests.proofs.fuzz.guided import GUIDED
from tests.proofs.fuzz.raw_http import AS_IN_PRODUCTION, NOWHERE, answer_to, statuses_in, wrongs_of, wrongs_of_server
from tests.support.production_server import production_server
from tools.toolchain import ROOT

_FOLDER: Final = ROOT / "build" / "fuzz"
_OF_WIRE: Final = 0.25
"""Its part of the time; the rest belongs to shapes and bytes, side by side."""
_EXTRA_SECONDS_MAX: Final = 120
"""What a share may take on top of its time, to start, and to find the least of what is wrong."""
_COVERAGE: Final = re.compile(r"cov: (\d+) ft: \d+ corp: (\d+)/")
_LINES_SHOWN: Final = 20
_CHARACTERS_SHOWN: Final = 4_000


def main() -> int:
    wanted = _wanted()
    if wanted.replay:
        return _replayed(wanted.replay)
    began, of_wire = time.monotonic(), wanted.seconds * _OF_WIRE
    at_the_door = [_begun("guided", name, wanted.seconds - of_wire) for name in ("shapes", "bytes")]
    shares = [share.ended(wanted.seconds) for share in at_the_door]
    shares.append(_begun("wire", "wire", of_wire).ended(wanted.seconds))
    print("\n".join(_report(shares, time.monotonic() - began)), flush=True)
    wrong = [share for share in shares if share.code]
    for share in wrong:
        _tell(share)
    if not wrong:
        print("\nEvery promise was kept.")
    return 1 if wrong else 0


def _wanted() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long to try (60)")
    parser.add_argument("--replay", type=Path, help="try only what was kept in this file, and tell it")
    return parser.parse_args()


# --- Shares ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ended:
    name: str
    code: int
    tally: Mapping[str, Any]
    """Empty if it did not come to count."""
    said: str
    folder: Path

    @property
    def kept(self) -> Sequence[Path]:
        """What was wrong, to be tried again."""
        return sorted(self.folder.glob("wrong.*"))


@dataclass(frozen=True, slots=True)
class _Running:
    name: str
    process: subprocess.Popen[bytes]
    folder: Path

    def ended(self, seconds: float) -> _Ended:
        try:
            code = self.process.wait(timeout=seconds + _EXTRA_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        tally = self.folder / "tally.json"
        said = (self.folder / "said.txt").read_text(errors="replace")
        return _Ended(self.name, code, json.loads(tally.read_text()) if tally.exists() else {}, said, self.folder)


def _begun(module: str, name: str, seconds: float) -> _Running:
    folder = _FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    door = [name] if module == "guided" else []
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", f"tests.proofs.fuzz.{module}", *door, str(seconds), str(folder)],
            cwd=ROOT,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    return _Running(name, process, folder)


# --- Telling ---------------------------------------------------------------------------------------------------------


def _report(shares: Sequence[_Ended], seconds: float) -> Iterator[str]:
    how = "guided by coverage" if GUIDED else "at random, as atheris is not installed"
    yield f"\nThe door under fire for {seconds:.0f} s, {how}\n"
    for share in shares:
        yield from _of_wire(share.tally) if share.name == "wire" else _of_door(share)
    yield "\nHow what was answered 2xx ended\n"
    results = sum((Counter(share.tally.get("results", {})) for share in shares), Counter[str]())
    yield f"  {_counted(results)}"


def _of_door(share: _Ended) -> Iterator[str]:
    tally = share.tally
    if not tally:
        yield f"  {share.name:7} died"
        return
    statuses = Counter(tally["statuses"])
    yield f"  {share.name:7} {statuses.total():,} deliveries to {tally['visits']:,} shops: {_counted(statuses)}"
    yield f"          {tally['signed']:,} signed, {tally['not_signed']:,} not; {_settled(tally):,} reached settlement"
    if found := _COVERAGE.findall(share.said):
        branches, corpus = found[-1]
        yield f"          {branches} branches seen, {corpus} inputs that each showed a new one"


def _settled(tally: Mapping[str, Any]) -> int:
    return (
        Counter(tally["results"]).total()
        - int(tally["results"].get("ignored", 0))
        + int(tally["statuses"].get("503", 0))
    )


def _of_wire(tally: Mapping[str, Any]) -> Iterator[str]:
    if not tally:
        yield "  wire    died"
        return
    statuses = Counter(tally["statuses"])
    yield f"  wire    {tally['requests']:,} requests, none of them signed: {_counted(statuses)}"
    yield f"          the server holds {tally['megabytes']:.0f} MB"


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {times:,}" for name, times in counter.most_common())


def _tell(share: _Ended) -> None:
    print(f"\n{share.name} ended with {share.code}:", *share.tally.get("wrongs", ()), sep="\n  ", flush=True)
    if not share.tally:
        print(*share.said.splitlines()[-_LINES_SHOWN:], sep="\n")
    for kept in share.kept:
        print(f"\nAgain: python -m tests.proofs.fuzz --replay {kept.relative_to(ROOT)}")
        _replayed(kept)


def _replayed(kept: Path) -> int:
    """Try it again, and tell it. 1 if it is wrong."""
    if kept.suffix == ".http":
        told, wrongs = _on_the_wire(kept.read_bytes())
    else:
        visit = visit_from(kept.read_text())
        told, wrongs = repr(visit), complaints_about(visit)
    print(
        "",
        *(line[:_CHARACTERS_SHOWN] for line in told.splitlines()),
        "",
        *(wrongs or ["Nothing is wrong."]),
        sep="\n  ",
    )
    return 1 if wrongs else 0


def _on_the_wire(request: bytes) -> tuple[str, list[str]]:
    with production_server("demo-fuzz", NOWHERE, _FOLDER, **AS_IN_PRODUCTION) as server:
        worker, answer = server.worker(), answer_to(request, server)
        wrongs = [*wrongs_of(request, answer), *wrongs_of_server(server, worker)]
    return f"{request!a}\nanswered {', '.join(statuses_in(answer))}", wrongs


if __name__ == "__main__":
    sys.exit(main())
