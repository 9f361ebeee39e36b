"""One transaction settles one event: the event's row, the order's lock, and everything that follows.

It takes two round trips in psycopg's pipeline mode, one for the reads and one for the writes with the commit:
https://www.psycopg.org/psycopg3/docs/advanced/pipeline.html.
"""

from typing import Final

from psycopg import Connection

from bench.postgres.payments import Payment

# A second delivery waits here for the first one's transaction: if that commits, this is a duplicate, otherwise the
# first.
CLAIM: Final = """\
INSERT INTO stripe_events (id, type, order_id) VALUES (%s, %s, %s)
ON CONFLICT (id) DO UPDATE SET deliveries = stripe_events.deliveries + 1, last_received_at = now()
RETURNING deliveries"""
LOCK: Final = "SELECT status, amount, currency, user_id FROM orders WHERE id = %s FOR UPDATE"
FINALIZE: Final = """\
UPDATE orders SET status = 'finalized', finalized_at = now(), payment_intent_id = %s, amount_received = %s
WHERE id = %s"""
TAKE: Final = """\
UPDATE inventory SET stock = stock - quantity, reserved = reserved - quantity
FROM order_lines WHERE order_id = %s AND inventory.product_id = order_lines.product_id"""
REVIEW: Final = "UPDATE orders SET status = 'review' WHERE id = %s"
RECORD: Final = """\
INSERT INTO audit_log (event_id, order_id, result, status_before, amount, currency) VALUES (%s, %s, %s, %s, %s, %s)"""
NOTIFY: Final = "INSERT INTO notices (event_id, user_id, order_id, type) VALUES (%s, %s, %s, %s)"


class NoSuchOrder(LookupError):
    """Stripe may be faster than the shop: a later delivery of the event may find the order."""


def settle(connection: Connection, payment: Payment) -> str:
    """The result, once everything is written and committed.

    Raises:
        NoSuchOrder: the order does not exist (yet); the caller must not commit.
        psycopg.Error: nothing was done.
    """
    with connection.pipeline():
        claimed = connection.execute(CLAIM, (payment.event_id, payment.event_type, payment.order_id))
        locked = connection.execute(LOCK, (payment.order_id,)).fetchone()
        is_first = claimed.fetchone() == (1,)
        if is_first and locked is None:
            raise NoSuchOrder(payment.order_id)
        result = _written(connection, payment, *locked) if is_first and locked else "duplicate_detected"
        connection.commit()
        return result


def _written(connection: Connection, payment: Payment, status: str, amount: int, currency: str, user_id: str) -> str:
    """The result, once all its writes are queued in the pipeline."""
    result = _result_of(payment, status, amount, currency)
    match result:
        case "first_time_finalized":
            connection.execute(FINALIZE, (payment.payment_intent_id, payment.amount, payment.order_id))
            connection.execute(TAKE, (payment.order_id,))
            connection.execute(NOTIFY, (payment.event_id, user_id, payment.order_id, "paid"))
        case "review":
            connection.execute(REVIEW, (payment.order_id,))
            connection.execute(NOTIFY, (payment.event_id, user_id, payment.order_id, "review"))
    entry = (payment.event_id, payment.order_id, result, status, payment.amount, payment.currency)
    connection.execute(RECORD, entry)
    return result


def _result_of(payment: Payment, status: str, amount: int, currency: str) -> str:
    if status == "finalized":
        return "already_finalized"
    if status != "reserved" or (payment.amount, payment.currency) != (amount, currency):
        return "review"
    return "first_time_finalized"
