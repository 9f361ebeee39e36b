"""A verified Stripe event → what it means for an order. The only place that knows Stripe's shapes.

The shapes: https://docs.stripe.com/api/events/object and the objects it carries. Which events carry the order's id:
a PaymentIntent's metadata is copied to its charge, while a Checkout session has only its own metadata and
`client_reference_id` (https://docs.stripe.com/metadata). Refunds and disputes name no order, only their payment.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, TypeGuard

from database.ids import is_document_id, is_order_id
from orders.declines import Decline
from orders.disputes import Dispute
from orders.events import (
    FOUND_BY_PAYMENT,
    ChargeRefunded,
    DisputeChanged,
    Envelope,
    EventKind,
    Ignored,
    NotUnderstood,
    PaymentCanceled,
    PaymentFailed,
    PaymentProcessing,
    PaymentSucceeded,
    RefundUpdated,
    StripeDelivery,
    StripeEvent,
)
from orders.order import QUANTITY_MAX, Money, is_amount, is_currency
from orders.refunds import Refund, Refunds, RefundStatus

Json = Mapping[str, object]

_STRIPE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_API_VERSION: Final = re.compile(r"[0-9a-z.-]{1,40}")
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_QUANTITY: Final = re.compile(r"[1-9][0-9]{0,6}")
_RESTOCK_CHARACTERS_MAX: Final = 500
"""As long as a value of Stripe's metadata can be: https://docs.stripe.com/api/metadata."""
_REFUNDS_MAX: Final = 100
"""As many as Stripe lists at once: https://docs.stripe.com/api/pagination. A document has no room for any number."""
_NOT_FOR_CUSTOMERS: Final = frozenset({"fraudulent", "lost_card", "merchant_blacklist", "stolen_card"})
"""Stripe asks to show these as `generic_decline` (https://docs.stripe.com/declines/codes), and customers see theirs."""
_RELEASE_IS_NO_REFUND_SINCE: Final = "2025-03-31"
"""Before this API version the release of what was authorised and not captured was told as a refund, too.

https://docs.stripe.com/changelog/basil/2025-03-31/remove-refund-from-partial-capture-and-payment-cancellation-flow
"""


class NotAnEvent(ValueError):
    """Signed by Stripe, but not an event object. The message repeats nothing of the body."""


class _Misshapen(ValueError):
    """A field is missing or of another kind. The message names the field and never its value."""


def order_event_from(message: Json, *, delivered_at: datetime) -> StripeEvent | NotUnderstood | Ignored:
    """Read a verified message of Stripe's.

    Raises:
        NotAnEvent: it is not an event.
    """
    if message.get("object") == "v2.core.event":
        # Thin events (https://docs.stripe.com/event-destinations#thin-payload) have another envelope; none concerns us.
        return Ignored(_text_or_none(message.get("id")), _text_or_none(message.get("type")), "not a snapshot event")
    delivery = _delivery_from(message, delivered_at)
    handled = _HANDLED.get(delivery.event_type)
    if handled is None:
        return Ignored(delivery.event_id, delivery.event_type, "type not handled")
    kind, translate = handled
    order_id = None
    try:
        stripe_object = _object(_object(message, "data"), "object")
        order_id = _order_id_from(stripe_object)
        if order_id is None and kind not in FOUND_BY_PAYMENT:
            return Ignored(delivery.event_id, delivery.event_type, "no order id")
        return translate(stripe_object, order_id, delivery)
    except _Misshapen as misshapen:
        return NotUnderstood(delivery, order_id, str(misshapen))


def _delivery_from(message: Json, delivered_at: datetime) -> StripeDelivery:
    event_id, event_type, created = message.get("id"), message.get("type"), message.get("created")
    livemode, api_version = message.get("livemode"), message.get("api_version")
    if message.get("object") != "event" or not _is_stripe_id(event_id):
        raise NotAnEvent("the body is not an event")
    if not isinstance(event_type, str) or type(created) is not int:
        raise NotAnEvent("the body is not an event")
    try:
        created_at = datetime.fromtimestamp(created, UTC)
    except (ValueError, OverflowError, OSError):
        raise NotAnEvent("the body is not an event") from None
    if not (isinstance(api_version, str) and _API_VERSION.fullmatch(api_version)):
        api_version = None
    return StripeDelivery(event_id, event_type, created_at, delivered_at, livemode is True, api_version)


