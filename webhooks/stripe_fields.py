"""Reads single fields of Stripe's objects, and checks them: even a signed object may have any shape."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypeGuard

from database.ids import is_document_id
from orders.money import Money, is_amount, is_currency
from orders.numbers import unix_time

Json = Mapping[str, object]

_STRIPE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")


class Misshapen(ValueError):
    """A field is missing or of another type. The message names the field, never its value."""


def object_in(parent: Json, name: str) -> Json:
    value = parent.get(name)
    if not isinstance(value, Mapping):
        raise Misshapen(f"{name} must be an object")
    return value


def object_or_empty(parent: Json, name: str) -> Json:
    value = parent.get(name)
    return value if isinstance(value, Mapping) else {}


def check_object(stripe_object: Json, name: str) -> None:
    """Raise Misshapen if the object says that it is of another kind."""
    if stripe_object.get("object", name) != name:
        raise Misshapen(f"object must be {name}")


def list_or_empty(parent: Json, name: str) -> Sequence[object]:
    """The objects of a list that older API versions embed in its parent, and newer ones only if it is expanded."""
    data = object_or_empty(parent, name).get("data")
    return data if isinstance(data, list) else ()


def id_in(parent: Json, name: str) -> str:
    found = id_or_none(parent, name)
    if found is None:
        raise Misshapen(f"{name} must be an id")
    return found


def id_or_none(parent: Json, name: str) -> str | None:
    """An id, or that of an object expanded in its place (https://docs.stripe.com/expand). Raises Misshapen."""
    value = parent.get(name)
    if isinstance(value, Mapping):
        value = value.get("id")
    if value is None:
        return None
    if not is_stripe_id(value):
        raise Misshapen(f"{name} must be an id")
    return value


def is_stripe_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _STRIPE_ID.fullmatch(value) is not None and is_document_id(value)


def money_in(stripe_object: Json, amount_name: str) -> Money:
    amount, currency = stripe_object.get(amount_name), stripe_object.get("currency")
    if not is_amount(amount):
        raise Misshapen(f"{amount_name} must be an amount in minor units")
    if not is_currency(currency):
        raise Misshapen("currency must be three lower-case letters")
    return Money(amount, currency)


def code_or_none(parent: Json, name: str) -> str | None:
    """One of Stripe's codes, such as `card_declined`; never a sentence, and never card data."""
    value = parent.get(name)
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def time_from(seconds: object, name: str) -> datetime:
    """The field's time, given in Unix seconds. Raises Misshapen, naming the field."""
    time = unix_time(seconds)
    if time is None:
        raise Misshapen(f"{name} must be a time in seconds")
    return time


def moment_or_none(text: object) -> datetime | None:
    """A time in RFC 3339, as in Stripe's API v2, in UTC unless it names an offset; None if it is not one."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
