"""Measure every figure and print it beside its aim. Runs inside the emulators: `make bench`.

    python -m bench [subject ...]

With subjects, measures only those.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from statistics import median
from typing import Final

from bench.cold_start import cold_start, over
from bench.cost import billed_per_paid_order, rpcs_per_delivery
from bench.expiry import release_expired
from bench.figures import Aim, Figure, Parts, parts_in_words, table_of, write_json
from bench.growth import LINES, history_growth, lines_growth
from bench.hot_product import CLIENTS as BUYERS
from bench.hot_product import PRODUCTS_SPREAD, rush_of_service, rush_of_transactions
from bench.latency import latency
from bench.postgres.comparison import compare
from bench.postgres.report import figures_of
from bench.postgres.server import NoServer
from bench.race import CLIENTS, race_of_service, race_of_transactions
from tools.toolchain import BUILD

Measured = tuple[Sequence[Figure], Parts]
"""Figures and the values they were made of."""

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


def _operations() -> Measured:
    rpcs, billed = rpcs_per_delivery(), billed_per_paid_order()
    order = {**asdict(billed), "dollars_per_million": billed.dollars_per_million}
    return (
        Figure("rpc_first_delivery", rpcs["first_delivery"], "RPCs to settle a payment", Aim("=", 2)),
        Figure("rpc_other_event", rpcs["other_event"], "RPCs for another event of a settled payment", Aim("=", 2)),
        Figure("rpc_duplicate", rpcs["duplicate"], "RPCs for an event that comes again", Aim("=", 2)),
        Figure("rpc_not_ours", rpcs["not_ours"], "RPCs for what concerns no order", Aim("=", 0)),
        Figure("firestore_ops", order, "billed for a paid order with its triggers and three events"),
    ), {}


def _latency() -> Measured:
    found = latency()
    return (
        Figure("latency_vs_bare", found.in_process / found.bare, "settling ÷ its two RPCs alone, p50", Aim("≤", 1.3)),
        Figure("http_vs_bare", found.http / found.bare, "the HTTP delivery ÷ the two RPCs alone, p50", Aim("≤", 2)),
        Figure("rss_mb", found.server_megabytes, "memory of the warm server process", Aim("≤", 120)),
    ), {
        "p50 in ms": {
            "in_process": found.in_process * 1000,
            "http": found.http * 1000,
            "framework": found.framework * 1000,
            "bare": found.bare * 1000,
            "commit": found.commit * 1000,
        }
    }


def _race() -> Measured:
    service, transactions = race_of_service(), race_of_transactions()
    return (
        Figure(
            "emulator_race",
            service.settled_per_second / transactions.settled_per_second,
            f"events/s, 3 events and a duplicate an order, service ÷ transactions, {CLIENTS} clients",
            Aim("≥", 50),
            is_regression_check=True,
        ),
    ), {
        "service": {"settled_per_second": service.settled_per_second, **asdict(service)},
        "transactions": {"settled_per_second": transactions.settled_per_second, **asdict(transactions)},
    }


def _hot_product() -> Measured:
    runs = {
        "service, hot": rush_of_service(1),
        "service, spread": rush_of_service(PRODUCTS_SPREAD),
        "transactions, hot": rush_of_transactions(),
    }
    hot, spread, transactions = (run.bought_per_second for run in runs.values())
    return (
        Figure(
            "hot_product_vs_spread",
            hot / spread,
            f"orders/s of one product ÷ spread over {PRODUCTS_SPREAD}, {BUYERS} clients",
            Aim("≥", 0.7),
        ),
        Figure(
            "emulator_hot_product",
            hot / transactions,
            f"orders/s of one product, reserved and paid, service ÷ transactions, {BUYERS} clients",
            Aim("≥", 100),
            is_regression_check=True,
        ),
    ), {name: {"bought_per_second": run.bought_per_second, **asdict(run)} for name, run in runs.items()}


def _postgres() -> Measured:
    try:
        found = compare()
    except NoServer as reason:
        print(f"        nothing is compared with PostgreSQL: {reason}")
        return (), {}
    return figures_of(found), found.parts()


def _cold_start() -> Measured:
    found = cold_start()
    meaning = "fresh process to its first settled payment ÷ to the first answer of a function that"
    return (
        Figure(
            "cold_start_vs_imports", over(found.ours, found.imports), f"{meaning} imports both libraries", Aim("≤", 0.8)
        ),
        Figure("cold_start_vs_framework", over(found.ours, found.framework), f"{meaning} does nothing", Aim("≤", 1.6)),
        Figure("cold_start_vs_framework_emulated", over(found.emulated, found.framework), "the same on the emulator"),
    ), {"median in s": {target: median(seconds) for target, seconds in asdict(found).items()}}


def _lines() -> Measured:
    found = lines_growth()
    ratio = found.many_lines / found.one_line
    meaning = f"p50 of settling an order of {LINES} lines ÷ of one"
    milliseconds = {"one_line": found.one_line * 1000, "many_lines": found.many_lines * 1000}
    return (Figure("lines_growth", ratio, meaning, Aim("≤", 3)),), {"p50 in ms": milliseconds}


def _expiry() -> Measured:
    found = release_expired()
    meaning = "expired reservations released by one run of the sweep"
    return (Figure("expiry_orders_per_second", found.orders_per_second, meaning),), {"sweep": asdict(found)}


def _history() -> Measured:
    found = history_growth()
    ratio = found.full / found.empty
    meaning = f"p50 with {found.documents_of_each_kind:,} old orders, events and audit entries each ÷ with none"
    milliseconds = {"empty": found.empty * 1000, "full": found.full * 1000}
    return (Figure("history_growth", ratio, meaning, Aim("≤", 1.2)),), {
        "p50 in ms": milliseconds,
        "seeding": {"seconds": found.seeding_seconds},
    }


# The sweep comes early: its ten thousand orders warm up the emulator. A cold one slows down the service, but not
# transactions, which wait for locks. What fills the emulator's memory comes last.
_SUBJECTS: Final[Mapping[str, Callable[[], Measured]]] = {
    "operations": _operations,
    "expiry": _expiry,
    "latency": _latency,
    "lines": _lines,
    "race": _race,
    "hot-product": _hot_product,
    "postgres": _postgres,
    "cold-start": _cold_start,
    "history": _history,
}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure every figure, beside its aim.")
    parser.add_argument("subjects", nargs="*", metavar="subject", help=f"any of: {', '.join(_SUBJECTS)}; else all")
    asked = parser.parse_args().subjects
    if unknown := sorted(set(asked) - _SUBJECTS.keys()):
        parser.error(f"there is no subject {unknown[0]!r}, but {', '.join(_SUBJECTS)}")
    main(asked or list(_SUBJECTS))
