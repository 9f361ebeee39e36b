"""What an entry's hash covers, so that any language can verify it; and what comes next in a chain."""

import time
from datetime import datetime, timedelta, timezone
from typing import Final

import pytest

from audit.chain import Head, canonical, chained, hash_of
from database.documents.audit_heads import head_from
from tests.support.builders import Fields

ENTRY: Final[Fields] = {
    "webhookProcessed": True,
    "amount": 3_600,
    "note": 'tab\tquote" back\\ bell\u0007 ß € 😀 / ',
    "stock": [{"stock": 0, "productId": "shirt", "reserved": -3}],
    "createdAt": datetime(2026, 3, 14, 16, 9, 26, 7, tzinfo=timezone(timedelta(hours=1))),
}
# Written by hand and hashed with sha256sum and with Node: the hash must never change.
LINE: Final = (
    r'{"amount":3600,"createdAt":"2026-03-14T15:09:26.000007Z","note":"tab\tquote\" back\\ bell\u0007 ß € 😀 / ",'
    '"previousHash":null,"sequence":1,"stock":[{"productId":"shirt","reserved":-3,"stock":0}],"webhookProcessed":true}'
)
HASH: Final = "cd5ba0ea925690ffc7d531e8cce5f626551157445e289f99bc0666b8ebea5c4c"


def test_the_first_entry_is_hashed_as_everybody_can_hash_it() -> None:
    assert canonical({**ENTRY, "sequence": 1, "previousHash": None}).decode() == LINE
    assert chained(ENTRY, None) == {**ENTRY, "sequence": 1, "previousHash": None, "hash": HASH}


def test_wherever_the_machine_is_the_hash_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "EST5")
        time.tzset()
        hashed = chained(ENTRY, None)["hash"]
    time.tzset()
    assert hashed == HASH


def test_the_next_one_counts_on_and_names_the_hash_before_it() -> None:
    following = chained(ENTRY, Head(1, HASH))
    assert (following["sequence"], following["previousHash"]) == (2, HASH)
    assert following["hash"] == hash_of(following) != HASH


def test_whatever_field_an_entry_has_is_part_of_its_hash() -> None:
    assert hash_of({**ENTRY, "operator": "ann"}) != hash_of(ENTRY)


def test_a_value_that_no_entry_holds_has_no_canonical_form() -> None:
    with pytest.raises(TypeError, match="a float is nothing that an entry holds"):
        hash_of({**ENTRY, "amount": 3_600.0})


@pytest.mark.parametrize(
    ("head", "count", "expected"),
    [
        (HASH, 3, Head(3, HASH)),
        (HASH, 3.0, Head(3, HASH)),
        (None, None, None),
        (HASH, None, None),
        (HASH, 0, None),
        (HASH, "3", None),
        (HASH[1:], 3, None),
        (b"", 3, None),
    ],
)
def test_what_can_be_read_of_where_a_chain_ends(head: object, count: object, expected: Head | None) -> None:
    assert head_from({"auditHead": head, "auditCount": count}) == expected
