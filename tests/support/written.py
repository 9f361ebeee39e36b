"""What a decision about order-1 writes, by document, complete by default: a test names only what differs."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from database.documents.recorder import writes_for
from database.store import Create, Increase, Update, Write
from orders.events import Cause
from settlement.decisions import Decision
from settlement.snapshot import Snapshot
from tests.support.builders import LATER, NOW, TERMS, Fields, something_not_understood
from tests.support.decisions import TAKEN, a_change, to_customer
from tests.support.orders import PAID_NOW, a_held_order, a_sold_order
from tests.support.payments import a_payment
from tests.support.snapshots import a_snapshot

ORDER, INVENTORY, CLAIM, AUDIT = "orders/order-1", "inventory/shirt", "webhookEvents/evt_1", "auditLog/evt_1"
PAID, UNREADABLE = a_payment(delivered_at=LATER), something_not_understood(delivered_at=LATER)
IN_A_WEEK = NOW + timedelta(days=7)

CHAIN = {"sequence", "previousHash", "hash", "auditHead", "auditCount"}

Writes = dict[str, Write]


def written(decision: Decision, snapshot: Snapshot | None = None, event: Cause = PAID, **terms: Any) -> Writes:
    """The writes, by document; checks that no document is written twice, none could be repeated, and values are plain.

    Leaves out the change's place in the chain, in the entry and in the order.
    """
    writes = writes_for(decision, event, snapshot or a_snapshot(), replace(TERMS, **terms), NOW)
    assert len({write.path for write in writes}) == len(writes)
    assert not writes or not all(isinstance(write, Increase) for write in writes)
    assert all(is_plain(getattr(write, "fields", {})) for write in writes)
    return {write.path: _unchained(write) for write in writes}


def _unchained(write: Write) -> Write:
    if not isinstance(write, Create | Update):
        return write
    return replace(write, fields={name: value for name, value in write.fields.items() if name not in CHAIN})


def is_plain(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(map(is_plain, value.values()))
    return (
        all(map(is_plain, value)) if isinstance(value, list) else type(value) in (str, int, bool, datetime, type(None))
    )


def updated_order(**fields: object) -> Writes:
    return {ORDER: Update(ORDER, {**fields, "updatedAt": NOW}, "order as read")}


def updated_claim(**fields: object) -> Writes:
    return {CLAIM: Update(CLAIM, fields, "claim as read")}


def new_claim(**fields: object) -> Writes:
    received: Fields = {
        "eventType": "payment_intent.succeeded",
        "orderId": "order-1",
        "livemode": False,
        "apiVersion": "2026-02-25.clover",
        "receivedAt": LATER,
        "lastDeliveryAt": LATER,
        "deliveries": 1,
    }
    return {CLAIM: Create(CLAIM, {**received, **fields})}


def done(result: str) -> Fields:
    return {"processed": True, "processedAt": NOW, "result": result, "expireAt": IN_A_WEEK}


def entry(**fields: object) -> Fields:
    payment: Fields = {
        "kind": "payment_succeeded",
        "eventId": "evt_1",
        "eventType": "payment_intent.succeeded",
        "orderId": "order-1",
        "webhookProcessed": True,
        "result": "first_time_finalized",
        "statusBefore": "reserved",
        "statusAfter": "finalized",
        "stock": [{"productId": "shirt", "stock": -3, "reserved": -3}],
        "uncounted": [],
        "amount": 3_600,
        "currency": "eur",
        "adjustments": [],
        "paymentIntentId": "pi_1",
        "note": None,
        "createdAt": NOW,
    }
    return {**payment, **fields}


def new_entry(**fields: object) -> Writes:
    return {AUDIT: Create(AUDIT, entry(**fields))}


def payment_fields(**fields: object) -> Fields:
    """The order's fields about its only payment, which brought all that was due."""
    paid: Fields = {
        "state": "succeeded",
        "at": NOW,
        "amount": 3_600,
        "currency": "eur",
        "chargeId": "ch_1",
        "until": None,
        "untilEstimated": False,
        "amountRefunded": 0,
        "doubtful": False,
        "attempt": None,
    }
    return {**paid, **fields}


def delivery_record(number: int, result: str) -> Writes:
    record: Fields = {
        "eventId": "evt_1",
        "eventType": "payment_intent.succeeded",
        "orderId": "order-1",
        "webhookProcessed": False,
        "result": result,
        "createdAt": LATER,
    }
    path = f"{AUDIT}/deliveries/{number}"
    return {path: Create(path, record)}


def notice(path: str, **fields: object) -> Writes:
    paid: Fields = {
        "type": "paid",
        "audience": "customer",
        "userId": "alice",
        "orderId": "order-1",
        "amount": 3_600,
        "currency": "eur",
        "reason": None,
        "createdAt": NOW,
        "readAt": None,
        "deliveredAt": None,
        "expireAt": NOW + timedelta(days=90),
    }
    path = f"notifications/{path}"
    return {path: Create(path, {**paid, **fields})}


RESERVED = a_snapshot(a_held_order())
FINALIZED = a_change("first_time_finalized", a_sold_order(**PAID_NOW), "reserved", to_customer("paid"), moves=TAKEN)
