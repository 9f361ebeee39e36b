"""What events say of themselves."""

from tests.support.builders import a_payment, a_placement


def test_a_placement_has_the_same_id_each_time_it_is_delivered() -> None:
    assert a_placement("order-1").event_id == a_placement("order-1", product_ids=()).event_id == "placed_order-1"


def test_placements_of_two_orders_are_two_events() -> None:
    assert a_placement("order-1").event_id != a_placement("order-2").event_id


def test_a_payment_is_known_by_its_payment_intent_and_its_charge() -> None:
    assert a_payment(payment_intent_id="pi_1", charge_id="ch_1").payment_ids == ("pi_1", "ch_1")


def test_a_payment_without_an_intent_is_known_by_its_charge() -> None:
    assert a_payment(payment_intent_id=None, charge_id="ch_1").payment_ids == ("ch_1",)


def test_a_payment_has_the_id_and_the_type_that_stripe_gave_it() -> None:
    payment = a_payment("evt_7", event_type="charge.succeeded")
    assert (payment.event_id, payment.event_type) == ("evt_7", "charge.succeeded")