# --- Payments --------------------------------------------------------------------------------------------------------


def _payment_intent_succeeded(intent: Json, order_id: str | None, delivery: StripeDelivery) -> StripeEvent:
    return PaymentSucceeded(**_of_intent(intent, order_id, delivery), money=_money(intent, "amount_received"))


def _payment_intent_processing(intent: Json, order_id: str | None, delivery: StripeDelivery) -> StripeEvent:
    return PaymentProcessing(**_of_intent(intent, order_id, delivery))


def _payment_intent_failed(intent: Json, order_id: str | None, delivery: StripeDelivery) -> StripeEvent:
    error = intent.get("last_payment_error")
    error = error if isinstance(error, Mapping) else {}
    envelope = _of_intent(intent, order_id, delivery)
    # The attempt that failed is the charge that the error names; the intent's latest one is a guess.
    envelope["charge_id"] = _id_or_none(error, "charge") or envelope["charge_id"]
    return _failed(envelope, error.get("code"), error.get("decline_code"))


def _payment_intent_canceled(intent: Json, order_id: str | None, delivery: StripeDelivery) -> StripeEvent:
    return PaymentCanceled(**_of_intent(intent, order_id, delivery))


def _charge_succeeded(charge: Json, order_id: str | None, delivery: StripeDelivery) -> StripeEvent:
    envelope = _of_charge(charge, order_id, delivery)
    if not _is_captured(charge):
        # An authorisation (https://docs.stripe.com/payments/place-a-hold-on-a-payment-method) is not yet a payment.
        return PaymentProcessing(**envelope)
    return PaymentSucceeded(**envelope, money=_captured_money(charge))


def _charge_pending(charge: Json, order_id: str | None, delivery: StripeDelivery) -> StripeEvent:
    return PaymentProcessing(**_of_charge(charge, order_id, delivery))


def _charge_failed(charge: Json, order_id: str | None, delivery: StripeDelivery) -> StripeEvent:
    outcome = charge.get("outcome")
    # What Stripe itself blocks has no decline code, and why it was blocked is no business of whoever tried to pay.
    is_declined = isinstance(outcome, Mapping) and outcome.get("type") == "issuer_declined"
    reason = outcome.get("reason") if isinstance(outcome, Mapping) and is_declined else None
    return _failed(_of_charge(charge, order_id, delivery), charge.get("failure_code"), reason)


def _checkout_session_completed(session: Json, order_id: str | None, delivery: StripeDelivery) -> StripeEvent | Ignored:
    envelope = _of_session(session, order_id, delivery)
    match session.get("payment_status"):
        case "paid":
            return PaymentSucceeded(**envelope, money=_money(session, "amount_total"))
        case "unpaid":
            # A slow payment method: checkout.session.async_payment_succeeded follows when the money is there.
            return PaymentProcessing(**envelope)
        case "no_payment_required" if session.get("mode") == "payment" and session.get("amount_total") == 0:
            # No other event will tell that the order is complete, for there is no payment:
            # https://docs.stripe.com/payments/checkout/no-cost-orders.
            return PaymentSucceeded(**envelope, money=_money(session, "amount_total"))
        case "no_payment_required":
            # The payment comes later, as of a subscription that begins with a trial, or a payment method is only kept.
            return Ignored(delivery.event_id, delivery.event_type, "nothing to pay")
        case _:
            raise _Misshapen("payment_status must be a session's payment status")


def _checkout_session_failed(session: Json, order_id: str | None, delivery: StripeDelivery) -> StripeEvent:
    return _failed(_of_session(session, order_id, delivery), None, None)


def _checkout_session_expired(session: Json, order_id: str | None, delivery: StripeDelivery) -> StripeEvent:
    return PaymentCanceled(**_of_session(session, order_id, delivery))


