"""The visits that a shop has had, and those that come next. Pure: time and randomness are passed in."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final

from tools.living.plots import (
    Customer,
    Plot,
    Visit,
    a_visit,
    disputed,
    of_another_amount,
    paid,
    paid_twice,
    parked,
    refunded,
    refunded_in_part,
    under_way,
)

DAYS: Final = 14
"""How long the shop has been open when its console is opened."""
A_DAY: Final = (4, 9)
"""The least and the most visits."""
PAUSE_SECONDS: Final = (3.0, 7.0)
"""Between two visits while somebody watches."""
LIVE_MINUTE: Final = timedelta(seconds=1)
"""The length of a plot's minute then."""
REFUSED_FOR: Final = timedelta(minutes=20)
"""How long mail has been refused when a visit with a stuck message arrives."""

_ALWAYS: Final[Sequence[tuple[Plot, timedelta, bool]]] = (
    (disputed, timedelta(days=2), False),
    (paid, timedelta(days=1, hours=3), True),
    (paid_twice, timedelta(hours=5), False),
    (refunded_in_part, timedelta(hours=3), False),
    (under_way, timedelta(hours=2), False),
    (of_another_amount, timedelta(hours=1), False),
    (parked, timedelta(minutes=50), False),
    (paid, timedelta(minutes=30), True),
)
"""What every console should show, how long ago it began, and whether the customer's mail is refused since."""
_FIRST: Final[Sequence[tuple[Plot | None, bool]]] = (
    *((paid, False), (None, False), (refunded, False), (disputed, False), (None, False)),
    *((paid, True), (of_another_amount, False), (parked, False)),
)
"""What comes in the first minute, so that all of it is seen; afterwards it is random."""
_STUCK_AGAIN: Final = 30
"""One visit in this many has its mail refused."""


def visits_until(now: datetime, customers: Sequence[Customer], chance: Random) -> Iterator[Visit]:
    """The visits of the last days, some of them not over yet."""
    for plot, ago, is_unreachable in _ALWAYS:
        yield a_visit(chance.choice(customers), now - ago, chance, plot=plot, is_unreachable=is_unreachable)
    for day in range(DAYS):
        for _ in range(chance.randint(*A_DAY)):
            ago = timedelta(days=day) + timedelta(minutes=chance.uniform(5, 24 * 60))
            yield a_visit(chance.choice(customers), now - ago, chance)


def visits_from(now: datetime, customers: Sequence[Customer], chance: Random) -> Iterator[Visit]:
    """The visits to come, endless. A message that is stuck has been refused for a while when it is seen."""
    at, number = now, 0
    while True:
        at += timedelta(seconds=chance.uniform(*PAUSE_SECONDS))
        by_chance = (None, chance.randrange(_STUCK_AGAIN) == 0)
        plot, is_unreachable = _FIRST[number] if number < len(_FIRST) else by_chance
        number += 1
        if is_unreachable:
            yield a_visit(chance.choice(customers), at - REFUSED_FOR, chance, plot=paid, is_unreachable=True)
        else:
            yield a_visit(chance.choice(customers), at, chance, plot=plot, minute=LIVE_MINUTE)
