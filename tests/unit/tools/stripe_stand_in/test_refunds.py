"""The stand-in's refunds: never more than was paid, and each outcome is reported."""

import pytest

from orders.events import RefundUpdated
from orders.refunds import RefundStatus
from tests.support.stripe_requests import a_session_request
from tests.support.translating import translated
from tools.stripe_events import Json
from tools.stripe_stand_in import refunds, sessions
from tools.stripe_stand_in.account import Account
from tools.stripe_stand_in.refusals import Refused

NOW = 1_800_000_000


@pytest.fixture
def account() -> Account:
    return Account("http://stand-in.example", lambda: NOW)


@pytest.fixture
def payment(account: Account) -> Json:
    """A payment of 36.00."""
    session = sessions.create(account, a_session_request())
    sessions.complete(account, session, shipping=0, tax=0, discount=0, is_slow=False)
    account.events.clear()
    return {"payment_intent": session["payment_intent"]}


def reported(account: Account) -> list[str]:
    return [event["type"] for event in account.events]


def test_refunds_add_up_to_what_was_paid_and_no_further(account: Account, payment: Json) -> None:
    refunds.create(account, {**payment, "amount": 600})
    with pytest.raises(Refused, match=r"^Refund amount \(3001\) is greater than unrefunded amount on charge \(3000\)$"):
        refunds.create(account, {**payment, "amount": 3_001})
    assert refunds.create(account, payment)["amount"] == 3_000
    (charge,) = account.charges.values()
    assert (charge["amount_refunded"], charge["refunded"]) == (3_600, True)
    assert reported(account) == ["refund.created", "charge.refunded"] * 2
    with pytest.raises(Refused) as refused:
        refunds.create(account, {"charge": charge["id"]})
    assert refused.value.body["error"]["code"] == "charge_already_refunded"


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({}, "One of the following params should be provided for this request: payment_intent or charge."),
        ({"payment_intent": "pi_x"}, "No such payment_intent: 'pi_x'"),
        ({"charge": "ch_x"}, "No such charge: 'ch_x'"),
        ({"charge": "ch_x", "payment_intent": "its own"}, "This charge is not of this PaymentIntent."),
        ({"payment_intent": "its own", "amount": 0}, "Invalid positive integer"),
    ],
)
def test_what_stripe_refuses_of_a_refund_is_refused(account: Account, payment: Json, asked: Json, refusal: str) -> None:
    own = {name: payment["payment_intent"] if value == "its own" else value for name, value in asked.items()}
    with pytest.raises(Refused) as refused:
        refunds.create(account, own)
    assert str(refused.value) == refusal


def test_money_that_is_not_there_yet_cannot_be_refunded(account: Account) -> None:
    session = sessions.create(account, a_session_request())
    sessions.complete(account, session, shipping=0, tax=0, discount=0, is_slow=True)
    with pytest.raises(Refused, match=r"^pi_\w+ does not have a successful charge to refund\.$"):
        refunds.create(account, {"payment_intent": session["payment_intent"]})


@pytest.mark.parametrize(
    ("is_paid", "end", "status", "refunded"),
    [(True, "refund.updated", RefundStatus.SUCCEEDED, 3_600), (False, "refund.failed", RefundStatus.FAILED, 0)],
    ids=["paid", "failed"],
)
def test_a_pending_refund_ends_as_the_bank_says(
    account: Account, payment: Json, is_paid: object, end: str, status: RefundStatus, refunded: int
) -> None:
    account.refund_outcome = "pending"
    refund = refunds.create(account, payment)
    assert refund["status"] == "pending"
    refunds.end(account, refund, is_paid=bool(is_paid))
    assert reported(account) == ["refund.created", "charge.refunded", end, "charge.refund.updated"]
    event = translated(account.events[-1])
    assert isinstance(event, RefundUpdated)
    assert [each.status for each in event.refunds.by_id.values()] == [status]
    assert account.charges[refund["charge"]]["amount_refunded"] == refunded
    with pytest.raises(Refused, match=r"^This refund is "):
        refunds.end(account, refund, is_paid=True)


def test_a_refund_may_fail_after_it_was_accepted(account: Account, payment: Json) -> None:
    account.refund_outcome = "failed"
    refunds.create(account, payment)
    assert reported(account) == ["refund.created", "charge.refunded", "refund.failed", "charge.refund.updated"]
    assert account.events[0]["data"]["object"]["status"] == "pending"
