"""Which order a payment has paid, and which parked events wait for the payment."""

import pytest

from database.documents.payments import index_writes, known_payment_from, listed_as_waiting
from database.store import Create, Document, Update, Write
from orders.events import StripeEvent
from settlement.snapshot import Snapshot
from tests.support.payments import a_cancellation, a_failure, a_payment, a_processing, a_subscription
from tests.support.refunds import a_dispute, a_refunded_charge, an_updated_refund
from tests.support.snapshots import a_known_payment


def test_a_payment_names_its_order_and_what_waits_for_it() -> None:
    document = Document({"orderId": "order-1", "waiting": ["evt_7", "evt_8"]}, "v")
    known = known_payment_from(document)
    assert (known.order_id, known.waiting) == ("order-1", ("evt_7", "evt_8"))


def test_a_payment_that_was_only_declined_is_known_as_such() -> None:
    for declined, is_only_declined in ((True, True), (False, False), (None, False), ("true", False)):
        known = known_payment_from(Document({"orderId": "order-1", "declined": declined}, "v"))
        assert known.is_only_declined is is_only_declined


@pytest.mark.parametrize("order_id", [None, "", "a/b", 7, ["order-1"]])
def test_a_payment_that_names_no_possible_order_names_none(order_id: object) -> None:
    assert known_payment_from(Document({"orderId": order_id}, "v")).order_id is None


@pytest.mark.parametrize("waiting", [None, "evt_7", {"evt_7": True}, [None, 7, "a/b", ["evt_7"]]], ids=str)
def test_what_is_no_event_waits_for_no_payment(waiting: object) -> None:
    assert known_payment_from(Document({"waiting": waiting}, "v")).waiting == ()


NOBODY_PAID = a_known_payment("evt_7", "evt_1", "evt_8", order_id=None)
PAID, ELSEWHERE = a_known_payment("evt_1", "evt_7"), a_known_payment("evt_1", order_id="order-7")
DECLINED, DECLINED_ELSEWHERE = (
    a_known_payment(order_id=each, is_only_declined=True) for each in ("order-1", "order-7")
)
REFUND = an_updated_refund(order_id="order-1")


def updated(**fields: object) -> Update:
    return Update("payments/pi_1", fields, "payment as read")


def created(payment_id: str, **fields: object) -> Create:
    return Create(f"payments/{payment_id}", {"orderId": "order-1", **fields})


INDEXED = {
    # the settled event, the known payment: what is written
    "a payment": (a_payment(), None, [created("pi_1"), created("ch_1")]),
    "a charge alone": (a_payment(payment_intent_id=None), None, [created("ch_1")]),
    "a payment without a name": (a_payment(payment_intent_id=None, charge_id=None), None, []),
    "a payment that was waited for": (a_payment("evt_2"), NOBODY_PAID, [updated(orderId="order-1"), created("ch_1")]),
    "a payment that has paid another order": (a_payment(), ELSEWHERE, [updated(waiting=[]), created("ch_1")]),
    "a refunded charge": (a_refunded_charge(), None, [created("pi_1"), created("ch_1")]),
    # At the first report, whatever the payment's state.
    "money on its way": (a_processing(), None, [created("pi_1")]),
    "a decline": (a_failure(), None, [created("pi_1", declined=True), created("ch_0", declined=True)]),
    "an end": (a_cancellation(), None, [created("pi_1")]),
    "an end that was waited for": (
        a_cancellation(),
        NOBODY_PAID,
        [updated(orderId="order-1", waiting=["evt_7", "evt_8"])],
    ),
    "a decline of what is known": (a_failure("evt_2"), PAID, [created("ch_0", declined=True)]),
    "another decline": (a_failure("evt_2", charge_id=None), DECLINED_ELSEWHERE, []),
    "a payment after a decline": (a_payment(), DECLINED, [updated(orderId="order-1", declined=False), created("ch_1")]),
    "money on its way after another order's decline": (
        a_processing(), DECLINED_ELSEWHERE, [updated(orderId="order-1", declined=False)]
    ),
    # Only events about the payment itself say whose it is.
    "a subscription": (a_subscription(), None, []),
    "a dispute": (a_dispute(order_id="order-1"), None, []),
    "a refund": (REFUND, None, []),
    "a refund that waited": (REFUND, PAID, [updated(waiting=["evt_7"])]),
    "a refund that waited for nobody": (REFUND, NOBODY_PAID, [updated(waiting=["evt_7", "evt_8"])]),
}  # fmt: skip


@pytest.mark.parametrize(("event", "intent", "writes"), INDEXED.values(), ids=INDEXED)
def test_a_settled_event_leaves_the_list_and_a_payment_names_its_order(
    event: StripeEvent, intent: object, writes: list[Write]
) -> None:
    known = {"pi_1": intent} if intent else {}
    assert list(index_writes(event, "order-1", Snapshot(payments=known))) == writes  # type: ignore[arg-type]


def test_what_waits_is_listed_after_the_others_if_the_list_is_as_it_was_read() -> None:
    listed = listed_as_waiting(
        an_updated_refund(), Snapshot(payments={"pi_1": a_known_payment("evt_7", order_id=None)})
    )
    assert listed == updated(waiting=["evt_7", "evt_1"])


def test_a_refund_without_an_intent_waits_for_its_charge() -> None:
    listed = listed_as_waiting(an_updated_refund(payment_intent_id=None), Snapshot())
    assert listed == Create("payments/ch_1", {"orderId": None, "waiting": ["evt_1"]})
