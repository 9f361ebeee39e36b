"""The main job in one scenario: an order is placed, Stripe reports its payment too often, and it is settled once.

Runs inside the emulators, against the real functions: `make demo`.
"""

import os
import sys
import time
import uuid
from collections.abc import Iterable, Sequence
from typing import Final

from google.api_core.exceptions import GoogleAPIError
from google.cloud import firestore

from audit.trail import trail_of
from tools import logs
from tools.addresses import PROJECT, webhook_at
from tools.deliveries import OtherSecret, deliver
from tools.emulators import WEBHOOK_SECRET
from tools.polling import polled
from tools.posting import NotAnswered
from tools.progress import Progress
from tools.stripe_events import CardPayment, Json, payment_event

PRODUCT: Final = "espresso-cup"
QUANTITY: Final = 3
UNIT_AMOUNT: Final = 1_450
STOCK: Final = 50
TRIGGER_SECONDS_MAX: Final = 60


class DemoFailed(Exception):
    """It came to no end. The message says where it stopped."""


class Demo:
    """One order, from its creation to the last of Stripe's deliveries."""

    def __init__(self, client: firestore.Client, webhook: str) -> None:
        self.client = client
        self.webhook = webhook
        self.run = uuid.uuid4().hex[:6]
        self.order_id = f"order-{self.run}"
        self.product_id = f"{PRODUCT}-{self.run}"
        self.rows: list[Sequence[str]] = []
        self.progress = Progress(sys.stderr)

    def play(self) -> None:
        self.client.document(f"inventory/{self.product_id}").set({"stock": STOCK, "reserved": 0})
        self.client.document(f"products/{self.product_id}").set(
            {"name": "Espresso cup", "active": True, "unitAmount": UNIT_AMOUNT, "currency": "eur"}
        )
        self.place_order()
        payment = CardPayment(self.run, self.order_id, QUANTITY * UNIT_AMOUNT, "eur", int(time.time()))
        for event_type in ("charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"):
            self.deliver(event_type, payment_event(payment, event_type))
        charge = payment_event(payment, "charge.succeeded")
        self.deliver("charge.succeeded, once more", charge)
        self.deliver("charge.succeeded, forged", charge, secret="whsec_of_a_forger")  # noqa: S106 - not the shop's secret

    def place_order(self) -> None:
        """Create the order as a customer does, and wait until the trigger has held its stock."""
        order = self.client.document(f"orders/{self.order_id}")
        items = [{"productId": self.product_id, "quantity": QUANTITY}]
        order.set({"userId": "alice", "items": items, "status": "pending", "createdAt": firestore.SERVER_TIMESTAMP})
        try:
            polled(self.status_of_order, "reserved".__eq__, seconds=TRIGGER_SECONDS_MAX)
        except TimeoutError as late:
            raise DemoFailed(f"The order was not held by the trigger: {late}.") from None
        self.note(f"a customer orders {QUANTITY} cups", "held by the trigger")

    def status_of_order(self) -> str:
        # The first event that a function meets has to wait for its worker.
        self.progress.waiting("Demo")
        return str(self.client.document(f"orders/{self.order_id}").get().get("status"))

    def deliver(self, what: str, event: Json, *, secret: str = WEBHOOK_SECRET) -> None:
        answer = deliver(self.webhook, event, secret)
        self.note(what, f"{answer.status} {answer.said}")

    def note(self, what: str, outcome: str) -> None:
        order = self.client.document(f"orders/{self.order_id}").get()
        inventory = self.client.document(f"inventory/{self.product_id}").get()
        stock, reserved = str(inventory.get("stock")), str(inventory.get("reserved"))
        self.rows.append((what, outcome, order.get("status"), stock, reserved))

    def trail(self) -> list[Sequence[str]]:
        passages = trail_of(self.order_id, self.client)
        return [
            (
                f"{passage.happened_at:%H:%M:%S}",
                passage.event_type,
                passage.result,
                f"{passage.status_before} → {passage.status_after}" if passage.status_after else "",
                ", ".join(
                    f"{name} {move[name]:+}" for move in passage.stock for name in ("stock", "reserved") if move[name]
                ),
            )
            for passage in passages
        ]

    def kept_its_promise(self) -> bool:
        """Whether everything changed once: order, stock, notice, and an audit entry for each event."""
        entries = [result for _, _, result, change, _ in self.trail() if change]
        notices = self.client.collection("notifications/alice/messages")
        of_this_order = notices.where(filter=firestore.FieldFilter("orderId", "==", self.order_id)).get()
        return (
            self.rows[-1][2:] == ("finalized", str(STOCK - QUANTITY), "0")
            and entries == ["reserved", "first_time_finalized", "already_finalized", "already_finalized"]
            and sorted(notice.get("type") for notice in of_this_order) == ["paid", "reserved"]
        )


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    rule = "  ".join("─" * width for width in widths)
    return "\n".join([title, "", f"  {text[0]}", f"  {rule}", *(f"  {line}" for line in text[1:]), ""])


def main() -> int:
    functions_host = os.environ.get("FUNCTIONS_EMULATOR_HOST")
    if not functions_host:
        sys.exit("The demo runs inside the emulators: `make demo` starts both.")
    try:
        problem = show(Demo(firestore.Client(project=PROJECT), webhook_at(functions_host)))
    except OtherSecret as other:
        sys.exit(str(other))
    except (DemoFailed, NotAnswered, GoogleAPIError) as failed:
        problem = str(failed)
    if problem:
        print(f"\n{problem}\n{logs.ends_for_the_command(os.environ)}", file=sys.stderr, end="")
    return 1 if problem else 0


def show(demo: Demo) -> str:
    """Play it, and show what happened; what is wrong with that, if anything."""
    demo.play()
    demo.progress.done("Demo")
    print()
    print(table("What was sent, and what it did", ("sent", "answer", "order", "stock", "reserved"), demo.rows))
    print(table("The audit trail", ("at", "cause", "result", "order", "moved"), demo.trail()))
    if not demo.kept_its_promise():
        return "The promise was broken: see the tables above."
    print(f"Five deliveries, one payment: {QUANTITY} cups left the shelf once, and one notice says they are paid.")
    return ""


if __name__ == "__main__":
    sys.exit(main())
