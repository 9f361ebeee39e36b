"""What each kind of event does to an order in each status: a table written by hand, without gaps."""

from collections.abc import Collection
from itertools import product
from typing import NamedTuple

import pytest

from database.documents.payment_fields import payments_fields
from orders.event_kinds import EventKind
from orders.events import OrderEvent, StripeEvent
from orders.order import OrderStatus
from tests.support.builders import NOW, a_reserved_order, redelivered
from tests.support.memory_store import MemoryStore
from tests.support.one_of_each import ONE_OF_EACH_KIND
from tests.support.orders import paid_as
from tests.support.settling import settled
from tests.support.shop import a_shop, document_at, shirts_in, status_in


class Effect(NamedTuple):
    """The order is for three shirts, its time is up, and three shirts are held."""

    result: str
    status: str
    stock: int
    """By how much the stock of shirts changes."""
    reserved: int


def alike(effect: Effect, *statuses: str) -> dict[str, Effect]:
    return dict.fromkeys(statuses, effect)


def unchanged(result: str, *statuses: str) -> dict[str, Effect]:
    return {status: Effect(result, status, 0, 0) for status in statuses}


ALREADY: dict[str, Effect] = {
    **unchanged("already_finalized", "finalized", "partially_refunded", "refunded"),
    **unchanged("already_failed", "failed"),
    **unchanged("already_expired", "expired"),
    **unchanged("already_cancelled", "cancelled"),
    **unchanged("already_refund_due", "refund_due"),
    **unchanged("already_quarantined", "review"),
    **unchanged("unknown_status", "unknown"),
}
CANCELLED: dict[str, Effect] = {
    "pending": Effect("cancelled", "cancelled", 0, 0),
    **alike(Effect("cancelled", "cancelled", 0, -3), "reserving", "reserved"),
}
# Everything paid is refunded: taken units come back, the others stay.
REFUNDED: dict[str, Effect] = {
    **alike(Effect("refunded", "refunded", 3, 0), "finalized", "partially_refunded"),
    **alike(Effect("refunded", "refunded", 0, 0), "refunded", "refund_due", "review"),
}

EFFECTS: dict[EventKind, dict[str, Effect]] = {
    EventKind.ORDER_PLACED: {
        **unchanged("already_placed", *OrderStatus),
        "pending": Effect("reserved", "reserved", 0, 3),
        "reserving": Effect("reserved", "reserved", 0, 0),
        "unknown": Effect("reservation_failed", "failed", 0, 0),
    },
    EventKind.PAYMENT_PROCESSING: {
        **ALREADY,
        "pending": Effect("reserved", "reserved", 0, 3),
        "reserving": Effect("reserved", "reserved", 0, 0),
        "reserved": Effect("hold_extended", "reserved", 0, 0),
    },
    EventKind.PAYMENT_SUCCEEDED: {
        **ALREADY,
        **alike(Effect("first_time_finalized", "finalized", -3, 0), "pending", "failed", "expired", "cancelled"),
        **alike(Effect("first_time_finalized", "finalized", -3, -3), "reserving", "reserved"),
        "unknown": Effect("quarantined", "review", 0, 0),
    },
    EventKind.PAYMENT_FAILED: {
        **ALREADY,
        **unchanged("payment_failed", "pending", "reserving", "reserved", "failed", "expired", "cancelled"),
    },
    EventKind.PAYMENT_CANCELED: {**ALREADY, **CANCELLED},
    EventKind.SUBSCRIPTION_STARTED: unchanged("not_paid", *OrderStatus),
    EventKind.CHARGE_REFUNDED: {
        **REFUNDED,
        **alike(Effect("refunded", "refunded", 0, 0), "pending", "failed", "expired", "cancelled", "unknown"),
        **alike(Effect("refunded", "refunded", 0, -3), "reserving", "reserved"),
    },
    EventKind.REFUND_UPDATED: {**unchanged("payment_not_found", *OrderStatus), **REFUNDED},
    EventKind.DISPUTE_CHANGED: unchanged("dispute_recorded", *OrderStatus),
    EventKind.RESERVATION_LAPSED: {
        **unchanged("not_expired", *OrderStatus),
        "reserved": Effect("expired", "expired", 0, -3),
    },
    EventKind.CANCEL_REQUESTED: {
        **ALREADY,
        **CANCELLED,
        **unchanged("cancel_request_recorded", "finalized", "partially_refunded", "refund_due", "review"),
    },
    EventKind.CHECKOUT_OPENED: {
        **unchanged("checkout_not_opened", *OrderStatus),
        "reserved": Effect("checkout_opened", "reserved", 0, 0),
    },
    # These orders have no open session.
    EventKind.CHECKOUT_ENDED: unchanged("already_ended", *OrderStatus),
    EventKind.OPERATOR_ACCEPTED: {
        **unchanged("not_accepted", *OrderStatus),
        **alike(Effect("accepted", "finalized", -3, 0), "failed", "expired", "cancelled", "refund_due", "review"),
        "reserved": Effect("accepted", "finalized", -3, -3),
    },
    EventKind.OPERATOR_REFUNDED: {
        **unchanged("not_refunded", *OrderStatus),
        # Stripe reports the result later.
        **unchanged("refund_ordered", "finalized", "partially_refunded", "refunded", "refund_due", "review"),
    },
    EventKind.OPERATOR_RELEASED: {
        **unchanged("not_released", *OrderStatus),
        **alike(Effect("expired", "expired", 0, -3), "reserving", "reserved"),
    },
    EventKind.OPERATOR_EXTENDED: {
        **unchanged("not_extended", *OrderStatus),
        "reserved": Effect("hold_extended", "reserved", 0, 0),
    },
    EventKind.OPERATOR_CANCELLED: {**unchanged("not_cancelled", *OrderStatus), **CANCELLED},
}

