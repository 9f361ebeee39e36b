"""A disagreement is found by its rule, reported once, closed when it is gone, and kept within limits."""

import copy
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import pytest

from database.documents.findings import noted
from reconciliation import books
from reconciliation.finding import Finding
from reconciliation.registry import RULES
from reconciliation.subjects import EventRecord
from service.wiring import answering
from tests.support.builders import NOW
from tests.support.memory_store import MemoryStore
from tests.support.operators import an_operators_request
from tests.support.reconciled_day import a_payment_of, a_reconciled_shop, lose, refund_more
from tests.support.reconciling import ShopAtStripe, broken, opened_by
from tests.support.recording import silent
from tests.support.settling import settling_on
from tests.support.shop import document_at, shirts_in


def first_entry_of(order_id: str, shop: ShopAtStripe) -> str:
    return str(document_at(shop.store, f"orders/{order_id}")["webhookEventId"])


def receive_less(shop: ShopAtStripe) -> None:
    shop.account.intents[a_payment_of("order-1", shop)]["amount_received"] -= 1


def never_receive(shop: ShopAtStripe) -> None:
    shop.account.intents[a_payment_of("order-1", shop)] |= {"status": "canceled", "amount_received": 0}


def take_more(shop: ShopAtStripe) -> None:
    entry = first_entry_of("order-2", shop)
    broken(shop.store, f"auditLog/{entry}", stock=[{"productId": "shirt", "stock": -5, "reserved": -2}])


def close_with_open_session(shop: ShopAtStripe) -> None:
    broken(shop.store, "orders/order-4", status="cancelled")
    held = document_at(shop.store, "inventory/shirt")["reserved"]
    broken(shop.store, "inventory/shirt", reserved=int(str(held)) - 2)
    session = {"attempt": 1, "state": "open", "asked": 2_400, "currency": "eur", "sessionId": "cs_1"}
    shop.store.put("checkouts/order-4", {**session, "expiresAt": shop.now + timedelta(days=9)})


BREAKING: Final[Mapping[str, Callable[[ShopAtStripe], object]]] = {
    "paid_only_at_stripe": ShopAtStripe.forget_payment,
    "paid_only_here": never_receive,
    "amounts_differ": receive_less,
    "refunds_differ": refund_more,
    "units_not_taken": take_more,
    "payment_not_indexed": lambda shop: lose(shop, f"payments/{a_payment_of('order-1', shop)}"),
    "session_of_closed_order": close_with_open_session,
    "reserved_not_held": lambda shop: broken(shop.store, "inventory/shirt", reserved=9),
    "stock_off_trail": lambda shop: broken(shop.store, "inventory/shirt", stock=99),
    "inventory_unreadable": lambda shop: broken(shop.store, "inventory/shirt", stock="99"),
    "taking_overdue": lambda shop: shop.store.put("takings/order-1", {"units": {"shirt": 3}}),
    "claim_without_entry": lambda shop: lose(shop, f"auditLog/{first_entry_of('order-1', shop)}"),
    "effect_stuck": lambda shop: shop.store.put(
        "effects/mail_1",
        {"kind": "mail", "state": "RETRY", "orderId": "order-1", "nextAttemptAt": shop.now - timedelta(hours=2)},
    ),
}


def a_shop_broken_by(rule: str) -> tuple[ShopAtStripe, Callable[[], None]]:
    """With a function that repairs it."""
    shop = a_reconciled_shop()
    good, account = shop.store.dump(), copy.deepcopy((shop.account.intents, shop.account.refunds))

    def mend() -> None:
        for path, fields in good.items():
            if not path.startswith(("reconciliations/", "baselines/")):
                shop.store.put(path, fields)
        lose(shop, *({"effects/mail_1", "checkouts/order-4", "takings/order-1"} & shop.store.dump().keys()))
        shop.account.intents, shop.account.refunds = account

    BREAKING[rule](shop)
    return shop, mend


@pytest.mark.parametrize("rule", BREAKING)
def test_a_break_is_found_by_its_rule_once_and_closed_when_it_is_mended(rule: str) -> None:
    shop, mend = a_shop_broken_by(rule)
    found = shop.reconcile(NOW)
    assert rule in {finding.rule for finding in found.opened}
    assert opened_lines(shop) == [finding.finding_id for finding in found.opened]

    shop.later(hours=1)
    assert shop.reconcile().opened == ()
    assert opened_lines(shop) == [finding.finding_id for finding in found.opened]

    mend()
    mended = shop.reconcile()
    assert set(mended.closed) == {finding.finding_id for finding in found.opened}
    assert shop.open_findings() == []
    usual = {"severity": "INFO", "message": "nothing is wrong there any longer", "result": "finding_closed"}
    assert shop.logged("finding_closed") == [{**usual, "findingId": finding_id} for finding_id in mended.closed]


@pytest.mark.parametrize("rule", BREAKING)
def test_what_a_person_has_handled_is_said_no_more_and_closes_all_the_same(rule: str) -> None:
    shop, mend = a_shop_broken_by(rule)
    found = set(opened_by(shop.reconcile(NOW)))
    for finding_id in found:
        answered_in(shop, "handle", finding_id)
    shop.later(hours=1)
    again = shop.reconcile()
    assert (again.opened, again.open, again.is_as_usual, set(opened_lines(shop))) == ((), 0, True, found)
    mend()
    assert set(shop.reconcile().closed) == found
    assert {document_at(shop.store, f"findings/{each}")["state"] for each in found} == {"closed"}


