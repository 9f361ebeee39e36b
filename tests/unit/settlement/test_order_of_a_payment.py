"""Which order a payment, a refund and a dispute belong to if names and payments disagree."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from orders.events import OrderEvent
from orders.outcome import Result
from orders.payments import PaymentState
from settlement.decisions import Look, Park
from tests.support.builders import LATER, a_placement, an_order, redelivered
from tests.support.deciding import given
from tests.support.memory_store import MemoryStore
from tests.support.operators import asked_of_order
from tests.support.orders import a_held_order, a_pending_order, a_sold_order, known
from tests.support.payments import a_cancellation, a_failure, a_payment, a_processing
from tests.support.refunds import a_dispute, a_refund, a_refunded_charge, an_updated_refund
from tests.support.settling import settled
from tests.support.shop import complaints_in, document_at, notices_in, shop_documents
from tests.support.snapshots import a_known_payment

ORDERS = ("order-1", "order-2")
SOLD = ("finalized", 3_600, 0, None)


def ended(events: Iterable[OrderEvent]) -> MemoryStore:
    """Two held orders of one shop, after these events; the auditor finds nothing wrong."""
    store = MemoryStore({**shop_documents(an_order()), "orders/order-2": an_order()})
    for event in (*map(a_placement, ORDERS), *events):
        settled(event, store)
    assert complaints_in(store) == []
    return store


def summaries_of(store: MemoryStore) -> dict[str, tuple[Any, ...]]:
    """Each order's final status, amounts received and refunded, and whether it is disputed."""
    fields = ("status", "amountReceived", "amountRefunded", "disputed")
    documents = {order_id: document_at(store, f"orders/{order_id}") for order_id in ORDERS}
    return {order_id: tuple(order.get(name) for name in fields) for order_id, order in documents.items()}


# --- A PaymentIntent that was declined for one order, and pays for another --------------------------------------------

DECLINED = a_failure("evt_declined", order_id="order-2")
PAID: list[OrderEvent] = [a_payment("evt_charge"), a_payment("evt_intent")]
DISPUTED = a_dispute("evt_dispute")
REFUNDS: list[OrderEvent] = [an_updated_refund("evt_made"), an_updated_refund("evt_failed", a_refund(status="failed"))]


def test_an_intent_that_was_declined_for_one_order_pays_for_another_in_any_order_of_events() -> None:
    for events in permutations([DECLINED, *PAID, DISPUTED]):
        store = ended([*events, *REFUNDS])
        assert summaries_of(store) == {
            "order-1": ("finalized", 3_600, 0, True), "order-2": ("reserved", None, None, None)
        }  # fmt: skip
        assert notices_in(store, of_event="evt_dispute") == ["dispute"]
        assert document_at(store, "payments/pi_1")["orderId"] == "order-1"


@pytest.mark.parametrize("named", [None, "order-1", "order-2", "order-9"])
def test_what_is_refunded_counts_where_it_was_paid_and_not_where_it_was_declined(named: str | None) -> None:
    for refund in an_updated_refund("evt_made", order_id=named), a_refunded_charge("evt_made", order_id=None):
        for events in permutations([DECLINED, PAID[0], refund]):
            for paid_with_another, ending in ([], ("reserved", None, None, None)), ([BOTH_PAID[1]], SOLD):
                told = summaries_of(ended([*paid_with_another, *events]))
                assert told == {"order-1": ("refunded", 3_600, 3_600, None), "order-2": ending}


def test_a_further_decline_that_names_no_order_belongs_where_the_first_one_is() -> None:
    store = ended([DECLINED, replace(a_failure("evt_again", charge_id="ch_9"), order_id=None)])
    assert document_at(store, "webhookEvents/evt_again")["orderId"] == "order-2"


def test_once_it_has_paid_for_one_it_pays_for_no_other() -> None:
    for before in ([], [DECLINED]):
        store = ended([*before, *PAID, a_payment("evt_2", order_id="order-2")])
        assert [status for status, *_ in summaries_of(store).values()] == ["finalized", "review"]


