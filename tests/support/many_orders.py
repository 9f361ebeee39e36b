"""More orders than any page holds, written directly to the emulator: nothing settles them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final

from bench.bare import Bare, Message
from database.messages import encoded_value
from tests.support.builders import an_order

WRITES_PER_COMMIT: Final = 500
THREADS: Final = 4
AT_ONCE: Final = 3
"""This many orders have the same time: their ids decide which comes first."""
BETWEEN: Final = timedelta(minutes=10)


def write_many_orders(project: str, number: int, until: datetime) -> None:
    """Write this many expired orders, the newest placed at that time."""
    ids = [f"order-{each:05}" for each in range(number)]
    batches = [ids[first : first + WRITES_PER_COMMIT] for first in range(0, number, WRITES_PER_COMMIT)]

    def write(batch: list[str]) -> None:
        Bare(project).put({f"orders/{order_id}": _order(order_id, until) for order_id in batch})

    with ThreadPoolExecutor(THREADS) as threads:
        for _ in threads.map(write, batches):
            pass  # Raises what the commit raised.


def newest_first(number: int) -> list[str]:
    """The ids of this many orders: number 0 is the newest; at the same time, the last id comes first."""
    moments = [range(first, first + AT_ONCE) for first in range(0, number + AT_ONCE, AT_ONCE)]
    return [f"order-{each:05}" for moment in moments for each in reversed(moment)][:number]


def _order(order_id: str, until: datetime) -> Message:
    placed_at = until - BETWEEN * (int(order_id.removeprefix("order-")) // AT_ONCE)
    fields = an_order(status="expired", createdAt=placed_at)
    return {"fields": {name: encoded_value(value) for name, value in fields.items()}}
