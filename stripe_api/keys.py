"""Parses the key for Stripe's API, with the mode it is for. Pure.

A restricted key is enough (https://docs.stripe.com/keys#limit-access). It needs: Checkout Sessions, write; Refunds,
write; PaymentIntents, read; Events, read.
"""

import re
from dataclasses import field
from typing import Final

from orders.frozen import frozen

EMULATORS_KEY: Final = "rk_test_of_the_emulators"
"""Public: only the emulators' stand-in for Stripe accepts it."""

_KEY: Final = re.compile(r"(?:sk|rk)_(test|live)_[A-Za-z0-9_]{10,}")


class InvalidKey(ValueError):
    """A text cannot be a key of Stripe's. The message names the defect, and repeats nothing of the text."""


@frozen
class StripeKey:
    text: str = field(repr=False)
    livemode: bool
    """Whether it moves real money."""


def stripe_key_from(text: str) -> StripeKey:
    """Parse a key as Stripe shows it.

    Raises:
        InvalidKey: it is not a key, or not one for a server.
    """
    if text.startswith("pk_"):
        raise InvalidKey("is a publishable key, which is of no use here")
    if text.startswith("whsec_"):
        raise InvalidKey("is a signing secret: it belongs in STRIPE_WEBHOOK_SECRET")
    if not (key := _KEY.fullmatch(text)):
        raise InvalidKey("must be rk_test_, rk_live_, sk_test_ or sk_live_ and what follows it, with nothing around it")
    return StripeKey(text, livemode=key[1] == "live")
