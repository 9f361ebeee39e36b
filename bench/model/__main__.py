"""Sell one hot product in virtual time, print what each contestant sustains, and draw it: `make model`."""

import multiprocessing
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

import bench.model
from bench.figures import Aim, Figure, Parts, in_short, table_of, write_json
from bench.model.contestants import BEST, CONTESTANTS, TODAY
from bench.model.measure import (
    Capacity,
    Drop,
    bare_commits_per_second,
    capacity,
    drop,
    holds_per_second,
    p99,
)
from bench.model.parameters import Parameters
from bench.model.plots import Axis, plot
from bench.model.trial import Run
from bench.model.world import RealWorld, VirtualWorld
from tools.toolchain import BUILD, ROOT

COMMIT_SECONDS: Final = (0.005, 0.01, 0.025, 0.05)
GAIN_AT: Final = (0.01, 0.025)
DROP_AT: Final = 0.025
RATES_AT: Final = 0.01
CHECKED_AT: Final = 0.05
SALE: Final = Drop()
PLOTS: Final = ROOT / "docs" / "model"

Capacities = Mapping[tuple[str, float], Capacity]


def main() -> None:
    began = time.perf_counter()
    print(f"\n{bench.model.__doc__}\n\nAssumptions\n\n" + "\n".join(_assumptions()), flush=True)
    # The longest first, so that no core idles at the end.
    cells = [(name, seconds) for name in reversed(tuple(CONTESTANTS)) for seconds in COMMIT_SECONDS]
    with multiprocessing.Pool(os.cpu_count()) as pool:
        asked = pool.starmap_async(_capacity, cells, chunksize=1)
        dropped = pool.map_async(_drop, CONTESTANTS, chunksize=1)
        found: Capacities = dict(zip(cells, asked.get(), strict=True))
        drops = dict(zip(CONTESTANTS, dropped.get(), strict=True))
    figures = (*_figures(found, drops), *_checks())
    print(f"\n{_capacity_table(found)}\n\n{_drop_table(drops)}\n\n{table_of(figures)}\n")
    parts = {"capacity": _parts_of(found), "drop": {name: _of_drop(run) for name, run in drops.items()}}
    write_json(figures, parts, "virtual time", BUILD / "model.json")
    PLOTS.mkdir(exist_ok=True)
    for name, drawn in _plots(found, drops):
        (PLOTS / f"{name}.svg").write_text(drawn)
    print(f"{time.perf_counter() - began:.0f} s. All of it is in build/model.json, and in docs/model.")


def _capacity(name: str, seconds: float) -> Capacity:
    return capacity(CONTESTANTS[name], Parameters(commit_seconds=seconds))


def _drop(name: str) -> Run:
    return drop(CONTESTANTS[name], Parameters(commit_seconds=DROP_AT), SALE)


def _figures(found: Capacities, drops: Mapping[str, Run]) -> Iterator[Figure]:
    gains = {seconds: _rate(found, BEST.name, seconds) / _rate(found, TODAY.name, seconds) for seconds in GAIN_AT}
    at = " and at ".join(f"{seconds * 1000:g} ms ({gain:.1f})" for seconds, gain in gains.items())
    yield Figure(
        "hot_product_model_gain",
        min(gains.values()),
        f"orders/s of one product, {BEST.name} ÷ {TODAY.name}, the lesser of that at {at}",
        Aim("≥", 10),
    )
    yield Figure(
        "webhook_p99_model_ms",
        p99(drops[BEST.name].webhooks) * 1000,
        f"ms, p99 of Stripe's deliveries in a drop, {BEST.name}, at {DROP_AT * 1000:g} ms",
        Aim("≤", 100),
    )


def _checks() -> Iterator[Figure]:
    """Checks of the model itself."""
    parameters = Parameters(commit_seconds=CHECKED_AT)
    bare = bare_commits_per_second(parameters) * CHECKED_AT
    yield Figure("model_vs_closed_form", abs(bare - 1), "bare commits/s, times the time of one, off 1", Aim("≤", 0.02))
    virtual, real = holds_per_second(VirtualWorld(), parameters), holds_per_second(RealWorld(), parameters)
    yield Figure("model_vs_threads", abs(virtual / real - 1), "holds/s, virtual ÷ by threads, off 1", Aim("≤", 0.2))