def _failed(envelope: Envelope, code: object, decline_code: object) -> PaymentFailed:
    shown = _code_or_none(decline_code)
    decline = Decline(
        code=_code_or_none(code),
        decline_code="generic_decline" if shown in _NOT_FOR_CUSTOMERS else shown,
        declined_at=envelope["delivery"].created_at,
        payment_intent_id=envelope["payment_intent_id"],
        charge_id=envelope["charge_id"],
    )
    return PaymentFailed(**envelope, decline=decline)


# --- Refunds and disputes --------------------------------------------------------------------------------------------


def _charge_refunded(charge: Json, order_id: str | None, delivery: StripeDelivery) -> StripeEvent | Ignored:
    envelope = _of_charge(charge, order_id, delivery)
    if not _is_captured(charge):
        # What was only authorised is released: https://docs.stripe.com/refunds#cancel-payment.
        if order_id is None:
            return Ignored(delivery.event_id, delivery.event_type, "no order id")
        return PaymentCanceled(**envelope)
    paid, released = _captured_money(charge), _released_amount(charge, delivery)
    total = max(_money(charge, "amount_refunded").amount - released, 0)
    listed = _without_release(_embedded(charge, "refunds"), released)
    if len(listed) > _REFUNDS_MAX:
        raise _Misshapen(f"refunds must be a list of at most {_REFUNDS_MAX} refunds")
    read = [_refund_from(refund) for refund in listed]
    refunds = Refunds({refund.refund_id: refund for refund, _ in read}, total)
    defects = [defect for _, defect in read if defect]
    return ChargeRefunded(**envelope, paid=paid, refunds=refunds, restock_defect="; ".join(defects) or None)


def _refund_updated(refund: Json, order_id: str | None, delivery: StripeDelivery) -> StripeEvent | Ignored:
    envelope: Envelope = {
        "delivery": delivery,
        "order_id": order_id,
        "payment_intent_id": _id_or_none(refund, "payment_intent"),
        "charge_id": _id_or_none(refund, "charge"),
    }
    if not (envelope["payment_intent_id"] or envelope["charge_id"]):
        return Ignored(delivery.event_id, delivery.event_type, "no payment")
    read, defect = _refund_from(refund)
    return RefundUpdated(
        **envelope, money=_money(refund, "amount"), refunds=Refunds({read.refund_id: read}), restock_defect=defect
    )


def _dispute_changed(dispute: Json, order_id: str | None, delivery: StripeDelivery) -> StripeEvent | Ignored:
    intent_id, charge_id = _id_or_none(dispute, "payment_intent"), _id_or_none(dispute, "charge")
    if not (intent_id or charge_id):
        return Ignored(delivery.event_id, delivery.event_type, "no payment")
    money, evidence = _money(dispute, "amount"), dispute.get("evidence_details")
    status = _code_or_none(dispute.get("status"))
    if status is None:
        raise _Misshapen("status must be a dispute's status")
    due_by = evidence.get("due_by") if isinstance(evidence, Mapping) else None
    return DisputeChanged(
        delivery=delivery,
        order_id=order_id,
        payment_intent_id=intent_id,
        charge_id=charge_id,
        dispute=Dispute(
            dispute_id=_id(dispute, "id"),
            status=status,
            reason=_code_or_none(dispute.get("reason")),
            amount=money.amount,
            currency=money.currency,
            # Zero where the bank takes no evidence: https://docs.stripe.com/api/disputes/object.
            due_by=None if due_by in (None, 0) else _time(due_by, "evidence_details.due_by"),
            opened_at=_time(dispute.get("created"), "created"),
            told_at=delivery.created_at,
        ),
    )


def _refund_from(refund: object) -> tuple[Refund, str | None]:
    """A refund, and why what its metadata says of units cannot be obeyed."""
    if not isinstance(refund, Mapping):
        raise _Misshapen("refunds must be a list of refunds")
    status = refund.get("status")
    if not isinstance(status, str) or status not in _REFUND_STATUSES:
        raise _Misshapen("status must be a refund's status")
    metadata = refund.get("metadata")
    refund_id, named = _id(refund, "id"), metadata.get("restock") if isinstance(metadata, Mapping) else None
    restock = _restock_from(named)
    defect = f"malformed_restock: refund {refund_id} names no list of productId:quantity" if restock is None else None
    return Refund(refund_id, _money(refund, "amount").amount, RefundStatus(status), restock or {}), defect


