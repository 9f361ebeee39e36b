"""Which account, shop and order an event belongs to, according to the event. Pure."""

import re
from typing import Final, NamedTuple

from database.ids import is_order_id
from webhooks.stripe_fields import Json, object_or_empty

_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_-]{1,100}(?:/[A-Za-z0-9_-]{1,100}){0,4}")
_ATTEMPT: Final = re.compile(r"[1-9][0-9]{0,8}")
NO_ORDER_ID: Final = "no order id"
MALFORMED_ACCOUNT: Final = "(malformed)"
"""Replaces what cannot be an account's id. No setting can list it."""


class Naming(NamedTuple):
    """How the shop names its orders to Stripe, according to its settings."""

    trusts_client_reference_id: bool = False
    """Whether a Checkout session may name its order there, unless a Payment Link created it."""
    shop_id: str | None = None
    """What `metadata.shop` must say if present; None if the Stripe account serves only one shop."""


def is_account(value: object) -> bool:
    """Whether it can be an account's id, or a context: several ids, from the organisation down to the account.

    https://docs.stripe.com/api/events/object and https://docs.stripe.com/get-started/account/orgs/setup.
    """
    return isinstance(value, str) and _ACCOUNT.fullmatch(value) is not None


def account_in(event: Json) -> str | None:
    """The ids in the event's `account` and `context`, separated by a comma if they differ; None for our own account."""
    named = [event[name] for name in ("account", "context") if event.get(name) is not None]
    accounts = [str(value) if is_account(value) else MALFORMED_ACCOUNT for value in named]
    return ",".join(dict.fromkeys(accounts)) or None


def is_of_another_shop(stripe_object: Json, naming: Naming) -> bool:
    """Whether its metadata names another shop on the same Stripe account; without a shop it is ours."""
    shop = object_or_empty(stripe_object, "metadata").get("shop")
    return naming.shop_id is not None and shop not in (None, naming.shop_id)


def order_named_in(stripe_object: Json, naming: Naming) -> tuple[str | None, str]:
    """The order's id; or None, and why the object names no order of ours.

    A PaymentIntent's metadata is copied to its charge, while a Checkout session has only its own metadata and
    `client_reference_id` (https://docs.stripe.com/metadata). Writing metadata takes the shop's secret key, but the
    payer of a Payment Link can put any `client_reference_id` into its address
    (https://docs.stripe.com/payment-links/url-parameters).
    """
    metadata = object_or_empty(stripe_object, "metadata")
    if "orderId" in metadata:
        return _id_or_why_not(metadata["orderId"], "metadata.orderId")
    reference = stripe_object.get("client_reference_id")
    if reference is None:
        return None, NO_ORDER_ID
    if stripe_object.get("payment_link") is not None:
        return None, "client_reference_id is not believed: the payer of a Payment Link can choose it"
    if not naming.trusts_client_reference_id:
        return None, "client_reference_id is not believed: TRUST_CLIENT_REFERENCE_ID is not true"
    return _id_or_why_not(reference, "client_reference_id")


def attempt_in(stripe_object: Json) -> int | None:
    """The attempt that its metadata names; None unless one of our own sessions created it."""
    named = object_or_empty(stripe_object, "metadata").get("checkout")
    return int(named) if isinstance(named, str) and _ATTEMPT.fullmatch(named) else None


def _id_or_why_not(named: object, where: str) -> tuple[str | None, str]:
    return (named, "") if is_order_id(named) else (None, f"{where} cannot be an order's id")
