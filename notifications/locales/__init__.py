"""The words of every message, one module a locale. Pure.

A locale is one file: a copy of `en.py`, translated, under the name that Babel has for it in small letters (`fr.py`,
`pt_br.py`). Nothing else lists it. They are modules and no data files because pure rooms read no file, mypy finds what
a translation lacks, and whatever is deployed is Python. The settings ask here which there are, so no words are imported
before a message needs them.
"""

import importlib
import pkgutil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from notifications.words import Words

SHIPPED: Final = frozenset(module.name for module in pkgutil.iter_modules(__path__))


def words_of(locale: str) -> "Words":
    """The words of one that is shipped, imported when they are needed."""
    words: Words = importlib.import_module(f"{__name__}.{locale}").WORDS
    return words
