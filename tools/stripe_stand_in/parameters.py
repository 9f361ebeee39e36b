"""Checks a request's parameters against the types that Stripe's library publishes for them.

Stripe generates the types from its OpenAPI specification, for the API version that we request. They say which
parameters exist, which are required, their types and their allowed words, but not their lengths and ranges; `sessions`
and `refunds` check those.
"""

import re
import types
import typing
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Final, Literal, TypeAlias, Union

import stripe
from typing_extensions import is_typeddict

from tools.stripe_events import Json
from tools.stripe_stand_in.form import Form
from tools.stripe_stand_in.refusals import InvalidParameter

_Kind: TypeAlias = Any
"""A type annotation."""
_Value: TypeAlias = Any
"""A value of such a type."""

_OF_THE_LIBRARY: Final = frozenset(stripe.RequestOptions.__annotations__)
"""Options of the library itself, which it never sends to Stripe."""
_METADATA_KEYS_MAX: Final = 50
_METADATA_KEY_MAX: Final = 40
_METADATA_VALUE_MAX: Final = 500
"""https://docs.stripe.com/api/metadata"""


def checked(form: Form, kind: _Kind) -> Json:
    """The parameters, converted; `kind` is a type in `stripe.params`. Raises InvalidParameter."""
    return _object(form, kind, "")


def _object(form: Form, kind: _Kind, at: str) -> Json:
    fields = _fields_of(kind)
    for name in form:
        if name not in fields:
            param = _inside(at, name)
            raise InvalidParameter(f"Received unknown parameter: {param}", code="parameter_unknown", param=param)
    for name in sorted(kind.__required_keys__ & fields.keys()):
        if name not in form:
            param = _inside(at, name)
            raise InvalidParameter(f"Missing required param: {param}.", code="parameter_missing", param=param)
    return {name: _value(value, fields[name], _inside(at, name)) for name, value in form.items()}


@cache
def _fields_of(kind: _Kind) -> dict[str, _Kind]:
    # These names occur only in the library's own options; the parameters' module does not import them.
    hints = typing.get_type_hints(kind, localns={"Mapping": dict, "StripeContext": object})
    return {name: hint for name, hint in hints.items() if name not in _OF_THE_LIBRARY}


def _value(value: str | Form, hint: _Kind, param: str) -> _Value:
    """Convert to the first of the types that fits."""
    kinds = _kinds_in(hint)
    if isinstance(value, str):
        return _scalar(value, kinds, param)
    for kind in kinds:
        if is_typeddict(kind):
            return _object(value, kind, param)
        if _origin_of(kind) is list:
            (of_items,) = typing.get_args(kind)
            return [_value(item, of_items, _inside(param, index)) for index, item in _in_order(value, param)]
        if _origin_of(kind) is dict:
            return _mapping(value, kind, param)
    raise InvalidParameter(f"Invalid {param}: must not be an object or a list", param=param)


def _mapping(value: Form, kind: _Kind, param: str) -> Json:
    _, of_values = typing.get_args(kind)
    mapping = {name: _value(item, of_values, _inside(param, name)) for name, item in value.items()}
    if param.endswith("metadata"):
        _check_metadata(mapping, param)
    return mapping


def _check_metadata(metadata: Json, param: str) -> None:
    if len(metadata) > _METADATA_KEYS_MAX:
        raise InvalidParameter(f"Metadata can have up to {_METADATA_KEYS_MAX} keys.", param=param)
    for name, value in metadata.items():
        if len(name) > _METADATA_KEY_MAX or len(value) > _METADATA_VALUE_MAX:
            raise InvalidParameter(
                f"Metadata names can have up to {_METADATA_KEY_MAX} characters, and values up to "
                f"{_METADATA_VALUE_MAX}.",
                param=_inside(param, name),
            )


def _origin_of(kind: object) -> object:
    return typing.get_origin(kind)


def _in_order(value: Form, param: str) -> list[tuple[str, str | Form]]:
    if not all(index.isdecimal() for index in value):
        raise InvalidParameter("Invalid array", param=param)
    return sorted(value.items(), key=lambda item: int(item[0]))


def _kinds_in(hint: _Kind) -> list[_Kind]:
    """The members of a union, or the type itself."""
    return list(typing.get_args(hint)) if _origin_of(hint) in (Union, types.UnionType) else [hint]


def _scalar(value: str, kinds: list[_Kind], param: str) -> _Value:
    words = [word for kind in kinds if _origin_of(kind) is Literal for word in typing.get_args(kind)]
    if value in words:
        return value
    if not value:
        raise InvalidParameter(
            f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a parameter; "
            f"however '{param}' cannot be unset.",
            code="parameter_invalid_empty",
            param=param,
        )
    # The library adds `str` to the allowed words, for words to come.
    if any(words):
        raise InvalidParameter(f"Invalid {param}: must be one of {', '.join(filter(None, words))}", param=param)
    for kind in kinds:
        if kind in _READERS:
            return _READERS[kind](value, param)
    raise InvalidParameter("Invalid object" if any(map(is_typeddict, kinds)) else "Invalid array", param=param)


def _whole_number(value: str, param: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
        raise InvalidParameter(f"Invalid integer: {value}", code="parameter_invalid_integer", param=param)
    return int(value)


def _yes_or_no(value: str, param: str) -> bool:
    if value not in ("true", "false"):
        raise InvalidParameter(f"Invalid boolean: {value}", param=param)
    return value == "true"


def _decimal(value: str, param: str) -> str:
    try:
        Decimal(value)
    except InvalidOperation:
        raise InvalidParameter(f"Invalid decimal: {value}", param=param) from None
    return value


def _text(value: str, _: str) -> str:
    return value


_READERS: Final[dict[_Kind, Callable[[str, str], _Value]]] = {
    int: _whole_number,
    bool: _yes_or_no,
    float: _decimal,
    Decimal: _decimal,
    str: _text,
}


def _inside(at: str, name: str) -> str:
    return f"{at}[{name}]" if at else name
