"""The demo: one order is placed, paid in a Checkout session, confirmed by mail, and refunded.

Stripe reports the payment several times, and it is settled once. Runs inside the emulators, against the real functions
and the stand-in for Stripe: `make demo`.
"""

import json
import os
import sys
import uuid
from collections.abc import Iterable, Sequence
from email import message_from_bytes
from email.policy import default
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from google.api_core.exceptions import GoogleAPIError
from google.cloud import firestore

from audit.trail import trail_of
from notifications.outbox import FOLDER
from stripe_api.client import StripeClient
from stripe_api.keys import EMULATORS_KEY, stripe_key_from
from tools import logs
from tools.addresses import PROJECT, REGION, Addresses, NoEmulators, found
from tools.deliveries import OtherSecret, deliver
from tools.polling import polled
from tools.posting import NotAnswered, post
from tools.progress import Progress
from tools.stripe_events import Json
from tools.stripe_stand_in.control import NotPossible, StandIn
from tools.toolchain import BUILD, ROOT

PRODUCT: Final = "espresso-cup"
QUANTITY: Final = 3
UNIT_AMOUNT: Final = 1_450
STOCK: Final = 50
REPORTS: Final = ("charge.succeeded", "payment_intent.succeeded", "checkout.session.completed")
"""The events in which Stripe reports that a session was paid."""
SECONDS_MAX: Final = 60
"""A function's first event has to wait for its worker to start."""


class DemoFailed(Exception):
    """The demo stopped early. The message says where."""


class Demo:
    """One order, from its creation to its refund."""

    def __init__(self, client: firestore.Client, addresses: Addresses) -> None:
        self.client = client
        self.addresses = addresses
        self.stripe = StandIn(f"http://{addresses.stripe}")
        self.run = uuid.uuid4().hex[:6]
        self.order_id = f"order-{self.run}"
        self.product_id = f"{PRODUCT}-{self.run}"
        self.user_id = ""
        self.rows: list[Sequence[str]] = []
        self.progress = Progress(sys.stderr)

    def play(self) -> None:
        self.open_shop()
        token = self.sign_in()
        self.place_order()
        session_id = self.ask_for_session(token)
        self.pay(session_id)
        self.wait_for_mails(1)
        self.refund(session_id)
        self.wait_for_mails(2)

    def open_shop(self) -> None:
        self.client.document(f"inventory/{self.product_id}").set({"stock": STOCK, "reserved": 0})
        self.client.document(f"products/{self.product_id}").set(
            {"name": "Espresso cup", "active": True, "unitAmount": UNIT_AMOUNT, "currency": "eur"}
        )

    def sign_in(self) -> str:
        """A guest's ID token, from Firebase's own Authentication."""
        url = f"http://{self.addresses.auth}/identitytoolkit.googleapis.com/v1/accounts:signUp?key=demo"
        answer = post(url, b'{"returnSecureToken": true}').fields()
        self.user_id = str(answer["localId"])
        self.client.document(f"users/{self.user_id}").set({"email": "alice@mail.example"})
        return str(answer["idToken"])

    def place_order(self) -> None:
        """Create the order as a customer does, and wait until the trigger has held its stock."""
        order = self.client.document(f"orders/{self.order_id}")
        items = [{"productId": self.product_id, "quantity": QUANTITY}]
        placed = {"userId": self.user_id, "items": items, "status": "pending"}
        order.set({**placed, "createdAt": firestore.SERVER_TIMESTAMP})
        self.wait_for_status("reserved", "The order was not held by the trigger")
        self.note(f"a customer orders {QUANTITY} cups", "held by the trigger")

    def ask_for_session(self, token: str) -> str:
        """Ask how to pay, as the app does, twice. Returns the id of the session, the same both times."""
        url = f"http://{self.addresses.functions}/{PROJECT}/{REGION}/createCheckout"
        asked = json.dumps({"data": {"orderId": self.order_id}}).encode()
        answers = [post(url, asked, {"Authorization": f"Bearer {token}"}) for _ in range(2)]
        if any(not answer.is_done for answer in answers) or answers[0].body != answers[1].body:
            raise DemoFailed(f"The customer was not led to Stripe: {answers[0]}; {answers[1]}.")
        self.note("createCheckout, twice", f"{answers[0].status} the address of one session")
        return str(self.client.document(f"checkouts/{self.order_id}").get().get("sessionId"))

    def pay(self, session_id: str) -> None:
        """The customer pays at Stripe, which reports it in three events; one is repeated, and one is forged."""
        self.stripe.send_webhooks(self.order_id, lose=REPORTS)
        self.stripe.complete(session_id)
        events = {event["type"]: event for event in self.stripe.events() if self.order_id in json.dumps(event)}
        charge, intent, session = (events[report] for report in REPORTS)
        self.deliver(charge, "charge.succeeded")
        self.deliver(intent, "payment_intent.succeeded, thin", form="thin")
        self.deliver(session, "checkout.session.completed")
        self.deliver(charge, "charge.succeeded, once more")
        forged = deliver(self.addresses.webhook, charge, "whsec_of_a_forger")
        self.note("charge.succeeded, forged", f"{forged.status} {forged.said}")

    def deliver(self, event: Json, what: str, *, form: str = "snapshot") -> None:
        self.stripe.send_again(event["id"], form=form)
        answer = self.stripe.deliveries(event["id"])[-1]
        if answer["status"] == HTTPStatus.BAD_REQUEST:
            raise OtherSecret
        self.note(what, f"{answer['status']} {answer['said']}")

    def refund(self, session_id: str) -> None:
        """Refund all of it at Stripe, which reports that, too."""
        self.stripe.send_webhooks(self.order_id)
        stripe = StripeClient(stripe_key_from(EMULATORS_KEY), self.stripe.origin)
        payment = stripe.session(session_id).payment_intent_id
        stripe.create_refund({"payment_intent": payment}, key=f"demo-{self.run}")
        self.wait_for_status("refunded", "The order did not follow its refund")
        self.stripe.deliveries(str(payment))
        self.note("a refund of all of it, in Stripe", "followed by the order")

    def wait_for_status(self, status: str, failure: str) -> None:
        def status_of_order() -> str:
            self.progress.waiting("Demo")
            return str(self.client.document(f"orders/{self.order_id}").get().get("status"))

        try:
            polled(status_of_order, status.__eq__, seconds=SECONDS_MAX)
        except TimeoutError as late:
            raise DemoFailed(f"{failure}: {late}.") from None

    def wait_for_mails(self, count: int) -> None:
        try:
            polled(lambda: len(self.mails()), count.__eq__, seconds=SECONDS_MAX)
        except TimeoutError as late:
            raise DemoFailed(f"The customer's mail was not sent: {late}.") from None

    def mails(self) -> Sequence[Path]:
        """The files of the customer's mails, the oldest first."""
        self.progress.waiting("Demo")
        query = self.client.collection("effects").where(filter=firestore.FieldFilter("orderId", "==", self.order_id))
        sent = [effect for effect in query.get() if (effect.get("kind"), effect.get("state")) == ("mail", "SUCCESS")]
        to_customer = sorted((each.get("createdAt"), each.id) for each in sent if each.get("recipient") == "customer")
        return [FOLDER / f"{effect_id}.eml" for _, effect_id in to_customer]

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
        """Whether everything happened once: the sale, its refund, and a mail and a notice for each."""
        results = [result for _, _, result, change, _ in self.trail() if change]
        notices = self.client.collection(f"notifications/{self.user_id}/messages").get()
        paid = ("finalized", str(STOCK - QUANTITY), "0")
        return (
            [row[2:] for row in self.rows[2:-1]] == [paid] * 5
            and self.rows[-1][2:] == ("refunded", str(STOCK), "0")
            and all(results.count(once) == 1 for once in ("reserved", "first_time_finalized", "refunded"))
            and sorted(notice.get("type") for notice in notices) == ["paid", "refunded", "reserved"]
            and len(self.mails()) == len({*self.mails()}) == 2  # noqa: PLR2004 - one for each of the two
        )


