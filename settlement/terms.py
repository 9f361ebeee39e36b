"""The shop's terms: what its settings say of how orders are held, paid and refunded. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from effects.effect import EffectKind
from notifications.notices import NoticeType
from orders.frozen import frozen
from orders.order import Order, OrderStatus


class AutoRefund(StrEnum):
    """Which payments the service refunds by itself."""

    OFF = "off"
    EXTRAS = "extras"
    """Those that are not needed, because others pay for their order."""
    ALL = "all"
    """These, and the money of orders that cannot be fulfilled."""


@frozen
class Terms:
    """The shop's terms, from its settings."""

    reservation: timedelta
    """How long units stay held for an unpaid order."""
    async_reservation: timedelta
    """How long they stay held once a payment is on its way or authorised, counted from Stripe's event, where neither
    Stripe nor the payment's method says how long it may take."""
    restock_on_refund: bool
    """Whether refunded units go back on the shelf."""
    expected_livemode: bool | None
    """Events of the other mode touch no order; None takes both."""
    accounts: frozenset[str]
    """Whose events count besides our own: events of any other account touch no order."""
    claim_lifetime: timedelta
    """How long a claim is kept. Stripe retries for three days; a person may ask it to resend for longer."""
    hold_max: timedelta
    """The longest that units stay held for an unpaid order, whatever is on its way."""
    late_payment: timedelta
    """How long after its hold has ended an order may still be paid at the price of then."""
    notice_lifetime: timedelta
    """How long a notice is kept, and a cancel request once it is settled: both name a customer."""
    open_orders_max: int
    """How many unpaid orders may hold units for one customer when the next one is placed."""
    order_units_max: int
    """How many units of one product an order may ask for."""
    customer_channels: frozenset[EffectKind]
    """How customers are sent their notices."""
    operator_channels: frozenset[EffectKind]
    unsent: frozenset[NoticeType]
    """Notices that stay in the inbox, and are sent to nobody."""
    auto_refund: AutoRefund
    order_wait: timedelta = timedelta(hours=1)
    """How old an event may become while its order does not exist, before it is parked."""

    def end_of_hold(self, order: Order) -> datetime | None:
        """How long a reserved order keeps its units: for the slowest payment that is on its way, or may still begin."""
        ends = [end for end in (self.worth_holding_until(order), order.checkout_until) if end]
        if order.reserved_at is None:
            return max(ends, default=None)
        return min(max([order.reserved_at + self.reservation, *ends]), order.reserved_at + self.hold_max)

    def worth_holding_until(self, order: Order) -> datetime | None:
        """How long it is held beyond its time: for payments, or because an operator wants it; None if for nothing."""
        of_payments = (payment.holds_until(self.reservation) for payment in order.payments.by_id.values())
        return max((end for end in (*of_payments, order.extended_until) if end), default=None)

    def extended(self, before: Order, after: Order) -> Order:
        """The order afterwards, held until then, or as long as before where somebody had set another end by hand."""
        by_hand = before.reservation_expires_at if before.reservation_expires_at != self.end_of_hold(before) else None
        ends = (by_hand, self.end_of_hold(after))
        return replace(after, reservation_expires_at=max((end for end in ends if end), default=None))

    def shortened(self, before: Order, after: Order) -> Order:
        """The order afterwards, held no longer for a payment that was under way before and is not any more."""
        ended = _under_way(before) - _under_way(after)
        is_to_end_sooner = ended and after.status is OrderStatus.RESERVED
        return self.extended(before, after) if is_to_end_sooner else after


def _under_way(order: Order) -> set[str]:
    return {payment.payment_id for payment in order.payments.under_way}
