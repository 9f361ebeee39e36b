"""Each rule finds its disagreement, with words and a command, and nothing in a consistent shop."""

import shlex
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from typing import Any, Final

import pytest

from orders.checkout import Checkout, CheckoutState
from orders.money import Money
from orders.order import OrderLine, OrderStatus
from orders.payments import Payments
from orders.refunds import Refunds, RefundStatus
from reconciliation import rules
from reconciliation.finding import Subject
from reconciliation.registry import RULES, findings_of
from reconciliation.subjects import (
    EffectRecord,
    EventRecord,
    EventToSettle,
    InventoryRecord,
    KeyInUse,
    OrderRecord,
    PaymentOnBothSides,
    ProductRecord,
    RefundsOnBothSides,
    TakingRecord,
    ToCompare,
)
from stripe_api.lists import ListedRefund
from tests.support.builders import NOW
from tests.support.reconciling import a_paid_order, an_intent
from tests.support.refunds import a_refund
from tools.toolchain import ROOT

ORDER: Final = a_paid_order()
PAYMENT: Final = PaymentOnBothSides("pi_1", "order-1", an_intent(), ORDER)
REFUNDED: Final = replace(ORDER, refunds=Refunds.of(a_refund(amount=600)))
REFUNDS: Final = RefundsOnBothSides(
    ORDER.payments.succeeded[0], REFUNDED, [ListedRefund("re_1", RefundStatus.SUCCEEDED, 600, "pi_1", NOW)]
)
RECORD: Final = OrderRecord(ORDER, NOW, {"shirt": -3}, indexed={"pi_1": "order-1", "ch_1": "order-1"})
SESSION: Final = Checkout(1, Money(3_600, "eur"), adds=False, expires_at=NOW + timedelta(hours=1), session_id="cs_1")
CLOSED: Final = replace(RECORD, order=replace(ORDER, status=OrderStatus.CANCELLED), checkout=SESSION)
SHIRTS: Final = ProductRecord("shirt", reserved=3, held=3, stock=7, stock_of_trail=7)
TAKING: Final = TakingRecord("order-1", {"shirt": 3}, NOW, NOW + timedelta(minutes=9))
EVENT: Final = EventRecord("evt_1", "order-1", is_claimed=True, has_entry=True)
DUE: Final = EffectRecord("mail_1", "mail", "order-1", NOW, NOW + timedelta(hours=1))
PAGE: Final = "./shop why order-1"

BROKEN: Final[Mapping[str, tuple[Subject, str, str]]] = {
    "paid_only_at_stripe": (
        replace(PAYMENT, order=replace(ORDER, payments=Payments(), status=OrderStatus.EXPIRED)),
        "Stripe has received 3600 eur as pi_1, but order order-1 is expired without it",
        "./shop why pi_1",
    ),
    "paid_only_here": (
        replace(PAYMENT, at_stripe=an_intent(status="canceled", amount_received=0)),
        "order order-1 was paid with pi_1, but at Stripe it is canceled",
        PAGE,
    ),
    "amounts_differ": (
        replace(PAYMENT, at_stripe=an_intent(amount_received=3_601)),
        "Stripe has received 3601 eur as pi_1, but the order says 3600 eur",
        PAGE,
    ),
    "refunds_differ": (
        replace(REFUNDS, order=ORDER),
        "Stripe has refunded 600 of pi_1, but order order-1 says 0",
        PAGE,
    ),
    "units_not_taken": (
        replace(RECORD, stock_moved={"shirt": -2}),
        "order order-1 is finalized: 3 of shirt were sold, but 2 were taken",
        PAGE,
    ),
    "payment_not_indexed": (
        replace(RECORD, indexed={"pi_1": "order-1", "ch_1": None}),
        "order order-1 was paid with ch_1, whose refunds would not find the order",
        PAGE,
    ),
    "session_of_closed_order": (
        CLOSED,
        "order order-1 is cancelled, but can still be paid in cs_1 until 2026-03-14 16:09 UTC",
        PAGE,
    ),
    "inventory_unreadable": (InventoryRecord("shirt", "x"), "nobody can order shirt: x", "./shop stock show shirt"),
    "reserved_not_held": (
        replace(SHIRTS, held=1),
        "3 of shirt are reserved, but orders hold 1",
        "./shop stock recount shirt",
    ),
    "stock_off_trail": (
        replace(SHIRTS, stock=17),
        "stock of shirt is 17, but 7 by the trail: +10 is unexplained",
        "./shop stock add shirt 0",
    ),
    "taking_overdue": (
        replace(TAKING, now=NOW + timedelta(minutes=10)),
        "units of order order-1 were sold at 2026-03-14 15:09 UTC, but are not taken yet",
        PAGE,
    ),
    "claim_without_entry": (
        replace(EVENT, has_entry=False),
        "evt_1 is marked as settled, but no audit entry says what was done",
        "./shop why evt_1",
    ),
    "effect_stuck": (DUE, "mail was due at 2026-03-14 15:09 UTC, but was not tried", PAGE),
}

