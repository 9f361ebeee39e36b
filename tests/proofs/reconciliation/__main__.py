"""Reconcile four weeks of a large shop, in runs of limited time, and say how fast that is, and in how much memory.

On Firestore, in the emulator, with nothing between them but a loopback device:

venv/bin/python -m tools.emulators venv/bin/python -m tests.proofs.reconciliation --orders 10000

The service's own share of it, with no database; nothing has to be started for that:

venv/bin/python -m tests.proofs.reconciliation --orders 100000 --in-process
"""

import argparse
from datetime import timedelta
from typing import Final

from reconciliation.job import RUN_SECONDS_MAX
from tests.proofs.reconciliation.paid_orders import PaidOrders
from tests.proofs.reconciliation.trial import measured_in_process, measured_on, resident
from tests.support.emulated_shop import a_database

FOUR_WEEKS: Final = timedelta(weeks=4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--in-process", action="store_true", help="with no database")
    parser.add_argument("--seconds", type=float, default=RUN_SECONDS_MAX, help="how long one run may take")
    asked = parser.parse_args()
    paid = PaidOrders(asked.orders, timedelta(seconds=FOUR_WEEKS // timedelta(seconds=asked.orders)))
    if asked.in_process:
        print(measured_in_process(paid, resident, asked.seconds))
    else:
        print(measured_on(a_database(), paid, resident, asked.seconds))


main()
