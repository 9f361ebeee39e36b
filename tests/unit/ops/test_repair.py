"""What operators' commands show, do and refuse: dry unless it is said why, and in bulk only what was counted."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from database.documents.effects import effect_path, effect_write
from effects.effect import EffectKind, a_stripe_call
from ops.exit_codes import ExitCode
from ops.output import Output
from orders.outcome import StoreUnavailable
from tests.support.builders import NOW, Fields, a_placement, a_reserved_order, an_order
from tests.support.effects import A_MAIL
from tests.support.interference import Crash
from tests.support.memory_store import MemoryStore
from tests.support.operating import operated
from tests.support.payments import a_payment
from tests.support.refunds import an_updated_refund
from tests.support.settling import settled
from tests.support.shop import a_shop, a_shop_after, a_shop_with_a_hold, document_at, shirts_in, status_in

YES = ("--yes", "--reason", "as agreed", "--operator", "olga")


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


@pytest.mark.parametrize("options", [(), ("--elsewhere",)], ids=["ordered anew", "elsewhere"])
def test_of_a_refund_that_was_given_up_whichever_way_is_taken_first_the_other_pays_nothing_back(
    options: tuple[str, ...],
) -> None:
    refund = a_stripe_call(EffectKind.STRIPE_REFUND, "pi_1", "order-1", "evt_1", "alice")
    retry, anew = ("retry", refund.effect_id, *YES), ("refund", "order-1", *options, *YES)
    for first, second in (retry, anew), (anew, retry):
        store = a_shop_after(a_placement(), a_payment())
        store.put(effect_path(refund.effect_id), {**effect_write(refund, NOW).fields, "state": "ERROR"})
        assert operated(store, *first).exit_code == ExitCode.FINE
        refused = operated(store, *second)
        assert (refused.exit_code, "ended as not_re" in refused.stdout) == (ExitCode.FAILED, True), refused.stdout


def test_what_was_given_up_is_tried_again_once_that_is_said() -> None:
    path, store = effect_path(A_MAIL.effect_id), a_shop_with_a_hold()
    store.put(path, {**effect_write(A_MAIL, NOW).fields, "state": "ERROR"})
    shown = operated(store, "retry", A_MAIL.effect_id, A_MAIL.effect_id)
    assert shown.exit_code == ExitCode.FINE
    assert [f"{path} state ERROR PENDING"] == [
        line for each in shown.stdout.splitlines() if (line := " ".join(each.split())).startswith(f"{path} state")
    ]
    assert document_at(store, path)["state"] == "ERROR"
    assert operated(store, "retry", A_MAIL.effect_id, "gone", *YES).exit_code == ExitCode.FOUND
    assert (document_at(store, path)["state"], document_at(store, path)["reason"]) == ("PENDING", "as agreed")


def test_what_waits_is_marked_as_handled_whatever_it_is() -> None:
    effect, store = effect_path(A_MAIL.effect_id), a_shop_with_a_hold()
    store.put(effect, {**effect_write(A_MAIL, NOW).fields, "state": "ERROR"})
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


def test_who_would_mark_a_payment_as_handled_is_led_to_what_ends_its_wait() -> None:
    store = a_shop_after(a_placement(), a_payment(), a_payment("evt_2", payment_intent_id="pi_2", charge_id="ch_2"))
    refused = operated(store, "handle", "pi_2", *YES)
    assert (refused.exit_code, refused.stderr.splitlines()[-1].endswith("./shop why pi_2")) == (ExitCode.FAILED, True)


def test_of_what_has_an_id_that_says_too_little_it_asks_which_is_meant() -> None:
    store = a_shop_with_a_hold()
    gone = operated(store, "handle", "x_1", *YES)
    assert (gone.exit_code, "There is no effect, no finding and no event x_1" in gone.stderr) == (ExitCode.FAILED, True)
    for path in "findings/x_1", "webhookEvents/x_1":
        store.put(path, {"state": "open", "found": "what?", "processed": False})
    both = operated(store, "handle", "x_1", *YES)
    assert (both.exit_code, "say --of finding or --of event" in both.stderr) == (ExitCode.FAILED, True)
    assert operated(store, "handle", "x_1", "--of", "finding", *YES).exit_code == ExitCode.FINE
    assert document_at(store, "webhookEvents/x_1")["processed"] is False
    assert "cannot be the id" in operated(store, "handle", "a/b").stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("accept", "order-1", "--yes"), "Say why"),
        (("accept", "order-1", "--yes", "--reason", " "), "Say why"),
        (("accept",), "Name one ORDER"),
        (("accept", "order-1", "--all", "--status", "review"), "Name one ORDER"),
        (("release", "--all"), "Name one ORDER"),
        (
            ("refund", "--all", "--status", "review", "--amount", "5"),
            "--payment, --again and --elsewhere are for one ORDER",
        ),
        (("refund", "--all", "--status", "review", "--payment", "pi_1"), "are for one ORDER"),
        (("refund", "--all", "--status", "review", "--again"), "are for one ORDER"),
        (("refund", "--all", "--status", "review", "--elsewhere"), "are for one ORDER"),
        (("extend", "order-1"), "Until when?"),
        (("extend", "order-1", "--for", "soon"), "no duration"),
        (("extend", "order-1", "--until", "soon"), "no time"),
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


def test_what_is_reserved_and_nobody_holds_is_given_back() -> None:
    store = a_shop_with_a_hold()
    store.put("inventory/shirt", {"stock": 10, "reserved": 8})
    shown = operated(store, "stock", "recount", "shirt")
    assert "8 of 'shirt' were reserved, and orders hold 3" in shown.stdout
    assert shirts_in(store) == (10, 8)
    assert operated(store, "stock", "recount", "shirt", *YES).exit_code == 0
    assert shirts_in(store) == (10, 3)
    assert operated(store, "stock", "recount", "a/b").exit_code == 1


@pytest.mark.parametrize("made_at", [{}, {"createdAt": "today"}])
def test_what_an_order_holds_that_does_not_say_when_it_was_made_is_counted_again_too(made_at: Fields) -> None:
    order = {name: value for name, value in an_order().items() if name != "createdAt"}
    store = a_shop({**order, **made_at})
    settled(a_placement(), store)
    assert operated(store, "stock", "recount", "shirt", *YES).exit_code == 0
    assert (shirts_in(store), document_at(store, "orders/order-1")["createdAt"]) == ((10, 3), NOW)


@pytest.mark.parametrize("act", [("recount", "shirt"), ("set", "shirt", "5"), ("add", "hat", "5", "--new")])
def test_stock_is_left_as_it_is_where_what_is_sold_of_it_cannot_be_read(act: tuple[str, ...]) -> None:
    store = a_shop_with_a_hold()
    store.put("inventory/shirt", {"stock": 10, "reserved": 6})
    store.put("takings/order-9", {"units": {"shirt": "three"}})
    refused = operated(store, "stock", *act, *YES)
    assert (refused.exit_code, "not_adjusted: unreadable: takings/order-9 is not" in refused.stdout) == (
        ExitCode.FAILED,
        True,
    )
    assert (shirts_in(store), store.get("inventory/hat")) == ((10, 6), None)


def test_units_are_taken_away_by_adding_fewer_than_none() -> None:
    store = a_shop_with_a_hold()
    assert operated(store, "stock", "add", "shirt", "-2", *YES).exit_code == 0
    assert shirts_in(store) == (8, 3)
    assert operated(store, "stock", "add", "shirt", "2", "--yess").exit_code == 2


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


# --- In bulk ----------------------------------------------------------------------------------------------------------

ALL = ("release", "--all", "--status", "reserved")


def a_shop_with_two_holds() -> MemoryStore:
    store = a_shop_with_a_hold()
    store.put("orders/order-2", a_reserved_order())
    store.put("inventory/shirt", {"stock": 10, "reserved": 6})
    return store


def the_set(store: MemoryStore, *words: str) -> tuple[str, ...]:
    """How the set is named that these words are about."""
    found = re.search(r"--count \d+ --set \w+", operated(store, *words).stdout)
    assert found
    return tuple(found[0].split())


@pytest.mark.parametrize("change", [{"status": "expired"}, {"amountTotal": 3_700}])
def test_a_set_that_has_changed_since_it_was_shown_is_left_alone_also_if_it_is_as_many(change: dict[str, Any]) -> None:
    store = a_shop_with_two_holds()
    meant = the_set(store, *ALL)
    store.put("orders/order-2", a_reserved_order(**change))
    store.put("orders/order-3", a_reserved_order())
    if "status" not in change:
        store.delete("orders/order-3")
    before = store.dump()
    refused = operated(store, *ALL, *YES, *meant)
    assert (refused.exit_code, "not the set that was named" in refused.stderr, store.dump()) == (2, True, before)


def test_at_a_terminal_the_money_is_said_before_the_number_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    store, told = a_shop_with_two_holds(), list[str]()
    monkeypatch.setattr(Output, "screen", SimpleNamespace(is_terminal=True))
    monkeypatch.setattr(Output, "say", lambda _, text: told.append(text))

    def typed(text: str, **_: object) -> int:
        told.append(text)
        return 3

    monkeypatch.setattr("click.prompt", typed)
    assert operated(store, *ALL, *YES).exit_code == 2
    assert [told[0], told[-1]] == ["2 orders, 7200 eur in minor units", "Type how many orders you are about to change"]
    monkeypatch.setattr("click.prompt", lambda *_, **__: 2)
    refused = operated(store, *ALL, *YES, "--set", "0")
    assert (refused.exit_code, "not the set that was named" in refused.stderr) == (2, True), "a set was named"
    assert operated(store, *ALL, *YES).exit_code == 0


def test_what_would_go_back_of_an_order_that_was_paid_twice_is_both() -> None:
    second = a_payment("evt_2", payment_intent_id="pi_2", charge_id="ch_2")
    store = a_shop_after(a_placement(), a_payment(), second)
    assert "1 order, 7200 eur" in operated(store, "refund", "--all", "--status", "finalized").stdout


def test_bulk_says_how_many_and_how_much_money_and_does_all_of_them_only_for_who_knows_how_many() -> None:
    store = a_shop_with_two_holds()
    shown = operated(store, *ALL)
    assert (shown.exit_code, "2 orders, 7200 eur in minor units" in shown.stdout) == (0, True)
    before = store.dump()
    meant = the_set(store, *ALL)
    for said in ((), ("--count", "2"), ("--count", "3", *meant[2:]), ("--count", "2", "--set", "0")):
        refused = operated(store, *ALL, *YES, *said)
        assert (refused.exit_code, "say --count 2 --set" in refused.stderr, store.dump()) == (2, True, before)
    assert operated(store, *ALL, *YES, *meant).exit_code == 0
    assert ([status_in(store), status_in(store, "order-2")], shirts_in(store)) == (["expired"] * 2, (10, 0))


def test_where_some_cannot_be_done_the_others_are_and_it_ends_with_3() -> None:
    store = a_shop_with_two_holds()
    for order_id in ("order-1", "order-2"):
        store.put(f"orders/{order_id}", a_reserved_order(status="expired"))
    store.put("inventory/shirt", {"stock": 5, "reserved": 0})
    words = ("accept", "--all", "--status", "expired")
    # A rehearsal of all of them sees what each leaves for the next.
    assert operated(store, *words).exit_code == 3
    assert operated(store, *words, *YES, *the_set(store, *words)).exit_code == 3
    assert sorted([str(status_in(store)), str(status_in(store, "order-2"))]) == ["expired", "finalized"]
    assert shirts_in(store) == (2, 0)


def test_what_was_done_is_said_also_if_the_database_ends_it_halfway(monkeypatch: pytest.MonkeyPatch) -> None:
    store, commit = a_shop_with_two_holds(), MemoryStore.commit
    taken = iter(range(2))

    def fails(self: MemoryStore, writes: Any, *, timeout_seconds: float) -> Any:
        if next(taken, None) is None:
            raise StoreUnavailable("down")
        return commit(self, writes, timeout_seconds=timeout_seconds)

    meant = the_set(store, *ALL)
    monkeypatch.setattr(MemoryStore, "commit", fails)
    failed = operated(store, *ALL, *YES, *meant)
    assert (failed.exit_code, "release order-1 is done (down)" in failed.stderr) == (1, True)
    assert failed.stdout.splitlines()[-1] == "release order-2 ended as expired"


def test_an_order_that_has_left_its_status_since_it_was_counted_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    store = a_shop_after(a_placement(), a_payment())
    sold = document_at(store, "orders/order-1")
    store.put("orders/order-1", {**sold, "status": "review", "holdKept": True})

    def accepted_by_somebody_else(*_: object) -> None:
        store.put("orders/order-1", sold)

    monkeypatch.setattr("ops.repair.check_set", accepted_by_somebody_else)
    refused = operated(store, "refund", "--all", "--status", "review", *YES)
    assert (refused.exit_code, "finalized: it is paid" in refused.stdout) == (1, True)
    assert not [path for path in store.dump() if path.startswith("effects/operator_")]


# --- Stock ------------------------------------------------------------------------------------------------------------


def test_stock_is_set_and_added_to_and_imported(tmp_path: Path) -> None:
    store = a_shop_with_a_hold()
    assert operated(store, "stock", "set", "shirt", "8", *YES).exit_code == 0
    assert operated(store, "stock", "add", *YES, "--", "shirt", "-2").exit_code == 0
    assert shirts_in(store) == (6, 3)
    refused = operated(store, "stock", "set", "shirt", "2", *YES)
    assert (refused.exit_code, "orders hold 3" in refused.stdout) == (1, True)
    assert operated(store, "stock", "set", "shirt", "2", "--force", *YES).exit_code == 0
    (tmp_path / "shelf.csv").write_text("product,quantity\nshirt,20\nmug,4\n")
    assert operated(store, "stock", "import", str(tmp_path / "shelf.csv"), "--new", *YES).exit_code == 0
    assert (shirts_in(store), document_at(store, "inventory/mug")) == ((20, 3), {"stock": 4, "reserved": 0})


def test_a_product_that_nobody_knows_is_mistyped_unless_it_is_said_to_be_new(tmp_path: Path) -> None:
    store = a_shop_with_a_hold()
    store.put("products/mug", {"name": "Mug"})
    before = store.dump()
    (tmp_path / "shelf.csv").write_text("product,quantity\nshirt,20\nshrit,4\n")
    words = (("set", "shrit", "5"), ("add", "shrit", "5"), ("import", str(tmp_path / "shelf.csv")))
    for *each, named in (*((*word, "shrit.") for word in words[:2]), (*words[2], "shrit (line 3).")):
        refused = operated(store, "stock", *each, *YES)
        said = f"the catalogue knows {named}"
        assert (refused.exit_code, said in refused.stderr, store.dump()) == (1, True, before)
    assert operated(store, "stock", "set", "mug", "5", *YES).exit_code == 0
    assert operated(store, "stock", "set", "shrit", "5", "--new", *YES).exit_code == 0
    assert store.get("inventory/shrit") == {"stock": 5, "reserved": 0}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("product,units\nshirt,2\n", "no column quantity"),
        ("product,quantity,quantity\nshirt,2,3\n", "no column quantity, or more than one"),
        ("product,quantity\nshirt,1,000\n", "line 2: the quantity is no whole number"),
        ("product,quantity\nshirt,1_0\n", "line 2: the quantity is no whole number"),
        ("product,quantity\nshirt\n", "line 2: the quantity is no whole number"),
        ("quantity,product\n2\n", "cannot be the id of a product"),
        ("product,quantity\nmug,4\nT-Shirt gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n,2\n", "cannot be read"),
        (f"product,quantity\n{'x' * 200_000},2\n", "cannot be read"),
        ("product,quantity\nshirt ,2\nshirt,3\n", "names a product twice"),
        ("product,quantity\nshirt,two\n", "line 2: the quantity is no whole number"),
        ("product,quantity\nshirt,2\nshirt,3\n", "names a product twice"),
        ("product,quantity\na/b,2\n", "cannot be the id of a product"),
    ],
)
def test_a_file_that_cannot_be_read_moves_nothing(tmp_path: Path, text: str, said: str) -> None:
    store = a_shop_with_a_hold()
    before = store.dump()
    (tmp_path / "shelf.csv").write_text(text, encoding="latin-1")
    refused = operated(store, "stock", "import", str(tmp_path / "shelf.csv"), *YES)
    assert (refused.exit_code, said in refused.stderr, store.dump()) == (1, True, before)


CATALOGUE = """
mug: {name: Mug, unitAmount: 900, currency: eur, stock: 4}
course: {name: Course, unitAmount: 4900, currency: eur, stock: null}
later: {name: Later, unitAmount: 100, currency: eur, stock: 2, backorder: 5, active: false}
shirt: {name: Other, unitAmount: 1, currency: eur, stock: 1}
"""


def test_a_catalogue_is_put_on_sale_over_nothing_that_is_there(tmp_path: Path) -> None:
    store, file = a_shop_with_a_hold(), tmp_path / "catalogue.yaml"
    file.write_text(CATALOGUE)
    before = store.dump()
    shown = operated(store, "seed", str(file))
    assert (shown.exit_code, "stock: 4, reserved: 0" in shown.stdout, store.dump()) == (0, True, before)
    assert operated(store, "seed", str(file), *YES).exit_code == 0
    mug = {"name": "Mug", "unitAmount": 900, "currency": "eur", "active": True}
    assert (store.get("products/mug"), store.get("inventory/mug")) == (mug, {"stock": 4, "reserved": 0})
    assert store.get("inventory/course") == {"stock": None, "reserved": 0}
    assert store.get("inventory/later") == {"stock": 2, "reserved": 0, "backorder": 5}
    assert (store.get("inventory/shirt"), store.get("products/shirt")) == (
        before["inventory/shirt"],
        before["products/shirt"],
    )
    after = store.dump()
    assert operated(store, "seed", str(file), *YES).exit_code == 0
    assert store.dump() == after


def test_a_catalogue_that_was_put_on_sale_halfway_is_put_on_sale_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, commit = tmp_path / "catalogue.yaml", MemoryStore.commit
    file.write_text(CATALOGUE)
    whole = a_shop_with_a_hold()
    operated(whole, "seed", str(file), *YES)
    shelves = {path: fields for path, fields in whole.dump().items() if path.startswith(("products/", "inventory/"))}
    for commits in range(9):
        store, left = a_shop_with_a_hold(), iter(range(commits))

        def dies(self: MemoryStore, writes: Any, *, timeout_seconds: float, left: Iterator[int] = left) -> Any:
            if next(left, None) is None:
                raise Crash
            return commit(self, writes, timeout_seconds=timeout_seconds)

        monkeypatch.setattr(MemoryStore, "commit", dies)
        operated(store, "seed", str(file), *YES)
        monkeypatch.setattr(MemoryStore, "commit", commit)
        assert operated(store, "seed", str(file), *YES).exit_code == 0
        assert {path: fields for path, fields in store.dump().items() if path in shelves} == shelves, commits


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "products by their ids"),
        ("{", "cannot be read"),
        ("mug: {name: Mug, unitAmount: 9.5, currency: eur, stock: 4}", "unitAmount must be in minor units"),
        ("mug: {name: Mug, unitAmount: 900, currency: eur}", "stock must be a whole number"),
        ("mug: {name: Mug, unitAmount: 900, currency: eur, stock: 4, colour: red}", "has no colour"),
    ],
)
def test_a_catalogue_with_a_mistake_is_put_on_sale_not_even_in_part(tmp_path: Path, text: str, said: str) -> None:
    store, file = MemoryStore(), tmp_path / "catalogue.yaml"
    file.write_text(text)
    refused = operated(store, "seed", str(file), *YES)
    assert (refused.exit_code, said in refused.stderr, store.dump()) == (1, True, {})


def test_nobody_is_told_to_ask_again_for_what_may_be_done_already() -> None:
    class Lost(MemoryStore):
        def commit(self, writes: Any, *, timeout_seconds: float) -> Any:
            super().commit(writes, timeout_seconds=timeout_seconds)
            raise StoreUnavailable("no answer")

    failed = operated(Lost(), "accept", "order-1", *YES)
    assert (failed.exit_code, "try again only if it is not" in failed.stderr) == (1, True)


def test_who_cannot_be_known_has_to_say_who_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("google.auth.default", lambda: (SimpleNamespace(account=""), "p"))
    monkeypatch.setenv("PATH", "")
    store = a_shop_with_a_hold()
    refused = operated(store, "accept", "order-1", "--yes", "--reason", "as agreed")
    assert (refused.exit_code, "--operator NAME" in refused.stderr, status_in(store)) == (2, True, "reserved")
    monkeypatch.setattr("google.auth.default", lambda: (SimpleNamespace(service_account_email="ci@p"), "p"))
    assert operated(store, "accept", "order-1", "--yes", "--reason", "as agreed").exit_code == 0
