"""docs/documents.md names every field that the service writes."""

import re

import pytest

from orders.events import OrderEvent
from tests.support.builders import LATER, NOW, a_lapse, a_placement
from tests.support.payments import a_failure, a_payment, a_processing
from tests.support.refunds import a_dispute, a_refund, a_refunded_charge
from tests.support.shop import a_shop_after
from tests.support.written_orders import WRITTEN
from tools.toolchain import ROOT

NAMED = set(re.findall(r"\w+", (ROOT / "docs/documents.md").read_text()))
PAID = (a_placement(), a_failure("evt_0"), a_payment("evt_1"))
HISTORIES: dict[str, tuple[OrderEvent, ...]] = {
    "paid twice": (*PAID, a_payment("evt_2", payment_intent_id="pi_2", charge_id="ch_2")),
    "refunded in vain": (*PAID, a_refunded_charge("evt_2", a_refund(status="failed", at=NOW, failed_at=LATER))),
    "disputed": (*PAID, a_dispute("evt_2")),
    "lapsed": (a_placement(), a_processing("evt_1"), a_lapse()),
    "parked": (a_refunded_charge("evt_1", payment_intent_id="pi_9", charge_id="ch_9", order_id=None),),
}


def names_in(value: object) -> set[str]:
    """Names of fields; not of maps by id, whose keys have digits or underscores."""
    if isinstance(value, list):
        return {name for each in value for name in names_in(each)}
    if not isinstance(value, dict):
        return set()
    own = {name for name in value if re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name)}
    # What a parked event is stored as is only for the release that settles it.
    return own | {name for key, each in value.items() if key != "event" for name in names_in(each)}


@pytest.mark.parametrize("events", HISTORIES.values(), ids=HISTORIES)
def test_each_field_is_named(events: tuple[OrderEvent, ...]) -> None:
    store = a_shop_after(*events)
    # An operator writes a request, with what its kind asks for.
    by_service = {path: fields for path, fields in store.dump().items() if not path.startswith("operatorRequests/")}
    written = {path: names_in(fields) for path, fields in by_service.items()}
    assert {path: names - NAMED for path, names in written.items() if names - NAMED} == {}


def test_each_field_of_an_order_that_has_them_all_is_named() -> None:
    assert names_in(WRITTEN) - NAMED == set()
