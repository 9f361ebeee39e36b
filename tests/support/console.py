"""The operators' console in a browser: who signs in, and what of a shop there is to see."""

import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Page, Request, Response, expect

from tests.support import http_client
from tests.support.builders import Fields, an_order
from tools.console import CONFIGURATION
from tools.local_accounts import let_in

PASSWORD = "correct horse battery"


def sign_in(page: Page, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("banner")).to_contain_text(email)


def an_account(auth_host: str, email: str, **claims: bool) -> str:
    """The address of an account whose token claims this."""
    let_in(auth_host, email, PASSWORD, claims)
    return email


def look_at(page: Page, address: str, project: str) -> None:
    """The page shows another project, which no function watches."""
    configured = http_client.request(f"{address}{CONFIGURATION}")
    elsewhere = json.dumps({**json.loads(configured.body), "projectId": project})
    page.route(f"**{CONFIGURATION}", lambda route: route.fulfill(body=elsewhere))
    page.goto("/?elsewhere")


@dataclass
class Traffic:
    """What a page loads, and what it asks of Firestore."""

    files: dict[str, int] = field(default_factory=dict)
    """Bytes, as Firebase Hosting sends them: compressed."""
    documents: int = 0
    """The most that what it asks can find: single documents, and the limits of its queries."""
    without_limit: list[str] = field(default_factory=list)

    def loaded(self, response: Response) -> None:
        if response.ok and response.request.resource_type in ("document", "script", "stylesheet", "image"):
            self.files[response.url] = len(gzip.compress(response.body()))

    def asked(self, request: Request) -> None:
        if "Listen/channel" not in request.url or not request.post_data:
            return
        for name, value in parse_qsl(request.post_data):
            if name.endswith("___data__") and "addTarget" in (said := json.loads(value)):
                self._count(said["addTarget"])

    def _count(self, target: Mapping[str, Any]) -> None:
        if "documents" in target:
            self.documents += len(target["documents"]["documents"])
        elif limit := target["query"]["structuredQuery"].get("limit"):
            self.documents += limit if isinstance(limit, int) else limit["value"]
        else:
            self.without_limit.append(str(target))


@contextmanager
def traffic_of(page: Page) -> Iterator[Traffic]:
    traffic = Traffic()
    page.on("response", traffic.loaded)
    page.on("request", traffic.asked)
    yield traffic
    page.remove_listener("response", traffic.loaded)
    page.remove_listener("request", traffic.asked)


def hosts_of(urls: Mapping[str, int]) -> set[str]:
    return {urlsplit(url).netloc for url in urls}


def a_shop_in_trouble(prefix: str) -> Mapping[str, Fields]:
    """Documents by path, every id with the prefix: one of each thing that waits for a person, and an order paid now."""
    now, alice, due = datetime.now(UTC), f"{prefix}-alice", f"{prefix}-due"
    refund = {"amount": 3_600, "currency": "eur", "status": "pending", "paymentId": f"pi_{due}"}
    documents: dict[str, Fields] = {
        f"orders/{prefix}-paid": _paid_order(f"{prefix}-paid", alice, now, status="finalized", finalizedAt=now),
        # Of all that are due back, it has waited longest.
        f"orders/{due}": _paid_order(
            due,
            alice,
            now - timedelta(days=60),
            status="refund_due",
            failureReason="insufficient_stock: 2 shirt",
            refunds={f"re_{prefix}": refund},
        ),
        f"orders/{prefix}-review": _paid_order(
            f"{prefix}-review",
            alice,
            now - timedelta(minutes=6),
            status="review",
            holdKept=True,
            failureReason="amount_mismatch: 3600 eur was paid, 4000 eur was asked",
        ),
        f"payments/pi_{prefix}-review": {"orderId": f"{prefix}-review"},
        f"checkouts/{prefix}-paid": {"sessionId": f"cs_{prefix}", "state": "complete", "userId": alice},
        f"auditLog/evt_{prefix}_gone": {"orderId": f"{prefix}-gone", "createdAt": now, "result": "order_not_found"},
    }
    return {**documents, **_beside_orders(prefix, now)}


def _paid_order(order_id: str, user_id: str, placed_at: datetime, **fields: object) -> Fields:
    """Of €36.00, which one payment has paid."""
    asked = {"itemsTotal": 3_600, "amountTotal": 3_600, "currency": "eur", "pricedBy": "catalogue"}
    received = {"amountReceived": 3_600, "currencyReceived": "eur", "amountRefunded": 0}
    money = {"amount": 3_600, "currency": "eur"}
    payment = {**money, "chargeId": f"ch_{order_id}", "state": "succeeded", "at": placed_at}
    return an_order(
        userId=user_id, createdAt=placed_at, **asked, **received, payments={f"pi_{order_id}": payment}, **fields
    )


def _beside_orders(prefix: str, now: datetime) -> Mapping[str, Fields]:
    """What waits besides: a dispute, a parked event, a finding, and a mail that was given up."""
    of_due = {"orderId": f"{prefix}-due"}
    dispute = {"orderId": f"{prefix}-review", "reason": "fraudulent", "amount": 3_600, "currency": "eur"}
    finding = {"rule": "amounts_differ", "found": "Stripe says otherwise", "target": f"{prefix}-due"}
    mail = {"kind": "mail", "recipient": "customer", "userId": None, "causeId": prefix, "idempotencyKey": prefix}
    yesterday = now - timedelta(days=1)
    return {
        f"disputes/dp_{prefix}": {
            **dispute,
            "status": "needs_response",
            "dueBy": now + timedelta(days=3),
            "openedAt": yesterday,
            "toldAt": yesterday,
        },
        f"webhookEvents/evt_{prefix}_parked": {**of_due, **a_parked_event(now - timedelta(hours=2))},
        f"findings/{prefix}": {**of_due, **finding, "since": yesterday, "state": "open"},
        f"effects/{prefix}_mail_customer": {
            **of_due,
            **mail,
            "createdAt": now - timedelta(minutes=4),
            "state": "ERROR",
            "attempts": 7,
            "error": "mailbox <b>unavailable</b>",
            "nextAttemptAt": None,
        },
    }


def a_parked_event(at: datetime) -> Fields:
    """A refund of a payment that the shop has never had."""
    event = {"amount": 500, "currency": "eur"}
    waits = {"processed": False, "result": "payment_not_found", "parkedAt": at, "event": event}
    return {"eventType": "charge.refunded", "livemode": False, "deliveries": 3, **waits}
