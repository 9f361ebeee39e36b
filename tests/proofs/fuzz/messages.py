"""What a delivered body says, read without the service's code."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.support.stripe_objects import OBJECT_OF

OUR_ACCOUNTS: Final = frozenset({"acct_1"})
OUR_SHOP: Final = "shop-1"
STRIPE_ID: Final = re.compile(r"(?!__.*__$)[A-Za-z0-9_-]{1,255}")

_RFC_3339: Final = re.compile(
    r"[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3])(:[0-5]\d){2}(\.\d+)?Z", re.ASCII
)
_YEAR_2286: Final = 10**10
_THIN: Final = "v2.core.event"


def first_charge(intent: Mapping[str, Any]) -> object:
    """From the charges of a PaymentIntent in older API versions."""
    listed = intent.get("charges")
    charges = listed.get("data") if isinstance(listed, dict) else None
    return charges[0].get("id") if isinstance(charges, list) and charges and isinstance(charges[0], dict) else None


def is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    # With zero bytes, JSON could also be UTF-16 or UTF-32, which Stripe never sends.
    return b"\0" not in body


def is_event(message: Any) -> bool:
    if not isinstance(message, dict) or message.get("object") not in ("event", _THIN):
        return False
    event_id, created = message.get("id"), message.get("created")
    is_named = isinstance(event_id, str) and STRIPE_ID.fullmatch(event_id) and isinstance(message.get("type"), str)
    if message["object"] == _THIN:
        return bool(is_named) and isinstance(created, str) and _RFC_3339.fullmatch(created) is not None
    return bool(is_named) and type(created) is int and 0 <= created <= _YEAR_2286


def is_ours(message: Any) -> bool:
    """Whether it is certainly about an order of the shop."""
    event_type = message.get("type")
    if not isinstance(event_type, str) or is_strange(message):
        return False
    if message.get("object") == _THIN:
        return event_type.startswith("v1.") and event_type.removeprefix("v1.") in OBJECT_OF
    if event_type not in OBJECT_OF or message.get("object") != "event":
        return False
    is_of_payment = event_type.startswith(("payment_intent.", "charge.")) and not event_type.startswith(
        ("charge.refund.", "charge.dispute.")
    )
    # Whether anything is to be waited for, or only confirmed, is in the details.
    is_of_payment = is_of_payment and event_type != "payment_intent.requires_action"
    return is_of_payment and order_id_in(message) in ("order-1", "order-2")


def is_strange(message: Any) -> bool:
    """Whether it names another account or another shop."""
    accounts = [message.get(name) for name in ("account", "context")]
    return _metadata_in(message).get("shop") not in (None, OUR_SHOP) or any(
        account not in (None, *OUR_ACCOUNTS) for account in accounts
    )


def order_id_in(message: Any) -> object:
    """Only where the shop itself writes it: fields that a payer can write do not count."""
    return _metadata_in(message).get("orderId")


def _metadata_in(message: Any) -> dict[str, Any]:
    data = message.get("data")
    stripe_object = data.get("object") if isinstance(data, dict) else None
    metadata = stripe_object.get("metadata") if isinstance(stripe_object, dict) else None
    return metadata if isinstance(metadata, dict) else {}


def texts_under(names: frozenset[str], message: Any) -> Iterator[str]:
    """The texts in fields of these names at any depth, without recursion, whose limit JSON can exceed."""
    left = [(message, False)]
    while left:
        value, is_named = left.pop()
        if isinstance(value, str) and is_named:
            yield value
        elif isinstance(value, list):
            left += [(content, is_named) for content in value]
        elif isinstance(value, dict):
            left += [(content, name in names) for name, content in value.items()]
