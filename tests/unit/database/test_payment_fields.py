"""What an order's fields say about its price and payments, written by this release, an older one, or anybody else."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from database.documents.orders import changed_fields, held_fields, order_from
from database.documents.payment_fields import payments_fields
from orders.adjustments import ADJUSTMENTS_MAX, LABEL_CHARACTERS_MAX, Adjustment, AdjustmentKind
from orders.money import Money
from orders.payments import Payment, Payments, PaymentState
from tests.support.builders import LATER, NOW, Fields, a_reserved_order, an_order
from tests.support.orders import EUR_36, PAID, UNPRICED, a_sold_order, paid_as

# --- Payments ---------------------------------------------------------------------------------------------------------

VOUCHER = Payment("pi_2", PaymentState.PROCESSING, NOW, until=LATER, is_doubtful=True, attempt=2)
A_PAYMENT: Any = payments_fields(paid_as())["pi_1"]
NO_PAYMENTS: list[object] = [
    *({**A_PAYMENT, "state": state} for state in (None, "paid", 7, ["succeeded"])),
    *({**A_PAYMENT, "at": at} for at in (None, "now", 7)),
    "succeeded",
    None,
]


@pytest.mark.parametrize("payment", NO_PAYMENTS)
def test_a_payment_that_cannot_be_read_is_none_and_the_others_are_as_they_are(payment: object) -> None:
    order = order_from("order-1", an_order(payments={"pi_1": payment, **payments_fields(Payments.of(VOUCHER))}))
    assert order.payments == Payments.of(VOUCHER)


@pytest.mark.parametrize("value", [None, [], "pi_1", {7: A_PAYMENT}], ids=str)
def test_payments_that_are_no_map_are_none(value: object) -> None:
    assert order_from("order-1", an_order(payments=value)).payments == Payments()


@pytest.mark.parametrize(
    ("broken", "changes"),
    [
        ({"amount": -1}, {"money": None}),
        ({"currency": "EUR"}, {"money": None}),
        ({"chargeId": 7}, {"charge_id": None}),
        ({"until": "soon"}, {"until": None}),
        ({"amountRefunded": "all"}, {"amount_refunded": 0}),
        ({"doubtful": "true"}, {"is_doubtful": False}),
        ({"attempt": "1"}, {"attempt": None}),
        ({"funded": {"amount": -1, "currency": "eur"}}, {"funded": None}),
        ({"funded": 2_400}, {"funded": None}),
    ],
    ids=str,
)
def test_what_cannot_be_read_of_a_payment_is_unknown_and_the_rest_is_as_it_is(
    broken: Fields, changes: dict[str, Any]
) -> None:
    order = order_from("order-1", an_order(payments={"pi_1": {**A_PAYMENT, **broken}}))
    assert order.payments == paid_as(**changes)


# --- Of an older release ----------------------------------------------------------------------------------------------

OLDER = {"paymentIntentId": "pi_1", "chargeId": "ch_1", "webhookEventId": "evt_0", "finalizedAt": NOW}
RECEIVED = {"amountReceived": 3_600, "currencyReceived": "eur"}
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
OLDER_ORDERS: dict[str, tuple[dict[str, object], Payments]] = {
    # fields of an order that lists no payments: the payments read from them
    "all of it": ({**OLDER, **RECEIVED, "chargeAmountRefunded": 1_200}, paid_as(amount_refunded=1_200)),
    "no amount": (OLDER, paid_as()),
    "another amount": ({**OLDER, "amountReceived": 1, "currencyReceived": "usd"}, paid_as(money=Money(1, "usd"))),
    "no amount, and nothing was asked": ({**OLDER, "amountTotal": None}, paid_as(money=None)),
    "its charge alone": ({**OLDER, "paymentIntentId": None}, paid_as(payment_id="ch_1")),
    "its event alone": (
        {"webhookEventId": "evt_0", "finalizedAt": NOW, "amountReceived": 0},
        paid_as(payment_id="evt_0", charge_id=None, money=Money(0, "eur")),
    ),
    "names and an amount": ({"paymentIntentId": "pi_1", **RECEIVED}, paid_as(charge_id=None, at=LONG_AGO)),
    "an event without its time": ({**OLDER, "finalizedAt": None}, paid_as(at=LONG_AGO)),
    "a total that is none": ({**OLDER, "chargeAmountRefunded": -1}, paid_as()),
    "an expected payment": ({"paymentIntentId": "pi_1", "chargeId": "ch_1"}, Payments()),
    "an amount without a name": (RECEIVED, Payments()),
    "a name that is none": ({**OLDER, "paymentIntentId": 7, "chargeId": ["ch_1"]}, Payments()),
    "a list of payments beside": ({**OLDER, **RECEIVED, "payments": {}}, Payments()),
}


@pytest.mark.parametrize(("fields", "known"), OLDER_ORDERS.values(), ids=OLDER_ORDERS)
def test_what_paid_for_an_order_that_lists_no_payments_is_taken_from_its_other_fields(
    fields: dict[str, object], known: Payments
) -> None:
    assert order_from("order-1", a_reserved_order(**fields)).payments == known


def test_an_older_order_lists_its_payment_as_soon_as_more_is_known_of_it() -> None:
    older = order_from("order-1", a_reserved_order(status="finalized", **OLDER, **RECEIVED))
    assert (older.received, older.paid_with, older.settled_by) == (EUR_36, (PAID,), "evt_0")
    further = replace(older, payments=older.payments.with_report(replace(PAID, amount_refunded=1_200)))
    written = changed_fields(older, further)
    assert written.keys() == {"payments", "chargeAmountRefunded", "amountRefunded"}
    assert order_from("order-1", a_reserved_order(**{**OLDER, **RECEIVED, **written})).payments == further.payments


# --- What is asked ----------------------------------------------------------------------------------------------------

SHIPPING: Fields = {"kind": "shipping", "amount": 490, "label": "Parcel"}
NOT_ADJUSTED = "adjustments must be a list of at most 100"
NOT_ONE = "adjustment {} needs a known kind, a whole amount in minor units and at most a short label"
INVALID_ADJUSTMENTS: list[tuple[object, str]] = [
    *((value, NOT_ADJUSTED) for value in ("shipping", {"shipping": 490}, 490, [SHIPPING] * 101)),
    *(([{**SHIPPING, "kind": kind}], NOT_ONE.format(1)) for kind in ("Shipping", "", None, 1, ["shipping"])),
    *(([{**SHIPPING, "amount": amount}], NOT_ONE.format(1)) for amount in (4.9, "490", None, True, 10**15 + 1)),
    *(([SHIPPING, {**SHIPPING, "label": label}], NOT_ONE.format(2)) for label in (7, "x" * 201, ["Parcel"])),
    ([SHIPPING, SHIPPING, None], NOT_ONE.format(3)),
    ([{}, "shipping"], NOT_ONE.format(1)),
]


@pytest.mark.parametrize(("value", "defect"), INVALID_ADJUSTMENTS)
def test_adjustments_of_which_one_cannot_be_read_are_none_and_say_why(value: object, defect: str) -> None:
    order = order_from("order-1", a_reserved_order(adjustments=value))
    assert (order.adjustments, order.price_defect, order.paying) == ((), defect, ())


@pytest.mark.parametrize("value", [None, []])
def test_no_adjustments_are_no_defect(value: object) -> None:
    order = order_from("order-1", a_reserved_order(adjustments=value))
    assert (order.adjustments, order.price_defect, order.asked) == ((), None, EUR_36)


@pytest.mark.parametrize("kind", list(AdjustmentKind))
def test_adjustments_of_every_kind_are_part_of_what_is_asked(kind: AdjustmentKind) -> None:
    order = order_from("order-1", a_reserved_order(adjustments=[{"kind": str(kind), "amount": -600}, SHIPPING]))
    assert order.adjustments == (Adjustment(kind, -600), Adjustment(AdjustmentKind.SHIPPING, 490, "Parcel"))
    most = [{"kind": str(kind), "amount": 1, "label": "x" * LABEL_CHARACTERS_MAX}] * ADJUSTMENTS_MAX
    assert len(order_from("order-1", a_reserved_order(adjustments=most)).adjustments) == ADJUSTMENTS_MAX
    assert order.asked == Money(3_490, "eur")


USD_40 = Money(4_000, "usd")
NO_TOTAL = "amountTotal must be a whole amount in minor units, with a currency such as 'eur'"
TOTALS: list[tuple[Fields, str | None]] = [
    ({"amountTotal": 5_000}, None),
    ({"amountTotal": None}, None),
    ({"amountTotal": None, "itemsTotal": None, "currency": None}, None),
    ({"amountTotal": "5000"}, NO_TOTAL),
    ({"amountTotal": 50.5}, NO_TOTAL),
    ({"amountTotal": 5_000, "itemsTotal": None, "currency": None}, NO_TOTAL),
    ({"amountTotal": "5000", "adjustments": [SHIPPING]}, NO_TOTAL),
]


IN_DOLLARS: Fields = {"itemsCurrency": "eur", "currency": "usd"}
ONLY_IN_EURO = "adjustments are added to a price in 'eur': in another currency, write only amountTotal"


def test_the_backends_adjustments_are_not_added_to_a_price_in_another_currency() -> None:
    dollars = a_reserved_order(**IN_DOLLARS, amountTotal=4_000)
    assert (order_from("order-1", dollars).price_defect, order_from("order-1", dollars).asked) == (None, USD_40)
    assert order_from("order-1", {**dollars, "adjustments": [SHIPPING]}).price_defect == ONLY_IN_EURO
    # The service's own session adds to what was asked, in whatever currency.
    others = [{"kind": "other", "amount": 400}, SHIPPING]
    in_session = order_from("order-1", {**dollars, "adjustments": others, "addedInCheckout": others})
    assert (in_session.price_defect, in_session.asked) == (None, Money(4_490, "usd"))


@pytest.mark.parametrize(("fields", "defect"), TOTALS, ids=str)
def test_a_total_that_cannot_be_read_is_a_defect(fields: Fields, defect: str | None) -> None:
    assert order_from("order-1", a_reserved_order(**fields)).price_defect == defect


@pytest.mark.parametrize(
    ("prices", "priced_by"),
    [({}, "catalogue"), ({"total": Money(1, "eur")}, "backend"), ({"items_total": None}, "backend"), (UNPRICED, None)],
    ids=str,
)
def test_it_is_written_who_has_priced_an_order(prices: dict[str, Any], priced_by: str | None) -> None:
    assert held_fields(a_sold_order(**prices), NOW)["pricedBy"] == priced_by


def test_the_currency_of_an_order_whose_total_is_gone_is_that_of_its_items() -> None:
    assert held_fields(a_sold_order(total=None, payments=paid_as(money=Money(1, "usd"))), NOW)["currency"] == "eur"
