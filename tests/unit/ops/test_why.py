"""By any id: where the order is, what is missing, and what happened."""

from datetime import timedelta
from typing import Any

import pytest

from database.documents.checkouts import checkout_fields
from database.documents.effects import effect_path
from ops import case
from ops.case import case_of
from ops.exit_codes import ExitCode
from ops.page import Line, Tone
from ops.report import report_on
from ops.report_page import page_of
from ops.standing import STANDING
from orders.order import OrderStatus
from tests.support.builders import LATER, NOW, Fields, a_placement, a_reserved_order, an_order, redelivered
from tests.support.checkouts import an_open_checkout
from tests.support.effects import A_MAIL, with_effect
from tests.support.memory_reader import MemoryReader
from tests.support.memory_store import MemoryStore
from tests.support.operating import operated
from tests.support.payments import a_failure, a_payment
from tests.support.refunds import a_dispute, a_refund, a_refunded_charge, an_updated_refund
from tests.support.settling import settled
from tests.support.shop import MUCH_LATER, a_shop, a_shop_after, document_at
from tests.support.why import FINALIZED, a_parked_event, next_steps, told, ways_back


def test_units_that_are_sold_and_not_taken_yet_are_said_to_be_so() -> None:
    store = a_shop_after(a_placement(), a_payment())
    assert "leave `stock`" not in told(store)
    store.put("takings/order-1", {"units": {"shirt": 3}})
    assert "- 3 of 'shirt' are sold; within a minute they leave `stock` and `reserved`" in told(store)


# --- Which id ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("some_id", "kind"),
    [
        ("pi_1", "payment"),
        ("ch_1", "payment"),
        ("evt_1", "event"),
        ("placed_order-1", "event"),
        ("dp_1", "dispute"),
        ("re_1", "refund"),
        ("elsewhere_r-1_pi_1", "refund"),
        ("cs_1", "session"),
        (A_MAIL.effect_id, "effect"),
        ("alice", "customer"),
    ],
)
def test_every_id_leads_to_its_order(some_id: str, kind: str) -> None:
    store = a_shop_after(a_placement(), a_payment(), a_dispute("evt_2"), a_refunded_charge("evt_3", a_refund()))
    store.put("checkouts/order-1", checkout_fields(an_open_checkout()))
    order: dict[str, Any] = {**document_at(store, "orders/order-1")}
    gone = {"amount": 1, "status": "succeeded", "paymentId": "pi_1", "elsewhere": True}
    store.put("orders/order-1", {**order, "refunds": {**order["refunds"], "elsewhere_r-1_pi_1": gone}})
    said = told(with_effect(store, A_MAIL), some_id)
    assert said.startswith(f"The {kind} {some_id} belongs to an order.\nOrder order-1 (refunded): ")


@pytest.mark.parametrize("some_id", ["nobody", "re_9", "a/b"])
def test_an_unknown_id_says_so(some_id: str) -> None:
    result = operated(a_shop_after(a_placement()), "why", some_id)
    assert (result.exit_code, result.stdout) == (ExitCode.FAILED, "")
    assert some_id in result.stderr


def test_an_order_that_its_customer_has_named_like_something_else_does_not_hide_that() -> None:
    store = a_shop_after(a_placement(), a_payment())
    assert "is also the id" not in operated(store, "why", "pi_1").stderr
    for order_id in "pi_1", "evt_9":
        store.put(f"orders/{order_id}", an_order(userId="mallory"))
    store.put("webhookEvents/evt_9", a_parked_event(orderId=None))
    said = operated(store, "why", "pi_1").stderr
    assert "pi_1 is also the id of something else (payment), of another order: ./shop why order-1" in said
    assert operated(store, "why", "evt_9").stderr.endswith("evt_9 is also the id of something else (event)\n")
    store.put("payments/pi_1", {"orderId": "pi_1"})
    assert "is also the id" not in operated(store, "why", "pi_1").stderr


