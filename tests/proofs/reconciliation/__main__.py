"""Reconcile a large shop in the emulator, and say how fast, and in how much memory.

venv/bin/python -m tools.emulators venv/bin/python -m tests.proofs.reconciliation --orders 100000
"""

import argparse

from tests.proofs.reconciliation.trial import measured
from tests.support.emulated_shop import a_database


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    print(measured(a_database(), parser.parse_args().orders))


main()
