"""The real endpoint and settlement on a store in memory, with a judge."""

import functools
import io
import re
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from flask import Flask, request

from orders.events import Cause, OrderEvent
from orders.money import Money
from receiving.body import BODY_BYTES_MAX
from receiving.watchdog import Watchdog
from service.logs import JsonLog
from tests.proofs.fuzz.deliveries import CHUNK_BYTES_MAX, Delivery, Stream, Visit
from tests.proofs.fuzz.judge import ORDER_WAIT, Documents, Handled, Tally
from tests.proofs.fuzz.limits import StrictStore
from tests.proofs.fuzz.messages import OUR_ACCOUNTS, OUR_SHOP
from tests.support.builders import NOW, TERMS, Fields, a_placement, an_order
from tests.support.payments import a_payment, a_processing
from tests.support.settling import settled, settling_on
from tests.support.shop import complaints_in, shop_documents
from tests.support.signing import SECRET
from webhooks.endpoint import WebhookEndpoint
from webhooks.ownership import Naming
from webhooks.signing_secrets import SigningSecret

MEMORY_BYTES_MAX: Final = 64 * BODY_BYTES_MAX
"""What one delivery may use at its peak: a mebibyte of empty JSON lists becomes thirty of Python objects."""
CPU_SECONDS_MAX: Final = 3.0
"""An answer is due within ten seconds, and sixteen deliveries share two cores."""

_IS_AS_REPORTED: Final = re.compile(r": \d+ refunded of \d+ received$|: paid by [\w-]+, and its refunds")
"""If Stripe reports that more was refunded than was paid, or a session that names no payment, the order says that."""
_IS_OF_REFUNDS: Final = re.compile(r": \w+ with \d+ refunded of \d+$")
_IS_OF_DISPUTES: Final = re.compile(r": \d+ disputes are open, and it says")
_LARGE: Final = 100_000
"""Memory is measured only from this many bytes on, since measuring takes time."""


def complaints_about(visit: Visit, tally: Tally | None = None) -> list[str]:
    """Deliver all of it to a new shop. Returns everything wrong."""
    tally = tally if tally is not None else Tally()
    tally.visits += 1
    shop = _Shop(visit.shop)
    for number, delivery in enumerate(visit.deliveries, 1):
        if wrong := list(shop.complaints_after(delivery, tally)):
            return [f"delivery {number}: {complaint}" for complaint in wrong]
    return [wrong for wrong in complaints_in(shop.store) if not _is_as_reported(wrong, shop.store.dump())]


def _is_as_reported(complaint: str, documents: Documents) -> bool:
    """Whether the events themselves say what Stripe never says."""
    order_id = complaint.partition(":")[0]
    entries = (each for path, each in documents.items() if path.startswith("auditLog/"))
    if _IS_OF_DISPUTES.search(complaint):
        # One charge belongs to two payments, as if an earlier order had had the same id.
        return any((each["orderId"], each["result"]) == (order_id, "earlier_order") for each in entries)
    if _IS_OF_REFUNDS.search(complaint):
        return _is_contradicted(documents[f"orders/{order_id}"])
    return _IS_AS_REPORTED.search(complaint) is not None


def _is_contradicted(order: Mapping[str, Any]) -> bool:
    """Whether more was refunded than a payment brought, or than a charge without a PaymentIntent did."""
    refunded = Counter[str]()
    for refund in order.get("refunds", {}).values():
        refunded[refund["paymentId"]] += refund["amount"] * (refund["status"] == "succeeded")
    payments = order.get("payments", {}).items()
    return any(
        max(payment["amountRefunded"], refunded[payment_id]) > (payment["amount"] or 0)
        or (payment["chargeId"] not in (None, payment_id) and payment["chargeId"] in refunded)
        for payment_id, payment in payments
    )


# --- The shop --------------------------------------------------------------------------------------------------------

_app = Flask("shop")


class _Shop:
    def __init__(self, name: str) -> None:
        self.store = StrictStore(shops()[name])
        self.lines = io.StringIO()
        self.clock = NOW
        self.endpoint = WebhookEndpoint(
            settle=settling_on(self.store, terms=replace(TERMS, order_wait=ORDER_WAIT, accounts=OUR_ACCOUNTS)),
            secrets=(SigningSecret(SECRET),),
            naming=Naming(shop_id=OUR_SHOP),
            log=JsonLog(self.lines, project="shop"),
            now=lambda: self.clock,
            monotonic=time.monotonic,
            watchdog=Watchdog(time.monotonic, patient_max=1),
        )

    def complaints_after(self, delivery: Delivery, tally: Tally) -> Iterator[str]:
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
                # functions-framework reads the rest of a body.
                request.get_data()
        except Exception as error:  # noqa: BLE001 - any exception that escapes is a finding
            yield f"raised {error!r}"
            return
        finally:
            seconds, peak = time.process_time() - began, tracemalloc.get_traced_memory()[1] if is_large else 0
            tracemalloc.stop()
        handled = Handled(delivery, response, self.lines.getvalue(), before, self.store.dump(), self.clock)
        handled.count_in(tally)
        yield from handled.complaints()
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


_ON_ITS_WAY: Final = a_processing("evt_before")
_TOO_LITTLE: Final = a_payment("evt_before", money=Money(1_200, "eur"), payment_intent_id="pi_2", charge_id="ch_2")


@functools.cache
def shops() -> Mapping[str, Mapping[str, Fields]]:
    """The documents of each visited shop, by the status of its order-1."""
    placements: tuple[OrderEvent, ...] = (a_placement(), a_placement("order-2"))
    return {
        "missing": _after(["order-2"], placements[1:]),
        "pending": _after(["order-1", "order-2"], placements[1:]),
        "reserved": _after(["order-1", "order-2"], placements),
        "reserved, and its payment is on its way": _after(["order-1", "order-2"], [*placements, _ON_ITS_WAY]),
        "in review for a wrong payment": _after(["order-1", "order-2"], [*placements, _TOO_LITTLE]),
        "finalized": _after(["order-1", "order-2"], [*placements, a_payment("evt_before")]),
    }


def _after(order_ids: Iterable[str], events: Iterable[Cause]) -> Mapping[str, Fields]:
    store = StrictStore({**shop_documents(), **{f"orders/{order_id}": an_order() for order_id in order_ids}})
    for event in events:
        settled(event, store)
    return store.dump()
