"""What repairs show, do and refuse: they only rehearse until given a reason and an operator."""

import json
from datetime import timedelta
from functools import cached_property
from types import SimpleNamespace
from typing import Any, cast

import pytest
from click.testing import CliRunner

from database.connection import Connection
from database.documents.effects import effect_path
from database.errors import AnswerTooLarge, RequestRefused
from effects.effect import EffectKind, a_stripe_call
from ops.__main__ import shop
from ops.commands import Asked
from ops.exit_codes import ExitCode
from orders.outcome import StoreUnavailable
from tests.support.builders import NOW, a_placement
from tests.support.effects import A_MAIL, with_effect
from tests.support.memory_store import MemoryStore
from tests.support.operating import YES, ShopInMemory, operated
from tests.support.payments import a_payment
from tests.support.refunds import an_updated_refund
from tests.support.settling import settled
from tests.support.shop import a_shop_after, a_shop_paid_twice, a_shop_with_a_hold, document_at, shirts_in, status_in


def test_a_command_shows_the_difference_in_documents_and_does_nothing() -> None:
    store = a_shop_with_a_hold()
    before = store.dump()
    shown = operated(store, "accept", "order-1")
    assert (shown.exit_code, store.dump()) == (0, before)
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    assert lines[0] == "accept order-1 would end as accepted"
    assert "inventory/shirt stock 10 7" in lines
    assert "orders/order-1 status reserved finalized" in lines
    assert lines[-1] == "Nothing was done. Add --yes --reason '…' to do it."


def test_what_becomes_of_order_and_stock_comes_first_and_a_message_takes_one_line() -> None:
    lines = [line.split() for line in operated(a_shop_with_a_hold(), "accept", "order-1").stdout.splitlines()[2:-1]]
    assert list(dict.fromkeys(line[0].partition("/")[0] for line in lines)) == ["inventory", "orders", "notifications"]
    assert [line[1:] for line in lines if line[0].startswith("notifications/")] == [["type", "-", "paid"]]
    refund = operated(a_shop_after(a_placement(), a_payment()), "refund", "order-1", "--amount", "500").stdout
    assert [" ".join(line.split()[1:]) for line in refund.splitlines() if line.startswith("effects/")] == [
        "kind - stripe_refund",
        "refund - amount: 500, restock: -",
    ]


def test_it_does_what_it_has_shown_once_it_is_said_why_and_by_whom() -> None:
    store = a_shop_with_a_hold()
    shown = operated(store, "accept", "order-1", *YES)
    assert (shown.exit_code, shown.stdout) == (0, "accept order-1 ended as accepted\n")
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))
    [entry] = [fields for path, fields in store.documents() if path.startswith("auditLog/operator_")]
    assert (entry["operator"], entry["reason"]) == ("olga", "as agreed")


class DatedShop(ShopInMemory):
    """Its database's time is NOW, months away from any real clock's."""

    @cached_property
    def connection(self) -> Connection:
        answered = [{"readTime": NOW.isoformat()}]
        return cast("Connection", SimpleNamespace(documents="", call=lambda *_, **__: answered))


def test_acts_are_dated_by_the_database_whatever_the_operators_computer_says() -> None:
    store = a_shop_with_a_hold()
    asked = Asked(open=lambda _: DatedShop("demo-shop", {}, store))
    CliRunner().invoke(shop, ("extend", "order-1", "--for", "2d", *YES), obj=asked)
    [entry] = [path for path in store.dump() if path.startswith("auditLog/operator_")]
    dated: Any = document_at(store, entry)["createdAt"], document_at(store, "orders/order-1")["reservationExpiresAt"]
    for at, wanted in zip(dated, (NOW, NOW + timedelta(days=2)), strict=True):
        assert wanted <= at < wanted + timedelta(minutes=1)


@pytest.mark.parametrize("options", [(), ("--elsewhere",)], ids=["ordered anew", "elsewhere"])
def test_whichever_way_repays_a_given_up_refund_first_the_other_repays_nothing(options: tuple[str, ...]) -> None:
    refund = a_stripe_call(EffectKind.STRIPE_REFUND, "pi_1", "order-1", "evt_1", "alice")
    retry, anew = ("retry", refund.effect_id, *YES), ("refund", "order-1", *options, *YES)
    for first, second in (retry, anew), (anew, retry):
        store = a_shop_after(a_placement(), a_payment())
        with_effect(store, refund, state="ERROR")
        assert operated(store, *first).exit_code == ExitCode.FINE
        refused = operated(store, *second)
        assert (refused.exit_code, "ended as not_re" in refused.stdout) == (ExitCode.FAILED, True), refused.stdout


