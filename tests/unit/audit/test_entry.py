"""The audit entry as a document."""

from audit.entry import AuditEntry
from inventory.stock import StockMove
from orders.order import Money, OrderLine, OrderStatus
from orders.outcome import Result
from tests.support.builders import NOW


def test_an_entry_tells_cause_before_after_moves_and_money() -> None:
    entry = AuditEntry(
        kind="payment_succeeded",
        event_id="evt_1",
        event_type="charge.succeeded",
        order_id="order-1",
        webhook_processed=True,
        result=Result.FIRST_TIME_FINALIZED,
        status_before=OrderStatus.RESERVED,
        status_after=OrderStatus.FINALIZED,
        created_at=NOW,
        moves=(StockMove("shirt", stock=-3, reserved=-2),),
        uncounted=(OrderLine("mug", 1),),
        money=Money(3_600, "eur"),
        payment_intent_id="pi_1",
        note="inventory_gone: 1 of 'mug' could not be counted",
    )
    assert entry.path == "auditLog/evt_1"
    assert entry.fields() == {
        "kind": "payment_succeeded",
        "eventId": "evt_1",
        "eventType": "charge.succeeded",
        "orderId": "order-1",
        "webhookProcessed": True,
        "result": "first_time_finalized",
        "statusBefore": "reserved",
        "statusAfter": "finalized",
        "stock": [{"productId": "shirt", "stock": -3, "reserved": -2}],
        "uncounted": [{"productId": "mug", "quantity": 1}],
        "amount": 3_600,
        "currency": "eur",
        "paymentIntentId": "pi_1",
        "note": "inventory_gone: 1 of 'mug' could not be counted",
        "createdAt": NOW,
    }


def test_an_entry_of_which_little_is_known_has_the_same_fields() -> None:
    entry = AuditEntry(
        kind="order_placed",
        event_id="placed_order-1",
        event_type="order.placed",
        order_id="order-1",
        webhook_processed=False,
        result=Result.RESERVATION_FAILED,
        status_before=OrderStatus.PENDING,
        status_after=OrderStatus.FAILED,
        created_at=NOW,
    )
    unknown = {"amount", "currency", "paymentIntentId", "note"}
    assert {name for name, value in entry.fields().items() if value is None} == unknown
    assert (entry.fields()["stock"], entry.fields()["uncounted"]) == ([], [])
    # The database knows plain texts, not enumerations.
    assert {type(entry.fields()[name]) for name in ("result", "statusBefore", "statusAfter")} == {str}
