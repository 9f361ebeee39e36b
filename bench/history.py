"""What paid orders leave behind, many times over: orders, claims and audit entries."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from google.cloud import firestore

from bench.bare import Bare, Message
from bench.payments import payment
from bench.shop import a_reserved_order, amount_of, stock_up
from tests.support.emulated_shop import now, service_in, write_all

WRITES_PER_COMMIT: Final = 500
THREADS: Final = 4
_PRODUCTS: Final = ("shirt",)
_IDS: Final = ("orderId", "eventId", "paymentIntentId", "chargeId", "webhookEventId")


def write_history(client: firestore.Client, documents: int) -> None:
    """Write this many orders, claims and audit entries each: copies, with new ids, of what one paid order leaves."""
    stock_up(client, _PRODUCTS, reserved=1)
    write_all(client, {"orders/old": a_reserved_order(_PRODUCTS)})
    event = payment("old", amount_of(_PRODUCTS))
    service_in(client).settle(event, now())
    originals = Bare(client.project).read(
        ["orders/old", f"webhookEvents/{event.event_id}", f"auditLog/{event.event_id}"]
    )

    def write_some(path: str, first: int) -> None:
        collection, _, _ = path.partition("/")
        numbers = range(first, min(first + WRITES_PER_COMMIT, documents))
        Bare(client.project).put(
            {f"{collection}/old-{number}": _copy_of(originals[path], number) for number in numbers}
        )

    jobs = [(path, first) for first in range(0, documents, WRITES_PER_COMMIT) for path in originals]
    with ThreadPoolExecutor(THREADS) as threads:
        for _ in threads.map(write_some, *zip(*jobs, strict=True)):
            pass  # raises what the commit raised


def _copy_of(original: Message, number: int) -> Message:
    """The document with its own ids, in its fields too: as in production, every indexed value is unique."""
    own_id = {"stringValue": f"old-{number}"}
    return {"fields": {name: own_id if name in _IDS else value for name, value in original["fields"].items()}}
