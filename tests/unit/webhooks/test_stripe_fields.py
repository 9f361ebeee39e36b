"""Times as Stripe writes them."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from webhooks.stripe_fields import moment_or_none


@pytest.fixture
def _in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_in_tokyo")
@pytest.mark.parametrize("text", ["2026-01-01T12:00:00", "2026-01-01T12:00:00Z", "2026-01-01T14:00:00+02:00"])
def test_a_moment_is_in_utc_wherever_it_is_read(text: str) -> None:
    moment = moment_or_none(text)
    assert moment == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert moment.tzinfo is UTC