# --- Tables ----------------------------------------------------------------------------------------------------------


def _assumptions() -> Iterator[str]:
    for name, value, origin in Parameters().origins():
        yield f"  {name:22} {value!s:11} {origin.basis:10}  {origin.unit}; {origin.source}"


def _capacity_table(found: Capacities) -> str:
    heading = "Orders/s of one product, held and paid: p99 ≤ 2 s, errors ≤ 0.1 %, no queue that grows"
    rows = [["", *(f"{seconds * 1000:g} ms" for seconds in COMMIT_SECONDS)]]
    rows += [[name, *(f"{_rate(found, name, seconds):,.0f}" for seconds in COMMIT_SECONDS)] for name in CONTESTANTS]
    return f"{heading}\n\n{_aligned(rows)}"


def _drop_table(drops: Mapping[str, Run]) -> str:
    sale = f"{SALE.buyers:,} buyers of {SALE.units:,} units within {SALE.within_seconds:g} s"
    heading = f"A drop: {sale}, {DROP_AT * 1000:g} ms"
    rows = [["", "sold", "sold out after s", "hold p99 s", "webhook p99 s", "errors %"]]
    rows += [[name, *(in_short(value) for value in _of_drop(run).values())] for name, run in drops.items()]
    return f"{heading}\n\n{_aligned(rows)}"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    cells = ([cell.rjust(width) for cell, width in zip(row, widths, strict=True)] for row in rows)
    return "\n".join("  " + "  ".join(row) for row in cells)


def _rate(found: Capacities, name: str, seconds: float) -> float:
    return found[name, seconds].orders_per_second


def _parts_of(found: Capacities) -> Parts:
    return {
        name: {f"orders/s at {seconds * 1000:g} ms": _rate(found, name, seconds) for seconds in COMMIT_SECONDS}
        for name in CONTESTANTS
    }


def _of_drop(run: Run) -> Mapping[str, float]:
    return {
        "units sold": len(run.paid),
        "s until the last unit was": max(at + took for at, took in run.paid),
        "s, hold p99": p99([seconds for _, seconds in run.holds]),
        "s, webhook p99": p99(run.webhooks),
        "% errors": 100 * run.errors / run.requests,
    }


# --- Plots -----------------------------------------------------------------------------------------------------------


def _plots(found: Capacities, drops: Mapping[str, Run]) -> Iterator[tuple[str, str]]:
    draw = partial(plot, y=Axis("orders/s, held and paid", is_log=True))
    capacities = {
        name: [(seconds * 1000, _rate(found, name, seconds)) for seconds in COMMIT_SECONDS] for name in CONTESTANTS
    }
    x = Axis("ms that a commit keeps its documents (an assumption)", is_log=True)
    yield "capacity", draw("What one hot product sustains, modelled", x, lines=capacities)
    probes = {name: found[name, RATES_AT].probes for name in CONTESTANTS}
    slowest = {
        name: [(each.orders_per_second, max(each.hold_p99_seconds, each.webhook_p99_seconds)) for each in probed]
        for name, probed in probes.items()
    }
    yield (
        "latency",
        plot(
            f"How long one in a hundred waits, at {RATES_AT * 1000:g} ms a commit, modelled",
            Axis("orders/s of one product", is_log=True),
            Axis("p99 in s, of the hold or of the webhook", is_log=True),
            slowest,
        ),
    )
    title = f"{SALE.units:,} units, {SALE.buyers:,} buyers, {DROP_AT * 1000:g} ms a commit, modelled"
    sold = {name: _sold(run) for name, run in drops.items()}
    yield "drop", plot(title, Axis("s since the sale began"), Axis("units sold"), sold)


def _sold(run: Run) -> list[tuple[float, float]]:
    at = sorted(ordered + took for ordered, took in run.paid)
    return [(0, 0), *((moment, number) for number, moment in enumerate(at, 1) if number % 20 == 0 or number == len(at))]


if __name__ == "__main__":
    main()
