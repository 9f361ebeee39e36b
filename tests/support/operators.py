"""Operators' requests, as documents and as the events that they become."""

from collections.abc import Mapping
from datetime import timedelta

from database.documents.operator_requests import operator_request_from
from database.store import Document
from orders.operator_events import OperatorEvent, OperatorOrderEvent
from tests.support.builders import NOW, Fields


def an_operators_request(kind: str, **fields: object) -> Fields:
    """The document of an operator's request."""
    said: Fields = {"kind": kind, "target": "order-1", "operator": "olga", "reason": "as agreed", "createdAt": NOW}
    return {**said, **fields}


OPERATORS_REQUESTS: Mapping[str, Fields] = {
    "accept-1": an_operators_request("accept"),
    "refund-1": an_operators_request("refund"),
    "release-1": an_operators_request("release"),
    "extend-1": an_operators_request("extend", until=NOW + timedelta(days=1)),
    "cancel-1": an_operators_request("cancel"),
    "stock-1": an_operators_request("stock", target="shirt", mode="add", quantity=5),
    "recount-1": an_operators_request("stock", target="shirt", mode="recount"),
    "retry-1": an_operators_request("retry", target="evt_1_mail_customer"),
    "replay-1": an_operators_request("replay", target="evt_1"),
    "handle-1": an_operators_request("handle", target="evt_1_mail_customer", of="effect"),
}
"""One of each kind, by id."""


def asked_by_operator(request_id: str, **fields: object) -> OperatorEvent:
    """The event of one of these requests, with other fields if given."""
    document = Document({**OPERATORS_REQUESTS[request_id], **fields}, version=None)
    request = operator_request_from(request_id, document)
    assert request.event, request.defect
    return request.event


def asked_of_order(request_id: str, **fields: object) -> OperatorOrderEvent:
    """The same, for a request about an order."""
    event = asked_by_operator(request_id, **fields)
    assert isinstance(event, OperatorOrderEvent)
    return event
