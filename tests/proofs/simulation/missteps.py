"""What an order must not become now, even if it may be right in the end."""

from datetime import datetime, timedelta
from typing import Final

from tests.proofs.simulation.endings import Fields
from tests.proofs.simulation.oracle import _A_DAY
from tests.proofs.simulation.payments import Payment
from tests.proofs.simulation.scenarios import Scenario

_HELD_AT_MOST: Final = timedelta(days=30)


def missteps(scenario: Scenario, before: Fields, after: Fields, now: datetime) -> list[str]:
    """What is wrong about the order's new status, judged by what had been reported to it before."""
    on_its_way = [
        payment
        for payment in scenario.payments
        if _state_in(after, scenario.intent_of(payment)) == "processing"
        and _state_in(before, scenario.intent_of(payment)) == "processing"
    ]
    found = []
    is_cancelled = after["status"] == "cancelled" != before.get("heldFrom")
    if is_cancelled and on_its_way and not after.get("cancelRequestedAt"):
        found.append(f"{scenario.order_id}: cancelled, and money is on its way")
    if (before["status"], after["status"]) == ("reserved", "expired") and now < before["reservedAt"] + _HELD_AT_MOST:
        found += [
            f"{scenario.order_id}: expired, and payment {payment.number} may still succeed"
            for payment in on_its_way
            if now < _on_its_way_since(scenario, payment) + max(payment.voucher_days, 1) * _A_DAY
        ]
    return found


def _state_in(order: Fields, payment_id: str) -> object:
    return order.get("payments", {}).get(payment_id, {}).get("state")


def _on_its_way_since(scenario: Scenario, payment: Payment) -> datetime:
    return next(
        event.created_at
        for event in scenario.events.values()
        if event.payment is payment and event.event_type in ("payment_intent.processing", _VOUCHER)
    )


_VOUCHER: Final = "payment_intent.requires_action"
