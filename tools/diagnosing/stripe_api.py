"""Asking Stripe which endpoints it delivers to."""

import re
from collections.abc import Sequence
from typing import Final

import requests

from tools.deploying.google import Json
from tools.diagnosing.check import Unseen

API_KEY: Final = "STRIPE_API_KEY"
# An account has at most 16 of them: https://docs.stripe.com/webhooks.
_ENDPOINTS: Final = "https://api.stripe.com/v1/webhook_endpoints?limit=100"
_ANSWER_SECONDS_MAX: Final = 30
_NEEDED: Final = f"let {API_KEY} be a restricted key that may read webhook endpoints"


def endpoints_of(key: str) -> Sequence[Json] | Unseen:
    """Those of the key's account and mode (https://docs.stripe.com/api/webhook_endpoints/list); it is not repeated."""
    if not key:
        return Unseen(f"{API_KEY} is not set", _NEEDED)
    if not re.fullmatch(r"\w+", key, re.ASCII):
        return Unseen(f"{API_KEY} has a character in it that is in none of Stripe's keys", _NEEDED)
    try:
        # As the user's name, because a file of passwords (~/.netrc) would take the place of a header.
        answer = requests.get(_ENDPOINTS, auth=(key, ""), timeout=_ANSWER_SECONDS_MAX, allow_redirects=False)
        endpoints: Sequence[Json] | None = answer.json()["data"] if answer.ok else None
    except (requests.RequestException, KeyError) as problem:
        return Unseen(f"Stripe cannot be asked ({type(problem).__name__})", "look again")
    return Unseen(f"Stripe answers {answer.status_code}", _NEEDED) if endpoints is None else endpoints
