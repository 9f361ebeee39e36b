"""Which ports a start of the emulators uses, so that several suites can run at once, from one checkout or from many.

A port that AUTH_PORT, FIRESTORE_PORT or FUNCTIONS_PORT names is used, or refused. The usual three are used while they
are free. All others come from a block of numbers that belongs to one suite for as long as it runs.
"""

import contextlib
import dataclasses
import socket
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Final

HOST: Final = "127.0.0.1"
VARIABLES: Final[Mapping[str, str]] = {
    "auth": "AUTH_PORT",
    "firestore": "FIRESTORE_PORT",
    "functions": "FUNCTIONS_PORT",
}

_BLOCK_SIZE = 200
# The first number of each block. Systems number outgoing connections from 32768 up: below that, a port that is free
# when it is chosen stays free until it is listened on.
BLOCKS: Final = range(10_000, 32_768 - _BLOCK_SIZE, _BLOCK_SIZE)


class PortsError(Exception):
    """There is no such port to use. The message says why, and what to do about it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Ports:
    """Where everything in one suite listens; the workers of its functions from `first_worker` up."""

    hub: int
    logging: int
    eventarc: int
    tasks: int
    websocket: int
    auth: int
    firestore: int
    functions: int
    stripe: int
    first_worker: int


def named_ports(environment: Mapping[str, str]) -> dict[str, int]:
    """The ports that the environment names, by emulator. Raises PortsError."""
    named = {
        emulator: _port_number(environment[variable], variable)
        for emulator, variable in VARIABLES.items()
        if environment.get(variable)
    }
    for one, other in combinations(named, 2):
        if named[one] == named[other]:
            raise PortsError(
                f"{VARIABLES[one]} and {VARIABLES[other]} are both {named[one]}: "
                "name two different ports, or leave one out to get a free one."
            )
    return named


def _port_number(named: str, variable: str) -> int:
    if not (named.isdecimal() and 0 < int(named) < 2**16):
        raise PortsError(f"{variable} must be a port number, not {named!r}")
    return int(named)


@contextlib.contextmanager
def reserved(named: Mapping[str, int], usual: Mapping[str, int], blocks: Iterator[int]) -> Iterator[Ports]:
    """Ports that are free, and that no other suite gets before this ends; a block is taken from `blocks` for good.

    Raises PortsError.
    """
    with contextlib.ExitStack() as held:
        given = {emulator: held.enter_context(_named(port, VARIABLES[emulator])) for emulator, port in named.items()}
        for emulator, port in usual.items():
            if emulator not in named:
                with contextlib.suppress(OSError):
                    given[emulator] = held.enter_context(_claimed(port))
        block = held.enter_context(_free_block(blocks))
        yield dataclasses.replace(block, **given)


@contextlib.contextmanager
def _named(port: int, variable: str) -> Iterator[int]:
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(_claimed(port))
        except OSError as refused:
            raise PortsError(
                f"Port {port} cannot be used ({refused.strerror}): "
                f"free it, choose another with {variable}=..., or leave {variable} out to get a free one."
            ) from None
        yield port


@contextlib.contextmanager
def _free_block(blocks: Iterator[int]) -> Iterator[Ports]:
    size = len(dataclasses.fields(Ports))
    for first in blocks:
        with contextlib.ExitStack() as held:
            try:
                numbers = [held.enter_context(_claimed(port)) for port in range(first, first + size)]
            except OSError:
                continue
            yield Ports(*numbers)
            return
    raise PortsError(f"No ports are free between {BLOCKS.start} and {BLOCKS.stop}: end some of what listens there.")


@contextlib.contextmanager
def _claimed(port: int) -> Iterator[int]:
    """Raises OSError if somebody listens on this port, or if another suite has claimed it."""
    # Emulators take seconds to listen, and until then the port looks free to other suites. So they ask for the UDP port
    # of the same number, too: only one can have it, and the system takes it back however its holder dies.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as claim, socket.socket() as probe:
        claim.bind((HOST, port))
        # As the emulators do: connections of an earlier suite may still be closing.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
        probe.close()
        yield port
