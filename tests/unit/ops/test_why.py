"""By whatever id a person has: where the order is, what is missing, what happened, and what to do next."""

import json
from datetime import timedelta
from typing import Any

import pytest

from database.documents.checkouts import checkout_fields
from database.documents.effects import effect_path, effect_write
from effects.effect import Effect, EffectKind, EffectState, a_message, a_stripe_call
from notifications.notices import Audience
from ops import case
from ops.case import case_of
from ops.exit_codes import ExitCode
from ops.page import Line, Tone
from ops.report import report_on
from ops.report_page import page_of
from ops.standing import STANDING
from orders.money import Money
from orders.order import OrderStatus
from tests.support.builders import LATER, NOW, Fields, a_placement, a_reserved_order, an_order, redelivered
from tests.support.checkouts import an_open_checkout
from tests.support.memory_reader import MemoryReader
from tests.support.memory_store import MemoryStore
from tests.support.operating import operated
from tests.support.operators import an_operators_request
from tests.support.payments import a_payment
from tests.support.refunds import a_dispute, a_refund, a_refunded_charge
from tests.support.shop import a_shop, a_shop_after, a_shop_with_a_hold, document_at, without_requests
from tools.toolchain import ROOT

TOO_LITTLE = Money(3_000, "eur")
A_REFUND = a_stripe_call(EffectKind.STRIPE_REFUND, "pi_1", "order-1", "evt_1", "alice")
FINALIZED = "reserved > finalized, €36.00, shirt stock -3 reserved -3"
A_MAIL = a_message(EffectKind.MAIL, str(Audience.CUSTOMER), "order-1", "evt_1", "alice")


def told(store: MemoryStore, some_id: str = "order-1", **when: Any) -> str:
    return operated(store, "why", some_id, **when).stdout


def next_steps(store: MemoryStore, **when: Any) -> list[str]:
    """Each as its command, or where there is none as why."""
    steps = json.loads(operated(store, "why", "order-1", "--json", **when).stdout)["next"]
    return [step["command"] or step["why"] for step in steps]


def ways_back(options: str = "") -> list[str]:
    """By Stripe, or as it went back elsewhere."""
    return [f"./shop refund {options}order-1", f"./shop refund {options}--elsewhere order-1"]


def with_effect(store: MemoryStore, effect: Effect, **changes: object) -> MemoryStore:
    store.put(effect_path(effect.effect_id), {**effect_write(effect, NOW).fields, **changes})
    return store


def a_parked_event(**changes: object) -> Fields:
    return {
        "eventType": "payment_intent.succeeded",
        "orderId": "order-1",
        "processed": False,
        "parkedAt": NOW,
        "result": "order_not_found",
        "reason": "order order-1 does not exist",
        "event": {"kind": "payment_succeeded", "amount": 3_600, "currency": "eur"},
        **changes,
    }


def a_shop_in_review() -> MemoryStore:
    return a_shop_after(a_placement(), a_payment(money=TOO_LITTLE))


def test_units_that_are_sold_and_not_taken_yet_are_said_to_be_so() -> None:
    store = a_shop_after(a_placement(), a_payment())
    assert "leave `stock`" not in told(store)
    store.put("takings/order-1", {"units": {"shirt": 3}})
    assert "- 3 of 'shirt' are sold; within a minute they leave `stock` and `reserved`" in told(store)


def test_what_an_operator_has_asked_for_and_nobody_has_answered_is_shown_until_it_is() -> None:
    store = without_requests(a_shop_in_review())
    store.put("operatorRequests/r-1", an_operators_request("accept"))
    store.put("operatorRequests/r-2", an_operators_request("stock", target="order-1"))
    assert "olga asked at 2026-03-14 15:09:26 to accept it (as agreed): not answered yet" in told(store)
    assert told(store).count("not answered yet") == 1
    store.put("operatorRequests/r-1", {**an_operators_request("accept"), "settledAt": NOW})
    assert "not answered yet" not in told(store)


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
    assert said.startswith(f"The {kind} {some_id} leads to an order.\nOrder order-1 is refunded: ")


