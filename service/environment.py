"""Reads and checks single settings from the environment: numbers, words, addresses. Each error names its setting."""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple, TypeVar

UNSET: Final = "unset"
"""The value of a secret that nobody has set: Secret Manager stores no empty text, so a first deploy binds a word."""
NOT_CONFIGURED: Final = frozenset({"", UNSET})
"""Entries of a secret that mean "none"."""
_EMULATORS: Final = ("FUNCTIONS_EMULATOR", "FIRESTORE_EMULATOR_HOST")
_AUTH_EMULATOR: Final = "FIREBASE_AUTH_EMULATOR_HOST"
_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.:-]+(/[!-~]*)?")

_Default = TypeVar("_Default", bool, None)
_Word = TypeVar("_Word", bound=StrEnum)


class SettingsError(ValueError):
    """A setting cannot be used. The message names it, and repeats its value only if that is not secret."""


class WholeNumber(NamedTuple):
    """A whole-number setting, with inclusive bounds."""

    name: str
    default: int
    least: int
    most: int


def is_emulated(environment: Mapping[str, str]) -> bool:
    """Whether this is a shop in the emulators, where nobody really pays."""
    return any(environment.get(name) for name in _EMULATORS)


def is_auth_emulated(environment: Mapping[str, str]) -> bool:
    """Whether ID tokens come from the Auth emulator, which does not sign them. Elsewhere such tokens prove nothing."""
    return is_emulated(environment) and bool(environment.get(_AUTH_EMULATOR))


def whole_number(environment: Mapping[str, str], setting: WholeNumber) -> int:
    text = environment.get(setting.name, "").strip()
    if not text:
        return setting.default
    if not (text.isascii() and text.isdigit() and setting.least <= int(text) <= setting.most):
        bounds = f"from {setting.least} to {setting.most}"
        raise SettingsError(f"{setting.name} must be a whole number {bounds}, not {text!r}")
    return int(text)


def yes_or_no(environment: Mapping[str, str], name: str, default: _Default) -> bool | _Default:
    text = environment.get(name, "").strip().lower()
    if text in ("true", "false"):
        return text == "true"
    if text:
        raise SettingsError(f"{name} must be true or false, not {text!r}")
    return default


def address(environment: Mapping[str, str], name: str) -> str | None:
    text = environment.get(name, "").strip()
    # The emulators have no certificate.
    schemes = ("https://", "http://") if is_emulated(environment) else ("https://",)
    if text and not (text.startswith(schemes) and _ADDRESS.fullmatch(text)):
        raise SettingsError(f"{name} must be an address that begins with https://, not {text!r}")
    return text or None


def word(environment: Mapping[str, str], name: str, possible: type[_Word], default: str) -> _Word:
    text = environment.get(name, "").strip() or default
    if text not in set(possible):
        raise SettingsError(f"{name} must be {', '.join(possible)}, not {text!r}")
    return possible(text)


def entries(environment: Mapping[str, str], name: str, is_entry: Callable[[str], object], what: str) -> tuple[str, ...]:
    """The entries of a comma-separated list, each once."""
    texts = [text for each in environment.get(name, "").split(",") if (text := each.strip())]
    if strange := next((text for text in texts if not is_entry(text)), None):
        raise SettingsError(f"{name} must be {what}, separated by commas, not {strange!r}")
    return tuple(dict.fromkeys(texts))


def words(
    environment: Mapping[str, str], name: str, possible: tuple[_Word, ...], default: str = ""
) -> frozenset[_Word]:
    """The words of a comma-separated list; the default if the setting is missing, none if it is empty."""
    named = {word.strip() for word in environment.get(name, default).split(",")} - {""}
    by_text = {str(word): word for word in possible}
    if unknown := sorted(named - by_text.keys()):
        raise SettingsError(f"{name} must be a list of {', '.join(by_text)}, not {unknown[0]!r}")
    return frozenset(by_text[word] for word in named)