BROKEN_BY_THE_RUN: Final[Mapping[str, tuple[Subject, str, str]]] = {
    "event_not_settled": (
        EventToSettle("evt_1", "StoreContended: ABORTED"),
        "evt_1 could not be settled: StoreContended: ABORTED",
        "./shop replay evt_1",
    ),
    "not_compared": (
        ToCompare("pi_1", "order-1", "StripeUnavailable: Stripe answers 500"),
        "pi_1 could not be compared: StripeUnavailable: Stripe answers 500",
        "./shop why pi_1",
    ),
    "key_of_another_account": (
        KeyInUse(["pi_1", "pi_2", "pi_3"]),
        "with this key Stripe knows none of pi_1, pi_2, pi_3: it belongs to another account or mode",
        "./shop why pi_1",
    ),
}
"""No shop can cause these: the run itself meets them."""

IDS: Final = frozenset({"order-1", "shirt", "pi_1", "pi_2", "pi_3", "ch_1", "evt_1"})
IN_ORDER: Final[Mapping[str, Subject]] = {
    "a payment": PAYMENT,
    "a payment that nobody has made": replace(PAYMENT, order=None, at_stripe=an_intent(status="processing")),
    "a payment of which only a part was captured": replace(PAYMENT, at_stripe=an_intent(status="canceled")),
    "a payment that neither knows": replace(PAYMENT, order=None, at_stripe=None),
    "refunds": REFUNDS,
    "a refund that is pending": replace(
        REFUNDS, order=ORDER, at_stripe=[ListedRefund("re_1", RefundStatus.PENDING, 600, "pi_1", NOW)]
    ),
    "an order": RECORD,
    "an order that was held and paid later": replace(
        RECORD, order=replace(ORDER, finalized_at=None, status=OrderStatus.REVIEW), stock_moved={}
    ),
    "an order that was never finalized, whatever it is now": replace(
        RECORD, order=replace(ORDER, finalized_at=None), stock_moved={}
    ),
    "units that came back": replace(RECORD, order=REFUNDED, stock_moved={"shirt": -2}),
    "units that came back while their product was never short": replace(RECORD, order=REFUNDED),
    "units that could not be counted": replace(RECORD, stock_moved={}, uncounted=frozenset({"shirt"})),
    "units that are never short": replace(
        RECORD, order=replace(ORDER, unlimited=frozenset({"shirt"}), returned={"shirt": 1}), stock_moved={}
    ),
    "an order under an id that was used before": replace(
        RECORD, order=replace(ORDER, finalized_at=None, failure_reason="id_used_before")
    ),
    "a session of an open order": replace(RECORD, checkout=SESSION),
    "a session that is over": replace(CLOSED, checkout=replace(SESSION, state=CheckoutState.EXPIRED)),
    "a session whose time is out": replace(CLOSED, checkout=replace(SESSION, expires_at=NOW)),
    "a session that Stripe has yet to make": replace(CLOSED, checkout=replace(SESSION, session_id=None)),
    "a product": SHIRTS,
    "a product whose figures can be read": InventoryRecord("shirt", None),
    "a product that is never short": replace(SHIRTS, stock=None),
    "a product of which some is sold and not taken": replace(SHIRTS, reserved=5, stock=9, to_take=2),
    "what was sold just now": TAKING,
    "a product that is new": replace(SHIRTS, stock_of_trail=None),
    "an event": EVENT,
    "an event that is parked": replace(EVENT, is_claimed=False, has_entry=False),
    "an event that was settled": EventToSettle("evt_1"),
    "an order that was compared": ToCompare("order-1"),
    "a key that knows a payment of ours": KeyInUse(()),
    "a key that does not know two payments": KeyInUse(["pi_1", "pi_2"]),
    "an effect that the sweep may be about to perform": replace(DUE, now=NOW + timedelta(minutes=59)),
}


