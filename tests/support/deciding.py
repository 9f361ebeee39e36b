"""Given an order, when an event, then a decision: all that a decision rests on, complete by default.

Three shirts for 36 euros, ordered by alice. A test names only what it is about, and statuses and results as they are
written.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from inventory.reservation import Product
from inventory.stock import Level, StockMove
from notifications.notices import Audience, Notice, NoticeType
from orders.checkout import ON_THE_WAY_MAX, Checkout
from orders.events import Cause, OfSession, OrderEvent, StripeEvent
from orders.money import Money
from orders.operator_events import OperatorEvent, StockAdjusted
from orders.order import Order, OrderLine, OrderStatus
from orders.outcome import Outcome, Result
from orders.payments import Payment, Payments, PaymentState
from orders.refunds import Refund, Refunds
from orders.shop_events import CancelRequested, CheckoutEnded, CheckoutOpened, OrderPlaced
from settlement.decide import decide
from settlement.decisions import Change, CountDelivery, Decision, Look, Unchanged
from settlement.snapshot import (
    CancelRequest,
    Claim,
    KnownCheckout,
    KnownPayment,
    OperatorRequest,
    SetAsideEntry,
    Snapshot,
)
from settlement.terms import Terms
from tests.support.builders import NOW, TERMS

EUR_36 = Money(3_600, "eur")
PAID = Payment("pi_1", PaymentState.SUCCEEDED, NOW, EUR_36, "ch_1")
PAID_NOW: dict[str, Any] = {"payments": Payments.of(PAID), "settled_by": "evt_1"}
"""By the event that a test is about, unless it gives another id."""
UNPRICED: dict[str, Any] = {"total": None, "items_total": None}
LIVE_ONLY = replace(TERMS, expected_livemode=True)
"""Terms under which every event here is of the other mode."""
SET_ASIDE = SetAsideEntry(Result.LIVEMODE_MISMATCH, NOW, "entry as read")
SET_ASIDE_ON_PI_DAY = "set_aside: taken for an event of the other mode, on 2026-03-14 at 15:09:26 UTC"

# --- What is known ---------------------------------------------------------------------------------------------------


def a_pending_order(status: str = "pending", **changes: Any) -> Order:
    """Nothing is held for it, whatever its status."""
    statuses = {name: OrderStatus(changes[name]) for name in ("held_from", "unfulfilled_as") if changes.get(name)}
    order = Order("order-1", OrderStatus(status), "alice", lines_of(shirt=3), defect=None, total=None, created_at=NOW)
    return replace(order, **{**changes, **statuses})


def a_counted_order(status: str = "reserving", **changes: Any) -> Order:
    """Its units are counted as held, and not yet confirmed."""
    return a_pending_order(status, **{"held_from": "pending", "total": EUR_36, "items_total": EUR_36, **changes})


def a_held_order(status: str = "reserved", **changes: Any) -> Order:
    held = {
        "total": EUR_36,
        "items_total": EUR_36,
        "reserved_at": NOW,
        "reservation_expires_at": NOW + timedelta(minutes=30),
    }
    return a_pending_order(status, **{**held, **changes})


def a_sold_order(status: str = "finalized", **changes: Any) -> Order:
    """Paid, and its units taken from the shelf."""
    return a_held_order(
        status, **{"payments": Payments.of(PAID), "settled_by": "evt_0", "finalized_at": NOW, **changes}
    )


def known(**fields: Any) -> dict[str, Any]:
    """Named fields that several tests have in common."""
    return fields


def lines_of(**units: int) -> tuple[OrderLine, ...]:
    return tuple(OrderLine(product_id, quantity) for product_id, quantity in units.items())


def paid_as(payment: Payment = PAID, **changes: Any) -> Payments:
    """The one payment that is known of an order."""
    return Payments.of(replace(payment, **changes))


def refunded_as(*refunds: Refund, charge_total: int = 0) -> dict[str, Any]:
    """What is known of the one payment and of its refunds.

    Args:
        charge_total: what the charge itself names as refunded.
    """
    return known(payments=paid_as(amount_refunded=charge_total), refunds=Refunds.of(*refunds))


def a_claim(result: str = "first_time_finalized", **changes: Any) -> Claim:
    """Of an event that was settled by its first delivery."""
    return Claim(True, Result(result), 1, NOW, NOW, NOW, "claim as read")._replace(**changes)  # noqa: FBT003 - processed


def a_parked_claim(result: str = "order_not_found", **changes: Any) -> Claim:
    return a_claim(result, **{"processed": False, "processed_at": None, **changes})


def an_order_in_checkout(checkout: Checkout, status: str = "reserved", **changes: Any) -> Order:
    """It is held for this attempt, which is open."""
    until = checkout.expires_at + ON_THE_WAY_MAX
    held = {
        "checkout_attempts": checkout.attempt,
        "checkout_until": until,
        "priced_by_checkout": checkout.adds,
        "reservation_expires_at": until,
    }
    return a_held_order(status, **{**held, **changes})


def a_known_checkout(checkout: Checkout) -> KnownCheckout:
    return KnownCheckout(checkout, "checkout as read")


def a_known_payment(*waiting: str, order_id: str | None = "order-1", is_only_declined: bool = False) -> KnownPayment:
    return KnownPayment(order_id, waiting, "payment as read", is_only_declined)


TEN = Level(10, 0)


def a_product(product_id: str = "shirt", level: Level | None = TEN, **changes: Any) -> Product:
    """For twelve euros, on sale."""
    product = Product(product_id, in_inventory=True, level=level, on_sale=True, unit_price=Money(1_200, "eur"))
    return product._replace(**changes)


Shelf = tuple[int, int] | Product | None
"""How many units are on hand, and how many of them are held; None if the inventory has no such product."""


def a_snapshot(order: Order | None = None, *, shirts: Shelf = (10, 0), mugs: Shelf = None, **more: Any) -> Snapshot:
    """All that there is of an order, its customer's cancel request, its products and whatever else is named."""
    products = {"shirt": _product_on(shirts, "shirt"), "mug": _product_on(mugs, "mug")}
    snapshot = Snapshot(
        order_id="order-1",
        order=order,
        order_version="order as read" if order else None,
        cancel_request=CancelRequest("alice", "request as read") if order else None,
        products=products,
        inventory_versions={name: f"{name} as read" for name, product in products.items() if product.in_inventory},
        audited=more.get("set_aside") is not None,
        deliveries_on_record=0,
        open_orders=0,
        effects=(),
        to_take=0,
        held=0,
    )
    return replace(snapshot, **more)


