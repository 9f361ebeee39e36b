"""Reconcile four weeks of a large shop in the emulator, and say how fast, and in how much memory.

venv/bin/python -m tools.emulators venv/bin/python -m tests.proofs.reconciliation --orders 100000
"""

import argparse
from datetime import timedelta
from typing import Final

from tests.proofs.reconciliation.trial import measured
from tests.support.emulated_shop import a_database

FOUR_WEEKS: Final = timedelta(weeks=4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    orders = parser.parse_args().orders
    print(measured(a_database(), orders, timedelta(seconds=FOUR_WEEKS // timedelta(seconds=orders))))


main()
