"""The texts of every message, one module per locale. Pure.

To add a locale, copy and translate `en.py` under Babel's name for it in lower case (`fr.py`, `pt_br.py`); nothing else
lists it. They are modules rather than data files because pure rooms read no files, mypy finds what a translation lacks,
and everything deployed is Python. The settings ask here which locales exist, so that no texts are imported before a
message needs them.
"""

import importlib
import pkgutil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from notifications.words import Words

SHIPPED: Final = frozenset(module.name for module in pkgutil.iter_modules(__path__))


def words_of(locale: str) -> "Words":
    """The texts of a shipped locale, imported when needed."""
    words: Words = importlib.import_module(f"{__name__}.{locale}").WORDS
    return words
