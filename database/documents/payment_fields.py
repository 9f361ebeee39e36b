"""Nested fields of an order's adjustments and payments."""

from collections.abc import Iterable, Mapping
from typing import Final

from database.documents.values import money_or_none, text_or_none, time_or_none
from database.store import Fields
from orders.adjustments import ADJUSTMENTS_MAX, LABEL_CHARACTERS_MAX, Adjustment, AdjustmentKind, is_adjusting
from orders.money import Money, amount_or_none
from orders.numbers import whole_number
from orders.payments import Payment, Payments, PaymentState

_KINDS: Final = frozenset(AdjustmentKind)
_STATES: Final = frozenset(PaymentState)


def adjustments_from(value: object) -> tuple[tuple[Adjustment, ...], str | None]:
    """The adjustments; or none, and why they cannot be used."""
    if value is None:
        return (), None
    if not isinstance(value, list) or len(value) > ADJUSTMENTS_MAX:
        return (), f"adjustments must be a list of at most {ADJUSTMENTS_MAX}"
    adjustments = [_adjustment_from(item) for item in value]
    read = tuple(adjustment for adjustment in adjustments if adjustment)
    if len(read) < len(adjustments):
        number = adjustments.index(None) + 1
        return (), f"adjustment {number} needs a known kind, a whole amount in minor units and at most a short label"
    return read, None


def adjustments_fields(adjustments: Iterable[Adjustment]) -> list[dict[str, object]]:
    return [{"kind": str(each.kind), "amount": each.amount, "label": each.label} for each in adjustments]


def payments_from(value: object) -> Payments:
    payments = value.items() if isinstance(value, Mapping) else ()
    return Payments.of(*(read for key, fields in payments if (read := _payment_from(key, fields))))


def payments_fields(payments: Payments) -> dict[str, object]:
    return {payment.payment_id: _payment_fields(payment) for payment in payments.by_id.values()}


def _adjustment_from(item: object) -> Adjustment | None:
    if not isinstance(item, Mapping):
        return None
    kind, amount, label = item.get("kind"), whole_number(item.get("amount")), item.get("label")
    if not isinstance(kind, str) or kind not in _KINDS or not is_adjusting(amount):
        return None
    if label is not None and not (isinstance(label, str) and len(label) <= LABEL_CHARACTERS_MAX):
        return None
    return Adjustment(AdjustmentKind(kind), amount, label)


def _payment_from(payment_id: object, fields: object) -> Payment | None:
    if not isinstance(payment_id, str) or not isinstance(fields, Mapping):
        return None
    state, at = fields.get("state"), time_or_none(fields.get("at"))
    if not isinstance(state, str) or state not in _STATES or at is None:
        return None
    return Payment(
        payment_id=payment_id,
        state=PaymentState(state),
        at=at,
        money=money_or_none(fields.get("amount"), fields.get("currency")),
        charge_id=text_or_none(fields.get("chargeId")),
        until=time_or_none(fields.get("until")),
        is_estimate=fields.get("untilEstimated") is True,
        amount_refunded=amount_or_none(fields.get("amountRefunded")) or 0,
        is_doubtful=fields.get("doubtful") is True,
        attempt=whole_number(fields.get("attempt")),
        funded=_funded_from(fields.get("funded")),
    )


def _funded_from(fields: object) -> Money | None:
    return money_or_none(fields.get("amount"), fields.get("currency")) if isinstance(fields, Mapping) else None


def _payment_fields(payment: Payment) -> Fields:
    return {
        "amount": payment.money.amount if payment.money else None,
        "currency": payment.money.currency if payment.money else None,
        "chargeId": payment.charge_id,
        "state": str(payment.state),
        "at": payment.at,
        "until": payment.until,
        "untilEstimated": payment.is_estimate,
        "amountRefunded": payment.amount_refunded,
        "doubtful": payment.is_doubtful,
        "attempt": payment.attempt,
        **({"funded": {"amount": funded.amount, "currency": funded.currency}} if (funded := payment.funded) else {}),
    }
