"""Builds from the settings what performs each kind of effect; imported only where effects are performed.

The performer of a kind is imported only if the shop uses it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from checkout.expiring import Expiring
from database.store import DocumentStore, Queries
from effects.effect import Effect, EffectKind
from effects.outside import Failed, Performer
from effects.refunding import Refunding
from notifications.channels import CHANNELS, ChannelKit, channel_from
from notifications.outbox import Outbox
from orders.frozen import frozen
from orders.outcome import Settle
from service.environment import SettingsError
from service.settings import Settings
from stripe_api.api import StripeApi


def sending_messages(
    environment: Mapping[str, str],
    settings: Settings,
    store: DocumentStore,
    queries: Callable[[], Queries],
    now: Callable[[], datetime],
) -> Mapping[EffectKind, Performer]:
    """Performers for the channels that the shop uses. An unusable setting of one stops no other, nor the sweep."""
    kit = ChannelKit(
        environment, store, queries, settings.project, outbox=Outbox() if settings.is_emulated else None, now=now
    )
    used = settings.terms.customer_channels | settings.terms.operator_channels
    return {kind: _performer(partial(_delivery, kind, kit, settings)) for kind in used if kind in CHANNELS}


def asking_stripe(
    stripe: StripeApi, settings: Settings, store: DocumentStore, settle: Settle, now: Callable[[], datetime]
) -> Mapping[EffectKind, Performer]:
    """Performers for the kinds that call Stripe."""
    return {
        EffectKind.STRIPE_REFUND: Refunding(stripe, store, settings.terms.auto_refund, settings.naming.shop_id),
        EffectKind.STRIPE_EXPIRE_SESSION: Expiring(stripe, store, settle, now),
    }


def _delivery(kind: EffectKind, kit: ChannelKit, settings: Settings) -> Performer:
    # Its import brings the texts and Babel.
    from notifications.delivery import Delivery

    return Delivery(kind, channel_from(kind, kit), kit.store, settings.shop, settings.naming.shop_id, kit.now)


def _performer(build: Callable[[], Performer]) -> Performer:
    try:
        return build()
    except SettingsError as error:
        return Unusable(str(error))


@frozen
class Unusable:
    """Stands in for a performer with unusable settings: its effects are retried until the settings are corrected."""

    reason: str

    def prepare(self, _effect: Effect, _now: datetime, /) -> Mapping[str, object]:
        raise Failed(self.reason, retryable=True)

    def perform(self, _effect: Effect, _payload: Mapping[str, object], /) -> None:
        raise Failed(self.reason, retryable=True)
