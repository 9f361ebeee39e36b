"""Which locale a message is written in, given what its reader asks for and what there is. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from notifications.locales import SHIPPED

LAST_RESORT: Final = "en"

# https://www.rfc-editor.org/rfc/rfc5646#section-2.1, as far as CLDR's locales go; browsers write hyphens.
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,4}")


def fallbacks(*locales: str | None) -> Iterator[str]:
    """What to try in turn: each locale, then ever less of it down to its language; English at last.

    Separated as Babel does (`de_AT`), in whatever case they come. What is no locale at all is left out.
    """
    for locale in (*locales, LAST_RESORT):
        yield from _with_less_and_less(locale or "")


def is_shipped(locale: str) -> bool:
    """Whether there are words for it, or for its language."""
    return any(name.lower() in SHIPPED for name in _with_less_and_less(locale))


def shipped_for(*locales: str | None) -> str:
    """The locale whose words are closest to the first of these that there are words for."""
    return next(name for locale in fallbacks(*locales) if (name := locale.lower()) in SHIPPED)


def _with_less_and_less(locale: str) -> Iterator[str]:
    if _LOCALE.fullmatch(locale):
        parts = re.split("[-_]", locale)
        yield from ("_".join(parts[:length]) for length in range(len(parts), 0, -1))
