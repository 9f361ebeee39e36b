"""Checks whether Stripe's API key is of our account: it must know payments that Stripe has reported here."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Final

from database.documents.values import text_or_none
from database.store import Fields, Moment
from reconciliation.records import entries_between
from reconciliation.subjects import KeyInUse
from stripe_api.api import NotAsDocumented
from stripe_api.lists import PaymentIntent

_AGES: Final = (timedelta(hours=2), timedelta(days=1), timedelta(days=7), timedelta(days=30))
"""Payments of these ages are tried, the latest first, since they are most likely of the account in use."""
_OF_ONE_AGE_MAX: Final = 3
_BATCHES_MAX: Final = 10
"""Of audit entries searched per age."""
_PAYMENT_INTENT: Final = "pi_"


def key_in_use(moment: Moment, payment_intent: Callable[[str], PaymentIntent | None]) -> KeyInUse:
    """What the key knows of payments of different ages; usually one request is enough.

    Raises Transient, StripeRefused.
    """
    unknown: list[str] = []
    for payment_id in _payments_on_record(moment):
        if payment_id in unknown:
            continue
        try:
            is_known = payment_intent(payment_id) is not None
        except NotAsDocumented:
            # The comparison finds that it cannot be read.
            is_known = True
        if is_known:
            return KeyInUse(())
        unknown.append(payment_id)
    return KeyInUse(tuple(unknown))


def _payments_on_record(moment: Moment) -> Iterator[str]:
    """Payments from Stripe's events of our own account, which name no account."""
    for age in _AGES:
        named: dict[str, None] = {}
        for batch in islice(moment.find(entries_between(moment.at - age, moment.at)), _BATCHES_MAX):
            named |= dict.fromkeys(payment_id for _, entry in batch if (payment_id := _payment_in(entry)))
            if len(named) >= _OF_ONE_AGE_MAX:
                break
        yield from list(named)[:_OF_ONE_AGE_MAX]


def _payment_in(entry: Fields) -> str | None:
    payment_id = text_or_none(entry.get("paymentIntentId"))
    is_own = entry.get("webhookProcessed") is True and not entry.get("account")
    return payment_id if is_own and payment_id and payment_id.startswith(_PAYMENT_INTENT) else None