def _restock_from(named: object) -> Mapping[str, int] | None:
    """Units by product from `productId:quantity,productId:quantity`; None if it says anything else."""
    if named in (None, ""):
        return {}
    if not isinstance(named, str) or len(named) > _RESTOCK_CHARACTERS_MAX:
        return None
    units: dict[str, int] = {}
    for item in named.split(","):
        product_id, _, quantity = item.strip().rpartition(":")
        if not is_document_id(product_id) or not _QUANTITY.fullmatch(quantity):
            return None
        units[product_id] = units.get(product_id, 0) + int(quantity)
    return units if all(quantity <= QUANTITY_MAX for quantity in units.values()) else None


_REFUND_STATUSES: Final = frozenset(RefundStatus)

# --- Every type that is handled --------------------------------------------------------------------------------------

_Translate = Callable[[Json, str | None, StripeDelivery], StripeEvent | Ignored]

_HANDLED: Final[Mapping[str, tuple[EventKind, _Translate]]] = MappingProxyType(
    {
        "payment_intent.succeeded": (EventKind.PAYMENT_SUCCEEDED, _payment_intent_succeeded),
        "charge.succeeded": (EventKind.PAYMENT_SUCCEEDED, _charge_succeeded),
        "charge.captured": (EventKind.PAYMENT_SUCCEEDED, _charge_succeeded),
        "checkout.session.completed": (EventKind.PAYMENT_SUCCEEDED, _checkout_session_completed),
        "checkout.session.async_payment_succeeded": (EventKind.PAYMENT_SUCCEEDED, _checkout_session_completed),
        "payment_intent.processing": (EventKind.PAYMENT_PROCESSING, _payment_intent_processing),
        "payment_intent.amount_capturable_updated": (EventKind.PAYMENT_PROCESSING, _payment_intent_processing),
        "charge.pending": (EventKind.PAYMENT_PROCESSING, _charge_pending),
        "payment_intent.payment_failed": (EventKind.PAYMENT_FAILED, _payment_intent_failed),
        "charge.failed": (EventKind.PAYMENT_FAILED, _charge_failed),
        "checkout.session.async_payment_failed": (EventKind.PAYMENT_FAILED, _checkout_session_failed),
        "payment_intent.canceled": (EventKind.PAYMENT_CANCELED, _payment_intent_canceled),
        "checkout.session.expired": (EventKind.PAYMENT_CANCELED, _checkout_session_expired),
        "charge.refunded": (EventKind.CHARGE_REFUNDED, _charge_refunded),
        "refund.created": (EventKind.REFUND_UPDATED, _refund_updated),
        "refund.updated": (EventKind.REFUND_UPDATED, _refund_updated),
        "refund.failed": (EventKind.REFUND_UPDATED, _refund_updated),
        "charge.refund.updated": (EventKind.REFUND_UPDATED, _refund_updated),
        "charge.dispute.created": (EventKind.DISPUTE_CHANGED, _dispute_changed),
        "charge.dispute.updated": (EventKind.DISPUTE_CHANGED, _dispute_changed),
        "charge.dispute.closed": (EventKind.DISPUTE_CHANGED, _dispute_changed),
        "charge.dispute.funds_withdrawn": (EventKind.DISPUTE_CHANGED, _dispute_changed),
        "charge.dispute.funds_reinstated": (EventKind.DISPUTE_CHANGED, _dispute_changed),
    }
)
"""By Stripe's type: the kind of event that it becomes as a rule, and the function that reads its object.

The object decides: a charge that is said to have succeeded may only be authorised.
"""

# --- Stripe's objects ------------------------------------------------------------------------------------------------


def _of_intent(intent: Json, order_id: str | None, delivery: StripeDelivery) -> Envelope:
    return {
        "delivery": delivery,
        "order_id": order_id,
        "payment_intent_id": _id(intent, "id"),
        "charge_id": _id_or_none(intent, "latest_charge") or _first_embedded_charge(intent),
    }


