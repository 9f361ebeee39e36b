"""A run ends in time, and never at one thing: what it has done is done, what it could not do is tried again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from database.documents.reconciliations import Progress
from database.store import Listing
from orders.outcome import StoreContended, StoreUnavailable
from reconciliation import books, missing
from reconciliation.finding import Finding
from reconciliation.guarding import Guard
from reconciliation.job import Reconciliation
from reconciliation.on_record import OrdersOnRecord
from reconciliation.progress import ProgressNotes, Walk
from reconciliation.reconciled import AtStripe, Reconciled
from reconciliation.time_limit import TimeLimit
from stripe_api.api import StripeRefused, StripeUnavailable
from stripe_api.lists import Listed, Span, Unreadable
from tests.support.builders import NOW
from tests.support.memory_store import MemoryMoment
from tests.support.reconciling import (
    ListedAccount,
    ShopAtStripe,
    a_shop_with_paid_orders,
    before_settling,
    broken,
    opened_by,
    order_ids,
    payments_of,
    progress_of,
    status_of,
)
from tests.support.recording import RecordingLog

FUNCTION_SECONDS_MAX: Final = 540


def is_matched(shop: ShopAtStripe, until: datetime) -> bool:
    noted = (shop.store.get("reconciliations/stripe") or {}).get("matchedUntil")
    return isinstance(noted, datetime) and noted >= until


# --- Time ------------------------------------------------------------------------------------------------------------


def runs_until(is_enough: Callable[[], bool], shop: ShopAtStripe, *, per_look: float) -> Sequence[Reconciled]:
    """One an hour, each of which ends in time."""
    shop.clock.per_look = per_look
    runs: list[Reconciled] = []
    while not is_enough():
        assert len(runs) < 60, "no run comes to the end"
        started = shop.clock.seconds
        runs.append(shop.reconcile())
        assert shop.clock.seconds - started < FUNCTION_SECONDS_MAX
        shop.later(hours=1)
    return runs


@pytest.mark.parametrize("what", ["refunds", "payments"])
def test_more_that_disagrees_in_one_second_than_a_run_can_look_at_is_found_by_several(what: str) -> None:
    shop = a_shop_with_paid_orders(25)
    for payment_id in payments_of(shop).values():
        shop.refund(payment_id, 100)
    if what == "payments":
        shop.deliver()
        for order_id in order_ids(25):
            broken(shop.store, f"orders/{order_id}", payments={}, status="reserved", finalizedAt=None)
    shop.account.events.clear()
    shop.later(hours=3)
    rule = "refunds_differ" if what == "refunds" else "paid_only_at_stripe"
    expected = {f"{rule}_{payment_id}" for payment_id in payments_of(shop).values()}
    runs = runs_until(lambda: expected <= set(shop.open_findings()), shop, per_look=2)
    assert len(runs) > 3


def test_what_several_runs_do_is_what_one_does_and_meanwhile_none_forgets_the_rest() -> None:
    whole, in_parts = ShopAtStripe(), ShopAtStripe()
    for shop in whole, in_parts:
        for order_id in order_ids(4):
            shop.order(order_id, quantity=1)
            shop.refund(shop.pay(order_id, quantity=1), 100)
            shop.later(days=4)
        broken(shop.store, "inventory/shirt", reserved=9)
    whole.reconcile()
    behind = in_parts.now - timedelta(hours=2)
    first, *others = runs_until(lambda: is_matched(in_parts, behind), in_parts, per_look=6)
    assert others
    assert opened_by(first) == ["reserved_not_held_shirt"]
    assert {path: each["status"] for path, each in in_parts.documents().items() if "orders/" in path} == {
        f"orders/{order_id}": "partially_refunded" for order_id in order_ids(4)
    }
    assert in_parts.documents().keys() == whole.documents().keys()
    assert in_parts.open_findings() == whole.open_findings()


def test_nothing_is_found_wrong_that_a_later_run_has_yet_to_settle() -> None:
    shop = ShopAtStripe(stock=100)
    for order_id in order_ids(9):
        shop.order(order_id, quantity=1)
        shop.pay(order_id, quantity=1)
        shop.later(minutes=1)
    shop.later(hours=3)
    first = before_settling(shop.job(), lambda _event: shop.clock.sleep(20)).run()
    assert (first.complete, first.opened, 0 < sum(first.settled.values()) < 27) == (False, (), True)


def test_a_trail_is_read_to_its_end_as_of_moments_that_are_not_too_old_and_what_has_one_time_as_of_one() -> None:
    shop = a_shop_with_paid_orders(4)
    for number in range(4, 10):
        shop.later(minutes=1)
        shop.sell(f"order-{number}")
    shop.later(hours=1)
    moments: list[MemoryMoment] = []

    def moment() -> MemoryMoment:
        moments.append(shop.store.as_of(shop.now))
        return moments[-1]

    limit = TimeLimit(shop.clock.monotonic, 40 * 60 * 60)
    guard, open_books = Guard(lambda: None, shop.log), books.Books(shop.store, shop.log, {})
    on_record = OrdersOnRecord(moment, open_books, guard, limit, lambda: shop.now)
    judged = []
    for until in on_record.judge_changed(Span(NOW, shop.now)):
        limit.check()
        judged.append(until)
        shop.clock.sleep(5 * 60)
    assert judged[-1] == NOW + timedelta(minutes=6)
    assert (len(judged), len(moments)) == (23, 4)


@pytest.mark.parametrize(("since", "is_noted"), [(None, True), (NOW, True), (NOW + timedelta(seconds=1), False)])
def test_how_far_a_run_has_come_is_noted_every_five_seconds_and_at_its_end_unless_it_leaves_a_gap(
    since: datetime | None, *, is_noted: bool
) -> None:
    shop, noted = ShopAtStripe(), list[datetime | None]()

    class Notes(ProgressNotes):
        def save(self, done: Progress) -> None:
            noted.append(done.events_until)

    def steps() -> Iterator[datetime]:
        for seconds in range(1, 6):
            shop.clock.sleep(2.5)
            yield NOW + timedelta(seconds=seconds)

    limit = TimeLimit(shop.clock.monotonic, 600)
    shop.clock.sleep(60)
    walk = Walk(Notes(shop.store), books.Books(shop.store, shop.log, {}), limit, since, NOW)
    walk.go(steps(), lambda until: Progress(events_until=until), since or NOW, NOW)
    assert noted == ([NOW + timedelta(seconds=seconds) for seconds in (2, 4, 5)] if is_noted else [])


@pytest.mark.parametrize(
    "unusual",
    [
        *({"at_stripe": AtStripe.REFUSED}, {"complete": False}, {"settled": {"refunded": 1}}, {"stuck": 1}),
        *({"faults": 1}, {"opened": (Finding("stock_off_trail", "shirt", None, "", ""),)}),
    ],
    ids=lambda unusual: next(iter(unusual)),
)
def test_a_run_is_as_usual_if_all_was_looked_at_and_nothing_was_to_be_done(unusual: Mapping[str, Any]) -> None:
    assert Reconciled().is_as_usual
    assert not Reconciled(**unusual).is_as_usual


def test_a_run_is_logged_and_answered_with_all_that_it_did() -> None:
    found = Finding("stock_off_trail", "shirt", None, "", "")
    counted: Any = {
        "events": 1,
        "waiting": 2,
        "stuck": 3,
        "faults": 4,
        "payments": 5,
        "refunds": 6,
        "orders": 7,
        "products": 8,
    }
    run: Any = {"settled": {"refunded": 9}, "opened": (found,), "closed": ("a",), "open": 2, "seconds": 3.0}
    assert Reconciled(**counted, **run).summary() == {
        **counted,
        "stripe": "asked",
        "settled": {"refunded": 9},
        "opened": ["stock_off_trail_shirt"],
        "closed": ["a"],
        "open": 2,
        "ordersPerSecond": 2.3,
        "complete": True,
    }
    assert Reconciled().summary()["ordersPerSecond"] == 0


def test_a_run_without_a_key_ends_in_time_too_and_what_it_had_no_time_for_is_no_finding() -> None:
    shop = a_shop_with_paid_orders(9)
    shop.later(hours=3)
    shop.clock.per_look, started = 30, shop.clock.seconds
    assert not replace(shop.job(), stripe=None).run().complete
    assert shop.clock.seconds - started < FUNCTION_SECONDS_MAX
    assert shop.open_findings() == []


def test_what_was_not_looked_at_for_longest_is_looked_at_first() -> None:
    shop = a_shop_with_paid_orders(3)
    shop.later(hours=3)
    shop.reconcile()
    expected = []
    for hours, payment_id in zip((2, 3, 1), payments_of(shop).values(), strict=True):
        found = {"rule": "paid_only_here", "target": payment_id, "orderId": "order-0", "state": "open", "since": NOW}
        finding_id = f"paid_only_here_{payment_id}"
        shop.store.put(f"findings/{finding_id}", {**found, "lastSeenAt": NOW + timedelta(hours=hours)})
        expected.append((hours, finding_id))
    assert shop.reconcile().closed == tuple(finding_id for _, finding_id in sorted(expected))


def test_a_job_that_stood_still_for_longer_than_stripe_keeps_events_goes_on() -> None:
    shop = a_shop_with_paid_orders()
    shop.later(hours=3)
    shop.reconcile()
    shop.later(days=40)
    shop.reconcile()
    progress = progress_of(shop)
    assert progress["eventsUntil"] == shop.now - timedelta(minutes=5)
    assert progress["reviewedUntil"] == shop.now - timedelta(days=3)
    assert progress["matchedUntil"] == progress["recordsUntil"] == shop.now - timedelta(minutes=70)


def test_where_there_is_no_room_for_a_finding_the_next_run_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = a_shop_with_paid_orders()
    for order_id in order_ids(3):
        broken(shop.store, f"orders/{order_id}", payments={}, status="reserved", finalizedAt=None)
    shop.later(hours=3)
    monkeypatch.setattr(books, "OPEN_MAX", 1)
    assert len(shop.reconcile().opened) == 1
    monkeypatch.undo()
    assert {finding.rule for finding in shop.reconcile().opened} >= {"paid_only_at_stripe"}
    found = {finding for finding in shop.open_findings() if finding.startswith("paid_only_at_stripe")}
    assert found == {f"paid_only_at_stripe_{payment_id}" for payment_id in payments_of(shop).values()}


# --- One thing that cannot be done -----------------------------------------------------------------------------------


def never_settled(job: Reconciliation, event_id: str) -> Reconciliation:
    """As by an order that others keep changing."""

    def lose(event: Any) -> None:
        if event.event_id == event_id:
            raise StoreContended("ABORTED")

    return before_settling(job, lose)


class NeverRead:
    """A database of whose documents one cannot be read."""

    def __init__(self, whole: Any, path: str) -> None:
        self._whole = whole
        self._path = path

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def read(self, paths: Sequence[str], **how: Any) -> Any:
        if self._path in paths:
            raise StoreUnavailable("DEADLINE_EXCEEDED")
        return self._whole.read(paths, **how)


def never_read(job: Reconciliation, event_id: str) -> Reconciliation:
    store: Any = NeverRead(job.store, f"auditLog/{event_id}")
    return replace(job, store=store)


@pytest.mark.parametrize("hinder", [never_settled, never_read])
def test_an_event_that_cannot_be_settled_holds_up_no_other_and_is_settled_once_it_can_be(
    hinder: Callable[[Reconciliation, str], Reconciliation],
) -> None:
    shop = ShopAtStripe(log=RecordingLog())
    for order_id in ("order-1", "order-2", "order-3"):
        shop.order(order_id)
        shop.pay(order_id)
        shop.later(minutes=1)
    stuck = next(event["id"] for event in shop.account.events if event["type"] == "checkout.session.completed")
    shop.later(hours=3)
    hindered = hinder(shop.job(), stuck)
    reconciled = hindered.run()
    assert sum(reconciled.settled.values()) == reconciled.events - 1
    assert (opened_by(reconciled), reconciled.stuck) == ([f"event_not_settled_{stuck}"], 1)
    assert progress_of(shop)["eventsUntil"] == shop.now - timedelta(minutes=5)
    # Again and again, however long ago that was; said once.
    shop.later(days=2)
    again = hindered.run()
    assert (again.opened, again.stuck, status_of(hindered)) == ((), 1, 200)
    settled = shop.reconcile()
    assert (settled.closed, sum(settled.settled.values())) == ((f"event_not_settled_{stuck}",), 1)


def test_many_events_each_of_which_takes_all_patience_hold_up_no_other_for_longer_than_some_runs() -> None:
    shop = ShopAtStripe(stock=100)
    for number in range(9):
        shop.order(f"order-{number}", quantity=1)
        shop.pay(f"order-{number}", quantity=1)
    *stuck, last = shop.account.events

    def lose(event: Any) -> None:
        if event.event_id in {each["id"] for each in stuck}:
            shop.clock.sleep(16)
            raise StoreContended("ABORTED")

    shop.later(hours=3)
    runs: list[Reconciled] = []
    while shop.store.get(f"auditLog/{last['id']}") is None:
        started = shop.clock.seconds
        runs.append(before_settling(shop.job(), lose).run())
        assert shop.clock.seconds - started < FUNCTION_SECONDS_MAX
        shop.later(hours=1)
        assert len(runs) < 20, "the last event is never reached"
    assert len(runs) > 1
    assert runs[0].stuck == len(runs[0].opened) > 1


def test_an_event_that_stripe_does_not_keep_any_more_is_left_to_the_rules() -> None:
    shop = ShopAtStripe(log=(log := RecordingLog()))
    shop.order("order-1")
    payment_id = shop.pay("order-1")
    stuck = shop.account.events[-1]["id"]
    shop.later(hours=3)
    never_settled(shop.job(), stuck).run()
    shop.later(days=31)
    assert f"event_not_settled_{stuck}" in shop.reconcile().closed
    assert payments_of(shop) == {"order-1": payment_id}
    assert [line for line in log.lines if line["result"] == "event_gone"] == [
        {
            "severity": "WARNING",
            "message": "Stripe does not keep it any more",
            "eventId": stuck,
            "result": "event_gone",
        }
    ]


def test_a_payment_whose_event_could_not_be_settled_is_found_with_that_event_of_so_many_as_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The ids of one payment and of its charge.
    monkeypatch.setattr(missing, "ITEMS_MAX", 2)
    shop = ShopAtStripe()
    shop.order("order-1")
    remembered, forgotten, _ = (shop.pay(order_id) for order_id in ("gone", "gone-too", "order-1"))
    shop.later(hours=3)
    found = {finding.target: finding.remedy for finding in shop.reconcile().opened}
    event_id = shop.account.events[0]["id"]
    assert found == {remembered: f"./shop replay {event_id}", forgotten: f"./shop why {forgotten}"}


def test_without_a_key_an_order_that_cannot_be_read_is_read_once_it_can_be() -> None:
    shop = a_shop_with_paid_orders()
    shop.later(hours=3)
    unread = replace(with_unread_order(shop, "order-0", "order-1"), stripe=None).run()
    assert (opened_by(unread), unread.stuck) == (["not_compared_order-0", "not_compared_order-1"], 2)
    logged: Any = shop.log
    assert [(line["orderId"], line["target"]) for line in logged.lines if line["result"] == "not_compared"] == [
        ("order-0", "order-0"),
        ("order-1", "order-1"),
    ]
    shop.later(hours=1)
    assert set(replace(shop.job(), stripe=None).run().closed) == {"not_compared_order-0", "not_compared_order-1"}


class UnreadMoment(MemoryMoment):
    unread: set[str]

    def read(self, paths: Sequence[str]) -> Any:
        if not self.unread.isdisjoint(paths):
            raise StoreUnavailable("DEADLINE_EXCEEDED")
        return super().read(paths)


def with_unread_order(shop: ShopAtStripe, *order_ids: str) -> Reconciliation:
    def moment() -> UnreadMoment:
        read = UnreadMoment(shop.store.as_of(shop.now).documents(), shop.now)
        read.unread = {f"orders/{order_id}" for order_id in order_ids or ["order-1"]}
        return read

    return replace(shop.job(), moment=moment)


def with_unanswered_payment(shop: ShopAtStripe) -> Reconciliation:
    """Stripe lists it, and does not answer when it is asked for its refunds."""
    lists, payment_id = shop.stripe, payments_of(shop)["order-1"]

    class Unanswering:
        def __getattr__(self, name: str) -> Any:
            return getattr(lists, name)

        def refunds_of(self, asked: str, **how: Any) -> Any:
            if asked == payment_id:
                raise StripeUnavailable("Stripe answers 500")
            return lists.refunds_of(asked, **how)

    unanswering: Any = Unanswering()
    return replace(shop.job(), stripe=lambda: unanswering)


@pytest.mark.parametrize("hindered", [with_unread_order, with_unanswered_payment])
def test_an_order_that_cannot_be_compared_holds_up_no_other_and_is_compared_once_it_can_be(
    hindered: Callable[[ShopAtStripe], Reconciliation],
) -> None:
    shop = a_shop_with_paid_orders()
    for payment_id in payments_of(shop).values():
        shop.refund(payment_id, 100)
    shop.deliver()
    wrong = payments_of(shop)["order-2"]
    shop.account.intents[wrong]["amount_received"] -= 1
    shop.later(hours=3)
    reconciled = hindered(shop).run()
    found = {finding.rule: finding for finding in reconciled.opened}
    assert found.keys() == {"amounts_differ", "not_compared"}
    assert {finding.order_id for finding in reconciled.opened if finding.rule == "not_compared"} == {"order-1"}
    assert {finding.order_id for finding in reconciled.opened if finding.rule == "amounts_differ"} == {"order-2"}
    assert progress_of(shop)["matchedUntil"] >= shop.now - timedelta(minutes=71)
    shop.later(days=1)
    never_found = hindered(shop).run()
    assert (never_found.opened, never_found.closed) == ((), ())
    logged: Any = shop.log
    assert {line["orderId"] for line in logged.lines if line["result"] == "not_compared"} == {"order-1"}
    shop.account.intents[payments_of(shop)["order-1"]]["amount_received"] -= 1
    compared = shop.reconcile()
    assert {finding.order_id for finding in compared.opened} == {"order-1"}
    assert {finding_id.partition("_")[0] for finding_id in compared.closed} == {"not"}
    assert [each for each in shop.open_findings() if each.startswith("not_compared")] == []


def test_a_payment_that_cannot_be_read_holds_up_no_other_and_is_compared_once_it_can_be() -> None:
    shop = a_shop_with_paid_orders()
    first, second = (payments_of(shop)[f"order-{number}"] for number in (1, 2))
    shop.account.intents[second]["amount_received"] -= 1
    currency = shop.account.intents[first].pop("currency")
    # Nothing leads from one that nobody has named to an order.
    nobodys = {**shop.account.intents[second], "id": "pi_nobodys", "metadata": {}, "currency": None}
    shop.account.intents["pi_nobodys"] = nobodys
    shop.later(hours=3)
    reconciled = shop.reconcile()
    assert {(each.rule, each.target) for each in reconciled.opened} == {
        *(("not_compared", target) for target in (first, "order-1", "pi_nobodys")),
        ("amounts_differ", second),
    }
    assert progress_of(shop)["matchedUntil"] >= shop.now - timedelta(minutes=71)
    shop.later(hours=1)
    again = shop.reconcile()
    assert (again.opened, again.closed) == ((), ())
    for payment_id in (first, "pi_nobodys"):
        shop.account.intents[payment_id]["currency"] = currency
    # Its refunds are compared, too.
    shop.refund(first, 100)
    shop.account.events.clear()
    compared = shop.reconcile()
    assert set(compared.closed) == {f"not_compared_{target}" for target in (first, "order-1", "pi_nobodys")}
    assert opened_by(compared) == [f"refunds_differ_{first}"]


class Garbled(ListedAccount):
    """In its lists, no payment can be read."""

    def payment_intents(self, span: Span, *, after: str | None = None) -> Any:
        read = super().payment_intents(span, after=after)
        items: Any = read.items
        return Listed([Unreadable(each.payment_id, each.payment_id, each.created_at) for each in items], read.has_more)


def test_what_cannot_be_read_in_a_list_is_asked_for_by_itself_whatever_is_left_for_later() -> None:
    shop = a_shop_with_paid_orders()
    paid = {payment_id: order_id for order_id, payment_id in payments_of(shop).items()}
    _, left, _ = paid
    finding = {"rule": "not_compared", "target": left, "orderId": None, "since": NOW, "state": "open"}
    shop.store.put(f"findings/not_compared_{left}", finding)
    for order_id in paid.values():
        broken(shop.store, f"orders/{order_id}", payments={}, status="reserved", finalizedAt=None)
    shop.account.events.clear()
    shop.later(hours=3)
    shop.stripe = Garbled(shop.account)
    opened = shop.reconcile().opened
    assert {each.target: each.order_id for each in opened if each.rule == "paid_only_at_stripe"} == paid
    assert "not_compared" not in {each.rule for each in opened}


# --- Stripe takes no part --------------------------------------------------------------------------------------------


def unavailable(_what: str) -> None:
    raise StripeUnavailable("Stripe does not answer")


def refusing(_what: str) -> None:
    raise StripeRefused("The key may not list events.", "permission_error")


def test_stripe_that_stops_to_answer_makes_no_finding_of_each_payment() -> None:
    shop = a_shop_with_paid_orders()
    for payment_id in payments_of(shop).values():
        shop.refund(payment_id, 100)
    shop.deliver()
    shop.later(hours=3)

    def stop(what: str) -> None:
        if shop.stripe.asked.count("refunds_of") > 2:
            raise StripeUnavailable(what)

    shop.stripe.before_answering = stop
    reconciled = shop.reconcile()
    assert (reconciled.at_stripe, reconciled.opened, reconciled.stuck) == (AtStripe.UNAVAILABLE, (), 0)
    assert progress_of(shop)["matchedUntil"] < progress_of(shop)["recordsUntil"] == shop.now - timedelta(minutes=70)
    shop.stripe.before_answering = lambda _: None
    assert (shop.reconcile().orders > 2, shop.open_findings()) == (True, [])


@pytest.mark.parametrize(
    ("answer", "at_stripe", "status", "said"),
    [
        (unavailable, AtStripe.UNAVAILABLE, 503, "WARNING StripeUnavailable: Stripe does not answer"),
        (refusing, AtStripe.REFUSED, 500, "ERROR StripeRefused: permission_error: The key may not list events."),
        (None, AtStripe.NO_KEY, 200, "INFO there is no key to ask Stripe with"),
    ],
)
def test_what_the_database_alone_shows_is_judged_also_where_stripe_cannot_be_asked(
    answer: Callable[[str], None] | None, at_stripe: AtStripe, status: int, said: str
) -> None:
    shop = a_shop_with_paid_orders()
    payment_id = payments_of(shop)["order-1"]
    shop.store.delete(f"payments/{payment_id}")
    broken(shop.store, "inventory/shirt", reserved=9)
    shop.account.intents[payment_id]["amount_received"] -= 1
    shop.later(hours=3)
    shop.stripe.before_answering = answer or shop.stripe.before_answering
    job = shop.job() if answer else replace(shop.job(), stripe=None)
    reconciled = job.run()
    assert (reconciled.at_stripe, reconciled.complete) == (at_stripe, True)
    severity, why, result = said_in(shop)[0]
    assert (f"{severity} {why}", result) == (said, "not_reconciled" if answer else "not_configured")
    assert reconciled.why_not == why
    assert opened_by(reconciled) == ["payment_not_indexed_order-1", "reserved_not_held_shirt"]
    assert (progress_of(shop)["matchedUntil"], job.run().opened) == (None, ())
    assert status_of(job) == status
    # Once it can be, nothing is skipped.
    shop.stripe.before_answering = lambda _: None
    assert opened_by(shop.reconcile()) == [f"amounts_differ_{payment_id}"]


def said_in(shop: ShopAtStripe) -> list[tuple[str, str, str]]:
    """What was logged but for what was found, and what the run did."""
    log: Any = shop.log
    lines = (line for line in log.lines if not line["result"].startswith(("finding_", "reconciled")))
    return [(line["severity"], line["message"], line["result"]) for line in lines]


class UnlistedMoment(MemoryMoment):
    unlisted: str

    def find(self, listing: Listing) -> Any:
        if listing.collection == self.unlisted:
            raise StoreUnavailable("DEADLINE_EXCEEDED")
        return super().find(listing)


@pytest.mark.parametrize(("unlisted", "result"), [("auditLog", "not_reconciled"), ("inventory", "not_compared")])
def test_a_part_that_the_database_does_not_answer_is_said_and_the_run_is_not_complete(
    unlisted: str, result: str
) -> None:
    shop = a_shop_with_paid_orders()

    def moment() -> MemoryMoment:
        read = UnlistedMoment(shop.store.as_of(shop.now).documents(), shop.now)
        read.unlisted = unlisted
        return read

    reconciled = replace(shop.job(), moment=moment).run()
    assert (reconciled.complete, reconciled.faults) == (False, 0)
    assert said_in(shop)[0] == ("WARNING", "StoreUnavailable: DEADLINE_EXCEEDED", result)


def test_a_run_without_a_key_from_later_on_than_the_last_one_has_ended_notes_nothing() -> None:
    shop = a_shop_with_paid_orders()
    keyless = replace(shop.job(), stripe=None)
    shop.later(hours=3)
    keyless.run()
    reached = progress_of(shop)["recordsUntil"]
    assert reached == shop.now - timedelta(minutes=70)
    shop.later(hours=3)
    for since, until in ((reached + timedelta(seconds=1), reached), (reached, shop.now - timedelta(minutes=70))):
        keyless.run(since)
        assert progress_of(shop)["recordsUntil"] == until


def slow(shop: ShopAtStripe) -> None:
    shop.clock.sleep(100)


def broken_by_a_bug(_shop: ShopAtStripe) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize(("answer", "status"), [(slow, 200), (broken_by_a_bug, 500)])
def test_whatever_goes_wrong_with_stripe_the_database_has_its_turn(
    answer: Callable[[ShopAtStripe], None], status: int
) -> None:
    shop = a_shop_with_paid_orders()
    broken(shop.store, "inventory/shirt", reserved=9)
    shop.account.intents.clear()
    shop.later(hours=3)
    shop.stripe.before_answering = lambda _: answer(shop)
    started = shop.clock.seconds
    assert status_of(shop.job()) == status
    assert shop.clock.seconds - started < FUNCTION_SECONDS_MAX
    assert shop.open_findings() == ["reserved_not_held_shirt"]
    log: Any = shop.log
    assert (log.lines[-1]["complete"], log.lines[-1]["result"]) == (False, "reconciled")
    assert progress_of(shop)["eventsUntil"] is None
