"""The stand-in's Checkout sessions: it refuses what Stripe refuses, and reports what follows from a payment."""

import time
from typing import Any

import pytest
from stripe.params.checkout import SessionCreateParams

from orders.event_kinds import EventKind
from orders.events import Ignored, NotUnderstood
from tests.support.stripe_requests import a_session_request, as_stripe_reads
from tests.support.translating import translated
from tools.stripe_events import Json
from tools.stripe_stand_in import sessions
from tools.stripe_stand_in.account import Account
from tools.stripe_stand_in.refusals import Refused

NOW = 1_800_000_000
A_SESSION: Any = SessionCreateParams
HALF_AN_HOUR, A_DAY = 30 * 60, 24 * 60 * 60


@pytest.fixture
def account() -> Account:
    return Account("http://stand-in.example", lambda: NOW)


def opened(account: Account, **fields: Any) -> Json:
    request = {name: value for name, value in a_session_request(**fields).items() if value is not None}
    return sessions.create(account, as_stripe_reads(request, A_SESSION))


def paid(account: Account, session: Json, **fields: Any) -> Json:
    return sessions.complete(account, session, **{"shipping": 0, "tax": 0, "discount": 0, "is_slow": False, **fields})


def reported(account: Account) -> list[str]:
    return [event["type"] for event in account.events]


def line(**fields: object) -> list[Json]:
    """An order line with these changes to its price."""
    price = {"currency": "eur", "unit_amount": 1_200, "product_data": {"name": "Shirt"}, **fields}
    return [{"quantity": 3, "price_data": {name: value for name, value in price.items() if value is not None}}]


RATE = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 490, "currency": "eur"}}


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"mode": None}, "The stand-in knows sessions of mode `payment` alone"),
        ({"mode": "subscription"}, "The stand-in knows sessions of mode `payment` alone"),
        ({"line_items": None}, "A session has from 1 to 100 line items"),
        ({"line_items": line() * 101}, "A session has from 1 to 100 line items"),
        ({"line_items": [{"quantity": 1}]}, "You must specify either `price` or `price_data`"),
        ({"line_items": [{"price": "price_1", "quantity": 1}]}, "No such price: 'price_1'"),
        ({"line_items": line(product="prod_1")}, "You must specify either `product` or `product_data`"),
        ({"line_items": line(product="prod_1", product_data=None)}, "No such product: 'prod_1'"),
        ({"line_items": line(unit_amount=None)}, "You must specify either `unit_amount` or `unit_amount_decimal`"),
        ({"line_items": line(unit_amount=-1)}, "Invalid non-negative integer"),
        ({"line_items": line(currency="EUR")}, "Invalid currency: EUR"),
        ({"line_items": line(unit_amount=10)}, "The Checkout Session's total amount must be at least 50"),
        ({"line_items": line(unit_amount=99_999_999)}, "The Checkout Session's total amount is too large"),
        ({"line_items": [{**line()[0], "quantity": 0}]}, "Quantity is required"),
        ({"line_items": [*line(), *line(currency="usd")]}, "All line items must have the same currency"),
        ({"success_url": None}, "Missing required param: success_url"),
        ({"success_url": "/thanks"}, "Not a valid URL"),
        ({"ui_mode": "embedded_page"}, "`success_url` is not allowed with this ui_mode"),
        ({"ui_mode": "embedded_page", "success_url": None, "cancel_url": None}, "Missing required param: return_url"),
        ({"expires_at": NOW + HALF_AN_HOUR - 1}, "The `expires_at` timestamp must be at least 30 minutes from"),
        ({"expires_at": NOW + A_DAY + 1}, "The `expires_at` timestamp must be less than 24 hours from"),
        ({"allow_promotion_codes": True, "discounts": [{"coupon": "c"}]}, "You may only specify one of these"),
        ({"customer": "cus_1", "customer_email": "a@b.example"}, "You may only specify one of these"),
        ({"client_reference_id": "x" * 201}, "Invalid client_reference_id"),
        ({"shipping_options": [{"shipping_rate": "shr_1"}]}, "No such shipping rate: 'shr_1'"),
        ({"shipping_options": [{"shipping_rate_data": RATE}] * 6}, "You may only specify up to 5 shipping options"),
    ],
)
def test_what_stripe_refuses_of_a_session_is_refused(account: Account, fields: Json, refusal: str) -> None:
    with pytest.raises(Refused) as refused:
        opened(account, **fields)
    assert str(refused.value).startswith(refusal)
    assert account.sessions == {}


