"""Parses Stripe's signing secrets, each with the mode it is for. Pure."""

import re
from dataclasses import field
from typing import Final

from orders.frozen import frozen

CHARACTERS_MIN: Final = 24
"""After `whsec_`. Stripe's own have 32, its command line's 64 (https://docs.stripe.com/webhooks#endpoint-secrets)."""
EMULATORS_SECRET: Final = "whsec_test_secret"  # noqa: S105 - everybody may know it

_QUOTES: Final = frozenset("\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb")
_ENTRY: Final = re.compile(r"(live:|test:)?(whsec_.*)")
_SECRET: Final = re.compile(r"whsec_[A-Za-z0-9_+/=-]*")
_MODES: Final = {"live:": True, "test:": False, None: None}


class InvalidSecret(ValueError):
    """A text cannot be a signing secret. The message names the defect, and repeats nothing of the text."""


@frozen
class SigningSecret:
    text: str = field(repr=False)
    livemode: bool | None = None
    """The only mode whose events it may sign; None for both."""


def signing_secret_from(entry: str, *, is_emulated: bool) -> SigningSecret:
    """Parse a secret as it is in a setting, perhaps with a prefix `live:` or `test:`.

    Args:
        is_emulated: whether to allow the emulators' secret, which is public.

    Raises:
        InvalidSecret: it is not a signing secret.
    """
    if defect := next(filter(None, map(_defect_of_character, entry)), None):
        raise InvalidSecret(defect)
    named = _ENTRY.fullmatch(entry)
    if not named:
        raise InvalidSecret("must begin with whsec_, or with live:whsec_ or test:whsec_ in small letters")
    mode, text = named.groups()
    if not _SECRET.fullmatch(text):
        raise InvalidSecret("has a character in it that is in none of Stripe's secrets")
    if text == EMULATORS_SECRET and not is_emulated:
        raise InvalidSecret("is the emulators' secret, which everybody knows")
    if text != EMULATORS_SECRET and len(text) < len("whsec_") + CHARACTERS_MIN:
        raise InvalidSecret(f"is too short: at least {CHARACTERS_MIN} characters follow whsec_")
    return SigningSecret(text, _MODES[mode])


def _defect_of_character(character: str) -> str | None:
    if character in _QUOTES:
        return "has quotes around it or in it"
    if character.isspace():
        return "has a space or a line break in it"
    if not character.isprintable():
        return "has an invisible character in it, such as a byte order mark"
    return None