def _product_on(shelf: Shelf, product_id: str) -> Product:
    if isinstance(shelf, Product):
        return shelf
    return a_product(product_id, Level(*shelf) if shelf else None, in_inventory=shelf is not None)


# --- Given, when -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Given:
    """All that there is. An event reads a part of it at first, and more when its decision asks for that."""

    snapshot: Snapshot
    terms: Terms
    after_loss: bool
    """Whether a commit was refused before: then the audit entry is read, too."""

    def when(self, event: Cause) -> Decision:
        """What is decided once all is looked at that a decision has asked for."""
        *_, decided = self._decisions(event)
        moved = [move.product_id for move in getattr(decided, "moves", ())]
        assert len(set(moved)) == len(moved), "no commit writes one document twice"
        return decided

    def changed_by(self, event: OrderEvent) -> Change:
        """What the event changes; it must be settled by that."""
        decided = self.when(event)
        assert isinstance(decided, Change), decided
        return decided

    def looks_for(self, event: Cause) -> list[Decision]:
        """All that is asked for on the way to a decision."""
        return list(self._decisions(event))[:-1]

    def _decisions(self, event: Cause) -> Iterator[Decision]:
        snapshot = self._read_first(event)
        while isinstance(decision := decide(event, snapshot, self.terms, NOW), Look):
            yield decision
            before, snapshot = snapshot, self._looked_at(decision, snapshot)
            assert snapshot != before, f"to ask again for what is known never ends: {decision}"
        yield decision

    def _read_first(self, event: Cause) -> Snapshot:
        reads_entry = self.after_loss or not isinstance(event, StripeEvent) or event.delivery.is_replay
        paid_orders = (payment.order_id for payment in self.snapshot.payments.values() if payment.order_id)
        order_id = event.order_id or next(paid_orders, None)
        return replace(
            self.snapshot,
            order_id=order_id,
            is_order_unread=event.order_id != order_id,
            order=self.snapshot.order if event.order_id else None,
            cancel_request=self.snapshot.cancel_request if isinstance(event, CancelRequested) else None,
            operator_request=self._request_of(event),
            products=self._products(_products_named_by(event)),
            audited=self.snapshot.audited if reads_entry else None,
            set_aside=self.snapshot.set_aside if reads_entry else None,
            checkout=self.snapshot.checkout if _names_session(event) else None,
            is_checkout_read=_names_session(event),
            was_placed=bool(self.snapshot.audited) if isinstance(event, OrderPlaced) else False,
            deliveries_on_record=None,
            open_orders=None,
            effects=None,
            to_take=None,
            held=None,
        )

    def _request_of(self, event: Cause) -> OperatorRequest | None:
        """What the operator has asked for is what the event says, unless a test is about that."""
        if not isinstance(event, OperatorEvent):
            return None
        return self.snapshot.operator_request or OperatorRequest(event, None, None, "request as read")

    def _looked_at(self, look: Look, snapshot: Snapshot) -> Snapshot:
        more: dict[str, Any] = {}
        if look.product_ids:
            more |= known(
                products=self._products(look.product_ids), was_placed=snapshot.was_placed or self.snapshot.was_placed
            )
        if look.audit_entry:
            more |= known(audited=self.snapshot.audited, set_aside=self.snapshot.set_aside)
        if look.order_id:
            more |= known(order=self.snapshot.order, order_id=look.order_id, is_order_unread=False)
        if look.deliveries:
            more |= known(deliveries_on_record=self.snapshot.deliveries_on_record)
        if look.checkout:
            more |= known(checkout=self.snapshot.checkout, is_checkout_read=True)
        if look.effects:
            more |= known(effects=self.snapshot.effects)
        if look.to_take:
            more |= known(to_take=self.snapshot.to_take)
        if look.promised:
            more |= known(held=self.snapshot.held, to_take=self.snapshot.to_take)
        if look.open_orders:
            more |= known(open_orders=self.snapshot.open_orders)
        return replace(snapshot, **more)

    def _products(self, product_ids: Iterable[str]) -> Mapping[str, Product]:
        return {product_id: self.snapshot.products[product_id] for product_id in product_ids}


