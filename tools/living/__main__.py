"""The operators' console on a shop in the emulators in which things happen: `make console`, until Ctrl-C.

    make console [SEED=... CONSOLE_PORT=...]

It uses the shop that `make emulators` keeps open, or else starts the emulators. A shop without orders is given a past,
the same for the same SEED.
"""

import _thread
import os
import sys
import threading
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from google.api_core.exceptions import GoogleAPIError

from ops.exit_codes import Failed
from service.environment import SettingsError
from tools import addresses, logs, site
from tools.addresses import Addresses, NoEmulators
from tools.console import OPERATOR, PASSWORD, PORT, let_operator_in, site_for
from tools.living.present import Time
from tools.living.shop import let_live, open_for_business
from tools.local_accounts import let_in
from tools.local_shop import LocalShop
from tools.posting import NotAnswered
from tools.toolchain import BUILD

SEED_VARIABLE: Final = "SEED"
SEED: Final = "kettle"
VIEWER: Final = "viewer@example.com"

_TIME: Final = Time(lambda: datetime.fromtimestamp(time.time(), UTC), time.sleep)


def main() -> int:
    """The exit code, once Ctrl-C has ended it."""
    if not _are_emulators_up():
        # The emulators run this module again inside them, and end with it.
        inside = (sys.executable, "-m", "tools.living")
        os.execv(sys.executable, (sys.executable, "-m", "tools.emulators", *inside))  # noqa: S606 - itself, again
    try:
        return site.serve(site_for, PORT, come_to_life)
    except (Failed, GoogleAPIError, NotAnswered, SettingsError) as problem:
        print(problem, file=sys.stderr)
        return 1


def _are_emulators_up() -> bool:
    try:
        addresses.found(os.environ, BUILD)
    except NoEmulators:
        # If the environment names emulators, only those are used: serving the console then says what is wrong.
        return addresses.named(os.environ) is not None
    return True


def come_to_life(found: Addresses) -> str:
    """Fill the shop, and let things happen in the background. Returns who can sign in, as text."""
    seed, shop = os.environ.get(SEED_VARIABLE) or SEED, LocalShop.at(found)
    # Then we keep these emulators open, and sweep the shop.
    is_ours = logs.FOLDER_VARIABLE in os.environ
    if is_ours:
        found.leave_in(Path(os.environ[logs.FOLDER_VARIABLE]))
    signs_in = let_operator_in(found)
    let_in(found.auth, VIEWER, PASSWORD, {"viewer": True})
    orders = open_for_business(shop, seed, _TIME.now(), OPERATOR)
    live = partial(let_live, shop, seed, _TIME, _say, operator=OPERATOR, sweeps=is_ours)
    threading.Thread(target=_until_nobody_is_there, args=(live,), daemon=True).start()
    past = f"Two weeks with {orders} orders are behind it" if orders else "It goes on from the orders that it has"
    return f"{signs_in}\nOr as {VIEWER}, who may only look. {past}; what comes is below."


def _until_nobody_is_there(live: partial[None]) -> None:
    try:
        live()
    except GoogleAPIError as problem:
        print(problem, file=sys.stderr)
    _thread.interrupt_main()


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
