"""What a person can do next; nothing if nothing needs to be done."""

from datetime import timedelta

import pytest

from ops.exit_codes import ExitCode
from tests.support.builders import LATER, NOW, Fields, a_placement, an_order
from tests.support.effects import A_MAIL, with_effect
from tests.support.operating import operated
from tests.support.operators import an_operators_request
from tests.support.payments import a_payment
from tests.support.refunds import a_dispute
from tests.support.settling import settled
from tests.support.shop import a_shop, a_shop_after, a_shop_with_a_hold, document_at, without_requests
from tests.support.why import a_parked_event, a_shop_in_review, next_steps, told
from tools.toolchain import ROOT


def test_a_healthy_order_needs_nobody() -> None:
    result = operated(a_shop_after(a_placement(), a_payment()), "why", "order-1")
    assert (result.exit_code, "What to do next" in result.stdout) == (ExitCode.FINE, False)


def test_whatever_needs_a_person_ends_with_its_own_code() -> None:
    assert operated(a_shop_in_review(), "why", "order-1").exit_code == ExitCode.FOUND


def test_a_hold_that_is_over_is_released_or_extended() -> None:
    assert next_steps(without_requests(a_shop_with_a_hold()), now=NOW + timedelta(hours=1)) == [
        "./shop release order-1",
        "./shop extend --for 1d order-1",
    ]
    assert next_steps(a_shop_with_a_hold()) == []


def test_an_overwritten_status_is_said_to_be_so_and_is_to_be_written_back() -> None:
    store = a_shop_after(a_placement(), a_payment())
    store.put("orders/order-1", {**document_at(store, "orders/order-1"), "status": "cancelled"})
    assert "somebody else has overwritten its status, which was finalized: paid, and its units are taken" in told(store)
    (step,) = next_steps(store)
    assert step.startswith("Write its status back as finalized in the Firebase console")


def test_what_was_given_up_says_why() -> None:
    store = with_effect(a_shop_after(a_placement()), A_MAIL, state="ERROR", error="sender not verified")
    assert next_steps(store) == [f"./shop retry {A_MAIL.effect_id}", f"./shop handle {A_MAIL.effect_id}"]
    assert "The mail for customer was given up (sender not verified)." in told(store)
    again = with_effect(a_shop_after(a_placement()), A_MAIL, operator="olga", reason="it is verified now")
    assert (next_steps(again), "by olga: it is verified now" in told(again)) == ([], True)


@pytest.mark.parametrize("changes", [{"kind": "pigeon"}, {"idempotencyKey": None}, {"kind": None, "state": "ERROR"}])
def test_an_effect_that_nobody_can_perform_is_named_with_what_to_do(changes: Fields) -> None:
    store = with_effect(a_shop_after(a_placement()), A_MAIL, **changes)
    (step,) = next_steps(store)
    assert step.startswith(f"effects/{A_MAIL.effect_id} (") and step.endswith(
        "then delete the document in the Firebase console"
    )
    of_no_order = with_effect(a_shop_after(a_placement()), A_MAIL, **{**changes, "orderId": None})
    assert "then delete the document in the Firebase console" in told(of_no_order, A_MAIL.effect_id)
    assert next_steps(with_effect(store, A_MAIL, **{**changes, "state": "SUCCESS"})) == []


@pytest.mark.parametrize("is_deleted", [False, True], ids=["of an order", "of a deleted order"])
def test_a_dispute_is_answered_while_it_is_open(*, is_deleted: bool) -> None:
    store = a_shop_after(a_placement(), a_payment())
    if is_deleted:
        store.delete("orders/order-1")
    settled(a_dispute("evt_2"), store)
    (step,) = next_steps(store)
    assert step == "Answer dispute dp_1 in Stripe, evidence due by 2026-03-21 15:09 UTC: its status is needs_response"
    assert next_steps(a_shop_after(a_placement(), a_payment(), a_dispute("evt_2", "won"))) == []


@pytest.mark.parametrize(
    ("result", "helps"),
    [
        ("order_not_found", "Create the order, which settles it, or refund the payment in Stripe."),
        ("payment_not_found", "replay the payment's own event, which settles this one, too."),
    ],
)
def test_a_parked_event_says_what_helps_before_it_is_replayed(result: str, helps: str) -> None:
    store = a_shop()
    store.put("webhookEvents/evt_1", a_parked_event(result=result))
    assert helps in told(store)


@pytest.mark.parametrize("ids", [{"paymentIntentId": "pi_9", "chargeId": "ch_9"}, {"chargeId": "pi_9"}])
def test_a_parked_event_names_its_payment_to_look_it_up_in_stripe(ids: Fields) -> None:
    store = a_shop()
    store.put("webhookEvents/evt_1", a_parked_event(event=ids))
    assert "Event evt_1 (payment_intent.succeeded of pi_9) is parked as order_not_found" in told(store)


