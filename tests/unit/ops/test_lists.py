"""Orders page by page, ids by prefix, and stock with the orders that hold it."""

import json
from datetime import timedelta

import pytest

from ops import lookup, shelves
from ops.exit_codes import ExitCode
from tests.support.builders import NOW, Fields, a_placement, a_reserved_order, an_order
from tests.support.memory_store import MemoryStore
from tests.support.operating import operated
from tests.support.payments import a_payment
from tests.support.shop import a_shop, a_shop_after, a_shop_with_a_hold


def orders_listed(store: MemoryStore, *words: str) -> list[str]:
    result = operated(store, "orders", "--json", *words)
    return [order["order_id"] for order in json.loads(result.stdout)["orders"]]


def several_orders(**fields: Fields) -> MemoryStore:
    return MemoryStore({f"orders/{order_id}": order for order_id, order in fields.items()})


# --- Orders -----------------------------------------------------------------------------------------------------------


def test_orders_of_one_moment_are_neither_lost_nor_shown_twice_between_pages() -> None:
    store = several_orders(a=an_order(), b=an_order(), c=an_order(), d=an_order(createdAt=NOW + timedelta(hours=1)))
    seen: list[str] = []
    words: tuple[str, ...] = ()
    while True:
        answered = json.loads(operated(store, "orders", "--json", "--limit", "2", *words).stdout)
        seen += [order["order_id"] for order in answered["orders"]]
        if not answered["next"]:
            break
        words = ("--after", answered["next"])
    assert seen == ["d", "c", "b", "a"]


def test_the_next_page_is_a_command_to_copy() -> None:
    said = operated(several_orders(a=an_order(), b=an_order()), "orders", "--status", "pending", "--limit", "1").stdout
    assert "./shop orders --status pending --limit 1 --after 2026-03-14T15:09:26.000000Z,b" in said


@pytest.mark.parametrize(
    ("words", "listed"),
    [
        ((), ["paid", "new", "old"]),
        (("--status", "pending"), ["new", "old"]),
        (("--status", "pending", "--status", "finalized"), ["paid", "new", "old"]),
        (("--user", "bob"), ["paid"]),
        (("--since", "36h"), ["paid", "new"]),
        (("--since", "2026-03-13"), ["paid", "new"]),
        (("--since", "2026-03-14T15:09:26"), ["paid", "new"]),
        (("--since", "30m", "--status", "finalized"), ["paid"]),
    ],
)
def test_orders_are_listed_by_status_customer_and_time(words: tuple[str, ...], listed: list[str]) -> None:
    store = several_orders(
        old=an_order(createdAt=NOW - timedelta(days=3)),
        new=an_order(),
        paid=an_order(status="finalized", userId="bob", createdAt=NOW + timedelta(minutes=1)),
    )
    assert orders_listed(store, *words) == listed


