"""Refunds that operators order at Stripe: never more than was paid, and of the intended payment."""

from dataclasses import replace
from datetime import timedelta

import pytest

from database.documents.effects import effect_from, effect_write
from database.store import Document
from effects.effect import EffectKind, RefundTerms, StoredEffect, a_stripe_call, an_ordered_refund
from orders.money import Money
from orders.order import Order
from orders.payments import Payment, Payments, PaymentState
from orders.refunds import Refunds
from settlement.sending_back import left_to_refund, with_unreported
from tests.support.builders import NOW
from tests.support.deciding import given
from tests.support.operators import asked_of_order
from tests.support.orders import EUR_36, PAID, a_held_order, a_sold_order, paid_as
from tests.support.refunds import a_refund
from tests.support.snapshots import a_known_payment

SECOND = Payment("pi_2", PaymentState.SUCCEEDED, NOW + timedelta(minutes=1), EUR_36, "ch_2")


def refused(order: Order, *effects: StoredEffect, **asked: object) -> str:
    """The reason; the order stays as it is, and Stripe is asked nothing."""
    change = given(order, effects=effects).changed_by(asked_of_order("refund-1", **asked))
    assert (change.result, change.order, change.effects) == ("not_refunded", order, ()), change.note
    return str(change.note)


def said_of(order: Order, *effects: StoredEffect, **asked: object) -> str | None:
    """The note of an ordered refund."""
    change = given(order, effects=effects).changed_by(asked_of_order("refund-1", **asked))
    assert change.result == "refund_ordered", change.note
    return change.note


def refunds_by(order: Order, **asked: object) -> dict[str, RefundTerms | None]:
    """The refunds requested from Stripe, by payment; nothing else happens before its answer."""
    change = given(order).changed_by(asked_of_order("refund-1", **asked))
    assert (change.result, change.order, change.moves) == ("refund_ordered", order, ())
    assert {effect.user_id for effect in change.effects} == {order.user_id}
    return {effect.recipient: effect.refund for effect in change.effects}


def test_a_refund_is_of_all_that_is_left_or_of_as_much_as_is_named_with_its_word_on_the_units() -> None:
    sold = a_sold_order()
    assert refunds_by(sold) == {"pi_1": RefundTerms(None, None)}
    assert refunds_by(sold, amount=500, restock="none") == {"pi_1": RefundTerms(500, "none")}
    assert refunds_by(sold, restock=" Shirt:1,shirt:1".lower()) == {"pi_1": RefundTerms(None, "shirt:2")}


def test_on_record_is_how_much_goes_back_and_nothing_where_nothing_does() -> None:
    twice = a_sold_order(payments=Payments.of(PAID, SECOND))
    for asked, money in (
        ({"amount": 4_000}, Money(4_000, "eur")),
        ({}, Money(7_200, "eur")),
        ({"amount": 9_999}, None),
    ):
        assert given(twice).changed_by(asked_of_order("refund-1", **asked)).money == money


def test_the_unneeded_of_two_payments_is_refunded_first_and_units_return_once() -> None:
    twice = a_sold_order(payments=Payments.of(PAID, SECOND))
    assert refunds_by(twice, amount=3_600) == {"pi_2": RefundTerms(3_600, None)}
    both = {"pi_2": RefundTerms(3_600, "all"), "pi_1": RefundTerms(400, "none")}
    assert refunds_by(twice, amount=4_000, restock="all") == both
    assert said_of(twice, amount=4_000) == "3600 eur of pi_2 and 400 eur of pi_1 to refund, 3200 left after that"
    assert refunds_by(twice) == {"pi_2": RefundTerms(None, None), "pi_1": RefundTerms(None, None)}


def test_what_is_in_another_currency_goes_back_after_it_and_a_part_of_it_only_by_the_name_of_its_payment() -> None:
    twice = a_sold_order(payments=Payments.of(PAID, replace(SECOND, money=Money(900, "usd"))))
    one_back = replace(twice, refunds=Refunds.of(a_refund("re_1", 900, payment_id="pi_2")))
    assert refunds_by(twice).keys() == {"pi_2"}
    assert refunds_by(one_back).keys() == {"pi_1"}
    rest = "other_currency: 3600 eur of pi_1 can also be refunded"
    assert said_of(twice) == f"900 usd of pi_2 to refund, 0 left after that; {rest}"
    assert said_of(one_back) == "3600 eur of pi_1 to refund, 0 left after that"
    assert refused(twice, ordered("pi_2", None)).startswith(f"{rest}; refund_under_way: 900 usd of pi_2")
    for order in twice, one_back:
        which = "which_currency: its payments are in eur and usd, so name the payment you mean"
        assert refused(order, amount=900) == refused(order, amount=900, elsewhere=True) == which
        assert refunds_by(order, amount=900, payment="pi_1") == {"pi_1": RefundTerms(900, None)}