def _of_charge(charge: Json, order_id: str | None, delivery: StripeDelivery) -> Envelope:
    return {
        "delivery": delivery,
        "order_id": order_id,
        "payment_intent_id": _id_or_none(charge, "payment_intent"),
        "charge_id": _id(charge, "id"),
    }


def _of_session(session: Json, order_id: str | None, delivery: StripeDelivery) -> Envelope:
    return {
        "delivery": delivery,
        "order_id": order_id,
        "payment_intent_id": _id_or_none(session, "payment_intent"),
        "charge_id": None,
    }


def _is_captured(charge: Json) -> bool:
    captured = charge.get("captured")
    if not isinstance(captured, bool):
        raise _Misshapen("captured must be true or false")
    return captured


def _captured_money(charge: Json) -> Money:
    # Older API versions have no amount_captured; what they captured was the whole amount.
    return _money(charge, "amount_captured" if "amount_captured" in charge else "amount")


def _released_amount(charge: Json, delivery: StripeDelivery) -> int:
    """How much of what the charge calls refunded was only authorised, and let go when the rest was captured."""
    if delivery.api_version is None or delivery.api_version >= _RELEASE_IS_NO_REFUND_SINCE:
        return 0
    return max(_money(charge, "amount").amount - _captured_money(charge).amount, 0)


def _without_release(refunds: Sequence[object], released: int) -> Sequence[object]:
    """The refunds, without the one by which the rest was let go: the first there was, and so the last in the list."""
    oldest = refunds[-1] if released and refunds else None
    return refunds[:-1] if isinstance(oldest, Mapping) and oldest.get("amount") == released else refunds


def _order_id_from(stripe_object: Json) -> str | None:
    """The order's id; None where there is none that could be an order of ours."""
    metadata = stripe_object.get("metadata")
    if isinstance(metadata, Mapping) and "orderId" in metadata:
        order_id = metadata["orderId"]
    else:
        order_id = stripe_object.get("client_reference_id")
    return order_id if is_order_id(order_id) else None


def _first_embedded_charge(intent: Json) -> str | None:
    """Until API version 2022-11-15 a PaymentIntent carried its charges, and a charge its refunds, as a list."""
    first = next(iter(_embedded(intent, "charges")), None)
    return _id_or_none(first, "id") if isinstance(first, Mapping) else None


def _embedded(parent: Json, name: str) -> Sequence[object]:
    """The objects of a list that older API versions carried in its parent; newer ones only where it was expanded."""
    listed = parent.get(name)
    data = listed.get("data") if isinstance(listed, Mapping) else None
    return data if isinstance(data, list) else ()


def _code_or_none(value: object) -> str | None:
    """One of Stripe's words for programs, such as `card_declined`; never a sentence, and never a card's data."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def _time(value: object, name: str) -> datetime:
    try:
        if type(value) is int:
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise _Misshapen(f"{name} must be a time in seconds")


def _money(stripe_object: Json, amount_name: str) -> Money:
    amount, currency = stripe_object.get(amount_name), stripe_object.get("currency")
    if not is_amount(amount):
        raise _Misshapen(f"{amount_name} must be an amount in minor units")
    if not is_currency(currency):
        raise _Misshapen("currency must be three lower-case letters")
    return Money(amount, currency)


def _object(parent: Json, name: str) -> Json:
    value = parent.get(name)
    if not isinstance(value, Mapping):
        raise _Misshapen(f"{name} must be an object")
    return value


def _id(parent: Json, name: str) -> str:
    found = _id_or_none(parent, name)
    if found is None:
        raise _Misshapen(f"{name} must be an id")
    return found


def _id_or_none(parent: Json, name: str) -> str | None:
    """An id, or the id of an object that was expanded in its place (https://docs.stripe.com/expand)."""
    value = parent.get(name)
    if isinstance(value, Mapping):
        value = value.get("id")
    if value is None:
        return None
    if not _is_stripe_id(value):
        raise _Misshapen(f"{name} must be an id")
    return value


def _is_stripe_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _STRIPE_ID.fullmatch(value) is not None and is_document_id(value)


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None
