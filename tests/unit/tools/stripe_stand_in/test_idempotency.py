"""Idempotency keys are kept as Stripe keeps them."""

import pytest

from tools.stripe_stand_in.idempotency import LIFETIME_SECONDS, Answer, Keys
from tools.stripe_stand_in.refusals import Refused

NOW = 1_800_000_000
ANSWER = Answer(200, b"{}", "req_1")


def refusal(keys: Keys, key: str, request: str) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        keys.begin(key, request, NOW)
    return refused.value.status, refused.value.body["error"]["type"]


def test_the_same_request_is_answered_the_same_for_a_day() -> None:
    keys = Keys()
    assert keys.begin("k", "a request", NOW) is None
    keys.keep("k", ANSWER)
    assert keys.begin("k", "a request", NOW + LIFETIME_SECONDS - 1) == ANSWER
    assert keys.begin("k", "a request", NOW + LIFETIME_SECONDS) is None, "then the key is as good as new"


def test_another_request_is_refused_whether_the_first_is_answered_or_not() -> None:
    keys = Keys()
    keys.begin("k", "a request", NOW)
    assert refusal(keys, "k", "another") == (400, "idempotency_error")
    keys.keep("k", ANSWER)
    assert refusal(keys, "k", "another") == (400, "idempotency_error")


def test_a_key_is_in_use_until_its_request_is_answered() -> None:
    keys = Keys()
    keys.begin("k", "a request", NOW)
    assert refusal(keys, "k", "a request") == (409, "idempotency_error")


def test_a_request_that_was_not_begun_leaves_its_key_unused() -> None:
    keys = Keys()
    keys.begin("k", "a request", NOW)
    keys.forget("k")
    assert keys.begin("k", "another", NOW) is None


def test_a_key_has_no_more_than_255_characters() -> None:
    assert Keys().begin("k" * 255, "a request", NOW) is None
    assert refusal(Keys(), "k" * 256, "a request") == (400, "invalid_request_error")