def test_each_order_of_a_refund_has_a_key_of_its_own_at_stripe() -> None:
    event = asked_of_order("refund-1", amount=500)
    keys = [
        effect.key
        for each in (event, event, replace(event, request_id="refund-2"))
        for effect in given(a_sold_order()).changed_by(each).effects
    ]
    first, again, second = keys
    assert (first, again) == ("operator_refund-1_stripe_refund_pi_1",) * 2
    assert second != first


def test_no_more_is_sent_back_than_is_left_and_what_is_on_its_way_is_not_left() -> None:
    pending = a_sold_order(payments=paid_as(amount_refunded=500), refunds=Refunds.of(a_refund("re_1", 500, "pending")))
    assert refused(pending, amount=3_101) == "too_much: 3101 to refund, 3100 left"
    assert refunds_by(pending, amount=3_100) == {"pi_1": RefundTerms(3_100, None)}
    assert left_to_refund(pending) == Money(3_100, "eur")
    failed = replace(pending, refunds=Refunds.of(a_refund("re_1", 500, "failed")))
    assert refunds_by(failed, amount=3_600) == {"pi_1": RefundTerms(3_600, None)}
    refunded = a_sold_order("refunded", payments=paid_as(amount_refunded=3_600))
    assert refused(refunded) == "nothing_left: none of its payments has anything left to refund"
    assert (left_to_refund(refunded), left_to_refund(a_held_order())) == (Money(0, "eur"), None)


def test_no_more_units_are_put_back_than_were_sold() -> None:
    said = refused(a_sold_order(), restock="shirt:4,mug:1")
    assert said == "restock_excess: 4 of 'shirt' named, 3 sold, 1 of 'mug' named, 0 sold"
    assert refunds_by(a_sold_order(), restock="shirt:3") == {"pi_1": RefundTerms(None, "shirt:3")}


# --- Which payment ----------------------------------------------------------------------------------------------------


def test_a_payment_that_is_named_is_refunded_and_no_other() -> None:
    twice = a_sold_order(payments=Payments.of(PAID, SECOND))
    assert refunds_by(twice, payment="pi_1") == {"pi_1": RefundTerms(None, None)}
    assert refunds_by(twice, payment="ch_2", amount=500) == {"pi_2": RefundTerms(500, None)}
    assert refused(twice, payment="pi_1", amount=3_601) == "too_much: 3601 to refund, 3600 left"
    assert refused(twice, payment="pi_9") == "other_payment: pi_9 is not one of its payments"
    # Only naming it selects it: in another currency, or if it may be another order's.
    others = replace(SECOND, money=Money(900, "usd"), is_doubtful=True)
    assert refunds_by(a_sold_order(payments=Payments.of(PAID, others)), payment="pi_2").keys() == {"pi_2"}


def test_nothing_is_left_to_refund_of_an_unpaid_payment() -> None:
    on_its_way = replace(SECOND, state=PaymentState.PROCESSING, money=None)
    order = a_sold_order(payments=Payments.of(PAID, on_its_way))
    assert refused(order, payment="pi_2") == "nothing_left: none of its payments has anything left to refund"


def test_a_payment_of_a_deleted_order_of_the_same_id_goes_back_as_a_whole_and_puts_nothing_back() -> None:
    whole, part = (asked_of_order("refund-1", payment="pi_9", **more) for more in ({}, {"amount": 5}))
    listed = {"pi_9": a_known_payment()}
    others = (ordered("pi_1", 500), ordered("pi_9", None, "ERROR"))
    change = given(a_sold_order(), payments=listed, effects=others).changed_by(whole)
    assert [(each.recipient, each.refund) for each in change.effects] == [("pi_9", RefundTerms(None, "none"))]
    assert change.note == "earlier_order: all that is left of pi_9 goes back; this order stays as it is"
    refused_part = given(a_sold_order(), payments=listed).changed_by(part)
    why = "earlier_order: pi_9 is not this order's, and can only be refunded in full"
    assert (refused_part.result, refused_part.note) == ("not_refunded", why)
    under_way = given(a_sold_order(), payments=listed, effects=(ordered("pi_9", None),))
    assert under_way.changed_by(whole).note == "nothing_left: pi_9 is being refunded"
    elsewhere = given(a_sold_order(), payments={"pi_9": a_known_payment(order_id="order-2")})
    assert elsewhere.changed_by(whole).note == "other_payment: pi_9 is not one of its payments"


