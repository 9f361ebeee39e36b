"""What orders and parked events have in common: refunds, declines and units, as nested fields."""

from collections.abc import Mapping
from typing import Final

from database.documents.values import text_or_none, time_or_none
from database.store import Fields
from orders.declines import Decline
from orders.numbers import whole_number
from orders.order import amount_or_none
from orders.refunds import Refund, Refunds, RefundStatus

_REFUND_STATUSES: Final = frozenset(RefundStatus)


def refunds_from(fields: Fields) -> Refunds:
    by_id, charge_total = fields.get("refunds"), amount_or_none(fields.get("chargeAmountRefunded"))
    refunds = [_refund_from(key, value) for key, value in by_id.items()] if isinstance(by_id, Mapping) else []
    return Refunds({refund.refund_id: refund for refund in refunds if refund}, charge_total or 0)


def refunds_fields(refunds: Refunds) -> dict[str, object]:
    return {
        "chargeAmountRefunded": refunds.charge_total,
        "refunds": {
            refund_id: {
                "amount": refund.amount,
                "status": str(refund.status),
                "restock": units_fields(refund.restock),
            }
            for refund_id, refund in refunds.by_id.items()
        },
    }


def _refund_from(refund_id: object, fields: object) -> Refund | None:
    if not isinstance(refund_id, str) or not isinstance(fields, Mapping):
        return None
    amount, status = amount_or_none(fields.get("amount")), fields.get("status")
    if amount is None or not isinstance(status, str) or status not in _REFUND_STATUSES:
        return None
    return Refund(refund_id, amount, RefundStatus(status), units_from(fields.get("restock")))


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


def units_from(value: object) -> dict[str, int]:
    units: dict[str, int] = {}
    for item in value if isinstance(value, list) else ():
        product_id, quantity = (item.get("productId"), item.get("quantity")) if isinstance(item, Mapping) else (None, 0)
        if isinstance(product_id, str) and (number := whole_number(quantity)) and number > 0:
            units[product_id] = number
    return units


def units_fields(units: Mapping[str, int]) -> list[dict[str, object]]:
    return [{"productId": product_id, "quantity": quantity} for product_id, quantity in units.items() if quantity]
