"""Judges a delivery by what must be true after any delivery."""

import functools
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from flask import Response

from receiving.body import BODY_BYTES_MAX
from tests.proofs.fuzz.deliveries import Delivery
from tests.proofs.fuzz.messages import (
    STRIPE_ID,
    first_charge,
    is_event,
    is_ours,
    is_strange,
    is_utf8,
    order_id_in,
    texts_under,
)
from tests.support.signing import SECRET
from tests.support.stripe.customer import PRIVATE
from webhooks.endpoint import STATUS

DOCUMENTED: Final = frozenset(STATUS.values()) - {408, 500}
"""The possible answers here, where every body comes at once."""
LOG_LINE_BYTES_MAX: Final = 16 * 1024
"""Cloud Logging accepts 256 KiB; no line about a delivery needs as much."""
ANSWER_BYTES_MAX: Final = 200
ORDER_WAIT: Final = timedelta(hours=1)

_SECRET_CHARACTERS_MIN: Final = 12
"""A shorter text may also occur by chance."""
_PUBLIC: Final = frozenset(
    {
        *("id", "object", "type", "api_version", "currency", "status", "reason", "code", "decline_code"),
        *("failure_code", "charge", "latest_charge", "payment_intent", "orderId", "client_reference_id", "restock"),
        *("account", "context", "shop", "payment_link", "snapshot_event"),
    }
)
"""Fields whose values may be stored and logged: ids, and words for programs."""
_PRIVATE: Final = tuple(word for word in PRIVATE if len(word) >= _SECRET_CHARACTERS_MIN)
_AMOUNTS: Final = ("amount_received", "amount_captured", "amount", "amount_total")
_BRING_MONEY: Final = frozenset({"payment_intent.succeeded", "charge.succeeded", "charge.captured", "charge.refunded"})
"""These wait for their order."""
_PARKED: Final = frozenset({"error", "order_not_found", "payment_not_found"})

_SET_ASIDE: Final = frozenset({"other_account", "livemode_mismatch"})
"""Results of entries that may stay while the event is parked."""
_ON_RECORD: Final = frozenset({"webhookEvents", "auditLog"})

Documents = Mapping[str, Mapping[str, Any]]


@dataclass
class Tally:
    """What was tried, to show how much was tested."""

    visits: int = 0
    signed: int = 0
    not_signed: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    results: Counter[str] = field(default_factory=Counter)
    """The results of all 2xx answers."""