# --- What is on its way -----------------------------------------------------------------------------------------------


def ordered(payment_id: str, amount: int | None, state: str = "PENDING", refund_id: str | None = None) -> StoredEffect:
    """A refund that an operator ordered before."""
    effect = an_ordered_refund(payment_id, RefundTerms(amount, None), "order-1", "operator_r0", "alice")
    fields = {**effect_write(effect, NOW).fields, "state": state, "refundId": refund_id}
    stored = effect_from(effect.effect_id, Document(fields, None))
    assert stored
    return stored


PI_1_500 = "500 eur of pi_1 (operator_r0_stripe_refund_pi_1)"
UNDER_WAY = f"refund_under_way: {PI_1_500} not reported by Stripe yet"
TOO_MUCH = f"too_much: 3101 to refund, 3100 left; {UNDER_WAY}"
AGAIN_IF_MEANT = "to do it all the same, confirm with again"


@pytest.mark.parametrize("state", ["PENDING", "PROCESSING", "RETRY"])
def test_what_was_ordered_and_is_not_over_is_said_and_is_not_left(state: str) -> None:
    before = ordered("pi_1", 500, state)
    assert refused(a_sold_order(), before, amount=500).startswith(UNDER_WAY)
    assert refused(a_sold_order(), before, amount=3_101, again=True) == TOO_MUCH
    said = said_of(a_sold_order(), before, amount=500, again=True)
    assert said == f"500 eur of pi_1 to refund, 2600 left after that; {UNDER_WAY}"


def test_what_was_given_up_is_left_and_what_takes_all_leaves_nothing() -> None:
    assert said_of(a_sold_order(), ordered("pi_1", 500, "ERROR"), amount=500)
    nothing_left = "nothing_left: none of its payments has anything left to refund; refund_under_way: 3600"
    assert refused(a_sold_order(), ordered("pi_1", None), again=True).startswith(nothing_left)


def test_a_refund_that_the_shop_makes_by_itself_counts_as_one_that_is_ordered() -> None:
    by_itself = a_stripe_call(EffectKind.STRIPE_REFUND, "pi_2", "order-1", "evt_2", "alice")
    stored = effect_from(by_itself.effect_id, Document(effect_write(by_itself, NOW).fields, None))
    assert stored
    twice = a_sold_order(payments=Payments.of(PAID, SECOND))
    both = f"refund_under_way: 3600 eur of pi_2 (evt_2_stripe_refund_pi_2) and {PI_1_500} not"
    assert refused(twice, stored, ordered("pi_1", 500)).startswith(both)
    assert said_of(twice, stored, payment="pi_1") == "3600 eur of pi_1 to refund, 0 left after that"


def test_what_stripe_has_made_and_not_reported_is_a_pending_refund_of_its_payment() -> None:
    twice = a_sold_order(payments=Payments.of(PAID, SECOND))
    as_made = with_unreported(twice, [ordered("pi_2", 500, "SUCCESS", "re_1")])
    assert as_made.refunds == Refunds.of(a_refund("re_1", 500, "pending", payment_id="pi_2"))


def test_what_stripe_has_made_counts_once_whether_or_not_its_event_is_there() -> None:
    made = ordered("pi_1", 500, "SUCCESS", "re_1")
    assert refused(a_sold_order(), made, amount=3_101, again=True) == TOO_MUCH
    by_its_sum = a_sold_order(payments=paid_as(amount_refunded=500))
    assert said_of(by_its_sum, made, amount=3_100, again=True)
    reported = replace(by_its_sum, refunds=Refunds.of(a_refund("re_1", 500)))
    assert said_of(reported, made, amount=3_100) == "3100 eur of pi_1 to refund, 0 left after that"


def test_what_a_failed_refund_owes_besides_what_stripe_has_made_needs_no_confirmation_so_that_it_is_ordered_once() -> (
    None
):
    failed = a_sold_order(refunds=Refunds.of(a_refund("re_9", 1_200, "failed", at=NOW)))
    made, waiting = ordered("pi_1", 500, "SUCCESS", "re_1"), ordered("pi_1", 500)
    assert said_of(failed, made, amount=700) == "700 eur of pi_1 to refund, 2400 left after that"
    assert refused(failed, made, amount=1_200).startswith(UNDER_WAY)
    assert refused(failed, waiting, amount=1_200).startswith(UNDER_WAY)


