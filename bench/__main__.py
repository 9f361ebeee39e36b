"""Measure every figure and print it beside its aim. Runs inside the emulators: `make bench`.

    python -m bench [subject ...]

With subjects, measures only those.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from bench.cold_start import cold_start
from bench.cost import operations
from bench.expiry import expiry
from bench.figures import Figure, Measured, Parts, parts_in_words, table_of, write_json
from bench.growth import history_growth, lines_growth
from bench.hot_product import hot_product
from bench.latency import latency
from bench.postgres.comparison import compare
from bench.postgres.report import figures_of
from bench.postgres.server import NoServer
from bench.race import race
from tools.toolchain import BUILD

REGRESSION_HEADING: Final = """\
Emulator regression: the same load by the client library's transactions on this emulator, whose locks are not
Firestore's; says nothing about Firestore."""


def main(subjects: Sequence[str]) -> None:
    started, machine = time.perf_counter(), _machine()
    figures: list[Figure] = []
    parts: dict[str, Parts] = {}
    written = BUILD / "bench.json"
    for subject in subjects:
        print(f"{time.perf_counter() - started:4.0f} s  {subject}", flush=True)
        measured, parts[subject] = _SUBJECTS[subject]()
        figures += measured
        # Written after each subject, so that an early end loses nothing.
        write_json(figures, parts, machine, written)
    print(f"\n  {machine}\n\n{table_of(figure for figure in figures if not figure.is_regression_check)}\n")
    if of_emulator := [figure for figure in figures if figure.is_regression_check]:
        print(f"{REGRESSION_HEADING}\n\n{table_of(of_emulator)}\n")
    print(f"Made of\n\n{parts_in_words(parts)}\n")
    print(f"{time.perf_counter() - started:.0f} s. All of it is in {written.relative_to(BUILD.parent)}.")


def _machine() -> str:
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    busy = os.getloadavg()[0]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {gigabytes:.0f} GiB, "
        f"Python {platform.python_version()}, load {busy:.1f} before it began"
    )


def _postgres() -> Measured:
    try:
        found = compare()
    except NoServer as reason:
        print(f"        nothing is compared with PostgreSQL: {reason}")
        return (), {}
    return figures_of(found), found.parts()


# The sweep comes early: its ten thousand orders warm up the emulator. A cold one slows down the service, but not
# transactions, which wait for locks. What fills the emulator's memory comes last.
_SUBJECTS: Final[Mapping[str, Callable[[], Measured]]] = {
    "operations": operations,
    "expiry": expiry,
    "latency": latency,
    "lines": lines_growth,
    "race": race,
    "hot-product": hot_product,
    "postgres": _postgres,
    "cold-start": cold_start,
    "history": history_growth,
}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure every figure, beside its aim.")
    parser.add_argument("subjects", nargs="*", metavar="subject", help=f"any of: {', '.join(_SUBJECTS)}; else all")
    asked = parser.parse_args().subjects
    if unknown := sorted(set(asked) - _SUBJECTS.keys()):
        parser.error(f"there is no subject {unknown[0]!r}, but {', '.join(_SUBJECTS)}")
    main(asked or list(_SUBJECTS))
