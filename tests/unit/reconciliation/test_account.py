"""A key of another account, or of another mode, is one finding, and does no other harm."""

from reconciliation.reconciled import AtStripe
from tests.support.reconciling import a_shop_with_paid_orders, opened_by, status_of
from tests.support.shop import status_in


def test_with_a_key_of_another_account_one_finding_says_so_and_nothing_of_that_account_is_believed() -> None:
    shop = a_shop_with_paid_orders()
    right = shop.account.intents.copy()
    shop.order("order-9")
    # The other account has a payment for an order of the same id.
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
    assert status_of(shop.job()) == 500
    shop.account.intents = {**right, **foreign}
    assert shop.reconcile().closed == ("key_of_another_account_stripe",)


def test_a_shop_whose_older_payments_are_of_an_earlier_account_has_the_right_key() -> None:
    shop = a_shop_with_paid_orders()
    shop.account.intents.clear()
    shop.later(days=8)
    shop.order("order-9")
    shop.pay("order-9")
    shop.deliver(shop.account.events[-5:])
    shop.later(hours=3)
    assert shop.reconcile().at_stripe is AtStripe.ASKED
    assert "key_of_another_account_stripe" not in shop.open_findings()
