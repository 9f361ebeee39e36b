"""Asks Stripe which endpoints it delivers to, and what the service's own key may do."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import requests

from stripe_api.keys import InvalidKey, stripe_key_from
from tools.deploying.defects import Defect
from tools.deploying.google import Json
from tools.diagnosing.check import Unseen

API_KEY: Final = "STRIPE_API_KEY"
# An account may have at most 16: https://docs.stripe.com/webhooks.
_ENDPOINTS: Final = "https://api.stripe.com/v1/webhook_endpoints?limit=100"
_ANSWER_SECONDS_MAX: Final = 30
# A restricted key's permissions are set per resource, and never include reading the account itself.
_NEEDED_BY_SERVICE: Final = {
    "Checkout sessions": "https://api.stripe.com/v1/checkout/sessions?limit=1",
    "PaymentIntents": "https://api.stripe.com/v1/payment_intents?limit=1",
    "refunds": "https://api.stripe.com/v1/refunds?limit=1",
    "events": "https://api.stripe.com/v1/events?limit=1",
}
_NEEDED: Final = f"set {API_KEY} to a restricted key that may read webhook endpoints"


@dataclass(frozen=True, slots=True)
class ServicesKey:
    livemode: bool
    answers: Mapping[str, int]
    """Stripe's status for each request."""
    events_version: str | None
    """The API version of the account's latest event, which is the account's default; None if there is no event.

    https://docs.stripe.com/api/events/object#event_object-api_version
    """


def services_key(key: str) -> ServicesKey | Defect | Unseen:
    """What the service's key may do. The key itself is not repeated.

    Reading proves nothing about writing, and nothing is written: a key that may only read passes.
    """
    try:
        livemode = stripe_key_from(key).livemode
    except InvalidKey as invalid:
        return Defect(f"{API_KEY} {invalid}", "set another key, or unset, and deploy")
    try:
        answers = {what: _asked(address, key) for what, address in _NEEDED_BY_SERVICE.items()}
        latest = answers["events"].json()["data"] if answers["events"].ok else ()
    except (requests.RequestException, KeyError) as problem:
        return Unseen(f"Stripe cannot be reached ({type(problem).__name__})", "run this again")
    statuses = {what: answer.status_code for what, answer in answers.items()}
    return ServicesKey(livemode, statuses, next((event.get("api_version") for event in latest), None))


def endpoints_of(key: str) -> Sequence[Json] | Unseen:
    """The endpoints of the key's account and mode (https://docs.stripe.com/api/webhook_endpoints/list)."""
    if not key:
        return Unseen(f"{API_KEY} is not set", _NEEDED)
    if not re.fullmatch(r"\w+", key, re.ASCII):
        return Unseen(f"{API_KEY} has a character that no Stripe key has", _NEEDED)
    try:
        answer = _asked(_ENDPOINTS, key)
        endpoints: Sequence[Json] | None = answer.json()["data"] if answer.ok else None
    except (requests.RequestException, KeyError) as problem:
        return Unseen(f"Stripe cannot be reached ({type(problem).__name__})", "run this again")
    return Unseen(f"Stripe answers {answer.status_code}", _NEEDED) if endpoints is None else endpoints


def _asked(address: str, key: str) -> requests.Response:
    # As the user name, because a password file (~/.netrc) would override a header.
    return requests.get(address, auth=(key, ""), timeout=_ANSWER_SECONDS_MAX, allow_redirects=False)