@pytest.mark.parametrize(
    "words",
    [
        ("--since", "soon"),
        ("--since", "99999999999w"),
        ("--after", "b"),
        ("--after", "soon,b"),
        ("--status", "pending", "--user", "bob"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(words: tuple[str, ...]) -> None:
    assert operated(a_shop(), "orders", *words).exit_code == ExitCode.USAGE


def test_who_says_no_time_learns_both_ways_to_say_one() -> None:
    refused = operated(a_shop(), "orders", "--since", "soon").stderr
    assert ("2026-03-14T15:09" in refused, "36h" in refused) == (True, True)


# --- Search -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("ord", ["order order-1 finalized order-1"]),
        ("pi_", ["payment pi_1 order-1"]),
        ("evt", ["event evt_1 first_time_finalized order-1"]),
        ("plac", ["event placed_order-1 reserved order-1"]),
        ("sh", ["product shirt Shirt -"]),
        ("ali", ["customer alice finalized order-1"]),
    ],
)
def test_everything_is_found_by_how_its_id_begins(text: str, hits: list[str]) -> None:
    lines = operated(a_shop_after(a_placement(), a_payment()), "search", text).stdout.splitlines()[1:]
    assert [" ".join(line.split()) for line in lines if "./shop" not in line] == hits


def test_what_leads_to_one_order_ends_with_the_command_that_explains_it() -> None:
    assert operated(a_shop_with_a_hold(), "search", "order").stdout.endswith("./shop why order-1\n")


@pytest.mark.parametrize(("text", "code"), [("zzz", ExitCode.FAILED), ("a/b", ExitCode.USAGE)])
def test_a_search_in_vain_says_so(text: str, code: ExitCode) -> None:
    assert operated(a_shop(), "search", text).exit_code == code


def test_no_more_of_a_kind_are_found_than_asked_for() -> None:
    store = several_orders(a1=an_order(userId="x"), a2=an_order(userId="x"), a3=an_order(userId="x"))
    assert len(json.loads(operated(store, "search", "a", "--limit", "2", "--json").stdout)) == 2


# --- Stock ------------------------------------------------------------------------------------------------------------


def test_all_products_are_listed_page_by_page() -> None:
    store = a_shop(cap={"stock": 4, "reserved": 1, "backorder": 2}, download={"stock": None}, mug={"stock": "x"})
    first = operated(store, "stock", "show", "--limit", "2").stdout.splitlines()
    assert [" ".join(line.split()) for line in first[1:]] == [
        "cap Shirt €12.00 4 1 5",
        "download Shirt €12.00 any - any",
        "./shop stock show --limit 2 --after=download",
    ]
    rest = operated(store, "stock", "show", "--after", "download").stdout
    assert "stock must be a whole number" in rest
    assert [line.split()[0] for line in rest.splitlines()[1:]] == ["mug", "shirt"]


def test_what_is_on_sale_and_has_lost_its_inventory_is_listed_too() -> None:
    store = a_shop(cap={"stock": 4})
    store.delete("inventory/shirt")
    assert "it has no inventory" in operated(store, "stock").stdout.splitlines()[2]
    assert operated(store, "stock", "shirt").stdout.splitlines()[-1] == "./shop stock set shirt QUANTITY"
    assert operated(store, "stock", "show", "--limit", "1").stdout.splitlines()[1].startswith("cap ")


def test_a_product_that_nobody_can_order_for_its_price_says_so() -> None:
    store = a_shop()
    store.put("products/shirt", {"name": "Shirt", "active": True, "unitAmount": 14.5, "currency": "eur"})
    assert "it needs a whole unitAmount in minor units" in operated(store, "stock").stdout


def test_one_product_shows_which_orders_hold_its_units() -> None:
    store = a_shop(a_reserved_order(), reserved=5)
    kept = a_reserved_order(status="review", holdKept=True, items=[{"productId": "shirt", "quantity": 2}])
    store.put("orders/kept", kept)
    store.put("orders/let-go", {**kept, "holdKept": False})
    store.put("orders/unlimited", a_reserved_order(unlimited=["shirt"]))
    store.put("orders/other", a_reserved_order(items=[{"productId": "cap", "quantity": 1}]))
    answered = json.loads(operated(store, "stock", "shirt", "--json").stdout)
    assert {each["order_id"]: each["units"] for each in answered["held_by"]} == {"order-1": 3, "kept": 2}
    assert "recount" not in operated(store, "stock", "shirt").stdout


def test_units_that_no_order_holds_are_recounted() -> None:
    said = operated(a_shop(a_reserved_order(), reserved=4), "stock", "shirt").stdout
    assert "4 units are reserved, but orders hold 3." in said
    assert said.splitlines()[-1] == "./shop stock recount shirt"


def test_what_is_paid_and_not_yet_taken_is_said_and_counted_as_reserved() -> None:
    store = a_shop(a_reserved_order(), reserved=5)
    store.put("takings/paid", {"units": {"shirt": 2}})
    assert "2 paid, not yet taken" in operated(store, "stock").stdout
    said = operated(store, "stock", "shirt").stdout
    assert "2 units are paid, but not taken yet: within a minute they leave `stock` and `reserved`." in said
    assert "recount" not in said
    store.put("inventory/shirt", {"stock": 10, "reserved": 6})
    assert "6 units are reserved, but orders hold 3, and 2 are to be taken." in operated(store, "stock", "shirt").stdout
    assert json.loads(operated(store, "stock", "shirt", "--json").stdout)["product"]["to_take"] == 2


@pytest.mark.parametrize("at_most", ["HOLDING_MAX", "TAKINGS_MAX"])
def test_where_more_may_hold_units_than_is_looked_through_nothing_is_concluded(
    monkeypatch: pytest.MonkeyPatch, at_most: str
) -> None:
    monkeypatch.setattr(shelves, at_most, 1)
    store = a_shop(a_reserved_order(), reserved=9)
    store.put("takings/paid", {"units": {"shirt": 2}})
    said = operated(store, "stock", "shirt").stdout
    assert ("more open orders than were checked" in said, "recount" in said) == (True, False)


def test_a_refund_beyond_the_latest_orders_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    refunds = {"re_1": {"amount": 5, "status": "succeeded"}}
    store = several_orders(
        refunded=an_order(status="refunded", refunds=refunds),
        later=an_order(status="finalized", createdAt=NOW + timedelta(1)),
    )
    assert operated(store, "why", "re_1").exit_code == ExitCode.FINE
    monkeypatch.setattr(lookup, "REFUNDED_ORDERS_MAX", 1)
    assert operated(store, "why", "re_1").exit_code == ExitCode.FAILED


def test_a_product_whose_documents_are_gone_still_shows_who_holds_some() -> None:
    store = a_shop_after(a_placement())
    for path in ("inventory/shirt", "products/shirt"):
        store.delete(path)
    said = operated(store, "stock", "shirt").stdout
    assert "order-1" in said
    assert said.endswith("./shop stock set --new shirt QUANTITY\n")


def test_a_product_named_like_a_command_can_still_be_shown() -> None:
    assert operated(a_shop(show={"stock": 1}), "stock", "show", "show").stdout.splitlines()[1].startswith("show ")


@pytest.mark.parametrize("product", ["nothing", "a/b"])
def test_an_unknown_product_is_none(product: str) -> None:
    assert operated(a_shop(), "stock", product).exit_code == ExitCode.FAILED


def test_an_inventory_that_cannot_be_read_says_what_to_write_there() -> None:
    store = a_shop_with_a_hold()
    store.put("inventory/shirt", {"stock": "ten", "reserved": -3})
    said = " ".join(operated(store, "stock", "shirt").stdout.split())
    assert "Write into it `stock` as you count it, and 3 as `reserved`, which is what orders hold." in said
