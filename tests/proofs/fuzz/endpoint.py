"""The real door and the real settlement, with a judge beside them: what must be so after any delivery whatever."""

import functools
import io
import itertools
import json
import re
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from flask import Flask, Response, request

from orders.events import NotUnderstood, OrderEvent
from service.logs import JsonLog
from settlement.settle import Patience, settle
from tests.proofs.fuzz.deliveries import CHUNK_BYTES_MAX, Delivery, Stream, Visit
from tests.proofs.fuzz.limits import StrictStore
from tests.support.auditor import complaints
from tests.support.builders import NOW, SECRET, TERMS, Fields, a_catalogue_entry, a_payment, a_placement, an_order
from tests.support.stripe_objects import OBJECT_OF, PRIVATE
from webhooks.endpoint import BODY_BYTES_MAX, STATUS, WebhookEndpoint

DOCUMENTED: Final = frozenset(STATUS.values()) - {500}
LOG_LINE_BYTES_MAX: Final = 16 * 1024
"""Cloud Logging takes 256 KiB; nothing that is told of a delivery needs so many."""
ANSWER_BYTES_MAX: Final = 200
MEMORY_BYTES_MAX: Final = 64 * BODY_BYTES_MAX
"""What one delivery may take meanwhile. Of JSON, a mebibyte of empty lists becomes thirty of Python objects."""
CPU_SECONDS_MAX: Final = 3.0
"""An answer is due within ten, and sixteen deliveries share two cores."""
ORDER_WAIT: Final = timedelta(hours=1)

_IS_STRIPES_AFFAIR: Final = re.compile(r": \d+ refunded of \d+ received$")
"""If Stripe says that more was refunded than was paid, that is what stands there."""
_STOCK: Final = {"shirt": 10}
_LARGE: Final = 100_000
"""Bytes from which on memory is measured: measuring costs time."""
_SECRET_CHARACTERS_MIN: Final = 12
"""Whatever is shorter may also stand somewhere by chance."""

Documents = Mapping[str, Mapping[str, Any]]


