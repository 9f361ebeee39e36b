"""What an event makes of an order, and the one commit that says so: all of it, or nothing. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from audit.entry import AuditEntry
from database.documents.orders import changed_fields, inventory_path, order_path, time_or_none
from database.documents.webhook_events import settled_claim
from database.store import Create, Increase, Update, Write
from inventory.reservation import Product
from inventory.stock import StockMove, together
from notifications.notices import AUDIENCES, Audience, Notice, NoticeType
from orders.events import CarriesPayment, DisputeChanged, OrderEvent, RefundUpdated, StripeEvent
from orders.order import Money, Order, OrderLine, OrderStatus
from orders.outcome import Outcome, Result
from settlement.decisions import Case, Finish
from settlement.matching import shared_payment
from settlement.parking import payment_index, released_by
from settlement.snapshot import Seen


@dataclass(frozen=True, slots=True)
class Change:
    """What an event makes of an order."""

    result: Result
    order: Order
    """As it stands afterwards."""
    steps: tuple[StockMove, ...] = ()
    """What this commit changes in the inventory."""
    counted: tuple[StockMove, ...] = ()
    """What a commit before this one has changed there already, and no audit entry tells."""
    notice: NoticeType | None = None
    note: str | None = None
    """What a person should know of it."""


def finish(case: Case, change: Change) -> Finish:
    """The one commit: claim, order, stock, audit entry, notices and payment index, together or not at all."""
    event, products = case.event, case.seen.products
    steps, uncounted = counted_apart(change.steps, products)
    note = in_words(
        change.note,
        _uncounted_in_words(uncounted),
        shared_payment(event, case.seen),
        _wish(case, change),
        _delay(case.seen),
    )
    entry = AuditEntry(
        kind=event.kind,
        event_id=event.event_id,
        event_type=event.event_type,
        order_id=case.order.order_id,
        webhook_processed=isinstance(event, StripeEvent),
        result=change.result,
        status_before=_status_before(case, change),
        status_after=change.order.status,
        created_at=case.now,
        moves=counted_apart(together(change.counted, change.steps), products)[0],
        uncounted=uncounted,
        money=_money_of(event) or _price_of(change.order),
        payment_intent_id=event.payment_intent_id if isinstance(event, StripeEvent) else None,
        note=note,
    )
    writes: list[Write] = [_entry_write(entry, case.seen), *_inventory_writes(steps, case.seen)]
    if changed := changed_fields(case.order, change.order):
        writes.append(order_write(case, changed))
    if isinstance(event, StripeEvent):
        order_id = case.order.order_id
        writes += settled_claim(
            event.delivery,
            order_id,
            change.result,
            case.seen.claim,
            case.now,
            case.terms.claim_lifetime,
            deliveries_before=case.seen.deliveries_before,
        )
        writes += payment_index(event, order_id, case.seen)
    writes += _notices(case, change, note)
    outcome = Outcome(change.result, case.order.order_id, note)
    return Finish(tuple(writes), outcome, released_by(event, case.seen))


def _entry_write(entry: AuditEntry, seen: Seen) -> Write:
    """The event's audit entry, in the place of one that says no more than that it was of the other mode."""
    if seen.set_aside is None:
        return Create(entry.path, entry.fields())
    return Update(entry.path, entry.fields(), seen.set_aside.version)


def order_write(case: Case, changed: Mapping[str, object]) -> Update:
    """What changes in the order, if it still is as it was read."""
    # The service's own fields must fit into the document too.
    emptied: Mapping[str, object] = {"items": []} if case.order.is_oversized else {}
    fields = {**changed, **emptied, "updatedAt": case.now}
    return Update(order_path(case.order.order_id), fields, case.seen.order_version)


def increases(moves: Iterable[StockMove]) -> tuple[Increase, ...]:
    """Moves that need no look first."""
    changes = ((move, {"stock": move.stock, "reserved": move.reserved}) for move in moves)
    return tuple(
        Increase(inventory_path(move.product_id), {name: amount for name, amount in change.items() if amount})
        for move, change in changes
    )


def counted_apart(
    moves: Iterable[StockMove], products: Mapping[str, Product]
) -> tuple[tuple[StockMove, ...], tuple[OrderLine, ...]]:
    """The moves that can be counted, and the units of products whose inventory is known to be gone."""
    counted, uncounted = [], []
    for move in moves:
        product = products.get(move.product_id)
        if product and not product.in_inventory:
            uncounted.append(OrderLine(move.product_id, abs(move.stock or move.reserved)))
        else:
            counted.append(move)
    return tuple(counted), tuple(uncounted)


