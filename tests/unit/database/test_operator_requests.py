"""Operators' requests are read strictly: an invalid one says why."""

import re

import pytest

from database.documents.operator_requests import ASKED, DEFECT_CHARACTERS_MAX, operator_request_from
from database.store import Document
from orders.restocking import restock_in_words
from tests.support.builders import NOW, Fields
from tests.support.operators import OPERATORS_REQUESTS, an_operators_request
from tools.toolchain import ROOT

STOCK = OPERATORS_REQUESTS["stock-1"]


def defect_in(request: dict[str, object]) -> str | None:
    return operator_request_from("r", Document(request, "as read")).defect


@pytest.mark.parametrize(
    ("request_", "defect"),
    [
        ({}, "kind must be one of accept, cancel, extend, handle, refund, release, replay, retry, stock"),
        (an_operators_request("accept", amount=1, again=True), "a request of this kind has no field 'again', 'amount'"),
        (an_operators_request("accept", createdAt="today"), "createdAt must be a time"),
        (an_operators_request("accept", operator=""), "operator must be a text of 1 to 200 characters"),
        (an_operators_request("accept", reason=" "), "reason must be a text of 1 to 500 characters"),
        (an_operators_request("accept", target="a/b"), "target must be the id of an order"),
        (an_operators_request("accept", expectedStatus=["review"]), "expectedStatus must be the status of an order"),
        (an_operators_request("accept", payment="evt_1"), "payment must be the id of a PaymentIntent or of a charge"),
        (
            an_operators_request("refund", amount=0),
            "amount must be a whole number of minor units, at least 1; without one, all that is left goes back",
        ),
        (an_operators_request("refund", restock="some"), "restock must be all, none, or a list of productId:quantity"),
        (an_operators_request("refund", mistake="a/b"), "mistake must be the id of a refund"),
        (
            an_operators_request("refund", mistake="re_1", amount=1),
            "a mistake takes only the refund's id, and no amount, payment or restock",
        ),
        (an_operators_request("extend"), "until must be a time"),
        (an_operators_request("retry", target="a/b"), "target must be the id of an effect"),
        (an_operators_request("replay", target="a/b"), "target must be the id of an event of Stripe's"),
        (an_operators_request("replay", target="evt_1", of="event"), "a request of this kind has no field 'of'"),
        (an_operators_request("handle", target="f"), "of must be effect, finding or event: what target is the id of"),
        (
            an_operators_request("handle", target="f", of=["event"]),
            "of must be effect, finding or event: what target is the id of",
        ),
        (an_operators_request("handle", target="a/b", of="finding"), "target must be the id of that finding"),
        ({**STOCK, "target": ".."}, "target must be the id of a product"),
        ({**STOCK, "mode": "take"}, "mode must be set, add or recount"),
        ({**STOCK, "mode": "recount"}, "a recount has no other field than its mode"),
        ({**STOCK, "mode": "set", "quantity": -1}, "quantity must be a whole number from 0 to 1000000000"),
        ({**STOCK, "quantity": 1.5}, "quantity must be a whole number from -1000000000 to 1000000000"),
        ({**STOCK, "force": 1}, "force must be true or false"),
        (
            {**STOCK, "backorder": 1},
            "backorder must be a whole number from 0 to 1000000000, and only for a new product",
        ),
    ],
)
def test_what_is_no_request_says_why(request_: dict[str, object], defect: str) -> None:
    assert defect_in(request_) == defect


ACCEPT, REFUND, A_BILLION = OPERATORS_REQUESTS["accept-1"], OPERATORS_REQUESTS["refund-1"], 1_000_000_000
BOUNDS: list[tuple[Fields, str, list[object], list[object]]] = [
    # the request, a field, valid values, invalid values
    (ACCEPT, "operator", ["o", "o" * 200], [" ", "o" * 201, 1]),
    (ACCEPT, "reason", ["r", "r" * 500], [" ", "r" * 501, None]),
    (ACCEPT, "payment", ["pi_1", "ch_1", "py_1", None], ["pi_", "evt_1", 1]),
    (REFUND, "amount", [1, None], [0, 1.5]),
    (REFUND, "again", [True, False], ["yes", None]),
    (STOCK, "quantity", [-A_BILLION, 0, A_BILLION], [-A_BILLION - 1, A_BILLION + 1, None]),
    # Only a new product can be sold before it is in stock.
    (STOCK, "backorder", [0], [1, A_BILLION]),
    ({**STOCK, "new": True}, "backorder", [0, A_BILLION], [-1, A_BILLION + 1, "many"]),
]


@pytest.mark.parametrize(("request_", "name", "within", "beyond"), BOUNDS)
def test_a_field_of_a_request_has_bounds(
    request_: Fields, name: str, within: list[object], beyond: list[object]
) -> None:
    assert {defect_in({**request_, name: value}) for value in within} == {None}
    assert None not in {defect_in({**request_, name: value}) for value in beyond}


@pytest.mark.parametrize("request_", OPERATORS_REQUESTS.values(), ids=OPERATORS_REQUESTS)
def test_what_is_one_has_no_defect_also_once_it_is_answered(request_: dict[str, object]) -> None:
    answer = {"settledAt": NOW, "result": "accepted", "note": None, "expireAt": NOW}
    assert (defect_in(request_), defect_in({**request_, **answer})) == (None, None)


def test_what_is_wrong_with_a_request_is_said_in_few_words_however_much_it_is() -> None:
    unknown = {f"{'field' * 200}{number}": 1 for number in range(600)}
    assert len(defect_in({**an_operators_request("accept"), **unknown}) or "") == DEFECT_CHARACTERS_MAX


def test_the_units_that_come_back_are_said_as_stripe_keeps_them() -> None:
    assert restock_in_words({"shirt": 2, "a:b": 1}) == "shirt:2,a:b:1"
    assert restock_in_words(None) is None


def test_a_browser_may_say_whatever_a_request_of_some_kind_has() -> None:
    rules = (ROOT / "firestore.rules").read_text()
    (said,) = re.findall(r"asked\.keys\(\)\.hasOnly\(\[(.*?)\]\)", rules, re.DOTALL)
    short = re.findall(r"isShort\(asked\.get\('(\w+)', null\)\)", rules)
    assert sorted(re.findall(r"\w+", said)) == sorted(ASKED)
    assert {*short, "operator", "createdAt"} == ASKED