@dataclass
class Tally:
    """What was tried, so that a reader sees that it is about something."""

    visits: int = 0
    signed: int = 0
    not_signed: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    results: Counter[str] = field(default_factory=Counter)
    """The words of all that was answered 2xx."""

    def add(self, other: "Tally") -> None:
        for name in ("visits", "signed", "not_signed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.statuses.update(other.statuses)
        self.results.update(other.results)


def complaints_about(visit: Visit, tally: Tally | None = None) -> list[str]:
    """Deliver all of it to a shop of its own, and hear what is wrong; an empty list if nothing is."""
    tally = tally if tally is not None else Tally()
    tally.visits += 1
    shop = _Shop(visit.shop)
    for number, delivery in enumerate(visit.deliveries, 1):
        if wrong := list(shop.wrong_after(delivery, tally)):
            return [f"delivery {number}: {complaint}" for complaint in wrong]
    return [wrong for wrong in complaints(shop.store.dump(), _STOCK) if not _IS_STRIPES_AFFAIR.search(wrong)]


# --- The shop --------------------------------------------------------------------------------------------------------

_app = Flask("shop")


class _Shop:
    def __init__(self, story: str) -> None:
        self.store = StrictStore(standing()[story])
        self.lines = io.StringIO()
        self.clock = NOW
        self.endpoint = WebhookEndpoint(
            settle=_settle_on(self.store),
            secrets=(SECRET,),
            log=JsonLog(self.lines, project="shop"),
            now=lambda: self.clock,
            monotonic=time.monotonic,
        )

    def wrong_after(self, delivery: Delivery, tally: Tally) -> Iterator[str]:
        self.clock += timedelta(seconds=1)
        self.lines.seek(0)
        self.lines.truncate()
        before = self.store.dump()
        stream, is_large = Stream(delivery), delivery.is_endless or len(delivery.body) > _LARGE
        if is_large:
            tracemalloc.start()
        began = time.process_time()
        try:
            with _app.request_context(_environment_of(delivery, stream)):
                response = self.endpoint.respond(request)
                # functions-framework reads what is left of a body.
                request.get_data()
        except Exception as error:  # noqa: BLE001 - whatever escapes is what is looked for
            yield f"raised {error!r}"
            return
        finally:
            seconds, peak = time.process_time() - began, tracemalloc.get_traced_memory()[1] if is_large else 0
            tracemalloc.stop()
        seen = _Seen(delivery, response, self.lines.getvalue(), before, self.store.dump(), self.clock)
        seen.count_in(tally)
        yield from seen.wrongs()
        if seconds > CPU_SECONDS_MAX:
            yield f"took {seconds:.1f} s"
        if peak > MEMORY_BYTES_MAX:
            yield f"took {peak:,} bytes of memory"
        if stream.bytes_taken > BODY_BYTES_MAX + CHUNK_BYTES_MAX:
            yield f"read {stream.bytes_taken:,} bytes"


def _environment_of(delivery: Delivery, stream: Stream) -> dict[str, Any]:
    """As gunicorn makes it: https://peps.python.org/pep-3333/#environ-variables."""
    headers = (*delivery.headers, *([("Stripe-Signature", delivery.signature)] if delivery.signature else []))
    named = {f"HTTP_{name.upper().replace('-', '_')}": text for name, text in headers}
    body = (
        {"HTTP_TRANSFER_ENCODING": "chunked"}
        if delivery.is_chunked
        else {"CONTENT_LENGTH": str(len(delivery.body)) if delivery.length is None else delivery.length}
    )
    return {
        "REQUEST_METHOD": delivery.method,
        "PATH_INFO": "/",
        "SERVER_NAME": "shop.example",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BufferedReader(stream, CHUNK_BYTES_MAX),
        "wsgi.input_terminated": delivery.is_chunked,
        **named,
        **body,
    }


def _settle_on(store: StrictStore) -> Any:
    ticks = itertools.count(step=0.001)
    # Nobody else is at this store: who loses a race here loses it for ever, and at once.
    patience = Patience(lambda: next(ticks), lambda seconds: None, lambda: 0.5)
    return functools.partial(settle, store=store, terms=replace(TERMS, order_wait=ORDER_WAIT), patience=patience)


@functools.cache
def standing() -> Mapping[str, Mapping[str, Fields]]:
    """The documents of each shop that is visited, by what order-1 is there."""
    placements: tuple[OrderEvent, ...] = (a_placement(), a_placement("order-2"))
    return {
        "missing": _after(["order-2"], placements[1:]),
        "pending": _after(["order-1", "order-2"], placements[1:]),
        "reserved": _after(["order-1", "order-2"], placements),
        "finalized": _after(["order-1", "order-2"], [*placements, a_payment("evt_before")]),
    }


def _after(order_ids: Iterable[str], events: Iterable[OrderEvent | NotUnderstood]) -> Mapping[str, Fields]:
    shirts: Mapping[str, Fields] = {
        "inventory/shirt": {"stock": _STOCK["shirt"], "reserved": 0},
        "products/shirt": a_catalogue_entry(),
    }
    store = StrictStore({**shirts, **{f"orders/{order_id}": an_order() for order_id in order_ids}})
    for event in events:
        _settle_on(store)(event, NOW)
    return store.dump()


# --- The judge -------------------------------------------------------------------------------------------------------

_STRIPE_ID: Final = re.compile(r"(?!__)[A-Za-z0-9_-]{1,255}")
_YEAR_2286: Final = 10**10
_TOLD_OPENLY: Final = frozenset(
    {
        *("id", "object", "type", "api_version", "currency", "status", "reason", "code", "decline_code"),
        *("failure_code", "charge", "latest_charge", "payment_intent", "orderId", "client_reference_id", "restock"),
    }
)
"""What stands under these names may be told: ids, and words for programs."""
_PRIVATE: Final = tuple(word for word in PRIVATE if len(word) >= _SECRET_CHARACTERS_MIN)
_AMOUNTS: Final = ("amount_received", "amount_captured", "amount", "amount_total")
_PARKED: Final = frozenset({"error", "order_not_found", "payment_not_found"})


@dataclass(frozen=True)
class _Seen:
    """One delivery, and all that came of it."""

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
        """What Stripe may have meant; None if it is no JSON."""
        try:
            return json.loads(self.delivery.body)
        except (ValueError, RecursionError):
            return None

    @property
    def is_of_stripe(self) -> bool:
        """Whether Stripe may send such a thing, whatever is in it."""
        return _is_utf8(self.delivery.body) and _is_event(self.message)

    def count_in(self, tally: Tally) -> None:
        tally.signed += self.delivery.is_true
        tally.not_signed += not self.delivery.is_true
        tally.statuses[str(self.status)] += 1
        if self.status < 300 and isinstance(self.answer, dict):
            tally.results[str(self.answer.get("result"))] += 1

    def wrongs(self) -> Iterator[str]:
        if self.status not in DOCUMENTED:
            yield f"answered {self.status}: {self.lines[:2_000]}"
        if (self.status == 405) == self.delivery.is_post:
            yield f"answered {self.delivery.method} with {self.status}"
        if self.status != 200 and self.before != self.after:
            yield f"answered {self.status}, and changed {self._changed()}"
        if self.status < 300 and not self.delivery.is_true:
            yield f"answered {self.status} to what nobody has signed"
        if self.delivery.is_true and self.delivery.is_whole and self.delivery.is_post:
            yield from self._wrongs_of_honest()
        if self.status == 200 and self.delivery.is_true:
            yield from self._wrongs_of_done()
        yield from self._wrongs_of_form()
        yield from self._leaks()

    def _wrongs_of_honest(self) -> Iterator[str]:
        is_small = len(self.delivery.body) <= BODY_BYTES_MAX
        if (self.status == 413) == is_small:
            yield f"answered {self.status} to {len(self.delivery.body):,} bytes"
        if is_small and self.is_of_stripe and self.status not in (200, 503):
            yield f"answered an event of Stripe's with {self.status} {self.answer}"
        if self.status == 503 and not self._is_worth_waiting():
            yield f"asked for what another delivery will not mend: {self.lines}"

    def _is_worth_waiting(self) -> bool:
        """Whether the order may appear yet."""
        if not self.is_of_stripe:
            return False
        order_id, created = _order_id_in(self.message), self.message["created"]
        return (
            f"orders/{order_id}" not in self.before and abs(created - self.now.timestamp()) < ORDER_WAIT.total_seconds()
        )

    def _wrongs_of_done(self) -> Iterator[str]:
        """2xx: the work is done, or on record as still to do, or none of ours."""
        result = self.answer.get("result") if isinstance(self.answer, dict) else None
        if result == "ignored":
            if self.before != self.after:
                yield f"ignored, and changed {self._changed()}"
            if _is_ours(self.message):
                yield "ignored what is ours"
            return
        event_id = self.message["id"]
        claim, entry = self.after.get(f"webhookEvents/{event_id}"), self.after.get(f"auditLog/{event_id}")
        if claim is None:
            yield f"answered {result}, and nothing is on record"
        elif claim["processed"] != (entry is not None):
            yield f"answered {result}, with {claim} and {entry}"
        elif not claim["processed"] and not (result in _PARKED and claim["reason"]):
            yield f"answered {result}, and parked {claim}"
        if self.before == self.after:
            yield f"answered {result}, and nobody has counted the delivery"
        yield from self._wrongs_of_money()

    def _wrongs_of_money(self) -> Iterator[str]:
        told = self.message["data"]["object"] if self._changed() & {"orders/order-1", "orders/order-2"} else {}
        for path in ("orders/order-1", "orders/order-2"):
            received = self.after.get(path, {}).get("amountReceived")
            if received == self.before.get(path, {}).get("amountReceived"):
                continue
            if type(received) is not int or not any(_is_same(told.get(name), received) for name in _AMOUNTS):
                yield f"{path} has received {received!r}, and nobody has told of so much"

    def _wrongs_of_form(self) -> Iterator[str]:
        body = self.response.get_data()
        if not isinstance(self.answer, dict) or len(self.answer) != 1 or len(body) > ANSWER_BYTES_MAX:
            yield f"answered {body[:1_000]!r}"
        lines = self.lines.splitlines()
        if len(lines) != 1 or not isinstance(json.loads(lines[0]), dict):
            yield f"logged {len(lines)} lines"
        if len(self.lines) > LOG_LINE_BYTES_MAX:
            yield f"logged {len(self.lines):,} bytes: {self.lines[:200]}"

    def _leaks(self) -> Iterator[str]:
        told = {
            "answer": f"{self.response.headers} {self.response.get_data(as_text=True)}",
            "log": self.lines,
            "documents": repr([self.after[path] for path in self._changed()]),
        }
        secrets = [SECRET, *_secrets_in(self.delivery.signature), *_PRIVATE]
        for where, secret in itertools.product(told, secrets):
            if secret in told[where] and not (secret in _PRIVATE and self._tells_openly(secret)):
                yield f"told {secret!r} in its {where}"

    def _tells_openly(self, word: str) -> bool:
        return any(word in text for text in _texts_under(_TOLD_OPENLY, self.message))

    def _changed(self) -> set[str]:
        return {path for path in self.after if self.after[path] != self.before.get(path)}


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    # Where it has zeros, JSON may also be read as UTF-16 or UTF-32, which Stripe never sends.
    return b"\0" not in body


def _is_event(message: Any) -> bool:
    if not isinstance(message, dict) or message.get("object") != "event":
        return False
    event_id, created = message.get("id"), message.get("created")
    is_named = isinstance(event_id, str) and _STRIPE_ID.fullmatch(event_id) and isinstance(message.get("type"), str)
    return bool(is_named) and type(created) is int and 0 <= created <= _YEAR_2286


def _is_ours(message: Any) -> bool:
    """Whether it is certainly about an order of the shop's."""
    event_type = message.get("type")
    if not isinstance(event_type, str) or event_type not in OBJECT_OF or message.get("object") != "event":
        return False
    is_of_payment = event_type.startswith(("payment_intent.", "charge.")) and not event_type.startswith(
        ("charge.refund.", "charge.dispute.")
    )
    return is_of_payment and _order_id_in(message) in ("order-1", "order-2")


def _order_id_in(message: Any) -> object:
    data = message.get("data")
    stripe_object = data.get("object") if isinstance(data, dict) else None
    if not isinstance(stripe_object, dict):
        return None
    metadata = stripe_object.get("metadata")
    if isinstance(metadata, dict) and "orderId" in metadata:
        return metadata["orderId"]
    return stripe_object.get("client_reference_id")


def _is_same(told: object, received: int) -> bool:
    return type(told) is int and told == received


def _secrets_in(signature: str | None) -> Iterator[str]:
    parts = [signature or "", *(signature or "").replace("=", ",").split(",")]
    yield from {part for part in parts if len(part) >= _SECRET_CHARACTERS_MIN}


def _texts_under(names: frozenset[str], message: Any) -> Iterator[str]:
    """The texts that stand under one of these names, at any depth: Python may not recurse as deep as JSON can."""
    left = [(message, False)]
    while left:
        value, is_told = left.pop()
        if isinstance(value, str) and is_told:
            yield value
        elif isinstance(value, list):
            left += [(content, is_told) for content in value]
        elif isinstance(value, dict):
            left += [(content, name in names) for name, content in value.items()]
