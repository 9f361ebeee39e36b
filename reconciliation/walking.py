"""Stripe lists the newest first; this walks forward in time, in spans that fit into memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, TypeVar

from orders.frozen import frozen
from reconciliation.time_limit import TimeLimit
from stripe_api.api import StripeUnavailable
from stripe_api.lists import Listed, Span, StripeLists, Unreadable, pages
from stripe_api.lists import ListedRefund as Refund
from stripe_api.lists import PaymentIntent as Intent
from webhooks.stripe_fields import Json

ITEMS_MAX: Final = 1_000
"""Of one list, in one span."""
WIDEST: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
"""The shortest span: Stripe counts whole seconds."""
REQUESTS_PER_SECOND_MAX: Final = 10
"""A tenth of Stripe's limit in live mode, and less than half of that in test mode, since others make requests, too.

https://docs.stripe.com/rate-limits
"""

RETRY_AFTER: Final = timedelta(seconds=1)
RETRY_AFTER_MAX: Final = timedelta(seconds=20)
"""If Stripe asks to wait longer, it is not asked again in this run."""

ItemT = TypeVar("ItemT")
AnswerT = TypeVar("AnswerT")


class TooMany(Exception):
    """The span holds more than ITEMS_MAX, and can be shortened."""


@dataclass(slots=True)
class Pace:
    """Limits the number of requests per second."""

    monotonic: Callable[[], float]
    sleep: Callable[[float], object]
    next_at: float = 0.0

    def wait(self) -> None:
        now = self.monotonic()
        self.sleep(max(0.0, self.next_at - now))
        self.next_at = max(now, self.next_at) + 1 / REQUESTS_PER_SECOND_MAX

    def rest(self, asked: timedelta | None) -> None:
        """Pause all requests for this long, or briefly by default."""
        pause = min(asked or RETRY_AFTER, RETRY_AFTER_MAX)
        self.next_at = max(self.next_at, self.monotonic() + pause.total_seconds())


@frozen
class PacedLists:
    """`StripeLists`, page by page at a limited pace while there is time. Each request is retried once."""

    stripe: StripeLists
    pace: Pace
    limit: TimeLimit

    def events(self, types: Sequence[str], span: Span) -> Sequence[Json]:
        """The oldest first. Raises TooMany."""
        return self._all(
            span, lambda after: self.stripe.events(types, span, after=after), lambda event: str(event["id"])
        )

    def payment_intents(self, span: Span) -> Sequence[Intent | Unreadable]:
        """The oldest first. Raises TooMany."""
        return self._all(span, lambda after: self.stripe.payment_intents(span, after=after), _id_of)

    def refunds(self, span: Span) -> Sequence[Refund | Unreadable]:
        """The oldest first. Raises TooMany."""
        return self._all(span, lambda after: self.stripe.refunds(span, after=after), _id_of)

    def refunds_of(self, payment_id: str) -> Sequence[Refund]:
        """However many there are: few payments are refunded in more than one part."""
        return self._all(None, lambda after: self.stripe.refunds_of(payment_id, after=after), _id_of)

    def payment_intent(self, payment_id: str) -> Intent | None:
        return self._answer(lambda: self.stripe.payment_intent(payment_id))

    def event(self, event_id: str) -> Json:
        """Raises NoSuchEvent."""
        return self._answer(lambda: self.stripe.event(event_id))

    def _answer(self, ask: Callable[[], AnswerT]) -> AnswerT:
        """Raises OutOfTime, StripeUnavailable, StripeRefused."""
        self.limit.check()
        self.pace.wait()
        try:
            return ask()
        except StripeUnavailable as unavailable:
            self.pace.rest(unavailable.retry_after)
        self.limit.check()
        self.pace.wait()
        return ask()

    def _all(
        self, span: Span | None, page_after: Callable[[str | None], Listed[ItemT]], id_of: Callable[[ItemT], str]
    ) -> Sequence[ItemT]:
        items: list[ItemT] = []
        for page in pages(lambda after: self._answer(partial(page_after, after)), id_of):
            items += page.items
            if span and page.has_more and len(items) >= ITEMS_MAX and span.end - span.start > _SECOND:
                raise TooMany
        return items[::-1]


def _id_of(made: Intent | Refund | Unreadable) -> str:
    match made:
        case Intent():
            return made.payment_id
        case Refund():
            return made.refund_id
        case Unreadable():
            return made.object_id


def walk(look: Callable[[Span], ItemT], start: datetime, end: datetime) -> Iterator[tuple[Span, ItemT]]:
    """What each span holds, one after the other: spans become narrower if there is much, and wider again if not.

    Args:
        look: reads a span; it may raise TooMany unless the span is one second.
    """
    at, end, width = whole_second(start), whole_second(end), WIDEST
    while at < end:
        span = Span(at, min(at + width, end))
        try:
            found = look(span)
        except TooMany:
            width = timedelta(seconds=(span.end - span.start) // _SECOND // 2)
            continue
        yield span, found
        at, width = span.end, min(2 * width, WIDEST)


def cut(
    span: Span, items: Sequence[ItemT], made_at: Callable[[ItemT], datetime], at_most: int
) -> Iterator[tuple[Span, Sequence[ItemT]]]:
    """The span in parts, each with at most so many items, unless more are from one second.

    Args:
        items: all of the span, the oldest first.
    """
    start = span.start
    some: list[ItemT] = []
    for item in items:
        second = whole_second(made_at(item))
        if len(some) >= at_most and second > start:
            yield Span(start, second), some
            start, some = second, []
        some.append(item)
    yield Span(start, span.end), some


def whole_second(moment: datetime) -> datetime:
    return datetime.fromtimestamp(int(moment.timestamp()), UTC)
