"""The production server under a steady, mixed load: its memory stays flat, and nothing leaks.

    python -m tests.proofs.soak [--minutes 10]

Needs the emulators: run it inside `tools.emulators`. The emulator keeps everything in memory and becomes slower; only
the figures of the server process count here. Exits with 1 if memory, descriptors or threads grow, if an answer is not
the expected one, or if the auditor finds anything wrong in the documents.
"""

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from google.cloud import firestore

from tests.proofs.soak.load import Pace, Shop
from tests.proofs.soak.trend import slope
from tests.support.auditor import complaints, leftovers
from tests.support.emulated_shop import a_database, documents_in
from tests.support.production_server import Server, production_server
from tests.support.vitals import Vitals, vitals_of

GROWTH_BYTES_A_REQUEST_MAX: Final = 500
"""Half of the smallest leak that must be found, which is a kilobyte a request: 5 MB in 10,000 requests."""
GROWTH_BYTES_MIN: Final = 3_000_000
"""Less than this is no growth: memory grows in steps, and a server that has just started still makes some.

So a run of less than 6,000 requests finds only larger leaks; it prints how large.
"""

CLIENTS: Final = 6
SAMPLE_SECONDS: Final = 1.0
TROUGH_SAMPLES: Final = 8
"""A large body takes megabytes for a moment: only the smallest of this many samples counts."""
GROWTH_MAX: Final = {"descriptors": 0, "threads": 2}
"""gRPC's own pool grows and shrinks by one or two; a leak adds one after another."""
THREADS: Final = 16
WARM_UP_SHARE: Final = 0.2
# The server makes its threads, and their memory, only when many requests come at once.
RUSH_SECONDS_MAX: Final = 15.0
RUSH_RATE: Final = 1_000.0
# gunicorn closes connections that were idle for two seconds.
IDLE_SECONDS: Final = 4.0
ROW_SAMPLES: Final = 60
SHOWN_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Sample:
    seconds: float
    requests: int
    vitals: Vitals


def main() -> int:
    # However this process ends, the server ends with it.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    options = _options()
    source = {"FUNCTION_SOURCE": str(options.source.resolve())} if options.source else {}
    client = a_database()
    host = os.environ["FIRESTORE_EMULATOR_HOST"]
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as folder,
        production_server(client.project, host, Path(folder), THREADS=str(THREADS), **source) as server,
    ):
        wrong = _soaked(client, server, options.minutes * 60, options.rate)
    print(f"\n{len(wrong) or 'Nothing'} wrong{':' if wrong else '.'}")
    print(*(f"  {line}" for line in wrong[:SHOWN_MAX]), sep="\n", end="\n" if wrong else "")
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.proofs.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10, help="how long, the warm-up included (10)")
    parser.add_argument("--rate", type=float, default=75, help="requests a second (75)")
    parser.add_argument(
        "--source", type=Path, help="serve stripe_webhook of this file: tests/proofs/soak/leaky.py must fail"
    )
    return parser.parse_args()


def _soaked(client: firestore.Client, server: Server, seconds: float, rate: float) -> list[str]:
    """Everything that is wrong."""
    shop, pid = Shop(client, server), server.worker()
    began = time.monotonic()

    def sample() -> Sample:
        return Sample(time.monotonic() - began, shop.requests, vitals_of(pid))

    print(f"\nThe production server for {seconds / 60:g} minutes: {rate:g} requests a second from {CLIENTS} clients\n")
    print(f"  {'minute':>10}{'requests':>10}{'memory MB':>11}{'descriptors':>13}{'threads':>9}")
    warm_up = seconds * WARM_UP_SHARE
    rush = min(warm_up, RUSH_SECONDS_MAX)
    _under_load(shop, Pace(RUSH_RATE), 2 * THREADS, rush, sample)
    _under_load(shop, Pace(rate), CLIENTS, warm_up - rush, sample)
    rested = _at_rest(sample)
    samples = _under_load(shop, Pace(rate), CLIENTS, seconds - warm_up, sample)
    wrong = _growth(samples, rested, _at_rest(sample))
    return [
        *wrong,
        *(f"answered {times} times: {answer}" for answer, times in shop.tally.wrong.most_common()),
        *_errors_in_log(server),
        *_audited(shop, client),
    ]