def test_a_refund_that_is_only_parked_leads_to_its_event() -> None:
    parked = an_updated_refund("evt_9", a_refund("re_9"), payment_intent_id="pi_9", charge_id=None)
    store = a_shop_after(a_placement(), parked)
    result = operated(store, "why", "re_9")
    assert (result.exit_code, "./shop replay evt_9" in result.stdout) == (ExitCode.FOUND, True)


@pytest.mark.parametrize("some_id", ["re_9", "pyr_9", "elsewhere_r-1_pi_9"])
def test_an_unknown_refund_is_looked_for_by_its_payment(some_id: str) -> None:
    said = operated(a_shop_after(a_placement()), "why", some_id).stderr
    assert f"has a refund {some_id}, and no parked event: try the id of its payment" in said


def test_a_claim_that_is_gone_leaves_the_audit_entry_to_lead_to_the_order() -> None:
    store = a_shop_after(a_placement(), a_payment())
    store.delete("webhookEvents/evt_1")
    assert "Order order-1" in told(store, "evt_1")


def test_an_event_whose_claim_names_no_order_leads_to_that_of_its_audit_entry() -> None:
    store = a_shop_after(a_placement(), a_payment())
    store.put("webhookEvents/evt_1", a_parked_event(orderId=None))
    assert "Order order-1" in told(store, "evt_1")
    assert "is also the id" not in operated(store, "why", "evt_1").stderr


def test_a_customer_with_several_orders_has_them_listed() -> None:
    store = a_shop(an_order())
    store.put("orders/order-2", an_order(createdAt=LATER))
    lines = told(store, "alice").splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["order-2", "order-1"]


def test_an_order_that_is_gone_or_never_came_shows_what_waits_for_it() -> None:
    store = a_shop()
    store.put("webhookEvents/evt_1", a_parked_event())
    assert "Order order-1 (missing): there is no such order.\n" in told(store)
    assert next_steps(store) == ["./shop replay evt_1", "./shop handle evt_1"]


# Charges of some methods are called py_….
@pytest.mark.parametrize("payment_id", ["pi_9", "ch_9", "py_9"])
def test_a_payment_whose_order_never_came_leads_to_its_parked_event(payment_id: str) -> None:
    store = a_shop()
    payment = a_payment("evt_9", order_id="order-9", payment_intent_id="pi_9", charge_id=payment_id.replace("pi", "ch"))
    assert settled(payment, store, now=MUCH_LATER).result == "order_not_found"
    assert "Order order-9 (missing): there is no such order.\n" in told(store, payment_id)
    assert "  ./shop replay evt_9" in told(store, payment_id)


@pytest.mark.parametrize(
    ("unknown", "helps"), [("evt_9", "./shop replay evt_9"), ("pi_9", "./shop reconcile"), ("order-9", "./shop search")]
)
def test_it_says_who_may_know_about_an_unknown_id(unknown: str, helps: str) -> None:
    answered = operated(a_shop(), "why", unknown)
    assert (answered.exit_code, helps in answered.stderr) == (ExitCode.FAILED, True)


def test_a_deleted_order_is_said_to_be_so() -> None:
    store = a_shop_after(a_placement())
    store.delete("orders/order-1")
    assert "there is no such order any more: it was deleted" in told(store)


def test_a_payment_that_only_a_finding_names_leads_to_it() -> None:
    found: Fields = {"state": "open", "found": "only Stripe has it", "remedy": "./shop why pi_9", "target": "pi_9"}
    store = a_shop_after(a_placement())
    store.put("findings/paid_only_at_stripe_pi_9", {**found, "rule": "paid_only_at_stripe", "orderId": "order-1"})
    assert "The payment pi_9 belongs to an order." in told(store, "pi_9")
    assert "only Stripe has it" in told(store, "pi_9")
    store.put("findings/not_compared_pi_8", {**found, "rule": "not_compared", "orderId": None})
    assert "not_compared_pi_8 is open: only Stripe has it" in told(store, "pi_8")