def answered_in(shop: ShopAtStripe, kind: str, finding_id: str) -> None:
    asked = an_operators_request(kind, target=finding_id, of="finding")
    shop.store.put(f"operatorRequests/{finding_id}", asked)
    settle = settling_on(shop.store)
    assert answering(shop.store, settle, shop.terms).answer(finding_id, shop.now).result == "handled"


def test_a_product_that_is_made_never_short_while_units_of_it_are_held_is_found() -> None:
    shop = a_reconciled_shop()
    broken(shop.store, "inventory/shirt", stock=None)
    assert "inventory_unreadable" in {finding.rule for finding in shop.reconcile(NOW).opened}


def test_handling_a_stock_finding_covers_its_difference_and_not_its_figures() -> None:
    shop = a_reconciled_shop()
    broken(shop.store, "inventory/shirt", stock=99, reserved=9)
    for found in shop.reconcile().opened:
        answered_in(shop, "handle", found.finding_id)
    shop.sell("order-9")
    shop.order("order-10", quantity=1)
    shop.later(hours=1)
    assert (shop.reconcile().opened, shirts_in(shop.store)) == ((), (98, 10))
    broken(shop.store, "inventory/shirt", stock=97)
    assert [finding.rule for finding in shop.reconcile().opened] == ["stock_off_trail"]
    assert shop.open_findings() == ["stock_off_trail_shirt"]


def opened_lines(shop: ShopAtStripe) -> list[str]:
    return [line["findingId"] for line in shop.logged("finding_opened")]


def test_every_rule_is_broken_here_but_those_about_what_a_run_meets() -> None:
    of_runs = {"event_not_settled", "not_compared", "key_of_another_account"}
    assert BREAKING.keys() | of_runs == {rule.name for rule in RULES}


@pytest.mark.parametrize("rule", ["units_not_taken", "payment_not_indexed", "session_of_closed_order"])
def test_what_was_wrong_with_an_order_that_is_gone_is_closed_and_with_no_other(rule: str) -> None:
    shop = a_reconciled_shop()
    for order_id in ("gone", "order-1"):
        finding = {"rule": rule, "target": order_id, "orderId": order_id, "since": NOW, "state": "open"}
        shop.store.put(f"findings/{rule}_{order_id}", finding)
    broken(shop.store, "orders/order-1", updatedAt=shop.now)
    assert shop.reconcile().closed == (f"{rule}_gone",)


def test_what_is_found_again_is_opened_again_and_keeps_when_it_was_open_before() -> None:
    shop = a_reconciled_shop()
    sevens = []
    for _ in range(7):
        broken(shop.store, "inventory/shirt", reserved=9)
        shop.reconcile()
        sevens.append(shop.now)
        broken(shop.store, "inventory/shirt", reserved=4)
        shop.later(hours=1)
        shop.reconcile()
    finding = document_at(shop.store, "findings/reserved_not_held_shirt")
    assert (finding["state"], finding["since"], finding["closedAt"]) == ("closed", sevens[-1], shop.now)
    assert finding["earlier"] == [{"since": since, "closedAt": since + timedelta(hours=1)} for since in sevens[1:-1]]


def test_only_a_limited_number_of_findings_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = a_reconciled_shop()
    monkeypatch.setattr(books, "OPEN_MAX", 1)
    broken(shop.store, "inventory/shirt", reserved=9, stock=99)
    assert len(shop.reconcile().opened) == 1
    assert shop.logged("finding_not_kept") == [
        {
            "severity": "ERROR",
            "message": "stock of shirt is 99, but 8 by the trail: +91 is unexplained",
            "rule": "stock_off_trail",
            "remedy": "./shop stock add shirt 0",
            "result": "finding_not_kept",
        }
    ]


def test_no_more_findings_are_read_than_are_looked_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "OPEN_MAX", 2)
    store = MemoryStore()
    for target in "abcd":
        finding = Finding("stock_off_trail", target, None, "words", "./shop status")
        store.commit((noted(finding, None, NOW)[0],), timeout_seconds=1)
    # In batches of two.
    assert len(books.Books.of(store.as_of(NOW), store, silent).open) == 2


def test_what_is_found_again_is_open_since_it_was_first_found() -> None:
    store = MemoryStore()
    claim = EventRecord("evt_1", "order-1", is_claimed=True, has_entry=False)
    for at in (NOW, NOW + timedelta(hours=1)):
        found = books.Books.of(store.as_of(at), store, silent)
        found.judge(claim, at)
        (known,) = found.open.values()
        assert (known.order_id, known.since, known.last_seen_at) == ("order-1", NOW, at)


def test_what_another_run_finds_at_the_same_time_is_not_said_twice_and_is_looked_after() -> None:
    store = MemoryStore()
    both = [books.Books.of(store.as_of(NOW), store, silent) for _ in range(2)]
    for found in both:
        found.judge(EventRecord("evt_1", "order-1", is_claimed=True, has_entry=False), NOW)
    assert [(len(found.opened), len(found.open)) for found in both] == [(1, 1), (0, 1)]


def test_what_others_have_found_takes_no_room_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = a_reconciled_shop()
    monkeypatch.setattr(books, "OPEN_MAX", 1)
    in_the_trail = Finding("chain_broken", "order-1", "order-1", "changed", "./shop audit verify order-1")
    shop.store.commit((noted(in_the_trail, None, shop.now)[0],), timeout_seconds=1)
    broken(shop.store, "inventory/shirt", reserved=9)
    assert [finding.rule for finding in shop.reconcile().opened] == ["reserved_not_held"]
    assert "chain_broken_order-1" in shop.open_findings()
