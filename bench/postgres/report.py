"""The comparison's figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from bench.figures import Aim, Figure, Parts
from bench.postgres.judging import Verdict
from bench.postgres.rounds import Round, summary_of

CLIENTS: Final = (1, 8)
MANY: Final = max(CLIENTS)
SERVICE: Final = "service"
ON_EMULATOR: Final = "service_on_emulator"
CONSTRUCT_EVENT: Final = "with_construct_event"
JSON_LOADS: Final = "with_json_loads"
ONE_CORE: Final = "one core"
TWO_CORES: Final = "two cores"


@dataclass(frozen=True, slots=True)
class Comparison:
    rounds: Mapping[tuple[str, int, str], list[Round]]
    """By number of cores, number of clients, and contestant."""
    megabytes: Mapping[str, float]
    """The memory of each contestant's process after all its rounds."""
    verdicts: Mapping[str, Verdict]

    def processor_ratio(self, rival: str, ours: str = SERVICE) -> float:
        """Our processor time per event ÷ the rival's."""
        return self._median_ratio(ours, rival, lambda played: played.service_ms_per_event)

    def events_ratio(self, rival: str) -> float:
        """Our events per second ÷ the rival's."""
        return self._median_ratio(SERVICE, rival, lambda played: played.events_per_second)

    def _median_ratio(self, ours: str, rival: str, figure: Callable[[Round], float]) -> float:
        """The median of the rounds' ratios, on one core with many clients."""
        rounds = zip(self.rounds[ONE_CORE, MANY, ours], self.rounds[ONE_CORE, MANY, rival], strict=True)
        return median(figure(our) / figure(their) for our, their in rounds)

    def parts(self) -> Parts:
        lost = {name: verdict.lost for name, verdict in self.verdicts.items()}
        miscounted = {name: verdict.units_miscounted for name, verdict in self.verdicts.items()}
        return {
            **{
                f"{where}, clients: {clients}, {name}": summary_of(rounds)
                for (where, clients, name), rounds in self.rounds.items()
            },
            "memory in MB": self.megabytes,
            "orders lost": lost,
            "units miscounted": miscounted,
        }


def figures_of(found: Comparison) -> Sequence[Figure]:
    """The figures on one core with many clients; `parts` has all the others."""
    load = f"{MANY} clients, one core"
    ours = [name for name in (SERVICE, ON_EMULATOR) if name in found.verdicts]
    wrong = sum(found.verdicts[name].lost + found.verdicts[name].units_miscounted for name in ours)
    return (
        Figure(
            "cpu_vs_postgres",
            found.processor_ratio(CONSTRUCT_EVENT),
            f"processor time an event ÷ that of Flask and psycopg on PostgreSQL, {load}",
            Aim("≤", 0.6),
        ),
        Figure(
            "cpu_vs_postgres_json",
            found.processor_ratio(JSON_LOADS),
            "the same ÷ that of one that reads events without stripe's objects",
        ),
        Figure("events_vs_postgres", found.events_ratio(CONSTRUCT_EVENT), f"events/s ÷ its, {load}", Aim("≥", 1)),
        Figure("orders_lost_vs_postgres", wrong, "orders not finalized once, and units miscounted", Aim("=", 0)),
        *([_on_emulator(found)] if ON_EMULATOR in ours else []),
    )


def _on_emulator(found: Comparison) -> Figure:
    return Figure(
        "cpu_vs_postgres_emulated",
        found.processor_ratio(CONSTRUCT_EVENT, ON_EMULATOR),
        "as the first, on the emulator instead of what answers at once",
    )
