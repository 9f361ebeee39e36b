"""What webhooks have lost, one run puts right; what disagrees is found, said once, and closed when it agrees again."""

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from database.documents.findings import noted
from database.store import Listing
from orders.events import NotUnderstood
from orders.outcome import StoreUnavailable
from reconciliation import books, matching, missing, on_record
from reconciliation.finding import Finding
from reconciliation.job import RUN_SECONDS_MAX
from reconciliation.registry import RULES
from reconciliation.subjects import EventRecord
from service.wiring import answering
from stripe_api.api import StripeRefused
from stripe_api.lists import Listed, Span
from tests.support.builders import NOW, TERMS, an_operators_request
from tests.support.memory_store import MemoryMoment, MemoryStore
from tests.support.reconciling import (
    ListedAccount,
    ShopAtStripe,
    answer_of,
    before_settling,
    broken,
    opened_by,
    status_of,
)
from tests.support.recording import RecordingLog, silent
from tests.support.settling import settling_on
from tests.support.shop import document_at, shirts_in, status_in
from tools.stripe_stand_in import sessions
from webhooks.ownership import Naming
from webhooks.translation import order_event_from


def a_day_at(shop: ShopAtStripe, deliver: Callable[[ShopAtStripe], object]) -> ShopAtStripe:
    """One order is paid and partly refunded, one paid and refunded, one paid by slow money, one only placed."""
    payments = {}
    for order_id in ("order-1", "order-2", "order-3", "order-4"):
        shop.order(order_id, quantity=2)
    for order_id in ("order-1", "order-2"):
        shop.later(minutes=1)
        payments[order_id] = shop.pay(order_id, quantity=2)
    shop.pay("order-3", quantity=2, is_slow=True)
    shop.later(minutes=1)
    shop.refund(payments["order-1"], 500)
    shop.later(minutes=1)
    shop.refund(payments["order-2"])
    deliver(shop)
    shop.later(days=1)
    return shop


def nothing(_shop: ShopAtStripe) -> None:
    """Every webhook is lost, or its endpoint is disabled, or answers none because its secret is wrong."""


def half(shop: ShopAtStripe) -> None:
    shop.deliver(shop.account.events[::2])


def backwards(shop: ShopAtStripe) -> None:
    shop.deliver(shop.account.events[-2:])


def parked_by_a_release_that_reads_nothing(shop: ShopAtStripe) -> None:
    for message in shop.account.events:
        event: Any = order_event_from(message, delivered_at=shop.now, naming=Naming())
        shop.settle(NotUnderstood(event.delivery, None, "amount_received must be an amount in minor units"))


def set_aside_by_a_setting(shop: ShopAtStripe) -> None:
    for message in shop.account.events:
        event = order_event_from(message, delivered_at=shop.now, naming=Naming())
        shop.settle(event, terms=replace(TERMS, expected_livemode=True))


@pytest.mark.parametrize("deliver", [nothing, parked_by_a_release_that_reads_nothing, set_aside_by_a_setting])
def test_after_one_run_all_is_as_if_every_webhook_had_come(deliver: Callable[[ShopAtStripe], object]) -> None:
    told, shop = a_day_at(ShopAtStripe(), ShopAtStripe.deliver), a_day_at(ShopAtStripe(), deliver)
    assert shop.documents() != told.documents()
    reconciled = shop.reconcile()
    assert without_notes(shop.documents()) == without_notes(told.documents())
    # It says what it did.
    assert reconciled.settled == {
        "first_time_finalized": 2,
        "already_finalized": 4,
        "hold_extended": 3,
        "refund_recorded": 2,
        "partially_refunded": 1,
        "refunded": 1,
    }
    assert (reconciled.payments, reconciled.refunds, reconciled.orders, reconciled.products) == (3, 2, 1, 1)
    assert (reconciled.opened, reconciled.faults, reconciled.complete, reconciled.why_not) == ((), 0, True, None)
    assert reconciled.summary()["ordersPerSecond"] == round(1 / reconciled.seconds, 1) > 0


@pytest.mark.parametrize("deliver", [half, backwards])
def test_what_is_settled_late_and_out_of_order_ends_the_same(deliver: Callable[[ShopAtStripe], object]) -> None:
    told, shop = a_day_at(ShopAtStripe(), ShopAtStripe.deliver), a_day_at(ShopAtStripe(), deliver)
    assert outcome_in(shop) != outcome_in(told)
    shop.reconcile()
    assert outcome_in(shop) == outcome_in(told)