@dataclass(frozen=True)
class Handled:
    """One delivery and all its results."""

    delivery: Delivery
    response: Response
    lines: str
    before: Documents
    after: Documents
    now: datetime

    @property
    def status(self) -> int:
        return self.response.status_code

    @functools.cached_property
    def answer(self) -> Any:
        try:
            return json.loads(self.response.get_data())
        except ValueError:
            return None

    @functools.cached_property
    def message(self) -> Any:
        """The body as JSON; None if it is not JSON."""
        try:
            return json.loads(self.delivery.body)
        except (ValueError, RecursionError):
            return None

    @property
    def is_of_stripe(self) -> bool:
        """Whether Stripe may send such an event, whatever it contains."""
        return is_utf8(self.delivery.body) and is_event(self.message)

    def count_in(self, tally: Tally) -> None:
        tally.signed += self.delivery.is_true
        tally.not_signed += not self.delivery.is_true
        tally.statuses[str(self.status)] += 1
        if self.status < 300 and isinstance(self.answer, dict):
            tally.results[str(self.answer.get("result"))] += 1

    def complaints(self) -> Iterator[str]:
        if self.status not in DOCUMENTED:
            yield f"answered {self.status}: {self.lines[:2_000]}"
        if (self.status == 405) == self.delivery.is_post:
            yield f"answered {self.delivery.method} with {self.status}"
        if self.status != 200 and self.before != self.after:
            yield f"answered {self.status}, and changed {self._changed()}"
        if self.status < 300 and not self.delivery.is_true:
            yield f"answered {self.status} to a delivery that is not signed"
        if self.delivery.is_true and self.delivery.is_whole and self.delivery.is_post:
            yield from self._complaints_about_honest()
        if self.status == 200 and self.delivery.is_true:
            yield from self._complaints_about_done()
        yield from self._complaints_about_form()
        yield from self._leaks()

    def _complaints_about_honest(self) -> Iterator[str]:
        is_small = len(self.delivery.body) <= BODY_BYTES_MAX
        if (self.status == 413) == is_small:
            yield f"answered {self.status} to {len(self.delivery.body):,} bytes"
        if is_small and self.is_of_stripe and self.status not in (200, 503):
            yield f"answered an event of Stripe's with {self.status} {self.answer}"
        if self.status == 503 and not self._is_worth_waiting():
            yield f"asked for another delivery, which will not help: {self.lines}"

    def _is_worth_waiting(self) -> bool:
        """Whether the order may still appear."""
        if not self.is_of_stripe:
            return False
        order_id, created = order_id_in(self.message), self.message["created"]
        return (
            not is_strange(self.message)
            and type(created) is int
            and f"orders/{order_id}" not in self.before
            and abs(created - self.now.timestamp()) < ORDER_WAIT.total_seconds()
        )

    def _complaints_about_done(self) -> Iterator[str]:
        """2xx: the event is settled, parked, or not ours."""
        result = self.answer.get("result") if isinstance(self.answer, dict) else None
        if result == "ignored":
            if self.before != self.after:
                yield f"ignored, and changed {self._changed()}"
            if is_ours(self.message) and not self._is_of_no_order():
                yield "ignored an event that is ours"
            return
        # A thin event without an id is stored under the id of its snapshot event.
        named = (self.message.get("id"), self.message.get("snapshot_event"))
        event_id = next(each for each in named if isinstance(each, str) and STRIPE_ID.fullmatch(each))
        claim, entry = self.after.get(f"webhookEvents/{event_id}"), self.after.get(f"auditLog/{event_id}")
        if claim is None:
            yield f"answered {result}, and nothing is recorded"
        elif claim["processed"] != (entry is not None) and not (entry and entry["result"] in _SET_ASIDE):
            yield f"answered {result}, with {claim} and {entry}"
        elif not claim["processed"] and not (result in _PARKED and claim["reason"]):
            yield f"answered {result}, and parked {claim}"
        if self.before == self.after:
            yield f"answered {result}, and did not count the delivery"
        if is_strange(self.message) and any(path.partition("/")[0] not in _ON_RECORD for path in self._changed()):
            yield f"answered {result}, and changed {self._changed()} for another account or another shop"
        yield from self._complaints_about_money()

    def _is_of_no_order(self) -> bool:
        """Whether its order is missing and it brings no money for one, as an authorised charge does not."""
        order_id = order_id_in(self.message)
        is_missing = order_id is not None and f"orders/{order_id}" not in self.before
        brings_money = self.message["type"] in _BRING_MONEY and self.message["data"]["object"].get("captured", True)
        return is_missing and not brings_money

    def _complaints_about_money(self) -> Iterator[str]:
        reported = self.message["data"]["object"] if self._changed() & {"orders/order-1", "orders/order-2"} else {}
        for path in ("orders/order-1", "orders/order-2"):
            received = self.after.get(path, {}).get("amountReceived")
            if received == self.before.get(path, {}).get("amountReceived"):
                continue
            is_named = path == f"orders/{order_id_in(self.message)}" or self._is_known_payment(reported)
            if not is_named and not self.message["type"].startswith("charge."):
                yield f"{path} has received {received!r} by a payment of which nobody has named the order"
            earlier = _sums_of(self.before.get(path, {}).get("payments", {}))
            new = {each for name in _AMOUNTS if type(each := reported.get(name)) is int} | self._released_amounts()
            sums = earlier | {known + each for known in earlier for each in new}
            if type(received) is not int or received not in sums:
                yield f"{path} has received {received!r}, which is no amount of the event"

    def _released_amounts(self) -> set[int]:
        return {event["amount"] for event in self._released() if "amount" in event}

    def _released(self) -> Sequence[Mapping[str, Any]]:
        """The parked events settled after this one."""
        parked = (
            self.before.get(path, {}).get("event") for path in self._changed() if path.startswith("webhookEvents/")
        )
        return [event for event in parked if event]

    def _is_known_payment(self, reported: Mapping[str, Any]) -> bool:
        """Whether it was named with an order before, or released a parked event."""
        ids = [*map(reported.get, ("id", "payment_intent", "latest_charge")), first_charge(reported)]
        ids += [event[name] for event in self._released() for name in ("paymentIntentId", "chargeId")]
        return any(self.before.get(f"payments/{payment_id}", {}).get("orderId") for payment_id in ids)

    def _complaints_about_form(self) -> Iterator[str]:
        body = self.response.get_data()
        if not isinstance(self.answer, dict) or len(self.answer) != 1 or len(body) > ANSWER_BYTES_MAX:
            yield f"answered {body[:1_000]!r}"
        lines = self.lines.splitlines()
        if len(lines) != 1 or not isinstance(json.loads(lines[0]), dict):
            yield f"logged {len(lines)} lines"
        if len(self.lines) > LOG_LINE_BYTES_MAX:
            yield f"logged {len(self.lines):,} bytes: {self.lines[:200]}"

    def _leaks(self) -> Iterator[str]:
        texts = {
            "answer": f"{self.response.headers} {self.response.get_data(as_text=True)}",
            "log": self.lines,
            "documents": repr([self.after[path] for path in self._changed()]),
        }
        secrets = [SECRET, *_secrets_in(self.delivery.signature), *_PRIVATE]
        for where, secret in itertools.product(texts, secrets):
            if secret in texts[where] and not (secret in _PRIVATE and self._is_public(secret)):
                yield f"leaked {secret!r} in its {where}"

    def _is_public(self, word: str) -> bool:
        return any(word in text for text in texts_under(_PUBLIC, self.message))

    def _changed(self) -> set[str]:
        return {path for path in self.after if self.after[path] != self.before.get(path)}


def _sums_of(payments: Mapping[str, Any]) -> set[int]:
    """The sums of all subsets of the payments."""
    sums = {0}
    for payment in payments.values():
        sums |= {known + (payment["amount"] or 0) for known in sums}
    return sums


def _secrets_in(signature: str | None) -> Iterator[str]:
    parts = [signature or "", *(signature or "").replace("=", ",").split(",")]
    yield from {part for part in parts if len(part) >= _SECRET_CHARACTERS_MIN}
