"""The shop's terms: how orders are held, paid and refunded, according to its settings. Pure."""

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
    """Payments that are not needed, because others pay for their order."""
    ALL = "all"
    """These, and the payments of orders that cannot be fulfilled."""


@frozen
class Terms:
    """The shop's terms, from its settings."""

    reservation: timedelta
    """How long units stay held for an unpaid order."""
    async_reservation: timedelta
    """How long units stay held for a payment that is under way or authorised, counted from Stripe's event, if neither
    Stripe nor the payment method says how long it may take."""
    restock_on_refund: bool
    """Whether refunded units go back on the shelf."""
    expected_livemode: bool | None
    """Events of the other mode touch no order; None takes both."""
    accounts: frozenset[str]
    """Accounts whose events count besides our own. Events of other accounts touch no order."""
    claim_lifetime: timedelta
    """How long a claim is kept. Stripe retries for three days; a person may ask it to resend for longer."""
    hold_max: timedelta
    """The longest that units stay held for an unpaid order, whatever payment is under way."""
    late_payment: timedelta
    """How long after the end of its hold an order may still be paid at its old price."""
    notice_lifetime: timedelta
    """How long notices and settled cancel requests are kept: both name a customer."""
    open_orders_max: int
    """How many unpaid orders one customer may have when placing the next one."""
    order_units_max: int
    """How many units of one product an order may contain."""
    customer_channels: frozenset[EffectKind]
    """How customers are sent their notices."""
    operator_channels: frozenset[EffectKind]
    unsent: frozenset[NoticeType]
    """Notices that stay in the inbox and are not sent by any channel."""
    auto_refund: AutoRefund
    order_wait: timedelta = timedelta(hours=1)
    """How old an event whose order does not exist may become before it is parked."""

    def end_of_hold(self, order: Order) -> datetime | None:
        """When a reserved order's hold ends: with the slowest payment that is under way or may still begin."""
        ends = [end for end in (self.worth_holding_until(order), order.checkout_until) if end]
        if order.reserved_at is None:
            return max(ends, default=None)
        return min(max([order.reserved_at + self.reservation, *ends]), order.reserved_at + self.hold_max)

    def worth_holding_until(self, order: Order) -> datetime | None:
        """Until when payments under way or an operator keep the order held beyond its usual time; None if none do."""
        of_payments = (payment.holds_until(self.reservation) for payment in order.payments.by_id.values())
        return max((end for end in (*of_payments, order.extended_until) if end), default=None)

    def extended(self, before: Order, after: Order) -> Order:
        """The order `after` with its hold extended to fit; never cut below an end that somebody has set by hand."""
        by_hand = before.reservation_expires_at if before.reservation_expires_at != self.end_of_hold(before) else None
        ends = (by_hand, self.end_of_hold(after))
        return replace(after, reservation_expires_at=max((end for end in ends if end), default=None))

    def shortened(self, before: Order, after: Order) -> Order:
        """The order `after`, no longer held for a payment that was under way before and no longer is."""
        ended = _under_way(before) - _under_way(after)
        is_to_end_sooner = ended and after.status is OrderStatus.RESERVED
        return self.extended(before, after) if is_to_end_sooner else after


def _under_way(order: Order) -> set[str]:
    return {payment.payment_id for payment in order.payments.under_way}
