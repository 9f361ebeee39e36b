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
    """Documents by path, every id beginning with the prefix: one of each thing that waits for a person."""
    now = datetime.now(UTC)

    def ago(**span: float) -> datetime:
        return now - timedelta(**span)

    paid = {"amount": 3_600, "currency": "eur", "chargeId": f"ch_{prefix}", "state": "succeeded", "at": ago(minutes=5)}
    money = {"itemsTotal": 3_600, "amountTotal": 3_600, "currency": "eur", "pricedBy": "catalogue"}
    received = {"amountReceived": 3_600, "currencyReceived": "eur", "amountRefunded": 0}
    order_of = {"userId": f"{prefix}-alice", "createdAt": ago(minutes=6), **money}
    effect = {"kind": "mail", "recipient": "customer", "createdAt": ago(minutes=4), "causeId": prefix}
    effect |= {"userId": None, "idempotencyKey": prefix}
    return {
        f"orders/{prefix}-paid": an_order(
            **order_of, **received, status="finalized", finalizedAt=ago(minutes=4), payments={f"pi_{prefix}": {**paid}}
        ),
        f"orders/{prefix}-due": an_order(
            **order_of,
            **received,
            status="refund_due",
            failureReason="insufficient_stock: 2 shirt",
            payments={f"pi_{prefix}_due": {**paid}},
        ),
        f"orders/{prefix}-review": an_order(
            **order_of,
            **received,
            status="review",
            holdKept=True,
            failureReason="amount_mismatch: 3600 eur was paid, 4000 eur was asked",
            payments={f"pi_{prefix}_review": {**paid}},
        ),
        f"disputes/dp_{prefix}": {
            "orderId": f"{prefix}-review",
            "status": "needs_response",
            "reason": "fraudulent",
            "amount": 3_600,
            "currency": "eur",
            "dueBy": now + timedelta(days=3),
            "openedAt": ago(days=1),
            "toldAt": ago(days=1),
        },
        f"webhookEvents/evt_{prefix}_parked": {
            "eventType": "charge.refunded",
            "processed": False,
            "result": "payment_not_found",
            "orderId": f"{prefix}-due",
            "livemode": False,
            "parkedAt": ago(hours=2),
            "deliveries": 3,
            "event": {"amount": 500, "currency": "eur"},
        },
        f"findings/{prefix}": {
            "rule": "amounts_differ",
            "found": "Stripe says otherwise",
            "since": ago(days=1),
            "state": "open",
            "orderId": f"{prefix}-due",
            "target": f"{prefix}-due",
        },
        f"effects/{prefix}_mail_customer": {
            **effect,
            "orderId": f"{prefix}-due",
            "state": "ERROR",
            "attempts": 7,
            "error": "mailbox <b>unavailable</b>",
            "nextAttemptAt": None,
        },
    }
