"""A shop whose functions run: what its customers and Stripe do, and what Firestore contains afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from google.cloud import firestore

from tests.support import http_client
from tests.support.builders import an_order
from tests.support.emulated_shop import stock_up
from tools.polling import polled

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RunningShop:
    client: firestore.Client
    functions_host: str
    prefix: str
    """Begins every id of the test: all tests share the functions' database."""

    def id(self, name: str) -> str:
        return f"{self.prefix}-{name}"

    def seed_product(self, name: str, *, stock: int) -> str:
        product_id = self.id(name)
        stock_up(self.client, stock, [product_id])
        return product_id

    def place_order(self, name: str, **quantities: int) -> str:
        """A customer creates an order, which fires the real trigger."""
        order_id = self.id(name)
        items = [{"productId": self.id(product), "quantity": number} for product, number in quantities.items()]
        order = an_order(userId=self.id("alice"), items=items, createdAt=firestore.SERVER_TIMESTAMP)
        self.client.document(f"orders/{order_id}").set(order)
        return order_id

    def await_status(self, order_id: str, status: str) -> None:
        polled(lambda: self.get(f"orders/{order_id}").get("status"), lambda there: there == status, seconds=60)

    def expire_hold(self, order_id: str) -> None:
        """The hold ended just now."""
        self.client.document(f"orders/{order_id}").update({"reservationExpiresAt": datetime.now(UTC)})

    def deliver(self, event: Fields) -> tuple[int, str]:
        """Deliver an event as Stripe does, signed now. Returns the status, and the result or error."""
        url = f"http://{self.functions_host}/{self.client.project}/us-central1/stripeWebhook"
        answer = http_client.deliver(url, event)
        return answer.status, answer.outcome

    def get(self, path: str) -> Fields:
        fields: Fields = self.client.document(path).get().to_dict() or {}
        return fields

    def audit_entries(self, order_id: str) -> dict[str, Fields]:
        entries = self.client.collection("auditLog").where(filter=firestore.FieldFilter("orderId", "==", order_id))
        return {entry.id: entry.to_dict() or {} for entry in entries.stream()}

    def notices(self) -> list[str]:
        """The types of the customer's notices, in the order of the commits."""
        messages = self.client.collection(f"notifications/{self.id('alice')}/messages").stream()
        return [message.get("type") for message in sorted(messages, key=lambda message: message.create_time)]
