"""The operators' console in a browser: who signs in, and the shop they see."""

import functools
import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Browser, Locator, Page, Request, Response, expect

from tests.support.browser import a_visit
from tests.support.builders import Fields, an_order
from tools.local_accounts import let_in

OPERATOR = "acting@example.com"
PASSWORD = "correct horse battery"


def sign_in(page: Page, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("banner")).to_contain_text(email)


def an_account(auth_host: str, email: str, **claims: bool) -> str:
    """The e-mail address of an account with these claims."""
    let_in(auth_host, email, PASSWORD, claims)
    return email


@contextmanager
def an_operators_visit(browser: Browser, address: str, auth_host: str) -> Iterator[Page]:
    """An operator who may act is signed in."""
    with a_visit(browser, address) as page:
        sign_in(page, an_account(auth_host, OPERATOR, admin=True))
        yield page


def open_order(page: Page, order_id: str) -> Locator:
    page.goto(f"/#/order/{order_id}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(order_id)
    return page.get_by_role("main")


@dataclass
class Traffic:
    """What a page loads, and how much it reads from Firestore."""

    files: dict[str, int] = field(default_factory=dict)
    """Bytes by URL, compressed as Firebase Hosting sends them."""
    documents: int = 0
    """The most documents it can read: single ones, and the limits of its queries."""
    without_limit: list[str] = field(default_factory=list)

    def loaded(self, response: Response) -> None:
        if response.ok and response.request.resource_type in ("document", "script", "stylesheet", "image"):
            self.files[response.url] = _compressed(response.body())

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


@functools.cache
def _compressed(body: bytes) -> int:
    return len(gzip.compress(body))


@contextmanager
def traffic_of(page: Page) -> Iterator[Traffic]:
    traffic = Traffic()
    page.on("response", traffic.loaded)
    page.on("request", traffic.asked)
    yield traffic
    page.remove_listener("response", traffic.loaded)
    page.remove_listener("request", traffic.asked)


def first_paint(page: Page) -> float:
    """Seconds until the browser first showed content."""
    milliseconds: float = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    return milliseconds / 1_000


def hosts_of(urls: Mapping[str, int]) -> set[str]:
    return {urlsplit(url).netloc for url in urls}


def a_shop_in_trouble() -> Mapping[str, Fields]:
    """Documents by path: one of each thing that waits for a person, an order paid just now, and a product."""
    now = datetime.now(UTC)
    pending = {"amount": 3_600, "currency": "eur", "status": "pending", "paymentId": "pi_order-due"}
    due: Fields = {"status": "refund_due", "failureReason": "insufficient_stock: 2 shirt", "refunds": {"re_1": pending}}
    mismatch = "amount_mismatch: 3600 eur was paid, 4000 eur was asked"
    review: Fields = {"status": "review", "holdKept": True, "failureReason": mismatch}
    paid: Fields = {"status": "finalized", "finalizedAt": now}
    orders = {"order-paid": paid, "order-due": due, "order-review": review}
    return {
        **{f"orders/{order_id}": _paid_order(order_id, now, **fields) for order_id, fields in orders.items()},
        "inventory/shirt": {"stock": 10, "reserved": 5, "hot": True},
        "takings/order-paid": {"units": {"shirt": 2}},
        "auditLog/evt_gone": {"orderId": "order-gone", "createdAt": now, "result": "order_not_found"},
        **_beside_orders(now),
    }


def _paid_order(order_id: str, placed_at: datetime, **fields: object) -> Fields:
    """An order for €36.00, paid by one payment."""
    asked = {"itemsTotal": 3_600, "amountTotal": 3_600, "currency": "eur", "pricedBy": "catalogue"}
    received = {"amountReceived": 3_600, "currencyReceived": "eur", "amountRefunded": 0}
    money = {"amount": 3_600, "currency": "eur"}
    payment = {**money, "chargeId": f"ch_{order_id}", "state": "succeeded", "at": placed_at}
    return an_order(
        userId="alice", createdAt=placed_at, **asked, **received, payments={f"pi_{order_id}": payment}, **fields
    )


def _beside_orders(now: datetime) -> Mapping[str, Fields]:
    """What else waits for a person: a dispute, a parked event, a finding, and a mail that was given up."""
    dispute = {"orderId": "order-review", "reason": "fraudulent", "amount": 3_600, "currency": "eur"}
    finding = {
        "orderId": "order-due",
        "target": "order-due",
        "rule": "amounts_differ",
        "found": "Stripe says otherwise",
    }
    times = {"dueBy": now + timedelta(days=3), "openedAt": now, "toldAt": now}
    return {
        "disputes/dp_1": {**dispute, "status": "needs_response", **times},
        "webhookEvents/evt_parked": {"orderId": "order-due", **an_event_parked(now)},
        "findings/1": {**finding, "since": now, "state": "open"},
        "effects/evt_1_mail_customer": a_mail_given_up("order-due", "evt_1", now),
    }


def an_event_parked(at: datetime) -> Fields:
    """A refund of a payment that the shop does not know."""
    event = {"amount": 500, "currency": "eur"}
    waits = {"processed": False, "result": "payment_not_found", "parkedAt": at, "event": event}
    return {"eventType": "charge.refunded", "livemode": False, "deliveries": 3, **waits}


def a_mail_given_up(order_id: str, cause_id: str, at: datetime) -> Fields:
    """Its document's id begins with its cause's id: `{cause_id}_mail_customer`."""
    mail = {"kind": "mail", "recipient": "customer", "userId": None, "causeId": cause_id, "idempotencyKey": cause_id}
    tried = {"state": "ERROR", "attempts": 7, "error": "mailbox <b>unavailable</b>", "nextAttemptAt": None}
    return {**mail, "orderId": order_id, "createdAt": at, **tried}
