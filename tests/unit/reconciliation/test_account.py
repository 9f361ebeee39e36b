"""A key of another account or mode is one finding, and does no other harm."""

from collections.abc import Iterator, Sequence

import pytest

from database.store import Fields, Listing
from reconciliation.account import key_in_use
from reconciliation.reconciled import AtStripe
from stripe_api.api import NotAsDocumented
from stripe_api.lists import PaymentIntent
from tests.support.builders import NOW
from tests.support.memory_store import MemoryMoment
from tests.support.reconciling import a_shop_with_paid_orders, an_intent, opened_by, status_of
from tests.support.shop import status_in


def test_with_a_key_of_another_account_one_finding_says_so_and_nothing_of_that_account_is_believed() -> None:
    shop = a_shop_with_paid_orders()
    right = shop.account.intents.copy()
    shop.order("order-9")
    # The other account also has a payment for order-9.
    shop.pay("order-9")
    foreign = {key: shop.account.intents[key] for key in shop.account.intents.keys() - right.keys()}
    shop.account.intents = foreign
    shop.later(hours=3)
    reconciled = shop.reconcile()
    assert opened_by(reconciled) == ["key_of_another_account_stripe"]
    assert (reconciled.at_stripe, reconciled.events, status_in(shop.store, "order-9")) == (
        AtStripe.OTHER_ACCOUNT,
        0,
        "reserved",
    )
    said = shop.logged("not_reconciled")[0]
    assert (said["severity"], said["message"]) == ("ERROR", reconciled.why_not)
    assert reconciled.why_not == "the key belongs to another account or mode"
    assert status_of(shop.job()) == 500
    shop.account.intents = {**right, **foreign}
    assert shop.reconcile().closed == ("key_of_another_account_stripe",)


def test_a_shop_whose_older_payments_are_of_an_earlier_account_has_the_right_key() -> None:
    shop = a_shop_with_paid_orders()
    shop.account.intents.clear()
    shop.later(days=8)
    shop.buy("order-9")
    shop.deliver(shop.account.events[-5:])
    shop.later(hours=3)
    assert shop.reconcile().at_stripe is AtStripe.ASKED
    assert "key_of_another_account_stripe" not in shop.open_findings()


def test_payments_of_which_it_does_not_know_several_are_looked_for_further_back_before_a_key_is_found_wrong() -> None:
    shop = a_shop_with_paid_orders(1)
    known = shop.account.intents.copy()
    shop.later(days=3)
    for order_id in ("order-7", "order-8", "order-9"):
        shop.sell(order_id)
    shop.account.intents = known
    shop.later(hours=1)
    assert shop.reconcile().at_stripe is AtStripe.ASKED


class Trail(MemoryMoment):
    """Endless, of entries that all equal this one."""

    def __init__(self, entry: Fields) -> None:
        super().__init__({}, NOW)
        self.entry = entry
        self.batches = 0

    def find(self, listing: Listing) -> Iterator[Sequence[tuple[str, Fields]]]:
        while True:
            self.batches += 1
            yield [(f"evt_{number}", {"paymentIntentId": f"pi_{number}", **self.entry}) for number in range(3)]


OWN: dict[str, object] = {"webhookProcessed": True}


@pytest.mark.parametrize(
    ("entry", "asked", "batches"),
    [
        (OWN, ["pi_0"], 1),
        (OWN | {"account": "acct_9"}, [], 4 * 10),
        (OWN | {"paymentIntentId": "ch_1"}, [], 4 * 10),
        ({"webhookProcessed": False}, [], 4 * 10),
    ],
    ids=["our own", "of a connected account", "a charge", "not Stripe's"],
)
def test_no_more_of_the_trail_is_read_than_shows_whose_the_key_is(
    entry: Fields, asked: list[str], batches: int
) -> None:
    trail, payments = Trail(entry), list[str]()

    def known(payment_id: str) -> PaymentIntent:
        payments.append(payment_id)
        return an_intent(payment_id)

    assert key_in_use(trail, known).unknown == ()
    assert (payments, trail.batches) == (asked, batches)


def test_a_key_that_is_shown_a_payment_knows_it_also_if_it_cannot_be_read() -> None:
    asked: list[str] = []

    def unreadable(payment_id: str) -> PaymentIntent:
        asked.append(payment_id)
        raise NotAsDocumented(payment_id)

    assert key_in_use(Trail(OWN), unreadable).unknown == ()
    assert asked == ["pi_0"]