@pytest.mark.parametrize("rule", [*BROKEN, *BROKEN_BY_THE_RUN])
def test_a_rule_finds_what_is_broken_and_says_what_to_do(rule: str) -> None:
    subject, words, remedy = {**BROKEN, **BROKEN_BY_THE_RUN}[rule]
    assert [(each.rule, each.words, each.remedy) for each in findings_of(subject)] == [(rule, words, remedy)]


@pytest.mark.parametrize("what", IN_ORDER)
def test_nothing_is_found_where_all_is_in_order(what: str) -> None:
    assert findings_of(IN_ORDER[what]) == ()


@pytest.mark.parametrize("prefix", ["-", "$(rm -r .) "])
@pytest.mark.parametrize("rule", [*BROKEN, *BROKEN_BY_THE_RUN])
def test_a_remedy_can_be_copied_whatever_somebody_has_made_an_id(rule: str, prefix: str) -> None:
    subject, _, remedy = {**BROKEN, **BROKEN_BY_THE_RUN}[rule]
    (found,) = findings_of(with_ids(subject, prefix))
    words = [f"{prefix}{word}" if word in IDS else word for word in remedy.split()]
    first = next(number for number, word in enumerate(words) if word.startswith(prefix))
    assert shlex.split(found.remedy) == [*words[:first], *(["--"] if prefix == "-" else []), *words[first:]]