def test_an_order_whose_inventory_is_gone_says_so_until_there_is_one_again() -> None:
    store = a_shop_after(a_placement(), a_payment())
    inventory = document_at(store, "inventory/shirt")
    store.delete("inventory/shirt")
    assert next_steps(store) == [], "its own units were counted"
    store.put("orders/order-1", {**document_at(store, "orders/order-1"), "wentUncounted": True})
    assert next_steps(store) == ["./shop stock show shirt"]
    store.put("inventory/shirt", inventory)
    assert next_steps(store) == []


def test_units_that_nobody_takes_in_time_need_a_person() -> None:
    store = a_shop_after(a_placement(), a_payment())
    store.put("takings/order-1", {"units": {"shirt": 3}})
    assert next_steps(store, now=NOW + timedelta(minutes=9)) == []
    late = NOW + timedelta(minutes=10)
    assert "within a minute they should have left" in told(store, now=late)
    (step,) = next_steps(store, now=late)
    assert "under “Sold units are not taken”" in step


@pytest.mark.parametrize(
    ("order", "units", "step"),
    [
        ({"takenLater": ["shirt"]}, "three", "write its `units` as {shirt: 3}. Until then no stock can be set"),
        ({}, {"shirt": -1}, "no hot product was sold, so delete it. Until then no stock can be set"),
        (None, {"shirt": "x"}, "no hot product was sold, so delete it"),
        (None, {"shirt": 3}, "takes units for an order that does not exist"),
    ],
)
def test_what_is_to_be_taken_and_should_not_be_as_it_is_says_what_to_do(
    order: Fields | None, units: object, step: str
) -> None:
    store = without_requests(a_shop_after(a_placement(), a_payment()))
    store.put("orders/order-1", {**document_at(store, "orders/order-1"), **(order or {})})
    some_id = "order-1" if order is not None else "gone"
    store.put(f"takings/{some_id}", {"units": units})
    shown = operated(store, "why", some_id)
    assert shown.exit_code == ExitCode.FOUND
    assert f"takings/{some_id} " in shown.stdout and step in shown.stdout


def test_what_the_sweep_should_have_done_by_now_needs_a_person() -> None:
    soon, late = NOW + timedelta(minutes=19), NOW + timedelta(minutes=20)
    asked, sent = (without_requests(a_shop_after(a_placement(), a_payment())) for _ in range(2))
    asked.put("operatorRequests/r-1", an_operators_request("accept"))
    with_effect(sent, A_MAIL, state="PENDING", attempts=0, nextAttemptAt=NOW)
    for store in (without_requests(a_shop(an_order(createdAt=NOW))), asked, sent):
        (step,) = next_steps(store, now=late)
        assert (step.startswith("The sweep should have"), next_steps(store, now=soon)) == (True, [])


def test_what_fails_again_and_again_outside_says_why() -> None:
    store = without_requests(a_shop_after(a_placement(), a_payment()))
    failing = {"state": "RETRY", "error": "no answer", "nextAttemptAt": LATER}
    assert next_steps(with_effect(store, A_MAIL, **failing, attempts=4), now=LATER) == []
    (step,) = next_steps(with_effect(store, A_MAIL, **failing, attempts=5), now=LATER)
    assert "has failed 5 times (no answer). Fix the cause" in step


def test_a_remedy_that_shows_the_same_page_once_more_is_no_step() -> None:
    store = a_shop_after(a_placement())
    finding = {"rule": "refunds_differ", "orderId": "order-1", "found": "10 and 20", "since": NOW, "state": "open"}
    store.put("findings/refunds_differ_pi_1", {**finding, "remedy": "./shop why order-1"})
    step, _ = next_steps(store)
    assert step.startswith("Found by refunds_differ: 10 and 20. The runbook says what to do")


@pytest.mark.parametrize(
    "section", ["Sold units are not taken", "Money, stock or the trail disagree", "The sweep stops"]
)
def test_a_section_that_a_step_names_is_in_the_runbook(section: str) -> None:
    assert f"\n### {section}\n" in (ROOT / "docs/runbook.md").read_text()


@pytest.mark.parametrize(
    ("state", "steps"),
    [("open", ["./shop replay evt_7", "./shop handle paid_at_stripe_pi_7"]), ("handled", []), ("closed", [])],
)
def test_a_finding_brings_its_own_remedy_while_it_is_open(state: str, steps: list[str]) -> None:
    store = a_shop_after(a_placement())
    finding = {"rule": "paid_at_stripe", "orderId": "order-1", "found": "pi_7 is paid", "since": NOW}
    store.put("findings/paid_at_stripe_pi_7", {**finding, "state": state, "remedy": "./shop replay evt_7"})
    assert next_steps(store) == steps
