"""Refunds a payment if its order still does not need it. Stripe's own events report the outcome."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from database.documents.orders import order_from, order_path
from database.store import DocumentStore
from effects.effect import Effect
from effects.outside import Failed, Refunded, Skipped
from orders.frozen import frozen
from orders.order import Order
from settlement.outside import why_not_to_refund
from settlement.terms import AutoRefund
from stripe_api.api import AlreadyRefunded, StripeApi, StripeRefused, StripeUnavailable, payment_named

READ_SECONDS_MAX: Final = 2.0


@frozen
class Refunding:
    """The performer of `stripe_refund`. Without an amount it refunds all that is left, so twice equals once.

    Stripe remembers an idempotency key for a day. A later request for all that is left is refused, since nothing is. A
    later request for part of it would refund as much again: so such a refund names its effect in the metadata, and is
    looked for at Stripe first.
    """

    stripe: StripeApi
    store: DocumentStore
    auto_refund: AutoRefund
    shop_id: str | None
    """Which shop this is, if several share one Stripe account."""

    def prepare(self, effect: Effect, _now: datetime, /) -> Mapping[str, object]:
        """The request's parameters: https://docs.stripe.com/api/refunds/create."""
        shop = {"shop": self.shop_id} if self.shop_id else {}
        ordered = effect.refund
        amount = {"amount": ordered.amount} if ordered and _is_part(effect) else {}
        effect_key = {"effect": effect.key} if _is_part(effect) else {}
        restock = {"restock": ordered.restock} if ordered and ordered.restock else {}
        metadata = {"orderId": effect.order_id, **shop, **restock, **effect_key}
        return {**payment_named(effect.recipient), **amount, "metadata": metadata}

    def perform(self, effect: Effect, payload: Mapping[str, object]) -> Skipped | Refunded:
        if effect.refund is None and (why_not := self._why_not(effect)):
            # Fails rather than skips: operators were notified that it is under way.
            raise Failed(f"{effect.recipient} is not refunded: {why_not}", retryable=False)
        try:
            # A refund that was made for this effect counts whatever became of it, as it would under the same key.
            made = self.stripe.refund_made_for(effect.recipient, effect.key) if _is_part(effect) else None
            return Refunded(made or self.stripe.create_refund(payload, key=effect.key).refund_id)
        except AlreadyRefunded as refunded:
            if _is_part(effect):
                # Other money was refunded: what the operator ordered was not.
                raise Failed(str(refunded), retryable=False) from refunded
            return Skipped(str(refunded))
        except StripeUnavailable as error:
            raise Failed(str(error), retryable=True, retry_after=error.retry_after) from error
        except StripeRefused as error:
            raise Failed(str(error), retryable=False) from error

    def _why_not(self, effect: Effect) -> str | None:
        return why_not_to_refund(self._order_of(effect), effect.recipient, self.auto_refund)

    def _order_of(self, effect: Effect) -> Order:
        path = order_path(effect.order_id)
        document = self.store.read((path,), timeout_seconds=READ_SECONDS_MAX)[path]
        if document is None:
            raise Failed(f"{effect.order_id} no longer exists: refund {effect.recipient} by hand", retryable=False)
        return order_from(effect.order_id, document.fields)


def _is_part(effect: Effect) -> bool:
    return effect.refund is not None and effect.refund.amount is not None
