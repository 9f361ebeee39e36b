"""The requests that the API knows, with their parameters and what each does."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from stripe import params
from stripe.params import checkout

from tools.stripe_events import Json
from tools.stripe_stand_in import lists, refunds, sessions
from tools.stripe_stand_in.account import Account
from tools.stripe_stand_in.refusals import InvalidParameter, Refused, no_such

_Work = Callable[[Account, str, Json], Json]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    """`{id}` stands for an object's id."""
    kind: Any
    """The type of its parameters in Stripe's library."""
    work: _Work
    """Takes the object's id, or an empty string. Raises Refused."""

    def id_in(self, path: str) -> str | None:
        """The id in a path of this route, empty if it has none; None if the path is another route's."""
        match = re.fullmatch(self.path.replace("{id}", r"(\w+)"), path, re.ASCII)
        return None if match is None else "".join(match.groups())


def route_of(method: str, path: str) -> tuple[Route, str]:
    """The route and the id in the path. Raises InvalidParameter."""
    for route in ROUTES:
        if route.method == method and (object_id := route.id_in(path)) is not None:
            return route, object_id
    raise InvalidParameter(f"Unrecognized request URL ({method}: {path}).", status=HTTPStatus.NOT_FOUND)


def found(kind: str, objects: dict[str, Json], object_id: str, param: str) -> Json:
    """Raises Refused."""
    if object_id not in objects:
        raise no_such(kind, object_id, param)
    return objects[object_id]


def session_in(account: Account, session_id: str) -> Json:
    """Raises Refused."""
    return found("checkout.session", account.sessions, session_id, "session")


def event_in(account: Account, event_id: str) -> Json:
    """Raises Refused."""
    return found("event", {event["id"]: event for event in account.kept_events()}, event_id, "id")


def _without_expansion(work: _Work) -> _Work:
    def checked(account: Account, object_id: str, asked: Json) -> Json:
        if "expand" in asked:
            raise Refused("The stand-in expands nothing.", param="expand")
        return work(account, object_id, asked)

    return checked


_SESSIONS: Final = "/v1/checkout/sessions"

ROUTES: Final = tuple(
    Route(method, path, kind, _without_expansion(work))
    for method, path, kind, work in (
        ("POST", _SESSIONS, checkout.SessionCreateParams, lambda account, _, asked: sessions.create(account, asked)),
        (
            "GET",
            f"{_SESSIONS}/{{id}}",
            checkout.SessionRetrieveParams,
            lambda account, session_id, _: session_in(account, session_id),
        ),
        (
            "POST",
            f"{_SESSIONS}/{{id}}/expire",
            checkout.SessionExpireParams,
            lambda account, session_id, _: sessions.expire(account, session_in(account, session_id)),
        ),
        (
            "GET",
            "/v1/payment_intents",
            params.PaymentIntentListParams,
            lambda account, _, asked: lists.payment_intents(account, asked),
        ),
        (
            "GET",
            "/v1/payment_intents/{id}",
            params.PaymentIntentRetrieveParams,
            lambda account, intent_id, _: found("payment_intent", account.intents, intent_id, "intent"),
        ),
        (
            "GET",
            "/v1/charges/{id}",
            params.ChargeRetrieveParams,
            lambda account, charge_id, _: found("charge", account.charges, charge_id, "id"),
        ),
        ("POST", "/v1/refunds", params.RefundCreateParams, lambda account, _, asked: refunds.create(account, asked)),
        ("GET", "/v1/refunds", params.RefundListParams, lambda account, _, asked: lists.refunds(account, asked)),
        (
            "GET",
            "/v1/refunds/{id}",
            params.RefundRetrieveParams,
            lambda account, refund_id, _: found("refund", account.refunds, refund_id, "refund"),
        ),
        ("GET", "/v1/events", params.EventListParams, lambda account, _, asked: lists.events(account, asked)),
        (
            "GET",
            "/v1/events/{id}",
            params.EventRetrieveParams,
            lambda account, event_id, _: event_in(account, event_id),
        ),
    )
)
