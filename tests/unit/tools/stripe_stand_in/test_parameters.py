"""Parameters follow Stripe's own types; all others are refused as Stripe refuses them."""

from typing import Any

import pytest
from stripe.params import EventListParams, RefundCreateParams
from stripe.params.checkout import SessionCreateParams

from tests.support.stripe_requests import a_session_request, as_stripe_reads
from tools.stripe_stand_in.form import nested
from tools.stripe_stand_in.parameters import checked
from tools.stripe_stand_in.refusals import InvalidParameter

A_SESSION: Any = SessionCreateParams
A_REFUND: Any = RefundCreateParams
A_LIST_OF_EVENTS: Any = EventListParams


def test_a_request_arrives_as_it_was_made() -> None:
    request = a_session_request(automatic_tax={"enabled": True}, expires_at=1_800_000_000, allow_promotion_codes=False)
    assert as_stripe_reads(request, A_SESSION) == request


def test_a_form_nests_by_brackets_and_lists_by_indices_or_without() -> None:
    assert nested([("a[b][c]", "1"), ("a[d]", "2"), ("e[0]", "3"), ("f[]", "4"), ("f[]", "5")]) == {
        "a": {"b": {"c": "1"}, "d": "2"},
        "e": {"0": "3"},
        "f": {"0": "4", "1": "5"},
    }
    assert checked(nested([("types[1]", "b"), ("types[0]", "a")]), A_LIST_OF_EVENTS) == {"types": ["a", "b"]}


@pytest.mark.parametrize("name", ["", "a[", "a]b", "a[b]c", "[a]"])
def test_a_name_that_does_not_nest_is_refused(name: str) -> None:
    with pytest.raises(InvalidParameter):
        nested([(name, "1")])


def test_a_text_cannot_be_an_object_too() -> None:
    with pytest.raises(InvalidParameter, match=r"^Invalid object$"):
        nested([("metadata", "1"), ("metadata[a]", "2")])


ITEM = "line_items[0][price_data]"


@pytest.mark.parametrize(
    ("form", "kind", "refusal", "code"),
    [
        ({"colour": "red"}, A_SESSION, "Received unknown parameter: colour", "parameter_unknown"),
        ({f"{ITEM}[amount]": "1"}, A_SESSION, f"Received unknown parameter: {ITEM}[amount]", "parameter_unknown"),
        ({"api_key": "x"}, A_SESSION, "Received unknown parameter: api_key", "parameter_unknown"),
        (
            {"line_items[0][price_data][unit_amount]": "1"},
            A_SESSION,
            f"Missing required param: {ITEM}[currency].",
            None,
        ),
        ({"amount": "1.5"}, A_REFUND, "Invalid integer: 1.5", "parameter_invalid_integer"),
        ({"amount": ""}, A_REFUND, "You passed an empty string for 'amount'", "parameter_invalid_empty"),
        ({"amount[0]": "1"}, A_REFUND, "Invalid amount: must not be an object or a list", None),
        ({"reason": "bored"}, A_REFUND, "Invalid reason: must be one of duplicate, fraudulent, requested_by_", None),
        ({"mode": "gift"}, A_SESSION, "Invalid mode: must be one of payment, setup, subscription", None),
        (
            {"ui_mode": "hosted"},
            A_SESSION,
            "Invalid ui_mode: must be one of elements, embedded_page, form, hosted",
            None,
        ),
        ({"allow_promotion_codes": "True"}, A_SESSION, "Invalid boolean: True", None),
        ({"line_items": "1"}, A_SESSION, "Invalid array", None),
        ({"line_items[first][quantity]": "1"}, A_SESSION, "Invalid array", None),
        ({"automatic_tax": "true"}, A_SESSION, "Invalid object", None),
        ({"metadata[a]": "x" * 501}, A_SESSION, "Metadata names can have up to 40 characters, and values up to", None),
        ({f"metadata[{'n' * 41}]": "x"}, A_SESSION, "Metadata names can have up to 40 characters", None),
        ({f"metadata[k{n}]": "x" for n in range(51)}, A_SESSION, "Metadata can have up to 50 keys.", None),
    ],
)
def test_what_stripe_does_not_take_is_refused(form: dict[str, str], kind: Any, refusal: str, code: str | None) -> None:
    with pytest.raises(InvalidParameter) as refused:
        checked(nested(form.items()), kind)
    said = refused.value.body["error"]
    assert said["message"].startswith(refusal)
    assert code in (None, said.get("code"))


def test_all_metadata_may_be_unset_by_an_empty_text() -> None:
    assert checked({"metadata": ""}, A_REFUND) == {"metadata": ""}
