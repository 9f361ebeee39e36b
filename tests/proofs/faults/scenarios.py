"""What may be under way when a fault occurs: one delivery each, and its result after one more delivery."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orders.events import OrderEvent
from orders.money import Money
from orders.shop_events import ReservationLapsed
from settlement.terms import Terms
from tests.support.builders import (
    NOW,
    TERMS,
    Fields,
    a_cancel_request,
    a_catalogue_entry,
    a_lapse,
    a_placement,
    a_request,
    an_order,
)
from tests.support.payments import a_cancellation, a_failure, a_payment, a_processing
from tests.support.refunds import a_dispute, a_refund, a_refunded_charge, an_updated_refund

STOCK = 10
LONG_AGO = NOW - timedelta(hours=2)
AFTER_EXPIRY = NOW + timedelta(hours=1)


@dataclass(frozen=True)
class Scenario:
    event: OrderEvent
    status: str | None
    """The order's final status; None without an order."""
    level: tuple[int, int]
    """The final stock and reserved units."""
    before: Sequence[OrderEvent] = ()
    """Settled before, without a fault."""
    quantity: int | None = 3
    """Units ordered; None without an order."""
    is_hot: bool = False
    terms: Terms = TERMS
    terms_before: Terms = TERMS
    """The terms for `before`."""

    def documents(self) -> Mapping[str, Fields]:
        shop: dict[str, Fields] = {
            "inventory/shirt": {"stock": STOCK, "reserved": 0, "hot": self.is_hot},
            "products/shirt": a_catalogue_entry(),
        }
        if self.quantity:
            shop["orders/order-1"] = an_order(items=[{"productId": "shirt", "quantity": self.quantity}])
            shop["cancelRequests/order-1"] = a_request()
        return shop


def time_of(event: OrderEvent) -> datetime:
    return AFTER_EXPIRY if isinstance(event, ReservationLapsed) else NOW


PLACED, LAPSED, PAID = a_placement(), a_lapse(), a_payment("evt_paid")
REFUNDED = an_updated_refund("evt_refunded")
REFUND_FAILED = an_updated_refund("evt_failed", a_refund(status="failed"))
ONE_SHIRT_BACK = an_updated_refund("evt_part", a_refund(amount=1_200, restock={"shirt": 1}))
WRONG = a_payment("evt_wrong", money=Money(3_700, "eur"), payment_intent_id="pi_2", charge_id="ch_2")
WRONG_REFUNDED = a_refunded_charge(
    "evt_wrong_back", total=3_700, paid=Money(3_700, "eur"), payment_intent_id="pi_2", charge_id="ch_2"
)
HALF = a_payment("evt_half", money=Money(1_800, "eur"), payment_intent_id="pi_2", charge_id="ch_2")
OTHER_HALF = a_payment("evt_other_half", money=Money(1_800, "eur"))
ON_ITS_WAY = a_processing("evt_on_its_way", payment_intent_id="pi_2", until=NOW + timedelta(days=3))
HELD, SOLD, FREE = (10, 3), (7, 0), (10, 0)
LIVE_ONLY = replace(TERMS, expected_livemode=True)
FOREIGN, LISTING = a_payment("evt_foreign", account="acct_1"), replace(TERMS, accounts=frozenset({"acct_1"}))

SCENARIOS: Mapping[str, Scenario] = {
    "an order is placed": Scenario(PLACED, "reserved", HELD),
    "an order is placed and short": Scenario(PLACED, "failed", FREE, quantity=11),
    "a payment": Scenario(PAID, "finalized", SOLD, [PLACED]),
    "a payment of what is hot": Scenario(PAID, "finalized", HELD, [PLACED], is_hot=True),
    "a payment of what is hot before the trigger": Scenario(PAID, "finalized", HELD, is_hot=True),
    "a full refund before the fold": Scenario(REFUNDED, "refunded", (13, 3), [PLACED, PAID], is_hot=True),
    "a payment before the trigger": Scenario(PAID, "finalized", SOLD),
    "a late payment": Scenario(PAID, "finalized", SOLD, [PLACED, LAPSED]),
    "a late payment, and short": Scenario(PAID, "refund_due", FREE, [PLACED], quantity=11),
    "a payment of the wrong amount": Scenario(a_payment(money=Money(1, "eur")), "review", HELD, [PLACED]),
    "a second success event": Scenario(a_payment("evt_2"), "finalized", SOLD, [PLACED, PAID]),
    "a duplicate": Scenario(PAID, "finalized", SOLD, [PLACED, PAID]),
    "a decline": Scenario(a_failure(), "reserved", HELD, [PLACED]),
    "a payment on its way": Scenario(a_processing(), "reserved", HELD, [PLACED]),
    "a cancellation": Scenario(a_cancellation(), "cancelled", FREE, [PLACED]),
    "a customer's cancellation": Scenario(a_cancel_request(), "cancelled", FREE, [PLACED]),
    "an expired reservation": Scenario(LAPSED, "expired", FREE, [PLACED]),
    "a full refund": Scenario(REFUNDED, "refunded", FREE, [PLACED, PAID]),
    "a partial refund": Scenario(ONE_SHIRT_BACK, "partially_refunded", (8, 0), [PLACED, PAID]),
    "a refund before its payment": Scenario(a_refunded_charge(), "refunded", FREE, [PLACED]),
    "a refund before the trigger": Scenario(a_refunded_charge(), "refunded", FREE),
    "a refund that failed": Scenario(REFUND_FAILED, "finalized", SOLD, [PLACED, PAID, REFUNDED]),
    "a refund of an unknown payment": Scenario(REFUNDED, "reserved", HELD, [PLACED]),
    "a payment that a refund waits for": Scenario(PAID, "refunded", FREE, [PLACED, REFUNDED]),
    "a dispute": Scenario(a_dispute(), "finalized", SOLD, [PLACED, PAID]),
    "a payment without an order": Scenario(a_payment(created_at=LONG_AGO), None, FREE, quantity=None),
    "a payment of a cancelled order": Scenario(PAID, "finalized", SOLD, [PLACED, a_cancel_request()]),
    "a second payment": Scenario(a_payment("evt_2", payment_intent_id="pi_2"), "finalized", SOLD, [PLACED, PAID]),
    "a payment after a wrong one": Scenario(PAID, "finalized", SOLD, [PLACED, WRONG]),
    "the second half": Scenario(OTHER_HALF, "finalized", SOLD, [PLACED, HALF]),
    "a refund of a second payment": Scenario(WRONG_REFUNDED, "finalized", SOLD, [PLACED, PAID, WRONG]),
    "a payment after a wrong one was refunded": Scenario(PAID, "finalized", SOLD, [PLACED, WRONG, WRONG_REFUNDED]),
    "an end while money is on its way": Scenario(a_cancellation(), "reserved", HELD, [PLACED, ON_ITS_WAY]),
    "a payment that was set aside": Scenario(PAID, "finalized", SOLD, [PLACED, PAID], terms_before=LIVE_ONLY),
    "a payment of another account": Scenario(FOREIGN, "reserved", HELD, [PLACED]),
    "a payment of an account that is listed by now": Scenario(
        FOREIGN, "finalized", SOLD, [PLACED, FOREIGN], terms=LISTING, terms_before=TERMS
    ),
    "a payment of the other mode": Scenario(PAID, "reserved", HELD, [PLACED], terms=LIVE_ONLY),
}
