"""What Stripe lists and answers for an account in this process."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from stripe_api.api import NoSuchEvent, payment_named
from stripe_api.lists import (
    Listed,
    ListedRefund,
    PaymentIntent,
    Span,
    Unreadable,
    event_in_list,
    listed_from,
    listed_refund_from,
    page_of,
    payment_intent_from,
    payment_intents_in,
    refunds_in,
)
from tools.stripe_stand_in import lists
from tools.stripe_stand_in.account import Account


@dataclass
class ListedAccount:
    """`StripeLists` of an account in this process."""

    account: Account
    asked: list[str] = field(default_factory=list)
    before_answering: Callable[[str], object] = lambda _: None

    def events(self, types: Sequence[str], span: Span, *, after: str | None = None) -> Listed[Mapping[str, object]]:
        self._ask("events")
        return listed_from(lists.events(self.account, page_of(span, after, types=list(types))), event_in_list)

    def payment_intents(self, span: Span, *, after: str | None = None) -> Listed[PaymentIntent | Unreadable]:
        self._ask("payment_intents")
        return payment_intents_in(lists.payment_intents(self.account, page_of(span, after)))

    def refunds(self, span: Span, *, after: str | None = None) -> Listed[ListedRefund | Unreadable]:
        self._ask("refunds")
        return refunds_in(lists.refunds(self.account, page_of(span, after)))

    def refunds_of(self, payment_id: str, *, after: str | None = None) -> Listed[ListedRefund]:
        self._ask("refunds_of")
        asked = page_of(None, after, **payment_named(payment_id))
        return listed_from(lists.refunds(self.account, asked), listed_refund_from)

    def payment_intent(self, payment_id: str) -> PaymentIntent | None:
        self._ask("payment_intent")
        intent = self.account.intents.get(payment_id)
        return payment_intent_from(intent) if intent else None

    def event(self, event_id: str) -> Mapping[str, object]:
        self._ask("event")
        found = [event for event in self.account.kept_events() if event["id"] == event_id]
        if not found:
            raise NoSuchEvent(event_id, "resource_missing")
        return event_in_list(found[0])

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        self.before_answering(what)
