"""Somebody wrote the inventory of a product: which one is looked at, and what is left alone."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pytest
from cloudevents.http import CloudEvent
from google.cloud.firestore_v1.types import Value

from orders.outcome import StoreContended, StoreUnavailable
from tests.support.firestore_events import a_created_event, created
from tests.support.recording import RecordingLog
from triggers.inventory_changed import InventoryChangedTrigger

SHIRTS = "inventory/shirt"
NOTHING: Mapping[str, str] = MappingProxyType({})


def received(
    event: CloudEvent, shown: Mapping[str, str] | Exception = NOTHING
) -> tuple[list[Sequence[str]], list[dict[str, object]]]:
    """What was looked at and what was logged, where the look ends like this."""
    asked: list[Sequence[str]] = []

    def show(product_ids: Sequence[str]) -> Mapping[str, str]:
        asked.append(product_ids)
        if isinstance(shown, Exception):
            raise shown
        return shown

    log = RecordingLog()
    InventoryChangedTrigger(show, log).receive(event)
    return asked, log.lines


EVENTS = {
    "written": a_created_event(None, created(SHIRTS, stock=Value(integer_value=7))),
    "deleted": a_created_event(SHIRTS, created("nothing/7")[:0]),
    "garbled": a_created_event(SHIRTS, b"\xff\xff"),
}


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_the_event_says_which_product_to_look_at_and_nothing_else(event: CloudEvent) -> None:
    assert received(event) == ([["shirt"]], [])


def test_each_product_that_says_something_else_leaves_one_line() -> None:
    _, lines = received(EVENTS["written"], {"shirt": "few"})
    assert lines == [{"severity": "INFO", "message": "shown as few", "productId": "shirt", "result": "shown"}]


@pytest.mark.parametrize("error", [StoreContended("o"), StoreUnavailable("o"), ZeroDivisionError()])
def test_what_was_not_done_is_raised_so_that_it_is_delivered_again(error: Exception) -> None:
    with pytest.raises(type(error)):
        received(EVENTS["written"], error)


@pytest.mark.parametrize("path", [None, "inventory/", "inventory/a/b", "elsewhere/shirt"])
def test_an_event_that_names_no_product_is_left_alone_and_logged_and_never_redelivered(path: str | None) -> None:
    line = {
        "severity": "ERROR",
        "message": "an inventory whose id cannot be handled was left alone",
        "cloudEventId": "ce-1",
    }
    assert received(a_created_event(path, b"")) == ([], [line])
