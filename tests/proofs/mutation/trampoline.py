"""Replaces a mutated function: calls the original, or the mutant on trial."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

_Function = TypeVar("_Function", bound=Callable[..., Any])
MutantDict = dict[str, Callable[..., Any]]

_on_trial: tuple[str, str] | None = None


def put_on_trial(module: str, mutant: str) -> None:
    global _on_trial  # noqa: PLW0603 - one process tries one mutant
    _on_trial = (module, mutant)


def in_place_of(mutants: MutantDict, *, is_classmethod: bool = False) -> Callable[[_Function], _Function]:
    """A decorator. The mutants, and with them the original, are known only after the module is imported.

    Args:
        is_classmethod: whether they are bound to their class, and so take no class.
    """

    def decorated(function: _Function) -> _Function:
        module = function.__module__

        @wraps(function)
        def trampoline(*args: object, **kwargs: object) -> object:
            mutant = mutants.get(_on_trial[1]) if _on_trial and _on_trial[0] == module else None
            return (mutant or mutants["_mutmut_orig"])(*(args[1:] if is_classmethod else args), **kwargs)

        return cast("_Function", trampoline)

    return decorated
