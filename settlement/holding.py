"""Holds an order's units: hold, confirm, give back, extend, release. Pure."""

from dataclasses import replace
from typing import Any

from inventory.reservation import Refused, catalogue_price, hold_is_covered, price_to_hold, to_be_held
from inventory.stock import hold
from notifications.notices import NoticeType
from orders.checkout import CheckoutState
from orders.events import CarriesPayment
from orders.money import Money
from orders.operator_events import OrderCancelled
from orders.order import CLOSED, ID_USED_BEFORE, PRICE_GONE, OrderStatus
from orders.outcome import Outcome, Result
from orders.shop_events import CancelRequested, OrderPlaced
from settlement.checkouts import own_checkout
from settlement.decisions import Case, Decision, GiveBack, Hold, Look, Proposal, Unchanged
from settlement.ending import after_session, cancelled, lapsed, released
from settlement.paying import closed_and_not_paid, quarantine, refuse, take_units
from settlement.reported import with_report


def hold_units(case: Case) -> Decision | Proposal:
    if look := _products_to_look_at(case):
        return look
    order, price, refusal = case.order, None, None
    try:
        _check_first_hold(case)
        price = price_to_hold(order, case.snapshot.products)
    except Refused as refused:
        refusal = refused
    priced = _priced(case, price)
    if closed := closed_and_not_paid(case, replace(with_report(case), **priced)):
        return closed
    if refusal:
        asked = catalogue_price(order, case.snapshot.products)
        return refuse(case, refusal, priced=replace(order, **_priced(case, asked)))
    if price is None and order.items_total and _is_late(case):
        return quarantine(case, f"{PRICE_GONE}: the catalogue no longer says what the order costs")
    if isinstance(case.event, OrderPlaced) and (exceeded := _open_orders_exceeded(case)):
        return exceeded
    held = to_be_held(order, case.snapshot.products)
    held = replace(held, status=OrderStatus.RESERVING, held_from=order.status, **priced)
    return Hold(held, hold(held.counted_lines))


def confirm_hold(case: Case) -> Decision | Proposal:
    order = case.order
    if order.defect:
        # The service never holds an order with a defect, so somebody else wrote this status.
        return refuse(case)
    if look := _products_to_look_at(case):
        return look
    is_placed_before = isinstance(case.event, OrderPlaced) and case.snapshot.audited
    if is_placed_before or not hold_is_covered(order, case.snapshot.products):
        return GiveBack.of(case)
    counted = hold(order.counted_lines)
    if isinstance(case.event, CarriesPayment):
        return take_units(case, counted=counted)
    held = replace(with_report(case), status=OrderStatus.RESERVED, held_from=None, reserved_at=case.now)
    held = replace(held, reservation_expires_at=case.terms.end_of_hold(held))
    return Proposal(Result.RESERVED, held, counted=counted, notice=NoticeType.RESERVED)


def extend_hold(case: Case) -> Proposal:
    return Proposal(Result.HOLD_EXTENDED, case.terms.extended(case.order, with_report(case)))


def expire(case: Case) -> Decision | Proposal:
    order = case.order
    if order.reservation_expires_at is None or order.reservation_expires_at > case.now:
        return Unchanged(Outcome(Result.NOT_EXPIRED, order.order_id))
    return lapsed(case)


def cancel(case: Case) -> Decision | Proposal:
    if isinstance(case.event, CancelRequested | OrderCancelled):
        return cancelled(case)
    own, order = own_checkout(case), with_report(case)
    if own and own.state is CheckoutState.OPEN:
        return after_session(case, own)
    is_wanted = order.extended_until is not None and order.extended_until > case.now
    if order.payments.under_way or order.checkout_attempts or is_wanted:
        # The end of one payment ends only that payment. The order stays held for other payments under way, for our own
        # session until that ends itself, and for an operator who wants it held.
        return Proposal(Result.PAYMENT_CANCELED, case.terms.shortened(case.order, order))
    return released(order, OrderStatus.CANCELLED)


def _check_first_hold(case: Case) -> None:
    """Check that the order may be held for the first time. An order that was held before may be held again.

    A later hold needs no customer, who may have been erased since, and ignores later changes of the largest quantity.

    Raises:
        Refused: the id was used before, no customer is named, or a quantity is too large.
    """
    order, units_max = case.order, case.terms.order_units_max
    if order.reserved_at:
        return
    if order.is_id_reused or _was_placed_before(case):
        raise Refused(f"{ID_USED_BEFORE}: an earlier order had the same id; please order again")
    if order.user_id is None:
        raise Refused("invalid_order: userId must name the customer")
    for line in order.lines:
        if line.quantity > units_max:
            raise Refused(
                f"invalid_order: {line.quantity} units of {line.product_id!r}; at most {units_max} are possible"
            )


def _open_orders_exceeded(case: Case) -> Look | Proposal | None:
    """Refuse an order whose customer has too many open ones; `Look` until they are counted, None if few enough."""
    open_orders, most = case.snapshot.open_orders, case.terms.open_orders_max
    if open_orders is None:
        return Look(open_orders=True)
    if open_orders < most:
        return None
    reason = (
        f"too_many_open_orders: at most {most} unpaid orders are possible at a time; pay for one of them, or cancel it"
    )
    return refuse(case, Refused(reason, note=f"{reason} ({open_orders} are open)"))


def _products_to_look_at(case: Case) -> Look | None:
    product_ids = case.order.product_ids
    return None if case.snapshot.products.keys() >= set(product_ids) else Look(product_ids)


def _was_placed_before(case: Case) -> bool:
    """Whether the audit trail's placed order is an earlier one, since this order was never placed or held."""
    is_untouched = case.order.status in (OrderStatus.PENDING, OrderStatus.CANCELLED)
    return is_untouched and case.snapshot.was_placed


def _priced(case: Case, price: Money | None) -> dict[str, Any]:
    """The price fields of the held order: the price its customer was told before, unless that is too long ago."""
    order = case.order
    if order.reserved_at is None:
        # Only adjustments written while the order is reserved count, since then only the backend can write them.
        unpaid = {"checkout_attempts": 0, "checkout_until": None, "priced_by_checkout": False, "added": ()}
        return {"total": price, "items_total": price, "adjustments": (), "price_defect": None, **unpaid}
    if price in (None, order.items_total) or not _is_late(case):
        return {}
    return {"total": price, "items_total": price}


def _is_late(case: Case) -> bool:
    order, event = case.order, case.event
    ended_at = order.reservation_expires_at or order.reserved_at
    if not isinstance(event, CarriesPayment) or order.status not in CLOSED or ended_at is None:
        return False
    return event.delivery.created_at - ended_at > case.terms.late_payment
