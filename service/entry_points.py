"""Builds the deployed functions' entry points on what they share.

Each is imported when it is built, so that no function's cold start pays for entry points that it does not use.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from database.store import Queries
from orders.frozen import frozen
from orders.outcome import Settle
from service.logs import Log
from webhooks.ownership import Naming
from webhooks.signing_secrets import SigningSecret

if TYPE_CHECKING:
    from checkout.callable import CallableFunction, Identify
    from checkout.claims import Caller
    from checkout.sessions import CheckoutSessions
    from effects.performing import Effects
    from inventory.takings import Folded
    from receiving.watchdog import Watchdog
    from reconciliation.endpoint import ReconciliationEndpoint
    from reconciliation.finding import Finding
    from reconciliation.job import Reconciliation
    from settlement.requests import Requests
    from storefront.availability import Storefront
    from stripe_api.api import StripeApi
    from triggers.cancel_requested import CancelRequestedTrigger
    from triggers.effect_created import EffectCreatedTrigger
    from triggers.inventory_changed import InventoryChangedTrigger
    from triggers.operator_requested import OperatorRequestedTrigger
    from triggers.order_created import OrderCreatedTrigger
    from triggers.sweep import ReservationSweep
    from triggers.takings_due import TakingsDue
    from webhooks.canary import Canary
    from webhooks.endpoint import WebhookEndpoint


@frozen
class Service:
    """What the entry points need, and a method that builds each of them."""

    settle: Settle
    placing: Settle
    """Like `settle`, for orders to be held: commits that hold units of the same product at the same time are merged."""
    queries: Callable[[], Queries]
    """Imports the client on the first call: nothing else takes as long, and the webhook needs no query."""
    storefront: "Callable[[], Storefront]"
    """Updates the availability shown on products; imported on the first call."""
    fold: "Callable[[], Folded]"
    """Takes the sold units of hot products from the inventory; imported on the first call."""
    anchor: Callable[[datetime], Mapping[str, object] | None]
    """Anchors the audit trail if that is due; imported on the first call."""
    check_trail: Callable[[datetime], "Iterable[Finding]"]
    """Verifies the next orders' chains, and returns new findings; imported on the first call."""
    effects: Callable[[], "Effects"]
    """Performs effects; imported on the first call, since the webhook performs none."""
    requests: Callable[[], "Requests"]
    webhook_secrets: Sequence[SigningSecret]
    naming: Naming
    log: Log
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    """Seconds, on a clock that never goes back."""
    threads: int
    """How many requests one instance serves at a time."""
    canary_url: str | None = None
    """Where the canary delivers; None if it is off."""
    is_emulated: bool = False
    """Whether only developers see the answers."""
    stripe: "Callable[[], StripeApi] | None" = None
    """Stripe's API, imported on the first call, since few functions use it; None without a key."""
    sessions: "Callable[[], CheckoutSessions] | None" = None
    """Opens Checkout sessions; None without a key, or if the shop has set no success URL."""
    identify: "Callable[[], Identify]" = lambda: _nobody
    """Builds what identifies callers by their ID tokens."""
    stripe_reconciliation: "Callable[[], Reconciliation] | None" = None
    """Builds the comparison of the shop with Stripe; None if there is no whole database to compare."""

    def webhook_endpoint(self) -> "WebhookEndpoint":
        from webhooks.endpoint import WebhookEndpoint

        stripe = self.stripe
        return WebhookEndpoint(
            settle=self.settle,
            secrets=self.webhook_secrets,
            naming=self.naming,
            log=self.log,
            now=self.now,
            monotonic=self.monotonic,
            watchdog=self._watchdog(),
            look_up=(lambda event_id: stripe().event(event_id)) if stripe else None,
            says_why=self.is_emulated,
        )

    def order_created_trigger(self) -> "OrderCreatedTrigger":
        from triggers.order_created import OrderCreatedTrigger

        return OrderCreatedTrigger(self.placing, self.queries().parked_events, self.log, self.now)

    def cancel_requested_trigger(self) -> "CancelRequestedTrigger":
        from triggers.cancel_requested import CancelRequestedTrigger

        return CancelRequestedTrigger(self.settle, self.log, self.now)

    def operator_requested_trigger(self) -> "OperatorRequestedTrigger":
        from triggers.operator_requested import OperatorRequestedTrigger

        return OperatorRequestedTrigger(self.requests().answer, self.log, self.now)

    def effect_created_trigger(self) -> "EffectCreatedTrigger":
        from triggers.effect_created import EffectCreatedTrigger

        return EffectCreatedTrigger(self.effects().perform, self.log)

    def inventory_changed_trigger(self) -> "InventoryChangedTrigger":
        from triggers.inventory_changed import InventoryChangedTrigger

        return InventoryChangedTrigger(self.storefront().show, self.log)

    def reservation_sweep(self) -> "ReservationSweep":
        from triggers.sweep import ReservationSweep

        queries = self.queries()
        return ReservationSweep(
            settle=self.settle,
            place=self.order_created_trigger().place,
            lapsed_orders=queries.lapsed_orders,
            stranded_orders=queries.stranded_orders,
            parked_events=queries.parked_since,
            unanswered_requests=queries.unanswered_requests,
            unanswered_operator_requests=queries.unanswered_operator_requests,
            fold=self.fold,
            answer=lambda request_id, now: self.requests().answer(request_id, now),
            due_effects=queries.due_effects,
            perform=lambda effect_id: self.effects().perform(effect_id),
            show_next_products=self.storefront().show_next,
            anchor=self.anchor,
            check_trail=self.check_trail,
            log=self.log,
            now=self.now,
            monotonic=self.monotonic,
        )

    def takings_due(self) -> "TakingsDue":
        from triggers.takings_due import TakingsDue

        return TakingsDue(self.fold, self.log)

    def create_checkout(self) -> "CallableFunction":
        from checkout.callable import CallableFunction
        from checkout.refusals import not_configured

        return CallableFunction(
            answer=self.sessions().open if self.sessions else not_configured,
            identify=self.identify(),
            log=self.log,
            now=self.now,
            monotonic=self.monotonic,
            watchdog=self._watchdog(),
        )

    def reconciliation(self) -> "Reconciliation":
        if self.stripe_reconciliation is None:
            raise ValueError("there is no whole database to compare")
        return self.stripe_reconciliation()

    def reconciliation_endpoint(self) -> "ReconciliationEndpoint":
        from reconciliation.endpoint import ReconciliationEndpoint

        return ReconciliationEndpoint(self.reconciliation())

    def webhook_canary(self) -> "Canary":
        from webhooks.canary import Canary, posted

        return Canary(self.canary_url, self.webhook_secrets, posted, self.log, self.now, self.monotonic)

    def _watchdog(self) -> "Watchdog":
        from receiving.watchdog import PATIENT_MAX, Watchdog

        return Watchdog(self.monotonic, patient_max=min(PATIENT_MAX, max(self.threads // 2, 1)))


def _nobody(_token: str, _now: datetime) -> "Caller":
    from checkout.claims import NotSignedIn

    raise NotSignedIn("nobody is known here")
