"""Chooses a message's locale from what its reader asks for and what there is. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from notifications.locales import SHIPPED

LAST_RESORT: Final = "en"

# https://www.rfc-editor.org/rfc/rfc5646#section-2.1, as far as CLDR's locales go; browsers write hyphens.
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,4}")


def fallbacks(*locales: str | None) -> Iterator[str]:
    """What to try in turn: each locale, shortened step by step down to its language; English at last.

    In Babel's form (`de_AT`), in any case. Invalid locales are left out.
    """
    for locale in (*locales, LAST_RESORT):
        yield from _shortened_step_by_step(locale or "")


def is_shipped(locale: str) -> bool:
    """Whether there are texts for it, or for its language."""
    return any(name.lower() in SHIPPED for name in _shortened_step_by_step(locale))


def shipped_for(*locales: str | None) -> str:
    """The closest locale with texts for the first of these that has any."""
    return next(name for locale in fallbacks(*locales) if (name := locale.lower()) in SHIPPED)


def _shortened_step_by_step(locale: str) -> Iterator[str]:
    if _LOCALE.fullmatch(locale):
        parts = re.split("[-_]", locale)
        yield from ("_".join(parts[:length]) for length in range(len(parts), 0, -1))
