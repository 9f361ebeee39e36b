"""The emulators' shop, for commands beside it: `make seed`, `make pay`, `make refund`, `make sweep`."""

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from google.api_core.exceptions import GoogleAPIError
from google.cloud import firestore

from database.documents.orders import order_from, order_path
from database.ids import is_order_id
from orders.order import Order
from tools import addresses
from tools.addresses import PROJECT, Addresses, NoEmulators
from tools.deliveries import deliver
from tools.posting import NotAnswered
from tools.toolchain import BUILD

_LATEST_SHOWN: Final = 5


class Refusal(Exception):
    """The command makes no sense in this shop. The message says why."""


@dataclass(frozen=True, slots=True)
class LocalShop:
    addresses: Addresses
    client: firestore.Client

    @classmethod
    def at(cls, found: Addresses) -> "LocalShop":
        # Firestore's client has no other way to be pointed to an emulator.
        os.environ.update(found.variables())
        return cls(found, firestore.Client(project=PROJECT))

    def order(self, order_id: str) -> Order:
        """Raises Refusal, with the latest orders."""
        fields = self.client.document(order_path(order_id)).get().to_dict() if is_order_id(order_id) else None
        if fields is None:
            missing = f"There is no order {order_id}." if order_id else "Which order? Name it with ORDER=..."
            latest = self.client.collection("orders").order_by("createdAt", direction="DESCENDING")
            raise Refusal(f"{missing} {latest_in_words(latest.limit(_LATEST_SHOWN).stream())}")
        return order_from(order_id, fields)

    def report(self, event: dict[str, Any], order_id: str) -> bool:
        """Deliver the event, and print the answer and the order's status. Returns whether the answer is 200."""
        answer = deliver(self.addresses.webhook, event)
        print(f"{event['type']} {event['id']}: {answer}")
        print(f"Order {order_id} is {self.order(order_id).status}.")
        return answer.is_done


def latest_in_words(orders: Iterable[firestore.DocumentSnapshot[Any]]) -> str:
    named = [f"{order.id} ({order.get('status')})" for order in orders]
    if named:
        return f"The latest: {', '.join(named)}."
    return "None was placed yet: docs/integration.md shows how an app does that."


def at_work(command: Callable[[LocalShop], bool]) -> int:
    """Run the command in the open shop. Returns the exit code; prints what prevents it."""
    try:
        return 0 if command(LocalShop.at(addresses.found(os.environ, BUILD))) else 1
    except (NoEmulators, NotAnswered, Refusal, GoogleAPIError) as problem:
        print(problem, file=sys.stderr)
        return 1