def with_ids(value: Any, prefix: str) -> Any:
    """The same with other ids, wherever they occur."""
    made: Any = type(value)
    if isinstance(value, str):
        return f"{prefix}{value}" if value in IDS else value
    if isinstance(value, Mapping):
        return {with_ids(key, prefix): with_ids(each, prefix) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return made(with_ids(each, prefix) for each in value)
    if is_dataclass(value):
        named = ((each.name, getattr(value, each.name)) for each in fields(value) if each.init)
        return made(**{name: with_ids(each, prefix) for name, each in named})
    return value


def test_every_file_of_a_rule_is_registered_under_its_name_and_tried_here() -> None:
    files = {path.stem for path in (ROOT / "reconciliation" / "rules").glob("*.py")} - {"__init__"}
    assert files == {rule.name for rule in RULES} == BROKEN.keys() | BROKEN_BY_THE_RUN.keys()
    assert len(RULES) == len(files)
    assert rules.__doc__


def test_a_payment_of_no_order_and_one_whose_event_could_not_be_settled_are_said_to_be_so() -> None:
    (lost,) = findings_of(replace(PAYMENT, order=None, event_id="evt_9"))
    assert (lost.words, lost.remedy) == (
        "Stripe has received 3600 eur as pi_1, but order order-1 does not exist",
        "./shop replay evt_9",
    )
    assert (lost.finding_id, lost.order_id) == ("paid_only_at_stripe_pi_1", "order-1")
    (unknown,) = findings_of(replace(PAYMENT, at_stripe=None))
    assert unknown.words == "order order-1 was paid with pi_1, but Stripe has no such payment"


def test_what_becomes_of_an_order_meanwhile_makes_nothing_else_of_what_is_wrong_with_it() -> None:
    expired, units = (BROKEN[name][0] for name in ("paid_only_at_stripe", "units_not_taken"))
    assert isinstance(expired, PaymentOnBothSides)
    assert isinstance(units, OrderRecord)
    held = replace(expired, order=replace(ORDER, payments=Payments(), status=OrderStatus.RESERVED))
    refunded = replace(units, order=replace(units.order, status=OrderStatus.PARTIALLY_REFUNDED))
    for before, after in ((held, expired), (held, replace(held, order=None)), (units, refunded)):
        (found,), (again,) = findings_of(before), findings_of(after)
        assert (again.difference, again.words != found.words) == (found.difference, True)
        assert found.difference
    (less,) = findings_of(replace(units, stock_moved={"shirt": -1}))
    (more,) = findings_of(replace(held, at_stripe=an_intent(amount_received=3_601)))
    assert {less.difference, more.difference}.isdisjoint({found.difference for found in findings_of(units)})
    assert more.difference not in {found.difference for found in findings_of(held)}


def test_what_there_is_none_or_more_of_is_said_all_the_same() -> None:
    unknown = Payments.of(replace(ORDER.payments.succeeded[0], money=None))
    for subject, words, remedy in (
        (replace(DUE, order_id=None), BROKEN["effect_stuck"][1], "./shop status"),
        (
            replace(PAYMENT, order=replace(ORDER, payments=unknown)),
            "Stripe has received 3600 eur as pi_1, but the order says nothing",
            PAGE,
        ),
        (replace(TAKING, paid_at=None), "units are to be taken for order order-1, which was not sold", PAGE),
        (replace(TAKING, units=None), "units are to be taken for order order-1, but it cannot be read how many", PAGE),
        (
            replace(SHIRTS, to_take=1),
            "3 of shirt are reserved, but orders hold 3 and 1 that are sold are still to be taken",
            "./shop stock recount shirt",
        ),
        (
            replace(RECORD, indexed={}),
            "order order-1 was paid with pi_1 and ch_1, whose refunds would not find the order",
            PAGE,
        ),
    ):
        found = [(each.words, each.remedy) for each in findings_of(subject) if each.rule != "stock_off_trail"]
        assert found == [(words, remedy)]


def test_only_what_stripe_has_received_and_the_order_has_not_is_only_at_stripe() -> None:
    unpaid = replace(ORDER, payments=Payments())
    assert replace(PAYMENT, order=unpaid).is_only_at_stripe
    for known in (PAYMENT, replace(PAYMENT, at_stripe=None), replace(PAYMENT, order=unpaid, at_stripe=None)):
        assert not known.is_only_at_stripe


def test_money_in_another_currency_is_other_money() -> None:
    (found,) = findings_of(replace(PAYMENT, at_stripe=an_intent(currency="usd")))
    assert found.words == "Stripe has received 3600 usd as pi_1, but the order says 3600 eur"


@pytest.mark.parametrize("moved", [-4, 4])
def test_a_refunded_order_neither_takes_nor_returns_more_units_than_it_sold(moved: int) -> None:
    (found,) = findings_of(replace(RECORD, order=REFUNDED, stock_moved={"shirt": moved}))
    assert found.words == f"order order-1 is finalized: 3 of shirt were sold, but {-moved} were taken"


@pytest.mark.parametrize("moved", [-3, 3])
def test_what_went_while_its_product_was_not_counted_may_come_back_counted(moved: int) -> None:
    assert findings_of(replace(RECORD, order=REFUNDED, stock_moved={"shirt": moved})) == ()


def test_units_of_a_product_that_the_order_never_sold_are_missed() -> None:
    more = replace(ORDER, lines=(OrderLine("shirt", 3), OrderLine("mug", 1)))
    (found,) = findings_of(replace(RECORD, order=more, stock_moved={"shirt": -3, "hat": -1}))
    assert found.words.endswith(": 0 of hat were sold, but 1 were taken; 1 of mug were sold, but 0 were taken")