@pytest.mark.parametrize("some_id", ["nobody", "re_9", "a/b"])
def test_an_id_of_which_nothing_is_known_says_so(some_id: str) -> None:
    result = operated(a_shop_after(a_placement()), "why", some_id)
    assert (result.exit_code, result.stdout) == (ExitCode.FAILED, "")
    assert some_id in result.stderr


def test_a_claim_that_is_gone_leaves_the_audit_entry_to_lead_to_the_order() -> None:
    store = a_shop_after(a_placement(), a_payment())
    store.delete("webhookEvents/evt_1")
    assert "Order order-1" in told(store, "evt_1")


def test_an_event_whose_claim_names_no_order_leads_to_that_of_its_audit_entry() -> None:
    store = a_shop_after(a_placement(), a_payment())
    store.put("webhookEvents/evt_1", a_parked_event(orderId=None))
    assert "Order order-1" in told(store, "evt_1")


def test_a_customer_with_several_orders_has_them_listed() -> None:
    store = a_shop(an_order())
    store.put("orders/order-2", an_order(createdAt=LATER))
    lines = told(store, "alice").splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["order-2", "order-1"]


def test_an_order_that_is_gone_or_never_came_shows_what_waits_for_it() -> None:
    store = a_shop()
    store.put("webhookEvents/evt_1", a_parked_event())
    assert "there is no such order" in told(store)
    assert next_steps(store) == ["./shop replay evt_1", "./shop handle evt_1"]


@pytest.mark.parametrize(
    ("unknown", "helps"),
    [("evt_9", "./shop replay evt_9"), ("pi_9", "./shop reconcile"), ("order-9", "./shop search")],
)
def test_of_what_nothing_is_known_of_it_says_who_may_know(unknown: str, helps: str) -> None:
    answered = operated(a_shop(), "why", unknown)
    assert (answered.exit_code, helps in answered.stderr) == (ExitCode.FAILED, True)


def test_an_event_and_a_payment_without_an_order_speak_for_themselves() -> None:
    store = a_shop()
    store.put("payments/pi_1", {"orderId": None, "waiting": ["evt_1"]})
    parked = a_parked_event(orderId=None, result="error", reason="amount must be a number")
    store.put("webhookEvents/evt_1", parked)
    assert "(amount must be a number). Once what it names is mended and deployed:\n  ./shop replay evt_1" in told(
        store, "evt_1"
    )
    assert "  ./shop why evt_1" in told(store, "pi_1")


def test_what_waits_without_an_order_needs_a_person_until_it_is_settled() -> None:
    store, ids = a_shop(), ("evt_1", "pi_1", A_MAIL.effect_id)
    for is_parked, code in ((True, ExitCode.FOUND), (False, ExitCode.FINE)):
        store.put("webhookEvents/evt_1", a_parked_event(orderId=None, processed=not is_parked))
        # What a person has handled stays in the list of its payment.
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
        (a_reserved_order(), "- nobody has paid; €36.00 is asked"),
        (a_reserved_order(), "- its units are held for another 29 min"),
        (a_reserved_order(reservationExpiresAt=NOW - timedelta(hours=2)), "- its hold ended 2 h ago"),
        (a_reserved_order(amountTotal=None, itemsTotal=None), "- nobody has paid; it has no price"),
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
    order = a_reserved_order(payments={"pi_1": {"state": "processing", "at": NOW, "until": LATER}})
    assert "- payment pi_1 is processing" in told(a_shop(order, reserved=3))


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


def test_what_a_person_did_is_shown_with_their_name_and_reason() -> None:
    store = a_shop_after(a_placement())
    entry: Fields = {"orderId": "order-1", "createdAt": LATER, "eventType": "operator.accepted", "result": "accepted"}
    store.put("auditLog/operator_1", {**entry, "operator": "bob@shop.example", "reason": "agreed by phone"})
    assert "by bob@shop.example: agreed by phone" in told(store)


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
    assert (verdict[:24], happened[21:38]) == ("Order order-1 is reserve", "mail for customer")


# --- What to do next --------------------------------------------------------------------------------------------------


