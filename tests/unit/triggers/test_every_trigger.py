"""What all document triggers share: they read the document's id, and retry only what can succeed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pytest
from cloudevents.http import CloudEvent

from orders.outcome import Outcome, Result, StoreContended, StoreUnavailable
from service.logs import Log
from tests.support.builders import NOW
from tests.support.firestore_events import a_created_event, created
from tests.support.recording import RecordingLog
from triggers.cancel_requested import CancelRequestedTrigger
from triggers.effect_created import EffectCreatedTrigger
from triggers.inventory_changed import InventoryChangedTrigger
from triggers.operator_requested import OperatorRequestedTrigger
from triggers.order_created import OrderCreatedTrigger

DONE = Outcome(Result.ACCEPTED, "order-1")
Do = Callable[[object], Outcome]
"""What is done about the document with this id."""


class Trigger(Protocol):
    def receive(self, event: CloudEvent) -> None: ...


@dataclass(frozen=True)
class Kind:
    collection: str
    named: str
    id_max: int
    make: Callable[[Do, Log], Trigger]

    def received(self, event: CloudEvent, problem: Exception | None = None) -> tuple[list[object], list[object]]:
        """The documents that were handled, and what was logged."""
        about, log = list[object](), RecordingLog()

        def do(document_id: object) -> Outcome:
            about.append(document_id)
            if problem:
                raise problem
            return DONE

        self.make(do, log).receive(event)
        return about, [*log.lines]


def cancel_requested(do: Do, log: Log) -> Trigger:
    return CancelRequestedTrigger(lambda event, _: do(event.order_id), log, lambda: NOW)


def effect_created(do: Do, log: Log) -> Trigger:
    return EffectCreatedTrigger(do, log)


def inventory_changed(do: Do, log: Log) -> Trigger:
    def show(product_ids: Sequence[str]) -> Mapping[str, str]:
        for product_id in product_ids:
            do(product_id)
        return {}

    return InventoryChangedTrigger(show, log)


def operator_requested(do: Do, log: Log) -> Trigger:
    return OperatorRequestedTrigger(lambda request_id, _: do(request_id), log, lambda: NOW)


def order_created(do: Do, log: Log) -> Trigger:
    return OrderCreatedTrigger(lambda event, _: do(event.order_id), lambda _: (), log, lambda: NOW)


KINDS = (
    Kind("cancelRequests", "a cancel request", 1_400, cancel_requested),
    Kind("effects", "an effect", 1_500, effect_created),
    Kind("inventory", "an inventory", 1_500, inventory_changed),
    Kind("operatorRequests", "an operator's request", 128, operator_requested),
    Kind("orders", "an order", 1_400, order_created),
)
of_each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.collection)


@of_each_kind
def test_the_document_says_which_it_is_and_where_it_cannot_be_read_the_header_of_its_event(kind: Kind) -> None:
    path = f"{kind.collection}/one"
    for header, data in (
        (None, created(path)),
        (f"{kind.collection}/mangled", created(path)),
        (path, b"\xff\xff"),
        (path, None),
    ):
        about, _ = kind.received(a_created_event(header, data))
        assert about == ["one"]


@pytest.mark.parametrize("error", [StoreContended("o"), StoreUnavailable("o"), ZeroDivisionError()], ids=repr)
@of_each_kind
def test_what_was_not_done_is_raised_so_that_it_is_delivered_again(kind: Kind, error: Exception) -> None:
    with pytest.raises(type(error)):
        kind.received(a_created_event(None, created(f"{kind.collection}/one")), error)


@pytest.mark.parametrize("document_id", [None, "", "__x__", "..", "a/b"])
@of_each_kind
def test_what_no_document_is_called_is_left_alone_and_logged_and_never_redelivered(
    kind: Kind, document_id: str | None
) -> None:
    path = None if document_id is None else f"{kind.collection}/{document_id}"
    message = f"{kind.named} with an unusable id was left alone"
    line = {"severity": "ERROR", "message": message, "cloudEventId": "ce-1"}
    assert kind.received(a_created_event(path, b"")) == ([], [line])
    elsewhere = a_created_event("elsewhere/one", b"")
    assert kind.received(elsewhere) == ([], [line])


@of_each_kind
def test_no_longer_id_is_handled_than_leaves_room_for_what_is_made_of_it(kind: Kind) -> None:
    for length in kind.id_max, kind.id_max + 1:
        about, _ = kind.received(a_created_event(f"{kind.collection}/{'x' * length}", b""))
        assert bool(about) is (length == kind.id_max)
