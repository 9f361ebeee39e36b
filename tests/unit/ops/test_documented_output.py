"""docs/operating.md shows what the commands print, and names every command and exit code."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import pytest

from audit.links import Entry
from audit.verification import Ends, verified_all
from database.documents.audit_heads import head_from
from database.documents.findings import noted
from database.documents.values import text_or_none
from database.store import Fields
from ops import audit, export, findings, forget, reconcile
from ops.__main__ import shop
from ops.exit_codes import ExitCode
from ops.exporting import Export
from ops.forgetting import Act, Erasure
from orders.money import Money
from reconciliation.registry import findings_of
from reconciliation.subjects import ProductRecord
from tests.support.builders import NOW, an_order
from tests.support.builders import a_placement as placed
from tests.support.memory_store import MemoryStore
from tests.support.operating import ShopInMemory, operated
from tests.support.payments import a_payment as paid
from tests.support.reconciling import ShopAtStripe
from tests.support.settling import settled
from tests.support.shop import a_shop_after, without_requests
from tools.toolchain import ROOT

PAGE: Final = (ROOT / "docs/operating.md").read_text()
EXAMPLES: Final = re.findall(r"^```text\n\$ \./shop (.+)\n((?:.*\n)*?)```$", PAGE, re.MULTILINE)


def the_shop_of_the_page() -> MemoryStore:
    """One order was paid a wrong amount, one is held, and one is paid but does not exist."""
    early = NOW - timedelta(hours=2)
    for_nobody = paid("evt_9", order_id="order-9", payment_intent_id="pi_9", charge_id="ch_9", created_at=early)
    store = without_requests(a_shop_after(placed(), paid(money=Money(3_000, "eur")), for_nobody))
    store.put("orders/order-2", an_order(userId="bob", createdAt=NOW + timedelta(hours=3)))
    settled(placed("order-2"), store, now=NOW + timedelta(hours=3))
    (finding,) = findings_of(ProductRecord("shirt", reserved=9, held=6, stock=None, stock_of_trail=None))
    store.commit((noted(finding, None, NOW)[0],), timeout_seconds=1)
    return store


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """The shop of the page, also for commands that call Firestore themselves; a payment at Stripe had no webhook."""
    store, at_stripe = the_shop_of_the_page(), ShopAtStripe()
    at_stripe.order("order-1")
    at_stripe.pay("order-1")
    at_stripe.later(hours=3)
    monkeypatch.setattr(reconcile, "job_of", lambda *_: at_stripe.job())
    monkeypatch.setattr(findings, "moment_of", lambda _: store.as_of(NOW))
    monkeypatch.setattr(ShopInMemory, "client", None)
    monkeypatch.setattr(audit, "_verdicts", lambda *_: verified_all(*chains_in(store)))
    monkeypatch.setattr(export, "rows_of", lambda wanted, *_: rows_in(store, wanted))
    monkeypatch.setattr(forget, "erasures_of", lambda user, _: erasures_in(store, user))
    return store


def chains_in(store: MemoryStore) -> tuple[list[Ends], list[Entry], Ends]:
    orders = dict(in_collection(store, "orders"))
    ends = [Ends(name, exists=True, head=head_from(fields)) for name, fields in orders.items()]
    entries = [Entry(name, text_or_none(each.get("orderId")), each) for name, each in in_collection(store, "auditLog")]
    return ends, sorted(entries, key=lambda entry: entry.order_id or ""), Ends(None, exists=True)


def rows_in(store: MemoryStore, wanted: Export) -> Iterator[dict[str, object]]:
    return (row for name, fields in in_collection(store, wanted.collection) for row in wanted.rows(name, fields))


def erasures_in(store: MemoryStore, user: str) -> Iterator[Erasure]:
    for path, fields in sorted(store.documents()):
        if path.startswith((f"notifications/{user}/", "cancelRequests/")):
            yield Erasure(path, Act.DELETE)
        elif fields.get("userId") == user:
            yield Erasure(path, Act.TAKE_NAME_OUT)


def in_collection(store: MemoryStore, collection: str) -> Iterator[tuple[str, Fields]]:
    for path, fields in store.documents():
        if path.rpartition("/")[0] == collection:
            yield path.rpartition("/")[2], fields


@pytest.mark.parametrize(("words", "output"), EXAMPLES, ids=[words for words, _ in EXAMPLES])
def test_every_example_is_what_the_command_says(words: str, output: str, store: MemoryStore) -> None:
    said = operated(store, *words.split(), now=NOW + timedelta(hours=3, minutes=10)).stdout
    assert [line.rstrip() for line in said.splitlines()] == output.splitlines()


def test_every_command_has_an_example_or_is_named() -> None:
    assert {name for name in shop.commands if f"./shop {name}" not in PAGE} == set()


def test_every_exit_code_is_explained() -> None:
    assert [code for code in ExitCode if f"| {code.value} |" not in PAGE] == []
