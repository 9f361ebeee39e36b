"""What events of a refund mean, and which units it puts back: https://docs.stripe.com/api/refunds/object.

A refund seldom names its order, but always its payment.
"""

import re
from collections.abc import Mapping
from typing import Final

from database.ids import is_document_id
from orders.events import Envelope, Ignored, RefundUpdated, StripeDelivery
from orders.order import QUANTITY_MAX
from orders.refunds import Refund, Refunds, RefundStatus, Restock, RestockRule
from webhooks.stripe_fields import Json, Misshapen, id_in, id_or_none, money_in, object_or_empty

_STATUSES: Final = frozenset(RefundStatus)
_RESTOCK_RULES: Final = frozenset(RestockRule)
_QUANTITY: Final = re.compile(r"[1-9][0-9]{0,6}")
_RESTOCK_CHARACTERS_MAX: Final = 500
"""As long as a value of Stripe's metadata can be: https://docs.stripe.com/api/metadata."""


def updated(refund: Json, order_id: str | None, delivery: StripeDelivery) -> RefundUpdated | Ignored:
    envelope: Envelope = {
        "delivery": delivery,
        "order_id": order_id,
        "payment_intent_id": id_or_none(refund, "payment_intent"),
        "charge_id": id_or_none(refund, "charge"),
    }
    if not (envelope["payment_intent_id"] or envelope["charge_id"]):
        return Ignored(delivery.event_id, delivery.event_type, "no payment")
    read, defect = refund_from(refund, envelope["payment_intent_id"] or envelope["charge_id"])
    return RefundUpdated(**envelope, money=money_in(refund, "amount"), refunds=Refunds.of(read), restock_defect=defect)


def refund_from(refund: object, payment_id: str | None) -> tuple[Refund, str | None]:
    """A refund of this payment, and why what its metadata says of units cannot be obeyed."""
    if not isinstance(refund, Mapping):
        raise Misshapen("refunds must be a list of refunds")
    status = refund.get("status")
    if not isinstance(status, str) or status not in _STATUSES:
        raise Misshapen("status must be a refund's status")
    refund_id, named = id_in(refund, "id"), object_or_empty(refund, "metadata").get("restock")
    restock = _restock_from(named)
    is_defect = restock is None and named not in (None, "")
    defect = f"malformed_restock: refund {refund_id} names no list of productId:quantity" if is_defect else None
    return Refund(refund_id, money_in(refund, "amount").amount, RefundStatus(status), restock, payment_id), defect


def _restock_from(named: object) -> Restock:
    """`all`, `none`, or units by product from `productId:quantity,…`; None if it says something else."""
    if not isinstance(named, str) or len(named) > _RESTOCK_CHARACTERS_MAX:
        return None
    if (rule := named.strip().lower()) in _RESTOCK_RULES:
        return RestockRule(rule)
    units: dict[str, int] = {}
    for item in named.split(","):
        product_id, _, quantity = item.strip().rpartition(":")
        if not is_document_id(product_id) or not _QUANTITY.fullmatch(quantity):
            return None
        units[product_id] = units.get(product_id, 0) + int(quantity)
    return units if all(quantity <= QUANTITY_MAX for quantity in units.values()) else None
