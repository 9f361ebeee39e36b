"""Keeps the emulators open as a shop with products to sell, swept regularly, until Ctrl-C.

`make emulators` runs this inside the emulators unless it is given another command.
"""

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Final

from notifications.outbox import FOLDER as OUTBOX
from stripe_api.keys import EMULATORS_KEY
from tools import addresses, logs
from tools.addresses import Addresses
from tools.catalogue import CATALOGUE, seed
from tools.emulators import data_to_keep
from tools.local_shop import LocalShop
from tools.posting import NotAnswered
from tools.sweep import in_words, sweep
from tools.toolchain import BUILD, ROOT
from webhooks.signing_secrets import EMULATORS_SECRET

SWEEP_SECONDS: Final = 30


def main() -> int:
    """Runs until Ctrl-C, or until the emulators are gone. Returns the exit code."""
    with contextlib.suppress(KeyboardInterrupt):
        shop = LocalShop.at(addresses.found(os.environ, BUILD))
        folder = Path(os.environ[logs.FOLDER_VARIABLE])
        seed(shop.client)
        shop.addresses.leave_in(folder)
        print(what_next(shop.addresses, folder / logs.LOG, data_to_keep(os.environ)), flush=True)
        return sweep_while_open(shop.addresses)
    return 0


def sweep_while_open(open_at: Addresses) -> int:
    """Sweep regularly while the emulators listen, and print failures. Returns the exit code 1."""
    while True:
        time.sleep(SWEEP_SECONDS)
        try:
            answer = sweep(open_at)
        except NotAnswered as problem:
            print(problem, file=sys.stderr)
            if open_at.silent:
                return 1
        else:
            if not answer.is_done:
                print(in_words(answer), file=sys.stderr)


def what_next(addresses: Addresses, log: Path, data: Path | None) -> str:
    exports = [f"  export {name}={value}" for name, value in addresses.variables().items()]
    return "\n".join(
        (
            f"Firestore  http://{addresses.firestore}",
            f"Auth       http://{addresses.auth}",
            f"Functions  http://{addresses.functions}",
            f"Webhook    {addresses.webhook}",
            f"Stripe     http://{addresses.stripe} stands in for its API, with the key {EMULATORS_KEY}",
            f"Secret     {EMULATORS_SECRET}, unless .secret.local names another",
            f"On sale    {', '.join(CATALOGUE)}",
            f"Swept      every {SWEEP_SECONDS} s",
            f"Kept       {f'in {os.path.relpath(data, ROOT)}' if data else 'nothing: KEEP=1 keeps orders and users'}",
            f"Sent       to nobody: what would be is in {os.path.relpath(OUTBOX, ROOT)}",
            f"Log        {os.path.relpath(log, ROOT)}",
            "",
            "For a backend or a script of your shop:",
            *exports,
            "",
            "In another terminal, the page of its customers:",
            "  make page",
            "",
            "And with an order that was placed there, or in your shop:",
            "  make pay ORDER=...",
            "  make refund ORDER=...",
            "  make sweep",
            "",
            "Ctrl-C ends them.",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