def test_what_was_given_up_is_tried_again_once_that_is_said() -> None:
    path, store = effect_path(A_MAIL.effect_id), with_effect(a_shop_with_a_hold(), A_MAIL, state="ERROR")
    shown = operated(store, "retry", A_MAIL.effect_id, A_MAIL.effect_id)
    assert shown.exit_code == ExitCode.FINE
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    assert [line for line in lines if line.startswith(f"{path} state")] == [f"{path} state ERROR PENDING"]
    assert document_at(store, path)["state"] == "ERROR"
    assert operated(store, "retry", A_MAIL.effect_id, "gone", *YES).exit_code == ExitCode.FOUND
    assert (document_at(store, path)["state"], document_at(store, path)["reason"]) == ("PENDING", "as agreed")


def test_what_waits_is_marked_as_handled_whatever_it_is() -> None:
    effect, store = effect_path(A_MAIL.effect_id), with_effect(a_shop_with_a_hold(), A_MAIL, state="ERROR")
    store.put("findings/f_1", {"rule": "f", "found": "what?", "state": "open"})
    settled(an_updated_refund("evt_9", order_id=None), store)
    waiting = (A_MAIL.effect_id, "f_1", "evt_9")
    shown, before = operated(store, "handle", *waiting), store.dump()
    assert (shown.exit_code, shown.stdout.count("would end as handled")) == (ExitCode.FINE, 3)
    assert operated(store, "handle", *waiting, *YES).exit_code == ExitCode.FINE
    assert document_at(store, effect)["state"] == "SUCCESS"
    assert document_at(store, "findings/f_1")["state"] == "handled"
    assert document_at(store, "webhookEvents/evt_9")["result"] == "handled"
    assert document_at(store, "findings/f_1")["reason"] == "as agreed"
    assert {path for path in store.dump() if before.get(path) != store.dump()[path]} >= {effect, "auditLog/evt_9"}
    again = operated(store, "handle", "f_1")
    assert (again.exit_code, "not_handled: not_open: it is handled" in again.stdout) == (ExitCode.FAILED, True)


def test_where_no_order_is_meant_no_set_is_named() -> None:
    assert "--count" not in operated(a_shop_with_a_hold(), "accept", "--all", "--status", "review").stdout


def test_who_would_mark_a_payment_or_a_refund_as_handled_is_led_to_what_ends_its_wait() -> None:
    for some_id in "pi_2", "re_1":
        refused, led = operated(a_shop_paid_twice(), "handle", some_id, *YES), f"./shop why {some_id}"
        assert (refused.exit_code, refused.stderr.splitlines()[-1].endswith(led)) == (ExitCode.FAILED, True)


def test_an_ambiguous_id_asks_which_is_meant() -> None:
    store = a_shop_with_a_hold()
    gone = operated(store, "handle", "x_1", *YES)
    assert (gone.exit_code, "There is no effect, no finding and no event x_1" in gone.stderr) == (ExitCode.FAILED, True)
    for path in "findings/x_1", "webhookEvents/x_1":
        store.put(path, {"state": "open", "found": "what?", "processed": False})
    both = operated(store, "handle", "x_1", *YES)
    assert (both.exit_code, "add --of finding or --of event" in both.stderr) == (ExitCode.FAILED, True)
    assert operated(store, "handle", "x_1", "--of", "finding", *YES).exit_code == ExitCode.FINE
    assert document_at(store, "webhookEvents/x_1")["processed"] is False
    assert "not a valid id" in operated(store, "handle", "a/b").stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("accept", "order-1", "--yes"), "--yes needs"),
        (("accept", "order-1", "--yes", "--reason", " "), "--yes needs"),
        (("accept",), "Name one ORDER"),
        (("accept", "order-1", "--all", "--status", "review"), "Name one ORDER"),
        (("release", "--all"), "Name one ORDER"),
        (("refund", "--all", "--status", "review", "--amount", "5"), "--elsewhere and --mistake are for one ORDER"),
        (("refund", "--all", "--status", "review", "--payment", "pi_1"), "are for one ORDER"),
        (("refund", "--all", "--status", "review", "--again"), "are for one ORDER"),
        (("refund", "--all", "--status", "review", "--elsewhere"), "are for one ORDER"),
        (("refund", "--all", "--status", "review", "--mistake", "re_1"), "are for one ORDER"),
        (("extend", "order-1"), "Until when?"),
        (("extend", "order-1", "--for", "soon"), "not a duration"),
        (("extend", "order-1", "--until", "soon"), "not a time"),
    ],
)
def test_what_is_said_wrongly_does_nothing_and_ends_with_2(words: tuple[str, ...], said: str) -> None:
    store = a_shop_with_a_hold()
    before = store.dump()
    refused = operated(store, *words)
    assert (refused.exit_code, said in refused.stderr, store.dump()) == (2, True, before)