# --- Measuring -------------------------------------------------------------------------------------------------------


def _under_load(shop: Shop, pace: Pace, clients: int, seconds: float, sample: Callable[[], Sample]) -> list[Sample]:
    """The samples taken meanwhile; some of them are printed."""
    over, end = threading.Event(), time.monotonic() + seconds
    samples: list[Sample] = []
    with ThreadPoolExecutor(clients) as threads:
        lives = [threads.submit(shop.lives_until, over, pace) for _ in range(clients)]
        try:
            while time.monotonic() < end and not any(life.done() for life in lives):
                time.sleep(SAMPLE_SECONDS)
                samples.append(sample())
                if len(samples) % ROW_SAMPLES == 0:
                    _show(samples[-1])
        finally:
            over.set()
    for life in lives:
        life.result()
    return samples


def _at_rest(sample: Callable[[], Sample]) -> Vitals:
    """Without requests, the server keeps open no connection that it does not need."""
    time.sleep(IDLE_SECONDS)
    at_rest = sample()
    _show(at_rest, "at rest")
    return at_rest.vitals


def _show(sample: Sample, when: str = "") -> None:
    vitals = sample.vitals
    memory = f"{vitals.resident_bytes / 1e6:.1f}"
    print(
        f"  {when or f'{sample.seconds / 60:.1f}':>10}{sample.requests:>10,}{memory:>11}"
        f"{_known(vitals.descriptors):>13}{_known(vitals.threads):>9}",
        flush=True,
    )


def _known(count: int | None) -> str:
    return "?" if count is None else str(count)


# --- Judging ---------------------------------------------------------------------------------------------------------


def _growth(samples: Sequence[Sample], before: Vitals, after: Vitals) -> Iterator[str]:
    troughs = list(_troughs(samples))
    memory = [sample.vitals.resident_bytes for sample in troughs]
    a_request = slope([(sample.requests, sample.vitals.resident_bytes) for sample in troughs])
    an_hour = slope([(sample.seconds / 3_600, sample.vitals.resident_bytes / 1e6) for sample in troughs])
    print(f"\n  memory after the warm-up  {min(memory) / 1e6:.1f} to {max(memory) / 1e6:.1f} MB")
    flat_below = max(GROWTH_BYTES_A_REQUEST_MAX, GROWTH_BYTES_MIN / (samples[-1].requests - samples[0].requests))
    print(f"  slope of memory           {an_hour:+.1f} MB an hour, {a_request:+.0f} bytes a request")
    print(f"                            flat is below {flat_below:.0f} bytes a request")
    if a_request >= flat_below:
        yield f"memory grows by {a_request:.0f} bytes with each request"
    for name, growth_max in GROWTH_MAX.items():
        first, last = getattr(before, name), getattr(after, name)
        if first is None or last is None:
            print(f"  {name:24}  not counted: only Linux reports them")
            continue
        print(f"  {name:24}  {first} at rest after the warm-up, {last} at rest at the end")
        if last > first + growth_max:
            yield f"{name} grow from {first} to {last}"


def _troughs(samples: Sequence[Sample]) -> Iterator[Sample]:
    for first in range(0, len(samples), TROUGH_SAMPLES):
        yield min(samples[first : first + TROUGH_SAMPLES], key=lambda sample: sample.vitals.resident_bytes)


def _errors_in_log(server: Server) -> Iterator[str]:
    for line in server.log_lines():
        if line["severity"] in ("ERROR", "CRITICAL"):
            yield f"in the log: {line['severity']} {line['message']}"


def _audited(shop: Shop, client: firestore.Client) -> list[str]:
    documents = documents_in(client)
    answered = ", ".join(f"{times:,} {name}" for name, times in shop.tally.answered.most_common())
    print(f"  answered                  {answered}")
    found = [*complaints(documents, shop.initial_stock), *leftovers(documents)]
    print(f"  auditor                   {len(documents):,} documents, {len(found) or 'no'} complaints")
    return [f"the auditor: {complaint}" for complaint in found]


if __name__ == "__main__":
    sys.exit(main())