def test_a_healthy_order_needs_nobody() -> None:
    result = operated(a_shop_after(a_placement(), a_payment()), "why", "order-1")
    assert (result.exit_code, "What to do next" in result.stdout) == (ExitCode.FINE, False)


def test_whatever_needs_a_person_ends_with_its_own_code() -> None:
    assert operated(a_shop_in_review(), "why", "order-1").exit_code == ExitCode.FOUND


def test_an_order_in_review_is_accepted_or_refunded() -> None:
    assert next_steps(a_shop_in_review()) == ["./shop accept order-1", *ways_back()]


@pytest.mark.parametrize(
    ("money", "is_due"),
    [
        ({"amount": 3_600, "currency": "eur", "amountRefunded": 0}, True),
        ({"amount": 3_600, "currency": "eur", "amountRefunded": 3_600}, False),
        ({}, True),
    ],
)
def test_an_order_that_cannot_be_fulfilled_is_refunded_once_however_much_it_is(money: Fields, *, is_due: bool) -> None:
    paid: Fields = {"state": "succeeded", "at": NOW, **money}
    order = a_reserved_order(status="refund_due", unfulfilledAs="refund_due", payments={"pi_1": paid})
    assert next_steps(a_shop(order)) == (ways_back() if is_due else [])


@pytest.mark.parametrize(
    ("before", "accept"),
    [
        ({"status": "refund_due", "unfulfilledAs": "refund_due"}, []),
        ({"status": "review", "unfulfilledAs": "review"}, ["./shop accept order-1"]),
        ({"status": "finalized", "finalizedAt": NOW, "cancelRequestedAt": LATER}, []),
    ],
)
def test_what_stripe_is_sending_back_for_days_is_not_there_to_be_refunded(before: Fields, accept: list[str]) -> None:
    paid: Fields = {"state": "succeeded", "at": NOW, "amount": 3_600, "currency": "eur", "amountRefunded": 0}
    for amount, ways in ((3_600, []), (3_599, ways_back())):
        refunds = {"re_1": {"amount": amount, "status": "pending", "paymentId": "pi_1"}}
        store = a_shop(a_reserved_order(**before, payments={"pi_1": paid}, refunds=refunds))
        assert next_steps(without_requests(store)) == [*accept, *ways]


@pytest.mark.parametrize("state", EffectState)
def test_what_the_service_refunds_itself_is_left_to_it_until_that_is_over(state: EffectState) -> None:
    steps = next_steps(with_effect(a_shop_in_review(), A_REFUND, state=str(state)))
    by_a_person = ["./shop accept order-1", *ways_back()]
    given_up = [f"./shop retry {A_REFUND.effect_id}", *by_a_person, f"./shop handle {A_REFUND.effect_id}"]
    assert steps == {EffectState.SUCCESS: by_a_person, EffectState.ERROR: given_up}.get(state, [])


def test_of_a_refund_that_was_given_up_one_way_is_first_and_the_others_begin_with_or() -> None:
    second = a_payment("evt_2", payment_intent_id="pi_2", charge_id="ch_2")
    refund = a_stripe_call(EffectKind.STRIPE_REFUND, "pi_2", "order-1", "evt_2", "alice")
    shop = a_shop_after(a_placement(), a_payment(), second)
    said = told(with_effect(shop, refund, state="ERROR", error="no key")).partition("What to do next\n")[2].splitlines()
    first, *others = said[::2]
    assert (first.startswith("The refund of pi_2 was given up (no key)."), said[1]) == (
        True,
        f"  ./shop retry {refund.effect_id}",
    )
    assert [each[:2] for each in others] == ["Or"] * 3
    assert [each.strip() for each in said[3::2]] == [*ways_back("--payment pi_2 "), f"./shop handle {refund.effect_id}"]


def test_a_payment_too_many_that_the_service_refunds_is_left_to_it() -> None:
    second = a_payment("evt_2", payment_intent_id="pi_2", charge_id="ch_2")
    assert next_steps(with_effect(a_shop_after(a_placement(), a_payment(), second), A_REFUND)) == []