def test_an_operator_accepts_an_order_for_a_payment_that_was_only_declined_for_another() -> None:
    declined = known(payments={"pi_7": a_known_payment(order_id="order-7", is_only_declined=True)})
    change = given(a_held_order(), shirts=(10, 3), **declined).changed_by(asked_of_order("accept-1", payment="pi_7"))
    assert change.result == "accepted"


# --- A refund or a dispute that names another order than its payment has paid -----------------------------------------

OTHERS = known(order_id="order-2", payment_intent_id="pi_2", charge_id="ch_2")
SHARED = a_payment("evt_shared", order_id="order-2")
BOTH_PAID: list[OrderEvent] = [a_payment("evt_1"), a_payment("evt_2", **OTHERS)]


@pytest.mark.parametrize("named", ["order-2", "order-9"], ids=["is there", "is missing"])
def test_a_refund_counts_for_the_order_that_its_payment_has_paid_also_if_it_names_one_that(named: str) -> None:
    made = an_updated_refund("evt_made", order_id=named)
    failed = an_updated_refund("evt_failed", a_refund(status="failed"), order_id=named)
    for refunds, ending in ([made], ("refunded", 3_600, 3_600, None)), ([made, failed], SOLD):
        for events in permutations([*BOTH_PAID, *refunds]):
            assert summaries_of(ended(events)) == {"order-1": ending, "order-2": SOLD}


@pytest.mark.parametrize("under_way", [PaymentState.PROCESSING, PaymentState.AUTHORISED])
def test_a_refund_or_a_dispute_follows_its_payment_also_if_the_named_order_knows_it_as_under_way(
    under_way: PaymentState,
) -> None:
    late = replace(a_processing("evt_late", order_id="order-2"), state=under_way)
    refunds: list[OrderEvent] = [f("evt_made", order_id="order-2") for f in (an_updated_refund, a_refunded_charge)]
    for refund in refunds:
        told = summaries_of(ended([PAID[0], late, refund]))
        assert told == {"order-1": ("refunded", 3_600, 3_600, None), "order-2": ("reserved", None, None, None)}
    told = summaries_of(ended([PAID[0], late, a_dispute("evt_dispute", order_id="order-2")]))
    assert [disputed for *_, disputed in told.values()] == [True, None]


def test_a_refund_waits_where_its_payment_was_authorised_even_if_the_charge_is_listed_under_another_order() -> None:
    authorised = replace(a_processing("evt_authorised"), state=PaymentState.AUTHORISED)
    refund = an_updated_refund("evt_made", order_id="order-1")
    told = summaries_of(ended([authorised, SHARED, refund, a_payment("evt_captured", event_type="charge.captured")]))
    assert told == {"order-1": ("refunded", 3_600, 3_600, None), "order-2": ("review", 3_600, 0, None)}


def test_a_refund_follows_its_charge_past_an_order_in_which_the_payment_failed_after_it_was_under_way() -> None:
    failed: list[OrderEvent] = [a_processing("evt_processing"), a_failure("evt_failed", created_at=LATER)]
    told = summaries_of(ended([*failed, SHARED, an_updated_refund("evt_made", order_id="order-1")]))
    assert told == {"order-1": ("reserved", None, None, None), "order-2": ("refunded", 3_600, 3_600, None)}


PAID_ORDER_7 = known(payments={"pi_1": a_known_payment(order_id="order-7")})


def test_a_refund_or_a_dispute_looks_for_the_paid_order_where_the_named_one_knows_no_such_payment() -> None:
    refund, dispute = an_updated_refund(order_id="order-1"), a_dispute(order_id="order-1")
    events: list[OrderEvent] = [refund, a_refunded_charge(), dispute]
    for event in events:
        for order in a_pending_order(), a_held_order():
            assert given(order, **PAID_ORDER_7).looks_for(event)[0] == Look(order_id="order-7")
        assert Look(order_id="order-7") not in given(a_sold_order(), **PAID_ORDER_7).looks_for(event)
        # If its ids lead to two orders, only the first is read.
        two = {"pi_1": a_known_payment(order_id="order-7"), "ch_1": a_known_payment(order_id="order-8")}
        looked = given(a_held_order(), payments=two).looks_for(event)
        assert [look for look in looked if isinstance(look, Look) and look.order_id] == [Look(order_id="order-7")]