WITHOUT_AUDIT_ENTRY: dict[EventKind, Collection[str]] = {
    EventKind.REFUND_UPDATED: {"pending", "reserving", "reserved", "failed", "expired", "cancelled", "unknown"},
    EventKind.RESERVATION_LAPSED: set(OrderStatus) - {"reserved"},
    EventKind.CHECKOUT_OPENED: set(OrderStatus) - {"reserved"},
    EventKind.CHECKOUT_ENDED: set(OrderStatus),
}
"""The shop's own event changes nothing, or Stripe's is parked."""

each_kind = pytest.mark.parametrize("kind", EFFECTS)

PAID = {"finalized", "partially_refunded", "refunded", "refund_due", "review"}


def a_shop_with(status: str) -> MemoryStore:
    payments = payments_fields(paid_as()) if status in PAID else {}
    order = a_reserved_order(status=status, reservationExpiresAt=NOW, payments=payments)
    return a_shop(order, stock=10, reserved=3)


def test_the_table_names_every_event_in_every_status() -> None:
    cells = {(kind, status) for kind, effects in EFFECTS.items() for status in effects}
    assert cells == set(product(EventKind, OrderStatus))


@each_kind
def test_what_an_event_does_to_an_order_and_its_stock_is_what_the_audit_entry_names(kind: EventKind) -> None:
    event = ONE_OF_EACH_KIND[kind]
    for before, effect in EFFECTS[kind].items():
        store = a_shop_with(before)
        outcome = settled(event, store)
        assert (outcome.result, outcome.order_id) == (effect.result, "order-1"), before
        ended = status_in(store), *shirts_in(store)
        assert ended == (effect.status, 10 + effect.stock, 3 + effect.reserved), before
        path = f"auditLog/{event.event_id}"
        if before in WITHOUT_AUDIT_ENTRY.get(kind, ()):
            assert store.get(path) is None, before
            continue
        entry = document_at(store, path)
        assert (entry["result"], entry["statusBefore"], entry["statusAfter"]) == (effect.result, before, effect.status)
        # A hold counted before this event is included in what the event completes.
        counted_before = 3 if before == "reserving" and effect.status != "reserving" else 0
        move = {"productId": "shirt", "stock": effect.stock, "reserved": effect.reserved + counted_before}
        assert entry["stock"] == ([move] if move["stock"] or move["reserved"] else []), before


@each_kind
def test_settling_it_again_changes_nothing_and_a_second_delivery_is_counted(kind: EventKind) -> None:
    for before in OrderStatus:
        assert_settled_once(ONE_OF_EACH_KIND[kind], a_shop_with(before))


def assert_settled_once(event: OrderEvent, store: MemoryStore) -> None:
    settled(event, store)
    once = store.dump()
    settled(event, store)
    assert store.dump() == once
    settled(redelivered(event), store)
    counted = {f"webhookEvents/{event.event_id}", f"auditLog/{event.event_id}/deliveries/2"}
    changed = {path for path, fields in store.dump().items() if fields != once.get(path)}
    assert changed == (counted if isinstance(event, StripeEvent) else set())
