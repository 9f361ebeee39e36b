"""A shop with one order, signed deliveries from Stripe, and its operators' command line, on the emulator."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from click.testing import CliRunner, Result
from google.cloud import firestore

from ops.__main__ import shop as command_line
from ops.commands import Asked
from ops.connection import Shop as OpenShop
from settlement.terms import Terms
from tests.support.builders import NOW, Fields
from tests.support.emulated_shop import delivered_to, inventory_of, service_in
from tests.support.firestore_events import a_created_event, created
from tests.support.operators import an_operators_request
from tests.support.stripe_objects import the_event

PAID, REFUNDED, REFUND_CREATED = "payment_intent.succeeded", "charge.refunded", "refund.created"
DISPUTE_OPENED = "charge.dispute.created"

ON_THE_SHELF, HELD, SOLD = (
    {"shirt": (10, 0), "hat": (5, 0)},
    {"shirt": (10, 2), "hat": (5, 1)},
    {"shirt": (8, 0), "hat": (4, 0)},
)
"""Each product's stock and reserved units: before the order, while it is held, and once it is paid."""


@dataclass
class Shop:
    """A shop in which alice has ordered two shirts and a hat for 36 euros."""

    client: firestore.Client
    terms: Terms
    _seconds: Any = field(default_factory=count)

    def report(self, event_type: str, event_id: str = "evt_1", **object_fields: Any) -> str:
        """The result of the usual event of this type, with these fields of its object changed."""
        return self.deliver(the_event(event_type, event_id=event_id, **object_fields))

    def deliver(self, event: Fields) -> str:
        """The result of one signed delivery, which must be answered 200."""
        service = replace(service_in(self.client, self.terms), now=self._now)
        answer = delivered_to(service.webhook_endpoint(), event)
        assert answer.status_code == 200, answer.get_json()
        return str(answer.get_json()["result"])

    def write(self, path: str, fields: Fields) -> None:
        self.client.document(path).set(fields)

    def read(self, path: str) -> Fields:
        return self.client.document(path).get().to_dict() or {}

    @property
    def order(self) -> Fields:
        return self.read("orders/order-1")

    @property
    def stock(self) -> dict[str, tuple[int, int]]:
        return {product_id: inventory_of(self.client, product_id) for product_id in ("shirt", "hat")}

    def to_customer(self, event_id: str) -> object:
        """The type of the event's notice to the customer; None without one."""
        return self.read(f"notifications/alice/messages/{event_id}").get("type")

    def to_operator(self, event_id: str) -> object:
        return self.read(f"notifications/system/messages/{event_id}").get("type")

    def ask(self, kind: str, **fields: object) -> str:
        """The result of an operator's request, by its trigger."""
        self.write(f"operatorRequests/{kind}-1", an_operators_request(kind, **fields))
        event = a_created_event(None, created(f"operatorRequests/{kind}-1"))
        service_in(self.client, self.terms).operator_requested_trigger().receive(event)
        return str(self.read(f"operatorRequests/{kind}-1")["result"])

    def _now(self) -> datetime:
        return NOW + timedelta(seconds=next(self._seconds))


def operated(client: firestore.Client, *words: str, clock: Callable[[OpenShop], datetime] = OpenShop.now) -> Result:
    """What `./shop` answers to these words on this database."""
    opened = OpenShop(client.project, {"FUNCTIONS_EMULATOR": "true", "GOOGLE_CLOUD_PROJECT": client.project})
    return CliRunner().invoke(command_line, words, obj=Asked(open=lambda _: opened, clock=clock))
