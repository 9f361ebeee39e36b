"""A product's inventory was written: the trigger looks at the product."""

from tests.support.firestore_events import a_created_event, created
from tests.support.recording import RecordingLog
from triggers.inventory_changed import InventoryChangedTrigger


def test_each_product_that_says_something_else_leaves_one_line() -> None:
    log = RecordingLog()
    shown = {"shirt": "few"}
    InventoryChangedTrigger(lambda _: shown, log).receive(a_created_event(None, created("inventory/shirt")))
    assert log.lines == [{"severity": "INFO", "message": "shown as few", "productId": "shirt", "result": "shown"}]


def test_the_inventory_of_a_product_that_was_deleted_is_looked_at_too() -> None:
    asked = list[object]()

    def show(product_ids: object) -> dict[str, str]:
        asked.append(product_ids)
        return {}

    InventoryChangedTrigger(show, RecordingLog()).receive(a_created_event("inventory/shirt", b""))
    assert asked == [["shirt"]]
