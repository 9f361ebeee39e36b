"""Answers Stripe's deliveries by one table: no 2xx for unfinished work, no error for events that are not ours."""

import io
import json
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from functools import partial
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from flask import Request, Response
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, RequestTimeout

from orders.events import Ignored
from orders.frozen import frozen
from orders.outcome import Outcome, Result, Settle, Transient
from orders.shop_events import ReservationLapsed
from receiving.body import BODY_BYTES_MAX, body_of, hang_up
from receiving.watchdog import Watchdog
from service.logs import LOGGED_CHARACTERS_MAX, Log, line_of
from stripe_api.api import StripeRefused
from webhooks.canary_event import CANARY_TYPE
from webhooks.ownership import Naming
from webhooks.signature import Rejected, verified_message
from webhooks.signing_secrets import SigningSecret
from webhooks.stripe_fields import Json
from webhooks.thin_events import LookUp, snapshot_of
from webhooks.translation import NotAnEvent, order_event_from

RETRY_AFTER_SECONDS: Final = 30
# No order can have this id: security rules refuse ids with a blank.
_IMPOSSIBLE_ORDER_ID: Final = "no order"


class NotAPost(Exception):
    """Stripe uses POST. Any other method (a browser, a health probe) is refused, and does nothing."""


class NoSecret(Exception):
    """Without a signing secret nothing can be verified, so nothing is served."""


Ending = Outcome | Ignored | Exception
"""How a delivery ended: settled, not ours, or an error."""

STATUS: Final[Mapping[type, int]] = MappingProxyType(
    {
        Outcome: 200,
        Ignored: 200,
        Rejected: 400,
        NotAnEvent: 400,
        BadRequest: 400,
        NotAPost: 405,
        RequestTimeout: 408,
        RequestEntityTooLarge: 413,
        Exception: 500,
        Transient: 503,
    }
)
"""The status of each ending, by its type or the nearest type above it."""

_HEADERS: Final[Mapping[int, Mapping[str, str]]] = MappingProxyType(
    {405: {"Allow": "POST"}, 503: {"Retry-After": str(RETRY_AFTER_SECONDS)}}
)

_SEVERITY_OF_STATUS: Final[Mapping[int, str]] = MappingProxyType(
    {200: "INFO", 400: "WARNING", 405: "INFO", 408: "WARNING", 413: "WARNING", 500: "ERROR", 503: "WARNING"}
)


@frozen
class WebhookEndpoint:
    """Answers Stripe's deliveries."""

    settle: Settle
    secrets: Sequence[SigningSecret] = field(repr=False)
    """The signing secrets; more than one while a secret is being rolled."""
    naming: Naming
    log: Log
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    """Seconds, on a clock that never goes back."""
    watchdog: Watchdog
    look_up: LookUp | None = None
    """Looks up the event that a thin event stands for; None without an API key."""
    says_why: bool = False
    """Whether answers give a reason: to developers in the emulators, never in public."""

    def respond(self, request: Request) -> Response:
        """Settle one delivery and answer it. Never raises; logs one line."""
        started = self.monotonic()
        known: dict[str, object] = {}
        ending: Ending
        try:
            ending = self._deliver(request, known)
        except Exception as error:  # noqa: BLE001 - every ending has its status, faults too
            ending = error
        # After the answer, functions-framework would read a body that was not read before, without limits.
        request.stream = io.BytesIO()
        status = _status_of(ending)
        self.log(
            _severity_of(ending, status),
            _message_of(ending)[:LOGGED_CHARACTERS_MAX],
            **(known | _log_fields_of(ending)),
            status=status,
            latencyMs=round((self.monotonic() - started) * 1000, 1),
            trace=request.headers.get("X-Cloud-Trace-Context"),
        )
        answer = _answer_to(ending) | (_reason_of(ending) if self.says_why else {})
        response = Response(json.dumps(answer), status, _HEADERS.get(status), mimetype="application/json")
        if status != HTTPStatus.OK:
            # Otherwise an unauthenticated caller could occupy a thread by what it sends next. Stripe reconnects after a
            # 503.
            response.call_on_close(partial(hang_up, request.environ, self.watchdog))
        return response

    def _deliver(self, request: Request, known: dict[str, object]) -> Outcome | Ignored:
        """Settle the delivery, and note ids and names for the log, never contents."""
        if request.method != "POST":
            raise NotAPost("only POST is served here")
        if not self.secrets:
            raise NoSecret("STRIPE_WEBHOOK_SECRET is not set: refusing to serve")
        signature = request.headers.get("Stripe-Signature")
        if not signature:
            # An unsigned body is not read.
            raise Rejected("no Stripe-Signature header")
        body = body_of(request, self.watchdog)
        now = self.now()
        verified = verified_message(body, signature, self.secrets, now=now)
        message = self._snapshot_of(verified.message, known) or verified.message
        event = order_event_from(message, delivered_at=now, naming=self.naming)
        if not (verified.is_of_its_secrets_mode or isinstance(event, Ignored)):
            reason = "an event of test mode, signed with a secret for live mode"
            event = Ignored(event.event_id, event.event_type, reason)
        known |= {"eventId": _shortened(event.event_id), "eventType": _shortened(event.event_type)}
        if isinstance(event, Ignored):
            if event.event_type == CANARY_TYPE:
                # An event for an order that cannot exist: it reads the database like any other, and changes nothing.
                self.settle(ReservationLapsed(_IMPOSSIBLE_ORDER_ID), now)
            return event
        known["orderId"] = event.order_id
        return self.settle(event, now)

    def _snapshot_of(self, message: Json, known: dict[str, object]) -> Json | None:
        """The ordinary event for which a thin one stands; if there is none, the thin event is kept for a person."""
        if not self.look_up:
            return None
        try:
            return snapshot_of(message, self.look_up)
        except StripeRefused as refused:
            known["lookUp"] = str(refused)[:LOGGED_CHARACTERS_MAX]
            return None


