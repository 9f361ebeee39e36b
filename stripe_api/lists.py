"""Stripe's lists of events, PaymentIntents and refunds by time of creation, newest first, in pages. Pure.

https://docs.stripe.com/api/pagination
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, Protocol, TypeVar

from orders.frozen import frozen
from orders.numbers import unix_time
from orders.refunds import RefundStatus
from stripe_api.api import NotAsDocumented, event_from, not_documented

PAGE_MAX: Final = 100
TYPES_MAX: Final = 20
"""How many types one list of events may name: https://docs.stripe.com/api/events/list."""
EVENTS_KEPT: Final = timedelta(days=30)
UNKNOWN_TIME: Final = datetime.fromtimestamp(0, UTC)
"""The time of an object that names none, so that it is read first."""

ItemT = TypeVar("ItemT")
ListedT_co = TypeVar("ListedT_co", covariant=True)


@frozen
class Span:
    """The time from `start` up to, but not including, `end`. Stripe counts whole seconds."""

    start: datetime
    end: datetime


@frozen
class Listed(Generic[ListedT_co]):
    """One page of a list."""

    items: Sequence[ListedT_co]
    has_more: bool


@frozen
class PaymentIntent:
    """https://docs.stripe.com/api/payment_intents/object."""

    payment_id: str
    status: str
    amount_received: int
    """In minor units."""
    currency: str
    created_at: datetime
    metadata: Mapping[str, object]


@frozen
class ListedRefund:
    """https://docs.stripe.com/api/refunds/object."""

    refund_id: str
    status: RefundStatus | None
    """None if it is unknown."""
    amount: int
    """In minor units."""
    payment_id: str | None
    """Its PaymentIntent; None for a charge without one."""
    created_at: datetime
    effect_key: str | None = None
    """The key under which we asked for it, from its metadata: Stripe itself remembers keys only for a day."""


@frozen
class Unreadable:
    """An object in a list that is not as documented. The rest of the list can still be read."""

    object_id: str
    payment_id: str | None
    """The PaymentIntent that it is or belongs to; None if unreadable."""
    created_at: datetime
    """UNKNOWN_TIME if unreadable."""


class StripeLists(Protocol):
    """Each call ends within seconds, and may raise StripeUnavailable or StripeRefused."""

    def events(self, types: Sequence[str], span: Span, *, after: str | None = None) -> Listed[Mapping[str, object]]:
        """Events of these types, at most TYPES_MAX, as webhooks deliver them.

        Args:
            after: the id of the previous page's last item.
        """
        ...

    def payment_intents(self, span: Span, *, after: str | None = None) -> Listed[PaymentIntent | Unreadable]: ...

    def refunds(self, span: Span, *, after: str | None = None) -> Listed[ListedRefund | Unreadable]: ...

    def refunds_of(self, payment_id: str, *, after: str | None = None) -> Listed[ListedRefund]: ...

    def payment_intent(self, payment_id: str) -> PaymentIntent | None:
        """None if Stripe has none with this id."""
        ...

    def event(self, event_id: str) -> Mapping[str, object]:
        """The event as a webhook delivers it, for the last 30 days. Raises NoSuchEvent."""
        ...


def page_of(span: Span | None = None, after: str | None = None, **more: object) -> dict[str, object]:
    """The parameters of a list."""
    made = {"created": {"gte": _seconds(span.start), "lt": _seconds(span.end)}} if span else {}
    return {**made, "limit": PAGE_MAX, **({"starting_after": after} if after else {}), **more}


def listed_from(answer: Mapping[str, object], read: Callable[[Mapping[str, object]], ItemT]) -> Listed[ItemT]:
    """Raises NotAsDocumented: this is not a list of such objects."""
    data, has_more = answer.get("data"), answer.get("has_more")
    if not (isinstance(data, list) and isinstance(has_more, bool) and all(isinstance(item, dict) for item in data)):
        raise not_documented("list")
    return Listed([read(item) for item in data], has_more)


def pages(page_after: Callable[[str | None], Listed[ItemT]], id_of: Callable[[ItemT], str]) -> Iterator[Listed[ItemT]]:
    """All pages of a list, each requested when needed."""
    after, has_more = None, True
    while has_more:
        page = page_after(after)
        yield page
        has_more = page.has_more and bool(page.items)
        after = id_of(page.items[-1]) if page.items else None


def payment_intents_in(answer: Mapping[str, object]) -> Listed[PaymentIntent | Unreadable]:
    """Raises NotAsDocumented: this is not a list, or an item has no id."""
    return listed_from(answer, lambda item: _read_or_named(item, payment_intent_from))


def refunds_in(answer: Mapping[str, object]) -> Listed[ListedRefund | Unreadable]:
    """Raises NotAsDocumented: this is not a list, or an item has no id."""
    return listed_from(answer, lambda item: _read_or_named(item, listed_refund_from))


def _read_or_named(item: Mapping[str, object], read: Callable[[Mapping[str, object]], ItemT]) -> ItemT | Unreadable:
    try:
        return read(item)
    except NotAsDocumented:
        object_id = item.get("id")
        if not isinstance(object_id, str):
            raise
        payment_id = object_id if item.get("object") == "payment_intent" else item.get("payment_intent")
        named = payment_id if isinstance(payment_id, str) else None
        return Unreadable(object_id, named, unix_time(item.get("created")) or UNKNOWN_TIME)


def event_in_list(answer: Mapping[str, object]) -> Mapping[str, object]:
    """Raises NotAsDocumented: this is not an event with an id."""
    if not isinstance(answer.get("id"), str):
        raise not_documented("event")
    return event_from(answer)


def payment_intent_from(answer: Mapping[str, object]) -> PaymentIntent:
    """Raises NotAsDocumented: this is not a PaymentIntent."""
    payment_id, status, currency = answer.get("id"), answer.get("status"), answer.get("currency")
    amount, created_at, metadata = (
        answer.get("amount_received"),
        unix_time(answer.get("created")),
        answer.get("metadata"),
    )
    if not (isinstance(payment_id, str) and isinstance(status, str) and isinstance(currency, str)):
        raise not_documented("PaymentIntent")
    if not isinstance(amount, int) or created_at is None:
        raise not_documented("PaymentIntent")
    return PaymentIntent(
        payment_id, status, amount, currency, created_at, metadata if isinstance(metadata, dict) else {}
    )


def listed_refund_from(answer: Mapping[str, object]) -> ListedRefund:
    """Raises NotAsDocumented: this is not a refund."""
    refund_id, amount = answer.get("id"), answer.get("amount")
    payment_id, created_at, metadata = (
        answer.get("payment_intent"),
        unix_time(answer.get("created")),
        answer.get("metadata"),
    )
    if not (isinstance(refund_id, str) and isinstance(amount, int)) or created_at is None:
        raise not_documented("refund")
    effect_key = metadata.get("effect") if isinstance(metadata, dict) else None
    return ListedRefund(
        refund_id,
        RefundStatus.said_by(answer),
        amount,
        payment_id if isinstance(payment_id, str) else None,
        created_at,
        effect_key if isinstance(effect_key, str) else None,
    )


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
