"""Stripe lists the newest first; this walks through time the other way, in spans that fit into memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from stripe_api.lists import Listed, Span, StripeLists
from stripe_api.lists import ListedRefund as Refund
from stripe_api.lists import PaymentIntent as Intent
from webhooks.stripe_fields import Json

ITEMS_MAX: Final = 1_000
"""Of one list, in one span."""
WIDEST: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
"""Stripe counts whole seconds: no span is shorter, whatever has happened in it."""
REQUESTS_PER_SECOND_MAX: Final = 10
"""A tenth of what Stripe takes in live mode, and less than half of what it takes in test mode: others ask, too.

https://docs.stripe.com/rate-limits
"""

ItemT = TypeVar("ItemT")


class TooMany(Exception):
    """More than ITEMS_MAX in a span that can be made shorter."""


@dataclass(slots=True)
class Pace:
    """Lets nobody pass more often than so many times a second."""

    monotonic: Callable[[], float]
    sleep: Callable[[float], object]
    next_at: float = 0.0

    def wait(self) -> None:
        now = self.monotonic()
        if now < self.next_at:
            self.sleep(self.next_at - now)
        self.next_at = max(now, self.next_at) + 1 / REQUESTS_PER_SECOND_MAX


@dataclass(frozen=True, slots=True)
class PacedLists:
    """`StripeLists`, page by page, at a pace."""

    stripe: StripeLists
    pace: Pace

    def events(self, types: Sequence[str], span: Span) -> Sequence[Json]:
        """The oldest first. Raises TooMany."""
        return self._all(
            span, lambda after: self.stripe.events(types, span, after=after), lambda event: str(event["id"])
        )

    def payment_intents(self, span: Span) -> Sequence[Intent]:
        """The oldest first. Raises TooMany."""
        return self._all(
            span, lambda after: self.stripe.payment_intents(span, after=after), lambda intent: intent.payment_id
        )

    def refunds(self, span: Span) -> Sequence[Refund]:
        """The oldest first. Raises TooMany."""
        return self._all(span, lambda after: self.stripe.refunds(span, after=after), lambda refund: refund.refund_id)

    def refunds_of(self, payment_id: str) -> Sequence[Refund]:
        """However many there are: Stripe refunds a payment in parts, of which few have more than one."""
        return self._all(
            None, lambda after: self.stripe.refunds_of(payment_id, after=after), lambda refund: refund.refund_id
        )

    def payment_intent(self, payment_id: str) -> Intent | None:
        self.pace.wait()
        return self.stripe.payment_intent(payment_id)

    def _all(
        self, span: Span | None, page_after: Callable[[str | None], Listed[ItemT]], id_of: Callable[[ItemT], str]
    ) -> Sequence[ItemT]:
        items: list[ItemT] = []
        after, has_more = None, True
        while has_more:
            if span and len(items) >= ITEMS_MAX and span.end - span.start > _SECOND:
                raise TooMany
            self.pace.wait()
            page = page_after(after)
            items += page.items
            has_more = page.has_more and bool(page.items)
            after = id_of(items[-1]) if items else None
        return items[::-1]


def walk(look: Callable[[Span], ItemT], start: datetime, end: datetime) -> Iterator[tuple[Span, ItemT]]:
    """What is found in each span, one after the other: narrower where there is much, and wider again where not.

    Args:
        look: what looks into a span; it may raise TooMany unless that is of one second.
    """
    at, end, width = whole_second(start), whole_second(end), WIDEST
    while at < end:
        span = Span(at, min(at + width, end))
        try:
            found = look(span)
        except TooMany:
            width = max(timedelta(seconds=(span.end - span.start).total_seconds() // 2), _SECOND)
            continue
        yield span, found
        at, width = span.end, min(2 * width, WIDEST)


def whole_second(moment: datetime) -> datetime:
    return datetime.fromtimestamp(int(moment.timestamp()), UTC)
