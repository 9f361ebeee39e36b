"""Stock and catalogues are put on sale by commands and files: a whole file, or nothing."""

from pathlib import Path

import pytest

from ops.exit_codes import ExitCode
from tests.support.builders import NOW, Fields, a_placement, an_order
from tests.support.interference import Crash, before_each_commit, failing_after
from tests.support.memory_store import MemoryStore
from tests.support.operating import YES, operated
from tests.support.settling import settled
from tests.support.shop import a_shop, a_shop_with_a_hold, document_at, shirts_in


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
    assert refused.exit_code == ExitCode.FAILED
    assert "not_adjusted: unreadable: takings/order-9 is not" in refused.stdout
    assert (shirts_in(store), store.get("inventory/hat")) == ((10, 6), None)


def test_units_are_taken_away_by_adding_fewer_than_none() -> None:
    store = a_shop_with_a_hold()
    assert operated(store, "stock", "add", "shirt", "-2", *YES).exit_code == 0
    assert shirts_in(store) == (8, 3)
    assert operated(store, "stock", "add", "shirt", "2", "--yess").exit_code == 2


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
        said = f"the catalogue has {named}"
        assert (refused.exit_code, said in refused.stderr, store.dump()) == (1, True, before)
    assert operated(store, "stock", "set", "mug", "5", *YES).exit_code == 0
    assert operated(store, "stock", "set", "shrit", "5", "--new", *YES).exit_code == 0
    assert store.get("inventory/shrit") == {"stock": 5, "reserved": 0}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("product,units\nshirt,2\n", "no column quantity"),
        ("product,quantity,quantity\nshirt,2,3\n", "no column quantity, or more than one"),
        ("product,quantity\nshirt,1,000\n", "line 2: the quantity is not a whole number"),
        ("product,quantity\nshirt,1_0\n", "line 2: the quantity is not a whole number"),
        ("product,quantity\nshirt\n", "line 2: the quantity is not a whole number"),
        ("quantity,product\n2\n", "is not a valid product id"),
        ("product,quantity\nmug,4\nT-Shirt gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n,2\n", "cannot be read"),
        (f"product,quantity\n{'x' * 200_000},2\n", "cannot be read"),
        ("product,quantity\nshirt ,2\nshirt,3\n", "names a product twice"),
        ("product,quantity\nshirt,two\n", "line 2: the quantity is not a whole number"),
        ("product,quantity\nshirt,2\nshirt,3\n", "names a product twice"),
        ("product,quantity\na/b,2\n", "is not a valid product id"),
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
    assert all(store.get(path) == before[path] for path in ("inventory/shirt", "products/shirt"))
    after = store.dump()
    assert operated(store, "seed", str(file), *YES).exit_code == 0
    assert store.dump() == after


def test_a_catalogue_that_was_put_on_sale_halfway_is_put_on_sale_to_the_end(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.yaml"
    file.write_text(CATALOGUE)
    whole = a_shop_with_a_hold()
    operated(whole, "seed", str(file), *YES)
    shelves = {path: fields for path, fields in whole.dump().items() if path.startswith(("products/", "inventory/"))}
    for commits in range(9):
        store = a_shop_with_a_hold()
        with before_each_commit(store, failing_after(commits, Crash())):
            operated(store, "seed", str(file), *YES)
        assert operated(store, "seed", str(file), *YES).exit_code == 0
        assert {path: fields for path, fields in store.dump().items() if path in shelves} == shelves, commits


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "products by their ids"),
        ("{", "cannot be read"),
        ("mug: {name: Mug, unitAmount: 9.5, currency: eur, stock: 4}", "unitAmount must be in minor units"),
        ("mug: {name: Mug, unitAmount: 900, currency: eur}", "stock must be a whole number"),
        ("mug: {name: Mug, unitAmount: 900, currency: eur, stock: 4, colour: red}", "has no field colour"),
    ],
)
def test_a_catalogue_with_a_mistake_is_put_on_sale_not_even_in_part(tmp_path: Path, text: str, said: str) -> None:
    store, file = MemoryStore(), tmp_path / "catalogue.yaml"
    file.write_text(text)
    refused = operated(store, "seed", str(file), *YES)
    assert (refused.exit_code, said in refused.stderr, store.dump()) == (1, True, {})
