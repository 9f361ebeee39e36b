"""Very many paid orders, on record and at Stripe, each generated when read, so that they use no memory."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, TypeVar

from database.store import Document, Fields, Listing
from stripe_api.lists import PAGE_MAX, Listed, ListedRefund, PaymentIntent, Span, event_in_list, payment_intent_from
from tests.support.builders import NOW, a_placement
from tests.support.memory_store import MemoryMoment, MemoryStore
from tests.support.payments import a_payment
from tests.support.shop import a_shop_after
from tools.stripe_events import CardPayment, Json, event_around, intent_object

BATCH_MAX: Final = 200
"""As large as Firestore's batches."""
_NUMBER: Final = re.compile(r"[0-9]{6}")
_KEPT: Final = ("orders/", "auditLog/", "webhookEvents/", "payments/")
_NAMES: Final = ("order-1", "evt_1", "pi_1", "ch_1")

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class PaidOrders:
    """Orders of a shop that sells one shirt, paid one after the other, all consistent."""

    orders: int
    between: timedelta
    """The time between payments, in whole seconds."""

    def documents(self, number: int) -> dict[str, Fields]:
        """One order's documents."""
        later = number * self.between
        return {_of(path, number, later): _of(fields, number, later) for path, fields in _template().items()}

    def document(self, path: str) -> Document | None:
        if path == "inventory/shirt":
            return Document({"stock": 10, "reserved": 0}, 1)
        if not (found := _NUMBER.search(path)) or (number := int(found[0])) >= self.orders:
            return None
        fields = _template().get(path.replace(found[0], "1"))
        return Document(_of(fields, number, number * self.between), 1) if fields else None

    def paid_in(self, start: datetime, end: datetime) -> range:
        """The numbers of the orders paid in that time."""
        first, behind = (-((NOW - moment) // self.between) for moment in (start, end))
        return range(max(first, 0), min(max(behind, 0), self.orders))

    def intent(self, number: int) -> Json:
        """At Stripe."""
        at = int((NOW + number * self.between).timestamp())
        payment = CardPayment(f"{number:06}", f"order-{number:06}", 3_600, "eur", at)
        return intent_object(payment, "succeeded", amount_received=3_600, latest_charge=payment.charge_id)

    def event(self, number: int) -> Json:
        intent = self.intent(number)
        return event_around(intent, f"evt_{number:06}", "payment_intent.succeeded", intent["created"])


@dataclass(frozen=True, slots=True)
class AtStripe:
    """`StripeLists` of their payments."""

    paid: PaidOrders

    def events(self, types: Sequence[str], span: Span, *, after: str | None = None) -> Listed[Mapping[str, object]]:
        if "payment_intent.succeeded" not in types:
            return Listed([], has_more=False)
        return self._page(span, after, lambda number: event_in_list(self.paid.event(number)))

    def payment_intents(self, span: Span, *, after: str | None = None) -> Listed[PaymentIntent]:
        return self._page(span, after, lambda number: payment_intent_from(self.paid.intent(number)))

    def payment_intent(self, payment_id: str) -> PaymentIntent | None:
        return payment_intent_from(self.paid.intent(_number_in(payment_id)))

    def refunds(self, span: Span, *, after: str | None = None) -> Listed[ListedRefund]:
        return Listed([], has_more=False)

    def refunds_of(self, payment_id: str, *, after: str | None = None) -> Listed[ListedRefund]:
        raise AssertionError(f"nothing was refunded of {payment_id}, {after}")

    def event(self, event_id: str) -> Mapping[str, object]:
        return event_in_list(self.paid.event(_number_in(event_id)))

    def _page(self, span: Span, after: str | None, made: Any) -> Listed[Any]:
        numbers = self.paid.paid_in(span.start, span.end)
        older = range(numbers.start, _number_in(after) if after else numbers.stop)
        shown = older[::-1][:PAGE_MAX]
        return Listed([made(number) for number in shown], has_more=len(older) > len(shown))


class MadeUpMoment(MemoryMoment):
    """What the service itself has written, and the orders."""

    def __init__(self, own: MemoryMoment, paid: PaidOrders) -> None:
        super().__init__(own.documents(), own.at, BATCH_MAX)
        self._paid = paid

    def read(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
        own = super().read(paths)
        return {path: document or self._paid.document(path) for path, document in own.items()}

    def find(self, listing: Listing) -> Iterator[Sequence[tuple[str, Fields]]]:
        match listing:
            case Listing("auditLog", span=(datetime() as start, end)):
                yield from self._entries(self._paid.paid_in(start, end))
            case Listing("auditLog", {"orderId": order_ids}):
                yield from self._entries([_number_in(str(order_id)) for order_id in order_ids])
            case Listing("inventory"):
                yield [("shirt", self.read(["inventory/shirt"])["inventory/shirt"].fields)]  # type: ignore[union-attr]
            case _:
                yield from super().find(listing)

    def _entries(self, numbers: Sequence[int]) -> Iterator[Sequence[tuple[str, Fields]]]:
        for first in range(0, len(numbers), BATCH_MAX // 2):
            ids = [
                entry_id
                for number in numbers[first : first + BATCH_MAX // 2]
                for entry_id in (f"evt_{number:06}", f"placed_order-{number:06}")
            ]
            found = self.read([f"auditLog/{entry_id}" for entry_id in ids])
            yield [(path.rpartition("/")[2], document.fields) for path, document in found.items() if document]


class MadeUpStore(MemoryStore):
    """Keeps what the service writes; the orders never change."""

    def __init__(self, paid: PaidOrders) -> None:
        super().__init__()
        self._paid = paid

    def read(self, paths: Sequence[str], *, timeout_seconds: float) -> Mapping[str, Document | None]:
        own = super().read(paths, timeout_seconds=timeout_seconds)
        return {path: document or self._paid.document(path) for path, document in own.items()}

    def as_of(self, at: datetime) -> MemoryMoment:
        return MadeUpMoment(super().as_of(at), self._paid)


@cache
def _template() -> Mapping[str, Fields]:
    one = a_shop_after(a_placement(), a_payment()).dump()
    return {path: fields for path, fields in one.items() if path.startswith(_KEPT)}


def _number_in(text: str) -> int:
    found = _NUMBER.search(text)
    return int(found[0]) if found else -1


def _of(value: Any, number: int, later: timedelta) -> Any:
    """The same of another order, paid later."""
    match value:
        case str():
            for name in _NAMES:
                value = value.replace(name, f"{name[:-1]}{number:06}")
            return value
        case datetime():
            return value + later
        case dict():
            return {_of(name, number, later): _of(item, number, later) for name, item in value.items()}
        case list():
            return [_of(item, number, later) for item in value]
        case _:
            return value