@pytest.mark.parametrize("seconds", [HALF_AN_HOUR, A_DAY])
def test_a_session_ends_when_it_is_said_to(account: Account, seconds: int) -> None:
    session = opened(account, expires_at=NOW + seconds)
    account.ahead_seconds = seconds - 1
    sessions.expire_what_is_due(account)
    assert session["status"] == "open"
    account.ahead_seconds = seconds
    sessions.expire_what_is_due(account)
    assert (session["status"], session["url"], reported(account)) == ("expired", None, ["checkout.session.expired"])


def test_totals_add_up_from_what_the_customer_chose(account: Account) -> None:
    rates = [{"shipping_rate_data": RATE}, {"shipping_rate": "shr_express"}]
    account.shipping_rates["shr_express"] = {"id": "shr_express", "amount": 990, "currency": "eur"}
    session = opened(account, shipping_options=rates)
    assert (session["amount_subtotal"], session["amount_total"]) == (3_600, 4_090), "the first one, until it is changed"
    paid(account, session, shipping=1, tax=200, discount=300)
    assert (session["amount_subtotal"], session["amount_total"]) == (3_600, 3_600 - 300 + 990 + 200)
    assert session["total_details"] == {"amount_discount": 300, "amount_shipping": 990, "amount_tax": 200}
    assert session["shipping_cost"]["shipping_rate"] == "shr_express"
    assert {event["data"]["object"].get("amount", 4_490) for event in account.events} == {4_490}


def test_events_of_one_payment_mean_to_the_service_what_happened(account: Account) -> None:
    paid(account, opened(account))
    assert reported(account) == ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]
    for event in map(translated, account.events):
        assert not isinstance(event, Ignored | NotUnderstood)
        assert (event.kind, event.order_id) == (EventKind.PAYMENT_SUCCEEDED, "order-1")
    assert len({event["data"]["object"].get("payment_intent") for event in account.events} - {None}) == 1


def test_slow_money_is_on_its_way_until_it_is_there_or_never_will_be(account: Account) -> None:
    for is_paid, end in ((True, "succeeded"), (False, "failed")):
        session = opened(account)
        before = len(account.events)
        paid(account, session, is_slow=True)
        assert (session["status"], session["payment_status"]) == ("complete", "unpaid")
        sessions.settle(account, session, is_paid=is_paid)
        kinds = [getattr(translated(event), "kind", None) for event in account.events[before:]]
        outcome = EventKind.PAYMENT_SUCCEEDED if is_paid else EventKind.PAYMENT_FAILED
        assert kinds == [EventKind.PAYMENT_PROCESSING] * 3 + [outcome] * 3
        assert reported(account)[-1] == f"checkout.session.async_payment_{end}"
        with pytest.raises(Refused, match=r"^No money of this session is on its way\.$"):
            sessions.settle(account, session, is_paid=is_paid)


def test_a_card_that_is_declined_leaves_the_session_open_and_its_payment_intent_the_same(account: Account) -> None:
    session = opened(account)
    sessions.decline(account, session)
    declined = session["payment_intent"]
    assert (session["status"], reported(account)) == ("open", ["charge.failed", "payment_intent.payment_failed"])
    paid(account, session)
    assert session["payment_intent"] == declined
    assert len(account.charges) == 2


def test_what_costs_nothing_has_no_payment(account: Account) -> None:
    session = paid(account, opened(account), discount=3_600)
    assert (session["payment_status"], session["payment_intent"]) == ("no_payment_required", None)
    assert reported(account) == ["checkout.session.completed"]


@pytest.mark.parametrize("end", [sessions.expire, paid])
def test_a_session_that_is_not_open_is_neither_paid_nor_expired(account: Account, end: Any) -> None:
    session = opened(account)
    end(account, session)
    for again in (sessions.expire, paid, sessions.decline):
        with pytest.raises(Refused):
            again(account, session)


def test_an_event_keeps_its_object_as_it_was(account: Account) -> None:
    session = paid(account, opened(account), is_slow=True)
    sessions.settle(account, session, is_paid=True)
    completed = next(event for event in account.events if event["type"] == "checkout.session.completed")
    assert completed["data"]["object"]["payment_status"] == "unpaid"


def test_ids_differ_from_start_to_start() -> None:
    assert Account("", time.time).new_name() != Account("", time.time).new_name()
