"""The service beside the same job on PostgreSQL, in turns, on one core each and on two."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Final

import trustme

from bench.postgres.contestants import Contestant, on_postgres, the_service
from bench.postgres.firestores import emulator, stand_in
from bench.postgres.report import (
    CLIENTS,
    CONSTRUCT_EVENT,
    JSON_LOADS,
    ON_EMULATOR,
    ONE_CORE,
    SERVICE,
    TWO_CORES,
    Comparison,
)
from bench.postgres.rounds import Round, play
from bench.postgres.server import NoServer, running_postgres
from bench.processors import cores, family_of, pinned
from bench.turns import in_turn

ROUNDS: Final = 5
ORDERS_A_ROUND: Final = 75


def compare() -> Comparison:
    """Includes the service on the emulator if the environment names one.

    Raises NoServer without PostgreSQL, without Linux, or with a single core.
    """
    if sys.platform != "linux" or len(cores()) < 2:  # noqa: PLR2004 - one for the service, one for the rest
        raise NoServer("whose processor time is whose, only Linux says, and it takes two cores")
    with _contestants() as contestants:
        order_ids = (f"order-{number}" for number in count())

        def turn(name: str, clients: int, orders: int = ORDERS_A_ROUND) -> Round:
            return play(contestants[name], [next(order_ids) for _ in range(orders)], clients)

        for name in contestants:
            turn(name, max(CLIENTS), 2 * ORDERS_A_ROUND)
        played: dict[tuple[str, int, str], list[Round]] = {}
        for where in (ONE_CORE, TWO_CORES):
            with _placed(contestants, where):
                for clients in CLIENTS:
                    for number in range(ROUNDS):
                        for name in in_turn(tuple(contestants), number):
                            played.setdefault((where, clients, name), []).append(turn(name, clients))
        return Comparison(
            played,
            {name: contestant.server.resident_megabytes() for name, contestant in contestants.items()},
            {name: contestant.judge() for name, contestant in contestants.items()},
        )


@contextmanager
def _contestants() -> Iterator[Mapping[str, Contestant]]:
    authority = trustme.CA()
    with ExitStack() as held:
        postgres = held.enter_context(running_postgres(authority))
        firestores = {SERVICE: held.enter_context(stand_in())}
        if "FIRESTORE_EMULATOR_HOST" in os.environ:
            firestores[ON_EMULATOR] = emulator()
        yield {
            **{name: held.enter_context(the_service(each, authority)) for name, each in firestores.items()},
            CONSTRUCT_EVENT: held.enter_context(on_postgres(postgres, CONSTRUCT_EVENT)),
            JSON_LOADS: held.enter_context(on_postgres(postgres, JSON_LOADS)),
        }


@contextmanager
def _placed(contestants: Mapping[str, Contestant], where: str) -> Iterator[None]:
    """On one core: the server has one to itself, as deployed; databases and clients share the other."""
    if where == TWO_CORES:
        yield
        return
    first, second, *_ = sorted(cores())
    serving = frozenset[int]().union(*(family_of(each.server.process.pid) for each in contestants.values()))
    others = frozenset({os.getpid()}).union(*(each.database() | each.beside for each in contestants.values()))
    with pinned(serving, {first}), pinned(others, {second}):
        yield
