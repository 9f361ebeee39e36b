"""Has Stripe expire a session before its order ends, and reports the outcome to settlement."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from database.documents.checkouts import checkout_path, known_checkout_from
from database.store import DocumentStore
from effects.effect import Effect
from effects.outside import Failed, Skipped
from orders.checkout import Checkout, CheckoutState
from orders.frozen import frozen
from orders.outcome import Settle
from orders.shop_events import CheckoutEnded
from stripe_api.api import SessionNotOpen, StripeApi, StripeRefused, StripeUnavailable

READ_SECONDS_MAX: Final = 2.0
_COMPLETE: Final = "complete"


@frozen
class Expiring:
    """The performer of `stripe_expire_session`. Skips a session that is over already."""

    stripe: StripeApi
    store: DocumentStore
    settle: Settle
    now: Callable[[], datetime]

    def prepare(self, effect: Effect, _now: datetime, /) -> Mapping[str, object]:
        return {"session": effect.recipient}

    def perform(self, effect: Effect, _payload: Mapping[str, object], /) -> Skipped | None:
        checkout = self._checkout(effect)
        if checkout and checkout.state is not CheckoutState.OPEN:
            return Skipped(f"{effect.recipient} is known to be over")
        is_complete = self._expire(effect) == _COMPLETE
        if checkout:
            # If this fails, the effect is performed again, and Stripe answers the same.
            self.settle(CheckoutEnded(effect.order_id, checkout.attempt, is_complete), self.now())
        return Skipped(f"{effect.recipient} is complete: its payment decides") if is_complete else None

    def _expire(self, effect: Effect) -> str:
        """Expire the session, and return its status."""
        try:
            return self.stripe.expire_session(effect.recipient, key=effect.key).status
        except SessionNotOpen as over:
            return over.session.status
        except StripeUnavailable as error:
            raise Failed(str(error), retryable=True, retry_after=error.retry_after) from error
        except StripeRefused as error:
            raise Failed(str(error), retryable=False) from error

    def _checkout(self, effect: Effect) -> Checkout | None:
        """What is on record of the session; None if nothing is, although somebody may still pay in it."""
        path = checkout_path(effect.order_id)
        document = self.store.read((path,), timeout_seconds=READ_SECONDS_MAX)[path]
        known = known_checkout_from(document) if document else None
        return known.checkout if known and known.checkout.session_id == effect.recipient else None
