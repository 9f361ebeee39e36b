"""What a person has asked for, done or handled is shown with their name and reason."""

from ops.exit_codes import ExitCode
from tests.support.builders import LATER, NOW, Fields, a_placement
from tests.support.effects import A_MAIL, with_effect
from tests.support.operating import operated
from tests.support.operators import an_operators_request
from tests.support.payments import a_payment
from tests.support.shop import a_shop, a_shop_after, document_at, without_requests
from tests.support.why import BY_OLGA, a_parked_event, a_shop_in_review, next_steps, told


def test_what_an_operator_has_asked_for_and_nobody_has_answered_is_shown_until_it_is() -> None:
    store = without_requests(a_shop_in_review())
    store.put("operatorRequests/r-1", an_operators_request("accept"))
    store.put("operatorRequests/r-2", an_operators_request("stock", target="order-1"))
    assert "olga asked at 2026-03-14 15:09:26 to accept it (as agreed): not answered yet" in told(store)
    assert told(store).count("not answered yet") == 1
    store.put("operatorRequests/r-1", {**an_operators_request("accept"), "settledAt": NOW})
    assert "not answered yet" not in told(store)


def test_what_a_person_did_is_shown_with_their_name_and_reason() -> None:
    store = a_shop_after(a_placement())
    entry: Fields = {"orderId": "order-1", "createdAt": LATER, "eventType": "operator.accepted", "result": "accepted"}
    store.put("auditLog/operator_1", {**entry, "operator": "bob@shop.example", "reason": "agreed by phone"})
    assert "by bob@shop.example: agreed by phone" in told(store)


def test_a_request_says_who_wants_what_and_what_became_of_it() -> None:
    store = a_shop()
    request = an_operators_request("stock", target="shirt", mode="recount")
    store.put("operatorRequests/r-1", request)
    shown = operated(store, "why", "r-1")
    waits = (
        "It is not answered yet. The sweep does that within minutes, unless it is older than six hours: then ask again."
    )
    asked = "Request r-1 of 2026-03-14 15:09:26: stock shirt, by olga: as agreed"
    assert (shown.exit_code, shown.stdout.splitlines()) == (ExitCode.FOUND, [asked, waits])
    store.put("operatorRequests/r-1", {**request, "settledAt": NOW, "result": "not_adjusted", "note": "never_short"})
    shown = operated(store, "why", "r-1")
    ended = [asked, "It ended as not_adjusted: never_short"]
    assert (shown.exit_code, shown.stdout.splitlines()) == (ExitCode.FINE, ended)
    store = without_requests(a_shop_after(a_placement()))
    store.put("operatorRequests/r-2", an_operators_request("accept"))
    assert told(store, "r-2").startswith("The request r-2 belongs to an order.\n")


def test_what_a_person_has_handled_says_who_and_why_and_needs_nobody() -> None:
    over = {"state": "SUCCESS", "attempts": 14, "error": "refused", "handledAt": NOW, **BY_OLGA}
    store = with_effect(without_requests(a_shop_after(a_placement(), a_payment())), A_MAIL, **over)
    finding = {"rule": "refunds_differ", "orderId": "order-1", "found": "10 and 20", "since": NOW, "state": "handled"}
    store.put("findings/refunds_differ_pi_1", {**finding, "handledAt": NOW, **BY_OLGA})
    entry = document_at(store, "auditLog/evt_1")
    store.put("auditLog/evt_7", {**entry, "eventId": "evt_7", "result": "handled", **BY_OLGA})
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
    handled = ["stock_off_trail_shirt is handled: 3 beside it", "Handled by olga: told on the phone"]
    assert (shown.exit_code, shown.stdout.splitlines()) == (ExitCode.FINE, handled)
    store.put("webhookEvents/evt_9", a_parked_event(orderId=None, processed=True, result="handled", askedBy=BY_OLGA))
    shown = operated(store, "why", "evt_9")
    said = "Event evt_9 (payment_intent.succeeded) was handled by olga: told on the phone\n"
    assert (shown.exit_code, shown.stdout) == (ExitCode.FINE, said)
