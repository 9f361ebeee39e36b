"""Time is walked in the right direction, at a limited pace, in spans that fit into memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import inf

import pytest

from reconciliation import walking
from reconciliation.missing import TYPE_LISTS
from reconciliation.time_limit import OutOfTime, TimeLimit
from reconciliation.walking import ITEMS_MAX, WIDEST, Pace, PacedLists, TooMany, cut, walk, whole_second
from stripe_api.api import StripeUnavailable
from stripe_api.lists import PAGE_MAX, TYPES_MAX, Listed, ListedRefund, PaymentIntent, Span, StripeLists
from tests.support.builders import NOW
from tests.support.listed_account import ListedAccount
from tests.support.reconciling import an_intent
from tests.support.settling import Clock
from tools.stripe_stand_in.account import Account
from webhooks.translation import HANDLED_TYPES

SECOND = timedelta(seconds=1)


def a_rush(events: int, *, per_second: int = 1) -> Account:
    """Events one after the other, and none for a month after."""
    account = Account("http://stand-in.example", NOW.timestamp)
    for number in range(events):
        account.ahead_seconds = number // per_second
        account.report("charge.succeeded", {"number": number})
    account.ahead_seconds = 28 * 24 * 60 * 60
    return account


def paced(stripe: StripeLists, clock: Clock | None = None, seconds_max: float = inf) -> PacedLists:
    clock = clock or Clock()
    return PacedLists(stripe, Pace(clock.monotonic, clock.sleep), TimeLimit(clock.monotonic, seconds_max))


def walked(account: Account, clock: Clock, hours: float = 700) -> list[Sequence[Mapping[str, object]]]:
    lists = paced(ListedAccount(account), clock)
    steps = walk(lambda span: lists.events(["charge.succeeded"], span), NOW, NOW + timedelta(hours=hours))
    return [events for _, events in steps]


def test_all_that_has_happened_is_found_once_the_oldest_first_ten_pages_a_second_and_never_more_than_fits() -> None:
    account, clock = a_rush(2 * ITEMS_MAX), Clock()
    started = clock.seconds
    found = walked(account, clock)
    assert [event for events in found for event in events] == account.events
    assert max(map(len, found)) <= ITEMS_MAX + PAGE_MAX
    assert clock.seconds - started >= 2 * ITEMS_MAX / PAGE_MAX / 10
    assert max(clock.pauses) <= 0.1 + 1e-6


def test_as_much_as_fits_is_found_at_once() -> None:
    assert max(map(len, walked(a_rush(ITEMS_MAX), Clock()))) == ITEMS_MAX


def test_a_second_in_which_more_has_happened_is_not_made_shorter() -> None:
    account = a_rush(ITEMS_MAX + 1, per_second=ITEMS_MAX + 1)
    assert [len(events) for events in walked(account, Clock(), 1) if events] == [ITEMS_MAX + 1]


def test_a_span_gets_narrower_where_there_is_too_much_and_wider_again() -> None:
    crowded = (NOW + timedelta(hours=10), NOW + timedelta(hours=11))
    spans: list[Span] = []

    def look(span: Span) -> None:
        if span.start < crowded[1] and crowded[0] < span.end and span.end - span.start > timedelta(minutes=30):
            raise TooMany
        spans.append(span)

    end = NOW + timedelta(days=5)
    assert len(list(walk(look, NOW, end))) == len(spans)
    assert [span.start for span in spans] == [whole_second(NOW), *(span.end for span in spans[:-1])]
    assert spans[-1].end == whole_second(end)
    assert max(span.end - span.start for span in spans) == WIDEST


@pytest.mark.parametrize(
    ("unit", "length", "fits", "widths"),
    [(timedelta(hours=1), 60, 6, [24, 12, 6, 12, 24, 18]), (SECOND, 3, 1, [3, 1, 2])],
)
def test_a_span_is_halved_in_whole_seconds_until_its_beginning_fits_and_doubled_after_that(
    unit: timedelta, length: int, fits: int, widths: list[int]
) -> None:
    tried: list[float] = []

    def look(span: Span) -> None:
        tried.append((span.end - span.start) / unit)
        if span.start == NOW and tried[-1] > fits:
            raise TooMany

    assert list(walk(look, NOW, NOW + length * unit))
    assert tried == widths


def test_a_span_is_cut_where_a_part_has_as_much_as_it_may_but_within_no_second() -> None:
    made = [NOW + second * SECOND for second in (0, 0, 0, 1, 2, 3)]
    parts = list(cut(Span(NOW, NOW + 9 * SECOND), made, lambda moment: moment, 2))
    bounds = [((span.start - NOW) / SECOND, (span.end - NOW) / SECOND) for span, _ in parts]
    assert bounds == [(0, 1), (1, 3), (3, 9)]
    assert [some for _, some in parts] == [made[:3], made[3:5], made[5:]]


def test_nothing_is_walked_through_where_there_is_no_time() -> None:
    assert list(walk(lambda span: span, NOW, NOW)) == []


def test_a_page_that_says_more_and_brings_nothing_is_the_last() -> None:
    class Endless(ListedAccount):
        def events(self, types: Sequence[str], span: Span, *, after: str | None = None) -> Listed[Mapping[str, object]]:
            return Listed([], has_more=True)

    lists = paced(Endless(a_rush(0)))
    assert lists.events(["charge.succeeded"], Span(NOW, NOW + SECOND)) == []


MADE = ["pi_3", "pi_2", "pi_1"]


class OneAPage(ListedAccount):
    def payment_intents(self, span: Span, *, after: str | None = None) -> Listed[PaymentIntent]:
        return Listed([an_intent(MADE[first := next_after(after)])], has_more=first < 2)

    def refunds(self, span: Span, *, after: str | None = None) -> Listed[ListedRefund]:
        return Listed([ListedRefund(MADE[first := next_after(after)], None, 1, "pi_1", NOW)], has_more=first < 2)

    def refunds_of(self, payment_id: str, *, after: str | None = None) -> Listed[ListedRefund]:
        return self.refunds(Span(NOW, NOW), after=after)


def next_after(after: str | None) -> int:
    return MADE.index(after) + 1 if after else 0


def test_payments_and_refunds_are_read_to_the_last_page_the_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    lists, span = paced(OneAPage(a_rush(0))), Span(NOW, NOW + 9 * SECOND)
    assert [each.payment_id for each in lists.payment_intents(span)] == MADE[::-1]
    assert [each.refund_id for each in lists.refunds_of("pi_1")] == MADE[::-1]
    assert lists.refunds(span) == lists.refunds_of("pi_1")
    monkeypatch.setattr(walking, "ITEMS_MAX", 2)
    for read in lists.payment_intents, lists.refunds:
        with pytest.raises(TooMany):
            read(span)


class Busy(ListedAccount):
    """Answers every second time."""

    def payment_intent(self, payment_id: str) -> PaymentIntent | None:
        self.asked.append(payment_id)
        if len(self.asked) % 2:
            raise StripeUnavailable("Stripe answers 429", timedelta(seconds=7))
        return an_intent(payment_id)


def test_what_is_not_answered_is_asked_once_more_when_stripe_wants_to_be_asked_again() -> None:
    busy, clock = Busy(a_rush(0)), Clock()
    lists, started = paced(busy, clock), clock.seconds
    assert lists.payment_intent("pi_1") == an_intent("pi_1")
    assert clock.seconds - started == pytest.approx(7)
    assert busy.asked == ["pi_1", "pi_1"]


def test_nothing_is_asked_once_time_is_out() -> None:
    account, clock = ListedAccount(a_rush(0)), Clock()
    lists = paced(account, clock, seconds_max=5)
    clock.sleep(5)
    with pytest.raises(OutOfTime):
        lists.payment_intent("pi_1")
    assert account.asked == []


def test_all_types_that_are_handled_are_in_one_of_two_lists_that_stripe_takes() -> None:
    assert len(TYPE_LISTS) == 2
    assert max(map(len, TYPE_LISTS)) <= TYPES_MAX
    assert sorted(TYPE_LISTS[0] + TYPE_LISTS[1]) == sorted(HANDLED_TYPES)


@pytest.mark.parametrize("moment", [NOW, NOW + timedelta(microseconds=999_999)])
def test_stripe_counts_whole_seconds(moment: datetime) -> None:
    assert whole_second(moment) == NOW