def test_an_event_and_a_payment_without_an_order_speak_for_themselves() -> None:
    store = a_shop()
    store.put("payments/pi_1", {"orderId": None, "waiting": ["evt_1"]})
    parked = a_parked_event(orderId=None, result="error", reason="amount must be a number")
    store.put("webhookEvents/evt_1", parked)
    assert "(amount must be a number). Once that is fixed and deployed:\n  ./shop replay evt_1" in told(store, "evt_1")
    assert "  ./shop why evt_1" in told(store, "pi_1")


def test_what_waits_for_a_payment_that_was_only_declined_is_named_before_the_order_in_which_it_was() -> None:
    store = a_shop_after(a_placement(), a_failure())
    assert "The payment pi_1 belongs to an order." in told(store, "pi_1")
    settled(a_dispute("evt_9"), store)
    assert "Its refunds and disputes wait for it:\n  ./shop why evt_9" in told(store, "pi_1")
    settled(a_payment("evt_10"), store)
    assert "The payment pi_1 belongs to an order." in told(store, "pi_1")


def test_what_waits_without_an_order_needs_a_person_until_it_is_settled() -> None:
    store, ids = a_shop(), ("evt_1", "pi_1", A_MAIL.effect_id)
    for is_parked, code in ((True, ExitCode.FOUND), (False, ExitCode.FINE)):
        store.put("webhookEvents/evt_1", a_parked_event(orderId=None, processed=not is_parked))
        # A handled event stays in its payment's list.
        store.put("payments/pi_1", {"orderId": None, "waiting": ["evt_1"]})
        store.put(effect_path(A_MAIL.effect_id), {"kind": "fax", "state": "PENDING" if is_parked else "SUCCESS"})
        assert [operated(store, "why", each).exit_code for each in ids] == [code] * 3
    assert told(store, "pi_1") == "Payment pi_1 has settled no order yet. Nothing waits for it.\n"


# --- Where it is, and what is missing ---------------------------------------------------------------------------------


def test_every_status_is_put_into_words() -> None:
    assert set(STANDING) == set(OrderStatus)


@pytest.mark.parametrize(
    ("order", "missing"),
    [
        (a_reserved_order(), "- not paid yet; €36.00 is asked"),
        (a_reserved_order(), "- its units are held for another 29 min"),
        (a_reserved_order(reservationExpiresAt=NOW - timedelta(hours=2)), "- its hold ended 2 h ago"),
        (a_reserved_order(amountTotal=None, itemsTotal=None), "- not paid yet; it has no price"),
        (a_reserved_order(amountTotal="12"), "- its price cannot be used: amountTotal must be"),
        (an_order(items=[]), "- it can never be held: "),
        (an_order(), "- it was created under a minute ago"),
        (an_order(status="failed", failureReason="insufficient_stock: ..."), "- insufficient_stock: ..."),
        (
            an_order(status="shipped", finalizedAt=NOW),
            "for this service it is finalized: paid, and its units are taken",
        ),
    ],
)
def test_what_is_missing_is_said_in_the_orders_own_words(order: Fields, missing: str) -> None:
    assert missing in told(a_shop(order, reserved=3), now=LATER)


def test_what_is_due_back_is_said_in_each_of_its_currencies_until_all_of_it_is_back() -> None:
    euros: Fields = {"state": "succeeded", "at": NOW, "amount": 3_000, "currency": "eur", "amountRefunded": 3_000}
    dollars: Fields = {"state": "succeeded", "at": LATER, "amount": 900, "currency": "usd", "amountRefunded": 400}
    due = {"status": "refund_due", "unfulfilledAs": "refund_due"}
    for payments, said in (
        ({"pi_1": {**euros, "amountRefunded": 0}, "pi_2": dollars}, ["€30.00", "$5.00"]),
        ({"pi_1": euros, "pi_2": dollars}, ["$5.00"]),
    ):
        store = a_shop(a_reserved_order(**due, payments=payments))
        lines = [line for line in told(store).splitlines() if line.endswith(" is to be refunded")]
        assert lines == [f"- {money} is to be refunded" for money in said]
        assert next_steps(store) == ways_back()
    assert "is to be refunded" not in told(a_shop_after(a_placement(), a_payment()))


