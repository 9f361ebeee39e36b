"""The secrets: Stripe's signing secrets and API key. No error message repeats one."""

import re
from collections.abc import Mapping
from typing import Final

from service.environment import NOT_CONFIGURED, SettingsError, is_emulated, yes_or_no
from stripe_api.keys import InvalidKey, StripeKey, stripe_key_from
from webhooks.signing_secrets import InvalidSecret, SigningSecret, signing_secret_from

EXPECT_LIVEMODE: Final = ("EXPECT_LIVEMODE", None)
STRIPE_WEBHOOK_SECRET: Final = "STRIPE_WEBHOOK_SECRET"  # noqa: S105 - the setting's name, not its value
STRIPE_API_KEY: Final = "STRIPE_API_KEY"
# Set only by the emulators, and so in no settings file.
STRIPE_API_URL: Final = "STRIPE_API_URL"

_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.:-]+")
_ORDINALS: Final[Mapping[int, str]] = {1: "1st", 2: "2nd", 3: "3rd"}


def signing_secrets(environment: Mapping[str, str]) -> tuple[SigningSecret, ...]:
    secrets: dict[str, SigningSecret] = {}
    for number, text in enumerate(environment.get(STRIPE_WEBHOOK_SECRET, "").split(","), 1):
        # Only what an editor or a shell leaves around a text is stripped; any other invisible character is an error.
        entry = text.strip(" \t\r\n")
        if entry in NOT_CONFIGURED:
            continue
        try:
            secret = signing_secret_from(entry, is_emulated=is_emulated(environment))
        except InvalidSecret as invalid:
            raise _unusable_secret(number, str(invalid)) from None
        if secrets.setdefault(secret.text, secret) != secret:
            raise _unusable_secret(number, "repeats another one, for another mode")
    return tuple(secrets.values())


def _unusable_secret(number: int, defect: str) -> SettingsError:
    return SettingsError(f"{STRIPE_WEBHOOK_SECRET}: the {_ORDINALS.get(number, f'{number}th')} secret {defect}")


def stripe_key(environment: Mapping[str, str]) -> StripeKey | None:
    text = environment.get(STRIPE_API_KEY, "").strip(" \t\r\n")
    if text in NOT_CONFIGURED:
        return None
    try:
        key = stripe_key_from(text)
    except InvalidKey as invalid:
        raise SettingsError(f"{STRIPE_API_KEY} {invalid}") from None
    if key.livemode and is_emulated(environment):
        raise SettingsError(f"{STRIPE_API_KEY} is a key of live mode, which the emulators refuse")
    expected = yes_or_no(environment, *EXPECT_LIVEMODE)
    if expected not in (None, key.livemode):
        mode = "live" if key.livemode else "test"
        raise SettingsError(f"{STRIPE_API_KEY} is a key of {mode} mode, and {EXPECT_LIVEMODE[0]} is not")
    return key


def stripe_api_url(environment: Mapping[str, str]) -> str | None:
    text = environment.get(STRIPE_API_URL, "").strip()
    if text and not is_emulated(environment):
        raise SettingsError(f"{STRIPE_API_URL} is for the emulators: only Stripe may be given the key")
    if text and not _ORIGIN.fullmatch(text):
        raise SettingsError(f"{STRIPE_API_URL} must be an address without a path, not {text!r}")
    return text or None
