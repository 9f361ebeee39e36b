"""Nested fields that orders and parked events share: refunds, declines and units."""

from collections.abc import Mapping
from typing import Final

from database.documents.values import text_or_none, time_or_none
from orders.declines import Decline
from orders.money import amount_or_none
from orders.numbers import whole_number
from orders.refunds import Refund, Refunds, RefundStatus, Restock, RestockRule

_REFUND_STATUSES: Final = frozenset(RefundStatus)
_RESTOCK_RULES: Final = frozenset(RestockRule)


def refunds_from(by_id: object) -> Refunds:
    refunds = [_refund_from(key, value) for key, value in by_id.items()] if isinstance(by_id, Mapping) else []
    return Refunds.of(*(refund for refund in refunds if refund))


def refunds_fields(refunds: Refunds) -> dict[str, object]:
    return {
        refund_id: {
            "amount": refund.amount,
            "status": str(refund.status),
            "restock": _restock_fields(refund.restock),
            "paymentId": refund.payment_id,
            **({"elsewhere": True} if refund.is_elsewhere else {}),
            **({"at": refund.at} if refund.at else {}),
            **({"failedAt": refund.failed_at} if refund.failed_at else {}),
            **({"mistake": True} if refund.is_mistake else {}),
        }
        for refund_id, refund in refunds.by_id.items()
    }


def _refund_from(refund_id: object, fields: object) -> Refund | None:
    if not isinstance(refund_id, str) or not isinstance(fields, Mapping):
        return None
    amount, status = amount_or_none(fields.get("amount")), fields.get("status")
    if amount is None or not isinstance(status, str) or status not in _REFUND_STATUSES:
        return None
    restock, payment_id = _restock_from(fields.get("restock")), text_or_none(fields.get("paymentId"))
    return Refund(
        refund_id,
        amount,
        RefundStatus(status),
        restock,
        payment_id,
        is_elsewhere=fields.get("elsewhere") is True,
        at=time_or_none(fields.get("at")),
        failed_at=time_or_none(fields.get("failedAt")),
        is_mistake=fields.get("mistake") is True,
    )


def _restock_from(value: object) -> Restock:
    if isinstance(value, str) and value in _RESTOCK_RULES:
        return RestockRule(value)
    return units_from(value) or None


def _restock_fields(restock: Restock) -> object:
    return units_fields(restock) if isinstance(restock, Mapping) else restock and str(restock)


def decline_from(fields: object) -> Decline | None:
    if not isinstance(fields, Mapping) or (declined_at := time_or_none(fields.get("at"))) is None:
        return None
    return Decline(
        code=text_or_none(fields.get("code")),
        decline_code=text_or_none(fields.get("declineCode")),
        declined_at=declined_at,
        payment_intent_id=text_or_none(fields.get("paymentIntentId")),
        charge_id=text_or_none(fields.get("chargeId")),
    )


def decline_fields(decline: Decline) -> dict[str, object]:
    return {
        "code": decline.code,
        "declineCode": decline.decline_code,
        "at": decline.declined_at,
        "paymentIntentId": decline.payment_intent_id,
        "chargeId": decline.charge_id,
    }


def product_ids_from(value: object) -> frozenset[str]:
    return frozenset(item for item in value if isinstance(item, str)) if isinstance(value, list) else frozenset()


def units_from(value: object) -> dict[str, int]:
    units: dict[str, int] = {}
    for item in value if isinstance(value, list) else ():
        product_id, quantity = (item.get("productId"), item.get("quantity")) if isinstance(item, Mapping) else (None, 0)
        if isinstance(product_id, str) and (number := whole_number(quantity) or 0) > 0:
            units[product_id] = number
    return units


def units_fields(units: Mapping[str, int]) -> list[dict[str, object]]:
    return [{"productId": product_id, "quantity": quantity} for product_id, quantity in units.items() if quantity]
