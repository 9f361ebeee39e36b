"""The settings and secrets of the emulators' shop: what is missing is added, and what no function could use is refused.

Otherwise the emulators would start, and every function answer 500.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import yaml

from service.environment import UNSET, SettingsError
from service.secrets import STRIPE_API_KEY, STRIPE_WEBHOOK_SECRET
from service.settings import settings_from
from stripe_api.keys import EMULATORS_KEY
from tools.addresses import PROJECT
from tools.deploying.dotenv import cut_short, parsed, settings_of, unknown
from tools.suite import EmulatorsError
from webhooks.signing_secrets import EMULATORS_SECRET

_EMULATED_SECRETS: Final = {STRIPE_WEBHOOK_SECRET: EMULATORS_SECRET, STRIPE_API_KEY: EMULATORS_KEY}
_SECRETS: Final = ".secret.local"
# The Firebase tools read .env.local in the emulators alone, after the project's own file.
_OWN_FILES_OF: Final = (PROJECT, "local")
_CORRECT_THE_SETTINGS: Final = f"Correct the settings (.env, {', '.join(f'.env.{name}' for name in _OWN_FILES_OF)})"


def provide_secrets(folder: Path) -> None:
    """Add the secrets that are missing in this folder. Raises EmulatorsError: a setting or a secret cannot be used."""
    file = folder / _SECRETS
    given = file.read_text() if file.exists() else ""
    endpoints = yaml.safe_load((folder / "functions.yaml").read_text())["endpoints"].values()
    needed = {secret["key"] for endpoint in endpoints for secret in endpoint.get("secretEnvironmentVariables", ())}
    if added := added_secrets(given, needed):
        file.write_text(given + added)
    refuse_unusable(folder)


def added_secrets(given: str, needed: Collection[str]) -> str:
    """The lines that .secret.local lacks.

    The Firebase tools ask Google for a missing secret whenever a function that has it starts.
    """
    lines = [f"{name}={_EMULATED_SECRETS.get(name, UNSET)}\n" for name in sorted(set(needed) - parsed(given).keys())]
    return "".join(["\n" * (bool(lines and given) and not given.endswith("\n")), *lines])


def refuse_unusable(folder: Path) -> None:
    """Raise EmulatorsError for secrets or settings in this folder with which no function would work as intended."""
    given = parsed((folder / _SECRETS).read_text())
    secrets = {name: given.get(name, "") for name in _EMULATED_SECRETS}
    _refuse(secrets, f"Correct {_SECRETS}")
    if names := sorted(unknown(folder, *_OWN_FILES_OF)):
        raise EmulatorsError(f"{_CORRECT_THE_SETTINGS}: .env, which lists them all, lacks {', '.join(names)}.")
    if names := sorted(cut_short(folder, *_OWN_FILES_OF)):
        raise EmulatorsError(
            f"{_CORRECT_THE_SETTINGS}: put {', '.join(names)} into double quotes, or it ends before the #."
        )
    _refuse(settings_of(folder, *_OWN_FILES_OF) | secrets, _CORRECT_THE_SETTINGS)


def _refuse(environment: Mapping[str, str], what_to_do: str) -> None:
    try:
        settings_from({**environment, "FUNCTIONS_EMULATOR": "true"})
    except SettingsError as unusable:
        raise EmulatorsError(f"{what_to_do}: {unusable}.") from None
