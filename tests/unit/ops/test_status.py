"""What waits for a person is counted, aged and summed; nothing else is."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ops import attention
from ops.attention import WATCHED, concerns_of
from ops.attention_page import needs_person
from ops.exit_codes import ExitCode
from ops.status import frame, kept_up
from orders.events import RefundUpdated
from orders.outcome import StoreUnavailable
from settlement.terms import AutoRefund
from tests.support.builders import NOW, TERMS, Fields, a_placement, a_reserved_order, an_order
from tests.support.memory_reader import MemoryReader
from tests.support.memory_store import MemoryStore
from tests.support.operating import opened, operated
from tests.support.operators import an_operators_request
from tests.support.payments import a_payment
from tests.support.refunds import a_refund, an_updated_refund
from tests.support.settling import settled
from tests.support.shop import a_shop, a_shop_after, a_shop_paid_twice

AN_HOUR = timedelta(hours=1)
AT = NOW + AN_HOUR
PAID: Fields = {"state": "succeeded", "at": NOW, "amount": 3_600, "currency": "eur"}
FAILING: Fields = {"kind": "mail", "orderId": "order-1", "createdAt": NOW, "nextAttemptAt": AT, "error": "no answer"}
PARKED: Fields = {
    "processed": False,
    "parkedAt": NOW,
    "result": "order_not_found",
    "event": {"amount": 5, "currency": "eur"},
}
DISPUTE: Fields = {
    "status": "needs_response",
    "amount": 900,
    "currency": "eur",
    "orderId": "order-1",
    "openedAt": NOW,
    "toldAt": NOW,
    "dueBy": AT + AN_HOUR,
}

PAID_TWICE: Fields = a_reserved_order(
    status="finalized", finalizedAt=NOW, payments={"pi": PAID, "pi_2": {**PAID, "at": AT}}, overpaid=True
)
REFUND_LOST: Fields = a_reserved_order(
    status="finalized",
    finalizedAt=NOW,
    updatedAt=NOW,
    payments={"pi": PAID},
    refunds={
        each: {"amount": amount, "status": "failed", "paymentId": "pi"}
        for each, amount in (("re_1", 700), ("re_2", 500))
    },
    refundLost=True,
)

WAITING: Mapping[str, tuple[str, Fields]] = {
    "parked": ("webhookEvents/evt_1", PARKED),
    "refund due": (
        "orders/o",
        a_reserved_order(status="refund_due", unfulfilledAs="refund_due", payments={"pi": PAID}),
    ),
    "review": ("orders/o", a_reserved_order(status="review", unfulfilledAs="review", payments={"pi": PAID})),
    "paid twice": ("orders/o", PAID_TWICE),
    "refund failed": ("orders/o", REFUND_LOST),
    "inventory gone": ("orders/o", a_reserved_order(reservationExpiresAt=AT, wentUncounted=True)),
    "pending": ("orders/o", an_order()),
    "reserving": ("orders/o", an_order(status="reserving")),
    "expired holds": ("orders/o", a_reserved_order(reservationExpiresAt=NOW)),
    "effects given up": ("effects/e", {**FAILING, "state": "ERROR", "nextAttemptAt": None}),
    "effects overdue": ("effects/e", {**FAILING, "state": "PENDING", "nextAttemptAt": NOW}),
    "effects failing": ("effects/e", {**FAILING, "state": "RETRY", "attempts": 5}),
    "requests": ("operatorRequests/r", an_operators_request("accept", target="order-1")),
    "disputes": ("disputes/dp_1", DISPUTE),
    "findings": (
        "findings/f",
        {"rule": "r", "found": "f", "since": NOW, "target": "order-1", "orderId": "order-1", "state": "open"},
    ),
}
HEALTHY: Mapping[str, Fields] = {
    "webhookEvents/evt_1": {**PARKED, "processed": True},
    "orders/new": an_order(createdAt=AT),
    "orders/reserving": an_order(status="reserving", createdAt=AT),
    "orders/held": a_reserved_order(reservationExpiresAt=AT),
    "orders/paid": a_reserved_order(status="finalized", finalizedAt=NOW, payments={"pi": PAID}),
    "effects/done": {**FAILING, "state": "SUCCESS", "nextAttemptAt": None},
    "effects/begun": {**FAILING, "state": "RETRY", "attempts": 4},
    "operatorRequests/answered": {**an_operators_request("accept", target="order-1"), "settledAt": NOW},
    "operatorRequests/new": an_operators_request("accept", target="order-1", createdAt=AT),
    "disputes/dp_1": {**DISPUTE, "status": "under_review"},
    "findings/f": {"rule": "r", "found": "f", "since": NOW, "state": "closed"},
}


def found_in(store: MemoryStore, terms: Any = TERMS) -> dict[str, Any]:
    return {each.name: each for each in concerns_of(MemoryReader(store), terms, AT) if each.count}


def test_a_healthy_shop_needs_nobody() -> None:
    result = operated(MemoryStore(HEALTHY), "status", now=AT)
    assert (result.exit_code, "nothing needs a person" in result.stdout) == (ExitCode.FINE, True)


def test_every_concern_is_seen_here() -> None:
    assert {watched.name for watched in WATCHED} == WAITING.keys()


@pytest.mark.parametrize("name", WAITING)
def test_each_thing_that_waits_is_found_and_nothing_else(name: str) -> None:
    store = MemoryStore(dict([WAITING[name]]))
    assert found_in(store).keys() == {name}
    assert operated(store, "status", now=AT).exit_code == ExitCode.FOUND


@pytest.mark.parametrize("status", ["warning_needs_response", "appeal_needs_response"])
def test_an_inquiry_and_an_appeal_wait_for_evidence_too(status: str) -> None:
    assert found_in(MemoryStore({"disputes/dp_1": {**DISPUTE, "status": status}})).keys() == {"disputes"}


@pytest.mark.parametrize(
    ("name", "money"),
    [
        *(("parked", 5), ("refund due", 3_600), ("review", 3_600), ("expired holds", 3_600), ("disputes", 900)),
        # The second refund was for what the first did not bring back.
        ("refund failed", 1_200),
    ],
)
def test_the_money_at_risk_is_summed_up(name: str, money: int) -> None:
    (path, fields), store = WAITING[name], MemoryStore()
    store.put(path, fields)
    store.put(f"{path}-2", fields)
    assert [each.amount for each in found_in(store)[name].money] == [2 * money]


def test_what_is_refunded_is_at_risk_no_more() -> None:
    path, order = WAITING["refund due"]
    part = {"pi": {**PAID, "amountRefunded": 1_000}}
    assert found_in(MemoryStore({path: {**order, "payments": part}}))["refund due"].money[0].amount == 2_600


def test_a_refund_that_failed_is_listed_also_if_somebody_has_overwritten_the_status() -> None:
    assert found_in(MemoryStore({"orders/o": {**REFUND_LOST, "status": "shipped"}})).keys() == {"refund failed"}


def test_where_the_service_refunds_by_itself_nobody_is_needed() -> None:
    store = MemoryStore(dict([WAITING["refund due"]]))
    concerns = found_in(store, replace(TERMS, auto_refund=AutoRefund.ALL))
    assert concerns["refund due"].count == 1
    assert not needs_person(list(concerns.values()))


def test_what_does_not_fit_on_a_page_is_counted_and_its_money_is_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "LISTED_MAX", 2)
    store = MemoryStore({f"webhookEvents/evt_{number}": PARKED for number in range(7)})
    said = operated(store, "status", now=AT).stdout
    assert "parked                7  1 h ago  at least €0.10" in said
    assert "... and 5 more" in said


@pytest.mark.parametrize("name", WAITING)
def test_what_needs_a_person_is_shown_as_such_by_the_command_that_is_named(name: str) -> None:
    path, fields = WAITING[name]
    store = MemoryStore({"orders/order-1": HEALTHY["orders/paid"], path: fields})
    (command,) = [line for line in operated(store, "status", now=AT).stdout.splitlines() if line.startswith("./shop")]
    assert operated(store, *shlex.split(command)[1:], now=AT).exit_code == ExitCode.FOUND


@pytest.mark.parametrize(
    ("order_id", "remedy", "command"),
    [
        (None, "./shop stock shirt", "./shop stock shirt"),
        (None, "./shop why pi_1", "./shop why f"),
        (None, "./shop status", "./shop why f"),
        ("order-1", "./shop stock shirt", "./shop why order-1"),
    ],
)
def test_a_finding_of_no_order_is_shown_by_its_own_remedy_or_page(
    order_id: str | None, remedy: str, command: str
) -> None:
    _, finding = WAITING["findings"]
    target = {"orderId": order_id, "target": order_id or "shirt", "remedy": remedy}
    said = operated(MemoryStore({"findings/f": {**finding, **target}}), "status", now=AT).stdout
    assert [line for line in said.splitlines() if line.startswith("./shop")] == [command]


@pytest.mark.parametrize(
    ("asked", "command"),
    [
        ({"kind": "accept", "target": "order-1"}, "order-1"),
        ({"kind": "stock", "target": "shirt"}, "r"),
        ({"target": {}}, "r"),
    ],
)
def test_a_request_of_no_order_is_shown_by_its_own_page(asked: Fields, command: str) -> None:
    request = {**an_operators_request("retry"), **asked}
    store = MemoryStore({"orders/order-1": HEALTHY["orders/paid"], "operatorRequests/r": request})
    said = operated(store, "status", now=AT).stdout
    assert [line for line in said.splitlines() if line.startswith("./shop")] == [f"./shop why {command}"]
    assert operated(store, "why", command, now=AT).exit_code == ExitCode.FOUND


def test_an_order_that_is_only_marked_as_one_whose_refund_failed_waits_for_nobody() -> None:
    assert found_in(MemoryStore({"orders/o": {**REFUND_LOST, "refunds": {}}})) == {}


def test_disputes_are_named_by_their_deadline_with_the_command_to_begin_with() -> None:
    store = MemoryStore({"disputes/a-late": {**DISPUTE, "dueBy": AT + 2 * AN_HOUR}, "disputes/early": DISPUTE})
    said = operated(store, "status", now=AT).stdout
    assert said.index("./shop why early\n  in 1 h, €9.00") < said.index("./shop why a-late\n  in 2 h, €9.00")


def test_a_program_gets_every_concern_also_where_nothing_waits() -> None:
    answered = json.loads(operated(a_shop(), "status", "--json", now=AT).stdout)
    assert {concern["name"]: concern["count"] for concern in answered["concerns"]} == dict.fromkeys(WAITING, 0)


# --- On the screen ----------------------------------------------------------------------------------------------------


def test_it_is_kept_on_the_screen_until_somebody_ends_it() -> None:
    shown: list[int] = []

    def pause(seconds: float) -> None:
        shown.append(int(seconds))
        if len(shown) > 3:
            raise KeyboardInterrupt

    kept_up(lambda: shown.append(0), 15, pause)
    assert shown == [0, 15, 0, 15]


def test_an_outage_is_shown_and_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = opened(a_shop_after(a_placement(), a_payment()))
    assert len(frame(asked).renderables) > 1
    monkeypatch.setattr(MemoryReader, "find", _unavailable)
    assert str(frame(asked).renderables[0]).startswith("Firestore does not answer at 15:09:26 UTC")


def test_a_pipe_has_no_screen() -> None:
    result = operated(a_shop(), "watch")
    assert (result.exit_code, "needs a terminal" in result.stderr) == (ExitCode.FAILED, True)


def _unavailable(_reader: MemoryReader, _query: object) -> object:
    raise StoreUnavailable("timeout")


def reported(event_id: str, status: str) -> RefundUpdated:
    """The state of the refund of the second payment."""
    refund = a_refund("re_1", 3_600, status, payment_id="pi_2")
    return an_updated_refund(event_id, refund, payment_intent_id="pi_2")


def test_money_that_came_twice_is_shown_until_it_is_refunded_or_on_its_way_back() -> None:
    store = a_shop_paid_twice()
    twice = found_in(store)["paid twice"]
    assert (twice.needs_person, [money.amount for money in twice.money]) == (True, [3_600])
    assert operated(store, "status", now=AT).exit_code == ExitCode.FOUND
    # A shop with automatic refunds refunds within minutes.
    by_itself = replace(TERMS, auto_refund=AutoRefund.EXTRAS)
    assert "paid twice" in found_in(store, by_itself)
    assert "paid twice" not in {each.name for each in concerns_of(MemoryReader(store), by_itself, NOW) if each.count}
    settled(reported("evt_3", "pending"), store)
    assert "paid twice" not in found_in(store)
    settled(reported("evt_4", "failed"), store)
    assert "paid twice" in found_in(store)


def test_an_order_whose_inventory_was_gone_is_shown_until_there_is_one_again() -> None:
    store = a_shop_after(a_placement())
    store.delete("inventory/shirt")
    settled(a_payment(), store)
    (item,) = found_in(store)["inventory gone"].items
    assert (item.id, item.since, item.note) == ("order-1", NOW, "ordered shirt, of which not all have an inventory")
    store.put("inventory/shirt", {"stock": 7, "reserved": 0})
    assert "inventory gone" not in found_in(store)