@pytest.mark.parametrize("first", ["order-1", "order-2"])
@pytest.mark.parametrize("then", [None, "order-1", "order-2", "order-9"], ids=str)
@pytest.mark.parametrize("payments", [[], [PAID[0]], [PAID[0], SHARED]], ids=["unknown", "paid", "paid twice"])
def test_a_dispute_stays_with_its_first_order_whatever_it_names_later(
    first: str, then: str | None, payments: list[OrderEvent]
) -> None:
    opened = a_dispute("evt_opened", order_id=first)
    decided = [a_dispute(f"evt_{each}", each, order_id=then, created_at=LATER) for each in ("lost", "won")]
    for events in [opened, *payments, *decided], [opened, decided[1], *payments, decided[0]]:
        store = ended(events)
        assert [disputed for *_, disputed in summaries_of(store).values()] == [
            False if order_id == first else None for order_id in ORDERS
        ]


def test_a_duplicate_of_a_dispute_is_on_record_under_the_order_that_it_stays_with() -> None:
    moved = a_dispute("evt_lost", "lost", order_id="order-2", created_at=LATER)
    store = ended([a_dispute("evt_opened", order_id="order-1"), moved, redelivered(moved)])
    paths = "auditLog/evt_lost", "auditLog/evt_lost/deliveries/2", "webhookEvents/evt_lost"
    assert [document_at(store, path)["orderId"] for path in paths] == ["order-1"] * 3


def test_a_duplicate_is_on_record_under_the_order_that_its_refund_counts_for() -> None:
    refund = an_updated_refund("evt_made", order_id="order-2")
    store = ended([PAID[0], refund, redelivered(refund)])
    paths = "auditLog/evt_made", "auditLog/evt_made/deliveries/2", "webhookEvents/evt_made"
    assert [document_at(store, path)["orderId"] for path in paths] == ["order-1"] * 3


def test_a_refund_waits_for_its_payment_if_the_order_that_it_names_was_paid_with_another() -> None:
    of_another = replace(an_updated_refund(order_id="order-1"), payment_intent_id="pi_2", charge_id="ch_2")
    decided = given(a_sold_order(), audited=False).when(of_another)
    assert isinstance(decided, Park)
    assert decided.result is Result.PAYMENT_NOT_FOUND


# --- A refund of a payment that was only authorised -------------------------------------------------------------------


def test_what_was_authorised_and_is_released_as_a_refund_waits_for_no_payment_in_any_order_of_events() -> None:
    authorised = replace(a_processing("evt_authorised"), state=PaymentState.AUTHORISED)
    canceled, released = a_cancellation("evt_canceled"), an_updated_refund("evt_released", charge_id=None)
    reports: list[OrderEvent] = [canceled, released]
    for events in (*permutations([authorised, *reports]), *permutations(reports)):
        store = ended(events)
        assert summaries_of(store)["order-1"] == ("cancelled", None, None, None)
        entry = document_at(store, "auditLog/evt_released")
        why = "released: pi_1 was canceled, so nothing was paid that could be refunded"
        assert (entry["result"], entry["note"]) == ("refund_recorded", why)


def test_what_was_authorised_for_one_order_and_released_for_another_waits_for_no_payment() -> None:
    authorised = replace(a_processing("evt_authorised"), state=PaymentState.AUTHORISED)
    canceled = a_cancellation("evt_canceled", order_id="order-2")
    store = ended([authorised, canceled, an_updated_refund("evt_released", charge_id=None, order_id="order-2")])
    assert document_at(store, "auditLog/evt_released")["result"] == "refund_recorded"


def test_a_refund_of_what_is_only_authorised_waits() -> None:
    authorised = replace(a_processing(), state=PaymentState.AUTHORISED)
    held = given(a_held_order()).changed_by(authorised).order
    assert isinstance(given(held, audited=False).when(an_updated_refund(order_id="order-1")), Park)
