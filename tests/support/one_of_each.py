"""An event of each kind."""

from collections.abc import Mapping

from orders.event_kinds import EventKind
from orders.events import OrderEvent
from tests.support.builders import a_cancel_request, a_lapse, a_placement
from tests.support.checkouts import a_session_end, an_opening
from tests.support.operators import asked_of_order
from tests.support.payments import a_cancellation, a_failure, a_payment, a_processing, a_subscription
from tests.support.refunds import a_dispute, a_refunded_charge, an_updated_refund

ONE_OF_EACH_KIND: Mapping[EventKind, OrderEvent] = {
    EventKind.ORDER_PLACED: a_placement(),
    EventKind.PAYMENT_PROCESSING: a_processing(),
    EventKind.PAYMENT_SUCCEEDED: a_payment(),
    EventKind.PAYMENT_FAILED: a_failure(),
    EventKind.PAYMENT_CANCELED: a_cancellation(),
    EventKind.SUBSCRIPTION_STARTED: a_subscription(),
    EventKind.CHARGE_REFUNDED: a_refunded_charge(),
    EventKind.REFUND_UPDATED: an_updated_refund(order_id="order-1"),
    EventKind.DISPUTE_CHANGED: a_dispute(order_id="order-1"),
    EventKind.RESERVATION_LAPSED: a_lapse(),
    EventKind.CANCEL_REQUESTED: a_cancel_request(),
    EventKind.CHECKOUT_OPENED: an_opening(),
    EventKind.CHECKOUT_ENDED: a_session_end(),
    EventKind.OPERATOR_ACCEPTED: asked_of_order("accept-1"),
    EventKind.OPERATOR_REFUNDED: asked_of_order("refund-1"),
    EventKind.OPERATOR_RELEASED: asked_of_order("release-1"),
    EventKind.OPERATOR_EXTENDED: asked_of_order("extend-1"),
    EventKind.OPERATOR_CANCELLED: asked_of_order("cancel-1"),
}
"""All are about the same order."""
