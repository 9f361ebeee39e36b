"""The availability that customers see follows the stock, by the real trigger; the sweep repairs what it missed."""

from tests.e2e.running_shop import RunningShop
from tests.support.emulated_shop import list_in_catalogue
from tools.polling import polled


def await_word(shop: RunningShop, product_id: str, word: str) -> None:
    polled(lambda: shop.get(f"products/{product_id}").get("available"), lambda shown: shown == word, seconds=60)


def test_a_product_says_how_much_of_it_is_left_while_it_is_ordered_and_restocked(shop: RunningShop) -> None:
    list_in_catalogue(shop.client, [shop.id("shirt")])
    product_id = shop.seed_product("shirt", stock=7)
    await_word(shop, product_id, "in")
    shop.await_status(shop.place_order("order", shirt=3), "reserved")
    await_word(shop, product_id, "few")
    shop.seed_product("shirt", stock=20)
    await_word(shop, product_id, "in")
    shop.client.document(f"inventory/{product_id}").delete()
    await_word(shop, product_id, "out")
