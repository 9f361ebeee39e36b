"""Why a call has no result, in the codes of Firebase's callable functions; and why none opens a session. Pure."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, NoReturn

from checkout.claims import Caller
from database.ids import is_order_id
from orders.money import Money
from orders.order import Order, OrderStatus

_NOT_YET: Final = frozenset({OrderStatus.PENDING, OrderStatus.RESERVING})


class Status(StrEnum):
    """The codes of Google's APIs that a call can end with: https://cloud.google.com/apis/design/errors#error_codes."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    """A retry helps only after something else has changed."""
    UNAUTHENTICATED = "UNAUTHENTICATED"
    NOT_FOUND = "NOT_FOUND"
    INTERNAL = "INTERNAL"
    UNAVAILABLE = "UNAVAILABLE"
    """A retry may succeed."""


class CallRefused(Exception):
    """The call is refused. The message is for the app's developer, and contains nothing secret."""

    def __init__(
        self,
        status: Status,
        message: str,
        details: Mapping[str, object] | None = None,
        *,
        severity: str = "INFO",
        note: str | None = None,
    ) -> None:
        """The details are for the app. Severity and note are for the log: whether an operator should know, and what."""
        super().__init__(message)
        self.status = status
        self.details = details
        self.severity = severity
        self.note = note


def not_configured(_data: object, _caller: Caller, _now: datetime, _known: dict[str, str]) -> NoReturn:
    """The answer of a shop that opens no sessions. Always raises CallRefused."""
    raise CallRefused(
        Status.FAILED_PRECONDITION,
        "this shop opens no sessions",
        {"reason": "not_configured"},
        severity="ERROR",
        note="STRIPE_API_KEY or CHECKOUT_SUCCESS_URL is not set",
    )


def order_id_in(data: object) -> str:
    """The order id in a call's data: `{"orderId": "…"}`. Raises CallRefused."""
    order_id = data.get("orderId") if isinstance(data, dict) else None
    if not is_order_id(order_id):
        raise CallRefused(Status.INVALID_ARGUMENT, "data must be an object with the orderId of an order")
    return order_id


def payable(order: Order | None, caller: Caller) -> Order:
    """The order, if the caller can pay for it now.

    Raises:
        CallRefused: it does not exist or is somebody else's, which look the same to the caller; or it is not held, not
            yet or no longer.
    """
    if order is None or order.user_id != caller.user_id:
        raise CallRefused(Status.NOT_FOUND, "there is no such order of yours")
    details = {"status": order.status.value}
    if order.status in _NOT_YET:
        raise CallRefused(Status.FAILED_PRECONDITION, "the order is not reserved yet, call again once it is", details)
    if order.status is not OrderStatus.RESERVED:
        raise CallRefused(Status.FAILED_PRECONDITION, f"the order is {order.status.value}", details)
    return order


def price_of(order: Order) -> Money:
    """What the order asks. Raises CallRefused if it has no usable price."""
    asked = order.asked
    if order.price_defect or asked is None:
        raise _unpriced(order, order.price_defect or "neither the catalogue nor the backend has priced it")
    if asked.amount < 0:
        raise _unpriced(order, "more is taken off than the items cost")
    return asked


def _unpriced(order: Order, why: str) -> CallRefused:
    """The customer's app learns that it can do nothing; the log says what the shop has to correct."""
    message, details = "the order has no usable price", {"status": order.status.value, "reason": "no_price"}
    return CallRefused(Status.FAILED_PRECONDITION, message, details, severity="WARNING", note=why)
