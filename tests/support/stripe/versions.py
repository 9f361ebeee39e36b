"""What all of Stripe's objects share: two API versions six years apart, one amount, and many nulls."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from tests.support.builders import NOW, Fields

CURRENT: Final = "2026-10-28.endive"
IN_2020: Final = "2020-08-27"
"""A PaymentIntent lists its charges and has no `latest_charge`, and a charge lists its refunds."""
API_VERSIONS: Final = (CURRENT, IN_2020)

AMOUNT: Final = 3_600
DUE_BY: Final = NOW + timedelta(days=7)
SECONDS: Final = int(NOW.timestamp())
MADE_AT: Final = NOW.replace(microsecond=0)
"""The same time as a datetime."""


def nulls(*names: str) -> Fields:
    """The fields that Stripe sends as null."""
    return dict.fromkeys(names)


def written_in(
    api_version: str, always: Fields, *, since: Fields, until: Fields | None = None, but: Mapping[str, object]
) -> Fields:
    """The object in this API version.

    Args:
        since: fields added after 2020.
        until: fields of 2020 that were removed or changed later.
        but: the fields that the test is about.
    """
    return {**always, **(since if api_version == CURRENT else until or {}), **but}


def list_of(objects: Sequence[Mapping[str, object]], url: str) -> Fields:
    return {"object": "list", "data": list(objects), "has_more": False, "total_count": len(objects), "url": url}
