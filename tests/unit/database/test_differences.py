"""Changes of documents in words: everything new, in a form that fits on a screen."""

import pytest

from database.differences import in_words
from tests.support.builders import NOW

WORDS = {
    "-": None,
    "2026-03-14 15:09:26 UTC": NOW,
    "productId: shirt, quantity: 3": {"productId": "shirt", "quantity": 3},
    "a: 1; 2; none": [{"a": 1}, 2, []],
    "True": True,
    "x" * 100: "x" * 100,
    f"{'x' * 99}…": "x" * 101,
}


@pytest.mark.parametrize(("words", "value"), WORDS.items())
def test_a_field_is_shown_in_words(words: str, value: object) -> None:
    assert in_words(value) == words