def test_a_hold_that_is_over_is_released_or_extended() -> None:
    assert next_steps(without_requests(a_shop_with_a_hold()), now=NOW + timedelta(hours=1)) == [
        "./shop release order-1",
        "./shop extend --for 1d order-1",
    ]
    assert next_steps(a_shop_with_a_hold()) == []


def test_a_payment_too_many_is_refunded_by_its_name() -> None:
    second = a_payment("evt_2", payment_intent_id="pi_2", charge_id="ch_2")
    assert next_steps(a_shop_after(a_placement(), a_payment(), second)) == ways_back("--payment pi_2 ")
    for status, command in (("succeeded", []), ("failed", ways_back("--payment pi_2 "))):
        refund = a_refund(status=status, payment_id="pi_2")
        back = a_refunded_charge("evt_3", refund, payment_intent_id="pi_2", charge_id="ch_2")
        assert next_steps(a_shop_after(a_placement(), a_payment(), second, back)) == command


def test_a_refund_that_failed_is_ordered_anew_until_as_much_has_gone_back() -> None:
    sold = (a_placement(), a_payment())
    failed = a_refunded_charge("evt_2", a_refund(amount=1_200, status="failed"), total=1_200)
    store = a_shop_after(*sold, failed)
    assert "- refund re_1 came to nothing: it is failed" in told(store)
    assert next_steps(store) == ways_back("--payment pi_1 --amount 1200 ")
    once_more = a_refunded_charge("evt_3", a_refund("re_2", amount=1_200, status="failed"), total=2_400)
    assert next_steps(a_shop_after(*sold, failed, once_more)) == ways_back("--payment pi_1 --amount 1200 ")
    again = a_refunded_charge("evt_3", a_refund("re_2", amount=1_200), total=2_400)
    assert "re_1 came to nothing" not in (said := told(store := a_shop_after(*sold, failed, again)))
    assert "refunded €12.00" in said
    assert next_steps(store) == []
    before = a_refunded_charge("evt_3", a_refund("re_0", amount=1_200, at=NOW), total=1_200)
    failed = a_refunded_charge("evt_2", a_refund(amount=1_200, status="failed", at=LATER), total=2_400)
    assert next_steps(a_shop_after(*sold, before, failed)) == ways_back("--payment pi_1 --amount 1200 ")
    since = a_refunded_charge("evt_4", a_refund("re_2", amount=1_000, at=LATER), total=3_400)
    store = a_shop_after(*sold, before, failed, since)
    assert next_steps(store) == ways_back("--payment pi_1 --amount 200 ")
    assert "€2.00, refund re_1 is failed" in operated(store, "status").stdout


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
    assert step.startswith(f"effects/{A_MAIL.effect_id} (") and step.endswith("then delete the document in the console")
    of_no_order = with_effect(a_shop_after(a_placement()), A_MAIL, **{**changes, "orderId": None})
    assert "then delete the document in the console" in told(of_no_order, A_MAIL.effect_id)
    assert next_steps(with_effect(store, A_MAIL, **{**changes, "state": "SUCCESS"})) == []


def test_a_dispute_is_answered_while_it_is_open() -> None:
    (step,) = next_steps(a_shop_after(a_placement(), a_payment(), a_dispute("evt_2")))
    assert step == "Answer dispute dp_1 in Stripe, with evidence until 2026-03-21 15:09: it is needs_response"
    assert next_steps(a_shop_after(a_placement(), a_payment(), a_dispute("evt_2", "won"))) == []


