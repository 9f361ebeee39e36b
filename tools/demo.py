"""The main job in one scenario: an order is placed, Stripe reports its payment too often, and it is settled once.

Runs inside the emulators, against the real functions: `make demo`.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import stripe
from google.api_core.exceptions import GoogleAPIError
from google.cloud import firestore

from audit.trail import trail_of
from tools import logs
from tools.emulators import PROJECT, WEBHOOK_SECRET
from tools.polling import polled
from tools.progress import Progress

PRODUCT: Final = "espresso-cup"
QUANTITY: Final = 3
UNIT_AMOUNT: Final = 1_450
STOCK: Final = 50
TRIGGER_SECONDS_MAX: Final = 60
ANSWER_SECONDS_MAX: Final = 60
ANSWER_LENGTH_MAX: Final = 80


class DemoFailed(Exception):
    """It came to no end. The message says where it stopped."""


class Demo:
    """One order, from its creation to the last of Stripe's deliveries."""

    def __init__(self, client: firestore.Client, functions_host: str) -> None:
        self.client = client
        self.webhook = f"http://{functions_host}/{PROJECT}/us-central1/stripeWebhook"
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
        charge = self.event("charge.succeeded", object="charge", amount_captured=self.total, captured=True)
        intent = self.event("payment_intent.succeeded", object="payment_intent", amount_received=self.total)
        session = self.event("checkout.session.completed", amount_total=self.total, payment_status="paid")
        self.deliver("charge.succeeded", charge)
        self.deliver("payment_intent.succeeded", intent)
        self.deliver("checkout.session.completed", session)
        self.deliver("charge.succeeded, once more", charge)
        self.deliver("charge.succeeded, forged", charge, secret="whsec_of_a_forger")  # noqa: S106 - not the shop's secret

    @property
    def total(self) -> int:
        return QUANTITY * UNIT_AMOUNT

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

    def event(self, event_type: str, **fields: object) -> Mapping[str, object]:
        """A Stripe event for this order's payment, with the fields that the service reads."""
        subject = event_type.partition(".")[0]
        named = {"id": f"obj_{subject}_{self.run}", "metadata": {"orderId": self.order_id}}
        payment = (
            {} if fields.get("object") == "payment_intent" else {"payment_intent": f"obj_payment_intent_{self.run}"}
        )
        return {
            "id": f"evt_{subject}_{self.run}",
            "object": "event",
            "type": event_type,
            "created": int(time.time()),
            "livemode": False,
            "api_version": "2026-02-25.clover",
            "data": {"object": {**named, **payment, "currency": "eur", **fields}},
        }

    def deliver(self, what: str, event: Mapping[str, object], *, secret: str = WEBHOOK_SECRET) -> None:
        body = json.dumps(event)
        header = stripe.WebhookSignature.generate_signature_header(body, secret)
        request = urllib.request.Request(self.webhook, body.encode(), {"Stripe-Signature": header})
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS_MAX) as answer:
                outcome = f"{answer.status} {said_in(answer.read())}"
        except urllib.error.HTTPError as error:
            outcome = f"{error.code} {said_in(error.read())}"
        except OSError as error:
            raise DemoFailed(f"There was no answer to {what}: {error}.") from None
        self.note(what, outcome)

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


def said_in(body: bytes) -> str:
    """The result or the error that the service answered; what else answered in its place, in its own words."""
    try:
        answer = json.loads(body)
        return str(answer.get("result") or answer["error"])
    except (ValueError, KeyError, AttributeError):
        return body.decode(errors="replace").strip()[:ANSWER_LENGTH_MAX]


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
        problem = show(Demo(firestore.Client(project=PROJECT), functions_host))
    except (DemoFailed, GoogleAPIError) as failed:
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
