"""An audit entry as a document."""

from audit.entry import AuditEntry
from database.documents.audit_log import entry_write
from database.store import Create
from inventory.stock import StockMove
from orders.events import EventKind
from orders.order import Money, OrderLine, OrderStatus
from orders.outcome import Result
from settlement.snapshot import Snapshot
from tests.support.builders import NOW


def test_an_entry_names_cause_before_after_moves_and_money() -> None:
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
    assert entry_write(entry, Snapshot()) == Create(
        "auditLog/evt_1",
        {
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
        },
    )


def test_an_entry_of_which_little_is_known_has_the_same_fields() -> None:
    entry = AuditEntry(
        kind=EventKind.ORDER_PLACED,
        event_id="placed_order-1",
        event_type="order.placed",
        order_id="order-1",
        webhook_processed=False,
        result=Result.RESERVATION_FAILED,
        status_before=OrderStatus.PENDING,
        status_after=OrderStatus.FAILED,
        created_at=NOW,
    )
    fields = entry_write(entry, Snapshot()).fields
    unknown = {"amount", "currency", "paymentIntentId", "note"}
    assert {name for name, value in fields.items() if value is None} == unknown
    assert (fields["stock"], fields["uncounted"]) == ([], [])
    # The database knows plain texts, not enumerations.
    assert {type(fields[name]) for name in ("kind", "result", "statusBefore", "statusAfter")} == {str}
