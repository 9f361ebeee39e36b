"""Chooses the emulators' ports so that several suites can run at once, from one checkout or many.

A port named by AUTH_PORT, FIRESTORE_PORT or FUNCTIONS_PORT is used or refused. The usual three are used if free. All
others come from a block of numbers reserved for one suite while it runs.
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
# The first number of each block. Systems use outgoing ports from 32768 up: below that, a free port stays free until it
# is listened on.
BLOCKS: Final = range(10_000, 32_768 - _BLOCK_SIZE, _BLOCK_SIZE)


class PortsError(Exception):
    """No such port is available. The message says why, and what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Ports:
    """All ports of one suite; its functions' workers are numbered from `first_worker`."""

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
    """The ports named by the environment, by emulator. Raises PortsError."""
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
    """Free ports that no other suite gets until this ends; the block is taken from `blocks` for good.

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
    """Raises OSError if something listens on this port, or another suite has claimed it."""
    # Emulators take seconds to listen, and until then the port looks free to other suites. So the UDP port of the same
    # number is claimed, too: only one process can have it, and the system frees it however that dies.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as claim, socket.socket() as probe:
        claim.bind((HOST, port))
        # As in the emulators: an earlier suite's connections may still be closing.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
        probe.close()
        yield port
