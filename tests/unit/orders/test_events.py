"""What events say about themselves."""

from orders.money import Money
from orders.payments import Payment, PaymentState
from tests.support.builders import LATER, NOW, a_placement
from tests.support.payments import a_free_session, a_payment, a_processing
from tests.support.refunds import a_refunded_charge


def test_each_order_has_a_placement_with_one_id_however_often_it_is_delivered() -> None:
    assert a_placement("order-1").event_id == a_placement("order-1", product_ids=()).event_id == "placed_order-1"
    assert a_placement("order-2").event_id == "placed_order-2"


def test_a_payment_is_known_by_its_payment_intent_and_its_charge_and_has_the_id_and_type_that_stripe_gave_it() -> None:
    payment = a_payment("evt_7", event_type="charge.succeeded")
    assert (payment.payment_ids, payment.event_id, payment.event_type) == (
        ("pi_1", "ch_1"),
        "evt_7",
        "charge.succeeded",
    )
    assert a_payment(payment_intent_id=None).payment_ids == ("ch_1",)
    assert a_payment(payment_intent_id="ch_1").payment_ids == ("ch_1",)


def test_an_event_says_how_far_its_payment_has_come() -> None:
    on_its_way = a_processing().payment_in(PaymentState.PROCESSING, until=LATER)
    assert on_its_way == Payment("pi_1", PaymentState.PROCESSING, NOW, until=LATER)
    assert a_processing(payment_intent_id=None).payment_in(PaymentState.PROCESSING) is None


def test_a_payment_says_what_was_received_and_by_what_it_is_known() -> None:
    received = PaymentState.SUCCEEDED, NOW, Money(3_600, "eur")
    assert a_payment().payment == Payment("pi_1", *received, "ch_1")
    assert a_payment(payment_intent_id=None).payment == Payment("ch_1", *received, "ch_1")
    # An old session names no payment: only the event's id can identify it.
    assert a_payment("evt_7", payment_intent_id=None, charge_id=None).payment == Payment("evt_7", *received)
    assert a_free_session().payment == Payment("cs_1", PaymentState.SUCCEEDED, NOW, Money(0, "eur"))


def test_a_refunded_charge_says_what_was_paid_and_what_went_back() -> None:
    event = a_refunded_charge(total=1_200)
    paid = Payment("pi_1", PaymentState.SUCCEEDED, NOW, Money(3_600, "eur"), "ch_1", amount_refunded=1_200)
    assert (event.payment, event.money) == (paid, Money(1_200, "eur"))