@pytest.mark.parametrize("how", [(), YES])
def test_what_is_refused_says_why_and_ends_with_1(how: tuple[str, ...]) -> None:
    store = a_shop_after(a_placement(), a_payment())
    refused = operated(store, "release", "order-1", *how)
    assert refused.exit_code == 1
    assert "not_released: finalized: it is paid, and its units are taken" in refused.stdout
    assert status_in(store) == "finalized"


def test_each_command_asks_for_what_it_says() -> None:
    store = a_shop_with_a_hold()
    assert operated(store, "extend", "order-1", "--for", "2d", *YES).exit_code == 0
    assert str(document_at(store, "orders/order-1")["reservationExpiresAt"]) == "2026-03-16 15:09:26+00:00"
    assert operated(store, "extend", "order-1", "--until", "2026-03-17T12:00", *YES).exit_code == 0
    assert str(document_at(store, "orders/order-1")["reservationExpiresAt"]) == "2026-03-17 12:00:00+00:00"
    assert operated(store, "cancel", "order-1", *YES).exit_code == 0
    assert status_in(store) == "cancelled"
    paid = a_shop_after(a_placement(), a_payment())
    words = ("refund", "order-1", "--payment", "pi_1", "--amount", "500")
    assert operated(paid, *words, "--restock", "shirt:1", *YES).exit_code == 0
    again = operated(paid, *words)
    assert (again.exit_code, "refund_under_way: 500 eur of pi_1" in again.stdout) == (1, True)
    assert operated(paid, *words, "--again").exit_code == 0
    [effect] = [fields for path, fields in paid.documents() if path.startswith("effects/")]
    assert effect["refund"] == {"amount": 500, "restock": "shirt:1"}


def test_in_json_the_same_is_said() -> None:
    data = json.loads(operated(a_shop_with_a_hold(), "release", "order-1", "--json").stdout)
    assert data["done"] is False
    assert data["answers"] == [{"kind": "release", "target": "order-1", "result": "expired", "note": None}]
    assert data["differences"]["inventory/shirt"]["after"]["reserved"] == 0


class Failing(MemoryStore):
    """Fails at one commit, and at all after it."""

    def __init__(self, problem: BaseException, at_commit: int, *, is_made: bool = True) -> None:
        super().__init__()
        self.problem, self.left, self.is_made = problem, at_commit, is_made

    def commit(self, writes: Any, *, timeout_seconds: float) -> Any:
        self.left -= 1
        if self.left <= 0 and not self.is_made:
            raise self.problem
        answer = super().commit(writes, timeout_seconds=timeout_seconds)
        if self.left <= 0:
            raise self.problem
        return answer


@pytest.mark.parametrize(
    ("problem", "at_commit"),
    [
        (StoreUnavailable("no answer"), 1),
        (KeyboardInterrupt(), 1),
        (KeyboardInterrupt(), 2),
        (RequestRefused("no index"), 2),
        (AnswerTooLarge("too large"), 2),
    ],
)
def test_nobody_is_told_to_ask_again_for_what_may_be_done_already(problem: BaseException, at_commit: int) -> None:
    failed = operated(Failing(problem, at_commit), "accept", "order-1", *YES)
    assert (failed.exit_code, "try again only if it does not" in failed.stderr) == (1, True)


def test_who_may_not_ask_is_told_that_and_not_that_it_may_be_done() -> None:
    refused = operated(Failing(RequestRefused("no role"), 1, is_made=False), "accept", "order-1", *YES)
    assert (refused.exit_code, "Firestore refused: no role" in refused.stderr) == (1, True)


def test_who_cannot_be_known_has_to_say_who_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("google.auth.default", lambda: (SimpleNamespace(account=""), "p"))
    monkeypatch.setenv("PATH", "")
    store = a_shop_with_a_hold()
    refused = operated(store, "accept", "order-1", "--yes", "--reason", "as agreed")
    assert (refused.exit_code, "--operator NAME" in refused.stderr, status_in(store)) == (2, True, "reserved")
    monkeypatch.setattr("google.auth.default", lambda: (SimpleNamespace(service_account_email="ci@p"), "p"))
    assert operated(store, "accept", "order-1", "--yes", "--reason", "as agreed").exit_code == 0
