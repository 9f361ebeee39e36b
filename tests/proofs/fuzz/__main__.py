"""The endpoint under hostile deliveries, until time is up: part of `make torture`. Exits with 1 if it breaks a promise.

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
from tests.proofs.fuzz.raw_http import (
    AS_IN_PRODUCTION,
    NOWHERE,
    answer_to,
    complaints_about_answer,
    complaints_about_server,
    statuses_in,
)
from tests.support.production_server import production_server
from tools.toolchain import ROOT

_FOLDER: Final = ROOT / "build" / "fuzz"
_OF_WIRE: Final = 0.25
"""Its share of the time; shapes and bytes run in parallel in the rest."""
_EXTRA_SECONDS_MAX: Final = 120
"""What a share may take beyond its time, to start and to minimize a failure."""
_COVERAGE: Final = re.compile(r"cov: (\d+) ft: \d+ corp: (\d+)/")
_LINES_SHOWN: Final = 20
_CHARACTERS_SHOWN: Final = 4_000


def main() -> int:
    options = _options()
    if options.replay:
        return _replayed(options.replay)
    began, of_wire = time.monotonic(), options.seconds * _OF_WIRE
    guided = [_begun("guided", name, options.seconds - of_wire) for name in ("shapes", "bytes")]
    shares = [share.ended(options.seconds) for share in guided]
    shares.append(_begun("raw_http", "wire", of_wire).ended(options.seconds))
    print("\n".join(_report(shares, time.monotonic() - began)), flush=True)
    wrong = [share for share in shares if share.code]
    for share in wrong:
        _print_wrong(share)
    if not wrong:
        print("\nEvery promise was kept.")
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long to try (60)")
    parser.add_argument("--replay", type=Path, help="try only what was kept in this file, and print it")
    return parser.parse_args()


# --- Shares ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ended:
    name: str
    code: int
    tally: Mapping[str, Any]
    """Empty if the share ended before it could count."""
    output: str
    folder: Path

    @property
    def kept(self) -> Sequence[Path]:
        """The failing inputs, to be tried again."""
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
        output = (self.folder / "output.txt").read_text(errors="replace")
        return _Ended(self.name, code, json.loads(tally.read_text()) if tally.exists() else {}, output, self.folder)


def _begun(module: str, name: str, seconds: float) -> _Running:
    folder = _FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    kind = [name] if module == "guided" else []
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", f"tests.proofs.fuzz.{module}", *kind, str(seconds), str(folder)],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return _Running(name, process, folder)


# --- Printing --------------------------------------------------------------------------------------------------------


def _report(shares: Sequence[_Ended], seconds: float) -> Iterator[str]:
    how = "guided by coverage" if GUIDED else "at random, as atheris is not installed"
    yield f"\nThe endpoint under hostile deliveries for {seconds:.0f} s, {how}\n"
    for share in shares:
        yield from _of_wire(share.tally) if share.name == "wire" else _of_endpoint(share)
    yield "\nThe results of all that was answered 2xx\n"
    results = sum((Counter(share.tally.get("results", {})) for share in shares), Counter[str]())
    yield f"  {_counted(results)}"


def _of_endpoint(share: _Ended) -> Iterator[str]:
    tally = share.tally
    if not tally:
        yield f"  {share.name:7} died"
        return
    statuses = Counter(tally["statuses"])
    yield f"  {share.name:7} {statuses.total():,} deliveries to {tally['visits']:,} shops: {_counted(statuses)}"
    yield f"          {tally['signed']:,} signed, {tally['not_signed']:,} not; {_settled(tally):,} reached settlement"
    if found := _COVERAGE.findall(share.output):
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


def _print_wrong(share: _Ended) -> None:
    print(f"\n{share.name} ended with {share.code}:", *share.tally.get("complaints", ()), sep="\n  ", flush=True)
    if not share.tally:
        print(*share.output.splitlines()[-_LINES_SHOWN:], sep="\n")
    for kept in share.kept:
        print(f"\nAgain: python -m tests.proofs.fuzz --replay {kept.relative_to(ROOT)}")
        _replayed(kept)


def _replayed(kept: Path) -> int:
    """Try it again and print it. Returns 1 if it still fails."""
    if kept.suffix == ".http":
        shown, complaints = _on_the_wire(kept.read_bytes())
    else:
        visit = visit_from(kept.read_text())
        shown, complaints = repr(visit), complaints_about(visit)
    print(
        "",
        *(line[:_CHARACTERS_SHOWN] for line in shown.splitlines()),
        "",
        *(complaints or ["Nothing is wrong."]),
        sep="\n  ",
    )
    return 1 if complaints else 0


def _on_the_wire(request: bytes) -> tuple[str, list[str]]:
    with production_server("demo-fuzz", NOWHERE, _FOLDER, **AS_IN_PRODUCTION) as server:
        worker, answer = server.worker(), answer_to(request, server)
        complaints = [*complaints_about_answer(request, answer), *complaints_about_server(server, worker)]
    return f"{request!a}\nanswered {', '.join(statuses_in(answer))}", complaints


if __name__ == "__main__":
    sys.exit(main())