def _shortened(text: str | None) -> str | None:
    return text and text[:LOGGED_CHARACTERS_MAX]


def _status_of(ending: Ending) -> int:
    return next(STATUS[kind] for kind in type(ending).__mro__ if kind in STATUS)


def _answer_to(ending: Ending) -> dict[str, str]:
    match ending:
        case Outcome(result=result):
            return {"result": result}
        case Ignored():
            return {"result": Result.IGNORED}
        case Rejected() | NotAnEvent() | NotAPost():
            return {"error": str(ending)}
        case RequestEntityTooLarge():
            return {"error": f"the body is larger than {BODY_BYTES_MAX} bytes"}
        case RequestTimeout():
            return {"error": "the body did not arrive in time"}
        case BadRequest():
            return {"error": "the body did not arrive whole"}
        case Transient():
            return {"error": "not settled yet, deliver again"}
        case NoSecret():
            return {"error": "this endpoint is not configured"}
        case _:
            return {"error": "internal error"}


def _reason_of(ending: Ending) -> dict[str, str]:
    """The reason, if the answer itself does not give one."""
    match ending:
        case Outcome(note=str(reason)) | Ignored(reason=reason):
            return {"reason": reason}
        case Transient():
            return {"reason": str(ending)}
        case _:
            return {}


def _severity_of(ending: Ending, status: int) -> str:
    if isinstance(ending, NoSecret):
        return "CRITICAL"
    if isinstance(ending, Outcome):
        return line_of(ending)[0]
    return _SEVERITY_OF_STATUS[status]


def _message_of(ending: Ending) -> str:
    match ending:
        case Outcome():
            return line_of(ending)[1]
        case Ignored(reason=reason):
            return f"{Result.IGNORED}: {reason}"
        case _:
            return f"{type(ending).__name__}: {ending}"


def _log_fields_of(ending: Ending) -> dict[str, object]:
    match ending:
        case Outcome(result=result, order_id=order_id):
            # An event that does not name its order found it by its payment.
            return {"result": str(result), "orderId": order_id}
        case Ignored():
            return {"result": str(Result.IGNORED)}
        case Transient():
            return {"result": "not_settled"}
        case Exception() if _status_of(ending) == HTTPStatus.INTERNAL_SERVER_ERROR:
            return {"result": "fault", "stack_trace": "".join(traceback.format_exception(ending))}
        case _:
            return {"result": "rejected"}
