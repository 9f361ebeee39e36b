"""Calls Stripe over HTTP. The only deployed module that imports stripe."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NoReturn
from urllib.parse import quote

import requests
import stripe

from orders.numbers import pause_from
from stripe_api.api import (
    API_VERSION,
    AlreadyRefunded,
    NoSuchEvent,
    Refund,
    Session,
    SessionNotOpen,
    StripeRefused,
    StripeUnavailable,
    event_from,
    payment_named,
    printable,
    refund_from,
    session_from,
)
from stripe_api.keys import StripeKey
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
    pages,
    payment_intent_from,
    payment_intents_in,
    refunds_in,
)

ORIGIN: Final = "https://api.stripe.com"
CONNECT_SECONDS_MAX: Final = 3.0
ANSWER_SECONDS_MAX: Final = 10.0
"""The library's default is 80. Stripe carries on meanwhile, and returns the result when asked again."""

_SESSIONS: Final = "/v1/checkout/sessions"
_INTENTS: Final = "/v1/payment_intents"
_REFUNDS: Final = "/v1/refunds"
_PASSING: Final = (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError, stripe.AuthenticationError)
"""No answer; 429, also used when another request locks what this one needs (`lock_timeout`); 409 and 5xx; and 401: a
rolled key is replaced soon, and until then nothing is done or stored under any idempotency key."""


class StripeClient:
    """`StripeApi` and `StripeLists`, by Stripe's own library.

    Each call tries once, since callers retry with the same key. Neither the client nor its errors show the key.
    """

    def __init__(
        self,
        key: StripeKey,
        origin: str = ORIGIN,
        *,
        answer_seconds: float = ANSWER_SECONDS_MAX,
    ) -> None:
        # The library's only switch for telemetry, which sends how long the last request took, and from where.
        stripe.enable_telemetry = False
        session = requests.Session()
        # A password file (~/.netrc) would override the key, and a proxy does not lead to the emulators.
        session.trust_env = False
        self._stripe = stripe.StripeClient(
            key.text,
            stripe_version=API_VERSION,
            base_addresses={"api": origin},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS_MAX, answer_seconds), session=session),
        )

    def create_session(self, request: Mapping[str, object], *, key: str) -> Session:
        return session_from(self._answer("post", _SESSIONS, request, key))

    def session(self, session_id: str) -> Session:
        return session_from(self._answer("get", _path_of(session_id)))

    def expire_session(self, session_id: str, *, key: str) -> Session:
        try:
            return session_from(self._answer("post", f"{_path_of(session_id)}/expire", key=key))
        except StripeRefused:
            # Stripe has no error code for this, only a message (https://docs.stripe.com/api/checkout/sessions/expire).
            session = self.session(session_id)
            if session.status == "open":
                raise
        raise SessionNotOpen(session)

    def create_refund(self, request: Mapping[str, object], *, key: str) -> Refund:
        return refund_from(self._answer("post", _REFUNDS, request, key))

    def refund_made_for(self, payment_id: str, effect_key: str) -> str | None:
        refunds = pages(lambda after: self.refunds_of(payment_id, after=after), lambda refund: refund.refund_id)
        made = (each.refund_id for page in refunds for each in page.items if each.effect_key == effect_key)
        return next(made, None)

    def event(self, event_id: str) -> Mapping[str, object]:
        try:
            return event_from(self._answer("get", f"/v1/events/{quote(event_id, safe='')}"))
        except StripeRefused as refused:
            if refused.code == "resource_missing":
                raise NoSuchEvent(event_id, refused.code) from None
            raise

    def events(self, types: Sequence[str], span: Span, *, after: str | None = None) -> Listed[Mapping[str, object]]:
        asked = page_of(span, after, types=list(types))
        return listed_from(self._answer("get", "/v1/events", asked), event_in_list)

    def payment_intents(self, span: Span, *, after: str | None = None) -> Listed[PaymentIntent | Unreadable]:
        return payment_intents_in(self._answer("get", _INTENTS, page_of(span, after)))

    def refunds(self, span: Span, *, after: str | None = None) -> Listed[ListedRefund | Unreadable]:
        return refunds_in(self._answer("get", _REFUNDS, page_of(span, after)))

    def refunds_of(self, payment_id: str, *, after: str | None = None) -> Listed[ListedRefund]:
        asked = page_of(None, after, **payment_named(payment_id))
        return listed_from(self._answer("get", _REFUNDS, asked), listed_refund_from)

    def payment_intent(self, payment_id: str) -> PaymentIntent | None:
        try:
            return payment_intent_from(self._answer("get", f"{_INTENTS}/{quote(payment_id, safe='')}"))
        except StripeRefused as refused:
            if refused.code == "resource_missing":
                return None
            raise

    def _answer(
        self,
        method: Literal["get", "post"],
        path: str,
        parameters: Mapping[str, object] | None = None,
        key: str | None = None,
    ) -> Mapping[str, object]:
        """Raises StripeUnavailable or StripeRefused."""
        options = {"idempotency_key": key} if key else {}
        try:
            # The raw answer: events from webhooks are read from JSON, too, and none of Stripe's classes has to be
            # imported.
            answer = self._stripe.raw_request(method, path, **(parameters or {}), **options).data
        except stripe.StripeError as error:
            _raise_as_ours(error)
        except AttributeError:
            # The library expects every error to be Stripe's, but a gateway may send its own.
            raise StripeUnavailable("the answer is not from Stripe") from None
        if not isinstance(answer, dict):
            raise StripeUnavailable("Stripe's answer is not an object")
        return answer


def _raise_as_ours(error: stripe.StripeError) -> NoReturn:
    """Raise without Stripe's error as the cause: its fields contain the whole answer."""
    body = error.json_body if isinstance(error.json_body, dict) else {}
    said = body["error"] if isinstance(body.get("error"), dict) else {}
    code = said.get("code") or said.get("type") or type(error).__name__
    if isinstance(error, _PASSING):
        status = f"Stripe answers {error.http_status} ({code})" if error.http_status else "Stripe does not answer"
        raise StripeUnavailable(status, pause_from(_header(error, "retry-after"))) from None
    refused = AlreadyRefunded if code == "charge_already_refunded" else StripeRefused
    raise refused(printable(error.user_message), code) from None


def _header(error: stripe.StripeError, name: str) -> str | None:
    return next((value for key, value in (error.headers or {}).items() if key.lower() == name), None)


def _path_of(session_id: str) -> str:
    return f"{_SESSIONS}/{quote(session_id, safe='')}"
