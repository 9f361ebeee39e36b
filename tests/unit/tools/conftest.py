"""Free ports for tests that may run beside other suites, or beside another checkout's."""

from collections.abc import Iterator
from itertools import count

import pytest

from tools.ports import BLOCKS, reserved


@pytest.fixture
def free_ports() -> Iterator[Iterator[int]]:
    """Ports that no suite on this machine uses meanwhile: those of workers of a suite that never starts."""
    with reserved({}, {}, iter(BLOCKS)) as ports:
        yield count(ports.first_worker + 1)