@pytest.mark.parametrize(
    ("result", "helps"),
    [
        ("order_not_found", "Have the order written, which settles it, or refund the payment in Stripe."),
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
        ({}, {"shirt": -1}, "nothing was sold that is taken later, so delete it. Until then no stock can be set"),
        (None, {"shirt": "x"}, "nothing was sold that is taken later, so delete it"),
        (None, {"shirt": 3}, "takes units for an order that is not there"),
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
    assert (shown.exit_code, f"takings/{some_id} " in shown.stdout, step in shown.stdout) == (
        ExitCode.FOUND,
        True,
        True,
    )


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
    assert "has failed 5 times (no answer). Mend that" in step


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


def test_a_paid_order_that_its_customer_wants_cancelled_can_be_refunded() -> None:
    paid: Fields = {"state": "succeeded", "at": NOW, "amount": 3_600, "currency": "eur"}
    order = a_reserved_order(status="finalized", finalizedAt=NOW, payments={"pi_1": paid}, cancelRequestedAt=NOW)
    assert next_steps(a_shop(order)) == ways_back()
    assert "- its customer asked at 2026-03-14 15:09:26" in told(a_shop(order))


def test_a_request_says_who_wants_what_and_what_became_of_it() -> None:
    store = a_shop()
    request = an_operators_request("stock", target="shirt", mode="recount")
    store.put("operatorRequests/r-1", request)
    shown = operated(store, "why", "r-1")
    waits = (
        "Nobody has answered it yet, which the sweep does within minutes, for six hours; after that, ask for it again."
    )
    asked = "Request r-1 of 2026-03-14 15:09:26 wants stock shirt, by olga: as agreed"
    assert (shown.exit_code, shown.stdout.splitlines()) == (ExitCode.FOUND, [asked, waits])
    store.put("operatorRequests/r-1", {**request, "settledAt": NOW, "result": "not_adjusted", "note": "never_short"})
    shown = operated(store, "why", "r-1")
    assert (shown.exit_code, shown.stdout.splitlines()) == (
        ExitCode.FINE,
        [asked, "It ended as not_adjusted: never_short"],
    )
    store = without_requests(a_shop_after(a_placement()))
    store.put("operatorRequests/r-2", an_operators_request("accept"))
    assert told(store, "r-2").startswith("The request r-2 leads to an order.\n")


# --- Handled ----------------------------------------------------------------------------------------------------------

BY_OLGA = {"operator": "olga", "reason": "told on the phone"}


def test_what_a_person_has_handled_says_who_and_why_and_needs_nobody() -> None:
    over = {"state": "SUCCESS", "attempts": 14, "error": "refused", "handledAt": NOW, **BY_OLGA}
    store = with_effect(without_requests(a_shop_after(a_placement(), a_payment())), A_MAIL, **over)
    finding = {"rule": "refunds_differ", "orderId": "order-1", "found": "10 and 20", "since": NOW, "state": "handled"}
    store.put("findings/refunds_differ_pi_1", {**finding, "handledAt": NOW, **BY_OLGA})
    store.put(
        "auditLog/evt_7", {**document_at(store, "auditLog/evt_1"), "eventId": "evt_7", "result": "handled", **BY_OLGA}
    )
    said = told(store)
    assert next_steps(store) == []
    assert f"({A_MAIL.effect_id}): handled by a person after 14 attempts" in said
    assert "found by refunds_differ (refunds_differ_pi_1): handled\n" in said
    assert "payment_intent.succeeded (evt_7): handled" in said
    assert said.count("by olga: told on the phone") == 3


def test_a_finding_and_an_event_of_no_order_that_are_handled_say_so_and_need_nobody() -> None:
    store = a_shop()
    finding = {"rule": "stock_off_trail", "found": "3 beside it", "remedy": "./shop stock add shirt 0", "since": NOW}
    store.put("findings/stock_off_trail_shirt", {**finding, "state": "open"})
    shown = operated(store, "why", "stock_off_trail_shirt")
    assert (shown.exit_code, "  ./shop handle stock_off_trail_shirt\n" in shown.stdout) == (ExitCode.FOUND, True)
    store.put("findings/stock_off_trail_shirt", {**finding, "state": "handled", **BY_OLGA})
    shown = operated(store, "why", "stock_off_trail_shirt")
    assert (shown.exit_code, shown.stdout.splitlines()) == (
        ExitCode.FINE,
        ["stock_off_trail_shirt is handled: 3 beside it", "Handled by olga: told on the phone"],
    )
    store.put("webhookEvents/evt_9", a_parked_event(orderId=None, processed=True, result="handled", askedBy=BY_OLGA))
    shown = operated(store, "why", "evt_9")
    said = "Event evt_9 (payment_intent.succeeded) is handled, by olga: told on the phone\n"
    assert (shown.exit_code, shown.stdout) == (ExitCode.FINE, said)