def without_notes(documents: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """That an event was set aside before is said in its note."""
    return {path: {**fields, "note": None} for path, fields in documents.items()}


def outcome_in(shop: ShopAtStripe) -> dict[str, dict[str, object]]:
    """All but which of several events that say the same came first."""
    kept = ("orders/", "inventory/", "payments/")
    found = {path: fields for path, fields in shop.documents().items() if path.startswith(kept)}
    of_the_trail = dict.fromkeys(("webhookEventId", "waiting", "auditCount"))
    return {path: {**fields, **of_the_trail} for path, fields in found.items()}


def test_a_second_run_finds_nothing_left_to_do_and_writes_nothing_but_how_far_it_has_come() -> None:
    shop = a_day_at(ShopAtStripe(log=(log := RecordingLog())), nothing)
    shop.reconcile()
    before = shop.documents()
    shop.later(hours=1)
    again = shop.reconcile()
    assert (again.settled, again.opened, again.closed) == ({}, (), ())
    said = [(line["severity"], line["message"]) for line in log.lines if line["result"] == "reconciled"]
    assert said == [("WARNING", "reconciled with Stripe"), ("INFO", "reconciled with Stripe")]
    assert document_at(shop.store, "reconciliations/stripe")["eventsUntil"] == shop.now - timedelta(minutes=5)
    assert shop.documents() == before


def test_what_waits_is_counted_no_more_however_often_it_is_looked_at() -> None:
    shop = ShopAtStripe(log=(log := RecordingLog()))
    shop.refund(shop.pay("order-1"))
    shop.store.put("payments/nobody", {"orderId": None, "waiting": []})
    shop.later(minutes=90)
    first = shop.reconcile()
    before = shop.store.dump()
    shop.later(minutes=30)
    again = shop.reconcile()
    assert (first.settled, first.waiting, again.settled) == ({}, first.events, {})
    claims = {path for path in before if path.startswith("webhookEvents/")}
    assert claims
    assert all(shop.store.dump()[path] == before[path] for path in claims)
    # Nor is it said again.
    said = [line["eventId"] for line in log.lines if "eventId" in line]
    assert sorted(said) == sorted(path.removeprefix("webhookEvents/") for path in claims)


def test_an_event_that_may_still_be_on_its_way_is_not_missing() -> None:
    shop = ShopAtStripe()
    shop.order("order-1")
    shop.pay("order-1")
    shop.later(minutes=4)
    assert shop.reconcile().events == 0
    shop.later(minutes=2)
    assert shop.reconcile().settled["first_time_finalized"] == 1


def test_a_payment_that_is_older_than_what_stripe_keeps_is_found_and_no_event_is_asked_for_in_vain() -> None:
    shop = ShopAtStripe()
    shop.order("order-1")
    payment_id = shop.pay("order-1")
    shop.later(days=31)
    assert shop.reconcile(NOW).opened[0].finding_id == f"paid_only_at_stripe_{payment_id}"


def test_what_is_missing_is_settled_in_the_order_in_which_it_happened() -> None:
    shop = ShopAtStripe()
    for order_id in ("order-1", "order-2"):
        shop.order(order_id)
        shop.refund(shop.pay(order_id))
        shop.later(minutes=10)
    times = list[datetime]()
    before_settling(shop.job(), lambda event: times.append(event.delivery.created_at)).run()
    assert times == sorted(times)
    assert len(set(times)) == 2


def test_an_event_that_has_waited_for_its_order_is_settled_once_that_is_there() -> None:
    shop = ShopAtStripe()
    shop.pay("order-1")
    shop.later(minutes=30)
    assert (first := shop.reconcile()).waiting == first.events
    shop.order("order-1")
    shop.later(hours=1)
    assert shop.reconcile().settled["first_time_finalized"] == 1


# --- Crashes, faults and refusals ------------------------------------------------------------------------------------


class Crash(BaseException):
    """The process is gone."""


def test_a_run_that_dies_anywhere_is_finished_by_the_next() -> None:
    told = a_day_at(ShopAtStripe(), ShopAtStripe.deliver)
    told.reconcile()
    dies_at, is_alive = 0, True
    while is_alive:
        shop = a_day_at(ShopAtStripe(), nothing)
        is_alive = dies(shop, after=dies_at)
        dies_at += 2
        shop.reconcile()
        assert outcome_in(shop) == outcome_in(told)
        shop.later(hours=1)
        shop.reconcile()
        assert shop.open_findings() == []
        assert document_at(shop.store, "baselines/shirt")["stock"] == shirts_in(shop.store)[0]
    assert dies_at > 20


def dies(shop: ShopAtStripe, *, after: int) -> bool:
    """Whether a run that may write so many times dies of it."""
    left = iter(range(after))
    commit = shop.store.commit

    def dying(*args: Any, **named: Any) -> Any:
        if next(left, None) is None:
            raise Crash
        return commit(*args, **named)

    shop.store.commit = dying  # type: ignore[method-assign]
    try:
        shop.reconcile()
    except Crash:
        return True
    finally:
        shop.store.commit = commit  # type: ignore[method-assign]
    return False


def test_what_a_fault_of_ours_leaves_is_come_back_to_and_stops_nothing_else() -> None:
    shop = a_day_at(ShopAtStripe(log=(log := RecordingLog())), nothing)
    poisoned = shop.account.events[3]["id"]

    def fail(event: Any) -> None:
        if event.event_id == poisoned:
            raise ZeroDivisionError

    reconciled = before_settling(shop.job(), fail).run()
    assert reconciled.faults == 1
    assert [line["eventId"] for line in log.lines if line["result"] == "fault"] == [poisoned]
    assert sum(reconciled.settled.values()) == reconciled.events - 1
    # Days later, it is settled.
    shop.later(days=3)
    assert sum(shop.reconcile().settled.values()) == 1


def test_a_run_ends_in_time_also_behind_a_fault_of_ours() -> None:
    shop = a_day_at(ShopAtStripe(), nothing)
    shop.later(days=20)

    def fail(_event: Any) -> None:
        raise ZeroDivisionError

    shop.clock.per_look = 50
    assert not before_settling(shop.job(), fail).run(NOW).complete
    assert shop.clock.seconds < 2 * RUN_SECONDS_MAX + 1_000


def test_a_database_that_takes_no_part_ends_the_run_and_the_next_one_goes_on() -> None:
    shop = a_day_at(ShopAtStripe(log=(log := RecordingLog())), nothing)
    job, down = shop.job(), MemoryStore()

    def read(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("down")

    down.read = read  # type: ignore[method-assign]
    error = "not reconciled to the end, the next run goes on"
    assert answer_of(replace(job, store=down)) == (503, {"error": error})
    assert log.lines == [{"severity": "WARNING", "message": "StoreUnavailable: down", "result": "not_reconciled"}]
    status, answer = answer_of(job)
    assert (status, answer["orders"]) == (200, 1)
    assert status_of(replace(job, stripe=refusing)) == 500
    assert answer_of(job, method="GET")[0] == 405
    assert status_in(shop.store, "order-1") == "partially_refunded"


def refusing() -> Any:
    raise StripeRefused("The key may not list events.", "permission_error")


def test_a_run_whose_time_is_out_ends_and_says_so_and_the_next_one_goes_on_there() -> None:
    shop = a_day_at(ShopAtStripe(), nothing)
    shop.clock.per_look = 10
    assert not shop.reconcile().complete
    shop.clock.per_look = 0
    done: Any = document_at(shop.store, "reconciliations/stripe")["eventsUntil"]
    assert done < shop.now - timedelta(days=25)
    assert shop.reconcile().complete
    assert status_in(shop.store, "order-2") == "refunded"


def test_a_run_from_later_on_than_the_last_one_has_ended_leaves_no_gap_behind() -> None:
    shop = a_day_at(ShopAtStripe(), nothing)
    shop.reconcile(shop.now - timedelta(hours=1))
    assert status_in(shop.store, "order-1") == "reserved"
    shop.reconcile()
    assert status_in(shop.store, "order-1") == "partially_refunded"
    shop.later(hours=1)
    shop.reconcile(shop.now - timedelta(hours=3))
    noted: Any = document_at(shop.store, "reconciliations/stripe")
    assert shop.now - noted["eventsUntil"] == timedelta(minutes=5)
    assert shop.now - noted["matchedUntil"] == timedelta(minutes=70)


def test_without_a_key_it_is_said_that_stripe_was_not_asked() -> None:
    log = RecordingLog()
    shop = ShopAtStripe(log=log)
    run = replace(shop.job(), stripe=None).run()
    assert (run.events, run.settled, run.waiting, run.stuck, run.payments, run.refunds) == (0, {}, 0, 0, 0, 0)
    said = [(line["severity"], line["result"], line.get("stripe")) for line in log.lines]
    assert said == [("INFO", "not_configured", None), ("INFO", "reconciled", "no_key")]


# --- Findings --------------------------------------------------------------------------------------------------------


def a_reconciled_shop() -> ShopAtStripe:
    shop = a_day_at(ShopAtStripe(log=RecordingLog()), ShopAtStripe.deliver)
    assert shop.reconcile().opened == ()
    return shop


def lose(shop: ShopAtStripe, *paths: str) -> None:
    for path in paths:
        shop.store.delete(path)


def a_payment_of(order_id: str, shop: ShopAtStripe) -> str:
    return str(document_at(shop.store, f"orders/{order_id}")["paymentIntentId"])


def first_entry_of(order_id: str, shop: ShopAtStripe) -> str:
    return str(document_at(shop.store, f"orders/{order_id}")["webhookEventId"])


def forget_the_payment(shop: ShopAtStripe) -> None:
    broken(shop.store, "orders/order-1", payments={}, status="reserved", finalizedAt=None, webhookEventId=None)


def receive_less(shop: ShopAtStripe) -> None:
    shop.account.intents[a_payment_of("order-1", shop)]["amount_received"] -= 1


def never_receive(shop: ShopAtStripe) -> None:
    shop.account.intents[a_payment_of("order-1", shop)]["status"] = "canceled"


def refund_more(shop: ShopAtStripe) -> None:
    next(iter(shop.account.refunds.values()))["amount"] += 1


def take_more(shop: ShopAtStripe) -> None:
    entry = first_entry_of("order-2", shop)
    broken(shop.store, f"auditLog/{entry}", stock=[{"productId": "shirt", "stock": -5, "reserved": -2}])


def close_with_open_session(shop: ShopAtStripe) -> None:
    broken(shop.store, "orders/order-4", status="cancelled")
    held = document_at(shop.store, "inventory/shirt")["reserved"]
    broken(shop.store, "inventory/shirt", reserved=int(str(held)) - 2)
    session = {"attempt": 1, "state": "open", "asked": 2_400, "currency": "eur", "sessionId": "cs_1"}
    shop.store.put("checkouts/order-4", {**session, "expiresAt": shop.now + timedelta(days=9)})


BREAKING: Final[Mapping[str, Callable[[ShopAtStripe], object]]] = {
    "paid_only_at_stripe": forget_the_payment,
    "paid_only_here": never_receive,
    "amounts_differ": receive_less,
    "refunds_differ": refund_more,
    "units_not_taken": take_more,
    "payment_not_indexed": lambda shop: lose(shop, f"payments/{a_payment_of('order-1', shop)}"),
    "session_of_closed_order": close_with_open_session,
    "reserved_not_held": lambda shop: broken(shop.store, "inventory/shirt", reserved=9),
    "stock_off_trail": lambda shop: broken(shop.store, "inventory/shirt", stock=99),
    "taking_overdue": lambda shop: shop.store.put("takings/order-1", {"units": {"shirt": 3}}),
    "claim_without_entry": lambda shop: lose(shop, f"auditLog/{first_entry_of('order-1', shop)}"),
    "effect_stuck": lambda shop: shop.store.put(
        "effects/mail_1",
        {"kind": "mail", "state": "RETRY", "orderId": "order-1", "nextAttemptAt": shop.now - timedelta(hours=2)},
    ),
}


def a_shop_broken_by(rule: str) -> tuple[ShopAtStripe, Callable[[], None]]:
    """And what puts it right again."""
    shop = a_reconciled_shop()
    good, account = shop.store.dump(), copy.deepcopy((shop.account.intents, shop.account.refunds))

    def mend() -> None:
        for path, fields in good.items():
            if not path.startswith(("reconciliations/", "baselines/")):
                shop.store.put(path, fields)
        lose(shop, *({"effects/mail_1", "checkouts/order-4", "takings/order-1"} & shop.store.dump().keys()))
        shop.account.intents, shop.account.refunds = account

    BREAKING[rule](shop)
    return shop, mend


@pytest.mark.parametrize("rule", BREAKING)
def test_a_break_is_found_by_its_rule_once_and_closed_when_it_is_mended(rule: str) -> None:
    shop, mend = a_shop_broken_by(rule)
    found = shop.reconcile(NOW)
    assert rule in {finding.rule for finding in found.opened}
    assert opened_lines(shop) == [finding.finding_id for finding in found.opened]

    shop.later(hours=1)
    assert shop.reconcile().opened == ()
    assert opened_lines(shop) == [finding.finding_id for finding in found.opened]

    mend()
    mended = shop.reconcile()
    assert set(mended.closed) == {finding.finding_id for finding in found.opened}
    assert shop.open_findings() == []
    usual = {"severity": "INFO", "message": "nothing is wrong there any more", "result": "finding_closed"}
    log: Any = shop.log
    closings = [line for line in log.lines if line["result"] == "finding_closed"]
    assert closings == [{**usual, "findingId": finding_id} for finding_id in mended.closed]


@pytest.mark.parametrize("rule", BREAKING)
def test_what_a_person_has_handled_is_said_no_more_and_closes_all_the_same(rule: str) -> None:
    shop, mend = a_shop_broken_by(rule)
    found = set(opened_by(shop.reconcile(NOW)))
    for finding_id in found:
        answered_in(shop, "handle", finding_id)
    shop.later(hours=1)
    again = shop.reconcile()
    assert (again.opened, again.open, again.is_as_usual, set(opened_lines(shop))) == ((), 0, True, found)
    mend()
    assert set(shop.reconcile().closed) == found
    assert {document_at(shop.store, f"findings/{each}")["state"] for each in found} == {"closed"}


def answered_in(shop: ShopAtStripe, kind: str, finding_id: str) -> None:
    asked = an_operators_request(kind, target=finding_id, of="finding")
    shop.store.put(f"operatorRequests/{finding_id}", asked)
    settle = settling_on(shop.store)
    assert answering(shop.store, settle, shop.terms).answer(finding_id, shop.now).result == "handled"


def test_of_stock_it_is_the_difference_that_a_person_has_handled_and_not_the_figures() -> None:
    shop = a_reconciled_shop()
    broken(shop.store, "inventory/shirt", stock=99, reserved=9)
    for found in shop.reconcile().opened:
        answered_in(shop, "handle", found.finding_id)
    shop.sell("order-9")
    shop.order("order-10", quantity=1)
    shop.later(hours=1)
    assert (shop.reconcile().opened, shirts_in(shop.store)) == ((), (98, 10))
    broken(shop.store, "inventory/shirt", stock=97)
    assert [finding.rule for finding in shop.reconcile().opened] == ["stock_off_trail"]
    assert shop.open_findings() == ["stock_off_trail_shirt"]


def opened_lines(shop: ShopAtStripe) -> list[str]:
    log: Any = shop.log
    return [line["findingId"] for line in log.lines if line["result"] == "finding_opened"]


def test_every_rule_is_broken_here_but_those_about_what_a_run_meets() -> None:
    of_runs = {"event_not_settled", "not_compared", "key_of_another_account"}
    assert BREAKING.keys() | of_runs == {rule.name for rule in RULES}


def test_what_is_read_in_many_parts_is_all_read(monkeypatch: pytest.MonkeyPatch) -> None:
    told, shop = a_day_at(ShopAtStripe(), ShopAtStripe.deliver), a_day_at(ShopAtStripe(), nothing)
    for module, at_once in (matching, "_AT_ONCE_MAX"), (on_record, "ORDERS_AT_ONCE_MAX"), (missing, "_AT_ONCE_MAX"):
        monkeypatch.setattr(module, at_once, 1)
    reconciled = shop.reconcile()
    assert shop.documents() == told.documents()
    assert (reconciled.payments, reconciled.refunds, reconciled.faults) == (3, 2, 0)
    shop.later(hours=3)
    kept = {f"payments/{each}": {"orderId": order_id} for order_id, each in payments_in(shop).items()}
    lose(shop, *kept)
    found = {finding.finding_id for finding in shop.reconcile(NOW).opened}
    assert found == {f"payment_not_indexed_{order_id}" for order_id in payments_in(shop)}
    for path, fields in kept.items():
        shop.store.put(path, fields)
    mended = shop.reconcile()
    assert (set(mended.closed), mended.orders) == (found, 2)


@pytest.mark.parametrize("rule", ["units_not_taken", "payment_not_indexed", "session_of_closed_order"])
def test_what_was_wrong_with_an_order_that_is_gone_is_closed_and_with_no_other(rule: str) -> None:
    shop = a_reconciled_shop()
    for order_id in ("gone", "order-1"):
        finding = {"rule": rule, "target": order_id, "orderId": order_id, "since": NOW, "state": "open"}
        shop.store.put(f"findings/{rule}_{order_id}", finding)
    broken(shop.store, "orders/order-1", updatedAt=shop.now)
    assert shop.reconcile().closed == (f"{rule}_gone",)


def payments_in(shop: ShopAtStripe) -> dict[str, str]:
    return {order_id: a_payment_of(order_id, shop) for order_id in ("order-1", "order-2")}


def test_what_is_found_again_is_opened_again_and_keeps_when_it_was_open_before() -> None:
    shop = a_reconciled_shop()
    sevens = []
    for _ in range(7):
        broken(shop.store, "inventory/shirt", reserved=9)
        shop.reconcile()
        sevens.append(shop.now)
        broken(shop.store, "inventory/shirt", reserved=4)
        shop.later(hours=1)
        shop.reconcile()
    finding = document_at(shop.store, "findings/reserved_not_held_shirt")
    assert (finding["state"], finding["since"], finding["closedAt"]) == ("closed", sevens[-1], shop.now)
    assert finding["earlier"] == [{"since": since, "closedAt": since + timedelta(hours=1)} for since in sevens[1:-1]]


@pytest.mark.parametrize("known_by", ["both", "its event", "the charge's"])
def test_a_refund_is_missed_on_either_side(known_by: str) -> None:
    shop = a_reconciled_shop()
    if known_by == "its event":
        payments: Any = document_at(shop.store, "orders/order-1")["payments"]
        without = {payment_id: {**payment, "amountRefunded": 0} for payment_id, payment in payments.items()}
        broken(shop.store, "orders/order-1", payments=without)
    elif known_by == "the charge's":
        broken(shop.store, "orders/order-1", refunds={})
    shop.order("order-5", quantity=1)
    unheard = shop.pay("order-5", quantity=1)
    shop.deliver()
    shop.refund(unheard)
    shop.account.events.clear()
    forgotten = a_payment_of("order-1", shop)
    made = shop.account.refunds
    shop.account.refunds = {key: each for key, each in made.items() if each["payment_intent"] != forgotten}
    shop.later(hours=3)
    assert {finding.finding_id for finding in shop.reconcile(NOW).opened} == {
        f"refunds_differ_{unheard}",
        f"refunds_differ_{forgotten}",
    }


def test_a_payment_of_another_shop_is_none_of_ours() -> None:
    shop = ShopAtStripe()
    payment_id = shop.pay("theirs")
    shop.account.intents[payment_id]["metadata"]["shop"] = "theirs"
    shop.account.events.clear()
    shop.later(hours=3)
    assert replace(shop.job(), naming=Naming(shop_id="ours")).run().opened == ()
    assert [finding.rule for finding in shop.reconcile(NOW).opened] == ["paid_only_at_stripe"]


def test_refunds_of_a_payment_for_no_order_keep_no_others_from_being_compared() -> None:
    shop = ShopAtStripe()
    shop.refund(shop.pay("nobodys"), 100)
    for order_id in ("order-1", "order-2"):
        shop.refund(shop.sell(order_id), 100)
    shop.later(hours=3)
    assert shop.reconcile().refunds == 2


def test_a_payment_to_a_connected_account_is_not_asked_of_our_own() -> None:
    shop = ShopAtStripe(terms=replace(TERMS, accounts=frozenset({"acct_9"})))
    for order_id, account in (("order-1", {"account": "acct_9"}), ("order-2", {})):
        shop.order(order_id)
        shop.refund(shop.pay(order_id), 500)
        shop.deliver([{**message, **account} for message in shop.account.events])
        # As if each was another's.
        for known in (shop.account.intents, shop.account.refunds, shop.account.events):
            known.clear()
    shop.later(hours=3)
    (found,) = shop.reconcile().opened
    assert (found.rule, found.order_id) == ("paid_only_here", "order-2")
    # Of a payment that it does not know, Stripe lists no refunds, but refuses.
    assert "refunds_of" not in shop.stripe.asked


def test_of_very_much_that_is_wrong_only_so_much_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = a_reconciled_shop()
    monkeypatch.setattr(books, "OPEN_MAX", 1)
    broken(shop.store, "inventory/shirt", reserved=9, stock=99)
    assert len(shop.reconcile().opened) == 1
    log: Any = shop.log
    assert [line for line in log.lines if line["result"] == "finding_not_kept"] == [
        {
            "severity": "ERROR",
            "message": "stock of shirt is 99, and 8 by the trail: +91 beside it",
            "rule": "stock_off_trail",
            "remedy": "./shop stock add shirt 0",
            "result": "finding_not_kept",
        }
    ]


def test_no_more_findings_are_read_than_are_looked_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "OPEN_MAX", 2)
    store = MemoryStore()
    for target in "abcd":
        finding = Finding("stock_off_trail", target, None, "words", "./shop status")
        store.commit((noted(finding, None, NOW)[0],), timeout_seconds=1)
    # In batches of two.
    assert len(books.Books.of(store.as_of(NOW), store, silent).open) == 2


def test_what_is_found_again_is_open_since_it_was_first_found() -> None:
    store = MemoryStore()
    claim = EventRecord("evt_1", "order-1", is_claimed=True, has_entry=False)
    for at in (NOW, NOW + timedelta(hours=1)):
        found = books.Books.of(store.as_of(at), store, silent)
        found.judge(claim, at)
        assert [(each.order_id, each.since, each.last_seen_at) for each in found.open.values()] == [
            ("order-1", NOW, at)
        ]


def test_what_another_run_finds_at_the_same_time_is_not_said_twice_and_is_looked_after() -> None:
    store = MemoryStore()
    both = [books.Books.of(store.as_of(NOW), store, silent) for _ in range(2)]
    for found in both:
        found.judge(EventRecord("evt_1", "order-1", is_claimed=True, has_entry=False), NOW)
    assert [(len(found.opened), len(found.open)) for found in both] == [(1, 1), (0, 1)]


def test_what_others_have_found_takes_no_room_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = a_reconciled_shop()
    monkeypatch.setattr(books, "OPEN_MAX", 1)
    in_the_trail = Finding("chain_broken", "order-1", "order-1", "changed", "./shop audit verify order-1")
    shop.store.commit((noted(in_the_trail, None, shop.now)[0],), timeout_seconds=1)
    broken(shop.store, "inventory/shirt", reserved=9)
    assert [finding.rule for finding in shop.reconcile().opened] == ["reserved_not_held"]
    assert "chain_broken_order-1" in shop.open_findings()


# --- What changes meanwhile ------------------------------------------------------------------------------------------


def test_a_payment_that_is_settled_while_it_is_compared_is_not_found_wrong() -> None:
    shop = ShopAtStripe()
    shop.order("order-1")
    payment_id = shop.pay("order-1", is_slow=True)
    shop.deliver()
    shop.later(hours=2)
    session = next(iter(shop.account.sessions.values()))

    def pay_meanwhile(what: str) -> None:
        if what == "payment_intents" and shop.account.intents[payment_id]["status"] != "succeeded":
            sessions.settle(shop.account, session, is_paid=True)

    shop.stripe.before_answering = pay_meanwhile
    reconciled = shop.reconcile()
    assert (reconciled.opened, shop.open_findings()) == ((), [])
    assert status_in(shop.store) == "finalized"


def test_a_payment_that_has_come_just_before_and_whose_event_may_be_on_its_way_is_not_found_wrong() -> None:
    shop = ShopAtStripe()
    shop.order("order-1")
    shop.pay("order-1", is_slow=True)
    shop.deliver()
    shop.later(hours=2)
    sessions.settle(shop.account, next(iter(shop.account.sessions.values())), is_paid=True)
    shop.later(minutes=3)
    assert (shop.reconcile().opened, status_in(shop.store)) == ((), "finalized")


def test_a_payment_that_comes_while_a_finding_is_looked_at_again_is_settled_first() -> None:
    shop = ShopAtStripe()
    shop.order("order-1")
    payment_id = shop.pay("order-1", is_slow=True)
    shop.deliver()
    shop.later(hours=2)
    known = {"rule": "paid_only_here", "target": payment_id, "orderId": "order-1", "since": NOW, "state": "open"}
    shop.store.put(f"findings/paid_only_here_{payment_id}", known)
    (session,) = shop.account.sessions.values()

    def pay_meanwhile(what: str) -> None:
        if what == "payment_intent" and shop.account.intents[payment_id]["status"] != "succeeded":
            sessions.settle(shop.account, session, is_paid=True)

    shop.stripe.before_answering = pay_meanwhile
    assert shop.reconcile(shop.now).opened == ()
    assert (shop.open_findings(), status_in(shop.store)) == ([], "finalized")


def test_what_has_happened_since_a_run_began_is_looked_for_from_where_it_was_looked_for_last() -> None:
    spans, minute = list[Span](), timedelta(minutes=1)

    class Watched(ListedAccount):
        def events(self, types: Sequence[str], span: Span, *, after: str | None = None) -> Listed[Mapping[str, object]]:
            spans.append(span)
            return super().events(types, span, after=after)

    shop = ShopAtStripe()
    for order_id in ("order-1", "order-2"):
        shop.sell(order_id)
        broken(shop.store, f"orders/{order_id}", payments={}, status="reserved", finalizedAt=None)
    shop.account.events.clear()
    shop.later(hours=3)
    shop.stripe, begun = Watched(shop.account), shop.now
    shop.stripe.before_answering = lambda what: shop.later(minutes=10) if what == "payment_intent" else None
    shop.reconcile()
    looked = [((span.start - begun) / minute, (span.end - begun) // minute) for span in spans[::2] if span.end > begun]
    assert looked == [(-5, 10), (9, 20), (19, 20), (19, 30)]


def test_an_order_whose_refunds_change_while_they_are_compared_is_left_alone() -> None:
    shop = a_reconciled_shop()
    refund_more(shop)
    kept = document_at(shop.store, "orders/order-1")["refunds"]

    def change(what: str) -> None:
        if what == "refunds_of":
            broken(shop.store, "orders/order-1", refunds=kept if shop.stripe.asked.count(what) % 2 else {})

    broken(shop.store, "orders/order-1", refunds={})
    shop.stripe.before_answering = change
    shop.later(hours=3)
    assert shop.reconcile(NOW).opened == ()


def test_an_order_that_has_just_changed_is_left_for_the_next_run() -> None:
    shop = a_reconciled_shop()
    lose(shop, f"payments/{a_payment_of('order-1', shop)}")
    broken(shop.store, "orders/order-1", updatedAt=shop.now - timedelta(minutes=9))
    assert shop.reconcile(NOW).opened == ()
    shop.later(minutes=1)
    assert [finding.rule for finding in shop.reconcile(NOW).opened] == ["payment_not_indexed"]


def test_where_all_agrees_stripe_is_asked_for_lists_and_for_the_refunds_of_refunded_orders_once_each() -> None:
    shop = a_day_at(ShopAtStripe(), ShopAtStripe.deliver)
    whole = MemoryMoment(shop.store.as_of(shop.now).documents(), shop.now, 200)
    assert replace(shop.job(), moment=lambda: whole).run(NOW).opened == ()
    asked = Counter(shop.stripe.asked)
    # One payment shows whose key it is.
    assert (asked["payment_intent"], asked["refunds_of"], asked["event"]) == (1, 2, 0)


def test_refunds_that_are_known_to_differ_are_asked_for_by_their_finding_alone() -> None:
    shop = a_reconciled_shop()
    refund_more(shop)
    assert [finding.rule for finding in shop.reconcile(NOW).opened] == ["refunds_differ"]
    shop.stripe.asked.clear()
    whole = MemoryMoment(shop.store.as_of(shop.now).documents(), shop.now, 200)
    assert replace(shop.job(), moment=lambda: whole).run(NOW).opened == ()
    # Of the other refunded order, and by the finding, before and after its events were looked for.
    assert shop.stripe.asked.count("refunds_of") == 1 + 2


def test_each_payment_of_an_order_is_compared_whatever_there_is_about_those_before_it() -> None:
    shop = ShopAtStripe(terms=replace(TERMS, accounts=frozenset({"acct_9"})))
    shop.order("order-1")
    paid = []
    for change in ({"payment_intent": None}, {}, {}, {}):
        before = len(shop.account.events)
        paid.append(shop.pay("order-1"))
        told = [{**event, "data": {"object": {**event["data"]["object"], **change}}} for event in shop.account.events]
        account = {"account": "acct_9"} if len(paid) == 2 else {}
        shop.deliver([{**each, **account} for each in told[before:] if each["type"] == "charge.succeeded"])
        shop.later(minutes=1)
    _, elsewhere, unknown, differing = paid
    for payment_id in (paid[0], elsewhere):
        del shop.account.intents[payment_id]
    shop.account.events.clear()
    shop.later(hours=3)
    assert shop.reconcile().opened == ()
    shop.later(days=1)
    del shop.account.intents[unknown]
    shop.account.intents[differing]["amount_received"] -= 1
    shop.refund(differing, 100)
    shop.deliver()
    shop.later(hours=3)
    expected = {f"paid_only_here_{unknown}", f"amounts_differ_{differing}"}
    assert {finding.finding_id for finding in shop.reconcile().opened} == expected


class WatchedMoment(MemoryMoment):
    asked: list[Listing]

    def find(self, listing: Listing) -> Iterator[Sequence[tuple[str, Mapping[str, object]]]]:
        self.asked.append(listing)
        return super().find(listing)


@pytest.mark.parametrize(("at_once", "times_asked"), [(200, 0), (9, 2), (2, 11)])
def test_entries_of_an_order_are_asked_for_only_if_not_all_were_read_just_before(
    at_once: int, times_asked: int
) -> None:
    shop = a_day_at(ShopAtStripe(), ShopAtStripe.deliver)
    moment = WatchedMoment(shop.store.as_of(shop.now).documents(), shop.now, at_once)
    moment.asked = []
    assert replace(shop.job(), moment=lambda: moment).run(NOW).opened == ()
    asked = [order_id for listing in moment.asked for order_id in listing.one_of.get("orderId", ())]
    assert len(asked) == times_asked


def test_a_parked_event_that_a_person_has_handled_is_not_settled_by_itself() -> None:
    def a_shop_whose_order_came_late() -> ShopAtStripe:
        shop = ShopAtStripe()
        shop.order("order-1")
        shop.pay("order-1")
        order = document_at(shop.store, "orders/order-1")
        lose(shop, "orders/order-1")
        shop.later(hours=2)
        shop.deliver()
        shop.store.put("orders/order-1", order)
        return shop

    left_alone, seen_to = a_shop_whose_order_came_late(), a_shop_whose_order_came_late()
    parked = [path for path, claim in seen_to.store.documents() if claim.get("processed") is False]
    for number, path in enumerate(parked):
        asked = an_operators_request("handle", target=path.partition("/")[2], of="event")
        seen_to.store.put(f"operatorRequests/{number}", asked)
        answering(seen_to.store, settling_on(seen_to.store), TERMS).answer(str(number), seen_to.now)
    assert parked
    for shop, status in ((left_alone, "finalized"), (seen_to, "reserved")):
        shop.reconcile()
        assert status_in(shop.store) == status
    assert "claim_without_entry" not in {each.partition("_evt")[0] for each in seen_to.open_findings()}
