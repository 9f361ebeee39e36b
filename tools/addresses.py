"""The addresses of the emulators and the stand-in for Stripe, for programs inside and beside them."""

import dataclasses
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tools import logs
from tools.ports import HOST, Ports

PROJECT: Final = "demo-shop"
REGION: Final = "us-central1"

STAND_IN: Final = "STRIPE_STAND_IN_HOST"
"""Names the stand-in for Stripe's API, as `host:port`."""

_FILE: Final = "addresses.json"
_VARIABLES: Final[Mapping[str, str]] = {
    "firestore": "FIRESTORE_EMULATOR_HOST",
    "functions": "FUNCTIONS_EMULATOR_HOST",
    "auth": "FIREBASE_AUTH_EMULATOR_HOST",
    "stripe": STAND_IN,
}
_CONNECT_SECONDS_MAX: Final = 5


class NoEmulators(Exception):
    """No emulators are running. The message says what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Addresses:
    """Each as `host:port`."""

    firestore: str
    functions: str
    auth: str
    stripe: str
    """The stand-in for Stripe's API."""

    @classmethod
    def at(cls, ports: Ports) -> "Addresses":
        return cls(*(f"{HOST}:{port}" for port in (ports.firestore, ports.functions, ports.auth, ports.stripe)))

    @property
    def webhook(self) -> str:
        return webhook_at(self.functions)

    def scheduled(self, function: str) -> str:
        """The address where a POST runs a scheduled function: the emulator runs no schedules."""
        return f"http://{self.functions}/functions/projects/{PROJECT}/triggers/{REGION}-{function}-0"

    def variables(self) -> dict[str, str]:
        """The environment in which Firebase's own libraries use only these emulators.

        Stripe's library ignores it; `tools.stripe_stand_in.control` does not.
        """
        hosts = {variable: getattr(self, name) for name, variable in _VARIABLES.items()}
        return {**hosts, "GCLOUD_PROJECT": PROJECT, "GOOGLE_CLOUD_PROJECT": PROJECT}

    @property
    def silent(self) -> list[str]:
        """The emulators on whose address nothing listens."""
        return [name for name in _VARIABLES if not _listens(getattr(self, name))]

    def leave_in(self, folder: Path) -> None:
        """Write the addresses into the folder of the logs, where others find them while the emulators run."""
        (folder / _FILE).write_text(json.dumps(dataclasses.asdict(self)))


def webhook_at(functions_host: str) -> str:
    return f"http://{functions_host}/{PROJECT}/{REGION}/stripeWebhook"


def found(environment: Mapping[str, str], build: Path) -> Addresses:
    """The emulators named by the environment, or else the latest that `make emulators` runs in this checkout.

    Raises NoEmulators.
    """
    addresses = named(environment) or _left(build)
    if addresses is None:
        raise NoEmulators("No emulators are up: start them in another terminal with `make emulators`.")
    for name in addresses.silent:
        which = f", which {_VARIABLES[name]} names" if environment.get(_VARIABLES[name]) else ""
        raise NoEmulators(f"Nothing listens on {getattr(addresses, name)}{which}: is `make emulators` still up?")
    return addresses


def named(environment: Mapping[str, str]) -> Addresses | None:
    """The emulators named by the environment, whether or not they are running; None unless it names all."""
    hosts = {name: environment.get(variable, "") for name, variable in _VARIABLES.items()}
    return Addresses(**hosts) if all(hosts.values()) else None


def _left(build: Path) -> Addresses | None:
    for folder in logs.runs_that_are_up(build):
        if (left := folder / _FILE).is_file():
            return Addresses(**json.loads(left.read_text()))
    return None


def _listens(host: str) -> bool:
    name, _, port = host.rpartition(":")
    try:
        socket.create_connection((name, int(port)), timeout=_CONNECT_SECONDS_MAX).close()
    except (OSError, ValueError):
        return False
    return True
