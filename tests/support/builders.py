"""Orders, products and events, complete by default: a test names only what it is about."""

import functools
from bisect import bisect_left
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from database.documents.orders import order_from
from database.documents.size import ORDER_BYTES_MAX
from orders.events import NotUnderstood, OrderEvent, StripeDelivery, StripeEvent
from orders.shop_events import CancelRequested, OrderPlaced, ReservationLapsed
from service.settings import settings_from

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
LATER = NOW + timedelta(seconds=7)
TERMS = settings_from({}).terms
Fields = dict[str, object]


def an_order(**fields: object) -> Fields:
    """An order as its customer writes it: three shirts."""
    return {
        "userId": "alice",
        "items": [{"productId": "shirt", "quantity": 3}],
        "status": "pending",
        "createdAt": NOW,
        **fields,
    }


def as_large_as_may_be() -> Fields:
    """The same order, with the longest note that is accepted."""
    return an_order(note="x" * _characters_max())


@functools.cache
def _characters_max() -> int:
    def is_too_large(characters: int) -> bool:
        return order_from("order-1", an_order(note="x" * characters)).is_oversized

    return bisect_left(range(ORDER_BYTES_MAX), 1, key=is_too_large) - 1


def a_reserved_order(**fields: object) -> Fields:
    """The same order, held and priced."""
    held: Fields = {
        "status": "reserved",
        "itemsTotal": 3_600,
        "amountTotal": 3_600,
        "currency": "eur",
        "pricedBy": "catalogue",
        "reservedAt": NOW,
        "reservationExpiresAt": NOW + timedelta(minutes=30),
    }
    return an_order(**{**held, **fields})


def a_catalogue_entry(**fields: object) -> Fields:
    return {"name": "Shirt", "active": True, "unitAmount": 1_200, "currency": "eur", **fields}


def a_delivery(**fields: object) -> StripeDelivery:
    known: dict[str, object] = {
        "event_id": "evt_1",
        "event_type": "payment_intent.succeeded",
        "created_at": NOW,
        "delivered_at": NOW,
        "livemode": False,
        "api_version": "2026-02-25.clover",
        "account": None,
    }
    return StripeDelivery(**{**known, **fields})  # type: ignore[arg-type]


def a_placement(order_id: str = "order-1", product_ids: tuple[str, ...] = ("shirt",)) -> OrderPlaced:
    return OrderPlaced(order_id, product_ids)


def a_lapse(order_id: str = "order-1") -> ReservationLapsed:
    return ReservationLapsed(order_id)


def a_cancel_request(order_id: str = "order-1") -> CancelRequested:
    return CancelRequested(order_id)


def a_request(**fields: object) -> Fields:
    """A customer's request to cancel their order."""
    return {"userId": "alice", "createdAt": NOW, **fields}


def redelivered(event: OrderEvent, at: datetime = LATER) -> OrderEvent:
    """The same event, delivered again; only Stripe's deliveries can be told apart."""
    if not isinstance(event, StripeEvent):
        return event
    return replace(event, delivery=replace(event.delivery, delivered_at=at))


def something_not_understood(**delivery: object) -> NotUnderstood:
    return NotUnderstood(a_delivery(**delivery), "order-1", "amount_received must be an amount")