def test_a_payment_on_its_way_is_named() -> None:
    on_its_way = {"state": "processing", "at": NOW, "until": LATER}
    order = a_reserved_order(payments={"pi_1": on_its_way})
    assert "- payment pi_1 is processing" in told(a_shop(order, reserved=3))
    part, arrived = {"funded": {"amount": 2_400, "currency": "eur"}}, "- €24.00 of payment pi_1 has arrived at Stripe"
    for status in "reserved", "expired":
        assert arrived in told(a_shop(a_reserved_order(status=status, payments={"pi_1": {**on_its_way, **part}})))
    paid = {**on_its_way, **part, "state": "succeeded", "amount": 3_600, "currency": "eur"}
    assert arrived not in told(a_shop(a_reserved_order(payments={"pi_1": paid})))


def test_money_stands_beside_stock() -> None:
    refund = a_refunded_charge("evt_2", a_refund(amount=1_200, restock={"shirt": 1}), total=1_200)
    said = told(a_shop_after(a_placement(), a_payment(), refund))
    assert "asked €36.00   paid €36.00   refunded €12.00" in said
    assert "pi_1     succeeded    €36.00    €12.00  pays for it" in said
    assert "shirt          3     0      3         1             8         0          8" in said


def test_a_product_that_nothing_can_be_held_of_says_why() -> None:
    store = a_shop(an_order())
    store.put("inventory/shirt", {"stock": "ten"})
    assert "shirt: stock must be a whole number" in told(store)


# --- What happened ----------------------------------------------------------------------------------------------------


def test_the_timeline_has_everything_in_the_order_of_its_commits() -> None:
    store = a_shop_after(a_placement(), a_payment(), redelivered(a_payment()))
    with_effect(store, A_MAIL, state="RETRY", attempts=2, error="no answer", nextAttemptAt=LATER)
    lines = told(store).partition("What happened (UTC)\n")[2].splitlines()
    assert [line[21:] for line in lines] == [
        "order.placed (placed_order-1): reserved, pending > reserved, €36.00, shirt reserved +3",
        "notice reserved for the customer (placed_order-1): unread, €36.00",
        f"payment_intent.succeeded (evt_1): first_time_finalized, {FINALIZED}",
        "notice paid for the customer (evt_1): unread, €36.00",
        "payment_intent.succeeded, delivered again (evt_1): duplicate_detected",
        "mail for customer (evt_1_mail_customer): RETRY after 2 attempts",
        "no answer; next at 2026-03-14 15:09:33",
    ]


@pytest.mark.parametrize(("state", "said"), [("SUCCESS", "SUCCESS, nothing to do"), ("PENDING", "PENDING")])
def test_what_was_not_tried_is_not_said_to_have_been(state: str, said: str) -> None:
    store = a_shop_after(a_placement(), a_payment())
    with_effect(store, A_MAIL, state=state, attempts=0, error="no mail address is known")
    assert f"mail for customer (evt_1_mail_customer): {said}\n" in told(store)


def test_a_list_that_is_cut_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "There may be more" not in told(a_shop_after(a_placement(), a_payment()))
    monkeypatch.setattr(case, "HAPPENINGS_MAX", 2)
    assert "There may be more audit entries than are shown." in told(a_shop_after(a_placement(), a_payment()))


def warnings_of(store: MemoryStore) -> list[str]:
    page = page_of(report_on(case_of("order-1", MemoryReader(store)), NOW))
    return [part.text for part in page if isinstance(part, Line) and part.tone is Tone.WARNING]


def test_what_needs_a_person_stands_out() -> None:
    assert warnings_of(a_shop_after(a_placement(), a_payment())) == []
    verdict, happened = warnings_of(with_effect(a_shop_after(a_placement()), A_MAIL, state="ERROR"))
    assert (verdict[:24], happened[21:38]) == ("Order order-1 (reserved)", "mail for customer")