def _products_named_by(event: Cause) -> tuple[str, ...]:
    match event:
        case OrderPlaced(product_ids=product_ids):
            return product_ids
        case StockAdjusted(product_id=product_id):
            return (product_id,)
        case _:
            return ()


def _names_session(event: Cause) -> bool:
    """Whether the event itself shows that a session of ours may be concerned."""
    is_of_session = isinstance(event, OfSession) and event.session_id is not None
    return is_of_session or isinstance(event, CheckoutOpened | CheckoutEnded)


def given(order: Order | None = None, *, terms: Terms = TERMS, after_loss: bool = False, **more: Any) -> Given:
    """An order, ten shirts that nobody holds, and whatever else a snapshot may hold."""
    return Given(a_snapshot(order, **more), terms, after_loss)


def changes_by(order: Order, *events: OrderEvent, **more: Any) -> list[Change]:
    """What each of these events changes, after those before it."""
    changes: list[Change] = []
    for event in events:
        changes.append(given(order, **more).changed_by(event))
        order = changes[-1].order
    return changes


# --- Then ------------------------------------------------------------------------------------------------------------

Moves = tuple[StockMove, ...]


def a_change(result: str, order: Order, status_before: str | None = None, *notices: Notice, **changes: Any) -> Change:
    """A change that leaves the order's status and moves nothing, unless it is said."""
    moves = changes.get("moves", ())
    before = OrderStatus(status_before or order.status)
    change = Change(Result(result), order, before, moves, moves, (), notices, EUR_36, "evt_1", (), None)
    return replace(change, **changes)


def a_count(result: str = "duplicate_detected", order_id: str | None = "order-1", **changes: Any) -> CountDelivery:
    return replace(CountDelivery(Result(result), order_id, recorded_as=Result(result)), **changes)


def unchanged(result: str, note: str | None = None, released: tuple[str, ...] = ()) -> Unchanged:
    return Unchanged(Outcome(Result(result), "order-1", note), released)


def shirts(stock: int, reserved: int = 0) -> Moves:
    """By how much the shirts on hand, and the shirts held, change."""
    return (StockMove("shirt", stock, reserved),)


def to_customer(notice: str, reason: str | None = None, *, money: Money | None = EUR_36) -> Notice:
    return Notice(NoticeType(notice), Audience.CUSTOMER, "alice", money, reason)


def to_operators(notice: str, reason: str | None = None, *, money: Money | None = EUR_36) -> Notice:
    return Notice(NoticeType(notice), Audience.OPERATOR, "alice", money, reason)


PLACED, LAPSED, CANCEL_REQUESTED = (known(entry_id=f"{event}_order-1") for event in ("placed", "lapsed", "cancel"))
"""How an event of the shop is put on record."""
TAKEN, HELD, RELEASED = shirts(-3, -3), shirts(0, 3), shirts(0, -3)
