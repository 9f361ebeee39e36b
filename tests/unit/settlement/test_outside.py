"""What a change causes outside: who gets a message by which channel, and which payments are refunded."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from effects.effect import EffectKind
from notifications.notices import NoticeType
from orders.money import Money
from orders.order import Order, OrderStatus
from orders.payments import Payment, Payments, PaymentState
from orders.refunds import Refund, Refunds, RefundStatus
from settlement.decisions import Change
from settlement.outside import why_not_to_refund
from settlement.terms import AutoRefund
from tests.support.builders import NOW, TERMS, a_placement
from tests.support.deciding import given
from tests.support.orders import EUR_36, PAID, a_held_order, a_pending_order, a_sold_order, known, paid_as
from tests.support.payments import a_payment
from tests.support.refunds import a_refunded_charge
from tests.support.snapshots import a_known_payment

ALL_CHANNELS = replace(
    TERMS,
    customer_channels=frozenset({EffectKind.PUSH, EffectKind.MAIL}),
    operator_channels=frozenset({EffectKind.CHAT}),
)
EXTRAS, ALL = (replace(TERMS, auto_refund=AutoRefund(which)) for which in ("extras", "all"))
EARLIER = NOW - timedelta(minutes=1)
TWICE, THIRD = (Payment(f"pi_{n}", PaymentState.SUCCEEDED, NOW, EUR_36, f"ch_{n}") for n in (2, 3))
PAID_TWICE = known(payments=Payments.of(PAID, TWICE))


def effects_of(change: Change) -> list[str]:
    return [effect.effect_id for effect in change.effects]


def test_a_notice_goes_by_every_channel_of_its_audience() -> None:
    paid = given(a_held_order(), shirts=(10, 3), terms=ALL_CHANNELS).changed_by(a_payment())
    assert effects_of(paid) == ["evt_1_mail_customer", "evt_1_push_customer"]
    second = given(a_sold_order(), terms=ALL_CHANNELS).changed_by(a_payment(payment_intent_id="pi_2", charge_id="ch_2"))
    assert effects_of(second) == ["evt_1_chat_operator"]
    assert {(effect.order_id, effect.user_id) for effect in (*paid.effects, *second.effects)} == {("order-1", "alice")}


def test_without_channels_nothing_is_sent_and_a_notice_that_is_not_sent_stays_in_the_inbox() -> None:
    assert given(a_held_order(), shirts=(10, 3)).changed_by(a_payment()).effects == ()
    counted = a_held_order("reserving", held_from=None)
    for unsent, effects in ({NoticeType.RESERVED}, []), (set(), ["placed_order-1_mail_customer"]):
        terms = replace(TERMS, unsent=frozenset(unsent), customer_channels=frozenset({EffectKind.MAIL}))
        reserved = given(replace(counted), shirts=(10, 3), terms=terms).changed_by(a_placement())
        assert (effects_of(reserved), len(reserved.notices)) == (effects, 1)


# --- Refunds ----------------------------------------------------------------------------------------------------------

SECOND = a_payment(payment_intent_id="pi_2", charge_id="ch_2")


def test_a_second_payment_is_refunded_if_the_shop_wants_that_and_operators_read_that_it_is_under_way() -> None:
    assert given(a_sold_order()).changed_by(SECOND).effects == ()
    for terms in EXTRAS, ALL:
        change = given(a_sold_order(), terms=terms).changed_by(SECOND)
        assert effects_of(change) == ["evt_1_stripe_refund_pi_2"]
        assert (change.effects[0].key, change.effects[0].user_id) == ("stripe_refund_order-1_pi_2", "alice")
        assert change.note == (
            "second_payment: pi_2 (3600 eur) is not needed: pi_1 has paid for the order; "
            "refund_under_way: being refunded: pi_2"
        )
        assert [notice.reason for notice in change.notices] == [change.note]


def test_the_money_of_an_order_that_cannot_be_fulfilled_goes_back_only_where_all_is_refunded() -> None:
    for terms, effects in (TERMS, []), (EXTRAS, []), (ALL, ["evt_1_stripe_refund_pi_1"]):
        change = given(a_pending_order(total=EUR_36), shirts=(2, 0), terms=terms).changed_by(a_payment())
        assert (change.result, effects_of(change)) == ("refund_due", effects)


def test_what_is_kept_for_a_person_to_decide_is_not_refunded() -> None:
    wrong = a_payment(money=Money(1, "eur"))
    change = given(a_held_order(), shirts=(10, 3), terms=ALL).changed_by(wrong)
    assert (change.result, change.effects) == ("quarantined", ())


def test_what_was_due_before_is_not_refunded_again() -> None:
    again = a_payment("charge.succeeded", payment_intent_id="pi_2", charge_id="ch_2")
    assert given(a_sold_order(**PAID_TWICE), terms=EXTRAS).changed_by(again).effects == ()


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_a_payment_whose_refund_came_to_nothing_is_for_a_person(status: str) -> None:
    failed = Refunds.of(Refund("re_1", 3_600, RefundStatus(status), payment_id="pi_2"))
    assert given(a_sold_order(refunds=failed), terms=EXTRAS).changed_by(SECOND).effects == ()


def test_a_payment_that_is_refunded_already_is_not_refunded() -> None:
    done = Refunds.of(Refund("re_1", 3_600, RefundStatus.SUCCEEDED, payment_id="pi_2"))
    assert given(a_sold_order(refunds=done), terms=EXTRAS).changed_by(SECOND).effects == ()
    part = Refunds.of(Refund("re_1", 600, RefundStatus.SUCCEEDED, payment_id="pi_2"))
    assert len(given(a_sold_order(refunds=part), terms=EXTRAS).changed_by(SECOND).effects) == 1


def test_an_order_is_not_left_without_money_if_it_turns_out_late_which_payment_came_first() -> None:
    # The second is being refunded when an older report of it arrives, which makes it the first.
    earlier = a_payment("charge.succeeded", payment_intent_id="pi_2", charge_id="ch_2", created_at=EARLIER)
    change = given(a_sold_order(**PAID_TWICE), terms=ALL).changed_by(earlier)
    assert [payment.payment_id for payment in change.order.extra_payments] == ["pi_1"]
    assert change.effects == ()
    assert change.note is not None
    assert change.note.endswith("; refund_under_way: being refunded: pi_2")


@pytest.mark.parametrize(
    ("earlier_refund", "failing", "paying"),
    [
        (Refund("re_0", 600, RefundStatus.PENDING, payment_id="pi_2"), 3_600, "pi_1"),
        (None, 600, "pi_2"),
        # Another refund may be under way that is not reported yet.
        (None, 3_600, "pi_1"),
    ],
)
def test_the_other_does_not_go_back_if_a_payment_whose_refund_failed_turns_out_to_be_the_first(
    earlier_refund: Refund | None, failing: int, paying: str
) -> None:
    back = [each for each in (earlier_refund, Refund("re_1", failing, RefundStatus.FAILED, payment_id="pi_2")) if each]
    earlier = a_payment("charge.succeeded", payment_intent_id="pi_2", charge_id="ch_2", created_at=EARLIER)
    change = given(a_sold_order(**PAID_TWICE, refunds=Refunds.of(*back)), terms=EXTRAS).changed_by(earlier)
    assert ([each.payment_id for each in change.order.paid_with], effects_of(change)) == ([paying], [])


def test_whatever_goes_back_at_once_is_named() -> None:
    halves = [Payment(f"pi_{n}", PaymentState.SUCCEEDED, NOW, Money(1_800, "eur"), f"ch_{n}") for n in (2, 3)]
    change = given(a_sold_order(payments=Payments.of(*halves)), terms=EXTRAS).changed_by(a_payment())
    assert effects_of(change) == ["evt_1_stripe_refund_pi_2", "evt_1_stripe_refund_pi_3"]
    assert change.note is not None
    assert change.note.endswith("; refund_under_way: being refunded: pi_2 and pi_3")


def test_the_other_payment_pays_if_the_one_that_turns_out_to_be_the_first_was_refunded() -> None:
    refunded = a_refunded_charge(
        total=3_600, paid=EUR_36, payment_intent_id="pi_2", charge_id="ch_2", created_at=EARLIER
    )
    change = given(a_sold_order(), shirts=(7, 0), terms=ALL).changed_by(refunded)
    assert [payment.payment_id for payment in change.order.extra_payments] == ["pi_2"]
    assert change.effects == ()
    assert "refund_under_way" not in (change.note or "")


@pytest.mark.parametrize("refunded_at", [None, EARLIER])
def test_more_money_for_an_order_that_cannot_be_fulfilled_goes_back_too(refunded_at: datetime | None) -> None:
    due = a_held_order("refund_due", payments=Payments.of(PAID), unfulfilled_as="refund_due", settled_by="evt_0")
    assert effects_of(given(due, terms=ALL).changed_by(SECOND)) == ["evt_1_stripe_refund_pi_2"]
    back = Refunds.of(Refund("re_1", 3_600, RefundStatus.SUCCEEDED, payment_id="pi_1", at=refunded_at))
    refunded = replace(due, status=OrderStatus.REFUNDED, refunds=back)
    assert effects_of(given(refunded, terms=ALL).changed_by(SECOND)) == ["evt_1_stripe_refund_pi_2"]
    assert effects_of(given(refunded, terms=EXTRAS).changed_by(SECOND)) == []


def test_what_may_be_another_orders_money_is_not_refunded_for_one_that_was_never_held() -> None:
    due = a_pending_order("refund_due", payments=Payments.of(PAID), unfulfilled_as="refund_due", settled_by="evt_0")
    shared = {"pi_2": a_known_payment(order_id="order-2")}
    change = given(due, terms=ALL, payments=shared).changed_by(SECOND)
    assert [payment.is_doubtful for payment in change.order.paid_with] == [False, True]
    assert effects_of(change) == []
    assert why_not_to_refund(change.order, "pi_2", AutoRefund.ALL) == "it may belong to another order"


@pytest.mark.parametrize("open_disputes", [1, 0])
def test_while_a_bank_may_take_back_what_an_order_is_paid_with_the_other_payment_is_for_a_person(
    open_disputes: int,
) -> None:
    change = given(a_sold_order(open_disputes=open_disputes), terms=ALL).changed_by(SECOND)
    assert effects_of(change) == []
    assert [str(notice.type) for notice in change.notices] == ["second_payment"]
    assert "refund_under_way" not in (change.note or "")


def test_no_refund_is_said_to_be_under_way_that_would_not_be_made() -> None:
    review = a_held_order("review", **known(payments=Payments.of(PAID), unfulfilled_as="review", settled_by="evt_0"))
    cannot_be_paid = replace(review, failure_reason="invalid_order: it names no product")
    unsold = a_held_order("refund_due", **NEVER_SOLD)
    for order in cannot_be_paid, unsold:
        change = given(order, terms=EXTRAS).changed_by(SECOND)
        assert effects_of(change) == []
        assert "refund_under_way" not in (change.note or "")


REFUNDED = known(refunds=Refunds.of(Refund("re_1", 3_600, RefundStatus.SUCCEEDED, payment_id="pi_1")))
PARTLY_REFUNDED = known(refunds=Refunds.of(Refund("re_1", 3_599, RefundStatus.SUCCEEDED, payment_id="pi_1")))
NEVER_SOLD = known(payments=Payments.of(PAID), unfulfilled_as="refund_due", settled_by="evt_0")


@pytest.mark.parametrize(
    ("order", "payment_id", "auto_refund", "is_refunded"),
    [
        (a_sold_order(**PAID_TWICE), "pi_2", "extras", True),
        (a_sold_order(**PAID_TWICE), "ch_2", "all", True),
        # Whichever of the two counts now: one is enough.
        (a_sold_order(**PAID_TWICE), "pi_1", "extras", True),
        (a_sold_order(**PAID_TWICE), "pi_2", "off", False),
        (a_sold_order(), "pi_1", "all", False),
        # The rest is less than the price.
        (a_sold_order(payments=paid_as(money=Money(1, "eur")).with_report(TWICE)), "pi_2", "all", False),
        (a_sold_order(**PAID_TWICE, **REFUNDED), "pi_2", "all", False),
        # One of two others still pays for the order, or all but a cent of the other is back.
        (a_sold_order(payments=Payments.of(PAID, TWICE, THIRD), **REFUNDED), "pi_3", "all", True),
        (a_sold_order(**PAID_TWICE, **PARTLY_REFUNDED), "pi_2", "all", True),
        (a_held_order("review", **PAID_TWICE), "pi_2", "all", False),
        (a_held_order("refund_due", **NEVER_SOLD), "pi_1", "all", True),
        (a_held_order("refund_due", **NEVER_SOLD), "pi_1", "extras", False),
        # Since it became due, a bank has taken the other payment back, or may.
        (a_sold_order(**PAID_TWICE, open_disputes=1), "pi_2", "extras", False),
        # Not a payment of this order, which was created again.
        (a_sold_order(), "pi_2", "all", False),
        # A person decided otherwise.
        (a_held_order("unknown", **NEVER_SOLD), "pi_1", "all", False),
    ],
)
def test_what_was_due_back_is_refunded_only_if_the_order_still_does_not_need_it(
    order: Order, payment_id: str, auto_refund: str, *, is_refunded: bool
) -> None:
    assert (why_not_to_refund(order, payment_id, AutoRefund(auto_refund)) is None) is is_refunded


def test_nothing_of_a_connected_account_is_refunded() -> None:
    terms = replace(EXTRAS, accounts=frozenset({"acct_1"}))
    connected = a_payment(payment_intent_id="pi_2", charge_id="ch_2", account="acct_1")
    assert given(a_sold_order(), terms=terms).changed_by(connected).effects == ()