def mail_in_words(file: Path) -> str:
    """The recipient and the text of a mail."""
    mail: Any = message_from_bytes(file.read_bytes(), policy=default)
    plain = mail.get_body(("plain",)).get_content().rstrip()
    lines = [f"To: {mail['To']}", f"Subject: {mail['Subject']}", "", *plain.splitlines()]
    return "\n".join(f"  │ {line}".rstrip() for line in lines)


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    rule = "  ".join("─" * width for width in widths)
    return "\n".join([title, "", f"  {text[0]}", f"  {rule}", *(f"  {line}" for line in text[1:]), ""])


def main() -> int:
    try:
        problem = show(Demo(firestore.Client(project=PROJECT), found(os.environ, BUILD)))
    except NoEmulators:
        sys.exit("The demo runs inside the emulators: `make demo` starts both.")
    except OtherSecret as other:
        sys.exit(str(other))
    except (DemoFailed, NotAnswered, NotPossible, GoogleAPIError) as failed:
        problem = str(failed)
    if problem:
        print(f"\n{problem}\n{logs.ends_for_the_command(os.environ)}", file=sys.stderr, end="")
    return 1 if problem else 0


def show(demo: Demo) -> str:
    """Run the demo and print what happened. Returns what is wrong with it, if anything."""
    demo.play()
    demo.progress.done("Demo")
    print()
    print(table("What was sent, and what it did", ("sent", "answer", "order", "stock", "reserved"), demo.rows))
    print(table("The audit trail", ("at", "cause", "result", "order", "moved"), demo.trail()))
    first, *_ = demo.mails()
    print(f"The customer's first mail, in {first.relative_to(ROOT).parent}\n\n{mail_in_words(first)}\n")
    if not demo.kept_its_promise():
        return "The promise was broken: see the tables above."
    print(f"One session, five deliveries, one payment: {QUANTITY} cups left the shelf once, and came back once.")
    return ""


if __name__ == "__main__":
    sys.exit(main())