def test_the_same_amount_again_has_to_be_confirmed_unless_the_first_failed() -> None:
    made = ordered("pi_1", 500, "SUCCESS", "re_1")
    done, failed = (a_sold_order(refunds=Refunds.of(a_refund("re_1", 500, state))) for state in ("succeeded", "failed"))
    assert refused(done, made, amount=500).startswith("ordered_before: 500 of pi_1 went back with re_1")
    assert said_of(done, made, amount=500, again=True)
    assert said_of(done, made, amount=501)
    assert said_of(failed, made, amount=500)


def test_all_that_is_left_is_no_repetition_however_much_it_is() -> None:
    made = ordered("pi_1", 1_800, "SUCCESS", "re_1")
    half = a_sold_order(refunds=Refunds.of(a_refund("re_1", 1_800)))
    assert said_of(half, made) == "1800 eur of pi_1 to refund, 0 left after that"
    assert refused(half, made, amount=1_800)


def test_a_refund_that_failed_after_its_amount_was_refunded_is_ordered_silently_and_once() -> None:
    before, failed = a_refund("re_1", 500, at=NOW), a_refund("re_2", 500, "failed", at=NOW + timedelta(minutes=1))
    owing = a_sold_order(refunds=Refunds.of(before, failed))
    effects = (ordered("pi_1", 500, "SUCCESS", "re_1"),)
    assert said_of(owing, *effects, amount=500) == "500 eur of pi_1 to refund, 2600 left after that"
    assert refused(owing, *effects, ordered("pi_1", 500), amount=500) == f"{UNDER_WAY}: {AGAIN_IF_MEANT}"
    made = a_refund("re_3", 500, at=NOW + timedelta(minutes=2))
    again = replace(owing, refunds=owing.refunds.merged_with(Refunds.of(made)))
    assert refused(again, *effects, amount=500)
    gone = replace(owing, refunds=Refunds.of(replace(before, is_elsewhere=True), failed))
    assert said_of(gone, amount=500)


def test_what_two_refunds_owe_that_failed_is_ordered_one_by_one_or_together() -> None:
    before, *failed = a_refund("re_1", 1_000, at=NOW), *(a_refund(each, 500, "failed") for each in ("re_2", "re_3"))
    later = [replace(each, at=NOW + timedelta(minutes=1), failed_at=NOW + timedelta(days=5)) for each in failed]
    half = a_refund("re_0", 500, at=NOW)
    owing = a_sold_order(refunds=Refunds.of(half, before, *later))
    effects = ordered("pi_1", 500, "SUCCESS", "re_0"), ordered("pi_1", 1_000, "SUCCESS", "re_1")
    for amount in 500, 1_000:
        left = 3_600 - 1_500 - amount
        assert said_of(owing, *effects, amount=amount) == f"{amount} eur of pi_1 to refund, {left} left after that"


def test_what_one_payment_owes_lets_nothing_pass_of_another() -> None:
    failed, half = a_refund("re_2", status="failed", payment_id="pi_2"), a_refund("re_1", 1_800)
    twice = a_sold_order(payments=Payments.of(PAID, SECOND), refunds=Refunds.of(failed, half))
    said = refused(twice, ordered("pi_1", 1_800, "SUCCESS", "re_1"), amount=5_400)
    assert said == f"ordered_before: 1800 of pi_1 went back with re_1: {AGAIN_IF_MEANT}"


def test_a_refund_that_failed_and_was_made_up_for_is_none_that_went_back() -> None:
    failed, made_up = a_refund("re_1", 500, "failed", at=NOW), a_refund("re_2", 600, at=NOW + timedelta(minutes=1))
    order = a_sold_order(refunds=Refunds.of(failed, made_up))
    assert said_of(order, ordered("pi_1", 500, "SUCCESS", "re_1"), amount=500)


def test_earlier_orders_for_another_payment_or_the_same_amount_are_told_apart() -> None:
    done = a_sold_order(refunds=Refunds.of(a_refund("re_0", 400), a_refund("re_1", 500)))
    anothers, in_part = ordered("pi_2", 500, "ERROR"), ordered("pi_1", 400, "SUCCESS", "re_0")
    assert said_of(done, anothers, amount=500)
    said = refused(done, in_part, ordered("pi_1", 500, "SUCCESS", "re_1"), amount=500)
    assert said.startswith("ordered_before: 500 of pi_1 went back with re_1")