def in_words(*remarks: str | None) -> str | None:
    return "; ".join(remark for remark in remarks if remark) or None


def _status_before(case: Case, change: Change) -> OrderStatus:
    """What the order was before this event; the counting of its hold, which no entry tells of, is part of it."""
    order = case.order
    return order.held_from if order.held_from and change.order.status is not order.status else order.status


def _inventory_writes(moves: Iterable[StockMove], seen: Seen) -> tuple[Write, ...]:
    moves = tuple(moves)
    return (
        *increases(move for move in moves if not move.takes_available),
        *(_exact_write(move, seen) for move in moves if move.takes_available),
    )


def _exact_write(move: StockMove, seen: Seen) -> Update:
    """Units that nobody holds may be taken only if they are there: if the inventory is as it was read."""
    level = seen.products[move.product_id].level
    if level is None:
        raise ValueError(f"{move.product_id} was not seen to have the units that are taken from it")
    figures = {"stock": level.stock + move.stock, "reserved": level.reserved + move.reserved}
    return Update(inventory_path(move.product_id), figures, seen.inventory_versions[move.product_id])


def _notices(case: Case, change: Change, note: str | None) -> tuple[Create, ...]:
    order = change.order
    news = (change.notice, _to_decide(case, change))
    notices = (
        Notice(
            type=notice,
            audience=audience,
            user_id=order.user_id,
            event_id=case.event.event_id,
            order_id=order.order_id,
            money=_money_to_tell(notice, case.event, order),
            reason=_reason_for(audience, change, note),
            created_at=case.now,
        )
        for notice in filter(None, news)
        for audience in AUDIENCES[notice]
    )
    return tuple(
        Create(notice.path, notice.fields())
        for notice in notices
        if notice.audience is Audience.OPERATOR or notice.user_id
    )


def _to_decide(case: Case, change: Change) -> NoticeType | None:
    """What operators should decide about an order of which only its customer is told otherwise."""
    if change.notice and Audience.OPERATOR in AUDIENCES[change.notice]:
        return None
    if _is_paid_now(case, change) and shared_payment(case.event, case.seen):
        return NoticeType.SHARED_PAYMENT
    return NoticeType.CANCEL_REQUESTED if _wish(case, change) else None


def _reason_for(audience: Audience, change: Change, note: str | None) -> str | None:
    if audience is Audience.OPERATOR:
        return note
    match change.notice:
        case NoticeType.FAILED:
            return change.order.failure_reason
        case NoticeType.PAYMENT_FAILED:
            decline = change.order.decline
            return (decline.decline_code or decline.code) if decline else None
        case _:
            return None


def _money_to_tell(notice: NoticeType, event: OrderEvent, order: Order) -> Money | None:
    told = _money_of(event)
    match notice:
        case NoticeType.DISPUTE:
            return told
        case NoticeType.SECOND_PAYMENT if isinstance(event, CarriesPayment):
            return event.payment.money
        case NoticeType.REFUNDED | NoticeType.PARTIALLY_REFUNDED | NoticeType.REFUND_FAILED if told:
            return Money(order.refunds.amount, told.currency)
        case _:
            return order.payment.money if order.payment else _price_of(order)


def _price_of(order: Order) -> Money | None:
    """What was asked; None for an order that was never held, whose amount is what somebody else wrote."""
    return order.total if order.reserved_at else None


def _money_of(event: OrderEvent) -> Money | None:
    return event.money if isinstance(event, CarriesPayment | RefundUpdated | DisputeChanged) else None


def _wish(case: Case, change: Change) -> str | None:
    """What the customer had asked for before the order was paid all the same."""
    if not _is_paid_now(case, change) or case.order.cancel_requested_at is None:
        return None
    return "cancel_requested: its customer had asked to cancel the order before it was paid"


def _delay(seen: Seen) -> str | None:
    if not seen.was_set_aside:
        return None
    since = time_or_none(seen.set_aside.fields.get("createdAt")) if seen.set_aside else None
    return f"set_aside: taken for an event of the other mode{f', on {since:%Y-%m-%d at %H:%M:%S} UTC' if since else ''}"


def _is_paid_now(case: Case, change: Change) -> bool:
    is_paid = case.order.payment is None and change.order.payment is not None
    return is_paid and change.order.status is not OrderStatus.REFUNDED


def _uncounted_in_words(uncounted: Iterable[OrderLine]) -> str | None:
    gone = ", ".join(f"{line.quantity} of {line.product_id!r}" for line in uncounted)
    return f"inventory_gone: {gone} could not be counted" if gone else None
