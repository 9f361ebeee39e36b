"""The console has the same queries as `./shop`, offers only what the service would do, and names statuses alike."""

from datetime import UTC, datetime
from typing import Any

import pytest

from database.documents.operator_requests import OF_NO_ORDER
from ops.attention import WATCHED
from ops.lookup import REFUND_IDS, REFUNDABLE
from ops.orders import query_for
from ops.reading import Query
from ops.standing import STANDING
from orders.disputes import DECIDED
from orders.event_kinds import EventKind
from orders.lifecycle import TRANSITIONS
from orders.operator_events import HoldProlonged, HoldReleased, OrderAccepted, OrderCancelled, RefundOrdered
from orders.order import OrderStatus
from orders.outcome import REQUESTS_REFUSED
from orders.steps import Step
from tests.support.builders import NOW
from tests.support.console_modules import said_by_the_console

Tables = dict[str, Any]

ACTS = {
    "accept": OrderAccepted.kind,
    "refund": RefundOrdered.kind,
    "release": HoldReleased.kind,
    "extend": HoldProlonged.kind,
    "cancel": OrderCancelled.kind,
}


@pytest.fixture
def console() -> Tables:
    return said_by_the_console()


def as_the_console_says_it(query: Query) -> dict[str, object]:
    return {
        "collection": query.collection,
        "where": [[one.field, one.operator, in_json(one.value)] for one in query.where],
        "order": [[query.order_by, "desc" if query.is_descending else "asc"]],
    }


def in_json(value: object) -> object:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}Z"
    return value


def test_what_needs_a_person_is_asked_as_the_command_line_asks_it(console: Tables) -> None:
    asked = {one.name: (one.says, as_the_console_says_it(one.query(NOW))) for one in WATCHED}
    assert {one["name"]: (one["says"], one["query"]) for one in console["concerns"]} == asked


def test_orders_are_asked_for_as_the_command_line_asks_for_them(console: Tables) -> None:
    queries = [query_for(statuses, user, NOW, 1, None) for statuses, user in (((), None), ((), "alice"))]
    # The console also limits when they were placed.
    said = [{**query, "where": query["where"][:2]} for query in console["orders"][:2]]
    assert said == [as_the_console_says_it(query) for query in queries]


def test_every_status_is_known_and_means_what_it_means_to_the_command_line(console: Tables) -> None:
    known = {str(status): says for status, says in STANDING.items() if status is not OrderStatus.UNKNOWN}
    assert console["standing"] == known
    assert set(console["statuses"]) == set(known)
    assert set(console["decided"]) == DECIDED


def test_an_act_is_offered_where_the_service_would_not_turn_it_down_for_the_status_alone(console: Tables) -> None:
    def possible(kind: EventKind) -> set[str]:
        return {str(status) for status in OrderStatus if TRANSITIONS[status, kind] is not Step.TURN_DOWN}

    assert {kind: set(console["acts"][kind]) for kind in ACTS} == {
        kind: possible(event) for kind, event in ACTS.items()
    }


def test_every_answer_that_turns_a_request_down_is_known_as_one(console: Tables) -> None:
    assert set(console["refusals"]) == set(REQUESTS_REFUSED)


def test_a_request_leads_to_its_order_unless_it_is_about_none(console: Tables) -> None:
    assert set(console["ofNoOrder"]) == set(OF_NO_ORDER)


def test_a_refund_is_known_by_its_id_and_looked_for_where_the_command_line_looks_for_it(console: Tables) -> None:
    assert set(console["refundIds"]) == set(REFUND_IDS)
    assert set(console["refundable"]) == set(REFUNDABLE)
