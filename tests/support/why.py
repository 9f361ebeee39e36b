"""What `./shop why` prints, and shops that it has something to say about."""

import json
from typing import Any

from effects.effect import Effect, EffectKind, RefundTerms, a_stripe_call, an_ordered_refund
from orders.money import Money
from tests.support.builders import NOW, Fields, a_placement
from tests.support.memory_store import MemoryStore
from tests.support.operating import operated
from tests.support.payments import a_payment
from tests.support.shop import a_shop_after

TOO_LITTLE = Money(3_000, "eur")
A_REFUND = a_stripe_call(EffectKind.STRIPE_REFUND, "pi_1", "order-1", "evt_1", "alice")
FINALIZED = "reserved > finalized, €36.00, shirt stock -3 reserved -3"


def told(store: MemoryStore, some_id: str = "order-1", **when: Any) -> str:
    return operated(store, "why", some_id, **when).stdout


def next_steps(store: MemoryStore, **when: Any) -> list[str]:
    """Each step's command, or its reason if it has none."""
    steps = json.loads(operated(store, "why", "order-1", "--json", **when).stdout)["next"]
    return [step["command"] or step["why"] for step in steps]


def ways_back(options: str = "") -> list[str]:
    """A refund by Stripe, and one by other means."""
    return [f"./shop refund {options}order-1", f"./shop refund {options}--elsewhere order-1"]


def ways_of_lost(amount: int, *refund_ids: str) -> list[str]:
    """Back, or to nobody."""
    ways = ways_back(f"--payment pi_1 --amount {amount} ")
    return [*ways, *(f"./shop refund --mistake {refund_id} order-1" for refund_id in refund_ids)]


def a_parked_event(**changes: object) -> Fields:
    return {
        "eventType": "payment_intent.succeeded",
        "orderId": "order-1",
        "processed": False,
        "parkedAt": NOW,
        "result": "order_not_found",
        "reason": "order order-1 does not exist",
        "event": {"kind": "payment_succeeded", "amount": 3_600, "currency": "eur"},
        **changes,
    }


def an_ordered_refund_effect(cause: str, amount: int | None) -> Effect:
    return an_ordered_refund("pi_1", RefundTerms(amount, None), "order-1", cause, "alice")


def a_shop_in_review() -> MemoryStore:
    return a_shop_after(a_placement(), a_payment(money=TOO_LITTLE))


BY_OLGA = {"operator": "olga", "reason": "told on the phone"}
